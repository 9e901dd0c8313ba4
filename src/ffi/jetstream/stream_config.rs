//! `jsStreamConfig` and its parts: what a stream is to be.

pub(in crate::ffi) mod convert;

use std::ffi::{c_char, c_int};

use super::enums::{
    jsDiscardPolicyArg, jsPersistModeTypeArg, jsRetentionPolicyArg, jsStorageCompressionArg,
    jsStorageTypeArg,
};
use super::plain::{plain, zero};
use crate::error::natsStatus;
use crate::ffi::guard::guard;
use crate::ffi::types::natsMetadata;

/// The servers that a stream is placed on. Initialize it with `jsPlacement_Init`.
///
/// @ingroup nats_js_streams
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsPlacement {
    /// The cluster's name; NULL for any.
    pub Cluster: *const c_char,
    /// Tags that the servers must have.
    pub Tags: *mut *const c_char,
    /// The number of tags.
    pub TagsLen: c_int,
}

/// Access to a stream of another account or domain. Initialize it with `jsExternalStream_Init`.
///
/// @ingroup nats_js_streams
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsExternalStream {
    /// The prefix of the other JetStream API's subjects.
    pub APIPrefix: *const c_char,
    /// The prefix of the subjects that the messages are delivered to; NULL for none.
    pub DeliverPrefix: *const c_char,
}

/// A stream that another stream copies messages from: the origin of a mirror, or a source. Initialize it with
/// `jsStreamSource_Init`.
///
/// @ingroup nats_js_streams
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsStreamSource {
    /// The stream's name.
    pub Name: *const c_char,
    /// The sequence to begin with; 0 for the first.
    pub OptStartSeq: u64,
    /// The time to begin at, in nanoseconds since the epoch; 0 for the beginning.
    pub OptStartTime: i64,
    /// The subject of the messages to copy, which may have wildcards; NULL for all subjects.
    pub FilterSubject: *const c_char,
    /// Access to the stream if it is in another account or domain; NULL for the same one.
    pub External: *mut jsExternalStream,
    /// The domain of the stream; NULL for the same domain. When a stream is created, it stands for an `External` with
    /// the API prefix `$JS.<domain>.API`, unless it is the domain that the stream is created in. `js_UpdateStream` ignores
    /// it, and needs the `External`, which the configuration in a `jsStreamInfo` has; `js_CreateOrUpdateStream` heeds it.
    pub Domain: *const c_char,
}

/// Publishes the messages again that a stream has stored. Initialize it with `jsRePublish_Init`.
///
/// @ingroup nats_js_streams
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsRePublish {
    /// The subject of the messages, which may have wildcards; NULL for all subjects.
    pub Source: *const c_char,
    /// The subject to publish on.
    pub Destination: *const c_char,
    /// Whether to publish the headers without the payloads.
    pub HeadersOnly: bool,
}

/// A change of the subjects of the messages that a stream stores.
///
/// @ingroup nats_js_streams
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsSubjectTransformConfig {
    /// The subjects to change.
    pub Source: *const c_char,
    /// The subjects that they are changed to.
    pub Destination: *const c_char,
}

/// Limits, and defaults, for the consumers of a stream.
///
/// @ingroup nats_js_streams
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsStreamConsumerLimits {
    /// The longest inactivity threshold of a consumer in nanoseconds; 0 for no limit.
    pub InactiveThreshold: i64,
    /// The maximum number of messages of a consumer that wait for acknowledgements; 0 for no limit.
    pub MaxAckPending: c_int,
}

