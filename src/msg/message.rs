//! One message: subject, reply subject, headers and payload.

use std::ffi::c_char;
use std::mem::ManuallyDrop;
use std::ptr::{self, NonNull};
use std::sync::atomic::Ordering;

use super::block::CellPtr;
use super::desc::{ACKED, DEAD, Desc, Extra, FLAGS, LENT, LIVE, MADE, NO_REPLY};
use super::owner::{Owner, OwnerRef};
use super::release::release;
use crate::error::{Error, Result};
use crate::proto::headers::{self, HeaderBlock, HeaderMap};

/// A message. It is not copied on the way from the socket to the program; dropping it drops a
/// reference to its block.
#[repr(transparent)]
pub struct Msg(pub(super) NonNull<Desc>);

// SAFETY: the descriptor and the bytes it points at belong to this message alone; the block's
// reference count is atomic.
unsafe impl Send for Msg {}
// SAFETY: through `&Msg` a message is only read; what changes it takes `&mut self`.
unsafe impl Sync for Msg {}

impl Msg {
    pub(super) fn desc(&self) -> &Desc {
        // SAFETY: a `Msg` owns its descriptor, which lives as long as the block it refers to.
        unsafe { self.0.as_ref() }
    }

    pub(super) fn desc_mut(&mut self) -> &mut Desc {
        // SAFETY: as above, and borrowed mutably.
        unsafe { self.0.as_mut() }
    }

    /// The subject that it was published on.
    pub fn subject(&self) -> &[u8] {
        let desc = self.desc();
        // SAFETY: so many bytes of the block belong to this message.
        unsafe { std::slice::from_raw_parts(desc.subject.as_ptr(), desc.subject_len as usize) }
    }

    /// The subject on which the publisher expects replies, if any.
    pub fn reply(&self) -> Option<&[u8]> {
        let start = self.reply_start()?;
        // SAFETY: so many bytes there are the reply subject.
        Some(unsafe { std::slice::from_raw_parts(start, self.desc().reply_len as usize) })
    }

    /// The payload, without headers.
    pub fn payload(&self) -> &[u8] {
        // SAFETY: so many bytes there are the payload.
        unsafe {
            std::slice::from_raw_parts(self.payload_start(), self.desc().payload_len as usize)
        }
    }

    /// The beginning of the reply subject. Unlike that of [`Msg::reply`] this pointer may be read beyond the end, where
    /// C finds a NUL.
    fn reply_start(&self) -> Option<*const u8> {
        let desc = self.desc();
        if desc.reply_len == NO_REPLY {
            return None;
        }
        // SAFETY: the reply lies in the block at this distance from the subject.
        Some(unsafe { desc.subject.as_ptr().add(desc.reply_offset as usize) })
    }

    /// The beginning of the payload, in the same way.
    fn payload_start(&self) -> *const u8 {
        let desc = self.desc();
        // SAFETY: the payload follows the headers in the block.
        unsafe { desc.body.as_ptr().add(desc.header_len as usize) }
    }

    /// The subject for C, with a NUL at its end.
    pub fn subject_ptr(&self) -> *const c_char {
        self.desc().subject.as_ptr().cast()
    }

    /// The reply subject for C, or NULL.
    pub fn reply_ptr(&self) -> *const c_char {
        self.reply_start().map_or(ptr::null(), <*const u8>::cast)
    }

    /// The payload for C: never NULL, and followed by a NUL.
    pub fn payload_ptr(&self) -> *const c_char {
        self.payload_start().cast()
    }

    /// The bytes that count against the pending limits: headers and payload.
    pub fn size(&self) -> usize {
        let desc = self.desc();
        desc.header_len as usize + desc.payload_len as usize
    }

    /// The header block as it was received, empty without headers.
    pub fn raw_headers(&self) -> &[u8] {
        let desc = self.desc();
        // SAFETY: the headers lie at the start of the body.
        unsafe { std::slice::from_raw_parts(desc.body.as_ptr(), desc.header_len as usize) }
    }

    fn extra(&self) -> Option<&Extra> {
        // SAFETY: NULL or a box that belongs to this message.
        unsafe { self.desc().extra.as_ref() }
    }

    fn extra_mut(&mut self) -> &mut Extra {
        let desc = self.desc_mut();
        if desc.extra.is_null() {
            desc.extra = Box::into_raw(Box::default());
        }
        // SAFETY: a box that belongs to this message.
        unsafe { &mut *desc.extra }
    }

    /// The headers, decoded on first access; `None` for a message that never had any.
    pub fn headers(&mut self) -> Result<Option<&HeaderMap>> {
        if self.extra().is_none_or(|e| e.headers.is_none()) {
            if self.raw_headers().is_empty() {
                return Ok(None);
            }
            let map = HeaderMap::decode(self.raw_headers())
                .map_err(|e| Error::protocol(e.to_string()))?;
            self.extra_mut().headers = Some(map);
        }
        Ok(self.extra().and_then(|e| e.headers.as_ref()))
    }

