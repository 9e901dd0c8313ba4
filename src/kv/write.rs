//! Changing values: put, create, update, delete, purge.

use std::borrow::Cow;
use std::time::Duration;

use super::entry::{DELETED, OPERATION, Operation, PURGED};
use super::store::{Store, is_wrong_revision};
use crate::client::Publish;
use crate::error::{Error as Plain, Result as PlainResult, Status};
use crate::js::needs::need_server;
use crate::js::publish::options::{EXPECTED_LAST_SUBJECT_SEQ, TTL};
use crate::js::publish::{Batch, Commit, publish};
use crate::js::time::header_duration;
use crate::js::{Error, Result};
use crate::msg::Msg;
use crate::proto::headers::{HeaderBlock, HeaderMap};

/// The header of a message that replaces all earlier ones of its subject.
const ROLLUP: &[u8] = b"Nats-Rollup";
/// How often creating a key is tried again if other clients delete it at the same time.
const CREATE_RACES: usize = 5;
/// The maximum number of keys in a transaction, which is that of the messages in a batch.
pub const MOST_CHANGES: usize = 1000;

/// The conditions and options of a change.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Said {
    /// The revision that the key must have; 0 if the key must not exist.
    pub expect: Option<u64>,
    /// The time to live of the revision, in milliseconds; 0 or less for the bucket's setting.
    pub ttl_ms: i64,
}

/// One of several changes of keys.
#[derive(Debug, Clone, Copy)]
pub struct Change<'a> {
    /// The key.
    pub key: &'a str,
    /// The operation.
    pub operation: Operation,
    /// Its value; ignored unless it is put.
    pub value: &'a [u8],
    /// The conditions and options.
    pub said: Said,
}

/// The headers of a change.
fn headers(operation: Operation, said: &Said) -> HeaderMap {
    let mut headers = HeaderMap::new();
    match operation {
        Operation::Put => {}
        Operation::Delete => headers.set(OPERATION, Some(DELETED)),
        Operation::Purge => {
            headers.set(OPERATION, Some(PURGED));
            headers.set(ROLLUP, Some(b"sub"));
        }
    }
    if let Some(revision) = said.expect {
        let text = revision.to_string();
        headers.set(EXPECTED_LAST_SUBJECT_SEQ, Some(text.as_bytes()));
    }
    if said.ttl_ms > 0 {
        let text = header_duration(said.ttl_ms);
        headers.set(TTL, Some(text.as_bytes()));
    }
    headers
}

impl Store {
    /// Sets the value of a key unconditionally. Returns the revision.
    pub fn put(&self, key: &str, value: &[u8]) -> Result<u64> {
        self.change(key, Operation::Put, value, &Said::default(), None)
    }

    /// Sets the value of a key if its revision is `last`; 0 if it has none.
    pub fn update(&self, key: &str, value: &[u8], last: u64, ttl_ms: i64) -> Result<u64> {
        let said = Said {
            expect: Some(last),
            ttl_ms,
        };
        self.change(key, Operation::Put, value, &said, None)
    }

    /// Sets the value of a key that has none, because it was never set or was deleted.
    pub fn create(&self, key: &str, value: &[u8], ttl_ms: i64) -> Result<u64> {
        let stored_key = self.codecs().stored_key(key)?;
        let mut result = self.update(key, value, 0, ttl_ms);
        for _ in 0..CREATE_RACES {
            let Err(first) = result else { break };
            if first.status() == Status::NATS_INVALID_ARG {
                return Err(first);
            }
            match self.last(&stored_key) {
                Ok(entry) if entry.is_deleted() => {
                    result = self.update(key, value, entry.revision(), ttl_ms);
                    if !matches!(&result, Err(e) if is_wrong_revision(e)) {
                        break;
                    }
                }
                // The server has refused because there was a value, which has been deleted since.
                Err(e) if e.status() == Status::NATS_NOT_FOUND && is_wrong_revision(&first) => {
                    result = self.update(key, value, 0, ttl_ms);
                }
                _ => return Err(first),
            }
        }
        result
    }

    /// Deletes a key, whose history stays stored; with `at` only if it has this revision.
    pub fn delete(&self, key: &str, at: Option<u64>) -> Result<u64> {
        let said = Said {
            expect: at,
            ttl_ms: 0,
        };
        self.remove(key, Operation::Delete, &said, None)
    }

    /// Deletes a key and its history; with an expectation only if it has this revision. `wait` is the time to wait for
    /// the server, instead of the context's.
    pub fn purge(&self, key: &str, said: &Said, wait: Option<Duration>) -> Result<u64> {
        self.remove(key, Operation::Purge, said, wait)
    }

    fn remove(
        &self,
        key: &str,
        operation: Operation,
        said: &Said,
        wait: Option<Duration>,
    ) -> Result<u64> {
        if said.expect == Some(0) {
            return Err(Plain::invalid_arg("invalid revision").into());
        }
        self.change(key, operation, b"", said, wait)
            .map_err(mismatch)
    }

