//! Status messages: of pulls, heartbeats, flow control.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nats_rs::js::consume::flow::FlowControl;
use nats_rs::js::consume::pull::fuzzing;
use nats_rs::msg::Msg;
use nats_rs_fuzz::{Choices, halves};

fuzz_target!(|input: &[u8]| {
    let (mut choices, data) = Choices::split(input);
    let line = [b"NATS/1.0 ", data, b"\r\n\r\n"].concat();
    for block in [data, &line] {
        let (subject, payload) = halves(data);
        let Ok(msg) = Msg::create_with(subject, None, block, b"") else {
            return;
        };
        if let Some((error, _)) = fuzzing::said(&msg) {
            let _ = (error.status(), error.text().len());
        }
        let _ = fuzzing::number(&msg, "_INBOX.x");
        let with = Msg::create_with(subject, None, block, b"x").expect("as above");
        assert!(payload.is_empty() || fuzzing::said(&with).is_none());
    }
    let mut flow = FlowControl::default();
    let mut taken = 0;
    for _ in 0..8 {
        let received = taken + choices.next() as u64;
        flow.asked(data, None, received, taken);
        let _ = flow.due_after();
        taken += choices.next() as u64;
        if flow.due(taken).is_some_and(|(reply, _)| *reply != *data) {
            panic!("an answer to something else");
        }
    }
});
