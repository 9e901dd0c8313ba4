//! Flushes and the round-trip time.

use std::time::{Duration, Instant};

use super::connection::Connection;
use super::incoming::waiting::take_over_reading;
use super::outgoing::ping::PingWaiter;
use super::outgoing::publish::When;
use super::sync::one_shot::OneShot;
use crate::error::{Error, Result, Status};

/// The longest that a round trip may take for [`Connection::rtt`].
const RTT_MAX: Duration = Duration::from_secs(10);

impl Connection {
    /// Waits until the server has processed everything that was sent before.
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
        let reader = take_over_reading(self);
        self.log().trace(|| "-> PING".to_owned());
        self.outbound
            .ping(PingWaiter::Thread(slot.clone()), When::Soon);
        reader.read_until(deadline, || slot.is_sent());
        slot.wait(deadline)
            .unwrap_or_else(|| Err(Status::NATS_TIMEOUT.into()))
    }

    /// Measures how long the server takes to answer a PING.
    pub fn rtt(&self) -> Result<Duration> {
        if self.is_reconnecting() {
            return Err(self.untold(Status::NATS_CONNECTION_DISCONNECTED, "round trip"));
        }
        let start = Instant::now();
        self.flush(RTT_MAX)?;
        Ok(start.elapsed())
    }

    /// Writes what is buffered, as far as the kernel accepts it.
    pub(super) fn flush_soon(&self) {
        let link = self.session.link();
        if let Some(link) = link {
            self.outbound.try_flush(&link);
        }
    }
}
