//! The headers of a message.

use std::ffi::{c_char, c_int};

use super::convert;
use super::guard::{guard, guard_lookup};
use super::header::{key, new_key, write_first, write_keys, write_values};
use super::msg::{borrow_msg, natsMsg};
use crate::error::{Error, natsStatus};

/// Gives a key of a message's headers one value, in place of all that it had.
///
/// Headers are those of ADR-4. Keys are case-sensitive.
///
/// @param msg the message.
/// @param key the key, which is copied: not empty, without a colon, white space and control
/// characters.
/// @param value the value, which is copied; NULL is stored as such, and sent like an empty string.
/// A line's end in it is sent as a blank.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `msg` is NULL or the key is not fit to be one;
/// `NATS_PROTOCOL_ERROR` where the headers were received and are malformed.
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

/// Adds a value to those of a key of a message's headers.
///
/// @param msg the message.
/// @param key the key, as for `natsMsgHeader_Set`.
/// @param value the value, as for `natsMsgHeader_Set`.
/// @return as `natsMsgHeader_Set`.
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

/// Returns the first value of a key of a message's headers.
///
/// @param msg the message.
/// @param key the key; case matters.
/// @param value where to put the value, which stays the message's and valid until the key changes or
/// the message is destroyed. NULL where the key is absent, cannot be read, or was given NULL.
/// @return `NATS_OK`; `NATS_NOT_FOUND` where the key is absent, without touching the thread's last
/// error; `NATS_INVALID_ARG` where an argument is NULL or the key empty; `NATS_PROTOCOL_ERROR` where
/// the headers were received and are malformed.
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

/// Returns all values of a key of a message's headers, in the order in which they were added.
///
/// @param msg the message.
/// @param key the key; case matters.
/// @param values where to put an array, which the program must `free()`. The strings in it stay the
/// message's, as for `natsMsgHeader_Get`. NULL where the key is absent, or cannot be read.
/// @param count where to put the number of values.
/// @return as `natsMsgHeader_Get`; `NATS_NO_MEMORY`.
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

/// Returns all keys of a message's headers, in no particular order.
///
/// @param msg the message.
/// @param keys where to put an array, which the program must `free()`. The strings in it stay the
/// message's, as for `natsMsgHeader_Get`. NULL where there is no header, or it cannot be read.
/// @param count where to put the number of keys.
/// @return `NATS_OK`; `NATS_NOT_FOUND` where there is no header, without touching the thread's last
/// error; `NATS_INVALID_ARG` where an argument is NULL; `NATS_PROTOCOL_ERROR` where the headers were
/// received and are malformed; `NATS_NO_MEMORY`.
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

/// Removes a key with all its values from a message's headers.
///
/// A message whose last header was removed is still published as one with headers.
///
/// @param msg the message.
/// @param key the key; case matters.
/// @return `NATS_OK`; `NATS_NOT_FOUND` where it is absent, without touching the thread's last
/// error; `NATS_INVALID_ARG` where an argument is NULL or the key empty; `NATS_PROTOCOL_ERROR` where
/// the headers were received and are malformed.
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
            // Looking did not give it headers.
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
