//! JetStream: streams, consumers, and what is stored in them.
//!
//! Uses the public face of [`client`](crate::client).
//!
//! | file | subject |
//! |---|---|
//! | [`advisory`] | what servers publish when something happens to streams and consumers |
//! | [`api`] | the JSON of the server's API as Rust types, and its error codes |
//! | [`context`] | a connection and the settings for using its JetStream; one call with its options |
//! | [`consume`] | consumers: their messages, and acknowledgements |
//! | [`error`] | an error together with the server's number for it |
//! | [`manage`] | streams, consumers, single messages, counters, the account |
//! | [`names`] | which names streams, consumers and groups can have |
//! | [`needs`] | what servers of a certain version are needed for |
//! | [`publish`] | publishing: with and without waiting, in batches |
//! | [`time`] | times and durations as JSON and headers have them |

#![forbid(unsafe_code)]

pub mod advisory;
pub mod api;
pub mod consume;
pub mod context;
pub mod error;
pub mod manage;
pub mod names;
pub mod needs;
pub mod publish;
pub mod time;

pub use api::ErrCode;
pub use context::{Call, CallOptions, Context, ContextOptions, InfoOptions, Purge};
pub use error::{Error, Result};
