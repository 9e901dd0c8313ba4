//! Streams: add, update, purge, delete, info.

use std::ffi::c_char;

use crate::error::{Error, natsStatus};
use crate::ffi::convert::required;
use crate::ffi::guard::guard_void;
use crate::ffi::handle::jsCtx;
use crate::ffi::jetstream::call::{guard_answer, guard_api, with_call};
use crate::ffi::jetstream::err_code::jsErrCodeArg;
use crate::ffi::jetstream::given;
use crate::ffi::jetstream::memory::{self, hand_out};
use crate::ffi::jetstream::options::jsOptions;
use crate::ffi::jetstream::stream_config::convert::from_c;
use crate::ffi::jetstream::stream_config::jsStreamConfig;
use crate::ffi::jetstream::stream_info::convert::to_c;
use crate::ffi::jetstream::stream_info::jsStreamInfo;
use crate::js;
use crate::js::api::StreamConfig;

/// Reads a configuration.
///
/// # Safety
/// `cfg` is NULL or a configuration as [`from_c`] asks.
pub(super) unsafe fn config(cfg: *const jsStreamConfig) -> js::Result<StreamConfig> {
    // SAFETY: the contract above.
    let cfg = unsafe { cfg.as_ref() };
    let cfg = cfg.ok_or_else(|| Error::invalid_arg("stream configuration required"))?;
    // SAFETY: likewise.
    Ok(unsafe { from_c(cfg) }?)
}

/// Create a stream.
///
/// If the stream exists with the same configuration, the call succeeds. The `Domain` of a mirror or
/// source becomes its external API, unless it is the stream's own domain; the structure is not
/// changed.
///
/// @param si Receives the configuration and state of the stream, to be released with
/// `jsStreamInfo_Destroy`; NULL if it is not needed. Written only with `NATS_OK`.
/// @param js The context.
/// @param cfg The configuration, initialized with `jsStreamConfig_Init`. Read during the call only.
/// @param opts The options of this call; NULL for those of the context. Read during the call only.
/// @param errCode Receives the code of the server's error, or 0 if there is none; NULL if it is not
/// needed.
///
/// @retval NATS_OK The stream exists.
/// @retval NATS_INVALID_ARG `js` is NULL or was destroyed; `cfg` is NULL; the name is missing or
/// has a dot, white space, a control character, a slash, a backslash or a wildcard; a choice or a
/// length is out of range; a string is not UTF-8; or a source has both `Domain` and `External`.
/// @retval NATS_NO_SERVER_SUPPORT The server is too old for a setting, which the last error names together with the
/// version that supports it. Or the answer came from another server of the cluster that is too old and has ignored
/// the setting.
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
/// @par Example
/// ```c
/// jsStreamConfig cfg;
/// const char *subjects[] = {"orders.*"};
///
/// jsStreamConfig_Init(&cfg);
/// cfg.Name = "ORDERS";
/// cfg.Subjects = subjects;
/// cfg.SubjectsLen = 1;
/// natsStatus s = js_AddStream(NULL, js, &cfg, NULL, NULL);
/// ```
///
/// @see jsStreamConfig_Init, js_UpdateStream, jsStreamInfo_Destroy
///
/// @ingroup nats_js_streams
///
/// # Safety
/// `si` is NULL or valid for writing; `js` is NULL or a handle of this library; `opts` is NULL or
/// options whose strings are NULL or strings; `errCode` is NULL or valid for writing; `cfg` is
/// NULL or a configuration whose pointers are NULL or point at what their fields say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_AddStream(
    si: *mut *mut jsStreamInfo,
    js: *mut jsCtx,
    cfg: *mut jsStreamConfig,
    opts: *mut jsOptions,
    errCode: *mut jsErrCodeArg,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    unsafe {
        guard_answer(
            "js_AddStream",
            si,
            js,
            opts,
            errCode,
            |call| call.create_stream(&config(cfg)?),
            to_c,
        )
    }
}

