//! Subscribing: interest in a subject, and the way from a delivery to the program's function.

use std::ffi::{c_char, c_void};
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::Arc;
use std::time::Duration;

use super::callback::{Callback, Function};
use super::convert::{self, bytes, required, some_bytes};
use super::guard::guard;
use super::handle::{
    self, Held, borrow_arc, hold_connection, hold_subscription, natsConnection, natsSubscription,
    new_subscription,
};
use super::msg::{into_c, natsMsg};
use super::types::natsMsgHandler;
use crate::client::{MsgSink, SubscribeArgs, Subscription};
use crate::error::{Error, Result, natsStatus};
use crate::locks::Mutex;
use crate::msg::Msg;

/// Subscribes to a subject; messages go to a callback.
///
/// Messages are delivered by a pool of threads: those of one subscription in order, one at a time,
/// those of several at once. A callback that is slow lets messages wait, up to the pending limits;
/// what is beyond is dropped, and the connection's error handler told. Subscribing does not wait
/// for the server: `natsConnection_Flush` does. After a reconnect the subscription is made again.
/// Source: NATS client protocol, SUB.
///
/// @param sub where to put the subscription, yours until `natsSubscription_Destroy`. It is there
/// before the first callback, and only stays with `NATS_OK`.
/// @param nc the connection; any thread may call this at any time.
/// @param subject the subject, which may have the wildcards `*` and `>`.
/// @param cb the function to call with each message, which is then its to destroy.
/// @param cbClosure what it gets as its last argument; may be NULL. Not used any more when the
/// subscription's completion callback is called.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `sub`, `nc` or `cb` is NULL or `nc` was destroyed;
/// `NATS_INVALID_SUBJECT` where the subject is NULL, empty, has white space, control characters or an
/// empty token, or a `>` that is not its last token, or is too long
/// (`natsOptions_SetMaxControlLine`); `NATS_CONNECTION_CLOSED`; `NATS_DRAINING`;
/// `NATS_FAILED_TO_INITIALIZE` where the pool that the options chose has no threads.
///
/// @see natsSubscription_SetPendingLimits, natsSubscription_SetOnCompleteCB,
/// natsOptions_SetErrorHandler
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
            subject,
            queue: None,
            sink: Some(sink),
            timeout: None,
        };
        // SAFETY: likewise.
        unsafe { subscribe(sub, nc, args) }
    })
}

/// Subscribes to a subject; messages go to a callback, and so does their absence.
///
/// As `natsConnection_Subscribe`. When no message has come for a while the callback is called with
/// a NULL message, and again each time that passes. The time starts anew when the last waiting
/// message was handled.
///
/// @param sub where to put the subscription, yours until `natsSubscription_Destroy`. It is there
/// before the first callback, and only stays with `NATS_OK`.
/// @param nc the connection; any thread may call this at any time.
/// @param subject the subject, which may have the wildcards `*` and `>`.
/// @param timeout how long to wait for a message, in milliseconds; more than 0.
/// @param cb the function to call with each message, which is then its to destroy, or with NULL.
/// @param cbClosure what it gets as its last argument; may be NULL.
/// @return as `natsConnection_Subscribe`; `NATS_INVALID_ARG` also where `timeout` is not positive.
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
            subject,
            queue: None,
            sink: Some(sink),
            timeout,
        };
        // SAFETY: likewise.
        unsafe { subscribe(sub, nc, args) }
    })
}

/// Subscribes to a subject; messages wait for `natsSubscription_NextMsg`.
///
/// At most as many wait as the pending limits allow; what is beyond is dropped, and the
/// connection's error handler told. Source: NATS client protocol, SUB.
///
/// @param sub where to put the subscription, yours until `natsSubscription_Destroy`; written only
/// with `NATS_OK`.
/// @param nc the connection; any thread may call this at any time.
/// @param subject the subject, which may have the wildcards `*` and `>`.
/// @return as `natsConnection_Subscribe`.
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
        let args = SubscribeArgs {
            subject,
            queue: None,
            sink: None,
            timeout: None,
        };
        // SAFETY: likewise.
        unsafe { subscribe(sub, nc, args) }
    })
}

/// Subscribes to a subject as a member of a queue group; messages go to a callback.
///
/// As `natsConnection_Subscribe`, but each message goes to one of the subscriptions of the group,
/// wherever they are, so that they share the work. Source: NATS client protocol, SUB with a queue
/// group.
///
/// @param sub where to put the subscription, yours until `natsSubscription_Destroy`. It is there
/// before the first callback, and only stays with `NATS_OK`.
/// @param nc the connection; any thread may call this at any time.
/// @param subject the subject, which may have the wildcards `*` and `>`.
/// @param queueGroup the group's name, not empty.
/// @param cb the function to call with each message, which is then its to destroy.
/// @param cbClosure what it gets as its last argument; may be NULL.
/// @return as `natsConnection_Subscribe`; `NATS_INVALID_ARG` also where `queueGroup` is NULL or
/// empty; `NATS_INVALID_QUEUE_NAME` where it has white space or control characters, or is too long.
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
            subject,
            queue,
            sink: Some(sink),
            timeout: None,
        };
        // SAFETY: likewise.
        unsafe { subscribe(sub, nc, args) }
    })
}

