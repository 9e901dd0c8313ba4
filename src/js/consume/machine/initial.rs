//! The end of the initial data.
//!
//! The server says how many messages a consumer has to deliver when it is created: behind so many the
//! initial data are complete. Two things can happen to these messages before they are delivered.
//!
//! Some are replaced. What replaces them comes later, behind whatever else was stored in between. So if
//! the last of that number was stored after the consumer was created, the initial data are complete when
//! nothing is pending: then each subject has been shown that was there all the time. A stream that is
//! written to faster than it is read has no such moment; so there is a number of messages behind which it
//! is not waited for.
//!
//! Some vanish, so that fewer than that number come. The number that each delivery names as pending does
//! not tell: the server also subtracts what it removes from the stream without having counted it, such as
//! the older messages of a subject, and so names 0 while messages are left. Where it names 0 too early, the
//! server is asked up to where the stream goes, and up to where the consumer has looked at it.

use std::time::Instant;

use super::types::{Created, Outcome, Probed};
use super::{Kind, Machine, PROBE_AFTER, PROBE_SOON, Phase};
use crate::js::consume::metadata::Numbered;

/// The number of additional messages behind which the initial data count as complete if some of
/// them were replaced and there is always a pending message.
const MOST_MORE: u64 = 10_000;

impl Machine {
    /// Have all initial data been delivered?
    pub fn is_initial_complete(&self) -> bool {
        self.initial_complete
    }

    /// The number of deliveries of the present consumer behind which the initial data are complete,
    /// if it is known.
    pub fn initial_end(&self) -> Option<u64> {
        self.initial_end
    }

    /// Does an answer to [`Action::Probe`](super::Action::Probe) have to say where the stream ends?
    pub fn asks_for_end(&self) -> bool {
        self.kind == Kind::Ordered && self.probes && !self.initial_complete
    }

    /// Has nothing been pending too early, so that the server is to be asked soon?
    pub fn is_short(&self) -> bool {
        self.is_short && self.phase == Phase::Live && self.asks_for_end()
    }

    /// A message of the present consumer was delivered. Returns whether the initial data are complete.
    pub(super) fn is_last_of_initial(&mut self, meta: &impl Numbered) -> bool {
        // Only the answer tells where the end is.
        if self.phase == Phase::Creating {
            if self.probes {
                self.unanswered.extend(meta.pending_and_time());
            }
            return false;
        }
        // What is pending is of no interest before, unless the server is to be asked if it is nothing too early.
        let may_end = self.probes || self.expected.is_some_and(|n| self.consumer_seq >= n);
        if self.initial_complete || !may_end {
            return false;
        }
        meta.pending_and_time()
            .is_some_and(|(pending, stored)| self.end_is_behind(self.consumer_seq, pending, stored))
    }

    /// The answer with the number of messages has arrived.
    pub(super) fn expect(&mut self, created: &Created) {
        // Messages that the consumer had delivered before the answer are not pending any more.
        let expected = created.pending.saturating_add(created.consumer_seq);
        self.expected = Some(expected);
        self.created_at = Some(created.time).filter(|time| *time > 0);
        // The initial data may have ended among the deliveries before the answer.
        let unanswered = std::mem::take(&mut self.unanswered);
        if expected == 0 || (unanswered.is_empty() && self.consumer_seq >= expected) {
            self.initial_end = Some(expected);
            return;
        }
        for (n, (pending, stored)) in (1..).zip(unanswered) {
            if self.end_is_behind(n, pending, stored) {
                return;
            }
        }
    }

    /// The consumer does not exist any more, or was abandoned.
    pub(super) fn forget_expected(&mut self) {
        self.expected = None;
        self.created_at = None;
        self.is_replaced = false;
        self.is_short = false;
        self.initial_end = None;
        self.unanswered = Vec::new();
    }

    /// Are the initial data complete behind the `n`th delivery?
    fn end_is_behind(&mut self, n: u64, pending: u64, stored: i64) -> bool {
        let Some(expected) = self.expected else {
            return false;
        };
        self.is_short = n < expected && pending == 0;
        if n == expected {
            self.is_replaced = self.created_at.is_some_and(|created| stored > created);
        }
        let complete = !self.is_replaced || pending == 0 || n - expected.min(n) >= MOST_MORE;
        let ends = n >= expected && complete;
        if ends {
            self.initial_end = Some(n);
        }
        ends
    }

    /// The server has said up to where the stream went, and then what the consumer has delivered and
    /// looked at.
    pub(super) fn end_was_probed(&mut self, probed: &Probed) -> Outcome {
        self.is_short = false;
        let looked_at_all = probed
            .stream_end
            .is_some_and(|end| probed.stream_seq >= end);
        if !looked_at_all || self.initial_complete {
            return Outcome::default();
        }
        if self.consumer_seq < probed.consumer_seq {
            // The rest is on its way.
            self.expected = Some(probed.consumer_seq);
            self.created_at = None;
            self.is_replaced = false;
            return Outcome::default();
        }
        self.initial_end = Some(self.consumer_seq);
        Outcome {
            deliver: false,
            initial_complete: self.complete_if(true),
        }
    }

    pub(super) fn complete_if(&mut self, complete: bool) -> bool {
        let now = complete && !self.initial_complete;
        if now {
            self.initial_complete = true;
            self.probe_at = None;
        }
        now
    }

    pub(super) fn probe_later(&mut self, now: Instant) {
        self.probe_wait = match self.is_short {
            true => PROBE_SOON,
            false => PROBE_AFTER,
        };
        if self.asks_for_end() {
            self.probe_at = now.checked_add(self.probe_wait);
        }
    }
}
