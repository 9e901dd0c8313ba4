//! Which server leads a stream or a consumer. nats.c has no functions for that.

use std::ffi::c_char;

use super::call::{guard_api, with_call};
use super::err_code::jsErrCodeArg;
use super::given;
use super::options::jsOptions;
use crate::error::natsStatus;
use crate::ffi::handle::jsCtx;

/// Make the leader of a stream step down, so that another server of the cluster becomes the leader.
///
/// The leader answers and then steps down. Publishes that arrive before the next leader is elected are not
/// acknowledged.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param js The context.
/// @param stream The name of the stream.
/// @param preferred The name of the server that is to become the leader; NULL for any server.
/// @param opts The options of this call; NULL for those of the context. Read during the call only.
/// @param errCode Receives the code of the server's error, or 0 if there is none; NULL if it is not
/// needed.
///
/// @retval NATS_OK The leader steps down. `js_GetStreamInfo` returns the next leader once it is
/// elected.
/// @retval NATS_NOT_FOUND The stream does not exist; `errCode` is `JSStreamNotFoundErr`. The last
/// error is cleared.
/// @retval NATS_INVALID_ARG `js` is NULL or was destroyed, or the name is missing or invalid.
/// @retval NATS_NO_SERVER_SUPPORT `preferred` is set, and the server is older than 2.11.
/// @retval NATS_ERR The server refused the request, as servers without a cluster do: its text is the last error and
/// its code is in `errCode`. Or the answer is not JSON.
/// @retval NATS_NO_RESPONDERS JetStream is not enabled; `errCode` is `JSNotEnabledErr`.
/// @retval NATS_TIMEOUT No answer arrived in time. The server may have carried out the request, or do so later.
/// @retval NATS_INSUFFICIENT_BUFFER The connection is lost, and the reconnect buffer
/// (`natsOptions_SetReconnectBufSize`) is full.
/// @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
/// @retval NATS_DRAINING The connection is draining and sends no requests any more.
///
/// @par Threads
/// Any thread may call this function at any time. It waits for the answer of the server, also in a
/// callback.
///
/// @see js_StepDownConsumer, js_GetStreamInfo
///
/// @ingroup nats_js_streams
///
/// # Safety
/// `js` is NULL or a handle of this library; `opts` is NULL or options whose strings are NULL or
/// strings; `errCode` is NULL or valid for writing; `stream` and `preferred` are NULL or strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_StepDownStream(
    js: *mut jsCtx,
    stream: *const c_char,
    preferred: *const c_char,
    opts: *mut jsOptions,
    errCode: *mut jsErrCodeArg,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    unsafe {
        guard_api("js_StepDownStream", errCode, || {
            let stream = given::str(stream, "stream")?;
            let preferred = given::str(preferred, "preferred")?;
            with_call(js, opts, |call| call.step_down_stream(stream, preferred))
        })
    }
}

/// Make the leader of a consumer step down, so that another server of the cluster becomes the
/// leader.
///
/// The leader answers and then steps down. Subscriptions continue with the next leader.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param js The context.
/// @param stream The name of the stream.
/// @param consumer The name of the consumer.
/// @param preferred The name of the server that is to become the leader; NULL for any server.
/// @param opts The options of this call; NULL for those of the context. Read during the call only.
/// @param errCode Receives the code of the server's error, or 0 if there is none; NULL if it is not
/// needed.
///
/// @retval NATS_OK The leader steps down. `js_GetConsumerInfo` returns the next leader once it is
/// elected.
/// @retval NATS_NOT_FOUND The stream or the consumer does not exist; `errCode` is
/// `JSStreamNotFoundErr` or `JSConsumerNotFoundErr`. The last error is cleared.
/// @retval NATS_INVALID_ARG `js` is NULL or was destroyed, or a name is missing or invalid.
/// @retval NATS_NO_SERVER_SUPPORT `preferred` is set, and the server is older than 2.11.
/// @retval NATS_ERR The server refused the request, as servers without a cluster do: its text is the last error and
/// its code is in `errCode`. Or the answer is not JSON.
/// @retval NATS_NO_RESPONDERS JetStream is not enabled; `errCode` is `JSNotEnabledErr`.
/// @retval NATS_TIMEOUT No answer arrived in time. The server may have carried out the request, or do so later.
/// @retval NATS_INSUFFICIENT_BUFFER The connection is lost, and the reconnect buffer
/// (`natsOptions_SetReconnectBufSize`) is full.
/// @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
/// @retval NATS_DRAINING The connection is draining and sends no requests any more.
///
/// @par Threads
/// Any thread may call this function at any time. It waits for the answer of the server, also in a
/// callback.
///
/// @see js_StepDownStream, js_GetConsumerInfo
///
/// @ingroup nats_js_consumers
///
/// # Safety
/// `js` is NULL or a handle of this library; `opts` is NULL or options whose strings are NULL or
/// strings; `errCode` is NULL or valid for writing; `stream`, `consumer` and `preferred` are NULL or
/// strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_StepDownConsumer(
    js: *mut jsCtx,
    stream: *const c_char,
    consumer: *const c_char,
    preferred: *const c_char,
    opts: *mut jsOptions,
    errCode: *mut jsErrCodeArg,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    unsafe {
        guard_api("js_StepDownConsumer", errCode, || {
            let stream = given::str(stream, "stream")?;
            let consumer = given::str(consumer, "consumer")?;
            let preferred = given::str(preferred, "preferred")?;
            with_call(js, opts, |call| {
                call.step_down_consumer(stream, consumer, preferred)
            })
        })
    }
}
