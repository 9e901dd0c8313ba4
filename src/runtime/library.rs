//! Opening and closing the library, once for the whole process.
//!
//! ```text
//! closed → open → starting → running → closing → closed
//! ```
//!
//! An open library knows its settings and has no thread; the first connection starts the threads. Closing lasts as
//! long as the runtime is referenced; this module need not be told when that ends, because all it keeps of a closing
//! runtime is a weak reference, and its threads. It may be opened again while those are still ending: a later close
//! that waits, waits for them too, because the program may unload the library next.
//!
//! Each process has a library of its own. That of a child made by `fork` begins closed. When it is opened without
//! settings, it takes those that the program opened its parent's with.

use std::cell::Cell;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

pub use super::threads::on_library_thread;
use super::threads::{Hook, Threads};
use super::{Runtime, guarded};
use crate::error::{Error, Result, Status};
pub(super) use crate::fork::is_leaving as forked;
use crate::fork::{self, PerProcess};
use crate::locks::{Condvar, Mutex};
use crate::log;
use crate::words::ms;

/// How long [`close`] waits for idle threads to end: usually far less than a millisecond, and then
/// a program that ends right after it leaves no thread behind.
const GRACE: Duration = Duration::from_millis(100);

static LIBRARY: PerProcess<Library> = PerProcess::new(Library::new());

thread_local! {
    /// The process whose library this thread is starting; zero for none.
    static STARTING: Cell<u32> = const { Cell::new(0) };
}

/// The settings of the library.
#[derive(Clone)]
pub struct Config {
    /// The initial write deadline of new options; zero is none.
    pub default_write_deadline: Duration,
    /// Whether new options begin with delivery by the fixed-size pool.
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
    /// The defaults, modified by the environment.
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

/// The number at the start of `text`, like C's `atoi`, if it is greater than zero.
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
    // Too many digits can only mean a number that is too large.
    Some(digits.parse().unwrap_or(u64::MAX))
}

/// Opens the library; `None` reads the environment. If it is open already, `config` is ignored. Starts no thread.
/// Fails with `NATS_FAILED_TO_INITIALIZE` while it is closing.
pub fn open(config: Option<Config>) -> Result<()> {
    let (library, previous) = LIBRARY.with_previous();
    library.open(config, previous).map(drop)
}

/// The settings of the library, after opening it if necessary. Fails as [`open`] does.
pub fn config() -> Result<Config> {
    let (library, previous) = LIBRARY.with_previous();
    library.open(None, previous)
}

/// The runtime of the library, which is opened and started if necessary. Fails as [`open`] does, with
/// `NATS_SYS_ERROR` if threads cannot be started, and with `NATS_ILLEGAL_STATE` from within its own start.
pub fn runtime() -> Result<Arc<Runtime>> {
    let (library, previous) = LIBRARY.with_previous();
    library.runtime(previous, Runtime::start)
}

/// Whether the library has been closed but is still in use, so that it cannot be opened again.
pub fn is_closing() -> bool {
    LIBRARY.get().state.lock().is_closing()
}

/// Closes the library, if it is open. Live connections keep working until they are destroyed, but
/// events are dropped from now on.
pub fn close() {
    LIBRARY.get().close();
}

/// Closes the library and waits until nobody uses it any more and all its threads have ended;
/// `None` waits for ever. Fails with `NATS_NOT_INITIALIZED` if it is not open, with
/// `NATS_ILLEGAL_STATE` if it is closing already and on a thread of the library, and with
/// `NATS_TIMEOUT` if the time runs out; closing then continues.
pub fn close_and_wait(timeout: Option<Duration>) -> Result<()> {
    LIBRARY.get().close_and_wait(timeout)
}

/// The runtime, if it was started and is in use.
pub fn running() -> Option<Arc<Runtime>> {
    match &*LIBRARY.get().state.lock() {
        State::Running(runtime) => Some(runtime.clone()),
        State::Closing(closing) => closing.runtime.upgrade(),
        State::Closed | State::Open(_) | State::Starting(_) => None,
    }
}

