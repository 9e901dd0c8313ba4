//! Tells the program about events of a connection, in their order.

use std::sync::Arc;

use super::life::{Life, ReleasedHandler};
use super::manual::ManualQueue;
use super::reports::Reports;
use crate::error::{Error, Result};
use crate::fork;
use crate::locks::{Mutex, this_thread};
use crate::runtime::Runtime;

/// The callbacks of one connection.
pub(in crate::client) struct Callbacks {
    pub(in crate::client) life: Life,
    /// The callbacks that wait for the program, if it runs them itself.
    manual: Option<ManualQueue>,
    runtime: Arc<Runtime>,
    /// The errors that wait for the error handler.
    pub(in crate::client) reports: Reports,
    /// The thread that is running a callback about an error, and that error.
    told: Mutex<Option<(u64, Error)>>,
}

impl Callbacks {
    /// Creates the callbacks of the connection with this id. They run on the threads of `runtime`, or on the program's
    /// if `manual` is set.
    pub(in crate::client) fn new(
        id: u64,
        runtime: Arc<Runtime>,
        manual: bool,
        released: Option<ReleasedHandler>,
    ) -> Result<Self> {
        let manual = manual.then(ManualQueue::new).transpose()?;
        Ok(Callbacks {
            life: Life::new(id, released),
            manual,
            runtime,
            reports: Reports::default(),
            told: Mutex::new(None),
        })
    }

    /// The queue of a program that runs its callbacks itself.
    pub(in crate::client) fn manual(&self) -> Option<&ManualQueue> {
        self.manual.as_ref()
    }

    /// Posts an event about `whom`; it runs after all events that were posted before. The connection has a lifetime
    /// guard of its own until it is closed, so dropping the event has no other consequences.
    ///
    /// Returns false if nobody will run the event.
    pub(in crate::client) fn post<T: Send + 'static>(
        &self,
        whom: T,
        event: impl FnOnce(&T) + Send + 'static,
    ) -> bool {
        let Some(lifetime_guard) = self.life.lifetime_guard() else {
            return false;
        };
        let id = self.life.id();
        let event = Box::new(move || {
            super::life::inside_of(id, || event(&whom));
            drop(whom);
            drop(lifetime_guard);
        });
        match &self.manual {
            Some(manual) => manual.post(event),
            None => self.runtime.events.post(event),
        }
    }

    /// Runs a callback about `error`, which is the connection's last error for that callback.
    pub(in crate::client) fn while_told(&self, error: &Error, callback: impl FnOnce()) {
        struct Told<'a>(&'a Callbacks);
        impl Drop for Told<'_> {
            fn drop(&mut self) {
                // After a `fork` in the callback the connection is the parent's, and its locks may be held for ever.
                if !fork::is_leaving() {
                    *self.0.told.lock() = None;
                }
            }
        }
        *self.told.lock() = Some((this_thread(), error.clone()));
        let _told = Told(self);
        callback();
    }

    /// The error that the calling thread is running a callback about.
    pub(in crate::client) fn told_here(&self) -> Option<Error> {
        let told = self.told.lock();
        let (thread, error) = told.as_ref()?;
        (*thread == this_thread()).then(|| error.clone())
    }

    /// The program has destroyed the connection: callbacks that wait for it will not be run.
    pub(in crate::client) fn end_dispatch(&self) {
        if let Some(manual) = &self.manual {
            manual.close();
        }
    }
}
