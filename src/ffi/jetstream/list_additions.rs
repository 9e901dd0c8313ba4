//! Lists that say whether they are complete.

use std::ffi::c_char;
use std::ptr;

use super::call::{guard_api, with_call};
use super::consumer_info::convert as consumer;
use super::consumer_info::{jsConsumerInfoList, jsConsumerNamesList};
use super::err_code::jsErrCodeArg;
use super::given;
use super::memory::Made;
use super::options::jsOptions;
use super::stream_info::convert as stream_convert;
use super::stream_info::{jsStreamInfoList, jsStreamNamesList};
use crate::error::{Status, natsStatus};
use crate::ffi::convert::required;
use crate::ffi::handle::jsCtx;
use crate::js;
use crate::js::manage::Listing;

/// What was found, and the names of what was not.
fn parts<T>(found: Listing<T>) -> js::Result<(Vec<T>, Vec<String>)> {
    let mut names = found.missing;
    names.extend(found.offline.into_keys());
    let infos: Vec<_> = found.items.into_values().collect();
    match infos.is_empty() && names.is_empty() {
        true => Err(Status::NATS_NOT_FOUND.into()),
        false => Ok((infos, names)),
    }
}

/// List the streams with their state, and the names of those that are missing.
///
/// Lists all streams, or those that store a subject that matches `Stream.Info.SubjectsFilter` of
/// the options. The server sends the list in pages; the timeout applies to all of them together.
/// Unlike `js_Streams`, it also returns the names of streams that are missing because their servers
/// did not answer in time, sent data that could not be parsed, or do not support them.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param list Receives the list, to be released with `jsStreamInfoList_Destroy`. It is empty if
/// all are missing. Written only with `NATS_OK`.
/// @param missing Receives the names of those that are not in the list, to be released with
/// `jsStreamNamesList_Destroy`; NULL if the list is complete. Written only with `NATS_OK`.
/// @param js The context.
/// @param opts The options of this call; NULL for those of the context. Read during the call only.
/// @param errCode Receives the code of the server's error, or 0 if there is none; NULL if it is not
/// needed.
///
/// @retval NATS_OK `list` or `missing` has at least one element.
/// @retval NATS_NOT_FOUND There are none. The last error is cleared.
/// @retval NATS_INVALID_ARG `list` or `missing` is NULL, or `js` is NULL or was destroyed.
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
/// @see js_Streams, jsStreamNamesList_Destroy
///
/// @ingroup nats_js_streams
///
/// # Safety
/// `list` and `missing` are NULL or valid for writing; `js` is NULL or a handle of this library;
/// `opts` is NULL or options whose strings are NULL or strings; `errCode` is NULL or valid for
/// writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_ListStreams(
    list: *mut *mut jsStreamInfoList,
    missing: *mut *mut jsStreamNamesList,
    js: *mut jsCtx,
    opts: *mut jsOptions,
    errCode: *mut jsErrCodeArg,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    unsafe {
        guard_api("js_ListStreams", errCode, || {
            required(list, "list")?;
            required(missing, "missing")?;

            let found = with_call(js, opts, |call| call.streams())?;
            let (infos, names) = parts(found)?;
            let names = match names.is_empty() {
                true => None,
                false => Some(stream_convert::names_to_c(&names)?),
            };
            list.write(stream_convert::list_to_c(&infos)?.into_raw());
            missing.write(names.map_or(ptr::null_mut(), Made::into_raw));
            Ok(())
        })
    }
}

/// List the consumers of a stream with their state, and the names of those that are missing.
///
/// The server sends the list in pages; the timeout applies to all of them together. Unlike
/// `js_Consumers`, it also returns the names of consumers that are missing because their servers
/// did not answer in time, sent data that could not be parsed, or do not support them.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param list Receives the list, to be released with `jsConsumerInfoList_Destroy`. It is empty if
/// all are missing. Written only with `NATS_OK`.
/// @param missing Receives the names of those that are not in the list, to be released with
/// `jsConsumerNamesList_Destroy`; NULL if the list is complete. Written only with `NATS_OK`.
/// @param js The context.
/// @param stream The name of the stream.
/// @param opts The options of this call; NULL for those of the context. Read during the call only.
/// @param errCode Receives the code of the server's error, or 0 if there is none; NULL if it is not
/// needed.
///
/// @retval NATS_OK `list` or `missing` has at least one element.
/// @retval NATS_NOT_FOUND There are none, or the stream does not exist and `errCode` is
/// `JSStreamNotFoundErr`. The last error is cleared.
/// @retval NATS_INVALID_ARG `list` or `missing` is NULL, or `js` is NULL or was destroyed, or the
/// name is missing or invalid.
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
/// @see js_Consumers, jsConsumerNamesList_Destroy
///
/// @ingroup nats_js_consumers
///
/// # Safety
/// `list` and `missing` are NULL or valid for writing; `js` is NULL or a handle of this library;
/// `opts` is NULL or options whose strings are NULL or strings; `errCode` is NULL or valid for
/// writing; `stream` is NULL or a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_ListConsumers(
    list: *mut *mut jsConsumerInfoList,
    missing: *mut *mut jsConsumerNamesList,
    js: *mut jsCtx,
    stream: *const c_char,
    opts: *mut jsOptions,
    errCode: *mut jsErrCodeArg,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    unsafe {
        guard_api("js_ListConsumers", errCode, || {
            required(list, "list")?;
            required(missing, "missing")?;
            let stream = given::str(stream, "stream")?;
            let found = with_call(js, opts, |call| call.consumers(stream))?;
            let (infos, names) = parts(found)?;
            let names = match names.is_empty() {
                true => None,
                false => Some(consumer::names_to_c(&names)?),
            };
            list.write(consumer::list_to_c(&infos)?.into_raw());
            missing.write(names.map_or(ptr::null_mut(), Made::into_raw));
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_told() {
        let mut found = Listing {
            items: [("a".to_owned(), 1)].into(),
            missing: vec!["b".to_owned()],
            offline: [("c".to_owned(), "unsupported".to_owned())].into(),
            nameless: 0,
        };
        let (infos, names) = parts(found.clone()).unwrap();
        assert_eq!(
            (infos, names),
            (vec![1], vec!["b".to_owned(), "c".to_owned()])
        );
        found.items.clear();
        assert!(parts(found.clone()).unwrap().0.is_empty());
        found.missing.clear();
        found.offline.clear();
        assert_eq!(parts(found).unwrap_err().status(), Status::NATS_NOT_FOUND);
    }
}
