//! Runs callbacks of layers above the client, one at a time, on the threads that deliver messages.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use super::callbacks::life::LifetimeGuard;
use super::callbacks::manual::ManualJob;
use super::connection::Connection;
use crate::error::{Result, Status};
use crate::fork;
use crate::locks::Mutex;
use crate::runtime::{Dispatcher, Job};

/// The number of callbacks that a worker of the pool runs before other jobs have their turn.
const ROUND: usize = 1024;

const IDLE: u8 = 0;
/// The queue waits in the pool, or a worker runs it.
const SCHEDULED: u8 = 1;
/// As `SCHEDULED`, and more work has been announced since the run began.
const AGAIN: u8 = 2;

/// The result of one run of a [`CallbackJob`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The number of callbacks that were run.
    pub ran: usize,
    /// Whether there is more work.
    pub more: bool,
}

/// The work of a [`CallbackQueue`]: calls of the program that are due, or work of the library that may wait.
pub trait CallbackJob: Send + Sync {
    /// Does at most `limit` pieces of the work. Never called by two threads at once.
    fn run_some(&self, limit: usize) -> Progress;

    /// The remaining work will not be run.
    fn forget(&self) {}
}

/// Runs a [`CallbackJob`] where the connection's message callbacks run: in the pool of threads, on the fixed delivery
/// threads if the options selected them, or on a thread of the program with manual dispatch. While it is open, the
/// connection counts as one that still calls the program.
pub struct CallbackQueue {
    conn: Arc<Connection>,
    job: Arc<dyn CallbackJob>,
    place: Place,
    state: AtomicU8,
    closing: AtomicBool,
    lifetime_guard: Mutex<Option<LifetimeGuard>>,
}

/// Where a queue's work runs.
enum Place {
    /// In the pool of threads.
    Pool,
    /// On one of the fixed delivery threads.
    DeliveryThread(Arc<Dispatcher>),
    /// On the thread that calls `natsConnection_Dispatch`.
    Dispatch,
    /// In the pool of threads, and it calls nothing of the program.
    Library,
}

impl CallbackQueue {
    /// Creates a queue for calls of the program. Fails with `NATS_CONNECTION_CLOSED`, and if the options selected the
    /// fixed delivery threads and there are none.
    pub fn new(conn: &Arc<Connection>, job: Arc<dyn CallbackJob>) -> Result<Arc<CallbackQueue>> {
        let place = match () {
            () if conn.callbacks.manual().is_some() => Place::Dispatch,
            () if conn.opts.global_delivery => {
                Place::DeliveryThread(conn.runtime.delivery_thread()?)
            }
            () => Place::Pool,
        };
        Self::in_place(conn, job, place)
    }

    /// Creates a queue for work of the library itself, which calls nothing of the program but may wait, for a socket
    /// for example. It runs in the pool of threads whatever the options say of callbacks, so a callback that does not
    /// return, or a program that does not dispatch, does not hold it up. Fails with `NATS_CONNECTION_CLOSED`.
    pub fn of_library(
        conn: &Arc<Connection>,
        job: Arc<dyn CallbackJob>,
    ) -> Result<Arc<CallbackQueue>> {
        Self::in_place(conn, job, Place::Library)
    }

    fn in_place(
        conn: &Arc<Connection>,
        job: Arc<dyn CallbackJob>,
        place: Place,
    ) -> Result<Arc<CallbackQueue>> {
        let lifetime_guard = conn
            .lifetime_guard()
            .ok_or(Status::NATS_CONNECTION_CLOSED)?;
        Ok(Arc::new(CallbackQueue {
            conn: conn.clone(),
            job,
            place,
            state: AtomicU8::new(IDLE),
            closing: AtomicBool::new(false),
            lifetime_guard: Mutex::new(Some(lifetime_guard)),
        }))
    }

    /// Announces work. Does not wait, and allocates nothing.
    pub fn schedule(self: &Arc<Self>) {
        if self.state.load(Ordering::SeqCst) == AGAIN {
            return;
        }
        let next = |state| match state {
            IDLE => Some(SCHEDULED),
            SCHEDULED => Some(AGAIN),
            _ => None,
        };
        let before = self
            .state
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, next);
        if before == Ok(IDLE) {
            self.submit();
        }
    }

    /// Ends the queue once the work that is there is done. From then on the connection does not count as one that
    /// calls the program because of this queue.
    pub fn close(self: &Arc<Self>) {
        self.closing.store(true, Ordering::SeqCst);
        self.schedule();
    }

    fn submit(self: &Arc<Self>) {
        match (&self.place, self.conn.callbacks.manual()) {
            (Place::Dispatch, Some(manual)) => manual.schedule(self.clone()),
            (Place::DeliveryThread(thread), _) => thread.submit(self.clone()),
            _ => self.conn.runtime.delivery.submit(self.clone()),
        }
    }

    /// Runs a part of the work. Returns how many callbacks ran, and whether there is more.
    fn round(&self, limit: usize) -> (usize, bool) {
        self.state.store(SCHEDULED, Ordering::SeqCst);
        // A job that panics is taken to have no more work.
        let progress = fork::caught(|| match self.place {
            Place::Library => self.job.run_some(limit),
            _ => self.conn.in_program(|| self.job.run_some(limit)),
        });
        let (ran, more) = progress.map_or((1, false), |p| (p.ran, p.more));
        if more {
            return (ran, true);
        }
        let closing = self.closing.load(Ordering::SeqCst);
        let settled = self
            .state
            .compare_exchange(SCHEDULED, IDLE, Ordering::SeqCst, Ordering::SeqCst)
            .is_ok();
        if settled && closing {
            self.release();
        }
        (ran, !settled)
    }

    fn release(&self) {
        let lifetime_guard = self.lifetime_guard.lock().take();
        drop(lifetime_guard);
    }
}

impl Job for CallbackQueue {
    fn run(self: Arc<Self>) -> bool {
        self.round(ROUND).1
    }

    fn is_short_running(&self) -> bool {
        false
    }
}

impl ManualJob for CallbackQueue {
    fn run_some(self: Arc<Self>, limit: usize) -> (usize, bool) {
        self.round(limit)
    }

    fn forget(&self) {
        self.job.forget();
        self.release();
    }
}
