//! Getting and changing several keys at once, which nats.c has no functions for.

use std::ffi::{c_char, c_int, c_void};
use std::ptr;

use super::lists::fill_entries;
use super::types::{kvEntryList, kvOperation};
use crate::error::{Error, Result, natsStatus};
use crate::ffi::convert::{payload, write_optional};
use crate::ffi::handle::{borrow_arc, kvStore};
use crate::ffi::jetstream::call::guard_api;
use crate::ffi::jetstream::given;
use crate::ffi::jetstream::plain::{plain, zero};
use crate::kv::{Change, Operation, Said};

/// One of several changes of keys. An addition of this library: nats.c does not have it.
///
/// Fill it with zeros before its fields are set.
///
/// @ingroup nats_kv_values
#[repr(C)]
#[derive(Clone, Copy)]
pub struct kvChange {
    /// The operation: `kvOp_Put`, `kvOp_Delete` or `kvOp_Purge`.
    pub Operation: kvOperationArg,
    /// The key.
    pub Key: *const c_char,
    /// The value for `kvOp_Put`; ignored if the length is 0.
    pub Value: *const c_void,
    /// The number of bytes of the value.
    pub ValueLen: c_int,
    /// Whether the key must have the revision `Revision`.
    pub CheckRevision: bool,
    /// The revision that the key must have; 0 if the key must not exist.
    pub Revision: u64,
    /// The time to live of the revision in milliseconds; 0 for that of the bucket.
    pub TTL: i64,
}

plain!(kvChange);

/// A `kvOperation` as C passes it: any number.
#[repr(transparent)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct kvOperationArg(pub c_int);

impl kvOperationArg {
    fn get(self) -> Result<Operation> {
        match self.0 {
            n if n == kvOperation::kvOp_Put as c_int => Ok(Operation::Put),
            n if n == kvOperation::kvOp_Delete as c_int => Ok(Operation::Delete),
            n if n == kvOperation::kvOp_Purge as c_int => Ok(Operation::Purge),
            n => Err(Error::invalid_arg(format!("invalid operation {n}"))),
        }
    }
}

/// Get the values of several keys, all from the same state of the bucket.
///
/// A change that is made during the call is visible in all entries or in none. Source: ADR-31.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param list The program's structure, which receives the entries, to be released with
/// `kvEntryList_Destroy`. Empty if the call fails.
/// @param kv The bucket.
/// @param keys The keys; they may have wildcards.
/// @param numKeys The number of elements, at least 1.
///
/// @retval NATS_OK The list has the entries in the order in which they were stored, except for keys
/// that have no value; NULL and 0 if there are none.
/// @retval NATS_INVALID_ARG `list` or `keys` is NULL, a key is NULL or empty, `numKeys` is less
/// than 1, or `kv` is NULL or was destroyed.
/// @retval NATS_LIMIT_REACHED More than 1024 keys match.
/// @retval NATS_NO_SERVER_SUPPORT The server is older than 2.11, or the bucket does not allow
/// direct gets.
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
/// @see kvStore_Get, kvStore_Apply
///
/// @ingroup nats_kv_values
///
/// # Safety
/// `list` is NULL or valid for writing; `kv` is NULL or a handle of this library; `keys` is NULL or
/// has `numKeys` pointers, which are NULL or strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kvStore_GetMany(
    list: *mut kvEntryList,
    kv: *mut kvStore,
    keys: *mut *const c_char,
    numKeys: c_int,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    let body = || unsafe {
        zero(list, "list")?;
        let store = borrow_arc(kv)?;
        let keys = given::strings(keys, numKeys, "keys")?;
        if keys.is_empty() {
            return Err(Error::invalid_arg("the number of keys must be at least 1").into());
        }
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        fill_entries(list, store.get_many(&keys)?, &store)?;
        Ok(())
    };
    // SAFETY: nothing is written to NULL.
    unsafe { guard_api("kvStore_GetMany", ptr::null_mut(), body) }
}

/// Change several keys at once: all of them, or none.
///
/// The bucket must have been created with `Transactions`. Source: ADR-50.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param rev Receives the revision of the last change, or 0 if the call fails; the changes before
/// it have the preceding numbers. NULL if it is not needed.
/// @param kv The bucket.
/// @param changes The changes, each of another key.
/// @param numChanges The number of changes, 1 to 1000.
///
/// @retval NATS_OK All keys were changed.
/// @retval NATS_MISMATCH A key has another revision than was expected. Nothing was changed.
/// @retval NATS_INVALID_ARG `kv` is NULL or was destroyed, `changes` is NULL, `numChanges` is less
/// than 1, a key or an operation is not valid, or a length is negative.
/// @retval NATS_LIMIT_REACHED There are more than 1000 changes.
/// @retval NATS_NO_SERVER_SUPPORT The server does not support batches (before 2.12). Nothing was
/// changed.
/// @retval NATS_ERR The bucket was created without `Transactions`, or the server refused the
/// request: its text is the last error. Nothing was changed.
/// @retval NATS_NOT_FOUND The bucket no longer exists.
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
/// @par Example
/// ```c
/// jsCtx *js = NULL;
/// kvStore *kv = NULL;
/// kvChange changes[2];
///
/// natsStatus s = natsConnection_JetStream(&js, nc, NULL);
/// memset(changes, 0, sizeof(changes));
/// changes[0].Operation = kvOp_Put;
/// changes[0].Key = "to";
/// changes[0].Value = "5";
/// changes[0].ValueLen = 1;
/// changes[1].Operation = kvOp_Delete;
/// changes[1].Key = "from";
/// changes[1].CheckRevision = true;
/// changes[1].Revision = 17;
/// if (s == NATS_OK) s = js_KeyValue(&kv, js, "accounts");
/// if (s == NATS_OK) s = kvStore_Apply(NULL, kv, changes, 2);
/// kvStore_Destroy(kv);
/// jsCtx_Destroy(js);
/// ```
///
/// @see kvStore_Update, kvStore_GetMany
///
/// @ingroup nats_kv_values
///
/// # Safety
/// `rev` is NULL or valid for writing; `kv` is NULL or a handle of this library; `changes` is NULL
/// or has `numChanges` changes, whose pointers are NULL or valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kvStore_Apply(
    rev: *mut u64,
    kv: *mut kvStore,
    changes: *const kvChange,
    numChanges: c_int,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    let body = || unsafe {
        write_optional(rev, 0);
        let store = borrow_arc(kv)?;
        let changes = given::array(changes, numChanges, "changes")?;
        let change = |change: &kvChange| -> Result<Change<'_>> {
            Ok(Change {
                key: given::str(change.Key, "the key")?,
                operation: change.Operation.get()?,
                value: payload(change.Value, change.ValueLen)?,
                said: Said {
                    expect: change.CheckRevision.then_some(change.Revision),
                    ttl_ms: change.TTL,
                },
            })
        };
        let changes = changes.iter().map(change).collect::<Result<Vec<_>>>()?;
        write_optional(rev, store.apply(&changes)?);
        Ok(())
    };
    // SAFETY: nothing is written to NULL.
    unsafe { guard_api("kvStore_Apply", ptr::null_mut(), body) }
}
