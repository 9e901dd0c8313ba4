//! Callbacks for the events of a connection.

use std::ffi::c_void;
use std::sync::Arc;

use super::set;
use crate::client::options::{ConnHandler, ErrorHandler, ReleasedHandler};
use crate::error::natsStatus;
use crate::ffi::callback::{Callback, Function};
use crate::ffi::guard::guard;
use crate::ffi::handle::{hold_connection, hold_subscription, natsOptions};
use crate::ffi::last_error;
use crate::ffi::types::{natsConnectionHandler, natsErrHandler, natsOnCompleteCB};

/// Set the callback for errors that no call can return.
///
/// The default handler prints one line to standard error for each error. `natsErrHandler` describes
/// when the callback runs.
///
/// Every error that a server reports goes to the handler. The text, compared without regard to case
/// and quotes, decides what else happens:
///
/// | Text of the server | Status | Effect |
/// |---|---|---|
/// | contains `Permissions Violation` | `NATS_NOT_PERMITTED` | none |
/// | `maximum subscriptions exceeded` | `NATS_ERR`, with the subscription if it is known | The subscription is not sent again until another one ends or `natsConnection_Reconnect` is called. |
/// | `Invalid Subject`, `Invalid Publish Subject` | `NATS_ERR` | none |
/// | `maximum connections exceeded`, `maximum account active connections exceeded`, `Server Shutdown`, `Slow Consumer`, `Authentication Timeout` | `NATS_ERR` | reconnect, if the options allow it |
/// | `Stale Connection` | `NATS_STALE_CONNECTION` | reconnect, if the options allow it |
/// | contains `Authorization Violation`, `User Authentication Expired`, `User Authentication Revoked` or `Account Authentication Expired` | `NATS_CONNECTION_AUTH_FAILED` | reconnect, if the options allow it; the same error twice from one server, without a second of success between, closes the connection unless `natsOptions_SetIgnoreAuthErrorAbort` is set |
/// | anything else | `NATS_ERR` | The connection is closed, or reconnects with `natsOptions_SetReconnectOnProtocolError`. |
///
/// An error that a server reports in the handshake of a reconnect goes to the handler too; the next
/// attempt follows, unless credentials were refused twice.
///
/// The handler also receives slow consumers (`NATS_SLOW_CONSUMER`, with the subscription), failed
/// drains, and publishes that were accepted and then dropped, with the subject in the text. A
/// publish is dropped if it was kept across a reconnect and the next server does not accept it
/// (`NATS_MAX_PAYLOAD`, or `NATS_NO_SERVER_SUPPORT` if it has headers that the server does not
/// support), or if the connection broke three times in a row while it was being sent
/// (`NATS_MAX_PAYLOAD`).
///
/// An error that waits for the handler already is not queued again: its text has the number of
/// times it happened. At most 128 different errors of a connection wait.
///
/// @param opts The options.
/// @param errHandler The callback; NULL for the default handler.
/// @param closure The last argument of the callback. It must stay valid until
/// connections made with these options make no more callbacks (`natsOptions_SetReleasedCB`).
///
/// @retval NATS_OK The option was set.
/// @retval NATS_INVALID_ARG `opts` is NULL or was destroyed.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @par Example
/// ```c
/// static void on_error(natsConnection *nc, natsSubscription *sub, natsStatus err, void *closure) {
///     fprintf(stderr, "%s: %s\n", natsStatus_GetText(err), nats_GetLastError(NULL));
/// }
///
/// natsStatus s = natsOptions_SetErrorHandler(opts, on_error, NULL);
/// ```
///
/// @ingroup nats_errors
///
/// # Safety
/// `opts` is NULL or a handle of this library; `errHandler` may be called with `closure` on any
/// thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_SetErrorHandler(
    opts: *mut natsOptions,
    errHandler: natsErrHandler,
    closure: *mut c_void,
) -> natsStatus {
    guard("natsOptions_SetErrorHandler", || {
        let handler = error_handler(errHandler, closure);
        // SAFETY: the caller's contract, above.
        unsafe { set(opts, |o| o.error_handler = handler) }
    })
}

