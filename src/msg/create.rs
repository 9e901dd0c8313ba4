//! Creating messages: from parts that are in a block already, or by copying them into one.
//!
//! What a program creates goes into blocks that such messages share, one after the other; large messages have blocks
//! of their own.

use std::ptr;
use std::sync::atomic::AtomicU32;

use super::block::DATA_START;
use super::desc::{Desc, LIVE, MADE, NO_REPLY};
use super::filling::Filling;
use super::message::Msg;
use super::pool::Wanted;
use crate::error::{Result, Status};
use crate::fork::PerProcess;
use crate::locks::Mutex;

/// Messages that a program creates share a standard block up to this size.
const SHARED_MAX: usize = 4096;

/// Positions and lengths of a message's parts in its block.
pub(super) struct Parts {
    pub(super) subject: usize,
    pub(super) subject_len: usize,
    pub(super) reply: Option<(usize, usize)>,
    pub(super) body: usize,
    pub(super) header_len: usize,
    pub(super) payload_len: usize,
}

impl Msg {
    /// Creates a message by copying its parts. The subject's grammar is checked when the message is
    /// published.
    pub fn create(subject: &[u8], reply: Option<&[u8]>, payload: &[u8]) -> Result<Msg> {
        Self::create_with(subject, reply, &[], payload)
    }

    /// As [`Msg::create`], with a header block as it is on the wire; empty for none.
    pub fn create_with(
        subject: &[u8],
        reply: Option<&[u8]>,
        headers: &[u8],
        payload: &[u8],
    ) -> Result<Msg> {
        let mut msg = Self::assemble(subject, reply, headers, payload, 1)?;
        *msg.desc_mut().state.get_mut() |= MADE;
        Ok(msg)
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
        .ok_or(Status::NATS_NO_MEMORY)?;
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
            let mut own = Filling::of_its_own(size).ok_or(Status::NATS_NO_MEMORY)?;
            return Ok(write(&mut own, DATA_START));
        }
        let mut shared = SHARED.get().lock();
        let SharedBlock { block, end } = shared.make_room(size);
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
}

/// The block that created messages share, and where its bytes end.
struct SharedBlock {
    block: Filling,
    end: usize,
}

#[derive(Default)]
struct SharedSlot(Option<SharedBlock>);

static SHARED: PerProcess<Mutex<SharedSlot>> = PerProcess::new(Mutex::new(SharedSlot(None)));

impl SharedSlot {
    fn make_room(&mut self, size: usize) -> &mut SharedBlock {
        if self
            .0
            .as_ref()
            .is_some_and(|a| !a.block.has_room(a.end + size) || a.end + size > a.block.limit())
        {
            self.0 = None;
        }
        let shared = self.0.get_or_insert_with(|| {
            let block = Filling::with_room(size, Wanted::Now);
            let end = block.start();
            SharedBlock { block, end }
        });
        if shared.end > shared.block.start() && shared.block.is_unshared() {
            // SAFETY: just seen to be unshared, under the lock that making a message takes.
            unsafe { shared.block.reset() };
            shared.end = DATA_START;
        }
        shared
    }
}

/// Releases the shared block of created messages.
pub(super) fn release_shared() {
    SHARED.get().lock().0 = None;
}
