//! Pull consumers (ADR-13, ADR-42): the program, or the library on its behalf, requests messages.
//!
//! | file | what |
//! |---|---|
//! | `request` | requests, as JSON |
//! | `status` | status messages of a server for a request |
//! | `fetch` | sending a request and waiting for its messages |
//! | `flow` | how much an asynchronous pull requests, and when it ends |
//! | `ahead` | the asynchronous pull, to a callback or one by one: requesting messages ahead of the program, ending |
//! | `ahead::healing` | repeating requests that a server has lost or not answered |
//! | `intake` | messages and statuses on the thread that reads |
//! | `gone` | a consumer that does not exist any more |
//! | `ordered` | the ordered pull |
//! | `subscribe` | making the subscription |
//!
//! A subscription has one inbox, and each request a number below it, which the statuses for it contain. Messages do
//! not contain it: those that arrive too late for one request are used for the next. When requests are lost, with the
//! connection or because the server is silent, the inbox is replaced: servers drop requests whose inbox has no
//! subscriber.

mod ahead;
mod fetch;
pub mod flow;
mod gone;
mod intake;
mod ordered;
pub mod request;
mod status;
mod subscribe;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::{Duration, Instant};

pub use fetch::{Fetched, fetch};
pub use flow::{Ask, Exit, FlowOptions};
pub use request::{FetchRequest, PullOptions};
pub use subscribe::{AsyncPull, NextAsk, pull_subscribe, pull_subscribe_async};

use self::ahead::Ahead;
use self::fetch::Fetching;
use self::request::Body;
use super::api::Api;
use super::ending::Ending;
use super::patience::Patience;
use super::recover::{Recovered, connection_changed, recover};
use crate::client::{
    ConnEvent, Connection, EndReason, Extension, Observation, Publish, Subscription, When,
};
use crate::error::{Error, Result, Status};
use crate::js::api::ConsumerConfig;
use crate::js::context::{Call, CallOptions};
use crate::locks::Mutex;
use crate::log::Target;
use crate::msg::{Msg, OwnerRef, Owners};

/// The part of a pull subscription beyond a subscription of the client: its [`Intake`](crate::client::Intake) and its
/// [`Extension`].
pub struct Pull {
    api: Arc<Api>,
    subjects: Vec<String>,
    stream: String,
    /// The requested configuration of the consumer.
    config: ConsumerConfig,
    owner: OwnerRef,
    /// Messages need no acknowledgement.
    no_ack: bool,
    /// The state of an asynchronous pull.
    ahead: Option<Ahead>,
    /// The pull is an ordered one.
    is_ordered: bool,
    state: Mutex<State>,
    /// A thread is fetching.
    fetching: AtomicBool,
    /// There is an event other than messages for the thread that fetches.
    fetch_news: AtomicBool,
    ending: Arc<Ending>,
    sub: OnceLock<Weak<Subscription>>,
    observation: OnceLock<Observation>,
    me: Weak<Pull>,
}

/// The state that the lock protects. While it is held, publishing, rebinding and setting timers are
/// allowed; waiting is not.
pub(super) struct State {
    /// The sid whose messages are accepted.
    sid: u64,
    /// The prefix of the requests' reply subjects; a dot and a number follow.
    inbox: String,
    /// The consumer's name.
    consumer: String,
    /// The subject of requests.
    next_subject: Arc<str>,
    /// The library created it.
    ours: bool,
    /// The number of the last request.
    last: u64,
    /// The time of the last message or request.
    active: Instant,
    patience: Patience,
    /// The stream sequence of the last message that arrived.
    last_sequence: u64,
    /// The id of the pin that the consumer has assigned.
    pin: String,
    fetch: Option<Fetching>,
    flow: flow::Flow,
    healing: ahead::Healing,
    gone: gone::Gone,
    /// The state of an ordered pull.
    order: Option<ordered::Order>,
    /// The pending actions.
    acts: VecDeque<Act>,
    ended: bool,
}

/// A request to send.
struct Request {
    number: u64,
    subject: Arc<str>,
    reply: String,
    body: String,
}

/// An action to execute with no lock held.
enum Act {
    /// Wake the thread that fetches.
    Wake,
    /// End the asynchronous pull when the waiting messages have been delivered.
    Finish(Exit),
    /// Send further requests.
    Refill,
    /// Have the program decide what to request, on the thread that delivers.
    AskProgram,
    /// The server has no responder for a request: check whether the consumer exists.
    Probe,
    /// The consumer was deleted.
    Gone(Error),
    /// Report to the error handler that this consumer does not exist any more.
    TellGone(String),
    /// Execute the actions of an ordered pull's machine.
    Recover,
}

