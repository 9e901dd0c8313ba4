//! User and password that the program supplies at each attempt to connect.

use std::ffi::{CStr, c_void};
use std::sync::Arc;

use super::credentials::{Malloced, outcome};
use super::edit;
use crate::client::options::UserHandler;
use crate::error::{Error, natsStatus};
use crate::ffi::callback::{Callback, Function};
use crate::ffi::guard::guard;
use crate::ffi::handle::natsOptions;
use crate::ffi::types::natsUserInfoHandler;
use crate::secret::Secret;

/// Set a callback that supplies user and password for each attempt to connect.
///
/// For passwords that change: the callback is called for the first connect and for each reconnect.
/// An attempt fails with `NATS_ILLEGAL_STATE` if the URL of the server has a user, and with
/// `NATS_INVALID_ARG` if user or password is not UTF-8 or contains an NKey seed; nothing is sent
/// then.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param opts The options.
/// @param cb The callback, which runs on the thread that connects; NULL for none.
/// @param closure The last argument of the callback. It must stay valid until
/// connections made with these options make no more callbacks (`natsOptions_SetReleasedCB`).
///
/// @retval NATS_OK The option was set.
/// @retval NATS_INVALID_ARG `opts` is NULL or was destroyed.
/// @retval NATS_ILLEGAL_STATE A user is set.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @par Example
/// ```c
/// static natsStatus on_user(char **user, char **password, char **error, void *closure) {
///     *user = strdup("billing");
///     *password = strdup((const char *)closure);
///     return *user != NULL && *password != NULL ? NATS_OK : NATS_NO_MEMORY;
/// }
///
/// natsStatus s = natsOptions_SetUserInfoHandler(opts, on_user, (void *)"secret");
/// ```
///
/// @see natsOptions_SetUserInfo, natsOptions_SetTokenHandler
///
/// @ingroup nats_auth
///
/// # Safety
/// `opts` is NULL or a handle of this library; `cb` may be called with `closure` on any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_SetUserInfoHandler(
    opts: *mut natsOptions,
    cb: natsUserInfoHandler,
    closure: *mut c_void,
) -> natsStatus {
    guard("natsOptions_SetUserInfoHandler", || {
        let handler = user_handler(cb, closure);
        // SAFETY: the caller's contract, above.
        unsafe { edit(opts, |o| o.set_user_handler(handler)) }
    })
}

fn user_handler(function: natsUserInfoHandler, closure: *mut c_void) -> Option<UserHandler> {
    let callback = Callback::new(function, closure)?;
    Some(Arc::new(move || {
        let (function, closure) = callback.parts();
        let (mut user, mut password) = (Malloced::none(), Malloced::none());
        let mut words = Malloced::none();
        // SAFETY: the program's function, with live locals and the closure it gave for it.
        let status = unsafe {
            let (user, password) = (&raw mut user.0, &raw mut password.0);
            function.call((user, password, &raw mut words.0, closure))
        };
        outcome(status, &words)?;
        let secret = |text: Option<&CStr>, what: &str| {
            text.map(|text| text.to_str().map(Secret::from))
                .transpose()
                .map_err(|_| Error::invalid_arg(format!("{what} must be UTF-8")))
        };
        let user = secret(user.text(), "the user")?;
        let password = secret(password.text(), "the password")?;
        Ok(user.map(|user| (user, password)))
    }))
}
