//! Losing the server: what it says against the client, the end of a link, and why.
//!
//! # What is repeated after a reconnect, and why that has an end
//!
//! | Repeated | Ends when |
//! |---|---|
//! | a publish that did not leave | it does not fit the next server, or links broke three times running while it was being sent (`outgoing/kept.rs`) |
//! | a subscription, also the one for answers to requests | the server refuses it (`interest/refused.rs`) |
//! | credentials | a server refuses them twice for the same reason |
//! | all of the others | the attempts are used up: a session of less than a second is no success, so they go on being counted, each with the full pause before it |
//!
//! PINGs that are waited for fail when the server is lost, so only those of an outage go out with the next one.

use std::sync::Arc;
use std::time::Duration;

use crate::client::connection::{Connection, State};
use crate::client::incoming::link::Link;
use crate::client::session::status::ConnStatus;
use crate::error::{Error, Result, Status};
use crate::net::servers::{AuthErrorKind, PassCounter};
use crate::proto::server_error::{Consequence, Meaning, ServerError};

/// A session that ended sooner than this was no success.
const SETTLED: Duration = Duration::from_secs(1);

/// So much of the reason for the loss is repeated in front of why an attempt failed.
const REASON_MAX: usize = 120;

impl State {
    /// Has the present session lasted for so long that it counts as a success? Then its server's
    /// attempts and refusals are forgotten.
    fn settle(&mut self) -> bool {
        let settled = self.link.is_some() && self.since.elapsed() >= SETTLED;
        if settled {
            self.pool.mark_connected();
        }
        settled
    }

    /// Keeps why an attempt failed, behind why there had to be one.
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

impl Connection {
    /// The server reported an error. An error ends the link.
    pub(in crate::client) fn server_error(
        self: &Arc<Self>,
        link: &Arc<Link>,
        error: ServerError,
    ) -> Result<()> {
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
        match error.consequence() {
            Consequence::None => Ok(()),
            Consequence::Reconnect => {
                let kind = error.auth_kind();
                if kind.is_some_and(|kind| self.is_second_auth_error(kind)) {
                    link.stop();
                    self.shut();
                    return Ok(());
                }
                Err(told)
            }
            Consequence::Close if self.opts.reconnect_on_protocol_error => Err(told),
            Consequence::Close => {
                self.shut();
                Ok(())
            }
        }
    }

    /// Did the same server refuse for the same reason twice, with no success in between?
    pub(in crate::client) fn is_second_auth_error(&self, kind: AuthErrorKind) -> bool {
        let mut state = self.state.lock();
        state.settle();
        match state.pool.current_mut() {
            Some(server) => server.note_auth_error(kind) && !self.opts.ignore_auth_error_abort,
            None => false,
        }
    }

    /// The link is over: reconnect, or close if that is not wanted.
    pub(in crate::client) fn lost(self: &Arc<Self>, link: &Arc<Link>, error: Error) {
        link.stop();
        let waiters = {
            let mut state = self.state.lock();
            if !state.is_present(link) {
                return;
            }
            if let Some(timer) = state.ping_timer.take() {
                timer.cancel();
            }
            if !self.opts.allow_reconnect || state.status().is_draining() {
                state.set_last_error(&error);
                drop(state);
                return self.shut();
            }
            let broke = !link.is_given_up();
            state.too_short = !state.settle() && broke;
            if !state.too_short {
                state.pass = PassCounter::new();
            }
            state.link = None;
            state.lost_link = Arc::downgrade(link);
            state.set_last_error(&error);
            self.reconnecting
                .store(true, std::sync::atomic::Ordering::Release);
            self.set_status(&mut state, ConnStatus::NATS_CONN_STATUS_RECONNECTING);
            // Before the callback: what that publishes is for the next server.
            let detached = self.outbound.detach(link, broke);
            if std::mem::take(&mut state.announced) {
                self.post_disconnected(Some(&error));
            }
            if let Some(given_up) = &detached.given_up {
                self.post_failure(given_up);
            }
            state.loss = Some(error);
            detached.waiters
        };
        for waiter in waiters {
            waiter.finish(Err(Status::NATS_CONNECTION_DISCONNECTED.into()));
        }
        if self.opts.fail_requests_on_disconnect {
            self.requests.fail_all(Status::NATS_CONNECTION_DISCONNECTED);
        }
        self.next_attempt();
    }

    /// Gives the present server up and reconnects.
    pub fn reconnect(self: &Arc<Self>) -> Result<()> {
        if self.is_closed() {
            return Err(self.untold(Status::NATS_CONNECTION_CLOSED, ""));
        }
        // What was refused before may be wanted by the next one.
        self.interest.forgive();
        let link = self.state.lock().link.clone();
        if let Some(link) = link {
            // What was published before the call still leaves, as far as the kernel takes it.
            self.outbound.try_pump(&link);
            link.give_up(Error::new(
                Status::NATS_CONNECTION_CLOSED,
                "the program asked for another connection",
            ));
        }
        Ok(())
    }
}
