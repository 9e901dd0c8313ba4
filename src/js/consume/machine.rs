//! A push consumer that is made again when it is lost; and the ordered consumer: every message of a
//! stream once and in order, whatever happens to the connection, the server or the consumer.
//!
//! # How it works
//!
//! A consumer numbers its deliveries. For an ordered one a number that is missing, a heartbeat with
//! another number than the last one received, heartbeats that do not come, or a reconnect end the
//! consumer: a new one is created that goes on where the program's knowledge ends. A plain one is
//! given up only when the server says that it is no longer: that is asked after a reconnect, when
//! heartbeats are missing, and now and then while nothing comes. Each attempt to create one is an
//! *epoch* with a deliver subject of its own, so that nothing of an earlier consumer is taken for a
//! message of the present one.
//!
//! This file is a state machine without sockets, threads or clock. Its owner
//!
//! - tells it what arrives ([`Machine::data`], [`Machine::heartbeat`]), how requests went
//!   ([`Machine::created`], [`Machine::create_failed`]) and what the connection does
//!   ([`Machine::lost`], [`Machine::restored`]);
//! - does what [`Machine::poll`] says, after each of these and at [`Machine::wake_at`].
//!
//! # Where a new consumer starts
//!
//! | The program has got | Start |
//! |---|---|
//! | a message | behind the last one |
//! | none yet | where the first consumer started: the server's answer said what came before it |
//! | last per subject, not all of the initial data | last per subject again, without what was delivered |
//!
//! The last line holds because the server sends initial data in the order of the stream: what a
//! new consumer of this kind sends up to the last message delivered was also last per subject when
//! that was delivered, and has come with it.

use std::time::{Duration, Instant};

use super::backoff::{Backoff, SHORTEST};
use super::metadata::Metadata;

/// Without a message for this long, while initial data are incomplete, the server is asked whether
/// there are any left.
const PROBE_AFTER: Duration = Duration::from_millis(500);
/// Without anything from a plain consumer that has no heartbeats for this long, the server is asked
/// whether the consumer is still there.
const IDLE: Duration = Duration::from_secs(30);

/// Which of its messages a consumer has to give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// All, once each and in the order of the stream.
    Ordered,
    /// Those that it delivers, as often as it does.
    Plain,
}

/// What the program asked for, as far as it decides where later consumers start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// All messages, or those from a sequence or a time on: until a message came, the same
    /// configuration gives the same messages.
    Fixed,
    /// New messages, or the last one: a later consumer with the same configuration would miss some.
    Moving,
    /// The last message of each subject.
    LastPerSubject,
}

/// Where a consumer is to start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// As the program's configuration says.
    AsConfigured,
    /// Behind this sequence of the stream.
    Behind(u64),
}

/// What the owner of the machine has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Take a new deliver subject, and leave the old one and its consumer.
    Rebind {
        /// Whose deliver subject that will be.
        epoch: u64,
    },
    /// Create a consumer.
    Create {
        /// Whose deliver subject it has.
        epoch: u64,
        /// Where it starts.
        start: Start,
    },
    /// Ask for the state of the consumer, and tell [`Machine::probed`].
    Probe {
        /// Whose consumer that is.
        epoch: u64,
    },
}

/// What becomes of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Outcome {
    /// It goes to the program.
    pub deliver: bool,
    /// Behind it all initial data have been delivered. Said once.
    pub initial_complete: bool,
}

/// What the server said of a consumer that it created.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Created {
    /// `delivered.stream_seq`: the sequence before the first that it will look at.
    pub stream_seq: u64,
    /// `delivered.consumer_seq`: nought, unless it has already delivered something.
    pub consumer_seq: u64,
    /// `num_pending`: how many messages wait for it.
    pub pending: u64,
    /// When it was created, by the server's clock, in nanoseconds since 1970.
    pub time: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The request to create a consumer is under way.
    Creating,
    /// There is a consumer.
    Live,
    /// A consumer will be created at this time.
    Waiting(Instant),
    /// The queue is full; nothing is created until the program has taken some of it.
    Full,
    /// There is no connection.
    Offline,
    /// It is over.
    Ended,
}

