//! Memory of messages that is not used any more goes back to the system when the traffic ends.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::fork::PerProcess;
use crate::msg;
use crate::runtime::Timers;

/// Blocks that nobody needed for so long are given back.
const AFTER: Duration = Duration::from_secs(1);

/// Is there a [`Watch`]? Memory is the process's, so one is enough for all connections.
static WATCHED: PerProcess<AtomicBool> = PerProcess::new(AtomicBool::new(false));

/// Whoever has it looks after the unused memory; dropped with the timer when the library closes.
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

/// Something has been received: sees to it that the memory is looked after, if there is much.
#[inline]
pub(in crate::client) fn watch(timers: &Timers) {
    if msg::wants_trim()
        && !WATCHED.get().load(Ordering::Relaxed)
        && !WATCHED.get().swap(true, Ordering::Acquire)
    {
        Watch(timers.clone()).look_later();
    }
}
