//! The slot, explored ([`crate::explore`]): its own source, with calls, callbacks and destructions in all orders.
//!
//! Each test keeps a reference of its own, so that even a wrong slot frees nothing that is still read: an object that
//! a pin shows must have a second reference, the slot's.

use std::sync::Arc;

use self::slot::{FourStripes, OneStripe, Slot, Stripes};
use crate::explore::{self as sync, Count, SeqCst, explore, explore_all, spawn};

#[path = "slot.rs"]
#[expect(dead_code, reason = "not all of it is explored")]
mod slot;

struct Thing {
    number: usize,
    ended: Arc<Count>,
}

impl Drop for Thing {
    fn drop(&mut self) {
        self.ended.add();
    }
}

/// A slot with an object in it, and a reference to that.
fn slot_with_thing<S: Stripes>() -> (Arc<Slot<Thing, S>>, Arc<Thing>) {
    let slot = Arc::new(Slot::new(1));
    let thing = Arc::new(Thing {
        number: 1,
        ended: Arc::default(),
    });
    slot.install(thing.clone());
    (slot, thing)
}

/// A call. True if the handle was alive.
fn call<S: Stripes>(slot: &Slot<Thing, S>, mine: &Arc<Thing>) -> bool {
    let pin = slot.pin();
    if let Some(pin) = &pin {
        sync::yield_now();
        assert!(
            Arc::strong_count(mine) >= 2,
            "the object has been let go of"
        );
        assert_eq!(pin.number, 1);
    }
    pin.is_some()
}

/// A callback. It can use the handle all the time.
fn callback<S: Stripes>(slot: &Slot<Thing, S>, thing: &Arc<Thing>) {
    let hold = slot.hold(thing);
    assert!(slot.pin().is_some_and(|pin| pin.number == 1));
    drop(hold);
}

/// The state when all calls and callbacks are over, and the program has destroyed the handle.
fn check_empty<S: Stripes>(slot: &Slot<Thing, S>, mine: Arc<Thing>) {
    // Before another call, which might complete what was left undone.
    assert!(slot.object.load(SeqCst).is_null());
    assert!(slot.pin().is_none());
    let free = |c: &slot::Counts| c.pins.load(SeqCst) == 0 && c.holds.load(SeqCst) == 0;
    assert!(slot.counts.all().all(free));
    let ended = mine.ended.clone();
    assert_eq!(Arc::strong_count(&mine), 1);
    drop(mine);
    assert_eq!(ended.get(), 1);
}

#[test]
fn a_call_and_the_destruction() {
    explore_all(|| {
        let (slot, thing) = slot_with_thing::<OneStripe>();
        let (other, mine) = (slot.clone(), thing.clone());
        let calls = spawn(move || {
            call(&other, &mine);
        });
        assert!(slot.destroy().is_some());
        calls.join().expect("no panic");
        check_empty(&slot, thing);
    });
}

#[test]
fn a_callback_and_the_destruction() {
    explore_all(|| {
        let (slot, thing) = slot_with_thing::<OneStripe>();
        let (other, mine) = (slot.clone(), thing.clone());
        let calls_back = spawn(move || drop(other.hold(&mine)));
        assert!(slot.destroy().is_some());
        calls_back.join().expect("no panic");
        check_empty(&slot, thing);
    });
}

/// A destroyed handle is dead at once, but not for its callback.
#[test]
fn a_callback_that_calls_and_the_destruction() {
    explore(1000, || {
        let (slot, thing) = slot_with_thing::<OneStripe>();
        let (other, mine) = (slot.clone(), thing.clone());
        let calls_back = spawn(move || callback(&other, &mine));
        assert!(slot.destroy().is_some());
        assert!(slot.pin().is_none());
        calls_back.join().expect("no panic");
        check_empty(&slot, thing);
    });
}

#[test]
fn a_call_and_the_end_of_a_callback_that_outlives_the_handle() {
    explore_all(|| {
        let (slot, thing) = slot_with_thing::<OneStripe>();
        let hold = slot.hold_open(&thing);
        assert!(slot.destroy().is_some());
        let (other, mine) = (slot.clone(), thing.clone());
        let calls = spawn(move || {
            call(&other, &mine);
        });
        drop(hold);
        calls.join().expect("no panic");
        check_empty(&slot, thing);
    });
}

#[test]
fn two_destructions_are_one() {
    explore_all(|| {
        let (slot, thing) = slot_with_thing::<OneStripe>();
        let other = slot.clone();
        let second = spawn(move || other.destroy().is_some());
        let first = slot.destroy().is_some();
        assert!(first != second.join().expect("no panic"));
        check_empty(&slot, thing);
    });
}

/// Calls, callbacks and the destruction, each on a thread or two.
fn three_at_a_time<S: Stripes>() {
    let (slot, thing) = slot_with_thing::<S>();
    let (other, mine) = (slot.clone(), thing.clone());
    let calls = spawn(move || {
        // Once dead for a thread without a callback, always dead.
        let (first, second) = (call(&other, &mine), call(&other, &mine));
        assert!(first || !second);
    });
    let (other, mine) = (slot.clone(), thing.clone());
    let calls_back = spawn(move || {
        callback(&other, &mine);
        callback(&other, &mine);
    });
    assert!(slot.destroy().is_some());
    let (other, mine) = (slot.clone(), thing.clone());
    let late = spawn(move || callback(&other, &mine));
    assert!(slot.destroy().is_none());
    for thread in [calls, calls_back, late] {
        thread.join().expect("no panic");
    }
    check_empty(&slot, thing);
}

#[test]
fn calls_callbacks_and_the_destruction() {
    explore(1000, three_at_a_time::<OneStripe>);
    explore(1000, three_at_a_time::<FourStripes>);
}

/// A late call on a stale pointer may arrive when the slot is in use again.
#[test]
fn a_slot_that_is_used_again() {
    explore(1000, || {
        let slot = Arc::new(Slot::<Thing, FourStripes>::new(1));
        let ended = Arc::<Count>::default();
        let other = slot.clone();
        let calls = spawn(move || {
            for _ in 0..3 {
                if let Some(pin) = other.pin() {
                    let thing = pin.to_arc();
                    drop(pin);
                    assert!(thing.ended.get() < thing.number, "it has ended");
                }
            }
        });
        for number in 1..=2 {
            let thing = Arc::new(Thing {
                number,
                ended: ended.clone(),
            });
            slot.install(thing.clone());
            let other = slot.clone();
            let calls_back = spawn(move || callback_of(&other, thing, number));
            assert!(slot.destroy().is_some_and(|thing| thing.number == number));
            calls_back.join().expect("no panic");
            // Only its end makes the slot available again.
            ended.wait_for(number);
        }
        calls.join().expect("no panic");
        assert!(slot.object.load(SeqCst).is_null());
    });
}

fn callback_of(slot: &Slot<Thing, FourStripes>, thing: Arc<Thing>, number: usize) {
    let hold = slot.hold(&thing);
    drop(thing);
    assert!(slot.pin().is_some_and(|pin| pin.number == number));
    drop(hold);
}
