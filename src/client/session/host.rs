//! The interfaces that a session needs: a link to a server, and the connection that owns the session.

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

/// Events of a connection that may be reported to the program.
pub(in crate::client) enum Event<'a> {
    /// A connection that was returned before its first success has its first server.
    Connected,
    Reconnected,
    /// The reason becomes the last error that the callback sees.
    Disconnected(Option<&'a Error>),
    /// The connection drains. The program is not told, since it requested that.
    Draining,
    Closed,
    DiscoveredServers,
    LameDuck,
    /// An error that no function call can return.
    Failure(&'a Error),
}

/// A link to one server, after the handshake.
pub(in crate::client) trait SessionLink: Send + Sync + 'static {
    /// Starts to drive the link.
    fn start(self: &Arc<Self>) -> Result<()>;

    /// Ends the link: it is not driven any more, and the server sees the end of the connection.
    fn stop(&self);

    /// The link does not work any more. The session is told once, through
    /// [`on_disconnect`](super::loss::on_disconnect).
    fn fail(self: &Arc<Self>, error: Error);

    /// As [`SessionLink::fail`], at the program's request.
    fn give_up(self: &Arc<Self>, error: Error);

    /// Has the program ended it?
    fn is_given_up(&self) -> bool;

    /// Has the server sent something that has not been read and handed over yet? Called with the state locked.
    fn has_unread(&self) -> bool;

    /// Waits until no thread reads from this link, which has ended.
    fn wait_for_its_reader(&self);
}

/// The connection that a session belongs to.
pub(in crate::client) trait SessionHost: Send + Sync + Sized + 'static {
    type Link: SessionLink;

    fn session(&self) -> &Session<Self::Link>;
    fn callbacks(&self) -> &Callbacks;
    fn runtime(&self) -> &Runtime;

    // The next two are called with the state locked, so that their order is that of the changes of state. Only the end
    // of a closed connection is reported without the lock.

    /// Posts an event.
    fn tell(self: &Arc<Self>, event: Event<'_>);

    /// The server is lost: keeps the publishes that were not written. `broke` is false if the program gave up the link.
    fn detach(&self, link: &Arc<Self::Link>, broke: bool) -> Detached;

    // The functions below are called with no lock held.

    /// Connects to the server of an attempt.
    fn dial(&self, attempt: &Attempt) -> Result<Socket, Failure>;

    /// Runs the handshake over a socket, and creates a link from the result.
    fn shake_hands(
        self: &Arc<Self>,
        socket: Socket,
        attempt: &Attempt,
    ) -> Result<(Arc<Self::Link>, ServerInfo), Failure>;

    /// The pause, computed by the program, before the full pass over the servers with this number.
    fn reconnect_delay(self: &Arc<Self>, pass: u32) -> std::time::Duration;

    /// The index of the server to try, chosen by the program, and the pause before the attempt. `None` for the first
    /// server.
    fn choose_server(
        self: &Arc<Self>,
        urls: &[String],
        pause: std::time::Duration,
    ) -> (Option<usize>, std::time::Duration);

    /// A server has announced its limits.
    fn heed_limits(self: &Arc<Self>, info: &ServerInfo);

    /// Sends all subscriptions to the server, followed by what is pending.
    fn resume(&self, link: &Arc<Self::Link>);

    /// Appends a PING for the present server or the next one, behind those that wait already.
    fn ping(&self, waiter: PingWaiter);

    /// Writes what is buffered, as far as the kernel accepts it.
    fn write_pending(&self, link: &Arc<Self::Link>);

    /// Subscriptions that other servers refused are sent to the next server again.
    fn forgive_refused(&self);

    /// Fails the requests that wait.
    fn fail_requests(&self, status: Status);

    /// Refuses publishes from now on, and drops what is buffered.
    fn close_outgoing(&self);

    /// Ends all subscriptions.
    fn end_subscriptions(&self);

    /// Detaches the program's event loop, if it drives the connection.
    fn leave_loop(&self);

    /// Refuses publishes from now on.
    fn refuse_publishes(&self);

    /// Ends the delivery of answers to requests.
    fn unsubscribe_answers(&self);

    /// Starts to drain all subscriptions, and refuses new ones. The returned function is called when the server
    /// has confirmed that it sends no more messages for them, or with an error if it cannot.
    fn drain_subscriptions(&self) -> Box<dyn FnOnce(Result<()>) + Send>;

    /// The number of open subscriptions.
    fn open_subscriptions(&self) -> usize;

    /// If subscriptions are not drained when the time is over: a text about them, and a function that ends them.
    fn late_subscriptions(&self) -> Option<(String, Box<dyn FnOnce()>)>;
}
