//! Reaching servers through a proxy: HTTP's CONNECT (RFC 9110, section 9.3.6) and SOCKS5 (RFC 1928,
//! RFC 1929), or through a callback of the program.
//!
//! The proxy resolves the name of the server. Nothing is read from the socket except the proxy's
//! own answer, so that what the server sends right behind it is not lost.

mod http;
mod socks5;

use std::fmt;
use std::net::IpAddr;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::Instant;

use rustix::event::PollFlags;
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags};
use url::{Host, Url};

use super::dial::{DialOptions, dial};
use super::url::{host_port, percent_decode};
use super::wait::wait_ready;
use super::{Cancel, Socket, adopt, nkey};
use crate::error::{Error, Result, Status};
use crate::secret::Secret;
use crate::words::{ms, os};

/// Returns a socket that is connected to this host and port.
pub type ProxyHandler = Arc<dyn Fn(&str, u16) -> Result<OwnedFd> + Send + Sync>;

/// What is between the client and its servers.
#[derive(Clone)]
pub enum Proxy {
    /// The program connects.
    Handler(ProxyHandler),
    /// A proxy of a known protocol.
    Url(Arc<ProxyUrl>),
}

/// A proxy's URL, `http://[user[:password]@]host[:port]`, or the same with `socks5`.
pub struct ProxyUrl {
    kind: Kind,
    host: String,
    port: u16,
    login: Option<Login>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Http,
    Socks5,
}

/// The credentials for the proxy.
struct Login {
    user: Secret,
    password: Secret,
}

/// The server to be reached.
struct Target<'a> {
    host: &'a str,
    port: u16,
}

impl Target<'_> {
    /// The host, if it is an address.
    fn ip(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }

    fn host_port(&self) -> String {
        host_port(self.host, self.port)
    }
}

impl ProxyUrl {
    /// Parses a URL. The default port is 80 for `http` and 1080 for `socks5`; user and password are
    /// percent-decoded.
    ///
    /// Returns `NATS_INVALID_ARG`, with a text that shows nothing of the URL.
    pub fn parse(text: &str) -> Result<ProxyUrl> {
        let invalid = |why: String| Error::invalid_arg(format!("invalid proxy URL: {why}"));
        let text = text.trim();
        nkey::refuse_seed(text.as_bytes(), "the proxy URL")?;
        let (scheme, rest) = text.split_once("://").unwrap_or(("", text));
        let (kind, default_port) = match scheme.to_ascii_lowercase().as_str() {
            "http" => (Kind::Http, 80),
            // In some programs the second form means that the proxy resolves names.
            "socks5" | "socks5h" => (Kind::Socks5, 1080),
            _ => return Err(invalid("the scheme must be http, socks5 or socks5h".into())),
        };
        let (authority, tail) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        if !matches!(tail, "" | "/") {
            return Err(invalid(
                "nothing can follow host and port; '/', '?' and '#' in user and password are \
                 percent-encoded"
                    .into(),
            ));
        }
        let (info, address) = authority.rsplit_once('@').unwrap_or(("", authority));
        // The crate gets only what is no secret, because it leaves copies.
        let url =
            Url::parse(&format!("{scheme}://{address}")).map_err(|e| invalid(e.to_string()))?;
        let host = match url.host() {
            Some(Host::Domain(name)) if !name.is_empty() => name.to_owned(),
            Some(Host::Ipv4(ip)) => ip.to_string(),
            Some(Host::Ipv6(ip)) => ip.to_string(),
            _ => return Err(invalid("no host".into())),
        };
        let login = match info.split_once(':').unwrap_or((info, "")) {
            ("", "") => None,
            (user, password) => {
                let decoded = |part, name: &str| {
                    let why = |why| invalid(format!("bad percent encoding in the {name}: {why}"));
                    let part = percent_decode(part).map_err(why)?;
                    nkey::refuse_seed(part.as_bytes(), "the proxy URL")?;
                    Ok::<_, Error>(part)
                };
                Some(Login {
                    user: decoded(user, "user")?,
                    password: decoded(password, "password")?,
                })
            }
        };
        if let Some(login) = &login {
            match kind {
                Kind::Http => http::check(login)?,
                Kind::Socks5 => socks5::check(login)?,
            }
        }
        Ok(ProxyUrl {
            kind,
            host,
            port: url.port().unwrap_or(default_port),
            login,
        })
    }

