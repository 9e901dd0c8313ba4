//! Requests: a message goes out, and the first answer to its reply subject comes back.
//!
//! [`mux`] has the requests that wait for an answer over the one subscription that they share.
//!
//! Lock: the waiting requests. It comes after the registry and before the outgoing buffer. Any thread of the program
//! may make a request, the thread that reads brings the answers.

pub(super) mod mux;
