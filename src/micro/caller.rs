//! The client side: requests to services.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use super::Result;
use super::error::{CODE_HEADER, ERROR_HEADER, Error};
use crate::client::{Connection, ForeignHandle, Publish};
use crate::msg::Msg;
use crate::words::shown;

/// The timeout of a request.
const TIMEOUT: Duration = Duration::from_secs(5);

/// A client of services on a connection.
pub struct Caller {
    conn: Arc<Connection>,
    handle: OnceLock<ForeignHandle>,
}

impl Caller {
    /// Creates a client on this connection.
    pub fn new(conn: &Arc<Connection>) -> Arc<Caller> {
        Arc::new(Caller {
            conn: conn.clone(),
            handle: OnceLock::new(),
        })
    }

    /// Stores the handle by which a foreign caller knows the client.
    pub fn set_handle(&self, handle: ForeignHandle) {
        let _ = self.handle.set(handle);
    }

    /// Sends a request, and waits 5 seconds for the answer. An error answer becomes an error.
    pub fn request(&self, subject: &[u8], data: &[u8]) -> Result<Msg> {
        let out = Publish {
            subject,
            payload: data,
            ..Publish::default()
        };
        let reply = self
            .conn
            .request_with(&out, Instant::now().checked_add(TIMEOUT))
            .map_err(|e| Error::from(e).wrap("request failed"))?;
        match error_in(&reply) {
            Some(error) => Err(error),
            None => Ok(reply),
        }
    }
}

/// The error of an answer, if it is one.
pub fn error_in(reply: &Msg) -> Option<Error> {
    let text = |name: &str| {
        let value = reply.header(name.as_bytes()).unwrap_or_default();
        String::from_utf8_lossy(value).into_owned()
    };
    let mut message = text(ERROR_HEADER);
    // A value that is not a number is no code, but the answer is an error nevertheless.
    let code_text = text(CODE_HEADER);
    let code = code_text.trim().parse().unwrap_or(0);
    let unreadable = code == 0 && !matches!(code_text.trim(), "" | "0");
    if unreadable && message.is_empty() {
        let code = shown(code_text.trim().as_bytes());
        message = format!("the service answered an error with code '{code}', which is no number");
    }
    (code != 0 || unreadable || !message.is_empty()).then(|| Error::new(code, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_an_error_by_its_headers() {
        let error = |headers: &str| {
            let block = format!("NATS/1.0\r\n{headers}\r\n");
            let msg = Msg::create_with(b"a", None, block.as_bytes(), b"x").unwrap();
            error_in(&msg).map(|e| (e.code(), e.message().to_owned()))
        };
        assert_eq!(error(""), None);
        assert_eq!(error("Nats-Service-Error-Code: 0\r\n"), None);
        assert_eq!(
            error("Nats-Service-Error: 50%s\r\nNats-Service-Error-Code: 0\r\n"),
            Some((0, "50%s".into()))
        );
        assert_eq!(
            error("Nats-Service-Error-Code: -3\r\n"),
            Some((-3, String::new()))
        );
        assert_eq!(
            error("Nats-Service-Error-Code: nonsense\r\nNats-Service-Error: e\r\n"),
            Some((0, "e".into()))
        );
        assert_eq!(
            error("Nats-Service-Error-Code: nonsense\r\n"),
            Some((
                0,
                "the service answered an error with code 'nonsense', which is no number".into()
            ))
        );
        assert_eq!(error("Nats-Status: Timeout\r\n"), None);
    }
}
