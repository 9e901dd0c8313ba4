//! Which subscriptions there are, and what the server knows of them.
//!
//! [`registry`] has them by sid, [`refused`] finds out which of them the server does not take.
//!
//! Owns the registry and its lock, as [`Interest`]; what the server is told of it is appended by way of [`Changing`].
//!
//! Lock: the registry. It comes before a subscription's queue, the waiting requests and the outgoing buffer, and is
//! never held together with the state of the connection. The thread that reads takes it once for each buffer that it
//! parses, any thread may take it to change something.

mod refused;
pub(super) mod registry;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use self::registry::{Registry, Subscriber, Target};
use crate::client::outgoing::Outbound;
use crate::client::outgoing::attach::SessionStart;
use crate::client::outgoing::wire::Wire;
use crate::client::sync::ranked::{RankedGuard, RankedMutex, rank};
use crate::proto::write_buf::WriteBuf;

/// The subscriptions of a connection, and the lock around them.
pub(in crate::client) struct Interest<S> {
    registry: RankedMutex<{ rank::REGISTRY }, Registry<S>>,
    /// How many subscriptions the server has refused since its last PONG.
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
    /// A number for one more subscription.
    pub(in crate::client) fn next_sid(&self) -> u64 {
        self.registry.lock().next_sid()
    }

    /// How many subscriptions there are, without those of requests and reply contexts.
    pub(in crate::client) fn count(&self) -> usize {
        self.registry.lock().count()
    }

    /// All subscriptions, without those of requests and reply contexts.
    pub(in crate::client) fn subscriptions(&self) -> Vec<Arc<S>> {
        self.registry.lock().subscriptions().cloned().collect()
    }

    /// Takes no new ones from now on, and returns those that there are.
    pub(in crate::client) fn close_to_new(&self) -> Vec<Arc<S>> {
        let mut registry = self.registry.lock();
        registry.closed_to_new = true;
        registry.subscriptions().cloned().collect()
    }

    /// Takes all out, for good.
    pub(in crate::client) fn clear(&self) -> Vec<Arc<S>> {
        self.registry.lock().clear()
    }

    /// A subscription has ended. The server is not told. `sid` is asked with the registry locked.
    pub(in crate::client) fn remove(&self, sid: impl FnOnce() -> u64) {
        self.registry.lock().remove(sid());
    }

    /// No message comes for this subscription any more, although it is open. `sid` is asked with the registry locked.
    pub(in crate::client) fn set_drained(&self, sid: impl FnOnce() -> u64) {
        self.registry.lock().set_drained(sid());
    }

    /// What was refused is sent again with the next server.
    pub(in crate::client) fn forgive(&self) {
        self.registry.lock().forgive();
    }

    /// Locks the registry, to find where the messages of a buffer go.
    #[inline]
    pub(in crate::client) fn look_up(&self) -> RankedGuard<'_, Registry<S>> {
        self.registry.lock()
    }

    /// Locks the registry, for a change that the server is told of.
    pub(in crate::client) fn change<'a, W: Wire>(
        &'a self,
        outbound: &'a Outbound<W>,
    ) -> Changing<'a, S, W> {
        Changing {
            registry: self.registry.lock(),
            outbound,
        }
    }

    /// Tells a new server of all subscriptions: `encode` appends what it has to know of one and returns whether that has
    /// a SUB, `attach` sends it, and returns the position of the last frame before.
    pub(in crate::client) fn resume(
        &self,
        mut encode: impl FnMut(&Target<S>, &mut WriteBuf) -> bool,
        attach: impl FnOnce(SessionStart) -> u64,
    ) {
        // With the registry locked: a thread that subscribes or unsubscribes now does it either before,
        // and is part of this, or after, and sends it itself.
        let mut registry = self.registry.lock();
        let mut frames = WriteBuf::new();
        let mut subscribed = Vec::new();
        for (sid, target) in registry.to_send() {
            match encode(&target, &mut frames) {
                true => subscribed.push(sid),
                // A server cannot refuse what it is not asked for.
                false => registry.sent(sid, 0),
            }
        }
        self.refusals.store(0, Ordering::Release);
        let before = attach(SessionStart {
            frames,
            subscriptions: subscribed.len() as u64,
            confirm: registry.suspect.is_some(),
        });
        for (position, sid) in (before + 1..).zip(subscribed) {
            registry.sent(sid, position);
        }
    }
}

/// The registry, locked for a change that the server is told of: the only way to SUB and UNSUB. So it is clear which
/// comes first, that or a reconnect, which tells the next server of all that the registry has.
pub(in crate::client) struct Changing<'a, S, W> {
    registry: RankedGuard<'a, Registry<S>>,
    outbound: &'a Outbound<W>,
}

impl<S: Subscriber, W: Wire> Changing<'_, S, W> {
    /// Are no new ones taken, since the connection drains or is closed?
    pub(in crate::client) fn is_closed_to_new(&self) -> bool {
        self.registry.closed_to_new
    }

    /// A number for one more subscription.
    pub(in crate::client) fn next_sid(&mut self) -> u64 {
        self.registry.next_sid()
    }

    /// Inserts a subscription, and appends its SUB.
    pub(in crate::client) fn subscribe(
        &mut self,
        sid: u64,
        target: Target<S>,
        encode: impl FnOnce(&mut WriteBuf),
    ) {
        self.resubscribe(sid, target, |buf| {
            encode(buf);
            true
        });
    }

    /// Inserts a subscription, and appends what the server has to know of it; `encode` returns whether that has a SUB.
    pub(in crate::client) fn resubscribe(
        &mut self,
        sid: u64,
        target: Target<S>,
        encode: impl FnOnce(&mut WriteBuf) -> bool,
    ) {
        self.registry.insert(sid, target);
        let mut subscribed = false;
        let position = self.outbound.control(|buf| subscribed = encode(buf));
        self.registry
            .sent(sid, if subscribed { position } else { 0 });
    }

    /// Takes a subscription out; `false` if it was not there.
    pub(in crate::client) fn remove(&mut self, sid: u64) -> bool {
        self.registry.remove(sid)
    }

    /// Appends the UNSUB of a subscription that has been removed, or of one that stays until it has its maximum.
    pub(in crate::client) fn tell(&self, encode: impl FnOnce(&mut WriteBuf)) {
        self.outbound.control(encode);
    }

    /// Appends the UNSUB of a subscription that stays until it is drained.
    pub(in crate::client) fn tell_drain(&mut self, encode: impl FnOnce(&mut WriteBuf)) {
        self.registry.drain_begins();
        self.outbound.control(encode);
    }
}

#[cfg(test)]
mod tests;
