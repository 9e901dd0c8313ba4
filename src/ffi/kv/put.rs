//! Putting, creating and updating values.

use std::ffi::{c_char, c_int, c_void};
use std::ptr;

use crate::error::natsStatus;
use crate::ffi::convert::{payload, write_optional};
use crate::ffi::handle::{OwnedStore, borrow_arc, kvStore};
use crate::ffi::jetstream::call::guard_api;
use crate::ffi::jetstream::given;
use crate::js;

/// Changes a key, and writes its revision where the program wants it.
///
/// # Safety
/// `rev` is NULL or valid for writing; `kv` is NULL or a handle of this library; `key` is NULL or a string.
pub(super) unsafe fn store(
    rev: *mut u64,
    kv: *mut kvStore,
    key: *const c_char,
    change: impl FnOnce(&OwnedStore, &str) -> js::Result<u64>,
) -> js::Result<()> {
    // SAFETY: the contract above.
    unsafe {
        write_optional(rev, 0);
        let store = borrow_arc(kv)?;
        let revision = change(&store, given::str(key, "the key")?)?;
        write_optional(rev, revision);
    }
    Ok(())
}

/// Set the value of a key unconditionally.
///
/// @param rev Receives the revision, or 0 if the call fails; NULL if it is not needed.
/// @param kv The bucket.
/// @param key The key: ASCII letters, digits, `-`, `_`, `=`, `/`, `\` and dots. It must not begin
/// or end with a dot, or have two in a row.
/// @param data The value; ignored if `len` is 0.
/// @param len The number of bytes of the value.
///
/// @retval NATS_OK The value is stored.
/// @retval NATS_INVALID_ARG `kv` is NULL or was destroyed, the key is not valid, `len` is negative,
/// or `data` is NULL and `len` is not 0.
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
/// @see kvStore_PutString, kvStore_Create, kvStore_Update
///
/// @ingroup nats_kv_values
///
/// # Safety
/// `rev` is NULL or valid for writing; `kv` is NULL or a handle of this library; `key` is NULL or a
/// string; `data` is NULL or has as many bytes as are said.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kvStore_Put(
    rev: *mut u64,
    kv: *mut kvStore,
    key: *const c_char,
    data: *const c_void,
    len: c_int,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    let body = || unsafe {
        let value = payload(data, len)?;
        store(rev, kv, key, |store, key| store.put(key, value))?;
        Ok(())
    };
    // SAFETY: nothing is written to NULL.
    unsafe { guard_api("kvStore_Put", ptr::null_mut(), body) }
}

/// Set the value of a key that has none.
///
/// Fails if the key has a value. A deleted key has none.
///
/// @param rev Receives the revision, or 0 if the call fails; NULL if it is not needed.
/// @param kv The bucket.
/// @param key The key: ASCII letters, digits, `-`, `_`, `=`, `/`, `\` and dots. It must not begin
/// or end with a dot, or have two in a row.
/// @param data The value; ignored if `len` is 0.
/// @param len The number of bytes of the value.
///
/// @retval NATS_OK The value is stored.
/// @retval NATS_INVALID_ARG `kv` is NULL or was destroyed, the key is not valid, `len` is negative,
/// or `data` is NULL and `len` is not 0.
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
/// `rev` is NULL or valid for writing; `kv` is NULL or a handle of this library; `key` is NULL or a
/// string; `data` is NULL or has as many bytes as are said.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kvStore_Create(
    rev: *mut u64,
    kv: *mut kvStore,
    key: *const c_char,
    data: *const c_void,
    len: c_int,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    let body = || unsafe {
        let value = payload(data, len)?;
        store(rev, kv, key, |store, key| store.create(key, value, 0))?;
        Ok(())
    };
    // SAFETY: nothing is written to NULL.
    unsafe { guard_api("kvStore_Create", ptr::null_mut(), body) }
}

/// Set the value of a key that has a given revision.
///
/// If several programs change a value at the same time, only one of them succeeds; the others can
/// read the value again and repeat the call with its new revision.
///
/// @param rev Receives the revision, or 0 if the call fails; NULL if it is not needed.
/// @param kv The bucket.
/// @param key The key: ASCII letters, digits, `-`, `_`, `=`, `/`, `\` and dots. It must not begin
/// or end with a dot, or have two in a row.
/// @param data The value; ignored if `len` is 0.
/// @param len The number of bytes of the value.
/// @param last The revision that the key must have; 0 if the key must not exist.
///
/// @retval NATS_OK The value is stored.
/// @retval NATS_INVALID_ARG `kv` is NULL or was destroyed, the key is not valid, `len` is negative,
/// or `data` is NULL and `len` is not 0.
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
/// `rev` is NULL or valid for writing; `kv` is NULL or a handle of this library; `key` is NULL or a
/// string; `data` is NULL or has as many bytes as are said.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kvStore_Update(
    rev: *mut u64,
    kv: *mut kvStore,
    key: *const c_char,
    data: *const c_void,
    len: c_int,
    last: u64,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    let body = || unsafe {
        let value = payload(data, len)?;
        store(rev, kv, key, |store, key| store.update(key, value, last, 0))?;
        Ok(())
    };
    // SAFETY: nothing is written to NULL.
    unsafe { guard_api("kvStore_Update", ptr::null_mut(), body) }
}

/// Set the value of a key that has none, with a time to live.
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
/// @param data The value; ignored if `len` is 0.
/// @param len The number of bytes of the value.
/// @param ttl The time to live of the revision in milliseconds; 0 or less for the bucket's setting.
///
/// @retval NATS_OK The value is stored.
/// @retval NATS_INVALID_ARG `kv` is NULL or was destroyed, the key is not valid, `len` is negative,
/// or `data` is NULL and `len` is not 0.
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
/// `rev` is NULL or valid for writing; `kv` is NULL or a handle of this library; `key` is NULL or a
/// string; `data` is NULL or has as many bytes as are said.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kvStore_CreateWithTTL(
    rev: *mut u64,
    kv: *mut kvStore,
    key: *const c_char,
    data: *const c_void,
    len: c_int,
    ttl: i64,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    let body = || unsafe {
        let value = payload(data, len)?;
        store(rev, kv, key, |store, key| store.create(key, value, ttl))?;
        Ok(())
    };
    // SAFETY: nothing is written to NULL.
    unsafe { guard_api("kvStore_CreateWithTTL", ptr::null_mut(), body) }
}

/// Set the value of a key that has a given revision, with a time to live.
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
/// @param data The value; ignored if `len` is 0.
/// @param len The number of bytes of the value.
/// @param last The revision that the key must have; 0 if the key must not exist.
/// @param ttl The time to live of the revision in milliseconds; 0 or less for the bucket's setting.
///
/// @retval NATS_OK The value is stored.
/// @retval NATS_INVALID_ARG `kv` is NULL or was destroyed, the key is not valid, `len` is negative,
/// or `data` is NULL and `len` is not 0.
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
/// `rev` is NULL or valid for writing; `kv` is NULL or a handle of this library; `key` is NULL or a
/// string; `data` is NULL or has as many bytes as are said.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kvStore_UpdateWithTTL(
    rev: *mut u64,
    kv: *mut kvStore,
    key: *const c_char,
    data: *const c_void,
    len: c_int,
    last: u64,
    ttl: i64,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    let body = || unsafe {
        let value = payload(data, len)?;
        store(rev, kv, key, |store, key| {
            store.update(key, value, last, ttl)
        })?;
        Ok(())
    };
    // SAFETY: nothing is written to NULL.
    unsafe { guard_api("kvStore_UpdateWithTTL", ptr::null_mut(), body) }
}
