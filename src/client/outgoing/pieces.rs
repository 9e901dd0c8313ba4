//! The size of the pieces in which bytes are handed to the kernel.
//!
//! On the loopback interface both ends share the machine, and the size of a piece decides which side waits for the
//! other. With small pieces the peer reads while the next one is copied. Large pieces need fewer calls, but on some
//! machines the peer sleeps in between, and waking it is expensive. Which costs more depends on the machine and on its
//! load: pieces of 256 KiB were up to twice as fast as those of 48 KiB on one machine, and a third as fast on another
//! one of the same kind. So the size is chosen by measurement: two sizes are tried, the better one is kept, and from
//! time to time the other is tried again.

use std::time::{Duration, Instant};

/// The sizes to choose from.
const SIZES: [usize; 2] = [48 * 1024, 256 * 1024];

/// The number of bytes that are written with one size before it is judged.
const TRIAL: usize = 2 * 1024 * 1024;

/// The number of trials of the better size after which the other one is tried again.
const TRY_AGAIN: u32 = 32;

/// The sizes of the pieces of one connection, and the measurements.
pub(super) struct Pieces {
    /// Set by the program: nothing is measured.
    fixed: Option<usize>,
    /// The index in [`SIZES`] of the size in use.
    size: usize,
    /// The cost of each size, in nanoseconds a KiB; 0 if unknown.
    costs: [f32; 2],
    /// The trial in progress.
    bytes: usize,
    took: Duration,
    /// The number of trials of the size in use since the last one of the other size.
    trials: u32,
}

impl Pieces {
    pub(super) fn new(fixed: Option<usize>) -> Self {
        Pieces {
            fixed,
            size: 0,
            costs: [0.0; 2],
            bytes: 0,
            took: Duration::ZERO,
            trials: 0,
        }
    }

    /// The size of the next piece, if this many bytes are left. Pieces are equal: a small one at the end would cost a
    /// call of its own.
    pub(super) fn next(&self, left: usize) -> usize {
        let most = self.fixed.unwrap_or(SIZES[self.size]);
        left.div_ceil(left.div_ceil(most).max(1))
    }

    /// This many bytes are about to be written. The result is for [`end`](Self::end). `None` if they are one piece with
    /// either size, so that there is nothing to measure.
    pub(super) fn begin(&self, bytes: usize) -> Option<Instant> {
        (self.fixed.is_none() && bytes > SIZES[0]).then(Instant::now)
    }

    /// This many bytes have been written since then.
    pub(super) fn end(&mut self, began: Option<Instant>, bytes: usize) {
        if let Some(began) = began {
            self.learn(bytes, began.elapsed());
        }
    }

    fn learn(&mut self, bytes: usize, took: Duration) {
        self.bytes += bytes;
        self.took += took;
        if self.bytes < TRIAL {
            return;
        }
        let cost = self.took.as_nanos() as f32 * 1024.0 / self.bytes as f32;
        (self.bytes, self.took) = (0, Duration::ZERO);
        let known = self.costs[self.size];
        // The load of the machine can slow a trial down, but not speed it up.
        let known = if known == 0.0 || cost < known {
            cost
        } else {
            known + (cost - known) / 8.0
        };
        self.costs[self.size] = known;
        let other = 1 - self.size;
        self.trials += 1;
        if self.costs[other] == 0.0 || self.trials >= TRY_AGAIN || self.costs[other] < known {
            self.size = other;
            self.trials = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs this many trials that cost what `cost` says for each size, in microseconds. Returns how many used the large
    /// one.
    fn run(pieces: &mut Pieces, trials: u32, cost: impl Fn(usize, u32) -> u64) -> u32 {
        let mut large = 0;
        for trial in 0..trials {
            large += u32::from(pieces.size == 1);
            let took = cost(pieces.size, trial) / 4;
            for _ in 0..4 {
                pieces.learn(TRIAL / 4, Duration::from_micros(took));
            }
        }
        large
    }

    #[test]
    fn pieces_are_equal() {
        let pieces = Pieces::new(None);
        assert_eq!(pieces.next(1), 1);
        assert_eq!(pieces.next(SIZES[0]), SIZES[0]);
        assert_eq!(pieces.next(SIZES[0] + 1), SIZES[0] / 2 + 1);
        assert_eq!(pieces.next(64 * 1024), 32 * 1024);
        let fixed = Pieces::new(Some(100));
        assert_eq!((fixed.next(100), fixed.next(250)), (100, 84));
        assert!(fixed.begin(1 << 20).is_none());
        assert!(pieces.begin(SIZES[0]).is_none() && pieces.begin(SIZES[0] + 1).is_some());
    }

    #[test]
    fn the_better_size_is_kept_and_the_other_tried_again() {
        for better in [0, 1] {
            let mut pieces = Pieces::new(None);
            let large = run(
                &mut pieces,
                330,
                |size, _| if size == better { 400 } else { 900 },
            );
            let tries = if better == 1 { 330 - large } else { large };
            assert!((9..=12).contains(&tries), "{tries} of the worse one");
        }
    }

    #[test]
    fn it_follows_when_the_machine_changes() {
        let mut pieces = Pieces::new(None);
        run(&mut pieces, 100, |size, _| [400, 900][size]);
        run(&mut pieces, 200, |size, _| [900, 400][size]);
        let large = run(&mut pieces, 100, |size, _| [900, 400][size]);
        assert!(large >= 95, "{large}");
    }

    #[test]
    fn a_disturbance_changes_little() {
        let mut pieces = Pieces::new(None);
        let disturbed =
            |size: usize, trial| [900, 400][size] * if trial % 10 == 5 { 10 } else { 1 };
        let large = run(&mut pieces, 1000, disturbed);
        assert!(large >= 850, "{large}");
    }
}
