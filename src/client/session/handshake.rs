//! One attempt to connect to a server: from the first byte of its INFO to its PONG.

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use crate::client::callbacks::life::Life;
use crate::client::session::config::Config;
use crate::client::session::failure::Failure;
use crate::client::session::identity::Identity;
use crate::client::session::tls::TlsPolicy;
use crate::error::{Error, Result, Status};
use crate::log::mask;
use crate::log::{Logger, Target};
use crate::msg::Receiver;
use crate::net::cancel::Cancel;
use crate::net::stream::Stream;
use crate::net::url::ServerUrl;
use crate::proto::connect::Connect;
use crate::proto::encode;
use crate::proto::info::{InfoError, ServerInfo};
use crate::proto::parser::{Op, Parser, Step};
use crate::proto::server_error::ServerError;
use crate::words::{ms, shown};

/// Messages up to this size are accepted from a server whatever limit it announces. Larger ones are accepted only if
/// the server allows publishing them.
const MAX_MSG_FLOOR: usize = 64 * 1024 * 1024;

/// The longest line, without its end, that a server may send before the session is established.
const LINE_MAX: usize = 32 * 1024 - 1;

/// The parameters of an attempt.
pub(in crate::client) struct Attempt {
    pub(in crate::client) url: Arc<ServerUrl>,
    /// The URL whose user info is used if neither this server's URL nor the options have any.
    pub(in crate::client) fallback: Option<Arc<ServerUrl>>,
    /// The expected name in the server's certificate, if it is not the host of the URL.
    pub(in crate::client) tls_name: Option<String>,
    pub(in crate::client) deadline: Instant,
    /// The deadline of the attempt.
    pub(in crate::client) time: Duration,
    pub(in crate::client) cancel: Cancel,
}

/// An operation in a form that outlives the receive buffer.
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

/// The connection to the server during an attempt: the stream, and what was received over it.
pub(in crate::client) struct Wire {
    pub(in crate::client) stream: Stream,
    pub(in crate::client) receiver: Receiver,
    pub(in crate::client) parser: Parser,
}

/// What an attempt needs from its connection.
pub(in crate::client) struct Context<'a> {
    pub(in crate::client) config: &'a Config,
    pub(in crate::client) tls: &'a TlsPolicy,
    pub(in crate::client) life: &'a Life,
    pub(in crate::client) log: &'a Logger,
}

