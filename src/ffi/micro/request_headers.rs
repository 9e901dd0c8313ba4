//! The headers of requests.

use std::ffi::{CStr, c_char, c_int};
use std::ptr;

use super::errors::{guard_error, microError};
use super::request::{message, microRequest};
use crate::error::{Error as Plain, natsStatus};
use crate::ffi::last_error;
use crate::ffi::msg_header::{
    natsMsgHeader_Add, natsMsgHeader_Delete, natsMsgHeader_Get, natsMsgHeader_Keys,
    natsMsgHeader_Set, natsMsgHeader_Values,
};
use crate::micro::{Error, Result};
use crate::words::shown;

/// What a function on the headers of a message has to say about a request.
///
/// # Safety
/// `key` is NULL or a string.
unsafe fn outcome(what: &'static str, status: natsStatus, key: *const c_char) -> Result<()> {
    let why = match status {
        natsStatus::NATS_OK => return Ok(()),
        // Not recorded by those functions, as it is an ordinary outcome.
        natsStatus::NATS_NOT_FOUND if key.is_null() => {
            Some("the request has no headers".to_owned())
        }
        natsStatus::NATS_NOT_FOUND => {
            // SAFETY: not NULL, hence a string by the contract above.
            let key = unsafe { CStr::from_ptr(key) };
            Some(format!(
                "the request has no header '{}'",
                shown(key.to_bytes())
            ))
        }
        _ => {
            last_error::with(|noted, text, _| (noted == status).then(|| text.to_owned())).flatten()
        }
    };
    let error = match why {
        Some(text) => Plain::new(status, text),
        None => status.into(),
    };
    Err(Error::from(error).wrap(what))
}

/// Set a header of a request, in place of all values that it has.
///
/// This changes the request, for example before it is passed on. The answer does not have the
/// header.
///
/// @param req The request.
/// @param key The name of the header, in its exact case.
/// @param value The value; NULL is stored as such.
///
/// @return NULL for success; otherwise an error to be released with `microError_Destroy`: `NATS_INVALID_ARG` if `req`
/// or `key` is NULL, or `key` is empty or has a colon, white space or control characters.
///
/// @par Threads
/// One thread at a time may use a request, until its handler returns.
///
/// @see microRequest_AddHeader
///
/// @ingroup nats_micro_request
///
/// # Safety
/// `req` is NULL or a request whose handler has not returned; `key` and `value` are NULL or strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn microRequest_SetHeader(
    req: *mut microRequest,
    key: *const c_char,
    value: *const c_char,
) -> *mut microError {
    guard_error(|| {
        // SAFETY: the caller's contract, above, which is that of the function on messages.
        let status = unsafe { natsMsgHeader_Set(message(req), key, value) };
        // SAFETY: as above.
        unsafe { outcome("microRequest_SetHeader failed", status, key) }
    })
}

/// Add a value to a header of a request.
///
/// This changes the request, for example before it is passed on. The answer does not have the
/// header.
///
/// @param req The request.
/// @param key The name of the header, in its exact case.
/// @param value The value; NULL is stored as such.
///
/// @return NULL for success; otherwise an error to be released with `microError_Destroy`: `NATS_INVALID_ARG` if `req`
/// or `key` is NULL, or `key` is empty or has a colon, white space or control characters.
///
/// @par Threads
/// One thread at a time may use a request, until its handler returns.
///
/// @see microRequest_SetHeader
///
/// @ingroup nats_micro_request
///
/// # Safety
/// `req` is NULL or a request whose handler has not returned; `key` and `value` are NULL or strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn microRequest_AddHeader(
    req: *mut microRequest,
    key: *const c_char,
    value: *const c_char,
) -> *mut microError {
    guard_error(|| {
        // SAFETY: the caller's contract, above, which is that of the function on messages.
        let status = unsafe { natsMsgHeader_Add(message(req), key, value) };
        // SAFETY: as above.
        unsafe { outcome("microRequest_AddHeader failed", status, key) }
    })
}

