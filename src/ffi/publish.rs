//! Publishing: messages that no reply is waited for.

use std::ffi::{c_char, c_int, c_void};

use super::convert::{bytes, payload, some_bytes};
use super::guard::guard;
use super::handle::{borrow, natsConnection};
use super::msg::{borrow_msg, natsMsg};
use crate::client::When;
use crate::error::natsStatus;

/// Publish a payload on a subject.
///
/// The message is copied into the buffer of the connection and written soon, together with others.
/// `natsConnection_Send` writes it within the call, and `natsConnection_Flush` waits until the
/// server has it. Messages published by one thread keep their order. While the connection
/// reconnects, messages are kept up to the limit of `natsOptions_SetReconnectBufSize`. If the
/// socket accepts less than is published, the call waits for room, up to the write deadline.
/// Protocol: PUB.
///
/// @param nc The connection.
/// @param subj The subject; not empty, without white space or control characters. Its tokens should be literal: see
/// `natsOptions_SetPedantic`.
/// @param data The payload, copied or written before the call returns. Ignored if `dataLen` is 0.
/// @param dataLen The length of the payload in bytes; not negative.
///
/// @retval NATS_OK The message was accepted. It is sent before anything that this thread publishes
/// later.
/// @retval NATS_INVALID_ARG `nc` is NULL or was destroyed, `dataLen` is negative, or `data` is NULL
/// while `dataLen` is not 0.
/// @retval NATS_INVALID_SUBJECT A subject is NULL or empty, has white space or control characters,
/// or makes the protocol line longer than `natsOptions_SetMaxControlLine` allows.
/// @retval NATS_CONNECTION_CLOSED The connection is closed.
/// @retval NATS_DRAINING The connection is draining and its subscriptions are finished.
/// @retval NATS_MAX_PAYLOAD Headers and payload exceed the server's `max_payload`.
/// @retval NATS_INSUFFICIENT_BUFFER The connection is reconnecting and the reconnect buffer is
/// full.
/// @retval NATS_TIMEOUT The socket did not accept data within the write deadline; the connection
/// counts as lost. The message was not accepted, except that one of 80 KiB or more that was partly
/// written is sent after the reconnect.
/// @retval NATS_IO_ERROR Writing to the socket failed.
/// @retval NATS_NO_MEMORY Memory for the message could not be allocated.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @par Example
/// ```c
/// static const unsigned char reading[] = {0x17, 0x03, 0x00, 0x2a};
/// natsStatus s = natsConnection_Publish(nc, "sensor.7", reading, (int)sizeof(reading));
/// ```
///
/// @see natsConnection_PublishMsg, natsOptions_SetReconnectBufSize, natsOptions_SetWriteDeadline
///
/// @ingroup nats_publish
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

/// Publish a string on a subject.
///
/// The string, without its NUL, is copied into the buffer of the connection and written soon,
/// together with other messages. While the connection reconnects, messages are kept up to the limit
/// of `natsOptions_SetReconnectBufSize`. `natsConnection_Publish` describes the order of messages
/// and waiting for room. Protocol: PUB.
///
/// @param nc The connection.
/// @param subj The subject; not empty, without white space or control characters. Its tokens should be literal: see
/// `natsOptions_SetPedantic`.
/// @param str The payload, a string whose NUL is not sent; NULL for an empty payload. Copied.
///
/// @retval NATS_OK The message was accepted. It is sent before anything that this thread publishes
/// later.
/// @retval NATS_INVALID_ARG `nc` is NULL or was destroyed.
/// @retval NATS_INVALID_SUBJECT A subject is NULL or empty, has white space or control characters,
/// or makes the protocol line longer than `natsOptions_SetMaxControlLine` allows.
/// @retval NATS_CONNECTION_CLOSED The connection is closed.
/// @retval NATS_DRAINING The connection is draining and its subscriptions are finished.
/// @retval NATS_MAX_PAYLOAD Headers and payload exceed the server's `max_payload`.
/// @retval NATS_INSUFFICIENT_BUFFER The connection is reconnecting and the reconnect buffer is
/// full.
/// @retval NATS_TIMEOUT The socket did not accept data within the write deadline; the connection
/// counts as lost. The message was not accepted, except that one of 80 KiB or more that was partly
/// written is sent after the reconnect.
/// @retval NATS_IO_ERROR Writing to the socket failed.
/// @retval NATS_NO_MEMORY Memory for the message could not be allocated.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @par Example
/// ```c
/// natsStatus s = natsConnection_PublishString(nc, "greet.world", "hello");
/// ```
///
/// @see natsConnection_Publish
///
/// @ingroup nats_publish
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

