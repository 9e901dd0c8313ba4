//! What a message was received through.
//!
//! A JetStream message is answered after it was handed out, by code that has nothing but the
//! message: the way back is stored in the message. It takes the place of the pointer that messages
//! in a list have, so a message has one or the other, and neither costs an allocation.
//!
//! References are counted here and not by an `Arc`, so that those of many messages are taken, and dropped, in one
//! atomic operation. Adding needs no order, because it is done through a reference. Dropping releases what the thread
//! has done by its references, and the thread that drops the last ones acquires all of that before the end. Tests run
//! this module's source with weak memory (`reordered.rs`).

use std::any::Any;
use std::ops::Deref;
use std::ptr::NonNull;

use super::sync::{Acquire, AtomicUsize, Relaxed, Release, fence};

/// The object that messages are received through, behind a pointer that fits into a message.
pub struct Owner {
    refs: AtomicUsize,
    value: Box<dyn Any + Send + Sync>,
}

impl Owner {
    /// The owner, if it is a `T`.
    pub fn get<T: Any>(&self) -> Option<&T> {
        self.value.downcast_ref()
    }
}

/// A reference to an [`Owner`], which lives as long as there is one.
pub struct OwnerRef(NonNull<Owner>);

// SAFETY: the owner is only ever shared, its value may be shared with and sent to other threads, and its count is atomic.
unsafe impl Send for OwnerRef {}
// SAFETY: likewise.
unsafe impl Sync for OwnerRef {}

impl OwnerRef {
    /// Wraps `owner`, for all messages that are received through it.
    pub fn new<T: Any + Send + Sync>(owner: T) -> OwnerRef {
        OwnerRef(NonNull::from(Box::leak(Box::new(Owner {
            refs: AtomicUsize::new(1),
            value: Box::new(owner),
        }))))
    }

    /// References for `count` messages.
    pub fn many(&self, count: usize) -> Owners {
        self.refs.fetch_add(count, Relaxed);
        Owners {
            owner: self.0,
            left: count,
        }
    }

    /// The number of references.
    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.refs.load(Relaxed)
    }

    /// Turns the reference into a pointer that owns it.
    pub(super) fn into_raw(self) -> NonNull<Owner> {
        std::mem::ManuallyDrop::new(self).0
    }
}

impl Deref for OwnerRef {
    type Target = Owner;

    fn deref(&self) -> &Owner {
        // SAFETY: alive through this reference.
        unsafe { self.0.as_ref() }
    }
}

impl Clone for OwnerRef {
    fn clone(&self) -> Self {
        self.refs.fetch_add(1, Relaxed);
        OwnerRef(self.0)
    }
}

impl Drop for OwnerRef {
    fn drop(&mut self) {
        // SAFETY: the reference is this object's.
        unsafe { give_back(self.0, 1) }
    }
}

/// References to an owner that were taken in one step.
pub struct Owners {
    owner: NonNull<Owner>,
    left: usize,
}

// SAFETY: as for `OwnerRef`, of which this is a number.
unsafe impl Send for Owners {}
// SAFETY: likewise.
unsafe impl Sync for Owners {}

impl Iterator for Owners {
    type Item = OwnerRef;

    fn next(&mut self) -> Option<OwnerRef> {
        self.left = self.left.checked_sub(1)?;
        Some(OwnerRef(self.owner))
    }
}

impl Drop for Owners {
    fn drop(&mut self) {
        if self.left > 0 {
            // SAFETY: so many references are this object's.
            unsafe { give_back(self.owner, self.left) }
        }
    }
}

/// Drops `count` references.
///
/// # Safety
/// The caller owns them, and gives them up.
pub(super) unsafe fn give_back(owner: NonNull<Owner>, count: usize) {
    // SAFETY: alive through these references.
    let refs = unsafe { &owner.as_ref().refs };
    if refs.fetch_sub(count, Release) == count {
        // What others have done by their references comes before the end.
        fence(Acquire);
        // SAFETY: from a box, and these were the last references.
        drop(unsafe { Box::from_raw(owner.as_ptr()) });
    }
}
