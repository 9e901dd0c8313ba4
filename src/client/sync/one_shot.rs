//! A value that one thread waits for and another sends.

use std::sync::Arc;
use std::time::Instant;

use crate::locks::{Condvar, Mutex};

/// The waiting end and the sending end; clones are equal.
pub(in crate::client) struct OneShot<T>(Arc<(Mutex<Option<T>>, Condvar)>);

impl<T> Clone for OneShot<T> {
    fn clone(&self) -> Self {
        OneShot(self.0.clone())
    }
}

impl<T> OneShot<T> {
    pub(in crate::client) fn new() -> Self {
        OneShot(Arc::new((Mutex::new(None), Condvar::new())))
    }

    /// Sends a value; only the first one counts.
    pub(in crate::client) fn send(&self, value: T) {
        self.0.0.lock().get_or_insert(value);
        self.0.1.notify_one();
    }

    /// Has a value been sent?
    pub(in crate::client) fn is_sent(&self) -> bool {
        self.0.0.lock().is_some()
    }

    /// Waits for the value until the deadline; `None` means for ever.
    pub(in crate::client) fn wait(&self, deadline: Option<Instant>) -> Option<T> {
        let mut slot = self.0.0.lock();
        loop {
            if let Some(value) = slot.take() {
                return Some(value);
            }
            match deadline {
                None => self.0.1.wait(&mut slot),
                Some(d) => {
                    if self.0.1.wait_until(&mut slot, d).timed_out() {
                        return slot.take();
                    }
                }
            }
        }
    }
}
