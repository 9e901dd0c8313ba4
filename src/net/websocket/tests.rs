//! Tests of the handshake and the stream, against a server made of a socket.

use std::io::{ErrorKind, IoSlice, IoSliceMut, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use super::upgrade::{MAX_HEAD, accept, check, request};
use super::*;
use crate::error::{Error, Status};
use crate::net::{Cancel, ServerUrl, Stream, adopt};

pub(super) const BINARY: u8 = 0x82;

/// A frame as a server sends it; masked if `mask` says so.
pub(super) fn server_frame(first: u8, payload: &[u8], mask: bool) -> Vec<u8> {
    let bit = if mask { 0x80 } else { 0 };
    let mut out = vec![first];
    match payload.len() {
        n @ 0..=125 => out.push(bit | n as u8),
        n @ 126..=65535 => {
            out.push(bit | 126);
            out.extend_from_slice(&(n as u16).to_be_bytes());
        }
        n => {
            out.push(bit | 127);
            out.extend_from_slice(&(n as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(if mask { &[0; 4] } else { &[] });
    out.extend_from_slice(payload);
    out
}

/// Decodes a client's frame, as a server does: its first byte, its payload and its length.
pub(super) fn client_frame(bytes: &[u8]) -> Option<(u8, Vec<u8>, usize)> {
    let second = *bytes.get(1)?;
    assert_eq!(second & 0x80, 0x80, "clients mask");
    let (len, head) = match second & 0x7f {
        126 => (
            usize::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().unwrap())),
            4,
        ),
        127 => (
            u64::from_be_bytes(bytes.get(2..10)?.try_into().unwrap()) as usize,
            10,
        ),
        short => (usize::from(short), 2),
    };
    let mask = bytes.get(head..head + 4)?;
    let masked = bytes.get(head + 4..head + 4 + len)?;
    let payload = masked.iter().zip(mask.iter().cycle()).map(|(b, m)| b ^ m);
    Some((bytes[0], payload.collect(), head + 4 + len))
}

/// The sample of RFC 6455, section 1.3.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const GOOD: &str = "HTTP/1.1 101 Switching Protocols\r\nupgrade: WebSocket\r\n\
                    Connection: keep-alive, Upgrade\r\n\
                    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

#[test]
fn the_answer() {
    assert_eq!(accept(KEY), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    let whole = [GOOD, "behind"].concat();
    for cut in 0..GOOD.len() {
        assert_eq!(check(&whole.as_bytes()[..cut], KEY), Ok(None), "{cut}");
    }
    assert_eq!(check(whole.as_bytes(), KEY), Ok(Some(GOOD.len())));

    let refused = |text: &str| {
        let error = check(text.as_bytes(), KEY).unwrap_err();
        (error.status(), error.text().to_owned())
    };
    let (status, text) = refused("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(status, Status::NATS_NO_SERVER);
    assert!(text.ends_with("the server answered HTTP/1.1 404 Not Found"));
    assert_eq!(
        refused("HTTP/1.0 200\r\n\r\n"),
        (
            Status::NATS_NO_SERVER,
            "WebSocket handshake error: the server answered HTTP/1.0 200".to_owned()
        )
    );
    let many = "x: y\r\n".repeat(65);
    for (from, to, why) in [
        ("s3pPLM", "S3pPLM", "Accept does not fit"),
        ("Sec-WebSocket-Accept", "Other", "Accept does not fit"),
        (
            "\r\n\r\n",
            "\r\nSec-WebSocket-Accept: x\r\n\r\n",
            "does not fit",
        ),
        ("upgrade:", "x:", "something else"),
        ("WebSocket\r\n", "h2c\r\n", "something else"),
        (", Upgrade", "", "something else"),
        ("HTTP/1.1", "HTTP/1.0", "something else"),
        (
            "\r\n\r\n",
            "\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
            "not offered",
        ),
        ("\r\n\r\n", &["\r\n", &many, "\r\n"].concat(), "too long"),
        ("HTTP/1.1", "INFO {}\r\n", "as a WebSocket server"),
        ("HTTP/1.1 101", "HTTP/1.1 abc", "as a WebSocket server"),
    ] {
        let (status, text) = refused(&GOOD.replacen(from, to, 1));
        assert_eq!(status, Status::NATS_PROTOCOL_ERROR, "{why}");
        assert!(text.contains(why), "{text} / {why}");
    }
}

#[test]
fn the_request() {
    let mut headers = Headers::default();
    headers.set("X-One", Some("1")).unwrap();
    let text = |url: &str| {
        let url = ServerUrl::parse(url).unwrap();
        String::from_utf8(request(&url, &headers, "KEY").to_vec()).unwrap()
    };
    assert_eq!(
        text("ws://u:secret@h:1234/a/é?b=c#d"),
        "GET /a/%C3%A9?b=c HTTP/1.1\r\nHost: h:1234\r\nUpgrade: websocket\r\n\
         Connection: Upgrade\r\nSec-WebSocket-Key: KEY\r\nSec-WebSocket-Version: 13\r\n\
         X-One: 1\r\n\r\n"
    );
    for (url, host) in [
        ("ws://h", "h"),
        ("ws://h:443", "h:443"),
        ("wss://h:443", "h"),
        ("ws://[fe80::1%eth0]:1", "[fe80::1]:1"),
    ] {
        let text = text(url);
        assert!(text.starts_with("GET / HTTP/1.1\r\n"));
        assert!(text.contains(&format!("\r\nHost: {host}\r\n")), "{text}");
    }
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

fn pair() -> (Stream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (server, _) = listener.accept().unwrap();
    (Stream::plain(adopt(client.into()).unwrap()), server)
}

fn start(stream: &Stream, deadline: Instant, cancel: &Cancel) -> crate::error::Result<()> {
    let url = ServerUrl::parse("ws://h/path").unwrap();
    stream.start_websocket(&url, &Headers::default(), deadline, cancel)
}

/// Reads a request and returns the answer to its key.
fn answer(server: &mut TcpStream) -> String {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        server.read_exact(&mut byte).unwrap();
        request.push(byte[0]);
    }
    let request = String::from_utf8(request).unwrap();
    let key = request.split("Sec-WebSocket-Key: ").nth(1).unwrap();
    let key = key.split("\r\n").next().unwrap();
    GOOD.replace("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", &accept(key))
}

/// A WebSocket with these bytes right behind the handshake.
fn connected(early: &[u8]) -> (Stream, TcpStream) {
    let (stream, mut server) = pair();
    let cancel = Cancel::new().unwrap();
    thread::scope(|scope| {
        scope.spawn(|| {
            let head = answer(&mut server).into_bytes();
            server.write_all(&[&head, early].concat()).unwrap();
        });
        start(&stream, soon(), &cancel).unwrap();
    });
    assert!(stream.is_websocket() && !stream.is_tls());
    (stream, server)
}

/// Waits for payload, and reads everything there is.
fn read_some(stream: &Stream) -> Vec<u8> {
    let mut buf = [0; 256];
    loop {
        match stream.read(&mut buf) {
            Ok(n) => return buf[..n].to_vec(),
            Err(e) if e.kind() == ErrorKind::WouldBlock => {
                stream.wait_readable(soon(), None).unwrap()
            }
            Err(e) => panic!("{e}"),
        }
    }
}

/// Reads frames of the client until it ends.
fn all_frames(server: &mut TcpStream) -> Vec<(u8, Vec<u8>)> {
    let mut bytes = Vec::new();
    server.read_to_end(&mut bytes).unwrap();
    let (mut frames, mut at) = (Vec::new(), 0);
    while let Some((first, payload, len)) = client_frame(&bytes[at..]) {
        frames.push((first, payload));
        at += len;
    }
    assert_eq!(at, bytes.len(), "whole frames only");
    frames
}

#[test]
fn what_comes_right_behind_the_handshake_is_not_lost() {
    let mut early = server_frame(BINARY, b"INFO {}\r\n", false);
    early.extend(server_frame(0x02, b"PI", false));
    early.push(0x80);
    let (stream, mut server) = connected(&early);
    let mut small = [0; 4];
    assert_eq!(stream.read(&mut small).unwrap(), 4);
    assert_eq!(&small, b"INFO");
    let (mut one, mut two) = ([0; 3], [0; 20]);
    let mut bufs = [IoSliceMut::new(&mut one), IoSliceMut::new(&mut two)];
    assert_eq!(stream.read_vectored(&mut bufs).unwrap(), 7);
    assert_eq!((&one, &two[..4]), (b" {}", &b"\r\nPI"[..]));
    server.write_all(&[3, b'N', b'G', b'!']).unwrap();
    assert_eq!(read_some(&stream), b"NG!");
    let url = ServerUrl::parse("ws://h").unwrap();
    let again = stream.start_websocket(&url, &Headers::default(), soon(), &Cancel::new().unwrap());
    assert_eq!(again.unwrap_err().status(), Status::NATS_ILLEGAL_STATE);
}

#[test]
fn a_server_that_stops_in_the_handshake() {
    for sent in ["", "HTTP/1.1 101 Switching", &GOOD[..GOOD.len() - 2]] {
        let (stream, mut server) = pair();
        server.write_all(sent.as_bytes()).unwrap();
        let cancel = Cancel::new().unwrap();
        let deadline = Instant::now() + Duration::from_millis(20);
        let e = start(&stream, deadline, &cancel).unwrap_err();
        assert_eq!(e.status(), Status::NATS_TIMEOUT, "{sent}");
        assert!(Instant::now() >= deadline);

        let (stream, mut server) = pair();
        server.write_all(sent.as_bytes()).unwrap();
        thread::scope(|scope| {
            let waiting = scope.spawn(|| start(&stream, soon(), &cancel).unwrap_err());
            cancel.cancel();
            let e = waiting.join().unwrap();
            assert_eq!(e.status(), Status::NATS_CONNECTION_CLOSED);
        });

        let (stream, mut server) = pair();
        server.write_all(sent.as_bytes()).unwrap();
        server.shutdown(std::net::Shutdown::Write).unwrap();
        let e = start(&stream, soon(), &Cancel::new().unwrap()).unwrap_err();
        assert_eq!(e.status(), Status::NATS_CONNECTION_CLOSED);
        assert!(e.text().contains("the server closed"), "{e}");
    }
}

#[test]
fn an_endless_answer_is_refused() {
    let (stream, mut server) = pair();
    let endless = ["HTTP/1.1 101 OK\r\nx: ", &"y".repeat(MAX_HEAD)].concat();
    server.write_all(endless.as_bytes()).unwrap();
    let e = start(&stream, soon(), &Cancel::new().unwrap()).unwrap_err();
    assert_eq!(e.status(), Status::NATS_PROTOCOL_ERROR);
    assert!(e.text().contains("too long"), "{e}");
}

#[test]
fn pings_are_answered_between_frames_however_full_the_socket_is() {
    let (stream, mut server) = connected(b"");
    let block: Vec<u8> = (0..100_000).map(|i| (i % 251) as u8).collect();
    let mut taken = 0;
    loop {
        let from = taken % block.len();
        match stream.write_vectored(&[IoSlice::new(&block[from..]), IoSlice::new(b"")]) {
            Ok(n) => taken += n,
            Err(e) if e.kind() == ErrorKind::WouldBlock => break,
            Err(e) => panic!("{e}"),
        }
    }
    assert_eq!(stream.flush().unwrap_err().kind(), ErrorKind::WouldBlock);
    for n in 0..300 {
        let text = format!("ping {n}");
        server
            .write_all(&server_frame(0x89, text.as_bytes(), false))
            .unwrap();
    }
    server
        .write_all(&server_frame(BINARY, b"!", false))
        .unwrap();
    assert_eq!(read_some(&stream), b"!");
    let frames = thread::scope(|scope| {
        let reading = scope.spawn(|| all_frames(&mut server));
        while let Err(e) = stream.flush() {
            assert_eq!(e.kind(), ErrorKind::WouldBlock);
            stream.wait_writable(soon(), None).unwrap();
        }
        assert_eq!(stream.write(b"after").unwrap(), 5);
        stream.shutdown();
        reading.join().unwrap()
    });
    let pongs: Vec<_> = frames.iter().filter(|f| f.0 == 0x8a).collect();
    assert!(pongs.len() < 300, "the last one will do");
    assert_eq!(pongs.last(), Some(&&(0x8a, b"ping 299".to_vec())));
    assert_eq!(frames.last(), Some(&(0x88, vec![0x03, 0xe8])));
    let data: Vec<u8> = frames
        .iter()
        .filter(|f| f.0 == BINARY)
        .flat_map(|f| f.1.clone())
        .collect();
    let expected = block.iter().cycle().take(taken).chain(b"after");
    assert!(data.iter().eq(expected), "each byte once, in order");
}

#[test]
fn after_a_close_frame_nothing_is_read_or_written() {
    let (stream, mut server) = connected(b"");
    let mut bytes = server_frame(BINARY, b"bye", false);
    bytes.extend(server_frame(0x88, &[0x03, 0xe9], false));
    bytes.extend(server_frame(BINARY, b"never", false));
    server.write_all(&bytes).unwrap();
    assert_eq!(read_some(&stream), b"bye");
    assert_eq!(read_some(&stream), b"");
    assert_eq!(read_some(&stream), b"");
    let e = Error::from(stream.write(b"x").unwrap_err());
    assert_eq!(e.status(), Status::NATS_CONNECTION_CLOSED);
    stream.shutdown();
    assert_eq!(all_frames(&mut server), [(0x88, vec![0x03, 0xe9])]);
}

#[test]
fn a_server_against_the_rules_is_told_so() {
    let (stream, mut server) = connected(b"");
    let mut bytes = server_frame(BINARY, b"good", false);
    bytes.extend(server_frame(BINARY, b"bad", true));
    server.write_all(&bytes).unwrap();
    assert_eq!(read_some(&stream), b"good");
    for _ in 0..2 {
        let e = Error::from(stream.read(&mut [0; 9]).unwrap_err());
        assert_eq!(e.status(), Status::NATS_PROTOCOL_ERROR);
        assert!(e.text().contains("masked"), "{e}");
    }
    stream.shutdown();
    assert_eq!(all_frames(&mut server), [(0x88, vec![0x03, 0xea])]);
}

#[test]
fn frames_without_payload_do_not_go_on_for_ever() {
    let (stream, mut server) = connected(b"");
    thread::scope(|scope| {
        // It fails when the stream has given up.
        scope.spawn(move || while server.write_all(&[BINARY, 0].repeat(1000)).is_ok() {});
        let mut buf = [0; 512];
        let e = loop {
            match stream.read(&mut buf) {
                Err(e) if e.kind() == ErrorKind::WouldBlock => {
                    stream.wait_readable(soon(), None).unwrap();
                }
                result => break Error::from(result.unwrap_err()),
            }
        };
        assert_eq!(e.status(), Status::NATS_PROTOCOL_ERROR);
        assert!(e.text().contains("without payload"), "{e}");
        // Once its socket is gone, the server cannot write any more.
        drop(stream);
    });
}
