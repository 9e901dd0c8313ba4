//! Pull subscriptions: fetching, and pulling to a callback.

use std::ffi::{c_char, c_int, c_void};
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::Arc;
use std::time::Duration;

use super::call::{call_options, guard_api};
use super::context::jsCtx;
use super::err_code::jsErrCodeArg;
use super::given;
use super::options::{jsOptions, jsOptionsPullSubscribeAsync};
use super::subscribe::{MsgHandler, acknowledges, sub_options};
use super::subscribe_types::{jsFetchRequest, jsSubOptions};
use crate::client::{MsgSink, Subscription};
use crate::error::{Error, Result, Status, natsStatus};
use crate::ffi::callback::{Callback, Function};
use crate::ffi::convert::{malloc_array, required, write_optional};
use crate::ffi::guard::guard;
use crate::ffi::handle::{
    self, Held, borrow_arc, hold_connection, hold_subscription, natsConnection, natsSubscription,
    new_subscription,
};
use crate::ffi::last_error;
use crate::ffi::msg::{into_c, natsMsg};
use crate::ffi::types::{natsMsgHandler, natsMsgList, natsStatusArg};
use crate::js;
use crate::js::consume::pull::{
    Ask, AsyncPull, Exit, FetchRequest, Fetched, FlowOptions, NextAsk, Pull, PullOptions, fetch,
    pull_subscribe, pull_subscribe_async,
};
use crate::js::consume::{self, Ack, Wanted};
use crate::locks::Mutex;
use crate::msg::Msg;

/// Subscribe to a stream; messages are fetched by the program.
///
/// Uses the consumer that `durable` or `subOpts` names if it exists and is as asked, and creates one
/// otherwise. No messages are sent before `natsSubscription_Fetch` or `natsSubscription_FetchRequest`
/// asks for them. They are acknowledged by `natsMsg_Ack`. If the server has lost a consumer that was
/// created here, the error handler is told with `NATS_NOT_FOUND`, and the consumer is made again
/// behind the last message. A consumer that was created here is deleted by
/// `natsSubscription_Unsubscribe` and when a drain is complete, and kept by
/// `natsSubscription_Destroy` alone. Source: ADR-13, ADR-15.
///
/// @param sub Receives the subscription, which the caller owns and releases with
/// `natsSubscription_Destroy`. Restored on failure.
/// @param js The context.
/// @param subject The subject, which may have wildcards; NULL or empty only where `subOpts` has
/// `Stream` and `Consumer`.
/// @param durable The consumer's durable name; empty for a consumer that ends some time after its
/// subscription, NULL for what `subOpts` has.
/// @param opts The options of the call; NULL for those of the context.
/// @param subOpts How to subscribe; NULL for the defaults.
/// @param errCode Receives the server's error number, or 0; may be NULL.
///
/// @retval NATS_OK The subscription was made.
/// @retval NATS_INVALID_ARG `sub` or `js` is NULL, `js` was destroyed, `subject` is missing, or
/// options contradict each other.
/// @retval NATS_ERR No stream has the subject, the consumer exists and is not as asked, or the server
/// refused to create it; `errCode` and the last error say more.
/// @retval NATS_NOT_FOUND The stream and the consumer are named, and the consumer does not exist.
/// @retval NATS_NO_RESPONDERS JetStream is not enabled.
/// @retval NATS_TIMEOUT The server did not answer in time.
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
/// @see natsSubscription_Fetch, js_PullSubscribeAsync
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
    let body = || unsafe { subscribe(sub, js, subject, durable, Messages::Fetched, opts, subOpts) };
    // SAFETY: likewise.
    unsafe { guard_api("js_PullSubscribe", errCode, body) }
}

