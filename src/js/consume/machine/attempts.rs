//! Abandoning a consumer, and the time at which the next one is created.

use std::time::{Duration, Instant};

use super::types::{Action, Kind};
use super::{Doubt, IDLE, Machine, Phase};
use crate::js::consume::backoff::SHORTEST;

impl Machine {
    /// The consumer of `epoch` does not exist any more, or does not answer.
    pub fn gone(&mut self, epoch: u64, now: Instant) {
        if epoch == self.epoch && self.phase == Phase::Live {
            self.reset(now);
        }
    }

    /// The queue has no room for a message of this epoch, which will be requested again.
    pub fn overflowed(&mut self, now: Instant) {
        if self.is_listening() && !self.deferred {
            let first = self.is_first() && self.phase == Phase::Creating;
            let fruitful = self.fruitful;
            self.reset(now);
            if !first {
                // A consumer that has had nothing delivered fills no queue: the message alone is beyond the limits,
                // and will be when it is sent again.
                self.phase = Phase::Full(match self.phase {
                    Phase::Waiting(at) if !fruitful => at,
                    _ => now,
                });
            }
        }
    }

    /// Does it wait for room in the queue?
    pub fn is_full(&self) -> bool {
        matches!(self.phase, Phase::Full(_))
    }

    /// There is room in the queue again.
    pub fn drained(&mut self, now: Instant) {
        if let Phase::Full(at) = self.phase {
            self.wait_until(at.max(now));
        }
    }

    /// The connection is lost.
    pub fn lost(&mut self) {
        self.connected = false;
        if self.kind == Kind::Plain && matches!(self.phase, Phase::Live | Phase::Creating) {
            self.probe_at = None;
            // A consumer that is being created may or may not exist.
            if self.phase == Phase::Creating && !self.is_first() {
                self.next_epoch();
                self.phase = Phase::Offline;
            }
            return;
        }
        match self.phase {
            Phase::Ended | Phase::Full(_) => {}
            // The call that creates the first consumer detects whether this has succeeded.
            Phase::Creating if self.is_first() => self.deferred = true,
            _ => {
                self.next_epoch();
                self.phase = Phase::Offline;
            }
        }
    }

    /// The connection was restored.
    pub fn restored(&mut self, now: Instant) {
        self.connected = true;
        self.mute = false;
        if self.kind == Kind::Plain {
            self.heard = now;
            self.probe_at = Some(now);
        }
        if self.phase == Phase::Offline {
            self.backoff.succeeded();
            self.phase = Phase::Waiting(now);
        }
    }

    /// The stream was deleted and created again: its sequences start again, and none of its messages has been
    /// delivered.
    pub fn stream_made_again(&mut self) {
        self.last = 0;
        self.floor = Some(0);
    }

    /// Has the consumer been silent for too long? Returns true once for each period; the consumer
    /// is replaced by a new one. Not while there is something `unread` that may be from the consumer.
    pub fn missed(&mut self, now: Instant, unread: bool) -> bool {
        let due = self.silent_at().is_some_and(|at| now >= at);
        if due && unread && self.patience.lasts(self.heard, now, self.silence()) {
            return false;
        }
        match self.kind {
            Kind::Ordered if due => self.reset(now),
            Kind::Plain if due => {
                self.heard = now;
                self.probe_at = Some(now).filter(|_| !self.mute);
                return !self.silence.is_zero();
            }
            _ => {}
        }
        due
    }

    /// What to do now. To be called until it returns `None`.
    pub fn poll(&mut self, now: Instant) -> Option<Action> {
        if self.phase == Phase::Ended {
            return None;
        }
        if self.bound != self.epoch {
            self.bound = self.epoch;
            return Some(Action::Rebind { epoch: self.epoch });
        }
        match self.phase {
            Phase::Waiting(at) if now >= at && self.connected => {
                self.phase = Phase::Creating;
                self.attempted = now;
                Some(Action::Create {
                    epoch: self.epoch,
                    start: self.start(),
                })
            }
            Phase::Live if self.probe_at.is_some_and(|at| now >= at) => {
                self.probe_wait = self.probe_wait.saturating_mul(2);
                let again = self.kind == Kind::Ordered && self.probes && !self.initial_complete;
                self.probe_at = match again {
                    true => now.checked_add(self.probe_wait),
                    false => None,
                };
                Some(Action::Probe { epoch: self.epoch })
            }
            _ => None,
        }
    }

    /// The latest time at which [`Machine::missed`] and [`Machine::poll`] have to be called again.
    pub fn wake_at(&self) -> Option<Instant> {
        match self.phase {
            Phase::Waiting(at) if self.connected => Some(at),
            Phase::Live => [self.silent_at(), self.probe_at]
                .into_iter()
                .flatten()
                .min(),
            _ => None,
        }
    }

    fn silent_at(&self) -> Option<Instant> {
        let on = self.phase == Phase::Live && self.connected;
        if !on || (self.kind == Kind::Ordered && self.silence.is_zero()) {
            return None;
        }
        let due = self.heard.checked_add(self.silence())?;
        Some(self.patience.until(self.heard, due))
    }

    /// How long the consumer may be silent.
    fn silence(&self) -> Duration {
        match self.silence {
            Duration::ZERO => IDLE,
            silence => silence,
        }
    }

    /// Replaces the consumer by a new one.
    pub(super) fn reset(&mut self, now: Instant) {
        if self.phase == Phase::Creating && self.is_first() {
            self.deferred = true;
            return;
        }
        let at = self.when(now);
        self.next_epoch();
        self.wait_until(at);
    }

    fn wait_until(&mut self, at: Instant) {
        self.phase = match self.connected {
            true => Phase::Waiting(at),
            false => Phase::Offline,
        };
    }

    /// The time at which to create the next consumer: soon after one that worked, and after
    /// increasing pauses if it did not.
    fn when(&mut self, now: Instant) -> Instant {
        let wait = match self.fruitful {
            true => {
                self.backoff.succeeded();
                let since = now.saturating_duration_since(self.attempted);
                SHORTEST.saturating_sub(since)
            }
            false => self.backoff.failed(),
        };
        now + wait
    }

    fn next_epoch(&mut self) {
        self.epoch += 1;
        self.consumer_seq = 0;
        self.seen = 0;
        self.forget_expected();
        self.fruitful = false;
        self.probe_at = None;
        self.doubt = Doubt::None;
    }
}
