//! The client: connections, subscriptions, requests.
//!
//! | file | subject |
//! |---|---|
//! | [`options`] | what a program may set |
//! | [`connection`] | the object itself, its state, its getters |
//! | [`session`] | connecting, reconnecting |
//! | `loss` | losing the server: what it says, why a link ended, what is repeated |
//! | `closing` | closing, with and without waiting for the last callback |
//! | `handshake` | one attempt on one server, from INFO to PONG |
//! | `identity` | who the client says it is in a handshake, and signing |
//! | `reach` | getting a socket to a server, directly or through a proxy |
//! | `link` | an established session's reading side: socket → subscriptions |
//! | `unused` | memory that the reading side does not need any more |
//! | `outbound` | the writing side: publishers → socket, and the buffer while disconnected |
//! | `publish` | checks and encoding of what programs send |
//! | [`subscription`] | one subscription: creation, state, getters |
//! | `delivery` | its queue: from the reading side to the callback or `next_msg` |
//! | `maximum` | whether the server has ended it by itself |
//! | `registry` | which subscription has which sid |
//! | `refused` | subscriptions that the server refuses |
//! | `requests` | requests and their answers |
//! | `drain` | ending subscriptions and connections without losing messages |
//! | `keepalive` | PINGs, flushes, round-trip time |
//! | `evloop` | sockets that an event loop of the program watches |
//! | `dispatch` | callbacks that the program runs itself |
//! | `events` | connection callbacks, and knowing when no callback will run any more |
//! | `reports` | errors that no call can return, for the error handler |

#![forbid(unsafe_code)]

mod closing;
pub mod connection;
mod delivery;
mod dispatch;
mod drain;
mod events;
mod evloop;
#[cfg(test)]
mod explored;
mod handshake;
mod identity;
mod keepalive;
mod link;
mod loss;
mod maximum;
mod oneshot;
pub mod options;
mod outbound;
mod patience;
mod publish;
mod reach;
mod refused;
mod registry;
mod reports;
mod requests;
pub mod secure;
pub mod session;
pub mod status;
pub mod subscription;
mod unused;
mod waiting;
mod why;

pub use connection::{Connection, Stats};
pub use events::in_any_callback;
pub use evloop::{Attachment, EventLoop};
pub use options::Options;
pub use publish::When;
pub use status::ConnStatus;
pub use subscription::{MsgSink, SubStats, SubscribeArgs, Subscription};

use crate::sync;

/// What a foreign caller holds for an object of the core; dropping it gives the caller's side free.
pub trait ForeignHandle: Send + Sync {
    /// The address that the foreign caller knows the object by.
    fn address(&self) -> usize;
}
