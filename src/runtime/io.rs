//! I/O threads that drive all sockets by readiness.
//!
//! A socket is registered once, edge-triggered, for reading and writing. Everything else that an
//! I/O thread is to do for it is asked for through a list, the thread's inbox. Who adds to the
//! list wakes the thread only if it sleeps; while it is awake it takes the list before it sleeps.
//!
//! That no request is lost rests on two rules:
//! * "Does it sleep?" is a field beside the list, under the same lock. The thread sets it, in one
//!   critical section, upon finding the list empty; so whoever adds to the list afterwards sees it
//!   set and wakes the thread, and whoever added before was seen. No memory ordering to get wrong,
//!   and the lock is taken only by the first of many requests.
//! * "Has it been asked for?" is an atomic of the registration. The thread clears it *before* it
//!   calls the source. So a request that finds it set, and therefore does nothing, comes before
//!   the call, and the call finds what it was made for; see [`Registration::request_flush`].

use std::collections::HashMap;
use std::os::fd::RawFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use mio::unix::SourceFd;
use mio::{Interest, Poll, Registry, Token, Waker};
use parking_lot::Mutex;

use super::guarded;
use super::library::forked;
use super::threads::Threads;
use crate::error::{Error, Result, Status};

/// How many sockets the operating system may report at once.
const EVENTS: usize = 256;

/// The token of the waker.
const WAKE: Token = Token(0);

/// What was asked for and has not been done: a flush; a call of `ready`.
const FLUSH: u8 = 1;
const READY: u8 = 2;

/// What an I/O thread drives.
pub trait Source: Send + Sync + 'static {
    /// The socket has become readable or writable, or both: read, or write, until it would block.
    /// Runs on the I/O thread.
    fn ready(&self, readable: bool, writable: bool) -> Again;

    /// Write what waits. Runs on the I/O thread after [`Registration::request_flush`].
    fn flush(&self);
}

/// Whether a source has stopped before its socket would block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// The socket has been read empty.
    No,
    /// There is more to read: call `ready(true, false)` again when the others have had their turn.
    Yes,
}

/// The I/O threads. Sources are spread over them in turn.
pub struct Io {
    threads: Vec<IoThread>,
    next: AtomicUsize,
}

struct IoThread {
    shared: Arc<Shared>,
    /// Until the thread starts and takes it.
    poll: Mutex<Option<Poll>>,
}

/// What an I/O thread shares with those who give it work.
struct Shared {
    registry: Registry,
    waker: Waker,
    sources: Mutex<Sources>,
    inbox: Mutex<Inbox>,
}

struct Sources {
    /// Numbers are never used twice, so a late event of a source that is gone finds nobody.
    next_number: usize,
    by_number: HashMap<usize, Entry>,
}

#[derive(Clone)]
struct Entry {
    source: Arc<dyn Source>,
    flags: Arc<Flags>,
}

#[derive(Default)]
struct Flags {
    /// `FLUSH`, `READY`. Not zero: the source is in the inbox.
    asked: AtomicU8,
    /// The source is among those that have more to read. Only for the I/O thread.
    again: AtomicBool,
}

#[derive(Default)]
struct Inbox {
    /// The numbers of the sources that have asked for something.
    requests: Vec<usize>,
    /// The thread waits for events, or is about to, and nobody has woken it yet.
    asleep: bool,
    stop: bool,
}

impl Io {
    pub(super) fn new(threads: usize) -> Result<Self> {
        let threads = (0..threads).map(|_| IoThread::new()).collect::<Result<_>>();
        Ok(Io {
            threads: threads?,
            next: AtomicUsize::new(0),
        })
    }

    pub(super) fn start(&self, threads: &Arc<Threads>) -> Result<()> {
        for thread in &self.threads {
            if let Some(poll) = thread.poll.lock().take() {
                let shared = thread.shared.clone();
                threads.spawn("nats-io", move || shared.run(poll))?;
            }
        }
        Ok(())
    }

    pub(super) fn stop(&self) {
        for thread in &self.threads {
            thread.shared.inbox.lock().stop = true;
            thread.shared.wake();
        }
    }

    /// Drives the non-blocking socket `fd` by calls to `source`, until the registration is dropped.
    /// The first call says what the socket is ready for right now. The registration keeps `source`
    /// alive: a source that owns its registration must drop it by a deed of its own.
    pub fn register(&self, fd: RawFd, source: Arc<dyn Source>) -> Result<Registration> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed) % self.threads.len();
        let shared = self.threads[turn].shared.clone();
        let flags = Arc::new(Flags::default());
        let number = shared.sources.lock().add(Entry {
            source,
            flags: flags.clone(),
        });
        // The first event may come before `register` returns; so the source had to be there first.
        let interest = Interest::READABLE | Interest::WRITABLE;
        if let Err(e) = shared
            .registry
            .register(&mut SourceFd(&fd), Token(number), interest)
        {
            let entry = shared.sources.lock().by_number.remove(&number);
            drop(entry);
            return Err(sys_error(&e));
        }
        Ok(Registration {
            shared,
            number,
            fd,
            flags,
            cancelled: AtomicBool::new(false),
        })
    }
}

impl IoThread {
    fn new() -> Result<Self> {
        let poll = Poll::new().map_err(|e| sys_error(&e))?;
        let registry = poll.registry().try_clone().map_err(|e| sys_error(&e))?;
        let waker = Waker::new(&registry, WAKE).map_err(|e| sys_error(&e))?;
        let sources = Mutex::new(Sources {
            next_number: WAKE.0 + 1,
            by_number: HashMap::new(),
        });
        let inbox = Mutex::new(Inbox::default());
        Ok(IoThread {
            shared: Arc::new(Shared {
                registry,
                waker,
                sources,
                inbox,
            }),
            poll: Mutex::new(Some(poll)),
        })
    }
}

