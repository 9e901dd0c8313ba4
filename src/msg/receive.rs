//! The receiving end of a connection: where the socket is read into, and where messages stay.

use std::collections::VecDeque;
use std::io::{self, IoSliceMut};

use super::block::{BLOCK_SIZE, DATA_START, DESC_SIZE, Filling};
use super::message::{Msg, Parts};
use crate::error::Result;
use crate::proto::parser::MsgHead;

/// Room left in a block below which reading goes on in a fresh one.
const SCANT: usize = 512;
/// A frame larger than this gets a block of its own size, so that it is not moved again.
const SHARED_MAX: usize = BLOCK_SIZE / 4;
/// The most blocks that one read goes into. A read costs as much as dozens of messages; blocks are
/// small for the sake of programs that keep a message, so under load one read fills several.
pub const BLOCKS_AT_ONCE: usize = 8;

/// Bytes as they come from the socket, and messages made of them where they landed.
///
/// Offsets: `start..end` is what has been received and not consumed. Below lie messages that were
/// handed out, above is free room up to the descriptors.
pub struct Receiver {
    block: Option<Filling>,
    /// Blocks that the same read filled, behind the current one.
    behind: VecDeque<Ahead>,
    /// Blocks to read into when the current one is full.
    spare: Vec<Ahead>,
    /// How many blocks the next read may go into: doubles while reads fill all they are offered.
    burst: usize,
    full: bool,
    start: usize,
    end: usize,
    /// Where reading into a shared block stops, so that the descriptors of what was read fit.
    limit: usize,
    /// Bytes of the wire for each message, as seen lately; decides `limit`.
    frame_size: usize,
    padding: usize,
}

/// A block that is read into before its turn has come.
struct Ahead {
    block: Filling,
    /// Its bytes begin here, with room before them for a frame that began in the block before.
    start: usize,
    end: usize,
    limit: usize,
}

impl Receiver {
    /// A receiver whose messages have `padding` zero bytes (at least one) behind the payload.
    pub fn new(padding: usize) -> Self {
        Receiver {
            block: None,
            behind: VecDeque::new(),
            spare: Vec::new(),
            burst: 1,
            full: false,
            start: DATA_START,
            end: DATA_START,
            limit: 0,
            frame_size: 256,
            padding,
        }
    }

    /// What has been received and not consumed yet.
    pub fn unparsed(&self) -> &[u8] {
        match &self.block {
            // SAFETY: `start..end` has been written by `filled`, and was not handed out.
            Some(block) => unsafe {
                std::slice::from_raw_parts(block.at(self.start).as_ptr(), self.end - self.start)
            },
            None => &[],
        }
    }

