//! Errors that no call can return, reported to the program's handler one at a time.
//!
//! They do not pile up behind a handler that does not return, or a program that does not run its callbacks: an error
//! that is queued already is counted and not queued again, and the number of different errors in the queue is limited.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::Status;
use crate::locks::Mutex;

/// The number of different errors of a connection that may be queued.
const WAITING_MAX: usize = 128;

/// The errors of a connection that wait for the handler.
#[derive(Default)]
pub(in crate::client) struct Reports(Mutex<State>);

#[derive(Default)]
struct State {
    waiting: VecDeque<Arc<Report>>,
    /// The number of errors that were dropped.
    untold: u64,
}

/// A queued error. It refers to its subscription by number only, so it may be dropped anywhere.
pub(in crate::client) struct Report {
    sid: Option<u64>,
    status: Status,
    /// The text of the last error in the handler's thread.
    text: Option<String>,
    /// How often the error has happened since it was queued.
    times: AtomicU64,
}

impl Report {
    /// The sid of the subscription that the error is about, if any.
    pub(in crate::client) fn new(sid: Option<u64>, status: Status, text: Option<String>) -> Self {
        Report {
            sid,
            status,
            text,
            times: AtomicU64::new(1),
        }
    }

    fn is(&self, other: &Report) -> bool {
        // Two reports of a subscription count as the same even if the numbers in their texts differ.
        let text = self.sid.is_some() || self.text == other.text;
        self.sid == other.sid && self.status == other.status && text
    }

    /// The text for the handler, with the number of times that the error happened.
    pub(in crate::client) fn text(&self) -> Option<String> {
        match self.times.load(Ordering::Relaxed) {
            0 | 1 => self.text.clone(),
            times => {
                let text = self.text.as_deref().unwrap_or(self.status.text());
                Some(format!("{text} ({times} times)"))
            }
        }
    }
}

impl Reports {
    /// Queues a report, unless the same one is queued already or the queue is full.
    pub(in crate::client) fn push(&self, report: &Arc<Report>) -> bool {
        let mut state = self.0.lock();
        if let Some(same) = state.waiting.iter().find(|waiting| waiting.is(report)) {
            same.times.fetch_add(1, Ordering::Relaxed);
            return false;
        }
        if state.waiting.len() >= WAITING_MAX {
            state.untold += 1;
            return false;
        }
        state.waiting.push_back(report.clone());
        true
    }

    /// Removes a report that is being delivered or dropped. Returns the number of dropped errors if it was the last
    /// one in the queue.
    pub(in crate::client) fn remove(&self, report: &Arc<Report>) -> u64 {
        let mut state = self.0.lock();
        state
            .waiting
            .retain(|waiting| !Arc::ptr_eq(waiting, report));
        match state.waiting.is_empty() {
            true => std::mem::take(&mut state.untold),
            false => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(sid: Option<u64>, text: &str) -> Arc<Report> {
        Arc::new(Report::new(sid, Status::NATS_ERR, Some(text.to_owned())))
    }

    #[test]
    fn the_same_is_counted_and_different_ones_have_a_limit() {
        let reports = Reports::default();
        let first = report(None, "a");
        assert!(reports.push(&first));
        for _ in 0..1000 {
            assert!(!reports.push(&report(None, "a")));
        }
        assert_eq!(first.text().unwrap(), "a (1001 times)");
        assert!(reports.push(&report(Some(1), "1 dropped")));
        assert!(!reports.push(&report(Some(1), "2 dropped")));
        assert!(reports.push(&report(Some(2), "1 dropped")));
        for n in 0..2 * WAITING_MAX {
            reports.push(&report(None, &n.to_string()));
        }
        let waiting: Vec<_> = reports.0.lock().waiting.iter().cloned().collect();
        assert_eq!(waiting.len(), WAITING_MAX);
        let untold: Vec<_> = waiting
            .iter()
            .map(|waiting| reports.remove(waiting))
            .collect();
        let (last, others) = untold.split_last().unwrap();
        assert!(others.iter().all(|untold| *untold == 0));
        assert_eq!(*last, (2 * WAITING_MAX - (WAITING_MAX - 3)) as u64);
        assert_eq!(report(None, "b").text().unwrap(), "b");
        assert!(
            reports.push(&report(None, "a")),
            "told, so it may wait again"
        );
    }
}
