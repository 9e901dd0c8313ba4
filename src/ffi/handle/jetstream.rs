//! The handles of JetStream: contexts, atomic and fast batches.

use std::sync::{Arc, OnceLock};

use super::arena::Arena;
use super::slot::{FourStripes, OneStripe, Slot};
use super::{Handle, Held, Owner, hold, mark, take};
use crate::ffi::jetstream::publish_batch::BatchObject;
use crate::ffi::jetstream::publish_fast::FastObject;
use crate::fork::PerProcess;
use crate::js::Context;

/// A JetStream context of a connection. Opaque to C.
///
/// Created by `natsConnection_JetStream`, released by `jsCtx_Destroy`, also after its connection was destroyed; any
/// number of them may share a connection. Any thread may call any `js_` function on it at any time, callbacks
/// included. A call on a destroyed context returns `NATS_INVALID_ARG`, except in a callback that was given the
/// context: there it works until the callback returns. A call in a child of the process that made it returns
/// `NATS_ILLEGAL_STATE`.
///
/// @ingroup nats_js_context
pub type jsCtx = __jsCtx;

/// The structure behind `jsCtx`.
pub struct __jsCtx {
    slot: Slot<Context, FourStripes>,
}

/// An atomic batch that is being published. Opaque to C.
///
/// Created by `js_BatchPublishStart`, released by `jsAtomicBatchCtx_Destroy`, also after its context was destroyed.
/// Any thread may call any function on it at any time; those that add to it or commit it wait for each other. A call
/// on a destroyed batch returns `NATS_INVALID_ARG`; a call in a child of the process that made it returns
/// `NATS_ILLEGAL_STATE`.
///
/// @ingroup nats_js_publish
pub type jsAtomicBatchCtx = __jsAtomicBatchCtx;

/// The structure behind `jsAtomicBatchCtx`.
pub struct __jsAtomicBatchCtx {
    slot: Slot<OwnedBatch, OneStripe>,
}

/// The object behind a batch handle, and the slot it goes by.
pub(crate) struct OwnedBatch {
    batch: BatchObject,
    /// Gives the slot back when this object ends.
    _owner: Owner<jsAtomicBatchCtx>,
}

impl std::ops::Deref for OwnedBatch {
    type Target = BatchObject;

    fn deref(&self) -> &BatchObject {
        &self.batch
    }
}

/// A fast batch that is being published. Opaque to C.
///
/// Created by `js_FastPublishStart`, released by `jsFastBatchCtx_Destroy`, also after its context was destroyed. Any
/// thread may call any function on it at any time, callbacks included; messages that several threads add are numbered
/// in the order of the calls. A call on a destroyed batch returns `NATS_INVALID_ARG`, except in a callback that was
/// given the batch: there it acts as a batch that has ended until the callback returns. A call in a child of the
/// process that made it returns `NATS_ILLEGAL_STATE`.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @ingroup nats_js_publish
pub type jsFastBatchCtx = __jsFastBatchCtx;

/// The structure behind `jsFastBatchCtx`.
pub struct __jsFastBatchCtx {
    slot: Slot<OwnedFastBatch, OneStripe>,
}

/// The object behind a fast batch's handle, and the slot it goes by.
pub(crate) struct OwnedFastBatch {
    /// Set before anybody has the handle.
    batch: OnceLock<FastObject>,
    owner: Owner<jsFastBatchCtx>,
}

impl OwnedFastBatch {
    /// The batch.
    pub(crate) fn batch(&self) -> Option<&FastObject> {
        self.batch.get()
    }
}

// `find` reads the mark before it knows the kind.
const _: () = {
    assert!(std::mem::offset_of!(__jsCtx, slot) == 0);
    assert!(std::mem::offset_of!(__jsAtomicBatchCtx, slot) == 0);
    assert!(std::mem::offset_of!(__jsFastBatchCtx, slot) == 0);
};

impl Handle for __jsCtx {
    type Object = Context;
    type Stripes = FourStripes;
    const KIND: u32 = 0x6a73_0000;
    const NULL: &'static str = "JetStream context cannot be NULL";
    const STALE: &'static str = "the JetStream context was destroyed";
    const INHERITED: Option<&'static str> =
        Some("the JetStream context belongs to the process that this one was forked from");

