//! Closing a connection, with and without waiting for its last callback.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::client::connection::Connection;
use crate::client::session::status::ConnStatus;
use crate::client::subscription::delivery::Closed;
use crate::error::{Error, Result, Status};
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
        self.shut();
    }

    /// The program does not need it any more.
    pub fn destroy(self: &Arc<Self>) {
        self.close();
        self.callbacks.end_dispatch();
        self.callbacks.life.not_owned();
    }

    /// Closes the connection, and waits until none of its callbacks runs or will run any more.
    pub fn destroy_and_wait(self: &Arc<Self>, timeout: Option<Duration>) -> Result<()> {
        // There the callbacks to wait for may be queued behind the one that waits.
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

    /// Closes the connection at once: everything that waits is told, nothing blocks.
    pub(in crate::client) fn shut(self: &Arc<Self>) {
        let (link, drain, announced) = {
            let mut state = self.state.lock();
            if state.is_closed() {
                return;
            }
            self.set_status(&mut state, ConnStatus::NATS_CONN_STATUS_CLOSED);
            if let Some(cancel) = state.attempt.take() {
                cancel.cancel();
            }
            for timer in [state.ping_timer.take(), state.retry_timer.take()]
                .into_iter()
                .flatten()
            {
                timer.cancel();
            }
            // What the program is told of, and why.
            let announced = std::mem::take(&mut state.announced).then(|| state.has_error());
            (state.link.take(), state.drain.take(), announced)
        };
        if let Some(drain) = drain {
            drain.cancel();
        }
        if let Some(link) = &link {
            link.stop();
        }
        self.outbound.close();
        self.requests.fail_all(Status::NATS_CONNECTION_CLOSED);
        let subs = self.interest.clear();
        for sub in subs {
            sub.end(Closed::WithConnection);
        }
        if let Some(reason) = announced {
            self.post_disconnected(reason.as_ref());
        }
        self.post_event(&self.opts.closed_cb);
        if let Some(foreign) = &self.foreign {
            foreign.closed();
        }
        self.callbacks.life.close();
    }
}
