//! An entry of a bucket: a value with its revision, and the operation on its key.

use crate::error::{Error, Result, Status};
use crate::js::consume::Metadata;
use crate::msg::Msg;
use crate::words::shown;

/// The header that names the operation, unless it is a put.
pub const OPERATION: &[u8] = b"KV-Operation";
/// Its value for a deleted key.
pub const DELETED: &[u8] = b"DEL";
/// Its value for a purged key.
pub const PURGED: &[u8] = b"PURGE";
/// The header of a marker that the server has created.
const MARKER_REASON: &[u8] = b"Nats-Marker-Reason";
/// The header with the size of the value where only headers are delivered.
const SIZE: &[u8] = b"Nats-Msg-Size";

/// The operation on a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// The key was set to a value.
    Put,
    /// The key was deleted; its history is still stored.
    Delete,
    /// The key was deleted together with its history.
    Purge,
}

impl Operation {
    /// The operation that the headers of a message name.
    pub fn of(msg: &Msg) -> Self {
        // Most messages of a list of keys.
        if msg.has_only_header(SIZE) {
            return Operation::Put;
        }
        if let Some(operation) = msg.header(OPERATION) {
            return match operation {
                DELETED => Operation::Delete,
                PURGED => Operation::Purge,
                _ => Operation::Put,
            };
        }
        match msg.header(MARKER_REASON) {
            Some(b"MaxAge" | b"Purge") => Operation::Purge,
            Some(b"Remove") => Operation::Delete,
            _ => Operation::Put,
        }
    }
}

/// A revision of a key.
pub struct Entry {
    msg: Msg,
    /// The offset of the key in the subject.
    key_at: usize,
    revision: u64,
    created: i64,
    delta: u64,
    operation: Operation,
}

impl Entry {
    /// The entry of a stored message that was read directly. `None` if it does not belong to the bucket.
    pub(super) fn stored(msg: Msg, prefix: &str) -> Option<Entry> {
        let is_key = has_key(msg.subject(), prefix);
        is_key.then(|| Entry {
            key_at: prefix.len(),
            revision: msg.sequence(),
            created: msg.time(),
            delta: 0,
            operation: Operation::of(&msg),
            msg,
        })
    }

    /// The entry of a message from a consumer.
    pub(super) fn delivered(msg: Msg, prefix: &str) -> Result<Entry> {
        key_of(msg.subject(), prefix)?;
        let Some(meta) = msg.reply().and_then(Metadata::parse) else {
            let reply = msg.reply().unwrap_or_default();
            let text = format!("unable to get metadata from '{}'", shown(reply));
            return Err(Error::new(Status::NATS_ERR, text));
        };
        let (revision, created, delta) = (meta.stream_seq, meta.timestamp, meta.pending);
        Ok(Entry {
            key_at: prefix.len(),
            revision,
            created,
            delta,
            operation: Operation::of(&msg),
            msg,
        })
    }

    /// The same revision with the key and the value that the program knows it by.
    pub(super) fn decoded(&self, prefix: &str, key: &[u8], value: &[u8]) -> Result<Entry> {
        let subject = [prefix.as_bytes(), key].concat();
        let msg = Msg::create(&subject, None, value)?;
        Ok(Entry {
            msg,
            key_at: prefix.len(),
            revision: self.revision,
            created: self.created,
            delta: self.delta,
            operation: self.operation,
        })
    }

    /// The key. The message has a NUL behind it.
    pub fn key(&self) -> &[u8] {
        &self.msg.subject()[self.key_at..]
    }

    /// The offset of the key in the message's subject.
    pub fn key_at(&self) -> usize {
        self.key_at
    }

    /// The message of the entry.
    pub fn msg(&self) -> &Msg {
        &self.msg
    }

    /// The value; empty if the key was deleted.
    pub fn value(&self) -> &[u8] {
        self.msg.payload()
    }

    /// The revision: the sequence in the bucket's stream.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// The time at which it was stored, in nanoseconds since 1970.
    pub fn created(&self) -> i64 {
        self.created
    }

