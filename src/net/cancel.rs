//! Cancellation of waits by another thread.

use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;

use super::wait::Signal;
use crate::error::{Result, Status};

/// Ends dials and waits from another thread. Clones are the same switch. Once cancelled it stays
/// cancelled, so a thread that starts to wait later returns at once.
#[derive(Debug, Clone)]
pub struct Cancel {
    signal: Arc<Signal>,
}

impl Cancel {
    /// A switch that is not cancelled. It holds one descriptor; returns `NATS_SYS_ERROR` if the
    /// process has none left.
    pub fn new() -> Result<Self> {
        Ok(Cancel {
            signal: Arc::new(Signal::new()?),
        })
    }

    /// Ends everything that waits with this switch, with `NATS_CONNECTION_CLOSED`.
    pub fn cancel(&self) {
        self.signal.set();
    }

    /// Whether [`cancel`](Self::cancel) has been called.
    pub fn is_cancelled(&self) -> bool {
        self.signal.is_set()
    }

    /// `NATS_CONNECTION_CLOSED` once cancelled; for loops that do not poll.
    pub fn check(&self) -> Result<()> {
        if self.is_cancelled() {
            Err(Status::NATS_CONNECTION_CLOSED.into())
        } else {
            Ok(())
        }
    }
}

/// The descriptor becomes readable when cancelled, and stays so. Poll it; do not read it.
impl AsFd for Cancel {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.signal.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_are_one_switch() {
        let one = Cancel::new().unwrap();
        let other = one.clone();
        assert!(one.check().is_ok());
        other.cancel();
        assert!(one.is_cancelled());
        assert_eq!(
            one.check().unwrap_err().status(),
            Status::NATS_CONNECTION_CLOSED
        );
    }
}
