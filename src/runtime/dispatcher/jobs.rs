//! The jobs that wait: those that were short-running so far, and the others.

use std::collections::VecDeque;
use std::sync::Arc;

use super::Job;

/// A job, and its number in the order of queueing.
type Entry = (u64, Arc<dyn Job>);

/// Two FIFO queues. They are part of the pool's state and not channels: the decision which worker to call for a job
/// is made under the same lock.
#[derive(Default)]
pub(in super::super) struct Jobs {
    short_running: VecDeque<Entry>,
    others: VecDeque<Entry>,
    /// The numbers of jobs ever queued and ever taken. They show how long a job has waited without
    /// reading the clock for each.
    pub(super) pushed: u64,
    pub(super) taken: u64,
}

/// A job to run.
pub(super) struct Taken {
    pub(super) job: Arc<dyn Job>,
    /// Was it short-running when it was queued?
    pub(super) short_running: bool,
}

impl Jobs {
    pub(in super::super) fn push(&mut self, job: Arc<dyn Job>) {
        let queue = match job.is_short_running() {
            true => &mut self.short_running,
            false => &mut self.others,
        };
        queue.push_back((self.pushed, job));
        self.pushed += 1;
    }

    /// The job that has waited longest; only of the short-running ones, unless `others` are wanted
    /// too.
    pub(super) fn pop(&mut self, others: bool) -> Option<Taken> {
        let short_running = match (self.short_running.front(), self.others.front()) {
            (Some(first), Some(other)) => !others || first.0 < other.0,
            (first, _) => first.is_some() || !others,
        };
        let queue = match short_running {
            true => &mut self.short_running,
            false => &mut self.others,
        };
        let (_, job) = queue.pop_front()?;
        self.taken += 1;
        Some(Taken { job, short_running })
    }

    /// Would [`pop`](Self::pop) find one?
    pub(super) fn has(&self, others: bool) -> bool {
        !self.short_running.is_empty() || others && !self.others.is_empty()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn len(&self) -> usize {
        self.short_running.len() + self.others.len()
    }

    /// Does a job wait that was queued when `pushed` jobs had ever been queued?
    pub(super) fn has_from_before(&self, pushed: u64) -> bool {
        let first = |queue: &VecDeque<Entry>| queue.front().is_some_and(|entry| entry.0 < pushed);
        first(&self.short_running) || first(&self.others)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Named(bool);

    impl Job for Named {
        fn run(self: Arc<Self>) -> bool {
            false
        }

        fn is_short_running(&self) -> bool {
            self.0
        }
    }

    #[test]
    fn by_age_or_only_the_short_running() {
        let mut jobs = Jobs::default();
        assert!(jobs.pop(true).is_none() && !jobs.has(true));
        for short_running in [false, true, true, false] {
            jobs.push(Arc::new(Named(short_running)));
        }
        assert!(jobs.has(false) && jobs.has_from_before(1) && !jobs.has_from_before(0));
        let mut take = |others| jobs.pop(others).map(|taken| taken.short_running);
        assert_eq!(take(false), Some(true));
        assert_eq!(take(true), Some(false));
        assert_eq!(take(true), Some(true));
        assert_eq!(take(false), None);
        assert!(!jobs.has(false) && jobs.has(true) && jobs.len() == 1);
        assert!(!jobs.has_from_before(3) && jobs.has_from_before(4));
        assert!(jobs.pop(true).is_some_and(|taken| !taken.short_running));
        assert_eq!((jobs.pushed, jobs.taken), (4, 4));
    }
}
