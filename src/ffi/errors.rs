//! The functions about the calling thread's last error.

use std::ffi::{CString, c_char};

use super::guard::guard_local;
use super::last_error::{self, release, with};
use super::{convert, library};
use crate::error::{Error, Result, Status, natsStatus};

/// Return the text of the calling thread's last failure.
///
/// A successful call does not clear the last error, except for one that connects or closes the
/// library. The thread's next failure replaces it, and `nats_ReleaseThreadMemory` clears it. In an error handler the text is that of the reported
/// event, where it has one. The text states what failed (subject, server address, argument), the
/// position of the fault, the limit or time that was reached, and where it is not obvious what to
/// check next: `subject 'a b': blank at byte 1`, `no message on 'in' within 500 ms`. Bytes are
/// counted from 0, unprintable bytes are escaped and long values are truncated. The text is for
/// people and may change between versions; programs decide by the status. It never contains a
/// password, a token, a seed or a JWT.
///
/// @param status Receives the status of that failure, `NATS_OK` if there was none; may be NULL.
///
/// @return The text, possibly empty, at most 255 characters; NULL if nothing failed. It belongs to
/// the library and stays valid until the last error of this thread is replaced or cleared.
///
/// @par Threads
/// Each thread has its own last error. Any thread may call this function at any time, also before
/// the library is opened.
///
/// @par Example
/// ```c
/// natsStatus why = NATS_OK;
/// if (natsConnection_PublishString(nc, "a subject", "x") != NATS_OK) {
///     const char *text = nats_GetLastError(&why);
///     fprintf(stderr, "%s: %s\n", natsStatus_GetText(why), text);
/// }
/// ```
///
/// @see nats_GetLastErrorStack, natsConnection_ReadLastError
///
/// @ingroup nats_errors
///
/// # Safety
/// `status` is NULL or valid for writing a `natsStatus`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nats_GetLastError(status: *mut natsStatus) -> *const c_char {
    guard_local(std::ptr::null(), || {
        let (recorded, text) = last_error::read(|status, text| (status, text.as_ptr()));
        // SAFETY: the caller's contract, above.
        unsafe { convert::write_optional(status, recorded) };
        if recorded == Status::NATS_OK {
            return Ok(std::ptr::null());
        }
        Ok(text)
    })
}

/// Copy the name of the function that failed last in the calling thread.
///
/// Programs that expect several names, one in a line and the innermost first, can read the result
/// unchanged: this library names the one function that the program called. Does not change the last
/// error.
///
/// @param buffer Receives the name and a NUL; an empty string if nothing failed.
/// @param bufLen The size of the buffer in bytes.
///
/// @retval NATS_OK The name or an empty string was written.
/// @retval NATS_INVALID_ARG `buffer` is NULL or `bufLen` is 0.
/// @retval NATS_INSUFFICIENT_BUFFER The name does not fit. The buffer holds its beginning and a
/// NUL.
///
/// @par Threads
/// Each thread has its own last error. Any thread may call this function at any time.
///
/// @see nats_GetLastError
///
/// @ingroup nats_errors
///
/// # Safety
/// `buffer` is NULL or valid for writing `bufLen` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nats_GetLastErrorStack(buffer: *mut c_char, bufLen: usize) -> natsStatus {
    guard_local(Status::NATS_ERR, || {
        if buffer.is_null() || bufLen == 0 {
            return Ok(Status::NATS_INVALID_ARG);
        }
        let function = with(|_, _, function| function).unwrap_or_default();
        let fits = function.len().min(bufLen - 1);
        // SAFETY: the caller's contract, above: `fits` bytes and a NUL are within `bufLen`.
        unsafe {
            buffer
                .cast::<u8>()
                .copy_from_nonoverlapping(function.as_ptr(), fits);
            buffer.add(fits).write(0);
        }
        if fits < function.len() {
            return Ok(Status::NATS_INSUFFICIENT_BUFFER);
        }
        Ok(Status::NATS_OK)
    })
}

/// Print the calling thread's last failure.
///
/// Writes the number and the text of the status, the text of the error, the version of the library
/// and the name of the function. Prints nothing if nothing failed.
///
/// @param file An open stream, which is flushed and stays open; NULL prints nothing.
///
/// @par Threads
/// Each thread has its own last error. Any thread may call this function at any time.
///
/// @see nats_GetLastError
///
/// @ingroup nats_errors
///
/// # Safety
/// `file` is NULL or an open stream.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nats_PrintLastErrorStack(file: *mut libc::FILE) {
    guard_local((), || {
        let Some(report) = with(report).filter(|_| !file.is_null()) else {
            return Ok(());
        };
        let report = CString::new(report).map_err(|_| Error::from(Status::NATS_ERR))?;
        // SAFETY: an open stream by the caller's contract, and a string that ends with a NUL.
        unsafe {
            libc::fputs(report.as_ptr(), file);
            libc::fflush(file);
        }
        Ok(())
    });
}

