//! `natsOptions`: the settings of connections. The setters are sorted by subject.

pub mod callbacks;
pub mod connect;
pub mod credentials;
pub mod event_loop;
pub mod io;
pub mod next_server;
pub mod proxy;
pub mod reconnect;
pub mod servers;
pub mod tls;
pub mod tls_client;
pub mod user_info;
pub mod websocket;

use super::guard::{guard, guard_void};
use super::handle::{self, natsOptions};
use super::{convert, library};
use crate::client::Options;
use crate::error::{Result, natsStatus};

/// Create an options object with default values.
///
/// Opens the library if it is not open, which starts no thread. The write deadline and the use of
/// the fixed-size delivery pool begin as the library was configured (`nats_OpenWithConfig`, or the
/// environment). Options may be created before a `fork` and used after it, in the parent and in its
/// children, each of which changes its own copy.
///
/// @param newOpts Receives the object, which the caller owns and releases with
/// `natsOptions_Destroy`. Written only with `NATS_OK`.
///
/// @retval NATS_OK The object was created.
/// @retval NATS_INVALID_ARG `newOpts` is NULL.
/// @retval NATS_FAILED_TO_INITIALIZE The library is being closed.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @par Example
/// ```c
/// natsOptions *opts = NULL;
/// natsStatus s = natsOptions_Create(&opts);
/// if (s == NATS_OK) s = natsOptions_SetName(opts, "billing");
/// if (s == NATS_OK) s = natsOptions_SetTimeout(opts, 5000);
/// if (s == NATS_OK) s = natsConnection_Connect(&nc, opts);
/// natsOptions_Destroy(opts);
/// ```
///
/// @see natsConnection_Connect
///
/// @ingroup nats_options
///
/// # Safety
/// `newOpts` is NULL or valid for writing a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_Create(newOpts: *mut *mut natsOptions) -> natsStatus {
    guard("natsOptions_Create", || {
        convert::required(newOpts, "newOpts")?;
        let config = library::open()?;
        let opts = Options::with_library_defaults(
            config.default_write_deadline,
            config.default_to_thread_pool,
        );
        // SAFETY: not NULL, and valid for writing by the caller's contract.
        unsafe { newOpts.write(handle::new_options(opts)) };
        Ok(())
    })
}

/// Release an options object.
///
/// Connections made with the options are not affected.
///
/// @param opts The options. NULL and destroyed options are ignored.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_options
///
/// # Safety
/// `opts` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_Destroy(opts: *mut natsOptions) {
    guard_void(|| {
        // SAFETY: the caller's contract, above.
        drop(unsafe { handle::destroy(opts) });
    });
}

/// Changes the options behind a handle.
///
/// # Safety
/// `opts` is NULL or a handle of this library.
unsafe fn edit(
    opts: *mut natsOptions,
    change: impl FnOnce(&mut Options) -> Result<()>,
) -> Result<()> {
    // SAFETY: the contract above.
    unsafe { handle::borrow(opts) }?.edit(change)
}

/// Changes the options behind a handle in a way that cannot fail.
///
/// # Safety
/// As for [`edit`].
pub(super) unsafe fn set(opts: *mut natsOptions, change: impl FnOnce(&mut Options)) -> Result<()> {
    // SAFETY: the contract above.
    unsafe {
        edit(opts, |o| {
            change(o);
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests;
