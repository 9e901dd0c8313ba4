//! Lists: keys and histories.

use std::ffi::{c_char, c_int};
use std::ptr;
use std::sync::Arc;

use super::config::{kvWatchOptions, watch_from_c};
use super::entry::{into_c, kvEntry, kvEntry_Destroy};
use super::types::{kvEntryList, kvKeysList};
use crate::error::{Error, Result, Status, natsStatus};
use crate::ffi::convert::{malloc_array, millis_or_forever};
use crate::ffi::guard::guard_void;
use crate::ffi::handle::{OwnedStore, borrow_arc, kvStore};
use crate::ffi::jetstream::call::guard_api;
use crate::ffi::jetstream::given;
use crate::ffi::jetstream::memory::{free_array, free_text, texts};
use crate::ffi::jetstream::plain::zero;
use crate::js;
use crate::kv::Entry;

/// Refuses options that a list cannot have.
fn check(opts: Option<&kvWatchOptions>) -> Result<()> {
    if opts.is_some_and(|opts| opts.Callback.is_some()) {
        return Err(Error::illegal_state("a list cannot have a callback"));
    }
    Ok(())
}

/// Lists keys.
///
/// # Safety
/// `list` is NULL or valid for writing; `kv` is NULL or a handle of this library; `opts` is NULL or valid.
unsafe fn keys(
    list: *mut kvKeysList,
    kv: *mut kvStore,
    filters: &[&str],
    opts: *const kvWatchOptions,
) -> js::Result<()> {
    // SAFETY: the contract above.
    let (store, opts) = unsafe { (borrow_arc(kv)?, opts.as_ref()) };
    check(opts)?;
    let timeout = opts.and_then(|opts| millis_or_forever(opts.Timeout));
    let keys = store.store().keys(filters, &watch_from_c(opts), timeout)?;
    // SAFETY: likewise.
    unsafe { fill_keys(list, keys.iter()) }
}

/// Gives a list to the program.
///
/// # Safety
/// `list` is valid for writing.
pub(super) unsafe fn fill_keys(
    list: *mut kvKeysList,
    keys: impl ExactSizeIterator<Item = impl AsRef<[u8]>>,
) -> js::Result<()> {
    let (keys, count) = texts(keys)?;
    // SAFETY: the contract above.
    unsafe {
        list.write(kvKeysList {
            Keys: keys,
            Count: count,
        });
    }
    Ok(())
}

/// Gives a list to the program.
///
/// # Safety
/// `list` is valid for writing.
pub(super) unsafe fn fill_entries(
    list: *mut kvEntryList,
    entries: Vec<Entry>,
    store: &Arc<OwnedStore>,
) -> js::Result<()> {
    if entries.is_empty() {
        return Ok(());
    }
    let count = c_int::try_from(entries.len()).map_err(|_| Error::from(Status::NATS_NO_MEMORY))?;
    let array: *mut *mut kvEntry = malloc_array(&vec![ptr::null_mut(); entries.len()])?;
    for (n, entry) in entries.into_iter().enumerate() {
        // SAFETY: the array has as many places as there are entries.
        unsafe { array.add(n).write(into_c(entry, store)) };
    }
    // SAFETY: the contract above.
    unsafe {
        list.write(kvEntryList {
            Entries: array,
            Count: count,
        });
    }
    Ok(())
}

