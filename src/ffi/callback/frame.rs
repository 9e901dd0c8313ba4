//! The frame between the library and a callback of the program.
//!
//! Programs end threads inside callbacks: with `pthread_exit`, or without knowing, as finalised interpreters do
//! (Python up to 3.13, when a C function waits for its lock). The C library then unwinds the stack, and aborts the
//! process at a Rust frame that does not support it. But a thread of the library does not belong to the program: it
//! is treated as newer interpreters treat such threads, and sleeps until the process ends. A C++ exception, which
//! must not leave a callback, ends the process where it is thrown, as in a `noexcept` function.
//!
//! Therefore the frame has a *personality*, the function that the unwinder calls (System V ABI, "Itanium C++ ABI:
//! Exception Handling", 1.2 and 1.3). It can only be specified in assembly language. On processors without one the
//! callback is called directly, and such a thread ends the process.

/// The start of the frame's code.
pub(super) type Code = unsafe extern "C" fn();

/// The frame, if there is one: a function that takes the function to call, and up to five numbers
/// or pointers to call it with.
#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
pub(super) const ENTRY: Option<Code> = None;

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod x86_64;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
pub(super) use x86_64::ENTRY;
