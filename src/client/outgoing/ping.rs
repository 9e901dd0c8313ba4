//! PINGs that somebody waits for, and what a PONG says about the frames before its PING.

use std::sync::Arc;
use std::time::Duration;

use super::front::Mode;
use super::publish::When;
use super::{Outbound, PONGS_MAX, WRITE_AT, Wire};

use crate::client::sync::one_shot::OneShot;
use crate::error::{Result, Status};
use crate::proto::encode;

/// The longest that a drain waits for the server's answer to what it sent. If the drain has a limit itself, the last
/// answer is awaited until then.
pub(in crate::client) const ANSWER_MAX: Duration = Duration::from_secs(10);

/// The waiter for a PONG.
pub(in crate::client) enum PingWaiter {
    /// Nobody: the PONG only shows that the server is alive.
    Keepalive,
    /// A thread.
    Thread(OneShot<Result<()>>),
    /// An action that continues something. It runs on the thread that reads, with the reader released, and must not
    /// block.
    Then(Box<dyn FnOnce(Result<()>) + Send>),
}

impl PingWaiter {
    /// The PONG arrived, or never will.
    pub(in crate::client) fn finish(self, result: Result<()>) {
        match self {
            PingWaiter::Keepalive => {}
            PingWaiter::Thread(slot) => slot.send(result),
            PingWaiter::Then(then) => then(result),
        }
    }
}

/// The frames other than publishes between two PINGs, by position.
#[derive(Clone, Copy)]
pub(in crate::client) struct Window {
    /// The last position before the window.
    pub(in crate::client) after: u64,
    /// The last position in the window.
    pub(in crate::client) last: u64,
}

impl Window {
    pub(in crate::client) fn contains(self, position: u64) -> bool {
        self.after < position && position <= self.last
    }
}

impl<W: Wire> Outbound<W> {
    /// Answers a PING of the server, up to a limit for a server that sends PINGs and does not read.
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

    /// The frames that the server may not have processed yet.
    pub(in crate::client) fn unanswered_window(&self) -> Window {
        let front = self.front.lock();
        Window {
            after: front.confirmed,
            last: front.controls,
        }
    }

    /// Queues a PING whose PONG `waiter` waits for. Without a server it is sent to the next one.
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
                // This thread must not write: it may be the timer thread, or read for others.
                return front.ask();
            }
            let _ = self.after_append(front, when);
        }
    }

    /// Queues a PING that nobody waits for; callers may hold locks. Does nothing without a server.
    pub(in crate::client) fn ping_later(&self) {
        let mut front = self.front.lock();
        let before = front.before();
        if front.append(|buf| buf.extend_from_slice(encode::PING)) {
            front.pings.push_back((PingWaiter::Keepalive, before));
        }
    }

    /// The server answered the oldest PING. A PONG of an earlier server answers none of the waiting ones. Returns the
    /// waiter, which is to be notified with no lock held, and the frames that the server is known to have processed.
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

    /// Is there anything that the server may not have processed yet?
    pub(in crate::client) fn is_unanswered(&self) -> bool {
        let front = self.front.lock();
        front.answered < front.frames()
    }
}
