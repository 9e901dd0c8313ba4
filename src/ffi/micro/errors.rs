//! `microError`: an error with a code, a status and a cause.

use std::ffi::{c_char, c_int};
use std::ptr;
use std::sync::Arc;

use crate::error::{Status, natsStatus};
use crate::ffi::convert::bytes;
use crate::ffi::guard::{guard_local, guard_value, guard_void};
use crate::ffi::handle::{Handle, borrow_arc};
use crate::ffi::types::natsStatusArg;
use crate::micro::{Error, Result};

/// An error of a service: a text, a code for the client, a status, and optionally the error that caused it. Opaque to
/// C. NULL stands for success.
///
/// Created by `micro_Errorf` and its variants, and returned by the functions of services. The owner releases it with
/// `microError_Destroy` or passes the ownership on: to a function that answers a request, to `microError_Wrapf`, or
/// by returning it from a handler. One thread at a time may use it.
///
/// @ingroup nats_micro_error
pub type microError = micro_error_s;

/// The structure behind `microError`.
pub struct micro_error_s {
    error: Error,
}

static OUT_OF_MEMORY: micro_error_s = micro_error_s {
    error: Error::OUT_OF_MEMORY,
};
static INVALID_ARG: micro_error_s = micro_error_s {
    error: Error::INVALID_ARG,
};
static INVALID_FORMAT: micro_error_s = micro_error_s {
    error: Error::INVALID_FORMAT,
};
static INTERNAL: micro_error_s = micro_error_s {
    error: Error::constant(
        Status::NATS_ERR,
        "internal error of the library, please report it",
    ),
};

/// The error for memory that could not be allocated: status `NATS_NO_MEMORY`, text "out of memory". It may be returned,
/// wrapped and destroyed like others, which leaves it as it is.
///
/// @ingroup nats_micro_error
#[unsafe(no_mangle)]
pub static mut micro_ErrorOutOfMemory: *mut microError = (&raw const OUT_OF_MEMORY).cast_mut();

/// The error for an argument that cannot be used: status `NATS_INVALID_ARG`, text "invalid function argument". It may
/// be returned, wrapped and destroyed like others, which leaves it as it is.
///
/// @ingroup nats_micro_error
#[unsafe(no_mangle)]
pub static mut micro_ErrorInvalidArg: *mut microError = (&raw const INVALID_ARG).cast_mut();

/// The error for a format that `printf` refuses: status `NATS_INVALID_ARG`, text "invalid format string". An addition
/// of this library. It may be returned, wrapped and destroyed like others, which leaves it as it is.
///
/// @ingroup nats_micro_error
#[unsafe(no_mangle)]
pub static mut micro_ErrorInvalidFormat: *mut microError = (&raw const INVALID_FORMAT).cast_mut();

/// Those that are never freed.
fn is_static(error: *const microError) -> bool {
    [&OUT_OF_MEMORY, &INVALID_ARG, &INVALID_FORMAT, &INTERNAL]
        .iter()
        .any(|fixed| ptr::eq(*fixed, error))
}

/// The pointer by which C owns an error.
pub(super) fn into_c(error: Error) -> *mut microError {
    if error == Error::INVALID_ARG {
        return (&raw const INVALID_ARG).cast_mut();
    }
    Box::into_raw(Box::new(micro_error_s { error }))
}

/// Takes an error over from C; `None` for NULL.
///
/// # Safety
/// `error` is NULL or an error of this library, which is not used afterwards unless it is a fixed one.
pub(super) unsafe fn take(error: *mut microError) -> Option<Error> {
    if error.is_null() {
        return None;
    }
    if is_static(error) {
        // SAFETY: one of the fixed ones, which live for ever.
        return Some(unsafe { &*error }.error.clone());
    }
    // SAFETY: not NULL and not fixed, hence from `into_c` by the contract above.
    Some(unsafe { Box::from_raw(error) }.error)
}

/// Looks at an error of C's.
///
/// # Safety
/// `error` is NULL or an error of this library that stays as it is for `'a`.
unsafe fn look<'a>(error: *const microError) -> Option<&'a Error> {
    // SAFETY: the contract above.
    unsafe { error.as_ref() }.map(|error| &error.error)
}

/// Runs the body of an exported function that returns an error, NULL for success.
pub(super) fn guard_error(body: impl FnOnce() -> Result<()>) -> *mut microError {
    guard_value((&raw const INTERNAL).cast_mut(), || {
        Ok(body().map_or_else(into_c, |()| ptr::null_mut()))
    })
}

