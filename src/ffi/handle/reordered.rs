//! The slot with weak memory ([`crate::reorder`]): whether the exchange of pins, holds and the state orders the uses of
//! the object, which is stored and read without an order of its own.
//!
//! Loom does not know sequentially consistent operations, only fences. So each such operation is one between two
//! fences here. Among these operations that is the same, since the slot uses no others for what it decides; for the
//! object it may be a little stronger. That the order they have together suffices is what `explored` tries out.

use std::sync::Arc;

use self::slot::{OneStripe, Slot};
use self::sync::without_fences;
use crate::reorder::{Mutex, Relaxed, Thing, explore, fails, spawn};

#[path = "slot.rs"]
#[expect(dead_code, reason = "not all of it is explored")]
mod slot;

mod sync {
    use std::cell::Cell;

    use crate::reorder::{self, Mutex, MutexGuard, fence};
    pub(super) use crate::reorder::{AtomicPtr, Relaxed, SeqCst};

    std::thread_local! {
        /// Loom's threads are coroutines on one thread.
        static WITHOUT: Cell<bool> = const { Cell::new(false) };
    }

    pub(super) fn without_fences<R>(f: impl FnOnce() -> R) -> R {
        WITHOUT.set(true);
        let result = f();
        WITHOUT.set(false);
        result
    }

    /// A sequentially consistent operation.
    fn ordered<R>(f: impl FnOnce() -> R) -> R {
        if WITHOUT.get() {
            return f();
        }
        fence(SeqCst);
        let result = f();
        fence(SeqCst);
        result
    }

    #[derive(Default)]
    pub(super) struct AtomicU32(reorder::AtomicU32);

    type Ordering = std::sync::atomic::Ordering;

    impl AtomicU32 {
        pub(super) fn new(value: u32) -> Self {
            AtomicU32(reorder::AtomicU32::new(value))
        }

        pub(super) fn load(&self, order: Ordering) -> u32 {
            ordered(|| self.0.load(order))
        }

        pub(super) fn store(&self, value: u32, order: Ordering) {
            ordered(|| self.0.store(value, order));
        }

        pub(super) fn swap(&self, value: u32, order: Ordering) -> u32 {
            ordered(|| self.0.swap(value, order))
        }

        pub(super) fn fetch_add(&self, value: u32, order: Ordering) -> u32 {
            ordered(|| self.0.fetch_add(value, order))
        }

        pub(super) fn fetch_sub(&self, value: u32, order: Ordering) -> u32 {
            ordered(|| self.0.fetch_sub(value, order))
        }
    }

    pub(super) type ForkGuard<'a> = MutexGuard<'a, ()>;

    pub(super) struct ForkLock(Mutex<()>);

    impl ForkLock {
        pub(super) fn new() -> Self {
            ForkLock(Mutex::new(()))
        }

        pub(super) fn lock(&self) -> ForkGuard<'_> {
            self.0.lock()
        }
    }

    macro_rules! local {
        ($($(#[$attr:meta])* static $name:ident: $t:ty = const { $init:expr };)*) => {
            loom::thread_local! {
                $($(#[$attr])* static $name: $t = $init;)*
            }
        };
    }
    pub(super) use local as thread_local;
}

fn thing(ended: &Arc<Mutex<usize>>) -> Arc<Thing> {
    Arc::new(Thing::new(ended))
}

type TestSlot = Slot<Thing, OneStripe>;

fn call(slot: &TestSlot) {
    if let Some(pin) = slot.pin() {
        // Before a pointer is used that would be NULL.
        assert!(!slot.object.load(Relaxed).is_null(), "taken out");
        pin.touch();
    }
}

/// A call while the handle is destroyed, and afterwards used for another object.
fn a_call_and_the_destruction() {
    let ended = Arc::default();
    let slot = Arc::new(TestSlot::new(1));
    slot.install(thing(&ended));
    let other = slot.clone();
    let calls = spawn(move || call(&other));
    assert!(slot.destroy().is_some());
    let again = *ended.lock() == 1;
    if again {
        slot.install(thing(&ended));
        assert!(slot.destroy().is_some());
    }
    calls.join().expect("no panic");
    assert!(slot.object.load(Relaxed).is_null());
    assert_eq!(*ended.lock(), 1 + usize::from(again));
}

/// A callback that uses its handle while the program destroys it.
fn a_callback_and_the_destruction() {
    let ended = Arc::default();
    let slot = Arc::new(TestSlot::new(1));
    let first = thing(&ended);
    slot.install(first.clone());
    let other = slot.clone();
    let calls_back = spawn(move || {
        let hold = other.hold(&first);
        drop(first);
        call(&other);
        drop(hold);
    });
    assert!(slot.destroy().is_some());
    calls_back.join().expect("no panic");
    assert!(slot.object.load(Relaxed).is_null());
    assert_eq!(*ended.lock(), 1);
}

#[test]
fn objects_are_used_before_their_end() {
    explore(a_call_and_the_destruction);
    explore(a_callback_and_the_destruction);
}

/// That this would be noticed.
#[test]
fn one_order_is_needed() {
    without_fences(|| {
        assert!(fails(a_call_and_the_destruction));
    });
}
