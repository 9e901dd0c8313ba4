//! Connection callbacks, and knowing when no callback of a connection will run any more.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::client::connection::Connection;
use crate::client::options::{ConnHandler, ReleasedHandler};
use crate::error::{Error, Result, Status};
use crate::fork;
use crate::locks::{Condvar, Mutex, this_thread};
use crate::nesting::Nesting;
use crate::words::ms;

/// Opens when the last callback of a connection has returned and none will follow.
#[derive(Default)]
pub(in crate::client) struct Gate {
    open: Mutex<bool>,
    opened: Condvar,
}

impl Gate {
    pub(in crate::client) fn wait(&self, timeout: Option<Duration>) -> Result<()> {
        let deadline = timeout.and_then(|t| Instant::now().checked_add(t));
        let mut open = self.open.lock();
        while !*open {
            match deadline {
                None => self.opened.wait(&mut open),
                Some(d) => {
                    if self.opened.wait_until(&mut open, d).timed_out() && !*open {
                        drop(open);
                        let waited = ms(timeout.unwrap_or_default());
                        let text =
                            format!("a callback of the connection still runs after {waited}");
                        return Err(Error::new(Status::NATS_TIMEOUT, text));
                    }
                }
            }
        }
        Ok(())
    }
}

/// Held by everything that may still call the program: the open connection, each subscription with
/// a callback, each event that waits; and by the connection until the program destroys it. When the
/// last one goes, the program is told.
#[derive(Clone)]
pub(in crate::client) struct Lease(Arc<Activity>);

struct Activity {
    gate: Arc<Gate>,
    released: Mutex<Option<ReleasedHandler>>,
}

impl Lease {
    pub(in crate::client) fn new(released: Option<ReleasedHandler>) -> (Self, Arc<Gate>) {
        let gate = Arc::<Gate>::default();
        (
            Lease(Arc::new(Activity {
                gate: gate.clone(),
                released: Mutex::new(released),
            })),
            gate,
        )
    }

    /// Nobody is to be told: the program never got the connection.
    pub(in crate::client) fn disarm(&self) {
        let released = self.0.released.lock().take();
        drop(released);
    }
}

impl Drop for Activity {
    fn drop(&mut self) {
        if let Some(released) = self.released.get_mut().take() {
            fork::caught(|| inside_of(NO_CONNECTION, &*released));
        }
        *self.gate.open.lock() = true;
        self.gate.opened.notify_all();
    }
}

thread_local! {
    /// The connections whose callbacks this thread is in, outermost first.
    static INSIDE: Nesting<u64> = const { Nesting::new() };
}

/// Stands in [`INSIDE`] for a connection that is gone.
const NO_CONNECTION: u64 = 0;

/// Runs a callback of a connection, so that [`Connection::in_callback`] knows.
pub(in crate::client) fn inside<R>(conn: &Connection, callback: impl FnOnce() -> R) -> R {
    inside_of(conn.id(), callback)
}

fn inside_of<R>(id: u64, callback: impl FnOnce() -> R) -> R {
    struct Leave(u64);
    impl Drop for Leave {
        fn drop(&mut self) {
            INSIDE.with(|inside| inside.leave(self.0));
        }
    }
    INSIDE.with(|inside| inside.enter(id));
    let _leave = Leave(id);
    callback()
}

/// Is the calling thread, whosever it is, inside a callback of any connection?
pub fn in_any_callback() -> bool {
    INSIDE.with(|inside| !inside.is_empty())
}

impl Connection {
    /// Is the calling thread inside a callback of this connection?
    pub(in crate::client) fn in_callback(&self) -> bool {
        INSIDE.with(|inside| inside.contains(self.id()))
    }

    /// Has an event run after all those posted before. With `state` locked too, before the end: the
    /// connection has a lease of its own until then, so if the event is dropped, nothing follows.
    ///
    /// False where nobody is going to run it.
    pub(in crate::client) fn post(
        self: &Arc<Self>,
        event: impl FnOnce(&Arc<Connection>) + Send + 'static,
    ) -> bool {
        let Some(lease) = self.lease() else {
            return false;
        };
        let conn = self.clone();
        let event = Box::new(move || {
            inside(&conn, || event(&conn));
            drop(conn);
            drop(lease);
        });
        match &self.manual {
            Some(manual) => manual.post(event),
            None => self.runtime.events.post(event),
        }
    }

    /// Has the events thread call a handler, after all that was posted before.
    pub(in crate::client) fn post_event(self: &Arc<Self>, handler: &Option<ConnHandler>) {
        if let Some(handler) = handler.clone() {
            self.post(move |conn| handler(conn));
        }
    }

    /// As [`Connection::post_event`], unless the same event waits already.
    pub(in crate::client) fn post_once(
        self: &Arc<Self>,
        handler: &Option<ConnHandler>,
        waits: fn(&Connection) -> &AtomicBool,
    ) {
        let Some(handler) = handler.clone() else {
            return;
        };
        if !waits(self).swap(true, Ordering::AcqRel) {
            self.post(move |conn| {
                waits(conn).store(false, Ordering::Release);
                handler(conn);
            });
        }
    }

    /// As [`Connection::post_event`] for the disconnected callback, which finds `reason` as the
    /// connection's last error, whatever has happened since.
    pub(in crate::client) fn post_disconnected(self: &Arc<Self>, reason: Option<&Error>) {
        let Some(handler) = self.opts.disconnected_cb.clone() else {
            return;
        };
        let reason = reason.cloned();
        self.post(move |conn| match &reason {
            Some(reason) => conn.while_told(reason, || handler(conn)),
            None => handler(conn),
        });
    }

    /// Runs a callback that is about `error`: to it that is the connection's last error.
    pub(in crate::client) fn while_told(&self, error: &Error, callback: impl FnOnce()) {
        struct Told<'a>(&'a Connection);
        impl Drop for Told<'_> {
            fn drop(&mut self) {
                // In a child the connection is the parent's, and perhaps locked for ever.
                if !fork::is_leaving() {
                    *self.0.told.lock() = None;
                }
            }
        }
        *self.told.lock() = Some((this_thread(), error.clone()));
        let _told = Told(self);
        callback();
    }

    /// The error that the callback is about which the calling thread is in.
    pub(in crate::client) fn told_here(&self) -> Option<Error> {
        let told = self.told.lock();
        let (thread, error) = told.as_ref()?;
        (*thread == this_thread()).then(|| error.clone())
    }
}
