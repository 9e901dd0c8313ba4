//! The states of a connection.

/// What a connection is doing, as `natsConnection_Status` tells it.
#[expect(non_camel_case_types, reason = "the C interface's names")]
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum natsConnStatus {
    /// Not connected: a passing state between an attempt on one server and the next, and between
    /// losing the server and closing.
    NATS_CONN_STATUS_DISCONNECTED = 0,
    /// A server accepted, and the handshake is going on; in reconnect attempts too.
    NATS_CONN_STATUS_CONNECTING,
    /// Connected.
    NATS_CONN_STATUS_CONNECTED,
    /// Closed for good.
    NATS_CONN_STATUS_CLOSED,
    /// The server was lost; waiting or trying to get back.
    NATS_CONN_STATUS_RECONNECTING,
    /// Draining: subscriptions get what was sent to them, new ones are refused.
    NATS_CONN_STATUS_DRAINING_SUBS,
    /// Draining: what was published is being sent, publishing is refused.
    NATS_CONN_STATUS_DRAINING_PUBS,
}

/// The status of a connection, by the name that Rust code uses.
pub use natsConnStatus as ConnStatus;

impl natsConnStatus {
    /// Is it one of the two phases of draining?
    pub fn is_draining(self) -> bool {
        matches!(
            self,
            Self::NATS_CONN_STATUS_DRAINING_SUBS | Self::NATS_CONN_STATUS_DRAINING_PUBS
        )
    }

    /// Is there a server at the other end?
    pub fn has_server(self) -> bool {
        self == Self::NATS_CONN_STATUS_CONNECTED || self.is_draining()
    }
}
