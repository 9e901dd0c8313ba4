//! The targets of C's pointers to long-lived objects.
//!
//! Connections, subscriptions and options are given to C as pointers to slots: memory that keeps
//! its type for ever, so that a call on a destroyed handle finds its state and not the bytes of
//! something else. `slot` has the protocol, `arena` the memory; here are the handles themselves,
//! and what the exported functions and callbacks do with them:
//!
//! - [`borrow`] in calls that do not wait, [`borrow_arc`] in those that do;
//! - [`destroy`] when the program releases a handle;
//! - [`hold_connection`], [`hold_subscription`] or [`hold_both`] around every callback that receives one, and
//!   [`hold_connection_open`] for as long as an event loop has one;
//! - [`new_connection`], [`new_subscription`], [`new_options`] to create one, and [`EarlyOutput`] to give it to the
//!   program before the first callback.

mod arena;
mod early;
#[cfg(test)]
mod explored;
mod jetstream;
mod kv;
mod lookup;
mod micro;
mod obj;
#[cfg(all(test, not(miri)))]
mod reordered;
mod slot;
#[cfg(test)]
mod slot_tests;
#[cfg(test)]
mod tests;
mod whole;

use std::ops::Deref;
use std::os::fd::{FromRawFd, OwnedFd};
use std::sync::Arc;

use self::arena::Arena;
pub(crate) use self::early::EarlyOutput;
pub(crate) use self::jetstream::{
    OwnedFastBatch, hold_context, hold_fast_batch, new_batch, new_context, new_fast_batch,
    prepare_fast_batch,
};
pub use self::jetstream::{jsAtomicBatchCtx, jsCtx, jsFastBatchCtx};
pub(crate) use self::kv::{
    OwnedStore, OwnedWatcher, hold_watcher, new_store, new_watcher, prepare_watcher,
};
pub use self::kv::{kvStore, kvWatcher};
use self::lookup::mark;
pub(crate) use self::lookup::{borrow, borrow_arc, destroy};
pub(crate) use self::micro::{
    handles_of_service, hold_service, new_caller, new_group, new_service,
};
pub use self::micro::{microClient, microGroup, microService};
pub(crate) use self::obj::{
    new_get, new_put, new_store as new_obj_store, new_watcher as new_obj_watcher,
};
pub use self::obj::{objStore, objStoreGet, objStorePut, objStoreWatcher};
use self::slot::{FourStripes, Hold, OneStripe, Slot, Stripes};
use self::whole::{Editable, Whole};
use crate::client::{Connection, ForeignHandle, Options, Subscription};
use crate::error::Result;
use crate::fork::PerProcess;
use crate::sync;

/// A connection to a NATS server. Opaque to C.
///
/// Created by `natsConnection_Connect` or `natsConnection_ConnectTo` and released by
/// `natsConnection_Destroy` or `natsConnection_DestroyAndWait`, which also close it. The
/// subscriptions made on it are released on their own. Any thread may call any `natsConnection_`
/// function at any time, callbacks included. A call on a destroyed connection returns
/// `NATS_INVALID_ARG`, except in a callback that was given the connection: there it acts as a
/// closed connection until the callback returns. With an event loop of the program it can be used
/// until `natsConnection_ProcessDetachedEvent`. A call in a child of the process that created it
/// returns `NATS_ILLEGAL_STATE`, or the value for NULL; destroying it there does not affect the
/// parent's connection.
///
/// @ingroup nats_connection
pub type natsConnection = __natsConnection;

/// The structure behind `natsConnection`.
pub struct __natsConnection {
    slot: Slot<Connection, FourStripes>,
}

/// A subscription to a subject. Opaque to C.
///
/// Created by `natsConnection_Subscribe` and its variants and released by
/// `natsSubscription_Destroy`, also after its connection was destroyed. Any thread may call any
/// `natsSubscription_` function at any time, callbacks included. A call on a destroyed subscription
/// returns `NATS_INVALID_ARG`, except in a callback that was given the subscription: there it acts
/// as a closed subscription until the callback returns. A call in a child of the process that
/// created it returns `NATS_ILLEGAL_STATE`, or the value for NULL.
///
/// @ingroup nats_subscribe
pub type natsSubscription = __natsSubscription;

/// The structure behind `natsSubscription`.
pub struct __natsSubscription {
    slot: Slot<Subscription, OneStripe>,
}