    /// Connects to the proxy itself, as [`dial`] does.
    pub fn dial(&self, options: &DialOptions, cancel: &Cancel) -> Result<Socket> {
        dial(&self.host, self.port, options, cancel)
            .map_err(|e| Error::new(e.status(), format!("proxy {}", e.text())))
    }

    /// Lets the proxy connect the socket, which [`ProxyUrl::dial`] returned, to a server.
    ///
    /// Returns `NATS_NO_SERVER` with the proxy's text if it refuses, does not answer like a proxy
    /// of its kind, or hangs up; `NATS_TIMEOUT` at the deadline, and `NATS_CONNECTION_CLOSED` when
    /// cancelled.
    pub fn connect(
        &self,
        socket: &Socket,
        host: &str,
        port: u16,
        deadline: Instant,
        cancel: &Cancel,
    ) -> Result<()> {
        let begun = Instant::now();
        let line = Line {
            socket,
            deadline,
            cancel,
        };
        let target = Target { host, port };
        let login = self.login.as_ref();
        let result = match self.kind {
            Kind::Http => http::connect(&line, &target, login),
            Kind::Socks5 => socks5::connect(&line, &target, login),
        };
        result.map_err(|e| {
            if e.status() == Status::NATS_CONNECTION_CLOSED {
                return e;
            }
            let proxy = host_port(&self.host, self.port);
            let e = e.or_say(|_| {
                let time = ms(deadline.saturating_duration_since(begun));
                format!("it accepted but did not answer in {time}")
            });
            let text = format!("proxy {proxy} to {}: {}", target.host_port(), e.text());
            Error::new(e.status(), text)
        })
    }
}

/// Connects with the program's callback and takes the socket over.
pub fn connect_with(handler: &ProxyHandler, host: &str, port: u16) -> Result<Socket> {
    adopt(handler(host, port)?)
}

/// Shows no password, and no user.
impl fmt::Debug for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let login = if self.login.is_some() { "***@" } else { "" };
        let at = host_port(&self.host, self.port);
        write!(f, "{:?} {login}{at}", self.kind)
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Proxy::Handler(_) => f.write_str("a function"),
            Proxy::Url(url) => url.fmt(f),
        }
    }
}

/// The proxy is reachable and does not do what it was asked for.
fn refused(text: impl Into<String>) -> Error {
    Error::new(Status::NATS_NO_SERVER, text.into())
}

/// The socket to the proxy during its handshake.
struct Line<'a> {
    socket: &'a Socket,
    deadline: Instant,
    cancel: &'a Cancel,
}

impl Line<'_> {
    fn send(&self, mut bytes: &[u8]) -> Result<()> {
        while !bytes.is_empty() {
            match rustix::net::send(self.socket, bytes, SendFlags::NOSIGNAL) {
                Ok(n) => bytes = &bytes[n..],
                Err(e) => self.wait(e, PollFlags::OUT)?,
            }
        }
        Ok(())
    }

    fn read_exact(&self, mut buf: &mut [u8]) -> Result<()> {
        while !buf.is_empty() {
            let n = self.receive(buf, RecvFlags::empty())?;
            buf = &mut buf[n..];
        }
        Ok(())
    }

    /// Received bytes, at least one, which stay in the socket to be read again.
    fn peek(&self, buf: &mut [u8]) -> Result<usize> {
        self.receive(buf, RecvFlags::PEEK)
    }

    fn receive(&self, buf: &mut [u8], flags: RecvFlags) -> Result<usize> {
        loop {
            match rustix::net::recv(self.socket, &mut *buf, flags) {
                Ok((0, _)) => return Err(refused("it closed the connection without an answer")),
                Ok((n, _)) => return Ok(n),
                Err(e) => self.wait(e, PollFlags::IN)?,
            }
        }
    }

    /// Waits after a call that could not continue.
    fn wait(&self, error: Errno, events: PollFlags) -> Result<()> {
        match error {
            Errno::INTR => Ok(()),
            // The two are equal on Linux, and different elsewhere.
            e if e == Errno::AGAIN || e == Errno::WOULDBLOCK => wait_ready(
                self.socket.as_fd(),
                events,
                self.deadline,
                Some(self.cancel),
            ),
            e => Err(refused(os(&e.into()))),
        }
    }
}

#[cfg(test)]
mod tests;
