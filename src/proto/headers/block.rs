//! The header block: `NATS/1.0[ status[ description]]`, a line `key: value` for each value, and an
//! empty line.

use std::borrow::Cow;
use std::collections::HashMap;

use memchr::{memchr, memchr_iter, memchr2, memmem};

use super::{DESCRIPTION, Entry, HeaderError, HeaderMap, STATUS, ZString};
use crate::proto::bytes::excerpt;
use crate::proto::write_buf::Frame;

const CRLF: &[u8] = b"\r\n";
const VERSION: &[u8] = b"NATS/1.0";
/// The length of a status; what follows it on the first line is the description.
const STATUS_LEN: usize = 3;
/// Decoding looks up this many keys by linear search and the others in a hash table: without it, a
/// block of a megabyte with only different keys would take minutes.
const MANY_KEYS: usize = 16;

impl HeaderMap {
    /// The number of bytes that [`HeaderMap::put_into`] writes.
    fn encoded_len(&self) -> usize {
        let mut len = VERSION.len() + 2 * CRLF.len();
        for Entry { key, values } in &self.entries {
            for value in values {
                len += key.as_bytes().len() + 2 + on_the_wire(value).len() + CRLF.len();
            }
        }
        len
    }

    /// Writes the header block into a frame that has room for it. A CR or LF in a value becomes a
    /// blank, because it would end the line.
    fn put_into(&self, frame: &mut Frame<'_>) {
        frame.put_array(b"NATS/1.0\r\n");
        for Entry { key, values } in &self.entries {
            for value in values {
                let value = on_the_wire(value);
                frame.put_short(key.as_bytes());
                frame.put_array(b": ");
                if memchr2(b'\r', b'\n', value).is_none() {
                    frame.put_short(value);
                } else {
                    let blank = |b: &u8| if matches!(b, b'\r' | b'\n') { b' ' } else { *b };
                    frame.put(&value.iter().map(blank).collect::<Vec<_>>());
                }
                frame.put_array(b"\r\n");
            }
        }
        frame.put_array(b"\r\n");
    }

    /// Decodes a header block.
    ///
    /// A status and description on the first line become the values of [`STATUS`] and
    /// [`DESCRIPTION`], whatever lines with these names contain. A key is taken unchanged up to the
    /// colon, a value without the white space around it. A line that begins with white space
    /// continues the value before it. The final empty line may be missing.
    pub fn decode(block: &[u8]) -> Result<Self, HeaderError> {
        let after_version =
            after_version(block).ok_or_else(|| HeaderError::PrefixMissing(excerpt(block)))?;
        let (first, mut rest) = split_line(after_version)
            .ok_or_else(|| HeaderError::EarlyTermination(excerpt(after_version)))?;
        let mut decoder = Decoder::default();
        while !rest.is_empty() && !rest.starts_with(CRLF) {
            rest = decoder.header(rest)?;
        }
        let mut map = decoder.map;
        let (status, description) = split_status(first);
        if !status.is_empty() {
            map.set(STATUS, Some(status));
        }
        if !description.is_empty() {
            map.set(DESCRIPTION, Some(description));
        }
        Ok(map)
    }
}

