//! The asynchronous pull: messages are delivered to a callback, or the program takes them one by one, and further
//! messages are requested as they are processed.
//!
//! If a server ends a request early, loses it or does not answer it, the thread that detects this, the one that reads
//! or the timer thread, requests the messages again, even while the program's callback runs.

mod healing;

use std::sync::Arc;
use std::time::{Duration, Instant};

pub(super) use self::healing::Healing;

use super::flow::{Ask, Exit, FlowOptions};
use super::request::{Body, expiry, heartbeat_chosen, heartbeat_within};
use super::{Pull, State, silence};
use crate::client::{Subscription, Timer, When};
use crate::error::{Error, Status};
use crate::js::consume::recover::Recovered;
use crate::locks::{Mutex, MutexGuard};
use crate::msg::Msg;

/// A request with heartbeats must have an expiry; without one of the program it is renewed after
/// this time.
const RENEWED: Duration = Duration::from_secs(30);
/// The default interval of heartbeats.
const DEFAULT_HEARTBEAT: Duration = Duration::from_secs(5);

/// The additional state of an asynchronous pull.
pub(super) struct Ahead {
    pub(super) options: FlowOptions,
    pub(super) next: Option<super::NextAsk>,
    /// The program takes the messages; there is no callback.
    pub(super) is_iterated: bool,
    /// The end of its time.
    deadline: Option<Instant>,
    /// The heartbeats that requests ask for.
    heartbeat: Heartbeat,
    /// The expiry of a request with heartbeats that has no other expiry.
    renewal: Duration,
    /// The time without a message of the server after which its requests count as lost.
    silence: Option<Duration>,
    timers: Mutex<Timers>,
}

#[derive(Default)]
struct Timers {
    silence: Option<Timer>,
    timeout: Option<Timer>,
}

impl Ahead {
    /// `longest` is the longest time that a request may wait at the consumer.
    pub(super) fn new(
        options: FlowOptions,
        next: Option<super::NextAsk>,
        is_iterated: bool,
        longest: Longest,
    ) -> Self {
        let timeout = Some(options.timeout).filter(|t| !t.is_zero());
        let heartbeat = Heartbeat::choose(&options, longest);
        let renewal = RENEWED.max(heartbeat.interval.saturating_mul(4));
        Ahead {
            deadline: timeout.and_then(|timeout| Instant::now().checked_add(timeout)),
            renewal: match longest {
                Longest::Limited(most) => renewal.min(most),
                Longest::Unlimited | Longest::Unknown => renewal,
            },
            // A request that does not wait is answered at once.
            silence: silence(heartbeat.interval)
                .or_else(|| options.no_wait.then_some(DEFAULT_HEARTBEAT * 2)),
            heartbeat,
            options,
            next,
            is_iterated,
            timers: Mutex::default(),
        }
    }

    /// Its timers stop. Returns one of them for the caller to cancel.
    pub(super) fn stop(&self) -> Option<Timer> {
        let mut timers = self.timers.lock();
        let (silence, timeout) = (timers.silence.take(), timers.timeout.take());
        drop(timers);
        if let Some(timer) = timeout {
            timer.cancel();
        }
        silence
    }
}

/// The longest time that a request may wait at a consumer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Longest {
    Unlimited,
    Limited(Duration),
    /// The configuration of the consumer could not be read.
    Unknown,
}

/// The heartbeats of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Heartbeat {
    /// Zero for never.
    interval: Duration,
    /// The program chose it.
    is_chosen: bool,
}

impl Heartbeat {
    /// A server that has lost a request, because it was restarted behind the server that the program is connected to,
    /// sends nothing. So requests ask for heartbeats even if the program does not, except if the consumer may refuse
    /// a request with an expiry, which a request with heartbeats must have.
    fn choose(options: &FlowOptions, longest: Longest) -> Self {
        let chosen = options.pull.heartbeat;
        let interval = match longest {
            _ if !chosen.is_zero() || options.no_wait => chosen,
            Longest::Unlimited => DEFAULT_HEARTBEAT,
            Longest::Limited(most) => DEFAULT_HEARTBEAT.min(most / 4),
            Longest::Unknown => Duration::ZERO,
        };
        Heartbeat {
            interval,
            is_chosen: !chosen.is_zero(),
        }
    }
}

impl Pull {
    fn options(&self) -> Option<&FlowOptions> {
        self.ahead.as_ref().map(|ahead| &ahead.options)
    }

