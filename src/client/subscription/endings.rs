//! Hooks of the layers above the client that run when a subscription ends.

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
    /// It was drained, whatever the outcome of the drain.
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

struct Hooks<S>(Vec<Hook<S>>);

/// The hooks that run at the end of a subscription. Their lock is never held together with another.
pub(super) struct Endings<S>(Mutex<State<S>>, Condvar);

struct State<S> {
    /// Few subscriptions have any.
    hooks: Option<Box<Hooks<S>>>,
    ended: Option<EndReason>,
    /// The hooks have run.
    told: bool,
}

impl<S> Default for Endings<S> {
    fn default() -> Self {
        let state = State {
            hooks: None,
            ended: None,
            told: false,
        };
        Endings(Mutex::new(state), Condvar::new())
    }
}

impl<S> Endings<S> {
    /// The subscription has ended: runs the hooks. Only the first call has an effect.
    pub(super) fn run(&self, sub: &Arc<S>, reason: EndReason) {
        let hooks = {
            let mut state = self.0.lock();
            if state.ended.is_some() {
                return;
            }
            state.ended = Some(reason);
            state.hooks.take()
        };
        for hook in hooks.into_iter().flat_map(|hooks| hooks.0) {
            hook(sub, reason);
        }
        self.0.lock().told = true;
        self.1.notify_all();
    }

    /// Waits until the hooks of a subscription that is ending, or has ended, have run.
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

    /// The subscription was never started, so there is no end to report.
    pub(super) fn forget(&self) {
        let hooks = self.0.lock().hooks.take();
        drop(hooks);
    }
}

impl<H: Home> Subscription<H> {
    /// Runs `hook` when the subscription has ended, or now if it has ended already. There may be any number of hooks.
    ///
    /// A hook runs on the thread that ends the subscription, before a drain of the connection continues: a thread of
    /// the program, a delivering thread, the thread that reads or the timer thread. It must not wait. It may publish,
    /// also with [`Connection::request_then`](crate::client::Connection). A drained subscription without a callback
    /// ends when its last message has been taken. No hook runs if the subscription could not be started.
    pub fn on_end(self: &Arc<Self>, hook: impl FnOnce(&Arc<Self>, EndReason) + Send + 'static) {
        let ended = {
            let mut state = self.endings.0.lock();
            match state.ended {
                Some(reason) => reason,
                None => {
                    let hooks = state
                        .hooks
                        .get_or_insert_with(|| Box::new(Hooks(Vec::new())));
                    return hooks.0.push(Box::new(hook));
                }
            }
        };
        hook(self, ended);
    }
}
