//! A subscription's life after it was made: its messages and its end; `counters` has its numbers.

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

/// How long `natsSubscription_Drain` gives the callback.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(30);

/// Does nothing: messages are never delayed.
///
/// Deprecated, and kept for programs that call it.
///
/// @param sub the subscription.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `sub` is NULL or destroyed.
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

/// Takes the next message of a subscription that has no callback, and waits for one if need be.
///
/// The wait goes on when the connection is lost, and ends when it is closed. Several threads may
/// wait at once; each message goes to one of them.
///
/// @param nextMsg where to put the message, yours until `natsMsg_Destroy`; written only with
/// `NATS_OK`.
/// @param sub the subscription.
/// @param timeout how long to wait, in milliseconds; with 0 or less only what is there is taken.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `nextMsg` or `sub` is NULL or `sub` was destroyed;
/// `NATS_TIMEOUT`; `NATS_SLOW_CONSUMER` once where the last that came were dropped, those that wait
/// follow with the next calls; `NATS_NO_RESPONDERS` where the message says that nobody answers a request;
/// `NATS_CONNECTION_CLOSED`; `NATS_MAX_DELIVERED_MSGS` after the maximum of
/// `natsSubscription_AutoUnsubscribe`; `NATS_INVALID_SUBSCRIPTION` where it was closed otherwise;
/// `NATS_ILLEGAL_STATE` where it has a callback.
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

/// Ends a subscription at once; messages that wait are dropped.
///
/// A callback that runs goes on to its end; no other starts. `natsSubscription_Drain` delivers what
/// waits first. Source: NATS client protocol, UNSUB.
///
/// @param sub the subscription; any thread may call this at any time, its callback included.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `sub` is NULL or destroyed;
/// `NATS_CONNECTION_CLOSED`; `NATS_INVALID_SUBSCRIPTION` where it was closed before.
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

/// Ends a subscription by itself after a number of messages.
///
/// What counts is delivery: to the callback, or by `natsSubscription_NextMsg`, from the
/// subscription's beginning. A later call replaces the number. Source: NATS client protocol, UNSUB
/// with a maximum.
///
/// @param sub the subscription; any thread may call this at any time, its callback included.
/// @param max the number of messages; where so many were delivered already, and with 0, the
/// subscription ends at once.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `sub` is NULL or destroyed, or `max` negative;
/// `NATS_CONNECTION_CLOSED`; `NATS_INVALID_SUBSCRIPTION` where it was closed before.
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

/// Ends a subscription after delivering what it has received, within 30 seconds.
///
/// The same as `natsSubscription_DrainTimeout` with 30000 milliseconds.
///
/// @param sub the subscription; any thread may call this at any time, its callback included.
/// @return as `natsSubscription_DrainTimeout`.
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

/// Ends a subscription after delivering what it has received.
///
/// Returns at once. The server is told to send no more, and what it has sent until then is still
/// delivered; then the subscription is closed. One without callback has to be read to its end with
/// `natsSubscription_NextMsg`.
///
/// @param sub the subscription; any thread may call this at any time, its callback included.
/// @param timeout how long it may take until the subscription is closed all the same, in
/// milliseconds; 0 or less for no limit.
/// @return `NATS_OK`, also where a drain goes on already, whose timeout then stays;
/// `NATS_INVALID_ARG` where `sub` is NULL or destroyed; `NATS_CONNECTION_CLOSED`;
/// `NATS_INVALID_SUBSCRIPTION` where it was closed before; `NATS_DRAINING` where its connection is
/// draining.
///
/// @see natsSubscription_WaitForDrainCompletion, natsSubscription_DrainCompletionStatus
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

/// Waits until the drain of a subscription, or of its connection, is over.
///
/// It is over when the last message was handled; `natsSubscription_DrainCompletionStatus` tells
/// how. A timeout leaves the thread's last error as it is. Do not call it in the subscription's own callback.
///
/// @param sub the subscription; any other thread may call this at any time.
/// @param timeout how long to wait, in milliseconds; 0 or less for ever.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `sub` is NULL or destroyed; `NATS_ILLEGAL_STATE`
/// where no drain was started; `NATS_TIMEOUT`.
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

