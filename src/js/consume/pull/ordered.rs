//! The ordered pull: every message of the stream once and in order. The same [`Machine`] as that of an ordered push
//! consumer decides when the consumer is abandoned, and where the next one starts.
//!
//! The consumer is the subscription's own: ephemeral, in memory, on one server, without acks, and named here (ADR-17,
//! ADR-37). Requests for messages are sent while it exists; when it is abandoned, its outstanding requests are
//! abandoned together with its inbox.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use super::{Act, Ask, Pull, State};
use crate::client::Subscription;
use crate::error::Result;
use crate::js::api::{ConsumerConfig, ConsumerInfo};
use crate::js::consume::api::Api;
use crate::js::consume::ending::Ending;
use crate::js::consume::machine::{Kind, Machine};
use crate::js::consume::metadata::Metadata;
use crate::js::consume::recover::{Parts, Recovered, Timing, facts, give_up};
use crate::js::consume::room::{Room, report_overflow};
use crate::js::consume::subscribe::policy;
use crate::locks::MutexGuard;
use crate::msg::MsgList;
use crate::proto::nuid;

/// The default interval of the heartbeats that requests ask for.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// The additional state of an ordered pull.
pub(super) struct Order {
    pub(super) machine: Machine,
    timing: Timing,
    /// The prefix of the consumers' names; an underscore and the epoch follow.
    prefix: String,
    /// Messages did not fit into the queue, which was reported to the error handler.
    overflow_told: bool,
}

impl Order {
    /// The state for a consumer that is about to be created as epoch 1. Sets its name in `config`.
    pub(super) fn new(config: &mut ConsumerConfig) -> Self {
        let prefix = match config.name.is_empty() {
            true => String::from_utf8_lossy(&nuid::next()).into_owned(),
            false => config.name.clone(),
        };
        let now = Instant::now();
        let machine = Machine::new(Kind::Ordered, policy(config), Duration::ZERO, false, now);
        let order = Order {
            machine,
            timing: Timing::default(),
            prefix,
            overflow_told: false,
        };
        config.name = order.name(1);
        order
    }

    fn name(&self, epoch: u64) -> String {
        format!("{}_{epoch}", self.prefix)
    }
}

/// The heartbeats of an ordered pull whose options have none: those of the consumer's configuration, which is where
/// an ordered push subscription has them, or an interval that fits into the time of the pull.
pub(super) fn heartbeat(config: &ConsumerConfig, timeout: Duration) -> Duration {
    match u64::try_from(config.heartbeat) {
        Ok(nanos) if nanos > 0 => Duration::from_nanos(nanos),
        _ if timeout.is_zero() => HEARTBEAT,
        _ => HEARTBEAT.min(timeout / 4),
    }
}

impl Pull {
    /// The first consumer was created.
    pub(super) fn order_begins(&self, state: &mut State, info: &ConsumerInfo) {
        if let Some(order) = &mut state.order {
            order.machine.created(1, facts(info), Instant::now());
            state.acts.push_back(Act::Recover);
        }
    }

    /// Leaves in the list the messages to deliver, without those that were delivered already. Messages behind a
    /// missing one, or behind one that does not fit into the queue, will be delivered again by the next consumer. The
    /// messages to drop are returned, so that the caller drops them with no lock held.
    pub(super) fn sort(
        &self,
        state: &mut State,
        sub: &Arc<Subscription>,
        msgs: &mut MsgList,
    ) -> MsgList {
        let Some(order) = &mut state.order else {
            return MsgList::new();
        };
        let now = Instant::now();
        let machine = &mut order.machine;
        let epoch = machine.epoch();
        let mut room = Room::of(sub);
        let mut overflow = false;
        let mut skipped = 0;
        let dropped = msgs.retain(|msg| {
            if machine.epoch() != epoch {
                return false;
            }
            let meta = msg.reply().and_then(Metadata::parse);
            // A message without metadata is not from the consumer.
            let Some(meta) = meta.filter(|_| machine.is_live()) else {
                return false;
            };
            if !room.take(msg.size()) {
                machine.overflowed(now);
                overflow = true;
                return false;
            }
            let deliver = machine.data(epoch, &meta, now).deliver;
            if !deliver && machine.epoch() == epoch {
                skipped += 1;
            }
            deliver
        });
        let is_given_up = machine.epoch() != epoch;
        if is_given_up && machine.is_full() {
            // If there is nothing to take, the program does not come and look for room: the message is beyond the limits.
            let mut room = Room::of(sub);
            room.holds(msgs);
            if room.is_half_empty() {
                machine.drained(now);
            }
        }
        let tells = overflow && !std::mem::replace(&mut order.overflow_told, true);
        if skipped > 0 {
            state.flow.skipped(skipped);
            let ask = Ask {
                messages: skipped,
                max_bytes: 0,
            };
            self.note_lost(state, ask);
            state.acts.push_back(Act::Refill);
        }
        if is_given_up {
            state.acts.push_back(Act::Recover);
        }
        if tells {
            report_overflow(sub);
        }
        dropped
    }