/// The state of a push consumer.
#[derive(Debug)]
pub struct Machine {
    kind: Kind,
    policy: Policy,
    /// Twice the interval of heartbeats.
    silence: Duration,
    /// Whether anyone wants to know that initial data are complete without waiting for a heartbeat.
    probes: bool,
    phase: Phase,
    connected: bool,
    /// Numbers the attempts to create a consumer.
    epoch: u64,
    /// The epoch whose deliver subject the owner uses.
    bound: u64,
    /// Something was missing before the first consumer's answer had come.
    deferred: bool,
    /// Number of the last delivery of this epoch.
    consumer_seq: u64,
    /// Stream sequence of the last delivery of this epoch, given to the program or not.
    seen: u64,
    /// Sequence of the last message that the program was given; 0 for none.
    last: u64,
    /// When that was stored, or the last consumer created, by the server's clock.
    last_time: i64,
    /// What came before the first consumer's start. `None` where that is not known.
    floor: Option<u64>,
    /// How many messages this epoch's consumer had delivered or still had to deliver when it was
    /// created.
    expected: Option<u64>,
    initial_complete: bool,
    /// When this epoch's consumer was last heard of.
    heard: Instant,
    /// When the server is asked whether initial data are left.
    probe_at: Option<Instant>,
    probe_wait: Duration,
    /// The server does not answer when it is asked.
    mute: bool,
    backoff: Backoff,
    /// This epoch has brought something of use.
    fruitful: bool,
    /// When the last consumer was asked for.
    attempted: Instant,
}

