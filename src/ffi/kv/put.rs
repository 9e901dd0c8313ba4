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

/// Give a key a value, whatever it has.
///
/// @param rev Receives the revision, or 0 if the call fails; NULL if it is of no interest.
/// @param kv The bucket.
/// @param key The key: ASCII letters, digits, `-`, `_`, `=`, `/`, `\` and dots, which are neither
/// first nor last nor beside each other.
/// @param data The value; ignored where `len` is 0.
/// @param len The number of bytes of the value.
///
/// @retval NATS_OK The value is stored.
/// @retval NATS_INVALID_ARG `kv` is NULL or was destroyed, the key is not valid, `len` is negative,
/// or `data` is NULL where there is a length.
/// @retval NATS_ERR The server refused: its words are the last error.
/// @retval NATS_NO_RESPONDERS The bucket no longer exists, or JetStream is not enabled.
/// @retval NATS_TIMEOUT No answer arrived in time. The change may have been made or not.
/// @retval NATS_MAX_PAYLOAD The value is larger than the server takes.
/// @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
///
/// @par Threads
/// Any thread may call this function at any time. A callback may call it too: it waits for the
/// answer.
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

/// Give a key its first value.
///
/// Fails where the key has a value. A key that was deleted has none.
///
/// @param rev Receives the revision, or 0 if the call fails; NULL if it is of no interest.
/// @param kv The bucket.
/// @param key The key: ASCII letters, digits, `-`, `_`, `=`, `/`, `\` and dots, which are neither
/// first nor last nor beside each other.
/// @param data The value; ignored where `len` is 0.
/// @param len The number of bytes of the value.
///
/// @retval NATS_OK The value is stored.
/// @retval NATS_INVALID_ARG `kv` is NULL or was destroyed, the key is not valid, `len` is negative,
/// or `data` is NULL where there is a length.
/// @retval NATS_ERR The key has a value, or the server refused for another reason: its words are
/// the last error.
/// @retval NATS_NO_RESPONDERS The bucket no longer exists, or JetStream is not enabled.
/// @retval NATS_TIMEOUT No answer arrived in time. The change may have been made or not.
/// @retval NATS_MAX_PAYLOAD The value is larger than the server takes.
/// @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
///
/// @par Threads
/// Any thread may call this function at any time. A callback may call it too: it waits for the
/// answer.
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

/// Give a key another value if its revision is the one that is known.
///
/// So of several programs that change a value at the same time only one succeeds; the others get it
/// again and try with its new revision.
///
/// @param rev Receives the revision, or 0 if the call fails; NULL if it is of no interest.
/// @param kv The bucket.
/// @param key The key: ASCII letters, digits, `-`, `_`, `=`, `/`, `\` and dots, which are neither
/// first nor last nor beside each other.
/// @param data The value; ignored where `len` is 0.
/// @param len The number of bytes of the value.
/// @param last The revision that the key must have; 0 if it must have none at all.
///
/// @retval NATS_OK The value is stored.
/// @retval NATS_INVALID_ARG `kv` is NULL or was destroyed, the key is not valid, `len` is negative,
/// or `data` is NULL where there is a length.
/// @retval NATS_ERR The key has another revision, or the server refused for another reason: its
/// words are the last error.
/// @retval NATS_NO_RESPONDERS The bucket no longer exists, or JetStream is not enabled.
/// @retval NATS_TIMEOUT No answer arrived in time. The change may have been made or not.
/// @retval NATS_MAX_PAYLOAD The value is larger than the server takes.
/// @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
///
/// @par Threads
/// Any thread may call this function at any time. A callback may call it too: it waits for the
/// answer.
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

/// Give a key its first value, for a time.
///
/// Fails where the key has a value. A key that was deleted has none.
///
/// The bucket must have `LimitMarkerTTL`, and servers take no time below a second. When it is over
/// the key is deleted, by a marker of the server.
///
/// @param rev Receives the revision, or 0 if the call fails; NULL if it is of no interest.
/// @param kv The bucket.
/// @param key The key: ASCII letters, digits, `-`, `_`, `=`, `/`, `\` and dots, which are neither
/// first nor last nor beside each other.
/// @param data The value; ignored where `len` is 0.
/// @param len The number of bytes of the value.
/// @param ttl How long the revision is kept, in milliseconds; 0 or less for as long as the bucket
/// says.
///
/// @retval NATS_OK The value is stored.
/// @retval NATS_INVALID_ARG `kv` is NULL or was destroyed, the key is not valid, `len` is negative,
/// or `data` is NULL where there is a length.
/// @retval NATS_NO_SERVER_SUPPORT `ttl` is set, and the server is older than 2.11.
/// @retval NATS_ERR The key has a value, or the server refused for another reason: its words are
/// the last error.
/// @retval NATS_NO_RESPONDERS The bucket no longer exists, or JetStream is not enabled.
/// @retval NATS_TIMEOUT No answer arrived in time. The change may have been made or not.
/// @retval NATS_MAX_PAYLOAD The value is larger than the server takes.
/// @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
///
/// @par Threads
/// Any thread may call this function at any time. A callback may call it too: it waits for the
/// answer.
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

/// Give a key another value, for a time, if its revision is the one that is known.
///
/// So of several programs that change a value at the same time only one succeeds; the others get it
/// again and try with its new revision.
///
/// The bucket must have `LimitMarkerTTL`, and servers take no time below a second. When it is over
/// the key is deleted, by a marker of the server.
///
/// @param rev Receives the revision, or 0 if the call fails; NULL if it is of no interest.
/// @param kv The bucket.
/// @param key The key: ASCII letters, digits, `-`, `_`, `=`, `/`, `\` and dots, which are neither
/// first nor last nor beside each other.
/// @param data The value; ignored where `len` is 0.
/// @param len The number of bytes of the value.
/// @param last The revision that the key must have; 0 if it must have none at all.
/// @param ttl How long the revision is kept, in milliseconds; 0 or less for as long as the bucket
/// says.
///
/// @retval NATS_OK The value is stored.
/// @retval NATS_INVALID_ARG `kv` is NULL or was destroyed, the key is not valid, `len` is negative,
/// or `data` is NULL where there is a length.
/// @retval NATS_NO_SERVER_SUPPORT `ttl` is set, and the server is older than 2.11.
/// @retval NATS_ERR The key has another revision, or the server refused for another reason: its
/// words are the last error.
/// @retval NATS_NO_RESPONDERS The bucket no longer exists, or JetStream is not enabled.
/// @retval NATS_TIMEOUT No answer arrived in time. The change may have been made or not.
/// @retval NATS_MAX_PAYLOAD The value is larger than the server takes.
/// @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
///
/// @par Threads
/// Any thread may call this function at any time. A callback may call it too: it waits for the
/// answer.
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
