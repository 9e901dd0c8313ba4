//! `natsHeader`: a set of headers without a message; and the look-ups that it shares with the
//! headers of messages.

use std::ffi::{c_char, c_int};
use std::ptr;

use super::convert::{self, required};
use super::guard::{guard, guard_local, guard_lookup, guard_void};
use crate::error::{Error, Result, natsStatus};
use crate::proto::headers::{HeaderMap, ZString, check_key};

/// A set of headers: keys, each with one or more values. Opaque to C.
///
/// Keys are case-sensitive, and the values of a key keep the order in which they were added.
/// Created by `natsHeader_New` and released by `natsHeader_Destroy`. One thread at a time may use
/// it.
///
/// @ingroup nats_headers
pub type natsHeader = __natsHeader;

/// The structure behind `natsHeader`.
pub struct __natsHeader(HeaderMap);

const NO_KEY: &str = "key cannot be NULL nor empty";

/// The key to look up.
///
/// # Safety
/// `key` is NULL or a string.
pub(super) unsafe fn key<'a>(key: *const c_char) -> Result<&'a [u8]> {
    // SAFETY: the contract above.
    unsafe { convert::some_bytes(key, NO_KEY) }
}

/// A key to store: one that does not break the header block when it is sent.
///
/// # Safety
/// `key` is NULL or a string.
pub(super) unsafe fn new_key<'a>(key: *const c_char) -> Result<&'a [u8]> {
    // SAFETY: the contract above.
    let key = unsafe { self::key(key) }?;
    check_key(key).map_err(|e| Error::invalid_arg(e.to_string()))?;
    Ok(key)
}

/// Writes the first value of a key, NULL without one. Does the key exist?
///
/// # Safety
/// `value` is valid for writing.
pub(super) unsafe fn write_first(
    headers: Option<&HeaderMap>,
    key: &[u8],
    value: *mut *const c_char,
) -> bool {
    let found = headers.and_then(|h| h.get(key));
    // SAFETY: the contract above.
    unsafe { value.write(found.flatten().map_or(ptr::null(), ZString::as_ptr)) };
    found.is_some()
}

/// Writes an array of all values of a key, NULL and 0 without one. Does the key exist?
///
/// # Safety
/// `values` and `count` are valid for writing.
pub(super) unsafe fn write_values(
    headers: Option<&HeaderMap>,
    key: &[u8],
    values: *mut *mut *const c_char,
    count: *mut c_int,
) -> Result<bool> {
    let pointer = |v: &Option<ZString>| v.as_ref().map_or(ptr::null(), ZString::as_ptr);
    let found = headers.and_then(|h| h.values(key)).unwrap_or_default();
    let found: Vec<_> = found.iter().map(pointer).collect();
    // SAFETY: the contract above.
    unsafe { write_strings(&found, values, count) }
}

/// Writes an array of all keys, NULL and 0 without any. Is there one?
///
/// # Safety
/// `keys` and `count` are valid for writing.
pub(super) unsafe fn write_keys(
    headers: Option<&HeaderMap>,
    keys: *mut *mut *const c_char,
    count: *mut c_int,
) -> Result<bool> {
    let found: Vec<_> = headers
        .map(|h| h.keys().map(ZString::as_ptr).collect())
        .unwrap_or_default();
    // SAFETY: the contract above.
    unsafe { write_strings(&found, keys, count) }
}

/// # Safety
/// `array` and `count` are valid for writing.
unsafe fn write_strings(
    found: &[*const c_char],
    array: *mut *mut *const c_char,
    count: *mut c_int,
) -> Result<bool> {
    let copy = if found.is_empty() {
        ptr::null_mut()
    } else {
        convert::malloc_array(found)?
    };
    // SAFETY: the contract above.
    unsafe {
        array.write(copy);
        count.write(found.len() as c_int);
    }
    Ok(!found.is_empty())
}

/// An object with these headers, for the program, which [`natsHeader_Destroy`] ends.
pub(crate) fn made_of(map: HeaderMap) -> *mut natsHeader {
    Box::into_raw(Box::new(__natsHeader(map)))
}

/// The headers of an object.
///
/// # Safety
/// `h` is NULL or from [`natsHeader_New`], and nobody changes it for `'a`.
pub(crate) unsafe fn map_of<'a>(h: *const natsHeader) -> Option<&'a HeaderMap> {
    // SAFETY: the contract above.
    unsafe { h.as_ref() }.map(|h| &h.0)
}

