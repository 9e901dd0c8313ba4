//! The timeout of a subscription: its callback is told that no message has arrived for that time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::client::subscription::home::Home;
use crate::client::subscription::queue::Timeout;
use crate::client::subscription::state::Subscription;

impl<H: Home> Subscription<H> {
    /// Starts the timer of the timeout, if there is one and no message is pending.
    pub(in crate::client) fn arm_timeout(self: &Arc<Self>) {
        let Some(timeout) = self.timeout() else {
            return;
        };
        if self.queue.lock().arm_timeout(Instant::now()) {
            self.wait_for_timeout(timeout);
        }
    }

    fn wait_for_timeout(self: &Arc<Self>, time: Duration) {
        let me = Arc::downgrade(self);
        let fire = move || {
            if let Some(sub) = me.upgrade() {
                sub.timeout_reached();
            }
        };
        self.home.runtime().timers.after(time, Box::new(fire));
    }

    fn timeout_reached(self: &Arc<Self>) {
        let Some(timeout) = self.timeout() else {
            return;
        };
        let next = self.queue.lock().timer_fired(Instant::now(), timeout);
        match next {
            Timeout::Idle => {}
            Timeout::Wait(time) => self.wait_for_timeout(time),
            Timeout::Due => self.schedule(),
        }
    }
}
