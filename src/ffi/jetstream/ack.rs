//! Acknowledging messages, and their metadata.

use std::ffi::c_char;
use std::mem::ManuallyDrop;
use std::time::Duration;

use super::consumer_info::jsSequencePair;
use super::err_code::jsErrCodeArg;
use super::options::jsOptions;
use super::subscribe_types::jsMsgMetaData;
use crate::error::{Error, Result, natsStatus};
use crate::ffi::convert::{self, malloc_string, required};
use crate::ffi::guard::{guard, guard_void};
use crate::ffi::msg::{borrow_msg, natsMsg};
use crate::js;
use crate::js::consume::{self, Ack};
use crate::msg::Msg;

/// Acknowledge a message.
///
/// Tells the consumer that the message was processed. The call does not wait for the server unless
/// `opts` has a `Wait`. A message that was acknowledged before, and one of a consumer without
/// acknowledgements, is left alone. The message still has to be destroyed. Source: ADR-15.
///
/// @param msg The message, received from a JetStream subscription.
/// @param opts The options of the call, of which only `Wait` is used: if it is greater than 0, the
/// call waits this number of milliseconds for the confirmation of the server; NULL for none.
///
/// @retval NATS_OK The acknowledgement was sent, or none was needed.
/// @retval NATS_INVALID_ARG `msg` is NULL or was destroyed.
/// @retval NATS_ILLEGAL_STATE The message does not come from a JetStream subscription.
/// @retval NATS_TIMEOUT The server did not confirm in time; only with `Wait`. It may do what was asked nonetheless.
/// @retval NATS_INSUFFICIENT_BUFFER The connection is lost, and the reconnect buffer
/// (`natsOptions_SetReconnectBufSize`) is full.
/// @retval NATS_NO_RESPONDERS The stream or its server is not available; only with `Wait`.
/// @retval NATS_CONNECTION_CLOSED The connection is closed or destroyed. The message keeps neither it
/// nor the library open.
/// @retval NATS_DRAINING The connection is draining and sends nothing any more.
///
/// @par Threads
/// One thread at a time may use a message; it may be any thread.
///
/// @par Example
/// ```c
/// natsMsg *msg = NULL;
/// if (natsSubscription_NextMsg(&msg, sub, 1000) == NATS_OK) {
///     printf("%s\n", natsMsg_GetData(msg));
///     natsMsg_Ack(msg, NULL);
///     natsMsg_Destroy(msg);
/// }
/// ```
///
/// @see natsMsg_AckSync, natsMsg_Nak, natsMsg_Term
///
/// @ingroup nats_js_subscribe
///
/// # Safety
/// `msg` is NULL or a message of this library; `opts` is NULL or valid options.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsMsg_Ack(msg: *mut natsMsg, opts: *mut jsOptions) -> natsStatus {
    // SAFETY: the caller's contract, above.
    guard("natsMsg_Ack", || unsafe {
        acknowledge(msg, Ack::Done, opts)
    })
}

