//! A push subscription: its state, and the delivery of its messages to the program.
//!
//! The reading thread gives each batch to `push_intake`, which removes heartbeats and flow control, and notifies the
//! [`Machine`]. `recover` executes the actions of the machine.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Instant;

use super::ack::Acker;
use super::api::Api;
use super::counts::{Counts, Due};
use super::ending::Ending;
use super::flow::FlowControl;
use super::flow_ack::FlowAcks;
use super::machine::{Kind, Machine};
use super::metadata::Follower;
use super::recover::{Timing, recover};
use super::room::Room;
use super::select::Selection;
use crate::client::{Connection, EndReason, Extension, Observation, Subscription};
use crate::error::{Error, Result, Status};
use crate::js::api::ConsumerConfig;
use crate::js::context::{Call, CallOptions};
use crate::locks::Mutex;
use crate::msg::{Msg, MsgList, OwnerRef};

/// Receives the events of an ordered consumer, in addition to the program, which receives its
/// messages. All of these functions are called on threads that must not wait.
pub trait Events: Send + Sync {
    /// Is [`Events::initial_complete`] of interest?
    fn wants_initial(&self) -> bool {
        true
    }

    /// The initial data are complete behind the `after`th message of the subscription.
    ///
    /// No later message is in the queue yet. The state of the consumer is locked: the function may only record the
    /// number, enqueue and wake.
    fn initial_complete(&self, after: u64) {
        let _ = after;
    }

    /// The stream does not exist any more. A consumer will be created when a stream of its name
    /// exists again.
    fn stream_missing(&self) {}

    /// A consumer was abandoned, and another one will take its place.
    fn reset(&self) {}
}

/// The part of a push subscription beyond a subscription of the client: its [`Intake`](crate::client::Intake) and its
/// [`Extension`].
pub struct Push {
    pub(super) api: Arc<Api>,
    pub(super) kind: Kind,
    /// The subjects that the program asked for.
    subjects: Vec<String>,
    pub(super) stream: String,
    /// The requested configuration of the consumer.
    pub(super) config: ConsumerConfig,
    /// The program takes the messages itself.
    pub(super) is_sync: bool,
    owner: OwnerRef,
    /// Messages need no acknowledgement.
    no_ack: bool,
    pub(super) events: Option<Arc<dyn Events>>,
    pub(super) state: Mutex<State>,
    pub(super) counts: Counts,
    /// A mismatch that the next call for a message has to report.
    pub(super) mismatch_due: AtomicBool,
    pub(super) ending: Arc<Ending>,
    pub(super) sub: OnceLock<Weak<Subscription>>,
    pub(super) observation: OnceLock<Observation>,
    pub(super) me: Weak<Push>,
}

/// The state that the lock protects. While it is held, publishing, rebinding and setting timers are
/// allowed; waiting is not.
pub(super) struct State {
    pub(super) machine: Machine,
    pub(super) follower: Follower,
    /// The sid whose messages are of the machine's epoch.
    pub(super) sid: u64,
    /// The subject of the subscription.
    pub(super) deliver: String,
    /// The consumer's name; empty while there is none.
    pub(super) consumer: String,
    /// The library created it.
    pub(super) ours: bool,
    pub(super) flow: FlowControl,
    /// The answers to flow control acknowledge messages.
    pub(super) flow_acks: Option<FlowAcks>,
    /// The number of messages that were passed on to the queue.
    pub(super) passed: u64,
    /// Those of them that are not in the queue yet, because they arrived before the server reported the number of
    /// initial messages.
    pub(super) held: MsgList,
    /// The messages that were missing at the last heartbeat, which was reported.
    pub(super) mismatch: Option<SequenceMismatch>,
    /// Messages were not accepted because the queue was full, which was reported.
    pub(super) overflow_told: bool,
    pub(super) timing: Timing,
    pub(super) ended: bool,
}