    /// The subscription and its consumer exist: requests the first messages.
    pub(super) fn begin(&self) {
        let Some(ahead) = &self.ahead else { return };
        if let Some(deadline) = ahead.deadline {
            let left = deadline.saturating_duration_since(Instant::now());
            let over = |pull: &Pull| pull.finish_after_queue(Exit(Status::NATS_TIMEOUT.into()));
            ahead.timers.lock().timeout = Some(self.later(left, over));
        }
        if let Some(silence) = ahead.silence {
            self.listen(ahead, silence);
        }
        match ahead.options.by_program {
            true => {
                if let Some(sub) = self.subscription() {
                    self.ask_program(&sub);
                }
            }
            false => self.refill(),
        }
    }

    /// Sends the requests that are due, unless a timer or the recovery of the consumer will send
    /// them.
    pub(super) fn refill(&self) {
        let (Some(options), Some(sub)) = (self.options(), self.subscription()) else {
            return;
        };
        let dropped = sub.dropped().unwrap_or(0);
        let mut state = self.state.lock();
        state.flow.dropped(dropped.unsigned_abs());
        while self.may_ask(&state) {
            let ask = match options.by_program {
                true => state.healing.lost.take(),
                false => state.flow.decide(options),
            };
            let Some(ask) = ask else { return };
            if let Err(error) = self.send(&mut state, options, ask) {
                return self.not_sent(state, ask, error);
            }
        }
    }

    /// A request could not be sent. If the outgoing buffer has no room it is sent later; any other reason ends the
    /// pull.
    fn not_sent(&self, mut state: MutexGuard<'_, State>, ask: Ask, error: Error) {
        match error.status() {
            Status::NATS_TIMEOUT | Status::NATS_INSUFFICIENT_BUFFER => {
                self.note_lost(&mut state, ask);
                self.heal_later(&mut state);
            }
            _ => {
                drop(state);
                self.finish_after_queue(Exit(error));
            }
        }
    }

    /// Are there a server and a consumer, and no timer that will send the request?
    fn may_ask(&self, state: &State) -> bool {
        let waits = state.healing.timer.is_some() || state.gone.is_being_made();
        let over = state.ended || state.healing.exit.is_some();
        let is_live = state.order.as_ref().is_none_or(|o| o.machine.is_live());
        !waits && !over && is_live && !self.connection().is_reconnecting()
    }

    fn send(&self, state: &mut State, options: &FlowOptions, ask: Ask) -> crate::error::Result<()> {
        let now = Instant::now();
        let ahead = self.ahead.as_ref();
        let deadline = ahead.and_then(|ahead| ahead.deadline);
        let timeout = deadline.map(|_| options.timeout);
        let heartbeat = ahead.map(|ahead| ahead.heartbeat);
        let interval = heartbeat.map_or(Duration::ZERO, |h| h.interval);
        let expires = match deadline {
            Some(deadline) => Some(expiry(deadline, now)).filter(|e| !e.is_zero()),
            None if interval.is_zero() => None,
            None => ahead.map(|ahead| ahead.renewal),
        };
        let is_first = state.healing.asked.replace(now).is_none();
        let id = state.pin.clone();
        let body = Body {
            batch: ask.messages,
            max_bytes: ask.max_bytes,
            expires,
            no_wait: options.no_wait,
            heartbeat: match is_first && heartbeat.is_some_and(|h| h.is_chosen) {
                true => heartbeat_chosen(interval, timeout, expires),
                false => heartbeat_within(interval, expires),
            },
            id: &id,
            options: &options.pull,
        };
        let request = Self::request(state, &body);
        // The thread that reads and the timer thread do not wait for room.
        self.send_request(&request, When::Buffered, now)?;
        // The server cannot have heard of it before, however long that took.
        state.active = Instant::now();
        state.flow.asked(request.number, ask);
        Ok(())
    }

    /// Calls the program to decide what to request. Runs on the thread that delivers.
    fn ask_program(&self, sub: &Arc<Subscription>) {
        let (Some(options), Some(next)) = (
            self.options(),
            self.ahead.as_ref().and_then(|a| a.next.as_ref()),
        ) else {
            return;
        };
        let Some(ask) = next(sub).filter(|ask| ask.messages > 0) else {
            return;
        };
        let mut state = self.state.lock();
        if !self.may_ask(&state) {
            // It is requested together with the lost messages.
            return self.note_lost(&mut state, ask);
        }
        if let Err(error) = self.send(&mut state, options, ask) {
            self.not_sent(state, ask, error);
        }
    }

