//! The interface that a subscription needs from its connection.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::client::callbacks::life::Life;
use crate::client::callbacks::manual::ManualQueue;
use crate::client::interest::Interest;
use crate::client::outgoing::Outbound;
use crate::client::outgoing::wire::Wire;
use crate::client::subscription::queue::Slow;
use crate::client::subscription::state::Subscription;
use crate::log::Logger;
use crate::runtime::Runtime;

/// The connection that a subscription belongs to.
pub(in crate::client) trait Home: Sized + Send + Sync + 'static {
    /// The link to one server.
    type Wire: Wire;

    /// Is the connection closed?
    fn is_closed(&self) -> bool;

    /// Is it in one of the two phases of draining?
    fn is_draining(&self) -> bool;

    /// The threads that call the program, and the timers.
    fn runtime(&self) -> &Runtime;

    /// Records which callbacks run.
    fn life(&self) -> &Life;

    /// What the connection logs by.
    fn log(&self) -> &Logger;

    /// The queue of callbacks, if the program runs them itself.
    fn manual(&self) -> Option<&ManualQueue>;

    /// The registry of subscriptions by sid.
    fn interest(&self) -> &Interest<Subscription<Self>>;

    /// The outgoing buffer.
    fn outbound(&self) -> &Outbound<Self::Wire>;

    /// Polls for a message that may be an answer, until `done` or for a short time. No lock may be held.
    fn look_for_answer(&self, deadline: Option<Instant>, done: impl Fn() -> bool);

    /// Reads until `done` or the deadline, for as long as something comes. No lock may be held.
    fn read_what_comes(&self, deadline: Option<Instant>, done: impl FnMut() -> bool);

    /// Writes buffered bytes, if the program wants everything to be sent at once. No lock may be held.
    fn flush_if_asap(&self);

    /// Tells the program that a subscription has begun to drop messages. No lock may be held except the reader's.
    fn report_slow(self: &Arc<Self>, sub: &Arc<Subscription<Self>>, slow: Slow);

    /// So many callbacks took this time together.
    fn callbacks_took(&self, time: Duration, callbacks: u32);

    /// A subscription has dropped messages.
    fn dropped(&self, messages: usize);

    /// A subscription has ended, or has received all of its messages. No lock may be held except the reader's.
    fn gone(self: &Arc<Self>);

    /// Says that the connection is closed, and why, for an error text.
    fn closed_words(&self) -> String;

    /// Other facts that explain a timeout, for an error text.
    fn meanwhile(&self) -> String;
}
