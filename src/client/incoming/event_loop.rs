//! A connection whose socket is watched by an event loop of the program rather than by an I/O
//! thread of the library.
//!
//! The loop gets a duplicate of each socket, which it owns and closes; the library goes on using the original, so
//! neither side can ever touch a descriptor number that the other has closed. The library tells the loop what to wait
//! for, the loop tells the library what has happened.
//!
//! Calls to the loop are serialized by a reentrant lock, because the loop's code may call the library from inside
//! them. They are never made while another lock of the library is held. Where one is held, for example when a
//! subscription is sent to the server, the request is left to a thread of the library.
//!
//! Any thread may write: a publisher that must not wait, or that has filled the buffer, writes on its own thread. The
//! loop is asked to write only what remains.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::client::callbacks::life::{LifetimeGuard, inside_of};
use crate::client::incoming::link::Link;
use crate::client::incoming::upstream::Upstream;
use crate::error::{Error, Result, Status};
use crate::locks::{Mutex, ReentrantLock, this_thread};
use crate::runtime::Job;

/// How often the loop's own thread, while it waits for an answer, checks for what it cannot poll for: bytes that the
/// socket did not accept, and answers that another thread has read.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// An event loop of the program, for connections of type `C`.
pub trait EventLoop<C>: Send + Sync {
    /// Creates the loop's data for one connection.
    fn attachment(&self) -> Box<dyn Attachment<C>>;
}

/// One connection at an event loop. Calls of `attach`, `read` and `write` never overlap, except that they may be
/// nested on the same thread.
pub trait Attachment<C>: Send + Sync {
    /// Begins to watch a new socket for reading. A previous socket has been given up by `read(false)`.
    fn attach(&self, connection: &Arc<C>, socket: OwnedFd) -> Result<(), Status>;

    /// Watches the socket for reading, or gives it up for good.
    fn read(&self, watch: bool) -> Result<(), Status>;

    /// Watches the socket for writing, or stops doing so.
    fn write(&self, watch: bool) -> Result<(), Status>;

    /// The connection is closed. This is the last call.
    fn detach(&self);

    /// The loop has forgotten the connection.
    fn release(&self);
}

/// The state of a connection towards the program's event loop.
pub(in crate::client) struct ExternalLoop<U> {
    attachment: Box<dyn Attachment<U>>,
    /// The connection's number.
    connection: u64,
    turn: ReentrantLock,
    calls: Calls,
    /// Whether the loop watches for writing. Changed only while `turn` is held.
    writing: AtomicBool,
    /// The thread that last reported an event; before the first event, the thread that connected.
    driver: AtomicU64,
}

/// The facts that determine the order of the calls. Accessed only while `turn` is held.
#[derive(Default)]
struct Calls {
    /// An `attach` is running, or a socket is attached.
    busy: AtomicBool,
    /// A socket has been attached at least once.
    ever: AtomicBool,
    /// The connection is closed.
    finished: AtomicBool,
    detached: AtomicBool,
    /// From the first attach to the end of `detach` the program's code may be called.
    lifetime_guard: Mutex<Option<LifetimeGuard>>,
}

impl<U: Upstream> ExternalLoop<U> {
    pub(in crate::client) fn new(event_loop: &dyn EventLoop<U>, connection: u64) -> Self {
        ExternalLoop {
            attachment: event_loop.attachment(),
            connection,
            turn: ReentrantLock::default(),
            calls: Calls::default(),
            writing: AtomicBool::new(false),
            driver: AtomicU64::new(0),
        }
    }

    /// Has the loop watch a link's socket. If this fails the loop does not own the socket.
    pub(in crate::client) fn attach(&self, link: &Link<U>) -> Result<()> {
        let socket = link.stream.as_fd().try_clone_to_owned()?;
        let turn = self.turn.lock();
        if self.calls.finished.load(Ordering::Relaxed) {
            return Err(Status::NATS_CONNECTION_CLOSED.into());
        }
        self.writing.store(false, Ordering::SeqCst);
        self.calls.busy.store(true, Ordering::Relaxed);
        match self.call(|attachment| attachment.attach(&link.up, socket)) {
            Ok(()) => {
                link.external_loop.attached.store(true, Ordering::Release);
                if !self.calls.ever.swap(true, Ordering::Relaxed) {
                    self.driver.store(this_thread(), Ordering::Relaxed);
                    *self.calls.lifetime_guard.lock() = link.up.lifetime_guard();
                }
                Ok(())
            }
            Err(status) => {
                self.calls.busy.store(false, Ordering::Relaxed);
                drop(turn);
                self.detach_if_over();
                let (number, text) = (status as i32, status.text());
                let text = format!("Error attaching to the event loop: {number} - {text}");
                Err(Error::new(status, text))
            }
        }
    }

