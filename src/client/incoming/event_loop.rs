//! A connection whose socket is watched by an event loop of the program rather than by an I/O
//! thread of the library.
//!
//! The loop gets a duplicate of each socket, which is its own to close; the library goes on using
//! the original, so neither side can ever touch a descriptor number that the other has closed. The
//! library tells the loop what to wait for, the loop tells the library what has happened.
//!
//! The calls to the loop exclude each other, by a lock that a thread may take again: the loop's
//! code may call the library from inside them. So they are never made with a lock of the library
//! held. Where there is one, such as when a subscription is told to the server, the request is
//! left to a thread of the library.
//!
//! Whoever finds time writes: a publisher that must not wait, or has filled the buffer, does it on
//! its own thread. The loop is asked to do it only for what waits.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::client::callbacks::life::LifetimeGuard;
use crate::client::incoming::link::Link;
use crate::client::incoming::upstream::Upstream;
use crate::error::{Error, Result, Status};
use crate::locks::{Mutex, ReentrantLock, this_thread};
use crate::runtime::Job;

/// How often the loop's own thread, while it waits for an answer, has a look at what it cannot poll
/// for: bytes that the socket did not take, and answers that another thread has read.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// An event loop of the program, for connections of type `C`.
pub trait EventLoop<C>: Send + Sync {
    /// What one connection is for the loop.
    fn attachment(&self) -> Box<dyn Attachment<C>>;
}

/// One connection at an event loop. `attach`, `read` and `write` never overlap, except that they
/// may be called from inside each other on the same thread.
pub trait Attachment<C>: Send + Sync {
    /// Watches a new socket, for reading to begin with. A socket that was there before has been
    /// given up by `read(false)`.
    fn attach(&self, connection: &Arc<C>, socket: OwnedFd) -> Result<(), Status>;

    /// Watches the socket for reading, or gives it up: it is not used any more.
    fn read(&self, watch: bool) -> Result<(), Status>;

    /// Watches the socket for writing, or stops doing so.
    fn write(&self, watch: bool) -> Result<(), Status>;

    /// The connection is closed, and nothing else will be called.
    fn detach(&self);

    /// The loop has forgotten the connection.
    fn release(&self);
}

/// A connection's dealings with the program's event loop.
pub(in crate::client) struct ExternalLoop<U> {
    attachment: Box<dyn Attachment<U>>,
    turn: ReentrantLock,
    calls: Calls,
    /// The loop watches for writing. Changes in the turn of a call.
    writing: AtomicBool,
    /// The thread that last reported an event; before the first one, that which connected.
    driver: AtomicU64,
}

/// What the order of the calls depends on. Looked at and changed in the turn of a call.
#[derive(Default)]
struct Calls {
    /// An `attach` runs, or a socket is attached.
    busy: AtomicBool,
    /// A socket was attached at some time.
    ever: AtomicBool,
    /// The connection is closed.
    finished: AtomicBool,
    detached: AtomicBool,
    /// From the first attach to the end of `detach` the program's code may be called.
    lifetime_guard: Mutex<Option<LifetimeGuard>>,
}

impl<U: Upstream> ExternalLoop<U> {
    pub(in crate::client) fn new(event_loop: &dyn EventLoop<U>) -> Self {
        ExternalLoop {
            attachment: event_loop.attachment(),
            turn: ReentrantLock::default(),
            calls: Calls::default(),
            writing: AtomicBool::new(false),
            driver: AtomicU64::new(0),
        }
    }

