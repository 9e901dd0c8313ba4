//! Exploration of protocols between threads with weak memory: the types of [`crate::sync`] on top of loom, which runs
//! all threads of a test as coroutines, tries every order of their steps up to a number of preemptions, and has each
//! load return any value that the memory model of C++ allows it to.
//!
//! So it finds what [`crate::explore`] cannot: a missing fence, a store that is relaxed but has to release. The number
//! of executions grows much faster with the length of a test than there, so tests have a few steps of two or three
//! threads.
//!
//! What loom does not see: loads that are performed after later stores of the same thread (load buffering). It takes
//! sequentially consistent loads, stores and exchanges as acquire and release; only fences are sequentially consistent.
//! A protocol that rests on such an operation rather than on a fence would appear to be wrong here; the tests leave it
//! to `explore`.
//!
//! All executions up to the number of preemptions are tried. `NATS_RS_EXPLORE=N` with N > 1 allows one preemption more.

#![allow(dead_code, reason = "each protocol uses some of it")]

use std::panic::{AssertUnwindSafe, catch_unwind};

pub(crate) use loom::sync::atomic::{
    AtomicBool, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, fence,
};
pub(crate) use loom::sync::{Arc, MutexGuard};
pub(crate) use loom::thread::{JoinHandle, spawn};
pub(crate) use std::sync::atomic::Ordering::{Acquire, Relaxed, Release, SeqCst};

/// How often a thread is interrupted although it could continue. All failures that are known here need two at most.
const PREEMPTIONS: usize = 3;

/// Runs `f` in all executions.
pub(crate) fn explore(f: impl Fn() + Send + Sync + 'static) {
    let more = std::env::var("NATS_RS_EXPLORE").ok();
    let times: usize = more.map_or(1, |n| n.parse().expect("NATS_RS_EXPLORE is a number"));
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(PREEMPTIONS + usize::from(times > 1));
    model.check(f);
}

/// Is there an execution in which `f` panics?
pub(crate) fn fails(f: impl Fn() + Send + Sync + 'static) -> bool {
    catch_unwind(AssertUnwindSafe(|| explore(f))).is_err()
}

#[derive(Default)]
pub(crate) struct Mutex<T>(loom::sync::Mutex<T>);

impl<T> Mutex<T> {
    pub(crate) fn new(value: T) -> Self {
        Mutex(loom::sync::Mutex::new(value))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().expect("not poisoned")
    }
}

/// An object that threads use. Loom reports a use that nothing orders behind its beginning and before its end.
pub(crate) struct Thing {
    used: loom::cell::UnsafeCell<()>,
    ended: std::sync::Arc<Mutex<usize>>,
}

// SAFETY: only loom looks at the cell, and only it is told of uses: nothing is read or written.
unsafe impl Send for Thing {}
// SAFETY: likewise.
unsafe impl Sync for Thing {}

impl Thing {
    /// One whose end is counted.
    pub(crate) fn new(ended: &std::sync::Arc<Mutex<usize>>) -> Self {
        Thing {
            used: loom::cell::UnsafeCell::new(()),
            ended: ended.clone(),
        }
    }

    pub(crate) fn touch(&self) {
        self.used.with(|_| ());
    }
}

impl Drop for Thing {
    fn drop(&mut self) {
        self.used.with_mut(|_| ());
        *self.ended.lock() += 1;
    }
}
