//! What the program gives in structures: strings, arrays and structures that other structures point at.

use std::ffi::{c_char, c_int};
use std::slice;

use crate::error::{Error, Result};
use crate::ffi::convert;
use crate::ffi::types::natsMetadata;
use crate::js::api::Metadata;

/// A string; empty for NULL.
///
/// # Safety
/// `text` is NULL or a string that stays as it is for `'a`.
pub(in crate::ffi) unsafe fn str<'a>(text: *const c_char, what: &str) -> Result<&'a str> {
    // SAFETY: the contract above.
    Ok(unsafe { convert::text(text, what) }?.unwrap_or_default())
}

/// A string; empty for NULL.
///
/// # Safety
/// `text` is NULL or a string.
pub(in crate::ffi) unsafe fn string(text: *const c_char, what: &str) -> Result<String> {
    // SAFETY: the contract above.
    Ok(unsafe { str(text, what) }?.to_owned())
}

/// An array. With a length of 0 the pointer is not looked at.
///
/// # Safety
/// With a positive `len`, `items` is NULL or has so many items, which stay as they are for `'a`.
pub(in crate::ffi) unsafe fn array<'a, T>(
    items: *const T,
    len: c_int,
    what: &str,
) -> Result<&'a [T]> {
    match usize::try_from(len) {
        Ok(0) => Ok(&[]),
        Err(_) => Err(Error::invalid_arg(format!(
            "the number of {what} cannot be negative: {len}"
        ))),
        Ok(_) if items.is_null() => Err(Error::invalid_arg(format!(
            "{what} cannot be NULL where there are {len}"
        ))),
        // SAFETY: not NULL, and with so many items by the contract above.
        Ok(len) => Ok(unsafe { slice::from_raw_parts(items, len) }),
    }
}

/// An array of strings, none of which may be NULL.
///
/// # Safety
/// With a positive `len`, `texts` is NULL or has so many pointers, which are NULL or strings; all stay as they are for
/// `'a`.
unsafe fn strs<'a>(
    texts: *const *const c_char,
    len: c_int,
    what: &str,
) -> Result<impl Iterator<Item = Result<&'a str>>> {
    // SAFETY: the contract above.
    let texts = unsafe { array(texts, len, what) }?;
    Ok(texts.iter().map(move |text| {
        // SAFETY: likewise.
        let text = unsafe { convert::text(*text, what) }?;
        text.ok_or_else(|| Error::invalid_arg(format!("one of the {what} is NULL")))
    }))
}

/// The same, copied.
///
/// # Safety
/// With a positive `len`, `texts` is NULL or has so many pointers, which are NULL or strings.
pub(in crate::ffi) unsafe fn strings(
    texts: *const *const c_char,
    len: c_int,
    what: &str,
) -> Result<Vec<String>> {
    // SAFETY: the contract above.
    unsafe { strs(texts, len, what) }?
        .map(|text| text.map(str::to_owned))
        .collect()
}

/// The subject of a subscription to a stream; nothing for one that is empty or NULL.
///
/// # Safety
/// As for [`str()`].
pub(super) unsafe fn subject<'a>(subject: *const c_char) -> Result<Vec<&'a str>> {
    // SAFETY: the contract above.
    let subject = unsafe { str(subject, "the subject") }?;
    Ok(Vec::from_iter((!subject.is_empty()).then_some(subject)))
}

/// The subjects of a subscription to a stream.
///
/// # Safety
/// As for [`strs`].
pub(super) unsafe fn subjects<'a>(
    subjects: *const *const c_char,
    len: c_int,
) -> Result<Vec<&'a str>> {
    // SAFETY: the contract above.
    unsafe { strs(subjects, len, "subjects") }?.collect()
}

/// Names and values.
///
/// # Safety
/// With a positive count, the list is NULL or has twice as many pointers, which are NULL or strings.
pub(in crate::ffi) unsafe fn metadata(metadata: &natsMetadata) -> Result<Metadata> {
    let len = metadata.Count.checked_mul(2).unwrap_or(c_int::MIN);
    // SAFETY: the contract above.
    let texts = unsafe { strings(metadata.List, len, "metadata") }?;
    let mut texts = texts.into_iter();
    let mut pairs = Metadata::new();
    while let (Some(name), Some(value)) = (texts.next(), texts.next()) {
        pairs.insert(name, value);
    }
    Ok(pairs)
}
