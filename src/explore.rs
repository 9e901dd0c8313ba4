//! Exploration of protocols between threads: the types of [`crate::sync`] on top of shuttle, which runs all threads
//! of a test as coroutines and decides at each lock, wait and atomic which thread continues.
//!
//! A module that is explored names its surroundings relative to itself (`super::sync`, for example), so a test can
//! compile its source a second time in a module where those names are models. A hang (above all a lost wake) is
//! detected as a deadlock, an endless loop as too many steps.
//!
//! All operations are sequentially consistent; shuttle does not model weaker orderings, which [`crate::reorder`] does.
//!
//! The number of schedules is bounded and the same ones are tried each time, unless the environment has
//! `NATS_RS_EXPLORE=N`: then N times as many are tried, different ones each time.

#![allow(dead_code, reason = "each protocol uses some of it")]

use std::ops::{Deref, DerefMut};
use std::time::{Duration, Instant};

use shuttle::rand::Rng;
use shuttle::scheduler::{DfsScheduler, PctScheduler, RandomScheduler};
use shuttle::{Config, FailurePersistence, MaxSteps, Runner};

pub(crate) use shuttle::sync::atomic::{
    AtomicBool, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, fence,
};
pub(crate) use shuttle::thread::{JoinHandle, spawn, yield_now};
pub(crate) use std::sync::Arc;
pub(crate) use std::sync::atomic::Ordering::{Acquire, Relaxed, Release, SeqCst};

/// How often the preferred thread yields to others in the schedules with few context switches.
const CHANGES: usize = 3;

/// Runs `f` with `schedules` schedules of each of two kinds: a random thread at each step, and few context switches.
pub(crate) fn explore(schedules: usize, f: impl Fn() + Clone + Send + Sync + 'static) {
    let more = std::env::var("NATS_RS_EXPLORE").ok();
    let times: usize = more.map_or(1, |n| n.parse().expect("NATS_RS_EXPLORE is a number"));
    let n = schedules * times;
    let (random, pct) = match times {
        1 => (
            RandomScheduler::new_from_seed(1, n),
            PctScheduler::new_from_seed(1, CHANGES, n),
        ),
        _ => (RandomScheduler::new(n), PctScheduler::new(CHANGES, n)),
    };
    Runner::new(random, config()).run(f.clone());
    Runner::new(pct, config()).run(f);
}

/// Runs `f`, which must be deterministic, with every possible schedule; for few steps of two threads.
pub(crate) fn explore_all(f: impl Fn() + Send + Sync + 'static) {
    let ran = Runner::new(DfsScheduler::new(None, false), config()).run(f);
    assert!(ran > 1, "there is nothing to explore");
}

fn config() -> Config {
    let mut config = Config::new();
    config.max_steps = MaxSteps::FailAfter(100_000);
    config.silence_warnings = true;
    // Schedules are long, and the same seed reproduces them.
    config.failure_persistence = FailurePersistence::None;
    config
}

/// A choice of the explorer: whether something that may happen does happen.
pub(crate) fn maybe() -> bool {
    shuttle::rand::thread_rng().gen_bool(0.5)
}

/// All explored threads belong to one process.
pub(crate) type ForkGuard<'a> = MutexGuard<'a, ()>;

pub(crate) struct ForkLock(Mutex<()>);

impl ForkLock {
    pub(crate) const fn new() -> Self {
        ForkLock(Mutex::new(()))
    }

    pub(crate) fn lock(&self) -> ForkGuard<'_> {
        self.0.lock()
    }
}

pub(crate) type TimedMutex<T> = Mutex<T>;
pub(crate) type TimedGuard<'a, T> = MutexGuard<'a, T>;

#[derive(Default)]
pub(crate) struct Mutex<T>(shuttle::sync::Mutex<T>);

pub(crate) struct MutexGuard<'a, T> {
    mutex: &'a Mutex<T>,
    /// None while it is unlocked.
    guard: Option<shuttle::sync::MutexGuard<'a, T>>,
}

impl<T> Mutex<T> {
    pub(crate) const fn new(value: T) -> Self {
        Mutex(shuttle::sync::Mutex::new(value))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        let guard = self.0.lock().expect("not poisoned");
        MutexGuard {
            mutex: self,
            guard: Some(guard),
        }
    }

