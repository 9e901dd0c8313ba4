//! Header lines that a program adds to the request that opens a WebSocket.

use std::fmt;

use crate::error::{Error, Result};
use crate::net::nkey;
use crate::secret::Secret;
use crate::words::shown;

/// Headers of the handshake itself, and those that would change where its messages end.
const OURS: [&str; 6] = [
    "host",
    "upgrade",
    "connection",
    "content-length",
    "transfer-encoding",
    "expect",
];
/// All headers with this prefix belong to the handshake.
const OUR_PREFIX: &str = "sec-websocket-";
/// The largest length of name and value together, in bytes.
const MAX_LINE: usize = 8 * 1024;

/// Header lines in the order in which they were first set.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers {
    lines: Vec<(String, Secret)>,
}

impl Headers {
    /// Sets the value of a header, replacing the previous one, or removes the header. Blanks around
    /// the value are dropped.
    ///
    /// Returns `NATS_INVALID_ARG` for a name that is not a token of HTTP or belongs to the
    /// handshake, a control character in the value, and a line of more than 8 KiB.
    pub fn set(&mut self, name: &str, value: Option<&str>) -> Result<()> {
        check_name(name)?;
        let position = self
            .lines
            .iter()
            .position(|(known, _)| known.eq_ignore_ascii_case(name));
        let Some(value) = value else {
            if let Some(position) = position {
                self.lines.remove(position);
            }
            return Ok(());
        };
        let value = value.trim_matches([' ', '\t']);
        if value.contains(|c: char| c.is_control() && c != '\t') {
            return Err(Error::invalid_arg(
                "the WebSocket header's value holds a control character",
            ));
        }
        nkey::refuse_seed(value.as_bytes(), "the WebSocket header's value")?;
        if name.len() + value.len() > MAX_LINE {
            return Err(Error::invalid_arg("the WebSocket header is too long"));
        }
        let line = (name.to_owned(), Secret::from(value));
        match position {
            Some(position) => self.lines[position] = line,
            None => self.lines.push(line),
        }
        Ok(())
    }

    /// The number of bytes that [`encode`](Self::encode) adds.
    pub(super) fn len(&self) -> usize {
        let len = |(name, value): &(String, Secret)| name.len() + value.len() + 4;
        self.lines.iter().map(len).sum()
    }

    /// The lines for a request, each with its line end.
    pub(super) fn encode(&self, request: &mut Vec<u8>) {
        for (name, value) in &self.lines {
            for part in [name.as_str(), ": ", value, "\r\n"] {
                request.extend_from_slice(part.as_bytes());
            }
        }
    }
}

fn check_name(name: &str) -> Result<()> {
    // RFC 9110, section 5.6.2.
    let is_token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    if name.is_empty() || !name.bytes().all(is_token) {
        return Err(Error::invalid_arg(format!(
            "the WebSocket header's name is not one that HTTP allows: '{}'",
            shown(name.as_bytes())
        )));
    }
    let lower = name.to_ascii_lowercase();
    if OURS.contains(&lower.as_str()) || lower.starts_with(OUR_PREFIX) {
        return Err(Error::invalid_arg(format!(
            "the header {name} belongs to the WebSocket handshake"
        )));
    }
    Ok(())
}

/// Shows the names only: a value may be a cookie or a password.
impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.lines.iter().map(|(name, _)| name);
        f.debug_list().entries(names).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Status;

    fn text(headers: &Headers) -> String {
        let mut request = Vec::new();
        headers.encode(&mut request);
        assert_eq!(request.len(), headers.len());
        String::from_utf8(request).unwrap()
    }

    #[test]
    fn a_header_is_there_once() {
        let mut headers = Headers::default();
        headers.set("Cookie", Some(" a=1;\tb=2 ")).unwrap();
        headers.set("X-Tenant", Some("")).unwrap();
        assert_eq!(text(&headers), "Cookie: a=1;\tb=2\r\nX-Tenant: \r\n");
        headers.set("COOKIE", Some("é")).unwrap();
        assert_eq!(text(&headers), "COOKIE: é\r\nX-Tenant: \r\n");
        assert_eq!(format!("{headers:?}"), r#"["COOKIE", "X-Tenant"]"#);
        headers.set("cookie", None).unwrap();
        headers.set("none", None).unwrap();
        assert_eq!(text(&headers), "X-Tenant: \r\n");
    }

    #[test]
    fn nothing_can_be_smuggled_in() {
        let mut headers = Headers::default();
        let long = "x".repeat(MAX_LINE);
        for (name, value) in [
            ("", "x"),
            ("a b", "x"),
            ("a:", "x"),
            ("a\r\nb", "x"),
            ("é", "x"),
            ("a", "x\r\nb: y"),
            ("a", "x\n"),
            ("a", "x\u{7f}"),
            ("a", "x\0"),
            ("a", &long),
            ("Host", "x"),
            ("upgrade", "x"),
            ("Connection", "x"),
            ("Content-Length", "1"),
            ("Transfer-Encoding", "chunked"),
            ("Sec-WebSocket-Extensions", "permessage-deflate"),
        ] {
            let e = headers.set(name, Some(value)).unwrap_err();
            assert_eq!(e.status(), Status::NATS_INVALID_ARG, "{name:?}");
        }
        assert_eq!(headers, Headers::default());
    }
}
