//! Tracks when no callback of a connection will run any more, and which callbacks a thread is in.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::client::sync::ranked::{RankedMutex, rank};
use crate::error::{Error, Result, Status};
use crate::fork;
use crate::locks::{Condvar, Mutex};
use crate::reentrancy::Reentrancy;
use crate::words::ms;

/// Called when no handler of a connection is running and none will run any more.
pub type ReleasedHandler = Arc<dyn Fn() + Send + Sync>;

/// Opens when the last callback of a connection has returned and none will follow.
#[derive(Default)]
struct ReleaseLatch {
    open: Mutex<bool>,
    opened: Condvar,
}

impl ReleaseLatch {
    fn wait(&self, timeout: Option<Duration>) -> Result<()> {
        let deadline = timeout.and_then(|t| Instant::now().checked_add(t));
        let mut open = self.open.lock();
        while !*open {
            match deadline {
                None => self.opened.wait(&mut open),
                Some(d) => {
                    if self.opened.wait_until(&mut open, d).timed_out() && !*open {
                        drop(open);
                        let waited = ms(timeout.unwrap_or_default());
                        let text =
                            format!("a callback of the connection still runs after {waited}");
                        return Err(Error::new(Status::NATS_TIMEOUT, text));
                    }
                }
            }
        }
        Ok(())
    }
}

/// Held by everything that may still call the program: the open connection, each subscription with a callback, each
/// event that is queued, and the connection itself until the program destroys it. Dropping the last one notifies the
/// program.
#[derive(Clone)]
pub(in crate::client) struct LifetimeGuard(Arc<Activity>);

struct Activity {
    latch: Arc<ReleaseLatch>,
    released: Mutex<Option<ReleasedHandler>>,
}

impl LifetimeGuard {
    fn new(released: Option<ReleasedHandler>) -> (Self, Arc<ReleaseLatch>) {
        let latch = Arc::<ReleaseLatch>::default();
        (
            LifetimeGuard(Arc::new(Activity {
                latch: latch.clone(),
                released: Mutex::new(released),
            })),
            latch,
        )
    }

    /// The program is not notified, because it never received the connection.
    fn disarm(&self) {
        let released = self.0.released.lock().take();
        drop(released);
    }
}

impl Drop for Activity {
    fn drop(&mut self) {
        if let Some(released) = self.released.get_mut().take() {
            fork::caught(|| in_program(&*released));
        }
        *self.latch.open.lock() = true;
        self.latch.opened.notify_all();
    }
}

thread_local! {
    /// The connections whose callbacks this thread is in, outermost first.
    static INSIDE: Reentrancy<u64> = const { Reentrancy::new() };
}

/// The entry in [`INSIDE`] for callbacks of no connection, or of one that no longer exists.
const NO_CONNECTION: u64 = 0;

/// Runs a callback of the connection with this id, so that [`Life::in_callback`] knows.
pub(in crate::client) fn inside_of<R>(id: u64, callback: impl FnOnce() -> R) -> R {
    struct Leave(u64);
    impl Drop for Leave {
        fn drop(&mut self) {
            INSIDE.with(|inside| inside.leave(self.0));
        }
    }
    INSIDE.with(|inside| inside.enter(id));
    let _leave = Leave(id);
    callback()
}

/// Runs a callback of the program that belongs to no connection, so that [`in_any_callback`] knows.
pub fn in_program<R>(callback: impl FnOnce() -> R) -> R {
    inside_of(NO_CONNECTION, callback)
}

/// Is the calling thread, whether the program's or the library's, inside a callback of any connection?
pub fn in_any_callback() -> bool {
    INSIDE.with(|inside| !inside.is_empty())
}

/// The life of one connection's callbacks.
pub(in crate::client) struct Life {
    /// A number that identifies the connection.
    id: u64,
    /// Held until the connection is closed.
    open: Arc<RankedMutex<{ rank::LIFETIME }, Option<LifetimeGuard>>>,
    /// Held until the program destroys the connection.
    owned: RankedMutex<{ rank::LIFETIME }, Option<LifetimeGuard>>,
    latch: Arc<ReleaseLatch>,
}

