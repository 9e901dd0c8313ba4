//! Storing an object.
//!
//! Chunks are published to a subject of their own, and the description follows when all of them are stored: until then
//! the previous object is unchanged. The description replaces the one that was read last. If another client has stored
//! one in the meantime, the chunks of that are removed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::change::{new_nuid, now};
use super::digest::Digest;
use super::meta::{Headers, INVALID, Info, MetaOptions};
use super::names;
use super::store::{Entry, PURGE_WAIT, Progress, RACES, Store, is_race, is_unsure};
use super::upload::Upload;
use crate::error::{Error as Plain, Status};
use crate::js::api::Metadata;
use crate::js::{ErrCode, Error, Result};
use crate::locks::Mutex;
use crate::log::Target;
use crate::words::shown;

/// The default size of a chunk, in bytes.
pub const CHUNK: usize = 128 * 1024;
/// The default time to wait for acknowledgements.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// The parameters of an object to be stored.
#[derive(Debug, Clone, Default)]
pub struct Description {
    /// Its name.
    pub name: String,
    /// A description for people.
    pub description: String,
    /// Its headers.
    pub headers: Headers,
    /// Metadata of the program.
    pub metadata: Metadata,
    /// The maximum size of a chunk; 0 for [`CHUNK`].
    pub chunk_size: u32,
    /// The size of the object, for the progress callback; 0 if unknown.
    pub expected: u64,
}

/// An object that is being stored.
pub struct Put {
    store: Arc<Store>,
    name: String,
    subject: String,
    upload: Arc<Upload>,
    progress: Option<Arc<Progress>>,
    expected: u64,
    chunk_size: usize,
    state: Mutex<State>,
}

struct State {
    info: Info,
    digest: Digest,
    /// The description that will be replaced.
    old: Entry,
    /// Replace only the description with this revision.
    guard: Option<u64>,
    done: bool,
    /// It has failed, and some of its chunks may be there still.
    littered: bool,
    /// The description was sent, and not answered: it may be stored.
    described: bool,
}

impl Put {
    /// Begins to store an object. Only the existing description is requested; nothing is stored yet.
    pub fn new(store: &Arc<Store>, what: &Description, deadline: Instant) -> Result<Put> {
        if what.name.is_empty() {
            return Err(Plain::invalid_arg(INVALID).into());
        }
        let old = store.find(&what.name, deadline)?.unwrap_or_default();
        let chunk_size = match what.chunk_size {
            0 => CHUNK,
            size => usize::try_from(size).unwrap_or(CHUNK),
        };
        let upload = Upload::new(store.context.connection(), store.window())
            .map_err(|e| explained(store, &what.name, e))?;
        let nuid = new_nuid();
        Ok(Put {
            upload,
            subject: names::chunks(store.bucket(), &nuid),
            progress: store.progress(),
            name: what.name.clone(),
            expected: what.expected,
            chunk_size,
            state: Mutex::new(State {
                info: Info {
                    name: what.name.clone(),
                    description: what.description.clone(),
                    headers: what.headers.clone(),
                    metadata: what.metadata.clone(),
                    options: MetaOptions {
                        chunk_size: chunk_size as u64,
                        ..MetaOptions::default()
                    },
                    bucket: store.bucket().to_owned(),
                    nuid,
                    ..Info::default()
                },
                digest: Digest::default(),
                old,
                guard: None,
                done: false,
                littered: false,
                described: false,
            }),
            store: store.clone(),
        })
    }

    /// Makes [`Put::complete`] replace only the description with this revision; 0 if there must be none.
    pub fn guard(&self, revision: u64) {
        self.state.lock().guard = Some(revision);
    }

    /// Sends the next bytes. Each call begins a new chunk.
    pub fn add(&self, bytes: &[u8]) -> Result<()> {
        for chunk in bytes.chunks(self.chunk_size) {
            let size = self.add_chunk(chunk)?;
            if let Some(progress) = &self.progress {
                progress(&self.name, size, self.expected);
            }
        }
        Ok(())
    }

    /// The number of bytes so far.
    fn add_chunk(&self, chunk: &[u8]) -> Result<u64> {
        let mut state = self.state.lock();
        if state.done {
            return Err(completed());
        }
        let sent = self.upload.send(&self.subject, chunk, PATIENCE);
        sent.map_err(|e| explained(&self.store, &self.name, e))?;
        state.digest.update(chunk);
        state.info.size += chunk.len() as u64;
        state.info.chunks += 1;
        Ok(state.info.size)
    }

