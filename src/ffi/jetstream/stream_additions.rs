//! What nats.c has no functions for on streams.

use std::ffi::{c_char, c_int};

use super::call::{guard_answer, guard_api, with_call};
use super::err_code::jsErrCodeArg;
use super::given;
use super::options::jsOptions;
use super::stream_config::jsStreamConfig;
use super::stream_info::convert::to_c;
use super::stream_info::jsStreamInfo;
use super::streams::config;
use crate::error::{Error, Status, natsStatus};
use crate::ffi::convert::{malloc_string, required, write_optional};
use crate::ffi::guard::guard;
use crate::ffi::handle::{borrow_arc, jsCtx};

/// Create a stream, or change the configuration of the one that exists.
///
/// If a stream of the name exists, its configuration is replaced; otherwise the stream is created.
/// Several programs may do this at the same time.
///
/// @note An addition of this library: nats.c does not have it.
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
/// @retval NATS_INVALID_ARG As for `js_AddStream`.
/// @retval NATS_NO_SERVER_SUPPORT As for `js_AddStream`: the server is too old for a setting, which the last error
/// names together with the version that supports it. Or the answer came from another server of the cluster that is
/// too old and has ignored the setting.
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
///
/// jsStreamConfig_Init(&cfg);
/// cfg.Name = "ORDERS";
/// natsStatus s = js_CreateOrUpdateStream(NULL, js, &cfg, NULL, NULL);
/// ```
///
/// @see js_AddStream, js_UpdateStream
///
/// @ingroup nats_js_streams
///
/// # Safety
/// `si` is NULL or valid for writing; `js` is NULL or a handle of this library; `opts` is NULL or
/// options whose strings are NULL or strings; `errCode` is NULL or valid for writing; `cfg` is
/// NULL or a configuration whose pointers are NULL or point at what their fields say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_CreateOrUpdateStream(
    si: *mut *mut jsStreamInfo,
    js: *mut jsCtx,
    cfg: *mut jsStreamConfig,
    opts: *mut jsOptions,
    errCode: *mut jsErrCodeArg,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    unsafe {
        guard_answer(
            "js_CreateOrUpdateStream",
            si,
            js,
            opts,
            errCode,
            |call| call.create_or_update_stream(&config(cfg)?),
            to_c,
        )
    }
}

/// Get the name of the stream that stores a subject.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param name Receives the name, to be released with `free`. Written only with `NATS_OK`.
/// @param js The context.
/// @param subject The subject; may have wildcards.
/// @param opts The options of this call; NULL for those of the context. Read during the call only.
/// @param errCode Receives the code of the server's error, or 0 if there is none; NULL if it is not
/// needed.
///
/// @retval NATS_OK `name` has the name. If several streams match, it is the name of one of them.
/// @retval NATS_NOT_FOUND No stream stores the subject. The last error is cleared.
/// @retval NATS_INVALID_ARG `name` is NULL, `js` is NULL or was destroyed, or the subject is
/// missing.
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
/// @see js_StreamNames
///
/// @ingroup nats_js_streams
///
/// # Safety
/// `name` is NULL or valid for writing; `js` is NULL or a handle of this library; `opts` is NULL
/// or options whose strings are NULL or strings; `errCode` is NULL or valid for writing;
/// `subject` is NULL or a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_StreamNameBySubject(
    name: *mut *mut c_char,
    js: *mut jsCtx,
    subject: *const c_char,
    opts: *mut jsOptions,
    errCode: *mut jsErrCodeArg,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    unsafe {
        guard_api("js_StreamNameBySubject", errCode, || {
            required(name, "name")?;
            let subject = given::str(subject, "subject")?;
            if subject.is_empty() {
                return Err(Error::invalid_arg("subject is required").into());
            }
            let found = with_call(js, opts, |call| call.stream_of_subject(subject))?;
            let found = found.ok_or(Status::NATS_NOT_FOUND)?;
            name.write(malloc_string(found.as_bytes())?);
            Ok(())
        })
    }
}

