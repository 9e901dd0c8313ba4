//! What goes with fast batches: `jsFastPublishOptions`, `jsFastPublishErr`, `jsFastPublishProgress`.

use std::ffi::{c_char, c_int, c_void};

use super::err_code::jsErrCodeArg;
use super::plain::{plain, zero};
use crate::error::natsStatus;
use crate::ffi::guard::guard;
use crate::ffi::handle::jsFastBatchCtx;

/// How a fast batch is published. `jsFastPublishOptions_Init` begins one; zero in a field means the default.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @ingroup nats_js_publish
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsFastPublishOptions {
    /// After how many messages the stream acknowledges at most, 1 to 65535; 0 for 100. It begins with fewer where other
    /// batches are published to it, and says so.
    pub Flow: c_int,
    /// How many acknowledgements may be missing before the library waits, 1 to 3; 0 for 2, which lets the stream work
    /// while one is on its way. 3 may be of use where the server is far away.
    pub MaxOutstandingAcks: c_int,
    /// Whether the batch goes on where messages are lost or refused; else that ends it.
    pub AllowGaps: bool,
    /// With `AllowGaps`: told of messages that are lost or refused; NULL for none.
    pub ErrHandler: jsFastPublishErrHandler,
    /// What the function is given.
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
    /// The number of the first one in the batch, whose first message is number 1.
    pub Sequence: u64,
    /// The number.
    pub Count: u64,
    /// `NATS_MISMATCH` for messages that did not reach the stream, `NATS_CONNECTION_DISCONNECTED` if the connection was
    /// lost meanwhile; `NATS_NO_RESPONDERS` for one whose subject no stream has, which is told of as one that did not
    /// reach the stream too; `NATS_ERR` for one that the server refused.
    pub Err: natsStatus,
    /// What the server has answered; 0 where it has not.
    pub ErrCode: jsErrCodeArg,
    /// The words for it.
    pub ErrText: *const c_char,
}

/// How far a fast batch is.
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
    /// How many messages did not reach the stream, as far as it has told.
    pub Lost: u64,
    /// How many messages the stream has refused.
    pub Refused: u64,
    /// After how many messages the stream acknowledges at present; 0 before its first answer.
    pub Flow: u64,
    /// Whether the batch has ended, by a commit or an error.
    pub Ended: bool,
}

plain!(
    jsFastPublishOptions,
    jsFastPublishErr,
    jsFastPublishProgress
);

/// Is told of messages of a fast batch with `AllowGaps` that are not stored.
///
/// All calls for one batch come one after another, on a thread of the library. At most 1024 wait; what is beyond is
/// counted in `jsFastPublishProgress` only.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param ctx the batch, the program's own handle.
/// @param err which messages, and why. Valid during the callback.
/// @param closure what the program gave with the function.
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
