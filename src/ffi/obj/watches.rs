//! Watching and listing objects.

use std::ptr;

use super::objects::shows_deleted;
use super::types::*;
use super::{convert, guard_obj, until};
use crate::error::{Status, natsStatus};
use crate::ffi::convert::required;
use crate::ffi::guard::guard_void;
use crate::ffi::handle::{self, borrow_arc, objStore};
use crate::ffi::jetstream::memory::{self, hand_out};
use crate::obj::{Seen, Watcher, watch};

pub use crate::ffi::handle::objStoreWatcher;

/// Watch the objects of a store.
///
/// Delivers all existing objects, then a marker, then each change.
///
/// @param new_watcher Receives the watcher, to be released with `objStoreWatcher_Destroy`. Written only with `NATS_OK`.
/// @param obs The store.
/// @param opts The options; NULL for all objects.
///
/// @retval NATS_OK The watcher was created.
/// @retval NATS_INVALID_ARG `new_watcher` or `obs` is NULL, or `obs` was destroyed.
/// @retval NATS_NOT_FOUND The store does not exist.
/// @retval NATS_ERR The server refused the request: its text is the last error.
/// @retval NATS_NO_RESPONDERS JetStream is not enabled.
/// @retval NATS_TIMEOUT No answer arrived in time.
/// @retval NATS_CONNECTION_CLOSED The connection is closed.
/// @retval NATS_DRAINING The connection is draining.
/// @retval NATS_NO_MEMORY Memory could not be allocated.
///
/// @par Threads
/// Any thread may call this function at any time. It waits for the server.
///
/// @see objStoreWatcher_Next
///
/// @ingroup nats_obj_watch
///
/// # Safety
/// Handles are NULL or from this library; strings and structures are NULL or valid, and so are places for results.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn objStore_Watch(
    new_watcher: *mut *mut objStoreWatcher,
    obs: *mut objStore,
    opts: *mut objStoreWatchOptions,
) -> natsStatus {
    guard_obj("objStore_Watch", || {
        // SAFETY: the caller's contract, above.
        unsafe {
            required(new_watcher, "new_watcher")?;
            let store = borrow_arc(obs)?;
            let opts = opts.as_ref();
            let updates_only = opts.is_some_and(|o| o.UpdatesOnly);
            let ignore_deletes = opts.is_some_and(|o| o.IgnoreDeletes);
            let watcher = Watcher::new(&store, updates_only, ignore_deletes, store.deadline())?;
            new_watcher.write(handle::new_obj_watcher(watcher));
            Ok(())
        }
    })
}

/// Wait for the next object of a watcher.
///
/// NULL is the marker: all objects that existed when the watcher was created have been delivered. With `UpdatesOnly`
/// there is no marker. A description that cannot be read, because another client has stored something else, is left
/// out; the connection's error handler is called with `NATS_ERR`.
///
/// @param new_info Receives the object, to be released with `objStoreInfo_Destroy`, or NULL for the marker. Written
/// only with `NATS_OK`.
/// @param watcher The watcher.
/// @param timeout The longest time to wait in milliseconds; greater than 0.
///
/// @retval NATS_OK An object, or the marker, was written.
/// @retval NATS_INVALID_ARG A pointer is NULL, `watcher` was destroyed, or the time is not
/// positive.
/// @retval NATS_ILLEGAL_STATE The watcher was stopped.
/// @retval NATS_TIMEOUT No object was changed in time.
/// @retval NATS_ERR The server refused the request: its text is the last error.
/// @retval NATS_NO_RESPONDERS JetStream is not enabled.
/// @retval NATS_DRAINING The connection is draining: nothing follows.
/// @retval NATS_CONNECTION_CLOSED The connection is closed.
/// @retval NATS_NO_MEMORY Memory could not be allocated.
///
/// @par Threads
/// Any thread may call this function at any time. It waits for the server.
///
/// @see objStore_Watch
///
/// @ingroup nats_obj_watch
///
/// # Safety
/// Handles are NULL or from this library; strings and structures are NULL or valid, and so are places for results.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn objStoreWatcher_Next(
    new_info: *mut *mut objStoreInfo,
    watcher: *mut objStoreWatcher,
    timeout: i64,
) -> natsStatus {
    guard_obj("objStoreWatcher_Next", || {
        // SAFETY: the caller's contract, above.
        unsafe {
            required(new_info, "new_info")?;
            let watcher = borrow_arc(watcher)?;
            match watcher.next(until(timeout)?)? {
                Seen::Object(info) => hand_out(new_info, || convert::info_to_c(&info)),
                Seen::EndOfInitial => {
                    new_info.write(ptr::null_mut());
                    Ok(())
                }
            }
        }
    })
}

