//! PINGs that somebody waits for, and what a PONG says about the frames before its PING.

use std::sync::Arc;
use std::time::Duration;

use super::appender::{Mode, Ping};
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

/// An answered PING.
pub(in crate::client) struct Answered {
    pub(in crate::client) waiter: PingWaiter,
    /// The frames that the server is known to have processed.
    pub(in crate::client) window: Window,
    /// The time since the PING was appended.
    pub(in crate::client) took: Duration,
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
        let mut appender = self.appender.lock();
        let swapped = appender.swapped;
        if appender.pongs.1 != swapped {
            appender.pongs = (0, swapped);
        }
        if appender.pongs.0 < PONGS_MAX {
            appender.pongs.0 += 1;
            appender.append(|buf| buf.extend_from_slice(encode::PONG));
        }
    }

    /// The frames that the server may not have processed yet.
    pub(in crate::client) fn unanswered_window(&self) -> Window {
        let appender = self.appender.lock();
        Window {
            after: appender.confirmed,
            last: appender.controls,
        }
    }

    /// Queues a PING whose PONG `waiter` waits for. Without a server it is sent to the next one.
    pub(in crate::client) fn ping(&self, waiter: PingWaiter, when: When) {
        let mut appender = self.appender.lock();
        if let Mode::Closed = appender.mode {
            drop(appender);
            waiter.finish(Err(Status::NATS_CONNECTION_CLOSED.into()));
            return;
        }
        let before = appender.before();
        appender.pings.push_back(Ping::new(waiter, before));
        if let Mode::Live(_) = appender.mode {
            appender.buf.extend_from_slice(encode::PING);
            if when == When::Buffered && appender.buf.len() >= WRITE_AT {
                // This thread must not write: it may be the timer thread, or read for others.
                return appender.ask();
            }
            let _ = self.after_append(appender, when);
        }
    }

    /// Queues a PING that nobody waits for; callers may hold locks. Does nothing without a server.
    pub(in crate::client) fn ping_later(&self) {
        let mut appender = self.appender.lock();
        let before = appender.before();
        if appender.append(|buf| buf.extend_from_slice(encode::PING)) {
            let ping = Ping::new(PingWaiter::Keepalive, before);
            appender.pings.push_back(ping);
        }
    }

    /// The server answered the oldest PING. A PONG of an earlier server answers none of the waiting ones. Returns the
    /// waiter, which is to be notified with no lock held, and the frames that the server is known to have processed.
    pub(in crate::client) fn pong(&self, link: &Arc<W>) -> Option<Answered> {
        let mut appender = self.appender.lock();
        if !appender.is_live(link) {
            return None;
        }
        let Ping { waiter, before, at } = appender.pings.pop_front()?;
        appender.answered = before.frames;
        let after = std::mem::replace(&mut appender.confirmed, before.controls);
        let last = before.controls;
        drop(appender);
        Some(Answered {
            waiter,
            window: Window { after, last },
            took: at.elapsed(),
        })
    }

    /// Is there anything that the server may not have processed yet?
    pub(in crate::client) fn is_unanswered(&self) -> bool {
        let appender = self.appender.lock();
        appender.answered < appender.frames()
    }
}
