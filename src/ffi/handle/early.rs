//! Outputs for handles that callbacks may need before the call that creates them returns.

use std::mem::MaybeUninit;

use super::{Handle, destroy};

/// A place of the program for a new handle: written before the first callback, and restored if the call fails.
pub(crate) struct EarlyOutput<H: Handle> {
    /// The program need not have initialised it.
    place: *mut MaybeUninit<*mut H>,
    /// The handle, and the former content of the place.
    written: Option<(*mut H, MaybeUninit<*mut H>)>,
}

impl<H: Handle> EarlyOutput<H> {
    /// # Safety
    /// `out` is not NULL, and valid for writing until [`EarlyOutput::finish`] returns.
    pub(crate) unsafe fn new(out: *mut *mut H) -> Self {
        EarlyOutput {
            place: out.cast(),
            written: None,
        }
    }

    /// Gives the handle to the program. Called at most once.
    ///
    /// # Safety
    /// `handle` was just created, and nothing else destroys it if the call fails.
    pub(crate) unsafe fn write(&mut self, handle: *mut H) {
        // SAFETY: valid for writing by the contract of `new`; any bytes will do.
        let before = unsafe { self.place.replace(MaybeUninit::new(handle)) };
        self.written = Some((handle, before));
    }

    /// Ends the call: on failure restores the place and destroys the handle.
    pub(crate) fn finish<T, E>(self, outcome: Result<T, E>) -> Result<(), E> {
        if outcome.is_err()
            && let Some((handle, before)) = self.written
        {
            // SAFETY: valid for writing by the contract of `new`; the handle is ours by that of `write`.
            unsafe {
                self.place.write(before);
                destroy(handle);
            }
        }
        outcome.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{borrow, natsOptions, new_options};
    use super::*;
    use crate::client::Options;

    #[test]
    fn a_failure_restores_the_place_and_destroys_the_handle() {
        let untouched = std::ptr::dangling_mut();
        let mut place: *mut natsOptions = untouched;
        for outcome in [Err("no"), Ok(7)] {
            let handle = new_options(Options::default());
            // SAFETY: a live local, and a handle that was just created.
            unsafe {
                let mut out = EarlyOutput::new(&raw mut place);
                out.write(handle);
                assert_eq!(place, handle);
                assert_eq!(out.finish(outcome), outcome.map(drop));
                assert_eq!(borrow(handle).is_ok(), outcome.is_ok());
            }
            assert_eq!(place, if outcome.is_ok() { handle } else { untouched });
        }
        // SAFETY: the handle that was kept.
        assert!(unsafe { destroy(place) }.is_some());
        // Nothing was written: nothing is restored.
        // SAFETY: a live local.
        let out = unsafe { EarlyOutput::new(&raw mut place) };
        let handle = place;
        assert_eq!(out.finish(Err::<(), _>("no")), Err("no"));
        assert_eq!(place, handle);
    }
}
