//! Random numbers, the same generator for all threads.
//!
//! The generator that the crate `rand` offers belongs to its thread, and panics where a program comes
//! here from the end of one: from a destructor of something `thread_local`, or from `atexit`. A child
//! made by `fork` begins anew, since it must not draw what its parent draws.

use std::time::Duration;

use parking_lot::Mutex;
use rand::rngs::{StdRng, SysRng};
use rand::{RngExt, SeedableRng};

/// What all threads of the process share, and no other process.
pub(crate) struct PerProcess<T>(Mutex<Option<(u32, T)>>);

impl<T> PerProcess<T> {
    pub(crate) const fn new() -> Self {
        PerProcess(Mutex::new(None))
    }

    /// Lets `f` work on it, and has it made first if there is none in this process.
    pub(crate) fn with<R>(&self, make: impl FnOnce() -> T, f: impl FnOnce(&mut T) -> R) -> R {
        let process = std::process::id();
        let mut slot = self.0.lock();
        let (_, shared) = match slot.take() {
            Some(own) if own.0 == process => slot.insert(own),
            _ => slot.insert((process, make())),
        };
        f(shared)
    }
}

static GENERATOR: PerProcess<StdRng> = PerProcess::new();

/// Lets `f` draw. It must not come here again.
pub(crate) fn with<R>(f: impl FnOnce(&mut StdRng) -> R) -> R {
    GENERATOR.with(seeded, f)
}

/// A time from zero up to `most`.
pub(crate) fn up_to(most: Duration) -> Duration {
    with(|rng| rng.random_range(Duration::ZERO..=most))
}

/// Bytes that nobody can guess.
pub(crate) fn bytes<const N: usize>() -> [u8; N] {
    with(|rng| rng.random())
}

/// Panics where the system has no random numbers, which no system that can start a thread lacks.
fn seeded() -> StdRng {
    StdRng::try_from_rng(&mut SysRng).expect("the system has random numbers")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drawn_once() {
        assert_ne!(bytes::<16>(), bytes::<16>());
    }

    #[test]
    fn made_once_and_anew_in_another_process() {
        let shared = PerProcess::new();
        shared.with(|| 1, |n| *n += 1);
        assert_eq!(shared.with(|| 10, |n| *n), 2);
        if let Some((process, _)) = &mut *shared.0.lock() {
            *process = 0;
        }
        assert_eq!(shared.with(|| 10, |n| *n), 10);
    }
}
