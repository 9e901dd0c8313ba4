//! Fast batches: a stream stores messages as they come, and acknowledges them now and then.

use std::ffi::{CString, c_char, c_int, c_void};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use super::call::guard_api;
use super::context::jsCtx;
use super::err_code::jsErrCodeArg;
use super::publish::{NO_SUBJECT, borrow_addressed, headers, set_headers, wait, write_ack};
use super::publish_fast_types::{jsFastPublishErr, jsFastPublishOptions, jsFastPublishProgress};
use super::publish_types::{jsPubAck, jsPubOptions};
use crate::error::{Error, Result, natsStatus};
use crate::ffi::callback::{Callback, Function};
use crate::ffi::convert::{payload, required, some_bytes};
use crate::ffi::guard::{guard, guard_void};
use crate::ffi::handle::{
    self, OwnedFastBatch, borrow_arc, hold_fast_batch, new_fast_batch, prepare_fast_batch,
};
use crate::ffi::msg::natsMsg;
use crate::js::Context;
use crate::js::publish::{FastBatch, FastMsg, FastSettings, Problem, ProblemHandler};
use crate::proto::headers::HeaderBlock;

pub use crate::ffi::handle::jsFastBatchCtx;

/// A fast batch, and the context that it was begun with.
pub(crate) struct FastObject {
    context: Arc<Context>,
    batch: Arc<FastBatch>,
}

/// Begin a fast batch.
///
/// A stream with `AllowBatched` (servers from 2.14) stores the messages of a fast batch as they arrive and
/// acknowledges them from time to time, at an interval that it chooses: the stream sets the pace of all publishers,
/// and many messages need few acknowledgements. A batch can have any number of messages. It is not atomic: messages
/// that were stored stay stored, however the batch ends.
///
/// Without `AllowGaps` the stream stores the messages of the batch in order and without a gap: a message that is lost
/// or refused ends the batch, and neither it nor a later one is stored. With `AllowGaps` the batch continues without
/// such messages.
///
/// Nothing is sent yet. The batch survives a reconnect if the server still has it and, without `AllowGaps`, no
/// message was lost. While the batch is open and nothing is added, the library sends the stream a keep-alive every
/// second. Source: ADR-50.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param ctx Receives the batch, to be released with `jsFastBatchCtx_Destroy`. Written only with `NATS_OK`.
/// @param js The context.
/// @param opts The options, which are copied; NULL for the defaults.
///
/// @retval NATS_OK The first message can be added.
/// @retval NATS_INVALID_ARG `ctx` or `js` is NULL, `js` was destroyed, or a number of the options is out of its range.
/// @retval NATS_NO_SERVER_SUPPORT The server is older than 2.14.
/// @retval NATS_CONNECTION_CLOSED The connection is closed.
/// @retval NATS_DRAINING The connection is draining.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @par Example
/// ```c
/// jsFastBatchCtx *batch = NULL;
/// jsPubAck *ack = NULL;
///
/// natsStatus s = js_FastPublishStart(&batch, js, NULL);
/// for (int i = 0; i < 1000000 && s == NATS_OK; i++)
///     s = js_FastPublishAddData(batch, "metrics.cpu", "42", 2, NULL, NULL);
/// if (s == NATS_OK)
///     s = js_FastPublishCommitEob(&ack, batch, NULL, NULL);
/// jsPubAck_Destroy(ack);
/// jsFastBatchCtx_Destroy(batch);
/// ```
///
/// @see js_FastPublishAdd, js_FastPublishAddData, js_FastPublishCommit, js_FastPublishCommitEob,
/// js_FastPublishGetProgress, js_BatchPublishStart
///
/// @ingroup nats_js_publish
///
/// # Safety
/// `ctx` is NULL or valid for writing; `js` is NULL or a handle of this library; `opts` is NULL or options.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_FastPublishStart(
    ctx: *mut *mut jsFastBatchCtx,
    js: *mut jsCtx,
    opts: *mut jsFastPublishOptions,
) -> natsStatus {
    guard("js_FastPublishStart", || {
        // SAFETY: the caller's contract, above.
        unsafe {
            required(ctx, "ctx")?;
            let context = borrow_arc(js)?;
            let opts = opts.as_ref();
            let settings = opts.map_or(Ok(FastSettings::default()), settings)?;
            let object = prepare_fast_batch();
            let handler = opts.and_then(|opts| {
                let callback = Callback::new(opts.ErrHandler, opts.ErrHandlerClosure)?;
                let batch = Arc::downgrade(&object);
                Some(Arc::new(Handler { batch, callback }) as Arc<dyn ProblemHandler>)
            });
            let batch = FastBatch::new(context.connection(), settings, handler)?;
            ctx.write(new_fast_batch(&object, FastObject { context, batch }));
            Ok(())
        }
    })
}

