//! The headers of a message.

use std::ffi::{c_char, c_int};

use super::convert;
use super::guard::{guard, guard_lookup};
use super::header::{key, new_key, write_first, write_keys, write_values};
use super::msg::{borrow_msg, natsMsg};
use crate::error::{Error, natsStatus};

/// Set the value of a key in a message's headers, replacing all its values.
///
/// Format of headers: ADR-4.
///
/// @param msg The message.
/// @param key The key, which is copied; case-sensitive, not empty, without colons, white space and
/// control characters.
/// @param value The value, which is copied. NULL is stored as NULL and sent as an empty value. Line
/// ends in it are sent as blanks.
///
/// @retval NATS_OK The value was set.
/// @retval NATS_INVALID_ARG `msg` is NULL, or the key is not valid.
/// @retval NATS_PROTOCOL_ERROR The headers were received and are malformed.
///
/// @par Threads
/// One thread at a time may use a message, even to read it.
///
/// @par Example
/// ```c
/// natsStatus s = natsMsgHeader_Set(msg, "Trace-Id", "7f3a");
/// if (s == NATS_OK) s = natsMsgHeader_Add(msg, "Tag", "first");
/// if (s == NATS_OK) s = natsMsgHeader_Add(msg, "Tag", "second");
/// ```
///
/// @see natsMsgHeader_Add
///
/// @ingroup nats_headers
///
/// # Safety
/// `msg` is NULL or a message of this library; the other two are NULL or strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsMsgHeader_Set(
    msg: *mut natsMsg,
    key: *const c_char,
    value: *const c_char,
) -> natsStatus {
    guard("natsMsgHeader_Set", || {
        // SAFETY: the caller's contract, above.
        let (mut msg, key, value) =
            unsafe { (borrow_msg(msg)?, new_key(key)?, convert::bytes(value)) };
        msg.headers_mut()?.set(key, value);
        Ok(())
    })
}

/// Add a value to a key in a message's headers.
///
/// Values that the key has are kept, in order.
///
/// @param msg The message.
/// @param key The key, which is copied; case-sensitive, not empty, without colons, white space and
/// control characters.
/// @param value The value, which is copied. NULL is stored as NULL and sent as an empty value. Line
/// ends in it are sent as blanks.
///
/// @retval NATS_OK The value was added.
/// @retval NATS_INVALID_ARG `msg` is NULL, or the key is not valid.
/// @retval NATS_PROTOCOL_ERROR The headers were received and are malformed.
///
/// @par Threads
/// One thread at a time may use a message, even to read it.
///
/// @see natsMsgHeader_Set
///
/// @ingroup nats_headers
///
/// # Safety
/// `msg` is NULL or a message of this library; the other two are NULL or strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsMsgHeader_Add(
    msg: *mut natsMsg,
    key: *const c_char,
    value: *const c_char,
) -> natsStatus {
    guard("natsMsgHeader_Add", || {
        // SAFETY: the caller's contract, above.
        let (mut msg, key, value) =
            unsafe { (borrow_msg(msg)?, new_key(key)?, convert::bytes(value)) };
        msg.headers_mut()?.add(key, value);
        Ok(())
    })
}

/// Return the first value of a key in a message's headers.
///
/// @param msg The message.
/// @param key The key; case-sensitive.
/// @param value Receives the value, which belongs to the message and is valid until the key is
/// changed or the message is destroyed. NULL if the key is absent, has the value NULL, or the
/// headers are malformed.
///
/// @retval NATS_OK The key exists.
/// @retval NATS_NOT_FOUND The key is absent. The last error of the calling thread does not change.
/// @retval NATS_INVALID_ARG An argument is NULL, or the key is empty.
/// @retval NATS_PROTOCOL_ERROR The headers were received and are malformed.
///
/// @par Threads
/// One thread at a time may use a message, even to read it.
///
/// @par Example
/// ```c
/// const char *trace = NULL;
/// if (natsMsgHeader_Get(msg, "Trace-Id", &trace) == NATS_OK) printf("trace %s\n", trace);
/// ```
///
/// @see natsMsgHeader_Values
///
/// @ingroup nats_headers
///
/// # Safety
/// `msg` is NULL or a message of this library, `key` is NULL or a string, `value` NULL or valid for
/// writing a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsMsgHeader_Get(
    msg: *mut natsMsg,
    key: *const c_char,
    value: *mut *const c_char,
) -> natsStatus {
    guard_lookup("natsMsgHeader_Get", || {
        // SAFETY: the caller's contract, above.
        let (mut msg, key) = unsafe { (borrow_msg(msg)?, self::key(key)?) };
        convert::required(value, "value")?;
        let headers = msg.headers();
        let known = headers.as_ref().map_or(None, |h| *h);
        // SAFETY: not NULL, and valid for writing by the caller's contract.
        let found = unsafe { write_first(known, key, value) };
        headers.map(|_| found)
    })
}

