//! One thread that runs events in the order in which they were posted: connection callbacks and
//! asynchronous errors.

use std::collections::VecDeque;
use std::sync::Arc;

use super::threads::Threads;
use super::{Action, guarded};
use crate::error::Result;
use crate::fork::is_leaving;
use crate::locks::{Condvar, Mutex};

/// The event queue of the whole process, first in, first out.
///
/// Not a channel of crossbeam: the program's own threads post here (a close, a destroy, a publish that finds the link
/// broken), and valgrind reports what such a channel allocates for a program's main thread as possibly lost.
pub struct Events {
    inner: Arc<Inner>,
}

struct Inner {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    queue: VecDeque<Action>,
    /// New events are accepted.
    open: bool,
    /// The thread ends once the queue is empty.
    stop: bool,
}

impl Events {
    pub(super) fn new() -> Self {
        let state = State {
            queue: VecDeque::new(),
            open: true,
            stop: false,
        };
        Events {
            inner: Arc::new(Inner {
                state: Mutex::new(state),
                changed: Condvar::new(),
            }),
        }
    }

    pub(super) fn start(&self, threads: &Arc<Threads>) -> Result<()> {
        let inner = self.inner.clone();
        threads.spawn("nats-events", move || inner.run())
    }

    /// Queues `event` behind all earlier ones. Never blocks. Once the library closes, `event` is
    /// dropped and the result is false.
    pub fn post(&self, event: Box<dyn FnOnce() + Send>) -> bool {
        if is_leaving() {
            return false;
        }
        let mut state = self.inner.state.lock();
        if !state.open {
            // The event may own the last reference to something whose destructor posts here.
            drop(state);
            return false;
        }
        state.queue.push_back(event);
        self.inner.changed.notify_one();
        true
    }

    /// From now on new events are dropped; queued ones are still run.
    pub(super) fn close(&self) {
        self.inner.state.lock().open = false;
    }

    /// Ends the thread after the last queued event.
    pub(super) fn stop(&self) {
        let mut state = self.inner.state.lock();
        state.open = false;
        state.stop = true;
        self.inner.changed.notify_one();
    }
}

impl Inner {
    fn run(&self) {
        loop {
            let mut state = self.state.lock();
            while state.queue.is_empty() {
                if state.stop {
                    return;
                }
                self.changed.wait(&mut state);
            }
            let batch = std::mem::take(&mut state.queue);
            drop(state);
            for event in batch {
                guarded(event);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn events_run_in_order_and_survive_panics() {
        let threads = Threads::new(None);
        let events = Events::new();
        events.start(&threads).unwrap();
        let (done, results) = mpsc::channel();
        for n in 0..1000 {
            let done = done.clone();
            assert!(events.post(Box::new(move || {
                if n == 500 {
                    panic!("an event panics");
                }
                done.send(n).unwrap();
            })));
        }
        events.close();
        assert!(!events.post(Box::new(|| unreachable!())));
        events.stop();
        assert!(threads.wait(None));
        drop(done);
        let order: Vec<i32> = results.iter().collect();
        assert_eq!(order, (0..1000).filter(|n| *n != 500).collect::<Vec<_>>());
    }
}