/// Set the callback for a connection that is closed for good.
///
/// A connection is closed by the program, at the end of a drain, or when reconnecting is given up.
///
/// @param opts The options.
/// @param closedCb The callback, as described for `natsConnectionHandler`; NULL for none.
/// @param closure The last argument of the callback. It must stay valid until
/// connections made with these options make no more callbacks (`natsOptions_SetReleasedCB`).
///
/// @retval NATS_OK The option was set.
/// @retval NATS_INVALID_ARG `opts` is NULL or was destroyed.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @par Example
/// ```c
/// static void on_closed(natsConnection *nc, void *closure) {
///     char why[256] = "";
///     natsConnection_ReadLastError(nc, why, sizeof(why));
///     fprintf(stderr, "closed: %s\n", why);
/// }
///
/// natsStatus s = natsOptions_SetClosedCB(opts, on_closed, NULL);
/// ```
///
/// @ingroup nats_events
///
/// # Safety
/// `opts` is NULL or a handle of this library; `closedCb` may be called with `closure` on any
/// thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_SetClosedCB(
    opts: *mut natsOptions,
    closedCb: natsConnectionHandler,
    closure: *mut c_void,
) -> natsStatus {
    guard("natsOptions_SetClosedCB", || {
        let handler = connection_handler(closedCb, closure);
        // SAFETY: the caller's contract, above.
        unsafe { set(opts, |o| o.closed_cb = handler) }
    })
}

/// Set the callback for a connection that lost its server, or was closed while connected.
///
/// In the callback `natsConnection_ReadLastError` has the reason for the loss, whatever happened
/// since.
///
/// @param opts The options.
/// @param disconnectedCb The callback, as described for `natsConnectionHandler`; NULL for none.
/// @param closure The last argument of the callback. It must stay valid until
/// connections made with these options make no more callbacks (`natsOptions_SetReleasedCB`).
///
/// @retval NATS_OK The option was set.
/// @retval NATS_INVALID_ARG `opts` is NULL or was destroyed.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_events
///
/// # Safety
/// `opts` is NULL or a handle of this library; `disconnectedCb` may be called with `closure` on any
/// thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_SetDisconnectedCB(
    opts: *mut natsOptions,
    disconnectedCb: natsConnectionHandler,
    closure: *mut c_void,
) -> natsStatus {
    guard("natsOptions_SetDisconnectedCB", || {
        let handler = connection_handler(disconnectedCb, closure);
        // SAFETY: the caller's contract, above.
        unsafe { set(opts, |o| o.disconnected_cb = handler) }
    })
}

/// Set the callback for a lost connection that is restored.
///
/// It is not called for the first connect.
///
/// @param opts The options.
/// @param reconnectedCb The callback, as described for `natsConnectionHandler`; NULL for none.
/// @param closure The last argument of the callback. It must stay valid until
/// connections made with these options make no more callbacks (`natsOptions_SetReleasedCB`).
///
/// @retval NATS_OK The option was set.
/// @retval NATS_INVALID_ARG `opts` is NULL or was destroyed.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @par Example
/// ```c
/// static void on_reconnected(natsConnection *nc, void *closure) {
///     char url[256] = "";
///     natsConnection_GetConnectedUrl(nc, url, sizeof(url));
///     fprintf(stderr, "connected again, to %s\n", url);
/// }
///
/// natsStatus s = natsOptions_SetReconnectedCB(opts, on_reconnected, NULL);
/// ```
///
/// @ingroup nats_events
///
/// # Safety
/// `opts` is NULL or a handle of this library; `reconnectedCb` may be called with `closure` on any
/// thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_SetReconnectedCB(
    opts: *mut natsOptions,
    reconnectedCb: natsConnectionHandler,
    closure: *mut c_void,
) -> natsStatus {
    guard("natsOptions_SetReconnectedCB", || {
        let handler = connection_handler(reconnectedCb, closure);
        // SAFETY: the caller's contract, above.
        unsafe { set(opts, |o| o.reconnected_cb = handler) }
    })
}

/// Set the callback for a cluster that announced a server unknown to the connection.
///
/// @param opts The options.
/// @param discoveredServersCb The callback, as described for `natsConnectionHandler`; NULL for
/// none.
/// @param closure The last argument of the callback. It must stay valid until
/// connections made with these options make no more callbacks (`natsOptions_SetReleasedCB`).
///
/// @retval NATS_OK The option was set.
/// @retval NATS_INVALID_ARG `opts` is NULL or was destroyed.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @see natsConnection_GetDiscoveredServers
///
/// @ingroup nats_events
///
/// # Safety
/// `opts` is NULL or a handle of this library; `discoveredServersCb` may be called with `closure`
/// on any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_SetDiscoveredServersCB(
    opts: *mut natsOptions,
    discoveredServersCb: natsConnectionHandler,
    closure: *mut c_void,
) -> natsStatus {
    guard("natsOptions_SetDiscoveredServersCB", || {
        let handler = connection_handler(discoveredServersCb, closure);
        // SAFETY: the caller's contract, above.
        unsafe { set(opts, |o| o.discovered_servers_cb = handler) }
    })
}

