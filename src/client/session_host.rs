//! Implements what a session needs from its connection, and passes events of a link to the session.

use std::sync::Arc;
use std::time::Duration;

use super::Link;
use super::Subscription;
use super::callbacks::events::Callbacks;
use super::connection::Connection;
use super::incoming::upstream::After;
use super::interest::registry::Route;
use super::observers::ConnEvent;
use super::outgoing::attach::{Detached, SessionStart};
use super::outgoing::ping::{Answered, PingWaiter};
use super::outgoing::publish::When;
use super::session::closing::close_now;
use super::session::failure::Failure;
use super::session::handshake::{self, Attempt, Context, Wire};
use super::session::host::{Event, SessionHost, SessionLink};
use super::session::state::Session;
use super::session::{connect, dial, drain, loss};
use super::subscription::queue::Closed;
use super::subscription::state::Purpose;
use crate::error::{Error, Result, Status};
use crate::log::Target;
use crate::msg;
use crate::net::Socket;
use crate::net::stream::Stream;
use crate::proto::encode;
use crate::proto::info::ServerInfo;
use crate::proto::server_error::{Consequence, Meaning, ServerError};
use crate::proto::write_buf::WriteBuf;
use crate::runtime::Runtime;

impl SessionLink for Link {
    fn start(self: &Arc<Self>) -> Result<()> {
        Link::start(self)
    }

    fn stop(&self) {
        Link::stop(self);
    }

    fn fail(self: &Arc<Self>, error: Error) {
        Link::fail(self, error);
    }

    fn give_up(self: &Arc<Self>, error: Error) {
        Link::give_up(self, error);
    }

    fn is_given_up(&self) -> bool {
        Link::is_given_up(self)
    }

    fn has_unread(&self) -> bool {
        Link::has_unread(self)
    }

    fn wait_for_its_reader(&self) {
        Link::wait_for_its_reader(self);
    }
}

impl SessionHost for Connection {
    type Link = Link;

    fn session(&self) -> &Session<Link> {
        &self.session
    }

    fn callbacks(&self) -> &Callbacks {
        &self.callbacks
    }

    fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    fn tell(self: &Arc<Self>, event: Event<'_>) {
        if let Some(event) = ConnEvent::of(&event) {
            self.note_for_observers(event);
        }
        let opts = &self.opts;
        match event {
            Event::Connected => self.post_event(&opts.connected_cb),
            Event::Reconnected => self.post_event(&opts.reconnected_cb),
            Event::Disconnected(reason) => self.post_disconnected(reason),
            Event::Draining => {}
            Event::Closed => self.post_event(&opts.closed_cb),
            Event::DiscoveredServers => self.post_discovered_servers(),
            Event::LameDuck => self.post_lame_duck(),
            Event::Failure(error) => self.post_failure(error),
        }
    }

    fn detach(&self, link: &Arc<Link>, broke: bool) -> Detached {
        self.outbound.detach(link, broke)
    }

    fn dial(&self, attempt: &Attempt) -> Result<Socket, Failure> {
        let config = self.session.config();
        dial::open(config, &self.callbacks.life, self.log(), attempt)
    }

    fn shake_hands(
        self: &Arc<Self>,
        socket: Socket,
        attempt: &Attempt,
    ) -> Result<(Arc<Link>, ServerInfo), Failure> {
        let read_size = self.opts.io_buf_size.unwrap_or(msg::receive::READ_SIZE);
        let padding = self.opts.message_buffer_padding;
        let mut wire = Wire::new(Stream::plain(socket), padding, read_size);
        let context = Context {
            config: self.session.config(),
            tls: self.session.tls(),
            life: &self.callbacks.life,
            log: self.log(),
        };
        let info = handshake::run(&context, &mut wire, attempt)?;
        let link = Link::new(self, wire.stream, wire.receiver, wire.parser);
        if let Some(external_loop) = &self.external_loop {
            external_loop.attach(&link).map_err(Failure::Refused)?;
        }
        Ok((link, info))
    }

