//! The front: the buffer that publishers append to, where it goes, and what is known of the bytes that went through it.
//! It is under one lock, which is held for a copy only.

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
    /// To the pending buffer: there is no server.
    Pending,
    /// To this server.
    Live(Arc<W>),
    /// Nowhere any more.
    Closed,
}

/// See the [module](self).
pub(super) struct Front<W> {
    pub(super) mode: Mode<W>,
    /// Publishing is refused: the connection's drain has come to its last phase.
    pub(super) draining: bool,
    /// Who watches the sockets, or has the writer, is going to look at `buf`.
    pub(super) flush_requested: bool,
    /// In a [burst](super::burst): whoever fills the buffer writes it, and a timer asks for the rest.
    pub(super) in_burst: bool,
    /// When all had been written last.
    pub(super) last_write: Instant,
    pub(super) buf: WriteBuf,
    /// Bytes swapped out of `buf` since the connection was made, and how many of them left.
    pub(super) swapped: u64,
    pub(super) written: u64,
    pub(super) msgs: u64,
    pub(super) bytes: u64,
    /// How often something was appended that is not a publish and that the server acts on.
    pub(super) controls: u64,
    /// So many frames, of those that count, the server is known to have dealt with.
    pub(super) answered: u64,
    /// The position of the last of them that the server is known to have dealt with.
    pub(super) confirmed: u64,
    /// Who waits for a PONG, in the order of the PINGs, and what went before each.
    pub(super) pings: VecDeque<(PingWaiter, Before)>,
    /// PONGs that were appended since bytes were swapped out last, and when that was.
    pub(super) pongs: (usize, u64),
    /// What the present server takes, or the last one.
    pub(super) limits: Limits,
    /// The publish that links broke in.
    pub(super) blamed: Option<Blamed>,
}

/// What was appended before a PING.
#[derive(Clone, Copy)]
pub(super) struct Before {
    pub(super) frames: u64,
    pub(super) controls: u64,
}

impl<W: Wire> Front<W> {
    /// One that waits for its first server.
    pub(super) fn new() -> Self {
        Front {
            mode: Mode::Pending,
            draining: false,
            flush_requested: false,
            in_burst: false,
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

    /// Finds memory for a frame, of whose head as much is taken into account as heads have as a rule.
    #[inline]
    pub(super) fn make_room(&mut self, out: &Outgoing<'_>) -> Result<()> {
        match self.buf.try_room(out.size() + HEAD) {
            true => Ok(()),
            false => Err(Status::NATS_NO_MEMORY.into()),
        }
    }

    /// Appends what has to be written soon, if there is a server; never written from here: that
    /// could fail, and failing needs the registry.
    pub(super) fn append(&mut self, encode: impl FnOnce(&mut WriteBuf)) -> bool {
        let live = matches!(self.mode, Mode::Live(_));
        if live {
            encode(&mut self.buf);
            self.ask();
        }
        live
    }

    /// How many frames there have been that the server acts on.
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
        self.pings.drain(..).map(|(waiter, _)| waiter).collect()
    }

    /// Has another thread write what is in the buffer, unless someone is going to anyway. Under the
    /// lock, so that whoever empties the buffer cannot have looked before.
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
