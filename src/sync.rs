//! Locks, condition variables, atomics and thread-local values for the modules whose protocols are
//! explored: tests compile those modules a second time with the types of `explore`, or of `reorder`.

pub(crate) use std::sync::atomic::Ordering::{Acquire, Relaxed, Release, SeqCst};
pub(crate) use std::sync::atomic::{
    AtomicBool, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, fence,
};
pub(crate) use std::thread_local;

pub(crate) use crate::locks::{Condvar, ForkGuard, ForkLock, Mutex, MutexGuard};
