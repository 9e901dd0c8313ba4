//! Reading objects: by pieces, whole, files.

use std::ffi::{OsStr, c_char, c_int, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr;
use std::sync::Arc;

use super::convert;
use super::objects::shows_deleted;
use super::types::*;
use super::{guard_obj, name as given_name, until};
use crate::error::{Result, Status, natsStatus};
use crate::ffi::convert as c;
use crate::ffi::convert::{malloc_array, malloc_string, required};
use crate::ffi::guard::guard_void;
use crate::ffi::handle::{self, borrow_arc, objStore};
use crate::ffi::jetstream::memory::Made;
use crate::js;
use crate::obj::{Get, Store, files};

pub use crate::ffi::handle::objStoreGet;

/// A get, and its object's description for C.
pub(crate) struct GetObject {
    get: Get,
    info: Made<objStoreInfo>,
}

// SAFETY: the description is made once and only read until it is freed, by the thread that ends the object.
unsafe impl Send for GetObject {}
// SAFETY: likewise.
unsafe impl Sync for GetObject {}

/// Memory for the program, NULL for nothing, and its length.
fn memory_of(bytes: &[u8]) -> Result<(*mut c_void, c_int)> {
    let len = c_int::try_from(bytes.len()).map_err(|_| Status::NATS_NO_MEMORY)?;
    match len {
        0 => Ok((ptr::null_mut(), 0)),
        len => Ok((malloc_array(bytes)?.cast(), len)),
    }
}

/// # Safety
/// As for the exported functions.
unsafe fn whole(
    store: &Arc<Store>,
    name: *const c_char,
    opts: *const objStoreOptions,
) -> js::Result<Vec<u8>> {
    let deadline = store.deadline();
    // SAFETY: the contract above.
    let (name, deleted) = unsafe { (given_name(name)?, shows_deleted(opts)) };
    Get::new(store, name, deleted, deadline)?.read_all(deadline)
}

/// Begin to read an object in pieces.
///
/// Links are followed. After the loss of the connection or of its consumer a get continues by itself behind the last
/// piece.
///
/// @param new_get Receives the get, to be released with `objStoreGet_Destroy`. Written only with `NATS_OK`.
/// @param obs The store.
/// @param name The name of the object.
/// @param opts The options; NULL to ignore deleted objects.
///
/// @retval NATS_OK The object exists.
/// @retval NATS_INVALID_ARG A pointer is NULL, the name is empty, or `obs` was destroyed.
/// @retval NATS_NOT_FOUND The object does not exist, its chunks are missing, or the store does not exist.
/// @retval NATS_ILLEGAL_STATE A link points to a store, to a missing object, or back to itself; or the object does
/// not match its description.
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
/// @see objStoreGet_Read, objStoreGet_Destroy
///
/// @ingroup nats_obj_get
///
/// # Safety
/// Handles are NULL or from this library; strings and structures are NULL or valid, and so are places for results.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn objStore_Get(
    new_get: *mut *mut objStoreGet,
    obs: *mut objStore,
    name: *const c_char,
    opts: *mut objStoreOptions,
) -> natsStatus {
    guard_obj("objStore_Get", || {
        // SAFETY: the caller's contract, above.
        unsafe {
            required(new_get, "new_get")?;
            let store = borrow_arc(obs)?;
            let deadline = store.deadline();
            let get = Get::new(&store, given_name(name)?, shows_deleted(opts), deadline)?;
            let info = convert::info_to_c(get.info())?;
            new_get.write(handle::new_get(GetObject { get, info }));
            Ok(())
        }
    })
}

/// Describe the object that is being read.
///
/// For a link this is the description of its target.
///
/// @param new_info Receives the description, which belongs to the get and is valid as long as the get. Written only
/// with `NATS_OK`.
/// @param get The get.
///
/// @retval NATS_OK The description was written.
/// @retval NATS_INVALID_ARG A pointer is NULL, or `get` was destroyed.
///
/// @par Threads
/// Any thread may call this function at any time.
///
/// @see objStore_Get
///
/// @ingroup nats_obj_get
///
/// # Safety
/// Handles are NULL or from this library; strings and structures are NULL or valid, and so are places for results.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn objStoreGet_Info(
    new_info: *mut *const objStoreInfo,
    get: *mut objStoreGet,
) -> natsStatus {
    guard_obj("objStoreGet_Info", || {
        // SAFETY: the caller's contract, above.
        unsafe {
            required(new_info, "new_info")?;
            new_info.write(ptr::from_ref(&*borrow_arc(get)?.info));
            Ok(())
        }
    })
}

