//! Publishing on a connection.

use std::time::Instant;

use super::connection::Connection;
use super::outgoing::publish::{Outgoing, When};
use crate::error::Result;
use crate::msg::Msg;

impl Connection {
    /// Publishes a message. The payload is copied or written before this returns.
    ///
    /// ```no_run
    /// # fn main() -> nats_rs::error::Result<()> {
    /// # use nats_rs::client::{Connection, Options, When};
    /// # let conn = Connection::new(&Options::default())?;
    /// conn.publish(b"greetings", None, b"hello", When::Buffered)
    /// # }
    /// ```
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

    /// Publishes to the reply subject of a message that a server has sent: unlike other subjects, `reply` is not looked
    /// at for bytes that would break the protocol's line, which it was a part of when it came.
    pub fn answer(&self, reply: &[u8], payload: &[u8], when: When) -> Result<()> {
        let out = Outgoing {
            subject: reply,
            reply: None,
            headers: None,
            payload,
            deadline: None,
        };
        out.check_len(self.opts.max_control_line)?;
        self.append(&out, when)
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
        out.check(self.opts.max_control_line)?;
        self.append(out, when)
    }

    fn append(&self, out: &Outgoing<'_>, when: When) -> Result<()> {
        let when = if when == When::Buffered && self.opts.send_asap {
            When::Soon
        } else {
            when
        };
        self.outbound
            .publish(out, when)
            .map_err(|e| self.why_not_sent(e, out))
    }
}
