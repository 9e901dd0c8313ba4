//! A subscription's queue: from the reading side to the callback, or to `next_msg`.
//!
//! The reading side appends what it gathered in one step. A worker takes the whole queue at once
//! and calls the program with no lock held; how many messages it has got to is told by counters
//! that only it writes, so that the pending counts stay exact.

use std::mem;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crate::client::callbacks::life::Lease;
use crate::client::callbacks::manual::ManualJob;
use crate::client::outgoing;
use crate::client::subscription::drain::Draining;
use crate::client::subscription::endings::EndReason;
use crate::client::subscription::home::Home;
use crate::client::subscription::maximum::ServerCount;
use crate::client::subscription::state::Subscription;
use crate::error::{Error, Result, Status};
use crate::msg::{Msg, MsgList};
use crate::proto::encode;
use crate::runtime::Job;

/// A subscription is quick if its callbacks left their worker so soon the last time, or took so little each.
const QUICK: Duration = Duration::from_millis(1);
const QUICK_EACH: Duration = Duration::from_micros(20);

/// Why a subscription is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::client) enum Closed {
    Unsubscribed,
    MaxDelivered,
    Drained,
    WithConnection,
}

/// Messages that were dropped, and the limit that did it.
pub(in crate::client) struct Slow {
    pub(in crate::client) limit: i32,
    pub(in crate::client) unit: &'static str,
    pub(in crate::client) dropped: u64,
}

/// What a subscription's lock protects.
pub(in crate::client) struct Queue {
    pub(super) list: MsgList,
    /// Messages and bytes that were ever put into the list.
    received_msgs: u64,
    received_bytes: u64,
    /// Messages and bytes that may wait; negative for no limit.
    pub(in crate::client) limits: (i32, i32),
    /// The most that ever waited.
    pub(in crate::client) most: (i32, i32),
    pub(in crate::client) dropped: u64,
    /// Messages are being dropped; reported once until one is accepted again.
    slow: bool,
    /// The limit that the last message dropped did not fit was the one in bytes.
    too_many_bytes: bool,
    closed: Option<Closed>,
    pub(in crate::client) draining: Option<Box<Draining>>,
    /// The maximum, as the server has it.
    pub(in crate::client) server: ServerCount,
    /// No callback will run any more; for a subscription without one, no message will come.
    complete: bool,
    pub(in crate::client) on_complete: Option<Box<dyn FnOnce() + Send>>,
    lease: Option<Lease>,
    /// A worker has it, or will have.
    scheduled: bool,
    timeout_due: bool,
    timer_armed: bool,
    quiet_since: Option<Instant>,
}

impl Queue {
    pub(in crate::client) fn new(limits: (i32, i32), lease: Option<Lease>) -> Self {
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
            lease,
            scheduled: false,
            timeout_due: false,
            timer_armed: false,
            quiet_since: None,
        }
    }

    pub(in crate::client) fn is_closed(&self) -> bool {
        self.closed.is_some()
    }

    pub(in crate::client) fn is_draining(&self) -> bool {
        self.draining.is_some()
    }

    pub(in crate::client) fn is_complete(&self) -> bool {
        self.complete
    }

    pub(in crate::client) fn closed(&self) -> Option<Closed> {
        self.closed
    }

    /// Messages that have come, dropped ones included.
    pub(in crate::client) fn come(&self) -> u64 {
        self.received_msgs + self.dropped
    }

    /// Does the server know that no more is wanted: told by a drain, or because it has sent the
    /// maximum?
    pub(in crate::client) fn server_has_ended(&self) -> bool {
        self.is_draining() || self.server.has_ended(self.come())
    }

    /// The server will send no more, and all that it sent has been taken.
    pub(super) fn is_drained(&self) -> bool {
        self.list.is_empty() && self.draining.as_ref().is_some_and(|d| d.flushed)
    }

    fn slowness(&self) -> Slow {
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

    /// Would one more message and so many more bytes fit?
    fn fits(&self, msgs: u64, bytes: u64) -> bool {
        let within = |n: u64, limit: i32| u64::try_from(limit).is_err() || n <= limit as u64;
        within(msgs, self.limits.0) && within(bytes, self.limits.1)
    }
}

