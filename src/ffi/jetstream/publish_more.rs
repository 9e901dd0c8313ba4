//! Additions to publishing: what is done about messages that may not have been stored, an expectation
//! that options cannot express, and counters.

use std::ffi::{c_char, c_int};
use std::time::Duration;

use super::call::guard_api;
use super::context::jsCtx;
use super::err_code::jsErrCodeArg;
use super::plain::{plain, zero};
use super::publish::{NO_SUBJECT, wait};
use super::publish_types::jsPubOptions;
use crate::error::natsStatus;
use crate::ffi::convert::{count, malloc_string, millis, some_bytes};
use crate::ffi::guard::guard;
use crate::ffi::handle::borrow_arc;
use crate::ffi::msg::{borrow_msg, natsMsg};
use crate::js::publish::{RESENDS, RETRY_WAIT, add_to_counter, expect_last_seq};

/// The treatment of messages that may not have been stored. Initialize it with `jsPubPolicy_Init`, which sets it to
/// do nothing.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @ingroup nats_js_publish
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsPubPolicy {
    /// How often to publish a message again if there is no subscriber to its subject, as happens while a stream has
    /// no leader (ADR-22); 0 for never. Applies to `js_Publish` and its variants, within `MaxWait`, and to
    /// `js_PublishAsync` and its variants.
    pub NoRespondersRetries: c_int,
    /// The pause before each repetition in milliseconds; 0 for 250.
    pub NoRespondersWait: i64,
    /// Whether asynchronously published messages whose acknowledgements are missing are published again after a
    /// reconnect. Messages without a `Nats-Msg-Id` are given one when they are published, so that the stream stores
    /// each message only once, within the time `Duplicates` of its configuration. Messages that were published
    /// without an id before this was set are not published again: they fail with `NATS_CONNECTION_DISCONNECTED`. The
    /// order of messages that are published again, and of those published meanwhile, is not defined.
    pub ResendOnReconnect: bool,
    /// How often in a row a message is published again by `ResendOnReconnect`; 0 for 3. A message may be what ends
    /// the connection: when the connection is lost once more before its ack has come, the message fails with
    /// `NATS_CONNECTION_DISCONNECTED`. An answer that there is no responder makes the count start again.
    pub MaxResends: c_int,
}

plain!(jsPubPolicy);

/// Initialize a policy for publishing that does nothing.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param policy The structure, which is filled with zeros; its former content is ignored.
///
/// @retval NATS_OK The structure was filled.
/// @retval NATS_INVALID_ARG `policy` is NULL.
///
/// @par Threads
/// Any thread may call this function at any time.
///
/// @ingroup nats_js_publish
///
/// # Safety
/// `policy` is NULL or valid for writing a `jsPubPolicy`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsPubPolicy_Init(policy: *mut jsPubPolicy) -> natsStatus {
    guard("jsPubPolicy_Init", || {
        // SAFETY: the caller's contract, above.
        unsafe { zero(policy, "policy") }
    })
}

/// Choose what a context does about messages that may not have been stored.
///
/// It applies to messages that are published afterwards; whether messages are published again after
/// a reconnect depends on the policy at the time of the reconnect.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param js The context.
/// @param policy The policy, which is copied; NULL for the default, which does nothing.
///
/// @retval NATS_OK The policy was set.
/// @retval NATS_INVALID_ARG `js` is NULL or was destroyed, or a number is negative.
///
/// @par Threads
/// Any thread may call this function at any time.
///
/// @par Example
/// ```c
/// jsPubPolicy policy;
///
/// jsPubPolicy_Init(&policy);
/// policy.NoRespondersRetries = 2;
/// policy.ResendOnReconnect = true;
/// natsStatus s = js_SetPubPolicy(js, &policy);
/// ```
///
/// @see js_Publish, js_PublishAsync
///
/// @ingroup nats_js_publish
///
/// # Safety
/// `js` is NULL or a handle of this library; `policy` is NULL or a policy.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_SetPubPolicy(js: *mut jsCtx, policy: *const jsPubPolicy) -> natsStatus {
    guard("js_SetPubPolicy", || {
        // SAFETY: the caller's contract, above.
        let (context, policy) = unsafe { (borrow_arc(js)?, policy.as_ref()) };
        let (retries, wait, resend, resends) = match policy {
            None => (0, Duration::ZERO, false, 0),
            Some(policy) => (
                count(policy.NoRespondersRetries, "NoRespondersRetries")?,
                millis(policy.NoRespondersWait, "NoRespondersWait")?,
                policy.ResendOnReconnect,
                count(policy.MaxResends, "MaxResends")?,
            ),
        };
        let wait = match wait {
            Duration::ZERO => RETRY_WAIT,
            wait => wait,
        };
        let resends = match resends {
            0 => RESENDS,
            resends => resends,
        };
        let publishing = context.publishing();
        publishing.policy().set_retries(retries, wait);
        publishing.policy().set_resend(resend, resends);
        Ok(())
    })
}

