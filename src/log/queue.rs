//! Lines on their way to the program's handlers.

use std::cell::Cell;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release, SeqCst};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize};

use super::logger::{Inner, Lease};
use super::{Handler, Level, Record, TO_HANDLER, Target};
use crate::fork::{self, PerProcess};
use crate::locks::{Condvar, Mutex};

/// The number of lines that may wait.
const WAITING_MAX: usize = 8192;

static QUEUE: PerProcess<Queue> = PerProcess::new(Queue::new());

thread_local! {
    /// The process in which this thread calls handlers; zero if it does not.
    static DELIVERS: Cell<u32> = const { Cell::new(0) };
}

struct Queue {
    /// The handler of the process. Locked only to change it, or to copy it once after a change.
    handler: Mutex<Option<Arc<Handler>>>,
    /// Grows with each change of the handler.
    version: AtomicU64,
    state: Mutex<State>,
    changed: Condvar,
    /// The number of lines in the queue.
    waiting: AtomicUsize,
    /// Lines that found the queue full since the last one that did not, and ever.
    lost: AtomicU64,
    lost_ever: AtomicU64,
    /// This process has the handler of the one that it was forked from.
    has_inherited: AtomicBool,
}

struct State {
    entries: VecDeque<Entry>,
    /// A thread is calling a handler.
    calling: bool,
}

/// The handler of a connection that receives a line, and the right to call it.
type ToOwn = Option<(Arc<Inner>, Lease)>;

/// A line, and who receives it.
struct Entry {
    record: Record,
    to_process: bool,
    to_own: ToOwn,
    /// The number of lines before it that were lost.
    lost: u64,
}

impl Default for Queue {
    fn default() -> Self {
        Queue::new()
    }
}

impl Queue {
    const fn new() -> Self {
        Queue {
            handler: Mutex::new(None),
            version: AtomicU64::new(0),
            state: Mutex::new(State {
                entries: VecDeque::new(),
                calling: false,
            }),
            changed: Condvar::new(),
            waiting: AtomicUsize::new(0),
            lost: AtomicU64::new(0),
            lost_ever: AtomicU64::new(0),
            has_inherited: AtomicBool::new(false),
        }
    }

    /// The queue of this process, with the handler of the one before.
    fn get() -> &'static Queue {
        let (queue, previous) = QUEUE.with_previous();
        if let Some(previous) = previous
            && !queue.has_inherited.swap(true, SeqCst)
        {
            // A thread of the parent may have been changing it at the moment of the fork: then there is none yet.
            let handler = previous.handler.try_lock().and_then(|h| h.clone());
            if handler.is_none() {
                TO_HANDLER.store(0, Relaxed);
            }
            *queue.handler.lock() = handler;
            queue.version.fetch_add(1, SeqCst);
        }
        queue
    }
}

/// Sets the handler of the process, and the highest level that it receives; `None` for none. When this returns, the
/// former one is not running and will not be called again, unless it is the caller.
pub(crate) fn set_handler(handler: Option<(Arc<Handler>, Level)>) {
    let queue = Queue::get();
    let level = handler.as_ref().map_or(0, |(_, level)| *level as u8);
    let former = std::mem::replace(
        &mut *queue.handler.lock(),
        handler.map(|(handler, _)| handler),
    );
    queue.version.fetch_add(1, SeqCst);
    TO_HANDLER.store(level, Relaxed);
    if former.is_some() && !delivers_here() {
        let mut state = queue.state.lock();
        while state.calling {
            queue.changed.wait(&mut state);
        }
    }
}

/// Is there a handler of the process, which needs a thread that calls it?
pub(crate) fn wants_thread() -> bool {
    TO_HANDLER.load(Relaxed) > 0
}

/// The number of lines that handlers have not received because they did not keep up.
pub(crate) fn lines_lost() -> u64 {
    Queue::get().lost_ever.load(Relaxed)
}

