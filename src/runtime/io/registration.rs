//! What the owner of a driven socket can do: request calls of its source, take over reading, and end both.

use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use rustix::event::epoll;

use super::{READ, Shared, SourceState, WRITE};
use crate::fork::is_leaving;

/// A driven socket. Dropping it, on any thread, ends that: no new call of the source begins
/// afterwards, though one may still be running on another thread. The socket must stay open until
/// then.
pub struct Registration {
    pub(super) shared: Arc<Shared>,
    pub(super) number: u64,
    pub(super) state: Arc<SourceState>,
}

impl Registration {
    /// Requests a call of `write`, soon. Costs one atomic load if it was requested already.
    ///
    /// What the call has to find must be put in place under a lock that `write` takes too: that
    /// orders the check here against the clearing of the flag, so that a request is never dropped
    /// in favour of a call that came too early for it.
    #[inline]
    pub fn request_write(&self) {
        if self.state.requested.load(Ordering::Relaxed) & WRITE == 0 {
            self.request(WRITE);
        }
    }

    /// Requests a call of `read`, soon: for bytes that are not in the socket. If a thread is
    /// reading, it calls again when done.
    pub fn request_read(&self) {
        self.request(READ);
    }

    #[cold]
    fn request(&self, what: u8) {
        // If the source is in the list already, the flag is going to be seen as well: all of them
        // are taken at once.
        self.shared.request(&self.state, self.number, what);
    }

    /// Requests a call of `write` when the socket accepts more.
    pub fn write_when_ready(&self) {
        if is_leaving() {
            return;
        }
        let mut interest = self.state.interest.lock();
        if !std::mem::replace(&mut interest.writing, true) {
            self.with_socket(|fd| self.shared.arm(&interest, self.number, fd));
        }
    }

    /// Reserves reading for the calling thread until [`release_reading`](Self::release_reading). False if another
    /// thread reads already.
    pub fn take_reading(&self) -> bool {
        if is_leaving() {
            return false;
        }
        let mut interest = self.state.interest.lock();
        if interest.cancelled || std::mem::replace(&mut interest.reading, true) {
            return false;
        }
        self.with_socket(|fd| self.shared.arm(&interest, self.number, fd));
        true
    }

    /// What arrives from now on, and what is in the socket, is for other threads again.
    pub fn release_reading(&self) {
        if is_leaving() {
            return;
        }
        if let Some(entry) = self.shared.source(self.number) {
            self.shared.end_reading(&entry, self.number);
        }
    }

    fn with_socket(&self, f: impl FnOnce(BorrowedFd<'_>)) {
        if let Some(entry) = self.shared.source(self.number) {
            f(entry.source.as_fd());
        }
    }

    /// Ends it before it is dropped; for a source that owns its registration.
    pub fn cancel(&self) {
        // In a child this would deregister the parent's socket.
        if is_leaving() {
            return;
        }
        let entry = self.shared.sources.lock().by_number.remove(&self.number);
        let Some(entry) = entry else { return };
        let mut interest = entry.state.interest.lock();
        interest.cancelled = true;
        // Fails only if the caller closed the socket too early, which deregisters it too.
        let _ = epoll::delete(&self.shared.epoll, entry.source.as_fd());
        drop(interest);
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.cancel();
    }
}
