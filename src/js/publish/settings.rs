//! The settings for publishing of a context: its options, and what can be changed later.

use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64};
use std::time::Duration;

/// The pause before publishing again if there was no responder (ADR-22).
pub const RETRY_WAIT: Duration = Duration::from_millis(250);

/// How often in a row a message is published again because the connection was lost.
pub const RESENDS: u32 = 3;

/// The settings for asynchronous publishing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AsyncSettings {
    /// The maximum number of messages that wait for their acknowledgements; 0 for no limit.
    pub max_pending: usize,
    /// How long to wait for room for another message.
    pub stall_wait: Duration,
    /// Acknowledgements arrive over the connection's inbox for requests.
    pub mux_replies: bool,
    /// The time after the loss of the connection after which messages fail.
    pub patience: Duration,
}

impl Default for AsyncSettings {
    fn default() -> Self {
        AsyncSettings {
            max_pending: 0,
            stall_wait: Duration::from_millis(200),
            mux_replies: false,
            patience: Duration::from_secs(5),
        }
    }
}

/// The policy for messages that may not have been stored. It can be changed at any time.
#[derive(Debug)]
pub struct Policy {
    retries: AtomicU32,
    retry_wait_ms: AtomicU64,
    resend: AtomicBool,
    resends: AtomicU32,
}

impl Default for Policy {
    fn default() -> Self {
        Policy {
            retries: AtomicU32::new(0),
            retry_wait_ms: AtomicU64::new(RETRY_WAIT.as_millis() as u64),
            resend: AtomicBool::new(false),
            resends: AtomicU32::new(RESENDS),
        }
    }
}

impl Policy {
    /// Publishes again, up to `retries` times with pauses of `wait`, if there is no responder.
    pub fn set_retries(&self, retries: u32, wait: Duration) {
        let ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        self.retry_wait_ms.store(ms, Relaxed);
        self.retries.store(retries, Relaxed);
    }

    /// Whether messages that wait for their acknowledgements when the connection is lost are published again when it is
    /// restored; each one up to `most` times in a row, since it may be what ends the connection.
    pub fn set_resend(&self, resend: bool, most: u32) {
        self.resends.store(most, Relaxed);
        self.resend.store(resend, Relaxed);
    }

    /// How often to publish again if there is no responder.
    pub fn retries(&self) -> u32 {
        self.retries.load(Relaxed)
    }

    /// The pause before that.
    pub fn retry_wait(&self) -> Duration {
        Duration::from_millis(self.retry_wait_ms.load(Relaxed))
    }

    /// See [`Policy::set_resend`].
    pub fn resends(&self) -> bool {
        self.resend.load(Relaxed)
    }

    /// See [`Policy::set_resend`].
    pub fn most_resends(&self) -> u32 {
        self.resends.load(Relaxed)
    }
}