fn sys_error(e: &std::io::Error) -> Error {
    Error::new(Status::NATS_SYS_ERROR, format!("cannot poll sockets: {e}"))
}

impl Sources {
    fn add(&mut self, entry: Entry) -> usize {
        let mut number = self.next_number;
        // Only where numbers are small enough to come round again.
        while number == WAKE.0 || self.by_number.contains_key(&number) {
            number = number.wrapping_add(1);
        }
        self.next_number = number.wrapping_add(1);
        self.by_number.insert(number, entry);
        number
    }
}

/// A socket that an I/O thread drives. Dropping it, on any thread, ends that: no new call of the
/// source begins afterwards, though one that runs on another thread may still be running. The
/// socket must stay open until then.
pub struct Registration {
    shared: Arc<Shared>,
    number: usize,
    fd: RawFd,
    flags: Arc<Flags>,
    cancelled: AtomicBool,
}

impl Registration {
    /// Asks for a call of `flush`, soon. Costs one atomic load if it has been asked for already.
    ///
    /// What the flush is to find must be put in place under a lock that `flush` takes too: that
    /// orders the check here against the clearing of the flag, so that a request is never dropped
    /// in favour of a flush that came too early for it.
    #[inline]
    pub fn request_flush(&self) {
        if self.flags.asked.load(Ordering::Relaxed) & FLUSH == 0 {
            self.request(FLUSH);
        }
    }

    /// Asks for a call of `ready(true, true)`, soon: for bytes that came before the registration.
    pub fn request_ready(&self) {
        self.request(READY);
    }

    #[cold]
    fn request(&self, what: u8) {
        // If the source is in the list already, the thread is going to see the new flag as well:
        // it takes all flags at once.
        if self.flags.asked.fetch_or(what, Ordering::AcqRel) == 0 && !forked() {
            let mut inbox = self.shared.inbox.lock();
            inbox.requests.push(self.number);
            let asleep = std::mem::take(&mut inbox.asleep);
            drop(inbox);
            if asleep {
                self.shared.wake();
            }
        }
    }
}

impl Registration {
    /// Ends it before it is dropped; for a source that owns its registration.
    pub fn cancel(&self) {
        if self.cancelled.swap(true, Ordering::AcqRel) {
            return;
        }
        // In the child of a fork it is the parent's socket that would be deregistered.
        if forked() {
            return;
        }
        let entry = self.shared.sources.lock().by_number.remove(&self.number);
        // Fails only if the caller has closed the socket too early, which deregisters it too.
        let _ = self.shared.registry.deregister(&mut SourceFd(&self.fd));
        drop(entry);
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.cancel();
    }
}

impl Shared {
    fn wake(&self) {
        // Cannot fail: the counter of an eventfd is never full of wakes.
        let _ = self.waker.wake();
    }

    fn source(&self, number: usize) -> Option<Entry> {
        self.sources.lock().by_number.get(&number).cloned()
    }

    fn run(&self, mut poll: Poll) {
        let mut events = mio::Events::with_capacity(EVENTS);
        let mut again = Vec::new();
        let mut turns = Vec::new();
        let mut requests = Vec::new();
        loop {
            let mut inbox = self.inbox.lock();
            if inbox.stop {
                break;
            }
            inbox.asleep = again.is_empty() && inbox.requests.is_empty();
            let timeout = (!inbox.asleep).then_some(Duration::ZERO);
            drop(inbox);
            if let Err(e) = poll.poll(&mut events, timeout) {
                events.clear();
                if e.kind() != std::io::ErrorKind::Interrupted {
                    // There is no known reason; but should there be one, do not burn the CPU.
                    thread::sleep(Duration::from_millis(10));
                }
            }
            if timeout.is_none() {
                // Awake: requests made from here on are seen below.
                self.inbox.lock().asleep = false;
            }
            std::mem::swap(&mut again, &mut turns);
            for event in &events {
                let broken = event.is_error();
                let readable = event.is_readable() || event.is_read_closed() || broken;
                let writable = event.is_writable() || event.is_write_closed() || broken;
                if let Some(entry) = self.source(event.token().0) {
                    // Its turn to read comes in any case; one is enough.
                    let readable = readable && !entry.flags.again.load(Ordering::Relaxed);
                    entry.ready(readable, writable, event.token().0, &mut again);
                }
            }
            for number in turns.drain(..) {
                if let Some(entry) = self.source(number) {
                    entry.flags.again.store(false, Ordering::Relaxed);
                    entry.ready(true, false, number, &mut again);
                }
            }
            std::mem::swap(&mut requests, &mut self.inbox.lock().requests);
            for number in requests.drain(..) {
                if let Some(entry) = self.source(number) {
                    // Before the calls, see the head of this file.
                    let asked = entry.flags.asked.swap(0, Ordering::AcqRel);
                    if asked & READY != 0 {
                        entry.ready(true, true, number, &mut again);
                    }
                    if asked & FLUSH != 0 {
                        guarded(|| entry.source.flush());
                    }
                }
            }
        }
        // Nobody drives the sources any more, so nothing of ours is to keep them alive.
        let sources = std::mem::take(&mut self.sources.lock().by_number);
        guarded(|| drop(sources));
    }
}

impl Entry {
    fn ready(&self, readable: bool, writable: bool, number: usize, again: &mut Vec<usize>) {
        if !readable && !writable {
            return;
        }
        let more = guarded(|| self.source.ready(readable, writable)) == Some(Again::Yes);
        if more && !self.flags.again.swap(true, Ordering::Relaxed) {
            again.push(number);
        }
    }
}

#[cfg(test)]
#[path = "io_tests.rs"]
mod tests;
