//! Which servers to connect to, and as whom.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::sync::Arc;

use super::{edit, set};
use crate::client::options::TokenHandler;
use crate::error::{Error, Result, natsStatus};
use crate::ffi::callback::{Callback, Function};
use crate::ffi::convert;
use crate::ffi::guard::guard;
use crate::ffi::handle::natsOptions;
use crate::ffi::types::natsTokenHandler;
use crate::secret::Secret;

/// Sets the server to connect to first.
///
/// `[scheme://][user[:password]@ | token@]host[:port]`, where the scheme is `nats` unless said
/// otherwise, and the port 4222. The scheme `tls` requires TLS of all servers, unless
/// `natsOptions_SetSecure` has been called. User and password may be percent-encoded. Without this and
/// `natsOptions_SetServers` connections are made to `nats://localhost:4222`.
///
/// `ws://...[/path]` and `wss://...[/path]`, an addition to nats.c, are for a server's WebSocket
/// listener; the ports are 80 and 443 where none is given (RFC 6455), and the path may have a query.
/// `wss` is WebSocket over TLS, with all settings for TLS, and requires it of all servers as `tls`
/// does: where TLS is required, `ws` servers are refused with `NATS_SECURE_CONNECTION_WANTED`. A
/// connection's servers are all of WebSocket or none of them is; those that a server announces are
/// taken to have the same scheme, path and query as it. `natsOptions_SetWebSocketHeader` adds to the request. A server
/// that answers the request with anything but WebSocket fails the attempt with `NATS_NO_SERVER` (its
/// status line is in the last error) or `NATS_PROTOCOL_ERROR`.
///
/// Other schemes than these four are refused. No error text has any part of a URL that might be a
/// password or a token.
///
/// @param opts the options.
/// @param url the server's URL, which is copied; white space around it is ignored. NULL for none.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed, `url` is not UTF-8, or its
/// scheme is none of `nats`, `tls`, `ws` and `wss`: then the URL set before stays. Whether the rest of
/// the URL is sound is seen by `natsConnection_Connect`.
///
/// # Safety
/// `opts` is NULL or a handle of this library, `url` is NULL or a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_SetURL(
    opts: *mut natsOptions,
    url: *const c_char,
) -> natsStatus {
    guard("natsOptions_SetURL", || {
        // SAFETY: the caller's contract, above.
        let url = unsafe { convert::text(url, "url") }?;
        // SAFETY: likewise.
        unsafe { edit(opts, |o| o.set_url(url)) }
    })
}

/// Sets a list of servers to connect to, in place of the one before.
///
/// They are tried in random order, unless `natsOptions_SetNoRandomize` says otherwise, and after
/// the one of `natsOptions_SetURL`.
///
/// @param opts the options.
/// @param servers an array of URLs as for `natsOptions_SetURL`, which are copied. NULL, together
/// with a count of 0, empties the list.
/// @param serversCount how many they are.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed, the array is there and
/// the count not positive or the other way round, or an element is NULL, not UTF-8, or has a scheme
/// that `natsOptions_SetURL` refuses: then the list set before stays.
///
/// # Safety
/// `opts` is NULL or a handle of this library, `servers` is NULL or an array of `serversCount`
/// elements, each NULL or a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_SetServers(
    opts: *mut natsOptions,
    servers: *mut *const c_char,
    serversCount: c_int,
) -> natsStatus {
    guard("natsOptions_SetServers", || {
        // SAFETY: the caller's contract, above.
        let urls = unsafe { convert::array(servers, serversCount, "servers") }?;
        let url = |(n, url): (usize, &*const c_char)| {
            let what = format!("server URL {n}");
            // SAFETY: likewise.
            unsafe { convert::text(*url, &what) }?
                .ok_or_else(|| Error::invalid_arg(format!("{what} cannot be NULL")))
        };
        let urls = urls.iter().enumerate().map(url);
        let urls = urls.collect::<Result<Vec<&str>>>()?;
        // SAFETY: likewise.
        unsafe { edit(opts, |o| o.set_servers(urls)) }
    })
}

