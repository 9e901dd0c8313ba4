//! Tests of a runtime as a whole.

use std::io::{Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Weak, mpsc};
use std::thread::ThreadId;
use std::time::{Duration, Instant};

use super::*;

#[test]
fn four_threads_at_open_and_the_hook_runs_in_each() {
    let hooked = Arc::new(AtomicUsize::new(0));
    let counter = hooked.clone();
    let config = Config {
        thread_started: Some(Arc::new(move || {
            counter.fetch_add(1, Ordering::SeqCst);
        })),
        ..Config::default()
    };
    let runtime = Runtime::start(config).unwrap();
    let threads = runtime.threads.clone();
    let start = Instant::now();
    while hooked.load(Ordering::SeqCst) < 4 {
        assert!(start.elapsed() < Duration::from_secs(20));
        std::thread::yield_now();
    }
    drop(runtime);
    assert!(threads.wait(Some(Duration::from_secs(20))));
    assert_eq!(hooked.load(Ordering::SeqCst), 4);
}

/// The last reference may be dropped on any thread; nothing may hang, and all threads must end.
#[test]
fn the_last_reference_may_go_on_any_thread() {
    struct Last(crate::locks::Mutex<Option<Arc<Runtime>>>, UnixStream);
    impl Job for Last {
        fn run(self: Arc<Self>) -> bool {
            drop(self.0.lock().take());
            false
        }
    }
    impl AsFd for Last {
        fn as_fd(&self) -> BorrowedFd<'_> {
            self.1.as_fd()
        }
    }
    impl Source for Last {
        fn read(&self) {}
        fn write(&self) {
            let runtime = self.0.lock().take();
            drop(runtime);
        }
    }
    for way in 0..6 {
        let runtime = Runtime::start(Config::default()).unwrap();
        let threads = runtime.threads.clone();
        let last = runtime.clone();
        let (stream, _peer) = UnixStream::pair().unwrap();
        let job = |last| Arc::new(Last(crate::locks::Mutex::new(Some(last)), stream));
        let (gone, go) = mpsc::channel::<()>();
        let wait = move || assert!(go.recv().is_err());
        match way {
            0 => assert!(runtime.events.post(Box::new(move || {
                wait();
                drop(last);
            }))),
            1 => drop(runtime.timers.after(
                Duration::from_millis(1),
                Box::new(move || {
                    wait();
                    drop(last);
                }),
            )),
            2 => runtime.delivery.submit(job(last)),
            3 => runtime.dialers.submit(job(last)),
            4 => {
                let delivery = runtime.delivery_thread().unwrap();
                delivery.submit(job(last));
            }
            _ => {
                let registration = runtime.io.register(job(last)).unwrap();
                registration.request_write();
                drop(runtime);
                // Not earlier: deregistering would free the source before its turn.
                assert!(threads.wait(Some(Duration::from_secs(20))));
                drop(registration);
                continue;
            }
        }
        drop(runtime);
        drop(gone);
        assert!(threads.wait(Some(Duration::from_secs(20))), "way {way}");
    }
}

/// A socket whose every byte leads to a job, and a record of both.
struct Bell {
    stream: UnixStream,
    runtime: Weak<Runtime>,
    rings: mpsc::Sender<ThreadId>,
    job: Arc<dyn Job>,
}

impl AsFd for Bell {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

impl Source for Bell {
    fn read(&self) {
        let mut byte = [0];
        while let Ok(1) = (&self.stream).read(&mut byte) {
            if let Some(runtime) = self.runtime.upgrade() {
                self.rings.send(std::thread::current().id()).unwrap();
                runtime.delivery.submit(self.job.clone());
            }
        }
    }

    fn write(&self) {}
}

struct Run<F>(F);

impl<F: Fn() + Send + Sync + 'static> Job for Run<F> {
    fn run(self: Arc<Self>) -> bool {
        (self.0)();
        false
    }
}

impl Bell {
    /// A bell, the other end of its socket, and a channel that reports its rings.
    fn hang(
        runtime: &Arc<Runtime>,
        job: impl Fn() + Send + Sync + 'static,
    ) -> (Registration, UnixStream, mpsc::Receiver<ThreadId>) {
        let (stream, peer) = UnixStream::pair().unwrap();
        stream.set_nonblocking(true).unwrap();
        let (rings, heard) = mpsc::channel();
        let bell = Bell {
            stream,
            runtime: Arc::downgrade(runtime),
            rings,
            job: Arc::new(Run(job)),
        };
        (runtime.io.register(Arc::new(bell)).unwrap(), peer, heard)
    }
}

const LONG: Duration = Duration::from_secs(20);

#[test]
fn who_finds_a_job_in_a_socket_runs_it() {
    let runtime = Runtime::start(Config::default()).unwrap();
    let (ran, ran_on) = mpsc::channel();
    let ran = crate::locks::Mutex::new(ran);
    let job = move || ran.lock().send(std::thread::current().id()).unwrap();
    let (_registration, mut peer, heard) = Bell::hang(&runtime, job);
    // As soon as two workers watch; the first of them alone would not leave the sockets.
    let start = Instant::now();
    loop {
        peer.write_all(b"x").unwrap();
        if heard.recv_timeout(LONG).unwrap() == ran_on.recv_timeout(LONG).unwrap() {
            break;
        }
        assert!(start.elapsed() < LONG, "jobs always change threads");
    }
}

#[test]
fn sockets_are_watched_however_many_jobs_block() {
    let runtime = Runtime::start(Config::default()).unwrap();
    let blocked = Arc::new(AtomicUsize::new(0));
    let release = Arc::new(std::sync::RwLock::new(()));
    let held = release.write();
    let (registration, mut peer, heard) = Bell::hang(&runtime, {
        let (release, blocked) = (release.clone(), blocked.clone());
        move || {
            blocked.fetch_add(1, Ordering::SeqCst);
            drop(release.read());
        }
    });
    // Each job blocks its worker; the next byte must still be read, at once or nearly so.
    for _ in 0..50 {
        peer.write_all(b"x").unwrap();
        heard.recv_timeout(LONG).unwrap();
    }
    let start = Instant::now();
    while blocked.load(Ordering::SeqCst) < 50 {
        assert!(start.elapsed() < LONG, "the pool does not grow");
        std::thread::yield_now();
    }
    drop(held);
    let threads = runtime.threads.clone();
    drop((registration, runtime));
    assert!(threads.wait(Some(LONG)));
}
