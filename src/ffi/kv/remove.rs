//! Deleting and purging keys.

use std::ffi::c_char;
use std::ptr;
use std::time::Duration;

use super::config::kvPurgeOptions;
use crate::error::natsStatus;
use crate::ffi::convert::millis_or_forever;
use crate::ffi::handle::{borrow_arc, kvStore};
use crate::ffi::jetstream::call::guard_api;
use crate::ffi::jetstream::given;
use crate::js;
use crate::kv::{PurgeDeletes, Said};

/// Delete a key.
///
/// The earlier revisions of the key stay in the bucket if it keeps a history, followed by a marker
/// for the deletion.
///
/// @param kv The bucket.
/// @param key The key: ASCII letters, digits, `-`, `_`, `=`, `/`, `\` and dots. It must not begin
/// or end with a dot, or have two in a row.
///
/// @retval NATS_OK The key has no value, whether it had one before or not.
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
/// @see kvStore_Purge, kvStore_PurgeDeletes
///
/// @ingroup nats_kv_values
///
/// # Safety
/// `kv` is NULL or a handle of this library; `key` is NULL or a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kvStore_Delete(kv: *mut kvStore, key: *const c_char) -> natsStatus {
    // SAFETY: the caller's contract, above.
    let body = || unsafe {
        borrow_arc(kv)?.delete(given::str(key, "the key")?, None)?;
        Ok(())
    };
    // SAFETY: nothing is written to NULL.
    unsafe { guard_api("kvStore_Delete", ptr::null_mut(), body) }
}

/// Delete a key and its history.
///
/// `Timeout` and `TTL` of the options are used. With a `TTL` the marker expires too; the bucket
/// must have `LimitMarkerTTL` then.
///
/// @param kv The bucket.
/// @param key The key: ASCII letters, digits, `-`, `_`, `=`, `/`, `\` and dots. It must not begin
/// or end with a dot, or have two in a row.
/// @param opts The options; NULL for the defaults. Read during the call only.
///
/// @retval NATS_OK Only a marker of the key is left in the bucket.
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
/// @see kvStore_Delete, kvPurgeOptions_Init
///
/// @ingroup nats_kv_values
///
/// # Safety
/// `kv` is NULL or a handle of this library; `key` is NULL or a string; `opts` is NULL or valid,
/// and so is what the fields point at.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kvStore_Purge(
    kv: *mut kvStore,
    key: *const c_char,
    opts: *const kvPurgeOptions,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    let body = || unsafe {
        purge(kv, key, opts, None)?;
        Ok(())
    };
    // SAFETY: nothing is written to NULL.
    unsafe { guard_api("kvStore_Purge", ptr::null_mut(), body) }
}

/// Purges a key, if it has the revision where one is given.
///
/// # Safety
/// `kv` is NULL or a handle of this library; `key` is NULL or a string; `opts` is NULL or valid.
unsafe fn purge(
    kv: *mut kvStore,
    key: *const c_char,
    opts: *const kvPurgeOptions,
    at: Option<u64>,
) -> js::Result<()> {
    // SAFETY: the contract above.
    let (store, key, opts) =
        unsafe { (borrow_arc(kv)?, given::str(key, "the key")?, opts.as_ref()) };
    let said = Said {
        expect: at,
        ttl_ms: opts.map_or(0, |opts| opts.TTL),
    };
    let wait: Option<Duration> = opts.and_then(|opts| millis_or_forever(opts.Timeout));
    store.purge(key, &said, wait).map(drop)
}

