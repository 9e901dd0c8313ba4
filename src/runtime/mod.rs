//! The threads of the library, and its opening and closing. Nothing here knows NATS.
//!
//! | file | content |
//! |---|---|
//! | [`library`] | open and close, for the whole process |
//! | [`io`] | driving sockets by readiness |
//! | [`dispatcher`] | pools of threads that run jobs: the elastic pool, which also watches the sockets, the delivery threads, the dialers; when they grow |
//! | `delivery_threads` | the delivery pool whose size the program sets |
//! | [`events`] | one thread, first in, first out |
//! | [`timers`] | one thread for everything that happens later |
//! | `log_thread` | the thread that calls the program's log handlers |
//! | `runnable` | whether a thread computes or waits |
//! | `threads` | starting, naming, counting and joining threads |
//!
//! A [`Runtime`] is shared: the open library holds one reference and each connection another. When the last one is
//! dropped, on whatever thread, all threads are told to stop. They own nothing of the runtime except what they work
//! on, so they never delay its end, and the thread that drops the last reference never waits for them; only
//! [`library::close_and_wait`] does.
//!
//! No lock of this layer is held while code from outside runs, and that includes the dropping of closures, jobs and
//! sources: each may own the last reference to anything.

#![forbid(unsafe_code)]

mod delivery_threads;
pub mod dispatcher;
pub mod events;
pub mod io;
pub mod library;
mod log_thread;
mod runnable;
mod threads;
pub mod timers;

use std::sync::Arc;

pub use dispatcher::{Dispatcher, Job, has_found_job};
pub use events::Events;
pub use io::{Io, Registration, Source};
pub use library::Config;
pub use threads::{may_wait, on_library_thread, ran_to_end, run_first_in_each, was_library_thread};
pub use timers::{TimerHandle, Timers};

use crate::error::Result;
use crate::fork::{self, is_leaving};
use crate::net;
use crate::sync;
use delivery_threads::DeliveryThreads;
use dispatcher::Sizes;
use log_thread::LogThread;
use threads::{Held, Hook, Threads};

/// Something to run once.
type Action = Box<dyn FnOnce() + Send>;

/// All threads of an open library.
pub struct Runtime {
    /// Drives the sockets.
    pub io: Arc<Io>,
    /// Runs short actions later.
    pub timers: Timers,
    /// Runs the callbacks for which all connections share one thread.
    pub events: Events,
    /// Runs message callbacks, on as many threads as necessary.
    pub delivery: Dispatcher,
    /// Runs what blocks while a connection is made.
    pub dialers: Dispatcher,
    delivery_threads: DeliveryThreads,
    log: LogThread,
    config: Config,
    /// How many threads of the process can run at a time. Determining it takes 20 µs.
    processors: usize,
    threads: Arc<Threads>,
    /// Last, so that the runtime counts as gone only when everything else of it is.
    _held: Held,
}

impl Runtime {
    /// Creates a runtime and starts its first threads. It does not wait for the thread-started
    /// callback, which may itself call functions that wait for the library to be open.
    fn start(config: Config) -> Result<Arc<Runtime>> {
        let threads = Threads::new(config.thread_started.clone());
        net::on_thread_start(config.thread_started.clone().map(|hook| {
            let threads = threads.clone();
            Arc::new(move || threads.run_for_others(&hook)) as Hook
        }));
        let timers = Timers::new();
        let pool = |sizes| Dispatcher::new(sizes, threads.clone(), timers.clone());
        let io = Arc::new(Io::new()?);
        let processors = std::thread::available_parallelism().map_or(1, |n| n.get());
        // If one thread fails to start, dropping the runtime stops the others.
        let runtime = Runtime {
            events: Events::new(),
            delivery: Dispatcher::watching(
                Sizes::elastic(processors),
                threads.clone(),
                timers.clone(),
                io.clone(),
            ),
            io,
            dialers: pool(Sizes::DIALERS),
            delivery_threads: DeliveryThreads::new(
                config.thread_pool_max,
                threads.clone(),
                timers.clone(),
            ),
            timers,
            log: LogThread::new(threads.clone()),
            config,
            processors,
            _held: threads.hold(),
            threads,
        };
        runtime.delivery.start()?;
        runtime.timers.start(&runtime.threads)?;
        runtime.events.start(&runtime.threads)?;
        Ok(Arc::new(runtime))
    }

    /// The next thread of the delivery pool, in turn. Fails with `NATS_FAILED_TO_INITIALIZE` if the
    /// pool is empty.
    pub fn delivery_thread(&self) -> Result<Arc<Dispatcher>> {
        self.delivery_threads.next()
    }

    /// Starts the thread that calls log handlers, unless it runs. Fails if it cannot be started.
    pub fn start_log_thread(&self) -> Result<()> {
        self.log.start()
    }

    /// The number of threads that the library has now.
    pub fn thread_count(&self) -> usize {
        self.threads.count()
    }

    /// How many threads of the process can run at a time.
    pub fn processors(&self) -> usize {
        self.processors
    }

    /// The settings of the library.
    pub fn config(&self) -> &Config {
        &self.config
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        // In a child there are no threads to stop, but perhaps locks that they held.
        if is_leaving() {
            return;
        }
        self.delivery.stop();
        self.dialers.stop();
        self.delivery_threads.stop();
        self.events.stop();
        self.io.stop();
        self.timers.stop();
        self.log.stop();
    }
}

/// Runs `f`; `None` if it panics. A panic on a thread of the library must not end the thread, and
/// with it the work of others.
fn guarded<R>(f: impl FnOnce() -> R) -> Option<R> {
    fork::caught(f)
}

#[cfg(test)]
mod dispatcher_tests;
#[cfg(test)]
mod explored;
#[cfg(test)]
mod tests;
