//! One thread that runs short actions when they are due.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::threads::Threads;
use super::{Action, guarded};
use crate::error::Result;
use crate::fork::is_leaving;
use crate::locks::{Condvar, Mutex};

/// Stands for "never": a later time cannot be added to an `Instant` on every system.
const FAR_AWAY: Duration = Duration::from_secs(30 * 365 * 24 * 3600);

/// Cancelled entries stay in the heap until there are at least this many, and more of them than
/// others. So cancelling is cheap and the heap stays small.
const SWEEP_FROM: usize = 64;

/// The timers of the whole process. A clone is another handle to the same ones.
#[derive(Clone)]
pub struct Timers {
    inner: Arc<Inner>,
}

struct Inner {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    heap: BinaryHeap<Entry>,
    /// The number of cancelled entries in the heap.
    cancelled: usize,
    next_number: u64,
    stop: bool,
}

/// The action of a timer; empty when it has run or been cancelled.
type Slot = Mutex<Option<Action>>;

struct Entry {
    at: Instant,
    number: u64,
    slot: Arc<Slot>,
}

impl Ord for Entry {
    /// The earliest is the greatest, because `BinaryHeap` puts the greatest on top. Timers that are
    /// due at the same time run in the order of their creation.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.number).cmp(&(self.at, self.number))
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Entry {}

/// A timer that can be cancelled. Dropping the handle leaves the timer running.
pub struct TimerHandle {
    slot: Arc<Slot>,
    inner: Arc<Inner>,
}

impl TimerHandle {
    /// Ensures that the action does not start any more, and drops it at once. False if it has run
    /// or is running.
    pub fn cancel(&self) -> bool {
        if is_leaving() {
            return false;
        }
        let Some(action) = self.slot.lock().take() else {
            return false;
        };
        let swept = self.inner.count_cancelled();
        // Both after all locks: what an action owns may do anything when it is dropped.
        drop(action);
        drop(swept);
        true
    }
}

impl Timers {
    pub(super) fn new() -> Self {
        let state = State {
            heap: BinaryHeap::new(),
            cancelled: 0,
            next_number: 0,
            stop: false,
        };
        Timers {
            inner: Arc::new(Inner {
                state: Mutex::new(state),
                changed: Condvar::new(),
            }),
        }
    }

    pub(super) fn start(&self, threads: &Arc<Threads>) -> Result<()> {
        let inner = self.inner.clone();
        threads.spawn("nats-timer", move || inner.run())
    }

    /// Runs `action` on the timer thread after `delay`. All timers share this thread, so the action must be short and
    /// must not block. After the runtime has stopped the action is dropped.
    pub fn after(&self, delay: Duration, action: Box<dyn FnOnce() + Send>) -> TimerHandle {
        let slot = Arc::new(Mutex::new(Some(action)));
        let handle = TimerHandle {
            slot: slot.clone(),
            inner: self.inner.clone(),
        };
        if is_leaving() {
            return handle;
        }
        let now = Instant::now();
        let at = now
            .checked_add(delay.min(FAR_AWAY))
            .unwrap_or(now + Duration::from_secs(3600));
        let mut state = self.inner.state.lock();
        if state.stop {
            drop(state);
            let action = slot.lock().take();
            drop(action);
            return handle;
        }
        let number = state.next_number;
        state.next_number += 1;
        let is_first = state.heap.peek().is_none_or(|first| at < first.at);
        state.heap.push(Entry { at, number, slot });
        if is_first {
            self.inner.changed.notify_one();
        }
        handle
    }

    /// Ends the thread, which drops all actions that have not run.
    pub(super) fn stop(&self) {
        self.inner.state.lock().stop = true;
        self.inner.changed.notify_one();
    }
}

impl Inner {
    /// Notes that an entry was cancelled. Returns what the caller must drop.
    fn count_cancelled(&self) -> Vec<Entry> {
        let mut state = self.state.lock();
        state.cancelled += 1;
        if state.cancelled < SWEEP_FROM || state.cancelled * 2 < state.heap.len() {
            return Vec::new();
        }
        state.cancelled = 0;
        let (kept, swept): (Vec<_>, Vec<_>) = std::mem::take(&mut state.heap)
            .into_iter()
            .partition(|entry| entry.slot.lock().is_some());
        state.heap = kept.into();
        swept
    }

    fn run(&self) {
        let mut state = self.state.lock();
        while !state.stop {
            let Some(first) = state.heap.peek() else {
                self.changed.wait(&mut state);
                continue;
            };
            let at = first.at;
            if at > Instant::now() {
                self.changed.wait_until(&mut state, at);
                continue;
            }
            let Some(entry) = state.heap.pop() else {
                continue;
            };
            let action = entry.slot.lock().take();
            if action.is_none() {
                state.cancelled = state.cancelled.saturating_sub(1);
            }
            drop(state);
            if let Some(action) = action {
                guarded(action);
            }
            drop(entry);
            state = self.state.lock();
        }
        let heap = std::mem::take(&mut state.heap);
        drop(state);
        for entry in heap {
            let action = entry.slot.lock().take();
            guarded(|| drop(action));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    fn started() -> (Timers, Arc<Threads>) {
        let threads = Threads::new(None);
        let timers = Timers::new();
        timers.start(&threads).unwrap();
        (timers, threads)
    }

    #[test]
    fn timers_run_in_the_order_of_their_times_and_not_before() {
        let (timers, threads) = started();
        let (done, results) = mpsc::channel();
        let start = Instant::now();
        for delay in [40u64, 10, 30, 20] {
            let done = done.clone();
            let action = move || {
                let _ = done.send((delay, start.elapsed()));
                panic!("an action panics");
            };
            timers.after(Duration::from_millis(delay), Box::new(action));
        }
        for expected in [10, 20, 30, 40] {
            let (delay, elapsed) = results.recv().unwrap();
            assert_eq!(delay, expected);
            assert!(elapsed >= Duration::from_millis(delay));
        }
        timers.stop();
        assert!(threads.wait(None));
    }

    #[test]
    fn cancelling_drops_the_action_and_keeps_the_heap_small() {
        let (timers, threads) = started();
        let token = Arc::new(());
        let (done, results) = mpsc::channel();
        timers.after(
            Duration::from_millis(20),
            Box::new(move || done.send(()).unwrap()),
        );
        for _ in 0..10_000 {
            let owned = token.clone();
            let handle = timers.after(Duration::MAX, Box::new(move || drop(owned)));
            assert!(handle.cancel());
            assert!(!handle.cancel());
            assert_eq!(Arc::strong_count(&token), 1);
        }
        assert!(timers.inner.state.lock().heap.len() <= SWEEP_FROM + 2);
        results.recv().unwrap();
        timers.stop();
        assert!(threads.wait(None));
    }

    #[test]
    fn stopping_drops_what_has_not_run() {
        let (timers, threads) = started();
        let token = Arc::new(());
        let (first, second) = (token.clone(), token.clone());
        timers.after(Duration::from_secs(1000), Box::new(move || drop(first)));
        timers.stop();
        assert!(threads.wait(None));
        let late = timers.after(Duration::ZERO, Box::new(move || drop(second)));
        assert_eq!(Arc::strong_count(&token), 1);
        assert!(!late.cancel());
    }
}
