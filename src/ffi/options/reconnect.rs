//! Noticing that a connection is lost, and coming back.

use std::ffi::{c_int, c_void};
use std::sync::Arc;
use std::time::Duration;

use super::set;
use crate::client::options::DelayHandler;
use crate::error::natsStatus;
use crate::ffi::callback::{Callback, Function};
use crate::ffi::convert;
use crate::ffi::guard::guard;
use crate::ffi::handle::{hold_connection, natsOptions};
use crate::ffi::types::natsCustomReconnectDelayHandler;

/// Sets whether a connection that is lost is made again. If not, it is closed.
///
/// @param opts the options.
/// @param allow the default is true.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed.
///
/// # Safety
/// `opts` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_SetAllowReconnect(
    opts: *mut natsOptions,
    allow: bool,
) -> natsStatus {
    guard("natsOptions_SetAllowReconnect", || {
        // SAFETY: the caller's contract, above.
        unsafe { set(opts, |o| o.allow_reconnect = allow) }
    })
}

/// Sets whether an error that the server reports, and that has no meaning of its own to the client,
/// leads to a reconnect rather than to the end of the connection. `natsOptions_SetErrorHandler` has
/// a table of those that have one.
///
/// @param opts the options.
/// @param reconnect the default is false.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed.
///
/// # Safety
/// `opts` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_SetReconnectOnProtocolError(
    opts: *mut natsOptions,
    reconnect: bool,
) -> natsStatus {
    guard("natsOptions_SetReconnectOnProtocolError", || {
        // SAFETY: the caller's contract, above.
        unsafe { set(opts, |o| o.reconnect_on_protocol_error = reconnect) }
    })
}

/// Sets how often each server is tried before it is dropped from the list. When the list is empty
/// the connection is closed. A success starts the count anew; a connection that is lost within a
/// second of its handshake is none, and the next attempt has the full pause before it.
///
/// @param opts the options.
/// @param maxReconnect attempts for each server, not for all together; negative for no limit, 0
/// for none. The default is 60.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed.
///
/// # Safety
/// `opts` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_SetMaxReconnect(
    opts: *mut natsOptions,
    maxReconnect: c_int,
) -> natsStatus {
    guard("natsOptions_SetMaxReconnect", || {
        // SAFETY: the caller's contract, above.
        unsafe { set(opts, |o| o.max_reconnect = maxReconnect) }
    })
}

/// Sets the pause once each pass over the list of servers while reconnecting.
///
/// @param opts the options.
/// @param reconnectWait milliseconds; 0 for no pause. The default is 2000.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed, or the time negative.
///
/// @see natsOptions_SetReconnectJitter
///
/// # Safety
/// `opts` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_SetReconnectWait(
    opts: *mut natsOptions,
    reconnectWait: i64,
) -> natsStatus {
    guard("natsOptions_SetReconnectWait", || {
        let wait = convert::millis(reconnectWait, "reconnectWait")?;
        // SAFETY: the caller's contract, above.
        unsafe { set(opts, |o| o.reconnect_wait = wait) }
    })
}

/// Sets up to how much longer the pause of `natsOptions_SetReconnectWait` is, at random, so that
/// clients that lost the same server do not all come back at the same moment.
///
/// @param opts the options.
/// @param jitter milliseconds, for connections without TLS. The default is 100.
/// @param jitterTLS milliseconds, for connections with TLS. The default is 1000.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed, or a time negative.
///
/// # Safety
/// `opts` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_SetReconnectJitter(
    opts: *mut natsOptions,
    jitter: i64,
    jitterTLS: i64,
) -> natsStatus {
    guard("natsOptions_SetReconnectJitter", || {
        let plain = convert::millis(jitter, "jitter")?;
        let tls = convert::millis(jitterTLS, "jitterTLS")?;
        let change = |o: &mut crate::client::Options| {
            o.reconnect_jitter = plain;
            o.reconnect_jitter_tls = tls;
        };
        // SAFETY: the caller's contract, above.
        unsafe { set(opts, change) }
    })
}

/// Sets a function that says how long the pause before each pass over the list of servers is, in
/// place of `natsOptions_SetReconnectWait` and `natsOptions_SetReconnectJitter`.
///
/// @param opts the options.
/// @param cb the function, called on a thread of the library; NULL for none.
/// @param closure what the function gets; it must stay valid as long as connections made with
/// these options exist.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed.
///
/// # Safety
/// `opts` is NULL or a handle of this library; `cb` may be called with `closure` on any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_SetCustomReconnectDelay(
    opts: *mut natsOptions,
    cb: natsCustomReconnectDelayHandler,
    closure: *mut c_void,
) -> natsStatus {
    guard("natsOptions_SetCustomReconnectDelay", || {
        let handler = delay_handler(cb, closure);
        // SAFETY: the caller's contract, above.
        unsafe { set(opts, |o| o.custom_reconnect_delay = handler) }
    })
}

