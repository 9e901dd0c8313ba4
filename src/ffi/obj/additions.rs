//! Object stores: what nats.c does not have.

use std::ffi::{CString, c_char, c_void};
use std::sync::Arc;

use super::types::objStoreProgressHandler;
use super::{guard_obj, name as given_name};
use crate::error::natsStatus;
use crate::ffi::callback::{Callback, Function};
use crate::ffi::convert::required;
use crate::ffi::handle::{borrow_arc, objStore, objStorePut};
use crate::obj::Progress;

/// Tell the revision of an object.
///
/// Each change of an object, its deletion included, has a greater one.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param revision Receives the revision; 0 where there never was such an object.
/// @param obs The store.
/// @param name The name of the object.
///
/// @retval NATS_OK The revision was written.
/// @retval NATS_INVALID_ARG A pointer is NULL, the name is empty, or `obs` was destroyed.
/// @retval NATS_ERR The server refused; its text is the last error.
/// @retval NATS_NO_RESPONDERS JetStream is not enabled.
/// @retval NATS_TIMEOUT No answer arrived in time.
/// @retval NATS_CONNECTION_CLOSED The connection is closed.
/// @retval NATS_NO_MEMORY Memory could not be allocated.
///
/// @par Threads
/// Any thread may call this function at any time. It waits for the server.
///
/// @see objStorePut_ExpectRevision
///
/// @ingroup nats_obj_objects
///
/// # Safety
/// Handles are NULL or from this library; strings and structures are NULL or valid, and so are places for results.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn objStore_GetRevision(
    revision: *mut u64,
    obs: *mut objStore,
    name: *const c_char,
) -> natsStatus {
    guard_obj("objStore_GetRevision", || {
        // SAFETY: the caller's contract, above.
        unsafe {
            required(revision, "revision")?;
            let store = borrow_arc(obs)?;
            let found = store.find(given_name(name)?, store.deadline())?;
            revision.write(found.map_or(0, |entry| entry.revision));
            Ok(())
        }
    })
}

/// Have a put succeed only where nobody else has changed the object.
///
/// `objStorePut_Complete` returns `NATS_MISMATCH` where the object has another revision by then, and removes the put's
/// chunks: of two clients that store an object at the same time, one wins, and the other one knows.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param put The put.
/// @param revision The revision that is replaced, of `objStore_GetRevision`; 0 for none: the object must never have been there.
///
/// @retval NATS_OK The put is guarded.
/// @retval NATS_INVALID_ARG `put` is NULL or was destroyed.
///
/// @par Threads
/// Any thread may call this function at any time.
///
/// @see objStore_GetRevision
///
/// @ingroup nats_obj_put
///
/// # Safety
/// Handles are NULL or from this library; strings and structures are NULL or valid, and so are places for results.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn objStorePut_ExpectRevision(
    put: *mut objStorePut,
    revision: u64,
) -> natsStatus {
    guard_obj("objStorePut_ExpectRevision", || {
        // SAFETY: the caller's contract, above.
        unsafe {
            borrow_arc(put)?.guard(revision);
            Ok(())
        }
    })
}

/// Limit the bytes of an object that are on their way at a time.
///
/// For puts: how many bytes wait for the server's acknowledgement. For gets: how many were asked for and not read. It
/// counts for puts and gets of this handle that begin afterwards. One chunk may always be on its way.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param obs The store.
/// @param bytes The limit; 0 for the default of 4 MiB.
///
/// @retval NATS_OK The limit is set.
/// @retval NATS_INVALID_ARG `obs` is NULL or was destroyed.
///
/// @par Threads
/// Any thread may call this function at any time.
///
/// @see objStore_SetProgress
///
/// @ingroup nats_obj_buckets
///
/// # Safety
/// Handles are NULL or from this library; strings and structures are NULL or valid, and so are places for results.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn objStore_SetMaxBytesInFlight(
    obs: *mut objStore,
    bytes: u64,
) -> natsStatus {
    guard_obj("objStore_SetMaxBytesInFlight", || {
        // SAFETY: the caller's contract, above.
        unsafe {
            borrow_arc(obs)?.set_window(bytes);
            Ok(())
        }
    })
}

/// Have a function called for each chunk that is stored or read.
///
/// It counts for puts and gets of this handle that begin afterwards, those of whole files among them.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param obs The store.
/// @param handler The function; NULL for none.
/// @param closure What it is given. It must be usable as long as puts and gets of the handle are.
///
/// @retval NATS_OK The function is set.
/// @retval NATS_INVALID_ARG `obs` is NULL or was destroyed.
///
/// @par Threads
/// Any thread may call this function at any time.
///
/// @see objStore_SetMaxBytesInFlight
///
/// @ingroup nats_obj_objects
///
/// # Safety
/// Handles are NULL or from this library; strings and structures are NULL or valid, and so are places for results.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn objStore_SetProgress(
    obs: *mut objStore,
    handler: objStoreProgressHandler,
    closure: *mut c_void,
) -> natsStatus {
    guard_obj("objStore_SetProgress", || {
        // SAFETY: the caller's contract, above.
        unsafe {
            let callback = Callback::new(handler, closure);
            let progress = callback.map(|callback| {
                let progress: Arc<Progress> = Arc::new(move |name: &str, bytes, total| {
                    let (function, closure) = callback.parts();
                    // A NUL ends a name for C, if it has one.
                    let name: Vec<u8> = name.bytes().take_while(|b| *b != 0).collect();
                    let name = CString::new(name).unwrap_or_default();
                    function.call((name.as_ptr(), bytes, total, closure));
                });
                progress
            });
            borrow_arc(obs)?.set_progress(progress);
            Ok(())
        }
    })
}
