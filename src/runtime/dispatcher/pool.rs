//! A pool, and the life of its workers.

use std::cell::Cell;
use std::sync::Arc;

use super::super::guarded;
use super::super::io::{Io, Turns};
use super::super::runnable::Probe;
use super::super::sync::{AtomicBool, AtomicUsize, Condvar, Mutex, Relaxed, thread_local};
use super::super::threads::Threads;
use super::super::timers::Timers;
use super::jobs::Taken;
use super::state::{Locked, State};
use super::{Job, Sizes};
use crate::error::Result;

/// The number of idle workers that watch the sockets.
const WATCHERS: usize = 2;

thread_local! {
    /// The pool whose sockets this thread watches, as a number that no other pool has; 0 for none.
    static WATCHES: Cell<usize> = const { Cell::new(0) };
    /// The job that this thread will run itself when it is done with the sockets. Set by the pool's
    /// own threads only, so it may have a destructor ([`crate::reentrancy`]).
    static OWN: Cell<Option<Arc<dyn Job>>> = const { Cell::new(None) };
    static HAS_OWN: Cell<bool> = const { Cell::new(false) };
}

/// Does the calling thread have a job to run that it found in a socket? Then it should stop
/// reading: another thread can continue meanwhile.
pub fn has_found_job() -> bool {
    HAS_OWN.get()
}

pub(in super::super) struct Pool {
    pub(in super::super) sizes: Sizes,
    threads: Arc<Threads>,
    pub(super) timers: Timers,
    /// The sockets that idle workers watch.
    pub(super) io: Option<Arc<Io>>,
    pub(in super::super) state: Mutex<State>,
    /// As in the state, readable without the lock.
    watching: AtomicUsize,
}

/// One thread of a pool.
#[derive(Default)]
pub(in super::super) struct Worker {
    pub(super) wake: Condvar,
    /// Another thread has removed this worker from the list of sleepers. Only used under the pool's
    /// lock.
    pub(super) woken: AtomicBool,
    /// It runs a job.
    pub(super) running: AtomicBool,
    /// Shows whether the worker computes or waits.
    pub(super) probe: Probe,
}

impl Pool {
    pub(super) fn new(
        sizes: Sizes,
        threads: Arc<Threads>,
        timers: Timers,
        io: Option<Arc<Io>>,
    ) -> Self {
        Pool {
            sizes,
            threads,
            timers,
            io,
            state: Mutex::default(),
            watching: AtomicUsize::new(0),
        }
    }

    /// The only way to change the state.
    pub(in super::super) fn lock(self: &Arc<Self>) -> Locked<'_> {
        Locked::new(self)
    }

    /// Starts a worker that was counted.
    pub(super) fn spawn_worker(self: &Arc<Self>) -> Result<()> {
        let pool = self.clone();
        let spawned = self.threads.spawn(self.sizes.name, move || pool.work());
        if spawned.is_err() {
            let mut state = self.lock();
            state.count -= 1;
            state.starting -= 1;
            state.start_failed = true;
        }
        spawned
    }

    /// The life of a worker. Whenever it gets the lock, it checks the queue first.
    fn work(self: Arc<Self>) {
        let mut me = Worker::default();
        if self.sizes.max > self.sizes.eager {
            me.probe = Probe::of_this_thread();
        }
        let me = Arc::new(me);
        let mut turns = Turns::new();
        let mut state = self.lock();
        state.starting -= 1;
        state.workers.push(me.clone());
        loop {
            if let Some(taken) = self.next_job(&mut state) {
                drop(state);
                state = self.run(taken, &me);
            } else if state.stop {
                break;
            } else if let Some(io) = &self.io
                && state.watching < WATCHERS
            {
                let found;
                (state, found) = self.watch(state, io, &mut turns);
                if let Some(job) = found {
                    drop(state);
                    let short_running = true;
                    state = self.run(Taken { job, short_running }, &me);
                }
            } else if state.is_settled() && !self.sleep(&mut state, &me) {
                break;
            }
        }
        state.count -= 1;
        state.workers.retain(|worker| !Arc::ptr_eq(worker, &me));
        drop(state);
        self.threads.join_finished();
    }

    /// The next job for a worker; none for the last one that can watch the sockets.
    fn next_job(&self, state: &mut State) -> Option<Taken> {
        if self.io.is_some() && state.watching == 0 && !state.stop {
            return None;
        }
        let others = self.takes_others(state);
        let taken = state.jobs.pop(others)?;
        state.others_running += usize::from(!taken.short_running);
        Some(taken)
    }

    /// Runs a job, and queues it again if there is more of it: for this worker, which checks the
    /// queue next, unless another job is older.
    fn run(self: &Arc<Self>, taken: Taken, me: &Worker) -> Locked<'_> {
        let Taken { job, short_running } = taken;
        me.running.store(true, Relaxed);
        let unfinished = guarded(move || job.clone().run().then_some(job)).flatten();
        me.running.store(false, Relaxed);
        let mut state = self.lock();
        state.others_running -= usize::from(!short_running);
        if let Some(job) = unfinished {
            state.jobs.push(job);
        }
        state
    }

    /// Watches the sockets until there is something else to do: a job that was found there, which
    /// is returned, or one in the queue.
    fn watch<'a>(
        self: &'a Arc<Self>,
        mut state: Locked<'a>,
        io: &Io,
        turns: &mut Turns,
    ) -> (Locked<'a>, Option<Arc<dyn Job>>) {
        self.count_watchers(&mut state, 1);
        WATCHES.set(self.number());
        let found = loop {
            drop(state);
            io.turn(turns);
            let found = OWN.take();
            HAS_OWN.set(false);
            state = self.lock();
            state.called = false;
            let others = state.watching > 1 || state.stop;
            match found {
                Some(job) if others => break Some(job),
                // The other watcher found something in the same moment.
                Some(job) => state.jobs.push(job),
                None if others && state.jobs.has(self.takes_others(&state)) || state.stop => {
                    break None;
                }
                None => {}
            }
        };
        WATCHES.set(0);
        self.count_watchers(&mut state, -1);
        (state, found)
    }

    fn count_watchers(&self, state: &mut State, change: isize) {
        state.watching = state.watching.saturating_add_signed(change);
        self.watching.store(state.watching, Relaxed);
    }

    /// Keeps a job for the calling thread if that watches the sockets; else returns it.
    pub(super) fn keep(&self, job: Arc<dyn Job>) -> Option<Arc<dyn Job>> {
        if job.is_short_running()
            && WATCHES.get() == self.number()
            && !HAS_OWN.get()
            && self.watching.load(Relaxed) > 1
        {
            OWN.set(Some(job));
            HAS_OWN.set(true);
            return None;
        }
        Some(job)
    }

    /// A number that no other pool has, and not 0.
    fn number(&self) -> usize {
        std::ptr::from_ref(self) as usize
    }

    /// Sleeps until another thread wakes this worker. False if the worker is superfluous and should
    /// end.
    fn sleep(&self, state: &mut Locked<'_>, me: &Arc<Worker>) -> bool {
        me.woken.store(false, Relaxed);
        state.idle.push(me.clone());
        loop {
            let time_out = if state.count > self.sizes.base {
                me.wake
                    .wait_for(state.guard(), self.sizes.linger)
                    .timed_out()
            } else {
                me.wake.wait(state.guard());
                false
            };
            if me.woken.load(Relaxed) {
                state.woken -= 1;
                return true;
            }
            if time_out && state.count > self.sizes.base {
                state.idle.retain(|worker| !Arc::ptr_eq(worker, me));
                return false;
            }
        }
    }
}
