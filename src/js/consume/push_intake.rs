//! Processes the messages of a push consumer before they are delivered to the program: heartbeats and flow control
//! are removed, and the [`Machine`](super::machine::Machine) is notified of the other messages.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use super::machine::Kind;
use super::metadata::Metadata;
use super::push::{Push, SequenceMismatch, State, mismatch};
use super::recover::{Recovered, recover};
use super::room::{Room, report_overflow};
use crate::client::{Intake, Subscription};
use crate::msg::{Msg, MsgList};
use crate::proto::decimal;

/// A message of the server to the client, which is not delivered to the program.
pub(super) enum Control {
    Heartbeat,
    Flow,
    Other,
}

/// Status 100 is for the client.
pub(super) fn control(msg: &Msg) -> Option<Control> {
    let status = msg.status().filter(|s| s.code == 100)?;
    Some(match status.description {
        d if d.starts_with(b"Idle") => Control::Heartbeat,
        d if d.starts_with(b"Flow") => Control::Flow,
        _ => Control::Other,
    })
}

impl Intake for Push {
    fn take(&self, sub: &Arc<Subscription>, sid: u64, msgs: &mut MsgList) {
        let mut batch = std::mem::take(msgs);
        let now = Instant::now();
        let mut state = self.state.lock();
        if sid != state.sid || state.ended {
            // Dropped without the lock.
            drop(state);
            return;
        }
        if let Ok(dropped) = sub.dropped() {
            let dropped = u64::try_from(dropped).unwrap_or(0);
            self.counts.set_dropped(dropped);
        }
        let epoch = state.machine.epoch();
        let mut kept = MsgList::new();
        match self.kind {
            Kind::Plain if state.flow_acks.is_some() => {
                self.take_flow_acked(&mut state, sub, &mut batch, &mut kept, now);
            }
            Kind::Plain => self.take_plain(&mut state, &mut batch, &mut kept, now),
            Kind::Ordered => {
                let complete = self.take_ordered(&mut state, sub, &mut batch, &mut kept, now);
                if let (Some(after), Some(events)) = (complete, &self.events) {
                    events.initial_complete(after);
                }
            }
        }
        state.passed += kept.len() as u64;
        // With the lock held, so that the messages that the machine has accepted are put into the queue before
        // anything else is done, and in this order.
        if state.machine.is_creating() && self.wants_initial() {
            state.held.append(&mut kept);
        } else {
            self.release(&mut state, sub);
            if !kept.is_empty() {
                sub.enqueue(kept);
            }
        }
        self.answer_flow(&mut state);
        // After the messages that fitted were queued: the program may have taken all of them, and those before them,
        // in the meantime.
        if state.machine.is_full()
            && state.machine.epoch() != epoch
            && Room::of(sub).is_half_empty()
        {
            self.has_room(&mut state);
        }
        let act = state.machine.epoch() != epoch || state.machine.is_short();
        drop(state);
        drop(batch);
        if act {
            recover(self);
        }
    }
}

impl Push {
    fn take_plain(&self, state: &mut State, batch: &mut MsgList, kept: &mut MsgList, now: Instant) {
        // Only the last message before a heartbeat has to be compared.
        let mut last: Option<Msg> = None;
        let note = |state: &mut State, last: Option<Msg>, kept: &mut MsgList| {
            let Some(msg) = last else { return };
            if let Some(meta) = msg.reply().and_then(Metadata::parse) {
                state.machine.data(0, &meta, now);
            }
            kept.push(msg);
        };
        while let Some(msg) = batch.pop() {
            let Some(control) = control(&msg) else {
                if let Some(before) = last.replace(msg) {
                    kept.push(before);
                }
                continue;
            };
            note(state, last.take(), kept);
            self.control(state, control, &msg, kept.len(), now);
        }
        note(state, last, kept);
    }

