//! The state of a connection, and the lock that protects it.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Instant;

use super::config::Config;
use super::drain::ConnDrain;
use super::handshake::Attempt;
use super::status::ConnStatus;
use super::tls::TlsPolicy;
use crate::client::sync::ranked::{RankedMutex, rank};
use crate::error::{Error, Result, Status};
use crate::log::{Logger, Target};
use crate::net::cancel::Cancel;
use crate::net::servers::{PassCounter, Server, ServerPool};
use crate::proto::info::ServerInfo;
use crate::runtime::TimerHandle;
use crate::words::ms;

/// The longest text of a last error, in bytes.
pub(in crate::client) const LAST_ERROR_MAX: usize = 255;

/// The state of a connection, whose links are `L`. Only this room changes it.
pub(in crate::client) struct Session<L> {
    config: Config,
    tls: TlsPolicy,
    pub(super) state: RankedMutex<{ rank::STATE }, State<L>>,
    /// Mirrors `State::status`.
    status: AtomicU8,
    /// Set from the loss of a server until the connection is restored.
    reconnecting: AtomicBool,
    reconnects: AtomicU64,
    attempts: AtomicU64,
    failures: AtomicU64,
    log: Logger,
}

/// What the lock of a session protects.
pub(super) struct State<L> {
    status: ConnStatus,
    pub(super) pool: ServerPool,
    pub(super) info: ServerInfo,
    /// The present server.
    pub(super) link: Option<Arc<L>>,
    /// Cancels the attempt that is in progress.
    pub(super) attempt: Option<Cancel>,
    pub(super) pass: PassCounter,
    /// When the present session, or the last one, began.
    pub(super) since: Instant,
    /// The last session was too short to count as a success: the full pause comes before the next attempt.
    pub(super) too_short: bool,
    /// Why the last server was lost, until there is one again.
    pub(super) loss: Option<Error>,
    pub(super) retry_timer: Option<TimerHandle>,
    pub(super) ping_timer: Option<TimerHandle>,
    pub(super) pings_out: i32,
    pub(super) drain: Option<ConnDrain>,
    /// The next success is the first one of a connection that was returned to the program before it had a server.
    pub(super) first_pending: bool,
    /// The program knows that the connection was established, and has not been told of a loss since.
    pub(super) reported_connected: bool,
    last_error: (Status, String),
    /// The previous link, from which a thread may still be reading.
    pub(super) lost_link: Weak<L>,
}

impl<L> State<L> {
    pub(super) fn status(&self) -> ConnStatus {
        self.status
    }

    pub(super) fn is_closed(&self) -> bool {
        self.status == ConnStatus::NATS_CONN_STATUS_CLOSED
    }

    pub(super) fn is_present(&self, link: &Arc<L>) -> bool {
        self.link.as_ref().is_some_and(|l| Arc::ptr_eq(l, link))
    }

    pub(super) fn set_last_error(&mut self, error: &Error) {
        self.last_error = (error.status(), as_last_error(error.text()).to_owned());
    }

    /// No server is left to try. The text of the last error is kept: it says why the last server was lost and why the
    /// last attempt failed.
    pub(super) fn give_up_on_servers(&mut self) {
        let status = Status::NATS_NO_SERVER;
        if self.last_error.0 == Status::NATS_OK {
            self.set_last_error(&status.into());
        }
        self.last_error.0 = status;
    }

    pub(super) fn clear_last_error(&mut self) {
        self.last_error = (Status::NATS_OK, String::new());
        self.loss = None;
    }

    /// The last error, if there is one.
    pub(super) fn has_error(&self) -> Option<Error> {
        let (status, text) = &self.last_error;
        (*status != Status::NATS_OK).then(|| Error::new(*status, text.clone()))
    }
}

/// The part of a text that is kept as the last error.
pub(in crate::client) fn as_last_error(text: &str) -> &str {
    &text[..text.floor_char_boundary(LAST_ERROR_MAX)]
}

