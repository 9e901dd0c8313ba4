//! `natsOptions`: how connections are to be made. The setters are sorted by what they are about.

pub mod callbacks;
pub mod connect;
pub mod credentials;
pub mod event_loop;
pub mod io;
pub mod proxy;
pub mod reconnect;
pub mod servers;
pub mod tls;
pub mod tls_client;
pub mod websocket;

use super::guard::{guard, guard_void};
use super::handle::{self, natsOptions};
use super::{convert, library};
use crate::client::Options;
use crate::error::{Result, natsStatus};

/// Creates options with their default values.
///
/// Opens the library if it is not open, which starts no thread. The write deadline and the use of the shared pool begin as
/// the library was configured (`nats_OpenWithConfig`, or the environment). Options may be made before a `fork`
/// and used after it, in the parent and in children, whose changes are their own. Any thread may call it.
///
/// @param newOpts where to put the options, which the program releases with `natsOptions_Destroy`.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `newOpts` is NULL; what `nats_Open` returns. The
/// output is written only with `NATS_OK`.
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

/// Destroys options. Connections made with them are not affected.
///
/// Any thread may call it at any time.
///
/// @param opts the options; NULL, or options that were destroyed, do nothing.
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
unsafe fn set(opts: *mut natsOptions, change: impl FnOnce(&mut Options)) -> Result<()> {
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
