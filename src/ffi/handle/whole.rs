//! Values that a child made by `fork` can continue to use, whatever the parent's other threads were
//! doing with them.

use std::ptr;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicPtr, AtomicU32};

use crate::error::Result;
use crate::fork::{self, PerProcess};
use crate::locks::{ForkLock, Mutex};

/// The content of a [`Whole`].
pub(super) trait Editable {
    /// A copy that will be changed and replace this one; `inherited`: in a child of the process that made it.
    fn copy_to_edit(&self, inherited: bool) -> Self;
}

/// A value that is replaced as a whole, never changed in place: a child has the old or the new one, never a mixture.
pub(super) struct Whole<T> {
    /// From `Arc::into_raw`, with a reference of its own.
    value: AtomicPtr<T>,
    /// Held for the moment in which a reference is added or the value replaced.
    lock: ForkLock,
    /// Held while a new value is derived from the old one, so that no change is lost.
    editing: PerProcess<Mutex<()>>,
    /// The process that made the value, and so knows what else refers to its parts.
    made_in: AtomicU32,
}

impl<T: Editable> Whole<T> {
    pub(super) fn new(value: T) -> Self {
        Whole {
            value: AtomicPtr::new(Arc::into_raw(Arc::new(value)).cast_mut()),
            lock: ForkLock::new(),
            editing: PerProcess::new(Mutex::new(())),
            made_in: AtomicU32::new(fork::generation()),
        }
    }

    /// The present value.
    pub(super) fn get(&self) -> Arc<T> {
        let _lock = self.lock.lock();
        let value = self.value.load(Relaxed);
        // SAFETY: from `Arc::into_raw`, and its reference stays as long as the lock is held.
        unsafe {
            Arc::increment_strong_count(value);
            Arc::from_raw(value)
        }
    }

    /// Replaces it by a changed copy, unless the change fails.
    pub(super) fn edit(&self, change: impl FnOnce(&mut T) -> Result<()>) -> Result<()> {
        let _editing = self.editing.get().lock();
        let process = fork::generation();
        let mut value = self
            .get()
            .copy_to_edit(self.made_in.load(Relaxed) != process);
        change(&mut value)?;
        let new = Arc::into_raw(Arc::new(value)).cast_mut();
        let old = {
            let _lock = self.lock.lock();
            self.made_in.store(process, Relaxed);
            self.value.swap(new, Relaxed)
        };
        // SAFETY: from `Arc::into_raw`; the reference was this object's.
        drop(unsafe { Arc::from_raw(old) });
        Ok(())
    }
}

impl<T> Drop for Whole<T> {
    fn drop(&mut self) {
        let value = std::mem::replace(self.value.get_mut(), ptr::null_mut());
        // SAFETY: from `Arc::into_raw`, and nobody can get it any more.
        drop(unsafe { Arc::from_raw(value) });
    }
}
