//! What a configuration had that its C structure has no place for.
//!
//! A program gets a configuration, changes a field, and gives it back for an update. What a newer server has said
//! beyond the structure's fields, and settings of sources that nats.c's structures lack, must not get lost on that
//! way. So the configuration as the server said it is kept for as long as the structure lives that was made of it, and
//! found again by the address of the structure's name. Programs copy structures; that address goes with them.
//!
//! Few configurations have such things, and only those are kept.

use std::collections::BTreeMap;
use std::ffi::{CStr, CString, c_char};

use crate::fork::PerProcess;
use crate::js::api::{ConsumerConfig, StreamConfig, StreamSource};
use crate::locks::Mutex;

/// A configuration as the server said it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kept {
    Stream(Box<StreamConfig>),
    Source(Box<StreamSource>),
    Consumer(Box<ConsumerConfig>),
}

/// A structure that something is kept for.
struct Entry {
    name: CString,
    kept: Kept,
}

#[derive(Default)]
struct Registry {
    /// By the address of the name.
    entries: BTreeMap<usize, Entry>,
    /// The address of the name, by that of the structure.
    names: BTreeMap<usize, usize>,
}

/// A child made by `fork` has none: what its parent got it can use, as far as the structures have it.
static REGISTRY: PerProcess<Mutex<Registry>> = PerProcess::new(Mutex::new(Registry {
    entries: BTreeMap::new(),
    names: BTreeMap::new(),
}));

/// Keeps something for the structure at `structure`, whose name is at `name`.
///
/// # Safety
/// `name` is NULL or a string.
pub(super) unsafe fn keep<T>(structure: *const T, name: *const c_char, kept: Kept) {
    if name.is_null() {
        return;
    }
    // SAFETY: not NULL, hence a string by the contract above.
    let text = unsafe { CStr::from_ptr(name) };
    let entry = Entry {
        name: text.to_owned(),
        kept,
    };
    let mut registry = REGISTRY.get().lock();
    registry.names.insert(structure.addr(), name.addr());
    registry.entries.insert(name.addr(), entry);
}

/// Forgets what was kept for the structure at `structure`, which ends.
pub(super) fn forget<T>(structure: *const T) {
    let mut registry = REGISTRY.get().lock();
    if registry.names.is_empty() {
        return;
    }
    if let Some(name) = registry.names.remove(&structure.addr()) {
        registry.entries.remove(&name);
    }
}

/// What was kept for a structure whose name is at `name`.
///
/// # Safety
/// `name` is NULL or a string.
pub(super) unsafe fn find<R>(name: *const c_char, look: impl FnOnce(&Kept) -> R) -> Option<R> {
    if name.is_null() {
        return None;
    }
    let registry = REGISTRY.get().lock();
    let entry = registry.entries.get(&name.addr())?;
    // The structure may have ended without the library's being told, and its memory be another string's.
    // SAFETY: not NULL, hence a string by the contract above.
    let text = unsafe { CStr::from_ptr(name) };
    (text == entry.name.as_c_str()).then(|| look(&entry.kept))
}
