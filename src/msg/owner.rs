//! What a message was received through.
//!
//! A JetStream message is answered after it was handed out, by code that has nothing but the
//! message: the way back is stored in the message. It takes the place of the pointer that messages
//! in a list have, so a message has one or the other, and neither costs an allocation.

use std::any::Any;
use std::mem::ManuallyDrop;
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::message::{ACKED, Desc, LENT, Msg, OWNED};

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

impl Msg {
    /// Sets what the message was received through. Dropped when the message is put into a
    /// [`MsgList`](super::MsgList).
    pub fn set_owner(&mut self, owner: Arc<Owner>) {
        self.disown();
        let desc = self.desc_mut();
        desc.next = Arc::into_raw(owner).cast_mut().cast();
        *desc.state.get_mut() |= OWNED;
    }

    /// What the message was received through.
    pub fn owner(&self) -> Option<&Owner> {
        let desc = self.desc();
        let owned = desc.state.load(Ordering::Relaxed) & OWNED != 0;
        // SAFETY: with this flag it is a pointer of `Arc::into_raw`, whose reference is this
        // message's until `disown`, which needs the message mutably.
        owned.then(|| unsafe { &*desc.next.cast::<Owner>() })
    }

    /// Drops the owner, if there is one: before the message is put into a list, and at its end.
    #[inline(always)]
    pub(super) fn disown(&mut self) {
        if *self.desc_mut().state.get_mut() & OWNED != 0 {
            self.drop_owner();
        }
    }

    #[cold]
    fn drop_owner(&mut self) {
        let desc = self.desc_mut();
        *desc.state.get_mut() &= !OWNED;
        // SAFETY: from `Arc::into_raw`, and the flag that said so is gone.
        drop(unsafe { Arc::from_raw(desc.next.cast::<Owner>()) });
    }

    /// Marks the message as acknowledged; returns whether it was already.
    pub fn set_acked(&mut self) -> bool {
        let state = self.desc_mut().state.get_mut();
        let before = *state;
        *state |= ACKED;
        before & ACKED != 0
    }

    /// Was the message acknowledged, or does it need no acknowledgement?
    pub fn is_acked(&self) -> bool {
        self.desc().state.load(Ordering::Relaxed) & ACKED != 0
    }

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
    use crate::msg::MsgList;

    fn msg() -> Msg {
        Msg::create(b"s", None, b"x").unwrap()
    }

    #[test]
    fn an_owner_lives_as_long_as_its_messages() {
        let owner = Owner::new(7u32);
        let (mut a, mut b) = (msg(), msg());
        assert!(a.owner().is_none());
        a.set_owner(owner.clone());
        b.set_owner(owner.clone());
        b.set_owner(owner.clone());
        assert_eq!(Arc::strong_count(&owner), 3);
        assert_eq!(a.owner().unwrap().get(), Some(&7u32));
        assert_eq!(a.owner().unwrap().get::<i8>(), None);
        drop(a);
        assert_eq!(Arc::strong_count(&owner), 2);
        let mut list = MsgList::new();
        list.push(b);
        assert_eq!(Arc::strong_count(&owner), 1);
        list.push(msg());
        let mut b = list.pop().unwrap();
        assert!(b.owner().is_none());
        b.set_owner(owner.clone());
        let raw = b.into_raw();
        // SAFETY: from `into_raw`, and its block is alive through the other message.
        drop(unsafe { Msg::from_raw(raw) });
        assert_eq!(Arc::strong_count(&owner), 1);
        assert_eq!(list.len(), 1);
    }

    #[test]
    fn a_message_is_marked_once() {
        let mut m = msg();
        assert!(!m.is_acked());
        assert!(!m.set_acked());
        assert!(m.is_acked() && m.set_acked());
        m.set_owner(Owner::new(()));
        assert!(m.is_acked());
    }

    #[test]
    fn what_is_lent_cannot_be_taken() {
        let keeps_the_block = msg();
        let owner = Owner::new(());
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
        assert_eq!(Arc::strong_count(&owner), 1);
        drop(keeps_the_block);
    }
}
