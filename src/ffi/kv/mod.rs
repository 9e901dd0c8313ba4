//! Key-value buckets for C.
//!
//! | Module | Holds |
//! |---|---|
//! | [`types`] | what was done to a key, lists, the callback of watchers |
//! | [`config`] | `kvConfig`, `kvWatchOptions`, `kvPurgeOptions` |
//! | [`buckets`] | `kvStore`: create, open, delete |
//! | [`status`] | `kvStatus` |
//! | [`entry`] | `kvEntry` |
//! | [`get`], [`put`], [`put_string`], [`remove`] | values |
//! | [`watch`] | `kvWatcher` |
//! | [`lists`] | keys and histories |
//! | [`additions`] | settings that `kvConfig` has no place for, changes of a bucket, names of buckets |
//! | [`several`] | several keys at once |
//! | [`codec`] | `kvCodec`: other forms of keys and values |

pub mod additions;
pub mod buckets;
pub mod codec;
pub mod config;
pub mod entry;
pub mod get;
pub mod lists;
pub mod put;
pub mod put_string;
pub mod remove;
pub mod several;
pub mod status;
pub mod types;
pub mod watch;