/// Change the configuration of a stream.
///
/// The whole configuration is replaced. Change one that `js_GetStreamInfo` returned, or a copy of
/// it: settings of a newer server, and of sources, that the structure has no field for are then
/// kept. The `Domain` of a mirror or source is ignored; its `External` counts.
///
/// @param si Receives the configuration and state of the stream, to be released with
/// `jsStreamInfo_Destroy`; NULL if it is not needed. Written only with `NATS_OK`.
/// @param js The context.
/// @param cfg The configuration. Read during the call only.
/// @param opts The options of this call; NULL for those of the context. Read during the call only.
/// @param errCode Receives the code of the server's error, or 0 if there is none; NULL if it is not
/// needed.
///
/// @retval NATS_OK The stream has the configuration.
/// @retval NATS_NOT_FOUND The stream does not exist; `errCode` is `JSStreamNotFoundErr`. The last
/// error is cleared.
/// @retval NATS_INVALID_ARG `js` is NULL or was destroyed; `cfg` is NULL; the name is missing or
/// invalid; a choice or a length is out of range; or a string is not UTF-8.
/// @retval NATS_NO_SERVER_SUPPORT The server is too old for a setting, which the last error names together with the
/// version that supports it. Or the answer came from another server of the cluster that is too old and has ignored
/// the setting.
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
/// @par Example
/// ```c
/// jsStreamInfo *si = NULL;
///
/// natsStatus s = js_GetStreamInfo(&si, js, "ORDERS", NULL, NULL);
/// if (s == NATS_OK) {
///     si->Config->MaxMsgs = 1000;
///     s = js_UpdateStream(NULL, js, si->Config, NULL, NULL);
/// }
/// jsStreamInfo_Destroy(si);
/// ```
///
/// @see js_AddStream, js_GetStreamInfo
///
/// @ingroup nats_js_streams
///
/// # Safety
/// `si` is NULL or valid for writing; `js` is NULL or a handle of this library; `opts` is NULL or
/// options whose strings are NULL or strings; `errCode` is NULL or valid for writing; `cfg` is
/// NULL or a configuration whose pointers are NULL or point at what their fields say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_UpdateStream(
    si: *mut *mut jsStreamInfo,
    js: *mut jsCtx,
    cfg: *mut jsStreamConfig,
    opts: *mut jsOptions,
    errCode: *mut jsErrCodeArg,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    unsafe {
        guard_answer(
            "js_UpdateStream",
            si,
            js,
            opts,
            errCode,
            |call| call.update_stream(&config(cfg)?),
            to_c,
        )
    }
}

/// Remove messages of a stream.
///
/// Removes all messages, or those that `Stream.Purge` of the options selects.
///
/// @param js The context.
/// @param stream The name of the stream.
/// @param opts The options of this call; NULL for those of the context. Read during the call only.
/// @param errCode Receives the code of the server's error, or 0 if there is none; NULL if it is not
/// needed.
///
/// @retval NATS_OK The messages are removed.
/// @retval NATS_NOT_FOUND The stream does not exist; `errCode` is `JSStreamNotFoundErr`. The last
/// error is cleared.
/// @retval NATS_INVALID_ARG `js` is NULL or was destroyed; the name is missing or invalid; or the
/// options have both a sequence and a number of messages to keep.
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
/// @see jsOptions_Init, js_DeleteMsg
///
/// @ingroup nats_js_streams
///
/// # Safety
/// `js` is NULL or a handle of this library; `opts` is NULL or options whose strings are NULL or
/// strings; `errCode` is NULL or valid for writing; `stream` is NULL or a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_PurgeStream(
    js: *mut jsCtx,
    stream: *const c_char,
    opts: *mut jsOptions,
    errCode: *mut jsErrCodeArg,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    unsafe {
        guard_api("js_PurgeStream", errCode, || {
            let stream = given::str(stream, "stream")?;
            with_call(js, opts, |call| call.purge_stream(stream).map(drop))
        })
    }
}

