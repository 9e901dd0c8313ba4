//! Information about objects; update of metadata, delete, links.

use std::ffi::c_char;

use super::types::*;
use super::{convert, guard_obj, name as given_name};
use crate::error::{Error, natsStatus};
use crate::ffi::convert::required;
use crate::ffi::guard::guard_void;
use crate::ffi::handle::{borrow_arc, objStore};
use crate::ffi::jetstream::memory::{self, hand_out};

/// Do deleted objects count?
///
/// # Safety
/// `opts` is NULL or valid.
pub(super) unsafe fn shows_deleted(opts: *const objStoreOptions) -> bool {
    // SAFETY: the contract above.
    unsafe { opts.as_ref() }.is_some_and(|o| o.ShowDeleted)
}

/// Get the description of an object.
///
/// @param new_info Receives the description, to be released with `objStoreInfo_Destroy`. Written only with `NATS_OK`.
/// @param obs The store.
/// @param name The name of the object.
/// @param opts The options; NULL to ignore deleted objects.
///
/// @retval NATS_OK The description was written.
/// @retval NATS_INVALID_ARG A pointer is NULL, the name is empty, or `obs` was destroyed.
/// @retval NATS_NOT_FOUND The object or the store does not exist.
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
/// @see objStoreInfo_Destroy
///
/// @ingroup nats_obj_objects
///
/// # Safety
/// Handles are NULL or from this library; strings and structures are NULL or valid, and so are places for results.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn objStore_GetInfo(
    new_info: *mut *mut objStoreInfo,
    obs: *mut objStore,
    name: *const c_char,
    opts: *mut objStoreOptions,
) -> natsStatus {
    guard_obj("objStore_GetInfo", || {
        // SAFETY: the caller's contract, above.
        unsafe {
            required(new_info, "new_info")?;
            let store = borrow_arc(obs)?;
            let entry = store.info(given_name(name)?, shows_deleted(opts), store.deadline())?;
            hand_out(new_info, || convert::info_to_c(&entry.info))
        }
    })
}

/// Replace the description of an object.
///
/// Name, description, headers and metadata are replaced by those of `meta`; those that `meta` does not have are
/// removed. Another name renames the object. The bytes do not change. If another client changes the object during the
/// call, the replacement is repeated.
///
/// A rename is two steps at the server: the description is stored under the new name, then the old name is deleted. If
/// the server refuses the second one, the first is taken back, so the object has one name. If the server does not answer
/// at all, the object may have both names, and the last error says so. The same call made again completes the rename,
/// whichever of the steps were done; a call that renames the new name into the old one undoes it. Until then the object
/// can be read under both names, and must not be deleted or replaced under either: that would remove the bytes of both.
///
/// @param obs The store.
/// @param name The name of the object.
/// @param meta The description. `Opts` is ignored.
///
/// @retval NATS_OK The description is stored.
/// @retval NATS_INVALID_ARG A pointer is NULL, a name is empty, or `obs` was destroyed.
/// @retval NATS_ILLEGAL_STATE The object does not exist or was deleted, or another object has the new name.
/// @retval NATS_MISMATCH Other clients changed the object during each of several attempts.
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
/// @see objStore_GetInfo
///
/// @ingroup nats_obj_objects
///
/// # Safety
/// Handles are NULL or from this library; strings and structures are NULL or valid, and so are places for results.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn objStore_UpdateMeta(
    obs: *mut objStore,
    name: *const c_char,
    meta: *mut objStoreMeta,
) -> natsStatus {
    guard_obj("objStore_UpdateMeta", || {
        // SAFETY: the caller's contract, above.
        unsafe {
            let store = borrow_arc(obs)?;
            let meta = meta
                .as_ref()
                .ok_or(Error::invalid_arg("meta cannot be NULL"))?;
            store.update_meta(given_name(name)?, &convert::new_meta(meta)?)
        }
    })
}

