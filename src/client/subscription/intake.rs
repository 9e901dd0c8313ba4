//! Access to the messages of a subscription before they are queued.

use std::sync::Arc;

use crate::msg::MsgList;

/// Sees the messages of a subscription before the pending limits apply, on the thread that reads.
pub trait Intake<S = crate::client::Subscription>: Send + Sync {
    /// Called with the messages of each read, in order. It removes those that are not for the program. The others are
    /// counted and queued, unless the subscription has been [bound](crate::client::Subscription::rebind) to another sid
    /// in the meantime.
    ///
    /// Called by the thread that reads, with no lock held except the reader's. It must not wait. Publishing with
    /// [`When::Buffered`](crate::client::When::Buffered), waking threads and scheduling callbacks do not wait.
    fn take(&self, sub: &Arc<S>, sid: u64, msgs: &mut MsgList);
}
