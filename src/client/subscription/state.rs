//! The subscription: its properties and counts. The way of messages through it is in `delivery`.

use std::ffi::{CStr, CString};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use once_cell::race::OnceBox;

use crate::client::ForeignHandle;
use crate::client::callbacks::life::LifetimeGuard;
use crate::client::interest::registry::Subscriber;
use crate::client::subscription::bound::Bound;
use crate::client::subscription::endings::Endings;
use crate::client::subscription::home::Home;
use crate::client::subscription::intake::Intake;
use crate::client::subscription::queue::{Closed, Queue};
use crate::client::subscription::rare::Rare;
use crate::client::sync::ranked::{RankedMutex, rank};
use crate::error::{Error, Result, Status};
use crate::locks::Condvar;
use crate::msg::Msg;
use crate::proto::encode;
use crate::proto::write_buf::WriteBuf;
use crate::runtime::Dispatcher;
use crate::words::shown;

/// The receiver of a subscription's messages. Calls never overlap. Messages are delivered in rounds, each on one thread;
/// the next round may be on another thread.
pub trait MsgSink<S = crate::client::Subscription>: Send + Sync {
    /// Runs a round, which calls [`MsgSink::deliver`] any number of times. What the deliveries of a round share is on
    /// the stack of an implementation, so that it takes no memory while there are none.
    fn around(&self, sub: &Arc<S>, round: &mut dyn FnMut()) {
        let _ = sub;
        round();
    }

    /// Delivers a message. `None` means that none arrived within the subscription's timeout, or that the subscription
    /// was [nudged](Subscription::nudge).
    fn deliver(&self, sub: &Arc<S>, msg: Option<Msg>);

    /// The subscription is closed, and no message follows. Called once, before its completion callback. May wait.
    fn completed(&self, sub: &Arc<S>) {
        let _ = sub;
    }

    /// Does `completed` call the program?
    fn reports_the_end(&self) -> bool {
        false
    }
}

/// The parameters of a subscription.
pub struct SubscribeArgs<'a, S = crate::client::Subscription> {
    /// The subject, which may have wildcards.
    pub subject: &'a [u8],
    /// The queue group: each message goes to one of its members only.
    pub queue: Option<&'a [u8]>,
    /// The receiver of the messages; `None` if [`Subscription::next_msg`] fetches them.
    pub sink: Option<Box<dyn MsgSink<S>>>,
    /// The time without a message after which the sink is told.
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

/// What a subscription is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::client) enum Purpose {
    /// Messages for the program.
    Messages,
    /// The answer to a request. It stays open while the subscriptions of the connection drain, because their callbacks
    /// may make requests.
    Answer,
    /// A reply context, as long as the connection is open: no drain ends it or waits for it.
    Replies,
}

/// The counts of a subscription.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SubStats {
    /// The pending messages.
    pub pending_msgs: i32,
    /// Headers and payload of the pending messages.
    pub pending_bytes: i32,
    /// The largest number of pending messages so far.
    pub max_pending_msgs: i32,
    /// The largest number of pending bytes so far.
    pub max_pending_bytes: i32,
    /// The messages delivered to the program.
    pub delivered: i64,
    /// The messages dropped because of the pending limits.
    pub dropped: i64,
}

/// The parameters that the connection adds.
pub(in crate::client) struct Made {
    pub(in crate::client) sid: u64,
    pub(in crate::client) subject: CString,
    /// The limits for pending messages and bytes; negative for no limit.
    pub(in crate::client) pending_limits: (i32, i32),
    /// The delivery thread for its messages; `None` for the pool that grows as needed.
    pub(in crate::client) delivery_thread: Option<Arc<Dispatcher>>,
    /// The lifetime guard, if the program has a callback.
    pub(in crate::client) lifetime_guard: Option<LifetimeGuard>,
}

/// A subscription. `H` is the connection that it belongs to.
pub struct Subscription<H> {
    pub(super) home: Arc<H>,
    pub(super) bound: Bound,
    queue_group: Option<Box<[u8]>>,
    pub(super) purpose: Purpose,
    pub(super) sink: Option<Box<dyn MsgSink<Subscription<H>>>>,
    pub(super) rare: OnceBox<Rare<Subscription<H>>>,
    /// The delivery thread for its messages; `None` for the pool that grows as needed.
    delivery_thread: Option<Arc<Dispatcher>>,
    handle: OnceLock<ForeignHandle>,
    pub(super) endings: Endings<Subscription<H>>,
    pub(super) queue: RankedMutex<{ rank::QUEUE }, Queue>,
    /// A message has arrived, or the subscription was closed or drained. Used with `queue`. A thread that takes a
    /// message and leaves others wakes the next waiter.
    pub(super) changed: Condvar,
    /// The subscription is complete. Used with `queue`.
    pub(super) completed: Condvar,
    /// The messages and bytes that have been delivered. Written by one thread at a time, so the path of a message needs
    /// no atomic addition.
    pub(super) taken_msgs: AtomicU64,
    pub(super) taken_bytes: AtomicU64,
    /// The number of messages after which the subscription ends by itself; 0 for none.
    pub(super) max: AtomicU64,
    /// Mirrors `queue.closed`, for the delivering thread.
    pub(super) ended: AtomicBool,
    /// Its callbacks have been short-running so far; false before the first.
    pub(super) short_running: AtomicBool,
}

