//! What a context has for publishing: its settings, and its asynchronous publisher from the first use on.

use std::sync::{Arc, OnceLock};

use super::publisher::{AckHandler, AsyncPublisher};
use super::settings::{AsyncSettings, Policy};
use crate::client::Connection;
use crate::error::Error as Plain;
use crate::js::Result;
use crate::locks::Mutex;

/// A context's part in publishing.
pub struct Publishing {
    settings: AsyncSettings,
    policy: Arc<Policy>,
    handler: OnceLock<Arc<dyn AckHandler>>,
    publisher: OnceLock<Arc<AsyncPublisher>>,
    /// Locked while the publisher is made; true when none is to be made any more.
    destroyed: Mutex<bool>,
}

impl Publishing {
    /// Nothing is made or sent yet.
    pub fn new(settings: AsyncSettings) -> Self {
        Publishing {
            settings,
            policy: Arc::default(),
            handler: OnceLock::new(),
            publisher: OnceLock::new(),
            destroyed: Mutex::new(false),
        }
    }

    /// What is done about messages that may not have been stored.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Who is told what became of asynchronously published messages. Once, before the first one.
    pub fn set_handler(&self, handler: Arc<dyn AckHandler>) {
        // A second one would be a mistake of the caller, and is dropped.
        let _ = self.handler.set(handler);
    }

    /// The asynchronous publisher, which the first call makes.
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

    /// The asynchronous publisher, if there is one yet.
    pub fn existing(&self) -> Option<&AsyncPublisher> {
        self.publisher.get().map(Arc::as_ref)
    }

    /// The context is destroyed: messages that wait are dropped, threads that do are woken.
    pub fn destroy(&self) {
        *self.destroyed.lock() = true;
        if let Some(publisher) = self.publisher.get() {
            publisher.destroy();
        }
    }
}
