//! Publishing chunks to a stream, with a bounded number of unacknowledged bytes.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock, Weak};
use std::time::{Duration, Instant};

use crate::client::{
    ConnEvent, Connection, Monitor, Observation, Publish, ReplyContext, ReplySink, When,
};
use crate::error::{Error as Plain, Status};
use crate::js::publish::ack;
use crate::js::{Error, Result};
use crate::msg::{Msg, MsgList};
use crate::proto::nuid::{base62_id, parse_base62_id};

/// The upload of one put.
pub(super) struct Upload {
    conn: Arc<Connection>,
    flight: Monitor<Flight>,
    replies: OnceLock<Arc<ReplyContext>>,
    observation: OnceLock<Observation>,
    window: u64,
}

/// The state of the acknowledgements.
#[derive(Default)]
struct Flight {
    next: u64,
    bytes: u64,
    /// The sizes of the unacknowledged chunks, by number.
    sizes: BTreeMap<u64, u64>,
    error: Option<Error>,
}

impl Flight {
    fn fail(&mut self, error: Error) {
        self.error.get_or_insert(error);
    }
}

impl Upload {
    pub(super) fn new(conn: &Arc<Connection>, window: u64) -> Result<Arc<Upload>> {
        let upload = Arc::new(Upload {
            conn: conn.clone(),
            flight: Monitor::new(conn, Flight::default()),
            replies: OnceLock::new(),
            observation: OnceLock::new(),
            window,
        });
        let weak = Arc::downgrade(&upload);
        let replies = ReplyContext::new(conn, true, Arc::new(Acks(weak.clone())))?;
        let _ = upload.replies.set(replies);
        let observation = conn.observe(move |_, event| {
            if let (ConnEvent::Lost, Some(upload)) = (event, weak.upgrade()) {
                upload.lost();
            }
        });
        let _ = upload.observation.set(observation);
        Ok(upload)
    }

    /// Publishes a chunk. Waits for room for at most `patience`. Fails if an earlier chunk has failed.
    pub(super) fn send(&self, subject: &str, chunk: &[u8], patience: Duration) -> Result<()> {
        let size = chunk.len() as u64;
        let deadline = Instant::now().checked_add(patience);
        let window = self.window;
        let number = self.flight.wait(deadline, |flight| {
            if let Some(error) = &flight.error {
                return Some(Err(error.clone()));
            }
            if flight.bytes > 0 && flight.bytes.saturating_add(size) > window {
                return None;
            }
            flight.next += 1;
            flight.bytes += size;
            flight.sizes.insert(flight.next, size);
            Some(Ok(flight.next))
        });
        let number = number.map_err(|e| self.remember(silent(e).into()))??;
        let sent = match self.replies.get() {
            None => Err(Status::NATS_CONNECTION_CLOSED.into()),
            Some(replies) => {
                let reply = [replies.prefix(), &base62_id(number)[..]].concat();
                let out = Publish {
                    subject: subject.as_bytes(),
                    reply: Some(&reply),
                    payload: chunk,
                    ..Publish::default()
                };
                self.conn.publish_with(&out, When::Buffered, deadline)
            }
        };
        sent.map_err(|e| {
            self.done(number);
            self.remember(e.into())
        })
    }

    /// Waits until all chunks are stored.
    pub(super) fn complete(&self, deadline: Instant) -> Result<()> {
        let done = |flight: &mut Flight| match (&flight.error, flight.sizes.is_empty()) {
            (Some(error), _) => Some(Err(error.clone())),
            (None, true) => Some(Ok(())),
            (None, false) => None,
        };
        let done = self.flight.wait(Some(deadline), done);
        done.map_err(|e| self.remember(e.into()))?
    }

    /// Waits until nothing is known to be on its way, whatever became of it. Was it in time?
    pub(super) fn settle(&self, deadline: Instant) -> bool {
        let empty = |flight: &mut Flight| flight.sizes.is_empty().then_some(());
        self.flight.wait(Some(deadline), empty).is_ok()
    }

    /// Did nothing take one of the chunks, while others are not acknowledged?
    pub(super) fn found_no_stream(&self) -> bool {
        let flight = self.flight.lock();
        let error = flight.error.as_ref().map(Error::status);
        error == Some(Status::NATS_NO_RESPONDERS) && !flight.sizes.is_empty()
    }

    fn remember(&self, error: Error) -> Error {
        let mut flight = self.flight.lock();
        flight.fail(error.clone());
        error
    }

    fn done(&self, number: u64) {
        let mut flight = self.flight.lock();
        if let Some(size) = flight.sizes.remove(&number) {
            flight.bytes -= size;
        }
    }

    fn lost(&self) {
        let mut flight = self.flight.lock();
        if !flight.sizes.is_empty() {
            let text = "the connection was lost while the object was being stored";
            flight.fail(Plain::new(Status::NATS_CONNECTION_DISCONNECTED, text).into());
            flight.sizes.clear();
            flight.bytes = 0;
        }
        drop(flight);
        self.flight.notify_all();
    }

    fn take(&self, mut msgs: MsgList) {
        let Some(replies) = self.replies.get() else {
            return;
        };
        let mut flight = self.flight.lock();
        while let Some(msg) = msgs.pop() {
            let number = replies.token(&msg).and_then(parse_base62_id);
            let Some(size) = number.and_then(|n| flight.sizes.remove(&n)) else {
                continue;
            };
            flight.bytes -= size;
            if let Err(error) = judge(&msg) {
                flight.fail(error);
            }
        }
        drop(flight);
        self.flight.notify_all();
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if let Some(replies) = self.replies.get() {
            replies.close();
        }
    }
}

/// The part of an upload that the connection refers to.
struct Acks(Weak<Upload>);

impl ReplySink for Acks {
    fn replies(&self, msgs: MsgList) {
        if let Some(upload) = self.0.upgrade() {
            upload.take(msgs);
        }
    }
}

fn silent(error: Plain) -> Plain {
    match error.status() {
        Status::NATS_TIMEOUT => Plain::new(
            Status::NATS_TIMEOUT,
            "no acknowledgement of the object's chunks arrived in time",
        ),
        _ => error,
    }
}

/// Parses a stream's answer to a chunk.
fn judge(answer: &Msg) -> Result<()> {
    match ack::of(answer) {
        Ok(_) => Ok(()),
        Err(e) if e.code().0 == 0 => Err(e),
        Err(e) => {
            let text = format!("{} ({})", e.text(), e.code().0);
            Err(Error::new(Plain::new(e.status(), text), e.code()))
        }
    }
}
