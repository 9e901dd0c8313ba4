//! The object store (ADR-20): objects of any size in a stream, cut into chunks.
//!
//! Uses the public face of [`js`](crate::js) and [`client`](crate::client).
//!
//! | file | subject |
//! |---|---|
//! | [`names`] | names of buckets, streams and subjects |
//! | [`digest`] | SHA-256 of an object's bytes, and its text |
//! | [`meta`] | the JSON that describes an object |
//! | [`bucket`] | buckets: create, update, open, delete, list, seal, status |
//! | [`store`] | a bucket: descriptions of objects, and storing them without losing another client's change |
//! | [`change`], `rename` | update of metadata, delete, links; another name |
//! | `upload`, [`put`] | chunks in flight, bounded; storing an object |
//! | `chunks`, [`get`] | chunks from a consumer that is replaced when it is lost; reading an object |
//! | [`files`] | objects from files and to files |
//! | [`watch`] | watching and listing the objects of a bucket |

#![forbid(unsafe_code)]

pub mod bucket;
pub mod change;
mod chunks;
pub mod digest;
pub mod files;
pub mod get;
pub mod meta;
pub mod names;
pub mod put;
mod rename;
pub mod store;
mod upload;
pub mod watch;

pub use bucket::Config;
pub use get::{Get, Piece};
pub use meta::{Info, Link};
pub use put::{Description, Put};
pub use store::{Progress, Store};
pub use watch::{Seen, Watcher};
