//! The interface that the reading side needs from the connection.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use crate::client::callbacks::life::LifetimeGuard;
use crate::client::incoming::event_loop::ExternalLoop;
use crate::client::incoming::link::Link;
use crate::client::incoming::waiting::Waits;
use crate::client::interest::Interest;
use crate::client::interest::registry::{Route, Subscriber};
use crate::client::outgoing::Outbound;
use crate::error::Error;
use crate::log::Logger;
use crate::msg::MsgList;
use crate::proto::info::ServerInfo;
use crate::proto::server_error::ServerError;
use crate::runtime::Runtime;

/// An operation of the server that is neither a message nor answered by the link itself.
pub(in crate::client) enum Control {
    /// The oldest PING is answered.
    Pong,
    /// The server tells about itself and its cluster.
    Info(Box<ServerInfo>),
    /// Something is wrong.
    Err(ServerError),
}

/// What follows from an operation of the server.
pub(in crate::client) enum After {
    /// The link is read on.
    ReadOn,
    /// The link ends with this error.
    Fail(Error),
    /// Something that may end the connection and call the program: run once the reader is released, and before the same
    /// thread reads on.
    Act(Box<dyn FnOnce() + Send>),
}

/// The connection that a link belongs to.
pub(in crate::client) trait Upstream: Sized + Send + Sync + 'static {
    /// Where messages go.
    type Subscription: Subscriber + Send + Sync + 'static;

    /// The threads that drive the link.
    fn runtime(&self) -> &Runtime;

    /// The outgoing buffer of the link.
    fn outbound(&self) -> &Outbound<Link<Self>>;

    /// Which subscription has which sid.
    fn interest(&self) -> &Interest<Self::Subscription>;

    /// The counts of received messages, over all links.
    fn received(&self) -> &Received;

    /// Statistics about waits for answers.
    fn waits(&self) -> &Waits;

    /// The program's event loop, if that drives the links.
    fn event_loop(&self) -> Option<&ExternalLoop<Self>>;

    /// Returns the right to call the program; `None` once the connection is closed.
    fn lifetime_guard(&self) -> Option<LifetimeGuard>;

    /// The link to the present server.
    fn present_link(&self) -> Option<Arc<Link<Self>>>;

    /// How long a thread that watches the sockets polls for more before it sleeps.
    fn receive_busy_poll(&self) -> Duration;

    /// What the connection logs by.
    fn log(&self) -> &Logger;

    /// Will there be another link when this one ends?
    fn has_successor(&self) -> bool;

    /// Messages have come for a route, under this sid. Called with the reader locked.
    fn deliver(&self, route: Route<Self::Subscription>, sid: u64, msgs: MsgList);

    /// Handles an operation of the server. Called with the reader locked, after the messages before it have been
    /// delivered, so it must not close the connection itself: it returns an action that does.
    fn control(self: &Arc<Self>, link: &Arc<Link<Self>>, control: Control) -> After;

    /// The link does not work any more: called once, with no lock held.
    fn on_disconnect(self: &Arc<Self>, link: &Arc<Link<Self>>, error: Error);
}

/// Counts of what has been received. Written only by the thread that reads.
#[derive(Default)]
pub(in crate::client) struct Received {
    msgs: AtomicU64,
    bytes: AtomicU64,
}

impl Received {
    #[inline]
    pub(super) fn add(&self, msgs: u64, bytes: u64) {
        self.msgs.store(self.msgs.load(Relaxed) + msgs, Relaxed);
        self.bytes.store(self.bytes.load(Relaxed) + bytes, Relaxed);
    }

    /// Messages, and the bytes of their headers and payloads.
    pub(in crate::client) fn counts(&self) -> (u64, u64) {
        (self.msgs.load(Relaxed), self.bytes.load(Relaxed))
    }
}
