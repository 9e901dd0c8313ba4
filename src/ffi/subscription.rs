//! The life of a subscription after its creation: its messages and its end; `counters` has its
//! numbers.

pub mod counters;

use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr;
use std::time::Duration;

use super::callback::{Callback, Function};
use super::convert::{millis_or_forever, required};
use super::guard::{guard, guard_answer, guard_value, guard_void};
use super::handle::{self, borrow, borrow_arc, natsConnection, natsSubscription};
use super::msg::{into_c, natsMsg};
use super::request::wait;
use super::types::natsOnCompleteCB;
use crate::error::{Error, natsStatus};

/// The time limit of `natsSubscription_Drain`.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(30);

/// Do nothing: messages are never delayed.
///
/// @param sub The subscription.
///
/// @retval NATS_OK The subscription exists.
/// @retval NATS_INVALID_ARG `sub` is NULL or was destroyed.
///
/// @deprecated Kept for programs that call it.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_subscribe
///
/// # Safety
/// `sub` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsSubscription_NoDeliveryDelay(
    sub: *mut natsSubscription,
) -> natsStatus {
    guard("natsSubscription_NoDeliveryDelay", || {
        // SAFETY: the caller's contract, above.
        unsafe { borrow(sub) }.map(drop)
    })
}

/// Take the next message of a subscription without a callback.
///
/// Waits for a message if none is there. The wait continues when the connection is lost and ends
/// when it is closed. Dropped messages are reported once, by `NATS_SLOW_CONSUMER`; the messages
/// that still wait follow with the next calls.
///
/// @param nextMsg Receives the message, which the caller owns and releases with `natsMsg_Destroy`.
/// Written only with `NATS_OK`.
/// @param sub The subscription.
/// @param timeout The longest time to wait in milliseconds; with zero or less only a message that
/// is already there is taken.
///
/// @retval NATS_OK A message was taken.
/// @retval NATS_INVALID_ARG `nextMsg` is NULL, or `sub` is NULL or was destroyed.
/// @retval NATS_TIMEOUT No message arrived in time.
/// @retval NATS_SLOW_CONSUMER Messages were dropped since the last call because a pending limit was
/// reached.
/// @retval NATS_NO_RESPONDERS The message was the server's notice that a request has no responders. It was consumed.
/// @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
/// @retval NATS_MAX_DELIVERED_MSGS The maximum of `natsSubscription_AutoUnsubscribe` was reached.
/// @retval NATS_INVALID_SUBSCRIPTION The subscription was closed in another way.
/// @retval NATS_ILLEGAL_STATE The subscription has a callback.
///
/// @par Threads
/// Any thread may call this function at any time. If several threads wait, each message goes to one
/// of them.
///
/// @par Example
/// ```c
/// natsMsg *msg = NULL;
/// natsStatus s = NATS_OK;
/// while ((s = natsSubscription_NextMsg(&msg, sub, 500)) == NATS_OK || s == NATS_SLOW_CONSUMER) {
///     if (s != NATS_OK) continue;
///     puts(natsMsg_GetData(msg));
///     natsMsg_Destroy(msg);
/// }
/// ```
///
/// @ingroup nats_subscribe
///
/// # Safety
/// `nextMsg` is NULL or valid for writing a pointer; `sub` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsSubscription_NextMsg(
    nextMsg: *mut *mut natsMsg,
    sub: *mut natsSubscription,
    timeout: i64,
) -> natsStatus {
    guard("natsSubscription_NextMsg", || {
        required(nextMsg, "nextMsg")?;
        // SAFETY: the caller's contract, above.
        let msg = unsafe { borrow_arc(sub) }?.next_msg(wait(timeout))?;
        // SAFETY: not NULL, hence valid for writing by the caller's contract.
        unsafe { nextMsg.write(into_c(msg)) };
        Ok(())
    })
}