/// Options for connections. Opaque to C.
///
/// Created by `natsOptions_Create`, filled by the `natsOptions_` functions, copied by
/// `natsConnection_Connect`, and released by `natsOptions_Destroy` at any time after. Any thread
/// may call any `natsOptions_` function at any time. A call on destroyed options returns
/// `NATS_INVALID_ARG`. A child made by `fork` has its own copy, which it can use and change.
///
/// @ingroup nats_options
pub type natsOptions = __natsOptions;

/// The structure behind `natsOptions`.
pub struct __natsOptions {
    slot: Slot<OptionsObject, OneStripe>,
}

/// The object behind an options handle: options that C changes, and their slot.
pub(crate) struct OptionsObject {
    options: Whole<Options>,
    /// Returns the slot when this object ends.
    _owner: Owner<natsOptions>,
}

impl OptionsObject {
    /// The present options.
    pub(crate) fn get(&self) -> Arc<Options> {
        self.options.get()
    }

    /// Changes them; if that fails, they do not change.
    pub(crate) fn edit(&self, change: impl FnOnce(&mut Options) -> Result<()>) -> Result<()> {
        self.options.edit(change)
    }
}

impl Editable for Options {
    fn copy_to_edit(&self, inherited: bool) -> Self {
        Options::copy_to_edit(self, inherited)
    }
}

/// How many connections, subscriptions and options the program has.
pub(crate) fn handles_in_use() -> [usize; 3] {
    [
        __natsConnection::arena().in_use(),
        __natsSubscription::arena().in_use(),
        __natsOptions::arena().in_use(),
    ]
}

/// A type that C holds pointers to.
pub(crate) trait Handle: Sized + Sync + 'static {
    /// The type of the core's object.
    type Object: Send + Sync + 'static;
    /// How its counters are distributed.
    type Stripes: Stripes;
    /// The first bytes of each of its slots, to tell kinds of handles apart; the lower half is
    /// zero.
    const KIND: u32;
    /// The error text for NULL.
    const NULL: &'static str;
    /// The error text for a handle that was destroyed, or is none.
    const STALE: &'static str;
    /// The error text in a child made by `fork` since; `None` if it can be used there.
    const INHERITED: Option<&'static str>;

    /// In a child made by `fork`, abandons its part of the parent's object: without a lock, and without touching what
    /// both share. The memory stays as it is, because any part of it may have been in the middle of a change.
    fn abandon(_object: &Self::Object) {}

    /// Memory without an object.
    fn empty() -> Self;
    /// The slot inside.
    fn slot(&self) -> &Slot<Self::Object, Self::Stripes>;
    /// The source of its memory.
    fn arena() -> &'static Arena<Self>;
}

impl Handle for __natsConnection {
    type Object = Connection;
    type Stripes = FourStripes;
    const KIND: u32 = 0x6e63_0000;
    const NULL: &'static str = "connection cannot be NULL";
    const STALE: &'static str = "the connection was destroyed";
    const INHERITED: Option<&'static str> =
        Some("the connection belongs to the process that this one was forked from");

    fn abandon(object: &Connection) {
        if let Ok(fd) = object.dispatch_fd() {
            // SAFETY: open since the connection was made, and known to have no other owner that closes it in
            // this process.
            drop(unsafe { OwnedFd::from_raw_fd(fd) });
        }
    }

    fn empty() -> Self {
        __natsConnection {
            slot: Slot::new(mark::<Self>()),
        }
    }

    #[inline]
    fn slot(&self) -> &Slot<Connection, FourStripes> {
        &self.slot
    }

    fn arena() -> &'static Arena<Self> {
        static ARENA: PerProcess<Arena<__natsConnection>> = PerProcess::new(Arena::new());
        ARENA.get()
    }
}

impl Handle for __natsSubscription {
    type Object = Subscription;
    type Stripes = OneStripe;
    const KIND: u32 = 0x6e73_0000;
    const NULL: &'static str = "subscription cannot be NULL";
    const STALE: &'static str = "the subscription was destroyed";
    const INHERITED: Option<&'static str> =
        Some("the subscription belongs to the process that this one was forked from");

    fn empty() -> Self {
        __natsSubscription {
            slot: Slot::new(mark::<Self>()),
        }
    }

    #[inline]
    fn slot(&self) -> &Slot<Subscription, OneStripe> {
        &self.slot
    }

    fn arena() -> &'static Arena<Self> {
        static ARENA: PerProcess<Arena<__natsSubscription>> = PerProcess::new(Arena::new());
        ARENA.get()
    }
}

impl Handle for __natsOptions {
    type Object = OptionsObject;
    type Stripes = OneStripe;
    const KIND: u32 = 0x6e6f_0000;
    const NULL: &'static str = "options cannot be NULL";
    const STALE: &'static str = "the options were destroyed";
    const INHERITED: Option<&'static str> = None;