    fn change(
        &self,
        key: &str,
        operation: Operation,
        value: &[u8],
        said: &Said,
        wait: Option<Duration>,
    ) -> Result<u64> {
        if said.ttl_ms > 0 {
            need_server(self.context().connection(), 2, 11, "keys with a TTL")?;
        }
        let headers = headers(operation, said);
        let subject = self.write_subject(key)?;
        let value = self.payload(operation, value)?;
        let out = Publish {
            subject: subject.as_bytes(),
            headers: (!headers.is_empty()).then(|| HeaderBlock::of(&headers)),
            payload: &value,
            ..Publish::default()
        };
        let context = self.context();
        let wait = wait.unwrap_or_else(|| context.wait());
        let policy = context.publishing().policy();
        let answer = publish(context.connection(), &out, wait, policy)?;
        stored(answer.ack()?.map(|ack| ack.sequence))
    }

    /// Changes several keys atomically: if one of the changes is not possible, none is made. Returns the revision of
    /// the last change. The others have the preceding numbers.
    pub fn apply(&self, changes: &[Change<'_>]) -> Result<u64> {
        let Some((last, others)) = changes.split_last() else {
            return Err(Plain::invalid_arg("a transaction needs changes").into());
        };
        if changes.len() > MOST_CHANGES {
            let text = format!("a transaction can have {MOST_CHANGES} changes");
            return Err(Plain::new(Status::NATS_LIMIT_REACHED, text).into());
        }
        // Before anything is sent: none of them may be wrong.
        let mut last = self.message(last)?;
        let others = others.iter().map(|change| self.message(change));
        let others = others.collect::<Result<Vec<_>>>()?;
        self.check_atomic()?;
        let batch = Batch::new(self.context().connection());
        let call = self.call();
        let deadline = call.deadline();
        for mut change in others {
            if let Err(error) = batch.add(&mut change, deadline) {
                batch.discard();
                return Err(mismatch(error));
            }
        }
        let answer = batch.commit(&mut last, Commit::WithMessage, deadline);
        let answer = answer.map_err(mismatch)?;
        stored(answer.ack()?.map(|ack| ack.sequence))
    }

    fn message(&self, change: &Change<'_>) -> Result<Msg> {
        let subject = self.write_subject(change.key)?;
        let value = self.payload(change.operation, change.value)?;
        let mut msg = Msg::create(subject.as_bytes(), None, &value)?;
        let headers = headers(change.operation, &change.said);
        if !headers.is_empty() {
            *msg.headers_mut()? = headers;
        }
        Ok(msg)
    }

    /// The subject that a key is published on.
    fn write_subject(&self, key: &str) -> PlainResult<String> {
        let key = self.codecs().stored_key(key)?;
        Ok(format!("{}{key}", self.write_prefix()))
    }

    /// What is stored with an operation: only a put has a value.
    fn payload<'a>(&self, operation: Operation, value: &'a [u8]) -> PlainResult<Cow<'a, [u8]>> {
        match operation {
            Operation::Put => self.codecs().stored_value(value),
            Operation::Delete | Operation::Purge => Ok(Cow::Borrowed(b"")),
        }
    }
}

/// The revision in an acknowledgement.
fn stored(sequence: Option<u64>) -> Result<u64> {
    sequence.filter(|sequence| *sequence > 0).ok_or_else(|| {
        let text = "the answer does not say which revision was stored";
        Plain::new(Status::NATS_ERR, text).into()
    })
}

/// Converts the refusal of a change because of another revision into its status. The functions that nats.c has too
/// return another status.
fn mismatch(error: Error) -> Error {
    match is_wrong_revision(&error) {
        true => Error::new(
            Plain::new(Status::NATS_MISMATCH, error.text().to_owned()),
            error.code(),
        ),
        false => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::js::ErrCode;

    fn block(operation: Operation, said: Said) -> Vec<(Vec<u8>, Vec<u8>)> {
        let headers = headers(operation, &said);
        let mut all = Vec::new();
        for name in [OPERATION, ROLLUP, EXPECTED_LAST_SUBJECT_SEQ, TTL] {
            if let Some(Some(value)) = headers.get(name) {
                all.push((name.to_vec(), value.as_bytes().to_vec()));
            }
        }
        all
    }

    #[test]
    fn what_changes_say() {
        let pair = |name: &[u8], value: &[u8]| (name.to_vec(), value.to_vec());
        assert_eq!(block(Operation::Put, Said::default()), []);
        let said = Said {
            expect: Some(0),
            ttl_ms: 1500,
        };
        assert_eq!(
            block(Operation::Put, said),
            [pair(EXPECTED_LAST_SUBJECT_SEQ, b"0"), pair(TTL, b"1.5s")]
        );
        let none = Said {
            expect: None,
            ttl_ms: -1,
        };
        assert_eq!(block(Operation::Delete, none), [pair(OPERATION, b"DEL")]);
        assert_eq!(
            block(Operation::Purge, Said::default()),
            [pair(OPERATION, b"PURGE"), pair(ROLLUP, b"sub")]
        );
    }

    #[test]
    fn another_revision_is_a_mismatch() {
        let refused = |code| {
            let plain = Plain::new(Status::NATS_ERR, "wrong last sequence");
            mismatch(Error::new(plain, code))
        };
        for code in [
            ErrCode::STREAM_WRONG_LAST_SEQUENCE,
            ErrCode::STREAM_WRONG_LAST_SEQUENCE_CONSTANT,
        ] {
            let error = refused(code);
            assert_eq!(error.status(), Status::NATS_MISMATCH);
            assert_eq!((error.text(), error.code()), ("wrong last sequence", code));
        }
        let other = refused(ErrCode::STREAM_NOT_FOUND);
        assert_eq!(other.status(), Status::NATS_ERR);
    }
}
