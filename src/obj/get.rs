//! Reading an object.

use std::sync::Arc;
use std::time::Instant;

use super::chunks::Chunks;
use super::digest::Digest;
use super::meta::{INVALID, Info};
use super::names;
use super::store::{Entry, Progress, Store};
use crate::error::{Error as Plain, Status};
use crate::js::Result;
use crate::locks::Mutex;
use crate::log::Target;
use crate::msg::Msg;
use crate::words::shown;

/// The maximum number of links that are followed: more of them are a circle.
const LINKS: usize = 16;

/// An object that is being read.
pub struct Get {
    info: Info,
    progress: Option<Arc<Progress>>,
    state: Mutex<State>,
}

struct State {
    /// `None` for an object without bytes, and after the last chunk.
    chunks: Option<Chunks>,
    left: u64,
    digest: Digest,
    done: bool,
}

/// A part of an object.
pub struct Piece {
    /// The chunk; `None` for an object without bytes.
    pub chunk: Option<Msg>,
    /// It is the last one.
    pub last: bool,
}

impl Piece {
    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        self.chunk.as_ref().map_or(&[], Msg::payload)
    }
}

impl Get {
    /// Begins to read an object. Links are followed.
    pub fn new(store: &Arc<Store>, name: &str, deleted: bool, deadline: Instant) -> Result<Get> {
        let mut store = store.clone();
        let progress = store.progress();
        let (mut name, window) = (name.to_owned(), store.window());
        for _ in 0..LINKS {
            let Entry { info, .. } = store.info(&name, deleted, deadline)?;
            if info.nuid.is_empty() {
                return Err(Plain::illegal_state(INVALID).into());
            }
            let Some(link) = &info.options.link else {
                return Get::open(&store, info, progress);
            };
            if link.name.is_empty() {
                let text = "invalid get operation, object is a link to a bucket";
                return Err(Plain::illegal_state(text).into());
            }
            if link.bucket.is_empty() {
                return Err(Plain::illegal_state(INVALID).into());
            }
            if link.bucket != store.bucket() {
                names::check_bucket(&link.bucket)?;
                store = Store::new(&store.context, &link.bucket);
                store.set_window(window);
            }
            name = link.name.clone();
        }
        Err(Plain::illegal_state("the object's links lead in a circle").into())
    }

    fn open(store: &Arc<Store>, info: Info, progress: Option<Arc<Progress>>) -> Result<Get> {
        store.context.connection().log().debug(Target::Object, || {
            let (name, size) = (&info.name, info.size);
            format!("reading object '{name}' of {size} bytes")
        });
        let chunks = match info.size {
            0 => None,
            size => {
                let subject = names::chunks(store.bucket(), &info.nuid);
                let what = || format!("object '{}'", shown(info.name.as_bytes()));
                let chunks = Chunks::new(store, subject, size, info.chunks);
                Some(chunks.map_err(|e| e.map(|e| store.context.connection().explained(e, what)))?)
            }
        };
        Ok(Get {
            progress,
            state: Mutex::new(State {
                chunks,
                left: info.size,
                digest: Digest::default(),
                done: false,
            }),
            info,
        })
    }

    /// The description of the object; of a link, that of its target.
    pub fn info(&self) -> &Info {
        &self.info
    }

    /// The next chunk as it was stored. A time-out changes nothing. A server that cannot answer now is asked again until
    /// the time is over.
    pub fn read(&self, deadline: Instant) -> Result<Piece> {
        let mut state = self.state.lock();
        if state.done {
            let text = "no more data to read from the object";
            return Err(Plain::illegal_state(text).into());
        }
        let read = self.info.size - state.left;
        let Some(chunks) = &mut state.chunks else {
            state.done = true;
            return Ok(Piece {
                chunk: None,
                last: true,
            });
        };
        let msg = match chunks.next(deadline) {
            Ok(msg) => msg,
            Err(e) if e.status() == Status::NATS_TIMEOUT => {
                return Err(e.or_say(|_| self.why_not_read(chunks.refusal(), read)));
            }
            Err(e) => {
                let conn = chunks.connection().clone();
                state.finish();
                let what = || format!("object '{}'", shown(self.info.name.as_bytes()));
                return Err(e.map(|e| conn.explained(e, what)));
            }
        };
        let len = msg.payload().len() as u64;
        if len > state.left {
            let text = format!("expected remaining {} bytes, got {len}", state.left);
            state.finish();
            return Err(Plain::illegal_state(text).into());
        }
        state.left -= len;
        state.digest.update(msg.payload());
        let last = state.left == 0;
        if last {
            state.finish();
            let digest = std::mem::take(&mut state.digest);
            if !self.info.digest.is_empty() && !digest.is(&self.info.digest) {
                let text = "received a corrupt object, digests do not match";
                return Err(Plain::new(Status::NATS_ERR, text).into());
            }
        }
        let read = self.info.size - state.left;
        drop(state);
        if let Some(progress) = &self.progress {
            progress(&self.info.name, read, self.info.size);
        }
        Ok(Piece {
            chunk: Some(msg),
            last,
        })
    }

    #[cold]
    fn why_not_read(&self, refusal: &str, read: u64) -> String {
        let why = match refusal {
            "" => "no chunk came in time".to_owned(),
            refusal => format!("no chunk came in time, the server answered '{refusal}'"),
        };
        format!(
            "object '{}': {why}; {read} of {} bytes were read, another call goes on from there",
            shown(self.info.name.as_bytes()),
            self.info.size
        )
    }

    /// All remaining bytes.
    pub fn read_all(&self, deadline: Instant) -> Result<Vec<u8>> {
        let mut all = Vec::new();
        let left = self.state.lock().left;
        let least = usize::try_from(left).map_err(|_| Plain::from(Status::NATS_NO_MEMORY))?;
        // The size in a description is not trusted before the bytes have arrived.
        all.try_reserve(least.min(64 << 20))
            .map_err(|_| Plain::from(Status::NATS_NO_MEMORY))?;
        loop {
            let piece = self.read(deadline)?;
            all.try_reserve(piece.bytes().len())
                .map_err(|_| Plain::from(Status::NATS_NO_MEMORY))?;
            all.extend_from_slice(piece.bytes());
            if piece.last {
                return Ok(all);
            }
        }
    }
}

impl State {
    fn finish(&mut self) {
        self.done = true;
        self.chunks = None;
    }
}
