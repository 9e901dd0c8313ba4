//! A function of the program and the closure it wants back: the pair that threads of the library
//! carry around.

use std::ffi::c_void;

/// A function of the program and its closure.
///
/// Take them out with [`Callback::parts`]: a Rust closure that names the fields captures them one
/// by one, and the bare pointer cannot go to another thread.
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
    /// The pair of a function and its closure; `None` where the program gave no function.
    pub(crate) fn new(function: Option<F>, closure: *mut c_void) -> Option<Self> {
        function.map(|function| Callback { function, closure })
    }

    /// The two halves.
    #[inline]
    pub(crate) fn parts(&self) -> (F, *mut c_void) {
        (self.function, self.closure)
    }
}
