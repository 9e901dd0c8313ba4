//! Closing a connection, with and without waiting for its last callback.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::connection::Connection;
use super::session;
use super::session::status::ConnStatus;
use crate::error::{Error, Result};
use crate::runtime::may_wait;

/// How long closing waits for the server to take what was published.
const CLOSE_FLUSH: Duration = Duration::from_millis(500);

impl Connection {
    /// Closes the connection, after the server has had a moment to take what was published.
    pub fn close(self: &Arc<Self>) {
        let connected = self.status() == ConnStatus::NATS_CONN_STATUS_CONNECTED;
        if connected && self.outbound.is_unanswered() {
            // A server that does not answer must not keep the program from closing.
            let _ = self.flush(CLOSE_FLUSH);
        }
        self.close_now();
    }

    /// The program has destroyed the connection.
    pub fn destroy(self: &Arc<Self>) {
        self.close();
        self.callbacks.end_dispatch();
        self.callbacks.life.not_owned();
    }

    /// Closes the connection, and waits until none of its callbacks is running or will run any more.
    pub fn destroy_and_wait(self: &Arc<Self>, timeout: Option<Duration>) -> Result<()> {
        // In such a callback, the callbacks to wait for may be queued behind the one that waits.
        if self.callbacks.life.in_callback() || !may_wait() {
            return Err(Error::illegal_state(
                "natsConnection_DestroyAndWait was called inside a callback that it would wait for",
            ));
        }
        let deadline = timeout.and_then(|t| Instant::now().checked_add(t));
        self.close();
        self.callbacks.end_dispatch();
        self.callbacks.life.not_owned();
        self.callbacks
            .life
            .wait_for_end(deadline.map(|d| d.saturating_duration_since(Instant::now())))
    }

    /// Closes the connection at once: everybody that waits for something is notified, and nothing blocks.
    fn close_now(self: &Arc<Self>) {
        session::closing::close_now(self);
    }
}