/// Acknowledge a message and wait until the server has recorded it.
///
/// After `NATS_OK` the message is not delivered again, whatever happens to the client. A message
/// that was acknowledged before is left alone. Source: ADR-15.
///
/// @param msg The message, received from a JetStream subscription.
/// @param opts The options of the call, of which only `Wait` is used, in milliseconds; NULL or 0 for
/// the wait of the context that the subscription was made with.
/// @param errCode Receives `JSNotEnabledErr` with `NATS_NO_RESPONDERS`, and is not written
/// otherwise; may be NULL.
///
/// @retval NATS_OK The server has recorded the acknowledgement, or none was needed.
/// @retval NATS_INVALID_ARG `msg` is NULL or was destroyed.
/// @retval NATS_ILLEGAL_STATE The message does not come from a JetStream subscription.
/// @retval NATS_TIMEOUT The server did not confirm in time. The message may be acknowledged.
/// @retval NATS_INSUFFICIENT_BUFFER The connection is lost, and the reconnect buffer
/// (`natsOptions_SetReconnectBufSize`) is full.
/// @retval NATS_NO_RESPONDERS The stream or its server is not available.
/// @retval NATS_CONNECTION_CLOSED The connection is closed or destroyed. The message keeps neither it
/// nor the library open.
/// @retval NATS_DRAINING The connection is draining and sends nothing any more.
///
/// @par Threads
/// One thread at a time may use a message; it may be any thread.
///
/// @see natsMsg_Ack
///
/// @ingroup nats_js_subscribe
///
/// # Safety
/// `msg` is NULL or a message of this library; `opts` is NULL or valid options; `errCode` is NULL or
/// valid for writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsMsg_AckSync(
    msg: *mut natsMsg,
    opts: *mut jsOptions,
    errCode: *mut jsErrCodeArg,
) -> natsStatus {
    guard("natsMsg_AckSync", || {
        // SAFETY: the caller's contract, above.
        let (mut msg, wait) = unsafe { (borrow(msg)?, wait(opts)) };
        consume::ack_sync(&mut msg, wait).map_err(|error| {
            if error.code() != js::ErrCode::NONE {
                // SAFETY: NULL, or valid for writing by the caller's contract.
                unsafe { convert::write_optional(errCode, jsErrCodeArg(error.code().0)) };
            }
            error.into()
        })
    })
}

/// Refuse a message, so that the consumer delivers it again.
///
/// The consumer delivers it again at once, unless it has a `BackOff`. A message that was
/// acknowledged before is left alone. Source: ADR-15.
///
/// @param msg The message, received from a JetStream subscription.
/// @param opts As for `natsMsg_Ack`.
///
/// @retval NATS_OK The refusal was sent, or none was needed.
/// @retval NATS_INVALID_ARG `msg` is NULL or was destroyed.
/// @retval NATS_ILLEGAL_STATE The message does not come from a JetStream subscription.
/// @retval NATS_TIMEOUT The server did not confirm in time; only with `Wait`. It may do what was asked nonetheless.
/// @retval NATS_INSUFFICIENT_BUFFER The connection is lost, and the reconnect buffer
/// (`natsOptions_SetReconnectBufSize`) is full.
/// @retval NATS_NO_RESPONDERS The stream or its server is not available; only with `Wait`.
/// @retval NATS_CONNECTION_CLOSED The connection is closed or destroyed. The message keeps neither it
/// nor the library open.
/// @retval NATS_DRAINING The connection is draining and sends nothing any more.
///
/// @par Threads
/// One thread at a time may use a message; it may be any thread.
///
/// @see natsMsg_NakWithDelay
///
/// @ingroup nats_js_subscribe
///
/// # Safety
/// As for `natsMsg_Ack`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsMsg_Nak(msg: *mut natsMsg, opts: *mut jsOptions) -> natsStatus {
    // SAFETY: the caller's contract, above.
    guard("natsMsg_Nak", || unsafe {
        acknowledge(msg, Ack::Nak, opts)
    })
}

