//! One subscription: from its SUB to the last of its callbacks.
//!
//! `state` is the subscription itself, `queue` its messages and whether it is closed. `delivery` passes messages to the
//! callback, `next` to a thread that fetches them; `timeout` tells the callback that none has arrived. `drain` and
//! `ending` end a subscription; `maximum` computes whether the server has ended it by itself. Layers above see its
//! messages on the reading thread (`intake`), take them in batches (`next_batch`), bind it to another subject
//! (`rebind`, `bound`), are told of its end (`endings`) and attach state of their own (`extension`). `rare` is what few subscriptions have.
//!
//! `home::Home` declares what it needs from its connection. Owns its messages from their receipt to their delivery, and
//! the counts of them.
//!
//! Lock: the queue. It comes after the registry and before the outgoing buffer, and is never held while the program's
//! code runs. The thread that reads appends to it; a worker, or the thread that waits for a message, takes from it.

#![expect(
    private_bounds,
    reason = "a subscription lives on a connection of this crate and on nothing else"
)]

mod bound;
mod delivery;
mod drain;
mod ending;
mod endings;
mod extension;
pub(super) mod home;
mod intake;
mod maximum;
mod next;
mod next_batch;
pub(super) mod queue;
mod rare;
mod rebind;
pub(super) mod state;
mod timeout;
mod why;

pub use endings::EndReason;
pub use extension::Extension;
pub use intake::Intake;
pub use next_batch::Batch;
pub use state::{MsgSink, SubStats, SubscribeArgs, Subscription};

#[cfg(test)]
mod tests;
