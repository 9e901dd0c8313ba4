use std::io::{ErrorKind, IoSlice, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::version::{TLS12, TLS13};
use rustls::{ServerConfig, ServerConnection, StreamOwned, SupportedProtocolVersion};
use socket2::Socket;

use super::provider::provider;
use super::*;
use crate::error::{Result, Status};
use crate::fork::Descriptor;
use crate::net::{Cancel, Stream, adopt};

type ServerStream = StreamOwned<ServerConnection, TcpStream>;

const PEER: Peer<'static> = Peer {
    host: "localhost",
    name: None,
};

/// A server's certificate and key, and the settings of a client that trusts it.
struct Identity {
    config: ServerConfig,
    pem: String,
}

impl Identity {
    fn new(versions: &[&'static SupportedProtocolVersion]) -> Self {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let config = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(versions)
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        Identity {
            config,
            pem: made.cert.pem(),
        }
    }

    fn options(&self) -> TlsOptions {
        let mut options = TlsOptions::default();
        options.add_ca(self.pem.as_bytes()).unwrap();
        options
    }

    /// Runs a server for one client in a thread.
    fn serve<T: Send + 'static>(
        self,
        run: impl FnOnce(&mut ServerStream) -> T + Send + 'static,
    ) -> (Stream, JoinHandle<T>) {
        let (socket, server) = self.serve_socket(run);
        (Stream::plain(socket), server)
    }

    fn serve_socket<T: Send + 'static>(
        self,
        run: impl FnOnce(&mut ServerStream) -> T + Send + 'static,
    ) -> (Descriptor<Socket>, JoinHandle<T>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let server = thread::spawn(move || {
            let (socket, _) = listener.accept().unwrap();
            let tls = ServerConnection::new(Arc::new(self.config)).unwrap();
            run(&mut StreamOwned::new(tls, socket))
        });
        (adopt(client.into()).unwrap(), server)
    }
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

fn start(stream: &Stream, options: TlsOptions) -> Result<()> {
    stream.start_tls(&Arc::new(options), PEER, soon(), &Cancel::new()?)
}

/// Reads exactly this many bytes, waiting for them.
fn read_exact(stream: &Stream, buf: &mut [u8]) {
    let mut filled = 0;
    while filled < buf.len() {
        match stream.read(&mut buf[filled..]) {
            Ok(0) => panic!("the end after {filled} bytes"),
            Ok(n) => filled += n,
            Err(e) if e.kind() == ErrorKind::WouldBlock => {
                stream.wait_readable(soon(), None).unwrap();
            }
            Err(e) => panic!("{e}"),
        }
    }
}

fn flush(stream: &Stream) {
    while let Err(e) = stream.flush() {
        assert_eq!(e.kind(), ErrorKind::WouldBlock, "{e}");
        stream.wait_writable(soon(), None).unwrap();
    }
}

fn echo(stream: &mut ServerStream) -> String {
    let mut buf = [0; 5];
    stream.read_exact(&mut buf).unwrap();
    stream.write_all(&buf).unwrap();
    stream.flush().unwrap();
    format!(
        "{:?}",
        stream.conn.negotiated_cipher_suite().unwrap().suite()
    )
}

/// The suite that is negotiated with this server and these settings.
fn negotiated(
    version: &'static SupportedProtocolVersion,
    adjust: impl FnOnce(&mut TlsOptions),
) -> String {
    let identity = Identity::new(&[version]);
    let mut options = identity.options();
    adjust(&mut options);
    let (stream, server) = identity.serve(echo);
    start(&stream, options).unwrap();
    assert!(stream.is_tls());
    assert_eq!(stream.write(b"hello").unwrap(), 5);
    flush(&stream);
    let mut buf = [0; 5];
    read_exact(&stream, &mut buf);
    assert_eq!(&buf, b"hello");
    server.join().unwrap()
}