impl Machine {
    /// A machine whose first consumer is about to be created with the program's configuration, for
    /// epoch 1, by whoever makes this. `heartbeat` is the consumer's interval, zero for none. `probes`
    /// says that somebody waits to hear that the initial data are complete.
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
            initial_complete: false,
            heard: now,
            probe_at: None,
            probe_wait: PROBE_AFTER,
            mute: false,
            backoff: Backoff::default(),
            fruitful: false,
            attempted: now,
        }
    }

    /// The consumer's heartbeats come in this interval, zero for none.
    pub fn set_heartbeat(&mut self, heartbeat: Duration) {
        self.silence = heartbeat.saturating_mul(2);
    }

    /// The present epoch.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Stream sequence of the last delivery of the present consumer.
    pub fn stream_seq(&self) -> u64 {
        self.seen
    }

    /// Sequence of the last message that the program was given; 0 for none.
    pub fn last(&self) -> u64 {
        self.last
    }

    /// Number of the last delivery of the present consumer.
    pub fn consumer_seq(&self) -> u64 {
        self.consumer_seq
    }

    /// Have all initial data been delivered?
    pub fn is_initial_complete(&self) -> bool {
        self.initial_complete
    }

    /// Is the server's answer awaited that says how much the present consumer has to deliver?
    pub fn is_creating(&self) -> bool {
        self.phase == Phase::Creating
    }

    /// Behind how many deliveries of the present consumer the initial data are complete, where that
    /// is known.
    pub fn expected(&self) -> Option<u64> {
        self.expected
    }

    /// Would a message of the present epoch be looked at?
    pub fn is_listening(&self) -> bool {
        matches!(self.phase, Phase::Creating | Phase::Live)
    }

    /// A message came from the consumer of `epoch`.
    pub fn data(&mut self, epoch: u64, meta: &Metadata<'_>, now: Instant) -> Outcome {
        if self.kind == Kind::Plain {
            return self.plain_data(meta, now);
        }
        if epoch != self.epoch || !self.is_listening() || self.deferred {
            return Outcome::default();
        }
        self.heard = now;
        if meta.consumer_seq <= self.consumer_seq {
            // The same delivery twice, or a consumer that counts anew.
            if meta.stream_seq > self.seen {
                self.reset(now);
            }
            return Outcome::default();
        }
        if meta.consumer_seq != self.consumer_seq + 1 {
            self.reset(now);
            return Outcome::default();
        }
        self.consumer_seq = meta.consumer_seq;
        self.seen = self.seen.max(meta.stream_seq);
        self.probe_later(now);
        let deliver = meta.stream_seq > self.last;
        if deliver {
            self.last = meta.stream_seq;
            self.last_time = meta.timestamp;
            self.fruitful = true;
        }
        Outcome {
            deliver,
            initial_complete: self.complete_if(meta.pending == 0 || self.has_all_expected()),
        }
    }

    /// A plain consumer delivers what it likes, also again; only the last message of several need be
    /// told.
    fn plain_data(&mut self, meta: &Metadata<'_>, now: Instant) -> Outcome {
        self.heard = now;
        self.consumer_seq = meta.consumer_seq;
        self.seen = meta.stream_seq;
        if meta.stream_seq > self.last {
            (self.last, self.last_time) = (meta.stream_seq, meta.timestamp);
        }
        self.fruitful = true;
        Outcome {
            deliver: true,
            initial_complete: false,
        }
    }

    /// A heartbeat came from the consumer of `epoch`, which says what the consumer's last delivery
    /// was. `stalled` where it says that it waits for flow control.
    pub fn heartbeat(
        &mut self,
        epoch: u64,
        last_consumer_seq: Option<u64>,
        stalled: bool,
        now: Instant,
    ) -> Outcome {
        if self.kind == Kind::Plain {
            self.heard = now;
            return Outcome::default();
        }
        if epoch != self.epoch || !self.is_listening() || self.deferred {
            return Outcome::default();
        }
        self.heard = now;
        match last_consumer_seq {
            Some(last) if last != self.consumer_seq => {
                self.reset(now);
                return Outcome::default();
            }
            Some(_) => self.fruitful = true,
            None => return Outcome::default(),
        }
        // A consumer that is idle has nothing left, even where messages that it had were deleted.
        let idle = !stalled && self.phase == Phase::Live;
        Outcome {
            deliver: false,
            initial_complete: self.complete_if(idle),
        }
    }

    /// The consumer of `epoch` is there. `None` where that one is not wanted any more, and should be
    /// deleted.
    pub fn created(&mut self, epoch: u64, created: Created, now: Instant) -> Option<Outcome> {
        if epoch != self.epoch || self.phase != Phase::Creating {
            return None;
        }
        self.phase = Phase::Live;
        self.heard = now;
        // What it had delivered before it answered is not pending any more.
        self.expected = Some(created.pending.saturating_add(created.consumer_seq));
        if self.last == 0 {
            self.last_time = created.time;
        }
        if self.floor.is_none() {
            // One that has delivered before it answered does not say where it started.
            self.floor = match self.policy {
                _ if created.consumer_seq == 0 => Some(created.stream_seq),
                Policy::Moving => Some(created.stream_seq.saturating_sub(created.consumer_seq)),
                Policy::Fixed | Policy::LastPerSubject => None,
            };
        }
        self.probe_later(now);
        let initial_complete = !self.deferred && self.has_all_expected();
        let initial_complete = self.complete_if(initial_complete);
        if std::mem::take(&mut self.deferred) {
            self.reset(now);
        }
        Some(Outcome {
            deliver: false,
            initial_complete,
        })
    }

    /// The consumer of `epoch` could not be created.
    pub fn create_failed(&mut self, epoch: u64, now: Instant) {
        if epoch == self.epoch && self.phase == Phase::Creating {
            self.reset(now);
        }
    }

    /// The answer to [`Action::Probe`]: what the consumer has delivered, and how much it has left.
    pub fn probed(&mut self, epoch: u64, consumer_seq: u64, pending: u64) -> Outcome {
        let current = epoch == self.epoch && self.phase == Phase::Live;
        if self.kind == Kind::Plain {
            self.probe_wait = Duration::ZERO;
            return Outcome::default();
        }
        let complete = current && pending == 0 && consumer_seq == self.consumer_seq;
        Outcome {
            deliver: false,
            initial_complete: self.complete_if(complete),
        }
    }

    /// There was no answer to [`Action::Probe`], or one that says nothing. `denied` where asking
    /// again is of no use before the next reconnect.
    pub fn probe_failed(&mut self, epoch: u64, denied: bool, now: Instant) {
        if epoch == self.epoch && self.kind == Kind::Plain {
            self.mute = denied;
            self.probe_at = match denied {
                true => None,
                false => now.checked_add(self.backoff.failed()),
            };
        }
    }

    /// The consumer of `epoch` is no longer.
    pub fn gone(&mut self, epoch: u64, now: Instant) {
        if epoch == self.epoch && self.phase == Phase::Live {
            self.reset(now);
        }
    }

    /// The queue has no room for a message of this epoch, which will be asked for again.
    pub fn overflowed(&mut self, now: Instant) {
        if self.is_listening() && !self.deferred {
            let first = self.is_first() && self.phase == Phase::Creating;
            self.reset(now);
            if !first {
                self.phase = Phase::Full;
            }
        }
    }

    /// Does it wait for room in the queue?
    pub fn is_full(&self) -> bool {
        self.phase == Phase::Full
    }

    /// There is room in the queue again.
    pub fn drained(&mut self, now: Instant) {
        if self.phase == Phase::Full {
            self.wait_until(now);
        }
    }

    /// The connection is lost.
    pub fn lost(&mut self) {
        self.connected = false;
        if self.kind == Kind::Plain && matches!(self.phase, Phase::Live | Phase::Creating) {
            self.probe_at = None;
            // What is being created may be there or not.
            if self.phase == Phase::Creating && !self.is_first() {
                self.next_epoch();
                self.phase = Phase::Offline;
            }
            return;
        }
        match self.phase {
            Phase::Ended | Phase::Full => {}
            // Whoever creates the first consumer learns how that went.
            Phase::Creating if self.is_first() => self.deferred = true,
            _ => {
                self.next_epoch();
                self.phase = Phase::Offline;
            }
        }
    }

    /// There is a connection again.
    pub fn restored(&mut self, now: Instant) {
        self.connected = true;
        self.mute = false;
        if self.kind == Kind::Plain {
            self.heard = now;
            self.probe_at = Some(now);
        }
        if self.phase == Phase::Offline {
            self.backoff.succeeded();
            self.phase = Phase::Waiting(now);
        }
    }

    /// The stream was deleted and made again: its sequences begin anew, and all that it has is new
    /// to the program.
    pub fn stream_made_again(&mut self) {
        self.last = 0;
        self.floor = Some(0);
    }

    /// It is over: nothing more is wanted.
    pub fn end(&mut self) {
        self.phase = Phase::Ended;
    }

    /// Is the consumer silent for too long? Said once for each time that passes; the consumer is
    /// given up for a new one.
    pub fn missed(&mut self, now: Instant) -> bool {
        let due = self.silent_at().is_some_and(|at| now >= at);
        match self.kind {
            Kind::Ordered if due => self.reset(now),
            Kind::Plain if due => {
                self.heard = now;
                self.probe_at = Some(now).filter(|_| !self.mute);
                return !self.silence.is_zero();
            }
            _ => {}
        }
        due
    }

    /// What to do now. To be called until it returns `None`.
    pub fn poll(&mut self, now: Instant) -> Option<Action> {
        if self.phase == Phase::Ended {
            return None;
        }
        if self.bound != self.epoch {
            self.bound = self.epoch;
            return Some(Action::Rebind { epoch: self.epoch });
        }
        match self.phase {
            Phase::Waiting(at) if now >= at && self.connected => {
                self.phase = Phase::Creating;
                self.attempted = now;
                Some(Action::Create {
                    epoch: self.epoch,
                    start: self.start(),
                })
            }
            Phase::Live if self.probe_at.is_some_and(|at| now >= at) => {
                self.probe_wait = self.probe_wait.saturating_mul(2);
                self.probe_at = match self.kind {
                    Kind::Ordered => now.checked_add(self.probe_wait),
                    Kind::Plain => None,
                };
                Some(Action::Probe { epoch: self.epoch })
            }
            _ => None,
        }
    }

    /// When [`Machine::missed`] and [`Machine::poll`] want to be called again at the latest.
    pub fn wake_at(&self) -> Option<Instant> {
        match self.phase {
            Phase::Waiting(at) if self.connected => Some(at),
            Phase::Live => [self.silent_at(), self.probe_at]
                .into_iter()
                .flatten()
                .min(),
            _ => None,
        }
    }

    /// A time, by the server's clock, when the stream that is known was there: one that was created
    /// later is another.
    pub fn last_time(&self) -> i64 {
        self.last_time
    }

    /// Where a consumer that is created now has to start.
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

    fn is_first(&self) -> bool {
        self.epoch == 1
    }

    fn silent_at(&self) -> Option<Instant> {
        let silence = match (self.kind, self.silence) {
            (Kind::Plain, Duration::ZERO) => IDLE,
            (Kind::Ordered, Duration::ZERO) => return None,
            (_, silence) => silence,
        };
        let on = self.phase == Phase::Live && self.connected;
        on.then(|| self.heard.checked_add(silence)).flatten()
    }

    fn has_all_expected(&self) -> bool {
        self.expected.is_some_and(|n| self.consumer_seq >= n)
    }

    fn complete_if(&mut self, complete: bool) -> bool {
        let now = complete && !self.initial_complete;
        if now {
            self.initial_complete = true;
            self.probe_at = None;
        }
        now
    }

    fn probe_later(&mut self, now: Instant) {
        self.probe_wait = PROBE_AFTER;
        if self.kind == Kind::Ordered && self.probes && !self.initial_complete {
            self.probe_at = now.checked_add(PROBE_AFTER);
        }
    }

    /// Gives the consumer up for a new one.
    fn reset(&mut self, now: Instant) {
        if self.phase == Phase::Creating && self.is_first() {
            self.deferred = true;
            return;
        }
        let at = self.when(now);
        self.next_epoch();
        self.wait_until(at);
    }

    fn wait_until(&mut self, at: Instant) {
        self.phase = match self.connected {
            true => Phase::Waiting(at),
            false => Phase::Offline,
        };
    }

    /// When to create the next consumer: soon after one that was of use, later and later after those
    /// that were not.
    fn when(&mut self, now: Instant) -> Instant {
        let wait = match self.fruitful {
            true => {
                self.backoff.succeeded();
                let since = now.saturating_duration_since(self.attempted);
                SHORTEST.saturating_sub(since)
            }
            false => self.backoff.failed(),
        };
        now + wait
    }

    fn next_epoch(&mut self) {
        self.epoch += 1;
        self.consumer_seq = 0;
        self.seen = 0;
        self.expected = None;
        self.fruitful = false;
        self.probe_at = None;
    }
}

#[cfg(test)]
#[path = "machine_tests.rs"]
mod tests;
