//! Another name for an object.
//!
//! An object has a description under each of its names, and the stream cannot replace one by the other in one step. So the
//! description is stored under the new name first, and the old one is then marked as deleted; each only if no other client
//! has changed it. If the second step fails, the first one is taken back: the object is never lost, and not left under two
//! names as long as the server answers. The chunks are not touched.
//!
//! If the server falls silent in between, the call fails, and the same call made again completes the rename. It knows the
//! half-finished one by the chunks: the description under the new name has those of the old one. The mark of the second
//! step says which chunks the new name has, for the case that it was stored and its answer was lost.

use std::time::Instant;

use serde_json::Value;

use super::change::{EXISTS, new_nuid};
use super::meta::Info;
use super::store::{Entry, PURGE_WAIT, Store, is_race, is_unsure};
use crate::error::{Error as Plain, Status};
use crate::js::{Error, Result};

/// The field of the mark under the old name that has the id of the chunks of the new one.
const MOVED: &str = "moved_nuid";

/// An object under the name that it is to lose.
pub(super) struct Old<'a> {
    pub(super) name: &'a str,
    pub(super) revision: u64,
}

/// What became of a description that was to be stored.
enum Outcome {
    /// It is stored, with this revision.
    Stored(u64),
    /// It is stored, by this client or by another one that did the same.
    Found,
    /// It is not stored.
    Not(Error),
    /// The server does not answer.
    Unknown(Error),
}

impl Store {
    /// Stores this description, which has another name, in place of the old one. Fails with [`Status::NATS_MISMATCH`] if
    /// another client changes either of the two.
    pub(super) fn rename(&self, old: &Old<'_>, info: &Info, deadline: Instant) -> Result<()> {
        let (replaced, resumed) = match self.find(&info.name, deadline)? {
            Some(other) if !other.info.deleted => match is_same(&other.info, &info.nuid) {
                true => (other.revision, true),
                false => return Err(Plain::illegal_state(EXISTS).into()),
            },
            other => (other.map_or(0, |other| other.revision), false),
        };
        let stored = match self.store_surely(info, replaced, deadline) {
            // What a call before, or that of another client, has stored is not taken back: the old name may be gone.
            Outcome::Stored(_) if resumed => None,
            Outcome::Stored(revision) => Some(revision),
            Outcome::Found => None,
            Outcome::Not(error) => return Err(error),
            Outcome::Unknown(error) => return Err(two_names(old, info, &error)),
        };
        // An id of its own: nobody is to remove the chunks for what is left of the old name.
        let mut gone = Info {
            name: old.name.to_owned(),
            bucket: self.bucket().to_owned(),
            nuid: new_nuid(),
            deleted: true,
            ..Info::default()
        };
        gone.rest
            .0
            .insert(MOVED.to_owned(), info.nuid.as_str().into());
        match (self.store_surely(&gone, old.revision, deadline), stored) {
            (Outcome::Stored(marker), _) => {
                // Best effort: it says only that there is no such object.
                let _ = self.purge_meta(old.name, marker, deadline);
                Ok(())
            }
            (Outcome::Found, _) => Ok(()),
            (Outcome::Not(error), Some(stored)) => {
                match self.purge_meta(&info.name, stored, deadline) {
                    Ok(()) => Err(error),
                    Err(_) => Err(two_names(old, info, &error)),
                }
            }
            // Another client has changed the old name, or completed the rename.
            (Outcome::Not(error), None) if is_race(&error) => Err(error),
            (Outcome::Not(error) | Outcome::Unknown(error), _) => Err(two_names(old, info, &error)),
        }
    }

    /// The object under the new name, if this is what a completed rename has left of the old one.
    pub(super) fn renamed(
        &self,
        gone: &Info,
        new: &str,
        deadline: Instant,
    ) -> Result<Option<Entry>> {
        let moved = gone.rest.0.get(MOVED).and_then(Value::as_str);
        let (true, Some(nuid)) = (gone.deleted, moved) else {
            return Ok(None);
        };
        let found = self.find(new, deadline)?;
        Ok(found.filter(|entry| !entry.info.deleted && is_same(&entry.info, nuid)))
    }

    /// Stores a description. If the answer does not come, finds out what has become of it.
    fn store_surely(&self, info: &Info, replaced: u64, deadline: Instant) -> Outcome {
        let error = match self.store(info, replaced, deadline) {
            Ok(revision) => return Outcome::Stored(revision),
            Err(error) if is_unsure(&error) => error,
            Err(error) => return Outcome::Not(error),
        };
        let deadline = deadline.max(Instant::now() + PURGE_WAIT);
        let found = self
            .fence(deadline)
            .and_then(|()| self.find(&info.name, deadline));
        match found {
            Ok(Some(entry)) if entry.info.nuid == info.nuid && entry.revision > replaced => {
                Outcome::Found
            }
            Ok(_) => Outcome::Not(error),
            Err(_) => Outcome::Unknown(error),
        }
    }
}

/// Has this description these chunks? A link and every put have an id of their own.
fn is_same(info: &Info, nuid: &str) -> bool {
    !nuid.is_empty() && info.nuid == nuid
}

fn two_names(old: &Old<'_>, info: &Info, error: &Error) -> Error {
    let text = format!(
        "the object may have two names now, '{}' and '{}': repeat the call, which completes the rename, before the \
         object is deleted under one of them; {}",
        old.name,
        info.name,
        error.text()
    );
    // Not as a race, after which the whole is done again.
    let status = match is_race(error) {
        true => Status::NATS_ERR,
        false => error.status(),
    };
    Error::new(Plain::new(status, text), error.code())
}
