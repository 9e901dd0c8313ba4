//! Which publishes outlive a lost connection.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nats_rs::proto::salvage::{frames, salvage_publishes};
use nats_rs_fuzz::Choices;

fuzz_target!(|input: &[u8]| {
    let (mut choices, data) = Choices::split(input);
    let written = choices.next();
    let mut at = 0;
    for frame in frames(data) {
        assert_eq!(frame.start, at);
        assert!(!frame.bytes.is_empty() && data[at..].starts_with(frame.bytes));
        if let Some(publish) = frame.publish() {
            assert!(publish.size < frame.bytes.len());
        }
        at = frame.end();
    }
    let saved = salvage_publishes(data, written);
    assert_eq!(saved.first.is_some(), !saved.frames.is_empty());
    if let Some(first) = saved.first {
        assert!(data[first..].starts_with(&saved.frames[..saved.first_len]));
        // What is kept is whole frames, all of them publishes, and is kept again.
        let again = salvage_publishes(&saved.frames, 0);
        assert_eq!(&*again.frames, &*saved.frames);
    }
});