/// Subscribes to a subject as a member of a queue group; messages go to a callback, and so does
/// their absence.
///
/// As `natsConnection_QueueSubscribe` and `natsConnection_SubscribeTimeout`.
///
/// @param sub where to put the subscription, yours until `natsSubscription_Destroy`. It is there
/// before the first callback, and only stays with `NATS_OK`.
/// @param nc the connection; any thread may call this at any time.
/// @param subject the subject, which may have the wildcards `*` and `>`.
/// @param queueGroup the group's name, not empty.
/// @param timeout how long to wait for a message, in milliseconds; more than 0.
/// @param cb the function to call with each message, which is then its to destroy, or with NULL.
/// @param cbClosure what it gets as its last argument; may be NULL.
/// @return as `natsConnection_QueueSubscribe`; `NATS_INVALID_ARG` also where `timeout` is not
/// positive.
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
            subject,
            queue,
            sink: Some(sink),
            timeout,
        };
        // SAFETY: likewise.
        unsafe { subscribe(sub, nc, args) }
    })
}

/// Subscribes to a subject as a member of a queue group; messages wait for
/// `natsSubscription_NextMsg`.
///
/// As `natsConnection_SubscribeSync`, but each message goes to one of the subscriptions of the
/// group.
///
/// @param sub where to put the subscription, yours until `natsSubscription_Destroy`; written only
/// with `NATS_OK`.
/// @param nc the connection; any thread may call this at any time.
/// @param subject the subject, which may have the wildcards `*` and `>`.
/// @param queueGroup the group's name, not empty.
/// @return as `natsConnection_QueueSubscribe`.
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
            subject,
            queue,
            sink: None,
            timeout: None,
        };
        // SAFETY: likewise.
        unsafe { subscribe(sub, nc, args) }
    })
}

const NO_QUEUE: &str = "queue group cannot be NULL nor empty";

/// The time after which a callback is told that there was no message.
fn positive(timeout: i64) -> Result<Duration> {
    convert::positive(timeout, "timeout").map(|ms| Duration::from_millis(ms.unsigned_abs()))
}

/// Makes a subscription, and gives it to the program before its first callback.
///
/// # Safety
/// `out` is NULL or valid for writing a pointer; `nc` is NULL or a handle of this library.
unsafe fn subscribe(
    out: *mut *mut natsSubscription,
    nc: *mut natsConnection,
    args: SubscribeArgs<'_>,
) -> Result<()> {
    required(out, "sub")?;
    // SAFETY: the contract above.
    let connection = unsafe { borrow_arc(nc) }?;
    let subscription = connection.prepare_subscription(args)?;
    let handle = new_subscription(&subscription);
    // Callbacks may want the handle before this returns; what was there comes back if nothing comes
    // of it. The program need not have set it to anything.
    let place = out.cast::<MaybeUninit<*mut natsSubscription>>();
    // SAFETY: not NULL, hence valid for writing by the contract above; any bytes will do.
    let before = unsafe { place.replace(MaybeUninit::new(handle)) };
    connection
        .start_subscription(&subscription)
        .inspect_err(|_| {
            // SAFETY: as above; the handle was made above.
            unsafe {
                place.write(before);
                handle::destroy(handle);
            }
            subscription.destroy();
        })
}

/// The program's function, called with each message of a subscription.
struct CallbackSink {
    callback: Callback<MsgHandler>,
    /// What keeps the handles usable, from the beginning of a batch to its end.
    held: Mutex<Option<(Held<natsConnection>, Held<natsSubscription>)>>,
}

/// A `natsMsgHandler` that is not NULL.
type MsgHandler =
    unsafe extern "C" fn(*mut natsConnection, *mut natsSubscription, *mut natsMsg, *mut c_void);

fn sink(cb: natsMsgHandler, closure: *mut c_void) -> Result<Box<dyn MsgSink>> {
    let callback =
        Callback::new(cb, closure).ok_or_else(|| Error::invalid_arg("callback cannot be NULL"))?;
    Ok(Box::new(CallbackSink {
        callback,
        held: Mutex::new(None),
    }))
}

impl MsgSink for CallbackSink {
    fn begin(&self, sub: &Arc<Subscription>) {
        *self.held.lock() = Some((hold_connection(sub.connection()), hold_subscription(sub)));
    }

    fn deliver(&self, sub: &Arc<Subscription>, msg: Option<Msg>) {
        let nc = ptr::with_exposed_provenance_mut(sub.connection().handle());
        let handle = ptr::with_exposed_provenance_mut(sub.handle());
        let msg = msg.map_or(ptr::null_mut(), into_c);
        let (function, closure) = self.callback.parts();
        // SAFETY: the program gave the function for this, to be called with its closure on any
        // thread. The handles are usable from `begin` to `end`; the message is the program's from
        // here on.
        unsafe { function.call((nc, handle, msg, closure)) };
    }

    fn end(&self, _sub: &Arc<Subscription>) {
        let held = self.held.lock().take();
        drop(held);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Status;

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
