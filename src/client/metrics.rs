//! What a connection, and all of them together, have done so far.
//!
//! Snapshots are taken from the counters that the connection has anyway, and from [`Meters`], which has those that only
//! metrics need. The connections of a process are listed here; one that ends adds what it has done to a sum, so that
//! sums over all connections do not become smaller.

mod text;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Weak};
use std::time::Duration;

pub use self::text::{ProcessFacts, open_metrics};
use super::connection::Connection;
use crate::fork::{self, PerProcess};
use crate::histogram::{Counts, Histogram};
use crate::locks::Mutex;

/// The counters of a connection that only metrics need.
#[derive(Default)]
pub(super) struct Meters {
    callbacks: Histogram<4>,
    round_trips: Histogram<1>,
    dropped: AtomicU64,
    slow_consumers: AtomicU64,
    errors: AtomicU64,
}

impl Meters {
    /// So many callbacks took this time together.
    #[inline]
    pub(super) fn callbacks_took(&self, time: Duration, callbacks: u32) {
        self.callbacks.record(time, callbacks);
    }

    /// A PING was answered after this time.
    pub(super) fn answered_after(&self, time: Duration) {
        self.round_trips.record(time, 1);
    }

    /// A subscription has dropped messages.
    #[cold]
    pub(super) fn dropped(&self, messages: usize) {
        self.dropped.fetch_add(messages as u64, Relaxed);
    }

    /// A subscription has begun to drop messages.
    pub(super) fn became_slow(&self) {
        self.slow_consumers.fetch_add(1, Relaxed);
    }

    /// An error occurred that no call returns.
    pub(super) fn erred(&self) {
        self.errors.fetch_add(1, Relaxed);
    }
}

/// What a connection has done so far, and its present state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Metrics {
    /// Messages received, including those that were dropped.
    pub in_msgs: u64,
    /// The bytes of their headers and payloads.
    pub in_bytes: u64,
    /// Messages accepted for publishing.
    pub out_msgs: u64,
    /// The bytes of their headers and payloads.
    pub out_bytes: u64,
    /// How often the connection was lost and restored.
    pub reconnects: u64,
    /// Attempts to connect to a server, and those of them that failed.
    pub connect_attempts: u64,
    /// Those of them that failed.
    pub connect_failures: u64,
    /// Messages that were dropped because a subscription was too slow.
    pub dropped_msgs: u64,
    /// How often a subscription began to drop messages.
    pub slow_consumers: u64,
    /// Errors that no call returned.
    pub errors: u64,
    /// Messages that wait in subscriptions.
    pub pending_msgs: u64,
    /// The bytes of their headers and payloads.
    pub pending_bytes: u64,
    /// Bytes that wait to be written.
    pub buffered_bytes: u64,
    /// Open subscriptions.
    pub subscriptions: u64,
    /// Connections that have a server.
    pub connected: u64,
    /// How long servers took to answer PINGs.
    pub round_trips: Counts,
    /// How long message callbacks took.
    pub callbacks: Counts,
}

impl Metrics {
    /// Adds those of another connection.
    pub fn add(&mut self, other: &Metrics) {
        for (sum, more) in [
            (&mut self.in_msgs, other.in_msgs),
            (&mut self.in_bytes, other.in_bytes),
            (&mut self.out_msgs, other.out_msgs),
            (&mut self.out_bytes, other.out_bytes),
            (&mut self.reconnects, other.reconnects),
            (&mut self.connect_attempts, other.connect_attempts),
            (&mut self.connect_failures, other.connect_failures),
            (&mut self.dropped_msgs, other.dropped_msgs),
            (&mut self.slow_consumers, other.slow_consumers),
            (&mut self.errors, other.errors),
            (&mut self.pending_msgs, other.pending_msgs),
            (&mut self.pending_bytes, other.pending_bytes),
            (&mut self.buffered_bytes, other.buffered_bytes),
            (&mut self.subscriptions, other.subscriptions),
            (&mut self.connected, other.connected),
        ] {
            *sum += more;
        }
        self.round_trips.add(&other.round_trips);
        self.callbacks.add(&other.callbacks);
    }

    /// What remains of a connection that has ended: its counters, without its state.
    fn without_state(self) -> Metrics {
        Metrics {
            pending_msgs: 0,
            pending_bytes: 0,
            buffered_bytes: 0,
            subscriptions: 0,
            connected: 0,
            ..self
        }
    }
}

/// The connections of a process.
#[derive(Default)]
struct Connections {
    alive: BTreeMap<u64, Weak<Connection>>,
    ended: Option<Metrics>,
}

static CONNECTIONS: PerProcess<Mutex<Connections>> = PerProcess::new(Mutex::new(Connections {
    alive: BTreeMap::new(),
    ended: None,
}));

/// Lists a new connection.
pub(super) fn enter(connection: &Arc<Connection>) {
    let weak = Arc::downgrade(connection);
    CONNECTIONS
        .get()
        .lock()
        .alive
        .insert(connection.number(), weak);
}

impl Drop for Connection {
    fn drop(&mut self) {
        if fork::is_leaving() {
            return;
        }
        // In a child of `fork`, the connections of its parent are not listed.
        let listed = CONNECTIONS.get().lock().alive.remove(&self.number());
        if listed.is_some() {
            let last = self.metrics().without_state();
            let mut connections = CONNECTIONS.get().lock();
            connections.ended.get_or_insert_default().add(&last);
        }
    }
}

/// The connections that exist, and what those that do not exist any more have done.
fn all() -> (Vec<Arc<Connection>>, Metrics) {
    let connections = CONNECTIONS.get().lock();
    let alive = connections.alive.values().filter_map(Weak::upgrade);
    (alive.collect(), connections.ended.unwrap_or_default())
}

/// What all connections of the process have done together, and how many there are.
pub fn total() -> (Metrics, usize) {
    let (alive, mut sum) = all();
    for connection in &alive {
        sum.add(&connection.metrics());
    }
    (sum, alive.len())
}

impl Connection {
    /// What the connection has done so far, and its present state.
    pub fn metrics(&self) -> Metrics {
        let stats = self.stats();
        let (connect_attempts, connect_failures) = self.session.attempts();
        let (mut pending_msgs, mut pending_bytes) = (0, 0);
        // The subscriptions' queues are locked after the registry, one after the other; not under it, which would keep
        // the reading thread.
        for sub in self.interest.subscriptions() {
            // A subscription that was closed meanwhile has none.
            let Ok((msgs, bytes)) = sub.pending() else {
                continue;
            };
            pending_msgs += u64::try_from(msgs).unwrap_or(0);
            pending_bytes += u64::try_from(bytes).unwrap_or(0);
        }
        let meters = &self.meters;
        Metrics {
            in_msgs: stats.in_msgs,
            in_bytes: stats.in_bytes,
            out_msgs: stats.out_msgs,
            out_bytes: stats.out_bytes,
            reconnects: stats.reconnects,
            connect_attempts,
            connect_failures,
            dropped_msgs: meters.dropped.load(Relaxed),
            slow_consumers: meters.slow_consumers.load(Relaxed),
            errors: meters.errors.load(Relaxed),
            pending_msgs,
            pending_bytes,
            buffered_bytes: self.pending_bytes() as u64,
            subscriptions: self.subscription_count() as u64,
            connected: u64::from(self.status().has_server()),
            round_trips: meters.round_trips.counts(),
            callbacks: meters.callbacks.counts(),
        }
    }
}
