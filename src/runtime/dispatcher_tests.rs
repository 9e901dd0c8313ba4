//! Tests of the pools of threads.

mod calls;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Sender};
use std::time::{Duration, Instant};

use crate::locks::{Condvar, Mutex};

use super::dispatcher::{COMPUTING, Dispatcher, Job, STEP, Sizes};
use super::io::Io;
use super::threads::Threads;
use super::timers::Timers;

/// Timers and threads for pools; ends them all when dropped.
struct Ground {
    threads: Arc<Threads>,
    timers: Timers,
}

impl Ground {
    fn new() -> Self {
        let threads = Threads::new(None);
        let timers = Timers::new();
        timers.start(&threads).unwrap();
        Ground { threads, timers }
    }

    fn pool(&self, sizes: Sizes) -> Dispatcher {
        Dispatcher::new(sizes, self.threads.clone(), self.timers.clone())
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        self.timers.stop();
        // A failed test may have left threads blocked.
        assert!(std::thread::panicking() || self.threads.wait(Some(Duration::from_secs(20))));
    }
}

struct Call<F>(F);

impl<F: Fn() -> bool + Send + Sync + 'static> Job for Call<F> {
    fn run(self: Arc<Self>) -> bool {
        (self.0)()
    }
}

/// A job that was not short-running.
struct Late(Arc<dyn Job>);

impl Job for Late {
    fn run(self: Arc<Self>) -> bool {
        self.0.clone().run()
    }

    fn is_short_running(&self) -> bool {
        false
    }
}

fn job(f: impl Fn() -> bool + Send + Sync + 'static) -> Arc<dyn Job> {
    Arc::new(Call(f))
}

