//! Managing streams and consumers, and reading single messages: the functions of [`Call`] that use the API.
//!
//! | file | subject |
//! |---|---|
//! | `streams` | create, update, delete, info, purge |
//! | `consumers` | create, update, delete, info, pause, reset, unpin |
//! | `leaders` | which server leads a stream or a consumer |
//! | `support` | what servers must be able to do |
//! | [`lists`] | streams and consumers, by pages; the stream of a subject; the account |
//! | `pages` | which page of a list comes next, so that none of its elements is missed |
//! | [`messages`] | messages by the API of the stream's leader: get, delete, erase |
//! | [`direct`], [`batch`] | messages from any replica, one or many at once |
//! | [`counters`] | subjects that are counters (ADR-49) |

pub mod batch;
mod consumers;
pub mod counters;
pub mod direct;
mod leaders;
pub mod lists;
pub mod messages;
mod pages;
mod streams;
mod support;

pub use batch::{BatchGet, DirectBatch};
pub use consumers::ConsumerAction;
pub use counters::{Counter, CounterValue};
pub use direct::DirectGet;
pub use lists::Listing;
pub use messages::GetMsg;

use super::api::ErrCode;
use super::context::Call;
use super::error::{Error, Result};
use crate::error::{Error as Plain, Status};

/// Converts these errors of the server into [`Status::NATS_NOT_FOUND`] without a text: that an object does not exist is
/// an ordinary outcome.
fn not_found<T>(result: Result<T>, codes: &[ErrCode]) -> Result<T> {
    result.map_err(|error| match codes.contains(&error.code()) {
        true => Error::new(Status::NATS_NOT_FOUND, error.code()),
        false => error,
    })
}

/// The server answered without an error, but did not perform the operation.
fn not_done(what: String) -> Error {
    Plain::new(Status::NATS_ERR, what).into()
}

/// A JSON text with these fields.
fn body(value: serde_json::Value) -> Vec<u8> {
    value.to_string().into_bytes()
}

/// What makes stored messages of answers, for the programs in `fuzz/`.
#[cfg(fuzzing)]
pub mod fuzzing {
    use super::{direct, messages};
    use crate::error::Result;
    use crate::js::api::json::parse_value;
    use crate::msg::Msg;

    /// The message in an answer of a stream's leader.
    pub fn leaders(answer: &[u8]) -> crate::js::Result<Msg> {
        messages::msg_of(parse_value(answer)?)
    }

    /// The message that the answer of a replica is.
    pub fn direct(reply: Msg, no_headers: bool) -> Result<Msg> {
        direct::direct_msg(reply, no_headers)
    }
}
