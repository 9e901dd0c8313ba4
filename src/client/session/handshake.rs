//! One attempt on one server: from the first byte of its INFO to its PONG.

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use crate::client::connection::{Connection, MAX_MSG_FLOOR};
use crate::client::incoming::link::{Link, Reader};
use crate::client::session::identity::Identity;
use crate::client::session::machine::Failure;
use crate::error::{Error, Result, Status};
use crate::net::cancel::Cancel;
use crate::net::stream::Stream;
use crate::net::url::ServerUrl;
use crate::proto::connect::Connect;
use crate::proto::encode;
use crate::proto::info::{InfoError, ServerInfo};
use crate::proto::parser::{Op, Step};
use crate::proto::server_error::ServerError;
use crate::words::{ms, shown};

/// The longest line that a server may send before the session stands, without its end.
const LINE_MAX: usize = 32 * 1024 - 1;

/// What one attempt is about.
pub(in crate::client) struct Attempt {
    pub(in crate::client) url: Arc<ServerUrl>,
    /// The URL whose user info is used where neither this server's URL nor the options have any.
    pub(in crate::client) fallback: Option<Arc<ServerUrl>>,
    /// The name in the server's certificate where it is not the host of the URL.
    pub(in crate::client) tls_name: Option<String>,
    pub(in crate::client) deadline: Instant,
    /// The time that there is until then.
    pub(in crate::client) time: Duration,
    pub(in crate::client) cancel: Cancel,
}

/// One operation, as something that outlives the buffer.
enum Reply {
    Info(Box<ServerInfo>),
    Ping,
    Pong,
    Ok,
    Err(ServerError),
    Other,
}

impl Reply {
    fn name(&self) -> &str {
        match self {
            Reply::Info(_) => "INFO",
            Reply::Ping => "PING",
            Reply::Pong => "PONG",
            Reply::Ok => "+OK",
            Reply::Err(_) => "-ERR",
            Reply::Other => "MSG",
        }
    }
}

/// Talks with the server until it is clear that the session stands. What it sent behind its PONG
/// stays in the link's reader.
pub(in crate::client) fn run(
    conn: &Connection,
    link: &Arc<Link>,
    attempt: &Attempt,
) -> Result<ServerInfo, Failure> {
    let mut reader = link.reader.lock();
    let late = |what: &'static str| move |e: Error| attempt.or_say_late(e, what);
    if attempt.url.is_websocket() {
        conn.start_websocket(link, &reader, attempt)
            .map_err(late("accepted but did not answer the WebSocket handshake"))?;
    } else if conn.is_tls_first() {
        conn.start_tls(link, &reader, attempt)
            .map_err(late("accepted but did not answer the TLS handshake"))?;
    }
    let info = match next(&mut reader, &link.stream, attempt) {
        Ok(Reply::Info(info)) => info,
        // A server that has too many clients may say so at once.
        Ok(Reply::Err(error)) => {
            let said = not_info("-ERR", error.text());
            return Err(Failure::Said(said, error.auth_kind()));
        }
        Ok(other) => return Err(not_info(other.name(), "").into()),
        // Whatever it is, it is not a NATS server's first line.
        Err(e) if e.status() == Status::NATS_PROTOCOL_ERROR && reader.saw_something_else() => {
            return Err(not_info(&reader.first_word(), reader.who_speaks()).into());
        }
        Err(e) => return Err(reader.why_no_info(e, attempt).into()),
    };
    // Below WebSocket it is there already, or not wanted.
    if !link.stream.is_websocket() && !link.stream.is_tls() && conn.wants_tls(&info)? {
        conn.start_tls(link, &reader, attempt)
            .map_err(late("did not answer the TLS handshake"))?;
    }
    if conn.opts.no_echo && info.proto < 1 {
        return Err(Error::new(
            Status::NATS_NO_SERVER_SUPPORT,
            format!(
                "the server (version '{}') does not support no-echo (natsOptions_SetNoEcho)",
                shown(info.version.as_bytes())
            ),
        )
        .into());
    }
    // Below 0 it has no limit.
    let max_msg = usize::try_from(info.max_payload).unwrap_or(usize::MAX);
    reader.parser.set_max_msg(max_msg.max(MAX_MSG_FLOOR));
    let identity = Identity::for_attempt(conn, attempt, &info.nonce)?;
    let hello = hello(conn, &info, &identity, link.stream.is_tls());
    write_all(&link.stream, &hello, attempt)?;
    drop(hello);
    link.stream.wipe_sent();
    let mut expected = if conn.opts.verbose { "+OK" } else { "PONG" };
    let silent = late("took CONNECT but sent no PONG");
    loop {
        match next(&mut reader, &link.stream, attempt).map_err(silent)? {
            Reply::Ok if expected == "+OK" => expected = "PONG",
            Reply::Pong if expected == "PONG" => return Ok(*info),
            Reply::Err(error) => return Err(refusal(&error, &identity)),
            other => {
                return Err(Error::protocol(format!(
                    "Expected '{expected}', got '{}'",
                    other.name()
                ))
                .into());
            }
        }
    }
}

