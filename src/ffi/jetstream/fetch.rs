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
/// Messages that arrived too late for an earlier call are returned first. If they are fewer than `batch`, the rest is
/// requested from the server. If the server has at least one message, or one was left from an earlier call, the call
/// returns at once with the available messages, which may be fewer than `batch`. Otherwise it waits until `batch`
/// messages have arrived or the time has passed: messages that arrive one by one are returned together at the end of
/// `timeout`, so use a `batch` of 1 to receive single messages as soon as they arrive. A call that has received at
/// least one message succeeds, whatever ended it. If the connection is lost, or another server becomes the leader of
/// the consumer, the rest is requested again within the time. Only one call at a time can fetch.
///
/// @param list Receives the messages. The structure belongs to the caller, and its content is
/// released with `natsMsgList_Destroy`. The call begins by setting it to empty, without releasing
/// its former content.
/// @param sub The subscription, made by `js_PullSubscribe`.
/// @param batch The maximum number of messages; greater than 0.
/// @param timeout The longest time to wait in milliseconds; greater than 0.
/// @param errCode Receives 0; may be NULL.
///
/// @retval NATS_OK At least one message was fetched.
/// @retval NATS_INVALID_ARG `list` or `sub` is NULL, `sub` was destroyed, or `batch` is not
/// positive.
/// @retval NATS_INVALID_TIMEOUT `timeout` is not positive.
/// @retval NATS_INVALID_SUBSCRIPTION `sub` is not a pull subscription, or is closed.
/// @retval NATS_ERR Another thread is fetching, or the subscription was made by
/// `js_PullSubscribeAsync` or `js_PullSubscribeSync`.
/// @retval NATS_TIMEOUT No message arrived in time.
/// @retval NATS_LIMIT_REACHED The server has ended the request, for example because the consumer
/// was deleted or too many requests wait; the last error has the reason.
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

/// Fetch messages of a pull subscription, with all options of a request.
///
/// As `natsSubscription_Fetch`, but the call waits until `Batch` messages have arrived, `MaxBytes` are reached, the
/// server ends the request, or the time of `Expires` has passed: it does not return early with fewer messages. With
/// `NoWait` the server ends the request as soon as it has no more messages; the call waits for that no longer than
/// `Expires`. With `NoWait` and without `Expires` the call sends the request and returns only the messages that have
/// arrived already; those that the server sends are returned by the next call. A message larger than `MaxBytes` that
/// arrived too late for an earlier call is returned alone.
///
/// @param list Receives the messages. The structure belongs to the caller, and its content is
/// released with `natsMsgList_Destroy`. The call begins by setting it to empty, without releasing
/// its former content.
/// @param sub The subscription, made by `js_PullSubscribe`.
/// @param request The request, which is not changed.
///
/// @retval NATS_OK At least one message was fetched.
/// @retval NATS_INVALID_ARG `list`, `sub` or `request` is NULL, `sub` was destroyed, `Batch` is not positive,
/// `MaxBytes` is negative, or the server rejected the request as invalid: the last error has the reason.
/// @retval NATS_INVALID_TIMEOUT `Expires` is not positive and `NoWait` is not set.
/// @retval NATS_INVALID_SUBSCRIPTION `sub` is not a pull subscription, or is closed.
/// @retval NATS_ERR Another thread is fetching, or the subscription was made by
/// `js_PullSubscribeAsync` or `js_PullSubscribeSync`.
/// @retval NATS_NOT_FOUND There are no messages, with `NoWait`.
/// @retval NATS_TIMEOUT No message arrived in time.
/// @retval NATS_LIMIT_REACHED The server has ended the request, for example because the next
/// message is larger than `MaxBytes`, the consumer was deleted or too many requests wait; the last
/// error has the reason.
/// @retval NATS_MISSED_HEARTBEAT The server was silent for twice the time of `Heartbeat`.
/// @retval NATS_PIN_ID_MISMATCH `ID` is not the id of the pinned client.
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
