//! Subscribing.

pub(in crate::ffi) mod sink;

use std::ffi::{c_char, c_void};
use std::time::Duration;

use self::sink::sink;
use super::convert::{self, bytes, required, some_bytes};
use super::guard::guard;
use super::handle::{EarlyOutput, borrow_arc, natsConnection, natsSubscription, new_subscription};
use super::types::natsMsgHandler;
use crate::client::SubscribeArgs;
use crate::error::{Result, natsStatus};

/// Subscribe to a subject with a callback.
///
/// The callback runs on a thread of the library: for one subscription the messages are delivered in
/// order, one at a time; different subscriptions are served in parallel. While a callback is busy,
/// messages wait, up to the pending limits; messages beyond the limits are dropped and reported to
/// the connection's error handler. The call does not wait for the server; `natsConnection_Flush`
/// does. After a reconnect the subscription is made again. Protocol: SUB.
///
/// @param sub Receives the subscription, which the caller owns and releases with
/// `natsSubscription_Destroy`. It is written before the first callback runs, and is valid only with
/// `NATS_OK`.
/// @param nc The connection.
/// @param subject The subject; the wildcards `*` (one token) and `>` (one or more tokens at the
/// end) are allowed.
/// @param cb The function that receives each message and then owns it.
/// @param cbClosure The last argument of `cb`; may be NULL. Not used any more once the completion
/// callback of the subscription is called.
///
/// @retval NATS_OK The subscription was created.
/// @retval NATS_INVALID_ARG `sub` or `cb` is NULL, or `nc` is NULL or was destroyed.
/// @retval NATS_INVALID_SUBJECT The subject is NULL or empty, has white space, control characters
/// or an empty token, has a `>` before its end, or makes the protocol line longer than
/// `natsOptions_SetMaxControlLine` allows.
/// @retval NATS_CONNECTION_CLOSED The connection is closed.
/// @retval NATS_DRAINING The connection is draining.
/// @retval NATS_FAILED_TO_INITIALIZE The fixed-size pool that the options selected has no threads.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @par Example
/// ```c
/// static void on_message(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *closure) {
///     printf("%s: %s\n", natsMsg_GetSubject(msg), natsMsg_GetData(msg));
///     natsMsg_Destroy(msg);
/// }
///
/// natsSubscription *sub = NULL;
/// natsStatus s = natsConnection_Subscribe(&sub, nc, "greet.*", on_message, NULL);
/// ```
///
/// @see natsSubscription_SetPendingLimits, natsSubscription_SetOnCompleteCB,
/// natsOptions_SetErrorHandler
///
/// @ingroup nats_subscribe
///
/// # Safety
/// `sub` is NULL or valid for writing a pointer; `nc` is NULL or a handle of this library;
/// `subject` is NULL or a string that ends with a NUL; `cb` may be called with `cbClosure` on any
/// thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsConnection_Subscribe(
    sub: *mut *mut natsSubscription,
    nc: *mut natsConnection,
    subject: *const c_char,
    cb: natsMsgHandler,
    cbClosure: *mut c_void,
) -> natsStatus {
    guard("natsConnection_Subscribe", || {
        let sink = sink(cb, cbClosure)?;
        // SAFETY: the caller's contract, above.
        let subject = unsafe { bytes(subject) }.unwrap_or_default();
        let args = SubscribeArgs {
            sink: Some(sink),
            ..SubscribeArgs::new(subject)
        };
        // SAFETY: likewise.
        unsafe { subscribe(sub, nc, args) }
    })
}