/// # Safety
/// `h` is NULL or from [`natsHeader_New`], and nobody else uses it meanwhile.
unsafe fn borrow<'a>(h: *mut natsHeader) -> Result<&'a mut HeaderMap> {
    // SAFETY: the contract above.
    let header = unsafe { h.as_mut() }.ok_or(Error::invalid_arg("header cannot be NULL"))?;
    Ok(&mut header.0)
}

/// Create an empty header object.
///
/// @param new_header Receives the object, which the caller releases with `natsHeader_Destroy`.
/// Written only with `NATS_OK`.
///
/// @retval NATS_OK The object was created.
/// @retval NATS_INVALID_ARG `new_header` is NULL.
///
/// @par Threads
/// Any thread may call this function at any time. The object belongs to one thread at a time.
///
/// @ingroup nats_headers
///
/// # Safety
/// `new_header` is NULL or valid for writing a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsHeader_New(new_header: *mut *mut natsHeader) -> natsStatus {
    guard("natsHeader_New", || {
        required(new_header, "new_header")?;
        let header = Box::into_raw(Box::new(__natsHeader(HeaderMap::new())));
        // SAFETY: not NULL, and valid for writing by the caller's contract.
        unsafe { new_header.write(header) };
        Ok(())
    })
}

/// Set the value of a key, replacing all its values.
///
/// @param h The header object.
/// @param key The key, which is copied; case-sensitive, not empty, without colons, white space and
/// control characters.
/// @param value The value, which is copied. NULL is stored as NULL and sent as an empty value.
///
/// @retval NATS_OK The value was set.
/// @retval NATS_INVALID_ARG `h` is NULL, or the key is not valid.
///
/// @par Threads
/// One thread at a time may use a header object.
///
/// @ingroup nats_headers
///
/// # Safety
/// `h` is NULL or from `natsHeader_New`; the other two are NULL or strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsHeader_Set(
    h: *mut natsHeader,
    key: *const c_char,
    value: *const c_char,
) -> natsStatus {
    guard("natsHeader_Set", || {
        // SAFETY: the caller's contract, above.
        let (header, key, value) = unsafe { (borrow(h)?, new_key(key)?, convert::bytes(value)) };
        header.set(key, value);
        Ok(())
    })
}

/// Add a value to a key.
///
/// Values that the key has are kept, in order.
///
/// @param h The header object.
/// @param key The key, which is copied; case-sensitive, not empty, without colons, white space and
/// control characters.
/// @param value The value, which is copied. NULL is stored as NULL and sent as an empty value.
///
/// @retval NATS_OK The value was added.
/// @retval NATS_INVALID_ARG `h` is NULL, or the key is not valid.
///
/// @par Threads
/// One thread at a time may use a header object.
///
/// @ingroup nats_headers
///
/// # Safety
/// `h` is NULL or from `natsHeader_New`; the other two are NULL or strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsHeader_Add(
    h: *mut natsHeader,
    key: *const c_char,
    value: *const c_char,
) -> natsStatus {
    guard("natsHeader_Add", || {
        // SAFETY: the caller's contract, above.
        let (header, key, value) = unsafe { (borrow(h)?, new_key(key)?, convert::bytes(value)) };
        header.add(key, value);
        Ok(())
    })
}

/// Return the first value of a key.
///
/// @param h The header object.
/// @param key The key; case-sensitive.
/// @param value Receives the value, which belongs to the object and is valid until the key is
/// changed or the object is destroyed. NULL if the key is absent or has the value NULL.
///
/// @retval NATS_OK The key exists.
/// @retval NATS_NOT_FOUND The key is absent. The last error of the calling thread does not change.
/// @retval NATS_INVALID_ARG An argument is NULL, or the key is empty.
///
/// @par Threads
/// One thread at a time may use a header object.
///
/// @ingroup nats_headers
///
/// # Safety
/// `h` is NULL or from `natsHeader_New`, `key` is NULL or a string, `value` NULL or valid for
/// writing a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsHeader_Get(
    h: *mut natsHeader,
    key: *const c_char,
    value: *mut *const c_char,
) -> natsStatus {
    guard_lookup("natsHeader_Get", || {
        // SAFETY: the caller's contract, above.
        let (header, key) = unsafe { (borrow(h)?, self::key(key)?) };
        required(value, "value")?;
        // SAFETY: not NULL, and valid for writing by the caller's contract.
        Ok(unsafe { write_first(Some(header), key, value) })
    })
}

