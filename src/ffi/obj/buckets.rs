//! Stores: create, update, open, delete, lists, seal, status.

use std::ffi::c_char;

use super::types::*;
use super::{convert, guard_obj};
use crate::error::{Status, natsStatus};
use crate::ffi::convert::required;
use crate::ffi::guard::guard_void;
use crate::ffi::handle::{self, borrow_arc, jsCtx};
use crate::ffi::jetstream::given;
use crate::ffi::jetstream::memory::{self, hand_out};
use crate::obj::bucket;

pub use crate::ffi::handle::objStore;

/// Create a store.
///
/// If the store exists with the same configuration, it is opened.
///
/// @param new_obs Receives the store, to be released with `objStore_Destroy`. Written only with `NATS_OK`.
/// @param js The context.
/// @param cfg The configuration, initialized with `objStoreConfig_Init`. Read during the call only.
///
/// @retval NATS_OK The store exists and has the configuration.
/// @retval NATS_INVALID_ARG A pointer is NULL, `js` was destroyed, or the configuration, for example its name, is not
/// valid.
/// @retval NATS_ERR The store exists with another configuration, or the server refused the request:
/// the last error has the reason.
/// @retval NATS_NO_RESPONDERS JetStream is not enabled.
/// @retval NATS_TIMEOUT No answer arrived in time.
/// @retval NATS_CONNECTION_CLOSED The connection is closed.
/// @retval NATS_DRAINING The connection is draining and sends no requests any more.
/// @retval NATS_NO_MEMORY Memory could not be allocated.
///
/// @par Threads
/// Any thread may call this function at any time. It waits for the server.
///
/// @see objStore_Destroy, js_ObjectStore
///
/// @ingroup nats_obj_buckets
///
/// # Safety
/// Handles are NULL or from this library; strings and structures are NULL or valid, and so are places for results.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_CreateObjectStore(
    new_obs: *mut *mut objStore,
    js: *mut jsCtx,
    cfg: *mut objStoreConfig,
) -> natsStatus {
    guard_obj("js_CreateObjectStore", || {
        // SAFETY: the caller's contract, above.
        unsafe {
            required(new_obs, "new_obs")?;
            let context = borrow_arc(js)?;
            let store = bucket::create(&context, &convert::config(cfg)?)?;
            new_obs.write(handle::new_obj_store(store));
            Ok(())
        }
    })
}

/// Change the configuration of a store.
///
/// The whole configuration is replaced.
///
/// @param new_obs Receives the store, to be released with `objStore_Destroy`. Written only with `NATS_OK`.
/// @param js The context.
/// @param cfg The configuration, initialized with `objStoreConfig_Init`. Read during the call only.
///
/// @retval NATS_OK The store exists and has the configuration.
/// @retval NATS_INVALID_ARG A pointer is NULL, `js` was destroyed, or the configuration is not valid.
/// @retval NATS_NOT_FOUND The store does not exist.
/// @retval NATS_ERR The server refused the request: its text is the last error.
/// @retval NATS_NO_RESPONDERS JetStream is not enabled.
/// @retval NATS_TIMEOUT No answer arrived in time.
/// @retval NATS_CONNECTION_CLOSED The connection is closed.
/// @retval NATS_DRAINING The connection is draining and sends no requests any more.
/// @retval NATS_NO_MEMORY Memory could not be allocated.
///
/// @par Threads
/// Any thread may call this function at any time. It waits for the server.
///
/// @see objStore_Destroy, js_ObjectStore
///
/// @ingroup nats_obj_buckets
///
/// # Safety
/// Handles are NULL or from this library; strings and structures are NULL or valid, and so are places for results.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_UpdateObjectStore(
    new_obs: *mut *mut objStore,
    js: *mut jsCtx,
    cfg: *mut objStoreConfig,
) -> natsStatus {
    guard_obj("js_UpdateObjectStore", || {
        // SAFETY: the caller's contract, above.
        unsafe {
            required(new_obs, "new_obs")?;
            let context = borrow_arc(js)?;
            let store = bucket::update(&context, &convert::config(cfg)?)?;
            new_obs.write(handle::new_obj_store(store));
            Ok(())
        }
    })
}

