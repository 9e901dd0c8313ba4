//! Pull subscriptions: messages are fetched, taken one by one, or given to a callback.

use std::ffi::{c_char, c_int, c_void};
use std::sync::Arc;
use std::time::Duration;

use super::call::{call_options, guard_api};
use super::context::jsCtx;
use super::err_code::jsErrCodeArg;
use super::given;
use super::options::{jsOptions, jsOptionsPullSubscribeAsync};
use super::pull_sink::{PullSink, next_ask};
use super::push_sink::acknowledges;
use super::subscribe::sub_options;
use super::subscribe_types::jsSubOptions;
use crate::client::{MsgSink, Subscription};
use crate::error::{Error, Result, natsStatus};
use crate::ffi::callback::Callback;
use crate::ffi::convert::required;
use crate::ffi::handle::{EarlyOutput, borrow_arc, natsSubscription, new_subscription};
use crate::ffi::subscribe::sink::MsgCallback;
use crate::ffi::types::natsMsgHandler;
use crate::js;
use crate::js::consume::pull::{
    AsyncPull, FlowOptions, Pull, PullOptions, pull_subscribe, pull_subscribe_async,
};
use crate::js::consume::{Mode, Wanted};

/// Subscribe to a stream with a pull consumer, from which the program fetches messages.
///
/// Uses the consumer that `durable` or `subOpts` names if it exists and has the requested settings, and creates one
/// otherwise. The server sends messages only when `natsSubscription_Fetch` or `natsSubscription_FetchRequest`
/// requests them. The program acknowledges them with `natsMsg_Ack`. If the server has lost a consumer that this
/// call created, the error handler receives `NATS_NOT_FOUND`, and the library creates the consumer again behind the
/// last message. A consumer that this call created is deleted by `natsSubscription_Unsubscribe` and at the end of a
/// drain; `natsSubscription_Destroy` alone keeps it. If a consumer that existed before is deleted, the error
/// handler receives `NATS_NOT_FOUND`, and fetches fail. If `subOpts` names the stream and the consumer, and the
/// server does not answer the question for the consumer, the call succeeds without having compared the settings:
/// programs may lack the permission to ask. Source: ADR-13, ADR-15.
///
/// @param sub Receives the subscription, which the caller owns and releases with
/// `natsSubscription_Destroy`. Restored on failure.
/// @param js The context.
/// @param subject The subject, which may have wildcards; NULL or empty only if `subOpts` has
/// `Stream` and `Consumer`.
/// @param durable The consumer's durable name; empty for an ephemeral consumer, which the server
/// removes some time after the end of the subscription; NULL for the name in `subOpts`.
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
/// natsSubscription *sub = NULL;
/// natsMsgList list = {0};
/// natsStatus s = js_PullSubscribe(&sub, js, "orders.>", "worker", NULL, NULL, NULL);
/// if (s == NATS_OK) s = natsSubscription_Fetch(&list, sub, 100, 5000, NULL);
/// for (int i = 0; s == NATS_OK && i < list.Count; i++)
///     natsMsg_Ack(list.Msgs[i], NULL);
/// natsMsgList_Destroy(&list);
/// ```
///
/// @see natsSubscription_Fetch, js_PullSubscribeAsync, js_PullSubscribeMulti
///
/// @ingroup nats_js_subscribe
///
/// # Safety
/// `sub` is NULL or valid for writing a pointer; `js` is NULL or a handle of this library; `subject`
/// and `durable` are NULL or strings; `opts` and `subOpts` are NULL or options whose pointers are
/// NULL or valid; `errCode` is NULL or valid for writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_PullSubscribe(
    sub: *mut *mut natsSubscription,
    js: *mut jsCtx,
    subject: *const c_char,
    durable: *const c_char,
    opts: *mut jsOptions,
    subOpts: *mut jsSubOptions,
    errCode: *mut jsErrCodeArg,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    let body = || unsafe {
        let subjects = given::subject(subject)?;
        let messages = Messages::Fetched;
        subscribe(sub, js, &subjects, durable, messages, opts, subOpts)
    };
    // SAFETY: likewise.
    unsafe { guard_api("js_PullSubscribe", errCode, body) }
}

