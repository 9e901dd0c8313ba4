//! Maps sids to subscriptions.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use crate::client::outgoing::ping::Window;

/// A hash for sids, which are small consecutive numbers that the program cannot choose: a multiplication spreads them
/// well enough, and costs a nanosecond.
#[derive(Default)]
pub(in crate::client) struct SidHasher(u64);

impl Hasher for SidHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, n: u64) {
        self.0 = (self.0 ^ n)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .rotate_left(26);
    }
}

/// What the registry needs to know about a subscription.
pub(in crate::client) trait Subscriber {
    /// The length of its SUB line, without the part that all such lines have in common.
    fn line_len(&self) -> usize;

    /// Whether it is a subscription of the program, which a drain ends.
    fn is_counted(&self) -> bool;
}

/// The receiver of the messages of a sid.
pub(in crate::client) enum Route<S> {
    /// The queue of a subscription.
    Subscription(Arc<S>),
    /// The requests that wait for an answer.
    Requests,
}

impl<S> Clone for Route<S> {
    #[inline]
    fn clone(&self) -> Self {
        match self {
            Route::Subscription(sub) => Route::Subscription(sub.clone()),
            Route::Requests => Route::Requests,
        }
    }
}

impl<S: Subscriber> Route<S> {
    fn is_counted(&self) -> bool {
        self.subscription().is_some_and(|sub| sub.is_counted())
    }

    pub(super) fn subscription(&self) -> Option<&Arc<S>> {
        match self {
            Route::Subscription(sub) => Some(sub),
            Route::Requests => None,
        }
    }
}

/// The entry of a sid.
pub(in crate::client) struct Entry<S> {
    pub(in crate::client) route: Route<S>,
    /// The index of the batch that collects this sid's messages, if `round` is the present one.
    pub(in crate::client) batch: u32,
    pub(in crate::client) round: u64,
    /// The position of its SUB among the frames sent to the present server that are not publishes.
    pub(super) position: u64,
    /// The server has refused it, so it is not sent again.
    pub(in crate::client) refused: bool,
}

/// The subscriptions of a connection by sid.
pub(in crate::client) struct Registry<S> {
    entries: HashMap<u64, Entry<S>, BuildHasherDefault<SidHasher>>,
    /// The number of entries that are subscriptions of the program.
    count: usize,
    last_sid: u64,
    round: u64,
    /// Drained subscriptions without a callback: they receive no more messages, but remain open until the program
    /// reads them, or the connection is closed.
    drained: HashMap<u64, Arc<S>, BuildHasherDefault<SidHasher>>,
    /// New subscriptions are refused: the connection is draining or closed.
    pub(super) closed_to_new: bool,
    /// The position of the SUB that was sent last.
    last_position: u64,
    /// That position when a subscription last ended.
    removed_at: u64,
    /// Whether any entry is marked as refused.
    any_refused: bool,
    /// The subscription whose line may be too long for servers.
    pub(super) suspect: Option<u64>,
}

impl<S> Default for Registry<S> {
    fn default() -> Self {
        Registry {
            entries: HashMap::default(),
            count: 0,
            last_sid: 0,
            round: 0,
            drained: HashMap::default(),
            closed_to_new: false,
            last_position: 0,
            removed_at: 0,
            any_refused: false,
            suspect: None,
        }
    }
}

impl<S: Subscriber> Registry<S> {
    pub(super) fn next_sid(&mut self) -> u64 {
        self.last_sid += 1;
        self.last_sid
    }

    /// Begins another round of collecting: batches of earlier rounds are invalid.
    pub(in crate::client) fn next_round(&mut self) -> u64 {
        self.round += 1;
        self.round
    }

    pub(super) fn insert(&mut self, sid: u64, route: Route<S>) {
        self.count += usize::from(route.is_counted());
        self.entries.insert(
            sid,
            Entry {
                route,
                batch: 0,
                round: 0,
                position: 0,
                refused: false,
            },
        );
    }