/// Publish a message with its reply subject and headers.
///
/// The message is copied into the buffer of the connection and written soon, together with others.
/// A received message can be published unchanged on its own subject; its headers are then sent as
/// they were received. `natsConnection_Publish` describes the order of messages, waiting for room
/// and reconnects. Protocol: PUB and HPUB; headers: ADR-4.
///
/// @param nc The connection.
/// @param msg The message, which is copied and remains the caller's. No other thread may use it
/// during the call.
///
/// @retval NATS_OK The message was accepted. It is sent before anything that this thread publishes
/// later.
/// @retval NATS_INVALID_ARG `nc` is NULL or was destroyed, or `msg` is NULL.
/// @retval NATS_INVALID_SUBJECT A subject is NULL or empty, has white space or control characters,
/// or makes the protocol line longer than `natsOptions_SetMaxControlLine` allows.
/// @retval NATS_CONNECTION_CLOSED The connection is closed.
/// @retval NATS_DRAINING The connection is draining and its subscriptions are finished.
/// @retval NATS_MAX_PAYLOAD Headers and payload exceed the server's `max_payload`.
/// @retval NATS_INSUFFICIENT_BUFFER The connection is reconnecting and the reconnect buffer is
/// full.
/// @retval NATS_TIMEOUT The socket did not accept data within the write deadline; the connection
/// counts as lost. The message was not accepted, except that one of 80 KiB or more that was partly
/// written is sent after the reconnect.
/// @retval NATS_IO_ERROR Writing to the socket failed.
/// @retval NATS_NO_MEMORY Memory for the message could not be allocated.
/// @retval NATS_NO_SERVER_SUPPORT The message has headers and the server does not support them.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @par Example
/// ```c
/// natsMsg *msg = NULL;
/// natsStatus s = natsMsg_Create(&msg, "orders.new", NULL, "{}", 2);
/// if (s == NATS_OK) s = natsMsgHeader_Set(msg, "Content-Type", "application/json");
/// if (s == NATS_OK) s = natsConnection_PublishMsg(nc, msg);
/// natsMsg_Destroy(msg);
/// ```
///
/// @see natsMsg_Create, natsMsgHeader_Set
///
/// @ingroup nats_publish
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

/// Publish a payload with a subject for replies, without waiting for a reply.
///
/// The message is copied into the buffer of the connection and written soon, together with others.
/// To receive the replies, all of them, subscribe to the reply subject first.
/// `natsConnection_Publish` describes the order of messages, waiting for room and reconnects.
/// Protocol: PUB with a reply subject.
///
/// @param nc The connection.
/// @param subj The subject; not empty, without white space or control characters. Its tokens should be literal: see
/// `natsOptions_SetPedantic`.
/// @param reply The subject for replies; not empty.
/// @param data The payload, copied or written before the call returns. Ignored if `dataLen` is 0.
/// @param dataLen The length of the payload in bytes; not negative.
///
/// @retval NATS_OK The message was accepted. It is sent before anything that this thread publishes
/// later.
/// @retval NATS_INVALID_ARG `nc` is NULL or was destroyed, `reply` is NULL or empty, `dataLen` is
/// negative, or `data` is NULL while `dataLen` is not 0.
/// @retval NATS_INVALID_SUBJECT A subject is NULL or empty, has white space or control characters,
/// or makes the protocol line longer than `natsOptions_SetMaxControlLine` allows.
/// @retval NATS_CONNECTION_CLOSED The connection is closed.
/// @retval NATS_DRAINING The connection is draining and its subscriptions are finished.
/// @retval NATS_MAX_PAYLOAD Headers and payload exceed the server's `max_payload`.
/// @retval NATS_INSUFFICIENT_BUFFER The connection is reconnecting and the reconnect buffer is
/// full.
/// @retval NATS_TIMEOUT The socket did not accept data within the write deadline; the connection
/// counts as lost. The message was not accepted, except that one of 80 KiB or more that was partly
/// written is sent after the reconnect.
/// @retval NATS_IO_ERROR Writing to the socket failed.
/// @retval NATS_NO_MEMORY Memory for the message could not be allocated.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @see natsInbox_Create, natsConnection_Request
///
/// @ingroup nats_publish
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