/// Remove the revisions and markers of deleted keys.
///
/// Revisions before the deletion are removed in any case; its marker is removed if it is older than
/// `DeleteMarkersOlderThan`: 30 minutes if that is 0, any age if it is negative. `Timeout` applies
/// to the whole call. A key that is given a value meanwhile keeps it.
///
/// @param kv The bucket.
/// @param opts The options; NULL for the defaults. Read during the call only.
///
/// @retval NATS_OK The revisions and markers were removed.
/// @retval NATS_INVALID_ARG `kv` is NULL or was destroyed.
/// @retval NATS_NOT_FOUND The bucket no longer exists. The last error is cleared.
/// @retval NATS_ERR The server refused: its text is the last error.
/// @retval NATS_NO_RESPONDERS JetStream is not enabled.
/// @retval NATS_TIMEOUT No answer arrived in time, or the time of the options has passed. Some
/// revisions and markers may have been removed.
/// @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
/// @retval NATS_DRAINING The connection is draining.
///
/// @par Threads
/// Any thread may call this function at any time. It waits for the answer of the server, also in a
/// callback.
///
/// @see kvStore_Delete, kvStore_Purge
///
/// @ingroup nats_kv_values
///
/// # Safety
/// `kv` is NULL or a handle of this library; `opts` is NULL or valid, and so is what the fields
/// point at.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kvStore_PurgeDeletes(
    kv: *mut kvStore,
    opts: *const kvPurgeOptions,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    let body = || unsafe {
        let store = borrow_arc(kv)?;
        let what = match opts.as_ref() {
            None => PurgeDeletes::default(),
            Some(opts) => PurgeDeletes {
                markers_older_than: opts.DeleteMarkersOlderThan,
                timeout: millis_or_forever(opts.Timeout),
            },
        };
        store.store().purge_deletes(&what)?;
        Ok(())
    };
    // SAFETY: nothing is written to NULL.
    unsafe { guard_api("kvStore_PurgeDeletes", ptr::null_mut(), body) }
}

/// Delete a key if it has a given revision.
///
/// The earlier revisions of the key stay in the bucket if it keeps a history, followed by a marker
/// for the deletion. If another client has changed the key in the meantime, nothing is changed.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param kv The bucket.
/// @param key The key: ASCII letters, digits, `-`, `_`, `=`, `/`, `\` and dots. It must not begin
/// or end with a dot, or have two in a row.
/// @param revision The revision that the key must have, at least 1.
///
/// @retval NATS_OK The key has no value.
/// @retval NATS_MISMATCH The key has another revision. Nothing was changed.
/// @retval NATS_INVALID_ARG `kv` is NULL or was destroyed, the key is not valid, or the revision is
/// 0.
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
/// @see kvStore_PurgeIfRevision
///
/// @ingroup nats_kv_values
///
/// # Safety
/// `kv` is NULL or a handle of this library; `key` is NULL or a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kvStore_DeleteIfRevision(
    kv: *mut kvStore,
    key: *const c_char,
    revision: u64,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    let body = || unsafe {
        borrow_arc(kv)?.delete(given::str(key, "the key")?, Some(revision))?;
        Ok(())
    };
    // SAFETY: nothing is written to NULL.
    unsafe { guard_api("kvStore_DeleteIfRevision", ptr::null_mut(), body) }
}

/// Delete a key and its history if the key has a given revision.
///
/// `Timeout` and `TTL` of the options are used. With a `TTL` the marker expires too; the bucket
/// must have `LimitMarkerTTL` then. If another client has changed the key in the meantime, nothing
/// is changed.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param kv The bucket.
/// @param key The key: ASCII letters, digits, `-`, `_`, `=`, `/`, `\` and dots. It must not begin
/// or end with a dot, or have two in a row.
/// @param revision The revision that the key must have, at least 1.
/// @param opts The options; NULL for the defaults. Read during the call only.
///
/// @retval NATS_OK Only a marker of the key is left in the bucket.
/// @retval NATS_MISMATCH The key has another revision. Nothing was changed.
/// @retval NATS_INVALID_ARG `kv` is NULL or was destroyed, the key is not valid, or the revision is
/// 0.
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
/// @see kvStore_DeleteIfRevision
///
/// @ingroup nats_kv_values
///
/// # Safety
/// `kv` is NULL or a handle of this library; `key` is NULL or a string; `opts` is NULL or valid,
/// and so is what the fields point at.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kvStore_PurgeIfRevision(
    kv: *mut kvStore,
    key: *const c_char,
    revision: u64,
    opts: *const kvPurgeOptions,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    let body = || unsafe {
        purge(kv, key, opts, Some(revision))?;
        Ok(())
    };
    // SAFETY: nothing is written to NULL.
    unsafe { guard_api("kvStore_PurgeIfRevision", ptr::null_mut(), body) }
}
