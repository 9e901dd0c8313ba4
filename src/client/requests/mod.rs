//! Requests: a message is published, and the first answer to its reply subject is returned.
//!
//! [`mux`] has the requests for which threads wait; they share one subscription for their answers. [`callbacks`] has
//! those with a callback, and [`contexts`] the layers above that have many answers, with tokens of their own.
//!
//! Owns the waiting requests and the shared subscription. How a request is published, and what the waiting thread does,
//! is outside, in `request.rs` and its siblings.
//!
//! Lock: the waiting requests. It comes after the registry and before the outgoing buffer. Any thread of the program
//! may make a request; the thread that reads delivers the answers.

pub(super) mod callbacks;
pub(super) mod contexts;
pub(super) mod mux;

pub use contexts::ReplySink;
