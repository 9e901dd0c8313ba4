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

/// Sets the time for one attempt at one server: resolving its name, TCP, TLS and the handshake.
///
/// @param opts the options.
/// @param timeout milliseconds; the default is 2000. With 0 every attempt is over before it began.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed, or `timeout` negative.
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

/// Sets which of a host's addresses are tried, and in which order.
///
/// Addresses of one family are shuffled, unless `natsOptions_SetNoRandomize` says otherwise.
///
/// @param opts the options.
/// @param order 0 as the resolver gives them, which is the default; 4 or 6 for only IPv4 or IPv6;
/// 46 or 64 for the one, then the other.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed, or `order` is none of
/// those.
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

/// Sets whether to go on when no server could be reached at first.
///
/// Without a handler `natsConnection_Connect` then blocks: it tries again as often as
/// `natsOptions_SetMaxReconnect` says, with the pauses of `natsOptions_SetReconnectWait`. With a
/// handler it returns `NATS_NOT_YET_CONNECTED` and a connection that goes on trying in the
/// background; subscriptions and publishes wait in it. When it succeeds the handler is called, and
/// when it gives up the closed handler is.
///
/// @param opts the options.
/// @param retry true to go on; the default is false.
/// @param connectedCb called when a later attempt succeeds, as `natsConnectionHandler` describes;
/// NULL to block. Not looked at where `retry` is false.
/// @param closure what the handler gets; it must stay valid as long as connections made with these
/// options exist.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed.
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

/// Sets whether the server acknowledges each operation with `+OK`. For looking at the protocol.
///
/// @param opts the options.
/// @param verbose the default is false.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed.
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

/// Sets whether the server checks subjects strictly.
///
/// @param opts the options.
/// @param pedantic the default is false.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed.
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

/// Sets whether the server keeps from a connection what that connection itself publishes.
///
/// A server too old for it fails the connect with `NATS_NO_SERVER_SUPPORT`.
///
/// @param opts the options.
/// @param noEcho true to receive nothing of one's own; the default is false.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed.
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

/// Sets whether requests that nobody listens for wait for their timeout, rather than fail at once
/// with `NATS_NO_RESPONDERS`.
///
/// @param opts the options.
/// @param disabled true to wait; the default is false.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed.
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

/// Sets whether each request makes an inbox and a subscription of its own, as clients did before
/// they shared one subscription between all requests.
///
/// @param opts the options.
/// @param useOldStyle the default is false.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed.
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

/// Sets what the inboxes of a connection begin with, for accounts that permit only some subjects.
///
/// `natsInbox_Create` knows no connection and always makes inboxes with the default.
///
/// @param opts the options.
/// @param inboxPrefix a subject without wildcards and without a dot at its end, which is copied;
/// NULL or an empty string for the default, `_INBOX`.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed, or the prefix is not
/// such a subject: then the prefix set before stays.
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