/// Grows the delivery pool, after opening the library if necessary. A smaller number than before
/// changes nothing. `NATS_ERR` if the number is not positive.
pub fn set_delivery_pool_size(n: i32) -> Result<()> {
    open(None)?;
    match usize::try_from(n) {
        Ok(size @ 1..) => {
            LIBRARY.get().grow_delivery_threads(size);
            Ok(())
        }
        _ => Err(Error::new(
            Status::NATS_ERR,
            format!("Pool size cannot be negative or zero: {n}"),
        )),
    }
}

enum State {
    Closed,
    /// No thread runs.
    Open(Config),
    /// A thread starts the runtime.
    Starting(Config),
    Running(Arc<Runtime>),
    Closing(Closing),
}

#[derive(Clone)]
struct Closing {
    runtime: Weak<Runtime>,
    threads: Arc<Threads>,
}

impl State {
    fn is_closing(&self) -> bool {
        matches!(self, State::Closing(closing) if closing.runtime.strong_count() > 0)
    }
}

struct Library {
    state: Mutex<State>,
    /// Notified when the start has ended.
    started: Condvar,
    /// The settings that the program opened it with, for its children. Locked only to change or copy them.
    given: Mutex<Option<Config>>,
    /// Threads of earlier runtimes, which may not have ended yet. Taken while `state` is locked, or alone.
    leaving: Mutex<Vec<Arc<Threads>>>,
}

impl Default for Library {
    fn default() -> Self {
        Library::new()
    }
}

impl Library {
    const fn new() -> Self {
        Library {
            state: Mutex::new(State::Closed),
            started: Condvar::new(),
            given: Mutex::new(None),
            leaving: Mutex::new(Vec::new()),
        }
    }

    /// Opens it if it is not open, and returns its settings. `previous` is the library of the process before.
    fn open(&self, config: Option<Config>, previous: Option<&Library>) -> Result<Config> {
        self.open_locked(&mut self.state.lock(), config, previous)
    }

    fn open_locked(
        &self,
        state: &mut State,
        config: Option<Config>,
        previous: Option<&Library>,
    ) -> Result<Config> {
        match state {
            State::Open(config) | State::Starting(config) => return Ok(config.clone()),
            State::Running(runtime) => return Ok(runtime.config().clone()),
            closing if closing.is_closing() => {
                let text = "the library is being closed";
                return Err(Error::new(Status::NATS_FAILED_TO_INITIALIZE, text));
            }
            State::Closed => {}
            State::Closing(closing) => self.leaving.lock().push(closing.threads.clone()),
        }
        // Locked at the moment of the fork means not given yet, or not any more.
        let inherited = || previous?.given.try_lock()?.clone();
        let given = config.or_else(inherited);
        *self.given.lock() = given.clone();
        let config = given.unwrap_or_else(Config::from_env);
        log::read_environment();
        *state = State::Open(config.clone());
        Ok(config)
    }

    /// The runtime; if there is none, the one that `start` creates.
    fn runtime(
        &self,
        previous: Option<&Library>,
        start: impl FnOnce(Config) -> Result<Arc<Runtime>>,
    ) -> Result<Arc<Runtime>> {
        let mut state = self.state.lock();
        let config = loop {
            match &*state {
                State::Running(runtime) => return Ok(runtime.clone()),
                State::Starting(_) if is_starting_here() => {
                    return Err(Error::illegal_state("the library is being opened"));
                }
                // If that start fails, this thread tries, and most likely fails in the same way.
                State::Starting(_) => self.started.wait(&mut state),
                State::Closed | State::Open(_) | State::Closing(_) => {
                    break self.open_locked(&mut state, None, previous)?;
                }
            }
        };
        *state = State::Starting(config.clone());
        drop(state);
        STARTING.set(fork::generation());
        let result =
            guarded(|| start(config.clone())).unwrap_or_else(|| Err(Status::NATS_ERR.into()));
        STARTING.set(0);
        let mut state = self.state.lock();
        if let (Ok(runtime), State::Starting(config)) = (&result, &*state) {
            // A larger size may have been requested meanwhile.
            runtime.delivery_threads.grow(config.thread_pool_max);
        }
        *state = match &result {
            Ok(runtime) => State::Running(runtime.clone()),
            Err(_) => State::Open(config),
        };
        drop(state);
        self.started.notify_all();
        result
    }

