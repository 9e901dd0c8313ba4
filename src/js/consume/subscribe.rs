//! Making a push subscription.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::api::Api;
use super::bound::Bound;
use super::machine::{Kind, Machine, Policy};
use super::push::{Events, Push, PushArgs};
use super::recover::{connection_changed, facts, recover};
use super::select::{Consumer, Selection, Wanted, select};
use crate::client::{MsgSink, SubscribeArgs, Subscription};
use crate::js::api::{AckPolicy, ConsumerConfig, ConsumerInfo, DeliverPolicy};
use crate::js::context::{Call, Context};
use crate::js::error::Result;

/// How messages are delivered to the program.
pub enum Delivery<'a> {
    /// The program takes them.
    Sync,
    /// They are passed to the sink that this function creates. The sink has to call
    /// [`hand_over`](Push::hand_over) of the [`Push`] before and [`called`](Push::called) after each
    /// message, and [`round_over`](Push::round_over) after a round.
    Sink(MakeSink<'a>),
}

/// Creates the sink that receives the messages.
pub type MakeSink<'a> = Box<dyn FnOnce(&Arc<Push>) -> Box<dyn MsgSink> + 'a>;

/// Makes a push subscription: finds or creates its consumer, and subscribes to its deliver subject.
///
/// `placed` receives the subscription before the first message can arrive. If the call fails after that, the
/// subscription is closed, and its sink has not been called and will not be.
pub fn subscribe(
    context: &Arc<Context>,
    call: &Call<'_>,
    wanted: &Wanted<'_>,
    delivery: Delivery<'_>,
    events: Option<Arc<dyn Events>>,
    placed: impl FnOnce(&Arc<Subscription>),
) -> Result<Arc<Subscription>> {
    let selection = select(call, wanted)?;
    let conn = context.connection();
    let (deliver, found) = match &selection.consumer {
        Consumer::Found(info) => (info.config.deliver_subject.clone(), Some(&**info)),
        Consumer::Assumed(_) | Consumer::New => (
            String::from_utf8_lossy(&conn.new_inbox()).into_owned(),
            None,
        ),
    };
    let config = found.map_or(&selection.config, |info| &info.config);
    let kind = match wanted.options.ordered {
        true => Kind::Ordered,
        false => Kind::Plain,
    };
    let machine = Machine::new(
        kind,
        policy(&selection.config),
        heartbeat(config),
        events.as_ref().is_some_and(|e| e.wants_initial()),
        Instant::now(),
    );
    let flow_acks = kind == Kind::Plain && config.ack_policy == Some(AckPolicy::FlowControl);
    let push = Push::new(PushArgs {
        api: Api::of(call, context),
        kind,
        subjects: wanted.subjects,
        selection: &selection,
        machine,
        is_sync: matches!(delivery, Delivery::Sync),
        no_ack: flow_acks
            || kind == Kind::Ordered
            || wanted.options.config.ack_policy == Some(AckPolicy::None),
        flow_acks,
        events,
    });
    push.state.lock().deliver.clone_from(&deliver);
    if !shares(wanted) {
        let bound = Bound::of(conn);
        match found {
            Some(_) => bound.claim(&push, &deliver)?,
            None => bound.add(&push),
        }
    }
    let sink = match delivery {
        Delivery::Sync => None,
        Delivery::Sink(make) => Some(make(&push)),
    };
    let unmade = |e| conn.explained(e, || selection.called(wanted));
    let queue = wanted.options.queue.as_bytes();
    let sub = conn
        .prepare_subscription(SubscribeArgs {
            queue: Some(queue).filter(|q| !q.is_empty()),
            sink,
            intake: Some(push.clone()),
            ..SubscribeArgs::new(deliver.as_bytes())
        })
        .map_err(unmade)?;
    sub.set_extension(push.clone());
    let _ = push.sub.set(Arc::downgrade(&sub));
    push.state.lock().sid = sub.sid();
    placed(&sub);
    sub.hold();
    conn.start_subscription(&sub).map_err(unmade)?;
    let me = push.me.clone();
    sub.on_end(move |sub, reason| {
        if let Some(push) = me.upgrade() {
            push.ended(sub, reason);
        }
    });
    let me = push.me.clone();
    let observation = conn.observe(move |_, event| {
        if let Some(push) = me.upgrade() {
            connection_changed(&*push, event);
        }
    });
    let _ = push.observation.set(observation);
    let consumer = match found {
        Some(info) => Ok((info.clone(), false)),
        None => create(call, wanted, &selection, &push, &sub),
    };
    let (info, ours) = match consumer {
        Ok(consumer) => consumer,
        Err(error) => {
            push.state.lock().ended = true;
            sub.withdraw();
            return Err(error);
        }
    };
    widen_limits(&sub, &info.config);
    push.begin(info, ours);
    sub.release();
    Ok(sub)
}

