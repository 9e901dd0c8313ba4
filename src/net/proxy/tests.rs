//! Tests with proxies of their own, on the loopback interface.

use super::*;
use crate::net::resolve::IpOrder;
use proptest::prelude::*;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

/// The behaviour of a test's proxy towards its one client.
type Script = Box<dyn FnOnce(&mut TcpStream) + Send>;

/// Lets a client talk to a proxy: the outcome, and what can be read from the socket then.
fn through(url: &str, host: &str, port: u16, script: Script) -> (Result<()>, Vec<u8>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = url.replace("PROXY", &listener.local_addr().unwrap().to_string());
    let proxy = ProxyUrl::parse(&url).unwrap();
    let cancel = Cancel::new().unwrap();
    let options = DialOptions {
        order: IpOrder::Any,
        randomize: false,
        deadline: Instant::now() + Duration::from_secs(20),
        local_addr: None,
        log: crate::log::Logger::of_no_connection(),
    };
    thread::scope(|scope| {
        scope.spawn(move || script(&mut listener.accept().unwrap().0));
        let socket = proxy.dial(&options, &cancel).unwrap();
        let result = proxy.connect(&socket, host, port, options.deadline, &cancel);
        let mut rest = Vec::new();
        if result.is_ok() {
            socket.set_nonblocking(false).unwrap();
            (&*socket).read_to_end(&mut rest).unwrap();
        }
        (result, rest)
    })
}

fn expect(stream: &mut TcpStream, bytes: &[u8]) {
    let mut got = vec![0; bytes.len()];
    stream.read_exact(&mut got).unwrap();
    assert_eq!(
        String::from_utf8_lossy(&got),
        String::from_utf8_lossy(bytes)
    );
}

/// An HTTP proxy that answers this after any request.
fn answers(parts: Vec<Vec<u8>>) -> Script {
    Box::new(move |stream| {
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            request.push(byte[0]);
        }
        stream.set_nodelay(true).unwrap();
        for part in parts {
            // The client hangs up in the middle of an answer that it refuses.
            let _ = stream.write_all(&part);
        }
    })
}

fn http(answer: &[u8]) -> (Result<()>, Vec<u8>) {
    through("http://PROXY", "h", 1, answers(vec![answer.to_vec()]))
}

fn why(result: Result<()>) -> String {
    let e = result.unwrap_err();
    assert_eq!(e.status(), Status::NATS_NO_SERVER, "{e}");
    e.text().to_owned()
}

#[test]
fn http_tunnels_leave_the_servers_bytes() {
    let asked = "CONNECT some.host:4222 HTTP/1.1\r\nHost: some.host:4222\r\nUser-Agent: \
                 libnats_rs\r\nProxy-Authorization: Basic bWU6czNjcmV0\r\n\r\n";
    let (result, rest) = through(
        "http://me:s3cret@PROXY",
        "some.host",
        4222,
        Box::new(move |stream| {
            expect(stream, asked.as_bytes());
            stream
                .write_all(b"HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\nINFO {}\r\n")
                .unwrap();
        }),
    );
    result.unwrap();
    assert_eq!(rest, b"INFO {}\r\n");

    // The shortest answer, byte by byte; and one after an interim answer.
    let bytes = b"HTTP/1.0 204\r\n\r\nINFO"
        .iter()
        .map(|b| vec![*b])
        .collect();
    let (result, rest) = through("http://PROXY", "h", 1, answers(bytes));
    result.unwrap();
    assert_eq!(rest, b"INFO");
    let (result, rest) = http(b"HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 OK\r\n\r\nx");
    result.unwrap();
    assert_eq!(rest, b"x");
    // An answer of several chunks, the end of it across two.
    for pad in 480..500 {
        let head = format!("HTTP/1.1 200 OK\r\nPad: {}\r\n\r\nrest", "p".repeat(pad));
        let (result, rest) = http(head.as_bytes());
        result.unwrap();
        assert_eq!(rest, b"rest");
    }
}

#[test]
fn http_ipv6_addresses_are_in_brackets() {
    let (result, _) = through(
        "http://PROXY",
        "::1",
        4222,
        Box::new(|stream| {
            expect(
                stream,
                b"CONNECT [::1]:4222 HTTP/1.1\r\nHost: [::1]:4222\r\nUser-Agent: libnats_rs\r\n\r\n",
            );
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
        }),
    );
    result.unwrap();
}

