//! The answers of HTTP and SOCKS5 proxies: what is read of them, and what is left for the server's bytes.
#![no_main]

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use libfuzzer_sys::fuzz_target;
use nats_rs::error::Status;
use nats_rs::net::Cancel;
use nats_rs::net::proxy::{ProxyHandler, ProxyUrl, connect_with};

const PASSWORD: &str = "pass-of-the-proxy";

fuzz_target!(|input: &[u8]| {
    let Some((&how, data)) = input.split_first() else {
        return;
    };
    let (socks, login) = (how & 1 != 0, how & 2 != 0);
    let (mut proxy, client) = UnixStream::pair().expect("two sockets");
    proxy.write_all(data).expect("there is room");
    proxy.shutdown(Shutdown::Write).expect("it is open");

    let client = Mutex::new(Some(OwnedFd::from(client)));
    let give: ProxyHandler = Arc::new(move |_, _| Ok(client.lock().unwrap().take().expect("once")));
    let socket = connect_with(&give, "h", 1).expect("a socket");
    let scheme = if socks { "socks5" } else { "http" };
    let credentials = match login {
        true => format!("user:{PASSWORD}@"),
        false => String::new(),
    };
    let url = ProxyUrl::parse(&format!("{scheme}://{credentials}proxy")).expect("a URL");
    let deadline = Instant::now() + Duration::from_secs(5);
    let result = url.connect(
        &socket,
        "some.host",
        4222,
        deadline,
        &Cancel::new().unwrap(),
    );
    let expected = match socks {
        true => socks_answer(data, login),
        false => http_answer(data),
    };
    match result {
        Ok(()) => {
            let mut rest = Vec::new();
            (&*socket).read_to_end(&mut rest).expect("it is open");
            assert_eq!(Some(data.len() - rest.len()), expected, "not a byte more");
        }
        Err(error) => {
            assert_eq!(expected, None);
            assert_eq!(error.status(), Status::NATS_NO_SERVER);
            let text = error.text();
            assert!(text.len() < 1000 && !text.contains(PASSWORD));
            assert!(!text.contains(|c: char| c.is_control()), "{text:?}");
        }
    }
});

/// The length of the answers of an HTTP proxy that opens the tunnel; `None` if it does not.
fn http_answer(data: &[u8]) -> Option<usize> {
    let mut at = 0;
    for _ in 0..8 {
        let head = &data[at..];
        let len = head.windows(4).position(|end| end == b"\r\n\r\n")? + 4;
        if len > 16 * 1024 + 512 || !head.starts_with(b"HTTP/1.") {
            return None;
        }
        let line = head.split(|b| *b == b'\r').next()?;
        let code = line.split(|b| *b == b' ').nth(1)?;
        if code.len() != 3 || !code.iter().all(u8::is_ascii_digit) {
            return None;
        }
        at += len;
        match code[0] {
            b'1' => {}
            b'2' => return Some(at),
            _ => return None,
        }
    }
    None
}

/// The same for a SOCKS5 proxy.
fn socks_answer(data: &[u8], login: bool) -> Option<usize> {
    let mut at = match data.get(..2)? {
        [5, 0] => 2,
        [5, 2] if login => match data.get(2..4)? {
            [_, 0] => 4,
            _ => return None,
        },
        _ => return None,
    };
    let head = data.get(at..at + 4)?;
    if (head[0], head[1]) != (5, 0) {
        return None;
    }
    at += 4;
    at += match head[3] {
        1 => 4,
        4 => 16,
        3 => usize::from(*data.get(at)?) + 1,
        _ => return None,
    };
    at += 2;
    (at <= data.len()).then_some(at)
}