/// Borrows the object behind a handle. NULL is `micro_ErrorInvalidArg`, which programs compare with; a handle that cannot
/// be used for another reason has a text of its own.
///
/// # Safety
/// `handle` is NULL or a handle of this library, living or destroyed.
pub(super) unsafe fn object<H: Handle>(handle: *const H) -> Result<Arc<H::Object>> {
    if handle.is_null() {
        return Err(Error::INVALID_ARG);
    }
    // SAFETY: the contract above is the same.
    Ok(unsafe { borrow_arc(handle) }?)
}

/// Create an error from a code and a text.
///
/// The same as `micro_ErrorfCode`, for programs and languages that cannot call functions with a variable number of
/// arguments.
///
/// @param code The code that the client receives; 0 for none.
/// @param text The text, not a format; NULL for an empty result.
///
/// @return The error, to be released with `microError_Destroy`; never NULL.
///
/// @par Threads
/// Any thread may call this function at any time.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @see micro_ErrorfCode
///
/// @ingroup nats_micro_error
///
/// # Safety
/// `text` is NULL or a string that ends with a NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn micro_ErrorFromText(code: c_int, text: *const c_char) -> *mut microError {
    guard_local((&raw const INTERNAL).cast_mut(), || {
        // SAFETY: the caller's contract, above.
        let text = unsafe { bytes(text) }.unwrap_or_default();
        Ok(into_c(Error::new(
            code,
            String::from_utf8_lossy(text).into_owned(),
        )))
    })
}

/// Wrap an error in another one with a text.
///
/// The same as `microError_Wrapf`, for programs and languages that cannot call functions with a variable number of
/// arguments.
///
/// @param err The cause, which the new error then owns; NULL for none.
/// @param text The text, not a format; NULL for an empty result.
///
/// @return The new error, to be released with `microError_Destroy`; NULL if `err` is NULL.
///
/// @par Threads
/// Any thread may call this function at any time. An error belongs to one thread at a time.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @see microError_Wrapf
///
/// @ingroup nats_micro_error
///
/// # Safety
/// `err` is NULL or an error of this library, not used afterwards; `text` is NULL or a string that ends with a NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn microError_WrapText(
    err: *mut microError,
    text: *const c_char,
) -> *mut microError {
    guard_local((&raw const INTERNAL).cast_mut(), || {
        // SAFETY: the caller's contract, above.
        let Some(cause) = (unsafe { take(err) }) else {
            return Ok(ptr::null_mut());
        };
        // SAFETY: likewise.
        let text = unsafe { bytes(text) }.unwrap_or_default();
        Ok(into_c(
            cause.wrap(String::from_utf8_lossy(text).into_owned()),
        ))
    })
}

/// Create an error from a status.
///
/// @param s The status.
///
/// @return An error with this status and its text, to be released with `microError_Destroy`; NULL for `NATS_OK`.
///
/// @par Threads
/// Any thread may call this function at any time.
///
/// @see natsStatus_GetText
///
/// @ingroup nats_micro_error
#[unsafe(no_mangle)]
pub extern "C" fn micro_ErrorFromStatus(s: natsStatusArg) -> *mut microError {
    guard_local((&raw const INTERNAL).cast_mut(), || {
        Ok(Error::of_status(s.get()).map_or(ptr::null_mut(), into_c))
    })
}

/// Return the code of an error.
///
/// @param err The error.
///
/// @return The code of the error itself, not of its cause; 0 if it has none or `err` is NULL.
///
/// @par Threads
/// An error belongs to one thread at a time.
///
/// @see micro_ErrorfCode
///
/// @ingroup nats_micro_error
///
/// # Safety
/// `err` is NULL or an error of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn microError_Code(err: *mut microError) -> c_int {
    // SAFETY: the caller's contract, above.
    guard_local(0, || Ok(unsafe { look(err) }.map_or(0, Error::code)))
}

/// Return the status of an error.
///
/// @param err The error.
///
/// @return The status; if the error has none, that of its cause; `NATS_OK` if nothing in the chain has one, or `err`
/// is NULL.
///
/// @par Threads
/// An error belongs to one thread at a time.
///
/// @see micro_ErrorFromStatus
///
/// @ingroup nats_micro_error
///
/// # Safety
/// `err` is NULL or an error of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn microError_Status(err: *mut microError) -> natsStatus {
    guard_local(Status::NATS_ERR, || {
        // SAFETY: the caller's contract, above.
        Ok(unsafe { look(err) }.map_or(Status::NATS_OK, Error::status))
    })
}

