//! `kvStatus`: what a bucket is and has.

use std::ffi::{CString, c_char};
use std::ptr;

use crate::error::natsStatus;
use crate::ffi::convert::required;
use crate::ffi::guard::{guard_local, guard_void};
use crate::ffi::handle::{borrow_arc, kvStore};
use crate::ffi::jetstream::call::guard_api;
use crate::ffi::jetstream::enums::jsStorageTypeArg;
use crate::ffi::jetstream::memory::{free_metadata, metadata};
use crate::ffi::types::natsMetadata;
use crate::js::api::Storage;
use crate::kv::BucketStatus;

/// The configuration and state of a bucket at the time of the request. Opaque to C.
///
/// Created by `kvStore_Status`, released by `kvStatus_Destroy`. Any number of threads may read it at once. It is plain
/// memory and no handle: using it after it was destroyed is undefined.
///
/// @ingroup nats_kv_buckets
pub type kvStatus = __kvStatus;

/// The structure behind `kvStatus`.
pub struct __kvStatus {
    status: BucketStatus,
    bucket: CString,
    description: Option<CString>,
    metadata: natsMetadata,
}

impl Drop for __kvStatus {
    fn drop(&mut self) {
        // SAFETY: made by `memory::metadata` for this status.
        unsafe { free_metadata(&self.metadata) };
    }
}

impl __kvStatus {
    /// A number of the stream's configuration; 0 where the server did not say it.
    fn config(&self, number: impl Fn(&crate::js::api::StreamConfig) -> i64) -> i64 {
        self.status.config().map_or(0, number)
    }
}

/// Get the present status of a bucket.
///
/// @param new_status Receives the status, to be released with `kvStatus_Destroy`. Written only with
/// `NATS_OK`.
/// @param kv The bucket.
///
/// @retval NATS_OK The status was written.
/// @retval NATS_NOT_FOUND The bucket no longer exists. The last error is cleared.
/// @retval NATS_INVALID_ARG `new_status` is NULL, or `kv` is NULL or was destroyed.
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
/// @see kvStatus_Destroy
///
/// @ingroup nats_kv_buckets
///
/// # Safety
/// `new_status` is NULL or valid for writing; `kv` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kvStore_Status(
    new_status: *mut *mut kvStatus,
    kv: *mut kvStore,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    let body = || unsafe {
        required(new_status, "new_status")?;
        let store = borrow_arc(kv)?;
        let status = store.status()?;
        let config = status.config();
        let description = config.map(|c| c.description.as_str());
        let made = __kvStatus {
            bucket: store.bucket().as_ref().to_owned(),
            description: description
                .filter(|text| !text.is_empty())
                .and_then(|text| CString::new(text).ok()),
            metadata: metadata(&config.map(|c| c.metadata.clone()).unwrap_or_default())?,
            status,
        };
        new_status.write(Box::into_raw(Box::new(made)));
        Ok(())
    };
    // SAFETY: nothing is written to NULL.
    unsafe { guard_api("kvStore_Status", ptr::null_mut(), body) }
}

/// Get the name of a status's bucket.
///
/// @param sts The status.
///
/// @return The name, which is valid as long as the status; NULL if `sts` is NULL.
///
/// @par Threads
/// Any thread may call this function. No other thread may destroy the status during the call.
///
/// @ingroup nats_kv_buckets
///
/// # Safety
/// `sts` is NULL or a status that was not destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kvStatus_Bucket(sts: *const kvStatus) -> *const c_char {
    guard_local(ptr::null(), || {
        // SAFETY: the caller's contract, above.
        let s = unsafe { sts.as_ref() };
        Ok(s.map_or(ptr::null(), |s| s.bucket.as_ptr()))
    })
}

/// Get the number of revisions in a bucket.
///
/// @param sts The status.
///
/// @return The number, which includes all revisions of keys and the markers of deleted keys; 0 if
/// `sts` is NULL.
///
/// @par Threads
/// Any thread may call this function. No other thread may destroy the status during the call.
///
/// @ingroup nats_kv_buckets
///
/// # Safety
/// `sts` is NULL or a status that was not destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kvStatus_Values(sts: *const kvStatus) -> u64 {
    guard_local(0, || {
        // SAFETY: the caller's contract, above.
        let s = unsafe { sts.as_ref() };
        Ok(s.map_or(0, |s| s.status.info().state.msgs))
    })
}

