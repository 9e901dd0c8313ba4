//! Subscribing to a stream: the server pushes messages to a callback or a queue.

use std::ffi::{c_char, c_int, c_void};
use std::sync::Arc;

use super::call::{call_options, guard_api};
use super::consumer_config;
use super::context::jsCtx;
use super::enums::jsDeliverPolicyArg;
use super::err_code::jsErrCodeArg;
use super::given;
use super::options::jsOptions;
use super::push_sink::{PushSink, acknowledges};
use super::subscribe_types::jsSubOptions;
use crate::client::MsgSink;
use crate::error::{Result, natsStatus};
use crate::ffi::convert::required;
use crate::ffi::handle::{EarlyOutput, borrow_arc, natsSubscription, new_subscription};
use crate::ffi::subscribe::sink::MsgCallback;
use crate::ffi::types::natsMsgHandler;
use crate::js;
use crate::js::consume::{self, Delivery, Mode, Push, SubOptions, Wanted};

/// Subscribe to a stream with a push consumer; messages are delivered to a callback.
///
/// Uses the consumer that `subOpts` names if it exists and has the requested settings, and creates one otherwise. The
/// server removes a created consumer without a durable name some time after the end of the subscription. The library
/// acknowledges and destroys each message when the callback has returned, unless `ManualAck` is set: then the
/// callback does both. With `Ordered` every message of the stream is delivered once and in order: if a message is
/// missing, heartbeats are missed, or the connection was restored, the library creates another consumer behind the
/// last message. If the server has lost a consumer that the library created, the library creates it again, and the
/// error handler receives `NATS_NOT_FOUND`; if it has lost a consumer that existed before, the subscription is
/// closed. A consumer that this call created is deleted by `natsSubscription_Unsubscribe` and at the end of a drain;
/// `natsSubscription_Destroy` alone keeps it. With the `Config.AckPolicy` `js_AckFlowControl` the library
/// acknowledges the messages for which the callback has returned, many at once. Source: ADR-15, ADR-17, ADR-21,
/// ADR-60.
///
/// @param sub Receives the subscription, which the caller owns and releases with
/// `natsSubscription_Destroy`. It is written before the first callback, and restored on failure.
/// @param js The context.
/// @param subject The subject, which may have wildcards; NULL or empty only if `subOpts` has
/// `Stream` and `Consumer`.
/// @param cb The callback. If the call fails, it has not been called and will not be.
/// @param cbClosure The last argument of the callback; may be NULL.
/// @param opts The options of the call; NULL for those of the context.
/// @param subOpts The options of the subscription; NULL for the defaults. If it has a start
/// sequence or a start time, the call sets the deliver policy in it.
/// @param errCode Receives the code of the server's error, or 0 if there is none; may be NULL.
///
/// @retval NATS_OK The subscription was made.
/// @retval NATS_INVALID_ARG `sub`, `js` or `cb` is NULL, `js` was destroyed, `subject` is missing, or
/// options contradict each other.
/// @retval NATS_INVALID_QUEUE_NAME `Queue` of `subOpts` has white space or a control character, and there is a
/// durable name.
/// @retval NATS_NO_SERVER_SUPPORT The server is too old for a setting of the consumer, which the last error
/// names.
/// @retval NATS_ERR No stream has the subject, the consumer exists with other settings, or the server refused to
/// create it; `errCode` and the last error have the reason.
/// @retval NATS_NOT_FOUND `subOpts` names the stream and the consumer, and the consumer does not
/// exist.
/// @retval NATS_NO_RESPONDERS JetStream is not enabled; `errCode` is `JSNotEnabledErr`.
/// @retval NATS_TIMEOUT The server did not answer in time.
/// @retval NATS_INSUFFICIENT_BUFFER The connection is lost, and the reconnect buffer
/// (`natsOptions_SetReconnectBufSize`) is full.
/// @retval NATS_CONNECTION_CLOSED The connection is closed.
/// @retval NATS_DRAINING The connection is draining.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included. Waits for the server.
///
/// @see js_SubscribeSync, js_SubscribeMulti, natsMsg_Ack
///
/// @ingroup nats_js_subscribe
///
/// # Safety
/// `sub` is NULL or valid for writing a pointer; `js` is NULL or a handle of this library; `subject`
/// is NULL or a string; `cb` may be called with `cbClosure` on any thread; `opts` and `subOpts` are
/// NULL or options whose pointers are NULL or valid; `errCode` is NULL or valid for writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_Subscribe(
    sub: *mut *mut natsSubscription,
    js: *mut jsCtx,
    subject: *const c_char,
    cb: natsMsgHandler,
    cbClosure: *mut c_void,
    opts: *mut jsOptions,
    subOpts: *mut jsSubOptions,
    errCode: *mut jsErrCodeArg,
) -> natsStatus {
    let body = || {
        let callback = MsgCallback::new(cb, cbClosure)?;
        // SAFETY: the caller's contract, above.
        unsafe {
            let subjects = given::subject(subject)?;
            subscribe(sub, js, &subjects, Some(callback), opts, subOpts)
        }
    };
    // SAFETY: likewise.
    unsafe { guard_api("js_Subscribe", errCode, body) }
}

