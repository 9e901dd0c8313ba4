//! A subscription's queue, and what is known of its end: all that its lock protects.
//!
//! Nothing here wakes anybody or calls anything: the methods return what is to be done when the lock has been released.

use std::mem;
use std::time::{Duration, Instant};

use crate::client::callbacks::life::LifetimeGuard;
use crate::client::subscription::maximum::ServerCount;
use crate::error::Status;
use crate::msg::{Msg, MsgList};
use crate::runtime::TimerHandle;

/// Runs once, when the last callback has returned.
pub(super) type OnComplete = Box<dyn FnOnce() + Send>;

/// Why a subscription is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::client) enum Closed {
    Unsubscribed,
    MaxDelivered,
    Drained,
    WithConnection,
}

/// Messages that were dropped, and the limit that did it.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::client) struct Slow {
    pub(in crate::client) limit: i32,
    pub(in crate::client) unit: &'static str,
    pub(in crate::client) dropped: u64,
}

/// Who is to be told that messages have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wake {
    Nobody,
    /// A thread that waits for the next one.
    Waiter,
    /// A worker, which is to call the program.
    Worker,
}

/// What follows from messages that have come.
pub(super) struct Received {
    pub(super) wake: Wake,
    /// What does not fit the limits, for the caller to drop.
    pub(super) refused: MsgList,
    /// Messages are being dropped, and were not before.
    pub(super) became_slow: Option<Slow>,
}

/// What follows from the end.
pub(super) struct Ended {
    pub(super) why: Closed,
    /// What nobody gets, for the caller to drop.
    pub(super) dropped: MsgList,
    /// A worker is to see to its completion.
    pub(super) schedule: bool,
}

/// What a worker takes for one round.
pub(super) struct Round {
    pub(super) batch: MsgList,
    /// No message came for the subscription's timeout.
    pub(super) timeout: bool,
}

/// What is left of a subscription whose callbacks nobody will call.
pub(super) type Forgotten = (MsgList, Option<OnComplete>, Option<LifetimeGuard>);

/// How it goes on after a worker's round.
pub(super) enum Next {
    /// There is more to do.
    More,
    /// All that the server sent has been taken: it is to be closed.
    Drained,
    /// Nothing, until a message comes.
    Rest,
    /// No callback follows: the program is told, and gives up its right to be called.
    Complete(Option<OnComplete>, Option<LifetimeGuard>),
    /// That has happened.
    Over,
}

/// What is to be done when the timer of the timeout fires.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Timeout {
    /// Nothing, until it is armed again.
    Rest,
    /// To wait for so much longer.
    Wait(Duration),
    /// A worker is to tell the program.
    Due,
}

/// A subscription's drain.
#[derive(Default)]
struct Draining {
    /// The server has said that nothing follows.
    flushed: bool,
    /// Why the drain did not go as it should.
    failed: Option<Status>,
    timer: Option<TimerHandle>,
}

/// See the [module](self).
pub(super) struct Queue {
    list: MsgList,
    /// Messages and bytes that were ever put into the list.
    received_msgs: u64,
    received_bytes: u64,
    /// Messages and bytes that may wait; negative for no limit.
    limits: (i32, i32),
    /// The most that ever waited.
    most: (i32, i32),
    dropped: u64,
    /// Messages are being dropped; reported once until one is accepted again.
    slow: bool,
    /// The limit that the last message dropped did not fit was the one in bytes.
    too_many_bytes: bool,
    closed: Option<Closed>,
    draining: Option<Box<Draining>>,
    /// The maximum, as the server has it.
    server: ServerCount,
    /// No callback will run any more; for a subscription without one, no message will come.
    complete: bool,
    on_complete: Option<OnComplete>,
    lifetime_guard: Option<LifetimeGuard>,
    /// A worker has it, or will have.
    scheduled: bool,
    timeout_due: bool,
    timer_armed: bool,
    quiet_since: Option<Instant>,
}

