//! The sid and the subject that a subscription is bound to. It may be rebound to others while the program still has a
//! pointer to the previous subject.

use std::ffi::{CStr, CString};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use once_cell::race::OnceBox;

use crate::client::subscription::home::Home;
use crate::client::subscription::state::Subscription;
use crate::locks::Mutex;

/// See the [module](self). Changed with the registry and the queue locked.
pub(super) struct Bound {
    sid: AtomicU64,
    subject: Mutex<Arc<CStr>>,
    shown: OnceBox<Shown>,
}

/// The subjects to which the program has pointers. They live as long as the subscription.
struct Shown {
    subject: Arc<CStr>,
    next: OnceLock<Box<Shown>>,
}

impl Shown {
    fn boxed(subject: &Arc<CStr>) -> Box<Self> {
        Box::new(Shown {
            subject: subject.clone(),
            next: OnceLock::new(),
        })
    }
}

impl Bound {
    pub(super) fn new(sid: u64, subject: CString) -> Self {
        Bound {
            sid: AtomicU64::new(sid),
            subject: Mutex::new(subject.into()),
            shown: OnceBox::new(),
        }
    }

    pub(super) fn set(&self, sid: u64, subject: CString) {
        self.sid.store(sid, Ordering::Relaxed);
        let before = std::mem::replace(&mut *self.subject.lock(), subject.into());
        drop(before);
    }

    pub(super) fn subject(&self) -> Arc<CStr> {
        self.subject.lock().clone()
    }

    /// The subject, for the program to read as long as the subscription lives.
    pub(super) fn shown(&self) -> &CStr {
        let subject = self.subject();
        let mut shown = self.shown.get_or_init(|| Shown::boxed(&subject));
        while !Arc::ptr_eq(&shown.subject, &subject) {
            shown = shown.next.get_or_init(|| Shown::boxed(&subject));
        }
        &shown.subject
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        // Iteratively: recursion could exceed the stack.
        let mut next = self.next.take();
        while let Some(mut shown) = next {
            next = shown.next.take();
        }
    }
}

impl<H: Home> Subscription<H> {
    /// The number that identifies the subscription between client and server, also after it was closed.
    #[inline]
    pub fn sid(&self) -> u64 {
        self.bound.sid.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_shown_stays_and_only_that() {
        let bound = Bound::new(1, c"a".into());
        let first = bound.shown();
        assert_eq!(first.as_ptr(), bound.shown().as_ptr());
        let unseen = {
            bound.set(2, c"b".into());
            Arc::downgrade(&bound.subject())
        };
        bound.set(3, c"c".into());
        assert!(unseen.upgrade().is_none());
        assert_eq!(bound.shown(), c"c");
        assert_eq!(first, c"a");
        for n in 0..20_000 {
            bound.set(n, CString::new(n.to_string()).unwrap());
        }
        assert_eq!(&*bound.subject(), c"19999");
    }

    #[test]
    fn as_many_as_were_shown_end_without_recursion() {
        let subject = Arc::from(c"x");
        let mut shown = Shown::boxed(&subject);
        for _ in 0..300_000 {
            let link = Shown::boxed(&subject);
            link.next.set(shown).ok().unwrap();
            shown = link;
        }
        drop(shown);
    }
}