/// Subscribe to several subjects of a stream; messages are delivered to a callback.
///
/// As `js_Subscribe`, with a consumer that delivers several subjects, which servers support from
/// 2.10 on.
///
/// @param sub Receives the subscription, which the caller owns and releases with
/// `natsSubscription_Destroy`. It is written before the first callback, and restored on failure.
/// @param js The context.
/// @param subjects The subjects, all of one stream, none of which may cover another: the server refuses those that
/// overlap. The first of them determines the stream unless `subOpts` names it.
/// @param numSubjects The number of elements; greater than 0, unless `subOpts` has `Stream` and `Consumer`.
/// @param cb The callback. If the call fails, it has not been called and will not be.
/// @param cbClosure The last argument of the callback; may be NULL.
/// @param opts The options of the call; NULL for those of the context.
/// @param subOpts The options of the subscription; NULL for the defaults.
/// @param errCode Receives the code of the server's error, or 0 if there is none; may be NULL.
///
/// @retval NATS_OK The subscription was made.
/// @retval NATS_INVALID_ARG `sub`, `js` or `cb` is NULL, `js` was destroyed, subjects are missing,
/// options contradict each other, or the server does not support consumers with several subjects.
/// @retval NATS_INVALID_QUEUE_NAME `Queue` of `subOpts` has white space or a control character, and there is a
/// durable name.
/// @retval NATS_NO_SERVER_SUPPORT The server is too old for a setting of the consumer, which the last error
/// names.
/// @retval NATS_ERR No stream has the subject, the consumer exists with other settings, or the server refused to
/// create it; `errCode` and the last error have the reason.
/// @retval NATS_NOT_FOUND `subOpts` names the stream and the consumer, and the consumer does not
/// exist.
/// @retval NATS_NO_RESPONDERS JetStream is not enabled; `errCode` is `JSNotEnabledErr`.
/// @retval NATS_TIMEOUT The server did not answer in time.
/// @retval NATS_INSUFFICIENT_BUFFER The connection is lost, and the reconnect buffer
/// (`natsOptions_SetReconnectBufSize`) is full.
/// @retval NATS_CONNECTION_CLOSED The connection is closed.
/// @retval NATS_DRAINING The connection is draining.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included. Waits for the server.
///
/// @see js_Subscribe
///
/// @ingroup nats_js_subscribe
///
/// # Safety
/// As for `js_Subscribe`; `subjects` is NULL or has `numSubjects` strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_SubscribeMulti(
    sub: *mut *mut natsSubscription,
    js: *mut jsCtx,
    subjects: *mut *const c_char,
    numSubjects: c_int,
    cb: natsMsgHandler,
    cbClosure: *mut c_void,
    opts: *mut jsOptions,
    subOpts: *mut jsSubOptions,
    errCode: *mut jsErrCodeArg,
) -> natsStatus {
    let body = || {
        let callback = MsgCallback::new(cb, cbClosure)?;
        // SAFETY: the caller's contract, above.
        unsafe {
            let subjects = given::subjects(subjects, numSubjects)?;
            subscribe(sub, js, &subjects, Some(callback), opts, subOpts)
        }
    };
    // SAFETY: likewise.
    unsafe { guard_api("js_SubscribeMulti", errCode, body) }
}