/// List the keys of a bucket.
///
/// Each key is listed once. Deleted keys are left out.
///
/// @param list The program's structure, which receives the keys, to be released with
/// `kvKeysList_Destroy`. Empty if the call fails.
/// @param kv The bucket.
/// @param opts The selection of keys; NULL for the defaults. Read during the call only.
///
/// @retval NATS_OK The list has all keys that have a value, in the order in which the values were
/// stored; NULL and 0 if there are none.
/// @retval NATS_INVALID_ARG `list` is NULL, `kv` is NULL or was destroyed, or the options have
/// `UpdatesOnly`.
/// @retval NATS_NOT_FOUND The bucket no longer exists. The last error is cleared.
/// @retval NATS_ILLEGAL_STATE The options have a callback.
/// @retval NATS_ERR The server refused: its text is the last error.
/// @retval NATS_NO_RESPONDERS JetStream is not enabled.
/// @retval NATS_TIMEOUT The server did not answer in time, or the list was not complete within the
/// `Timeout` of the options.
/// @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
/// @retval NATS_DRAINING The connection is draining.
///
/// @par Threads
/// Any thread may call this function at any time. It waits for the answer of the server, also in a
/// callback.
///
/// @par Example
/// ```c
/// jsCtx *js = NULL;
/// kvStore *kv = NULL;
/// kvKeysList list;
/// int i;
///
/// natsStatus s = natsConnection_JetStream(&js, nc, NULL);
/// if (s == NATS_OK) s = js_KeyValue(&kv, js, "settings");
/// if (s == NATS_OK) s = kvStore_Keys(&list, kv, NULL);
/// if (s == NATS_OK) {
///     for (i = 0; i < list.Count; i++)
///         printf("%s\n", list.Keys[i]);
///     kvKeysList_Destroy(&list);
/// }
/// kvStore_Destroy(kv);
/// jsCtx_Destroy(js);
/// ```
///
/// @see kvStore_KeysWithFilters, kvKeysList_Destroy
///
/// @ingroup nats_kv_watch
///
/// # Safety
/// `list` is NULL or valid for writing; `kv` is NULL or a handle of this library; `opts` is NULL or
/// valid, and so is what the fields point at.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kvStore_Keys(
    list: *mut kvKeysList,
    kv: *mut kvStore,
    opts: *const kvWatchOptions,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    let body = || unsafe {
        zero(list, "list")?;
        keys(list, kv, &[">"], opts)?;
        Ok(())
    };
    // SAFETY: nothing is written to NULL.
    unsafe { guard_api("kvStore_Keys", ptr::null_mut(), body) }
}

/// List the keys of a bucket that match patterns.
///
/// Each key is listed once. Deleted keys are left out.
///
/// @param list The program's structure, which receives the keys, to be released with
/// `kvKeysList_Destroy`. Empty if the call fails.
/// @param kv The bucket.
/// @param filters The patterns, which may overlap.
/// @param numFilters The number of elements, at least 1.
/// @param opts The selection of keys; NULL for the defaults. Read during the call only.
///
/// @retval NATS_OK The list has the matching keys that have a value, in the order in which the
/// values were stored; NULL and 0 if there are none.
/// @retval NATS_INVALID_ARG `list` or `filters` is NULL, a pattern is NULL or empty, `numFilters`
/// is less than 1, `kv` is NULL or was destroyed, or the options have `UpdatesOnly`.
/// @retval NATS_NOT_FOUND The bucket no longer exists. The last error is cleared.
/// @retval NATS_ILLEGAL_STATE The options have a callback.
/// @retval NATS_ERR The server refused: its text is the last error.
/// @retval NATS_NO_RESPONDERS JetStream is not enabled.
/// @retval NATS_TIMEOUT The server did not answer in time, or the list was not complete within the
/// `Timeout` of the options.
/// @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
/// @retval NATS_DRAINING The connection is draining.
///
/// @par Threads
/// Any thread may call this function at any time. It waits for the answer of the server, also in a
/// callback.
///
/// @see kvStore_Keys
///
/// @ingroup nats_kv_watch
///
/// # Safety
/// As for `kvStore_Keys`; `filters` is NULL or has `numFilters` pointers, which are NULL or
/// strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kvStore_KeysWithFilters(
    list: *mut kvKeysList,
    kv: *mut kvStore,
    filters: *mut *const c_char,
    numFilters: c_int,
    opts: *const kvWatchOptions,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    let body = || unsafe {
        zero(list, "list")?;
        let filters = given::strings(filters, numFilters, "filters")?;
        let filters: Vec<&str> = filters.iter().map(String::as_str).collect();
        keys(list, kv, &filters, opts)?;
        Ok(())
    };
    // SAFETY: nothing is written to NULL.
    unsafe { guard_api("kvStore_KeysWithFilters", ptr::null_mut(), body) }
}

