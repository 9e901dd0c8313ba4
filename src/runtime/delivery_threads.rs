//! The delivery pool whose size the program sets: that many threads, each with a queue of its own.

use std::sync::Arc;

use super::dispatcher::{Dispatcher, Sizes};
use super::threads::Threads;
use super::timers::Timers;
use crate::error::{Error, Result, Status};
use crate::locks::Mutex;

/// Delivery threads, handed out in turn. Each is created on its first turn, and the thread itself starts
/// with its first job, so a large size by itself costs nothing.
pub(super) struct DeliveryThreads {
    threads: Arc<Threads>,
    timers: Timers,
    state: Mutex<State>,
}

struct State {
    size: usize,
    delivery_threads: Vec<Arc<Dispatcher>>,
    /// The index of the next one. Never more than the number of those created so far.
    next: usize,
}

impl DeliveryThreads {
    pub(super) fn new(size: usize, threads: Arc<Threads>, timers: Timers) -> Self {
        let state = Mutex::new(State {
            size,
            delivery_threads: Vec::new(),
            next: 0,
        });
        DeliveryThreads {
            threads,
            timers,
            state,
        }
    }

    pub(super) fn next(&self) -> Result<Arc<Dispatcher>> {
        let state = &mut *self.state.lock();
        if state.size == 0 {
            return Err(Error::new(
                Status::NATS_FAILED_TO_INITIALIZE,
                "No message dispatchers available, the pool is empty. \
                 (natsClientConfig.ThreadPoolMax, nats_SetMessageDeliveryPoolSize)",
            ));
        }
        if state.next == state.delivery_threads.len() {
            let delivery_thread =
                Dispatcher::new(Sizes::DELIVERY, self.threads.clone(), self.timers.clone());
            state.delivery_threads.push(Arc::new(delivery_thread));
        }
        let delivery_thread = state.delivery_threads[state.next].clone();
        state.next = (state.next + 1) % state.size;
        Ok(delivery_thread)
    }

    /// Grows the pool; a smaller size changes nothing.
    pub(super) fn grow(&self, size: usize) {
        let mut state = self.state.lock();
        state.size = state.size.max(size);
    }

    pub(super) fn stop(&self) {
        for delivery_thread in &self.state.lock().delivery_threads {
            delivery_thread.stop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivery_threads(size: usize) -> DeliveryThreads {
        DeliveryThreads::new(size, Threads::new(None), Timers::new())
    }

    #[test]
    fn an_empty_pool_says_so_until_it_grows() {
        let delivery_threads = delivery_threads(0);
        let error = delivery_threads.next().err().unwrap();
        assert_eq!(error.status(), Status::NATS_FAILED_TO_INITIALIZE);
        assert_eq!(
            error.text(),
            "No message dispatchers available, the pool is empty. \
             (natsClientConfig.ThreadPoolMax, nats_SetMessageDeliveryPoolSize)"
        );
        delivery_threads.grow(1);
        assert!(delivery_threads.next().is_ok());
    }

    #[test]
    fn delivery_threads_take_turns_and_the_pool_never_shrinks() {
        let delivery_threads = delivery_threads(2);
        let turn =
            |n: usize| -> Vec<_> { (0..n).map(|_| delivery_threads.next().unwrap()).collect() };
        let first = turn(4);
        assert!(Arc::ptr_eq(&first[0], &first[2]) && Arc::ptr_eq(&first[1], &first[3]));
        assert!(!Arc::ptr_eq(&first[0], &first[1]));
        delivery_threads.grow(3);
        delivery_threads.grow(1);
        let second = turn(4);
        assert!(Arc::ptr_eq(&second[0], &first[0]) && Arc::ptr_eq(&second[1], &first[1]));
        assert!(
            first
                .iter()
                .all(|delivery_thread| !Arc::ptr_eq(delivery_thread, &second[2]))
        );
        assert!(Arc::ptr_eq(&second[3], &first[0]));
        delivery_threads.grow(usize::MAX);
        assert_eq!(delivery_threads.state.lock().delivery_threads.len(), 3);
    }
}
