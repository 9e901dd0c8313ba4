//! What a C pointer to a long-lived object points at.
//!
//! Connections, subscriptions and options are given to C as pointers to slots: memory that always
//! stays what it is, so that a call on a destroyed handle finds the mark of its death and not
//! somebody else's bytes. `slot` has the protocol, `arena` the memory; here are the handles
//! themselves, and what the exported functions and callbacks do with them:
//!
//! - [`borrow`] in calls that do not wait, [`borrow_arc`] in those that do;
//! - [`destroy`] when the program lets a handle go;
//! - [`hold_connection`] and [`hold_subscription`] around every callback that is given one, and
//!   [`hold_connection_open`] for as long as an event loop has one;
//! - [`new_connection`], [`new_subscription`], [`new_options`] to make one.

mod arena;
#[cfg(test)]
mod explored;
mod slot;
#[cfg(test)]
mod slot_tests;

use std::ops::Deref;
use std::sync::Arc;

use parking_lot::Mutex;

use self::arena::Arena;
use self::slot::{FourStripes, Hold, OneStripe, Pin, Slot, Stripes};
use crate::client::{Connection, ForeignHandle, Options, Subscription};
use crate::error::{Error, Result};
use crate::sync;

/// A connection to a NATS server, opaque to C.
///
/// Made by `natsConnection_Connect` or `natsConnection_ConnectTo`, released by
/// `natsConnection_Destroy` (or `natsConnection_DestroyAndWait`), which also closes it;
/// subscriptions made on it are released on their own. Any thread may call any `natsConnection_`
/// function on it at any time, callbacks included. A call on a destroyed connection returns
/// `NATS_INVALID_ARG`, except in a callback that was given the connection: there it works, as a
/// closed connection does, until the callback returns. With an event loop of the program's it works
/// until `natsConnection_ProcessDetachedEvent`.
pub type natsConnection = __natsConnection;

/// The structure behind `natsConnection`.
pub struct __natsConnection {
    slot: Slot<Connection, FourStripes>,
}

/// An interest in a subject, opaque to C.
///
/// Made by `natsConnection_Subscribe` and its siblings, released by `natsSubscription_Destroy`,
/// also after its connection was destroyed. Any thread may call any `natsSubscription_` function on
/// it at any time, callbacks included; `natsSubscription_NextMsg` may be called by several threads,
/// each message going to one of them. A call on a destroyed subscription returns
/// `NATS_INVALID_ARG`, except in a callback that was given the subscription: there it works, as a
/// closed subscription does, until the callback returns.
pub type natsSubscription = __natsSubscription;

/// The structure behind `natsSubscription`.
pub struct __natsSubscription {
    slot: Slot<Subscription, OneStripe>,
}

/// How connections are to be made, opaque to C.
///
/// Made by `natsOptions_Create`, filled by the `natsOptions_Set...` functions, given to
/// `natsConnection_Connect`, which copies it, and released by `natsOptions_Destroy`, at any time
/// after. Any thread may call any `natsOptions_` function on it at any time. A call on destroyed
/// options returns `NATS_INVALID_ARG`.
pub type natsOptions = __natsOptions;

/// The structure behind `natsOptions`.
pub struct __natsOptions {
    slot: Slot<OptionsObject, OneStripe>,
}

/// The object behind an options handle: options that C changes, and the slot they go by.
pub(crate) struct OptionsObject {
    options: Mutex<Options>,
    /// Gives the slot back when this object ends.
    _owner: Owner<natsOptions>,
}

impl Deref for OptionsObject {
    type Target = Mutex<Options>;

    fn deref(&self) -> &Mutex<Options> {
        &self.options
    }
}

