//! Publishing to streams without waiting for each ack.

use std::ffi::{c_char, c_int, c_void};
use std::ptr;
use std::sync::{Arc, Weak};
use std::time::Instant;

use smallvec::SmallVec;

use super::context::jsCtx;
use super::err_code::jsErrCodeArg;
use super::options::jsOptionsPublishAsync;
use super::publish::{NO_SUBJECT, borrow_addressed, headers, max_wait, set_headers};
use super::publish_types::{jsPubAck, jsPubAckErr, jsPubOptions};
use crate::error::natsStatus;
use crate::ffi::callback::{Callback, Function};
use crate::ffi::convert::{malloc_array, payload, required, some_bytes};
use crate::ffi::guard::{guard, guard_lookup};
use crate::ffi::handle::{borrow, borrow_arc, hold_context};
use crate::ffi::msg::{into_c, natsMsg};
use crate::ffi::types::natsMsgList;
use crate::js::Context;
use crate::js::publish::{Ack, AckHandler, AsyncPublisher};
use crate::msg::Msg;

/// `ErrText` has so many bytes at most.
const ERR_TEXT_MAX: usize = 255;

/// Publish a payload to a stream without waiting for the acknowledgement.
///
/// Creates a message from the payload, which is copied, and publishes it as `js_PublishMsgAsync`
/// does. The context's `AckHandler` or `ErrHandler` is called with the outcome.
///
/// @param js The context.
/// @param subj The subject; not empty.
/// @param data The payload, copied before the call returns. Ignored if `dataLen` is 0.
/// @param dataLen The length of the payload in bytes; not negative.
/// @param opts As for `js_PublishMsgAsync`.
///
/// @return As `js_PublishMsgAsync`; `NATS_INVALID_ARG` also if `subj` is NULL or empty, `dataLen`
/// is negative, or `data` is NULL while `dataLen` is not 0.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @par Example
/// ```c
/// natsStatus s = NATS_OK;
///
/// for (int i = 0; i < 1000 && s == NATS_OK; i++)
///     s = js_PublishAsync(js, "metrics", "1", 1, NULL);
/// if (s == NATS_OK)
///     s = js_PublishAsyncComplete(js, NULL);
/// ```
///
/// @see js_PublishMsgAsync, js_PublishAsyncComplete
///
/// @ingroup nats_js_publish
///
/// # Safety
/// `js` is NULL or a handle of this library; `subj` is NULL or a string; with a positive `dataLen`,
/// `data` is NULL or valid for reading so many bytes; `opts` is NULL or options whose strings are
/// NULL or strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_PublishAsync(
    js: *mut jsCtx,
    subj: *const c_char,
    data: *const c_void,
    dataLen: c_int,
    opts: *mut jsPubOptions,
) -> natsStatus {
    guard("js_PublishAsync", || {
        // SAFETY: the caller's contract, above.
        unsafe {
            let context = borrow(js)?;
            let subject = some_bytes(subj, NO_SUBJECT)?;
            let payload = payload(data, dataLen)?;
            let block = headers(opts, &context)?;
            let msg = Msg::create_with(subject, None, &block, payload)?;
            let publisher = publisher(&context)?;
            let wait = max_wait(opts).unwrap_or(None);
            publisher.publish(msg, wait).map_err(|(_, e)| e.into())
        }
    })
}

