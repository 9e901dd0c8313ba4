//! WebSocket: additional headers of the request that opens it. URLs select it
//! (`natsOptions_SetURL`).

use std::ffi::c_char;

use super::edit;
use crate::error::{Error, natsStatus};
use crate::ffi::convert;
use crate::ffi::guard::guard;
use crate::ffi::handle::natsOptions;

/// Set a header of the HTTP request that opens a WebSocket.
///
/// Applies to servers with `ws://` and `wss://` URLs, for example to send `Authorization`, `Cookie`
/// or `Origin` to an HTTP server in front of the NATS server. Each name has one value; a call with
/// the same name, compared without regard to case, replaces it. The number of names is not limited.
/// The headers are sent with each attempt to connect, unencrypted with `ws://`. Headers of the
/// handshake itself cannot be set: `Host`, `Connection`, `Upgrade`, `Sec-WebSocket-*`, and those
/// that describe a body.
///
/// @param opts The options.
/// @param name The name of the header, which is copied.
/// @param value The value, which is copied without the blanks around it; NULL to remove the header.
///
/// @retval NATS_OK The option was set.
/// @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or `name` is NULL, is not valid in
/// HTTP or belongs to the handshake, `value` has a line end or another control character, a text is
/// not UTF-8, or both together are longer than 8 KiB. The options do not change.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_websocket
///
/// # Safety
/// `opts` is NULL or a handle of this library; `name` and `value` are NULL or strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_SetWebSocketHeader(
    opts: *mut natsOptions,
    name: *const c_char,
    value: *const c_char,
) -> natsStatus {
    guard("natsOptions_SetWebSocketHeader", || {
        // SAFETY: the caller's contract, above.
        let name = unsafe { convert::text(name, "name") }?;
        let name = name.ok_or(Error::invalid_arg("name cannot be NULL"))?;
        // SAFETY: likewise.
        let value = unsafe { convert::text(value, "value") }?;
        // SAFETY: likewise.
        unsafe { edit(opts, |o| o.websocket_headers.set(name, value)) }
    })
}
