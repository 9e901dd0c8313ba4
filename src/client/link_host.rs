//! Implements what the reading side needs of its connection, and the calls of an event loop.

use std::sync::Arc;
use std::time::Duration;

use super::callbacks::life::LifetimeGuard;
use super::connection::Connection;
use super::incoming::event_loop::{self, ExternalLoop};
use super::incoming::upstream::{After, Control, Received, Upstream};
use super::incoming::waiting::Waits;
use super::interest::Interest;
use super::interest::registry::Route;
use super::outgoing::Outbound;
use super::{Link, Subscription};
use crate::error::Error;
use crate::log::Logger;
use crate::msg::MsgList;
use crate::runtime::Runtime;

impl Upstream for Connection {
    type Subscription = Subscription;

    #[inline]
    fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    #[inline]
    fn outbound(&self) -> &Outbound<Link> {
        &self.outbound
    }

    #[inline]
    fn interest(&self) -> &Interest<Subscription> {
        &self.interest
    }

    #[inline]
    fn received(&self) -> &Received {
        &self.received
    }

    #[inline]
    fn waits(&self) -> &Waits {
        &self.waits
    }

    #[inline]
    fn event_loop(&self) -> Option<&ExternalLoop<Connection>> {
        self.external_loop.as_ref()
    }

    fn lifetime_guard(&self) -> Option<LifetimeGuard> {
        Connection::lifetime_guard(self)
    }

    fn present_link(&self) -> Option<Arc<Link>> {
        self.session.link()
    }

    #[inline]
    fn receive_busy_poll(&self) -> Duration {
        self.opts.receive_busy_poll
    }

    #[inline]
    fn log(&self) -> &Logger {
        Connection::log(self)
    }

    fn has_successor(&self) -> bool {
        self.opts.allow_reconnect && !self.is_closed()
    }

    #[inline]
    fn deliver(&self, route: Route<Subscription>, sid: u64, msgs: MsgList) {
        self.log().trace(|| {
            let (count, bytes) = (msgs.len(), msgs.bytes());
            format!("<- {count} MSG for {sid}, {bytes} bytes")
        });
        match route {
            Route::Subscription(sub) => Subscription::receive(&sub, sid, msgs),
            Route::Requests => self.requests.answers(msgs, || {
                // Writing may need the program's event loop, which must not be called with the reader locked.
                let driven_by_us = self.external_loop.is_none();
                driven_by_us.then(|| self.outbound.collect())
            }),
        }
    }

    fn control(self: &Arc<Self>, link: &Arc<Link>, control: Control) -> After {
        self.log().trace(|| match &control {
            Control::Pong => "<- PONG".to_owned(),
            Control::Info(info) => format!("<- INFO of '{}'", info.server_name),
            Control::Err(error) => format!("<- -ERR '{}'", error.text()),
        });
        match control {
            Control::Pong => self.pong_received(link),
            Control::Info(info) => {
                self.info_received(*info);
                After::ReadOn
            }
            Control::Err(error) => self.server_error(link, error),
        }
    }

    fn on_disconnect(self: &Arc<Self>, link: &Arc<Link>, error: Error) {
        Connection::on_disconnect(self, link, error);
    }
}

impl Connection {
    /// Handles a socket that the program's event loop found readable: reads and delivers what is there. The loss of
    /// the server is handled within the call.
    pub fn process_read_event(&self) {
        event_loop::read_event(self);
    }

    /// Handles a socket that the program's event loop found writable: writes what is buffered, as far as possible.
    pub fn process_write_event(&self) {
        event_loop::write_event(self);
    }

    /// The program's event loop has released the connection.
    pub fn process_detached_event(&self) {
        event_loop::detached_event(self);
    }
}
