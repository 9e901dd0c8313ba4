//! Requests: a message out, and the first reply to it back.

use std::ffi::{c_char, c_int, c_void};
use std::ptr;
use std::time::Duration;

use super::convert::{bytes, payload, required};
use super::guard::guard;
use super::handle::{borrow_arc, natsConnection};
use super::msg::{borrow_msg, into_c, natsMsg};
use crate::error::{Result, natsStatus};

/// Sends a request and waits for the first reply.
///
/// The request is sent in the call, behind what was published before. Later replies are dropped.
/// The wait goes on through a reconnect, unless `natsOptions_SetFailRequestsOnDisconnect` says
/// otherwise. Do not call this on the thread that alone could answer. Source: NATS request-reply,
/// and ADR-4 for the 503 status that tells that there are no responders.
///
/// @param replyMsg where to put the reply, yours until `natsMsg_Destroy`; NULL in it with any other
/// status than `NATS_OK`.
/// @param nc the connection; any thread may call this at any time.
/// @param subj the subject, not empty.
/// @param data the payload, copied or sent before the call returns; ignored where `dataLen` is 0.
/// @param dataLen its length in bytes, not negative.
/// @param timeout how long to wait, in milliseconds; with 0 or less the request is sent all the
/// same.
/// @return `NATS_OK`; `NATS_TIMEOUT`; `NATS_NO_RESPONDERS` where nobody is subscribed to the
/// subject; `NATS_INVALID_ARG` where `replyMsg` or `nc` is NULL, `nc` was destroyed or the payload
/// cannot be used; `NATS_INVALID_SUBJECT` where the subject cannot be used;
/// `NATS_CONNECTION_CLOSED` where the connection is or gets closed; `NATS_CONNECTION_DISCONNECTED`
/// where it was lost and the options ask for that; and what `natsConnection_Publish` returns.
///
/// @see natsConnection_PublishRequest
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

/// Sends a request whose payload is a string, and waits for the first reply.
///
/// As `natsConnection_Request`; the string's NUL is not sent.
///
/// @param replyMsg where to put the reply, yours until `natsMsg_Destroy`; NULL in it with any other
/// status than `NATS_OK`.
/// @param nc the connection; any thread may call this at any time.
/// @param subj the subject, not empty.
/// @param str the payload; NULL for an empty one.
/// @param timeout how long to wait, in milliseconds; with 0 or less the request is sent all the
/// same.
/// @return as `natsConnection_Request`.
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

/// Sends a message, with its headers, as a request, and waits for the first reply.
///
/// As `natsConnection_Request`. The message's own reply subject is not used and stays as it is.
///
/// @param replyMsg where to put the reply, yours until `natsMsg_Destroy`; NULL in it with any other
/// status than `NATS_OK`.
/// @param nc the connection; any thread may call this at any time.
/// @param requestMsg the request; remains yours, and no other thread may use it meanwhile.
/// @param timeout how long to wait, in milliseconds; with 0 or less the request is sent all the
/// same.
/// @return as `natsConnection_Request`; `NATS_INVALID_ARG` also where `requestMsg` is NULL;
/// `NATS_NO_SERVER_SUPPORT` where it has headers and the server knows of none.
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

/// Puts NULL where the reply will be.
///
/// # Safety
/// `out` is NULL or valid for writing.
unsafe fn clear_reply(out: *mut *mut natsMsg) -> Result<()> {
    required(out, "replyMsg")?;
    // SAFETY: not NULL, hence valid for writing by the contract above.
    unsafe { out.write(ptr::null_mut()) };
    Ok(())
}

/// A time in milliseconds that is over at once when it is not positive.
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
