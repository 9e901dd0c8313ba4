//! PINGs that something waits for, and what a PONG says of that which was sent before its PING.

use std::sync::Arc;
use std::time::Duration;

use super::front::Mode;
use super::publish::When;
use super::{Outbound, PONGS_MAX, WRITE_AT, Wire};

use crate::client::sync::one_shot::OneShot;
use crate::error::{Result, Status};
use crate::proto::encode;

/// The longest that a drain waits for the server's answer to what it sent; the last answer, where the
/// drain has a limit itself, it awaits until then.
pub(in crate::client) const ANSWER_MAX: Duration = Duration::from_secs(10);

/// Who waits for a PONG.
pub(in crate::client) enum PingWaiter {
    /// Nobody: it only shows that the server is alive.
    Keepalive,
    /// A thread.
    Thread(OneShot<Result<()>>),
    /// Something that goes on when it comes. Runs on the thread that reads,
    /// whichever that is, and must not block.
    Then(Box<dyn FnOnce(Result<()>) + Send>),
}

impl PingWaiter {
    /// The PONG came, or never will.
    pub(in crate::client) fn finish(self, result: Result<()>) {
        match self {
            PingWaiter::Keepalive => {}
            PingWaiter::Thread(slot) => slot.send(result),
            PingWaiter::Then(then) => then(result),
        }
    }
}

/// What was appended between two PINGs beside publishes, by position.
#[derive(Clone, Copy)]
pub(in crate::client) struct Window {
    /// The last position that is not in it.
    pub(in crate::client) after: u64,
    /// The last that is.
    pub(in crate::client) last: u64,
}

impl Window {
    pub(in crate::client) fn contains(self, position: u64) -> bool {
        self.after < position && position <= self.last
    }
}

impl<W: Wire> Outbound<W> {
    /// Answers a PING of the server's; of one that asks and does not read no more than so many.
    pub(in crate::client) fn answer_ping(&self) {
        let mut front = self.front.lock();
        let swapped = front.swapped;
        if front.pongs.1 != swapped {
            front.pongs = (0, swapped);
        }
        if front.pongs.0 < PONGS_MAX {
            front.pongs.0 += 1;
            front.append(|buf| buf.extend_from_slice(encode::PONG));
        }
    }

    /// What the server may not have dealt with yet.
    pub(in crate::client) fn unanswered_window(&self) -> Window {
        let front = self.front.lock();
        Window {
            after: front.confirmed,
            last: front.controls,
        }
    }

    /// Queues a PING whose PONG `waiter` waits for. Without a server it goes out with the next.
    pub(in crate::client) fn ping(&self, waiter: PingWaiter, when: When) {
        let mut front = self.front.lock();
        if let Mode::Closed = front.mode {
            drop(front);
            waiter.finish(Err(Status::NATS_CONNECTION_CLOSED.into()));
            return;
        }
        let before = front.before();
        front.pings.push_back((waiter, before));
        if let Mode::Live(_) = front.mode {
            front.buf.extend_from_slice(encode::PING);
            if when == When::Buffered && front.buf.len() >= WRITE_AT {
                // Not by this thread: it may be the one that runs the timers, or read for others.
                return front.ask();
            }
            let _ = self.after_append(front, when);
        }
    }

    /// Queues a PING that nobody waits for, from where locks are held. Without a server there is none.
    pub(in crate::client) fn ping_later(&self) {
        let mut front = self.front.lock();
        let before = front.before();
        if front.append(|buf| buf.extend_from_slice(encode::PING)) {
            front.pings.push_back((PingWaiter::Keepalive, before));
        }
    }

    /// A server answered the oldest PING; one that is not the present one any more answered none of
    /// those that wait. Returns what the server is known to have dealt with by that. The waiter is to
    /// be told without a lock.
    pub(in crate::client) fn pong(&self, link: &Arc<W>) -> Option<(PingWaiter, Window)> {
        let mut front = self.front.lock();
        if !front.is_live(link) {
            return None;
        }
        let (waiter, before) = front.pings.pop_front()?;
        front.answered = before.frames;
        let after = std::mem::replace(&mut front.confirmed, before.controls);
        let last = before.controls;
        Some((waiter, Window { after, last }))
    }

    /// Is there anything that the server may not have dealt with yet?
    pub(in crate::client) fn is_unanswered(&self) -> bool {
        let front = self.front.lock();
        front.answered < front.frames()
    }
}
