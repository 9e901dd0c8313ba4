//! How long a thread that waits for an answer polls for it before it sleeps.
//!
//! A processor that sleeps takes tens of microseconds to wake; on virtual machines that is longer than a server on the
//! same machine takes to answer. So a thread that expects its answer soon polls for it, and yields to other threads in
//! between. Polling costs processor time, so it is done only where it helped before: the connection measures how long
//! answers take in the waits that poll. Where they take longer, one wait in many polls to find out whether that is
//! still so.

use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering::Relaxed};
use std::thread::yield_now;
use std::time::{Duration, Instant};

use crate::fork::PerProcess;

/// The longest time that can be set. The measured time is kept in 32 bits, as nanoseconds.
pub(in crate::client) const LONGEST: Duration = Duration::from_secs(1);

/// Out of this many waits one polls although answers were late.
const TRY_AGAIN: u32 = 64;

/// The number of threads of the process that poll at this moment.
static SPINNING: PerProcess<AtomicUsize> = PerProcess::new(AtomicUsize::new(0));

/// What a connection has measured.
pub(in crate::client) struct AdaptiveSpin {
    longest: Duration,
    /// The number of threads of the process that may poll at a time: half of the number of processors.
    threads: usize,
    /// How long answers take, in nanoseconds, as measured by the waits that polled.
    expected: AtomicU32,
    /// The number of waits without polling since the last one with it.
    slept: AtomicU32,
}

/// A wait that polls for the answer. Dropping it ends the polling.
pub(in crate::client) struct Spin<'a> {
    adaptive_spin: &'a AdaptiveSpin,
    began: Instant,
    end: Instant,
}

impl AdaptiveSpin {
    pub(in crate::client) fn new(longest: Duration, processors: usize) -> Self {
        AdaptiveSpin {
            longest: longest.min(LONGEST),
            threads: processors / 2,
            expected: AtomicU32::new(0),
            slept: AtomicU32::new(0),
        }
    }

    /// Starts polling, until `deadline` at the latest, if it is likely to help.
    pub(in crate::client) fn spin(&self, deadline: Option<Instant>) -> Option<Spin<'_>> {
        if self.longest.is_zero() {
            return None;
        }
        let soon = self.longest.as_nanos() as u32 / 8 * 5;
        if self.expected.load(Relaxed) > soon {
            let slept = self.slept.load(Relaxed) + 1;
            self.slept.store(slept % TRY_AGAIN, Relaxed);
            if slept < TRY_AGAIN {
                return None;
            }
        }
        if SPINNING.get().fetch_add(1, Relaxed) >= self.threads {
            SPINNING.get().fetch_sub(1, Relaxed);
            return None;
        }
        let began = Instant::now();
        let end = began + self.longest;
        Some(Spin {
            adaptive_spin: self,
            began,
            end: deadline.map_or(end, |deadline| deadline.min(end)),
        })
    }

    /// A wait that polled took this long, or longer.
    fn learn(&self, took: Duration) {
        let took = took.min(self.longest).as_nanos() as i64;
        let expected = i64::from(self.expected.load(Relaxed));
        // Threads that record a time at once may overwrite each other's, which does no harm.
        self.expected
            .store((expected + (took - expected) / 8) as u32, Relaxed);
    }
}

impl Spin<'_> {
    /// Yields to other threads. False if it is time to sleep.
    pub(in crate::client) fn keep_spinning(&self) -> bool {
        if Instant::now() >= self.end {
            return false;
        }
        yield_now();
        true
    }
}

impl Drop for Spin<'_> {
    fn drop(&mut self) {
        SPINNING.get().fetch_sub(1, Relaxed);
        let now = Instant::now();
        // An answer that did not arrive in time might never have arrived.
        let took = if now < self.end {
            now - self.began
        } else {
            self.adaptive_spin.longest
        };
        self.adaptive_spin.learn(took);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn adaptive_spin(micros: u64) -> AdaptiveSpin {
        AdaptiveSpin::new(Duration::from_micros(micros), usize::MAX)
    }

    #[test]
    fn late_answers_end_it_and_soon_ones_bring_it_back() {
        let adaptive_spin = adaptive_spin(1000);
        assert!(adaptive_spin.spin(None).is_some(), "nothing is known yet");
        for _ in 0..50 {
            adaptive_spin.learn(Duration::from_secs(5));
        }
        for _ in 0..2 {
            for _ in 1..TRY_AGAIN {
                assert!(adaptive_spin.spin(None).is_none());
            }
            // The bound drops at once, but one answer that arrived soon does not raise it.
            assert!(adaptive_spin.spin(None).is_some());
        }
        for _ in 0..50 {
            adaptive_spin.learn(Duration::from_micros(100));
        }
        assert!(adaptive_spin.spin(None).is_some());
    }

    #[test]
    fn a_look_ends_in_time() {
        let adaptive_spin = adaptive_spin(2000);
        let spin = adaptive_spin.spin(None).expect("nothing is known yet");
        let began = Instant::now();
        while spin.keep_spinning() {}
        assert!(began.elapsed() >= Duration::from_micros(1900));
        drop(spin);
        assert!(adaptive_spin.expected.load(Relaxed) >= 2_000_000 / 8);
    }

    #[test]
    fn a_look_ends_with_the_callers_time_and_that_counts_as_late() {
        let adaptive_spin = adaptive_spin(1_000_000);
        let began = Instant::now();
        let spin = adaptive_spin
            .spin(Some(began + Duration::from_millis(2)))
            .expect("nothing is known yet");
        while spin.keep_spinning() {}
        assert!(began.elapsed() < Duration::from_millis(900));
        drop(spin);
        assert!(adaptive_spin.expected.load(Relaxed) >= 1_000_000_000 / 8);
    }

    #[test]
    fn not_without_time_nor_beyond_the_number_of_threads() {
        assert!(adaptive_spin(0).spin(None).is_none());
        let alone = AdaptiveSpin::new(Duration::from_micros(1000), 1);
        assert!(alone.spin(None).is_none());
    }
}
