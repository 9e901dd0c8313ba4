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
/// @param opts Which objects count; NULL for those that are not deleted.
///
/// @retval NATS_OK The description was written.
/// @retval NATS_INVALID_ARG A pointer is NULL, the name is empty, or `obs` was destroyed.
/// @retval NATS_NOT_FOUND There is no such object, or no such store.
/// @retval NATS_ERR The server refused; its text is the last error.
/// @retval NATS_NO_RESPONDERS JetStream is not enabled.
/// @retval NATS_TIMEOUT No answer arrived in time.
/// @retval NATS_CONNECTION_CLOSED The connection is closed.
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

/// Replace what is said about an object.
///
/// Name, description, headers and metadata are replaced by those of `meta`; what that does not have is gone. Another
/// name renames the object. The bytes stay. Where another client changes the object meanwhile, this is done again. A
/// rename is two steps at the server: if the second one fails, the first is taken back, so the object has one name. If
/// the server does not answer at all, it may have both; the last error says so. It is given one of them by another rename:
/// deleting it under one name would take the bytes of the other.
///
/// @param obs The store.
/// @param name The name of the object.
/// @param meta What is to be said. `Opts` does not count.
///
/// @retval NATS_OK The description is stored.
/// @retval NATS_INVALID_ARG A pointer is NULL, a name is empty, or `obs` was destroyed.
/// @retval NATS_ILLEGAL_STATE The object does not exist or was deleted, or another one has the new name.
/// @retval NATS_MISMATCH Other clients change the object again and again.
/// @retval NATS_ERR The server refused; its text is the last error.
/// @retval NATS_NO_RESPONDERS JetStream is not enabled.
/// @retval NATS_TIMEOUT No answer arrived in time.
/// @retval NATS_CONNECTION_CLOSED The connection is closed.
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
/// Its bytes are removed, and its description says that it was deleted. Of a link, only the link goes.
///
/// @param obs The store.
/// @param name The name of the object.
///
/// @retval NATS_OK The object is deleted.
/// @retval NATS_INVALID_ARG A pointer is NULL, the name is empty, or `obs` was destroyed.
/// @retval NATS_NOT_FOUND There is no such object, or it was deleted already.
/// @retval NATS_ILLEGAL_STATE Its description is unusable.
/// @retval NATS_MISMATCH Other clients change the object again and again.
/// @retval NATS_ERR The server refused; its text is the last error.
/// @retval NATS_NO_RESPONDERS JetStream is not enabled.
/// @retval NATS_TIMEOUT No answer arrived in time.
/// @retval NATS_CONNECTION_CLOSED The connection is closed.
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

/// Make a link to an object.
///
/// A link with the same name is replaced. Whether the target is there is not looked at.
///
/// @param new_info Receives the link's description, to be released with `objStoreInfo_Destroy`; may be NULL. Written only with `NATS_OK`.
/// @param obs The store.
/// @param name The name of the link.
/// @param obj The object.
///
/// @retval NATS_OK The link is there.
/// @retval NATS_INVALID_ARG `obs` or `obj` is NULL, a name is empty, or `obs` was destroyed.
/// @retval NATS_ILLEGAL_STATE The target was deleted or is a link, or an object that is no link has the name.
/// @retval NATS_MISMATCH Other clients change the link again and again.
/// @retval NATS_ERR The server refused; its text is the last error.
/// @retval NATS_NO_RESPONDERS JetStream is not enabled.
/// @retval NATS_TIMEOUT No answer arrived in time.
/// @retval NATS_CONNECTION_CLOSED The connection is closed.
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

/// Make a link to a store.
///
/// A link with the same name is replaced.
///
/// @param new_info Receives the link's description, to be released with `objStoreInfo_Destroy`; may be NULL. Written only with `NATS_OK`.
/// @param obs The store.
/// @param name The name of the link.
/// @param bucket The store that it is to.
///
/// @retval NATS_OK The link is there.
/// @retval NATS_INVALID_ARG `obs` or `bucket` is NULL or was destroyed, or the name is empty.
/// @retval NATS_ILLEGAL_STATE The target was deleted or is a link, or an object that is no link has the name.
/// @retval NATS_MISMATCH Other clients change the link again and again.
/// @retval NATS_ERR The server refused; its text is the last error.
/// @retval NATS_NO_RESPONDERS JetStream is not enabled.
/// @retval NATS_TIMEOUT No answer arrived in time.
/// @retval NATS_CONNECTION_CLOSED The connection is closed.
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
/// Frees everything that it points at. NULL does nothing.
///
/// @param info What to release; NULL does nothing.
///
/// @par Threads
/// Any thread may call this function at any time.
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
