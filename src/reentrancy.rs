//! Tracks what a thread is in the middle of (re-entrancy).
//!
//! A `thread_local!` value with a destructor cannot be used in a thread that is ending: it is gone
//! already, or is never freed if the thread uses it for the first time then. Programs do call the
//! library from destructors of their own. Therefore no thread-local value of the library has a
//! destructor.

use std::cell::{Cell, RefCell, RefMut};
use std::mem::ManuallyDrop;

use smallvec::SmallVec;

use crate::fork;

/// Depth up to which nesting needs no heap memory; programs rarely nest deeper.
const FEW: usize = 4;

/// The things that a thread has entered and not left; for use in a `thread_local!`. Usable until
/// the very end of the thread, and owns no memory once everything was left.
///
/// What was entered before a `fork` counts only in the parent.
pub(crate) struct Reentrancy<T> {
    entered: RefCell<ManuallyDrop<SmallVec<[T; FEW]>>>,
    /// The process that the entries belong to.
    generation: Cell<u32>,
}

impl<T: Copy + PartialEq> Reentrancy<T> {
    pub(crate) const fn new() -> Self {
        const { assert!(!std::mem::needs_drop::<Self>()) };
        Reentrancy {
            entered: RefCell::new(ManuallyDrop::new(SmallVec::new_const())),
            generation: Cell::new(0),
        }
    }

    /// The entries of this process.
    fn here(&self) -> RefMut<'_, ManuallyDrop<SmallVec<[T; FEW]>>> {
        let mut entered = self.entered.borrow_mut();
        if self.generation.replace(fork::generation()) != fork::generation() {
            entered.clear();
        }
        entered
    }

    pub(crate) fn enter(&self, thing: T) {
        self.here().push(thing);
    }

    /// Leaves the entry equal to `thing` that was entered last.
    pub(crate) fn leave(&self, thing: T) {
        let mut entered = self.here();
        if let Some(last) = entered.iter().rposition(|t| *t == thing) {
            entered.remove(last);
        }
        if entered.is_empty() && entered.spilled() {
            entered.shrink_to_fit();
        }
    }

    pub(crate) fn contains(&self, thing: T) -> bool {
        self.here().contains(&thing)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.here().is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entered_and_left() {
        let nesting = Reentrancy::new();
        assert!(nesting.is_empty());
        for n in 0..10 {
            nesting.enter(n / 2);
        }
        nesting.leave(7);
        nesting.leave(4);
        assert!(nesting.contains(4) && nesting.contains(0) && !nesting.contains(7));
        for n in 0..10 {
            nesting.leave(n / 2);
        }
        assert!(nesting.is_empty() && !nesting.contains(0));
        assert!(!nesting.entered.borrow().spilled());
    }
}
