//! What goes with subscribing to a stream: `jsSubOptions`, `jsFetchRequest`, `jsMsgMetaData`.

use std::ffi::{c_char, c_int, c_void};

use super::consumer_config::jsConsumerConfig;
use super::consumer_info::jsSequencePair;
use super::plain::{plain, zero};
use crate::error::natsStatus;
use crate::ffi::guard::guard;
use crate::ffi::handle::{natsConnection, natsSubscription};
use crate::ffi::types::natsStatusArg;

/// Options of a subscription to a stream. Initialize it with `jsSubOptions_Init`.
///
/// @ingroup nats_js_subscribe
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsSubOptions {
    /// The stream's name; NULL to find it by the subject.
    pub Stream: *const c_char,
    /// The name of a consumer to use, if it exists; NULL for the durable name or, without one, that of `Queue`.
    pub Consumer: *const c_char,
    /// The queue group whose members share the messages; NULL for none. If a consumer is created and no durable name is
    /// given, this is also its durable name. A consumer that exists and that `Consumer` names may have any durable name.
    pub Queue: *const c_char,
    /// Whether the callback acknowledges and destroys the messages; otherwise the library acknowledges and destroys
    /// each message after the callback has returned, and `natsMsg_Destroy` in the callback does nothing. With the ack
    /// policy `js_AckNone` and with `Ordered` the callback always has to destroy the messages. Not used without a
    /// callback.
    pub ManualAck: bool,
    /// The configuration of a consumer that is created; the settings that an existing consumer must have. Its
    /// `FilterSubject`, `FilterSubjects` and `DeliverGroup` are not used, because the subjects and `Queue` replace them.
    /// `DeliverSubject` is not used either, except that `Ordered` refuses it.
    pub Config: jsConsumerConfig,
    /// Whether all messages are delivered in order and exactly once, through a consumer that the library creates, and
    /// creates again whenever a message is missing.
    pub Ordered: bool,
}

/// A request to a pull consumer. Initialize it with `jsFetchRequest_Init`.
///
/// @ingroup nats_js_subscribe
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsFetchRequest {
    /// The longest time to wait in nanoseconds; greater than 0, except with `NoWait`.
    pub Expires: i64,
    /// The maximum number of messages; greater than 0.
    pub Batch: c_int,
    /// The maximum number of bytes of subjects, reply subjects, headers and payloads; 0 for no
    /// limit.
    pub MaxBytes: i64,
    /// Whether to receive only the messages that are available now, without waiting.
    pub NoWait: bool,
    /// The time without a message after which the server sends a heartbeat, in nanoseconds; 0 for never. At most half
    /// of `Expires`.
    pub Heartbeat: i64,
    /// The request is served only while at least this number of messages is still to be delivered (`"overflow"`); 0
    /// for always.
    pub MinPending: i64,
    /// The request is served only while at least this number of messages waits for acknowledgements
    /// (`"overflow"`); 0 for always.
    pub MinAckPending: i64,
    /// The id of the pin (`"pinned_client"`); NULL for none.
    pub ID: *const c_char,
    /// The priority group; NULL for none.
    pub Group: *const c_char,
    /// The priority, from 0 for the highest to 9 (`"prioritized"`).
    pub Priority: u8,
}

/// The metadata of a message that was delivered by a consumer. Released with `jsMsgMetaData_Destroy`.
///
/// @ingroup nats_js_subscribe
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsMsgMetaData {
    /// The sequence numbers of the message.
    pub Sequence: jsSequencePair,
    /// The number of deliveries of the message, this one included.
    pub NumDelivered: u64,
    /// The number of messages that the consumer still has to deliver after this one.
    pub NumPending: u64,
    /// The time at which the stream stored the message, in nanoseconds since the epoch.
    pub Timestamp: i64,
    /// The stream's name.
    pub Stream: *mut c_char,
    /// The consumer's name.
    pub Consumer: *mut c_char,
    /// The domain that the stream is in; NULL for none.
    pub Domain: *mut c_char,
}

plain!(jsSubOptions, jsFetchRequest, jsMsgMetaData);

/// Callback for the end of a subscription made by `js_PullSubscribeAsync`: no more messages are
/// delivered.
///
/// Runs once, on a thread of the library, after the last message callback. `nats_GetLastError` returns the text of the
/// reason there, for example why the server has refused a request.
///
/// @param nc The connection: the program's own handle.
/// @param sub The subscription: the program's own handle, which the program still has to destroy.
/// @param s The reason; `NATS_OK` if the program has ended the subscription.
/// @param closure The pointer that was given with the callback.
///
/// @ingroup nats_js_subscribe
pub type jsFetchCompleteHandler = Option<
    unsafe extern "C" fn(
        nc: *mut natsConnection,
        sub: *mut natsSubscription,
        s: natsStatusArg,
        closure: *mut c_void,
    ),
>;

/// Callback that decides what a subscription made by `js_PullSubscribeAsync` requests from the
/// consumer next.
///
/// Runs first on the thread that calls `js_PullSubscribeAsync`, before that returns, and then after each message
/// callback, on the same thread as that. It is not called at other times: if it requests nothing while no requested
/// message is missing, the subscription receives no more messages.
///
/// @param messages Receives the number of messages to request; 0 before the call. With 0 or less nothing is requested.
/// @param maxBytes Receives the limit in bytes of the request; 0 before the call. With 0 or less there is no limit.
/// @param sub The subscription: the program's own handle.
/// @param closure The pointer that was given with the callback.
/// @return True to send a request now, false to send none.
///
/// @ingroup nats_js_subscribe
pub type jsFetchNextHandler = Option<
    unsafe extern "C" fn(
        messages: *mut c_int,
        maxBytes: *mut i64,
        sub: *mut natsSubscription,
        closure: *mut c_void,
    ) -> bool,
>;

/// Initialize options for subscribing to JetStream: a consumer with the defaults of the server.
///
/// Sets the three policies in `Config` to -1, as `jsConsumerConfig_Init` does, and the rest to
/// zero.
///
/// @param opts The structure; its former content is ignored.
///
/// @retval NATS_OK The structure was filled.
/// @retval NATS_INVALID_ARG `opts` is NULL.
///
/// @par Threads
/// One thread at a time may use the structure.
///
/// @ingroup nats_js_subscribe
///
/// # Safety
/// `opts` is NULL or valid for writing a `jsSubOptions`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsSubOptions_Init(opts: *mut jsSubOptions) -> natsStatus {
    guard("jsSubOptions_Init", || {
        // SAFETY: the caller's contract, above.
        unsafe { zero(opts, "opts") }?;
        // SAFETY: not NULL, and full of zeros now.
        unsafe { &mut *opts }.Config.choose_nothing();
        Ok(())
    })
}

/// Initialize a request to a pull consumer.
///
/// Fills the structure with zeros. `Batch` and `Expires` have to be set.
///
/// @param request The structure; its former content is ignored.
///
/// @retval NATS_OK The structure was filled.
/// @retval NATS_INVALID_ARG `request` is NULL.
///
/// @par Threads
/// One thread at a time may use the structure.
///
/// @ingroup nats_js_subscribe
///
/// # Safety
/// `request` is NULL or valid for writing a `jsFetchRequest`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsFetchRequest_Init(request: *mut jsFetchRequest) -> natsStatus {
    guard("jsFetchRequest_Init", || {
        // SAFETY: the caller's contract, above.
        unsafe { zero(request, "request") }
    })
}
