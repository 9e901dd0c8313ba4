//! The connection: the object, its state, and what can be asked of it. What makes the state change
//! is in [`session`](super::session::machine).

use std::ffi::CStr;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Instant;

use super::ForeignHandle;
use super::callbacks::events::Callbacks;
use super::callbacks::life::Lease;
use super::incoming::event_loop::Foreign;
use super::incoming::link::Link;
use super::interest::Interest;
use super::options::Options;
use super::outgoing::Outbound;
use super::outgoing::limits::Limits;
use super::requests::mux::Requests;
use super::session::config::Config;
use super::session::drain::ConnDrain;
use super::session::status::ConnStatus;
use super::session::tls::TlsPolicy;
use super::subscription::Subscription;
use super::sync::adaptive_spin::Patience;
use crate::error::{Error, Result, Status};
use crate::locks::Mutex;
use crate::net::cancel::Cancel;
use crate::net::nkey::SIGNATURE_LEN;
use crate::net::servers::{PassCounter, ServerPool};
use crate::proto::info::ServerInfo;
use crate::runtime::{Runtime, TimerHandle, library};
use crate::secret::Secret;
use crate::words::system;

/// The longest text of a last error, in bytes.
pub(super) const LAST_ERROR_MAX: usize = 255;

/// What a connection has counted since it was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    /// Messages received.
    pub in_msgs: u64,
    /// Headers and payload received.
    pub in_bytes: u64,
    /// Messages accepted for publishing.
    pub out_msgs: u64,
    /// Headers and payload accepted for publishing.
    pub out_bytes: u64,
    /// How often the connection was lost and came back.
    pub reconnects: u64,
}

/// A connection to a NATS server, or to one after the other.
///
/// Locks, in the order in which they may be taken: `registry`, then `requests` or a subscription's
/// queue, then the two of `outbound`. `state` comes before `outbound` and is never held together
/// with the registry. No lock is held while the program's code runs,
/// except that of `evloop`, which comes before all others and is taken again freely
/// by the thread that holds it.
pub struct Connection {
    pub(super) opts: Options,
    pub(super) runtime: Arc<Runtime>,
    handle: OnceLock<Box<dyn ForeignHandle>>,
    pub(super) state: Mutex<State>,
    /// Mirrors `state.status`.
    status: AtomicU8,
    /// From losing the server until the connection is whole again.
    pub(super) reconnecting: AtomicBool,
    pub(super) session: Config,
    pub(super) tls: TlsPolicy,
    /// As the present server, or the last one, has told; what is published is held against the copy in
    /// `outbound`.
    max_payload: AtomicI64,
    headers: AtomicBool,
    pub(super) outbound: Outbound<Link>,
    /// The program's event loop, where that drives the socket.
    pub(super) foreign: Option<Foreign>,
    pub(super) callbacks: Callbacks,
    pub(super) interest: Interest<Subscription>,
    pub(super) requests: Requests,
    /// With answers to requests and flushes.
    pub(super) patience: Patience,
    /// With the next message of a subscription.
    pub(super) patience_next: Patience,
    /// How many had been published when a thread last waited for a subscription's next message.
    pub(super) answered: AtomicU64,
    in_msgs: AtomicU64,
    in_bytes: AtomicU64,
    pub(super) reconnects: AtomicU64,
    /// The callback waits to be called.
    pub(super) discovered_waits: AtomicBool,
    pub(super) lame_duck_waits: AtomicBool,
}

/// What a connection's lock protects.
pub(super) struct State {
    status: ConnStatus,
    pub(super) pool: ServerPool,
    pub(super) info: ServerInfo,
    /// The present server.
    pub(super) link: Option<Arc<Link>>,
    /// Ends the attempt that is going on.
    pub(super) attempt: Option<Cancel>,
    pub(super) pass: PassCounter,
    /// When the present session began, or the last one.
    pub(super) since: Instant,
    /// The last session was too short to be a success: the next attempt has the full pause before it.
    pub(super) too_short: bool,
    /// Why the last server was lost, until there is one again.
    pub(super) loss: Option<Error>,
    pub(super) retry_timer: Option<TimerHandle>,
    pub(super) ping_timer: Option<TimerHandle>,
    pub(super) pings_out: i32,
    pub(super) drain: Option<ConnDrain>,
    /// The next success is the first one, of a connection that was handed out before it.
    pub(super) first_pending: bool,
    /// The program takes the connection for connected: it has not been told yet if that is over.
    pub(super) announced: bool,
    last_error: (Status, String),
    /// The link before, from which somebody may still read.
    pub(super) lost_link: Weak<Link>,
}

impl State {
    pub(super) fn status(&self) -> ConnStatus {
        self.status
    }