/// Subscribe to a stream; the library asks for messages and gives them to a callback.
///
/// As `js_PullSubscribe`, but messages are asked for as the callback returns from those before, by
/// `PullSubscribeAsync` of `jsOpts`: `FetchSize` at a time, ahead of the callback by `KeepAhead`, or as
/// a `NextHandler` says. They are acknowledged and destroyed as with `js_Subscribe`. What a server
/// takes back, loses or does not answer, also in an outage, is asked for again; heartbeats that were
/// missed are told to the error handler with `NATS_MISSED_HEARTBEAT`. The pull ends when its limits
/// are reached, when the server refuses what is asked for, when a consumer that was not created here
/// is gone, or when the program ends it; then the `CompleteHandler` is called once, behind the last
/// message, with the reason: `NATS_MAX_DELIVERED_MSGS` for `MaxMessages` and `MaxBytes`,
/// `NATS_LIMIT_REACHED` where no other message fits into `MaxBytes` or the server refuses,
/// `NATS_TIMEOUT` for `Timeout`, `NATS_NOT_FOUND` or `NATS_TIMEOUT` for `NoWait`, `NATS_INVALID_ARG` for
/// a bad request, `NATS_CONNECTION_CLOSED`, and `NATS_OK` where the program has ended it. Source:
/// ADR-13, ADR-42.
///
/// @param sub Receives the subscription, which the caller owns and releases with
/// `natsSubscription_Destroy`, also after its end. It is written before the first callback, and
/// restored on failure.
/// @param js The context.
/// @param subject The subject, which may have wildcards; NULL or empty only where `subOpts` has
/// `Stream` and `Consumer`.
/// @param durable The consumer's durable name; empty for a consumer that ends some time after its
/// subscription, NULL for what `subOpts` has.
/// @param msgCB The callback.
/// @param msgCBClosure The last argument of the callback; may be NULL.
/// @param jsOpts The options of the call, `PullSubscribeAsync` among them; NULL for the defaults.
/// @param subOpts How to subscribe; NULL for the defaults.
/// @param errCode Receives the server's error number, or 0; may be NULL.
///
/// @retval NATS_OK The subscription was made.
/// @retval NATS_INVALID_ARG `sub`, `js` or `msgCB` is NULL, `js` was destroyed, `subject` is missing,
/// or options contradict each other.
/// @retval NATS_ERR No stream has the subject, the consumer exists and is not as asked, or the server
/// refused to create it; `errCode` and the last error say more.
/// @retval NATS_NOT_FOUND The stream and the consumer are named, and the consumer does not exist.
/// @retval NATS_NO_RESPONDERS JetStream is not enabled.
/// @retval NATS_TIMEOUT The server did not answer in time.
/// @retval NATS_CONNECTION_CLOSED The connection is closed.
/// @retval NATS_DRAINING The connection is draining.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included. Waits for the server.
///
/// @see js_PullSubscribe, jsFetchCompleteHandler, jsFetchNextHandler
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
        let callback = Callback::new(msgCB, msgCBClosure);
        let callback = callback.ok_or_else(|| Error::invalid_arg("callback cannot be NULL"))?;
        // SAFETY: the caller's contract, above.
        unsafe {
            subscribe(
                sub,
                js,
                subject,
                durable,
                Messages::Called(callback),
                jsOpts,
                subOpts,
            )
        }
    };
    // SAFETY: likewise.
    unsafe { guard_api("js_PullSubscribeAsync", errCode, body) }
}

