//! The client: connections, subscriptions, requests.
//!
//! | folder or file | subject |
//! |---|---|
//! | `sync` | what threads wait with |
//! | `callbacks` | connection callbacks, errors that no call can return, callbacks that the program runs itself |
//! | [`session`] | connecting, losing the server, reconnecting, draining, closing; the handshake; PINGs |
//! | [`options`] | what a program may set |
//! | `link_host`, `session_host` | what the rooms need of their connection |
//! | [`connection`] | the object itself, its state, its getters |
//! | `outgoing` | publishers → socket, and the buffer while disconnected |
//! | `publish`, `publish_many` | publishing on a connection |
//! | `interest` | which subscription has which sid, and which the server refuses |
//! | `incoming` | socket → subscriptions, by the library's threads or an event loop of the program |
//! | `subscribe` | subscribing on a connection |
//! | [`subscription`] | one subscription: its state, its queue, its drain |
//! | `requests` | requests and their answers |
//! | `request`, `request_then`, `request_callback`, `reply_context` | making requests on a connection |
//! | `face`, `observers`, `monitor`, `callback_queue` | what layers above need of a connection beside messages: timers, what happens to it, waiting, callbacks |
//! | `logging` | the logger of a connection |
//! | [`metrics`] | what connections have done so far |
//! | `why` | why a call failed, in words |
//!
//! What is re-exported here is the public face: JetStream, stores and services use nothing else of the client
//! (`tests/layers.rs`).

#![forbid(unsafe_code)]

mod callback_queue;
mod callbacks;
mod closing;
pub mod connection;
mod dispatch;
#[cfg(test)]
mod explored;
mod face;
mod flush;
mod incoming;
mod interest;
mod link_host;
mod logging;
pub mod metrics;
mod monitor;
mod observers;
pub mod options;
mod outgoing;
// Outside of the room, whose source is compiled a second time to be explored.
mod observe;
#[cfg(test)]
#[path = "outgoing/pipe_tests.rs"]
mod outgoing_tests;
mod publish;
mod publish_many;
mod reply_context;
mod report;
mod request;
mod request_callback;
mod request_then;
mod requests;
pub mod session;
mod session_host;
mod subscribe;
pub mod subscription;
mod sync;
mod why;

pub use callback_queue::{CallbackJob, CallbackQueue, Progress};
pub use callbacks::life::{in_any_callback, in_program};
pub use connection::{Connection, Stats};
pub use face::{CallbackGuard, ServerVersion, Timer};
pub use incoming::event_loop::{Attachment, EventLoop};
pub use metrics::Metrics;
pub use monitor::{Monitor, MonitorGuard};
pub use observers::{ConnEvent, Observation};
pub use options::Options;
pub use outgoing::publish::When;
pub use publish_many::{Appender, Publish};
pub use reply_context::ReplyContext;
pub use request_callback::ReplyHandler;
pub use request_then::{ManyLimits, PendingRequest};
pub use requests::ReplySink;
pub use session::status::{self, ConnStatus};
pub use subscription::{Batch, EndReason, Extension, Intake, MsgSink, SubStats, SubscribeArgs};

/// A subscription of a connection.
pub type Subscription = subscription::Subscription<Connection>;
/// The link of a connection to one server.
type Link = incoming::link::Link<Connection>;

/// The handle of a foreign caller to an object of the core; dropping it releases the caller's side.
///
/// Not a box with a destructor: that would be an allocation for each subscription.
pub struct ForeignHandle {
    address: usize,
    release: fn(usize),
}

impl ForeignHandle {
    /// The handle at `address`, which is passed to `release` when the object ends.
    pub fn new(address: usize, release: fn(usize)) -> Self {
        ForeignHandle { address, release }
    }

    /// The address by which the foreign caller knows the object.
    pub fn address(&self) -> usize {
        self.address
    }
}

impl Drop for ForeignHandle {
    fn drop(&mut self) {
        (self.release)(self.address);
    }
}