/// Stop a watcher.
///
/// Threads in `objStoreWatcher_Next` return with `NATS_ILLEGAL_STATE`. Stopping a stopped watcher
/// succeeds.
///
/// @param watcher The watcher.
///
/// @retval NATS_OK The watcher is stopped.
/// @retval NATS_INVALID_ARG `watcher` is NULL or was destroyed.
/// @retval NATS_ERR The server refused the request: its text is the last error.
/// @retval NATS_NO_RESPONDERS JetStream is not enabled.
/// @retval NATS_TIMEOUT No answer arrived in time.
/// @retval NATS_CONNECTION_CLOSED The connection is closed.
/// @retval NATS_NO_MEMORY Memory could not be allocated.
///
/// @par Threads
/// Any thread may call this function at any time. It waits for the server.
///
/// @see objStoreWatcher_Destroy
///
/// @ingroup nats_obj_watch
///
/// # Safety
/// Handles are NULL or from this library; strings and structures are NULL or valid, and so are places for results.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn objStoreWatcher_Stop(watcher: *mut objStoreWatcher) -> natsStatus {
    guard_obj("objStoreWatcher_Stop", || {
        // SAFETY: the caller's contract, above.
        unsafe { borrow_arc(watcher)?.stop() }
    })
}

/// Release a watcher.
///
/// It is stopped first if it is not stopped yet.
///
/// @param watcher The handle; NULL is ignored.
///
/// @par Threads
/// Any thread may call this function at any time.
///
/// @see objStore_Watch
///
/// @ingroup nats_obj_watch
///
/// # Safety
/// Handles are NULL or from this library; strings and structures are NULL or valid, and so are places for results.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn objStoreWatcher_Destroy(watcher: *mut objStoreWatcher) {
    guard_void(|| {
        // SAFETY: the caller's contract, above.
        let object = unsafe { handle::destroy(watcher) };
        if let Some(watcher) = &object {
            // The handle ends in any case.
            let _ = watcher.stop();
        }
        drop(object);
    });
}

/// List the objects of a store.
///
/// The list has the objects, links included, in the order of their last changes. The `Wait` of the context limits the
/// time of the call. Objects whose description cannot be read are left out; the connection's error handler is called
/// with `NATS_ERR`.
///
/// @param new_list Receives the list, to be released with `objStoreInfoList_Destroy`. Written only with `NATS_OK`.
/// @param obs The store.
/// @param opts The options; NULL to ignore deleted objects.
///
/// @retval NATS_OK The list has at least one element.
/// @retval NATS_INVALID_ARG `new_list` or `obs` is NULL, or `obs` was destroyed.
/// @retval NATS_NOT_FOUND The store has no objects or does not exist.
/// @retval NATS_ERR The server refused the request: its text is the last error.
/// @retval NATS_NO_RESPONDERS JetStream is not enabled.
/// @retval NATS_TIMEOUT No answer arrived in time.
/// @retval NATS_CONNECTION_CLOSED The connection is closed.
/// @retval NATS_DRAINING The connection is draining.
/// @retval NATS_NO_MEMORY Memory could not be allocated.
///
/// @par Threads
/// Any thread may call this function at any time. It waits for the server.
///
/// @see objStore_Watch
///
/// @ingroup nats_obj_watch
///
/// # Safety
/// Handles are NULL or from this library; strings and structures are NULL or valid, and so are places for results.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn objStore_List(
    new_list: *mut *mut objStoreInfoList,
    obs: *mut objStore,
    opts: *mut objStoreOptions,
) -> natsStatus {
    guard_obj("objStore_List", || {
        // SAFETY: the caller's contract, above.
        unsafe {
            required(new_list, "new_list")?;
            let store = borrow_arc(obs)?;
            let found = watch::list(&store, shows_deleted(opts))?;
            if found.is_empty() {
                return Err(Status::NATS_NOT_FOUND.into());
            }
            hand_out(new_list, || convert::list_to_c(&found))
        }
    })
}

/// Release a list of objects.
///
/// Releases it together with its elements.
///
/// @param list The list; NULL is ignored.
///
/// @par Threads
/// Any thread may call this function, once no other thread uses the object.
///
/// @see objStore_List
///
/// @ingroup nats_obj_watch
///
/// # Safety
/// Handles are NULL or from this library; strings and structures are NULL or valid, and so are places for results.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn objStoreInfoList_Destroy(list: *mut objStoreInfoList) {
    guard_void(|| {
        // SAFETY: the caller's contract, above.
        unsafe { memory::destroy(list) };
    });
}