/// Subscribe to a stream with a push consumer; messages wait for `natsSubscription_NextMsg`.
///
/// As `js_Subscribe` without a callback. The library never acknowledges messages: the program does,
/// with `natsMsg_Ack`. If a heartbeat of the consumer shows that a message has not arrived,
/// `natsSubscription_NextMsg` returns `NATS_MISMATCH` once.
///
/// @param sub Receives the subscription, which the caller owns and releases with
/// `natsSubscription_Destroy`. Restored on failure.
/// @param js The context.
/// @param subject The subject, which may have wildcards; NULL or empty only if `subOpts` has
/// `Stream` and `Consumer`.
/// @param opts The options of the call; NULL for those of the context.
/// @param subOpts The options of the subscription; NULL for the defaults.
/// @param errCode Receives the code of the server's error, or 0 if there is none; may be NULL.
///
/// @retval NATS_OK The subscription was made.
/// @retval NATS_INVALID_ARG `sub` or `js` is NULL, `js` was destroyed, `subject` is missing, or
/// options contradict each other.
/// @retval NATS_INVALID_QUEUE_NAME `Queue` of `subOpts` has white space or a control character, and there is a
/// durable name.
/// @retval NATS_NO_SERVER_SUPPORT The server is too old for a setting of the consumer, which the last error
/// names.
/// @retval NATS_ERR No stream has the subject, the consumer exists with other settings, or the server refused to
/// create it; `errCode` and the last error have the reason.
/// @retval NATS_NOT_FOUND `subOpts` names the stream and the consumer, and the consumer does not
/// exist.
/// @retval NATS_NO_RESPONDERS JetStream is not enabled; `errCode` is `JSNotEnabledErr`.
/// @retval NATS_TIMEOUT The server did not answer in time.
/// @retval NATS_INSUFFICIENT_BUFFER The connection is lost, and the reconnect buffer
/// (`natsOptions_SetReconnectBufSize`) is full.
/// @retval NATS_CONNECTION_CLOSED The connection is closed.
/// @retval NATS_DRAINING The connection is draining.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included. Waits for the server.
///
/// @par Example
/// ```c
/// jsCtx *js = NULL;
/// jsSubOptions options;
/// natsStatus s = natsConnection_JetStream(&js, nc, NULL);
/// if (s == NATS_OK) s = jsSubOptions_Init(&options);
/// options.Ordered = true;
/// if (s == NATS_OK) s = js_SubscribeSync(&sub, js, "orders.>", NULL, &options, NULL);
/// while (s == NATS_OK && (s = natsSubscription_NextMsg(&msg, sub, 1000)) == NATS_OK) {
///     printf("%s\n", natsMsg_GetData(msg));
///     natsMsg_Destroy(msg);
/// }
/// ```
///
/// @see js_Subscribe, natsSubscription_GetSequenceMismatch
///
/// @ingroup nats_js_subscribe
///
/// # Safety
/// As for `js_Subscribe`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_SubscribeSync(
    sub: *mut *mut natsSubscription,
    js: *mut jsCtx,
    subject: *const c_char,
    opts: *mut jsOptions,
    subOpts: *mut jsSubOptions,
    errCode: *mut jsErrCodeArg,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    let body = || unsafe {
        let subjects = given::subject(subject)?;
        subscribe(sub, js, &subjects, None, opts, subOpts)
    };
    // SAFETY: likewise.
    unsafe { guard_api("js_SubscribeSync", errCode, body) }
}

