//! Conversion of C's pointers, lengths and times into Rust's, and back.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::fmt::Display;
use std::time::Duration;

use crate::error::{Error, Result, Status};

/// The bytes of a string, without its NUL; `None` for NULL.
///
/// # Safety
/// `p` is NULL or a string that ends with a NUL and stays as it is for `'a`.
#[inline]
pub(crate) unsafe fn bytes<'a>(p: *const c_char) -> Option<&'a [u8]> {
    if p.is_null() {
        return None;
    }
    // SAFETY: not NULL, hence a string by the contract above.
    Some(unsafe { CStr::from_ptr(p) }.to_bytes())
}

/// As [`bytes`], for a required string that is not empty: else `error`.
///
/// # Safety
/// As for [`bytes`].
#[inline]
pub(crate) unsafe fn some_bytes<'a>(p: *const c_char, error: &'static str) -> Result<&'a [u8]> {
    // SAFETY: the contract above.
    unsafe { bytes(p) }
        .filter(|b| !b.is_empty())
        .ok_or_else(|| Error::invalid_arg(error))
}

/// The text of a string; `None` for NULL. `what` is its name in the error if it is not UTF-8.
///
/// # Safety
/// As for [`bytes`].
pub(crate) unsafe fn text<'a>(p: *const c_char, what: &str) -> Result<Option<&'a str>> {
    // SAFETY: the contract above.
    unsafe { bytes(p) }
        .map(std::str::from_utf8)
        .transpose()
        .map_err(|e| {
            let at = e.valid_up_to();
            Error::invalid_arg(format!("{what} must be UTF-8: byte {at} is not"))
        })
}

/// A payload: `len` bytes at `data`. With 0 bytes the pointer is ignored.
///
/// # Safety
/// With a positive `len`, `data` is NULL or valid for reading `len` bytes that do not change during
/// `'a`.
#[inline]
pub(crate) unsafe fn payload<'a>(data: *const c_void, len: c_int) -> Result<&'a [u8]> {
    match usize::try_from(len) {
        Ok(0) => Ok(&[]),
        Err(_) => Err(refuse_length(len)),
        Ok(_) if data.is_null() => Err(refuse_length(len)),
        // SAFETY: not NULL, and valid for `len` bytes by the contract above.
        Ok(len) => Ok(unsafe { std::slice::from_raw_parts(data.cast(), len) }),
    }
}

#[cold]
fn refuse_length(len: c_int) -> Error {
    Error::invalid_arg(match len {
        ..0 => format!("data length cannot be negative: {len}"),
        _ => format!("data cannot be NULL with a length of {len}"),
    })
}

/// The elements of an array; NULL is allowed only without elements.
///
/// # Safety
/// With a positive `len`, `items` is NULL or valid for reading `len` items that do not change
/// during `'a`.
pub(crate) unsafe fn array<'a, T>(items: *const T, len: c_int, what: &str) -> Result<&'a [T]> {
    let refuse = |why| Err(Error::invalid_arg(format!("{what} {why}: {len}")));
    match (items.is_null(), len) {
        (true, 0) => Ok(&[]),
        (true, _) => refuse("cannot be NULL with this count"),
        (false, ..=0) => refuse("count must be positive"),
        // SAFETY: not NULL, and valid for `len` items by the contract above.
        (false, len) => Ok(unsafe { std::slice::from_raw_parts(items, len as usize) }),
    }
}

/// Checks that a required output is not NULL.
#[inline]
pub(crate) fn required<T>(out: *mut T, what: &str) -> Result<()> {
    if out.is_null() {
        return Err(Error::invalid_arg(format!("{what} cannot be NULL")));
    }
    Ok(())
}

/// Writes an optional output.
///
/// # Safety
/// `out` is NULL or valid for writing a `T`.
#[inline]
pub(crate) unsafe fn write_optional<T>(out: *mut T, value: T) {
    if !out.is_null() {
        // SAFETY: not NULL, and valid for writing by the contract above.
        unsafe { out.write(value) }
    }
}

/// A copy for the program to `free()`, with a NUL at its end.
pub(crate) fn malloc_string(bytes: &[u8]) -> Result<*mut c_char> {
    let copy = malloc(bytes.len().saturating_add(1))?.cast::<u8>();
    // SAFETY: just allocated with room for the bytes and a NUL.
    unsafe {
        copy.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
        copy.add(bytes.len()).write(0);
    }
    Ok(copy.cast())
}

