//! `jsOptions`: how a context works, and how single calls differ from that.

use std::ffi::{c_char, c_int, c_void};

use super::plain::{plain, zero};
use super::publish_types::{jsPubAckErrHandler, jsPubAckHandler};
use super::subscribe_types::{jsFetchCompleteHandler, jsFetchNextHandler};
use crate::error::natsStatus;
use crate::ffi::guard::guard;

/// How `js_PublishAsync` and `js_PublishMsgAsync` work: part of `jsOptions`, of a context's own only.
///
/// @ingroup nats_js_context
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsOptionsPublishAsync {
    /// How many messages may await their ack; 0 for no limit.
    pub MaxPending: i64,
    /// Is told what became of each message; NULL for nobody.
    pub AckHandler: jsPubAckHandler,
    /// What `AckHandler` gets.
    pub AckHandlerClosure: *mut c_void,
    /// Is told of each message that was not stored; NULL for nobody. Not used where there is an `AckHandler`.
    pub ErrHandler: jsPubAckErrHandler,
    /// What `ErrHandler` gets.
    pub ErrHandlerClosure: *mut c_void,
    /// How long a publish waits for room among `MaxPending`, in milliseconds; 0 for 200.
    pub StallWait: i64,
    /// Whether acks come by the connection's own inbox, not by one of the context.
    pub MuxReplies: bool,
}

/// How `js_PullSubscribeAsync` and `js_PullSubscribeSync` work: part of `jsOptions`, of these calls'
/// only.
///
/// @ingroup nats_js_context
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsOptionsPullSubscribeAsync {
    /// After how long it ends, in milliseconds; 0 for never.
    pub Timeout: i64,
    /// After how many messages it ends; 0 for never.
    pub MaxMessages: c_int,
    /// After how many bytes it ends; 0 for never. Not together with `KeepAhead`.
    pub MaxBytes: i64,
    /// Whether to take what there is, and then end. Not together with `KeepAhead`.
    pub NoWait: bool,
    /// Is told of the end; NULL for nobody.
    pub CompleteHandler: jsFetchCompleteHandler,
    /// What `CompleteHandler` gets.
    pub CompleteHandlerClosure: *mut c_void,
    /// After how many milliseconds without a message the server sends a heartbeat; 0 for the default: 5,000, or none
    /// where `NoWait` is set or nothing is known of the consumer. Where two are missed, the error handler is told
    /// (`NATS_MISSED_HEARTBEAT`) and the messages are asked for again.
    pub Heartbeat: i64,
    /// The priority group; NULL for none.
    pub Group: *const c_char,
    /// To be served only when so many messages are still to be delivered; 0 for always.
    pub MinPending: i64,
    /// To be served only when so many messages await their ack; 0 for always.
    pub MinAckPending: i64,
    /// How many messages to ask for at a time; 0 for 128.
    pub FetchSize: c_int,
    /// To ask for more while so many are still on their way; 0 to ask when all have come.
    pub KeepAhead: c_int,
    /// Decides what to ask for next; NULL for the library, by the fields above.
    pub NextHandler: jsFetchNextHandler,
    /// What `NextHandler` gets.
    pub NextHandlerClosure: *mut c_void,
}

/// What `js_PurgeStream` removes: part of `jsOptions`. Nothing set means all.
///
/// @ingroup nats_js_context
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsOptionsStreamPurge {
    /// Which subjects; NULL for all. May have wildcards.
    pub Subject: *const c_char,
    /// Only messages before this sequence; 0 for no such limit. Not together with `Keep`.
    pub Sequence: u64,
    /// How many of the last messages stay; 0 for none.
    pub Keep: u64,
}

/// What `js_GetStreamInfo` asks for: part of `jsOptions`.
///
/// @ingroup nats_js_context
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsOptionsStreamInfo {
    /// Whether to get the sequences of deleted messages.
    pub DeletedDetails: bool,
    /// Of which subjects to get the number of messages; NULL for none. May have wildcards. For `js_Streams` and
    /// `js_StreamNames`, which subject the streams must have. In options of a call only.
    pub SubjectsFilter: *const c_char,
}

/// What goes with functions on streams: part of `jsOptions`.
///
/// @ingroup nats_js_context
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsOptionsStream {
    /// For `js_PurgeStream`.
    pub Purge: jsOptionsStreamPurge,
    /// For `js_GetStreamInfo`, `js_Streams` and `js_StreamNames`.
    pub Info: jsOptionsStreamInfo,
}

/// How a context works, and how a single call differs from that. `jsOptions_Init` begins one.
///
/// Those of a context are copied by `natsConnection_JetStream`; the closures and the functions must stay. In those of
/// a call, zero in a field means that the context's counts: `Prefix`, `Domain` and `Wait`, each on its own;
/// `Stream.Purge` as a whole; of `Stream.Info` the call's counts wherever it has options. `PublishAsync` is the
/// context's alone, `PullSubscribeAsync` the call's.
///
/// @ingroup nats_js_context
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsOptions {
    /// The prefix of the JetStream API's subjects; NULL for `$JS.API`.
    pub Prefix: *const c_char,
    /// The domain, short for the prefix `$JS.<domain>.API`, before which `Prefix` does not count; NULL for none.
    pub Domain: *const c_char,
    /// How long to wait for an answer, in milliseconds; 0 for 5000.
    pub Wait: i64,
    /// How to publish without waiting.
    pub PublishAsync: jsOptionsPublishAsync,
    /// How to subscribe by pulling, with a callback.
    pub PullSubscribeAsync: jsOptionsPullSubscribeAsync,
    /// What goes with functions on streams.
    pub Stream: jsOptionsStream,
}

plain!(
    jsOptionsPublishAsync,
    jsOptionsPullSubscribeAsync,
    jsOptionsStreamPurge,
    jsOptionsStreamInfo,
    jsOptionsStream,
    jsOptions,
);

/// Initialize options of a JetStream context or call with their defaults.
///
/// Fills the structure with zeros.
///
/// @param opts The structure; its former content is ignored.
///
/// @retval NATS_OK The structure was filled.
/// @retval NATS_INVALID_ARG `opts` is NULL.
///
/// @par Threads
/// One thread at a time may use the structure.
///
/// @ingroup nats_js_context
///
/// # Safety
/// `opts` is NULL or valid for writing a `jsOptions`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsOptions_Init(opts: *mut jsOptions) -> natsStatus {
    guard("jsOptions_Init", || {
        // SAFETY: the caller's contract, above.
        unsafe { zero(opts, "opts") }
    })
}
