//! Locks with a place in an order, which debug builds check.
//!
//! A thread takes locks in the order of their ranks, and never two of the same rank at a time, so no two threads can
//! wait for each other. Release builds keep nothing for it.

use std::ops::{Deref, DerefMut};

use crate::locks::{Mutex, MutexGuard};

/// The ranks of a connection's locks, lowest first. Those of the outgoing buffer, the writer and then the front, come
/// behind [`QUEUE`](rank::QUEUE); nothing else is locked under them.
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
    /// Who may still call the program.
    pub(in crate::client) const LIFETIME: u32 = 55;
}

/// A lock around a value.
#[derive(Debug, Default)]
pub(in crate::client) struct RankedMutex<const RANK: u32, T>(Mutex<T>);

/// The right to use the value.
pub(in crate::client) struct RankedGuard<'a, T> {
    guard: MutexGuard<'a, T>,
    #[cfg(debug_assertions)]
    _held: held::Held,
}

impl<const RANK: u32, T> RankedMutex<RANK, T> {
    pub(in crate::client) const fn new(value: T) -> Self {
        RankedMutex(Mutex::new(value))
    }

    #[inline]
    pub(in crate::client) fn lock(&self) -> RankedGuard<'_, T> {
        #[cfg(debug_assertions)]
        held::check(RANK);
        RankedGuard {
            guard: self.0.lock(),
            #[cfg(debug_assertions)]
            _held: held::Held::new(RANK),
        }
    }

    /// The order of locks does not matter here, since nothing is waited for.
    #[inline]
    pub(in crate::client) fn try_lock(&self) -> Option<RankedGuard<'_, T>> {
        Some(RankedGuard {
            guard: self.0.try_lock()?,
            #[cfg(debug_assertions)]
            _held: held::Held::new(RANK),
        })
    }
}

impl<'a, T> RankedGuard<'a, T> {
    /// For a wait, during which the thread does not count as one that has released the lock: it takes no other.
    #[inline]
    pub(in crate::client) fn for_wait(&mut self) -> &mut MutexGuard<'a, T> {
        &mut self.guard
    }
}

impl<T> Deref for RankedGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.guard
    }
}

impl<T> DerefMut for RankedGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        &mut self.guard
    }
}

#[cfg(debug_assertions)]
mod held {
    use std::cell::Cell;

    thread_local! {
        /// The ranks of the locks that this thread has, a bit for each.
        static HELD: Cell<u64> = const { Cell::new(0) };
    }

    /// Panics where a thread that has its present locks must not wait for one of this rank.
    pub(super) fn check(rank: u32) {
        let above = HELD.get() >> rank;
        assert!(
            above == 0,
            "a lock of rank {rank} is taken under one of rank {}",
            rank + above.trailing_zeros()
        );
    }

    /// A lock that this thread has.
    pub(super) struct Held {
        rank: u32,
        /// It had another one of this rank already, by trying.
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
}
