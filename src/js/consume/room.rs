//! The room in the queue of a subscription. Messages of an ordered consumer that do not fit are dropped, and
//! requested again when there is room.

use std::sync::Arc;

use crate::client::Subscription;
use crate::error::{Error, Status};
use crate::msg::MsgList;

/// The room in the queue.
#[derive(Clone, Copy)]
pub(super) struct Room {
    msgs: i64,
    bytes: i64,
    limits: (i64, i64),
}

impl Room {
    pub(super) fn of(sub: &Subscription) -> Self {
        let limits = sub.pending_limits().unwrap_or((-1, -1));
        let waiting = sub.pending().unwrap_or((0, 0));
        let left = |limit: i32, waiting: i32| match limit {
            0.. => i64::from(limit) - i64::from(waiting),
            _ => i64::MAX,
        };
        Room {
            msgs: left(limits.0, waiting.0),
            bytes: left(limits.1, waiting.1),
            limits: (i64::from(limits.0), i64::from(limits.1)),
        }
    }

    /// Subtracts messages that are not in the queue yet.
    pub(super) fn holds(&mut self, msgs: &MsgList) {
        self.msgs -= msgs.len() as i64;
        self.bytes -= msgs.bytes() as i64;
    }

    pub(super) fn take(&mut self, size: usize) -> bool {
        let size = size as i64;
        let fits = self.msgs >= 1 && self.bytes >= size;
        if fits {
            self.msgs -= 1;
            self.bytes -= size;
        }
        fits
    }

    pub(super) fn is_half_empty(&self) -> bool {
        self.msgs >= (self.limits.0 / 2).max(1) && self.bytes >= (self.limits.1 / 2).max(1)
    }
}

/// Reports to the error handler that messages do not fit.
pub(super) fn report_overflow(sub: &Arc<Subscription>) {
    let text =
        "the pending limits are reached: messages are asked for again when some have been taken";
    let error = Error::new(Status::NATS_SLOW_CONSUMER, text);
    sub.connection().report_error(Some(sub), &error);
}
