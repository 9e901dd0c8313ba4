//! Returns unused message memory to the system when the traffic ends.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::fork::PerProcess;
use crate::msg;
use crate::runtime::Timers;

/// Blocks that have been unused for this long are returned.
const AFTER: Duration = Duration::from_secs(1);

/// Is there a [`Watch`]? Memory is the process's, so one is enough for all connections.
static WATCHED: PerProcess<AtomicBool> = PerProcess::new(AtomicBool::new(false));

/// The holder watches the unused memory; dropped with the timer when the library is closed.
struct Watch(Timers);

impl Watch {
    fn look_later(self) {
        let timers = self.0.clone();
        let look = move || {
            if msg::trim() {
                self.look_later();
            }
        };
        timers.after(AFTER, Box::new(look));
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        WATCHED.get().store(false, Ordering::Release);
    }
}

/// Data has been received: makes sure that unused memory is watched if there is much of it.
#[inline]
pub(in crate::client) fn watch(timers: &Timers) {
    if msg::wants_trim()
        && !WATCHED.get().load(Ordering::Relaxed)
        && !WATCHED.get().swap(true, Ordering::Acquire)
    {
        Watch(timers.clone()).look_later();
    }
}
