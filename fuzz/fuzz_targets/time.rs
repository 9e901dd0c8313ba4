//! Points in time and durations.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nats_rs::js::time::{Time, header_duration};

fn survives(time: Time) {
    let text = time.to_text();
    match Time::parse(&text) {
        Ok(again) => assert_eq!(again, time, "{text}"),
        Err(error) => panic!("{} is {text}: {error}", time.0),
    }
}

/// What a duration says, in milliseconds.
fn millis(text: &str) -> i128 {
    let (sign, text) = match text.strip_prefix('-') {
        Some(text) => (-1, text),
        None => (1, text),
    };
    if let Some(ms) = text.strip_suffix("ms") {
        return sign * ms.parse::<i128>().expect("a number");
    }
    let text = text.strip_suffix('s').expect("seconds come last");
    let (hours, text) = text.split_once('h').unwrap_or(("0", text));
    let (minutes, text) = text.split_once('m').unwrap_or(("0", text));
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, ""));
    let number = |text: &str| text.parse::<i128>().expect("a number");
    sign * (number(hours) * 3_600_000
        + number(minutes) * 60_000
        + number(seconds) * 1000
        + number(&format!("{fraction:0<3}")))
}

fuzz_target!(|data: &[u8]| {
    if let Ok(time) = Time::parse(&String::from_utf8_lossy(data)) {
        survives(time);
    }
    if let Some(bytes) = data.first_chunk() {
        let n = i64::from_le_bytes(*bytes);
        survives(Time(n));
        assert_eq!(millis(&header_duration(n)), i128::from(n));
    }
});
