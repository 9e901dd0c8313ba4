//! Seeing a subscription's messages before anything else is done with them.

use std::sync::Arc;

use crate::msg::MsgList;

/// Sees what a subscription receives before the pending limits apply, on the thread that reads.
pub trait Intake<S = crate::client::Subscription>: Send + Sync {
    /// Called with the messages of each read, in order, of which it takes out what is not for the
    /// program. What it leaves is counted and queued, unless the subscription has been
    /// [bound](crate::client::Subscription::rebind) to another sid than theirs since.
    ///
    /// It is called by whoever reads, with no lock held but the one of reading. It must not wait;
    /// publishing with [`When::Buffered`](crate::client::When::Buffered), waking threads and
    /// scheduling callbacks do not.
    fn take(&self, sub: &Arc<S>, sid: u64, msgs: &mut MsgList);
}