/// Get the number of revisions that a bucket keeps of each key.
///
/// @param sts The status.
///
/// @return The number; 0 for NULL.
///
/// @par Threads
/// Any thread may call this function. No other thread may destroy the status during the call.
///
/// @ingroup nats_kv_buckets
///
/// # Safety
/// `sts` is NULL or a status that was not destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kvStatus_History(sts: *const kvStatus) -> i64 {
    guard_local(0, || {
        // SAFETY: the caller's contract, above.
        let s = unsafe { sts.as_ref() };
        Ok(s.map_or(0, |s| s.config(|c| c.max_msgs_per_subject)))
    })
}

/// Get the maximum age of revisions in a bucket.
///
/// @param sts The status.
///
/// @return The age in nanoseconds; 0 for no limit, and if `sts` is NULL.
///
/// @par Threads
/// Any thread may call this function. No other thread may destroy the status during the call.
///
/// @ingroup nats_kv_buckets
///
/// # Safety
/// `sts` is NULL or a status that was not destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kvStatus_TTL(sts: *const kvStatus) -> i64 {
    guard_local(0, || {
        // SAFETY: the caller's contract, above.
        let s = unsafe { sts.as_ref() };
        Ok(s.map_or(0, |s| s.config(|c| c.max_age)))
    })
}

/// Get the number of replicas of a bucket.
///
/// @param sts The status.
///
/// @return The number; 0 for NULL.
///
/// @par Threads
/// Any thread may call this function. No other thread may destroy the status during the call.
///
/// @ingroup nats_kv_buckets
///
/// # Safety
/// `sts` is NULL or a status that was not destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kvStatus_Replicas(sts: *const kvStatus) -> i64 {
    guard_local(0, || {
        // SAFETY: the caller's contract, above.
        let s = unsafe { sts.as_ref() };
        Ok(s.map_or(0, |s| s.config(|c| c.replicas)))
    })
}

/// Get the size of a bucket in bytes.
///
/// @param sts The status.
///
/// @return The number; 0 for NULL.
///
/// @par Threads
/// Any thread may call this function. No other thread may destroy the status during the call.
///
/// @ingroup nats_kv_buckets
///
/// # Safety
/// `sts` is NULL or a status that was not destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kvStatus_Bytes(sts: *const kvStatus) -> u64 {
    guard_local(0, || {
        // SAFETY: the caller's contract, above.
        let s = unsafe { sts.as_ref() };
        Ok(s.map_or(0, |s| s.status.info().state.bytes))
    })
}

/// Get the lifetime of the markers of expired keys in a bucket.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param sts The status.
///
/// @return The time in nanoseconds; 0 if there are no markers, or `sts` is NULL.
///
/// @par Threads
/// Any thread may call this function. No other thread may destroy the status during the call.
///
/// @ingroup nats_kv_buckets
///
/// # Safety
/// `sts` is NULL or a status that was not destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kvStatus_LimitMarkerTTL(sts: *const kvStatus) -> i64 {
    guard_local(0, || {
        // SAFETY: the caller's contract, above.
        let s = unsafe { sts.as_ref() };
        Ok(s.map_or(0, |s| s.config(|c| c.subject_delete_marker_ttl)))
    })
}

/// Get whether a bucket's values are compressed.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param sts The status.
///
/// @return True if they are compressed; false if `sts` is NULL.
///
/// @par Threads
/// Any thread may call this function. No other thread may destroy the status during the call.
///
/// @ingroup nats_kv_buckets
///
/// # Safety
/// `sts` is NULL or a status that was not destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kvStatus_IsCompressed(sts: *const kvStatus) -> bool {
    guard_local(false, || {
        // SAFETY: the caller's contract, above.
        let s = unsafe { sts.as_ref() };
        Ok(s.is_some_and(|s| s.status.is_compressed()))
    })
}

/// Get the maximum size of a value in a bucket.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param sts The status.
///
/// @return Bytes; -1 for no limit, 0 for NULL.
///
/// @par Threads
/// Any thread may call this function. No other thread may destroy the status during the call.
///
/// @ingroup nats_kv_buckets
///
/// # Safety
/// `sts` is NULL or a status that was not destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kvStatus_MaxValueSize(sts: *const kvStatus) -> i64 {
    guard_local(0, || {
        // SAFETY: the caller's contract, above.
        let s = unsafe { sts.as_ref() };
        Ok(s.map_or(0, |s| s.config(|c| c.max_msg_size)))
    })
}

