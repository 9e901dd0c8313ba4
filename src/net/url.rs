//! The URL of a server.
//!
//! The rules are those of NATS clients and not the WHATWG's, so the `url` crate does not fit: a
//! bare `host` is a URL, any scheme will do, a password may hold an unescaped `@` or `/`, and one
//! lone part of user information is a token.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use crate::error::{Error, Result, Status};

/// The port where none is given, but with WebSocket.
pub const DEFAULT_PORT: u16 = 4222;
/// The URL where none is given.
pub const DEFAULT_URL: &str = "nats://localhost:4222";

/// A server's URL, `[scheme://][user[:password]@ | token@]host[:port][/path]`, taken apart.
#[derive(Clone, PartialEq, Eq)]
pub struct ServerUrl {
    /// The scheme in lower case; `nats` if none was given.
    pub scheme: String,
    /// The user, percent-decoded. `None` without user information, and where it is a token.
    pub user: Option<String>,
    /// The password, percent-decoded. There is none without a user.
    pub password: Option<String>,
    /// The token, as written.
    pub token: Option<String>,
    /// The host without brackets; `localhost` if none was given.
    pub host: String,
    /// Whether the host is an IPv6 address, which was in brackets.
    pub is_ipv6_literal: bool,
    /// The port; if none was given 4222, for `ws` 80 and for `wss` 443.
    pub port: u16,
    /// The path with its leading slash. Only WebSocket connections use it.
    pub path: Option<String>,
    /// The user information as written, for [`full`](Self::full).
    user_info: Option<String>,
}

impl ServerUrl {
    /// Take a URL apart. White space around it is ignored.
    ///
    /// Returns `NATS_INVALID_ARG` for an empty URL, blanks or control characters in it, malformed
    /// brackets and a port that is not a number up to 65535, and `NATS_ERR` for a user or password
    /// with a malformed percent escape.
    pub fn parse(text: &str) -> Result<ServerUrl> {
        let text = text.trim();
        if text.is_empty() {
            return Err(Error::invalid_arg("the server URL is empty"));
        }
        // None of these can be part of a name, and some would end up in the CONNECT line or in an
        // HTTP request. The text does not show the URL, since that may hold a password.
        if text.contains(|c: char| c.is_control() || c.is_whitespace()) {
            return Err(Error::invalid_arg(
                "the server URL contains a blank or a control character",
            ));
        }
        let (scheme, rest) = match text.split_once("://") {
            Some(("", rest)) => ("nats", rest),
            Some(split) => split,
            None => ("nats", text),
        };
        // The last `@`: a password may hold one as well, a host cannot.
        let (user_info, rest) = match rest.rsplit_once('@') {
            Some((info, rest)) => (Some(info).filter(|i| !i.is_empty()), rest),
            None => (None, rest),
        };
        let (host, is_ipv6_literal, rest) = split_host(rest)?;
        let scheme = scheme.to_ascii_lowercase();
        let default_port = ServerUrl::websocket_port(&scheme).unwrap_or(DEFAULT_PORT);
        let (port, path) = split_port(rest, default_port)?;
        let mut url = ServerUrl {
            scheme,
            user: None,
            password: None,
            token: None,
            host: if host.is_empty() { "localhost" } else { host }.to_owned(),
            is_ipv6_literal,
            port,
            path: path.map(str::to_owned),
            user_info: user_info.map(str::to_owned),
        };
        match user_info.map(|info| (info, info.split_once(':'))) {
            None => {}
            Some((token, None)) => url.token = Some(token.to_owned()),
            // A password without a user is nothing a server could check: the options' credentials
            // are used, as if there were no user information.
            Some((_, Some(("", _)))) => {}
            Some((_, Some((user, password)))) => {
                url.user = Some(percent_decode(user)?);
                url.password = Some(percent_decode(password)?);
            }
        }
        Ok(url)
    }

