//! The way to the servers: through a proxy, and from a certain address.

use std::ffi::{CString, c_char, c_int, c_void};
use std::net::IpAddr;
use std::os::fd::{FromRawFd, OwnedFd};
use std::sync::Arc;

use super::set;
use crate::error::{Error, Result, Status, natsStatus};
use crate::ffi::callback::{Callback, Function};
use crate::ffi::convert;
use crate::ffi::guard::guard;
use crate::ffi::handle::natsOptions;
use crate::ffi::types::{natsProxyConnHandler, natsSock};
use crate::net::proxy::{Proxy, ProxyHandler, ProxyUrl};
use crate::words::shown;

/// Set a callback that connects to servers in place of the library.
///
/// It is called for each attempt to connect and replaces name resolution and TCP; TLS and the
/// handshake follow as usual. If it fails, `natsConnection_Connect` returns `NATS_NO_SERVER`.
/// Replaces the proxy of `natsOptions_SetProxyURL`.
///
/// @param opts The options.
/// @param proxyConnHandler The callback, as described for `natsProxyConnHandler`; NULL to connect
/// directly.
/// @param closure The last argument of the callback. It must stay valid until
/// connections made with these options make no more callbacks (`natsOptions_SetReleasedCB`).
///
/// @retval NATS_OK The option was set.
/// @retval NATS_INVALID_ARG `opts` is NULL or was destroyed.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_proxy
///
/// # Safety
/// `opts` is NULL or a handle of this library; `proxyConnHandler` may be called with `closure` on
/// any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_SetProxyConnHandler(
    opts: *mut natsOptions,
    proxyConnHandler: natsProxyConnHandler,
    closure: *mut c_void,
) -> natsStatus {
    guard("natsOptions_SetProxyConnHandler", || {
        let proxy = proxy_handler(proxyConnHandler, closure).map(Proxy::Handler);
        // SAFETY: the caller's contract, above.
        unsafe { set(opts, |o| o.proxy = proxy) }
    })
}

/// Set the proxy through which servers are reached.
///
/// `http://[user[:password]@]host[:port]` is a proxy with the CONNECT method of HTTP, default port
/// 80; `socks5://...` and `socks5h://...` are SOCKS5 proxies, default port 1080. User and password
/// may be percent-encoded, and are sent unencrypted. The proxy resolves the names of the servers.
/// The time that it takes is part of the timeout of the attempt. If the proxy refuses, the attempt
/// fails with `NATS_NO_SERVER` and a text that has its answer. Replaces the callback of
/// `natsOptions_SetProxyConnHandler`.
///
/// @param opts The options.
/// @param url The URL of the proxy, which is copied; NULL or empty to connect directly.
///
/// @retval NATS_OK The option was set.
/// @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or the URL cannot be used.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_proxy
///
/// # Safety
/// `opts` is NULL or a handle of this library, `url` is NULL or a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_SetProxyURL(
    opts: *mut natsOptions,
    url: *const c_char,
) -> natsStatus {
    guard("natsOptions_SetProxyURL", || {
        // SAFETY: the caller's contract, above.
        let url = unsafe { convert::text(url, "url") }?.filter(|url| !url.is_empty());
        let url = url.map(ProxyUrl::parse).transpose()?;
        let proxy = url.map(|url| Proxy::Url(Arc::new(url)));
        // SAFETY: likewise.
        unsafe { set(opts, |o| o.proxy = proxy) }
    })
}

/// Set the local address to connect from.
///
/// Only addresses of the same family (IPv4, IPv6) of a server, or of its proxy, are then tried. If
/// this machine does not have the address, connecting fails with `NATS_NO_SERVER`. Has no effect on
/// `natsOptions_SetProxyConnHandler`.
///
/// @param opts The options.
/// @param ip The address, such as `192.0.2.7` or `::1`, which is copied; NULL or empty for any.
///
/// @retval NATS_OK The option was set.
/// @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or `ip` is not an address.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_proxy
///
/// # Safety
/// `opts` is NULL or a handle of this library, `ip` is NULL or a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_SetLocalAddress(
    opts: *mut natsOptions,
    ip: *const c_char,
) -> natsStatus {
    guard("natsOptions_SetLocalAddress", || {
        // SAFETY: the caller's contract, above.
        let ip = unsafe { convert::text(ip, "ip") }?.filter(|ip| !ip.is_empty());
        let parse = |ip: &str| {
            ip.parse::<IpAddr>().map_err(|_| {
                let ip = shown(ip.as_bytes());
                Error::invalid_arg(format!("ip must be an IPv4 or IPv6 address: '{ip}'"))
            })
        };
        let ip = ip.map(parse).transpose()?;
        // SAFETY: likewise.
        unsafe { set(opts, |o| o.local_addr = ip) }
    })
}

fn proxy_handler(function: natsProxyConnHandler, closure: *mut c_void) -> Option<ProxyHandler> {
    let callback = Callback::new(function, closure)?;
    Some(Arc::new(move |host: &str, port| {
        let (function, closure) = callback.parts();
        let host = CString::new(host).map_err(|_| Error::invalid_arg("the host contains a NUL"))?;
        // The callback may write to it: the type asks for a `char *`.
        let mut host = host.into_bytes_with_nul();
        let mut fd: natsSock = -1;
        // SAFETY: the program's function, with live locals and the closure it gave for it.
        let status = unsafe {
            let host = host.as_mut_ptr().cast();
            function.call((&raw mut fd, host, c_int::from(port), closure))
        };
        let status = status.get();
        if status != Status::NATS_OK {
            return Err(failed(status.text()));
        }
        take(fd)
    }))
}

/// Takes over the socket that the program's callback returned.
fn take(fd: natsSock) -> Result<OwnedFd> {
    // SAFETY: asking for its flags harms no number, be it a descriptor or not.
    if fd < 0 || unsafe { libc::fcntl(fd, libc::F_GETFD) } < 0 {
        return Err(failed("it returned no socket"));
    }
    // SAFETY: an open descriptor, which belongs to the library now, as the function's type says.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

fn failed(why: &str) -> Error {
    let text = format!("the proxy handler failed: {why}");
    Error::new(Status::NATS_NO_SERVER, text)
}
