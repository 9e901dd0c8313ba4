//! Reply contexts of a connection: an inbox for many answers, over the subscription of the requests or one of its own.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use super::Subscription;
use super::connection::Connection;
use super::requests::ReplySink;
use super::subscription::Intake;
use super::subscription::state::{Purpose, SubscribeArgs};
use crate::error::{Error, Result, Status};
use crate::msg::{Msg, MsgList};

/// An inbox whose answers are passed to a [`ReplySink`] in batches, without a lock for each.
pub struct ReplyContext {
    prefix: Vec<u8>,
    inbox: Inbox,
    closed: AtomicBool,
}

enum Inbox {
    /// A subscription of its own.
    Own(Weak<Subscription>),
    /// The subscription of the connection's requests, with this number.
    Shared(Weak<Connection>, u64),
}

/// Passes all messages of a subscription to a sink.
struct All(Arc<dyn ReplySink>);

impl Intake for All {
    fn take(&self, _sub: &Arc<Subscription>, _sid: u64, msgs: &mut MsgList) {
        self.0.replies(std::mem::take(msgs));
    }
}

impl ReplyContext {
    /// Opens a context. If it is `shared`, its answers arrive over the subscription of the connection's requests,
    /// unless the connection uses the old request style. Otherwise it has a subscription of its own, which does not
    /// count as one of the program's and stays open while those drain.
    ///
    /// Fails with `NATS_CONNECTION_CLOSED` and `NATS_DRAINING`.
    pub fn new(
        conn: &Arc<Connection>,
        shared: bool,
        sink: Arc<dyn ReplySink>,
    ) -> Result<Arc<ReplyContext>> {
        conn.outbound.check_open()?;
        if conn.is_draining() {
            return Err(Status::NATS_DRAINING.into());
        }
        if shared && !conn.opts.old_request_style {
            let closed = AtomicBool::new(false);
            let mut prefix = conn.open_request_inbox()?;
            let number = conn.requests.contexts().add(&prefix, sink);
            prefix.extend_from_slice(format!("{number}_").as_bytes());
            let context = Arc::new(ReplyContext {
                prefix,
                inbox: Inbox::Shared(Arc::downgrade(conn), number),
                closed,
            });
            // The connection was closed before the context was registered.
            if conn.is_closed() {
                context.close();
                return Err(Status::NATS_CONNECTION_CLOSED.into());
            }
            return Ok(context);
        }
        Self::own(conn, b"*", sink)
    }

    /// Opens a context with a subscription of its own, whose tokens may have dots.
    pub fn with_tokens(
        conn: &Arc<Connection>,
        sink: Arc<dyn ReplySink>,
    ) -> Result<Arc<ReplyContext>> {
        conn.outbound.check_open()?;
        if conn.is_draining() {
            return Err(Status::NATS_DRAINING.into());
        }
        Self::own(conn, b">", sink)
    }

    fn own(
        conn: &Arc<Connection>,
        below: &[u8],
        sink: Arc<dyn ReplySink>,
    ) -> Result<Arc<ReplyContext>> {
        let closed = AtomicBool::new(false);
        let prefix = conn.new_inbox_prefix();
        let subject = [&prefix[..], below].concat();
        let args = SubscribeArgs {
            intake: Some(Arc::new(All(sink.clone()))),
            ..SubscribeArgs::new(&subject)
        };
        // The program does not know this subscription.
        let unnamed = |e: Error| match e.status() {
            Status::NATS_CONNECTION_CLOSED | Status::NATS_DRAINING => e.status().into(),
            _ => e,
        };
        let sub = conn.prepare_for(Purpose::Replies, args).map_err(unnamed)?;
        sub.on_end(move |_, _| sink.ended());
        conn.start_subscription(&sub).map_err(unnamed)?;
        Ok(Arc::new(ReplyContext {
            prefix,
            inbox: Inbox::Own(Arc::downgrade(&sub)),
            closed,
        }))
    }

    /// The prefix of the reply subjects. Each is followed by a token of the caller's choice, without dots. The prefix
    /// stays the same over reconnects.
    pub fn prefix(&self) -> &[u8] {
        &self.prefix
    }

    /// The token of an answer; `None` if a subject mapping of the server has changed the subject.
    pub fn token<'a>(&self, answer: &'a Msg) -> Option<&'a [u8]> {
        answer.subject().strip_prefix(&self.prefix[..])
    }

    /// Closes the context: no answers follow except those that are being passed on.
    pub fn close(&self) {
        if self.closed.swap(true, Ordering::AcqRel) {
            return;
        }
        match &self.inbox {
            Inbox::Own(sub) => {
                if let Some(sub) = sub.upgrade() {
                    sub.destroy();
                }
            }
            Inbox::Shared(conn, number) => {
                let sink = conn
                    .upgrade()
                    .and_then(|c| c.requests.contexts().remove(*number));
                if let Some(sink) = sink {
                    sink.ended();
                }
            }
        }
    }
}

impl Drop for ReplyContext {
    fn drop(&mut self) {
        self.close();
    }
}
