//! A consumer that is created again when it is lost; and the ordered consumer: every message of a
//! stream once and in order, whatever happens to the connection, the server or the consumer.
//!
//! | file | subject |
//! |---|---|
//! | this one | the state, and where a new consumer starts |
//! | `types` | what the machine is told, and what it says |
//! | `received` | messages, heartbeats and answers: is anything missing? |
//! | `initial` | when the initial data are complete |
//! | `attempts` | giving a consumer up, when the next one is created, what the connection does |
//!
//! # How it works
//!
//! A consumer numbers its deliveries. An ordered one is abandoned when a number is missing, when a heartbeat has
//! another last number than the one received, when heartbeats are missing, and when the connection is lost: a new one
//! is created that continues behind the last message delivered. A plain one is abandoned only when the server reports
//! that it does not exist: the server is asked after a reconnect, when heartbeats are missing, and from time to time
//! while nothing arrives. Each attempt to create a consumer is an *epoch* with an inbox of its own, so that a message
//! of an earlier consumer is never taken for one of the present consumer.
//!
//! The heartbeats of a pull request do not contain the last number. So the server is asked for it once each time that
//! messages stop ([`Machine::idle`]).
//!
//! This is a state machine without sockets, threads or clock. Its owner
//!
//! - notifies it of messages ([`Machine::data`], [`Machine::heartbeat`]), of the results of requests
//!   ([`Machine::created`], [`Machine::create_failed`]) and of changes of the connection ([`Machine::lost`],
//!   [`Machine::restored`]);
//! - executes the actions that [`Machine::poll`] returns, after each of these and at [`Machine::wake_at`].
//!
//! # Where a new consumer starts
//!
//! | Delivered so far | Start |
//! |---|---|
//! | a message | behind the last one |
//! | none | where the first consumer started: the server's answer said what came before it |
//! | last per subject, not all of the initial data | last per subject again, without what was delivered |
//!
//! The last line holds because the server sends initial data in the order of the stream: a message that a new
//! consumer of this kind sends up to the last message delivered was also the last of its subject when that one was
//! delivered, and was delivered before it.

mod attempts;
mod initial;
mod received;
mod types;

use std::time::{Duration, Instant};

use super::backoff::Backoff;
use super::patience::Patience;

pub use types::{Action, Created, Kind, Outcome, Policy, Probed, Start};

/// Without a message for this long, while initial data are incomplete, the server is asked whether
/// there are any left.
const PROBE_AFTER: Duration = Duration::from_millis(500);
/// The same where nothing is pending although initial data are missing.
const PROBE_SOON: Duration = Duration::from_millis(10);
/// Without anything from a plain consumer that has no heartbeats for this long, the server is asked
/// whether the consumer is still there.
const IDLE: Duration = Duration::from_secs(30);
/// If heartbeats do not contain the number of the last delivery, the server is asked again after this time: the last
/// message may be lost.
const DOUBT_AGAIN: Duration = Duration::from_secs(30);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The request to create a consumer is under way.
    Creating,
    /// There is a consumer.
    Live,
    /// A consumer will be created at this time.
    Waiting(Instant),
    /// The queue is full; nothing is created until the program has taken some of it, nor before this time.
    Full(Instant),
    /// There is no connection.
    Offline,
    /// The subscription has ended.
    Ended,
}

/// Whether the server has sent more messages than have arrived, if its heartbeats do not show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Doubt {
    /// The server has not been asked since the last message.
    None,
    /// The server is being asked, or will be.
    Asked,
    /// Its last delivery is another one than the last one that has arrived; it may be on its way.
    Differed,
    /// All messages had arrived at this time.
    Dispelled(Instant),
}

