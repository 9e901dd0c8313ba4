//! Many messages of a stream at once, and payloads alone.

use std::ffi::{c_char, c_int};
use std::ptr;

use super::call::{guard_api, with_call};
use super::direct_get::jsDirectGetMsgOptions;
use super::given;
use super::messages::direct_get;
use super::options::jsOptions;
use super::plain::{plain, zero};
use crate::error::{Error, natsStatus};
use crate::ffi::convert::{malloc_array, required, write_optional};
use crate::ffi::guard::guard;
use crate::ffi::handle::jsCtx;
use crate::ffi::msg::{into_c, natsMsg};
use crate::ffi::types::natsMsgList;
use crate::js;
use crate::js::manage::BatchGet;
use crate::js::time::Time;
use crate::msg::Msg;

/// The messages to get with `js_DirectGetMsgs`. Initialize it with `jsDirectBatchOptions_Init`.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @ingroup nats_js_streams
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsDirectBatchOptions {
    /// The maximum number of messages; 0, which is allowed only together with `MultiLast`, for as many as the server
    /// sends.
    pub Batch: c_int,
    /// The maximum number of bytes; 0 for as many as the server sends.
    pub MaxBytes: i64,
    /// The sequence to begin with; 0 for the first. Not together with `StartTime`.
    pub Sequence: u64,
    /// The time to begin at, in nanoseconds since the epoch; 0 for the beginning.
    pub StartTime: i64,
    /// The messages of this subject, which may have wildcards; NULL for all.
    pub NextBySubject: *const c_char,
    /// The last message of each subject that one of these matches, at most 1024 subjects; not
    /// together with `NextBySubject`.
    pub MultiLast: *mut *const c_char,
    /// The number of elements of `MultiLast`.
    pub MultiLastLen: c_int,
    /// With `MultiLast`: the state of the stream when this was its last sequence; 0 for the present
    /// state.
    pub UpToSequence: u64,
    /// With `MultiLast`: the state of the stream at this time, in nanoseconds since the epoch; 0 for the present state.
    /// Not together with `UpToSequence`.
    pub UpToTime: i64,
}

/// The position behind a batch of messages.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @ingroup nats_js_streams
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsDirectBatchInfo {
    /// The number of further messages that match the request.
    pub NumPending: u64,
    /// The sequence of the last message: the next request begins behind it.
    pub LastSequence: u64,
    /// With `MultiLast`: the last sequence of the stream for the state that the messages are from. If it is the
    /// `UpToSequence` of the next request, the messages of both are from the same state.
    pub UpToSequence: u64,
}

plain!(jsDirectBatchOptions, jsDirectBatchInfo);

/// Initialize the options of `js_DirectGetMsgs`.
///
/// Fills the structure with zeros.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param opts The structure; its former content is ignored.
///
/// @retval NATS_OK The structure was filled.
/// @retval NATS_INVALID_ARG `opts` is NULL.
///
/// @par Threads
/// One thread at a time may use the structure.
///
/// @ingroup nats_js_streams
///
/// # Safety
/// `opts` is NULL or valid for writing a `jsDirectBatchOptions`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsDirectBatchOptions_Init(opts: *mut jsDirectBatchOptions) -> natsStatus {
    guard("jsDirectBatchOptions_Init", || {
        // SAFETY: the caller's contract, above.
        unsafe { zero(opts, "opts") }
    })
}

/// Gives messages to the program.
///
/// # Safety
/// `list` is valid for writing.
unsafe fn list_out(list: *mut natsMsgList, msgs: Vec<Msg>) -> js::Result<()> {
    let count = c_int::try_from(msgs.len()).map_err(|_| crate::error::Status::NATS_NO_MEMORY)?;
    let places = malloc_array(&vec![ptr::null_mut::<natsMsg>(); msgs.len()])?;
    for (n, msg) in msgs.into_iter().enumerate() {
        // SAFETY: there are as many places as messages.
        unsafe { places.add(n).write(into_c(msg)) };
    }
    let made = natsMsgList {
        Msgs: places,
        Count: count,
    };
    // SAFETY: the contract above.
    unsafe { list.write(made) };
    Ok(())
}

