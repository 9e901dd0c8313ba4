//! Finds the subscriptions that the server refuses.
//!
//! Subscriptions are sent again after each reconnect. One that was refused would be refused each time, and one whose
//! line is too long would end each link. Such a subscription is marked, and is not sent again until the program acts:
//! it subscribes anew, ends another subscription, which makes room, or asks for a reconnect.
//!
//! An error of the server does not name the subscription. But the server processes frames in order, and a PONG tells
//! how far it has come. Of the SUBs between two PINGs it accepts the first ones and refuses the last ones, so the
//! number of errors between two PONGs tells which ones were refused; unless a subscription ended in between, which may
//! have made room in the middle. Then nothing is marked, and the next reconnect settles it. A mark that is wrong all
//! the same is removed by the first message.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::Interest;
use super::registry::{Registry, Route, Subscriber};
use crate::client::outgoing::Outbound;
use crate::client::outgoing::ping::Window;
use crate::client::outgoing::wire::Wire;

impl<S: Subscriber> Interest<S> {
    /// Handles the error that there are too many subscriptions. Returns the refused one if it is known for certain.
    pub(in crate::client) fn one_is_refused<W: Wire>(
        &self,
        outbound: &Outbound<W>,
    ) -> Option<Arc<S>> {
        let window = outbound.unanswered_window();
        let only = self.registry.lock().only_candidate(window);
        if self.refusals.fetch_add(1, Ordering::AcqRel) == 0 {
            // The PONG tells which subscriptions the errors are about.
            outbound.ping_later();
        }
        only
    }

    /// The server has processed everything up to the end of this window: marks the subscriptions that it has refused.
    /// If that of the requests is among them it is removed, and the result of `give_up_requests`, called with the
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
        // Its end makes no room for other subscriptions.
        registry.refuse(sid);
        registry.remove(sid);
        Some(give_up_requests())
    }

    /// Handles a link that the server ends because of a line that is too long. If the line of the same subscription
    /// was the longest unprocessed one twice in a row, that subscription is the cause.
    ///
    /// It may also have been the line of a publish. But once there is a suspect, the next link has its subscriptions
    /// confirmed before anything else is sent, so that a link that ends because of a publish leaves no subscription to
    /// suspect a second time.
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
        let mut candidates = self.sent_in(window).map(|(_, entry)| &entry.route);
        match (candidates.next(), candidates.next()) {
            (Some(only), None) => only.subscription().cloned(),
            _ => None,
        }
    }

    /// Marks the last subscriptions that were sent in this window. Returns the sid of the requests' subscription if it
    /// is among them.
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
            match self.get_mut(sid).map(|entry| &entry.route) {
                Some(Route::Requests) => inbox = Some(sid),
                Some(Route::Subscription(_)) => self.refuse(sid),
                None => {}
            }
        }
        inbox
    }

    pub(super) fn suspect_longest(&mut self, window: Window) -> Option<Arc<S>> {
        let longest = self
            .sent_in(window)
            .filter_map(|(sid, entry)| Some((entry.route.subscription()?.line_len(), sid)))
            .max()
            .map(|(_, sid)| sid);
        let before = std::mem::replace(&mut self.suspect, longest);
        let sid = longest.filter(|_| longest == before)?;
        self.refuse(sid);
        self.get_mut(sid)?.route.subscription().cloned()
    }
}
