//! What the consumer of a watcher says beside its messages, for whoever takes these.
//!
//! It is noted, and a message of our own, which is put into the queue, has the taker look. That one has no
//! reply subject; the messages of the consumer have.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};

use crate::client::Subscription;
use crate::js::consume::Events;
use crate::log::Target;
use crate::msg::{Msg, MsgList};

/// What the consumer says beside its messages.
pub(super) struct News {
    sub: OnceLock<Weak<Subscription>>,
    /// There is a moment at which the initial data are complete.
    has_initial: bool,
    /// Behind how many messages they are; `u64::MAX` while that is not known.
    after: AtomicU64,
    /// The bucket was found to be no longer there, which was not told yet.
    bucket_missing: AtomicBool,
}

impl News {
    pub(super) fn new(has_initial: bool) -> Self {
        News {
            sub: OnceLock::new(),
            has_initial,
            after: AtomicU64::new(u64::MAX),
            bucket_missing: AtomicBool::new(false),
        }
    }

    /// The subscription whose queue is told.
    pub(super) fn is_of(&self, sub: &Arc<Subscription>) {
        // A second one would be a mistake of the caller, and is not told.
        let _ = self.sub.set(Arc::downgrade(sub));
    }

    /// Behind how many messages the initial data are complete, where that is known.
    pub(super) fn after(&self) -> Option<u64> {
        let after = self.after.load(Ordering::SeqCst);
        (after != u64::MAX).then_some(after)
    }

    /// Was the bucket found to be no longer there? Said once.
    pub(super) fn take_bucket_missing(&self) -> bool {
        self.bucket_missing.swap(false, Ordering::SeqCst)
    }

    /// Puts a message of our own into the queue, which has the taker look.
    fn notify(&self) {
        let sub = self.sub.get().and_then(Weak::upgrade);
        // Without memory for it the next message of the consumer has the taker look.
        if let (Some(sub), Ok(msg)) = (sub, Msg::create(b"_", None, b"")) {
            let mut one = MsgList::new();
            one.push(msg);
            sub.enqueue(one);
        }
    }
}

impl Events for News {
    fn wants_initial(&self) -> bool {
        self.has_initial
    }

    fn initial_complete(&self, after: u64) {
        if self.has_initial {
            self.after.store(after, Ordering::SeqCst);
            self.notify();
        }
    }

    fn stream_missing(&self) {
        if let Some(sub) = self.sub.get().and_then(Weak::upgrade) {
            let text = || "the bucket of a watcher does not exist any more".to_owned();
            sub.connection().log().warn(Target::Kv, text);
        }
        self.bucket_missing.store(true, Ordering::SeqCst);
        self.notify();
    }
}