/// Read the first value of a header of a request.
///
/// The headers are those of the message that was received.
///
/// @param req The request.
/// @param key The name of the header, in its exact case.
/// @param value Receives the value, which belongs to the request.
///
/// @return NULL for success; otherwise an error to be released with `microError_Destroy`: `NATS_NOT_FOUND` if the
/// header does not exist, `NATS_INVALID_ARG` if an argument is NULL, `NATS_PROTOCOL_ERROR` if the headers are
/// malformed.
///
/// @par Threads
/// One thread at a time may use a request, until its handler returns.
///
/// @see microRequest_GetHeaderValues
///
/// @ingroup nats_micro_request
///
/// # Safety
/// `req` is NULL or a request whose handler has not returned; `key` is NULL or a string; `value` is NULL or valid for writing a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn microRequest_GetHeaderValue(
    req: *mut microRequest,
    key: *const c_char,
    value: *mut *const c_char,
) -> *mut microError {
    guard_error(|| {
        // SAFETY: the caller's contract, above, which is that of the function on messages.
        let status = unsafe { natsMsgHeader_Get(message(req), key, value) };
        // SAFETY: as above.
        unsafe { outcome("microRequest_GetHeaderValue failed", status, key) }
    })
}

/// Read all values of a header of a request.
///
/// The headers are those of the message that was received.
///
/// @param req The request.
/// @param key The name of the header, in its exact case.
/// @param values Receives an array, to be released with `free()`; the strings in it belong to the request.
/// @param count Receives the number of values.
///
/// @return NULL for success; otherwise an error to be released with `microError_Destroy`: `NATS_NOT_FOUND` if the
/// header does not exist, `NATS_INVALID_ARG` if an argument is NULL, `NATS_PROTOCOL_ERROR` if the headers are
/// malformed.
///
/// @par Threads
/// One thread at a time may use a request, until its handler returns.
///
/// @see microRequest_GetHeaderKeys
///
/// @ingroup nats_micro_request
///
/// # Safety
/// `req` is NULL or a request whose handler has not returned; `key` is NULL or a string; `values` and `count` are NULL or valid for writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn microRequest_GetHeaderValues(
    req: *mut microRequest,
    key: *const c_char,
    values: *mut *mut *const c_char,
    count: *mut c_int,
) -> *mut microError {
    guard_error(|| {
        // SAFETY: the caller's contract, above, which is that of the function on messages.
        let status = unsafe { natsMsgHeader_Values(message(req), key, values, count) };
        // SAFETY: as above.
        unsafe { outcome("microRequest_GetHeaderValues failed", status, key) }
    })
}

/// Read the names of all headers of a request.
///
/// The headers are those of the message that was received.
///
/// @param req The request.
/// @param keys Receives an array, to be released with `free()`; the strings in it belong to the request.
/// @param count Receives the number of names.
///
/// @return NULL for success; otherwise an error to be released with `microError_Destroy`: `NATS_NOT_FOUND` if the
/// header does not exist, `NATS_INVALID_ARG` if an argument is NULL, `NATS_PROTOCOL_ERROR` if the headers are
/// malformed.
///
/// @par Threads
/// One thread at a time may use a request, until its handler returns.
///
/// @see microRequest_GetHeaderValues
///
/// @ingroup nats_micro_request
///
/// # Safety
/// `req` is NULL or a request whose handler has not returned; `keys` and `count` are NULL or valid for writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn microRequest_GetHeaderKeys(
    req: *mut microRequest,
    keys: *mut *mut *const c_char,
    count: *mut c_int,
) -> *mut microError {
    guard_error(|| {
        // SAFETY: the caller's contract, above, which is that of the function on messages.
        let status = unsafe { natsMsgHeader_Keys(message(req), keys, count) };
        // SAFETY: as above.
        unsafe { outcome("microRequest_GetHeaderKeys failed", status, ptr::null()) }
    })
}

/// Remove a header of a request, with all its values.
///
/// This changes the request, for example before it is passed on.
///
/// @param req The request.
/// @param key The name of the header, in its exact case.
///
/// @return NULL for success; otherwise an error to be released with `microError_Destroy`: `NATS_NOT_FOUND` if the
/// header does not exist, `NATS_INVALID_ARG` if an argument is NULL, `NATS_PROTOCOL_ERROR` if the headers are
/// malformed.
///
/// @par Threads
/// One thread at a time may use a request, until its handler returns.
///
/// @see microRequest_SetHeader
///
/// @ingroup nats_micro_request
///
/// # Safety
/// `req` is NULL or a request whose handler has not returned; `key` is NULL or a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn microRequest_DeleteHeader(
    req: *mut microRequest,
    key: *const c_char,
) -> *mut microError {
    guard_error(|| {
        // SAFETY: the caller's contract, above, which is that of the function on messages.
        let status = unsafe { natsMsgHeader_Delete(message(req), key) };
        // SAFETY: as above.
        unsafe { outcome("microRequest_DeleteHeader failed", status, key) }
    })
}
