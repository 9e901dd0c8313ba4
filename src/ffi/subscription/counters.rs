//! A subscription's pending limits and its counters.

use std::ffi::c_int;

use crate::error::natsStatus;
use crate::ffi::convert::{required, write_optional};
use crate::ffi::guard::guard;
use crate::ffi::handle::{borrow, natsSubscription};

/// Return the number of messages that wait to be delivered.
///
/// @param sub The subscription.
/// @param queuedMsgs Receives the number. Written only with `NATS_OK`.
///
/// @retval NATS_OK The number was written.
/// @retval NATS_INVALID_ARG An argument is NULL, or `sub` was destroyed.
/// @retval NATS_INVALID_SUBSCRIPTION The subscription is closed.
///
/// @deprecated Use `natsSubscription_GetPending`, which also returns the bytes.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_delivery
///
/// # Safety
/// `sub` is NULL or a handle of this library; `queuedMsgs` is NULL or valid for writing a
/// `uint64_t`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsSubscription_QueuedMsgs(
    sub: *mut natsSubscription,
    queuedMsgs: *mut u64,
) -> natsStatus {
    guard("natsSubscription_QueuedMsgs", || {
        required(queuedMsgs, "queuedMsgs")?;
        // SAFETY: the caller's contract, above.
        let (msgs, _) = unsafe { borrow(sub) }?.pending()?;
        // SAFETY: not NULL, hence valid for writing by the caller's contract.
        unsafe { queuedMsgs.write(u64::try_from(msgs).unwrap_or_default()) };
        Ok(())
    })
}

/// Set how much may wait to be delivered to a subscription.
///
/// A message that would exceed a limit is dropped. The first one is reported to the connection's
/// error handler with `NATS_SLOW_CONSUMER`; the next report follows only after a message was
/// accepted again. Takes effect with the next message.
///
/// @param sub The subscription.
/// @param msgLimit The limit in messages; negative for no limit; not 0.
/// @param bytesLimit The limit in bytes of headers and payloads; negative for no limit; not 0.
///
/// @retval NATS_OK The limits were set.
/// @retval NATS_INVALID_ARG `sub` is NULL or was destroyed, or a limit is 0.
/// @retval NATS_INVALID_SUBSCRIPTION The subscription is closed.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @par Example
/// ```c
/// // a million messages, but no more than 512 MiB of them
/// natsStatus s = natsSubscription_SetPendingLimits(sub, 1000000, 512 * 1024 * 1024);
/// ```
///
/// @see natsOptions_SetMaxPendingMsgs, natsOptions_SetMaxPendingBytes
///
/// @ingroup nats_delivery
///
/// # Safety
/// `sub` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsSubscription_SetPendingLimits(
    sub: *mut natsSubscription,
    msgLimit: c_int,
    bytesLimit: c_int,
) -> natsStatus {
    guard("natsSubscription_SetPendingLimits", || {
        // SAFETY: the caller's contract, above.
        unsafe { borrow(sub) }?.set_pending_limits(msgLimit, bytesLimit)
    })
}

/// Return the limits of what may wait to be delivered to a subscription.
///
/// @param sub The subscription.
/// @param msgLimit Receives the limit in messages, negative for no limit; may be NULL.
/// @param bytesLimit Receives the limit in bytes of headers and payloads, negative for no limit;
/// may be NULL.
///
/// @retval NATS_OK The limits were written. The outputs are written only with this status.
/// @retval NATS_INVALID_ARG `sub` is NULL or was destroyed.
/// @retval NATS_INVALID_SUBSCRIPTION The subscription is closed.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @see natsSubscription_SetPendingLimits
///
/// @ingroup nats_delivery
///
/// # Safety
/// `sub` is NULL or a handle of this library; the other two are NULL or valid for writing an `int`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsSubscription_GetPendingLimits(
    sub: *mut natsSubscription,
    msgLimit: *mut c_int,
    bytesLimit: *mut c_int,
) -> natsStatus {
    guard("natsSubscription_GetPendingLimits", || {
        // SAFETY: the caller's contract, above.
        let (msgs, bytes) = unsafe { borrow(sub) }?.pending_limits()?;
        // SAFETY: likewise.
        unsafe {
            write_optional(msgLimit, msgs);
            write_optional(bytesLimit, bytes);
        }
        Ok(())
    })
}

/// Return how much waits to be delivered to a subscription.
///
/// A message whose callback is running does not count any more.
///
/// @param sub The subscription.
/// @param msgs Receives the number of messages; may be NULL.
/// @param bytes Receives the number of bytes of their headers and payloads; may be NULL.
///
/// @retval NATS_OK The numbers were written. The outputs are written only with this status.
/// @retval NATS_INVALID_ARG `sub` is NULL or was destroyed.
/// @retval NATS_INVALID_SUBSCRIPTION The subscription is closed.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_delivery
///
/// # Safety
/// `sub` is NULL or a handle of this library; the other two are NULL or valid for writing an `int`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsSubscription_GetPending(
    sub: *mut natsSubscription,
    msgs: *mut c_int,
    bytes: *mut c_int,
) -> natsStatus {
    guard("natsSubscription_GetPending", || {
        // SAFETY: the caller's contract, above.
        let (pending_msgs, pending_bytes) = unsafe { borrow(sub) }?.pending()?;
        // SAFETY: likewise.
        unsafe {
            write_optional(msgs, pending_msgs);
            write_optional(bytes, pending_bytes);
        }
        Ok(())
    })
}

