//! What a program can ask about the consumer of a subscription.

use super::call::{call_options, guard_api};
use super::consumer_info::{self, jsConsumerInfo, jsConsumerSequenceMismatch};
use super::err_code::jsErrCodeArg;
use super::options::jsOptions;
use crate::error::{Status, natsStatus};
use crate::ffi::convert::required;
use crate::ffi::guard::guard_answer;
use crate::ffi::handle::{borrow_arc, natsSubscription};
use crate::js::consume;

/// Get the info of a subscription's consumer from the server.
///
/// The answer describes the present consumer: that of an ordered subscription changes when the
/// library creates another one.
///
/// @param ci Receives the information, which the caller owns and releases with
/// `jsConsumerInfo_Destroy`. Written only with `NATS_OK`.
/// @param sub The subscription, made by one of the JetStream functions.
/// @param opts The options of the call; NULL for those of the context.
/// @param errCode Receives the code of the server's error, or 0 if there is none; may be NULL.
///
/// @retval NATS_OK The information was written.
/// @retval NATS_INVALID_ARG `ci` or `sub` is NULL, or `sub` was destroyed.
/// @retval NATS_INVALID_SUBSCRIPTION `sub` is not a JetStream subscription.
/// @retval NATS_NOT_FOUND The consumer does not exist at present.
/// @retval NATS_NO_RESPONDERS JetStream is not available.
/// @retval NATS_TIMEOUT The server did not answer in time.
/// @retval NATS_INSUFFICIENT_BUFFER The connection is lost, and the reconnect buffer
/// (`natsOptions_SetReconnectBufSize`) is full.
/// @retval NATS_CONNECTION_CLOSED The connection is closed.
/// @retval NATS_DRAINING The connection is draining and sends no requests any more.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included. Waits for the server.
///
/// @see js_GetConsumerInfo
///
/// @ingroup nats_js_subscribe
///
/// # Safety
/// `ci` is NULL or valid for writing a pointer; `sub` is NULL or a handle of this library; `opts` is
/// NULL or options whose pointers are NULL or valid; `errCode` is NULL or valid for writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsSubscription_GetConsumerInfo(
    ci: *mut *mut jsConsumerInfo,
    sub: *mut natsSubscription,
    opts: *mut jsOptions,
    errCode: *mut jsErrCodeArg,
) -> natsStatus {
    let body = || {
        required(ci, "ci")?;
        // SAFETY: the caller's contract, above.
        let (sub, options) = unsafe { (borrow_arc(sub)?, call_options(opts)?) };
        let info = consume::consumer_info(&sub, &options)?;
        let made = consumer_info::convert::to_c(&info)?;
        // SAFETY: not NULL, and valid for writing by the caller's contract.
        unsafe { ci.write(made.into_raw()) };
        Ok(())
    };
    // SAFETY: likewise.
    unsafe { guard_api("natsSubscription_GetConsumerInfo", errCode, body) }
}

/// Compare what has arrived with what the consumer has sent.
///
/// Each heartbeat of a push consumer contains the number of its last delivery. Without heartbeats there is nothing to
/// compare, and messages that arrived after the last heartbeat are not taken into account. A pull subscription never
/// has a mismatch. A subscription whose sequences do not match has lost messages: subscribe again, or use an ordered
/// subscription, which recovers by itself.
///
/// @param csm Receives the sequences of the last message that had arrived before the last
/// heartbeat, and the number of the consumer's last delivery. Written only with `NATS_OK`.
/// @param sub The subscription, made by one of the JetStream functions.
///
/// @retval NATS_OK There is a mismatch, which was written.
/// @retval NATS_NOT_FOUND There is no mismatch, no heartbeat has arrived, or the subscription is a
/// pull subscription.
/// @retval NATS_INVALID_ARG `csm` or `sub` is NULL, or `sub` was destroyed.
/// @retval NATS_INVALID_SUBSCRIPTION `sub` is not a JetStream subscription.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_js_subscribe
///
/// # Safety
/// `csm` is NULL or valid for writing; `sub` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsSubscription_GetSequenceMismatch(
    csm: *mut jsConsumerSequenceMismatch,
    sub: *mut natsSubscription,
) -> natsStatus {
    guard_answer("natsSubscription_GetSequenceMismatch", || {
        required(csm, "csm")?;
        // SAFETY: the caller's contract, above.
        let sub = unsafe { borrow_arc(sub) }?;
        let Some(mismatch) = consume::sequence_mismatch(&sub)? else {
            return Ok(Err(Status::NATS_NOT_FOUND.into()));
        };
        let mismatch = jsConsumerSequenceMismatch {
            Stream: mismatch.stream,
            ConsumerClient: mismatch.client,
            ConsumerServer: mismatch.server,
        };
        // SAFETY: not NULL, and valid for writing by the caller's contract.
        unsafe { csm.write(mismatch) };
        Ok(Ok(()))
    })
}