    /// Whether the scheme asks for TLS.
    pub fn is_tls(&self) -> bool {
        matches!(self.scheme.as_str(), "tls" | "wss")
    }

    /// Whether the scheme asks for WebSocket.
    pub fn is_websocket(&self) -> bool {
        matches!(self.scheme.as_str(), "ws" | "wss")
    }

    /// The port of a scheme that asks for WebSocket, where none is given (RFC 6455, section 3).
    pub(super) fn websocket_port(scheme: &str) -> Option<u16> {
        match scheme {
            "ws" => Some(80),
            "wss" => Some(443),
            _ => None,
        }
    }

    /// Whether the host is an address and not a name.
    pub fn host_is_ip(&self) -> bool {
        self.is_ipv6_literal || self.host.parse::<Ipv4Addr>().is_ok()
    }

    /// Whether the URL brings a user or a token.
    pub fn has_credentials(&self) -> bool {
        self.user.is_some() || self.token.is_some()
    }

    /// The whole URL with its port and path, and with the credentials as they were written.
    pub fn full(&self) -> String {
        let (info, at) = match &self.user_info {
            Some(info) => (info.as_str(), "@"),
            None => ("", ""),
        };
        let path = self.path.as_deref().unwrap_or_default();
        format!("{}://{info}{at}{}{path}", self.scheme, self.host_port())
    }

    /// The form in which servers are listed: `nats://host:port`, whatever the scheme, but `ws://` and
    /// `wss://` for WebSocket.
    pub fn without_credentials(&self) -> String {
        let scheme = match self.is_websocket() {
            true => &self.scheme,
            false => "nats",
        };
        format!("{scheme}://{}", self.host_port())
    }

    /// `host:port`, with an IPv6 address in brackets.
    pub fn host_port(&self) -> String {
        host_port(&self.host, self.port)
    }
}

/// Shows neither user, password nor token.
impl fmt::Debug for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let info = if self.user_info.is_some() { "***@" } else { "" };
        let path = self.path.as_deref().unwrap_or_default();
        write!(f, "{}://{info}{}{path}", self.scheme, self.host_port())
    }
}

/// `host:port` for people and for lists, with an IPv6 address in brackets.
pub(super) fn host_port(host: &str, port: u16) -> String {
    if host.contains(':') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    }
}

/// Split a comma-separated list of URLs, each trimmed. An empty element, or nothing at all, is
/// `NATS_INVALID_ARG`. The URLs themselves are not looked at.
pub fn split_list(urls: &str) -> Result<Vec<String>> {
    urls.split(',')
        .map(|url| match url.trim() {
            "" => Err(Error::invalid_arg("the list of servers has an empty URL")),
            url => Ok(url.to_owned()),
        })
        .collect()
}

/// The host, whether it is an IPv6 address, and what follows it.
fn split_host(text: &str) -> Result<(&str, bool, &str)> {
    let Some(inner) = text.strip_prefix('[') else {
        let end = text.find([':', '/']).unwrap_or(text.len());
        return Ok((&text[..end], false, &text[end..]));
    };
    let Some((host, rest)) = inner.split_once(']') else {
        return Err(Error::invalid_arg("missing ']' in the server URL"));
    };
    // `fe80::1%eth0`: the zone is for the resolver to check.
    let address = host.split_once('%').map_or(host, |(address, _)| address);
    if address.parse::<Ipv6Addr>().is_err() {
        return Err(Error::invalid_arg(format!("invalid IPv6 address '{host}'")));
    }
    Ok((host, true, rest))
}

