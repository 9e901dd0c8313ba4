//! Single messages of streams: get, delete, erase.

use std::ffi::c_char;

use crate::error::{Error, natsStatus};
use crate::ffi::convert::required;
use crate::ffi::handle::jsCtx;
use crate::ffi::jetstream::call::{guard_api, with_call};
use crate::ffi::jetstream::direct_get::jsDirectGetMsgOptions;
use crate::ffi::jetstream::err_code::jsErrCodeArg;
use crate::ffi::jetstream::given;
use crate::ffi::jetstream::options::jsOptions;
use crate::ffi::msg::{into_c, natsMsg};
use crate::js;
use crate::js::manage::{DirectGet, GetMsg};

/// Get a message of a stream by its sequence.
///
/// The message has the subject, the headers and the payload that it was stored with, and no reply
/// subject. `natsMsg_GetSequence` and `natsMsg_GetTime` return its sequence and time.
///
/// @param msg Receives the message, to be released with `natsMsg_Destroy`. Written only with
/// `NATS_OK`.
/// @param js The context.
/// @param stream The name of the stream.
/// @param seq The sequence, at least 1.
/// @param opts The options of this call; NULL for those of the context. Read during the call only.
/// @param errCode Receives the code of the server's error, or 0 if there is none; NULL if it is not
/// needed.
///
/// @retval NATS_OK The message was written.
/// @retval NATS_NOT_FOUND The stream has no such message; `errCode` is `JSNoMessageFoundErr`.
/// @retval NATS_INVALID_ARG `msg` is NULL, `js` is NULL or was destroyed, the name is missing or invalid, or the
/// sequence is 0.
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
/// @see js_GetLastMsg, js_DirectGetMsg
///
/// @ingroup nats_js_streams
///
/// # Safety
/// `msg` is NULL or valid for writing; `js` is NULL or a handle of this library; `opts` is NULL
/// or options whose strings are NULL or strings; `errCode` is NULL or valid for writing; `stream`
/// is NULL or a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_GetMsg(
    msg: *mut *mut natsMsg,
    js: *mut jsCtx,
    stream: *const c_char,
    seq: u64,
    opts: *mut jsOptions,
    errCode: *mut jsErrCodeArg,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    unsafe {
        guard_api("js_GetMsg", errCode, || {
            required(msg, "msg")?;
            let stream = given::str(stream, "stream")?;
            let which = GetMsg::Sequence(seq);
            let found = with_call(js, opts, |call| call.get_msg(stream, which))?;
            msg.write(into_c(found));
            Ok(())
        })
    }
}

/// Get the last message of a subject in a stream.
///
/// The message is read through the API of the stream's leader, with its subject, headers, payload,
/// sequence and time.
///
/// @param msg Receives the message, to be released with `natsMsg_Destroy`. Written only with
/// `NATS_OK`.
/// @param js The context.
/// @param stream The name of the stream.
/// @param subject The subject; may have wildcards.
/// @param opts The options of this call; NULL for those of the context. Read during the call only.
/// @param errCode Receives the code of the server's error, or 0 if there is none; NULL if it is not
/// needed.
///
/// @retval NATS_OK The message was written.
/// @retval NATS_NOT_FOUND The stream has no such message; `errCode` is `JSNoMessageFoundErr`.
/// @retval NATS_INVALID_ARG `msg` is NULL, `js` is NULL or was destroyed, the name is missing or invalid, or the
/// subject is missing.
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
/// @see js_GetMsg
///
/// @ingroup nats_js_streams
///
/// # Safety
/// `msg` is NULL or valid for writing; `js` is NULL or a handle of this library; `opts` is NULL
/// or options whose strings are NULL or strings; `errCode` is NULL or valid for writing; `stream`
/// and `subject` are NULL or strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_GetLastMsg(
    msg: *mut *mut natsMsg,
    js: *mut jsCtx,
    stream: *const c_char,
    subject: *const c_char,
    opts: *mut jsOptions,
    errCode: *mut jsErrCodeArg,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    unsafe {
        guard_api("js_GetLastMsg", errCode, || {
            required(msg, "msg")?;
            let stream = given::str(stream, "stream")?;
            let which = GetMsg::LastOf(given::str(subject, "subject")?);
            let found = with_call(js, opts, |call| call.get_msg(stream, which))?;
            msg.write(into_c(found));
            Ok(())
        })
    }
}

