//! Message headers: the map that programs use, and the block on the wire (ADR-4).
//!
//! Keys are case-sensitive and keep the order in which they were first set; a key can have several
//! values. Keys and values are stored in the form that C needs, with a NUL at their end, each in
//! its own allocation: a pointer to one stays valid until that key is changed, whatever happens to
//! the others.

mod block;

use std::ffi::c_char;

use crate::words::shown_around;
use std::fmt;

pub use block::{
    HeaderBlock, inline_status, is_no_responders, is_only, listed_status, status, status_code,
    value,
};

/// The key of a message's status, like `503`.
pub const STATUS: &[u8] = b"Status";
/// The key of the description of the status.
pub const DESCRIPTION: &[u8] = b"Description";

/// Bytes with a NUL behind them, in their own allocation.
#[derive(Clone, PartialEq, Eq)]
pub struct ZString(Box<[u8]>);

impl ZString {
    /// A copy of `bytes`. A NUL in them ends the string for C.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        ZString([bytes, b"\0"].concat().into_boxed_slice())
    }

    /// The bytes without the NUL.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0[..self.0.len() - 1]
    }

    /// The pointer for C. Stays valid when `self` is moved.
    pub fn as_ptr(&self) -> *const c_char {
        self.0.as_ptr().cast()
    }
}

impl fmt::Debug for ZString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.as_bytes().escape_ascii())
    }
}

/// A malformed header block, or a key that would make a block malformed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// The block does not begin with the required prefix.
    #[error("header prefix missing: {0}")]
    PrefixMissing(String),
    /// The first line has no end.
    #[error("early termination of headers: {0}")]
    EarlyTermination(String),
    /// The first line after the status is a continuation of nothing.
    #[error("key cannot start with a space: {0}")]
    LeadingSpace(String),
    /// A line has no colon.
    #[error("column delimiter not found: {0}")]
    NoColon(String),
    /// A value has no end.
    #[error("no CRLF found for value of key {0}")]
    NoCrlf(String),
    /// The block ends right after a colon.
    #[error("no value found for key {0}")]
    NoValue(String),
    /// The key is missing.
    #[error("key cannot be NULL nor empty")]
    EmptyKey,
    /// The key contains a colon, white space or a control character.
    #[error("invalid character in header key: {0}")]
    InvalidKey(String),
}

/// May a program use `key`? A colon, white space or a line end in it would inject other headers, or
/// a whole message, into what is sent.
pub fn check_key(key: &[u8]) -> Result<(), HeaderError> {
    if key.is_empty() {
        return Err(HeaderError::EmptyKey);
    }
    if !key.contains(&b':') && !super::bytes::has_unprintable(key) {
        return Ok(());
    }
    let bad = |b: &u8| matches!(b, b':' | 0..=b' ' | 0x7f);
    let at = key.iter().position(bad).unwrap_or_default();
    let what = match key[at] {
        b':' => "colon".to_owned(),
        b' ' => "blank".to_owned(),
        byte => format!("control character 0x{byte:02x}"),
    };
    let key = shown_around(key, at);
    Err(HeaderError::InvalidKey(format!(
        "'{key}', {what} at byte {at}"
    )))
}

/// The headers of a message. A value of `None` is a NULL that the program stored; it is sent as an
/// empty value.
///
/// Lookup is linear: messages have few headers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HeaderMap {
    entries: Vec<Entry>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    key: ZString,
    /// Never empty.
    values: Vec<Option<ZString>>,
}

impl HeaderMap {
    /// A map without any header.
    pub fn new() -> Self {
        Self::default()
    }

    /// Is there no header?
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The number of keys.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Sets the value of `key`, replacing all its values.
    pub fn set(&mut self, key: &[u8], value: Option<&[u8]>) {
        let values = vec![value.map(ZString::from_bytes)];
        match self.position(key) {
            Some(at) => self.entries[at].values = values,
            None => self.push(key, values),
        }
    }

    /// Adds a value to `key`.
    pub fn add(&mut self, key: &[u8], value: Option<&[u8]>) {
        let value = value.map(ZString::from_bytes);
        match self.position(key) {
            Some(at) => self.entries[at].values.push(value),
            None => self.push(key, vec![value]),
        }
    }