/// Close a subscription at once and discard its waiting messages.
///
/// A callback that is running finishes; no other one starts. To deliver the waiting messages first,
/// use `natsSubscription_Drain`. A JetStream consumer that was created for the subscription is
/// deleted: the call waits for the answer of the server, at most for the `Wait` of the context.
/// Protocol: UNSUB.
///
/// @param sub The subscription.
///
/// @retval NATS_OK The subscription was closed.
/// @retval NATS_INVALID_ARG `sub` is NULL or was destroyed.
/// @retval NATS_CONNECTION_CLOSED The connection is closed.
/// @retval NATS_INVALID_SUBSCRIPTION The subscription was closed before.
/// @retval NATS_NOT_FOUND The subscription was closed; the consumer that was created for it did not
/// exist any more.
/// @retval NATS_TIMEOUT The subscription was closed; the server did not answer the request to
/// delete the consumer in time.
/// @retval NATS_INSUFFICIENT_BUFFER The subscription was closed; the request to delete the consumer
/// was not sent, because the connection is lost and the reconnect buffer is full.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @see natsSubscription_Drain, natsSubscription_Destroy
///
/// @ingroup nats_subscribe
///
/// # Safety
/// `sub` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsSubscription_Unsubscribe(sub: *mut natsSubscription) -> natsStatus {
    guard("natsSubscription_Unsubscribe", || {
        // SAFETY: the caller's contract, above.
        unsafe { borrow_arc(sub) }?.unsubscribe()
    })
}

/// Close a subscription after it has delivered a number of messages.
///
/// The number counts messages given to the callback or taken with `natsSubscription_NextMsg` since
/// the subscription was created. A later call replaces the number. Protocol: UNSUB with a maximum.
///
/// Messages that are dropped because of the pending limits do not count. The server counts them; if
/// it ends the subscription for that reason, it is sent the subscription again with the remaining
/// number.
///
/// @param sub The subscription.
/// @param max The number of messages. If that many were delivered already, or with 0, the
/// subscription is closed at once. A JetStream consumer that was created for the subscription is
/// kept, except with 0.
///
/// @retval NATS_OK The maximum was set, or the subscription was closed.
/// @retval NATS_INVALID_ARG `sub` is NULL or was destroyed, or `max` is negative.
/// @retval NATS_CONNECTION_CLOSED The connection is closed.
/// @retval NATS_INVALID_SUBSCRIPTION The subscription was closed before.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @par Example
/// ```c
/// natsStatus s = natsConnection_SubscribeSync(&sub, nc, "replies");
/// if (s == NATS_OK) s = natsSubscription_AutoUnsubscribe(sub, 5);
/// ```
///
/// @ingroup nats_subscribe
///
/// # Safety
/// `sub` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsSubscription_AutoUnsubscribe(
    sub: *mut natsSubscription,
    max: c_int,
) -> natsStatus {
    guard("natsSubscription_AutoUnsubscribe", || {
        // SAFETY: the caller's contract, above.
        unsafe { borrow_arc(sub) }?.auto_unsubscribe(max)
    })
}

/// Close a subscription after it has delivered what it received, within 30 seconds.
///
/// Equivalent to `natsSubscription_DrainTimeout` with 30000 milliseconds. Returns at once: the server is requested to
/// send no more messages, the messages that it sent until then are delivered, and the subscription is closed.
///
/// @param sub The subscription.
///
/// @retval NATS_OK The drain has begun, or one was in progress already and keeps its timeout.
/// @retval NATS_INVALID_ARG `sub` is NULL or was destroyed.
/// @retval NATS_CONNECTION_CLOSED The connection is closed.
/// @retval NATS_INVALID_SUBSCRIPTION The subscription was closed before.
/// @retval NATS_DRAINING The connection of the subscription is draining.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @par Example
/// ```c
/// natsStatus s = natsSubscription_Drain(sub);
/// if (s == NATS_OK) s = natsSubscription_WaitForDrainCompletion(sub, 10000);
/// natsSubscription_Destroy(sub);
/// ```
///
/// @see natsSubscription_DrainTimeout, natsSubscription_WaitForDrainCompletion
///
/// @ingroup nats_drain
///
/// # Safety
/// `sub` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsSubscription_Drain(sub: *mut natsSubscription) -> natsStatus {
    guard("natsSubscription_Drain", || {
        // SAFETY: the caller's contract, above.
        unsafe { borrow_arc(sub) }?.drain(Some(DRAIN_TIMEOUT))
    })
}

