//! Changes of objects without their bytes: metadata, names, links; deletion.

use std::time::Instant;

use super::meta::{Headers, INVALID, Info, Link};
use super::rename::Old;
use super::store::{Entry, RACES, Store, is_race};
use crate::error::{Error as Plain, Status};
use crate::js::api::Metadata;
use crate::js::{Error, Result};
use crate::proto::nuid;

/// The fields that an update replaces.
#[derive(Debug, Clone, Default)]
pub struct NewMeta {
    /// The name.
    pub name: String,
    /// A description for people.
    pub description: String,
    /// The headers.
    pub headers: Headers,
    /// Metadata of the program.
    pub metadata: Metadata,
}

pub(super) const EXISTS: &str = "an object already exists with that name";

impl Store {
    /// Applies a change to an object's description, again if another client has changed it in the meantime.
    fn change<R>(&self, mut once: impl FnMut(Instant) -> Result<R>) -> Result<R> {
        let deadline = self.deadline();
        let mut result = once(deadline);
        for _ in 0..RACES {
            match &result {
                Err(e) if is_race(e) => result = once(deadline),
                _ => break,
            }
        }
        result
    }

    /// Replaces name, description, headers and metadata.
    pub fn update_meta(&self, name: &str, new: &NewMeta) -> Result<()> {
        self.change(|deadline| self.update_once(name, new, deadline))
    }

    fn update_once(&self, name: &str, new: &NewMeta, deadline: Instant) -> Result<()> {
        if new.name.is_empty() {
            return Err(Plain::invalid_arg(INVALID).into());
        }
        let (Entry { info, revision }, name) = match self.find(name, deadline)? {
            Some(entry) if !entry.info.deleted => (entry, name),
            found => {
                let renamed = match found {
                    Some(gone) if new.name != name => {
                        self.renamed(&gone.info, &new.name, deadline)?
                    }
                    _ => None,
                };
                let Some(entry) = renamed else {
                    let text = "cannot update meta for a deleted or not found object";
                    return Err(Plain::illegal_state(text).into());
                };
                (entry, new.name.as_str())
            }
        };
        let old = Old { name, revision };
        let info = Info {
            name: new.name.clone(),
            description: new.description.clone(),
            headers: new.headers.clone(),
            metadata: new.metadata.clone(),
            ..info
        };
        if new.name != name {
            return self.rename(&old, &info, deadline);
        }
        self.store(&info, revision, deadline)?;
        Ok(())
    }

    /// Deletes an object: removes its chunks, and marks its description as deleted.
    pub fn delete(&self, name: &str) -> Result<()> {
        self.change(|deadline| {
            let Entry { info, revision } = self.info(name, false, deadline)?;
            if info.nuid.is_empty() {
                return Err(Plain::illegal_state(INVALID).into());
            }
            let nuid = info.nuid.clone();
            let deleted = Info {
                deleted: true,
                size: 0,
                chunks: 0,
                digest: String::new(),
                ..info
            };
            self.store(&deleted, revision, deadline)?;
            self.purge_chunks(&nuid, deadline)
        })
    }

    /// Creates a link to an object.
    pub fn add_link(&self, name: &str, target: &Info) -> Result<Info> {
        if target.name.is_empty() {
            return Err(Plain::invalid_arg("the object has no name").into());
        }
        if target.deleted {
            let text = "not allowed to link to a deleted object";
            return Err(Plain::illegal_state(text).into());
        }
        if target.is_link() {
            let text = "not allowed to link to another link";
            return Err(Plain::illegal_state(text).into());
        }
        self.link(name, &target.bucket, &target.name)
    }

    /// Creates a link to a bucket.
    pub fn add_bucket_link(&self, name: &str, target: &Store) -> Result<Info> {
        self.link(name, target.bucket(), "")
    }

    fn link(&self, name: &str, bucket: &str, object: &str) -> Result<Info> {
        self.change(|deadline| {
            let found = self.find(name, deadline)?;
            if found.as_ref().is_some_and(|e| !e.info.is_link()) {
                return Err(Error::from(Plain::illegal_state(EXISTS)));
            }
            let mut info = Info {
                name: name.to_owned(),
                bucket: self.bucket().to_owned(),
                nuid: new_nuid(),
                ..Info::default()
            };
            info.options.link = Some(Link {
                bucket: bucket.to_owned(),
                name: object.to_owned(),
                ..Link::default()
            });
            self.store(&info, found.map_or(0, |e| e.revision), deadline)?;
            info.mod_time = now();
            Ok(info)
        })
    }
}

/// A unique name for the chunks of a put.
pub(super) fn new_nuid() -> String {
    String::from_utf8_lossy(&nuid::next()).into_owned()
}

/// The local clock, in nanoseconds since 1970.
pub(super) fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |d| i64::try_from(d.as_nanos()).unwrap_or(i64::MAX))
}

/// The error for an object that does not exist, with its text.
pub(super) fn not_found(text: String) -> Error {
    Plain::new(Status::NATS_NOT_FOUND, text).into()
}
