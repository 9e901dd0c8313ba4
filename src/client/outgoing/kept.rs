//! Publishes that were accepted, and that no server takes.
//!
//! What did not leave when a server was lost is sent to the next one. If that does not take it, and ends the link for
//! it, the same publish would be tried without end, and nothing behind it would ever leave. So a publish is given up,
//! and the program told, in two cases:
//!
//! - **It does not fit the server**: it is larger than the server's limit, or has headers and the server knows none.
//!   That is found when the server's INFO comes, before anything is sent.
//! - **The link broke three times running while it was being sent.** Blamed is only the publish that the kernel had
//!   taken a part of, but not all. One that was taken whole may have arrived and is not sent again, so it cannot be
//!   the cause of a second break; one that was not begun has done nothing. As what is kept leaves in order, the
//!   publish that a link broke in is the first to leave over the next link, and is known by that position: it is the
//!   same one for as long as no byte behind it has left.

use super::Wire;
use super::front::{Front, Mode};
use super::writer::Writer;
use crate::error::{Error, Status};
use crate::proto::salvage::{frames, salvage_publishes};
use crate::proto::write_buf::WriteBuf;
use crate::words::shown;

/// So many links may break running while a publish is being sent, before it is given up.
const BREAKS_MAX: u32 = 3;

/// So many publishes that are given up at once are told of one by one.
const TOLD_MAX: usize = 1000;

/// The publish that links broke in.
pub(super) struct Blamed {
    /// Its position in all that was ever swapped out; known while there is a link.
    at: u64,
    breaks: u32,
}

/// What becomes of what has not left, when a server is lost.
pub(super) struct Kept {
    /// What is sent to the next server.
    pub(super) buf: WriteBuf,
    /// The publish that is given up.
    pub(super) given_up: Option<Error>,
}

impl<W: Wire> Front<W> {
    /// The next link begins with `before` bytes that are no publishes, and then what is kept.
    pub(super) fn attached(&mut self, before: usize) {
        if let Some(blamed) = &mut self.blamed {
            blamed.at = self.swapped + before as u64;
        }
    }

    /// The link is over: picks what is sent again. `counts` says whether it broke, as opposed to having been given up
    /// by the program.
    pub(super) fn keep(&mut self, writer: &Writer<W>, counts: bool) -> Kept {
        let back = salvage_publishes(&writer.back, writer.sent);
        let mut front = salvage_publishes(&self.buf, 0);
        let in_front = front.first.map(|first| self.swapped + first as u64);
        let in_back =
            (back.first).map(|first| self.swapped - writer.back.len() as u64 + first as u64);
        let begun = back.first.is_some_and(|first| first < writer.sent);
        let blamed = self.blamed.take();
        let Some(at) = in_back.or(in_front) else {
            return Kept::nothing();
        };
        let before = blamed.filter(|blamed| blamed.at == at);
        let breaks = before.map_or(0, |blamed| blamed.breaks) + u32::from(begun && counts);
        let first_len = back.first_len;
        let mut buf = back.frames;
        let mut given_up = None;
        if breaks >= BREAKS_MAX && begun {
            given_up = give_up_first(&buf);
            let mut rest = WriteBuf::new();
            rest.extend_from_slice(&buf[first_len..]);
            buf = rest;
        } else if breaks > 0 {
            self.blamed = Some(Blamed { at, breaks });
        }
        buf.append(&mut front.frames);
        Kept { buf, given_up }
    }

    /// Takes out what the server does not take.
    pub(super) fn drop_unfit(&mut self) -> Vec<Error> {
        let mut left = WriteBuf::new();
        let (mut told, mut more) = (Vec::new(), 0u64);
        let mut first_publish = true;
        for frame in frames(&self.buf) {
            let publish = frame.publish();
            match publish.filter(|p| !self.limits.allow(p.size, p.headers)) {
                None => left.extend_from_slice(frame.bytes),
                Some(unfit) => {
                    if first_publish && matches!(self.mode, Mode::Pending) {
                        self.blamed = None;
                    }
                    match told.len() < TOLD_MAX {
                        true => told.push(self.limits.give_up(&unfit)),
                        false => more += 1,
                    }
                }
            }
            first_publish &= publish.is_none();
        }
        if told.is_empty() {
            return told;
        }
        if more > 0 {
            let text = format!("dropped {more} more publishes that the server does not take");
            told.push(Error::new(Status::NATS_MAX_PAYLOAD, text));
        }
        // As if they had left: who waits for what was appended behind them counts them.
        let gone = (self.buf.len() - left.len()) as u64;
        self.swapped += gone;
        self.written += gone;
        if let Some(blamed) = &mut self.blamed {
            blamed.at += gone;
        }
        self.buf = left;
        told
    }
}

impl Kept {
    fn nothing() -> Self {
        Kept {
            buf: WriteBuf::new(),
            given_up: None,
        }
    }
}

/// What the program is told when links broke too often in the first publish of a buffer.
fn give_up_first(buf: &[u8]) -> Option<Error> {
    let publish = frames(buf).next()?.publish()?;
    let (subject, size) = (shown(publish.subject), publish.size);
    let text = format!(
        "dropped a publish to '{subject}' with {size} bytes: the connection broke {BREAKS_MAX} times running while it was being sent"
    );
    Some(Error::new(Status::NATS_MAX_PAYLOAD, text))
}
