//! Asynchronous publishing.
//!
//! A message that is published is put into a slot of the table ([`super::slots`]), and the token of the slot into the
//! reply subject. Acknowledgements arrive in lists, one for each read of the socket (`outcomes`). If the program has no
//! function for them, the thread that read them matches them with their messages, and both are dropped. Otherwise the
//! lists are passed to the threads that call the program. [`super::giving_up`] handles the loss of the connection and
//! timeouts.

mod outcomes;

use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64};
use std::sync::{Arc, OnceLock, Weak};
use std::time::{Duration, Instant};

use smallvec::SmallVec;

use self::outcomes::{Inbox, WeakPublisher};
use super::ack::Ack;
use super::gate::Gate;
use super::options::MSG_ID;
use super::recovery::Recovery;
use super::settings::{AsyncSettings, Policy};
use super::slots::{NEVER, Sent, Slots, Token};
use super::why::why_not_stored;
use crate::client::{CallbackQueue, Connection, Monitor, Observation, Publish, ReplyContext, When};
use crate::error::{Error as Plain, Status};
use crate::js::{Error, Result};
use crate::locks::{Mutex, this_thread};
use crate::msg::{Msg, MsgList};
use crate::proto::nuid;

/// Receives the outcome of each message. Calls do not overlap.
pub trait AckHandler: Send + Sync {
    /// Does it need to know of each message that was stored, or only of the others?
    fn wants_acks(&self) -> bool;

    /// A message was stored.
    fn acked(&self, msg: Msg, ack: &Ack<'_>);

    /// A message was not stored, or its outcome is unknown.
    fn failed(&self, msg: Msg, error: &Error);
}

/// The asynchronous publisher of one context.
pub struct AsyncPublisher {
    pub(super) conn: Arc<Connection>,
    pub(super) settings: AsyncSettings,
    pub(super) policy: Arc<Policy>,
    pub(super) handler: Option<Arc<dyn AckHandler>>,
    wants_acks: bool,
    pub(super) slots: Slots,
    pub(super) gate: Gate,
    replies: OnceLock<Arc<ReplyContext>>,
    queue: OnceLock<Arc<CallbackQueue>>,
    /// Messages to send again, or to give up.
    pub(super) recovery: Recovery,
    observation: OnceLock<Observation>,
    pub(super) inbox: Mutex<Inbox>,
    /// Held while a pending message is out of its slot to be sent again, so that a thread that takes all messages does
    /// not miss it.
    pub(super) resending: Mutex<()>,
    /// The number of times that the connection was lost.
    pub(super) session: AtomicU32,
    /// The origin of the publisher's time.
    base: Instant,
    /// The latest time at which a timer checks for messages whose time is over.
    pub(super) next_look: AtomicU64,
    /// The context was destroyed.
    destroyed: AtomicBool,
    /// The thread that is in the program's function; 0 for none.
    calling: AtomicU64,
    pub(super) me: Weak<AsyncPublisher>,
}

impl AsyncPublisher {
    /// Creates the publisher of a connection.
    pub fn new(
        conn: &Arc<Connection>,
        settings: AsyncSettings,
        policy: Arc<Policy>,
        handler: Option<Arc<dyn AckHandler>>,
    ) -> Result<Arc<Self>> {
        let publisher = Arc::new_cyclic(|me| AsyncPublisher {
            conn: conn.clone(),
            settings,
            policy,
            wants_acks: handler.as_ref().is_some_and(|h| h.wants_acks()),
            handler,
            slots: Slots::new(),
            gate: Gate::new(settings.max_pending, Monitor::new(conn, ())),
            replies: OnceLock::new(),
            queue: OnceLock::new(),
            recovery: Recovery::default(),
            observation: OnceLock::new(),
            inbox: Mutex::default(),
            resending: Mutex::default(),
            session: AtomicU32::new(0),
            base: Instant::now(),
            next_look: AtomicU64::new(NEVER),
            destroyed: AtomicBool::new(false),
            calling: AtomicU64::new(0),
            me: me.clone(),
        });
        let weak = Arc::new(WeakPublisher(Arc::downgrade(&publisher)));
        let replies = ReplyContext::new(conn, settings.mux_replies, weak.clone())
            .map_err(|e| conn.explained(e, || "asynchronous publishes".to_owned()))?;
        let _ = publisher.queue.set(CallbackQueue::new(conn, weak.clone())?);
        publisher.recovery.start(conn, &publisher.me)?;
        let _ = publisher.replies.set(replies);
        let observation = conn.observe(move |_, event| {
            if let Some(publisher) = weak.0.upgrade() {
                publisher.connection_changed(event);
            }
        });
        let _ = publisher.observation.set(observation);
        Ok(publisher)
    }

