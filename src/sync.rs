//! Locks, condition variables, atomics and values of threads, for the modules whose protocols are
//! explored: tests compile them once more, with the types of [`crate::explore`] instead.

pub(crate) use std::sync::atomic::Ordering::{Relaxed, SeqCst};
pub(crate) use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicUsize};
pub(crate) use std::thread_local;

pub(crate) use crate::locks::{
    Condvar, ForkGuard, ForkLock, Mutex, MutexGuard, TimedGuard, TimedMutex,
};