impl Queue {
    pub(super) fn new(limits: (i32, i32), lifetime_guard: Option<LifetimeGuard>) -> Self {
        Queue {
            list: MsgList::new(),
            received_msgs: 0,
            received_bytes: 0,
            limits,
            most: (0, 0),
            dropped: 0,
            slow: false,
            too_many_bytes: false,
            closed: None,
            draining: None,
            server: ServerCount::default(),
            complete: false,
            on_complete: None,
            lifetime_guard,
            scheduled: false,
            timeout_due: false,
            timer_armed: false,
            quiet_since: None,
        }
    }

    // The state.

    #[inline]
    pub(super) fn is_closed(&self) -> bool {
        self.closed.is_some()
    }

    #[inline]
    pub(super) fn closed(&self) -> Option<Closed> {
        self.closed
    }

    pub(super) fn is_draining(&self) -> bool {
        self.draining.is_some()
    }

    pub(super) fn is_complete(&self) -> bool {
        self.complete
    }

    /// The server will send no more, and all that it sent has been taken.
    #[inline]
    pub(super) fn is_drained(&self) -> bool {
        self.list.is_empty() && self.draining.as_ref().is_some_and(|d| d.flushed)
    }

    // Messages.

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    pub(super) fn front(&self) -> Option<&Msg> {
        self.list.front()
    }

    #[inline]
    pub(super) fn pop(&mut self) -> Option<Msg> {
        self.list.pop()
    }

    /// Takes what one read brought, as far as the limits allow. `taken` is how many messages and bytes have left the
    /// queue for the program.
    #[inline]
    pub(super) fn receive(
        &mut self,
        mut msgs: MsgList,
        taken: (u64, u64),
        has_sink: bool,
    ) -> Received {
        let pending_msgs = self.received_msgs - taken.0;
        let pending_bytes = self.received_bytes - taken.1;
        let (mut refused, mut became_slow) = (MsgList::new(), None);
        if self.is_within_limits(
            pending_msgs + msgs.len() as u64,
            pending_bytes + msgs.bytes() as u64,
        ) {
            self.slow = false;
        } else {
            (refused, became_slow) = self.drop_unfit(&mut msgs, pending_msgs, pending_bytes);
        }
        self.received_msgs += msgs.len() as u64;
        self.received_bytes += msgs.bytes() as u64;
        let as_int = |n: u64| i32::try_from(n).unwrap_or(i32::MAX);
        self.most.0 = self.most.0.max(as_int(pending_msgs + msgs.len() as u64));
        self.most.1 = self.most.1.max(as_int(pending_bytes + msgs.bytes() as u64));
        let some = !msgs.is_empty();
        self.list.append(&mut msgs);
        let wake = match has_sink {
            true if some && !mem::replace(&mut self.scheduled, true) => Wake::Worker,
            false if some => Wake::Waiter,
            _ => Wake::Nobody,
        };
        Received {
            wake,
            refused,
            became_slow,
        }
    }

    /// Takes out of `msgs` those that do not fit.
    #[cold]
    fn drop_unfit(
        &mut self,
        msgs: &mut MsgList,
        pending_msgs: u64,
        pending_bytes: u64,
    ) -> (MsgList, Option<Slow>) {
        let (mut fitting, mut refused) = (MsgList::new(), MsgList::new());
        let (mut n, mut bytes) = (pending_msgs, pending_bytes);
        let (mut slow, mut became) = (self.slow, false);
        while let Some(msg) = msgs.pop() {
            let size = msg.size() as u64;
            if self.is_within_limits(n + 1, bytes + size) {
                (n, bytes, slow) = (n + 1, bytes + size, false);
                fitting.push(msg);
            } else {
                became = became || !slow;
                slow = true;
                self.too_many_bytes = self.is_within_limits(n + 1, 0);
                refused.push(msg);
            }
        }
        self.slow = slow;
        self.dropped += refused.len() as u64;
        *msgs = fitting;
        (refused, became.then(|| self.slowness()))
    }

    /// May so many messages, and so many bytes, wait?
    #[inline]
    fn is_within_limits(&self, msgs: u64, bytes: u64) -> bool {
        let within = |n: u64, limit: i32| u64::try_from(limit).is_err() || n <= limit as u64;
        within(msgs, self.limits.0) && within(bytes, self.limits.1)
    }