    fn reconnect_delay(self: &Arc<Self>, pass: u32) -> Duration {
        match &self.opts.custom_reconnect_delay {
            Some(delay) => delay(self, pass as i32),
            None => self.opts.reconnect_wait,
        }
    }

    fn choose_server(
        self: &Arc<Self>,
        urls: &[String],
        pause: Duration,
    ) -> (Option<usize>, Duration) {
        match &self.opts.next_server {
            Some(choose) => choose(self, urls, pause),
            None => (None, pause),
        }
    }

    fn heed_limits(self: &Arc<Self>, info: &ServerInfo) {
        for given_up in self.set_limits(info) {
            self.report(&given_up);
        }
    }

    fn resume(&self, link: &Arc<Link>) {
        self.send_subscriptions(|start| self.outbound.attach(link, start));
    }

    fn ping(&self, waiter: PingWaiter) {
        self.log().trace(|| "-> PING".to_owned());
        self.outbound.ping(waiter, When::Buffered);
    }

    fn write_pending(&self, link: &Arc<Link>) {
        self.outbound.try_flush(link);
    }

    fn forgive_refused(&self) {
        self.interest.forgive();
    }

    fn fail_requests(&self, status: Status) {
        self.requests.fail_all(status);
    }

    fn close_outgoing(&self) {
        self.outbound.close();
    }

    fn end_subscriptions(&self) {
        let subs = self.interest.clear();
        for sub in subs {
            sub.end(Closed::WithConnection);
        }
        self.requests.end_contexts();
    }

    fn leave_loop(&self) {
        if let Some(external_loop) = &self.external_loop {
            external_loop.closed();
        }
    }

    fn refuse_publishes(&self) {
        self.outbound.refuse_publishes();
    }

    fn unsubscribe_answers(&self) {
        if let Some(sid) = self.requests.sid() {
            self.log().trace(|| format!("-> UNSUB {sid}"));
            self.outbound
                .control(|buf| encode::unsubscribe(buf, sid, None));
        }
    }

    fn drain_subscriptions(&self) -> Box<dyn FnOnce(Result<()>) + Send> {
        // Requests in progress get their answers, and the drain waits for that.
        let mut subs = self.interest.close_to_new();
        subs.retain(|sub| sub.purpose() == Purpose::Messages);
        for sub in &subs {
            // A subscription that was closed meanwhile needs no draining.
            let _ = sub.start_draining();
        }
        Box::new(move |result| {
            for sub in &subs {
                sub.drain_flushed(result.clone().map_err(|e| e.status()));
            }
        })
    }

    fn open_subscriptions(&self) -> usize {
        self.interest.count()
    }

    fn late_subscriptions(&self) -> Option<(String, Box<dyn FnOnce()>)> {
        let subs = self.interest.subscriptions();
        let text = left_over(&subs)?;
        let end = move || {
            for sub in subs {
                sub.drain_late(true);
            }
        };
        Some((text, Box::new(end)))
    }
}

/// A text about the subscriptions that were not drained: the name of one, and their number.
fn left_over(subs: &[Arc<Subscription>]) -> Option<String> {
    let sub = subs.first()?;
    let msgs = sub.left();
    let more = match subs.len() - 1 {
        0 => String::new(),
        more => format!(", and {more} more subscriptions"),
    };
    Some(format!("{} has {msgs} messages left{more}", sub.called()))
}

impl Connection {
    fn send_subscriptions(&self, attach: impl FnOnce(SessionStart) -> u64) {
        let encode = |route: &Route<Subscription>, frames: &mut WriteBuf| match route {
            Route::Subscription(sub) => sub.encode_state(frames),
            Route::Requests => self.requests.encode_state(frames),
        };
        let sent = self.interest.resume(encode, attach);
        self.log().debug(Target::Subscribe, || {
            format!("{sent} subscriptions sent to the server")
        });
    }

    /// The link has ended: reconnects, or closes the connection if no reconnect is wanted.
    pub(super) fn on_disconnect(self: &Arc<Self>, link: &Arc<Link>, error: Error) {
        loss::on_disconnect(self, link, error);
    }