/// Sets whether servers, and the addresses of a host, are tried in the order in which they are
/// given rather than a random one.
///
/// @param opts the options.
/// @param noRandomize true to keep the order; the default is false.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed.
///
/// # Safety
/// `opts` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_SetNoRandomize(
    opts: *mut natsOptions,
    noRandomize: bool,
) -> natsStatus {
    guard("natsOptions_SetNoRandomize", || {
        // SAFETY: the caller's contract, above.
        unsafe { set(opts, |o| o.no_randomize = noRandomize) }
    })
}

/// Sets the name that the server's monitoring shows for the client.
///
/// @param opts the options.
/// @param name the name, which is copied; NULL for none.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed, or the name holds an NKey
/// seed, which must not be sent.
///
/// # Safety
/// `opts` is NULL or a handle of this library, `name` is NULL or a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_SetName(
    opts: *mut natsOptions,
    name: *const c_char,
) -> natsStatus {
    guard("natsOptions_SetName", || {
        // SAFETY: NULL or a string by the caller's contract, above.
        let name = (!name.is_null()).then(|| unsafe { CStr::from_ptr(name) });
        // SAFETY: likewise.
        unsafe { edit(opts, |o| o.set_name(name)) }
    })
}

/// Sets the user and password for servers whose URL has neither those nor a token.
///
/// @param opts the options.
/// @param user the user, which is copied; NULL for none.
/// @param password the password, which is copied; NULL for none.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed, or a text is not UTF-8 or
/// holds an NKey seed, which must not be sent.
///
/// # Safety
/// `opts` is NULL or a handle of this library, the other two are NULL or strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_SetUserInfo(
    opts: *mut natsOptions,
    user: *const c_char,
    password: *const c_char,
) -> natsStatus {
    guard("natsOptions_SetUserInfo", || {
        // SAFETY: the caller's contract, above.
        let user = unsafe { convert::text(user, "user") }?;
        // SAFETY: likewise.
        let password = unsafe { convert::text(password, "password") }?;
        // SAFETY: likewise.
        unsafe { edit(opts, |o| o.set_user(user, password)) }
    })
}

/// Sets the token for servers whose URL has neither a token nor a user.
///
/// @param opts the options.
/// @param token the token, which is copied; NULL for none.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed, or the token is not
/// UTF-8 or holds an NKey seed, which must not be sent; `NATS_ILLEGAL_STATE` where a token handler is set.
///
/// @see natsOptions_SetTokenHandler
///
/// # Safety
/// `opts` is NULL or a handle of this library, `token` is NULL or a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_SetToken(
    opts: *mut natsOptions,
    token: *const c_char,
) -> natsStatus {
    guard("natsOptions_SetToken", || {
        // SAFETY: the caller's contract, above.
        let token = unsafe { convert::text(token, "token") }?;
        // SAFETY: likewise.
        unsafe { edit(opts, |o| o.set_token(token)) }
    })
}

/// Sets a function that gives the token at each attempt to connect.
///
/// An attempt at a server whose URL has a token of its own fails with `NATS_ILLEGAL_STATE`, and one
/// with a token that holds an NKey seed with `NATS_INVALID_ARG`; nothing is sent then.
///
/// @param opts the options.
/// @param tokenCb the function, called on the thread that connects; NULL for none.
/// @param closure what the function gets; it must stay valid as long as connections made with
/// these options exist.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed; `NATS_ILLEGAL_STATE`
/// where a token is set.
///
/// @see natsOptions_SetToken
///
/// # Safety
/// `opts` is NULL or a handle of this library; `tokenCb` may be called with `closure` on any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_SetTokenHandler(
    opts: *mut natsOptions,
    tokenCb: natsTokenHandler,
    closure: *mut c_void,
) -> natsStatus {
    guard("natsOptions_SetTokenHandler", || {
        let handler = token_handler(tokenCb, closure);
        // SAFETY: the caller's contract, above.
        unsafe { edit(opts, |o| o.set_token_handler(handler)) }
    })
}

fn token_handler(function: natsTokenHandler, closure: *mut c_void) -> Option<TokenHandler> {
    let callback = Callback::new(function, closure)?;
    Some(Arc::new(move || {
        let (function, closure) = callback.parts();
        // SAFETY: the program's function, with the closure it gave for it.
        let token = unsafe { function.call((closure,)) };
        // SAFETY: NULL or a string that stays as it is until the next call, as the type asks.
        Ok(unsafe { convert::text(token, "token") }?.map(Secret::from))
    }))
}