    pub(super) fn is_closed(&self) -> bool {
        self.status == ConnStatus::NATS_CONN_STATUS_CLOSED
    }

    pub(super) fn is_present(&self, link: &Arc<Link>) -> bool {
        self.link.as_ref().is_some_and(|l| Arc::ptr_eq(l, link))
    }

    pub(super) fn set_last_error(&mut self, error: &Error) {
        self.last_error = (error.status(), cut(error.text()).to_owned());
    }

    /// No server is left to try: the text remains, why the last one was lost and what the last attempt
    /// died of.
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

/// So much of a text as is kept.
fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(LAST_ERROR_MAX)]
}

impl Connection {
    /// Makes a connection that is not connected yet; opens the library if need be.
    pub fn new(opts: &Options) -> Result<Arc<Connection>> {
        static NEXT_ID: AtomicU64 = AtomicU64::new(1);
        let runtime = library::runtime()?;
        let pool = ServerPool::new(opts.url.as_deref(), &opts.servers, opts.no_randomize)?;
        let callbacks = Callbacks::new(
            NEXT_ID.fetch_add(1, Ordering::Relaxed),
            runtime.clone(),
            opts.manual_dispatch,
            opts.released_cb.clone(),
        )?;
        Ok(Arc::new(Connection {
            handle: OnceLock::new(),
            state: Mutex::new(State {
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
                announced: false,
                last_error: (Status::NATS_OK, String::new()),
                lost_link: Weak::new(),
            }),
            status: AtomicU8::new(ConnStatus::NATS_CONN_STATUS_DISCONNECTED as u8),
            reconnecting: AtomicBool::new(false),
            session: opts.session(),
            tls: TlsPolicy::new(opts.security.clone()),
            max_payload: AtomicI64::new(0),
            headers: AtomicBool::new(false),
            foreign: opts.event_loop.as_deref().map(Foreign::new),
            callbacks,
            outbound: Outbound::new(
                opts.write_deadline,
                opts.reconnect_buf_size,
                opts.io_buf_size,
            ),
            interest: Interest::default(),
            requests: Requests::new(),
            patience: Patience::new(opts.busy_poll, runtime.processors()),
            patience_next: Patience::new(opts.busy_poll, runtime.processors()),
            answered: AtomicU64::new(0),
            in_msgs: AtomicU64::new(0),
            in_bytes: AtomicU64::new(0),
            reconnects: AtomicU64::new(0),
            discovered_waits: AtomicBool::new(false),
            lame_duck_waits: AtomicBool::new(false),
            runtime,
            opts: opts.clone(),
        }))
    }

    /// Lets a foreign caller know it by an address; once.
    pub fn set_handle(&self, handle: Box<dyn ForeignHandle>) {
        // A second one would be a mistake of the caller, and is dropped.
        let _ = self.handle.set(handle);
    }

    /// The address that the foreign caller knows it by, or 0.
    pub fn handle(&self) -> usize {
        self.handle.get().map_or(0, |h| h.address())
    }

    /// The right to call the program; `None` when the connection has been closed.
    pub(super) fn lease(&self) -> Option<Lease> {
        self.callbacks.life.lease()
    }

    pub(super) fn set_status(&self, state: &mut State, status: ConnStatus) {
        state.status = status;
        self.status.store(status as u8, Ordering::Release);
    }

