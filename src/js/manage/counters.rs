//! Reading subjects that are counters (ADR-49); [`publish`](crate::js::publish) adds to them.
//!
//! Values have any number of digits, so they are decimal text; [`CounterValue::to_i64`] converts those that fit.

use std::collections::BTreeMap;

use super::Call;
use super::direct::DirectGet;
use crate::error::{Error as Plain, Result as PlainResult, Status};
use crate::js::api::json::{Metadata, object, parse};
use crate::js::error::Result;
use crate::msg::Msg;
use crate::words::shown;

const INCREMENT: &[u8] = b"Nats-Incr";
const SOURCES: &[u8] = b"Nats-Counter-Sources";

/// A whole number of any size, in decimal digits, with `-` in front of a negative one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CounterValue(String);

impl CounterValue {
    /// Parses a number with or without a sign.
    pub fn parse(text: &str) -> PlainResult<Self> {
        let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            let text = format!("'{}' is not a whole number", shown(text.as_bytes()));
            return Err(Plain::invalid_arg(text));
        }
        let digits = match digits.trim_start_matches('0') {
            "" => "0",
            digits => digits,
        };
        let sign = match text.starts_with('-') && digits != "0" {
            true => "-",
            false => "",
        };
        Ok(CounterValue(format!("{sign}{digits}")))
    }

    /// Its digits, with `-` in front of a negative one.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The number, if it fits 64 bits.
    pub fn to_i64(&self) -> Option<i64> {
        self.0.parse().ok()
    }
}

/// The state of a counter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counter {
    /// Its subject.
    pub subject: String,
    /// Its value.
    pub value: CounterValue,
    /// The number that was added last.
    pub increment: Option<CounterValue>,
    /// For a counter that aggregates others: their contributions, by stream and subject.
    pub sources: BTreeMap<String, Metadata>,
    /// The sequence of its last change.
    pub sequence: u64,
}

/// The payload of a counter's message.
#[derive(Debug, Clone, Default, PartialEq)]
struct Stored {
    value: String,
}

object!(Stored { value "val" always });

impl Call<'_> {
    /// Reads a counter of a stream. If nothing was ever added to it, it is not found.
    pub fn counter(&self, stream: &str, subject: &str) -> Result<Counter> {
        if subject.is_empty() {
            return Err(Plain::invalid_arg("subject is required").into());
        }
        let which = DirectGet {
            last_by_subject: subject,
            ..Default::default()
        };
        Ok(counter_of(&self.direct_get(stream, &which)?)?)
    }

    /// Reads the counters of a stream whose subjects match one of these, all of one state of the stream.
    pub fn counters(&self, stream: &str, subjects: &[&str]) -> Result<Vec<Counter>> {
        let found = self.direct_get_last(stream, subjects)?;
        Ok(found.iter().map(counter_of).collect::<PlainResult<_>>()?)
    }
}

/// Parses the stored message of a counter.
fn counter_of(msg: &Msg) -> PlainResult<Counter> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let number = |bytes: &[u8]| CounterValue::parse(&text(bytes)).ok();
    let stored: Stored = parse(msg.payload())?;
    let value = CounterValue::parse(&stored.value).map_err(|_| {
        let subject = shown(msg.subject());
        Plain::new(
            Status::NATS_ERR,
            format!("the message of '{subject}' is not a counter"),
        )
    })?;
    let sources = match msg.header(SOURCES) {
        Some(sources) => parse(sources)?,
        None => BTreeMap::new(),
    };
    Ok(Counter {
        subject: text(msg.subject()),
        value,
        increment: msg.header(INCREMENT).and_then(number),
        sources,
        sequence: msg.sequence(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_any_size() {
        let large = "123456789012345678901234567890";
        for (text, plain) in [
            ("0", "0"),
            ("-0", "0"),
            ("+007", "7"),
            ("-12", "-12"),
            (large, large),
        ] {
            assert_eq!(CounterValue::parse(text).unwrap().as_str(), plain);
        }
        let number = |text| CounterValue::parse(text).unwrap().to_i64();
        assert_eq!(number("-9223372036854775808"), Some(i64::MIN));
        assert_eq!(number("9223372036854775808"), None);
        for bad in ["", "+", "1.5", "--1", "1 ", "0x1", "1\r\nX: y"] {
            let error = CounterValue::parse(bad).unwrap_err();
            assert_eq!(error.status(), Status::NATS_INVALID_ARG);
        }
    }

    #[test]
    fn a_counter_in_a_message() {
        let headers = b"NATS/1.0\r\nNats-Incr: +2\r\nNats-Counter-Sources: {\"ES\":{\"count.es\":\"5\"}}\r\n\r\n";
        let mut msg = Msg::create_with(b"count", None, headers, br#"{"val":"100"}"#).unwrap();
        msg.set_origin(7, 1);
        let counter = counter_of(&msg).unwrap();
        assert_eq!((counter.value.as_str(), counter.sequence), ("100", 7));
        assert_eq!(counter.increment.unwrap().as_str(), "2");
        assert_eq!(counter.sources["ES"]["count.es"], "5");
        for bad in [&b"x"[..], b"{}", br#"{"val":1}"#, br#"{"val":"x"}"#, b""] {
            let msg = Msg::create(b"count", None, bad).unwrap();
            counter_of(&msg).unwrap_err();
        }
    }
}
