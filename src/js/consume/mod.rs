//! Consuming: the messages of a consumer, and their acknowledgements.
//!
//! | file | subject |
//! |---|---|
//! | [`ack`] | acknowledging messages |
//! | [`metadata`](mod@metadata) | what the reply subject of a message says |
//! | [`select`], `validate` | which consumer a subscription uses, and whether it may |
//! | [`machine`], `recover`, `push_recover` | when a consumer is created again, and where it starts: the ordered consumer; doing it, and what that needs from a push subscription |
//! | [`push`], `push_intake`, [`subscribe`](mod@subscribe) | a push subscription: its state, what comes from its consumer, how it is made |
//! | [`pull`] | pull subscriptions: fetches, the asynchronous pull, the ordered pull |
//! | `bound` | one subscription for a push consumer without a deliver group |
//! | `room` | how much a queue still takes |
//! | `api`, `ending` | the API as subscriptions use it without waiting; what becomes of a consumer when its subscription ends |
//! | `inspect` | what a program can ask about the consumer |
//! | [`flow`], [`flow_ack`], `push_flow` | answering flow control; consumers whose messages that acknowledges |
//! | `counts` | how many messages of a push subscription the program has received, and what becomes due then |
//! | [`patience`] | no server is silent while what it has sent lies in the socket |
//! | [`backoff`] | how long to wait before a consumer is created again |

pub mod ack;
mod api;
pub mod backoff;
mod bound;
mod counts;
mod ending;
#[cfg(test)]
mod explored;
pub mod flow;
pub mod flow_ack;
mod inspect;
pub mod machine;
pub mod metadata;
pub mod patience;
pub mod pull;
pub mod push;
mod push_flow;
mod push_intake;
mod push_recover;
mod recover;
#[cfg(all(test, not(miri)))]
mod reordered;
mod room;
pub mod select;
pub mod subscribe;
mod validate;

pub use ack::{Ack, Acker, ack_sync, acknowledge, metadata};
pub use backoff::Backoff;
pub use inspect::{consumer_info, sequence_mismatch};
pub use metadata::Metadata;
pub use patience::Patience;
pub use push::{Events, Push, SequenceMismatch};
pub use select::{Mode, SubOptions, Wanted};
pub use subscribe::{Delivery, subscribe};

use crate::sync;
