//! Accepted publishes that no server takes.
//!
//! Publishes that were not written when a server was lost are sent to the next one. If that refuses one of them and
//! ends the link for it, the same publish would be tried for ever, and nothing behind it would be sent. So a publish
//! is given up, and the program is told, in two cases:
//!
//! - **It exceeds the limits of the server**: it is larger than `max_payload`, or has headers that the server does not
//!   support. This is found when the server's INFO arrives, before anything is sent.
//!
//! - **The link broke three times in a row while it was being sent.** Only a publish of which the kernel had taken a
//!   part, but not all, is blamed. One that was taken completely may have arrived and is not sent again, so it cannot
//!   cause a second break; one that was not begun has had no effect. Since kept publishes are sent in order, the
//!   blamed one is the first on the next link and is identified by that position: it is the same one as long as no
//!   byte behind it has been written.

use super::Wire;
use super::appender::{Appender, Mode};
use super::writer::Writer;
use crate::error::{Error, Status};
use crate::proto::salvage::{Publish, frames, salvage_publishes};
use crate::proto::write_buf::WriteBuf;
use crate::words::shown;

/// The number of links that may break in a row while a publish is being sent, before it is given up.
const BREAKS_MAX: u32 = 3;

/// The number of given-up publishes that are reported one by one.
const TOLD_MAX: usize = 1000;

/// The publish during which links broke.
pub(super) struct Blamed {
    /// Its position in everything that was ever swapped out; known while there is a link.
    at: u64,
    breaks: u32,
}

/// What becomes of unwritten data when a server is lost.
pub(super) struct Kept {
    /// What is sent to the next server.
    pub(super) buf: WriteBuf,
    /// The publish that is given up.
    pub(super) given_up: Option<Error>,
}

impl<W: Wire> Appender<W> {
    /// The next link begins with `before` bytes other than publishes, followed by what is kept.
    pub(super) fn attached(&mut self, before: usize) {
        if let Some(blamed) = &mut self.blamed {
            blamed.at = self.swapped + before as u64;
        }
    }

    /// The link has ended: selects what is sent again. `counts` is false if the program gave the link up.
    pub(super) fn keep(&mut self, writer: &Writer<W>, counts: bool) -> Kept {
        let swapped = salvage_publishes(&writer.buf, writer.sent);
        let mut appended = salvage_publishes(&self.buf, 0);
        let swapped_at =
            (swapped.first).map(|first| self.swapped - writer.buf.len() as u64 + first as u64);
        let appended_at = appended.first.map(|first| self.swapped + first as u64);
        let begun = swapped.first.is_some_and(|first| first < writer.sent);
        let blamed = self.blamed.take();
        let Some(at) = swapped_at.or(appended_at) else {
            return Kept::nothing();
        };
        let before = blamed.filter(|blamed| blamed.at == at);
        let breaks = before.map_or(0, |blamed| blamed.breaks) + u32::from(begun && counts);
        let first_len = swapped.first_len;
        let mut buf = swapped.frames;
        let mut given_up = None;
        if breaks >= BREAKS_MAX && begun {
            given_up = give_up_first(&buf);
            let mut others = WriteBuf::new();
            others.extend_from_slice(&buf[first_len..]);
            buf = others;
        } else if breaks > 0 {
            self.blamed = Some(Blamed { at, breaks });
        }
        buf.append(&mut appended.frames);
        Kept { buf, given_up }
    }

    /// Removes the publishes that exceed the limits of the server.
    pub(super) fn drop_unfit(&mut self) -> Vec<Error> {
        let limits = &self.limits;
        // Nearly always all fit, and then megabytes need not be copied.
        let unfit = |p: &Publish<'_>| !limits.allow(p.size, p.headers);
        if !frames(&self.buf).any(|frame| frame.publish().is_some_and(|p| unfit(&p))) {
            return Vec::new();
        }
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
        // They count as written, because threads that wait for data behind them count them.
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

/// The error for the program when links broke too often during the first publish of a buffer.
fn give_up_first(buf: &[u8]) -> Option<Error> {
    let publish = frames(buf).next()?.publish()?;
    let (subject, size) = (shown(publish.subject), publish.size);
    let text = format!(
        "dropped a publish to '{subject}' with {size} bytes: the connection broke {BREAKS_MAX} times running while it was being sent"
    );
    Some(Error::new(Status::NATS_MAX_PAYLOAD, text))
}
