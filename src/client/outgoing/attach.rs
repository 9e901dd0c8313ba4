//! Connects the buffer with a server: what a new server is sent first, and what is kept when one is lost.

use std::sync::Arc;

use super::front::{Before, Mode};
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
        self.front.lock().draining = true;
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
        let mut front = self.front.lock();
        let position = front.controls;
        if matches!(front.mode, Mode::Closed) || link.has_ended() {
            return position;
        }
        front.controls += subscriptions;
        front.confirmed = position;
        if confirm {
            state.extend_from_slice(encode::PING);
        }
        front.attached(state.len());
        state.append(&mut front.buf);
        let now = front.before();
        for (_, before) in &mut front.pings {
            *before = now;
            state.extend_from_slice(encode::PING);
        }
        if confirm {
            let before = Before {
                frames: front.answered,
                controls: now.controls,
            };
            front.pings.push_front((PingWaiter::Keepalive, before));
        }
        front.buf = state;
        front.flush_requested = false;
        front.in_burst = false;
        front.mode = Mode::Live(link.clone());
        drop(front);
        self.progress.notify_all();
        position
    }

    /// The server is lost: keeps the publishes that were not written. `broke` is false if the program gave the link
    /// up.
    #[must_use]
    pub(in crate::client) fn detach(&self, link: &Arc<W>, broke: bool) -> Detached {
        let mut writer = self.writer.lock();
        let mut front = self.front.lock();
        if !front.is_live(link) {
            return Detached::default();
        }
        let kept = front.keep(&writer, broke);
        writer.clear();
        front.buf = kept.buf;
        front.written = front.swapped;
        front.mode = Mode::Pending;
        let waiters = front.take_waiters();
        drop(front);
        drop(writer);
        self.progress.notify_all();
        Detached {
            waiters,
            given_up: kept.given_up,
        }
    }

    /// The connection is closed: releases the memory and notifies all waiters.
    pub(in crate::client) fn close(&self) {
        let mut front = self.front.lock();
        front.mode = Mode::Closed;
        front.buf = WriteBuf::new();
        let waiters = front.take_waiters();
        drop(front);
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
