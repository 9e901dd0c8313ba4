//! The handshake against a scripted peer: over a pair of sockets, without a network.

use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::thread;

use super::*;
use crate::client::options::Options;
use crate::msg::receive::READ_SIZE;
use crate::net::Socket;

/// The server's end.
struct Peer(UnixStream);

impl Peer {
    fn says(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).unwrap();
    }

    /// Reads what the client sends, up to a line that begins with `last`.
    fn hears(&mut self, last: &str) -> String {
        let mut heard = String::new();
        while !(heard.ends_with("\r\n") && heard.lines().any(|line| line.starts_with(last))) {
            let mut byte = [0];
            self.0.read_exact(&mut byte).unwrap();
            heard.push(char::from(byte[0]));
        }
        heard
    }
}

const INFO: &str = "INFO {\"server_id\":\"S\",\"version\":\"2.10.0\",\"proto\":1,\"headers\":true,\
                    \"max_payload\":1048576}\r\n";

fn attempt(time: Duration) -> Attempt {
    Attempt {
        url: Arc::new(ServerUrl::parse("nats://host:4222").unwrap()),
        fallback: None,
        tls_name: None,
        deadline: Instant::now() + time,
        time,
        cancel: Cancel::new().unwrap(),
    }
}

/// Runs the handshake with a peer that executes `script`. Returns the outcome, the bytes that were received behind it,
/// and the result of the script.
fn shake<T: Send + 'static>(
    opts: &Options,
    attempt: &Attempt,
    script: impl FnOnce(Peer) -> T + Send + 'static,
) -> (Result<ServerInfo, Failure>, Vec<u8>, T) {
    let (client, server) = UnixStream::pair().unwrap();
    client.set_nonblocking(true).unwrap();
    let peer = thread::spawn(move || script(Peer(server)));
    let socket = Socket::new(OwnedFd::from(client).into()).expect("a number is free");
    let mut wire = Wire::new(Stream::plain(socket), 0, READ_SIZE);
    let context = Context {
        config: &opts.session(),
        tls: &TlsPolicy::new(opts.security.clone()),
        life: &Life::new(1, None),
        log: &Logger::of_no_connection(),
    };
    let outcome = run(&context, &mut wire, attempt);
    let behind = wire.receiver.unparsed().to_vec();
    drop(wire);
    (outcome, behind, peer.join().unwrap())
}

/// The error of an attempt with default options that fails because of the peer.
fn failure(script: impl FnOnce(Peer) + Send + 'static) -> Error {
    let attempt = attempt(Duration::from_secs(30));
    let (outcome, _, ()) = shake(&Options::default(), &attempt, script);
    match outcome {
        Err(Failure::Refused(e) | Failure::Said(e, _)) => e,
        _ => panic!("not refused"),
    }
}

#[test]
fn what_follows_the_pong_is_left_for_the_link() {
    let opts = Options {
        name: Some(c"me".to_owned()),
        user: Some("u".into()),
        password: Some("p".into()),
        ..Options::default()
    };
    let attempt = attempt(Duration::from_secs(30));
    let (outcome, behind, connect) = shake(&opts, &attempt, |mut peer| {
        peer.says(INFO);
        let connect = peer.hears("PING");
        // In one write, so that it is received together with the PONG.
        peer.says("PONG\r\nMSG a 1 2\r\nhi\r\n");
        connect
    });
    assert_eq!(outcome.ok().unwrap().server_id, "S");
    assert_eq!(behind, b"MSG a 1 2\r\nhi\r\n");
    assert!(connect.starts_with("CONNECT {") && connect.ends_with("}\r\nPING\r\n"));
    for part in [
        "\"user\":\"u\"",
        "\"pass\":\"p\"",
        "\"name\":\"me\"",
        "\"headers\":true",
    ] {
        assert!(connect.contains(part), "{connect}");
    }
}

