//! Reading subjects that are counters.

use std::ffi::c_char;

use super::call::{guard_api, with_call};
use super::err_code::jsErrCodeArg;
use super::given;
use super::options::jsOptions;
use crate::error::natsStatus;
use crate::ffi::convert::{malloc_string, required};
use crate::ffi::handle::jsCtx;

/// Get the value of a counter.
///
/// The value may have any number of digits. The stream must allow direct gets (`AllowDirect`).
///
/// @note An addition of this library: nats.c does not have it.
///
/// Protocol: counters, ADR-49.
///
/// @param value Receives the value in decimal digits, to be released with `free`. Written only
/// with `NATS_OK`.
/// @param js The context.
/// @param stream The name of the stream.
/// @param subject The subject of the counter.
/// @param opts The options of this call; NULL for those of the context. Read during the call only.
/// @param errCode Receives 0: answers to direct gets have no code. NULL if it is not needed.
///
/// @retval NATS_OK The value was written.
/// @retval NATS_NOT_FOUND The counter does not exist: nothing was added to it yet.
/// @retval NATS_INVALID_ARG `value` is NULL, `js` is NULL or was destroyed, the name is missing or invalid, or the
/// subject is missing.
/// @retval NATS_INVALID_SUBJECT `subject` is not a valid subject.
/// @retval NATS_ERR The server refused the request, or the last message of the subject is not a counter: the last
/// error has the reason.
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
/// char *value = NULL;
///
/// natsStatus s = js_GetCounter(&value, js, "HITS", "hits.home", NULL, NULL);
/// if (s == NATS_OK)
///     printf("%s hits\n", value);
/// free(value);
/// ```
///
/// @see js_AddToCounter
///
/// @ingroup nats_js_streams
///
/// # Safety
/// `value` is NULL or valid for writing; `js` is NULL or a handle of this library; `opts` is NULL
/// or options whose strings are NULL or strings; `errCode` is NULL or valid for writing; `stream`
/// and `subject` are NULL or strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_GetCounter(
    value: *mut *mut c_char,
    js: *mut jsCtx,
    stream: *const c_char,
    subject: *const c_char,
    opts: *mut jsOptions,
    errCode: *mut jsErrCodeArg,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    unsafe {
        guard_api("js_GetCounter", errCode, || {
            required(value, "value")?;
            let stream = given::str(stream, "stream")?;
            let subject = given::str(subject, "subject")?;
            let counter = with_call(js, opts, |call| call.counter(stream, subject))?;
            value.write(malloc_string(counter.value.as_str().as_bytes())?);
            Ok(())
        })
    }
}