    fn empty() -> Self {
        __jsCtx {
            slot: Slot::new(mark::<Self>()),
        }
    }

    #[inline]
    fn slot(&self) -> &Slot<Context, FourStripes> {
        &self.slot
    }

    fn arena() -> &'static Arena<Self> {
        static ARENA: PerProcess<Arena<__jsCtx>> = PerProcess::new(Arena::new());
        ARENA.get()
    }
}

impl Handle for __jsAtomicBatchCtx {
    type Object = OwnedBatch;
    type Stripes = OneStripe;
    const KIND: u32 = 0x6a62_0000;
    const NULL: &'static str = "atomic batch cannot be NULL";
    const STALE: &'static str = "the atomic batch was destroyed";
    const INHERITED: Option<&'static str> =
        Some("the atomic batch belongs to the process that this one was forked from");

    fn empty() -> Self {
        __jsAtomicBatchCtx {
            slot: Slot::new(mark::<Self>()),
        }
    }

    fn slot(&self) -> &Slot<OwnedBatch, OneStripe> {
        &self.slot
    }

    fn arena() -> &'static Arena<Self> {
        static ARENA: PerProcess<Arena<__jsAtomicBatchCtx>> = PerProcess::new(Arena::new());
        ARENA.get()
    }
}

impl Handle for __jsFastBatchCtx {
    type Object = OwnedFastBatch;
    type Stripes = OneStripe;
    const KIND: u32 = 0x6a66_0000;
    const NULL: &'static str = "fast batch cannot be NULL";
    const STALE: &'static str = "the fast batch was destroyed";
    const INHERITED: Option<&'static str> =
        Some("the fast batch belongs to the process that this one was forked from");

    fn empty() -> Self {
        __jsFastBatchCtx {
            slot: Slot::new(mark::<Self>()),
        }
    }

    fn slot(&self) -> &Slot<OwnedFastBatch, OneStripe> {
        &self.slot
    }

    fn arena() -> &'static Arena<Self> {
        static ARENA: PerProcess<Arena<__jsFastBatchCtx>> = PerProcess::new(Arena::new());
        ARENA.get()
    }
}

/// Makes the handle of a new context, which must be `destroy`ed.
pub(crate) fn new_context(context: &Arc<Context>) -> *mut jsCtx {
    let owner = take::<jsCtx>();
    let handle = owner.0;
    context.set_handle(owner.into());
    handle.slot.install(context.clone());
    std::ptr::from_ref(handle).cast_mut()
}

/// Keeps a context's handle usable for a callback on this thread.
pub(crate) fn hold_context(context: &Arc<Context>) -> Held<jsCtx> {
    hold(context, context.handle(), Slot::hold)
}

/// Makes a handle for an atomic batch, which must be `destroy`ed.
pub(crate) fn new_batch(batch: BatchObject) -> (*mut jsAtomicBatchCtx, Arc<OwnedBatch>) {
    let owner = take::<jsAtomicBatchCtx>();
    let handle = owner.0;
    let object = Arc::new(OwnedBatch {
        batch,
        _owner: owner,
    });
    handle.slot.install(object.clone());
    (std::ptr::from_ref(handle).cast_mut(), object)
}

/// Makes the object for a fast batch that is going to be made.
pub(crate) fn prepare_fast_batch() -> Arc<OwnedFastBatch> {
    Arc::new(OwnedFastBatch {
        batch: OnceLock::new(),
        owner: take::<jsFastBatchCtx>(),
    })
}

/// Makes the handle of a fast batch that has been made, which must be `destroy`ed.
pub(crate) fn new_fast_batch(
    object: &Arc<OwnedFastBatch>,
    batch: FastObject,
) -> *mut jsFastBatchCtx {
    // A second one would be a mistake of the caller, and is dropped.
    let _ = object.batch.set(batch);
    let handle = object.owner.0;
    handle.slot.install(object.clone());
    std::ptr::from_ref(handle).cast_mut()
}

/// Keeps a fast batch's handle usable for a callback.
pub(crate) fn hold_fast_batch(object: &Arc<OwnedFastBatch>) -> Held<jsFastBatchCtx> {
    hold(object, object.owner.address(), Slot::hold)
}
