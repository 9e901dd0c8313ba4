//! Locks, condition variables and atomics, for the modules whose protocols are explored.

pub(crate) use std::sync::atomic::Ordering::Relaxed;
pub(crate) use std::sync::atomic::{AtomicBool, AtomicUsize};
pub(crate) use std::thread_local;

pub(crate) use parking_lot::{Condvar, Mutex, MutexGuard};
