//! The processing of a pull's messages and statuses by the thread that reads.

use std::sync::Arc;
use std::time::Instant;

use super::request::weight;
use super::status::{Said, Verdict, number};
use super::{Pull, State};
use crate::client::{Intake, Subscription};
use crate::js::consume::metadata::Metadata;
use crate::msg::{Msg, MsgList};

impl Pull {
    /// A status of the server for a request.
    fn said(&self, state: &mut State, msg: &Msg) {
        let Some(said) = Said::of(msg) else { return };
        if said.verdict == Verdict::Alive {
            return self.order_idle(state);
        }
        // The status of an abandoned inbox or request is ignored.
        let Some(number) = number(msg, &state.inbox) else {
            return;
        };
        if !matches!(said.verdict, Verdict::Unanswered | Verdict::Deleted) {
            state.gone.exists();
        }
        match self.ahead {
            Some(_) => self.ahead_said(state, number, said),
            None => self.fetch_said(state, number, said),
        }
    }
}

impl Intake for Pull {
    fn take(&self, sub: &Arc<Subscription>, sid: u64, msgs: &mut MsgList) {
        let controls = msgs.retain(|msg| msg.status().is_none());
        let mut state = self.state.lock();
        if sid != state.sid {
            return;
        }
        state.active = Instant::now();
        let dropped = self.sort(&mut state, sub, msgs);
        let bytes = match &self.ahead {
            Some(ahead) if ahead.options.max_bytes > 0 => {
                let mut sum = 0;
                let rest = msgs.retain(|msg| {
                    sum += weight(msg);
                    true
                });
                drop(rest);
                sum
            }
            _ => 0,
        };
        if !msgs.is_empty() {
            state.healing.succeeded();
            state.gone.exists();
            state.flow.came(msgs.len() as u64, bytes);
        }
        // Needed only if the library may have to create the consumer again.
        if state.ours
            && let Some(reply) = msgs.last().and_then(Msg::reply)
            && let Some(metadata) = Metadata::parse(reply)
        {
            state.last_sequence = state.last_sequence.max(metadata.stream_seq);
        }
        // The messages are enqueued before the end of a request is reported, so that the fetching thread finds them.
        if !msgs.is_empty() {
            sub.enqueue(std::mem::take(msgs));
        }
        let mut controls = controls;
        while let Some(msg) = controls.pop() {
            // Requests to an abandoned consumer do not count any more.
            if state
                .order
                .as_ref()
                .is_none_or(|order| order.machine.is_live())
            {
                self.said(&mut state, &msg);
            }
        }
        let acts = !state.acts.is_empty();
        drop(state);
        drop(dropped);
        if acts {
            self.act();
        }
    }
}
