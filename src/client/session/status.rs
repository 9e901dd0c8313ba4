//! The states of a connection.

/// State of a connection, as returned by `natsConnection_Status`.
///
/// @ingroup nats_state
#[expect(non_camel_case_types, reason = "the C interface's names")]
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum natsConnStatus {
    /// Not connected: a transient state between attempts on two servers, and between the loss of
    /// the server and the end of the connection.
    NATS_CONN_STATUS_DISCONNECTED = 0,
    /// The handshake with a server is in progress, also during a reconnect.
    NATS_CONN_STATUS_CONNECTING,
    /// Connected.
    NATS_CONN_STATUS_CONNECTED,
    /// Closed for good.
    NATS_CONN_STATUS_CLOSED,
    /// The server was lost; the connection waits or tries to reconnect.
    NATS_CONN_STATUS_RECONNECTING,
    /// Draining: subscriptions deliver what they received, and new ones are refused.
    NATS_CONN_STATUS_DRAINING_SUBS,
    /// Draining: published messages are sent, and publishing is refused.
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

    /// The state in words.
    pub fn name(self) -> &'static str {
        match self {
            Self::NATS_CONN_STATUS_DISCONNECTED => "disconnected",
            Self::NATS_CONN_STATUS_CONNECTING => "connecting",
            Self::NATS_CONN_STATUS_CONNECTED => "connected",
            Self::NATS_CONN_STATUS_CLOSED => "closed",
            Self::NATS_CONN_STATUS_RECONNECTING => "reconnecting",
            Self::NATS_CONN_STATUS_DRAINING_SUBS => "draining subscriptions",
            Self::NATS_CONN_STATUS_DRAINING_PUBS => "draining publishes",
        }
    }

    /// Is there a server at the other end?
    pub fn has_server(self) -> bool {
        self == Self::NATS_CONN_STATUS_CONNECTED || self.is_draining()
    }
}