/// Publish a string with a subject for replies, without waiting for a reply.
///
/// The string, without its NUL, is copied into the buffer of the connection and written soon,
/// together with other messages. To receive the replies, all of them, subscribe to the reply
/// subject first. `natsConnection_Publish` describes the order of messages, waiting for room and
/// reconnects. Protocol: PUB with a reply subject.
///
/// @param nc The connection.
/// @param subj The subject; not empty, without white space or control characters. Its tokens should be literal: see
/// `natsOptions_SetPedantic`.
/// @param reply The subject for replies; not empty.
/// @param str The payload, a string whose NUL is not sent; NULL for an empty payload. Copied.
///
/// @retval NATS_OK The message was accepted. It is sent before anything that this thread publishes
/// later.
/// @retval NATS_INVALID_ARG `nc` is NULL or was destroyed, or `reply` is NULL or empty.
/// @retval NATS_INVALID_SUBJECT A subject is NULL or empty, has white space or control characters,
/// or makes the protocol line longer than `natsOptions_SetMaxControlLine` allows.
/// @retval NATS_CONNECTION_CLOSED The connection is closed.
/// @retval NATS_DRAINING The connection is draining and its subscriptions are finished.
/// @retval NATS_MAX_PAYLOAD Headers and payload exceed the server's `max_payload`.
/// @retval NATS_INSUFFICIENT_BUFFER The connection is reconnecting and the reconnect buffer is
/// full.
/// @retval NATS_TIMEOUT The socket did not accept data within the write deadline; the connection
/// counts as lost. The message was not accepted, except that one of 80 KiB or more that was partly
/// written is sent after the reconnect.
/// @retval NATS_IO_ERROR Writing to the socket failed.
/// @retval NATS_NO_MEMORY Memory for the message could not be allocated.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @see natsInbox_Create, natsConnection_RequestString
///
/// @ingroup nats_publish
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

/// Publish a payload and write it to the socket within the call.
///
/// For a message that must not wait for others to share a system call with. Messages published
/// before are written first. While the connection reconnects, the message is kept up to the limit
/// of `natsOptions_SetReconnectBufSize`. The call does not wait for the server;
/// `natsConnection_Flush` does. Protocol: PUB.
///
/// @param nc The connection.
/// @param subj The subject; not empty, without white space or control characters. Its tokens should be literal: see
/// `natsOptions_SetPedantic`.
/// @param data The payload, copied or written before the call returns. Ignored if `dataLen` is 0.
/// @param dataLen The length of the payload in bytes; not negative.
///
/// @retval NATS_OK The message was accepted. It is sent before anything that this thread publishes
/// later.
/// @retval NATS_INVALID_ARG `nc` is NULL or was destroyed, `dataLen` is negative, or `data` is NULL
/// while `dataLen` is not 0.
/// @retval NATS_INVALID_SUBJECT A subject is NULL or empty, has white space or control characters,
/// or makes the protocol line longer than `natsOptions_SetMaxControlLine` allows.
/// @retval NATS_CONNECTION_CLOSED The connection is closed.
/// @retval NATS_DRAINING The connection is draining and its subscriptions are finished.
/// @retval NATS_MAX_PAYLOAD Headers and payload exceed the server's `max_payload`.
/// @retval NATS_INSUFFICIENT_BUFFER The connection is reconnecting and the reconnect buffer is
/// full.
/// @retval NATS_TIMEOUT The socket did not accept data within the write deadline; the connection
/// counts as lost. The message was not accepted, except that one of 80 KiB or more that was partly
/// written is sent after the reconnect.
/// @retval NATS_IO_ERROR Writing to the socket failed.
/// @retval NATS_NO_MEMORY Memory for the message could not be allocated.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @see natsConnection_Publish, natsOptions_SetSendAsap
///
/// @ingroup nats_publish
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

