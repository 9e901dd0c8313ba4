//! Messages whose acknowledgements do not arrive: the connection was lost, their time is over, or there was no
//! responder.
//!
//! A message that was published before the connection was lost may have been stored or not, and its
//! acknowledgement does not come any more. When the connection is back, it is published again, if the
//! program wants that, with an id by which the stream knows it again; else, or without one, the program's function is
//! told. A message that was sent again several times, and whose acknowledgement was missing each time the connection
//! was lost, is not sent again: it may be what ends the connection. Without such a function it stays for the program to take, marked as lost, and whoever waits
//! for all messages learns of it. If the connection does not come back for as long as the context's
//! requests wait, the same is done without it, except for publishing again.
//! Messages that are published while there is no connection go out with the next one.

use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use super::publisher::{AsyncPublisher, has_id};
use super::slots::{NEVER, Sent, Token};
use super::why::lost_each_time;
use crate::client::ConnEvent;
use crate::error::{Error as Plain, Status};
use crate::js::Error;
use crate::log::Target;
use crate::msg::Msg;
use crate::words::shown;

/// The number of slots that a timer checks in about a millisecond, which is the shortest interval between checks.
const SLOTS_A_MS: u32 = 1 << 15;

impl AsyncPublisher {
    pub(super) fn connection_changed(&self, event: ConnEvent) {
        match event {
            ConnEvent::Lost => {
                let session = self.session.fetch_add(1, SeqCst) + 1;
                let weak = self.me.clone();
                self.conn.after(self.settings.patience, move || {
                    if let Some(publisher) = weak.upgrade() {
                        publisher.patience_over(session);
                    }
                });
            }
            ConnEvent::Restored => {
                // Only messages that were sent before may have been sent in an earlier session.
                self.look_for_lost();
            }
            ConnEvent::Draining => self.gate.wake(),
            ConnEvent::Closed => {}
        }
    }

    fn patience_over(&self, session: u32) {
        let still = self.session.load(SeqCst) == session && self.conn.is_reconnecting();
        if still && !self.policy.resends() {
            self.look_for_lost();
        }
    }

    fn look_for_lost(&self) {
        if self.gate.pending() > 0 {
            self.recovery.lost();
        }
    }

    /// Handles the messages of earlier sessions.
    pub(super) fn give_up_lost(&self) {
        let session = self.session.load(SeqCst);
        let waiting = self.slots.waiting();
        let earlier = |(_, sent): &(Token, Sent)| sent.session != session;
        if self.policy.resends() {
            for (token, _) in waiting.filter(earlier) {
                self.publish_again(token, true);
            }
        } else if self.handler.is_some() {
            for (token, _) in waiting.filter(earlier) {
                if let Some((msg, lost)) = self.slots.take(token) {
                    self.fail(msg, disconnected(), lost);
                }
            }
        } else {
            self.mark_lost(waiting.filter(earlier).map(|(token, _)| token));
        }
    }

    fn mark_lost(&self, tokens: impl Iterator<Item = Token>) {
        self.gate.begin_marking();
        for token in tokens {
            self.gate.count_lost();
            if !self.slots.mark_lost(token) {
                self.gate.uncount_lost();
            }
        }
        self.gate.end_marking();
    }

    /// Publishes a message once more that still waits. `stored`: its stream may have it already, and would store it a
    /// second time if it has no id. It has none if it was published before the program wanted that.
    pub(super) fn publish_again(&self, token: Token, stored: bool) {
        let mut error = None;
        let session = self.session.load(SeqCst);
        let most = self.policy.most_resends();
        self.with_held(token, |msg, sent| {
            if stored {
                if !has_id(msg) {
                    error = Some(disconnected());
                    return;
                }
                if sent.resends >= most {
                    error = Some(lost_each_time(msg, sent.resends));
                    return;
                }
                sent.resends += 1;
            }
            self.conn.log().debug(Target::JetStream, || {
                let subject = shown(msg.subject()).to_string();
                format!("publishing to '{subject}' again: no acknowledgement came")
            });
            match self.transmit(token, msg) {
                Ok(()) => sent.session = session,
                Err(e) => error = Some(e.into()),
            }
        });
        let Some(error) = error else {
            return;
        };
        if self.handler.is_none() {
            self.mark_lost([token].into_iter());
        } else if let Some((msg, lost)) = self.slots.take(token) {
            self.fail(msg, error, lost);
        }
    }

    /// There was no responder: publishes the message once more after a pause, if the policy says so. False if the
    /// message has failed.
    pub(super) fn try_later(&self, token: Token) -> bool {
        let most = self.policy.retries();
        if most == 0 {
            return false;
        }
        let mut again = false;
        self.with_held(token, |_, sent| {
            again = sent.retries < most;
            sent.retries += u32::from(again);
            // A server has answered: the message does not end the connection.
            sent.resends = 0;
        });
        if again {
            let weak = self.me.clone();
            self.conn.after(self.policy.retry_wait(), move || {
                if let Some(publisher) = weak.upgrade() {
                    publisher.recovery.again(token);
                }
            });
        }
        again
    }

    /// Takes a pending message out of its slot for the duration of a function.
    fn with_held(&self, token: Token, f: impl FnOnce(&Msg, &mut Sent)) {
        let held = self.hold(token, f);
        self.gate.look_again();
        if let Some((sent, early)) = held {
            self.settled(token, sent, early);
        }
    }

    fn hold(&self, token: Token, f: impl FnOnce(&Msg, &mut Sent)) -> Option<(Sent, Option<Msg>)> {
        let _resending = self.resending.lock();
        let (msg, mut sent, was_lost) = self.slots.hold(token)?;
        if was_lost {
            self.gate.uncount_lost();
        }
        f(&msg, &mut sent);
        Some((sent, self.slots.settle(token, msg, sent)))
    }

    /// Ensures that a timer checks for messages whose time is over, at `due` at the latest.
    pub(super) fn look_at(&self, due: u64) {
        let mut next = self.next_look.load(SeqCst);
        while due < next {
            match self.next_look.compare_exchange(next, due, SeqCst, SeqCst) {
                Ok(_) => return self.set_timer(due),
                Err(now) => next = now,
            }
        }
    }

    fn set_timer(&self, due: u64) {
        let least = u64::from(self.slots.capacity() / SLOTS_A_MS) * 8;
        let delay = Duration::from_millis(due.saturating_sub(self.now()).max(least));
        let weak = self.me.clone();
        self.conn.after(delay, move || {
            if let Some(publisher) = weak.upgrade() {
                publisher.time_is_over();
            }
        });
    }

    /// Fails the messages whose time is over.
    fn time_is_over(&self) {
        // Before the check: a thread that publishes in the meantime sets a timer.
        self.next_look.store(NEVER, SeqCst);
        let now = self.now();
        let mut next = NEVER;
        for (token, sent) in self.slots.waiting() {
            if sent.due > now {
                next = next.min(sent.due);
            } else if let Some((msg, lost)) = self.slots.take(token) {
                self.fail(msg, Plain::from(Status::NATS_TIMEOUT).into(), lost);
            }
        }
        self.gate.round_over();
        if next != NEVER {
            self.look_at(next);
        }
    }
}

fn disconnected() -> Error {
    Plain::from(Status::NATS_CONNECTION_DISCONNECTED).into()
}
