//! One subscription: what it is, and what can be asked of it. How messages pass through it is in
//! `delivery`.

use std::ffi::{CStr, CString};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use crate::client::ForeignHandle;
use crate::client::callbacks::life::LifetimeGuard;
use crate::client::interest::registry::Subscriber;
use crate::client::subscription::bound::Bound;
use crate::client::subscription::endings::Endings;
use crate::client::subscription::extension::Extension;
use crate::client::subscription::home::Home;
use crate::client::subscription::intake::Intake;
use crate::client::subscription::queue::{Closed, Queue};
use crate::client::sync::ranked::{RankedMutex, rank};
use crate::error::{Error, Result, Status};
use crate::locks::Condvar;
use crate::msg::Msg;
use crate::proto::encode;
use crate::proto::write_buf::WriteBuf;
use crate::runtime::Dispatcher;

/// Where a subscription's messages go. Calls never overlap: `begin`, any number of `deliver`,
/// `end`, all on one thread; the next round may be on another.
pub trait MsgSink<S = crate::client::Subscription>: Send + Sync {
    /// Some messages are about to be delivered.
    fn begin(&self, sub: &Arc<S>) {
        let _ = sub;
    }

    /// A message; `None` says that none came for the subscription's timeout, or that it was
    /// [nudged](Subscription::nudge).
    fn deliver(&self, sub: &Arc<S>, msg: Option<Msg>);

    /// The subscription is closed, and no message follows. Called once, before its completion
    /// callback. May wait.
    fn completed(&self, sub: &Arc<S>) {
        let _ = sub;
    }

    /// Those were all for now.
    fn end(&self, sub: &Arc<S>) {
        let _ = sub;
    }
}

/// What a subscription is made of.
pub struct SubscribeArgs<'a, S = crate::client::Subscription> {
    /// The subject, which may have wildcards.
    pub subject: &'a [u8],
    /// The queue group, of which only one member gets each message.
    pub queue: Option<&'a [u8]>,
    /// Who gets the messages; `None` where [`Subscription::next_msg`] is to fetch them.
    pub sink: Option<Box<dyn MsgSink<S>>>,
    /// After how long without a message the sink is told so.
    pub timeout: Option<Duration>,
    /// Sees the messages before they are queued.
    pub intake: Option<Arc<dyn Intake<S>>>,
}

impl<'a, S> SubscribeArgs<'a, S> {
    /// A subscription whose messages are fetched by [`Subscription::next_msg`] and its siblings.
    pub fn new(subject: &'a [u8]) -> Self {
        SubscribeArgs {
            subject,
            queue: None,
            sink: None,
            timeout: None,
            intake: None,
        }
    }
}

/// Who wants a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::client) enum Purpose {
    /// The program, for messages.
    Messages,
    /// A request, for its answer: also while the subscriptions of the connection drain, whose
    /// callbacks may make requests.
    Answer,
    /// A reply context, for as long as the connection is open: no drain ends it or waits for it.
    Replies,
}

/// What a subscription has counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SubStats {
    /// Messages that wait.
    pub pending_msgs: i32,
    /// Headers and payload of the messages that wait.
    pub pending_bytes: i32,
    /// The most messages that ever waited.
    pub max_pending_msgs: i32,
    /// The most bytes that ever waited.
    pub max_pending_bytes: i32,
    /// Messages given to the program.
    pub delivered: i64,
    /// Messages dropped because too many waited.
    pub dropped: i64,
}

/// What the connection adds to what a subscription is made of.
pub(in crate::client) struct Made {
    pub(in crate::client) sid: u64,
    pub(in crate::client) subject: CString,
    /// Messages and bytes that may wait; negative for no limit.
    pub(in crate::client) pending_limits: (i32, i32),
    /// The lane that its messages take; `None` for the pool that grows as needed.
    pub(in crate::client) lane: Option<Arc<Dispatcher>>,
    /// The right to call the program, if that is to be called.
    pub(in crate::client) lifetime_guard: Option<LifetimeGuard>,
}

/// An interest in a subject. `H` is what it lives on, a connection.
pub struct Subscription<H> {
    pub(super) home: Arc<H>,
    pub(super) bound: Bound,
    queue_group: Option<Box<[u8]>>,
    pub(super) purpose: Purpose,
    pub(super) sink: Option<Box<dyn MsgSink<Subscription<H>>>>,
    pub(super) intake: Option<Arc<dyn Intake<Subscription<H>>>>,
    pub(super) timeout: Option<Duration>,
    /// The lane that its messages take; `None` for the pool that grows as needed.
    lane: Option<Arc<Dispatcher>>,
    handle: OnceLock<Box<dyn ForeignHandle>>,
    pub(super) extension: OnceLock<Arc<dyn Extension<Subscription<H>>>>,
    pub(super) endings: Endings<Subscription<H>>,
    pub(super) queue: RankedMutex<{ rank::QUEUE }, Queue>,
    /// A message came, or it was closed or drained. Goes with `queue`; whoever takes a message and
    /// leaves others wakes the next who waits.
    pub(super) changed: Condvar,
    /// It is complete. Goes with `queue`.
    pub(super) completed: Condvar,
    /// Messages and bytes that left the queue for the program. Written by one thread at a time, so
    /// that the way of a message needs no atomic addition.
    pub(super) taken_msgs: AtomicU64,
    pub(super) taken_bytes: AtomicU64,
    /// The number of messages after which it ends by itself; 0 for none.
    pub(super) max: AtomicU64,
    /// Mirrors `queue.closed`, for the delivering thread.
    pub(super) ended: AtomicBool,
    /// Its callbacks have been quick so far; not before the first.
    pub(super) quick: AtomicBool,
    pub(super) me: Weak<Subscription<H>>,
}