    /// The number of entries that the watcher had still to receive when this one was delivered.
    pub fn delta(&self) -> u64 {
        self.delta
    }

    /// The operation.
    pub fn operation(&self) -> Operation {
        self.operation
    }

    /// Does the entry say that the key has no value?
    pub fn is_deleted(&self) -> bool {
        self.operation != Operation::Put
    }
}

/// The key in the subject of a message that was delivered.
pub(super) fn key_of<'a>(subject: &'a [u8], prefix: &str) -> Result<&'a [u8]> {
    match has_key(subject, prefix) {
        true => Ok(&subject[prefix.len()..]),
        false => {
            let text = format!("invalid update's subject '{}'", shown(subject));
            Err(Error::new(Status::NATS_ERR, text))
        }
    }
}

fn has_key(subject: &[u8], prefix: &str) -> bool {
    subject.len() > prefix.len() && subject.starts_with(prefix.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn msg(subject: &[u8], headers: &[u8], reply: Option<&[u8]>) -> Msg {
        Msg::create_with(subject, reply, headers, b"v").unwrap()
    }

    #[test]
    fn operations() {
        let of = |headers: &[u8]| {
            let block = [b"NATS/1.0\r\n", headers, b"\r\n"].concat();
            Operation::of(&msg(b"$KV.B.k", &block, None))
        };
        assert_eq!(of(b""), Operation::Put);
        assert_eq!(of(b"KV-Operation: DEL\r\n"), Operation::Delete);
        assert_eq!(of(b"KV-Operation: PURGE\r\n"), Operation::Purge);
        assert_eq!(of(b"KV-Operation: x\r\n"), Operation::Put);
        assert_eq!(
            of(b"KV-Operation: x\r\nNats-Marker-Reason: Remove\r\n"),
            Operation::Put
        );
        assert_eq!(of(b"Nats-Marker-Reason: MaxAge\r\n"), Operation::Purge);
        assert_eq!(of(b"Nats-Marker-Reason: Purge\r\n"), Operation::Purge);
        assert_eq!(of(b"Nats-Marker-Reason: Remove\r\n"), Operation::Delete);
        assert_eq!(of(b"Nats-Marker-Reason: y\r\n"), Operation::Put);
        assert_eq!(Operation::of(&msg(b"s", b"", None)), Operation::Put);
    }

    #[test]
    fn delivered_entries() {
        let reply = &b"$JS.ACK.KV_B.c.1.22.3.1700000000123456789.5"[..];
        let entry = Entry::delivered(msg(b"$KV.B.a.b", b"", Some(reply)), "$KV.B.").unwrap();
        assert_eq!((entry.key(), entry.value()), (&b"a.b"[..], &b"v"[..]));
        assert_eq!((entry.revision(), entry.delta()), (22, 5));
        assert_eq!(entry.created(), 1_700_000_000_123_456_789);
        let text = |msg| {
            Entry::delivered(msg, "$KV.B.")
                .err()
                .unwrap()
                .text()
                .to_owned()
        };
        assert_eq!(
            text(msg(b"$KV.B.", b"", Some(reply))),
            "invalid update's subject '$KV.B.'"
        );
        assert_eq!(
            text(msg(b"$KV.C.a", b"", Some(reply))),
            "invalid update's subject '$KV.C.a'"
        );
        assert_eq!(
            text(msg(b"$KV.B.a", b"", Some(b"r"))),
            "unable to get metadata from 'r'"
        );
    }

    #[test]
    fn stored_entries() {
        let mut stored = msg(b"$KV.B.a", b"", None);
        stored.set_origin(7, 8);
        let entry = Entry::stored(stored, "$KV.B.").unwrap();
        assert_eq!(
            (entry.key(), entry.revision(), entry.created()),
            (&b"a"[..], 7, 8)
        );
        assert_eq!(entry.delta(), 0);
        assert!(Entry::stored(msg(b"$KV.C.a", b"", None), "$KV.B.").is_none());
    }
}
