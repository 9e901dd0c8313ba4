//! The descriptor of a message: where its parts are, and what belongs to it.

use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, Ordering};

use super::block::{CellPtr, DESC_SIZE};
use super::owner::{Owner, OwnerRef, give_back};
use crate::proto::headers::HeaderMap;

/// The state of a living message; the lowest byte has its flags.
pub(super) const LIVE: u32 = 0x6e61_7400;
pub(super) const DEAD: u32 = 0x6465_6164;
pub(super) const FLAGS: u32 = 0xff;
/// It was acknowledged, or needs no acknowledgement.
pub(super) const ACKED: u32 = 1;
/// `next` points to an [`Owner`], with a reference that belongs to the message.
pub(super) const OWNED: u32 = 2;
/// C has a pointer to it, but the library owns it.
pub(super) const LENT: u32 = 4;
/// The program or the library made it; it was not received.
pub(super) const MADE: u32 = 8;
pub(super) const NO_REPLY: u32 = u32::MAX;

/// The target of a message's pointer: where the parts are in the block. Opaque outside.
#[repr(C, align(64))]
pub struct Desc {
    pub(super) state: AtomicU32,
    pub(super) subject_len: u32,
    pub(super) reply_offset: u32,
    pub(super) reply_len: u32,
    pub(super) header_len: u32,
    pub(super) payload_len: u32,
    pub(super) subject: NonNull<u8>,
    pub(super) body: NonNull<u8>,
    /// In a list, the next message; otherwise the owner of the message, if it is [`OWNED`].
    pub(super) next: *mut Desc,
    pub(super) extra: *mut Extra,
    pub(super) cell: CellPtr,
}

/// Rarely needed parts: decoded or new headers, and the origin in a stream.
#[derive(Default)]
pub(super) struct Extra {
    pub(super) headers: Option<HeaderMap>,
    pub(super) sequence: u64,
    pub(super) time: i64,
}

const _: () = assert!(size_of::<Desc>() == DESC_SIZE && align_of::<Desc>() == DESC_SIZE);

impl Desc {
    /// What the message was received through.
    pub(super) fn owner(&self) -> Option<&Owner> {
        let owned = self.state.load(Ordering::Relaxed) & OWNED != 0;
        // SAFETY: with this flag it is a pointer of `OwnerRef::into_raw`, whose reference is this
        // message's until `disown`, which needs the message mutably.
        owned.then(|| unsafe { &*self.next.cast::<Owner>() })
    }

    /// Sets what the message was received through. The message is in no list.
    pub(super) fn set_owner(&mut self, owner: OwnerRef) {
        self.disown();
        self.next = owner.into_raw().as_ptr().cast();
        *self.state.get_mut() |= OWNED;
    }

    /// Drops the owner, if there is one: before the message is put into a list, and at its end.
    #[inline(always)]
    pub(super) fn disown(&mut self) {
        if *self.state.get_mut() & OWNED != 0 {
            self.drop_owner();
        }
    }

    #[cold]
    fn drop_owner(&mut self) {
        if let Some(owner) = self.take_owner() {
            // SAFETY: the reference was this message's.
            unsafe { give_back(owner, 1) }
        }
    }

    /// Takes the owner out, with the reference.
    #[inline]
    pub(super) fn take_owner(&mut self) -> Option<NonNull<Owner>> {
        if *self.state.get_mut() & OWNED == 0 {
            return None;
        }
        *self.state.get_mut() &= !OWNED;
        NonNull::new(self.next.cast())
    }
}