/// Make a message expect the last sequence of its stream, which may be 0 for an empty stream.
///
/// For the expectation of an empty stream, which `ExpectLastSeq` of `jsPubOptions` cannot express.
/// Sets the header `Nats-Expected-Last-Sequence` on the message.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param msg The message.
/// @param seq The sequence.
///
/// @retval NATS_OK The header is set.
/// @retval NATS_INVALID_ARG `msg` is NULL or was destroyed.
/// @retval NATS_PROTOCOL_ERROR The headers of a received message are malformed.
///
/// @par Threads
/// Any thread may call this function; no other thread may use the message during the call.
///
/// @see js_PublishMsg, js_PublishMsgAsync, js_BatchPublishStart
///
/// @ingroup nats_js_publish
///
/// # Safety
/// `msg` is NULL or a message of this library that no other thread uses meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsMsg_ExpectLastSeq(msg: *mut natsMsg, seq: u64) -> natsStatus {
    guard("natsMsg_ExpectLastSeq", || {
        // SAFETY: the caller's contract, above.
        expect_last_seq(&mut *unsafe { borrow_msg(msg) }?, seq)
    })
}

/// Add to a counter.
///
/// A stream with `AllowMsgCounter` has a counter for each subject; its last message holds the value.
/// Source: ADR-49.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param newValue Receives the value after the addition in decimal digits, with a minus sign if it
/// is negative, to be released with `free()`; NULL if it is not needed. It may be larger than 64
/// bits.
/// @param js The context.
/// @param subject The counter's subject; not empty.
/// @param delta The number to add, in decimal digits of any number, optionally with a plus or minus
/// sign.
/// @param opts The options of the call, of which only `MaxWait` is used: the longest time to wait
/// in milliseconds; 0, or NULL, for the context's `Wait`.
/// @param errCode Receives the code of the server's error, or 0 if there is none; may be NULL.
///
/// @retval NATS_OK The number was added.
/// @retval NATS_INVALID_ARG `js` is NULL or was destroyed, `subject` is NULL or empty, `delta` is
/// NULL or not a number, or `MaxWait` is negative.
/// @retval NATS_TIMEOUT No answer arrived in time. The number may have been added nonetheless.
/// @retval NATS_NO_SERVER_SUPPORT The server is older than 2.12 and does not support counters: nothing is sent. Or
/// the server of the stream does not support them and has stored an ordinary message.
/// @retval NATS_ERR The server refused the addition, for example with `JSMessageIncrDisabledErr`.
///
/// @return Otherwise the status of `js_Publish`.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @par Example
/// ```c
/// char *value = NULL;
///
/// natsStatus s = js_AddToCounter(&value, js, "hits.home", "+1", NULL, NULL);
/// if (s == NATS_OK)
///     printf("%s hits\n", value);
/// free(value);
/// ```
///
/// @ingroup nats_js_publish
///
/// # Safety
/// `newValue` and `errCode` are NULL or valid for writing; `js` is NULL or a handle of this library;
/// `subject` and `delta` are NULL or strings; `opts` is NULL or options.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_AddToCounter(
    newValue: *mut *mut c_char,
    js: *mut jsCtx,
    subject: *const c_char,
    delta: *const c_char,
    opts: *mut jsPubOptions,
    errCode: *mut jsErrCodeArg,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    unsafe {
        guard_api("js_AddToCounter", errCode, || {
            let context = borrow_arc(js)?;
            let subject = some_bytes(subject, NO_SUBJECT)?;
            let delta = some_bytes(delta, "delta cannot be NULL nor empty")?;
            let wait = wait(opts, &context)?;
            let policy = context.publishing().policy();
            let value = add_to_counter(context.connection(), subject, delta, wait, policy)?;
            if !newValue.is_null() {
                newValue.write(malloc_string(&value)?);
            }
            Ok(())
        })
    }
}