/// The arguments for making a pull.
struct PullArgs<'a> {
    api: Arc<Api>,
    subjects: &'a [&'a str],
    stream: &'a str,
    config: &'a ConsumerConfig,
    inbox: String,
    no_ack: bool,
    ahead: Option<Ahead>,
    order: Option<ordered::Order>,
}

impl Pull {
    fn new(args: PullArgs<'_>) -> Arc<Pull> {
        let conn = args.api.connection().clone();
        Arc::new_cyclic(|me| Pull {
            subjects: args.subjects.iter().map(|s| (*s).to_owned()).collect(),
            stream: args.stream.to_owned(),
            config: args.config.clone(),
            owner: super::Acker::owner(&conn, args.api.context.wait()),
            no_ack: args.no_ack,
            is_ordered: args.order.is_some(),
            state: Mutex::new(State {
                sid: 0,
                inbox: args.inbox,
                consumer: String::new(),
                next_subject: Arc::from(""),
                ours: false,
                last: 0,
                active: Instant::now(),
                patience: Patience::default(),
                last_sequence: 0,
                pin: args
                    .ahead
                    .as_ref()
                    .map(|a| a.options.pull.id.clone())
                    .unwrap_or_default(),
                fetch: None,
                flow: flow::Flow::default(),
                healing: ahead::Healing::default(),
                gone: gone::Gone::default(),
                order: args.order,
                acts: VecDeque::new(),
                ended: false,
            }),
            ahead: args.ahead,
            fetching: AtomicBool::new(false),
            fetch_news: AtomicBool::new(false),
            ending: Ending::new(&args.api, args.stream),
            sub: OnceLock::new(),
            observation: OnceLock::new(),
            me: me.clone(),
            api: args.api,
        })
    }

    fn connection(&self) -> &Arc<Connection> {
        self.api.connection()
    }

    /// Does the library request messages, while the program takes them one by one?
    fn is_iterated(&self) -> bool {
        self.ahead.as_ref().is_some_and(|ahead| ahead.is_iterated)
    }

    /// The stream and the consumer.
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

    /// Prepares a message for delivery to the program.
    fn hand_over(&self, msg: &mut Msg) {
        // What needs no acknowledgement needs no way back for one.
        if self.no_ack {
            msg.set_acked();
        } else {
            msg.set_owner(self.owner.clone());
        }
    }

    /// What messages are given for their acknowledgement, for so many messages.
    fn owners(&self, count: usize) -> Owners {
        match self.no_ack {
            true => self.owner.many(0),
            false => self.owner.many(count),
        }
    }

    /// Uses this consumer from now on.
    fn set_consumer(&self, state: &mut State, name: &str, ours: bool) {
        state.next_subject = self
            .call()
            .subject("CONSUMER.MSG.NEXT", &[&self.stream, name])
            .into();
        state.consumer = name.to_owned();
        state.ours = ours;
    }

    /// Creates a request with the next number.
    fn request(state: &mut State, body: &Body<'_>) -> Request {
        state.last += 1;
        state.active = Instant::now();
        Request {
            number: state.last,
            subject: state.next_subject.clone(),
            reply: format!("{}.{}", state.inbox, state.last),
            body: body.write(),
        }
    }

    /// Sends a request. Waits for room in the outgoing buffer until the deadline.
    fn send_request(&self, request: &Request, when: When, deadline: Instant) -> Result<()> {
        self.connection().log().debug(Target::JetStream, || {
            format!("pull request to {}: {}", request.subject, request.body)
        });
        let out = Publish {
            subject: request.subject.as_bytes(),
            reply: Some(request.reply.as_bytes()),
            payload: request.body.as_bytes(),
            ..Publish::default()
        };
        self.connection().publish_with(&out, when, Some(deadline))
    }

    /// Replaces the inbox: servers drop the requests of the previous one. If this fails, the
    /// subscription is closed or draining, and sends no more requests.
    fn leave_inbox(&self, state: &mut State, sub: &Arc<Subscription>) -> Result<()> {
        let inbox = self.connection().new_inbox();
        state.sid = sub.rebind(&[&inbox[..], b".*"].concat())?;
        state.inbox = String::from_utf8_lossy(&inbox).into_owned();
        Ok(())
    }

