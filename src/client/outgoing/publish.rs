//! A message to be published: its checks, and its frame.

use std::time::Instant;

use crate::error::{Error, Result, Status};
use crate::proto::headers::HeaderBlock;
use crate::proto::write_buf::WriteBuf;
use crate::proto::{encode, subject};

/// When a frame is written to the socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Soon, together with others: the call returns when the frame is in the buffer.
    Buffered,
    /// By this call, as far as the kernel accepts it; the remainder is written later. While another thread
    /// [collects](super::collect), that thread writes the frame when it has woken the others.
    Soon,
    /// Before the call returns.
    Now,
}

/// A message to be published.
pub(in crate::client) struct Outgoing<'a> {
    pub(in crate::client) subject: &'a [u8],
    pub(in crate::client) reply: Option<&'a [u8]>,
    pub(in crate::client) headers: Option<HeaderBlock<'a>>,
    pub(in crate::client) payload: &'a [u8],
    /// Until when to wait for room; `None` for as long as the connection allows.
    pub(in crate::client) deadline: Option<Instant>,
}

impl Outgoing<'_> {
    /// The size that counts for the server's limit and in the statistics: headers and payload.
    pub(in crate::client) fn size(&self) -> usize {
        self.headers.map_or(0, HeaderBlock::len) + self.payload.len()
    }

    /// Why the subject, or the reply subject, is invalid.
    #[cold]
    fn why_illegal(&self) -> Error {
        let names = [("subject", Some(self.subject)), ("reply", self.reply)];
        let texts = names.iter().filter_map(|(what, name)| {
            let name = (*name)?;
            Some(subject::publish_fault(name)?.describe(what, name))
        });
        let text = texts.take(1).collect::<String>();
        Error::new(Status::NATS_INVALID_SUBJECT, text)
    }

    /// Can the message be sent to a server that accepts lines of this length?
    #[inline]
    pub(in crate::client) fn check(&self, max_line: usize) -> Result<()> {
        // A blank or a line end in a subject would break the protocol line.
        if !subject::check_publish(self.subject) || !self.reply.is_none_or(subject::check_publish) {
            return Err(self.why_illegal());
        }
        self.check_len(max_line)
    }

    /// As [`Outgoing::check`], where the subjects came from a server, which has checked them.
    #[inline]
    pub(in crate::client) fn check_len(&self, max_line: usize) -> Result<()> {
        let words = self.subject.len() + self.reply.map_or(0, <[u8]>::len);
        if words + encode::LINE > max_line {
            self.check_line(max_line)?;
        }
        Ok(())
    }

    /// Do servers accept its line? They close a connection that sends a longer one.
    #[cold]
    fn check_line(&self, max: usize) -> Result<()> {
        let headers = self.headers.map(HeaderBlock::len);
        let line = encode::publish_line_len(self.subject, self.reply, headers, self.payload.len());
        let subject = self.subject.len();
        match self.reply.map(<[u8]>::len) {
            Some(reply) => check_line_len(line, max, || {
                format!("subject of {subject} bytes with a reply subject of {reply}")
            }),
            None => check_line_len(line, max, || format!("subject of {subject} bytes")),
        }
    }

    pub(super) fn encode(&self, buf: &mut WriteBuf) {
        match self.headers {
            None => encode::publish(buf, self.subject, self.reply, self.payload),
            Some(h) => encode::publish_with_headers(buf, self.subject, self.reply, h, self.payload),
        }
    }

    /// Encodes all except the payload and the line end behind it.
    pub(super) fn encode_head(&self, buf: &mut WriteBuf) {
        match self.headers {
            None => encode::publish_head(buf, self.subject, self.reply, self.payload.len()),
            Some(h) => encode::publish_with_headers_head(
                buf,
                self.subject,
                self.reply,
                h,
                self.payload.len(),
            ),
        }
    }
}

/// Checks that servers with this limit accept a line of this length, for `what`.
pub(in crate::client) fn check_line_len(
    line: usize,
    max: usize,
    what: impl FnOnce() -> String,
) -> Result<()> {
    if line <= max {
        return Ok(());
    }
    Err(Error::new(
        Status::NATS_INVALID_SUBJECT,
        format!(
            "{}: a protocol line of {line} bytes, of which servers take {max} (max_control_line)",
            what()
        ),
    ))
}