fn not_info(got: &str, more: &str) -> Error {
    let colon = if more.is_empty() { "" } else { ": " };
    Error::protocol(format!(
        "Unexpected protocol: got '{got}' instead of 'INFO'{colon}{more}"
    ))
}

impl Attempt {
    /// The time was over: says what the server did not do in it.
    fn or_say_late(&self, e: Error, what: &str) -> Error {
        match e.status() {
            Status::NATS_TIMEOUT => {
                e.or_say(|_| format!("{} {what} in {}", self.url.host_port(), ms(self.time)))
            }
            _ => e,
        }
    }
}

impl Reader {
    /// Was something received that does not begin like an INFO?
    fn saw_something_else(&self) -> bool {
        let received = self.receiver.unparsed();
        let is_info = received
            .get(..4)
            .is_some_and(|op| op.eq_ignore_ascii_case(b"INFO"));
        !received.is_empty() && !is_info
    }

    /// What was received, up to the first blank, for a text.
    fn first_word(&self) -> String {
        let word = self
            .receiver
            .unparsed()
            .split(u8::is_ascii_whitespace)
            .next()
            .unwrap_or_default();
        shown(&word[..word.len().min(32)]).to_string()
    }

    /// Which kind of server begins like this.
    fn who_speaks(&self) -> &'static str {
        match self.receiver.unparsed() {
            [b'H', b'T', b'T', b'P', b'/', ..] => "a web server's port?",
            [b'S', b'S', b'H', b'-', ..] => "an SSH server's port?",
            [0x15 | 0x16, 3, ..] => "a port for TLS only? (natsOptions_TLSHandshakeFirst)",
            _ => "not a NATS port?",
        }
    }

    /// Why there is no INFO of the server.
    fn why_no_info(&self, e: Error, attempt: &Attempt) -> Error {
        let server = attempt.url.host_port();
        let received = self.receiver.unparsed();
        let begun = || shown(&received[..received.len().min(32)]);
        match e.status() {
            Status::NATS_TIMEOUT if received.is_empty() => attempt
                .or_say_late(e, "accepted but sent no INFO")
                .and_say(": not a NATS port? One for WebSocket or for TLS first sends none"),
            Status::NATS_TIMEOUT => attempt
                .or_say_late(e, "accepted but sent no whole INFO")
                .and_say(&format!(", only '{}'", begun())),
            Status::NATS_CONNECTION_CLOSED if !attempt.cancel.is_cancelled() => {
                let text = match received {
                    [] => {
                        format!("{server} closed the connection before any INFO: not a NATS port?")
                    }
                    _ => format!(
                        "{server} closed the connection within its INFO: '{}'",
                        begun()
                    ),
                };
                Error::new(e.status(), text)
            }
            _ => e,
        }
    }
}

/// What the server's refusal is for the program. Of credentials, it says which kinds were sent.
fn refusal(error: &ServerError, identity: &Identity) -> Failure {
    let kind = error.auth_kind();
    let status = match kind {
        Some(_) => Status::NATS_CONNECTION_AUTH_FAILED,
        None => Status::NATS_ERR,
    };
    let said = match error.text() {
        "" => status.into(),
        text => Error::new(status, text.to_owned()),
    };
    let said = match kind {
        Some(_) => said.and_say(&format!(" (sent: {})", identity.kinds())),
        None => said,
    };
    Failure::Said(said, kind)
}

