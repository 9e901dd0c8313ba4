//! Delivery of messages: from the reading side to the callback.
//!
//! The reading side appends the messages of one read in one step. A worker takes the whole queue at once and calls the
//! program with no lock held. Counters that only the worker writes say how many messages it has delivered, so the
//! pending counts stay exact.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crate::client::callbacks::manual::ManualJob;
use crate::client::outgoing;
use crate::client::subscription::home::Home;
use crate::client::subscription::queue::{Closed, Next, Round, Wake};
use crate::client::subscription::state::Subscription;
use crate::msg::{Msg, MsgList};
use crate::runtime::Job;

/// A subscription is short-running if its callbacks took less than this together the last time, or less than that
/// each on average.
const SHORT: Duration = Duration::from_millis(1);
const SHORT_EACH: Duration = Duration::from_micros(20);

impl<H: Home> Subscription<H> {
    /// Receives the messages of one read for a sid.
    pub(in crate::client) fn receive(this: &Arc<Self>, sid: u64, mut msgs: MsgList) {
        if let Some(intake) = this.intake() {
            intake.take(this, sid, &mut msgs);
            if msgs.is_empty() {
                return;
            }
        }
        // Only an intake rebinds the subscription between this check and the queue, and it handles that case itself.
        if sid == this.sid() {
            this.enqueue(msgs);
        }
    }

    /// Appends messages to the queue, within the pending limits, and schedules their delivery. An
    /// [`Intake`](super::intake::Intake) that must control the order calls this with a lock of its own held, which it
    /// also holds while it calls [`rebind`](Subscription::rebind). Does not wait.
    pub fn enqueue(self: &Arc<Self>, msgs: MsgList) {
        let this = self;
        let mut queue = this.queue.lock();
        if queue.is_closed() || queue.drain_failure().is_some() {
            drop(queue);
            return;
        }
        let received = queue.receive(msgs, this.taken(), this.sink.is_some());
        let is_short = queue.is_short_of(this.max.load(Ordering::Relaxed));
        drop(queue);
        if !received.refused.is_empty() {
            this.home.dropped(received.refused.len());
            drop(received.refused);
        }
        match received.wake {
            Wake::Worker => this.schedule(),
            Wake::Waiter => this.changed.notify_one(),
            Wake::Nobody => {}
        }
        if is_short {
            this.ask_for_the_rest();
        }
        if let Some(slow) = received.became_slow {
            this.home.report_slow(this, slow);
        }
    }

    /// Has the program received as many messages as it wants?
    #[inline]
    pub(super) fn has_its_maximum(&self) -> bool {
        let max = self.max.load(Ordering::Relaxed);
        max > 0 && self.taken_msgs.load(Ordering::Relaxed) >= max
    }

    /// Counts a message as delivered.
    #[inline]
    pub(in crate::client) fn take(&self, msg: &Msg) {
        let count = self.taken_msgs.load(Ordering::Relaxed) + 1;
        let bytes = self.taken_bytes.load(Ordering::Relaxed) + msg.size() as u64;
        self.taken_msgs.store(count, Ordering::Release);
        self.taken_bytes.store(bytes, Ordering::Release);
    }

    /// The messages and bytes that have been delivered to the program.
    #[inline]
    pub(super) fn taken(&self) -> (u64, u64) {
        (
            self.taken_msgs.load(Ordering::Acquire),
            self.taken_bytes.load(Ordering::Acquire),
        )
    }

    fn deliver(self: &Arc<Self>, batch: &mut MsgList, timeout: bool) {
        let Some(sink) = &self.sink else { return };
        sink.around(self, &mut || {
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
        });
    }

    /// Calls the sink without a message, on a delivering thread, unless messages are delivered before that. Does not
    /// wait.
    pub fn nudge(self: &Arc<Self>) {
        let schedule = self.sink.is_some() && self.queue.lock().nudge();
        if schedule {
            self.schedule();
        }
    }

    /// After a round: is there more to do? If not, the worker leaves the subscription.
    fn settle(self: &Arc<Self>) -> bool {
        let mut queue = self.queue.lock();
        // The maximum was set in time, in a callback, or too late, while messages were being taken.
        if self.has_its_maximum() && !queue.is_closed() {
            drop(queue);
            self.leave(Closed::MaxDelivered);
            queue = self.queue.lock();
        }
        let mut next = queue.settle();
        if let Next::Drained = next {
            drop(queue);
            self.end(Closed::Drained);
            queue = self.queue.lock();
            next = queue.settle();
        }
        drop(queue);
        match next {
            Next::More => return true,
            Next::Idle => self.arm_timeout(),
            Next::Complete(lifetime_guard) => {
                self.completed.notify_all();
                if let Some(sink) = &self.sink {
                    self.home.life().inside(|| sink.completed(self));
                }
                let callback = self.queue.lock().finish();
                if let Some(callback) = callback {
                    self.home.life().inside(callback);
                }
                drop(lifetime_guard);
            }
            Next::Drained | Next::Done => {}
        }
        false
    }
}

impl<H: Home> ManualJob for Subscription<H> {
    fn run_some(self: Arc<Self>, limit: usize) -> (usize, bool) {
        let Round { mut batch, timeout } = self.queue.lock().take_some(limit);
        let timeout = timeout && batch.is_empty();
        let before = self.taken_msgs.load(Ordering::Relaxed);
        if timeout || !batch.is_empty() {
            let (began, callbacks) = (Instant::now(), batch.len().max(1) as u32);
            self.home
                .life()
                .inside(|| self.deliver(&mut batch, timeout));
            self.home.callbacks_took(began.elapsed(), callbacks);
        }
        drop(batch);
        let messages = self.taken_msgs.load(Ordering::Relaxed) - before;
        let ending = self.queue.lock().has_on_complete();
        let more = self.settle();
        let completed = ending && !self.queue.lock().has_on_complete();
        let callbacks = messages as usize + usize::from(timeout) + usize::from(completed);
        (callbacks, more)
    }

    fn forget(&self) {
        let dropped = self.queue.lock().forget();
        self.changed.notify_all();
        self.completed.notify_all();
        drop(dropped);
    }
}

impl<H: Home> Job for Subscription<H> {
    fn run(self: Arc<Self>) -> bool {
        let Round { mut batch, timeout } = self.queue.lock().take_round();
        if timeout || !batch.is_empty() {
            let (began, callbacks) = (Instant::now(), batch.len().max(1) as u32);
            self.home
                .life()
                .inside(|| self.deliver(&mut batch, timeout));
            let took = began.elapsed();
            self.home.callbacks_took(took, callbacks);
            let short_running = took < SHORT || took < SHORT_EACH * callbacks;
            // Written only when it changes, because the reading side reads it: the cache line stays in the reader's
            // cache.
            if self.short_running.load(Ordering::Relaxed) != short_running {
                self.short_running.store(short_running, Ordering::Relaxed);
            }
        }
        // Messages that an ended subscription did not deliver.
        drop(batch);
        self.settle()
    }

    fn is_short_running(&self) -> bool {
        self.short_running.load(Ordering::Relaxed)
    }
}
