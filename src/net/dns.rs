//! Look-ups by the system's resolver with a deadline.
//!
//! `getaddrinfo` cannot be interrupted and has no deadline; with a name server that does not answer
//! it takes half a minute and more. So it runs on threads of its own, and the caller leaves when
//! the time runs out. A thread in `getaddrinfo` cannot be ended, so their number is bounded and
//! further look-ups queue; a look-up whose caller has gone is skipped.

use std::collections::VecDeque;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::os::fd::AsFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Weak};
use std::thread;
use std::time::Instant;

use rustix::event::PollFlags;

use super::Cancel;
use super::wait::{Signal, wait_ready};
use crate::error::{Error, Result, Status};
use crate::fork::{self, PerProcess};
use crate::locks::Mutex;
use crate::words::{ms, os, system};

/// The largest number of look-ups of the process at a time.
const MAX_THREADS: usize = 64;

/// The addresses of a host, in the order of the system's resolver. The result may be empty.
///
/// Returns `NATS_NO_SERVER` if the resolver fails, `NATS_TIMEOUT` at the deadline and
/// `NATS_CONNECTION_CLOSED` when cancelled.
pub(super) fn look_up(
    host: &str,
    port: u16,
    deadline: Instant,
    cancel: Option<&Cancel>,
) -> Result<Vec<SocketAddr>> {
    static SYSTEM: Resolver =
        Resolver::new(|host, port| Ok((host, port).to_socket_addrs()?.collect()));
    SYSTEM.look_up(host, port, deadline, cancel)
}

type Answer = io::Result<Vec<SocketAddr>>;

/// A look-up. The queue and the threads hold it weakly until its turn comes.
struct Job {
    host: String,
    port: u16,
    answer: Mutex<Option<Answer>>,
    done: Signal,
}

/// The threads and their queue. Not a channel of crossbeam: the program's own threads queue here, since the first
/// connect runs on them, and abandoned jobs are removed from the middle.
struct Resolver {
    state: PerProcess<Mutex<State>>,
    resolve: fn(&str, u16) -> Answer,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Weak<Job>>,
    /// The number of threads. Each takes jobs until there is none left, then ends.
    threads: usize,
}

/// What runs first in each thread that resolves names.
pub type Started = Arc<dyn Fn() + Send + Sync>;

static STARTED: PerProcess<Mutex<Option<Started>>> = PerProcess::new(Mutex::new(None));

/// Sets what runs first in each thread that resolves names from now on.
pub fn on_thread_start(started: Option<Started>) {
    *STARTED.get().lock() = started;
}

impl Resolver {
    const fn new(resolve: fn(&str, u16) -> Answer) -> Self {
        let queue = VecDeque::new();
        Resolver {
            state: PerProcess::new(Mutex::new(State { queue, threads: 0 })),
            resolve,
        }
    }

    fn look_up(
        &'static self,
        host: &str,
        port: u16,
        deadline: Instant,
        cancel: Option<&Cancel>,
    ) -> Result<Vec<SocketAddr>> {
        let begun = Instant::now();
        let job = Arc::new(Job {
            host: host.to_owned(),
            port,
            answer: Mutex::new(None),
            done: Signal::new()?,
        });
        self.submit(&job)?;
        wait_ready(job.done.as_fd(), PollFlags::IN, deadline, cancel).map_err(|e| {
            if e.status() == Status::NATS_TIMEOUT {
                let time = deadline.saturating_duration_since(begun);
                let text = format!(
                    "no answer from the resolver for host '{host}' in {}: is the name server up?",
                    ms(time)
                );
                Error::new(Status::NATS_TIMEOUT, text)
            } else {
                e
            }
        })?;
        let failed = |why: &dyn std::fmt::Display| {
            let text = format!("cannot resolve host '{host}': {why}");
            Error::new(Status::NATS_NO_SERVER, text)
        };
        match job.answer.lock().take() {
            Some(Ok(addresses)) => Ok(addresses),
            Some(Err(e)) => {
                let why = os(&e);
                // The prefix that the standard library adds to the resolver's text.
                let why = why.strip_prefix("failed to lookup address information: ");
                Err(failed(&why.unwrap_or(&os(&e))))
            }
            None => Err(failed(&"no answer")),
        }
    }

    /// Queues a job, and starts a thread for it if one more is allowed.
    fn submit(&'static self, job: &Arc<Job>) -> Result<()> {
        let mut state = self.state.get().lock();
        // Abandoned jobs are removed, so that the queue does not grow while all threads hang.
        state.queue.retain(|job| job.strong_count() > 0);
        state.queue.push_back(Arc::downgrade(job));
        if state.threads == MAX_THREADS {
            return Ok(());
        }
        let name = "nats-dns".to_owned();
        let started = STARTED.get().lock().clone();
        let run = move || {
            if let Some(started) = started {
                // Code of the program: if it panics, the look-up continues.
                fork::caught(|| started());
            }
            self.run();
        };
        match thread::Builder::new().name(name).spawn(run) {
            Ok(_) => state.threads += 1,
            // The existing threads will take the job.
            Err(_) if state.threads > 0 => {}
            Err(e) => {
                state.queue.pop_back();
                return Err(system("cannot start a thread", e));
            }
        }
        Ok(())
    }