/// The configuration of a stream. Initialize it with `jsStreamConfig_Init`.
///
/// A configuration that is passed to the library is copied and remains the program's. One that the library returns is
/// part of a `jsStreamInfo`. Settings of newer servers that have no field here, and settings of sources, are kept
/// with it: they are part of an update that uses the same structure or a copy of it. Source: ADR-31, ADR-33, ADR-36,
/// ADR-43, ADR-48, ADR-49, ADR-50, ADR-51.
///
/// @ingroup nats_js_streams
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsStreamConfig {
    /// The name: no white space, and none of `.`, `*`, `>`, `/` and `\`.
    pub Name: *const c_char,
    /// A description; NULL for none.
    pub Description: *const c_char,
    /// The subjects whose messages are stored, which may have wildcards. None stands for the name of the stream, or
    /// for no subjects if the stream has a mirror or sources.
    pub Subjects: *mut *const c_char,
    /// The number of subjects.
    pub SubjectsLen: c_int,
    /// The retention policy.
    pub Retention: jsRetentionPolicyArg,
    /// The maximum number of consumers; -1 for no limit.
    pub MaxConsumers: i64,
    /// The maximum number of messages; -1 for no limit.
    pub MaxMsgs: i64,
    /// The maximum number of bytes; -1 for no limit.
    pub MaxBytes: i64,
    /// The maximum age of messages in nanoseconds; 0 for no limit.
    pub MaxAge: i64,
    /// The maximum number of messages of each subject; 0 for no limit.
    pub MaxMsgsPerSubject: i64,
    /// The maximum size of a message in bytes; -1 for no limit.
    pub MaxMsgSize: i32,
    /// The behaviour of the stream at its limits.
    pub Discard: jsDiscardPolicyArg,
    /// Where the messages are stored.
    pub Storage: jsStorageTypeArg,
    /// The number of servers that store the stream, 1 to 5.
    pub Replicas: i64,
    /// Whether publishes are not acknowledged. `js_Publish` then fails with `NATS_TIMEOUT` although the message is
    /// stored: use `natsConnection_Publish`.
    pub NoAck: bool,
    /// Not used: servers no longer have templates and refuse this setting.
    pub Template: *const c_char,
    /// The time for which message ids are remembered, in nanoseconds; 0 for the server's default.
    pub Duplicates: i64,
    /// The servers that the stream is placed on; NULL for any.
    pub Placement: *mut jsPlacement,
    /// The stream that this one is a copy of; NULL for none.
    pub Mirror: *mut jsStreamSource,
    /// The streams that messages are copied from.
    pub Sources: *mut *mut jsStreamSource,
    /// The number of sources.
    pub SourcesLen: c_int,
    /// Whether the stream refuses all changes, permanently. Only an update can set it.
    pub Sealed: bool,
    /// Whether messages cannot be deleted.
    pub DenyDelete: bool,
    /// Whether the stream cannot be purged.
    pub DenyPurge: bool,
    /// Whether a message with the header `Nats-Rollup` may replace earlier messages.
    pub AllowRollup: bool,
    /// Settings for publishing stored messages again; NULL not to do that.
    pub RePublish: *mut jsRePublish,
    /// Whether all servers of the stream answer `js_DirectGetMsg`, not only the leader.
    pub AllowDirect: bool,
    /// Whether a mirror answers `js_DirectGetMsg` for its origin.
    pub MirrorDirect: bool,
    /// Whether `js_DiscardNew` also applies to `MaxMsgsPerSubject`.
    pub DiscardNewPerSubject: bool,
    /// Metadata of the program.
    pub Metadata: natsMetadata,
    /// How the files are compressed.
    pub Compression: jsStorageCompressionArg,
    /// The sequence of the first message; 0 for 1.
    pub FirstSeq: u64,
    /// The change of the subjects of stored messages.
    pub SubjectTransform: jsSubjectTransformConfig,
    /// Limits and defaults for consumers of the stream.
    pub ConsumerLimits: jsStreamConsumerLimits,
    /// Whether messages may have a time to live of their own.
    pub AllowMsgTTL: bool,
    /// The time to live of the marker that is stored when a limit removes the last message of a subject, in
    /// nanoseconds, at least one second; 0 for no markers.
    pub SubjectDeleteMarkerTTL: i64,
    /// When messages are written to the disk.
    pub PersistMode: jsPersistModeTypeArg,
    /// Whether atomic batches may be published.
    pub AllowAtomic: bool,
    /// Whether the messages are counters.
    pub AllowMsgCounter: bool,
    /// Whether messages may be schedules.
    pub AllowMsgSchedules: bool,
    /// Whether fast batches may be published.
    pub AllowBatched: bool,
}