impl<H: Home> Subscription<H> {
    /// Messages and bytes that wait.
    pub(in crate::client) fn waiting(&self, queue: &Queue) -> (i32, i32) {
        let left = |received: u64, taken: u64| {
            i32::try_from(received.saturating_sub(taken)).unwrap_or(i32::MAX)
        };
        (
            left(queue.received_msgs, self.taken_msgs.load(Ordering::Acquire)),
            left(
                queue.received_bytes,
                self.taken_bytes.load(Ordering::Acquire),
            ),
        )
    }

    /// Takes what one read brought for a sid.
    pub(in crate::client) fn receive(this: &Arc<Self>, sid: u64, mut msgs: MsgList) {
        if let Some(intake) = &this.intake {
            intake.take(this, sid, &mut msgs);
            if msgs.is_empty() {
                return;
            }
        }
        let mut queue = this.queue.lock();
        if queue.is_closed()
            || sid != this.sid()
            || queue.draining.as_ref().is_some_and(|d| d.failed.is_some())
        {
            drop(queue);
            return;
        }
        let pending_msgs = queue.received_msgs - this.taken_msgs.load(Ordering::Acquire);
        let pending_bytes = queue.received_bytes - this.taken_bytes.load(Ordering::Acquire);
        let was_slow = queue.slow;
        let mut refused = MsgList::new();
        let mut became_slow = None;
        if queue.fits(
            pending_msgs + msgs.len() as u64,
            pending_bytes + msgs.bytes() as u64,
        ) {
            queue.slow = false;
        } else {
            let (mut fitting, mut n, mut bytes) = (MsgList::new(), pending_msgs, pending_bytes);
            let (mut slow, mut became) = (was_slow, false);
            while let Some(msg) = msgs.pop() {
                let size = msg.size() as u64;
                if queue.fits(n + 1, bytes + size) {
                    (n, bytes, slow) = (n + 1, bytes + size, false);
                    fitting.push(msg);
                } else {
                    became = became || !slow;
                    slow = true;
                    queue.too_many_bytes = queue.fits(n + 1, 0);
                    refused.push(msg);
                }
            }
            queue.slow = slow;
            queue.dropped += refused.len() as u64;
            became_slow = became.then(|| queue.slowness());
            msgs = fitting;
        }
        queue.received_msgs += msgs.len() as u64;
        queue.received_bytes += msgs.bytes() as u64;
        let as_int = |n: u64| i32::try_from(n).unwrap_or(i32::MAX);
        queue.most.0 = queue.most.0.max(as_int(pending_msgs + msgs.len() as u64));
        queue.most.1 = queue
            .most
            .1
            .max(as_int(pending_bytes + msgs.bytes() as u64));
        let some = !msgs.is_empty();
        queue.list.append(&mut msgs);
        let schedule = some && this.sink.is_some() && !mem::replace(&mut queue.scheduled, true);
        drop(queue);
        drop(refused);
        if schedule {
            this.schedule();
        } else if some && this.sink.is_none() {
            this.changed.notify_one();
        }
        if let Some(slow) = became_slow {
            this.home.report_slow(this, slow);
        }
    }

    /// Has the program got as many messages as it wants?
    pub(super) fn has_its_maximum(&self) -> bool {
        let max = self.max.load(Ordering::Relaxed);
        max > 0 && self.taken_msgs.load(Ordering::Relaxed) >= max
    }

    /// Counts a message as the program's.
    pub(super) fn take(&self, msg: &Msg) {
        let count = self.taken_msgs.load(Ordering::Relaxed) + 1;
        let bytes = self.taken_bytes.load(Ordering::Relaxed) + msg.size() as u64;
        self.taken_msgs.store(count, Ordering::Release);
        self.taken_bytes.store(bytes, Ordering::Release);
    }

