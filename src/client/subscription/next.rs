//! Fetching the next message, on a thread of the program.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::client::outgoing;
use crate::client::subscription::home::Home;
use crate::client::subscription::next_batch::Batch;
use crate::client::subscription::queue::Closed;
use crate::client::subscription::state::Subscription;
use crate::error::{Error, Result, Status};
use crate::msg::{Msg, MsgList};

impl<H: Home> Subscription<H> {
    /// Fetches the next message, and waits for it if there is none.
    #[inline]
    pub fn next_msg(self: &Arc<Self>, timeout: Duration) -> Result<Msg> {
        match self.extension_dyn() {
            None => self.take_next(timeout),
            Some(extension) => extension.next_begins(self).and_then(|()| {
                let taken = self.take_next(timeout);
                let mut msg = taken.map_err(|e| extension.next_failed(self, e))?;
                extension.taken(self, &mut msg);
                Ok(msg)
            }),
        }
        .map_err(|e| self.why_no_message(e, timeout))
    }

    /// Takes pending messages, up to `max`, and waits for the first if there is none. Passes each to `each`. A batch
    /// ends before a no-responders notice of the server, which is the result of the next call, as for
    /// [`Subscription::next_msg`].
    pub fn next_msgs(
        self: &Arc<Self>,
        max: usize,
        timeout: Duration,
        mut each: impl FnMut(Msg),
    ) -> Result<()> {
        let extension = self.extension_dyn();
        if let Some(extension) = extension {
            extension.next_begins(self)?;
        }
        let mut list = self
            .take_list(max, timeout)
            .map_err(|e| match extension {
                Some(extension) => extension.next_failed(self, e),
                None => e,
            })
            .map_err(|e| self.why_no_message(e, timeout))?;
        while let Some(mut msg) = list.pop() {
            if let Some(extension) = extension {
                extension.taken(self, &mut msg);
            }
            each(msg);
        }
        Ok(())
    }

    fn take_list(self: &Arc<Self>, max: usize, timeout: Duration) -> Result<MsgList> {
        let mut list = MsgList::new();
        let (mut is_first, mut is_notice) = (true, false);
        let mut accept = |msg: &Msg| {
            if !std::mem::take(&mut is_first) {
                return !is_notice && !msg.is_no_responders();
            }
            is_notice = msg.is_no_responders();
            true
        };
        let mut want = Batch {
            max,
            deadline: Instant::now().checked_add(timeout),
            accept: Some(&mut accept),
            ..Batch::default()
        };
        self.take_batch(&mut want, true, &mut list)?;
        match is_notice {
            true => Err(Status::NATS_NO_RESPONDERS.into()),
            false => Ok(list),
        }
    }

    /// As [`Subscription::next_msg`], with an error that has no text yet.
    pub(in crate::client) fn take_next(self: &Arc<Self>, timeout: Duration) -> Result<Msg> {
        // Computed only if the call has to wait: reading the clock costs more than a message.
        let mut deadline = None;
        let mut queue = self.queue.lock();
        if self.home.is_closed() {
            return Err(Status::NATS_CONNECTION_CLOSED.into());
        }
        if !queue.is_closed() && self.sink.is_some() {
            drop(queue);
            let text = self.called() + " has a callback, which gets its messages";
            return Err(Error::illegal_state(text));
        }
        if !queue.is_closed() && queue.take_slow() {
            return Err(Status::NATS_SLOW_CONSUMER.into());
        }
        loop {
            match queue.closed() {
                Some(Closed::MaxDelivered) => return Err(Status::NATS_MAX_DELIVERED_MSGS.into()),
                Some(_) => return Err(self.closed_status().into()),
                None => {}
            }
            if let Some(msg) = queue.pop() {
                self.take(&msg);
                let last = self.has_its_maximum();
                let drained = queue.is_drained();
                if !queue.is_empty() {
                    self.changed.notify_one();
                }
                let waited = deadline.is_some();
                outgoing::expect_one_publish(waited && queue.is_empty());
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
                    // A wait of zero says nothing about latency, so it is not recorded.
                    if timeout.is_zero() {
                        continue;
                    }
                    drop(queue);
                    self.home.look_for_answer(until, || {
                        let queue = self.queue.lock();
                        !queue.is_empty() || queue.is_closed() || queue.is_drained()
                    });
                    queue = self.queue.lock();
                    continue;
                }
            };
            let late = match until {
                None => {
                    self.changed.wait(queue.for_wait());
                    false
                }
                Some(until) => self.changed.wait_until(queue.for_wait(), until).timed_out(),
            };
            if late && queue.is_empty() && !queue.is_closed() {
                return Err(Status::NATS_TIMEOUT.into());
            }
        }
    }
}
