//! Publishing with a wait for the acknowledgement.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::ack::{self, Ack};
use super::settings::Policy;
use super::why::NO_STREAM;
use crate::client::{Connection, Monitor, Publish};
use crate::error::{Error as Plain, Status};
use crate::js::{ErrCode, Error, Result};
use crate::msg::Msg;
use crate::words::shown;

/// The answer of a stream that is not an error.
#[derive(Debug)]
pub struct Answer(pub(super) Msg);

impl Answer {
    /// The acknowledgement; `None` if the answer was empty.
    pub fn ack(&self) -> Result<Option<Ack<'_>>> {
        let ack = ack::of(&self.0)?;
        Ok((!self.0.payload().is_empty()).then_some(ack))
    }

    /// Parses an answer; fails if it is an error.
    pub(super) fn checked(self) -> Result<Self> {
        self.ack()?;
        Ok(self)
    }
}

/// Publishes a message and waits for the answer of its stream, for `wait`. The policy decides what happens if no stream
/// stores the subject.
pub fn publish(
    conn: &Arc<Connection>,
    out: &Publish<'_>,
    wait: Duration,
    policy: &Policy,
) -> Result<Answer> {
    let deadline = Instant::now().checked_add(wait);
    let mut retries = policy.retries();
    loop {
        match conn.request_with(out, deadline) {
            Ok(answer) => return Answer(answer).checked(),
            Err(e) if e.status() != Status::NATS_NO_RESPONDERS => return Err(e.into()),
            Err(_) => {
                let later = Instant::now().checked_add(policy.retry_wait());
                let in_time = match (later, deadline) {
                    (Some(later), Some(deadline)) => later < deadline,
                    (later, _) => later.is_some(),
                };
                if retries == 0 || !in_time {
                    return Err(no_responders(Some(out.subject)));
                }
                retries -= 1;
                pause_until(conn, later)?;
            }
        }
    }
}

/// Sleeps for this time. Fails if the connection is closed in the meantime.
fn pause_until(conn: &Arc<Connection>, time: Option<Instant>) -> Result<(), Plain> {
    match Monitor::new(conn, ()).wait(time, |()| None::<()>) {
        Err(e) if e.status() != Status::NATS_TIMEOUT => Err(e),
        _ => Ok(()),
    }
}

/// There is no responder: no stream stores the subject, or there is no JetStream. `subject`: if it is known.
pub(super) fn no_responders(subject: Option<&[u8]>) -> Error {
    let text = match subject {
        Some(subject) => format!("publish to '{}': {NO_STREAM}", shown(subject)),
        None => NO_STREAM.to_owned(),
    };
    Error::new(
        Plain::new(Status::NATS_NO_RESPONDERS, text),
        ErrCode::NOT_ENABLED,
    )
}
