//! The queue of a subscription and the state of its end: everything that its lock protects.
//!
//! Nothing here wakes a thread or calls a function: the methods return what is to be done after the lock is released.
//! This file has the messages, their counts and limits, and the rounds of workers; `ending` has the end and the drain,
//! `timeout` the timeout.

mod ending;
mod timeout;

use std::mem;
use std::time::Instant;

pub(in crate::client) use self::ending::Closed;
use self::ending::Draining;
pub(super) use self::timeout::Timeout;
use crate::client::callbacks::life::LifetimeGuard;
use crate::client::subscription::maximum::{Arrived, ServerCount};
use crate::msg::{Msg, MsgList};

/// Runs once, when the last callback has returned.
pub(super) type OnComplete = Box<dyn FnOnce() + Send>;

/// The messages that were dropped, and the limit that caused it.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::client) struct Slow {
    pub(in crate::client) limit: i32,
    pub(in crate::client) unit: &'static str,
    pub(in crate::client) dropped: u64,
}

/// Who has to be notified of new messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wake {
    Nobody,
    /// A thread that waits for the next message.
    Waiter,
    /// A worker, which calls the program.
    Worker,
}

/// The consequences of new messages.
pub(super) struct Received {
    pub(super) wake: Wake,
    /// Messages beyond the limits, for the caller to drop.
    pub(super) refused: MsgList,
    /// Messages are being dropped, which was not so before.
    pub(super) became_slow: Option<Slow>,
}

/// The messages that a worker takes for one round.
pub(super) struct Round {
    pub(super) batch: MsgList,
    /// No message has arrived within the subscription's timeout.
    pub(super) timeout: bool,
}

/// How a worker continues after a round.
pub(super) enum Next {
    /// There is more to do.
    More,
    /// All messages that the server sent have been taken: the subscription is to be closed.
    Drained,
    /// Nothing, until a message arrives.
    Idle,
    /// No message callback follows: the completion runs, and the lifetime guard is released.
    Complete(Option<LifetimeGuard>),
    /// The completion has run.
    Done,
}

/// See the [module](self).
pub(super) struct Queue {
    list: MsgList,
    /// The number of messages and bytes ever queued.
    received_msgs: u64,
    received_bytes: u64,
    /// The limits for pending messages and bytes; negative for no limit.
    limits: (i32, i32),
    /// The largest numbers of pending messages and bytes so far.
    most: (i32, i32),
    dropped: u64,
    /// Messages are being dropped. Reported once, until a message is accepted again.
    slow: bool,
    /// The last message that was dropped exceeded the limit in bytes.
    too_many_bytes: bool,
    closed: Option<Closed>,
    draining: Option<Box<Draining>>,
    /// The maximum, as the server counts it.
    server: ServerCount,
    /// No callback will run any more. For a subscription without a callback: no message will arrive.
    complete: bool,
    /// The completion has been taken to be run, or will not be.
    over: bool,
    on_complete: Option<OnComplete>,
    lifetime_guard: Option<LifetimeGuard>,
    /// A worker runs it or has it queued.
    scheduled: bool,
    timeout_due: bool,
    timer_armed: bool,
    /// Since when no message has arrived, for a subscription with a timeout.
    quiet_since: Option<Box<Instant>>,
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
            over: false,
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

    /// The server sends no more, and all messages that it sent have been taken.
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

    /// Is half of what may wait there?
    pub(super) fn is_half_full(&self) -> bool {
        let half = |n: usize, limit: i32| usize::try_from(limit).is_ok_and(|limit| n >= limit / 2);
        half(self.list.len(), self.limits.0) || half(self.list.bytes(), self.limits.1)
    }

    pub(super) fn front(&self) -> Option<&Msg> {
        self.list.front()
    }

    #[inline]
    pub(super) fn pop(&mut self) -> Option<Msg> {
        self.list.pop()
    }

