//! Another name for an object.
//!
//! An object has a description under each of its names, and the stream cannot replace one by the other in one step. So the
//! description is stored under the new name first, and the old one is then marked as deleted; each only if no other client
//! has changed it. If the second step fails, the first one is taken back: the object is never lost, and not left under two
//! names as long as the server answers. The chunks are not touched.

use std::time::Instant;

use super::change::{EXISTS, new_nuid};
use super::meta::Info;
use super::store::{PURGE_WAIT, Store, is_race, is_unsure};
use crate::error::{Error as Plain, Status};
use crate::js::{Error, Result};

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
        let replaced = match self.find(&info.name, deadline)? {
            Some(other) if !other.info.deleted => return Err(Plain::illegal_state(EXISTS).into()),
            other => other.map_or(0, |other| other.revision),
        };
        let stored = match self.store_surely(info, replaced, deadline) {
            Outcome::Stored(revision) => Some(revision),
            Outcome::Found => None,
            Outcome::Not(error) => return Err(error),
            Outcome::Unknown(error) => return Err(two_names(old, info, &error)),
        };
        // An id of its own: nobody is to remove the chunks for what is left of the old name.
        let gone = Info {
            name: old.name.to_owned(),
            bucket: self.bucket().to_owned(),
            nuid: new_nuid(),
            deleted: true,
            ..Info::default()
        };
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
            (Outcome::Not(error) | Outcome::Unknown(error), _) => Err(two_names(old, info, &error)),
        }
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

fn two_names(old: &Old<'_>, info: &Info, error: &Error) -> Error {
    let text = format!(
        "the object may have two names now, '{}' and '{}': give it one of them again before it is deleted under the \
         other; {}",
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
