//! The first connect, and the steps that follow every successful handshake.

use std::sync::Arc;
use std::time::Instant;

use super::failure::Failure;
use super::handshake::Attempt;
use super::host::{Event, SessionHost, SessionLink};
use super::keepalive::start_pinging;
use super::reconnect::next_attempt;
use super::state::LAST_ERROR_MAX;
use super::status::ConnStatus;
use crate::client::outgoing::ping::PingWaiter;
use crate::error::{Error, Result, Status};
use crate::log::Target;
use crate::net::servers::{AuthErrorKind, PassCounter};
use crate::proto::info::ServerInfo;
use crate::words::{list, ms, shown};

/// The kind of success.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `connect` succeeded; its caller is waiting.
    InitialConnect,
    /// A reconnect, or a first connect that continued in the background.
    Later,
}

/// Connects for the first time. `NATS_NOT_YET_CONNECTED` means that attempts continue in the background.
pub(in crate::client) fn connect<H: SessionHost>(host: &Arc<H>) -> Result<()> {
    let mut passes = 0;
    loop {
        let error = match connect_pass(host) {
            Ok(()) => return Ok(()),
            Err(error) => error,
        };
        let config = host.session().config();
        if config.retry_on_failed_connect && config.in_background {
            return connect_in_background(host);
        }
        let more = config.max_reconnect < 0 || passes < config.max_reconnect;
        if !config.retry_on_failed_connect || !more {
            abandon(host);
            return Err(error);
        }
        passes += 1;
        host.session().log().info(Target::Connect, || {
            let pause = ms(config.reconnect_wait);
            format!("no server: the next attempt is in {pause}")
        });
        std::thread::sleep(config.reconnect_wait);
    }
}