    /// Queues the messages of one read, within the limits. `taken` is the number of messages and bytes that have been
    /// delivered to the program.
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

    /// Removes the messages beyond the limits from `msgs`.
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

    /// May this many messages and bytes be pending?
    #[inline]
    fn is_within_limits(&self, msgs: u64, bytes: u64) -> bool {
        let within = |n: u64, limit: i32| u64::try_from(limit).is_err() || n <= limit as u64;
        within(msgs, self.limits.0) && within(bytes, self.limits.1)
    }

    /// Are messages being dropped, without a report so far?
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

    /// The pending messages and bytes.
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

    /// The largest numbers of pending messages and bytes so far.
    pub(super) fn most(&self) -> (i32, i32) {
        self.most
    }

    pub(super) fn clear_most(&mut self) {
        self.most = (0, 0);
    }

    pub(super) fn dropped(&self) -> u64 {
        self.dropped
    }

    // What the server has been told.

    /// A server is sent the subscription, with the remainder of the program's maximum.
    pub(super) fn begin_with_server(&mut self, taken: u64, left: Option<u64>) {
        self.server.begin(self.arrived(), taken, left);
    }

    /// The program sets a maximum. Returns the number for the UNSUB.
    pub(super) fn set_max(&mut self, max: u64) -> u64 {
        self.server.set_max(max, self.arrived())
    }

    fn arrived(&self) -> Arrived {
        Arrived {
            queued: self.received_msgs,
            dropped: self.dropped,
        }
    }

    /// Has the server ended the subscription before the program's maximum was queued? It has counted messages that were
    /// dropped.
    #[inline]
    pub(super) fn is_short_of(&self, max: u64) -> bool {
        self.dropped > 0
            && self.received_msgs < max
            && !self.is_closed()
            && !self.is_draining()
            && self.server.has_ended(self.arrived())
    }

    /// Does the server know that no more messages are wanted: from a drain, or because it has sent the maximum?
    pub(super) fn server_has_ended(&self) -> bool {
        self.is_draining() || self.server.has_ended(self.arrived())
    }

    // Rounds of a worker.

    /// Takes everything that there is to do.
    #[inline]
    pub(super) fn take_round(&mut self) -> Round {
        Round {
            batch: mem::take(&mut self.list),
            timeout: mem::take(&mut self.timeout_due),
        }
    }

    /// As [`Queue::take_round`], for at most this many messages.
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

    /// How the worker continues after a round.
    pub(super) fn settle(&mut self) -> Next {
        if !self.list.is_empty() || self.timeout_due {
            return Next::More;
        }
        if self.closed.is_none() {
            if self.is_drained() {
                return Next::Drained;
            }
            self.scheduled = false;
            return Next::Idle;
        }
        // It stays marked as scheduled, so that it is never scheduled again.
        if mem::replace(&mut self.complete, true) {
            return Next::Done;
        }
        Next::Complete(self.lifetime_guard.take())
    }

    /// Marks it as scheduled. False if it was.
    pub(super) fn schedule(&mut self) -> bool {
        !mem::replace(&mut self.scheduled, true)
    }

    /// Sets the completion, which runs when the last callback has returned. Returns the previous one. Once that time
    /// has come, returns `callback` as the error.
    pub(super) fn set_on_complete(
        &mut self,
        callback: Option<OnComplete>,
    ) -> Result<Option<OnComplete>, Option<OnComplete>> {
        match self.over {
            true => Err(callback),
            false => Ok(mem::replace(&mut self.on_complete, callback)),
        }
    }

    /// All other callbacks have returned: takes the completion.
    pub(super) fn finish(&mut self) -> Option<OnComplete> {
        self.over = true;
        self.on_complete.take()
    }

    pub(super) fn has_on_complete(&self) -> bool {
        self.on_complete.is_some()
    }
}

#[cfg(test)]
#[path = "queue_tests.rs"]
mod tests;
