//! The timeout of a subscription: the time without a message after which its callback is told.

use std::mem;
use std::time::{Duration, Instant};

use super::Queue;

/// What is to be done when the timer of the timeout fires.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::client::subscription) enum Timeout {
    /// Nothing, until the timer is armed again.
    Idle,
    /// Wait for this much longer.
    Wait(Duration),
    /// A worker has to call the program.
    Due,
}

impl Queue {
    /// The subscription begins to wait for a message. True if its timer has to be started.
    pub(in crate::client::subscription) fn arm_timeout(&mut self, now: Instant) -> bool {
        match &mut self.quiet_since {
            Some(since) => **since = now,
            None => self.quiet_since = Some(Box::new(now)),
        }
        let is_open = !self.is_closed() && !self.is_draining();
        is_open && !mem::replace(&mut self.timer_armed, true)
    }

    /// The sink has to be called without a message. True if the subscription has to be scheduled.
    pub(in crate::client::subscription) fn nudge(&mut self) -> bool {
        if self.is_closed() {
            return false;
        }
        self.timeout_due = true;
        self.schedule()
    }

    /// The timer has fired.
    pub(in crate::client::subscription) fn timer_fired(
        &mut self,
        now: Instant,
        timeout: Duration,
    ) -> Timeout {
        // While a worker runs, the time does not count; the worker starts the next wait itself.
        if self.scheduled || self.is_closed() || self.is_draining() {
            self.timer_armed = false;
            return Timeout::Idle;
        }
        let quiet = self.quiet_since.as_ref().map_or(Duration::ZERO, |since| {
            now.saturating_duration_since(**since)
        });
        if quiet < timeout {
            return Timeout::Wait(timeout - quiet);
        }
        self.timer_armed = false;
        self.timeout_due = true;
        self.scheduled = true;
        Timeout::Due
    }
}
