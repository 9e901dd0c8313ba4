//! The handles of object stores, and of puts, gets and watchers.

use std::ops::Deref;
use std::sync::Arc;

use super::arena::Arena;
use super::slot::{FourStripes, OneStripe, Slot};
use super::{Handle, Owner, mark, take};
use crate::ffi::obj::gets::GetObject;
use crate::fork::PerProcess;
use crate::obj::{Put, Store, Watcher};

/// The object behind a handle, and the slot it goes by.
pub(crate) struct Owned<T, H: Handle> {
    object: T,
    /// Gives the slot back when this object ends.
    _owner: Owner<H>,
}

impl<T, H: Handle> Deref for Owned<T, H> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.object
    }
}

/// A bucket of objects. Opaque to C.
///
/// Created by `js_CreateObjectStore`, `js_UpdateObjectStore` and `js_ObjectStore`, released by `objStore_Destroy`,
/// also after its context and its connection were destroyed. Any thread may call any `objStore_` function on it at
/// any time. A call on a destroyed handle returns `NATS_INVALID_ARG`; a call in a child of the process that made it
/// returns `NATS_ILLEGAL_STATE`.
///
/// @ingroup nats_obj_buckets
pub type objStore = __objStore;

/// The structure behind `objStore`.
pub struct __objStore {
    slot: Slot<Owned<Arc<Store>, __objStore>, FourStripes>,
}

/// An object that is being stored. Opaque to C.
///
/// Created by `objStore_Put`, released by `objStorePut_Destroy`, also after its store was destroyed. Any thread may
/// call any `objStorePut_` function on it at any time. A call on a destroyed handle returns `NATS_INVALID_ARG`; a
/// call in a child of the process that made it returns `NATS_ILLEGAL_STATE`.
///
/// @ingroup nats_obj_put
pub type objStorePut = __objStorePut;

/// The structure behind `objStorePut`.
pub struct __objStorePut {
    slot: Slot<Owned<Put, __objStorePut>, OneStripe>,
}

/// An object that is being read. Opaque to C.
///
/// Created by `objStore_Get`, released by `objStoreGet_Destroy`, also after its store was destroyed. Any thread may
/// call any `objStoreGet_` function on it at any time. A call on a destroyed handle returns `NATS_INVALID_ARG`; a
/// call in a child of the process that made it returns `NATS_ILLEGAL_STATE`.
///
/// @ingroup nats_obj_get
pub type objStoreGet = __objStoreGet;

/// The structure behind `objStoreGet`.
pub struct __objStoreGet {
    slot: Slot<Owned<GetObject, __objStoreGet>, OneStripe>,
}

/// A watcher of the objects of a store. Opaque to C.
///
/// Created by `objStore_Watch`, released by `objStoreWatcher_Destroy`, also after its store was destroyed. Any thread
/// may call any `objStoreWatcher_` function on it at any time. A call on a destroyed handle returns
/// `NATS_INVALID_ARG`; a call in a child of the process that made it returns `NATS_ILLEGAL_STATE`.
///
/// @ingroup nats_obj_watch
pub type objStoreWatcher = __objStoreWatcher;

/// The structure behind `objStoreWatcher`.
pub struct __objStoreWatcher {
    slot: Slot<Owned<Watcher, __objStoreWatcher>, OneStripe>,
}

// `find` reads the mark before it knows the kind.
const _: () = {
    assert!(std::mem::offset_of!(__objStore, slot) == 0);
    assert!(std::mem::offset_of!(__objStorePut, slot) == 0);
    assert!(std::mem::offset_of!(__objStoreGet, slot) == 0);
    assert!(std::mem::offset_of!(__objStoreWatcher, slot) == 0);
};

impl Handle for __objStore {
    type Object = Owned<Arc<Store>, __objStore>;
    type Stripes = FourStripes;
    const KIND: u32 = 0x6f62_0000;
    const NULL: &'static str = "object store cannot be NULL";
    const STALE: &'static str = "the object store was destroyed";
    const INHERITED: Option<&'static str> =
        Some("the object store belongs to the process that this one was forked from");

    fn empty() -> Self {
        __objStore {
            slot: Slot::new(mark::<Self>()),
        }
    }

