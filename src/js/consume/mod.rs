//! Consuming: what a program gets from a consumer, and what it answers.
//!
//! | file | subject |
//! |---|---|
//! | [`ack`] | acknowledging messages |
//! | [`metadata`](mod@metadata) | what the reply subject of a message says |
//! | [`ordered`] | the ordered consumer's state machine |
//! | [`flow`] | answering flow control |
//! | [`backoff`] | how long to wait before a consumer is created again |

pub mod ack;
pub mod backoff;
pub mod flow;
pub mod metadata;
pub mod ordered;

pub use ack::{Ack, Acker, ack_sync, acknowledge, metadata};
pub use backoff::Backoff;
pub use metadata::Metadata;
