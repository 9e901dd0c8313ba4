//! The frame between the library and a function of the program that it calls.
//!
//! Programs end threads inside of callbacks: with `pthread_exit`, or without knowing, as interpreters
//! do that have been finalised (Python up to 3.13, when a function of C waits for its lock). The C
//! library then unwinds the stack, and stops the process at a frame of Rust that was not made for
//! that. But a thread of the library is not the program's to end: what is done with it is what the
//! interpreters that were mended do, it sleeps until the process ends. An exception of C++, which
//! may not leave a callback, ends the process where it is thrown, as in a `noexcept` function.
//!
//! So the frame has a *personality*, the function that is asked by who unwinds (System V ABI,
//! "Itanium C++ ABI: Exception Handling", 1.2 and 1.3). It can only be given in assembly language;
//! without one for the processor the function is called directly, and such a thread ends the process.

/// Where the frame's code begins.
pub(super) type Code = unsafe extern "C" fn();

/// The frame, if there is one: a function of the function to call, and of up to five numbers or
/// pointers to call it with.
#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
pub(super) const ENTRY: Option<Code> = None;

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod x86_64;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
pub(super) use x86_64::ENTRY;
