//! Fetching messages of a pull subscription.

use std::ffi::c_int;
use std::ptr;
use std::time::Duration;

use super::err_code::jsErrCodeArg;
use super::given;
use super::subscribe_types::jsFetchRequest;
use crate::error::{Error, Result, Status, natsStatus};
use crate::ffi::convert::{malloc_array, required, write_optional};
use crate::ffi::guard::guard;
use crate::ffi::handle::{borrow_arc, natsSubscription};
use crate::ffi::msg::{into_c, natsMsg};
use crate::ffi::types::natsMsgList;
use crate::js::consume::pull::{FetchRequest, Fetched, PullOptions, fetch};

/// Fetch messages of a pull subscription.
///
/// Messages that have come late for an earlier call are returned first. If fewer than `batch`, the
/// server is asked for the rest. When the server has at least one message, or one has come late, the
/// call returns at once with what there is, which may be fewer than `batch`. Otherwise it waits until
/// `batch` messages have come or the time is over: messages that trickle in are returned together at
/// the end of `timeout`, so a call for single messages has a `batch` of 1. A call that has got at least
/// one message succeeds, whatever ended it. If the connection is lost, or another server takes the
/// consumer over, the rest is asked for again within the time. One call at a time.
///
/// @param list Receives the messages. The structure is the caller's, its content is released with
/// `natsMsgList_Destroy`. It is emptied before anything else, without releasing what was in it.
/// @param sub The subscription, made by `js_PullSubscribe`.
/// @param batch How many messages at most; more than 0.
/// @param timeout How long to wait, in milliseconds; more than 0.
/// @param errCode Receives 0; may be NULL.
///
/// @retval NATS_OK At least one message was fetched.
/// @retval NATS_INVALID_ARG `list` or `sub` is NULL, `sub` was destroyed, or `batch` is not more
/// than 0.
/// @retval NATS_INVALID_TIMEOUT `timeout` is not more than 0.
/// @retval NATS_INVALID_SUBSCRIPTION `sub` is not a pull subscription, or is closed.
/// @retval NATS_ERR Another call fetches, or messages of this subscription go to a callback.
/// @retval NATS_TIMEOUT No message has come in time.
/// @retval NATS_LIMIT_REACHED The server has ended the request, for example because the consumer was
/// deleted or too many requests wait; the last error says why.
/// @retval NATS_NO_RESPONDERS The consumer does not exist, or JetStream is not available.
/// @retval NATS_CONNECTION_CLOSED The connection is closed.
///
/// @par Threads
/// Any thread may call this function at any time. Waits for the server.
///
/// @see natsSubscription_FetchRequest, natsMsg_Ack
///
/// @ingroup nats_js_subscribe
///
/// # Safety
/// `list` is NULL or valid for writing; `sub` is NULL or a handle of this library; `errCode` is NULL
/// or valid for writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsSubscription_Fetch(
    list: *mut natsMsgList,
    sub: *mut natsSubscription,
    batch: c_int,
    timeout: i64,
    errCode: *mut jsErrCodeArg,
) -> natsStatus {
    let body = || {
        // SAFETY: the caller's contract, above.
        unsafe { write_optional(errCode, jsErrCodeArg(0)) };
        // SAFETY: likewise.
        unsafe { empty(list) }?;
        // SAFETY: likewise.
        let sub = unsafe { borrow_arc(sub) }?;
        let want = FetchRequest {
            batch: positive(batch)?,
            expires: Duration::from_millis(time(timeout)?),
            ..FetchRequest::default()
        };
        let fetched = fetch(&sub, &want, true)?;
        // SAFETY: likewise.
        unsafe { give(list, fetched) }
    };
    guard("natsSubscription_Fetch", body)
}

