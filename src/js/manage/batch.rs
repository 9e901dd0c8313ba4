//! Reading several messages of a stream with one direct get (ADR-31).
//!
//! The messages arrive one after the other. A message without a payload but with a status marks the end.

use std::iter;
use std::time::Instant;

use serde_json::{Map, json};

use super::direct::{
    number, put_number, put_text, put_time, status_error, stored_msg, without_code,
};
use super::{Call, body};
use crate::client::ManyLimits;
use crate::error::{Error as Plain, Result as PlainResult, Status};
use crate::js::error::Result;
use crate::js::names::check_stream;
use crate::js::time::Time;
use crate::msg::Msg;

const NUM_PENDING: &[u8] = b"Nats-Num-Pending";
const LAST_SEQUENCE: &[u8] = b"Nats-Last-Sequence";
const UP_TO_SEQUENCE: &[u8] = b"Nats-UpTo-Sequence";

/// The messages to be read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BatchGet<'a> {
    /// The maximum number of messages; 0 for the server's limit.
    pub batch: u64,
    /// The maximum number of bytes; 0 for the server's limit.
    pub max_bytes: u64,
    /// The first sequence; 0 for the first message of the stream.
    pub sequence: u64,
    /// The time of the first message.
    pub start_time: Time,
    /// The subject of the messages, which may have wildcards; empty for all.
    pub next_by_subject: &'a str,
    /// The last message of each subject that matches one of these, for at most 1024 subjects. Not together with
    /// `next_by_subject`.
    pub multi_last: &'a [&'a str],
    /// With `multi_last`: the state of the stream at which this was its last sequence.
    pub up_to_sequence: u64,
    /// With `multi_last`: the state of the stream at this time.
    pub up_to_time: Time,
}

/// The result of a [`BatchGet`].
#[derive(Default)]
pub struct DirectBatch {
    /// The messages, in the order of their sequences.
    pub msgs: Vec<Msg>,
    /// The number of further messages of the server that match the request.
    pub pending: u64,
    /// The last sequence among the messages: the next request starts behind it.
    pub last_sequence: u64,
    /// With `multi_last`: the state of the stream that was read. The next request repeats it, so that all messages are
    /// of one state.
    pub up_to_sequence: u64,
}

impl BatchGet<'_> {
    fn body(&self) -> PlainResult<Vec<u8>> {
        let mut request = Map::new();
        put_number(&mut request, "batch", self.batch);
        put_number(&mut request, "max_bytes", self.max_bytes);
        // The request must have a start.
        let from_start = self.multi_last.is_empty() && self.start_time == Time(0);
        let sequence = self.sequence.max(u64::from(from_start));
        put_number(&mut request, "seq", sequence);
        put_time(&mut request, "start_time", self.start_time);
        put_text(&mut request, "next_by_subj", self.next_by_subject);
        if !self.multi_last.is_empty() {
            request.insert("multi_last".to_owned(), json!(self.multi_last));
        } else if self.batch == 0 {
            // Without either of them it would be the request for a single message.
            return Err(Plain::invalid_arg(
                "a batch needs a number of messages or subjects",
            ));
        }
        put_number(&mut request, "up_to_seq", self.up_to_sequence);
        put_time(&mut request, "up_to_time", self.up_to_time);
        Ok(body(request.into()))
    }
}

impl Call<'_> {
    /// Reads messages of a stream that allows direct gets, with one request. There may be more of them, see
    /// [`DirectBatch::pending`].
    pub fn direct_get_batch(&self, stream: &str, which: &BatchGet<'_>) -> Result<DirectBatch> {
        self.direct_get_batch_until(stream, which, self.deadline())
    }

    /// Reads the last message of each subject that matches one of these, whatever their number: all of one state of the
    /// stream. The call's timeout applies to all requests together.
    pub fn direct_get_last(&self, stream: &str, subjects: &[&str]) -> Result<Vec<Msg>> {
        let deadline = self.deadline();
        let mut all = Vec::new();
        let mut which = BatchGet {
            multi_last: subjects,
            ..Default::default()
        };
        loop {
            let batch = self.direct_get_batch_until(stream, &which, deadline)?;
            let nothing = batch.msgs.is_empty();
            all.extend(batch.msgs);
            if batch.pending == 0 {
                return Ok(all);
            }
            // If no progress is made, there will be no end.
            if nothing || batch.last_sequence < which.sequence {
                let text = "the server has more messages and does not send them";
                return Err(Plain::new(Status::NATS_ERR, text).into());
            }
            which.sequence = batch.last_sequence + 1;
            which.up_to_sequence = batch.up_to_sequence;
        }
    }

    fn direct_get_batch_until(
        &self,
        stream: &str,
        which: &BatchGet<'_>,
        deadline: Option<Instant>,
    ) -> Result<DirectBatch> {
        check_stream(stream)?;
        let request = which.body()?;
        // An older server would take it for the request for one message.
        self.need_server(2, 11, "batches of direct gets")?;
        let limits = ManyLimits {
            is_last: Some(&|msg| ends_batch(msg)),
            include_last: true,
            ..Default::default()
        };
        let subject = self.subject("DIRECT.GET", &[stream]);
        let replies = self.request_many(&subject, &request, deadline, &limits);
        let mut replies = replies.map_err(without_code)?;
        Ok(batch_of(iter::from_fn(|| replies.pop()))?)
    }
}

/// Does this message end the batch? A message with a status does, and so does the only answer of a server that does not
/// support batches.
fn ends_batch(reply: &Msg) -> bool {
    reply.status().is_some() || reply.header(NUM_PENDING).is_none()
}

/// The batch of these answers.
fn batch_of(replies: impl IntoIterator<Item = Msg>) -> PlainResult<DirectBatch> {
    let mut batch = DirectBatch::default();
    for reply in replies {
        match reply.status() {
            Some(status) if status.code == 204 => {
                batch.pending = number(&reply, NUM_PENDING).unwrap_or_default();
                let last = number(&reply, LAST_SEQUENCE);
                batch.last_sequence = last.unwrap_or(batch.last_sequence);
                batch.up_to_sequence = number(&reply, UP_TO_SEQUENCE).unwrap_or_default();
                return Ok(batch);
            }
            Some(status) => return Err(status_error(status.code, status.description)),
            None if reply.header(NUM_PENDING).is_none() => {
                let text = "batches of direct gets need a server of 2.11 or later";
                return Err(Plain::new(Status::NATS_NO_SERVER_SUPPORT, text));
            }
            None => {
                let msg = stored_msg(&reply)?;
                batch.last_sequence = msg.sequence();
                batch.msgs.push(msg);
            }
        }
    }
    // The end has not arrived.
    let text = format!(
        "direct get: {} messages came, and not the end of the batch in time",
        batch.msgs.len()
    );
    Err(Plain::new(Status::NATS_TIMEOUT, text))
}

#[cfg(test)]
#[path = "batch_tests.rs"]
mod tests;