/// Return all values of a key, in the order in which they were added.
///
/// @param h The header object.
/// @param key The key; case-sensitive.
/// @param values Receives an array that the caller releases with `free()`. The strings belong to
/// the object and are valid until the key is changed or the object is destroyed. NULL if the key is
/// absent.
/// @param count Receives the number of values.
///
/// @retval NATS_OK The key exists.
/// @retval NATS_NOT_FOUND The key is absent. The last error of the calling thread does not change.
/// @retval NATS_INVALID_ARG An argument is NULL, or the key is empty.
/// @retval NATS_NO_MEMORY Memory could not be allocated.
///
/// @par Threads
/// One thread at a time may use a header object.
///
/// @ingroup nats_headers
///
/// # Safety
/// `h` is NULL or from `natsHeader_New`, `key` is NULL or a string, the outputs are NULL or valid
/// for writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsHeader_Values(
    h: *mut natsHeader,
    key: *const c_char,
    values: *mut *mut *const c_char,
    count: *mut c_int,
) -> natsStatus {
    guard_lookup("natsHeader_Values", || {
        // SAFETY: the caller's contract, above.
        let (header, key) = unsafe { (borrow(h)?, self::key(key)?) };
        required(values, "values")?;
        required(count, "count")?;
        // SAFETY: not NULL, and valid for writing by the caller's contract.
        unsafe { write_values(Some(header), key, values, count) }
    })
}

/// Return all keys, in no particular order.
///
/// @param h The header object.
/// @param keys Receives an array that the caller releases with `free()`. The strings belong to the
/// object and are valid until the key is changed or the object is destroyed. NULL if there is no
/// key.
/// @param count Receives the number of keys.
///
/// @retval NATS_OK The object has keys.
/// @retval NATS_NOT_FOUND The object has no keys. The last error of the calling thread does not
/// change.
/// @retval NATS_INVALID_ARG An argument is NULL.
/// @retval NATS_NO_MEMORY Memory could not be allocated.
///
/// @par Threads
/// One thread at a time may use a header object.
///
/// @ingroup nats_headers
///
/// # Safety
/// `h` is NULL or from `natsHeader_New`, the outputs are NULL or valid for writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsHeader_Keys(
    h: *mut natsHeader,
    keys: *mut *mut *const c_char,
    count: *mut c_int,
) -> natsStatus {
    guard_lookup("natsHeader_Keys", || {
        // SAFETY: the caller's contract, above.
        let header = unsafe { borrow(h) }?;
        required(keys, "keys")?;
        required(count, "count")?;
        // SAFETY: not NULL, and valid for writing by the caller's contract.
        unsafe { write_keys(Some(header), keys, count) }
    })
}

/// Return the number of keys.
///
/// @param h The header object.
///
/// @return The number of keys; 0 if `h` is NULL.
///
/// @par Threads
/// One thread at a time may use a header object.
///
/// @ingroup nats_headers
///
/// # Safety
/// `h` is NULL or from `natsHeader_New`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsHeader_KeysCount(h: *mut natsHeader) -> c_int {
    guard_local(0, || {
        // SAFETY: the caller's contract, above.
        let header = unsafe { borrow(h) }?;
        Ok(header.len() as c_int)
    })
}

/// Remove a key with all its values.
///
/// @param h The header object.
/// @param key The key; case-sensitive.
///
/// @retval NATS_OK The key was removed.
/// @retval NATS_NOT_FOUND The key is absent. The last error of the calling thread does not change.
/// @retval NATS_INVALID_ARG An argument is NULL, or the key is empty.
///
/// @par Threads
/// One thread at a time may use a header object.
///
/// @ingroup nats_headers
///
/// # Safety
/// `h` is NULL or from `natsHeader_New`, `key` is NULL or a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsHeader_Delete(h: *mut natsHeader, key: *const c_char) -> natsStatus {
    guard_lookup("natsHeader_Delete", || {
        // SAFETY: the caller's contract, above.
        let (header, key) = unsafe { (borrow(h)?, self::key(key)?) };
        Ok(header.remove(key))
    })
}

