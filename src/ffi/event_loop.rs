//! What an event loop of the program reports: for connections made with
//! `natsOptions_SetEventLoop`.

use std::os::fd::{FromRawFd, OwnedFd};

use super::guard::{guard_local, guard_void};
use super::handle::{borrow_arc, natsConnection};
use super::types::natsSock;

/// Reads what has come for a connection, and hands it to subscriptions and requests.
///
/// For an event loop set with `natsOptions_SetEventLoop`, which calls it on its thread when the
/// socket is readable, broken or at its end. Callbacks do not run in it; losing the server is dealt
/// with in it, so the loop's functions may be called from inside. Reads a bounded amount; while
/// there is more in the socket the loop has to call again. Ignored while no socket is attached.
///
/// @param nc the connection; NULL and a destroyed one are ignored.
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

/// Writes what waits for a connection, as far as the socket takes it.
///
/// For an event loop set with `natsOptions_SetEventLoop`, which calls it on its thread when the
/// socket is writable and it was asked to watch for that. When nothing is left the loop's write
/// function is called with `false` from inside. Ignored while no socket is attached.
///
/// @param nc the connection; NULL and a destroyed one are ignored.
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

/// Closes a socket that an event loop was given, when the loop watches it no more.
///
/// For an event loop set with `natsOptions_SetEventLoop`, after its read function was called with
/// `false`. The library does not close the loop's sockets by itself.
///
/// @param socket the descriptor, which becomes -1; NULL, and -1 in it, are ignored.
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

/// Releases a connection that an event loop has forgotten.
///
/// For an event loop set with `natsOptions_SetEventLoop`, once, in or after the call of its detach
/// function; earlier it is ignored. From the first attach until then the connection's memory is
/// kept, and its handle works for the loop even if the program has destroyed it. A loop that never
/// calls this leaks the connection, and keeps `nats_CloseAndWait` from returning.
///
/// @param nc the connection; NULL and a destroyed one are ignored.
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
