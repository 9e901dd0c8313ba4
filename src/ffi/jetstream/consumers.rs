//! Consumers: add, update, info, delete.

use std::ffi::c_char;

use crate::error::{Error, natsStatus};
use crate::ffi::convert::required;
use crate::ffi::guard::guard_void;
use crate::ffi::handle::jsCtx;
use crate::ffi::jetstream::call::{guard_answer, guard_api, with_call};
use crate::ffi::jetstream::consumer_config::convert::from_c;
use crate::ffi::jetstream::consumer_config::jsConsumerConfig;
use crate::ffi::jetstream::consumer_info::convert::to_c;
use crate::ffi::jetstream::consumer_info::jsConsumerInfo;
use crate::ffi::jetstream::enums::{
    jsAckPolicy, jsAckPolicyArg, jsDeliverPolicy, jsDeliverPolicyArg, jsReplayPolicy,
    jsReplayPolicyArg,
};
use crate::ffi::jetstream::err_code::jsErrCodeArg;
use crate::ffi::jetstream::given;
use crate::ffi::jetstream::memory::{self, hand_out};
use crate::ffi::jetstream::options::jsOptions;
use crate::js;
use crate::js::api::ConsumerConfig;
use crate::js::manage::ConsumerAction;

/// Reads a configuration. Programs see in theirs what became of a policy that they did not choose.
///
/// # Safety
/// `cfg` is NULL or a configuration as [`from_c`] asks, valid for writing.
pub(super) unsafe fn config(cfg: *mut jsConsumerConfig) -> js::Result<ConsumerConfig> {
    // SAFETY: the contract above.
    let cfg = unsafe { cfg.as_mut() };
    let cfg = cfg.ok_or_else(|| Error::invalid_arg("consumer configuration required"))?;
    // SAFETY: likewise.
    let config = unsafe { from_c(cfg) }?;
    if config.deliver_policy.is_none() {
        cfg.DeliverPolicy = jsDeliverPolicyArg(jsDeliverPolicy::js_DeliverAll as i32);
    }
    if config.ack_policy.is_none() {
        cfg.AckPolicy = jsAckPolicyArg(jsAckPolicy::js_AckExplicit as i32);
    }
    if config.replay_policy.is_none() {
        cfg.ReplayPolicy = jsReplayPolicyArg(jsReplayPolicy::js_ReplayInstant as i32);
    }
    Ok(config)
}

/// Create a consumer, or change the configuration of one that exists.
///
/// The name is `Name` of the configuration, or else `Durable`; without either the server chooses
/// one. A consumer with `Durable` is kept when no client uses it.
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
/// @retval NATS_OK The consumer exists.
/// @retval NATS_INVALID_ARG `js` is NULL or was destroyed; `cfg` is NULL; a name is missing or
/// invalid; a choice or a length is out of range; a string is not UTF-8; or the server does not
/// support consumers with several filters.
/// @retval NATS_NO_SERVER_SUPPORT The server is too old for a setting, which the last error names together with the
/// version that supports it. Or the answer came from another server of the cluster that is too old and has ignored
/// the setting.
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
/// @par Example
/// ```c
/// jsConsumerConfig cfg;
///
/// jsConsumerConfig_Init(&cfg);
/// cfg.Durable = "worker";
/// natsStatus s = js_AddConsumer(NULL, js, "ORDERS", &cfg, NULL, NULL);
/// ```
///
/// @see jsConsumerConfig_Init, js_UpdateConsumer, jsConsumerInfo_Destroy
///
/// @ingroup nats_js_consumers
///
/// # Safety
/// `ci` is NULL or valid for writing; `js` is NULL or a handle of this library; `opts` is NULL or
/// options whose strings are NULL or strings; `errCode` is NULL or valid for writing; `stream` is
/// NULL or a string; `cfg` is NULL, or valid for writing and a configuration whose pointers are
/// NULL or point at what their fields say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_AddConsumer(
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
            "js_AddConsumer",
            ci,
            js,
            opts,
            errCode,
            |call| {
                let stream = given::str(stream, "stream")?;
                call.put_consumer(stream, &config(cfg)?, ConsumerAction::CreateOrUpdate)
            },
            to_c,
        )
    }
}

