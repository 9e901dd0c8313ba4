//! From HTTP to WebSocket: the request and the server's answer (RFC 6455, section 4).

use std::io::ErrorKind;
use std::time::Instant;

use data_encoding::BASE64;
use sha1::{Digest, Sha1};
use zeroize::Zeroizing;

use super::Headers;
use crate::error::{Error, Result, Status};
use crate::net::url::ServerUrl;
use crate::net::{Cancel, Stream};
use crate::random;
use crate::words::shown;

/// The longest head of an answer, in bytes.
pub(super) const MAX_HEAD: usize = 8 * 1024;
/// The most header lines of an answer.
const MAX_LINES: usize = 64;
/// The longest part of a status line that is shown to people, in characters.
const MAX_SHOWN: usize = 120;
/// What the server appends to the key before it hashes both.
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Asks the server behind a stream to switch to WebSocket. Returns what arrived behind its answer.
///
/// `NATS_NO_SERVER` if it refuses, `NATS_PROTOCOL_ERROR` if it violates RFC 6455, `NATS_CONNECTION_CLOSED` at its end
/// or when cancelled, `NATS_TIMEOUT` at the deadline.
pub(in crate::net) fn upgrade(
    stream: &Stream,
    url: &ServerUrl,
    headers: &Headers,
    deadline: Instant,
    cancel: &Cancel,
) -> Result<Vec<u8>> {
    let key = BASE64.encode(&random::bytes::<16>());
    send(stream, &request(url, headers, &key), deadline, cancel)?;
    let mut head = Vec::with_capacity(1024);
    loop {
        let known = head.len();
        head.resize((known + 1024).min(MAX_HEAD), 0);
        match stream.read(&mut head[known..]) {
            Ok(0) => {
                let text = "WebSocket handshake error: the server closed the connection";
                return Err(Error::new(Status::NATS_CONNECTION_CLOSED, text));
            }
            Ok(n) => head.truncate(known + n),
            Err(e) => {
                head.truncate(known);
                if e.kind() != ErrorKind::WouldBlock {
                    return Err(e.into());
                }
                stream.wait_readable(deadline, Some(cancel))?;
                continue;
            }
        }
        if let Some(end) = check(&head, &key)? {
            return Ok(head.split_off(end));
        }
        if head.len() == MAX_HEAD {
            return Err(wrong("its answer is too long"));
        }
    }
}

fn send(stream: &Stream, mut bytes: &[u8], deadline: Instant, cancel: &Cancel) -> Result<()> {
    loop {
        let result = match bytes {
            [] => stream.flush().map(|()| 0),
            _ => stream.write(bytes),
        };
        match result {
            Ok(_) if bytes.is_empty() => return Ok(()),
            Ok(n) => bytes = &bytes[n..],
            Err(e) if e.kind() == ErrorKind::WouldBlock => {
                stream.wait_writable(deadline, Some(cancel))?;
            }
            Err(e) => return Err(e.into()),
        }
    }
}

/// The request, with the program's lines at its end.
pub(super) fn request(url: &ServerUrl, headers: &Headers, key: &str) -> Zeroizing<Vec<u8>> {
    let path = url.path.as_deref().unwrap_or_default().as_bytes();
    // Room for everything, with every byte of the path escaped: growing would leave a copy of
    // secrets in path and headers behind.
    let room = 512 + url.host.len() + 3 * path.len() + headers.len();
    let mut request = Zeroizing::new(Vec::with_capacity(room));
    request.extend_from_slice(b"GET ");
    target(path, &mut request);
    let lines = format!(
        " HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n",
        host(url)
    );
    request.extend_from_slice(lines.as_bytes());
    headers.encode(&mut request);
    request.extend_from_slice(b"\r\n");
    request
}

/// The path and query in HTTP's form: without a fragment, and in ASCII.
fn target(path: &[u8], request: &mut Vec<u8>) {
    let path = path.split(|b| *b == b'#').next().unwrap_or_default();
    if path.is_empty() {
        request.push(b'/');
    }
    for byte in path {
        match byte {
            b'!'..=b'~' => request.push(*byte),
            _ => request.extend_from_slice(format!("%{byte:02X}").as_bytes()),
        }
    }
}

/// The value of the Host header: no zone, which has a meaning on this machine only, and no port if
/// it is the default of the scheme.
fn host(url: &ServerUrl) -> String {
    let host = match url.is_ipv6_literal {
        true => format!("[{}]", url.host.split('%').next().unwrap_or_default()),
        false => url.host.clone(),
    };
    if Some(url.port) == ServerUrl::websocket_port(url.scheme) {
        host
    } else {
        format!("{host}:{}", url.port)
    }
}

/// The answer that the server must give to a key.
pub(super) fn accept(key: &str) -> String {
    let hash = Sha1::new().chain_update(key).chain_update(GUID).finalize();
    BASE64.encode(&hash)
}

/// Checks what was received of the answer: `None` while it is incomplete, else where it ends.
pub(super) fn check(head: &[u8], key: &str) -> Result<Option<usize>> {
    let mut lines = [httparse::EMPTY_HEADER; MAX_LINES];
    let mut answer = httparse::Response::new(&mut lines);
    let end = match answer.parse(head) {
        Ok(httparse::Status::Complete(end)) => end,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(httparse::Error::TooManyHeaders) => return Err(wrong("its answer is too long")),
        Err(_) => return Err(wrong(&not_websocket(head))),
    };
    let code = answer.code.unwrap_or_default();
    if code != 101 {
        let reason: String = answer
            .reason
            .unwrap_or_default()
            .chars()
            .take(MAX_SHOWN)
            .collect();
        let version = answer.version.unwrap_or_default();
        let line = format!("HTTP/1.{version} {code} {reason}");
        let text = format!(
            "WebSocket handshake error: the server answered {}",
            line.trim_end()
        );
        return Err(Error::new(Status::NATS_NO_SERVER, text));
    }
    let values = |name: &'static str| {
        let lines = answer
            .headers
            .iter()
            .filter(move |h| h.name.eq_ignore_ascii_case(name));
        lines.map(|h| h.value.trim_ascii())
    };
    let has = |name: &'static str, wanted: &str| {
        values(name)
            .flat_map(|value| value.split(|b| *b == b','))
            .any(|part| part.trim_ascii().eq_ignore_ascii_case(wanted.as_bytes()))
    };
    if answer.version != Some(1) || !has("Upgrade", "websocket") || !has("Connection", "upgrade") {
        return Err(wrong("it agreed to something else"));
    }
    let mut accepts = values("Sec-WebSocket-Accept");
    if accepts.next() != Some(accept(key).as_bytes()) || accepts.next().is_some() {
        return Err(wrong("its Sec-WebSocket-Accept does not fit the key"));
    }
    for name in ["Sec-WebSocket-Extensions", "Sec-WebSocket-Protocol"] {
        if values(name).any(|value| !value.is_empty()) {
            return Err(wrong("it chose an extension that was not offered"));
        }
    }
    Ok(Some(end))
}

/// The peer is something else: its first words tell what.
fn not_websocket(head: &[u8]) -> String {
    let line = head.split(|b| *b == b'\r' || *b == b'\n').next();
    let line = line.unwrap_or_default();
    let hint = match line.get(..4) {
        Some(b"INFO") => ": this port speaks NATS, as in a URL with nats://",
        _ => "",
    };
    let line = shown(&line[..line.len().min(32)]);
    format!("it did not answer as a WebSocket server, but with '{line}'{hint}")
}

fn wrong(why: &str) -> Error {
    Error::protocol(format!("WebSocket handshake error: {why}"))
}
