//! The writing side of a connection: publishers → one buffer → the socket.
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
//! 1. `Front::asked`: a call of the link's `write` has been requested and not begun, or, in a burst, a
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

mod burst;
mod front;
mod kept;
mod pieces;
pub(in crate::client) mod ping;
mod writer;

use std::cell::Cell;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use self::front::{Before, Front, Mode};
use self::pieces::Pieces;
use self::ping::PingWaiter;
use super::connection::Limits;
use super::incoming::link::Link;
use super::publish::{Outgoing, When};
use super::sync::{AtomicBool, Condvar, Mutex, MutexGuard, TimedGuard, TimedMutex, thread_local};
use crate::error::{Error, Result, Status};
use crate::proto::encode;
use crate::proto::write_buf::WriteBuf;

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

/// What was appended between two PINGs beside publishes, by position.
#[derive(Clone, Copy)]
pub(in crate::client) struct Window {
    /// The last position that is not in it.
    pub(in crate::client) after: u64,
    /// The last that is.
    pub(in crate::client) last: u64,
}

impl Window {
    pub(in crate::client) fn contains(self, position: u64) -> bool {
        self.after < position && position <= self.last
    }
}

/// What a new server is told first.
#[derive(Default)]
pub(in crate::client) struct SessionStart {
    /// The subscriptions, as whole frames.
    pub(in crate::client) frames: WriteBuf,
    /// How many of them are subscribed.
    pub(in crate::client) subscriptions: u64,
    /// Whether a PING follows immediately: its PONG says that the server has dealt with all of them, whatever becomes
    /// of the publishes behind it.
    pub(in crate::client) confirm: bool,
}

/// What is to be told when a server is lost, without a lock.
#[derive(Default)]
pub(in crate::client) struct Detached {
    /// Who waits for a PONG of it.
    pub(in crate::client) waiters: Vec<PingWaiter>,
    /// Why a publish is not going to be sent again.
    pub(in crate::client) given_up: Option<Error>,
}

struct Writer {
    back: WriteBuf,
    /// So much of `back` has left.
    sent: usize,
    /// What takes nothing any more, until whoever found that out has dealt with it.
    broken: Weak<Link>,
    /// A publisher has waited in vain for the socket to take more, and nothing has left since.
    stalled: bool,
    pieces: Pieces,
}

impl Writer {
    fn new(pieces: Pieces) -> Self {
        Writer {
            back: WriteBuf::new(),
            sent: 0,
            broken: Weak::new(),
            stalled: false,
            pieces,
        }
    }

    /// Drops what was to be written. What has been learnt of pieces stays.
    fn clear(&mut self) {
        (self.back, self.sent) = (WriteBuf::new(), 0);
        (self.broken, self.stalled) = (Weak::new(), false);
    }

    fn is_broken(&self, link: &Arc<Link>) -> bool {
        std::ptr::eq(self.broken.as_ptr(), Arc::as_ptr(link))
    }
}

/// The outgoing buffer. See the [module](self).
pub(in crate::client) struct Outbound {
    front: Mutex<Front>,
    /// Something left, or the mode changed. Goes with `front`.
    progress: Condvar,
    writer: TimedMutex<Writer>,
    /// Somebody found the writer taken: whoever has it must have another look.
    missed: AtomicBool,
    write_deadline: Option<Duration>,
    pending_max: usize,
}

impl Outbound {
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
            missed: AtomicBool::new(false),
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

    /// Appends one frame. Waits while the buffer is full, but not beyond the write deadline.
    pub(in crate::client) fn publish(&self, out: &Outgoing<'_>, when: When) -> Result<()> {
        if is_direct(out.payload.len()) {
            return self.publish_direct(out);
        }
        let mut front = self.front.lock();
        front.check(out)?;
        if front.buf.len() >= FULL_AT.min(self.pending_max) {
            front = self.wait_for_room(front, out.deadline)?;
            // It may be another server by now.
            front.check(out)?;
        }
        front.make_room(out)?;
        out.encode(&mut front.buf);
        front.count(out);
        if when == When::Buffered && front.asked && front.buf.len() < WRITE_AT {
            return Ok(());
        }
        self.after_append(front, when)
    }