/// A type that C holds pointers to.
pub(crate) trait Handle: Sized + Sync + 'static {
    /// What the core calls it.
    type Object: Send + Sync + 'static;
    /// How its counters are spread.
    type Stripes: Stripes;
    /// The first bytes of each of its slots, to tell kinds of handle apart.
    const MAGIC: u32;
    /// What error texts call it.
    const NULL: &'static str;
    /// What error texts say when it is no longer, or never was.
    const STALE: &'static str;

    /// Memory without an object.
    fn empty() -> Self;
    /// The slot inside.
    fn slot(&self) -> &Slot<Self::Object, Self::Stripes>;
    /// Where its memory comes from.
    fn arena() -> &'static Arena<Self>;
}

impl Handle for __natsConnection {
    type Object = Connection;
    type Stripes = FourStripes;
    const MAGIC: u32 = 0x6e63_6f6e;
    const NULL: &'static str = "connection cannot be NULL";
    const STALE: &'static str = "the connection was destroyed";

    fn empty() -> Self {
        __natsConnection {
            slot: Slot::new(Self::MAGIC),
        }
    }

    #[inline]
    fn slot(&self) -> &Slot<Connection, FourStripes> {
        &self.slot
    }

    fn arena() -> &'static Arena<Self> {
        static ARENA: Arena<__natsConnection> = Arena::new();
        &ARENA
    }
}

impl Handle for __natsSubscription {
    type Object = Subscription;
    type Stripes = OneStripe;
    const MAGIC: u32 = 0x6e73_7562;
    const NULL: &'static str = "subscription cannot be NULL";
    const STALE: &'static str = "the subscription was destroyed";

    fn empty() -> Self {
        __natsSubscription {
            slot: Slot::new(Self::MAGIC),
        }
    }

    #[inline]
    fn slot(&self) -> &Slot<Subscription, OneStripe> {
        &self.slot
    }

    fn arena() -> &'static Arena<Self> {
        static ARENA: Arena<__natsSubscription> = Arena::new();
        &ARENA
    }
}

impl Handle for __natsOptions {
    type Object = OptionsObject;
    type Stripes = OneStripe;
    const MAGIC: u32 = 0x6e6f_7074;
    const NULL: &'static str = "options cannot be NULL";
    const STALE: &'static str = "the options were destroyed";

    fn empty() -> Self {
        __natsOptions {
            slot: Slot::new(Self::MAGIC),
        }
    }

    #[inline]
    fn slot(&self) -> &Slot<OptionsObject, OneStripe> {
        &self.slot
    }

    fn arena() -> &'static Arena<Self> {
        static ARENA: Arena<__natsOptions> = Arena::new();
        &ARENA
    }
}

/// Finds the slot behind a pointer from C.
///
/// # Safety
/// `handle` is NULL or a pointer to a handle that this library handed out, of any kind, living or
/// destroyed.
#[inline]
unsafe fn find<H: Handle>(handle: *const H) -> Result<&'static H> {
    if handle.is_null() {
        return Err(refuse(H::NULL));
    }
    let mark = handle.cast::<u32>();
    // SAFETY: a handle of this library, by the contract above; each begins with its mark, which
    // never changes, in memory that is never given back. The alignment is checked for what is none
    // at all.
    if !mark.is_aligned() || unsafe { mark.read() } != H::MAGIC {
        return Err(refuse(H::STALE));
    }
    // SAFETY: the mark says that it is of this kind.
    Ok(unsafe { &*handle })
}

// `find` reads the mark before it knows the kind.
const _: () = {
    assert!(std::mem::offset_of!(__natsConnection, slot) == 0);
    assert!(std::mem::offset_of!(__natsSubscription, slot) == 0);
    assert!(std::mem::offset_of!(__natsOptions, slot) == 0);
};

#[cold]
fn refuse(why: &'static str) -> Error {
    Error::invalid_arg(why)
}

/// A borrowed handle of the kind `H`, which derefs to the core's object.
pub(crate) type Borrowed<H> = Pin<'static, <H as Handle>::Object, <H as Handle>::Stripes>;

/// Borrows the object behind a handle, for a call that does not wait for the network or for other
/// threads' callbacks.
///
/// # Safety
/// `handle` is NULL or a handle of this library, living or destroyed.
#[inline]
pub(crate) unsafe fn borrow<H: Handle>(handle: *const H) -> Result<Borrowed<H>> {
    // SAFETY: the contract above is the same.
    let found = unsafe { find(handle) }?;
    found.slot().pin().ok_or_else(|| refuse(H::STALE))
}

