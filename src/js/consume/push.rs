//! A push subscription: what its consumer sends, before the program sees it, and when it does.
//!
//! The reading thread gives each batch to [`Push::take`], which takes out heartbeats and flow
//! control, and tells the [`Machine`] what has come. What the machine wants done is done in
//! `recover`.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Instant;

use super::ack::Acker;
use super::api::Api;
use super::ending::Ending;
use super::flow::FlowControl;
use super::machine::{Kind, Machine};
use super::metadata::{self, ACK_PREFIX, Metadata};
use super::recover::Timing;
use super::select::Selection;
use crate::client::{Connection, Extension, Intake, Observation, Subscription, When};
use crate::error::{Error, Result, Status};
use crate::js::api::ConsumerConfig;
use crate::js::context::{Call, CallOptions};
use crate::locks::Mutex;
use crate::msg::{Msg, MsgList, Owner};

/// Who hears what happens to an ordered consumer, beside the program that gets its messages. All of
/// these are called on threads that must not wait.
pub trait Events: Send + Sync {
    /// Is [`Events::initial_complete`] of interest?
    fn wants_initial(&self) -> bool {
        true
    }

    /// The initial data are complete: behind the `after`th message that the subscription was given.
    ///
    /// No message that comes later is in the queue yet. The state of the consumer is locked: the only
    /// things to be done are to note the number, and to enqueue or wake.
    fn initial_complete(&self, after: u64) {
        let _ = after;
    }

    /// The stream is no longer there. A consumer will be created when there is one of its name again.
    fn stream_missing(&self) {}

    /// A consumer was given up, and another one is going to take its place.
    fn reset(&self) {}
}

/// What a push subscription has beyond one of the client's: its [`Intake`] and its [`Extension`].
pub struct Push {
    pub(super) api: Arc<Api>,
    pub(super) kind: Kind,
    /// The subjects that the program asked for.
    subjects: Vec<String>,
    pub(super) stream: String,
    /// What the consumer was asked to be.
    pub(super) config: ConsumerConfig,
    /// The program fetches the messages by itself.
    is_sync: bool,
    owner: Arc<Owner>,
    /// Messages need no acknowledgement.
    no_ack: bool,
    pub(super) events: Option<Arc<dyn Events>>,
    pub(super) state: Mutex<State>,
    counts: Counts,
    /// A mismatch that the next call for a message has to tell.
    mismatch_due: AtomicBool,
    pub(super) ending: Arc<Ending>,
    pub(super) sub: OnceLock<Weak<Subscription>>,
    pub(super) observation: OnceLock<Observation>,
    pub(super) me: Weak<Push>,
}

/// What the lock protects. Publishing, binding and timers are allowed with it held, waiting is not.
pub(super) struct State {
    pub(super) machine: Machine,
    /// The sid whose messages are of the machine's epoch.
    pub(super) sid: u64,
    /// The subject that it is subscribed to.
    pub(super) deliver: String,
    /// The consumer's name; empty while there is none.
    pub(super) consumer: String,
    /// The library created it.
    pub(super) ours: bool,
    pub(super) flow: FlowControl,
    /// Messages that were left for the queue.
    passed: u64,
    /// Those of them that are not in the queue yet: they came before the server said how many messages
    /// the initial data are.
    held: MsgList,
    /// What the last heartbeat showed to be missing, which was told.
    mismatch: Option<SequenceMismatch>,
    /// Messages were not taken because the queue was full, which was told.
    overflow_told: bool,
    pub(super) timing: Timing,
    pub(super) ended: bool,
}

/// What the thread that hands messages over looks at for each of them.
struct Counts {
    /// Messages that the program was given.
    taken: AtomicU64,
    /// Of those left for the queue, how many it dropped.
    dropped: AtomicU64,
    /// An answer to flow control is due when so many were taken or dropped.
    answer_after: AtomicU64,
    /// The machine waits for room in the queue.
    full: AtomicBool,
}

