//! Locks.
//!
//! The futex locks of the standard library on Linux, from a crate that provides them without poisoning. All their
//! state is in the lock itself, so a child made by `fork` can use a lock that it creates, whatever threads of its
//! parent were doing. (`parking_lot` keeps one table for all locks of a process; a thread that uses the table while
//! another one forks leaves a part of it locked in the child for ever.)

use std::hint::spin_loop;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release, SeqCst};
use std::sync::atomic::{AtomicU32, AtomicUsize, fence};
use std::thread::{sleep, yield_now};
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::thread::futex;
use rustix::time::Timespec;

use crate::fork::{self, PerProcess};

/// How often a thread that finds a lock taken checks it again before it sleeps, and how many of these checks come
/// without yielding. Locks are usually held for a copy, and sleeping and waking take far longer: with four publishers
/// on one connection, sleeping at once halved the rate.
const LOOKS: u32 = 10;
const BUSY_LOOKS: u32 = 3;

/// A lock around a value.
#[derive(Debug, Default)]
pub(crate) struct Mutex<T>(rustix_futex_sync::Mutex<T>);

/// The right to use the value.
pub(crate) type MutexGuard<'a, T> = rustix_futex_sync::MutexGuard<'a, T>;

impl<T> Mutex<T> {
    pub(crate) const fn new(value: T) -> Self {
        Mutex(rustix_futex_sync::Mutex::new(value))
    }

    #[inline]
    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        match self.0.try_lock() {
            Some(guard) => guard,
            None => self.wait(),
        }
    }

    #[inline]
    pub(crate) fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
        self.0.try_lock()
    }

    pub(crate) fn get_mut(&mut self) -> &mut T {
        self.0.get_mut()
    }

    #[cold]
    fn wait(&self) -> MutexGuard<'_, T> {
        if fork::is_leaving() {
            // A thread of the parent may hold it.
            fork::leave();
        }
        for look in 0..LOOKS {
            if look < BUSY_LOOKS {
                (0..2 << look).for_each(|_| spin_loop());
            } else {
                yield_now();
            }
            if let Some(guard) = self.0.try_lock() {
                return guard;
            }
        }
        self.0.lock()
    }
}

/// A condition to wait for under a lock. The condition has to be changed under the same lock. Notifying costs a
/// system call only if a thread waits.
#[derive(Debug, Default)]
pub(crate) struct Condvar {
    /// The number of notifications. A waiter reads it with the lock held; a notification after that and before the
    /// sleep is noticed by the kernel, which compares the value.
    calls: AtomicU32,
    /// The number of waiters. Changed with the lock held, so a thread that changed the condition under the lock sees
    /// the waiters that missed the change.
    waiters: AtomicU32,
}

/// The result of a wait with a time limit.
pub(crate) struct Waited {
    timed_out: bool,
}

impl Waited {
    pub(crate) fn timed_out(&self) -> bool {
        self.timed_out
    }
}

const LOCKED: &str = "the guard has the lock whenever it can be used";

impl Condvar {
    pub(crate) const fn new() -> Self {
        Condvar {
            calls: AtomicU32::new(0),
            waiters: AtomicU32::new(0),
        }
    }

    pub(crate) fn wait<T>(&self, guard: &mut MutexGuard<'_, T>) {
        self.sleep(guard, None);
    }

    pub(crate) fn wait_for<T>(&self, guard: &mut MutexGuard<'_, T>, time: Duration) -> Waited {
        // A time too long for the kernel is treated as no limit.
        let timed_out = self.sleep(guard, Timespec::try_from(time).ok());
        Waited { timed_out }
    }

    pub(crate) fn wait_until<T>(&self, guard: &mut MutexGuard<'_, T>, until: Instant) -> Waited {
        self.wait_for(guard, until.saturating_duration_since(Instant::now()))
    }

    /// Returns whether the time has run out. May return early.
    fn sleep<T>(&self, guard: &mut MutexGuard<'_, T>, time: Option<Timespec>) -> bool {
        if fork::is_leaving() {
            fork::leave();
        }
        let calls = self.calls.load(Relaxed);
        self.waiters.fetch_add(1, Relaxed);
        let slept = MutexGuard::unlocked(guard, || {
            futex::wait(&self.calls, futex::Flags::PRIVATE, calls, time.as_ref())
        });
        self.waiters.fetch_sub(1, Relaxed);
        slept == Err(Errno::TIMEDOUT)
    }

    #[inline]
    pub(crate) fn notify_one(&self) {
        if self.waiters.load(Relaxed) > 0 {
            self.call(1);
        }
    }

    #[inline]
    pub(crate) fn notify_all(&self) {
        if self.waiters.load(Relaxed) > 0 {
            self.call(i32::MAX as u32);
        }
    }

    #[cold]
    fn call(&self, most: u32) {
        self.calls.fetch_add(1, Relaxed);
        // It cannot fail with these arguments.
        let _ = futex::wake(&self.calls, futex::Flags::PRIVATE, most);
    }
}

/// A lock around a value that a thread can wait for with a deadline.
pub(crate) struct TimedMutex<T> {
    mutex: Mutex<T>,
    /// The number of threads that wait with a deadline.
    waiters: AtomicUsize,
    gate: Mutex<()>,
    freed: Condvar,
}

