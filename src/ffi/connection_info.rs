//! What a connection tells about itself and its server; `conn_error` has its last error.

pub mod conn_error;

use std::ffi::{CStr, c_char, c_int};
use std::ptr;

use super::convert::{copy_to_buffer, malloc_array, malloc_string, required};
use super::guard::{guard, guard_value};
use super::handle::{borrow, natsConnection};
use super::statistics::natsStatistics;
use crate::client::ConnStatus;
use crate::client::status::natsConnStatus;
use crate::error::{Result, Status, natsStatus};

/// Return the state of a connection.
///
/// @param nc The connection.
///
/// @return The state; `NATS_CONN_STATUS_CLOSED` if `nc` is NULL or was destroyed.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_state
///
/// # Safety
/// `nc` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsConnection_Status(nc: *mut natsConnection) -> natsConnStatus {
    guard_value(ConnStatus::NATS_CONN_STATUS_CLOSED, || {
        // SAFETY: the caller's contract, above.
        Ok(unsafe { borrow(nc) }?.status())
    })
}

/// Test whether a connection is closed for good.
///
/// @param nc The connection.
///
/// @return True if it is closed, also if `nc` is NULL or was destroyed.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_state
///
/// # Safety
/// `nc` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsConnection_IsClosed(nc: *mut natsConnection) -> bool {
    // SAFETY: the caller's contract, above.
    guard_value(true, || Ok(unsafe { borrow(nc) }?.is_closed()))
}

/// Test whether a connection has lost its server and tries to get back.
///
/// @param nc The connection.
///
/// @return True from the loss of the server until the connection is restored; false if `nc` is NULL
/// or was destroyed.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_state
///
/// # Safety
/// `nc` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsConnection_IsReconnecting(nc: *mut natsConnection) -> bool {
    // SAFETY: the caller's contract, above.
    guard_value(false, || Ok(unsafe { borrow(nc) }?.is_reconnecting()))
}

/// Test whether a connection is draining.
///
/// @param nc The connection.
///
/// @return True while its subscriptions or its publishers are drained; false if `nc` is NULL or was
/// destroyed.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @see natsConnection_Drain
///
/// @ingroup nats_drain
///
/// # Safety
/// `nc` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsConnection_IsDraining(nc: *mut natsConnection) -> bool {
    // SAFETY: the caller's contract, above.
    guard_value(false, || Ok(unsafe { borrow(nc) }?.is_draining()))
}

/// Return the number of bytes that were published and are not yet written to the socket.
///
/// Data that is kept while the connection has no server does not count.
///
/// @param nc The connection.
///
/// @return The number of bytes; -1 if the connection is closed, or `nc` is NULL or was destroyed.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @see natsConnection_GetPendingBytes
///
/// @ingroup nats_state
///
/// # Safety
/// `nc` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsConnection_Buffered(nc: *mut natsConnection) -> c_int {
    guard_value(-1, || {
        // SAFETY: the caller's contract, above.
        let bytes = unsafe { borrow(nc) }?.buffered();
        Ok(bytes.map_or(-1, |n| c_int::try_from(n).unwrap_or(c_int::MAX)))
    })
}

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

/// Take a snapshot of a connection's counters.
///
/// The counters are messages and bytes in both directions, and the number of reconnects.
///
/// @param nc The connection.
/// @param stats An object from `natsStatistics_Create`, which receives the counters. No other
/// thread may use it during the call.
///
/// @retval NATS_OK The counters were copied, in any state of the connection.
/// @retval NATS_INVALID_ARG An argument is NULL, or `nc` was destroyed.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @par Example
/// ```c
/// natsStatistics *stats = NULL;
/// uint64_t in = 0, out = 0;
/// natsStatus s = natsStatistics_Create(&stats);
/// if (s == NATS_OK) s = natsConnection_GetStats(nc, stats);
/// if (s == NATS_OK) s = natsStatistics_GetCounts(stats, &in, NULL, &out, NULL, NULL);
/// if (s == NATS_OK) printf("%" PRIu64 " in, %" PRIu64 " out\n", in, out);
/// natsStatistics_Destroy(stats);
/// ```
///
/// @see natsStatistics_GetCounts
///
/// @ingroup nats_statistics
///
/// # Safety
/// `nc` is NULL or a handle of this library; `stats` is NULL or a statistics object of this library
/// that was not destroyed and that no other thread uses during the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsConnection_GetStats(
    nc: *mut natsConnection,
    stats: *mut natsStatistics,
) -> natsStatus {
    guard("natsConnection_GetStats", || {
        required(stats, "stats")?;
        // SAFETY: the caller's contract, above.
        let counts = unsafe { borrow(nc) }?.stats();
        // SAFETY: not NULL, hence an object that nobody else uses, by the caller's contract.
        unsafe { (*stats).0 = counts };
        Ok(())
    })
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

/// List the servers that a connection knows.
///
/// The list has the servers that the options named and those that the cluster announced.
///
/// @param nc The connection.
/// @param servers Receives an array of URLs in the form `nats://host:port`, without credentials.
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
/// @param servers Receives an array of URLs in the form `nats://host:port`, without credentials.
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

/// Return the number that the server gave this client.
///
/// @param nc The connection.
/// @param cid Receives the number, which changes with each reconnect; 0 with
/// `NATS_NO_SERVER_SUPPORT`. Not written with other failures.
///
/// @retval NATS_OK The number was written.
/// @retval NATS_INVALID_ARG An argument is NULL, or `nc` was destroyed.
/// @retval NATS_CONNECTION_CLOSED The connection is closed.
/// @retval NATS_NO_SERVER_SUPPORT The server gives no numbers.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_state
///
/// # Safety
/// `nc` is NULL or a handle of this library; `cid` is NULL or valid for writing a `uint64_t`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsConnection_GetClientID(
    nc: *mut natsConnection,
    cid: *mut u64,
) -> natsStatus {
    guard("natsConnection_GetClientID", || {
        required(cid, "cid")?;
        // SAFETY: the caller's contract, above.
        let connection = unsafe { borrow(nc) }?;
        let id = connection.client_id()?;
        // SAFETY: not NULL, hence valid for writing by the caller's contract.
        unsafe { cid.write(id.unwrap_or(0)) };
        id.map(drop)
            .ok_or_else(|| connection.untold(Status::NATS_NO_SERVER_SUPPORT, "client id"))
    })
}