/// Fetch messages of a pull subscription, with all that can be asked for.
///
/// As `natsSubscription_Fetch`, but waits until `Batch` messages have come, `MaxBytes` are reached, the
/// server ends the request, or the time of `Expires` is over: it does not return early with a part. With
/// `NoWait` the server ends the request when it has nothing more, which is awaited for no longer than
/// `Expires`. With `NoWait` and without `Expires` the request is sent and only what has come by then is
/// returned; what the server sends is there for the next call. A message larger than `MaxBytes` that has
/// come late is returned alone.
///
/// @param list Receives the messages. The structure is the caller's, its content is released with
/// `natsMsgList_Destroy`. It is emptied before anything else, without releasing what was in it.
/// @param sub The subscription, made by `js_PullSubscribe`.
/// @param request What to ask for. It is not changed.
///
/// @retval NATS_OK At least one message was fetched.
/// @retval NATS_INVALID_ARG `list`, `sub` or `request` is NULL, `sub` was destroyed, `Batch` is not more
/// than 0, `MaxBytes` is negative, or the server finds the request bad: the last error says why.
/// @retval NATS_INVALID_TIMEOUT `Expires` is not more than 0, and `NoWait` is not set.
/// @retval NATS_INVALID_SUBSCRIPTION `sub` is not a pull subscription, or is closed.
/// @retval NATS_ERR Another call fetches, or messages of this subscription go to a callback.
/// @retval NATS_NOT_FOUND There are no messages, with `NoWait`.
/// @retval NATS_TIMEOUT No message has come in time.
/// @retval NATS_LIMIT_REACHED The server has ended the request, for example because the next message
/// is larger than `MaxBytes`, the consumer was deleted or too many requests wait; the last error
/// says why.
/// @retval NATS_MISSED_HEARTBEAT The server was silent for twice the time of `Heartbeat`.
/// @retval NATS_PIN_ID_MISMATCH `ID` is not that of the client that the consumer has pinned.
/// @retval NATS_NO_RESPONDERS The consumer does not exist, or JetStream is not available.
/// @retval NATS_CONNECTION_CLOSED The connection is closed.
///
/// @par Threads
/// Any thread may call this function at any time. Waits for the server.
///
/// @see natsSubscription_Fetch, jsFetchRequest_Init
///
/// @ingroup nats_js_subscribe
///
/// # Safety
/// `list` is NULL or valid for writing; `sub` is NULL or a handle of this library; `request` is NULL
/// or a request whose pointers are NULL or strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsSubscription_FetchRequest(
    list: *mut natsMsgList,
    sub: *mut natsSubscription,
    request: *mut jsFetchRequest,
) -> natsStatus {
    let body = || {
        // SAFETY: the caller's contract, above.
        unsafe { empty(list) }?;
        // SAFETY: likewise.
        let (sub, request) = unsafe { (borrow_arc(sub)?, request.as_ref()) };
        let request = request.ok_or_else(|| Error::invalid_arg("request cannot be NULL"))?;
        // SAFETY: likewise.
        let want = unsafe { fetch_request(request) }?;
        let fetched = fetch(&sub, &want, false)?;
        // SAFETY: likewise.
        unsafe { give(list, fetched) }
    };
    guard("natsSubscription_FetchRequest", body)
}

/// # Safety
/// `list` is NULL or valid for writing.
unsafe fn empty(list: *mut natsMsgList) -> Result<()> {
    required(list, "list")?;
    let empty = natsMsgList {
        Msgs: ptr::null_mut(),
        Count: 0,
    };
    // SAFETY: not NULL, hence valid for writing by the contract above.
    unsafe { list.write(empty) };
    Ok(())
}

/// # Safety
/// `list` is valid for writing.
unsafe fn give(list: *mut natsMsgList, fetched: Fetched) -> Result<()> {
    let room = vec![ptr::null_mut::<natsMsg>(); fetched.len()];
    let msgs = malloc_array(&room)?;
    let mut count = 0;
    for (at, msg) in fetched.enumerate() {
        // SAFETY: there is room for all of them.
        unsafe { msgs.add(at).write(into_c(msg)) };
        count += 1;
    }
    let full = natsMsgList {
        Msgs: msgs,
        Count: count,
    };
    // SAFETY: the contract above.
    unsafe { list.write(full) };
    Ok(())
}

fn positive(batch: c_int) -> Result<usize> {
    usize::try_from(batch)
        .ok()
        .filter(|batch| *batch > 0)
        .ok_or_else(|| Error::invalid_arg(format!("batch must be more than 0: {batch}")))
}

fn time(time: i64) -> Result<u64> {
    u64::try_from(time)
        .ok()
        .filter(|time| *time > 0)
        .ok_or_else(|| {
            let text = format!("the time to wait must be more than 0: {time}");
            Error::new(Status::NATS_INVALID_TIMEOUT, text)
        })
}

/// Nanoseconds, of which fewer than none are none.
fn nanos(time: i64) -> Duration {
    Duration::from_nanos(u64::try_from(time).unwrap_or(0))
}

/// # Safety
/// The pointers are NULL or strings.
unsafe fn fetch_request(request: &jsFetchRequest) -> Result<FetchRequest> {
    let max_bytes = u64::try_from(request.MaxBytes).map_err(|_| {
        Error::invalid_arg(format!("MaxBytes cannot be negative: {}", request.MaxBytes))
    })?;
    let batch = positive(request.Batch)?;
    let expires = match request.NoWait {
        true => nanos(request.Expires),
        false => Duration::from_nanos(time(request.Expires)?),
    };
    Ok(FetchRequest {
        batch,
        max_bytes,
        expires,
        no_wait: request.NoWait,
        options: PullOptions {
            heartbeat: nanos(request.Heartbeat),
            min_pending: request.MinPending,
            min_ack_pending: request.MinAckPending,
            // SAFETY: the contract above.
            group: unsafe { given::string(request.Group, "Group") }?,
            // SAFETY: likewise.
            id: unsafe { given::string(request.ID, "ID") }?,
            priority: request.Priority,
        },
    })
}