    fn empty() -> Self {
        __natsOptions {
            slot: Slot::new(mark::<Self>()),
        }
    }

    #[inline]
    fn slot(&self) -> &Slot<OptionsObject, OneStripe> {
        &self.slot
    }

    fn arena() -> &'static Arena<Self> {
        static ARENA: PerProcess<Arena<__natsOptions>> = PerProcess::new(Arena::new());
        ARENA.get()
    }
}

// `lookup` reads the mark before it knows the kind.
const _: () = {
    assert!(std::mem::offset_of!(__natsConnection, slot) == 0);
    assert!(std::mem::offset_of!(__natsSubscription, slot) == 0);
    assert!(std::mem::offset_of!(__natsOptions, slot) == 0);
};

/// Owns a slot while the object in it lives; dropping it makes the slot available again.
struct Owner<H: Handle>(&'static H);

impl<H: Handle> Owner<H> {
    fn address(&self) -> usize {
        std::ptr::from_ref(self.0).expose_provenance()
    }
}

impl<H: Handle> From<Owner<H>> for ForeignHandle {
    fn from(owner: Owner<H>) -> Self {
        let address = owner.address();
        std::mem::forget(owner);
        ForeignHandle::new(address, |address| {
            // SAFETY: the address of the slot that `address` exposed, and slots are never returned.
            let slot: &'static H = unsafe { &*std::ptr::with_exposed_provenance(address) };
            drop(Owner(slot));
        })
    }
}

impl<H: Handle> Drop for Owner<H> {
    fn drop(&mut self) {
        // The slot is empty: it kept a reference to the object that owned this, which has just
        // ended. A slot made by another process is not reused.
        if self.0.slot().is_marked(mark::<H>()) {
            H::arena().give_back(self.0);
        }
    }
}

/// A slot for an object that is about to own it.
fn take<H: Handle>() -> Owner<H> {
    Owner(H::arena().take(H::empty))
}

/// Creates the handle of a new connection. From here on the program, or the code that connects on
/// its behalf, must `destroy` it.
pub(crate) fn new_connection(connection: &Arc<Connection>) -> *mut natsConnection {
    let owner = take::<natsConnection>();
    let handle = owner.0;
    connection.set_handle(owner.into());
    handle.slot.install(connection.clone());
    std::ptr::from_ref(handle).cast_mut()
}

/// Creates the handle of a new subscription, which must be `destroy`ed.
pub(crate) fn new_subscription(subscription: &Arc<Subscription>) -> *mut natsSubscription {
    let owner = take::<natsSubscription>();
    let handle = owner.0;
    subscription.set_handle(owner.into());
    handle.slot.install(subscription.clone());
    std::ptr::from_ref(handle).cast_mut()
}

/// Creates a handle for options, which must be `destroy`ed.
pub(crate) fn new_options(options: Options) -> *mut natsOptions {
    let owner = take::<natsOptions>();
    let handle = owner.0;
    handle.slot.install(Arc::new(OptionsObject {
        options: Whole::new(options),
        _owner: owner,
    }));
    std::ptr::from_ref(handle).cast_mut()
}

/// A handle for a callback: usable while this lives, even if the program destroys it meanwhile or
/// has done so before. Derefs to the pointer for C; NULL if C never received one.
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

/// Keeps a connection's handle usable for an event loop, whichever threads it has.
pub(crate) fn hold_connection_open(connection: &Arc<Connection>) -> Held<natsConnection> {
    hold(connection, connection.handle(), Slot::hold_open)
}

/// Keeps a subscription's handle usable for a callback.
pub(crate) fn hold_subscription(subscription: &Arc<Subscription>) -> Held<natsSubscription> {
    hold(subscription, subscription.handle(), Slot::hold)
}

/// Keeps the two handles usable that a callback of a subscription receives.
pub(crate) fn hold_both(sub: &Arc<Subscription>) -> (Held<natsConnection>, Held<natsSubscription>) {
    (hold_connection(sub.connection()), hold_subscription(sub))
}

/// The two handles that a callback of a subscription receives. [`hold_both`] keeps them usable.
#[inline]
pub(crate) fn handles_of(sub: &Subscription) -> (*mut natsConnection, *mut natsSubscription) {
    (
        std::ptr::with_exposed_provenance_mut(sub.connection().handle()),
        std::ptr::with_exposed_provenance_mut(sub.handle()),
    )
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