impl<H: Home> Subscription<H> {
    /// One that the server does not know of yet.
    pub(in crate::client) fn new(
        home: &Arc<H>,
        purpose: Purpose,
        args: SubscribeArgs<'_, Subscription<H>>,
        made: Made,
    ) -> Arc<Self> {
        Arc::new_cyclic(|me| Subscription {
            home: home.clone(),
            bound: Bound::new(made.sid, made.subject),
            queue_group: args.queue.map(Box::from),
            purpose,
            sink: args.sink,
            intake: args.intake,
            timeout: args.timeout,
            lane: made.lane,
            handle: OnceLock::new(),
            extension: OnceLock::new(),
            endings: Endings::default(),
            queue: RankedMutex::new(Queue::new(made.pending_limits, made.lifetime_guard)),
            changed: Condvar::new(),
            completed: Condvar::new(),
            taken_msgs: AtomicU64::new(0),
            taken_bytes: AtomicU64::new(0),
            max: AtomicU64::new(0),
            ended: AtomicBool::new(false),
            quick: AtomicBool::new(false),
            me: me.clone(),
        })
    }

    /// Lets a foreign caller know it by an address; once.
    pub fn set_handle(&self, handle: Box<dyn ForeignHandle>) {
        // A second one would be a mistake of the caller, and is dropped.
        let _ = self.handle.set(handle);
    }

    /// The address that the foreign caller knows it by, or 0.
    pub fn handle(&self) -> usize {
        self.handle.get().map_or(0, |h| h.address())
    }

    /// Its connection.
    pub fn connection(&self) -> &Arc<H> {
        &self.home
    }

    pub(in crate::client) fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// Its subject, also after it was closed.
    pub(in crate::client) fn name(&self) -> Arc<CStr> {
        self.bound.subject()
    }

    /// Has its callback called, wherever that is to happen.
    pub(in crate::client) fn schedule(self: &Arc<Self>) {
        match (self.home.manual(), &self.lane) {
            (Some(manual), _) => manual.schedule(self.clone()),
            (None, Some(lane)) => lane.submit(self.clone()),
            (None, None) => self.home.runtime().delivery.submit(self.clone()),
        }
    }

    pub(in crate::client) fn encode_subscribe(&self, buf: &mut WriteBuf) {
        encode::subscribe(
            buf,
            self.name().to_bytes(),
            self.queue_group.as_deref(),
            self.sid(),
        );
    }

    /// Encodes what a new server has to know of it. Returns whether that has a SUB, which the server may refuse.
    pub(in crate::client) fn encode_state(&self, buf: &mut WriteBuf) -> bool {
        let mut queue = self.queue.lock();
        if queue.is_draining() {
            return false;
        }
        let (max, taken) = (
            self.max.load(Ordering::Relaxed),
            self.taken_msgs.load(Ordering::Relaxed),
        );
        let left = (max > 0).then(|| max.saturating_sub(taken));
        let left = left.filter(|left| *left == 0 || self.intake.is_none());
        queue.begin_with_server(taken, left);
        drop(queue);
        match left {
            // It ends when its last callback returns.
            Some(0) => {
                encode::unsubscribe(buf, self.sid(), None);
                false
            }
            left => {
                self.encode_subscribe(buf);
                if left.is_some() {
                    encode::unsubscribe(buf, self.sid(), left);
                }
                true
            }
        }
    }

    /// With what calls on it fail once it is closed.
    pub(in crate::client) fn closed_status(&self) -> Status {
        if self.home.is_closed() {
            Status::NATS_CONNECTION_CLOSED
        } else {
            Status::NATS_INVALID_SUBSCRIPTION
        }
    }

    /// Why calls on it fail once it is closed. Not with a lock held.
    pub(in crate::client) fn closed_error(&self) -> Error {
        self.why_closed(self.closed_status())
    }

    /// Fails with `error` if it is closed, otherwise looks at the queue.
    fn while_open<R>(&self, look: impl FnOnce(&mut Queue) -> R) -> Result<R> {
        let mut queue = self.queue.lock();
        if queue.is_closed() {
            drop(queue);
            return Err(self.why_closed(Status::NATS_INVALID_SUBSCRIPTION));
        }
        Ok(look(&mut queue))
    }

    /// Its number on the connection; 0 once it is closed.
    pub fn id(&self) -> i64 {
        self.while_open(|_| self.sid() as i64).unwrap_or(0)
    }

    /// Its subject; `None` once it is closed.
    pub fn subject(&self) -> Option<&CStr> {
        self.is_valid().then(|| self.bound.shown())
    }

