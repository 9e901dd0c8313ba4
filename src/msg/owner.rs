//! What a message was received through.
//!
//! A JetStream message is answered after it was handed out, by code that has nothing but the
//! message: the way back is stored in the message. It takes the place of the pointer that messages
//! in a list have, so a message has one or the other, and neither costs an allocation.

use std::any::Any;
use std::sync::Arc;

/// The object that messages are received through, behind a pointer that fits into a message.
pub struct Owner(Box<dyn Any + Send + Sync>);

impl Owner {
    /// Wraps `owner`, for all messages that are received through it.
    pub fn new<T: Any + Send + Sync>(owner: T) -> Arc<Owner> {
        Arc::new(Owner(Box::new(owner)))
    }

    /// The owner, if it is a `T`.
    pub fn get<T: Any>(&self) -> Option<&T> {
        self.0.downcast_ref()
    }
}