/// Subscribe to a subject with a callback that is also called when no message arrives in time.
///
/// Works as `natsConnection_Subscribe`. If no message arrives for `timeout` milliseconds, the
/// callback is called with a NULL message, and again each time that this time passes. The time
/// starts again when the callback for the last waiting message has returned. No such call is made
/// while messages wait or while the subscription drains.
///
/// @param sub Receives the subscription, which the caller owns and releases with
/// `natsSubscription_Destroy`. It is written before the first callback runs, and is valid only with
/// `NATS_OK`.
/// @param nc The connection.
/// @param subject The subject; the wildcards `*` (one token) and `>` (one or more tokens at the
/// end) are allowed.
/// @param timeout The time to wait for a message in milliseconds; greater than 0.
/// @param cb The function that receives each message and then owns it, or NULL in place of a
/// message.
/// @param cbClosure The last argument of `cb`; may be NULL. Not used any more once the completion
/// callback of the subscription is called.
///
/// @retval NATS_OK The subscription was created.
/// @retval NATS_INVALID_ARG `sub` or `cb` is NULL, `timeout` is not positive, or `nc` is NULL or
/// was destroyed.
/// @retval NATS_INVALID_SUBJECT The subject is NULL or empty, has white space, control characters
/// or an empty token, has a `>` before its end, or makes the protocol line longer than
/// `natsOptions_SetMaxControlLine` allows.
/// @retval NATS_CONNECTION_CLOSED The connection is closed.
/// @retval NATS_DRAINING The connection is draining.
/// @retval NATS_FAILED_TO_INITIALIZE The fixed-size pool that the options selected has no threads.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @see natsConnection_Subscribe
///
/// @ingroup nats_subscribe
///
/// # Safety
/// As for `natsConnection_Subscribe`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsConnection_SubscribeTimeout(
    sub: *mut *mut natsSubscription,
    nc: *mut natsConnection,
    subject: *const c_char,
    timeout: i64,
    cb: natsMsgHandler,
    cbClosure: *mut c_void,
) -> natsStatus {
    guard("natsConnection_SubscribeTimeout", || {
        let sink = sink(cb, cbClosure)?;
        let timeout = Some(positive(timeout)?);
        // SAFETY: the caller's contract, above.
        let subject = unsafe { bytes(subject) }.unwrap_or_default();
        let args = SubscribeArgs {
            sink: Some(sink),
            timeout,
            ..SubscribeArgs::new(subject)
        };
        // SAFETY: likewise.
        unsafe { subscribe(sub, nc, args) }
    })
}

/// Subscribe to a subject without a callback.
///
/// The messages wait until `natsSubscription_NextMsg` takes them, up to the pending limits;
/// messages beyond the limits are dropped and reported to the connection's error handler. The call
/// does not wait for the server; `natsConnection_Flush` does. After a reconnect the subscription is
/// made again. Protocol: SUB.
///
/// @param sub Receives the subscription, which the caller owns and releases with
/// `natsSubscription_Destroy`. Written only with `NATS_OK`.
/// @param nc The connection.
/// @param subject The subject; the wildcards `*` (one token) and `>` (one or more tokens at the
/// end) are allowed.
///
/// @retval NATS_OK The subscription was created.
/// @retval NATS_INVALID_ARG `sub` is NULL, or `nc` is NULL or was destroyed.
/// @retval NATS_INVALID_SUBJECT The subject is NULL or empty, has white space, control characters
/// or an empty token, has a `>` before its end, or makes the protocol line longer than
/// `natsOptions_SetMaxControlLine` allows.
/// @retval NATS_CONNECTION_CLOSED The connection is closed.
/// @retval NATS_DRAINING The connection is draining.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @par Example
/// ```c
/// natsSubscription *sub = NULL;
/// natsMsg *msg = NULL;
/// natsStatus s = natsConnection_SubscribeSync(&sub, nc, "greet.*");
/// if (s == NATS_OK) s = natsSubscription_NextMsg(&msg, sub, 1000);
/// if (s == NATS_OK) puts(natsMsg_GetData(msg));
/// natsMsg_Destroy(msg);
/// natsSubscription_Destroy(sub);
/// ```
///
/// @see natsSubscription_NextMsg
///
/// @ingroup nats_subscribe
///
/// # Safety
/// `sub` is NULL or valid for writing a pointer; `nc` is NULL or a handle of this library;
/// `subject` is NULL or a string that ends with a NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsConnection_SubscribeSync(
    sub: *mut *mut natsSubscription,
    nc: *mut natsConnection,
    subject: *const c_char,
) -> natsStatus {
    guard("natsConnection_SubscribeSync", || {
        // SAFETY: the caller's contract, above.
        let subject = unsafe { bytes(subject) }.unwrap_or_default();
        let args = SubscribeArgs::new(subject);
        // SAFETY: likewise.
        unsafe { subscribe(sub, nc, args) }
    })
}

