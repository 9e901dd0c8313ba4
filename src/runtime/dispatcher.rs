//! Pools of threads that run jobs: one mechanism for the elastic pool of the callbacks, for the
//! lanes of one thread each, and for the dialers.
//!
//! A job is queued once and may ask to be queued again, at the back; so each gets its turn. Jobs
//! may block for as long as they like, and then the pool grows (`growth`).
//!
//! Waking: a worker that was woken or has begun, and so is going to look at the queue, is *searching*.
//! While there is one, submitting a job wakes nobody. A searching worker that finds a job passes
//! the search on if there are more. Workers that run dry sleep at once: spinning for 20 µs was tried
//! and, on a machine of two busy cores, doubled the CPU time without making anything sooner.
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

mod growth;
mod jobs;

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::time::Duration;

use parking_lot::{Condvar, Mutex, MutexGuard};

use self::jobs::{Jobs, Taken};
use super::guarded;
use super::io::{Io, Turns};
use super::library::forked;
use super::runnable::Probe;
use super::threads::{ELASTIC, Threads};
use super::timers::Timers;
use crate::error::Result;

/// How many workers with nothing to do watch the sockets.
const WATCHERS: usize = 2;

thread_local! {
    /// The pool whose sockets this thread watches, as a number that no other pool has; 0 for none.
    static WATCHES: Cell<usize> = const { Cell::new(0) };
    /// The job that it is going to run itself when it is done with the sockets. Set by the pool's
    /// own threads only, so it may have a destructor ([`crate::nesting`]).
    static OWN: Cell<Option<Arc<dyn Job>>> = const { Cell::new(None) };
    static HAS_OWN: Cell<bool> = const { Cell::new(false) };
}

/// Has the calling thread, which found it in a socket, a job to run? Then it should not read on:
/// another thread can do that meanwhile.
pub fn has_found_job() -> bool {
    HAS_OWN.get()
}

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
    name: &'static str,
    /// So many stay.
    base: usize,
    /// Up to so many, a job that finds no free worker gets a new one at once; beyond, only when all
    /// of them block.
    eager: usize,
    max: usize,
    /// Workers beyond the base leave after so long without work.
    linger: Duration,
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
    pool: Arc<Pool>,
}

struct Pool {
    sizes: Sizes,
    threads: Arc<Threads>,
    timers: Timers,
    /// What workers with nothing to do watch.
    io: Option<Arc<Io>>,
    state: Mutex<State>,
    /// As in the state, to be read without the lock.
    watching: AtomicUsize,
}

#[derive(Default)]
struct State {
    jobs: Jobs,
    /// How many workers run jobs that are not quick.
    others_running: usize,
    /// The workers that run, and how many there are together with those about to start.
    workers: Vec<Arc<Worker>>,
    count: usize,
    /// The sleepers. The last one to lie down is the first to be woken: its caches are warm, and
    /// the others get the rest that it takes to leave.
    idle: Vec<Arc<Worker>>,
    searching: usize,
    /// How many have been started and not begun: the program's function for new threads may keep them.
    starting: usize,
    /// How many watch the sockets. Once it is not zero it never becomes so again, before the end.
    watching: usize,
    /// One of them has been called to the queue.
    called: bool,
    check_pending: bool,
    /// How many checks in a row have found all workers blocked.
    blocked: u32,
    stop: bool,
}

