//! Atomic batches: messages of which a stream stores all or none.

use std::ptr;
use std::sync::Arc;
use std::time::Instant;

use super::call::guard_api;
use super::context::jsCtx;
use super::err_code::jsErrCodeArg;
use super::publish::{borrow_addressed, options, wait, write_ack};
use super::publish_types::{jsPubAck, jsPubOptions};
use crate::error::{Error, natsStatus};
use crate::ffi::convert::{required, write_optional};
use crate::ffi::guard::{guard, guard_void};
use crate::ffi::handle::{self, borrow_arc};
use crate::ffi::msg::natsMsg;
use crate::js::Context;
use crate::js::publish::{Answer, Batch, Commit};
use crate::msg::Msg;

pub use crate::ffi::handle::jsAtomicBatchCtx;

/// A batch, and the context that it was begun with.
pub(crate) struct BatchObject {
    context: Arc<Context>,
    batch: Arc<Batch>,
}

impl BatchObject {
    fn add(&self, msg: &mut Msg, opts: Settings<'_>) -> crate::js::Result<()> {
        opts.set_on(msg)?;
        self.batch.add(msg, opts.deadline())
    }

    fn commit(&self, msg: &mut Msg, how: Commit, opts: Settings<'_>) -> crate::js::Result<Answer> {
        opts.set_on(msg)?;
        self.batch.commit(msg, how, opts.deadline())
    }
}

/// The options of one call.
struct Settings<'a> {
    options: Option<crate::js::publish::PubOptions<'a>>,
    wait: std::time::Duration,
}

impl<'a> Settings<'a> {
    /// # Safety
    /// `opts` is NULL or options whose strings are NULL or strings, which stay as they are for `'a`.
    unsafe fn new(opts: *const jsPubOptions, context: &Context) -> Result<Self, Error> {
        // SAFETY: the contract above.
        let wait = unsafe { wait(opts, context) }?;
        let options = match opts.is_null() {
            true => None,
            // SAFETY: likewise.
            false => Some(unsafe { options(opts) }.supported_by(context.connection())?),
        };
        Ok(Settings { options, wait })
    }

    fn set_on(&self, msg: &mut Msg) -> Result<(), Error> {
        match &self.options {
            Some(options) => options.set_on(msg),
            None => Ok(()),
        }
    }

    fn deadline(&self) -> Option<Instant> {
        Instant::now().checked_add(self.wait)
    }
}

/// Begin an atomic batch with its first message.
///
/// A stream with `AllowAtomic` stores all messages of a batch or none, up to 1000 messages. The
/// call waits until the stream has accepted the first message; the following ones are sent without
/// waiting. The headers of the batch and of the options are set on the message. Some headers are
/// not allowed in a batch, and `ExpectLastSeq` only in the first message; the stream checks
/// expectations when the batch is committed. Source: ADR-50.
///
/// @param ctx Receives the batch, to be released with `jsAtomicBatchCtx_Destroy`, also if the call fails after
/// that. It is written before anything is sent, but not with `NATS_INVALID_ARG`: set the pointer to NULL before the
/// call.
/// @param new_puback Set to NULL with `NATS_OK`: the answer to a message that does not end a batch
/// is empty. May be NULL.
/// @param js The context.
/// @param msg The message, which remains the program's.
/// @param opts As for `js_Publish`.
/// @param errCode Receives the code of the server's error, or 0 if there is none; may be NULL.
///
/// @retval NATS_OK The stream accepts the batch.
/// @retval NATS_INVALID_ARG `ctx`, `js` or `msg` is NULL, `js` was destroyed, the message has no
/// subject, or the options are invalid as for `js_Publish`.
/// @retval NATS_NO_RESPONDERS No stream has this subject, or JetStream is not enabled; `errCode`
/// receives `JSNotEnabledErr`.
/// @retval NATS_NO_SERVER_SUPPORT The server is older than 2.12 and does not support batches: nothing is sent. Or the
/// server of the stream does not support them and has stored the message on its own.
/// @retval NATS_ERR The server refused the message, for example with `JSBatchPublishNotEnabledErr`:
/// its text is the last error.
///
/// @return Otherwise the status of `js_Publish`.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included. No other thread may use the
/// message during the call.
///
/// @par Example
/// ```c
/// jsAtomicBatchCtx *batch = NULL;
/// jsPubAck *ack = NULL;
///
/// natsStatus s = js_BatchPublishStart(&batch, NULL, js, msg, NULL, NULL);
/// if (s == NATS_OK)
///     s = js_BatchPublishAdd(NULL, batch, msg, NULL, NULL);
/// if (s == NATS_OK)
///     s = js_BatchPublishCommit(&ack, batch, msg, NULL, NULL);
/// jsPubAck_Destroy(ack);
/// jsAtomicBatchCtx_Destroy(batch);
/// ```
///
/// @see js_BatchPublishAdd, js_BatchPublishCommit, js_BatchPublishDiscard
///
/// @ingroup nats_js_publish
///
/// # Safety
/// `ctx`, `new_puback` and `errCode` are NULL or valid for writing; `js` is NULL or a handle of this
/// library; `msg` is NULL or a message of this library; `opts` is NULL or options whose strings are
/// NULL or strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_BatchPublishStart(
    ctx: *mut *mut jsAtomicBatchCtx,
    new_puback: *mut *mut jsPubAck,
    js: *mut jsCtx,
    msg: *mut natsMsg,
    opts: *mut jsPubOptions,
    errCode: *mut jsErrCodeArg,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    unsafe {
        guard_api("js_BatchPublishStart", errCode, || {
            required(ctx, "ctx")?;
            let context = borrow_arc(js)?;
            let mut msg = borrow_addressed(msg)?;
            let settings = Settings::new(opts, &context)?;
            let batch = Batch::new(context.connection());
            let (handle, object) = handle::new_batch(BatchObject { context, batch });
            ctx.write(handle);
            object.add(&mut msg, settings)?;
            write_optional(new_puback, ptr::null_mut());
            Ok(())
        })
    }
}