plain!(
    jsPlacement,
    jsExternalStream,
    jsStreamSource,
    jsRePublish,
    jsSubjectTransformConfig,
    jsStreamConsumerLimits,
    jsStreamConfig,
);

/// Initialize the configuration of a stream: no limits, one replica, file storage.
///
/// Sets `MaxConsumers`, `MaxMsgs`, `MaxBytes` and `MaxMsgSize` to -1, `Replicas` to 1, and the rest
/// to zero.
///
/// @param cfg The structure; its former content is ignored.
///
/// @retval NATS_OK The structure was filled.
/// @retval NATS_INVALID_ARG `cfg` is NULL.
///
/// @par Threads
/// One thread at a time may use the structure.
///
/// @ingroup nats_js_streams
///
/// # Safety
/// `cfg` is NULL or valid for writing a `jsStreamConfig`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsStreamConfig_Init(cfg: *mut jsStreamConfig) -> natsStatus {
    guard("jsStreamConfig_Init", || {
        // SAFETY: the caller's contract, above.
        unsafe { zero(cfg, "cfg") }?;
        // SAFETY: not NULL, and full of zeros now.
        let cfg = unsafe { &mut *cfg };
        cfg.MaxConsumers = -1;
        cfg.MaxMsgs = -1;
        cfg.MaxBytes = -1;
        cfg.MaxMsgSize = -1;
        cfg.Replicas = 1;
        Ok(())
    })
}

/// Initialize a placement that allows every server.
///
/// Fills the structure with zeros.
///
/// @param placement The structure; its former content is ignored.
///
/// @retval NATS_OK The structure was filled.
/// @retval NATS_INVALID_ARG `placement` is NULL.
///
/// @par Threads
/// One thread at a time may use the structure.
///
/// @ingroup nats_js_streams
///
/// # Safety
/// `placement` is NULL or valid for writing a `jsPlacement`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsPlacement_Init(placement: *mut jsPlacement) -> natsStatus {
    guard("jsPlacement_Init", || {
        // SAFETY: the caller's contract, above.
        unsafe { zero(placement, "placement") }
    })
}

/// Initialize a source of a stream.
///
/// Fills the structure with zeros. `Name` has to be set.
///
/// @param source The structure; its former content is ignored.
///
/// @retval NATS_OK The structure was filled.
/// @retval NATS_INVALID_ARG `source` is NULL.
///
/// @par Threads
/// One thread at a time may use the structure.
///
/// @ingroup nats_js_streams
///
/// # Safety
/// `source` is NULL or valid for writing a `jsStreamSource`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsStreamSource_Init(source: *mut jsStreamSource) -> natsStatus {
    guard("jsStreamSource_Init", || {
        // SAFETY: the caller's contract, above.
        unsafe { zero(source, "source") }
    })
}

/// Initialize the reference to a stream of another account or domain.
///
/// Fills the structure with zeros. `APIPrefix` has to be set.
///
/// @param external The structure; its former content is ignored.
///
/// @retval NATS_OK The structure was filled.
/// @retval NATS_INVALID_ARG `external` is NULL.
///
/// @par Threads
/// One thread at a time may use the structure.
///
/// @ingroup nats_js_streams
///
/// # Safety
/// `external` is NULL or valid for writing a `jsExternalStream`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsExternalStream_Init(external: *mut jsExternalStream) -> natsStatus {
    guard("jsExternalStream_Init", || {
        // SAFETY: the caller's contract, above.
        unsafe { zero(external, "external") }
    })
}

/// Initialize the settings for republishing stored messages.
///
/// Fills the structure with zeros. Without a `Destination` nothing is republished.
///
/// @param rp The structure; its former content is ignored.
///
/// @retval NATS_OK The structure was filled.
/// @retval NATS_INVALID_ARG `rp` is NULL.
///
/// @par Threads
/// One thread at a time may use the structure.
///
/// @ingroup nats_js_streams
///
/// # Safety
/// `rp` is NULL or valid for writing a `jsRePublish`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsRePublish_Init(rp: *mut jsRePublish) -> natsStatus {
    guard("jsRePublish_Init", || {
        // SAFETY: the caller's contract, above.
        unsafe { zero(rp, "rp") }
    })
}