    /// Publishes a message. Returns it with the error if that fails. `max_wait` is the time to wait for its
    /// acknowledgement.
    pub fn publish(&self, mut msg: Msg, max_wait: Option<Duration>) -> Result<(), (Msg, Error)> {
        let due = match max_wait {
            None => NEVER,
            Some(wait) => self.now().saturating_add(millis(wait)),
        };
        if self.policy.resends()
            && let Err(e) = give_id(&mut msg)
        {
            return Err((msg, e));
        }
        if let Err(e) = self.enter() {
            let e = why_not_stored(e, &msg);
            return Err((msg, e));
        }
        let Some(token) = self.slots.claim() else {
            self.gate.turn_back();
            let e = why_not_stored(Plain::from(Status::NATS_LIMIT_REACHED).into(), &msg);
            return Err((msg, e));
        };
        let sent = Sent {
            session: self.session.load(SeqCst),
            retries: 0,
            resends: 0,
            due,
        };
        if let Err(e) = self.transmit(token, &msg)
            && self.slots.abandon(token)
        {
            self.gate.turn_back();
            return Err((msg, e.into()));
        }
        let early = self.slots.settle(token, msg, sent);
        self.settled(token, sent, early);
        Ok(())
    }

    fn enter(&self) -> Result<()> {
        // A message for which the program's function is called makes room when that returns.
        let extra = usize::from(self.is_calling());
        let deadline = || Instant::now().checked_add(self.settings.stall_wait);
        let stop = || match () {
            () if self.destroyed.load(SeqCst) => Some(destroyed()),
            () if self.conn.is_draining() => Some(Status::NATS_DRAINING.into()),
            () => None,
        };
        self.gate.enter(extra, deadline, stop).map_err(|e| {
            let e = match e.status() {
                Status::NATS_TIMEOUT => Plain::new(
                    Status::NATS_TIMEOUT,
                    format!(
                        "stalled with too many outstanding async published messages ({})",
                        self.gate.pending()
                    ),
                ),
                _ => e,
            };
            e.into()
        })
    }

    /// Publishes a message that has a slot.
    pub(super) fn transmit(&self, token: Token, msg: &Msg) -> Result<(), Plain> {
        let Some(replies) = self.replies.get() else {
            return Err(Status::NATS_CONNECTION_CLOSED.into());
        };
        let mut reply = SmallVec::<[u8; 96]>::from_slice(replies.prefix());
        reply.extend_from_slice(&token.text());
        let out = Publish {
            subject: msg.subject(),
            reply: Some(&reply),
            headers: msg.header_block(),
            payload: msg.payload(),
        };
        self.conn.publish_with(&out, When::Buffered, None)
    }

    /// A message was published: it is pending from now on, together with its acknowledgement if that has arrived
    /// already.
    pub(super) fn settled(&self, token: Token, sent: Sent, early: Option<Msg>) {
        if self.destroyed.load(SeqCst) {
            self.discard(token);
            return;
        }
        if sent.due != NEVER {
            self.look_at(sent.due);
        }
        if let Some(ack) = early {
            let mut list = MsgList::new();
            list.push(ack);
            self.take_in(list);
        }
    }

    /// The number of pending messages.
    pub fn pending(&self) -> usize {
        self.gate.pending()
    }