/// Set the callback for a server that is about to shut down (lame duck mode).
///
/// The server asks its clients to connect elsewhere; `natsConnection_Reconnect` does so.
///
/// @param opts The options.
/// @param lameDuckCb The callback, as described for `natsConnectionHandler`; NULL for none.
/// @param closure The last argument of the callback. It must stay valid until
/// connections made with these options make no more callbacks (`natsOptions_SetReleasedCB`).
///
/// @retval NATS_OK The option was set.
/// @retval NATS_INVALID_ARG `opts` is NULL or was destroyed.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_events
///
/// # Safety
/// `opts` is NULL or a handle of this library; `lameDuckCb` may be called with `closure` on any
/// thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_SetLameDuckModeCB(
    opts: *mut natsOptions,
    lameDuckCb: natsConnectionHandler,
    closure: *mut c_void,
) -> natsStatus {
    guard("natsOptions_SetLameDuckModeCB", || {
        let handler = connection_handler(lameDuckCb, closure);
        // SAFETY: the caller's contract, above.
        unsafe { set(opts, |o| o.lame_duck_cb = handler) }
    })
}

/// Set the callback that reports that a connection makes no further callbacks.
///
/// It is called once for each connection that `natsConnection_Connect` returned: after the
/// connection was destroyed and the last callback of it and of its subscriptions has returned. The
/// memory that their closures point to may be freed then. The callback must not use the connection.
///
/// @param opts The options.
/// @param cb The callback, which is called on any thread, also inside `natsConnection_Destroy`;
/// NULL for none.
/// @param closure The argument of the callback.
///
/// @retval NATS_OK The option was set.
/// @retval NATS_INVALID_ARG `opts` is NULL or was destroyed.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @see natsConnection_DestroyAndWait
///
/// @ingroup nats_events
///
/// # Safety
/// `opts` is NULL or a handle of this library; `cb` may be called with `closure` on any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_SetReleasedCB(
    opts: *mut natsOptions,
    cb: natsOnCompleteCB,
    closure: *mut c_void,
) -> natsStatus {
    guard("natsOptions_SetReleasedCB", || {
        let handler = released_handler(cb, closure);
        // SAFETY: the caller's contract, above.
        unsafe { set(opts, |o| o.released_cb = handler) }
    })
}

/// The program's callback in the core's form: with a handle that stays usable meanwhile.
pub(super) fn connection_handler(
    function: natsConnectionHandler,
    closure: *mut c_void,
) -> Option<ConnHandler> {
    let callback = Callback::new(function, closure)?;
    Some(Arc::new(move |connection| {
        let (function, closure) = callback.parts();
        let held = hold_connection(connection);
        // SAFETY: the program's function, with a handle that is held and the closure it gave.
        unsafe { function.call((*held, closure)) };
        last_error::clear();
    }))
}

fn error_handler(function: natsErrHandler, closure: *mut c_void) -> Option<ErrorHandler> {
    let callback = Callback::new(function, closure)?;
    Some(Arc::new(move |connection, subscription, status, text| {
        let (function, closure) = callback.parts();
        let held = hold_connection(connection);
        let held_sub = subscription.map(hold_subscription);
        let sub = held_sub.as_ref().map_or(std::ptr::null_mut(), |sub| **sub);
        if let Some(text) = text {
            last_error::preset(status, text);
        }
        // SAFETY: the program's function, with handles that are held and the closure it gave.
        unsafe { function.call((*held, sub, status, closure)) };
        last_error::clear();
    }))
}

fn released_handler(function: natsOnCompleteCB, closure: *mut c_void) -> Option<ReleasedHandler> {
    let callback = Callback::new(function, closure)?;
    Some(Arc::new(move || {
        let (function, closure) = callback.parts();
        // SAFETY: the program's function, with the closure it gave for it.
        unsafe { function.call((closure,)) };
        last_error::clear();
    }))
}
