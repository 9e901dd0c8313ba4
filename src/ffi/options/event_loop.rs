//! Options: the program's event loop watches the socket, or the program runs its callbacks itself.

use std::ffi::c_void;
use std::os::fd::{AsRawFd, IntoRawFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicPtr, Ordering};

use super::set;
use crate::client::{Attachment, Connection, EventLoop};
use crate::error::{Error, Status, natsStatus};
use crate::ffi::callback::{Callback, Function};
use crate::ffi::guard::guard;
use crate::ffi::handle::{Held, hold_connection_open, natsConnection, natsOptions};
use crate::ffi::types::{
    natsEvLoop_Attach, natsEvLoop_Detach, natsEvLoop_ReadAddRemove, natsEvLoop_WriteAddRemove,
    natsStatusArg,
};
use crate::locks::Mutex;

/// Has an event loop of the program watch the sockets of connections.
///
/// The library still connects and reconnects by itself; each established socket is handed to the
/// loop, which reports what happens to it with `natsConnection_ProcessReadEvent` and
/// `natsConnection_ProcessWriteEvent`. Callbacks run on the library's threads as ever. Ready-made
/// functions for libuv and libevent are in `nats_rs/adapters/libuv.h` and `libevent.h`. A program
/// that wants its callbacks on its own thread, rather than the socket, is better served by
/// `natsOptions_SetManualDispatch`.
///
/// The socket that the loop gets is a duplicate: the loop closes it, the library goes on with its
/// own. The first three functions are never called two at a time for one connection, though one of
/// them may be called inside another on the same thread. No function is called with a lock of the
/// library held. Flushes and requests that wait on the loop's own thread do the loop's reading and
/// writing meanwhile; `natsSubscription_NextMsg` there gets only what has come already. There is no
/// way to unset this.
///
/// @param opts the options.
/// @param loop what `attachCb` gets; not used otherwise, and must outlive the connections.
/// @param attachCb called with each new socket.
/// @param readCb called when a socket is finished.
/// @param writeCb called when something waits to be written, and when nothing does any more.
/// @param detachCb called once when a connection is closed.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where an argument is NULL or `opts` was destroyed.
///
/// @see natsConnection_ProcessDetachedEvent
///
/// # Safety
/// `opts` is NULL or a handle of this library; the functions may be called on any thread with
/// `loop` and what they keep in `userData`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_SetEventLoop(
    opts: *mut natsOptions,
    r#loop: *mut c_void,
    attachCb: natsEvLoop_Attach,
    readCb: natsEvLoop_ReadAddRemove,
    writeCb: natsEvLoop_WriteAddRemove,
    detachCb: natsEvLoop_Detach,
) -> natsStatus {
    guard("natsOptions_SetEventLoop", || {
        let none = |what: &str| Error::invalid_arg(format!("{what} cannot be NULL"));
        if r#loop.is_null() {
            return Err(none("loop"));
        }
        let attach = Callback::new(attachCb, r#loop).ok_or_else(|| none("attachCb"))?;
        let read = readCb.ok_or_else(|| none("readCb"))?;
        let write = writeCb.ok_or_else(|| none("writeCb"))?;
        let detach = detachCb.ok_or_else(|| none("detachCb"))?;
        let functions = Functions {
            attach,
            read,
            write,
            detach,
        };
        // SAFETY: the caller's contract, above.
        unsafe { set(opts, |o| o.event_loop = Some(Arc::new(functions))) }
    })
}

/// Chooses who runs the callbacks of connections: the library's threads, or the program.
///
/// An addition that nats.c lacks. With `manual`, message and completion callbacks of the
/// connection's subscriptions, connection callbacks and the error handler wait until the program
/// calls `natsConnection_Dispatch`, and run on the thread that does. The descriptor of
/// `natsConnection_GetDispatchFd` is readable while something waits: put it into any event loop.
/// Sockets remain the library's affair, so PINGs are answered and limits watched however late the
/// program is. The order of callbacks is as ever; that of one subscription, and that of the
/// connection's events.
///
/// On the library's threads remain the functions that are asked for a value (token, reconnect
/// delay), the one of `natsOptions_SetReleasedCB`, and those of `natsOptions_SetEventLoop`, with
/// which this may be combined. `natsOptions_UseGlobalMessageDelivery` has no effect with it.
///
/// @param opts the options.
/// @param manual whether the program runs callbacks itself; false at first.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed.
///
/// @see natsConnection_Dispatch, natsConnection_GetDispatchFd
///
/// # Safety
/// `opts` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_SetManualDispatch(
    opts: *mut natsOptions,
    manual: bool,
) -> natsStatus {
    guard("natsOptions_SetManualDispatch", || {
        // SAFETY: the caller's contract, above.
        unsafe { set(opts, |o| o.manual_dispatch = manual) }
    })
}

type AttachFn =
    unsafe extern "C" fn(*mut *mut c_void, *mut c_void, *mut natsConnection, i32) -> natsStatusArg;
type SwitchFn = unsafe extern "C" fn(*mut c_void, bool) -> natsStatusArg;
type DetachFn = unsafe extern "C" fn(*mut c_void) -> natsStatusArg;

/// The program's functions; the loop itself is the closure of the first.
#[derive(Clone, Copy)]
struct Functions {
    attach: Callback<AttachFn>,
    read: SwitchFn,
    write: SwitchFn,
    detach: DetachFn,
}

impl EventLoop for Functions {
    fn attachment(&self) -> Box<dyn Attachment> {
        Box::new(Attached {
            functions: *self,
            user_data: AtomicPtr::default(),
            held: Mutex::new(None),
        })
    }
}

/// One connection at the program's loop.
struct Attached {
    functions: Functions,
    /// What the loop keeps; written by its `attach` only.
    user_data: AtomicPtr<c_void>,
    /// Keeps connection and handle usable for the loop, whatever the program does to them.
    held: Mutex<Option<(Held<natsConnection>, Arc<Connection>)>>,
}

impl Attached {
    fn user_data(&self) -> *mut c_void {
        self.user_data.load(Ordering::Acquire)
    }
}

fn done(status: natsStatusArg) -> Result<(), Status> {
    match status.get() {
        Status::NATS_OK => Ok(()),
        status => Err(status),
    }
}

impl Attachment for Attached {
    fn attach(&self, connection: &Arc<Connection>, socket: OwnedFd) -> Result<(), Status> {
        let held = hold_connection_open(connection);
        let (function, event_loop) = self.functions.attach.parts();
        let (fd, user_data) = (socket.as_raw_fd(), self.user_data.as_ptr());
        // SAFETY: the program's function, with the loop it gave, a handle that is held, an open
        // socket, and a pointer that only this function writes, since calls never overlap.
        done(unsafe { function.call((user_data, event_loop, *held, fd)) })?;
        // The loop's now.
        let _ = socket.into_raw_fd();
        self.held.lock().get_or_insert((held, connection.clone()));
        Ok(())
    }

    fn read(&self, watch: bool) -> Result<(), Status> {
        // SAFETY: the program's function, with what it keeps of the connection.
        done(unsafe { self.functions.read.call((self.user_data(), watch)) })
    }

    fn write(&self, watch: bool) -> Result<(), Status> {
        // SAFETY: as above.
        done(unsafe { self.functions.write.call((self.user_data(), watch)) })
    }

    fn detach(&self) {
        // SAFETY: as above. There is nothing to be done should it fail.
        let _ = done(unsafe { self.functions.detach.call((self.user_data(),)) });
    }

    fn release(&self) {
        let held = self.held.lock().take();
        // May be the last of the connection, and so of this.
        drop(held);
    }
}