/// Return the IP address of this client as the server sees it.
///
/// @param nc The connection.
/// @param ip Receives the address, a string that the caller releases with `free()`. NULL with every
/// failure except `NATS_INVALID_ARG`, which writes nothing.
///
/// @retval NATS_OK The address was written. While reconnecting it is what the previous server
/// reported.
/// @retval NATS_INVALID_ARG An argument is NULL, or `nc` was destroyed.
/// @retval NATS_CONNECTION_CLOSED The connection is closed.
/// @retval NATS_NO_SERVER_SUPPORT The server does not report addresses.
/// @retval NATS_NO_MEMORY Memory could not be allocated.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_state
///
/// # Safety
/// `nc` is NULL or a handle of this library; `ip` is NULL or valid for writing a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsConnection_GetClientIP(
    nc: *mut natsConnection,
    ip: *mut *mut c_char,
) -> natsStatus {
    guard("natsConnection_GetClientIP", || {
        required(ip, "ip")?;
        // SAFETY: the caller's contract, above.
        let connection = unsafe { borrow(nc) }?;
        let copy = connection
            .client_ip()
            .and_then(|address| malloc_string(address.as_bytes()));
        // SAFETY: not NULL, hence valid for writing by the caller's contract.
        unsafe { ip.write(*copy.as_ref().unwrap_or(&ptr::null_mut())) };
        copy.map(drop)
    })
}

/// Return the name that the options gave this connection.
///
/// @param nc The connection.
///
/// @return The name, which belongs to the connection and is valid as long as the connection; NULL
/// if it has none, or `nc` is NULL or was destroyed.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @see natsOptions_SetName
///
/// @ingroup nats_state
///
/// # Safety
/// `nc` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsConnection_GetName(nc: *mut natsConnection) -> *const c_char {
    guard_value(ptr::null(), || {
        // SAFETY: the caller's contract, above.
        Ok(unsafe { borrow(nc) }?
            .name()
            .map_or(ptr::null(), CStr::as_ptr))
    })
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

/// Return the local address of the connection's socket.
///
/// @param nc The connection.
/// @param ip Receives the IP address, a string that the caller releases with `free()`. NULL with
/// every failure except `NATS_INVALID_ARG`, which writes nothing.
/// @param port Receives the port; 0 where `ip` receives NULL.
///
/// @retval NATS_OK The address was written.
/// @retval NATS_INVALID_ARG An argument is NULL, or `nc` was destroyed.
/// @retval NATS_CONNECTION_CLOSED The connection is closed.
/// @retval NATS_CONNECTION_DISCONNECTED The connection has no socket at the moment.
/// @retval NATS_SYS_ERROR The operating system could not report the address.
/// @retval NATS_NO_MEMORY Memory could not be allocated.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_state
///
/// # Safety
/// `nc` is NULL or a handle of this library; the other two are NULL or valid for writing what they
/// point at.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsConnection_GetLocalIPAndPort(
    nc: *mut natsConnection,
    ip: *mut *mut c_char,
    port: *mut c_int,
) -> natsStatus {
    guard("natsConnection_GetLocalIPAndPort", || {
        required(ip, "ip")?;
        required(port, "port")?;
        // SAFETY: the caller's contract, above.
        let connection = unsafe { borrow(nc) }?;
        let found = connection.local_addr().and_then(|address| {
            let text = malloc_string(address.ip().to_string().as_bytes())?;
            Ok((text, c_int::from(address.port())))
        });
        let (text, number) = *found.as_ref().unwrap_or(&(ptr::null_mut(), 0));
        // SAFETY: not NULL, hence valid for writing by the caller's contract.
        unsafe {
            ip.write(text);
            port.write(number);
        }
        found.map(drop)
    })
}

#[cfg(test)]
mod tests {
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

    #[test]
    fn without_a_connection_getters_are_harmless() {
        let nc = ptr::null_mut();
        // SAFETY: NULLs.
        unsafe {
            assert_eq!(
                natsConnection_Status(nc),
                ConnStatus::NATS_CONN_STATUS_CLOSED
            );
            assert!(natsConnection_IsClosed(nc));
            assert!(!natsConnection_IsReconnecting(nc));
            assert!(!natsConnection_IsDraining(nc));
            assert_eq!(natsConnection_Buffered(nc), -1);
            assert_eq!(natsConnection_GetMaxPayload(nc), 0);
            assert!(natsConnection_GetName(nc).is_null());
            assert_eq!(
                natsConnection_HasHeaderSupport(nc),
                Status::NATS_INVALID_ARG
            );
        }
    }
}
