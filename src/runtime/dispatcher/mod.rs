//! Pools of threads that run jobs: one mechanism for the elastic pool of callbacks, for the delivery threads,
//! and for the dialing threads.
//!
//! A job is queued once and may ask to be queued again, at the back, so that each gets its turn. Jobs may block for
//! as long as they like; then the pool grows (`growth`).
//!
//! In the pool of callbacks, idle workers watch the sockets, two of them at a time. A worker that finds something
//! there runs it itself, at once: the message is in its cache, and no thread has to be woken, because the other one
//! continues to watch. The last worker that watches never leaves: what it finds it queues for the others. So the
//! sockets are served however long callbacks take and however many there are.
//!
//! Short callbacks are not held up by long ones. A job that was not [short-running](Job::is_short_running) so far may
//! run on all workers except one, which is reserved for short-running jobs; the growth of the pool counts that worker as
//! busy.
//!
//! Workers that run out of jobs sleep at once: spinning for 20 µs was tried and doubled the CPU time on a machine of
//! two busy cores without making anything faster.
//!
//! # A job that waits is never forgotten
//!
//! A worker is *free* if it sleeps, or watches the sockets together with another one. A worker that was woken, or
//! called away from the sockets, or has just begun, is *called*: the next thing it does under the lock is to check
//! the queue. The same holds for a worker whose job has ended. With these terms, whenever the lock is free and a job
//! is in the queue, one of the following holds:
//!
//! 1. A worker was called and has not had the lock since (`State::woken`, `State::called`).
//! 2. No worker that may run the job is free. Then a check is pending (`State::check_pending`), which starts more
//!    workers if the job still waits and the others block, or the pool has all the workers that it may have. Below
//!    `Sizes::eager` a worker is started at once as well (`State::starting`); but nothing depends on its beginning,
//!    because the program's thread-started callback runs before it and may keep it.
//!
//! Why it holds: the state is only accessible through a `Locked`, which, before it releases the lock, checks whether
//! there is a job for which neither is true, and makes one of them true (`Pool::calls`). So it does not matter which
//! of the facts a critical section changed: a job queued, taken or put back; a worker that began to run, watch or
//! sleep, or has left; a long job that has ended, so that another one may run.
//!
//! Why it is sufficient: 1 ends with a critical section in which the called worker takes a job, if there is one that
//! it may take, and at whose end the invariant holds again: with more jobs the next worker is called, and so on until
//! no job waits or no worker is free. 2 ends with the check, with the end of a job, or with a worker that becomes
//! free; the last two check the queue before that. A called worker does come: a sleeper is removed from the list
//! together with its wake, and `called` is set before `Io::wake`, which ends a turn that begins or continues after
//! it. It is cleared by any watcher that returns from a turn, perhaps not the one that is on its way; but that one
//! checks the queue too.
//!
//! Tests run this module's source in many orders of its threads (`runtime/explored.rs`).

mod growth;
mod jobs;
mod pool;
mod state;

use std::sync::Arc;
use std::time::Duration;

use super::io::Io;
use super::library::forked;
use super::threads::{ELASTIC, Threads};
use super::timers::Timers;
use crate::error::Result;

use self::pool::Pool;
pub use self::pool::has_found_job;

#[cfg(test)]
pub(super) use self::growth::{COMPUTING, STEP};
#[cfg(test)]
pub(super) use self::state::State;

/// Something to run on a thread of a pool.
pub trait Job: Send + Sync + 'static {
    /// Does some of the work. True: there is more, queue the job again behind the others. A panic
    /// ends the job, not the thread.
    fn run(self: Arc<Self>) -> bool;

    /// Did it occupy its worker only briefly each time? This is the expectation for the next time.
    fn is_short_running(&self) -> bool {
        true
    }
}

/// The numbers of threads of a pool.
#[derive(Clone, Copy)]
pub(super) struct Sizes {
    pub(super) name: &'static str,
    /// This many stay.
    pub(super) base: usize,
    /// Up to this many, a job that finds no free worker gets a new one at once; beyond, only if all
    /// of them block.
    pub(super) eager: usize,
    pub(super) max: usize,
    /// Workers beyond the base end after this time without work.
    pub(super) linger: Duration,
}

impl Sizes {
    /// One thread, for jobs that must not run concurrently.
    pub(super) const DELIVERY: Sizes = Sizes {
        name: "nats-delivery",
        base: 1,
        eager: 1,
        max: 1,
        linger: Duration::ZERO,
    };

    /// For what blocks while a connection is made. Servers that are slow with one connection must
    /// not hold up the others.
    pub(super) const DIALERS: Sizes = Sizes {
        name: "nats-dial",
        base: 0,
        eager: 4,
        max: 512,
        linger: Duration::from_secs(1),
    };

    /// For sockets and callbacks: a thread for each processor, within limits, one for the sockets,
    /// and more when callbacks block.
    pub(super) fn elastic(processors: usize) -> Sizes {
        let base = processors.clamp(2, 4) + 1;
        Sizes {
            name: ELASTIC,
            base,
            eager: base,
            max: 512 + 1,
            linger: Duration::from_secs(5),
        }
    }
}

/// A pool of threads that run jobs.
pub struct Dispatcher {
    pub(super) pool: Arc<Pool>,
}

impl Dispatcher {
    pub(super) fn new(sizes: Sizes, threads: Arc<Threads>, timers: Timers) -> Self {
        Self::with_io(sizes, threads, timers, None)
    }

    /// A pool that watches sockets, from [`start`](Self::start) on.
    pub(super) fn watching(
        sizes: Sizes,
        threads: Arc<Threads>,
        timers: Timers,
        io: Arc<Io>,
    ) -> Self {
        Self::with_io(sizes, threads, timers, Some(io))
    }

    fn with_io(sizes: Sizes, threads: Arc<Threads>, timers: Timers, io: Option<Arc<Io>>) -> Self {
        Dispatcher {
            pool: Arc::new(Pool::new(sizes, threads, timers, io)),
        }
    }

    /// Starts the first workers: one to watch the sockets, and one to run what it finds. More are
    /// started on demand, but without these two nothing would ever be delivered.
    pub(super) fn start(&self) -> Result<()> {
        for _ in 0..2 {
            self.pool.lock().count_starting(1);
            self.pool.spawn_worker()?;
        }
        Ok(())
    }

    /// Queues a job behind all others. Never waits for it. A thread that calls it while watching
    /// sockets usually runs the job itself when it is done with what it found there.
    pub fn submit(&self, job: Arc<dyn Job>) {
        if forked() {
            return;
        }
        let Some(job) = self.pool.keep(job) else {
            return;
        };
        let mut state = self.pool.lock();
        state.start_failed = false;
        state.jobs.push(job);
    }

    /// Ends the threads once the queue is empty. A job that is submitted later still runs.
    pub(super) fn stop(&self) {
        if forked() {
            return;
        }
        let mut state = self.pool.lock();
        state.stop = true;
        let idle = state.wake_all();
        drop(state);
        for worker in idle {
            worker.wake.notify_one();
        }
    }
}

impl Drop for Dispatcher {
    fn drop(&mut self) {
        self.stop();
    }
}