/// Subscribe to a stream; the library asks for messages, and the program takes them one by one.
///
/// As `js_PullSubscribeAsync` without a callback: `natsSubscription_NextMsg` gives the next message, and
/// `natsSubscription_NextMsgs` those that wait. Messages are asked for as the program takes those before,
/// by `PullSubscribeAsync` of `jsOpts`. Where that has none of `KeepAhead`, `MaxBytes` and `NoWait`, more
/// are asked for when half of `FetchSize` is left. They are acknowledged by `natsMsg_Ack`. When the pull
/// is over, and the messages that have come by then are taken, those functions return the reason that
/// `js_PullSubscribeAsync` tells a `CompleteHandler`, and `natsSubscription_IsValid` is false. Source:
/// ADR-37.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param sub Receives the subscription, which the caller owns and releases with
/// `natsSubscription_Destroy`, also after its end. Restored on failure.
/// @param js The context.
/// @param subject The subject, which may have wildcards; NULL or empty only where `subOpts` has
/// `Stream` and `Consumer`.
/// @param durable The consumer's durable name; empty for a consumer that ends some time after its
/// subscription, NULL for what `subOpts` has.
/// @param jsOpts The options of the call, `PullSubscribeAsync` among them, which has no handlers; NULL
/// for the defaults.
/// @param subOpts How to subscribe; NULL for the defaults.
/// @param errCode Receives the server's error number, or 0; may be NULL.
///
/// @retval NATS_OK The subscription was made.
/// @retval NATS_INVALID_ARG `sub` or `js` is NULL, `js` was destroyed, `subject` is missing, there is a
/// handler, or options contradict each other.
/// @retval NATS_ERR No stream has the subject, the consumer exists and is not as asked, or the server
/// refused to create it; `errCode` and the last error say more.
/// @retval NATS_NOT_FOUND The stream and the consumer are named, and the consumer does not exist.
/// @retval NATS_NO_RESPONDERS JetStream is not enabled.
/// @retval NATS_TIMEOUT The server did not answer in time.
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
/// @see js_PullSubscribe, js_PullSubscribeAsync, natsSubscription_NextMsg
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
    let body = || unsafe { subscribe(sub, js, subject, durable, Messages::Taken, jsOpts, subOpts) };
    // SAFETY: likewise.
    unsafe { guard_api("js_PullSubscribeSync", errCode, body) }
}

/// How messages get to the program.
enum Messages {
    /// It fetches them.
    Fetched,
    /// They are asked for ahead of it, and it takes them.
    Taken,
    /// They are asked for ahead of its callback.
    Called(Callback<MsgHandler>),
}

/// Fetch messages of a pull subscription.
///
/// Takes the messages that have come late for an earlier call, then asks for what is missing and
/// waits until all have come, the server says that there will be no more, or the time is over. A call
/// that has got at least one message succeeds. An outage of the connection, and a change of the
/// server that serves the consumer, are sat out within the time. One call at a time.
///
/// @param list Receives the messages. The structure is the caller's, its content is released with
/// `natsMsgList_Destroy`. It is emptied before anything else, without releasing what was in it.
/// @param sub The subscription, made by `js_PullSubscribe`.
/// @param batch How many messages at most; more than 0.
/// @param timeout How long to wait, in milliseconds; more than 0.
/// @param errCode Receives 0; may be NULL.
///
/// @retval NATS_OK At least one message was fetched.
/// @retval NATS_INVALID_ARG `list` or `sub` is NULL, `sub` was destroyed, or `batch` is not more
/// than 0.
/// @retval NATS_INVALID_TIMEOUT `timeout` is not more than 0.
/// @retval NATS_INVALID_SUBSCRIPTION `sub` is not a pull subscription, or is closed.
/// @retval NATS_ERR Another call fetches, or messages of this subscription go to a callback.
/// @retval NATS_TIMEOUT No message has come in time.
/// @retval NATS_LIMIT_REACHED The server has ended the request, for example because the consumer was
/// deleted or too many requests wait; the last error says why.
/// @retval NATS_NO_RESPONDERS The consumer does not exist, or JetStream is not available.
/// @retval NATS_CONNECTION_CLOSED The connection is closed.
///
/// @par Threads
/// Any thread may call this function at any time. Waits for the server.
///
/// @see natsSubscription_FetchRequest, natsMsg_Ack
///
/// @ingroup nats_js_subscribe
///
/// # Safety
/// `list` is NULL or valid for writing; `sub` is NULL or a handle of this library; `errCode` is NULL
/// or valid for writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsSubscription_Fetch(
    list: *mut natsMsgList,
    sub: *mut natsSubscription,
    batch: c_int,
    timeout: i64,
    errCode: *mut jsErrCodeArg,
) -> natsStatus {
    let body = || {
        // SAFETY: the caller's contract, above.
        unsafe { write_optional(errCode, jsErrCodeArg(0)) };
        // SAFETY: likewise.
        unsafe { empty(list) }?;
        // SAFETY: likewise.
        let sub = unsafe { borrow_arc(sub) }?;
        let want = FetchRequest {
            batch: positive(batch)?,
            expires: Duration::from_millis(time(timeout)?),
            ..FetchRequest::default()
        };
        let fetched = fetch(&sub, &want, true)?;
        // SAFETY: likewise.
        unsafe { give(list, fetched) }
    };
    guard("natsSubscription_Fetch", body)
}