/// Close a subscription after it has delivered what it received, within a given time.
///
/// Returns at once. The server is requested to send no more messages; the messages that it sent until then are still
/// delivered; then the subscription is closed. A subscription without a callback has to be read to its end with
/// `natsSubscription_NextMsg`.
///
/// @param sub The subscription.
/// @param timeout The time in milliseconds after which the subscription is closed in any case; 0 or
/// less for no limit.
///
/// @retval NATS_OK The drain has begun, or one was in progress already and keeps its timeout.
/// @retval NATS_INVALID_ARG `sub` is NULL or was destroyed.
/// @retval NATS_CONNECTION_CLOSED The connection is closed.
/// @retval NATS_INVALID_SUBSCRIPTION The subscription was closed before.
/// @retval NATS_DRAINING The connection of the subscription is draining.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @see natsSubscription_WaitForDrainCompletion, natsSubscription_DrainCompletionStatus
///
/// @ingroup nats_drain
///
/// # Safety
/// `sub` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsSubscription_DrainTimeout(
    sub: *mut natsSubscription,
    timeout: i64,
) -> natsStatus {
    guard("natsSubscription_DrainTimeout", || {
        // SAFETY: the caller's contract, above.
        unsafe { borrow_arc(sub) }?.drain(millis_or_forever(timeout))
    })
}

/// Wait until the drain of a subscription, or of its connection, has ended.
///
/// The drain has ended when the callback for the last message has returned, or the last message was
/// taken. `natsSubscription_DrainCompletionStatus` tells how it ended. A timeout does not change
/// the last error of the calling thread.
///
/// @param sub The subscription.
/// @param timeout The longest time to wait in milliseconds; 0 or less for no limit.
///
/// @retval NATS_OK The drain has ended.
/// @retval NATS_INVALID_ARG `sub` is NULL or was destroyed.
/// @retval NATS_ILLEGAL_STATE No drain was started.
/// @retval NATS_TIMEOUT The drain has not ended in time.
///
/// @par Threads
/// Any thread may call this function at any time, except in the subscription's own callback, which
/// would wait for itself.
///
/// @see natsSubscription_DrainCompletionStatus
///
/// @ingroup nats_drain
///
/// # Safety
/// `sub` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsSubscription_WaitForDrainCompletion(
    sub: *mut natsSubscription,
    timeout: i64,
) -> natsStatus {
    guard_answer("natsSubscription_WaitForDrainCompletion", || {
        // SAFETY: the caller's contract, above.
        let subscription = unsafe { borrow_arc(sub) }?;
        answer(subscription.wait_for_drain_completion(millis_or_forever(timeout)))
    })
}

/// Return the outcome of a subscription's drain.
///
/// Of a subscription that ended without a drain it is the reason for the end. Results other than
/// `NATS_ILLEGAL_STATE` do not change the last error of the calling thread. Any other status than
/// those listed is the reason why the server could not be told.
///
/// @param sub The subscription.
///
/// @retval NATS_OK All messages were delivered, or the maximum of
/// `natsSubscription_AutoUnsubscribe`.
/// @retval NATS_INVALID_ARG `sub` is NULL or was destroyed.
/// @retval NATS_ILLEGAL_STATE The subscription has not ended: it is open, or the drain is in progress.
/// @retval NATS_TIMEOUT The time ran out first.
/// @retval NATS_CONNECTION_CLOSED The connection was closed first.
/// @retval NATS_INVALID_SUBSCRIPTION The subscription was unsubscribed first.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_drain
///
/// # Safety
/// `sub` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsSubscription_DrainCompletionStatus(
    sub: *mut natsSubscription,
) -> natsStatus {
    guard_answer("natsSubscription_DrainCompletionStatus", || {
        // SAFETY: the caller's contract, above.
        answer(unsafe { borrow(sub) }?.drain_completion_status())
    })
}

/// The outcome of a drain is an answer; asking without a drain is a mistake.
fn answer(result: Result<(), Error>) -> Result<Result<(), Error>, Error> {
    match result {
        Err(e) if e.status() == natsStatus::NATS_ILLEGAL_STATE => Err(e),
        outcome => Ok(outcome),
    }
}

