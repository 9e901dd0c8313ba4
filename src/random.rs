//! Random numbers, the same generator for all threads.
//!
//! The generator that the crate `rand` offers belongs to its thread, and panics where a program comes
//! here from the end of one: from a destructor of something `thread_local`, or from `atexit`. A child
//! made by `fork` begins anew, since it must not draw what its parent draws.

use std::time::Duration;

use rand::rngs::{StdRng, SysRng};
use rand::{RngExt, SeedableRng};

use crate::fork::PerProcess;
use crate::locks::Mutex;

static GENERATOR: PerProcess<Mutex<Option<StdRng>>> = PerProcess::new(Mutex::new(None));

/// Lets `f` draw. It must not come here again.
pub(crate) fn with<R>(f: impl FnOnce(&mut StdRng) -> R) -> R {
    f(GENERATOR.get().lock().get_or_insert_with(seeded))
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
}
