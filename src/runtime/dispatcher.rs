//! Pools of threads that run jobs: one mechanism for the elastic pool of the callbacks, for the
//! lanes of one thread each, and for the dialers.
//!
//! A job is queued once and may ask to be queued again, at the back; so each gets its turn. Jobs
//! may block for as long as they like, and then the pool grows: a check, a few milliseconds after
//! a job found nobody free to take it, looks whether it still waits, and what the workers do. If
//! they wait for something, more are started; if they compute, there is just much to do, which many
//! more threads than processors would not make faster.
//!
//! Waking: a worker that was woken or is new, and so is going to look at the queue, is *searching*.
//! While there is one, submitting a job wakes nobody. A searching worker that finds a job passes
//! the search on if there are more. Workers that run dry sleep at once: spinning for 20 µs was tried
//! and, on a machine of two busy cores, doubled the CPU time without making anything sooner.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use parking_lot::{Condvar, Mutex, MutexGuard};

use super::guarded;
use super::library::forked;
use super::runnable::Probe;
use super::threads::{ELASTIC, Threads};
use super::timers::Timers;

/// How long a job may wait before the pool grows.
const PATIENCE: Duration = Duration::from_millis(3);

/// How many workers one check starts at most.
const STEP: usize = 16;

/// So many checks in a row must find the workers blocked before more than one is started at a time:
/// on a busy machine, callbacks that wait for a lock of the program look the same for a moment.
const CERTAIN: u32 = 4;

/// How many workers a pool may have while they compute, in multiples of its base.
const COMPUTING: usize = 4;

/// A worker that has done so many jobs between two checks does not wait for anything but the queue.
const QUICK: u64 = 4;

/// How many workers a check has a look at.
const SAMPLE: usize = 8;

/// Something to run on a thread of a pool.
pub trait Job: Send + Sync + 'static {
    /// Does some of the work. True: there is more, queue the job again behind the others. A panic
    /// ends the job, not the thread.
    fn run(self: Arc<Self>) -> bool;
}

/// How many threads a pool has.
#[derive(Clone, Copy)]
pub(super) struct Sizes {
    name: &'static str,
    /// So many are started as soon as there is work, and stay.
    base: usize,
    max: usize,
    /// Workers beyond the base leave after so long without work.
    linger: Duration,
    /// Up to the maximum, a job that finds no free worker gets a new one at once.
    eager: bool,
}

impl Sizes {
    /// One thread, for jobs that must not run two at a time.
    pub(super) const LANE: Sizes = Sizes {
        name: "nats-lane",
        base: 1,
        max: 1,
        linger: Duration::ZERO,
        eager: false,
    };

    /// For what blocks while a connection is made.
    pub(super) const DIALERS: Sizes = Sizes {
        name: "nats-dial",
        base: 0,
        max: 4,
        linger: Duration::from_secs(1),
        eager: true,
    };

    /// For callbacks: a thread for each processor, within reason, and more when they block.
    pub(super) fn elastic() -> Sizes {
        let cores = std::thread::available_parallelism().map_or(1, |n| n.get());
        Sizes {
            name: ELASTIC,
            base: cores.clamp(2, 4),
            max: 512,
            linger: Duration::from_secs(5),
            eager: false,
        }
    }
}

/// A pool of threads that run jobs.
pub struct Dispatcher {
    pool: Arc<Pool>,
}

struct Pool {
    sizes: Sizes,
    threads: Arc<Threads>,
    timers: Timers,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Arc<dyn Job>>,
    /// The workers that run, and how many there are together with those about to start.
    workers: Vec<Arc<Worker>>,
    count: usize,
    /// The sleepers. The last one to lie down is the first to be woken: its caches are warm, and
    /// the others get the rest that it takes to leave.
    idle: Vec<Arc<Worker>>,
    searching: usize,
    /// How many jobs were ever queued, and how many of them were taken. They tell how long a job
    /// has waited without a look at the clock for each.
    pushed: u64,
    taken: u64,
    check_pending: bool,
    /// How many checks in a row have found the workers blocked.
    blocked: u32,
    stop: bool,
}

/// One thread of a pool.
#[derive(Default)]
struct Worker {
    wake: Condvar,
    /// Somebody has taken this worker off the list of sleepers. Only used under the pool's lock.
    woken: AtomicBool,
    /// Tells whether the worker computes or waits.
    probe: Probe,
}

impl Dispatcher {
    pub(super) fn new(sizes: Sizes, threads: Arc<Threads>, timers: Timers) -> Self {
        let pool = Pool {
            sizes,
            threads,
            timers,
            state: Mutex::default(),
        };
        Dispatcher {
            pool: Arc::new(pool),
        }
    }

    /// Queues a job behind all others. Never waits for one.
    pub fn submit(&self, job: Arc<dyn Job>) {
        if forked() {
            return;
        }
        let mut state = self.pool.state.lock();
        state.push(job);
        self.pool.call_worker(state);
    }

    /// Ends the threads once the queue is empty. A job that is submitted later still runs.
    pub(super) fn stop(&self) {
        if forked() {
            return;
        }
        let mut state = self.pool.state.lock();
        state.stop = true;
        let idle = std::mem::take(&mut state.idle);
        state.searching += idle.len();
        for worker in idle {
            worker.woken.store(true, Relaxed);
            worker.wake.notify_one();
        }
    }
}

impl Drop for Dispatcher {
    fn drop(&mut self) {
        self.stop();
    }
}

impl State {
    fn push(&mut self, job: Arc<dyn Job>) {
        self.queue.push_back(job);
        self.pushed += 1;
    }

