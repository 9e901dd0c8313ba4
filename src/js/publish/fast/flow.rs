//! How far a fast batch is: what was sent, what the stream said, and what follows from it.
//!
//! Nothing is sent here and nobody waits here: [`super::FastBatch`] does both with this state.
//!
//! The stream's answers as a server 2.15 gives them; where ADR-50 says otherwise, the server is followed:
//!
//! - The end of a batch without a message is not counted by the acknowledgement that ends it.
//! - With gaps allowed, no acknowledgement comes for messages that are refused until a later one is stored: the
//!   refusals themselves must make room, or a batch of which all are refused would stall for ever. The same is so of
//!   messages that a ping finds to be missing.
//! - A message that the stream refuses before it looks at the batch (too large, a higher API level), or that no
//!   stream has a subject for, is answered with an error like one outside of a batch; for the batch it is a gap.
//! - A server that has been restarted, or has not heard of a batch for ten seconds, knows it no more, and says so
//!   with an error to each message.

use std::collections::VecDeque;

use super::answer::{Operation, Said};
use crate::error::{Error as Plain, Status};
use crate::js::{ErrCode, Error};

/// How many problems wait for the program's function at most; what is beyond is counted only.
pub(super) const MOST_PROBLEMS: usize = 1024;

/// What a program chooses for a fast batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FastSettings {
    /// The stream acknowledges every so many messages, or more often.
    pub flow: u16,
    /// So many acknowledgements may be missing.
    pub max_acks: u16,
    /// The batch goes on where messages are missing or refused.
    pub gaps: bool,
}

impl Default for FastSettings {
    fn default() -> Self {
        FastSettings {
            flow: 100,
            max_acks: 2,
            gaps: false,
        }
    }
}

/// Messages of a batch that are not stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The number of the first one.
    pub first: u64,
    /// How many.
    pub count: u64,
    /// Why.
    pub error: Error,
}

/// How far a batch is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FastProgress {
    /// The number of messages that were sent.
    pub sent: u64,
    /// The number of the last one that is acknowledged, and with it all before it.
    pub acked: u64,
    /// How many did not reach the stream.
    pub lost: u64,
    /// How many the stream has refused.
    pub refused: u64,
    /// After how many messages the stream acknowledges at present; 0 before its first answer.
    pub flow: u64,
    /// The batch has ended.
    pub ended: bool,
}

/// How a batch has ended.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum End {
    /// The stream has stored what was to be stored.
    Committed,
    Failed(Error),
}

/// The message that is to end the batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Closing {
    pub(super) number: u64,
    /// It is part of the batch.
    pub(super) stored: bool,
}

/// What is to be done after an answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Effect {
    /// The program's function has something to be told.
    pub(super) tell: bool,
    /// The stream knows the batch no more, though its end is waited for: that may have come about by the end.
    pub(super) forgotten: bool,
}

/// The state of a batch.
#[derive(Debug, Default)]
pub(super) struct Flow {
    settings: FastSettings,
    /// Somebody wants to know of problems.
    pub(super) wants_problems: bool,
    pub(super) problems: VecDeque<Problem>,
    pub(super) sent: u64,
    acked: u64,
    /// The stream has seen to the messages up to this one, one way or another.
    heard: u64,
    lost: u64,
    refused: u64,
    /// 0 before the stream's first answer.
    every: u64,
    /// A thread publishes at present.
    pub(super) busy: bool,
    /// So many threads wait.
    pub(super) waiting: usize,
    pub(super) closing: Option<Closing>,
    /// Why the commit will fail, or the batch be ended by the stream, by the number of the message.
    reason: Option<(u64, Error)>,
    end: Option<End>,
    /// The stream knows nothing of the batch, or not any more.
    pub(super) gone: bool,
    /// The end was sent only so that the stream says how far it is.
    pub(super) broken_off: bool,
    pub(super) destroyed: bool,
    /// The connection was lost since the stream said something.
    pub(super) disconnected: bool,
    /// Something was sent since a timer looked.
    pub(super) active: bool,
    /// The stream said something since a timer looked.
    pub(super) answered: bool,
    /// For how many looks of the timer nothing was sent.
    pub(super) idle: u32,
}

impl Flow {
    pub(super) fn new(settings: FastSettings, wants_problems: bool) -> Self {
        Flow {
            settings,
            wants_problems,
            ..Flow::default()
        }
    }

    pub(super) fn progress(&self) -> FastProgress {
        FastProgress {
            sent: self.sent,
            acked: self.acked,
            lost: self.lost,
            refused: self.refused,
            flow: self.every,
            ended: self.end.is_some(),
        }
    }

    /// Has the stream answered the first message?
    pub(super) fn has_started(&self) -> bool {
        self.every > 0
    }

    /// May one more message be sent? The first one goes alone.
    pub(super) fn has_room(&self) -> bool {
        let window = self.every.saturating_mul(self.settings.max_acks.into());
        self.sent < self.heard.saturating_add(window.max(1))
    }

    /// Why nothing more can be done; `None` while the batch is open.
    pub(super) fn over(&self) -> Option<Error> {
        match &self.end {
            None => None,
            Some(End::Committed) => {
                Some(Plain::illegal_state("the batch has been committed").into())
            }
            Some(End::Failed(error)) => Some(error.clone()),
        }
    }

    pub(super) fn end(&self) -> Option<&End> {
        self.end.as_ref()
    }

    /// Ends the batch, unless it has ended.
    pub(super) fn fail(&mut self, error: impl Into<Error>) {
        self.end.get_or_insert(End::Failed(error.into()));
    }

