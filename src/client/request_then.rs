//! Requests that call back instead of waiting, and those with many answers.

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

/// A request that calls back and has not yet.
pub struct PendingRequest {
    conn: Weak<Connection>,
    id: u64,
}

impl PendingRequest {
    /// Gives the answer up: what was to be called is dropped. False if it has been called, or is
    /// being called.
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

/// When a request has all the answers that it is to have, beside its deadline.
#[derive(Default)]
pub struct ManyLimits<'a> {
    /// With so many.
    pub max: Option<usize>,
    /// When none has come for so long after another.
    pub silence: Option<Duration>,
    /// With one of which this is true.
    pub is_last: Option<&'a (dyn Fn(&mut Msg) -> bool + Sync)>,
    /// Is that one to be among the answers?
    pub include_last: bool,
}

impl Connection {
    /// Publishes a request and has `then` called, once, with the first answer or with why there is
    /// none: `NATS_NO_RESPONDERS`, `NATS_TIMEOUT` at the deadline, `NATS_CONNECTION_CLOSED`,
    /// `NATS_CONNECTION_DISCONNECTED` by option. Where this fails, it is not called.
    ///
    /// It is called on the thread that reads, that of the timers, or one that closes the connection,
    /// so it must not wait, nor call the program. The reply subject of `out` is not used.
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

    /// Publishes a request and collects answers until the deadline, or until the limits say that
    /// those were all. There may be none. Source: ADR-47.
    ///
    /// Fails with `NATS_NO_RESPONDERS` where nobody is subscribed to the subject, and if the
    /// connection is closed. The reply subject of `out` is not used.
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

    /// Publishes a request whose answers are not waited for here. Returns its number.
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
        // The connection may have been closed before the request was there to be told.
        let sent = sent.and_then(|()| match self.is_closed() {
            true => Err(Status::NATS_CONNECTION_CLOSED.into()),
            false => Ok(()),
        });
        match sent {
            Ok(()) => Ok(id),
            // It is its caller's to know, or it has been told.
            Err(e) => match self.requests.callbacks().take(id) {
                Some(_) => Err(e),
                None => Ok(id),
            },
        }
    }
}
