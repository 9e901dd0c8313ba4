//! Structures that C fills in field by field: what all of them have in common.

use crate::error::Result;
use crate::ffi::convert::required;

/// A structure of C's for which memory full of zeros is a value.
///
/// # Safety
/// It is `repr(C)` and consists of numbers, `bool`s, pointers, functions that may be NULL, and structures of this kind.
pub(in crate::ffi) unsafe trait Plain {}

macro_rules! plain {
    ($($name:ty),+ $(,)?) => {$(
        // SAFETY: `repr(C)`, and nothing in it but what the trait allows.
        unsafe impl $crate::ffi::jetstream::plain::Plain for $name {}
    )+};
}
pub(in crate::ffi) use plain;

/// Fills a structure with zeros, the room between its fields included.
///
/// # Safety
/// `out` is NULL or valid for writing a `T`.
pub(in crate::ffi) unsafe fn zero<T: Plain>(out: *mut T, what: &str) -> Result<()> {
    required(out, what)?;
    // SAFETY: not NULL, and valid for writing by the contract above.
    unsafe { out.write_bytes(0, 1) };
    Ok(())
}
