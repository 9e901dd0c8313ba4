//! The dispatcher, explored ([`crate::explore`]): its own source, among models of the threads, timers and sockets
//! around it. A job that is never run, or a worker that never ends, is a deadlock.

use std::sync::Arc;

use self::dispatcher::{Dispatcher, Job, Sizes};
use self::io::Io;
use self::threads::Threads;
use self::timers::Timers;
use crate::explore::{self as sync, Count, explore};

#[path = "dispatcher/mod.rs"]
#[expect(dead_code, unused_imports, reason = "not all of it is explored")]
mod dispatcher;

/// Panics are left to the explorer.
fn guarded<R>(f: impl FnOnce() -> R) -> Option<R> {
    Some(f())
}

mod library {
    pub(super) fn forked() -> bool {
        false
    }
}

/// The first probes may find a worker at work; afterwards it is blocked.
mod runnable {
    use crate::explore::{AtomicUsize, SeqCst, maybe};

    #[derive(Default)]
    pub(super) struct Probe(AtomicUsize);

    impl Probe {
        pub(super) fn of_this_thread() -> Self {
            Self::default()
        }

        pub(super) fn is_runnable(&self) -> bool {
            self.0.fetch_add(1, SeqCst) < 3 && maybe()
        }
    }
}

mod threads {
    use std::sync::Arc;

    use crate::error::{Result, Status};
    use crate::explore::{AtomicUsize, Count, JoinHandle, Mutex, SeqCst, spawn};

    pub(super) const ELASTIC: &str = "nats-worker";

    #[derive(Default)]
    pub(super) struct Threads {
        /// This many starts fail.
        pub(super) failures: AtomicUsize,
        /// The second thread is kept by the program's thread-started callback until this many jobs
        /// have run.
        pub(super) kept_until: Option<(Arc<Count>, usize)>,
        pub(super) handles: Mutex<Vec<JoinHandle<()>>>,
        pub(super) started: AtomicUsize,
    }

    impl Threads {
        pub(super) fn spawn(
            self: &Arc<Self>,
            _: &str,
            body: impl FnOnce() + Send + 'static,
        ) -> Result<()> {
            let fewer = |n: usize| n.checked_sub(1);
            if self.failures.fetch_update(SeqCst, SeqCst, fewer).is_ok() {
                return Err(Status::NATS_SYS_ERROR.into());
            }
            let number = self.started.fetch_add(1, SeqCst);
            let kept = self.kept_until.clone().filter(|_| number == 1);
            let handle = spawn(move || {
                if let Some((ran, jobs)) = kept {
                    ran.wait_for(jobs);
                }
                body();
            });
            self.handles.lock().push(handle);
            Ok(())
        }

        pub(super) fn join_finished(&self) {}

        /// Waits for the end of all of them.
        pub(super) fn join(&self) {
            loop {
                let handle = self.handles.lock().pop();
                match handle {
                    Some(handle) => handle.join().expect("no panic"),
                    None => break,
                }
            }
        }
    }
}

/// A timer is a thread that runs it sooner or later.
mod timers {
    use std::sync::Arc;
    use std::time::Duration;

    use crate::explore::{AtomicBool, SeqCst, spawn, yield_now};

    #[derive(Clone, Default)]
    pub(super) struct Timers {
        pub(super) ended: Arc<AtomicBool>,
    }

    impl Timers {
        pub(super) fn after(&self, _: Duration, action: Box<dyn FnOnce() + Send>) {
            let ended = self.ended.clone();
            if ended.load(SeqCst) {
                return;
            }
            spawn(move || {
                yield_now();
                match ended.load(SeqCst) {
                    true => drop(action),
                    false => action(),
                }
            });
        }
    }
}

/// Sockets whose events are whatever the test wants a watcher to do. As with real ones, an event wakes one thread,
/// and several unseen wakes are one.
mod io {
    use std::collections::VecDeque;

    use crate::explore::{Condvar, Mutex};

    type Event = Box<dyn FnOnce() + Send>;

    #[derive(Default)]
    pub(super) struct Io {
        state: Mutex<(bool, VecDeque<Event>)>,
        changed: Condvar,
    }