/// Delete a stream with its messages and consumers.
///
/// @param js The context.
/// @param stream The name of the stream.
/// @param opts The options of this call; NULL for those of the context. Read during the call only.
/// @param errCode Receives the code of the server's error, or 0 if there is none; NULL if it is not
/// needed.
///
/// @retval NATS_OK The stream is deleted.
/// @retval NATS_NOT_FOUND The stream does not exist; `errCode` is `JSStreamNotFoundErr`. The last
/// error is cleared.
/// @retval NATS_INVALID_ARG `js` is NULL or was destroyed, or the name is missing or invalid.
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
/// @see js_AddStream
///
/// @ingroup nats_js_streams
///
/// # Safety
/// `js` is NULL or a handle of this library; `opts` is NULL or options whose strings are NULL or
/// strings; `errCode` is NULL or valid for writing; `stream` is NULL or a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_DeleteStream(
    js: *mut jsCtx,
    stream: *const c_char,
    opts: *mut jsOptions,
    errCode: *mut jsErrCodeArg,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    unsafe {
        guard_api("js_DeleteStream", errCode, || {
            let stream = given::str(stream, "stream")?;
            with_call(js, opts, |call| call.delete_stream(stream))
        })
    }
}

/// Get the configuration and the state of a stream.
///
/// With `Stream.Info` of the options, the sequences of deleted messages and the number of messages
/// of each subject are included. If there are many subjects, several requests are sent, and the
/// `Wait` of the options applies to each of them.
///
/// @param si Receives the configuration and state of the stream, to be released with
/// `jsStreamInfo_Destroy`. Written only with `NATS_OK`.
/// @param js The context.
/// @param stream The name of the stream.
/// @param opts The options of this call; NULL for those of the context. Read during the call only.
/// @param errCode Receives the code of the server's error, or 0 if there is none; NULL if it is not
/// needed.
///
/// @retval NATS_OK The info was written.
/// @retval NATS_NOT_FOUND The stream does not exist; `errCode` is `JSStreamNotFoundErr`. The last
/// error is cleared.
/// @retval NATS_INVALID_ARG `si` is NULL, `js` is NULL or was destroyed, or the name is missing or
/// invalid.
/// @retval NATS_ERR The server refused the request: its text is the last error and its code is in
/// `errCode`. Or the answer is not JSON.
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
/// @see js_Streams, jsStreamInfo_Destroy
///
/// @ingroup nats_js_streams
///
/// # Safety
/// `si` is NULL or valid for writing; `js` is NULL or a handle of this library; `opts` is NULL or
/// options whose strings are NULL or strings; `errCode` is NULL or valid for writing; `stream` is
/// NULL or a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_GetStreamInfo(
    si: *mut *mut jsStreamInfo,
    js: *mut jsCtx,
    stream: *const c_char,
    opts: *mut jsOptions,
    errCode: *mut jsErrCodeArg,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    unsafe {
        guard_api("js_GetStreamInfo", errCode, || {
            required(si, "si")?;
            let stream = given::str(stream, "stream")?;
            let info = with_call(js, opts, |call| call.stream_info(stream))?;
            hand_out(si, || to_c(&info))
        })
    }
}

/// Release the info of a stream.
///
/// Releases it together with its fields.
///
/// @param si The info; NULL is ignored.
///
/// @par Threads
/// Any thread may call this function, once no other thread uses the object.
///
/// @see js_GetStreamInfo
///
/// @ingroup nats_js_streams
///
/// # Safety
/// `si` is NULL or from this library, not destroyed before, and not used afterwards. What the
/// program has written into its fields is NULL or from `malloc`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsStreamInfo_Destroy(si: *mut jsStreamInfo) {
    // SAFETY: the caller's contract, above.
    guard_void(|| unsafe { memory::destroy(si) });
}