/// Tells how the drain of a subscription has ended.
///
/// An outcome other than `NATS_ILLEGAL_STATE` leaves the thread's last error as it is.
///
/// @param sub the subscription; any thread may call this at any time.
/// @return `NATS_OK` where all was delivered; `NATS_INVALID_ARG` where `sub` is NULL or destroyed;
/// `NATS_ILLEGAL_STATE` where it has not ended, or none was started; `NATS_TIMEOUT` where the time
/// was over first; `NATS_CONNECTION_CLOSED` where the connection was closed first;
/// `NATS_INVALID_SUBSCRIPTION` where it was unsubscribed first; or why the server could not be
/// told.
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

/// How a drain ended is an answer; asking where there is nothing to be told is a mistake.
fn answer(result: Result<(), Error>) -> Result<Result<(), Error>, Error> {
    match result {
        Err(e) if e.status() == natsStatus::NATS_ILLEGAL_STATE => Err(e),
        outcome => Ok(outcome),
    }
}

/// Sets a function to call when no message callback of a subscription runs or will run any more.
///
/// It is called once, however the subscription ends, and also where the handle was destroyed
/// before; what the message callback's closure points at may be freed in it. It runs on a thread of
/// the library.
///
/// @param sub the subscription, which must have a callback.
/// @param cb the function; NULL for none. The last one set before the end counts.
/// @param closure what it gets as its argument; may be NULL.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `sub` is NULL or destroyed;
/// `NATS_INVALID_SUBSCRIPTION` where it is closed, or has no callback.
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

/// The program's function as the core calls it.
fn on_complete(callback: Callback<unsafe extern "C" fn(*mut c_void)>) -> Box<dyn FnOnce() + Send> {
    Box::new(move || {
        let (function, closure) = callback.parts();
        // SAFETY: the program gave the function for this, to be called with its closure on any
        // thread.
        unsafe { function.call((closure,)) };
    })
}

/// Finds the connection of a subscription.
///
/// @param sub the subscription; any thread may call this at any time.
/// @return the very handle that the program got when connecting, which it may have destroyed since;
/// NULL for NULL and for a destroyed subscription.
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

/// Reads the number that stands for a subscription between client and server: its sid.
///
/// @param sub the subscription; any thread may call this at any time.
/// @return the number, from 1; 0 for NULL and for a closed or destroyed subscription.
///
/// # Safety
/// `sub` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsSubscription_GetID(sub: *mut natsSubscription) -> i64 {
    // SAFETY: the caller's contract, above.
    guard_value(0, || Ok(unsafe { borrow(sub) }?.id()))
}

/// Reads the subject that was subscribed to.
///
/// @param sub the subscription; any thread may call this at any time.
/// @return the subject, which belongs to the subscription and lives until it is destroyed; NULL for
/// NULL and for a closed or destroyed subscription.
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

/// Tells whether a subscription is open.
///
/// @param sub the subscription; any thread may call this at any time.
/// @return true until it is unsubscribed, drained, has delivered its maximum or its connection is
/// closed; false for NULL and for a destroyed subscription.
///
/// # Safety
/// `sub` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsSubscription_IsValid(sub: *mut natsSubscription) -> bool {
    // SAFETY: the caller's contract, above.
    guard_value(false, || Ok(unsafe { borrow(sub) }?.is_valid()))
}

/// Closes a subscription, as `natsSubscription_Unsubscribe` does where it is open, and releases it.
///
/// From then on calls with `sub` return `NATS_INVALID_ARG`, except in a callback that was given it,
/// until it returns. A callback that runs is not waited for: the completion callback tells. Every
/// subscription must be destroyed once, also after its connection was. Leaves the thread's last
/// error as it is. Any thread may call this, the subscription's callback included.
///
/// @param sub the subscription; NULL and a destroyed one are ignored.
///
/// @see natsSubscription_SetOnCompleteCB
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