/// Read the next piece of an object.
///
/// A piece is one chunk as it was stored. With the last one the digest is verified: if it differs, the piece is not
/// returned. A server that cannot answer now, because it has just been started or has no leader, is asked again until
/// the time is over.
///
/// @param done Receives whether this is the last piece.
/// @param new_data Receives the bytes, to be released with `free()`; NULL for an empty object.
/// @param dataLen Receives the number of bytes.
/// @param get The get.
/// @param timeout The longest time to wait in milliseconds; greater than 0. After `NATS_TIMEOUT` the call may be
/// repeated.
///
/// @retval NATS_OK A piece was read.
/// @retval NATS_INVALID_ARG A pointer is NULL, `get` was destroyed, or the time is not positive.
/// @retval NATS_ILLEGAL_STATE The object has been read to its end, or more bytes arrived than the
/// object has.
/// @retval NATS_NOT_FOUND Chunks are missing, or the store does not exist any more.
/// @retval NATS_ERR The digest does not match the bytes, or the server refused the request: the last error has the
/// reason.
/// @retval NATS_TIMEOUT The time was over before a chunk arrived. If the server has answered that it cannot serve the
/// request now, the last error has its text.
/// @retval NATS_DRAINING The connection is draining: nothing follows.
/// @retval NATS_CONNECTION_CLOSED The connection is closed.
/// @retval NATS_NO_MEMORY Memory could not be allocated.
///
/// @par Threads
/// Any thread may call this function at any time. It waits for the server.
///
/// @see objStoreGet_ReadAll
///
/// @ingroup nats_obj_get
///
/// # Safety
/// Handles are NULL or from this library; strings and structures are NULL or valid, and so are places for results.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn objStoreGet_Read(
    done: *mut bool,
    new_data: *mut *mut c_void,
    dataLen: *mut c_int,
    get: *mut objStoreGet,
    timeout: i64,
) -> natsStatus {
    guard_obj("objStoreGet_Read", || {
        // SAFETY: the caller's contract, above.
        unsafe {
            required(done, "done")?;
            required(new_data, "new_data")?;
            required(dataLen, "dataLen")?;
            let get = borrow_arc(get)?;
            let piece = get.get.read(until(timeout)?)?;
            let (data, len) = memory_of(piece.bytes())?;
            done.write(piece.last);
            new_data.write(data);
            dataLen.write(len);
            Ok(())
        }
    })
}

/// Read the rest of an object.
///
/// After `NATS_TIMEOUT` the bytes that had arrived are lost. A server that cannot answer now is asked again as by
/// `objStoreGet_Read`.
///
/// @param new_data Receives the bytes, to be released with `free()`; NULL if there are none.
/// @param dataLen Receives the number of bytes.
/// @param get The get.
/// @param timeout The longest time for the whole call in milliseconds; greater than 0.
///
/// @retval NATS_OK The rest was read.
/// @retval NATS_INVALID_ARG A pointer is NULL, `get` was destroyed, or the time is not positive.
/// @retval NATS_ILLEGAL_STATE The object has been read to its end, or more bytes arrived than the
/// object has.
/// @retval NATS_NOT_FOUND Chunks are missing, or the store does not exist any more.
/// @retval NATS_ERR The digest does not match the bytes, or the server refused the request: the last error has the
/// reason.
/// @retval NATS_TIMEOUT The time was over before a chunk arrived. If the server has answered that it cannot serve the
/// request now, the last error has its text.
/// @retval NATS_DRAINING The connection is draining: nothing follows.
/// @retval NATS_CONNECTION_CLOSED The connection is closed.
/// @retval NATS_NO_MEMORY Memory could not be allocated.
///
/// @par Threads
/// Any thread may call this function at any time. It waits for the server.
///
/// @see objStoreGet_Read
///
/// @ingroup nats_obj_get
///
/// # Safety
/// Handles are NULL or from this library; strings and structures are NULL or valid, and so are places for results.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn objStoreGet_ReadAll(
    new_data: *mut *mut c_void,
    dataLen: *mut c_int,
    get: *mut objStoreGet,
    timeout: i64,
) -> natsStatus {
    guard_obj("objStoreGet_ReadAll", || {
        // SAFETY: the caller's contract, above.
        unsafe {
            required(new_data, "new_data")?;
            required(dataLen, "dataLen")?;
            let get = borrow_arc(get)?;
            let all = get.get.read_all(until(timeout)?)?;
            let (data, len) = memory_of(&all)?;
            new_data.write(data);
            dataLen.write(len);
            Ok(())
        }
    })
}

/// Release a get.
///
/// The rest of the object is not read.
///
/// @param get The handle; NULL is ignored.
///
/// @par Threads
/// Any thread may call this function at any time.
///
/// @see objStore_Get
///
/// @ingroup nats_obj_get
///
/// # Safety
/// Handles are NULL or from this library; strings and structures are NULL or valid, and so are places for results.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn objStoreGet_Destroy(get: *mut objStoreGet) {
    guard_void(|| {
        // SAFETY: the caller's contract, above.
        let object = unsafe { handle::destroy(get) };
        drop(object);
    });
}

