//! Whether a list of keys is complete.
//!
//! A key that is changed moves to the end of the stream. Where that happens again and again, it stays ahead of the
//! consumer that makes the list, which ends without it. So if anything was stored while the list was made, the server is
//! asked for the subjects of the stream, of which it has a table; the keys of which the list knows nothing are looked up.

use std::time::Instant;

use super::keys::Keys;
use super::listing::remaining;
use super::store::Store;
use crate::error::Status;
use crate::js::api::StreamInfo;
use crate::js::{CallOptions, InfoOptions, Result};

/// What is to be compared when a list has been made.
pub(super) struct Check<'a> {
    store: &'a Store,
    /// The subjects of the list.
    filters: Vec<String>,
    deadline: Option<Instant>,
    /// The last sequence of the stream before the list was made; 0 where the list is of all keys, and so says by itself
    /// where the stream ends.
    before: u64,
}

impl<'a> Check<'a> {
    /// A list of the keys that match one of these patterns is about to be made.
    pub(super) fn begin(
        store: &'a Store,
        filters: &[&str],
        deadline: Option<Instant>,
    ) -> Result<Self> {
        let mut check = Check {
            store,
            filters: store.read_subjects(filters)?,
            deadline,
            before: 0,
        };
        if filters != [">"] {
            check.before = check.info("")?.state.last_seq;
        }
        Ok(check)
    }

    /// The list has been made; the last entry that was taken has this revision. Adds the keys that have a value and are
    /// not in it.
    pub(super) fn add_missed(&self, keys: &mut Keys, last: u64) -> Result<()> {
        // All entries up to the last one were seen: they come in order.
        if self.info("")?.state.last_seq <= last.max(self.before) {
            return Ok(());
        }
        let prefix = self.store.read_prefix();
        for filter in &self.filters {
            for subject in self.info(filter)?.state.subjects.keys() {
                let Some(key) = subject.strip_prefix(prefix) else {
                    continue;
                };
                if keys.knows(key.as_bytes()) {
                    continue;
                }
                match self.store.last(key) {
                    Ok(entry) if entry.is_deleted() => keys.remove(key.as_bytes()),
                    Ok(_) => keys.put(key.as_bytes()),
                    // It is gone meanwhile.
                    Err(e) if e.status() == Status::NATS_NOT_FOUND => {}
                    Err(e) => return Err(e),
                }
            }
        }
        Ok(())
    }

    /// The state of the stream, with the subjects that match this if it is not empty.
    fn info(&self, subjects_filter: &str) -> Result<StreamInfo> {
        let context = self.store.context();
        let options = CallOptions {
            wait: remaining(self.deadline, context.wait())?,
            info: Some(InfoOptions {
                deleted_details: false,
                subjects_filter,
            }),
            ..CallOptions::default()
        };
        context.call(&options).stream_info(self.store.stream())
    }
}
