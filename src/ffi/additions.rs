//! Functions on connections that nats.c lacks.

use std::ffi::{c_char, c_int};

use super::convert::{copy_to_buffer, millis_or_forever, required};
use super::guard::guard;
use super::handle::{self, borrow, borrow_arc, natsConnection};
use crate::error::{Status, natsStatus};

/// Closes and releases a connection, and waits until no callback of it runs or will run any more.
///
/// An addition that nats.c lacks. Does what `natsConnection_Destroy` does, and returns when the
/// last callback has returned: message and completion callbacks of the connection's subscriptions,
/// its connection callbacks, the closed one included, and its error handler. What their closures
/// point at may be freed then. Calls of other threads give `NATS_CONNECTION_CLOSED` as soon as this
/// has begun and `NATS_INVALID_ARG` when it is over.
///
/// @param nc the connection.
/// @param timeout how long to wait for callbacks, in milliseconds; 0 or less for ever.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `nc` is NULL or destroyed; `NATS_TIMEOUT` where a
/// callback still runs: the connection is closed and destroyed all the same; `NATS_ILLEGAL_STATE`
/// inside a callback of this connection or its subscriptions, inside a connection callback, and inside
/// a message callback of the shared pool, which might wait for themselves: nothing is done.
///
/// @see natsConnection_Destroy, natsOptions_SetReleasedCB
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

/// Reads the name of the server that the connection is connected to.
///
/// An addition that nats.c lacks. The name is the `server_name` of the server's INFO.
///
/// @param nc the connection; any thread may call this at any time.
/// @param buffer where to put the name; an empty string while there is no server, or it has no
/// name.
/// @param bufferSize the buffer's size in bytes, for the name and a NUL.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where an argument is NULL or `nc` was destroyed;
/// `NATS_INSUFFICIENT_BUFFER` where it does not fit, with an empty string in the buffer if that has
/// room for one.
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

/// Reads the version of the server that the connection is connected to, such as `2.10.4`.
///
/// An addition that nats.c lacks. The version is the `version` of the server's INFO.
///
/// @param nc the connection; any thread may call this at any time.
/// @param buffer where to put the version; an empty string while there is no server.
/// @param bufferSize the buffer's size in bytes, for the version and a NUL.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where an argument is NULL or `nc` was destroyed;
/// `NATS_INSUFFICIENT_BUFFER` where it does not fit, with an empty string in the buffer if that has
/// room for one.
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

/// Reads the name of the cluster that the server of the connection belongs to.
///
/// An addition that nats.c lacks. The name is the `cluster` of the server's INFO.
///
/// @param nc the connection; any thread may call this at any time.
/// @param buffer where to put the name; an empty string while there is no server, or it is in no
/// cluster.
/// @param bufferSize the buffer's size in bytes, for the name and a NUL.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where an argument is NULL or `nc` was destroyed;
/// `NATS_INSUFFICIENT_BUFFER` where it does not fit, with an empty string in the buffer if that has
/// room for one.
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

/// Counts the subscriptions that are open on a connection.
///
/// An addition that nats.c lacks. A subscription counts until it is unsubscribed, drained, or has
/// delivered the maximum of messages asked for; destroying it unsubscribes it.
///
/// @param nc the connection; any thread may call this at any time.
/// @param count where to put the number; written only with `NATS_OK`.
/// @return `NATS_OK`, also on a closed connection; `NATS_INVALID_ARG` where an argument is NULL or
/// `nc` was destroyed.
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

/// Counts the bytes that wait to be sent: those of publishes and other operations that the socket
/// has not taken yet, and those kept while there is no server.
///
/// An addition that nats.c lacks; `natsConnection_Buffered` leaves out what is kept while there is
/// no server.
///
/// @param nc the connection; any thread may call this at any time.
/// @param bytes where to put the number; written only with `NATS_OK`.
/// @return `NATS_OK`, also on a closed connection, with 0; `NATS_INVALID_ARG` where an argument is
/// NULL or `nc` was destroyed.
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