    /// The program has received a message: is there room again for messages that did not fit?
    pub(super) fn look_for_room(&self, state: &mut State, sub: &Subscription) {
        if let Some(order) = &mut state.order
            && order.machine.is_full()
            && Room::of(sub).is_half_empty()
        {
            order.machine.drained(Instant::now());
            order.overflow_told = false;
            state.acts.push_back(Act::Recover);
        }
    }

    /// A heartbeat has arrived: the server has nothing to send.
    pub(super) fn order_idle(&self, state: &mut State) {
        if let Some(order) = &mut state.order {
            let epoch = order.machine.epoch();
            order.machine.idle(epoch, Instant::now());
            state.acts.push_back(Act::Recover);
        }
    }

    /// The server has no responder for the consumer's requests: does the consumer exist? Returns false if the pull is
    /// not an ordered one.
    pub(super) fn order_doubted(&self, state: &mut State) -> bool {
        let Some(order) = &mut state.order else {
            return false;
        };
        let epoch = order.machine.epoch();
        match order.machine.is_mute() {
            // The server cannot be asked.
            true => order.machine.gone(epoch, Instant::now()),
            false => order.machine.doubt(epoch, Instant::now()),
        }
        state.acts.push_back(Act::Recover);
        true
    }

    /// The server is silent: another consumer takes the place of the present one, which is deleted.
    /// Returns false if the pull is not an ordered one.
    pub(super) fn order_silent(&self, state: &mut State) -> bool {
        let Some(order) = &mut state.order else {
            return false;
        };
        let epoch = order.machine.epoch();
        order.machine.gone(epoch, Instant::now());
        state.acts.push_back(Act::Recover);
        true
    }

    /// The server has reported that it has deleted the consumer. Returns false if the pull is not an ordered one.
    pub(super) fn order_deleted(&self, state: &mut State) -> bool {
        let Some(parts) = Self::parts(state) else {
            return false;
        };
        let (consumer, _) = give_up(parts);
        state.acts.push_back(Act::TellGone(consumer));
        state.acts.push_back(Act::Recover);
        true
    }
}

impl Recovered for Pull {
    type State = State;

    fn me(&self) -> &Weak<Self> {
        &self.me
    }

    fn subscription(&self) -> Option<Arc<Subscription>> {
        self.sub.get()?.upgrade()
    }

    fn api(&self) -> &Arc<Api> {
        &self.api
    }

    fn stream(&self) -> &str {
        &self.stream
    }

    fn ending(&self) -> &Arc<Ending> {
        &self.ending
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    fn parts(state: &mut State) -> Option<Parts<'_>> {
        let order = state.order.as_mut()?;
        Some(Parts {
            machine: &mut order.machine,
            timing: &mut order.timing,
            consumer: &mut state.consumer,
            ours: &mut state.ours,
            ended: state.ended,
        })
    }

    fn take_inbox(&self, state: &mut State, sub: &Arc<Subscription>) -> Result<()> {
        self.requests_lost(state);
        self.leave_inbox(state, sub)
    }

    fn config(&self, state: &State, epoch: u64) -> ConsumerConfig {
        let mut config = self.config.clone();
        if let Some(order) = &state.order {
            config.name = order.name(epoch);
        }
        config
    }

    fn use_consumer(&self, state: &mut State, name: &str) {
        self.set_consumer(state, name, true);
    }

    fn is_live(&self) {
        let mut state = self.state.lock();
        // A request that was postponed is sent now.
        let timer = state.healing.stop();
        state.active = Instant::now();
        drop(state);
        if let Some(timer) = timer {
            timer.cancel();
        }
        self.refill();
    }
}