impl Life {
    /// `id` must not be 0.
    pub(in crate::client) fn new(id: u64, released: Option<ReleasedHandler>) -> Self {
        let (lifetime_guard, latch) = LifetimeGuard::new(released);
        Life {
            id,
            owned: RankedMutex::new(Some(lifetime_guard.clone())),
            open: Arc::new(RankedMutex::new(Some(lifetime_guard))),
            latch,
        }
    }

    /// The connection's number.
    pub(in crate::client) fn id(&self) -> u64 {
        self.id
    }

    /// Returns the right to call the program; `None` once the connection is closed.
    pub(in crate::client) fn lifetime_guard(&self) -> Option<LifetimeGuard> {
        self.open.lock().clone()
    }

    /// What [`Life::lifetime_guard`] returns, for code that does not have the connection.
    pub(in crate::client) fn source_of_guards(
        &self,
    ) -> impl Fn() -> Option<LifetimeGuard> + Send + Sync + use<> {
        let open = self.open.clone();
        move || open.lock().clone()
    }

    /// No callback follows, and the program is not notified of that: it never received the connection.
    pub(in crate::client) fn never_owned(&self) {
        if let Some(lifetime_guard) = self.owned.lock().take() {
            lifetime_guard.disarm();
        }
        self.close();
    }

    /// The program has destroyed it.
    pub(in crate::client) fn not_owned(&self) {
        let lifetime_guard = self.owned.lock().take();
        drop(lifetime_guard);
    }

    /// No callback follows except for those that are queued already.
    pub(in crate::client) fn close(&self) {
        let lifetime_guard = self.open.lock().take();
        drop(lifetime_guard);
    }

    /// Waits until no callback runs or will run any more.
    pub(in crate::client) fn wait_for_end(&self, timeout: Option<Duration>) -> Result<()> {
        self.latch.wait(timeout)
    }

    /// Is the calling thread inside a callback of this connection?
    pub(in crate::client) fn in_callback(&self) -> bool {
        INSIDE.with(|inside| inside.contains(self.id))
    }

    /// Runs a callback of the connection.
    pub(in crate::client) fn inside<R>(&self, callback: impl FnOnce() -> R) -> R {
        inside_of(self.id, callback)
    }

    /// Calls the program for a value that an attempt to connect needs. During the call the connection counts as one
    /// that still calls the program. A closed connection makes no such call.
    pub(in crate::client) fn call_program<R>(
        &self,
        question: impl FnOnce() -> Result<R>,
    ) -> Result<R> {
        let _lease = self
            .lifetime_guard()
            .ok_or(Status::NATS_CONNECTION_CLOSED)?;
        self.inside(question)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn the_last_lease_tells_the_program_and_opens_the_gate() {
        let told = Arc::new(AtomicUsize::new(0));
        let count = told.clone();
        let released: ReleasedHandler = Arc::new(move || {
            assert!(in_any_callback());
            count.fetch_add(1, Ordering::Relaxed);
        });
        let life = Life::new(7, Some(released));
        let waiting = life.lifetime_guard().unwrap();
        life.close();
        assert!(life.lifetime_guard().is_none());
        life.not_owned();
        let late = life.wait_for_end(Some(Duration::ZERO)).unwrap_err();
        assert_eq!(late.status(), Status::NATS_TIMEOUT);
        assert_eq!(told.load(Ordering::Relaxed), 0);
        drop(waiting);
        life.wait_for_end(None).unwrap();
        assert_eq!(told.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn a_closed_connection_is_not_asked_and_others_callbacks_are_told_apart() {
        let (one, other) = (Life::new(1, None), Life::new(2, None));
        one.call_program(|| {
            assert!(one.in_callback() && !other.in_callback());
            other.inside(|| assert!(one.in_callback() && other.in_callback()));
            Ok(())
        })
        .unwrap();
        assert!(!in_any_callback());
        one.never_owned();
        let refused = one
            .call_program(|| -> Result<()> { unreachable!() })
            .unwrap_err();
        assert_eq!(refused.status(), Status::NATS_CONNECTION_CLOSED);
        one.wait_for_end(None).unwrap();
    }
}
