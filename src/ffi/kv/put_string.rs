//! Putting, creating and updating values that are strings.

use std::ffi::c_char;
use std::ptr;

use super::put::store;
use crate::error::{Error, Result, natsStatus};
use crate::ffi::convert::bytes;
use crate::ffi::handle::kvStore;
use crate::ffi::jetstream::call::guard_api;

/// A string that must be there, as bytes.
///
/// # Safety
/// `text` is NULL or a string that stays as it is for `'a`.
unsafe fn value<'a>(text: *const c_char) -> Result<&'a [u8]> {
    // SAFETY: the contract above.
    let value = unsafe { bytes(text) };
    value.ok_or_else(|| Error::invalid_arg("data cannot be NULL"))
}

/// Set the value of a key to a string unconditionally.
///
/// @param rev Receives the revision, or 0 if the call fails; NULL if it is not needed.
/// @param kv The bucket.
/// @param key The key: ASCII letters, digits, `-`, `_`, `=`, `/`, `\` and dots. It must not begin
/// or end with a dot, or have two in a row.
/// @param data The value: a string, stored without the NUL at its end; NULL for an empty result.
///
/// @retval NATS_OK The value is stored.
/// @retval NATS_INVALID_ARG `kv` is NULL or was destroyed, or the key is not valid.
/// @retval NATS_ERR The server refused: its text is the last error.
/// @retval NATS_NO_RESPONDERS The bucket no longer exists, or JetStream is not enabled.
/// @retval NATS_TIMEOUT No answer arrived in time. The change may or may not have been made.
/// @retval NATS_MAX_PAYLOAD The value is larger than the server accepts.
/// @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
/// @retval NATS_DRAINING The connection is draining and sends no requests any more.
///
/// @par Threads
/// Any thread may call this function at any time. It waits for the answer of the server, also in a
/// callback.
///
/// @see kvStore_Put
///
/// @ingroup nats_kv_values
///
/// # Safety
/// `rev` is NULL or valid for writing; `kv` is NULL or a handle of this library; `key` and `data`
/// are NULL or strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kvStore_PutString(
    rev: *mut u64,
    kv: *mut kvStore,
    key: *const c_char,
    data: *const c_char,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    let body = || unsafe {
        let value = bytes(data).unwrap_or_default();
        store(rev, kv, key, |store, key| store.put(key, value))?;
        Ok(())
    };
    // SAFETY: nothing is written to NULL.
    unsafe { guard_api("kvStore_PutString", ptr::null_mut(), body) }
}

/// Set the value of a key that has none to a string.
///
/// Fails if the key has a value. A deleted key has none.
///
/// @param rev Receives the revision, or 0 if the call fails; NULL if it is not needed.
/// @param kv The bucket.
/// @param key The key: ASCII letters, digits, `-`, `_`, `=`, `/`, `\` and dots. It must not begin
/// or end with a dot, or have two in a row.
/// @param data The value: a string, stored without the NUL at its end.
///
/// @retval NATS_OK The value is stored.
/// @retval NATS_INVALID_ARG `kv` or `data` is NULL, `kv` was destroyed, or the key is not valid.
/// @retval NATS_ERR The key has a value, or the server refused the request for another reason: its
/// text is the last error.
/// @retval NATS_NO_RESPONDERS The bucket no longer exists, or JetStream is not enabled.
/// @retval NATS_TIMEOUT No answer arrived in time. The change may or may not have been made.
/// @retval NATS_MAX_PAYLOAD The value is larger than the server accepts.
/// @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
/// @retval NATS_DRAINING The connection is draining and sends no requests any more.
///
/// @par Threads
/// Any thread may call this function at any time. It waits for the answer of the server, also in a
/// callback.
///
/// @see kvStore_Put, kvStore_Update
///
/// @ingroup nats_kv_values
///
/// # Safety
/// `rev` is NULL or valid for writing; `kv` is NULL or a handle of this library; `key` and `data`
/// are NULL or strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kvStore_CreateString(
    rev: *mut u64,
    kv: *mut kvStore,
    key: *const c_char,
    data: *const c_char,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    let body = || unsafe {
        let value = value(data)?;
        store(rev, kv, key, |store, key| store.create(key, value, 0))?;
        Ok(())
    };
    // SAFETY: nothing is written to NULL.
    unsafe { guard_api("kvStore_CreateString", ptr::null_mut(), body) }
}

/// Set the value of a key that has a given revision to a string.
///
/// If several programs change a value at the same time, only one of them succeeds; the others can
/// read the value again and repeat the call with its new revision.
///
/// @param rev Receives the revision, or 0 if the call fails; NULL if it is not needed.
/// @param kv The bucket.
/// @param key The key: ASCII letters, digits, `-`, `_`, `=`, `/`, `\` and dots. It must not begin
/// or end with a dot, or have two in a row.
/// @param data The value: a string, stored without the NUL at its end.
/// @param last The revision that the key must have; 0 if the key must not exist.
///
/// @retval NATS_OK The value is stored.
/// @retval NATS_INVALID_ARG `kv` or `data` is NULL, `kv` was destroyed, or the key is not valid.
/// @retval NATS_ERR The key has another revision, or the server refused the request for another
/// reason: its text is the last error.
/// @retval NATS_NO_RESPONDERS The bucket no longer exists, or JetStream is not enabled.
/// @retval NATS_TIMEOUT No answer arrived in time. The change may or may not have been made.
/// @retval NATS_MAX_PAYLOAD The value is larger than the server accepts.
/// @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
/// @retval NATS_DRAINING The connection is draining and sends no requests any more.
///
/// @par Threads
/// Any thread may call this function at any time. It waits for the answer of the server, also in a
/// callback.
///
/// @see kvStore_Create, kvStore_Get
///
/// @ingroup nats_kv_values
///
/// # Safety
/// `rev` is NULL or valid for writing; `kv` is NULL or a handle of this library; `key` and `data`
/// are NULL or strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kvStore_UpdateString(
    rev: *mut u64,
    kv: *mut kvStore,
    key: *const c_char,
    data: *const c_char,
    last: u64,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    let body = || unsafe {
        let value = value(data)?;
        store(rev, kv, key, |store, key| store.update(key, value, last, 0))?;
        Ok(())
    };
    // SAFETY: nothing is written to NULL.
    unsafe { guard_api("kvStore_UpdateString", ptr::null_mut(), body) }
}