/// Tries each server once.
fn connect_pass<H: SessionHost>(host: &Arc<H>) -> Result<()> {
    let (mut refusal, mut unreachable) = (None, None);
    let mut failures: Vec<String> = Vec::new();
    host.session().state.lock().pool.begin_pass();
    loop {
        let attempt = {
            let mut state = host.session().state.lock();
            if state.pool.next_in_pass().is_none() {
                break;
            }
            host.session().begin_attempt(&mut state)?
        };
        match try_server(host, &attempt).and_then(|(link, info)| {
            established(host, link, info, Kind::InitialConnect).map_err(Failure::Refused)
        }) {
            Ok(()) => return Ok(()),
            Err(failure) => {
                let refused = !matches!(failure, Failure::Unreachable(_));
                let kind = failure.auth_kind();
                let error = failure.into_error();
                first_attempt_failed(host, &error, kind);
                // An answer is more informative than no answer, so it comes first.
                match refused {
                    true => failures.insert(0, error.text().to_owned()),
                    false => failures.push(error.text().to_owned()),
                }
                let kept = match refused {
                    true => &mut refusal,
                    false => &mut unreachable,
                };
                *kept = Some(match error.status() {
                    // A callback of the program may have returned it. Here it says that attempts continue.
                    Status::NATS_NOT_YET_CONNECTED => Status::NATS_ERR,
                    status => status,
                });
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

fn connect_in_background<H: SessionHost>(host: &Arc<H>) -> Result<()> {
    {
        let mut state = host.session().state.lock();
        state.first_pending = true;
        state.pass = PassCounter::new();
        state.too_short = false;
        host.session().set_reconnecting(true);
        host.session()
            .set_status(&mut state, ConnStatus::NATS_CONN_STATUS_RECONNECTING);
    }
    next_attempt(host);
    Err(Status::NATS_NOT_YET_CONNECTED.into())
}

/// The first connect failed, so the program never receives this connection.
fn abandon<H: SessionHost>(host: &Arc<H>) {
    {
        let mut state = host.session().state.lock();
        host.session()
            .set_status(&mut state, ConnStatus::NATS_CONN_STATUS_CLOSED);
    }
    host.close_outgoing();
    // The program may free the closure of its handler when the call has returned.
    host.session().log().finish();
    host.callbacks().life.never_owned();
    host.callbacks().end_dispatch();
}

pub(super) fn try_server<H: SessionHost>(
    host: &Arc<H>,
    attempt: &Attempt,
) -> Result<(Arc<H::Link>, ServerInfo), Failure> {
    open_session(host, attempt).map_err(|failure| failure.at(attempt))
}

fn open_session<H: SessionHost>(
    host: &Arc<H>,
    attempt: &Attempt,
) -> Result<(Arc<H::Link>, ServerInfo), Failure> {
    let socket = host.dial(attempt)?;
    {
        let mut state = host.session().state.lock();
        if state.is_closed() {
            return Err(Failure::Refused(Status::NATS_CONNECTION_CLOSED.into()));
        }
        host.session()
            .set_status(&mut state, ConnStatus::NATS_CONN_STATUS_CONNECTING);
    }
    host.shake_hands(socket, attempt)
}

fn first_attempt_failed<H: SessionHost>(host: &Arc<H>, error: &Error, kind: Option<AuthErrorKind>) {
    host.session().count_failure();
    let text = || error.text().to_owned();
    host.session().log().warn(Target::Connect, text);
    let mut state = host.session().state.lock();
    state.attempt = None;
    if !state.is_closed() {
        state.set_attempt_error(error);
        host.session()
            .set_status(&mut state, ConnStatus::NATS_CONN_STATUS_DISCONNECTED);
    }
    if let (Some(kind), Some(server)) = (kind, state.pool.current_mut()) {
        server.note_auth_error(kind);
    }
}

/// The server has sent a PONG: the session is established.
pub(super) fn established<H: SessionHost>(
    host: &Arc<H>,
    link: Arc<H::Link>,
    info: ServerInfo,
    kind: Kind,
) -> Result<()> {
    let (first, lost) = {
        let mut state = host.session().state.lock();
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
        host.session()
            .set_status(&mut state, ConnStatus::NATS_CONN_STATUS_CONNECTED);
        // The program learns of it by the return of `connect`.
        state.reported_connected = kind == Kind::InitialConnect;
        host.session().log().info(Target::Connect, || {
            let server = state
                .pool
                .current()
                .map(|server| server.url.without_credentials());
            connected_words(&server.unwrap_or_default(), &info)
        });
        let first = state.first_pending || kind == Kind::InitialConnect;
        (first, state.lost_link.upgrade())
    };
    // Messages of the last server are delivered before those of this one.
    if let Some(lost) = lost {
        lost.wait_for_its_reader();
    }
    info_received(host, info, first);
    host.resume(&link);
    if kind == Kind::Later {
        announce(host, &link);
        // Its PONG confirms that the server has processed everything that was pending.
        host.ping(PingWaiter::Keepalive);
    }
    host.write_pending(&link);
    if let Err(error) = link.start() {
        link.fail(error);
    }
    start_pinging(host);
    Ok(())
}

fn connected_words(server: &str, info: &ServerInfo) -> String {
    let shown = |text: &str| shown(text.as_bytes()).to_string();
    let (name, version) = (shown(&info.server_name), shown(&info.version));
    let mut words = format!(
        "connected to {server}: server '{name}', version {version}, client {}",
        info.client_id
    );
    if !info.cluster.is_empty() {
        words += &format!(", cluster '{}'", shown(&info.cluster));
    }
    words
}

/// Marks the connection as restored and tells the program, unless the server has been lost meanwhile.
fn announce<H: SessionHost>(host: &Arc<H>, link: &Arc<H::Link>) {
    let mut state = host.session().state.lock();
    if !state.is_present(link) {
        return;
    }
    state.reported_connected = true;
    host.session().set_reconnecting(false);
    if std::mem::take(&mut state.first_pending) {
        host.tell(Event::Connected);
    } else {
        host.session().count_reconnect();
        let text = || "the connection is restored".to_owned();
        host.session().log().info(Target::Session, text);
        host.tell(Event::Reconnected);
    }
}

/// The server has sent an INFO about itself and its cluster.
pub(in crate::client) fn info_received<H: SessionHost>(
    host: &Arc<H>,
    info: ServerInfo,
    first: bool,
) {
    host.heed_limits(&info);
    let mut state = host.session().state.lock();
    let ignore = host.session().config().ignore_discovered_servers;
    let randomize = !host.session().config().no_randomize;
    // nats-server lists such listeners in `connect_urls` for WebSocket clients as well.
    let websocket = state.pool.is_websocket() && !info.ws_connect_urls.is_empty();
    let urls = match websocket {
        true => &info.ws_connect_urls,
        false => &info.connect_urls,
    };
    let discovered = state.pool.update_discovered(urls, ignore, first, randomize);
    let (lame, urls_announced) = (info.ldm, urls.len());
    state.info = info;
    if state.is_closed() {
        return;
    }
    let log = host.session().log();
    log.debug(Target::Session, || {
        let (cluster, all) = (urls_announced, state.pool.len());
        format!("INFO: {cluster} servers announced, {all} known")
    });
    if discovered {
        host.tell(Event::DiscoveredServers);
    }
    if lame {
        let text = || "the server is about to shut down (lame duck mode)".to_owned();
        log.warn(Target::Session, text);
        host.tell(Event::LameDuck);
    }
}
