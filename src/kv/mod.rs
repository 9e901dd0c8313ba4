//! Key-value buckets (ADR-8): a stream whose subjects are keys.
//!
//! Uses [`js`](crate::js) and the public face of [`client`](crate::client).
//!
//! | file | subject |
//! |---|---|
//! | [`names`] | valid names of buckets and keys, and the subjects for them |
//! | [`bucket`] | the configuration of a bucket, and that of its stream |
//! | [`store`] | buckets: create, open, delete, list; their status |
//! | [`codec`] | keys and values that have another form in the bucket than in the program |
//! | [`entry`] | a value with its revision, and what was done to its key |
//! | `read` | getting values |
//! | [`write`](mod@write) | putting, creating, updating, deleting, purging |
//! | [`watch`] | following keys |
//! | `gather` | taking the initial data of a watch, for lists |
//! | [`marker`] | when the initial data of a watch are complete, for who takes its entries |
//! | `news` | what the consumer of a watch says beside its messages |
//! | [`listing`], [`keys`], `check` | keys, histories, what purging leaves; the keys of a list; whether it has all of them |

#![forbid(unsafe_code)]

pub mod bucket;
mod check;
pub mod codec;
pub mod entry;
mod gather;
pub mod keys;
pub mod listing;
pub mod marker;
pub mod names;
mod news;
mod read;
pub mod store;
pub mod watch;
pub mod write;

pub use bucket::BucketConfig;
pub use codec::{Codecs, KeyCodec, ValueCodec};
pub use entry::{Entry, Operation};
pub use keys::Keys;
pub use listing::PurgeDeletes;
pub use store::{BucketStatus, Store};
pub use watch::{EntrySink, WatchOptions, Watcher};
pub use write::{Change, Said};

/// What makes entries of messages, for the programs in `fuzz/`.
#[cfg(fuzzing)]
pub mod fuzzing {
    use super::Entry;
    use crate::error::Result;
    use crate::msg::Msg;

    /// The entry that a consumer has delivered.
    pub fn delivered(msg: Msg, prefix: &str) -> Result<Entry> {
        Entry::delivered(msg, prefix)
    }

    /// The entry that a stored message is.
    pub fn stored(msg: Msg, prefix: &str) -> Option<Entry> {
        Entry::stored(msg, prefix)
    }
}
