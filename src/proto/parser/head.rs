//! The line that announces a message: `MSG subject sid [reply] size`, or
//! `HMSG subject sid [reply] header-size size`.

use std::ops::Range;

use super::{MAX_CONTROL_LINE, ParseError};
use crate::proto::bytes::{find_blank, leading_number, number};

/// A part of an operation: its offset from the operation's first byte, and its length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Index of the first byte.
    pub start: u32,
    /// Number of bytes.
    pub len: u32,
}

impl Span {
    /// The span between two indices. Only for positions in a line, which [`MAX_CONTROL_LINE`] makes
    /// fit.
    #[inline]
    fn new(start: usize, end: usize) -> Self {
        Span {
            start: start as u32,
            len: (end - start) as u32,
        }
    }

    /// The range for indexing the operation's bytes.
    #[inline]
    pub fn range(self) -> Range<usize> {
        let start = self.start as usize;
        start..start + self.len as usize
    }
}

/// A message as announced by its line. All positions count from the operation's first byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MsgHead {
    /// The subject. A blank follows it.
    pub subject: Span,
    /// The sid of its subscription.
    pub sid: u64,
    /// The subject for replies, if there is one. A blank follows it.
    pub reply: Option<Span>,
    /// Length of the header block. 0 for a message without one.
    pub header_len: u32,
    /// Where the header block starts, or the payload if there is none: right behind the line.
    pub payload_start: u32,
    /// Length of header block and payload together.
    pub total_len: u32,
}

impl MsgHead {
    /// Length of the whole frame, with the CR LF at its end.
    #[inline]
    pub fn end(&self) -> usize {
        self.payload_start as usize + self.total_len as usize + 2
    }

    /// Parses a complete line in exactly the form that servers write: name in capitals, one blank
    /// between arguments, CR LF. `None` for everything else, valid or not, which
    /// [`MsgHead::from_line`] then decides. This function is for speed: it looks at each byte once.
    #[inline(always)]
    pub(super) fn from_canonical(buf: &[u8], max_msg: u32) -> Option<Self> {
        match buf.first_chunk()? {
            b"MSG " => Self::from_canonical_args::<false>(buf, 4, max_msg),
            b"HMSG" if buf.get(4) == Some(&b' ') => {
                Self::from_canonical_args::<true>(buf, 5, max_msg)
            }
            _ => None,
        }
    }

    #[inline(always)]
    fn from_canonical_args<const HEADERS: bool>(
        buf: &[u8],
        start: usize,
        max_msg: u32,
    ) -> Option<Self> {
        let subject = canonical_word(buf, start)?;
        let (sid, sid_end) = leading_number(buf, subject + 1)?;
        if buf.get(sid_end) != Some(&b' ') {
            return None;
        }
        let third = sid_end + 1;
        // A reply subject can look like a number too; then what follows does not match, and the
        // second attempt or the general path handles it.
        let (reply, (header_len, total_len, payload_start)) =
            match canonical_sizes::<HEADERS>(buf, third) {
                Some(sizes) => (None, sizes),
                None => {
                    let end = canonical_word(buf, third)?;
                    (
                        Some(Span::new(third, end)),
                        canonical_sizes::<HEADERS>(buf, end + 1)?,
                    )
                }
            };
        if header_len > total_len
            || total_len > u64::from(max_msg)
            || payload_start > MAX_CONTROL_LINE
        {
            return None;
        }
        Some(MsgHead {
            subject: Span::new(start, subject),
            sid,
            reply,
            header_len: header_len as u32,
            payload_start: payload_start as u32,
            total_len: total_len as u32,
        })
    }

    /// Parses the complete line `buf[..line_len]` (without its LF), whose operation's name ends at
    /// `at`.
    pub(super) fn from_line(
        buf: &[u8],
        mut at: usize,
        line_len: usize,
        headers: bool,
        max_msg: u32,
    ) -> Result<Self, ParseError> {
        let line = &buf[..line_len];
        let mut args = [Span { start: 0, len: 0 }; 5];
        let mut count = 0;
        while let Some(skipped) = line[at..].iter().position(|&b| !is_blank(b)) {
            let start = at + skipped;
            let len = line[start..].iter().position(|&b| is_blank(b));
            at = len.map_or(line_len, |len| start + len);
            *args.get_mut(count).ok_or(ParseError::WrongArguments)? = Span::new(start, at);
            count += 1;
        }

        let (subject, sid, reply, header_len, total_len) = match (headers, &args[..count]) {
            (false, &[subject, sid, total]) => (subject, sid, None, None, total),
            (false, &[subject, sid, reply, total]) => (subject, sid, Some(reply), None, total),
            (true, &[subject, sid, header, total]) => (subject, sid, None, Some(header), total),
            (true, &[subject, sid, reply, header, total]) => {
                (subject, sid, Some(reply), Some(header), total)
            }
            _ => return Err(ParseError::WrongArguments),
        };
        let read = |state, span: Span, most: u64| {
            number(&line[span.range()])
                .filter(|&n| n <= most)
                .ok_or_else(|| ParseError::at(state, &line[span.start as usize..]))
        };
        let sid = read("sid", sid, u64::MAX)?;
        let total_len = read("message size", total_len, u64::from(max_msg))?;
        let header_len = match header_len {
            Some(span) => read("header size", span, total_len)?,
            None => 0,
        };
        Ok(MsgHead {
            subject,
            sid,
            reply,
            header_len: header_len as u32,
            payload_start: line_len as u32 + 1,
            total_len: total_len as u32,
        })
    }
}

/// Separators of arguments. A stray CR is one too, as it is for servers: no argument can contain
/// it.
fn is_blank(b: u8) -> bool {
    matches!(b, b' ' | b'\t' | b'\r')
}

/// The end of the word that starts at `start`, if the word is not empty and is followed by one
/// blank.
#[inline(always)]
fn canonical_word(buf: &[u8], start: usize) -> Option<usize> {
    let end = find_blank(buf, start)?;
    (end > start && buf[end] == b' ').then_some(end)
}

/// The sizes at the end of a line: header block, total, and where the line ends.
#[inline(always)]
fn canonical_sizes<const HEADERS: bool>(buf: &[u8], at: usize) -> Option<(u64, u64, usize)> {
    let (mut header_len, mut at) = (0, at);
    if HEADERS {
        let end;
        (header_len, end) = leading_number(buf, at)?;
        if buf.get(end) != Some(&b' ') {
            return None;
        }
        at = end + 1;
    }
    let (total_len, end) = leading_number(buf, at)?;
    let ended = buf.get(end..)?.first_chunk() == Some(b"\r\n");
    ended.then_some((header_len, total_len, end + 2))
}