impl Counts {
    fn dealt_with(&self) -> u64 {
        self.taken.load(Ordering::SeqCst) + self.dropped.load(Ordering::SeqCst)
    }
}

/// What a push subscription is made of.
pub(super) struct PushArgs<'a> {
    pub(super) api: Arc<Api>,
    pub(super) kind: Kind,
    pub(super) subjects: &'a [&'a str],
    pub(super) selection: &'a Selection,
    pub(super) machine: Machine,
    pub(super) is_sync: bool,
    pub(super) no_ack: bool,
    pub(super) events: Option<Arc<dyn Events>>,
}

impl Push {
    pub(super) fn new(args: PushArgs<'_>) -> Arc<Push> {
        let conn = args.api.connection().clone();
        Arc::new_cyclic(|me| Push {
            kind: args.kind,
            subjects: args.subjects.iter().map(|s| (*s).to_owned()).collect(),
            stream: args.selection.stream.clone(),
            config: args.selection.config.clone(),
            is_sync: args.is_sync,
            owner: Acker::owner(&conn, args.api.context.wait()),
            no_ack: args.no_ack,
            events: args.events,
            state: Mutex::new(State {
                machine: args.machine,
                sid: 0,
                deliver: String::new(),
                consumer: String::new(),
                ours: false,
                flow: FlowControl::default(),
                passed: 0,
                held: MsgList::new(),
                mismatch: None,
                overflow_told: false,
                timing: Timing::default(),
                ended: false,
            }),
            counts: Counts {
                taken: AtomicU64::new(0),
                dropped: AtomicU64::new(0),
                answer_after: AtomicU64::new(u64::MAX),
                full: AtomicBool::new(false),
            },
            mismatch_due: AtomicBool::new(false),
            ending: Ending::new(&args.api, &args.selection.stream),
            sub: OnceLock::new(),
            observation: OnceLock::new(),
            me: me.clone(),
            api: args.api,
        })
    }

    pub(super) fn connection(&self) -> &Arc<Connection> {
        self.api.connection()
    }

    /// The subscription, unless it has gone.
    pub(super) fn subscription(&self) -> Option<Arc<Subscription>> {
        self.sub.get()?.upgrade()
    }

    /// The stream and the consumer, if there is one at this moment.
    pub fn names(&self) -> (String, String) {
        (self.stream.clone(), self.state.lock().consumer.clone())
    }

