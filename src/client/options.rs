//! The options of a connection: servers, credentials, limits, handlers. Each connection works with a copy, so that
//! later changes of an [`Options`] do not affect existing connections.

mod debug;
mod servers;
mod sign_in;
mod tls;

use std::ffi::{CStr, CString};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::error::{Error, Result, Status};
use crate::log::{self, Level};
use crate::net::auth::SignIn;
use crate::net::nkey;
use crate::net::proxy::Proxy;
use crate::net::resolve::IpOrder;
use crate::net::websocket;
use crate::proto::{encode, nuid, subject};
use crate::secret::Secret;

pub use super::callbacks::life::ReleasedHandler;
use super::session::config::Config;
use super::session::identity::Credentials;
pub use super::session::identity::{TokenHandler, UserHandler};
use super::session::tls::Security;
use super::sync::adaptive_spin;
use super::{Connection, EventLoop, Subscription};

/// Called with the connection that an event is about.
pub type ConnHandler = Arc<dyn Fn(&Arc<Connection>) + Send + Sync>;
/// Called with an error that no call could return, and with its text if the event has one.
pub type ErrorHandler =
    Arc<dyn Fn(&Arc<Connection>, Option<&Arc<Subscription>>, Status, Option<&str>) + Send + Sync>;
/// Called before each full pass over the servers, with the number of the pass from 1. Returns the pause before the
/// pass.
pub type DelayHandler = Arc<dyn Fn(&Arc<Connection>, i32) -> Duration + Send + Sync>;

/// Called before each attempt to reconnect, with the URLs of the servers and the pause before the attempt. Returns the
/// index of the server to try (`None` for the first one), and the pause.
pub type NextServerHandler =
    Arc<dyn Fn(&Arc<Connection>, &[String], Duration) -> (Option<usize>, Duration) + Send + Sync>;

/// The server for options without servers.
pub const DEFAULT_URL: &str = "nats://localhost:4222";
/// The smallest size of reads and writes that a program can set.
pub const MIN_IO_BUF_SIZE: usize = 4 * 1024;
/// The most bytes behind a payload that a program can ask for.
const MAX_PADDING: usize = 1024 * 1024;
/// The number of bytes of publishes that are kept while reconnecting.
pub const DEFAULT_RECONNECT_BUF_SIZE: usize = 8 * 1024 * 1024;

/// The limit of pending bytes for each message of the limit of pending messages, if no limit in bytes is set.
const PENDING_BYTES_PER_MSG: i32 = 1024;

