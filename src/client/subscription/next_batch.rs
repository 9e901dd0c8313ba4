//! Taking several messages of a subscription at once.

use std::sync::Arc;
use std::time::Instant;

use crate::client::outgoing;
use crate::client::subscription::home::Home;
use crate::client::subscription::queue::Closed;
use crate::client::subscription::state::Subscription;
use crate::error::{Error, Result, Status};
use crate::msg::{Msg, MsgList};

/// The parameters of [`Subscription::next_batch`].
#[derive(Default)]
pub struct Batch<'a> {
    /// The maximum number of messages.
    pub max: usize,
    /// Until when to wait for the first message: `None` for ever; a time in the past for not at all.
    pub deadline: Option<Instant>,
    /// Ends the wait when it returns true. Called with the queue locked, so it must take no lock.
    /// [`Subscription::wake`] causes another call.
    pub stop: Option<&'a dyn Fn() -> bool>,
    /// Several messages are expected soon: the calling thread reads the socket itself while data arrives, and returns with
    /// the messages that are there then, or as soon as there are `max`.
    pub soon: bool,
    /// Called for each message before it is taken, with the queue locked. The first message that it refuses stays in
    /// the queue and ends the batch.
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
    /// Takes pending messages, and waits for the first if there is none. Appends them to `into` and returns their
    /// number: 0 if `want` refused the first one or `stop` returned true.
    ///
    /// The messages are those received, including the notice of a server that there are no responders. Messages dropped
    /// because of the pending limits are not reported here. Fails with `NATS_TIMEOUT` if none has arrived, with
    /// `NATS_CONNECTION_CLOSED`, `NATS_INVALID_SUBSCRIPTION`, `NATS_MAX_DELIVERED_MSGS`, and with `NATS_ILLEGAL_STATE`
    /// if there is a callback.
    pub fn next_batch(self: &Arc<Self>, want: &mut Batch<'_>, into: &mut MsgList) -> Result<usize> {
        self.take_batch(want, false, into)
    }

    /// Takes messages until `each`, which gets those that are pending, returns false, or `want.stop` returns true. Waits
    /// for more as [`Subscription::next_batch`] does, with the same errors.
    ///
    /// The calling thread reads the socket itself, for as long as something comes, and calls `each` between two reads. No
    /// other thread reads meanwhile: `each` must be short, call nothing of the program's, and wait for nothing that comes
    /// over this connection.
    pub fn next_batches(
        self: &Arc<Self>,
        want: &mut Batch<'_>,
        mut each: impl FnMut(MsgList) -> bool,
    ) -> Result<()> {
        loop {
            let mut result = None;
            self.home.read_what_comes(want.deadline, || {
                result = self.take_pending(want, &mut each).transpose();
                result.is_some()
            });
            if let Some(result) = result {
                return result;
            }
            // Another thread reads, or nothing has come for some time.
            let mut some = MsgList::new();
            if self.take_batch(want, false, &mut some)? == 0 || !each(some) {
                return Ok(());
            }
        }
    }

    /// Passes the pending messages to `each`. `None` if that wants more of them.
    fn take_pending(
        self: &Arc<Self>,
        want: &Batch<'_>,
        each: &mut impl FnMut(MsgList) -> bool,
    ) -> Result<Option<()>> {
        let mut pending = Batch {
            max: want.max,
            deadline: Some(Instant::now()),
            stop: want.stop,
            ..Batch::default()
        };
        loop {
            let mut some = MsgList::new();
            match self.take_batch(&mut pending, false, &mut some) {
                Ok(0) => return Ok(Some(())),
                Ok(_) if each(some) => {}
                Ok(_) => return Ok(Some(())),
                Err(e) if e.status() == Status::NATS_TIMEOUT => return Ok(None),
                Err(e) => return Err(e),
            }
        }
    }

    /// As [`Subscription::next_batch`]. With `report_slow` it fails with `NATS_SLOW_CONSUMER`, once, if messages were
    /// dropped since the last call.
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
                outgoing::expect_one_publish(waited && queue.is_empty() && into.len() == 1);
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
                let enough = match want.soon && want.accept.is_none() {
                    true => want.max,
                    false => 1,
                };
                let done = || {
                    let queue = self.queue.lock();
                    queue.len() >= enough
                        || (queue.is_half_full() && !queue.is_empty())
                        || queue.is_closed()
                        || queue.is_drained()
                        || want.is_stopped()
                };
                match want.soon {
                    true => self.home.read_what_comes(want.deadline, done),
                    false => self.home.look_for_answer(want.deadline, done),
                }
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

    /// Makes all threads that wait for a message call [`Batch::stop`] again. Does not wait.
    pub fn wake(&self) {
        // A thread that has called it and not begun to wait yet holds the lock of the queue.
        drop(self.queue.lock());
        self.changed.notify_all();
    }

    /// The number of pending messages.
    pub fn queued(&self) -> usize {
        self.queue.lock().len()
    }
}