    /// How its API is reached.
    pub fn call(&self) -> Call<'_> {
        self.api.call()
    }

    /// The same, with the options of one call.
    pub(super) fn call_with<'a>(&'a self, options: &CallOptions<'a>) -> Call<'a> {
        self.api.call_with(options)
    }

    /// How many messages the program was given.
    pub fn taken(&self) -> u64 {
        self.counts.taken.load(Ordering::SeqCst)
    }

    /// What the last heartbeat showed to be missing.
    pub fn mismatch(&self) -> Option<SequenceMismatch> {
        self.state.lock().mismatch
    }

    /// A message is about to be given to the program.
    pub fn hand_over(&self, msg: &mut Msg) {
        msg.set_owner(self.owner.clone());
        if self.no_ack {
            msg.set_acked();
        }
    }

    /// The program has been given a message, and its callback has returned if there is one.
    pub fn handed_over(&self, sub: &Arc<Subscription>) {
        self.counts.taken.fetch_add(1, Ordering::SeqCst);
        if self.counts.dealt_with() >= self.counts.answer_after.load(Ordering::SeqCst) {
            self.answer_flow(&mut self.state.lock());
        }
        if self.counts.full.load(Ordering::Relaxed) {
            self.look_for_room(sub);
        }
    }

    /// Answers flow control if that is due.
    #[cold]
    fn answer_flow(&self, state: &mut State) {
        if let Some(reply) = state.flow.due(self.counts.dealt_with()) {
            self.counts.answer_after.store(u64::MAX, Ordering::SeqCst);
            self.answer(&reply);
        }
    }

    /// Sends an empty message, which is all that the server waits for.
    fn answer(&self, subject: &[u8]) {
        // Without a connection there is nobody who waits.
        let _ = self.connection().publish(subject, None, b"", When::Soon);
    }

    /// The consumer that asked for flow control is no longer.
    pub(super) fn forget_flow(&self, state: &mut State) {
        state.flow.forget();
        self.counts.answer_after.store(u64::MAX, Ordering::SeqCst);
    }

    /// The consumer whose heartbeats were compared is no longer.
    pub(super) fn forget_mismatch(&self, state: &mut State) {
        state.mismatch = None;
    }

    #[cold]
    fn look_for_room(&self, sub: &Arc<Subscription>) {
        if Room::of(sub).is_half_empty() {
            self.counts.full.store(false, Ordering::Relaxed);
            let mut state = self.state.lock();
            state.machine.drained(Instant::now());
            state.overflow_told = false;
            drop(state);
            self.recover();
        }
    }

    fn heartbeat(&self, state: &mut State, epoch: u64, msg: &Msg, now: Instant) -> bool {
        let stalled = msg.header(b"Nats-Consumer-Stalled");
        if let Some(subject) = stalled.filter(|s| !s.is_empty()) {
            self.answer(subject);
        }
        let last = msg
            .header(b"Nats-Last-Consumer")
            .filter(|_| msg.reply().is_none())
            .and_then(metadata::number);
        let ours = state.machine.consumer_seq();
        let outcome = state.machine.heartbeat(epoch, last, stalled.is_some(), now);
        if let Some(last) = last.filter(|_| self.kind == Kind::Plain && ours > 0) {
            self.compare(state, last, ours);
        }
        outcome.initial_complete
    }

    /// A heartbeat has said whether all messages have come.
    fn compare(&self, state: &mut State, server: u64, client: u64) {
        let told = state.mismatch.is_some();
        state.mismatch = (server != client).then(|| SequenceMismatch {
            stream: state.machine.stream_seq(),
            client,
            server,
        });
        if told || state.mismatch.is_none() {
            return;
        }
        if self.is_sync {
            self.mismatch_due.store(true, Ordering::Relaxed);
        } else if let Some(sub) = self.subscription() {
            let error = mismatch();
            self.connection().report_error(Some(&sub), &error);
        }
    }
}

fn mismatch() -> Error {
    Error::new(Status::NATS_MISMATCH, "consumer sequence mismatch")
}

/// What the server says to the client and not to the program.
enum Control {
    Heartbeat,
    Flow,
    Other,
}

/// Status 100 without a payload; but a message of the stream that looks like one is the program's.
fn control(msg: &Msg) -> Option<Control> {
    let status = msg.status().filter(|s| s.code == 100)?;
    if msg.reply().is_some_and(|r| r.starts_with(ACK_PREFIX)) {
        return None;
    }
    Some(match status.description {
        d if d.starts_with(b"Idle") => Control::Heartbeat,
        d if d.starts_with(b"Flow") => Control::Flow,
        _ => Control::Other,
    })
}

/// How much the queue still takes.
struct Room {
    msgs: i64,
    bytes: i64,
    limits: (i64, i64),
}

impl Room {
    fn of(sub: &Subscription) -> Self {
        let limits = sub.pending_limits().unwrap_or((-1, -1));
        let waiting = sub.pending().unwrap_or((0, 0));
        let left = |limit: i32, waiting: i32| match limit {
            0.. => i64::from(limit) - i64::from(waiting),
            _ => i64::MAX,
        };
        Room {
            msgs: left(limits.0, waiting.0),
            bytes: left(limits.1, waiting.1),
            limits: (i64::from(limits.0), i64::from(limits.1)),
        }
    }

    fn take(&mut self, size: usize) -> bool {
        let size = size as i64;
        let fits = self.msgs >= 1 && self.bytes >= size;
        if fits {
            self.msgs -= 1;
            self.bytes -= size;
        }
        fits
    }

