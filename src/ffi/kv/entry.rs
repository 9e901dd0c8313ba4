//! `kvEntry`: a revision of a key.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr;
use std::sync::Arc;

use super::types::kvOperation;
use crate::ffi::guard::{guard_local, guard_void};
use crate::ffi::handle::OwnedStore;
use crate::kv::{Entry, Operation};

/// A revision of a key. Opaque to C.
///
/// Created by `kvStore_Get`, `kvWatcher_Next` and others, given to the callbacks of watchers, and released by
/// `kvEntry_Destroy`, also after its bucket was destroyed. Any number of threads may read it at once. It is plain memory
/// and no handle: using it after it was destroyed, or destroying it twice, is undefined.
///
/// @ingroup nats_kv_values
pub type kvEntry = __kvEntry;

/// The structure behind `kvEntry`.
pub struct __kvEntry {
    entry: Entry,
    /// The bucket's name, and not the bucket: an entry that the program keeps must keep neither the connection nor the
    /// library open.
    bucket: Arc<CStr>,
}

/// The pointer by which the program owns an entry.
pub(super) fn into_c(entry: Entry, store: &Arc<OwnedStore>) -> *mut kvEntry {
    Box::into_raw(Box::new(__kvEntry {
        entry,
        bucket: store.bucket().clone(),
    }))
}

/// The entry behind a pointer.
///
/// # Safety
/// `e` is NULL or an entry that has not been destroyed, and is not while the result is used.
unsafe fn entry<'a>(e: *const kvEntry) -> Option<&'a __kvEntry> {
    // SAFETY: the contract above.
    unsafe { e.as_ref() }
}

/// Get the name of an entry's bucket.
///
/// @param e The entry.
///
/// @return The name, which is valid as long as the entry; NULL if `e` is NULL.
///
/// @par Threads
/// Any thread may call this function. No other thread may destroy the entry during the call.
///
/// @ingroup nats_kv_values
///
/// # Safety
/// `e` is NULL or an entry that was not destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kvEntry_Bucket(e: *const kvEntry) -> *const c_char {
    guard_local(ptr::null(), || {
        // SAFETY: the caller's contract, above.
        let e = unsafe { entry(e) };
        Ok(e.map_or(ptr::null(), |e| e.bucket.as_ptr()))
    })
}

/// Get the key of an entry.
///
/// @param e The entry.
///
/// @return The key, which is valid as long as the entry; NULL if `e` is NULL.
///
/// @par Threads
/// Any thread may call this function. No other thread may destroy the entry during the call.
///
/// @ingroup nats_kv_values
///
/// # Safety
/// `e` is NULL or an entry that was not destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kvEntry_Key(e: *const kvEntry) -> *const c_char {
    guard_local(ptr::null(), || {
        // SAFETY: the caller's contract, above.
        let e = unsafe { entry(e) };
        Ok(e.map_or(ptr::null(), |e| {
            let subject = e.entry.msg().subject_ptr();
            subject.wrapping_add(e.entry.key_at())
        }))
    })
}

/// Get the value of an entry.
///
/// A NUL follows the value, which is not counted. With `MetaOnly` the value is empty. An empty
/// value is not NULL.
///
/// @param e The entry.
///
/// @return The value, which is valid as long as the entry; NULL if `e` is NULL.
///
/// @par Threads
/// Any thread may call this function. No other thread may destroy the entry during the call.
///
/// @see kvEntry_ValueLen, kvEntry_ValueString
///
/// @ingroup nats_kv_values
///
/// # Safety
/// `e` is NULL or an entry that was not destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kvEntry_Value(e: *const kvEntry) -> *const c_void {
    guard_local(ptr::null(), || {
        // SAFETY: the caller's contract, above.
        let e = unsafe { entry(e) };
        Ok(e.map_or(ptr::null(), |e| e.entry.msg().payload_ptr().cast()))
    })
}

/// Get the length of an entry's value.
///
/// @param e The entry.
///
/// @return The number of bytes; -1 for NULL.
///
/// @par Threads
/// Any thread may call this function. No other thread may destroy the entry during the call.
///
/// @ingroup nats_kv_values
///
/// # Safety
/// `e` is NULL or an entry that was not destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kvEntry_ValueLen(e: *const kvEntry) -> c_int {
    guard_local(-1, || {
        // SAFETY: the caller's contract, above.
        let e = unsafe { entry(e) };
        Ok(e.map_or(-1, |e| {
            c_int::try_from(e.entry.value().len()).unwrap_or(c_int::MAX)
        }))
    })
}

