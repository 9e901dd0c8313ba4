//! Tests of the pools of threads.

use std::io::{Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use crate::locks::{Condvar, Mutex};

use super::dispatcher::{COMPUTING, Dispatcher, Job, STEP, Sizes, State};
use super::io::{Io, Source};
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
    let pool = ground.pool(Sizes::DIALERS);
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

/// Submits the given job when bytes arrive.
struct Finds {
    stream: UnixStream,
    pool: Weak<Dispatcher>,
    job: Mutex<Option<Arc<dyn Job>>>,
}

impl AsFd for Finds {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

impl Source for Finds {
    fn read(&self) {
        let mut bytes = [0; 16];
        while (&self.stream).read(&mut bytes).is_ok_and(|n| n > 0) {}
        if let (Some(pool), Some(job)) = (self.pool.upgrade(), self.job.lock().take()) {
            pool.submit(job);
        }
    }

    fn write(&self) {}
}

/// A flag that threads wait for, with a limit.
#[derive(Default)]
struct Flag(Mutex<bool>, Condvar);

impl Flag {
    fn set(&self) {
        *self.0.lock() = true;
        self.1.notify_all();
    }

    /// Is it set in time?
    fn wait(&self, seconds: u64) -> bool {
        let until = Instant::now() + Duration::from_secs(seconds);
        let mut set = self.0.lock();
        while !*set && !self.1.wait_until(&mut set, until).timed_out() {}
        *set
    }
}

/// A worker that watches the sockets may be called to the queue in the moment in which it finds a
/// job there.
#[test]
fn a_called_watcher_that_finds_a_job_leaves_nothing_behind() {
    let ground = Ground::new();
    let io = Arc::new(Io::new().unwrap());
    let sizes = Sizes {
        name: "nats-test",
        base: 3,
        eager: 3,
        max: 64,
        linger: Duration::from_millis(1),
    };
    let pool = Dispatcher::watching(
        sizes,
        ground.threads.clone(),
        ground.timers.clone(),
        io.clone(),
    );
    let pool = Arc::new(pool);
    pool.start().unwrap();
    let (stream, mut peer) = UnixStream::pair().unwrap();
    stream.set_nonblocking(true).unwrap();
    let source = Arc::new(Finds {
        stream,
        pool: Arc::downgrade(&pool),
        job: Mutex::default(),
    });
    let registration = io.register(source.clone()).unwrap();
    // The third worker is blocked, so that none is idle.
    let hold = Arc::new(Flag::default());
    let held = hold.clone();
    pool.submit(job(move || {
        held.wait(60);
        false
    }));
    for round in 0..1000 {
        // Usually two workers are at the sockets then, and no other is free.
        let soon = Instant::now() + Duration::from_millis(10);
        let ready = |state: &State| state.watching == 2 && state.idle.is_empty();
        while !ready(&pool.pool.state.lock()) && Instant::now() < soon {
            std::thread::sleep(Duration::from_micros(200));
        }
        let (queued, found) = (Arc::new(Flag::default()), Arc::new(Flag::default()));
        let (ran, waits, done) = (queued.clone(), queued, found.clone());
        *source.job.lock() = Some(job(move || {
            // The queued job runs although this one waits for it.
            if waits.wait(10) {
                done.set();
            }
            false
        }));
        peer.write_all(b"x").unwrap();
        for _ in 0..round % 64 * 8 {
            std::hint::spin_loop();
        }
        pool.submit(job(move || {
            ran.set();
            false
        }));
        assert!(found.wait(20), "round {round}");
    }
    hold.set();
    drop(registration);
    pool.stop();
    io.stop();
}

/// A pool whose threads begin with this function.
fn pool_with_hook(
    ground: &Ground,
    sizes: Sizes,
    hook: impl Fn() + Send + Sync + 'static,
) -> (Dispatcher, Arc<Threads>) {
    let threads = Threads::new(Some(Arc::new(hook)));
    let pool = Dispatcher::new(sizes, threads.clone(), ground.timers.clone());
    (pool, threads)
}

/// The program's thread-started callback may take long.
#[test]
fn a_worker_that_has_not_begun_keeps_nobody_asleep() {
    let begun = Arc::new(AtomicUsize::new(0));
    let open = Arc::new(Flag::default());
    let (number, gate) = (begun.clone(), open.clone());
    let ground = Ground::new();
    let sizes = Sizes {
        name: "nats-test",
        base: 2,
        eager: 2,
        max: 8,
        linger: Duration::from_secs(60),
    };
    let (pool, threads) = pool_with_hook(&ground, sizes, move || {
        if number.fetch_add(1, Ordering::SeqCst) >= 2 {
            assert!(gate.wait(20));
        }
    });
    let blocked = Arc::new(Flag::default());
    for _ in 0..3 {
        let blocked = blocked.clone();
        pool.submit(job(move || !blocked.wait(20)));
    }
    // Two jobs block; for the third one another worker is started, which does not begin, and after
    // a while perhaps more of them.
    wait_for(|| begun.load(Ordering::SeqCst) >= 3);
    blocked.set();
    wait_for(|| pool.pool.state.lock().idle.len() == 2);
    let gate = open.clone();
    pool.submit(job(move || {
        gate.set();
        false
    }));
    assert!(open.wait(20));
    pool.stop();
    assert!(threads.wait(Some(Duration::from_secs(20))));
}

/// It may even keep a thread until a job has run that waits for it.
#[test]
fn a_worker_that_never_begins_is_not_relied_on() {
    let begun = Arc::new(AtomicUsize::new(0));
    let all_ran = Arc::new(Flag::default());
    let (number, gate) = (begun.clone(), all_ran.clone());
    let ground = Ground::new();
    for eager in [1, 2, 4] {
        begun.store(0, Ordering::SeqCst);
        *all_ran.0.lock() = false;
        let sizes = Sizes {
            name: "nats-test",
            base: eager,
            eager,
            max: 8,
            linger: Duration::from_secs(60),
        };
        let (number, gate) = (number.clone(), gate.clone());
        let (pool, threads) = pool_with_hook(&ground, sizes, move || {
            if number.fetch_add(1, Ordering::SeqCst) == 1 {
                assert!(gate.wait(20));
            }
        });
        let meeting = Meeting::new(3);
        meeting.submit_all(&pool, false);
        meeting.wait();
        all_ran.set();
        pool.stop();
        assert!(threads.wait(Some(Duration::from_secs(20))));
    }
}

/// Jobs each of which ends when all of them have begun.
struct Meeting {
    size: usize,
    present: Arc<AtomicUsize>,
}

impl Meeting {
    fn new(size: usize) -> Self {
        Meeting {
            size,
            present: Arc::default(),
        }
    }

    fn job(&self) -> Arc<dyn Job> {
        let (size, present) = (self.size, self.present.clone());
        job(move || {
            present.fetch_add(1, Ordering::SeqCst);
            wait_for(|| present.load(Ordering::SeqCst) >= size);
            false
        })
    }

    /// Submits them before any worker can check the queue: one call is made for all of them.
    fn submit_all(&self, pool: &Dispatcher, late: bool) {
        let mut state = pool.pool.lock();
        for _ in 0..self.size {
            let job = self.job();
            state
                .jobs
                .push(if late { Arc::new(Late(job)) } else { job });
        }
    }

    fn wait(&self) {
        wait_for(|| self.present.load(Ordering::SeqCst) >= self.size);
    }
}

/// A pool with sockets none of which is ever ready: only what is submitted wakes a worker.
fn pool_at_rest(ground: &Ground, sizes: Sizes) -> (Dispatcher, Arc<Io>) {
    let io = Arc::new(Io::new().unwrap());
    let (threads, timers) = (ground.threads.clone(), ground.timers.clone());
    let pool = Dispatcher::watching(sizes, threads, timers, io.clone());
    pool.start().unwrap();
    wait_for(|| pool.pool.state.lock().watching == 2);
    (pool, io)
}

/// The call for the first of many jobs is passed on until all of them run: from a watcher, a
/// sleeper, and a worker that has begun.
#[test]
fn a_call_is_passed_on_until_nobody_is_free() {
    let ground = Ground::new();
    for late in [false, true] {
        let (pool, io) = pool_at_rest(&ground, Sizes::elastic(2));
        for size in [2, 5, 40, 3] {
            let meeting = Meeting::new(size);
            meeting.submit_all(&pool, late);
            meeting.wait();
        }
        pool.stop();
        io.stop();
        let dialers = ground.pool(Sizes::DIALERS);
        for size in [4, 1, 9] {
            let meeting = Meeting::new(size);
            meeting.submit_all(&dialers, late);
            meeting.wait();
        }
    }
}

/// One job blocks, and the others are short-running: they do not wait for it.
#[test]
fn short_running_jobs_that_come_together_with_one_that_blocks_run() {
    let ground = Ground::new();
    let (pool, io) = pool_at_rest(&ground, Sizes::elastic(2));
    for _ in 0..20 {
        let blockers = Blockers::new();
        let ran = Arc::new(AtomicUsize::new(0));
        let mut state = pool.pool.lock();
        state.jobs.push(blockers.job());
        for _ in 0..5 {
            let ran = ran.clone();
            state.jobs.push(job(move || {
                ran.fetch_add(1, Ordering::SeqCst);
                false
            }));
        }
        drop(state);
        wait_for(|| ran.load(Ordering::SeqCst) == 5);
        blockers.release();
    }
    pool.stop();
    io.stop();
}

/// The timers end with the runtime, and pending checks are dropped.
#[test]
fn a_pool_grows_without_timers() {
    let threads = Threads::new(None);
    let timers = Timers::new();
    timers.start(&threads).unwrap();
    let pool = Dispatcher::new(Sizes::DIALERS, threads.clone(), timers.clone());
    for stopped in [false, true] {
        let meeting = Meeting::new(9);
        meeting.submit_all(&pool, false);
        if !stopped {
            timers.stop();
        }
        meeting.wait();
    }
    pool.stop();
    assert!(threads.wait(Some(Duration::from_secs(20))));
}
