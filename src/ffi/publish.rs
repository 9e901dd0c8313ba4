//! Publishing: what goes to the server and is not waited for.

use std::ffi::{c_char, c_int, c_void};

use super::convert::{bytes, payload, some_bytes};
use super::guard::guard;
use super::handle::{borrow, natsConnection};
use super::msg::{borrow_msg, natsMsg};
use crate::client::When;
use crate::error::natsStatus;

/// Publishes a payload on a subject.
///
/// The message is copied into the connection's buffer and goes out soon, together with others;
/// `natsConnection_Send` writes at once, `natsConnection_Flush` waits for the server. Messages of
/// one thread keep their order. While the connection is reconnecting they are kept, up to the
/// reconnect buffer's limit. When the socket takes less than is published, the call waits for room.
/// Source: NATS client protocol, PUB.
///
/// @param nc the connection; any thread may call this at any time.
/// @param subj the subject, not empty.
/// @param data the payload, copied before the call returns; ignored where `dataLen` is 0.
/// @param dataLen its length in bytes, not negative.
/// @return `NATS_OK` where the message was taken; `NATS_INVALID_ARG` where `nc` is NULL or
/// destroyed, or the payload is NULL and its length is not 0, or the length is negative;
/// `NATS_INVALID_SUBJECT` where the subject is NULL, empty, has white space or control characters,
/// or is too long (`natsOptions_SetMaxControlLine`);
/// `NATS_CONNECTION_CLOSED`; `NATS_DRAINING` where the connection is draining and its subscriptions
/// are done; `NATS_MAX_PAYLOAD` where the server does not take so much; `NATS_INSUFFICIENT_BUFFER`
/// where the reconnect buffer is full; `NATS_TIMEOUT` where the write deadline passed, and the
/// connection is then taken for lost: the message was not taken, but one of 80 KiB or more that
/// had begun to leave is sent after the reconnect; `NATS_IO_ERROR`.
///
/// @see natsConnection_PublishMsg, natsOptions_SetReconnectBufSize, natsOptions_SetWriteDeadline
///
/// # Safety
/// `nc` is NULL or a handle of this library; `subj` is NULL or a string that ends with a NUL; with
/// a positive `dataLen`, `data` is NULL or valid for reading so many bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsConnection_Publish(
    nc: *mut natsConnection,
    subj: *const c_char,
    data: *const c_void,
    dataLen: c_int,
) -> natsStatus {
    guard("natsConnection_Publish", || {
        // SAFETY: the caller's contract, above.
        let (connection, subject) = unsafe { (borrow(nc)?, bytes(subj)) };
        // SAFETY: likewise.
        let payload = unsafe { payload(data, dataLen) }?;
        connection.publish(subject.unwrap_or_default(), None, payload, When::Buffered)
    })
}

/// Publishes a string on a subject.
///
/// As `natsConnection_Publish`; the string's NUL is not sent.
///
/// @param nc the connection; any thread may call this at any time.
/// @param subj the subject, not empty.
/// @param str the payload, copied; NULL for an empty one.
/// @return as `natsConnection_Publish`.
///
/// # Safety
/// `nc` is NULL or a handle of this library; `subj` and `str` are NULL or strings that end with a
/// NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsConnection_PublishString(
    nc: *mut natsConnection,
    subj: *const c_char,
    str: *const c_char,
) -> natsStatus {
    guard("natsConnection_PublishString", || {
        // SAFETY: the caller's contract, above.
        let (connection, subject, text) = unsafe { (borrow(nc)?, bytes(subj), bytes(str)) };
        let (subject, text) = (subject.unwrap_or_default(), text.unwrap_or_default());
        connection.publish(subject, None, text, When::Buffered)
    })
}

/// Publishes a message, with its reply subject and headers.
///
/// As `natsConnection_Publish`. A received message may be published as it is, by its own subject.
/// Source: NATS client protocol, PUB and HPUB; ADR-4 for headers.
///
/// @param nc the connection; any thread may call this at any time.
/// @param msg the message, copied; remains yours, and no other thread may use it meanwhile.
/// @return as `natsConnection_Publish`; `NATS_INVALID_ARG` also where `msg` is NULL;
/// `NATS_NO_SERVER_SUPPORT` where it has headers and the server knows of none.
///
/// @see natsMsg_Create
///
/// # Safety
/// `nc` is NULL or a handle of this library; `msg` is NULL or a message of this library that no
/// other thread uses during the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsConnection_PublishMsg(
    nc: *mut natsConnection,
    msg: *mut natsMsg,
) -> natsStatus {
    guard("natsConnection_PublishMsg", || {
        // SAFETY: the caller's contract, above.
        let (connection, msg) = unsafe { (borrow(nc)?, borrow_msg(msg)?) };
        connection.publish_msg(&msg, When::Buffered)
    })
}