#[test]
fn ciphers_of_both_versions_are_those_asked_for() {
    let suite = negotiated(&TLS12, |_| {});
    assert!(suite.starts_with("TLS_ECDHE_ECDSA_WITH_"), "{suite}");
    for (name, suite) in [
        (
            "ECDHE-ECDSA-AES128-GCM-SHA256",
            "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        ),
        (
            "ECDHE-ECDSA-CHACHA20-POLY1305",
            "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
        ),
    ] {
        assert_eq!(negotiated(&TLS12, |o| o.set_ciphers(name).unwrap()), suite);
    }
    for name in ["TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_GCM_SHA256"] {
        let suite = negotiated(&TLS13, |o| o.set_cipher_suites(name).unwrap());
        assert_eq!(suite.strip_prefix("TLS13_").unwrap(), &name[4..]);
    }
}

#[test]
fn nothing_in_common_is_an_error_of_the_handshake() {
    let identity = Identity::new(&[&TLS12]);
    let mut options = identity.options();
    options.set_ciphers("aRSA").unwrap();
    let (stream, server) = identity.serve(|stream| stream.read(&mut [0]).is_err());
    let e = start(&stream, options).unwrap_err();
    assert_eq!(e.status(), Status::NATS_SSL_ERROR);
    assert!(
        e.text()
            .starts_with("SSL handshake error: the server refuses: "),
        "{e}"
    );
    assert!(server.join().unwrap());
    assert!(!stream.is_tls());
}

#[test]
fn the_server_hears_why_it_was_refused() {
    let identity = Identity::new(&[&TLS13]);
    let (stream, server) = identity.serve(|stream| stream.read(&mut [0]).unwrap_err().to_string());
    let e = start(&stream, TlsOptions::default()).unwrap_err();
    assert!(e.text().contains("unknown issuer"), "{e}");
    assert!(server.join().unwrap().contains("UnknownCA"));
}

#[test]
fn what_a_full_socket_does_not_take_waits_and_nothing_is_lost() {
    let identity = Identity::new(&[&TLS13]);
    let options = identity.options();
    let (go, wait) = std::sync::mpsc::channel();
    let (stream, server) = identity.serve(move |stream| {
        stream.conn.complete_io(&mut stream.sock).unwrap();
        wait.recv().unwrap();
        let mut all = Vec::new();
        let _ = stream.read_to_end(&mut all);
        all
    });
    start(&stream, options).unwrap();
    let block: Vec<u8> = (0..100_000u32).map(|n| n as u8).collect();
    let mut written = 0;
    loop {
        let parts = [
            IoSlice::new(&block[..7]),
            IoSlice::new(&[]),
            IoSlice::new(&block[7..]),
        ];
        match stream.write_vectored(&parts) {
            // As if the rest of the block did not exist.
            Ok(n) => written += n,
            Err(e) if e.kind() == ErrorKind::WouldBlock => break,
            Err(e) => panic!("{e}"),
        }
        assert_eq!(written % (64 * 1024), 0, "as much as it seals at once");
    }
    assert_eq!(stream.flush().unwrap_err().kind(), ErrorKind::WouldBlock);
    assert_eq!(
        stream.write(b"x").unwrap_err().kind(),
        ErrorKind::WouldBlock
    );
    go.send(()).unwrap();
    flush(&stream);
    stream.shutdown();
    let all = server.join().unwrap();
    assert_eq!(all.len(), written);
    assert!(
        all.chunks(64 * 1024)
            .all(|chunk| *chunk == block[..64 * 1024])
    );
}

#[test]
fn what_the_server_may_have_is_not_given_back() {
    static BLOCK: [u8; 20_000] = [b'x'; 20_000];
    for accepted in [0, 1, 17_000] {
        let identity = Identity::new(&[&TLS13]);
        let options = Arc::new(identity.options());
        let (socket, server) = identity.serve_socket(|stream| {
            let mut all = Vec::new();
            let _ = stream.read_to_end(&mut all);
            all
        });
        let cancel = Cancel::new().unwrap();
        let tls = TlsStream::connect(&socket, &options, PEER, soon(), &cancel).unwrap();
        let mut room = accepted;
        let result = tls.write_by(&[IoSlice::new(&BLOCK)], |rest| {
            let n = rest.len().min(room);
            room -= n;
            match n {
                0 => Err(ErrorKind::ConnectionReset.into()),
                n => Ok(n),
            }
        });
        match accepted {
            // The caller keeps all of it, and the end of the session is all that follows.
            0 => assert_eq!(result.unwrap_err().kind(), ErrorKind::ConnectionReset),
            _ => assert_eq!(result.unwrap(), BLOCK.len()),
        }
        if accepted == 0 {
            tls.say_end(&socket);
        }
        drop(socket);
        assert_eq!(server.join().unwrap(), [0; 0]);
    }
}

#[test]
fn both_directions_at_once_from_two_threads() {
    const SIZE: usize = 3_000_000;
    let identity = Identity::new(&[&TLS13]);
    let options = identity.options();
    let (stream, server) = identity.serve(|stream| {
        // Never more than the client has in flight can be on the way back.
        let mut buf = vec![0; 16 * 1024];
        let mut left = SIZE;
        while left > 0 {
            let n = stream.read(&mut buf).unwrap();
            stream.write_all(&buf[..n]).unwrap();
            stream.flush().unwrap();
            left -= n;
        }
    });
    start(&stream, options).unwrap();
    let data: Vec<u8> = (0..SIZE).map(|n| (n / 7) as u8).collect();
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut rest = data.as_slice();
            while !rest.is_empty() {
                match stream.write(rest) {
                    Ok(n) => rest = &rest[n..],
                    Err(e) if e.kind() == ErrorKind::WouldBlock => {
                        stream.wait_writable(soon(), None).unwrap();
                    }
                    Err(e) => panic!("{e}"),
                }
            }
            flush(&stream);
        });
        let mut back = vec![0; SIZE];
        // Pieces that are smaller and larger than records.
        let (small, large) = back.split_at_mut(10_000);
        small
            .chunks_mut(1000)
            .for_each(|piece| read_exact(&stream, piece));
        large
            .chunks_mut(50_000)
            .for_each(|piece| read_exact(&stream, piece));
        assert!(back == data);
    });
    server.join().unwrap();
}

