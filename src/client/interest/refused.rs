//! Subscriptions that the server refuses.
//!
//! They are sent again after each reconnect, so one that was refused would be refused again, each time, and one whose
//! line is too long would end each link. Such a one is marked, and not sent again until the program acts: it subscribes
//! anew, ends another subscription, which makes room, or asks for a reconnect.
//!
//! What the server says has no number in it. But it deals with what it gets in order, and a PONG says how far it has
//! come. Of the SUBs between two PINGs it takes the first ones and refuses the last ones, so with as many errors between
//! two PONGs it is clear which those are; unless a subscription ended in between, which may have made room in the middle.
//! Then nothing is marked: after the next reconnect it is clear. Should a mark be wrong all the same, the first message
//! takes it away.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::client::connection::Connection;
use crate::client::interest::registry::Target;
use crate::client::outgoing::ping::Window;
use crate::client::subscription::state::Subscription;
use crate::error::{Error, Status};

impl Connection {
    /// The server has refused a subscription, because there are too many. Returns it where there is no doubt.
    pub(in crate::client) fn subscription_refused(&self) -> Option<Arc<Subscription>> {
        let window = self.outbound.unanswered_window();
        let only = self.registry.lock().only_candidate(window);
        if self.refusals.fetch_add(1, Ordering::AcqRel) == 0 {
            // Its PONG says which subscriptions the errors are about.
            self.outbound.ping_later();
        }
        only
    }

    /// The server has dealt with all up to the end of this window: marks what it has refused of it.
    pub(in crate::client) fn mark_refused(&self, window: Window) {
        let count = self.refusals.swap(0, Ordering::AcqRel) as usize;
        if count == 0 {
            return;
        }
        let mut registry = self.registry.lock();
        let inbox = registry.mark_last(window, count);
        if let Some(sid) = inbox {
            // Its end makes no room for others.
            registry.refuse(sid);
            registry.remove(sid);
            let waiting = self.requests.give_up_inbox();
            drop(registry);
            let error = Error::new(
                Status::NATS_ERR,
                "the server refused the subscription for answers: maximum subscriptions exceeded",
            );
            for slot in waiting {
                slot.send(Err(error.clone()));
            }
        }
    }

    /// The server ends the link because of a line that is too long. If a subscription's was the longest of those that it
    /// had not dealt with, twice running, it is that one.
    ///
    /// It may as well be the line of a publish. But once there is a suspect, the next link confirms its subscriptions
    /// before it sends anything else, so a link that a publish ends leaves none to be blamed the second time.
    pub(in crate::client) fn line_too_long(&self) -> Option<Arc<Subscription>> {
        let window = self.outbound.unanswered_window();
        self.registry.lock().suspect_longest(window)
    }
}

impl Target {
    fn subscription(&self) -> Option<&Arc<Subscription>> {
        match self {
            Target::Subscription(sub) => Some(sub),
            Target::Requests => None,
        }
    }
}

impl crate::client::interest::registry::Registry {
    fn only_candidate(&self, window: Window) -> Option<Arc<Subscription>> {
        if self.is_ambiguous(window) {
            return None;
        }
        let mut candidates = self.sent_in(window).map(|(_, entry)| &entry.target);
        match (candidates.next(), candidates.next()) {
            (Some(only), None) => only.subscription().cloned(),
            _ => None,
        }
    }

    /// Marks the last ones that were sent in this window. Returns the sid of the requests' own, if that is among them.
    fn mark_last(&mut self, window: Window, count: usize) -> Option<u64> {
        if self.is_ambiguous(window) {
            return None;
        }
        let mut sent: Vec<_> = self
            .sent_in(window)
            .map(|(sid, entry)| (entry.position, sid))
            .collect();
        sent.sort_unstable();
        let mut inbox = None;
        for (_, sid) in sent.into_iter().rev().take(count) {
            match self.get_mut(sid).map(|entry| &entry.target) {
                Some(Target::Requests) => inbox = Some(sid),
                Some(Target::Subscription(_)) => self.refuse(sid),
                None => {}
            }
        }
        inbox
    }

    fn suspect_longest(&mut self, window: Window) -> Option<Arc<Subscription>> {
        let longest = self
            .sent_in(window)
            .filter_map(|(sid, entry)| Some((entry.target.subscription()?.line_len(), sid)))
            .max()
            .map(|(_, sid)| sid);
        let before = std::mem::replace(&mut self.suspect, longest);
        let sid = longest.filter(|_| longest == before)?;
        self.refuse(sid);
        self.get_mut(sid)?.target.subscription().cloned()
    }
}

#[cfg(test)]
#[path = "refused_tests.rs"]
mod tests;
