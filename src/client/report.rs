//! Reporting to the program: connection callbacks, and errors that no function call can return.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::stdio::stderr;

use super::Subscription;
use super::callbacks::reports::Report;
use super::connection::Connection;
use super::options::ConnHandler;
use super::subscription::queue::Slow;
use crate::error::{Error, Status};
use crate::log::Target;

/// Whether the callbacks that are queued at most once at a time are queued.
#[derive(Default)]
pub(super) struct QueuedOnce {
    discovered_servers: AtomicBool,
    lame_duck: AtomicBool,
}

impl Connection {
    /// Queues an event behind those posted before. May be called with `state` locked, before the end of the connection:
    /// until then the connection has a lifetime guard of its own, so dropping the event has no consequences.
    ///
    /// False if the event will not run.
    pub(super) fn post(
        self: &Arc<Self>,
        event: impl FnOnce(&Arc<Connection>) + Send + 'static,
    ) -> bool {
        self.callbacks.post(self.clone(), event)
    }

    /// Queues a handler for the events thread, behind all that was posted before.
    pub(super) fn post_event(self: &Arc<Self>, handler: &Option<ConnHandler>) {
        if let Some(handler) = handler.clone() {
            self.post(move |conn| handler(conn));
        }
    }

    /// Queues the discovered-servers callback, unless it is queued already.
    pub(super) fn post_discovered_servers(self: &Arc<Self>) {
        let handler = &self.opts.discovered_servers_cb;
        self.post_once(handler, |queued| &queued.discovered_servers);
    }

    /// Queues the lame-duck callback, unless it is queued already.
    pub(super) fn post_lame_duck(self: &Arc<Self>) {
        self.post_once(&self.opts.lame_duck_cb, |queued| &queued.lame_duck);
    }

    fn post_once(
        self: &Arc<Self>,
        handler: &Option<ConnHandler>,
        queued: fn(&QueuedOnce) -> &AtomicBool,
    ) {
        let Some(handler) = handler.clone() else {
            return;
        };
        if !queued(&self.queued_once).swap(true, Ordering::AcqRel) {
            self.post(move |conn| {
                queued(&conn.queued_once).store(false, Ordering::Release);
                handler(conn);
            });
        }
    }

    /// As [`Connection::post_event`] for the disconnected callback, during which `reason` is the connection's last
    /// error, whatever has happened since.
    pub(super) fn post_disconnected(self: &Arc<Self>, reason: Option<&Error>) {
        let Some(handler) = self.opts.disconnected_cb.clone() else {
            return;
        };
        let reason = reason.cloned();
        self.post(move |conn| match &reason {
            Some(reason) => conn.callbacks.while_told(reason, || handler(conn)),
            None => handler(conn),
        });
    }
}

impl Connection {
    /// Stores an error of the server, and reports it to the program.
    pub(super) fn report(self: &Arc<Self>, error: &Error) {
        self.report_about(None, error);
    }

    /// As [`Connection::report`], for an error of a subscription.
    pub(super) fn report_about(self: &Arc<Self>, sub: Option<&Arc<Subscription>>, error: &Error) {
        self.session.report(error, || {
            self.post_error(sub, error.status(), Some(error.text().to_owned()));
        });
    }

    /// Reports to the program that a subscription drops messages.
    pub(super) fn report_slow(self: &Arc<Self>, sub: &Arc<Subscription>, slow: Slow) {
        self.meters.became_slow();
        let error = Error::new(Status::NATS_SLOW_CONSUMER, sub.slow_words(slow));
        self.report_about(Some(sub), &error);
    }

    /// Reports an error that no function call can return. `text` is the last error of the thread that runs the handler.
    pub(super) fn post_error(
        self: &Arc<Self>,
        sub: Option<&Arc<Subscription>>,
        status: Status,
        text: Option<String>,
    ) {
        self.meters.erred();
        self.log_error(sub, status, text.as_deref());
        let report = Arc::new(Report::new(sub.map(|sub| sub.sid()), status, text));
        if !self.callbacks.reports.push(&report) {
            return;
        }
        let (sub, waiting) = (sub.cloned(), report.clone());
        let posted = self.post(move |conn| {
            let untold = conn.callbacks.reports.remove(&waiting);
            conn.tell_error(sub.as_ref(), status, waiting.text());
            if untold > 0 {
                let text = format!("{untold} more errors while the error handler was busy");
                conn.tell_error(None, Status::NATS_ERR, Some(text));
            }
        });
        if !posted {
            self.callbacks.reports.remove(&report);
        }
    }

    fn log_error(&self, sub: Option<&Arc<Subscription>>, status: Status, text: Option<&str>) {
        let target = match sub {
            Some(_) => Target::Subscribe,
            None => Target::Session,
        };
        self.log().warn(target, || {
            let text = text.unwrap_or(status.text());
            format!("{} ({})", text, status.text())
        });
    }

    /// As [`Connection::post_error`], from an error.
    pub(super) fn post_failure(self: &Arc<Self>, error: &Error) {
        self.post_error(None, error.status(), Some(error.text().to_owned()));
    }

    fn tell_error(
        self: &Arc<Self>,
        sub: Option<&Arc<Subscription>>,
        status: Status,
        text: Option<String>,
    ) {
        let error = Error::new(status, text.clone().unwrap_or_default());
        self.callbacks
            .while_told(&error, || match &self.opts.error_handler {
                Some(handler) => handler(self, sub, status, text.as_deref()),
                None => print_error(self, sub.map(|sub| &**sub), status, text.as_deref()),
            });
        if let Some(sub) = sub {
            sub.tell_above(status);
        }
    }
}

/// Handles errors if the program has set no handler for them.
fn print_error(conn: &Connection, sub: Option<&Subscription>, status: Status, text: Option<&str>) {
    let text = text.unwrap_or(status.text());
    let mut line = format!(
        "Error {} - {text} on connection [{}]",
        status as i32,
        conn.client_id().ok().flatten().unwrap_or(0)
    );
    if let Some(sub) = sub {
        let name = || sub.name().to_string_lossy().into_owned();
        line += &format!(" on \"{}\"", sub.name_above().unwrap_or_else(name));
    }
    line.push('\n');
    // Not through the standard library, whose lock could be held in a child made by fork. If stderr is closed, there is
    // no place to report that.
    let _ = rustix::io::write(stderr(), line.as_bytes());
}