/// Set a function that is called after the last message callback of a subscription.
///
/// The function is called once, however the subscription ends, and also if the handle was destroyed
/// before. Afterwards no message callback runs, so what its closure points to may be freed in this
/// function. It runs on a thread of the library, or in `natsConnection_Dispatch` with manual
/// dispatch; there it is not called if the connection is destroyed first. It can be set as long as a
/// callback of the subscription may run, also when the subscription is closed already. If the call
/// fails, the function is never called.
///
/// @param sub The subscription, which must have a callback.
/// @param cb The function; NULL for none. The last one set is called.
/// @param closure The argument of `cb`; may be NULL.
///
/// @retval NATS_OK The function was set, and will be called.
/// @retval NATS_INVALID_ARG `sub` is NULL or was destroyed.
/// @retval NATS_INVALID_SUBSCRIPTION The subscription has no callback, or it is closed and its last
/// callback has returned: what the closure of the callback points to may be freed now.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @see natsConnection_DestroyAndWait
///
/// @ingroup nats_subscribe
///
/// # Safety
/// `sub` is NULL or a handle of this library; `cb` may be called with `closure` on any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsSubscription_SetOnCompleteCB(
    sub: *mut natsSubscription,
    cb: natsOnCompleteCB,
    closure: *mut c_void,
) -> natsStatus {
    guard("natsSubscription_SetOnCompleteCB", || {
        // SAFETY: the caller's contract, above.
        unsafe { borrow(sub) }?.set_on_complete(Callback::new(cb, closure).map(on_complete))
    })
}

/// The program's callback in the core's form.
fn on_complete(callback: Callback<unsafe extern "C" fn(*mut c_void)>) -> Box<dyn FnOnce() + Send> {
    Box::new(move || {
        let (function, closure) = callback.parts();
        // SAFETY: the program gave the function for this, to be called with its closure on any
        // thread.
        unsafe { function.call((closure,)) };
    })
}

/// Return the connection of a subscription.
///
/// @param sub The subscription.
///
/// @return The handle that the program received when it connected, which it may have destroyed
/// since; NULL if `sub` is NULL or was destroyed.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_subscribe
///
/// # Safety
/// `sub` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsSubscription_GetConnection(
    sub: *mut natsSubscription,
) -> *mut natsConnection {
    guard_value(ptr::null_mut(), || {
        // SAFETY: the caller's contract, above.
        let address = unsafe { borrow(sub) }?.connection().handle();
        Ok(ptr::with_exposed_provenance_mut(address))
    })
}

/// Return the number that identifies a subscription between client and server (the sid).
///
/// @param sub The subscription.
///
/// @return The number, from 1; 0 if the subscription is closed, or `sub` is NULL or was destroyed.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_subscribe
///
/// # Safety
/// `sub` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsSubscription_GetID(sub: *mut natsSubscription) -> i64 {
    // SAFETY: the caller's contract, above.
    guard_value(0, || Ok(unsafe { borrow(sub) }?.id()))
}

/// Return the subject of a subscription.
///
/// @param sub The subscription.
///
/// @return The subject, which belongs to the subscription and is valid until it is destroyed; NULL
/// if the subscription is closed, or `sub` is NULL or was destroyed.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_subscribe
///
/// # Safety
/// `sub` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsSubscription_GetSubject(sub: *mut natsSubscription) -> *const c_char {
    guard_value(ptr::null(), || {
        // SAFETY: the caller's contract, above.
        Ok(unsafe { borrow(sub) }?
            .subject()
            .map_or(ptr::null(), CStr::as_ptr))
    })
}

/// Test whether a subscription is open.
///
/// @param sub The subscription.
///
/// @return True until the subscription is unsubscribed, drained, has delivered its maximum, or its
/// connection is closed; false if `sub` is NULL or was destroyed.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_subscribe
///
/// # Safety
/// `sub` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsSubscription_IsValid(sub: *mut natsSubscription) -> bool {
    // SAFETY: the caller's contract, above.
    guard_value(false, || Ok(unsafe { borrow(sub) }?.is_valid()))
}

/// Close and release a subscription.
///
/// Closes the subscription as `natsSubscription_Unsubscribe` does if it is open. From then on calls
/// with `sub` return `NATS_INVALID_ARG`, except in a callback that was given it, until that
/// returns. Does not wait for a callback that is running; the completion callback reports its end.
/// Every subscription must be destroyed once, also after its connection was destroyed. Does not
/// change the last error of the calling thread.
///
/// @param sub The subscription. NULL and a destroyed subscription are ignored.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @see natsSubscription_SetOnCompleteCB
///
/// @ingroup nats_subscribe
///
/// # Safety
/// `sub` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsSubscription_Destroy(sub: *mut natsSubscription) {
    guard_void(|| {
        // SAFETY: the caller's contract, above.
        if let Some(subscription) = unsafe { handle::destroy(sub) } {
            subscription.destroy();
        }
    });
}