    /// The headers for changing them; creates an empty set if there are none.
    pub fn headers_mut(&mut self) -> Result<&mut HeaderMap> {
        self.headers()?;
        Ok(self.extra_mut().headers.get_or_insert_with(HeaderMap::new))
    }

    /// The header block to send: the received bytes if the headers were never decoded. `None` for a
    /// message that never had headers.
    pub fn header_block(&self) -> Option<HeaderBlock<'_>> {
        match self.extra().and_then(|e| e.headers.as_ref()) {
            Some(map) => Some(HeaderBlock::of(map)),
            None => Some(self.raw_headers())
                .filter(|raw| !raw.is_empty())
                .map(HeaderBlock::Bytes),
        }
    }

    /// Is it the server's notice that nobody is subscribed to a request's subject?
    pub fn is_no_responders(&self) -> bool {
        if self.desc().payload_len != 0 {
            return false;
        }
        let says_so = match self.extra().and_then(|e| e.headers.as_ref()) {
            Some(map) => map
                .get(b"Status")
                .flatten()
                .is_some_and(|status| status.as_bytes().starts_with(b"503")),
            None => headers::is_no_responders(self.raw_headers(), 0),
        };
        says_so && !self.is_stored()
    }

    /// The sequence number in its stream, for a message of a direct get; else 0.
    pub fn sequence(&self) -> u64 {
        self.extra().map_or(0, |e| e.sequence)
    }

    /// When its stream received it, in nanoseconds since 1970, as for [`Msg::sequence`]; else 0.
    pub fn time(&self) -> i64 {
        self.extra().map_or(0, |e| e.time)
    }

    /// The headers, if they were decoded or created.
    pub(super) fn decoded(&self) -> Option<&HeaderMap> {
        self.extra().and_then(|e| e.headers.as_ref())
    }

    /// Sets what [`Msg::sequence`] and [`Msg::time`] return.
    pub fn set_origin(&mut self, sequence: u64, time: i64) {
        let extra = self.extra_mut();
        (extra.sequence, extra.time) = (sequence, time);
    }

    /// Sets what the message was received through. Dropped when the message is put into a
    /// [`MsgList`](super::MsgList).
    pub fn set_owner(&mut self, owner: OwnerRef) {
        self.desc_mut().set_owner(owner);
    }

    /// What the message was received through.
    pub fn owner(&self) -> Option<&Owner> {
        self.desc().owner()
    }

    /// Was it received, and not made by the program or the library?
    pub fn is_received(&self) -> bool {
        self.desc().state.load(Ordering::Relaxed) & MADE == 0
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

    /// Ends the message, which has no owner any more, except for its reference to its cell, which is returned.
    #[inline(always)]
    pub(super) fn end(&mut self) -> CellPtr {
        let desc = self.desc_mut();
        *desc.state.get_mut() = DEAD;
        let (extra, cell) = (desc.extra, desc.cell);
        if !extra.is_null() {
            desc.extra = ptr::null_mut();
            // SAFETY: a box that belonged to this message.
            drop(unsafe { Box::from_raw(extra) });
        }
        cell
    }

    /// Converts the message into a plain pointer that owns it.
    pub fn into_raw(self) -> *mut Desc {
        ManuallyDrop::new(self).0.as_ptr()
    }

    /// Takes a message back from a pointer. `None` for NULL, for a message that was taken back
    /// before, and for one that is [lent](Msg::lend).
    ///
    /// # Safety
    /// `raw` is NULL or came from [`Msg::into_raw`], and its block is still alive.
    pub unsafe fn from_raw(raw: *mut Desc) -> Option<Msg> {
        let desc = NonNull::new(raw)?;
        // SAFETY: the caller's contract; a block's memory stays descriptors as long as it lives.
        let state = unsafe { desc.as_ref() }.state.load(Ordering::Relaxed);
        (state & !(FLAGS & !LENT) == LIVE).then(|| Msg(desc))
    }

    /// Borrows a message from a pointer. `None` for NULL, and for a message that was taken back.
    ///
    /// # Safety
    /// As for [`Msg::from_raw`]; and nobody else uses the message meanwhile.
    pub unsafe fn borrow_raw(raw: *mut Desc) -> Option<ManuallyDrop<Msg>> {
        let desc = NonNull::new(raw)?;
        // SAFETY: the caller's contract.
        let state = unsafe { desc.as_ref() }.state.load(Ordering::Relaxed);
        (state & !FLAGS == LIVE).then(|| ManuallyDrop::new(Msg(desc)))
    }
}

impl Drop for Msg {
    fn drop(&mut self) {
        self.desc_mut().disown();
        let cell = self.end();
        // SAFETY: each message owns one reference to its cell.
        unsafe { release(cell) }
    }
}

