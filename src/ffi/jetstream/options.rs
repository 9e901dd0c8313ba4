//! `jsOptions`: how a context works, and how single calls differ from that.

use std::ffi::{c_char, c_int, c_void};

use super::plain::{plain, zero};
use super::publish_types::{jsPubAckErrHandler, jsPubAckHandler};
use super::subscribe_types::{jsFetchCompleteHandler, jsFetchNextHandler};
use crate::error::natsStatus;
use crate::ffi::guard::guard;

/// Settings of `js_PublishAsync` and `js_PublishMsgAsync`. Part of `jsOptions`; only the options of a context are
/// used, not those of a call.
///
/// @ingroup nats_js_context
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsOptionsPublishAsync {
    /// The maximum number of messages that wait for their acknowledgements; 0 or less for no limit.
    pub MaxPending: i64,
    /// The callback for the outcome of each message; NULL for none.
    pub AckHandler: jsPubAckHandler,
    /// The last argument of `AckHandler`.
    pub AckHandlerClosure: *mut c_void,
    /// The callback for each message that is not known to be stored; NULL for none. Not used if there is an
    /// `AckHandler`.
    pub ErrHandler: jsPubAckErrHandler,
    /// The last argument of `ErrHandler`.
    pub ErrHandlerClosure: *mut c_void,
    /// The longest time that a publish waits while `MaxPending` messages are pending, in milliseconds; 0 for 200.
    pub StallWait: i64,
    /// Whether acknowledgements use the inbox of the connection's requests in place of one of the
    /// context.
    pub MuxReplies: bool,
}

/// Settings of `js_PullSubscribeAsync`, `js_PullSubscribeSync` and their variants for several subjects. Part of
/// `jsOptions`; only the options of these calls are used, not those of a context. A negative number has the same effect
/// as 0.
///
/// @ingroup nats_js_context
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsOptionsPullSubscribeAsync {
    /// The time after which the subscription ends, in milliseconds; 0 for no limit.
    pub Timeout: i64,
    /// The number of messages after which the subscription ends; 0 for no limit.
    pub MaxMessages: c_int,
    /// The number of bytes after which the subscription ends; 0 for no limit. Not together with
    /// `KeepAhead`.
    pub MaxBytes: i64,
    /// Whether to receive the messages that are available now and then end. Not together with
    /// `KeepAhead`.
    pub NoWait: bool,
    /// The callback for the end of the subscription; NULL for none.
    pub CompleteHandler: jsFetchCompleteHandler,
    /// The last argument of `CompleteHandler`.
    pub CompleteHandlerClosure: *mut c_void,
    /// The time without a message after which the server sends a heartbeat, in milliseconds, at most half of
    /// `Timeout`; 0 for the default: 5,000, or none if `NoWait` is set, in the last 10 seconds of `Timeout`, or if the
    /// consumer's configuration could not be read. If two heartbeats in a row are missing, the connection's error
    /// handler receives `NATS_MISSED_HEARTBEAT` and the messages are requested again.
    pub Heartbeat: i64,
    /// The priority group; NULL for none.
    pub Group: *const c_char,
    /// The requests are served only while at least this number of messages is still to be
    /// delivered; 0 for always.
    pub MinPending: i64,
    /// The requests are served only while at least this number of messages waits for
    /// acknowledgements; 0 for always.
    pub MinAckPending: i64,
    /// The number of messages in each request; 0 for 128.
    pub FetchSize: c_int,
    /// The next request is sent when at most this number of requested messages is not delivered
    /// yet; 0 to send it when all are delivered.
    pub KeepAhead: c_int,
    /// The callback that decides what to request next; NULL if the library decides by the fields
    /// above.
    pub NextHandler: jsFetchNextHandler,
    /// The last argument of `NextHandler`.
    pub NextHandlerClosure: *mut c_void,
}

/// The messages that `js_PurgeStream` removes. Part of `jsOptions`. If no field is set, all messages are removed.
///
/// @ingroup nats_js_context
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsOptionsStreamPurge {
    /// The subject of the messages, which may have wildcards; NULL for all subjects.
    pub Subject: *const c_char,
    /// Only messages before this sequence; 0 for no such limit. Not together with `Keep`.
    pub Sequence: u64,
    /// The number of newest messages to keep; 0 for none.
    pub Keep: u64,
}

/// The details that `js_GetStreamInfo` requests. Part of `jsOptions`.
///
/// @ingroup nats_js_context
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsOptionsStreamInfo {
    /// Whether to get the sequences of deleted messages.
    pub DeletedDetails: bool,
    /// The subjects whose numbers of messages are requested, which may have wildcards; NULL for none. For
    /// `js_Streams` and `js_StreamNames`, a subject that the streams must have. Only used in the options of a call.
    pub SubjectsFilter: *const c_char,
}

/// Settings of functions on streams. Part of `jsOptions`.
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

/// Settings of a context, or of a single call. Initialize it with `jsOptions_Init`.
///
/// `natsConnection_JetStream` copies the settings of a context; its callbacks and closures must stay valid as long as
/// the context. In the options of a call, zero stands for the context's setting; a negative `Wait` does, too. `Prefix`
/// or `Domain` of a call replaces both of the context's, and `Stream.Purge` replaces the context's as a whole.
/// `Stream.Info` is always that of the call if the call has options.
/// `PublishAsync` is used only in the options of a context, `PullSubscribeAsync` only in those of a call.
///
/// @ingroup nats_js_context
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsOptions {
    /// The prefix of the JetStream API's subjects; NULL or empty for `$JS.API`. If it cannot be a part of a subject,
    /// calls fail with `NATS_INVALID_SUBJECT`.
    pub Prefix: *const c_char,
    /// The domain, which stands for the prefix `$JS.<domain>.API` and overrides `Prefix`; NULL for none.
    pub Domain: *const c_char,
    /// The longest time to wait for an answer, in milliseconds; 0 for 5000.
    pub Wait: i64,
    /// Settings of asynchronous publishing.
    pub PublishAsync: jsOptionsPublishAsync,
    /// Settings of asynchronous pull subscriptions.
    pub PullSubscribeAsync: jsOptionsPullSubscribeAsync,
    /// Settings of functions on streams.
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