    fn is_half_empty(&self) -> bool {
        self.msgs >= self.limits.0 / 2 && self.bytes >= self.limits.1 / 2
    }
}

impl Intake for Push {
    fn take(&self, sub: &Arc<Subscription>, sid: u64, msgs: &mut MsgList) {
        let mut batch = std::mem::take(msgs);
        let now = Instant::now();
        let mut state = self.state.lock();
        if sid != state.sid || state.ended {
            // Dropped without the lock.
            drop(state);
            return;
        }
        if let Ok(dropped) = sub.dropped() {
            let dropped = u64::try_from(dropped).unwrap_or(0);
            self.counts.dropped.store(dropped, Ordering::SeqCst);
        }
        let epoch = state.machine.epoch();
        let mut kept = MsgList::new();
        match self.kind {
            Kind::Plain => self.take_plain(&mut state, &mut batch, &mut kept, now),
            Kind::Ordered => {
                let complete = self.take_ordered(&mut state, sub, &mut batch, &mut kept, now);
                if let (Some(after), Some(events)) = (complete, &self.events) {
                    events.initial_complete(after);
                }
            }
        }
        state.passed += kept.len() as u64;
        // With the lock held: what the machine has taken is in the queue before anything else is
        // done, and in this order.
        if state.machine.is_creating() && self.wants_initial() {
            state.held.append(&mut kept);
        } else {
            self.release(&mut state, sub);
            if !kept.is_empty() {
                sub.enqueue(kept);
            }
        }
        self.answer_flow(&mut state);
        let recover = state.machine.epoch() != epoch;
        drop(state);
        drop(batch);
        if recover {
            self.recover();
        }
    }
}

impl Push {
    fn take_plain(&self, state: &mut State, batch: &mut MsgList, kept: &mut MsgList, now: Instant) {
        // Only the last message before a heartbeat has to be looked at.
        let mut last: Option<Msg> = None;
        let note = |state: &mut State, last: Option<Msg>, kept: &mut MsgList| {
            let Some(msg) = last else { return };
            if let Some(meta) = msg.reply().and_then(Metadata::parse) {
                state.machine.data(0, &meta, now);
            }
            kept.push(msg);
        };
        while let Some(msg) = batch.pop() {
            let Some(control) = control(&msg) else {
                if let Some(before) = last.replace(msg) {
                    kept.push(before);
                }
                continue;
            };
            note(state, last.take(), kept);
            self.control(state, control, &msg, kept.len(), now);
        }
        note(state, last, kept);
    }

    /// Returns behind how many messages the initial data have become complete, if they have.
    fn take_ordered(
        &self,
        state: &mut State,
        sub: &Arc<Subscription>,
        batch: &mut MsgList,
        kept: &mut MsgList,
        now: Instant,
    ) -> Option<u64> {
        let epoch = state.machine.epoch();
        let mut room = Room::of(sub);
        room.msgs -= state.held.len() as i64;
        room.bytes -= state.held.bytes() as i64;
        let mut complete = None;
        while let Some(msg) = batch.pop() {
            let is_complete = if let Some(control) = control(&msg) {
                self.control(state, control, &msg, kept.len(), now)
            } else if !room.take(msg.size()) {
                self.overflow(state, sub, now);
                continue;
            } else {
                // What has no metadata is not from the consumer.
                let meta = msg.reply().and_then(Metadata::parse);
                let outcome = meta.map(|meta| state.machine.data(epoch, &meta, now));
                let outcome = outcome.unwrap_or_default();
                if outcome.deliver {
                    kept.push(msg);
                }
                outcome.initial_complete
            };
            if is_complete {
                complete = Some(state.passed + kept.len() as u64);
            }
        }
        complete
    }

