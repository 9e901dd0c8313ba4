//! Types that have no other place: what was done to a key, entries in lists, the callback of watchers.

use std::ffi::{c_char, c_int, c_void};

use super::entry::kvEntry;
use crate::error::natsStatus;
use crate::ffi::handle::kvWatcher;
use crate::ffi::jetstream::plain::plain;

/// The operation that created a revision of a key.
///
/// @ingroup nats_kv_values
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum kvOperation {
    /// No operation: the value for a NULL entry.
    kvOp_Unknown = 0,
    /// A value was put.
    kvOp_Put,
    /// The key was deleted; its earlier revisions are still in the bucket.
    kvOp_Delete,
    /// The key was deleted together with its earlier revisions.
    kvOp_Purge,
}

/// Entries, as returned by `kvStore_History`. Released with `kvEntryList_Destroy`; to keep an entry, take it and write
/// NULL in its place.
///
/// @ingroup nats_kv_watch
#[repr(C)]
#[derive(Clone, Copy)]
pub struct kvEntryList {
    /// The entries; NULL if there are none.
    pub Entries: *mut *mut kvEntry,
    /// The number of elements.
    pub Count: c_int,
}

/// Keys, as returned by `kvStore_Keys`. Released with `kvKeysList_Destroy`; to keep a key, take it, write NULL in its
/// place, and release it with `free()`.
///
/// @ingroup nats_kv_watch
#[repr(C)]
#[derive(Clone, Copy)]
pub struct kvKeysList {
    /// The keys; NULL if there are none.
    pub Keys: *mut *mut c_char,
    /// The number of elements.
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
/// `NATS_OK` reports, once, that the initial data are complete.
/// @param s `NATS_OK`; or, with a NULL entry, `NATS_NOT_FOUND` if the bucket no longer exists, or the reason why a
/// message of the bucket is not a valid entry.
/// @param closure The pointer that was given with the options of the watcher.
///
/// @ingroup nats_kv_watch
pub type kvWatchCb = Option<
    unsafe extern "C" fn(w: *mut kvWatcher, e: *mut kvEntry, s: natsStatus, closure: *mut c_void),
>;