impl<L> Session<L> {
    pub(in crate::client) fn new(
        config: Config,
        tls: TlsPolicy,
        pool: ServerPool,
        log: Logger,
    ) -> Self {
        Session {
            config,
            tls,
            state: RankedMutex::new(State {
                status: ConnStatus::NATS_CONN_STATUS_DISCONNECTED,
                pool,
                info: ServerInfo::default(),
                link: None,
                attempt: None,
                pass: PassCounter::new(),
                since: Instant::now(),
                too_short: false,
                loss: None,
                retry_timer: None,
                ping_timer: None,
                pings_out: 0,
                drain: None,
                first_pending: false,
                reported_connected: false,
                last_error: (Status::NATS_OK, String::new()),
                lost_link: Weak::new(),
            }),
            status: AtomicU8::new(ConnStatus::NATS_CONN_STATUS_DISCONNECTED as u8),
            reconnecting: AtomicBool::new(false),
            reconnects: AtomicU64::new(0),
            attempts: AtomicU64::new(0),
            failures: AtomicU64::new(0),
            log,
        }
    }

    pub(in crate::client) fn config(&self) -> &Config {
        &self.config
    }

    /// What the session logs by.
    pub(in crate::client) fn log(&self) -> &Logger {
        &self.log
    }

    pub(in crate::client) fn tls(&self) -> &TlsPolicy {
        &self.tls
    }

    pub(super) fn set_status(&self, state: &mut State<L>, status: ConnStatus) {
        if state.status != status {
            let from = state.status;
            self.log.debug(Target::Session, || {
                format!("state: {} -> {}", from.name(), status.name())
            });
        }
        state.status = status;
        self.status.store(status as u8, Ordering::Release);
    }

    pub(super) fn set_reconnecting(&self, is: bool) {
        self.reconnecting.store(is, Ordering::Release);
    }

    pub(super) fn count_reconnect(&self) {
        self.reconnects.fetch_add(1, Ordering::Relaxed);
    }

    /// Prepares an attempt to connect to the pool's current server.
    pub(super) fn begin_attempt(&self, state: &mut State<L>) -> Result<Attempt> {
        let server = state.pool.current().ok_or(Status::NATS_NO_SERVER)?;
        let attempt = Attempt {
            url: server.url.clone(),
            fallback: state.pool.first_user_info().cloned(),
            tls_name: server.tls_name.clone(),
            deadline: Instant::now() + self.config.timeout,
            time: self.config.timeout,
            cancel: Cancel::new()?,
        };
        state.attempt = Some(attempt.cancel.clone());
        self.attempts.fetch_add(1, Ordering::Relaxed);
        self.log.debug(Target::Connect, || {
            let server = attempt.url.without_credentials();
            format!("trying {server}, for up to {}", ms(attempt.time))
        });
        Ok(attempt)
    }

    /// The status of the connection.
    #[inline]
    pub(in crate::client) fn status(&self) -> ConnStatus {
        use ConnStatus::*;
        match self.status.load(Ordering::Acquire) {
            0 => NATS_CONN_STATUS_DISCONNECTED,
            1 => NATS_CONN_STATUS_CONNECTING,
            2 => NATS_CONN_STATUS_CONNECTED,
            4 => NATS_CONN_STATUS_RECONNECTING,
            5 => NATS_CONN_STATUS_DRAINING_SUBS,
            6 => NATS_CONN_STATUS_DRAINING_PUBS,
            _ => NATS_CONN_STATUS_CLOSED,
        }
    }

    /// Is it closed for good?
    #[inline]
    pub(in crate::client) fn is_closed(&self) -> bool {
        self.status() == ConnStatus::NATS_CONN_STATUS_CLOSED
    }

    /// Has the server been lost, and is the connection not restored yet?
    pub(in crate::client) fn is_reconnecting(&self) -> bool {
        self.reconnecting.load(Ordering::Acquire) && !self.is_closed()
    }