/// Publish a message to a stream without waiting for the acknowledgement.
///
/// The library keeps the message until its acknowledgement arrives. Then the context's `AckHandler`
/// is called with the outcome or, if the message is not stored, the `ErrHandler`; without handlers
/// the message is destroyed. If `PublishAsync.MaxPending` messages are pending already, the call
/// waits for one of them to be acknowledged, for at most `PublishAsync.StallWait`.
///
/// The options are set as headers of the message, which replace headers of the same names, even if
/// the call fails.
///
/// If the connection is lost, the acknowledgements of messages that were published before do not
/// arrive any more. After the reconnect (or after the context's `Wait` without a connection) these
/// messages fail with `NATS_CONNECTION_DISCONNECTED`: they may be stored or not. Without a handler
/// the library keeps them, `js_PublishAsyncComplete` returns that status, and
/// `js_PublishAsyncGetPendingList` returns the messages. With `ResendOnReconnect` of
/// `js_SetPubPolicy` they are published again instead, each a limited number of times. Messages
/// published while there is no connection are sent after the reconnect. If the connection is closed,
/// the library keeps pending messages until `js_PublishAsyncGetPendingList` or `jsCtx_Destroy`.
///
/// @param js The context.
/// @param msg Points to the message. With `NATS_OK` the library owns it and `*msg` is set to NULL;
/// otherwise it remains the program's. Its reply subject is not used.
/// @param opts The options of the message; NULL for none. With `MaxWait` greater than 0 the message
/// fails with `NATS_TIMEOUT` if its acknowledgement has not arrived after this number of
/// milliseconds; otherwise there is no limit.
///
/// @retval NATS_OK The message was published.
/// @retval NATS_INVALID_ARG `js` is NULL or was destroyed, `msg` or `*msg` is NULL, the message has
/// no subject, or the options are invalid as for `js_Publish` (`MaxWait` may be negative).
/// @retval NATS_TIMEOUT Too many messages are pending, and none was acknowledged in time; or the
/// socket did not accept data within the write deadline.
/// @retval NATS_NO_SERVER_SUPPORT The server is too old for `MsgTTL`, `Schedule` or
/// `ExpectLastSubjectSeqSubject`, which the last error names.
/// @retval NATS_CONNECTION_CLOSED The connection is closed.
/// @retval NATS_DRAINING The connection is draining.
/// @retval NATS_ILLEGAL_STATE The context was destroyed by another thread during the call.
///
/// @return Otherwise the status of `natsConnection_PublishMsg`.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included. No other thread may use the
/// message during the call or afterwards.
///
/// @see js_PublishAsync, js_PublishAsyncComplete, js_PublishAsyncGetPendingList, jsPubAckHandler,
/// jsPubAckErrHandler, js_SetPubPolicy
///
/// @ingroup nats_js_publish
///
/// # Safety
/// `js` is NULL or a handle of this library; `msg` is NULL or points to NULL or a message of this
/// library; `opts` is NULL or options whose strings are NULL or strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_PublishMsgAsync(
    js: *mut jsCtx,
    msg: *mut *mut natsMsg,
    opts: *mut jsPubOptions,
) -> natsStatus {
    guard("js_PublishMsgAsync", || {
        // SAFETY: the caller's contract, above.
        unsafe {
            let context = borrow(js)?;
            required(msg, "msg")?;
            let mut borrowed = borrow_addressed(*msg)?;
            set_headers(opts, &context, &mut borrowed)?;
            let publisher = publisher(&context)?;
            let wait = max_wait(opts).unwrap_or(None);
            let owned = std::mem::ManuallyDrop::into_inner(borrowed);
            match publisher.publish(owned, wait) {
                Ok(()) => msg.write(ptr::null_mut()),
                Err((owned, error)) => {
                    // It is the program's, which has the pointer.
                    let _ = into_c(owned);
                    return Err(error.into());
                }
            }
            Ok(())
        }
    })
}

