//! Locks with a place in an order, which debug builds check.
//!
//! A thread takes locks in the order of their ranks, and never two of the same rank at a time, so no two threads can
//! wait for each other. Release builds do not check and store nothing for it.

use std::ops::{Deref, DerefMut};
use std::time::{Duration, Instant};

use crate::locks::{Mutex, MutexGuard, TimedGuard, TimedMutex};

/// The ranks of a connection's locks, lowest first.
pub(in crate::client) mod rank {
    /// The reader of a link.
    pub(in crate::client) const READER: u32 = 10;
    /// The subscriptions of a connection by sid.
    pub(in crate::client) const REGISTRY: u32 = 20;
    /// The state of a connection: never together with the registry.
    pub(in crate::client) const STATE: u32 = 20;
    /// The requests that wait.
    pub(in crate::client) const REQUESTS: u32 = 30;
    /// The queue of a subscription.
    pub(in crate::client) const QUEUE: u32 = 30;
    /// The writing side of the outgoing buffer.
    pub(in crate::client) const WRITER: u32 = 40;
    /// The side that publishers append to: nothing else of a connection is locked under it.
    pub(in crate::client) const APPENDER: u32 = 50;
    /// What may still call the program.
    pub(in crate::client) const LIFETIME: u32 = 55;
}

/// A lock around a value.
#[derive(Debug, Default)]
pub(in crate::client) struct RankedMutex<const RANK: u32, T>(Mutex<T>);

/// The right to use the value of a [`RankedMutex`].
pub(in crate::client) type RankedGuard<'a, T> = Ranked<MutexGuard<'a, T>>;

/// A lock around a value that can be waited for until a deadline.
pub(in crate::client) struct RankedTimedMutex<const RANK: u32, T>(TimedMutex<T>);

/// The right to use the value of a [`RankedTimedMutex`].
pub(in crate::client) type RankedTimedGuard<'a, T> = Ranked<TimedGuard<'a, T>>;

/// The guard of a lock with a rank.
pub(in crate::client) struct Ranked<G> {
    guard: G,
    #[cfg(debug_assertions)]
    _held: held::Held,
}

impl<G> Ranked<G> {
    #[inline]
    fn new<const RANK: u32>(guard: G) -> Self {
        Ranked {
            guard,
            #[cfg(debug_assertions)]
            _held: held::Held::new(RANK),
        }
    }

    /// For a wait on a condition variable. The lock still counts as held during the wait, since the thread takes no
    /// other one.
    #[inline]
    pub(in crate::client) fn for_wait(&mut self) -> &mut G {
        &mut self.guard
    }
}

impl<const RANK: u32, T> RankedMutex<RANK, T> {
    pub(in crate::client) const fn new(value: T) -> Self {
        RankedMutex(Mutex::new(value))
    }

    #[inline]
    pub(in crate::client) fn lock(&self) -> RankedGuard<'_, T> {
        #[cfg(debug_assertions)]
        held::check(RANK);
        Ranked::new::<RANK>(self.0.lock())
    }

    /// Does not check the order: this never waits.
    #[inline]
    pub(in crate::client) fn try_lock(&self) -> Option<RankedGuard<'_, T>> {
        self.0.try_lock().map(Ranked::new::<RANK>)
    }
}

impl<const RANK: u32, T> RankedTimedMutex<RANK, T> {
    pub(in crate::client) fn new(value: T) -> Self {
        RankedTimedMutex(TimedMutex::new(value))
    }

