//! What a connection has counted, and what waits in it.

use std::ffi::c_int;

use crate::error::natsStatus;
use crate::ffi::convert::required;
use crate::ffi::guard::{guard, guard_value};
use crate::ffi::handle::{borrow, natsConnection};
use crate::ffi::statistics::natsStatistics;

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