    /// The connection was lost or restored.
    fn connection_changed(&self, event: ConnEvent) {
        if self.is_ordered {
            return connection_changed(self, event);
        }
        let Some(sub) = self.subscription() else {
            return;
        };
        let mut state = self.state.lock();
        if state.ended {
            return;
        }
        match event {
            ConnEvent::Lost => {
                // At once, so that the next server receives the subscription to the new inbox only.
                let _ = self.leave_inbox(&mut state, &sub);
                self.requests_lost(&mut state);
            }
            ConnEvent::Restored => {
                state.active = Instant::now();
                if let Some(fetch) = &mut state.fetch {
                    fetch.again = true;
                    state.acts.push_back(Act::Wake);
                }
                if self.ahead.is_some() {
                    // A request that was postponed is sent now.
                    if let Some(timer) = state.healing.stop() {
                        timer.cancel();
                    }
                    state.acts.push_back(Act::Refill);
                }
            }
            _ => {}
        }
        drop(state);
        self.act();
    }

    /// The subscription has ended.
    fn ended(&self, sub: &Arc<Subscription>, reason: EndReason) {
        let mut state = self.state.lock();
        state.ended = true;
        state.acts.clear();
        let timers = [
            state.healing.stop(),
            state.gone.stop(),
            self.ahead.as_ref().and_then(Ahead::stop),
            Self::parts(&mut state).and_then(|parts| {
                parts.machine.end();
                parts.timing.stop()
            }),
        ];
        let ours = std::mem::take(&mut state.ours);
        let consumer = state.consumer.clone();
        drop(state);
        timers.into_iter().flatten().for_each(|timer| {
            timer.cancel();
        });
        let is_unsubscribed = reason == EndReason::Unsubscribed && !self.ending.is_kept();
        if ours && self.ending.deletes_after(reason) {
            self.ending.delete_later(sub, consumer);
        } else if ours && self.is_ordered && !is_unsubscribed {
            // No other client can use the consumer.
            self.ending.delete_unused(&consumer);
        } else if ours {
            // If the program unsubscribes, the consumer is deleted next.
            self.state.lock().ours = ours;
        }
    }

    /// Executes the pending actions. The caller must not hold a lock.
    fn act(&self) {
        loop {
            let Some(act) = self.state.lock().acts.pop_front() else {
                return;
            };
            match act {
                Act::Wake => {
                    self.fetch_news.store(true, Ordering::Release);
                    if let Some(sub) = self.subscription() {
                        sub.wake();
                    }
                }
                Act::Finish(exit) => self.finish_after_queue(exit),
                Act::Refill => self.refill(),
                Act::AskProgram => {
                    if let Some(sub) = self.subscription() {
                        sub.nudge();
                    }
                }
                Act::Probe => self.probe(),
                Act::Gone(error) => self.consumer_gone(error),
                Act::TellGone(consumer) => {
                    if let Some(sub) = self.subscription() {
                        self.api.report_gone(&sub, &self.stream, &consumer);
                    }
                }
                Act::Recover => recover(self),
            }
        }
    }
}

impl Extension for Pull {
    fn next_begins(&self, _sub: &Arc<Subscription>) -> Result<()> {
        if self.is_iterated() {
            return Ok(());
        }
        Err(Error::new(
            Status::NATS_INVALID_SUBSCRIPTION,
            "not applicable to JetStream pull subscriptions",
        ))
    }

    fn taken(&self, sub: &Arc<Subscription>, msg: &mut Msg) {
        self.iterated(sub, msg);
    }

    fn next_failed(&self, sub: &Arc<Subscription>, error: Error) -> Error {
        self.iteration_failed(sub, error)
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
        Some(serde_json::Value::from(self.subjects.clone()).to_string())
    }
}

/// The longest silence: twice the interval of heartbeats.
fn silence(heartbeat: Duration) -> Option<Duration> {
    (!heartbeat.is_zero()).then(|| heartbeat.saturating_mul(2))
}

/// The parsers of statuses, for the programs in `fuzz/`.
#[cfg(fuzzing)]
pub mod fuzzing {
    use super::status::{self, Said};
    use crate::error::Error;
    use crate::msg::Msg;

    /// The error of a status, and the number of messages that have not been sent.
    pub fn said(msg: &Msg) -> Option<(Error, Option<u64>)> {
        Said::of(msg).map(|said| (said.error, said.pending))
    }

    /// The number of the request that a status is about.
    pub fn number(msg: &Msg, inbox: &str) -> Option<u64> {
        status::number(msg, inbox)
    }
}
