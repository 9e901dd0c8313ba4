//! The answers of the stream, and the problems that the program's function is called for.

use std::sync::Weak;
use std::time::Duration;

use super::FastBatch;
use super::answer::{self, Operation};
use super::flow::{self, Effect, End, Flow};
use crate::client::{CallbackJob, MonitorGuard, Progress, ReplySink};
use crate::msg::{Msg, MsgList};

/// How long the end of a batch that the stream knows no more may still be on its way.
const END_WAIT: Duration = Duration::from_millis(500);

impl FastBatch {
    fn take_in(&self, mut msgs: MsgList) {
        let mut effects = Effect::default();
        let (wake, failed) = {
            let mut flow = self.flow.lock();
            while let Some(msg) = msgs.pop() {
                let effect = self.take_one(&mut flow, msg);
                effects.tell |= effect.tell;
                effects.forgotten |= effect.forgotten;
            }
            (flow.waiting > 0, flow.over().is_some())
        };
        if wake {
            self.flow.notify_all();
        }
        if let (true, Some(queue)) = (effects.tell, self.queue.get()) {
            queue.schedule();
        }
        if failed {
            // None can follow.
            self.close_queue();
        }
        if effects.forgotten {
            let weak = self.me.clone();
            self.conn.after(END_WAIT, move || {
                if let Some(batch) = weak.upgrade() {
                    batch.flow.lock().fail(flow::forgotten());
                    batch.flow.notify_all();
                }
            });
        }
    }

    fn take_one(&self, flow: &mut MonitorGuard<'_, Flow>, msg: Msg) -> Effect {
        let token = self.replies.get().and_then(|replies| replies.token(&msg));
        // A subject that was mapped on its way says nothing: then it counts as that of the last message.
        let (number, operation) = token
            .and_then(answer::addressee)
            .unwrap_or((flow.sent, Operation::Append));
        let was_over = flow.end().is_some();
        let effect = flow.take(number, operation, answer::read(&msg));
        if !was_over && flow.end() == Some(&End::Committed) {
            *self.last.lock() = Some(msg);
        }
        effect
    }

    fn run_some(&self, limit: usize) -> Progress {
        let mut ran = 0;
        while let Some(handler) = self.handler.as_ref().filter(|_| ran < limit) {
            let Some(problem) = self.flow.lock().problems.pop_front() else {
                break;
            };
            handler.not_stored(&problem);
            ran += 1;
        }
        let more = !self.flow.lock().problems.is_empty();
        Progress { ran, more }
    }
}

/// What the connection holds of a batch.
pub(super) struct WeakBatch(pub(super) Weak<FastBatch>);

impl ReplySink for WeakBatch {
    fn replies(&self, msgs: MsgList) {
        if let Some(batch) = self.0.upgrade() {
            batch.take_in(msgs);
        }
    }

    fn ended(&self) {
        if let Some(batch) = self.0.upgrade() {
            batch.close_queue();
        }
    }
}

impl CallbackJob for WeakBatch {
    fn run_some(&self, limit: usize) -> Progress {
        let nothing = Progress {
            ran: 0,
            more: false,
        };
        self.0.upgrade().map_or(nothing, |b| b.run_some(limit))
    }

    fn forget(&self) {
        if let Some(batch) = self.0.upgrade() {
            batch.flow.lock().problems.clear();
        }
    }
}
