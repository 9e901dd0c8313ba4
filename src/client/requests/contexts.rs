//! Reply contexts: many answers, told apart by a token, handed over in batches on the reading thread.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use crate::client::Subscription;
use crate::client::connection::Connection;
use crate::client::subscription::Intake;
use crate::client::subscription::state::{Purpose, SubscribeArgs};
use crate::error::{Error, Result, Status};
use crate::locks::Mutex;
use crate::msg::{Msg, MsgList};
use crate::proto::nuid;

/// Gets the answers of a [`ReplyContext`].
///
/// The context's subscription owns it: a reference back to what owns the context has to be weak.
pub trait ReplySink: Send + Sync {
    /// Gets the answers of one read, in order, on the thread that reads. It must not wait.
    fn replies(&self, msgs: MsgList);

    /// No answers follow: the context or its connection was closed. Called once, on any thread, with
    /// no lock held. It must not wait.
    fn ended(&self) {}
}

/// An inbox whose answers go to a [`ReplySink`]: in batches, without a lock for each.
pub struct ReplyContext {
    prefix: Vec<u8>,
    inbox: Inbox,
    closed: AtomicBool,
}

enum Inbox {
    /// A subscription of its own.
    Own(Weak<Subscription>),
    /// The one of the connection's requests, with this number.
    Shared(Weak<Connection>, u64),
}

/// The contexts that share the subscription of a connection's requests. Locked for as long as it takes to clone a
/// reference, once a read.
#[derive(Default)]
pub(super) struct Contexts {
    some: AtomicBool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    last: u64,
    open: Arc<Open>,
}

/// Those that are open.
#[derive(Default, Clone)]
pub(super) struct Open {
    /// What the subjects of the shared subscription begin with.
    prefix: Vec<u8>,
    sinks: Vec<(u64, Arc<dyn ReplySink>)>,
}

impl Open {
    /// The number of the context that an answer is for, if it is for one.
    pub(super) fn number(&self, answer: &Msg) -> Option<u64> {
        let token = answer.subject().strip_prefix(&self.prefix[..])?;
        match Addressee::of(token) {
            Addressee::Context(number) => Some(number),
            _ => None,
        }
    }

    pub(super) fn sink(&self, number: u64) -> Option<&Arc<dyn ReplySink>> {
        let (_, sink) = self.sinks.iter().find(|(n, _)| *n == number)?;
        Some(sink)
    }
}

impl Contexts {
    /// Those that are open, if there are any.
    pub(super) fn open(&self) -> Option<Arc<Open>> {
        let some = self.some.load(Ordering::Acquire);
        some.then(|| self.state.lock().open.clone())
    }

    fn add(&self, prefix: &[u8], sink: Arc<dyn ReplySink>) -> u64 {
        let mut state = self.state.lock();
        state.last += 1;
        let number = state.last;
        let open = Arc::make_mut(&mut state.open);
        open.prefix = prefix.to_vec();
        open.sinks.push((number, sink));
        self.some.store(true, Ordering::Release);
        number
    }

    fn remove(&self, number: u64) -> Option<Arc<dyn ReplySink>> {
        let mut state = self.state.lock();
        let at = state.open.sinks.iter().position(|(n, _)| *n == number)?;
        Some(Arc::make_mut(&mut state.open).sinks.swap_remove(at).1)
    }

    /// Ends all of them. Not with a lock held.
    pub(super) fn end(&self) {
        let open = std::mem::take(&mut self.state.lock().open);
        for (_, sink) in &open.sinks {
            sink.ended();
        }
    }
}

/// Hands all that a subscription receives to a sink.
struct All(Arc<dyn ReplySink>);

impl Intake for All {
    fn take(&self, _sub: &Arc<Subscription>, _sid: u64, msgs: &mut MsgList) {
        self.0.replies(std::mem::take(msgs));
    }
}

impl ReplyContext {
    /// Opens a context. Where it is to be `shared`, its answers come over the subscription that the
    /// connection's requests have, unless that has the old request style; else over one of its own,
    /// which does not count as one of the program's, and stays while these drain.
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
        let closed = AtomicBool::new(false);
        if shared && !conn.opts.old_request_style {
            let mut prefix = conn.open_request_inbox()?;
            let number = conn.requests.contexts.add(&prefix, sink);
            prefix.extend_from_slice(format!("{number}_").as_bytes());
            let context = Arc::new(ReplyContext {
                prefix,
                inbox: Inbox::Shared(Arc::downgrade(conn), number),
                closed,
            });
            // Closed before the context was there to be told.
            if conn.is_closed() {
                context.close();
                return Err(Status::NATS_CONNECTION_CLOSED.into());
            }
            return Ok(context);
        }
        let prefix = conn.new_inbox_prefix();
        let subject = [&prefix[..], b"*"].concat();
        let args = SubscribeArgs {
            intake: Some(Arc::new(All(sink.clone()))),
            ..SubscribeArgs::new(&subject)
        };
        // The program does not know of this subscription.
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

    /// What the reply subject of each message begins with; a token of the caller's choice follows,
    /// without dots. It stays the same over reconnects.
    pub fn prefix(&self) -> &[u8] {
        &self.prefix
    }

    /// The token of an answer: `None` where a subject mapping of the server has changed it.
    pub fn token<'a>(&self, answer: &'a Msg) -> Option<&'a [u8]> {
        answer.subject().strip_prefix(&self.prefix[..])
    }

    /// Ends the context: no answers follow but those that are being handed over.
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
                    .and_then(|c| c.requests.contexts.remove(*number));
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

/// To whom an answer goes that came over the subscription of the requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Addressee {
    /// A request that waits.
    Request(u64),
    /// A request that calls back.
    Callback(u64),
    /// The context of this number.
    Context(u64),
    /// A subject mapping has changed the subject.
    Unknown,
}

/// What the last token of a reply subject begins with: the requests of the connection itself that wait, those that call
/// back, and otherwise the number of a context.
pub(super) const REQUEST: &[u8] = b"0_";
pub(super) const CALLBACK: &[u8] = b"c_";

impl Addressee {
    /// Finds out by the token behind the subject's prefix.
    pub(super) fn of(token: &[u8]) -> Self {
        let id = |mark: &[u8]| nuid::parse_base62_id(token.strip_prefix(mark)?);
        if let Some(id) = id(REQUEST) {
            return Addressee::Request(id);
        }
        if let Some(id) = id(CALLBACK) {
            return Addressee::Callback(id);
        }
        let number = || {
            let end = token.iter().position(|b| *b == b'_')?;
            std::str::from_utf8(&token[..end]).ok()?.parse().ok()
        };
        match number() {
            Some(number) if number > 0 => Addressee::Context(number),
            _ => Addressee::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addressees_by_example() {
        let [one, other] = [REQUEST, CALLBACK].map(|mark| [mark, &nuid::base62_id(1)].concat());
        for (token, addressee) in [
            (&one[..], Addressee::Request(1)),
            (&other, Addressee::Callback(1)),
            (b"1_anything", Addressee::Context(1)),
            (b"12_", Addressee::Context(12)),
            (b"0_1", Addressee::Unknown),
            (b"c_1", Addressee::Unknown),
            (b"x", Addressee::Unknown),
            (b"", Addressee::Unknown),
            (b"99999999999999999999_a", Addressee::Unknown),
        ] {
            assert_eq!(Addressee::of(token), addressee, "{}", token.escape_ascii());
        }
    }
}