    #[inline]
    pub(in crate::client) fn lock(&self) -> RankedTimedGuard<'_, T> {
        #[cfg(debug_assertions)]
        held::check(RANK);
        Ranked::new::<RANK>(self.0.lock())
    }

    /// As [`RankedMutex::try_lock`].
    #[inline]
    pub(in crate::client) fn try_lock(&self) -> Option<RankedTimedGuard<'_, T>> {
        self.0.try_lock().map(Ranked::new::<RANK>)
    }

    /// Checks the order: a wait with a deadline can delay other threads as well.
    #[inline]
    pub(in crate::client) fn try_lock_for(
        &self,
        time: Duration,
    ) -> Option<RankedTimedGuard<'_, T>> {
        #[cfg(debug_assertions)]
        held::check(RANK);
        self.0.try_lock_for(time).map(Ranked::new::<RANK>)
    }

    /// As [`RankedTimedMutex::try_lock_for`].
    #[inline]
    pub(in crate::client) fn try_lock_until(
        &self,
        until: Instant,
    ) -> Option<RankedTimedGuard<'_, T>> {
        #[cfg(debug_assertions)]
        held::check(RANK);
        self.0.try_lock_until(until).map(Ranked::new::<RANK>)
    }
}

impl<G: Deref> Deref for Ranked<G> {
    type Target = G::Target;

    #[inline]
    fn deref(&self) -> &G::Target {
        &self.guard
    }
}

impl<G: DerefMut> DerefMut for Ranked<G> {
    #[inline]
    fn deref_mut(&mut self) -> &mut G::Target {
        &mut self.guard
    }
}

#[cfg(debug_assertions)]
mod held {
    use std::cell::Cell;

    thread_local! {
        /// The ranks of the locks that this thread holds, one bit each.
        static HELD: Cell<u64> = const { Cell::new(0) };
    }

    /// Panics if a thread that holds its present locks must not wait for one of this rank.
    pub(super) fn check(rank: u32) {
        let above = HELD.get() >> rank;
        assert!(
            above == 0,
            "a lock of rank {rank} is taken under one of rank {}",
            rank + above.trailing_zeros()
        );
    }

    /// A lock that this thread holds.
    pub(super) struct Held {
        rank: u32,
        /// The thread held another lock of this rank already, through `try_lock`.
        again: bool,
    }

    impl Held {
        pub(super) fn new(rank: u32) -> Self {
            let held = HELD.get();
            HELD.set(held | 1 << rank);
            Held {
                rank,
                again: held & 1 << rank != 0,
            }
        }
    }

    impl Drop for Held {
        fn drop(&mut self) {
            if !self.again {
                HELD.set(HELD.get() & !(1 << self.rank));
            }
        }
    }
}

#[cfg(all(test, debug_assertions))]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    fn fails(take: impl FnOnce() -> i32) -> bool {
        catch_unwind(AssertUnwindSafe(take)).is_err()
    }

    #[test]
    fn locks_are_taken_upwards_only() {
        let low = RankedMutex::<10, _>::new(1);
        let (high, other) = (RankedMutex::<20, _>::new(2), RankedMutex::<20, _>::new(3));
        {
            let (low, high) = (low.lock(), high.lock());
            assert_eq!(*low + *high, 3);
        }
        let guard = high.lock();
        assert!(fails(|| *low.lock()), "downwards");
        assert!(fails(|| *other.lock()), "the same rank");
        assert_eq!(low.try_lock().map(|low| *low), Some(1));
        assert_eq!(other.try_lock().map(|other| *other), Some(3));
        assert!(fails(|| *low.lock()), "still held");
        drop(guard);
        assert_eq!(*low.lock() + *other.lock(), 4);
    }

    #[test]
    fn a_wait_with_a_deadline_has_a_rank_too() {
        let low = RankedTimedMutex::<10, _>::new(1);
        let high = RankedMutex::<20, _>::new(2);
        let (day, now) = (Duration::from_secs(86400), Instant::now());
        let lock_for = || low.try_lock_for(day).map_or(0, |value| *value);
        let lock_until = || low.try_lock_until(now + day).map_or(0, |value| *value);
        assert_eq!((lock_for(), lock_until(), *low.lock()), (1, 1, 1));
        let guard = high.lock();
        assert!(fails(lock_for) && fails(lock_until) && fails(|| *low.lock()));
        assert_eq!(low.try_lock().map(|low| *low), Some(1));
        drop(guard);
        assert_eq!(lock_for(), 1);
    }
}
