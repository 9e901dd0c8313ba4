//! Storing objects: by pieces, whole, files.

use std::ffi::{OsStr, c_char, c_int, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

use super::types::*;
use super::{convert, guard_obj};
use crate::error::{Error, natsStatus};
use crate::ffi::convert as c;
use crate::ffi::convert::required;
use crate::ffi::guard::guard_void;
use crate::ffi::handle::{self, borrow_arc, objStore};
use crate::ffi::jetstream::given;
use crate::ffi::jetstream::memory::hand_out;
use crate::obj::put::put_bytes;
use crate::obj::{Put, files};

pub use crate::ffi::handle::objStorePut;

/// Begin to store an object in pieces.
///
/// An existing object of the name does not change until `objStorePut_Complete` has returned `NATS_OK`. Headers of
/// `meta` are stored, too.
///
/// @param new_put Receives the put, to be released with `objStorePut_Destroy` in any case. Written only with `NATS_OK`.
/// @param obs The store.
/// @param meta The description of the object. Read during the call only.
///
/// @retval NATS_OK The put was begun.
/// @retval NATS_INVALID_ARG A pointer is NULL, the name is empty, a link is set, or `obs` was destroyed.
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
/// @see objStorePut_Add, objStorePut_Complete, objStorePut_Destroy
///
/// @ingroup nats_obj_put
///
/// # Safety
/// Handles are NULL or from this library; strings and structures are NULL or valid, and so are places for results.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn objStore_Put(
    new_put: *mut *mut objStorePut,
    obs: *mut objStore,
    meta: *mut objStoreMeta,
) -> natsStatus {
    guard_obj("objStore_Put", || {
        // SAFETY: the caller's contract, above.
        unsafe {
            required(new_put, "new_put")?;
            let store = borrow_arc(obs)?;
            let meta = meta
                .as_ref()
                .ok_or(Error::invalid_arg("meta cannot be NULL"))?;
            let put = Put::new(&store, &convert::description(meta)?, store.deadline())?;
            new_put.write(handle::new_put(put));
            Ok(())
        }
    })
}

/// Send the next bytes of an object.
///
/// They are split into chunks; each call begins a new chunk. While the number of unacknowledged bytes is the one that
/// `objStore_SetMaxBytesInFlight` allows, the call waits, for up to 5 seconds. After a failure all further calls
/// fail.
///
/// @param put The put.
/// @param data The bytes; NULL if the length is 0.
/// @param dataLen The number of bytes.
///
/// @retval NATS_OK The bytes were sent.
/// @retval NATS_INVALID_ARG `put` is NULL or was destroyed, the length is negative, or one of data and length is missing.
/// @retval NATS_ILLEGAL_STATE The put was completed.
/// @retval NATS_CONNECTION_DISCONNECTED The connection was lost while chunks were in flight: the object is unchanged.
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
/// @see objStorePut_Complete
///
/// @ingroup nats_obj_put
///
/// # Safety
/// Handles are NULL or from this library; strings and structures are NULL or valid, and so are places for results.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn objStorePut_Add(
    put: *mut objStorePut,
    data: *const c_void,
    dataLen: c_int,
) -> natsStatus {
    guard_obj("objStorePut_Add", || {
        // SAFETY: the caller's contract, above.
        unsafe {
            let put = borrow_arc(put)?;
            if data.is_null() != (dataLen == 0) {
                return Err(
                    Error::invalid_arg("data and its length must both be there or not").into(),
                );
            }
            put.add(c::payload(data, dataLen)?)
        }
    })
}

/// Complete an object, which makes it available to readers.
///
/// Waits until the server has stored all chunks, and stores the description. Then the chunks of the object that it
/// replaces are removed. If the call fails, the chunks of this put are removed.
///
/// @param new_info Receives the object's description, to be released with `objStoreInfo_Destroy`; may be NULL. Written only with `NATS_OK`.
/// @param put The put.
/// @param timeout The longest time for the whole call in milliseconds; 0 for 5000.
///
/// @retval NATS_OK The object is stored.
/// @retval NATS_INVALID_ARG `put` is NULL or was destroyed, or the time is negative.
/// @retval NATS_ILLEGAL_STATE The put was completed before.
/// @retval NATS_CONNECTION_DISCONNECTED The connection was lost while chunks were in flight: the object is unchanged.
/// @retval NATS_MISMATCH Another client has changed the object, and the put expected a revision, or several attempts
/// were overtaken by other clients.
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
/// @see objStorePut_Destroy
///
/// @ingroup nats_obj_put
///
/// # Safety
/// Handles are NULL or from this library; strings and structures are NULL or valid, and so are places for results.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn objStorePut_Complete(
    new_info: *mut *mut objStoreInfo,
    put: *mut objStorePut,
    timeout: i64,
) -> natsStatus {
    guard_obj("objStorePut_Complete", || {
        // SAFETY: the caller's contract, above.
        unsafe {
            let put = borrow_arc(put)?;
            let ms = u64::try_from(timeout).map_err(|_| {
                Error::invalid_arg(format!("the timeout cannot be negative: {timeout}"))
            })?;
            let info = put.complete(Duration::from_millis(ms))?;
            hand_out(new_info, || convert::info_to_c(&info))
        }
    })
}

