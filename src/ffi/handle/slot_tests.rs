//! Tests of the slots.

use std::sync::Arc;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::thread;

use super::slot::{FourStripes, OneStripe, Slot, Stripes};

/// An object whose end is recorded.
struct Thing {
    ended: Arc<AtomicUsize>,
    whole: AtomicBool,
}

impl Thing {
    fn new(ended: &Arc<AtomicUsize>) -> Arc<Thing> {
        Arc::new(Thing {
            ended: ended.clone(),
            whole: AtomicBool::new(true),
        })
    }
}

impl Drop for Thing {
    fn drop(&mut self) {
        self.whole.store(false, Relaxed);
        self.ended.fetch_add(1, SeqCst);
    }
}

fn slot_with_thing<S: Stripes>() -> (Slot<Thing, S>, Arc<AtomicUsize>) {
    let ended = Arc::default();
    let slot = Slot::new(1);
    slot.install(Thing::new(&ended));
    (slot, ended)
}

#[test]
fn a_subscription_slot_is_small() {
    assert!(size_of::<Slot<Thing, OneStripe>>() <= 32);
}

#[test]
fn destroyed_once_and_dead_at_once() {
    let (slot, ended) = slot_with_thing::<FourStripes>();
    assert!(slot.pin().is_some());
    let object = slot.destroy().expect("the first destroy gives the object");
    assert!(slot.pin().is_none());
    assert!(slot.destroy().is_none());
    assert_eq!(ended.load(SeqCst), 0);
    drop(object);
    assert_eq!(ended.load(SeqCst), 1);
}

#[test]
fn a_pin_outlives_the_destruction_and_then_ends_the_object() {
    let (slot, ended) = slot_with_thing::<OneStripe>();
    let pin = slot.pin().expect("alive");
    drop(slot.destroy());
    assert!(slot.pin().is_none());
    assert!(pin.whole.load(Relaxed));
    assert_eq!(ended.load(SeqCst), 0);
    drop(pin);
    assert_eq!(ended.load(SeqCst), 1);
}

#[test]
fn a_callback_keeps_a_destroyed_handle_usable_to_its_end() {
    let (slot, ended) = slot_with_thing::<OneStripe>();
    let thing = slot.pin().expect("alive").to_arc();
    let outer = slot.hold(&thing);
    let inner = slot.hold(&thing);
    drop(slot.destroy());
    drop(thing);
    assert!(slot.pin().is_some());
    assert!(slot.destroy().is_none());
    drop(outer);
    assert!(slot.pin().is_some());
    drop(inner);
    assert!(slot.pin().is_none());
    assert_eq!(ended.load(SeqCst), 1);
}

#[test]
fn a_callback_revives_a_dead_handle_for_its_time() {
    let (slot, ended) = slot_with_thing::<FourStripes>();
    let thing = slot.destroy().expect("the first destroy");
    assert!(slot.pin().is_none());
    let hold = slot.hold(&thing);
    assert!(slot.pin().is_some());
    assert!(slot.destroy().is_none());
    drop(hold);
    assert!(slot.pin().is_none());
    drop(thing);
    assert_eq!(ended.load(SeqCst), 1);
}

#[test]
fn a_hold_for_all_threads_serves_them_and_ends_on_any() {
    let (slot, ended) = slot_with_thing::<FourStripes>();
    let thing = slot.pin().expect("alive").to_arc();
    let open = slot.hold_open(&thing);
    drop(slot.destroy());
    drop(thing);
    thread::scope(|scope| {
        let other = scope.spawn(|| {
            assert!(slot.pin().is_some());
            drop(open);
            assert!(slot.pin().is_none());
        });
        other.join().expect("no assertion failed");
    });
    assert!(slot.pin().is_none());
    assert_eq!(ended.load(SeqCst), 1);
}

/// Calls, callbacks and destructions from many threads, on a slot that is reused: every pin sees a
/// complete object, every object ends once, and the slot is empty in between.
fn hammer<S: Stripes>() {
    const ROUNDS: usize = if cfg!(miri) { 10 } else { 300 };
    let ended = Arc::new(AtomicUsize::new(0));
    let slot = Slot::<Thing, S>::new(1);
    let stop = AtomicBool::new(false);
    let seen = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !stop.load(Relaxed) {
                    if let Some(pin) = slot.pin() {
                        assert!(pin.whole.load(Relaxed));
                        if seen.fetch_add(1, Relaxed).is_multiple_of(7) {
                            assert!(pin.to_arc().whole.load(Relaxed));
                        }
                    }
                    if cfg!(miri) {
                        thread::yield_now();
                    }
                }
            });
        }
        for round in 1..=ROUNDS {
            let thing = Thing::new(&ended);
            slot.install(thing.clone());
            let callback = scope.spawn({
                let slot = &slot;
                move || {
                    for _ in 0..3 {
                        let _hold = slot.hold(&thing);
                        let pin = slot.pin().expect("held");
                        assert!(pin.whole.load(Relaxed));
                    }
                }
            });
            let second = scope.spawn(|| slot.destroy().is_some());
            let first = slot.destroy().is_some();
            assert!(first != second.join().expect("no panic"));
            callback.join().expect("no panic");
            // No callback and no new pin: the last pin ends the object.
            while ended.load(SeqCst) != round {
                thread::yield_now();
            }
            assert!(slot.object.load(SeqCst).is_null());
        }
        stop.store(true, Relaxed);
    });
    assert!(
        slot.counts
            .all()
            .all(|c| c.pins.load(SeqCst) == 0 && c.holds.load(SeqCst) == 0)
    );
}

#[test]
fn calls_callbacks_and_destructions_race_with_one_stripe() {
    hammer::<OneStripe>();
}

#[test]
fn calls_callbacks_and_destructions_race_with_four_stripes() {
    hammer::<FourStripes>();
}
