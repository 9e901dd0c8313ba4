//! Taking several messages of a subscription at once.

use std::sync::Arc;
use std::time::Instant;

use crate::client::outgoing;
use crate::client::subscription::home::Home;
use crate::client::subscription::queue::Closed;
use crate::client::subscription::state::Subscription;
use crate::error::{Error, Result, Status};
use crate::msg::{Msg, MsgList};

/// What [`Subscription::next_batch`] is to take.
#[derive(Default)]
pub struct Batch<'a> {
    /// The most messages.
    pub max: usize,
    /// How long to wait for the first message: `None` for ever; what lies in the past, not at all.
    pub deadline: Option<Instant>,
    /// Ends the wait when it is true. Asked with the queue locked, so it must not lock anything; to
    /// have it asked again there is [`Subscription::wake`].
    pub stop: Option<&'a dyn Fn() -> bool>,
    /// Is asked for each message before it is taken, with the queue locked. The first one that it
    /// refuses stays, and ends the batch.
    pub accept: Option<&'a mut dyn FnMut(&Msg) -> bool>,
}

impl Batch<'_> {
    fn is_stopped(&self) -> bool {
        self.stop.is_some_and(|stop| stop())
    }

    fn is_late(&self) -> bool {
        self.deadline.is_some_and(|d| d <= Instant::now())
    }
}

impl<H: Home> Subscription<H> {
    /// Takes messages that wait, and waits for the first if there is none. Puts them behind those
    /// of `into` and returns how many there were: 0 if `want` refused the first one or said stop.
    ///
    /// The messages are what was received, also the one by which a server says that there are no
    /// responders; that some were dropped because of the pending limits is not said here. Fails
    /// with `NATS_TIMEOUT` when none has come, `NATS_CONNECTION_CLOSED`,
    /// `NATS_INVALID_SUBSCRIPTION`, `NATS_MAX_DELIVERED_MSGS`, and with `NATS_ILLEGAL_STATE` where
    /// there is a callback.
    pub fn next_batch(self: &Arc<Self>, want: &mut Batch<'_>, into: &mut MsgList) -> Result<usize> {
        self.take_batch(want, false, into)
    }

    /// As [`Subscription::next_batch`]. With `report_slow` it fails with `NATS_SLOW_CONSUMER`, once, if messages were
    /// dropped since the last time.
    pub(super) fn take_batch(
        self: &Arc<Self>,
        want: &mut Batch<'_>,
        report_slow: bool,
        into: &mut MsgList,
    ) -> Result<usize> {
        if self.sink.is_some() {
            let text = self.called() + " has a callback, which gets its messages";
            return Err(Error::illegal_state(text));
        }
        let (mut looked, mut waited) = (false, false);
        let mut queue = self.queue.lock();
        if report_slow && !queue.is_closed() && queue.take_slow() {
            return Err(Status::NATS_SLOW_CONSUMER.into());
        }
        loop {
            match queue.closed() {
                Some(Closed::MaxDelivered) => return Err(Status::NATS_MAX_DELIVERED_MSGS.into()),
                Some(_) => return Err(self.closed_status().into()),
                None if want.max == 0 => return Ok(0),
                None => {}
            }
            let (mut count, mut last) = (0, false);
            while count < want.max
                && !last
                && let Some(first) = queue.front()
                && want.accept.as_mut().is_none_or(|accept| accept(first))
                && let Some(msg) = queue.pop()
            {
                self.take(&msg);
                into.push(msg);
                count += 1;
                last = self.has_its_maximum();
            }
            if count > 0 {
                let drained = queue.is_drained();
                if !queue.is_empty() {
                    self.changed.notify_one();
                }
                outgoing::expect_one_publish(waited && queue.is_empty());
                drop(queue);
                if last {
                    self.leave(Closed::MaxDelivered);
                } else if drained {
                    self.end(Closed::Drained);
                }
                return Ok(count);
            }
            if !queue.is_empty() || want.is_stopped() {
                return Ok(0);
            }
            if queue.is_drained() {
                drop(queue);
                self.end(Closed::Drained);
                return Err(Status::NATS_TIMEOUT.into());
            }
            if want.is_late() {
                return Err(Status::NATS_TIMEOUT.into());
            }
            waited = true;
            if !std::mem::replace(&mut looked, true) {
                drop(queue);
                self.home.look_for_answer(want.deadline, || {
                    let queue = self.queue.lock();
                    !queue.is_empty()
                        || queue.is_closed()
                        || queue.is_drained()
                        || want.is_stopped()
                });
                queue = self.queue.lock();
                continue;
            }
            match want.deadline {
                None => self.changed.wait(queue.for_wait()),
                Some(until) => {
                    self.changed.wait_until(queue.for_wait(), until);
                }
            }
        }
    }

    /// As [`Subscription::next_batch`], for one message.
    pub fn next_raw(self: &Arc<Self>, deadline: Option<Instant>) -> Result<Msg> {
        let mut one = MsgList::new();
        let mut want = Batch {
            max: 1,
            deadline,
            ..Batch::default()
        };
        self.next_batch(&mut want, &mut one)?;
        one.pop().ok_or_else(|| Status::NATS_TIMEOUT.into())
    }

    /// Has all threads that wait for a message look again whether they are to
    /// [stop](Batch::stop). Does not wait.
    pub fn wake(&self) {
        // Whoever has asked and not begun to wait yet has the queue.
        drop(self.queue.lock());
        self.changed.notify_all();
    }

    /// Messages that wait in the queue.
    pub fn queued(&self) -> usize {
        self.queue.lock().len()
    }
}