    /// Fetches the next message, waiting for it if there is none.
    #[inline]
    pub fn next_msg(self: &Arc<Self>, timeout: Duration) -> Result<Msg> {
        match self.extension.get() {
            None => self.take_next(timeout),
            Some(extension) => extension.next_begins(self).and_then(|()| {
                let mut msg = self.take_next(timeout)?;
                extension.taken(self, &mut msg);
                Ok(msg)
            }),
        }
        .map_err(|e| self.why_no_message(e, timeout))
    }

    /// Why messages were dropped last.
    pub(in crate::client) fn slow(&self) -> Slow {
        self.queue.lock().slowness()
    }

    /// Did it come to its end by draining?
    pub(in crate::client) fn has_ended_by_drain(&self) -> bool {
        self.queue.lock().closed == Some(Closed::Drained)
    }

    /// The number of messages after which it ends.
    pub(in crate::client) fn maximum(&self) -> u64 {
        self.max.load(Ordering::Relaxed)
    }

    /// As [`Subscription::next_msg`], with a failure that has no words yet.
    pub(in crate::client) fn take_next(self: &Arc<Self>, timeout: Duration) -> Result<Msg> {
        // Looked at only when there is something to wait for: the clock costs more than a message.
        let mut deadline = None;
        let mut queue = self.queue.lock();
        if self.home.is_closed() {
            return Err(Status::NATS_CONNECTION_CLOSED.into());
        }
        if queue.closed.is_none() && self.sink.is_some() {
            drop(queue);
            let text = self.called() + " has a callback, which gets its messages";
            return Err(Error::illegal_state(text));
        }
        if queue.closed.is_none() && mem::take(&mut queue.slow) {
            return Err(Status::NATS_SLOW_CONSUMER.into());
        }
        loop {
            match queue.closed {
                Some(Closed::MaxDelivered) => return Err(Status::NATS_MAX_DELIVERED_MSGS.into()),
                Some(_) => return Err(self.closed_status().into()),
                None => {}
            }
            if let Some(msg) = queue.list.pop() {
                self.take(&msg);
                let last = self.has_its_maximum();
                let drained = queue.is_drained();
                if !queue.list.is_empty() {
                    self.changed.notify_one();
                }
                let waited = deadline.is_some();
                outgoing::expect_one_publish(waited && queue.list.is_empty());
                drop(queue);
                if last {
                    self.leave(Closed::MaxDelivered);
                } else if drained {
                    self.end(Closed::Drained);
                }
                if msg.is_no_responders() {
                    return Err(Status::NATS_NO_RESPONDERS.into());
                }
                return Ok(msg);
            }
            if queue.is_drained() {
                drop(queue);
                self.end(Closed::Drained);
                return Err(Status::NATS_TIMEOUT.into());
            }
            let until = match deadline {
                Some(until) => until,
                None => {
                    let until = Instant::now().checked_add(timeout);
                    deadline = Some(until);
                    // Who does not wait must not teach that answers are late.
                    if timeout.is_zero() {
                        continue;
                    }
                    drop(queue);
                    self.home.look_for_answer(until, || {
                        let queue = self.queue.lock();
                        !queue.list.is_empty() || queue.is_closed() || queue.is_drained()
                    });
                    queue = self.queue.lock();
                    continue;
                }
            };
            let late = match until {
                None => {
                    self.changed.wait(&mut queue);
                    false
                }
                Some(until) => self.changed.wait_until(&mut queue, until).timed_out(),
            };
            if late && queue.list.is_empty() && !queue.is_closed() {
                return Err(Status::NATS_TIMEOUT.into());
            }
        }
    }

    /// Leaves the connection: the server is told, unless it knows. What waits is dropped.
    pub(in crate::client) fn leave(self: &Arc<Self>, why: Closed) {
        let tell = {
            let mut changing = self.home.interest().change(self.home.outbound());
            let known = changing.remove(self.sid());
            let tell = known && !self.queue.lock().server_has_ended();
            if tell {
                changing.tell(|buf| encode::unsubscribe(buf, self.sid(), None));
            }
            tell
        };
        self.end(why);
        if tell {
            self.home.flush_if_asap();
        }
    }

