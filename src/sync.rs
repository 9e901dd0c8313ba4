//! Locks, condition variables, atomics and thread-local values for the modules whose protocols are
//! explored: tests compile those modules a second time with the types of `explore`.

pub(crate) use std::sync::atomic::Ordering::{Relaxed, SeqCst};
pub(crate) use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize};
pub(crate) use std::thread_local;

pub(crate) use crate::locks::{Condvar, ForkGuard, ForkLock, Mutex, MutexGuard};
