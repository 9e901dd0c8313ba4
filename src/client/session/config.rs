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
}