    /// The server has sent an INFO about itself and its cluster.
    pub(super) fn info_received(self: &Arc<Self>, info: ServerInfo) {
        connect::info_received(self, info, false);
    }

    pub(super) fn pong_received(&self, link: &Arc<Link>) -> After {
        self.session.pong_received(link);
        let Some(answered) = self.outbound.pong(link) else {
            return After::ReadOn;
        };
        let Answered {
            waiter,
            window,
            took,
        } = answered;
        self.meters.answered_after(took);
        self.mark_refused(window);
        match waiter {
            // This may be the last step of a drain.
            PingWaiter::Then(then) => After::Act(Box::new(|| then(Ok(())))),
            waiter => {
                waiter.finish(Ok(()));
                After::ReadOn
            }
        }
    }

    /// The server has reported an error.
    pub(super) fn server_error(self: &Arc<Self>, link: &Arc<Link>, error: ServerError) -> After {
        let status = match error.meaning() {
            Meaning::Permissions => Status::NATS_NOT_PERMITTED,
            Meaning::Stale => Status::NATS_STALE_CONNECTION,
            Meaning::Refused(_) => Status::NATS_CONNECTION_AUTH_FAILED,
            _ => Status::NATS_ERR,
        };
        let told = Error::new(status, error.text().to_owned());
        let about = match error.meaning() {
            Meaning::TooManySubscriptions => self.interest.one_is_refused(&self.outbound),
            Meaning::LineTooLong => self.interest.one_is_too_long(&self.outbound),
            _ => None,
        };
        self.report_about(about.as_ref(), &told);
        match loss::consequence(self, &error) {
            Consequence::None => After::ReadOn,
            Consequence::Reconnect => After::Fail(told),
            Consequence::Close => {
                let (this, link) = (self.clone(), link.clone());
                After::Act(Box::new(move || {
                    link.stop();
                    close_now(&this);
                }))
            }
        }
    }

    /// A subscription has ended: perhaps it was the last one that a drain waits for.
    pub(super) fn subscription_gone(self: &Arc<Self>) {
        drain::subscription_gone(self);
    }

    /// Connects for the first time. `NATS_NOT_YET_CONNECTED` means that attempts continue in the background.
    ///
    /// ```no_run
    /// # fn main() -> nats_rs::error::Result<()> {
    /// use nats_rs::client::{Connection, Options};
    ///
    /// let conn = Connection::new(&Options {
    ///     url: Some("nats://127.0.0.1:4222".to_owned().into()),
    ///     ..Options::default()
    /// })?;
    /// conn.connect()?;
    /// conn.close();
    /// # Ok(())
    /// # }
    /// ```
    pub fn connect(self: &Arc<Self>) -> Result<()> {
        connect::connect(self)
    }

    /// Replaces the list of servers, as for [`Options::set_servers`](super::Options::set_servers). A server that is not in
    /// the new list stays in use until it is lost.
    pub fn set_servers(&self, servers: &[&str]) -> Result<()> {
        let closed = |status| self.untold(status, "");
        self.session
            .set_servers(servers)
            .map_err(|e| match e.status() {
                Status::NATS_CONNECTION_CLOSED => closed(e.status()),
                _ => e,
            })
    }

    /// Gives up the present server and reconnects.
    pub fn reconnect(self: &Arc<Self>) -> Result<()> {
        loss::reconnect(self).map_err(|e| self.untold(e.status(), ""))
    }

    /// Starts to drain the connection: all subscriptions drain, then what was published is sent, then the connection is
    /// closed.
    pub fn drain(self: &Arc<Self>, timeout: Option<Duration>) -> Result<()> {
        drain::drain(self, timeout).map_err(|e| match e.status() {
            Status::NATS_CONNECTION_CLOSED => self.untold(e.status(), ""),
            _ => e,
        })
    }
}

#[cfg(test)]
#[path = "resume_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "closing_tests.rs"]
mod closing_tests;
