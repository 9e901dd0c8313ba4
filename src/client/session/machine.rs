//! Connecting, losing the server, reconnecting, closing: the one owner of a connection's state.
//!
//! ```text
//! disconnected → connecting → connected → draining subs → draining pubs → closed
//!                    ↑ ↓          ↓
//!                reconnecting ←───┘              (any state can go to closed)
//! ```
//!
//! The first connect runs on the caller's thread. A reconnect is a chain of short steps, waits on
//! the timer thread and attempts on the few dialing threads, so that a thousand connections that
//! lost their server need no thousand threads.
//!
//! What the program is told of a change is posted under the lock under which the state changes, so
//! the order of the callbacks is that of the changes, and the closed callback is the last of them.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crate::client::connection::{Connection, LAST_ERROR_MAX};
use crate::client::incoming::link::Link;
use crate::client::interest::registry::Target;
use crate::client::outgoing::attach::SessionStart;
use crate::client::outgoing::ping::PingWaiter;
use crate::client::outgoing::publish::When;
use crate::client::session::dial;
use crate::client::session::handshake::{self, Attempt, Context, Wire};
use crate::client::session::status::ConnStatus;
use crate::client::subscription::state::Subscription;
use crate::error::{Error, Result, Status};
use crate::locks::Mutex;
use crate::msg;
use crate::net::cancel::Cancel;
use crate::net::servers::{AuthErrorKind, PassCounter, Pause};
use crate::net::stream::Stream;
use crate::proto::info::ServerInfo;
use crate::proto::write_buf::WriteBuf;
use crate::random;
use crate::runtime::Job;
use crate::words::list;

/// The pause between one server and the next in the same pass.
const SHORT_PAUSE: Duration = Duration::from_millis(1);

/// How an attempt failed.
pub(in crate::client) enum Failure {
    /// Nobody accepted the connection.
    Unreachable(Error),
    /// Somebody did, but the handshake failed.
    Refused(Error),
    /// So said the server, perhaps about the credentials.
    Said(Error, Option<AuthErrorKind>),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Refused(error)
    }
}

impl Failure {
    fn auth_kind(&self) -> Option<AuthErrorKind> {
        match self {
            Failure::Said(_, kind) => *kind,
            _ => None,
        }
    }

    /// Puts the server's address in front of the words, unless the attempt was called off.
    fn at(self, attempt: &Attempt) -> Self {
        if attempt.cancel.is_cancelled() {
            return self;
        }
        let server = attempt.url.host_port();
        match self {
            Failure::Unreachable(e) => Failure::Unreachable(e.about(&server)),
            Failure::Refused(e) => Failure::Refused(e.about(&server)),
            Failure::Said(e, kind) => Failure::Said(e.about(&server), kind),
        }
    }

    fn into_error(self) -> Error {
        match self {
            Failure::Unreachable(e) | Failure::Refused(e) | Failure::Said(e, _) => e,
        }
    }
}

/// Which success it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Of `connect`, whose caller waits for it.
    First,
    /// Of a reconnect, or of a first connect that went on in the background.
    Later,
}

/// Something for a dialing thread to do once.
struct Step(Mutex<Option<Box<dyn FnOnce() + Send>>>);

impl Job for Step {
    fn run(self: Arc<Self>) -> bool {
        let step = self.0.lock().take();
        if let Some(step) = step {
            step();
        }
        false
    }
}