/// May its consumer have other subscriptions? One of an ordered subscription has a name that nobody knows.
fn shares(wanted: &Wanted<'_>) -> bool {
    wanted.options.ordered || !wanted.options.queue.is_empty()
}

/// Creates the consumer, or uses one that another client has just created.
fn create(
    call: &Call<'_>,
    wanted: &Wanted<'_>,
    selection: &Selection,
    push: &Arc<Push>,
    sub: &Arc<Subscription>,
) -> Result<(ConsumerInfo, bool)> {
    let mut config = selection.config.clone();
    config.deliver_subject = push.state.lock().deliver.clone();
    let (info, ours) = selection.create(call, wanted, &config)?;
    if !ours {
        if !shares(wanted) {
            let conn = call.context().connection();
            Bound::of(conn).claim(push, &info.config.deliver_subject)?;
        }
        let mut state = push.state.lock();
        state.sid = sub.rebind(info.config.deliver_subject.as_bytes())?;
        state.deliver.clone_from(&info.config.deliver_subject);
    }
    Ok((info, ours))
}

impl Push {
    /// The consumer exists.
    fn begin(&self, info: ConsumerInfo, ours: bool) {
        let mut state = self.state.lock();
        // An existing consumer may have another heartbeat interval than was requested.
        let heartbeat = heartbeat(&info.config);
        state.machine.set_heartbeat(heartbeat);
        let epoch = state.machine.epoch();
        let outcome = state.machine.created(epoch, facts(&info), Instant::now());
        state.consumer = info.name;
        state.ours = ours;
        if let Some(acks) = state.flow_acks.as_mut().filter(|_| !ours) {
            acks.found();
            self.reset_if_due(&mut state);
        }
        if outcome.is_some_and(|o| o.initial_complete) {
            self.tell_complete(&mut state);
        }
        drop(state);
        recover(self);
    }
}

/// The rule by which a later consumer with this configuration finds its start.
pub(super) fn policy(config: &ConsumerConfig) -> Policy {
    match config.deliver_policy {
        Some(DeliverPolicy::Last | DeliverPolicy::New) => Policy::Moving,
        Some(DeliverPolicy::LastPerSubject) => Policy::LastPerSubject,
        _ => Policy::Fixed,
    }
}

fn heartbeat(config: &ConsumerConfig) -> Duration {
    Duration::from_nanos(u64::try_from(config.heartbeat).unwrap_or(0))
}

/// The queue must have room for all messages that the consumer sends without an acknowledgement.
pub(super) fn widen_limits(sub: &Subscription, config: &ConsumerConfig) {
    const EACH: i64 = 1024 * 1024;
    let Ok((msgs, bytes)) = sub.pending_limits() else {
        return;
    };
    let pending = config.max_ack_pending;
    if msgs < 0 || pending <= i64::from(msgs) {
        return;
    }
    let clamp = |n: i64| i32::try_from(n).unwrap_or(i32::MAX);
    let wider = match bytes {
        0.. => bytes.max(clamp(pending.saturating_mul(EACH))),
        unlimited => unlimited,
    };
    let _ = sub.set_pending_limits(clamp(pending), wider);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_by_where_they_start() {
        let of = |policy| {
            super::policy(&ConsumerConfig {
                deliver_policy: policy,
                ..ConsumerConfig::default()
            })
        };
        assert_eq!(of(None), Policy::Fixed);
        assert_eq!(of(Some(DeliverPolicy::ByStartTime)), Policy::Fixed);
        assert_eq!(of(Some(DeliverPolicy::New)), Policy::Moving);
        assert_eq!(
            of(Some(DeliverPolicy::LastPerSubject)),
            Policy::LastPerSubject
        );
    }
}