impl std::fmt::Debug for Msg {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Msg")
            .field("subject", &String::from_utf8_lossy(self.subject()))
            .field("reply", &self.reply().map(String::from_utf8_lossy))
            .field("size", &self.size())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::msg::MsgList;

    #[test]
    fn a_created_message_has_its_parts_and_nuls_behind_them() {
        let msg = Msg::create(b"a.b", Some(b"r"), b"payload").unwrap();
        assert_eq!(
            (msg.subject(), msg.reply(), msg.payload()),
            (&b"a.b"[..], Some(&b"r"[..]), &b"payload"[..])
        );
        // SAFETY: the three pointers are NUL-terminated, as their docs say.
        unsafe {
            assert_eq!(std::ffi::CStr::from_ptr(msg.subject_ptr()), c"a.b");
            assert_eq!(std::ffi::CStr::from_ptr(msg.reply_ptr()), c"r");
            assert_eq!(std::ffi::CStr::from_ptr(msg.payload_ptr()), c"payload");
        }
    }

    #[test]
    fn an_empty_payload_still_has_a_pointer_to_a_nul() {
        let msg = Msg::create(b"a", None, b"").unwrap();
        assert!(msg.reply_ptr().is_null());
        // SAFETY: NUL-terminated, as its docs say.
        assert_eq!(unsafe { std::ffi::CStr::from_ptr(msg.payload_ptr()) }, c"");
    }

    #[test]
    fn many_created_messages_of_all_sizes_keep_their_content() {
        let sizes = [0, 1, 63, 64, 65, 1000, 4000, 4096, 5000, 20_000, 1 << 20];
        let msgs: Vec<_> = (0..if cfg!(miri) { 50 } else { 2000usize })
            .map(|i| {
                let payload = vec![i as u8; sizes[i % sizes.len()] / (1 + i / 100)];
                (
                    Msg::create(format!("s.{i}").as_bytes(), None, &payload).unwrap(),
                    payload,
                )
            })
            .collect();
        for (i, (msg, payload)) in msgs.iter().enumerate() {
            assert_eq!(msg.subject(), format!("s.{i}").as_bytes());
            assert_eq!(msg.payload(), payload);
        }
    }

    #[test]
    fn a_message_taken_back_twice_is_caught_while_its_block_lives() {
        let other = Msg::create(b"keeps.the.block", None, b"").unwrap();
        let raw = Msg::create(b"a", None, b"x").unwrap().into_raw();
        // SAFETY: from `into_raw`, and the other message keeps the block alive.
        unsafe {
            assert!(Msg::from_raw(raw).is_some());
            assert!(Msg::from_raw(raw).is_none());
            assert!(Msg::borrow_raw(raw).is_none());
            assert!(Msg::from_raw(ptr::null_mut()).is_none());
        }
        drop(other);
    }

    #[test]
    fn headers_are_made_changed_and_encoded() {
        let mut msg = Msg::create(b"a", None, b"x").unwrap();
        assert!(msg.headers().unwrap().is_none());
        let block = |msg: &Msg| msg.header_block().map(HeaderBlock::to_vec);
        assert_eq!(block(&msg), None);
        msg.headers_mut().unwrap().set(b"Key", Some(b"value"));
        assert_eq!(
            block(&msg),
            Some(b"NATS/1.0\r\nKey: value\r\n\r\n".to_vec())
        );
        msg.headers_mut().unwrap().remove(b"Key");
        assert_eq!(block(&msg), Some(b"NATS/1.0\r\n\r\n".to_vec()));
    }

    fn msg() -> Msg {
        Msg::create(b"s", None, b"x").unwrap()
    }

    #[test]
    fn an_owner_lives_as_long_as_its_messages() {
        let owner = OwnerRef::new(7u32);
        let (mut a, mut b) = (msg(), msg());
        assert!(a.owner().is_none());
        a.set_owner(owner.clone());
        b.set_owner(owner.clone());
        b.set_owner(owner.clone());
        assert_eq!(owner.count(), 3);
        assert_eq!(a.owner().unwrap().get(), Some(&7u32));
        assert_eq!(a.owner().unwrap().get::<i8>(), None);
        drop(a);
        assert_eq!(owner.count(), 2);
        let mut list = MsgList::new();
        list.push(b);
        assert_eq!(owner.count(), 1);
        list.push(msg());
        let mut b = list.pop().unwrap();
        assert!(b.owner().is_none());
        b.set_owner(owner.clone());
        let raw = b.into_raw();
        // SAFETY: from `into_raw`, and its block is alive through the other message.
        drop(unsafe { Msg::from_raw(raw) });
        assert_eq!(owner.count(), 1);
        assert_eq!(list.len(), 1);
    }

    #[test]
    fn a_message_is_marked_once() {
        let mut m = msg();
        assert!(!m.is_acked());
        assert!(!m.set_acked());
        assert!(m.is_acked() && m.set_acked());
        m.set_owner(OwnerRef::new(()));
        assert!(m.is_acked());
    }
}