    /// Sees to it that what was just appended leaves.
    fn after_append(&self, mut front: MutexGuard<'_, Front>, when: When) -> Result<()> {
        match when {
            When::Buffered if front.buf.len() < WRITE_AT => {
                if front.asked {
                    return Ok(());
                }
                if let Some(link) = front.foreign_link() {
                    // The program's event loop may call back: not under the lock.
                    front.asked = true;
                    drop(front);
                    link.ask_write();
                    return Ok(());
                }
                let link = match &front.mode {
                    Mode::Live(link) if ALONE.take() || front.last_write.elapsed() > QUIET => {
                        link.clone()
                    }
                    _ => {
                        front.ask();
                        return Ok(());
                    }
                };
                // What others append meanwhile is written along.
                front.asked = true;
                drop(front);
                self.try_pump(&link);
                Ok(())
            }
            When::Buffered => {
                let Mode::Live(link) = &front.mode else {
                    return Ok(());
                };
                let link = link.clone();
                drop(front);
                self.pump_full(&link);
                Ok(())
            }
            When::Soon | When::Now => {
                let Mode::Live(link) = &front.mode else {
                    return Ok(());
                };
                let (link, position) = (link.clone(), front.swapped + front.buf.len() as u64);
                drop(front);
                self.pump_here(&link);
                // The program's event loop may be what calls, and nobody else would go on writing.
                if when == When::Now && !link.is_foreign() {
                    self.wait_written(position, &link)
                } else {
                    Ok(())
                }
            }
        }
    }