#[test]
fn http_refusals_say_what_the_proxy_said() {
    let (result, _) = through(
        "http://me:s3cret@PROXY",
        "h",
        1,
        answers(vec![
            b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n".to_vec(),
        ]),
    );
    let text = why(result);
    assert!(text.contains("it answered 407 Proxy Authentication Required"));
    assert!(
        text.contains("to h:1: ") && !text.contains("s3cret"),
        "{text}"
    );
    let text = why(http(b"HTTP/1.1 502 \x1b[31mBad\x07\r\n\r\n").0);
    assert!(text.contains("502 ?[31mBad?"), "{text}");
    let long = format!("HTTP/1.1 500 {}\r\n\r\n", "e".repeat(5000));
    assert!(why(http(long.as_bytes()).0).len() < 300);

    for answer in [
        &b"SSH-2.0-x\r\n"[..],
        b"INFO {}\r\n",
        b"HTTP/2 200 OK\r\n\r\n",
        b"HTTP/1.1 20 OK\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/1.1 +20 OK\r\n\r\n",
        b"HTTP/1.1\r\n\r\n",
        b"HTTP/1.1 2\xff\xff OK\r\n\r\n",
    ] {
        assert!(why(http(answer).0).contains("did not answer as an HTTP proxy"));
    }
    assert!(why(http(b"HTTP/1.1 200 OK\r\n").0).contains("closed the connection"));
    assert!(why(http(b"").0).contains("closed the connection"));
    let endless = [b"HTTP/1.1 200 OK\r\n".to_vec(), vec![b'x'; 32 * 1024]].concat();
    assert!(why(http(&endless).0).contains("too long"));
    let interim = b"HTTP/1.1 100 Continue\r\n\r\n".repeat(100);
    assert!(why(http(&interim).0).contains("too many"));
}

#[test]
fn socks_without_a_login() {
    for (host, address) in [
        ("some.host", &b"\x03\x09some.host"[..]),
        ("1.2.3.4", b"\x01\x01\x02\x03\x04"),
        ("::1", b"\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01"),
    ] {
        for bound in [
            &b"\x01\x7f\0\0\x01"[..],
            b"\x03\x04name",
            b"\x03\0",
            b"\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01",
        ] {
            let (result, rest) = through(
                "socks5://PROXY",
                host,
                4222,
                Box::new(move |stream| {
                    expect(stream, b"\x05\x01\0");
                    stream.write_all(b"\x05\0").unwrap();
                    let request = [b"\x05\x01\0", address, b"\x10\x7e"].concat();
                    expect(stream, &request);
                    let answer = [b"\x05\0\0", bound, b"\x12\x34INFO"].concat();
                    stream.write_all(&answer).unwrap();
                }),
            );
            result.unwrap();
            assert_eq!(rest, b"INFO", "{host}");
        }
    }
}

#[test]
fn socks_with_a_login() {
    for (answer, ok) in [(0, true), (1, false)] {
        let (result, rest) = through(
            "socks5h://m%65:s3cret@PROXY",
            "h",
            1,
            Box::new(move |stream| {
                expect(stream, b"\x05\x02\0\x02");
                stream.write_all(b"\x05\x02").unwrap();
                expect(stream, b"\x01\x02me\x06s3cret");
                stream.write_all(&[1, answer]).unwrap();
                if ok {
                    expect(stream, b"\x05\x01\0\x03\x01h\0\x01");
                    stream.write_all(b"\x05\0\0\x01\0\0\0\0\0\0x").unwrap();
                }
            }),
        );
        if ok {
            result.unwrap();
            assert_eq!(rest, b"x");
        } else {
            let text = why(result);
            assert!(text.contains("it refused the user and password"), "{text}");
            assert!(!text.contains("s3cret"));
        }
    }
}

#[test]
fn socks_refusals_say_why() {
    let after_greeting = |url: &str, answer: &'static [u8]| {
        let greeting = if url.contains('@') { 4 } else { 3 };
        let script: Script = Box::new(move |stream| {
            stream.read_exact(&mut vec![0; greeting]).unwrap();
            stream.write_all(answer).unwrap();
        });
        why(through(url, "h", 1, script).0)
    };
    assert!(after_greeting("socks5://PROXY", b"\x05\xff").contains("wants a user"));
    assert!(after_greeting("socks5://a:b@PROXY", b"\x05\xff").contains("neither"));
    for answer in [&b"\x04\0"[..], b"\x05\x01", b"\x05\x02", b"HTTP/1.1 400"] {
        let text = after_greeting("socks5://PROXY", answer);
        assert!(text.contains("did not answer as a SOCKS5 proxy"), "{text}");
    }
    assert!(after_greeting("socks5://PROXY", b"\x05").contains("closed the connection"));

    let after_request = |answer: &'static [u8]| {
        let script: Script = Box::new(move |stream| {
            expect(stream, b"\x05\x01\0");
            stream.write_all(b"\x05\0").unwrap();
            expect(stream, b"\x05\x01\0\x03\x01h\0\x01");
            stream.write_all(answer).unwrap();
        });
        why(through("socks5://PROXY", "h", 1, script).0)
    };
    assert!(after_request(b"\x05\x05\0\x01\0\0\0\0\0\0").contains("refused: connection refused"));
    assert!(after_request(b"\x05\x02").contains("not allowed"));
    assert!(after_request(b"\x05\x63").contains("reply 99"));
    assert!(after_request(b"\x04\0\0\x01").contains("did not answer"));
    assert!(after_request(b"\x05\0\0\x07\0\0").contains("did not answer"));
    assert!(after_request(b"\x05\0\0\x03\xffabc").contains("closed the connection"));

    let e = through("socks5://PROXY", &"h".repeat(256), 1, Box::new(|_| {}))
        .0
        .unwrap_err();
    assert_eq!(e.status(), Status::NATS_INVALID_ARG);
}

