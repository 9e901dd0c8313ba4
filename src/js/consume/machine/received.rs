//! The messages of a consumer, and the detection of missing ones.

use std::time::{Duration, Instant};

use super::types::{Created, Kind, Outcome, Policy, Probed};
use super::{DOUBT_AGAIN, Doubt, Machine, PROBE_AFTER, Phase};
use crate::js::consume::metadata::{Metadata, Numbered};

impl Machine {
    /// A message arrived from the consumer of `epoch`.
    pub fn data(&mut self, epoch: u64, meta: &Metadata<'_>, now: Instant) -> Outcome {
        if self.kind == Kind::Plain {
            return self.plain_data(meta, now);
        }
        let outcome = self.delivery(epoch, meta, now);
        if outcome.deliver {
            self.last_time = meta.timestamp;
        }
        outcome
    }

    /// As [`Machine::data`] for an ordered consumer, of many messages in succession. Only the last one of those that are
    /// delivered has to be followed by [`Machine::stored_at`].
    pub fn delivery(&mut self, epoch: u64, meta: &impl Numbered, now: Instant) -> Outcome {
        if epoch != self.epoch || !self.is_listening() || self.deferred {
            return Outcome::default();
        }
        self.heard = now;
        let (consumer_seq, stream_seq) = meta.sequences();
        if consumer_seq <= self.consumer_seq {
            // The same delivery twice, or a consumer that has started to count again.
            if stream_seq > self.seen {
                self.reset(now);
            }
            return Outcome::default();
        }
        if consumer_seq != self.consumer_seq + 1 {
            self.reset(now);
            return Outcome::default();
        }
        self.consumer_seq = consumer_seq;
        self.seen = self.seen.max(stream_seq);
        self.doubt = Doubt::None;
        let deliver = stream_seq > self.last;
        if deliver {
            self.last = stream_seq;
            self.fruitful = true;
        }
        let complete = self.is_last_of_initial(meta);
        let initial_complete = self.complete_if(complete);
        self.probe_later(now);
        Outcome {
            deliver,
            initial_complete,
        }
    }

    /// When the last message was stored that was delivered to the program.
    pub fn stored_at(&mut self, timestamp: i64) {
        self.last_time = timestamp;
    }

    /// A plain consumer may deliver messages in any order and repeatedly; of several messages only
    /// the last one needs to be reported.
    fn plain_data(&mut self, meta: &Metadata<'_>, now: Instant) -> Outcome {
        self.heard = now;
        self.consumer_seq = meta.consumer_seq;
        self.seen = meta.stream_seq;
        if meta.stream_seq > self.last {
            (self.last, self.last_time) = (meta.stream_seq, meta.timestamp);
        }
        self.fruitful = true;
        Outcome {
            deliver: true,
            initial_complete: false,
        }
    }

    /// A heartbeat arrived from the consumer of `epoch`, with the number of the consumer's last
    /// delivery. `stalled` if the consumer waits for flow control.
    pub fn heartbeat(
        &mut self,
        epoch: u64,
        last_consumer_seq: Option<u64>,
        stalled: bool,
        now: Instant,
    ) -> Outcome {
        if self.kind == Kind::Plain {
            self.heard = now;
            return Outcome::default();
        }
        if epoch != self.epoch || !self.is_listening() || self.deferred {
            return Outcome::default();
        }
        self.heard = now;
        match last_consumer_seq {
            Some(last) if last != self.consumer_seq => {
                self.reset(now);
                return Outcome::default();
            }
            Some(_) => self.fruitful = true,
            None => return Outcome::default(),
        }
        // An idle consumer has nothing left to deliver, even if messages that it had were deleted.
        let idle = !stalled && self.phase == Phase::Live;
        Outcome {
            deliver: false,
            initial_complete: self.complete_if(idle),
        }
    }