/// Remove messages of a stream and return their number.
///
/// As `js_PurgeStream` otherwise.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param purged Receives the number of removed messages; NULL if it is not needed. Written only
/// with `NATS_OK`.
/// @param js The context.
/// @param stream The name of the stream.
/// @param opts The options of this call; NULL for those of the context. Read during the call only.
/// @param errCode Receives the code of the server's error, or 0 if there is none; NULL if it is not
/// needed.
///
/// @retval NATS_OK The messages are removed.
/// @retval NATS_NOT_FOUND The stream does not exist; `errCode` is `JSStreamNotFoundErr`. The last
/// error is cleared.
/// @retval NATS_INVALID_ARG As for `js_PurgeStream`.
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
/// @see js_PurgeStream
///
/// @ingroup nats_js_streams
///
/// # Safety
/// `purged` is NULL or valid for writing; `js` is NULL or a handle of this library; `opts` is
/// NULL or options whose strings are NULL or strings; `errCode` is NULL or valid for writing;
/// `stream` is NULL or a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_PurgeStreamCount(
    purged: *mut u64,
    js: *mut jsCtx,
    stream: *const c_char,
    opts: *mut jsOptions,
    errCode: *mut jsErrCodeArg,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    unsafe {
        guard_api("js_PurgeStreamCount", errCode, || {
            let stream = given::str(stream, "stream")?;
            let count = with_call(js, opts, |call| call.purge_stream(stream))?;
            write_optional(purged, count);
            Ok(())
        })
    }
}

/// Set the level of the JetStream API that servers must have for calls of a context.
///
/// A server of a lower level refuses each call: `NATS_ERR` with `JSRequiredApiLevelErr`. Servers
/// before 2.12 ignore it. ADR-44 has the levels.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param js The context.
/// @param level The level; 0 for any.
///
/// @retval NATS_OK The setting applies to calls that begin afterwards.
/// @retval NATS_INVALID_ARG `js` is NULL or was destroyed, or `level` is negative.
///
/// @par Threads
/// Any thread may call this function at any time.
///
/// @par Example
/// ```c
/// natsStatus s = js_SetRequiredApiLevel(js, 2);
/// ```
///
/// @see natsConnection_JetStream
///
/// @ingroup nats_js_context
///
/// # Safety
/// `js` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_SetRequiredApiLevel(js: *mut jsCtx, level: c_int) -> natsStatus {
    guard("js_SetRequiredApiLevel", || {
        // SAFETY: the caller's contract, above.
        let context = unsafe { borrow_arc(js) }?;
        let level = u32::try_from(level)
            .map_err(|_| Error::invalid_arg(format!("level ({level}) cannot be negative")))?;
        context.set_required_level(level);
        Ok(())
    })
}

/// Set whether servers refuse configurations that they would have to adjust.
///
/// By default a server adjusts some settings that do not go together: without `Duplicates` it shortens the default
/// duplicate window to `MaxAge`, with a `BackOff` it ignores `AckWait`. It also fills in limits of the account.
/// With this setting, `js_AddStream`, `js_UpdateStream`, `js_CreateOrUpdateStream`, `js_AddConsumer`,
/// `js_UpdateConsumer`, `js_CreateConsumer` and `js_ReplaceConsumer` with the context fail instead: `NATS_ERR` with
/// `JSPedanticErr`. The streams of buckets and object stores, and consumers that subscriptions create, are not
/// affected.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param js The context.
/// @param pedantic Whether servers refuse; false is the default.
///
/// @retval NATS_OK The setting applies to calls that begin afterwards. With servers before 2.11, which would ignore
/// it, they fail with `NATS_NO_SERVER_SUPPORT`.
/// @retval NATS_INVALID_ARG `js` is NULL or was destroyed.
///
/// @par Threads
/// Any thread may call this function at any time.
///
/// @see js_SetRequiredApiLevel
///
/// @ingroup nats_js_context
///
/// # Safety
/// `js` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_SetPedantic(js: *mut jsCtx, pedantic: bool) -> natsStatus {
    guard("js_SetPedantic", || {
        // SAFETY: the caller's contract, above.
        let context = unsafe { borrow_arc(js) }?;
        context.set_pedantic(pedantic);
        Ok(())
    })
}