    /// What is known already of why a commit fails whose answer has not come.
    pub(super) fn reason(&self) -> Option<Error> {
        self.reason.as_ref().map(|(_, error)| error.clone())
    }

    /// Takes in an answer to the message of that number.
    pub(super) fn take(&mut self, number: u64, operation: Operation, said: Said) -> Effect {
        self.answered = true;
        let mut effect = Effect::default();
        match said {
            Said::Ack { seq, every } => {
                self.every = every.clamp(1, self.settings.flow.max(1).into());
                self.acked = self.acked.max(seq.min(self.sent));
                self.heard = self.heard.max(self.acked);
                self.disconnected = false;
            }
            Said::Gap { expected, seq } => effect.tell = self.gap(operation, expected, seq),
            Said::Refused { seq, error } => {
                self.refused += 1;
                effect.tell = self.not_stored(seq, error);
            }
            Said::Ended { count } => self.ended(count),
            Said::StoredAlone => {
                self.gone = true;
                self.fail(not_known());
            }
            Said::Failed(error) => effect = self.failed(number, operation, error),
            Said::Unknown => {}
        }
        effect
    }

    /// Returns whether the program is to be told.
    fn gap(&mut self, operation: Operation, expected: u64, seq: u64) -> bool {
        // Backwards where messages came twice; the stream ends the batch then.
        let count = seq.saturating_sub(expected);
        self.lost += count;
        if operation == Operation::Ping {
            self.heard = self.heard.max(seq.saturating_sub(1).min(self.sent));
        }
        let error = lost(expected, count, self.disconnected);
        if !self.settings.gaps {
            self.reason.get_or_insert((expected, error));
            return false;
        }
        if self.closing.is_some_and(|closing| closing.number < seq) {
            // The end itself is missing, and the stream waits for it.
            self.fail(error);
            return false;
        }
        count > 0 && self.tell(expected, count, error)
    }

    /// The message of this number was not stored. Returns whether the program is to be told.
    fn not_stored(&mut self, number: u64, error: Error) -> bool {
        self.heard = self.heard.max(number.min(self.sent));
        let last = self.closing.is_some_and(|c| c.number == number);
        if !self.settings.gaps || last {
            self.reason.get_or_insert((number, error));
            return false;
        }
        self.tell(number, 1, error)
    }

    fn tell(&mut self, first: u64, count: u64, error: Error) -> bool {
        if !self.wants_problems || self.problems.len() >= MOST_PROBLEMS {
            return false;
        }
        let problem = Problem {
            first,
            count,
            error,
        };
        self.problems.push_back(problem);
        true
    }

    fn ended(&mut self, count: u64) {
        self.gone = true;
        self.acked = self.acked.max(count.min(self.sent));
        self.heard = self.sent;
        let complete = self.closing.is_some_and(|closing| {
            let refused = self
                .reason
                .as_ref()
                .is_some_and(|(n, _)| *n == closing.number);
            !(refused && closing.stored) && count >= closing.number - u64::from(!closing.stored)
        });
        if complete && !self.broken_off {
            self.end.get_or_insert(End::Committed);
            return;
        }
        let error = self.reason().unwrap_or_else(|| {
            let text = format!("the stream has ended the batch with message {count}");
            Plain::new(Status::NATS_MISMATCH, text).into()
        });
        self.fail(error);
    }

    fn failed(&mut self, number: u64, operation: Operation, error: Error) -> Effect {
        let mut effect = Effect::default();
        let code = error.code();
        let unknown = code == ErrCode::FAST_BATCH_UNKNOWN_ID;
        if unknown && operation == Operation::Ping && self.closing.is_some() {
            effect.forgotten = true;
            return effect;
        }
        let only_this = operation == Operation::Append
            && !unknown
            && code != ErrCode::FAST_BATCH_DISABLED
            && code != ErrCode::FAST_BATCH_INVALID_PATTERN
            && code != ErrCode::FAST_BATCH_INVALID_ID;
        if only_this {
            if self.settings.gaps || self.closing.is_some() {
                effect.tell = self.not_stored(number, error);
            } else {
                self.heard = self.heard.max(number.min(self.sent));
                self.fail(error);
            }
            return effect;
        }
        // What was refused, or a commit that was, leaves a batch behind; with other errors there is none.
        self.gone |= operation != Operation::CommitMessage || unknown;
        self.heard = self.sent;
        let error = match self.reason() {
            Some(reason) => reason,
            None if unknown && self.disconnected => forgotten(),
            None => error,
        };
        self.fail(error);
        effect
    }
}

/// Messages are missing.
fn lost(first: u64, count: u64, disconnected: bool) -> Error {
    let which = match count {
        0 => format!("message {first} of the batch came twice, or late"),
        1 => format!("message {first} of the batch did not reach the stream"),
        _ => format!(
            "messages {first} to {} of the batch did not reach the stream",
            first.saturating_add(count - 1)
        ),
    };
    match disconnected {
        true => Plain::new(Status::NATS_CONNECTION_DISCONNECTED, which).into(),
        false => Plain::new(Status::NATS_MISMATCH, which).into(),
    }
}

/// The stream does not know the batch after the connection was lost.
pub(super) fn forgotten() -> Error {
    let text = "the connection was lost, and the batch with it";
    let error = Plain::new(Status::NATS_CONNECTION_DISCONNECTED, text);
    Error::new(error, ErrCode::FAST_BATCH_UNKNOWN_ID)
}

fn not_known() -> Error {
    let text = "the server stored the message by itself: it does not know fast batches";
    Plain::new(Status::NATS_NO_SERVER_SUPPORT, text).into()
}

#[cfg(test)]
#[path = "flow_tests.rs"]
mod tests;