/// Open a store that exists.
///
/// @param new_obs Receives the store, to be released with `objStore_Destroy`. Written only with `NATS_OK`.
/// @param js The context.
/// @param bucket The name of the store.
///
/// @retval NATS_OK The store exists.
/// @retval NATS_INVALID_ARG A pointer is NULL, `js` was destroyed, or the name is not valid.
/// @retval NATS_NOT_FOUND The store does not exist. The last error is cleared.
/// @retval NATS_ERR The server refused the request: its text is the last error.
/// @retval NATS_NO_RESPONDERS JetStream is not enabled.
/// @retval NATS_TIMEOUT No answer arrived in time.
/// @retval NATS_CONNECTION_CLOSED The connection is closed.
/// @retval NATS_DRAINING The connection is draining and sends no requests any more.
/// @retval NATS_NO_MEMORY Memory could not be allocated.
///
/// @par Threads
/// Any thread may call this function at any time. It waits for the server.
///
/// @see js_CreateObjectStore
///
/// @ingroup nats_obj_buckets
///
/// # Safety
/// Handles are NULL or from this library; strings and structures are NULL or valid, and so are places for results.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_ObjectStore(
    new_obs: *mut *mut objStore,
    js: *mut jsCtx,
    bucket: *const c_char,
) -> natsStatus {
    guard_obj("js_ObjectStore", || {
        // SAFETY: the caller's contract, above.
        unsafe {
            required(new_obs, "new_obs")?;
            let context = borrow_arc(js)?;
            let store = bucket::open(&context, given::str(bucket, "bucket")?)?;
            new_obs.write(handle::new_obj_store(store));
            Ok(())
        }
    })
}

/// Delete a store with all its objects.
///
/// @param js The context.
/// @param bucket The name of the store.
///
/// @retval NATS_OK The store was deleted.
/// @retval NATS_INVALID_ARG A pointer is NULL, `js` was destroyed, or the name is not valid.
/// @retval NATS_NOT_FOUND The store does not exist. The last error is cleared.
/// @retval NATS_ERR The server refused the request: its text is the last error.
/// @retval NATS_NO_RESPONDERS JetStream is not enabled.
/// @retval NATS_TIMEOUT No answer arrived in time.
/// @retval NATS_CONNECTION_CLOSED The connection is closed.
/// @retval NATS_DRAINING The connection is draining and sends no requests any more.
/// @retval NATS_NO_MEMORY Memory could not be allocated.
///
/// @par Threads
/// Any thread may call this function at any time. It waits for the server.
///
/// @see js_CreateObjectStore
///
/// @ingroup nats_obj_buckets
///
/// # Safety
/// Handles are NULL or from this library; strings and structures are NULL or valid, and so are places for results.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_DeleteObjectStore(js: *mut jsCtx, bucket: *const c_char) -> natsStatus {
    guard_obj("js_DeleteObjectStore", || {
        // SAFETY: the caller's contract, above.
        unsafe {
            let context = borrow_arc(js)?;
            bucket::delete(&context, given::str(bucket, "bucket")?)
        }
    })
}

