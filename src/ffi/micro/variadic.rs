//! The functions of `microError` that take a format, by the names that programs know.
//!
//! `variadic.c` has their bodies. A shared library made by rustc exports what Rust defines and nothing else, so the
//! names are Rust's: each jumps to the C function, with all arguments where they were.

use std::ffi::{c_char, c_int};

use super::errors::microError;

#[expect(
    improper_ctypes,
    reason = "C never looks at what stands behind the pointer"
)]
unsafe extern "C" {
    fn nats_rs_micro_errorf(format: *const c_char, ...) -> *mut microError;
    fn nats_rs_micro_errorf_code(code: c_int, format: *const c_char, ...) -> *mut microError;
    fn nats_rs_micro_wrapf(err: *mut microError, format: *const c_char, ...) -> *mut microError;
}

#[cfg(any(target_arch = "x86_64", target_arch = "x86"))]
macro_rules! jump {
    () => {
        "jmp {function}"
    };
}
#[cfg(any(target_arch = "aarch64", target_arch = "arm"))]
macro_rules! jump {
    () => {
        "b {function}"
    };
}
#[cfg(any(target_arch = "riscv64", target_arch = "riscv32"))]
macro_rules! jump {
    () => {
        "tail {function}"
    };
}

/// Exports a function of `variadic.c` by another name. What it calls is guarded.
macro_rules! export {
    ($name:ident, $function:ident) => {
        /// What [`declared`] describes under this name.
        ///
        /// # Safety
        /// The arguments are those of the declaration.
        #[unsafe(no_mangle)]
        #[unsafe(naked)]
        pub unsafe extern "C" fn $name() {
            std::arch::naked_asm!(jump!(), function = sym $function)
        }
    };
}

export!(micro_Errorf, nats_rs_micro_errorf);
export!(micro_ErrorfCode, nats_rs_micro_errorf_code);
export!(microError_Wrapf, nats_rs_micro_wrapf);

/// What the header declares.
pub mod declared {
    use super::*;

    #[expect(
        improper_ctypes,
        reason = "C never looks at what stands behind the pointer"
    )]
    unsafe extern "C" {
        /// Create an error from a formatted text.
        ///
        /// @param format The text, a format of `printf`, followed by its arguments; NULL for an empty text.
        ///
        /// @return The error, to be released with `microError_Destroy`; never NULL. It has no status and the code 0.
        /// `micro_ErrorInvalidFormat` or `micro_ErrorOutOfMemory` if the text cannot be made.
        ///
        /// @par Threads
        /// Any thread may call this function at any time.
        ///
        /// @par Example
        /// ```c
        /// static microError *divide(microRequest *req) {
        ///     if (microRequest_GetDataLength(req) == 0) return micro_Errorf("nothing to divide");
        ///     return microRequest_Respond(req, "2", 1);
        /// }
        /// ```
        ///
        /// @see micro_ErrorfCode, micro_ErrorFromText
        ///
        /// @ingroup nats_micro_error
        pub fn micro_Errorf(format: *const c_char, ...) -> *mut microError;

        /// Create an error from a code and a formatted text.
        ///
        /// @param code The code that the client receives.
        /// @param format The text, a format of `printf`, followed by its arguments; NULL for an empty text.
        ///
        /// @return The error, to be released with `microError_Destroy`; never NULL. It has no status.
        /// `micro_ErrorInvalidFormat` or `micro_ErrorOutOfMemory` if the text cannot be made.
        ///
        /// @par Threads
        /// Any thread may call this function at any time.
        ///
        /// @see micro_Errorf, micro_ErrorFromText
        ///
        /// @ingroup nats_micro_error
        pub fn micro_ErrorfCode(code: c_int, format: *const c_char, ...) -> *mut microError;

        /// Wrap an error in another one with a formatted text.
        ///
        /// @param err The cause, which the new error then owns; NULL for none. The constant errors of the library do
        /// not change.
        /// @param format The text, a format of `printf`, followed by its arguments; NULL for an empty text.
        ///
        /// @return The new error, without a status and with code 0, to be released with `microError_Destroy`; NULL if
        /// `err` is NULL. `micro_ErrorInvalidFormat` or `micro_ErrorOutOfMemory` if the text cannot be made; `err` is
        /// destroyed then.
        ///
        /// @par Threads
        /// Any thread may call this function at any time. An error belongs to one thread at a time.
        ///
        /// @see microError_WrapText, microError_Status
        ///
        /// @ingroup nats_micro_error
        pub fn microError_Wrapf(
            err: *mut microError,
            format: *const c_char,
            ...
        ) -> *mut microError;
    }
}
