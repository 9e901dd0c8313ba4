//! An error together with the server's number for it.

use super::api::{ApiError, ErrCode};
use crate::error::{Error as Plain, Status};

/// An error of JetStream.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{error}")]
pub struct Error {
    error: Plain,
    code: ErrCode,
}

/// The result type of JetStream.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error of the API with a status of its own.
    pub fn new(error: impl Into<Plain>, code: ErrCode) -> Self {
        Error {
            error: error.into(),
            code,
        }
    }

    /// An error of the server: [`Status::NATS_ERR`], with the server's text. Functions for which some errors have a
    /// status of their own convert them.
    pub fn from_api(error: ApiError) -> Self {
        let code = ErrCode(i32::try_from(error.err_code).unwrap_or(i32::MAX));
        let text = match error.description.is_empty() {
            true => format!("JetStream error {} ({})", error.err_code, error.code),
            false => error.description,
        };
        Error::new(Plain::new(Status::NATS_ERR, text), code)
    }

    /// The status that the C interface returns for it.
    pub fn status(&self) -> Status {
        self.error.status()
    }

    /// The server's number for the error; [`ErrCode::NONE`] if it did not come from the server.
    pub fn code(&self) -> ErrCode {
        self.code
    }

    /// Does the error say that the consumer or its stream does not exist?
    pub fn is_no_consumer(&self) -> bool {
        self.code == ErrCode::CONSUMER_NOT_FOUND || self.code == ErrCode::STREAM_NOT_FOUND
    }

    /// Adds a text to an error that has none of its own, and leaves other errors unchanged.
    #[cold]
    pub(crate) fn or_say(self, words: impl FnOnce(Status) -> String) -> Self {
        Error {
            error: self.error.or_say(words),
            code: self.code,
        }
    }

    /// Changes the status and the text, and keeps the server's number.
    pub(crate) fn map(self, change: impl FnOnce(Plain) -> Plain) -> Self {
        Error {
            error: change(self.error),
            code: self.code,
        }
    }

    /// The text of the error.
    pub fn text(&self) -> &str {
        self.error.text()
    }
}

impl From<Plain> for Error {
    fn from(error: Plain) -> Self {
        Error::new(error, ErrCode::NONE)
    }
}

impl From<Status> for Error {
    fn from(status: Status) -> Self {
        Plain::from(status).into()
    }
}

impl From<Error> for Plain {
    fn from(error: Error) -> Self {
        error.error
    }
}
