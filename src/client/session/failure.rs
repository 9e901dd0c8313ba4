//! How an attempt on one server failed.

use super::handshake::Attempt;
use crate::error::Error;
use crate::net::servers::AuthErrorKind;

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
    pub(super) fn auth_kind(&self) -> Option<AuthErrorKind> {
        match self {
            Failure::Said(_, kind) => *kind,
            _ => None,
        }
    }

    /// Puts the server's address in front of the words, unless the attempt was called off.
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
