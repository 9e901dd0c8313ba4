//! Queues callbacks until the program runs them on a thread of its own.
//!
//! Subscriptions with messages and events of the connection, which otherwise go to the thread pools, are put into one
//! queue for each connection. A descriptor is readable exactly while the queue is not empty, so that any event loop
//! can tell when there is something to run. Sockets and timers stay with the library's threads: a program that runs
//! its callbacks late delays nothing else.

use std::collections::VecDeque;
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::sync::Arc;

use rustix::event::{EventfdFlags, eventfd};
use rustix::io::Errno;

use crate::error::Result;
use crate::fork::{self, Descriptor};
use crate::locks::Mutex;
use crate::words::system;

/// A source of callbacks that may have more later: a subscription with messages, a timeout or a completion to report.
pub(in crate::client) trait ManualJob: Send + Sync {
    /// Runs its callbacks, for at most `limit` messages. Returns how many ran, and whether there is more to do.
    fn run_some(self: Arc<Self>, limit: usize) -> (usize, bool);

    /// Its callbacks will not be called any more.
    fn forget(&self);
}

/// Something for the program to run.
enum Item {
    Event(Box<dyn FnOnce() + Send>),
    Job(Arc<dyn ManualJob>),
}

/// The queued callbacks of one connection.
pub(in crate::client) struct ManualQueue {
    /// Readable while something waits. Written and read with `state` locked.
    fd: Descriptor<OwnedFd>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Item>,
    /// A thread is running what it took from the queue.
    running: bool,
    /// Nothing in the queue will be run any more.
    closed: bool,
}

impl ManualQueue {
    pub(in crate::client) fn new() -> Result<Self> {
        let fd = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)
            .and_then(Descriptor::shown)
            .map_err(|e| system("eventfd", e))?;
        Ok(ManualQueue {
            fd,
            state: Mutex::default(),
        })
    }

    /// Returns false, and drops `event`, if nobody will run it.
    pub(in crate::client) fn post(&self, event: Box<dyn FnOnce() + Send>) -> bool {
        self.push(Item::Event(event))
    }

    pub(in crate::client) fn schedule(&self, job: Arc<dyn ManualJob>) {
        self.push(Item::Job(job));
    }

    fn push(&self, item: Item) -> bool {
        let mut state = self.state.lock();
        if state.closed {
            drop(state);
            item.forget();
            return false;
        }
        if state.waiting.is_empty() {
            // Writing 1 to an eventfd does not block; only an interruption calls for another try.
            while let Err(Errno::INTR) = rustix::io::write(&self.fd, &1u64.to_ne_bytes()) {}
        }
        state.waiting.push_back(item);
        true
    }

    fn pop(&self) -> Option<Item> {
        let mut state = self.state.lock();
        let item = state.waiting.pop_front()?;
        if state.waiting.is_empty() {
            self.quieten();
        }
        Some(item)
    }

    /// Makes the descriptor unreadable.
    fn quieten(&self) {
        while let Err(Errno::INTR) = rustix::io::read(&self.fd, &mut [0; 8]) {}
    }

    /// Takes the right to run what is queued, and how much that is; `None` while another thread has it.
    fn begin(&self) -> Option<(Running<'_>, usize)> {
        let mut state = self.state.lock();
        if std::mem::replace(&mut state.running, true) {
            return None;
        }
        Some((Running(self), state.waiting.len()))
    }

    /// Drops what is queued, and everything that would be queued later.
    pub(super) fn close(&self) {
        let waiting = {
            let mut state = self.state.lock();
            state.closed = true;
            if !state.waiting.is_empty() {
                self.quieten();
            }
            std::mem::take(&mut state.waiting)
        };
        waiting.into_iter().for_each(Item::forget);
    }
}

/// The right to run what is queued.
struct Running<'a>(&'a ManualQueue);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        // After a `fork` in a callback the queue is the parent's, and its lock may be held for ever.
        if !fork::is_leaving() {
            self.0.state.lock().running = false;
        }
    }
}

impl Item {
    /// The callback will not be run.
    fn forget(self) {
        match self {
            Item::Event(event) => drop(event),
            Item::Job(job) => job.forget(),
        }
    }
}

