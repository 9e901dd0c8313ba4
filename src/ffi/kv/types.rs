//! Types that have no other place: what was done to a key, entries in lists, the callback of watchers.

use std::ffi::{c_char, c_int, c_void};

use super::entry::kvEntry;
use crate::error::natsStatus;
use crate::ffi::handle::kvWatcher;
use crate::ffi::jetstream::plain::plain;

/// What was done to a key.
///
/// @ingroup nats_kv_values
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum kvOperation {
    /// What a NULL entry says.
    kvOp_Unknown = 0,
    /// It got a value.
    kvOp_Put,
    /// It was deleted; what it had before is still in the bucket.
    kvOp_Delete,
    /// It was deleted with all that it had.
    kvOp_Purge,
}

/// Entries, as `kvStore_History` returns them.
///
/// @ingroup nats_kv_watch
#[repr(C)]
#[derive(Clone, Copy)]
pub struct kvEntryList {
    /// The entries; NULL where there are none.
    pub Entries: *mut *mut kvEntry,
    /// The number.
    pub Count: c_int,
}

/// Keys, as `kvStore_Keys` returns them.
///
/// @ingroup nats_kv_watch
#[repr(C)]
#[derive(Clone, Copy)]
pub struct kvKeysList {
    /// The keys; NULL where there are none.
    pub Keys: *mut *mut c_char,
    /// The number.
    pub Count: c_int,
}

plain!(kvEntryList, kvKeysList);

/// Callback that receives the entries of a watcher.
///
/// Called with one entry at a time, in order, on a thread of the library. It may block, and may call any function
/// on the watcher, `kvWatcher_Stop` and `kvWatcher_Destroy` included; the handle stays usable until it returns.
///
/// @param w The watcher: the program's own handle.
/// @param e The entry, which the callback owns and has to release with `kvEntry_Destroy`, now or later. NULL with
/// `NATS_OK` says once that the initial data are complete.
/// @param s `NATS_OK`; or, with a NULL entry, `NATS_NOT_FOUND` where the bucket no longer exists, or why a message
/// of the bucket is no entry.
/// @param closure The pointer that was given with the options of the watcher.
///
/// @ingroup nats_kv_watch
pub type kvWatchCb = Option<
    unsafe extern "C" fn(w: *mut kvWatcher, e: *mut kvEntry, s: natsStatus, closure: *mut c_void),
>;