/// A header block to be sent.
#[derive(Clone, Copy)]
pub enum HeaderBlock<'a> {
    /// The bytes as they were received.
    Bytes(&'a [u8]),
    /// A map to be encoded where it is sent, and its encoded length.
    Map(&'a HeaderMap, usize),
}

impl<'a> HeaderBlock<'a> {
    /// The block of a map.
    pub fn of(map: &'a HeaderMap) -> Self {
        HeaderBlock::Map(map, map.encoded_len())
    }

    /// Its length on the wire.
    #[expect(clippy::len_without_is_empty, reason = "no block is empty")]
    #[inline]
    pub fn len(self) -> usize {
        match self {
            HeaderBlock::Bytes(bytes) => bytes.len(),
            HeaderBlock::Map(_, len) => len,
        }
    }

    #[inline]
    pub(in crate::proto) fn put_into(self, frame: &mut Frame<'_>) {
        match self {
            HeaderBlock::Bytes(bytes) => frame.put(bytes),
            HeaderBlock::Map(map, _) => map.put_into(frame),
        }
    }

    /// Its bytes as they would be sent.
    #[cfg(any(test, fuzzing))]
    pub fn to_vec(self) -> Vec<u8> {
        let mut buf = crate::proto::write_buf::WriteBuf::new();
        let mut frame = buf.frame(self.len());
        self.put_into(&mut frame);
        frame.end();
        buf.to_vec()
    }
}

/// A NULL is sent as an empty value.
fn on_the_wire(value: &Option<ZString>) -> &[u8] {
    value.as_ref().map_or(&[][..], ZString::as_bytes)
}

/// A map during decoding.
#[derive(Default)]
struct Decoder<'a> {
    map: HeaderMap,
    /// The position in the map of the keys behind the first [`MANY_KEYS`].
    index: HashMap<&'a [u8], usize>,
}

impl<'a> Decoder<'a> {
    /// Decodes the header at the start of `block`, which is not empty: one line, and those that
    /// continue it. Returns what follows.
    fn header(&mut self, block: &'a [u8]) -> Result<&'a [u8], HeaderError> {
        // Continuation lines were consumed together with their value.
        if is_space(block[0]) {
            return Err(HeaderError::LeadingSpace(excerpt(block)));
        }
        let (text, rest) =
            split_line(block).map_or((block, None), |(text, rest)| (text, Some(rest)));
        let colon = memchr(b':', text).ok_or_else(|| HeaderError::NoColon(excerpt(text)))?;
        let (key, value) = (&text[..colon], &text[colon + 1..]);
        let Some(mut rest) = rest else {
            return Err(match value {
                [] => HeaderError::NoValue(printable(key)),
                _ => HeaderError::NoCrlf(printable(key)),
            });
        };
        let mut value = Cow::Borrowed(trim(value));
        while rest.first().is_some_and(|&b| is_space(b)) && !rest.starts_with(CRLF) {
            let line = split_line(rest).ok_or_else(|| HeaderError::NoCrlf(printable(key)))?;
            let more;
            (more, rest) = line;
            let more = trim(more);
            if more.is_empty() {
                continue;
            }
            let value = value.to_mut();
            if !value.is_empty() {
                value.push(b' ');
            }
            value.extend_from_slice(more);
        }
        self.add(key, &value);
        Ok(rest)
    }

    fn add(&mut self, key: &'a [u8], value: &[u8]) {
        let entries = &mut self.map.entries;
        let known = entries
            .iter()
            .take(MANY_KEYS)
            .position(|entry| entry.key.as_bytes() == key)
            .or_else(|| self.index.get(key).copied());
        let value = Some(ZString::from_bytes(value));
        if let Some(at) = known {
            entries[at].values.push(value);
            return;
        }
        if entries.len() >= MANY_KEYS {
            self.index.insert(key, entries.len());
        }
        entries.push(Entry {
            key: ZString::from_bytes(key),
            values: vec![value],
        });
    }
}

/// The first characters of the status on a block's first line, without decoding the rest. `None` if
/// there is none, or if this is not a header block.
pub fn inline_status(block: &[u8]) -> Option<&[u8]> {
    let (first, _) = split_line(after_version(block)?)?;
    let (status, _) = split_status(first);
    (!status.is_empty()).then_some(status)
}

/// The status on a block's first line, if it is a number, and its description, which may be empty.
pub fn status(block: &[u8]) -> Option<(u16, &[u8])> {
    let (first, _) = split_line(after_version(block)?)?;
    let (status, description) = split_status(first);
    Some((status_code(status)?, description))
}

/// The status that a block without one on its first line has among its headers, and the description there.
pub fn listed_status(block: &[u8]) -> Option<(u16, &[u8])> {
    let code = match inline_status(block) {
        None => status_code(value(block, STATUS)?)?,
        Some(_) => return None,
    };
    Some((code, value(block, DESCRIPTION).unwrap_or_default()))
}

/// A status of three digits as a number.
pub fn status_code(status: &[u8]) -> Option<u16> {
    let digits: [u8; STATUS_LEN] = status.try_into().ok()?;
    digits.iter().try_fold(0, |number, digit| {
        digit
            .is_ascii_digit()
            .then(|| number * 10 + u16::from(digit - b'0'))
    })
}

/// The first value of a key in a block that was not decoded, without the white space around it. The key is compared
/// byte by byte. A value that continues on another line is cut at the end of the first.
pub fn value<'a>(block: &'a [u8], key: &[u8]) -> Option<&'a [u8]> {
    let mut lines = after_version(block)?;
    (_, lines) = split_line(lines)?;
    while let Some((line, rest)) = split_line(lines) {
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix(key).and_then(|v| v.strip_prefix(b":")) {
            return Some(trim(value));
        }
        lines = rest;
    }
    None
}

