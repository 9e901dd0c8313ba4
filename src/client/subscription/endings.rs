//! What happens when a subscription ends, on behalf of layers above the client.

use std::sync::Arc;
use std::time::Instant;

use crate::client::subscription::home::Home;
use crate::client::subscription::queue::Closed;
use crate::client::subscription::state::Subscription;
use crate::locks::{Condvar, Mutex};

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
pub(super) struct Endings<S>(Mutex<State<S>>, Condvar);

struct State<S> {
    hooks: Vec<Hook<S>>,
    ended: Option<EndReason>,
    /// The hooks have run.
    told: bool,
}

impl<S> Default for Endings<S> {
    fn default() -> Self {
        let state = State {
            hooks: Vec::new(),
            ended: None,
            told: false,
        };
        Endings(Mutex::new(state), Condvar::new())
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
        self.0.lock().told = true;
        self.1.notify_all();
    }

    /// Waits until the hooks of a subscription have run that is about to end, or has.
    pub(super) fn wait(&self, deadline: Option<Instant>) {
        let mut state = self.0.lock();
        while !state.told {
            match deadline {
                None => self.1.wait(&mut state),
                Some(deadline) => {
                    if self.1.wait_until(&mut state, deadline).timed_out() {
                        return;
                    }
                }
            }
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
