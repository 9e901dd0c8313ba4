//! What a connection tells about its server, and about the others of the cluster.

use std::ffi::{c_char, c_int};

use crate::error::{Result, Status, natsStatus};
use crate::ffi::convert::{copy_to_buffer, malloc_array, malloc_string, required};
use crate::ffi::guard::{guard, guard_value};
use crate::ffi::handle::{borrow, natsConnection};

/// Return the largest message that the server accepts, headers and payload together.
///
/// @param nc The connection.
///
/// @return The number of bytes as of the server's last INFO, also after the connection was closed;
/// a negative number if the server has no limit; 0 before the first connect and if `nc` is NULL or
/// was destroyed.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_state
///
/// # Safety
/// `nc` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsConnection_GetMaxPayload(nc: *mut natsConnection) -> i64 {
    // SAFETY: the caller's contract, above.
    guard_value(0, || Ok(unsafe { borrow(nc) }?.max_payload()))
}

/// Copy the URL of the present server.
///
/// @param nc The connection.
/// @param buffer Receives the URL with the credentials it contains; an empty string while the
/// connection is not connected, or is draining.
/// @param bufferSize The size of the buffer in bytes; it must hold the URL and a NUL.
///
/// @retval NATS_OK The URL or an empty string was written.
/// @retval NATS_INVALID_ARG An argument is NULL, or `nc` was destroyed.
/// @retval NATS_INSUFFICIENT_BUFFER The text does not fit. The buffer then holds an empty string,
/// if it has room for one.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_state
///
/// # Safety
/// `nc` is NULL or a handle of this library; `buffer` is NULL or valid for writing `bufferSize`
/// bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsConnection_GetConnectedUrl(
    nc: *mut natsConnection,
    buffer: *mut c_char,
    bufferSize: usize,
) -> natsStatus {
    guard("natsConnection_GetConnectedUrl", || {
        // SAFETY: the caller's contract, above.
        let url = unsafe { borrow(nc) }?.connected_url().unwrap_or_default();
        // SAFETY: likewise.
        unsafe { copy_to_buffer(url.as_bytes(), buffer, bufferSize) }
    })
}

/// Copy the unique identifier of the present server.
///
/// @param nc The connection.
/// @param buffer Receives the identifier; an empty string while the connection is not connected, or
/// is draining.
/// @param bufferSize The size of the buffer in bytes; it must hold the identifier and a NUL.
///
/// @retval NATS_OK The identifier or an empty string was written.
/// @retval NATS_INVALID_ARG An argument is NULL, or `nc` was destroyed.
/// @retval NATS_INSUFFICIENT_BUFFER The text does not fit. The buffer then holds an empty string,
/// if it has room for one.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @see natsConnection_GetServerName
///
/// @ingroup nats_state
///
/// # Safety
/// `nc` is NULL or a handle of this library; `buffer` is NULL or valid for writing `bufferSize`
/// bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsConnection_GetConnectedServerId(
    nc: *mut natsConnection,
    buffer: *mut c_char,
    bufferSize: usize,
) -> natsStatus {
    guard("natsConnection_GetConnectedServerId", || {
        // SAFETY: the caller's contract, above.
        let id = unsafe { borrow(nc) }?
            .connected_server_id()
            .unwrap_or_default();
        // SAFETY: likewise.
        unsafe { copy_to_buffer(id.as_bytes(), buffer, bufferSize) }
    })
}

/// Copy the name of the present server.
///
/// The name is the field `server_name` of the server's INFO.
///
/// @param nc The connection.
/// @param buffer Receives the name; an empty string while the connection is not connected, or is
/// draining, or the server has no name.
/// @param bufferSize The size of the buffer in bytes; it must hold the name and a NUL.
///
/// @retval NATS_OK The name or an empty string was written.
/// @retval NATS_INVALID_ARG An argument is NULL, or `nc` was destroyed.
/// @retval NATS_INSUFFICIENT_BUFFER The text does not fit. The buffer then holds an empty string,
/// if it has room for one.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_state
///
/// # Safety
/// `nc` is NULL or a handle of this library; `buffer` is NULL or valid for writing `bufferSize`
/// bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsConnection_GetServerName(
    nc: *mut natsConnection,
    buffer: *mut c_char,
    bufferSize: usize,
) -> natsStatus {
    guard("natsConnection_GetServerName", || {
        // SAFETY: the caller's contract, above.
        let name = unsafe { borrow(nc) }?.server_name().unwrap_or_default();
        // SAFETY: likewise.
        unsafe { copy_to_buffer(name.as_bytes(), buffer, bufferSize) }
    })
}

