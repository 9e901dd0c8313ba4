//! Information about a connection; about its server in `server`, its counters in `counts`, its last error in
//! `conn_error`.

pub mod conn_error;
pub mod counts;
pub mod server;

use std::ffi::{CStr, c_char, c_int};
use std::ptr;

use super::convert::{malloc_string, required};
use super::guard::{guard, guard_value};
use super::handle::{borrow, natsConnection};
use crate::client::ConnStatus;
use crate::client::status::natsConnStatus;
use crate::error::{Status, natsStatus};

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

/// Return the number that the server gave this client.
///
/// @param nc The connection.
/// @param cid Receives the number, which changes with each reconnect; 0 with
/// `NATS_NO_SERVER_SUPPORT`. Not written with other failures.
///
/// @retval NATS_OK The number was written.
/// @retval NATS_INVALID_ARG An argument is NULL, or `nc` was destroyed.
/// @retval NATS_CONNECTION_CLOSED The connection is closed.
/// @retval NATS_NO_SERVER_SUPPORT The server gives no numbers, or there was no connection yet.
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
/// @retval NATS_NO_SERVER_SUPPORT The server does not report addresses, or there was no connection yet.
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
    use super::counts::natsConnection_Buffered;
    use super::server::{natsConnection_GetMaxPayload, natsConnection_HasHeaderSupport};
    use super::*;

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