    /// Returns the number of messages behind which the initial data have become complete, if they
    /// have.
    fn take_ordered(
        &self,
        state: &mut State,
        sub: &Arc<Subscription>,
        batch: &mut MsgList,
        kept: &mut MsgList,
        now: Instant,
    ) -> Option<u64> {
        let epoch = state.machine.epoch();
        let mut room = Room::of(sub);
        room.holds(&state.held);
        let mut complete = None;
        while let Some(msg) = batch.pop() {
            let is_complete = if let Some(control) = control(&msg) {
                self.control(state, control, &msg, kept.len(), now)
            } else if !room.take(msg.size()) {
                self.overflow(state, sub, now);
                continue;
            } else {
                // A message without metadata is not from the consumer.
                let State {
                    machine, follower, ..
                } = &mut *state;
                let meta = msg.reply().and_then(|reply| follower.read(reply));
                let outcome = meta.map(|meta| machine.delivery(epoch, &meta, now));
                let outcome = outcome.unwrap_or_default();
                if outcome.deliver {
                    kept.push(msg);
                }
                outcome.initial_complete
            };
            if is_complete {
                complete = Some(state.passed + kept.len() as u64);
            }
        }
        let last = kept.last().and_then(Msg::reply).and_then(Metadata::parse);
        if let Some(last) = last {
            state.machine.stored_at(last.timestamp);
        }
        complete
    }

    /// Returns whether the initial data have become complete.
    pub(super) fn control(
        &self,
        state: &mut State,
        control: Control,
        msg: &Msg,
        kept: usize,
        now: Instant,
    ) -> bool {
        let epoch = state.machine.epoch();
        match control {
            Control::Heartbeat => return self.heartbeat(state, msg, kept, now),
            Control::Flow => {
                state.machine.heartbeat(epoch, None, true, now);
                let Some(reply) = msg.reply().filter(|_| state.machine.is_listening()) else {
                    return false;
                };
                self.asked(state, reply, kept);
            }
            Control::Other => {}
        }
        false
    }

    /// The queue is full: messages that do not fit are requested again when there is room.
    fn overflow(&self, state: &mut State, sub: &Arc<Subscription>, now: Instant) {
        if state.machine.is_full() || !state.machine.is_listening() {
            return;
        }
        state.machine.overflowed(now);
        if state.machine.is_full() {
            self.counts.wait_for_room();
        }
        if !std::mem::replace(&mut state.overflow_told, true) {
            report_overflow(sub);
        }
    }

    fn heartbeat(&self, state: &mut State, msg: &Msg, kept: usize, now: Instant) -> bool {
        let epoch = state.machine.epoch();
        let stalled = msg.header(b"Nats-Consumer-Stalled");
        if let Some(subject) = stalled.filter(|s| !s.is_empty()) {
            match state.flow_acks {
                Some(_) => self.asked(state, subject, kept),
                None => self.answer(subject, None),
            }
        }
        let last = msg
            .header(b"Nats-Last-Consumer")
            .filter(|_| msg.reply().is_none())
            .and_then(decimal::whole);
        let ours = state.machine.consumer_seq();
        let outcome = state.machine.heartbeat(epoch, last, stalled.is_some(), now);
        match (last, &mut state.flow_acks) {
            (Some(last), Some(acks)) => acks.heartbeat(last),
            (Some(last), None) if self.kind == Kind::Plain && ours > 0 => {
                self.compare(state, last, ours);
            }
            _ => {}
        }
        outcome.initial_complete
    }

    /// A heartbeat has shown whether all messages have arrived.
    fn compare(&self, state: &mut State, server: u64, client: u64) {
        let told = state.mismatch.is_some();
        state.mismatch = (server != client).then(|| SequenceMismatch {
            stream: state.machine.stream_seq(),
            client,
            server,
        });
        if told || state.mismatch.is_none() {
            return;
        }
        if self.is_sync {
            self.mismatch_due.store(true, Ordering::Relaxed);
        } else if let Some(sub) = self.subscription() {
            let error = mismatch();
            self.connection().report_error(Some(&sub), &error);
        }
    }

    /// Is the end of the initial data to be reported?
    fn wants_initial(&self) -> bool {
        self.events.as_ref().is_some_and(|e| e.wants_initial())
    }

    /// Puts the messages into the queue that had to wait until the server reported the number of
    /// initial messages.
    pub(super) fn release(&self, state: &mut State, sub: &Arc<Subscription>) {
        if !state.held.is_empty() && !state.machine.is_creating() {
            sub.enqueue(std::mem::take(&mut state.held));
        }
    }

    /// Reports that the initial data have just become complete. They end in front of those messages that wait because
    /// they arrived before the server's answer and that are later ones.
    pub(super) fn tell_complete(&self, state: &mut State) {
        let end = state.machine.initial_end().unwrap_or(u64::MAX);
        let mut later = 0;
        let none = state.held.retain(|msg| {
            let meta = msg.reply().and_then(Metadata::parse);
            later += u64::from(meta.is_some_and(|meta| meta.consumer_seq > end));
            true
        });
        drop(none);
        if let Some(events) = &self.events {
            events.initial_complete(state.passed - later);
        }
    }
}