/// Add a message to a fast batch.
///
/// Waits while the number of unacknowledged messages is the one that the stream allows. The call for the first
/// message waits until the stream has accepted the batch; whether that message is stored is reported later, as for
/// all others. The options are set as headers of the message, which replace headers of the same names, even if the
/// call fails.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param ctx The batch.
/// @param msg The message, which remains the program's and may be added again. Its reply subject is not used.
/// @param opts The options of the message; NULL for none. `MaxWait` is the longest time to wait in milliseconds; 0
/// for the context's `Wait`.
/// @param errCode Receives the code of the server's error, or 0 if there is none; may be NULL.
///
/// @retval NATS_OK The message was published.
/// @retval NATS_INVALID_ARG `ctx` or `msg` is NULL, `ctx` was destroyed, the message has no subject, or the options
/// are invalid as for `js_Publish`. The batch continues.
/// @retval NATS_TIMEOUT The stream did not acknowledge earlier messages in time, and this one was not sent: the batch
/// continues. For the first message: no answer arrived, and the batch has ended.
/// @retval NATS_MAX_PAYLOAD The message is larger than the server allows, and was not sent: the batch continues.
/// @retval NATS_MISMATCH Messages did not reach the stream, and `AllowGaps` is not set: the batch has ended.
/// @retval NATS_CONNECTION_DISCONNECTED The connection was lost, which ends the batch.
/// @retval NATS_NO_RESPONDERS No stream has the subject, or JetStream is not enabled; `errCode` receives
/// `JSNotEnabledErr`.
/// @retval NATS_NO_SERVER_SUPPORT The server does not support fast batches (before 2.14) and has stored the first
/// message on its own.
/// @retval NATS_ILLEGAL_STATE The batch was committed, or is destroyed by another thread.
/// @retval NATS_ERR The server refused a message, or the batch, for example with `JSFastBatchDisabledErr`: its text
/// is the last error.
///
/// @return Otherwise the status of `natsConnection_PublishMsg`. After an error that ends the batch, all further calls
/// return that error.
///
/// @par Threads
/// Any thread may call this function at any time. No other thread may use the message during the
/// call.
///
/// @see js_FastPublishStart, js_FastPublishAddData, js_FastPublishCommit
///
/// @ingroup nats_js_publish
///
/// # Safety
/// `ctx` is NULL or a batch of this library; `msg` is NULL or a message of this library; `opts` is NULL or options
/// whose strings are NULL or strings; `errCode` is NULL or valid for writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_FastPublishAdd(
    ctx: *mut jsFastBatchCtx,
    msg: *mut natsMsg,
    opts: *mut jsPubOptions,
    errCode: *mut jsErrCodeArg,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    unsafe {
        guard_api("js_FastPublishAdd", errCode, || {
            let owned = borrow_arc(ctx)?;
            let object = object(&owned)?;
            let mut msg = borrow_addressed(msg)?;
            let deadline = deadline(wait(opts, &object.context)?);
            set_headers(opts, &object.context, &mut msg)?;
            object.batch.add(&FastMsg::of(&msg), deadline)
        })
    }
}

/// Add a payload to a fast batch.
///
/// As `js_FastPublishAdd`, without a message of the program.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param ctx The batch.
/// @param subj The subject; not empty.
/// @param data The payload, copied or written before the call returns. Ignored if `dataLen` is 0.
/// @param dataLen The length of the payload in bytes; not negative.
/// @param opts As for `js_FastPublishAdd`.
/// @param errCode Receives the code of the server's error, or 0 if there is none; may be NULL.
///
/// @return As `js_FastPublishAdd`; `NATS_INVALID_ARG` also if `subj` is NULL or empty, `dataLen` is negative, or `data`
/// is NULL while `dataLen` is not 0.
///
/// @par Threads
/// Any thread may call this function at any time.
///
/// @see js_FastPublishAdd
///
/// @ingroup nats_js_publish
///
/// # Safety
/// `ctx` is NULL or a batch of this library; `subj` is NULL or a string; with a positive `dataLen`, `data` is NULL or
/// valid for reading so many bytes; `opts` is NULL or options whose strings are NULL or strings; `errCode` is NULL or
/// valid for writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_FastPublishAddData(
    ctx: *mut jsFastBatchCtx,
    subj: *const c_char,
    data: *const c_void,
    dataLen: c_int,
    opts: *mut jsPubOptions,
    errCode: *mut jsErrCodeArg,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    unsafe {
        guard_api("js_FastPublishAddData", errCode, || {
            let owned = borrow_arc(ctx)?;
            let object = object(&owned)?;
            let subject = some_bytes(subj, NO_SUBJECT)?;
            let payload = payload(data, dataLen)?;
            let deadline = deadline(wait(opts, &object.context)?);
            let block = headers(opts, &object.context)?;
            let msg = FastMsg {
                subject,
                headers: (!block.is_empty()).then_some(HeaderBlock::Bytes(&block)),
                payload,
            };
            object.batch.add(&msg, deadline)
        })
    }
}

