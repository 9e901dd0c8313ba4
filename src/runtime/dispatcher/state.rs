//! The facts about a pool, and who is called when they have changed.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use super::super::sync::{MutexGuard, Relaxed};
use super::jobs::Jobs;
use super::pool::{Pool, Worker};

#[derive(Default)]
pub(in super::super) struct State {
    pub(in super::super) jobs: Jobs,
    /// How many workers run jobs that are not quick.
    pub(super) others_running: usize,
    /// The workers that run, and how many there are together with those about to start.
    pub(in super::super) workers: Vec<Arc<Worker>>,
    pub(in super::super) count: usize,
    /// How many have been started and not begun: the program's function for new threads may keep them.
    pub(super) starting: usize,
    /// The last attempt to start one failed. The next is made by a check, or for a new job.
    pub(super) start_failed: bool,
    /// The sleepers. The last one to lie down is the first to be woken: its caches are warm, and
    /// the others get the rest that it takes to leave.
    pub(in super::super) idle: Vec<Arc<Worker>>,
    /// How many have been woken and not had the lock since.
    pub(in super::super) woken: usize,
    /// How many watch the sockets. Once it is not zero it never becomes so again, before the end.
    pub(in super::super) watching: usize,
    /// One of them has been called to the queue, and none has come back from the sockets since.
    pub(super) called: bool,
    pub(super) check_pending: bool,
    /// There are no checks any more: the timers have ended. Workers are started at once.
    pub(super) unchecked: bool,
    /// How many checks in a row have found all workers blocked.
    pub(super) blocked: u32,
    pub(super) stop: bool,
}

impl State {
    /// Counts workers that are about to be started.
    pub(super) fn count_starting(&mut self, n: usize) {
        self.count += n;
        self.starting += n;
    }

    /// Takes a worker off the sleepers, to be woken once the lock is free.
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

/// What remains to be done for the jobs that wait, without the lock.
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

/// When a check is due, and the numbers at the time when it was asked for.
#[derive(Clone, Copy)]
pub(super) struct CheckFor {
    pub(super) after: Duration,
    pub(super) pushed: u64,
    pub(super) taken: u64,
}

impl Pool {
    /// Finds out who has to be called for a job that waits, so that the invariant holds (the
    /// [module](super) has it), and counts them as called.
    fn calls(&self, state: &mut State) -> Calls {
        let mut calls = Calls::default();
        if state.stop && state.watching > 0 && !state.called {
            // They learn of it one after the other.
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

    /// May one more worker run a job that is not quick? One watches the sockets, one is left to the
    /// quick jobs.
    pub(super) fn takes_others(&self, state: &State) -> bool {
        let begun = state.count - state.starting;
        self.io.is_none() || state.stop || state.others_running < begun.saturating_sub(2).max(1)
    }

    /// Does what [`calls`](Self::calls) has found. The lock is free.
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
            // If it fails, the check tries again; meanwhile another worker may come to the job.
            let _ = self.spawn_worker();
        }
        if let Some(check) = calls.check {
            self.check_later(check);
        }
    }
}

/// The state, with the lock held. Its end sees to the jobs that wait.
pub(in super::super) struct Locked<'a> {
    pool: &'a Arc<Pool>,
    /// None at the end only.
    state: Option<MutexGuard<'a, State>>,
}

impl<'a> Locked<'a> {
    pub(super) fn new(pool: &'a Arc<Pool>) -> Self {
        Locked {
            pool,
            state: Some(pool.state.lock()),
        }
    }

    /// To be asked before a wait lets go of the lock. False: somebody had to be called, and things
    /// may have changed meanwhile.
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

    /// For waits.
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
