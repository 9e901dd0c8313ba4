//! What becomes of a consumer when its subscription ends: one that the library has created is
//! deleted when the program unsubscribes or drains, and kept otherwise.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::push::Push;
use crate::client::{Connection, EndReason, Monitor, Subscription};
use crate::error::{Error, Result, Status};
use crate::js::api::ErrCode;

/// The end of a subscription's consumer.
pub(super) struct Ending {
    /// The program destroys the subscription, which does not delete the consumer.
    keep: AtomicBool,
    /// A request to delete it that nobody waits for is under way.
    deleting: Monitor<bool>,
}

impl Ending {
    pub(super) fn new(conn: &Arc<Connection>) -> Self {
        Ending {
            keep: AtomicBool::new(false),
            deleting: Monitor::new(conn, false),
        }
    }

    pub(super) fn keep_consumer(&self) {
        self.keep.store(true, Ordering::Relaxed);
    }

    pub(super) fn keeps_consumer(&self) -> bool {
        self.keep.load(Ordering::Relaxed)
    }

    /// Waits for the request that nobody waits for.
    pub(super) fn wait(&self, deadline: Option<Instant>) {
        // In time or not, the drain is complete.
        let _ = self.deleting.wait(deadline, |busy| (!*busy).then_some(()));
    }

    pub(super) fn is_deleting(&self, busy: bool) {
        *self.deleting.lock() = busy;
        self.deleting.notify_all();
    }
}

impl Push {
    /// The name of the consumer that the library has created and nobody has deleted yet: from now on
    /// the caller's to delete.
    fn take_ours(&self) -> Option<String> {
        let mut state = self.state.lock();
        state.ended = true;
        state.machine.end();
        let ours = std::mem::take(&mut state.ours) && !state.consumer.is_empty();
        ours.then(|| state.consumer.clone())
    }

    /// The program has unsubscribed.
    pub(super) fn delete_now(&self) -> Result<()> {
        let Some(consumer) = self.take_ours() else {
            return Ok(());
        };
        self.call()
            .delete_consumer(&self.stream, &consumer)
            .map_err(|error| match error.status() {
                Status::NATS_NOT_FOUND => {
                    let text = format!("failed to delete consumer '{consumer}': not found");
                    Error::new(Status::NATS_NOT_FOUND, text)
                }
                _ => error.into(),
            })
    }

    /// The subscription has ended.
    pub(super) fn ended(&self, sub: &Arc<Subscription>, reason: EndReason) {
        if let Some(timer) = self.state.lock().timing.stop() {
            timer.cancel();
        }
        if reason != EndReason::Drained || self.ending.keeps_consumer() {
            let mut state = self.state.lock();
            state.ended = true;
            state.machine.end();
            return;
        }
        let Some(consumer) = self.take_ours() else {
            return;
        };
        self.ending.is_deleting(true);
        let (me, name, sub) = (self.me.clone(), consumer.clone(), Arc::downgrade(sub));
        let sent = self.ask("CONSUMER.DELETE", &[&self.stream, &consumer], b"", {
            move |answer: crate::js::Result<crate::js::api::Done>| {
                let Some(push) = me.upgrade() else { return };
                if let Err(e) = answer
                    && e.code() != ErrCode::CONSUMER_NOT_FOUND
                    && e.code() != ErrCode::STREAM_NOT_FOUND
                {
                    push.report_undeleted(&name, &e.into(), sub.upgrade().as_ref());
                }
                push.ending.is_deleting(false);
            }
        });
        if let Err(error) = sent {
            self.report_undeleted(&consumer, &error, None);
            self.ending.is_deleting(false);
        }
    }

    fn report_undeleted(&self, consumer: &str, error: &Error, sub: Option<&Arc<Subscription>>) {
        let status = error.status();
        let text = format!(
            "failed to delete consumer '{consumer}': {} ({})",
            status as i32,
            status.text()
        );
        self.connection()
            .report_error(sub, &Error::new(status, text));
    }
}