fn report(status: Status, text: &str, function: &'static str) -> String {
    let version = library::VERSION.to_str().unwrap_or_default();
    let mut report = format!("Error: {} - {}", status as i32, status.text());
    if !text.is_empty() {
        report += " - ";
        report += text;
    }
    report += &format!("\nStack: (library version: {version})\n");
    if !function.is_empty() {
        report += &format!("  01 - {function}\n");
    }
    report
}

/// Release the memory that the library keeps for the calling thread.
///
/// Clears the last error of the thread. Threads of the library do this by themselves when they end.
///
/// @par Threads
/// Any thread may call this function at any time, also before the library is opened and more than
/// once.
///
/// @ingroup nats_library
#[unsafe(no_mangle)]
pub extern "C" fn nats_ReleaseThreadMemory() {
    guard_local((), || -> Result<()> {
        release();
        Ok(())
    });
}

#[cfg(test)]
mod tests {
    use std::ffi::CStr;

    use super::last_error::{clear, preset, record};
    use super::*;

    fn text() -> Option<String> {
        // SAFETY: NULL is allowed, and the result is NULL or a string of the library.
        unsafe {
            let text = nats_GetLastError(std::ptr::null_mut());
            (!text.is_null()).then(|| CStr::from_ptr(text).to_str().unwrap().to_owned())
        }
    }

    #[test]
    fn the_last_error_is_kept_until_it_is_cleared() {
        clear();
        let mut status = Status::NATS_ERR;
        // SAFETY: a live local.
        assert!(unsafe { nats_GetLastError(&mut status) }.is_null());
        assert_eq!(status, Status::NATS_OK);
        record(Status::NATS_TIMEOUT, "too late", "f");
        // SAFETY: a live local.
        assert!(!unsafe { nats_GetLastError(&mut status) }.is_null());
        assert_eq!(
            (status, text().as_deref()),
            (Status::NATS_TIMEOUT, Some("too late"))
        );
        preset(Status::NATS_NOT_YET_CONNECTED, "");
        assert_eq!(text().as_deref(), Some(""));
        nats_ReleaseThreadMemory();
        nats_ReleaseThreadMemory();
        assert_eq!(text(), None);
    }

    #[test]
    fn the_stack_names_the_function() {
        record(Status::NATS_ERR, "text", "natsFoo_Bar");
        let mut buffer = [1 as c_char; 16];
        let stack = |buffer: &mut [c_char], size: usize| {
            // SAFETY: the buffer is at least `size` bytes long.
            let status = unsafe { nats_GetLastErrorStack(buffer.as_mut_ptr(), size) };
            // SAFETY: the buffer now holds a NUL.
            let text = unsafe { CStr::from_ptr(buffer.as_ptr()) };
            (status, text.to_str().unwrap().to_owned())
        };
        assert_eq!(
            stack(&mut buffer, 16),
            (Status::NATS_OK, "natsFoo_Bar".into())
        );
        assert_eq!(
            stack(&mut buffer, 12),
            (Status::NATS_OK, "natsFoo_Bar".into())
        );
        assert_eq!(
            stack(&mut buffer, 11),
            (Status::NATS_INSUFFICIENT_BUFFER, "natsFoo_Ba".into())
        );
        assert_eq!(
            stack(&mut buffer, 1),
            (Status::NATS_INSUFFICIENT_BUFFER, String::new())
        );
        // SAFETY: NULL and size 0 are refused.
        unsafe {
            let null = std::ptr::null_mut();
            assert_eq!(nats_GetLastErrorStack(null, 16), Status::NATS_INVALID_ARG);
            assert_eq!(
                nats_GetLastErrorStack(buffer.as_mut_ptr(), 0),
                Status::NATS_INVALID_ARG
            );
        }
        clear();
        assert_eq!(stack(&mut buffer, 16), (Status::NATS_OK, String::new()));
    }

    #[test]
    fn the_report_has_its_lines() {
        assert_eq!(
            report(Status::NATS_TIMEOUT, "late", "f"),
            "Error: 26 - Timeout - late\nStack: (library version: 3.14.0-beta)\n  01 - f\n"
        );
        assert_eq!(
            report(Status::NATS_ERR, "", ""),
            "Error: 1 - Error\nStack: (library version: 3.14.0-beta)\n"
        );
        let mut out: *mut c_char = std::ptr::null_mut();
        let mut len = 0;
        record(Status::NATS_TIMEOUT, "late", "f");
        // SAFETY: a memory stream is a stream; it is closed before its buffer is read and freed.
        unsafe {
            let file = libc::open_memstream(&mut out, &mut len);
            nats_PrintLastErrorStack(file);
            libc::fclose(file);
            assert!(
                CStr::from_ptr(out)
                    .to_str()
                    .unwrap()
                    .ends_with("  01 - f\n")
            );
            libc::free(out.cast());
            nats_PrintLastErrorStack(std::ptr::null_mut());
        }
        clear();
    }
}
