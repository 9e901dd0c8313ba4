//! Who chooses the next server.

use std::ffi::{CString, c_char, c_int, c_void};
use std::sync::Arc;
use std::time::Duration;

use super::set;
use crate::client::options::NextServerHandler;
use crate::error::natsStatus;
use crate::ffi::callback::{Callback, Function};
use crate::ffi::guard::guard;
use crate::ffi::handle::{hold_connection, natsOptions};
use crate::ffi::types::natsNextServerHandler;

/// Set a callback that chooses the server of each attempt to reconnect.
///
/// It is called before each attempt, with the servers that may be tried and the pause before the attempt, which it
/// may change. It is not called for the first connect, unless that continues in the background
/// (`natsOptions_SetRetryOnFailedConnect`). The limit of `natsOptions_SetMaxReconnect` holds for each server, also if
/// the callback selects it.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param opts The options.
/// @param cb The callback, as described for `natsNextServerHandler`; NULL for none.
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
/// static int prefer_local(natsConnection *nc, const char *const *servers, int count,
///                         int64_t *pause, void *closure) {
///     for (int i = 0; i < count; i++)
///         if (strstr(servers[i], "localhost") != NULL) return i;
///     return 0;
/// }
///
/// natsStatus s = natsOptions_SetNextServerHandler(opts, prefer_local, NULL);
/// ```
///
/// @see natsConnection_SetServers, natsOptions_SetCustomReconnectDelay
///
/// @ingroup nats_reconnect
///
/// # Safety
/// `opts` is NULL or a handle of this library; `cb` may be called with `closure` on any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_SetNextServerHandler(
    opts: *mut natsOptions,
    cb: natsNextServerHandler,
    closure: *mut c_void,
) -> natsStatus {
    guard("natsOptions_SetNextServerHandler", || {
        let handler = next_server_handler(cb, closure);
        // SAFETY: the caller's contract, above.
        unsafe { set(opts, |o| o.next_server = handler) }
    })
}

fn next_server_handler(
    function: natsNextServerHandler,
    closure: *mut c_void,
) -> Option<NextServerHandler> {
    let callback = Callback::new(function, closure)?;
    Some(Arc::new(move |connection, urls, pause| {
        let (function, closure) = callback.parts();
        let held = hold_connection(connection);
        // URLs have no NUL in them.
        let texts: Vec<CString> = urls
            .iter()
            .map(|url| CString::new(url.as_str()).unwrap_or_default())
            .collect();
        let list: Vec<*const c_char> = texts.iter().map(|text| text.as_ptr()).collect();
        let count = c_int::try_from(list.len()).unwrap_or(c_int::MAX);
        let mut millis = i64::try_from(pause.as_millis()).unwrap_or(i64::MAX);
        // SAFETY: the program's function, with a handle that is held, an array that lives until it returns, and the
        // closure it gave.
        let chosen =
            unsafe { function.call((*held, list.as_ptr(), count, &raw mut millis, closure)) };
        let pause = Duration::from_millis(u64::try_from(millis).unwrap_or(0));
        (usize::try_from(chosen).ok(), pause)
    }))
}
