//! Publishing, and waiting for the acknowledgement.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::ack::{self, Ack};
use super::settings::Policy;
use crate::client::{Connection, Monitor, Publish};
use crate::error::{Error as Plain, Status};
use crate::js::{ErrCode, Error, Result};
use crate::msg::Msg;

/// What a stream answered, which is no error.
#[derive(Debug)]
pub struct Answer(pub(super) Msg);

impl Answer {
    /// The acknowledgement; `None` where the answer was empty.
    pub fn ack(&self) -> Result<Option<Ack<'_>>> {
        let ack = ack::of(&self.0)?;
        Ok((!self.0.payload().is_empty()).then_some(ack))
    }

    /// This answer, if it is no error.
    pub(super) fn checked(self) -> Result<Self> {
        self.ack()?;
        Ok(self)
    }
}

/// Publishes a message, and waits for what its stream answers: for `wait`, with what the policy says
/// about subjects that nobody listens to.
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
            Err(e) => {
                let later = Instant::now().checked_add(policy.retry_wait());
                let in_time = match (later, deadline) {
                    (Some(later), Some(deadline)) => later < deadline,
                    (later, _) => later.is_some(),
                };
                if retries == 0 || !in_time {
                    return Err(no_responders(e));
                }
                retries -= 1;
                pause_until(conn, later)?;
            }
        }
    }
}

/// Waits for that time, or until the connection is closed, which is an error.
fn pause_until(conn: &Arc<Connection>, time: Option<Instant>) -> Result<(), Plain> {
    match Monitor::new(conn, ()).wait(time, |()| None::<()>) {
        Err(e) if e.status() != Status::NATS_TIMEOUT => Err(e),
        _ => Ok(()),
    }
}

/// Nobody listens to the subject: there is no stream that stores it, or no JetStream.
pub(super) fn no_responders(error: Plain) -> Error {
    Error::new(error, ErrCode::NOT_ENABLED)
}
