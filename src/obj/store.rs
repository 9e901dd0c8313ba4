//! A bucket: descriptions of objects, and storing them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::change::new_nuid;
use super::meta::Info;
use super::names;
use crate::client::Publish;
use crate::error::{Error as Plain, Status};
use crate::js::manage::{DirectGet, GetMsg};
use crate::js::publish::{Policy, publish};
use crate::js::{Call, CallOptions, Context, ErrCode, Error, Purge, Result};
use crate::locks::Mutex;
use crate::proto::headers::HeaderBlock;
use crate::words::shown;

/// The default number of bytes that may be in flight.
pub const WINDOW: u64 = 4 << 20;
/// How often storing a description is tried again after another client has changed it.
pub(super) const RACES: usize = 10;
/// How long removing chunks may take at least.
pub(super) const PURGE_WAIT: Duration = Duration::from_secs(1);

/// Called for each chunk: with the object's name, the number of bytes stored or read so far, and the total number, 0 if
/// it is unknown. Called on the thread that stores or reads.
pub type Progress = dyn Fn(&str, u64, u64) + Send + Sync;

/// A bucket.
pub struct Store {
    pub(super) context: Arc<Context>,
    bucket: String,
    stream: String,
    window: AtomicU64,
    progress: Mutex<Option<Arc<Progress>>>,
}

/// An object's description, with its position in the stream.
#[derive(Debug, Clone, Default)]
pub struct Entry {
    /// The description.
    pub info: Info,
    /// The sequence of its message.
    pub revision: u64,
}

impl Store {
    /// A bucket, without a check that it exists.
    pub(super) fn new(context: &Arc<Context>, bucket: &str) -> Arc<Store> {
        Arc::new(Store {
            context: context.clone(),
            bucket: bucket.to_owned(),
            stream: names::stream(bucket),
            window: AtomicU64::new(WINDOW),
            progress: Mutex::default(),
        })
    }

    /// Its name.
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// The name of its stream.
    pub fn stream(&self) -> &str {
        &self.stream
    }

    /// The number of bytes of an object that may be in flight; one chunk is always allowed.
    pub fn window(&self) -> u64 {
        self.window.load(Ordering::Relaxed)
    }

    /// Sets [`Store::window`] for puts and gets that begin from now on; 0 for the default.
    pub fn set_window(&self, bytes: u64) {
        let bytes = if bytes == 0 { WINDOW } else { bytes };
        self.window.store(bytes, Ordering::Relaxed);
    }

    /// Sets the progress callback for puts and gets that begin from now on.
    pub fn set_progress(&self, progress: Option<Arc<Progress>>) {
        *self.progress.lock() = progress;
    }

    pub(super) fn progress(&self) -> Option<Arc<Progress>> {
        self.progress.lock().clone()
    }

    /// The deadline of a call that begins now, with the context's timeout.
    pub fn deadline(&self) -> Instant {
        Instant::now() + self.context.wait()
    }