/// Publish a message with its reply subject and headers, and write it to the socket within the
/// call.
///
/// For a message that must not wait for others to share a system call with. Messages published
/// before are written first. While the connection reconnects, the message is kept up to the limit
/// of `natsOptions_SetReconnectBufSize`. Protocol: PUB and HPUB; headers: ADR-4.
///
/// @param nc The connection.
/// @param msg The message, which remains the caller's. No other thread may use it during the call.
///
/// @retval NATS_OK The message was accepted. It is sent before anything that this thread publishes
/// later.
/// @retval NATS_INVALID_ARG `nc` is NULL or was destroyed, or `msg` is NULL.
/// @retval NATS_INVALID_SUBJECT A subject is NULL or empty, has white space or control characters,
/// or makes the protocol line longer than `natsOptions_SetMaxControlLine` allows.
/// @retval NATS_CONNECTION_CLOSED The connection is closed.
/// @retval NATS_DRAINING The connection is draining and its subscriptions are finished.
/// @retval NATS_MAX_PAYLOAD Headers and payload exceed the server's `max_payload`.
/// @retval NATS_INSUFFICIENT_BUFFER The connection is reconnecting and the reconnect buffer is
/// full.
/// @retval NATS_TIMEOUT The socket did not accept data within the write deadline; the connection
/// counts as lost. The message was not accepted, except that one of 80 KiB or more that was partly
/// written is sent after the reconnect.
/// @retval NATS_IO_ERROR Writing to the socket failed.
/// @retval NATS_NO_MEMORY Memory for the message could not be allocated.
/// @retval NATS_NO_SERVER_SUPPORT The message has headers and the server does not support them.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @see natsConnection_PublishMsg
///
/// @ingroup nats_publish
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

/// Publish a payload with a subject for replies, and write it to the socket within the call.
///
/// Does not wait for a reply: to receive the replies, subscribe to the reply subject first.
/// Messages published before are written first. While the connection reconnects, the message is
/// kept up to the limit of `natsOptions_SetReconnectBufSize`. Protocol: PUB with a reply subject.
///
/// @param nc The connection.
/// @param subj The subject; not empty, without white space or control characters. Its tokens should be literal: see
/// `natsOptions_SetPedantic`.
/// @param reply The subject for replies; not empty.
/// @param data The payload, copied or written before the call returns. Ignored if `dataLen` is 0.
/// @param dataLen The length of the payload in bytes; not negative.
///
/// @retval NATS_OK The message was accepted. It is sent before anything that this thread publishes
/// later.
/// @retval NATS_INVALID_ARG `nc` is NULL or was destroyed, `reply` is NULL or empty, `dataLen` is
/// negative, or `data` is NULL while `dataLen` is not 0.
/// @retval NATS_INVALID_SUBJECT A subject is NULL or empty, has white space or control characters,
/// or makes the protocol line longer than `natsOptions_SetMaxControlLine` allows.
/// @retval NATS_CONNECTION_CLOSED The connection is closed.
/// @retval NATS_DRAINING The connection is draining and its subscriptions are finished.
/// @retval NATS_MAX_PAYLOAD Headers and payload exceed the server's `max_payload`.
/// @retval NATS_INSUFFICIENT_BUFFER The connection is reconnecting and the reconnect buffer is
/// full.
/// @retval NATS_TIMEOUT The socket did not accept data within the write deadline; the connection
/// counts as lost. The message was not accepted, except that one of 80 KiB or more that was partly
/// written is sent after the reconnect.
/// @retval NATS_IO_ERROR Writing to the socket failed.
/// @retval NATS_NO_MEMORY Memory for the message could not be allocated.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @see natsConnection_PublishRequest, natsConnection_Request
///
/// @ingroup nats_publish
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