/// Write the text of an error, with status, code and causes, into a buffer.
///
/// For example `request failed: status 26: Timeout`. A text that does not fit is truncated.
///
/// @param err The error; NULL is written as `null`.
/// @param buf Receives the text and a NUL.
/// @param len The size of the buffer in bytes. With 0 nothing is written.
///
/// @return `buf`; an empty string if `buf` is NULL.
///
/// @par Threads
/// An error belongs to one thread at a time.
///
/// @par Example
/// ```c
/// char text[256];
/// microError *err = micro_ErrorfCode(404, "no order %d", 7);
/// puts(microError_String(err, text, sizeof(text)));
/// microError_Destroy(err);
/// ```
///
/// @ingroup nats_micro_error
///
/// # Safety
/// `err` is NULL or an error of this library; `buf` is NULL or valid for writing `len` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn microError_String(
    err: *mut microError,
    buf: *mut c_char,
    len: usize,
) -> *const c_char {
    guard_local(c"".as_ptr(), || {
        if buf.is_null() {
            return Ok(c"".as_ptr());
        }
        // SAFETY: the caller's contract, above.
        let text = unsafe { look(err) }.map_or_else(|| "null".to_owned(), Error::to_string);
        if let Some(room) = len.checked_sub(1) {
            let text = &text.as_bytes()[..text.floor_char_boundary(room)];
            // SAFETY: the text and a NUL are within the `len` bytes of the contract above.
            unsafe {
                buf.cast::<u8>()
                    .copy_from_nonoverlapping(text.as_ptr(), text.len());
                buf.add(text.len()).write(0);
            }
        }
        Ok(buf.cast_const())
    })
}

/// Destroy an error and its causes.
///
/// @param err The error; NULL and the constant errors of the library are ignored.
///
/// @par Threads
/// An error belongs to one thread at a time.
///
/// @ingroup nats_micro_error
///
/// # Safety
/// `err` is NULL or an error of this library, not used afterwards unless it is a fixed one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn microError_Destroy(err: *mut microError) {
    guard_void(|| {
        // SAFETY: the caller's contract, above.
        drop(unsafe { take(err) });
    });
}

#[cfg(test)]
mod tests {
    use std::ffi::CStr;

    use super::*;

    fn text(error: *mut microError, size: usize) -> String {
        let mut buffer = [1 as c_char; 128];
        // SAFETY: a live error or NULL, and at most the array's size.
        unsafe {
            let text = microError_String(error, buffer.as_mut_ptr(), size);
            CStr::from_ptr(text).to_str().unwrap().to_owned()
        }
    }

    #[test]
    fn errors_are_made_wrapped_read_and_destroyed() {
        // SAFETY: errors of this library, literals; each destroyed once.
        unsafe {
            let inner = micro_ErrorFromText(404, c"no order".as_ptr());
            assert_eq!(microError_Code(inner), 404);
            assert_eq!(microError_Status(inner), Status::NATS_OK);
            let outer = microError_WrapText(inner, c"50%s".as_ptr());
            assert_eq!(
                (microError_Code(outer), text(outer, 128)),
                (0, "50%s: code 404: no order".into())
            );
            assert_eq!(text(outer, 5), "50%s");
            assert_eq!(text(outer, 1), "");
            microError_Destroy(outer);
            assert!(microError_WrapText(ptr::null_mut(), c"x".as_ptr()).is_null());
            assert_eq!(text(ptr::null_mut(), 128), "null");
            assert_eq!(
                CStr::from_ptr(microError_String(ptr::null_mut(), ptr::null_mut(), 0)),
                c""
            );
        }
    }

    #[test]
    fn fixed_errors_stay() {
        // SAFETY: errors of this library; the variables are not written.
        unsafe {
            let (arg, memory) = (micro_ErrorInvalidArg, micro_ErrorOutOfMemory);
            let wrapped = microError_WrapText(arg, c"why".as_ptr());
            assert_eq!(microError_Status(wrapped), Status::NATS_INVALID_ARG);
            microError_Destroy(wrapped);
            microError_Destroy(arg);
            microError_Destroy(memory);
            assert_eq!(text(arg, 128), "status 16: invalid function argument");
            assert_eq!(text(memory, 128), "status 24: out of memory");
            assert_eq!(into_c(Error::INVALID_ARG), arg);
            assert!(micro_ErrorFromStatus(natsStatusArg(0)).is_null());
            let timeout = micro_ErrorFromStatus(natsStatusArg(26));
            assert_eq!(text(timeout, 128), "status 26: Timeout");
            microError_Destroy(timeout);
        }
    }
}
