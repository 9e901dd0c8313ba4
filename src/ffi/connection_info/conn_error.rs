//! The last error of a connection, as opposed to that of a thread.

use std::borrow::Cow;
use std::cell::RefCell;
use std::ffi::c_char;

use crate::client::Connection;
use crate::error::{Status, natsStatus};
use crate::ffi::convert::{copy_to_buffer, required};
use crate::ffi::guard::guard;
use crate::ffi::handle::{borrow, natsConnection};
use crate::ffi::short_text::ShortText;

/// Return the last error of a connection.
///
/// The error is what the server reported, or why the connection was lost or closed. While the
/// connection reconnects the text has the reason for the loss, followed by the result of the last
/// attempt with the address of the server; a successful reconnect clears it. In a disconnected
/// callback it is the reason for the loss, and in the error handler it is the reported error. This
/// is not the last error of the calling thread, which `nats_GetLastError` returns.
///
/// @param nc The connection.
/// @param lastError Receives the text, at most 255 characters; an empty string if there is no
/// error. It belongs to the library and is valid until the same thread calls this function again or
/// ends. Not written with `NATS_INVALID_ARG`.
///
/// @return The status of the error; `NATS_OK` if there is none; `NATS_INVALID_ARG` if an argument
/// is NULL or `nc` was destroyed.
///
/// @deprecated Use `natsConnection_ReadLastError`, which copies the text.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_errors
///
/// # Safety
/// `nc` is NULL or a handle of this library; `lastError` is NULL or valid for writing a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsConnection_GetLastError(
    nc: *mut natsConnection,
    lastError: *mut *const c_char,
) -> natsStatus {
    thread_local!(static TEXT: RefCell<ShortText> = const { RefCell::new(ShortText::new()) });
    let mut last = Status::NATS_OK;
    let called = guard("natsConnection_GetLastError", || {
        required(lastError, "lastError")?;
        // SAFETY: the caller's contract, above.
        let (status, text) = last_error(&*unsafe { borrow(nc) }?);
        let text = TEXT.with_borrow_mut(|kept| {
            kept.set(&text);
            kept.as_ptr()
        });
        // SAFETY: not NULL, hence valid for writing by the caller's contract.
        unsafe { lastError.write(text) };
        last = status;
        Ok(())
    });
    if called == Status::NATS_OK {
        last
    } else {
        called
    }
}

/// Copy the last error of a connection.
///
/// The error is what the server reported, or why the connection was lost or closed. While the
/// connection reconnects the text has the reason for the loss, followed by the result of the last
/// attempt with the address of the server; a successful reconnect clears it. In a disconnected
/// callback it is the reason for the loss, and in the error handler it is the reported error. This
/// is not the last error of the calling thread, which `nats_GetLastError` returns and which this
/// call does not change.
///
/// @param nc The connection.
/// @param buf Receives the text, an empty string if there is no error. A text that does not fit is
/// truncated and then ends in `...` if there is room for that. NULL for no text. Not written with
/// `NATS_INVALID_ARG`.
/// @param n The size of the buffer in bytes, NUL included; 0 for no text.
///
/// @return The status of the error; `NATS_OK` if there is none; `NATS_INVALID_ARG` if `nc` is NULL
/// or was destroyed.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_errors
///
/// # Safety
/// `nc` is NULL or a handle of this library; `buf` is NULL or valid for writing `n` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsConnection_ReadLastError(
    nc: *mut natsConnection,
    buf: *mut c_char,
    n: usize,
) -> natsStatus {
    let mut last = Status::NATS_OK;
    let called = guard("natsConnection_ReadLastError", || {
        // SAFETY: the caller's contract, above.
        let (status, text) = last_error(&*unsafe { borrow(nc) }?);
        if !buf.is_null() && n > 0 {
            let text = cut(text.as_bytes(), n);
            // SAFETY: `buf` is valid for `n` bytes by the caller's contract, and the text is
            // shorter.
            unsafe { copy_to_buffer(&text, buf, n) }?;
        }
        last = status;
        Ok(())
    });
    if called == Status::NATS_OK {
        last
    } else {
        called
    }
}

/// The last error of a connection, with the text of its status if it has none of its own.
fn last_error(connection: &Connection) -> (Status, String) {
    let (status, mut text) = connection.last_error();
    if text.is_empty() && status != Status::NATS_OK {
        text += status.text();
    }
    text.retain(|character| character != '\0');
    (status, text)
}

/// A text truncated so that it fits into a buffer of `size` bytes with a NUL behind it.
fn cut(text: &[u8], size: usize) -> Cow<'_, [u8]> {
    const MARK: &[u8] = b"...";
    let room = size.saturating_sub(1);
    if text.len() <= room {
        Cow::Borrowed(text)
    } else if room > MARK.len() {
        Cow::Owned([&text[..room - MARK.len()], MARK].concat())
    } else {
        Cow::Borrowed(&text[..room])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_to_its_buffer_with_a_mark_where_there_is_room() {
        let shown = |size| cut(b"stale connection", size).into_owned();
        assert_eq!(shown(17), b"stale connection");
        assert_eq!(shown(16), b"stale connec...");
        assert_eq!(shown(5), b"s...");
        assert_eq!(shown(4), b"sta");
        assert_eq!(shown(1), b"");
    }
}
