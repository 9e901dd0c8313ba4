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

/// Tells what a connection is doing.
///
/// @param nc the connection; any thread may call this at any time.
/// @return its state; `NATS_CONN_STATUS_CLOSED` for NULL and for a destroyed connection.
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

/// Tells whether a connection is closed for good.
///
/// @param nc the connection; any thread may call this at any time.
/// @return true where it is; also for NULL and for a destroyed connection.
///
/// # Safety
/// `nc` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsConnection_IsClosed(nc: *mut natsConnection) -> bool {
    // SAFETY: the caller's contract, above.
    guard_value(true, || Ok(unsafe { borrow(nc) }?.is_closed()))
}

/// Tells whether a connection has lost its server and tries to get back.
///
/// @param nc the connection; any thread may call this at any time.
/// @return true from the loss until the connection is restored; false for NULL and for a destroyed
/// connection.
///
/// # Safety
/// `nc` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsConnection_IsReconnecting(nc: *mut natsConnection) -> bool {
    // SAFETY: the caller's contract, above.
    guard_value(false, || Ok(unsafe { borrow(nc) }?.is_reconnecting()))
}

/// Tells whether a connection is draining, its subscriptions or its publishers.
///
/// @param nc the connection; any thread may call this at any time.
/// @return true where it is; false for NULL and for a destroyed connection.
///
/// @see natsConnection_Drain
///
/// # Safety
/// `nc` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsConnection_IsDraining(nc: *mut natsConnection) -> bool {
    // SAFETY: the caller's contract, above.
    guard_value(false, || Ok(unsafe { borrow(nc) }?.is_draining()))
}

/// Counts the bytes that were published and not yet written to the socket.
///
/// What is kept for the server while there is no connection does not count.
///
/// @param nc the connection; any thread may call this at any time.
/// @return the number of bytes; -1 for NULL and for a closed or destroyed connection.
///
/// @see natsConnection_GetPendingBytes
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

/// Reads the largest payload that the server takes, headers included.
///
/// @param nc the connection; any thread may call this at any time.
/// @return the number of bytes, from the server's last INFO, also after the connection was closed;
/// a negative number where the server has no limit;
/// 0 before the first connect, for NULL and for a destroyed connection.
///
/// # Safety
/// `nc` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsConnection_GetMaxPayload(nc: *mut natsConnection) -> i64 {
    // SAFETY: the caller's contract, above.
    guard_value(0, || Ok(unsafe { borrow(nc) }?.max_payload()))
}

/// Takes a snapshot of a connection's counters: messages and bytes in and out, and reconnects.
///
/// @param nc the connection; any thread may call this at any time.
/// @param stats where to put them: an object from `natsStatistics_Create`, which no other thread
/// uses meanwhile.
/// @return `NATS_OK`, in any state of the connection; `NATS_INVALID_ARG` where an argument is NULL
/// or `nc` was destroyed.
///
/// @see natsStatistics_GetCounts
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

/// Reads the URL of the server that the connection is connected to.
///
/// @param nc the connection; any thread may call this at any time.
/// @param buffer where to put the URL, credentials in it included; an empty string while the
/// connection is not connected, or draining.
/// @param bufferSize the buffer's size in bytes, for the URL and a NUL.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where an argument is NULL or `nc` was destroyed;
/// `NATS_INSUFFICIENT_BUFFER` where it does not fit, with an empty string in the buffer if that has
/// room for one.
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

/// Reads the unique id of the server that the connection is connected to.
///
/// @param nc the connection; any thread may call this at any time.
/// @param buffer where to put the id; an empty string while the connection is not connected, or
/// draining.
/// @param bufferSize the buffer's size in bytes, for the id and a NUL.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where an argument is NULL or `nc` was destroyed;
/// `NATS_INSUFFICIENT_BUFFER` where it does not fit, with an empty string in the buffer if that has
/// room for one.
///
/// @see natsConnection_GetServerName
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

/// Lists the servers that a connection knows: those it was given, and those it learned of.
///
/// @param nc the connection; any thread may call this at any time.
/// @param servers where to put an array of URLs, as `nats://host:port` and without credentials.
/// Release each string and the array with `free()`, the array also where it has no entries.
/// @param count where to put their number.
/// @return `NATS_OK`, in any state of the connection; `NATS_INVALID_ARG` where an argument is NULL
/// or `nc` was destroyed; `NATS_NO_MEMORY`. The outputs are written only with `NATS_OK`.
///
/// @see natsConnection_GetDiscoveredServers
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

/// Lists the servers that a connection has learned of from the one it is connected to.
///
/// @param nc the connection; any thread may call this at any time.
/// @param servers where to put an array of URLs, as `nats://host:port` and without credentials.
/// Release each string and the array with `free()`, the array also where it has no entries.
/// @param count where to put their number, which may be 0.
/// @return `NATS_OK`, in any state of the connection; `NATS_INVALID_ARG` where an argument is NULL
/// or `nc` was destroyed; `NATS_NO_MEMORY`. The outputs are written only with `NATS_OK`.
///
/// @see natsConnection_GetServers, natsOptions_SetDiscoveredServersCB
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

/// Reads the id that the server has given this client.
///
/// @param nc the connection; any thread may call this at any time.
/// @param cid where to put the id, another after each reconnect; 0 with `NATS_NO_SERVER_SUPPORT`, and
/// not written with other failures.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where an argument is NULL or `nc` was destroyed;
/// `NATS_CONNECTION_CLOSED`; `NATS_NO_SERVER_SUPPORT` where the server gives none.
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

/// Reads the IP address of this client as the server sees it.
///
/// @param nc the connection; any thread may call this at any time.
/// @param ip where to put the address, a string to be released with `free()`. NULL in it with any
/// failure but `NATS_INVALID_ARG`, which writes nothing.
/// @return `NATS_OK`, while reconnecting with the former server's answer; `NATS_INVALID_ARG` where
/// an argument is NULL or `nc` was destroyed; `NATS_CONNECTION_CLOSED`; `NATS_NO_SERVER_SUPPORT`
/// where the server does not say; `NATS_NO_MEMORY`.
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

/// Reads the name that the options gave this connection.
///
/// @param nc the connection; any thread may call this at any time.
/// @return the name, which belongs to the connection and lives as long as it; NULL where it has
/// none, for NULL and for a destroyed connection.
///
/// @see natsOptions_SetName
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

/// Tells whether the server knows of message headers.
///
/// Leaves the thread's last error as it is when the server does not.
///
/// @param nc the connection; any thread may call this at any time.
/// @return `NATS_OK` where it does; `NATS_NO_SERVER_SUPPORT` where it does not, or before the first
/// connect; `NATS_INVALID_ARG` where `nc` is NULL or destroyed.
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

/// Reads the local end of the connection's socket.
///
/// @param nc the connection; any thread may call this at any time.
/// @param ip where to put the IP address, a string to be released with `free()`.
/// @param port where to put the port.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where an argument is NULL or `nc` was destroyed, and then
/// nothing is written; `NATS_CONNECTION_CLOSED`; `NATS_CONNECTION_DISCONNECTED` while there is no
/// socket; `NATS_SYS_ERROR`; `NATS_NO_MEMORY`: the outputs are NULL and 0.
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