/// Get the value of an entry as a string.
///
/// A NUL follows the value. As a string, a value that contains NULs ends at the first one.
///
/// @param e The entry.
///
/// @return The value, which is valid as long as the entry; NULL if `e` is NULL.
///
/// @par Threads
/// Any thread may call this function. No other thread may destroy the entry during the call.
///
/// @ingroup nats_kv_values
///
/// # Safety
/// `e` is NULL or an entry that was not destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kvEntry_ValueString(e: *const kvEntry) -> *const c_char {
    guard_local(ptr::null(), || {
        // SAFETY: the caller's contract, above.
        let e = unsafe { entry(e) };
        Ok(e.map_or(ptr::null(), |e| e.entry.msg().payload_ptr()))
    })
}

/// Get the revision of an entry.
///
/// @param e The entry.
///
/// @return The revision: the sequence in the bucket's stream; 0 for NULL.
///
/// @par Threads
/// Any thread may call this function. No other thread may destroy the entry during the call.
///
/// @ingroup nats_kv_values
///
/// # Safety
/// `e` is NULL or an entry that was not destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kvEntry_Revision(e: *const kvEntry) -> u64 {
    guard_local(0, || {
        // SAFETY: the caller's contract, above.
        let e = unsafe { entry(e) };
        Ok(e.map_or(0, |e| e.entry.revision()))
    })
}

/// Get the time at which an entry was stored.
///
/// @param e The entry.
///
/// @return Nanoseconds since 1970; 0 for NULL.
///
/// @par Threads
/// Any thread may call this function. No other thread may destroy the entry during the call.
///
/// @ingroup nats_kv_values
///
/// # Safety
/// `e` is NULL or an entry that was not destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kvEntry_Created(e: *const kvEntry) -> i64 {
    guard_local(0, || {
        // SAFETY: the caller's contract, above.
        let e = unsafe { entry(e) };
        Ok(e.map_or(0, |e| e.entry.created()))
    })
}

/// Get the number of entries that a watcher had still to receive when this one was delivered.
///
/// @param e The entry.
///
/// @return The number; 0 for entries that were not delivered by a watcher, and for NULL.
///
/// @par Threads
/// Any thread may call this function. No other thread may destroy the entry during the call.
///
/// @ingroup nats_kv_values
///
/// # Safety
/// `e` is NULL or an entry that was not destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kvEntry_Delta(e: *const kvEntry) -> u64 {
    guard_local(0, || {
        // SAFETY: the caller's contract, above.
        let e = unsafe { entry(e) };
        Ok(e.map_or(0, |e| e.entry.delta()))
    })
}

/// Get the operation that created an entry.
///
/// A marker that the server has stored because a key expired, was purged or was removed counts as a
/// delete or a purge.
///
/// @param e The entry.
///
/// @return The operation; `kvOp_Unknown` if `e` is NULL.
///
/// @par Threads
/// Any thread may call this function. No other thread may destroy the entry during the call.
///
/// @ingroup nats_kv_values
///
/// # Safety
/// `e` is NULL or an entry that was not destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kvEntry_Operation(e: *const kvEntry) -> kvOperation {
    guard_local(kvOperation::kvOp_Unknown, || {
        // SAFETY: the caller's contract, above.
        let e = unsafe { entry(e) };
        Ok(
            e.map_or(kvOperation::kvOp_Unknown, |e| match e.entry.operation() {
                Operation::Put => kvOperation::kvOp_Put,
                Operation::Delete => kvOperation::kvOp_Delete,
                Operation::Purge => kvOperation::kvOp_Purge,
            }),
        )
    })
}

/// Destroy an entry.
///
/// @param e The entry; NULL is ignored.
///
/// @par Threads
/// Any thread may call this function, once no other thread uses the object.
///
/// @ingroup nats_kv_values
///
/// # Safety
/// `e` is NULL or an entry that was not destroyed and is not used afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kvEntry_Destroy(e: *mut kvEntry) {
    guard_void(|| {
        if !e.is_null() {
            // SAFETY: not NULL, hence from `into_c` and not destroyed before, by the caller's contract.
            drop(unsafe { Box::from_raw(e) });
        }
    });
}
