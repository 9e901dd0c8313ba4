//! The error type of the whole library, and the only mapping from it to the statuses of the C
//! interface.

use std::borrow::Cow;

use crate::words;

/// Result of a call: `NATS_OK`, or the reason for the failure. `natsStatus_GetText` returns a text
/// for each.
///
/// @ingroup nats_errors
#[expect(non_camel_case_types, reason = "the C interface's names")]
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum natsStatus {
    /// Success.
    NATS_OK = 0,
    /// An error without a status of its own.
    NATS_ERR,
    /// The server violated the NATS protocol, or the headers of a message are malformed.
    NATS_PROTOCOL_ERROR,
    /// Reading from or writing to the socket failed.
    NATS_IO_ERROR,
    /// The server's first line is too long.
    NATS_LINE_TOO_LONG,
    /// The connection is closed, or the server closed it.
    NATS_CONNECTION_CLOSED,
    /// No server could be reached.
    NATS_NO_SERVER,
    /// The server did not answer the client's PINGs.
    NATS_STALE_CONNECTION,
    /// TLS is required by the options and the server does not offer it.
    NATS_SECURE_CONNECTION_WANTED,
    /// The server requires TLS. Never returned: the client switches to TLS by itself.
    NATS_SECURE_CONNECTION_REQUIRED,
    /// The connection was lost and may be restored.
    NATS_CONNECTION_DISCONNECTED,
    /// The server refused the credentials, or they expired.
    NATS_CONNECTION_AUTH_FAILED,
    /// The server does not permit this publish or subscription.
    NATS_NOT_PERMITTED,
    /// The header, key or value does not exist.
    NATS_NOT_FOUND,
    /// The URL of a server has no host. Never returned: such a URL means `localhost`.
    NATS_ADDRESS_MISSING,
    /// The subject is missing or not valid.
    NATS_INVALID_SUBJECT,
    /// An argument is not valid: NULL, negative, out of range, or a destroyed handle.
    NATS_INVALID_ARG,
    /// The subscription is closed.
    NATS_INVALID_SUBSCRIPTION,
    /// The timeout must be greater than zero.
    NATS_INVALID_TIMEOUT,
    /// The call is not possible in the present state.
    NATS_ILLEGAL_STATE,
    /// Messages were dropped because the subscription's pending limits were reached.
    NATS_SLOW_CONSUMER,
    /// The payload is larger than the server allows.
    NATS_MAX_PAYLOAD,
    /// The subscription has delivered its maximum of messages.
    NATS_MAX_DELIVERED_MSGS,
    /// A buffer is too small, or the reconnect buffer is full.
    NATS_INSUFFICIENT_BUFFER,
    /// Memory could not be allocated.
    NATS_NO_MEMORY,
    /// A call of the operating system failed.
    NATS_SYS_ERROR,
    /// The time ran out.
    NATS_TIMEOUT,
    /// The library could not be opened, for example because it is being closed.
    NATS_FAILED_TO_INITIALIZE,
    /// The library has not been opened.
    NATS_NOT_INITIALIZED,
    /// A certificate, a cipher list or the TLS handshake failed.
    NATS_SSL_ERROR,
    /// The server does not support this: it is too old or not configured for it.
    NATS_NO_SERVER_SUPPORT,
    /// Not connected yet; attempts continue in the background.
    NATS_NOT_YET_CONNECTED,
    /// The connection or subscription is draining.
    NATS_DRAINING,
    /// The name of the queue group is not valid.
    NATS_INVALID_QUEUE_NAME,
    /// Nobody is subscribed to the request's subject.
    NATS_NO_RESPONDERS,
    /// JetStream: a consumer's sequence does not match.
    NATS_MISMATCH,
    /// JetStream: a heartbeat of the server is missing.
    NATS_MISSED_HEARTBEAT,
    /// JetStream: a limit has been reached.
    NATS_LIMIT_REACHED,
    /// JetStream: the pin of a pinned consumer does not match.
    NATS_PIN_ID_MISMATCH,
    /// JetStream: the configuration cannot be used. Never returned.
    NATS_INVALID_CONFIG,
    /// The number of statuses; not a status.
    NATS_MAX_STATUS_VALUE,
}