/// The port and the path, from what follows the host.
fn split_port(text: &str, default: u16) -> Result<(u16, Option<&str>)> {
    let (port, path) = match text.find('/') {
        Some(slash) => (&text[..slash], Some(&text[slash..])),
        None => (text, None),
    };
    let invalid = |port: &str| Error::invalid_arg(format!("invalid port '{port}'"));
    let port = match port.strip_prefix(':') {
        Some("") => default,
        None if port.is_empty() => default,
        // `parse` alone would let a sign pass.
        Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => {
            digits.parse().map_err(|_| invalid(digits))?
        }
        Some(other) => return Err(invalid(other)),
        None => return Err(invalid(port)),
    };
    Ok((port, path))
}

/// Decodes `%XX`. Strict, where crates for this let a malformed escape through as it is: a typing
/// error in a password shall be found before it is sent.
pub(super) fn percent_decode(part: &str) -> Result<String> {
    let invalid = || {
        Error::new(
            Status::NATS_ERR,
            format!("invalid percent encoding in URL: {part}"),
        )
    };
    let hex = |b: Option<u8>| b.and_then(|b| char::from(b).to_digit(16));
    let mut bytes = part.bytes();
    let mut out = Vec::with_capacity(part.len());
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let high = hex(bytes.next()).ok_or_else(invalid)?;
            let low = hex(bytes.next()).ok_or_else(invalid)?;
            out.push((high << 4 | low) as u8);
        } else {
            out.push(byte);
        }
    }
    // Credentials travel in JSON, which is UTF-8.
    String::from_utf8(out).map_err(|_| invalid())
}

#[cfg(test)]
mod tests {
    use super::*;
    use Status::*;

    fn parse(text: &str) -> ServerUrl {
        ServerUrl::parse(text).unwrap()
    }

    fn refused(text: &str) -> (Status, String) {
        let e = ServerUrl::parse(text).unwrap_err();
        (e.status(), e.text().to_owned())
    }

    #[test]
    fn what_is_missing_has_a_default() {
        for text in [
            "localhost",
            "nats://",
            "://localhost",
            "NATS://localhost:",
            " :4222 ",
            "@localhost",
            "nats://:4222",
        ] {
            let url = parse(text);
            assert_eq!(url.full(), DEFAULT_URL, "{text}");
            assert_eq!(url.without_credentials(), DEFAULT_URL, "{text}");
            assert!(!url.has_credentials() && !url.is_tls(), "{text}");
            assert_eq!(url.path, None);
        }
    }

    #[test]
    fn schemes() {
        let url = parse("TLS://Host:1");
        assert!(url.is_tls() && !url.is_websocket());
        assert_eq!(url.full(), "tls://Host:1");
        assert_eq!(url.without_credentials(), "nats://Host:1");
        assert!(parse("wss://h").is_tls() && parse("wss://h").is_websocket());
        assert!(!parse("ws://h").is_tls() && parse("ws://h").is_websocket());
        assert_eq!(parse("any+thing.1://h").scheme, "any+thing.1");
    }

    #[test]
    fn user_info() {
        let creds = |text: &str| {
            let url = parse(text);
            (url.user, url.password, url.token)
        };
        let some = |s: &str| Some(s.to_owned());
        assert_eq!(creds("u:p@h"), (some("u"), some("p"), None));
        assert_eq!(creds("u:@h"), (some("u"), some(""), None));
        assert_eq!(creds(":p@h"), (None, None, None));
        assert_eq!(creds("tok%2@h"), (None, None, some("tok%2")));
        assert_eq!(creds("a@b:c:/d@h"), (some("a@b"), some("c:/d"), None));
        assert_eq!(creds("%41%c3%A9:%3a%2F@h"), (some("Aé"), some(":/"), None));
    }

    #[test]
    fn the_full_url_keeps_the_credentials_as_written() {
        assert_eq!(parse("u:%41@h").full(), "nats://u:%41@h:4222");
        assert_eq!(parse("tls://:p@h:1/x").full(), "tls://:p@h:1/x");
        assert_eq!(parse("u:p@h").without_credentials(), "nats://h:4222");
        assert_eq!(parse("u:p@h").host_port(), "h:4222");
    }