/// List the names of all stores.
///
/// @param new_list Receives the list, to be released with `objStoreNamesList_Destroy`. Written only with `NATS_OK`.
/// @param js The context.
///
/// @retval NATS_OK The list has at least one element.
/// @retval NATS_INVALID_ARG A pointer is NULL, or `js` was destroyed.
/// @retval NATS_NOT_FOUND There are no stores. The last error is cleared.
/// @retval NATS_ERR The server refused the request: its text is the last error.
/// @retval NATS_NO_RESPONDERS JetStream is not enabled.
/// @retval NATS_TIMEOUT No answer arrived in time.
/// @retval NATS_CONNECTION_CLOSED The connection is closed.
/// @retval NATS_DRAINING The connection is draining and sends no requests any more.
/// @retval NATS_NO_MEMORY Memory could not be allocated.
///
/// @par Threads
/// Any thread may call this function at any time. It waits for the server.
///
/// @see objStoreNamesList_Destroy
///
/// @ingroup nats_obj_buckets
///
/// # Safety
/// Handles are NULL or from this library; strings and structures are NULL or valid, and so are places for results.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_ObjectStoreNames(
    new_list: *mut *mut objStoreNamesList,
    js: *mut jsCtx,
) -> natsStatus {
    guard_obj("js_ObjectStoreNames", || {
        // SAFETY: the caller's contract, above.
        unsafe {
            required(new_list, "new_list")?;
            let found = bucket::list(&*borrow_arc(js)?)?;
            if found.is_empty() {
                return Err(Status::NATS_NOT_FOUND.into());
            }
            hand_out(new_list, || convert::names_to_c(&found))
        }
    })
}

/// List the statuses of all stores.
///
/// @param new_list Receives the list, to be released with `objStoreStatusesList_Destroy`. Written only with `NATS_OK`.
/// @param js The context.
///
/// @retval NATS_OK The list has at least one element.
/// @retval NATS_INVALID_ARG A pointer is NULL, or `js` was destroyed.
/// @retval NATS_NOT_FOUND There are no stores. The last error is cleared.
/// @retval NATS_ERR The server refused the request: its text is the last error.
/// @retval NATS_NO_RESPONDERS JetStream is not enabled.
/// @retval NATS_TIMEOUT No answer arrived in time.
/// @retval NATS_CONNECTION_CLOSED The connection is closed.
/// @retval NATS_DRAINING The connection is draining and sends no requests any more.
/// @retval NATS_NO_MEMORY Memory could not be allocated.
///
/// @par Threads
/// Any thread may call this function at any time. It waits for the server.
///
/// @see objStoreStatusesList_Destroy
///
/// @ingroup nats_obj_buckets
///
/// # Safety
/// Handles are NULL or from this library; strings and structures are NULL or valid, and so are places for results.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_ObjectStoreStatuses(
    new_list: *mut *mut objStoreStatusesList,
    js: *mut jsCtx,
) -> natsStatus {
    guard_obj("js_ObjectStoreStatuses", || {
        // SAFETY: the caller's contract, above.
        unsafe {
            required(new_list, "new_list")?;
            let found = bucket::statuses(&*borrow_arc(js)?)?;
            if found.is_empty() {
                return Err(Status::NATS_NOT_FOUND.into());
            }
            hand_out(new_list, || convert::statuses_to_c(&found))
        }
    })
}

/// Get the status of a store.
///
/// @param new_status Receives the status, to be released with `objStoreStatus_Destroy`. Written only with `NATS_OK`.
/// @param obs The store.
///
/// @retval NATS_OK The status was written.
/// @retval NATS_INVALID_ARG A pointer is NULL, or `obs` was destroyed.
/// @retval NATS_NOT_FOUND The store does not exist. The last error is cleared.
/// @retval NATS_ERR The server refused the request: its text is the last error.
/// @retval NATS_NO_RESPONDERS JetStream is not enabled.
/// @retval NATS_TIMEOUT No answer arrived in time.
/// @retval NATS_CONNECTION_CLOSED The connection is closed.
/// @retval NATS_DRAINING The connection is draining and sends no requests any more.
/// @retval NATS_NO_MEMORY Memory could not be allocated.
///
/// @par Threads
/// Any thread may call this function at any time. It waits for the server.
///
/// @see objStoreStatus_Destroy
///
/// @ingroup nats_obj_buckets
///
/// # Safety
/// Handles are NULL or from this library; strings and structures are NULL or valid, and so are places for results.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn objStore_Status(
    new_status: *mut *mut objStoreStatus,
    obs: *mut objStore,
) -> natsStatus {
    guard_obj("objStore_Status", || {
        // SAFETY: the caller's contract, above.
        unsafe {
            required(new_status, "new_status")?;
            let info = borrow_arc(obs)?.stream_info()?;
            hand_out(new_status, || convert::status_to_c(&info))
        }
    })
}

