//! Sockets driven by readiness.
//!
//! Several threads wait for all sockets in one place, and the kernel wakes one of them for an event. The woken thread
//! can run what the event leads to, a callback for instance, without waking another thread first; the others are
//! waiting already. Which threads these are is decided by the [dispatcher](super::dispatcher); what one of them does
//! here is a *turn*. If a source [wants](Source::busy_poll) it, one of them *polls* for the next event for a while
//! instead of sleeping.
//!
//! A socket is *armed* for one event, which disarms it. The thread that gets the event reads until the socket is
//! empty and arms it again. So no two threads read from one socket, and a socket that is being read wakes nobody. It
//! is armed for writing only if it was found to accept no more. A thread that waits for what one socket receives may
//! [read](Registration::take_reading) from it itself, which saves waking it.
//!
//! Everything else that has to be done for a socket is requested through a list, the inbox. That no request is lost
//! rests on two rules:
//!
//! * "Is a thread awake?" is a number beside the list, under the same lock. A thread counts itself out in the
//!   critical section in which it found the list empty, or else wakes another one; so a thread that adds to the list
//!   afterwards sees that nobody is awake, and wakes one. No memory ordering is involved, and the lock is taken only
//!   by the first of many requests.
//! * "Was it requested?" is an atomic of the registration. It is cleared *before* the source is called. So a request
//!   that finds it set, and therefore does nothing, comes before the call, and the call finds what it was made for;
//!   see [`Registration::request_write`].

mod registration;

use std::collections::HashMap;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, Event, EventData, EventFlags};
use rustix::event::{EventfdFlags, Timespec, eventfd};
use rustix::io::Errno;

pub use self::registration::Registration;
use super::guarded;
use crate::error::{Error, Result};
use crate::fork::{Descriptor, is_leaving};
use crate::locks::Mutex;

/// The number of sockets that a thread handles at once. Small, because other threads wait too.
const EVENTS: usize = 32;

/// The number of the wake descriptor; no source has it.
const WAKE: u64 = 0;

/// Requests that were made and not served.
const WRITE: u8 = 1;
const READ: u8 = 2;

/// A driven object: something over a non-blocking socket.
pub trait Source: AsFd + Send + Sync + 'static {
    /// Bytes have arrived, or the end: read until it would block. A source that stops before that
    /// is called again when others have had their turn, but only for what is in the socket. Never
    /// runs concurrently with itself.
    fn read(&self);

    /// Write what waits: the socket accepts more, or it was requested.
    fn write(&self);

    /// How long to poll for the next event before sleeping, after an event of this source.
    fn busy_poll(&self) -> Duration {
        Duration::ZERO
    }
}

/// All sockets that are driven.
pub struct Io {
    shared: Arc<Shared>,
}

struct Shared {
    epoll: Descriptor<OwnedFd>,
    waker: Descriptor<OwnedFd>,
    sources: Mutex<Sources>,
    inbox: Mutex<Inbox>,
    polling: Mutex<Polling>,
}

struct Sources {
    /// Numbers are never reused, so a late event of a removed source finds nothing.
    next_number: u64,
    by_number: HashMap<u64, Entry>,
}

#[derive(Clone)]
struct Entry {
    source: Arc<dyn Source>,
    state: Arc<SourceState>,
}

#[derive(Default)]
struct SourceState {
    /// `WRITE`, `READ`. Not zero: the source is in the inbox.
    requested: AtomicU8,
    interest: Mutex<Interest>,
}

/// Why a socket is not armed for reading, and whether it is for writing.
#[derive(Default)]
struct Interest {
    /// A thread reads, so none has to be woken for that.
    reading: bool,
    /// Reading was requested meanwhile: perhaps after the last check of the thread that reads.
    read_again: bool,
    /// Something waits to be written.
    writing: bool,
    /// It is not driven any more.
    cancelled: bool,
}

#[derive(Default)]
struct Inbox {
    /// The numbers of the sources with requests.
    requests: Vec<u64>,
    /// The number of threads that will check the requests before they wait.
    awake: usize,
    /// One was woken and is not awake yet.
    woken: bool,
    stop: bool,
}

/// Polling for events instead of sleeping.
#[derive(Default)]
struct Polling {
    /// A thread polls.
    taken: bool,
    until: Option<Instant>,
}

/// What a thread needs for its turns.
pub(super) struct Turns {
    events: Vec<Event>,
    requests: Vec<u64>,
    /// How long the sources of the last turn want the next one to poll before it sleeps.
    busy_poll: Duration,
    /// The last turn polled and had time left, so the next one continues to poll.
    keep_polling: bool,
}

