//! Subscribing to a stream: the server pushes messages to a callback or a queue.

use std::ffi::{c_char, c_int, c_void};
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::Arc;

use super::call::{call_options, guard_api};
use super::consumer_config;
use super::consumer_info::{self, jsConsumerInfo, jsConsumerSequenceMismatch};
use super::context::jsCtx;
use super::enums::jsDeliverPolicyArg;
use super::err_code::jsErrCodeArg;
use super::given;
use super::options::jsOptions;
use super::subscribe_types::jsSubOptions;
use crate::client::{MsgSink, Subscription};
use crate::error::{Error, Result, Status, natsStatus};
use crate::ffi::callback::{Callback, Function};
use crate::ffi::convert::required;
use crate::ffi::guard::guard_answer;
use crate::ffi::handle::{
    self, Held, borrow_arc, hold_connection, hold_subscription, natsConnection, natsSubscription,
    new_subscription,
};
use crate::ffi::msg::{into_c, natsMsg};
use crate::ffi::types::natsMsgHandler;
use crate::js;
use crate::js::consume::{self, Ack, Delivery, Push, SubOptions, Wanted};
use crate::locks::Mutex;
use crate::msg::Msg;

/// Subscribe to a stream; messages are delivered to a callback.
///
/// Uses the consumer that `subOpts` names if it exists and is as asked, and creates one otherwise. A
/// created consumer without a durable name ends some time after its subscription. Messages are
/// acknowledged and destroyed by the library when the callback has returned, unless `ManualAck` is
/// set: then the callback does both. With `Ordered` every message of the stream is delivered once
/// and in order: a message that is missing, silence of the server and reconnects have the library
/// make another consumer behind the last message. A consumer that the library has created and that
/// the server has lost is made again as well, and the error handler is told with `NATS_NOT_FOUND`;
/// where one that existed is lost, the subscription is closed. A consumer that was created here is
/// deleted by `natsSubscription_Unsubscribe` and when a drain is complete, and kept by
/// `natsSubscription_Destroy` alone. Source: ADR-15, ADR-17, ADR-21.
///
/// @param sub Receives the subscription, which the caller owns and releases with
/// `natsSubscription_Destroy`. It is written before the first callback, and restored on failure.
/// @param js The context.
/// @param subject The subject, which may have wildcards; NULL or empty only where `subOpts` has
/// `Stream` and `Consumer`.
/// @param cb The callback.
/// @param cbClosure The last argument of the callback; may be NULL.
/// @param opts The options of the call; NULL for those of the context.
/// @param subOpts How to subscribe; NULL for the defaults. The deliver policy is set in it where a
/// start by sequence or by time is.
/// @param errCode Receives the server's error number, or 0; may be NULL.
///
/// @retval NATS_OK The subscription was made.
/// @retval NATS_INVALID_ARG `sub`, `js` or `cb` is NULL, `js` was destroyed, `subject` is missing, or
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
        let callback = Callback::new(cb, cbClosure);
        let callback = callback.ok_or_else(|| Error::invalid_arg("callback cannot be NULL"))?;
        // SAFETY: the caller's contract, above.
        unsafe {
            let subject = given::str(subject, "the subject")?;
            subscribe(sub, js, &one(subject), Some(callback), opts, subOpts)
        }
    };
    // SAFETY: likewise.
    unsafe { guard_api("js_Subscribe", errCode, body) }
}

/// Subscribe to several subjects of a stream; messages are delivered to a callback.
///
/// As `js_Subscribe`, with a consumer that delivers several subjects. Servers before 2.10 have none.
///
/// @param sub Receives the subscription, which the caller owns and releases with
/// `natsSubscription_Destroy`. It is written before the first callback, and restored on failure.
/// @param js The context.
/// @param subjects The subjects, all of one stream. The stream is found by the first of them where
/// `subOpts` does not name it.
/// @param numSubjects How many there are; more than 0.
/// @param cb The callback.
/// @param cbClosure The last argument of the callback; may be NULL.
/// @param opts The options of the call; NULL for those of the context.
/// @param subOpts How to subscribe; NULL for the defaults.
/// @param errCode Receives the server's error number, or 0; may be NULL.
///
/// @retval NATS_OK The subscription was made.
/// @retval NATS_INVALID_ARG `sub`, `js` or `cb` is NULL, `js` was destroyed, subjects are missing,
/// options contradict each other, or the server has no consumers with several subjects.
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
        let callback = Callback::new(cb, cbClosure);
        let callback = callback.ok_or_else(|| Error::invalid_arg("callback cannot be NULL"))?;
        // SAFETY: the caller's contract, above.
        unsafe {
            let subjects = given::strings(subjects, numSubjects, "subjects")?;
            subscribe(sub, js, &all(&subjects), Some(callback), opts, subOpts)
        }
    };
    // SAFETY: likewise.
    unsafe { guard_api("js_SubscribeMulti", errCode, body) }
}

