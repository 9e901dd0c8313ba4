//! Errors of services: answers of handlers, and results of the functions of services.

use std::borrow::Cow;
use std::fmt;

use crate::error::Status;

/// The header of an error answer with the text.
pub const ERROR_HEADER: &str = "Nats-Service-Error";
/// The header of an error answer with the code, in decimal.
pub const CODE_HEADER: &str = "Nats-Service-Error-Code";
/// The header of an error answer with the text of its status.
pub const STATUS_HEADER: &str = "Nats-Status";

/// An error with a code for the client, a status of the library, a text, and the error that caused it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    status: Status,
    code: i32,
    message: Cow<'static, str>,
    cause: Option<Box<Error>>,
}

impl Error {
    /// An invalid argument.
    pub const INVALID_ARG: Error =
        Error::constant(Status::NATS_INVALID_ARG, "invalid function argument");
    /// Out of memory.
    pub const OUT_OF_MEMORY: Error = Error::constant(Status::NATS_NO_MEMORY, "out of memory");
    /// An invalid format.
    pub const INVALID_FORMAT: Error =
        Error::constant(Status::NATS_INVALID_ARG, "invalid format string");

    /// An error that needs no allocation.
    pub const fn constant(status: Status, message: &'static str) -> Error {
        Error {
            status,
            code: 0,
            message: Cow::Borrowed(message),
            cause: None,
        }
    }

    /// An error of the program, without a status. The client receives the code.
    pub fn new(code: i32, message: impl Into<Cow<'static, str>>) -> Error {
        Error {
            status: Status::NATS_OK,
            code,
            message: message.into(),
            cause: None,
        }
    }

    /// The error for a status; none for success.
    pub fn of_status(status: Status) -> Option<Error> {
        (status != Status::NATS_OK).then(|| Error::constant(status, status.text()))
    }

    /// Creates an error with this text that was caused by this one.
    #[must_use]
    pub fn wrap(self, message: impl Into<Cow<'static, str>>) -> Error {
        Error {
            status: Status::NATS_OK,
            code: 0,
            message: message.into(),
            cause: Some(Box::new(self)),
        }
    }

    /// Its status; if it has none, that of its cause.
    pub fn status(&self) -> Status {
        self.chain()
            .map(|error| error.status)
            .find(|status| *status != Status::NATS_OK)
            .unwrap_or(Status::NATS_OK)
    }

    /// Its own status, without that of its cause.
    pub fn own_status(&self) -> Status {
        self.status
    }

    /// Its code, without that of its cause.
    pub fn code(&self) -> i32 {
        self.code
    }

    /// Its text, without that of its cause.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The error and its causes.
    fn chain(&self) -> impl Iterator<Item = &Error> {
        std::iter::successors(Some(self), |error| error.cause.as_deref())
    }

    /// The headers of an answer with this error, encoded.
    pub(super) fn header_block(&self) -> Vec<u8> {
        let mut block = b"NATS/1.0\r\n".to_vec();
        let mut add = |name: &str, value: &str| {
            block.extend_from_slice(name.as_bytes());
            block.extend_from_slice(b": ");
            // A line end would end the header.
            let bytes = value.bytes();
            block.extend(bytes.map(|b| {
                if matches!(b, b'\r' | b'\n' | 0) {
                    b' '
                } else {
                    b
                }
            }));
            block.extend_from_slice(b"\r\n");
        };
        if self.status != Status::NATS_OK {
            add(STATUS_HEADER, self.status.text());
        }
        add(ERROR_HEADER, &self.message);
        add(CODE_HEADER, &self.code.to_string());
        block.extend_from_slice(b"\r\n");
        block
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, error) in self.chain().enumerate() {
            if n > 0 {
                f.write_str(": ")?;
            }
            if error.status != Status::NATS_OK {
                write!(f, "status {}: ", error.status as i32)?;
            }
            if error.code != 0 {
                write!(f, "code {}: ", error.code)?;
            }
            f.write_str(&error.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

impl From<crate::error::Error> for Error {
    fn from(error: crate::error::Error) -> Self {
        Error {
            status: error.status(),
            code: 0,
            message: error.text().to_owned().into(),
            cause: None,
        }
    }
}

// Iteratively: a program can make a chain of any length.
impl Drop for Error {
    fn drop(&mut self) {
        let mut next = self.cause.take();
        while let Some(mut error) = next {
            next = error.cause.take();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_has_status_code_and_causes() {
        assert_eq!(
            Error::INVALID_ARG.to_string(),
            "status 16: invalid function argument"
        );
        assert_eq!(Error::new(0, "").to_string(), "");
        let inner = Error::of_status(Status::NATS_TIMEOUT).unwrap();
        let outer = inner.wrap("request failed");
        assert_eq!(outer.to_string(), "request failed: status 26: Timeout");
        assert_eq!(
            (outer.own_status(), outer.status()),
            (Status::NATS_OK, Status::NATS_TIMEOUT)
        );
        let coded = Error::new(404, "gone");
        assert_eq!(coded.to_string(), "code 404: gone");
        assert_eq!(
            coded.wrap("a").wrap("b").to_string(),
            "b: a: code 404: gone"
        );
        assert_eq!(Error::of_status(Status::NATS_OK), None);
        assert_eq!(Error::new(5, "x").wrap("y").code(), 0);
    }

    #[test]
    fn headers_are_of_the_error_itself_and_on_one_line_each() {
        let text = |e: Error| String::from_utf8(e.header_block()).unwrap();
        assert_eq!(
            text(Error::new(7, "a\r\nb: c").wrap("outer")),
            "NATS/1.0\r\nNats-Service-Error: outer\r\nNats-Service-Error-Code: 0\r\n\r\n"
        );
        assert_eq!(
            text(Error::new(-7, "a\r\nb: c")),
            "NATS/1.0\r\nNats-Service-Error: a  b: c\r\nNats-Service-Error-Code: -7\r\n\r\n"
        );
        assert!(
            text(Error::INVALID_ARG).starts_with("NATS/1.0\r\nNats-Status: Invalid Argument\r\n")
        );
    }

    #[test]
    fn a_long_chain_ends_without_recursion() {
        let mut error = Error::new(0, "x");
        for _ in 0..200_000 {
            error = error.wrap("y");
        }
        assert_eq!(error.status(), Status::NATS_OK);
        assert_eq!(error.to_string().len(), 200_000 * 3 + 1);
    }
}