/// Get a message of a stream from any server that has it.
///
/// The stream must allow it (`AllowDirect`). This is faster than `js_GetMsg`, but a server other than the leader
/// may not have the newest messages yet. Headers of the message state where it was stored: `Nats-Stream`,
/// `Nats-Subject`, `Nats-Sequence`, `Nats-Time-Stamp`.
///
/// Protocol: direct get, ADR-31.
///
/// @param msg Receives the message, to be released with `natsMsg_Destroy`. Written only with
/// `NATS_OK`.
/// @param js The context.
/// @param stream The name of the stream.
/// @param opts The options of this call; NULL for those of the context. Read during the call only.
/// @param dgOpts The message to get. Read during the call only.
///
/// @retval NATS_OK The message was written.
/// @retval NATS_NOT_FOUND The stream has no matching message.
/// @retval NATS_INVALID_ARG `msg` or `dgOpts` is NULL, `js` is NULL or was destroyed, or the name is missing or
/// invalid.
/// @retval NATS_INVALID_SUBJECT `LastBySubject` is not a valid subject.
/// @retval NATS_ERR The server refused the request: its text is the last error, which is `Empty Request` if
/// `dgOpts` selects nothing. Or its answer does not say which message it is.
/// @retval NATS_NO_RESPONDERS No server answers direct gets of this stream: it does not exist or does not allow
/// them (`AllowDirect`), or JetStream is not enabled.
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
/// @see jsDirectGetMsgOptions_Init, js_GetMsg
///
/// @ingroup nats_js_streams
///
/// # Safety
/// `msg` is NULL or valid for writing; `js` is NULL or a handle of this library; `opts` is NULL
/// or options whose strings are NULL or strings; `stream` is NULL or a string; `dgOpts` is NULL
/// or a selection whose strings are NULL or strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_DirectGetMsg(
    msg: *mut *mut natsMsg,
    js: *mut jsCtx,
    stream: *const c_char,
    opts: *mut jsOptions,
    dgOpts: *mut jsDirectGetMsgOptions,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    unsafe {
        guard_api("js_DirectGetMsg", std::ptr::null_mut(), || {
            direct_get(msg, js, stream, opts, dgOpts, false)
        })
    }
}

/// Gets a message straight from a server that has it.
///
/// # Safety
/// As for [`js_DirectGetMsg`].
pub(super) unsafe fn direct_get(
    msg: *mut *mut natsMsg,
    js: *mut jsCtx,
    stream: *const c_char,
    opts: *mut jsOptions,
    dgOpts: *const jsDirectGetMsgOptions,
    no_headers: bool,
) -> js::Result<()> {
    required(msg, "msg")?;
    // SAFETY: the contract above.
    unsafe {
        let which = dgOpts.as_ref();
        let which = which.ok_or_else(|| Error::invalid_arg("dgOpts cannot be NULL"))?;
        let which = DirectGet {
            sequence: which.Sequence,
            next_by_subject: given::str(which.NextBySubject, "NextBySubject")?,
            last_by_subject: given::str(which.LastBySubject, "LastBySubject")?,
            no_headers,
            ..DirectGet::default()
        };
        let stream = given::str(stream, "stream")?;
        let found = with_call(js, opts, |call| call.direct_get(stream, &which))?;
        msg.write(into_c(found));
    }
    Ok(())
}

/// Delete a message of a stream.
///
/// The message cannot be read any more. Its bytes on the disk are overwritten at some later time;
/// `js_EraseMsg` overwrites them at once.
///
/// @param js The context.
/// @param stream The name of the stream.
/// @param seq The sequence of the message.
/// @param opts The options of this call; NULL for those of the context. Read during the call only.
/// @param errCode Receives the code of the server's error, or 0 if there is none; NULL if it is not
/// needed.
///
/// @retval NATS_OK The message is deleted.
/// @retval NATS_NOT_FOUND The stream does not exist; `errCode` is `JSStreamNotFoundErr`. The last
/// error is cleared.
/// @retval NATS_INVALID_ARG `js` is NULL or was destroyed, or the name is missing or invalid.
/// @retval NATS_ERR The server refused the request: its text is the last error and its code is in `errCode`, which
/// is `JSSequenceNotFoundErr` if the stream has no message of this sequence. Or the answer is not JSON.
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
/// @see js_EraseMsg, js_PurgeStream
///
/// @ingroup nats_js_streams
///
/// # Safety
/// `js` is NULL or a handle of this library; `opts` is NULL or options whose strings are NULL or
/// strings; `errCode` is NULL or valid for writing; `stream` is NULL or a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_DeleteMsg(
    js: *mut jsCtx,
    stream: *const c_char,
    seq: u64,
    opts: *mut jsOptions,
    errCode: *mut jsErrCodeArg,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    unsafe {
        guard_api("js_DeleteMsg", errCode, || {
            let stream = given::str(stream, "stream")?;
            with_call(js, opts, |call| call.delete_msg(stream, seq))
        })
    }
}

/// Delete a message of a stream and overwrite it on the disk.
///
/// This takes the server longer than `js_DeleteMsg`.
///
/// @param js The context.
/// @param stream The name of the stream.
/// @param seq The sequence of the message.
/// @param opts The options of this call; NULL for those of the context. Read during the call only.
/// @param errCode Receives the code of the server's error, or 0 if there is none; NULL if it is not
/// needed.
///
/// @retval NATS_OK The message is deleted and overwritten.
/// @retval NATS_NOT_FOUND The stream does not exist; `errCode` is `JSStreamNotFoundErr`. The last
/// error is cleared.
/// @retval NATS_INVALID_ARG `js` is NULL or was destroyed, or the name is missing or invalid.
/// @retval NATS_ERR The server refused the request: its text is the last error and its code is in `errCode`, which
/// is `JSSequenceNotFoundErr` if the stream has no message of this sequence. Or the answer is not JSON.
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
/// @see js_DeleteMsg
///
/// @ingroup nats_js_streams
///
/// # Safety
/// `js` is NULL or a handle of this library; `opts` is NULL or options whose strings are NULL or
/// strings; `errCode` is NULL or valid for writing; `stream` is NULL or a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_EraseMsg(
    js: *mut jsCtx,
    stream: *const c_char,
    seq: u64,
    opts: *mut jsOptions,
    errCode: *mut jsErrCodeArg,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    unsafe {
        guard_api("js_EraseMsg", errCode, || {
            let stream = given::str(stream, "stream")?;
            with_call(js, opts, |call| call.erase_msg(stream, seq))
        })
    }
}