/// The object behind a handle, for a call that may wait, or that needs an `Arc`.
///
/// # Safety
/// `handle` is NULL or a handle of this library, living or destroyed.
#[inline]
pub(crate) unsafe fn borrow_arc<H: Handle>(handle: *const H) -> Result<Arc<H::Object>> {
    // SAFETY: the contract above is the same.
    Ok(unsafe { borrow(handle) }?.to_arc())
}

/// Ends a handle: from now on only callbacks that were given it may use it. Returns the object, for
/// the core to end as well; `None` for NULL and for a handle that was destroyed before.
///
/// # Safety
/// `handle` is NULL or a handle of this library, living or destroyed.
pub(crate) unsafe fn destroy<H: Handle>(handle: *const H) -> Option<Arc<H::Object>> {
    // SAFETY: the contract above is the same.
    unsafe { find(handle) }.ok()?.slot().destroy()
}

/// Owns a slot as long as the object in it lives; its end lets the slot be used again.
struct Owner<H: Handle>(&'static H);

impl<H: Handle> ForeignHandle for Owner<H> {
    fn address(&self) -> usize {
        std::ptr::from_ref(self.0).expose_provenance()
    }
}

impl<H: Handle> Drop for Owner<H> {
    fn drop(&mut self) {
        // The slot is empty: it kept a reference to the object that owned this, which has just
        // ended.
        H::arena().give_back(self.0);
    }
}

/// A slot for an object that is about to own it.
fn take<H: Handle>() -> Owner<H> {
    Owner(H::arena().take(H::empty))
}

/// Makes the handle of a new connection. From here on the program, or whoever makes the connection
/// on its behalf, must `destroy` it.
pub(crate) fn new_connection(connection: &Arc<Connection>) -> *mut natsConnection {
    let owner = take::<natsConnection>();
    let handle = owner.0;
    connection.set_handle(Box::new(owner));
    handle.slot.install(connection.clone());
    std::ptr::from_ref(handle).cast_mut()
}

/// Makes the handle of a new subscription, which must be `destroy`ed.
pub(crate) fn new_subscription(subscription: &Arc<Subscription>) -> *mut natsSubscription {
    let owner = take::<natsSubscription>();
    let handle = owner.0;
    subscription.set_handle(Box::new(owner));
    handle.slot.install(subscription.clone());
    std::ptr::from_ref(handle).cast_mut()
}

/// Makes a handle for options, which must be `destroy`ed. `borrow` gives their lock.
pub(crate) fn new_options(options: Options) -> *mut natsOptions {
    let owner = take::<natsOptions>();
    let handle = owner.0;
    handle.slot.install(Arc::new(OptionsObject {
        options: Mutex::new(options),
        _owner: owner,
    }));
    std::ptr::from_ref(handle).cast_mut()
}

/// A handle that a callback is given: usable as long as this lives, even if the program destroys it
/// meanwhile or has done so before. Derefs to the pointer for C; NULL if C never got one.
pub(crate) struct Held<H: Handle> {
    pointer: *mut H,
    _hold: Option<Hold<'static, H::Object, H::Stripes>>,
}

// SAFETY: the pointer is to a slot, which any thread may use at any time; the rest is counters.
unsafe impl<H: Handle> Send for Held<H> {}
// SAFETY: likewise, and there is nothing to change through a shared reference.
unsafe impl<H: Handle> Sync for Held<H> {}

impl<H: Handle> Deref for Held<H> {
    type Target = *mut H;

    fn deref(&self) -> &*mut H {
        &self.pointer
    }
}

/// Keeps a connection's handle usable for a callback on this thread.
pub(crate) fn hold_connection(connection: &Arc<Connection>) -> Held<natsConnection> {
    hold(connection, connection.handle(), Slot::hold)
}

/// Keeps a connection's handle usable for an event loop, whichever threads that has.
pub(crate) fn hold_connection_open(connection: &Arc<Connection>) -> Held<natsConnection> {
    hold(connection, connection.handle(), Slot::hold_open)
}

/// Keeps a subscription's handle usable for a callback.
pub(crate) fn hold_subscription(subscription: &Arc<Subscription>) -> Held<natsSubscription> {
    hold(subscription, subscription.handle(), Slot::hold)
}

type HoldFn<H> = fn(
    &'static Slot<<H as Handle>::Object, <H as Handle>::Stripes>,
    &Arc<<H as Handle>::Object>,
) -> Hold<'static, <H as Handle>::Object, <H as Handle>::Stripes>;

fn hold<H: Handle>(object: &Arc<H::Object>, address: usize, hold: HoldFn<H>) -> Held<H> {
    let pointer = std::ptr::with_exposed_provenance_mut::<H>(address);
    // SAFETY: nought, or the address of the slot that `Owner` exposed when the object was given it.
    let handle: Option<&'static H> = unsafe { pointer.as_ref() };
    Held {
        pointer,
        _hold: handle.map(|handle| hold(handle.slot(), object)),
    }
}

#[cfg(test)]
mod tests {
    use std::ptr;

    use super::*;

    fn refused<T>(result: Result<T>, text: &str) -> bool {
        result
            .err()
            .is_some_and(|e| e == Error::invalid_arg(text.to_owned()))
    }

    #[test]
    fn null_stale_and_wrong_handles_are_refused() {
        let options = new_options(Options::default());
        // SAFETY: NULLs and handles of this library.
        unsafe {
            assert!(refused(
                borrow::<natsConnection>(ptr::null()),
                natsConnection::NULL
            ));
            assert!(refused(
                borrow_arc::<natsSubscription>(ptr::null()),
                natsSubscription::NULL
            ));
            assert!(destroy::<natsOptions>(ptr::null()).is_none());
            assert!(refused(
                borrow(options.cast::<natsConnection>()),
                natsConnection::STALE
            ));
            assert!(destroy(options.cast::<natsSubscription>()).is_none());

            borrow(options).expect("alive").lock().url = Some("a".into());
            assert_eq!(
                borrow(options).expect("alive").lock().url.as_deref(),
                Some("a")
            );
            let object = destroy(options).expect("the first time");
            assert!(destroy(options).is_none());
            assert!(refused(borrow(options), natsOptions::STALE));
            assert_eq!(object.lock().url.as_deref(), Some("a"));
        }
    }

    #[test]
    fn an_ended_object_gives_its_slot_back() {
        // More than the quarantine, so that slots come round: each is alive when it is new.
        for round in 0..200 {
            let options = new_options(Options::default());
            // SAFETY: a handle of this library.
            unsafe {
                assert!(
                    borrow(options).expect("alive").lock().servers.is_empty(),
                    "{round}"
                );
                borrow(options)
                    .expect("alive")
                    .lock()
                    .servers
                    .push("a".into());
                assert!(destroy(options).is_some());
            }
        }
    }

    #[test]
    fn a_callback_gets_the_handle_of_the_program_whatever_that_did_to_it() {
        let connection = Connection::new(&Options::default()).expect("no network needed");
        let handle = new_connection(&connection);
        // SAFETY: a handle of this library.
        unsafe {
            let held = hold_connection(&connection);
            assert_eq!(*held, handle);
            assert!(destroy(handle).is_some());
            assert!(borrow(handle).is_ok());
            drop(held);
            assert!(borrow(handle).is_err());
            let held = hold_connection(&connection);
            assert_eq!(*held, handle);
            assert!(Arc::ptr_eq(&borrow_arc(handle).expect("held"), &connection));
            drop(held);
            assert!(borrow(handle).is_err());
        }
    }

    #[test]
    fn a_connection_without_a_handle_is_null_to_callbacks() {
        let connection = Connection::new(&Options::default()).expect("no network needed");
        assert!(hold_connection(&connection).is_null());
    }
}
