//! The publishing state of a context: its settings, and its asynchronous publisher, which is created by the first use.

use std::sync::{Arc, OnceLock};

use super::publisher::{AckHandler, AsyncPublisher};
use super::settings::{AsyncSettings, Policy};
use crate::client::Connection;
use crate::error::Error as Plain;
use crate::js::Result;
use crate::locks::Mutex;

/// The publishing state of a context.
pub struct Publishing {
    settings: AsyncSettings,
    policy: Arc<Policy>,
    handler: OnceLock<Arc<dyn AckHandler>>,
    publisher: OnceLock<Arc<AsyncPublisher>>,
    /// Locked while the publisher is created; true when none may be created any more.
    destroyed: Mutex<bool>,
}

impl Publishing {
    /// Creates the state. Nothing is sent yet.
    pub fn new(settings: AsyncSettings) -> Self {
        Publishing {
            settings,
            policy: Arc::default(),
            handler: OnceLock::new(),
            publisher: OnceLock::new(),
            destroyed: Mutex::new(false),
        }
    }

    /// The policy for messages that may not have been stored.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Sets the receiver of the outcomes of asynchronously published messages. Once, before the first message.
    pub fn set_handler(&self, handler: Arc<dyn AckHandler>) {
        // A second call is a mistake of the caller; its receiver is dropped.
        let _ = self.handler.set(handler);
    }

    /// The asynchronous publisher, created by the first call.
    pub fn publisher(&self, conn: &Arc<Connection>) -> Result<&AsyncPublisher> {
        if let Some(publisher) = self.publisher.get() {
            return Ok(publisher);
        }
        let destroyed = self.destroyed.lock();
        if *destroyed {
            return Err(Plain::illegal_state("the JetStream context was destroyed").into());
        }
        if let Some(publisher) = self.publisher.get() {
            return Ok(publisher);
        }
        let handler = self.handler.get().cloned();
        let policy = self.policy.clone();
        let publisher = AsyncPublisher::new(conn, self.settings, policy, handler)?;
        Ok(self.publisher.get_or_init(|| publisher))
    }

    /// The asynchronous publisher, if it has been created.
    pub fn existing(&self) -> Option<&AsyncPublisher> {
        self.publisher.get().map(Arc::as_ref)
    }

    /// The context is destroyed: pending messages are dropped, waiting threads are woken.
    pub fn destroy(&self) {
        *self.destroyed.lock() = true;
        if let Some(publisher) = self.publisher.get() {
            publisher.destroy();
        }
    }
}