/// Subscribe to a subject as a member of a queue group, with a callback.
///
/// Each message goes to one subscription of the group, wherever its members are connected, so that
/// they share the work. Callbacks, pending limits and reconnects work as for
/// `natsConnection_Subscribe`. Protocol: SUB with a queue group.
///
/// @param sub Receives the subscription, which the caller owns and releases with
/// `natsSubscription_Destroy`. It is written before the first callback runs, and is valid only with
/// `NATS_OK`.
/// @param nc The connection.
/// @param subject The subject; the wildcards `*` (one token) and `>` (one or more tokens at the
/// end) are allowed.
/// @param queueGroup The name of the group; not empty.
/// @param cb The function that receives each message and then owns it.
/// @param cbClosure The last argument of `cb`; may be NULL. Not used any more once the completion
/// callback of the subscription is called.
///
/// @retval NATS_OK The subscription was created.
/// @retval NATS_INVALID_ARG `sub` or `cb` is NULL, `queueGroup` is NULL or empty, or `nc` is NULL
/// or was destroyed.
/// @retval NATS_INVALID_SUBJECT The subject is NULL or empty, has white space, control characters
/// or an empty token, has a `>` before its end, or makes the protocol line longer than
/// `natsOptions_SetMaxControlLine` allows.
/// @retval NATS_CONNECTION_CLOSED The connection is closed.
/// @retval NATS_DRAINING The connection is draining.
/// @retval NATS_INVALID_QUEUE_NAME The group's name has white space or control characters, or makes
/// the protocol line longer than `natsOptions_SetMaxControlLine` allows.
/// @retval NATS_FAILED_TO_INITIALIZE The fixed-size pool that the options selected has no threads.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @par Example
/// ```c
/// static void on_job(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *closure) {
///     natsConnection_PublishString(nc, natsMsg_GetReply(msg), "done");
///     natsMsg_Destroy(msg);
/// }
///
/// natsSubscription *sub = NULL;
/// natsStatus s = natsConnection_QueueSubscribe(&sub, nc, "jobs", "workers", on_job, NULL);
/// ```
///
/// @see natsConnection_Subscribe
///
/// @ingroup nats_subscribe
///
/// # Safety
/// As for `natsConnection_Subscribe`; `queueGroup` is NULL or a string that ends with a NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsConnection_QueueSubscribe(
    sub: *mut *mut natsSubscription,
    nc: *mut natsConnection,
    subject: *const c_char,
    queueGroup: *const c_char,
    cb: natsMsgHandler,
    cbClosure: *mut c_void,
) -> natsStatus {
    guard("natsConnection_QueueSubscribe", || {
        let sink = sink(cb, cbClosure)?;
        // SAFETY: the caller's contract, above.
        let queue = Some(unsafe { some_bytes(queueGroup, NO_QUEUE) }?);
        // SAFETY: likewise.
        let subject = unsafe { bytes(subject) }.unwrap_or_default();
        let args = SubscribeArgs {
            queue,
            sink: Some(sink),
            ..SubscribeArgs::new(subject)
        };
        // SAFETY: likewise.
        unsafe { subscribe(sub, nc, args) }
    })
}

