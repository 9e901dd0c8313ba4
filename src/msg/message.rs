//! One message: subject, reply subject, headers and payload.

use std::ffi::c_char;
use std::mem::ManuallyDrop;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicU32, Ordering};

use super::block::{self, CellPtr, DATA_START, Filling, Wanted};
use crate::error::{Error, Result, Status};
use crate::fork::PerProcess;
use crate::locks::Mutex;
use crate::proto::headers::{self, HeaderBlock, HeaderMap};

/// The state of a living message; the lowest byte has its flags.
const LIVE: u32 = 0x6e61_7400;
const DEAD: u32 = 0x6465_6164;
const FLAGS: u32 = 0xff;
/// It was acknowledged, or needs no acknowledgement.
pub(super) const ACKED: u32 = 1;
/// `next` points to an [`Owner`](super::Owner), with a reference that belongs to the message.
pub(super) const OWNED: u32 = 2;
/// C has a pointer to it, but the library owns it.
pub(super) const LENT: u32 = 4;
const NO_REPLY: u32 = u32::MAX;
/// Messages that a program creates share a standard block up to this size.
const SHARED_MAX: usize = 4096;

/// The target of a message's pointer: where the parts are in the block. Opaque outside.
#[repr(C, align(64))]
pub struct Desc {
    pub(super) state: AtomicU32,
    subject_len: u32,
    reply_offset: u32,
    reply_len: u32,
    header_len: u32,
    payload_len: u32,
    subject: NonNull<u8>,
    body: NonNull<u8>,
    /// In a list, the next message; otherwise the owner of the message, if it is [`OWNED`].
    pub(super) next: *mut Desc,
    extra: *mut Extra,
    cell: CellPtr,
}

/// Rarely needed parts: decoded or new headers, and the origin in a stream.
#[derive(Default)]
struct Extra {
    headers: Option<HeaderMap>,
    sequence: u64,
    time: i64,
}

