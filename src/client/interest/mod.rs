//! Which subscriptions there are, and what the server knows of them.
//!
//! [`registry`] has them by sid, [`refused`] finds out which of them the server does not take.
//!
//! Lock: the registry. It comes before a subscription's queue, the waiting requests and the outgoing buffer, and is
//! never held together with the state of the connection. SUB and UNSUB are appended with it locked, so that it is
//! clear which comes first, that or a reconnect. The thread that reads takes it once for each buffer that it parses.

pub(super) mod refused;
pub(super) mod registry;