/// Get the maximum size of a bucket in bytes.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param sts The status.
///
/// @return Bytes; -1 for no limit, 0 for NULL.
///
/// @par Threads
/// Any thread may call this function. No other thread may destroy the status during the call.
///
/// @ingroup nats_kv_buckets
///
/// # Safety
/// `sts` is NULL or a status that was not destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kvStatus_MaxBytes(sts: *const kvStatus) -> i64 {
    guard_local(0, || {
        // SAFETY: the caller's contract, above.
        let s = unsafe { sts.as_ref() };
        Ok(s.map_or(0, |s| s.config(|c| c.max_bytes)))
    })
}

/// Get the description of a bucket.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param sts The status.
///
/// @return The description, which is valid as long as the status; NULL if there is none, or `sts` is NULL.
///
/// @par Threads
/// Any thread may call this function. No other thread may destroy the status during the call.
///
/// @ingroup nats_kv_buckets
///
/// # Safety
/// `sts` is NULL or a status that was not destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kvStatus_Description(sts: *const kvStatus) -> *const c_char {
    guard_local(ptr::null(), || {
        // SAFETY: the caller's contract, above.
        let s = unsafe { sts.as_ref() };
        let description = s.and_then(|s| s.description.as_ref());
        Ok(description.map_or(ptr::null(), |text| text.as_ptr()))
    })
}

/// Get the metadata of a bucket, including those of the server.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param sts The status.
///
/// @return The metadata, which are valid as long as the status; NULL if `sts` is NULL. The count is 0 if there are
/// none.
///
/// @par Threads
/// Any thread may call this function. No other thread may destroy the status during the call.
///
/// @ingroup nats_kv_buckets
///
/// # Safety
/// `sts` is NULL or a status that was not destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kvStatus_Metadata(sts: *const kvStatus) -> *const natsMetadata {
    guard_local(ptr::null(), || {
        // SAFETY: the caller's contract, above.
        let s = unsafe { sts.as_ref() };
        Ok(s.map_or(ptr::null(), |s| &raw const s.metadata))
    })
}

/// Get the type of storage of a bucket.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param sts The status.
///
/// @return The kind of storage; `js_FileStorage` for NULL.
///
/// @par Threads
/// Any thread may call this function. No other thread may destroy the status during the call.
///
/// @ingroup nats_kv_buckets
///
/// # Safety
/// `sts` is NULL or a status that was not destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kvStatus_StorageType(sts: *const kvStatus) -> jsStorageTypeArg {
    guard_local(jsStorageTypeArg::of(&Storage::default()), || {
        // SAFETY: the caller's contract, above.
        let s = unsafe { sts.as_ref() };
        let config = s.and_then(|s| s.status.config());
        Ok(jsStorageTypeArg::of(
            &config.map(|c| c.storage.clone()).unwrap_or_default(),
        ))
    })
}

/// Get the name of the system that stores a bucket.
///
/// It is always JetStream. Source: ADR-8.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param sts The status.
///
/// @return `JetStream`, a constant string that belongs to the library; NULL if `sts` is NULL.
///
/// @par Threads
/// Any thread may call this function. No other thread may destroy the status during the call.
///
/// @ingroup nats_kv_buckets
///
/// # Safety
/// `sts` is NULL or a status that was not destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kvStatus_BackingStore(sts: *const kvStatus) -> *const c_char {
    guard_local(ptr::null(), || {
        Ok(match sts.is_null() {
            true => ptr::null(),
            false => c"JetStream".as_ptr(),
        })
    })
}

/// Get whether several keys of a bucket may be changed at once.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param sts The status.
///
/// @return Whether `kvStore_Apply` may be used; false for NULL.
///
/// @par Threads
/// Any thread may call this function. No other thread may destroy the status during the call.
///
/// @ingroup nats_kv_buckets
///
/// # Safety
/// `sts` is NULL or a status that was not destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kvStatus_HasTransactions(sts: *const kvStatus) -> bool {
    guard_local(false, || {
        // SAFETY: the caller's contract, above.
        let s = unsafe { sts.as_ref() };
        let config = s.and_then(|s| s.status.config());
        Ok(config.is_some_and(|c| c.allow_atomic))
    })
}

/// Destroy a status.
///
/// @param sts The status; NULL is ignored.
///
/// @par Threads
/// Any thread may call this function, once no other thread uses the object.
///
/// @ingroup nats_kv_buckets
///
/// # Safety
/// `sts` is NULL or a status that was not destroyed and is not used afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kvStatus_Destroy(sts: *mut kvStatus) {
    guard_void(|| {
        if !sts.is_null() {
            // SAFETY: not NULL, hence from `kvStore_Status` and not destroyed before, by the caller's contract.
            drop(unsafe { Box::from_raw(sts) });
        }
    });
}
