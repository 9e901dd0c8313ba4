//! Threads of the library that end inside a callback and are not unwound.
//!
//! The [frame](super::frame) is met where the C library unwinds the stack of a thread that ends. musl does not, and glibc
//! stops at code without tables for it, such as that of C on 32-bit ARM. The thread then runs the destructors of its keys
//! (`pthread_key_create`) and is gone, with a stack that others may still refer to. Each thread of the library therefore
//! has such a key, in whose destructor it stays.

use std::ffi::c_void;
use std::num::NonZeroUsize;
use std::ptr;

use once_cell::race::OnceNonZeroUsize;

use super::frame::stay_if_ours;
use crate::runtime;

/// The number of the key plus one. Two threads that make it at the same time both make one.
static KEY: OnceNonZeroUsize = OnceNonZeroUsize::new();

/// Called first in each thread of the library. Without a key, of which a process may have a limited number, threads end.
pub(crate) fn watch_thread() {
    let key = KEY.get_or_try_init(|| {
        let mut key: libc::pthread_key_t = 0;
        // SAFETY: the pointer is to a variable; the destructor's code stays in memory: the library is linked with
        // `-z nodelete`.
        match unsafe { libc::pthread_key_create(&mut key, Some(ending)) } {
            0 => NonZeroUsize::new(key as usize + 1).ok_or(()),
            _ => Err(()),
        }
    });
    if let Ok(key) = key {
        // Any value but NULL, for which no destructor is called.
        let value = ptr::from_ref(&KEY).cast::<c_void>();
        // SAFETY: the key is one that was made above, and is never deleted.
        unsafe { libc::pthread_setspecific((key.get() - 1) as libc::pthread_key_t, value) };
    }
}

/// Runs in each thread of the library that ends.
unsafe extern "C" fn ending(_value: *mut c_void) {
    if !runtime::ran_to_end() {
        stay_if_ours();
    }
}
