//! Errors that no call can return: told to the program's handler, one after the other.
//!
//! A handler that does not return, or a program that does not come to run what waits, does not make
//! them pile up: an error that waits already is counted, not queued again, and of different ones so
//! many wait and no more.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::stdio::stderr;

use crate::client::connection::Connection;
use crate::client::subscription::delivery::Slow;
use crate::client::subscription::state::Subscription;
use crate::error::{Error, Status};
use crate::locks::Mutex;

/// So many different errors of a connection wait for the handler.
const WAITING_MAX: usize = 128;

/// The errors of a connection that wait for the handler.
#[derive(Default)]
pub(in crate::client) struct Reports(Mutex<State>);

#[derive(Default)]
struct State {
    waiting: VecDeque<Arc<Report>>,
    /// So many were not kept.
    untold: u64,
}

/// An error that waits. It knows its subscription by number only: it may be dropped anywhere.
struct Report {
    sid: Option<u64>,
    status: Status,
    /// What the handler's thread has as its last error.
    text: Option<String>,
    /// How often it happened since it began to wait.
    times: AtomicU64,
}

impl Report {
    fn is(&self, other: &Report) -> bool {
        // What a subscription has to tell is the same again though its numbers have changed.
        let text = self.sid.is_some() || self.text == other.text;
        self.sid == other.sid && self.status == other.status && text
    }

    fn text(&self) -> Option<String> {
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
    /// Has a report wait, unless the same does already, or too many do.
    fn push(&self, report: &Arc<Report>) -> bool {
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

    /// It is being told, or will not be. Returns how many were not kept, if it was the last to wait.
    fn remove(&self, report: &Arc<Report>) -> u64 {
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

impl Connection {
    /// Keeps an error of the server's, and tells the program.
    pub(in crate::client) fn report(self: &Arc<Self>, error: &Error) {
        self.report_about(None, error);
    }

    /// As [`Connection::report`], about a subscription.
    pub(in crate::client) fn report_about(
        self: &Arc<Self>,
        sub: Option<&Arc<Subscription>>,
        error: &Error,
    ) {
        let mut state = self.state.lock();
        if !state.is_closed() {
            state.set_last_error(error);
            self.post_error(sub, error.status(), Some(error.text().to_owned()));
        }
    }

    /// Tells the program that a subscription drops messages.
    pub(in crate::client) fn report_slow(self: &Arc<Self>, sub: &Arc<Subscription>, slow: Slow) {
        let error = Error::new(Status::NATS_SLOW_CONSUMER, sub.slow_words(slow));
        let mut state = self.state.lock();
        if !state.is_closed() {
            state.set_last_error(&error);
            self.post_error(Some(sub), error.status(), Some(error.text().to_owned()));
        }
    }

    /// Reports what no call can return. `text` is what the handler's thread has as its last error.
    pub(in crate::client) fn post_error(
        self: &Arc<Self>,
        sub: Option<&Arc<Subscription>>,
        status: Status,
        text: Option<String>,
    ) {
        let report = Arc::new(Report {
            sid: sub.map(|sub| sub.sid),
            status,
            text,
            times: AtomicU64::new(1),
        });
        if !self.reports.push(&report) {
            return;
        }
        let (sub, waiting) = (sub.cloned(), report.clone());
        let posted = self.post(move |conn| {
            let untold = conn.reports.remove(&waiting);
            conn.tell_error(sub.as_ref(), status, waiting.text());
            if untold > 0 {
                let text = format!("{untold} more errors while the error handler was busy");
                conn.tell_error(None, Status::NATS_ERR, Some(text));
            }
        });
        if !posted {
            self.reports.remove(&report);
        }
    }

    /// As [`Connection::post_error`], from an error.
    pub(in crate::client) fn post_failure(self: &Arc<Self>, error: &Error) {
        self.post_error(None, error.status(), Some(error.text().to_owned()));
    }

    fn tell_error(
        self: &Arc<Self>,
        sub: Option<&Arc<Subscription>>,
        status: Status,
        text: Option<String>,
    ) {
        let error = Error::new(status, text.clone().unwrap_or_default());
        self.while_told(&error, || match &self.opts.error_handler {
            Some(handler) => handler(self, sub, status, text.as_deref()),
            None => print_error(self, sub.map(|sub| &**sub), status, text.as_deref()),
        });
    }
}

/// What happens with errors when the program has set no handler for them.
fn print_error(conn: &Connection, sub: Option<&Subscription>, status: Status, text: Option<&str>) {
    let text = text.unwrap_or(status.text());
    let mut line = format!(
        "Error {} - {text} on connection [{}]",
        status as i32,
        conn.client_id().ok().flatten().unwrap_or(0)
    );
    if let Some(subject) = sub.map(Subscription::name) {
        line += &format!(" on \"{}\"", subject.to_string_lossy());
    }
    line.push('\n');
    // Not by way of the standard library, whose lock a child made by fork would inherit. Nobody is left to be told
    // that stderr is closed.
    let _ = rustix::io::write(stderr(), line.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(sid: Option<u64>, text: &str) -> Arc<Report> {
        Arc::new(Report {
            sid,
            status: Status::NATS_ERR,
            text: Some(text.to_owned()),
            times: AtomicU64::new(1),
        })
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
