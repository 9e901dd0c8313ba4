//! `jsDirectGetMsgOptions`: which message to get straight from a server that has it.

use std::ffi::c_char;

use super::plain::{plain, zero};
use crate::error::natsStatus;
use crate::ffi::guard::guard;

/// Which message to get with `js_DirectGetMsg`. `jsDirectGetMsgOptions_Init` begins one.
///
/// @ingroup nats_js_streams
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsDirectGetMsgOptions {
    /// The message's sequence; together with `NextBySubject`, where to begin to look.
    pub Sequence: u64,
    /// The first message of this subject; NULL for any. May have wildcards.
    pub NextBySubject: *const c_char,
    /// The last message of this subject; NULL for not. Where it is set the others do not count.
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
