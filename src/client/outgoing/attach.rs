//! Connects the buffer with a server: what a new server is sent first, and what is kept when one is lost.

use std::sync::Arc;
use std::time::Instant;

use super::appender::{Before, Mode, Ping};
use super::ping::PingWaiter;
use super::{Outbound, Wire};
use crate::error::{Error, Status};
use crate::proto::encode;
use crate::proto::write_buf::WriteBuf;

/// What a new server is sent first.
#[derive(Default)]
pub(in crate::client) struct SessionStart {
    /// The subscriptions, as whole frames.
    pub(in crate::client) frames: WriteBuf,
    /// The number of SUBs among them.
    pub(in crate::client) subscriptions: u64,
    /// Whether a PING follows immediately. Its PONG says that the server has processed all of them, whatever becomes
    /// of the publishes behind it.
    pub(in crate::client) confirm: bool,
}

/// What has to be reported, with no lock held, when a server is lost.
#[derive(Default)]
pub(in crate::client) struct Detached {
    /// The waiters for PONGs of the lost server.
    pub(in crate::client) waiters: Vec<PingWaiter>,
    /// Why a publish will not be sent again.
    pub(in crate::client) given_up: Option<Error>,
}

impl<W: Wire> Outbound<W> {
    /// Refuses publishes from now on: everything that was accepted is sent before the connection ends.
    pub(in crate::client) fn refuse_publishes(&self) {
        self.appender.lock().draining = true;
    }

    /// Connects the buffer with a server: first its state, then what is pending, then the PINGs that are waited for.
    /// The caller writes it. Does nothing if the link has failed already.
    ///
    /// The subscriptions get the positions behind the one that is returned.
    pub(in crate::client) fn attach(&self, link: &Arc<W>, start: SessionStart) -> u64 {
        let SessionStart {
            frames: mut state,
            subscriptions,
            confirm,
        } = start;
        let mut appender = self.appender.lock();
        let position = appender.controls;
        if matches!(appender.mode, Mode::Closed) || link.has_ended() {
            return position;
        }
        appender.controls += subscriptions;
        appender.confirmed = position;
        if confirm {
            state.extend_from_slice(encode::PING);
        }
        appender.attached(state.len());
        state.append(&mut appender.buf);
        let now = appender.before();
        let at = Instant::now();
        for ping in &mut appender.pings {
            (ping.before, ping.at) = (now, at);
            state.extend_from_slice(encode::PING);
        }
        if confirm {
            let before = Before {
                frames: appender.answered,
                controls: now.controls,
            };
            let ping = Ping::new(PingWaiter::Keepalive, before);
            appender.pings.push_front(ping);
        }
        appender.buf = state;
        appender.flush_requested = false;
        appender.in_burst = false;
        appender.mode = Mode::Live(link.clone());
        drop(appender);
        self.progress.notify_all();
        position
    }

    /// The server is lost: keeps the publishes that were not written. `broke` is false if the program gave the link
    /// up.
    #[must_use]
    pub(in crate::client) fn detach(&self, link: &Arc<W>, broke: bool) -> Detached {
        let mut writer = self.writer.lock();
        let mut appender = self.appender.lock();
        if !appender.is_live(link) {
            return Detached::default();
        }
        let kept = appender.keep(&writer, broke);
        writer.clear();
        appender.buf = kept.buf;
        appender.written = appender.swapped;
        appender.mode = Mode::Pending;
        let waiters = appender.take_waiters();
        drop(appender);
        drop(writer);
        self.progress.notify_all();
        Detached {
            waiters,
            given_up: kept.given_up,
        }
    }

    /// The connection is closed: releases the memory and notifies all waiters.
    pub(in crate::client) fn close(&self) {
        let mut appender = self.appender.lock();
        appender.mode = Mode::Closed;
        appender.buf = WriteBuf::new();
        let waiters = appender.take_waiters();
        drop(appender);
        self.progress.notify_all();
        // The thread that holds it now drops it with the connection.
        if let Some(mut writer) = self.writer.try_lock() {
            writer.clear();
        }
        for waiter in waiters {
            waiter.finish(Err(Status::NATS_CONNECTION_CLOSED.into()));
        }
    }
}