    /// Has `read` read into free room, one piece after the other, and keeps as much as it says.
    /// `need` is the length of the frame that has begun, when known. Without memory for that it fails.
    pub fn read_with(
        &mut self,
        need: Option<usize>,
        read: impl FnOnce(&mut [IoSliceMut<'_>]) -> io::Result<usize>,
    ) -> io::Result<usize> {
        debug_assert!(
            self.behind.is_empty(),
            "what one read brought is parsed before the next"
        );
        self.make_room(need)?;
        let shared = self.block.as_ref().is_some_and(Filling::is_standard);
        let blocks = if shared { self.burst } else { 1 };
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
            _ if n == room => (self.burst * 2).min(BLOCKS_AT_ONCE),
            _ if n < room / 2 => (self.burst / 2).max(1),
            _ => self.burst,
        };
        Ok(n)
    }

    /// Did the last read fill all the room it was offered, so that there may be more at once?
    pub fn is_full(&self) -> bool {
        self.full
    }

    /// The first `n` bytes of the room have been read into.
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

    /// A fresh block, to be read into in its turn.
    fn ahead(&self) -> Ahead {
        let block = Filling::with_room(0);
        let room_before = (2 * self.frame_size).clamp(256, SHARED_MAX);
        let start = DATA_START + room_before;
        let limit = start + self.share_of_bytes(block.top() - start);
        Ahead {
            block,
            start,
            end: start,
            limit,
        }
    }

    /// Goes on to the next block that the last read filled, and takes what waits along. `false` if
    /// there is none.
    pub fn advance(&mut self) -> bool {
        let Some(Ahead {
            mut block,
            start,
            end,
            limit,
        }) = self.behind.pop_front()
        else {
            return false;
        };
        self.learn();
        let waiting = self.unparsed().len();
        if waiting <= start - DATA_START {
            block.put(start - waiting, self.unparsed());
            (self.start, self.end, self.limit) = (start - waiting, end, limit);
            self.block = Some(block);
            return true;
        }
        // More than was provided for: a block for both.
        let mut both = Filling::with_room(waiting + (end - start) + DESC_SIZE);
        both.put(DATA_START, self.unparsed());
        // SAFETY: `start..end` was read into, and nothing of it was handed out.
        let bytes = unsafe { std::slice::from_raw_parts(block.at(start).as_ptr(), end - start) };
        both.put(DATA_START + waiting, bytes);
        (self.start, self.end) = (DATA_START, DATA_START + waiting + bytes.len());
        self.block = Some(both);
        self.limit = self.end;
        true
    }

    /// Forgets the first `n` unparsed bytes.
    pub fn consume(&mut self, n: usize) {
        assert!(n <= self.end - self.start);
        self.start += n;
    }

    /// Makes a message of the frame at the front, and consumes it. The frame is complete.
    pub fn take_msg(&mut self, head: &MsgHead) -> Result<Msg> {
        let frame = head.end();
        assert!(frame <= self.end - self.start);
        if self.padding > 2 {
            return self.copy_msg(head);
        }
        if self
            .block
            .as_ref()
            .is_none_or(|b| self.end + DESC_SIZE > b.top())
        {
            // The descriptors have met the bytes: the rest moves on, and the message with it.
            self.move_to(Filling::with_room(self.end - self.start + DESC_SIZE));
            self.set_limit(0);
        }
        let start = self.start;
        let at = |offset: u32| start + offset as usize;
        let block = self.block.as_mut().expect("it holds the frame");
        let payload_end = start + frame - 2;
        let total = head.total_len as usize;
        // The blank behind the subject and the reply, and CR LF behind the payload, become NULs.
        block.put(at(head.subject.start + head.subject.len), &[0]);
        if let Some(reply) = head.reply {
            block.put(at(reply.start + reply.len), &[0]);
        }
        block.put(payload_end, &[0, 0]);
        let parts = Parts {
            subject: at(head.subject.start),
            subject_len: head.subject.len as usize,
            reply: head.reply.map(|r| (at(r.start), r.len as usize)),
            body: at(head.payload_start),
            header_len: head.header_len as usize,
            payload_len: total - head.header_len as usize,
        };
        let msg = Msg::in_block(block, self.end, &parts);
        self.start += frame;
        Ok(msg)
    }

    /// As `take_msg`, for programs that ask for more zero bytes than the frame's end has room for.
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
        Ok(msg)
    }

    /// Lets the block go when nothing waits in it: an idle connection holds no memory.
    pub fn rest(&mut self) {
        if self.start == self.end {
            self.learn();
            self.block = None;
            self.spare.clear();
            (self.start, self.end, self.limit) = (DATA_START, DATA_START, 0);
        }
    }

    fn make_room(&mut self, need: Option<usize>) -> io::Result<()> {
        let waiting = self.end - self.start;
        if let Some(block) = &self.block {
            // Messages made since the last read have taken room for their descriptors.
            self.limit = self.limit.min(block.top() - DESC_SIZE);
        }
        if let Some(need) = need
            && need > SHARED_MAX
        {
            // Exactly the frame, so that the next message begins in a shared block again.
            let own = |b: &Filling| !b.is_standard() && b.issued() == 0;
            if self.limit != self.start + need || !self.block.as_ref().is_some_and(own) {
                let own = Filling::try_with_room(need).ok_or(io::ErrorKind::OutOfMemory)?;
                self.move_to(own);
                self.limit = DATA_START + need;
            }
            return Ok(());
        }
        let room = self.limit.saturating_sub(self.end);
        let enough = need.map_or(SCANT, |need| need.saturating_sub(waiting).max(SCANT));
        if room >= enough && self.block.is_some() {
            return Ok(());
        }
        if waiting == 0
            && let Some(block) = self.block.as_mut()
            && block.is_standard()
            && block.is_unshared()
        {
            // SAFETY: seen to be unshared, and borrowed mutably since.
            unsafe { block.reset() };
            (self.start, self.end) = (DATA_START, DATA_START);
        } else {
            self.move_to(Filling::with_room((waiting + SCANT).max(need.unwrap_or(0))));
        }
        self.set_limit(need.unwrap_or(0).saturating_sub(waiting).max(SCANT));
        Ok(())
    }

    /// Reading stops where the descriptors of what has been read would begin.
    fn set_limit(&mut self, at_least: usize) {
        let top = self.block.as_ref().map_or(0, |b| b.top());
        let share = self.share_of_bytes(top - self.end);
        self.limit = (self.end + share.max(at_least)).min(top - DESC_SIZE);
    }