/// Return the number of messages that a subscription has delivered.
///
/// @param sub The subscription.
/// @param msgs Receives the number. Written only with `NATS_OK`.
///
/// @retval NATS_OK The number was written.
/// @retval NATS_INVALID_ARG An argument is NULL, or `sub` was destroyed.
/// @retval NATS_INVALID_SUBSCRIPTION The subscription is closed.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_delivery
///
/// # Safety
/// `sub` is NULL or a handle of this library; `msgs` is NULL or valid for writing an `int64_t`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsSubscription_GetDelivered(
    sub: *mut natsSubscription,
    msgs: *mut i64,
) -> natsStatus {
    guard("natsSubscription_GetDelivered", || {
        required(msgs, "msgs")?;
        // SAFETY: the caller's contract, above.
        let delivered = unsafe { borrow(sub) }?.delivered()?;
        // SAFETY: not NULL, hence valid for writing by the caller's contract.
        unsafe { msgs.write(delivered) };
        Ok(())
    })
}

/// Return the number of messages that were dropped because a pending limit was reached.
///
/// @param sub The subscription.
/// @param msgs Receives the number since the subscription was created. Written only with `NATS_OK`.
///
/// @retval NATS_OK The number was written.
/// @retval NATS_INVALID_ARG An argument is NULL, or `sub` was destroyed.
/// @retval NATS_INVALID_SUBSCRIPTION The subscription is closed.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @see natsSubscription_SetPendingLimits
///
/// @ingroup nats_delivery
///
/// # Safety
/// `sub` is NULL or a handle of this library; `msgs` is NULL or valid for writing an `int64_t`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsSubscription_GetDropped(
    sub: *mut natsSubscription,
    msgs: *mut i64,
) -> natsStatus {
    guard("natsSubscription_GetDropped", || {
        required(msgs, "msgs")?;
        // SAFETY: the caller's contract, above.
        let dropped = unsafe { borrow(sub) }?.dropped()?;
        // SAFETY: not NULL, hence valid for writing by the caller's contract.
        unsafe { msgs.write(dropped) };
        Ok(())
    })
}

/// Return the largest amount that ever waited to be delivered to a subscription.
///
/// @param sub The subscription.
/// @param msgs Receives the number of messages; may be NULL.
/// @param bytes Receives the number of bytes of headers and payloads; may be NULL.
///
/// @retval NATS_OK The numbers were written. The outputs are written only with this status.
/// @retval NATS_INVALID_ARG `sub` is NULL or was destroyed.
/// @retval NATS_INVALID_SUBSCRIPTION The subscription is closed.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @see natsSubscription_ClearMaxPending
///
/// @ingroup nats_delivery
///
/// # Safety
/// `sub` is NULL or a handle of this library; the other two are NULL or valid for writing an `int`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsSubscription_GetMaxPending(
    sub: *mut natsSubscription,
    msgs: *mut c_int,
    bytes: *mut c_int,
) -> natsStatus {
    guard("natsSubscription_GetMaxPending", || {
        // SAFETY: the caller's contract, above.
        let (max_msgs, max_bytes) = unsafe { borrow(sub) }?.max_pending()?;
        // SAFETY: likewise.
        unsafe {
            write_optional(msgs, max_msgs);
            write_optional(bytes, max_bytes);
        }
        Ok(())
    })
}

/// Reset the counters of `natsSubscription_GetMaxPending`.
///
/// @param sub The subscription.
///
/// @retval NATS_OK The counters were reset.
/// @retval NATS_INVALID_ARG `sub` is NULL or was destroyed.
/// @retval NATS_INVALID_SUBSCRIPTION The subscription is closed.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @see natsSubscription_GetMaxPending
///
/// @ingroup nats_delivery
///
/// # Safety
/// `sub` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsSubscription_ClearMaxPending(
    sub: *mut natsSubscription,
) -> natsStatus {
    guard("natsSubscription_ClearMaxPending", || {
        // SAFETY: the caller's contract, above.
        unsafe { borrow(sub) }?.clear_max_pending()
    })
}

/// Return all counters of a subscription, taken at one moment.
///
/// Every output may be NULL.
///
/// @param sub The subscription.
/// @param pendingMsgs Receives the number of messages that wait.
/// @param pendingBytes Receives the number of bytes of their headers and payloads.
/// @param maxPendingMsgs Receives the largest number of messages that ever waited.
/// @param maxPendingBytes Receives the largest number of bytes that ever waited.
/// @param deliveredMsgs Receives the number of messages delivered.
/// @param droppedMsgs Receives the number of messages dropped.
///
/// @retval NATS_OK The counters were written. The outputs are written only with this status.
/// @retval NATS_INVALID_ARG `sub` is NULL or was destroyed.
/// @retval NATS_INVALID_SUBSCRIPTION The subscription is closed.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_delivery
///
/// # Safety
/// `sub` is NULL or a handle of this library; the others are NULL or valid for writing what they
/// point at.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsSubscription_GetStats(
    sub: *mut natsSubscription,
    pendingMsgs: *mut c_int,
    pendingBytes: *mut c_int,
    maxPendingMsgs: *mut c_int,
    maxPendingBytes: *mut c_int,
    deliveredMsgs: *mut i64,
    droppedMsgs: *mut i64,
) -> natsStatus {
    guard("natsSubscription_GetStats", || {
        // SAFETY: the caller's contract, above.
        let stats = unsafe { borrow(sub) }?.stats()?;
        // SAFETY: likewise.
        unsafe {
            write_optional(pendingMsgs, stats.pending_msgs);
            write_optional(pendingBytes, stats.pending_bytes);
            write_optional(maxPendingMsgs, stats.max_pending_msgs);
            write_optional(maxPendingBytes, stats.max_pending_bytes);
            write_optional(deliveredMsgs, stats.delivered);
            write_optional(droppedMsgs, stats.dropped);
        }
        Ok(())
    })
}
