//! Publishing to streams, and waiting for the ack.

use std::ffi::{c_char, c_int, c_void};
use std::mem::ManuallyDrop;
use std::ptr;
use std::time::Duration;

use super::call::guard_api;
use super::context::jsCtx;
use super::err_code::jsErrCodeArg;
use super::memory::{self, Made, Release};
use super::publish_types::{jsPubAck, jsPubOptions, jsScheduleOptions};
use crate::client::Publish;
use crate::error::{Error, Result, natsStatus};
use crate::ffi::convert::{bytes, payload, some_bytes};
use crate::ffi::guard::guard_void;
use crate::ffi::handle::borrow_arc;
use crate::ffi::msg::{borrow_msg, natsMsg};
use crate::js::Context;
use crate::js::publish::options::Block;
use crate::js::publish::{Ack, Answer, PubOptions, Schedule, publish};
use crate::msg::Msg;
use crate::proto::headers::HeaderBlock;

pub(super) const NO_SUBJECT: &str = "subject cannot be NULL nor empty";

/// Publish a payload to a stream, and wait for the acknowledgement.
///
/// The stream that has the subject answers when it has stored the message. Protocol: JetStream
/// publish acknowledgements (ADR-1); headers of the options: ADR-49, ADR-43, ADR-51.
///
/// @param pubAck Receives the acknowledgement, to be released with `jsPubAck_Destroy`; NULL if it is not needed.
/// Written only with `NATS_OK`: NULL if the answer was empty.
/// @param js The context.
/// @param subj The subject; not empty.
/// @param data The payload, copied or written before the call returns. Ignored if `dataLen` is 0.
/// @param dataLen The length of the payload in bytes; not negative.
/// @param opts The options of the message; NULL for none. `MaxWait` is in milliseconds, 0 for the
/// context's `Wait`.
/// @param errCode Receives the code of the server's error, or 0 if there is none; may be NULL.
///
/// @retval NATS_OK The message is stored, or a message with this id was stored before
/// (`Duplicate`).
/// @retval NATS_INVALID_ARG `js` is NULL or was destroyed, `subj` is NULL or empty, `dataLen` is
/// negative, `data` is NULL while `dataLen` is not 0, a time in `opts` is negative, or
/// `CancelScheduledSubject` is given together with another option of a schedule.
/// @retval NATS_NO_RESPONDERS No stream has this subject, or JetStream is not enabled; `errCode`
/// receives `JSNotEnabledErr`. Returned at once, unless `js_SetPubPolicy` has set retries.
/// @retval NATS_TIMEOUT No answer arrived in time. The message may be stored nonetheless.
/// @retval NATS_ERR The server refused the message: its text is the last error and its code is in
/// `errCode`.
/// @retval NATS_CONNECTION_CLOSED The connection is closed.
/// @retval NATS_DRAINING The connection is draining and sends no requests any more.
/// @retval NATS_NO_SERVER_SUPPORT The options need headers, which the server does not support; or it is too old for
/// `MsgTTL`, `Schedule` or `ExpectLastSubjectSeqSubject`, which the last error names.
///
/// @return Otherwise the status of `natsConnection_Request`.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @par Example
/// ```c
/// jsPubOptions opts;
/// jsPubAck *ack = NULL;
///
/// jsPubOptions_Init(&opts);
/// opts.MsgId = "order-17";
/// natsStatus s = js_Publish(&ack, js, "orders.new", "17", 2, &opts, NULL);
/// if (s == NATS_OK)
///     printf("stored in %s at %" PRIu64 "\n", ack->Stream, ack->Sequence);
/// jsPubAck_Destroy(ack);
/// ```
///
/// @see js_PublishMsg, js_PublishAsync, js_SetPubPolicy
///
/// @ingroup nats_js_publish
///
/// # Safety
/// `pubAck` and `errCode` are NULL or valid for writing; `js` is NULL or a handle of this library;
/// `subj` is NULL or a string; with a positive `dataLen`, `data` is NULL or valid for reading so
/// many bytes; `opts` is NULL or options whose strings are NULL or strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_Publish(
    pubAck: *mut *mut jsPubAck,
    js: *mut jsCtx,
    subj: *const c_char,
    data: *const c_void,
    dataLen: c_int,
    opts: *mut jsPubOptions,
    errCode: *mut jsErrCodeArg,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    unsafe {
        guard_api("js_Publish", errCode, || {
            let context = borrow_arc(js)?;
            let subject = some_bytes(subj, NO_SUBJECT)?;
            let payload = payload(data, dataLen)?;
            let wait = wait(opts, &context)?;
            let block = headers(opts, &context)?;
            let out = Publish {
                subject,
                reply: None,
                headers: (!block.is_empty()).then_some(HeaderBlock::Bytes(&block)),
                payload,
            };
            let answer = ask(&context, &out, wait)?;
            Ok(write_ack(pubAck, &answer)?)
        })
    }
}

