//! The receiving end of a connection: where the socket is read into, and where messages stay.

use std::collections::VecDeque;
use std::io::{self, IoSliceMut};

use super::block::{BLOCK_SIZE, DATA_START};
use super::create::Parts;
use super::filling::Filling;
use super::message::Msg;
use super::pool::Wanted;
use crate::error::{Result, Status};
use crate::proto::parser::MsgHead;

/// The line end behind a payload: up to this many zero bytes fit there without copying.
const FRAME_END: usize = 2;
/// Where frames are this long on average, frames of less than an eighth of it are copied: few bytes
/// compared with what is read for the others.
const LARGE: usize = 700;
/// The weight of earlier knowledge of frame lengths, in frames.
const KNOWN: usize = 16;
/// With less room than this in a block, reading continues in a new one.
const SCANT: usize = 256;
/// A frame larger than this gets a block of its own size, so that it is not moved again.
const SHARED_MAX: usize = BLOCK_SIZE / 4;
/// The room that is left free at the start of a block for a frame that begins in the one before: as
/// much as frames are long, up to this limit.
const BEFORE_MIN: usize = 128;
const BEFORE_MAX: usize = 1100;
/// With less room than this in a block, another one is offered with it, because the read would be short.
const SHORT: usize = 2048;
/// The largest number of blocks for one read.
const BLOCKS_AT_ONCE: usize = 8;
/// The most that one read returns, unless a large frame needs more. A read costs as much as dozens of messages, so
/// under load one read fills several blocks.
pub const READ_SIZE: usize = BLOCKS_AT_ONCE * BLOCK_SIZE;

/// Bytes as they arrive from the socket, and messages made of them in place.
///
/// `start..end` has been received and not consumed. Below it are messages that were handed out,
/// above it free room up to the descriptors.
pub struct Receiver {
    block: Option<Filling>,
    /// Blocks that the same read filled, after the current one.
    behind: VecDeque<Ahead>,
    /// Blocks to read into when the current one is full.
    spare: Vec<Ahead>,
    /// The number of blocks for the next read: doubles while reads fill everything they are
    /// offered.
    burst: usize,
    burst_max: usize,
    full: bool,
    start: usize,
    end: usize,
    /// Where the first message of the present block began.
    begin: usize,
    /// The number of frames copied out of it since then.
    copied_frames: usize,
    /// Where reading into a shared block stops, so that the descriptors of what was read fit.
    limit: usize,
    /// Wire bytes for each message, as seen recently; determines `limit`.
    frame_size: usize,
    padding: usize,
    /// Frames up to this size are copied out of the block: all of them if the program wants more padding than the end
    /// of a frame has room for, else those that are small among larger ones, so that keeping one does not keep the
    /// room of large ones.
    copied: usize,
}

/// A block that is read into before its turn.
struct Ahead {
    block: Filling,
    /// Its bytes begin here, with room before them for a frame that began in the block before.
    start: usize,
    end: usize,
    limit: usize,
}

impl Receiver {
    /// A receiver whose messages have `padding` zero bytes (at least one) behind the payload, and which reads up to
    /// `read_size` bytes at once: at least one block, at most [`READ_SIZE`].
    pub fn new(padding: usize, read_size: usize) -> Self {
        Receiver {
            block: None,
            behind: VecDeque::new(),
            spare: Vec::new(),
            burst: 1,
            burst_max: (read_size / BLOCK_SIZE).clamp(1, BLOCKS_AT_ONCE),
            full: false,
            start: DATA_START,
            end: DATA_START,
            begin: DATA_START,
            copied_frames: 0,
            limit: 0,
            frame_size: 256,
            padding,
            copied: if padding > FRAME_END { usize::MAX } else { 0 },
        }
    }

    /// The bytes that were received and not consumed yet.
    pub fn unparsed(&self) -> &[u8] {
        match &self.block {
            // SAFETY: `start..end` has been written by `filled`, and was not handed out.
            Some(block) => unsafe {
                std::slice::from_raw_parts(block.at(self.start).as_ptr(), self.end - self.start)
            },
            None => &[],
        }
    }

