//! A slot: the memory behind a C handle, which outlives its content.
//!
//! # The protocol
//!
//! A slot is `DEAD` (nobody may use it), `ALIVE` (the program holds it) or `LINGERING` (the program has destroyed it,
//! and a callback that received it still runs). Two counters guard it, both split into stripes so that threads do not
//! contend for one cache line:
//!
//! - a **pin** is taken for the length of one call: add one to a stripe, *then* read the state; a dead slot is
//!   refused, and in any other state the object stays until the pin is dropped;
//! - a **hold** is taken for the length of a callback, and keeps the handle usable.
//!
//! The thread that ends a slot stores `DEAD` and *then* adds the pins up: without pins, the object is taken out.
//! Otherwise the owners of the pins do it: each subtracts its pin and *then* reads the state, and one that finds
//! `DEAD` adds up in turn. All of these are sequentially consistent, so they have one order:
//!
//! - A pin that saw a living slot was added before `DEAD` was stored, so before the sum, and is part of it: the
//!   object is never taken out while a pin uses it.
//! - The last of {storing `DEAD`, subtracting the pins} in that order is followed by a sum that sees all of them,
//!   which is zero: the object is always taken out, by some thread, and nobody waits.
//!
//! A lingering handle serves the threads whose callbacks received it, and no others: for them it is as dead as it is
//! for the program, at once and for certain. The exception is a hold for all threads: that of an event loop, which
//! has a thread of its own.
//!
//! Holds against `ALIVE`/`LINGERING` work the same way: a hold adds one and then reads the state, a destroyer stores
//! `LINGERING` and then adds the holds up. Every change of the state or the object is made under the slot's lock,
//! which calls and callbacks of a living handle never take.
//!
//! In short, whenever no thread is in the middle of one of these calls: the slot owns an object if and only if it is
//! not `DEAD`, or pins are taken; and it is not `LINGERING` without a hold. A pin always has its object. Tests run
//! this module's source in all orders of two threads, and in many of four (`ffi/handle/explored.rs`), and in all
//! executions of two threads with weak memory (`ffi/handle/reordered.rs`).
//!
//! Counters are never reset: a late call on a stale pointer may pin a slot that is unused, or in use again. It sees a
//! dead slot, or the new object, and in both cases its pin counts like any other.

use std::cell::Cell;
use std::ops::Deref;
use std::ptr;
use std::sync::Arc;

use crossbeam_utils::CachePadded;

use super::sync::{AtomicPtr, AtomicU32, ForkGuard, ForkLock, Relaxed, SeqCst, thread_local};
use crate::reentrancy::Reentrancy;

/// No object, or none that may be used.
const DEAD: u32 = 0;
/// The program has destroyed the handle; callbacks that received it may still use it.
const LINGERING: u32 = 1;
/// The program holds the handle.
const ALIVE: u32 = 2;

/// The calls and callbacks that use a slot's object at this moment.
#[derive(Default)]
pub(crate) struct Counts {
    pub(super) pins: AtomicU32,
    pub(super) holds: AtomicU32,
}

/// The distribution of a slot's counters.
pub(crate) trait Stripes: Default + Send + Sync + 'static {
    /// The counters that the calling thread uses.
    fn mine(&self) -> &Counts;
    /// All of them.
    fn all(&self) -> impl Iterator<Item = &Counts>;
}

/// One counter: for kinds of handles with many handles, each used by few threads.
#[derive(Default)]
pub(crate) struct OneStripe(Counts);

impl Stripes for OneStripe {
    #[inline]
    fn mine(&self) -> &Counts {
        &self.0
    }

    fn all(&self) -> impl Iterator<Item = &Counts> {
        std::iter::once(&self.0)
    }
}

/// Four counters, each on its own cache line: for handles that many threads use at once.
#[derive(Default)]
pub(crate) struct FourStripes([CachePadded<Counts>; 4]);

impl Stripes for FourStripes {
    #[inline]
    fn mine(&self) -> &Counts {
        &self.0[thread_number() as usize % 4]
    }

    fn all(&self) -> impl Iterator<Item = &Counts> {
        self.0.iter().map(|c| &**c)
    }
}

/// A small number for the calling thread: the first threads get different ones.
#[inline]
fn thread_number() -> u32 {
    // Not part of the protocol, and therefore not of its exploration.
    static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(1);
    std::thread_local!(static MINE: Cell<u32> = const { Cell::new(0) });
    // A cell of a plain number has no destructor, so this works until the very end of a thread.
    MINE.with(|mine| match mine.get() {
        0 => {
            // Zero means "none yet"; after a wrap a thread may draw again, which is harmless.
            let n = NEXT.fetch_add(1, Relaxed);
            mine.set(n);
            n
        }
        n => n,
    })
}