    /// The consumer of `epoch` was created. Returns `None` if it is not needed any more and should
    /// be deleted.
    pub fn created(&mut self, epoch: u64, created: Created, now: Instant) -> Option<Outcome> {
        if epoch != self.epoch || self.phase != Phase::Creating {
            return None;
        }
        self.phase = Phase::Live;
        self.heard = now;
        self.expect(&created);
        if self.last == 0 {
            self.last_time = created.time;
        }
        if self.floor.is_none() {
            // The answer for a consumer that has delivered before it does not contain its start.
            self.floor = match self.policy {
                _ if created.consumer_seq == 0 => Some(created.stream_seq),
                Policy::Moving => Some(created.stream_seq.saturating_sub(created.consumer_seq)),
                Policy::Fixed | Policy::LastPerSubject => None,
            };
        }
        self.probe_later(now);
        let initial_complete = !self.deferred && self.initial_end.is_some();
        let initial_complete = self.complete_if(initial_complete);
        if std::mem::take(&mut self.deferred) {
            self.reset(now);
        }
        Some(Outcome {
            deliver: false,
            initial_complete,
        })
    }

    /// The consumer of `epoch` could not be created.
    pub fn create_failed(&mut self, epoch: u64, now: Instant) {
        if epoch == self.epoch && self.phase == Phase::Creating {
            self.reset(now);
        }
    }

    /// The consumer of `epoch` exists and has nothing to send, but its heartbeat does not contain the number of its
    /// last delivery: the server is asked, unless it was asked since the last message, and recently.
    pub fn idle(&mut self, epoch: u64, now: Instant) {
        if epoch != self.epoch || self.phase != Phase::Live {
            return;
        }
        self.heard = now;
        self.fruitful = true;
        let is_doubtful = match self.doubt {
            Doubt::None => true,
            Doubt::Dispelled(at) => now.saturating_duration_since(at) >= DOUBT_AGAIN,
            Doubt::Asked | Doubt::Differed => false,
        };
        if is_doubtful && !self.mute {
            self.doubt(epoch, now);
        }
    }

    /// Asks the server at once whether the consumer of `epoch` exists.
    pub fn doubt(&mut self, epoch: u64, now: Instant) {
        if epoch == self.epoch && self.phase == Phase::Live && self.doubt != Doubt::Differed {
            self.doubt = Doubt::Asked;
            self.probe_at = Some(now);
        }
    }

    /// The answer to [`Action::Probe`](super::types::Action::Probe).
    pub fn probed(&mut self, epoch: u64, probed: Probed, now: Instant) -> Outcome {
        if self.kind == Kind::Plain {
            self.probe_wait = Duration::ZERO;
            return Outcome::default();
        }
        if epoch != self.epoch || self.phase != Phase::Live {
            return Outcome::default();
        }
        if self.asks_for_end() {
            return self.end_was_probed(&probed);
        }
        let pending = probed.pending;
        let all_came = probed.consumer_seq == self.consumer_seq;
        match self.doubt {
            Doubt::None | Doubt::Dispelled(_) => {}
            _ if all_came && pending == 0 => self.doubt = Doubt::Dispelled(now),
            _ if all_came => self.doubt = Doubt::None,
            // It may be on its way.
            Doubt::Asked => {
                self.doubt = Doubt::Differed;
                self.probe_at = now.checked_add(PROBE_AFTER);
            }
            Doubt::Differed => {
                self.reset(now);
                return Outcome::default();
            }
        }
        Outcome {
            deliver: false,
            initial_complete: self.complete_if(all_came && pending == 0),
        }
    }

    /// There was no answer to [`Action::Probe`](super::types::Action::Probe), or one without information. `denied` if
    /// asking again is useless before the next reconnect.
    pub fn probe_failed(&mut self, epoch: u64, denied: bool, now: Instant) {
        if epoch != self.epoch {
            return;
        }
        self.mute = denied;
        match self.kind {
            Kind::Ordered => self.doubt = Doubt::None,
            Kind::Plain if denied => self.probe_at = None,
            Kind::Plain => self.probe_at = now.checked_add(self.backoff.failed()),
        }
    }
}
