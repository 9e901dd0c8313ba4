//! What the outgoing buffer needs of the connection to one server.

use std::io::{self, IoSlice};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Outbound;
use crate::error::{Error, Result};
use crate::net::stream::Stream;

/// What takes the bytes, without blocking.
pub(in crate::client) trait ByteStream {
    /// Takes some of the bytes; fails with `WouldBlock` if none for now.
    fn write(&self, bytes: &[u8]) -> io::Result<usize>;

    /// As [`ByteStream::write`], of bytes in several places.
    fn write_vectored(&self, parts: &[IoSlice<'_>]) -> io::Result<usize>;

    /// Gives on what was taken and not given on yet.
    fn flush(&self) -> io::Result<()>;

    /// Waits until some bytes would be taken. `NATS_TIMEOUT` says that the time is over.
    fn wait_writable(&self, deadline: Instant) -> Result<()>;
}

/// The connection to one server, as the buffer knows it.
pub(in crate::client) trait Wire: Sized + Send + Sync + 'static {
    /// What takes the bytes.
    type Stream: ByteStream;

    /// What takes the bytes.
    fn stream(&self) -> &Self::Stream;

    /// The buffer whose bytes it takes.
    fn outbound(&self) -> &Outbound<Self>;

    /// Has something done after a time, on a thread that must not be kept.
    fn run_later(&self, delay: Duration, action: Box<dyn FnOnce() + Send>);

    /// Has its end been noticed?
    fn has_ended(&self) -> bool;

    /// Is it driven by an event loop of the program, whose thread must not wait for another one?
    fn is_loop_driven(&self) -> bool;

    /// Will what is kept when it ends be sent to another server?
    fn has_successor(&self) -> bool;

    /// Asks for a write soon. Called with the appender locked.
    fn request_flush(&self);

    /// Asks for a write when the stream takes more. Called with no lock held.
    fn write_when_ready(self: &Arc<Self>);

    /// Asks the program's event loop for a write event. Called with no lock held.
    fn ask_write(self: &Arc<Self>);

    /// It does not work any more. Called with no lock held.
    fn fail(self: &Arc<Self>, error: Error);

    /// As [`Wire::fail`], after what has come from the server has been read. Called with no lock held.
    fn fail_after_reading(self: &Arc<Self>, error: Error);

    /// Writing failed: whoever reads comes to the end, and fails with this. Called with the writer locked.
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
