//! Lists of streams and consumers, and of their names; what the account uses.

use std::ffi::c_char;

use crate::error::natsStatus;
use crate::ffi::convert::required;
use crate::ffi::guard::guard_void;
use crate::ffi::handle::jsCtx;
use crate::ffi::jetstream::account::{self, jsAccountInfo};
use crate::ffi::jetstream::call::{guard_api, guard_list, with_call};
use crate::ffi::jetstream::consumer_info::{self, jsConsumerInfoList, jsConsumerNamesList};
use crate::ffi::jetstream::err_code::jsErrCodeArg;
use crate::ffi::jetstream::given;
use crate::ffi::jetstream::memory::{self, hand_out};
use crate::ffi::jetstream::options::jsOptions;
use crate::ffi::jetstream::stream_info::{self, jsStreamInfoList, jsStreamNamesList};

/// List the streams with their configuration and state.
///
/// Lists all streams, or those that store a subject that matches `Stream.Info.SubjectsFilter` of
/// the options. The server sends the list in pages; the timeout applies to all of them together.
/// Streams whose servers do not answer are left out.
///
/// @param list Receives the list, to be released with `jsStreamInfoList_Destroy`. Written only
/// with `NATS_OK`.
/// @param js The context.
/// @param opts The options of this call; NULL for those of the context. Read during the call only.
/// @param errCode Receives the code of the server's error, or 0 if there is none; NULL if it is not
/// needed.
///
/// @retval NATS_OK `list` has at least one element.
/// @retval NATS_NOT_FOUND There are none. The last error is cleared.
/// @retval NATS_INVALID_ARG `list` is NULL, or `js` is NULL or was destroyed.
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
/// @see jsStreamInfoList_Destroy
///
/// @ingroup nats_js_streams
///
/// # Safety
/// `list` is NULL or valid for writing; `js` is NULL or a handle of this library; `opts` is NULL
/// or options whose strings are NULL or strings; `errCode` is NULL or valid for writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_Streams(
    list: *mut *mut jsStreamInfoList,
    js: *mut jsCtx,
    opts: *mut jsOptions,
    errCode: *mut jsErrCodeArg,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    unsafe {
        guard_list(
            "js_Streams",
            list,
            js,
            opts,
            errCode,
            |call| Ok(call.streams()?.items.into_values().collect()),
            stream_info::convert::list_to_c,
        )
    }
}

/// List the names of the streams.
///
/// Lists the names of all streams, or of those that store a subject that matches
/// `Stream.Info.SubjectsFilter` of the options. The server sends the list in pages; the timeout
/// applies to all of them together.
///
/// @param list Receives the list, to be released with `jsStreamNamesList_Destroy`. Written only
/// with `NATS_OK`.
/// @param js The context.
/// @param opts The options of this call; NULL for those of the context. Read during the call only.
/// @param errCode Receives the code of the server's error, or 0 if there is none; NULL if it is not
/// needed.
///
/// @retval NATS_OK `list` has at least one element.
/// @retval NATS_NOT_FOUND There are none. The last error is cleared.
/// @retval NATS_INVALID_ARG `list` is NULL, or `js` is NULL or was destroyed.
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
/// @see jsStreamNamesList_Destroy
///
/// @ingroup nats_js_streams
///
/// # Safety
/// `list` is NULL or valid for writing; `js` is NULL or a handle of this library; `opts` is NULL
/// or options whose strings are NULL or strings; `errCode` is NULL or valid for writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_StreamNames(
    list: *mut *mut jsStreamNamesList,
    js: *mut jsCtx,
    opts: *mut jsOptions,
    errCode: *mut jsErrCodeArg,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    unsafe {
        guard_list(
            "js_StreamNames",
            list,
            js,
            opts,
            errCode,
            |call| call.stream_names(),
            stream_info::convert::names_to_c,
        )
    }
}