    /// Are messages being dropped, and has nobody been told yet?
    #[inline]
    pub(super) fn take_slow(&mut self) -> bool {
        mem::take(&mut self.slow)
    }

    /// Why messages were dropped last.
    pub(super) fn slowness(&self) -> Slow {
        let (limit, unit) = match self.too_many_bytes {
            true => (self.limits.1, "bytes"),
            false => (self.limits.0, "messages"),
        };
        Slow {
            limit,
            unit,
            dropped: self.dropped,
        }
    }

    // Counts and limits.

    /// Messages and bytes that wait.
    pub(super) fn pending(&self, taken: (u64, u64)) -> (i32, i32) {
        let left = |received: u64, taken: u64| {
            i32::try_from(received.saturating_sub(taken)).unwrap_or(i32::MAX)
        };
        (
            left(self.received_msgs, taken.0),
            left(self.received_bytes, taken.1),
        )
    }

    pub(super) fn limits(&self) -> (i32, i32) {
        self.limits
    }

    pub(super) fn set_limits(&mut self, msgs: i32, bytes: i32) {
        self.limits = (msgs, bytes);
    }

    /// The most messages and bytes that ever waited.
    pub(super) fn most(&self) -> (i32, i32) {
        self.most
    }

    pub(super) fn clear_most(&mut self) {
        self.most = (0, 0);
    }

    pub(super) fn dropped(&self) -> u64 {
        self.dropped
    }

    // What the server knows.

    /// A server is told of the subscription, and of the maximum that is left of the program's.
    pub(super) fn begin_with_server(&mut self, taken: u64, left: Option<u64>) {
        self.server.begin(self.come(), taken, left);
    }

    /// The program sets a maximum. Returns what the server is to be told.
    pub(super) fn set_max(&mut self, max: u64) -> u64 {
        self.server.set_max(max)
    }

    /// Messages that have come, dropped ones included.
    fn come(&self) -> u64 {
        self.received_msgs + self.dropped
    }

    /// Does the server know that no more is wanted: told by a drain, or because it has sent the
    /// maximum?
    pub(super) fn server_has_ended(&self) -> bool {
        self.is_draining() || self.server.has_ended(self.come())
    }

    // Rounds of a worker.

    /// Takes all that there is to do.
    #[inline]
    pub(super) fn take_round(&mut self) -> Round {
        Round {
            batch: mem::take(&mut self.list),
            timeout: mem::take(&mut self.timeout_due),
        }
    }

    /// As [`Queue::take_round`], of at most so many messages.
    pub(super) fn take_some(&mut self, limit: usize) -> Round {
        if self.list.len() <= limit {
            return self.take_round();
        }
        let mut batch = MsgList::new();
        let next = || self.list.pop();
        std::iter::from_fn(next)
            .take(limit)
            .for_each(|msg| batch.push(msg));
        Round {
            batch,
            timeout: mem::take(&mut self.timeout_due),
        }
    }

    /// After a round: how does it go on?
    pub(super) fn settle(&mut self) -> Next {
        if !self.list.is_empty() || self.timeout_due {
            return Next::More;
        }
        if self.closed.is_none() {
            if self.is_drained() {
                return Next::Drained;
            }
            self.scheduled = false;
            return Next::Rest;
        }
        // It stays scheduled for ever, so that nobody schedules it again.
        if mem::replace(&mut self.complete, true) {
            return Next::Over;
        }
        Next::Complete(self.on_complete.take(), self.lifetime_guard.take())
    }

    /// It is to be scheduled unless it is.
    pub(super) fn schedule(&mut self) -> bool {
        !mem::replace(&mut self.scheduled, true)
    }

    /// Sets what runs when the last callback has returned. Returns what was set before.
    pub(super) fn set_on_complete(&mut self, callback: Option<OnComplete>) -> Option<OnComplete> {
        mem::replace(&mut self.on_complete, callback)
    }

    pub(super) fn has_on_complete(&self) -> bool {
        self.on_complete.is_some()
    }

    // The end.

