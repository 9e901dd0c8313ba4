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

    /// The subjects of keys and patterns, as they are stored. Those that another one covers are left out: servers refuse
    /// a consumer whose filters overlap.
    pub(super) fn read_subjects(&self, keys: &[&str]) -> Result<Vec<String>, Plain> {
        let subject = |key: &&str| {
            let key = self.codecs().stored_filter(key)?;
            Ok(format!("{}{key}", self.read_prefix()))
        };
        let all: Result<Vec<String>, Plain> = keys.iter().map(subject).collect();
        Ok(without_covered(all?))
    }
}

fn without_covered(subjects: Vec<String>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::with_capacity(subjects.len());
    for subject in subjects {
        if !kept.iter().any(|other| covers(other, &subject)) {
            kept.retain(|other| !covers(&subject, other));
            kept.push(subject);
        }
    }
    kept
}

/// Does a pattern match everything that another one matches?
fn covers(pattern: &str, other: &str) -> bool {
    let (mut mine, mut theirs) = (pattern.split('.'), other.split('.'));
    loop {
        match (mine.next(), theirs.next()) {
            (Some(">"), Some(_)) => return mine.next().is_none(),
            (None, None) => return true,
            (Some("*"), Some(token)) if token != ">" => {}
            (Some(a), Some(b)) if a == b => {}
            _ => return false,
        }
    }
}

/// The entry, unless it says that the key has no value.
fn living(entry: Entry) -> Result<Entry> {
    match entry.is_deleted() {
        true => Err(Status::NATS_NOT_FOUND.into()),
        false => Ok(entry),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn covered_patterns_are_left_out() {
        let left = |subjects: &[&str]| {
            let subjects = subjects.iter().map(|s| (*s).to_owned()).collect();
            without_covered(subjects).join(" ")
        };
        assert_eq!(left(&["a", "a", "b"]), "a b");
        assert_eq!(left(&["a.1", "b", "a.>", "a.2"]), "b a.>");
        assert_eq!(left(&["a.*", "a.1", "a.1.2", "a.>.x"]), "a.* a.1.2 a.>.x");
        assert_eq!(left(&["a.*", "a.>"]), "a.>");
        assert_eq!(left(&["a", "a.>"]), "a a.>");
        assert_eq!(left(&["*.b", "a.*"]), "*.b a.*");
        assert_eq!(left(&["a.b", ">", "c"]), ">");
        assert_eq!(left(&["*.*", "a.>", "a"]), "*.* a.> a");
    }
}
