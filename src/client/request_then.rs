//! Requests with a callback instead of a waiting thread, and requests with many answers.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use super::connection::Connection;
use super::outgoing::publish::When;
use super::publish_many::Publish;
use super::requests::callbacks::{Many, Waiting};
use super::requests::contexts::CALLBACK;
use crate::error::{Result, Status};
use crate::msg::{Msg, MsgList};
use crate::proto::nuid;

/// A request whose callback has not been called yet.
pub struct PendingRequest {
    conn: Weak<Connection>,
    id: u64,
}

impl PendingRequest {
    /// Cancels the request: its callback is dropped. False if it has been called or is being called.
    pub fn cancel(&self) -> bool {
        let waiting = self
            .conn
            .upgrade()
            .and_then(|conn| conn.requests.callbacks().take(self.id));
        let cancelled = waiting.is_some();
        if let Some(waiting) = waiting {
            waiting.cancel();
        }
        cancelled
    }
}

/// The condition, besides the deadline, for a request to have all of its answers.
#[derive(Default)]
pub struct ManyLimits<'a> {
    /// After this number of answers.
    pub max: Option<usize>,
    /// When no answer has arrived for this time after the previous one.
    pub silence: Option<Duration>,
    /// With the answer for which this returns true.
    pub is_last: Option<&'a (dyn Fn(&mut Msg) -> bool + Sync)>,
    /// Is that answer to be included?
    pub include_last: bool,
}

impl Connection {
    /// Publishes a request and has `then` called, once, with the first answer or with the reason why there is none:
    /// `NATS_NO_RESPONDERS`, `NATS_TIMEOUT` at the deadline, `NATS_CONNECTION_CLOSED`, or, by option,
    /// `NATS_CONNECTION_DISCONNECTED`. If this call fails, `then` is not called.
    ///
    /// It is called on the thread that reads, on the timer thread, or on a thread that closes the connection, so it
    /// must not wait and must not call the program. The reply subject of `out` is not used.
    pub fn request_then(
        self: &Arc<Self>,
        out: &Publish<'_>,
        deadline: Option<Instant>,
        then: impl FnOnce(Result<Msg>) + Send + 'static,
    ) -> Result<PendingRequest> {
        let id = self.ask(out, deadline, Waiting::one(Box::new(then)))?;
        if let Some(deadline) = deadline {
            let conn = Arc::downgrade(self);
            let late = move || {
                let waiting = conn.upgrade().and_then(|c| c.requests.callbacks().take(id));
                if let Some(waiting) = waiting {
                    waiting.end(Err(Status::NATS_TIMEOUT.into()));
                }
            };
            let rest = deadline.saturating_duration_since(Instant::now());
            let timer = self.runtime.timers.after(rest, Box::new(late));
            self.requests.callbacks().set_timer(id, timer);
        }
        Ok(PendingRequest {
            conn: Arc::downgrade(self),
            id,
        })
    }

    /// Publishes a request and collects answers until the deadline, or until the limits are reached. There may be none.
    /// Source: ADR-47.
    ///
    /// Fails with `NATS_NO_RESPONDERS` if there is no subscription to the subject, and if the connection is closed. The
    /// reply subject of `out` is not used.
    pub fn request_many(
        self: &Arc<Self>,
        out: &Publish<'_>,
        deadline: Option<Instant>,
        limits: &ManyLimits<'_>,
    ) -> Result<MsgList> {
        let began = Instant::now();
        let many = Arc::<Many>::default();
        let result = self
            .ask(out, deadline, Waiting::Many(many.clone()))
            .and_then(|id| {
                let result = self.collect(&many, deadline, limits);
                drop(self.requests.callbacks().take(id));
                result
            });
        result.map_err(|e| self.why_no_reply(e, out.subject, began.elapsed()))
    }

    fn collect(
        &self,
        many: &Many,
        deadline: Option<Instant>,
        limits: &ManyLimits<'_>,
    ) -> Result<MsgList> {
        let mut answers = MsgList::new();
        let mut until = deadline;
        while limits.max.is_none_or(|max| answers.len() < max) {
            self.await_signal(until, || many.has_some());
            let Some(mut msg) = many.next(until)? else {
                break;
            };
            if answers.is_empty() && msg.is_no_responders() {
                return Err(Status::NATS_NO_RESPONDERS.into());
            }
            let last = limits.is_last.is_some_and(|is_last| is_last(&mut msg));
            if !last || limits.include_last {
                answers.push(msg);
            }
            if last {
                break;
            }
            if let Some(silence) = limits.silence {
                let silent = Instant::now().checked_add(silence);
                until = [silent, deadline].into_iter().flatten().min();
            }
        }
        Ok(answers)
    }

    /// Publishes a request without waiting for its answers. Returns its number.
    fn ask(
        self: &Arc<Self>,
        out: &Publish<'_>,
        deadline: Option<Instant>,
        waiting: Waiting,
    ) -> Result<u64> {
        self.outbound.check_open()?;
        let mut reply = self.open_request_inbox()?;
        let id = self.requests.callbacks().add(waiting);
        reply.extend_from_slice(CALLBACK);
        reply.extend_from_slice(&nuid::base62_id(id));
        let out = Publish {
            reply: Some(&reply),
            ..*out
        };
        let sent = self.publish_with(&out, When::Soon, deadline);
        // The connection may have been closed before the request was registered.
        let sent = sent.and_then(|()| match self.is_closed() {
            true => Err(Status::NATS_CONNECTION_CLOSED.into()),
            false => Ok(()),
        });
        match sent {
            Ok(()) => Ok(id),
            // The caller reports the error, or it has been reported.
            Err(e) => match self.requests.callbacks().take(id) {
                Some(_) => Err(e),
                None => Ok(id),
            },
        }
    }
}
