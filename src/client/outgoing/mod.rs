//! The writing side of a connection: publishers → one buffer → the wire.
//!
//! [`append`] is what publishers do, [`writer`] what the thread that writes does, [`burst`] when the former do the
//! latter; [`attach`] has the beginning and the end of a server, [`kept`] what is sent to the next one, [`limits`] what
//! a server takes, [`ping`] the PINGs and PONGs. What it needs of the connection to a server is [`wire::Wire`].
//!
//! Owns the bytes that wait and the publishes that count. Any thread may call it; under which locks, each function
//! of [`wire`] says, and for the others: only frames that are no publishes may be appended with the registry or the
//! state of the connection locked.
//!
//! Two buffers and two locks. Publishers encode into the *front* under a lock that is held for a
//! copy only. Whoever writes (who watches the sockets, or a publisher that found the front full, or one
//! that must not wait) holds the *writer*: it swaps the front for the empty *back* and hands that
//! to the kernel, without blocking, while publishers go on. What the kernel does not take stays in
//! the back until the socket is writable again.
//!
//! Only whole frames are ever appended. When the connection is lost, the publishes that did not
//! leave become the beginning of the pending buffer, which publishers go on filling until there is
//! a server again.
//!
//! Lock order: writer, then front; nothing else is locked under either.
//!
//! # Who writes what waits
//!
//! Nobody waits for the writer only to find that its holder has written everything. So who finds it taken
//! notes that as *missed*, and leaves it to the holder; that this loses nothing rests on an argument.
//! Whenever both locks are free, no thread is between them in one of the functions here, and there is a
//! server, one of the following holds for bytes in the front or the back:
//!
//! 1. `Front::flush_requested`: a call of the link's `write` has been requested and not begun, or, in a burst, a
//!    timer will have a look. It is set under the front's lock, where the bytes are; whoever clears it under
//!    that lock has found the front empty or asks anew.
//! 2. The socket takes no more, and the link has been told to call `write` when it does.
//! 3. Whoever appended last is about to write by itself, or waits for room and has been noted as having
//!    missed the writer.
//!
//! Who has let the writer go looks whether it was missed (`look_again`), and requests a call if bytes
//! are left. A thread that misses it sets the mark and then tries once more: if the holder let go before
//! the mark, the second attempt gets the writer; if after, the holder's look, which comes later still, finds
//! the mark. All of this is sequentially consistent.
//!
//! Tests run the source of this module in many orders of its threads (`client/explored.rs`). For that it
//! names what is around it relative to itself, and its parts import that from here.

mod append;
pub(in crate::client) mod attach;
mod burst;
mod front;
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

use self::front::{Front, Mode};
use self::pieces::Pieces;
use self::wire::{ByteStream, Wire};
use self::writer::Writer;
use super::sync::{AtomicBool, Condvar, Mutex, MutexGuard, TimedGuard, TimedMutex, thread_local};
use crate::error::{Error, Result, Status};

/// With so much in the front, who appended writes it.
const WRITE_AT: usize = 128 * 1024;
/// With so much in the front, publishers wait for room.
const FULL_AT: usize = 2 * WRITE_AT;
/// So much the head of a frame takes as a rule.
const HEAD: usize = 512;
/// Payloads from this size on go to the kernel from the caller's memory. Below, to copy them and to write several at a
/// time is faster (by a fifth at 40,000 bytes, on an idle machine; above 100,000 it is slower by a tenth).
const DIRECT_FROM: usize = 80 * 1024;
/// After so long without a write, the next publish is written by who made it: waking another thread
/// would take longer than the write. More often than that, collecting pays.
const QUIET: Duration = Duration::from_micros(100);
/// So many PONGs wait for a server that does not read, twice.
const PONGS_MAX: usize = 8 * 1024;
/// The longest that a caller waits for the kernel without a write deadline: as good as for ever.
const FOR_EVER: Duration = Duration::from_secs(365 * 24 * 3600);

thread_local! {
    /// What this thread publishes next is not likely to be followed by more.
    static ALONE: Cell<bool> = const { Cell::new(false) };
}

/// Tells, from the thread that is about to run a callback or has waited for a message, whether it is
/// the only one. Then what it publishes first, an answer as a rule, is written at once.
pub(in crate::client) fn expect_one_publish(alone: bool) {
    ALONE.set(alone);
}

/// Does a payload of so many bytes go from the caller's memory? Then publishing may wait for the
/// socket.
pub(in crate::client) fn is_direct(size: usize) -> bool {
    size >= DIRECT_FROM
}

/// The outgoing buffer. See the [module](self).
pub(in crate::client) struct Outbound<W> {
    front: Mutex<Front<W>>,
    /// Something left, or the mode changed. Goes with `front`.
    progress: Condvar,
    writer: TimedMutex<Writer<W>>,
    /// Somebody found the writer taken: whoever has it must have another look.
    flush_contended: AtomicBool,
    write_deadline: Option<Duration>,
    pending_max: usize,
}

impl<W: Wire> Outbound<W> {
    /// `piece` is the size of what is handed to the kernel at a time; `None` for what turns out best.
    pub(in crate::client) fn new(
        write_deadline: Option<Duration>,
        pending_max: usize,
        piece: Option<usize>,
    ) -> Self {
        Outbound {
            front: Mutex::new(Front::new()),
            progress: Condvar::new(),
            writer: TimedMutex::new(Writer::new(Pieces::new(piece))),
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
        self.front.lock().check_open()
    }

    /// Bytes that wait to be written, or to be sent after a reconnect.
    pub(in crate::client) fn waiting(&self) -> usize {
        let front = self.front.lock();
        match front.mode {
            Mode::Live(_) | Mode::Pending => front.waiting(),
            Mode::Closed => 0,
        }
    }

    /// Bytes that wait to be written to a server; 0 while there is none.
    pub(in crate::client) fn buffered(&self) -> usize {
        let front = self.front.lock();
        match front.mode {
            Mode::Live(_) => front.waiting(),
            Mode::Pending | Mode::Closed => 0,
        }
    }

    /// Messages and bytes that were accepted.
    pub(in crate::client) fn counts(&self) -> (u64, u64) {
        let front = self.front.lock();
        (front.msgs, front.bytes)
    }
}

/// The server does not read.
fn write_timeout() -> Error {
    Error::new(
        Status::NATS_TIMEOUT,
        "write deadline exceeded: the server does not read",
    )
}
