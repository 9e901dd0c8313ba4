//! Draining: ending a subscription without losing a message.
//!
//! Nothing here blocks: each step continues when the PONG for it arrives or the time for it is over.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::client::outgoing::ping::{ANSWER_MAX, PingWaiter};
use crate::client::outgoing::publish::When;
use crate::client::subscription::home::Home;
use crate::client::subscription::queue::Closed;
use crate::client::subscription::state::Subscription;
use crate::error::{Error, Result, Status};
use crate::log::Target;

impl<H: Home> Subscription<H> {
    /// Starts to drain: the server stops sending, received messages are delivered, then the subscription is closed.
    pub fn drain(self: &Arc<Self>, timeout: Option<Duration>) -> Result<()> {
        if self.home.is_closed() || !self.is_valid() {
            return Err(self.closed_error());
        }
        if self.home.is_draining() {
            let text = "Illegal to drain a subscription while its connection is draining: ";
            let text = text.to_owned() + &self.called();
            return Err(Error::new(Status::NATS_DRAINING, text));
        }
        if !self.start_draining()? {
            return Ok(());
        }
        let me = Arc::downgrade(self);
        self.home.log().trace(|| "-> PING".to_owned());
        self.home.outbound().ping(
            PingWaiter::Then(Box::new(move |result| {
                if let Some(sub) = me.upgrade() {
                    sub.drain_flushed(result.map_err(|e| e.status()));
                }
            })),
            When::Buffered,
        );
        self.limit_drain(timeout);
        Ok(())
    }

    /// Sends UNSUB, unless the server has ended the subscription by itself. False if the subscription drains already.
    pub(in crate::client) fn start_draining(self: &Arc<Self>) -> Result<bool> {
        let mut changing = self.home.interest().change(self.home.outbound());
        let mut queue = self.queue.lock();
        if queue.is_closed() {
            drop(queue);
            return Err(self.why_closed(Status::NATS_INVALID_SUBSCRIPTION));
        }
        if queue.is_draining() {
            return Ok(false);
        }
        let tell = !queue.server_has_ended();
        queue.begin_drain();
        drop(queue);
        self.home
            .log()
            .debug(Target::Subscribe, || format!("{} drains", self.called()));
        if tell {
            changing.tell_drain(|buf| self.encode_unsubscribe(buf, None));
        }
        Ok(true)
    }

    /// The flush behind the UNSUB has ended.
    pub(in crate::client) fn drain_flushed(self: &Arc<Self>, result: Result<(), Status>) {
        self.queue.lock().drain_flushed(result);
        self.complete_if_empty();
    }

    fn limit_drain(self: &Arc<Self>, timeout: Option<Duration>) {
        let me = Arc::downgrade(self);
        let late = move || {
            if let Some(sub) = me.upgrade() {
                sub.drain_late(timeout.is_some());
            }
        };
        let timer = self
            .home
            .runtime()
            .timers
            .after(timeout.unwrap_or(ANSWER_MAX), Box::new(late));
        let late = self.queue.lock().set_drain_timer(timer);
        if let Some(timer) = late {
            timer.cancel();
        }
    }

    /// The time is over: for the flush only, or for the whole drain (`all`).
    pub(in crate::client) fn drain_late(self: &Arc<Self>, all: bool) {
        let mut queue = self.queue.lock();
        if queue.is_complete() || queue.is_closed() {
            return;
        }
        match queue.is_flushed() {
            None => {}
            Some(_) if all => {
                queue.fail_drain(Status::NATS_TIMEOUT);
                drop(queue);
                self.end(Closed::Drained);
            }
            Some(true) => {}
            Some(false) => {
                drop(queue);
                self.drain_flushed(Err(Status::NATS_TIMEOUT));
            }
        }
    }

    /// Waits until the drain is complete, whatever its outcome.
    pub fn wait_for_drain_completion(self: &Arc<Self>, timeout: Option<Duration>) -> Result<()> {
        let deadline = timeout.and_then(|t| Instant::now().checked_add(t));
        let mut queue = self.queue.lock();
        if !queue.is_draining() {
            drop(queue);
            let text = "Subscription not in draining mode: ".to_owned() + &self.called();
            return Err(Error::illegal_state(text));
        }
        while !queue.is_complete() {
            match deadline {
                None => self.completed.wait(queue.for_wait()),
                Some(d) => {
                    if self.completed.wait_until(queue.for_wait(), d).timed_out()
                        && !queue.is_complete()
                    {
                        return Err(Status::NATS_TIMEOUT.into());
                    }
                }
            }
        }
        drop(queue);
        match self.extension_dyn() {
            Some(extension) => {
                self.endings.wait(deadline);
                extension.drain_awaited(self, deadline)
            }
            None => Ok(()),
        }
    }

    /// The outcome of the drain, or of the end without a drain. `NATS_ILLEGAL_STATE` while it is not complete.
    pub fn drain_completion_status(&self) -> Result<()> {
        let queue = self.queue.lock();
        if !queue.is_complete() {
            drop(queue);
            let text = "Subscription drain is not complete: ".to_owned() + &self.called();
            return Err(Error::illegal_state(text));
        }
        if let Some(status) = queue.drain_failure() {
            return Err(status.into());
        }
        match queue.closed() {
            Some(Closed::Unsubscribed) => Err(Status::NATS_INVALID_SUBSCRIPTION.into()),
            Some(Closed::WithConnection) => Err(Status::NATS_CONNECTION_CLOSED.into()),
            _ => Ok(()),
        }
    }
}
