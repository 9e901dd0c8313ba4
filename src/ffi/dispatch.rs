//! Callbacks on the program's own thread: for connections made with
//! `natsOptions_SetManualDispatch`, which nats.c lacks.

use std::ffi::c_int;

use super::convert::{required, write_optional};
use super::guard::guard;
use super::handle::{borrow, borrow_arc, natsConnection};
use super::types::natsSock;
use crate::error::natsStatus;

/// Reads the descriptor that tells when callbacks of a connection wait to be run.
///
/// An addition that nats.c lacks. The descriptor is readable exactly while something waits for
/// `natsConnection_Dispatch`: watch it for reading with `poll`, `epoll`, libuv, libevent, GLib or
/// asio, level-triggered. It is the same for the connection's whole life, across reconnects, and
/// stays the library's: do not read, write or close it, and stop watching it before
/// `natsConnection_Destroy`.
///
/// @param nc the connection; any thread may call this at any time.
/// @param fd where to put the descriptor; written only with `NATS_OK`.
/// @return `NATS_OK`, also on a closed connection; `NATS_INVALID_ARG` where an argument is NULL or
/// `nc` was destroyed; `NATS_ILLEGAL_STATE` where the connection was not made with
/// `natsOptions_SetManualDispatch`.
///
/// # Safety
/// `nc` is NULL or a handle of this library; `fd` is NULL or valid for writing a descriptor.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsConnection_GetDispatchFd(
    nc: *mut natsConnection,
    fd: *mut natsSock,
) -> natsStatus {
    guard("natsConnection_GetDispatchFd", || {
        required(fd, "fd")?;
        // SAFETY: the caller's contract, above.
        let found = unsafe { borrow(nc) }?.dispatch_fd()?;
        // SAFETY: not NULL, hence valid for writing by the caller's contract.
        unsafe { fd.write(found) };
        Ok(())
    })
}

/// Runs callbacks of a connection that wait, on the calling thread, and does not wait for more.
///
/// An addition that nats.c lacks. Runs message, timeout and completion callbacks of the
/// connection's subscriptions, connection callbacks and the error handler: what waited when the
/// call began, and not what comes meanwhile. The callbacks may call anything, destroying the
/// connection included; what waits on other threads for the connection's callbacks, such as
/// `natsSubscription_WaitForDrainCompletion`, would wait for ever on this one.
///
/// After `natsConnection_Close`, and after a drain, the last callbacks (disconnected, closed,
/// completion) still wait to be run. `natsConnection_Destroy` and `natsConnection_DestroyAndWait`
/// drop those that wait then: they are never called. A program that must see them closes, then
/// dispatches until there are none, then destroys.
///
/// @param nc the connection; any thread may call this, one at a time: a call during that of another
/// thread does nothing.
/// @param max how many callbacks to run at most; 0 or less for no limit.
/// @param ran where to put how many ran; may be NULL, written only with `NATS_OK`.
/// @return `NATS_OK`, also where nothing waited; `NATS_INVALID_ARG` where `nc` is NULL or
/// destroyed; `NATS_ILLEGAL_STATE` inside a callback of this connection, or where it was not made
/// with `natsOptions_SetManualDispatch`.
///
/// @see natsConnection_GetDispatchFd
///
/// # Safety
/// `nc` is NULL or a handle of this library; `ran` is NULL or valid for writing an `int`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsConnection_Dispatch(
    nc: *mut natsConnection,
    max: c_int,
    ran: *mut c_int,
) -> natsStatus {
    guard("natsConnection_Dispatch", || {
        // SAFETY: the caller's contract, above.
        let connection = unsafe { borrow_arc(nc) }?;
        let max = usize::try_from(max).ok().filter(|max| *max > 0);
        let count = connection.dispatch(max)?;
        // SAFETY: likewise.
        unsafe { write_optional(ran, c_int::try_from(count).unwrap_or(c_int::MAX)) };
        Ok(())
    })
}