/// The options of a connection. Fields that depend on each other are set by methods.
#[derive(Clone)]
pub struct Options {
    /// The server to try first. Without any server it is [`DEFAULT_URL`].
    pub url: Option<Secret>,
    /// Further servers.
    pub servers: Vec<Secret>,
    /// Why servers of the program were refused. Without others there is no connection, least of all one to
    /// [`DEFAULT_URL`]: a program that did not check would sign in at a server that it has never named.
    pub refused_servers: Option<Error>,
    /// Try servers, and the addresses of a host, in the given order.
    pub no_randomize: bool,
    /// The name of the client as shown by the server's monitoring.
    pub name: Option<CString>,
    /// The user for servers whose URL has none.
    pub user: Option<Secret>,
    /// The user's password.
    pub password: Option<Secret>,
    /// Supplies user and password for each attempt. Excludes `user`.
    pub user_handler: Option<UserHandler>,
    /// The token for servers whose URL has none. Excludes `token_handler`.
    pub token: Option<Secret>,
    /// Supplies the token for each attempt. Excludes `token`.
    pub token_handler: Option<TokenHandler>,
    /// The NKey, or the JWT and its seed, for signing in.
    pub sign_in: SignIn,
    /// Whether and how to use TLS.
    pub security: Security,
    /// The prefix of inboxes, including the last dot.
    pub inbox_prefix: Vec<u8>,
    /// The time for one attempt to connect to a server, from name resolution to the first PONG.
    pub timeout: Duration,
    /// Which addresses of a host to try, and in which order.
    pub ip_order: IpOrder,
    /// The local address to connect from; `None` for any.
    pub local_addr: Option<IpAddr>,
    /// The proxy to connect through; `None` for none.
    pub proxy: Option<Proxy>,
    /// Headers to add to the request that opens a WebSocket.
    pub websocket_headers: websocket::Headers,
    /// Reconnect when the connection is lost.
    pub allow_reconnect: bool,
    /// The number of attempts for each server before it is given up; negative for no limit.
    pub max_reconnect: i32,
    /// The pause before each pass over the servers.
    pub reconnect_wait: Duration,
    /// The largest random time that is added to that pause.
    pub reconnect_jitter: Duration,
    /// The same for connections with TLS.
    pub reconnect_jitter_tls: Duration,
    /// Computes the pause, in place of the three options above.
    pub custom_reconnect_delay: Option<DelayHandler>,
    /// Chooses the server of each attempt to reconnect.
    pub next_server: Option<NextServerHandler>,
    /// The number of bytes of publishes that are kept while there is no connection.
    pub reconnect_buf_size: usize,
    /// Reconnect, rather than close, upon an unknown error of the server.
    pub reconnect_on_protocol_error: bool,
    /// Keep trying when the same server refuses the credentials twice in a row.
    pub ignore_auth_error_abort: bool,
    /// Keep trying when the first pass over the servers fails.
    pub retry_on_failed_connect: bool,
    /// Called when such a later pass succeeds. If it is set, connecting continues in the background.
    pub connected_cb: Option<ConnHandler>,
    /// How often to send a PING; `None` for never.
    pub ping_interval: Option<Duration>,
    /// The number of unanswered PINGs after which the connection counts as lost.
    pub max_pings_out: i32,
    /// Ignore servers that the present one announces.
    pub ignore_discovered_servers: bool,
    /// Fail waiting requests when the connection is lost.
    pub fail_requests_on_disconnect: bool,
    /// The size of reads and writes; `None` to let the library choose.
    pub io_buf_size: Option<usize>,
    /// The longest protocol line that servers accept, without the operation's name and the line end (their
    /// `max_control_line`).
    pub max_control_line: usize,
    /// Write to the socket in each call instead of collecting.
    pub send_asap: bool,
    /// The longest time to collect before writing.
    pub flusher_wait: Duration,
    /// How long a thread that waits for an answer may spin before it sleeps; zero for never.
    pub busy_poll: Duration,
    /// How long a thread that watches the sockets polls for more data after it found some; zero for never.
    pub receive_busy_poll: Duration,
    /// The time after which a blocked write counts as the loss of the connection; `None` for no limit.
    pub write_deadline: Option<Duration>,
    /// The limit of pending messages of a subscription.
    pub max_pending_msgs: i32,
    /// The limit of pending bytes of a subscription; `None` for one KiB for each message of the other limit.
    pub max_pending_bytes: Option<i64>,
    /// The number of zero bytes behind the payload of each received message.
    pub message_buffer_padding: usize,
    /// Run message handlers in the pool that all connections share.
    pub global_delivery: bool,
    /// Use a separate inbox and subscription for each request.
    pub old_request_style: bool,
    /// Do not ask the server to report requests without responders.
    pub disable_no_responders: bool,
    /// Do not receive what this connection publishes.
    pub no_echo: bool,
    /// Have the server acknowledge each operation.
    pub verbose: bool,
    /// Have the server check subjects strictly.
    pub pedantic: bool,
    /// Watches the socket in place of the library.
    pub event_loop: Option<Arc<dyn EventLoop<Connection>>>,
    /// Queue callbacks until the program runs them itself.
    pub manual_dispatch: bool,
    /// Called with errors that no call returns. `None` prints them.
    pub error_handler: Option<ErrorHandler>,
    /// Called when the connection is closed for good.
    pub closed_cb: Option<ConnHandler>,
    /// Called when the connection is lost or closed.
    pub disconnected_cb: Option<ConnHandler>,
    /// Called when a lost connection is restored.
    pub reconnected_cb: Option<ConnHandler>,
    /// Called when an unknown server has joined the cluster.
    pub discovered_servers_cb: Option<ConnHandler>,
    /// Called when the server is about to shut down.
    pub lame_duck_cb: Option<ConnHandler>,
    /// Called when no other handler will be called any more.
    pub released_cb: Option<ReleasedHandler>,
    /// Receives the lines that the connection logs, up to a level.
    pub log: Option<(Level, Arc<log::Handler>)>,
}

