//! The end of a connection: draining, closing, destroying.

use std::time::Duration;

use super::convert::millis_or_forever;
use super::guard::{guard, guard_void};
use super::handle::{self, borrow_arc, natsConnection};
use crate::error::{Status, natsStatus};

/// The time limit of `natsConnection_Drain`.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(30);

/// Close a connection gracefully, within 30 seconds.
///
/// Equivalent to `natsConnection_DrainTimeout` with 30000 milliseconds. Returns at once. In the
/// background the subscriptions stop receiving and deliver the messages they have, what was
/// published is sent, and the connection is closed. The closed callback reports the end.
///
/// @param nc The connection.
///
/// @retval NATS_OK The drain has begun, or one was in progress already and keeps its timeout.
/// @retval NATS_INVALID_ARG `nc` is NULL or was destroyed.
/// @retval NATS_CONNECTION_CLOSED The connection is closed.
/// @retval NATS_ILLEGAL_STATE The connection has no server at the moment.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @par Example
/// ```c
/// // in response to SIGTERM, for example; on_closed was set with natsOptions_SetClosedCB
/// natsStatus s = natsConnection_Drain(nc);
/// if (s != NATS_OK) natsConnection_Close(nc);
/// ```
///
/// @see natsConnection_DrainTimeout, natsOptions_SetClosedCB
///
/// @ingroup nats_drain
///
/// # Safety
/// `nc` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsConnection_Drain(nc: *mut natsConnection) -> natsStatus {
    guard("natsConnection_Drain", || {
        // SAFETY: the caller's contract, above.
        unsafe { borrow_arc(nc) }?.drain(Some(DRAIN_TIMEOUT))
    })
}

/// Close a connection gracefully, within a given time.
///
/// Returns at once; the drain runs in the background. First all subscriptions stop receiving and
/// deliver the messages they have received; meanwhile publishing and requests still work and
/// subscribing fails with `NATS_DRAINING`. Then publishing fails with `NATS_DRAINING` too, what was
/// published is sent, and the connection is closed, which the closed callback reports. A
/// subscription without a callback has to be read to its end with `natsSubscription_NextMsg`.
/// Errors during the drain, `NATS_TIMEOUT` included, are reported to the error handler. The loss of
/// the server ends the drain and closes the connection.
///
/// @param nc The connection.
/// @param timeout The time in milliseconds after which the connection is closed in any case; 0 or
/// less for no limit.
///
/// @retval NATS_OK The drain has begun, or one was in progress already and keeps its timeout.
/// @retval NATS_INVALID_ARG `nc` is NULL or was destroyed.
/// @retval NATS_CONNECTION_CLOSED The connection is closed.
/// @retval NATS_ILLEGAL_STATE The connection has no server at the moment.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @see natsOptions_SetClosedCB, natsSubscription_Drain
///
/// @ingroup nats_drain
///
/// # Safety
/// `nc` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsConnection_DrainTimeout(
    nc: *mut natsConnection,
    timeout: i64,
) -> natsStatus {
    guard("natsConnection_DrainTimeout", || {
        // SAFETY: the caller's contract, above.
        unsafe { borrow_arc(nc) }?.drain(millis_or_forever(timeout))
    })
}

/// Close a connection for good.
///
/// Waits up to 500 milliseconds for the server to accept what was published. Then all calls that
/// wait on this connection return, messages that were not yet delivered are discarded, and the
/// closed callback is called, after the disconnected one if the connection was connected. The handle
/// remains usable for queries until `natsConnection_Destroy`. Does not change the last error of the
/// calling thread. A second call does nothing.
///
/// @param nc The connection. NULL and a destroyed connection are ignored.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @see natsConnection_Drain, natsConnection_Destroy
///
/// @ingroup nats_connection
///
/// # Safety
/// `nc` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsConnection_Close(nc: *mut natsConnection) {
    guard_void(|| {
        // SAFETY: the caller's contract, above.
        if let Ok(connection) = unsafe { borrow_arc(nc) } {
            connection.close();
        }
    });
}

/// Close and release a connection.
///
/// Closes the connection as `natsConnection_Close` does if it is open. From then on calls with `nc`
/// return `NATS_INVALID_ARG`, except in callbacks that were given the connection, until they
/// return. Does not wait for callbacks that are running; `natsConnection_DestroyAndWait` does. The
/// subscriptions of the connection are closed and still have to be destroyed. Does not change the
/// last error of the calling thread.
///
/// @param nc The connection. NULL and a destroyed connection are ignored.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @see natsConnection_DestroyAndWait, natsOptions_SetReleasedCB
///
/// @ingroup nats_connection
///
/// # Safety
/// `nc` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsConnection_Destroy(nc: *mut natsConnection) {
    guard_void(|| {
        // SAFETY: the caller's contract, above.
        if let Some(connection) = unsafe { handle::destroy(nc) } {
            connection.destroy();
        }
    });
}

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
