//! Advisories of servers about streams and consumers, which nats.c leaves to the program to read.

use std::ffi::{c_char, c_int};

use super::given;
use super::memory::{Made, Release, destroy, free, text};
use super::plain::plain;
use crate::error::{Error, Result, natsStatus};
use crate::ffi::convert::{malloc_string, required};
use crate::ffi::guard::{guard, guard_lookup, guard_void};
use crate::ffi::msg::{borrow_msg, natsMsg};
use crate::js::advisory::{Advisory, Kind, subject};
use crate::js::names::{check_consumer, check_stream};

/// The subject of an advisory. An addition.
///
/// @ingroup nats_js_context
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum jsAdvisoryKind {
    /// Another subject, which `Type` names.
    js_AdvisoryOther = 0,
    /// A message was delivered the maximum number of times without being acknowledged: `StreamSeq`, `Deliveries`.
    js_AdvisoryMaxDeliveries,
    /// A message was terminated and is not delivered again: `StreamSeq`, `Deliveries`, `Reason`.
    js_AdvisoryTerminated,
    /// A client was pinned in a priority group: `Group`, `PinnedClientID`.
    js_AdvisoryPinned,
    /// A client is no longer pinned: `Group`, `Reason`.
    js_AdvisoryUnpinned,
    /// A stream has a new leader: `Leader`.
    js_AdvisoryStreamLeader,
    /// A consumer has a new leader: `Leader`.
    js_AdvisoryConsumerLeader,
    /// A server abandoned an atomic or fast batch: `Batch`, `Reason`.
    js_AdvisoryBatchAbandoned,
}

/// A `jsAdvisoryKind` as C passes it: any number.
#[repr(transparent)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct jsAdvisoryKindArg(pub c_int);

/// Each kind as C has it, and as the core has it.
const KINDS: [(jsAdvisoryKind, Kind); 8] = [
    (jsAdvisoryKind::js_AdvisoryOther, Kind::Other),
    (
        jsAdvisoryKind::js_AdvisoryMaxDeliveries,
        Kind::MaxDeliveries,
    ),
    (jsAdvisoryKind::js_AdvisoryTerminated, Kind::Terminated),
    (jsAdvisoryKind::js_AdvisoryPinned, Kind::Pinned),
    (jsAdvisoryKind::js_AdvisoryUnpinned, Kind::Unpinned),
    (jsAdvisoryKind::js_AdvisoryStreamLeader, Kind::StreamLeader),
    (
        jsAdvisoryKind::js_AdvisoryConsumerLeader,
        Kind::ConsumerLeader,
    ),
    (
        jsAdvisoryKind::js_AdvisoryBatchAbandoned,
        Kind::BatchAbandoned,
    ),
];

/// An advisory: an event of a stream or a consumer that a server has published. An addition. `jsAdvisory_Destroy`
/// releases it together with its fields. A field that the kind does not have is NULL or 0.
///
/// @ingroup nats_js_context
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsAdvisory {
    /// The kind of event.
    pub Kind: jsAdvisoryKindArg,
    /// The type as the server states it, such as `io.nats.jetstream.advisory.v1.max_deliver`.
    pub Type: *mut c_char,
    /// The advisory's own id.
    pub ID: *mut c_char,
    /// The time of the event, in nanoseconds since the epoch.
    pub Time: i64,
    /// The name of the stream.
    pub Stream: *mut c_char,
    /// The name of the consumer.
    pub Consumer: *mut c_char,
    /// The domain of the server.
    pub Domain: *mut c_char,
    /// The sequence of the message in the stream.
    pub StreamSeq: u64,
    /// The number of deliveries of the message.
    pub Deliveries: u64,
    /// The priority group.
    pub Group: *mut c_char,
    /// The id of the pin.
    pub PinnedClientID: *mut c_char,
    /// The reason for the event.
    pub Reason: *mut c_char,
    /// The name of the server that is the leader.
    pub Leader: *mut c_char,
    /// The id of the batch.
    pub Batch: *mut c_char,
}

plain!(jsAdvisory);