impl Turns {
    pub(super) fn new() -> Self {
        Turns {
            events: Vec::with_capacity(EVENTS),
            requests: Vec::new(),
            busy_poll: Duration::ZERO,
            keep_polling: false,
        }
    }
}

impl Io {
    pub(super) fn new() -> Result<Self> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)
            .and_then(Descriptor::new)
            .map_err(sys_error)?;
        let flags = EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK;
        let waker = eventfd(0, flags)
            .and_then(Descriptor::new)
            .map_err(sys_error)?;
        // Edge-triggered: one write wakes one thread, and nobody has to read.
        let flags = EventFlags::IN | EventFlags::ET;
        epoll::add(&epoll, &waker, EventData::new_u64(WAKE), flags).map_err(sys_error)?;
        let sources = Mutex::new(Sources {
            next_number: WAKE + 1,
            by_number: HashMap::new(),
        });
        let inbox = Mutex::default();
        Ok(Io {
            shared: Arc::new(Shared {
                epoll,
                waker,
                sources,
                inbox,
                polling: Mutex::default(),
            }),
        })
    }

    /// Drops all sources, and makes [`turn`](Self::turn) return at once from now on.
    pub(super) fn stop(&self) {
        self.shared.inbox.lock().stop = true;
        self.wake();
        let sources = std::mem::take(&mut self.shared.sources.lock().by_number);
        guarded(|| drop(sources));
    }

    /// Ends the turn of one thread that waits, or the next turn.
    pub(super) fn wake(&self) {
        self.shared.wake();
    }

    /// Drives a socket until the registration is dropped or cancelled. Reports what the socket is
    /// ready for already. The registration keeps `source` alive: a source that owns its
    /// registration must cancel it.
    pub fn register(&self, source: Arc<dyn Source>) -> Result<Registration> {
        let shared = self.shared.clone();
        let entry = Entry {
            source,
            state: Arc::default(),
        };
        let number = shared.sources.lock().add(entry.clone());
        // The first event may arrive before `register` returns, so the source has to be listed
        // first.
        let flags = EventFlags::IN | EventFlags::RDHUP | EventFlags::ONESHOT;
        let data = EventData::new_u64(number);
        if let Err(e) = epoll::add(&shared.epoll, entry.source.as_fd(), data, flags) {
            let kept = shared.sources.lock().by_number.remove(&number);
            drop(kept);
            return Err(sys_error(e));
        }
        Ok(Registration {
            shared,
            number,
            state: entry.state,
        })
    }

    /// Waits for events and requests, and serves them. Returns after some, so that the thread can
    /// run what they led to.
    pub(super) fn turn(&self, turns: &mut Turns) {
        let Turns {
            events,
            requests,
            busy_poll,
            keep_polling,
        } = turns;
        let shared = &*self.shared;
        let wait = {
            let mut inbox = shared.inbox.lock();
            if inbox.stop {
                return;
            }
            let wait = inbox.requests.is_empty();
            inbox.awake += usize::from(!wait);
            wait
        };
        events.clear();
        if wait && (*keep_polling || !busy_poll.is_zero()) {
            *keep_polling = shared.poll(events, std::mem::take(busy_poll));
        }
        if events.is_empty() {
            shared.wait(events, wait);
        }
        let called = events.iter().any(|event| event.data.u64() == WAKE);
        if wait || called {
            let mut inbox = shared.inbox.lock();
            inbox.awake += usize::from(wait);
            inbox.woken &= !called;
        }
        for event in &*events {
            let number = event.data.u64();
            if number != WAKE
                && let Some(entry) = shared.source(number)
            {
                shared.event(&entry, number, event.flags);
                *busy_poll = entry.source.busy_poll().max(*busy_poll);
            }
        }
        std::mem::swap(requests, &mut shared.inbox.lock().requests);
        for number in requests.drain(..) {
            if let Some(entry) = shared.source(number) {
                shared.serve(&entry, number);
            }
        }
        let mut inbox = shared.inbox.lock();
        inbox.awake -= 1;
        // It is not certain that this thread returns soon.
        let wake = !inbox.requests.is_empty() && inbox.needs_wake();
        drop(inbox);
        if wake {
            self.wake();
        }
    }
}

fn sys_error(e: Errno) -> Error {
    crate::words::system("cannot poll sockets", e)
}

impl Sources {
    fn add(&mut self, entry: Entry) -> u64 {
        let number = self.next_number;
        self.next_number += 1;
        self.by_number.insert(number, entry);
        number
    }
}

impl Inbox {
    /// Does a new request have to wake a thread? Not if one is awake, or about to be.
    fn needs_wake(&mut self) -> bool {
        self.awake == 0 && !std::mem::replace(&mut self.woken, true)
    }
}