    fn grow_delivery_threads(&self, size: usize) {
        match &mut *self.state.lock() {
            State::Open(config) | State::Starting(config) => {
                config.thread_pool_max = config.thread_pool_max.max(size);
            }
            State::Running(runtime) => runtime.delivery_threads.grow(size),
            State::Closed | State::Closing(_) => {}
        }
    }

    /// Drops the library's own reference. Returns what is needed to wait for the rest; `None` if nothing runs.
    fn start_closing(&self) -> Result<Option<Closing>> {
        let mut state = self.state.lock();
        while let State::Starting(_) = &*state {
            if is_starting_here() {
                return Err(Error::illegal_state("the library is being opened"));
            }
            self.started.wait(&mut state);
        }
        let runtime = match &*state {
            State::Running(runtime) => runtime.clone(),
            State::Open(_) => {
                *self.given.lock() = None;
                *state = State::Closed;
                return Ok(None);
            }
            closing if closing.is_closing() => {
                let text = "the library is already being closed";
                return Err(Error::illegal_state(text));
            }
            _ => {
                let text = "the library is not open, or has been closed already";
                return Err(Error::new(Status::NATS_NOT_INITIALIZED, text));
            }
        };
        *self.given.lock() = None;
        let closing = Closing {
            runtime: Arc::downgrade(&runtime),
            threads: runtime.threads.clone(),
        };
        let opened = std::mem::replace(&mut *state, State::Closing(closing.clone()));
        drop(state);
        runtime.events.close();
        // Both outside the lock: one of them may be the last reference, which ends the runtime.
        drop(opened);
        drop(runtime);
        Ok(Some(closing))
    }

    fn close(&self) {
        // It is not open: nothing to do.
        let Ok(closing) = self.start_closing() else {
            return;
        };
        let in_use = closing
            .as_ref()
            .is_some_and(|closing| closing.runtime.strong_count() > 0);
        if !in_use && !on_library_thread() {
            self.wait(closing, Some(GRACE));
        }
    }

    fn close_and_wait(&self, timeout: Option<Duration>) -> Result<()> {
        if on_library_thread() {
            let text = "the library's own threads cannot wait for their end";
            return Err(Error::illegal_state(text));
        }
        let closing = self.start_closing()?;
        if self.wait(closing, timeout) {
            Ok(())
        } else {
            let waited = ms(timeout.unwrap_or_default());
            let text = format!(
                "connections or subscriptions are still in use after {waited}: \
                 destroy them, and the library closes"
            );
            Err(Error::new(Status::NATS_TIMEOUT, text))
        }
    }

    /// Waits for the end of all threads: of what is being closed, and of what was closed before. False if the time
    /// runs out.
    fn wait(&self, closing: Option<Closing>, timeout: Option<Duration>) -> bool {
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let remaining = || deadline.map(|d| d.saturating_duration_since(Instant::now()));
        let mut threads = std::mem::take(&mut *self.leaving.lock());
        threads.retain(|threads| !threads.wait(remaining()));
        let earlier_ended = threads.is_empty();
        self.leaving.lock().append(&mut threads);
        closing.is_none_or(|closing| closing.threads.wait(remaining())) && earlier_ended
    }
}

fn is_starting_here() -> bool {
    STARTING.get() == fork::generation()
}

#[cfg(test)]
#[path = "library_tests.rs"]
mod tests;
