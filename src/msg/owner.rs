//! What a message was received through.
//!
//! A JetStream message is answered after it was handed out, by code that has nothing but the
//! message: the way back is stored in the message. It takes the place of the pointer that messages
//! in a list have, so a message has one or the other, and neither costs an allocation.
//!
//! References are counted here and not by an `Arc`, so that those of many messages are taken, and dropped, in one
//! atomic operation.

use std::any::Any;
use std::ops::Deref;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicUsize, Ordering, fence};

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
        self.refs.fetch_add(count, Ordering::Relaxed);
        Owners {
            owner: self.0,
            left: count,
        }
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
        self.refs.fetch_add(1, Ordering::Relaxed);
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
    if refs.fetch_sub(count, Ordering::Release) == count {
        // What others have done by their references comes before the end.
        fence(Ordering::Acquire);
        // SAFETY: from a box, and these were the last references.
        drop(unsafe { Box::from_raw(owner.as_ptr()) });
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use std::sync::Arc;

    /// The number of references.
    pub(in crate::msg) fn count(owner: &OwnerRef) -> usize {
        owner.refs.load(Ordering::Relaxed)
    }

    #[test]
    fn references_are_taken_one_by_one_or_many_at_a_time() {
        let value = Arc::new(());
        let owner = OwnerRef::new(value.clone());
        let mut many = owner.many(3);
        assert_eq!(count(&owner), 4);
        let first = many.next().unwrap();
        assert!(first.get::<Arc<()>>().is_some() && first.get::<u8>().is_none());
        drop(first);
        let (second, third) = (many.next(), many.next());
        assert!(many.next().is_none());
        drop(many);
        assert_eq!(count(&owner), 3);
        drop((second, owner.many(7), owner));
        assert_eq!(Arc::strong_count(&value), 2);
        drop(third);
        assert_eq!(Arc::strong_count(&value), 1);
    }

    #[test]
    fn the_last_reference_may_be_dropped_by_any_thread() {
        let value = Arc::new(());
        let owner = OwnerRef::new(value.clone());
        std::thread::scope(|scope| {
            for _ in 0..3 {
                let many = owner.many(100);
                scope.spawn(move || many.for_each(drop));
            }
            drop(owner);
        });
        assert_eq!(Arc::strong_count(&value), 1);
    }
}
