//! A thread that waits for an answer or a PONG reads the socket itself, where it can.
//!
//! Otherwise whoever watches the sockets would be woken, read, and wake the thread that waits: once
//! more than need be. While it waits it does all of the link's reading, and hands over to others
//! what is not its own.
//!
//! A thread that waits for a subscription's next message may wait for ever, and for what ends the
//! subscription, too. So it reads only while it [looks](crate::client::sync::adaptive_spin), and not at all unless something
//! has been published since the last such wait: then the message may well be the answer.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crate::client::connection::Connection;
use crate::client::incoming::link::Link;
use crate::client::sync::adaptive_spin::Look;
use crate::runtime::Registration;

/// The longest wait for a read without a deadline.
const FOR_EVER: Duration = Duration::from_secs(365 * 24 * 3600);

/// A thread that waits for what the server sends, and reads it itself: so nobody has to be woken
/// before it.
pub(in crate::client) struct WaitingReader<'a> {
    conn: &'a Connection,
    /// What it alone reads from; none if somebody else does.
    link: Option<Arc<Link>>,
}

impl Connection {
    /// Makes the calling thread read, if nobody does: to be called before it sends what will be
    /// answered.
    pub(in crate::client) fn read_here(&self) -> WaitingReader<'_> {
        let link = match self.foreign {
            Some(_) => None,
            None => self.session.link(),
        };
        // With TLS there may be more than is in the socket, of which somebody else has been told.
        let link = link.filter(|link| {
            let registration = link.registration.get();
            link.stream.is_plain() && registration.is_some_and(Registration::take_reading)
        });
        WaitingReader { conn: self, link }
    }
}

impl WaitingReader<'_> {
    /// Reads until `done`, the deadline, or the server is gone. Whoever waits may have to go on
    /// waiting afterwards: for another thread that reads.
    pub(in crate::client) fn read_until(self, deadline: Option<Instant>, done: impl Fn() -> bool) {
        let Some(link) = &self.link else {
            return self.conn.drive_loop(deadline, done);
        };
        let mut look = self.conn.patience.look(deadline);
        while !done() && !link.is_over() {
            if look.as_ref().is_some_and(Look::again) {
                link.read_alone();
                continue;
            }
            look = None;
            let now = Instant::now();
            let until = deadline.unwrap_or(now + FOR_EVER);
            if until <= now || link.stream.wait_readable(until, None).is_err() {
                break;
            }
            link.read_alone();
        }
    }
}

impl Connection {
    /// Looks for a message that may be an answer, if there is one to be expected, until `done` or
    /// for a short while.
    pub(in crate::client) fn look_for_answer(
        &self,
        deadline: Option<Instant>,
        done: impl Fn() -> bool,
    ) {
        let published = self.outbound.counts().0;
        if self.answered.swap(published, Ordering::Relaxed) == published || self.foreign.is_some() {
            return;
        }
        let Some(look) = self.patience_next.look(deadline) else {
            return;
        };
        let reader = self.read_here();
        while !done() && look.again() {
            // If somebody else reads, it may be the answer already.
            if let Some(link) = &reader.link {
                link.read_alone();
            }
        }
    }
}

impl Drop for WaitingReader<'_> {
    fn drop(&mut self) {
        if let Some(registration) = self.link.as_ref().and_then(|link| link.registration.get()) {
            registration.release_reading();
        }
    }
}
