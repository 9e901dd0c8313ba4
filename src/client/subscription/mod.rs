//! One subscription: from its SUB to the last of its callbacks.
//!
//! [`state`] is what it is and what can be asked of it, [`delivery`] its queue, [`drain`] its end without losing
//! messages, [`maximum`] whether the server has ended it by itself. Layers above see its messages on the reading thread
//! ([`intake`]), take them in batches ([`next_batch`]), bind it to another subject ([`rebind`], [`bound`]), learn of its
//! end ([`endings`]) and hang state of their own on it ([`extension`]).
//!
//! Lock: the queue. It comes after the registry and before the outgoing buffer, and is never held while the program's
//! code runs. The thread that reads appends to it; a worker, or the thread that waits for a message, takes from it.

mod bound;
pub(super) mod delivery;
pub(super) mod drain;
mod endings;
mod extension;
mod intake;
mod maximum;
mod next_batch;
mod rebind;
pub(super) mod state;

pub use endings::EndReason;
pub use extension::Extension;
pub use intake::Intake;
pub use next_batch::Batch;
pub use state::{MsgSink, SubStats, SubscribeArgs, Subscription};
