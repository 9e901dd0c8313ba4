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

use super::Interest;
use super::registry::{Registry, Subscriber, Target};
use crate::client::outgoing::Outbound;
use crate::client::outgoing::ping::Window;
use crate::client::outgoing::wire::Wire;

impl<S: Subscriber> Interest<S> {
    /// The server has refused a subscription, because there are too many. Returns it where there is no doubt.
    pub(in crate::client) fn one_is_refused<W: Wire>(
        &self,
        outbound: &Outbound<W>,
    ) -> Option<Arc<S>> {
        let window = outbound.unanswered_window();
        let only = self.registry.lock().only_candidate(window);
        if self.refusals.fetch_add(1, Ordering::AcqRel) == 0 {
            // Its PONG says which subscriptions the errors are about.
            outbound.ping_later();
        }
        only
    }

    /// The server has dealt with all up to the end of this window: marks what it has refused of it. If the
    /// subscription of the requests is among that, it is removed, and the result of `give_up_requests`, called with the
    /// registry locked, is returned.
    pub(in crate::client) fn mark_refused<R>(
        &self,
        window: Window,
        give_up_requests: impl FnOnce() -> R,
    ) -> Option<R> {
        let count = self.refusals.swap(0, Ordering::AcqRel) as usize;
        if count == 0 {
            return None;
        }
        let mut registry = self.registry.lock();
        let sid = registry.mark_last(window, count)?;
        // Its end makes no room for others.
        registry.refuse(sid);
        registry.remove(sid);
        Some(give_up_requests())
    }

    /// The server ends the link because of a line that is too long. If a subscription's was the longest of those that it
    /// had not dealt with, twice running, it is that one.
    ///
    /// It may as well be the line of a publish. But once there is a suspect, the next link confirms its subscriptions
    /// before it sends anything else, so a link that a publish ends leaves none to be blamed the second time.
    pub(in crate::client) fn one_is_too_long<W: Wire>(
        &self,
        outbound: &Outbound<W>,
    ) -> Option<Arc<S>> {
        let window = outbound.unanswered_window();
        self.registry.lock().suspect_longest(window)
    }
}

impl<S: Subscriber> Registry<S> {
    pub(super) fn only_candidate(&self, window: Window) -> Option<Arc<S>> {
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
    pub(super) fn mark_last(&mut self, window: Window, count: usize) -> Option<u64> {
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

    pub(super) fn suspect_longest(&mut self, window: Window) -> Option<Arc<S>> {
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
