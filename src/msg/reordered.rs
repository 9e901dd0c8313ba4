//! References to an owner with weak memory ([`crate::reorder`]).

#[path = "owner.rs"]
#[expect(dead_code, reason = "not all of it is explored")]
mod owner;

use std::sync::Arc;

use owner::{OwnerRef, give_back};
use sync::without_fence;

use crate::reorder::{Mutex, Thing, explore, fails, spawn};

/// The types of [`crate::reorder`], with a fence that can be left out.
mod sync {
    use std::cell::Cell;

    use crate::reorder;
    pub(super) use crate::reorder::{Acquire, AtomicUsize, Relaxed, Release};

    thread_local! {
        /// Loom's threads are coroutines on one thread.
        static WITHOUT: Cell<bool> = const { Cell::new(false) };
    }

    pub(super) fn without_fence<R>(f: impl FnOnce() -> R) -> R {
        WITHOUT.set(true);
        let result = f();
        WITHOUT.set(false);
        result
    }

    pub(super) fn fence(order: std::sync::atomic::Ordering) {
        if !WITHOUT.get() {
            reorder::fence(order);
        }
    }
}

fn use_it(owner: &OwnerRef) {
    let thing: &Thing = owner.get().expect("of this type");
    thing.touch();
}

/// Three threads have references: the owner's first one, some that are dropped one by one, and some that are dropped
/// together, as those of many messages.
fn the_last_reference() {
    let ended = Arc::new(Mutex::new(0));
    let owner = OwnerRef::new(Thing::new(&ended));
    let some = owner.many(2);
    let one_by_one = spawn(move || some.for_each(|each| use_it(&each)));
    let some: Vec<_> = owner.many(2).collect();
    let together = spawn(move || {
        use_it(&some[0]);
        let raw = some.into_iter().map(OwnerRef::into_raw);
        let first = raw.reduce(|first, _| first).expect("two");
        // SAFETY: the references of both were given up to pointers.
        unsafe { give_back(first, 2) }
    });
    use_it(&owner.clone());
    drop(owner);
    for thread in [one_by_one, together] {
        thread.join().expect("no panic");
    }
    assert_eq!(*ended.lock(), 1);
}

#[test]
fn an_owner_ends_behind_all_uses() {
    explore(the_last_reference);
}

/// That this would be noticed.
#[test]
fn the_fence_is_needed() {
    assert!(without_fence(|| fails(the_last_reference)));
}
