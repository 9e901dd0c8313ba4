//! The timer that looks after a batch, and what it asks the stream.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::FastBatch;
use super::answer::Operation;
use crate::client::{ConnEvent, When};

/// How often a timer looks after a batch. One to which nothing is added is kept alive by a ping each second look:
/// servers forget it after ten seconds, or what their configuration says.
const LOOK_EVERY: Duration = Duration::from_millis(500);

impl FastBatch {
    pub(super) fn connection_changed(&self, event: ConnEvent) {
        match event {
            ConnEvent::Lost => self.flow.lock().disconnected = true,
            // What was on its way may be lost, answers too.
            ConnEvent::Restored => self.ping(),
            ConnEvent::Draining | ConnEvent::Closed => {}
        }
    }

    /// Has a timer look after the batch, unless one does.
    pub(super) fn tick_later(&self) {
        if !self.ticking.swap(true, Ordering::SeqCst) {
            self.set_timer();
        }
    }

    fn set_timer(&self) {
        let weak = self.me.clone();
        self.conn.after(LOOK_EVERY, move || {
            if let Some(batch) = weak.upgrade() {
                batch.look_after();
            }
        });
    }

    fn look_after(&self) {
        let ping = {
            let mut flow = self.flow.lock();
            if flow.over().is_some() || self.conn.is_closed() {
                return;
            }
            let active = std::mem::take(&mut flow.active);
            let answered = std::mem::take(&mut flow.answered);
            flow.idle = if active { 0 } else { flow.idle + 1 };
            let stalled = flow.waiting > 0 && !active && !answered;
            // The end may have been stored, and its acknowledgement be late: a ping would only find the batch gone.
            let open = flow.closing.is_none() && flow.has_started();
            open && (stalled || flow.idle % 2 == 1)
        };
        if ping && !self.conn.is_reconnecting() {
            self.ping();
        }
        self.set_timer();
    }

    /// Asks the stream how far it is. On a thread that must not wait.
    fn ping(&self) {
        let number = {
            let mut flow = self.flow.lock();
            // A thread that publishes at present is as good.
            if flow.busy || flow.over().is_some() || !flow.has_started() {
                return;
            }
            flow.busy = true;
            flow.sent
        };
        let now = Some(Instant::now());
        // Best effort: the timer comes again.
        let _ = self.send(
            number,
            Operation::Ping,
            &self.last_word(),
            When::Buffered,
            now,
        );
        let (wake, destroyed) = {
            let mut flow = self.flow.lock();
            flow.busy = false;
            (flow.waiting > 0, flow.destroyed)
        };
        if wake {
            self.flow.notify_all();
        }
        if destroyed {
            self.break_off();
        }
    }
}