fn delay_handler(
    function: natsCustomReconnectDelayHandler,
    closure: *mut c_void,
) -> Option<DelayHandler> {
    let callback = Callback::new(function, closure)?;
    Some(Arc::new(move |connection, attempts| {
        let (function, closure) = callback.parts();
        let held = hold_connection(connection);
        // SAFETY: the program's function, with a handle that is held and the closure it gave.
        let delay = unsafe { function.call((*held, attempts, closure)) };
        convert::millis_or_forever(delay).unwrap_or(Duration::ZERO)
    }))
}

/// Sets how much of what is published while reconnecting is kept for the server.
///
/// When it is full, publishing fails with `NATS_INSUFFICIENT_BUFFER` until the connection is back. What
/// the next server does not take is dropped, and the error handler told.
///
/// @param opts the options.
/// @param reconnectBufSize bytes; 0 for the default, 8388608.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed, or the size negative.
///
/// # Safety
/// `opts` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_SetReconnectBufSize(
    opts: *mut natsOptions,
    reconnectBufSize: c_int,
) -> natsStatus {
    guard("natsOptions_SetReconnectBufSize", || {
        let bytes = convert::count(reconnectBufSize, "reconnectBufSize")?;
        // SAFETY: the caller's contract, above.
        unsafe { set(opts, |o| o.set_reconnect_buf_size(bytes)) }
    })
}

/// Sets whether reconnecting goes on when the same server refuses the credentials twice in a row.
/// If not, the connection is closed.
///
/// @param opts the options.
/// @param ignore true to go on; the default is false.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed.
///
/// # Safety
/// `opts` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_SetIgnoreAuthErrorAbort(
    opts: *mut natsOptions,
    ignore: bool,
) -> natsStatus {
    guard("natsOptions_SetIgnoreAuthErrorAbort", || {
        // SAFETY: the caller's contract, above.
        unsafe { set(opts, |o| o.ignore_auth_error_abort = ignore) }
    })
}

/// Sets how often the client sends a PING, to notice that the server is gone.
///
/// @param opts the options.
/// @param interval milliseconds; zero or less for never. The default is 120000.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed.
///
/// @see natsOptions_SetMaxPingsOut
///
/// # Safety
/// `opts` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_SetPingInterval(
    opts: *mut natsOptions,
    interval: i64,
) -> natsStatus {
    guard("natsOptions_SetPingInterval", || {
        let interval = convert::millis_or_forever(interval);
        // SAFETY: the caller's contract, above.
        unsafe { set(opts, |o| o.ping_interval = interval) }
    })
}

/// Sets how many PINGs the server may leave unanswered before the connection counts as lost.
///
/// @param opts the options.
/// @param maxPingsOut how many; with zero or less the first PING that is due ends the connection.
/// The default is 2.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed.
///
/// # Safety
/// `opts` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_SetMaxPingsOut(
    opts: *mut natsOptions,
    maxPingsOut: c_int,
) -> natsStatus {
    guard("natsOptions_SetMaxPingsOut", || {
        // SAFETY: the caller's contract, above.
        unsafe { set(opts, |o| o.max_pings_out = maxPingsOut) }
    })
}

/// Sets whether servers that the cluster tells of are left alone: then only those that the program
/// named are connected to.
///
/// @param opts the options.
/// @param ignore true to leave them alone; the default is false.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed.
///
/// # Safety
/// `opts` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_SetIgnoreDiscoveredServers(
    opts: *mut natsOptions,
    ignore: bool,
) -> natsStatus {
    guard("natsOptions_SetIgnoreDiscoveredServers", || {
        // SAFETY: the caller's contract, above.
        unsafe { set(opts, |o| o.ignore_discovered_servers = ignore) }
    })
}

/// Sets whether requests that wait for their reply fail with `NATS_CONNECTION_DISCONNECTED` when
/// the connection is lost, rather than go on waiting.
///
/// @param opts the options.
/// @param failRequests the default is false.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed.
///
/// # Safety
/// `opts` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_SetFailRequestsOnDisconnect(
    opts: *mut natsOptions,
    failRequests: bool,
) -> natsStatus {
    guard("natsOptions_SetFailRequestsOnDisconnect", || {
        // SAFETY: the caller's contract, above.
        unsafe { set(opts, |o| o.fail_requests_on_disconnect = failRequests) }
    })
}