    /// Is it open? So it is while it drains.
    pub fn is_valid(&self) -> bool {
        !self.queue.lock().is_closed()
    }

    /// Messages and bytes that wait.
    pub fn pending(&self) -> Result<(i32, i32)> {
        self.while_open(|q| q.pending(self.taken()))
    }

    /// Messages that the program has not got, also after it was closed.
    pub(in crate::client) fn left(&self) -> i32 {
        self.queue.lock().pending(self.taken()).0
    }

    /// The most messages and bytes that may wait; negative for no limit.
    pub fn pending_limits(&self) -> Result<(i32, i32)> {
        self.while_open(|q| q.limits())
    }

    /// Sets how many messages and bytes may wait; negative for no limit.
    pub fn set_pending_limits(&self, msgs: i32, bytes: i32) -> Result<()> {
        if msgs == 0 || bytes == 0 {
            return Err(Error::invalid_arg(format!(
                "Limits must be either > 0 or negative to specify no limit: \
                 {msgs} messages, {bytes} bytes"
            )));
        }
        self.while_open(|q| q.set_limits(msgs, bytes))
    }

    /// The most messages and bytes that ever waited.
    pub fn max_pending(&self) -> Result<(i32, i32)> {
        self.while_open(|q| q.most())
    }

    /// Starts measuring [`Subscription::max_pending`] anew.
    pub fn clear_max_pending(&self) -> Result<()> {
        self.while_open(|q| q.clear_most())
    }

    /// Messages given to the program.
    pub fn delivered(&self) -> Result<i64> {
        self.while_open(|_| self.taken_msgs.load(Ordering::Relaxed) as i64)
    }

    /// Messages dropped because too many waited.
    pub fn dropped(&self) -> Result<i64> {
        self.while_open(|q| q.dropped() as i64)
    }

    /// All that it has counted.
    pub fn stats(&self) -> Result<SubStats> {
        self.while_open(|q| {
            let (pending_msgs, pending_bytes) = q.pending(self.taken());
            SubStats {
                pending_msgs,
                pending_bytes,
                max_pending_msgs: q.most().0,
                max_pending_bytes: q.most().1,
                delivered: self.taken_msgs.load(Ordering::Relaxed) as i64,
                dropped: q.dropped() as i64,
            }
        })
    }

    /// Sets what runs once when the last callback has returned and none will follow; `None` unsets.
    pub fn set_on_complete(&self, callback: Option<Box<dyn FnOnce() + Send>>) -> Result<()> {
        if self.sink.is_none() {
            let text = self.called() + " has no callback, and so no completion callback";
            return Err(Error::new(Status::NATS_INVALID_SUBSCRIPTION, text));
        }
        let old = self.while_open(|q| q.set_on_complete(callback))?;
        drop(old);
        Ok(())
    }

    /// Ends it at once: what waits is dropped.
    pub fn unsubscribe(self: &Arc<Self>) -> Result<()> {
        if self.home.is_closed() || !self.is_valid() {
            return Err(self.closed_error());
        }
        self.leave(Closed::Unsubscribed);
        match self.extension.get() {
            Some(extension) => extension.unsubscribed(self),
            None => Ok(()),
        }
    }

    /// Ends it by itself after `max` messages in all.
    pub fn auto_unsubscribe(self: &Arc<Self>, max: i32) -> Result<()> {
        let max = u64::try_from(max)
            .map_err(|_| Error::invalid_arg(format!("max cannot be negative: {max}")))?;
        if self.home.is_closed() || !self.is_valid() {
            return Err(self.closed_error());
        }
        // With the registry locked, so that a reconnect sends either the old state and this, or the
        // new state; and with the queue locked, so that whoever takes a message too many meanwhile
        // sees the maximum when he is done.
        let changing = self.home.interest().change(self.home.outbound());
        let mut queue = self.queue.lock();
        let taken = self.taken_msgs.load(Ordering::Relaxed);
        // The server has ended it, and so will we when the last callback has returned.
        let old = self.max.load(Ordering::Relaxed);
        if old != 0 && old <= taken {
            return Ok(());
        }
        if max <= taken {
            drop((queue, changing));
            return self.unsubscribe();
        }
        self.max.store(max, Ordering::Relaxed);
        if self.intake.is_some() {
            // The server would count what the intake takes out.
            return Ok(());
        }
        let told = queue.set_max(max);
        drop(queue);
        changing.tell(|buf| encode::unsubscribe(buf, self.sid(), Some(told)));
        Ok(())
    }

    /// The program does not need it any more: ends it if it is open.
    pub fn destroy(self: &Arc<Self>) {
        if let Some(extension) = self.extension.get() {
            extension.destroying(self);
        }
        if self.is_valid() {
            self.leave(Closed::Unsubscribed);
        }
    }
}

impl<H: Home> Subscriber for Subscription<H> {
    fn line_len(&self) -> usize {
        let group = self.queue_group.as_deref().map_or(0, <[u8]>::len);
        self.name().count_bytes() + group
    }

    fn is_counted(&self) -> bool {
        self.purpose != Purpose::Replies
    }
}