    /// A call with this deadline.
    pub(super) fn call(&self, deadline: Instant) -> Result<Call<'_>> {
        self.call_to(deadline, Purge::default())
    }

    fn call_to<'a>(&'a self, deadline: Instant, purge: Purge<'a>) -> Result<Call<'a>> {
        let wait = deadline.saturating_duration_since(Instant::now());
        if wait.is_zero() {
            return Err(self.late());
        }
        Ok(self.context.call(&CallOptions {
            wait,
            purge,
            ..CallOptions::default()
        }))
    }

    /// The description of an object, deleted or not; `None` if it never existed.
    pub fn find(&self, name: &str, deadline: Instant) -> Result<Option<Entry>> {
        if name.is_empty() {
            return Err(Plain::invalid_arg("name is required").into());
        }
        let call = self.call(deadline)?;
        let subject = names::meta(&self.bucket, name);
        let last = DirectGet {
            last_by_subject: &subject,
            ..DirectGet::default()
        };
        let msg = match call.direct_get(&self.stream, &last) {
            // Not all clients create buckets that allow direct gets.
            Err(e) if e.status() == Status::NATS_NO_RESPONDERS => {
                let call = self.call(deadline)?;
                call.get_msg(&self.stream, GetMsg::LastOf(&subject))
            }
            msg => msg,
        };
        match msg {
            Ok(msg) => Ok(Some(Entry {
                info: Info::of(&msg)?,
                revision: msg.sequence(),
            })),
            Err(e) if e.code() == ErrCode::STREAM_NOT_FOUND => Err(self.gone()),
            Err(e) if e.status() == Status::NATS_NOT_FOUND => Ok(None),
            Err(e) => Err(e),
        }
    }

    fn late(&self) -> Error {
        let text = format!(
            "bucket '{}': the time was over before all requests of the call were made (Wait of jsOptions)",
            self.bucket
        );
        Plain::new(Status::NATS_TIMEOUT, text).into()
    }

    /// The error for a bucket that does not exist.
    pub(super) fn gone(&self) -> Error {
        let text = format!("bucket not found: {}", self.bucket);
        let error = Plain::new(Status::NATS_NOT_FOUND, text);
        Error::new(error, ErrCode::STREAM_NOT_FOUND)
    }

    /// This error; where it says that there is no stream, that the bucket does not exist.
    pub(super) fn gone_if(&self, error: Error) -> Error {
        match error.code() == ErrCode::STREAM_NOT_FOUND {
            true => self.gone(),
            false => error,
        }
    }

    /// The description of an object that is there, or with `deleted` was there.
    pub fn info(&self, name: &str, deleted: bool, deadline: Instant) -> Result<Entry> {
        match self.find(name, deadline)? {
            Some(entry) if deleted || !entry.info.deleted => Ok(entry),
            _ => {
                let (name, bucket) = (shown(name.as_bytes()), &self.bucket);
                let text = format!("object '{name}' not found in bucket '{bucket}'");
                Err(Plain::new(Status::NATS_NOT_FOUND, text).into())
            }
        }
    }

    /// Stores a description in place of the one with this revision, 0 for none. If it has another revision by now,
    /// fails with [`Status::NATS_MISMATCH`]. Returns the new revision.
    pub(super) fn store(&self, info: &Info, revision: u64, deadline: Instant) -> Result<u64> {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(self.late());
        }
        let subject = names::meta(&self.bucket, &info.name);
        let headers = format!(
            "NATS/1.0\r\nNats-Rollup: sub\r\nNats-Expected-Last-Subject-Sequence: {revision}\r\n\r\n"
        );
        let text = info.to_text();
        let out = Publish {
            subject: subject.as_bytes(),
            headers: Some(HeaderBlock::Bytes(headers.as_bytes())),
            payload: &text,
            ..Publish::default()
        };
        let conn = self.context.connection();
        let answer = publish(conn, &out, left, &Policy::default()).map_err(changed)?;
        Ok(answer.ack()?.map_or(0, |ack| ack.sequence))
    }

    /// Waits until the stream has seen everything that was sent before, by a message behind it that is answered.
    pub(super) fn fence(&self, deadline: Instant) -> Result<()> {
        let nuid = new_nuid();
        self.send_chunk(&nuid, deadline)?;
        // Best effort: nothing refers to it.
        let _ = self.purge_chunks(&nuid, deadline);
        Ok(())
    }

    /// Stores an empty chunk, and waits until it is stored.
    fn send_chunk(&self, nuid: &str, deadline: Instant) -> Result<()> {
        let left = deadline.saturating_duration_since(Instant::now());
        let subject = names::chunks(&self.bucket, nuid);
        let out = Publish {
            subject: subject.as_bytes(),
            ..Publish::default()
        };
        publish(self.context.connection(), &out, left, &Policy::default())?.ack()?;
        Ok(())
    }

    /// Removes the chunks of a put.
    pub(super) fn purge_chunks(&self, nuid: &str, deadline: Instant) -> Result<()> {
        if nuid.is_empty() {
            return Ok(());
        }
        self.purge(names::chunks(&self.bucket, nuid), 0, deadline)
    }

    /// Removes the description of an object, unless it is newer than this revision.
    pub(super) fn purge_meta(&self, name: &str, revision: u64, deadline: Instant) -> Result<()> {
        let subject = names::meta(&self.bucket, name);
        self.purge(subject, revision.saturating_add(1), deadline)
    }

    fn purge(&self, subject: String, sequence: u64, deadline: Instant) -> Result<()> {
        let deadline = deadline.max(Instant::now() + PURGE_WAIT);
        let purge = Purge {
            subject: Some(subject.into()),
            sequence,
            keep: 0,
        };
        self.call_to(deadline, purge)?.purge_stream(&self.stream)?;
        Ok(())
    }
}

/// Converts an error of storing a message that was to replace another one.
fn changed(error: Error) -> Error {
    let code = error.code();
    match code == ErrCode::STREAM_WRONG_LAST_SEQUENCE
        || code == ErrCode::STREAM_WRONG_LAST_SEQUENCE_CONSTANT
    {
        true => Error::new(
            Plain::new(
                Status::NATS_MISMATCH,
                "the object was changed by another client",
            ),
            code,
        ),
        false => error,
    }
}

/// May what was sent be stored all the same?
pub(super) fn is_unsure(error: &Error) -> bool {
    matches!(
        error.status(),
        Status::NATS_TIMEOUT
            | Status::NATS_CONNECTION_DISCONNECTED
            | Status::NATS_CONNECTION_CLOSED
    )
}

/// Does the error mean that another client has changed the object?
pub(super) fn is_race(error: &Error) -> bool {
    error.status() == Status::NATS_MISMATCH
}