/// A number of the program's that cannot be negative.
fn unsigned(number: i64, what: &str) -> js::Result<u64> {
    let error = |_| Error::invalid_arg(format!("{what} ({number}) cannot be negative"));
    Ok(u64::try_from(number).map_err(error)?)
}

/// A time of the program's that cannot be negative; 0 for none.
fn time(nanos: i64, what: &str) -> js::Result<Time> {
    unsigned(nanos, what)?;
    Ok(Time(nanos))
}

/// Get several messages of a stream with one request.
///
/// The stream must allow it (`AllowDirect`); servers support this from 2.11 on. The messages have
/// the same form as those of `js_DirectGetMsg` and are in the order of their sequences.
///
/// @note An addition of this library: nats.c does not have it.
///
/// Protocol: direct get, ADR-31.
///
/// @param list Receives the messages, to be released with `natsMsgList_Destroy`. Written only
/// with `NATS_OK`.
/// @param info Receives the position behind the messages; NULL if it is not needed. Written only
/// with `NATS_OK`.
/// @param js The context.
/// @param stream The name of the stream.
/// @param opts The options of this call; NULL for those of the context. Read during the call only.
/// @param batch The messages to get. Read during the call only.
///
/// @retval NATS_OK `list` has at least one message.
/// @retval NATS_NOT_FOUND The stream has no matching message.
/// @retval NATS_LIMIT_REACHED `MultiLast` matches more subjects than the server supports in one
/// request.
/// @retval NATS_NO_SERVER_SUPPORT The server is older than 2.11.
/// @retval NATS_INVALID_ARG `list` or `batch` is NULL; `js` is NULL or was destroyed; the name is missing or
/// invalid; a number or a time is negative; or there is neither `Batch` nor `MultiLast`.
/// @retval NATS_ERR The server refused the request, for example because options contradict each other: its text is
/// the last error. Or an answer does not say which message it is.
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
/// @par Example
/// ```c
/// jsDirectBatchOptions batch;
/// natsMsgList list;
///
/// jsDirectBatchOptions_Init(&batch);
/// batch.Batch = 100;
/// natsStatus s = js_DirectGetMsgs(&list, NULL, js, "ORDERS", NULL, &batch);
/// if (s == NATS_OK) {
///     printf("%d\n", list.Count);
///     natsMsgList_Destroy(&list);
/// }
/// ```
///
/// @see jsDirectBatchOptions_Init, js_DirectGetLastMsgs
///
/// @ingroup nats_js_streams
///
/// # Safety
/// `list` and `info` are NULL or valid for writing; `js` is NULL or a handle of this library;
/// `opts` is NULL or options whose strings are NULL or strings; `stream` is NULL or a string;
/// `batch` is NULL or a selection whose pointers are NULL or point at what its fields say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_DirectGetMsgs(
    list: *mut natsMsgList,
    info: *mut jsDirectBatchInfo,
    js: *mut jsCtx,
    stream: *const c_char,
    opts: *mut jsOptions,
    batch: *mut jsDirectBatchOptions,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    unsafe {
        guard_api("js_DirectGetMsgs", ptr::null_mut(), || {
            required(list, "list")?;
            let batch = batch.as_ref();
            let batch = batch.ok_or_else(|| Error::invalid_arg("batch cannot be NULL"))?;
            let subjects =
                given::strings(batch.MultiLast, batch.MultiLastLen, "subjects of MultiLast")?;
            let subjects: Vec<_> = subjects.iter().map(String::as_str).collect();
            let which = BatchGet {
                batch: unsigned(batch.Batch.into(), "Batch")?,
                max_bytes: unsigned(batch.MaxBytes, "MaxBytes")?,
                sequence: batch.Sequence,
                start_time: time(batch.StartTime, "StartTime")?,
                next_by_subject: given::str(batch.NextBySubject, "NextBySubject")?,
                multi_last: &subjects,
                up_to_sequence: batch.UpToSequence,
                up_to_time: time(batch.UpToTime, "UpToTime")?,
            };
            let stream = given::str(stream, "stream")?;
            let found = with_call(js, opts, |call| call.direct_get_batch(stream, &which))?;
            let left = jsDirectBatchInfo {
                NumPending: found.pending,
                LastSequence: found.last_sequence,
                UpToSequence: found.up_to_sequence,
            };
            list_out(list, found.msgs)?;
            write_optional(info, left);
            Ok(())
        })
    }
}