/// Subscribe to a stream with a pull consumer; the library requests messages and delivers them to a
/// callback.
///
/// As `js_PullSubscribe`, but the library requests further messages while the callback processes earlier ones, as
/// `PullSubscribeAsync` of `jsOpts` states: `FetchSize` at a time, ahead of the callback by `KeepAhead`, or as a
/// `NextHandler` decides. Messages are acknowledged and destroyed as with `js_Subscribe`. Requests that a server ends
/// early, loses or does not answer, also because of an outage, are repeated; missed heartbeats are reported to the
/// error handler with `NATS_MISSED_HEARTBEAT`. The pull ends when its limits are reached, when the server refuses a
/// request, when a consumer that this call did not create is deleted, or when the program ends it. Then the
/// `CompleteHandler` is called once, after the last message, with the reason: `NATS_MAX_DELIVERED_MSGS` for
/// `MaxMessages` and `MaxBytes`, `NATS_LIMIT_REACHED` if the next message does not fit into `MaxBytes` or the server
/// refuses a request, `NATS_TIMEOUT` for `Timeout`, `NATS_NOT_FOUND` or `NATS_TIMEOUT` for `NoWait`,
/// `NATS_INVALID_ARG` for an invalid request, `NATS_CONNECTION_CLOSED`, and `NATS_OK` if the program has ended it.
/// Source: ADR-13, ADR-42.
///
/// With `Ordered` of `jsSubOptions`, an addition of this library, every message of the stream is delivered once and
/// in order. The library creates the consumer: ephemeral, in memory, without acknowledgements, with a name that
/// begins with `Config.Name` or a unique text. It is deleted whenever the subscription ends. If a message is missing,
/// heartbeats are missed, the consumer is deleted, or the connection was restored, the library creates another
/// consumer behind the last message delivered. Unless the options say otherwise, the server sends heartbeats every 5
/// seconds, or four times within a shorter `Timeout`, and more messages are requested when half of `FetchSize` is
/// left. Source: ADR-17, ADR-37.
///
/// @param sub Receives the subscription, which the caller owns and releases with
/// `natsSubscription_Destroy`, also after its end. It is written before the first callback, and
/// restored on failure.
/// @param js The context.
/// @param subject The subject, which may have wildcards; NULL or empty only if `subOpts` has
/// `Stream` and `Consumer`.
/// @param durable The consumer's durable name; empty for an ephemeral consumer, which the server
/// removes some time after the end of the subscription; NULL for the name in `subOpts`.
/// @param msgCB The callback. If the call fails, neither it nor a handler of `jsOpts` has been called or
/// will be.
/// @param msgCBClosure The last argument of the callback; may be NULL.
/// @param jsOpts The options of the call, `PullSubscribeAsync` among them; NULL for the defaults.
/// @param subOpts The options of the subscription; NULL for the defaults.
/// @param errCode Receives the code of the server's error, or 0 if there is none; may be NULL.
///
/// @retval NATS_OK The subscription was made.
/// @retval NATS_INVALID_ARG `sub`, `js` or `msgCB` is NULL, `js` was destroyed, `subject` is missing,
/// or options contradict each other.
/// @retval NATS_INVALID_QUEUE_NAME `Queue` of `subOpts` has white space or a control character, and there is a
/// durable name.
/// @retval NATS_NO_SERVER_SUPPORT The server is too old for a setting of the consumer, which the last error
/// names.
/// @retval NATS_ERR No stream has the subject, the consumer exists with other settings, or the server refused to
/// create it; `errCode` and the last error have the reason.
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
/// @see js_PullSubscribe, js_PullSubscribeAsyncMulti, jsFetchCompleteHandler, jsFetchNextHandler
///
/// @ingroup nats_js_subscribe
///
/// # Safety
/// As for `js_PullSubscribe`; `msgCB`, and the handlers of `jsOpts`, may be called with their closures
/// on any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_PullSubscribeAsync(
    sub: *mut *mut natsSubscription,
    js: *mut jsCtx,
    subject: *const c_char,
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
            let subjects = given::subject(subject)?;
            let messages = Messages::Called(callback);
            subscribe(sub, js, &subjects, durable, messages, jsOpts, subOpts)
        }
    };
    // SAFETY: likewise.
    unsafe { guard_api("js_PullSubscribeAsync", errCode, body) }
}

