//! The answer of a server to a message that was published to a stream.

use std::borrow::Cow;

use serde_json::Value;
use smallvec::SmallVec;

use crate::error::{Error as Plain, Status};
use crate::js::api::json::{Json, parse_value};
use crate::js::api::{ApiError, PubAck};
use crate::js::{Error, Result};
use crate::msg::Msg;
use crate::proto::decimal;
use crate::words::shown;

/// The acknowledgement of a message that was stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ack<'a> {
    /// The stream that stored it.
    pub stream: Cow<'a, [u8]>,
    /// Its sequence in the stream.
    pub sequence: u64,
    /// The JetStream domain; empty if there is none.
    pub domain: Cow<'a, [u8]>,
    /// A message with the same id had been stored before.
    pub duplicate: bool,
    /// The id of the batch that the message ended; empty if it did not.
    pub batch: Cow<'a, [u8]>,
    /// The number of messages of that batch.
    pub count: u64,
    /// The value of the counter; empty if the message does not belong to a counter.
    pub value: Cow<'a, [u8]>,
}

/// Reads an answer: an acknowledgement, or the error that it is.
pub fn of(answer: &Msg) -> Result<Ack<'_>> {
    match status_error(answer) {
        Some(error) => Err(error),
        None => parse(answer.payload()),
    }
}

/// The error that an answer is which consists of a status. Streams answer by JSON, or by nothing.
pub fn status_error(answer: &Msg) -> Option<Error> {
    let said = answer.status()?;
    let status = match said.code {
        503 => Status::NATS_NO_RESPONDERS,
        _ => Status::NATS_ERR,
    };
    Some(match said.description.is_empty() {
        true if status == Status::NATS_ERR => {
            Plain::new(status, format!("the answer is status {}", said.code)).into()
        }
        true => status.into(),
        false => Plain::new(status, shown(said.description).to_string()).into(),
    })
}

/// Reads the body of an answer. An empty one acknowledges nothing in particular.
pub fn parse(body: &[u8]) -> Result<Ack<'_>> {
    if body.is_empty() {
        return Ok(Ack::default());
    }
    match plain(body) {
        Some(ack) => Ok(ack),
        None => parse_json(body),
    }
}

/// Reads an acknowledgement as servers write it: one object of strings without escapes, whole numbers
/// and truth values. `None` for anything else, errors above all.
pub(super) fn plain(body: &[u8]) -> Option<Ack<'_>> {
    match shortest(body) {
        Some((stream, sequence)) => Some(Ack {
            stream: stream.into(),
            sequence,
            ..Ack::default()
        }),
        None => any_plain(body),
    }
}