fn wait_for(what: impl Fn() -> bool) {
    let start = Instant::now();
    while !what() {
        assert!(start.elapsed() < Duration::from_secs(20), "it never comes");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Jobs that block until they are released, with a count of those that block.
struct Blockers {
    release: Arc<(Mutex<bool>, Condvar)>,
    blocked: Arc<AtomicUsize>,
}

impl Blockers {
    fn new() -> Self {
        Blockers {
            release: Arc::default(),
            blocked: Arc::default(),
        }
    }

    fn job(&self) -> Arc<dyn Job> {
        let (release, blocked) = (self.release.clone(), self.blocked.clone());
        job(move || {
            blocked.fetch_add(1, Ordering::SeqCst);
            let mut released = release.0.lock();
            while !*released {
                release.1.wait(&mut released);
            }
            false
        })
    }

    fn blocked(&self) -> usize {
        self.blocked.load(Ordering::SeqCst)
    }

    fn release(&self) {
        *self.release.0.lock() = true;
        self.release.1.notify_all();
    }
}

#[test]
fn no_thread_without_work() {
    let ground = Ground::new();
    let pool = ground.pool(Sizes::elastic(2));
    assert_eq!(pool.pool.state.lock().count, 0);
    let (done, ran) = mpsc::channel();
    pool.submit(job(move || done.send(()).is_err()));
    ran.recv().unwrap();
    assert_eq!(pool.pool.state.lock().count, 1);
}

#[test]
fn the_pool_grows_when_jobs_block_and_shrinks_again() {
    let ground = Ground::new();
    let sizes = Sizes {
        linger: Duration::from_millis(20),
        ..Sizes::elastic(2)
    };
    let pool = ground.pool(sizes);
    let blockers = Blockers::new();
    for _ in 0..100 {
        pool.submit(blockers.job());
    }
    wait_for(|| blockers.blocked() == 100);
    let (done, ran) = mpsc::channel();
    pool.submit(job(move || done.send(()).is_err()));
    ran.recv_timeout(Duration::from_secs(20)).unwrap();
    assert!((101..=100 + 2 * STEP).contains(&pool.pool.state.lock().count));
    blockers.release();
    wait_for(|| pool.pool.state.lock().count == sizes.base);
    wait_for(|| pool.pool.state.lock().idle.len() == sizes.base);
    let state = pool.pool.state.lock();
    assert_eq!((state.woken, state.workers.len()), (0, sizes.base));
}

#[test]
fn the_pool_keeps_to_its_maximum() {
    let ground = Ground::new();
    let sizes = Sizes {
        max: 4,
        ..Sizes::DIALERS
    };
    let pool = ground.pool(sizes);
    let blockers = Blockers::new();
    for _ in 0..10 {
        pool.submit(blockers.job());
    }
    wait_for(|| blockers.blocked() == 4);
    assert_eq!(pool.pool.state.lock().count, 4);
    blockers.release();
    wait_for(|| blockers.blocked() == 10);
    wait_for(|| pool.pool.state.lock().count == 0);
}

#[test]
fn short_running_jobs_are_not_held_up_by_those_that_block() {
    let ground = Ground::new();
    let sizes = Sizes {
        max: Sizes::elastic(2).base,
        ..Sizes::elastic(2)
    };
    let io = Arc::new(Io::new().unwrap());
    let (threads, timers) = (ground.threads.clone(), ground.timers.clone());
    let pool = Dispatcher::watching(sizes, threads, timers, io);
    pool.start().unwrap();
    let blockers = Blockers::new();
    for _ in 0..10 {
        pool.submit(Arc::new(Late(blockers.job())));
    }
    // One watches the sockets, one is reserved for short-running jobs, and there will be no more.
    wait_for(|| blockers.blocked() == sizes.max - 2);
    for _ in 0..100 {
        let (done, ran) = mpsc::channel();
        pool.submit(job(move || done.send(()).is_err()));
        ran.recv_timeout(Duration::from_secs(20)).unwrap();
    }
    assert_eq!(blockers.blocked(), sizes.max - 2);
    blockers.release();
    wait_for(|| blockers.blocked() == 10);
    drop(pool);
}

#[test]
fn work_that_returns_does_not_grow_the_pool_much() {
    let ground = Ground::new();
    let pool = ground.pool(Sizes::elastic(2));
    let stop = Arc::new(AtomicBool::new(false));
    let rounds = Arc::new(AtomicUsize::new(0));
    for _ in 0..1000 {
        let (stop, rounds) = (stop.clone(), rounds.clone());
        pool.submit(job(move || {
            rounds.fetch_add(1, Ordering::Relaxed);
            std::hint::black_box((0..1000).fold(0u64, |a, b| a ^ b));
            !stop.load(Ordering::Relaxed)
        }));
    }
    wait_for(|| rounds.load(Ordering::Relaxed) > 200_000);
    stop.store(true, Ordering::Relaxed);
    // A check may find workers that wait for their lock, so there is some tolerance.
    let count = pool.pool.state.lock().count;
    assert!(
        count <= pool.pool.sizes.base + COMPUTING + 2 * STEP,
        "{count}"
    );
}

#[test]
fn a_delivery_thread_runs_one_at_a_time_in_turn_and_survives_panics() {
    let ground = Ground::new();
    let delivery = ground.pool(Sizes::DELIVERY);
    let (seen, order) = mpsc::channel::<(usize, usize)>();
    for n in 0..3 {
        let (seen, round): (Sender<_>, _) = (seen.clone(), AtomicUsize::new(0));
        delivery.submit(job(move || {
            let round = round.fetch_add(1, Ordering::Relaxed);
            seen.send((round, n)).unwrap();
            if n == 1 {
                panic!("a job panics");
            }
            round < 2
        }));
    }
    drop(seen);
    let order: Vec<_> = order.iter().collect();
    let mut rounds: Vec<_> = order.iter().map(|(_, n)| *n).collect();
    assert_eq!(order.len(), 7);
    // While the first rounds are submitted, a short-running job may have its second turn.
    rounds.sort_unstable();
    assert_eq!(rounds, [0, 0, 0, 1, 2, 2, 2]);
    assert_eq!(delivery.pool.state.lock().count, 1);
}

#[test]
fn nothing_is_lost_between_many_submitters_and_sleepy_workers() {
    let ground = Ground::new();
    let pool = Arc::new(ground.pool(Sizes::elastic(2)));
    let ran = Arc::new(AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for n in 0..2000 {
                    let ran = ran.clone();
                    pool.submit(job(move || {
                        ran.fetch_add(1, Ordering::SeqCst);
                        false
                    }));
                    if n % 16 == 0 {
                        std::thread::sleep(Duration::from_micros(50));
                    }
                }
            });
        }
    });
    wait_for(|| ran.load(Ordering::SeqCst) == 6000);
}

#[test]
fn stopping_finishes_what_is_queued() {
    let ground = Ground::new();
    let delivery = ground.pool(Sizes::DELIVERY);
    let blockers = Blockers::new();
    delivery.submit(blockers.job());
    let (done, ran) = mpsc::channel();
    for _ in 0..10 {
        let done = done.clone();
        delivery.submit(job(move || done.send(()).is_err()));
    }
    delivery.stop();
    blockers.release();
    wait_for(|| delivery.pool.state.lock().count == 0);
    // Too late, but the submitter may rely on it.
    delivery.submit(job(move || done.send(()).is_err()));
    assert_eq!(ran.iter().count(), 11);
}