/// Get the last message of each of several subjects, all from the same state of the stream.
///
/// Sends as many requests as necessary; the `Wait` of the options applies to all of them together.
/// The stream must allow it (`AllowDirect`); servers support this from 2.11 on.
///
/// @note An addition of this library: nats.c does not have it.
///
/// Protocol: direct get, ADR-31.
///
/// @param list Receives the messages in the order of their sequences, to be released with
/// `natsMsgList_Destroy`. Written only with `NATS_OK`.
/// @param js The context.
/// @param stream The name of the stream.
/// @param subjects The subjects; may have wildcards.
/// @param numSubjects The number of elements of `subjects`.
/// @param opts The options of this call; NULL for those of the context. Read during the call only.
///
/// @retval NATS_OK `list` has at least one message.
/// @retval NATS_NOT_FOUND The stream has no matching message.
/// @retval NATS_LIMIT_REACHED More than 1024 subjects match.
/// @retval NATS_NO_SERVER_SUPPORT The server is older than 2.11.
/// @retval NATS_INVALID_ARG `list` or `subjects` is NULL; `js` is NULL or was destroyed; the name is missing or
/// invalid; or there are no subjects.
/// @retval NATS_ERR The server refused the request: its text is the last error. Or an answer does not say which
/// message it is.
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
/// @see js_DirectGetMsgs
///
/// @ingroup nats_js_streams
///
/// # Safety
/// `list` is NULL or valid for writing; `js` is NULL or a handle of this library; `opts` is NULL
/// or options whose strings are NULL or strings; `stream` is NULL or a string; `subjects` is NULL
/// or has `numSubjects` pointers, which are NULL or strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_DirectGetLastMsgs(
    list: *mut natsMsgList,
    js: *mut jsCtx,
    stream: *const c_char,
    subjects: *mut *const c_char,
    numSubjects: c_int,
    opts: *mut jsOptions,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    unsafe {
        guard_api("js_DirectGetLastMsgs", ptr::null_mut(), || {
            required(list, "list")?;
            required(subjects, "subjects")?;
            let subjects = given::strings(subjects, numSubjects, "subjects")?;
            let subjects: Vec<_> = subjects.iter().map(String::as_str).collect();
            let stream = given::str(stream, "stream")?;
            let found = with_call(js, opts, |call| call.direct_get_last(stream, &subjects))?;
            list_out(list, found)
        })
    }
}

/// Get the payload of a message of a stream, without its headers.
///
/// As `js_DirectGetMsg`, but the server sends no headers, so the message has neither the subject
/// nor the sequence that it was stored with. Servers support this from 2.12 on; older ones send the
/// headers.
///
/// @note An addition of this library: nats.c does not have it.
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
/// @retval NATS_ERR The server refused the request: its text is the last error, which is `Empty Request` if
/// `dgOpts` selects nothing.
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
/// @see js_DirectGetMsg
///
/// @ingroup nats_js_streams
///
/// # Safety
/// `msg` is NULL or valid for writing; `js` is NULL or a handle of this library; `opts` is NULL
/// or options whose strings are NULL or strings; `stream` is NULL or a string; `dgOpts` is NULL
/// or a selection whose strings are NULL or strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_DirectGetPayload(
    msg: *mut *mut natsMsg,
    js: *mut jsCtx,
    stream: *const c_char,
    opts: *mut jsOptions,
    dgOpts: *mut jsDirectGetMsgOptions,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    unsafe {
        guard_api("js_DirectGetPayload", ptr::null_mut(), || {
            direct_get(msg, js, stream, opts, dgOpts, true)
        })
    }
}
