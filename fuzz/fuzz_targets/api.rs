//! The JSON of the API: whatever can be read is written such that it is read as the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nats_rs::js::advisory::Advisory;
use nats_rs::js::api::json::{Json, parse, to_text};
use nats_rs::js::api::{
    self, ApiError, ConsumerConfig, ConsumerInfo, PubAck, StreamConfig, StreamInfo,
};

fn survives<T: Json>(data: &[u8]) {
    match parse::<T>(data) {
        Ok(value) => {
            let text = to_text(&value);
            let again = parse::<T>(&text).expect("what is written can be read");
            // Read again it is written the same: what was not said has its default then.
            assert_eq!(
                to_text(&again).escape_ascii().to_string(),
                text.escape_ascii().to_string()
            );
        }
        Err(error) => assert!(error.text().len() < 1000, "{}", error.text()),
    }
}

fuzz_target!(|input: &[u8]| {
    let Some((&kind, data)) = input.split_first() else {
        return;
    };
    match kind % 12 {
        0 => survives::<StreamInfo>(data),
        1 => survives::<ConsumerInfo>(data),
        2 => survives::<StreamConfig>(data),
        3 => survives::<ConsumerConfig>(data),
        4 => survives::<api::AccountInfo>(data),
        5 => survives::<ApiError>(data),
        6 => survives::<PubAck>(data),
        7 => survives::<api::StoredMsg>(data),
        8 => survives::<api::ConsumerPause>(data),
        9 => survives::<api::Done>(data),
        10 => drop(parse::<api::ConsumerReset>(data)),
        _ => {
            if let Ok(Some(advisory)) = Advisory::read(data) {
                let _ = advisory.kind();
            }
        }
    }
});