    /// Waits until no message is pending.
    pub fn complete(&self, deadline: Option<Instant>) -> Result<()> {
        if self.is_calling() {
            // A message for which the program's function is called counts until that returns.
            return match self.gate.pending() {
                0..=1 => Ok(()),
                _ => Err(Plain::illegal_state(
                    "the function that is told of acknowledgements cannot wait for others",
                )
                .into()),
            };
        }
        let stop = || self.destroyed.load(SeqCst).then(destroyed);
        let result = match self.handler.is_some() && self.conn.is_dispatched() {
            true => self.gate.wait(deadline, || match stop() {
                Some(error) => Some(Err(error)),
                None => self.all_answered().then_some(Ok(())),
            }),
            false => self.gate.complete(deadline, stop),
        };
        result.map_err(|e| {
            let pending = self.gate.pending();
            let e = match e.status() {
                Status::NATS_TIMEOUT => Plain::new(
                    Status::NATS_TIMEOUT,
                    format!("{pending} messages still wait for their acknowledgements"),
                ),
                Status::NATS_CONNECTION_DISCONNECTED => Plain::new(
                    Status::NATS_CONNECTION_DISCONNECTED,
                    format!(
                        "the connection was lost: no acknowledgements will come for {pending} messages"
                    ),
                ),
                Status::NATS_CONNECTION_CLOSED => Plain::new(
                    Status::NATS_CONNECTION_CLOSED,
                    format!(
                        "the connection is closed: no acknowledgements will come for {pending} messages, which \
                         js_PublishAsyncGetPendingList hands out"
                    ),
                ),
                _ => e,
            };
            e.into()
        })
    }

    /// Is nothing more to be expected for any message, whether the program was told or not?
    fn all_answered(&self) -> bool {
        // The thread that sends a message again may wait for the socket, and has waiting threads look when it is done.
        let none_is_resent = self.resending.try_lock();
        none_is_resent.is_some() && self.slots.waiting().next().is_none()
    }

    /// Takes all messages that wait: their acknowledgements lead to nothing from now on.
    pub fn take_pending(&self) -> Vec<Msg> {
        let taken: Vec<_> = {
            let _none_is_resent = self.resending.lock();
            let waiting = self.slots.waiting();
            waiting
                .filter_map(|(token, _)| self.slots.take(token))
                .collect()
        };
        let lost = taken.iter().filter(|(_, lost)| *lost).count();
        self.gate.leave(taken.len(), lost);
        self.gate.round_over();
        taken.into_iter().map(|(msg, _)| msg).collect()
    }

    /// The context is destroyed: its messages are dropped, and no function is called for them.
    pub fn destroy(&self) {
        self.destroyed.store(true, SeqCst);
        self.stop();
        self.drop_inbox();
        drop(self.take_pending());
        self.gate.wake();
    }

    /// No more acknowledgements arrive. The program is only told of those that have arrived.
    fn stop(&self) {
        if let Some(replies) = self.replies.get() {
            replies.close();
        }
        self.close_queue();
    }

    fn close_queue(&self) {
        if let Some(queue) = self.queue.get() {
            queue.close();
        }
        self.recovery.close();
    }

    fn discard(&self, token: Token) {
        if let Some((_, lost)) = self.slots.take(token) {
            self.gate.leave(1, usize::from(lost));
        }
    }

    /// Is the calling thread in the program's function?
    fn is_calling(&self) -> bool {
        self.calling.load(Relaxed) == this_thread()
    }

    pub(super) fn now(&self) -> u64 {
        millis(self.base.elapsed())
    }
}

impl Drop for AsyncPublisher {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Does its stream know it again?
pub(super) fn has_id(msg: &Msg) -> bool {
    msg.header(MSG_ID).is_some_and(|id| !id.is_empty())
}

/// A message that may be sent again needs an id, by which its stream knows it again.
fn give_id(msg: &mut Msg) -> Result<()> {
    if !has_id(msg) {
        msg.headers_mut()?.set(MSG_ID, Some(&nuid::next()));
    }
    Ok(())
}

fn destroyed() -> Plain {
    Plain::illegal_state("the JetStream context was destroyed")
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(NEVER)
}