/// Add a message to an atomic batch.
///
/// The message is sent without waiting for an answer. If it is refused, a later call on the batch
/// returns the error, the commit at the latest; then nothing of the batch is stored.
///
/// @param new_puback Set to NULL with `NATS_OK`; may be NULL.
/// @param ctx The batch.
/// @param msg The message, which remains the program's. The headers of the batch and of the options
/// are set on it.
/// @param opts As for `js_Publish`; `MaxWait` is the longest time to wait for room in the buffer of
/// the connection.
/// @param errCode Receives the code of the server's error, or 0 if there is none; may be NULL.
///
/// @retval NATS_OK The message was published.
/// @retval NATS_INVALID_ARG `ctx` or `msg` is NULL, `ctx` was destroyed, the message has no
/// subject, or the options are invalid as for `js_Publish`.
/// @retval NATS_ILLEGAL_STATE The batch was committed or discarded.
/// @retval NATS_CONNECTION_DISCONNECTED The connection was lost, which ends the batch.
/// @retval NATS_NO_RESPONDERS No stream has the subject of a message of the batch.
/// @retval NATS_ERR The server refused a message of the batch: its text is the last error.
///
/// @return Otherwise the status of `natsConnection_PublishMsg`. After any failure except `NATS_INVALID_ARG` the batch
/// cannot be used any more.
///
/// @par Threads
/// Any thread may call this function at any time; calls on one batch wait for each other. No other
/// thread may use the message during the call.
///
/// @see js_BatchPublishStart, js_BatchPublishCommit
///
/// @ingroup nats_js_publish
///
/// # Safety
/// As for `js_BatchPublishStart`; `ctx` is NULL or a batch of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_BatchPublishAdd(
    new_puback: *mut *mut jsPubAck,
    ctx: *mut jsAtomicBatchCtx,
    msg: *mut natsMsg,
    opts: *mut jsPubOptions,
    errCode: *mut jsErrCodeArg,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    unsafe {
        guard_api("js_BatchPublishAdd", errCode, || {
            let object = borrow_arc(ctx)?;
            let mut msg = borrow_addressed(msg)?;
            object.add(&mut msg, Settings::new(opts, &object.context)?)?;
            write_optional(new_puback, ptr::null_mut());
            Ok(())
        })
    }
}

