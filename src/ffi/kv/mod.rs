//! Key-value buckets for C.
//!
//! | Module | Holds |
//! |---|---|
//! | [`types`] | what was done to a key, lists, the callback of watchers |
//! | [`config`] | `kvConfig`, `kvWatchOptions`, `kvPurgeOptions` |
//! | [`buckets`] | `kvStore`: create, open, delete |
//! | [`status`] | `kvStatus` |
//! | [`entry`] | `kvEntry` |
//! | [`get`], [`put`], [`remove`] | values |
//! | [`watch`] | `kvWatcher` |
//! | [`lists`] | keys and histories |
//! | [`additions`] | settings that `kvConfig` has no place for, names of buckets, several keys at once |

pub mod additions;
pub mod buckets;
pub mod config;
pub mod entry;
pub mod get;
pub mod lists;
pub mod put;
pub mod remove;
pub mod status;
pub mod types;
pub mod watch;