/// The right to use the value.
pub(crate) struct TimedGuard<'a, T> {
    /// Present until the guard is dropped.
    guard: Option<MutexGuard<'a, T>>,
    timed: &'a TimedMutex<T>,
}

impl<T> TimedMutex<T> {
    pub(crate) fn new(value: T) -> Self {
        TimedMutex {
            mutex: Mutex::new(value),
            waiters: AtomicUsize::new(0),
            gate: Mutex::new(()),
            freed: Condvar::new(),
        }
    }

    fn guard<'a>(&'a self, guard: MutexGuard<'a, T>) -> TimedGuard<'a, T> {
        TimedGuard {
            guard: Some(guard),
            timed: self,
        }
    }

    pub(crate) fn lock(&self) -> TimedGuard<'_, T> {
        self.guard(self.mutex.lock())
    }

    pub(crate) fn try_lock(&self) -> Option<TimedGuard<'_, T>> {
        self.mutex.try_lock().map(|guard| self.guard(guard))
    }

    pub(crate) fn try_lock_for(&self, time: Duration) -> Option<TimedGuard<'_, T>> {
        let now = Instant::now();
        match now.checked_add(time) {
            Some(until) => self.try_lock_until(until),
            None => Some(self.lock()),
        }
    }

    pub(crate) fn try_lock_until(&self, until: Instant) -> Option<TimedGuard<'_, T>> {
        if let Some(guard) = self.try_lock() {
            return Some(guard);
        }
        self.waiters.fetch_add(1, SeqCst);
        // Either the thread that releases the lock sees the waiter, or the check below sees that the lock is free.
        fence(SeqCst);
        let mut gate = self.gate.lock();
        let guard = loop {
            if let Some(guard) = self.try_lock() {
                break Some(guard);
            }
            if self.freed.wait_until(&mut gate, until).timed_out() {
                break self.try_lock();
            }
        };
        drop(gate);
        self.waiters.fetch_sub(1, SeqCst);
        guard
    }
}

impl<T> Deref for TimedGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        self.guard.as_ref().expect(LOCKED)
    }
}

impl<T> DerefMut for TimedGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        self.guard.as_mut().expect(LOCKED)
    }
}

impl<T> Drop for TimedGuard<'_, T> {
    fn drop(&mut self) {
        self.guard = None;
        fence(SeqCst);
        if self.timed.waiters.load(SeqCst) > 0 && !fork::is_leaving() {
            // A thread between its check and its wait holds the gate.
            drop(self.timed.gate.lock());
            self.timed.freed.notify_one();
        }
    }
}

/// A lock that belongs to the process in which it was taken: a child finds it free. Therefore the protected data must
/// be valid at every moment, or be changed in a single step.
///
/// A thread that finds it taken spins: the lock is for short sections that rarely run concurrently.
pub(crate) struct ForkLock(
    /// The process in which it is taken; zero if it is free.
    AtomicU32,
);

/// The lock, held.
pub(crate) struct ForkGuard<'a>(&'a ForkLock);

impl ForkLock {
    pub(crate) const fn new() -> Self {
        ForkLock(AtomicU32::new(0))
    }

    pub(crate) fn lock(&self) -> ForkGuard<'_> {
        let process = fork::generation();
        let mut looks = 0;
        loop {
            let holder = self.0.load(Relaxed);
            if holder != process
                && self
                    .0
                    .compare_exchange_weak(holder, process, Acquire, Relaxed)
                    .is_ok()
            {
                return ForkGuard(self);
            }
            looks += 1;
            match looks {
                0..100 => spin_loop(),
                100..200 => yield_now(),
                _ => sleep(Duration::from_micros(100)),
            }
        }
    }
}

impl Drop for ForkGuard<'_> {
    fn drop(&mut self) {
        self.0.0.store(0, Release);
    }
}

/// A lock that its holder may take again. A child made by `fork` finds it free.
pub(crate) struct ReentrantLock(PerProcess<Turns>);

impl Default for ReentrantLock {
    fn default() -> Self {
        ReentrantLock(PerProcess::new(Turns::default()))
    }
}

#[derive(Default)]
struct Turns {
    state: Mutex<Turn>,
    over: Condvar,
}

#[derive(Default)]
struct Turn {
    /// The thread that holds it, as a number that no other thread has.
    owner: u64,
    depth: usize,
}

/// The lock, held once or again.
pub(crate) struct ReentrantGuard<'a>(&'a Turns);

impl ReentrantLock {
    pub(crate) fn lock(&self) -> ReentrantGuard<'_> {
        let turns = self.0.get();
        let me = this_thread();
        let mut state = turns.state.lock();
        while state.depth > 0 && state.owner != me {
            turns.over.wait(&mut state);
        }
        state.owner = me;
        state.depth += 1;
        drop(state);
        ReentrantGuard(turns)
    }
}

impl Drop for ReentrantGuard<'_> {
    fn drop(&mut self) {
        if fork::is_leaving() {
            return;
        }
        let mut state = self.0.state.lock();
        state.depth -= 1;
        if state.depth == 0 {
            drop(state);
            self.0.over.notify_one();
        }
    }
}

/// A number that no other thread has or will have; not 0.
pub(crate) fn this_thread() -> u64 {
    static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(1);
    thread_local! {
        static NUMBER: u64 = NEXT.fetch_add(1, Relaxed);
    }
    NUMBER.with(|number| *number)
}

#[cfg(test)]
#[path = "locks_tests.rs"]
mod tests;