    /// The first value of `key`. `Some(None)` is a stored NULL.
    pub fn get(&self, key: &[u8]) -> Option<Option<&ZString>> {
        self.values(key).map(|values| values[0].as_ref())
    }

    /// All values of `key`, in order. Not empty.
    pub fn values(&self, key: &[u8]) -> Option<&[Option<ZString>]> {
        self.position(key)
            .map(|at| self.entries[at].values.as_slice())
    }

    /// All keys, in the order in which they were first set.
    pub fn keys(&self) -> impl Iterator<Item = &ZString> {
        self.entries.iter().map(|entry| &entry.key)
    }

    /// Removes `key` with all its values; returns whether it existed.
    pub fn remove(&mut self, key: &[u8]) -> bool {
        let found = self.position(key);
        if let Some(at) = found {
            self.entries.remove(at);
        }
        found.is_some()
    }

    fn position(&self, key: &[u8]) -> Option<usize> {
        self.entries
            .iter()
            .position(|entry| entry.key.as_bytes() == key)
    }

    fn push(&mut self, key: &[u8], values: Vec<Option<ZString>>) {
        self.entries.push(Entry {
            key: ZString::from_bytes(key),
            values,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: Option<&ZString>) -> Option<&[u8]> {
        value.map(ZString::as_bytes)
    }

    #[test]
    fn a_map() {
        let mut map = HeaderMap::new();
        assert!(map.is_empty());
        map.set(b"b", Some(b"1"));
        map.add(b"a", None);
        map.add(b"b", Some(b"2"));
        map.add(b"B", Some(b""));
        assert_eq!(map.len(), 3);
        assert_eq!(
            map.keys().map(ZString::as_bytes).collect::<Vec<_>>(),
            [b"b", b"a", b"B"]
        );
        assert_eq!(map.get(b"b").map(text), Some(Some(&b"1"[..])));
        assert_eq!(map.get(b"a"), Some(None));
        assert_eq!(map.get(b"B").map(text), Some(Some(&b""[..])));
        assert_eq!(map.get(b"c"), None);
        assert_eq!(map.values(b"b").map(<[_]>::len), Some(2));
        map.set(b"b", None);
        assert_eq!(map.values(b"b"), Some(&[None][..]));
        assert!(map.remove(b"b") && !map.remove(b"b"));
        assert_eq!((map.len(), map.values(b"b")), (2, None));
    }

    #[test]
    fn pointers_stay_while_the_map_grows() {
        let mut map = HeaderMap::new();
        map.add(b"key", Some(b"value"));
        let before = (
            map.keys().next().unwrap().as_ptr(),
            map.get(b"key").flatten().unwrap().as_ptr(),
        );
        for n in 0..if cfg!(miri) { 100 } else { 1000 } {
            map.add(format!("key{n}").as_bytes(), None);
            map.add(b"key", Some(b"more"));
        }
        let after = (
            map.keys().next().unwrap().as_ptr(),
            map.get(b"key").flatten().unwrap().as_ptr(),
        );
        assert_eq!(before, after);
        assert_eq!(*map.get(b"key").flatten().unwrap().0, *b"value\0");
    }

    #[test]
    fn keys_that_would_corrupt_the_block() {
        assert_eq!(check_key(b"Nats-Msg-Id"), Ok(()));
        assert_eq!(check_key("größe".as_bytes()), Ok(()));
        assert_eq!(check_key(b""), Err(HeaderError::EmptyKey));
        for bad in [
            "a:b", ":", "a b", " a", "a\r\nb", "a\n", "a\t", "\0", "a\x7f",
        ] {
            let error = check_key(bad.as_bytes()).unwrap_err();
            assert!(matches!(&error, HeaderError::InvalidKey(_)), "{bad:?}");
            assert!(!error.to_string().contains(['\r', '\n']));
        }
        assert_eq!(
            check_key(b"a:b").unwrap_err().to_string(),
            "invalid character in header key: 'a:b', colon at byte 1"
        );
    }
}
