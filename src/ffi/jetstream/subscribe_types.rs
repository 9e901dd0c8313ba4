//! What goes with subscribing to a stream: `jsSubOptions`, `jsFetchRequest`, `jsMsgMetaData`.

use std::ffi::{c_char, c_int, c_void};

use super::consumer_config::jsConsumerConfig;
use super::consumer_info::jsSequencePair;
use super::plain::{plain, zero};
use crate::error::natsStatus;
use crate::ffi::guard::guard;
use crate::ffi::handle::{natsConnection, natsSubscription};
use crate::ffi::types::natsStatusArg;

/// How to subscribe to a stream. `jsSubOptions_Init` begins one.
///
/// @ingroup nats_js_subscribe
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsSubOptions {
    /// The stream's name; NULL to find it by the subject.
    pub Stream: *const c_char,
    /// The name of a consumer to use, if it exists; NULL for the durable name, or none.
    pub Consumer: *const c_char,
    /// The queue group whose members share the messages; NULL for none.
    pub Queue: *const c_char,
    /// Whether the callback acknowledges and destroys the messages; else the library does, when it has returned.
    pub ManualAck: bool,
    /// What the consumer is to be where it is created, and must be where it exists.
    pub Config: jsConsumerConfig,
    /// Whether all messages are to come in order and once each, by a consumer of the library's, which is made again
    /// whenever one is missing.
    pub Ordered: bool,
}

/// What to ask a pull consumer for. `jsFetchRequest_Init` begins one.
///
/// @ingroup nats_js_subscribe
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsFetchRequest {
    /// How long to wait, in nanoseconds; more than 0, unless with `NoWait`.
    pub Expires: i64,
    /// How many messages at most; more than 0.
    pub Batch: c_int,
    /// How many bytes at most, of subject, reply subject, headers and payload; 0 for no limit.
    pub MaxBytes: i64,
    /// Whether to take what there is, and not wait.
    pub NoWait: bool,
    /// After how many nanoseconds without a message the server sends a heartbeat; 0 for never. At most half of `Expires`.
    pub Heartbeat: i64,
    /// To be served only when so many messages are still to be delivered (`"overflow"`); 0 for always.
    pub MinPending: i64,
    /// To be served only when so many messages await their ack (`"overflow"`); 0 for always.
    pub MinAckPending: i64,
    /// The id of the pin (`"pinned_client"`); NULL for none.
    pub ID: *const c_char,
    /// The priority group; NULL for none.
    pub Group: *const c_char,
    /// The priority, 0 to 9, the lower the sooner (`"prioritized"`).
    pub Priority: u8,
}

/// What the server says about a message that was delivered by a consumer. Released with `jsMsgMetaData_Destroy`.
///
/// @ingroup nats_js_subscribe
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsMsgMetaData {
    /// Its numbers.
    pub Sequence: jsSequencePair,
    /// How often it was delivered, this time included.
    pub NumDelivered: u64,
    /// How many messages the consumer still has after it.
    pub NumPending: u64,
    /// When the stream has stored it, in nanoseconds since the epoch.
    pub Timestamp: i64,
    /// The stream's name.
    pub Stream: *mut c_char,
    /// The consumer's name.
    pub Consumer: *mut c_char,
    /// The domain that the stream is in; NULL for none.
    pub Domain: *mut c_char,
}

plain!(jsSubOptions, jsFetchRequest, jsMsgMetaData);

/// Is told that a subscription made by `js_PullSubscribeAsync` is over: no more messages come.
///
/// Runs once, on a thread of the library, after the last message callback.
///
/// @param nc the connection, the program's own handle.
/// @param sub the subscription, the program's own handle, which it still has to destroy.
/// @param s why: `NATS_OK` where the program has ended it.
/// @param closure what the program gave with the function.
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

/// Decides what a subscription made by `js_PullSubscribeAsync` asks the consumer for next.
///
/// Runs after each message callback, on the same thread.
///
/// @param messages where to put how many messages to ask for.
/// @param maxBytes where to put how many bytes to ask for; 0 for no limit.
/// @param sub the subscription, the program's own handle.
/// @param closure what the program gave with the function.
/// @return `true` to ask now, `false` not to.
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