impl Options {
    /// The options that concern sessions with servers.
    pub(super) fn session(&self) -> Config {
        Config {
            timeout: self.timeout,
            ip_order: self.ip_order,
            no_randomize: self.no_randomize,
            local_addr: self.local_addr,
            proxy: self.proxy.clone(),
            websocket_headers: self.websocket_headers.clone(),
            credentials: Credentials {
                user: self.user.clone(),
                password: self.password.clone(),
                user_handler: self.user_handler.clone(),
                token: self.token.clone(),
                token_handler: self.token_handler.clone(),
                sign_in: self.sign_in.clone(),
            },
            name: self.name.clone(),
            verbose: self.verbose,
            pedantic: self.pedantic,
            no_echo: self.no_echo,
            disable_no_responders: self.disable_no_responders,
            retry_on_failed_connect: self.retry_on_failed_connect,
            in_background: self.connected_cb.is_some(),
            allow_reconnect: self.allow_reconnect,
            max_reconnect: self.max_reconnect,
            reconnect_wait: self.reconnect_wait,
            reconnect_jitter: self.reconnect_jitter,
            reconnect_jitter_tls: self.reconnect_jitter_tls,
            custom_delay: self.custom_reconnect_delay.is_some(),
            chooses_server: self.next_server.is_some(),
            reconnect_on_protocol_error: self.reconnect_on_protocol_error,
            ignore_auth_error_abort: self.ignore_auth_error_abort,
            ignore_discovered_servers: self.ignore_discovered_servers,
            fail_requests_on_disconnect: self.fail_requests_on_disconnect,
            ping_interval: self.ping_interval,
            max_pings_out: self.max_pings_out,
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Options {
            url: None,
            servers: Vec::new(),
            refused_servers: None,
            no_randomize: false,
            name: None,
            user: None,
            password: None,
            user_handler: None,
            token: None,
            token_handler: None,
            sign_in: SignIn::default(),
            security: Security::default(),
            inbox_prefix: nuid::INBOX_PREFIX.to_vec(),
            timeout: Duration::from_secs(2),
            ip_order: IpOrder::Any,
            local_addr: None,
            proxy: None,
            websocket_headers: websocket::Headers::default(),
            allow_reconnect: true,
            max_reconnect: 60,
            reconnect_wait: Duration::from_secs(2),
            reconnect_jitter: Duration::from_millis(100),
            reconnect_jitter_tls: Duration::from_secs(1),
            custom_reconnect_delay: None,
            next_server: None,
            reconnect_buf_size: DEFAULT_RECONNECT_BUF_SIZE,
            reconnect_on_protocol_error: false,
            ignore_auth_error_abort: false,
            retry_on_failed_connect: false,
            connected_cb: None,
            ping_interval: Some(Duration::from_secs(120)),
            max_pings_out: 2,
            ignore_discovered_servers: false,
            fail_requests_on_disconnect: false,
            io_buf_size: None,
            max_control_line: encode::MAX_CONTROL_LINE,
            send_asap: false,
            flusher_wait: Duration::from_millis(1),
            busy_poll: Duration::from_micros(250),
            receive_busy_poll: Duration::ZERO,
            write_deadline: None,
            max_pending_msgs: 65_536,
            max_pending_bytes: None,
            message_buffer_padding: 0,
            global_delivery: false,
            old_request_style: false,
            disable_no_responders: false,
            no_echo: false,
            verbose: false,
            pedantic: false,
            event_loop: None,
            manual_dispatch: false,
            error_handler: None,
            closed_cb: None,
            disconnected_cb: None,
            reconnected_cb: None,
            discovered_servers_cb: None,
            lame_duck_cb: None,
            released_cb: None,
            log: None,
        }
    }
}

impl Options {
    /// Creates default options, two of which are those of the library's configuration: the write deadline (zero for
    /// none) and delivery by the shared pool.
    pub fn with_library_defaults(write_deadline: Duration, global_delivery: bool) -> Self {
        let mut opts = Options {
            global_delivery,
            ..Options::default()
        };
        opts.set_write_deadline(write_deadline);
        opts
    }