/// Subscribe to a stream with a pull consumer; the library requests messages, and the program takes
/// them one by one.
///
/// As `js_PullSubscribeAsync` without a callback: `natsSubscription_NextMsg` returns the next message, and
/// `natsSubscription_NextMsgs` all that wait. The library requests further messages as the program takes earlier
/// ones, as `PullSubscribeAsync` of `jsOpts` states; without `KeepAhead`, `MaxBytes` and `NoWait`, when half of
/// `FetchSize` is left. The program acknowledges messages with `natsMsg_Ack`. When the pull has ended and the
/// remaining messages have been taken, these functions return the reason that the `CompleteHandler` of
/// `js_PullSubscribeAsync` would receive, and `natsSubscription_IsValid` returns false. With `Ordered` of
/// `jsSubOptions` every message of the stream is delivered once and in order, as described there. Source: ADR-37.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param sub Receives the subscription, which the caller owns and releases with
/// `natsSubscription_Destroy`, also after its end. Restored on failure.
/// @param js The context.
/// @param subject The subject, which may have wildcards; NULL or empty only if `subOpts` has
/// `Stream` and `Consumer`.
/// @param durable The consumer's durable name; empty for an ephemeral consumer, which the server
/// removes some time after the end of the subscription; NULL for the name in `subOpts`.
/// @param jsOpts The options of the call, `PullSubscribeAsync` among them, which has no handlers; NULL
/// for the defaults.
/// @param subOpts The options of the subscription; NULL for the defaults.
/// @param errCode Receives the code of the server's error, or 0 if there is none; may be NULL.
///
/// @retval NATS_OK The subscription was made.
/// @retval NATS_INVALID_ARG `sub` or `js` is NULL, `js` was destroyed, `subject` is missing, there is a
/// handler, or options contradict each other.
/// @retval NATS_INVALID_QUEUE_NAME `Queue` of `subOpts` has white space or a control character, and there is a
/// durable name.
/// @retval NATS_NO_SERVER_SUPPORT The server is too old for a setting of the consumer, which the last error
/// names.
/// @retval NATS_ERR No stream has the subject, the consumer exists with other settings, or the server refused to
/// create it; `errCode` and the last error have the reason.
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
/// natsSubscription *sub = NULL;
/// natsMsg *msg = NULL;
/// natsStatus s = js_PullSubscribeSync(&sub, js, "orders.>", "worker", NULL, NULL, NULL);
/// while (s == NATS_OK && (s = natsSubscription_NextMsg(&msg, sub, 5000)) == NATS_OK) {
///     printf("%s\n", natsMsg_GetData(msg));
///     natsMsg_Ack(msg, NULL);
///     natsMsg_Destroy(msg);
/// }
/// natsSubscription_Destroy(sub);
/// ```
///
/// @see js_PullSubscribeAsync, js_PullSubscribeSyncMulti, natsSubscription_NextMsg
///
/// @ingroup nats_js_subscribe
///
/// # Safety
/// As for `js_PullSubscribe`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_PullSubscribeSync(
    sub: *mut *mut natsSubscription,
    js: *mut jsCtx,
    subject: *const c_char,
    durable: *const c_char,
    jsOpts: *mut jsOptions,
    subOpts: *mut jsSubOptions,
    errCode: *mut jsErrCodeArg,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    let body = || unsafe {
        let subjects = given::subject(subject)?;
        let messages = Messages::Taken;
        subscribe(sub, js, &subjects, durable, messages, jsOpts, subOpts)
    };
    // SAFETY: likewise.
    unsafe { guard_api("js_PullSubscribeSync", errCode, body) }
}

/// How messages get to the program.
pub(super) enum Messages {
    /// It fetches them.
    Fetched,
    /// They are asked for ahead of it, and it takes them.
    Taken,
    /// They are asked for ahead of its callback.
    Called(MsgCallback),
}