/// Return all values of a key in a message's headers, in the order in which they were added.
///
/// @param msg The message.
/// @param key The key; case-sensitive.
/// @param values Receives an array that the caller releases with `free()`. The strings belong to
/// the message and are valid until the key is changed or the message is destroyed. NULL if the key
/// is absent or the headers are malformed.
/// @param count Receives the number of values.
///
/// @retval NATS_OK The key exists.
/// @retval NATS_NOT_FOUND The key is absent. The last error of the calling thread does not change.
/// @retval NATS_INVALID_ARG An argument is NULL, or the key is empty.
/// @retval NATS_PROTOCOL_ERROR The headers were received and are malformed.
/// @retval NATS_NO_MEMORY Memory could not be allocated.
///
/// @par Threads
/// One thread at a time may use a message, even to read it.
///
/// @ingroup nats_headers
///
/// # Safety
/// `msg` is NULL or a message of this library, `key` is NULL or a string, the outputs are NULL or
/// valid for writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsMsgHeader_Values(
    msg: *mut natsMsg,
    key: *const c_char,
    values: *mut *mut *const c_char,
    count: *mut c_int,
) -> natsStatus {
    guard_lookup("natsMsgHeader_Values", || {
        // SAFETY: the caller's contract, above.
        let (mut msg, key) = unsafe { (borrow_msg(msg)?, self::key(key)?) };
        if values.is_null() || count.is_null() {
            return Err(Error::invalid_arg("value or count cannot be NULL"));
        }
        let headers = msg.headers();
        let known = headers.as_ref().map_or(None, |h| *h);
        // SAFETY: not NULL, and valid for writing by the caller's contract.
        let found = unsafe { write_values(known, key, values, count) }?;
        headers.map(|_| found)
    })
}

/// Return all keys of a message's headers, in no particular order.
///
/// @param msg The message.
/// @param keys Receives an array that the caller releases with `free()`. The strings belong to the
/// message and are valid until the key is changed or the message is destroyed. NULL if there are no
/// headers or they are malformed.
/// @param count Receives the number of keys.
///
/// @retval NATS_OK The message has headers.
/// @retval NATS_NOT_FOUND The message has no headers. The last error of the calling thread does not
/// change.
/// @retval NATS_INVALID_ARG An argument is NULL.
/// @retval NATS_PROTOCOL_ERROR The headers were received and are malformed.
/// @retval NATS_NO_MEMORY Memory could not be allocated.
///
/// @par Threads
/// One thread at a time may use a message, even to read it.
///
/// @par Example
/// ```c
/// const char **keys = NULL;
/// int count = 0, i;
/// if (natsMsgHeader_Keys(msg, &keys, &count) == NATS_OK) {
///     for (i = 0; i < count; i++) puts(keys[i]);
///     free((void *)keys);
/// }
/// ```
///
/// @ingroup nats_headers
///
/// # Safety
/// `msg` is NULL or a message of this library, the outputs are NULL or valid for writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsMsgHeader_Keys(
    msg: *mut natsMsg,
    keys: *mut *mut *const c_char,
    count: *mut c_int,
) -> natsStatus {
    guard_lookup("natsMsgHeader_Keys", || {
        // SAFETY: the caller's contract, above.
        let mut msg = unsafe { borrow_msg(msg) }?;
        if keys.is_null() || count.is_null() {
            return Err(Error::invalid_arg("keys or count cannot be NULL"));
        }
        let headers = msg.headers();
        let known = headers.as_ref().map_or(None, |h| *h);
        // SAFETY: not NULL, and valid for writing by the caller's contract.
        let found = unsafe { write_keys(known, keys, count) }?;
        headers.map(|_| found)
    })
}

