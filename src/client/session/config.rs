//! What a session is made with.

use std::ffi::CString;
use std::net::IpAddr;
use std::time::Duration;

use super::identity::Credentials;
use crate::net::proxy::Proxy;
use crate::net::resolve::IpOrder;
use crate::net::websocket;

/// The part of a connection's options that its sessions with servers are about.
pub(in crate::client) struct Config {
    /// The time for one attempt at one server.
    pub(in crate::client) timeout: Duration,
    pub(in crate::client) ip_order: IpOrder,
    /// Keep the servers, and the addresses of a host, in their order.
    pub(in crate::client) no_randomize: bool,
    /// The address of this machine to connect from.
    pub(in crate::client) local_addr: Option<IpAddr>,
    pub(in crate::client) proxy: Option<Proxy>,
    pub(in crate::client) websocket_headers: websocket::Headers,
    pub(in crate::client) credentials: Credentials,
    /// The client's name as servers show it.
    pub(in crate::client) name: Option<CString>,
    pub(in crate::client) verbose: bool,
    pub(in crate::client) pedantic: bool,
    pub(in crate::client) no_echo: bool,
    pub(in crate::client) disable_no_responders: bool,
    /// Go on trying when the first pass over the servers fails.
    pub(in crate::client) retry_on_failed_connect: bool,
    /// There is a callback for when such a later pass succeeds: it goes on in the background.
    pub(in crate::client) in_background: bool,
    pub(in crate::client) allow_reconnect: bool,
    /// Attempts for each server before it is given up; negative for no limit.
    pub(in crate::client) max_reconnect: i32,
    /// The pause before each pass over the servers, and up to how much longer it is at random.
    pub(in crate::client) reconnect_wait: Duration,
    pub(in crate::client) reconnect_jitter: Duration,
    pub(in crate::client) reconnect_jitter_tls: Duration,
    /// The program says how long the pause is, instead of these three.
    pub(in crate::client) custom_delay: bool,
    /// The program chooses the server of each attempt to reconnect.
    pub(in crate::client) chooses_server: bool,
    /// Reconnect, rather than close, upon an error of the server that has no meaning of its own.
    pub(in crate::client) reconnect_on_protocol_error: bool,
    /// Go on when the same server refuses the credentials twice in a row.
    pub(in crate::client) ignore_auth_error_abort: bool,
    pub(in crate::client) ignore_discovered_servers: bool,
    pub(in crate::client) fail_requests_on_disconnect: bool,
    /// How often to send a PING; `None` for never.
    pub(in crate::client) ping_interval: Option<Duration>,
    /// PINGs that may be unanswered before the connection counts as lost.
    pub(in crate::client) max_pings_out: i32,
}