    #[test]
    fn malformed_escapes() {
        for part in ["a%", "a%4", "%g1", "%+1", "%ff"] {
            let text = format!("invalid percent encoding in URL: {part}");
            assert_eq!(refused(&format!("{part}:p@h")), (NATS_ERR, text.clone()));
            assert_eq!(refused(&format!("u:{part}@h")), (NATS_ERR, text));
        }
    }

    #[test]
    fn ports() {
        assert_eq!(parse("h:0").port, 0);
        assert_eq!(parse("h:65535").port, 65535);
        assert_eq!(parse("h:00004222").port, 4222);
        for port in ["65536", "2147483648", "+1", "-1", "1x", "x", "b:1", "١"] {
            let text = format!("invalid port '{port}'");
            assert_eq!(refused(&format!("h:{port}")), (NATS_INVALID_ARG, text));
        }
    }

    #[test]
    fn ipv6_addresses_are_in_brackets() {
        let url = parse("nats://u:p@[::1]:5222");
        assert_eq!((url.host.as_str(), url.port), ("::1", 5222));
        assert!(url.is_ipv6_literal && url.host_is_ip());
        assert_eq!(url.host_port(), "[::1]:5222");
        assert_eq!(url.full(), "nats://u:p@[::1]:5222");
        assert_eq!(parse("[fe80::1%eth0]").host, "fe80::1%eth0");
        for text in ["::1", "[::1", "[::1]4222", "[]", "[name]:1", "[1.2.3.4]"] {
            assert_eq!(refused(text).0, NATS_INVALID_ARG, "{text}");
        }
        assert!(parse("127.0.0.1").host_is_ip());
        assert!(!parse("localhost").host_is_ip());
    }

    #[test]
    fn paths() {
        for (text, port, path) in [
            ("ws://h:80/a/b?c=d", 80, "/a/b?c=d"),
            ("h/a", 4222, "/a"),
            ("h:/", 4222, "/"),
            ("[::1]/x", 4222, "/x"),
        ] {
            let url = parse(text);
            assert_eq!((url.port, url.path.as_deref()), (port, Some(path)));
        }
        assert_eq!(parse("h/a").full(), "nats://h:4222/a");
    }

    #[test]
    fn websocket() {
        let url = parse("ws://u:p@h/a?b");
        assert_eq!((url.port, url.full().as_str()), (80, "ws://u:p@h:80/a?b"));
        assert_eq!(url.without_credentials(), "ws://h:80");
        let url = parse("WSS://[::1]:");
        assert_eq!((url.port, url.full().as_str()), (443, "wss://[::1]:443"));
        assert_eq!(parse("wss://h:4222").without_credentials(), "wss://h:4222");
    }

    #[test]
    fn blanks_and_control_characters() {
        for text in [
            "", " \t\n", "a b", "a\r\nPUB", "u\0:p@h", "u:\tp@h", "\u{7f}h", "h/\u{1}",
        ] {
            assert_eq!(refused(text).0, NATS_INVALID_ARG, "{text:?}");
        }
        assert!(!refused("u:s3 cret@h").1.contains("s3"), "no secrets");
        assert_eq!(parse("\t h:1 \r\n").host_port(), "h:1");
    }

    #[test]
    fn debug_output_has_no_secrets() {
        for text in ["us3r:s3cret@h", "s3cret@h", ":s3cret@h"] {
            assert_eq!(format!("{:?}", parse(text)), "nats://***@h:4222");
        }
    }

    #[test]
    fn lists() {
        assert_eq!(split_list("a").unwrap(), ["a"]);
        assert_eq!(split_list(" a , b:1,c").unwrap(), ["a", "b:1", "c"]);
        for list in ["", " ", ",", "a,", ",a", "a, ,b"] {
            let e = split_list(list).unwrap_err();
            assert_eq!(e.status(), NATS_INVALID_ARG, "{list:?}");
        }
    }
}