/// The status of an error, by the name that Rust code uses.
pub use natsStatus as Status;

impl natsStatus {
    /// The text for this status.
    pub fn text(self) -> &'static str {
        TEXTS[self as usize].to_str().unwrap_or_default()
    }

    /// The text for this status as a C string.
    pub fn text_c(self) -> &'static std::ffi::CStr {
        TEXTS[self as usize]
    }

    /// The status with this number, or `None` where there is none.
    pub fn from_number(n: i32) -> Option<Self> {
        usize::try_from(n).ok().and_then(|n| ALL.get(n).copied())
    }
}

use natsStatus::*;

/// All statuses, in the order of their numbers.
static ALL: [natsStatus; 40] = [
    NATS_OK,
    NATS_ERR,
    NATS_PROTOCOL_ERROR,
    NATS_IO_ERROR,
    NATS_LINE_TOO_LONG,
    NATS_CONNECTION_CLOSED,
    NATS_NO_SERVER,
    NATS_STALE_CONNECTION,
    NATS_SECURE_CONNECTION_WANTED,
    NATS_SECURE_CONNECTION_REQUIRED,
    NATS_CONNECTION_DISCONNECTED,
    NATS_CONNECTION_AUTH_FAILED,
    NATS_NOT_PERMITTED,
    NATS_NOT_FOUND,
    NATS_ADDRESS_MISSING,
    NATS_INVALID_SUBJECT,
    NATS_INVALID_ARG,
    NATS_INVALID_SUBSCRIPTION,
    NATS_INVALID_TIMEOUT,
    NATS_ILLEGAL_STATE,
    NATS_SLOW_CONSUMER,
    NATS_MAX_PAYLOAD,
    NATS_MAX_DELIVERED_MSGS,
    NATS_INSUFFICIENT_BUFFER,
    NATS_NO_MEMORY,
    NATS_SYS_ERROR,
    NATS_TIMEOUT,
    NATS_FAILED_TO_INITIALIZE,
    NATS_NOT_INITIALIZED,
    NATS_SSL_ERROR,
    NATS_NO_SERVER_SUPPORT,
    NATS_NOT_YET_CONNECTED,
    NATS_DRAINING,
    NATS_INVALID_QUEUE_NAME,
    NATS_NO_RESPONDERS,
    NATS_MISMATCH,
    NATS_MISSED_HEARTBEAT,
    NATS_LIMIT_REACHED,
    NATS_PIN_ID_MISMATCH,
    NATS_INVALID_CONFIG,
];

static TEXTS: [&std::ffi::CStr; 41] = [
    c"OK",
    c"Error",
    c"Protocol Error",
    c"IO Error",
    c"Line too long",
    c"Connection Closed",
    c"No server available for connection",
    c"Stale Connection",
    c"Secure Connection not available",
    c"Secure Connection Required",
    c"Connection Disconnected",
    c"Authentication Violation",
    c"Not Permitted",
    c"Not Found",
    c"TCP Address missing",
    c"Invalid Subject",
    c"Invalid Argument",
    c"Invalid Subscription",
    c"Invalid Timeout",
    c"Illegal State",
    c"Slow Consumer, messages dropped",
    c"Maximum Payload Exceeded",
    c"Maximum Messages Delivered",
    c"Insufficient Buffer",
    c"No Memory",
    c"System Error",
    c"Timeout",
    c"Initialization Failed",
    c"Not Initialized",
    c"SSL Error",
    c"Not Supported By Server",
    c"Not Yet Connected",
    c"Draining in progress",
    c"Invalid queue name",
    c"No responders available for request",
    c"Mismatch",
    c"Missed Server Heartbeat",
    c"Limit reached",
    c"Jetstream Consumer PinID Mismatch",
    c"Invalid Configuration",
    c"Unknown status",
];

