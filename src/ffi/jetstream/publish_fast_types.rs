//! What goes with fast batches: `jsFastPublishOptions`, `jsFastPublishErr`, `jsFastPublishProgress`.

use std::ffi::{c_char, c_int, c_void};

use super::err_code::jsErrCodeArg;
use super::plain::{plain, zero};
use crate::error::natsStatus;
use crate::ffi::guard::guard;
use crate::ffi::handle::jsFastBatchCtx;

/// Options of a fast batch. Initialize it with `jsFastPublishOptions_Init`. Zero in a field stands for the default.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @ingroup nats_js_publish
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsFastPublishOptions {
    /// The maximum number of messages between two acknowledgements, 1 to 65535; 0 for 100. The stream begins with a
    /// lower number, which it reports, if other batches are being published to it.
    pub Flow: c_int,
    /// The number of outstanding acknowledgements at which the library waits, 1 to 3; 0 for 2, with which the stream
    /// continues to store messages while an acknowledgement is on its way. 3 can be faster if the round trip to the
    /// server is long.
    pub MaxOutstandingAcks: c_int,
    /// Whether the batch continues after messages were lost or refused; otherwise the first such
    /// message ends it.
    pub AllowGaps: bool,
    /// With `AllowGaps`: the callback for messages that are lost or refused; NULL for none.
    pub ErrHandler: jsFastPublishErrHandler,
    /// The last argument of `ErrHandler`.
    pub ErrHandlerClosure: *mut c_void,
}

/// Messages of a fast batch that are not stored. Valid during the callback.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @ingroup nats_js_publish
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsFastPublishErr {
    /// The number of the first of these messages in the batch, counted from 1.
    pub Sequence: u64,
    /// The number of elements.
    pub Count: u64,
    /// `NATS_MISMATCH` for messages that did not reach the stream; `NATS_CONNECTION_DISCONNECTED` if the connection
    /// was lost meanwhile; `NATS_NO_RESPONDERS` for a message whose subject no stream has, which is also reported as
    /// one that did not reach the stream; `NATS_ERR` for a message that the server refused.
    pub Err: natsStatus,
    /// The error code of the server's answer; 0 if the server has not answered with an error.
    pub ErrCode: jsErrCodeArg,
    /// The text of the error. Valid during the callback.
    pub ErrText: *const c_char,
}

/// The progress of a fast batch.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @ingroup nats_js_publish
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsFastPublishProgress {
    /// The number of the last message that was sent; the end of the batch without a message counts too.
    pub Sent: u64,
    /// The number of the last message that the stream has acknowledged. Without `AllowGaps` all messages up to it are
    /// stored.
    pub Acked: u64,
    /// The number of messages that the stream has reported as missing.
    pub Lost: u64,
    /// The number of messages that the stream has refused.
    pub Refused: u64,
    /// The present number of messages between two acknowledgements; 0 before the first answer of
    /// the stream.
    pub Flow: u64,
    /// Whether the batch has ended, by a commit or an error.
    pub Ended: bool,
}

plain!(
    jsFastPublishOptions,
    jsFastPublishErr,
    jsFastPublishProgress
);

/// Callback for messages of a fast batch with `AllowGaps` that are not stored.
///
/// Runs on a thread of the library; the calls for one batch do not overlap. At most 1024 calls wait; further failures
/// are only counted in `jsFastPublishProgress`.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param ctx The batch: the program's own handle.
/// @param err The messages and the reason. Valid during the callback.
/// @param closure The pointer that was given with the callback.
///
/// @ingroup nats_js_publish
pub type jsFastPublishErrHandler = Option<
    unsafe extern "C" fn(
        ctx: *mut jsFastBatchCtx,
        err: *mut jsFastPublishErr,
        closure: *mut c_void,
    ),
>;

/// Initialize options for a fast batch.
///
/// Fills the structure with zeros.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param opts The structure; its former content is ignored.
///
/// @retval NATS_OK The structure was filled.
/// @retval NATS_INVALID_ARG `opts` is NULL.
///
/// @par Threads
/// One thread at a time may use the structure.
///
/// @see js_FastPublishStart
///
/// @ingroup nats_js_publish
///
/// # Safety
/// `opts` is NULL or valid for writing a `jsFastPublishOptions`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsFastPublishOptions_Init(opts: *mut jsFastPublishOptions) -> natsStatus {
    guard("jsFastPublishOptions_Init", || {
        // SAFETY: the caller's contract, above.
        unsafe { zero(opts, "opts") }
    })
}
