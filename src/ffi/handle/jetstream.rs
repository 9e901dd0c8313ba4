//! The handles of JetStream.

use std::sync::Arc;

use super::arena::Arena;
use super::slot::{FourStripes, Slot};
use super::{Handle, mark, take};
use crate::fork::PerProcess;
use crate::js::Context;

/// A connection's way to JetStream, opaque to C.
///
/// Made by `natsConnection_JetStream`, released by `jsCtx_Destroy`, also after its connection was destroyed; any
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

// `find` reads the mark before it knows the kind.
const _: () = {
    assert!(std::mem::offset_of!(__jsCtx, slot) == 0);
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

/// Makes the handle of a new context, which must be `destroy`ed.
pub(crate) fn new_context(context: &Arc<Context>) -> *mut jsCtx {
    let owner = take::<jsCtx>();
    let handle = owner.0;
    context.set_handle(Box::new(owner));
    handle.slot.install(context.clone());
    std::ptr::from_ref(handle).cast_mut()
}