/// Refuse a message, so that the consumer delivers it again after a while.
///
/// The consumer waits for the given time before it delivers the message again. A message that was
/// acknowledged before is left alone. Source: ADR-15.
///
/// @param msg The message, received from a JetStream subscription.
/// @param delay The time until the next delivery in milliseconds; with zero or less the same as `natsMsg_Nak`.
/// @param opts As for `natsMsg_Ack`.
///
/// @retval NATS_OK The refusal was sent, or none was needed.
/// @retval NATS_INVALID_ARG `msg` is NULL or was destroyed.
/// @retval NATS_ILLEGAL_STATE The message does not come from a JetStream subscription.
/// @retval NATS_TIMEOUT The server did not confirm in time; only with `Wait`. It may do what was asked nonetheless.
/// @retval NATS_INSUFFICIENT_BUFFER The connection is lost, and the reconnect buffer
/// (`natsOptions_SetReconnectBufSize`) is full.
/// @retval NATS_NO_RESPONDERS The stream or its server is not available; only with `Wait`.
/// @retval NATS_CONNECTION_CLOSED The connection is closed or destroyed. The message keeps neither it
/// nor the library open.
/// @retval NATS_DRAINING The connection is draining and sends nothing any more.
///
/// @par Threads
/// One thread at a time may use a message; it may be any thread.
///
/// @see natsMsg_Nak
///
/// @ingroup nats_js_subscribe
///
/// # Safety
/// As for `natsMsg_Ack`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsMsg_NakWithDelay(
    msg: *mut natsMsg,
    delay: i64,
    opts: *mut jsOptions,
) -> natsStatus {
    guard("natsMsg_NakWithDelay", || {
        let ack = match u64::try_from(delay) {
            // What does not fit is three hundred years.
            Ok(1..) => Ack::NakAfter(delay.saturating_mul(1_000_000).unsigned_abs()),
            _ => Ack::Nak,
        };
        // SAFETY: the caller's contract, above.
        unsafe { acknowledge(msg, ack, opts) }
    })
}

/// Tell the consumer that a message is still being processed.
///
/// The consumer's wait for the acknowledgement (`AckWait`) starts again, so that a message with a long processing
/// time is not delivered to another client meanwhile. The message still has to be acknowledged. Source: ADR-15.
///
/// @param msg The message, received from a JetStream subscription.
/// @param opts As for `natsMsg_Ack`.
///
/// @retval NATS_OK The progress was reported, or the message has been acknowledged already.
/// @retval NATS_INVALID_ARG `msg` is NULL or was destroyed.
/// @retval NATS_ILLEGAL_STATE The message does not come from a JetStream subscription.
/// @retval NATS_TIMEOUT The server did not confirm in time; only with `Wait`. It may do what was asked nonetheless.
/// @retval NATS_INSUFFICIENT_BUFFER The connection is lost, and the reconnect buffer
/// (`natsOptions_SetReconnectBufSize`) is full.
/// @retval NATS_NO_RESPONDERS The stream or its server is not available; only with `Wait`.
/// @retval NATS_CONNECTION_CLOSED The connection is closed or destroyed. The message keeps neither it
/// nor the library open.
/// @retval NATS_DRAINING The connection is draining and sends nothing any more.
///
/// @par Threads
/// One thread at a time may use a message; it may be any thread.
///
/// @ingroup nats_js_subscribe
///
/// # Safety
/// As for `natsMsg_Ack`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsMsg_InProgress(msg: *mut natsMsg, opts: *mut jsOptions) -> natsStatus {
    // SAFETY: the caller's contract, above.
    guard("natsMsg_InProgress", || unsafe {
        acknowledge(msg, Ack::InProgress, opts)
    })
}

/// Terminate a message: it is not delivered again.
///
/// For messages that can never be processed. The server publishes an advisory about it. A message
/// that was acknowledged before is left alone. Source: ADR-15.
///
/// @param msg The message, received from a JetStream subscription.
/// @param opts As for `natsMsg_Ack`.
///
/// @retval NATS_OK The termination was sent, or the message was acknowledged before.
/// @retval NATS_INVALID_ARG `msg` is NULL or was destroyed.
/// @retval NATS_ILLEGAL_STATE The message does not come from a JetStream subscription.
/// @retval NATS_TIMEOUT The server did not confirm in time; only with `Wait`. It may do what was asked nonetheless.
/// @retval NATS_INSUFFICIENT_BUFFER The connection is lost, and the reconnect buffer
/// (`natsOptions_SetReconnectBufSize`) is full.
/// @retval NATS_NO_RESPONDERS The stream or its server is not available; only with `Wait`.
/// @retval NATS_CONNECTION_CLOSED The connection is closed or destroyed. The message keeps neither it
/// nor the library open.
/// @retval NATS_DRAINING The connection is draining and sends nothing any more.
///
/// @par Threads
/// One thread at a time may use a message; it may be any thread.
///
/// @see natsMsg_TermWithReason
///
/// @ingroup nats_js_subscribe
///
/// # Safety
/// As for `natsMsg_Ack`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsMsg_Term(msg: *mut natsMsg, opts: *mut jsOptions) -> natsStatus {
    // SAFETY: the caller's contract, above.
    guard("natsMsg_Term", || unsafe {
        acknowledge(msg, Ack::Term, opts)
    })
}