    fn pop(&mut self) -> Option<Arc<dyn Job>> {
        let job = self.queue.pop_front()?;
        self.taken += 1;
        Some(job)
    }
}

impl Pool {
    /// Sees to it that somebody is going to look at the queue, if there is something in it.
    fn call_worker(self: &Arc<Self>, mut state: MutexGuard<'_, State>) {
        if state.queue.is_empty() || state.searching > 0 {
            return;
        }
        if let Some(worker) = state.idle.pop() {
            state.searching += 1;
            worker.woken.store(true, Relaxed);
            drop(state);
            worker.wake.notify_one();
        } else if state.count < self.sizes.base
            || (self.sizes.eager && state.count < self.sizes.max)
        {
            self.start_worker(state);
        } else if state.count < self.sizes.max {
            self.check_later(state);
        }
    }

    fn start_worker(self: &Arc<Self>, mut state: MutexGuard<'_, State>) {
        state.count += 1;
        state.searching += 1;
        drop(state);
        let pool = self.clone();
        if self
            .threads
            .spawn(self.sizes.name, move || pool.work())
            .is_err()
        {
            // Another worker may come to the job, and if there is none, the check tries again.
            let mut state = self.state.lock();
            state.count -= 1;
            state.searching -= 1;
            self.check_later(state);
        }
    }

    fn check_later(self: &Arc<Self>, mut state: MutexGuard<'_, State>) {
        if state.check_pending {
            return;
        }
        state.check_pending = true;
        let (pushed, taken) = (state.pushed, state.taken);
        drop(state);
        let pool = self.clone();
        self.timers
            .after(PATIENCE, Box::new(move || pool.check(pushed, taken)));
    }

    /// Starts more workers if the job that found none free still waits. The numbers are those of
    /// the time when it was queued.
    fn check(self: &Arc<Self>, pushed: u64, taken: u64) {
        let mut state = self.state.lock();
        state.check_pending = false;
        if state.queue.is_empty() {
            state.blocked = 0;
            return;
        }
        if state.taken < pushed {
            let done = state.taken - taken;
            for _ in 0..self.growth(state, done) {
                self.start_worker(self.state.lock());
            }
        } else {
            drop(state);
        }
        // Something waits still, or again.
        self.check_later(self.state.lock());
    }

    /// How many more workers to start, when the ones there are have done so many jobs of late.
    fn growth(&self, state: MutexGuard<'_, State>, done: u64) -> usize {
        let (count, queued) = (state.count, state.queue.len());
        let step = state.workers.len().div_ceil(SAMPLE).max(1);
        // Not always the same ones.
        let first = state.taken as usize % step;
        let sample: Vec<_> = state
            .workers
            .iter()
            .skip(first)
            .step_by(step)
            .cloned()
            .collect();
        drop(state);
        // Who is quick but waits for the lock of the queue must not be taken for one that blocks.
        let quick = done >= QUICK * count as u64;
        let runnable = |worker: &&Arc<Worker>| worker.probe.is_runnable();
        let compute = quick || sample.iter().filter(runnable).count() * 2 > sample.len();
        let mut state = self.state.lock();
        state.blocked = if compute { 0 } else { state.blocked + 1 };
        let wanted = if compute {
            usize::from(count < self.sizes.base * COMPUTING)
        } else if state.blocked < CERTAIN {
            1
        } else {
            (queued / 2).clamp(1, STEP)
        };
        wanted.min(self.sizes.max.saturating_sub(count))
    }

    /// The life of a worker.
    fn work(self: Arc<Self>) {
        let mut me = Worker::default();
        if self.sizes.max > self.sizes.base && !self.sizes.eager {
            me.probe = Probe::of_this_thread();
        }
        let me = Arc::new(me);
        let mut state = self.state.lock();
        state.workers.push(me.clone());
        // As whoever started or woke this worker has counted.
        let mut searching = true;
        loop {
            if let Some(job) = state.pop() {
                if std::mem::take(&mut searching) {
                    state.searching -= 1;
                    self.call_worker(state);
                } else {
                    drop(state);
                }
                let unfinished = guarded(move || job.clone().run().then_some(job)).flatten();
                state = self.state.lock();
                if let Some(job) = unfinished {
                    // This worker comes back for it itself, unless there is other work as well,
                    // which has been seen to already.
                    state.push(job);
                }
            } else if state.stop {
                break;
            } else {
                if std::mem::take(&mut searching) {
                    state.searching -= 1;
                }
                if !self.sleep(&mut state, &me) {
                    break;
                }
                searching = true;
            }
        }
        if searching {
            state.searching -= 1;
        }
        state.count -= 1;
        state.workers.retain(|worker| !Arc::ptr_eq(worker, &me));
        drop(state);
        self.threads.join_finished();
    }

    /// Sleeps until somebody wakes this worker. False if it is one too many and should leave.
    fn sleep(&self, state: &mut MutexGuard<'_, State>, me: &Arc<Worker>) -> bool {
        me.woken.store(false, Relaxed);
        state.idle.push(me.clone());
        loop {
            let time_out = if state.count > self.sizes.base {
                me.wake.wait_for(state, self.sizes.linger).timed_out()
            } else {
                me.wake.wait(state);
                false
            };
            if me.woken.load(Relaxed) {
                return true;
            }
            if time_out && state.count > self.sizes.base {
                state.idle.retain(|worker| !Arc::ptr_eq(worker, me));
                return false;
            }
        }
    }
}

#[cfg(test)]
#[path = "dispatcher_tests.rs"]
mod tests;