/// Set the value of a key that has none to a string, with a time to live.
///
/// Fails if the key has a value. A deleted key has none.
///
/// The bucket must have `LimitMarkerTTL`, and the time must be at least a second. When the time has
/// passed, the server deletes the key and stores a marker.
///
/// @param rev Receives the revision, or 0 if the call fails; NULL if it is not needed.
/// @param kv The bucket.
/// @param key The key: ASCII letters, digits, `-`, `_`, `=`, `/`, `\` and dots. It must not begin
/// or end with a dot, or have two in a row.
/// @param data The value: a string, stored without the NUL at its end.
/// @param ttl The time to live of the revision in milliseconds; 0 or less for the bucket's setting.
///
/// @retval NATS_OK The value is stored.
/// @retval NATS_INVALID_ARG `kv` or `data` is NULL, `kv` was destroyed, or the key is not valid.
/// @retval NATS_NO_SERVER_SUPPORT `ttl` is set, and the server is older than 2.11.
/// @retval NATS_ERR The key has a value, or the server refused the request for another reason: its
/// text is the last error.
/// @retval NATS_NO_RESPONDERS The bucket no longer exists, or JetStream is not enabled.
/// @retval NATS_TIMEOUT No answer arrived in time. The change may or may not have been made.
/// @retval NATS_MAX_PAYLOAD The value is larger than the server accepts.
/// @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
/// @retval NATS_DRAINING The connection is draining and sends no requests any more.
///
/// @par Threads
/// Any thread may call this function at any time. It waits for the answer of the server, also in a
/// callback.
///
/// @see kvStore_Put, kvStore_Update
///
/// @ingroup nats_kv_values
///
/// # Safety
/// `rev` is NULL or valid for writing; `kv` is NULL or a handle of this library; `key` and `data`
/// are NULL or strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kvStore_CreateStringWithTTL(
    rev: *mut u64,
    kv: *mut kvStore,
    key: *const c_char,
    data: *const c_char,
    ttl: i64,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    let body = || unsafe {
        let value = value(data)?;
        store(rev, kv, key, |store, key| store.create(key, value, ttl))?;
        Ok(())
    };
    // SAFETY: nothing is written to NULL.
    unsafe { guard_api("kvStore_CreateStringWithTTL", ptr::null_mut(), body) }
}

/// Set the value of a key that has a given revision to a string, with a time to live.
///
/// If several programs change a value at the same time, only one of them succeeds; the others can
/// read the value again and repeat the call with its new revision.
///
/// The bucket must have `LimitMarkerTTL`, and the time must be at least a second. When the time has
/// passed, the server deletes the key and stores a marker.
///
/// That is so if the bucket's history is 1. With a longer one, servers of 2.15 keep the revision for `LimitMarkerTTL` at
/// least, and then the key has the revision before it again.
///
/// @param rev Receives the revision, or 0 if the call fails; NULL if it is not needed.
/// @param kv The bucket.
/// @param key The key: ASCII letters, digits, `-`, `_`, `=`, `/`, `\` and dots. It must not begin
/// or end with a dot, or have two in a row.
/// @param data The value: a string, stored without the NUL at its end.
/// @param last The revision that the key must have; 0 if the key must not exist.
/// @param ttl The time to live of the revision in milliseconds; 0 or less for the bucket's setting.
///
/// @retval NATS_OK The value is stored.
/// @retval NATS_INVALID_ARG `kv` or `data` is NULL, `kv` was destroyed, or the key is not valid.
/// @retval NATS_NO_SERVER_SUPPORT `ttl` is set, and the server is older than 2.11.
/// @retval NATS_ERR The key has another revision, or the server refused the request for another
/// reason: its text is the last error.
/// @retval NATS_NO_RESPONDERS The bucket no longer exists, or JetStream is not enabled.
/// @retval NATS_TIMEOUT No answer arrived in time. The change may or may not have been made.
/// @retval NATS_MAX_PAYLOAD The value is larger than the server accepts.
/// @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
/// @retval NATS_DRAINING The connection is draining and sends no requests any more.
///
/// @par Threads
/// Any thread may call this function at any time. It waits for the answer of the server, also in a
/// callback.
///
/// @see kvStore_Create, kvStore_Get
///
/// @ingroup nats_kv_values
///
/// # Safety
/// `rev` is NULL or valid for writing; `kv` is NULL or a handle of this library; `key` and `data`
/// are NULL or strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kvStore_UpdateStringWithTTL(
    rev: *mut u64,
    kv: *mut kvStore,
    key: *const c_char,
    data: *const c_char,
    last: u64,
    ttl: i64,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    let body = || unsafe {
        let value = value(data)?;
        store(rev, kv, key, |store, key| {
            store.update(key, value, last, ttl)
        })?;
        Ok(())
    };
    // SAFETY: nothing is written to NULL.
    unsafe { guard_api("kvStore_UpdateStringWithTTL", ptr::null_mut(), body) }
}
