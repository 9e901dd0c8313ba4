//! Callbacks on a thread of the program: for connections made with `natsOptions_SetManualDispatch`,
//! an addition to nats.c.

use std::ffi::c_int;

use super::convert::{required, write_optional};
use super::guard::guard;
use super::handle::{borrow, borrow_arc, natsConnection};
use super::types::natsSock;
use crate::error::natsStatus;

/// Return the descriptor that reports waiting callbacks of a connection.
///
/// The descriptor is readable exactly while something waits for `natsConnection_Dispatch`. Watch it
/// for reading, level-triggered, with `poll`, `epoll`, libuv, libevent, GLib or asio. It stays the
/// same for the life of the connection, across reconnects, and belongs to the library: do not read,
/// write or close it, and stop watching it before `natsConnection_Destroy`.
///
/// @param nc The connection.
/// @param fd Receives the descriptor. Written only with `NATS_OK`.
///
/// @retval NATS_OK The descriptor was written, also for a closed connection.
/// @retval NATS_INVALID_ARG An argument is NULL, or `nc` was destroyed.
/// @retval NATS_ILLEGAL_STATE The connection was not made with `natsOptions_SetManualDispatch`.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @par Example
/// ```c
/// struct pollfd watch = {-1, POLLIN, 0};
/// if (natsConnection_GetDispatchFd(nc, &watch.fd) == NATS_OK) {
///     while (!natsConnection_IsClosed(nc)) {
///         if (poll(&watch, 1, -1) > 0) natsConnection_Dispatch(nc, 0, NULL);
///     }
/// }
/// ```
///
/// @ingroup nats_dispatch
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

/// Run the waiting callbacks of a connection on the calling thread.
///
/// Runs message, timeout and completion callbacks of the connection's subscriptions, connection callbacks and the
/// error handler. Runs those that waited when the call began and does not wait for more. Callbacks may call any
/// function, destroying the connection included. A call that waits for callbacks of this connection on another
/// thread, such as `natsSubscription_WaitForDrainCompletion`, would never return on this thread.
///
/// After `natsConnection_Close` and after a drain the last callbacks (disconnected, closed,
/// completion) still wait to be run. `natsConnection_Destroy` and `natsConnection_DestroyAndWait`
/// drop those that still wait: they are never called. A program that needs them closes the
/// connection, dispatches until nothing waits, then destroys it.
///
/// @param nc The connection.
/// @param max The largest number of callbacks to run; 0 or less for no limit.
/// @param ran Receives the number of callbacks that ran; may be NULL. Written only with `NATS_OK`.
///
/// @retval NATS_OK The callbacks have run, or nothing waited.
/// @retval NATS_INVALID_ARG `nc` is NULL or was destroyed.
/// @retval NATS_ILLEGAL_STATE The call came from a callback of this connection, or the connection
/// was not made with `natsOptions_SetManualDispatch`.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @par Threads
/// Any thread may call this function. One thread at a time runs callbacks: a call during that of
/// another thread does nothing.
///
/// @see natsConnection_GetDispatchFd
///
/// @ingroup nats_dispatch
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