    /// Sets the client's name; `None` for none.
    pub fn set_name(&mut self, name: Option<&CStr>) -> Result<()> {
        nkey::refuse_seed(name.unwrap_or_default().to_bytes(), "the name")?;
        self.name = name.map(CStr::to_owned);
        Ok(())
    }

    /// Sets the prefix of inboxes, without the last dot; `None` or an empty one for the default. A prefix that is
    /// refused leaves the present one unchanged.
    pub fn set_inbox_prefix(&mut self, prefix: Option<&[u8]>) -> Result<()> {
        let Some(prefix) = prefix.filter(|p| !p.is_empty()) else {
            self.inbox_prefix = nuid::INBOX_PREFIX.to_vec();
            return Ok(());
        };
        if let Some(fault) = subject::literal_fault(prefix) {
            return Err(Error::invalid_arg(
                fault.describe("Invalid inbox prefix", prefix),
            ));
        }
        self.inbox_prefix = [prefix, b"."].concat();
        Ok(())
    }

    /// Sets whether to keep trying when the first pass over the servers fails, and the handler for the success of a
    /// later one, which has no effect without retrying.
    pub fn set_retry_on_failed_connect(&mut self, retry: bool, connected: Option<ConnHandler>) {
        self.retry_on_failed_connect = retry;
        self.connected_cb = connected.filter(|_| retry);
    }

    /// Sets the time limit of writes; zero for none.
    pub fn set_write_deadline(&mut self, deadline: Duration) {
        self.write_deadline = Some(deadline).filter(|d| !d.is_zero());
    }

    /// Sets how long a thread that waits for an answer may spin; at most a second.
    pub fn set_busy_poll(&mut self, longest: Duration) -> Result<()> {
        self.busy_poll = at_most_a_second(longest)?;
        Ok(())
    }

    /// Sets how long to poll for more data after some was found; at most a second.
    pub fn set_receive_busy_poll(&mut self, longest: Duration) -> Result<()> {
        self.receive_busy_poll = at_most_a_second(longest)?;
        Ok(())
    }

    /// Sets the size of reads and writes; 0 to let the library choose.
    pub fn set_io_buf_size(&mut self, bytes: usize) {
        self.io_buf_size = (bytes > 0).then(|| bytes.max(MIN_IO_BUF_SIZE));
    }

    /// Sets the number of free bytes behind the payload of received messages, which each of them allocates.
    pub fn set_message_buffer_padding(&mut self, bytes: usize) -> Result<()> {
        if bytes > MAX_PADDING {
            return Err(Error::invalid_arg(format!(
                "paddingSize must be from 0 to {MAX_PADDING}: {bytes}"
            )));
        }
        self.message_buffer_padding = bytes;
        Ok(())
    }

    /// Sets the longest protocol line that servers accept; 0 for the default.
    pub fn set_max_control_line(&mut self, bytes: usize) {
        self.max_control_line = if bytes == 0 {
            encode::MAX_CONTROL_LINE
        } else {
            bytes
        };
    }