/// Publishes a payload with a subject for replies, and does not wait for any.
///
/// As `natsConnection_Publish`. Subscribe to the reply subject to get the replies, all of them.
///
/// @param nc the connection; any thread may call this at any time.
/// @param subj the subject, not empty.
/// @param reply the subject for replies, not empty.
/// @param data the payload, copied before the call returns; ignored where `dataLen` is 0.
/// @param dataLen its length in bytes, not negative.
/// @return as `natsConnection_Publish`; `NATS_INVALID_ARG` also where `reply` is NULL or empty.
///
/// @see natsInbox_Create, natsConnection_Request
///
/// # Safety
/// `nc` is NULL or a handle of this library; `subj` and `reply` are NULL or strings that end with a
/// NUL; with a positive `dataLen`, `data` is NULL or valid for reading so many bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsConnection_PublishRequest(
    nc: *mut natsConnection,
    subj: *const c_char,
    reply: *const c_char,
    data: *const c_void,
    dataLen: c_int,
) -> natsStatus {
    guard("natsConnection_PublishRequest", || {
        // SAFETY: the caller's contract, above.
        let reply = unsafe { some_bytes(reply, NO_REPLY) }?;
        // SAFETY: likewise.
        let (connection, subject) = unsafe { (borrow(nc)?, bytes(subj)) };
        // SAFETY: likewise.
        let payload = unsafe { payload(data, dataLen) }?;
        connection.publish(
            subject.unwrap_or_default(),
            Some(reply),
            payload,
            When::Buffered,
        )
    })
}

/// Publishes a string with a subject for replies, and does not wait for any.
///
/// As `natsConnection_PublishRequest`; the string's NUL is not sent.
///
/// @param nc the connection; any thread may call this at any time.
/// @param subj the subject, not empty.
/// @param reply the subject for replies, not empty.
/// @param str the payload, copied; NULL for an empty one.
/// @return as `natsConnection_PublishRequest`.
///
/// # Safety
/// `nc` is NULL or a handle of this library; the others are NULL or strings that end with a NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsConnection_PublishRequestString(
    nc: *mut natsConnection,
    subj: *const c_char,
    reply: *const c_char,
    str: *const c_char,
) -> natsStatus {
    guard("natsConnection_PublishRequestString", || {
        // SAFETY: the caller's contract, above.
        let reply = unsafe { some_bytes(reply, NO_REPLY) }?;
        // SAFETY: likewise.
        let (connection, subject, text) = unsafe { (borrow(nc)?, bytes(subj), bytes(str)) };
        let (subject, text) = (subject.unwrap_or_default(), text.unwrap_or_default());
        connection.publish(subject, Some(reply), text, When::Buffered)
    })
}

/// Publishes a payload and writes it to the socket in the call.
///
/// As `natsConnection_Publish`, for a message that cannot wait for others to share its way. What
/// was published before goes out first.
///
/// @param nc the connection; any thread may call this at any time.
/// @param subj the subject, not empty.
/// @param data the payload, copied or sent before the call returns; ignored where `dataLen` is 0.
/// @param dataLen its length in bytes, not negative.
/// @return as `natsConnection_Publish`.
///
/// # Safety
/// `nc` is NULL or a handle of this library; `subj` is NULL or a string that ends with a NUL; with
/// a positive `dataLen`, `data` is NULL or valid for reading so many bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsConnection_Send(
    nc: *mut natsConnection,
    subj: *const c_char,
    data: *const c_void,
    dataLen: c_int,
) -> natsStatus {
    guard("natsConnection_Send", || {
        // SAFETY: the caller's contract, above.
        let (connection, subject) = unsafe { (borrow(nc)?, bytes(subj)) };
        // SAFETY: likewise.
        let payload = unsafe { payload(data, dataLen) }?;
        connection.publish(subject.unwrap_or_default(), None, payload, When::Now)
    })
}

/// Publishes a message, with its reply subject and headers, and writes it to the socket in the
/// call.
///
/// As `natsConnection_PublishMsg` and `natsConnection_Send`.
///
/// @param nc the connection; any thread may call this at any time.
/// @param msg the message; remains yours, and no other thread may use it meanwhile.
/// @return as `natsConnection_PublishMsg`.
///
/// # Safety
/// `nc` is NULL or a handle of this library; `msg` is NULL or a message of this library that no
/// other thread uses during the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsConnection_SendMsg(
    nc: *mut natsConnection,
    msg: *mut natsMsg,
) -> natsStatus {
    guard("natsConnection_SendMsg", || {
        // SAFETY: the caller's contract, above.
        let (connection, msg) = unsafe { (borrow(nc)?, borrow_msg(msg)?) };
        connection.publish_msg(&msg, When::Now)
    })
}

/// Publishes a payload with a subject for replies, writes it to the socket in the call, and does
/// not wait for any reply.
///
/// As `natsConnection_PublishRequest` and `natsConnection_Send`.
///
/// @param nc the connection; any thread may call this at any time.
/// @param subj the subject, not empty.
/// @param reply the subject for replies, not empty.
/// @param data the payload, copied or sent before the call returns; ignored where `dataLen` is 0.
/// @param dataLen its length in bytes, not negative.
/// @return as `natsConnection_PublishRequest`.
///
/// # Safety
/// `nc` is NULL or a handle of this library; `subj` and `reply` are NULL or strings that end with a
/// NUL; with a positive `dataLen`, `data` is NULL or valid for reading so many bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsConnection_SendRequest(
    nc: *mut natsConnection,
    subj: *const c_char,
    reply: *const c_char,
    data: *const c_void,
    dataLen: c_int,
) -> natsStatus {
    guard("natsConnection_SendRequest", || {
        // SAFETY: the caller's contract, above.
        let reply = unsafe { some_bytes(reply, NO_REPLY) }?;
        // SAFETY: likewise.
        let (connection, subject) = unsafe { (borrow(nc)?, bytes(subj)) };
        // SAFETY: likewise.
        let payload = unsafe { payload(data, dataLen) }?;
        connection.publish(subject.unwrap_or_default(), Some(reply), payload, When::Now)
    })
}

const NO_REPLY: &str = "reply cannot be NULL nor empty";
