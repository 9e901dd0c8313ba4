//! Doing what the [`Machine`](super::machine::Machine) says: binding, creating, asking, and being
//! there in time. Nothing here waits, so it can be done by any thread: the one that reads, the
//! timers', the one that found a connection.

use std::sync::Arc;
use std::time::Instant;

use serde_json::json;

use super::machine::{Action, Created, Start};
use super::push::{Push, State};
use crate::client::{ConnEvent, Publish, Subscription, Timer};
use crate::error::{Error, Result, Status};
use crate::js::api::json::Json;
use crate::js::api::{ConsumerInfo, DeliverPolicy, Done, ErrCode, StreamInfo};
use crate::js::context::read_response;
use crate::js::manage::create_function;
use crate::js::time::Time;

/// When the machine is looked at next.
#[derive(Default)]
pub(super) struct Timing {
    timer: Option<(Instant, Timer)>,
    /// The stream was not there when a consumer was to be created. If it is again, it may be
    /// another one.
    stream_missing: bool,
}

impl Timing {
    /// The timer, for whoever ends all this.
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
            match state.machine.poll(now) {
                None => return self.arm(&mut state, now),
                Some(Action::Rebind { .. }) => {
                    let left = self.rebind(&mut state, &sub);
                    drop(state);
                    if let Some(events) = &self.events {
                        events.reset();
                    }
                    if let Some(consumer) = left {
                        self.delete_quietly(&consumer);
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

    /// Asks the API, and lets `then` have the answer, on a thread that must not wait.
    pub(super) fn ask<T: Json>(
        &self,
        function: &str,
        tokens: &[&str],
        body: &[u8],
        then: impl FnOnce(crate::js::Result<T>) + Send + 'static,
    ) -> Result<()> {
        let call = self.call();
        let subject = call.subject(function, tokens);
        let out = Publish {
            subject: subject.as_bytes(),
            payload: body,
            ..Publish::default()
        };
        let pending = self
            .connection()
            .request_then(&out, call.deadline(), move |answer| {
                then(match answer {
                    Ok(msg) => read_response(msg.payload()),
                    Err(error) => {
                        let code = match error.status() {
                            Status::NATS_NO_RESPONDERS => ErrCode::NOT_ENABLED,
                            _ => ErrCode::NONE,
                        };
                        Err(crate::js::Error::new(error, code))
                    }
                });
            })?;
        drop(pending);
        Ok(())
    }

    /// Deletes a consumer that nobody uses any more; the server does it by itself in time.
    fn delete_quietly(&self, consumer: &str) {
        if self.connection().is_reconnecting() {
            return;
        }
        let tokens = [self.stream.as_str(), consumer];
        let _ = self.ask::<Done>("CONSUMER.DELETE", &tokens, b"", |_| ());
    }

    fn create(&self, epoch: u64, start: Start, deliver_subject: &str) {
        let mut config = self.config.clone();
        config.deliver_subject = deliver_subject.to_owned();
        if self.kind == super::machine::Kind::Ordered {
            // The one before may still have it.
            config.name.clear();
        }
        if let Start::Behind(sequence) = start {
            config.deliver_policy = Some(DeliverPolicy::ByStartSequence);
            config.opt_start_seq = sequence.saturating_add(1);
            config.opt_start_time = Time(0);
        }
        let body = json!({ "stream_name": self.stream, "config": config.write() }).to_string();
        let (function, tokens) = create_function(&self.stream, &config);
        let me = self.me.clone();
        let sent = self.ask(function, &tokens, body.as_bytes(), move |answer| {
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
            return self.delete_quietly(&info.name);
        };
        state.consumer = info.name;
        state.ours = true;
        state.timing.stream_missing = false;
        let after = self.passed(&state);
        drop(state);
        self.tell(outcome.initial_complete, after);
        self.recover();
    }

    fn create_failed(&self, epoch: u64, error: &crate::js::Error) {
        let mut state = self.state.lock();
        if state.ended {
            return;
        }
        if error.code() == ErrCode::STREAM_NOT_FOUND {
            state.timing.stream_missing = true;
        }
        state.machine.create_failed(epoch, Instant::now());
        drop(state);
        if let Some(sub) = self.subscription() {
            let what = match self.kind {
                super::machine::Kind::Ordered => "ordered consumer",
                super::machine::Kind::Plain => "consumer",
            };
            let text = format!(
                "error recreating {what}, will try again: status={} error={}",
                error.status() as i32,
                error.text()
            );
            let error = Error::new(error.status(), text);
            self.connection().report_error(Some(&sub), &error);
        }
        self.recover();
    }

    /// Looks whether the stream is the one that the messages came from, before a consumer of it is
    /// created.
    fn verify_stream(&self, epoch: u64, start: Start, deliver: String) {
        let me = self.me.clone();
        let sent = self.ask("STREAM.INFO", &[&self.stream], b"", move |answer| {
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
        let sent = self.ask("CONSUMER.INFO", &tokens, b"", move |answer| {
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
        let mut complete = false;
        match answer {
            Ok(info) => {
                let machine = &mut state.machine;
                let outcome = machine.probed(epoch, info.delivered.consumer, info.num_pending);
                complete = outcome.initial_complete;
            }
            Err(e)
                if e.code() == ErrCode::CONSUMER_NOT_FOUND
                    || e.code() == ErrCode::STREAM_NOT_FOUND =>
            {
                return self.gone(state, epoch);
            }
            Err(e) => {
                let denied = e.status() == Status::NATS_TIMEOUT;
                state.machine.probe_failed(epoch, denied, now);
            }
        }
        let after = self.passed(&state);
        drop(state);
        self.tell(complete, after);
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
        let error = Error::new(
            Status::NATS_NOT_FOUND,
            format!(
                "consumer '{}' of stream '{}' is gone",
                state.consumer, self.stream
            ),
        );
        let ours = state.ours;
        if ours {
            // Nothing is left to be deleted.
            state.consumer.clear();
            state.machine.gone(epoch, Instant::now());
        }
        drop(state);
        self.connection().report_error(Some(&sub), &error);
        match ours {
            true => self.recover(),
            // Whoever has created it knows what to do about it.
            false => sub.destroy(),
        }
    }

    pub(super) fn tell(&self, complete: bool, after: u64) {
        if complete && let Some(events) = &self.events {
            events.initial_complete(after);
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
