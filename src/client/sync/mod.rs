//! What threads of a connection wait with, and the locks around what they share.
//!
//! The lowest room: it imports nothing of the client. Whoever waits or locks may use it.
//!
//! Owns no lock of a connection; it declares the kinds that there are. [`one_shot`] is a value that one thread sends
//! to another, [`ranked`] has the order of locks, and [`adaptive_spin`] decides how long a thread looks for an answer before it sleeps.

pub(super) mod adaptive_spin;
pub(super) mod one_shot;
pub(super) mod ranked;

pub(super) use crate::sync::{
    AtomicBool, Condvar, Mutex, MutexGuard, TimedGuard, TimedMutex, thread_local,
};
