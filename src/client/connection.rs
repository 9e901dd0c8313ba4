//! The connection: the object that the parts are assembled in.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use super::ForeignHandle;
use super::Link;
use super::Subscription;
use super::callbacks::events::Callbacks;
use super::callbacks::life::LifetimeGuard;
use super::face::Extensions;
use super::incoming::event_loop::ExternalLoop;
use super::incoming::upstream::Received;
use super::incoming::waiting::Waits;
use super::interest::Interest;
use super::logging;
use super::metrics::{self, Meters};
use super::observers::Observers;
use super::options::Options;
use super::outgoing::Outbound;
use super::outgoing::limits::Limits;
use super::report::QueuedOnce;
use super::requests::mux::Requests;
use super::session::state::Session;
use super::session::status::ConnStatus;
use super::session::tls::TlsPolicy;
use crate::error::{Error, Result};
use crate::log::{Logger, wants_thread};
use crate::net::servers::ServerPool;
use crate::proto::info::ServerInfo;
use crate::runtime::{Runtime, library};

/// The counters of a connection.
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

/// A connection to a NATS server, or to several of them one after the other.
///
/// Locks, in the order in which they may be taken: `registry`, then `requests` or a subscription's queue, then the two
/// of `outbound`. `state` comes before `outbound` and is never held together with the registry. No lock is held while
/// the program's code runs, except for the one of `external_loop`, which comes before all others and is reentrant.
pub struct Connection {
    pub(super) opts: Options,
    pub(super) runtime: Arc<Runtime>,
    handle: OnceLock<ForeignHandle>,
    pub(super) session: Session<Link>,
    /// The limits of the present server, or of the last one. What is published is checked against the copy in
    /// `outbound`.
    max_payload: AtomicI64,
    headers: AtomicBool,
    pub(super) outbound: Outbound<Link>,
    /// The program's event loop, if it drives the socket.
    pub(super) external_loop: Option<ExternalLoop<Connection>>,
    pub(super) callbacks: Callbacks,
    pub(super) interest: Interest<Subscription>,
    pub(super) requests: Requests,
    pub(super) waits: Waits,
    pub(super) received: Received,
    pub(super) observers: Observers,
    pub(super) extensions: Extensions,
    pub(super) queued_once: QueuedOnce,
    log: Logger,
    pub(super) meters: Meters,
}

impl Connection {
    /// Creates a connection that is not connected yet. Opens the library if necessary.
    pub fn new(opts: &Options) -> Result<Arc<Connection>> {
        static NEXT_ID: AtomicU64 = AtomicU64::new(1);
        let runtime = library::runtime()?;
        let (url, servers) = opts.accepted_servers()?;
        let pool = ServerPool::new(url, servers, opts.no_randomize)?;
        let callbacks = Callbacks::new(
            NEXT_ID.fetch_add(1, Ordering::Relaxed),
            runtime.clone(),
            opts.manual_dispatch,
            opts.released_cb.clone(),
        )?;
        let log = logging::logger(opts, &callbacks.life, &pool);
        if log.has_own_handler() || wants_thread() {
            runtime.start_log_thread()?;
        }
        let tls = TlsPolicy::new(opts.security.clone());
        let connection = Arc::new(Connection {
            handle: OnceLock::new(),
            session: Session::new(opts.session(), tls, pool, log.clone()),
            max_payload: AtomicI64::new(0),
            headers: AtomicBool::new(false),
            external_loop: opts
                .event_loop
                .as_deref()
                .map(|event_loop| ExternalLoop::new(event_loop, callbacks.life.id())),
            callbacks,
            outbound: Outbound::new(
                opts.write_deadline,
                opts.reconnect_buf_size,
                opts.io_buf_size,
            ),
            interest: Interest::default(),
            requests: Requests::new(log.clone()),
            waits: Waits::new(opts.busy_poll, runtime.processors()),
            received: Received::default(),
            observers: Observers::default(),
            extensions: Extensions::default(),
            queued_once: QueuedOnce::default(),
            log,
            meters: Meters::default(),
            runtime,
            opts: opts.clone(),
        });
        metrics::enter(&connection);
        Ok(connection)
    }

    /// Stores the handle by which a foreign caller knows the connection; once.
    pub fn set_handle(&self, handle: ForeignHandle) {
        // A second call is a mistake of the caller; its handle is dropped.
        let _ = self.handle.set(handle);
    }

    /// The address by which the foreign caller knows the connection, or 0.
    pub fn handle(&self) -> usize {
        self.handle.get().map_or(0, |h| h.address())
    }

    /// Returns the right to call the program; `None` once the connection is closed.
    pub(super) fn lifetime_guard(&self) -> Option<LifetimeGuard> {
        self.callbacks.life.lifetime_guard()
    }

    /// A number that no other connection of the process has.
    pub fn number(&self) -> u64 {
        self.callbacks.life.id()
    }

    /// What the connection, and what stands on it, logs by.
    #[inline]
    pub fn log(&self) -> &Logger {
        &self.log
    }

    /// The state of the connection.
    #[inline]
    pub fn status(&self) -> ConnStatus {
        self.session.status()
    }

    /// Is it closed for good?
    #[inline]
    pub fn is_closed(&self) -> bool {
        self.session.is_closed()
    }

    /// Was the server lost, and is the connection not fully restored yet?
    pub fn is_reconnecting(&self) -> bool {
        self.session.is_reconnecting()
    }

    /// Is it in one of the two phases of draining?
    pub fn is_draining(&self) -> bool {
        self.status().is_draining()
    }

    /// The largest payload that the server accepts, headers included: negative for no limit, 0 if there was no server
    /// yet.
    pub fn max_payload(&self) -> i64 {
        self.max_payload.load(Ordering::Relaxed)
    }

    /// Does the server support headers?
    pub fn has_header_support(&self) -> bool {
        self.headers.load(Ordering::Relaxed)
    }

    /// Applies the limits of a server. Returns the errors for kept publishes that are not sent because of them.
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
}
