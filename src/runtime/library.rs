//! Opening and closing the library, once for the whole process.
//!
//! ```text
//! closed → opening → open → closing → closed
//! ```
//!
//! Closing lasts as long as somebody holds the runtime; nobody has to tell this module when that
//! ends, since all it keeps of a closing runtime is a weak reference.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

pub use super::threads::on_library_thread;
use super::threads::{self, Hook, Threads};
use super::{Runtime, guarded};
use crate::error::{Error, Result, Status};

/// How long [`close`] waits at most for idle threads to leave: as a rule far less than a
/// millisecond, and then a program that ends right after it leaves no thread behind.
const GRACE: Duration = Duration::from_millis(100);

static LIBRARY: Library = Library::new();
static FORKED: AtomicBool = AtomicBool::new(false);

thread_local! {
    /// This thread is the one that opens the library.
    static OPENING: Cell<bool> = const { Cell::new(false) };
}

/// What the library is opened with.
#[derive(Clone)]
pub struct Config {
    /// The write deadline that new options begin with; zero is none.
    pub default_write_deadline: Duration,
    /// Whether new options begin with delivery by the pool.
    pub default_to_thread_pool: bool,
    /// The size of the delivery pool; zero is an empty pool.
    pub thread_pool_max: usize,
    /// Runs first in every thread that the library starts, in that thread.
    pub thread_started: Option<Hook>,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            default_write_deadline: Duration::ZERO,
            default_to_thread_pool: false,
            thread_pool_max: 1,
            thread_started: None,
        }
    }
}

impl Config {
    /// The defaults, changed by the environment.
    pub fn from_env() -> Self {
        Self::from_vars(|name| {
            std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
        })
    }

    fn from_vars(var: impl Fn(&str) -> Option<String>) -> Self {
        let mut config = Config::default();
        let number = |name| var(name).and_then(|value| positive_prefix(&value));
        if let Some(n) = number("NATS_DEFAULT_LIB_WRITE_DEADLINE") {
            config.default_write_deadline = Duration::from_millis(n);
        }
        if let Some(n) = number("NATS_DEFAULT_LIB_MSG_DELIVERY_POOL_SIZE") {
            config.thread_pool_max = usize::try_from(n).unwrap_or(usize::MAX);
        }
        config.default_to_thread_pool = var("NATS_DEFAULT_TO_LIB_MSG_DELIVERY").is_some();
        config
    }
}

/// The number that `text` begins with, like C's `atoi`, if it is greater than zero.
fn positive_prefix(text: &str) -> Option<u64> {
    let text = text.trim_start();
    let text = text.strip_prefix('+').unwrap_or(text);
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let digits = text[..end].trim_start_matches('0');
    if digits.is_empty() {
        return None;
    }
    // Too many digits can only mean too large a number.
    Some(digits.parse().unwrap_or(u64::MAX))
}

/// Opens the library; `None` reads the environment. If it is open already, `config` is ignored.
/// Fails with `NATS_FAILED_TO_INITIALIZE` while it is closing, and with `NATS_ILLEGAL_STATE` from
/// within its own opening and after a fork.
pub fn open(config: Option<Config>) -> Result<()> {
    check_fork()?;
    LIBRARY
        .runtime(|| Runtime::start(config.unwrap_or_else(Config::from_env)))
        .map(drop)
}

/// The runtime of the library, which this opens if need be. Fails as [`open`] does.
pub fn runtime() -> Result<Arc<Runtime>> {
    check_fork()?;
    LIBRARY.runtime(|| Runtime::start(Config::from_env()))
}

/// What the library was opened with; `None` if it is not open.
pub fn config() -> Option<Config> {
    check_fork().ok()?;
    match &*LIBRARY.state.lock() {
        State::Open(runtime) => Some(runtime.config().clone()),
        _ => None,
    }
}

/// Whether the library has been closed but is still in use, so that it cannot be opened again.
pub fn is_closing() -> bool {
    !forked() && LIBRARY.state.lock().is_closing()
}

/// Closes the library, if it is open. Live connections go on working until they are destroyed, but
/// events are dropped from now on.
pub fn close() {
    if forked() {
        return;
    }
    LIBRARY.close();
}

/// Closes the library and waits until nobody uses it any more and all its threads have ended;
/// `None` waits for ever. Fails with `NATS_NOT_INITIALIZED` if it is not open, with
/// `NATS_ILLEGAL_STATE` if it is closing already, after a fork, and on a thread of the library,
/// and with `NATS_TIMEOUT` if the time is over; closing then goes on by itself.
pub fn close_and_wait(timeout: Option<Duration>) -> Result<()> {
    check_fork()?;
    LIBRARY.close_and_wait(timeout)
}