    /// Waits until all chunks are stored, and stores the description. The object exists from then on.
    pub fn complete(&self, timeout: Duration) -> Result<Info> {
        let timeout = match timeout {
            Duration::ZERO => PATIENCE,
            timeout => timeout,
        };
        let begun = Instant::now();
        let deadline = begun
            .checked_add(timeout)
            .unwrap_or(begun + Duration::from_secs(u64::from(u32::MAX)));
        let mut state = self.state.lock();
        if state.done {
            return Err(completed());
        }
        state.done = true;
        state.info.digest = state.digest.clone().text();
        if let Err(error) = self.finish(&mut state, deadline)
            && !self.clean_up(&mut state, deadline)
        {
            return Err(error);
        }
        self.remove_old(&state, deadline);
        state.info.mod_time = now();
        let connection = self.store.context.connection();
        connection.log().debug(Target::Object, || {
            let (name, size, chunks) = (&state.info.name, state.info.size, state.info.chunks);
            format!("object '{name}' is stored: {size} bytes in {chunks} chunks")
        });
        Ok(state.info.clone())
    }

    /// Removes the chunks of the object that was replaced. Best effort: nothing refers to them any more.
    fn remove_old(&self, state: &State, deadline: Instant) {
        let old = &state.old.info;
        if !old.deleted {
            let _ = self.store.purge_chunks(&old.nuid, deadline);
        }
    }

    fn finish(&self, state: &mut State, deadline: Instant) -> Result<()> {
        let stored = self.upload.complete(deadline);
        stored.map_err(|e| explained(&self.store, &self.name, e))?;
        for _ in 0..RACES {
            let revision = state.guard.unwrap_or(state.old.revision);
            match self.store.store(&state.info, revision, deadline) {
                Ok(_) => return Ok(()),
                Err(e) if is_race(&e) && state.guard.is_none() => {
                    let found = self.store.find(&state.info.name, deadline)?;
                    state.old = found.unwrap_or_default();
                }
                Err(e) => {
                    state.described = is_unsure(&e);
                    return Err(e);
                }
            }
        }
        let text = "other clients change the object again and again";
        Err(Plain::new(Status::NATS_MISMATCH, text).into())
    }

    /// After a failure: removes the chunks, unless the description is stored, for the object must not be there without
    /// its bytes. Is it stored?
    fn clean_up(&self, state: &mut State, deadline: Instant) -> bool {
        let stored = match state.described {
            true => self.is_described(&state.info, deadline),
            false => Ok(false),
        };
        match stored {
            Ok(true) => state.littered = false,
            Ok(false) => state.littered = !self.remove_chunks(&state.info, deadline),
            Err(_) => state.littered = true,
        }
        matches!(stored, Ok(true))
    }

    /// Is the description stored that was sent and not answered? A message behind it that is answered shows that the
    /// stream has seen it.
    fn is_described(&self, info: &Info, deadline: Instant) -> Result<bool> {
        let deadline = deadline.max(Instant::now() + PURGE_WAIT);
        self.store.fence(deadline)?;
        let found = self.store.find(&info.name, deadline)?;
        Ok(found.is_some_and(|entry| entry.info.nuid == info.nuid))
    }

    /// Removes what was sent. Are all of them gone for certain?
    fn remove_chunks(&self, info: &Info, deadline: Instant) -> bool {
        if info.chunks == 0 {
            return true;
        }
        let no_stream = |removed: &Result<()>| matches!(removed, Err(error) if error.code() == ErrCode::STREAM_NOT_FOUND);
        // If the stream is gone, so are the chunks, and those that it had received are never acknowledged.
        if self.upload.found_no_stream()
            && no_stream(&self.store.purge_chunks(&info.nuid, deadline))
        {
            return true;
        }
        // A chunk that is on its way may be stored behind the removal.
        let settled = self.upload.settle(deadline);
        let removed = self.store.purge_chunks(&info.nuid, deadline);
        no_stream(&removed) || (settled && removed.is_ok())
    }

    /// Gives up what was not completed: its chunks are removed. So are those that could not be removed when completing
    /// failed.
    pub fn abandon(&self) {
        let mut state = self.state.lock();
        let open = !std::mem::replace(&mut state.done, true);
        if open || state.littered {
            // The server may be what failed.
            let deadline = Instant::now() + PATIENCE;
            if self.clean_up(&mut state, deadline) {
                self.remove_old(&state, deadline);
            }
        }
    }
}

#[cold]
fn explained(store: &Store, name: &str, error: Error) -> Error {
    let what = || format!("object '{}'", shown(name.as_bytes()));
    error.map(|e| store.context.connection().explained(e, what))
}

fn completed() -> Error {
    Plain::illegal_state("the put was completed already").into()
}

/// Stores bytes as an object.
pub fn put_bytes(store: &Arc<Store>, name: &str, bytes: &[u8]) -> Result<Info> {
    let what = Description {
        name: name.to_owned(),
        expected: bytes.len() as u64,
        ..Description::default()
    };
    let put = Put::new(store, &what, store.deadline())?;
    match put.add(bytes) {
        Ok(()) => put.complete(Duration::ZERO),
        Err(error) => {
            put.abandon();
            Err(error)
        }
    }
}