    /// Sets the number of bytes that are kept while there is no connection; 0 for the default.
    pub fn set_reconnect_buf_size(&mut self, bytes: usize) {
        self.reconnect_buf_size = if bytes == 0 {
            DEFAULT_RECONNECT_BUF_SIZE
        } else {
            bytes
        };
    }

    /// The initial pending limits of a subscription, in messages and bytes. Without a limit in bytes it follows the
    /// one in messages; a limit beyond the range of the counters is reduced to it.
    pub fn pending_limits(&self) -> (i32, i32) {
        let msgs = self.max_pending_msgs;
        let bytes = match self.max_pending_bytes {
            Some(bytes) => i32::try_from(bytes).unwrap_or(i32::MAX),
            None => msgs.saturating_mul(PENDING_BYTES_PER_MSG),
        };
        (msgs, bytes)
    }
}

fn at_most_a_second(time_to_poll: Duration) -> Result<Duration> {
    if time_to_poll > adaptive_spin::LONGEST {
        return Err(Error::invalid_arg(format!(
            "busyPollUs must be from 0 to {}: {}",
            adaptive_spin::LONGEST.as_micros(),
            time_to_poll.as_micros()
        )));
    }
    Ok(time_to_poll)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_inbox_prefix_leaves_the_present_one() {
        let mut opts = Options::default();
        assert_eq!(opts.inbox_prefix, b"_INBOX.");
        opts.set_inbox_prefix(Some(b"my.own")).unwrap();
        assert_eq!(opts.inbox_prefix, b"my.own.");
        for bad in [&b"a."[..], b".a", b"a..b", b"a.*", b"a.>", b"a b", b">"] {
            let error = opts.set_inbox_prefix(Some(bad)).unwrap_err();
            assert_eq!(error.status(), Status::NATS_INVALID_ARG);
            assert!(error.text().starts_with("Invalid inbox prefix '"));
            assert_eq!(opts.inbox_prefix, b"my.own.");
        }
        opts.set_inbox_prefix(Some(b"")).unwrap();
        assert_eq!(opts.inbox_prefix, b"_INBOX.");
    }

    #[test]
    fn the_byte_limit_follows_the_message_limit_until_it_is_set() {
        let mut opts = Options::default();
        assert_eq!(opts.pending_limits(), (65_536, 67_108_864));
        opts.max_pending_msgs = 10;
        assert_eq!(opts.pending_limits(), (10, 10_240));
        opts.max_pending_msgs = i32::MAX;
        assert_eq!(opts.pending_limits(), (i32::MAX, i32::MAX));
        opts.max_pending_bytes = Some(1 << 40);
        assert_eq!(opts.pending_limits().1, i32::MAX);
        opts.max_pending_bytes = Some(5);
        assert_eq!(opts.pending_limits().1, 5);
    }

    #[test]
    fn zero_means_the_default_or_no_limit() {
        let mut opts = Options::default();
        opts.set_io_buf_size(1);
        assert_eq!(opts.io_buf_size, Some(MIN_IO_BUF_SIZE));
        opts.set_io_buf_size(0);
        opts.set_reconnect_buf_size(0);
        assert_eq!(opts.io_buf_size, None);
        assert_eq!(opts.reconnect_buf_size, 8_388_608);
        opts.set_write_deadline(Duration::from_millis(1));
        opts.set_write_deadline(Duration::ZERO);
        assert_eq!(opts.write_deadline, None);
        let opts = Options::with_library_defaults(Duration::from_millis(7), true);
        assert_eq!(opts.write_deadline, Some(Duration::from_millis(7)));
        assert!(opts.global_delivery);
    }

    #[test]
    fn without_retrying_there_is_nobody_to_tell() {
        let mut opts = Options::default();
        let handler: ConnHandler = Arc::new(|_| {});
        opts.set_retry_on_failed_connect(true, Some(handler.clone()));
        assert!(opts.connected_cb.is_some());
        opts.set_retry_on_failed_connect(false, Some(handler));
        assert!(!opts.retry_on_failed_connect && opts.connected_cb.is_none());
    }
}
