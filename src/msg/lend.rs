//! Lending a message to the program: for the time of a call, C has a pointer to it.

use std::mem::ManuallyDrop;
use std::ptr::NonNull;
use std::sync::atomic::Ordering;

use super::desc::{Desc, LENT};
use super::message::Msg;

impl Msg {
    /// As [`Msg::lend`], where the message stays with its owner.
    pub fn lend_mut<R>(&mut self, to: impl FnOnce(*mut Desc) -> R) -> R {
        /// Ends the loan, also if `to` panics.
        struct Loan(NonNull<Desc>);
        impl Drop for Loan {
            fn drop(&mut self) {
                // SAFETY: the message is borrowed for as long as the loan, and nobody else uses it.
                unsafe { self.0.as_ref().state.fetch_and(!LENT, Ordering::Relaxed) };
            }
        }
        let loan = Loan(self.0);
        self.desc().state.fetch_or(LENT, Ordering::Relaxed);
        to(loan.0.as_ptr())
    }

    /// Lends the message to code that gets a plain pointer to it and cannot take it: for that code
    /// [`Msg::from_raw`] returns `None`.
    pub fn lend<R>(self, to: impl FnOnce(*mut Desc) -> R) -> (Msg, R) {
        /// Owns the message, also if `to` panics.
        struct Lender(NonNull<Desc>);
        impl Lender {
            fn set(&self, lent: bool) {
                // SAFETY: it owns the message, and nobody else uses it now.
                let state = unsafe { &self.0.as_ref().state };
                let flags = state.load(Ordering::Relaxed) & !LENT;
                state.store(flags | if lent { LENT } else { 0 }, Ordering::Relaxed);
            }
        }
        impl Drop for Lender {
            fn drop(&mut self) {
                self.set(false);
                drop(Msg(self.0));
            }
        }
        let lender = Lender(ManuallyDrop::new(self).0);
        lender.set(true);
        let result = to(lender.0.as_ptr());
        lender.set(false);
        (Msg(ManuallyDrop::new(lender).0), result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::msg::owner::OwnerRef;

    fn msg() -> Msg {
        Msg::create(b"s", None, b"x").unwrap()
    }

    #[test]
    fn what_is_lent_cannot_be_taken() {
        let keeps_the_block = msg();
        let owner = OwnerRef::new(());
        let mut m = msg();
        m.set_owner(owner.clone());
        let (m, taken) = m.lend(|raw| {
            // SAFETY: a message that lives.
            let (looked_at, taken) = unsafe { (Msg::borrow_raw(raw), Msg::from_raw(raw)) };
            let mut looked_at = looked_at.expect("it lives");
            assert!(!looked_at.set_acked());
            taken
        });
        assert!(taken.is_none());
        assert!(m.is_acked() && m.owner().is_some());
        let raw = m.into_raw();
        // SAFETY: as above; it is not lent any more.
        assert!(unsafe { Msg::from_raw(raw) }.is_some());
        let panics = msg();
        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let _ = panics.lend(|_| panic!("a callback panics"));
        }));
        assert!(caught.is_err());
        assert_eq!(owner.count(), 1);
        drop(keeps_the_block);
    }
}
