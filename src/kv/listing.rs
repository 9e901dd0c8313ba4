//! Keys, histories and the markers of deleted keys: watches that end when the initial data are complete.
//!
//! What cannot be read, because a client without the codecs has stored it, does not hide the rest: it is left out, and the
//! program's error handler is told.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::check::Check;
use super::entry::{Entry, Operation, key_of};
use super::keys::Keys;
use super::store::Store;
use super::watch::{Stopping, WatchOptions, deadline_of, watch};
use crate::error::{Error as Plain, Result as PlainResult, Status};
use crate::js::consume::Metadata;
use crate::js::{CallOptions, Purge, Result};
use crate::msg::Msg;

/// The default age from which markers are removed, in nanoseconds: 30 minutes.
const OLD: i64 = 30 * 60 * 1_000_000_000;

/// The parameters of [`Store::purge_deletes`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PurgeDeletes {
    /// Also remove the markers that are older than this, in nanoseconds: 0 for 30 minutes, a negative value for all of
    /// them.
    pub markers_older_than: i64,
    /// The maximum duration; `None` for no limit.
    pub timeout: Option<Duration>,
}

impl PurgeDeletes {
    /// Is a marker that was stored at this time removed?
    fn removes(&self, created: i64, now: i64) -> bool {
        match self.markers_older_than {
            ..0 => true,
            0 => created < now.saturating_sub(OLD),
            age => created < now.saturating_sub(age),
        }
    }
}

impl Store {
    /// The keys that have a value and match one of these patterns.
    pub fn keys(
        self: &Arc<Self>,
        filters: &[&str],
        options: &WatchOptions,
        timeout: Option<Duration>,
    ) -> Result<Keys> {
        let mut keys = Keys::default();
        let options = WatchOptions {
            // A key may be deleted while this runs.
            ignore_deletes: false,
            meta_only: true,
            ..*options
        };
        let prefix = self.read_prefix();
        let mut unreadable = Unreadable::default();
        // A list from a revision on is of changes: where a key is in the bucket says nothing of it.
        let check = match options.resume_from {
            0 => Some(Check::begin(self, filters, deadline_of(timeout))?),
            _ => None,
        };
        let mut last = None;
        self.gather_msgs(filters, &options, timeout, |msg| {
            // Nothing but the key is looked at.
            match (key_of(msg.subject(), prefix), Operation::of(&msg)) {
                (Ok(key), Operation::Put) => keys.put(key),
                (Ok(key), _) => keys.remove(key),
                (Err(error), _) => unreadable.add(error),
            }
            last = Some(msg);
        })?;
        if let Some(check) = check {
            let last = last.as_ref().and_then(Msg::reply);
            let last = last.and_then(Metadata::parse);
            check.add_missed(&mut keys, last.map_or(0, |meta| meta.stream_seq))?;
        }
        if !self.codecs().keys.is_empty() {
            let mut shown = Keys::default();
            for key in keys.iter() {
                match self.codecs().shown_key(key) {
                    Ok(key) => shown.put(&key),
                    Err(error) => unreadable.add(error),
                }
            }
            keys = shown;
        }
        unreadable.tell(self, keys.iter().next().is_none())?;
        Ok(keys)
    }

    /// The stored entries of a key, or of the keys that match a pattern. Fails with [`Status::NATS_NOT_FOUND`] if there
    /// are none.
    pub fn history(
        self: &Arc<Self>,
        key: &str,
        options: &WatchOptions,
        timeout: Option<Duration>,
    ) -> Result<Vec<Entry>> {
        let mut entries = Vec::new();
        let options = WatchOptions {
            include_history: true,
            ..*options
        };
        let mut unreadable = Unreadable::default();
        self.gather(&[key], &options, timeout, |entry| match entry {
            Ok(entry) => entries.push(entry),
            Err(error) => unreadable.add(error),
        })?;
        unreadable.tell(self, entries.is_empty())?;
        match entries.is_empty() {
            true => Err(Status::NATS_NOT_FOUND.into()),
            false => Ok(entries),
        }
    }

