//! Publish acks: the quick reader says what the general one says.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nats_rs::js::publish::ack;

fuzz_target!(|data: &[u8]| {
    let spaced = {
        // The quick reader takes no tabs outside of strings: the same text, by the general reader.
        let mut text = b"\t".to_vec();
        text.extend_from_slice(data);
        text
    };
    if data.trim_ascii().is_empty() {
        let _ = ack::parse(data);
        return;
    }
    match (ack::parse(data), ack::parse(&spaced)) {
        (Ok(quick), Ok(general)) => assert_eq!(quick, general),
        (Err(a), Err(b)) => assert_eq!((a.status(), a.code()), (b.status(), b.code())),
        (a, b) => panic!("{a:?} and {b:?}"),
    }
});