/// Subscribe to a stream; messages wait for `natsSubscription_NextMsg`.
///
/// As `js_Subscribe` without a callback. Messages are never acknowledged by the library:
/// `natsMsg_Ack` does. If heartbeats of the consumer say that a message has not arrived,
/// `natsSubscription_NextMsg` returns `NATS_MISMATCH` once.
///
/// @param sub Receives the subscription, which the caller owns and releases with
/// `natsSubscription_Destroy`. Restored on failure.
/// @param js The context.
/// @param subject The subject, which may have wildcards; NULL or empty only where `subOpts` has
/// `Stream` and `Consumer`.
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
        let subject = given::str(subject, "the subject")?;
        subscribe(sub, js, &one(subject), None, opts, subOpts)
    };
    // SAFETY: likewise.
    unsafe { guard_api("js_SubscribeSync", errCode, body) }
}

/// Subscribe to several subjects of a stream; messages wait for `natsSubscription_NextMsg`.
///
/// As `js_SubscribeSync`, with a consumer that delivers several subjects. Servers before 2.10 have
/// none.
///
/// @param sub Receives the subscription, which the caller owns and releases with
/// `natsSubscription_Destroy`. Restored on failure.
/// @param js The context.
/// @param subjects The subjects, all of one stream. The stream is found by the first of them where
/// `subOpts` does not name it.
/// @param numSubjects How many there are; more than 0.
/// @param opts The options of the call; NULL for those of the context.
/// @param subOpts How to subscribe; NULL for the defaults.
/// @param errCode Receives the server's error number, or 0; may be NULL.
///
/// @retval NATS_OK The subscription was made.
/// @retval NATS_INVALID_ARG `sub` or `js` is NULL, `js` was destroyed, subjects are missing, options
/// contradict each other, or the server has no consumers with several subjects.
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
        let subjects = given::strings(subjects, numSubjects, "subjects")?;
        subscribe(sub, js, &all(&subjects), None, opts, subOpts)
    };
    // SAFETY: likewise.
    unsafe { guard_api("js_SubscribeSyncMulti", errCode, body) }
}

/// Ask the server about the consumer of a subscription.
///
/// The answer is about the consumer of this moment: that of an ordered subscription changes when it
/// is made again.
///
/// @param ci Receives the information, which the caller owns and releases with
/// `jsConsumerInfo_Destroy`. Written only with `NATS_OK`.
/// @param sub The subscription, made by one of the JetStream functions.
/// @param opts The options of the call; NULL for those of the context.
/// @param errCode Receives the server's error number, or 0; may be NULL.
///
/// @retval NATS_OK The information was written.
/// @retval NATS_INVALID_ARG `ci` or `sub` is NULL, or `sub` was destroyed.
/// @retval NATS_INVALID_SUBSCRIPTION `sub` is not a JetStream subscription.
/// @retval NATS_NOT_FOUND The consumer does not exist, at least at this moment.
/// @retval NATS_NO_RESPONDERS JetStream is not available.
/// @retval NATS_TIMEOUT The server did not answer in time.
/// @retval NATS_CONNECTION_CLOSED The connection is closed.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included. Waits for the server.
///
/// @see js_GetConsumerInfo
///
/// @ingroup nats_js_subscribe
///
/// # Safety
/// `ci` is NULL or valid for writing a pointer; `sub` is NULL or a handle of this library; `opts` is
/// NULL or options whose pointers are NULL or valid; `errCode` is NULL or valid for writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsSubscription_GetConsumerInfo(
    ci: *mut *mut jsConsumerInfo,
    sub: *mut natsSubscription,
    opts: *mut jsOptions,
    errCode: *mut jsErrCodeArg,
) -> natsStatus {
    let body = || {
        required(ci, "ci")?;
        // SAFETY: the caller's contract, above.
        let (sub, options) = unsafe { (borrow_arc(sub)?, call_options(opts)?) };
        let info = consume::consumer_info(&sub, &options)?;
        let made = consumer_info::convert::to_c(&info)?;
        // SAFETY: not NULL, and valid for writing by the caller's contract.
        unsafe { ci.write(made.into_raw()) };
        Ok(())
    };
    // SAFETY: likewise.
    unsafe { guard_api("natsSubscription_GetConsumerInfo", errCode, body) }
}