/// Runs the handshake, up to the server's PONG. Bytes that were received behind the PONG remain in the receiver.
pub(in crate::client) fn run(
    context: &Context<'_>,
    wire: &mut Wire,
    attempt: &Attempt,
) -> Result<ServerInfo, Failure> {
    let Context {
        config,
        tls,
        life,
        log,
    } = context;
    let late = |what: &'static str| move |e: Error| attempt.or_say_late(e, what);
    if attempt.url.is_websocket() {
        let headers = &config.websocket_headers;
        tls.start_websocket(headers, &wire.stream, &wire.receiver, attempt, life)
            .map_err(late("accepted but did not answer the WebSocket handshake"))?;
    } else if tls.is_first() {
        tls.start(&wire.stream, &wire.receiver, attempt, life)
            .map_err(late("accepted but did not answer the TLS handshake"))?;
    }
    wire.log_tls(log);
    let info = match wire.next(attempt, log) {
        Ok(Reply::Info(info)) => info,
        // A server that has too many clients may report that at once.
        Ok(Reply::Err(error)) => {
            let said = not_info("-ERR", error.text());
            return Err(Failure::Said(said, error.auth_kind()));
        }
        Ok(other) => return Err(not_info(other.name(), "").into()),
        // Whatever it is, it is not the first line of a NATS server.
        Err(e) if e.status() == Status::NATS_PROTOCOL_ERROR && wire.saw_something_else() => {
            return Err(not_info(&wire.first_word(), wire.who_speaks()).into());
        }
        Err(e) => return Err(wire.why_no_info(e, attempt).into()),
    };
    // Below WebSocket, TLS has been started already or is not wanted.
    if !wire.stream.is_websocket() && !wire.stream.is_tls() && tls.heed(&info)? {
        tls.start(&wire.stream, &wire.receiver, attempt, life)
            .map_err(late("did not answer the TLS handshake"))?;
        wire.log_tls(log);
    }
    if config.no_echo && info.proto < 1 {
        return Err(Error::new(
            Status::NATS_NO_SERVER_SUPPORT,
            format!(
                "the server (version '{}') does not support no-echo (natsOptions_SetNoEcho)",
                shown(info.version.as_bytes())
            ),
        )
        .into());
    }
    // A negative value means no limit.
    let max_msg = usize::try_from(info.max_payload).unwrap_or(usize::MAX);
    wire.parser.set_max_msg(max_msg.max(MAX_MSG_FLOOR));
    let identity = Identity::for_attempt(config, life, attempt, &info.nonce)?;
    log.debug(Target::Connect, || {
        let server = attempt.url.host_port();
        format!("{server}: signing in with {}", identity.kinds())
    });
    let hello = hello(config, &info, &identity, wire.stream.is_tls(), log);
    write_all(&wire.stream, &hello, attempt)?;
    drop(hello);
    wire.stream.wipe_sent();
    let mut expected = if config.verbose { "+OK" } else { "PONG" };
    let silent = late("took CONNECT but sent no PONG");
    loop {
        match wire.next(attempt, log).map_err(silent)? {
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
    /// The time is over: returns an error that names the step that the server did not complete.
    fn or_say_late(&self, e: Error, what: &str) -> Error {
        match e.status() {
            Status::NATS_TIMEOUT => {
                e.or_say(|_| format!("{} {what} in {}", self.url.host_port(), ms(self.time)))
            }
            _ => e,
        }
    }
}

impl Wire {
    /// Nothing has been received over `stream` yet. Each message gets `padding` free bytes behind it; one read returns
    /// up to `read_size` bytes.
    pub(in crate::client) fn new(stream: Stream, padding: usize, read_size: usize) -> Self {
        Wire {
            stream,
            receiver: Receiver::new(padding, read_size),
            parser: Parser::new(MAX_MSG_FLOOR),
        }
    }

    /// Logs which TLS is used, if any.
    fn log_tls(&self, log: &Logger) {
        if self.stream.is_tls() {
            log.debug(Target::Tls, || self.stream.tls_words().unwrap_or_default());
        }
    }

    /// Has something been received that does not begin like an INFO?
    fn saw_something_else(&self) -> bool {
        let received = self.receiver.unparsed();
        let is_info = received
            .get(..4)
            .is_some_and(|op| op.eq_ignore_ascii_case(b"INFO"));
        !received.is_empty() && !is_info
    }

    /// The received bytes up to the first blank, for an error text.
    fn first_word(&self) -> String {
        let word = self
            .receiver
            .unparsed()
            .split(u8::is_ascii_whitespace)
            .next()
            .unwrap_or_default();
        shown(&word[..word.len().min(32)]).to_string()
    }

    /// The kind of server whose output begins like this.
    fn who_speaks(&self) -> &'static str {
        match self.receiver.unparsed() {
            [b'H', b'T', b'T', b'P', b'/', ..] => "a web server's port?",
            [b'S', b'S', b'H', b'-', ..] => "an SSH server's port?",
            [0x15 | 0x16, 3, ..] => "a port for TLS only? (natsOptions_TLSHandshakeFirst)",
            _ => "not a NATS port?",
        }
    }

    /// The reason why there is no INFO.
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

/// Converts the server's refusal into an error. If it concerns credentials, the text says which kinds were sent. A
/// server that quotes them does not get them into the text.
fn refusal(error: &ServerError, identity: &Identity) -> Failure {
    let kind = error.auth_kind();
    let status = match kind {
        Some(_) => Status::NATS_CONNECTION_AUTH_FAILED,
        None => Status::NATS_ERR,
    };
    let said = match error.text() {
        "" => status.into(),
        text => Error::new(status, mask(text.to_owned(), identity.secrets())),
    };
    let said = match kind {
        Some(_) => said.and_say(&format!(" (sent: {})", identity.kinds())),
        None => said,
    };
    Failure::Said(said, kind)
}

impl Wire {
    /// Waits for the next operation of the server.
    fn next(&mut self, attempt: &Attempt, log: &Logger) -> Result<Reply> {
        loop {
            let step = self
                .parser
                .next(self.receiver.unparsed())
                .map_err(|e| Error::protocol(e.to_string()))?;
            if let Step::Op { op, consumed } = step {
                if consumed > LINE_MAX + encode::CRLF.len() {
                    return Err(too_long());
                }
                log.trace(|| {
                    let line = self.receiver.unparsed()[..consumed].trim_ascii_end();
                    format!("<- {}", String::from_utf8_lossy(line))
                });
                let reply = match op {
                    Op::Info(json) => Reply::Info(Box::new(parse_info(json)?)),
                    Op::Ping => Reply::Ping,
                    Op::Pong => Reply::Pong,
                    Op::Ok => Reply::Ok,
                    Op::Err(text) => Reply::Err(ServerError::parse(text)),
                    Op::Msg(_) => Reply::Other,
                };
                self.receiver.consume(consumed);
                return Ok(reply);
            }
            if self.receiver.advance(None)? {
                continue;
            }
            if self.receiver.unparsed().len() >= LINE_MAX + encode::CRLF.len() {
                return Err(too_long());
            }
            match self
                .receiver
                .read_with(None, |room| self.stream.read_vectored(room))
            {
                Ok(0) => {
                    let text = "the server closed the connection and gave no reason";
                    return Err(Error::new(Status::NATS_CONNECTION_CLOSED, text));
                }
                Ok(_) => {}
                Err(e) if e.kind() == ErrorKind::WouldBlock => {
                    self.stream
                        .wait_readable(attempt.deadline, Some(&attempt.cancel))?;
                }
                Err(e) => return Err(e.into()),
            }
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

/// Sends CONNECT and PING.
fn hello(
    config: &Config,
    info: &ServerInfo,
    identity: &Identity,
    tls_required: bool,
    log: &Logger,
) -> Zeroizing<Vec<u8>> {
    let name = config
        .name
        .as_ref()
        .map(|n| n.to_string_lossy())
        .unwrap_or_default();
    let connect = Connect {
        verbose: config.verbose,
        pedantic: config.pedantic,
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
        echo: !config.no_echo,
        headers: info.headers,
        no_responders: info.headers && !config.disable_no_responders,
    };
    log.trace(|| {
        let masked = connect.masked().encode(b"");
        format!("-> {}", String::from_utf8_lossy(masked.trim_ascii_end()))
    });
    log.trace(|| "-> PING".to_owned());
    connect.encode(encode::PING)
}

#[cfg(test)]
#[path = "handshake_tests.rs"]
mod tests;
