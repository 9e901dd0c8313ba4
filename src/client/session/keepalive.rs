//! PINGs: the server's, the client's own, flushes and the round-trip time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::client::connection::Connection;
use crate::client::incoming::link::Link;
use crate::client::outgoing::ping::PingWaiter;
use crate::client::outgoing::publish::When;
use crate::client::session::status::ConnStatus;
use crate::client::sync::one_shot::OneShot;
use crate::error::{Error, Result, Status};

/// The longest that a round trip may take for [`Connection::rtt`].
const RTT_MAX: Duration = Duration::from_secs(10);

impl Connection {
    /// Waits until the server has processed all that was sent before.
    pub fn flush(&self, timeout: Duration) -> Result<()> {
        if timeout.is_zero() {
            let text = "timeout must be greater than 0: 0 ms";
            return Err(Error::new(Status::NATS_INVALID_TIMEOUT, text));
        }
        self.round_trip(timeout)
            .map_err(|e| self.why_no_pong(e, timeout))
    }

    fn round_trip(&self, timeout: Duration) -> Result<()> {
        if self.is_closed() {
            return Err(Status::NATS_CONNECTION_CLOSED.into());
        }
        let slot = OneShot::new();
        let deadline = Instant::now().checked_add(timeout);
        let reader = self.read_here();
        self.outbound
            .ping(PingWaiter::Thread(slot.clone()), When::Soon);
        reader.read_until(deadline, || slot.is_sent());
        slot.wait(deadline)
            .unwrap_or_else(|| Err(Status::NATS_TIMEOUT.into()))
    }

    /// How long a PING takes to be answered now.
    pub fn rtt(&self) -> Result<Duration> {
        if self.is_reconnecting() {
            return Err(self.untold(Status::NATS_CONNECTION_DISCONNECTED, "round trip"));
        }
        let start = Instant::now();
        self.flush(RTT_MAX)?;
        Ok(start.elapsed())
    }

    /// Writes what waits, as far as the kernel takes it.
    pub(in crate::client) fn flush_soon(&self) {
        let link = self.state.lock().link.clone();
        if let Some(link) = link {
            self.outbound.try_pump(&link);
        }
    }

    pub(in crate::client) fn pong_received(&self, link: &Arc<Link>) {
        let mut state = self.state.lock();
        if state.is_present(link) {
            state.pings_out = 0;
        }
        drop(state);
        if let Some((waiter, window)) = self.outbound.pong(link) {
            self.mark_refused(window);
            waiter.finish(Ok(()));
        }
    }

    /// Starts sending PINGs on the present link.
    pub(in crate::client) fn start_pinging(self: &Arc<Self>) {
        let Some(interval) = self.opts.ping_interval else {
            return;
        };
        let weak = Arc::downgrade(self);
        let tick = move || {
            if let Some(conn) = weak.upgrade() {
                conn.ping_tick();
            }
        };
        let timer = self.runtime.timers.after(interval, Box::new(tick));
        let mut state = self.state.lock();
        if state.link.is_some()
            && let Some(old) = state.ping_timer.replace(timer)
        {
            old.cancel();
        }
    }

    fn ping_tick(self: &Arc<Self>) {
        let mut state = self.state.lock();
        let Some(link) = state.link.clone() else {
            return;
        };
        if state.status() == ConnStatus::NATS_CONN_STATUS_CONNECTED {
            state.pings_out += 1;
            if state.pings_out > self.opts.max_pings_out {
                let unanswered = state.pings_out - 1;
                drop(state);
                link.fail(Error::new(
                    Status::NATS_STALE_CONNECTION,
                    format!("Stale Connection: no answer to {unanswered} PINGs"),
                ));
                return;
            }
            drop(state);
            self.outbound.ping(PingWaiter::Keepalive, When::Buffered);
        } else {
            drop(state);
        }
        self.start_pinging();
    }
}