    /// Waits until there is room for another frame, which is so at once while pending below the
    /// limit. The caller may have a deadline of its own, which is none of the connection's business.
    ///
    /// Gives the lock back rather than keeping it: where the program's event loop is called, it is released before, and
    /// a child that the loop's code forks and returns in must not come to take it again.
    fn wait_for_room<'a>(
        &'a self,
        mut front: MutexGuard<'a, Front>,
        own: Option<Instant>,
    ) -> Result<MutexGuard<'a, Front>> {
        let deadline = self.deadline();
        let own = own.filter(|own| *own < deadline);
        loop {
            front.check_open()?;
            match &front.mode {
                Mode::Pending if front.buf.len() >= self.pending_max => {
                    return Err(Status::NATS_INSUFFICIENT_BUFFER.into());
                }
                Mode::Live(link) if front.buf.len() >= FULL_AT => {
                    let link = link.clone();
                    let late = if link.is_foreign() {
                        drop(front);
                        let late = self.make_room(own.unwrap_or(deadline), &link);
                        front = self.front.lock();
                        late
                    } else {
                        self.is_late(&mut front, own.unwrap_or(deadline))
                    };
                    match (late, own) {
                        (false, _) => {}
                        (true, Some(_)) => return Err(Status::NATS_TIMEOUT.into()),
                        (true, None) => {
                            drop(front);
                            return Err(give_up(&link));
                        }
                    }
                }
                _ => return Ok(front),
            }
        }
    }

    /// Waits until all bytes up to `position` are with the kernel, or the server is gone, when
    /// they are pending again.
    fn wait_written(&self, position: u64, link: &Arc<Link>) -> Result<()> {
        let deadline = self.deadline();
        let mut front = self.front.lock();
        while front.written < position {
            match &front.mode {
                Mode::Live(current) if Arc::ptr_eq(current, link) => {
                    if self.is_late(&mut front, deadline) {
                        drop(front);
                        return Err(give_up(link));
                    }
                }
                Mode::Closed => return Err(Status::NATS_CONNECTION_CLOSED.into()),
                _ => break,
            }
        }
        Ok(())
    }

    /// Waits until something has left. True if the time is over.
    fn is_late(&self, front: &mut MutexGuard<'_, Front>, deadline: Instant) -> bool {
        self.progress.wait_until(front, deadline).timed_out()
    }

    /// As [`Outbound::is_late`], where an event loop of the program drives the link: it may be the
    /// loop's thread that waits, so it writes itself. Not with a lock held.
    fn make_room(&self, deadline: Instant, link: &Arc<Link>) -> bool {
        let waited = link.stream.wait_writable(deadline, None);
        self.pump_here(link);
        // A socket that cannot be waited for cannot be written either, which ends the link.
        waited.is_err_and(|e| e.status() == Status::NATS_TIMEOUT)
    }

    /// Appends a frame that is not a publish: it never waits, and is dropped without a server,
    /// since all such state is sent anew with the next one. Called with the registry locked, so
    /// that it is clear which comes first, this or a reconnect. Returns its position among all such
    /// frames; 0 without a server.
    pub(in crate::client) fn control(&self, encode: impl FnOnce(&mut WriteBuf)) -> u64 {
        let mut front = self.front.lock();
        if !front.append(encode) {
            return 0;
        }
        front.controls += 1;
        front.controls
    }

    /// Answers a PING of the server's; of one that asks and does not read no more than so many.
    pub(in crate::client) fn answer_ping(&self) {
        let mut front = self.front.lock();
        let swapped = front.swapped;
        if front.pongs.1 != swapped {
            front.pongs = (0, swapped);
        }
        if front.pongs.0 < PONGS_MAX {
            front.pongs.0 += 1;
            front.append(|buf| buf.extend_from_slice(encode::PONG));
        }
    }

    /// What the server may not have dealt with yet.
    pub(in crate::client) fn unanswered_window(&self) -> Window {
        let front = self.front.lock();
        Window {
            after: front.confirmed,
            last: front.controls,
        }
    }

    /// Queues a PING whose PONG `waiter` waits for. Without a server it goes out with the next.
    pub(in crate::client) fn ping(&self, waiter: PingWaiter, when: When) {
        let mut front = self.front.lock();
        if let Mode::Closed = front.mode {
            drop(front);
            waiter.finish(Err(Status::NATS_CONNECTION_CLOSED.into()));
            return;
        }
        let before = front.before();
        front.pings.push_back((waiter, before));
        if let Mode::Live(_) = front.mode {
            front.buf.extend_from_slice(encode::PING);
            if when == When::Buffered && front.buf.len() >= WRITE_AT {
                // Not by this thread: it may be the one that runs the timers, or read for others.
                return front.ask();
            }
            let _ = self.after_append(front, when);
        }
    }

    /// Queues a PING that nobody waits for, from where locks are held. Without a server there is none.
    pub(in crate::client) fn ping_later(&self) {
        let mut front = self.front.lock();
        let before = front.before();
        if front.append(|buf| buf.extend_from_slice(encode::PING)) {
            front.pings.push_back((PingWaiter::Keepalive, before));
        }
    }

    /// A server answered the oldest PING; one that is not the present one any more answered none of
    /// those that wait. Returns what the server is known to have dealt with by that. The waiter is to
    /// be told without a lock.
    pub(in crate::client) fn pong(&self, link: &Arc<Link>) -> Option<(PingWaiter, Window)> {
        let mut front = self.front.lock();
        if !front.is_live(link) {
            return None;
        }
        let (waiter, before) = front.pings.pop_front()?;
        front.answered = before.frames;
        let after = std::mem::replace(&mut front.confirmed, before.controls);
        let last = before.controls;
        Some((waiter, Window { after, last }))
    }

    /// Is there anything that the server may not have dealt with yet?
    pub(in crate::client) fn is_unanswered(&self) -> bool {
        let front = self.front.lock();
        front.answered < front.frames()
    }

    /// From now on publishing is refused: all that was accepted is to be sent before the end.
    pub(in crate::client) fn refuse_publishes(&self) {
        self.front.lock().draining = true;
    }

    /// Connects the buffer with a server: first its state, then what is pending, then the PINGs that
    /// are waited for. To be written by the caller. Does nothing if the link has failed already.
    ///
    /// The subscriptions get the positions behind the one that is returned.
    pub(in crate::client) fn attach(&self, link: &Arc<Link>, start: SessionStart) -> u64 {
        let SessionStart {
            frames: mut state,
            subscriptions,
            confirm,
        } = start;
        let mut front = self.front.lock();
        let position = front.controls;
        if matches!(front.mode, Mode::Closed) || link.is_over() {
            return position;
        }
        front.controls += subscriptions;
        front.confirmed = position;
        if confirm {
            state.extend_from_slice(encode::PING);
        }
        front.attached(state.len());
        state.append(&mut front.buf);
        let now = front.before();
        for (_, before) in &mut front.pings {
            *before = now;
            state.extend_from_slice(encode::PING);
        }
        if confirm {
            let before = Before {
                frames: front.answered,
                controls: now.controls,
            };
            front.pings.push_front((PingWaiter::Keepalive, before));
        }
        front.buf = state;
        front.asked = false;
        front.in_burst = false;
        front.mode = Mode::Live(link.clone());
        drop(front);
        self.progress.notify_all();
        position
    }

    /// The server is gone: keeps the publishes that did not leave. `broke` says whether the link
    /// broke, as opposed to having been given up by the program.
    #[must_use]
    pub(in crate::client) fn detach(&self, link: &Arc<Link>, broke: bool) -> Detached {
        let mut writer = self.writer.lock();
        let mut front = self.front.lock();
        if !front.is_live(link) {
            return Detached::default();
        }
        let kept = front.keep(&writer, broke);
        writer.clear();
        front.buf = kept.buf;
        front.written = front.swapped;
        front.mode = Mode::Pending;
        let waiters = front.take_waiters();
        drop(front);
        drop(writer);
        self.progress.notify_all();
        Detached {
            waiters,
            given_up: kept.given_up,
        }
    }

    /// The connection is closed: releases memory and whoever waits.
    pub(in crate::client) fn close(&self) {
        let mut front = self.front.lock();
        front.mode = Mode::Closed;
        front.buf = WriteBuf::new();
        let waiters = front.take_waiters();
        drop(front);
        self.progress.notify_all();
        // Whoever has it right now drops it with the connection.
        if let Some(mut writer) = self.writer.try_lock() {
            writer.clear();
        }
        for waiter in waiters {
            waiter.finish(Err(Status::NATS_CONNECTION_CLOSED.into()));
        }
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

/// The server does not read: it is as good as gone. Not with a lock held. Returns what the caller is told.
#[cold]
fn give_up(link: &Arc<Link>) -> Error {
    link.fail(write_timeout());
    write_timeout()
}

/// The server does not read.
fn write_timeout() -> Error {
    Error::new(
        Status::NATS_TIMEOUT,
        "write deadline exceeded: the server does not read",
    )
}