/// Subscribe as a member of a queue group, with a callback that is also called when no message
/// arrives in time.
///
/// Each message goes to one subscription of the group. If no message arrives here for `timeout`
/// milliseconds, the callback is called with a NULL message, and again each time that this time
/// passes, as described for `natsConnection_SubscribeTimeout`.
///
/// @param sub Receives the subscription, which the caller owns and releases with
/// `natsSubscription_Destroy`. It is written before the first callback runs, and is valid only with
/// `NATS_OK`.
/// @param nc The connection.
/// @param subject The subject; the wildcards `*` (one token) and `>` (one or more tokens at the
/// end) are allowed.
/// @param queueGroup The name of the group; not empty.
/// @param timeout The time to wait for a message in milliseconds; greater than 0.
/// @param cb The function that receives each message and then owns it, or NULL in place of a
/// message.
/// @param cbClosure The last argument of `cb`; may be NULL. Not used any more once the completion
/// callback of the subscription is called.
///
/// @retval NATS_OK The subscription was created.
/// @retval NATS_INVALID_ARG `sub` or `cb` is NULL, `queueGroup` is NULL or empty, `timeout` is not
/// positive, or `nc` is NULL or was destroyed.
/// @retval NATS_INVALID_SUBJECT The subject is NULL or empty, has white space, control characters
/// or an empty token, has a `>` before its end, or makes the protocol line longer than
/// `natsOptions_SetMaxControlLine` allows.
/// @retval NATS_CONNECTION_CLOSED The connection is closed.
/// @retval NATS_DRAINING The connection is draining.
/// @retval NATS_INVALID_QUEUE_NAME The group's name has white space or control characters, or makes
/// the protocol line longer than `natsOptions_SetMaxControlLine` allows.
/// @retval NATS_FAILED_TO_INITIALIZE The fixed-size pool that the options selected has no threads.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @see natsConnection_QueueSubscribe
///
/// @ingroup nats_subscribe
///
/// # Safety
/// As for `natsConnection_QueueSubscribe`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsConnection_QueueSubscribeTimeout(
    sub: *mut *mut natsSubscription,
    nc: *mut natsConnection,
    subject: *const c_char,
    queueGroup: *const c_char,
    timeout: i64,
    cb: natsMsgHandler,
    cbClosure: *mut c_void,
) -> natsStatus {
    guard("natsConnection_QueueSubscribeTimeout", || {
        let sink = sink(cb, cbClosure)?;
        let timeout = Some(positive(timeout)?);
        // SAFETY: the caller's contract, above.
        let queue = Some(unsafe { some_bytes(queueGroup, NO_QUEUE) }?);
        // SAFETY: likewise.
        let subject = unsafe { bytes(subject) }.unwrap_or_default();
        let args = SubscribeArgs {
            queue,
            sink: Some(sink),
            timeout,
            ..SubscribeArgs::new(subject)
        };
        // SAFETY: likewise.
        unsafe { subscribe(sub, nc, args) }
    })
}

/// Subscribe to a subject as a member of a queue group, without a callback.
///
/// Each message goes to one subscription of the group. Those for this one wait until
/// `natsSubscription_NextMsg` takes them, up to the pending limits; messages beyond the limits are
/// dropped and reported to the connection's error handler. Protocol: SUB with a queue group.
///
/// @param sub Receives the subscription, which the caller owns and releases with
/// `natsSubscription_Destroy`. Written only with `NATS_OK`.
/// @param nc The connection.
/// @param subject The subject; the wildcards `*` (one token) and `>` (one or more tokens at the
/// end) are allowed.
/// @param queueGroup The name of the group; not empty.
///
/// @retval NATS_OK The subscription was created.
/// @retval NATS_INVALID_ARG `sub` is NULL, `queueGroup` is NULL or empty, or `nc` is NULL or was
/// destroyed.
/// @retval NATS_INVALID_SUBJECT The subject is NULL or empty, has white space, control characters
/// or an empty token, has a `>` before its end, or makes the protocol line longer than
/// `natsOptions_SetMaxControlLine` allows.
/// @retval NATS_CONNECTION_CLOSED The connection is closed.
/// @retval NATS_DRAINING The connection is draining.
/// @retval NATS_INVALID_QUEUE_NAME The group's name has white space or control characters, or makes
/// the protocol line longer than `natsOptions_SetMaxControlLine` allows.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @see natsConnection_SubscribeSync, natsSubscription_NextMsg
///
/// @ingroup nats_subscribe
///
/// # Safety
/// As for `natsConnection_SubscribeSync`; `queueGroup` is NULL or a string that ends with a NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsConnection_QueueSubscribeSync(
    sub: *mut *mut natsSubscription,
    nc: *mut natsConnection,
    subject: *const c_char,
    queueGroup: *const c_char,
) -> natsStatus {
    guard("natsConnection_QueueSubscribeSync", || {
        // SAFETY: the caller's contract, above.
        let queue = Some(unsafe { some_bytes(queueGroup, NO_QUEUE) }?);
        // SAFETY: likewise.
        let subject = unsafe { bytes(subject) }.unwrap_or_default();
        let args = SubscribeArgs {
            queue,
            ..SubscribeArgs::new(subject)
        };
        // SAFETY: likewise.
        unsafe { subscribe(sub, nc, args) }
    })
}

