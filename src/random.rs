//! Random numbers from one generator for all threads.
//!
//! The generator of the crate `rand` is thread-local and panics if a program calls the library at the end of a
//! thread: from a destructor of a `thread_local` object, or from `atexit`. A child made by `fork` seeds a generator
//! of its own, so that it does not repeat the numbers of its parent.

use std::time::Duration;

use rand::rngs::{StdRng, SysRng};
use rand::{RngExt, SeedableRng};

use crate::fork::PerProcess;
use crate::locks::Mutex;

static GENERATOR: PerProcess<Mutex<Option<StdRng>>> = PerProcess::new(Mutex::new(None));

/// Calls `f` with the generator. `f` must not call this function again.
pub(crate) fn with<R>(f: impl FnOnce(&mut StdRng) -> R) -> R {
    f(GENERATOR.get().lock().get_or_insert_with(seeded))
}

/// A random time from zero to `most`.
pub(crate) fn up_to(most: Duration) -> Duration {
    with(|rng| rng.random_range(Duration::ZERO..=most))
}

/// Random bytes that cannot be predicted.
pub(crate) fn bytes<const N: usize>() -> [u8; N] {
    with(|rng| rng.random())
}

/// Panics if the system has no random numbers. A system that can start threads has them.
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
}
