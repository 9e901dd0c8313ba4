//! Structures that the library hands out: made of pieces of memory from `malloc`, each string and each array one.
//!
//! So a program may take a piece out, write NULL or another piece in its place, and `free` it, as it may with nats.c.
//! What is made lives in a [`Made`] until it is whole, so that a failure in between frees what there is.

use std::ffi::{c_char, c_int};
use std::ops::{Deref, DerefMut};
use std::ptr::{self, NonNull};

use super::plain::Plain;
use crate::error::{Result, Status};
use crate::ffi::convert::malloc_string;
use crate::ffi::types::natsMetadata;
use crate::js::api::Metadata;

/// A structure whose fields point at memory that belongs to it.
///
/// # Safety
/// A structure full of zeros points at nothing; and what `release` frees is reached by nothing else.
pub(in crate::ffi) unsafe trait Release: Plain {
    /// Frees what the fields point at; not the structure itself.
    ///
    /// # Safety
    /// Each field is NULL or was made by this module for it, or by the program with `malloc`; none is used afterwards.
    unsafe fn release(&mut self);
}

/// A structure in memory of C's, with what it points at.
pub(in crate::ffi) struct Made<T: Release>(NonNull<T>);

impl<T: Release> Made<T> {
    /// One that is full of zeros.
    pub(in crate::ffi) fn zeroed() -> Result<Self> {
        let memory: *mut T = zeroed_array(1)?;
        NonNull::new(memory)
            .map(Made)
            .ok_or(Status::NATS_NO_MEMORY.into())
    }

    /// The pointer by which the program owns it from now on.
    pub(in crate::ffi) fn into_raw(self) -> *mut T {
        let pointer = self.0.as_ptr();
        std::mem::forget(self);
        pointer
    }
}

impl<T: Release> Deref for Made<T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: it owns the structure, which zeros have made valid.
        unsafe { self.0.as_ref() }
    }
}

impl<T: Release> DerefMut for Made<T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: likewise.
        unsafe { self.0.as_mut() }
    }
}

impl<T: Release> Drop for Made<T> {
    fn drop(&mut self) {
        // SAFETY: it owns the structure, and its fields were made for it.
        unsafe { destroy(self.0.as_ptr()) };
    }
}

/// Frees a structure and what it points at.
///
/// # Safety
/// `made` is NULL, or from [`Made::into_raw`] and not destroyed before; its fields are as [`Release::release`] asks.
pub(in crate::ffi) unsafe fn destroy<T: Release>(made: *mut T) {
    if !made.is_null() {
        // SAFETY: the contract above.
        unsafe {
            (*made).release();
            free(made);
        }
    }
}

/// Frees one piece.
///
/// # Safety
/// `piece` is NULL or from `malloc`, and not freed before.
pub(in crate::ffi) unsafe fn free<T>(piece: *mut T) {
    // SAFETY: the contract above.
    unsafe { libc::free(piece.cast()) };
}

/// Frees a string.
///
/// # Safety
/// As for [`free`].
pub(in crate::ffi) unsafe fn free_text(text: *const c_char) {
    // SAFETY: the contract above.
    unsafe { free(text.cast_mut()) };
}

/// Frees an array and what `item` frees of each item.
///
/// # Safety
/// `items` is NULL, or from `malloc` and has `len` items that `item` can free.
pub(in crate::ffi) unsafe fn free_array<E>(items: *mut E, len: c_int, item: unsafe fn(&mut E)) {
    if !items.is_null() {
        let len = usize::try_from(len).unwrap_or(0);
        // SAFETY: the contract above.
        unsafe {
            for item_of in std::slice::from_raw_parts_mut(items, len) {
                item(item_of);
            }
            free(items);
        }
    }
}

/// Frees an array of strings.
///
/// # Safety
/// `texts` is NULL, or from `malloc` and has `len` strings that are NULL or from `malloc`.
pub(in crate::ffi) unsafe fn free_texts(texts: *mut *const c_char, len: c_int) {
    // SAFETY: the contract above.
    unsafe { free_array(texts, len, |text| free_text(*text)) };
}

/// Frees an array of pointers to structures.
///
/// # Safety
/// `items` is NULL, or from `malloc` and has `len` pointers that [`destroy`] can take.
pub(in crate::ffi) unsafe fn free_pointers<T: Release>(items: *mut *mut T, len: c_int) {
    // SAFETY: the contract above.
    unsafe { free_array(items, len, |item| destroy(*item)) };
}

/// Frees an array of structures.
///
/// # Safety
/// `items` is NULL, or from `malloc` and has `len` structures whose fields are as [`Release::release`] asks.
pub(in crate::ffi) unsafe fn free_values<T: Release>(items: *mut T, len: c_int) {
    // SAFETY: the contract above.
    unsafe { free_array(items, len, |item: &mut T| item.release()) };
}

/// Frees what metadata point at.
///
/// # Safety
/// `metadata` is empty or from [`metadata`], perhaps with strings that the program has made with `malloc`.
pub(in crate::ffi) unsafe fn free_metadata(metadata: &natsMetadata) {
    let len = metadata.Count.saturating_mul(2);
    // SAFETY: the contract above.
    unsafe { free_texts(metadata.List, len) };
}

/// A string; NULL for an empty result.
pub(in crate::ffi) fn text(text: impl AsRef<[u8]>) -> Result<*mut c_char> {
    match text.as_ref() {
        b"" => Ok(ptr::null_mut()),
        text => malloc_string(text),
    }
}

