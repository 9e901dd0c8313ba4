//! The reading side: from the socket to the subscriptions.
//!
//! [`link`] is the reading end of a server's connection, used by one thread at a time. [`waiting`] lets a thread that
//! waits for an answer be that thread. [`event_loop`] is for sockets that are watched by an event loop of the program.
//! [`unused`] releases memory when traffic ends.
//!
//! [`upstream::Upstream`] declares what it needs from the connection. Owns the bytes that were received and not parsed,
//! the counts of received messages, and the state of the event loop.
//!
//! Lock: the reader of a link. It comes before all others except that of the calls of the event loop, and is held while
//! messages are passed on. It is released before any step that may close the connection ([`upstream::After`]). A thread
//! that watches the sockets reads, unless a waiting thread has taken over.

pub(super) mod event_loop;
pub(super) mod link;
mod unused;
pub(super) mod upstream;
pub(super) mod waiting;

#[cfg(test)]
mod tests;
