//! What goes with publishing to a stream: `jsPubOptions`, `jsPubAck`, `jsPubAckErr`.

use std::ffi::{c_char, c_void};

use super::context::jsCtx;
use super::err_code::jsErrCodeArg;
use super::plain::{plain, zero};
use crate::error::natsStatus;
use crate::ffi::guard::guard;
use crate::ffi::msg::natsMsg;

/// The schedule of a message: it is published later, or repeatedly. Part of `jsPubOptions`.
///
/// The stream needs `AllowMsgSchedules`. Only the server checks the strings. Source: ADR-51.
///
/// @ingroup nats_js_publish
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsScheduleOptions {
    /// The schedule: `@at` with a time, `@every` with a duration, or a cron expression with six fields; NULL for no
    /// schedule.
    pub Schedule: *const c_char,
    /// The subject to publish on.
    pub Target: *const c_char,
    /// A subject whose last message is published in place of the scheduled message itself; NULL for
    /// the message itself.
    pub Source: *const c_char,
    /// The time to live of the published messages in milliseconds; 0 for no limit.
    pub TTL: i64,
    /// The time zone of a cron expression; NULL for UTC.
    pub TimeZone: *const c_char,
    /// Whether each published message replaces the earlier messages of its subject.
    pub Rollup: bool,
    /// The subject of a schedule that this message cancels; NULL for none. Not together with the other fields.
    pub CancelScheduledSubject: *const c_char,
}

/// Options of a message that is published to a stream. Initialize it with `jsPubOptions_Init`. A field that is 0 or
/// NULL has no effect, except where its text says otherwise.
///
/// @ingroup nats_js_publish
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsPubOptions {
    /// The longest time to wait for the acknowledgement, in milliseconds; 0 for the context's `Wait`. With
    /// `js_PublishMsgAsync`, the time after which the message counts as failed; 0 for no limit. With
    /// `js_PublishAsyncComplete`, the longest time to wait; 0 for no limit.
    pub MaxWait: i64,
    /// The message id: within the time `Duplicates` of its configuration the stream stores only one
    /// message with this id.
    pub MsgId: *const c_char,
    /// The name of the stream that must store the message.
    pub ExpectStream: *const c_char,
    /// The id that the stream's last message must have.
    pub ExpectLastMsgId: *const c_char,
    /// The sequence that the stream's last message must have.
    pub ExpectLastSeq: u64,
    /// The sequence that the last message of the subject must have.
    pub ExpectLastSubjectSeq: u64,
    /// The subject that `ExpectLastSubjectSeq` or `ExpectNoMessage` is about; NULL for the message's own.
    pub ExpectLastSubjectSeqSubject: *const c_char,
    /// Whether the subject must have no message.
    pub ExpectNoMessage: bool,
    /// The time to live of the message in milliseconds, at least 1000; 0 for the limit of the stream. The server
    /// ignores the fraction of a second. The stream needs `AllowMsgTTL`.
    pub MsgTTL: i64,
    /// The schedule of the message.
    pub Schedule: jsScheduleOptions,
}

/// The acknowledgement of a stream for a message that it has stored. `jsPubAck_Destroy` releases it
/// together with its fields.
///
/// @ingroup nats_js_publish
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsPubAck {
    /// The stream's name.
    pub Stream: *mut c_char,
    /// The sequence of the message in the stream.
    pub Sequence: u64,
    /// The domain that the stream is in; NULL for none.
    pub Domain: *mut c_char,
    /// Whether the stream already had a message with this id and has not stored this one.
    pub Duplicate: bool,
    /// The id of the batch; NULL if the message is not part of a batch.
    pub Batch: *mut c_char,
    /// The number of messages in the batch.
    pub Count: u64,
    /// The value of the counter; NULL if the stream does not have counters.
    pub Value: *mut c_char,
}

/// The reason why a message is not known to be stored. Valid during the callback.
///
/// @ingroup nats_js_publish
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsPubAckErr {
    /// The message, for a `jsPubAckErrHandler`; NULL for a `jsPubAckHandler`, which has it as an argument.
    pub Msg: *mut natsMsg,
    /// The status of the failure.
    pub Err: natsStatus,
    /// The error code of the server's answer; 0 if the server has not answered with an error.
    pub ErrCode: jsErrCodeArg,
    /// The text of the error. Valid during the callback.
    pub ErrText: *const c_char,
}

plain!(jsScheduleOptions, jsPubOptions, jsPubAck, jsPubAckErr);

/// Callback that receives the outcome of a message that was published with `js_PublishMsgAsync` or `js_PublishAsync`.
///
/// Runs on a thread of the library; the calls for one context do not overlap.
///
/// @param js The context: the program's own handle.
/// @param msg The message, which the callback owns and has to release with `natsMsg_Destroy` or publish again with
/// `js_PublishMsgAsync(js, &msg, ..)`.
/// @param pa The acknowledgement; NULL if the message failed. Valid during the callback.
/// @param pae The error; NULL if the message is stored. Valid during the callback; its `Msg` is
/// NULL.
/// @param closure The pointer that was given with the callback.
///
/// @ingroup nats_js_publish
pub type jsPubAckHandler = Option<
    unsafe extern "C" fn(
        js: *mut jsCtx,
        msg: *mut natsMsg,
        pa: *mut jsPubAck,
        pae: *mut jsPubAckErr,
        closure: *mut c_void,
    ),
>;

/// Callback that receives the error for a message that was published with `js_PublishMsgAsync` or `js_PublishAsync`
/// and is not known to be stored.
///
/// Runs on a thread of the library; the calls for one context do not overlap.
///
/// @param js The context: the program's own handle.
/// @param pae The error. The library owns its `Msg` and destroys it after the callback, unless the callback has
/// published it again with `js_PublishMsgAsync(js, &pae->Msg, ..)`, or has taken it and written NULL in its place.
/// @param closure The pointer that was given with the callback.
///
/// @ingroup nats_js_publish
pub type jsPubAckErrHandler =
    Option<unsafe extern "C" fn(js: *mut jsCtx, pae: *mut jsPubAckErr, closure: *mut c_void)>;

/// Initialize options for publishing to JetStream.
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
/// @ingroup nats_js_publish
///
/// # Safety
/// `opts` is NULL or valid for writing a `jsPubOptions`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsPubOptions_Init(opts: *mut jsPubOptions) -> natsStatus {
    guard("jsPubOptions_Init", || {
        // SAFETY: the caller's contract, above.
        unsafe { zero(opts, "opts") }
    })
}
