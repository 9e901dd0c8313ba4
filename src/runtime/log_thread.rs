//! The thread that calls the program's log handlers, which runs once there are any.

use std::sync::Arc;

use super::threads::Threads;
use crate::error::Result;
use crate::locks::Mutex;
use crate::log::Delivery;

pub(super) struct LogThread {
    delivery: Arc<Delivery>,
    runs: Mutex<bool>,
    threads: Arc<Threads>,
}

impl LogThread {
    pub(super) fn new(threads: Arc<Threads>) -> Self {
        LogThread {
            delivery: Arc::default(),
            runs: Mutex::new(false),
            threads,
        }
    }

    /// Starts the thread, unless it runs.
    pub(super) fn start(&self) -> Result<()> {
        let mut runs = self.runs.lock();
        if !*runs {
            let delivery = self.delivery.clone();
            self.threads.spawn("nats-log", move || delivery.run())?;
            *runs = true;
        }
        Ok(())
    }

    /// Ends the thread when all lines are delivered.
    pub(super) fn stop(&self) {
        if *self.runs.lock() {
            self.delivery.stop();
        }
    }
}