/// Commit a fast batch with its last message, and wait for the acknowledgement of the whole batch.
///
/// The last message may be the only message of the batch.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param new_puback Receives the acknowledgement, to be released with `jsPubAck_Destroy`; NULL if it is not needed.
/// `Sequence` is that of the last message in the stream, `Batch` the id of the batch, and `Count` the number of
/// messages, including those that were left out because of `AllowGaps`.
/// @param ctx The batch.
/// @param msg The last message, which remains the program's. The headers of the options are set on it.
/// @param opts As for `js_FastPublishAdd`.
/// @param errCode Receives the code of the server's error, or 0 if there is none; may be NULL.
///
/// @retval NATS_OK The batch is stored: all messages or, with `AllowGaps`, those that were neither lost nor refused,
/// and the last message in any case.
/// @retval NATS_TIMEOUT No answer arrived in time; the last message may be stored. `js_FastPublishCommitEob` waits
/// again.
/// @retval NATS_MISMATCH Messages did not reach the stream.
/// @retval NATS_CONNECTION_DISCONNECTED The connection was lost; the last messages may or may not be stored.
/// @retval NATS_ILLEGAL_STATE The batch was committed before, or is being committed or destroyed.
/// @retval NATS_ERR The server refused the last message, or without `AllowGaps` one of the others: its text is the
/// last error.
///
/// @return Otherwise as `js_FastPublishAdd`. If the batch has failed, the call waits until the stream has reported
/// the number of stored messages, which `js_FastPublishGetProgress` then returns, and returns the error.
///
/// @par Threads
/// Any thread may call this function at any time. No other thread may use the message during the
/// call.
///
/// @see js_FastPublishCommitEob, js_FastPublishGetProgress
///
/// @ingroup nats_js_publish
///
/// # Safety
/// As for `js_FastPublishAdd`; `new_puback` is NULL or valid for writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_FastPublishCommit(
    new_puback: *mut *mut jsPubAck,
    ctx: *mut jsFastBatchCtx,
    msg: *mut natsMsg,
    opts: *mut jsPubOptions,
    errCode: *mut jsErrCodeArg,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    unsafe {
        guard_api("js_FastPublishCommit", errCode, || {
            let owned = borrow_arc(ctx)?;
            let object = object(&owned)?;
            let mut msg = borrow_addressed(msg)?;
            let deadline = deadline(wait(opts, &object.context)?);
            set_headers(opts, &object.context, &mut msg)?;
            let answer = object.batch.commit(Some(&FastMsg::of(&msg)), deadline)?;
            Ok(write_ack(new_puback, &answer)?)
        })
    }
}

/// Commit a fast batch without another message, and wait for the acknowledgement of the whole
/// batch.
///
/// As `js_FastPublishCommit`, without another message. If a commit has failed with `NATS_TIMEOUT`, this waits for its
/// answer.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param new_puback As for `js_FastPublishCommit`.
/// @param ctx The batch.
/// @param opts The options of the call, of which only `MaxWait` is used, as for
/// `js_FastPublishAdd`; NULL for the context's `Wait`.
/// @param errCode Receives the code of the server's error, or 0 if there is none; may be NULL.
///
/// @retval NATS_ILLEGAL_STATE The batch has no messages, was committed before, or is being destroyed.
///
/// @return Otherwise as `js_FastPublishCommit`.
///
/// @par Threads
/// Any thread may call this function at any time.
///
/// @see js_FastPublishCommit, js_FastPublishGetProgress
///
/// @ingroup nats_js_publish
///
/// # Safety
/// `new_puback` and `errCode` are NULL or valid for writing; `ctx` is NULL or a batch of this library; `opts` is NULL
/// or options whose strings are NULL or strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_FastPublishCommitEob(
    new_puback: *mut *mut jsPubAck,
    ctx: *mut jsFastBatchCtx,
    opts: *mut jsPubOptions,
    errCode: *mut jsErrCodeArg,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    unsafe {
        guard_api("js_FastPublishCommitEob", errCode, || {
            let owned = borrow_arc(ctx)?;
            let object = object(&owned)?;
            let deadline = deadline(wait(opts, &object.context)?);
            let answer = object.batch.commit(None, deadline)?;
            Ok(write_ack(new_puback, &answer)?)
        })
    }
}

