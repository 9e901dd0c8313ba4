//! The frame between the library and a callback of the program.
//!
//! Programs end threads inside callbacks: with `pthread_exit`, or without knowing, as finalised interpreters do
//! (Python up to 3.13, when a C function waits for its lock). The C library then unwinds the stack, and aborts the
//! process at a Rust frame that does not support it. But a thread of the library does not belong to the program: it
//! is treated as newer interpreters treat such threads, and sleeps until the process ends. A C++ exception, which
//! must not leave a callback, ends the process where it is thrown, as in a `noexcept` function.
//!
//! Therefore the frame has a *personality*, the function that the unwinder calls (System V ABI, "Itanium C++ ABI:
//! Exception Handling", 1.2 and 1.3). It can only be specified in assembly language, in a file for each processor. On
//! processors without one the callback is called directly, and such a thread ends the process. Where the C library does
//! not unwind, [`super::ending`] has the same effect.

/// The start of the frame's code.
pub(super) type Code = unsafe extern "C" fn();

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod x86_64;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
use x86_64 as machine;

#[cfg(all(target_arch = "x86", target_os = "linux"))]
mod x86;
#[cfg(all(target_arch = "x86", target_os = "linux"))]
use x86 as machine;

#[cfg(all(target_arch = "aarch64", target_os = "linux"))]
mod aarch64;
#[cfg(all(target_arch = "aarch64", target_os = "linux"))]
use aarch64 as machine;

#[cfg(all(target_arch = "arm", target_os = "linux"))]
mod arm;
#[cfg(all(target_arch = "arm", target_os = "linux"))]
use arm as machine;
#[cfg(all(target_arch = "arm", target_os = "linux"))]
pub(super) use arm::Word;

#[cfg(not(all(
    any(
        target_arch = "x86_64",
        target_arch = "x86",
        target_arch = "aarch64",
        target_arch = "arm"
    ),
    target_os = "linux"
)))]
mod machine {
    pub(in crate::ffi::callback) const ENTRY: Option<super::Code> = None;

    pub(super) const fn passes(_count: usize, _size: usize) -> bool {
        true
    }
}

/// The frame, if there is one: a function that takes the function to call as a [`Word`], and the arguments to call it
/// with, if they are such that [`passes`] says so.
pub(super) use machine::ENTRY;

/// How the frame takes the function.
#[cfg(not(all(target_arch = "arm", target_os = "linux")))]
pub(super) type Word = usize;

/// Whether the frame passes on `count` integers or pointers, the elements of the tuple `T`.
pub(super) const fn passes<T>(count: usize) -> bool {
    machine::passes(count, size_of::<T>())
}

/// The rule of the processors that pass arguments in registers of 64 bits: up to five, each in one.
#[cfg(all(
    any(target_arch = "x86_64", target_arch = "aarch64"),
    target_os = "linux"
))]
const fn fits_registers(count: usize, size: usize) -> bool {
    count <= 5 && size <= count * 8
}

/// Called when the frame is unwound through.
#[cfg(all(
    any(target_arch = "x86_64", target_arch = "x86", target_arch = "aarch64"),
    target_os = "linux"
))]
unsafe extern "C" fn personality(
    _version: std::ffi::c_int,
    actions: std::ffi::c_int,
    _class: u64,
    _exception: *mut std::ffi::c_void,
    _context: *mut std::ffi::c_void,
) -> std::ffi::c_int {
    const FORCE_UNWIND: std::ffi::c_int = 8;
    const FATAL_PHASE2_ERROR: std::ffi::c_int = 2;
    const FATAL_PHASE1_ERROR: std::ffi::c_int = 3;
    if actions & FORCE_UNWIND == 0 {
        return FATAL_PHASE1_ERROR; // an exception, which is not caught anywhere
    }
    stay_if_ours();
    FATAL_PHASE2_ERROR
}

/// Does not return on a thread of the library.
pub(super) fn stay_if_ours() {
    while crate::runtime::on_library_thread() {
        // SAFETY: it only waits for signals.
        unsafe { libc::pause() };
    }
}
