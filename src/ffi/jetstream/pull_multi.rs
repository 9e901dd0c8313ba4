//! Pull subscriptions to several subjects of a stream.

use std::ffi::{c_char, c_int, c_void};

use super::call::guard_api;
use super::context::jsCtx;
use super::err_code::jsErrCodeArg;
use super::given;
use super::options::jsOptions;
use super::pull::{Messages, subscribe};
use super::subscribe_types::jsSubOptions;
use crate::error::natsStatus;
use crate::ffi::handle::natsSubscription;
use crate::ffi::subscribe::sink::MsgCallback;
use crate::ffi::types::natsMsgHandler;

/// Subscribe to several subjects of a stream; messages are fetched by the program.
///
/// As `js_PullSubscribe`, with a consumer that delivers several subjects, in the order of the stream.
/// Servers before 2.10 have none.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param sub Receives the subscription, which the caller owns and releases with
/// `natsSubscription_Destroy`. Restored on failure.
/// @param js The context.
/// @param subjects The subjects, all of one stream, none of which may cover another: the server refuses those that
/// overlap. The first of them determines the stream unless `subOpts` names it.
/// @param numSubjects The number of elements; greater than 0, unless `subOpts` has `Stream` and `Consumer`.
/// @param durable The consumer's durable name; empty for an ephemeral consumer, which the server
/// removes some time after the end of the subscription; NULL for the name in `subOpts`.
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
/// @retval NATS_ERR No stream has the first subject, subjects overlap, the consumer exists with other settings, or
/// the server refused to create it; `errCode` and the last error have the reason.
/// @retval NATS_NOT_FOUND `subOpts` names the stream and the consumer, and the consumer does not
/// exist.
/// @retval NATS_NO_RESPONDERS JetStream is not enabled; `errCode` is `JSNotEnabledErr`. Not if `subOpts` names the
/// stream and the consumer.
/// @retval NATS_TIMEOUT The server did not answer in time. Not if `subOpts` names the stream and the consumer.
/// @retval NATS_INSUFFICIENT_BUFFER The connection is lost, and the reconnect buffer
/// (`natsOptions_SetReconnectBufSize`) is full.
/// @retval NATS_CONNECTION_CLOSED The connection is closed.
/// @retval NATS_DRAINING The connection is draining.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included. Waits for the server.
///
/// @see js_PullSubscribe, js_SubscribeMulti
///
/// @ingroup nats_js_subscribe
///
/// # Safety
/// As for `js_PullSubscribe`; `subjects` is NULL or has `numSubjects` strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_PullSubscribeMulti(
    sub: *mut *mut natsSubscription,
    js: *mut jsCtx,
    subjects: *mut *const c_char,
    numSubjects: c_int,
    durable: *const c_char,
    opts: *mut jsOptions,
    subOpts: *mut jsSubOptions,
    errCode: *mut jsErrCodeArg,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    let body = || unsafe {
        let subjects = given::subjects(subjects, numSubjects)?;
        let messages = Messages::Fetched;
        subscribe(sub, js, &subjects, durable, messages, opts, subOpts)
    };
    // SAFETY: likewise.
    unsafe { guard_api("js_PullSubscribeMulti", errCode, body) }
}

/// Subscribe to several subjects of a stream; the library requests messages and calls a callback.
///
/// As `js_PullSubscribeAsync`, with a consumer that delivers several subjects, in the order of the stream.
/// With `Ordered` of `jsSubOptions` every message of these subjects comes once and in order. Servers
/// before 2.10 have no such consumers. Source: ADR-37.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param sub Receives the subscription, which the caller owns and releases with
/// `natsSubscription_Destroy`, also after its end. It is written before the first callback, and
/// restored on failure.
/// @param js The context.
/// @param subjects The subjects, all of one stream, none of which may cover another: the server refuses those that
/// overlap. The first of them determines the stream unless `subOpts` names it.
/// @param numSubjects The number of elements; greater than 0, unless `subOpts` has `Stream` and `Consumer`.
/// @param durable The consumer's durable name; empty for an ephemeral consumer, which the server
/// removes some time after the end of the subscription; NULL for the name in `subOpts`.
/// @param msgCB The callback.
/// @param msgCBClosure The last argument of the callback; may be NULL.
/// @param jsOpts The options of the call, `PullSubscribeAsync` among them; NULL for the defaults.
/// @param subOpts The options of the subscription; NULL for the defaults.
/// @param errCode Receives the code of the server's error, or 0 if there is none; may be NULL.
///
/// @retval NATS_OK The subscription was made.
/// @retval NATS_INVALID_ARG `sub`, `js` or `msgCB` is NULL, `js` was destroyed, subjects are missing, options
/// contradict each other, or the server does not support consumers with several subjects.
/// @retval NATS_INVALID_QUEUE_NAME `Queue` of `subOpts` has white space or a control character, and there is a
/// durable name.
/// @retval NATS_NO_SERVER_SUPPORT The server is too old for a setting of the consumer, which the last error
/// names.
/// @retval NATS_ERR No stream has the first subject, subjects overlap, the consumer exists with other settings, or
/// the server refused to create it; `errCode` and the last error have the reason.
/// @retval NATS_NOT_FOUND `subOpts` names the stream and the consumer, and the consumer does not
/// exist.
/// @retval NATS_NO_RESPONDERS JetStream is not enabled; `errCode` is `JSNotEnabledErr`. Not if `subOpts` names the
/// stream and the consumer.
/// @retval NATS_TIMEOUT The server did not answer in time. Not if `subOpts` names the stream and the consumer.
/// @retval NATS_INSUFFICIENT_BUFFER The connection is lost, and the reconnect buffer
/// (`natsOptions_SetReconnectBufSize`) is full.
/// @retval NATS_CONNECTION_CLOSED The connection is closed.
/// @retval NATS_DRAINING The connection is draining.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included. Waits for the server.
///
/// @see js_PullSubscribeAsync, js_SubscribeMulti
///
/// @ingroup nats_js_subscribe
///
/// # Safety
/// As for `js_PullSubscribeAsync`; `subjects` is NULL or has `numSubjects` strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_PullSubscribeAsyncMulti(
    sub: *mut *mut natsSubscription,
    js: *mut jsCtx,
    subjects: *mut *const c_char,
    numSubjects: c_int,
    durable: *const c_char,
    msgCB: natsMsgHandler,
    msgCBClosure: *mut c_void,
    jsOpts: *mut jsOptions,
    subOpts: *mut jsSubOptions,
    errCode: *mut jsErrCodeArg,
) -> natsStatus {
    let body = || {
        let callback = MsgCallback::new(msgCB, msgCBClosure)?;
        // SAFETY: the caller's contract, above.
        unsafe {
            let subjects = given::subjects(subjects, numSubjects)?;
            let messages = Messages::Called(callback);
            subscribe(sub, js, &subjects, durable, messages, jsOpts, subOpts)
        }
    };
    // SAFETY: likewise.
    unsafe { guard_api("js_PullSubscribeAsyncMulti", errCode, body) }
}