/// Fetch messages of a pull subscription, with all that can be asked for.
///
/// As `natsSubscription_Fetch`, with one request for what `request` says. With `NoWait` and without
/// `Expires` only what has come by then is returned; what the server sends is there for the next call.
///
/// @param list Receives the messages. The structure is the caller's, its content is released with
/// `natsMsgList_Destroy`. It is emptied before anything else, without releasing what was in it.
/// @param sub The subscription, made by `js_PullSubscribe`.
/// @param request What to ask for. It is not changed.
///
/// @retval NATS_OK At least one message was fetched.
/// @retval NATS_INVALID_ARG `list`, `sub` or `request` is NULL, `sub` was destroyed, `Batch` is not more
/// than 0, `MaxBytes` is negative, or the server finds the request bad: the last error says why.
/// @retval NATS_INVALID_TIMEOUT `Expires` is not more than 0, and `NoWait` is not set.
/// @retval NATS_INVALID_SUBSCRIPTION `sub` is not a pull subscription, or is closed.
/// @retval NATS_ERR Another call fetches, or messages of this subscription go to a callback.
/// @retval NATS_NOT_FOUND There are no messages, with `NoWait`.
/// @retval NATS_TIMEOUT No message has come in time.
/// @retval NATS_LIMIT_REACHED The server has ended the request, for example because the next message
/// is larger than `MaxBytes`, the consumer was deleted or too many requests wait; the last error
/// says why.
/// @retval NATS_MISSED_HEARTBEAT The server was silent for twice the time of `Heartbeat`.
/// @retval NATS_PIN_ID_MISMATCH `ID` is not that of the client that the consumer has pinned.
/// @retval NATS_NO_RESPONDERS The consumer does not exist, or JetStream is not available.
/// @retval NATS_CONNECTION_CLOSED The connection is closed.
///
/// @par Threads
/// Any thread may call this function at any time. Waits for the server.
///
/// @see natsSubscription_Fetch, jsFetchRequest_Init
///
/// @ingroup nats_js_subscribe
///
/// # Safety
/// `list` is NULL or valid for writing; `sub` is NULL or a handle of this library; `request` is NULL
/// or a request whose pointers are NULL or strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsSubscription_FetchRequest(
    list: *mut natsMsgList,
    sub: *mut natsSubscription,
    request: *mut jsFetchRequest,
) -> natsStatus {
    let body = || {
        // SAFETY: the caller's contract, above.
        unsafe { empty(list) }?;
        // SAFETY: likewise.
        let (sub, request) = unsafe { (borrow_arc(sub)?, request.as_ref()) };
        let request = request.ok_or_else(|| Error::invalid_arg("request cannot be NULL"))?;
        // SAFETY: likewise.
        let want = unsafe { fetch_request(request) }?;
        let fetched = fetch(&sub, &want, false)?;
        // SAFETY: likewise.
        unsafe { give(list, fetched) }
    };
    guard("natsSubscription_FetchRequest", body)
}

/// # Safety
/// `list` is NULL or valid for writing.
unsafe fn empty(list: *mut natsMsgList) -> Result<()> {
    required(list, "list")?;
    let empty = natsMsgList {
        Msgs: ptr::null_mut(),
        Count: 0,
    };
    // SAFETY: not NULL, hence valid for writing by the contract above.
    unsafe { list.write(empty) };
    Ok(())
}

