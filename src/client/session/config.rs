//! Configuration of a session.

use std::ffi::CString;
use std::net::IpAddr;
use std::time::Duration;

use super::identity::Credentials;
use crate::net::proxy::Proxy;
use crate::net::resolve::IpOrder;
use crate::net::websocket;

/// The options of a connection that concern its sessions with servers.
pub(in crate::client) struct Config {
    /// The time for one attempt at one server.
    pub(in crate::client) timeout: Duration,
    pub(in crate::client) ip_order: IpOrder,
    /// Keep the servers, and the addresses of a host, in their order.
    pub(in crate::client) no_randomize: bool,
    /// The local address to connect from.
    pub(in crate::client) local_addr: Option<IpAddr>,
    pub(in crate::client) proxy: Option<Proxy>,
    pub(in crate::client) websocket_headers: websocket::Headers,
    pub(in crate::client) credentials: Credentials,
    /// The client's name, as servers report it.
    pub(in crate::client) name: Option<CString>,
    pub(in crate::client) verbose: bool,
    pub(in crate::client) pedantic: bool,
    pub(in crate::client) no_echo: bool,
    pub(in crate::client) disable_no_responders: bool,
    /// Continue trying when the first pass over the servers fails.
    pub(in crate::client) retry_on_failed_connect: bool,
    /// There is a callback for the success of such a later pass, so the attempts continue in the background.
    pub(in crate::client) in_background: bool,
    pub(in crate::client) allow_reconnect: bool,
    /// Attempts for each server before it is given up; negative for no limit.
    pub(in crate::client) max_reconnect: i32,
    /// The pause before each pass over the servers, and the upper bound of the random time that is added to it.
    pub(in crate::client) reconnect_wait: Duration,
    pub(in crate::client) reconnect_jitter: Duration,
    pub(in crate::client) reconnect_jitter_tls: Duration,
    /// The program computes the pause, which replaces the three values above.
    pub(in crate::client) custom_delay: bool,
    /// The program chooses the server of each attempt to reconnect.
    pub(in crate::client) chooses_server: bool,
    /// Reconnect instead of closing after an error of the server that has no special meaning.
    pub(in crate::client) reconnect_on_protocol_error: bool,
    /// Continue when the same server rejects the credentials twice in a row.
    pub(in crate::client) ignore_auth_error_abort: bool,
    pub(in crate::client) ignore_discovered_servers: bool,
    pub(in crate::client) fail_requests_on_disconnect: bool,
    /// How often to send a PING; `None` for never.
    pub(in crate::client) ping_interval: Option<Duration>,
    /// The number of unanswered PINGs after which the connection counts as lost.
    pub(in crate::client) max_pings_out: i32,
}