    pub(super) struct Turns;

    impl Turns {
        pub(super) fn new() -> Self {
            Turns
        }
    }

    impl Io {
        pub(super) fn turn(&self, _: &mut Turns) {
            let mut state = self.state.lock();
            while !state.0 && state.1.is_empty() {
                self.changed.wait(&mut state);
            }
            state.0 = false;
            let event = state.1.pop_front();
            drop(state);
            if let Some(event) = event {
                event();
            }
        }

        pub(super) fn wake(&self) {
            self.state.lock().0 = true;
            self.changed.notify_one();
        }

        pub(super) fn event(&self, event: Event) {
            self.state.lock().1.push_back(event);
            self.changed.notify_one();
        }
    }
}

/// What jobs do.
#[derive(Clone, Copy)]
enum Kind {
    /// Ends at once.
    Quick,
    /// Ends when this many jobs have begun.
    Meets(usize),
    /// As that, and it was not short-running.
    Late(usize),
    /// Is queued again once.
    Twice,
}

struct Work {
    kind: Kind,
    rounds: sync::AtomicUsize,
    begun: Arc<Count>,
    ended: Arc<Count>,
}

impl Job for Work {
    fn run(self: Arc<Self>) -> bool {
        self.begun.add();
        match self.kind {
            Kind::Quick => {}
            Kind::Meets(n) | Kind::Late(n) => self.begun.wait_for(n),
            Kind::Twice => return self.rounds.fetch_add(1, sync::SeqCst) == 0 || self.is_done(),
        }
        self.is_done()
    }

    fn is_short_running(&self) -> bool {
        !matches!(self.kind, Kind::Late(_))
    }
}

impl Work {
    fn is_done(&self) -> bool {
        self.ended.add();
        false
    }
}

/// A pool, and the results of its jobs.
struct Scene {
    pool: Arc<Dispatcher>,
    io: Option<Arc<Io>>,
    threads: Arc<Threads>,
    timers: Timers,
    begun: Arc<Count>,
    ended: Arc<Count>,
}

#[derive(Clone, Copy, Default)]
struct Trouble {
    failures: usize,
    /// The second thread begins only after this many jobs have ended.
    kept_until: Option<usize>,
}

impl Scene {
    fn new(sizes: Sizes, with_io: bool, trouble: Trouble) -> Self {
        let ended = Arc::<Count>::default();
        let threads = Arc::new(Threads {
            failures: sync::AtomicUsize::new(trouble.failures),
            kept_until: trouble.kept_until.map(|jobs| (ended.clone(), jobs)),
            ..Threads::default()
        });
        let (timers, io) = (Timers::default(), with_io.then(Arc::<Io>::default));
        let pool = match &io {
            Some(io) => Dispatcher::watching(sizes, threads.clone(), timers.clone(), io.clone()),
            None => Dispatcher::new(sizes, threads.clone(), timers.clone()),
        };
        if with_io {
            pool.start().expect("threads start");
        }
        Scene {
            pool: Arc::new(pool),
            io,
            threads,
            timers,
            begun: Arc::default(),
            ended,
        }
    }

    fn job(&self, kind: Kind) -> Arc<dyn Job> {
        Arc::new(Work {
            kind,
            rounds: sync::AtomicUsize::new(0),
            begun: self.begun.clone(),
            ended: self.ended.clone(),
        })
    }

    fn submit(&self, kinds: &[Kind]) {
        for kind in kinds {
            self.pool.submit(self.job(*kind));
        }
    }

    /// Lets a watcher find jobs in a socket.
    fn event(&self, kinds: &[Kind]) {
        let jobs: Vec<_> = kinds.iter().map(|kind| self.job(*kind)).collect();
        let pool = self.pool.clone();
        let found = move || jobs.into_iter().for_each(|job| pool.submit(job));
        self.io.as_ref().expect("sockets").event(Box::new(found));
    }

    /// Waits for the end of this many jobs, and then of the pool's workers.
    fn end(self, jobs: usize) {
        self.ended.wait_for(jobs);
        self.pool.stop();
        self.threads.join();
        assert_eq!(self.ended.get(), jobs);
    }
}