thread_local! {
    /// The slots whose handles the callbacks that this thread is in were given.
    static HELD: Reentrancy<usize> = const { Reentrancy::new() };
}

/// Type-stable memory for one object at a time, including the object's life. See the module's
/// documentation. The mark comes first, at the same place in every kind of slot.
#[repr(C)]
pub(crate) struct Slot<T, S> {
    /// The kind of handle; never changes. Read through a pointer of unknown kind.
    magic: u32,
    state: AtomicU32,
    /// From `Arc::into_raw`, with a reference that belongs to the slot; NULL if there is no object.
    /// Not NULL whenever the state is not `DEAD`.
    pub(super) object: AtomicPtr<T>,
    /// Held while `state` or `object` is changed.
    lock: ForkLock,
    /// The number of holds for all threads.
    open_holds: AtomicU32,
    pub(super) counts: S,
}

impl<T: Send + Sync, S: Stripes> Slot<T, S> {
    /// An empty slot.
    pub(super) fn new(magic: u32) -> Self {
        Slot {
            magic,
            state: AtomicU32::new(DEAD),
            object: AtomicPtr::new(ptr::null_mut()),
            lock: ForkLock::new(),
            open_holds: AtomicU32::new(0),
            counts: S::default(),
        }
    }

    /// Puts an object into an empty slot and makes the handle usable.
    pub(super) fn install(&self, object: Arc<T>) {
        let _lock = self.lock.lock();
        debug_assert_eq!(self.state.load(SeqCst), DEAD);
        let before = self.object.swap(Arc::into_raw(object).cast_mut(), Relaxed);
        debug_assert!(before.is_null());
        self.state.store(ALIVE, SeqCst);
    }

    /// Does it have this mark?
    pub(super) fn is_marked(&self, magic: u32) -> bool {
        self.magic == magic
    }

    /// Ends a slot that another process made and this one has inherited: only the state records that it was done. The
    /// object's memory stays, and `let_go` may look at it, the first time.
    pub(super) fn abandon(&self, let_go: impl FnOnce(&T)) {
        if self.state.swap(DEAD, SeqCst) == ALIVE {
            // SAFETY: not NULL in a slot that was not dead when it was copied; nobody in this process takes it out.
            let_go(unsafe { &*self.object.load(Relaxed) });
        }
    }

