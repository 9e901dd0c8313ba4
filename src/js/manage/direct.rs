//! Direct gets (ADR-31): messages from any replica of a stream.
//!
//! The answer is the message itself, with its origin in headers.

use serde_json::{Map, Value, json};

use super::{Call, body};
use crate::error::{Error as Plain, Result as PlainResult, Status};
use crate::js::error::{Error, Result};
use crate::js::names::check_stream;
use crate::js::time::Time;
use crate::msg::Msg;
use crate::words::shown;

const STREAM: &[u8] = b"Nats-Stream";
const SUBJECT: &[u8] = b"Nats-Subject";
const SEQUENCE: &[u8] = b"Nats-Sequence";
const TIME: &[u8] = b"Nats-Time-Stamp";

/// Selects the message that a direct get reads. The server refuses invalid combinations.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DirectGet<'a> {
    /// The message with this sequence, or with `next_by_subject` the first one from it on; 0 for none.
    pub sequence: u64,
    /// The first message of this subject.
    pub next_by_subject: &'a str,
    /// The last message of this subject; takes precedence over all others.
    pub last_by_subject: &'a str,
    /// The first message stored at this time or later.
    pub start_time: Time,
    /// Only the payload: the answer has no headers, so the origin of the message is unknown. Servers before 2.12 send
    /// the headers nevertheless.
    pub no_headers: bool,
}

impl DirectGet<'_> {
    fn body(&self) -> Vec<u8> {
        let mut request = Map::new();
        if !self.last_by_subject.is_empty() {
            request.insert("last_by_subj".to_owned(), json!(self.last_by_subject));
        } else {
            put_number(&mut request, "seq", self.sequence);
            put_text(&mut request, "next_by_subj", self.next_by_subject);
            put_time(&mut request, "start_time", self.start_time);
        }
        if self.no_headers {
            request.insert("no_hdr".to_owned(), json!(true));
        }
        body(request.into())
    }
}

pub(super) fn put_number(request: &mut Map<String, Value>, name: &str, number: u64) {
    if number > 0 {
        request.insert(name.to_owned(), json!(number));
    }
}

pub(super) fn put_text(request: &mut Map<String, Value>, name: &str, text: &str) {
    if !text.is_empty() {
        request.insert(name.to_owned(), json!(text));
    }
}

pub(super) fn put_time(request: &mut Map<String, Value>, name: &str, time: Time) {
    if time > Time(0) {
        request.insert(name.to_owned(), json!(time.to_text()));
    }
}

impl Call<'_> {
    /// Reads a message of a stream that allows direct gets.
    pub fn direct_get(&self, stream: &str, which: &DirectGet<'_>) -> Result<Msg> {
        check_stream(stream)?;
        let last = which.last_by_subject;
        // The subject is a part of the request's subject, so that permissions can refer to it.
        let (subject, request) = match last.is_empty() || which.no_headers {
            true => (self.subject("DIRECT.GET", &[stream]), which.body()),
            false => (self.subject("DIRECT.GET", &[stream, last]), Vec::new()),
        };
        let reply = self
            .request_msg(&subject, &request, self.deadline())
            .map_err(without_code)?;
        Ok(direct_msg(reply, which.no_headers)?)
    }
}

/// Direct gets have no error codes.
pub(super) fn without_code(error: Error) -> Error {
    Plain::from(error).into()
}

pub(super) fn number(msg: &Msg, name: &[u8]) -> Option<u64> {
    std::str::from_utf8(msg.header(name)?).ok()?.parse().ok()
}

/// A header that a direct get must have, and its name in error texts.
fn need<'m>(msg: &'m Msg, name: &[u8], what: &str) -> PlainResult<&'m [u8]> {
    msg.header(name)
        .filter(|v| !v.is_empty())
        .ok_or_else(|| bad(msg, name, what))
}

#[cold]
fn bad(msg: &Msg, name: &[u8], what: &str) -> Plain {
    let value = msg.header(name).unwrap_or_default();
    Plain::new(Status::NATS_ERR, format!("{what} '{}'", shown(value)))
}

/// The error for a status that ends a direct get.
pub(super) fn status_error(code: u16, description: &[u8]) -> Plain {
    let status = match code {
        404 => return Status::NATS_NOT_FOUND.into(),
        // More subjects than the server can look up at once.
        413 => Status::NATS_LIMIT_REACHED,
        _ => Status::NATS_ERR,
    };
    Plain::new(
        status,
        format!("error getting message: {}", shown(description)),
    )
}

/// The stored message that an answer is.
pub(super) fn direct_msg(reply: Msg, no_headers: bool) -> PlainResult<Msg> {
    if reply.header_block().is_none() {
        return match no_headers {
            true => Ok(reply),
            false => {
                let text = "direct get message response should have headers";
                Err(Plain::new(Status::NATS_ERR, text))
            }
        };
    }
    if let Some(status) = reply.status() {
        return Err(status_error(status.code, status.description));
    }
    stored_msg(&reply)
}

/// Sets the subject, the sequence and the time of a message from its headers.
pub(super) fn stored_msg(reply: &Msg) -> PlainResult<Msg> {
    need(reply, STREAM, "missing stream name")?;
    let sequence = number(reply, SEQUENCE);
    let sequence = sequence.ok_or_else(|| bad(reply, SEQUENCE, "missing or invalid sequence"))?;
    let time = need(reply, TIME, "missing or invalid timestamp")?;
    let time = std::str::from_utf8(time)
        .ok()
        .and_then(|t| Time::parse(t).ok());
    let time = time.ok_or_else(|| bad(reply, TIME, "missing or invalid timestamp"))?;
    let subject = need(reply, SUBJECT, "missing or invalid subject")?;
    let mut msg = Msg::create_with(subject, None, reply.raw_headers(), reply.payload())?;
    msg.set_origin(sequence, time.0);
    Ok(msg)
}

#[cfg(test)]
#[path = "direct_tests.rs"]
mod tests;
