//! Executes the actions of a [`Machine`]: replaces inboxes, creates consumers, sends requests to the server, and sets
//! timers. Nothing here waits, so it can run on any thread: the one that reads, the timer thread, the one that has
//! restored the connection.

use std::sync::{Arc, Weak};
use std::time::Instant;

use super::api::{Api, start_behind};
use super::ending::Ending;
use super::machine::{Action, Created, Kind, Machine, Probed, Start};
use crate::client::{ConnEvent, Subscription, Timer};
use crate::error::{Error, Result, Status};
use crate::js::api::{ConsumerConfig, ConsumerInfo, ErrCode, StreamInfo};
use crate::locks::MutexGuard;
use crate::log::{Logger, Target};

/// The timer for the next call of the machine.
#[derive(Default)]
pub(super) struct Timing {
    timer: Option<(Instant, Timer)>,
    /// The stream did not exist when a consumer was to be created. If it exists again, it may be
    /// another one.
    stream_missing: bool,
}

impl Timing {
    /// The timer, for the caller to cancel.
    pub(super) fn stop(&mut self) -> Option<Timer> {
        self.timer.take().map(|(_, timer)| timer)
    }
}

/// The part of a subscription's state that this file works with.
pub(super) struct Parts<'a> {
    pub(super) machine: &'a mut Machine,
    pub(super) timing: &'a mut Timing,
    /// The consumer's name; empty while there is none.
    pub(super) consumer: &'a mut String,
    /// The library created it.
    pub(super) ours: &'a mut bool,
    pub(super) ended: bool,
}

/// A subscription whose consumer is created again when it is lost.
pub(super) trait Recovered: Send + Sync + Sized + 'static {
    /// What its lock protects.
    type State;

    fn me(&self) -> &Weak<Self>;
    fn subscription(&self) -> Option<Arc<Subscription>>;
    fn api(&self) -> &Arc<Api>;
    fn stream(&self) -> &str;
    fn ending(&self) -> &Arc<Ending>;
    fn log(&self) -> &Logger {
        self.api().connection().log()
    }
    fn lock(&self) -> MutexGuard<'_, Self::State>;
    /// `None` if no machine manages the consumer.
    fn parts(state: &mut Self::State) -> Option<Parts<'_>>;

    /// Takes a new inbox: messages for the old one are ignored from now on.
    fn take_inbox(&self, state: &mut Self::State, sub: &Arc<Subscription>) -> Result<()>;
    /// The configuration of the consumer of this epoch, without its start.
    fn config(&self, state: &Self::State, epoch: u64) -> ConsumerConfig;
    /// A consumer was created and is used from now on.
    fn use_consumer(&self, state: &mut Self::State, name: &str);
    /// Called before the machine is polled.
    fn before_poll(&self, state: &mut Self::State, sub: &Arc<Subscription>) {
        let _ = (state, sub);
    }
    /// The initial data are complete.
    fn initial_complete(&self, state: &mut Self::State) {
        let _ = state;
    }

    /// A consumer was abandoned. No lock is held, as in the following functions.
    fn reset(&self) {}
    /// The stream does not exist any more.
    fn stream_missing(&self) {}
    /// A consumer was created.
    fn is_live(&self) {}
}

/// Executes the pending actions, and sets the timer for the next call.
pub(super) fn recover<R: Recovered>(me: &R) {
    let Some(sub) = me.subscription() else {
        return;
    };
    loop {
        let now = Instant::now();
        let mut state = me.lock();
        if R::parts(&mut state).is_none_or(|parts| parts.ended) {
            return;
        }
        me.before_poll(&mut state, &sub);
        let Some(parts) = R::parts(&mut state) else {
            return;
        };
        match parts.machine.poll(now) {
            None => return arm(me, parts, now),
            Some(Action::Rebind { .. }) => {
                let left = leave(parts);
                me.log().info(Target::JetStream, || {
                    let stream = me.stream();
                    match &left {
                        Some(left) => format!("stream '{stream}': consumer '{left}' is given up"),
                        None => format!("stream '{stream}': another consumer is needed"),
                    }
                });
                if me.take_inbox(&mut state, &sub).is_err()
                    && let Some(parts) = R::parts(&mut state)
                {
                    // The subscription is closed, or drains and receives no more messages.
                    parts.machine.end();
                }
                drop(state);
                me.reset();
                if let Some(consumer) = left {
                    me.ending().delete_unused(&consumer);
                }
            }
            Some(Action::Create { epoch, start }) => {
                let verify = parts.timing.stream_missing;
                let config = me.config(&state, epoch);
                drop(state);
                match verify {
                    false => create(me, epoch, start, config),
                    true => verify_stream(me, epoch, start, config),
                }
            }
            Some(Action::Probe { epoch }) => {
                let consumer = parts.consumer.clone();
                let end_first = parts.machine.asks_for_end();
                drop(state);
                match end_first {
                    true => probe_end(me, epoch, consumer),
                    false => probe(me, epoch, &consumer, None),
                }
            }
        }
    }
}