    /// The number of times that the connection was lost and restored.
    pub(in crate::client) fn reconnects(&self) -> u64 {
        self.reconnects.load(Ordering::Relaxed)
    }

    pub(super) fn count_failure(&self) {
        self.failures.fetch_add(1, Ordering::Relaxed);
    }

    /// The number of attempts to connect to a server, and of those that failed.
    pub(in crate::client) fn attempts(&self) -> (u64, u64) {
        let count = |n: &AtomicU64| n.load(Ordering::Relaxed);
        (count(&self.attempts), count(&self.failures))
    }

    /// The link to the present server.
    pub(in crate::client) fn link(&self) -> Option<Arc<L>> {
        self.state.lock().link.clone()
    }

    /// The address of the present server, or of the last one, for an error text.
    pub(in crate::client) fn server_address(&self) -> String {
        let state = self.state.lock();
        let server = state.pool.current().map(|server| server.url.host_port());
        server.unwrap_or_else(|| "the server".to_owned())
    }

    /// Does a connection that was returned before its first success still wait for it?
    pub(in crate::client) fn is_first_pending(&self) -> bool {
        self.state.lock().first_pending
    }

    /// The last INFO of the present server, or of the last one.
    pub(in crate::client) fn with_info<R>(&self, look: impl FnOnce(&ServerInfo) -> R) -> R {
        look(&self.state.lock().info)
    }

    /// The same, unless the connection is closed.
    pub(in crate::client) fn while_open<R>(
        &self,
        look: impl FnOnce(&ServerInfo) -> R,
    ) -> Option<R> {
        let state = self.state.lock();
        (!state.is_closed()).then(|| look(&state.info))
    }

    /// Reads properties of the present server, or of the one that is being connected to.
    pub(in crate::client) fn while_connected<R>(
        &self,
        look: impl FnOnce(Option<&Server>, &ServerInfo) -> R,
    ) -> Option<R> {
        let state = self.state.lock();
        let connected = matches!(
            state.status,
            ConnStatus::NATS_CONN_STATUS_CONNECTED | ConnStatus::NATS_CONN_STATUS_CONNECTING
        );
        connected.then(|| look(state.pool.current(), &state.info))
    }

    /// Replaces the list of servers.
    pub(in crate::client) fn set_servers(&self, servers: &[&str]) -> Result<()> {
        let urls: Vec<&str> = servers.iter().map(|url| url.trim_ascii()).collect();
        if urls.is_empty() {
            return Err(Error::invalid_arg("the list of servers cannot be empty"));
        }
        let mut state = self.state.lock();
        if state.is_closed() {
            return Err(Status::NATS_CONNECTION_CLOSED.into());
        }
        let in_use = state.link.is_some() || state.attempt.is_some();
        state
            .pool
            .replace(&urls, self.config.no_randomize, in_use)?;
        let is_tls = state.pool.iter().any(|server| server.url.is_tls());
        self.tls.heed_scheme(is_tls);
        Ok(())
    }

    /// All known servers, as `nats://host:port`.
    pub(in crate::client) fn servers(&self) -> Vec<String> {
        self.state.lock().pool.urls()
    }

    /// The servers that were announced by other servers.
    pub(in crate::client) fn discovered_servers(&self) -> Vec<String> {
        self.state.lock().pool.discovered()
    }

    /// The status and the text of the last error; the text may be empty.
    pub(in crate::client) fn last_error(&self) -> (Status, String) {
        self.state.lock().last_error.clone()
    }

    /// Stores an error as the last one, and posts an event with the state locked, unless the connection is closed.
    pub(in crate::client) fn report(&self, error: &Error, post: impl FnOnce()) {
        let mut state = self.state.lock();
        if !state.is_closed() {
            state.set_last_error(error);
            post();
        }
    }

    /// A PONG has arrived over this link.
    pub(in crate::client) fn pong_received(&self, link: &Arc<L>) {
        let mut state = self.state.lock();
        if state.is_present(link) {
            state.pings_out = 0;
        }
    }
}
