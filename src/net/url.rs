//! The URL of a server.
//!
//! The rules are those of NATS clients and not the WHATWG's, so the `url` crate does not fit: a bare `host` is a URL,
//! a password may contain an unescaped `@` or `/`, and a single part of user information is a token.
//!
//! No error text contains any part of a URL, because any part of a wrong URL may be a piece of a password. The texts
//! name the part and the position.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use zeroize::Zeroizing;

use super::nkey;
use crate::error::{Error, Result, Status};
use crate::secret::Secret;

/// The default port, except for WebSocket.
pub const DEFAULT_PORT: u16 = 4222;
/// The default URL.
pub const DEFAULT_URL: &str = "nats://localhost:4222";

/// The schemes. Anything else is a typing error or another protocol, and must not be taken for the one without TLS.
const SCHEMES: [&str; 4] = ["nats", "tls", "ws", "wss"];

/// A parsed server URL, `[scheme://][user[:password]@ | token@]host[:port][/path]`.
#[derive(Clone, PartialEq, Eq)]
pub struct ServerUrl {
    /// The scheme in lower case; `nats` if none was given.
    pub scheme: &'static str,
    /// The user, percent-decoded. `None` without user information, and if it is a token.
    pub user: Option<Secret>,
    /// The password, percent-decoded. There is none without a user.
    pub password: Option<Secret>,
    /// The token, as written.
    pub token: Option<Secret>,
    /// The host without brackets; `localhost` if none was given.
    pub host: String,
    /// Whether the host is an IPv6 address, which was in brackets.
    pub is_ipv6_literal: bool,
    /// The port; if none was given 4222, for `ws` 80 and for `wss` 443.
    pub port: u16,
    /// The path with its leading slash, and the query. Only WebSocket connections use it.
    pub path: Option<Secret>,
    /// The user information as written, for [`full`](Self::full).
    user_info: Option<Secret>,
}

impl ServerUrl {
    /// Parses a URL. White space around it is ignored.
    ///
    /// Returns `NATS_INVALID_ARG` for an empty URL, blanks or control characters in it, an unknown scheme, an NKey
    /// seed anywhere, malformed brackets and a port that is not a number up to 65535, and `NATS_ERR` for a user or
    /// password with a malformed percent escape.
    pub fn parse(text: &str) -> Result<ServerUrl> {
        let text = text.trim();
        if text.is_empty() {
            return Err(Error::invalid_arg("the server URL is empty"));
        }
        // None of these can be part of a name, and some would end up in the CONNECT line or in an
        // HTTP request.
        if let Some(at) = text.find(|c: char| c.is_control() || c.is_whitespace()) {
            return Err(Error::invalid_arg(format!(
                "byte {} of the server URL is a blank or a control character",
                at + 1
            )));
        }
        nkey::refuse_seed(text.as_bytes(), "the server URL")?;
        let (scheme, rest) = split_scheme(text)?;
        // The last `@`: a password may contain one, a host cannot.
        let (user_info, rest) = match rest.rsplit_once('@') {
            Some((info, rest)) => (Some(info).filter(|i| !i.is_empty()), rest),
            None => (None, rest),
        };
        let (host, is_ipv6_literal, rest) = split_host(rest)?;
        let default_port = ServerUrl::websocket_port(scheme).unwrap_or(DEFAULT_PORT);
        let (port, path) = split_port(rest, default_port).ok_or_else(|| {
            let at = text.len() - rest.len() + 1;
            Error::invalid_arg(format!(
                "invalid port at byte {at} of the server URL: ':' and a number up to 65535 can \
                 follow the host"
            ))
        })?;
        let mut url = ServerUrl {
            scheme,
            user: None,
            password: None,
            token: None,
            host: if host.is_empty() {
                "localhost".to_owned()
            } else {
                host
            },
            is_ipv6_literal,
            port,
            path: path.map(Secret::from),
            user_info: user_info.map(Secret::from),
        };
        match user_info.map(|info| (info, info.split_once(':'))) {
            None => {}
            Some((token, None)) => url.token = Some(token.into()),
            // A server cannot check a password without a user: the options' credentials are used,
            // as if there were no user information.
            Some((_, Some(("", _)))) => {}
            Some((_, Some((user, password)))) => {
                let decoded = |part, name| {
                    let part = percent_decode(part).map_err(|why| {
                        let text = format!("invalid percent encoding in URL: {name}: {why}");
                        Error::new(Status::NATS_ERR, text)
                    })?;
                    nkey::refuse_seed(part.as_bytes(), &format!("the server URL's {name}"))?;
                    Ok::<_, Error>(Some(part))
                };
                url.user = decoded(user, "user")?;
                url.password = decoded(password, "password")?;
            }
        }
        Ok(url)
    }

    /// Whether the scheme requires TLS.
    pub fn is_tls(&self) -> bool {
        matches!(self.scheme, "tls" | "wss")
    }

    /// Whether the scheme is one of WebSocket.
    pub fn is_websocket(&self) -> bool {
        matches!(self.scheme, "ws" | "wss")
    }

    /// The default port of a WebSocket scheme (RFC 6455, section 3).
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

    /// Whether the URL has a user or a token.
    pub fn has_credentials(&self) -> bool {
        self.user.is_some() || self.token.is_some()
    }

    /// The whole URL with its port and path, and with the credentials as they were written.
    pub fn full(&self) -> Secret {
        let (info, at) = match &self.user_info {
            Some(info) => (info.as_str(), "@"),
            None => ("", ""),
        };
        let path = self.path.as_deref().unwrap_or_default();
        let parts = [self.scheme, "://", info, at, &self.host_port(), path];
        parts.concat().into()
    }

