//! Waiting for descriptors until a deadline.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use rustix::io::Errno;

use super::Cancel;
use crate::error::{Result, Status};
use crate::fork::Descriptor;
use crate::words::system;

/// A one-time event that threads can poll for together with sockets.
///
/// The descriptor is written once and never read, so it stays readable: every thread that waits for
/// it, now or later, sees it.
#[derive(Debug)]
pub(super) struct Signal {
    fired: AtomicBool,
    fd: Descriptor<OwnedFd>,
}

impl Signal {
    /// An event that has not happened yet. Fails if the process is out of descriptors.
    pub(super) fn new() -> Result<Self> {
        let fd = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)
            .and_then(Descriptor::new)
            .map_err(|e| system("eventfd", e))?;
        Ok(Signal {
            fired: AtomicBool::new(false),
            fd,
        })
    }

    /// Makes the event happen.
    pub(super) fn set(&self) {
        if !self.fired.swap(true, Ordering::AcqRel) {
            // An eventfd accepts a first write of 1 without blocking; only an interruption has to
            // be retried.
            while let Err(Errno::INTR) = rustix::io::write(&self.fd, &1u64.to_ne_bytes()) {}
        }
    }

    /// Whether the event has happened.
    pub(super) fn is_set(&self) -> bool {
        self.fired.load(Ordering::Acquire)
    }
}

impl AsFd for Signal {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// Polls until something is ready (true) or the deadline has passed (false). Polls once even if the
/// deadline has passed already.
pub(super) fn poll_until(fds: &mut [PollFd<'_>], deadline: Instant) -> Result<bool> {
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        // A time too long for the kernel is treated as no limit.
        let timeout = Timespec::try_from(left).ok();
        match poll(fds, timeout.as_ref()) {
            Ok(0) => return Ok(false),
            Ok(_) => return Ok(true),
            Err(Errno::INTR) => {}
            Err(e) => return Err(system("poll", e)),
        }
    }
}

/// Waits until `fd` is ready for `events`, or broken, which a read or write will then report.
///
/// Returns `NATS_TIMEOUT` at the deadline, and `NATS_CONNECTION_CLOSED` as soon as `cancel` is
/// cancelled, which takes precedence.
pub(super) fn wait_ready(
    fd: BorrowedFd<'_>,
    events: PollFlags,
    deadline: Instant,
    cancel: Option<&Cancel>,
) -> Result<()> {
    let socket = PollFd::from_borrowed_fd(fd, events);
    let ready = match cancel {
        None => poll_until(&mut [socket], deadline)?,
        Some(cancel) => {
            let cancelled = PollFd::from_borrowed_fd(cancel.as_fd(), PollFlags::IN);
            poll_until(&mut [socket, cancelled], deadline)?
        }
    };
    if let Some(cancel) = cancel {
        cancel.check()?;
    }
    if ready {
        Ok(())
    } else {
        Err(Status::NATS_TIMEOUT.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(20)
    }

    #[test]
    fn a_signal_stays_given() {
        let signal = Signal::new().unwrap();
        assert!(!signal.is_set());
        let status = wait_ready(signal.as_fd(), PollFlags::IN, Instant::now(), None)
            .unwrap_err()
            .status();
        assert_eq!(status, Status::NATS_TIMEOUT);
        signal.set();
        signal.set();
        assert!(signal.is_set());
        for _ in 0..2 {
            wait_ready(signal.as_fd(), PollFlags::IN, soon(), None).unwrap();
        }
    }

    #[test]
    fn what_is_ready_is_seen_after_the_deadline_too() {
        let signal = Signal::new().unwrap();
        signal.set();
        wait_ready(signal.as_fd(), PollFlags::IN, Instant::now(), None).unwrap();
    }

    #[test]
    fn a_wait_ends_at_its_deadline_and_not_before() {
        let signal = Signal::new().unwrap();
        let deadline = Instant::now() + Duration::from_millis(20);
        wait_ready(signal.as_fd(), PollFlags::IN, deadline, None).unwrap_err();
        assert!(Instant::now() >= deadline);
    }

    #[test]
    fn cancelling_comes_before_readiness() {
        let signal = Signal::new().unwrap();
        signal.set();
        let cancel = Cancel::new().unwrap();
        cancel.cancel();
        let status = wait_ready(signal.as_fd(), PollFlags::IN, soon(), Some(&cancel))
            .unwrap_err()
            .status();
        assert_eq!(status, Status::NATS_CONNECTION_CLOSED);
    }
}