#[test]
fn a_proxy_that_says_nothing_ends_at_the_deadline_or_when_cancelled() {
    for url in ["http://PROXY", "socks5://PROXY"] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = url.replace("PROXY", &listener.local_addr().unwrap().to_string());
        let proxy = ProxyUrl::parse(&url).unwrap();
        let cancel = Cancel::new().unwrap();
        let far = Instant::now() + Duration::from_secs(20);
        let options = DialOptions {
            order: IpOrder::Any,
            randomize: false,
            deadline: far,
            local_addr: None,
            log: crate::log::Logger::of_no_connection(),
        };
        let socket = proxy.dial(&options, &cancel).unwrap();
        let near = Instant::now() + Duration::from_millis(20);
        let e = proxy.connect(&socket, "h", 1, near, &cancel).unwrap_err();
        assert_eq!(e.status(), Status::NATS_TIMEOUT);
        assert!(Instant::now() >= near);
        thread::scope(|scope| {
            let waiting = scope.spawn(|| proxy.connect(&socket, "h", 1, far, &cancel));
            cancel.cancel();
            let e = waiting.join().unwrap().unwrap_err();
            assert_eq!(e.status(), Status::NATS_CONNECTION_CLOSED);
        });
    }
}

#[test]
fn urls() {
    let parse = |text: &str| {
        let url = ProxyUrl::parse(text).unwrap();
        let login = url
            .login
            .as_ref()
            .map(|l| (l.user.to_string(), l.password.to_string()));
        (url.kind, url.host.clone(), url.port, login)
    };
    let login = |user: &str, password: &str| Some((user.to_owned(), password.to_owned()));
    let host = "proxy".to_owned();
    assert_eq!(
        parse(" http://proxy\n"),
        (Kind::Http, host.clone(), 80, None)
    );
    assert_eq!(
        parse("http://proxy:80/"),
        (Kind::Http, host.clone(), 80, None)
    );
    assert_eq!(
        parse("HTTP://u:p%40@proxy:3128"),
        (Kind::Http, host.clone(), 3128, login("u", "p@"))
    );
    assert_eq!(parse("http://u@proxy").3, login("u", ""));
    assert_eq!(
        parse("socks5://proxy"),
        (Kind::Socks5, host.clone(), 1080, None)
    );
    assert_eq!(parse("socks5h://a%20b:%C3%A9@proxy:1").3, login("a b", "é"));
    assert_eq!(parse("socks5://[::1]:9").1, "::1");
    assert_eq!(parse("http://127.0.0.1:9").1, "127.0.0.1");

    let long = format!("socks5://{}:s3cret@proxy", "u".repeat(256));
    for bad in [
        "",
        "proxy:3128",
        "proxy",
        "https://s3cret@proxy",
        "socks4://proxy",
        "http://",
        "socks5://",
        "socks5://:1",
        "http://proxy:99999",
        "http://proxy/s3cret",
        "http://proxy?s3cret",
        "http://u:s3cret%@proxy",
        "http://u%3Ax:s3cret@proxy",
        "http://u:s3cret%0d%0a@proxy",
        "socks5://:s3cret@proxy",
        &long,
    ] {
        let e = ProxyUrl::parse(bad)
            .err()
            .unwrap_or_else(|| panic!("{bad}"));
        assert_eq!(e.status(), Status::NATS_INVALID_ARG);
        assert!(!e.text().contains("s3cret"), "{e}");
    }
    let url = Arc::new(ProxyUrl::parse("http://us3r:s3cret@proxy").unwrap());
    let shown = format!("{:?}", Proxy::Url(url));
    assert_eq!(shown, "Http ***@proxy:80");
}

proptest! {
    /// Whatever is wrong with a proxy's URL, the error text shows nothing of the password.
    #[test]
    fn no_text_has_a_secret(
        before in prop::sample::select(vec![
            "", "http://", "http://u:", "socks5://u:", "socks5h://", "ftp://u:", "u%zz:", "http://u%:",
        ]),
        one in "[A-Za-z0-9%:@/\\[\\]?#,. \\t-]{0,6}",
        other in "[A-Za-z0-9%:@/\\[\\]?#,. -]{0,6}",
        after in prop::sample::select(vec!["", "@h", "@h:x", "@[::1", "@", "@h/p", "@h:1?q", "@a b", "@h:99999"]),
    ) {
        const CORE: &str = "Q7x3ZK";
        let text = format!("{before}{one}{CORE}{other}{after}");
        match ProxyUrl::parse(&text) {
            Err(e) => {
                let shown = e.text().to_ascii_lowercase();
                prop_assert!(!shown.contains("q7x3zk"), "{}: {}", text, e);
            }
            // If no '@' follows it, it is the host.
            Ok(url) if after.starts_with('@') && !other.contains('@') => {
                let shown = format!("{url:?}");
                prop_assert!(!shown.contains(CORE), "{}: {}", text, shown);
            }
            Ok(_) => {}
        }
    }
}
