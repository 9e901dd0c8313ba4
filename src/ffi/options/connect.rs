//! The first connect, and what the connection asks of the server.

use std::ffi::{c_char, c_int, c_void};

use super::callbacks::connection_handler;
use super::{edit, set};
use crate::error::{Error, natsStatus};
use crate::ffi::convert;
use crate::ffi::guard::guard;
use crate::ffi::handle::natsOptions;
use crate::ffi::types::natsConnectionHandler;
use crate::net::resolve::IpOrder;

/// Set the time for one attempt to connect to one server.
///
/// The time covers name resolution, TCP, TLS and the handshake.
///
/// @param opts The options.
/// @param timeout The time in milliseconds; the default is 2000. With 0 every attempt has timed out
/// before it begins.
///
/// @retval NATS_OK The option was set.
/// @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or `timeout` is negative.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_servers
///
/// # Safety
/// `opts` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_SetTimeout(
    opts: *mut natsOptions,
    timeout: i64,
) -> natsStatus {
    guard("natsOptions_SetTimeout", || {
        let timeout = convert::millis(timeout, "timeout")?;
        // SAFETY: the caller's contract, above.
        unsafe { set(opts, |o| o.timeout = timeout) }
    })
}

/// Set which addresses of a host are tried, and in which order.
///
/// Addresses of one family are shuffled, unless `natsOptions_SetNoRandomize` is set.
///
/// @param opts The options.
/// @param order 0 for the order of the resolver, which is the default; 4 or 6 for IPv4 or IPv6
/// only; 46 or 64 for IPv4 or IPv6 first.
///
/// @retval NATS_OK The option was set.
/// @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or `order` is none of these.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_servers
///
/// # Safety
/// `opts` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_IPResolutionOrder(
    opts: *mut natsOptions,
    order: c_int,
) -> natsStatus {
    guard("natsOptions_IPResolutionOrder", || {
        let order = IpOrder::from_number(order).ok_or_else(|| {
            Error::invalid_arg(format!("order must be 0, 4, 6, 46 or 64: {order}"))
        })?;
        // SAFETY: the caller's contract, above.
        unsafe { set(opts, |o| o.ip_order = order) }
    })
}

/// Set whether to keep trying when no server can be reached at first.
///
/// Without a callback, `natsConnection_Connect` blocks and tries again as often as
/// `natsOptions_SetMaxReconnect` says, with the pauses of `natsOptions_SetReconnectWait`. With a
/// callback it returns `NATS_NOT_YET_CONNECTED` and a connection that keeps trying in the
/// background; subscriptions can be made and publishes are kept. The callback reports success; the
/// closed callback reports that the attempts were given up.
///
/// @param opts The options.
/// @param retry True to keep trying; the default is false.
/// @param connectedCb The callback for a later attempt that succeeds, as described for
/// `natsConnectionHandler`; NULL to block. Ignored if `retry` is false.
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
/// static void on_connected(natsConnection *nc, void *closure) { puts("connected"); }
///
/// natsStatus s = natsOptions_SetRetryOnFailedConnect(opts, true, on_connected, NULL);
/// if (s == NATS_OK) s = natsConnection_Connect(&nc, opts);
/// if (s == NATS_NOT_YET_CONNECTED) s = NATS_OK; // nc exists and connects later
/// ```
///
/// @ingroup nats_reconnect
///
/// # Safety
/// `opts` is NULL or a handle of this library; `connectedCb` may be called with `closure` on any
/// thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_SetRetryOnFailedConnect(
    opts: *mut natsOptions,
    retry: bool,
    connectedCb: natsConnectionHandler,
    closure: *mut c_void,
) -> natsStatus {
    guard("natsOptions_SetRetryOnFailedConnect", || {
        let connected = connection_handler(connectedCb, closure);
        // SAFETY: the caller's contract, above.
        unsafe { set(opts, |o| o.set_retry_on_failed_connect(retry, connected)) }
    })
}

