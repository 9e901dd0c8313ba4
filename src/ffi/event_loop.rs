//! The reports of a program's event loop: for connections made with `natsOptions_SetEventLoop`.

use std::os::fd::{FromRawFd, OwnedFd};

use super::guard::{guard_local, guard_void};
use super::handle::{borrow_arc, natsConnection};
use super::types::natsSock;

/// Read what arrived on a connection's socket.
///
/// For event loops set with `natsOptions_SetEventLoop`: the loop calls it on its thread when the
/// socket is readable, broken or at its end. Messages are handed to subscriptions and requests;
/// callbacks do not run in the call. The loss of the server is handled in the call, so the
/// functions of the loop may be called from inside. Reads a bounded amount: while the socket has
/// more, the loop has to call again. Ignored while no socket is attached.
///
/// @param nc The connection. NULL and a destroyed connection are ignored.
///
/// @par Threads
/// The thread of the event loop.
///
/// @ingroup nats_loop
///
/// # Safety
/// `nc` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsConnection_ProcessReadEvent(nc: *mut natsConnection) {
    guard_void(|| {
        // SAFETY: the caller's contract, above.
        if let Ok(connection) = unsafe { borrow_arc(nc) } {
            connection.process_read_event();
        }
    });
}

/// Write what waits for a connection's socket, as far as the socket accepts it.
///
/// For event loops set with `natsOptions_SetEventLoop`: the loop calls it on its thread when the
/// socket is writable and the loop was asked to watch for that. When nothing is left the loop's
/// write function is called with `false` from inside. Ignored while no socket is attached.
///
/// @param nc The connection. NULL and a destroyed connection are ignored.
///
/// @par Threads
/// The thread of the event loop.
///
/// @ingroup nats_loop
///
/// # Safety
/// `nc` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsConnection_ProcessWriteEvent(nc: *mut natsConnection) {
    guard_void(|| {
        // SAFETY: the caller's contract, above.
        if let Ok(connection) = unsafe { borrow_arc(nc) } {
            connection.process_write_event();
        }
    });
}

/// Close a socket that an event loop has stopped watching.
///
/// For event loops set with `natsOptions_SetEventLoop`, after the loop's read function was called
/// with `false`. The library does not close the loop's sockets by itself.
///
/// @param socket The descriptor, which is set to -1. NULL, and -1 in it, are ignored.
///
/// @par Threads
/// The thread of the event loop.
///
/// @ingroup nats_loop
///
/// # Safety
/// `socket` is NULL or valid for reading and writing a descriptor, which is -1 or one that the
/// library handed to the loop and nobody has closed since.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsConnection_ProcessCloseEvent(socket: *mut natsSock) {
    guard_local((), || {
        // SAFETY: the caller's contract, above.
        let Some(socket) = (unsafe { socket.as_mut() }) else {
            return Ok(());
        };
        let fd = std::mem::replace(socket, -1);
        if fd >= 0 {
            // SAFETY: the loop's own descriptor, by the caller's contract, and given up above.
            drop(unsafe { OwnedFd::from_raw_fd(fd) });
        }
        Ok(())
    });
}

/// Release a connection that an event loop has forgotten.
///
/// For event loops set with `natsOptions_SetEventLoop`: to be called once, in the loop's detach
/// function or after it; earlier calls are ignored. From the first attach until then the
/// connection's memory is kept, and its handle works for the loop even if the program has destroyed
/// it. A loop that never calls this function leaks the connection, and `nats_CloseAndWait` does not
/// return.
///
/// @param nc The connection. NULL and a destroyed connection are ignored.
///
/// @par Threads
/// The thread of the event loop.
///
/// @ingroup nats_loop
///
/// # Safety
/// `nc` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsConnection_ProcessDetachedEvent(nc: *mut natsConnection) {
    guard_void(|| {
        // SAFETY: the caller's contract, above.
        if let Ok(connection) = unsafe { borrow_arc(nc) } {
            connection.process_detached_event();
        }
    });
}
