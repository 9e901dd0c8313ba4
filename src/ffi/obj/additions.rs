//! Object stores: what nats.c does not have.

use std::ffi::{CString, c_char, c_void};
use std::sync::Arc;

use super::types::objStoreProgressHandler;
use super::{guard_obj, name as given_name};
use crate::client::in_program;
use crate::error::natsStatus;
use crate::ffi::callback::{Callback, Function};
use crate::ffi::convert::required;
use crate::ffi::handle::{borrow_arc, objStore, objStorePut};
use crate::obj::Progress;

/// Get the revision of an object.
///
/// Each change of an object, including its deletion, has a greater revision.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param revision Receives the revision; 0 if the object never existed.
/// @param obs The store.
/// @param name The name of the object.
///
/// @retval NATS_OK The revision was written.
/// @retval NATS_INVALID_ARG A pointer is NULL, the name is empty, or `obs` was destroyed.
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

/// Make a put succeed only if no other client has changed the object.
///
/// `objStorePut_Complete` returns `NATS_MISMATCH` if the object has another revision by then, and removes the chunks
/// of the put: if two clients store an object at the same time, one of them succeeds and the other one receives this
/// status.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param put The put.
/// @param revision The revision to replace, as returned by `objStore_GetRevision`; 0 if the object must never have
/// existed.
///
/// @retval NATS_OK The revision was set.
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

/// Limit the number of bytes of an object that are in flight.
///
/// For puts, these are bytes that wait for the acknowledgement of the server; for gets, bytes that were requested and
/// not yet read. The limit applies to puts and gets of this handle that begin afterwards. One chunk may always be in
/// flight.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param obs The store.
/// @param bytes The limit; 0 for the default of 4 MiB.
///
/// @retval NATS_OK The limit was set.
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

/// Set a function that is called for each chunk that is stored or read.
///
/// It applies to puts and gets of this handle that begin afterwards, including those of whole files.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param obs The store.
/// @param handler The function; NULL for none.
/// @param closure The last argument of the function. It must stay valid as long as puts and gets of
/// the handle exist.
///
/// @retval NATS_OK The function was set.
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
                    in_program(|| function.call((name.as_ptr(), bytes, total, closure)));
                });
                progress
            });
            borrow_arc(obs)?.set_progress(progress);
            Ok(())
        }
    })
}
