//! Requests: a message is sent, and the first reply to it is returned.

use std::ffi::{c_char, c_int, c_void};
use std::ptr;
use std::time::Duration;

use super::convert::{bytes, payload, required};
use super::guard::guard;
use super::handle::{borrow_arc, natsConnection};
use super::msg::{borrow_msg, into_c, natsMsg};
use crate::error::{Result, natsStatus};

/// Send a request and wait for the first reply.
///
/// The request is written within the call, behind everything that was published before. Later
/// replies are discarded. The wait continues across a reconnect, unless
/// `natsOptions_SetFailRequestsOnDisconnect` is set. All requests of a connection share one
/// subscription, unless `natsOptions_UseOldRequestStyle` is set. Protocol: request-reply of NATS;
/// the status 503 for a request without responders is described by ADR-4.
///
/// @param replyMsg Receives the reply, which the caller owns and releases with `natsMsg_Destroy`.
/// NULL with any status other than `NATS_OK`.
/// @param nc The connection.
/// @param subj The subject; not empty, without white space or control characters. Its tokens should be literal: see
/// `natsOptions_SetPedantic`.
/// @param data The payload, copied or written before the call returns. Ignored if `dataLen` is 0.
/// @param dataLen The length of the payload in bytes; not negative.
/// @param timeout The longest time to wait for the reply in milliseconds. The request is sent even
/// if this is zero or negative.
///
/// @retval NATS_OK A reply arrived.
/// @retval NATS_TIMEOUT No reply arrived in time, or the socket did not accept the request within
/// the write deadline.
/// @retval NATS_NO_RESPONDERS There is no subscriber to the subject.
/// @retval NATS_INVALID_ARG `replyMsg` is NULL, `nc` is NULL or was destroyed, `dataLen` is
/// negative, or `data` is NULL while `dataLen` is not 0.
/// @retval NATS_INVALID_SUBJECT The subject is NULL or empty, has white space or control
/// characters, or makes the protocol line longer than `natsOptions_SetMaxControlLine` allows.
/// @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
/// @retval NATS_CONNECTION_DISCONNECTED The connection was lost during the call, and
/// `natsOptions_SetFailRequestsOnDisconnect` is set.
/// @retval NATS_DRAINING The connection is draining and its subscriptions are finished.
/// @retval NATS_MAX_PAYLOAD Headers and payload exceed the server's `max_payload`.
/// @retval NATS_INSUFFICIENT_BUFFER The connection is reconnecting and the reconnect buffer is
/// full.
/// @retval NATS_IO_ERROR Writing to the socket failed.
/// @retval NATS_NO_MEMORY Memory could not be allocated.
///
/// @par Threads
/// Any thread may call this function at any time. A callback that runs on the only thread that could produce the
/// reply waits until its timeout.
///
/// @par Example
/// ```c
/// natsMsg *reply = NULL;
/// natsStatus s = natsConnection_Request(&reply, nc, "time.now", NULL, 0, 1000);
/// if (s == NATS_OK) printf("%.*s\n", natsMsg_GetDataLength(reply), natsMsg_GetData(reply));
/// else if (s == NATS_NO_RESPONDERS) puts("the service is not running");
/// natsMsg_Destroy(reply);
/// ```
///
/// @see natsConnection_RequestMsg, natsConnection_PublishRequest
///
/// @ingroup nats_request
///
/// # Safety
/// `replyMsg` is NULL or valid for writing a pointer; `nc` is NULL or a handle of this library;
/// `subj` is NULL or a string that ends with a NUL; with a positive `dataLen`, `data` is NULL or
/// valid for reading so many bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsConnection_Request(
    replyMsg: *mut *mut natsMsg,
    nc: *mut natsConnection,
    subj: *const c_char,
    data: *const c_void,
    dataLen: c_int,
    timeout: i64,
) -> natsStatus {
    guard("natsConnection_Request", || {
        // SAFETY: the caller's contract, above.
        unsafe { clear_reply(replyMsg) }?;
        // SAFETY: likewise.
        let connection = unsafe { borrow_arc(nc) }?;
        // SAFETY: likewise.
        let (subject, payload) = unsafe { (bytes(subj), payload(data, dataLen)?) };
        let reply = connection.request(subject.unwrap_or_default(), payload, wait(timeout))?;
        // SAFETY: not NULL, or `clear_reply` would have failed; valid by the caller's contract.
        unsafe { replyMsg.write(into_c(reply)) };
        Ok(())
    })
}

