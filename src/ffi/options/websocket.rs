//! WebSocket: what the request that opens it says beside what it must. The URLs ask for it
//! (`natsOptions_SetURL`).

use std::ffi::c_char;

use super::edit;
use crate::error::{Error, natsStatus};
use crate::ffi::convert;
use crate::ffi::guard::guard;
use crate::ffi::handle::natsOptions;

/// Sets a header of the HTTP request that opens a WebSocket. An addition to the interface of nats.c,
/// which has no WebSocket.
///
/// For servers with `ws://` and `wss://` URLs; others never see it. Such as `Authorization` or `Cookie`
/// for what stands in front of the server, or `Origin`. Each name has one value; a call with the same
/// name, whose case means nothing, replaces it, and any number of names may be set. The headers go
/// out with each attempt to connect, and with `ws://` in the clear. What the handshake itself consists
/// of cannot be set: `Host`, `Connection`, `Upgrade`, `Sec-WebSocket-*`, and what has to do with a body.
///
/// @param opts the options.
/// @param name the header's name, which is copied.
/// @param value its value, which is copied without the blanks around it; NULL to take the header away.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed, `name` is NULL, is not one
/// that HTTP allows or belongs to the handshake, `value` holds a line end or another control
/// character, one of them is not UTF-8, or both together are longer than 8 KiB. The options stay as
/// they were then.
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
