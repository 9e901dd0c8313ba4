//! Stored messages: in JSON, as a stream's leader answers, and by headers, as replicas do.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nats_rs::js::manage::fuzzing;
use nats_rs::msg::Msg;
use nats_rs_fuzz::Choices;

fn look_at(msg: &mut Msg) {
    let _ = (msg.subject(), msg.payload(), msg.time(), msg.status());
    let _ = msg.header(b"A");
    let _ = msg.headers().is_ok();
}

fuzz_target!(|input: &[u8]| {
    let (mut choices, data) = Choices::split(input);
    if let Ok(mut msg) = fuzzing::leaders(data) {
        look_at(&mut msg);
    }
    let at = (choices.next() * 256 + choices.next()).min(data.len());
    let (payload, headers) = data.split_at(at);
    for no_headers in [false, true] {
        let reply = Msg::create_with(b"r", None, headers, payload).expect("there is memory");
        match fuzzing::direct(reply, no_headers) {
            Ok(mut msg) => look_at(&mut msg),
            Err(error) => assert!(error.text().len() < 1000, "{}", error.text()),
        }
    }
});