/// Queues a line. The caller may hold locks, so nothing is dropped here that may call the program.
pub(super) fn push(record: Record, to_process: bool, to_own: Option<&Arc<Inner>>) {
    let queue = Queue::get();
    if queue.waiting.fetch_add(1, Relaxed) >= WAITING_MAX {
        queue.waiting.fetch_sub(1, Relaxed);
        queue.lost.fetch_add(1, Relaxed);
        queue.lost_ever.fetch_add(1, Relaxed);
        return;
    }
    // Taken before the lock: leases have locks of their own.
    let to_own = to_own.and_then(|inner| {
        let lease = inner.own().and_then(|own| (own.lease)())?;
        inner.waiting.fetch_add(1, SeqCst);
        Some((inner.clone(), lease))
    });
    if !to_process && to_own.is_none() {
        queue.waiting.fetch_sub(1, Relaxed);
        return;
    }
    let entry = Entry {
        record,
        to_process,
        to_own,
        lost: queue.lost.swap(0, Relaxed),
    };
    let mut state = queue.state.lock();
    state.entries.push_back(entry);
    queue.changed.notify_all();
}

fn delivers_here() -> bool {
    DELIVERS.get() == fork::generation()
}

/// See [`super::Logger::finish`].
pub(super) fn finish(inner: &Arc<Inner>) {
    let queue = Queue::get();
    let is_its = |entry: &mut Entry| {
        let to_own = entry.to_own.as_ref();
        to_own.is_some_and(|(of, _)| Arc::ptr_eq(of, inner))
    };
    let mut state = queue.state.lock();
    if delivers_here() {
        let mut own: Vec<(Record, ToOwn)> = Vec::new();
        for entry in state.entries.iter_mut() {
            if is_its(entry) {
                let copy = Record {
                    text: entry.record.text.clone(),
                    ..entry.record
                };
                own.push((copy, entry.to_own.take()));
            }
        }
        drop(state);
        for (record, to_own) in own {
            call_own(&record, to_own);
        }
        return;
    }
    while inner.waiting.load(SeqCst) > 0 {
        queue.changed.wait(&mut state);
    }
}

fn call_own(record: &Record, to_own: ToOwn) {
    if let Some((inner, lease)) = to_own {
        if let Some(own) = inner.own() {
            fork::caught(|| (own.handler)(record));
        }
        inner.waiting.fetch_sub(1, SeqCst);
        drop(lease);
    }
}

/// The thread that calls the handlers, of one runtime.
#[derive(Default)]
pub(crate) struct Delivery {
    stop: AtomicBool,
}

impl Delivery {
    /// Calls the handlers until the delivery is stopped and no line waits.
    pub(crate) fn run(&self) {
        DELIVERS.set(fork::generation());
        let queue = Queue::get();
        let mut version = u64::MAX;
        let mut handler = None;
        loop {
            let mut state = queue.state.lock();
            // The thread of a library that was closed before may still be calling.
            while state.entries.is_empty() || state.calling {
                if self.stop.load(Acquire) && state.entries.is_empty() {
                    return;
                }
                queue.changed.wait(&mut state);
            }
            let Some(entry) = state.entries.pop_front() else {
                continue;
            };
            state.calling = true;
            drop(state);
            queue.waiting.fetch_sub(1, Relaxed);
            let now = queue.version.load(SeqCst);
            if version != now {
                version = now;
                handler = queue.handler.lock().clone();
            }
            call(entry, handler.as_ref());
            queue.state.lock().calling = false;
            queue.changed.notify_all();
        }
    }

    /// Lets the thread end when no line waits.
    pub(crate) fn stop(&self) {
        self.stop.store(true, Release);
        let queue = Queue::get();
        drop(queue.state.lock());
        queue.changed.notify_all();
    }
}

fn call(entry: Entry, handler: Option<&Arc<Handler>>) {
    let Entry {
        record,
        to_process,
        to_own,
        lost,
    } = entry;
    let note = (lost > 0).then(|| Record {
        level: Level::Warn,
        target: Target::Library,
        time: record.time,
        connection: 0,
        text: format!("{lost} lines are missing here: the log handlers did not keep up"),
    });
    if let Some(handler) = handler.filter(|_| to_process) {
        for record in note.iter().chain([&record]) {
            fork::caught(|| handler(record));
        }
    }
    if let (Some(note), Some((inner, _))) = (&note, &to_own)
        && let Some(own) = inner.own()
    {
        fork::caught(|| (own.handler)(note));
    }
    call_own(&record, to_own);
}
