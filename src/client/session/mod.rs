//! The connection to one server after the other: connecting, losing the server, reconnecting, closing.
//!
//! ```text
//! disconnected → connecting → connected → draining subs → draining pubs → closed
//!                    ↑ ↓          ↓
//!                reconnecting ←───┘              (any state can go to closed)
//! ```
//!
//! `state` has the state and its lock; `connect`, `reconnect`, `loss`, `drain`, `closing` and `keepalive` change it.
//! One attempt to connect to a server is in `dial`, [`tls`], `handshake` and `identity`. The room knows neither the
//! connection nor the link: `host` declares what it needs from them.
//!
//! The first connect runs on the caller's thread. A reconnect is a chain of short steps: waits on the timer thread and
//! attempts on a few dialing threads, so a thousand connections that have lost their server need no thousand threads.
//!
//! Lock: the connection's state. It comes after the reader of a link and before the outgoing buffer, and is never held
//! together with the registry. Events for the program are posted under it, so the callbacks have the order of the
//! changes of state. Only the last events of a closed connection are posted after it is released, when the state cannot
//! change any more. A thread that finds a link broken reports it with no lock held except the reader's.

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