/// List the consumers of a stream with their configuration and state.
///
/// The server sends the list in pages; the timeout applies to all of them together. Consumers whose
/// servers do not answer are left out.
///
/// @param list Receives the list, to be released with `jsConsumerInfoList_Destroy`. Written only
/// with `NATS_OK`.
/// @param js The context.
/// @param stream The name of the stream.
/// @param opts The options of this call; NULL for those of the context. Read during the call only.
/// @param errCode Receives the code of the server's error, or 0 if there is none; NULL if it is not
/// needed.
///
/// @retval NATS_OK `list` has at least one element.
/// @retval NATS_NOT_FOUND There are none, or the stream does not exist and `errCode` is
/// `JSStreamNotFoundErr`. The last error is cleared.
/// @retval NATS_INVALID_ARG `list` is NULL, or `js` is NULL or was destroyed, or the name is
/// missing or invalid.
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
/// @see jsConsumerInfoList_Destroy
///
/// @ingroup nats_js_consumers
///
/// # Safety
/// `list` is NULL or valid for writing; `js` is NULL or a handle of this library; `opts` is NULL
/// or options whose strings are NULL or strings; `errCode` is NULL or valid for writing; `stream`
/// is NULL or a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_Consumers(
    list: *mut *mut jsConsumerInfoList,
    js: *mut jsCtx,
    stream: *const c_char,
    opts: *mut jsOptions,
    errCode: *mut jsErrCodeArg,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    unsafe {
        guard_list(
            "js_Consumers",
            list,
            js,
            opts,
            errCode,
            |call| {
                let found = call.consumers(given::str(stream, "stream")?)?;
                Ok(found.items.into_values().collect())
            },
            consumer_info::convert::list_to_c,
        )
    }
}

/// List the names of the consumers of a stream.
///
/// The server sends the list in pages; the timeout applies to all of them together.
///
/// @param list Receives the list, to be released with `jsConsumerNamesList_Destroy`. Written only
/// with `NATS_OK`.
/// @param js The context.
/// @param stream The name of the stream.
/// @param opts The options of this call; NULL for those of the context. Read during the call only.
/// @param errCode Receives the code of the server's error, or 0 if there is none; NULL if it is not
/// needed.
///
/// @retval NATS_OK `list` has at least one element.
/// @retval NATS_NOT_FOUND There are none, or the stream does not exist and `errCode` is
/// `JSStreamNotFoundErr`. The last error is cleared.
/// @retval NATS_INVALID_ARG `list` is NULL, or `js` is NULL or was destroyed, or the name is
/// missing or invalid.
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
/// @see jsConsumerNamesList_Destroy
///
/// @ingroup nats_js_consumers
///
/// # Safety
/// `list` is NULL or valid for writing; `js` is NULL or a handle of this library; `opts` is NULL
/// or options whose strings are NULL or strings; `errCode` is NULL or valid for writing; `stream`
/// is NULL or a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_ConsumerNames(
    list: *mut *mut jsConsumerNamesList,
    js: *mut jsCtx,
    stream: *const c_char,
    opts: *mut jsOptions,
    errCode: *mut jsErrCodeArg,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    unsafe {
        guard_list(
            "js_ConsumerNames",
            list,
            js,
            opts,
            errCode,
            |call| call.consumer_names(given::str(stream, "stream")?),
            consumer_info::convert::names_to_c,
        )
    }
}

/// Destroy a list of streams.
///
/// Releases the list together with its elements. To keep an element, take it and write NULL in its
/// place before.
///
/// @param list The list; NULL is ignored.
///
/// @par Threads
/// Any thread may call this function, once no other thread uses the object.
///
/// @see js_Streams
///
/// @ingroup nats_js_streams
///
/// # Safety
/// `list` is NULL or from this library, not destroyed before, and not used afterwards. What the
/// program has written into its fields is NULL or from `malloc`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsStreamInfoList_Destroy(list: *mut jsStreamInfoList) {
    // SAFETY: the caller's contract, above.
    guard_void(|| unsafe { memory::destroy(list) });
}

