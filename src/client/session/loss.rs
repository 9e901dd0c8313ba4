//! Loss of a server: errors that the server reports, the end of a link, and the reason for it.
//!
//! # What is repeated after a reconnect, and when that ends
//!
//! | Repeated | Ends when |
//! |---|---|
//! | a publish that was not written | it exceeds the limits of the next server, or links broke three times in a row
//! while it was being sent (`outgoing/kept.rs`) |
//! | a subscription, including the one for answers to requests | the server refuses it (`interest/refused.rs`) |
//! | credentials | a server rejects them twice for the same reason |
//! | everything else | the attempts are used up: a session of less than a second is no success, so they are counted
//! further, each with the full pause before it |
//!
//! PINGs with a waiter fail when the server is lost, so only those that were requested during the outage are sent to
//! the next one.

use std::sync::Arc;
use std::time::Duration;

use super::closing::close_now;
use super::host::{Event, SessionHost, SessionLink};
use super::reconnect::next_attempt;
use super::state::State;
use super::status::ConnStatus;
use crate::error::{Error, Result, Status};
use crate::log::Target;
use crate::net::servers::{AuthErrorKind, PassCounter};
use crate::proto::server_error::{Consequence, ServerError};

/// A session that was shorter than this is no success.
const SETTLED: Duration = Duration::from_secs(1);

/// The length of the part of the reason for the loss that is repeated before the reason why an attempt failed.
const REASON_MAX: usize = 120;

impl<L> State<L> {
    /// Has the present session lasted long enough to count as a success? If so, the attempts and refusals of its server
    /// are forgotten.
    fn settle(&mut self) -> bool {
        let settled = self.link.is_some() && self.since.elapsed() >= SETTLED;
        if settled {
            self.pool.mark_connected();
        }
        settled
    }

    /// Stores why an attempt failed, behind the reason for the loss that made it necessary.
    pub(in crate::client) fn set_attempt_error(&mut self, error: &Error) {
        let mut text = String::new();
        if let Some(loss) = &self.loss {
            text += &loss.text()[..loss.text().floor_char_boundary(REASON_MAX)];
            text += "; then ";
        }
        let server = self.pool.current().map(|server| server.url.host_port());
        if let Some(server) = server.filter(|server| !error.text().contains(server)) {
            text += &server;
            text += ": ";
        }
        text += error.text();
        self.set_last_error(&Error::new(error.status(), text));
    }
}

/// Decides what happens to the link over which the server has reported this error.
pub(in crate::client) fn consequence<H: SessionHost>(
    host: &Arc<H>,
    error: &ServerError,
) -> Consequence {
    match error.consequence() {
        Consequence::Reconnect => match error.auth_kind() {
            Some(kind) if is_second_auth_error(host, kind) => Consequence::Close,
            _ => Consequence::Reconnect,
        },
        Consequence::Close if host.session().config().reconnect_on_protocol_error => {
            Consequence::Reconnect
        }
        consequence => consequence,
    }
}

/// Did the same server refuse twice for the same reason, with no success in between?
pub(in crate::client) fn is_second_auth_error<H: SessionHost>(
    host: &Arc<H>,
    kind: AuthErrorKind,
) -> bool {
    let mut state = host.session().state.lock();
    state.settle();
    match state.pool.current_mut() {
        Some(server) => {
            server.note_auth_error(kind) && !host.session().config().ignore_auth_error_abort
        }
        None => false,
    }
}

/// The link has ended: reconnects, or closes the connection if no reconnect is wanted.
pub(in crate::client) fn on_disconnect<H: SessionHost>(
    host: &Arc<H>,
    link: &Arc<H::Link>,
    error: Error,
) {
    link.stop();
    let waiters = {
        let mut state = host.session().state.lock();
        if !state.is_present(link) {
            return;
        }
        if let Some(timer) = state.ping_timer.take() {
            timer.cancel();
        }
        host.session().log().warn(Target::Session, || {
            let server = state.pool.current().map(|server| server.url.host_port());
            format!("lost {}: {error}", server.unwrap_or_default())
        });
        if !host.session().config().allow_reconnect || state.status().is_draining() {
            state.set_last_error(&error);
            drop(state);
            return close_now(host);
        }
        let broke = !link.is_given_up();
        state.too_short = !state.settle() && broke;
        if !state.too_short {
            state.pass = PassCounter::new();
        }
        state.link = None;
        state.lost_link = Arc::downgrade(link);
        state.set_last_error(&error);
        host.session().set_reconnecting(true);
        host.session()
            .set_status(&mut state, ConnStatus::NATS_CONN_STATUS_RECONNECTING);
        // Before the callback: messages that it publishes are for the next server.
        let detached = host.detach(link, broke);
        if std::mem::take(&mut state.reported_connected) {
            host.tell(Event::Disconnected(Some(&error)));
        }
        if let Some(given_up) = &detached.given_up {
            host.tell(Event::Failure(given_up));
        }
        state.loss = Some(error);
        detached.waiters
    };
    for waiter in waiters {
        waiter.finish(Err(Status::NATS_CONNECTION_DISCONNECTED.into()));
    }
    if host.session().config().fail_requests_on_disconnect {
        host.fail_requests(Status::NATS_CONNECTION_DISCONNECTED);
    }
    next_attempt(host);
}

/// Gives up the present server and reconnects.
pub(in crate::client) fn reconnect<H: SessionHost>(host: &Arc<H>) -> Result<()> {
    if host.session().is_closed() {
        return Err(Status::NATS_CONNECTION_CLOSED.into());
    }
    // Subscriptions that were refused before are sent to the next server.
    host.forgive_refused();
    let link = host.session().link();
    if let Some(link) = link {
        // Messages that were published before the call are still written, as far as the kernel accepts them.
        host.write_pending(&link);
        link.give_up(Error::new(
            Status::NATS_CONNECTION_CLOSED,
            "the program asked for another connection",
        ));
    }
    Ok(())
}
