//! Tests of the calls of workers to the queue: watchers, sleepers, and workers that have not begun.

use std::io::{Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Weak;

use super::*;
use crate::locks::Condvar;
use crate::runtime::dispatcher::State;
use crate::runtime::io::Source;

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
