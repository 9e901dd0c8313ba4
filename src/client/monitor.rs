//! A value that threads wait for. Closing the connection ends their waits.

use std::sync::Arc;
use std::time::Instant;

use super::connection::Connection;
use super::incoming::event_loop::drive_loop;
use super::incoming::waiting::look_for_answer;
use super::observers::{ConnEvent, Observation};
use crate::error::{Result, Status};
use crate::locks::{Condvar, Mutex, MutexGuard};

/// A value behind a lock, for which threads wait until a condition holds. Closing the connection ends their waits.
pub struct Monitor<T> {
    conn: Arc<Connection>,
    inner: Arc<Inner<T>>,
    _observation: Observation,
}

struct Inner<T> {
    value: Mutex<T>,
    changed: Condvar,
}

/// The locked value of a monitor.
pub type MonitorGuard<'a, T> = MutexGuard<'a, T>;

impl<T: Send + 'static> Monitor<T> {
    /// Creates a monitor with an initial value.
    pub fn new(conn: &Arc<Connection>, value: T) -> Monitor<T> {
        let inner = Arc::new(Inner {
            value: Mutex::new(value),
            changed: Condvar::new(),
        });
        let told = Arc::downgrade(&inner);
        let observation = conn.observe(move |_, event| {
            if let (ConnEvent::Closed, Some(inner)) = (event, told.upgrade()) {
                inner.notify_all();
            }
        });
        Monitor {
            conn: conn.clone(),
            inner,
            _observation: observation,
        }
    }

    /// Locks the value. A caller that makes a change that threads may wait for calls [`Monitor::notify_all`]
    /// afterwards.
    pub fn lock(&self) -> MonitorGuard<'_, T> {
        self.inner.value.lock()
    }

    /// Has all waiting threads check the value again. Does not wait.
    pub fn notify_all(&self) {
        self.inner.notify_all();
    }

    /// Waits until `done`, which is called with the value locked, returns a result. Fails with `NATS_TIMEOUT` at the
    /// deadline, and with `NATS_CONNECTION_CLOSED` if `done` returns none once the connection is closed.
    pub fn wait<R>(
        &self,
        deadline: Option<Instant>,
        mut done: impl FnMut(&mut T) -> Option<R>,
    ) -> Result<R> {
        let mut result = done(&mut self.inner.value.lock());
        if result.is_none() {
            let found = std::cell::RefCell::new((&mut result, &mut done));
            self.conn.await_signal(deadline, || {
                let (result, done) = &mut *found.borrow_mut();
                if result.is_none() {
                    **result = done(&mut self.inner.value.lock());
                }
                result.is_some() || self.conn.is_closed()
            });
        }
        let mut value = self.inner.value.lock();
        loop {
            if let Some(result) = result.take().or_else(|| done(&mut value)) {
                return Ok(result);
            }
            if self.conn.is_closed() {
                return Err(Status::NATS_CONNECTION_CLOSED.into());
            }
            match deadline {
                None => self.inner.changed.wait(&mut value),
                Some(until) if until <= Instant::now() => {
                    return Err(Status::NATS_TIMEOUT.into());
                }
                Some(until) => {
                    self.inner.changed.wait_until(&mut value, until);
                }
            }
        }
    }
}

impl<T> Inner<T> {
    fn notify_all(&self) {
        // A thread that has checked the value and has not begun to wait yet holds the lock.
        drop(self.value.lock());
        self.changed.notify_all();
    }
}

impl Connection {
    /// Helps the event of the server to arrive that the calling thread is about to wait for: drives the program's
    /// event loop, or reads for a short time.
    pub(super) fn await_signal(&self, deadline: Option<Instant>, done: impl Fn() -> bool) {
        match self.external_loop {
            Some(_) => drive_loop(self, deadline, done),
            None => look_for_answer(self, deadline, done),
        }
    }
}