/// A copy for the program to `free()`. Never NULL, even without items.
pub(crate) fn malloc_array<T: Copy>(items: &[T]) -> Result<*mut T> {
    const { assert!(align_of::<T>() <= align_of::<libc::max_align_t>()) };
    let copy = malloc(size_of_val(items).max(size_of::<T>()))?.cast::<T>();
    // SAFETY: just allocated with room for the items, and for one at least: less would not have to be aligned for it.
    unsafe { copy.copy_from_nonoverlapping(items.as_ptr(), items.len()) };
    Ok(copy)
}

/// An array for the program to `free()`, whose items are not written yet. Never NULL.
pub(crate) fn malloc_room<T>(items: usize) -> Result<*mut T> {
    const { assert!(align_of::<T>() <= align_of::<libc::max_align_t>()) };
    let size = items
        .checked_mul(size_of::<T>())
        .ok_or(Status::NATS_NO_MEMORY)?;
    // Memory for less than one item would not have to be aligned for it.
    Ok(malloc(size.max(size_of::<T>()))?.cast())
}

/// Gives an array of [`malloc_room`] another size. If that fails it stays as it is.
///
/// # Safety
/// `array` is from `malloc`, and nobody else has it.
pub(crate) unsafe fn resize_room<T>(array: *mut T, items: usize) -> Result<*mut T> {
    let size = items
        .checked_mul(size_of::<T>())
        .ok_or(Status::NATS_NO_MEMORY)?;
    // SAFETY: the contract above.
    let memory = unsafe { libc::realloc(array.cast(), size.max(size_of::<T>())) };
    if memory.is_null() {
        return Err(Status::NATS_NO_MEMORY.into());
    }
    Ok(memory.cast())
}

fn malloc(size: usize) -> Result<*mut c_void> {
    // SAFETY: malloc takes any size and returns NULL where it cannot.
    let memory = unsafe { libc::malloc(size) };
    if memory.is_null() {
        Err(Status::NATS_NO_MEMORY.into())
    } else {
        Ok(memory)
    }
}

/// Copies a string and a NUL into the program's buffer. If it does not fit, the buffer receives an
/// empty string, if it has room for that.
///
/// # Safety
/// `buffer` is NULL or valid for writing `size` bytes.
pub(crate) unsafe fn copy_to_buffer(text: &[u8], buffer: *mut c_char, size: usize) -> Result<()> {
    required(buffer, "buffer")?;
    if size == 0 {
        return Err(Status::NATS_INSUFFICIENT_BUFFER.into());
    }
    let needed = text.len();
    let fits = needed < size;
    let text = if fits { text } else { b"" };
    // SAFETY: the text and a NUL are within the `size` bytes of the contract above.
    unsafe {
        buffer
            .cast::<u8>()
            .copy_from_nonoverlapping(text.as_ptr(), text.len());
        buffer.add(text.len()).write(0);
    }
    if fits {
        Ok(())
    } else {
        let text = format!(
            "buffer of {size} bytes is too small: {} are needed",
            needed + 1
        );
        Err(Error::new(Status::NATS_INSUFFICIENT_BUFFER, text))
    }
}

/// A time in milliseconds that cannot be negative.
#[inline]
pub(crate) fn millis(ms: i64, what: &str) -> Result<Duration> {
    match u64::try_from(ms) {
        Ok(ms) => Ok(Duration::from_millis(ms)),
        Err(_) => Err(negative(what, format_args!("{ms} ms"))),
    }
}

/// A number that cannot be negative.
pub(crate) fn count<N: Copy + Display, T: TryFrom<N>>(n: N, what: &str) -> Result<T> {
    T::try_from(n).map_err(|_| negative(what, n))
}

#[cold]
fn negative(what: &str, value: impl Display) -> Error {
    Error::invalid_arg(format!("{what} cannot be negative: {value}"))
}

/// A number that must be greater than zero.
pub(crate) fn positive<N: Copy + Display + PartialOrd + From<u8>>(n: N, what: &str) -> Result<N> {
    match n > N::from(0) {
        true => Ok(n),
        false => Err(Error::invalid_arg(format!(
            "{what} must be greater than 0: {n}"
        ))),
    }
}