/// Return the subject of advisories, to subscribe to.
///
/// Advisories are ordinary messages, delivered at most once: subscribe to them with
/// `natsConnection_Subscribe`, and read them with `js_ReadAdvisory`.
///
/// @param newSubject Receives the subject, a string that the caller releases with `free()`.
/// @param kind The kind of advisory; `js_AdvisoryOther` for all kinds.
/// @param stream The name of the stream; NULL or empty for any.
/// @param consumer The name of the consumer, for kinds that concern consumers; NULL or empty for any.
///
/// @retval NATS_OK The subject was written.
/// @retval NATS_INVALID_ARG `newSubject` is NULL, `kind` is not a kind of advisory, or a name is
/// not valid.
/// @retval NATS_NO_MEMORY Memory could not be allocated.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @par Threads
/// Any thread may call this function at any time.
///
/// @par Example
/// ```c
/// char *subject = NULL;
/// natsSubscription *sub = NULL;
///
/// js_AdvisorySubject(&subject, js_AdvisoryMaxDeliveries, "ORDERS", "workers");
/// natsStatus s = natsConnection_SubscribeSync(&sub, nc, subject);
/// free(subject);
/// ```
///
/// @see js_ReadAdvisory
///
/// @ingroup nats_js_context
///
/// # Safety
/// `newSubject` is NULL or valid for writing; `stream` and `consumer` are NULL or strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_AdvisorySubject(
    newSubject: *mut *mut c_char,
    kind: jsAdvisoryKindArg,
    stream: *const c_char,
    consumer: *const c_char,
) -> natsStatus {
    guard("js_AdvisorySubject", || {
        required(newSubject, "newSubject")?;
        // SAFETY: the caller's contract, above.
        let (stream, consumer) = unsafe {
            (
                given::str(stream, "stream")?,
                given::str(consumer, "consumer")?,
            )
        };
        let found = KINDS.iter().find(|(c, _)| *c as c_int == kind.0);
        let (_, kind) = found
            .ok_or_else(|| Error::invalid_arg(format!("invalid kind of advisory {}", kind.0)))?;
        if !stream.is_empty() {
            check_stream(stream)?;
        }
        if !consumer.is_empty() {
            check_consumer(consumer)?;
        }
        let text = malloc_string(subject(*kind, stream, consumer).as_bytes())?;
        // SAFETY: not NULL, and valid for writing by the caller's contract.
        unsafe { newSubject.write(text) };
        Ok(())
    })
}

/// Parse the advisory in a message.
///
/// @param newAdvisory Receives the advisory, to be released with `jsAdvisory_Destroy`.
/// @param msg The message, which remains the program's.
///
/// @retval NATS_OK The advisory was read.
/// @retval NATS_NOT_FOUND The payload is empty, or JSON that is not an advisory of JetStream.
/// @retval NATS_INVALID_ARG `newAdvisory` or `msg` is NULL, the payload is JSON but not an object, or a field of
/// the advisory has the wrong type.
/// @retval NATS_ERR The payload is not JSON.
/// @retval NATS_NO_MEMORY Memory could not be allocated.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @par Threads
/// One thread at a time may use a message; it may be any thread.
///
/// @see js_AdvisorySubject
///
/// @ingroup nats_js_context
///
/// # Safety
/// `newAdvisory` is NULL or valid for writing; `msg` is NULL or a message of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_ReadAdvisory(
    newAdvisory: *mut *mut jsAdvisory,
    msg: *mut natsMsg,
) -> natsStatus {
    guard_lookup("js_ReadAdvisory", || {
        required(newAdvisory, "newAdvisory")?;
        // SAFETY: the caller's contract, above.
        let msg = unsafe { borrow_msg(msg) }?;
        let Some(advisory) = Advisory::read(msg.payload())? else {
            return Ok(false);
        };
        let made = to_c(&advisory)?.into_raw();
        // SAFETY: not NULL, and valid for writing by the caller's contract.
        unsafe { newAdvisory.write(made) };
        Ok(true)
    })
}

fn to_c(advisory: &Advisory) -> Result<Made<jsAdvisory>> {
    let mut c = Made::<jsAdvisory>::zeroed()?;
    let kind = advisory.kind();
    let found = KINDS.iter().find(|(_, core)| *core == kind);
    c.Kind = jsAdvisoryKindArg(found.map_or(0, |(c, _)| *c as c_int));
    c.Type = text(&advisory.kind)?;
    c.ID = text(&advisory.id)?;
    c.Time = advisory.timestamp.0;
    c.Stream = text(&advisory.stream)?;
    c.Consumer = text(&advisory.consumer)?;
    c.Domain = text(&advisory.domain)?;
    c.StreamSeq = advisory.stream_seq;
    c.Deliveries = advisory.deliveries;
    c.Group = text(&advisory.group)?;
    c.PinnedClientID = text(&advisory.pinned_id)?;
    c.Reason = text(&advisory.reason)?;
    c.Leader = text(&advisory.leader)?;
    c.Batch = text(&advisory.batch)?;
    Ok(c)
}

// SAFETY: everything that it points at is its own.
unsafe impl Release for jsAdvisory {
    unsafe fn release(&mut self) {
        let texts = [
            self.Type,
            self.ID,
            self.Stream,
            self.Consumer,
            self.Domain,
            self.Group,
            self.PinnedClientID,
            self.Reason,
            self.Leader,
            self.Batch,
        ];
        for text in texts {
            // SAFETY: the contract of the trait.
            unsafe { free(text) };
        }
    }
}

/// Release an advisory together with its strings.
///
/// @param advisory The advisory; NULL is ignored.
///
/// @par Threads
/// Any thread may call this function, once no other thread uses the advisory.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @ingroup nats_js_context
///
/// # Safety
/// `advisory` is NULL, or was handed out by this library and not destroyed before.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsAdvisory_Destroy(advisory: *mut jsAdvisory) {
    // SAFETY: the caller's contract, above.
    guard_void(|| unsafe { destroy(advisory) });
}