/// Send a string as a request and wait for the first reply.
///
/// The request, the string without its NUL, is written within the call, behind everything that was
/// published before. Later replies are discarded. The wait continues across a reconnect, unless
/// `natsOptions_SetFailRequestsOnDisconnect` is set. Protocol: request-reply of NATS; no
/// responders: ADR-4.
///
/// @param replyMsg Receives the reply, which the caller owns and releases with `natsMsg_Destroy`.
/// NULL with any status other than `NATS_OK`.
/// @param nc The connection.
/// @param subj The subject; not empty, without white space or control characters. Its tokens should be literal: see
/// `natsOptions_SetPedantic`.
/// @param str The payload, a string whose NUL is not sent; NULL for an empty payload.
/// @param timeout The longest time to wait for the reply in milliseconds. The request is sent even
/// if this is zero or negative.
///
/// @retval NATS_OK A reply arrived.
/// @retval NATS_TIMEOUT No reply arrived in time, or the socket did not accept the request within
/// the write deadline.
/// @retval NATS_NO_RESPONDERS There is no subscriber to the subject.
/// @retval NATS_INVALID_ARG `replyMsg` is NULL, or `nc` is NULL or was destroyed.
/// @retval NATS_INVALID_SUBJECT The subject is NULL or empty, has white space or control
/// characters, or makes the protocol line longer than `natsOptions_SetMaxControlLine` allows.
/// @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
/// @retval NATS_CONNECTION_DISCONNECTED The connection was lost during the call, and
/// `natsOptions_SetFailRequestsOnDisconnect` is set.
/// @retval NATS_DRAINING The connection is draining and its subscriptions are finished.
/// @retval NATS_MAX_PAYLOAD Headers and payload exceed the server's `max_payload`.
/// @retval NATS_INSUFFICIENT_BUFFER The connection is reconnecting and the reconnect buffer is
/// full.
/// @retval NATS_IO_ERROR Writing to the socket failed.
/// @retval NATS_NO_MEMORY Memory could not be allocated.
///
/// @par Threads
/// Any thread may call this function at any time. A callback that runs on the only thread that could produce the
/// reply waits until its timeout.
///
/// @par Example
/// ```c
/// natsMsg *reply = NULL;
/// natsStatus s = natsConnection_RequestString(&reply, nc, "greet", "world", 1000);
/// if (s == NATS_OK) puts(natsMsg_GetData(reply));
/// natsMsg_Destroy(reply);
/// ```
///
/// @see natsConnection_Request
///
/// @ingroup nats_request
///
/// # Safety
/// `replyMsg` is NULL or valid for writing a pointer; `nc` is NULL or a handle of this library;
/// `subj` and `str` are NULL or strings that end with a NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsConnection_RequestString(
    replyMsg: *mut *mut natsMsg,
    nc: *mut natsConnection,
    subj: *const c_char,
    str: *const c_char,
    timeout: i64,
) -> natsStatus {
    guard("natsConnection_RequestString", || {
        // SAFETY: the caller's contract, above.
        unsafe { clear_reply(replyMsg) }?;
        // SAFETY: likewise.
        let connection = unsafe { borrow_arc(nc) }?;
        // SAFETY: likewise.
        let (subject, text) = unsafe { (bytes(subj), bytes(str)) };
        let (subject, text) = (subject.unwrap_or_default(), text.unwrap_or_default());
        let reply = connection.request(subject, text, wait(timeout))?;
        // SAFETY: not NULL, or `clear_reply` would have failed; valid by the caller's contract.
        unsafe { replyMsg.write(into_c(reply)) };
        Ok(())
    })
}

