//! The connection to one server after the other: connecting, losing the server, reconnecting, closing.
//!
//! ```text
//! disconnected → connecting → connected → draining subs → draining pubs → closed
//!                    ↑ ↓          ↓
//!                reconnecting ←───┘              (any state can go to closed)
//! ```
//!
//! `state` is the state and its lock; `connect`, `reconnect`, `loss`, `drain`, `closing` and `keepalive`
//! change it. An attempt on one server is `dial`, [`tls`], `handshake` and `identity`. The room knows neither the
//! connection nor the link: what it needs of them is in `host`.
//!
//! The first connect runs on the caller's thread. A reconnect is a chain of short steps, waits on the timer thread and
//! attempts on the few dialing threads, so that a thousand connections that lost their server need no thousand threads.
//!
//! Lock: the connection's state. It comes after the reader of a link and before the outgoing buffer, and is never held
//! together with the registry. What the program is told of a change is posted under it, so the order of the callbacks is
//! that of the changes; what a closed connection is told last is posted after it, when nothing can change any more.
//! Whoever reads or writes reports a loss, with no lock held but that of the reader.

pub(super) mod closing;
pub(super) mod config;
pub(super) mod connect;
pub(super) mod dial;
pub(super) mod drain;
pub(super) mod failure;
pub(super) mod handshake;
pub(super) mod host;
pub(super) mod identity;
mod keepalive;
pub(super) mod loss;
mod reconnect;
pub(super) mod state;
pub mod status;
pub mod tls;

#[cfg(test)]
mod tests;