/// Wait until no asynchronously published message is pending.
///
/// A message is pending until its handler has returned. With manual dispatch
/// (`natsOptions_SetManualDispatch`) it is pending only until its acknowledgement has arrived or
/// its time has passed: the handler is called later, by `natsConnection_Dispatch`, so the thread
/// that dispatches may call this function.
///
/// @param js The context.
/// @param opts The options of the call, of which only `MaxWait` is used: the longest time to wait
/// in milliseconds; 0, or NULL, for no limit.
///
/// @retval NATS_OK No message is pending.
/// @retval NATS_INVALID_ARG `js` is NULL or was destroyed, or `MaxWait` is negative.
/// @retval NATS_TIMEOUT Messages are still pending.
/// @retval NATS_CONNECTION_CLOSED The connection is closed and messages are pending:
/// `js_PublishAsyncGetPendingList` returns them.
/// @retval NATS_CONNECTION_DISCONNECTED The context has no handler, the connection was lost, and
/// only messages are pending whose acknowledgements will not arrive:
/// `js_PublishAsyncGetPendingList` returns them.
/// @retval NATS_ILLEGAL_STATE The context was destroyed by another thread during the call; or the
/// call was made in a handler of the context, and other messages than the one of the handler are
/// pending.
///
/// @par Threads
/// Any thread may call this function at any time.
///
/// @see js_PublishAsync, js_PublishAsyncGetPendingList
///
/// @ingroup nats_js_publish
///
/// # Safety
/// `js` is NULL or a handle of this library; `opts` is NULL or options.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_PublishAsyncComplete(
    js: *mut jsCtx,
    opts: *mut jsPubOptions,
) -> natsStatus {
    guard("js_PublishAsyncComplete", || {
        // SAFETY: the caller's contract, above.
        let (context, wait) = unsafe { (borrow_arc(js)?, max_wait(opts)?) };
        let deadline = wait.and_then(|wait| Instant::now().checked_add(wait));
        match context.publishing().existing() {
            None => Ok(()),
            Some(publisher) => Ok(publisher.complete(deadline)?),
        }
    })
}

/// Take the messages whose acknowledgements have not arrived.
///
/// They are not pending any more: if their acknowledgements arrive later, no handler is called.
/// They may be published again with `js_PublishMsgAsync(js, &list.Msgs[i], ..)`.
///
/// @param pending Receives the messages, in no particular order, to be released with
/// `natsMsgList_Destroy`; written only with `NATS_OK`.
/// @param js The context.
///
/// @retval NATS_OK The list has at least one message.
/// @retval NATS_NOT_FOUND No message is pending.
/// @retval NATS_INVALID_ARG `pending` is NULL, or `js` is NULL or was destroyed.
/// @retval NATS_NO_MEMORY Memory for the list could not be allocated; the messages are destroyed.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @see js_PublishAsyncComplete, natsMsgList_Destroy
///
/// @ingroup nats_js_publish
///
/// # Safety
/// `pending` is NULL or valid for writing; `js` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_PublishAsyncGetPendingList(
    pending: *mut natsMsgList,
    js: *mut jsCtx,
) -> natsStatus {
    guard_lookup("js_PublishAsyncGetPendingList", || {
        required(pending, "pending")?;
        // SAFETY: the caller's contract, above.
        let context = unsafe { borrow_arc(js) }?;
        let taken = context
            .publishing()
            .existing()
            .map(AsyncPublisher::take_pending);
        let Some(taken) = taken.filter(|taken| !taken.is_empty()) else {
            return Ok(false);
        };
        let Ok(count) = c_int::try_from(taken.len()) else {
            return Err(natsStatus::NATS_NO_MEMORY.into());
        };
        // All NULL first: where there is no memory the messages are still to be destroyed.
        let array = malloc_array::<*mut natsMsg>(&vec![ptr::null_mut(); taken.len()])?;
        for (n, msg) in taken.into_iter().enumerate() {
            // SAFETY: the array has as many places as there are messages.
            unsafe { array.add(n).write(into_c(msg)) };
        }
        let list = natsMsgList {
            Msgs: array,
            Count: count,
        };
        // SAFETY: not NULL, and valid for writing by the caller's contract.
        unsafe { pending.write(list) };
        Ok(true)
    })
}

/// The publisher of a context, which the first call makes.
fn publisher(context: &Context) -> crate::js::Result<&AsyncPublisher> {
    context.publishing().publisher(context.connection())
}

