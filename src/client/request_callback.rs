//! Requests with a callback of the program, which runs on the threads that deliver messages.

use std::collections::VecDeque;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use super::callback_queue::{CallbackJob, CallbackQueue, Progress};
use super::connection::Connection;
use super::face::CallbackGuard;
use super::observers::{ConnEvent, Observation};
use super::publish_many::Publish;
use crate::error::{Error, Result, Status};
use crate::locks::Mutex;
use crate::msg::Msg;

/// A function of the program that receives the answer to a request, or the reason why there is none.
pub type ReplyHandler = Box<dyn FnOnce(&Arc<Connection>, Result<Msg>) + Send>;

/// A request that has ended, and whose callback has not been called yet.
struct Ended {
    handler: ReplyHandler,
    result: Result<Msg>,
    /// Until this is dropped, the connection counts as one that may call the program.
    _guard: CallbackGuard,
}

/// The ended requests of a connection.
///
/// The queue refers to the connection, which stores this as an extension. It is removed when the connection is closed.
struct EndedRequests {
    conn: Weak<Connection>,
    waiting: Mutex<VecDeque<Ended>>,
    queue: Mutex<Option<(Arc<CallbackQueue>, Option<Observation>)>>,
}

impl EndedRequests {
    fn new(conn: &Arc<Connection>) -> Self {
        EndedRequests {
            conn: Arc::downgrade(conn),
            waiting: Mutex::default(),
            queue: Mutex::default(),
        }
    }

    /// The queue that calls the program, created by the first request.
    fn queue(self: &Arc<Self>, conn: &Arc<Connection>) -> Result<Arc<CallbackQueue>> {
        let mut place = self.queue.lock();
        if let Some((queue, _)) = &*place {
            return Ok(queue.clone());
        }
        let queue = CallbackQueue::new(conn, self.clone())?;
        *place = Some((queue.clone(), None));
        drop(place);
        let weak = Arc::downgrade(self);
        let observation = conn.observe(move |_, event| {
            if let (ConnEvent::Closed, Some(this)) = (event, weak.upgrade()) {
                this.close();
            }
        });
        match &mut *self.queue.lock() {
            Some((_, place)) => *place = Some(observation),
            None => drop(observation),
        }
        // An observer is not told of events before its registration.
        if conn.is_closed() {
            self.close();
        }
        Ok(queue)
    }

    fn close(&self) {
        let taken = self.queue.lock().take();
        if let Some((queue, observation)) = taken {
            queue.close();
            drop(observation);
        }
    }
}

impl CallbackJob for EndedRequests {
    fn run_some(&self, limit: usize) -> Progress {
        let mut ran = 0;
        while ran < limit {
            let next = self.waiting.lock().pop_front();
            let (Some(ended), Some(conn)) = (next, self.conn.upgrade()) else {
                break;
            };
            ran += 1;
            (ended.handler)(&conn, ended.result);
        }
        let more = !self.waiting.lock().is_empty();
        Progress { ran, more }
    }

    fn forget(&self) {
        let forgotten = std::mem::take(&mut *self.waiting.lock());
        drop(forgotten);
    }
}

impl Connection {
    /// Publishes a request and has a function of the program called, once, with the first answer or with the reason why
    /// there is none, as for [`Connection::request_then`]. If this call fails, the function is not called.
    ///
    /// The function is called on a thread that delivers messages, so it may block. The functions of a connection are
    /// called one after the other, in the order in which their requests have ended.
    pub fn request_callback(
        self: &Arc<Self>,
        out: &Publish<'_>,
        timeout: Option<Duration>,
        handler: ReplyHandler,
    ) -> Result<()> {
        let explain = move |conn: &Connection, error: Error, subject: &[u8]| {
            conn.why_no_reply(error, subject, timeout.unwrap_or_default())
        };
        let begin = || {
            let guard = self
                .callback_guard()
                .ok_or(Status::NATS_CONNECTION_CLOSED)?;
            let ended = self.extension(|| EndedRequests::new(self));
            let queue = ended.queue(self)?;
            let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
            let subject = out.subject.to_vec();
            self.request_then(out, deadline, move |result| {
                let result = result.map_err(|e| match ended.conn.upgrade() {
                    Some(conn) => explain(&conn, e, &subject),
                    None => e,
                });
                ended.waiting.lock().push_back(Ended {
                    handler,
                    result,
                    _guard: guard,
                });
                queue.schedule();
            })
        };
        begin().map(drop).map_err(|e| explain(self, e, out.subject))
    }
}
