//! The choices that the configurations of streams and consumers have. Each comes as the `enum` that the header
//! shows and as a number, since C may pass any.

use std::ffi::c_int;

use crate::error::{Error, Result};
use crate::js::api::{
    AckPolicy, Compression, DeliverPolicy, Discard, PersistMode, ReplayPolicy, Retention, Storage,
};

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
    /// An addition: a value of a newer server that this library does not know. It can be read, and passed back as
    /// part of the configuration that was read.
    js_RetentionUnknown = 255,
}

/// The behaviour of a stream at its limits.
///
/// @ingroup nats_js_streams
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum jsDiscardPolicy {
    /// It removes the oldest messages; the default.
    js_DiscardOld = 0,
    /// It refuses new messages.
    js_DiscardNew,
    /// An addition: a value of a newer server that this library does not know.
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
    /// An addition: a value of a newer server that this library does not know.
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
    /// An addition: a value of a newer server that this library does not know.
    js_StorageCompressionUnknown = 255,
}

/// When a stream writes its messages to the disk.
///
/// @ingroup nats_js_streams
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum jsPersistModeType {
    /// Before they are acknowledged; the default.
    js_PersistDefault = 0,
    /// Some time after the acknowledgement: faster, but the last messages can be lost when a server
    /// fails.
    js_PersistAsync,
    /// An addition: a value of a newer server that this library does not know.
    js_PersistUnknown = 255,
}

/// The message that a consumer begins with. `jsConsumerConfig_Init` sets -1, which becomes `js_DeliverAll`.
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
    /// An addition: a value of a newer server that this library does not know.
    js_DeliverUnknown = 255,
}

/// How messages of a consumer are acknowledged. `jsConsumerConfig_Init` sets -1, which becomes `js_AckExplicit`.
///
/// @ingroup nats_js_consumers
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum jsAckPolicy {
    /// Each message on its own.
    js_AckExplicit = 0,
    /// Not at all.
    js_AckNone,
    /// An acknowledgement also counts for all messages before it.
    js_AckAll,
    /// An addition: by the answers to flow control, from nats-server 2.14 on (ADR-60). Servers use it for the
    /// consumers of mirrors and sources. Each answer of a push subscription acknowledges the messages for which the
    /// callback has returned, or that `natsSubscription_NextMsg` has returned; `natsMsg_Ack` does nothing. Messages
    /// arrive in order and without a gap: if one is missing, for example after a reconnect, the consumer is reset and
    /// delivers again the messages that the program has not received. Only for push consumers without a queue group,
    /// with a limit of `MaxAckPending`, and without `AckWait`, `BackOff` and `MaxDeliver`.
    js_AckFlowControl,
    /// An addition: a value of a newer server that this library does not know.
    js_AckUnknown = 255,
}

/// How fast a consumer delivers the messages that are already in the stream. `jsConsumerConfig_Init` sets -1, which
/// becomes `js_ReplayInstant`.
///
/// @ingroup nats_js_consumers
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum jsReplayPolicy {
    /// As fast as possible.
    js_ReplayInstant = 0,
    /// At the pace at which they were stored.
    js_ReplayOriginal,
    /// An addition: a value of a newer server that this library does not know.
    js_ReplayUnknown = 255,
}

/// Puts an enum of C's and one of the core's side by side. One that the core does not know by name comes back as it
/// was, where it is known what that was.
macro_rules! choice {
    ($arg:ident, $c:ident, $core:ident, $what:literal, $unknown:ident { $($core_name:ident = $c_name:ident),+ $(,)? }) => {
        #[doc = concat!("A `", stringify!($c), "` as C passes it: any number.")]
        #[repr(transparent)]
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $arg(pub c_int);

        impl $arg {
            /// The choice as C has it.
            pub(in crate::ffi) fn of(choice: &$core) -> Self {
                $arg(match choice {
                    $($core::$core_name => $c::$c_name,)+
                    $core::Unknown(_) => $c::$unknown,
                } as c_int)
            }

            /// The choice as the core has it; `kept` is what the structure was made of.
            pub(in crate::ffi) fn get(self, kept: Option<&$core>) -> Result<$core> {
                $(if self.0 == $c::$c_name as c_int {
                    return Ok($core::$core_name);
                })+
                match kept {
                    Some($core::Unknown(word)) if self.0 == $c::$unknown as c_int => {
                        Ok($core::Unknown(word.clone()))
                    }
                    _ => Err(Error::invalid_arg(format!(concat!("invalid ", $what, " {}"), self.0))),
                }
            }
        }
    };
}

choice!(jsRetentionPolicyArg, jsRetentionPolicy, Retention, "retention policy", js_RetentionUnknown {
    Limits = js_LimitsPolicy, Interest = js_InterestPolicy, WorkQueue = js_WorkQueuePolicy,
});
choice!(jsDiscardPolicyArg, jsDiscardPolicy, Discard, "discard policy", js_DiscardUnknown {
    Old = js_DiscardOld, New = js_DiscardNew,
});
choice!(jsStorageTypeArg, jsStorageType, Storage, "storage type", js_StorageUnknown {
    File = js_FileStorage, Memory = js_MemoryStorage,
});
// nats.c's words are the same as for the storage.
choice!(jsStorageCompressionArg, jsStorageCompression, Compression, "storage type", js_StorageCompressionUnknown {
    None = js_StorageCompressionNone, S2 = js_StorageCompressionS2,
});
choice!(jsPersistModeTypeArg, jsPersistModeType, PersistMode, "persist mode", js_PersistUnknown {
    Default = js_PersistDefault, Async = js_PersistAsync,
});
choice!(jsDeliverPolicyArg, jsDeliverPolicy, DeliverPolicy, "deliver policy", js_DeliverUnknown {
    All = js_DeliverAll, Last = js_DeliverLast, New = js_DeliverNew, ByStartSequence = js_DeliverByStartSequence,
    ByStartTime = js_DeliverByStartTime, LastPerSubject = js_DeliverLastPerSubject,
});
choice!(jsAckPolicyArg, jsAckPolicy, AckPolicy, "ack policy", js_AckUnknown {
    Explicit = js_AckExplicit, None = js_AckNone, All = js_AckAll, FlowControl = js_AckFlowControl,
});
choice!(jsReplayPolicyArg, jsReplayPolicy, ReplayPolicy, "replay policy", js_ReplayUnknown {
    Instant = js_ReplayInstant, Original = js_ReplayOriginal,
});