/// Grows the delivery pool, after opening the library if need be. A smaller number than before
/// changes nothing. `NATS_ERR` if the number is not positive.
pub fn set_delivery_pool_size(n: i32) -> Result<()> {
    let runtime = runtime()?;
    match usize::try_from(n) {
        Ok(size @ 1..) => {
            runtime.lanes.grow(size);
            Ok(())
        }
        _ => Err(Error::new(
            Status::NATS_ERR,
            "Pool size cannot be negative or zero",
        )),
    }
}

/// Notes that this process is the child of a fork. None of the library's threads exists in it; so
/// unless there were none, it must not use the library. Only stores a flag, as befits a fork handler.
pub fn mark_forked() {
    if threads::any() {
        FORKED.store(true, Ordering::Relaxed);
    }
}

/// Whether this process is the child of a fork of one that had opened the library.
pub fn forked() -> bool {
    FORKED.load(Ordering::Relaxed)
}

/// Before any lock: one that a thread of the parent held is locked for ever in the child.
fn check_fork() -> Result<()> {
    if forked() {
        let text = "the process has forked since the library was opened";
        return Err(Error::illegal_state(text));
    }
    Ok(())
}

enum State {
    Closed,
    Opening,
    Open(Arc<Runtime>),
    Closing(Weak<Runtime>),
}

impl State {
    fn is_closing(&self) -> bool {
        matches!(self, State::Closing(runtime) if runtime.strong_count() > 0)
    }
}

struct Library {
    state: Mutex<State>,
    opened: Condvar,
}

impl Library {
    const fn new() -> Self {
        Library {
            state: Mutex::new(State::Closed),
            opened: Condvar::new(),
        }
    }

    /// The runtime; if there is none, the one that `start` makes.
    fn runtime(&self, start: impl FnOnce() -> Result<Arc<Runtime>>) -> Result<Arc<Runtime>> {
        let mut state = self.state.lock();
        loop {
            match &*state {
                State::Open(runtime) => return Ok(runtime.clone()),
                State::Opening if OPENING.get() => {
                    return Err(Error::illegal_state("the library is being opened"));
                }
                // If that one fails, this thread tries, and most likely fails the same way.
                State::Opening => self.opened.wait(&mut state),
                closing if closing.is_closing() => {
                    let text = "the library is being closed";
                    return Err(Error::new(Status::NATS_FAILED_TO_INITIALIZE, text));
                }
                State::Closed | State::Closing(_) => break,
            }
        }
        *state = State::Opening;
        drop(state);
        OPENING.set(true);
        let result = guarded(start).unwrap_or_else(|| Err(Status::NATS_ERR.into()));
        OPENING.set(false);
        *self.state.lock() = match &result {
            Ok(runtime) => State::Open(runtime.clone()),
            Err(_) => State::Closed,
        };
        self.opened.notify_all();
        result
    }

    /// Takes the library's own reference away and returns what is needed to wait for the rest.
    fn start_closing(&self) -> Result<Closing> {
        let mut state = self.state.lock();
        let runtime = match &*state {
            State::Open(runtime) => runtime.clone(),
            closing if closing.is_closing() => {
                let text = "the library is already being closed";
                return Err(Error::illegal_state(text));
            }
            _ => return Err(Status::NATS_NOT_INITIALIZED.into()),
        };
        let rest = Arc::downgrade(&runtime);
        let opened = std::mem::replace(&mut *state, State::Closing(rest.clone()));
        drop(state);
        runtime.events.close();
        let threads = runtime.threads.clone();
        // Both outside the lock: one of them may be the last, which ends the runtime.
        drop(opened);
        drop(runtime);
        Ok(Closing { rest, threads })
    }

    fn close(&self) {
        // There is nothing to do in any other state than open.
        if let Ok(closing) = self.start_closing()
            && closing.rest.strong_count() == 0
            && !on_library_thread()
        {
            closing.threads.wait(Some(GRACE));
        }
    }

    fn close_and_wait(&self, timeout: Option<Duration>) -> Result<()> {
        if on_library_thread() {
            let text = "the library's own threads cannot wait for their end";
            return Err(Error::illegal_state(text));
        }
        if self.start_closing()?.threads.wait(timeout) {
            Ok(())
        } else {
            Err(Status::NATS_TIMEOUT.into())
        }
    }
}

struct Closing {
    rest: Weak<Runtime>,
    threads: Arc<Threads>,
}

#[cfg(test)]
#[path = "library_tests.rs"]
mod tests;