/// Copy the version of the present server, such as `2.10.4`.
///
/// The version is the field `version` of the server's INFO.
///
/// @param nc The connection.
/// @param buffer Receives the version; an empty string while the connection is not connected, or is
/// draining.
/// @param bufferSize The size of the buffer in bytes; it must hold the version and a NUL.
///
/// @retval NATS_OK The version or an empty string was written.
/// @retval NATS_INVALID_ARG An argument is NULL, or `nc` was destroyed.
/// @retval NATS_INSUFFICIENT_BUFFER The text does not fit. The buffer then holds an empty string,
/// if it has room for one.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_state
///
/// # Safety
/// `nc` is NULL or a handle of this library; `buffer` is NULL or valid for writing `bufferSize`
/// bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsConnection_GetServerVersion(
    nc: *mut natsConnection,
    buffer: *mut c_char,
    bufferSize: usize,
) -> natsStatus {
    guard("natsConnection_GetServerVersion", || {
        // SAFETY: the caller's contract, above.
        let version = unsafe { borrow(nc) }?.server_version().unwrap_or_default();
        // SAFETY: likewise.
        unsafe { copy_to_buffer(version.as_bytes(), buffer, bufferSize) }
    })
}

/// Copy the name of the cluster that the present server belongs to.
///
/// The name is the field `cluster` of the server's INFO.
///
/// @param nc The connection.
/// @param buffer Receives the name; an empty string while the connection is not connected, or is
/// draining, or the server belongs to no cluster.
/// @param bufferSize The size of the buffer in bytes; it must hold the name and a NUL.
///
/// @retval NATS_OK The name or an empty string was written.
/// @retval NATS_INVALID_ARG An argument is NULL, or `nc` was destroyed.
/// @retval NATS_INSUFFICIENT_BUFFER The text does not fit. The buffer then holds an empty string,
/// if it has room for one.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_state
///
/// # Safety
/// `nc` is NULL or a handle of this library; `buffer` is NULL or valid for writing `bufferSize`
/// bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsConnection_GetServerCluster(
    nc: *mut natsConnection,
    buffer: *mut c_char,
    bufferSize: usize,
) -> natsStatus {
    guard("natsConnection_GetServerCluster", || {
        // SAFETY: the caller's contract, above.
        let cluster = unsafe { borrow(nc) }?.server_cluster().unwrap_or_default();
        // SAFETY: likewise.
        unsafe { copy_to_buffer(cluster.as_bytes(), buffer, bufferSize) }
    })
}

/// List the servers that a connection knows.
///
/// The list has the servers that the options named and those that the cluster announced.
///
/// @param nc The connection.
/// @param servers Receives an array of URLs in the form `nats://host:port`, also for servers with
/// TLS, or `ws://host:port` and `wss://host:port`, without credentials and path.
/// The caller releases each string and then the array with `free()`; the array also if it has no
/// elements. Written only with `NATS_OK`.
/// @param count Receives the number of elements. Written only with `NATS_OK`.
///
/// @retval NATS_OK The list was written, in any state of the connection.
/// @retval NATS_INVALID_ARG An argument is NULL, or `nc` was destroyed.
/// @retval NATS_NO_MEMORY Memory could not be allocated.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @par Example
/// ```c
/// char **servers = NULL;
/// int count = 0, i;
/// if (natsConnection_GetServers(nc, &servers, &count) == NATS_OK) {
///     for (i = 0; i < count; i++) {
///         puts(servers[i]);
///         free(servers[i]);
///     }
///     free(servers);
/// }
/// ```
///
/// @see natsConnection_GetDiscoveredServers
///
/// @ingroup nats_servers
///
/// # Safety
/// `nc` is NULL or a handle of this library; the other two are NULL or valid for writing what they
/// point at.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsConnection_GetServers(
    nc: *mut natsConnection,
    servers: *mut *mut *mut c_char,
    count: *mut c_int,
) -> natsStatus {
    guard("natsConnection_GetServers", || {
        required(servers, "servers")?;
        required(count, "count")?;
        // SAFETY: the caller's contract, above.
        let list = unsafe { borrow(nc) }?.servers();
        // SAFETY: not NULL, hence valid for writing by the caller's contract.
        unsafe { write_strings(&list, servers, count) }
    })
}