    /// Closes it. What waits is dropped; a callback that runs finishes.
    pub(in crate::client) fn end(self: &Arc<Self>, why: Closed) {
        self.home.interest().remove(|| self.sid());
        let mut queue = self.queue.lock();
        if queue.is_closed() {
            return;
        }
        // A drain that is complete stays so.
        let why = if queue.complete { Closed::Drained } else { why };
        queue.closed = Some(why);
        self.ended.store(true, Ordering::Release);
        let dropped = mem::take(&mut queue.list);
        let mut schedule = false;
        if self.sink.is_some() {
            // Completion belongs to the delivering thread.
            schedule = !mem::replace(&mut queue.scheduled, true);
        } else {
            queue.complete = true;
        }
        drop(queue);
        self.changed.notify_all();
        self.completed.notify_all();
        drop(dropped);
        if schedule {
            self.schedule();
        }
        self.endings.run(self, why.into());
        self.home.gone();
    }

    /// It never came to life: nothing is told to anyone.
    pub(in crate::client) fn discard(&self) {
        let mut queue = self.queue.lock();
        queue.closed = Some(Closed::Unsubscribed);
        queue.complete = true;
        // It may be the last one, whose end calls the program.
        let lease = queue.lease.take();
        drop(queue);
        drop(lease);
        self.endings.forget();
    }

    /// A drained subscription without callback that has nothing left is complete, though it stays
    /// valid until the program looks.
    pub(in crate::client) fn complete_if_empty(self: &Arc<Self>) {
        let mut queue = self.queue.lock();
        if self.sink.is_some() {
            let schedule = queue.is_drained() && !mem::replace(&mut queue.scheduled, true);
            drop(queue);
            if schedule {
                self.schedule();
            }
        } else if queue.is_drained() && !queue.complete {
            queue.complete = true;
            drop(queue);
            self.home.interest().set_drained(|| self.sid());
            self.changed.notify_all();
            self.completed.notify_all();
            self.endings.run(self, EndReason::Drained);
            self.home.gone();
        }
    }

    fn deliver(self: &Arc<Self>, batch: &mut MsgList, timeout: bool) {
        let Some(sink) = &self.sink else { return };
        sink.begin(self);
        if timeout && batch.is_empty() && !self.ended.load(Ordering::Acquire) {
            sink.deliver(self, None);
        }
        while let Some(msg) = batch.pop() {
            if self.ended.load(Ordering::Acquire) || self.has_its_maximum() {
                break;
            }
            self.take(&msg);
            outgoing::expect_one_publish(batch.is_empty());
            sink.deliver(self, Some(msg));
        }
        outgoing::expect_one_publish(false);
        sink.end(self);
    }

    /// After a round: is there more to do? If not, the worker leaves it.
    fn settle(self: &Arc<Self>) -> bool {
        let mut queue = self.queue.lock();
        // Set in time, in a callback, or too late, while messages were taken.
        if self.has_its_maximum() && queue.closed.is_none() {
            drop(queue);
            self.leave(Closed::MaxDelivered);
            queue = self.queue.lock();
        }
        if !queue.list.is_empty() || queue.timeout_due {
            return true;
        }
        if queue.is_drained() && queue.closed.is_none() {
            drop(queue);
            self.end(Closed::Drained);
            queue = self.queue.lock();
        }
        if queue.closed.is_none() {
            queue.scheduled = false;
            if self.timeout.is_some() {
                drop(queue);
                self.arm_timeout();
            }
            return false;
        }
        // It stays scheduled for ever, so that nobody schedules it again.
        if mem::replace(&mut queue.complete, true) {
            return false;
        }
        let (callback, lease) = (queue.on_complete.take(), queue.lease.take());
        drop(queue);
        self.completed.notify_all();
        if let Some(callback) = callback {
            self.home.life().inside(callback);
        }
        drop(lease);
        false
    }

