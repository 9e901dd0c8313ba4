//! The client: connections, subscriptions, requests.
//!
//! | folder or file | subject |
//! |---|---|
//! | `sync` | what threads wait with |
//! | `callbacks` | connection callbacks, errors that no call can return, callbacks that the program runs itself |
//! | [`session`] | connecting, losing the server, reconnecting, draining, closing; the handshake; PINGs |
//! | [`options`] | what a program may set |
//! | [`connection`] | the object itself, its state, its getters |
//! | `link` | an established session's reading side: socket → subscriptions |
//! | `unused` | memory that the reading side does not need any more |
//! | `outbound` | the writing side: publishers → socket, and the buffer while disconnected |
//! | `ping` | PINGs that something waits for |
//! | `publish` | checks and encoding of what programs send |
//! | [`subscription`] | one subscription: creation, state, getters |
//! | `delivery` | its queue: from the reading side to the callback or `next_msg` |
//! | `drain` | ending it without losing messages |
//! | `maximum` | whether the server has ended it by itself |
//! | `registry` | which subscription has which sid |
//! | `refused` | subscriptions that the server refuses |
//! | `requests` | requests and their answers |
//! | `evloop` | sockets that an event loop of the program watches |

#![forbid(unsafe_code)]

mod callbacks;
pub mod connection;
mod delivery;
mod drain;
mod evloop;
#[cfg(test)]
mod explored;
mod link;
mod maximum;
pub mod options;
mod outbound;
mod ping;
mod publish;
mod refused;
mod registry;
mod requests;
pub mod session;
pub mod subscription;
mod sync;
mod unused;
mod waiting;
mod why;

pub use callbacks::events::in_any_callback;
pub use connection::{Connection, Stats};
pub use evloop::{Attachment, EventLoop};
pub use options::Options;
pub use publish::When;
pub use session::status::{self, ConnStatus};
pub use subscription::{MsgSink, SubStats, SubscribeArgs, Subscription};

/// What a foreign caller holds for an object of the core; dropping it gives the caller's side free.
pub trait ForeignHandle: Send + Sync {
    /// The address that the foreign caller knows the object by.
    fn address(&self) -> usize;
}
