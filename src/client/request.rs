//! Making a request on a connection, and waiting for its answer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::connection::Connection;
use super::incoming::waiting::{WaitingReader, take_over_reading};
use super::outgoing;
use super::outgoing::ping::Window;
use super::outgoing::publish::{Outgoing, When};
use super::publish_many::Publish;
use super::subscription::state::{Purpose, SubscribeArgs};
use super::sync::one_shot::OneShot;
use crate::error::{Error, Result, Status};
use crate::msg::Msg;
use crate::proto::nuid;

/// The number of characters of a new unique id that distinguish connections.
const ID_LEN: usize = 12;

/// Publishes a request with this reply subject. Waits for room until that time at most.
type PublishFn<'a> = dyn Fn(&[u8], Option<Instant>) -> Result<()> + 'a;

impl Connection {
    /// The server has processed everything up to the end of this window. Marks the subscriptions that it refused. If
    /// that of the requests is one of them, the requests that wait for an answer fail.
    pub(super) fn mark_refused(&self, window: Window) {
        let waiting = self
            .interest
            .mark_refused(window, || self.requests.give_up_inbox());
        if let Some(waiting) = waiting {
            let error = Error::new(
                Status::NATS_ERR,
                "the server refused the subscription for answers: maximum subscriptions exceeded",
            );
            self.requests.fail(waiting, &error);
        }
    }

    /// As [`Connection::request`], for a message with headers, until a deadline; `None` for ever. The reply subject of
    /// `out` is not used.
    pub fn request_with(
        self: &Arc<Self>,
        out: &Publish<'_>,
        deadline: Option<Instant>,
    ) -> Result<Msg> {
        let timeout = deadline.map_or(Duration::MAX, |deadline| {
            deadline.saturating_duration_since(Instant::now())
        });
        self.exchange(
            out.subject,
            timeout,
            out.payload.len(),
            &|reply, deadline| {
                let out = Publish {
                    reply: Some(reply),
                    ..*out
                };
                self.send(&out.outgoing(deadline), When::Soon)
            },
        )
    }

    /// Publishes a request and waits for the first answer.
    ///
    /// ```no_run
    /// # fn main() -> nats_rs::error::Result<()> {
    /// # use std::time::Duration;
    /// # use nats_rs::client::{Connection, Options};
    /// # let conn = Connection::new(&Options::default())?;
    /// let answer = conn.request(b"time", b"", Duration::from_secs(1))?;
    /// println!("{}", answer.payload().escape_ascii());
    /// # Ok(())
    /// # }
    /// ```
    pub fn request(
        self: &Arc<Self>,
        subject: &[u8],
        payload: &[u8],
        timeout: Duration,
    ) -> Result<Msg> {
        self.exchange(subject, timeout, payload.len(), &|reply, deadline| {
            self.send(
                &Outgoing {
                    subject,
                    reply: Some(reply),
                    headers: None,
                    payload,
                    deadline,
                },
                When::Soon,
            )
        })
    }

    /// As [`Connection::request`], for a message; its own reply subject is not used.
    pub fn request_msg(self: &Arc<Self>, msg: &Msg, timeout: Duration) -> Result<Msg> {
        self.exchange(
            msg.subject(),
            timeout,
            msg.payload().len(),
            &|reply, deadline| self.send_msg(msg, Some(reply), When::Soon, deadline),
        )
    }

    fn exchange(
        self: &Arc<Self>,
        subject: &[u8],
        timeout: Duration,
        size: usize,
        publish: &PublishFn<'_>,
    ) -> Result<Msg> {
        self.exchange_either_way(timeout, size, publish)
            .map_err(|e| self.why_no_reply(e, subject, timeout))
    }

    fn exchange_either_way(
        self: &Arc<Self>,
        timeout: Duration,
        size: usize,
        publish: &PublishFn<'_>,
    ) -> Result<Msg> {
        let now = Instant::now();
        let deadline = now.checked_add(timeout);
        let reply = if self.opts.old_request_style {
            self.exchange_alone(timeout, deadline, publish)?
        } else {
            self.exchange_shared(now, deadline, size, publish)?
        };
        if reply.is_no_responders() {
            return Err(Status::NATS_NO_RESPONDERS.into());
        }
        Ok(reply)
    }