/// An error of the library: a status and a text for people. Most errors say no more than their
/// status; the others carry a text of their own.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct Error {
    status: natsStatus,
    text: Cow<'static, str>,
}

/// The result type of the library.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error with its own text.
    pub fn new(status: natsStatus, text: impl Into<Cow<'static, str>>) -> Self {
        Error {
            status,
            text: text.into(),
        }
    }

    /// An argument that is not valid, and why.
    pub fn invalid_arg(text: impl Into<Cow<'static, str>>) -> Self {
        Error::new(NATS_INVALID_ARG, text)
    }

    /// A call that is not possible in the present state, and why.
    pub fn illegal_state(text: impl Into<Cow<'static, str>>) -> Self {
        Error::new(NATS_ILLEGAL_STATE, text)
    }

    /// A violation of the protocol by the server, and what it was.
    pub fn protocol(text: impl Into<Cow<'static, str>>) -> Self {
        Error::new(NATS_PROTOCOL_ERROR, text)
    }

    /// The status that the C interface returns for this error.
    pub fn status(&self) -> natsStatus {
        self.status
    }

    /// The text for this error.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Adds a text to an error that has none of its own, and leaves other errors unchanged. For
    /// callers that know the context of a failure when the failing function did not.
    #[cold]
    pub(crate) fn or_say(self, words: impl FnOnce(natsStatus) -> String) -> Self {
        match self.text == self.status.text() {
            true => Error::new(self.status, words(self.status)),
            false => self,
        }
    }

    /// Appends to the text.
    #[cold]
    pub(crate) fn and_say(self, more: &str) -> Self {
        Error::new(self.status, self.text.into_owned() + more)
    }

    /// Prepends the object of the error to its text, unless the text begins with it.
    #[cold]
    pub(crate) fn about(self, subject: &str) -> Self {
        match self.text.starts_with(subject) {
            true => self,
            false => Error::new(self.status, format!("{subject}: {}", self.text)),
        }
    }
}

impl From<natsStatus> for Error {
    fn from(status: natsStatus) -> Self {
        Error {
            status,
            text: Cow::Borrowed(status.text()),
        }
    }
}

impl From<std::io::Error> for Error {
    fn from(e: std::io::Error) -> Self {
        // Layers above the socket have statuses of their own.
        if let Some(own) = e.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
            return own.clone();
        }
        let status = match e.kind() {
            std::io::ErrorKind::TimedOut => NATS_TIMEOUT,
            std::io::ErrorKind::OutOfMemory => NATS_NO_MEMORY,
            _ => NATS_IO_ERROR,
        };
        Error::new(status, words::os(&e))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_is_at_its_number_and_has_a_text() {
        for (n, status) in ALL.iter().enumerate() {
            assert_eq!(*status as usize, n);
            assert_eq!(natsStatus::from_number(n as i32), Some(*status));
            assert!(!status.text().is_empty());
        }
        assert_eq!(natsStatus::from_number(40), None);
        assert_eq!(natsStatus::from_number(-1), None);
        assert_eq!(NATS_MAX_STATUS_VALUE as usize, ALL.len());
    }

    #[test]
    fn words_are_for_those_that_have_none() {
        let bare = Error::from(NATS_TIMEOUT).or_say(|s| format!("{} is over", s as i32));
        assert_eq!((bare.status(), bare.text()), (NATS_TIMEOUT, "26 is over"));
        assert_eq!(bare.or_say(|_| unreachable!()).text(), "26 is over");
        let placed = Error::illegal_state("no").about("a:1");
        assert_eq!(placed.text(), "a:1: no");
        assert_eq!(placed.about("a:1").text(), "a:1: no");
    }

    #[test]
    fn errors_of_the_system_have_no_number() {
        let refused = std::io::Error::from_raw_os_error(libc::ECONNREFUSED);
        let error = Error::from(refused);
        assert_eq!(
            (error.status(), error.text()),
            (NATS_IO_ERROR, "Connection refused")
        );
    }
}
