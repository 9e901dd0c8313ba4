//! Doing what the [`Machine`](super::machine::Machine) says: binding, creating, asking, and being
//! there in time. Nothing here waits, so it can be done by any thread: the one that reads, the
//! timers', the one that found a connection.

use std::sync::Arc;
use std::time::Instant;

use super::api::start_behind;
use super::machine::{Action, Created, Start};
use super::push::{Push, State};
use crate::client::{ConnEvent, EndReason, Subscription, Timer};
use crate::error::{Error, Result, Status};
use crate::js::api::{ConsumerInfo, ErrCode, StreamInfo};

/// When the machine is looked at next.
#[derive(Default)]
pub(super) struct Timing {
    timer: Option<(Instant, Timer)>,
    /// The stream was not there when a consumer was to be created. If it is again, it may be
    /// another one.
    stream_missing: bool,
}

impl Timing {
    /// The timer, for the caller to cancel.
    pub(super) fn stop(&mut self) -> Option<Timer> {
        self.timer.take().map(|(_, timer)| timer)
    }
}

impl Push {
    /// Does what there is to do now, and sees to it that this is called again in time.
    pub(super) fn recover(&self) {
        let Some(sub) = self.subscription() else {
            return;
        };
        loop {
            let now = Instant::now();
            let mut state = self.state.lock();
            if state.ended {
                return;
            }
            self.release(&mut state, &sub);
            match state.machine.poll(now) {
                None => return self.arm(&mut state, now),
                Some(Action::Rebind { .. }) => {
                    let left = self.rebind(&mut state, &sub);
                    drop(state);
                    if let Some(events) = &self.events {
                        events.reset();
                    }
                    if let Some(consumer) = left {
                        self.ending.delete_unused(&consumer);
                    }
                }
                Some(Action::Create { epoch, start }) => {
                    let deliver = state.deliver.clone();
                    let verify = state.timing.stream_missing;
                    drop(state);
                    match verify {
                        false => self.create(epoch, start, &deliver),
                        true => self.verify_stream(epoch, start, deliver),
                    }
                }
                Some(Action::Probe { epoch }) => {
                    let consumer = state.consumer.clone();
                    drop(state);
                    self.probe(epoch, &consumer);
                }
            }
        }
    }

    /// Sets the timer, unless it is early enough.
    fn arm(&self, state: &mut State, now: Instant) {
        let Some(at) = state.machine.wake_at() else {
            return;
        };
        match &state.timing.timer {
            Some((set, _)) if *set <= at => return,
            Some((_, timer)) => {
                timer.cancel();
            }
            None => {}
        }
        let me = self.me.clone();
        let fire = move || {
            if let Some(push) = me.upgrade() {
                push.tick();
            }
        };
        let delay = at.saturating_duration_since(now);
        state.timing.timer = Some((at, self.connection().after(delay, fire)));
    }

    fn tick(&self) {
        let mut state = self.state.lock();
        state.timing.timer = None;
        if state.ended {
            return;
        }
        let missed = state.machine.missed(Instant::now());
        drop(state);
        if missed && let Some(sub) = self.subscription() {
            let error = Error::from(Status::NATS_MISSED_HEARTBEAT);
            self.connection().report_error(Some(&sub), &error);
        }
        self.recover();
    }

    /// The connection was lost, or is there again.
    pub(super) fn connection_changed(&self, event: ConnEvent) {
        let mut state = self.state.lock();
        match event {
            ConnEvent::Lost => state.machine.lost(),
            ConnEvent::Restored => state.machine.restored(Instant::now()),
            _ => return,
        }
        drop(state);
        self.recover();
    }

    /// Takes a new deliver subject. Returns the consumer that is left, if it is to be deleted.
    fn rebind(&self, state: &mut State, sub: &Arc<Subscription>) -> Option<String> {
        self.forget_flow(state);
        self.forget_mismatch(state);
        let inbox = self.connection().new_inbox();
        match sub.rebind(&inbox) {
            Ok(sid) => {
                state.sid = sid;
                state.deliver = String::from_utf8_lossy(&inbox).into_owned();
            }
            // It is closed, or drains and gets no more.
            Err(_) => state.machine.end(),
        }
        let left = std::mem::take(&mut state.consumer);
        let delete = std::mem::take(&mut state.ours) && !left.is_empty();
        delete.then_some(left)
    }

    fn create(&self, epoch: u64, start: Start, deliver_subject: &str) {
        let mut config = self.config.clone();
        config.deliver_subject = deliver_subject.to_owned();
        if self.kind == super::machine::Kind::Ordered {
            // The one before may still have it.
            config.name.clear();
        }
        if let Start::Behind(sequence) = start {
            start_behind(&mut config, sequence);
        }
        let me = self.me.clone();
        let sent = self
            .api
            .create_consumer(&self.stream, &config, move |answer| {
                if let Some(push) = me.upgrade() {
                    push.created(epoch, answer);
                }
            });
        if let Err(error) = sent {
            self.create_failed(epoch, &error.into());
        }
    }

    fn created(&self, epoch: u64, answer: crate::js::Result<ConsumerInfo>) {
        let info = match answer {
            Ok(info) => info,
            Err(error) => return self.create_failed(epoch, &error),
        };
        let mut state = self.state.lock();
        let outcome = match state.ended {
            true => None,
            false => state.machine.created(epoch, created(&info), Instant::now()),
        };
        let Some(outcome) = outcome else {
            // Too late.
            drop(state);
            return self.ending.delete_unused(&info.name);
        };
        state.consumer = info.name;
        state.ours = true;
        state.timing.stream_missing = false;
        if outcome.initial_complete {
            self.tell_complete(&mut state);
        }
        drop(state);
        self.recover();
    }