impl ManualQueue {
    /// The descriptor that is readable while something is queued.
    pub(in crate::client) fn fd(&self) -> RawFd {
        self.fd.as_fd().as_raw_fd()
    }

    /// Runs what is queued, at most `max` callbacks, and returns how many ran. Callbacks that are queued during the
    /// call are left for the next one. Does nothing while another thread is running callbacks.
    pub(in crate::client) fn run(&self, max: usize) -> usize {
        let Some((_running, items)) = self.begin() else {
            return 0;
        };
        let mut ran = 0;
        for _ in 0..items {
            if ran >= max {
                break;
            }
            match self.pop() {
                Some(Item::Event(event)) => {
                    ran += 1;
                    // A callback that panics must not keep the others from running.
                    fork::caught(event);
                }
                Some(Item::Job(job)) => {
                    let (callbacks, more) = job.clone().run_some(max - ran);
                    ran += callbacks;
                    if more {
                        self.schedule(job);
                    }
                }
                None => break,
            }
        }
        ran
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    fn is_readable(queue: &ManualQueue) -> bool {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        let now = Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        poll(&mut [PollFd::new(&queue.fd, PollFlags::IN)], Some(&now)).unwrap() == 1
    }

    #[test]
    fn events_wait_in_order_and_the_descriptor_tells() {
        let queue = ManualQueue::new().unwrap();
        let (tell, told) = mpsc::channel();
        assert!(!is_readable(&queue));
        assert_eq!(queue.run(usize::MAX), 0);
        for n in 0..5 {
            let tell = tell.clone();
            queue.post(Box::new(move || {
                if n == 1 {
                    panic!("a callback panics");
                }
                tell.send(n).unwrap();
            }));
        }
        assert!(is_readable(&queue) && told.try_recv().is_err());
        assert_eq!(queue.run(2), 2);
        assert!(is_readable(&queue));
        assert_eq!(queue.run(usize::MAX), 3);
        assert!(!is_readable(&queue));
        assert_eq!(told.try_iter().collect::<Vec<_>>(), [0, 2, 3, 4]);
    }

    #[test]
    fn what_is_posted_meanwhile_waits_and_the_end_drops_it() {
        let queue = Arc::new(ManualQueue::new().unwrap());
        let (tell, told) = mpsc::channel();
        let again = queue.clone();
        queue.post(Box::new(move || {
            assert_eq!(again.run(usize::MAX), 0, "another call runs");
            let tell = tell.clone();
            let late = Box::new(move || tell.send(()).unwrap());
            again.post(late);
        }));
        assert_eq!(queue.run(usize::MAX), 1);
        assert!(is_readable(&queue));
        queue.close();
        assert!(!is_readable(&queue));
        assert_eq!(queue.run(usize::MAX), 0);
        assert_eq!(told.recv(), Err(mpsc::RecvError), "dropped, not run");
        assert!(!queue.post(Box::new(|| unreachable!())));
        assert!(!is_readable(&queue));
    }

    /// So many callbacks to run; what was forgotten has `u32::MAX`.
    struct Counted(Mutex<u32>);

    impl ManualJob for Counted {
        fn run_some(self: Arc<Self>, limit: usize) -> (usize, bool) {
            let mut left = self.0.lock();
            let ran = (*left).min(limit as u32);
            *left -= ran;
            (ran as usize, *left > 0)
        }

        fn forget(&self) {
            *self.0.lock() = u32::MAX;
        }
    }

    #[test]
    fn a_job_with_more_to_do_lines_up_again() {
        let queue = ManualQueue::new().unwrap();
        let (one, other) = (
            Arc::new(Counted(Mutex::new(5))),
            Arc::new(Counted(Mutex::new(1))),
        );
        queue.schedule(one.clone());
        queue.schedule(other.clone());
        assert_eq!(queue.run(3), 3);
        assert_eq!((*one.0.lock(), *other.0.lock()), (2, 1));
        assert_eq!(queue.run(3), 3);
        assert_eq!((*one.0.lock(), *other.0.lock()), (0, 0));
        assert!(!is_readable(&queue));
        queue.schedule(one.clone());
        queue.close();
        queue.schedule(other.clone());
        assert_eq!((*one.0.lock(), *other.0.lock()), (u32::MAX, u32::MAX));
    }
}
