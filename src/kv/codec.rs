//! Codecs (ADR-54): keys and values that have another form in the bucket than in the program.
//!
//! A chain of codecs encodes in its order, and decodes in the reverse order. What deletes a key has no
//! value, so none is encoded or decoded there.

use std::borrow::Cow;
use std::sync::Arc;

use data_encoding::BASE64URL_NOPAD;

use super::entry::Entry;
use super::names::check_key;
use crate::error::{Error, Result, Status};
use crate::words::shown;

/// What the first segment of a path becomes that begins with a separator.
const ROOT: &str = "_root_";

/// The form of keys in a bucket.
pub trait KeyCodec: Send + Sync {
    /// What a key is stored as.
    fn encode(&self, key: &str) -> Result<String>;

    /// The key that is stored as this.
    fn decode(&self, stored: &[u8]) -> Result<Vec<u8>>;

    /// The pattern of what those keys are stored as that this pattern matches. `None` if wildcards have
    /// no meaning in what this codec stores.
    fn encode_filter(&self, pattern: &str) -> Result<Option<String>> {
        let _ = pattern;
        Ok(None)
    }
}

/// The form of values in a bucket.
pub trait ValueCodec: Send + Sync {
    /// What a value is stored as.
    fn encode(&self, value: &[u8]) -> Result<Vec<u8>>;

    /// The value that is stored as this.
    fn decode(&self, stored: &[u8]) -> Result<Vec<u8>>;
}

/// The codecs of a bucket's handle.
#[derive(Clone, Default)]
pub struct Codecs {
    /// Those of keys, in the order in which they encode.
    pub keys: Vec<Arc<dyn KeyCodec>>,
    /// Those of values, in the order in which they encode.
    pub values: Vec<Arc<dyn ValueCodec>>,
}

/// How much of an entry is to be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decode {
    /// Nothing: what is stored is wanted.
    Nothing,
    /// The key; there is no value.
    Key,
    /// Key and value.
    All,
}

impl Codecs {
    /// These in front of others.
    pub fn before(mut self, others: &Codecs) -> Codecs {
        self.keys.extend(others.keys.iter().cloned());
        self.values.extend(others.values.iter().cloned());
        self
    }

    /// What a key is stored as. Fails where no key can have that form.
    pub fn stored_key<'a>(&self, key: &'a str) -> Result<Cow<'a, str>> {
        let mut stored = Cow::Borrowed(key);
        for codec in &self.keys {
            stored = Cow::Owned(codec.encode(&stored)?);
        }
        check_key(&stored)?;
        Ok(stored)
    }

    /// The pattern of what keys are stored as that this one matches.
    pub fn stored_filter<'a>(&self, pattern: &'a str) -> Result<Cow<'a, str>> {
        if pattern.is_empty() {
            let text = "a key or a pattern of keys is required";
            return Err(Error::invalid_arg(text));
        }
        let mut stored = Cow::Borrowed(pattern);
        for codec in &self.keys {
            let encoded = match stored.contains(['*', '>']) {
                false => codec.encode(&stored)?,
                true => match codec.encode_filter(&stored)? {
                    Some(encoded) => encoded,
                    // All keys are all keys, whatever they are stored as.
                    None if stored == ">" => continue,
                    None => {
                        let text = format!(
                            "the codec of the keys does not support wildcards: '{}'",
                            shown(pattern.as_bytes())
                        );
                        return Err(Error::invalid_arg(text));
                    }
                },
            };
            stored = Cow::Owned(encoded);
        }
        Ok(stored)
    }

    /// What a value is stored as.
    pub fn stored_value<'a>(&self, value: &'a [u8]) -> Result<Cow<'a, [u8]>> {
        let mut stored = Cow::Borrowed(value);
        for codec in &self.values {
            stored = Cow::Owned(codec.encode(&stored)?);
        }
        Ok(stored)
    }

    /// The key that is stored as this.
    pub fn shown_key<'a>(&self, stored: &'a [u8]) -> Result<Cow<'a, [u8]>> {
        let mut key = Cow::Borrowed(stored);
        for codec in self.keys.iter().rev() {
            key = Cow::Owned(codec.decode(&key)?);
        }
        match key.contains(&0) {
            false => Ok(key),
            true => {
                let text = format!(
                    "the key stored as '{}' has a NUL when it is decoded",
                    shown(stored)
                );
                Err(Error::new(Status::NATS_ERR, text))
            }
        }
    }

    /// The value that is stored as this.
    pub fn shown_value<'a>(&self, stored: &'a [u8]) -> Result<Cow<'a, [u8]>> {
        let mut value = Cow::Borrowed(stored);
        for codec in self.values.iter().rev() {
            value = Cow::Owned(codec.decode(&value)?);
        }
        Ok(value)
    }

    /// An entry as the program knows it.
    pub(super) fn shown(&self, entry: Entry, prefix: &str, decode: Decode) -> Result<Entry> {
        let values = decode == Decode::All && !self.values.is_empty() && !entry.is_deleted();
        if decode == Decode::Nothing || (self.keys.is_empty() && !values) {
            return Ok(entry);
        }
        let key = self.shown_key(entry.key())?;
        let value = match values {
            true => self.shown_value(entry.value())?,
            false => Cow::Borrowed(entry.value()),
        };
        entry.decoded(prefix, &key, &value)
    }
}

