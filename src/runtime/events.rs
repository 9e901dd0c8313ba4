//! One thread that runs things in the order in which they were posted: the callbacks about a
//! connection's life, and the asynchronous errors.

use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender, unbounded};
use parking_lot::Mutex;

use super::library::forked;
use super::threads::Threads;
use super::{Action, guarded};
use crate::error::Result;

/// The queue of events of the whole process, first in, first out.
pub struct Events {
    /// Gone when the library closes: then the thread runs what is queued, and leaves.
    sender: Mutex<Option<Sender<Action>>>,
    receiver: Receiver<Action>,
}

impl Events {
    pub(super) fn new() -> Self {
        let (sender, receiver) = unbounded();
        Events {
            sender: Mutex::new(Some(sender)),
            receiver,
        }
    }

    pub(super) fn start(&self, threads: &Arc<Threads>) -> Result<()> {
        let events = self.receiver.clone();
        threads.spawn("nats-events", move || {
            for event in events {
                guarded(event);
            }
        })
    }

    /// Queues `event` behind all earlier ones. Never blocks. False, and `event` is dropped, once
    /// the library closes.
    pub fn post(&self, event: Box<dyn FnOnce() + Send>) -> bool {
        if forked() {
            return false;
        }
        let sender = self.sender.lock().clone();
        // Not under the lock: the event may own the last of something whose end comes back here.
        sender.is_some_and(|sender| sender.send(event).is_ok())
    }

    /// From now on new events are dropped; those queued are still run.
    pub(super) fn close(&self) {
        self.sender.lock().take();
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
        assert!(threads.wait(None));
        drop(done);
        let order: Vec<i32> = results.iter().collect();
        assert_eq!(order, (0..1000).filter(|n| *n != 500).collect::<Vec<_>>());
    }
}
