//! The subscriptions of a connection, and what the server knows of them.
//!
//! [`registry`] stores them by sid; [`refused`] finds out which of them the server refuses.
//!
//! Owns the registry and its lock, as [`Interest`]. What the server is told about a change is appended through
//! [`Changing`].
//!
//! Lock: the registry. It comes before a subscription's queue, the waiting requests and the outgoing buffer, and is
//! never held together with the state of the connection. The reading thread takes it once for each buffer that it
//! parses; any thread may take it to make a change.

mod refused;
pub(super) mod registry;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use self::registry::{Registry, Route, Subscriber};
use crate::client::outgoing::Outbound;
use crate::client::outgoing::attach::SessionStart;
use crate::client::outgoing::wire::Wire;
use crate::client::sync::ranked::{RankedGuard, RankedMutex, rank};
use crate::proto::write_buf::WriteBuf;

/// The subscriptions of a connection and their lock.
pub(in crate::client) struct Interest<S> {
    registry: RankedMutex<{ rank::REGISTRY }, Registry<S>>,
    /// The number of subscriptions that the server has refused since its last PONG.
    refusals: AtomicU32,
}

impl<S> Default for Interest<S> {
    fn default() -> Self {
        Interest {
            registry: RankedMutex::default(),
            refusals: AtomicU32::new(0),
        }
    }
}

impl<S: Subscriber> Interest<S> {
    /// Returns a new sid.
    pub(in crate::client) fn next_sid(&self) -> u64 {
        self.registry.lock().next_sid()
    }

    /// The number of subscriptions, without those of requests and reply contexts.
    pub(in crate::client) fn count(&self) -> usize {
        self.registry.lock().count()
    }

    /// All subscriptions, without those of requests and reply contexts.
    pub(in crate::client) fn subscriptions(&self) -> Vec<Arc<S>> {
        self.registry.lock().subscriptions().cloned().collect()
    }

    /// Refuses new subscriptions from now on, and returns the present ones.
    pub(in crate::client) fn close_to_new(&self) -> Vec<Arc<S>> {
        let mut registry = self.registry.lock();
        registry.closed_to_new = true;
        registry.subscriptions().cloned().collect()
    }

    /// Removes all subscriptions, for good.
    pub(in crate::client) fn clear(&self) -> Vec<Arc<S>> {
        self.registry.lock().clear()
    }

    /// Removes a subscription that has ended, without telling the server. `sid` is called with the registry locked.
    pub(in crate::client) fn remove(&self, sid: impl FnOnce() -> u64) {
        self.registry.lock().remove(sid());
    }

    /// Notes that no message will arrive for a subscription that is still open. `sid` is called with the registry
    /// locked.
    pub(in crate::client) fn set_drained(&self, sid: impl FnOnce() -> u64) {
        self.registry.lock().set_drained(sid());
    }

    /// Has subscriptions that were refused sent again with the next server.
    pub(in crate::client) fn forgive(&self) {
        self.registry.lock().forgive();
    }

    /// Locks the registry to look up where the messages of a buffer go.
    #[inline]
    pub(in crate::client) fn look_up(&self) -> RankedGuard<'_, Registry<S>> {
        self.registry.lock()
    }

    /// Locks the registry for a change that the server is told about.
    pub(in crate::client) fn change<'a, W: Wire>(
        &'a self,
        outbound: &'a Outbound<W>,
    ) -> Changing<'a, S, W> {
        Changing {
            registry: self.registry.lock(),
            outbound,
        }
    }

    /// Sends all subscriptions to a new server. `encode` appends the frames of one subscription and returns whether
    /// they contain a SUB; `attach` sends all frames, and returns the position of the last frame before them. Returns
    /// how many were sent.
    pub(in crate::client) fn resume(
        &self,
        mut encode: impl FnMut(&Route<S>, &mut WriteBuf) -> bool,
        attach: impl FnOnce(SessionStart) -> u64,
    ) -> usize {
        // The registry is locked: a thread that subscribes or unsubscribes now does so either before this, and is part
        // of it, or after, and sends its own frame.
        let mut registry = self.registry.lock();
        let mut frames = WriteBuf::new();
        let mut subscribed = Vec::new();
        for (sid, route) in registry.to_send() {
            match encode(&route, &mut frames) {
                true => subscribed.push(sid),
                // The server cannot refuse a subscription that it is not sent.
                false => registry.sent(sid, 0),
            }
        }
        self.refusals.store(0, Ordering::Release);
        let before = attach(SessionStart {
            frames,
            subscriptions: subscribed.len() as u64,
            confirm: registry.suspect.is_some(),
        });
        let count = subscribed.len();
        for (position, sid) in (before + 1..).zip(subscribed) {
            registry.sent(sid, position);
        }
        count
    }
}

/// The registry, locked for a change that the server is told about. It is the only way to append SUB and UNSUB, which
/// orders them with respect to a reconnect, which sends the whole registry to the next server.
pub(in crate::client) struct Changing<'a, S, W> {
    registry: RankedGuard<'a, Registry<S>>,
    outbound: &'a Outbound<W>,
}

impl<S: Subscriber, W: Wire> Changing<'_, S, W> {
    /// Are new subscriptions refused, because the connection is draining or closed?
    pub(in crate::client) fn is_closed_to_new(&self) -> bool {
        self.registry.closed_to_new
    }

    /// Returns a new sid.
    pub(in crate::client) fn next_sid(&mut self) -> u64 {
        self.registry.next_sid()
    }

    /// Inserts a subscription, and appends its SUB.
    pub(in crate::client) fn subscribe(
        &mut self,
        sid: u64,
        route: Route<S>,
        encode: impl FnOnce(&mut WriteBuf),
    ) {
        self.resubscribe(sid, route, |buf| {
            encode(buf);
            true
        });
    }

    /// Inserts a subscription, and appends its frames; `encode` returns whether they contain a SUB.
    pub(in crate::client) fn resubscribe(
        &mut self,
        sid: u64,
        route: Route<S>,
        encode: impl FnOnce(&mut WriteBuf) -> bool,
    ) {
        self.registry.insert(sid, route);
        self.renew(sid, encode);
    }

    /// Appends frames of a subscription that is there; `encode` returns whether they contain a SUB.
    pub(in crate::client) fn renew(
        &mut self,
        sid: u64,
        encode: impl FnOnce(&mut WriteBuf) -> bool,
    ) {
        let mut subscribed = false;
        let position = self.outbound.control(|buf| subscribed = encode(buf));
        self.registry
            .sent(sid, if subscribed { position } else { 0 });
    }

    /// Removes a subscription; `false` if it was not there.
    pub(in crate::client) fn remove(&mut self, sid: u64) -> bool {
        self.registry.remove(sid)
    }

    /// Appends the UNSUB of a subscription that has been removed, or of one that remains until it has received its
    /// maximum.
    pub(in crate::client) fn tell(&self, encode: impl FnOnce(&mut WriteBuf)) {
        self.outbound.control(encode);
    }

    /// Appends the UNSUB of a subscription that remains until it is drained.
    pub(in crate::client) fn tell_drain(&mut self, encode: impl FnOnce(&mut WriteBuf)) {
        self.registry.drain_begins();
        self.outbound.control(encode);
    }
}

#[cfg(test)]
mod tests;
