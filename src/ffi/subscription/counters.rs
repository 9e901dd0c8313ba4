//! A subscription's pending limits and its counters.

use std::ffi::c_int;

use crate::error::natsStatus;
use crate::ffi::convert::{required, write_optional};
use crate::ffi::guard::guard;
use crate::ffi::handle::{borrow, natsSubscription};

/// Reads how many messages of a subscription wait to be delivered.
///
/// Deprecated: `natsSubscription_GetPending` tells the bytes too.
///
/// @param sub the subscription; any thread may call this at any time.
/// @param queuedMsgs where to put the number; written only with `NATS_OK`.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where an argument is NULL or `sub` was destroyed;
/// `NATS_INVALID_SUBSCRIPTION` where it is closed.
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

/// Sets how much of a subscription may wait to be delivered before messages are dropped.
///
/// A message that would exceed a limit is dropped, and the connection's error handler told once,
/// with `NATS_SLOW_CONSUMER`, until a message is accepted again. Takes effect with the next
/// message.
///
/// @param sub the subscription; any thread may call this at any time.
/// @param msgLimit the limit in messages; negative for none, not 0.
/// @param bytesLimit the limit in bytes of headers and payloads; negative for none, not 0.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `sub` is NULL or destroyed, or a limit is 0;
/// `NATS_INVALID_SUBSCRIPTION` where it is closed.
///
/// @see natsOptions_SetMaxPendingMsgs, natsOptions_SetMaxPendingBytes
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

/// Reads how much of a subscription may wait to be delivered before messages are dropped.
///
/// @param sub the subscription; any thread may call this at any time.
/// @param msgLimit where to put the limit in messages, negative for none; may be NULL.
/// @param bytesLimit where to put the limit in bytes of headers and payloads, negative for none;
/// may be NULL.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `sub` is NULL or destroyed;
/// `NATS_INVALID_SUBSCRIPTION` where it is closed. The outputs are written only with `NATS_OK`.
///
/// @see natsSubscription_SetPendingLimits
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

/// Reads how much of a subscription waits to be delivered. A message in its callback does not wait
/// any more.
///
/// @param sub the subscription; any thread may call this at any time.
/// @param msgs where to put the number of messages; may be NULL.
/// @param bytes where to put the number of bytes of headers and payloads; may be NULL.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `sub` is NULL or destroyed;
/// `NATS_INVALID_SUBSCRIPTION` where it is closed. The outputs are written only with `NATS_OK`.
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

/// Reads how many messages a subscription has delivered.
///
/// @param sub the subscription; any thread may call this at any time.
/// @param msgs where to put the number; written only with `NATS_OK`.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where an argument is NULL or `sub` was destroyed;
/// `NATS_INVALID_SUBSCRIPTION` where it is closed.
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

/// Reads how many messages of a subscription were dropped because a pending limit was reached.
///
/// @param sub the subscription; any thread may call this at any time.
/// @param msgs where to put the number, counted from the subscription's beginning; written only
/// with `NATS_OK`.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where an argument is NULL or `sub` was destroyed;
/// `NATS_INVALID_SUBSCRIPTION` where it is closed.
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

/// Reads the most of a subscription that has ever waited to be delivered.
///
/// @param sub the subscription; any thread may call this at any time.
/// @param msgs where to put the number of messages; may be NULL.
/// @param bytes where to put the number of bytes of headers and payloads; may be NULL.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `sub` is NULL or destroyed;
/// `NATS_INVALID_SUBSCRIPTION` where it is closed. The outputs are written only with `NATS_OK`.
///
/// @see natsSubscription_ClearMaxPending
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

/// Starts anew to note the most that has waited to be delivered.
///
/// @param sub the subscription; any thread may call this at any time.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `sub` is NULL or destroyed;
/// `NATS_INVALID_SUBSCRIPTION` where it is closed.
///
/// @see natsSubscription_GetMaxPending
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

/// Reads all counters of a subscription, as of one moment.
///
/// @param sub the subscription; any thread may call this at any time.
/// @param pendingMsgs where to put the messages that wait; may be NULL, as all that follow.
/// @param pendingBytes where to put their bytes.
/// @param maxPendingMsgs where to put the most messages that have ever waited.
/// @param maxPendingBytes where to put the most bytes that have ever waited.
/// @param deliveredMsgs where to put the number of messages delivered.
/// @param droppedMsgs where to put the number of messages dropped.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `sub` is NULL or destroyed;
/// `NATS_INVALID_SUBSCRIPTION` where it is closed. The outputs are written only with `NATS_OK`.
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