/// The abandoned consumer, if it is to be deleted.
fn leave(parts: Parts<'_>) -> Option<String> {
    let left = std::mem::take(parts.consumer);
    let delete = std::mem::take(parts.ours) && !left.is_empty();
    delete.then_some(left)
}

/// Sets the timer, unless it is set to an earlier time.
fn arm<R: Recovered>(me: &R, parts: Parts<'_>, now: Instant) {
    let Some(at) = parts.machine.wake_at() else {
        return;
    };
    match &parts.timing.timer {
        Some((set, _)) if *set <= at => return,
        Some((_, timer)) => {
            timer.cancel();
        }
        None => {}
    }
    let weak = me.me().clone();
    let fire = move || {
        if let Some(me) = weak.upgrade() {
            tick(&*me);
        }
    };
    let delay = at.saturating_duration_since(now);
    parts.timing.timer = Some((at, me.api().connection().after(delay, fire)));
}

fn tick<R: Recovered>(me: &R) {
    // In this order: the process may be stopped in between, and what arrives meanwhile is unread. What was read before
    // that has been handed over when the lock is taken.
    let now = Instant::now();
    let unread = me.api().connection().has_unread();
    let mut state = me.lock();
    let Some(parts) = R::parts(&mut state) else {
        return;
    };
    parts.timing.timer = None;
    if parts.ended {
        return;
    }
    let missed = parts.machine.missed(now, unread);
    drop(state);
    if missed {
        me.log().warn(Target::JetStream, || {
            format!(
                "stream '{}': heartbeats of the consumer are missing",
                me.stream()
            )
        });
    }
    if missed && let Some(sub) = me.subscription() {
        let error = Error::from(Status::NATS_MISSED_HEARTBEAT);
        me.api().connection().report_error(Some(&sub), &error);
    }
    recover(me);
}

/// The connection was lost or restored.
pub(super) fn connection_changed<R: Recovered>(me: &R, event: ConnEvent) {
    let mut state = me.lock();
    let Some(parts) = R::parts(&mut state) else {
        return;
    };
    match event {
        ConnEvent::Lost => parts.machine.lost(),
        ConnEvent::Restored => parts.machine.restored(Instant::now()),
        _ => return,
    }
    drop(state);
    recover(me);
}

fn create<R: Recovered>(me: &R, epoch: u64, start: Start, mut config: ConsumerConfig) {
    if let Start::Behind(sequence) = start {
        start_behind(&mut config, sequence);
    }
    me.log().debug(Target::JetStream, || {
        let from = match start {
            Start::AsConfigured => "from its configured start".to_owned(),
            Start::Behind(sequence) => format!("behind sequence {sequence}"),
        };
        format!("stream '{}': creating a consumer {from}", me.stream())
    });
    let weak = me.me().clone();
    let name = config.name.clone();
    let answered = move |answer| {
        if let Some(me) = weak.upgrade() {
            created(&*me, epoch, &name, answer);
        }
    };
    let sent = me.api().create_consumer(me.stream(), &config, answered);
    if let Err(error) = sent {
        create_failed(me, epoch, &error.into());
    }
}

fn created<R: Recovered>(me: &R, epoch: u64, name: &str, answer: crate::js::Result<ConsumerInfo>) {
    let info = match answer {
        Ok(info) => info,
        Err(error) => {
            if !name.is_empty() && error.status() == Status::NATS_TIMEOUT {
                // The consumer may have been created nevertheless.
                me.ending().delete_unused(name);
            }
            return create_failed(me, epoch, &error);
        }
    };
    let mut state = me.lock();
    let parts = R::parts(&mut state).filter(|parts| !parts.ended);
    let outcome =
        parts.and_then(|parts| parts.machine.created(epoch, facts(&info), Instant::now()));
    let Some(outcome) = outcome else {
        // Too late.
        drop(state);
        return me.ending().delete_unused(&info.name);
    };
    me.log().info(Target::JetStream, || {
        format!(
            "stream '{}': consumer '{}' is used from now on",
            me.stream(),
            info.name
        )
    });
    me.use_consumer(&mut state, &info.name);
    if let Some(parts) = R::parts(&mut state) {
        parts.timing.stream_missing = false;
    }
    if outcome.initial_complete {
        me.initial_complete(&mut state);
    }
    drop(state);
    me.is_live();
    recover(me);
}

fn create_failed<R: Recovered>(me: &R, epoch: u64, error: &crate::js::Error) {
    let mut state = me.lock();
    let Some(parts) = R::parts(&mut state).filter(|parts| !parts.ended) else {
        return;
    };
    let missing = error.code() == ErrCode::STREAM_NOT_FOUND;
    let newly = missing && !std::mem::replace(&mut parts.timing.stream_missing, missing);
    let what = match parts.machine.kind() {
        Kind::Ordered => "ordered consumer",
        Kind::Plain => "consumer",
    };
    parts.machine.create_failed(epoch, Instant::now());
    drop(state);
    if newly {
        me.stream_missing();
    }
    if let Some(sub) = me.subscription() {
        me.api().report_not_recreated(&sub, what, error);
    }
    recover(me);
}