pub(super) const NO_QUEUE: &str = "queue group cannot be NULL nor empty";

/// The time after which a callback is told that no message arrived.
fn positive(timeout: i64) -> Result<Duration> {
    convert::positive(timeout, "timeout").map(|ms| Duration::from_millis(ms.unsigned_abs()))
}

/// Creates a subscription, and gives it to the program before its first callback.
///
/// # Safety
/// `out` is NULL or valid for writing a pointer; `nc` is NULL or a handle of this library.
pub(super) unsafe fn subscribe(
    out: *mut *mut natsSubscription,
    nc: *mut natsConnection,
    args: SubscribeArgs<'_>,
) -> Result<()> {
    required(out, "sub")?;
    // SAFETY: the contract above.
    let connection = unsafe { borrow_arc(nc) }?;
    let subscription = connection.prepare_subscription(args)?;
    // SAFETY: not NULL, hence valid for writing by the contract above; the handle is new.
    let output = unsafe {
        let mut output = EarlyOutput::new(out);
        output.write(new_subscription(&subscription));
        output
    };
    output
        .finish(connection.start_subscription(&subscription))
        .inspect_err(|_| subscription.destroy())
}

#[cfg(test)]
mod tests {
    use std::ptr;

    use super::*;
    use crate::error::Status;
    use crate::ffi::msg::natsMsg;

    unsafe extern "C" fn ignore(
        _: *mut natsConnection,
        _: *mut natsSubscription,
        _: *mut natsMsg,
        _: *mut c_void,
    ) {
    }

    #[test]
    fn arguments_are_checked_and_nothing_is_written() {
        let untouched = ptr::dangling_mut();
        let mut sub = untouched;
        let (nc, none, a) = (ptr::null_mut(), ptr::null_mut(), c"a".as_ptr());
        // SAFETY: NULLs, literals and a live local.
        let all = unsafe {
            [
                natsConnection_Subscribe(&mut sub, nc, a, Some(ignore), none),
                natsConnection_Subscribe(ptr::null_mut(), nc, a, Some(ignore), none),
                natsConnection_Subscribe(&mut sub, nc, a, None, none),
                natsConnection_SubscribeTimeout(&mut sub, nc, a, 0, Some(ignore), none),
                natsConnection_SubscribeTimeout(&mut sub, nc, a, -1, Some(ignore), none),
                natsConnection_SubscribeSync(&mut sub, nc, a),
                natsConnection_QueueSubscribe(&mut sub, nc, a, ptr::null(), Some(ignore), none),
                natsConnection_QueueSubscribeTimeout(&mut sub, nc, a, a, 0, Some(ignore), none),
                natsConnection_QueueSubscribeSync(&mut sub, nc, a, c"".as_ptr()),
            ]
        };
        assert_eq!(all, [Status::NATS_INVALID_ARG; 9]);
        assert_eq!(sub, untouched);
    }
}
