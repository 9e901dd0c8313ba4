//! The servers to connect to, and the credentials for them.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::sync::Arc;

use super::{edit, set};
use crate::client::options::{Options, TokenHandler};
use crate::error::{Error, Result, natsStatus};
use crate::ffi::callback::{Callback, Function};
use crate::ffi::convert;
use crate::ffi::guard::guard;
use crate::ffi::handle::natsOptions;
use crate::ffi::types::natsTokenHandler;
use crate::secret::Secret;

/// Set the server to connect to first.
///
/// The form is `[scheme://][user[:password]@ | token@]host[:port]`; the default scheme is `nats`,
/// the default port 4222. The scheme `tls` requires TLS of all servers, unless
/// `natsOptions_SetSecure` was called. User and password may be percent-encoded. Without this
/// option and `natsOptions_SetServers` the server is `nats://localhost:4222`. No error text
/// contains a part of a URL that might be a password or a token.
///
/// `ws://...[/path]` and `wss://...[/path]` are for the WebSocket listener of a server (an
/// addition: nats.c does not have them). The default ports are 80 and 443 (RFC 6455); the path may
/// have a query. `wss` is WebSocket over TLS with all TLS options, and requires TLS of all servers
/// as `tls` does: servers with `ws` are then refused with `NATS_SECURE_CONNECTION_WANTED`. Either
/// all servers of a connection use WebSocket or none does; servers that the cluster announces get
/// the scheme, path and query of the announcing server. A server that does not answer the request
/// with WebSocket fails the attempt with `NATS_NO_SERVER`, with its status line in the last error,
/// or with `NATS_PROTOCOL_ERROR`.
///
/// @param opts The options.
/// @param url The URL of the server, which is copied; white space around it is ignored. NULL for
/// none.
///
/// @retval NATS_OK The option was set.
/// @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or `url` is not UTF-8 or has a scheme
/// other than `nats`, `tls`, `ws` and `wss`. The previous URL stays; without one, and without
/// `natsOptions_SetServers`, `natsConnection_Connect` fails with the same status and text instead of
/// connecting to the default server. It also checks the rest of the URL.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @par Example
/// ```c
/// natsStatus s = natsOptions_SetURL(opts, "tls://user:pass%40word@nats.example:4222");
/// ```
///
/// @see natsOptions_SetServers, natsOptions_SetWebSocketHeader
///
/// @ingroup nats_servers
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
        let url = unsafe { convert::text(url, "url") };
        // SAFETY: likewise.
        unsafe { edit_servers(opts, |o| o.set_url(url?)) }
    })
}

/// Set the list of servers to connect to, replacing the previous list.
///
/// The servers are tried in random order, unless `natsOptions_SetNoRandomize` is set, and after the
/// server of `natsOptions_SetURL`.
///
/// @param opts The options.
/// @param servers An array of URLs in the form of `natsOptions_SetURL`, which are copied. NULL
/// together with a count of 0 empties the list.
/// @param serversCount The number of URLs.
///
/// @retval NATS_OK The option was set.
/// @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or `servers` and `serversCount` do not
/// match, or an element is NULL, not UTF-8, or has a scheme that `natsOptions_SetURL` refuses. The
/// previous list stays; without one, and without `natsOptions_SetURL`, `natsConnection_Connect` fails
/// with the same status and text instead of connecting to the default server.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @par Example
/// ```c
/// const char *servers[] = {"nats://a.example", "nats://b.example", "nats://c.example"};
/// natsStatus s = natsOptions_SetServers(opts, servers, 3);
/// ```
///
/// @ingroup nats_servers
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
        let urls = unsafe { url_list(servers, serversCount) };
        // SAFETY: likewise.
        unsafe { edit_servers(opts, |o| o.set_servers(urls?)) }
    })
}

