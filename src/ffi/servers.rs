//! Other servers for a connection that exists.

use std::ffi::{c_char, c_int};

use super::convert;
use super::guard::guard;
use super::handle::{borrow, natsConnection};
use super::options::servers::url_list;
use crate::error::natsStatus;

/// Replace the list of servers of a connection.
///
/// The connection stays with its present server, also if that is not in the new list; then it does
/// not return to it after a loss. `natsConnection_Reconnect` moves the connection at once. Servers
/// that the cluster announced leave the list as well; the next server announces its own. User,
/// password and token of the new URLs replace those of the old ones; what the options have holds
/// for all servers. The list is shuffled unless `natsOptions_SetNoRandomize` is set. A URL with
/// `tls://` or `wss://` requires TLS of all servers from now on, as `natsOptions_SetURL` describes.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param nc The connection.
/// @param servers An array of URLs in the form of `natsOptions_SetURL`, which are copied.
/// @param serversCount The number of URLs, at least 1.
///
/// @retval NATS_OK The list was replaced.
/// @retval NATS_INVALID_ARG `nc` is NULL or was destroyed, `servers` is NULL, `serversCount` is not
/// positive, or a URL is NULL, not UTF-8 or not valid. The previous list stays.
/// @retval NATS_ERR The percent-encoding of a URL is wrong. The previous list stays.
/// @retval NATS_CONNECTION_CLOSED The connection is closed.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @par Example
/// ```c
/// const char *servers[] = {"nats://d.example", "nats://e.example"};
/// natsStatus s = natsConnection_SetServers(nc, servers, 2);
/// if (s == NATS_OK) s = natsConnection_Reconnect(nc);
/// ```
///
/// @see natsConnection_GetServers, natsConnection_Reconnect, natsOptions_SetNextServerHandler
///
/// @ingroup nats_servers
///
/// # Safety
/// `nc` is NULL or a handle of this library; `servers` is NULL or an array of `serversCount`
/// elements, each NULL or a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsConnection_SetServers(
    nc: *mut natsConnection,
    servers: *mut *const c_char,
    serversCount: c_int,
) -> natsStatus {
    guard("natsConnection_SetServers", || {
        convert::required(servers, "servers")?;
        // SAFETY: the caller's contract, above.
        let urls = unsafe { url_list(servers, serversCount) }?;
        // SAFETY: likewise.
        unsafe { borrow(nc) }?.set_servers(&urls)
    })
}
