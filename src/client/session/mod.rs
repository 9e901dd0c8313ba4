//! The connection to one server after the other: connecting, losing the server, reconnecting, closing.
//!
//! [`machine`] is the one owner of the state, with [`loss`], [`closing`] and [`drain`]; an attempt on one server is
//! [`dial`], [`tls`], [`handshake`] and [`identity`]; [`keepalive`] has the PINGs.
//!
//! Lock: the connection's state. It comes after the reader of a link and before the outgoing buffer, and is never held
//! together with the registry. What the program is told of a change is posted under it. Steps of a reconnect run on
//! dialing threads and on the timer thread, a loss is reported by whoever reads or writes.

mod closing;
pub(super) mod config;
mod dial;
pub(super) mod drain;
pub(super) mod handshake;
pub(super) mod identity;
mod keepalive;
mod loss;
pub(super) mod machine;
pub mod status;
pub mod tls;
