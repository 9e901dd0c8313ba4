//! The state of a pool, and which workers are called when it has changed.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use super::super::sync::{MutexGuard, Relaxed};
use super::jobs::Jobs;
use super::pool::{Pool, Worker};

#[derive(Default)]
pub(in super::super) struct State {
    pub(in super::super) jobs: Jobs,
    /// The number of workers that run jobs that are not short-running.
    pub(super) others_running: usize,
    /// The workers that run, and their number together with those about to start.
    pub(in super::super) workers: Vec<Arc<Worker>>,
    pub(in super::super) count: usize,
    /// The number of workers that were started and have not begun: the program's thread-started callback may keep
    /// them.
    pub(super) starting: usize,
    /// The last attempt to start one failed. The next is made by a check, or for a new job.
    pub(super) start_failed: bool,
    /// The sleepers. The last one to fall asleep is the first to be woken: its caches are warm, and
    /// the others stay idle long enough to end.
    pub(in super::super) idle: Vec<Arc<Worker>>,
    /// The number of workers that were woken and have not had the lock since.
    pub(in super::super) woken: usize,
    /// The number of workers that watch the sockets. Once it is not zero it does not become zero
    /// again before the end.
    pub(in super::super) watching: usize,
    /// One of the watchers was called to the queue, and none has returned from the sockets since.
    pub(super) called: bool,
    pub(super) check_pending: bool,
    /// There are no checks any more, because the timers have ended. Workers are started at once.
    pub(super) unchecked: bool,
    /// The number of checks in a row that found all workers blocked.
    pub(super) blocked: u32,
    pub(super) stop: bool,
}

impl State {
    /// Counts workers that are about to be started.
    pub(super) fn count_starting(&mut self, n: usize) {
        self.count += n;
        self.starting += n;
    }

    /// Removes a worker from the sleepers, to be woken once the lock is free.
    fn wake_one(&mut self) -> Option<Arc<Worker>> {
        let worker = self.idle.pop()?;
        self.woken += 1;
        worker.woken.store(true, Relaxed);
        Some(worker)
    }

    pub(super) fn wake_all(&mut self) -> Vec<Arc<Worker>> {
        std::iter::from_fn(|| self.wake_one()).collect()
    }
}

/// What remains to be done, without the lock, for the jobs that wait.
#[derive(Default)]
pub(super) struct Calls {
    pub(super) wake: Option<Arc<Worker>>,
    pub(super) watcher: bool,
    pub(super) start: bool,
    pub(super) check: Option<CheckFor>,
}

impl Calls {
    fn any(&self) -> bool {
        self.wake.is_some() || self.watcher || self.start || self.check.is_some()
    }
}

/// When a check is due, and the numbers at the time of the request.
#[derive(Clone, Copy)]
pub(super) struct CheckFor {
    pub(super) after: Duration,
    pub(super) pushed: u64,
    pub(super) taken: u64,
}

impl Pool {
    /// Determines which workers have to be called for a waiting job, so that the invariant holds
    /// (see the [module](super)), and counts them as called.
    fn calls(&self, state: &mut State) -> Calls {
        let mut calls = Calls::default();
        if state.stop && state.watching > 0 && !state.called {
            // They are called one after the other.
            state.called = true;
            calls.watcher = true;
        }
        if state.jobs.is_empty() || state.woken > 0 {
            return calls;
        }
        if state.jobs.has(self.takes_others(state)) {
            calls.wake = state.wake_one();
            if calls.wake.is_some() {
                return calls;
            }
            if state.watching > 1 {
                calls.watcher |= !std::mem::replace(&mut state.called, true);
                return calls;
            }
        }
        let few = state.count < self.sizes.eager || state.unchecked;
        let room = state.count < self.sizes.max;
        if room && few && state.starting == 0 && !state.start_failed {
            state.count_starting(1);
            calls.start = true;
        }
        if room && !state.check_pending && !state.unchecked {
            calls.check = Some(state.ask_for_check());
        }
        calls
    }

    /// May one more worker run a job that is not short-running? One watches the sockets, one is
    /// reserved for short-running jobs.
    pub(super) fn takes_others(&self, state: &State) -> bool {
        let begun = state.count - state.starting;
        self.io.is_none() || state.stop || state.others_running < begun.saturating_sub(2).max(1)
    }

    /// Performs what [`calls`](Self::calls) determined. The lock is free.
    fn make(self: &Arc<Self>, calls: Calls) {
        if let Some(worker) = calls.wake {
            worker.wake.notify_one();
        }
        if calls.watcher
            && let Some(io) = &self.io
        {
            io.wake();
        }
        if calls.start {
            // If it fails, the check tries again; meanwhile another worker may take the job.
            let _ = self.spawn_worker();
        }
        if let Some(check) = calls.check {
            self.check_later(check);
        }
    }
}

/// The state with the lock held. Dropping it calls workers for the jobs that wait.
pub(in super::super) struct Locked<'a> {
    pool: &'a Arc<Pool>,
    /// None only at the end.
    state: Option<MutexGuard<'a, State>>,
}

impl<'a> Locked<'a> {
    pub(super) fn new(pool: &'a Arc<Pool>) -> Self {
        Locked {
            pool,
            state: Some(pool.state.lock()),
        }
    }

    /// To be called before a wait releases the lock. False: a worker had to be called, and the
    /// state may have changed meanwhile.
    pub(super) fn is_settled(&mut self) -> bool {
        let calls = self.pool.calls(self);
        if !calls.any() {
            return true;
        }
        self.state = None;
        self.pool.make(calls);
        self.state = Some(self.pool.state.lock());
        false
    }

    /// The guard for waits.
    pub(super) fn guard(&mut self) -> &mut MutexGuard<'a, State> {
        self.state.as_mut().expect("locked until the end")
    }
}

impl Deref for Locked<'_> {
    type Target = State;

    fn deref(&self) -> &State {
        self.state.as_ref().expect("locked until the end")
    }
}

impl DerefMut for Locked<'_> {
    fn deref_mut(&mut self) -> &mut State {
        self.guard()
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        if let Some(mut state) = self.state.take() {
            let calls = self.pool.calls(&mut state);
            drop(state);
            self.pool.make(calls);
        }
    }
}
