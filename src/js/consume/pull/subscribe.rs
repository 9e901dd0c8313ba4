//! Making a pull subscription.

use std::sync::Arc;
use std::time::Duration;

use super::ahead::{Ahead, Longest};
use super::flow::{Ask, FlowOptions};
use super::ordered::{Order, heartbeat};
use super::{Pull, PullArgs};
use crate::client::{MsgSink, SubscribeArgs, Subscription};
use crate::error::Error as Plain;
use crate::js::api::AckPolicy;
use crate::js::consume::api::Api;
use crate::js::consume::select::{Consumer, Selection, Wanted, select};
use crate::js::context::{Call, Context};
use crate::js::error::Result;

/// The program's decision what to request, on the thread that delivers; `None` to request nothing
/// now.
pub type NextAsk = Box<dyn Fn(&Arc<Subscription>) -> Option<Ask> + Send + Sync>;

/// Creates the sink for the messages of a pull.
pub type MakeSink<'a> = Box<dyn FnOnce(&Arc<Pull>) -> Box<dyn MsgSink> + 'a>;

/// An asynchronous pull that is being made.
pub struct AsyncPull<'a> {
    /// The options of the pull.
    pub options: FlowOptions,
    /// The program's function that decides what to request, if there is one.
    pub next: Option<NextAsk>,
    /// Creates the sink for the messages. The sink has to notify the [`Pull`] before and after each
    /// message, and when it is called without one. `None` if the program takes the messages one by
    /// one.
    pub sink: Option<MakeSink<'a>>,
}

/// Makes a pull subscription whose messages are [fetched](super::fetch()). `placed` receives the
/// subscription before any event of it.
pub fn pull_subscribe(
    context: &Arc<Context>,
    call: &Call<'_>,
    wanted: &Wanted<'_>,
    placed: impl FnOnce(&Arc<Subscription>),
) -> Result<Arc<Subscription>> {
    make(context, call, wanted, None, placed)
}

/// Makes a pull subscription for which the library requests messages.
pub fn pull_subscribe_async(
    context: &Arc<Context>,
    call: &Call<'_>,
    wanted: &Wanted<'_>,
    mut pull: AsyncPull<'_>,
    placed: impl FnOnce(&Arc<Subscription>),
) -> Result<Arc<Subscription>> {
    check(wanted, &pull.options)?;
    let is_ordered = wanted.options.ordered;
    if pull.sink.is_none() || is_ordered {
        pull.options.ask_ahead();
    }
    if is_ordered && pull.options.pull.heartbeat.is_zero() && !pull.options.no_wait {
        pull.options.pull.heartbeat = heartbeat(&wanted.options.config, pull.options.timeout);
    }
    make(context, call, wanted, Some(pull), placed)
}

/// Options of an asynchronous pull that contradict each other.
fn check(wanted: &Wanted<'_>, options: &FlowOptions) -> Result<(), Plain> {
    if options.keep_ahead == 0 {
        return Ok(());
    }
    let group = options.pull.group.as_str();
    let groups = &wanted.options.config.priority_groups;
    // The groups of an existing consumer are not known here.
    let exists = !wanted.options.consumer.is_empty();
    let fault = if options.max_bytes > 0 {
        "Can not use MaxBytes and KeepAhead together"
    } else if options.no_wait {
        "Can not use NoWait with KeepAhead together"
    } else if !groups.is_empty() && group.is_empty() {
        "Group is required for a priority group consumer"
    } else if !groups.is_empty() && !groups.iter().any(|g| g == group) {
        "Group is not part of the priority group consumer"
    } else if groups.is_empty() && !group.is_empty() && !exists {
        "Group is not supported for a non-priority group consumer"
    } else {
        return Ok(());
    };
    Err(Plain::invalid_arg(fault))
}

/// The longest time that a request may wait at the consumer.
fn longest(selection: &Selection) -> Longest {
    let config = match &selection.consumer {
        Consumer::Found(info) => &info.config,
        Consumer::New => &selection.config,
        Consumer::Assumed(_) => return Longest::Unknown,
    };
    match u64::try_from(config.max_request_expires) {
        Ok(nanos) if nanos > 0 => Longest::Limited(Duration::from_nanos(nanos)),
        _ => Longest::Unlimited,
    }
}

fn make(
    context: &Arc<Context>,
    call: &Call<'_>,
    wanted: &Wanted<'_>,
    ahead: Option<AsyncPull<'_>>,
    placed: impl FnOnce(&Arc<Subscription>),
) -> Result<Arc<Subscription>> {
    let mut selection = select(call, wanted)?;
    let order = match wanted.options.ordered {
        true => Some(Order::new(&mut selection.config)),
        false => None,
    };
    let conn = context.connection();
    let inbox = conn.new_inbox();
    let subject = [&inbox[..], b".*"].concat();
    let (options, next, sink) = match ahead {
        None => (None, None, None),
        Some(pull) => (Some(pull.options), pull.next, pull.sink),
    };
    let longest = longest(&selection);
    let pull = Pull::new(PullArgs {
        api: Api::of(call, context),
        subjects: wanted.subjects,
        stream: &selection.stream,
        config: &selection.config,
        inbox: String::from_utf8_lossy(&inbox).into_owned(),
        no_ack: order.is_some() || wanted.options.config.ack_policy == Some(AckPolicy::None),
        ahead: options.map(|options| Ahead::new(options, next, sink.is_none(), longest)),
        order,
    });
    let unmade = |e| conn.explained(e, || selection.called(wanted));
    let queue = wanted.options.queue.as_bytes();
    let sub = conn
        .prepare_subscription(SubscribeArgs {
            queue: Some(queue).filter(|q| !q.is_empty()),
            sink: sink.map(|make| make(&pull)),
            intake: Some(pull.clone()),
            ..SubscribeArgs::new(&subject)
        })
        .map_err(unmade)?;
    sub.set_extension(pull.clone());
    let _ = pull.sub.set(Arc::downgrade(&sub));
    pull.state.lock().sid = sub.sid();
    placed(&sub);
    sub.hold();
    conn.start_subscription(&sub).map_err(unmade)?;
    let me = pull.me.clone();
    sub.on_end(move |sub, reason| {
        if let Some(pull) = me.upgrade() {
            pull.ended(sub, reason);
        }
    });
    let me = pull.me.clone();
    let observation = conn.observe(move |_, event| {
        if let Some(pull) = me.upgrade() {
            pull.connection_changed(event);
        }
    });
    let _ = pull.observation.set(observation);
    let found = match &selection.consumer {
        Consumer::Found(info) => Ok((Some((**info).clone()), info.name.clone(), false)),
        Consumer::Assumed(name) => {
            pull.state.lock().gone.has_no_info();
            Ok((None, name.clone(), false))
        }
        Consumer::New => selection
            .create(call, wanted, &selection.config)
            .map(|(info, ours)| (Some(info.clone()), info.name, ours)),
    };
    let (info, name, ours) = match found {
        Ok(found) => found,
        Err(error) => {
            pull.ending.keep_consumer();
            sub.withdraw();
            return Err(error);
        }
    };
    if let Some(info) = &info {
        super::super::subscribe::widen_limits(&sub, &info.config);
    }
    {
        let mut state = pull.state.lock();
        pull.set_consumer(&mut state, &name, ours);
        if let Some(info) = &info {
            pull.order_begins(&mut state, info);
        }
    }
    pull.begin();
    pull.act();
    sub.release();
    Ok(sub)
}
