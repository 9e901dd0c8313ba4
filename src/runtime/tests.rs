//! Tests of a runtime as a whole.

use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::*;

#[test]
fn three_threads_at_open_and_the_hook_runs_in_each() {
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
    while hooked.load(Ordering::SeqCst) < 3 {
        assert!(start.elapsed() < Duration::from_secs(20));
        std::thread::yield_now();
    }
    drop(runtime);
    assert!(threads.wait(Some(Duration::from_secs(20))));
    assert_eq!(hooked.load(Ordering::SeqCst), 3);
}

/// The last reference may go anywhere; nothing may hang, and all threads must end.
#[test]
fn the_last_reference_may_go_on_any_thread() {
    struct Last(parking_lot::Mutex<Option<Arc<Runtime>>>, UnixStream);
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
        let job = |last| Arc::new(Last(parking_lot::Mutex::new(Some(last)), stream));
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
                let lane = runtime.lane().unwrap();
                lane.submit(job(last));
            }
            _ => {
                let registration = runtime.io.register(job(last)).unwrap();
                registration.request_write();
                drop(runtime);
                // Not before: deregistering would free the source before its turn.
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
