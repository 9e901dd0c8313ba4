//! A consumer that is no longer: found out, told, and made again where the library has made it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;

use super::{Act, Exit, Pull, State};
use crate::client::{Publish, Subscription, Timer};
use crate::error::{Error, Result, Status};
use crate::js::api::json::Json;
use crate::js::api::{ConsumerInfo, DeliverPolicy, Done, ErrCode};
use crate::js::consume::Backoff;
use crate::js::context::read_response;
use crate::js::manage::create_function;
use crate::js::time::Time;

/// How far making a consumer again has come.
#[derive(Default)]
pub(super) struct Gone {
    /// It is being made, or will be.
    making: bool,
    /// The server is being asked whether it is there.
    probing: bool,
    backoff: Backoff,
    timer: Option<Timer>,
}

impl Gone {
    pub(super) fn is_being_made(&self) -> bool {
        self.making
    }

    /// The timer, for whoever ends all this.
    pub(super) fn stop(&mut self) -> Option<Timer> {
        self.timer.take()
    }
}

/// Does the server say that there is no such consumer?
fn is_absent(error: &crate::js::Error) -> bool {
    error.code() == ErrCode::CONSUMER_NOT_FOUND || error.code() == ErrCode::STREAM_NOT_FOUND
}

impl Pull {
    /// Asks the API, and lets `then` have the answer, on a thread that must not wait.
    fn ask<T: Json>(
        &self,
        function: &str,
        tokens: &[&str],
        body: &[u8],
        then: impl FnOnce(crate::js::Result<T>) + Send + 'static,
    ) -> Result<()> {
        let call = self.call();
        let subject = call.subject(function, tokens);
        let out = Publish {
            subject: subject.as_bytes(),
            payload: body,
            ..Publish::default()
        };
        let answered = move |answer: Result<crate::msg::Msg>| {
            then(match answer {
                Ok(msg) => read_response(msg.payload()),
                Err(error) => Err(error.into()),
            });
        };
        self.connection()
            .request_then(&out, call.deadline(), answered)
            .map(drop)
    }

    /// Nobody has answered a request: asks whether the consumer is there.
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
        let sent = self.ask("CONSUMER.INFO", &tokens, b"", move |answer| {
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
            Err(error) if is_absent(&error) => {
                state
                    .acts
                    .push_back(Act::Gone(Status::NATS_NO_RESPONDERS.into()));
            }
            // It is there, or there is nobody who knows.
            _ => self.heal_later(&mut state),
        }
        drop(state);
        self.act();
    }

    /// The consumer is gone: `error` is what is told where it is not made again.
    pub(super) fn consumer_gone(&self, error: Error) {
        let Some(sub) = self.subscription() else {
            return;
        };
        let mut state = self.state.lock();
        if state.ended || state.gone.making {
            return;
        }
        let ours = state.ours;
        let text = format!(
            "consumer '{}' of stream '{}' is gone",
            state.consumer, self.stream
        );
        if ours {
            state.gone.making = true;
            self.leave_inbox(&mut state, &sub);
            self.requests_lost(&mut state);
        }
        drop(state);
        let told = Error::new(Status::NATS_NOT_FOUND, text);
        self.connection().report_error(Some(&sub), &told);
        if ours {
            self.make_again();
        } else if self.ahead.is_some() {
            self.finish_after_queue(Exit(error));
        }
    }

    /// Makes the consumer again, behind the last message.
    fn make_again(&self) {
        let mut config = self.config.clone();
        {
            let state = self.state.lock();
            if state.ended {
                return;
            }
            if state.last_sequence > 0 {
                config.deliver_policy = Some(DeliverPolicy::ByStartSequence);
                config.opt_start_seq = state.last_sequence.saturating_add(1);
                config.opt_start_time = Time(0);
            }
        }
        let body = json!({ "stream_name": self.stream, "config": config.write() }).to_string();
        let (function, tokens) = create_function(&self.stream, &config);
        let me = self.me.clone();
        let sent = self.ask(function, &tokens, body.as_bytes(), move |answer| {
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
            return;
        }
        match answer {
            Ok(info) => {
                state.gone.making = false;
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
                    let text = format!(
                        "error recreating consumer, will try again: status={} error={}",
                        error.status() as i32,
                        error.text()
                    );
                    let error = Error::new(error.status(), text);
                    self.connection().report_error(Some(&sub), &error);
                }
            }
        }
    }

    /// Does something later, unless the subscription has gone by then.
    pub(super) fn later(&self, wait: Duration, what: fn(&Pull)) -> Timer {
        let me = self.me.clone();
        self.connection().after(wait, move || {
            if let Some(pull) = me.upgrade() {
                what(&pull);
            }
        })
    }

    /// The program has unsubscribed, or an asynchronous pull is over: deletes a consumer that the
    /// library has made.
    pub(super) fn delete_now(&self) -> Result<()> {
        let consumer = {
            let mut state = self.state.lock();
            state.ended = true;
            match std::mem::take(&mut state.ours) {
                true => state.consumer.clone(),
                false => return Ok(()),
            }
        };
        self.call()
            .delete_consumer(&self.stream, &consumer)
            .map_err(|error| match error.status() {
                Status::NATS_NOT_FOUND => {
                    let text = format!("failed to delete consumer '{consumer}': not found");
                    Error::new(Status::NATS_NOT_FOUND, text)
                }
                _ => error.into(),
            })
    }

    /// As [`Pull::delete_now`], without waiting.
    pub(super) fn delete_later(&self, sub: &Arc<Subscription>, consumer: String) {
        self.ending.is_deleting(true);
        let (me, sub, name) = (self.me.clone(), Arc::downgrade(sub), consumer.clone());
        let tokens = [self.stream.as_str(), &consumer];
        let sent = self.ask("CONSUMER.DELETE", &tokens, b"", {
            move |answer: crate::js::Result<Done>| {
                let Some(pull) = me.upgrade() else { return };
                if let Err(error) = answer
                    && !is_absent(&error)
                {
                    pull.report_undeleted(&name, &error.into(), sub.upgrade().as_ref());
                }
                pull.ending.is_deleting(false);
            }
        });
        if let Err(error) = sent {
            self.report_undeleted(&consumer, &error, None);
            self.ending.is_deleting(false);
        }
    }

    fn report_undeleted(&self, consumer: &str, error: &Error, sub: Option<&Arc<Subscription>>) {
        let status = error.status();
        let text = format!(
            "failed to delete consumer '{consumer}': {} ({})",
            status as i32,
            status.text()
        );
        self.connection()
            .report_error(sub, &Error::new(status, text));
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