impl Shared {
    fn wake(&self) {
        if is_leaving() {
            return;
        }
        // The counter of an eventfd does not overflow in practice.
        let _ = rustix::io::write(&self.waker, &1u64.to_ne_bytes());
    }

    fn source(&self, number: u64) -> Option<Entry> {
        self.sources.lock().by_number.get(&number).cloned()
    }

    /// Takes events, at least one if it may sleep; fewer after a signal.
    fn wait(&self, events: &mut Vec<Event>, sleep: bool) {
        let at_once = Timespec::default();
        let timeout = (!sleep).then_some(&at_once);
        match epoll::wait(&self.epoll, spare_capacity(events), timeout) {
            Ok(_) | Err(Errno::INTR) => {}
            // No reason is known; if there is one, do not use all of the CPU.
            Err(_) => thread::sleep(Duration::from_millis(10)),
        }
    }

    /// Polls for events without sleeping, and yields in between, until the time that was requested
    /// before is over, and for at least `more`. One thread at a time. The others, which sleep, are
    /// still woken by an event, but it is gone when they look for it. True if there is time left.
    fn poll(&self, events: &mut Vec<Event>, more: Duration) -> bool {
        let mut polling = self.polling.lock();
        if !more.is_zero() {
            polling.until = polling.until.max(Some(Instant::now() + more));
        }
        if std::mem::replace(&mut polling.taken, true) {
            return false;
        }
        drop(polling);
        loop {
            self.wait(events, false);
            let now = Instant::now();
            let mut polling = self.polling.lock();
            let time_left = polling.until.is_some_and(|until| now < until);
            if !events.is_empty() || !time_left {
                polling.taken = false;
                return time_left;
            }
            drop(polling);
            thread::yield_now();
        }
    }

    /// Handles an event, which has disarmed the socket.
    fn event(&self, entry: &Entry, number: u64, flags: EventFlags) {
        let broken = flags.intersects(EventFlags::ERR | EventFlags::HUP);
        let readable = broken || flags.intersects(EventFlags::IN | EventFlags::RDHUP);
        let writable = broken || flags.contains(EventFlags::OUT);
        let read = {
            let mut interest = entry.state.interest.lock();
            interest.writing &= !writable;
            readable && !std::mem::replace(&mut interest.reading, true)
        };
        if writable {
            guarded(|| entry.source.write());
        }
        if read {
            guarded(|| entry.source.read());
            self.end_reading(entry, number);
        } else {
            let interest = entry.state.interest.lock();
            self.arm(&interest, number, entry.source.as_fd());
        }
    }

    /// What arrives from now on is for other threads.
    fn end_reading(&self, entry: &Entry, number: u64) {
        let mut interest = entry.state.interest.lock();
        interest.reading = false;
        let read_again = std::mem::take(&mut interest.read_again);
        self.arm(&interest, number, entry.source.as_fd());
        drop(interest);
        if read_again {
            self.request(&entry.state, number, READ);
        }
    }

    fn request(&self, state: &SourceState, number: u64, what: u8) {
        // If the source is in the list already, the flag is going to be seen as well: all of them
        // are taken at once.
        if state.requested.fetch_or(what, Ordering::AcqRel) == 0 && !is_leaving() {
            let mut inbox = self.inbox.lock();
            inbox.requests.push(number);
            let wake = inbox.needs_wake();
            drop(inbox);
            if wake {
                self.wake();
            }
        }
    }

    /// Serves the requests.
    fn serve(&self, entry: &Entry, number: u64) {
        // Before the calls, see the head of this file.
        let requested = entry.state.requested.swap(0, Ordering::AcqRel);
        if requested & WRITE != 0 {
            guarded(|| entry.source.write());
        }
        if requested & READ == 0 {
            return;
        }
        let mut interest = entry.state.interest.lock();
        if std::mem::replace(&mut interest.reading, true) {
            interest.read_again = true;
            return;
        }
        drop(interest);
        guarded(|| entry.source.read());
        self.end_reading(entry, number);
    }

    /// Arms a socket for what is wanted now. If it is ready for that, an event arrives at once.
    fn arm(&self, interest: &Interest, number: u64, fd: BorrowedFd<'_>) {
        if interest.cancelled {
            return;
        }
        let mut flags = EventFlags::ONESHOT;
        flags.set(EventFlags::IN | EventFlags::RDHUP, !interest.reading);
        flags.set(EventFlags::OUT, interest.writing);
        // Fails only if the socket was closed too early.
        let _ = epoll::modify(&self.epoll, fd, EventData::new_u64(number), flags);
    }
}

#[cfg(test)]
#[path = "io_tests.rs"]
mod tests;
