//! Detecting the loss of a connection, and reconnecting.

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

/// Set whether a lost connection is restored.
///
/// @param opts The options.
/// @param allow True, the default, to reconnect; false to close a connection that is lost.
///
/// @retval NATS_OK The option was set.
/// @retval NATS_INVALID_ARG `opts` is NULL or was destroyed.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_reconnect
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

/// Set whether an unknown error reported by the server leads to a reconnect.
///
/// `natsOptions_SetErrorHandler` has a table of the errors that are known.
///
/// @param opts The options.
/// @param reconnect True to reconnect; with false, the default, the connection is closed.
///
/// @retval NATS_OK The option was set.
/// @retval NATS_INVALID_ARG `opts` is NULL or was destroyed.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_reconnect
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

/// Set the number of attempts to reconnect to each server.
///
/// A server that has used up its attempts is removed from the list; when the list is empty the
/// connection is closed. A success resets the count. A connection that is lost within a second of
/// its handshake is no success: its attempts keep counting, and the full pause precedes the next
/// one.
///
/// @param opts The options.
/// @param maxReconnect The number of attempts for each server, not for all together; negative for
/// no limit; 0 for none. The default is 60.
///
/// @retval NATS_OK The option was set.
/// @retval NATS_INVALID_ARG `opts` is NULL or was destroyed.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_reconnect
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

/// Set the pause before each pass over the list of servers while reconnecting.
///
/// @param opts The options.
/// @param reconnectWait The time in milliseconds; 0 for no pause. The default is 2000.
///
/// @retval NATS_OK The option was set.
/// @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or the time is negative.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @see natsOptions_SetReconnectJitter
///
/// @ingroup nats_reconnect
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

/// Set the largest random time that is added to the pause of `natsOptions_SetReconnectWait`.
///
/// It prevents clients that lost the same server from returning at the same moment.
///
/// @param opts The options.
/// @param jitter The time in milliseconds for connections without TLS. The default is 100.
/// @param jitterTLS The time in milliseconds for connections with TLS. The default is 1000.
///
/// @retval NATS_OK The option was set.
/// @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or a time is negative.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_reconnect
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

/// Set a callback that computes the pause before each pass over the list of servers.
///
/// It replaces `natsOptions_SetReconnectWait` and `natsOptions_SetReconnectJitter`.
///
/// @param opts The options.
/// @param cb The callback, as described for `natsCustomReconnectDelayHandler`, which runs on a
/// thread of the library; NULL for none.
/// @param closure The last argument of the callback. It must stay valid until
/// connections made with these options make no more callbacks (`natsOptions_SetReleasedCB`).
///
/// @retval NATS_OK The option was set.
/// @retval NATS_INVALID_ARG `opts` is NULL or was destroyed.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_reconnect
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

/// Set the number of published bytes that are kept while reconnecting.
///
/// When the buffer is full, publishing fails with `NATS_INSUFFICIENT_BUFFER` until the connection
/// is restored. Kept messages that the next server does not accept are dropped and reported to the
/// error handler.
///
/// @param opts The options.
/// @param reconnectBufSize The size in bytes; 0 for the default, 8388608.
///
/// @retval NATS_OK The option was set.
/// @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or the size is negative.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_reconnect
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

/// Set whether to keep reconnecting when a server refuses the credentials twice in a row.
///
/// @param opts The options.
/// @param ignore True to keep trying; with false, the default, the connection is closed.
///
/// @retval NATS_OK The option was set.
/// @retval NATS_INVALID_ARG `opts` is NULL or was destroyed.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_reconnect
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

/// Set how often the client sends a PING to detect a server that is gone.
///
/// @param opts The options.
/// @param interval The time in milliseconds; zero or less for never. The default is 120000.
///
/// @retval NATS_OK The option was set.
/// @retval NATS_INVALID_ARG `opts` is NULL or was destroyed.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @see natsOptions_SetMaxPingsOut
///
/// @ingroup nats_reconnect
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

/// Set the number of unanswered PINGs after which the connection counts as lost.
///
/// @param opts The options.
/// @param maxPingsOut The number of PINGs that may be unanswered; with zero or less the first PING
/// that is due ends the connection. The default is 2.
///
/// @retval NATS_OK The option was set.
/// @retval NATS_INVALID_ARG `opts` is NULL or was destroyed.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @see natsOptions_SetPingInterval
///
/// @ingroup nats_reconnect
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

/// Set whether servers that the cluster announces are ignored.
///
/// @param opts The options.
/// @param ignore True to connect only to the servers that the options name; the default is false.
///
/// @retval NATS_OK The option was set.
/// @retval NATS_INVALID_ARG `opts` is NULL or was destroyed.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_servers
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

/// Set whether pending requests fail when the connection is lost.
///
/// @param opts The options.
/// @param failRequests True to fail them with `NATS_CONNECTION_DISCONNECTED`; with false, the
/// default, they keep waiting across the reconnect.
///
/// @retval NATS_OK The option was set.
/// @retval NATS_INVALID_ARG `opts` is NULL or was destroyed.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_request
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