    /// The form in which servers are listed: `nats://host:port`, whatever the scheme, except `ws://` and `wss://` for
    /// WebSocket.
    pub fn without_credentials(&self) -> String {
        let scheme = match self.is_websocket() {
            true => self.scheme,
            false => "nats",
        };
        format!("{scheme}://{}", self.host_port())
    }

    /// `host:port`, with an IPv6 address in brackets.
    pub fn host_port(&self) -> String {
        host_port(&self.host, self.port)
    }
}

/// Shows neither user, password, token, nor the path, whose query may have a key.
impl fmt::Debug for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let info = if self.user_info.is_some() { "***@" } else { "" };
        let path = if self.path.is_some() { "/***" } else { "" };
        write!(f, "{}://{info}{}{path}", self.scheme, self.host_port())
    }
}

/// The scheme, and what follows it.
pub(crate) fn split_scheme(text: &str) -> Result<(&'static str, &str)> {
    let known = |word: &str| {
        let same = |scheme: &&str| scheme.eq_ignore_ascii_case(word);
        SCHEMES.into_iter().find(same)
    };
    // A word that RFC 3986 does not allow as a scheme (section 3.1) is the beginning of something else, such as a
    // user and a password with `://` in it.
    let is_scheme = |word: &str| {
        let fits = |b: u8| b.is_ascii_alphanumeric() || b"+-.".contains(&b);
        word.as_bytes().first().is_some_and(u8::is_ascii_alphabetic) && word.bytes().all(fits)
    };
    match text.split_once("://") {
        Some(("", rest)) => return Ok((SCHEMES[0], rest)),
        Some((word, rest)) if is_scheme(word) => {
            let unknown = "unknown scheme in front of '://' in the server URL: it must be nats, \
                           tls, ws or wss, or be left out";
            let scheme = known(word).ok_or(Error::invalid_arg(unknown))?;
            return Ok((scheme, rest));
        }
        _ => {}
    }
    let end = text.find([':', '/']).unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    if known(word).is_some() && (rest.starts_with(":/") || rest.starts_with("//")) {
        let text = "'://' is misspelt behind the scheme of the server URL";
        return Err(Error::invalid_arg(text));
    }
    Ok((SCHEMES[0], text))
}

/// `host:port` for texts and lists, with an IPv6 address in brackets.
pub(super) fn host_port(host: &str, port: u16) -> String {
    if host.contains(':') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    }
}

/// Splits a comma-separated list of URLs, each trimmed. An empty element, or an empty list, is
/// `NATS_INVALID_ARG`. The URLs themselves are not parsed.
pub fn split_list(urls: &str) -> Result<Vec<String>> {
    urls.split(',')
        .map(|url| match url.trim() {
            "" => Err(Error::invalid_arg("the list of servers has an empty URL")),
            url => Ok(url.to_owned()),
        })
        .collect()
}

/// The host, whether it is an IPv6 address, and what follows it.
fn split_host(text: &str) -> Result<(String, bool, &str)> {
    let Some(inner) = text.strip_prefix('[') else {
        let end = text.find([':', '/']).unwrap_or(text.len());
        return Ok((text[..end].to_owned(), false, &text[end..]));
    };
    let Some((host, rest)) = inner.split_once(']') else {
        return Err(Error::invalid_arg("missing ']' in the server URL"));
    };
    // `fe80::1%eth0`, in which URIs have `%25` for `%` (RFC 6874): the zone is for the resolver to check.
    let (address, zone) = host.split_once('%').unwrap_or((host, ""));
    if address.parse::<Ipv6Addr>().is_err() {
        let text = "no IPv6 address between '[' and ']' in the server URL";
        return Err(Error::invalid_arg(text));
    }
    let mut decoded = zone;
    while let Some(shorter) = decoded.strip_prefix("25").filter(|zone| !zone.is_empty()) {
        decoded = shorter; // to the end, so that what a URL says of itself is the same URL
    }
    let host = match zone {
        "" => host.to_owned(),
        _ => format!("{address}%{decoded}"),
    };
    Ok((host, true, rest))
}

/// The port and the path, from what follows the host.
fn split_port(text: &str, default: u16) -> Option<(u16, Option<&str>)> {
    let (port, path) = match text.find('/') {
        Some(slash) => (&text[..slash], Some(&text[slash..])),
        None => (text, None),
    };
    let port = match port.strip_prefix(':') {
        Some("") => default,
        None if port.is_empty() => default,
        // `parse` alone would accept a sign.
        Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => digits.parse().ok()?,
        Some(_) | None => return None,
    };
    Some((port, path))
}

/// Decodes `%XX`. Strict, in contrast to crates that leave a malformed escape unchanged: a typing
/// error in a password should be found before it is sent. The text has its position and nothing of
/// its content.
pub(super) fn percent_decode(part: &str) -> Result<Secret, String> {
    let hex = |b: Option<u8>| b.and_then(|b| char::from(b).to_digit(16));
    let mut bytes = part.bytes().enumerate();
    let mut out = Zeroizing::new(Vec::with_capacity(part.len()));
    while let Some((at, byte)) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let mut digit = || hex(bytes.next().map(|(_, digit)| digit));
        let (Some(high), Some(low)) = (digit(), digit()) else {
            let at = at + 1;
            return Err(format!(
                "no two hexadecimal digits follow '%' at its byte {at}"
            ));
        };
        out.push((high << 4 | low) as u8);
    }
    // Credentials are sent in JSON, which is UTF-8.
    let text = str::from_utf8(&out).map_err(|_| "it is not UTF-8".to_owned())?;
    Ok(text.into())
}

#[cfg(test)]
#[path = "url_tests.rs"]
mod tests;
