//! Buckets: create, open, delete.

use std::ffi::c_char;
use std::ptr;

use super::additions::make;
use super::config::kvConfig;
use crate::error::natsStatus;
use crate::ffi::convert::required;
use crate::ffi::guard::{guard_value, guard_void};
use crate::ffi::handle::{self, borrow, borrow_arc, jsCtx, kvStore, new_store};
use crate::ffi::jetstream::call::guard_api;
use crate::ffi::jetstream::given;
use crate::kv::Store;
use crate::kv::store::Making;

/// Create a key-value bucket.
///
/// A bucket `B` is the stream `KV_B`, whose subjects `$KV.B.<key>` are the keys. Source: ADR-8.
///
/// Sources become keys of the bucket: `$KV.<source>.<key>` is stored as `$KV.<bucket>.<key>`
/// (ADR-57), and the bucket can have keys of its own beside them. A mirror has the keys of its
/// origin; values that are put into it are stored in the origin.
///
/// @param new_kv Receives the bucket, to be released with `kvStore_Destroy`. Written only with
/// `NATS_OK`.
/// @param js The context. It stays alive as long as the bucket's handle.
/// @param cfg The configuration. Read during the call only.
///
/// @retval NATS_OK The bucket can be used. It was created, or existed with the same configuration.
/// @retval NATS_INVALID_ARG An argument is NULL, `js` was destroyed, the name is not valid, or a
/// value is beyond its limit: `History` above 64, `LimitMarkerTTL` below a second.
/// @retval NATS_NO_SERVER_SUPPORT `LimitMarkerTTL` is set and the server is older than 2.11.
/// @retval NATS_ERR The server refused the request, for example because the bucket exists with
/// another configuration: its text is the last error.
/// @retval NATS_NO_RESPONDERS JetStream is not enabled.
/// @retval NATS_TIMEOUT No answer arrived in time.
/// @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
/// @retval NATS_DRAINING The connection is draining and sends no requests any more.
///
/// @par Threads
/// Any thread may call this function at any time. It waits for the answer of the server, also in a
/// callback.
///
/// @par Example
/// ```c
/// jsCtx *js = NULL;
/// kvConfig cfg;
/// kvStore *kv = NULL;
///
/// natsStatus s = natsConnection_JetStream(&js, nc, NULL);
/// kvConfig_Init(&cfg);
/// cfg.Bucket = "settings";
/// cfg.History = 5;
/// if (s == NATS_OK)
///     s = js_CreateKeyValue(&kv, js, &cfg);
/// if (s == NATS_OK)
///     s = kvStore_PutString(NULL, kv, "color", "blue");
/// kvStore_Destroy(kv);
/// jsCtx_Destroy(js);
/// ```
///
/// @see js_KeyValue, js_DeleteKeyValue
///
/// @ingroup nats_kv_buckets
///
/// # Safety
/// `new_kv` is NULL or valid for writing; `js` is NULL or a handle of this library; `cfg` is NULL
/// or valid, and so is what the fields point at.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_CreateKeyValue(
    new_kv: *mut *mut kvStore,
    js: *mut jsCtx,
    cfg: *mut kvConfig,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    let body = || unsafe {
        make(new_kv, js, cfg, ptr::null(), Making::Create)?;
        Ok(())
    };
    // SAFETY: nothing is written to NULL.
    unsafe { guard_api("js_CreateKeyValue", ptr::null_mut(), body) }
}

/// Open a key-value bucket that exists.
///
/// @param new_kv Receives the bucket, to be released with `kvStore_Destroy`. Written only with
/// `NATS_OK`.
/// @param js The context. It stays alive as long as the bucket's handle.
/// @param bucket The name of the bucket.
///
/// @retval NATS_OK The bucket can be used.
/// @retval NATS_NOT_FOUND The bucket does not exist. The last error is cleared.
/// @retval NATS_INVALID_ARG `new_kv` is NULL, `js` is NULL or was destroyed, the name is missing or
/// not valid, or the stream with the name of the bucket does not belong to a bucket.
/// @retval NATS_ERR The server refused: its text is the last error.
/// @retval NATS_NO_RESPONDERS JetStream is not enabled.
/// @retval NATS_TIMEOUT No answer arrived in time.
/// @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
/// @retval NATS_DRAINING The connection is draining and sends no requests any more.
///
/// @par Threads
/// Any thread may call this function at any time. It waits for the answer of the server, also in a
/// callback.
///
/// @see js_CreateKeyValue
///
/// @ingroup nats_kv_buckets
///
/// # Safety
/// `new_kv` is NULL or valid for writing; `js` is NULL or a handle of this library; `bucket` is
/// NULL or a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_KeyValue(
    new_kv: *mut *mut kvStore,
    js: *mut jsCtx,
    bucket: *const c_char,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    let body = || unsafe {
        required(new_kv, "new_kv")?;
        let context = borrow_arc(js)?;
        let bucket = given::str(bucket, "the bucket's name")?;
        new_kv.write(new_store(Store::open(&context, bucket)?));
        Ok(())
    };
    // SAFETY: nothing is written to NULL.
    unsafe { guard_api("js_KeyValue", ptr::null_mut(), body) }
}

/// Delete a key-value bucket with all its keys.
///
/// Watchers of the bucket receive `NATS_NOT_FOUND` once, when they miss the heartbeats of the server. They continue
/// if a bucket of the same name is created.
///
/// @param js The context.
/// @param bucket The name of the bucket.
///
/// @retval NATS_OK The bucket was deleted.
/// @retval NATS_NOT_FOUND The bucket does not exist. The last error is cleared.
/// @retval NATS_INVALID_ARG `js` is NULL or was destroyed, or the name is missing or not valid.
/// @retval NATS_ERR The server refused: its text is the last error.
/// @retval NATS_NO_RESPONDERS JetStream is not enabled.
/// @retval NATS_TIMEOUT No answer arrived in time.
/// @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
/// @retval NATS_DRAINING The connection is draining and sends no requests any more.
///
/// @par Threads
/// Any thread may call this function at any time. It waits for the answer of the server, also in a
/// callback.
///
/// @see js_CreateKeyValue
///
/// @ingroup nats_kv_buckets
///
/// # Safety
/// `js` is NULL or a handle of this library; `bucket` is NULL or a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_DeleteKeyValue(js: *mut jsCtx, bucket: *const c_char) -> natsStatus {
    // SAFETY: the caller's contract, above.
    let body = || unsafe {
        let context = borrow_arc(js)?;
        Store::delete_bucket(&context, given::str(bucket, "the bucket's name")?)?;
        Ok(())
    };
    // SAFETY: nothing is written to NULL.
    unsafe { guard_api("js_DeleteKeyValue", ptr::null_mut(), body) }
}

/// Destroy the handle of a bucket.
///
/// The bucket itself stays. Entries, watchers and statuses that were created with the handle remain
/// valid.
///
/// @param kv The bucket; NULL is ignored.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_kv_buckets
///
/// # Safety
/// `kv` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kvStore_Destroy(kv: *mut kvStore) {
    // SAFETY: the caller's contract, above.
    guard_void(|| drop(unsafe { handle::destroy(kv) }));
}

/// Get the name of a bucket.
///
/// @param kv The bucket.
///
/// @return The name, which is valid until the handle is destroyed; NULL if `kv` is NULL or was
/// destroyed.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_kv_buckets
///
/// # Safety
/// `kv` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kvStore_Bucket(kv: *const kvStore) -> *const c_char {
    // SAFETY: the caller's contract, above.
    guard_value(ptr::null(), || Ok(unsafe { borrow(kv) }?.bucket().as_ptr()))
}