/// The next operation of the server, waiting for it.
fn next(reader: &mut Reader, stream: &Stream, attempt: &Attempt) -> Result<Reply> {
    loop {
        let step = reader
            .parser
            .next(reader.receiver.unparsed())
            .map_err(|e| Error::protocol(e.to_string()))?;
        if let Step::Op { op, consumed } = step {
            if consumed > LINE_MAX + encode::CRLF.len() {
                return Err(too_long());
            }
            let reply = match op {
                Op::Info(json) => Reply::Info(Box::new(parse_info(json)?)),
                Op::Ping => Reply::Ping,
                Op::Pong => Reply::Pong,
                Op::Ok => Reply::Ok,
                Op::Err(text) => Reply::Err(ServerError::parse(text)),
                Op::Msg(_) => Reply::Other,
            };
            reader.receiver.consume(consumed);
            return Ok(reply);
        }
        if reader.receiver.advance(None)? {
            continue;
        }
        if reader.receiver.unparsed().len() >= LINE_MAX + encode::CRLF.len() {
            return Err(too_long());
        }
        match reader
            .receiver
            .read_with(None, |room| stream.read_vectored(room))
        {
            Ok(0) => {
                let text = "the server closed the connection and gave no reason";
                return Err(Error::new(Status::NATS_CONNECTION_CLOSED, text));
            }
            Ok(_) => {}
            Err(e) if e.kind() == ErrorKind::WouldBlock => {
                stream.wait_readable(attempt.deadline, Some(&attempt.cancel))?;
            }
            Err(e) => return Err(e.into()),
        }
    }
}

fn too_long() -> Error {
    let text = format!("the server's line is longer than {LINE_MAX} bytes: not a NATS port?");
    Error::new(Status::NATS_LINE_TOO_LONG, text)
}

fn parse_info(json: &[u8]) -> Result<ServerInfo> {
    ServerInfo::parse(json).map_err(|e| {
        let status = match e {
            InfoError::Syntax(_) => Status::NATS_ERR,
            InfoError::WrongType(_) => Status::NATS_PROTOCOL_ERROR,
        };
        Error::new(status, e.to_string())
    })
}

fn write_all(stream: &Stream, mut bytes: &[u8], attempt: &Attempt) -> Result<()> {
    while !bytes.is_empty() {
        match stream.write(bytes) {
            Ok(n) => bytes = &bytes[n..],
            Err(e) if e.kind() == ErrorKind::WouldBlock => {
                stream.wait_writable(attempt.deadline, Some(&attempt.cancel))?;
            }
            Err(e) => return Err(e.into()),
        }
    }
    loop {
        match stream.flush() {
            Err(e) if e.kind() == ErrorKind::WouldBlock => {
                stream.wait_writable(attempt.deadline, Some(&attempt.cancel))?;
            }
            result => return Ok(result?),
        }
    }
}

/// CONNECT and PING.
fn hello(
    conn: &Connection,
    info: &ServerInfo,
    identity: &Identity,
    tls_required: bool,
) -> Zeroizing<Vec<u8>> {
    let opts = &conn.opts;
    let name = opts
        .name
        .as_ref()
        .map(|n| n.to_string_lossy())
        .unwrap_or_default();
    Connect {
        verbose: opts.verbose,
        pedantic: opts.pedantic,
        nkey: identity.proof.nkey.as_deref(),
        jwt: identity.proof.jwt.as_deref(),
        sig: identity.proof.sig.as_deref(),
        user: identity.user.as_deref(),
        pass: identity.password.as_deref(),
        auth_token: identity.token.as_deref(),
        tls_required,
        name: &name,
        lang: Connect::LANG,
        version: env!("CARGO_PKG_VERSION"),
        protocol: Connect::PROTOCOL,
        echo: !opts.no_echo,
        headers: info.headers,
        no_responders: info.headers && !opts.disable_no_responders,
    }
    .encode(encode::PING)
}
