//! Services: names, and answers that are errors.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nats_rs::micro::caller::error_in;
use nats_rs::micro::config::is_name;
use nats_rs::msg::Msg;
use nats_rs::proto::subject;

/// Does a line begin with white space? It continues the one before, of which a block that was not decoded tells the first
/// line only.
fn is_continued(block: &[u8]) -> bool {
    let is_space = |b: u8| matches!(b, b' ' | b'\t'..=b'\r');
    (2..block.len()).any(|at| {
        block[at - 2..at] == *b"\r\n" && is_space(block[at]) && !block[at..].starts_with(b"\r\n")
    })
}

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    if is_name(&text) {
        let of = format!("$SRV.PING.{text}");
        assert!(subject::literal_fault(of.as_bytes()).is_none());
        assert_eq!(of.split('.').count(), 3);
    }
    for headers in [
        data,
        &[b"NATS/1.0\r\nNats-Service-Error-Code: ", data, b"\r\n\r\n"].concat(),
    ] {
        let mut msg = Msg::create_with(b"r", None, headers, b"x").expect("there is memory");
        let before = error_in(&msg).map(|e| (e.code(), e.message().to_owned(), e.to_string()));
        if msg.headers().is_ok() && !is_continued(headers) {
            let after = error_in(&msg).map(|e| (e.code(), e.message().to_owned(), e.to_string()));
            assert_eq!(before, after);
        }
    }
});
