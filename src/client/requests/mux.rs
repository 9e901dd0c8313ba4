//! Requests: a message is published, and the first answer to its reply subject is returned.
//!
//! All requests of a connection share one wildcard subscription. An answer is matched to its
//! request by the last token of its subject, on the reading side, and passes through no queue.

use std::collections::HashMap;

use crate::client::interest::Changing;
use crate::client::interest::registry::{Route, Subscriber};
use crate::client::outgoing::wire::Wire;
use crate::client::requests::callbacks::Callbacks;
use crate::client::requests::contexts::{Addressee, Contexts, REQUEST};
use crate::client::sync::one_shot::OneShot;
use crate::client::sync::ranked::{RankedMutex, rank};
use crate::error::{Error, Result, Status};
use crate::log::Logger;
use crate::msg::{Msg, MsgList};
use crate::proto::write_buf::WriteBuf;
use crate::proto::{encode, nuid};
use crate::words::shown;

/// The requests of a connection for which threads wait, and all others whose answers arrive over the same subscription.
pub(in crate::client) struct Requests {
    waiting: RankedMutex<{ rank::REQUESTS }, Waiting>,
    callbacks: Callbacks,
    contexts: Contexts,
    log: Logger,
}

struct Waiting {
    /// Sid and subject prefix of the shared subscription. Set by the first request.
    inbox: Option<(u64, Vec<u8>)>,
    next_id: u64,
    by_id: HashMap<u64, OneShot<Result<Msg>>>,
}

impl Requests {
    pub(in crate::client) fn new(log: Logger) -> Self {
        Requests {
            waiting: RankedMutex::new(Waiting {
                inbox: None,
                next_id: 0,
                by_id: HashMap::new(),
            }),
            callbacks: Callbacks::default(),
            contexts: Contexts::default(),
            log,
        }
    }

    /// Passes on the messages of one read. `collect` is called before several threads are woken, and what it returns
    /// is dropped afterwards.
    pub(in crate::client) fn answers<G>(&self, msgs: MsgList, collect: impl FnOnce() -> G) {
        let mut msgs = self.to_contexts(msgs);
        if msgs.len() > 1 {
            msgs = self.wake_all(msgs, collect);
        }
        while let Some(msg) = msgs.pop() {
            self.answer(msg);
        }
    }

    /// Passes on the messages that are for contexts, and returns the others.
    fn to_contexts(&self, mut msgs: MsgList) -> MsgList {
        let Some(contexts) = self.contexts.open() else {
            return msgs;
        };
        let mut others = MsgList::new();
        // Consecutive answers for one context, and its number.
        let (mut batch, mut whose) = (MsgList::new(), 0);
        let hand_over = |batch: &mut MsgList, whose| {
            if let (false, Some(sink)) = (batch.is_empty(), contexts.sink(whose)) {
                sink.replies(std::mem::take(batch));
            }
            drop(std::mem::take(batch));
        };
        while let Some(msg) = msgs.pop() {
            let Some(number) = contexts.number(&msg) else {
                others.push(msg);
                continue;
            };
            if number != whose {
                hand_over(&mut batch, whose);
                whose = number;
            }
            batch.push(msg);
        }
        hand_over(&mut batch, whose);
        others
    }

    /// Passes on the answers for which threads wait, and returns the other messages. The threads have their answers
    /// before the first one is woken.
    fn wake_all<G>(&self, mut msgs: MsgList, collect: impl FnOnce() -> G) -> MsgList {
        let mut others = MsgList::new();
        let mut slots = Vec::with_capacity(msgs.len());
        let mut waiting = self.waiting.lock();
        while let Some(msg) = msgs.pop() {
            match waiting.addressee(msg.subject()) {
                Addressee::Request(id) => match waiting.by_id.remove(&id) {
                    Some(slot) => slots.push((msg, slot)),
                    // Dropped without the lock.
                    None => others.push(msg),
                },
                _ => others.push(msg),
            }
        }
        drop(waiting);
        let collecting = (slots.len() > 1).then(collect);
        for (msg, slot) in slots {
            slot.send(Ok(msg));
        }
        drop(collecting);
        others
    }

    /// An answer has arrived. It is dropped if its request was given up or its context was closed.
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
                // A subject mapping of the server may have changed it. If only one request waits, the answer belongs to
                // that.
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

    /// Ends all requests that wait.
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

    /// The sid of the shared subscription, if that exists.
    pub(in crate::client) fn sid(&self) -> Option<u64> {
        self.waiting.lock().inbox.as_ref().map(|inbox| inbox.0)
    }

    /// The shared subscription does not work: the next request makes a new one. Returns the requests that wait for an
    /// answer over it, for [`Requests::fail`].
    pub(in crate::client) fn give_up_inbox(&self) -> Vec<OneShot<Result<Msg>>> {
        let mut waiting = self.waiting.lock();
        waiting.inbox = None;
        std::mem::take(&mut waiting.by_id).into_values().collect()
    }