    /// Pins the object for a short time, unless the handle is dead.
    #[inline]
    pub(super) fn pin(&self) -> Option<Pin<'_, T, S>> {
        let counts = self.counts.mine();
        counts.pins.fetch_add(1, SeqCst);
        let count = PinCount { slot: self, counts };
        match self.state.load(SeqCst) {
            ALIVE => {}
            LINGERING if self.is_held_here() || self.open_holds.load(SeqCst) > 0 => {}
            _ => return None, // and `count` takes the pin back
        }
        // The thread that stored the state had stored the object before it.
        Some(Pin {
            object: self.object.load(Relaxed),
            count,
        })
    }

    /// The program destroys the handle. Returns the object the first time; `None` afterwards.
    pub(super) fn destroy(&self) -> Option<Arc<T>> {
        let lock = self.lock.lock();
        if self.state.load(SeqCst) != ALIVE {
            return None;
        }
        let object = self.object.load(Relaxed);
        // SAFETY: from `Arc::into_raw`, and the slot's own reference cannot go while the lock is
        // held.
        let object = unsafe {
            Arc::increment_strong_count(object);
            Arc::from_raw(object)
        };
        self.state.store(LINGERING, SeqCst);
        self.end_if_let_go(lock);
        Some(object)
    }

    /// Keeps the handle usable for a callback on this thread, even if the program has destroyed it
    /// meanwhile. `object` must be the one that this slot was made for.
    pub(super) fn hold(&self, object: &Arc<T>) -> Hold<'_, T, S> {
        self.hold_for(object, Whom::ThisThread)
    }

    /// As [`Slot::hold`], for all threads, and to be dropped on any of them.
    pub(super) fn hold_open(&self, object: &Arc<T>) -> Hold<'_, T, S> {
        self.hold_for(object, Whom::All)
    }

    fn hold_for(&self, object: &Arc<T>, whom: Whom) -> Hold<'_, T, S> {
        let counts = self.counts.mine();
        counts.holds.fetch_add(1, SeqCst);
        if self.state.load(SeqCst) != ALIVE {
            let _lock = self.lock.lock();
            if self.state.load(SeqCst) == DEAD {
                if self.object.load(Relaxed).is_null() {
                    self.object
                        .store(Arc::into_raw(object.clone()).cast_mut(), Relaxed);
                }
                debug_assert_eq!(self.object.load(Relaxed).cast_const(), Arc::as_ptr(object));
                self.state.store(LINGERING, SeqCst);
            }
        }
        match whom {
            Whom::ThisThread => {
                HELD.with(|held| held.enter(ptr::from_ref(self).addr()));
            }
            Whom::All => {
                self.open_holds.fetch_add(1, SeqCst);
            }
        }
        Hold {
            slot: self,
            counts,
            whom,
        }
    }

    /// Is the calling thread in a callback that received this handle?
    #[cold]
    fn is_held_here(&self) -> bool {
        HELD.with(|held| held.contains(ptr::from_ref(self).addr()))
    }

    /// Ends a lingering handle when no callback holds it any more.
    #[cold]
    fn end_if_let_go(&self, lock: ForkGuard<'_>) {
        if self.state.load(SeqCst) == LINGERING
            && self.counts.all().all(|c| c.holds.load(SeqCst) == 0)
        {
            self.state.store(DEAD, SeqCst);
        }
        self.reclaim(lock);
    }

    /// Takes the object out of a dead slot when no call uses it any more.
    #[cold]
    fn reclaim(&self, lock: ForkGuard<'_>) {
        let mut object = ptr::null_mut();
        if self.state.load(SeqCst) == DEAD && self.counts.all().all(|c| c.pins.load(SeqCst) == 0) {
            object = self.object.swap(ptr::null_mut(), Relaxed);
        }
        // The end of the object may make this very slot available again: not under its lock.
        drop(lock);
        if !object.is_null() {
            // SAFETY: from `Arc::into_raw`; the reference was the slot's, which has just forgotten
            // it. No pin refers to it: the module's page has the argument.
            drop(unsafe { Arc::from_raw(object) });
        }
    }
}

/// One pin, to be subtracted.
struct PinCount<'a, T: Send + Sync, S: Stripes> {
    slot: &'a Slot<T, S>,
    counts: &'a Counts,
}

impl<T: Send + Sync, S: Stripes> Drop for PinCount<'_, T, S> {
    #[inline]
    fn drop(&mut self) {
        self.counts.pins.fetch_sub(1, SeqCst);
        if self.slot.state.load(SeqCst) == DEAD {
            self.slot.reclaim(self.slot.lock.lock());
        }
    }
}

/// The object of a handle, for the length of one call. It delays the end of the object, but nobody
/// waits for it.
pub(crate) struct Pin<'a, T: Send + Sync, S: Stripes> {
    object: *const T,
    #[expect(dead_code, reason = "its end is its purpose")]
    count: PinCount<'a, T, S>,
}

impl<T: Send + Sync, S: Stripes> Pin<'_, T, S> {
    /// The object with a reference of its own, for calls that block.
    #[inline]
    pub(crate) fn to_arc(&self) -> Arc<T> {
        // SAFETY: from `Arc::into_raw`, and the pin keeps the slot's reference where it is.
        unsafe {
            Arc::increment_strong_count(self.object);
            Arc::from_raw(self.object)
        }
    }
}

impl<T: Send + Sync, S: Stripes> Deref for Pin<'_, T, S> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: the pin saw a living slot, so its object stays as long as the pin does.
        unsafe { &*self.object }
    }
}

/// Which threads may use a handle that the program has destroyed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whom {
    ThisThread,
    All,
}

/// The right of a running callback, or of an event loop, to use a handle.
pub(crate) struct Hold<'a, T: Send + Sync, S: Stripes> {
    slot: &'a Slot<T, S>,
    counts: &'a Counts,
    whom: Whom,
}

impl<T: Send + Sync, S: Stripes> Drop for Hold<'_, T, S> {
    fn drop(&mut self) {
        match self.whom {
            Whom::ThisThread => {
                HELD.with(|held| held.leave(ptr::from_ref(self.slot).addr()));
            }
            Whom::All => {
                self.slot.open_holds.fetch_sub(1, SeqCst);
            }
        }
        self.counts.holds.fetch_sub(1, SeqCst);
        if self.slot.state.load(SeqCst) == LINGERING {
            self.slot.end_if_let_go(self.slot.lock.lock());
        }
    }
}
