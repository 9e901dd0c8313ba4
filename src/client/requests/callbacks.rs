//! Requests for which no thread waits: those with a callback, and those with many answers.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use crate::error::{Error, Result, Status};
use crate::locks::{Condvar, Mutex};
use crate::msg::{Msg, MsgList};
use crate::runtime::TimerHandle;

/// What happens with the answer to a request for which no thread waits.
pub type Then = Box<dyn FnOnce(Result<Msg>) + Send>;

/// The requests of a connection that have a callback.
#[derive(Default)]
pub(in crate::client) struct Callbacks(Mutex<State>);

#[derive(Default)]
struct State {
    last: u64,
    waiting: HashMap<u64, Waiting>,
}

/// A request with a callback, or one with many answers.
pub(in crate::client) enum Waiting {
    /// There is no timer while the request is being made.
    One(Then, Option<TimerHandle>),
    Many(Arc<Many>),
}

impl Callbacks {
    /// Adds a request. Returns its number.
    pub(in crate::client) fn add(&self, waiting: Waiting) -> u64 {
        let mut state = self.0.lock();
        state.last += 1;
        let id = state.last;
        state.waiting.insert(id, waiting);
        id
    }

    /// Removes a request, if it has not ended.
    pub(in crate::client) fn take(&self, id: u64) -> Option<Waiting> {
        self.0.lock().waiting.remove(&id)
    }

    /// An answer has arrived. It is dropped if its request has ended.
    pub(super) fn answer(&self, id: u64, msg: Msg) {
        let one = {
            let mut state = self.0.lock();
            match state.waiting.get(&id) {
                Some(Waiting::Many(many)) => {
                    let many = many.clone();
                    drop(state);
                    return many.answer(msg);
                }
                Some(Waiting::One(..)) => state.waiting.remove(&id),
                None => None,
            }
        };
        if let Some(one) = one {
            one.end(answer_or_status(msg));
        }
    }

    /// Ends all requests that wait. Called with no lock held.
    pub(super) fn fail_all(&self, error: &Error) {
        let waiting = std::mem::take(&mut self.0.lock().waiting);
        for waiting in waiting.into_values() {
            waiting.end(Err(error.clone()));
        }
    }

    /// The timer that limits a request has been started.
    pub(in crate::client) fn set_timer(&self, id: u64, timer: TimerHandle) {
        let mut state = self.0.lock();
        match state.waiting.get_mut(&id) {
            Some(Waiting::One(_, place)) => *place = Some(timer),
            _ => {
                drop(state);
                timer.cancel();
            }
        }
    }
}

fn answer_or_status(msg: Msg) -> Result<Msg> {
    match msg.is_no_responders() {
        true => Err(Status::NATS_NO_RESPONDERS.into()),
        false => Ok(msg),
    }
}

impl Waiting {
    /// A request with a callback.
    pub(in crate::client) fn one(then: Then) -> Self {
        Waiting::One(then, None)
    }

    /// The request is given up: its callback is not called.
    pub(in crate::client) fn cancel(self) {
        if let Waiting::One(_, Some(timer)) = self {
            timer.cancel();
        }
    }

    /// Reports how the request has ended. No lock may be held.
    pub(in crate::client) fn end(self, result: Result<Msg>) {
        match self {
            Waiting::One(then, timer) => {
                if let Some(timer) = timer {
                    timer.cancel();
                }
                then(result);
            }
            Waiting::Many(many) => {
                if let Err(e) = result {
                    many.fail(e);
                }
            }
        }
    }
}

/// The answers to a request that may have many.
#[derive(Default)]
pub(in crate::client) struct Many {
    state: Mutex<Answers>,
    changed: Condvar,
}

#[derive(Default)]
struct Answers {
    list: MsgList,
    failed: Option<Error>,
}

impl Many {
    /// Is there an answer, or the end, without waiting?
    pub(in crate::client) fn has_some(&self) -> bool {
        let state = self.state.lock();
        !state.list.is_empty() || state.failed.is_some()
    }

    /// Waits for the next answer; `None` if none arrives before the deadline.
    pub(in crate::client) fn next(&self, until: Option<Instant>) -> Result<Option<Msg>> {
        let mut state = self.state.lock();
        while state.list.is_empty() && state.failed.is_none() {
            let late = match until {
                None => {
                    self.changed.wait(&mut state);
                    false
                }
                Some(until) => self.changed.wait_until(&mut state, until).timed_out(),
            };
            if late {
                break;
            }
        }
        match (state.list.pop(), state.failed.take()) {
            (Some(msg), failed) => {
                state.failed = failed;
                Ok(Some(msg))
            }
            (None, Some(error)) => Err(error),
            (None, None) => Ok(None),
        }
    }

    fn answer(&self, msg: Msg) {
        self.state.lock().list.push(msg);
        self.changed.notify_one();
    }

    fn fail(&self, error: Error) {
        self.state.lock().failed = Some(error);
        self.changed.notify_one();
    }
}
