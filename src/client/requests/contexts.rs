//! Reply contexts: many answers, identified by a token and passed on in batches, on the reading thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::locks::Mutex;
use crate::msg::{Msg, MsgList};
use crate::proto::nuid;

/// Receives the answers of a [`ReplyContext`](crate::client::ReplyContext).
///
/// The subscription of the context owns it, so a reference back to the owner of the context has to be weak.
pub trait ReplySink: Send + Sync {
    /// Receives the answers of one read, in order, on the thread that reads. It must not wait.
    fn replies(&self, msgs: MsgList);

    /// No more answers follow: the context or its connection was closed. Called once, on any thread, with no lock held.
    /// It must not wait.
    fn ended(&self) {}
}

/// The contexts that share the subscription of a connection's requests. Locked once a read, for as long as it takes to
/// clone a reference.
#[derive(Default)]
pub(in crate::client) struct Contexts {
    some: AtomicBool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    last: u64,
    open: Arc<Open>,
}

/// The open contexts.
#[derive(Default, Clone)]
pub(super) struct Open {
    /// The prefix of the subjects of the shared subscription.
    prefix: Vec<u8>,
    sinks: Vec<(u64, Arc<dyn ReplySink>)>,
}

impl Open {
    /// The number of the context that an answer belongs to, if there is one.
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
    /// The open contexts, if there are any.
    pub(super) fn open(&self) -> Option<Arc<Open>> {
        let some = self.some.load(Ordering::Acquire);
        some.then(|| self.state.lock().open.clone())
    }

    /// Opens a context. Returns its number.
    pub(in crate::client) fn add(&self, prefix: &[u8], sink: Arc<dyn ReplySink>) -> u64 {
        let mut state = self.state.lock();
        state.last += 1;
        let number = state.last;
        let open = Arc::make_mut(&mut state.open);
        open.prefix = prefix.to_vec();
        open.sinks.push((number, sink));
        self.some.store(true, Ordering::Release);
        number
    }

    /// Closes a context. Returns its sink, if it was open.
    pub(in crate::client) fn remove(&self, number: u64) -> Option<Arc<dyn ReplySink>> {
        let mut state = self.state.lock();
        let at = state.open.sinks.iter().position(|(n, _)| *n == number)?;
        Some(Arc::make_mut(&mut state.open).sinks.swap_remove(at).1)
    }

    /// Ends all contexts. Called with no lock held.
    pub(super) fn end(&self) {
        let open = std::mem::take(&mut self.state.lock().open);
        for (_, sink) in &open.sinks {
            sink.ended();
        }
    }
}

/// The receiver of an answer that arrived over the subscription of the requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Addressee {
    /// A request for which a thread waits.
    Request(u64),
    /// A request with a callback.
    Callback(u64),
    /// The context with this number.
    Context(u64),
    /// Unknown: a subject mapping has changed the subject.
    Unknown,
}

/// The first characters of the last token of a reply subject: for the connection's own requests with a waiting thread,
/// for those with a callback; otherwise the token begins with the number of a context.
pub(super) const REQUEST: &[u8] = b"0_";
pub(in crate::client) const CALLBACK: &[u8] = b"c_";

impl Addressee {
    /// Determines the receiver by the token behind the subject's prefix.
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