    /// Closes it; `None` if it is closed already.
    pub(super) fn close(&mut self, why: Closed, has_sink: bool) -> Option<Ended> {
        if self.is_closed() {
            return None;
        }
        // A drain that is complete stays so.
        let why = if self.complete { Closed::Drained } else { why };
        self.closed = Some(why);
        // Completion belongs to the delivering thread.
        let schedule = has_sink && self.schedule();
        self.complete |= !has_sink;
        Some(Ended {
            why,
            dropped: mem::take(&mut self.list),
            schedule,
        })
    }

    /// It never came to life. Returns what is to be dropped without the lock: it may be the last right to call the
    /// program, whose end calls the program.
    pub(super) fn discard(&mut self) -> Option<LifetimeGuard> {
        self.closed = Some(Closed::Unsubscribed);
        self.complete = true;
        self.lifetime_guard.take()
    }

    /// Nobody will call the program any more. Returns what is to be dropped without the lock.
    pub(super) fn forget(&mut self) -> Forgotten {
        self.complete = true;
        (
            mem::take(&mut self.list),
            self.on_complete.take(),
            self.lifetime_guard.take(),
        )
    }

    /// A drained one that has nothing left and no callback is complete. True the first time.
    pub(super) fn complete_drain(&mut self) -> bool {
        self.is_drained() && !mem::replace(&mut self.complete, true)
    }

    // The drain.

    pub(super) fn begin_drain(&mut self) {
        self.draining = Some(Box::default());
    }

    /// The server has said that nothing follows, or will not.
    pub(super) fn drain_flushed(&mut self, result: Result<(), Status>) {
        if let Some(draining) = self.draining.as_mut() {
            draining.flushed = true;
            if let Err(status) = result {
                draining.failed.get_or_insert(status);
            }
        }
    }

    /// Has the server said that nothing follows? `None` if it does not drain.
    pub(super) fn is_flushed(&self) -> Option<bool> {
        self.draining.as_ref().map(|draining| draining.flushed)
    }

    pub(super) fn fail_drain(&mut self, status: Status) {
        if let Some(draining) = self.draining.as_mut() {
            draining.failed.get_or_insert(status);
        }
    }

    /// Why the drain did not go as it should.
    #[inline]
    pub(super) fn drain_failure(&self) -> Option<Status> {
        self.draining.as_ref().and_then(|draining| draining.failed)
    }

    /// Keeps the timer that limits the drain. Returns it if the drain is over already: it is to be cancelled.
    pub(super) fn set_drain_timer(&mut self, timer: TimerHandle) -> Option<TimerHandle> {
        if self.is_closed() || self.is_complete() {
            return Some(timer);
        }
        match self.draining.as_mut() {
            Some(draining) => draining.timer.replace(timer),
            None => Some(timer),
        }
    }

    /// The drain is over: the timer that limits it, to be cancelled. It would keep the subscription's memory.
    pub(super) fn take_drain_timer(&mut self) -> Option<TimerHandle> {
        self.draining.as_mut()?.timer.take()
    }

    // The timeout.

    /// It is without a message from now on. True if its timer is to be started.
    pub(super) fn arm_timeout(&mut self, now: Instant) -> bool {
        self.quiet_since = Some(now);
        let is_open = !self.is_closed() && !self.is_draining();
        is_open && !mem::replace(&mut self.timer_armed, true)
    }

    /// The sink is to be called although there is no message. True if it is to be scheduled.
    pub(super) fn nudge(&mut self) -> bool {
        if self.is_closed() {
            return false;
        }
        self.timeout_due = true;
        self.schedule()
    }

    /// The timer has fired.
    pub(super) fn timer_fired(&mut self, now: Instant, timeout: Duration) -> Timeout {
        // While a worker is at it the clock does not run; it starts the next wait itself.
        if self.scheduled || self.is_closed() || self.is_draining() {
            self.timer_armed = false;
            return Timeout::Rest;
        }
        let quiet = self
            .quiet_since
            .map_or(Duration::ZERO, |since| now.saturating_duration_since(since));
        if quiet < timeout {
            return Timeout::Wait(timeout - quiet);
        }
        self.timer_armed = false;
        self.timeout_due = true;
        self.scheduled = true;
        Timeout::Due
    }
}

#[cfg(test)]
#[path = "queue_tests.rs"]
mod tests;
