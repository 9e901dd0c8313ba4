//! The reading side: from the socket to the subscriptions.
//!
//! [`link`] is the connection to one server, read by one thread at a time; [`waiting`] lets a thread that waits for an
//! answer be that thread; [`event_loop`] is for sockets that an event loop of the program watches; [`unused`] gives
//! memory back when the traffic ends.
//!
//! What it needs of the connection is [`upstream::Upstream`]. Owns the bytes that came and were not parsed, the counts of
//! what was received, and the dealings with an event loop.
//!
//! Lock: the reader of a link. It comes before all others but the turn of the event loop's calls, and is held while
//! what was read is handed over. It is released before anything is done that may close the connection
//! ([`upstream::After`]). Whoever watches the sockets reads, unless a thread that waits has taken that over.

pub(super) mod event_loop;
pub(super) mod link;
mod unused;
pub(super) mod upstream;
pub(super) mod waiting;

#[cfg(test)]
mod tests;
