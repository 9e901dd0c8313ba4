//! Growth of a pool: a check, a few milliseconds after a job found no free worker, tests whether
//! the job still waits and what the workers do. If they wait for something, more are started. If
//! they compute, there is simply much to do, which more threads than processors would not make
//! faster.

use std::sync::Arc;
use std::time::Duration;

use super::super::library::forked;
use super::super::sync::Relaxed;
use super::pool::{Pool, Worker};
use super::state::{CheckFor, State};

/// How long a job may wait before the pool grows.
const MAX_WAIT: Duration = Duration::from_millis(3);

/// The same if all workers were found blocked just now.
const MAX_WAIT_BLOCKED: Duration = Duration::from_millis(1);

/// The largest number of workers that one check starts. It is reached step by step, while each
/// check finds all workers blocked: on a busy machine, callbacks that wait for a lock of the
/// program look the same for a moment.
pub(in super::super) const STEP: usize = 16;

/// How many more workers than the eager ones a pool may have while they compute.
pub(in super::super) const COMPUTING: usize = 2;

/// A worker that runs this many jobs per second waits for nothing but the queue.
const BUSY_RATE: f64 = 1300.0;

/// After this many checks in a row that find all workers blocked, workers that were started and have not begun do not
/// count any more: the program's thread-started callback may keep them for ever.
const STARTING_CHECKS: u32 = 16;

/// The number of workers that a check samples.
const SAMPLE: usize = 8;

impl State {
    /// Counts a check as pending.
    pub(super) fn ask_for_check(&mut self) -> CheckFor {
        self.check_pending = true;
        CheckFor {
            after: match self.blocked {
                0 => MAX_WAIT,
                _ => MAX_WAIT_BLOCKED,
            },
            pushed: self.jobs.pushed,
            taken: self.jobs.taken,
        }
    }
}

/// A pending check. The timers drop it without running it when they have ended.
struct Check {
    pool: Arc<Pool>,
    request: CheckFor,
    runs: bool,
}

impl Drop for Check {
    fn drop(&mut self) {
        if !self.runs && !forked() {
            let mut state = self.pool.lock();
            state.check_pending = false;
            state.unchecked = true;
        }
    }
}

impl Pool {
    pub(super) fn check_later(self: &Arc<Self>, request: CheckFor) {
        let mut check = Check {
            pool: self.clone(),
            request,
            runs: false,
        };
        let run = move || {
            check.runs = true;
            check.pool.check(check.request);
        };
        self.timers.after(request.after, Box::new(run));
    }

    /// Starts more workers if the job that found no free worker still waits, and checks again later
    /// if a job waits.
    fn check(self: &Arc<Self>, request: CheckFor) {
        let state = self.state.lock();
        let still = state.jobs.has_from_before(request.pushed);
        let (count, taken, queued) = (state.count, state.jobs.taken, state.jobs.len());
        let running = state.workers.iter().filter(|w| w.running.load(Relaxed));
        let step = running.clone().count().div_ceil(SAMPLE).max(1);
        // Not always the same ones.
        let first = taken as usize % step;
        let sample: Vec<_> = match still {
            true => running.skip(first).step_by(step).cloned().collect(),
            false => Vec::new(),
        };
        drop(state);
        // A worker that is fast but waits for the lock of the queue must not be mistaken for a
        // blocked one.
        let rate = (taken - request.taken) as f64 / request.after.as_secs_f64();
        let runnable = match rate >= BUSY_RATE * count as f64 {
            true => sample.len(),
            false => runnable(&sample),
        };
        let mut state = self.lock();
        state.check_pending = false;
        state.start_failed = false;
        let more = match still {
            true => state.growth(runnable, sample.len(), queued, self.sizes.eager),
            false => 0,
        };
        let more = more.min(self.sizes.max.saturating_sub(state.count));
        state.count_starting(more);
        let again = match state.jobs.is_empty() {
            true => {
                state.blocked = 0;
                None
            }
            false => (state.count < self.sizes.max).then(|| state.ask_for_check()),
        };
        drop(state);
        for _ in 0..more {
            let _ = self.spawn_worker();
        }
        if let Some(request) = again {
            self.check_later(request);
        }
    }
}

/// How many of these compute, or would if they had a processor.
fn runnable(workers: &[Arc<Worker>]) -> usize {
    let runnable = |worker: &&Arc<Worker>| worker.probe.is_runnable();
    workers.iter().filter(runnable).count()
}

impl State {
    /// The number of workers to start if `queued` jobs wait and `runnable` of `sample` workers
    /// compute. Workers that have not begun yet count.
    fn growth(&mut self, runnable: usize, sample: usize, queued: usize, eager: usize) -> usize {
        // A worker that only waits for a processor may hold the lock that all the others wait for.
        self.blocked = match runnable {
            0 => self.blocked.saturating_add(1),
            _ => 0,
        };
        let wanted = if runnable * 2 > sample {
            usize::from(self.count < eager + COMPUTING)
        } else {
            // 1, 1, 2, 4, 8, ... while no worker makes progress.
            let step = 1 << (self.blocked.clamp(2, 8) - 2);
            (queued / 2).clamp(1, step.min(STEP))
        };
        match self.blocked.max(1).is_multiple_of(STARTING_CHECKS) {
            true => wanted,
            false => wanted.saturating_sub(self.starting),
        }
    }
}
