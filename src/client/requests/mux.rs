//! Requests: a message goes out, and the first answer to its reply subject comes back.
//!
//! All requests of a connection share one wildcard subscription. An answer is matched to its
//! request by the last token of its subject, on the reading side, and passes through no queue.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::client::connection::Connection;
use crate::client::incoming::waiting::{WaitingReader, read_here};
use crate::client::interest::registry::Target;
use crate::client::outgoing;
use crate::client::outgoing::ping::Window;
use crate::client::outgoing::publish::{Outgoing, When};
use crate::client::publish_many::Publish;
use crate::client::requests::callbacks::Callbacks;
use crate::client::requests::contexts::{Addressee, Contexts, REQUEST};
use crate::client::subscription::state::{Purpose, SubscribeArgs};
use crate::client::sync::one_shot::OneShot;
use crate::error::{Error, Result, Status};
use crate::locks::Mutex;
use crate::msg::{Msg, MsgList};
use crate::proto::write_buf::WriteBuf;
use crate::proto::{encode, nuid};

/// Characters of a fresh unique id that tell connections apart.
const ID_LEN: usize = 12;

/// The requests of a connection that wait for an answer, and all others that get theirs over the same subscription.
pub(in crate::client) struct Requests {
    waiting: Mutex<Waiting>,
    pub(super) callbacks: Callbacks,
    pub(super) contexts: Contexts,
}

struct Waiting {
    /// Sid and subject prefix of the shared subscription, from the first request on.
    inbox: Option<(u64, Vec<u8>)>,
    next_id: u64,
    by_id: HashMap<u64, OneShot<Result<Msg>>>,
}

impl Requests {
    pub(in crate::client) fn new() -> Self {
        Requests {
            waiting: Mutex::new(Waiting {
                inbox: None,
                next_id: 0,
                by_id: HashMap::new(),
            }),
            callbacks: Callbacks::default(),
            contexts: Contexts::default(),
        }
    }

    /// Hands over what came in one read.
    pub(in crate::client) fn answers(&self, mut msgs: MsgList) {
        let Some(contexts) = self.contexts.open() else {
            while let Some(msg) = msgs.pop() {
                self.answer(msg);
            }
            return;
        };
        // Those of one context that follow each other, and its number.
        let (mut batch, mut whose) = (MsgList::new(), 0);
        let hand_over = |batch: &mut MsgList, whose| {
            if let (false, Some(sink)) = (batch.is_empty(), contexts.sink(whose)) {
                sink.replies(std::mem::take(batch));
            }
            drop(std::mem::take(batch));
        };
        while let Some(msg) = msgs.pop() {
            let Some(number) = contexts.number(&msg) else {
                self.answer(msg);
                continue;
            };
            if number != whose {
                hand_over(&mut batch, whose);
                whose = number;
            }
            batch.push(msg);
        }
        hand_over(&mut batch, whose);
    }

    /// An answer came. One for a request that gave up is dropped, and so is one for a context that was closed.
    fn answer(&self, msg: Msg) {
        let slot = {
            let mut waiting = self.waiting.lock();
            match waiting.addressee(msg.subject()) {
                Addressee::Request(id) => waiting.by_id.remove(&id),
                Addressee::Callback(id) => {
                    drop(waiting);
                    return self.callbacks.answer(id, msg);
                }
                Addressee::Context(_) => None,
                // A subject mapping of the server may have changed it; with one request there is
                // no doubt whose it is.
                Addressee::Unknown if waiting.by_id.len() == 1 => {
                    waiting.by_id.drain().next().map(|(_, slot)| slot)
                }
                Addressee::Unknown => None,
            }
        };
        if let Some(slot) = slot {
            slot.send(Ok(msg));
        }
    }

    /// Ends all that wait.
    pub(in crate::client) fn fail_all(&self, status: Status) {
        let waiting = std::mem::take(&mut self.waiting.lock().by_id);
        for slot in waiting.into_values() {
            slot.send(Err(status.into()));
        }
        self.callbacks.fail_all(&status.into());
    }

    /// Ends the contexts: the connection is closed.
    pub(in crate::client) fn end_contexts(&self) {
        self.contexts.end();
    }

    /// The shared subscription's sid, if it exists.
    pub(in crate::client) fn sid(&self) -> Option<u64> {
        self.waiting.lock().inbox.as_ref().map(|inbox| inbox.0)
    }

    /// The shared subscription is no use: the next request makes a new one. Returns who waits for an
    /// answer over it.
    pub(in crate::client) fn give_up_inbox(&self) -> Vec<OneShot<Result<Msg>>> {
        let mut waiting = self.waiting.lock();
        waiting.inbox = None;
        std::mem::take(&mut waiting.by_id).into_values().collect()
    }

    /// Encodes what a new server has to know. Returns whether that has a SUB.
    pub(in crate::client) fn encode_state(&self, buf: &mut WriteBuf) -> bool {
        let waiting = self.waiting.lock();
        if let Some((sid, prefix)) = &waiting.inbox {
            encode_inbox(buf, *sid, prefix);
        }
        waiting.inbox.is_some()
    }
}

fn encode_inbox(buf: &mut WriteBuf, sid: u64, prefix: &[u8]) {
    encode::subscribe(buf, &[prefix, b"*"].concat(), None, sid);
}