impl Connection {
    /// Connects for the first time. `NATS_NOT_YET_CONNECTED` says that attempts go on in the
    /// background.
    pub fn connect(self: &Arc<Self>) -> Result<()> {
        let mut passes = 0;
        loop {
            let error = match self.connect_pass() {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            let opts = &self.opts;
            if opts.retry_on_failed_connect && opts.connected_cb.is_some() {
                return self.connect_in_background();
            }
            let more = opts.max_reconnect < 0 || passes < opts.max_reconnect;
            if !opts.retry_on_failed_connect || !more {
                self.abandon();
                return Err(error);
            }
            passes += 1;
            std::thread::sleep(opts.reconnect_wait);
        }
    }

    /// Tries each server once.
    fn connect_pass(self: &Arc<Self>) -> Result<()> {
        let (mut refusal, mut unreachable) = (None, None);
        let mut failures: Vec<String> = Vec::new();
        self.state.lock().pool.begin_pass();
        loop {
            let attempt = {
                let mut state = self.state.lock();
                if state.pool.next_in_pass().is_none() {
                    break;
                }
                self.begin_attempt(&mut state)?
            };
            match self.try_server(&attempt).and_then(|(link, info)| {
                self.established(link, info, Kind::First)
                    .map_err(Failure::Refused)
            }) {
                Ok(()) => return Ok(()),
                Err(failure) => {
                    let refused = !matches!(failure, Failure::Unreachable(_));
                    let kind = failure.auth_kind();
                    let error = failure.into_error();
                    self.first_attempt_failed(&error, kind);
                    // Who answered tells more than who did not, and stands in front.
                    match refused {
                        true => failures.insert(0, error.text().to_owned()),
                        false => failures.push(error.text().to_owned()),
                    }
                    let kept = match refused {
                        true => &mut refusal,
                        false => &mut unreachable,
                    };
                    *kept = Some(error.status());
                }
            }
        }
        Err(
            match refusal.or(unreachable.map(|_| Status::NATS_NO_SERVER)) {
                Some(status) => Error::new(status, list(&failures, LAST_ERROR_MAX)),
                None => Status::NATS_NO_SERVER.into(),
            },
        )
    }

    fn connect_in_background(self: &Arc<Self>) -> Result<()> {
        {
            let mut state = self.state.lock();
            state.first_pending = true;
            state.pass = PassCounter::new();
            state.too_short = false;
            self.reconnecting.store(true, Ordering::Release);
            self.set_status(&mut state, ConnStatus::NATS_CONN_STATUS_RECONNECTING);
        }
        self.next_attempt();
        Err(Status::NATS_NOT_YET_CONNECTED.into())
    }

    /// The first connect failed: the program never gets to know this connection.
    fn abandon(self: &Arc<Self>) {
        {
            let mut state = self.state.lock();
            self.set_status(&mut state, ConnStatus::NATS_CONN_STATUS_CLOSED);
        }
        self.outbound.close();
        self.callbacks.life.never_owned();
        self.callbacks.end_dispatch();
    }

    /// Prepares an attempt on the pool's current server.
    fn begin_attempt(&self, state: &mut crate::client::connection::State) -> Result<Attempt> {
        let server = state
            .pool
            .current()
            .ok_or(Error::from(Status::NATS_NO_SERVER))?;
        let attempt = Attempt {
            url: server.url.clone(),
            fallback: state.pool.first_user_info().cloned(),
            tls_name: server.tls_name.clone(),
            deadline: Instant::now() + self.session.timeout,
            time: self.session.timeout,
            cancel: Cancel::new()?,
        };
        state.attempt = Some(attempt.cancel.clone());
        Ok(attempt)
    }

    fn try_server(self: &Arc<Self>, attempt: &Attempt) -> Result<(Arc<Link>, ServerInfo), Failure> {
        self.open_session(attempt)
            .map_err(|failure| failure.at(attempt))
    }

    fn open_session(
        self: &Arc<Self>,
        attempt: &Attempt,
    ) -> Result<(Arc<Link>, ServerInfo), Failure> {
        let socket = dial::open(&self.session, &self.callbacks.life, attempt)?;
        {
            let mut state = self.state.lock();
            if state.is_closed() {
                return Err(Failure::Refused(Status::NATS_CONNECTION_CLOSED.into()));
            }
            self.set_status(&mut state, ConnStatus::NATS_CONN_STATUS_CONNECTING);
        }
        let read_size = self.opts.io_buf_size.unwrap_or(msg::receive::READ_SIZE);
        let padding = self.opts.message_buffer_padding;
        let mut wire = Wire::new(Stream::plain(socket), padding, read_size);
        let context = Context {
            config: &self.session,
            tls: &self.tls,
            life: &self.callbacks.life,
        };
        let info = handshake::run(&context, &mut wire, attempt)?;
        let link = Link::new(self, wire);
        if let Some(foreign) = &self.foreign {
            foreign.attach(&link).map_err(Failure::Refused)?;
        }
        Ok((link, info))
    }

    fn first_attempt_failed(&self, error: &Error, kind: Option<AuthErrorKind>) {
        let mut state = self.state.lock();
        state.attempt = None;
        if !state.is_closed() {
            state.set_attempt_error(error);
            self.set_status(&mut state, ConnStatus::NATS_CONN_STATUS_DISCONNECTED);
        }
        if let (Some(kind), Some(server)) = (kind, state.pool.current_mut()) {
            server.note_auth_error(kind);
        }
    }

    /// A server said PONG: the session stands.
    fn established(self: &Arc<Self>, link: Arc<Link>, info: ServerInfo, kind: Kind) -> Result<()> {
        let (first, lost) = {
            let mut state = self.state.lock();
            state.attempt = None;
            if state.is_closed() {
                drop(state);
                link.stop();
                return Err(Status::NATS_CONNECTION_CLOSED.into());
            }
            state.link = Some(link.clone());
            state.pings_out = 0;
            state.since = Instant::now();
            state.clear_last_error();
            self.set_status(&mut state, ConnStatus::NATS_CONN_STATUS_CONNECTED);
            // `connect` returns, which tells the program.
            state.announced = kind == Kind::First;
            let first = state.first_pending || kind == Kind::First;
            (first, state.lost_link.upgrade())
        };
        // What the last server sent comes before what this one sends.
        if let Some(lost) = lost {
            lost.wait_for_its_reader();
        }
        self.info_received(info, first);
        self.resume(&link);
        if kind == Kind::Later {
            self.announce(&link);
            // Its PONG says that the server has dealt with all that was pending.
            self.outbound.ping(PingWaiter::Keepalive, When::Buffered);
        }
        self.outbound.try_pump(&link);
        if let Err(error) = link.start() {
            link.fail(error);
        }
        self.start_pinging();
        Ok(())
    }

    /// The connection is whole again, and the program is told, unless the server is lost already.
    fn announce(self: &Arc<Self>, link: &Arc<Link>) {
        let mut state = self.state.lock();
        if !state.is_present(link) {
            return;
        }
        state.announced = true;
        self.reconnecting.store(false, Ordering::Release);
        if std::mem::take(&mut state.first_pending) {
            self.post_event(&self.opts.connected_cb);
        } else {
            self.reconnects.fetch_add(1, Ordering::Relaxed);
            self.post_event(&self.opts.reconnected_cb);
        }
    }

    /// Tells the server of all subscriptions, and lets what is pending follow.
    fn resume(&self, link: &Arc<Link>) {
        self.send_subscriptions(|start| self.outbound.attach(link, start));
    }

    fn send_subscriptions(&self, attach: impl FnOnce(SessionStart) -> u64) {
        let encode = |target: &Target<Subscription>, frames: &mut WriteBuf| match target {
            Target::Subscription(sub) => sub.encode_state(frames),
            Target::Requests => self.requests.encode_state(frames),
        };
        self.interest.resume(encode, attach);
    }

    /// The server has told about itself and its cluster.
    pub(in crate::client) fn info_received(self: &Arc<Self>, info: ServerInfo, first: bool) {
        for given_up in self.set_limits(&info) {
            self.report(&given_up);
        }
        let mut state = self.state.lock();
        let ignore = self.opts.ignore_discovered_servers;
        let randomize = !self.opts.no_randomize;
        // nats-server tells WebSocket clients of such listeners in `connect_urls`, too.
        let websocket = state.pool.is_websocket() && !info.ws_connect_urls.is_empty();
        let urls = match websocket {
            true => &info.ws_connect_urls,
            false => &info.connect_urls,
        };
        let discovered = state.pool.update_discovered(urls, ignore, first, randomize);
        let lame = info.ldm;
        state.info = info;
        if state.is_closed() {
            return;
        }
        if discovered {
            self.post_once(&self.opts.discovered_servers_cb, |conn| {
                &conn.discovered_waits
            });
        }
        if lame {
            self.post_once(&self.opts.lame_duck_cb, |conn| &conn.lame_duck_waits);
        }
    }

    /// Has a dialing thread do something.
    fn step(self: &Arc<Self>, step: impl FnOnce(&Arc<Connection>) + Send + 'static) {
        let conn = self.clone();
        let step: Box<dyn FnOnce() + Send> = Box::new(move || step(&conn));
        self.runtime
            .dialers
            .submit(Arc::new(Step(Mutex::new(Some(step)))));
    }

    /// Chooses the next server, and when to try it.
    pub(in crate::client) fn next_attempt(self: &Arc<Self>) {
        let pause = {
            let mut state = self.state.lock();
            if state.is_closed() {
                return;
            }
            if state
                .pool
                .next_for_reconnect(self.opts.max_reconnect)
                .is_none()
            {
                state.give_up_on_servers();
                None
            } else {
                let servers = state.pool.len();
                let pause = match std::mem::take(&mut state.too_short) {
                    true => state.pass.full_pause(),
                    false => state.pass.next_pause(servers),
                };
                Some((pause, state.pass.full_waits()))
            }
        };
        match pause {
            None => self.shut(),
            Some((Pause::Short, _)) => self.attempt_after(SHORT_PAUSE),
            Some((Pause::Full, count)) => match self.opts.custom_reconnect_delay.clone() {
                // The program's code may take its time.
                Some(delay) => self.step(move |conn| {
                    // It fails if the connection has been closed.
                    if let Ok(delay) = conn.callbacks.life.ask(|| Ok(delay(conn, count as i32))) {
                        conn.attempt_after(delay);
                    }
                }),
                None => self.attempt_after(self.opts.reconnect_wait + self.jitter()),
            },
        }
    }

    fn jitter(&self) -> Duration {
        let most = if self.tls.is_costly() {
            self.opts.reconnect_jitter_tls
        } else {
            self.opts.reconnect_jitter
        };
        random::up_to(most)
    }

    fn attempt_after(self: &Arc<Self>, pause: Duration) {
        if pause.is_zero() {
            self.step(Connection::attempt);
            return;
        }
        let conn = self.clone();
        let mut state = self.state.lock();
        if state.is_closed() {
            return;
        }
        let go = Box::new(move || conn.step(Connection::attempt));
        state.retry_timer = Some(self.runtime.timers.after(pause, go));
    }

    /// One attempt on the chosen server, on a dialing thread.
    fn attempt(self: &Arc<Self>) {
        let attempt = {
            let mut state = self.state.lock();
            state.retry_timer = None;
            if state.is_closed() {
                return;
            }
            state.pool.count_attempt();
            self.begin_attempt(&mut state)
        };
        let result = attempt.map_err(Failure::Unreachable).and_then(|attempt| {
            let (link, info) = self.try_server(&attempt)?;
            let established = self.established(link, info, Kind::Later);
            established.map_err(Failure::Refused)
        });
        let Err(failure) = result else { return };
        let said = matches!(failure, Failure::Said(..));
        let kind = failure.auth_kind();
        let error = failure.into_error();
        let abort = {
            let mut state = self.state.lock();
            state.attempt = None;
            if state.is_closed() {
                return;
            }
            state.set_attempt_error(&error);
            self.set_status(&mut state, ConnStatus::NATS_CONN_STATUS_RECONNECTING);
            if said && !state.first_pending {
                self.post_failure(&error);
            }
            drop(state);
            kind.is_some_and(|kind| self.is_second_auth_error(kind))
        };
        if abort {
            self.shut();
        } else {
            self.next_attempt();
        }
    }
}

#[cfg(test)]
#[path = "machine_tests.rs"]
mod tests;
