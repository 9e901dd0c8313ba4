//! Why an attempt to connect to a server failed.

use super::handshake::Attempt;
use crate::error::Error;
use crate::net::servers::AuthErrorKind;

/// The kind of failure.
pub(in crate::client) enum Failure {
    /// The connection was not accepted.
    Unreachable(Error),
    /// The connection was accepted, but the handshake failed.
    Refused(Error),
    /// The server refused the client, possibly because of its credentials.
    Said(Error, Option<AuthErrorKind>),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Refused(error)
    }
}

impl Failure {
    pub(super) fn auth_kind(&self) -> Option<AuthErrorKind> {
        match self {
            Failure::Said(_, kind) => *kind,
            _ => None,
        }
    }

    /// Prefixes the text with the server's address, unless the attempt was cancelled.
    pub(super) fn at(self, attempt: &Attempt) -> Self {
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

    pub(super) fn into_error(self) -> Error {
        match self {
            Failure::Unreachable(e) | Failure::Refused(e) | Failure::Said(e, _) => e,
        }
    }
}
