//! The end of a subscription: closing it, and its drain.

use std::mem;

use super::{OnComplete, Queue};
use crate::client::callbacks::life::LifetimeGuard;
use crate::error::Status;
use crate::msg::MsgList;
use crate::runtime::TimerHandle;

/// Why a subscription is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::client) enum Closed {
    Unsubscribed,
    MaxDelivered,
    Drained,
    WithConnection,
}

/// The consequences of the end.
pub(in crate::client::subscription) struct Ended {
    pub(in crate::client::subscription) why: Closed,
    /// Messages that are not delivered, for the caller to drop.
    pub(in crate::client::subscription) dropped: MsgList,
    /// A worker has to run its completion.
    pub(in crate::client::subscription) schedule: bool,
}

/// What is left of a subscription whose callbacks will not be called.
pub(in crate::client::subscription) type Forgotten =
    (MsgList, Option<OnComplete>, Option<LifetimeGuard>);

/// The drain of a subscription.
#[derive(Default)]
pub(super) struct Draining {
    /// The server has confirmed that it sends no more.
    pub(super) flushed: bool,
    /// Why the drain failed.
    failed: Option<Status>,
    timer: Option<TimerHandle>,
}

impl Queue {
    /// Closes the subscription; `None` if it is closed already. `ends_silently` says that the sink calls nothing at the
    /// end.
    pub(in crate::client::subscription) fn close(
        &mut self,
        why: Closed,
        has_sink: bool,
        ends_silently: bool,
    ) -> Option<Ended> {
        if self.is_closed() {
            return None;
        }
        // A complete drain stays complete.
        let why = if self.complete { Closed::Drained } else { why };
        self.closed = Some(why);
        // The completion runs on the delivering thread.
        let schedule = has_sink && self.schedule();
        // The last callback has returned, and there is no completion to replace.
        self.over |= schedule && ends_silently && self.on_complete.is_none();
        self.complete |= !has_sink;
        Some(Ended {
            why,
            dropped: mem::take(&mut self.list),
            schedule,
        })
    }

    /// The subscription could not be started. The result has to be dropped without the lock: it may be the last
    /// lifetime guard, whose release calls the program.
    pub(in crate::client::subscription) fn discard(&mut self) -> Option<LifetimeGuard> {
        self.closed = Some(Closed::Unsubscribed);
        (self.complete, self.over) = (true, true);
        self.lifetime_guard.take()
    }

    /// The callbacks will not be called any more. The result has to be dropped without the lock.
    pub(in crate::client::subscription) fn forget(&mut self) -> Forgotten {
        (self.complete, self.over) = (true, true);
        (
            mem::take(&mut self.list),
            self.on_complete.take(),
            self.lifetime_guard.take(),
        )
    }

    /// A drained subscription without a callback that has no messages left is complete. True the first time.
    pub(in crate::client::subscription) fn complete_drain(&mut self) -> bool {
        self.is_drained() && !mem::replace(&mut self.complete, true)
    }

    pub(in crate::client::subscription) fn begin_drain(&mut self) {
        self.draining = Some(Box::default());
    }

    /// The server has confirmed that it sends no more, or will not do so.
    pub(in crate::client::subscription) fn drain_flushed(&mut self, result: Result<(), Status>) {
        if let Some(draining) = self.draining.as_mut() {
            draining.flushed = true;
            if let Err(status) = result {
                draining.failed.get_or_insert(status);
            }
        }
    }

    /// Has the server confirmed that it sends no more? `None` if the subscription does not drain.
    pub(in crate::client::subscription) fn is_flushed(&self) -> Option<bool> {
        self.draining.as_ref().map(|draining| draining.flushed)
    }

    pub(in crate::client::subscription) fn fail_drain(&mut self, status: Status) {
        if let Some(draining) = self.draining.as_mut() {
            draining.failed.get_or_insert(status);
        }
    }

    /// Why the drain failed.
    #[inline]
    pub(in crate::client::subscription) fn drain_failure(&self) -> Option<Status> {
        self.draining.as_ref().and_then(|draining| draining.failed)
    }

    /// Stores the timer that limits the drain. Returns it if the drain is over already: it has to be cancelled.
    pub(in crate::client::subscription) fn set_drain_timer(
        &mut self,
        timer: TimerHandle,
    ) -> Option<TimerHandle> {
        if self.is_closed() || self.is_complete() {
            return Some(timer);
        }
        match self.draining.as_mut() {
            Some(draining) => draining.timer.replace(timer),
            None => Some(timer),
        }
    }

    /// The drain is over: returns its timer, to be cancelled. It would keep the subscription's memory alive.
    pub(in crate::client::subscription) fn take_drain_timer(&mut self) -> Option<TimerHandle> {
        self.draining.as_mut()?.timer.take()
    }
}
