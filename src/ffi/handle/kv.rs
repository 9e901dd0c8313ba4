//! The handles of key-value buckets and their watchers.

use std::ffi::{CStr, CString};
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use super::arena::Arena;
use super::slot::{FourStripes, OneStripe, Slot};
use super::{Handle, Held, Owner, hold, mark, take};
use crate::fork::PerProcess;
use crate::kv::{Store, Watcher};

/// A key-value bucket. Opaque to C.
///
/// Created by `js_CreateKeyValue` and `js_KeyValue`, released by `kvStore_Destroy`, also after its context and its
/// connection were destroyed. Any thread may call any `kvStore_` function on it at any time, callbacks included. A
/// call on a destroyed bucket returns `NATS_INVALID_ARG`; a call in a child of the process that made it returns
/// `NATS_ILLEGAL_STATE`.
///
/// @ingroup nats_kv_buckets
pub type kvStore = __kvStore;

/// The structure behind `kvStore`.
pub struct __kvStore {
    slot: Slot<OwnedStore, FourStripes>,
}

/// A watcher of keys of a bucket. Opaque to C.
///
/// Created by `kvStore_Watch` and its variants, released by `kvWatcher_Destroy`, also after its bucket was destroyed.
/// Any thread may call any `kvWatcher_` function on it at any time, callbacks included. A call on a destroyed watcher
/// returns `NATS_INVALID_ARG`, except in a callback that was given it; a call in a child of the process that made it
/// returns `NATS_ILLEGAL_STATE`.
///
/// @ingroup nats_kv_watch
pub type kvWatcher = __kvWatcher;

/// The structure behind `kvWatcher`.
pub struct __kvWatcher {
    slot: Slot<OwnedWatcher, OneStripe>,
}

/// The object behind a bucket's handle, and the slot it goes by.
pub(crate) struct OwnedStore {
    store: Arc<Store>,
    bucket: Arc<CStr>,
    /// Gives the slot back when this object ends.
    _owner: Owner<kvStore>,
}

impl OwnedStore {
    /// The bucket.
    pub(crate) fn store(&self) -> &Arc<Store> {
        &self.store
    }

    /// Its name, for objects that must not keep the bucket and its connection.
    pub(crate) fn bucket(&self) -> &Arc<CStr> {
        &self.bucket
    }
}

/// The object behind a watcher's handle, and the slot it goes by.
pub(crate) struct OwnedWatcher {
    /// Set before anybody has the handle.
    watcher: OnceLock<Arc<Watcher>>,
    store: Arc<OwnedStore>,
    owner: Owner<kvWatcher>,
}

impl OwnedWatcher {
    /// The bucket that it watches.
    pub(crate) fn store(&self) -> &Arc<OwnedStore> {
        &self.store
    }

    /// The watcher.
    pub(crate) fn watcher(&self) -> Option<&Arc<Watcher>> {
        self.watcher.get()
    }

    /// Ends the watcher.
    pub(crate) fn stop(&self) {
        if let Some(watcher) = self.watcher.get() {
            watcher.stop();
        }
    }
}

// `find` reads the mark before it knows the kind.
const _: () = {
    assert!(std::mem::offset_of!(__kvStore, slot) == 0);
    assert!(std::mem::offset_of!(__kvWatcher, slot) == 0);
};

impl Handle for __kvStore {
    type Object = OwnedStore;
    type Stripes = FourStripes;
    const KIND: u32 = 0x6b73_0000;
    const NULL: &'static str = "key-value store cannot be NULL";
    const STALE: &'static str = "the key-value store was destroyed";
    const INHERITED: Option<&'static str> =
        Some("the key-value store belongs to the process that this one was forked from");

    fn empty() -> Self {
        __kvStore {
            slot: Slot::new(mark::<Self>()),
        }
    }

    #[inline]
    fn slot(&self) -> &Slot<OwnedStore, FourStripes> {
        &self.slot
    }

    fn arena() -> &'static Arena<Self> {
        static ARENA: PerProcess<Arena<__kvStore>> = PerProcess::new(Arena::new());
        ARENA.get()
    }
}

impl Handle for __kvWatcher {
    type Object = OwnedWatcher;
    type Stripes = OneStripe;
    const KIND: u32 = 0x6b77_0000;
    const NULL: &'static str = "watcher cannot be NULL";
    const STALE: &'static str = "the watcher was destroyed";
    const INHERITED: Option<&'static str> =
        Some("the watcher belongs to the process that this one was forked from");

    fn empty() -> Self {
        __kvWatcher {
            slot: Slot::new(mark::<Self>()),
        }
    }

    fn slot(&self) -> &Slot<OwnedWatcher, OneStripe> {
        &self.slot
    }

    fn arena() -> &'static Arena<Self> {
        static ARENA: PerProcess<Arena<__kvWatcher>> = PerProcess::new(Arena::new());
        ARENA.get()
    }
}

/// Makes a handle for a bucket, which must be `destroy`ed.
pub(crate) fn new_store(store: Arc<Store>) -> *mut kvStore {
    let owner = take::<kvStore>();
    let handle = owner.0;
    // Names of buckets have no NULs.
    let bucket = CString::new(store.bucket()).unwrap_or_default().into();
    handle.slot.install(Arc::new(OwnedStore {
        store,
        bucket,
        _owner: owner,
    }));
    std::ptr::from_ref(handle).cast_mut()
}

/// Makes the object for a watcher that is going to be made.
pub(crate) fn prepare_watcher(store: &Arc<OwnedStore>) -> Arc<OwnedWatcher> {
    Arc::new(OwnedWatcher {
        watcher: OnceLock::new(),
        store: store.clone(),
        owner: take::<kvWatcher>(),
    })
}

/// Makes the handle of a watcher that has been made, which must be `destroy`ed.
pub(crate) fn new_watcher(object: &Arc<OwnedWatcher>, watcher: &Arc<Watcher>) -> *mut kvWatcher {
    // A second one would be a mistake of the caller, and is dropped.
    let _ = object.watcher.set(watcher.clone());
    let handle = object.owner.0;
    handle.slot.install(object.clone());
    std::ptr::from_ref(handle).cast_mut()
}

/// Keeps a watcher's handle usable for a callback.
pub(crate) fn hold_watcher(object: &Arc<OwnedWatcher>) -> Held<kvWatcher> {
    hold(object, object.owner.address(), Slot::hold)
}

impl Deref for OwnedStore {
    type Target = Store;

    fn deref(&self) -> &Store {
        &self.store
    }
}