    /// What a thread does.
    fn run(&self) {
        while let Some(job) = self.next() {
            let resolve = || (self.resolve)(&job.host, job.port);
            // Nothing here is known to panic, but a thread lost uncounted would be lost for ever.
            let answer = catch_unwind(AssertUnwindSafe(resolve));
            *job.answer.lock() = answer.ok();
            job.done.set();
        }
    }

    /// The next job with a waiting caller. None: the thread is counted out, and must end.
    fn next(&self) -> Option<Arc<Job>> {
        let mut state = self.state.get().lock();
        loop {
            match state.queue.pop_front() {
                Some(job) => {
                    if let Some(job) = job.upgrade() {
                        return Some(job);
                    }
                }
                None => {
                    state.threads -= 1;
                    return None;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::locks::Condvar;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    fn after(ms: u64) -> Instant {
        Instant::now() + Duration::from_millis(ms)
    }

    fn wait_for(what: &str, mut condition: impl FnMut() -> bool) {
        let give_up = after(20_000);
        while !condition() {
            assert!(Instant::now() < give_up, "no {what}");
            thread::sleep(Duration::from_millis(1));
        }
    }

    #[test]
    fn the_system_knows_this_machine_and_no_invalid_name() {
        let found = look_up("localhost", 7, after(20_000), None).unwrap();
        assert!(found.iter().all(|a| a.ip().is_loopback() && a.port() == 7));
        assert!(!found.is_empty());
        let e = look_up("no such host", 7, after(20_000), None).unwrap_err();
        assert_eq!(e.status(), Status::NATS_NO_SERVER);
        assert!(e.text().contains("'no such host'"), "{e}");
    }

    #[test]
    fn hanging_look_ups_are_abandoned_and_bounded() {
        static OPEN: Mutex<bool> = Mutex::new(false);
        static OPENED: Condvar = Condvar::new();
        static ENTERED: AtomicUsize = AtomicUsize::new(0);
        static RESOLVER: Resolver = Resolver::new(|_, port| {
            ENTERED.fetch_add(1, Ordering::SeqCst);
            let mut open = OPEN.lock();
            while !*open {
                OPENED.wait(&mut open);
            }
            Ok(vec![SocketAddr::from(([127, 0, 0, 1], port))])
        });
        // All threads hang, each abandoned by its caller. Look-ups that were abandoned before their
        // thread took them do not count.
        while ENTERED.load(Ordering::SeqCst) < MAX_THREADS {
            let e = RESOLVER.look_up("h", 1, after(5), None).unwrap_err();
            assert_eq!(e.status(), Status::NATS_TIMEOUT);
        }
        // Further ones time out in the queue, or are cancelled there.
        let e = RESOLVER.look_up("h", 2, after(5), None).unwrap_err();
        assert_eq!(e.status(), Status::NATS_TIMEOUT);
        let cancel = Cancel::new().unwrap();
        thread::scope(|scope| {
            let waiting = scope.spawn(|| RESOLVER.look_up("h", 3, after(20_000), Some(&cancel)));
            wait_for("job in the queue", || {
                let state = RESOLVER.state.get().lock();
                state.queue.iter().any(|job| job.strong_count() > 0)
            });
            cancel.cancel();
            let e = waiting.join().unwrap().unwrap_err();
            assert_eq!(e.status(), Status::NATS_CONNECTION_CLOSED);
        });
        assert_eq!(ENTERED.load(Ordering::SeqCst), MAX_THREADS);
        // Once the threads continue, callers that still wait get their answers, and the threads
        // end.
        thread::scope(|scope| {
            let waiting = scope.spawn(|| RESOLVER.look_up("h", 4, after(20_000), None));
            wait_for("job in the queue", || {
                let state = RESOLVER.state.get().lock();
                state.queue.iter().any(|job| job.strong_count() > 0)
            });
            *OPEN.lock() = true;
            OPENED.notify_all();
            assert_eq!(waiting.join().unwrap().unwrap()[0].port(), 4);
        });
        wait_for("end of the threads", || {
            RESOLVER.state.get().lock().threads == 0
        });
        assert_eq!(
            ENTERED.load(Ordering::SeqCst),
            MAX_THREADS + 1,
            "abandoned jobs ran"
        );
    }

    #[test]
    fn a_panic_is_an_answer_and_loses_no_thread() {
        static RESOLVER: Resolver = Resolver::new(|_, _| panic!("for the test"));
        let e = RESOLVER.look_up("h", 1, after(20_000), None).unwrap_err();
        assert_eq!(e.status(), Status::NATS_NO_SERVER);
        wait_for("end of the thread", || {
            RESOLVER.state.get().lock().threads == 0
        });
    }
}