/// Commit an atomic batch with its last message.
///
/// Waits until the stream has stored all messages of the batch.
///
/// @param new_puback Receives the acknowledgement of the batch, to be released with
/// `jsPubAck_Destroy`; NULL if it is not needed. `Sequence` is that of the last message, `Batch`
/// the id of the batch, and `Count` the number of messages.
/// @param ctx The batch.
/// @param msg The last message, which remains the program's. The headers of the batch and of the
/// options are set on it.
/// @param opts As for `js_Publish`.
/// @param errCode Receives the code of the server's error, or 0 if there is none; may be NULL.
///
/// @retval NATS_OK The batch is stored.
/// @retval NATS_TIMEOUT No answer arrived in time. The batch may be stored nonetheless, as a whole.
/// @retval NATS_ERR The server refused a message, or an expectation is not met: its text is the
/// last error. Nothing is stored.
///
/// @return Otherwise as `js_BatchPublishAdd`: nothing is stored.
///
/// @par Threads
/// Any thread may call this function at any time; calls on one batch wait for each other. No other
/// thread may use the message during the call.
///
/// @see js_BatchPublishCommitEob, js_BatchPublishDiscard
///
/// @ingroup nats_js_publish
///
/// # Safety
/// As for `js_BatchPublishAdd`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_BatchPublishCommit(
    new_puback: *mut *mut jsPubAck,
    ctx: *mut jsAtomicBatchCtx,
    msg: *mut natsMsg,
    opts: *mut jsPubOptions,
    errCode: *mut jsErrCodeArg,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    unsafe {
        guard_api("js_BatchPublishCommit", errCode, || {
            let object = borrow_arc(ctx)?;
            let mut msg = borrow_addressed(msg)?;
            let settings = Settings::new(opts, &object.context)?;
            let answer = object.commit(&mut msg, Commit::WithMessage, settings)?;
            Ok(write_ack(new_puback, &answer)?)
        })
    }
}

/// Commit an atomic batch without another message.
///
/// For servers from 2.14. Otherwise as `js_BatchPublishCommit`.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param new_puback As for `js_BatchPublishCommit`.
/// @param ctx The batch.
/// @param opts As for `js_Publish`.
/// @param errCode Receives the code of the server's error, or 0 if there is none; may be NULL.
///
/// @retval NATS_ILLEGAL_STATE The batch has no messages, or was committed or discarded.
///
/// @return Otherwise as `js_BatchPublishCommit`.
///
/// @par Threads
/// Any thread may call this function at any time; calls on one batch wait for each other.
///
/// @see js_BatchPublishCommit
///
/// @ingroup nats_js_publish
///
/// # Safety
/// `new_puback` and `errCode` are NULL or valid for writing; `ctx` is NULL or a batch of this
/// library; `opts` is NULL or options whose strings are NULL or strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_BatchPublishCommitEob(
    new_puback: *mut *mut jsPubAck,
    ctx: *mut jsAtomicBatchCtx,
    opts: *mut jsPubOptions,
    errCode: *mut jsErrCodeArg,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    unsafe {
        guard_api("js_BatchPublishCommitEob", errCode, || {
            let object = borrow_arc(ctx)?;
            let settings = Settings::new(opts, &object.context)?;
            let mut msg = object.batch.last_word()?;
            let answer = object.commit(&mut msg, Commit::BeforeMessage, settings)?;
            Ok(write_ack(new_puback, &answer)?)
        })
    }
}

/// Discard an atomic batch: nothing of it is stored.
///
/// Notifies the server without waiting for an answer; otherwise the server would drop the batch ten
/// seconds after its last message. Does nothing after a commit, or after a call that failed.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param ctx The batch, which still has to be released.
///
/// @retval NATS_OK The batch is discarded, or had ended before.
/// @retval NATS_INVALID_ARG `ctx` is NULL or was destroyed.
///
/// @par Threads
/// Any thread may call this function at any time; calls on one batch wait for each other.
///
/// @see jsAtomicBatchCtx_Destroy
///
/// @ingroup nats_js_publish
///
/// # Safety
/// `ctx` is NULL or a batch of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_BatchPublishDiscard(ctx: *mut jsAtomicBatchCtx) -> natsStatus {
    guard("js_BatchPublishDiscard", || {
        // SAFETY: the caller's contract, above.
        unsafe { borrow_arc(ctx) }?.batch.discard();
        Ok(())
    })
}

/// Release an atomic batch.
///
/// A batch that was not committed is discarded, as by `js_BatchPublishDiscard`.
///
/// @param ctx The batch. NULL and a destroyed batch are ignored.
///
/// @par Threads
/// Any thread may call this function at any time, also after `jsCtx_Destroy`.
///
/// @ingroup nats_js_publish
///
/// # Safety
/// `ctx` is NULL or a batch of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsAtomicBatchCtx_Destroy(ctx: *mut jsAtomicBatchCtx) {
    guard_void(|| {
        // SAFETY: the caller's contract, above.
        if let Some(object) = unsafe { handle::destroy(ctx) } {
            object.batch.discard();
        }
    });
}
