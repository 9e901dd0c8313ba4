//! A consumer that does not exist any more: how this is detected and reported, and how the library replaces one that
//! it has created.

use std::time::{Duration, Instant};

use super::{Act, Exit, Pull, State};
use crate::client::Timer;
use crate::error::{Error, Result, Status};
use crate::js::api::ConsumerInfo;
use crate::js::consume::Backoff;
use crate::js::consume::api::start_behind;
use crate::js::consume::recover::Recovered;

/// The progress of creating a consumer again.
#[derive(Default)]
pub(super) struct Gone {
    /// It is being created, or will be.
    making: bool,
    /// The server is being asked whether it exists.
    probing: bool,
    /// It was reported to the error handler that the consumer does not exist, and nothing has arrived from it since.
    told: bool,
    no_info: bool,
    backoff: Backoff,
    timer: Option<Timer>,
}

impl Gone {
    pub(super) fn is_being_made(&self) -> bool {
        self.making
    }

    /// The server has shown that the consumer exists.
    pub(super) fn exists(&mut self) {
        self.told = false;
    }

    /// The account has no permission to request infos of the consumer.
    pub(super) fn has_no_info(&mut self) {
        self.no_info = true;
    }

    /// The timer, for the caller to cancel.
    pub(super) fn stop(&mut self) -> Option<Timer> {
        self.timer.take()
    }
}

impl Pull {
    /// The server has no responder for the request of a fetch. Asks the server whether the consumer exists, unless
    /// that is known or the account has no permission to ask.
    pub(super) fn fetch_unanswered(&self) {
        let state = self.state.lock();
        let known = state.gone.told || state.gone.no_info;
        let asks = state.ours || !known;
        drop(state);
        if asks {
            self.probe();
        }
    }

    /// Asks whether the consumer exists.
    pub(super) fn probe(&self) {
        let consumer = {
            let mut state = self.state.lock();
            if state.ended || state.gone.making || state.gone.probing {
                return;
            }
            state.gone.probing = true;
            state.consumer.clone()
        };
        let me = self.me.clone();
        let tokens = [self.stream.as_str(), &consumer];
        let sent = self.api.ask("CONSUMER.INFO", &tokens, b"", move |answer| {
            if let Some(pull) = me.upgrade() {
                pull.probed(answer);
            }
        });
        if let Err(error) = sent {
            self.probed(Err(error.into()));
        }
    }

    fn probed(&self, answer: crate::js::Result<ConsumerInfo>) {
        let mut state = self.state.lock();
        state.gone.probing = false;
        match answer {
            Err(error) if error.is_no_consumer() => {
                state
                    .acts
                    .push_back(Act::Gone(Status::NATS_NO_RESPONDERS.into()));
            }
            Ok(_) => {
                state.gone.exists();
                self.heal_later(&mut state);
            }
            // No server can answer.
            Err(_) => self.heal_later(&mut state),
        }
        drop(state);
        self.act();
    }

    /// The consumer does not exist any more: `error` ends the pull if the program has created the
    /// consumer.
    pub(super) fn consumer_gone(&self, error: Error) {
        let Some(sub) = self.subscription() else {
            return;
        };
        let mut state = self.state.lock();
        if state.ended || state.gone.making {
            return;
        }
        let ours = state.ours;
        let consumer = state.consumer.clone();
        if ours {
            state.gone.making = true;
            let _ = self.leave_inbox(&mut state, &sub);
            self.requests_lost(&mut state);
        }
        let told = std::mem::replace(&mut state.gone.told, true);
        drop(state);
        if !told {
            self.api.report_gone(&sub, &self.stream, &consumer);
        }
        if ours {
            self.make_again();
        } else if self.ahead.is_some() {
            self.finish_after_queue(Exit(error));
        }
    }

    /// Creates the consumer again, behind the last message.
    fn make_again(&self) {
        let mut config = self.config.clone();
        {
            let state = self.state.lock();
            if state.ended {
                return;
            }
            if state.last_sequence > 0 {
                start_behind(&mut config, state.last_sequence);
            }
        }
        let me = self.me.clone();
        let sent = self
            .api
            .create_consumer(&self.stream, &config, move |answer| {
                if let Some(pull) = me.upgrade() {
                    pull.made_again(answer);
                }
            });
        if let Err(error) = sent {
            self.made_again(Err(error.into()));
        }
    }

    fn made_again(&self, answer: crate::js::Result<ConsumerInfo>) {
        let mut state = self.state.lock();
        if state.ended {
            drop(state);
            if let Ok(info) = answer {
                // Too late.
                self.ending.delete_unused(&info.name);
            }
            return;
        }
        match answer {
            Ok(info) => {
                state.gone.making = false;
                state.gone.told = false;
                state.gone.backoff.succeeded();
                self.set_consumer(&mut state, &info.name, true);
                if let Some(fetch) = &mut state.fetch {
                    fetch.again = true;
                    state.acts.push_back(Act::Wake);
                }
                if self.ahead.is_some() {
                    state.acts.push_back(Act::Refill);
                }
                drop(state);
                self.act();
            }
            Err(error) => {
                let wait = state.gone.backoff.failed();
                let timer = self.later(wait, Pull::make_again);
                state.gone.timer = Some(timer);
                drop(state);
                if let Some(sub) = self.subscription() {
                    self.api.report_not_recreated(&sub, "consumer", &error);
                }
            }
        }
    }

    /// Calls a function later, unless the subscription has been dropped by then.
    pub(super) fn later(&self, wait: Duration, what: fn(&Pull)) -> Timer {
        let me = self.me.clone();
        self.connection().after(wait, move || {
            if let Some(pull) = me.upgrade() {
                what(&pull);
            }
        })
    }

    /// The program has unsubscribed, or an asynchronous pull is over: deletes a consumer that the
    /// library has created.
    pub(super) fn delete_now(&self) -> Result<()> {
        let consumer = {
            let mut state = self.state.lock();
            state.ended = true;
            match std::mem::take(&mut state.ours) {
                true => state.consumer.clone(),
                false => return Ok(()),
            }
        };
        self.ending.delete_now(&consumer)
    }

    /// Waits for a deletion that was begun without waiting.
    pub(super) fn await_deletion(&self) {
        self.ending.wait(Instant::now().checked_add(self.api.wait));
    }

    /// All requests are lost.
    pub(super) fn requests_lost(&self, state: &mut State) {
        if let Some(fetch) = &mut state.fetch {
            fetch.lost();
        }
        if self.ahead.is_some() {
            self.flow_lost(state);
        }
    }
}