/// List the servers that a connection learned of from the cluster.
///
/// @param nc The connection.
/// @param servers Receives an array of URLs in the form `nats://host:port`, also for servers with
/// TLS, or `ws://host:port` and `wss://host:port`, without credentials and path.
/// The caller releases each string and then the array with `free()`; the array also if it has no
/// elements. Written only with `NATS_OK`.
/// @param count Receives the number of elements, which may be 0. Written only with `NATS_OK`.
///
/// @retval NATS_OK The list was written, in any state of the connection.
/// @retval NATS_INVALID_ARG An argument is NULL, or `nc` was destroyed.
/// @retval NATS_NO_MEMORY Memory could not be allocated.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @see natsConnection_GetServers, natsOptions_SetDiscoveredServersCB
///
/// @ingroup nats_servers
///
/// # Safety
/// `nc` is NULL or a handle of this library; the other two are NULL or valid for writing what they
/// point at.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsConnection_GetDiscoveredServers(
    nc: *mut natsConnection,
    servers: *mut *mut *mut c_char,
    count: *mut c_int,
) -> natsStatus {
    guard("natsConnection_GetDiscoveredServers", || {
        required(servers, "servers")?;
        required(count, "count")?;
        // SAFETY: the caller's contract, above.
        let list = unsafe { borrow(nc) }?.discovered_servers();
        // SAFETY: not NULL, hence valid for writing by the caller's contract.
        unsafe { write_strings(&list, servers, count) }
    })
}

/// Hands copies of strings to the program.
///
/// # Safety
/// `array` and `count` are valid for writing.
unsafe fn write_strings(
    strings: &[String],
    array: *mut *mut *mut c_char,
    count: *mut c_int,
) -> Result<()> {
    let mut copies = Vec::with_capacity(strings.len());
    let made = strings
        .iter()
        .try_for_each(|s| malloc_string(s.as_bytes()).map(|copy| copies.push(copy)))
        .and_then(|()| malloc_array(&copies));
    match made {
        Ok(made) => {
            // SAFETY: the contract above.
            unsafe {
                array.write(made);
                count.write(c_int::try_from(copies.len()).unwrap_or(c_int::MAX));
            }
            Ok(())
        }
        Err(e) => {
            for copy in copies {
                // SAFETY: from `malloc`, and handed to nobody.
                unsafe { libc::free(copy.cast()) };
            }
            Err(e)
        }
    }
}

/// Test whether the server supports message headers.
///
/// Does not change the last error of the calling thread if the server does not.
///
/// @param nc The connection.
///
/// @retval NATS_OK The server supports headers.
/// @retval NATS_NO_SERVER_SUPPORT The server does not, or there was no connection yet.
/// @retval NATS_INVALID_ARG `nc` is NULL or was destroyed.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_state
///
/// # Safety
/// `nc` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsConnection_HasHeaderSupport(nc: *mut natsConnection) -> natsStatus {
    let mut supported = false;
    let called = guard("natsConnection_HasHeaderSupport", || {
        // SAFETY: the caller's contract, above.
        supported = unsafe { borrow(nc) }?.has_header_support();
        Ok(())
    });
    match called {
        Status::NATS_OK if !supported => Status::NATS_NO_SERVER_SUPPORT,
        called => called,
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::CStr;
    use std::ptr;

    use super::*;

    #[test]
    fn strings_are_handed_out_one_by_one_and_none_as_an_array_too() {
        let mut array = ptr::null_mut();
        let mut count = -1;
        // SAFETY: outputs are locals; what is read and freed was just made by `malloc`.
        unsafe {
            write_strings(&[], &mut array, &mut count).unwrap();
            assert_eq!(count, 0);
            assert!(!array.is_null());
            libc::free(array.cast());
            write_strings(&["a".into(), "bc".into()], &mut array, &mut count).unwrap();
            assert_eq!(count, 2);
            assert_eq!(CStr::from_ptr(*array), c"a");
            assert_eq!(CStr::from_ptr(*array.add(1)), c"bc");
            libc::free((*array).cast());
            libc::free((*array.add(1)).cast());
            libc::free(array.cast());
        }
    }
}