/// Publish a message to a stream, and wait for the acknowledgement.
///
/// As `js_Publish`. The options are set as headers of the message, which replace headers of the
/// same names and stay there, even if the call fails.
///
/// @param pubAck Receives the acknowledgement, to be released with `jsPubAck_Destroy`; NULL if it is not needed.
/// Written only with `NATS_OK`: NULL if the answer was empty.
/// @param js The context.
/// @param msg The message, which remains the program's. Its reply subject is not used.
/// @param opts As for `js_Publish`.
/// @param errCode Receives the code of the server's error, or 0 if there is none; may be NULL.
///
/// @return As `js_Publish`; `NATS_INVALID_ARG` also if `msg` is NULL or has no subject.
///
/// @par Threads
/// Any thread may call this function at any time. No other thread may use the message during the
/// call.
///
/// @see js_Publish, js_PublishMsgAsync, natsMsg_ExpectLastSeq
///
/// @ingroup nats_js_publish
///
/// # Safety
/// As for `js_Publish`; `msg` is NULL or a message of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_PublishMsg(
    pubAck: *mut *mut jsPubAck,
    js: *mut jsCtx,
    msg: *mut natsMsg,
    opts: *mut jsPubOptions,
    errCode: *mut jsErrCodeArg,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    unsafe {
        guard_api("js_PublishMsg", errCode, || {
            let context = borrow_arc(js)?;
            let mut msg = borrow_addressed(msg)?;
            let wait = wait(opts, &context)?;
            set_headers(opts, &context, &mut msg)?;
            let out = Publish {
                subject: msg.subject(),
                reply: None,
                headers: msg.header_block(),
                payload: msg.payload(),
            };
            let answer = ask(&context, &out, wait)?;
            Ok(write_ack(pubAck, &answer)?)
        })
    }
}

/// Borrows a message that has a subject.
///
/// # Safety
/// As for [`borrow_msg`].
pub(super) unsafe fn borrow_addressed(msg: *const natsMsg) -> Result<ManuallyDrop<Msg>> {
    // SAFETY: the contract above.
    let msg = unsafe { borrow_msg(msg) }?;
    match msg.subject() {
        [] => Err(Error::invalid_arg(NO_SUBJECT)),
        _ => Ok(msg),
    }
}

fn ask(context: &Context, out: &Publish<'_>, wait: Duration) -> crate::js::Result<Answer> {
    publish(
        context.connection(),
        out,
        wait,
        context.publishing().policy(),
    )
}

/// Release an acknowledgement together with its strings.
///
/// @param pubAck The acknowledgement; NULL is ignored.
///
/// @par Threads
/// Any thread may call this function, once no other thread uses the acknowledgement.
///
/// @ingroup nats_js_publish
///
/// # Safety
/// `pubAck` is NULL, or was handed out by this library and not destroyed before.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsPubAck_Destroy(pubAck: *mut jsPubAck) {
    guard_void(|| {
        // SAFETY: the caller's contract, above.
        unsafe { memory::destroy(pubAck) };
    });
}

// SAFETY: zeros are NULLs, and each string is a piece of its own.
unsafe impl Release for jsPubAck {
    unsafe fn release(&mut self) {
        // SAFETY: the contract.
        unsafe {
            for text in [self.Stream, self.Domain, self.Batch, self.Value] {
                memory::free_text(text);
            }
        }
    }
}

/// The headers that the options stand for, as a block; an empty one without options.
///
/// # Safety
/// As for [`options`].
pub(super) unsafe fn headers(opts: *const jsPubOptions, context: &Context) -> Result<Block> {
    if opts.is_null() {
        return Ok(Block::new());
    }
    // SAFETY: the contract above.
    let options = unsafe { options(opts) };
    options.supported_by(context.connection())?.block()
}

