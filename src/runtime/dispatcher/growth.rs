//! When a pool grows: a check, a few milliseconds after a job found nobody free to take it, looks
//! whether it still waits, and what the workers do. If they wait for something, more are started;
//! if they compute, there is just much to do, which many more threads than processors would not
//! make faster.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use parking_lot::MutexGuard;

use super::{Pool, State, Worker};

/// How long a job may wait before the pool grows.
const PATIENCE: Duration = Duration::from_millis(3);

/// The same when all workers were found blocked just now.
const LESS_PATIENCE: Duration = Duration::from_millis(1);

/// How many workers one check starts at most. It comes to that step by step, while each check finds
/// all workers blocked: on a busy machine, callbacks that wait for a lock of the program look the
/// same for a moment.
pub(super) const STEP: usize = 16;

/// How many workers more than it starts at once a pool may have while they compute.
pub(super) const COMPUTING: usize = 2;

/// A worker that does so many jobs a second does not wait for anything but the queue.
const QUICK: f64 = 1300.0;

/// How many workers a check has a look at.
const SAMPLE: usize = 8;

impl Pool {
    pub(super) fn check_later(self: &Arc<Self>, mut state: MutexGuard<'_, State>) {
        if state.check_pending {
            return;
        }
        state.check_pending = true;
        let (pushed, taken) = (state.jobs.pushed, state.jobs.taken);
        let patience = match state.blocked {
            0 => PATIENCE,
            _ => LESS_PATIENCE,
        };
        drop(state);
        let pool = self.clone();
        let check = move || pool.check(pushed, taken, patience);
        self.timers.after(patience, Box::new(check));
    }

    /// Starts more workers if the job that found none free still waits. The numbers are those of
    /// the time when it was queued.
    fn check(self: &Arc<Self>, pushed: u64, taken: u64, waited: Duration) {
        let mut state = self.state.lock();
        state.check_pending = false;
        if state.jobs.is_empty() {
            state.blocked = 0;
            return;
        }
        if state.jobs.has_from_before(pushed) {
            let rate = (state.jobs.taken - taken) as f64 / waited.as_secs_f64();
            for _ in 0..self.growth(state, rate) {
                self.start_worker(self.state.lock());
            }
        } else {
            drop(state);
        }
        // Something waits still, or again.
        self.check_later(self.state.lock());
    }

    /// How many more workers to start, when the ones there are have done so many jobs a second of
    /// late.
    fn growth(&self, state: MutexGuard<'_, State>, rate: f64) -> usize {
        let (count, queued) = (state.count, state.jobs.len());
        let running = state.workers.iter().filter(|w| w.running.load(Relaxed));
        let step = running.clone().count().div_ceil(SAMPLE).max(1);
        // Not always the same ones.
        let first = state.jobs.taken as usize % step;
        let sample: Vec<_> = running.skip(first).step_by(step).cloned().collect();
        drop(state);
        // Who is quick but waits for the lock of the queue must not be taken for one that blocks.
        let quick = rate >= QUICK * count as f64;
        let runnable = |worker: &&Arc<Worker>| worker.probe.is_runnable();
        let runnable = match quick {
            true => sample.len(),
            false => sample.iter().filter(runnable).count(),
        };
        let compute = runnable * 2 > sample.len();
        let mut state = self.state.lock();
        // One that only waits for a processor may have the lock that all the others wait for.
        state.blocked = if runnable > 0 { 0 } else { state.blocked + 1 };
        let wanted = if compute {
            usize::from(count < self.sizes.eager + COMPUTING)
        } else {
            // 1, 1, 2, 4, 8, ... while nobody does anything.
            let step = 1 << (state.blocked.clamp(2, 8) - 2);
            (queued / 2).clamp(1, step.min(STEP))
        };
        wanted.min(self.sizes.max.saturating_sub(count))
    }
}
