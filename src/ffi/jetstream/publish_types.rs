//! What goes with publishing to a stream: `jsPubOptions`, `jsPubAck`, `jsPubAckErr`.

use std::ffi::{c_char, c_void};

use super::context::jsCtx;
use super::err_code::jsErrCodeArg;
use super::plain::{plain, zero};
use crate::error::natsStatus;
use crate::ffi::guard::guard;
use crate::ffi::msg::natsMsg;

/// When a message is to be published, or again and again: part of `jsPubOptions`.
///
/// The stream needs `AllowMsgSchedules`. The strings are checked by the server alone. Source: ADR-51.
///
/// @ingroup nats_js_publish
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsScheduleOptions {
    /// When: `@at` with a time, `@every` with a duration, or a line of cron with six fields; NULL for no schedule.
    pub Schedule: *const c_char,
    /// The subject to publish on.
    pub Target: *const c_char,
    /// A subject whose last message is published in place of the schedule's own; NULL for its own.
    pub Source: *const c_char,
    /// How long the published messages live, in milliseconds; 0 for ever.
    pub TTL: i64,
    /// The time zone for a line of cron; NULL for UTC.
    pub TimeZone: *const c_char,
    /// Whether each published message replaces those before it on its subject.
    pub Rollup: bool,
    /// A schedule that this message ends, by its subject; NULL for none. Not together with the others.
    pub CancelScheduledSubject: *const c_char,
}

/// How to publish a message to a stream. `jsPubOptions_Init` begins one; zero in a field means not asked for.
///
/// @ingroup nats_js_publish
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsPubOptions {
    /// How long to wait for the ack, in milliseconds; 0 for the context's `Wait`. With `js_PublishMsgAsync`, after
    /// how long the message counts as failed; 0 for never. With `js_PublishAsyncComplete`, how long to wait; 0 for
    /// ever.
    pub MaxWait: i64,
    /// The message's id: the stream stores one of each id, for as long as its `Duplicates` says.
    pub MsgId: *const c_char,
    /// The name of the stream that is to store it.
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
    /// How long the message lives, in milliseconds; 0 for as long as the stream says. The stream needs `AllowMsgTTL`.
    pub MsgTTL: i64,
    /// When it is to be published.
    pub Schedule: jsScheduleOptions,
}

/// That a stream has stored a message. Released with `jsPubAck_Destroy`, with all that is in it.
///
/// @ingroup nats_js_publish
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsPubAck {
    /// The stream's name.
    pub Stream: *mut c_char,
    /// The message's sequence in it.
    pub Sequence: u64,
    /// The domain that the stream is in; NULL for none.
    pub Domain: *mut c_char,
    /// Whether the stream had a message of this id, and has not stored this one.
    pub Duplicate: bool,
    /// The batch's id; NULL where there is no batch.
    pub Batch: *mut c_char,
    /// How many messages the batch had.
    pub Count: u64,
    /// The counter's value; NULL where the message is no counter.
    pub Value: *mut c_char,
}

/// That a stream has not stored a message, as far as is known. Valid during the callback.
///
/// @ingroup nats_js_publish
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsPubAckErr {
    /// The message, for a `jsPubAckErrHandler`; NULL for a `jsPubAckHandler`, which has it as an argument.
    pub Msg: *mut natsMsg,
    /// What happened.
    pub Err: natsStatus,
    /// What the server has answered; 0 where it has not.
    pub ErrCode: jsErrCodeArg,
    /// The words of that.
    pub ErrText: *const c_char,
}

plain!(jsScheduleOptions, jsPubOptions, jsPubAck, jsPubAckErr);

/// Is told what became of a message that was published with `js_PublishMsgAsync` or `js_PublishAsync`.
///
/// All calls for one context come one after another, on a thread of the library.
///
/// @param js the context, the program's own handle.
/// @param msg the message, which now belongs to the program: it must `natsMsg_Destroy` it, or publish it again with
/// `js_PublishMsgAsync(js, &msg, ..)`.
/// @param pa the ack; NULL if there is none. Valid during the callback.
/// @param pae the error; NULL if there is none. Valid during the callback; its `Msg` is NULL.
/// @param closure what the program gave with the function.
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

/// Is told of a message that was published with `js_PublishMsgAsync` or `js_PublishAsync`, and is not stored.
///
/// All calls for one context come one after another, on a thread of the library.
///
/// @param js the context, the program's own handle.
/// @param pae the error. Its `Msg` stays the library's, which destroys it afterwards, unless the program has published
/// it again with `js_PublishMsgAsync(js, &pae->Msg, ..)`, or has taken it by writing NULL.
/// @param closure what the program gave with the function.
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