/// Send a message with its headers as a request and wait for the first reply.
///
/// The request is written within the call, behind everything that was published before. The reply
/// subject of the message is neither used nor changed. Later replies are discarded. The wait
/// continues across a reconnect, unless `natsOptions_SetFailRequestsOnDisconnect` is set. Protocol:
/// request-reply of NATS; headers and no responders: ADR-4.
///
/// @param replyMsg Receives the reply, which the caller owns and releases with `natsMsg_Destroy`.
/// NULL with any status other than `NATS_OK`.
/// @param nc The connection.
/// @param requestMsg The request, which remains the caller's. No other thread may use it during the
/// call.
/// @param timeout The longest time to wait for the reply in milliseconds. The request is sent even
/// if this is zero or negative.
///
/// @retval NATS_OK A reply arrived.
/// @retval NATS_TIMEOUT No reply arrived in time, or the socket did not accept the request within
/// the write deadline.
/// @retval NATS_NO_RESPONDERS There is no subscriber to the subject.
/// @retval NATS_INVALID_ARG `replyMsg` or `requestMsg` is NULL, or `nc` is NULL or was destroyed.
/// @retval NATS_INVALID_SUBJECT The subject is NULL or empty, has white space or control
/// characters, or makes the protocol line longer than `natsOptions_SetMaxControlLine` allows.
/// @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
/// @retval NATS_CONNECTION_DISCONNECTED The connection was lost during the call, and
/// `natsOptions_SetFailRequestsOnDisconnect` is set.
/// @retval NATS_DRAINING The connection is draining and its subscriptions are finished.
/// @retval NATS_MAX_PAYLOAD Headers and payload exceed the server's `max_payload`.
/// @retval NATS_INSUFFICIENT_BUFFER The connection is reconnecting and the reconnect buffer is
/// full.
/// @retval NATS_IO_ERROR Writing to the socket failed.
/// @retval NATS_NO_MEMORY Memory could not be allocated.
/// @retval NATS_NO_SERVER_SUPPORT The message has headers and the server does not support them.
///
/// @par Threads
/// Any thread may call this function at any time. A callback that runs on the only thread that could produce the
/// reply waits until its timeout.
///
/// @see natsConnection_Request
///
/// @ingroup nats_request
///
/// # Safety
/// `replyMsg` is NULL or valid for writing a pointer; `nc` is NULL or a handle of this library;
/// `requestMsg` is NULL or a message of this library that no other thread uses during the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsConnection_RequestMsg(
    replyMsg: *mut *mut natsMsg,
    nc: *mut natsConnection,
    requestMsg: *mut natsMsg,
    timeout: i64,
) -> natsStatus {
    guard("natsConnection_RequestMsg", || {
        // SAFETY: the caller's contract, above.
        unsafe { clear_reply(replyMsg) }?;
        // SAFETY: likewise.
        let (connection, request) = unsafe { (borrow_arc(nc)?, borrow_msg(requestMsg)?) };
        let reply = connection.request_msg(&request, wait(timeout))?;
        // SAFETY: not NULL, or `clear_reply` would have failed; valid by the caller's contract.
        unsafe { replyMsg.write(into_c(reply)) };
        Ok(())
    })
}

/// Puts NULL in the place of the reply.
///
/// # Safety
/// `out` is NULL or valid for writing.
unsafe fn clear_reply(out: *mut *mut natsMsg) -> Result<()> {
    required(out, "replyMsg")?;
    // SAFETY: not NULL, hence valid for writing by the contract above.
    unsafe { out.write(ptr::null_mut()) };
    Ok(())
}

/// A time in milliseconds that has run out at once if it is not positive.
pub(super) fn wait(timeout: i64) -> Duration {
    Duration::from_millis(timeout.max(0).unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Status;

    #[test]
    fn a_request_that_fails_leaves_no_reply() {
        let (nc, none) = (ptr::null_mut(), ptr::null_mut());
        let mut reply = ptr::dangling_mut();
        // SAFETY: NULLs, literals and a live local.
        unsafe {
            let s = natsConnection_Request(none, nc, c"a".as_ptr(), ptr::null(), 0, 1);
            assert_eq!(s, Status::NATS_INVALID_ARG);
            let s = natsConnection_Request(&mut reply, nc, c"a".as_ptr(), ptr::null(), 0, 1);
            assert_eq!(s, Status::NATS_INVALID_ARG);
            assert!(reply.is_null());
            reply = ptr::dangling_mut();
            let s = natsConnection_RequestString(&mut reply, nc, c"a".as_ptr(), ptr::null(), 1);
            assert_eq!(s, Status::NATS_INVALID_ARG);
            assert!(reply.is_null());
        }
    }

    #[test]
    fn a_time_that_is_not_positive_is_over_at_once() {
        assert_eq!(wait(i64::MIN), Duration::ZERO);
        assert_eq!(wait(0), Duration::ZERO);
        assert_eq!(wait(7), Duration::from_millis(7));
    }
}