    /// A link has ended: asks the loop to give its socket up. A second call does nothing.
    pub(in crate::client) fn unlink(&self, link: &Link<U>) {
        let turn = self.turn.lock();
        if !link.external_loop.attached.swap(false, Ordering::AcqRel) {
            return;
        }
        self.writing.store(false, Ordering::SeqCst);
        // If the loop fails here, there is nothing else to be done with the socket.
        let _ = self.call(|attachment| attachment.write(false));
        let _ = self.call(|attachment| attachment.read(false));
        self.calls.busy.store(false, Ordering::Relaxed);
        drop(turn);
        self.detach_if_over();
    }

    /// The connection is closed for good.
    pub(in crate::client) fn closed(&self) {
        {
            let _turn = self.turn.lock();
            self.calls.finished.store(true, Ordering::Relaxed);
        }
        self.detach_if_over();
    }

    /// Detaches, once, when the connection is closed and no socket is attached or being attached.
    fn detach_if_over(&self) {
        let turn = self.turn.lock();
        if self.calls.busy.load(Ordering::Relaxed)
            || !self.calls.finished.load(Ordering::Relaxed)
            || !self.calls.ever.load(Ordering::Relaxed)
            || self.calls.detached.swap(true, Ordering::Relaxed)
        {
            return;
        }
        let lifetime_guard = self.calls.lifetime_guard.lock().take();
        drop(turn);
        self.call(|attachment| attachment.detach());
        drop(lifetime_guard);
    }

    /// Asks the loop to report when the socket can be written, if there is something to write and the loop has not
    /// been asked already. No lock may be held.
    pub(in crate::client) fn ask_write(&self, link: &Arc<Link<U>>) {
        if self.writing.load(Ordering::SeqCst) {
            return;
        }
        let turn = self.turn.lock();
        if !link.external_loop.attached.load(Ordering::Acquire)
            || !link.external_loop.waits(link)
            || self.writing.swap(true, Ordering::SeqCst)
        {
            return;
        }
        let result = self.call(|attachment| attachment.write(true));
        drop(turn);
        if let Err(status) = result {
            link.fail(status.into());
        }
    }

    /// After a write on the loop's thread: if nothing is left, the loop need not watch for writing any more.
    fn written(&self, link: &Arc<Link<U>>) {
        let turn = self.turn.lock();
        if !link.external_loop.attached.load(Ordering::Acquire)
            || !self.writing.load(Ordering::SeqCst)
            || link.external_loop.waits(link)
        {
            return;
        }
        self.writing.store(false, Ordering::SeqCst);
        // If this fails the loop reports again without need, and this is repeated.
        let _ = self.call(|attachment| attachment.write(false));
        drop(turn);
        // A thread that appended before the flag was cleared did not ask.
        self.ask_write(link);
    }

    /// Calls a function of the loop, which is a callback of the connection like others.
    fn call<R>(&self, function: impl FnOnce(&dyn Attachment<U>) -> R) -> R {
        inside_of(self.connection, || function(&*self.attachment))
    }

    fn is_detached(&self) -> bool {
        let _turn = self.turn.lock();
        self.calls.detached.load(Ordering::Relaxed)
    }

    fn is_driver(&self) -> bool {
        self.driver.load(Ordering::Relaxed) == this_thread()
    }
}

/// The state of a link for the program's event loop.
#[derive(Default)]
pub(in crate::client) struct LinkState {
    /// The loop has the link's socket.
    attached: AtomicBool,
    /// The handshake is done: events are for the session.
    started: AtomicBool,
    /// A thread of the library is about to ask for a write event.
    asked: AtomicBool,
    /// Reading stopped before the socket was empty.
    more: AtomicBool,
}

impl LinkState {
    /// Is there anything that a write event would help with?
    fn waits<U: Upstream>(&self, link: &Link<U>) -> bool {
        self.more.load(Ordering::Acquire) || link.up.outbound().buffered() > 0
    }