/// # Safety
/// `list` is valid for writing.
unsafe fn give(list: *mut natsMsgList, fetched: Fetched) -> Result<()> {
    let room = vec![ptr::null_mut::<natsMsg>(); fetched.len()];
    let msgs = malloc_array(&room)?;
    let mut count = 0;
    for (at, msg) in fetched.enumerate() {
        // SAFETY: there is room for all of them.
        unsafe { msgs.add(at).write(into_c(msg)) };
        count += 1;
    }
    let full = natsMsgList {
        Msgs: msgs,
        Count: count,
    };
    // SAFETY: the contract above.
    unsafe { list.write(full) };
    Ok(())
}

fn positive(batch: c_int) -> Result<usize> {
    usize::try_from(batch)
        .ok()
        .filter(|batch| *batch > 0)
        .ok_or_else(|| Error::invalid_arg(format!("batch must be more than 0: {batch}")))
}

fn time(time: i64) -> Result<u64> {
    u64::try_from(time)
        .ok()
        .filter(|time| *time > 0)
        .ok_or_else(|| {
            let text = format!("the time to wait must be more than 0: {time}");
            Error::new(Status::NATS_INVALID_TIMEOUT, text)
        })
}

/// Nanoseconds, of which fewer than none are none.
fn nanos(time: i64) -> Duration {
    Duration::from_nanos(u64::try_from(time).unwrap_or(0))
}

/// Milliseconds, of which fewer than none are none.
fn millis(time: i64) -> Duration {
    Duration::from_millis(u64::try_from(time).unwrap_or(0))
}

/// # Safety
/// The pointers are NULL or strings.
unsafe fn fetch_request(request: &jsFetchRequest) -> Result<FetchRequest> {
    let max_bytes = u64::try_from(request.MaxBytes).map_err(|_| {
        Error::invalid_arg(format!("MaxBytes cannot be negative: {}", request.MaxBytes))
    })?;
    let batch = positive(request.Batch)?;
    let expires = match request.NoWait {
        true => nanos(request.Expires),
        false => Duration::from_nanos(time(request.Expires)?),
    };
    Ok(FetchRequest {
        batch,
        max_bytes,
        expires,
        no_wait: request.NoWait,
        options: PullOptions {
            heartbeat: nanos(request.Heartbeat),
            min_pending: request.MinPending,
            min_ack_pending: request.MinAckPending,
            // SAFETY: the contract above.
            group: unsafe { given::string(request.Group, "Group") }?,
            // SAFETY: likewise.
            id: unsafe { given::string(request.ID, "ID") }?,
            priority: request.Priority,
        },
    })
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
unsafe fn subscribe(
    out: *mut *mut natsSubscription,
    js: *mut jsCtx,
    subject: *const c_char,
    durable: *const c_char,
    messages: Messages,
    opts: *const jsOptions,
    sub_opts: *mut jsSubOptions,
) -> js::Result<()> {
    required(out, "sub")?;
    // SAFETY: the contract above.
    let (context, call, options, pull, subject, durable) = unsafe {
        (
            borrow_arc(js)?,
            call_options(opts)?,
            sub_options(sub_opts)?,
            opts.as_ref().map(|opts| &opts.PullSubscribeAsync),
            given::str(subject, "the subject")?,
            match durable.is_null() {
                true => None,
                false => Some(given::str(durable, "the durable name")?),
            },
        )
    };
    let subjects = [subject];
    let wanted = Wanted {
        subjects: if subject.is_empty() { &[] } else { &subjects },
        durable,
        pull: true,
        options: &options,
    };
    let call = context.call(&call);
    let place = out.cast::<MaybeUninit<*mut natsSubscription>>();
    let mut placed = None;
    let place_it = |sub: &Arc<Subscription>| {
        let handle = new_subscription(sub);
        // Callbacks may want the handle before this returns. The program need not have set what is
        // there to anything.
        // SAFETY: not NULL, hence valid for writing by the contract above; any bytes will do.
        placed = Some((handle, unsafe { place.replace(MaybeUninit::new(handle)) }));
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
                Box::new(PullSink {
                    callback,
                    complete,
                    pull: pull.clone(),
                    auto_ack,
                    held: Mutex::new(None),
                })
            });
            let pull = AsyncPull {
                options: flow?,
                next,
                sink: Some(sink),
            };
            pull_subscribe_async(&context, &call, &wanted, pull, place_it)
        }
    };
    if made.is_err()
        && let Some((handle, before)) = placed
    {
        // SAFETY: as above; the handle was made above.
        unsafe {
            place.write(before);
            handle::destroy(handle);
        }
    }
    made.map(drop)
}

