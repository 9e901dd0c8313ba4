//! The consumer at the end of its subscription: one that the library has created is deleted when the program
//! unsubscribes or drains, and kept otherwise.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Instant;

use super::api::Api;
use crate::client::{EndReason, Monitor, Subscription};
use crate::error::{Error, Result, Status};
use crate::js::api::Done;

/// The end of a subscription's consumer.
pub(super) struct Ending {
    api: Arc<Api>,
    stream: String,
    /// The program destroys the subscription, which does not delete the consumer.
    keep: AtomicBool,
    /// A request to delete it, sent by [`Ending::delete_later`], has not been answered yet.
    deleting: Monitor<bool>,
    me: Weak<Ending>,
}

impl Ending {
    pub(super) fn new(api: &Arc<Api>, stream: &str) -> Arc<Self> {
        Arc::new_cyclic(|me| Ending {
            api: api.clone(),
            stream: stream.to_owned(),
            keep: AtomicBool::new(false),
            deleting: Monitor::new(api.connection(), false),
            me: me.clone(),
        })
    }

    /// Does the program destroy the subscription, rather than unsubscribe or drain it?
    pub(super) fn is_kept(&self) -> bool {
        self.keep.load(Ordering::Relaxed)
    }

    pub(super) fn keep_consumer(&self) {
        self.keep.store(true, Ordering::Relaxed);
    }

    /// Whether a subscription that ends for this reason leaves its consumer to be deleted by
    /// [`Ending::delete_later`].
    pub(super) fn deletes_after(&self, reason: EndReason) -> bool {
        reason == EndReason::Drained && !self.is_kept()
    }

    /// Waits for the answer to [`Ending::delete_later`].
    pub(super) fn wait(&self, deadline: Option<Instant>) {
        // The drain is complete whether the answer arrived in time or not.
        let _ = self.deleting.wait(deadline, |busy| (!*busy).then_some(()));
    }

    /// Deletes the consumer of a subscription that the program has unsubscribed, and waits for it.
    pub(super) fn delete_now(&self, consumer: &str) -> Result<()> {
        self.api
            .call()
            .delete_consumer(&self.stream, consumer)
            .map_err(|error| match error.status() {
                Status::NATS_NOT_FOUND => {
                    let text = format!("failed to delete consumer '{consumer}': not found");
                    Error::new(Status::NATS_NOT_FOUND, text)
                }
                _ => error.into(),
            })
    }

    /// Deletes the consumer of a subscription that has been drained, without waiting. A failure is
    /// reported to the error handler.
    pub(super) fn delete_later(&self, sub: &Arc<Subscription>, consumer: String) {
        self.set_deleting(true);
        let (me, sub, name) = (self.me.clone(), Arc::downgrade(sub), consumer.clone());
        let tokens = [self.stream.as_str(), &consumer];
        let answered = move |answer: crate::js::Result<Done>| {
            let Some(ending) = me.upgrade() else { return };
            if let Err(error) = answer
                && !error.is_no_consumer()
            {
                ending.report_undeleted(&name, &error.into(), sub.upgrade().as_ref());
            }
            ending.set_deleting(false);
        };
        if let Err(error) = self.api.ask("CONSUMER.DELETE", &tokens, b"", answered) {
            self.report_undeleted(&consumer, &error, None);
            self.set_deleting(false);
        }
    }

    /// Deletes a consumer that is not used any more, if that is possible at this moment. Otherwise
    /// the server deletes it after its inactivity threshold.
    pub(super) fn delete_unused(&self, consumer: &str) {
        if self.api.connection().is_reconnecting() {
            return;
        }
        let tokens = [self.stream.as_str(), consumer];
        let _ = self
            .api
            .ask::<Done>("CONSUMER.DELETE", &tokens, b"", |_| ());
    }

    fn set_deleting(&self, busy: bool) {
        *self.deleting.lock() = busy;
        self.deleting.notify_all();
    }

    fn report_undeleted(&self, consumer: &str, error: &Error, sub: Option<&Arc<Subscription>>) {
        let status = error.status();
        let text = format!(
            "failed to delete consumer '{consumer}': {} ({})",
            status as i32,
            status.text()
        );
        self.api
            .connection()
            .report_error(sub, &Error::new(status, text));
    }
}
