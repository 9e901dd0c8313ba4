//! The choices that the configurations of streams and consumers have. Each comes as the `enum` that the header
//! shows and as a number, since C may pass any.

use std::ffi::c_int;

/// How long a stream keeps its messages.
///
/// @ingroup nats_js_streams
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum jsRetentionPolicy {
    /// Until a limit of the stream is reached; the default.
    js_LimitsPolicy = 0,
    /// Until all consumers that are interested have acknowledged them.
    js_InterestPolicy,
    /// Until the one consumer that is interested has acknowledged them.
    js_WorkQueuePolicy,
    /// An addition: one of a newer server, which this library does not know. It can be read, and given back as
    /// part of what was read.
    js_RetentionUnknown = 255,
}

/// What a stream does at its limits.
///
/// @ingroup nats_js_streams
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum jsDiscardPolicy {
    /// It removes the oldest messages; the default.
    js_DiscardOld = 0,
    /// It refuses new messages.
    js_DiscardNew,
    /// An addition: one of a newer server, which this library does not know.
    js_DiscardUnknown = 255,
}

/// Where a stream keeps its messages.
///
/// @ingroup nats_js_streams
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum jsStorageType {
    /// In files; the default.
    js_FileStorage = 0,
    /// In memory.
    js_MemoryStorage,
    /// An addition: one of a newer server, which this library does not know.
    js_StorageUnknown = 255,
}

/// How a stream's files are compressed.
///
/// @ingroup nats_js_streams
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum jsStorageCompression {
    /// Not at all; the default.
    js_StorageCompressionNone = 0,
    /// By S2.
    js_StorageCompressionS2,
    /// An addition: one of a newer server, which this library does not know.
    js_StorageCompressionUnknown = 255,
}

/// When a stream's messages are on the disk.
///
/// @ingroup nats_js_streams
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum jsPersistModeType {
    /// Before they are acknowledged; the default.
    js_PersistDefault = 0,
    /// Some time after that: faster, and less safe.
    js_PersistAsync,
    /// An addition: one of a newer server, which this library does not know.
    js_PersistUnknown = 255,
}

/// With which message a consumer begins. `jsConsumerConfig_Init` sets -1, which becomes `js_DeliverAll`.
///
/// @ingroup nats_js_consumers
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum jsDeliverPolicy {
    /// The first of the stream.
    js_DeliverAll = 0,
    /// The last of the stream, or of the filter.
    js_DeliverLast,
    /// The next one to be stored.
    js_DeliverNew,
    /// The one with the sequence `OptStartSeq`, or the next that there is.
    js_DeliverByStartSequence,
    /// The first that was stored at `OptStartTime` or later.
    js_DeliverByStartTime,
    /// The last of each subject.
    js_DeliverLastPerSubject,
    /// An addition: one of a newer server, which this library does not know.
    js_DeliverUnknown = 255,
}

/// How messages of a consumer are acknowledged. `jsConsumerConfig_Init` sets -1, which becomes `js_AckExplicit`.
///
/// @ingroup nats_js_consumers
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum jsAckPolicy {
    /// Each on its own.
    js_AckExplicit = 0,
    /// Not at all.
    js_AckNone,
    /// Each together with all before it.
    js_AckAll,
    /// An addition: by the answers to flow control, from nats-server 2.14 on (ADR-60). Servers use it for the
    /// consumers of mirrors and sources.
    js_AckFlowControl,
    /// An addition: one of a newer server, which this library does not know.
    js_AckUnknown = 255,
}

/// How fast a consumer gets messages that the stream has already. `jsConsumerConfig_Init` sets -1, which becomes
/// `js_ReplayInstant`.
///
/// @ingroup nats_js_consumers
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum jsReplayPolicy {
    /// As fast as possible.
    js_ReplayInstant = 0,
    /// As they came in.
    js_ReplayOriginal,
    /// An addition: one of a newer server, which this library does not know.
    js_ReplayUnknown = 255,
}

/// A `jsRetentionPolicy` as C passes it: any number.
#[repr(transparent)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct jsRetentionPolicyArg(pub c_int);

/// A `jsDiscardPolicy` as C passes it: any number.
#[repr(transparent)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct jsDiscardPolicyArg(pub c_int);

/// A `jsStorageType` as C passes it: any number.
#[repr(transparent)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct jsStorageTypeArg(pub c_int);

/// A `jsStorageCompression` as C passes it: any number.
#[repr(transparent)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct jsStorageCompressionArg(pub c_int);

/// A `jsPersistModeType` as C passes it: any number.
#[repr(transparent)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct jsPersistModeTypeArg(pub c_int);

/// A `jsDeliverPolicy` as C passes it: any number.
#[repr(transparent)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct jsDeliverPolicyArg(pub c_int);

/// A `jsAckPolicy` as C passes it: any number.
#[repr(transparent)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct jsAckPolicyArg(pub c_int);

/// A `jsReplayPolicy` as C passes it: any number.
#[repr(transparent)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct jsReplayPolicyArg(pub c_int);
