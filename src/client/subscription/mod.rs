//! One subscription: from its SUB to the last of its callbacks.
//!
//! `state` is what it is and what can be asked of it, `queue` what waits in it and whether it is closed, `delivery`
//! the way of a message to the callback and `next` to a thread that fetches it, `timeout` tells the callback that
//! none came; `drain` and `ending` are its ends, `maximum` whether the server has ended it by itself. Layers above
//! see its messages on the reading thread (`intake`), take them in batches (`next_batch`), bind it to another subject
//! (`rebind`, `bound`), learn of its end (`endings`) and hang state of their own on it (`extension`).
//!
//! What it needs of the connection that it lives on is `home::Home`. Owns its messages from when they were received to
//! when the program gets them, and what is counted of them.
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