/// Seal a store: it refuses all changes from now on.
///
/// This cannot be undone.
///
/// @param obs The store.
///
/// @retval NATS_OK The store is sealed.
/// @retval NATS_INVALID_ARG `obs` is NULL or was destroyed.
/// @retval NATS_NOT_FOUND The store does not exist. The last error is cleared.
/// @retval NATS_ERR The server refused the request: its text is the last error.
/// @retval NATS_NO_RESPONDERS JetStream is not enabled.
/// @retval NATS_TIMEOUT No answer arrived in time.
/// @retval NATS_CONNECTION_CLOSED The connection is closed.
/// @retval NATS_DRAINING The connection is draining and sends no requests any more.
/// @retval NATS_NO_MEMORY Memory could not be allocated.
///
/// @par Threads
/// Any thread may call this function at any time. It waits for the server.
///
/// @see objStore_Status
///
/// @ingroup nats_obj_buckets
///
/// # Safety
/// Handles are NULL or from this library; strings and structures are NULL or valid, and so are places for results.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn objStore_Seal(obs: *mut objStore) -> natsStatus {
    guard_obj("objStore_Seal", || {
        // SAFETY: the caller's contract, above.
        unsafe { borrow_arc(obs)?.seal() }
    })
}

/// Release a store.
///
/// Only the handle is released. The store itself stays, and puts, gets and watchers of the handle
/// remain valid.
///
/// @param obs The handle; NULL is ignored.
///
/// @par Threads
/// Any thread may call this function at any time.
///
/// @see js_ObjectStore
///
/// @ingroup nats_obj_buckets
///
/// # Safety
/// Handles are NULL or from this library; strings and structures are NULL or valid, and so are places for results.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn objStore_Destroy(obs: *mut objStore) {
    guard_void(|| {
        // SAFETY: the caller's contract, above.
        let object = unsafe { handle::destroy(obs) };
        drop(object);
    });
}

/// Release a list of names.
///
/// Releases it together with its elements.
///
/// @param list The list; NULL is ignored.
///
/// @par Threads
/// Any thread may call this function, once no other thread uses the object.
///
/// @see js_ObjectStoreNames
///
/// @ingroup nats_obj_buckets
///
/// # Safety
/// Handles are NULL or from this library; strings and structures are NULL or valid, and so are places for results.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn objStoreNamesList_Destroy(list: *mut objStoreNamesList) {
    guard_void(|| {
        // SAFETY: the caller's contract, above.
        unsafe { memory::destroy(list) };
    });
}

/// Release a list of statuses.
///
/// Releases it together with its elements.
///
/// @param list The list; NULL is ignored.
///
/// @par Threads
/// Any thread may call this function, once no other thread uses the object.
///
/// @see js_ObjectStoreStatuses
///
/// @ingroup nats_obj_buckets
///
/// # Safety
/// Handles are NULL or from this library; strings and structures are NULL or valid, and so are places for results.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn objStoreStatusesList_Destroy(list: *mut objStoreStatusesList) {
    guard_void(|| {
        // SAFETY: the caller's contract, above.
        unsafe { memory::destroy(list) };
    });
}

/// Release a status.
///
/// Releases it together with its elements.
///
/// @param status The status; NULL is ignored.
///
/// @par Threads
/// Any thread may call this function, once no other thread uses the object.
///
/// @see objStore_Status
///
/// @ingroup nats_obj_buckets
///
/// # Safety
/// Handles are NULL or from this library; strings and structures are NULL or valid, and so are places for results.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn objStoreStatus_Destroy(status: *mut objStoreStatus) {
    guard_void(|| {
        // SAFETY: the caller's contract, above.
        unsafe { memory::destroy(status) };
    });
}
