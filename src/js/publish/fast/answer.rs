//! What a stream says of a fast batch, by the subject and the body of its answer.

use serde_json::Value;

use super::super::ack::{self, Ack};
use super::super::sync_publish::no_responders;
use crate::error::{Error as Plain, Status};
use crate::js::Error;
use crate::js::api::json::{Json, parse_value};
use crate::js::api::{ApiError, ErrCode};
use crate::msg::Msg;

/// What a message of a batch is for: the last but one token of its reply subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    /// The first message.
    Start,
    /// A further one.
    Append,
    /// The last one, which is stored.
    CommitMessage,
    /// The end of the batch, which is not stored.
    CommitEob,
    /// To keep the batch alive, and to be told again how far the stream is.
    Ping,
}

impl Operation {
    pub(super) fn token(self) -> u8 {
        match self {
            Operation::Start => b'0',
            Operation::Append => b'1',
            Operation::CommitMessage => b'2',
            Operation::CommitEob => b'3',
            Operation::Ping => b'4',
        }
    }

    fn parse(token: &[u8]) -> Option<Self> {
        Some(match token {
            b"0" => Operation::Start,
            b"1" => Operation::Append,
            b"2" => Operation::CommitMessage,
            b"3" => Operation::CommitEob,
            b"4" => Operation::Ping,
            _ => return None,
        })
    }
}

/// What the stream says.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Said {
    /// The messages up to this number have been seen to; the next acknowledgement comes after so many more.
    Ack { seq: u64, every: u64 },
    /// This number came where `expected` was due.
    Gap { expected: u64, seq: u64 },
    /// The message of this number was not stored.
    Refused { seq: u64, error: Error },
    /// The batch has ended with this number.
    Ended { count: u64 },
    /// The message was stored by itself, as by a server that knows no fast batches.
    StoredAlone,
    /// Anything else that a message can be answered with.
    Failed(Error),
    /// What a newer server may say.
    Unknown,
}

/// The number and the operation of the message that an answer is for. `rest`: its subject behind what all reply
/// subjects of the batch begin with.
pub(super) fn addressee(rest: &[u8]) -> Option<(u64, Operation)> {
    let mut tokens = rest.rsplit(|b| *b == b'.').skip(1);
    let operation = Operation::parse(tokens.next()?)?;
    let number = std::str::from_utf8(tokens.next()?).ok()?.parse().ok()?;
    Some((number, operation))
}

/// Reads an answer.
pub(super) fn read(answer: &Msg) -> Said {
    if answer.is_no_responders() {
        return Said::Failed(no_responders(None));
    }
    if let Some(status) = answer.status() {
        let text = String::from_utf8_lossy(status.description);
        let text = format!("the server answered with status {}: {text}", status.code);
        return Said::Failed(Plain::new(Status::NATS_ERR, text).into());
    }
    read_body(answer.payload())
}

pub(super) fn read_body(body: &[u8]) -> Said {
    if let Some(ack) = ack::plain(body) {
        return stored(&ack);
    }
    let value = match parse_value(body) {
        Ok(value @ Value::Object(_)) => value,
        Ok(_) => return Said::Failed(Plain::new(Status::NATS_ERR, NO_ANSWER).into()),
        Err(e) => return Said::Failed(e.into()),
    };
    let number = |name: &str| value.get(name).and_then(Value::as_u64);
    match value.get("type").and_then(Value::as_str) {
        Some("ack") => Said::Ack {
            seq: number("seq").unwrap_or(0),
            every: number("msgs").unwrap_or(1),
        },
        Some("gap") => Said::Gap {
            // Called the last sequence, but seen to be the one that is due.
            expected: number("last_seq").unwrap_or(0),
            seq: number("seq").unwrap_or(0),
        },
        Some("err") => Said::Refused {
            seq: number("seq").unwrap_or(0),
            error: error_in(value.get("error")),
        },
        Some(_) => Said::Unknown,
        None => match ack::parse(body) {
            Ok(ack) => stored(&ack),
            Err(error) => Said::Failed(error),
        },
    }
}

/// What is said where an answer cannot be one.
const NO_ANSWER: &str = "the answer is none that a stream gives";

fn stored(ack: &Ack<'_>) -> Said {
    match ack.batch.is_empty() {
        true => Said::StoredAlone,
        false => Said::Ended { count: ack.count },
    }
}

fn error_in(value: Option<&Value>) -> Error {
    match value.map(|error| ApiError::read(error.clone())) {
        Some(Ok(error)) => Error::from_api(error),
        _ => Error::new(Plain::from(Status::NATS_ERR), ErrCode::NONE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_by_example() {
        let ack = Said::Ack { seq: 20, every: 10 };
        assert_eq!(read_body(br#"{"type":"ack","seq":20,"msgs":10}"#), ack);
        assert_eq!(
            read_body(br#"{"msgs":10,"more":[],"seq":20,"type":"ack"}"#),
            ack
        );
        assert_eq!(
            read_body(br#"{"type":"gap","last_seq":3,"seq":4}"#),
            Said::Gap {
                expected: 3,
                seq: 4
            }
        );
        assert_eq!(
            read_body(br#"{"stream":"S","seq":25,"batch":"a","count":24}"#),
            Said::Ended { count: 24 }
        );
        assert_eq!(
            read_body(br#"{"stream":"S","seq":25,"domain":"\u0041","batch":"a","count":24}"#),
            Said::Ended { count: 24 }
        );
        assert_eq!(read_body(br#"{"stream":"S","seq":25}"#), Said::StoredAlone);
        assert_eq!(read_body(br#"{"type":"news","seq":1}"#), Said::Unknown);
    }

    #[test]
    fn errors_by_example() {
        let body = br#"{"type":"err","seq":3,"error":{"code":400,"err_code":10071,"description":"wrong last sequence: 34"}}"#;
        let Said::Refused { seq: 3, error } = read_body(body) else {
            panic!("not refused");
        };
        assert_eq!(error.code(), ErrCode(10071));
        assert_eq!(error.text(), "wrong last sequence: 34");
        let body = br#"{"error":{"code":400,"err_code":10208,"description":"batch publish ID unknown"},"stream":"S","seq":0}"#;
        let Said::Failed(error) = read_body(body) else {
            panic!("not failed");
        };
        assert_eq!(error.code(), ErrCode::FAST_BATCH_UNKNOWN_ID);
        for body in [&b""[..], b"[]", b"OK", b"{", br#"{"type":"err","seq":1}"#] {
            match read_body(body) {
                Said::Failed(error) | Said::Refused { error, .. } => {
                    assert_ne!(error.status(), Status::NATS_OK);
                }
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn numbers_and_operations_of_subjects() {
        assert_eq!(
            addressee(b"100.fail.17.1.$FI"),
            Some((17, Operation::Append))
        );
        assert_eq!(addressee(b"1.ok.2.4.$FI"), Some((2, Operation::Ping)));
        for rest in [&b"100.fail.17.9.$FI"[..], b"$FI", b"1.$FI", b"x.1.$FI", b""] {
            assert_eq!(addressee(rest), None);
        }
        for operation in [
            Operation::Start,
            Operation::Append,
            Operation::CommitMessage,
            Operation::CommitEob,
            Operation::Ping,
        ] {
            assert_eq!(Operation::parse(&[operation.token()]), Some(operation));
        }
    }
}