    fn exchange_shared(
        self: &Arc<Self>,
        now: Instant,
        deadline: Option<Instant>,
        size: usize,
        publish: &PublishFn<'_>,
    ) -> Result<Msg> {
        self.outbound.check_open()?;
        let slot = OneShot::new();
        let (id, reply) = self.register_request(&slot)?;
        let result = self
            .publish_and_read(now, deadline, size, &|d| publish(&reply, d))
            .and_then(|reader| {
                // The connection may have been closed before the request was registered.
                if self.is_closed() {
                    return Err(Status::NATS_CONNECTION_CLOSED.into());
                }
                reader.read_until(deadline, || slot.is_sent());
                slot.wait(deadline)
                    .unwrap_or_else(|| Err(Status::NATS_TIMEOUT.into()))
            });
        if result.is_err() {
            self.requests.remove(id);
        }
        result
    }

    /// Publishes a request and has the calling thread read its answer. The thread takes over reading first, so that no
    /// other thread is woken; but not if it may have to wait for the socket, because the server may not read before
    /// someone reads from it.
    fn publish_and_read(
        &self,
        now: Instant,
        deadline: Option<Instant>,
        size: usize,
        publish: &dyn Fn(Option<Instant>) -> Result<()>,
    ) -> Result<WaitingReader<'_, Connection>> {
        if !outgoing::is_direct(size) {
            let reader = take_over_reading(self);
            match publish(Some(now)) {
                Ok(()) => return Ok(reader),
                Err(e) if e.status() == Status::NATS_TIMEOUT => {}
                Err(e) => return Err(e),
            }
        }
        publish(deadline)?;
        Ok(take_over_reading(self))
    }

    /// Gives a request its id and its reply subject, and ensures that there is a subscription for answers.
    fn register_request(&self, slot: &OneShot<Result<Msg>>) -> Result<(u64, Vec<u8>)> {
        match self.requests.add(slot) {
            Some(added) => Ok(added),
            None => {
                let changing = self.interest.change(&self.outbound);
                let prefix = |sid| self.new_request_prefix(sid);
                self.requests.open_and_add(changing, prefix, slot)
            }
        }
    }

    /// Ensures that there is a subscription for answers, and returns the prefix of their subjects.
    pub(super) fn open_request_inbox(&self) -> Result<Vec<u8>> {
        match self.requests.prefix() {
            Some(prefix) => Ok(prefix),
            None => {
                let changing = self.interest.change(&self.outbound);
                let prefix = |sid| self.new_request_prefix(sid);
                self.requests.open_and_get_prefix(changing, prefix)
            }
        }
    }

    /// Returns a unique prefix of subjects.
    pub(super) fn new_inbox_prefix(&self) -> Vec<u8> {
        let unique = nuid::next();
        let unique = &unique[unique.len() - ID_LEN..];
        [&self.opts.inbox_prefix[..], unique, b"."].concat()
    }

    /// The prefix for the answers to all requests, if servers accept the line that subscribes to them.
    fn new_request_prefix(&self, sid: u64) -> Result<Vec<u8>> {
        let prefix = self.new_inbox_prefix();
        self.check_subscribe_line(&[&prefix[..], b"*"].concat(), None, sid)?;
        Ok(prefix)
    }

    /// Creates an inbox and a subscription for a single request.
    fn exchange_alone(
        self: &Arc<Self>,
        timeout: Duration,
        deadline: Option<Instant>,
        publish: &PublishFn<'_>,
    ) -> Result<Msg> {
        let inbox = nuid::inbox(&self.opts.inbox_prefix);
        let args = SubscribeArgs::new(&inbox);
        // The program does not know this subscription, so errors are reported for the request.
        let unnamed = |e: Error| match e.status() {
            Status::NATS_INVALID_SUBSCRIPTION => Error::from(Status::NATS_CONNECTION_CLOSED),
            Status::NATS_CONNECTION_CLOSED | Status::NATS_DRAINING => e.status().into(),
            _ => e,
        };
        let sub = self.prepare_for(Purpose::Answer, args).map_err(unnamed)?;
        self.start_subscription(&sub).map_err(unnamed)?;
        let result = sub
            .auto_unsubscribe(1)
            .and_then(|()| publish(&inbox, deadline))
            .and_then(|()| {
                let now = Instant::now();
                sub.take_next(deadline.map_or(timeout, |d| d.saturating_duration_since(now)))
            })
            .map_err(unnamed);
        sub.destroy();
        result
    }
}