/// Compare what has arrived with what the consumer has sent.
///
/// A push consumer says what it has sent with each of its heartbeats; without these there is nothing to
/// compare, and what has arrived since the last one is not looked at. A pull subscription never has a
/// mismatch. A subscription whose sequences do not match has lost messages: it should be made again,
/// or be an ordered one, which mends this by itself.
///
/// @param csm Receives the sequences of the last message that had arrived when the last heartbeat
/// came, and the number of the last one that had been sent. Written only with `NATS_OK`.
/// @param sub The subscription, made by one of the JetStream functions.
///
/// @retval NATS_OK There is a mismatch, which was written.
/// @retval NATS_NOT_FOUND There is none, no heartbeat has come, or the consumer is a pull one.
/// @retval NATS_INVALID_ARG `csm` or `sub` is NULL, or `sub` was destroyed.
/// @retval NATS_INVALID_SUBSCRIPTION `sub` is not a JetStream subscription.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_js_subscribe
///
/// # Safety
/// `csm` is NULL or valid for writing; `sub` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsSubscription_GetSequenceMismatch(
    csm: *mut jsConsumerSequenceMismatch,
    sub: *mut natsSubscription,
) -> natsStatus {
    guard_answer("natsSubscription_GetSequenceMismatch", || {
        required(csm, "csm")?;
        // SAFETY: the caller's contract, above.
        let sub = unsafe { borrow_arc(sub) }?;
        let Some(mismatch) = consume::sequence_mismatch(&sub)? else {
            return Ok(Err(Status::NATS_NOT_FOUND.into()));
        };
        let mismatch = jsConsumerSequenceMismatch {
            Stream: mismatch.stream,
            ConsumerClient: mismatch.client,
            ConsumerServer: mismatch.server,
        };
        // SAFETY: not NULL, and valid for writing by the caller's contract.
        unsafe { csm.write(mismatch) };
        Ok(Ok(()))
    })
}

/// The subjects of a call with one, which may be left out.
fn one(subject: &str) -> Vec<&str> {
    Some(subject)
        .filter(|s| !s.is_empty())
        .into_iter()
        .collect()
}

fn all(subjects: &[String]) -> Vec<&str> {
    subjects.iter().map(String::as_str).collect()
}

/// What the program says about a subscription. A start by sequence or time sets the deliver policy in
/// the program's structure, as in nats.c.
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
    callback: Option<Callback<MsgHandler>>,
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
        pull: false,
        options: &options,
    };
    let auto_ack = acknowledges(&options);
    let delivery = match callback {
        None => Delivery::Sync,
        Some(callback) => Delivery::Sink(Box::new(move |push: &Arc<Push>| -> Box<dyn MsgSink> {
            Box::new(PushSink {
                callback,
                push: push.clone(),
                auto_ack,
                held: Mutex::new(None),
            })
        })),
    };
    let place = out.cast::<MaybeUninit<*mut natsSubscription>>();
    let mut placed = None;
    let made = consume::subscribe(core, &core.call(&call), &wanted, delivery, None, |sub| {
        let handle = new_subscription(sub);
        // Callbacks may want the handle before this returns. The program need not have set what is
        // there to anything.
        // SAFETY: not NULL, hence valid for writing by the contract above; any bytes will do.
        placed = Some((handle, unsafe { place.replace(MaybeUninit::new(handle)) }));
    });
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

/// Does the library acknowledge what a callback has had?
pub(super) fn acknowledges(options: &SubOptions) -> bool {
    let none = options.config.ack_policy == Some(js::api::AckPolicy::None);
    !options.manual_ack && !options.ordered && !none
}

/// A `natsMsgHandler` that is not NULL.
pub(super) type MsgHandler =
    unsafe extern "C" fn(*mut natsConnection, *mut natsSubscription, *mut natsMsg, *mut c_void);

/// The program's function, called with each message that a consumer pushes.
struct PushSink {
    callback: Callback<MsgHandler>,
    push: Arc<Push>,
    auto_ack: bool,
    /// What keeps the handles usable, from the beginning of a batch to its end.
    held: Mutex<Option<(Held<natsConnection>, Held<natsSubscription>)>>,
}

impl PushSink {
    fn call(&self, sub: &Arc<Subscription>, msg: *mut natsMsg) {
        let nc = ptr::with_exposed_provenance_mut(sub.connection().handle());
        let handle = ptr::with_exposed_provenance_mut(sub.handle());
        let (function, closure) = self.callback.parts();
        // SAFETY: the program gave the function for this, to be called with its closure on any
        // thread. The handles are usable from `begin` to `end`; the message is there for the call.
        unsafe { function.call((nc, handle, msg, closure)) };
    }
}

impl MsgSink for PushSink {
    fn begin(&self, sub: &Arc<Subscription>) {
        *self.held.lock() = Some((hold_connection(sub.connection()), hold_subscription(sub)));
    }

    fn deliver(&self, sub: &Arc<Subscription>, msg: Option<Msg>) {
        let Some(mut msg) = msg else { return };
        self.push.hand_over(&mut msg);
        match self.auto_ack {
            false => self.call(sub, into_c(msg)),
            true => {
                let (mut msg, ()) = msg.lend(|msg| self.call(sub, msg.cast()));
                // Where it cannot be sent, the message will be delivered again.
                let _ = consume::acknowledge(&mut msg, Ack::Done, None);
            }
        }
        self.push.handed_over(sub);
    }

    fn end(&self, _sub: &Arc<Subscription>) {
        let held = self.held.lock().take();
        drop(held);
    }
}