/// One thread of a pool.
#[derive(Default)]
struct Worker {
    wake: Condvar,
    /// Somebody has taken this worker off the list of sleepers. Only used under the pool's lock.
    woken: AtomicBool,
    /// It runs a job.
    running: AtomicBool,
    /// Tells whether the worker computes or waits.
    probe: Probe,
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
        let pool = Pool {
            sizes,
            threads,
            timers,
            io,
            state: Mutex::default(),
            watching: AtomicUsize::new(0),
        };
        Dispatcher {
            pool: Arc::new(pool),
        }
    }

    /// Starts the first workers: one to watch the sockets, and one to run what it finds. More are a
    /// matter of need, but without these two nothing would ever be delivered.
    pub(super) fn start(&self) -> Result<()> {
        for _ in 0..2 {
            self.pool.spawn_worker(self.pool.state.lock())?;
        }
        Ok(())
    }

    /// Queues a job behind all others. Never waits for one. Who calls it while watching sockets
    /// will, as a rule, run the job itself when it is done with what it found there.
    pub fn submit(&self, job: Arc<dyn Job>) {
        if forked() {
            return;
        }
        if job.is_quick() && self.pool.can_keep() {
            OWN.set(Some(job));
            HAS_OWN.set(true);
            return;
        }
        let mut state = self.pool.state.lock();
        state.jobs.push(job);
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
        drop(state);
        if let Some(io) = &self.pool.io {
            io.wake();
        }
    }
}

impl Drop for Dispatcher {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Pool {
    /// Sees to it that somebody is going to look at the queue, if there is something in it.
    fn call_worker(self: &Arc<Self>, mut state: MutexGuard<'_, State>) {
        if state.jobs.is_empty() || state.searching > 0 {
            return;
        }
        if !state.jobs.has(self.takes_others(&state)) {
            return self.grow(state);
        }
        if let Some(worker) = state.idle.pop() {
            state.searching += 1;
            worker.woken.store(true, Relaxed);
            drop(state);
            worker.wake.notify_one();
        } else if let (Some(io), true) = (&self.io, state.watching > 1) {
            if !std::mem::replace(&mut state.called, true) {
                drop(state);
                io.wake();
            }
        } else {
            self.grow(state);
        }
    }

    /// Something waits that nobody is free for.
    fn grow(self: &Arc<Self>, state: MutexGuard<'_, State>) {
        if state.count < self.sizes.eager {
            if state.starting == 0 {
                self.start_worker(state);
            }
        } else if state.count < self.sizes.max {
            self.check_later(state);
        }
    }

    /// May one more worker run a job that is not quick? One watches the sockets, one is left to the
    /// quick jobs.
    fn takes_others(&self, state: &State) -> bool {
        self.io.is_none()
            || state.stop
            || state.others_running < state.count.saturating_sub(2).max(1)
    }

    fn start_worker(self: &Arc<Self>, state: MutexGuard<'_, State>) {
        if self.spawn_worker(state).is_err() {
            // Another worker may come to the job, and if there is none, the check tries again.
            self.check_later(self.state.lock());
        }
    }

    fn spawn_worker(self: &Arc<Self>, mut state: MutexGuard<'_, State>) -> Result<()> {
        state.count += 1;
        state.starting += 1;
        drop(state);
        let pool = self.clone();
        let spawned = self.threads.spawn(self.sizes.name, move || pool.work());
        if spawned.is_err() {
            let mut state = self.state.lock();
            state.count -= 1;
            state.starting -= 1;
        }
        spawned
    }