/// The state of a consumer.
#[derive(Debug)]
pub struct Machine {
    kind: Kind,
    policy: Policy,
    /// Twice the interval of heartbeats.
    silence: Duration,
    /// The end of the initial data has to be detected without waiting for a heartbeat.
    probes: bool,
    phase: Phase,
    connected: bool,
    /// Numbers the attempts to create a consumer.
    epoch: u64,
    /// The epoch whose inbox the owner uses.
    bound: u64,
    /// A message was missing before the answer about the first consumer had arrived.
    deferred: bool,
    /// Number of the last delivery of this epoch.
    consumer_seq: u64,
    /// Stream sequence of the last delivery of this epoch, delivered to the program or not.
    seen: u64,
    /// Sequence of the last message that was delivered to the program; 0 for none.
    last: u64,
    /// The time by the server's clock at which that was stored, or at which the last consumer was
    /// created.
    last_time: i64,
    /// The sequence before the start of the first consumer. `None` if it is not known.
    floor: Option<u64>,
    /// The number of messages that this epoch's consumer had delivered or still had to deliver when
    /// it was created.
    expected: Option<u64>,
    /// When this epoch's consumer was created, by the server's clock. `None` if that is not known.
    created_at: Option<i64>,
    /// The number of pending messages at each delivery of this epoch, and the time at which that
    /// message was stored, while the server's answer is outstanding.
    unanswered: Vec<(u64, i64)>,
    /// The last of those that were expected was stored after the consumer was created: it, or an earlier
    /// one, has replaced another.
    is_replaced: bool,
    /// The last delivery named nothing pending, and fewer have come than were expected.
    is_short: bool,
    /// Behind which delivery of this epoch the initial data are complete. `None` while that is not known.
    initial_end: Option<u64>,
    initial_complete: bool,
    /// The time of the last message or heartbeat of this epoch's consumer.
    heard: Instant,
    patience: Patience,
    /// The time at which the server is asked whether initial data are left.
    probe_at: Option<Instant>,
    probe_wait: Duration,
    /// The server does not answer when it is asked.
    mute: bool,
    doubt: Doubt,
    backoff: Backoff,
    /// The consumer of this epoch has delivered a message or sent a heartbeat.
    fruitful: bool,
    /// The time of the last request to create a consumer.
    attempted: Instant,
}

impl Machine {
    /// A machine whose first consumer is about to be created with the program's configuration, for
    /// epoch 1, by the caller. `heartbeat` is the consumer's interval, zero for none. With `probes`
    /// the server is asked for the end of the initial data.
    pub fn new(
        kind: Kind,
        policy: Policy,
        heartbeat: Duration,
        probes: bool,
        now: Instant,
    ) -> Self {
        Machine {
            kind,
            policy,
            silence: heartbeat.saturating_mul(2),
            probes,
            phase: Phase::Creating,
            connected: true,
            epoch: 1,
            bound: 1,
            deferred: false,
            consumer_seq: 0,
            seen: 0,
            last: 0,
            last_time: 0,
            floor: None,
            expected: None,
            created_at: None,
            unanswered: Vec::new(),
            is_replaced: false,
            is_short: false,
            initial_end: None,
            initial_complete: false,
            heard: now,
            patience: Patience::default(),
            probe_at: None,
            probe_wait: PROBE_AFTER,
            mute: false,
            doubt: Doubt::None,
            backoff: Backoff::default(),
            fruitful: false,
            attempted: now,
        }
    }

    /// The consumer's heartbeats come in this interval, zero for none.
    pub fn set_heartbeat(&mut self, heartbeat: Duration) {
        self.silence = heartbeat.saturating_mul(2);
    }

    /// Which of its messages the consumer has to give.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The present epoch.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Stream sequence of the last delivery of the present consumer.
    pub fn stream_seq(&self) -> u64 {
        self.seen
    }

    /// Sequence of the last message that was delivered to the program; 0 for none.
    pub fn last(&self) -> u64 {
        self.last
    }

    /// Number of the last delivery of the present consumer.
    pub fn consumer_seq(&self) -> u64 {
        self.consumer_seq
    }

    /// Is the server's answer outstanding that has the number of messages of the present consumer?
    pub fn is_creating(&self) -> bool {
        self.phase == Phase::Creating
    }

    /// Has the server not answered when it was asked, so that asking again is of no use before the next
    /// reconnect?
    pub fn is_mute(&self) -> bool {
        self.mute
    }

    /// Is there a consumer, as far as is known?
    pub fn is_live(&self) -> bool {
        self.phase == Phase::Live
    }

    /// Would a message of the present epoch be accepted?
    pub fn is_listening(&self) -> bool {
        matches!(self.phase, Phase::Creating | Phase::Live)
    }

    /// A time by the server's clock at which the known stream existed: a stream that was created
    /// later is another one.
    pub fn last_time(&self) -> i64 {
        self.last_time
    }

    /// The start of a consumer that is created now.
    pub fn start(&self) -> Start {
        let initial = self.kind == Kind::Ordered
            && self.policy == Policy::LastPerSubject
            && !self.initial_complete;
        match (self.last, self.floor) {
            _ if initial => Start::AsConfigured,
            (0, None) => Start::AsConfigured,
            (last, floor) => Start::Behind(last.max(floor.unwrap_or(0))),
        }
    }

    /// Ends the machine: no more messages are wanted.
    pub fn end(&mut self) {
        self.phase = Phase::Ended;
    }

    fn is_first(&self) -> bool {
        self.epoch == 1
    }
}

#[cfg(test)]
mod tests;