    /// Fails the requests that waited over a subscription that was given up, and all others whose answers arrive over
    /// it. No lock may be held.
    pub(in crate::client) fn fail(&self, waiting: Vec<OneShot<Result<Msg>>>, error: &Error) {
        for slot in waiting {
            slot.send(Err(error.clone()));
        }
        self.callbacks.fail_all(error);
        self.contexts.end();
    }

    /// The requests with a callback.
    pub(in crate::client) fn callbacks(&self) -> &Callbacks {
        &self.callbacks
    }

    /// The reply contexts that share the subscription.
    pub(in crate::client) fn contexts(&self) -> &Contexts {
        &self.contexts
    }

    /// Adds a request. Returns its number and the subject of its answer; `None` if there is no subscription for answers
    /// yet.
    pub(in crate::client) fn add(&self, slot: &OneShot<Result<Msg>>) -> Option<(u64, Vec<u8>)> {
        self.waiting.lock().add(slot)
    }

    /// The thread of a request does not wait any more.
    pub(in crate::client) fn remove(&self, id: u64) {
        self.waiting.lock().by_id.remove(&id);
    }

    /// The prefix of the subjects of all answers; `None` if there is no subscription for them yet.
    pub(in crate::client) fn prefix(&self) -> Option<Vec<u8>> {
        self.waiting.lock().prefix()
    }

    /// As [`Requests::add`], but subscribes to answers first if necessary: `prefix` returns the prefix of their
    /// subjects for a sid.
    pub(in crate::client) fn open_and_add<S: Subscriber, W: Wire>(
        &self,
        changing: Changing<'_, S, W>,
        prefix: impl FnOnce(u64) -> Result<Vec<u8>>,
        slot: &OneShot<Result<Msg>>,
    ) -> Result<(u64, Vec<u8>)> {
        self.open(changing, prefix, |waiting| waiting.add(slot))
    }

    /// As [`Requests::prefix`], but subscribes to answers first if necessary.
    pub(in crate::client) fn open_and_get_prefix<S: Subscriber, W: Wire>(
        &self,
        changing: Changing<'_, S, W>,
        prefix: impl FnOnce(u64) -> Result<Vec<u8>>,
    ) -> Result<Vec<u8>> {
        self.open(changing, prefix, |waiting| waiting.prefix())
    }

    /// Ensures that there is a subscription for answers, before something else is done under the same lock.
    fn open<S: Subscriber, W: Wire, R>(
        &self,
        mut changing: Changing<'_, S, W>,
        prefix: impl FnOnce(u64) -> Result<Vec<u8>>,
        then: impl FnOnce(&mut Waiting) -> Option<R>,
    ) -> Result<R> {
        // In the order of locks, the registry comes before the requests.
        let mut waiting = self.waiting.lock();
        if waiting.inbox.is_none() {
            let sid = changing.next_sid();
            let prefix = prefix(sid)?;
            changing.subscribe(sid, Route::Requests, |buf| {
                self.encode_inbox(buf, sid, &prefix);
            });
            waiting.inbox = Some((sid, prefix));
        }
        then(&mut waiting).ok_or_else(|| Status::NATS_ERR.into())
    }

    /// Encodes the subscription for a new server. Returns true if that includes a SUB.
    pub(in crate::client) fn encode_state(&self, buf: &mut WriteBuf) -> bool {
        let waiting = self.waiting.lock();
        if let Some((sid, prefix)) = &waiting.inbox {
            self.encode_inbox(buf, *sid, prefix);
        }
        waiting.inbox.is_some()
    }

    fn encode_inbox(&self, buf: &mut WriteBuf, sid: u64, prefix: &[u8]) {
        self.log
            .trace(|| format!("-> SUB {}* {sid}", shown(prefix)));
        encode::subscribe(buf, &[prefix, b"*"].concat(), None, sid);
    }
}

impl Waiting {
    fn add(&mut self, slot: &OneShot<Result<Msg>>) -> Option<(u64, Vec<u8>)> {
        let (_, prefix) = self.inbox.as_ref()?;
        let id = self.next_id;
        self.next_id += 1;
        self.by_id.insert(id, slot.clone());
        Some((id, [prefix, REQUEST, &nuid::base62_id(id)].concat()))
    }

    fn prefix(&self) -> Option<Vec<u8>> {
        self.inbox.as_ref().map(|(_, prefix)| prefix.clone())
    }

    fn addressee(&self, subject: &[u8]) -> Addressee {
        let prefix = self.inbox.as_ref().map(|inbox| inbox.1.as_slice());
        prefix
            .and_then(|prefix| subject.strip_prefix(prefix))
            .map_or(Addressee::Unknown, Addressee::of)
    }
}

#[cfg(test)]
#[path = "mux_tests.rs"]
mod tests;