/// Set whether the server acknowledges each operation with `+OK`.
///
/// Useful only to study the protocol.
///
/// @param opts The options.
/// @param verbose The default is false.
///
/// @retval NATS_OK The option was set.
/// @retval NATS_INVALID_ARG `opts` is NULL or was destroyed.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_options
///
/// # Safety
/// `opts` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_SetVerbose(
    opts: *mut natsOptions,
    verbose: bool,
) -> natsStatus {
    guard("natsOptions_SetVerbose", || {
        // SAFETY: the caller's contract, above.
        unsafe { set(opts, |o| o.verbose = verbose) }
    })
}

/// Set whether the server checks subjects strictly.
///
/// The library refuses subjects of messages that are empty or have white space or control characters; wildcards and
/// empty tokens are left to the server. For a server `*` and `>` in the subject of a message are characters: one on
/// `a.*` goes to subscribers of `a.*`, `a.>` and `>`, not to one of `a.b`, and no subscription matches a subject with an
/// empty token. A strict server reports such a message, whether it delivers it or not: the error handler receives
/// `NATS_ERR` with the text `Invalid Publish Subject`.
///
/// @param opts The options.
/// @param pedantic The default is false.
///
/// @retval NATS_OK The option was set.
/// @retval NATS_INVALID_ARG `opts` is NULL or was destroyed.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_options
///
/// # Safety
/// `opts` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_SetPedantic(
    opts: *mut natsOptions,
    pedantic: bool,
) -> natsStatus {
    guard("natsOptions_SetPedantic", || {
        // SAFETY: the caller's contract, above.
        unsafe { set(opts, |o| o.pedantic = pedantic) }
    })
}

/// Set whether the server leaves out messages that the connection itself published.
///
/// Connecting to a server that is too old for this fails with `NATS_NO_SERVER_SUPPORT`.
///
/// @param opts The options.
/// @param noEcho True to receive none of the connection's own messages; the default is false.
///
/// @retval NATS_OK The option was set.
/// @retval NATS_INVALID_ARG `opts` is NULL or was destroyed.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_options
///
/// # Safety
/// `opts` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_SetNoEcho(opts: *mut natsOptions, noEcho: bool) -> natsStatus {
    guard("natsOptions_SetNoEcho", || {
        // SAFETY: the caller's contract, above.
        unsafe { set(opts, |o| o.no_echo = noEcho) }
    })
}

/// Set whether requests without responders wait until their timeout.
///
/// @param opts The options.
/// @param disabled True to wait; with false, the default, such requests fail at once with
/// `NATS_NO_RESPONDERS`.
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
pub unsafe extern "C" fn natsOptions_DisableNoResponders(
    opts: *mut natsOptions,
    disabled: bool,
) -> natsStatus {
    guard("natsOptions_DisableNoResponders", || {
        // SAFETY: the caller's contract, above.
        unsafe { set(opts, |o| o.disable_no_responders = disabled) }
    })
}

/// Set whether each request uses an inbox and a subscription of its own.
///
/// By default all requests of a connection share one subscription.
///
/// @param opts The options.
/// @param useOldStyle The default is false.
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
pub unsafe extern "C" fn natsOptions_UseOldRequestStyle(
    opts: *mut natsOptions,
    useOldStyle: bool,
) -> natsStatus {
    guard("natsOptions_UseOldRequestStyle", || {
        // SAFETY: the caller's contract, above.
        unsafe { set(opts, |o| o.old_request_style = useOldStyle) }
    })
}

/// Set the first part of the inboxes of a connection.
///
/// For accounts that permit only certain subjects. `natsInbox_Create` does not know a connection
/// and always uses the default.
///
/// @param opts The options.
/// @param inboxPrefix A subject without wildcards and without a dot at its end, which is copied;
/// NULL or an empty string for the default, `_INBOX`.
///
/// @retval NATS_OK The option was set.
/// @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or the prefix is not such a subject.
/// The previous prefix stays.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_inbox
///
/// # Safety
/// `opts` is NULL or a handle of this library, `inboxPrefix` is NULL or a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_SetCustomInboxPrefix(
    opts: *mut natsOptions,
    inboxPrefix: *const c_char,
) -> natsStatus {
    guard("natsOptions_SetCustomInboxPrefix", || {
        // SAFETY: the caller's contract, above.
        let prefix = unsafe { convert::bytes(inboxPrefix) };
        // SAFETY: likewise.
        unsafe { edit(opts, |o| o.set_inbox_prefix(prefix)) }
    })
}