    /// Has the loop watch a link's socket. Without success the socket is not the loop's.
    pub(in crate::client) fn attach(&self, link: &Link<U>) -> Result<()> {
        let socket = link.stream.as_fd().try_clone_to_owned()?;
        let turn = self.turn.lock();
        if self.calls.finished.load(Ordering::Relaxed) {
            return Err(Status::NATS_CONNECTION_CLOSED.into());
        }
        self.writing.store(false, Ordering::SeqCst);
        self.calls.busy.store(true, Ordering::Relaxed);
        match self.attachment.attach(&link.up, socket) {
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

    /// A link is over: the loop is to give its socket up. Does nothing the second time.
    pub(in crate::client) fn unlink(&self, link: &Link<U>) {
        let turn = self.turn.lock();
        if !link.external_loop.attached.swap(false, Ordering::AcqRel) {
            return;
        }
        self.writing.store(false, Ordering::SeqCst);
        // Should the loop fail at this, there is nothing else to be done with the socket.
        let _ = self.attachment.write(false);
        let _ = self.attachment.read(false);
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

    /// Detaches, once, when the connection is closed and no socket is attached, nor being so.
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
        self.attachment.detach();
        drop(lifetime_guard);
    }

    /// Asks the loop to tell when the socket can be written, if something waits for that and it has
    /// not been asked already. Not with a lock held.
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
        let result = self.attachment.write(true);
        drop(turn);
        if let Err(status) = result {
            link.fail(status.into());
        }
    }

    /// After writing on the loop's thread: if nothing is left, the loop need not watch any more.
    fn written(&self, link: &Arc<Link<U>>) {
        let turn = self.turn.lock();
        if !link.external_loop.attached.load(Ordering::Acquire)
            || !self.writing.load(Ordering::SeqCst)
            || link.external_loop.waits(link)
        {
            return;
        }
        self.writing.store(false, Ordering::SeqCst);
        // A loop that goes on watching calls in vain, and this is done again.
        let _ = self.attachment.write(false);
        drop(turn);
        // Whoever appended before the mark was taken away did not ask.
        self.ask_write(link);
    }

    fn is_detached(&self) -> bool {
        let _turn = self.turn.lock();
        self.calls.detached.load(Ordering::Relaxed)
    }

    fn is_driver(&self) -> bool {
        self.driver.load(Ordering::Relaxed) == this_thread()
    }
}

/// What a link has to know for the program's event loop.
#[derive(Default)]
pub(in crate::client) struct LinkState {
    /// The loop has its socket.
    attached: AtomicBool,
    /// The session stands: events are for it.
    started: AtomicBool,
    /// A thread of the library is going to ask for a write event.
    asked: AtomicBool,
    /// Reading stopped before the socket was empty.
    more: AtomicBool,
}

impl LinkState {
    /// Does anything wait that a write event would further?
    fn waits<U: Upstream>(&self, link: &Link<U>) -> bool {
        self.more.load(Ordering::Acquire) || link.up.outbound().buffered() > 0
    }

    /// The session stands. What came right behind the handshake is taken at once, since the loop
    /// may have told of it already.
    pub(in crate::client) fn start<U: Upstream>(
        &self,
        link: &Arc<Link<U>>,
        external_loop: &ExternalLoop<U>,
    ) {
        self.started.store(true, Ordering::Release);
        link.read_for_loop(external_loop);
        external_loop.ask_write(link);
    }

    /// As [`ExternalLoop::ask_write`], from where locks are held.
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
    /// Asks the program's event loop, if it is in charge, for a write event. Not with a lock held.
    pub(in crate::client) fn ask_write(self: &Arc<Self>) {
        if let Some(external_loop) = self.up.event_loop() {
            external_loop.ask_write(self);
        }
    }

    /// Reads what is there, and sends what that has to be answered with.
    fn read_for_loop(self: &Arc<Self>, external_loop: &ExternalLoop<U>) {
        let Some(more) = self.try_read() else {
            return;
        };
        // A loop reports what is in the socket; what is left here it would not know of. So it is
        // asked for an event that comes by itself.
        self.external_loop.more.store(more, Ordering::Release);
        if self.up.outbound().buffered() > 0 {
            self.up.outbound().try_flush(self);
        }
        if more {
            external_loop.ask_write(self);
        }
    }
}

/// The link of a connection that the loop's events are for.
fn attached_link<U: Upstream>(up: &U) -> Option<(&ExternalLoop<U>, Arc<Link<U>>)> {
    let external_loop = up.event_loop()?;
    let link = up.present_link()?;
    let live = link.external_loop.attached.load(Ordering::Acquire) && !link.has_ended();
    live.then_some((external_loop, link))
}

/// The program's event loop found the socket readable: reads and hands over what is there.
/// Losing the server is dealt with in the call.
pub(in crate::client) fn read_event<U: Upstream>(up: &U) {
    let Some((external_loop, link)) = attached_link(up) else {
        return;
    };
    // Before that the loop is ahead of the thread that connects, and is going to call again.
    if link.external_loop.started.load(Ordering::Acquire) {
        external_loop.driver.store(this_thread(), Ordering::Relaxed);
        link.read_for_loop(external_loop);
    }
}

/// The program's event loop found the socket writable: writes what waits, as far as it goes.
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

/// The program's event loop has forgotten the connection.
pub(in crate::client) fn detached_event<U: Upstream>(up: &U) {
    if let Some(external_loop) = up.event_loop()
        && external_loop.is_detached()
    {
        external_loop.attachment.release();
    }
}

/// If the calling thread is the event loop's, nobody else would read what it is about to wait
/// for: does the loop's work until `done`, or the deadline, or the server is gone.
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
        // The end of the time is noticed above, the end of the server when reading.
        let _ = link.stream.wait_readable(next, None);
    }
}
