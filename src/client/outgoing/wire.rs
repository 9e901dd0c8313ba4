//! The interface that the outgoing buffer needs from the link to a server.

use std::io::{self, IoSlice};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Outbound;
use crate::error::{Error, Result};
use crate::net::stream::Stream;

/// A stream that accepts bytes without blocking.
pub(in crate::client) trait ByteStream {
    /// Writes some of the bytes; fails with `WouldBlock` if none are accepted now.
    fn write(&self, bytes: &[u8]) -> io::Result<usize>;

    /// As [`ByteStream::write`], for bytes in several places.
    fn write_vectored(&self, parts: &[IoSlice<'_>]) -> io::Result<usize>;

    /// Passes on the bytes that the stream has accepted and not passed on yet.
    fn flush(&self) -> io::Result<()>;

    /// Waits until the stream accepts bytes. Fails with `NATS_TIMEOUT` at the deadline.
    fn wait_writable(&self, deadline: Instant) -> Result<()>;
}

/// The link to a server, as the outgoing buffer uses it.
pub(in crate::client) trait Wire: Sized + Send + Sync + 'static {
    /// The type of the stream.
    type Stream: ByteStream;

    /// The stream.
    fn stream(&self) -> &Self::Stream;

    /// The buffer whose bytes it writes.
    fn outbound(&self) -> &Outbound<Self>;

    /// Runs an action after a time, on a thread that must not be blocked.
    fn run_later(&self, delay: Duration, action: Box<dyn FnOnce() + Send>);

    /// Has the link ended?
    fn has_ended(&self) -> bool;

    /// Is the link driven by an event loop of the program, whose thread must not wait for another one?
    fn is_loop_driven(&self) -> bool;

    /// Will publishes that are kept when the link ends be sent to another server?
    fn has_successor(&self) -> bool;

    /// Requests a write soon. Called with the appender locked.
    fn request_flush(&self);

    /// Requests a write when the stream accepts more. Called with no lock held.
    fn write_when_ready(self: &Arc<Self>);

    /// Asks the program's event loop for a write event. Called with no lock held.
    fn ask_write(self: &Arc<Self>);

    /// The link does not work any more. Called with no lock held.
    fn fail(self: &Arc<Self>, error: Error);

    /// As [`Wire::fail`], after the bytes that the server has sent were read. Called with no lock held.
    fn fail_after_reading(self: &Arc<Self>, error: Error);

    /// Writing failed: shuts the stream down, so that the thread that reads reaches its end and fails with this error.
    /// Called with the writer locked.
    fn end_writing(self: &Arc<Self>, error: Error);
}

impl ByteStream for Stream {
    #[inline]
    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.write(bytes)
    }

    #[inline]
    fn write_vectored(&self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        self.write_vectored(parts)
    }

    #[inline]
    fn flush(&self) -> io::Result<()> {
        self.flush()
    }

    #[inline]
    fn wait_writable(&self, deadline: Instant) -> Result<()> {
        self.wait_writable(deadline, None)
    }
}