/// Keys and values in base64 of the alphabet for URLs, without padding; each token of a key by itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct Base64;

impl Base64 {
    fn each_token(key: &str, encode: impl Fn(&str) -> String) -> String {
        let tokens: Vec<String> = key.split('.').map(encode).collect();
        tokens.join(".")
    }

    /// With or without padding.
    fn decoded(stored: &[u8]) -> Result<Vec<u8>> {
        let padding = stored.iter().rev().take_while(|b| **b == b'=').count();
        let digits = &stored[..stored.len() - padding];
        BASE64URL_NOPAD.decode(digits).map_err(|e| {
            let text = format!("'{}' is not base64: {e}", shown(stored));
            Error::new(Status::NATS_ERR, text)
        })
    }
}

impl KeyCodec for Base64 {
    fn encode(&self, key: &str) -> Result<String> {
        Ok(Self::each_token(key, |token| {
            BASE64URL_NOPAD.encode(token.as_bytes())
        }))
    }

    fn decode(&self, stored: &[u8]) -> Result<Vec<u8>> {
        let tokens = stored.split(|b| *b == b'.').map(Self::decoded);
        Ok(tokens.collect::<Result<Vec<_>>>()?.join(&b'.'))
    }

    fn encode_filter(&self, pattern: &str) -> Result<Option<String>> {
        Ok(Some(Self::each_token(pattern, |token| match token {
            "*" | ">" => token.to_owned(),
            token => BASE64URL_NOPAD.encode(token.as_bytes()),
        })))
    }
}

impl ValueCodec for Base64 {
    fn encode(&self, value: &[u8]) -> Result<Vec<u8>> {
        Ok(BASE64URL_NOPAD.encode(value).into_bytes())
    }

    fn decode(&self, stored: &[u8]) -> Result<Vec<u8>> {
        Self::decoded(stored)
    }
}

/// Keys that are paths: `/a/b` is stored as `_root_.a.b`, and `a/b` as `a.b`. A separator at the end is
/// dropped.
#[derive(Debug, Clone, Copy, Default)]
pub struct Path;

impl KeyCodec for Path {
    fn encode(&self, key: &str) -> Result<String> {
        if key.contains('.') {
            // It would be decoded as another key.
            return Err(Error::invalid_arg("a key that is a path has no dots"));
        }
        let key = match key {
            "/" => return Ok(ROOT.to_owned()),
            key => key.strip_suffix('/').unwrap_or(key),
        };
        if key.split('/').next() == Some(ROOT) {
            let text = format!("a path cannot begin with '{ROOT}'");
            return Err(Error::invalid_arg(text));
        }
        let tokens = key.replace('/', ".");
        Ok(match key.starts_with('/') {
            true => ROOT.to_owned() + &tokens,
            false => tokens,
        })
    }

    fn decode(&self, stored: &[u8]) -> Result<Vec<u8>> {
        let mut tokens = stored.split(|b| *b == b'.');
        let path = match tokens.next() {
            Some(first) if first == ROOT.as_bytes() => {
                let mut path = vec![b'/'];
                path.extend(tokens.collect::<Vec<_>>().join(&b'/'));
                path
            }
            _ => stored
                .iter()
                .map(|b| if *b == b'.' { b'/' } else { *b })
                .collect(),
        };
        Ok(path)
    }

    fn encode_filter(&self, pattern: &str) -> Result<Option<String>> {
        self.encode(pattern).map(Some)
    }
}

#[cfg(test)]
#[path = "codec_tests.rs"]
mod tests;
