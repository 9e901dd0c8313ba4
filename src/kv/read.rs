//! Reading values.

use super::codec::Decode;
use super::entry::Entry;
use super::store::Store;
use crate::error::{Error as Plain, Status};
use crate::js::Result;
use crate::js::manage::{DirectGet, GetMsg};

impl Store {
    /// The value of a key. Fails with [`Status::NATS_NOT_FOUND`], without a text, if there is none.
    pub fn get(&self, key: &str) -> Result<Entry> {
        let key = self.codecs().stored_key(key)?;
        let entry = self.last(&key).and_then(living)?;
        Ok(self.shown(entry, Decode::All)?)
    }

    /// A past or present value of a key. Fails with [`Status::NATS_NOT_FOUND`] if the revision belongs to another key,
    /// is not stored any more, or deleted the key.
    pub fn get_revision(&self, key: &str, revision: u64) -> Result<Entry> {
        let key = self.codecs().stored_key(key)?;
        if revision == 0 {
            return Err(Plain::invalid_arg("invalid revision").into());
        }
        let call = self.call();
        let msg = match self.is_direct() {
            true => {
                let which = DirectGet {
                    sequence: revision,
                    ..DirectGet::default()
                };
                call.direct_get(self.stream(), &which)
            }
            false => call.get_msg(self.stream(), GetMsg::Sequence(revision)),
        }?;
        let entry = Entry::stored(msg, self.read_prefix())
            .filter(|entry| entry.key() == key.as_bytes())
            .ok_or(Status::NATS_NOT_FOUND)?;
        Ok(self.shown(living(entry)?, Decode::All)?)
    }

    /// The last that was done to a key, given as it is stored.
    pub(super) fn last(&self, key: &str) -> Result<Entry> {
        let subject = format!("{}{key}", self.read_prefix());
        let call = self.call();
        let msg = match self.is_direct() {
            true => {
                let which = DirectGet {
                    last_by_subject: &subject,
                    ..DirectGet::default()
                };
                call.direct_get(self.stream(), &which)
            }
            false => call.get_msg(self.stream(), GetMsg::LastOf(&subject)),
        }?;
        let entry = Entry::stored(msg, self.read_prefix());
        Ok(entry.ok_or(Status::NATS_NOT_FOUND)?)
    }

    /// The values of several keys, all of one state of the bucket, in the order in which they were stored. Keys may
    /// have wildcards. Keys without a value are left out.
    pub fn get_many(&self, keys: &[&str]) -> Result<Vec<Entry>> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        if !self.is_direct() {
            let text = "the bucket does not allow direct gets";
            return Err(Plain::new(Status::NATS_NO_SERVER_SUPPORT, text).into());
        }
        let subjects = self.read_subjects(keys)?;
        let subjects: Vec<&str> = subjects.iter().map(String::as_str).collect();
        let msgs = match self.call().direct_get_last(self.stream(), &subjects) {
            Err(e) if e.status() == Status::NATS_NOT_FOUND => Vec::new(),
            msgs => msgs?,
        };
        let entries = msgs
            .into_iter()
            .filter_map(|msg| Entry::stored(msg, self.read_prefix()))
            .filter(|entry| !entry.is_deleted())
            .map(|entry| self.shown(entry, Decode::All));
        Ok(entries.collect::<Result<_, Plain>>()?)
    }

    /// The subjects of keys and patterns, as they are stored.
    pub(super) fn read_subjects(&self, keys: &[&str]) -> Result<Vec<String>, Plain> {
        let subject = |key: &&str| {
            let key = self.codecs().stored_filter(key)?;
            Ok(format!("{}{key}", self.read_prefix()))
        };
        keys.iter().map(subject).collect()
    }
}

/// The entry, unless it says that the key has no value.
fn living(entry: Entry) -> Result<Entry> {
    match entry.is_deleted() {
        true => Err(Status::NATS_NOT_FOUND.into()),
        false => Ok(entry),
    }
}
