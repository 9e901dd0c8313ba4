//! From a pointer of C to the object behind its handle.

use std::sync::Arc;

use super::Handle;
use super::slot::Pin;
use crate::error::{Error, Result};
use crate::fork;

/// The first bytes of a slot of this kind made by this process: the kind, and half of the process's number.
#[inline]
pub(super) fn mark<H: Handle>() -> u32 {
    H::KIND | (fork::generation() & 0xffff)
}

/// Finds the slot behind a pointer from C.
///
/// # Safety
/// `handle` is NULL or a pointer to a handle of any kind that this library handed out, living or
/// destroyed.
#[inline]
unsafe fn find<H: Handle>(handle: *const H) -> Result<&'static H> {
    // SAFETY: the contract above is the same.
    match unsafe { look_up(handle) } {
        Found::Ours(handle) => Ok(handle),
        Found::Inherited(handle) => match H::INHERITED {
            None => Ok(handle),
            Some(why) => Err(Error::illegal_state(why)),
        },
        Found::Null => Err(refuse(H::NULL)),
        Found::Stale => Err(refuse(H::STALE)),
    }
}

/// The target of a pointer from C.
enum Found<H: Handle> {
    /// A slot of this process.
    Ours(&'static H),
    /// A slot of a process that this one was forked from.
    Inherited(&'static H),
    Null,
    Stale,
}

/// # Safety
/// As for [`find`].
#[inline]
unsafe fn look_up<H: Handle>(handle: *const H) -> Found<H> {
    if handle.is_null() {
        return Found::Null;
    }
    let place = handle.cast::<u32>();
    if !place.is_aligned() {
        return Found::Stale;
    }
    // SAFETY: a handle of this library, by the contract above; each begins with its mark, which
    // never changes, in memory that is never given back. The alignment was checked for what is none
    // at all.
    let found = unsafe { place.read() };
    if found == mark::<H>() {
        // SAFETY: the mark says that it is of this kind.
        return Found::Ours(unsafe { &*handle });
    }
    if found & 0xffff_0000 == H::KIND {
        // SAFETY: likewise.
        return Found::Inherited(unsafe { &*handle });
    }
    Found::Stale
}

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
#[inline(always)] // of each call the first step: a tenth of what a publish costs when it is not
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

/// Ends a handle: from now on only callbacks that received it may use it. Returns the object, for
/// the core to end as well; `None` for NULL and for a handle that was destroyed before.
///
/// # Safety
/// `handle` is NULL or a handle of this library, living or destroyed.
pub(crate) unsafe fn destroy<H: Handle>(handle: *const H) -> Option<Arc<H::Object>> {
    // SAFETY: the contract above is the same.
    match unsafe { look_up(handle) } {
        Found::Ours(handle) => handle.slot().destroy(),
        Found::Inherited(handle) if H::INHERITED.is_none() => handle.slot().destroy(),
        Found::Inherited(handle) => {
            handle.slot().abandon(H::abandon);
            None
        }
        Found::Null | Found::Stale => None,
    }
}