/// Release the keys of a list.
///
/// The structure itself belongs to the program.
///
/// @param list The list, which is empty afterwards; NULL is ignored.
///
/// @par Threads
/// Any thread may call this function, once no other thread uses the object.
///
/// @ingroup nats_kv_watch
///
/// # Safety
/// `list` is NULL or was filled by this library, or with zeros.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kvKeysList_Destroy(list: *mut kvKeysList) {
    guard_void(|| {
        // SAFETY: the caller's contract, above.
        unsafe {
            if let Some(list) = list.as_mut() {
                free_array(list.Keys, list.Count, |key| free_text(*key));
                (list.Keys, list.Count) = (ptr::null_mut(), 0);
            }
        }
    });
}

/// List all revisions of a key in a bucket.
///
/// @param list The program's structure, which receives the entries, to be released with
/// `kvEntryList_Destroy`. Empty if the call fails.
/// @param kv The bucket.
/// @param key The key, or a pattern of keys.
/// @param opts The selection of keys; NULL for the defaults. Read during the call only.
///
/// @retval NATS_OK The list has the revisions, the oldest first. Revisions that deleted the key are
/// included unless the options have `IgnoreDeletes`.
/// @retval NATS_INVALID_ARG `list` or `key` is NULL, `key` is empty, `kv` is NULL or was destroyed,
/// or the options have `UpdatesOnly`.
/// @retval NATS_NOT_FOUND There is no revision, or the bucket no longer exists. The last error is
/// cleared.
/// @retval NATS_ILLEGAL_STATE The options have a callback.
/// @retval NATS_ERR The server refused: its text is the last error.
/// @retval NATS_NO_RESPONDERS JetStream is not enabled.
/// @retval NATS_TIMEOUT The server did not answer in time, or the list was not complete within the
/// `Timeout` of the options.
/// @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
/// @retval NATS_DRAINING The connection is draining.
///
/// @par Threads
/// Any thread may call this function at any time. It waits for the answer of the server, also in a
/// callback.
///
/// @see kvEntryList_Destroy, kvStore_GetRevision
///
/// @ingroup nats_kv_watch
///
/// # Safety
/// `list` is NULL or valid for writing; `kv` is NULL or a handle of this library; `key` is NULL or
/// a string; `opts` is NULL or valid, and so is what the fields point at.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kvStore_History(
    list: *mut kvEntryList,
    kv: *mut kvStore,
    key: *const c_char,
    opts: *const kvWatchOptions,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    let body = || unsafe {
        zero(list, "list")?;
        let (store, opts) = (borrow_arc(kv)?, opts.as_ref());
        check(opts)?;
        let key = given::str(key, "the key")?;
        let timeout = opts.and_then(|opts| millis_or_forever(opts.Timeout));
        let entries = store.store().history(key, &watch_from_c(opts), timeout)?;
        fill_entries(list, entries, &store)?;
        Ok(())
    };
    // SAFETY: nothing is written to NULL.
    unsafe { guard_api("kvStore_History", ptr::null_mut(), body) }
}

/// Release the entries of a list.
///
/// The structure itself belongs to the program. To keep an entry, take it and write NULL in its
/// place before.
///
/// @param list The list, which is empty afterwards; NULL is ignored.
///
/// @par Threads
/// Any thread may call this function, once no other thread uses the object.
///
/// @ingroup nats_kv_watch
///
/// # Safety
/// `list` is NULL or was filled by this library, or with zeros.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kvEntryList_Destroy(list: *mut kvEntryList) {
    guard_void(|| {
        // SAFETY: the caller's contract, above.
        unsafe {
            if let Some(list) = list.as_mut() {
                free_array(list.Entries, list.Count, |entry| kvEntry_Destroy(*entry));
                (list.Entries, list.Count) = (ptr::null_mut(), 0);
            }
        }
    });
}