/// Sets the headers that the options stand for, if there are options.
///
/// # Safety
/// As for [`options`].
pub(super) unsafe fn set_headers(
    opts: *const jsPubOptions,
    context: &Context,
    msg: &mut Msg,
) -> Result<()> {
    if opts.is_null() {
        return Ok(());
    }
    // SAFETY: the contract above.
    let options = unsafe { options(opts) };
    options.supported_by(context.connection())?.set_on(msg)
}

/// What the options say, in the core's form.
///
/// # Safety
/// `opts` is NULL or options whose strings are NULL or strings, which all stay as they are for `'a`.
pub(super) unsafe fn options<'a>(opts: *const jsPubOptions) -> PubOptions<'a> {
    // SAFETY: the contract above.
    let Some(opts) = (unsafe { opts.as_ref() }) else {
        return PubOptions::default();
    };
    // SAFETY: likewise.
    let text = |text: *const c_char| unsafe { bytes(text) }.unwrap_or_default();
    let jsScheduleOptions {
        Schedule: schedule,
        Target: target,
        Source: source,
        TTL: ttl_ms,
        TimeZone: time_zone,
        Rollup: rollup,
        CancelScheduledSubject: cancel,
    } = opts.Schedule;
    PubOptions {
        msg_id: text(opts.MsgId),
        expect_stream: text(opts.ExpectStream),
        expect_last_msg_id: text(opts.ExpectLastMsgId),
        expect_last_seq: opts.ExpectLastSeq,
        expect_last_subject_seq: opts.ExpectLastSubjectSeq,
        expect_last_subject_seq_subject: text(opts.ExpectLastSubjectSeqSubject),
        expect_no_message: opts.ExpectNoMessage,
        ttl_ms: opts.MsgTTL,
        schedule: Schedule {
            schedule: text(schedule),
            target: text(target),
            source: text(source),
            ttl_ms,
            time_zone: text(time_zone),
            rollup,
            cancel_scheduled_subject: text(cancel),
        },
    }
}

/// `MaxWait` of the options; `None` where it is 0.
///
/// # Safety
/// `opts` is NULL or options.
pub(super) unsafe fn max_wait(opts: *const jsPubOptions) -> Result<Option<Duration>> {
    // SAFETY: the contract above.
    let ms = unsafe { opts.as_ref() }.map_or(0, |opts| opts.MaxWait);
    match u64::try_from(ms) {
        Ok(0) => Ok(None),
        Ok(ms) => Ok(Some(Duration::from_millis(ms))),
        Err(_) => Err(Error::invalid_arg(format!(
            "option 'MaxWait' ({ms}) cannot be negative"
        ))),
    }
}

/// How long to wait for an ack.
///
/// # Safety
/// As for [`max_wait`].
pub(super) unsafe fn wait(opts: *const jsPubOptions, context: &Context) -> Result<Duration> {
    // SAFETY: the contract above.
    Ok(unsafe { max_wait(opts) }?.unwrap_or_else(|| context.wait()))
}

/// Writes an ack for the program to keep, if it wants it.
///
/// # Safety
/// `out` is NULL or valid for writing.
pub(super) unsafe fn write_ack(out: *mut *mut jsPubAck, answer: &Answer) -> Result<()> {
    if out.is_null() {
        return Ok(());
    }
    let ack = match answer.ack()? {
        None => ptr::null_mut(),
        Some(ack) => make_ack(&ack)?.into_raw(),
    };
    // SAFETY: not NULL, hence valid by the contract above.
    unsafe { out.write(ack) };
    Ok(())
}

fn make_ack(ack: &Ack<'_>) -> Result<Made<jsPubAck>> {
    let mut made = Made::<jsPubAck>::zeroed()?;
    made.Stream = memory::text(&ack.stream)?;
    made.Sequence = ack.sequence;
    made.Domain = memory::text(&ack.domain)?;
    made.Duplicate = ack.duplicate;
    made.Batch = memory::text(&ack.batch)?;
    made.Count = ack.count;
    made.Value = memory::text(&ack.value)?;
    Ok(made)
}