/// Subscribe to several subjects of a stream; the library requests messages, and the program takes them one by one.
///
/// As `js_PullSubscribeSync`, with a consumer that delivers several subjects, in the order of the stream.
/// With `Ordered` of `jsSubOptions` every message of these subjects comes once and in order. Servers
/// before 2.10 have no such consumers. Source: ADR-37.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param sub Receives the subscription, which the caller owns and releases with
/// `natsSubscription_Destroy`, also after its end. Restored on failure.
/// @param js The context.
/// @param subjects The subjects, all of one stream, none of which may cover another: the server refuses those that
/// overlap. The first of them determines the stream unless `subOpts` names it.
/// @param numSubjects The number of elements; greater than 0, unless `subOpts` has `Stream` and `Consumer`.
/// @param durable The consumer's durable name; empty for an ephemeral consumer, which the server
/// removes some time after the end of the subscription; NULL for the name in `subOpts`.
/// @param jsOpts The options of the call, `PullSubscribeAsync` among them, which has no handlers; NULL
/// for the defaults.
/// @param subOpts The options of the subscription; NULL for the defaults.
/// @param errCode Receives the code of the server's error, or 0 if there is none; may be NULL.
///
/// @retval NATS_OK The subscription was made.
/// @retval NATS_INVALID_ARG `sub` or `js` is NULL, `js` was destroyed, subjects are missing, there is a handler,
/// options contradict each other, or the server does not support consumers with several subjects.
/// @retval NATS_INVALID_QUEUE_NAME `Queue` of `subOpts` has white space or a control character, and there is a
/// durable name.
/// @retval NATS_NO_SERVER_SUPPORT The server is too old for a setting of the consumer, which the last error
/// names.
/// @retval NATS_ERR No stream has the first subject, subjects overlap, the consumer exists with other settings, or
/// the server refused to create it; `errCode` and the last error have the reason.
/// @retval NATS_NOT_FOUND `subOpts` names the stream and the consumer, and the consumer does not
/// exist.
/// @retval NATS_NO_RESPONDERS JetStream is not enabled; `errCode` is `JSNotEnabledErr`. Not if `subOpts` names the
/// stream and the consumer.
/// @retval NATS_TIMEOUT The server did not answer in time. Not if `subOpts` names the stream and the consumer.
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
/// const char *subjects[] = {"orders.new", "orders.paid"};
/// natsSubscription *sub = NULL;
/// natsMsg *msg = NULL;
/// jsSubOptions options;
/// natsStatus s = jsSubOptions_Init(&options);
/// options.Ordered = true;
/// if (s == NATS_OK) s = js_PullSubscribeSyncMulti(&sub, js, subjects, 2, NULL, NULL, &options, NULL);
/// while (s == NATS_OK && (s = natsSubscription_NextMsg(&msg, sub, 5000)) == NATS_OK) {
///     printf("%s: %s\n", natsMsg_GetSubject(msg), natsMsg_GetData(msg));
///     natsMsg_Destroy(msg);
/// }
/// natsSubscription_Destroy(sub);
/// ```
///
/// @see js_PullSubscribeSync, js_SubscribeMulti
///
/// @ingroup nats_js_subscribe
///
/// # Safety
/// As for `js_PullSubscribeSync`; `subjects` is NULL or has `numSubjects` strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_PullSubscribeSyncMulti(
    sub: *mut *mut natsSubscription,
    js: *mut jsCtx,
    subjects: *mut *const c_char,
    numSubjects: c_int,
    durable: *const c_char,
    jsOpts: *mut jsOptions,
    subOpts: *mut jsSubOptions,
    errCode: *mut jsErrCodeArg,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    let body = || unsafe {
        let subjects = given::subjects(subjects, numSubjects)?;
        let messages = Messages::Taken;
        subscribe(sub, js, &subjects, durable, messages, jsOpts, subOpts)
    };
    // SAFETY: likewise.
    unsafe { guard_api("js_PullSubscribeSyncMulti", errCode, body) }
}