    /// Starts to wait for the timeout, if it has one and no message waits.
    pub(in crate::client) fn arm_timeout(self: &Arc<Self>) {
        let Some(timeout) = self.timeout else { return };
        let mut queue = self.queue.lock();
        queue.quiet_since = Some(Instant::now());
        if queue.is_closed() || queue.is_draining() || mem::replace(&mut queue.timer_armed, true) {
            return;
        }
        drop(queue);
        self.wait_for_timeout(timeout);
    }

    fn wait_for_timeout(&self, rest: Duration) {
        let me = self.me.clone();
        let fire = move || {
            if let Some(sub) = me.upgrade() {
                sub.timeout_reached();
            }
        };
        self.home.runtime().timers.after(rest, Box::new(fire));
    }

    fn timeout_reached(self: &Arc<Self>) {
        let (Some(timeout), mut queue) = (self.timeout, self.queue.lock()) else {
            return;
        };
        // While a worker is at it the clock does not run; it starts the next wait itself.
        if queue.scheduled || queue.is_closed() || queue.is_draining() {
            queue.timer_armed = false;
            return;
        }
        let quiet = queue
            .quiet_since
            .map_or(Duration::ZERO, |since| self.quiet_for(since));
        if quiet < timeout {
            drop(queue);
            self.wait_for_timeout(timeout - quiet);
            return;
        }
        queue.timer_armed = false;
        queue.timeout_due = true;
        queue.scheduled = true;
        drop(queue);
        self.schedule();
    }
}

impl<H: Home> ManualJob for Subscription<H> {
    fn run_some(self: Arc<Self>, limit: usize) -> (usize, bool) {
        let mut queue = self.queue.lock();
        let mut batch = MsgList::new();
        if queue.list.len() <= limit {
            batch = mem::take(&mut queue.list);
        } else {
            let next = || queue.list.pop();
            let some = std::iter::from_fn(next).take(limit);
            some.for_each(|msg| batch.push(msg));
        }
        let timeout = mem::take(&mut queue.timeout_due) && batch.is_empty();
        drop(queue);
        let before = self.taken_msgs.load(Ordering::Relaxed);
        if timeout || !batch.is_empty() {
            self.home
                .life()
                .inside(|| self.deliver(&mut batch, timeout));
        }
        drop(batch);
        let messages = self.taken_msgs.load(Ordering::Relaxed) - before;
        let ending = self.queue.lock().on_complete.is_some();
        let more = self.settle();
        let completed = ending && self.queue.lock().on_complete.is_none();
        let callbacks = messages as usize + usize::from(timeout) + usize::from(completed);
        (callbacks, more)
    }

    fn forget(&self) {
        let mut queue = self.queue.lock();
        queue.complete = true;
        let dropped = (
            mem::take(&mut queue.list),
            queue.on_complete.take(),
            queue.lease.take(),
        );
        drop(queue);
        self.changed.notify_all();
        self.completed.notify_all();
        drop(dropped);
    }
}

impl<H: Home> Job for Subscription<H> {
    fn run(self: Arc<Self>) -> bool {
        let mut queue = self.queue.lock();
        let mut batch = mem::take(&mut queue.list);
        let timeout = mem::take(&mut queue.timeout_due);
        drop(queue);
        if timeout || !batch.is_empty() {
            let (began, callbacks) = (Instant::now(), batch.len().max(1) as u32);
            self.home
                .life()
                .inside(|| self.deliver(&mut batch, timeout));
            let took = began.elapsed();
            let quick = took < QUICK || took < QUICK_EACH * callbacks;
            // The reading side looks at it: the line is to stay in its cache.
            if self.quick.load(Ordering::Relaxed) != quick {
                self.quick.store(quick, Ordering::Relaxed);
            }
        }
        // What an ended subscription did not deliver.
        drop(batch);
        self.settle()
    }

    fn is_quick(&self) -> bool {
        self.quick.load(Ordering::Relaxed)
    }
}
