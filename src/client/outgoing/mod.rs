//! The writing side of a connection: from publishers through one buffer to the wire.
//!
//! [`append`] is the publishers' side and [`writer`] the writing thread's; [`burst`] is for publishers that write
//! themselves, [`collect`] for a thread that wakes others and writes what they append; [`attach`] handles the beginning
//! and the end of a server, [`kept`] what is sent to the next one, [`limits`] what a server accepts, [`ping`] PINGs and
//! PONGs. What it needs of the connection to a server is [`wire::Wire`].
//!
//! Owns the bytes that wait and the counters of publishes. Any thread may call it. The functions of [`wire`] say under
//! which locks they are called; for the others, only frames that are not publishes may be appended with the registry
//! or the state of the connection locked.
//!
//! There are two buffers, each with a lock. Publishers encode frames into the append buffer; the appender lock is held
//! for one copy only. The thread that writes holds the writer lock. It is one that watches the sockets, a publisher
//! that found the append buffer full, or one that must not wait. It swaps the append buffer for the empty write
//! buffer and hands the latter to the kernel, without blocking, while publishers continue to append. Bytes that the
//! kernel does not accept stay in the write buffer until the socket is writable again.
//!
//! Only whole frames are ever appended. When the connection is lost, the publishes that were not written become the
//! beginning of the pending buffer, which publishers continue to fill until there is a server again.
//!
//! Lock order: writer, then appender; no other lock of the connection is taken while either is held.
//!
//! # Why nothing stays unwritten
//!
//! No thread waits for the writer lock only to find that its holder has written everything. A thread that finds it
//! taken sets the flag `flush_contended` and leaves the writing to the holder. That nothing stays unwritten follows
//! from an invariant. Whenever both locks are free, no thread is between them in one of the functions here, and there
//! is a server, one of the following holds for bytes in the append buffer or the write buffer:
//!
//! 1. `Appender::flush_requested` is set: a call of the link's `write` has been requested and not begun, or, in a burst,
//!    a timer will check. The flag is set under the appender lock, which protects the bytes. A thread that
//!    clears it under that lock has found the append buffer empty or requests another call.
//!
//! 2. The socket accepts no more, and the link has been told to call `write` when it does.
//!
//! 3. The thread that appended last is about to write, or waits for room and has set `flush_contended`.
//!
//! A thread that [collects](collect) is between the locks in this sense until it has written. Others leave their bytes
//! to it only while it is counted in `Appender::collecting`; it leaves that count under the appender lock, and looks for
//! bytes afterwards.
//!
//! A thread that has released the writer lock checks that flag, and requests a call if bytes are left. A thread that
//! finds the lock taken sets the flag and then tries once more: if the holder released the lock before the flag was
//! set, the second attempt succeeds; if after, the holder's check, which comes later still, finds the flag. All of
//! this is sequentially consistent.
//!
//! Tests run the source of this module in many orders of its threads (`client/explored.rs`). For that reason it names
//! its environment relative to itself, and its parts import it from here.

mod append;
mod appender;
pub(in crate::client) mod attach;
mod burst;
mod collect;
mod kept;
pub(in crate::client) mod limits;
pub(in crate::client) mod many;
mod pieces;
pub(in crate::client) mod ping;
pub(in crate::client) mod publish;
pub(in crate::client) mod wire;
mod writer;

use std::cell::Cell;
use std::time::{Duration, Instant};

use self::appender::{Appender, Mode};
use self::pieces::Pieces;
use self::wire::{ByteStream, Wire};
use self::writer::Writer;
use super::sync::{
    AppenderGuard, AppenderMutex, AtomicBool, Condvar, WriterGuard, WriterMutex, thread_local,
};
use crate::error::{Error, Result, Status};

/// With this number of bytes in the append buffer, the publisher that appended writes.
const WRITE_AT: usize = 128 * 1024;
/// With this number of bytes in the append buffer, publishers wait for room.
const FULL_AT: usize = 2 * WRITE_AT;
/// The usual size of a frame's head.
const HEAD: usize = 512;
/// Payloads from this size on are written from the caller's memory. Below, it is faster to copy them and to write
/// several at a time (by a fifth at 40,000 bytes, on an idle machine; above 100,000 bytes it is slower by a tenth).
const DIRECT_FROM: usize = 80 * 1024;
/// After this time without a write, the publisher writes the next publish itself: waking another thread would take
/// longer than the write. For shorter intervals collecting is worthwhile.
const QUIET: Duration = Duration::from_micros(100);
/// The number of PONGs in each of the two buffers for a server that does not read.
const PONGS_MAX: usize = 8 * 1024;
/// The longest wait for the kernel without a write deadline: practically for ever.
const FOR_EVER: Duration = Duration::from_secs(365 * 24 * 3600);

thread_local! {
    /// The next publish of this thread is probably not followed by others.
    static ALONE: Cell<bool> = const { Cell::new(false) };
}

/// Called by a thread that is about to run a callback or has waited for a message, with whether it is the only one. If
/// so, its first publish, usually an answer, is written at once.
pub(in crate::client) fn expect_one_publish(alone: bool) {
    ALONE.set(alone);
}

/// Is a payload of this size written from the caller's memory? Then publishing may wait for the socket.
pub(in crate::client) fn is_direct(size: usize) -> bool {
    size >= DIRECT_FROM
}

/// The outgoing buffer. See the [module](self).
pub(in crate::client) struct Outbound<W> {
    appender: AppenderMutex<Appender<W>>,
    /// Bytes were written, or the mode changed. Used with `appender`.
    progress: Condvar,
    writer: WriterMutex<Writer<W>>,
    /// A thread has found the writer lock taken: its holder must check the append buffer again.
    flush_contended: AtomicBool,
    write_deadline: Option<Duration>,
    pending_max: usize,
}

impl<W: Wire> Outbound<W> {
    /// `piece` is the size of the pieces that are handed to the kernel; `None` to choose it by measurement.
    pub(in crate::client) fn new(
        write_deadline: Option<Duration>,
        pending_max: usize,
        piece: Option<usize>,
    ) -> Self {
        Outbound {
            appender: AppenderMutex::new(Appender::new()),
            progress: Condvar::new(),
            writer: WriterMutex::new(Writer::new(Pieces::new(piece))),
            flush_contended: AtomicBool::new(false),
            write_deadline,
            pending_max,
        }
    }

    fn deadline(&self) -> Instant {
        Instant::now() + self.write_deadline.unwrap_or(FOR_EVER)
    }

    /// Can anything be published at all?
    pub(in crate::client) fn check_open(&self) -> Result<()> {
        self.appender.lock().check_open()
    }

    /// Bytes that wait to be written, or to be sent after a reconnect.
    pub(in crate::client) fn waiting(&self) -> usize {
        let appender = self.appender.lock();
        match appender.mode {
            Mode::Live(_) | Mode::Pending => appender.waiting(),
            Mode::Closed => 0,
        }
    }

    /// Bytes that wait to be written to a server; 0 while there is none.
    pub(in crate::client) fn buffered(&self) -> usize {
        let appender = self.appender.lock();
        match appender.mode {
            Mode::Live(_) => appender.waiting(),
            Mode::Pending | Mode::Closed => 0,
        }
    }

    /// The number of messages and bytes that were accepted.
    pub(in crate::client) fn counts(&self) -> (u64, u64) {
        let appender = self.appender.lock();
        (appender.msgs, appender.bytes)
    }
}

/// The server does not read.
fn write_timeout() -> Error {
    Error::new(
        Status::NATS_TIMEOUT,
        "write deadline exceeded: the server does not read",
    )
}
