//! The pause before a consumer is created again.

use std::time::Duration;

use crate::random;

/// The shortest wait.
pub const SHORTEST: Duration = Duration::from_millis(250);
/// Half of the longest wait.
const HALF_LONGEST: Duration = Duration::from_secs(5);

/// Waits that double from one failure to the next, with jitter, so that clients which lost the same
/// server do not return at the same moment: from 250 ms up to 10 s.
#[derive(Debug, Clone, Copy, Default)]
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The pause after another failure.
    pub fn failed(&mut self) -> Duration {
        let least = SHORTEST
            .saturating_mul(1 << self.failures.min(16))
            .min(HALF_LONGEST);
        self.failures = self.failures.saturating_add(1);
        least + random::up_to(least)
    }

    /// The next failure is the first one again.
    pub fn succeeded(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_within_their_bounds() {
        let mut backoff = Backoff::default();
        let mut least = SHORTEST;
        for _ in 0..100 {
            let wait = backoff.failed();
            assert!(wait >= least && wait <= least * 2, "{wait:?}");
            least = (least * 2).min(HALF_LONGEST);
        }
        backoff.succeeded();
        assert!(backoff.failed() <= SHORTEST * 2);
    }
}
