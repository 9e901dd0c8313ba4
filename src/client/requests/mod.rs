//! Requests: a message goes out, and the first answer to its reply subject comes back.
//!
//! [`mux`] has the requests that wait for an answer over the one subscription that they share, [`callbacks`] those that
//! call back, and [`contexts`] the layers above that have many answers and tokens of their own to tell them apart.
//!
//! Owns what waits for answers, and the one subscription. How a request is published, and what a thread that waits for
//! its answer does meanwhile, is outside, in `request.rs` and its siblings.
//!
//! Lock: the waiting requests. It comes after the registry and before the outgoing buffer. Any thread of the program
//! may make a request, the thread that reads brings the answers.

pub(super) mod callbacks;
pub(super) mod contexts;
pub(super) mod mux;

pub use contexts::ReplySink;