/// Read the progress of a fast batch.
///
/// Sends nothing and does not wait. After a failure `Acked` is the number of the last message up to which the stream
/// is known to have stored the batch: a program that keeps its messages can begin another batch behind it.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param progress Receives the numbers; written only with `NATS_OK`.
/// @param ctx The batch.
///
/// @retval NATS_OK The progress was written.
/// @retval NATS_INVALID_ARG `progress` or `ctx` is NULL, or `ctx` was destroyed.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @see js_FastPublishAdd
///
/// @ingroup nats_js_publish
///
/// # Safety
/// `progress` is NULL or valid for writing; `ctx` is NULL or a batch of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_FastPublishGetProgress(
    progress: *mut jsFastPublishProgress,
    ctx: *mut jsFastBatchCtx,
) -> natsStatus {
    guard("js_FastPublishGetProgress", || {
        required(progress, "progress")?;
        // SAFETY: the caller's contract, above.
        let owned = unsafe { borrow_arc(ctx) }?;
        let now = object(&owned)?.batch.progress();
        let numbers = jsFastPublishProgress {
            Sent: now.sent,
            Acked: now.acked,
            Lost: now.lost,
            Refused: now.refused,
            Flow: now.flow,
            Ended: now.ended,
        };
        // SAFETY: not NULL, and valid for writing by the caller's contract.
        unsafe { progress.write(numbers) };
        Ok(())
    })
}

/// Release a fast batch.
///
/// Messages that were sent are stored nonetheless. The stream is notified of the end of the batch, without waiting
/// for an answer. Threads that wait in calls on the batch return with `NATS_ILLEGAL_STATE`. The `ErrHandler` is not
/// called any more, except for a call that another thread is just beginning.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param ctx The batch. NULL and a destroyed batch are ignored.
///
/// @par Threads
/// Any thread may call this function at any time, its own `ErrHandler` included, and also after `jsCtx_Destroy`.
///
/// @ingroup nats_js_publish
///
/// # Safety
/// `ctx` is NULL or a batch of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsFastBatchCtx_Destroy(ctx: *mut jsFastBatchCtx) {
    guard_void(|| {
        // SAFETY: the caller's contract, above.
        let owned = unsafe { handle::destroy(ctx) };
        if let Some(object) = owned.as_ref().and_then(|owned| owned.batch()) {
            object.batch.destroy();
        }
    });
}

type ErrFn = unsafe extern "C" fn(*mut jsFastBatchCtx, *mut jsFastPublishErr, *mut c_void);

/// The program's function for one batch.
struct Handler {
    batch: Weak<OwnedFastBatch>,
    callback: Callback<ErrFn>,
}

impl ProblemHandler for Handler {
    fn not_stored(&self, problem: &Problem) {
        let Some(batch) = self.batch.upgrade() else {
            return;
        };
        let held = hold_fast_batch(&batch);
        // What a server says may have any bytes.
        let mut text = problem.error.text().as_bytes().to_vec();
        text.retain(|b| *b != 0);
        let text = CString::new(text).unwrap_or_default();
        let mut err = jsFastPublishErr {
            Sequence: problem.first,
            Count: problem.count,
            Err: problem.error.status(),
            ErrCode: jsErrCodeArg(problem.error.code().0),
            ErrText: text.as_ptr(),
        };
        let (function, closure) = self.callback.parts();
        // SAFETY: what the program asked for when it gave the function.
        unsafe { function.call((*held, &raw mut err, closure)) };
    }
}

/// The settings in the options.
fn settings(opts: &jsFastPublishOptions) -> Result<FastSettings> {
    let default = FastSettings::default();
    let number = |value: c_int, max: u16, default: u16, what: &str| match u16::try_from(value) {
        Ok(0) => Ok(default),
        Ok(value) if value <= max => Ok(value),
        _ => Err(Error::invalid_arg(format!(
            "option '{what}' ({value}) must be from 0 to {max}"
        ))),
    };
    let acks = opts.MaxOutstandingAcks;
    Ok(FastSettings {
        flow: number(opts.Flow, u16::MAX, default.flow, "Flow")?,
        max_acks: number(acks, 3, default.max_acks, "MaxOutstandingAcks")?,
        gaps: opts.AllowGaps,
    })
}

fn object(owned: &OwnedFastBatch) -> Result<&FastObject> {
    let none = || Error::illegal_state("the fast batch has not been made");
    owned.batch().ok_or_else(none)
}

fn deadline(wait: Duration) -> Option<Instant> {
    Instant::now().checked_add(wait)
}
