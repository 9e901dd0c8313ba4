//! The pieces in which bytes are handed to the kernel.
//!
//! On the loopback interface both ends share the machine, and the size of a piece decides which side waits for the
//! other. With small pieces the peer reads while the next one is copied. Large pieces need fewer calls, but on some
//! machines the peer sleeps in between, and waking it is expensive. Which costs more depends on the machine and on its
//! load: pieces of 256 KiB were up to twice as fast as those of 48 KiB on one machine, and a third as fast on another
//! one of the same kind. Such of 352 KiB made publishing 1 MiB a twelfth faster than those of 256 KiB on an idle machine,
//! and a third slower on a busy one. So the way to divide is chosen by measurement: each is tried, the best one is kept,
//! and from time to time the others are tried again.

use std::time::{Duration, Instant};

/// A way to divide bytes into pieces.
struct Division {
    /// The largest piece.
    most: usize,
    /// Are all pieces equal? Else the last one is what is left.
    equal: bool,
}

/// The ways to choose from.
const DIVISIONS: [Division; 3] = [
    Division::equal(48 * 1024),
    Division::equal(256 * 1024),
    Division::whole(352 * 1024),
];

/// The number of bytes that are written one way before it is judged.
const TRIAL: usize = 2 * 1024 * 1024;

/// The number of trials of the best way after which another one is tried again.
const TRY_AGAIN: u32 = 32;

impl Division {
    const fn equal(most: usize) -> Self {
        Division { most, equal: true }
    }

    const fn whole(most: usize) -> Self {
        Division { most, equal: false }
    }

    /// The size of the next piece, if this many bytes are left. None is small: it would cost a call like any other.
    fn next(&self, left: usize) -> usize {
        if self.equal || left < self.most + self.most / 4 {
            left.div_ceil(left.div_ceil(self.most).max(1))
        } else {
            self.most
        }
    }
}

/// The pieces of one connection, and the measurements.
pub(super) struct Pieces {
    /// Set by the program: nothing is measured.
    fixed: Option<Division>,
    /// The index in [`DIVISIONS`] of the way in use.
    way: usize,
    /// The cost of each way, in nanoseconds a KiB; 0 if unknown.
    costs: [f32; DIVISIONS.len()],
    /// The trial in progress.
    bytes: usize,
    took: Duration,
    /// The number of trials since another way than the best one was tried.
    trials: u32,
    /// The way that was tried last.
    tried: usize,
}

impl Pieces {
    /// `size` is the largest one, if the program has set it.
    pub(super) fn new(size: Option<usize>) -> Self {
        Pieces {
            fixed: size.map(Division::equal),
            way: 0,
            costs: [0.0; DIVISIONS.len()],
            bytes: 0,
            took: Duration::ZERO,
            trials: 0,
            tried: 0,
        }
    }

    /// The size of the next piece, if this many bytes are left.
    pub(super) fn next(&self, left: usize) -> usize {
        let division = self.fixed.as_ref().unwrap_or(&DIVISIONS[self.way]);
        division.next(left)
    }

    /// This many bytes are about to be written. The result is for [`end`](Self::end). `None` if they are one piece any
    /// way, so that there is nothing to measure.
    pub(super) fn begin(&self, bytes: usize) -> Option<Instant> {
        (self.fixed.is_none() && bytes > DIVISIONS[0].most).then(Instant::now)
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
        let known = self.costs[self.way];
        // The load of the machine can slow a trial down, by any amount, but not speed it up.
        self.costs[self.way] = if known == 0.0 || cost < known {
            cost
        } else {
            known + (cost.min(2.0 * known) - known) / 8.0
        };
        self.trials += 1;
        self.way = self.next_way();
    }

    /// One whose cost is unknown, or when it is time one that is not the best, or the best.
    fn next_way(&mut self) -> usize {
        let best = (0..DIVISIONS.len())
            .min_by(|a, b| self.costs[*a].total_cmp(&self.costs[*b]))
            .unwrap_or_default();
        if self.costs[best] == 0.0 || self.trials < TRY_AGAIN {
            return best;
        }
        self.trials = 0;
        let others = (1..DIVISIONS.len()).map(|n| (self.tried + n) % DIVISIONS.len());
        self.tried = others.filter(|way| *way != best).take(1).sum();
        self.tried
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs this many trials that cost what `cost` says for each way, in microseconds. Returns how many used each.
    fn run(pieces: &mut Pieces, trials: u32, cost: impl Fn(usize, u32) -> u64) -> [u32; 3] {
        let mut used = [0; 3];
        for trial in 0..trials {
            used[pieces.way] += 1;
            let took = cost(pieces.way, trial) / 4;
            for _ in 0..4 {
                pieces.learn(TRIAL / 4, Duration::from_micros(took));
            }
        }
        used
    }

    fn sizes(division: &Division, mut left: usize) -> Vec<usize> {
        let mut sizes = Vec::new();
        while left > 0 {
            sizes.push(division.next(left));
            left -= sizes[sizes.len() - 1];
        }
        sizes
    }

    #[test]
    fn no_piece_is_small() {
        let equal = Division::equal(100);
        assert_eq!(sizes(&equal, 1), [1]);
        assert_eq!(sizes(&equal, 100), [100]);
        assert_eq!(sizes(&equal, 101), [51, 50]);
        assert_eq!(sizes(&equal, 250), [84, 83, 83]);
        let whole = Division::whole(100);
        assert_eq!(sizes(&whole, 100), [100]);
        assert_eq!(sizes(&whole, 101), [51, 50]);
        assert_eq!(sizes(&whole, 224), [100, 62, 62]);
        assert_eq!(sizes(&whole, 250), [100, 100, 50]);
    }

    #[test]
    fn a_size_of_the_program_is_not_measured() {
        let fixed = Pieces::new(Some(100));
        assert_eq!((fixed.next(100), fixed.next(250)), (100, 84));
        assert!(fixed.begin(1 << 20).is_none());
        let pieces = Pieces::new(None);
        let small = DIVISIONS[0].most;
        assert!(pieces.begin(small).is_none() && pieces.begin(small + 1).is_some());
    }

    #[test]
    fn the_best_way_is_kept_and_the_others_tried_again() {
        for best in 0..3 {
            let mut pieces = Pieces::new(None);
            let used = run(
                &mut pieces,
                660,
                |way, _| if way == best { 400 } else { 900 },
            );
            for way in (0..3).filter(|way| *way != best) {
                assert!((9..=12).contains(&used[way]), "{used:?}, best {best}");
            }
        }
    }

    #[test]
    fn it_follows_when_the_machine_changes() {
        for (before, after) in [(0, 1), (1, 2), (2, 0), (0, 2)] {
            let cost = |best| move |way, _| if way == best { 400 } else { 900 };
            let mut pieces = Pieces::new(None);
            run(&mut pieces, 200, cost(before));
            run(&mut pieces, 400, cost(after));
            let used = run(&mut pieces, 100, cost(after));
            assert!(used[after] >= 95, "{used:?} from {before} to {after}");
        }
    }

    #[test]
    fn a_disturbance_changes_little() {
        let mut pieces = Pieces::new(None);
        let disturbed =
            |way: usize, trial| [900, 400, 800][way] * if trial % 10 == 5 { 10 } else { 1 };
        let used = run(&mut pieces, 1000, disturbed);
        assert!(used[1] >= 850, "{used:?}");
    }
}
