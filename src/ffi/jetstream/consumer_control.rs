//! Consumers that exist: reset, pause, unpin.

use std::ffi::c_char;

use crate::error::{Error, natsStatus};
use crate::ffi::guard::guard_void;
use crate::ffi::handle::jsCtx;
use crate::ffi::jetstream::call::{guard_api, with_call};
use crate::ffi::jetstream::consumer_info::convert::{pause_to_c, reset_to_c};
use crate::ffi::jetstream::consumer_info::{jsConsumerPauseResponse, jsConsumerResetResponse};
use crate::ffi::jetstream::err_code::jsErrCodeArg;
use crate::ffi::jetstream::given;
use crate::ffi::jetstream::memory::{self, hand_out};
use crate::ffi::jetstream::options::jsOptions;
use crate::js::time::Time;

/// Reset a consumer, so that it delivers messages again from a sequence on.
///
/// Messages that wait for acknowledgements are no longer pending. Servers support this from 2.14
/// on. The consumer's info is requested first, because servers leave the reset of a consumer that
/// does not exist unanswered: the account needs the permission for both.
///
/// @param new_crr Receives the result, to be released with `jsConsumerResetResponse_Destroy`; NULL
/// if it is not needed. Written only with `NATS_OK`.
/// @param js The context.
/// @param stream The name of the stream.
/// @param consumer The name of the consumer.
/// @param seq The sequence in the stream; 0 for the one behind the acknowledged messages.
/// @param opts The options of this call; NULL for those of the context. Read during the call only.
/// @param errCode Receives the code of the server's error, or 0 if there is none; NULL if it is not
/// needed.
///
/// @retval NATS_OK The consumer is reset.
/// @retval NATS_NOT_FOUND The consumer does not exist; `errCode` is `JSConsumerNotFoundErr`. The
/// last error is cleared.
/// @retval NATS_NO_SERVER_SUPPORT The server is older than 2.14.
/// @retval NATS_INVALID_ARG `js` is NULL or was destroyed, or a name is missing or invalid.
/// @retval NATS_ERR The server refused the request: its text is the last error and its code is in `errCode`, which
/// is `JSStreamNotFoundErr` if the stream does not exist. Or the answer is not JSON.
/// @retval NATS_NO_RESPONDERS JetStream is not enabled; `errCode` is `JSNotEnabledErr`.
/// @retval NATS_TIMEOUT No answer arrived in time. The server may have carried out the request, or do so later.
/// @retval NATS_INSUFFICIENT_BUFFER The connection is lost, and the reconnect buffer
/// (`natsOptions_SetReconnectBufSize`) is full.
/// @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
/// @retval NATS_DRAINING The connection is draining and sends no requests any more.
/// @retval NATS_NO_MEMORY Memory could not be allocated.
///
/// @par Threads
/// Any thread may call this function at any time. It waits for the answer of the server, also in a
/// callback.
///
/// @see jsConsumerResetResponse_Destroy
///
/// @ingroup nats_js_consumers
///
/// # Safety
/// `new_crr` is NULL or valid for writing; `js` is NULL or a handle of this library; `opts` is
/// NULL or options whose strings are NULL or strings; `errCode` is NULL or valid for writing;
/// `stream` and `consumer` are NULL or strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_ResetConsumer(
    new_crr: *mut *mut jsConsumerResetResponse,
    js: *mut jsCtx,
    stream: *const c_char,
    consumer: *const c_char,
    seq: u64,
    opts: *mut jsOptions,
    errCode: *mut jsErrCodeArg,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    unsafe {
        guard_api("js_ResetConsumer", errCode, || {
            let stream = given::str(stream, "stream")?;
            let consumer = given::str(consumer, "consumer")?;
            let reset = with_call(js, opts, |call| call.reset_consumer(stream, consumer, seq))?;
            hand_out(new_crr, || reset_to_c(&reset))
        })
    }
}

/// Pause a consumer until a given time, or resume it.
///
/// Servers support this from 2.11 on.
///
/// @param new_cpr Receives the result, to be released with `jsConsumerPauseResponse_Destroy`; NULL
/// if it is not needed. Written only with `NATS_OK`.
/// @param js The context.
/// @param stream The name of the stream.
/// @param consumer The name of the consumer.
/// @param pauseUntil The end of the pause, in nanoseconds since the epoch; 0, or a time in the
/// past, to resume the consumer.
/// @param opts The options of this call; NULL for those of the context. Read during the call only.
/// @param errCode Receives the code of the server's error, or 0 if there is none; NULL if it is not
/// needed.
///
/// @retval NATS_OK The consumer was paused or resumed.
/// @retval NATS_NOT_FOUND The consumer does not exist; `errCode` is `JSConsumerNotFoundErr`. The
/// last error is cleared.
/// @retval NATS_NO_SERVER_SUPPORT The server is older than 2.11.
/// @retval NATS_INVALID_ARG `js` is NULL or was destroyed, a name is missing or invalid, or the
/// time is after the year 2262.
/// @retval NATS_ERR The server refused the request: its text is the last error and its code is in `errCode`, which
/// is `JSStreamNotFoundErr` if the stream does not exist. Or the answer is not JSON.
/// @retval NATS_NO_RESPONDERS JetStream is not enabled; `errCode` is `JSNotEnabledErr`.
/// @retval NATS_TIMEOUT No answer arrived in time. The server may have carried out the request, or do so later.
/// @retval NATS_INSUFFICIENT_BUFFER The connection is lost, and the reconnect buffer
/// (`natsOptions_SetReconnectBufSize`) is full.
/// @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
/// @retval NATS_DRAINING The connection is draining and sends no requests any more.
/// @retval NATS_NO_MEMORY Memory could not be allocated.
///
/// @par Threads
/// Any thread may call this function at any time. It waits for the answer of the server, also in a
/// callback.
///
/// @see jsConsumerPauseResponse_Destroy
///
/// @ingroup nats_js_consumers
///
/// # Safety
/// `new_cpr` is NULL or valid for writing; `js` is NULL or a handle of this library; `opts` is
/// NULL or options whose strings are NULL or strings; `errCode` is NULL or valid for writing;
/// `stream` and `consumer` are NULL or strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_PauseConsumer(
    new_cpr: *mut *mut jsConsumerPauseResponse,
    js: *mut jsCtx,
    stream: *const c_char,
    consumer: *const c_char,
    pauseUntil: u64,
    opts: *mut jsOptions,
    errCode: *mut jsErrCodeArg,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    unsafe {
        guard_api("js_PauseConsumer", errCode, || {
            let stream = given::str(stream, "stream")?;
            let consumer = given::str(consumer, "consumer")?;
            let until = i64::try_from(pauseUntil).map_err(|_| {
                Error::invalid_arg(format!("pauseUntil ({pauseUntil}) is too far away"))
            })?;
            let until = Time(until);
            let pause = with_call(js, opts, |call| {
                call.pause_consumer(stream, consumer, until)
            })?;
            hand_out(new_cpr, || pause_to_c(&pause))
        })
    }
}

