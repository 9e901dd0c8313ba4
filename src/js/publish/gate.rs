//! The number of messages that wait for acknowledgements, and the threads that wait for it: for room to publish one
//! more, or until it is zero.
//!
//! Publishing and acknowledging change one number and read another. The monitor is locked only if threads wait: they
//! announce themselves and then read the number, while a thread that changes the number looks for announcements
//! afterwards. So one of the two sees the other.

use std::time::Instant;

use super::monitor::Monitor;
use super::sync::{AtomicBool, AtomicUsize, SeqCst};
use crate::error::{Error, Result, Status};

/// The number of pending messages, and the threads that wait for it.
pub(super) struct Gate {
    pending: AtomicUsize,
    /// The number of messages that are marked as lost.
    lost: AtomicUsize,
    /// Messages are being marked; until that is done `lost` is not valid.
    marking: AtomicBool,
    /// The maximum number of pending messages; 0 for no limit.
    max: usize,
    stalled: AtomicUsize,
    completing: AtomicUsize,
    monitor: Monitor<()>,
}

impl Gate {
    pub(super) fn new(max: usize, monitor: Monitor<()>) -> Self {
        Gate {
            pending: AtomicUsize::new(0),
            lost: AtomicUsize::new(0),
            marking: AtomicBool::new(false),
            max,
            stalled: AtomicUsize::new(0),
            completing: AtomicUsize::new(0),
            monitor,
        }
    }

    pub(super) fn pending(&self) -> usize {
        self.pending.load(SeqCst)
    }

    /// Admits one message when there is room for it, with `extra` more than the maximum. `stop` ends the wait with an
    /// error; [`Gate::wake`] causes it to be called.
    pub(super) fn enter(
        &self,
        extra: usize,
        deadline: impl FnOnce() -> Option<Instant>,
        stop: impl Fn() -> Option<Error>,
    ) -> Result<()> {
        if self.try_enter(extra) {
            return Ok(());
        }
        self.stalled.fetch_add(1, SeqCst);
        let outcome = self.monitor.wait(deadline(), |()| match stop() {
            Some(error) => Some(Err(error)),
            None => self.try_enter(extra).then_some(Ok(())),
        });
        self.stalled.fetch_sub(1, SeqCst);
        match outcome {
            Ok(outcome) => outcome,
            // A thread that released room may have considered it too little to wake another.
            Err(e) if e.status() == Status::NATS_TIMEOUT && self.try_enter(extra) => Ok(()),
            Err(e) => Err(e),
        }
    }

    fn try_enter(&self, extra: usize) -> bool {
        if self.max == 0 {
            self.pending.fetch_add(1, SeqCst);
            return true;
        }
        let mut pending = self.pending.load(SeqCst);
        while pending < self.max.saturating_add(extra) {
            let more = pending + 1;
            match self.pending.compare_exchange(pending, more, SeqCst, SeqCst) {
                Ok(_) => return true,
                Err(now) => pending = now,
            }
        }
        false
    }

    /// This many messages are not pending any more, `lost` of which had been marked. Stalled threads continue when
    /// there is room for half of the maximum, so that not each acknowledgement wakes one; [`Gate::round_over`] wakes
    /// the others.
    pub(super) fn leave(&self, count: usize, lost: usize) {
        if lost > 0 {
            self.lost.fetch_sub(lost, SeqCst);
        }
        let pending = self.pending.fetch_sub(count, SeqCst) - count;
        let stalled = pending <= self.max / 2 && self.stalled.load(SeqCst) > 0;
        if stalled || self.ends_a_wait(pending) {
            self.wake();
        }
    }

    /// The message that was let in is not published after all. Its room may be the only one that there will be for a
    /// while: a thread that is stalled gets it at once.
    pub(super) fn turn_back(&self) {
        self.leave(1, 0);
        self.round_over();
    }

    /// The acknowledgements that had come have all been seen to.
    pub(super) fn round_over(&self) {
        if self.stalled.load(SeqCst) > 0 && self.pending() < self.max {
            self.wake();
        }
    }

    fn ends_a_wait(&self, pending: usize) -> bool {
        self.completing.load(SeqCst) > 0 && pending <= self.lost.load(SeqCst)
    }

    /// Begins to mark messages as lost: [`Gate::count_lost`] comes before each one.
    pub(super) fn begin_marking(&self) {
        self.marking.store(true, SeqCst);
    }

    pub(super) fn count_lost(&self) {
        self.lost.fetch_add(1, SeqCst);
    }

    /// The message was not pending any more.
    pub(super) fn uncount_lost(&self) {
        self.lost.fetch_sub(1, SeqCst);
    }

    pub(super) fn end_marking(&self) {
        self.marking.store(false, SeqCst);
        if self.ends_a_wait(self.pending()) {
            self.wake();
        }
    }

    /// Waits until no message is pending. Fails if only lost ones are left. `stop` is as for [`Gate::enter`].
    pub(super) fn complete(
        &self,
        deadline: Option<Instant>,
        stop: impl Fn() -> Option<Error>,
    ) -> Result<()> {
        let outcome = || {
            if let Some(error) = stop() {
                return Some(Err(error));
            }
            match self.pending() {
                0 => Some(Ok(())),
                _ if self.marking.load(SeqCst) => None,
                pending if pending <= self.lost.load(SeqCst) => {
                    Some(Err(Status::NATS_CONNECTION_DISCONNECTED.into()))
                }
                _ => None,
            }
        };
        self.wait(deadline, outcome)
    }

    /// Waits until `outcome` has one, which is asked after each change that ends a wait of [`Gate::complete`] and after
    /// [`Gate::look_again`].
    pub(super) fn wait(
        &self,
        deadline: Option<Instant>,
        outcome: impl Fn() -> Option<Result<()>>,
    ) -> Result<()> {
        if let Some(outcome) = outcome() {
            return outcome;
        }
        self.completing.fetch_add(1, SeqCst);
        let result = self.monitor.wait(deadline, |()| outcome());
        self.completing.fetch_sub(1, SeqCst);
        result?
    }

    /// Has threads in [`Gate::wait`] ask again.
    pub(super) fn look_again(&self) {
        if self.completing.load(SeqCst) > 0 {
            self.wake();
        }
    }

    /// Has all threads that wait look again.
    pub(super) fn wake(&self) {
        self.monitor.notify_all();
    }
}