/// Changes the servers behind a handle. If they are refused, the options have a note of it.
///
/// # Safety
/// As for [`edit`].
unsafe fn edit_servers(
    opts: *mut natsOptions,
    change: impl FnOnce(&mut Options) -> Result<()>,
) -> Result<()> {
    let mut outcome = Ok(());
    // SAFETY: the contract above.
    unsafe {
        set(opts, |o| {
            outcome = change(o);
            if let Err(error) = &outcome {
                o.refused_servers = Some(error.clone());
            }
        })
    }?;
    outcome
}

/// The texts of an array of URLs.
///
/// # Safety
/// `servers` is NULL or an array of `count` elements, each NULL or a string that stays as it is for
/// `'a`.
pub(in crate::ffi) unsafe fn url_list<'a>(
    servers: *mut *const c_char,
    count: c_int,
) -> Result<Vec<&'a str>> {
    // SAFETY: the contract above.
    let urls = unsafe { convert::array(servers.cast_const(), count, "servers") }?;
    let url = |(n, url): (usize, &*const c_char)| {
        let what = format!("server URL {n}");
        // SAFETY: likewise.
        unsafe { convert::text(*url, &what) }?
            .ok_or_else(|| Error::invalid_arg(format!("{what} cannot be NULL")))
    };
    urls.iter().enumerate().map(url).collect()
}

/// Set whether servers, and the addresses of a host, are tried in the given order.
///
/// @param opts The options.
/// @param noRandomize True to keep the order; with false, the default, it is random.
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
pub unsafe extern "C" fn natsOptions_SetNoRandomize(
    opts: *mut natsOptions,
    noRandomize: bool,
) -> natsStatus {
    guard("natsOptions_SetNoRandomize", || {
        // SAFETY: the caller's contract, above.
        unsafe { set(opts, |o| o.no_randomize = noRandomize) }
    })
}

/// Set the name that the server's monitoring shows for the client.
///
/// @param opts The options.
/// @param name The name, which is copied; NULL for none. The server gets a replacement character for
/// each part that is not UTF-8.
///
/// @retval NATS_OK The option was set.
/// @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or `name` contains an NKey seed, which
/// must not be sent.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_options
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

/// Set the user and password for servers whose URL has no credentials.
///
/// @param opts The options.
/// @param user The user, which is copied; NULL for none.
/// @param password The password, which is copied; NULL for none.
///
/// @retval NATS_OK The option was set.
/// @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or a text is not UTF-8 or contains an
/// NKey seed, which must not be sent.
/// @retval NATS_ILLEGAL_STATE A user callback is set.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @par Example
/// ```c
/// natsStatus s = natsOptions_SetUserInfo(opts, "alice", getenv("NATS_PASSWORD"));
/// ```
///
/// @see natsOptions_SetUserInfoHandler
///
/// @ingroup nats_auth
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

/// Set the token for servers whose URL has no credentials.
///
/// @param opts The options.
/// @param token The token, which is copied; NULL for none.
///
/// @retval NATS_OK The option was set.
/// @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or the token is not UTF-8 or contains
/// an NKey seed, which must not be sent.
/// @retval NATS_ILLEGAL_STATE A token callback is set.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @par Example
/// ```c
/// natsStatus s = natsOptions_SetToken(opts, getenv("NATS_TOKEN"));
/// ```
///
/// @see natsOptions_SetTokenHandler
///
/// @ingroup nats_auth
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

/// Set a callback that supplies the token for each attempt to connect.
///
/// An attempt fails with `NATS_ILLEGAL_STATE` if the URL of the server has a token, and with
/// `NATS_INVALID_ARG` if the callback's token contains an NKey seed; nothing is sent then.
///
/// @param opts The options.
/// @param tokenCb The callback, which runs on the thread that connects; NULL for none.
/// @param closure The last argument of the callback. It must stay valid until
/// connections made with these options make no more callbacks (`natsOptions_SetReleasedCB`).
///
/// @retval NATS_OK The option was set.
/// @retval NATS_INVALID_ARG `opts` is NULL or was destroyed.
/// @retval NATS_ILLEGAL_STATE A token is set.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @see natsOptions_SetToken
///
/// @ingroup nats_auth
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
