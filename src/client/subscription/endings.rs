//! What happens when a subscription ends, on behalf of layers above the client.

use std::sync::Arc;

use crate::client::subscription::home::Home;
use crate::client::subscription::queue::Closed;
use crate::client::subscription::state::Subscription;
use crate::locks::Mutex;

/// How a subscription has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndReason {
    /// It was unsubscribed, or destroyed.
    Unsubscribed,
    /// It has delivered its maximum of messages.
    MaxDelivered,
    /// It was drained, whatever the drain's outcome.
    Drained,
    /// Its connection was closed.
    ConnectionClosed,
}

impl From<Closed> for EndReason {
    fn from(closed: Closed) -> Self {
        match closed {
            Closed::Unsubscribed => EndReason::Unsubscribed,
            Closed::MaxDelivered => EndReason::MaxDelivered,
            Closed::Drained => EndReason::Drained,
            Closed::WithConnection => EndReason::ConnectionClosed,
        }
    }
}

type Hook<S> = Box<dyn FnOnce(&Arc<S>, EndReason) + Send>;

/// The hooks that wait for a subscription's end. Their lock is held together with no other.
pub(super) struct Endings<S>(Mutex<State<S>>);

struct State<S> {
    hooks: Vec<Hook<S>>,
    ended: Option<EndReason>,
}

impl<S> Default for Endings<S> {
    fn default() -> Self {
        Endings(Mutex::new(State {
            hooks: Vec::new(),
            ended: None,
        }))
    }
}

impl<S> Endings<S> {
    /// The subscription has ended: runs what waits for that. Only the first call counts.
    pub(super) fn run(&self, sub: &Arc<S>, reason: EndReason) {
        let hooks = {
            let mut state = self.0.lock();
            if state.ended.is_some() {
                return;
            }
            state.ended = Some(reason);
            std::mem::take(&mut state.hooks)
        };
        for hook in hooks {
            hook(sub, reason);
        }
    }

    /// There will be no end to tell of.
    pub(super) fn forget(&self) {
        let hooks = std::mem::take(&mut self.0.lock().hooks);
        drop(hooks);
    }
}

impl<H: Home> Subscription<H> {
    /// Runs `hook` once it has ended, or now if it has. There may be any number of hooks.
    ///
    /// A hook runs on the thread that ends the subscription, before a drain of the connection goes
    /// on: the program's, a delivering one, the one that reads or that of the timers. So it must not
    /// wait; it may publish, also with [`Connection::request_then`](crate::client::Connection). A
    /// subscription without a callback that is drained ends when its last message was taken. No
    /// hook runs if the subscription could not be made.
    pub fn on_end(self: &Arc<Self>, hook: impl FnOnce(&Arc<Self>, EndReason) + Send + 'static) {
        let ended = {
            let mut state = self.endings.0.lock();
            match state.ended {
                Some(reason) => reason,
                None => return state.hooks.push(Box::new(hook)),
            }
        };
        hook(self, ended);
    }
}