const SMALL: Sizes = Sizes {
    name: "nats-test",
    base: 3,
    eager: 3,
    max: 6,
    linger: std::time::Duration::from_secs(5),
};

/// What a thread that is no worker reads at once: all of it runs concurrently.
#[test]
fn all_that_block_are_started() {
    for late in [false, true] {
        explore(150, move || {
            let scene = Scene::new(SMALL, true, Trouble::default());
            let kind = if late { Kind::Late(3) } else { Kind::Meets(3) };
            scene.submit(&[kind; 3]);
            scene.end(3);
        });
    }
}

#[test]
fn short_running_ones_do_not_wait_for_one_that_blocks() {
    explore(150, || {
        let scene = Scene::new(SMALL, true, Trouble::default());
        scene.submit(&[Kind::Meets(4), Kind::Late(4), Kind::Quick, Kind::Quick]);
        scene.end(4);
    });
}

/// All are idle, and then work begins again: with sleepers, and with one long job more than may run at once.
#[test]
fn a_pool_at_rest_works_again() {
    for with_io in [false, true] {
        explore(100, move || {
            let scene = Scene::new(SMALL, with_io, Trouble::default());
            for round in 1..=3 {
                let all = 3 * round;
                scene.submit(&[Kind::Late(all), Kind::Quick, Kind::Late(all)]);
                scene.ended.wait_for(all);
            }
            scene.end(9);
        });
    }
}

/// Watchers find jobs while others are submitted, and some are queued again.
#[test]
fn what_is_found_in_sockets_meets_what_is_submitted() {
    explore(150, || {
        let scene = Scene::new(SMALL, true, Trouble::default());
        scene.event(&[Kind::Meets(4), Kind::Twice]);
        scene.submit(&[Kind::Meets(4)]);
        scene.event(&[Kind::Late(4)]);
        scene.end(4);
    });
}

/// Workers come and go, and the jobs come from two threads.
#[test]
fn workers_that_leave_leave_nothing_behind() {
    let sizes = Sizes {
        base: 0,
        eager: 1,
        max: 3,
        ..SMALL
    };
    explore(150, move || {
        let scene = Arc::new(Scene::new(sizes, false, Trouble::default()));
        let other = scene.clone();
        let submitter = sync::spawn(move || other.submit(&[Kind::Meets(2), Kind::Quick]));
        scene.submit(&[Kind::Twice, Kind::Meets(2)]);
        submitter.join().expect("no panic");
        Arc::into_inner(scene).expect("the only one").end(4);
    });
}

/// A delivery thread is a pool of one worker, which may fail to start.
#[test]
fn a_start_that_fails_is_tried_again() {
    explore(150, || {
        let trouble = Trouble {
            failures: 1,
            ..Trouble::default()
        };
        let delivery = Scene::new(Sizes::DELIVERY, false, trouble);
        delivery.submit(&[Kind::Twice]);
        delivery.end(1);
    });
}

/// The program's function for new threads keeps one until all jobs have run.
#[test]
fn a_worker_that_does_not_begin_is_not_waited_for() {
    let sizes = Sizes {
        base: 2,
        eager: 2,
        max: 5,
        ..SMALL
    };
    let trouble = Trouble {
        kept_until: Some(3),
        ..Trouble::default()
    };
    explore(100, move || {
        let scene = Scene::new(sizes, false, trouble);
        scene.submit(&[Kind::Meets(3); 3]);
        scene.end(3);
    });
}

/// The timers may end before the pool, at any moment.
#[test]
fn the_end_of_the_timers_is_not_the_end_of_growth() {
    let sizes = Sizes {
        eager: 1,
        base: 1,
        max: 4,
        ..SMALL
    };
    explore(100, move || {
        let scene = Scene::new(sizes, false, Trouble::default());
        let ended = scene.timers.ended.clone();
        let end = sync::spawn(move || ended.store(true, sync::SeqCst));
        scene.submit(&[Kind::Meets(3); 3]);
        end.join().expect("no panic");
        scene.end(3);
    });
}