/// Positions and lengths of a message's parts in its block.
pub(super) struct Parts {
    pub(super) subject: usize,
    pub(super) subject_len: usize,
    pub(super) reply: Option<(usize, usize)>,
    pub(super) body: usize,
    pub(super) header_len: usize,
    pub(super) payload_len: usize,
}

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
    /// Creates a message by copying its parts. The subject's grammar is checked when the message is
    /// published.
    pub fn create(subject: &[u8], reply: Option<&[u8]>, payload: &[u8]) -> Result<Msg> {
        Self::assemble(subject, reply, &[], payload, 1)
    }

    /// As [`Msg::create`], with a header block as it is on the wire; empty for none.
    pub fn create_with(
        subject: &[u8],
        reply: Option<&[u8]>,
        headers: &[u8],
        payload: &[u8],
    ) -> Result<Msg> {
        Self::assemble(subject, reply, headers, payload, 1)
    }

    /// Creates a message by copying its parts, with `padding` zero bytes (at least one) behind the
    /// payload.
    pub(super) fn assemble(
        subject: &[u8],
        reply: Option<&[u8]>,
        header: &[u8],
        payload: &[u8],
        padding: usize,
    ) -> Result<Msg> {
        let padding = padding.max(1);
        let reply_room = reply.map_or(0, |r| r.len() + 1);
        let size = [
            subject.len() + 1,
            reply_room,
            header.len(),
            payload.len(),
            padding,
        ]
        .iter()
        .try_fold(0usize, |sum, part| sum.checked_add(*part))
        .filter(|size| *size <= i32::MAX as usize)
        .ok_or(Error::from(Status::NATS_NO_MEMORY))?;
        let write = |block: &mut Filling, start: usize| {
            let mut at = start;
            let mut put = |bytes: &[u8]| {
                block.put(at, bytes);
                at += bytes.len();
                at - bytes.len()
            };
            put(subject);
            put(&[0]);
            let reply = reply.map(|r| {
                let offset = put(r);
                put(&[0]);
                (offset, r.len())
            });
            let body = put(header);
            put(payload);
            for _ in 0..padding {
                put(&[0]);
            }
            let parts = Parts {
                subject: start,
                subject_len: subject.len(),
                reply,
                body,
                header_len: header.len(),
                payload_len: payload.len(),
            };
            assert!(block.has_room(at));
            // SAFETY: just checked.
            unsafe { Msg::in_block(block, (start, at), at, &parts) }
        };
        if size > SHARED_MAX {
            let mut own = Filling::of_its_own(size).ok_or(Error::from(Status::NATS_NO_MEMORY))?;
            return Ok(write(&mut own, DATA_START));
        }
        let mut author = AUTHOR.get().lock();
        let Author { block, end } = author.make_room(size);
        let msg = write(block, *end);
        *end += size;
        Ok(msg)
    }

    /// Creates the message whose parts were written to `frame` of `block`, whose bytes end at
    /// `bytes_end`.
    ///
    /// # Safety
    /// There is room for its descriptor (`Filling::has_room`).
    #[inline(always)]
    pub(super) unsafe fn in_block(
        block: &mut Filling,
        frame: (usize, usize),
        bytes_end: usize,
        parts: &Parts,
    ) -> Msg {
        let (subject, body) = (block.at(parts.subject), block.at(parts.body));
        let (reply_offset, reply_len) = match parts.reply {
            Some((at, len)) => ((at - parts.subject) as u32, len as u32),
            None => (0, NO_REPLY),
        };
        let make = |cell| Desc {
            state: AtomicU32::new(LIVE),
            subject_len: parts.subject_len as u32,
            reply_offset,
            reply_len,
            header_len: parts.header_len as u32,
            payload_len: parts.payload_len as u32,
            subject,
            body,
            next: ptr::null_mut(),
            extra: ptr::null_mut(),
            cell,
        };
        // SAFETY: the contract.
        Msg(unsafe { block.describe(frame, bytes_end, make) })
    }

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
        let desc = self.desc();
        if desc.reply_len == NO_REPLY {
            return None;
        }
        // SAFETY: the reply lies in the block at this distance from the subject.
        Some(unsafe {
            let start = desc.subject.as_ptr().add(desc.reply_offset as usize);
            std::slice::from_raw_parts(start, desc.reply_len as usize)
        })
    }

    /// The payload, without headers.
    pub fn payload(&self) -> &[u8] {
        let desc = self.desc();
        // SAFETY: the payload follows the headers in the block.
        unsafe {
            let start = desc.body.as_ptr().add(desc.header_len as usize);
            std::slice::from_raw_parts(start, desc.payload_len as usize)
        }
    }

    /// The subject for C, with a NUL at its end.
    pub fn subject_ptr(&self) -> *const c_char {
        self.desc().subject.as_ptr().cast()
    }

    /// The reply subject for C, or NULL.
    pub fn reply_ptr(&self) -> *const c_char {
        self.reply().map_or(ptr::null(), |r| r.as_ptr().cast())
    }

    /// The payload for C: never NULL, and followed by a NUL.
    pub fn payload_ptr(&self) -> *const c_char {
        self.payload().as_ptr().cast()
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
        match self.extra().and_then(|e| e.headers.as_ref()) {
            Some(map) => map
                .get(b"Status")
                .flatten()
                .is_some_and(|status| status.as_bytes().starts_with(b"503")),
            None => headers::is_no_responders(self.raw_headers(), 0),
        }
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
        self.disown();
        let desc = self.desc_mut();
        *desc.state.get_mut() = DEAD;
        let (extra, cell) = (desc.extra, desc.cell);
        if !extra.is_null() {
            desc.extra = ptr::null_mut();
            // SAFETY: a box that belonged to this message.
            drop(unsafe { Box::from_raw(extra) });
        }
        // SAFETY: each message owns one reference to its cell.
        unsafe { block::release(cell) }
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

/// The block that created messages share, and where its bytes end.
struct Author {
    block: Filling,
    end: usize,
}

#[derive(Default)]
struct AuthorSlot(Option<Author>);

static AUTHOR: PerProcess<Mutex<AuthorSlot>> = PerProcess::new(Mutex::new(AuthorSlot(None)));

impl AuthorSlot {
    fn make_room(&mut self, size: usize) -> &mut Author {
        if self
            .0
            .as_ref()
            .is_some_and(|a| !a.block.has_room(a.end + size) || a.end + size > a.block.limit())
        {
            self.0 = None;
        }
        let author = self.0.get_or_insert_with(|| {
            let block = Filling::with_room(size, Wanted::Now);
            let end = block.start();
            Author { block, end }
        });
        if author.end > author.block.start() && author.block.is_unshared() {
            // SAFETY: just seen to be unshared, under the lock that making a message takes.
            unsafe { author.block.reset() };
            author.end = DATA_START;
        }
        author
    }
}

/// Releases the shared block of created messages.
pub(super) fn release_author() {
    AUTHOR.get().lock().0 = None;
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let msgs: Vec<_> = (0..2000usize)
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
}