#[test]
fn a_refusal_says_what_was_sent_and_shows_no_secret() {
    let opts = Options {
        user: Some("u".into()),
        password: Some("hush-hush".into()),
        ..Options::default()
    };
    let attempt = attempt(Duration::from_secs(30));
    let (outcome, _, ()) = shake(&opts, &attempt, |mut peer| {
        peer.says(INFO);
        peer.hears("PING");
        peer.says("-ERR 'Authorization Violation: u/hush-hush'\r\n");
    });
    let Err(Failure::Said(error, Some(_))) = outcome else {
        panic!("not refused for the credentials");
    };
    assert_eq!(error.status(), Status::NATS_CONNECTION_AUTH_FAILED);
    assert_eq!(
        error.text(),
        "Authorization Violation: u/*** (sent: user and password)"
    );
}

#[test]
fn other_servers_are_recognized() {
    let web = failure(|mut peer| peer.says("HTTP/1.1 400 Bad Request\r\n\r\n"));
    assert_eq!(web.status(), Status::NATS_PROTOCOL_ERROR);
    assert!(
        web.text()
            .contains("got 'HTTP/1.1' instead of 'INFO': a web server's port?"),
        "{web}"
    );
    let full = failure(|mut peer| peer.says("-ERR 'maximum connections exceeded'\r\n"));
    assert!(
        full.text().contains("maximum connections exceeded"),
        "{full}"
    );
    let gone = failure(drop);
    assert_eq!(gone.status(), Status::NATS_CONNECTION_CLOSED);
    assert!(gone.text().contains("before any INFO"), "{gone}");
    let half = failure(|mut peer| peer.says("INFO {\"server"));
    assert!(
        half.text().contains("within its INFO: 'INFO {\"server'"),
        "{half}"
    );
    let endless = failure(|mut peer| {
        // The client stops reading, so the write may be incomplete.
        let _ = peer
            .0
            .write_all(&[b"INFO ", &[b'x'; 64 * 1024][..]].concat());
    });
    assert_eq!(endless.status(), Status::NATS_LINE_TOO_LONG);
}

#[test]
fn silence_ends_at_the_deadline() {
    let time = Duration::from_millis(20);
    let (outcome, _, peer) = shake(&Options::default(), &attempt(time), |peer| peer);
    let Err(Failure::Refused(error)) = outcome else {
        panic!("not late");
    };
    assert_eq!(error.status(), Status::NATS_TIMEOUT);
    assert!(
        error.text().contains("accepted but sent no INFO"),
        "{error}"
    );
    drop(peer);
}

#[test]
fn a_cancelled_attempt_ends_at_once() {
    let attempt = attempt(Duration::from_secs(3600));
    attempt.cancel.cancel();
    let (outcome, _, peer) = shake(&Options::default(), &attempt, |peer| peer);
    let Err(Failure::Refused(error)) = outcome else {
        panic!("not cancelled");
    };
    assert_eq!(error.status(), Status::NATS_CONNECTION_CLOSED);
    drop(peer);
}

#[test]
fn each_answer_has_its_turn() {
    let opts = Options {
        verbose: true,
        ..Options::default()
    };
    let attempt = attempt(Duration::from_secs(30));
    let (outcome, ..) = shake(&opts, &attempt, |mut peer| {
        peer.says(INFO);
        peer.hears("PING");
        peer.says("+OK\r\nPONG\r\n");
    });
    assert!(outcome.is_ok());
    let (outcome, ..) = shake(&opts, &attempt, |mut peer| {
        peer.says(INFO);
        peer.hears("PING");
        peer.says("PONG\r\n");
    });
    let Err(Failure::Refused(error)) = outcome else {
        panic!("not refused");
    };
    assert_eq!(error.text(), "Expected '+OK', got 'PONG'");
}

#[test]
fn nothing_is_sent_without_the_tls_that_is_required() {
    let mut opts = Options::default();
    opts.set_secure(true);
    opts.password = Some("secret".into());
    let attempt = attempt(Duration::from_secs(30));
    let (outcome, _, heard) = shake(&opts, &attempt, |mut peer| {
        peer.says(INFO);
        let mut heard = Vec::new();
        peer.0.read_to_end(&mut heard).unwrap();
        heard
    });
    let Err(Failure::Refused(error)) = outcome else {
        panic!("not refused");
    };
    assert_eq!(error.status(), Status::NATS_SECURE_CONNECTION_WANTED);
    assert!(heard.is_empty());
}
