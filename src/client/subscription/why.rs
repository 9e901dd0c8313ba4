//! Error texts of calls on a subscription. Nothing here runs unless a call has failed, and no lock is held then.

use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::client::subscription::home::Home;
use crate::client::subscription::queue::{Closed, Slow};
use crate::client::subscription::state::Subscription;
use crate::error::{Error, Status};
use crate::words::{ms, shown};

impl<H: Home> Subscription<H> {
    /// The name of its subject in texts.
    fn shown_name(&self) -> String {
        self.name_above()
            .unwrap_or_else(|| shown(self.name().to_bytes()).to_string())
    }

    /// The name of the subscription in texts.
    pub(in crate::client) fn called(&self) -> String {
        format!("subscription on '{}'", self.shown_name())
    }

    /// Why there is no next message.
    #[cold]
    pub(in crate::client) fn why_no_message(&self, error: Error, timeout: Duration) -> Error {
        let name = self.shown_name();
        error.or_say(|status| match status {
            Status::NATS_TIMEOUT if self.queue.lock().closed() == Some(Closed::Drained) => {
                format!("subscription on '{name}' is drained: no message follows")
            }
            Status::NATS_TIMEOUT if timeout.is_zero() => format!("no message waits on '{name}'"),
            Status::NATS_TIMEOUT => format!(
                "no message on '{name}' within {}{}",
                ms(timeout),
                self.home.meanwhile()
            ),
            Status::NATS_SLOW_CONSUMER => self.slow_words(self.queue.lock().slowness()),
            Status::NATS_MAX_DELIVERED_MSGS => format!(
                "subscription on '{name}' has delivered its maximum of {} messages",
                self.max.load(Ordering::Relaxed)
            ),
            Status::NATS_NO_RESPONDERS => {
                format!("no responders for what was published with the reply subject '{name}'")
            }
            status => self.closed_text(status),
        })
    }

    /// Why the subscription cannot be used any more.
    #[cold]
    pub(in crate::client) fn why_closed(&self, status: Status) -> Error {
        Error::new(status, self.closed_text(status))
    }

    fn closed_text(&self, status: Status) -> String {
        let called = self.called();
        match (status, self.queue.lock().closed()) {
            (Status::NATS_CONNECTION_CLOSED, _) => {}
            (_, Some(Closed::MaxDelivered)) => {
                let max = self.max.load(Ordering::Relaxed);
                return format!("{called} is closed: it has delivered its {max} messages");
            }
            (_, Some(Closed::Drained)) => return format!("{called} is closed: it was drained"),
            _ => return format!("{called} is closed"),
        }
        format!("{called}: {}", self.home.closed_words())
    }

    /// Says that it drops messages, because of which limit, and how many it has dropped.
    pub(in crate::client) fn slow_words(&self, slow: Slow) -> String {
        format!(
            "slow consumer on '{}': limit {} {}, {} dropped",
            self.shown_name(),
            slow.limit,
            slow.unit,
            slow.dropped
        )
    }
}