/// The arguments for making a push subscription.
pub(super) struct PushArgs<'a> {
    pub(super) api: Arc<Api>,
    pub(super) kind: Kind,
    pub(super) subjects: &'a [&'a str],
    pub(super) selection: &'a Selection,
    pub(super) machine: Machine,
    pub(super) is_sync: bool,
    pub(super) no_ack: bool,
    pub(super) flow_acks: bool,
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
                follower: Follower::default(),
                sid: 0,
                deliver: String::new(),
                consumer: String::new(),
                ours: false,
                flow: FlowControl::default(),
                flow_acks: args.flow_acks.then(FlowAcks::new),
                passed: 0,
                held: MsgList::new(),
                mismatch: None,
                overflow_told: false,
                timing: Timing::default(),
                ended: false,
            }),
            counts: Counts::new(),
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

    /// The stream and the consumer, which is empty if there is none at present.
    pub fn names(&self) -> (String, String) {
        (self.stream.clone(), self.state.lock().consumer.clone())
    }

    /// Calls of the JetStream API with the settings of the context.
    pub fn call(&self) -> Call<'_> {
        self.api.call()
    }

    /// The same, with the options of one call.
    pub(super) fn call_with<'a>(&'a self, options: &CallOptions<'a>) -> Call<'a> {
        self.api.call_with(options)
    }

    /// The number of messages that were delivered to the program.
    pub fn taken(&self) -> u64 {
        self.counts.taken()
    }

    /// The messages that were missing at the last heartbeat.
    pub fn mismatch(&self) -> Option<SequenceMismatch> {
        self.state.lock().mismatch
    }

    /// Prepares a message for delivery to the program.
    pub fn hand_over(&self, msg: &mut Msg) {
        // What needs no acknowledgement needs no way back for one.
        if self.no_ack {
            msg.set_acked();
        } else {
            msg.set_owner(self.owner.clone());
        }
    }

    /// A message was delivered to the program, which has taken it itself.
    pub fn handed_over(&self, sub: &Arc<Subscription>) {
        self.look(self.counts.count_shared(), sub);
    }

    /// As [`Push::handed_over`], on the only thread that delivers messages of this subscription, which calls
    /// [`Push::round_over`] after the last of several ones.
    #[inline]
    pub fn called(&self, sub: &Arc<Subscription>) {
        self.look(self.counts.count(), sub);
    }

    /// The messages that the delivering thread had taken from the queue have been delivered.
    pub fn round_over(&self, sub: &Arc<Subscription>) {
        self.look(self.counts.round_over(), sub);
    }

    #[inline]
    fn look(&self, due: Due, sub: &Arc<Subscription>) {
        if due.is_any() {
            self.look_closer(due, sub);
        }
    }

    #[cold]
    fn look_closer(&self, due: Due, sub: &Arc<Subscription>) {
        if due.answer {
            self.answer_flow(&mut self.state.lock());
        }
        if due.room && Room::of(sub).is_half_empty() {
            let mut state = self.state.lock();
            self.has_room(&mut state);
            state.overflow_told = false;
            drop(state);
            recover(self);
        }
    }

    /// Does its consumer deliver to it, on this subject? So it is from the time at which it was given the subject until its
    /// subscription has ended.
    pub(super) fn receives_on(&self, deliver: &str) -> bool {
        let state = self.state.lock();
        if state.ended || state.deliver != deliver {
            return false;
        }
        drop(state);
        self.sub
            .get()
            .is_none_or(|sub| sub.upgrade().is_some_and(|sub| sub.is_served()))
    }

    /// The queue has room again: what did not fit is to be requested again.
    pub(super) fn has_room(&self, state: &mut State) {
        self.counts.has_room();
        state.machine.drained(Instant::now());
    }

    /// The name of the consumer that the library has created and that has not been deleted yet: the
    /// caller has to delete it.
    fn take_ours(&self) -> Option<String> {
        let mut state = self.state.lock();
        state.ended = true;
        state.machine.end();
        let ours = std::mem::take(&mut state.ours) && !state.consumer.is_empty();
        ours.then(|| state.consumer.clone())
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

pub(super) fn mismatch() -> Error {
    Error::new(Status::NATS_MISMATCH, "consumer sequence mismatch")
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
        match self.take_ours() {
            Some(consumer) => self.ending.delete_now(&consumer),
            None => Ok(()),
        }
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

/// A difference between the messages that a consumer has sent and those that have arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SequenceMismatch {
    /// The stream sequence of the last message that has arrived.
    pub stream: u64,
    /// Its number among the consumer's deliveries.
    pub client: u64,
    /// The number of the last delivery according to the server.
    pub server: u64,
}