    /// The handshake is done. Reads at once what arrived right behind the handshake, since the loop may have reported
    /// it already.
    pub(in crate::client) fn start<U: Upstream>(
        &self,
        link: &Arc<Link<U>>,
        external_loop: &ExternalLoop<U>,
    ) {
        self.started.store(true, Ordering::Release);
        link.read_for_loop(external_loop);
        external_loop.ask_write(link);
    }

    /// As [`ExternalLoop::ask_write`], for callers that hold locks.
    pub(in crate::client) fn ask_write_later<U: Upstream>(&self, link: &Arc<Link<U>>) {
        if !self.asked.swap(true, Ordering::SeqCst) {
            let ask = Arc::new(AskWrite(link.clone()));
            link.up.runtime().delivery.submit(ask);
        }
    }
}

/// Asks for a write event on a thread of the library.
struct AskWrite<U: Upstream>(Arc<Link<U>>);

impl<U: Upstream> Job for AskWrite<U> {
    fn run(self: Arc<Self>) -> bool {
        let link = &self.0;
        link.external_loop.asked.store(false, Ordering::SeqCst);
        link.ask_write();
        false
    }
}

impl<U: Upstream> Link<U> {
    /// Asks the program's event loop, if there is one, for a write event. No lock may be held.
    pub(in crate::client) fn ask_write(self: &Arc<Self>) {
        if let Some(external_loop) = self.up.event_loop() {
            external_loop.ask_write(self);
        }
    }

    /// Reads what is there, and sends the answers to it.
    fn read_for_loop(self: &Arc<Self>, external_loop: &ExternalLoop<U>) {
        let Some(more) = self.try_read() else {
            return;
        };
        // The loop reports only what is in the socket, not what is left in the library's buffers. So it is asked for a
        // write event, which comes by itself.
        self.external_loop.more.store(more, Ordering::Release);
        if self.up.outbound().buffered() > 0 {
            self.up.outbound().try_flush(self);
        }
        if more {
            external_loop.ask_write(self);
        }
    }
}

/// The link that events of the loop are for.
fn attached_link<U: Upstream>(up: &U) -> Option<(&ExternalLoop<U>, Arc<Link<U>>)> {
    let external_loop = up.event_loop()?;
    let link = up.present_link()?;
    let live = link.external_loop.attached.load(Ordering::Acquire) && !link.has_ended();
    live.then_some((external_loop, link))
}

/// Handles a socket that the program's event loop found readable: reads and delivers what is there. The loss of the
/// server is handled within the call.
pub(in crate::client) fn read_event<U: Upstream>(up: &U) {
    let Some((external_loop, link)) = attached_link(up) else {
        return;
    };
    // Before that, the loop is faster than the thread that connects, and will report again.
    if link.external_loop.started.load(Ordering::Acquire) {
        external_loop.driver.store(this_thread(), Ordering::Relaxed);
        link.read_for_loop(external_loop);
    }
}

/// Handles a socket that the program's event loop found writable: writes what is buffered, as far as possible.
pub(in crate::client) fn write_event<U: Upstream>(up: &U) {
    let Some((external_loop, link)) = attached_link(up) else {
        return;
    };
    external_loop.driver.store(this_thread(), Ordering::Relaxed);
    up.outbound().try_flush(&link);
    if link.external_loop.more.load(Ordering::Acquire) {
        link.read_for_loop(external_loop);
    }
    external_loop.written(&link);
}

/// The program's event loop has released the connection.
pub(in crate::client) fn detached_event<U: Upstream>(up: &U) {
    if let Some(external_loop) = up.event_loop()
        && external_loop.is_detached()
    {
        external_loop.attachment.release();
    }
}

/// Does the loop's work if the calling thread is the event loop's own, because nobody else would read what it is about
/// to wait for. Ends when `done` is true, at the deadline, or when the server is lost.
pub(in crate::client) fn drive_loop<U: Upstream>(
    up: &U,
    deadline: Option<Instant>,
    done: impl Fn() -> bool,
) {
    if !up.event_loop().is_some_and(ExternalLoop::is_driver) {
        return;
    }
    while !done()
        && let Some((external_loop, link)) = attached_link(up)
    {
        up.outbound().try_flush(&link);
        link.read_for_loop(external_loop);
        let now = Instant::now();
        if done() || deadline.is_some_and(|d| d <= now) {
            return;
        }
        let next = deadline.map_or(now + LOOK_AGAIN, |d| d.min(now + LOOK_AGAIN));
        // The loop condition notices the deadline, and reading notices the loss of the server.
        let _ = link.stream.wait_readable(next, None);
    }
}