    /// The life of a worker.
    fn work(self: Arc<Self>) {
        let mut me = Worker::default();
        if self.sizes.max > self.sizes.eager {
            me.probe = Probe::of_this_thread();
        }
        let me = Arc::new(me);
        let mut turns = Turns::new();
        let mut state = self.state.lock();
        state.workers.push(me.clone());
        state.starting -= 1;
        state.searching += 1;
        // As is counted; by whoever woke this worker, later.
        let mut searching = true;
        // It has put a job back, for which nobody else has been called.
        let mut requeued = false;
        loop {
            if let Some(taken) = self.next_job(&mut state) {
                let searched = std::mem::take(&mut searching);
                state.searching -= usize::from(searched);
                if searched || requeued {
                    self.call_worker(state);
                } else {
                    drop(state);
                }
                (state, requeued) = self.run(taken, &me);
                continue;
            }
            requeued = false;
            if std::mem::take(&mut searching) {
                state.searching -= 1;
            }
            if state.stop {
                break;
            }
            match &self.io {
                Some(io) if state.watching < WATCHERS => {
                    state = match self.watch(state, io, &mut turns) {
                        (state, None) => state,
                        (state, Some(job)) => {
                            drop(state);
                            let ran = self.run(Taken { job, quick: true }, &me);
                            requeued = ran.1;
                            ran.0
                        }
                    };
                }
                // What waits is not for this worker.
                _ if !state.jobs.is_empty()
                    && !state.check_pending
                    && state.count < self.sizes.max =>
                {
                    self.grow(state);
                    state = self.state.lock();
                }
                _ => {
                    if !self.sleep(&mut state, &me) {
                        break;
                    }
                    searching = true;
                }
            }
        }
        state.count -= 1;
        state.workers.retain(|worker| !Arc::ptr_eq(worker, &me));
        drop(state);
        self.threads.join_finished();
    }

    /// The next job for a worker; none for who alone could watch the sockets.
    fn next_job(&self, state: &mut State) -> Option<Taken> {
        if self.io.is_some() && state.watching == 0 && !state.stop {
            return None;
        }
        let others = self.takes_others(state);
        let taken = state.jobs.pop(others)?;
        state.others_running += usize::from(!taken.quick);
        Some(taken)
    }

    /// Runs a job, and tells whether it was queued again.
    fn run(&self, taken: Taken, me: &Worker) -> (MutexGuard<'_, State>, bool) {
        let Taken { job, quick } = taken;
        me.running.store(true, Relaxed);
        let unfinished = guarded(move || job.clone().run().then_some(job)).flatten();
        me.running.store(false, Relaxed);
        let mut state = self.state.lock();
        state.others_running -= usize::from(!quick);
        // This worker comes back for it itself, unless there is another job that is older.
        let requeued = unfinished.is_some();
        if let Some(job) = unfinished {
            state.jobs.push(job);
        }
        (state, requeued)
    }

    /// Watches the sockets until there is something else to do: a job that was found there, which
    /// is returned, or one in the queue.
    fn watch<'a>(
        self: &'a Arc<Self>,
        mut state: MutexGuard<'a, State>,
        io: &Io,
        turns: &mut Turns,
    ) -> (MutexGuard<'a, State>, Option<Arc<dyn Job>>) {
        self.count_watchers(&mut state, 1);
        // What is in the queue although this worker came here, it could not take.
        self.call_worker(state);
        WATCHES.set(self.number());
        let found = loop {
            io.turn(turns);
            let found = OWN.take();
            HAS_OWN.set(false);
            state = self.state.lock();
            state.called = false;
            let others = state.watching > 1 || state.stop;
            match found {
                Some(job) if others => break Some(job),
                // The other one has found something in the same moment.
                Some(job) => state.jobs.push(job),
                None if others && state.jobs.has(self.takes_others(&state)) || state.stop => {
                    break None;
                }
                None => {}
            }
            self.call_worker(state);
        };
        WATCHES.set(0);
        self.count_watchers(&mut state, -1);
        if found.is_some() && !state.jobs.is_empty() {
            // It may be the one that was called for those.
            self.call_worker(state);
            state = self.state.lock();
        }
        if state.stop && state.watching > 0 {
            // They learn of it one after the other.
            io.wake();
        }
        (state, found)
    }

    fn count_watchers(&self, state: &mut State, change: isize) {
        state.watching = state.watching.saturating_add_signed(change);
        self.watching.store(state.watching, Relaxed);
    }

    /// May the calling thread keep a job to run it itself?
    fn can_keep(&self) -> bool {
        WATCHES.get() == self.number() && !HAS_OWN.get() && self.watching.load(Relaxed) > 1
    }

    /// What no other pool has, nor 0.
    fn number(&self) -> usize {
        std::ptr::from_ref(self) as usize
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
