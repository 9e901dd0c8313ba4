//! The counters of a push subscription with weak memory ([`crate::reorder`]).

#[path = "counts.rs"]
#[expect(dead_code, reason = "not all of it is explored")]
mod counts;
#[path = "counts_model.rs"]
#[expect(dead_code, reason = "not all of it is explored")]
mod model;

use super::{flow, flow_ack};
use crate::reorder::{explore, fails};
use sync::{Side, without};

/// The types of [`crate::reorder`], with fences that can be left out.
mod sync {
    use std::cell::Cell;

    use crate::reorder;
    pub(super) use crate::reorder::{
        Acquire, Arc, AtomicBool, AtomicU64, JoinHandle, Mutex, Relaxed, Release, SeqCst,
    };

    /// The thread that reads is the first of each test, and the others deliver.
    #[derive(Clone, Copy, PartialEq, Eq)]
    pub(super) enum Side {
        Reads,
        Delivers,
    }

    std::thread_local! {
        /// Loom's threads are coroutines on one thread.
        static WITHOUT: Cell<Option<Side>> = const { Cell::new(None) };
    }

    loom::thread_local! {
        static SIDE: Cell<Side> = Cell::new(Side::Reads);
    }

    /// Runs `f` without the fences of one side.
    pub(super) fn without<R>(side: Side, f: impl FnOnce() -> R) -> R {
        WITHOUT.set(Some(side));
        let result = f();
        WITHOUT.set(None);
        result
    }

    pub(super) fn fence(order: std::sync::atomic::Ordering) {
        if SIDE.with(|side| WITHOUT.get() != Some(side.get())) {
            reorder::fence(order);
        }
    }

    pub(super) fn spawn<T: 'static>(f: impl FnOnce() -> T + 'static) -> JoinHandle<T> {
        reorder::spawn(move || {
            SIDE.with(|side| side.set(Side::Delivers));
            f()
        })
    }
}

#[test]
fn questions_and_messages() {
    explore(model::a_question_and_the_last_message);
    explore(model::two_questions);
    explore(model::rounds_on_two_threads);
}

#[test]
fn a_full_queue() {
    explore(model::a_full_queue_and_its_last_message);
}

/// That these tests would notice if a fence were missing.
#[test]
fn each_fence_is_needed() {
    for side in [Side::Reads, Side::Delivers] {
        without(side, || {
            assert!(fails(model::a_question_and_the_last_message));
            assert!(fails(model::a_full_queue_and_its_last_message));
        });
    }
}
