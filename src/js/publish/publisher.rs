//! Asynchronous publishing.
//!
//! A message that is published is put into a slot of the table ([`super::slots`]), and the token of the slot into the
//! reply subject. Acknowledgements arrive in lists, one for each read of the socket. If the program has no function for
//! them, the thread that read them matches them with their messages, and both are dropped. Otherwise the lists are
//! passed to the threads that call the program. [`super::giving_up`] handles the loss of the connection and timeouts.

use std::collections::VecDeque;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64};
use std::sync::{Arc, OnceLock, Weak};
use std::time::{Duration, Instant};

use smallvec::SmallVec;

use super::ack::{self, Ack};
use super::gate::Gate;
use super::options::MSG_ID;
use super::recovery::Recovery;
use super::settings::{AsyncSettings, Policy};
use super::slots::{Acked, Freed, NEVER, Sent, Slots, Token};
use crate::client::{
    CallbackJob, CallbackQueue, Connection, Monitor, Observation, Progress, Publish, ReplyContext,
    ReplySink, When,
};
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

/// The work for the threads that call the program.
#[derive(Default)]
pub(super) struct Inbox {
    pub(super) acks: MsgList,
    /// Messages whose acknowledgements have been put to them already: with manual dispatch.
    pub(super) acked: VecDeque<Acknowledged>,
    pub(super) failed: VecDeque<Failed>,
}

impl Inbox {
    fn is_empty(&self) -> bool {
        self.acks.is_empty() && self.acked.is_empty() && self.failed.is_empty()
    }
}

/// A message and its acknowledgement.
pub(super) struct Acknowledged {
    msg: Msg,
    ack: Msg,
    /// It had been marked as lost.
    lost: bool,
}