/// Remove a key with all its values from a message's headers.
///
/// A message whose last header was removed is still published as one with headers.
///
/// @param msg The message.
/// @param key The key; case-sensitive.
///
/// @retval NATS_OK The key was removed.
/// @retval NATS_NOT_FOUND The key is absent. The last error of the calling thread does not change.
/// @retval NATS_INVALID_ARG An argument is NULL, or the key is empty.
/// @retval NATS_PROTOCOL_ERROR The headers were received and are malformed.
///
/// @par Threads
/// One thread at a time may use a message, even to read it.
///
/// @ingroup nats_headers
///
/// # Safety
/// `msg` is NULL or a message of this library, `key` is NULL or a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsMsgHeader_Delete(msg: *mut natsMsg, key: *const c_char) -> natsStatus {
    guard_lookup("natsMsgHeader_Delete", || {
        // SAFETY: the caller's contract, above.
        let (mut msg, key) = unsafe { (borrow_msg(msg)?, self::key(key)?) };
        if msg.headers()?.is_none() {
            return Ok(false);
        }
        Ok(msg.headers_mut()?.remove(key))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Status::*;
    use crate::ffi::last_error;
    use crate::ffi::msg::{into_c, natsMsg_Destroy};
    use crate::msg::Msg;
    use std::ffi::CStr;
    use std::ptr;

    #[test]
    fn headers_are_set_read_and_removed() {
        let msg = into_c(Msg::create(b"a", None, b"x").unwrap());
        let (mut value, mut array, mut count) = (ptr::dangling(), ptr::null_mut(), 7);
        last_error::clear();
        // SAFETY: a live message, literals and live locals; arrays are read within their count and
        // freed once.
        unsafe {
            assert_eq!(
                natsMsgHeader_Get(msg, c"k".as_ptr(), &mut value),
                NATS_NOT_FOUND
            );
            assert!(value.is_null());
            assert_eq!(
                natsMsgHeader_Keys(msg, &mut array, &mut count),
                NATS_NOT_FOUND
            );
            assert_eq!(natsMsgHeader_Delete(msg, c"k".as_ptr()), NATS_NOT_FOUND);
            assert!(
                last_error::with(|_, _, _| ()).is_none(),
                "absence is no error"
            );
            // Looking at the headers did not create any.
            assert!(borrow_msg(msg).unwrap().headers().unwrap().is_none());

            assert_eq!(
                natsMsgHeader_Set(msg, c"k".as_ptr(), c"1".as_ptr()),
                NATS_OK
            );
            assert_eq!(natsMsgHeader_Add(msg, c"k".as_ptr(), ptr::null()), NATS_OK);
            assert_eq!(natsMsgHeader_Get(msg, c"k".as_ptr(), &mut value), NATS_OK);
            assert_eq!(CStr::from_ptr(value), c"1");
            assert_eq!(
                natsMsgHeader_Values(msg, c"k".as_ptr(), &mut array, &mut count),
                NATS_OK
            );
            assert!(count == 2 && (*array.add(1)).is_null());
            libc::free(array.cast());
            assert_eq!(natsMsgHeader_Keys(msg, &mut array, &mut count), NATS_OK);
            assert_eq!((count, CStr::from_ptr(*array)), (1, c"k"));
            libc::free(array.cast());
            assert_eq!(natsMsgHeader_Delete(msg, c"k".as_ptr()), NATS_OK);
            natsMsg_Destroy(msg);
        }
    }

    #[test]
    fn bad_arguments_are_refused_with_the_words_for_them() {
        let msg = into_c(Msg::create(b"a", None, b"x").unwrap());
        let (mut value, k) = (ptr::null(), c"k".as_ptr());
        let text = || last_error::with(|_, text, _| text.to_owned()).unwrap();
        // SAFETY: NULLs, literals, a live message and a live local.
        unsafe {
            assert_eq!(
                natsMsgHeader_Get(ptr::null_mut(), k, &mut value),
                NATS_INVALID_ARG
            );
            assert_eq!(text(), "message cannot be NULL");
            assert_eq!(natsMsgHeader_Set(msg, c"".as_ptr(), k), NATS_INVALID_ARG);
            assert_eq!(text(), "key cannot be NULL nor empty");
            assert_eq!(natsMsgHeader_Get(msg, k, ptr::null_mut()), NATS_INVALID_ARG);
            assert_eq!(text(), "value cannot be NULL");
            let null = ptr::null_mut();
            assert_eq!(
                natsMsgHeader_Values(msg, k, null, ptr::null_mut()),
                NATS_INVALID_ARG
            );
            assert_eq!(text(), "value or count cannot be NULL");
            assert_eq!(
                natsMsgHeader_Keys(msg, null, ptr::null_mut()),
                NATS_INVALID_ARG
            );
            assert_eq!(text(), "keys or count cannot be NULL");
            assert_eq!(natsMsgHeader_Set(msg, c"a:b".as_ptr(), k), NATS_INVALID_ARG);
            natsMsg_Destroy(msg);
        }
        last_error::clear();
    }
}
