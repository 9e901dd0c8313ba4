//! Options for event loops: the loop watches the socket, or the program runs its callbacks itself.

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

/// Let an event loop of the program watch the sockets of connections.
///
/// The library connects and reconnects by itself. Each established socket is handed to the loop,
/// which reports its events with `natsConnection_ProcessReadEvent` and
/// `natsConnection_ProcessWriteEvent`. Callbacks still run on threads of the library. Functions for
/// libuv and libevent are supplied in `nats_rs/adapters/libuv.h` and `libevent.h`. To run callbacks
/// on a thread of the program, use `natsOptions_SetManualDispatch`.
///
/// The loop gets a duplicate of the socket: the loop closes the duplicate, and the library keeps
/// its own. Attach, read and write are never called at the same time for one connection, but one of
/// them may be called inside another on the same thread. No lock of the library is held during the
/// calls. Flushes and requests on the thread of the loop read and write for the loop while they
/// wait; `natsSubscription_NextMsg` there only takes what has already arrived. The option cannot be
/// unset.
///
/// @param opts The options.
/// @param loop The second argument of `attachCb`; not used otherwise. It must outlive the
/// connections.
/// @param attachCb Called with each new socket.
/// @param readCb Called with `false` when the library has finished with a socket.
/// @param writeCb Called with `true` when data waits to be written, and with `false` when none is left.
/// @param detachCb Called once when a connection is closed.
///
/// @retval NATS_OK The option was set.
/// @retval NATS_INVALID_ARG An argument is NULL, or `opts` was destroyed.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @see natsConnection_ProcessDetachedEvent
///
/// @ingroup nats_loop
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

/// Set whether the program runs the callbacks of its connections itself.
///
/// Message and completion callbacks of subscriptions, connection callbacks and the error handler
/// then wait until the program calls `natsConnection_Dispatch`, and run on the calling thread. The
/// descriptor of `natsConnection_GetDispatchFd` is readable while something waits, so that any
/// event loop can watch it. The library still handles the sockets: PINGs are answered and limits
/// are enforced however late the program is. The order of callbacks does not change.
///
/// Callbacks that return a value (token, reconnect delay), the one of `natsOptions_SetReleasedCB`
/// and those of `natsOptions_SetEventLoop` stay on threads of the library. The option can be
/// combined with `natsOptions_SetEventLoop`; `natsOptions_UseGlobalMessageDelivery` has no effect
/// with it.
///
/// A function that waits for callbacks to have run (`natsSubscription_WaitForDrainCompletion`,
/// `natsConnection_DestroyAndWait`) waits for another thread to dispatch them: on the thread that
/// dispatches, give it a limit, or watch the state instead. `js_PublishAsyncComplete` waits for the
/// acks only.
///
/// @param opts The options.
/// @param manual True to run callbacks with `natsConnection_Dispatch`; the default is false.
///
/// @retval NATS_OK The option was set.
/// @retval NATS_INVALID_ARG `opts` is NULL or was destroyed.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @see natsConnection_Dispatch, natsConnection_GetDispatchFd
///
/// @ingroup nats_dispatch
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

/// The loop's functions; the loop itself is the closure of the first.
#[derive(Clone, Copy)]
struct Functions {
    attach: Callback<AttachFn>,
    read: SwitchFn,
    write: SwitchFn,
    detach: DetachFn,
}

impl EventLoop<Connection> for Functions {
    fn attachment(&self) -> Box<dyn Attachment<Connection>> {
        Box::new(Attached {
            functions: *self,
            user_data: AtomicPtr::default(),
            held: Mutex::new(None),
        })
    }
}

/// One connection attached to the program's loop.
struct Attached {
    functions: Functions,
    /// The loop's data; written by its `attach` only.
    user_data: AtomicPtr<c_void>,
    /// Keeps connection and handle usable for the loop, whatever the program does to them.
    held: Mutex<Option<(Held<natsConnection>, Arc<Connection>)>>,
}

impl Attached {
    fn user_data(&self) -> *mut c_void {
        self.user_data.load(Ordering::Acquire)
    }
}

impl Attachment<Connection> for Attached {
    fn attach(&self, connection: &Arc<Connection>, socket: OwnedFd) -> Result<(), Status> {
        let held = hold_connection_open(connection);
        let (function, event_loop) = self.functions.attach.parts();
        let (fd, user_data) = (socket.as_raw_fd(), self.user_data.as_ptr());
        // SAFETY: the program's function, with the loop it gave, a handle that is held, an open
        // socket, and a pointer that only this function writes, since calls never overlap.
        unsafe { function.call((user_data, event_loop, *held, fd)) }.outcome()?;
        // It belongs to the loop now.
        let _ = socket.into_raw_fd();
        self.held.lock().get_or_insert((held, connection.clone()));
        Ok(())
    }

    fn read(&self, watch: bool) -> Result<(), Status> {
        // SAFETY: the program's function, with what it keeps of the connection.
        unsafe { self.functions.read.call((self.user_data(), watch)) }.outcome()
    }

    fn write(&self, watch: bool) -> Result<(), Status> {
        // SAFETY: as above.
        unsafe { self.functions.write.call((self.user_data(), watch)) }.outcome()
    }

    fn detach(&self) {
        // SAFETY: as above. There is nothing to be done should it fail.
        let _ = unsafe { self.functions.detach.call((self.user_data(),)) };
    }

    fn release(&self) {
        let held = self.held.lock().take();
        // May be the last reference to the connection, and so to this.
        drop(held);
    }
}
