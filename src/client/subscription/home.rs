//! What a subscription needs of the connection that it lives on.

use std::sync::Arc;
use std::time::Instant;

use crate::client::callbacks::life::Life;
use crate::client::callbacks::manual::ManualQueue;
use crate::client::interest::Interest;
use crate::client::outgoing::Outbound;
use crate::client::outgoing::wire::Wire;
use crate::client::subscription::queue::Slow;
use crate::client::subscription::state::Subscription;
use crate::runtime::Runtime;

/// The connection that a subscription lives on.
pub(in crate::client) trait Home: Sized + Send + Sync + 'static {
    /// The connection to one server.
    type Wire: Wire;

    /// Is it closed for good?
    fn is_closed(&self) -> bool;

    /// Is it in one of the two phases of draining?
    fn is_draining(&self) -> bool;

    /// The threads that call the program, and the timers.
    fn runtime(&self) -> &Runtime;

    /// Knows which callbacks run.
    fn life(&self) -> &Life;

    /// The queue of a program that runs its callbacks itself.
    fn manual(&self) -> Option<&ManualQueue>;

    /// Which subscription has which sid.
    fn interest(&self) -> &Interest<Subscription<Self>>;

    /// Where what the server is told is appended.
    fn outbound(&self) -> &Outbound<Self::Wire>;

    /// Looks for a message that may be an answer, until `done` or for a short while. No lock may be held.
    fn look_for_answer(&self, deadline: Option<Instant>, done: impl Fn() -> bool);

    /// Writes what waits, if the program wants everything to be sent at once. No lock may be held.
    fn flush_if_asap(&self);

    /// Tells the program that a subscription has begun to drop messages. No lock may be held but that of the reader.
    fn report_slow(self: &Arc<Self>, sub: &Arc<Subscription<Self>>, slow: Slow);

    /// A subscription has ended, or has got all of its messages. No lock may be held but that of the reader.
    fn gone(self: &Arc<Self>);

    /// That it is closed, and what of, for the text of an error.
    fn closed_words(&self) -> String;

    /// What else there is to know when something did not come in time.
    fn meanwhile(&self) -> String;
}