/// Does this block consist of one line with this key?
pub fn is_only(block: &[u8], key: &[u8]) -> bool {
    let line = block
        .strip_prefix(VERSION)
        .and_then(|rest| rest.strip_prefix(CRLF))
        .and_then(|line| line.strip_prefix(key))
        .and_then(|line| line.strip_prefix(b":"));
    line.and_then(split_line)
        .is_some_and(|(_, rest)| rest == CRLF)
}

/// Is this message the server's notice that nobody is subscribed to a request's subject? Status 503
/// and no payload. `payload_len` does not include the headers.
pub fn is_no_responders(block: &[u8], payload_len: usize) -> bool {
    const NO_RESPONDERS: &[u8] = b"503";
    if payload_len > 0 {
        return false;
    }
    if let Some(status) = inline_status(block) {
        return status == NO_RESPONDERS;
    }
    // Servers do not write the status as a header line, but a message that was decoded and
    // forwarded has one. Decode only if the line exists.
    memmem::find(block, b"\nStatus:").is_some()
        && HeaderMap::decode(block).is_ok_and(|map| {
            let status = map.get(STATUS).flatten();
            status.is_some_and(|status| status.as_bytes().starts_with(NO_RESPONDERS))
        })
}

/// What follows the version at the start of a block. `None` if this is not a header block.
fn after_version(block: &[u8]) -> Option<&[u8]> {
    block
        .strip_prefix(VERSION)
        .filter(|rest| rest.len() >= CRLF.len())
}

/// The line at the start of `text`, without its CR LF, and what follows it. `None` if the line has
/// no end.
fn split_line(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = memchr_iter(b'\n', text).find(|&at| at > 0 && text[at - 1] == b'\r')?;
    Some((&text[..end - 1], &text[end + 1..]))
}

/// Status and description from what follows the version on the first line; each may be empty.
fn split_status(text: &[u8]) -> (&[u8], &[u8]) {
    let start = text
        .iter()
        .position(|&b| !is_space(b))
        .unwrap_or(text.len());
    let (status, description) = text[start..].split_at(STATUS_LEN.min(text.len() - start));
    (status, trim(description))
}

/// White space as defined by C's `isspace`.
fn is_space(b: u8) -> bool {
    matches!(b, b' ' | b'\t'..=b'\r')
}

fn trim(text: &[u8]) -> &[u8] {
    let start = text
        .iter()
        .position(|&b| !is_space(b))
        .unwrap_or(text.len());
    let end = text
        .iter()
        .rposition(|&b| !is_space(b))
        .map_or(start, |at| at + 1);
    &text[start..end]
}

fn printable(key: &[u8]) -> String {
    String::from_utf8_lossy(key).into_owned()
}

#[cfg(test)]
mod tests;