impl<H: Home> Subscription<H> {
    /// Creates a subscription that the server does not know yet.
    pub(in crate::client) fn new(
        home: &Arc<H>,
        purpose: Purpose,
        args: SubscribeArgs<'_, Subscription<H>>,
        made: Made,
    ) -> Arc<Self> {
        Arc::new(Subscription {
            home: home.clone(),
            bound: Bound::new(made.sid, made.subject),
            queue_group: args.queue.map(Box::from),
            purpose,
            sink: args.sink,
            rare: Rare::if_any(args.intake, args.timeout),
            delivery_thread: made.delivery_thread,
            handle: OnceLock::new(),
            endings: Endings::default(),
            queue: RankedMutex::new(Queue::new(made.pending_limits, made.lifetime_guard)),
            changed: Condvar::new(),
            completed: Condvar::new(),
            taken_msgs: AtomicU64::new(0),
            taken_bytes: AtomicU64::new(0),
            max: AtomicU64::new(0),
            ended: AtomicBool::new(false),
            short_running: AtomicBool::new(false),
        })
    }

    /// Stores the handle by which a foreign caller knows the subscription; once.
    pub fn set_handle(&self, handle: ForeignHandle) {
        // A second call is a mistake of the caller; its handle is dropped.
        let _ = self.handle.set(handle);
    }

    /// The address by which the foreign caller knows the subscription, or 0.
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

    /// Schedules its callback, in the way that applies to it.
    pub(in crate::client) fn schedule(self: &Arc<Self>) {
        match (self.home.manual(), &self.delivery_thread) {
            (Some(manual), _) => manual.schedule(self.clone()),
            (None, Some(delivery_thread)) => delivery_thread.submit(self.clone()),
            (None, None) => self.home.runtime().delivery.submit(self.clone()),
        }
    }

    pub(in crate::client) fn encode_subscribe(&self, buf: &mut WriteBuf) {
        self.home.log().trace(|| {
            let queue = self
                .queue_group
                .as_deref()
                .map(|q| format!(" {}", shown(q)));
            let subject = shown(self.name().to_bytes()).to_string();
            format!(
                "-> SUB {subject}{} {}",
                queue.unwrap_or_default(),
                self.sid()
            )
        });
        encode::subscribe(
            buf,
            self.name().to_bytes(),
            self.queue_group.as_deref(),
            self.sid(),
        );
    }

    /// Encodes the end of the subscription: now, or after this number of messages.
    pub(in crate::client) fn encode_unsubscribe(&self, buf: &mut WriteBuf, max: Option<u64>) {
        self.home.log().trace(|| {
            let max = max.map(|max| format!(" {max}")).unwrap_or_default();
            format!("-> UNSUB {}{max}", self.sid())
        });
        encode::unsubscribe(buf, self.sid(), max);
    }

