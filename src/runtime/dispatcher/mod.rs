//! Pools of threads that run jobs: one mechanism for the elastic pool of the callbacks, for the
//! lanes of one thread each, and for the dialers.
//!
//! A job is queued once and may ask to be queued again, at the back; so each gets its turn. Jobs
//! may block for as long as they like, and then the pool grows (`growth`).
//!
//! In the pool of the callbacks, workers with nothing to do watch the sockets, two of them at a
//! time. What one of them finds there it runs itself, at once: the message is in its cache, and
//! nobody has to be woken, since the other one goes on watching. The last one that watches never
//! leaves: what it finds it queues for the others. So however long callbacks take and however many
//! there are, the sockets are looked after.
//!
//! Nor are quick callbacks held up by those that take long. Who has not been [quick](Job::is_quick)
//! so far is run by all workers but one: that one is left to the quick ones, and to the growth of
//! the pool it is as good as busy.
//!
//! Workers that run dry sleep at once: spinning for 20 µs was tried and, on a machine of two busy
//! cores, doubled the CPU time without making anything sooner.
//!
//! # A job that waits is never forgotten
//!
//! A worker is *free* if it sleeps, or watches the sockets together with another one. One that has
//! been woken, or called away from the sockets, or has begun, is *called*: the next thing that it
//! does under the lock is to look at the queue. The same is true of one whose job has ended. With
//! this, whenever the lock is free and a job is in the queue, one of the following holds:
//!
//! 1. A worker has been called and has not had the lock since (`State::woken`, `State::called`).
//! 2. No worker that may run the job is free. Then a check is pending (`State::check_pending`),
//!    which starts more workers if the job still waits and the others block, or the pool has all the
//!    workers that it may have. Below `Sizes::eager` a worker is started at once as well
//!    (`State::starting`); but nothing rests on its beginning, since the program's function for new
//!    threads runs before it and may keep it.
//!
//! Why it holds: the state can be had only as a `Locked`, and that, before it lets go of the
//! lock, looks whether there is a job for which neither is true, and makes one of them true
//! (`Pool::calls`). So it does not matter which of the facts a critical section has changed: a job
//! queued, taken or put back; a worker that has begun to run, watch, sleep, or has left; a slow job
//! that has ended, so that another one may run.
//!
//! Why that is enough: 1 ends with a critical section in which the called worker takes a job, if
//! there is one that it may take, and at whose end the invariant holds again: with more jobs the next
//! worker is called, and so on until no job waits or nobody is free. 2 ends with the check, with a
//! job's end, or with a worker that becomes free; the last two look at the queue before that. What is called
//! does come: a sleeper is taken off the list together with its wake, and `called` is set before
//! `Io::wake`, which ends a turn that begins or goes on after it. It is cleared by any
//! watcher that comes back from a turn, perhaps not the one that is on its way; but that one looks too.
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

    /// Has it left its worker soon each time? It is what one expects of it the next time.
    fn is_quick(&self) -> bool {
        true
    }
}

/// How many threads a pool has.
#[derive(Clone, Copy)]
pub(super) struct Sizes {
    pub(super) name: &'static str,
    /// So many stay.
    pub(super) base: usize,
    /// Up to so many, a job that finds no free worker gets a new one at once; beyond, only when all
    /// of them block.
    pub(super) eager: usize,
    pub(super) max: usize,
    /// Workers beyond the base leave after so long without work.
    pub(super) linger: Duration,
}

impl Sizes {
    /// One thread, for jobs that must not run two at a time.
    pub(super) const LANE: Sizes = Sizes {
        name: "nats-lane",
        base: 1,
        eager: 1,
        max: 1,
        linger: Duration::ZERO,
    };

    /// For what blocks while a connection is made. Servers that take their time with one connection
    /// must not hold up the others.
    pub(super) const DIALERS: Sizes = Sizes {
        name: "nats-dial",
        base: 0,
        eager: 4,
        max: 512,
        linger: Duration::from_secs(1),
    };

    /// For sockets and callbacks: a thread for each processor, within reason, one for the sockets,
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

    /// Starts the first workers: one to watch the sockets, and one to run what it finds. More are a
    /// matter of need, but without these two nothing would ever be delivered.
    pub(super) fn start(&self) -> Result<()> {
        for _ in 0..2 {
            self.pool.lock().count_starting(1);
            self.pool.spawn_worker()?;
        }
        Ok(())
    }

    /// Queues a job behind all others. Never waits for one. Who calls it while watching sockets
    /// will, as a rule, run the job itself when it is done with what it found there.
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
