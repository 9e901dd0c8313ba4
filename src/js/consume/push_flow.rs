//! The answers of a push subscription to flow control, and consumers whose messages these answers acknowledge.

use std::sync::Arc;
use std::time::Instant;

use super::flow_ack::{Floor, FlowAcks, Verdict};
use super::metadata::Metadata;
use super::push::{Push, State};
use super::push_intake::control;
use super::room::Room;
use crate::client::{Publish, Subscription, When};
use crate::js::api::ConsumerInfo;
use crate::msg::MsgList;
use crate::proto::headers::HeaderBlock;

impl Push {
    /// The server waits for an answer, which is due when the program has processed the messages that were passed, and
    /// `kept` more.
    pub(super) fn asked(&self, state: &mut State, reply: &[u8], kept: usize) {
        let received = state.passed + kept as u64;
        let floor = state.flow_acks.as_ref().and_then(FlowAcks::floor);
        if self.counts.asked(&mut state.flow, reply, floor, received) {
            self.answer(reply, floor);
        }
    }

    /// Sends an empty message, which is sufficient for the server unless the answer acknowledges messages.
    pub(super) fn answer(&self, subject: &[u8], floor: Option<Floor>) {
        let headers = floor.map(|floor| {
            format!(
                "NATS/1.0\r\nNats-Last-Consumer: {}\r\nNats-Last-Stream: {}\r\n\r\n",
                floor.consumer, floor.stream
            )
        });
        let out = Publish {
            subject,
            headers: headers.as_ref().map(|h| HeaderBlock::Bytes(h.as_bytes())),
            ..Publish::default()
        };
        // Without a connection the server does not wait for the answer.
        let _ = self.connection().publish_with(&out, When::Soon, None);
    }

    /// Answers flow control if that is due.
    #[cold]
    pub(super) fn answer_flow(&self, state: &mut State) {
        if let Some((reply, floor)) = self.counts.due(&mut state.flow) {
            self.answer(&reply, floor);
        }
    }

    /// The consumer that asked for flow control does not exist any more.
    pub(super) fn forget_flow(&self, state: &mut State) {
        self.counts.forget(&mut state.flow);
        if let Some(acks) = &mut state.flow_acks {
            acks.replaced();
        }
    }

    /// Takes messages without a gap between them; those behind a gap are requested again.
    pub(super) fn take_flow_acked(
        &self,
        state: &mut State,
        sub: &Arc<Subscription>,
        batch: &mut MsgList,
        kept: &mut MsgList,
        now: Instant,
    ) {
        let mut room = Room::of(sub);
        while let Some(msg) = batch.pop() {
            if let Some(control) = control(&msg) {
                self.control(state, control, &msg, kept.len(), now);
                continue;
            }
            let Some(meta) = msg.reply().and_then(Metadata::parse) else {
                // Not from the consumer.
                kept.push(msg);
                continue;
            };
            let mut left = room;
            let fits = left.take(msg.size());
            let verdict = state.flow_acks.as_mut().map_or(Verdict::Pass, |acks| {
                acks.message(meta.consumer_seq, meta.stream_seq, fits)
            });
            if verdict == Verdict::Pass {
                room = left;
                state.machine.data(0, &meta, now);
                kept.push(msg);
            }
        }
        self.reset_if_due(state);
    }

    /// Resets the consumer if messages are missing: it delivers them again.
    pub(super) fn reset_if_due(&self, state: &mut State) {
        let due = state.flow_acks.as_mut().and_then(FlowAcks::reset_due);
        if let Some(wait) = due {
            let me = self.me.clone();
            self.connection().after(wait, move || {
                if let Some(push) = me.upgrade() {
                    push.reset();
                }
            });
        }
    }

    fn reset(&self) {
        let (consumer, epoch) = {
            let state = self.state.lock();
            if state.ended {
                return;
            }
            (state.consumer.clone(), state.machine.epoch())
        };
        let me = self.me.clone();
        let tokens = [self.stream.as_str(), consumer.as_str()];
        let then = move |answer: crate::js::Result<ConsumerInfo>| {
            if let Some(push) = me.upgrade() {
                push.reset_done(epoch, answer.is_ok());
            }
        };
        // While there is no consumer, one is being created.
        let asked =
            !consumer.is_empty() && self.api.ask("CONSUMER.RESET", &tokens, b"", then).is_ok();
        if !asked {
            self.reset_done(epoch, false);
        }
    }

    fn reset_done(&self, epoch: u64, done: bool) {
        let mut state = self.state.lock();
        let same = state.machine.epoch() == epoch;
        if state.ended {
            return;
        }
        if let Some(acks) = &mut state.flow_acks {
            acks.reset_done(done && same);
        }
        self.reset_if_due(&mut state);
    }
}
