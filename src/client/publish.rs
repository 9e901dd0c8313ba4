//! What programs send: checks, then one frame into the outgoing buffer.

use std::time::Instant;

use super::connection::Connection;
use crate::error::{Error, Result, Status};
use crate::msg::Msg;
use crate::proto::headers::HeaderBlock;
use crate::proto::write_buf::WriteBuf;
use crate::proto::{encode, subject};

/// When a frame is written to the socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Soon, with others: the call returns when it is in the buffer.
    Buffered,
    /// By this call, as far as the kernel takes it; what it does not take follows by itself.
    Soon,
    /// Before the call returns.
    Now,
}

/// One message on its way out.
pub(super) struct Outgoing<'a> {
    pub(super) subject: &'a [u8],
    pub(super) reply: Option<&'a [u8]>,
    pub(super) headers: Option<HeaderBlock<'a>>,
    pub(super) payload: &'a [u8],
    /// Until when to wait for room; `None` for as long as the connection allows.
    pub(super) deadline: Option<Instant>,
}

impl Outgoing<'_> {
    /// What counts for the server's limit and in the statistics: headers and payload.
    pub(super) fn size(&self) -> usize {
        self.headers.map_or(0, HeaderBlock::len) + self.payload.len()
    }

    /// Why its subject, or its reply subject, cannot be one.
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

    pub(super) fn encode(&self, buf: &mut WriteBuf) {
        match self.headers {
            None => encode::publish(buf, self.subject, self.reply, self.payload),
            Some(h) => encode::publish_with_headers(buf, self.subject, self.reply, h, self.payload),
        }
    }

    /// All but the payload and the line end behind it.
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

impl Connection {
    /// Publishes. The payload is copied, or written, before this returns.
    pub fn publish(
        &self,
        subject: &[u8],
        reply: Option<&[u8]>,
        payload: &[u8],
        when: When,
    ) -> Result<()> {
        self.send(
            &Outgoing {
                subject,
                reply,
                headers: None,
                payload,
                deadline: None,
            },
            when,
        )
    }

    /// Publishes a message, received or created.
    pub fn publish_msg(&self, msg: &Msg, when: When) -> Result<()> {
        self.send_msg(msg, msg.reply(), when, None)
    }

    /// Publishes a message with another reply subject.
    pub(super) fn send_msg(
        &self,
        msg: &Msg,
        reply: Option<&[u8]>,
        when: When,
        deadline: Option<Instant>,
    ) -> Result<()> {
        self.send(
            &Outgoing {
                subject: msg.subject(),
                reply,
                headers: msg.header_block(),
                payload: msg.payload(),
                deadline,
            },
            when,
        )
    }

    pub(super) fn send(&self, out: &Outgoing<'_>, when: When) -> Result<()> {
        // What a blank or a line end in a subject would do to the protocol line must not happen.
        if !subject::check_publish(out.subject) || !out.reply.is_none_or(subject::check_publish) {
            return Err(out.why_illegal());
        }
        let words = out.subject.len() + out.reply.map_or(0, <[u8]>::len);
        if words + encode::LINE > self.opts.max_control_line {
            self.check_line(out)?;
        }
        let when = if when == When::Buffered && self.opts.send_asap {
            When::Soon
        } else {
            when
        };
        self.outbound
            .publish(out, when)
            .map_err(|e| self.why_not_sent(e, out))
    }

    /// Will servers take the line of this one? They end a connection that sends a longer one.
    #[cold]
    fn check_line(&self, out: &Outgoing<'_>) -> Result<()> {
        let headers = out.headers.map(HeaderBlock::len);
        let line = encode::publish_line_len(out.subject, out.reply, headers, out.payload.len());
        let subject = out.subject.len();
        match out.reply.map(<[u8]>::len) {
            Some(reply) => self.check_line_len(line, || {
                format!("subject of {subject} bytes with a reply subject of {reply}")
            }),
            None => self.check_line_len(line, || format!("subject of {subject} bytes")),
        }
    }

    /// Will servers take a line of this length, for `what`?
    pub(super) fn check_line_len(&self, line: usize, what: impl FnOnce() -> String) -> Result<()> {
        let max = self.opts.max_control_line;
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
}