/// Release a header object and the strings that belong to it.
///
/// @param h The header object; NULL is ignored.
///
/// @par Threads
/// One thread at a time may use a header object.
///
/// @ingroup nats_headers
///
/// # Safety
/// `h` is NULL, or from `natsHeader_New` and not destroyed before.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsHeader_Destroy(h: *mut natsHeader) {
    guard_void(|| {
        if !h.is_null() {
            // SAFETY: from `Box::into_raw`, and given back once, by the caller's contract.
            drop(unsafe { Box::from_raw(h) });
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Status::*;
    use std::ffi::CStr;

    #[test]
    fn a_header_is_filled_read_and_emptied() {
        let (mut h, mut value, mut array, mut count) =
            (ptr::null_mut(), ptr::dangling(), ptr::null_mut(), 7);
        // SAFETY: a live header, literals, NULLs and live locals; arrays are read within their
        // count and freed once.
        unsafe {
            assert_eq!(natsHeader_New(ptr::null_mut()), NATS_INVALID_ARG);
            assert_eq!(natsHeader_New(&mut h), NATS_OK);
            assert_eq!(natsHeader_Keys(h, &mut array, &mut count), NATS_NOT_FOUND);
            assert!(array.is_null() && count == 0);
            assert_eq!(natsHeader_Set(h, c"Key".as_ptr(), c"1".as_ptr()), NATS_OK);
            assert_eq!(natsHeader_Add(h, c"Key".as_ptr(), ptr::null()), NATS_OK);
            assert_eq!(natsHeader_Add(h, c"key".as_ptr(), c"".as_ptr()), NATS_OK);
            assert_eq!(natsHeader_KeysCount(h), 2);

            assert_eq!(natsHeader_Get(h, c"Key".as_ptr(), &mut value), NATS_OK);
            assert_eq!(CStr::from_ptr(value), c"1");
            assert_eq!(
                natsHeader_Values(h, c"Key".as_ptr(), &mut array, &mut count),
                NATS_OK
            );
            assert_eq!((count, CStr::from_ptr(*array)), (2, c"1"));
            assert!((*array.add(1)).is_null());
            libc::free(array.cast());
            assert_eq!(natsHeader_Keys(h, &mut array, &mut count), NATS_OK);
            assert_eq!(count, 2);
            libc::free(array.cast());

            assert_eq!(
                natsHeader_Get(h, c"KEY".as_ptr(), &mut value),
                NATS_NOT_FOUND
            );
            assert!(value.is_null());
            assert_eq!(
                natsHeader_Values(h, c"KEY".as_ptr(), &mut array, &mut count),
                NATS_NOT_FOUND
            );
            assert!(array.is_null() && count == 0);
            assert_eq!(natsHeader_Delete(h, c"Key".as_ptr()), NATS_OK);
            assert_eq!(natsHeader_Delete(h, c"Key".as_ptr()), NATS_NOT_FOUND);
            natsHeader_Destroy(h);
            natsHeader_Destroy(ptr::null_mut());
        }
    }

    #[test]
    fn bad_arguments_are_refused() {
        let (mut h, mut value) = (ptr::null_mut(), ptr::null());
        // SAFETY: NULLs, literals, a live header and a live local.
        unsafe {
            assert_eq!(natsHeader_KeysCount(h), 0);
            assert_eq!(
                natsHeader_Set(h, c"k".as_ptr(), c"".as_ptr()),
                NATS_INVALID_ARG
            );
            assert_eq!(natsHeader_New(&mut h), NATS_OK);
            for bad in [c"", c"a:b", c"a b", c"a\r\nb"] {
                assert_eq!(
                    natsHeader_Set(h, bad.as_ptr(), c"".as_ptr()),
                    NATS_INVALID_ARG
                );
                assert_eq!(
                    natsHeader_Add(h, bad.as_ptr(), c"".as_ptr()),
                    NATS_INVALID_ARG
                );
            }
            assert_eq!(
                natsHeader_Get(h, c"".as_ptr(), &mut value),
                NATS_INVALID_ARG
            );
            assert_eq!(natsHeader_Get(h, ptr::null(), &mut value), NATS_INVALID_ARG);
            assert_eq!(
                natsHeader_Get(h, c"k".as_ptr(), ptr::null_mut()),
                NATS_INVALID_ARG
            );
            assert_eq!(natsHeader_Delete(h, ptr::null()), NATS_INVALID_ARG);
            natsHeader_Destroy(h);
        }
    }
}
