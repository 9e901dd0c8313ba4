//! Tracing the way of a message through the servers.

use std::ffi::c_char;

use super::convert;
use super::guard::guard;
use super::msg::{borrow_msg, natsMsg};
use crate::error::{Error, natsStatus};
use crate::proto::subject::literal_fault;

const DESTINATION: &[u8] = b"Nats-Trace-Dest";
const ONLY: &[u8] = b"Nats-Trace-Only";

/// Set the subject on which servers report the path of a message.
///
/// Each server that the message passes publishes a JSON text on the subject: how it received the
/// message, subject mappings, streams, and the clients and servers that it sent the message to.
/// Servers before 2.11 publish nothing and pass the message on. Sets the headers `Nats-Trace-Dest` and
/// `Nats-Trace-Only`, which subscribers see, too. Source: ADR-41.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param msg The message.
/// @param subject The subject for the reports, without wildcards; NULL for none.
/// @param traceOnly Whether servers only report where the message would go: no subscriber and no
/// stream receives it then.
///
/// @retval NATS_OK The headers were set.
/// @retval NATS_INVALID_ARG `msg` is NULL.
/// @retval NATS_INVALID_SUBJECT The subject is empty, or has wildcards, an empty token, white space
/// or control characters.
/// @retval NATS_PROTOCOL_ERROR The headers were received and are malformed.
///
/// @par Threads
/// One thread at a time may use a message, even to read it.
///
/// @par Example
/// ```c
/// natsStatus s = natsMsg_SetTrace(msg, "traces.orders", true);
/// if (s == NATS_OK) s = natsConnection_PublishMsg(nc, msg);
/// ```
///
/// @see natsMsgHeader_Set
///
/// @ingroup nats_headers
///
/// # Safety
/// `msg` is NULL or a message of this library; `subject` is NULL or a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsMsg_SetTrace(
    msg: *mut natsMsg,
    subject: *const c_char,
    traceOnly: bool,
) -> natsStatus {
    guard("natsMsg_SetTrace", || {
        // SAFETY: the caller's contract, above.
        let (mut msg, destination) = unsafe { (borrow_msg(msg)?, convert::bytes(subject)) };
        if let Some((name, fault)) = destination.and_then(|name| Some((name, literal_fault(name)?)))
        {
            let text = fault.describe("the trace destination", name);
            return Err(Error::new(natsStatus::NATS_INVALID_SUBJECT, text));
        }
        let headers = msg.headers_mut()?;
        match destination {
            Some(destination) => headers.set(DESTINATION, Some(destination)),
            None => _ = headers.remove(DESTINATION),
        }
        match destination.is_some() && traceOnly {
            true => headers.set(ONLY, Some(b"true")),
            false => _ = headers.remove(ONLY),
        }
        Ok(())
    })
}