/// Checks whether the stream is the one that the messages came from before a consumer is created.
fn verify_stream<R: Recovered>(me: &R, epoch: u64, start: Start, config: ConsumerConfig) {
    let weak = me.me().clone();
    let answered = move |answer: crate::js::Result<StreamInfo>| {
        let Some(me) = weak.upgrade() else { return };
        let info = match answer {
            Ok(info) => info,
            Err(error) => return create_failed(&*me, epoch, &error),
        };
        let is_mirror = info.config.is_some_and(|c| c.mirror.is_some());
        let mut state = me.lock();
        let Some(parts) = R::parts(&mut state) else {
            return;
        };
        parts.timing.stream_missing = false;
        let mut start = start;
        if !is_mirror && info.created.0 > parts.machine.last_time() {
            parts.machine.stream_made_again();
            start = parts.machine.start();
        }
        drop(state);
        create(&*me, epoch, start, config);
    };
    let sent = me.api().ask("STREAM.INFO", &[me.stream()], b"", answered);
    if let Err(error) = sent {
        create_failed(me, epoch, &error.into());
    }
}

/// Asks the server where the stream ends, and then about the present consumer: so that what the consumer is
/// said to have looked at can be compared.
fn probe_end<R: Recovered>(me: &R, epoch: u64, consumer: String) {
    let weak = me.me().clone();
    let answered = move |answer: crate::js::Result<StreamInfo>| {
        let Some(me) = weak.upgrade() else { return };
        match answer {
            Ok(info) => probe(&*me, epoch, &consumer, Some(info.state.last_seq)),
            Err(error) => probed(&*me, epoch, Err(error), None),
        }
    };
    let sent = me.api().ask("STREAM.INFO", &[me.stream()], b"", answered);
    if sent.is_err()
        && let Some(parts) = R::parts(&mut me.lock())
    {
        parts.machine.probe_failed(epoch, false, Instant::now());
    }
}

/// Requests the state of the present consumer from the server.
fn probe<R: Recovered>(me: &R, epoch: u64, consumer: &str, stream_end: Option<u64>) {
    let weak = me.me().clone();
    let answered = move |answer| {
        if let Some(me) = weak.upgrade() {
            probed(&*me, epoch, answer, stream_end);
        }
    };
    let tokens = [me.stream(), consumer];
    let sent = me.api().ask("CONSUMER.INFO", &tokens, b"", answered);
    if sent.is_err()
        && let Some(parts) = R::parts(&mut me.lock())
    {
        parts.machine.probe_failed(epoch, false, Instant::now());
    }
}

fn probed<R: Recovered>(
    me: &R,
    epoch: u64,
    answer: crate::js::Result<ConsumerInfo>,
    stream_end: Option<u64>,
) {
    let now = Instant::now();
    let mut state = me.lock();
    let Some(parts) = R::parts(&mut state).filter(|parts| !parts.ended) else {
        return;
    };
    match answer {
        Ok(info) => {
            let probed = Probed {
                consumer_seq: info.delivered.consumer,
                stream_seq: info.delivered.stream,
                pending: info.num_pending,
                stream_end,
            };
            let outcome = parts.machine.probed(epoch, probed, now);
            if outcome.initial_complete {
                me.initial_complete(&mut state);
            }
        }
        Err(e) if e.is_no_consumer() => {
            drop(state);
            return gone(me, epoch);
        }
        Err(e) => {
            let denied = e.status() == Status::NATS_TIMEOUT;
            parts.machine.probe_failed(epoch, denied, now);
        }
    }
    drop(state);
    recover(me);
}

/// The server has reported that the consumer does not exist.
fn gone<R: Recovered>(me: &R, epoch: u64) {
    let Some(sub) = me.subscription() else {
        return;
    };
    let mut state = me.lock();
    let Some(parts) = R::parts(&mut state).filter(|parts| !parts.ended) else {
        return;
    };
    if epoch != parts.machine.epoch() {
        return;
    }
    let (consumer, ours) = give_up(parts);
    drop(state);
    me.api().report_gone(&sub, me.stream(), &consumer);
    match ours {
        true => recover(me),
        // The program has created the consumer and has to decide what to do.
        false => sub.destroy(),
    }
}

/// The present consumer does not exist any more. Returns its name, and whether `recover` creates
/// another one in its place.
pub(super) fn give_up(parts: Parts<'_>) -> (String, bool) {
    let (consumer, ours) = (parts.consumer.clone(), *parts.ours);
    if ours {
        // There is no consumer left to delete.
        parts.consumer.clear();
        parts.machine.gone(parts.machine.epoch(), Instant::now());
    }
    (consumer, ours)
}

/// The data of a consumer that the machine needs.
pub(super) fn facts(info: &ConsumerInfo) -> Created {
    Created {
        stream_seq: info.delivered.stream,
        consumer_seq: info.delivered.consumer,
        pending: info.num_pending,
        time: info.created.0,
    }
}
