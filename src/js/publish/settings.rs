//! How a context publishes: what its options say, and what can be set later.

use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64};
use std::time::Duration;

/// How long to wait before publishing again where nobody listened (ADR-22).
pub const RETRY_WAIT: Duration = Duration::from_millis(250);

/// How a context publishes asynchronously.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AsyncSettings {
    /// How many messages may wait for their acknowledgements; 0 for any number.
    pub max_pending: usize,
    /// How long to wait for room among them.
    pub stall_wait: Duration,
    /// Acknowledgements come by way of the connection's inbox for requests.
    pub mux_replies: bool,
    /// How long after the loss of the connection messages are given up.
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

/// What is done about messages that may not have been stored. It can be changed at any time.
#[derive(Debug)]
pub struct Policy {
    retries: AtomicU32,
    retry_wait_ms: AtomicU64,
    resend: AtomicBool,
}

impl Default for Policy {
    fn default() -> Self {
        Policy {
            retries: AtomicU32::new(0),
            retry_wait_ms: AtomicU64::new(RETRY_WAIT.as_millis() as u64),
            resend: AtomicBool::new(false),
        }
    }
}

impl Policy {
    /// Publishes again, up to `retries` times and `wait` later each time, where nobody listens.
    pub fn set_retries(&self, retries: u32, wait: Duration) {
        let ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        self.retry_wait_ms.store(ms, Relaxed);
        self.retries.store(retries, Relaxed);
    }

    /// Whether messages that wait for their acknowledgements when the connection is lost are published
    /// again when it is back.
    pub fn set_resend(&self, resend: bool) {
        self.resend.store(resend, Relaxed);
    }

    /// How often to publish again where nobody listens.
    pub fn retries(&self) -> u32 {
        self.retries.load(Relaxed)
    }

    /// How long to wait before that.
    pub fn retry_wait(&self) -> Duration {
        Duration::from_millis(self.retry_wait_ms.load(Relaxed))
    }

    /// See [`Policy::set_resend`].
    pub fn resends(&self) -> bool {
        self.resend.load(Relaxed)
    }
}
