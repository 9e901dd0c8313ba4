//! Services: names, and answers that are errors.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nats_rs::micro::caller::error_in;
use nats_rs::micro::config::is_name;
use nats_rs::msg::Msg;
use nats_rs::proto::subject;

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
        if msg.headers().is_ok() {
            let after = error_in(&msg).map(|e| (e.code(), e.message().to_owned(), e.to_string()));
            assert_eq!(before, after);
        }
    }
});
