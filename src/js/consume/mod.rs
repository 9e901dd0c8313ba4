//! Consuming: what a program gets from a consumer, and what it answers.
//!
//! | file | subject |
//! |---|---|
//! | [`ack`] | acknowledging messages |
//! | [`metadata`](mod@metadata) | what the reply subject of a message says |
//! | [`select`], `validate` | which consumer a subscription uses, and whether it may |
//! | [`machine`] | when a push consumer is made again, and where it starts: the ordered consumer |
//! | [`push`], [`subscribe`](mod@subscribe), `recover` | a push subscription: its messages, how it is made, and what is done when it is lost |
//! | [`pull`] | pull subscriptions: fetches, and the asynchronous pull |
//! | `api`, `ending` | the API as subscriptions use it without waiting; what becomes of a consumer when its subscription ends |
//! | `inspect` | what a program can ask about the consumer |
//! | [`flow`] | answering flow control |
//! | [`backoff`] | how long to wait before a consumer is created again |

pub mod ack;
mod api;
pub mod backoff;
mod ending;
pub mod flow;
mod inspect;
pub mod machine;
pub mod metadata;
pub mod pull;
pub mod push;
mod recover;
pub mod select;
pub mod subscribe;
mod validate;

pub use ack::{Ack, Acker, ack_sync, acknowledge, metadata};
pub use backoff::Backoff;
pub use inspect::{consumer_info, sequence_mismatch};
pub use metadata::Metadata;
pub use push::{Events, Push, SequenceMismatch};
pub use select::{SubOptions, Wanted};
pub use subscribe::{Delivery, subscribe};
