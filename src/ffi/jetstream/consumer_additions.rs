//! What nats.c has no functions for on consumers.

use std::ffi::c_char;

use super::call::guard_answer;
use super::consumer_config::jsConsumerConfig;
use super::consumer_info::convert::to_c;
use super::consumer_info::jsConsumerInfo;
use super::consumers::config;
use super::err_code::jsErrCodeArg;
use super::given;
use super::options::jsOptions;
use crate::error::natsStatus;
use crate::ffi::handle::jsCtx;
use crate::js::manage::ConsumerAction;

/// Create a consumer that must not exist.
///
/// Fails with `NATS_ERR` and `JSConsumerAlreadyExistsErr` if a consumer of that name exists with another
/// configuration; if it has the same configuration, the call succeeds and changes nothing. The name is that of the
/// configuration (`Name` or `Durable`); without one the server chooses it.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param ci Receives the configuration and state of the consumer, to be released with
/// `jsConsumerInfo_Destroy`; NULL if it is not needed. Written only with `NATS_OK`.
/// @param js The context.
/// @param stream The name of the stream.
/// @param cfg The configuration, initialized with `jsConsumerConfig_Init`. Read during the call, which writes the
/// default in place of each policy that is -1.
/// @param opts The options of this call; NULL for those of the context. Read during the call only.
/// @param errCode Receives the code of the server's error, or 0 if there is none; NULL if it is not
/// needed.
///
/// @retval NATS_OK The consumer is created.
/// @retval NATS_NO_SERVER_SUPPORT The server is older than 2.10.
/// @retval NATS_INVALID_ARG `js` is NULL or was destroyed; `cfg` is NULL; a name is missing or
/// invalid; a choice or a length is out of range; or a string is not UTF-8.
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
/// @see js_AddConsumer, js_ReplaceConsumer
///
/// @ingroup nats_js_consumers
///
/// # Safety
/// `ci` is NULL or valid for writing; `js` is NULL or a handle of this library; `opts` is NULL or
/// options whose strings are NULL or strings; `errCode` is NULL or valid for writing; `stream` is
/// NULL or a string; `cfg` is NULL, or valid for writing and a configuration whose pointers are
/// NULL or point at what their fields say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_CreateConsumer(
    ci: *mut *mut jsConsumerInfo,
    js: *mut jsCtx,
    stream: *const c_char,
    cfg: *mut jsConsumerConfig,
    opts: *mut jsOptions,
    errCode: *mut jsErrCodeArg,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    unsafe {
        guard_answer(
            "js_CreateConsumer",
            ci,
            js,
            opts,
            errCode,
            |call| {
                let stream = given::str(stream, "stream")?;
                call.put_consumer(stream, &config(cfg)?, ConsumerAction::Create)
            },
            to_c,
        )
    }
}

/// Change the configuration of a consumer that must exist.
///
/// Fails with `NATS_ERR` and `JSConsumerDoesNotExistErr` if there is no consumer of that name.
/// Unlike `js_AddConsumer`, it never creates one.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param ci Receives the configuration and state of the consumer, to be released with
/// `jsConsumerInfo_Destroy`; NULL if it is not needed. Written only with `NATS_OK`.
/// @param js The context.
/// @param stream The name of the stream.
/// @param cfg The configuration, initialized with `jsConsumerConfig_Init`. Read during the call, which writes the
/// default in place of each policy that is -1.
/// @param opts The options of this call; NULL for those of the context. Read during the call only.
/// @param errCode Receives the code of the server's error, or 0 if there is none; NULL if it is not
/// needed.
///
/// @retval NATS_OK The consumer has the configuration.
/// @retval NATS_NO_SERVER_SUPPORT The server is older than 2.10.
/// @retval NATS_INVALID_ARG `js` is NULL or was destroyed; `cfg` is NULL; a name is missing or
/// invalid; a choice or a length is out of range; or a string is not UTF-8.
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
/// @see js_AddConsumer, js_CreateConsumer
///
/// @ingroup nats_js_consumers
///
/// # Safety
/// `ci` is NULL or valid for writing; `js` is NULL or a handle of this library; `opts` is NULL or
/// options whose strings are NULL or strings; `errCode` is NULL or valid for writing; `stream` is
/// NULL or a string; `cfg` is NULL, or valid for writing and a configuration whose pointers are
/// NULL or point at what their fields say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_ReplaceConsumer(
    ci: *mut *mut jsConsumerInfo,
    js: *mut jsCtx,
    stream: *const c_char,
    cfg: *mut jsConsumerConfig,
    opts: *mut jsOptions,
    errCode: *mut jsErrCodeArg,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    unsafe {
        guard_answer(
            "js_ReplaceConsumer",
            ci,
            js,
            opts,
            errCode,
            |call| {
                let stream = given::str(stream, "stream")?;
                call.put_consumer(stream, &config(cfg)?, ConsumerAction::Update)
            },
            to_c,
        )
    }
}