/// Read an object as a string.
///
/// The `Wait` of the context limits the time of the call.
///
/// @param new_str Receives the bytes followed by a NUL, to be released with `free()`; NULL for an empty object.
/// @param obs The store.
/// @param name The name of the object.
/// @param opts The options; NULL to ignore deleted objects.
///
/// @retval NATS_OK The object was read.
/// @retval NATS_INVALID_ARG A pointer is NULL, the name is empty, or `obs` was destroyed.
/// @retval NATS_NOT_FOUND The object does not exist, its chunks are missing, or the store does not exist.
/// @retval NATS_ILLEGAL_STATE A link points to a store, to a missing object, or back to itself; or the object does
/// not match its description.
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
/// @see objStore_PutString
///
/// @ingroup nats_obj_get
///
/// # Safety
/// Handles are NULL or from this library; strings and structures are NULL or valid, and so are places for results.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn objStore_GetString(
    new_str: *mut *mut c_char,
    obs: *mut objStore,
    name: *const c_char,
    opts: *mut objStoreOptions,
) -> natsStatus {
    guard_obj("objStore_GetString", || {
        // SAFETY: the caller's contract, above.
        unsafe {
            required(new_str, "new_str")?;
            let store = borrow_arc(obs)?;
            let all = whole(&store, name, opts)?;
            new_str.write(match all.is_empty() {
                true => ptr::null_mut(),
                false => malloc_string(&all)?,
            });
            Ok(())
        }
    })
}

/// Read an object as bytes.
///
/// The `Wait` of the context limits the time of the call.
///
/// @param new_data Receives the bytes, to be released with `free()`; NULL for an empty object.
/// @param dataLen Receives the number of bytes.
/// @param obs The store.
/// @param name The name of the object.
/// @param opts The options; NULL to ignore deleted objects.
///
/// @retval NATS_OK The object was read.
/// @retval NATS_INVALID_ARG A pointer is NULL, the name is empty, or `obs` was destroyed.
/// @retval NATS_NOT_FOUND The object does not exist, its chunks are missing, or the store does not exist.
/// @retval NATS_ILLEGAL_STATE A link points to a store, to a missing object, or back to itself; or the object does
/// not match its description.
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
/// @see objStore_PutBytes
///
/// @ingroup nats_obj_get
///
/// # Safety
/// Handles are NULL or from this library; strings and structures are NULL or valid, and so are places for results.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn objStore_GetBytes(
    new_data: *mut *mut c_void,
    dataLen: *mut c_int,
    obs: *mut objStore,
    name: *const c_char,
    opts: *mut objStoreOptions,
) -> natsStatus {
    guard_obj("objStore_GetBytes", || {
        // SAFETY: the caller's contract, above.
        unsafe {
            required(new_data, "new_data")?;
            required(dataLen, "dataLen")?;
            let store = borrow_arc(obs)?;
            let all = whole(&store, name, opts)?;
            let (data, len) = memory_of(&all)?;
            new_data.write(data);
            dataLen.write(len);
            Ok(())
        }
    })
}

/// Read an object into a file.
///
/// The file is created or truncated before the object is looked up, and removed if the call fails. The object is read
/// and written piece by piece, whatever its size; the `Wait` of the context applies to finding the object and to each
/// chunk.
///
/// @param obs The store.
/// @param name The name of the object.
/// @param fileName The path of the file.
/// @param opts The options; NULL to ignore deleted objects.
///
/// @retval NATS_OK The file has the object.
/// @retval NATS_INVALID_ARG `obs` is NULL or was destroyed, or a name is NULL or empty.
/// @retval NATS_ERR The file cannot be written, the digest does not match the bytes, or the server refused the
/// request: the last error has the reason.
/// @retval NATS_NOT_FOUND The object does not exist, its chunks are missing, or the store does not exist.
/// @retval NATS_ILLEGAL_STATE A link points to a store, to a missing object, or back to itself; or the object does
/// not match its description.
/// @retval NATS_NO_RESPONDERS JetStream is not enabled.
/// @retval NATS_TIMEOUT No answer arrived in time.
/// @retval NATS_CONNECTION_CLOSED The connection is closed.
/// @retval NATS_DRAINING The connection is draining.
/// @retval NATS_NO_MEMORY Memory could not be allocated.
///
/// @par Threads
/// Any thread may call this function at any time. It waits for the server.
///
/// @see objStore_PutFile
///
/// @ingroup nats_obj_get
///
/// # Safety
/// Handles are NULL or from this library; strings and structures are NULL or valid, and so are places for results.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn objStore_GetFile(
    obs: *mut objStore,
    name: *const c_char,
    fileName: *const c_char,
    opts: *mut objStoreOptions,
) -> natsStatus {
    guard_obj("objStore_GetFile", || {
        // SAFETY: the caller's contract, above.
        unsafe {
            let store = borrow_arc(obs)?;
            let path = c::some_bytes(fileName, "fileName is required")?;
            let name = given_name(name)?;
            let path = Path::new(OsStr::from_bytes(path));
            files::get(&store, name, shows_deleted(opts), path)
        }
    })
}