    fn create_failed(&self, epoch: u64, error: &crate::js::Error) {
        let mut state = self.state.lock();
        if state.ended {
            return;
        }
        let missing = error.code() == ErrCode::STREAM_NOT_FOUND;
        let newly = missing && !std::mem::replace(&mut state.timing.stream_missing, missing);
        state.machine.create_failed(epoch, Instant::now());
        drop(state);
        if let Some(events) = self.events.as_ref().filter(|_| newly) {
            events.stream_missing();
        }
        if let Some(sub) = self.subscription() {
            let what = match self.kind {
                super::machine::Kind::Ordered => "ordered consumer",
                super::machine::Kind::Plain => "consumer",
            };
            self.api.report_not_recreated(&sub, what, error);
        }
        self.recover();
    }

    /// Looks whether the stream is the one that the messages came from, before a consumer of it is
    /// created.
    fn verify_stream(&self, epoch: u64, start: Start, deliver: String) {
        let me = self.me.clone();
        let sent = self
            .api
            .ask("STREAM.INFO", &[&self.stream], b"", move |answer| {
                let Some(push) = me.upgrade() else { return };
                let info: StreamInfo = match answer {
                    Ok(info) => info,
                    Err(error) => return push.create_failed(epoch, &error),
                };
                let is_mirror = info.config.is_some_and(|c| c.mirror.is_some());
                let mut state = push.state.lock();
                state.timing.stream_missing = false;
                let mut start = start;
                if !is_mirror && info.created.0 > state.machine.last_time() {
                    state.machine.stream_made_again();
                    start = state.machine.start();
                }
                drop(state);
                push.create(epoch, start, &deliver);
            });
        if let Err(error) = sent {
            self.create_failed(epoch, &error.into());
        }
    }

    /// Asks the server about the present consumer.
    fn probe(&self, epoch: u64, consumer: &str) {
        let me = self.me.clone();
        let tokens = [self.stream.as_str(), consumer];
        let sent = self.api.ask("CONSUMER.INFO", &tokens, b"", move |answer| {
            if let Some(push) = me.upgrade() {
                push.probed(epoch, answer);
            }
        });
        if sent.is_err() {
            let mut state = self.state.lock();
            state.machine.probe_failed(epoch, false, Instant::now());
        }
    }

    fn probed(&self, epoch: u64, answer: crate::js::Result<ConsumerInfo>) {
        let now = Instant::now();
        let mut state = self.state.lock();
        if state.ended {
            return;
        }
        match answer {
            Ok(info) => {
                let machine = &mut state.machine;
                let outcome = machine.probed(epoch, info.delivered.consumer, info.num_pending);
                if outcome.initial_complete {
                    self.tell_complete(&mut state);
                }
            }
            Err(e) if e.is_no_consumer() => return self.gone(state, epoch),
            Err(e) => {
                let denied = e.status() == Status::NATS_TIMEOUT;
                state.machine.probe_failed(epoch, denied, now);
            }
        }
        drop(state);
        self.recover();
    }

    /// The server says that the consumer is no longer.
    fn gone(&self, mut state: crate::locks::MutexGuard<'_, State>, epoch: u64) {
        let Some(sub) = self.subscription() else {
            return;
        };
        if epoch != state.machine.epoch() {
            return;
        }
        let ours = state.ours;
        let consumer = state.consumer.clone();
        if ours {
            // Nothing is left to be deleted.
            state.consumer.clear();
            state.machine.gone(epoch, Instant::now());
        }
        drop(state);
        self.api.report_gone(&sub, &self.stream, &consumer);
        match ours {
            true => self.recover(),
            // It is for the program that has created it to do something about it.
            false => sub.destroy(),
        }
    }

    /// The name of the consumer that the library has created and nobody has deleted yet: from now on
    /// the caller's to delete.
    fn take_ours(&self) -> Option<String> {
        let mut state = self.state.lock();
        state.ended = true;
        state.machine.end();
        let ours = std::mem::take(&mut state.ours) && !state.consumer.is_empty();
        ours.then(|| state.consumer.clone())
    }

    /// The program has unsubscribed.
    pub(super) fn delete_now(&self) -> Result<()> {
        match self.take_ours() {
            Some(consumer) => self.ending.delete_now(&consumer),
            None => Ok(()),
        }
    }

    /// The subscription has ended.
    pub(super) fn ended(&self, sub: &Arc<Subscription>, reason: EndReason) {
        if let Some(timer) = self.state.lock().timing.stop() {
            timer.cancel();
        }
        if !self.ending.deletes_after(reason) {
            let mut state = self.state.lock();
            state.ended = true;
            state.machine.end();
        } else if let Some(consumer) = self.take_ours() {
            self.ending.delete_later(sub, consumer);
        }
    }
}

/// What the machine wants to know of a consumer.
pub(super) fn created(info: &ConsumerInfo) -> Created {
    Created {
        stream_seq: info.delivered.stream,
        consumer_seq: info.delivered.consumer,
        pending: info.num_pending,
        time: info.created.0,
    }
}
