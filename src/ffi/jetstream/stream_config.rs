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

/// Which servers a stream is to be on. `jsPlacement_Init` begins one.
///
/// @ingroup nats_js_streams
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsPlacement {
    /// The cluster's name; NULL for any.
    pub Cluster: *const c_char,
    /// Tags that the servers must have.
    pub Tags: *mut *const c_char,
    /// How many tags there are.
    pub TagsLen: c_int,
}

/// How a stream of another account or domain is reached. `jsExternalStream_Init` begins one.
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

/// A stream that another one takes messages from: a mirror's origin, or a source. `jsStreamSource_Init` begins one.
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
    /// Which subjects to take; NULL for all.
    pub FilterSubject: *const c_char,
    /// How to reach it where it is in another account; NULL for this one.
    pub External: *mut jsExternalStream,
    /// The domain that it is in; short for an `External` with the API prefix `$JS.<domain>.API`, when a stream is
    /// created; NULL for this one.
    pub Domain: *const c_char,
}

/// How a stream publishes again what it has stored. `jsRePublish_Init` begins one.
///
/// @ingroup nats_js_streams
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsRePublish {
    /// Which subjects; NULL for all.
    pub Source: *const c_char,
    /// The subject to publish on.
    pub Destination: *const c_char,
    /// Whether to leave the payloads out.
    pub HeadersOnly: bool,
}

/// How a stream changes the subjects of the messages that it stores.
///
/// @ingroup nats_js_streams
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsSubjectTransformConfig {
    /// Which subjects.
    pub Source: *const c_char,
    /// What they become.
    pub Destination: *const c_char,
}

/// Limits, and defaults, for the consumers of a stream.
///
/// @ingroup nats_js_streams
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsStreamConsumerLimits {
    /// After how many nanoseconds without interest a consumer is removed; 0 for no limit.
    pub InactiveThreshold: i64,
    /// How many of its messages may await their ack; 0 for no limit.
    pub MaxAckPending: c_int,
}

/// What a stream is to be, or is. `jsStreamConfig_Init` begins one.
///
/// What is passed to the library stays the program's and is copied. Where the library hands one out it is part of a
/// `jsStreamInfo`; fields of newer servers that have no place here, and settings of sources, are kept with it: they
/// are part of an update for which the same structure, or a copy of it, is used. Source: ADR-31, ADR-33, ADR-36,
/// ADR-43, ADR-48, ADR-49, ADR-50, ADR-51.
///
/// @ingroup nats_js_streams
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsStreamConfig {
    /// The name: no white space, and none of `.`, `*`, `>`, `/` and `\`.
    pub Name: *const c_char,
    /// A description for people; NULL for none.
    pub Description: *const c_char,
    /// The subjects whose messages it stores; none for its name, or where it has a mirror or sources.
    pub Subjects: *mut *const c_char,
    /// How many subjects there are.
    pub SubjectsLen: c_int,
    /// How long it keeps messages.
    pub Retention: jsRetentionPolicyArg,
    /// How many consumers it may have; -1 for no limit.
    pub MaxConsumers: i64,
    /// How many messages it may have; -1 for no limit.
    pub MaxMsgs: i64,
    /// How many bytes it may have; -1 for no limit.
    pub MaxBytes: i64,
    /// How old messages may be, in nanoseconds; 0 for no limit.
    pub MaxAge: i64,
    /// How many messages it may have of each subject; 0 for no limit.
    pub MaxMsgsPerSubject: i64,
    /// How many bytes a message may have; -1 for no limit.
    pub MaxMsgSize: i32,
    /// What it does at its limits.
    pub Discard: jsDiscardPolicyArg,
    /// Where it keeps messages.
    pub Storage: jsStorageTypeArg,
    /// On how many servers it is: 1 to 5.
    pub Replicas: i64,
    /// Whether publishes are not acknowledged.
    pub NoAck: bool,
    /// Not used: servers no longer have templates, and refuse to be asked for one.
    pub Template: *const c_char,
    /// For how long message ids are remembered, in nanoseconds; 0 for the server's default.
    pub Duplicates: i64,
    /// Which servers it is to be on; NULL for any.
    pub Placement: *mut jsPlacement,
    /// The stream that it is a copy of; NULL for none.
    pub Mirror: *mut jsStreamSource,
    /// The streams that it takes messages from.
    pub Sources: *mut *mut jsStreamSource,
    /// How many sources there are.
    pub SourcesLen: c_int,
    /// Whether it is closed to all changes, for ever. Only an update can set it.
    pub Sealed: bool,
    /// Whether messages cannot be deleted.
    pub DenyDelete: bool,
    /// Whether it cannot be purged.
    pub DenyPurge: bool,
    /// Whether a message may replace all before it, by the header `Nats-Rollup`.
    pub AllowRollup: bool,
    /// How it publishes again what it has stored; NULL for not.
    pub RePublish: *mut jsRePublish,
    /// Whether all its servers answer `js_DirectGetMsg`.
    pub AllowDirect: bool,
    /// Whether a mirror answers that for its origin.
    pub MirrorDirect: bool,
    /// Whether `js_DiscardNew` is also for the limit of each subject.
    pub DiscardNewPerSubject: bool,
    /// What the program notes with it.
    pub Metadata: natsMetadata,
    /// How its files are compressed.
    pub Compression: jsStorageCompressionArg,
    /// The sequence of its first message; 0 for 1.
    pub FirstSeq: u64,
    /// How it changes the subjects of what it stores.
    pub SubjectTransform: jsSubjectTransformConfig,
    /// Limits for its consumers.
    pub ConsumerLimits: jsStreamConsumerLimits,
    /// Whether messages may have a time to live of their own.
    pub AllowMsgTTL: bool,
    /// For how long a marker stays where a limit has removed the last message of a subject, in nanoseconds; 0 for
    /// no markers, else at least one second.
    pub SubjectDeleteMarkerTTL: i64,
    /// When messages are on the disk.
    pub PersistMode: jsPersistModeTypeArg,
    /// Whether atomic batches may be published.
    pub AllowAtomic: bool,
    /// Whether its messages are counters.
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