    fn slot(&self) -> &Slot<Self::Object, Self::Stripes> {
        &self.slot
    }

    fn arena() -> &'static Arena<Self> {
        static ARENA: PerProcess<Arena<__objStore>> = PerProcess::new(Arena::new());
        ARENA.get()
    }
}

/// Makes a handle, which must be `destroy`ed.
pub(crate) fn new_store(object: Arc<Store>) -> *mut objStore {
    let owner = take::<objStore>();
    let handle = owner.0;
    handle.slot.install(Arc::new(Owned {
        object,
        _owner: owner,
    }));
    std::ptr::from_ref(handle).cast_mut()
}

impl Handle for __objStorePut {
    type Object = Owned<Put, __objStorePut>;
    type Stripes = OneStripe;
    const KIND: u32 = 0x6f70_0000;
    const NULL: &'static str = "put cannot be NULL";
    const STALE: &'static str = "the put was destroyed";
    const INHERITED: Option<&'static str> =
        Some("the put belongs to the process that this one was forked from");

    fn empty() -> Self {
        __objStorePut {
            slot: Slot::new(mark::<Self>()),
        }
    }

    fn slot(&self) -> &Slot<Self::Object, Self::Stripes> {
        &self.slot
    }

    fn arena() -> &'static Arena<Self> {
        static ARENA: PerProcess<Arena<__objStorePut>> = PerProcess::new(Arena::new());
        ARENA.get()
    }
}

/// Makes a handle, which must be `destroy`ed.
pub(crate) fn new_put(object: Put) -> *mut objStorePut {
    let owner = take::<objStorePut>();
    let handle = owner.0;
    handle.slot.install(Arc::new(Owned {
        object,
        _owner: owner,
    }));
    std::ptr::from_ref(handle).cast_mut()
}

impl Handle for __objStoreGet {
    type Object = Owned<GetObject, __objStoreGet>;
    type Stripes = OneStripe;
    const KIND: u32 = 0x6f67_0000;
    const NULL: &'static str = "get cannot be NULL";
    const STALE: &'static str = "the get was destroyed";
    const INHERITED: Option<&'static str> =
        Some("the get belongs to the process that this one was forked from");

    fn empty() -> Self {
        __objStoreGet {
            slot: Slot::new(mark::<Self>()),
        }
    }

    fn slot(&self) -> &Slot<Self::Object, Self::Stripes> {
        &self.slot
    }

    fn arena() -> &'static Arena<Self> {
        static ARENA: PerProcess<Arena<__objStoreGet>> = PerProcess::new(Arena::new());
        ARENA.get()
    }
}

/// Makes a handle, which must be `destroy`ed.
pub(crate) fn new_get(object: GetObject) -> *mut objStoreGet {
    let owner = take::<objStoreGet>();
    let handle = owner.0;
    handle.slot.install(Arc::new(Owned {
        object,
        _owner: owner,
    }));
    std::ptr::from_ref(handle).cast_mut()
}

impl Handle for __objStoreWatcher {
    type Object = Owned<Watcher, __objStoreWatcher>;
    type Stripes = OneStripe;
    const KIND: u32 = 0x6f77_0000;
    const NULL: &'static str = "watcher cannot be NULL";
    const STALE: &'static str = "the watcher was destroyed";
    const INHERITED: Option<&'static str> =
        Some("the watcher belongs to the process that this one was forked from");

    fn empty() -> Self {
        __objStoreWatcher {
            slot: Slot::new(mark::<Self>()),
        }
    }

    fn slot(&self) -> &Slot<Self::Object, Self::Stripes> {
        &self.slot
    }

    fn arena() -> &'static Arena<Self> {
        static ARENA: PerProcess<Arena<__objStoreWatcher>> = PerProcess::new(Arena::new());
        ARENA.get()
    }
}

/// Makes a handle, which must be `destroy`ed.
pub(crate) fn new_watcher(object: Watcher) -> *mut objStoreWatcher {
    let owner = take::<objStoreWatcher>();
    let handle = owner.0;
    handle.slot.install(Arc::new(Owned {
        object,
        _owner: owner,
    }));
    std::ptr::from_ref(handle).cast_mut()
}
