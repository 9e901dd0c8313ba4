//! Callbacks of layers above, one after the other, on the threads that deliver messages.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use super::callbacks::life::LifetimeGuard;
use super::callbacks::manual::ManualJob;
use super::connection::Connection;
use crate::error::{Result, Status};
use crate::fork;
use crate::locks::Mutex;
use crate::runtime::{Dispatcher, Job};

/// So many callbacks a pool's worker runs before others have their turn.
const ROUND: usize = 1024;

const IDLE: u8 = 0;
/// It is in a pool's queue, or runs.
const SCHEDULED: u8 = 1;
/// As before, and something has come since it began to run.
const AGAIN: u8 = 2;

/// How far a [`CallbackJob`] has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// How many callbacks it has run.
    pub ran: usize,
    /// Is there more to do?
    pub more: bool,
}

/// Work for a [`CallbackQueue`]: a queue of whatever there is to tell the program.
pub trait CallbackJob: Send + Sync {
    /// Calls the program, at most `limit` times. Never called by two threads at once.
    fn run_some(&self, limit: usize) -> Progress;

    /// Nobody is going to run what is left.
    fn forget(&self) {}
}

/// Runs a [`CallbackJob`] where the connection's message callbacks run: on the pool of threads, the
/// fixed ones that the options chose, or on the program's own with manual dispatch. As long as it is
/// open, the connection counts as one that still calls the program.
pub struct CallbackQueue {
    conn: Arc<Connection>,
    job: Arc<dyn CallbackJob>,
    lane: Option<Arc<Dispatcher>>,
    state: AtomicU8,
    closing: AtomicBool,
    lifetime_guard: Mutex<Option<LifetimeGuard>>,
}

impl CallbackQueue {
    /// A queue for a job. Fails with `NATS_CONNECTION_CLOSED`, and where the options chose a pool of
    /// threads that has none.
    pub fn new(conn: &Arc<Connection>, job: Arc<dyn CallbackJob>) -> Result<Arc<CallbackQueue>> {
        let lane = match conn.opts.global_delivery {
            true => Some(conn.runtime.delivery_thread()?),
            false => None,
        };
        let lifetime_guard = conn
            .lifetime_guard()
            .ok_or(Status::NATS_CONNECTION_CLOSED)?;
        Ok(Arc::new(CallbackQueue {
            conn: conn.clone(),
            job,
            lane,
            state: AtomicU8::new(IDLE),
            closing: AtomicBool::new(false),
            lifetime_guard: Mutex::new(Some(lifetime_guard)),
        }))
    }

    /// There is something to do. Does not wait, nor allocate.
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

    /// Nothing follows what there is to do: once it is done, the connection no longer counts as one
    /// that calls the program on its behalf.
    pub fn close(self: &Arc<Self>) {
        self.closing.store(true, Ordering::SeqCst);
        self.schedule();
    }

    fn submit(self: &Arc<Self>) {
        match (self.conn.callbacks.manual(), &self.lane) {
            (Some(manual), _) => manual.schedule(self.clone()),
            (None, Some(lane)) => lane.submit(self.clone()),
            (None, None) => self.conn.runtime.delivery.submit(self.clone()),
        }
    }

    /// Runs some of what there is. Returns how many callbacks ran, and whether there is more.
    fn round(&self, limit: usize) -> (usize, bool) {
        self.state.store(SCHEDULED, Ordering::SeqCst);
        // What panics has nothing more to do, as far as is known.
        let progress = fork::caught(|| self.conn.in_program(|| self.job.run_some(limit)));
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

    fn is_quick(&self) -> bool {
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
