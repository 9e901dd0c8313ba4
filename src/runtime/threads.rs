//! The threads of one runtime: starting them, identifying them, and waiting for their end.

use std::cell::Cell;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use once_cell::race::OnceBox;
use rustix::process::{Resource, getrlimit};

use super::guarded;
use crate::error::Result;
use crate::fork;
use crate::locks::{Condvar, Mutex};

/// What runs first in every thread.
pub(super) type Hook = Arc<dyn Fn() + Send + Sync>;

/// The smallest stack: C programs expect the default of `pthread_create`, not Rust's 2 MiB, because their callbacks
/// run here. Only what is touched takes memory.
const STACK: u64 = 8 << 20;

/// The stack size of a thread: that of the main thread, as for all threads of a C program, if it is larger.
fn stack_size() -> usize {
    let limit = getrlimit(Resource::Stack).current.unwrap_or(STACK);
    usize::try_from(limit.max(STACK)).unwrap_or(STACK as usize)
}

thread_local! {
    /// The process in which the library started this thread; zero if it did not.
    static STARTED_IN: Cell<u32> = const { Cell::new(0) };
    /// Whether this thread has done what it was started for.
    static RAN_TO_END: Cell<bool> = const { Cell::new(false) };
}

/// What [`run_first_in_each`] sets.
static FIRST: OnceBox<fn()> = OnceBox::new();

/// Sets what runs first in each thread that the library starts from now on. Only the first call has an effect.
pub fn run_first_in_each(first: fn()) {
    let _ = FIRST.set(Box::new(first));
}

/// Whether the calling thread, started by the library, has done what it was started for.
pub fn ran_to_end() -> bool {
    RAN_TO_END.get()
}

/// Whether the calling thread was started by the library of this process.
pub fn on_library_thread() -> bool {
    STARTED_IN.get() == fork::generation()
}

/// Whether the calling thread was started by the library, of this process or of one that it was forked from.
pub fn was_library_thread() -> bool {
    STARTED_IN.get() != 0
}

/// The name of the threads of which there are always enough.
pub(super) const ELASTIC: &str = "nats-worker";

/// May the calling thread wait for work of other threads of the library? Threads that are the only
/// one, or one of few, for their kind of work could wait for something that is queued behind
/// themselves.
pub fn may_wait() -> bool {
    !on_library_thread() || std::thread::current().name() == Some(ELASTIC)
}

/// All threads of one runtime, and the runtime itself, counted.
///
/// Nothing here joins a thread that may still be running, except [`Threads::wait`], which is
/// refused on the threads themselves. If nobody waits, the last one to end drops the handles, which
/// detaches the threads.
pub(super) struct Threads {
    hook: Option<Hook>,
    state: Mutex<State>,
    all_ended: Condvar,
}

struct State {
    /// The number of running threads, plus one while the runtime lives.
    live: usize,
    handles: Vec<JoinHandle<()>>,
}

impl Threads {
    pub(super) fn new(hook: Option<Hook>) -> Arc<Self> {
        let state = Mutex::new(State {
            live: 0,
            handles: Vec::new(),
        });
        Arc::new(Threads {
            hook,
            state,
            all_ended: Condvar::new(),
        })
    }

    /// Counts the caller among those whose end [`Threads::wait`] waits for.
    pub(super) fn hold(self: &Arc<Self>) -> Held {
        let mut state = self.state.lock();
        self.count_one(&mut state);
        drop(state);
        Held(self.clone())
    }

    /// Runs the callback on a thread that is not one of these, unless they have all ended. They do not count as ended
    /// while it runs.
    pub(super) fn run_for_others(self: &Arc<Self>, hook: &Hook) {
        let mut state = self.state.lock();
        if state.live == 0 {
            return;
        }
        self.count_one(&mut state);
        drop(state);
        let _held = Held(self.clone());
        hook();
    }

