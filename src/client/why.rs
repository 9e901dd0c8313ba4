//! Error texts of calls: with the subject, the limit or timeout, the server, and the state of the connection. Nothing
//! here runs unless a call has failed, and no lock is held then.

use std::fmt::Display;
use std::time::Duration;

use super::connection::Connection;
use super::outgoing::publish::Outgoing;
use crate::error::{Error, Status};
use crate::words::{cut, ms, shown};

/// The longest part of one error that is repeated in another, in bytes.
const REASON_MAX: usize = 120;

impl Connection {
    /// Says that the connection is closed, and why.
    pub(super) fn closed_words(&self) -> String {
        self.with_reason("the connection is closed")
    }

    fn with_reason(&self, what: &str) -> String {
        match self.last_error() {
            (Status::NATS_OK, _) => what.to_owned(),
            (status, text) if text.is_empty() => format!("{what} ({})", status.text()),
            (_, text) => format!("{what} ({})", cut(&text, REASON_MAX)),
        }
    }

    /// Other facts that explain a timeout.
    pub(super) fn meanwhile(&self) -> String {
        if !self.is_reconnecting() {
            return String::new();
        }
        let first = self.session.is_first_pending();
        let what = match first {
            true => "; the connection is not connected yet",
            false => "; the connection is lost, reconnecting",
        };
        self.with_reason(what)
    }

    /// The last that the server said, if it does not permit a request with this subject, or its reply. The server does not
    /// say which message it refused.
    fn not_permitted(&self, subject: &[u8]) -> String {
        let (status, text) = self.session.last_error();
        let quoted = |subject: &[u8]| format!("\"{}", shown(subject));
        let is_about = text.contains(&(quoted(subject) + "\""))
            || text.contains(&quoted(&self.opts.inbox_prefix));
        match status == Status::NATS_NOT_PERMITTED && is_about {
            true => format!("; the server says: {text}"),
            false => String::new(),
        }
    }

    /// Why a message did not leave.
    #[cold]
    pub(super) fn why_not_sent(&self, error: Error, out: &Outgoing<'_>) -> Error {
        // The timeout of a request is reported by the function that set it.
        if error.status() == Status::NATS_TIMEOUT && out.deadline.is_some() {
            return error;
        }
        let what = format!("publish to '{}'", shown(out.subject));
        let error = match error.status() {
            // Whichever function noticed it, the cause is the write deadline.
            Status::NATS_TIMEOUT => Error::from(Status::NATS_TIMEOUT),
            _ => error,
        };
        let error = error.or_say(|status| match status {
            Status::NATS_CONNECTION_CLOSED => self.closed_words(),
            Status::NATS_DRAINING => "the connection is draining".to_owned(),
            Status::NATS_INSUFFICIENT_BUFFER => format!(
                "the reconnect buffer is full: {} bytes wait for a server, limit {} \
                 (natsOptions_SetReconnectBufSize){}",
                self.pending_bytes(),
                self.opts.reconnect_buf_size,
                self.meanwhile()
            ),
            Status::NATS_TIMEOUT => format!(
                "write deadline of {} exceeded: {} does not read",
                ms(self.opts.write_deadline.unwrap_or_default()),
                self.session.server_address()
            ),
            Status::NATS_NO_MEMORY => format!("no memory for {} bytes", out.size()),
            Status::NATS_NO_SERVER_SUPPORT => {
                let version = self.session.with_info(|info| info.version.clone());
                format!(
                    "the message has headers, which {} (version '{}') does not support",
                    self.session.server_address(),
                    shown(version.as_bytes())
                )
            }
            status => status.text().to_owned(),
        });
        error.about(&what)
    }

    /// Why there is no reply.
    #[cold]
    pub(super) fn why_no_reply(&self, error: Error, subject: &[u8], timeout: Duration) -> Error {
        let what = format!("request to '{}'", shown(subject));
        error.or_say(|status| match status {
            Status::NATS_TIMEOUT => {
                format!(
                    "{what}: no reply within {}{}{}",
                    ms(timeout),
                    self.not_permitted(subject),
                    self.meanwhile()
                )
            }
            Status::NATS_NO_RESPONDERS => {
                format!("{what}: no responders, nobody is subscribed to it")
            }
            Status::NATS_CONNECTION_CLOSED => format!("{what}: {}", self.closed_words()),
            Status::NATS_CONNECTION_DISCONNECTED => {
                let lost = "the connection was lost before the reply came";
                format!("{what}: {}", self.with_reason(lost))
            }
            Status::NATS_DRAINING => format!("{what}: the connection is draining"),
            status => format!("{what}: {}", status.text()),
        })
    }

    /// Why the server has not answered a PING.
    #[cold]
    pub(super) fn why_no_pong(&self, error: Error, timeout: Duration) -> Error {
        error.or_say(|status| match status {
            Status::NATS_TIMEOUT => format!(
                "no PONG from {} within {}{}",
                self.session.server_address(),
                ms(timeout),
                self.meanwhile()
            ),
            Status::NATS_CONNECTION_CLOSED => self.closed_words(),
            Status::NATS_CONNECTION_DISCONNECTED => {
                self.with_reason("the connection was lost before the server answered")
            }
            status => status.text().to_owned(),
        })
    }

    /// Why subscribing on the connection fails.
    #[cold]
    pub(super) fn why_not_subscribed(&self, status: Status, subject: &[u8]) -> Error {
        let why = match status {
            Status::NATS_DRAINING => "the connection is draining".to_owned(),
            _ => self.closed_words(),
        };
        Error::new(status, format!("subscribe to '{}': {why}", shown(subject)))
    }

    /// The error of a call of a layer above that uses subscriptions which the program does not know. `what` is what the
    /// call is about: it stands in place of such a subscription's inbox, and before an error without a text.
    #[cold]
    pub fn explained(&self, error: Error, what: impl FnOnce() -> String) -> Error {
        let status = match error.status() {
            Status::NATS_INVALID_SUBSCRIPTION if self.is_draining() => Status::NATS_DRAINING,
            status => status,
        };
        let why = match status {
            Status::NATS_CONNECTION_CLOSED => self.closed_words(),
            Status::NATS_DRAINING => "the connection is draining".to_owned(),
            Status::NATS_TIMEOUT => format!("nothing came in time{}", self.meanwhile()),
            status => status.text().to_owned(),
        };
        let bare = match status {
            Status::NATS_CONNECTION_CLOSED | Status::NATS_DRAINING => Error::from(status),
            _ => error,
        };
        bare.or_say(|_| format!("{}: {why}", what()))
    }

    /// The error of a call that needs a server.
    #[cold]
    pub fn untold(&self, status: Status, what: impl Display) -> Error {
        let server = self.session.server_address();
        Error::new(
            status,
            match status {
                Status::NATS_CONNECTION_CLOSED => self.closed_words(),
                Status::NATS_CONNECTION_DISCONNECTED => {
                    format!("no {what}: not connected{}", self.meanwhile())
                }
                _ => format!("{server} did not tell the {what}{}", self.meanwhile()),
            },
        )
    }
}