    /// Encodes the subscription for a new server. Returns true if that includes a SUB, which the server may refuse.
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
        let left = left.filter(|left| *left == 0 || self.intake().is_none());
        queue.begin_with_server(taken, left);
        drop(queue);
        match left {
            // The subscription ends when its last callback returns.
            Some(0) => {
                self.encode_unsubscribe(buf, None);
                false
            }
            left => {
                self.encode_subscribe(buf);
                if left.is_some() {
                    self.encode_unsubscribe(buf, left);
                }
                true
            }
        }
    }

    /// The error of calls after the subscription was closed.
    pub(in crate::client) fn closed_status(&self) -> Status {
        if self.home.is_closed() {
            Status::NATS_CONNECTION_CLOSED
        } else {
            Status::NATS_INVALID_SUBSCRIPTION
        }
    }

    /// Why calls fail after the subscription was closed. Called with no lock held.
    pub(in crate::client) fn closed_error(&self) -> Error {
        self.why_closed(self.closed_status())
    }

    /// Fails with `error` if the subscription is closed; otherwise calls `f` with the queue.
    fn while_open<R>(&self, look: impl FnOnce(&mut Queue) -> R) -> Result<R> {
        let mut queue = self.queue.lock();
        if queue.is_closed() {
            drop(queue);
            return Err(self.why_closed(Status::NATS_INVALID_SUBSCRIPTION));
        }
        Ok(look(&mut queue))
    }

    /// Its number on the connection; 0 after it was closed.
    pub fn id(&self) -> i64 {
        self.while_open(|_| self.sid() as i64).unwrap_or(0)
    }

    /// Its subject; `None` after it was closed.
    pub fn subject(&self) -> Option<&CStr> {
        self.is_valid().then(|| self.bound.shown())
    }

    /// Is it open? A subscription is open while it drains.
    pub fn is_valid(&self) -> bool {
        !self.queue.lock().is_closed()
    }

    /// Does the server send it messages? It does not while the subscription drains, nor after its maximum of messages.
    pub fn is_served(&self) -> bool {
        let queue = self.queue.lock();
        !queue.is_closed() && !queue.server_has_ended()
    }

    /// The pending messages and bytes.
    pub fn pending(&self) -> Result<(i32, i32)> {
        self.while_open(|q| q.pending(self.taken()))
    }

    /// The messages that have not been delivered to the program, also after the subscription was closed.
    pub(in crate::client) fn left(&self) -> i32 {
        self.queue.lock().pending(self.taken()).0
    }

    /// The limits for pending messages and bytes; negative for no limit.
    pub fn pending_limits(&self) -> Result<(i32, i32)> {
        self.while_open(|q| q.limits())
    }

    /// Sets the limits for pending messages and bytes; negative for no limit.
    pub fn set_pending_limits(&self, msgs: i32, bytes: i32) -> Result<()> {
        if msgs == 0 || bytes == 0 {
            return Err(Error::invalid_arg(format!(
                "Limits must be either > 0 or negative to specify no limit: \
                 {msgs} messages, {bytes} bytes"
            )));
        }
        self.while_open(|q| q.set_limits(msgs, bytes))
    }

    /// The largest numbers of pending messages and bytes so far.
    pub fn max_pending(&self) -> Result<(i32, i32)> {
        self.while_open(|q| q.most())
    }

    /// Resets [`Subscription::max_pending`].
    pub fn clear_max_pending(&self) -> Result<()> {
        self.while_open(|q| q.clear_most())
    }

    /// The number of messages delivered to the program.
    pub fn delivered(&self) -> Result<i64> {
        self.while_open(|_| self.taken_msgs.load(Ordering::Relaxed) as i64)
    }

    /// The number of messages dropped because of the pending limits.
    pub fn dropped(&self) -> Result<i64> {
        self.while_open(|q| q.dropped() as i64)
    }

    /// All counts.
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

    /// Sets a function that runs once, when the last callback has returned and none will follow; `None` unsets it.
    /// That is possible until it is time to run it. If this fails for a subscription with a sink, all its callbacks have
    /// returned.
    pub fn set_on_complete(&self, callback: Option<Box<dyn FnOnce() + Send>>) -> Result<()> {
        if self.sink.is_none() {
            let text = self.called() + " has no callback, and so no completion callback";
            return Err(Error::new(Status::NATS_INVALID_SUBSCRIPTION, text));
        }
        let set = self.queue.lock().set_on_complete(callback);
        // One of the two is dropped, without the lock.
        let late = set.is_err();
        drop(set);
        match late {
            true => Err(self.why_closed(Status::NATS_INVALID_SUBSCRIPTION)),
            false => Ok(()),
        }
    }

    /// Ends the subscription at once: pending messages are dropped.
    pub fn unsubscribe(self: &Arc<Self>) -> Result<()> {
        if self.home.is_closed() || !self.is_valid() {
            return Err(self.closed_error());
        }
        self.leave(Closed::Unsubscribed);
        match self.extension_dyn() {
            Some(extension) => extension.unsubscribed(self),
            None => Ok(()),
        }
    }

    /// Ends the subscription by itself after `max` messages in total.
    pub fn auto_unsubscribe(self: &Arc<Self>, max: i32) -> Result<()> {
        let max = u64::try_from(max)
            .map_err(|_| Error::invalid_arg(format!("max cannot be negative: {max}")))?;
        if self.home.is_closed() || !self.is_valid() {
            return Err(self.closed_error());
        }
        // With the registry locked, so that a reconnect sends either the old state followed by this UNSUB, or the new
        // state; and with the queue locked, so that a thread that takes a message too many in the meantime sees the
        // maximum when it is done.
        let changing = self.home.interest().change(self.home.outbound());
        let mut queue = self.queue.lock();
        let taken = self.taken_msgs.load(Ordering::Relaxed);
        // The server has ended it. The subscription ends here when the last callback has returned.
        let old = self.max.load(Ordering::Relaxed);
        if old != 0 && old <= taken {
            return Ok(());
        }
        if max <= taken {
            drop((queue, changing));
            if max == 0 {
                return self.unsubscribe();
            }
            // As if the maximum were reached later: a consumer that belongs to the subscription is kept, whichever
            // comes first, the messages or this call.
            self.destroy();
            return Ok(());
        }
        self.max.store(max, Ordering::Relaxed);
        if self.intake().is_some() {
            // The server would count the messages that the intake removes.
            return Ok(());
        }
        let told = queue.set_max(max);
        drop(queue);
        changing.tell(|buf| self.encode_unsubscribe(buf, Some(told)));
        Ok(())
    }

    /// The program does not need the subscription any more: ends it if it is open.
    pub fn destroy(self: &Arc<Self>) {
        if let Some(extension) = self.extension_dyn() {
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
