//! Requests for which no thread waits.

use std::ffi::c_void;
use std::ptr;

use super::callback::{Callback, Function};
use super::convert::millis_or_forever;
use super::guard::guard;
use super::handle::{borrow_arc, hold_connection, natsConnection};
use super::last_error;
use super::msg::{borrow_msg, into_c, natsMsg};
use super::types::natsReplyHandler;
use crate::client::{Publish, ReplyHandler};
use crate::error::{Status, natsStatus};

/// Send a message as a request and have a callback called with the first reply.
///
/// Returns as soon as the request is written. The callback is called once, with the reply or with
/// the reason why there is none; if this function fails it is not called. Later replies are
/// discarded. The wait continues across a reconnect, unless
/// `natsOptions_SetFailRequestsOnDisconnect` is set. A drain of the connection does not wait for
/// the reply. The reply subject of the message is neither used nor changed.
///
/// With manual dispatch (`natsOptions_SetManualDispatch`) the callback runs in
/// `natsConnection_Dispatch`. There it is not called if the connection is destroyed before it was
/// dispatched; close the connection first and dispatch until nothing waits.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param nc The connection.
/// @param requestMsg The request, which remains the caller's. No other thread may use it during the
/// call.
/// @param timeout The longest time to wait for the reply in milliseconds; 0 or less for no limit.
/// @param cb The callback, as described for `natsReplyHandler`.
/// @param closure The last argument of `cb`; may be NULL.
///
/// @retval NATS_OK The request was sent, and the callback will be called, with the exception above.
/// @retval NATS_INVALID_ARG `requestMsg` or `cb` is NULL, or `nc` is NULL or was destroyed.
/// @retval NATS_TIMEOUT The socket did not accept the request in time.
/// @retval NATS_INVALID_SUBJECT The subject is NULL or empty, has white space or control
/// characters, or makes the protocol line longer than `natsOptions_SetMaxControlLine` allows.
/// @retval NATS_CONNECTION_CLOSED The connection is closed.
/// @retval NATS_DRAINING The connection is draining and its subscriptions are finished.
/// @retval NATS_MAX_PAYLOAD Headers and payload exceed the server's `max_payload`.
/// @retval NATS_INSUFFICIENT_BUFFER The connection is reconnecting and the reconnect buffer is
/// full.
/// @retval NATS_FAILED_TO_INITIALIZE The fixed-size pool that the options selected has no threads.
/// @retval NATS_IO_ERROR Writing to the socket failed.
/// @retval NATS_NO_MEMORY Memory could not be allocated.
/// @retval NATS_NO_SERVER_SUPPORT The message has headers and the server does not support them.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @par Example
/// ```c
/// static void on_reply(natsConnection *nc, natsStatus s, natsMsg *reply, void *closure) {
///     if (s == NATS_OK) puts(natsMsg_GetData(reply));
///     else fprintf(stderr, "%s\n", nats_GetLastError(NULL));
///     natsMsg_Destroy(reply);
/// }
///
/// natsStatus s = natsConnection_RequestMsgAsync(nc, msg, 2000, on_reply, NULL);
/// ```
///
/// @see natsConnection_RequestMsg, natsConnection_RequestMany
///
/// @ingroup nats_request
///
/// # Safety
/// `nc` is NULL or a handle of this library; `requestMsg` is NULL or a message of this library that
/// no other thread uses during the call; `cb` may be called with `closure` on any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsConnection_RequestMsgAsync(
    nc: *mut natsConnection,
    requestMsg: *mut natsMsg,
    timeout: i64,
    cb: natsReplyHandler,
    closure: *mut c_void,
) -> natsStatus {
    guard("natsConnection_RequestMsgAsync", || {
        let callback = Callback::required(cb, closure)?;
        // SAFETY: the caller's contract, above.
        let (connection, request) = unsafe { (borrow_arc(nc)?, borrow_msg(requestMsg)?) };
        let out = Publish {
            subject: request.subject(),
            reply: None,
            headers: request.header_block(),
            payload: request.payload(),
        };
        connection.request_callback(&out, millis_or_forever(timeout), reply_handler(callback))
    })
}

type ReplyFn = unsafe extern "C" fn(*mut natsConnection, natsStatus, *mut natsMsg, *mut c_void);

/// The program's function as the core calls it.
fn reply_handler(callback: Callback<ReplyFn>) -> ReplyHandler {
    Box::new(move |connection, result| {
        let (function, closure) = callback.parts();
        let held = hold_connection(connection);
        let (status, reply) = match result {
            Ok(reply) => (Status::NATS_OK, into_c(reply)),
            Err(e) => {
                last_error::preset(e.status(), e.text());
                (e.status(), ptr::null_mut())
            }
        };
        // SAFETY: the program's function, with a handle that is held, a message that is the function's from here on,
        // and the closure it gave.
        unsafe { function.call((*held, status, reply, closure)) };
        last_error::clear();
    })
}