#[test]
fn new_keys_of_the_server_are_followed_and_answered() {
    let identity = Identity::new(&[&TLS13]);
    let options = identity.options();
    let (stream, server) = identity.serve(|stream| {
        let first = echo(stream);
        stream.conn.refresh_traffic_keys().unwrap();
        echo(stream);
        first
    });
    start(&stream, options).unwrap();
    for word in [b"hello", b"again"] {
        stream.write(word).unwrap();
        flush(&stream);
        let mut buf = [0; 5];
        read_exact(&stream, &mut buf);
        assert_eq!(&buf, word);
    }
    server.join().unwrap();
    // The end, with or without a notice.
    drop(stream.wait_readable(soon(), None));
    assert_eq!(stream.read(&mut [0; 8]).unwrap(), 0);
}

#[test]
fn the_deadline_and_cancelling_end_a_handshake() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let stream = Stream::plain(adopt(client.into()).unwrap());
    let options = Arc::new(TlsOptions::default());
    let cancel = Cancel::new().unwrap();
    let deadline = Instant::now() + Duration::from_millis(30);
    let e = stream
        .start_tls(&options, PEER, deadline, &cancel)
        .unwrap_err();
    assert_eq!(e.status(), Status::NATS_TIMEOUT);
    assert!(Instant::now() >= deadline);
    thread::scope(|scope| {
        let waiting = scope.spawn(|| stream.start_tls(&options, PEER, soon(), &cancel));
        cancel.cancel();
        let e = waiting.join().unwrap().unwrap_err();
        assert_eq!(e.status(), Status::NATS_CONNECTION_CLOSED);
    });
}

#[test]
fn names_that_no_certificate_has_are_refused() {
    let mut options = TlsOptions::default();
    assert_eq!(
        options.set_expected_host(Some("a b")).unwrap_err().status(),
        Status::NATS_INVALID_ARG
    );
    options.set_expected_host(Some("10.0.0.1")).unwrap();
    options.set_expected_host(None).unwrap();
    for host in [
        "localhost",
        "localhost.",
        "127.0.0.1",
        "::1",
        "fe80::1%eth0",
        "my_host",
    ] {
        verifier::server_name(host).unwrap();
    }
    let e = verifier::server_name("no such").unwrap_err();
    assert_eq!(e.status(), Status::NATS_SSL_ERROR);
}

/// The name that is sent tells a server with several certificates which one to use.
#[test]
fn where_the_url_has_an_address_the_expected_name_is_told() {
    for (host, expected, announced, told) in [
        ("127.0.0.1", None, None, None),
        ("127.0.0.1", Some("localhost"), None, Some("localhost")),
        ("::1", None, Some("localhost"), Some("localhost")),
        ("127.0.0.1", Some("10.0.0.1"), None, None),
        (
            "other.example",
            Some("localhost"),
            None,
            Some("other.example"),
        ),
    ] {
        let identity = Identity::new(&[&TLS13]);
        let mut options = identity.options();
        options.set_expected_host(expected).unwrap();
        let (stream, server) = identity.serve(|stream| {
            let _ = stream.conn.complete_io(&mut stream.sock);
            stream.conn.server_name().map(str::to_owned)
        });
        let peer = Peer {
            host,
            name: announced,
        };
        let result = stream.start_tls(&Arc::new(options), peer, soon(), &Cancel::new().unwrap());
        let certified = expected.or(announced) == Some("localhost");
        assert_eq!(result.is_ok(), certified, "{host}: {result:?}");
        drop(stream);
        assert_eq!(server.join().unwrap().as_deref(), told, "{host}");
    }
}