impl Waiting {
    fn addressee(&self, subject: &[u8]) -> Addressee {
        let prefix = self.inbox.as_ref().map(|inbox| inbox.1.as_slice());
        prefix
            .and_then(|prefix| subject.strip_prefix(prefix))
            .map_or(Addressee::Unknown, Addressee::of)
    }
}

/// Publishes a request with this reply subject, and does not wait for room beyond that time.
type PublishFn<'a> = dyn Fn(&[u8], Option<Instant>) -> Result<()> + 'a;

impl Connection {
    /// The server has dealt with all up to the end of this window: subscriptions that it refused are marked, and if
    /// that of the requests is one of them, those that wait for an answer fail.
    pub(in crate::client) fn mark_refused(&self, window: Window) {
        let waiting = self
            .interest
            .mark_refused(window, || self.requests.give_up_inbox());
        let error = Error::new(
            Status::NATS_ERR,
            "the server refused the subscription for answers: maximum subscriptions exceeded",
        );
        if let Some(waiting) = waiting {
            for slot in waiting {
                slot.send(Err(error.clone()));
            }
            self.requests.callbacks.fail_all(&error);
            self.requests.contexts.end();
        }
    }

    /// As [`Connection::request`], with all that a message may have but a reply subject, until a
    /// deadline; `None` for ever.
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

    /// As [`Connection::request`], with a message; its own reply subject is not used.
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
                // The connection may have been closed before the request was there to be told.
                if self.is_closed() {
                    return Err(Status::NATS_CONNECTION_CLOSED.into());
                }
                reader.read_until(deadline, || slot.is_sent());
                slot.wait(deadline)
                    .unwrap_or_else(|| Err(Status::NATS_TIMEOUT.into()))
            });
        if result.is_err() {
            self.requests.waiting.lock().by_id.remove(&id);
        }
        result
    }

    /// Publishes what will be answered, and has the calling thread read. It begins with that, so that
    /// nobody else is woken; but not where it may have to wait for the socket, which the server may
    /// not empty before somebody reads.
    fn publish_and_read(
        &self,
        now: Instant,
        deadline: Option<Instant>,
        size: usize,
        publish: &dyn Fn(Option<Instant>) -> Result<()>,
    ) -> Result<WaitingReader<'_, Connection>> {
        if !outgoing::is_direct(size) {
            let reader = read_here(self);
            match publish(Some(now)) {
                Ok(()) => return Ok(reader),
                Err(e) if e.status() == Status::NATS_TIMEOUT => {}
                Err(e) => return Err(e),
            }
        }
        publish(deadline)?;
        Ok(read_here(self))
    }

    /// Gives a request its id and its reply subject, and makes sure that the answer is subscribed to.
    fn register_request(&self, slot: &OneShot<Result<Msg>>) -> Result<(u64, Vec<u8>)> {
        let make = |waiting: &mut Waiting| {
            let id = waiting.next_id;
            waiting.next_id += 1;
            waiting.by_id.insert(id, slot.clone());
            let prefix = waiting.inbox.as_ref().map_or(&[][..], |inbox| &inbox.1);
            (id, [prefix, REQUEST, &nuid::base62_id(id)].concat())
        };
        {
            let mut waiting = self.requests.waiting.lock();
            if waiting.inbox.is_some() {
                return Ok(make(&mut waiting));
            }
        }
        self.with_request_inbox(make)
    }

    /// Makes sure that answers are subscribed to, and returns the prefix of their subjects.
    pub(super) fn open_request_inbox(&self) -> Result<Vec<u8>> {
        let prefix = |waiting: &mut Waiting| waiting.inbox.as_ref().map(|inbox| inbox.1.clone());
        let open = prefix(&mut self.requests.waiting.lock());
        match open {
            Some(prefix) => Ok(prefix),
            None => Ok(self.with_request_inbox(prefix)?.unwrap_or_default()),
        }
    }

    /// A prefix of subjects that no one else has.
    pub(super) fn new_inbox_prefix(&self) -> Vec<u8> {
        let unique = nuid::next();
        let unique = &unique[unique.len() - ID_LEN..];
        [&self.opts.inbox_prefix[..], unique, b"."].concat()
    }

    /// Makes sure that answers are subscribed to, before something else is done with the same lock.
    fn with_request_inbox<R>(&self, then: impl FnOnce(&mut Waiting) -> R) -> Result<R> {
        // The registry comes before the requests in the order of locks.
        let mut changing = self.interest.change(&self.outbound);
        let mut waiting = self.requests.waiting.lock();
        if waiting.inbox.is_none() {
            let sid = changing.next_sid();
            let prefix = self.new_inbox_prefix();
            self.check_subscribe_line(&[&prefix[..], b"*"].concat(), None, sid)?;
            changing.subscribe(sid, Target::Requests, |buf| encode_inbox(buf, sid, &prefix));
            waiting.inbox = Some((sid, prefix));
        }
        Ok(then(&mut waiting))
    }

    /// An inbox and a subscription of its own for one request.
    fn exchange_alone(
        self: &Arc<Self>,
        timeout: Duration,
        deadline: Option<Instant>,
        publish: &PublishFn<'_>,
    ) -> Result<Msg> {
        let inbox = nuid::inbox(&self.opts.inbox_prefix);
        let args = SubscribeArgs::new(&inbox);
        // The program does not know of this subscription: what is said is said of the request.
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