    /// The number of running threads, while the runtime lives.
    pub(super) fn count(&self) -> usize {
        self.state.lock().live.saturating_sub(1)
    }

    fn count_one(&self, state: &mut State) {
        state.live += 1;
    }

    /// Starts a thread. A panic in `body` ends the thread and nothing else.
    pub(super) fn spawn(
        self: &Arc<Self>,
        name: &str,
        body: impl FnOnce() + Send + 'static,
    ) -> Result<()> {
        self.join_finished();
        // Held until the handle is stored: the new thread cannot count itself out before, so a
        // thread that sees the count at zero finds every handle.
        let mut state = self.state.lock();
        let threads = self.clone();
        let handle = Builder::new()
            .name(name.into())
            .stack_size(stack_size())
            .spawn(move || {
                STARTED_IN.set(fork::generation());
                let held = Held(threads);
                if let Some(first) = FIRST.get() {
                    first();
                }
                if let Some(hook) = &held.0.hook {
                    guarded(|| hook());
                }
                guarded(body);
                RAN_TO_END.set(true);
            })
            .map_err(|e| crate::words::system("cannot start a thread", e))?;
        self.count_one(&mut state);
        state.handles.push(handle);
        Ok(())
    }

    /// Joins the threads that have ended by themselves; otherwise their stacks would be kept. Never
    /// the calling one, which has not finished.
    pub(super) fn join_finished(&self) {
        let finished: Vec<_> = self
            .state
            .lock()
            .handles
            .extract_if(.., |h| h.is_finished())
            .collect();
        join(finished);
    }

    /// Waits until the runtime is gone and all its threads have ended, and joins them. `None` waits
    /// for ever. False if the time runs out. Must not be called on one of the threads.
    pub(super) fn wait(&self, timeout: Option<Duration>) -> bool {
        let deadline = timeout.and_then(|t| Instant::now().checked_add(t));
        let mut state = self.state.lock();
        while state.live > 0 {
            match deadline {
                None => self.all_ended.wait(&mut state),
                Some(deadline) => {
                    if self.all_ended.wait_until(&mut state, deadline).timed_out() && state.live > 0
                    {
                        return false;
                    }
                }
            }
        }
        let handles = std::mem::take(&mut state.handles);
        drop(state);
        join(handles);
        true
    }
}

fn join(handles: Vec<JoinHandle<()>>) {
    for handle in handles {
        // An error would be the panic of the thread, and panics are caught in it.
        let _ = handle.join();
    }
}

/// One of those that [`Threads::wait`] waits for, until it is dropped.
pub(super) struct Held(Arc<Threads>);

impl Drop for Held {
    fn drop(&mut self) {
        let mut state = self.0.state.lock();
        state.live -= 1;
        if state.live == 0 {
            self.0.all_ended.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn the_hook_runs_first_and_waiting_joins() {
        let count = Arc::new(AtomicUsize::new(0));
        let counted = count.clone();
        let hook: Hook = Arc::new(move || {
            counted.fetch_add(1, Ordering::SeqCst);
            panic!("a panic in the hook does not end the thread");
        });
        let threads = Threads::new(Some(hook));
        let (seen, at_start) = mpsc::channel();
        let counter = count.clone();
        let body = move || {
            let name = std::thread::current().name().map(str::to_owned);
            let _ = seen.send((counter.load(Ordering::SeqCst), name, on_library_thread()));
        };
        threads.spawn("nats-test", body).unwrap();
        assert_eq!(
            at_start.recv().unwrap(),
            (1, Some("nats-test".to_owned()), true)
        );
        assert!(threads.wait(None));
        assert!(threads.state.lock().handles.is_empty());
        assert!(!on_library_thread());
    }

    #[test]
    fn waiting_ends_with_the_time() {
        let threads = Threads::new(None);
        let held = threads.hold();
        assert!(!threads.wait(Some(Duration::from_millis(5))));
        drop(held);
        assert!(threads.wait(Some(Duration::from_millis(5))));
    }
}