    /// The number of subscriptions, without those of requests and reply contexts.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    pub(in crate::client) fn get_mut(&mut self, sid: u64) -> Option<&mut Entry<S>> {
        self.entries.get_mut(&sid)
    }

    /// Removes a sid; `false` if it was not there.
    pub(super) fn remove(&mut self, sid: u64) -> bool {
        self.drained.remove(&sid);
        self.take(sid).is_some()
    }

    /// Notes that no message will arrive for a subscription that is still open.
    pub(super) fn set_drained(&mut self, sid: u64) {
        if let Some(Route::Subscription(sub)) = self.take(sid) {
            self.drained.insert(sid, sub);
        }
    }

    fn take(&mut self, sid: u64) -> Option<Route<S>> {
        let Entry { route, refused, .. } = self.entries.remove(&sid)?;
        self.removed_at = self.last_position;
        if !refused {
            // Its end makes room for other subscriptions.
            self.forgive();
        }
        self.count -= usize::from(route.is_counted());
        // Returns the memory of a program that once had a million subscriptions.
        if self.entries.capacity() > 1024 && self.entries.len() < self.entries.capacity() / 4 {
            self.entries.shrink_to_fit();
        }
        Some(route)
    }

    /// The server has been told of the end of a subscription that remains open until it is drained.
    pub(super) fn drain_begins(&mut self) {
        self.removed_at = self.last_position;
    }

    /// Notes the position of the SUB of a sid; 0 if none was sent.
    pub(super) fn sent(&mut self, sid: u64, position: u64) {
        if let Some(entry) = self.entries.get_mut(&sid) {
            entry.position = position;
            self.last_position = self.last_position.max(position);
        }
    }

    /// The subscriptions that were sent in a window and have not been refused.
    pub(super) fn sent_in(&self, window: Window) -> impl Iterator<Item = (u64, &Entry<S>)> {
        self.entries
            .iter()
            .map(|(sid, entry)| (*sid, entry))
            .filter(move |(_, entry)| !entry.refused && window.contains(entry.position))
    }

    /// Has a subscription ended after others were sent in this window?
    pub(super) fn is_ambiguous(&self, window: Window) -> bool {
        self.removed_at > window.after
    }

    /// The entries to send to a new server, in the order of the sids.
    pub(super) fn to_send(&self) -> Vec<(u64, Route<S>)> {
        let mut all: Vec<_> = self
            .entries
            .iter()
            .filter(|(_, entry)| !entry.refused)
            .map(|(sid, entry)| (*sid, entry.route.clone()))
            .collect();
        all.sort_unstable_by_key(|(sid, _)| *sid);
        all
    }

    /// Has refused subscriptions sent again with the next server.
    pub(super) fn forgive(&mut self) {
        if std::mem::take(&mut self.any_refused) {
            self.entries
                .values_mut()
                .for_each(|entry| entry.refused = false);
        }
    }

    /// Marks a sid as refused by the server.
    pub(super) fn refuse(&mut self, sid: u64) {
        if let Some(entry) = self.entries.get_mut(&sid) {
            entry.refused = true;
            self.any_refused = true;
        }
    }

    /// All subscriptions, without those of requests and reply contexts.
    pub(super) fn subscriptions(&self) -> impl Iterator<Item = &Arc<S>> {
        self.entries
            .values()
            .filter_map(|entry| entry.route.subscription())
            .filter(|sub| sub.is_counted())
    }

    /// Removes all entries.
    pub(super) fn clear(&mut self) -> Vec<Arc<S>> {
        self.closed_to_new = true;
        self.count = 0;
        let drained = std::mem::take(&mut self.drained).into_values();
        std::mem::take(&mut self.entries)
            .into_values()
            .filter_map(|entry| match entry.route {
                Route::Subscription(sub) => Some(sub),
                Route::Requests => None,
            })
            .chain(drained)
            .collect()
    }
}