/// A `jsFetchNextHandler` that is not NULL.
type NextHandler =
    unsafe extern "C" fn(*mut c_int, *mut i64, *mut natsSubscription, *mut c_void) -> bool;

/// A `jsFetchCompleteHandler` that is not NULL.
type CompleteHandler =
    unsafe extern "C" fn(*mut natsConnection, *mut natsSubscription, natsStatusArg, *mut c_void);

fn next_ask(handler: Callback<NextHandler>) -> NextAsk {
    Box::new(move |sub| {
        let handle = ptr::with_exposed_provenance_mut(sub.handle());
        let (mut messages, mut max_bytes): (c_int, i64) = (0, 0);
        let (function, closure) = handler.parts();
        // SAFETY: the program gave the function for this, to be called with its closure on any
        // thread. The handle is usable for the call, the two numbers are live.
        let wants = unsafe { function.call((&mut messages, &mut max_bytes, handle, closure)) };
        wants.then(|| Ask {
            messages: u64::try_from(messages).unwrap_or(0),
            max_bytes: u64::try_from(max_bytes).unwrap_or(0),
        })
    })
}

/// The program's function, called with each message that is pulled.
struct PullSink {
    callback: Callback<MsgHandler>,
    complete: Option<Callback<CompleteHandler>>,
    pull: Arc<Pull>,
    auto_ack: bool,
    /// What keeps the handles usable, from the beginning of a batch to its end.
    held: Mutex<Option<(Held<natsConnection>, Held<natsSubscription>)>>,
}

impl PullSink {
    fn call(&self, sub: &Arc<Subscription>, msg: *mut natsMsg) {
        let nc = ptr::with_exposed_provenance_mut(sub.connection().handle());
        let handle = ptr::with_exposed_provenance_mut(sub.handle());
        let (function, closure) = self.callback.parts();
        // SAFETY: the program gave the function for this, to be called with its closure on any
        // thread. The handles are usable from `begin` to `end`; the message is there for the call.
        unsafe { function.call((nc, handle, msg, closure)) };
    }
}

impl MsgSink for PullSink {
    fn begin(&self, sub: &Arc<Subscription>) {
        *self.held.lock() = Some((hold_connection(sub.connection()), hold_subscription(sub)));
    }

    fn deliver(&self, sub: &Arc<Subscription>, msg: Option<Msg>) {
        let Some(msg) = msg else {
            return self.pull.after_callback(sub, None);
        };
        let Some(msg) = self.pull.before_callback(msg) else {
            return;
        };
        let size = msg.size();
        match self.auto_ack {
            false => self.call(sub, into_c(msg)),
            true => {
                let (mut msg, ()) = msg.lend(|msg| self.call(sub, msg.cast()));
                // Where it cannot be sent, the message will be delivered again.
                let _ = consume::acknowledge(&mut msg, Ack::Done, None);
            }
        }
        self.pull.after_callback(sub, Some(size));
    }

    fn end(&self, _sub: &Arc<Subscription>) {
        let held = self.held.lock().take();
        drop(held);
    }

    fn completed(&self, sub: &Arc<Subscription>) {
        let Exit(reason) = self.pull.completed();
        let Some(complete) = &self.complete else {
            return;
        };
        let held = (hold_connection(sub.connection()), hold_subscription(sub));
        last_error::clear();
        if reason.status() != Status::NATS_OK {
            last_error::preset(reason.status(), reason.text());
        }
        let (function, closure) = complete.parts();
        let status = natsStatusArg(reason.status() as c_int);
        // SAFETY: the program gave the function for this, to be called with its closure on any
        // thread; the handles are held.
        unsafe { function.call((*held.0, *held.1, status, closure)) };
        last_error::clear();
        drop(held);
    }
}
