//! What became of the messages: from the answers of streams to the program's function.

use std::collections::VecDeque;
use std::sync::Weak;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};

use super::AsyncPublisher;
use crate::client::{CallbackJob, Progress, ReplySink};
use crate::js::Error;
use crate::js::publish::ack::{self, Alike};
use crate::js::publish::slots::{Acked, Freed, Token};
use crate::js::publish::why::why_not_stored;
use crate::locks::this_thread;
use crate::msg::{Msg, MsgList};

/// The work for the threads that call the program.
#[derive(Default)]
pub(in crate::js::publish) struct Inbox {
    pub(in crate::js::publish) acks: MsgList,
    /// Messages whose acknowledgements have been put to them already: with manual dispatch.
    pub(in crate::js::publish) acked: VecDeque<Acknowledged>,
    pub(in crate::js::publish) failed: VecDeque<Failed>,
}

impl Inbox {
    fn is_empty(&self) -> bool {
        self.acks.is_empty() && self.acked.is_empty() && self.failed.is_empty()
    }
}

/// A message and its acknowledgement.
pub(in crate::js::publish) struct Acknowledged {
    msg: Msg,
    ack: Msg,
    /// It had been marked as lost.
    lost: bool,
}

/// A message whose outcome is decided.
pub(in crate::js::publish) struct Failed {
    pub(in crate::js::publish) msg: Msg,
    pub(in crate::js::publish) error: Error,
    /// It had been marked as lost.
    pub(in crate::js::publish) lost: bool,
}

impl AsyncPublisher {
    pub(super) fn take_in(&self, mut msgs: MsgList) {
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
        let mut alike = Alike::default();
        while let Some(ack) = msgs.pop() {
            let Some((msg, ack, was_lost)) = self.message_of(ack, &mut freed) else {
                continue;
            };
            match alike.check(&ack) {
                Ok(()) => {
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
    pub(in crate::js::publish) fn fail(&self, msg: Msg, error: Error, lost: bool) {
        if self.handler.is_none() {
            drop(msg);
            self.gate.leave(1, usize::from(lost));
            return;
        }
        let error = why_not_stored(error, &msg);
        let failed = Failed { msg, error, lost };
        self.inbox.lock().failed.push_back(failed);
        self.gate.look_again();
        self.schedule();
    }

    pub(in crate::js::publish) fn schedule(&self) {
        if let Some(queue) = self.queue.get() {
            queue.schedule();
        }
    }

    pub(super) fn drop_inbox(&self) {
        let inbox = std::mem::take(&mut *self.inbox.lock());
        let failed = inbox.failed.iter().map(|failed| failed.lost);
        let lost = failed.chain(inbox.acked.iter().map(|acked| acked.lost));
        let lost = lost.filter(|lost| *lost).count();
        self.gate
            .leave(inbox.failed.len() + inbox.acked.len(), lost);
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
            Err(error) => {
                let error = why_not_stored(error, &msg);
                handler.failed(msg, &error);
            }
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

/// The part of a publisher that the connection refers to.
pub(super) struct WeakPublisher(pub(super) Weak<AsyncPublisher>);

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