/// Terminate a message, with a reason: it is not delivered again.
///
/// For messages that can never be processed. The server publishes an advisory with the reason;
/// servers before 2.10 ignore it. A message that was acknowledged before is left alone. Source:
/// ADR-15.
///
/// @param msg The message, received from a JetStream subscription.
/// @param reason The reason; NULL or an empty text has the same effect as `natsMsg_Term`.
/// @param opts As for `natsMsg_Ack`.
///
/// @retval NATS_OK The termination was sent, or the message was acknowledged before.
/// @retval NATS_INVALID_ARG `msg` is NULL or was destroyed.
/// @retval NATS_ILLEGAL_STATE The message does not come from a JetStream subscription.
/// @retval NATS_TIMEOUT The server did not confirm in time; only with `Wait`. It may do what was asked nonetheless.
/// @retval NATS_INSUFFICIENT_BUFFER The connection is lost, and the reconnect buffer
/// (`natsOptions_SetReconnectBufSize`) is full.
/// @retval NATS_NO_RESPONDERS The stream or its server is not available; only with `Wait`.
/// @retval NATS_MAX_PAYLOAD The reason is longer than the server's limit for a payload.
/// @retval NATS_CONNECTION_CLOSED The connection is closed or destroyed. The message keeps neither it
/// nor the library open.
/// @retval NATS_DRAINING The connection is draining and sends nothing any more.
///
/// @par Threads
/// One thread at a time may use a message; it may be any thread.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @see natsMsg_Term
///
/// @ingroup nats_js_subscribe
///
/// # Safety
/// As for `natsMsg_Ack`; `reason` is NULL or a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsMsg_TermWithReason(
    msg: *mut natsMsg,
    reason: *const c_char,
    opts: *mut jsOptions,
) -> natsStatus {
    guard("natsMsg_TermWithReason", || {
        // SAFETY: the caller's contract, above.
        let reason = unsafe { convert::bytes(reason) }.unwrap_or_default();
        let ack = match reason {
            [] => Ack::Term,
            reason => Ack::TermBecause(reason),
        };
        // SAFETY: likewise.
        unsafe { acknowledge(msg, ack, opts) }
    })
}

/// Return the metadata of a message: its sequences, the time at which it was stored, the number of
/// deliveries.
///
/// The metadata are parsed from the reply subject of the message during the call. Source: ADR-15.
///
/// @param new_meta Receives the metadata, which the caller owns and releases with
/// `jsMsgMetaData_Destroy`. Written only with `NATS_OK`.
/// @param msg The message, received from a JetStream subscription, or from a plain one on a
/// consumer's deliver subject.
///
/// @retval NATS_OK The metadata were written.
/// @retval NATS_INVALID_ARG `new_meta` or `msg` is NULL, or the message was destroyed.
/// @retval NATS_ILLEGAL_STATE The message has no reply subject, or it was created by the program and
/// its reply subject is not one that a consumer writes.
/// @retval NATS_ERR The message was received, and its reply subject is not one that a consumer
/// writes.
/// @retval NATS_NO_MEMORY Memory could not be allocated.
///
/// @par Threads
/// One thread at a time may use a message; it may be any thread.
///
/// @par Example
/// ```c
/// jsMsgMetaData *meta = NULL;
/// if (natsMsg_GetMetaData(&meta, msg) == NATS_OK) {
///     printf("%s %" PRIu64 "\n", meta->Stream, meta->Sequence.Stream);
///     jsMsgMetaData_Destroy(meta);
/// }
/// ```
///
/// @ingroup nats_js_subscribe
///
/// # Safety
/// `new_meta` is NULL or valid for writing a pointer; `msg` is NULL or a message of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsMsg_GetMetaData(
    new_meta: *mut *mut jsMsgMetaData,
    msg: *mut natsMsg,
) -> natsStatus {
    guard("natsMsg_GetMetaData", || {
        required(new_meta, "new_meta")?;
        // SAFETY: the caller's contract, above.
        let msg = unsafe { borrow_msg(msg) }?;
        let meta = consume::metadata(&msg)?;
        let made = Metadata::new(&meta)?;
        // SAFETY: not NULL, and valid for writing by the caller's contract.
        unsafe { new_meta.write(made.into_raw()) };
        Ok(())
    })
}