/// A message whose outcome is decided.
pub(super) struct Failed {
    pub(super) msg: Msg,
    pub(super) error: Error,
    /// It had been marked as lost.
    pub(super) lost: bool,
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
        let replies = ReplyContext::new(conn, settings.mux_replies, weak.clone())?;
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
            return Err((msg, e));
        }
        let Some(token) = self.slots.claim() else {
            self.gate.turn_back();
            return Err((msg, Plain::from(Status::NATS_LIMIT_REACHED).into()));
        };
        let sent = Sent {
            session: self.session.load(SeqCst),
            retries: 0,
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

    fn take_in(&self, mut msgs: MsgList) {
        if self.wants_acks {
            match self.conn.is_dispatched() {
                true => self.keep_for_dispatch(msgs),
                false => self.inbox.lock().acks.append(&mut msgs),
            }
            self.schedule();
            return;
        }
        let mut freed = Freed::default();
        let (mut done, mut lost) = (0, 0);
        while let Some(ack) = msgs.pop() {
            let Some((msg, ack, was_lost)) = self.message_of(ack, &mut freed) else {
                continue;
            };
            match ack::of(&ack) {
                Ok(_) => {
                    done += 1;
                    lost += usize::from(was_lost);
                    drop(msg);
                }
                Err(error) => self.fail(msg, error, was_lost),
            }
        }
        self.slots.give_back(freed);
        self.gate.leave(done, lost);
        self.gate.round_over();
    }

    /// Puts acknowledgements to their messages before the program is called, which may be long after: a thread that
    /// waits for all of them, see [`complete`](Self::complete), may be the one that dispatches.
    fn keep_for_dispatch(&self, mut msgs: MsgList) {
        let mut freed = Freed::default();
        while let Some(ack) = msgs.pop() {
            if let Some((msg, ack, lost)) = self.message_of(ack, &mut freed) {
                let acked = Acknowledged { msg, ack, lost };
                self.inbox.lock().acked.push_back(acked);
            }
        }
        self.slots.give_back(freed);
        self.gate.look_again();
    }

    /// The message that an acknowledgement is for.
    fn message_of(&self, ack: Msg, freed: &mut Freed) -> Option<(Msg, Msg, bool)> {
        let token = Token::parse(self.replies.get()?.token(&ack)?)?;
        if ack.is_no_responders() && self.try_later(token) {
            return None;
        }
        match self.slots.acked(token, ack, freed) {
            Acked::Done { msg, ack, lost } => Some((msg, ack, lost)),
            Acked::Later | Acked::Unknown => None,
        }
    }

    /// A message was not stored, or its outcome is unknown: calls the program's function, if there is one.
    pub(super) fn fail(&self, msg: Msg, error: Error, lost: bool) {
        if self.handler.is_none() {
            drop(msg);
            self.gate.leave(1, usize::from(lost));
            return;
        }
        let failed = Failed { msg, error, lost };
        self.inbox.lock().failed.push_back(failed);
        self.gate.look_again();
        self.schedule();
    }

    pub(super) fn schedule(&self) {
        if let Some(queue) = self.queue.get() {
            queue.schedule();
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

    fn drop_inbox(&self) {
        let inbox = std::mem::take(&mut *self.inbox.lock());
        let failed = inbox.failed.iter().map(|failed| failed.lost);
        let lost = failed.chain(inbox.acked.iter().map(|acked| acked.lost));
        let lost = lost.filter(|lost| *lost).count();
        self.gate
            .leave(inbox.failed.len() + inbox.acked.len(), lost);
    }

    /// Is the calling thread in the program's function?
    fn is_calling(&self) -> bool {
        self.calling.load(Relaxed) == this_thread()
    }

    pub(super) fn now(&self) -> u64 {
        millis(self.base.elapsed())
    }

    /// Calls the program for up to `limit` messages.
    fn run_some(&self, limit: usize) -> Progress {
        let mut work = std::mem::take(&mut *self.inbox.lock());
        let mut ran = 0;
        self.calling.store(this_thread(), Relaxed);
        while ran < limit && !self.destroyed.load(SeqCst) {
            let Some(lost) = self.tell_of_one(&mut work) else {
                break;
            };
            ran += 1;
            self.gate.leave(1, usize::from(lost));
        }
        self.calling.store(0, Relaxed);
        self.gate.round_over();
        let more = self.put_back(work);
        Progress { ran, more }
    }

    /// Calls the program's function once. Returns whether the message had been marked as lost.
    fn tell_of_one(&self, work: &mut Inbox) -> Option<bool> {
        let handler = self.handler.as_ref()?;
        if let Some(Failed { msg, error, lost }) = work.failed.pop_front() {
            handler.failed(msg, &error);
            return Some(lost);
        }
        let Acknowledged { msg, ack, lost } = match work.acked.pop_front() {
            Some(acked) => acked,
            None => self.next_acknowledged(&mut work.acks)?,
        };
        match ack::of(&ack) {
            Ok(ack) => handler.acked(msg, &ack),
            Err(error) => handler.failed(msg, &error),
        }
        Some(lost)
    }

    fn next_acknowledged(&self, acks: &mut MsgList) -> Option<Acknowledged> {
        loop {
            let ack = acks.pop()?;
            let mut freed = Freed::default();
            let found = self.message_of(ack, &mut freed);
            self.slots.give_back(freed);
            if let Some((msg, ack, lost)) = found {
                return Some(Acknowledged { msg, ack, lost });
            }
        }
    }

    /// Puts the remainder before what has arrived in the meantime. Is there anything?
    fn put_back(&self, mut work: Inbox) -> bool {
        let mut inbox = self.inbox.lock();
        work.acks.append(&mut inbox.acks);
        inbox.acks = work.acks;
        work.failed.append(&mut inbox.failed);
        inbox.failed = work.failed;
        work.acked.append(&mut inbox.acked);
        inbox.acked = work.acked;
        let more = !inbox.is_empty();
        drop(inbox);
        if more && self.destroyed.load(SeqCst) {
            self.drop_inbox();
            return false;
        }
        more
    }
}

impl Drop for AsyncPublisher {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The part of a publisher that the connection refers to.
struct WeakPublisher(Weak<AsyncPublisher>);

impl ReplySink for WeakPublisher {
    fn replies(&self, msgs: MsgList) {
        if let Some(publisher) = self.0.upgrade() {
            publisher.take_in(msgs);
        }
    }

    fn ended(&self) {
        if let Some(publisher) = self.0.upgrade() {
            publisher.close_queue();
        }
    }
}

impl CallbackJob for WeakPublisher {
    fn run_some(&self, limit: usize) -> Progress {
        let nothing = Progress {
            ran: 0,
            more: false,
        };
        self.0.upgrade().map_or(nothing, |p| p.run_some(limit))
    }

    fn forget(&self) {
        if let Some(publisher) = self.0.upgrade() {
            publisher.drop_inbox();
        }
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