/// The stream and the sequence of an acknowledgement that has nothing else, as servers write it.
fn shortest(body: &[u8]) -> Option<(&[u8], u64)> {
    let rest = body.strip_prefix(br#"{"stream":""#)?;
    let end = rest.iter().position(is_special)?;
    let (stream, rest) = rest.split_at(end);
    let digits = rest.strip_prefix(br#"","seq":"#)?.strip_suffix(b"}")?;
    let sequence = number(digits)?;
    (!stream.is_empty()).then_some((stream, sequence))
}

/// Recognises acknowledgements that differ from an earlier one in the sequence at most: those of one stream, one after
/// the other.
#[derive(Default)]
pub(super) struct Alike(SmallVec<[u8; 64]>);

impl Alike {
    /// As [`of`], for those that need not know what an acknowledgement says.
    pub(super) fn check(&mut self, answer: &Msg) -> Result<()> {
        if let Some(error) = status_error(answer) {
            return Err(error);
        }
        let body = answer.payload();
        let digits = body
            .strip_prefix(&self.0[..])
            .and_then(|rest| rest.strip_suffix(b"}"));
        if !self.0.is_empty() && digits.is_some_and(is_number) {
            return Ok(());
        }
        parse(body)?;
        if let Some((_, sequence)) = shortest(body) {
            let digits = sequence.max(1).ilog10() as usize + 1;
            self.0 = SmallVec::from_slice(&body[..body.len() - digits - 1]);
        }
        Ok(())
    }
}

/// Is it a number as JSON writes it, which fits whatever its digits are?
fn is_number(digits: &[u8]) -> bool {
    let fits = matches!(digits.len(), 1..20) && (digits[0] != b'0' || digits.len() == 1);
    fits && digits.iter().all(u8::is_ascii_digit)
}

/// A number as JSON writes it: no zero in front of other digits.
fn number(digits: &[u8]) -> Option<u64> {
    match digits {
        [b'0', _, ..] => None,
        _ => decimal::whole(digits),
    }
}

/// Ends a text, or is written otherwise in JSON.
fn is_special(b: &u8) -> bool {
    !matches!(b, b' '..=b'~') || matches!(b, b'"' | b'\\')
}

fn any_plain(body: &[u8]) -> Option<Ack<'_>> {
    let mut ack = Ack::default();
    let mut text = Text(body);
    text.symbol(b'{')?;
    loop {
        let key = text.string()?;
        text.symbol(b':')?;
        match key {
            b"stream" => ack.stream = text.string()?.into(),
            b"seq" => ack.sequence = text.number()?,
            b"domain" => ack.domain = text.string()?.into(),
            b"duplicate" => ack.duplicate = text.truth()?,
            b"batch" => ack.batch = text.string()?.into(),
            b"count" => ack.count = text.number()?,
            b"val" => ack.value = text.string()?.into(),
            _ => return None,
        }
        match text.next()? {
            b',' => {}
            b'}' => break,
            _ => return None,
        }
    }
    (text.0.is_empty() && !ack.stream.is_empty()).then_some(ack)
}

/// The unparsed remainder of a text.
struct Text<'a>(&'a [u8]);

impl<'a> Text<'a> {
    fn skip_blanks(&mut self) {
        while let [b' ', rest @ ..] = self.0 {
            self.0 = rest;
        }
    }

    fn next(&mut self) -> Option<u8> {
        self.skip_blanks();
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn symbol(&mut self, symbol: u8) -> Option<()> {
        (self.next()? == symbol).then_some(())
    }

    fn string(&mut self) -> Option<&'a [u8]> {
        self.symbol(b'"')?;
        let end = self.0.iter().position(is_special)?;
        let (text, rest) = self.0.split_at(end);
        self.0 = rest.strip_prefix(b"\"")?;
        Some(text)
    }

    fn number(&mut self) -> Option<u64> {
        self.skip_blanks();
        let digits = self.0.iter().take_while(|b| b.is_ascii_digit()).count();
        let (number, rest) = self.0.split_at(digits);
        self.0 = rest;
        self::number(number)
    }

    fn truth(&mut self) -> Option<bool> {
        self.skip_blanks();
        for (word, truth) in [(&b"true"[..], true), (b"false", false)] {
            if let Some(rest) = self.0.strip_prefix(word) {
                self.0 = rest;
                return Some(truth);
            }
        }
        None
    }
}

/// Only a stream stores messages.
#[cold]
fn nameless() -> Error {
    let text = "the answer to the publish names no stream: the message may not be stored";
    Plain::new(Status::NATS_ERR, text).into()
}

#[cold]
fn parse_json(body: &[u8]) -> Result<Ack<'static>> {
    let mut value = parse_value(body)?;
    let error = value.get_mut("error").map_or(Value::Null, Value::take);
    if !error.is_null() {
        let error = ApiError::read(error).map_err(Plain::from)?;
        if error.is_error() {
            return Err(Error::from_api(error));
        }
    }
    let ack = PubAck::read(value).map_err(Plain::from)?;
    if ack.stream.is_empty() {
        return Err(nameless());
    }
    Ok(Ack {
        stream: ack.stream.into_bytes().into(),
        sequence: ack.sequence,
        domain: ack.domain.into_bytes().into(),
        duplicate: ack.duplicate,
        batch: ack.batch.into_bytes().into(),
        count: ack.count,
        value: ack.value.into_bytes().into(),
    })
}

#[cfg(test)]
#[path = "ack_tests.rs"]
mod tests;
