//! How often something took how long.
//!
//! Recording is two additions to atomics. Threads are spread over a few sets of them, so that they rarely use the same
//! cache line.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use crate::locks::this_thread;

/// The number of buckets.
pub const BUCKETS: usize = 14;
/// The upper bound of the first bucket, in nanoseconds.
const FIRST: u64 = 1000;

/// The upper bound of a bucket in nanoseconds: a microsecond, and four times as much for each further one. `None` for
/// the last one, which has none.
pub fn bound(bucket: usize) -> Option<u64> {
    (bucket + 1 < BUCKETS).then(|| FIRST << (2 * bucket))
}

/// The first bucket whose bound is not exceeded.
#[inline]
fn bucket_of(nanos: u64) -> usize {
    match nanos.saturating_sub(1) / FIRST {
        0 => 0,
        beyond => (beyond.ilog2() as usize / 2 + 1).min(BUCKETS - 1),
    }
}

/// What a histogram has counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// For each bucket how many durations were within its bound and beyond that of the one before.
    pub buckets: [u64; BUCKETS],
    /// The sum of all durations, in nanoseconds.
    pub sum: u64,
}

impl Counts {
    /// How many durations were recorded.
    pub fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }

    /// Adds what another histogram has counted.
    pub fn add(&mut self, other: &Counts) {
        for (bucket, more) in self.buckets.iter_mut().zip(other.buckets) {
            *bucket += more;
        }
        self.sum += other.sum;
    }
}

#[derive(Default)]
#[repr(align(128))]
struct Stripe {
    buckets: [AtomicU64; BUCKETS],
    sum: AtomicU64,
}

/// A histogram that up to `STRIPES` threads use without disturbing each other.
pub(crate) struct Histogram<const STRIPES: usize>([Stripe; STRIPES]);

impl<const STRIPES: usize> Default for Histogram<STRIPES> {
    fn default() -> Self {
        Histogram(std::array::from_fn(|_| Stripe::default()))
    }
}

impl<const STRIPES: usize> Histogram<STRIPES> {
    /// Records that `times` took `all` together: each of them counts with the average.
    #[inline]
    pub(crate) fn record(&self, all: Duration, times: u32) {
        let nanos = all.as_secs().saturating_mul(1_000_000_000) + u64::from(all.subsec_nanos());
        let each = match times {
            0 | 1 => nanos,
            times => nanos / u64::from(times),
        };
        let stripe = match STRIPES {
            1 => &self.0[0],
            _ => &self.0[this_thread() as usize % STRIPES],
        };
        stripe.buckets[bucket_of(each)].fetch_add(u64::from(times), Relaxed);
        stripe.sum.fetch_add(nanos, Relaxed);
    }

    pub(crate) fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for stripe in &self.0 {
            counts.add(&Counts {
                buckets: std::array::from_fn(|n| stripe.buckets[n].load(Relaxed)),
                sum: stripe.sum.load(Relaxed),
            });
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn bounds_are_included() {
        assert_eq!(bound(0), Some(1_000));
        assert_eq!(bound(5), Some(1_024_000));
        assert_eq!(bound(12), Some(16_777_216_000));
        assert_eq!(bound(13), None);
        assert_eq!(bucket_of(0), 0);
        for bucket in 0..BUCKETS - 1 {
            let bound = bound(bucket).unwrap();
            assert_eq!(
                (bucket_of(bound), bucket_of(bound + 1)),
                (bucket, bucket + 1)
            );
        }
        assert_eq!(bucket_of(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn several_count_with_their_average() {
        let histogram = Histogram::<4>::default();
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| histogram.record(Duration::from_micros(30), 10));
            }
        });
        histogram.record(Duration::from_secs(60), 1);
        let counts = histogram.counts();
        assert_eq!((counts.buckets[1], counts.buckets[13]), (30, 1));
        assert_eq!(counts.count(), 31);
        assert_eq!(counts.sum, 60_000_090_000);
    }

    proptest! {
        #[test]
        fn a_duration_is_in_the_first_bucket_that_has_room(nanos: u64) {
            let bucket = bucket_of(nanos);
            prop_assert!(bound(bucket).is_none_or(|bound| nanos <= bound));
            prop_assert!(bucket == 0 || bound(bucket - 1).is_some_and(|bound| nanos > bound));
        }
    }
}
