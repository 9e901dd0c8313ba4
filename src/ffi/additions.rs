//! Functions on connections that nats.c lacks.

use std::ffi::{c_char, c_int};

use super::convert::{copy_to_buffer, millis_or_forever, required};
use super::guard::guard;
use super::handle::{self, borrow, borrow_arc, natsConnection};
use crate::error::{Status, natsStatus};

/// Close and release a connection, and wait until its last callback has returned.
///
/// Does what `natsConnection_Destroy` does, then waits for the message and completion callbacks of
/// the connection's subscriptions, its connection callbacks (the closed callback included) and its
/// error handler. Afterwards the memory that their closures point to may be freed. As soon as the
/// call has begun, calls of other threads on the connection fail with `NATS_CONNECTION_CLOSED`;
/// when it is over, with `NATS_INVALID_ARG`.
///
/// @param nc The connection.
/// @param timeout The longest time to wait for callbacks in milliseconds; 0 or less for no limit.
///
/// @retval NATS_OK No callback of this connection runs or will run.
/// @retval NATS_INVALID_ARG `nc` is NULL or was destroyed.
/// @retval NATS_TIMEOUT A callback is still running. The connection is closed and destroyed all the
/// same.
/// @retval NATS_ILLEGAL_STATE The call came from a callback of this connection or its
/// subscriptions, from a connection callback, or from a message callback in the shared pool, which
/// might wait for itself. Nothing was done.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @par Threads
/// Any thread may call this function, except in the callbacks named under `NATS_ILLEGAL_STATE`.
///
/// @see natsConnection_Destroy, natsOptions_SetReleasedCB
///
/// @ingroup nats_connection
///
/// # Safety
/// `nc` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsConnection_DestroyAndWait(
    nc: *mut natsConnection,
    timeout: i64,
) -> natsStatus {
    guard("natsConnection_DestroyAndWait", || {
        // SAFETY: the caller's contract, above.
        let connection = unsafe { borrow_arc(nc) }?;
        let result = connection.destroy_and_wait(millis_or_forever(timeout));
        if !matches!(&result, Err(e) if e.status() == Status::NATS_ILLEGAL_STATE) {
            // SAFETY: likewise. The core has just ended the object; only the handle is left to end.
            unsafe { handle::destroy(nc) };
        }
        result
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

/// Return the number of open subscriptions of a connection.
///
/// A subscription counts until it is unsubscribed, drained, destroyed, or has delivered the maximum
/// of `natsSubscription_AutoUnsubscribe`.
///
/// @param nc The connection.
/// @param count Receives the number. Written only with `NATS_OK`.
///
/// @retval NATS_OK The number was written, also for a closed connection.
/// @retval NATS_INVALID_ARG An argument is NULL, or `nc` was destroyed.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_state
///
/// # Safety
/// `nc` is NULL or a handle of this library; `count` is NULL or valid for writing an `int`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsConnection_GetSubscriptionCount(
    nc: *mut natsConnection,
    count: *mut c_int,
) -> natsStatus {
    guard("natsConnection_GetSubscriptionCount", || {
        required(count, "count")?;
        // SAFETY: the caller's contract, above.
        let open = unsafe { borrow(nc) }?.subscription_count();
        // SAFETY: not NULL, hence valid for writing by the caller's contract.
        unsafe { count.write(c_int::try_from(open).unwrap_or(c_int::MAX)) };
        Ok(())
    })
}

/// Return the number of bytes that wait to be sent, including those kept for after a reconnect.
///
/// Counts publishes and other operations that the socket has not accepted yet.
/// `natsConnection_Buffered` leaves out what is kept while there is no server.
///
/// @param nc The connection.
/// @param bytes Receives the number of bytes; 0 for a closed connection. Written only with
/// `NATS_OK`.
///
/// @retval NATS_OK The number was written, also for a closed connection.
/// @retval NATS_INVALID_ARG An argument is NULL, or `nc` was destroyed.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_state
///
/// # Safety
/// `nc` is NULL or a handle of this library; `bytes` is NULL or valid for writing an `int64_t`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsConnection_GetPendingBytes(
    nc: *mut natsConnection,
    bytes: *mut i64,
) -> natsStatus {
    guard("natsConnection_GetPendingBytes", || {
        required(bytes, "bytes")?;
        // SAFETY: the caller's contract, above.
        let pending = unsafe { borrow(nc) }?.pending_bytes();
        // SAFETY: not NULL, hence valid for writing by the caller's contract.
        unsafe { bytes.write(i64::try_from(pending).unwrap_or(i64::MAX)) };
        Ok(())
    })
}
