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
use crate::client::subscription::state::{Purpose, SubscribeArgs};
use crate::client::sync::one_shot::OneShot;
use crate::error::{Error, Result, Status};
use crate::locks::Mutex;
use crate::msg::Msg;
use crate::proto::write_buf::WriteBuf;
use crate::proto::{encode, nuid};

/// What the last token of a reply subject begins with: the requests of the connection itself, as
/// opposed to those of layers above it.
const CONTEXT: &[u8] = b"0_";
/// Characters of a fresh unique id that tell connections apart.
const ID_LEN: usize = 12;

/// The requests of a connection that wait.
pub(in crate::client) struct Requests(Mutex<Waiting>);

struct Waiting {
    /// Sid and subject prefix of the shared subscription, from the first request on.
    inbox: Option<(u64, Vec<u8>)>,
    next_id: u64,
    by_id: HashMap<u64, OneShot<Result<Msg>>>,
}

impl Requests {
    pub(in crate::client) fn new() -> Self {
        Requests(Mutex::new(Waiting {
            inbox: None,
            next_id: 0,
            by_id: HashMap::new(),
        }))
    }

    /// An answer came. One for a request that gave up is dropped.
    pub(in crate::client) fn answer(&self, msg: Msg) {
        let slot = {
            let mut waiting = self.0.lock();
            match waiting.id_of(msg.subject()) {
                Some(id) => waiting.by_id.remove(&id),
                // A subject mapping of the server may have changed it; with one request there is
                // no doubt whose it is.
                None if waiting.by_id.len() == 1 => {
                    waiting.by_id.drain().next().map(|(_, slot)| slot)
                }
                None => None,
            }
        };
        if let Some(slot) = slot {
            slot.send(Ok(msg));
        }
    }

    /// Ends all that wait.
    pub(in crate::client) fn fail_all(&self, status: Status) {
        let waiting = std::mem::take(&mut self.0.lock().by_id);
        for slot in waiting.into_values() {
            slot.send(Err(status.into()));
        }
    }

    /// The shared subscription's sid, if it exists.
    pub(in crate::client) fn sid(&self) -> Option<u64> {
        self.0.lock().inbox.as_ref().map(|inbox| inbox.0)
    }

    /// The shared subscription is no use: the next request makes a new one. Returns who waits for an
    /// answer over it.
    pub(in crate::client) fn give_up_inbox(&self) -> Vec<OneShot<Result<Msg>>> {
        let mut waiting = self.0.lock();
        waiting.inbox = None;
        std::mem::take(&mut waiting.by_id).into_values().collect()
    }

    /// Encodes what a new server has to know. Returns whether that has a SUB.
    pub(in crate::client) fn encode_state(&self, buf: &mut WriteBuf) -> bool {
        let waiting = self.0.lock();
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
    fn id_of(&self, subject: &[u8]) -> Option<u64> {
        let token = subject.strip_prefix(self.inbox.as_ref()?.1.as_slice())?;
        nuid::parse_base62_id(token.strip_prefix(CONTEXT)?)
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
        for slot in waiting.into_iter().flatten() {
            slot.send(Err(error.clone()));
        }
    }

    /// Publishes a request and waits for the first answer.
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
            self.requests.0.lock().by_id.remove(&id);
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
            (id, [prefix, CONTEXT, &nuid::base62_id(id)].concat())
        };
        {
            let mut waiting = self.requests.0.lock();
            if waiting.inbox.is_some() {
                return Ok(make(&mut waiting));
            }
        }
        // The first request: the registry comes before the requests in the order of locks.
        let mut changing = self.interest.change(&self.outbound);
        let mut waiting = self.requests.0.lock();
        if waiting.inbox.is_none() {
            let sid = changing.next_sid();
            let unique = nuid::next();
            let prefix = [
                &self.opts.inbox_prefix[..],
                &unique[unique.len() - ID_LEN..],
                b".",
            ]
            .concat();
            self.check_subscribe_line(&[&prefix[..], b"*"].concat(), None, sid)?;
            changing.subscribe(sid, Target::Requests, |buf| encode_inbox(buf, sid, &prefix));
            waiting.inbox = Some((sid, prefix));
        }
        Ok(make(&mut waiting))
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
