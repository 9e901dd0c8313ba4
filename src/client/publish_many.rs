//! Publishing with headers, a deadline and other parameters; one message or many.

use std::time::Instant;

use super::connection::Connection;
use super::outgoing::many::Append;
use super::outgoing::publish::{Outgoing, When};
use crate::error::Result;
use crate::proto::headers::HeaderBlock;

/// A message to publish.
#[derive(Clone, Copy, Default)]
pub struct Publish<'a> {
    /// The subject.
    pub subject: &'a [u8],
    /// The subject for answers.
    pub reply: Option<&'a [u8]>,
    /// The headers, as a map or as encoded bytes.
    pub headers: Option<HeaderBlock<'a>>,
    /// The payload.
    pub payload: &'a [u8],
}

impl<'a> Publish<'a> {
    pub(super) fn outgoing(&self, deadline: Option<Instant>) -> Outgoing<'a> {
        Outgoing {
            subject: self.subject,
            reply: self.reply,
            headers: self.headers,
            payload: self.payload,
            deadline,
        }
    }
}

/// Publishes many messages at once. See [`Connection::publish_many`].
pub struct Appender<'a> {
    append: &'a mut dyn FnMut(&Publish<'_>) -> Result<()>,
    count: usize,
}

impl Appender<'_> {
    /// Appends one message, as [`Connection::publish_with`] does. It is copied.
    pub fn publish(&mut self, out: &Publish<'_>) -> Result<()> {
        (self.append)(out)?;
        self.count += 1;
        Ok(())
    }

    /// The number of messages appended so far.
    pub fn count(&self) -> usize {
        self.count
    }
}

impl Connection {
    /// Publishes a message. Waits for room in the outgoing buffer until `deadline`, and then fails with `NATS_TIMEOUT`;
    /// without a deadline, for as long as the connection's write deadline allows.
    pub fn publish_with(
        &self,
        out: &Publish<'_>,
        when: When,
        deadline: Option<Instant>,
    ) -> Result<()> {
        self.send(&out.outgoing(deadline), when)
    }

    /// Publishes the messages that `fill` passes to the appender. They are consecutive, with one lock and one write for
    /// all of them, unless they do not fit into the outgoing buffer.
    ///
    /// `fill` runs with that buffer locked, so it must not call any function of the connection, and must not wait.
    /// Messages that it has passed on before it fails are sent nevertheless.
    ///
    /// ```no_run
    /// # fn main() -> nats_rs::error::Result<()> {
    /// # use nats_rs::client::{Connection, Options, Publish, When};
    /// # let conn = Connection::new(&Options::default())?;
    /// conn.publish_many(When::Buffered, None, |appender| {
    ///     for n in 0..100 {
    ///         appender.publish(&Publish {
    ///             subject: b"numbers",
    ///             payload: n.to_string().as_bytes(),
    ///             ..Publish::default()
    ///         })?;
    ///     }
    ///     Ok(())
    /// })
    /// # }
    /// ```
    pub fn publish_many<R>(
        &self,
        when: When,
        deadline: Option<Instant>,
        fill: impl FnOnce(&mut Appender<'_>) -> Result<R>,
    ) -> Result<R> {
        let when = match when {
            When::Buffered if self.opts.send_asap => When::Soon,
            when => when,
        };
        let max_line = self.opts.max_control_line;
        let add = |append: &mut Append<'_>| {
            let mut append = |out: &Publish<'_>| {
                let out = out.outgoing(deadline);
                out.check(max_line)?;
                // If it fails, the lock has been released.
                append(&out).map_err(|e| self.why_not_sent(e, &out))
            };
            fill(&mut Appender {
                append: &mut append,
                count: 0,
            })
        };
        self.outbound.publish_many(when, deadline, add)
    }
}