/// Subscribe to several subjects of a stream; messages wait for `natsSubscription_NextMsg`.
///
/// As `js_SubscribeSync`, with a consumer that delivers several subjects, which servers support
/// from 2.10 on.
///
/// @param sub Receives the subscription, which the caller owns and releases with
/// `natsSubscription_Destroy`. Restored on failure.
/// @param js The context.
/// @param subjects The subjects, all of one stream, none of which may cover another: the server refuses those that
/// overlap. The first of them determines the stream unless `subOpts` names it.
/// @param numSubjects The number of elements; greater than 0, unless `subOpts` has `Stream` and `Consumer`.
/// @param opts The options of the call; NULL for those of the context.
/// @param subOpts The options of the subscription; NULL for the defaults.
/// @param errCode Receives the code of the server's error, or 0 if there is none; may be NULL.
///
/// @retval NATS_OK The subscription was made.
/// @retval NATS_INVALID_ARG `sub` or `js` is NULL, `js` was destroyed, subjects are missing,
/// options contradict each other, or the server does not support consumers with several subjects.
/// @retval NATS_INVALID_QUEUE_NAME `Queue` of `subOpts` has white space or a control character, and there is a
/// durable name.
/// @retval NATS_NO_SERVER_SUPPORT The server is too old for a setting of the consumer, which the last error
/// names.
/// @retval NATS_ERR No stream has the subject, the consumer exists with other settings, or the server refused to
/// create it; `errCode` and the last error have the reason.
/// @retval NATS_NOT_FOUND `subOpts` names the stream and the consumer, and the consumer does not
/// exist.
/// @retval NATS_NO_RESPONDERS JetStream is not enabled; `errCode` is `JSNotEnabledErr`.
/// @retval NATS_TIMEOUT The server did not answer in time.
/// @retval NATS_INSUFFICIENT_BUFFER The connection is lost, and the reconnect buffer
/// (`natsOptions_SetReconnectBufSize`) is full.
/// @retval NATS_CONNECTION_CLOSED The connection is closed.
/// @retval NATS_DRAINING The connection is draining.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included. Waits for the server.
///
/// @see js_SubscribeSync
///
/// @ingroup nats_js_subscribe
///
/// # Safety
/// As for `js_SubscribeMulti`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_SubscribeSyncMulti(
    sub: *mut *mut natsSubscription,
    js: *mut jsCtx,
    subjects: *mut *const c_char,
    numSubjects: c_int,
    opts: *mut jsOptions,
    subOpts: *mut jsSubOptions,
    errCode: *mut jsErrCodeArg,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    let body = || unsafe {
        let subjects = given::subjects(subjects, numSubjects)?;
        subscribe(sub, js, &subjects, None, opts, subOpts)
    };
    // SAFETY: likewise.
    unsafe { guard_api("js_SubscribeSyncMulti", errCode, body) }
}

/// The options of a subscription. A start by sequence or time sets the deliver policy in the program's structure, as in
/// nats.c.
///
/// # Safety
/// `options` is NULL or valid for reading and writing, and its pointers are NULL or valid.
pub(super) unsafe fn sub_options(options: *mut jsSubOptions) -> Result<SubOptions> {
    // SAFETY: the contract above.
    let Some(options) = (unsafe { options.as_mut() }) else {
        return Ok(SubOptions::default());
    };
    if options.Config.OptStartSeq > 0 {
        options.Config.DeliverPolicy = jsDeliverPolicyArg(3);
    }
    if options.Config.OptStartTime > 0 {
        options.Config.DeliverPolicy = jsDeliverPolicyArg(4);
    }
    // SAFETY: likewise.
    unsafe {
        Ok(SubOptions {
            stream: given::string(options.Stream, "the stream's name")?,
            consumer: given::string(options.Consumer, "the consumer's name")?,
            queue: given::string(options.Queue, "the queue group")?,
            manual_ack: options.ManualAck,
            config: consumer_config::convert::from_c(&options.Config)?,
            ordered: options.Ordered,
        })
    }
}

/// # Safety
/// As for [`js_Subscribe`].
unsafe fn subscribe(
    out: *mut *mut natsSubscription,
    js: *mut jsCtx,
    subjects: &[&str],
    callback: Option<MsgCallback>,
    opts: *const jsOptions,
    sub_opts: *mut jsSubOptions,
) -> js::Result<()> {
    required(out, "sub")?;
    // SAFETY: the contract above.
    let (context, call, options) =
        unsafe { (borrow_arc(js)?, call_options(opts)?, sub_options(sub_opts)?) };
    let core = &context;
    let wanted = Wanted {
        subjects,
        durable: None,
        mode: Mode::Push,
        options: &options,
    };
    let auto_ack = acknowledges(&options);
    let delivery = match callback {
        None => Delivery::Sync,
        Some(callback) => Delivery::Sink(Box::new(move |push: &Arc<Push>| -> Box<dyn MsgSink> {
            Box::new(PushSink::new(callback, push.clone(), auto_ack))
        })),
    };
    // SAFETY: not NULL, hence valid for writing by the contract above.
    let mut output = unsafe { EarlyOutput::new(out) };
    let made = consume::subscribe(core, &core.call(&call), &wanted, delivery, None, |sub| {
        // SAFETY: the handle is new.
        unsafe { output.write(new_subscription(sub)) };
    });
    output.finish(made)
}