    /// Lets `read` fill free room, one piece after the other, and keeps as many bytes as it returns. `frame_len` is the
    /// length of the frame that has begun, if known. Fails if there is no memory for it.
    pub fn read_with(
        &mut self,
        frame_len: Option<usize>,
        read: impl FnOnce(&mut [IoSliceMut<'_>]) -> io::Result<usize>,
    ) -> io::Result<usize> {
        debug_assert!(
            self.behind.is_empty(),
            "what one read brought is parsed before the next"
        );
        self.make_room(frame_len)?;
        let shared = self.block.as_ref().is_some_and(Filling::is_shared);
        let short = self.limit - self.end < SHORT;
        let blocks = match shared {
            true => self.burst.max(1 + usize::from(short)).min(self.burst_max),
            false => 1,
        };
        while self.spare.len() + 1 < blocks {
            let ahead = self.ahead();
            self.spare.push(ahead);
        }
        let mut room = 0;
        let mut pieces = [const { None }; BLOCKS_AT_ONCE];
        let current = self
            .block
            .as_mut()
            .map(|block| (block, self.end, self.limit));
        let spare = self
            .spare
            .iter_mut()
            .map(|a| (&mut a.block, a.end, a.limit));
        for (piece, (block, end, limit)) in pieces
            .iter_mut()
            .zip(current.into_iter().chain(spare).take(blocks))
        {
            // SAFETY: `end..limit` lies below the descriptors and above everything handed out, so it
            // is this receiver's alone; a block's bytes are initialised from the start.
            let free =
                unsafe { std::slice::from_raw_parts_mut(block.at(end).as_ptr(), limit - end) };
            room += free.len();
            *piece = Some(IoSliceMut::new(free));
        }
        let mut slices = pieces.map(|piece| piece.unwrap_or_else(|| IoSliceMut::new(&mut [])));
        let n = read(&mut slices[..blocks])?;
        assert!(n <= room);
        self.filled(n);
        self.full = n == room;
        self.burst = match n {
            // Behind a large frame comes the head of the next one, whose bytes go elsewhere.
            _ if !shared && room >= 2 * BLOCK_SIZE => 1,
            _ if n == room => (self.burst * 2).min(self.burst_max),
            _ if n < room / 2 => (self.burst / 2).max(1),
            _ => self.burst,
        };
        Ok(n)
    }

    /// Did the last read fill all the room it was offered, so that there may be more?
    pub fn is_full(&self) -> bool {
        self.full
    }

    /// The first `n` bytes of the room were read into.
    fn filled(&mut self, n: usize) {
        let first = n.min(self.limit - self.end);
        self.end += first;
        let mut rest = n - first;
        while rest > 0 {
            let mut ahead = self.spare.remove(0);
            let part = rest.min(ahead.limit - ahead.end);
            ahead.end += part;
            rest -= part;
            self.behind.push_back(ahead);
        }
    }

    /// A new block to be read into in its turn.
    fn ahead(&self) -> Ahead {
        // Longer frames that begin in the block before get blocks of their own.
        let before = match self.frame_size {
            n if n <= BEFORE_MAX => (n + n / 4).max(BEFORE_MIN),
            _ => BEFORE_MIN,
        };
        let block = Filling::with_room(before + SCANT, Wanted::Stream);
        let start = block.start() + before;
        let limit = block.limit_for(start, self.frame_size);
        Ahead {
            block,
            start,
            end: start,
            limit,
        }
    }

    /// Continues with the next block that the last read filled, and takes the unconsumed bytes along; `frame_len` is the
    /// length of the frame that has begun, if known. `false` if there is no such block.
    pub fn advance(&mut self, frame_len: Option<usize>) -> Result<bool> {
        let waiting = self.end - self.start;
        let Some(next) = self.behind.front() else {
            return Ok(false);
        };
        let room_before = next.start - next.block.start();
        if let Some(frame_len) = frame_len
            && (waiting > room_before
                || frame_len > SHARED_MAX && frame_len > waiting + next.end - next.start)
        {
            return self.advance_within(frame_len);
        }
        self.learn(self.issued());
        let Some(Ahead {
            mut block,
            start,
            end,
            limit,
        }) = self.behind.pop_front()
        else {
            return Ok(false);
        };
        if waiting <= room_before {
            block.put(start - waiting, self.unparsed());
            (self.start, self.end, self.limit) = (start - waiting, end, limit);
            self.begin_at(self.start);
            self.block = Some(block);
            return Ok(true);
        }
        // A line is longer than the room before the block: one block for both.
        let mut both = Filling::with_room(waiting + (end - start), Wanted::Stream);
        let begin = both.start();
        both.put(begin, self.unparsed());
        // SAFETY: `start..end` was read into, and nothing of it was handed out.
        let bytes = unsafe { std::slice::from_raw_parts(block.at(start).as_ptr(), end - start) };
        both.put(begin + waiting, bytes);
        (self.start, self.end) = (begin, begin + waiting + bytes.len());
        self.begin_at(begin);
        self.block = Some(both);
        self.limit = self.end;
        Ok(true)
    }

    /// As `advance`, for a frame that spans more blocks than this and the next, or for which the room before the next
    /// is too small: it gets a block of its own, and the next one begins behind it.
    fn advance_within(&mut self, frame_len: usize) -> Result<bool> {
        if !self.is_own(frame_len) {
            let own = Filling::of_its_own(frame_len).ok_or(Status::NATS_NO_MEMORY)?;
            self.move_to(own);
            self.limit = DATA_START + frame_len;
        }
        let (Some(next), Some(own)) = (self.behind.front_mut(), self.block.as_mut()) else {
            return Ok(false);
        };
        let part = (self.limit - self.end).min(next.end - next.start);
        // SAFETY: `start..end` was read into, and nothing of it was handed out.
        let bytes = unsafe { std::slice::from_raw_parts(next.block.at(next.start).as_ptr(), part) };
        own.put(self.end, bytes);
        self.end += part;
        next.start += part;
        if next.start == next.end {
            self.behind.pop_front();
        }
        Ok(true)
    }

    /// Is the present block one of its own for the frame of length `frame_len` that has begun?
    fn is_own(&self, frame_len: usize) -> bool {
        let own = |b: &Filling| !b.is_shared() && b.issued() == 0;
        self.limit == self.start + frame_len && self.block.as_ref().is_some_and(own)
    }

    /// Discards the first `n` unparsed bytes.
    pub fn consume(&mut self, n: usize) {
        assert!(n <= self.end - self.start);
        self.start += n;
    }

    /// Turns the complete frame at the front into a message, and consumes it.
    pub fn take_msg(&mut self, head: &MsgHead) -> Result<Msg> {
        let frame = head.end();
        assert!(frame <= self.end - self.start);
        if frame <= self.copied {
            return self.copy_msg(head);
        }
        if self.block.as_ref().is_none_or(|b| !b.has_room(self.end)) {
            // The descriptors have reached the bytes: the rest moves to another block, and the
            // message with it.
            let rest = self.end - self.start;
            self.move_to(Filling::with_room(rest, Wanted::Now));
            self.set_limit(0);
        }
        let start = self.start;
        let at = |offset: u32| start + offset as usize;
        let block = self.block.as_mut().expect("it holds the frame");
        let total = head.total_len as usize;
        // The blanks behind subject and reply, and the CR LF behind the payload, become NULs.
        let bytes = block.bytes_mut(start, start + frame);
        bytes[(head.subject.start + head.subject.len) as usize] = 0;
        if let Some(reply) = head.reply {
            bytes[(reply.start + reply.len) as usize] = 0;
        }
        bytes[frame - FRAME_END..].fill(0);
        let parts = Parts {
            subject: at(head.subject.start),
            subject_len: head.subject.len as usize,
            reply: head.reply.map(|r| (at(r.start), r.len as usize)),
            body: at(head.payload_start),
            header_len: head.header_len as usize,
            payload_len: total - head.header_len as usize,
        };
        // SAFETY: seen above, or a block with room for it was taken.
        let msg = unsafe { Msg::in_block(block, (start, start + frame), self.end, &parts) };
        self.start += frame;
        Ok(msg)
    }

    /// As `take_msg`, but the message does not stay in this block.
    fn copy_msg(&mut self, head: &MsgHead) -> Result<Msg> {
        let bytes = self.unparsed();
        let body = head.payload_start as usize;
        let (header, payload) =
            bytes[body..body + head.total_len as usize].split_at(head.header_len as usize);
        let msg = Msg::assemble(
            &bytes[head.subject.range()],
            head.reply.map(|r| &bytes[r.range()]),
            header,
            payload,
            self.padding,
        )?;
        self.consume(head.end());
        self.copied_frames += 1;
        Ok(msg)
    }

    /// Releases the block if nothing is unconsumed: an idle connection holds no memory. The room that is left beside
    /// living messages goes to the next reader, usually this receiver.
    pub fn release_idle_block(&mut self) {
        self.spare.clear();
        if self.start == self.end {
            self.learn(self.issued());
            self.block = None;
            (self.start, self.end, self.limit) = (DATA_START, DATA_START, 0);
            self.begin_at(DATA_START);
        }
    }

    fn make_room(&mut self, frame_len: Option<usize>) -> io::Result<()> {
        let waiting = self.end - self.start;
        if let Some(block) = &self.block {
            // Messages created since the last read took room for their descriptors.
            self.limit = self.limit.min(block.limit());
        }
        if let Some(frame_len) = frame_len
            && frame_len > SHARED_MAX
        {
            // Exactly the frame, so that the next message begins in a shared block again.
            if !self.is_own(frame_len) {
                let own = Filling::of_its_own(frame_len).ok_or(io::ErrorKind::OutOfMemory)?;
                self.move_to(own);
                self.limit = DATA_START + frame_len;
            }
            return Ok(());
        }
        if let Some(frame_len) = frame_len
            && self.is_own(frame_len)
        {
            return Ok(());
        }
        let room = self.limit.saturating_sub(self.end);
        let enough = frame_len.map_or(SCANT, |frame_len| {
            frame_len.saturating_sub(waiting).max(SCANT)
        });
        if room >= enough && self.block.is_some() {
            return Ok(());
        }
        if waiting == 0
            && let Some(block) = self.block.as_mut()
            && block.is_shared()
            && block.is_unshared()
        {
            let issued = block.issued();
            // SAFETY: seen to be unshared, and borrowed mutably since.
            unsafe { block.reset() };
            // If all frames are copied, nothing else would end that.
            if self.copied_frames > 0 {
                self.learn(issued);
            }
            (self.start, self.end) = (DATA_START, DATA_START);
            self.begin_at(DATA_START);
        } else {
            let bytes = (waiting + SCANT).max(frame_len.unwrap_or(0));
            self.move_to(Filling::with_room(bytes, Wanted::Now));
        }
        self.set_limit(frame_len.unwrap_or(0).saturating_sub(waiting).max(SCANT));
        Ok(())
    }

    /// Sets where reading stops: where the descriptors of what was read would begin.
    fn set_limit(&mut self, at_least: usize) {
        let Some(block) = &self.block else { return };
        let limit = block.limit_for(self.end, self.frame_size);
        self.limit = limit
            .max(self.end + at_least)
            .min(block.limit())
            .max(self.end);
    }

    /// Moves the unconsumed bytes into `block`, which becomes the current one.
    fn move_to(&mut self, mut block: Filling) {
        self.learn(self.issued());
        let start = block.start();
        block.put(start, self.unparsed());
        self.end = start + (self.end - self.start);
        self.start = start;
        self.begin_at(start);
        self.block = Some(block);
        self.limit = self.end;
    }

    /// Notes that the first message of a block begins here.
    fn begin_at(&mut self, at: usize) {
        (self.begin, self.copied_frames) = (at, 0);
    }

    /// The number of messages created in the present block.
    fn issued(&self) -> u32 {
        self.block.as_ref().map_or(0, Filling::issued)
    }

    /// Notes the length of the frames in the block that is left, of which `issued` stay in it.
    fn learn(&mut self, issued: u32) {
        // Weighted by their number: a few frames say little.
        let (bytes, frames) = (
            self.start - self.begin,
            issued as usize + self.copied_frames,
        );
        if frames > 0 {
            let all = KNOWN as u64 * self.frame_size as u64 + bytes as u64;
            self.frame_size = (all / (KNOWN + frames) as u64) as usize;
            if self.padding <= FRAME_END {
                let large = self.frame_size >= LARGE;
                self.copied = if large { self.frame_size / 8 } else { 0 };
            }
        }
    }
}

#[cfg(test)]
#[path = "receive_tests.rs"]
mod tests;
