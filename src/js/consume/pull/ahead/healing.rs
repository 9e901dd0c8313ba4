//! Repeating requests that a server has ended early, lost or not answered.

use std::time::{Duration, Instant};

use super::Ahead;
use crate::client::Timer;
use crate::error::{Error, Status};
use crate::js::consume::Backoff;
use crate::js::consume::pull::flow::{Ask, Exit};
use crate::js::consume::pull::status::{Said, Verdict};
use crate::js::consume::pull::{Act, Pull, State};
use crate::js::consume::recover::Recovered;

/// The server ends a request that is renewed sooner than this only if something is wrong.
const TOO_SOON: Duration = Duration::from_secs(1);

/// The state of repeating lost requests.
#[derive(Default)]
pub(in crate::js::consume::pull) struct Healing {
    /// The messages to request as soon as there is a server.
    pub(super) lost: Option<Ask>,
    /// A request was repeated, and nothing has arrived since.
    failed: bool,
    /// The time of the last request.
    pub(super) asked: Option<Instant>,
    backoff: Backoff,
    pub(super) timer: Option<Timer>,
    /// The reason why the pull has ended; `None` while it has not.
    pub(super) exit: Option<Exit>,
}

impl Healing {
    /// A message has arrived.
    pub(in crate::js::consume::pull) fn succeeded(&mut self) {
        if std::mem::take(&mut self.failed) {
            self.backoff.succeeded();
        }
    }

    pub(in crate::js::consume::pull) fn stop(&mut self) -> Option<Timer> {
        self.timer.take()
    }
}

impl Pull {
    /// Sets a timer that checks whether the server is silent.
    pub(super) fn listen(&self, ahead: &Ahead, after: Duration) {
        let timer = self.later(after, Pull::look_for_silence);
        ahead.timers.lock().silence = Some(timer);
    }

    fn look_for_silence(&self) {
        let (Some(ahead), Some(sub)) = (&self.ahead, self.subscription()) else {
            return;
        };
        let Some(silence) = ahead.silence else {
            return;
        };
        // In this order: the process may be stopped in between, and what arrives meanwhile is unread.
        let now = Instant::now();
        let unread = self.connection().has_unread();
        let mut state = self.state.lock();
        if state.ended || state.healing.exit.is_some() {
            return;
        }
        let heard = state.active;
        let mut missed = false;
        if state.flow.outstanding.is_empty() || self.connection().is_reconnecting() {
            // No message is expected.
            state.active = now;
        } else if heard + silence <= now && !(unread && state.patience.lasts(heard, now, silence)) {
            missed = true;
            state.active = now;
            if !self.order_silent(&mut state) {
                let _ = self.leave_inbox(&mut state, &sub);
                self.flow_lost(&mut state);
                self.heal(&mut state);
            }
        }
        let due = state.active + silence;
        let next = state.patience.until(state.active, due);
        let next = next.saturating_duration_since(now);
        drop(state);
        self.listen(ahead, next.max(Duration::from_millis(1)));
        if missed {
            let error = Error::from(Status::NATS_MISSED_HEARTBEAT);
            self.connection().report_error(Some(&sub), &error);
        }
        self.act();
    }

    /// No server has a request any more.
    pub(in crate::js::consume::pull) fn flow_lost(&self, state: &mut State) {
        if let Some(lost) = state.flow.lost() {
            self.note_lost(state, lost);
        }
    }

    /// If the program decides what to request, lost requests are repeated unchanged.
    pub(in crate::js::consume::pull) fn note_lost(&self, state: &mut State, lost: Ask) {
        if self.options().is_some_and(|o| o.by_program) && lost.messages > 0 {
            let before = state.healing.lost.map_or(0, |ask| ask.messages);
            state.healing.lost = Some(Ask {
                messages: before + lost.messages,
                ..lost
            });
        }
    }

    /// Repeats a request: at once, or after a pause if the last repetition had no effect.
    fn heal(&self, state: &mut State) {
        match state.healing.failed {
            true => self.heal_later(state),
            false => {
                state.healing.failed = true;
                state.acts.push_back(Act::Refill);
            }
        }
    }

    /// Repeats a request after a pause.
    pub(in crate::js::consume::pull) fn heal_later(&self, state: &mut State) {
        if self.ahead.is_none() || state.healing.timer.is_some() {
            return;
        }
        state.healing.failed = true;
        let wait = state.healing.backoff.failed();
        state.healing.timer = Some(self.later(wait, |pull| {
            drop(pull.state.lock().healing.timer.take());
            pull.refill();
        }));
    }

    /// A status of the server for a request of an asynchronous pull.
    pub(in crate::js::consume::pull) fn ahead_said(
        &self,
        state: &mut State,
        number: u64,
        said: Said,
    ) {
        let (Some(options), Some(request)) =
            (self.options(), state.flow.ended(number, said.pending))
        else {
            return;
        };
        let lost = Ask {
            messages: request.left,
            max_bytes: request.max_bytes,
        };
        let exit = Exit(said.error.clone());
        let now = Instant::now();
        match said.verdict {
            Verdict::Alive => {}
            Verdict::Nothing | Verdict::Refused => state.acts.push_back(Act::Finish(exit)),
            Verdict::Expired => {
                let over = self.ahead.as_ref().and_then(|a| a.deadline);
                // The request ends a little before the time of the pull.
                let over = over.is_some_and(|d| d <= now + Duration::from_millis(50));
                if over || options.no_wait {
                    state.acts.push_back(Act::Finish(exit));
                } else {
                    self.note_lost(state, lost);
                    let asked = state.healing.asked;
                    match asked.is_some_and(|asked| asked + TOO_SOON > now) {
                        true => self.heal(state),
                        false => state.acts.push_back(Act::Refill),
                    }
                }
            }
            // The request was for the whole rest of the byte limit.
            Verdict::Cut if options.no_wait || options.max_bytes > 0 => {
                state.acts.push_back(Act::Finish(exit))
            }
            Verdict::Cut if request.came == 0 && request.left > 0 && request.max_bytes > 0 => {
                // The next message does not fit and never will.
                state.acts.push_back(Act::Finish(exit));
            }
            Verdict::Cut if options.by_program => state.acts.push_back(Act::AskProgram),
            Verdict::Cut | Verdict::Again => {
                self.note_lost(state, lost);
                self.heal(state);
            }
            Verdict::Unpinned => {
                state.pin.clear();
                self.note_lost(state, lost);
                self.heal(state);
            }
            Verdict::Busy => {
                self.note_lost(state, lost);
                self.heal_later(state);
            }
            Verdict::Unanswered => {
                self.note_lost(state, lost);
                match self.order_doubted(state) {
                    true => self.heal_later(state),
                    false => state.acts.push_back(Act::Probe),
                }
            }
            Verdict::Deleted => {
                self.note_lost(state, lost);
                if !self.order_deleted(state) {
                    state.acts.push_back(Act::Gone(said.error));
                }
            }
        }
    }
}
