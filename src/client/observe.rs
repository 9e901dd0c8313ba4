//! What can be asked of a connection.

use std::ffi::CStr;
use std::net::SocketAddr;
use std::sync::atomic::Ordering;

use super::connection::{Connection, Stats};
use super::session::state::as_last_error;
use crate::error::{Result, Status};
use crate::net::nkey::SIGNATURE_LEN;
use crate::proto::info::ServerInfo;
use crate::secret::Secret;
use crate::words::system;

impl Connection {
    /// Bytes that wait to be written to the server; `None` once it is closed.
    pub fn buffered(&self) -> Option<usize> {
        (!self.is_closed()).then(|| self.outbound.buffered())
    }

    /// Bytes that wait to be written, be it to the present server or to the next one.
    pub fn pending_bytes(&self) -> usize {
        self.outbound.waiting()
    }

    /// The largest payload that the server accepts, headers included: below 0 for any, and 0 before
    /// there ever was a server.
    pub fn max_payload(&self) -> i64 {
        self.max_payload.load(Ordering::Relaxed)
    }

    /// Does the server know headers?
    pub fn has_header_support(&self) -> bool {
        self.headers.load(Ordering::Relaxed)
    }

    /// What it has counted.
    pub fn stats(&self) -> Stats {
        let (in_msgs, in_bytes) = self.received.counts();
        let (out_msgs, out_bytes) = self.outbound.counts();
        Stats {
            in_msgs,
            in_bytes,
            out_msgs,
            out_bytes,
            reconnects: self.session.reconnects(),
        }
    }

    /// How many subscriptions are open.
    pub fn subscription_count(&self) -> usize {
        self.interest.count()
    }

    /// Signs a message with the seed of the options' credentials, which is read for it.
    pub fn sign(&self, message: &[u8]) -> Result<[u8; SIGNATURE_LEN]> {
        self.opts.sign_in.sign(message)
    }

    /// The name it gives the server.
    pub fn name(&self) -> Option<&CStr> {
        self.opts.name.as_deref()
    }

    /// URL of the present server, with credentials as they were written.
    pub fn connected_url(&self) -> Option<Secret> {
        self.session
            .while_connected(|server, _| server.map(|server| server.url.full()))?
    }

    /// Id of the present server.
    pub fn connected_server_id(&self) -> Option<String> {
        self.session
            .while_connected(|_, info| info.server_id.clone())
    }

    /// Name of the present server.
    pub fn server_name(&self) -> Option<String> {
        self.session
            .while_connected(|_, info| info.server_name.clone())
    }

    /// Version of the present server.
    pub fn server_version(&self) -> Option<String> {
        self.session.while_connected(|_, info| info.version.clone())
    }

    /// Name of the present server's cluster.
    pub fn server_cluster(&self) -> Option<String> {
        self.session.while_connected(|_, info| info.cluster.clone())
    }

    /// All servers that are known, as `nats://host:port`.
    pub fn servers(&self) -> Vec<String> {
        self.session.servers()
    }

    /// The servers that other servers told of.
    pub fn discovered_servers(&self) -> Vec<String> {
        self.session.discovered_servers()
    }

    /// The last error, and its text, which may be empty. In a callback that is about an error it is
    /// that one.
    pub fn last_error(&self) -> (Status, String) {
        if let Some(told) = self.callbacks.told_here() {
            return (told.status(), as_last_error(told.text()).to_owned());
        }
        self.session.last_error()
    }

    /// The number that the server knows this connection by; `None` where it has told none.
    pub fn client_id(&self) -> Result<Option<u64>> {
        let id = self.open_info(|info| info.client_id)?;
        Ok(Some(id).filter(|id| *id != 0))
    }

    /// The address that the server sees this client at.
    pub fn client_ip(&self) -> Result<String> {
        let ip = self.open_info(|info| info.client_ip.clone())?;
        if ip.is_empty() {
            return Err(self.untold(Status::NATS_NO_SERVER_SUPPORT, "client's address"));
        }
        Ok(ip)
    }

    /// Looks at what the server told last, unless the connection is closed.
    fn open_info<R>(&self, look: impl FnOnce(&ServerInfo) -> R) -> Result<R> {
        self.session
            .while_open(look)
            .ok_or_else(|| self.untold(Status::NATS_CONNECTION_CLOSED, ""))
    }

    /// The address of the socket on this side.
    pub fn local_addr(&self) -> Result<SocketAddr> {
        self.open_info(|_| ())?;
        let link = self.session.link();
        let none = || self.untold(Status::NATS_CONNECTION_DISCONNECTED, "local address");
        link.ok_or_else(none)?
            .local_addr()
            .map_err(|e| system("local address", e))
    }
}
