//! What a session needs from outside.

use std::sync::Arc;

use super::failure::Failure;
use super::handshake::Attempt;
use super::state::Session;
use crate::client::callbacks::events::Callbacks;
use crate::client::outgoing::attach::Detached;
use crate::client::outgoing::ping::PingWaiter;
use crate::error::{Error, Result, Status};
use crate::net::Socket;
use crate::proto::info::ServerInfo;
use crate::runtime::Runtime;

/// What happens to a connection, for its program.
pub(in crate::client) enum Event<'a> {
    /// A connection that was handed out before has its first server.
    Connected,
    Reconnected,
    /// The reason is the last error that its callback finds.
    Disconnected(Option<&'a Error>),
    /// It drains; the program, which wants that, is not told.
    Draining,
    Closed,
    DiscoveredServers,
    LameDuck,
    /// An error that no call can return.
    Failure(&'a Error),
}

/// A link to one server, whose handshake is done.
pub(in crate::client) trait SessionLink: Send + Sync + 'static {
    /// Has the link driven from now on.
    fn start(self: &Arc<Self>) -> Result<()>;

    /// Ends the link: nobody drives it any more, and the server sees the end.
    fn stop(&self);

    /// The link does not work any more: the session is told, once, by [`lost`](super::loss::on_disconnect).
    fn fail(self: &Arc<Self>, error: Error);

    /// As [`SessionLink::fail`], at the program's request.
    fn give_up(self: &Arc<Self>, error: Error);

    /// Is its end the program's doing?
    fn is_given_up(&self) -> bool;

    /// Waits until nobody reads from this link any more, which is over.
    fn wait_for_its_reader(&self);
}

/// The connection that a session belongs to.
pub(in crate::client) trait SessionHost: Send + Sync + Sized + 'static {
    type Link: SessionLink;

    fn session(&self) -> &Session<Self::Link>;
    fn callbacks(&self) -> &Callbacks;
    fn runtime(&self) -> &Runtime;

    // These two are called with the state locked, so that their order is that of the changes, except that the end of a
    // closed connection is told without.

    /// Posts what happened.
    fn tell(self: &Arc<Self>, event: Event<'_>);

    /// The server is gone: keeps the publishes that did not leave. `broke` says whether the link
    /// broke, as opposed to having been given up by the program.
    fn detach(&self, link: &Arc<Self::Link>, broke: bool) -> Detached;

    // What follows is called with nothing locked.

    /// Connects to an attempt's server.
    fn dial(&self, attempt: &Attempt) -> Result<Socket, Failure>;

    /// Talks with the server until it is clear that the session stands, and makes a link of that.
    fn shake_hands(
        self: &Arc<Self>,
        socket: Socket,
        attempt: &Attempt,
    ) -> Result<(Arc<Self::Link>, ServerInfo), Failure>;

    /// How long to pause before a full pass over the servers with this number, by the program.
    fn reconnect_delay(self: &Arc<Self>, pass: u32) -> std::time::Duration;

    /// Which of these servers to try, and how long to pause before, by the program. `None` for the first one.
    fn choose_server(
        self: &Arc<Self>,
        urls: &[String],
        pause: std::time::Duration,
    ) -> (Option<usize>, std::time::Duration);

    /// A server has told its limits.
    fn heed_limits(self: &Arc<Self>, info: &ServerInfo);

    /// Tells the server of all subscriptions, and lets what is pending follow.
    fn resume(&self, link: &Arc<Self::Link>);

    /// Sends a PING, with others, now or to the next server.
    fn ping(&self, waiter: PingWaiter);

    /// Writes what waits, as far as the kernel takes it.
    fn write_pending(&self, link: &Arc<Self::Link>);

    /// What was refused by servers may be wanted by the next one.
    fn forgive_refused(&self);

    /// Ends the requests that wait.
    fn fail_requests(&self, status: Status);

    /// Nothing is published any more, and what waits is dropped.
    fn close_outgoing(&self);

    /// All subscriptions end.
    fn end_subscriptions(&self);

    /// The program's event loop, if it drives the connection, has nothing more to do.
    fn leave_loop(&self);

    /// Publishing fails from now on.
    fn refuse_publishes(&self);

    /// No answers to requests are wanted any more.
    fn unsubscribe_answers(&self);

    /// Begins to drain all subscriptions, and allows no new ones. Returns what tells them that the server has, or has
    /// not, said that nothing follows.
    fn drain_subscriptions(&self) -> Box<dyn FnOnce(Result<()>) + Send>;

    /// How many subscriptions are open.
    fn open_subscriptions(&self) -> usize;

    /// The subscriptions that are not drained though the time is over, if any: a text about them, and their end.
    fn late_subscriptions(&self) -> Option<(String, Box<dyn FnOnce()>)>;
}