    /// What it is doing.
    pub fn status(&self) -> ConnStatus {
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
    pub fn is_closed(&self) -> bool {
        self.status() == ConnStatus::NATS_CONN_STATUS_CLOSED
    }

    /// Was the server lost, and is the connection not whole again yet?
    pub fn is_reconnecting(&self) -> bool {
        self.reconnecting.load(Ordering::Acquire) && !self.is_closed()
    }

    /// Is it in one of the two phases of draining?
    pub fn is_draining(&self) -> bool {
        self.status().is_draining()
    }

    /// A server has told its limits. Returns what of the publishes that were kept is not sent for
    /// them.
    #[must_use]
    pub(super) fn set_limits(&self, info: &ServerInfo) -> Vec<Error> {
        self.max_payload.store(info.max_payload, Ordering::Relaxed);
        self.headers.store(info.headers, Ordering::Relaxed);
        self.outbound.set_limits(Limits {
            // Below 0 there is no limit.
            max_payload: usize::try_from(info.max_payload).unwrap_or(usize::MAX),
            headers: info.headers,
        })
    }

    pub(super) fn count_received(&self, msgs: u64, bytes: u64) {
        // Only the reading side writes these.
        self.in_msgs.store(
            self.in_msgs.load(Ordering::Relaxed) + msgs,
            Ordering::Relaxed,
        );
        self.in_bytes.store(
            self.in_bytes.load(Ordering::Relaxed) + bytes,
            Ordering::Relaxed,
        );
    }

    /// Bytes that wait to be written to the server; `None` once it is closed.
    pub fn buffered(&self) -> Option<usize> {
        (!self.is_closed()).then(|| self.outbound.buffered())
    }

    /// Bytes that wait to be written, be it to the present server or to the next one.
    pub fn pending_bytes(&self) -> usize {
        self.outbound.waiting()
    }

    /// The largest payload that the server accepts, headers included: below 0 for any, and 0 before
    /// there ever was a server.
    pub fn max_payload(&self) -> i64 {
        self.max_payload.load(Ordering::Relaxed)
    }

    /// Does the server know headers?
    pub fn has_header_support(&self) -> bool {
        self.headers.load(Ordering::Relaxed)
    }

    /// What it has counted.
    pub fn stats(&self) -> Stats {
        let (out_msgs, out_bytes) = self.outbound.counts();
        Stats {
            in_msgs: self.in_msgs.load(Ordering::Relaxed),
            in_bytes: self.in_bytes.load(Ordering::Relaxed),
            out_msgs,
            out_bytes,
            reconnects: self.reconnects.load(Ordering::Relaxed),
        }
    }

    /// How many subscriptions are open.
    pub fn subscription_count(&self) -> usize {
        self.interest.count()
    }

    /// Signs a message with the seed of the options' credentials, which is read for it.
    pub fn sign(&self, message: &[u8]) -> Result<[u8; SIGNATURE_LEN]> {
        self.opts.sign_in.sign(message)
    }

    /// The name it gives the server.
    pub fn name(&self) -> Option<&CStr> {
        self.opts.name.as_deref()
    }

    /// Looks at the state while there is a server, or an attempt on one.
    fn while_connected<R>(&self, look: impl FnOnce(&State) -> R) -> Option<R> {
        let state = self.state.lock();
        let connected = matches!(
            state.status,
            ConnStatus::NATS_CONN_STATUS_CONNECTED | ConnStatus::NATS_CONN_STATUS_CONNECTING
        );
        connected.then(|| look(&state))
    }

    /// URL of the present server, with credentials as they were written.
    pub fn connected_url(&self) -> Option<Secret> {
        self.while_connected(|s| s.pool.current().map(|server| server.url.full()))?
    }

    /// Id of the present server.
    pub fn connected_server_id(&self) -> Option<String> {
        self.while_connected(|s| s.info.server_id.clone())
    }

    /// Name of the present server.
    pub fn server_name(&self) -> Option<String> {
        self.while_connected(|s| s.info.server_name.clone())
    }

    /// Version of the present server.
    pub fn server_version(&self) -> Option<String> {
        self.while_connected(|s| s.info.version.clone())
    }

    /// Name of the present server's cluster.
    pub fn server_cluster(&self) -> Option<String> {
        self.while_connected(|s| s.info.cluster.clone())
    }

    /// All servers that are known, as `nats://host:port`.
    pub fn servers(&self) -> Vec<String> {
        self.state.lock().pool.urls()
    }

    /// The servers that other servers told of.
    pub fn discovered_servers(&self) -> Vec<String> {
        self.state.lock().pool.discovered()
    }

    /// The last error, and its text, which may be empty. In a callback that is about an error it is
    /// that one.
    pub fn last_error(&self) -> (Status, String) {
        if let Some(told) = self.callbacks.told_here() {
            return (told.status(), cut(told.text()).to_owned());
        }
        self.state.lock().last_error.clone()
    }

    /// The number that the server knows this connection by; `None` where it has told none.
    pub fn client_id(&self) -> Result<Option<u64>> {
        let id = self.open_info(|info| info.client_id)?;
        Ok(Some(id).filter(|id| *id != 0))
    }

    /// The address that the server sees this client at.
    pub fn client_ip(&self) -> Result<String> {
        let ip = self.open_info(|info| info.client_ip.clone())?;
        if ip.is_empty() {
            return Err(self.untold(Status::NATS_NO_SERVER_SUPPORT, "client's address"));
        }
        Ok(ip)
    }

    /// Looks at what the server told last, unless the connection is closed.
    fn open_info<R>(&self, look: impl FnOnce(&ServerInfo) -> R) -> Result<R> {
        {
            let state = self.state.lock();
            if !state.is_closed() {
                return Ok(look(&state.info));
            }
        }
        Err(self.untold(Status::NATS_CONNECTION_CLOSED, ""))
    }

    /// The address of the socket on this side.
    pub fn local_addr(&self) -> Result<SocketAddr> {
        self.open_info(|_| ())?;
        let link = self.state.lock().link.clone();
        let none = || self.untold(Status::NATS_CONNECTION_DISCONNECTED, "local address");
        link.ok_or_else(none)?
            .stream
            .local_addr()
            .map_err(|e| system("local address", e))
    }
}