    pub(crate) fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
        let guard = self.0.try_lock().ok()?;
        Some(MutexGuard {
            mutex: self,
            guard: Some(guard),
        })
    }

    /// The time may run out at once or never.
    pub(crate) fn try_lock_for(&self, _: Duration) -> Option<MutexGuard<'_, T>> {
        match maybe() {
            true => self.try_lock(),
            false => Some(self.lock()),
        }
    }

    /// Deadlines are far away.
    pub(crate) fn try_lock_until(&self, _: Instant) -> Option<MutexGuard<'_, T>> {
        Some(self.lock())
    }
}

impl<T> MutexGuard<'_, T> {
    /// The guards of the client's ranked locks have this for waits.
    pub(crate) fn for_wait(&mut self) -> &mut Self {
        self
    }

    pub(crate) fn unlocked<R>(this: &mut Self, f: impl FnOnce() -> R) -> R {
        this.guard = None;
        let result = f();
        this.guard = Some(this.mutex.0.lock().expect("not poisoned"));
        result
    }
}

impl<T> Deref for MutexGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.guard.as_ref().expect("locked")
    }
}

impl<T> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.guard.as_mut().expect("locked")
    }
}

#[derive(Default)]
pub(crate) struct Condvar(shuttle::sync::Condvar);

pub(crate) struct Waited(bool);

impl Waited {
    pub(crate) fn timed_out(&self) -> bool {
        self.0
    }
}

impl Condvar {
    pub(crate) const fn new() -> Self {
        Condvar(shuttle::sync::Condvar::new())
    }

    pub(crate) fn notify_one(&self) {
        self.0.notify_one();
    }

    pub(crate) fn notify_all(&self) {
        self.0.notify_all();
    }

    pub(crate) fn wait<T>(&self, guard: &mut MutexGuard<'_, T>) {
        let locked = guard.guard.take().expect("locked");
        guard.guard = Some(self.0.wait(locked).expect("not poisoned"));
    }

    /// The time may run out at once, or never: then the condition has to become true.
    pub(crate) fn wait_for<T>(&self, guard: &mut MutexGuard<'_, T>, _: Duration) -> Waited {
        let over = maybe();
        match over {
            true => MutexGuard::unlocked(guard, yield_now),
            false => self.wait(guard),
        }
        Waited(over)
    }

    /// Deadlines are far away.
    pub(crate) fn wait_until<T>(&self, guard: &mut MutexGuard<'_, T>, _: Instant) -> Waited {
        self.wait(guard);
        Waited(false)
    }
}

/// A thread-local value.
pub(crate) struct LocalKey<T: 'static>(pub(crate) shuttle::thread::LocalKey<T>);

impl<T: 'static> LocalKey<T> {
    pub(crate) fn with<R>(&'static self, f: impl FnOnce(&T) -> R) -> R {
        self.0.with(f)
    }
}

impl<T: 'static> LocalKey<std::cell::Cell<T>> {
    pub(crate) fn set(&'static self, value: T) {
        self.with(|cell| cell.set(value));
    }

    pub(crate) fn get(&'static self) -> T
    where
        T: Copy,
    {
        self.with(std::cell::Cell::get)
    }

    pub(crate) fn take(&'static self) -> T
    where
        T: Default,
    {
        self.with(std::cell::Cell::take)
    }
}

macro_rules! local {
    ($($(#[$attr:meta])* static $name:ident: $t:ty = const { $init:expr };)*) => {
        $($(#[$attr])* static $name: $crate::explore::LocalKey<$t> =
            $crate::explore::LocalKey(shuttle::thread::LocalKey {
                init: || $init,
                _p: std::marker::PhantomData,
            });)*
    };
}
pub(crate) use local as thread_local;

/// A number that threads wait for.
#[derive(Default)]
pub(crate) struct Count(Mutex<usize>, Condvar);

impl Count {
    pub(crate) fn add(&self) {
        *self.0.lock() += 1;
        self.1.notify_all();
    }

    pub(crate) fn get(&self) -> usize {
        *self.0.lock()
    }

    pub(crate) fn wait_for(&self, n: usize) {
        let mut count = self.0.lock();
        while *count < n {
            self.1.wait(&mut count);
        }
    }
}
