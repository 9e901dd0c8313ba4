//! Single messages, through the API of the stream's leader: get, delete, erase.

use serde_json::{Value, json};

use super::{Call, body, not_done, not_found};
use crate::error::{Error as Plain, Status};
use crate::js::api::json::{Fields, Json, take};
use crate::js::api::{Done, ErrCode, StoredMsg};
use crate::js::error::Result;
use crate::js::names::check_stream;
use crate::msg::Msg;

const NO_MESSAGE: &[ErrCode] = &[ErrCode::NO_MESSAGE_FOUND];
const NO_STREAM: &[ErrCode] = &[ErrCode::STREAM_NOT_FOUND];

/// Selects a message of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GetMsg<'a> {
    /// The message with this sequence.
    Sequence(u64),
    /// The last message of a subject.
    LastOf(&'a str),
    /// The first message of a subject, which may have wildcards, from a sequence on.
    NextOf(&'a str, u64),
}

impl Call<'_> {
    /// Reads a message of a stream, with the subject, headers, payload, sequence and time with which it was stored.
    pub fn get_msg(&self, stream: &str, which: GetMsg<'_>) -> Result<Msg> {
        check_stream(stream)?;
        let request = match which {
            GetMsg::Sequence(0) => {
                return Err(Plain::invalid_arg("sequence must be greater than zero").into());
            }
            GetMsg::LastOf("") | GetMsg::NextOf("", _) => {
                return Err(Plain::invalid_arg("subject is required").into());
            }
            GetMsg::Sequence(sequence) => json!({ "seq": sequence }),
            GetMsg::LastOf(subject) => json!({ "last_by_subj": subject }),
            GetMsg::NextOf(subject, sequence) => {
                json!({ "seq": sequence, "next_by_subj": subject })
            }
        };
        let answer = self.request("STREAM.MSG.GET", &[stream], &body(request));
        msg_of(not_found(answer, NO_MESSAGE)?)
    }

    /// Deletes a message of a stream.
    pub fn delete_msg(&self, stream: &str, sequence: u64) -> Result<()> {
        self.remove_msg(stream, sequence, true)
    }

    /// Deletes a message of a stream and overwrites its data on disk.
    pub fn erase_msg(&self, stream: &str, sequence: u64) -> Result<()> {
        self.remove_msg(stream, sequence, false)
    }

    fn remove_msg(&self, stream: &str, sequence: u64, no_erase: bool) -> Result<()> {
        check_stream(stream)?;
        let request = match no_erase {
            true => json!({ "seq": sequence, "no_erase": true }),
            false => json!({ "seq": sequence }),
        };
        let answer = self.request("STREAM.MSG.DELETE", &[stream], &body(request));
        let done: Done = not_found(answer, NO_STREAM)?;
        match done.success {
            true => Ok(()),
            false => Err(not_done(format!("failed to delete message {sequence}"))),
        }
    }
}

/// The message in an answer.
pub(super) fn msg_of(answer: Value) -> Result<Msg> {
    let mut fields = match answer {
        Value::Null => Fields::new(),
        answer => Fields::read(answer).map_err(Plain::from)?,
    };
    let stored: Option<StoredMsg> = take(&mut fields, "message").map_err(Plain::from)?;
    let stored =
        stored.ok_or_else(|| Plain::new(Status::NATS_NOT_FOUND, "message content not found"))?;
    let mut msg = Msg::create_with(
        stored.subject.as_bytes(),
        None,
        &stored.headers.0,
        &stored.data.0,
    )?;
    msg.set_origin(stored.sequence, stored.time.0);
    Ok(msg)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_what_was_stored() {
        let msg = msg_of(
            json!({"message": {"subject": "a.b", "seq": 7, "data": "aGk=",
            "hdrs": "TkFUUy8xLjANCkE6IDENCg0K", "time": "1970-01-01T00:00:01.5Z"}}),
        )
        .unwrap();
        assert_eq!((msg.subject(), msg.payload()), (&b"a.b"[..], &b"hi"[..]));
        assert_eq!((msg.sequence(), msg.time()), (7, 1_500_000_000));
        assert_eq!(msg.header(b"A"), Some(&b"1"[..]));
        assert_eq!(msg.reply(), None);
        let bare = msg_of(json!({"message": {"subject": "a", "seq": 1}})).unwrap();
        assert!(bare.payload().is_empty() && bare.header_block().is_none());
    }

    #[test]
    fn answers_without_a_message() {
        for empty in [json!({}), json!({"message": null}), Value::Null] {
            let error = msg_of(empty).unwrap_err();
            assert_eq!(
                (error.status(), error.text()),
                (Status::NATS_NOT_FOUND, "message content not found")
            );
        }
        for bad in [
            json!([]),
            json!({"message": 7}),
            json!({"message": {"data": "?"}}),
        ] {
            assert_eq!(msg_of(bad).unwrap_err().status(), Status::NATS_INVALID_ARG);
        }
    }
}
