//! When the initial data are complete.
//!
//! The server says how many messages a consumer has to deliver when it is created: behind so many the
//! initial data are complete, or earlier where nothing is pending. But a message that is replaced before
//! it was delivered is not delivered any more: in its place there comes the later one of its subject,
//! behind whatever else was stored in between. So if the last of that number was stored after the
//! consumer was created, the initial data are complete when nothing is pending: then each subject has been
//! shown that was there all the time. A stream that is written to faster than it is read has no such
//! moment; so there is a number of messages behind which it is not waited for.

use super::types::Created;
use super::{Machine, Phase};

/// Behind how many messages more the initial data are taken to be complete where some of them were
/// replaced and there is always something pending.
const MOST_MORE: u64 = 10_000;

impl Machine {
    /// A message of the present consumer was delivered, with so many pending behind it. Returns whether
    /// the initial data are complete.
    pub(super) fn is_last_of_initial(&mut self, pending: u64, stored: i64) -> bool {
        // Where somebody waits for the end of the initial data, only the answer tells where it is.
        if self.phase == Phase::Creating && self.probes {
            self.unanswered.push((pending, stored));
            return false;
        }
        if self.expected == Some(self.consumer_seq) {
            self.look_at_last(stored);
        }
        pending == 0 || self.has_all_expected()
    }

    /// The answer has come that says how many messages there are.
    pub(super) fn expect(&mut self, created: &Created) {
        // What the consumer had delivered before it answered is not pending any more.
        let expected = created.pending.saturating_add(created.consumer_seq);
        self.expected = Some(expected);
        self.created_at = Some(created.time).filter(|time| *time > 0);
        // Perhaps the initial data ended among the deliveries that came before the answer.
        let unanswered = std::mem::take(&mut self.unanswered);
        let last = expected
            .checked_sub(1)
            .and_then(|n| usize::try_from(n).ok());
        if let Some((_, stored)) = last.and_then(|n| unanswered.get(n).copied()) {
            self.look_at_last(stored);
        }
        let empty = unanswered.iter().position(|(pending, _)| *pending == 0);
        if let (Some(empty), Some(expected)) = (empty, &mut self.expected) {
            *expected = (*expected).min(empty as u64 + 1);
        }
    }

    /// The consumer is no longer, or is given up.
    pub(super) fn forget_expected(&mut self) {
        self.expected = None;
        self.created_at = None;
        self.unanswered = Vec::new();
    }

    /// The last message that was expected was stored then.
    fn look_at_last(&mut self, stored: i64) {
        let created = self.created_at.take();
        if let (Some(created), Some(expected)) = (created, &mut self.expected)
            && stored > created
        {
            *expected = expected.saturating_add(MOST_MORE);
        }
    }

    pub(super) fn has_all_expected(&self) -> bool {
        self.expected.is_some_and(|n| self.consumer_seq >= n)
    }
}