/// Change the configuration of a durable consumer, or create it.
///
/// As `js_AddConsumer`, but `Durable` must be set. Change a configuration that
/// `js_GetConsumerInfo` returned, or a copy of it: settings of a newer server that the structure
/// has no field for are then kept.
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
/// @retval NATS_INVALID_ARG `js` is NULL or was destroyed; `cfg` is NULL, or has no `Durable`; a
/// name is missing or invalid; a choice or a length is out of range; or a string is not UTF-8.
/// @retval NATS_NO_SERVER_SUPPORT The server is too old for a setting, which the last error names together with the
/// version that supports it. Or the answer came from another server of the cluster that is too old and has ignored
/// the setting.
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
/// @see js_AddConsumer, js_GetConsumerInfo
///
/// @ingroup nats_js_consumers
///
/// # Safety
/// `ci` is NULL or valid for writing; `js` is NULL or a handle of this library; `opts` is NULL or
/// options whose strings are NULL or strings; `errCode` is NULL or valid for writing; `stream` is
/// NULL or a string; `cfg` is NULL, or valid for writing and a configuration whose pointers are
/// NULL or point at what their fields say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_UpdateConsumer(
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
            "js_UpdateConsumer",
            ci,
            js,
            opts,
            errCode,
            |call| {
                let stream = given::str(stream, "stream")?;
                let config = config(cfg)?;
                if config.durable.is_empty() {
                    return Err(Error::invalid_arg("durable name is required").into());
                }
                call.put_consumer(stream, &config, ConsumerAction::CreateOrUpdate)
            },
            to_c,
        )
    }
}

/// Get the configuration and the state of a consumer.
///
/// @param ci Receives the configuration and state of the consumer, to be released with
/// `jsConsumerInfo_Destroy`. Written only with `NATS_OK`.
/// @param js The context.
/// @param stream The name of the stream.
/// @param consumer The name of the consumer.
/// @param opts The options of this call; NULL for those of the context. Read during the call only.
/// @param errCode Receives the code of the server's error, or 0 if there is none; NULL if it is not
/// needed.
///
/// @retval NATS_OK The info was written.
/// @retval NATS_NOT_FOUND The consumer does not exist; `errCode` is `JSConsumerNotFoundErr`. The
/// last error is cleared.
/// @retval NATS_INVALID_ARG `ci` is NULL, `js` is NULL or was destroyed, or a name is missing or
/// invalid.
/// @retval NATS_ERR The server refused the request: its text is the last error and its code is in `errCode`, which
/// is `JSStreamNotFoundErr` if the stream does not exist. Or the answer is not JSON.
/// @retval NATS_NO_RESPONDERS JetStream is not enabled; `errCode` is `JSNotEnabledErr`.
/// @retval NATS_TIMEOUT No answer arrived in time.
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
/// @see js_Consumers, jsConsumerInfo_Destroy
///
/// @ingroup nats_js_consumers
///
/// # Safety
/// `ci` is NULL or valid for writing; `js` is NULL or a handle of this library; `opts` is NULL or
/// options whose strings are NULL or strings; `errCode` is NULL or valid for writing; `stream`
/// and `consumer` are NULL or strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_GetConsumerInfo(
    ci: *mut *mut jsConsumerInfo,
    js: *mut jsCtx,
    stream: *const c_char,
    consumer: *const c_char,
    opts: *mut jsOptions,
    errCode: *mut jsErrCodeArg,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    unsafe {
        guard_api("js_GetConsumerInfo", errCode, || {
            required(ci, "ci")?;
            let stream = given::str(stream, "stream")?;
            let consumer = given::str(consumer, "consumer")?;
            let info = with_call(js, opts, |call| call.consumer_info(stream, consumer))?;
            hand_out(ci, || to_c(&info))
        })
    }
}

/// Delete a consumer.
///
/// Its subscriptions receive no more messages.
///
/// @param js The context.
/// @param stream The name of the stream.
/// @param consumer The name of the consumer.
/// @param opts The options of this call; NULL for those of the context. Read during the call only.
/// @param errCode Receives the code of the server's error, or 0 if there is none; NULL if it is not
/// needed.
///
/// @retval NATS_OK The consumer is deleted.
/// @retval NATS_NOT_FOUND The stream or the consumer does not exist; `errCode` is
/// `JSStreamNotFoundErr` or `JSConsumerNotFoundErr`. The last error is cleared.
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
/// strings; `errCode` is NULL or valid for writing; `stream` and `consumer` are NULL or strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_DeleteConsumer(
    js: *mut jsCtx,
    stream: *const c_char,
    consumer: *const c_char,
    opts: *mut jsOptions,
    errCode: *mut jsErrCodeArg,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    unsafe {
        guard_api("js_DeleteConsumer", errCode, || {
            let stream = given::str(stream, "stream")?;
            let consumer = given::str(consumer, "consumer")?;
            with_call(js, opts, |call| call.delete_consumer(stream, consumer))
        })
    }
}

/// Release the info of a consumer.
///
/// Releases it together with its fields.
///
/// @param ci The info; NULL is ignored.
///
/// @par Threads
/// Any thread may call this function, once no other thread uses the object.
///
/// @see js_GetConsumerInfo
///
/// @ingroup nats_js_consumers
///
/// # Safety
/// `ci` is NULL or from this library, not destroyed before, and not used afterwards. What the
/// program has written into its fields is NULL or from `malloc`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsConsumerInfo_Destroy(ci: *mut jsConsumerInfo) {
    // SAFETY: the caller's contract, above.
    guard_void(|| unsafe { memory::destroy(ci) });
}