/// Milliseconds, of which fewer than none are none.
fn millis(time: i64) -> Duration {
    Duration::from_millis(u64::try_from(time).unwrap_or(0))
}

/// # Safety
/// The pointers are NULL or strings.
unsafe fn flow_options(options: &jsOptionsPullSubscribeAsync) -> Result<FlowOptions> {
    let int = |n: c_int| u64::try_from(n).unwrap_or(0);
    Ok(FlowOptions {
        timeout: millis(options.Timeout),
        max_messages: int(options.MaxMessages),
        max_bytes: u64::try_from(options.MaxBytes).unwrap_or(0),
        no_wait: options.NoWait,
        fetch_size: int(options.FetchSize),
        keep_ahead: int(options.KeepAhead),
        by_program: options.NextHandler.is_some(),
        pull: PullOptions {
            heartbeat: millis(options.Heartbeat),
            min_pending: options.MinPending,
            min_ack_pending: options.MinAckPending,
            // SAFETY: the contract above.
            group: unsafe { given::string(options.Group, "Group") }?,
            ..PullOptions::default()
        },
    })
}

/// # Safety
/// As for [`js_PullSubscribeAsync`].
pub(super) unsafe fn subscribe(
    out: *mut *mut natsSubscription,
    js: *mut jsCtx,
    subjects: &[&str],
    durable: *const c_char,
    messages: Messages,
    opts: *const jsOptions,
    sub_opts: *mut jsSubOptions,
) -> js::Result<()> {
    required(out, "sub")?;
    // SAFETY: the contract above.
    let (context, call, options, pull, durable) = unsafe {
        (
            borrow_arc(js)?,
            call_options(opts)?,
            sub_options(sub_opts)?,
            opts.as_ref().map(|opts| &opts.PullSubscribeAsync),
            match durable.is_null() {
                true => None,
                false => Some(given::str(durable, "the durable name")?),
            },
        )
    };
    let wanted = Wanted {
        subjects,
        durable,
        mode: match messages {
            Messages::Fetched => Mode::Fetch,
            Messages::Taken | Messages::Called(_) => Mode::Ahead,
        },
        options: &options,
    };
    let call = context.call(&call);
    // SAFETY: not NULL, hence valid for writing by the contract above.
    let mut output = unsafe { EarlyOutput::new(out) };
    let place_it = |sub: &Arc<Subscription>| {
        // SAFETY: the handle is new.
        unsafe { output.write(new_subscription(sub)) };
    };
    let flow = match pull {
        // SAFETY: likewise.
        Some(pull) => unsafe { flow_options(pull) },
        None => Ok(FlowOptions::default()),
    };
    let made = match messages {
        Messages::Fetched => pull_subscribe(&context, &call, &wanted, place_it),
        Messages::Taken => {
            let handlers =
                pull.is_some_and(|p| p.NextHandler.is_some() || p.CompleteHandler.is_some());
            if handlers {
                let text = "without a callback there is no NextHandler and no CompleteHandler";
                return Err(Error::invalid_arg(text).into());
            }
            let pull = AsyncPull {
                options: flow?,
                next: None,
                sink: None,
            };
            pull_subscribe_async(&context, &call, &wanted, pull, place_it)
        }
        Messages::Called(callback) => {
            let complete = pull
                .and_then(|pull| Callback::new(pull.CompleteHandler, pull.CompleteHandlerClosure));
            let next = pull
                .and_then(|pull| Callback::new(pull.NextHandler, pull.NextHandlerClosure))
                .map(next_ask);
            let auto_ack = acknowledges(&options);
            let sink = Box::new(move |pull: &Arc<Pull>| -> Box<dyn MsgSink> {
                Box::new(PullSink::new(callback, complete, pull.clone(), auto_ack))
            });
            let pull = AsyncPull {
                options: flow?,
                next,
                sink: Some(sink),
            };
            pull_subscribe_async(&context, &call, &wanted, pull, place_it)
        }
    };
    output.finish(made)
}