/// Remove the pin of a client in a priority group, so that another client is pinned.
///
/// The client that was pinned receives `NATS_PIN_ID_MISMATCH`. Servers support this from 2.11 on.
///
/// Protocol: pinned clients, ADR-42.
///
/// @param js The context.
/// @param stream The name of the stream.
/// @param consumer The name of the consumer.
/// @param group The priority group: at most 16 letters, digits, `-`, `_`, `/`, `=`.
/// @param opts The options of this call; NULL for those of the context. Read during the call only.
/// @param errCode Receives the code of the server's error, or 0 if there is none; NULL if it is not
/// needed.
///
/// @retval NATS_OK The pin was removed, or no client was pinned.
/// @retval NATS_NOT_FOUND The stream or the consumer does not exist; `errCode` is
/// `JSStreamNotFoundErr` or `JSConsumerNotFoundErr`. The last error is cleared.
/// @retval NATS_NO_SERVER_SUPPORT The server is older than 2.11.
/// @retval NATS_INVALID_ARG `js` is NULL or was destroyed, or a name is missing or invalid.
/// @retval NATS_ERR The server refused the request: its text is the last error and its code is in
/// `errCode`. Or the answer is not JSON.
/// @retval NATS_NO_RESPONDERS JetStream is not enabled; `errCode` is `JSNotEnabledErr`.
/// @retval NATS_TIMEOUT No answer arrived in time. The server may have carried out the request, or do so later.
/// @retval NATS_INSUFFICIENT_BUFFER The connection is lost, and the reconnect buffer
/// (`natsOptions_SetReconnectBufSize`) is full.
/// @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
/// @retval NATS_DRAINING The connection is draining and sends no requests any more.
/// @retval NATS_NO_MEMORY Memory could not be allocated.
///
/// @par Threads
/// Any thread may call this function at any time. It waits for the answer of the server, also in a
/// callback.
///
/// @see js_AddConsumer
///
/// @ingroup nats_js_consumers
///
/// # Safety
/// `js` is NULL or a handle of this library; `opts` is NULL or options whose strings are NULL or
/// strings; `errCode` is NULL or valid for writing; `stream`, `consumer` and `group` are NULL or
/// strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_UnpinConsumer(
    js: *mut jsCtx,
    stream: *const c_char,
    consumer: *const c_char,
    group: *const c_char,
    opts: *mut jsOptions,
    errCode: *mut jsErrCodeArg,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    unsafe {
        guard_api("js_UnpinConsumer", errCode, || {
            let stream = given::str(stream, "stream")?;
            let consumer = given::str(consumer, "consumer")?;
            let group = given::str(group, "group")?;
            with_call(js, opts, |call| {
                call.unpin_consumer(stream, consumer, group)
            })
        })
    }
}

/// Release the result of resetting a consumer.
///
/// Releases it together with its fields.
///
/// @param crr The result; NULL is ignored.
///
/// @par Threads
/// Any thread may call this function, once no other thread uses the object.
///
/// @see js_ResetConsumer
///
/// @ingroup nats_js_consumers
///
/// # Safety
/// `crr` is NULL or from this library, not destroyed before, and not used afterwards. What the
/// program has written into its fields is NULL or from `malloc`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsConsumerResetResponse_Destroy(crr: *mut jsConsumerResetResponse) {
    // SAFETY: the caller's contract, above.
    guard_void(|| unsafe { memory::destroy(crr) });
}

/// Release the result of pausing a consumer.
///
/// Releases it together with its fields.
///
/// @param cpr The result; NULL is ignored.
///
/// @par Threads
/// Any thread may call this function, once no other thread uses the object.
///
/// @see js_PauseConsumer
///
/// @ingroup nats_js_consumers
///
/// # Safety
/// `cpr` is NULL or from this library, not destroyed before, and not used afterwards. What the
/// program has written into its fields is NULL or from `malloc`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsConsumerPauseResponse_Destroy(cpr: *mut jsConsumerPauseResponse) {
    // SAFETY: the caller's contract, above.
    guard_void(|| unsafe { memory::destroy(cpr) });
}
