//! Lets a thread that waits for an answer or a PONG read the socket itself.
//!
//! Otherwise the thread that watches the sockets would be woken, read, and wake the waiting thread, which is one wake
//! more than necessary. While it waits, the thread does all reading of the link, and hands over to others what is not
//! for it.
//!
//! A thread that waits for a subscription's next message may wait for ever, also for the end of the subscription. So
//! it reads only while it [spins](crate::client::sync::adaptive_spin), and not at all unless something has been
//! published since the last such wait: only then may the message be an answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::client::incoming::event_loop::drive_loop;
use crate::client::incoming::link::Link;
use crate::client::incoming::upstream::Upstream;
use crate::client::sync::adaptive_spin::{AdaptiveSpin, Spin};
use crate::runtime::Registration;

/// A thread that has asked for many messages leaves the reading to others when nothing has come for this long. It is also
/// how late it notices that another thread has ended its subscription.
const SILENCE: Duration = Duration::from_millis(2);

/// The longest wait for a read without a deadline.
const FOR_EVER: Duration = Duration::from_secs(365 * 24 * 3600);

/// Statistics about the waits of a connection's threads.
pub(in crate::client) struct Waits {
    /// Waits for answers to requests and flushes.
    answers: AdaptiveSpin,
    /// Waits for the next message of a subscription.
    next: AdaptiveSpin,
    /// The number of published messages when a thread last waited for a subscription's next message.
    published: AtomicU64,
}

impl Waits {
    /// Threads spin for at most `busy_poll`, on a machine with this number of processors.
    pub(in crate::client) fn new(busy_poll: Duration, processors: usize) -> Self {
        Waits {
            answers: AdaptiveSpin::new(busy_poll, processors),
            next: AdaptiveSpin::new(busy_poll, processors),
            published: AtomicU64::new(0),
        }
    }
}

/// A thread that waits for something from the server and reads it itself, so that no other thread has to be woken
/// first.
pub(in crate::client) struct WaitingReader<'a, U: Upstream> {
    up: &'a U,
    /// The link that only this thread reads; `None` if another one does.
    link: Option<Arc<Link<U>>>,
}

/// Makes the calling thread the reader, if there is none. Called before it sends what will be answered.
pub(in crate::client) fn take_over_reading<U: Upstream>(up: &U) -> WaitingReader<'_, U> {
    let link = match up.event_loop() {
        Some(_) => None,
        None => up.present_link(),
    };
    // With TLS there may be more than is in the socket, which has been reported to another thread.
    let link = link.filter(|link| {
        let registration = link.registration.get();
        link.stream.is_plain() && registration.is_some_and(Registration::take_reading)
    });
    WaitingReader { up, link }
}

impl<U: Upstream> WaitingReader<'_, U> {
    /// Reads until `done` is true, the deadline, or the loss of the server. Afterwards the caller may have to go on
    /// waiting, for another thread that reads.
    pub(in crate::client) fn read_until(self, deadline: Option<Instant>, done: impl Fn() -> bool) {
        let Some(link) = &self.link else {
            return drive_loop(self.up, deadline, done);
        };
        let mut spin = self.up.waits().answers.spin(deadline);
        while !done() && !link.has_ended() {
            if spin.as_ref().is_some_and(Spin::keep_spinning) {
                link.try_read();
                continue;
            }
            spin = None;
            let now = Instant::now();
            let until = deadline.unwrap_or(now + FOR_EVER);
            if until <= now || link.stream.wait_readable(until, None).is_err() {
                break;
            }
            link.try_read();
        }
    }
}

/// Reads for a short time, until `done` is true, if a message is expected that may be an answer.
pub(in crate::client) fn look_for_answer<U: Upstream>(
    up: &U,
    deadline: Option<Instant>,
    done: impl Fn() -> bool,
) {
    let published = up.outbound().counts().0;
    let waits = up.waits();
    if waits.published.swap(published, Ordering::Relaxed) == published || up.event_loop().is_some()
    {
        return;
    }
    let Some(spin) = waits.next.spin(deadline) else {
        return;
    };
    let reader = take_over_reading(up);
    while !done() && spin.keep_spinning() {
        // If another thread reads, it may have read the answer already.
        if let Some(link) = &reader.link {
            link.try_read();
        }
    }
}

/// Reads until `done` is true, the deadline, or a silence: for a thread that has asked for many messages, which come in
/// several pieces. `done` is called after each read, when no lock of the link is held.
pub(in crate::client) fn read_what_comes<U: Upstream>(
    up: &U,
    deadline: Option<Instant>,
    mut done: impl FnMut() -> bool,
) {
    if up.event_loop().is_some() {
        return;
    }
    let reader = take_over_reading(up);
    let Some(link) = &reader.link else { return };
    while !done() && !link.has_ended() {
        let silent = Instant::now() + SILENCE;
        let until = deadline.map_or(silent, |deadline| deadline.min(silent));
        if link.stream.wait_readable(until, None).is_err() {
            return;
        }
        link.try_read();
    }
}

impl<U: Upstream> Drop for WaitingReader<'_, U> {
    fn drop(&mut self) {
        if let Some(registration) = self.link.as_ref().and_then(|link| link.registration.get()) {
            registration.release_reading();
        }
    }
}