/// Release a put.
///
/// A put that was not completed is discarded: the call waits up to 5 seconds for the chunks in flight and removes
/// them. The same applies if completing failed and the chunks could not be removed then.
///
/// @param put The handle; NULL is ignored.
///
/// @par Threads
/// Any thread may call this function at any time.
///
/// @see objStore_Put
///
/// @ingroup nats_obj_put
///
/// # Safety
/// Handles are NULL or from this library; strings and structures are NULL or valid, and so are places for results.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn objStorePut_Destroy(put: *mut objStorePut) {
    guard_void(|| {
        // SAFETY: the caller's contract, above.
        let object = unsafe { handle::destroy(put) };
        if let Some(put) = &object {
            put.abandon();
        }
        drop(object);
    });
}

/// Store a string as an object.
///
/// The NUL at its end is not stored.
///
/// @param new_info Receives the object's description, to be released with `objStoreInfo_Destroy`; may be NULL. Written only with `NATS_OK`.
/// @param obs The store.
/// @param name The name of the object.
/// @param data The string; NULL and an empty string store an empty object.
///
/// @retval NATS_OK The object is stored.
/// @retval NATS_INVALID_ARG `obs` is NULL or was destroyed, or the name is empty.
/// @retval NATS_CONNECTION_DISCONNECTED The connection was lost while chunks were in flight: the object is unchanged.
/// @retval NATS_MISMATCH Another client has changed the object, and the put expected a revision, or several attempts
/// were overtaken by other clients.
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
/// @see objStore_GetString
///
/// @ingroup nats_obj_put
///
/// # Safety
/// Handles are NULL or from this library; strings and structures are NULL or valid, and so are places for results.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn objStore_PutString(
    new_info: *mut *mut objStoreInfo,
    obs: *mut objStore,
    name: *const c_char,
    data: *const c_char,
) -> natsStatus {
    guard_obj("objStore_PutString", || {
        // SAFETY: the caller's contract, above.
        unsafe {
            let store = borrow_arc(obs)?;
            let data = c::bytes(data).unwrap_or_default();
            let info = put_bytes(&store, given::str(name, "name")?, data)?;
            hand_out(new_info, || convert::info_to_c(&info))
        }
    })
}

/// Store bytes as an object.
///
/// @param new_info Receives the object's description, to be released with `objStoreInfo_Destroy`; may be NULL. Written only with `NATS_OK`.
/// @param obs The store.
/// @param name The name of the object.
/// @param data The bytes. With a length of 0, which stores an empty object, it may be NULL and is not read.
/// @param dataLen The number of bytes.
///
/// @retval NATS_OK The object is stored.
/// @retval NATS_INVALID_ARG `obs` is NULL or was destroyed, the name is empty, the length is negative, or `data` is NULL
/// with another length than 0.
/// @retval NATS_CONNECTION_DISCONNECTED The connection was lost while chunks were in flight: the object is unchanged.
/// @retval NATS_MISMATCH Another client has changed the object, and the put expected a revision, or several attempts
/// were overtaken by other clients.
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
/// @see objStore_GetBytes
///
/// @ingroup nats_obj_put
///
/// # Safety
/// Handles are NULL or from this library; strings and structures are NULL or valid, and so are places for results.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn objStore_PutBytes(
    new_info: *mut *mut objStoreInfo,
    obs: *mut objStore,
    name: *const c_char,
    data: *const c_void,
    dataLen: c_int,
) -> natsStatus {
    guard_obj("objStore_PutBytes", || {
        // SAFETY: the caller's contract, above.
        unsafe {
            let store = borrow_arc(obs)?;
            let data = c::payload(data, dataLen)?;
            let info = put_bytes(&store, given::str(name, "name")?, data)?;
            hand_out(new_info, || convert::info_to_c(&info))
        }
    })
}

/// Store a file as an object.
///
/// The name of the object is the path as passed to the call. The file is read and sent piece by piece, whatever its
/// size.
///
/// @param new_info Receives the object's description, to be released with `objStoreInfo_Destroy`; may be NULL. Written only with `NATS_OK`.
/// @param obs The store.
/// @param fileName The path of the file.
///
/// @retval NATS_OK The object is stored.
/// @retval NATS_INVALID_ARG `obs` is NULL or was destroyed, or the path is NULL, empty or not UTF-8.
/// @retval NATS_ERR The file cannot be read, or the server refused the request: the last error has
/// the reason.
/// @retval NATS_CONNECTION_DISCONNECTED The connection was lost while chunks were in flight: the object is unchanged.
/// @retval NATS_MISMATCH Another client has changed the object, and the put expected a revision, or several attempts
/// were overtaken by other clients.
/// @retval NATS_NO_RESPONDERS JetStream is not enabled.
/// @retval NATS_TIMEOUT No answer arrived in time.
/// @retval NATS_CONNECTION_CLOSED The connection is closed.
/// @retval NATS_DRAINING The connection is draining.
/// @retval NATS_NO_MEMORY Memory could not be allocated.
///
/// @par Threads
/// Any thread may call this function at any time. It waits for the server.
///
/// @see objStore_GetFile
///
/// @ingroup nats_obj_put
///
/// # Safety
/// Handles are NULL or from this library; strings and structures are NULL or valid, and so are places for results.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn objStore_PutFile(
    new_info: *mut *mut objStoreInfo,
    obs: *mut objStore,
    fileName: *const c_char,
) -> natsStatus {
    guard_obj("objStore_PutFile", || {
        // SAFETY: the caller's contract, above.
        unsafe {
            let store = borrow_arc(obs)?;
            let name = given::str(fileName, "fileName")?;
            if name.is_empty() {
                return Err(Error::invalid_arg("fileName is required").into());
            }
            let path = Path::new(OsStr::from_bytes(name.as_bytes()));
            let info = files::put(&store, name, path)?;
            hand_out(new_info, || convert::info_to_c(&info))
        }
    })
}
