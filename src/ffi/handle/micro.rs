//! The handles of services: services, their groups, and callers.

use std::sync::Arc;

use super::arena::Arena;
use super::slot::{FourStripes, OneStripe, Slot};
use super::{Handle, Held, Owner, hold, mark, natsConnection, take};
use crate::fork::PerProcess;
use crate::micro::{Caller, Group, Service};

/// A service: endpoints on one connection that can be discovered and monitored. Opaque to C.
///
/// Created by `micro_AddService`, released by `microService_Destroy`, which stops it. Any thread may call any
/// function on it at any time, callbacks included. A call on a destroyed service returns an error with
/// `NATS_INVALID_ARG`, or the value for NULL, except in a callback of the service: there it works until the callback
/// returns. A call in a child of the process that made it returns an error with `NATS_ILLEGAL_STATE`, or the value
/// for NULL.
///
/// @ingroup nats_micro_service
pub type microService = micro_service_s;

/// The structure behind `microService`.
pub struct micro_service_s {
    slot: Slot<Service, FourStripes>,
}

/// A group of a service's endpoints, whose subjects have the same prefix. Opaque to C.
///
/// Created by `microService_AddGroup` or `microGroup_AddGroup`; it belongs to the service, and can be used until that
/// is destroyed. Any thread may use it at any time.
///
/// @ingroup nats_micro_service
pub type microGroup = micro_group_s;

/// The structure behind `microGroup`.
pub struct micro_group_s {
    slot: Slot<Group, OneStripe>,
}

/// A client of services on a connection. Opaque to C.
///
/// Created by `micro_NewClient`, released by `microClient_Destroy`, also after its connection was destroyed. Any
/// thread may use it at any time.
///
/// @ingroup nats_micro_client
pub type microClient = micro_client_s;

/// The structure behind `microClient`.
pub struct micro_client_s {
    slot: Slot<Caller, FourStripes>,
}

// `find` reads the mark before it knows the kind.
const _: () = {
    assert!(std::mem::offset_of!(micro_service_s, slot) == 0);
    assert!(std::mem::offset_of!(micro_group_s, slot) == 0);
    assert!(std::mem::offset_of!(micro_client_s, slot) == 0);
};

impl Handle for micro_service_s {
    type Object = Service;
    type Stripes = FourStripes;
    const KIND: u32 = 0x6d73_0000;
    const NULL: &'static str = "service cannot be NULL";
    const STALE: &'static str = "the service was destroyed";
    const INHERITED: Option<&'static str> =
        Some("the service belongs to the process that this one was forked from");

    fn empty() -> Self {
        micro_service_s {
            slot: Slot::new(mark::<Self>()),
        }
    }

    #[inline]
    fn slot(&self) -> &Slot<Service, FourStripes> {
        &self.slot
    }

    fn arena() -> &'static Arena<Self> {
        static ARENA: PerProcess<Arena<micro_service_s>> = PerProcess::new(Arena::new());
        ARENA.get()
    }
}

impl Handle for micro_group_s {
    type Object = Group;
    type Stripes = OneStripe;
    const KIND: u32 = 0x6d67_0000;
    const NULL: &'static str = "group cannot be NULL";
    const STALE: &'static str = "the service of the group was destroyed";
    const INHERITED: Option<&'static str> =
        Some("the group belongs to the process that this one was forked from");

    fn empty() -> Self {
        micro_group_s {
            slot: Slot::new(mark::<Self>()),
        }
    }

    fn slot(&self) -> &Slot<Group, OneStripe> {
        &self.slot
    }

    fn arena() -> &'static Arena<Self> {
        static ARENA: PerProcess<Arena<micro_group_s>> = PerProcess::new(Arena::new());
        ARENA.get()
    }
}

impl Handle for micro_client_s {
    type Object = Caller;
    type Stripes = FourStripes;
    const KIND: u32 = 0x6d63_0000;
    const NULL: &'static str = "client cannot be NULL";
    const STALE: &'static str = "the client was destroyed";
    const INHERITED: Option<&'static str> =
        Some("the client belongs to the process that this one was forked from");

    fn empty() -> Self {
        micro_client_s {
            slot: Slot::new(mark::<Self>()),
        }
    }

    #[inline]
    fn slot(&self) -> &Slot<Caller, FourStripes> {
        &self.slot
    }

    fn arena() -> &'static Arena<Self> {
        static ARENA: PerProcess<Arena<micro_client_s>> = PerProcess::new(Arena::new());
        ARENA.get()
    }
}

/// Makes the handle of a new service, which must be `destroy`ed.
pub(crate) fn new_service(service: &Arc<Service>) -> *mut microService {
    let owner = take::<microService>();
    let handle = owner.0;
    service.set_handle(owner.into());
    handle.slot.install(service.clone());
    std::ptr::from_ref(handle).cast_mut()
}

/// Keeps a service's handle usable for a callback on this thread.
pub(crate) fn hold_service(service: &Arc<Service>) -> Held<microService> {
    hold(service, service.handle(), Slot::hold)
}

/// The handles of a service and its connection for a handler of requests, which [`hold_connection`] and
/// [`hold_service`] keep usable.
///
/// [`hold_connection`]: super::hold_connection
#[inline]
pub(crate) fn handles_of_service(service: &Service) -> (*mut natsConnection, *mut microService) {
    (
        std::ptr::with_exposed_provenance_mut(service.connection().handle()),
        std::ptr::with_exposed_provenance_mut(service.handle()),
    )
}

/// Makes the handle of a new group, which must be `destroy`ed.
pub(crate) fn new_group(group: &Arc<Group>) -> *mut microGroup {
    let owner: Owner<microGroup> = take();
    let handle = owner.0;
    group.set_handle(owner.into());
    handle.slot.install(group.clone());
    std::ptr::from_ref(handle).cast_mut()
}

/// Makes the handle of a new caller, which must be `destroy`ed.
pub(crate) fn new_caller(caller: &Arc<Caller>) -> *mut microClient {
    let owner: Owner<microClient> = take();
    let handle = owner.0;
    caller.set_handle(owner.into());
    handle.slot.install(caller.clone());
    std::ptr::from_ref(handle).cast_mut()
}
