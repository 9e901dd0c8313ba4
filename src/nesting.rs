//! What a thread is in the middle of.
//!
//! A value of `thread_local!` that has a destructor is of no use in a thread that is ending: it is
//! gone, or, where the thread comes to it for the first time then, is never freed. And programs do
//! come here from destructors of their own, to say goodbye. So nothing of a thread's has one.

use std::cell::{Cell, RefCell, RefMut};
use std::mem::ManuallyDrop;

use smallvec::SmallVec;

use crate::fork;

/// Deeper than programs nest as a rule: so much takes no memory.
const FEW: usize = 4;

/// The things that a thread has entered and not left, for a `thread_local!`. It may be used to the
/// thread's very end, and owns no memory when everything was left.
///
/// What was entered before a `fork` counts for the parent only.
pub(crate) struct Nesting<T> {
    entered: RefCell<ManuallyDrop<SmallVec<[T; FEW]>>>,
    /// The process whose they are.
    generation: Cell<u32>,
}

impl<T: Copy + PartialEq> Nesting<T> {
    pub(crate) const fn new() -> Self {
        const { assert!(!std::mem::needs_drop::<Self>()) };
        Nesting {
            entered: RefCell::new(ManuallyDrop::new(SmallVec::new_const())),
            generation: Cell::new(0),
        }
    }

    /// What was entered in this process.
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

    /// Leaves what was entered last of those that are equal to `thing`.
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
        let nesting = Nesting::new();
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