    /// Removes the history of deleted keys, and old markers.
    ///
    /// A key that gets a value in the meantime keeps it: only entries before its marker are removed.
    pub fn purge_deletes(self: &Arc<Self>, what: &PurgeDeletes) -> Result<()> {
        let deadline = deadline_of(what.timeout);
        let mut deleted: HashMap<Vec<u8>, (u64, i64)> = HashMap::new();
        let options = WatchOptions {
            meta_only: true,
            stored_keys: true,
            ..WatchOptions::default()
        };
        let mut unreadable = Unreadable::default();
        self.gather(&[">"], &options, what.timeout, |entry| {
            match entry {
                Ok(entry) if entry.is_deleted() => {
                    deleted.insert(entry.key().to_owned(), (entry.revision(), entry.created()));
                }
                Ok(entry) => {
                    deleted.remove(entry.key());
                }
                Err(error) => unreadable.add(error),
            };
        })?;
        unreadable.tell(self, false)?;
        let mut deleted: Vec<_> = deleted.into_iter().collect();
        deleted.sort_by_key(|(_, (revision, _))| *revision);
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.map_or(0, |now| i64::try_from(now.as_nanos()).unwrap_or(i64::MAX));
        for (key, (revision, created)) in deleted {
            let subject = format!("{}{}", self.read_prefix(), String::from_utf8_lossy(&key));
            // All before this one.
            let sequence = match what.removes(created, now) {
                true => revision + 1,
                false => revision,
            };
            let options = CallOptions {
                wait: remaining(deadline, self.context().wait())?,
                purge: Purge {
                    subject: Some(Cow::Owned(subject)),
                    sequence,
                    keep: 0,
                },
                ..CallOptions::default()
            };
            self.context().call(&options).purge_stream(self.stream())?;
        }
        Ok(())
    }

    fn gather(
        self: &Arc<Self>,
        keys: &[&str],
        options: &WatchOptions,
        timeout: Option<Duration>,
        each: impl FnMut(PlainResult<Entry>),
    ) -> Result<()> {
        let deadline = deadline_of(timeout);
        self.watch_to_list(keys, options)?.0.gather(deadline, each)
    }

    fn gather_msgs(
        self: &Arc<Self>,
        keys: &[&str],
        options: &WatchOptions,
        timeout: Option<Duration>,
        each: impl FnMut(Msg),
    ) -> Result<()> {
        let deadline = deadline_of(timeout);
        let watcher = self.watch_to_list(keys, options)?;
        watcher.0.gather_msgs(deadline, each)
    }

    fn watch_to_list(self: &Arc<Self>, keys: &[&str], options: &WatchOptions) -> Result<Stopping> {
        if options.updates_only && options.resume_from == 0 {
            let text = "UpdatesOnly cannot be set for a list: it would have no end";
            return Err(Plain::invalid_arg(text).into());
        }
        Ok(Stopping(watch(self, keys, options, None, |_| ())?))
    }
}

/// Entries of a list that cannot be read.
#[derive(Default)]
struct Unreadable {
    count: usize,
    first: Option<Plain>,
}

impl Unreadable {
    fn add(&mut self, error: Plain) {
        self.count += 1;
        self.first.get_or_insert(error);
    }

    /// Tells the program's error handler of them. Fails if there is nothing else.
    fn tell(self, store: &Store, nothing_else: bool) -> Result<()> {
        let Some(first) = self.first else {
            return Ok(());
        };
        if nothing_else {
            return Err(first.into());
        }
        let text = format!(
            "entries that cannot be read are left out of a list of bucket '{}': {}; the first: {}",
            store.bucket(),
            self.count,
            first.text()
        );
        let error = Plain::new(first.status(), text);
        store.context().connection().report_error(None, &error);
        Ok(())
    }
}

/// The timeout of one of several calls that share a deadline.
pub(super) fn remaining(deadline: Option<Instant>, wait: Duration) -> Result<Duration> {
    let Some(deadline) = deadline else {
        return Ok(wait);
    };
    match deadline.saturating_duration_since(Instant::now()) {
        Duration::ZERO => {
            let text =
                "the time was over before all markers were removed; the call can be repeated";
            Err(Plain::new(Status::NATS_TIMEOUT, text).into())
        }
        left => Ok(left.min(wait)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_markers() {
        let now = 10 * OLD;
        let removes = |older_than, created| {
            PurgeDeletes {
                markers_older_than: older_than,
                timeout: None,
            }
            .removes(created, now)
        };
        assert!(removes(-1, now) && removes(-1, 0));
        assert!(removes(5, now - 6) && !removes(5, now - 5));
        assert!(removes(0, now - OLD - 1) && !removes(0, now - OLD));
        assert!(!removes(i64::MAX, 0));
    }

    #[test]
    fn what_is_left_of_a_deadline() {
        let wait = Duration::from_secs(5);
        assert_eq!(remaining(None, wait).unwrap(), wait);
        let now = Instant::now();
        let error = remaining(Some(now), wait).unwrap_err();
        assert_eq!(error.status(), Status::NATS_TIMEOUT);
        assert_eq!(remaining(now.checked_add(wait * 9), wait).unwrap(), wait);
        assert!(remaining(now.checked_add(wait), wait * 9).unwrap() <= wait);
    }
}