/// Delete an object.
///
/// Its bytes are removed, and its description is marked as deleted. For a link only the link is removed.
///
/// @param obs The store.
/// @param name The name of the object.
///
/// @retval NATS_OK The object is deleted.
/// @retval NATS_INVALID_ARG A pointer is NULL, the name is empty, or `obs` was destroyed.
/// @retval NATS_NOT_FOUND The object does not exist, or was deleted already.
/// @retval NATS_ILLEGAL_STATE Its description cannot be parsed.
/// @retval NATS_MISMATCH Other clients changed the object during each of several attempts.
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
/// @see objStore_GetInfo
///
/// @ingroup nats_obj_objects
///
/// # Safety
/// Handles are NULL or from this library; strings and structures are NULL or valid, and so are places for results.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn objStore_Delete(obs: *mut objStore, name: *const c_char) -> natsStatus {
    guard_obj("objStore_Delete", || {
        // SAFETY: the caller's contract, above.
        unsafe {
            let store = borrow_arc(obs)?;
            store.delete(given_name(name)?)
        }
    })
}

/// Create a link to an object.
///
/// A link with the same name is replaced. The call does not check whether the target exists.
///
/// @param new_info Receives the link's description, to be released with `objStoreInfo_Destroy`; may be NULL. Written only with `NATS_OK`.
/// @param obs The store.
/// @param name The name of the link.
/// @param obj The target of the link.
///
/// @retval NATS_OK The link was stored.
/// @retval NATS_INVALID_ARG `obs` or `obj` is NULL, a name is empty, or `obs` was destroyed.
/// @retval NATS_ILLEGAL_STATE The target was deleted or is a link, or an object that is not a link has the name.
/// @retval NATS_MISMATCH Other clients changed the link during each of several attempts.
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
/// @see objStore_AddBucketLink
///
/// @ingroup nats_obj_objects
///
/// # Safety
/// Handles are NULL or from this library; strings and structures are NULL or valid, and so are places for results.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn objStore_AddLink(
    new_info: *mut *mut objStoreInfo,
    obs: *mut objStore,
    name: *const c_char,
    obj: *mut objStoreInfo,
) -> natsStatus {
    guard_obj("objStore_AddLink", || {
        // SAFETY: the caller's contract, above.
        unsafe {
            let store = borrow_arc(obs)?;
            let obj = obj
                .as_ref()
                .ok_or(Error::invalid_arg("obj cannot be NULL"))?;
            let info = store.add_link(given_name(name)?, &convert::target(obj)?)?;
            hand_out(new_info, || convert::info_to_c(&info))
        }
    })
}

/// Create a link to a store.
///
/// A link with the same name is replaced.
///
/// @param new_info Receives the link's description, to be released with `objStoreInfo_Destroy`; may be NULL. Written only with `NATS_OK`.
/// @param obs The store.
/// @param name The name of the link.
/// @param bucket The target of the link.
///
/// @retval NATS_OK The link was stored.
/// @retval NATS_INVALID_ARG `obs` or `bucket` is NULL or was destroyed, or the name is empty.
/// @retval NATS_ILLEGAL_STATE The target was deleted or is a link, or an object that is not a link has the name.
/// @retval NATS_MISMATCH Other clients changed the link during each of several attempts.
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
/// @see objStore_AddLink
///
/// @ingroup nats_obj_objects
///
/// # Safety
/// Handles are NULL or from this library; strings and structures are NULL or valid, and so are places for results.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn objStore_AddBucketLink(
    new_info: *mut *mut objStoreInfo,
    obs: *mut objStore,
    name: *const c_char,
    bucket: *mut objStore,
) -> natsStatus {
    guard_obj("objStore_AddBucketLink", || {
        // SAFETY: the caller's contract, above.
        unsafe {
            let (store, bucket) = (borrow_arc(obs)?, borrow_arc(bucket)?);
            let info = store.add_bucket_link(given_name(name)?, &bucket)?;
            hand_out(new_info, || convert::info_to_c(&info))
        }
    })
}

/// Release the description of an object.
///
/// Releases it together with its elements.
///
/// @param info The description; NULL is ignored.
///
/// @par Threads
/// Any thread may call this function, once no other thread uses the object.
///
/// @see objStore_GetInfo
///
/// @ingroup nats_obj_objects
///
/// # Safety
/// Handles are NULL or from this library; strings and structures are NULL or valid, and so are places for results.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn objStoreInfo_Destroy(info: *mut objStoreInfo) {
    guard_void(|| {
        // SAFETY: the caller's contract, above.
        unsafe { memory::destroy(info) };
    });
}
