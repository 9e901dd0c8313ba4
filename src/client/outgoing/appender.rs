//! The append buffer: where its bytes go, and what is known of those that went through it.
//! One lock protects it, and is held for a copy only.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use super::kept::Blamed;
use super::limits::Limits;
use super::ping::PingWaiter;
use super::publish::Outgoing;
use super::{HEAD, Wire};
use crate::error::{Result, Status};
use crate::proto::write_buf::WriteBuf;

/// Where frames go.
pub(super) enum Mode<W> {
    /// To the pending buffer, because there is no server.
    Pending,
    /// To this server.
    Live(Arc<W>),
    /// Nowhere, because the connection is closed.
    Closed,
}

/// See the [module](self).
pub(super) struct Appender<W> {
    pub(super) mode: Mode<W>,
    /// Publishing is refused: the drain of the connection is in its last phase.
    pub(super) draining: bool,
    /// A thread that watches the sockets, or the holder of the writer lock, is going to look at `buf`.
    pub(super) flush_requested: bool,
    /// During a [burst](super::burst), the publisher that fills the buffer writes it, and a timer asks for the rest.
    pub(super) in_burst: bool,
    /// The number of threads that [collect](super::collect) what others append.
    pub(super) collecting: usize,
    /// The time at which everything had last been written.
    pub(super) last_write: Instant,
    pub(super) buf: WriteBuf,
    /// The number of bytes swapped out of `buf` since the connection was created, and of those that were written.
    pub(super) swapped: u64,
    pub(super) written: u64,
    pub(super) msgs: u64,
    pub(super) bytes: u64,
    /// The number of frames other than publishes that the server acts on.
    pub(super) controls: u64,
    /// The number of frames acknowledged by the server, out of those that are counted.
    pub(super) answered: u64,
    /// The position of the last of these frames that the server is known to have processed.
    pub(super) confirmed: u64,
    /// The waiters for PONGs, in the order of the PINGs, each with what was appended before its PING.
    pub(super) pings: VecDeque<Ping>,
    /// The number of PONGs appended since bytes were last swapped out, and the position of that swap.
    pub(super) pongs: (usize, u64),
    /// The limits of the present server, or of the last one.
    pub(super) limits: Limits,
    /// The publish during which links broke.
    pub(super) blamed: Option<Blamed>,
}

/// A PING that was not answered yet.
pub(super) struct Ping {
    pub(super) waiter: PingWaiter,
    pub(super) before: Before,
    /// When it was appended for the present server.
    pub(super) at: Instant,
}

impl Ping {
    pub(super) fn new(waiter: PingWaiter, before: Before) -> Self {
        Ping {
            waiter,
            before,
            at: Instant::now(),
        }
    }
}

/// What was appended before a PING.
#[derive(Clone, Copy)]
pub(super) struct Before {
    pub(super) frames: u64,
    pub(super) controls: u64,
}

impl<W: Wire> Appender<W> {
    /// Creates one that waits for its first server.
    pub(super) fn new() -> Self {
        Appender {
            mode: Mode::Pending,
            draining: false,
            flush_requested: false,
            in_burst: false,
            collecting: 0,
            last_write: Instant::now(),
            buf: WriteBuf::new(),
            swapped: 0,
            written: 0,
            msgs: 0,
            bytes: 0,
            controls: 0,
            answered: 0,
            confirmed: 0,
            pings: VecDeque::new(),
            pongs: (0, 0),
            limits: Limits::UNKNOWN,
            blamed: None,
        }
    }

    pub(super) fn waiting(&self) -> usize {
        self.buf.len() + (self.swapped - self.written) as usize
    }

    /// Reserves memory for a frame, with the usual size of a head.
    #[inline]
    pub(super) fn make_room(&mut self, out: &Outgoing<'_>) -> Result<()> {
        match self.buf.try_room(out.size() + HEAD) {
            true => Ok(()),
            false => Err(Status::NATS_NO_MEMORY.into()),
        }
    }

    /// Appends a frame that has to be written soon, if there is a server. It is never written here, because a failure
    /// to write needs the registry.
    pub(super) fn append(&mut self, encode: impl FnOnce(&mut WriteBuf)) -> bool {
        let live = matches!(self.mode, Mode::Live(_));
        if live {
            encode(&mut self.buf);
            self.ask();
        }
        live
    }

    /// The number of frames so far that the server acts on.
    pub(super) fn frames(&self) -> u64 {
        self.msgs + self.controls
    }

    pub(super) fn before(&self) -> Before {
        Before {
            frames: self.frames(),
            controls: self.controls,
        }
    }

    pub(super) fn take_waiters(&mut self) -> Vec<PingWaiter> {
        self.pings.drain(..).map(|ping| ping.waiter).collect()
    }

    /// Has another thread write the buffer, unless one is going to already. Called with the lock held, so that the
    /// thread that empties the buffer cannot have looked before.
    pub(super) fn ask(&mut self) {
        if let (false, Mode::Live(link)) = (self.flush_requested, &self.mode) {
            link.request_flush();
            self.flush_requested = true;
        }
    }

    /// The present link, if an event loop of the program drives it.
    pub(super) fn loop_driven_link(&self) -> Option<Arc<W>> {
        match &self.mode {
            Mode::Live(link) if link.is_loop_driven() => Some(link.clone()),
            _ => None,
        }
    }

    pub(super) fn check_open(&self) -> Result<()> {
        match self.mode {
            Mode::Closed => Err(Status::NATS_CONNECTION_CLOSED.into()),
            _ if self.draining => Err(Status::NATS_DRAINING.into()),
            _ => Ok(()),
        }
    }

    pub(super) fn is_live(&self, link: &Arc<W>) -> bool {
        matches!(&self.mode, Mode::Live(current) if Arc::ptr_eq(current, link))
    }

    pub(super) fn count(&mut self, out: &Outgoing<'_>) {
        self.msgs += 1;
        self.bytes += out.size() as u64;
    }
}