/// Release metadata.
///
/// @param meta The metadata; NULL is ignored.
///
/// @par Threads
/// The metadata belong to one thread at a time.
///
/// @ingroup nats_js_subscribe
///
/// # Safety
/// `meta` is NULL or from `natsMsg_GetMetaData`, and not released before.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsMsgMetaData_Destroy(meta: *mut jsMsgMetaData) {
    guard_void(|| {
        if !meta.is_null() {
            drop(Metadata(meta));
        }
    });
}

/// Metadata in memory of C's, freed unless C gets them.
struct Metadata(*mut jsMsgMetaData);

impl Metadata {
    fn new(meta: &js::consume::Metadata<'_>) -> Result<Self> {
        let empty = jsMsgMetaData {
            Sequence: jsSequencePair {
                Consumer: meta.consumer_seq,
                Stream: meta.stream_seq,
            },
            NumDelivered: meta.delivered,
            NumPending: meta.pending,
            Timestamp: meta.timestamp,
            Stream: std::ptr::null_mut(),
            Consumer: std::ptr::null_mut(),
            Domain: std::ptr::null_mut(),
        };
        let made = Metadata(convert::malloc_array(&[empty])?);
        // SAFETY: just made, and nobody else has it.
        let place = unsafe { &mut *made.0 };
        place.Stream = malloc_string(meta.stream)?;
        place.Consumer = malloc_string(meta.consumer)?;
        if let Some(domain) = meta.domain {
            place.Domain = malloc_string(domain)?;
        }
        Ok(made)
    }

    fn into_raw(self) -> *mut jsMsgMetaData {
        ManuallyDrop::new(self).0
    }
}

impl Drop for Metadata {
    fn drop(&mut self) {
        // SAFETY: it owns the structure and its strings, each of them from malloc or NULL.
        unsafe {
            let meta = self.0.read();
            for text in [meta.Stream, meta.Consumer, meta.Domain] {
                libc::free(text.cast());
            }
            libc::free(self.0.cast());
        }
    }
}

/// The message behind a pointer of C, for changing.
///
/// # Safety
/// As for [`borrow_msg`].
unsafe fn borrow(msg: *mut natsMsg) -> Result<ManuallyDrop<Msg>> {
    // SAFETY: the contract above.
    unsafe { borrow_msg(msg) }
}

/// How long the options of a call wait for an answer, if they do.
///
/// # Safety
/// `opts` is NULL or valid options.
unsafe fn wait(opts: *const jsOptions) -> Option<Duration> {
    // SAFETY: the contract above.
    let wait = unsafe { opts.as_ref() }?.Wait;
    u64::try_from(wait)
        .ok()
        .filter(|wait| *wait > 0)
        .map(Duration::from_millis)
}

/// # Safety
/// As for [`natsMsg_Ack`].
unsafe fn acknowledge(msg: *mut natsMsg, ack: Ack<'_>, opts: *const jsOptions) -> Result<()> {
    // SAFETY: the contract above.
    let (mut msg, wait) = unsafe { (borrow(msg)?, wait(opts)) };
    consume::acknowledge(&mut msg, ack, wait).map_err(Error::from)
}
