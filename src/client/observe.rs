//! Getters of a connection.

use std::ffi::CStr;
use std::net::SocketAddr;

use super::connection::{Connection, Stats};
use super::session::state::as_last_error;
use crate::error::{Result, Status};
use crate::net::nkey::SIGNATURE_LEN;
use crate::proto::info::ServerInfo;
use crate::secret::Secret;
use crate::words::system;

impl Connection {
    /// Bytes that wait to be written to the server; `None` once the connection is closed.
    pub fn buffered(&self) -> Option<usize> {
        (!self.is_closed()).then(|| self.outbound.buffered())
    }

    /// Bytes that wait to be written, to the present server or to the next one.
    pub fn pending_bytes(&self) -> usize {
        self.outbound.waiting()
    }

    /// The counters of the connection.
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

    /// The number of open subscriptions.
    pub fn subscription_count(&self) -> usize {
        self.interest.count()
    }

    /// Signs a message with the seed of the options' credentials, which is read for this.
    pub fn sign(&self, message: &[u8]) -> Result<[u8; SIGNATURE_LEN]> {
        self.opts.sign_in.sign(message)
    }

    /// The name of the client, as given to the server.
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

    /// All known servers, as `nats://host:port`.
    pub fn servers(&self) -> Vec<String> {
        self.session.servers()
    }

    /// The servers that other servers announced.
    pub fn discovered_servers(&self) -> Vec<String> {
        self.session.discovered_servers()
    }

    /// The last error and its text, which may be empty. In a callback about an error it is that error.
    pub fn last_error(&self) -> (Status, String) {
        if let Some(told) = self.callbacks.told_here() {
            return (told.status(), as_last_error(told.text()).to_owned());
        }
        self.session.last_error()
    }

    /// The server's number for this connection; `None` if it has not sent one.
    pub fn client_id(&self) -> Result<Option<u64>> {
        let id = self.open_info(|info| info.client_id)?;
        Ok(Some(id).filter(|id| *id != 0))
    }

    /// The address of this client as the server sees it.
    pub fn client_ip(&self) -> Result<String> {
        let ip = self.open_info(|info| info.client_ip.clone())?;
        if ip.is_empty() {
            return Err(self.untold(Status::NATS_NO_SERVER_SUPPORT, "client's address"));
        }
        Ok(ip)
    }

    /// Reads the last INFO of the server, unless the connection is closed.
    fn open_info<R>(&self, look: impl FnOnce(&ServerInfo) -> R) -> Result<R> {
        self.session
            .while_open(look)
            .ok_or_else(|| self.untold(Status::NATS_CONNECTION_CLOSED, ""))
    }

    /// The local address of the socket.
    pub fn local_addr(&self) -> Result<SocketAddr> {
        self.open_info(|_| ())?;
        let link = self.session.link();
        let none = || self.untold(Status::NATS_CONNECTION_DISCONNECTED, "local address");
        link.ok_or_else(none)?
            .local_addr()
            .map_err(|e| system("local address", e))
    }
}