/// An array that is being made. What is in it is freed unless it is taken out.
struct Array<E> {
    items: *mut E,
    len: c_int,
    item: unsafe fn(&mut E),
}

impl<E> Array<E> {
    /// Makes it of `sources`, each of which `make` puts into a place full of zeros.
    fn made_of<S>(
        sources: impl ExactSizeIterator<Item = S>,
        item: unsafe fn(&mut E),
        mut make: impl FnMut(S, &mut E) -> Result<()>,
    ) -> Result<(*mut E, c_int)> {
        let len = c_int::try_from(sources.len()).map_err(|_| Status::NATS_NO_MEMORY)?;
        if len == 0 {
            return Ok((ptr::null_mut(), 0));
        }
        let array = Array {
            items: zeroed_array(sources.len())?,
            len,
            item,
        };
        for (n, source) in sources.enumerate() {
            // SAFETY: the array has as many places as there are sources, full of zeros, which all types here can be.
            make(source, unsafe { &mut *array.items.add(n) })?;
        }
        let made = (array.items, array.len);
        std::mem::forget(array);
        Ok(made)
    }
}

impl<E> Drop for Array<E> {
    fn drop(&mut self) {
        // SAFETY: it owns the array, whose items are zero or made.
        unsafe { free_array(self.items, self.len, self.item) };
    }
}

/// An array of strings, none of them NULL.
pub(in crate::ffi) fn texts(
    texts: impl ExactSizeIterator<Item = impl AsRef<[u8]>>,
) -> Result<(*mut *mut c_char, c_int)> {
    // SAFETY: each is NULL or from `malloc_string`.
    let free_one = |text: &mut *mut c_char| unsafe { free_text(*text) };
    Array::made_of(texts, free_one, |text, place| {
        *place = malloc_string(text.as_ref())?;
        Ok(())
    })
}

/// An array of pointers to structures.
pub(in crate::ffi) fn pointers<S, T: Release>(
    sources: impl ExactSizeIterator<Item = S>,
    mut make: impl FnMut(S) -> Result<Made<T>>,
) -> Result<(*mut *mut T, c_int)> {
    // SAFETY: each is NULL or from `Made::into_raw`.
    let free_one = |made: &mut *mut T| unsafe { destroy(*made) };
    Array::made_of(sources, free_one, |source, place| {
        *place = make(source)?.into_raw();
        Ok(())
    })
}

/// An array of structures, each of which `fill` gets full of zeros.
pub(in crate::ffi) fn values<S, T: Release>(
    sources: impl ExactSizeIterator<Item = S>,
    fill: impl FnMut(S, &mut T) -> Result<()>,
) -> Result<(*mut T, c_int)> {
    // SAFETY: each is full of zeros or was filled with what is its own.
    Array::made_of(sources, |value: &mut T| unsafe { value.release() }, fill)
}

/// An array of numbers.
pub(in crate::ffi) fn numbers<N: Copy>(numbers: &[N]) -> Result<(*mut N, c_int)> {
    Array::made_of(
        numbers.iter(),
        |_| (),
        |number, place| {
            *place = *number;
            Ok(())
        },
    )
}

/// Names and values in turn.
pub(in crate::ffi) fn metadata(metadata: &Metadata) -> Result<natsMetadata> {
    let all: Vec<&String> = metadata.iter().flat_map(|(k, v)| [k, v]).collect();
    let (list, _) = texts(all.into_iter())?;
    Ok(natsMetadata {
        List: list.cast(),
        // `texts` has refused twice as many.
        Count: metadata.len() as c_int,
    })
}

/// Where there is something to make.
pub(in crate::ffi) fn optional<S, T: Release>(
    source: Option<S>,
    make: impl FnOnce(S) -> Result<Made<T>>,
) -> Result<*mut T> {
    Ok(source
        .map(make)
        .transpose()?
        .map_or(ptr::null_mut(), Made::into_raw))
}

/// Memory full of zeros for some items, and for one at least: for none, `calloc` may return NULL, or memory that is not
/// aligned for them.
fn zeroed_array<E>(len: usize) -> Result<*mut E> {
    const { assert!(align_of::<E>() <= align_of::<libc::max_align_t>()) };
    // SAFETY: calloc takes any numbers and returns NULL where it cannot.
    let memory = unsafe { libc::calloc(len.max(1), size_of::<E>()) };
    match memory.is_null() {
        true => Err(Status::NATS_NO_MEMORY.into()),
        false => Ok(memory.cast()),
    }
}

/// A number as far as a smaller type can have it.
pub(in crate::ffi) fn clamped<N: TryFrom<i64>>(number: i64, least: N, most: N) -> N {
    match N::try_from(number) {
        Ok(number) => number,
        Err(_) if number < 0 => least,
        Err(_) => most,
    }
}

/// Makes a structure where the program wants one, and gives it to the program.
///
/// # Safety
/// `out` is NULL or valid for writing a pointer.
pub(in crate::ffi) unsafe fn hand_out<T: Release>(
    out: *mut *mut T,
    make: impl FnOnce() -> Result<Made<T>>,
) -> crate::js::Result<()> {
    if !out.is_null() {
        let made = make()?.into_raw();
        // SAFETY: not NULL, and valid for writing by the contract above.
        unsafe { out.write(made) };
    }
    Ok(())
}
