//! Locks and waits that the rooms of the client share.
//!
//! The lowest room: it imports nothing of the client, and all others may use it.
//!
//! Owns no lock of a connection; it declares the kinds. [`one_shot`] is a value that one thread sends to another,
//! [`ranked`] has the order of locks, and [`adaptive_spin`] decides how long a thread polls for an answer before it
//! sleeps.

pub(super) mod adaptive_spin;
pub(super) mod one_shot;
pub(super) mod ranked;

pub(super) use crate::sync::{AtomicBool, Condvar, thread_local};

/// The locks of the outgoing buffer. They have names here because explorations of the buffer replace them by models.
pub(super) type AppenderMutex<T> = ranked::RankedMutex<{ ranked::rank::APPENDER }, T>;
pub(super) type AppenderGuard<'a, T> = ranked::RankedGuard<'a, T>;
pub(super) type WriterMutex<T> = ranked::RankedTimedMutex<{ ranked::rank::WRITER }, T>;
pub(super) type WriterGuard<'a, T> = ranked::RankedTimedGuard<'a, T>;