/// A time in milliseconds, where zero and less mean no limit.
#[inline]
pub(crate) fn millis_or_forever(ms: i64) -> Option<Duration> {
    u64::try_from(ms)
        .ok()
        .filter(|ms| *ms > 0)
        .map(Duration::from_millis)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ptr;

    fn refused<T>(result: Result<T>) -> bool {
        result
            .err()
            .is_some_and(|e| e.status() == Status::NATS_INVALID_ARG)
    }

    #[test]
    fn strings_are_read() {
        // SAFETY: NULLs and literals.
        unsafe {
            assert_eq!(bytes(ptr::null()), None);
            assert_eq!(bytes(c"ab".as_ptr()), Some(&b"ab"[..]));
            assert!(refused(some_bytes(c"".as_ptr(), "empty")));
            assert!(refused(some_bytes(ptr::null(), "empty")));
            assert_eq!(some_bytes(c"a".as_ptr(), "empty").unwrap(), b"a");
            assert_eq!(text(ptr::null(), "name").unwrap(), None);
            assert_eq!(text(c"é".as_ptr(), "name").unwrap(), Some("é"));
            assert_eq!(
                text(c"\xff".as_ptr(), "name").unwrap_err().text(),
                "name must be UTF-8: byte 0 is not"
            );
        }
    }

    #[test]
    fn a_payload_needs_a_pointer_only_where_it_has_bytes() {
        // SAFETY: NULL or a live array with the length that goes with it.
        unsafe {
            assert_eq!(payload(ptr::null(), 0).unwrap(), b"");
            assert_eq!(payload(ptr::dangling(), 0).unwrap(), b"");
            assert!(refused(payload(b"abc".as_ptr().cast(), -1)));
            assert!(refused(payload(ptr::null(), 1)));
            assert_eq!(payload(b"abc".as_ptr().cast(), 2).unwrap(), b"ab");
            assert!(array::<i32>(ptr::null(), 0, "items").unwrap().is_empty());
            assert!(refused(array::<i32>(ptr::null(), 1, "items")));
            assert!(refused(array(&1, 0, "items")));
            assert!(refused(array(&1, -1, "items")));
            assert_eq!(array([1, 2].as_ptr(), 2, "items").unwrap(), [1, 2]);
        }
    }

    #[test]
    fn copies_come_from_malloc_and_are_never_null() {
        // SAFETY: what malloc gave is read within its length and freed once.
        unsafe {
            let text = malloc_string(b"abc").unwrap();
            assert_eq!(CStr::from_ptr(text), c"abc");
            libc::free(text.cast());
            let none = malloc_array::<u64>(&[]).unwrap();
            assert!(!none.is_null());
            libc::free(none.cast());
            let two = malloc_array(&[1u64, 2]).unwrap();
            assert_eq!(std::slice::from_raw_parts(two, 2), [1, 2]);
            libc::free(two.cast());
        }
    }

    #[test]
    fn a_buffer_too_small_holds_an_empty_string() {
        let mut buffer = [1 as c_char; 4];
        let mut copy = |text: &[u8], size| {
            // SAFETY: `size` is at most the array's.
            let result = unsafe { copy_to_buffer(text, buffer.as_mut_ptr(), size) };
            // SAFETY: a NUL was written.
            let text = unsafe { CStr::from_ptr(buffer.as_ptr()) }.to_owned();
            (result.map_err(|e| e.status()), text)
        };
        assert_eq!(copy(b"abc", 4), (Ok(()), c"abc".to_owned()));
        assert_eq!(
            copy(b"abc", 3),
            (Err(Status::NATS_INSUFFICIENT_BUFFER), c"".to_owned())
        );
        assert_eq!(copy(b"", 1), (Ok(()), c"".to_owned()));
        buffer[0] = 1;
        // SAFETY: NULL is refused, and nothing is written with size 0.
        unsafe {
            assert!(refused(copy_to_buffer(b"", ptr::null_mut(), 4)));
            let nothing = copy_to_buffer(b"", buffer.as_mut_ptr(), 0);
            assert_eq!(
                nothing.unwrap_err().status(),
                Status::NATS_INSUFFICIENT_BUFFER
            );
        }
        assert_eq!(buffer[0], 1);
    }

    #[test]
    fn times_are_checked() {
        assert_eq!(millis(5, "wait").unwrap(), Duration::from_millis(5));
        assert_eq!(
            millis(-1, "wait").unwrap_err().text(),
            "wait cannot be negative: -1 ms"
        );
        assert_eq!(millis_or_forever(0), None);
        assert_eq!(millis_or_forever(i64::MIN), None);
        assert_eq!(millis_or_forever(1), Some(Duration::from_millis(1)));
        assert_eq!(count::<i32, usize>(3, "n").unwrap(), 3);
        assert!(refused(count::<i32, usize>(-3, "n")));
        assert_eq!(positive(3_i64, "n").unwrap(), 3);
        assert_eq!(
            positive(0, "n").unwrap_err().text(),
            "n must be greater than 0: 0"
        );
    }
}