    /// How much of so much room to read into, so that the rest holds the descriptors.
    fn share_of_bytes(&self, room: usize) -> usize {
        room * self.frame_size / (self.frame_size + DESC_SIZE)
    }

    /// Moves what waits into `block`, which becomes the current one.
    fn move_to(&mut self, mut block: Filling) {
        self.learn();
        block.put(DATA_START, self.unparsed());
        self.end = DATA_START + (self.end - self.start);
        self.start = DATA_START;
        self.block = Some(block);
        self.limit = self.end;
    }

    /// Remembers how long the frames of the block that is being left were.
    fn learn(&mut self) {
        if let Some(block) = &self.block
            && block.issued() > 0
        {
            let seen = (self.start - DATA_START) / block.issued() as usize;
            self.frame_size = (self.frame_size + seen) / 2;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::parser::{Op, Parser, Step};

    /// Parses all that waits, giving each message to `seen`.
    fn drain(receiver: &mut Receiver, parser: &mut Parser, seen: &mut Vec<Msg>) -> Option<usize> {
        loop {
            match parser.next(receiver.unparsed()).unwrap() {
                Step::Op {
                    op: Op::Msg(head), ..
                } => seen.push(receiver.take_msg(&head).unwrap()),
                Step::Op { consumed, .. } => receiver.consume(consumed),
                Step::Incomplete { need } => {
                    if !receiver.advance() {
                        return need;
                    }
                }
            }
        }
    }

    fn feed(wire: &[u8], chunk: usize, padding: usize) -> Vec<Msg> {
        let (mut receiver, mut parser) = (Receiver::new(padding), Parser::new(1 << 24));
        let (mut rest, mut seen, mut need) = (wire, Vec::new(), None);
        while !rest.is_empty() {
            let result = receiver.read_with(need, |room| {
                let before = rest.len();
                for piece in room {
                    let n = piece
                        .len()
                        .min(chunk - (before - rest.len()))
                        .min(rest.len());
                    piece[..n].copy_from_slice(&rest[..n]);
                    rest = &rest[n..];
                }
                Ok(before - rest.len())
            });
            assert!(result.is_ok_and(|n| n > 0));
            need = drain(&mut receiver, &mut parser, &mut seen);
            receiver.rest();
        }
        seen
    }

    fn wire(payloads: &[Vec<u8>]) -> Vec<u8> {
        let mut wire = Vec::new();
        for (i, p) in payloads.iter().enumerate() {
            match i % 3 {
                0 => wire.extend(format!("MSG s.{i} 1 {}\r\n", p.len()).bytes()),
                1 => wire.extend(format!("MSG s.{i} 1 r.{i} {}\r\n", p.len()).bytes()),
                _ => wire.extend(
                    format!("HMSG s.{i} 1 r.{i} 12 {}\r\nNATS/1.0\r\n\r\n", p.len() + 12).bytes(),
                ),
            }
            wire.extend_from_slice(p);
            wire.extend_from_slice(b"\r\n");
        }
        wire
    }

    #[test]
    fn messages_of_all_sizes_arrive_whole_however_they_are_cut() {
        let sizes = [
            0, 1, 16, 16, 16, 100, 1000, 3000, 5000, 16_000, 17_000, 100_000,
        ];
        let payloads: Vec<_> = (0..400usize)
            .map(|i| vec![b'a' + (i % 26) as u8; sizes[i % sizes.len()]])
            .collect();
        let wire = wire(&payloads);
        for chunk in [7, 100, 4096, 65_536, usize::MAX] {
            for padding in [0, 64] {
                let msgs = feed(&wire, chunk, padding);
                assert_eq!(msgs.len(), payloads.len());
                for (i, (msg, payload)) in msgs.iter().zip(&payloads).enumerate() {
                    assert_eq!(msg.subject(), format!("s.{i}").as_bytes());
                    assert_eq!(msg.reply().is_some(), i % 3 != 0);
                    assert_eq!(msg.payload(), payload);
                    // SAFETY: padding zero bytes, at least one, lie behind the payload.
                    let behind = unsafe {
                        std::slice::from_raw_parts(
                            msg.payload_ptr().add(payload.len()).cast::<u8>(),
                            padding.max(1),
                        )
                    };
                    assert!(behind.iter().all(|b| *b == 0));
                }
            }
        }
    }

    #[test]
    fn small_messages_do_not_copy_much_of_the_stream() {
        let wire = wire(&vec![vec![b'x'; 16]; 10_000]);
        assert_eq!(feed(&wire, usize::MAX, 0).len(), 10_000);
    }
}