    /// Returns the message to deliver; `None` if a limit of the pull is reached. Runs on the thread that delivers.
    pub fn before_callback(&self, mut msg: Msg) -> Option<Msg> {
        let state = self.state.lock();
        if matches!(&state.healing.exit, Some(Exit(e)) if e.status() == Status::NATS_MAX_DELIVERED_MSGS)
        {
            return None;
        }
        drop(state);
        self.note_pin(&msg);
        self.hand_over(&mut msg);
        Some(msg)
    }

    /// Requests must have the id of the pin, which is a header of the consumer's messages.
    fn note_pin(&self, msg: &Msg) {
        if self.options().is_some_and(|o| !o.pull.group.is_empty())
            && let Some(pin) = msg.header(b"Nats-Pin-Id")
        {
            let mut state = self.state.lock();
            if state.pin.as_bytes() != pin {
                state.pin = String::from_utf8_lossy(pin).into_owned();
            }
        }
    }

    /// The program takes a message: sends the requests that are due. Runs on the program's thread.
    pub(super) fn iterated(&self, sub: &Subscription, msg: &mut Msg) {
        let Some(options) = self.options() else {
            return;
        };
        self.note_pin(msg);
        self.hand_over(msg);
        let mut state = self.state.lock();
        state.flow.delivered(msg.size() as u64);
        let is_full = state.flow.is_full(options);
        self.look_for_room(&mut state, sub);
        drop(state);
        match is_full {
            true => self.finish_after_queue(Exit::full()),
            false => self.refill(),
        }
        self.act();
    }

    /// The reason why the program cannot take a message: why the pull has ended, if it has.
    pub(super) fn iteration_failed(&self, sub: &Arc<Subscription>, error: Error) -> Error {
        let exit = match sub.is_valid() {
            true => None,
            false => self.state.lock().healing.exit.clone(),
        };
        exit.map_or(error, |exit| self.why_over(exit))
    }

    /// Why the pull has ended, in words if the server has not said it.
    #[cold]
    fn why_over(&self, Exit(reason): Exit) -> Error {
        let no_wait = self.options().is_some_and(|options| options.no_wait);
        let why = match reason.status() {
            Status::NATS_MAX_DELIVERED_MSGS => {
                "it has delivered its maximum of messages or bytes (MaxMessages, MaxBytes)"
            }
            Status::NATS_NOT_FOUND | Status::NATS_TIMEOUT if no_wait => {
                "the consumer has no more messages (NoWait)"
            }
            Status::NATS_TIMEOUT => "its time has passed (Timeout)",
            _ => return reason,
        };
        let (stream, consumer) = self.names();
        reason.or_say(|_| {
            format!("pull from consumer '{consumer}' of stream '{stream}' has ended: {why}")
        })
    }

    /// The program's callback has returned, for a message of this size, or there was no message.
    /// Runs on the thread that delivers.
    pub fn after_callback(&self, sub: &Arc<Subscription>, size: Option<usize>) {
        let Some(options) = self.options() else {
            return;
        };
        if let Some(size) = size {
            let mut state = self.state.lock();
            state.flow.delivered(size as u64);
            if state.flow.is_full(options) {
                state.healing.exit.get_or_insert_with(Exit::full);
                drop(state);
                // Closes the subscription at once, and deletes the consumer if the library has created it.
                let _ = sub.unsubscribe();
                return;
            }
            self.look_for_room(&mut state, sub);
            let acts = !state.acts.is_empty();
            drop(state);
            if acts {
                self.act();
            }
        }
        match options.by_program {
            true => self.ask_program(sub),
            false => self.refill(),
        }
    }

    /// Ends the pull when the waiting messages have been delivered.
    pub(super) fn finish_after_queue(&self, exit: Exit) {
        let mut state = self.state.lock();
        if state.ended || state.healing.exit.is_some() {
            return;
        }
        state.healing.exit = Some(exit);
        drop(state);
        if let Some(sub) = self.subscription() {
            // If this fails, the subscription is closed or draining already.
            let _ = sub.drain(None);
        }
    }

    /// The subscription is closed, and the last callback has returned: returns the reason for the
    /// completion handler. Waits until a consumer that the library has created is deleted.
    pub fn completed(&self) -> Exit {
        self.await_deletion();
        let exit = self.state.lock().healing.exit.clone();
        match exit {
            Some(exit) => Exit(self.why_over(exit)),
            None if self.connection().is_closed() => Exit(Status::NATS_CONNECTION_CLOSED.into()),
            None => Exit(Status::NATS_OK.into()),
        }
    }
}
