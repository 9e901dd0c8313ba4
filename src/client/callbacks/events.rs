//! What happens to a connection, told to the program in its order.

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
    /// The callbacks that wait, where the program calls them itself.
    manual: Option<ManualQueue>,
    runtime: Arc<Runtime>,
    /// The errors that wait for the error handler.
    pub(in crate::client) reports: Reports,
    /// The thread that is in a callback about an error, and that error.
    told: Mutex<Option<(u64, Error)>>,
}

impl Callbacks {
    /// Of the connection with this id, on the threads of `runtime`, or the program's if they are `manual`.
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

    /// Has an event about `whom` run after all those posted before. The connection has a lifetime guard of its own until it is
    /// closed, so if the event is dropped before, nothing follows.
    ///
    /// False where nobody is going to run it.
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

    /// Runs a callback that is about `error`: to it that is the connection's last error.
    pub(in crate::client) fn while_told(&self, error: &Error, callback: impl FnOnce()) {
        struct Told<'a>(&'a Callbacks);
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

    /// The program does not need the connection any more: nobody is going to run what waits.
    pub(in crate::client) fn end_dispatch(&self) {
        if let Some(manual) = &self.manual {
            manual.close();
        }
    }
}
