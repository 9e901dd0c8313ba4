//! One subscription: from its SUB to the last of its callbacks.
//!
//! [`state`] is what it is and what can be asked of it, [`delivery`] its queue, [`drain`] its end without losing
//! messages, [`maximum`] whether the server has ended it by itself.
//!
//! Lock: the queue. It comes after the registry and before the outgoing buffer, and is never held while the program's
//! code runs. The thread that reads appends to it; a worker, or the thread that waits for a message, takes from it.

pub(super) mod delivery;
pub(super) mod drain;
mod maximum;
pub(super) mod state;

pub use state::{MsgSink, SubStats, SubscribeArgs, Subscription};
