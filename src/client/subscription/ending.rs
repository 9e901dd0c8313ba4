//! The end of a subscription, whatever the reason.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::client::subscription::endings::EndReason;
use crate::client::subscription::home::Home;
use crate::client::subscription::queue::Closed;
use crate::client::subscription::state::Subscription;
use crate::log::Target;
use crate::runtime::TimerHandle;

impl<H: Home> Subscription<H> {
    /// Removes the subscription from the connection. Sends UNSUB unless the server has ended it. Pending messages are
    /// dropped.
    pub(in crate::client) fn leave(self: &Arc<Self>, why: Closed) {
        let tell = {
            let mut changing = self.home.interest().change(self.home.outbound());
            let known = changing.remove(self.sid());
            let tell = known && !self.queue.lock().server_has_ended();
            if tell {
                changing.tell(|buf| self.encode_unsubscribe(buf, None));
            }
            tell
        };
        self.end(why);
        if tell {
            self.home.flush_if_asap();
        }
    }

    /// Closes the subscription. Pending messages are dropped; a running callback finishes.
    pub(in crate::client) fn end(self: &Arc<Self>, why: Closed) {
        self.home.interest().remove(|| self.sid());
        let mut queue = self.queue.lock();
        let ends_silently = self.sink.as_ref().is_some_and(|s| !s.reports_the_end());
        let Some(ended) = queue.close(why, self.sink.is_some(), ends_silently) else {
            return;
        };
        self.ended.store(true, Ordering::Release);
        self.home.log().debug(Target::Subscribe, || {
            let reason = EndReason::from(ended.why);
            format!("{} ended: {reason:?}", self.called())
        });
        let timer = queue.take_drain_timer();
        drop(queue);
        cancel(timer);
        // Before the completion callback, which runs on the delivering thread.
        self.endings.run(self, ended.why.into());
        self.changed.notify_all();
        self.completed.notify_all();
        drop(ended.dropped);
        if ended.schedule {
            self.schedule();
        }
        self.home.gone();
    }

    /// The subscription could not be started: no callback and no hook runs.
    pub(in crate::client) fn discard(&self) {
        let lifetime_guard = self.queue.lock().discard();
        drop(lifetime_guard);
        self.endings.forget();
    }

    /// Keeps callbacks from running until [`release`](Self::release), for a layer above that has more to do before the
    /// program has the subscription. Called before the subscription is started, and followed by `release` or
    /// [`withdraw`](Self::withdraw).
    pub fn hold(&self) {
        // As if it waited for a worker already.
        self.queue.lock().schedule();
    }

    /// Callbacks may run from now on; what has arrived is delivered.
    pub fn release(self: &Arc<Self>) {
        if self.sink.is_some() {
            self.schedule();
        }
    }

    /// Ends a subscription that is held: no callback of it has run or will run, the completion included.
    pub fn withdraw(self: &Arc<Self>) {
        self.destroy();
        let forgotten = self.queue.lock().forget();
        drop(forgotten);
    }

    /// A drained subscription without a callback that has no messages left is complete, but stays valid until the
    /// program checks.
    pub(super) fn complete_if_empty(self: &Arc<Self>) {
        let mut queue = self.queue.lock();
        if self.sink.is_some() {
            let schedule = queue.is_drained() && queue.schedule();
            drop(queue);
            if schedule {
                self.schedule();
            }
        } else if queue.complete_drain() {
            let timer = queue.take_drain_timer();
            drop(queue);
            cancel(timer);
            self.home.interest().set_drained(|| self.sid());
            self.endings.run(self, EndReason::Drained);
            self.changed.notify_all();
            self.completed.notify_all();
            self.home.gone();
        }
    }
}

/// Called without the queue's lock: dropping the action drops what it owns.
fn cancel(timer: Option<TimerHandle>) {
    if let Some(timer) = timer {
        timer.cancel();
    }
}
