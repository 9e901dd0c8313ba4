//! Who is told what happens to a connection.

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

/// Sets who is told of errors that no call could return, as `natsErrHandler` describes.
///
/// The one that is there by default prints a line to standard error for each.
///
/// Each error that a server reports is told. What follows depends on its text, which is compared
/// without regard to case and quotes:
///
/// | The server says | Status | What happens |
/// |---|---|---|
/// | ...`Permissions Violation`... | `NATS_NOT_PERMITTED` | nothing else |
/// | `maximum subscriptions exceeded` | `NATS_ERR`, with the subscription where that is clear | that subscription is not sent again until another one ends or `natsConnection_Reconnect` is called |
/// | `Invalid Subject`, `Invalid Publish Subject` | `NATS_ERR` | nothing else |
/// | `maximum connections exceeded`, `maximum account active connections exceeded`, `Server Shutdown`, `Slow Consumer`, `Authentication Timeout` | `NATS_ERR` | reconnect, as the options say |
/// | `Stale Connection` | `NATS_STALE_CONNECTION` | reconnect, as the options say |
/// | ...`Authorization Violation`..., `User Authentication Expired`, `User Authentication Revoked`, `Account Authentication Expired` | `NATS_CONNECTION_AUTH_FAILED` | reconnect, as the options say; the same twice from one server, without a second of success in between, closes, unless `natsOptions_SetIgnoreAuthErrorAbort` |
/// | anything else | `NATS_ERR` | the connection is closed, or reconnects with `natsOptions_SetReconnectOnProtocolError` |
///
/// While reconnecting, also an error that a server reports in the handshake is told; then the next
/// attempt follows, but for credentials that are refused twice.
///
/// These are told too: a slow consumer (`NATS_SLOW_CONSUMER`, with the subscription); a failed
/// drain; and a publish that was accepted and is dropped, with its subject in the text. That is so
/// if it was kept over a reconnect and does not fit the next server (`NATS_MAX_PAYLOAD`, or
/// `NATS_NO_SERVER_SUPPORT` where it has headers and that server knows none), and if the connection
/// broke three times running while it was being sent (`NATS_MAX_PAYLOAD`).
///
/// An error that waits for the handler already is not told again: its text says how many times it
/// happened. At most 128 different ones of a connection wait.
///
/// @param opts the options.
/// @param errHandler the function; NULL for the default one.
/// @param closure what the function gets; it must stay valid as long as connections made with
/// these options exist.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed.
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

/// Sets who is told that a connection is closed for good: by the program, after a drain, or because
/// reconnecting was given up.
///
/// @param opts the options.
/// @param closedCb the function, called as `natsConnectionHandler` describes; NULL for none.
/// @param closure what the function gets; it must stay valid as long as connections made with
/// these options exist.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed.
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

/// Sets who is told that a connection is lost, or closed while it was connected.
///
/// In the function `natsConnection_ReadLastError` has the reason for the loss, whatever has happened
/// since.
///
/// @param opts the options.
/// @param disconnectedCb the function, called as `natsConnectionHandler` describes; NULL for none.
/// @param closure what the function gets; it must stay valid as long as connections made with
/// these options exist.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed.
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

/// Sets who is told that a lost connection is back. Not called for the first connect.
///
/// @param opts the options.
/// @param reconnectedCb the function, called as `natsConnectionHandler` describes; NULL for none.
/// @param closure what the function gets; it must stay valid as long as connections made with
/// these options exist.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed.
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

/// Sets who is told that the cluster has a server that the connection did not know.
///
/// @param opts the options.
/// @param discoveredServersCb the function, called as `natsConnectionHandler` describes; NULL for
/// none.
/// @param closure what the function gets; it must stay valid as long as connections made with
/// these options exist.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed.
///
/// @see natsConnection_GetDiscoveredServers
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

/// Sets who is told that the server is about to shut down and wants its clients to go elsewhere
/// ("lame duck mode").
///
/// @param opts the options.
/// @param lameDuckCb the function, called as `natsConnectionHandler` describes; NULL for none.
/// @param closure what the function gets; it must stay valid as long as connections made with
/// these options exist.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed.
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

/// Sets who is told that a connection will not call the program any more. An addition to the
/// interface of nats.c.
///
/// It is called once for each connection that `natsConnection_Connect` handed out: after the
/// connection was destroyed, and after the last callback of it and of its subscriptions returned.
/// What the closures of those callbacks point at may be freed then. It must not use the connection.
///
/// @param opts the options.
/// @param cb the function, called on any thread, also inside `natsConnection_Destroy`; NULL for none.
/// @param closure what the function gets.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed.
///
/// @see natsConnection_DestroyAndWait
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

/// The program's function as the core calls it: with a handle that stays usable meanwhile.
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
