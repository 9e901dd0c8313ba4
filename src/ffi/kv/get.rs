//! Getting values.

use std::ffi::c_char;
use std::ptr;

use super::entry::{into_c, kvEntry};
use crate::error::natsStatus;
use crate::ffi::convert::required;
use crate::ffi::handle::{borrow_arc, kvStore};
use crate::ffi::jetstream::call::guard_api;
use crate::ffi::jetstream::given;

/// Get the value of a key.
///
/// Any server of the bucket may answer; a server that is not up to date answers with an older
/// revision.
///
/// @param new_entry Receives the entry, to be released with `kvEntry_Destroy`; NULL if the call
/// fails, except that it is not written if a handle is not valid.
/// @param kv The bucket.
/// @param key The key: ASCII letters, digits, `-`, `_`, `=`, `/`, `\` and dots. It must not begin
/// or end with a dot, or have two in a row.
///
/// @retval NATS_OK The last revision was written.
/// @retval NATS_NOT_FOUND The key has no value: it never had one, or was deleted. The last error is
/// cleared.
/// @retval NATS_INVALID_ARG `new_entry` is NULL, or `kv` is NULL or was destroyed, or the key is
/// not valid.
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
/// @par Example
/// ```c
/// jsCtx *js = NULL;
/// kvStore *kv = NULL;
/// kvEntry *e = NULL;
///
/// natsStatus s = natsConnection_JetStream(&js, nc, NULL);
/// if (s == NATS_OK)
///     s = js_KeyValue(&kv, js, "settings");
/// if (s == NATS_OK)
///     s = kvStore_Get(&e, kv, "color");
/// if (s == NATS_OK)
///     printf("%s\n", kvEntry_ValueString(e));
/// kvEntry_Destroy(e);
/// kvStore_Destroy(kv);
/// jsCtx_Destroy(js);
/// ```
///
/// @see kvStore_GetRevision, kvStore_Put
///
/// @ingroup nats_kv_values
///
/// # Safety
/// `new_entry` is NULL or valid for writing; `kv` is NULL or a handle of this library; `key` is
/// NULL or a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kvStore_Get(
    new_entry: *mut *mut kvEntry,
    kv: *mut kvStore,
    key: *const c_char,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    let body = || unsafe {
        required(new_entry, "new_entry")?;
        let store = borrow_arc(kv)?;
        new_entry.write(ptr::null_mut());
        let entry = store.get(given::str(key, "the key")?)?;
        new_entry.write(into_c(entry, &store));
        Ok(())
    };
    // SAFETY: nothing is written to NULL.
    unsafe { guard_api("kvStore_Get", ptr::null_mut(), body) }
}

/// Get a revision of a key.
///
/// @param new_entry Receives the entry, to be released with `kvEntry_Destroy`; NULL if the call
/// fails, except that it is not written if a handle is not valid.
/// @param kv The bucket.
/// @param key The key: ASCII letters, digits, `-`, `_`, `=`, `/`, `\` and dots. It must not begin
/// or end with a dot, or have two in a row.
/// @param revision The revision, at least 1.
///
/// @retval NATS_OK The revision was written.
/// @retval NATS_NOT_FOUND The revision does not exist any more, belongs to another key, or deleted
/// the key. The last error is cleared.
/// @retval NATS_INVALID_ARG `new_entry` is NULL, `kv` is NULL or was destroyed, the key is not
/// valid, or the revision is 0.
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
/// @see kvStore_Get, kvStore_History
///
/// @ingroup nats_kv_values
///
/// # Safety
/// `new_entry` is NULL or valid for writing; `kv` is NULL or a handle of this library; `key` is
/// NULL or a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kvStore_GetRevision(
    new_entry: *mut *mut kvEntry,
    kv: *mut kvStore,
    key: *const c_char,
    revision: u64,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    let body = || unsafe {
        required(new_entry, "new_entry")?;
        let store = borrow_arc(kv)?;
        new_entry.write(ptr::null_mut());
        let entry = store.get_revision(given::str(key, "the key")?, revision)?;
        new_entry.write(into_c(entry, &store));
        Ok(())
    };
    // SAFETY: nothing is written to NULL.
    unsafe { guard_api("kvStore_GetRevision", ptr::null_mut(), body) }
}
