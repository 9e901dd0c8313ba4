//! Callbacks that wait until the program runs them, on its own thread.
//!
//! What otherwise goes to the pools, subscriptions with messages and what happens to the
//! connection, lines up in one queue of the connection. A descriptor is readable exactly while the
//! queue is not empty, so any event loop can tell when there is something to run. Sockets and
//! timers stay with the library's own threads: a program that is late with its callbacks is late
//! with nothing else.

use std::collections::VecDeque;
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::sync::Arc;

use rustix::event::{EventfdFlags, eventfd};
use rustix::io::Errno;

use crate::client::connection::Connection;
use crate::client::subscription::state::Subscription;
use crate::error::{Error, Result};
use crate::fork::{self, Descriptor};
use crate::locks::Mutex;
use crate::words::system;

/// Something for the program to run.
enum Item {
    Event(Box<dyn FnOnce() + Send>),
    /// A subscription with messages, a timeout or its end to tell of.
    Subscription(Arc<Subscription>),
}

/// The callbacks of one connection that wait.
pub(in crate::client) struct ManualQueue {
    /// Readable while something waits. Written and read with `state` locked.
    fd: Descriptor<OwnedFd>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Item>,
    /// A thread runs what it took from the queue.
    running: bool,
    /// Nobody will run anything any more.
    closed: bool,
}

impl ManualQueue {
    pub(in crate::client) fn new() -> Result<Self> {
        let fd = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)
            .map_err(|e| system("eventfd", e))?;
        Ok(ManualQueue {
            fd: Descriptor::shown(fd),
            state: Mutex::default(),
        })
    }

    /// False, and `event` is dropped, where nobody is going to run it.
    pub(in crate::client) fn post(&self, event: Box<dyn FnOnce() + Send>) -> bool {
        self.push(Item::Event(event))
    }

    pub(in crate::client) fn schedule(&self, sub: Arc<Subscription>) {
        self.push(Item::Subscription(sub));
    }

    fn push(&self, item: Item) -> bool {
        let mut state = self.state.lock();
        if state.closed {
            drop(state);
            item.forget();
            return false;
        }
        if state.waiting.is_empty() {
            // Takes a 1 without blocking; there is nothing to retry but an interruption.
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

    /// Takes the right to run what waits; how much that is, or `None` while another thread has it.
    fn begin(&self) -> Option<(Running<'_>, usize)> {
        let mut state = self.state.lock();
        if std::mem::replace(&mut state.running, true) {
            return None;
        }
        Some((Running(self), state.waiting.len()))
    }

    /// Drops what waits, and whatever would follow.
    fn close(&self) {
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

/// The right to run what waits.
struct Running<'a>(&'a ManualQueue);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        // In a child the queue is the parent's, and perhaps locked for ever.
        if !fork::is_leaving() {
            self.0.state.lock().running = false;
        }
    }
}

impl Item {
    /// It will not be run.
    fn forget(self) {
        match self {
            Item::Event(event) => drop(event),
            Item::Subscription(sub) => sub.forget(),
        }
    }
}

impl Connection {
    fn manual(&self) -> Result<&ManualQueue> {
        self.manual.as_ref().ok_or_else(|| {
            Error::illegal_state(
                "the connection was not made with manual dispatch (natsOptions_SetManualDispatch)",
            )
        })
    }

    /// The descriptor that is readable while callbacks wait to be run by
    /// [`dispatch`](Self::dispatch). It remains the connection's.
    pub fn dispatch_fd(&self) -> Result<RawFd> {
        Ok(self.manual()?.fd.as_fd().as_raw_fd())
    }

    /// Runs callbacks that wait, at most `max` of them, and returns how many. Those that come to
    /// wait meanwhile are left for the next call. Does nothing while another thread is at it.
    pub fn dispatch(self: &Arc<Self>, max: Option<usize>) -> Result<usize> {
        let manual = self.manual()?;
        if self.in_callback() {
            return Err(Error::illegal_state(
                "natsConnection_Dispatch was called inside a callback of the same connection",
            ));
        }
        let Some((_running, items)) = manual.begin() else {
            return Ok(0);
        };
        let max = max.unwrap_or(usize::MAX);
        let mut ran = 0;
        for _ in 0..items {
            if ran >= max {
                break;
            }
            match manual.pop() {
                Some(Item::Event(event)) => {
                    ran += 1;
                    // What panics must not keep the others from being run.
                    fork::caught(event);
                }
                Some(Item::Subscription(sub)) => {
                    let (callbacks, more) = sub.run_some(max - ran);
                    ran += callbacks;
                    if more {
                        manual.schedule(sub);
                    }
                }
                None => break,
            }
        }
        Ok(ran)
    }

    /// The program does not need the connection any more: nobody is going to run what waits.
    pub(in crate::client) fn end_dispatch(&self) {
        if let Some(manual) = &self.manual {
            manual.close();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;
    use crate::client::options::Options;
    use crate::error::Status;

    fn manual() -> Arc<Connection> {
        let opts = Options {
            manual_dispatch: true,
            ..Options::default()
        };
        Connection::new(&opts).expect("no network needed")
    }

    fn is_readable(conn: &Connection) -> bool {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        let fd = &conn.manual.as_ref().unwrap().fd;
        let now = Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        poll(&mut [PollFd::new(fd, PollFlags::IN)], Some(&now)).unwrap() == 1
    }

    #[test]
    fn events_wait_in_order_and_the_descriptor_tells() {
        let conn = manual();
        let (tell, told) = mpsc::channel();
        assert!(!is_readable(&conn));
        assert_eq!(conn.dispatch(None).unwrap(), 0);
        for n in 0..5 {
            let tell = tell.clone();
            conn.manual.as_ref().unwrap().post(Box::new(move || {
                if n == 1 {
                    panic!("a callback panics");
                }
                tell.send(n).unwrap();
            }));
        }
        assert!(is_readable(&conn) && told.try_recv().is_err());
        assert_eq!(conn.dispatch(Some(2)).unwrap(), 2);
        assert!(is_readable(&conn));
        assert_eq!(conn.dispatch(None).unwrap(), 3);
        assert!(!is_readable(&conn));
        assert_eq!(told.try_iter().collect::<Vec<_>>(), [0, 2, 3, 4]);
    }

    #[test]
    fn what_is_posted_meanwhile_waits_and_the_end_drops_it() {
        let conn = manual();
        let (tell, told) = mpsc::channel();
        let again = conn.clone();
        conn.manual.as_ref().unwrap().post(Box::new(move || {
            assert_eq!(again.dispatch(None).unwrap(), 0, "another call runs");
            let tell = tell.clone();
            let late = Box::new(move || tell.send(()).unwrap());
            again.manual.as_ref().unwrap().post(late);
        }));
        assert_eq!(conn.dispatch(None).unwrap(), 1);
        assert!(is_readable(&conn));
        conn.end_dispatch();
        assert!(!is_readable(&conn));
        assert_eq!(conn.dispatch(None).unwrap(), 0);
        assert_eq!(told.recv(), Err(mpsc::RecvError), "dropped, not run");
        conn.manual
            .as_ref()
            .unwrap()
            .post(Box::new(|| unreachable!()));
        assert!(!is_readable(&conn));
    }

    #[test]
    fn without_the_option_there_is_nothing_to_dispatch() {
        let conn = Connection::new(&Options::default()).expect("no network needed");
        for status in [
            conn.dispatch(None).unwrap_err().status(),
            conn.dispatch_fd().unwrap_err().status(),
        ] {
            assert_eq!(status, Status::NATS_ILLEGAL_STATE);
        }
    }
}
