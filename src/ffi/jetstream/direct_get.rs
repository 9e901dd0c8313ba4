//! `jsDirectGetMsgOptions`: which message to get straight from a server that has it.

use std::ffi::c_char;

use super::plain::{plain, zero};
use crate::error::natsStatus;
use crate::ffi::guard::guard;

/// The message to get with `js_DirectGetMsg`. Initialize it with `jsDirectGetMsgOptions_Init`, and set at least one
/// field.
///
/// @ingroup nats_js_streams
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsDirectGetMsgOptions {
    /// The sequence of the message; together with `NextBySubject`, the sequence from which the
    /// search begins.
    pub Sequence: u64,
    /// The first message of this subject; NULL for any. May have wildcards.
    pub NextBySubject: *const c_char,
    /// The last message of this subject, which may have wildcards; NULL for another message. If it is set, the other
    /// fields are ignored.
    pub LastBySubject: *const c_char,
}

plain!(jsDirectGetMsgOptions);

/// Initialize the selection of a message for a direct get.
///
/// Fills the structure with zeros.
///
/// @param opts The structure; its former content is ignored.
///
/// @retval NATS_OK The structure was filled.
/// @retval NATS_INVALID_ARG `opts` is NULL.
///
/// @par Threads
/// One thread at a time may use the structure.
///
/// @ingroup nats_js_streams
///
/// # Safety
/// `opts` is NULL or valid for writing a `jsDirectGetMsgOptions`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsDirectGetMsgOptions_Init(
    opts: *mut jsDirectGetMsgOptions,
) -> natsStatus {
    guard("jsDirectGetMsgOptions_Init", || {
        // SAFETY: the caller's contract, above.
        unsafe { zero(opts, "opts") }
    })
}