    /// Returns whether the initial data have become complete.
    fn control(
        &self,
        state: &mut State,
        control: Control,
        msg: &Msg,
        kept: usize,
        now: Instant,
    ) -> bool {
        let epoch = state.machine.epoch();
        match control {
            Control::Heartbeat => return self.heartbeat(state, epoch, msg, now),
            Control::Flow => {
                state.machine.heartbeat(epoch, None, true, now);
                let Some(reply) = msg.reply().filter(|_| state.machine.is_listening()) else {
                    return false;
                };
                let received = state.passed + kept as u64;
                if state.flow.asked(reply, received, self.counts.dealt_with()) {
                    self.answer(reply);
                }
                let after = state.flow.due_after();
                self.counts.answer_after.store(after, Ordering::SeqCst);
            }
            Control::Other => {}
        }
        false
    }

    /// The queue is full: what does not fit is asked for again when there is room.
    fn overflow(&self, state: &mut State, sub: &Arc<Subscription>, now: Instant) {
        if state.machine.is_full() || !state.machine.is_listening() {
            return;
        }
        state.machine.overflowed(now);
        if state.machine.is_full() {
            self.counts.full.store(true, Ordering::Relaxed);
        }
        if !std::mem::replace(&mut state.overflow_told, true) {
            let text = "the pending limits are reached: messages are asked for again when some have been taken";
            let error = Error::new(Status::NATS_SLOW_CONSUMER, text);
            self.connection().report_error(Some(sub), &error);
        }
    }

    /// Does somebody wait to hear that the initial data are complete?
    pub(super) fn wants_initial(&self) -> bool {
        self.events.as_ref().is_some_and(|e| e.wants_initial())
    }

    /// Puts the messages into the queue that had to wait until the server said what the initial data
    /// are.
    pub(super) fn release(&self, state: &mut State, sub: &Arc<Subscription>) {
        if !state.held.is_empty() && !state.machine.is_creating() {
            sub.enqueue(std::mem::take(&mut state.held));
        }
    }

    /// Says that the initial data have been found to be complete now. They end in front of the messages
    /// that wait because they came before the server's answer, as far as those are later ones.
    pub(super) fn tell_complete(&self, state: &mut State) {
        let expected = state.machine.expected().unwrap_or(u64::MAX);
        let mut later = 0;
        let none = state.held.retain(|msg| {
            let meta = msg.reply().and_then(Metadata::parse);
            later += u64::from(meta.is_some_and(|meta| meta.consumer_seq > expected));
            true
        });
        drop(none);
        if let Some(events) = &self.events {
            events.initial_complete(state.passed - later);
        }
    }
}

impl Extension for Push {
    fn next_begins(&self, _sub: &Arc<Subscription>) -> Result<()> {
        match self.mismatch_due.swap(false, Ordering::Relaxed) {
            true => Err(mismatch()),
            false => Ok(()),
        }
    }

    fn taken(&self, sub: &Arc<Subscription>, msg: &mut Msg) {
        self.hand_over(msg);
        self.handed_over(sub);
    }

    fn unsubscribed(&self, _sub: &Arc<Subscription>) -> Result<()> {
        self.delete_now()
    }

    fn destroying(&self, _sub: &Arc<Subscription>) {
        self.ending.keep_consumer();
    }

    fn drain_awaited(&self, _sub: &Arc<Subscription>, deadline: Option<Instant>) -> Result<()> {
        self.ending.wait(deadline);
        Ok(())
    }

    fn shown_subject(&self) -> Option<String> {
        let quoted: Vec<String> = self
            .subjects
            .iter()
            .map(|subject| serde_json::Value::from(subject.as_str()).to_string())
            .collect();
        Some(format!("[{}]", quoted.join(",")))
    }
}

/// A difference between what a consumer has sent and what has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SequenceMismatch {
    /// The stream sequence of the last message that has come.
    pub stream: u64,
    /// Its number among the consumer's deliveries.
    pub client: u64,
    /// The number of the last delivery, as the server has said it.
    pub server: u64,
}