type AckFn =
    unsafe extern "C" fn(*mut jsCtx, *mut natsMsg, *mut jsPubAck, *mut jsPubAckErr, *mut c_void);
type ErrFn = unsafe extern "C" fn(*mut jsCtx, *mut jsPubAckErr, *mut c_void);

/// The program's function for one context.
struct Handler {
    context: Weak<Context>,
    told: Told,
}

/// Which of the two it is.
enum Told {
    Acks(Callback<AckFn>),
    Errors(Callback<ErrFn>),
}

/// Has the functions in the options told what becomes of the context's messages.
pub(super) fn set_handler(context: &Arc<Context>, opts: &jsOptionsPublishAsync) {
    let acks = Callback::new(opts.AckHandler, opts.AckHandlerClosure).map(Told::Acks);
    let errors = || Callback::new(opts.ErrHandler, opts.ErrHandlerClosure).map(Told::Errors);
    if let Some(told) = acks.or_else(errors) {
        let context_of_handler = Arc::downgrade(context);
        context.publishing().set_handler(Arc::new(Handler {
            context: context_of_handler,
            told,
        }));
    }
}

impl AckHandler for Handler {
    fn wants_acks(&self) -> bool {
        matches!(self.told, Told::Acks(_))
    }

    fn acked(&self, msg: Msg, ack: &Ack<'_>) {
        let (Told::Acks(callback), Some(context)) = (&self.told, self.context.upgrade()) else {
            return;
        };
        let held = hold_context(&context);
        let (function, closure) = callback.parts();
        let (stream, domain, batch) = (
            Text::new(&ack.stream),
            Text::new(&ack.domain),
            Text::new(&ack.batch),
        );
        let mut pa = jsPubAck {
            Stream: stream.as_ptr(),
            Sequence: ack.sequence,
            Domain: domain.as_ptr(),
            Duplicate: ack.duplicate,
            Batch: batch.as_ptr(),
            Count: ack.count,
            Value: ptr::null_mut(),
        };
        // SAFETY: what the program asked for when it gave the function; it owns the message now.
        unsafe { function.call((*held, into_c(msg), &raw mut pa, ptr::null_mut(), closure)) };
    }

    fn failed(&self, msg: Msg, error: &crate::js::Error) {
        let Some(context) = self.context.upgrade() else {
            return;
        };
        let held = hold_context(&context);
        let text = error.text();
        let text = Text::new(&text.as_bytes()[..text.floor_char_boundary(ERR_TEXT_MAX)]);
        let mut pae = jsPubAckErr {
            Msg: ptr::null_mut(),
            Err: error.status(),
            ErrCode: jsErrCodeArg(error.code().0),
            ErrText: text.as_ptr(),
        };
        match &self.told {
            Told::Acks(callback) => {
                let (function, closure) = callback.parts();
                let none = ptr::null_mut();
                // SAFETY: what the program asked for when it gave the function; it owns the message now.
                unsafe { function.call((*held, into_c(msg), none, &raw mut pae, closure)) };
            }
            Told::Errors(callback) => {
                let (function, closure) = callback.parts();
                pae.Msg = into_c(msg);
                // SAFETY: what the program asked for when it gave the function.
                unsafe { function.call((*held, &raw mut pae, closure)) };
                // SAFETY: the message, unless the program has taken it and written something else.
                drop(unsafe { Msg::from_raw(pae.Msg.cast()) });
            }
        }
    }
}

/// A string for a callback.
struct Text(Option<SmallVec<[u8; 64]>>);

impl Text {
    fn new(bytes: &[u8]) -> Self {
        Text((!bytes.is_empty()).then(|| {
            let mut text = SmallVec::from_slice(bytes);
            text.push(0);
            text
        }))
    }

    /// NULL for an empty result. Valid while this lives and is not moved.
    fn as_ptr(&self) -> *mut c_char {
        let text = self.0.as_ref();
        text.map_or(ptr::null_mut(), |text| text.as_ptr().cast_mut().cast())
    }
}
