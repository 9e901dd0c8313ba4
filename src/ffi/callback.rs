//! A callback of the program and its closure as one value, and the way in which such functions are
//! called.

pub(crate) mod ending;
mod frame;

use std::ffi::c_void;
use std::mem::transmute;

use frame::Word;

use crate::error::{Error, Result};
use crate::fork;
use crate::runtime::was_library_thread;

/// A callback of the program and its closure.
///
/// Take them out with [`Callback::parts`]: a Rust closure that names the fields captures them one
/// by one, and the bare pointer cannot be sent to another thread.
#[derive(Clone, Copy)]
pub(crate) struct Callback<F> {
    pub function: F,
    pub closure: *mut c_void,
}

// SAFETY: the library hands the pointer back and never follows it. That whatever it points at may
// be used on the threads that callbacks run on is what the interface asks of the program.
unsafe impl<F: Send> Send for Callback<F> {}
// SAFETY: as above.
unsafe impl<F: Sync> Sync for Callback<F> {}

impl<F: Copy> Callback<F> {
    /// The pair of a callback and its closure; `None` if the program gave no callback.
    pub(crate) fn new(function: Option<F>, closure: *mut c_void) -> Option<Self> {
        function.map(|function| Callback { function, closure })
    }

    /// The pair, for a callback that the call needs.
    pub(crate) fn required(function: Option<F>, closure: *mut c_void) -> Result<Self> {
        Callback::new(function, closure)
            .ok_or_else(|| Error::invalid_arg("callback cannot be NULL"))
    }

    /// The two halves.
    #[inline]
    pub(crate) fn parts(&self) -> (F, *mut c_void) {
        (self.function, self.closure)
    }
}

/// A callback of the program, with its arguments as a tuple.
pub(crate) trait Function<A> {
    type Output;

    /// Calls it through a frame that cannot be unwound through ([`frame`]). If it returns in a child that it made
    /// with `fork`, this does not return.
    ///
    /// # Safety
    /// Those of the function.
    unsafe fn call(self, arguments: A) -> Self::Output;
}

impl<A, R> Function<(A,)> for unsafe extern "C" fn(A) -> R {
    type Output = R;

    #[inline]
    unsafe fn call(self, (a,): (A,)) -> R {
        const { assert!(frame::passes::<(A,)>(1)) };
        let Some(entry) = frame::ENTRY else {
            // SAFETY: the caller's contract.
            return watched(|| unsafe { self(a) });
        };
        type Entry<A, R> = unsafe extern "C" fn(Word, A) -> R;
        // SAFETY: the frame calls the function with what stands behind it; the caller's contract.
        watched(|| unsafe {
            transmute::<frame::Code, Entry<A, R>>(entry)(self as usize as Word, a)
        })
    }
}

impl<A, B, R> Function<(A, B)> for unsafe extern "C" fn(A, B) -> R {
    type Output = R;

    #[inline]
    unsafe fn call(self, (a, b): (A, B)) -> R {
        const { assert!(frame::passes::<(A, B)>(2)) };
        let Some(entry) = frame::ENTRY else {
            // SAFETY: the caller's contract.
            return watched(|| unsafe { self(a, b) });
        };
        type Entry<A, B, R> = unsafe extern "C" fn(Word, A, B) -> R;
        // SAFETY: the frame calls the function with what stands behind it; the caller's contract.
        watched(|| unsafe {
            transmute::<frame::Code, Entry<A, B, R>>(entry)(self as usize as Word, a, b)
        })
    }
}

impl<A, B, C, R> Function<(A, B, C)> for unsafe extern "C" fn(A, B, C) -> R {
    type Output = R;

    #[inline]
    unsafe fn call(self, (a, b, c): (A, B, C)) -> R {
        const { assert!(frame::passes::<(A, B, C)>(3)) };
        let Some(entry) = frame::ENTRY else {
            // SAFETY: the caller's contract.
            return watched(|| unsafe { self(a, b, c) });
        };
        type Entry<A, B, C, R> = unsafe extern "C" fn(Word, A, B, C) -> R;
        // SAFETY: the frame calls the function with what stands behind it; the caller's contract.
        watched(|| unsafe {
            transmute::<frame::Code, Entry<A, B, C, R>>(entry)(self as usize as Word, a, b, c)
        })
    }
}

impl<A, B, C, D, R> Function<(A, B, C, D)> for unsafe extern "C" fn(A, B, C, D) -> R {
    type Output = R;

    #[inline]
    unsafe fn call(self, (a, b, c, d): (A, B, C, D)) -> R {
        const { assert!(frame::passes::<(A, B, C, D)>(4)) };
        let Some(entry) = frame::ENTRY else {
            // SAFETY: the caller's contract.
            return watched(|| unsafe { self(a, b, c, d) });
        };
        type Entry<A, B, C, D, R> = unsafe extern "C" fn(Word, A, B, C, D) -> R;
        // SAFETY: the frame calls the function with what stands behind it; the caller's contract.
        watched(|| unsafe {
            transmute::<frame::Code, Entry<A, B, C, D, R>>(entry)(self as usize as Word, a, b, c, d)
        })
    }
}

impl<A, B, C, D, E, R> Function<(A, B, C, D, E)> for unsafe extern "C" fn(A, B, C, D, E) -> R {
    type Output = R;

    #[inline]
    unsafe fn call(self, (a, b, c, d, e): (A, B, C, D, E)) -> R {
        const { assert!(frame::passes::<(A, B, C, D, E)>(5)) };
        let Some(entry) = frame::ENTRY else {
            // SAFETY: the caller's contract.
            return watched(|| unsafe { self(a, b, c, d, e) });
        };
        type Entry<A, B, C, D, E, R> = unsafe extern "C" fn(Word, A, B, C, D, E) -> R;
        // SAFETY: the frame calls the function with what stands behind it; the caller's contract.
        watched(|| unsafe {
            transmute::<frame::Code, Entry<A, B, C, D, E, R>>(entry)(
                self as usize as Word,
                a,
                b,
                c,
                d,
                e,
            )
        })
    }
}

/// Runs `f`, which calls the program. If that returns in a child of `fork`, this thread is the only one there, and
/// everything that the frames below work on belongs to the parent: a thread of the program returns to its call into
/// the library; a thread of the library, which has nowhere to return to, ends as the last thread of a process does.
#[inline]
fn watched<R>(call: impl FnOnce() -> R) -> R {
    let process = fork::generation();
    let result = call();
    if process != fork::generation() {
        came_back();
    }
    result
}

#[cold]
fn came_back() -> ! {
    if was_library_thread() {
        std::process::exit(0);
    }
    fork::leave()
}