/// Destroy a list of names of streams.
///
/// Releases the list together with its names. To keep a name, take it and write NULL in its place
/// before.
///
/// @param list The list; NULL is ignored.
///
/// @par Threads
/// Any thread may call this function, once no other thread uses the object.
///
/// @see js_StreamNames
///
/// @ingroup nats_js_streams
///
/// # Safety
/// `list` is NULL or from this library, not destroyed before, and not used afterwards. What the
/// program has written into its fields is NULL or from `malloc`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsStreamNamesList_Destroy(list: *mut jsStreamNamesList) {
    // SAFETY: the caller's contract, above.
    guard_void(|| unsafe { memory::destroy(list) });
}

/// Destroy a list of consumers.
///
/// Releases the list together with its elements. To keep an element, take it and write NULL in its
/// place before.
///
/// @param list The list; NULL is ignored.
///
/// @par Threads
/// Any thread may call this function, once no other thread uses the object.
///
/// @see js_Consumers
///
/// @ingroup nats_js_consumers
///
/// # Safety
/// `list` is NULL or from this library, not destroyed before, and not used afterwards. What the
/// program has written into its fields is NULL or from `malloc`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsConsumerInfoList_Destroy(list: *mut jsConsumerInfoList) {
    // SAFETY: the caller's contract, above.
    guard_void(|| unsafe { memory::destroy(list) });
}

/// Destroy a list of names of consumers.
///
/// Releases the list together with its names. To keep a name, take it and write NULL in its place
/// before.
///
/// @param list The list; NULL is ignored.
///
/// @par Threads
/// Any thread may call this function, once no other thread uses the object.
///
/// @see js_ConsumerNames
///
/// @ingroup nats_js_consumers
///
/// # Safety
/// `list` is NULL or from this library, not destroyed before, and not used afterwards. What the
/// program has written into its fields is NULL or from `malloc`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsConsumerNamesList_Destroy(list: *mut jsConsumerNamesList) {
    // SAFETY: the caller's contract, above.
    guard_void(|| unsafe { memory::destroy(list) });
}

/// Get the account's usage of JetStream, and its limits.
///
/// @param ai Receives the answer, to be released with `jsAccountInfo_Destroy`. Written only with
/// `NATS_OK`.
/// @param js The context.
/// @param opts The options of this call; NULL for those of the context. Read during the call only.
/// @param errCode Receives the code of the server's error, or 0 if there is none; NULL if it is not
/// needed.
///
/// @retval NATS_OK The info was written.
/// @retval NATS_INVALID_ARG `ai` is NULL, or `js` is NULL or was destroyed.
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
/// @see jsAccountInfo_Destroy
///
/// @ingroup nats_js_context
///
/// # Safety
/// `ai` is NULL or valid for writing; `js` is NULL or a handle of this library; `opts` is NULL or
/// options whose strings are NULL or strings; `errCode` is NULL or valid for writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_GetAccountInfo(
    ai: *mut *mut jsAccountInfo,
    js: *mut jsCtx,
    opts: *mut jsOptions,
    errCode: *mut jsErrCodeArg,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    unsafe {
        guard_api("js_GetAccountInfo", errCode, || {
            required(ai, "ai")?;
            let info = with_call(js, opts, |call| call.account_info())?;
            hand_out(ai, || account::to_c(&info))
        })
    }
}

/// Release the info of an account.
///
/// Releases it together with its fields.
///
/// @param ai The info; NULL is ignored.
///
/// @par Threads
/// Any thread may call this function, once no other thread uses the object.
///
/// @see js_GetAccountInfo
///
/// @ingroup nats_js_context
///
/// # Safety
/// `ai` is NULL or from this library, not destroyed before, and not used afterwards. What the
/// program has written into its fields is NULL or from `malloc`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsAccountInfo_Destroy(ai: *mut jsAccountInfo) {
    // SAFETY: the caller's contract, above.
    guard_void(|| unsafe { memory::destroy(ai) });
}
