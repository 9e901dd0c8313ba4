//! The configuration of a stream.

use super::json::{Json, Metadata, Rest, object};
use super::policy::{Compression, Discard, PersistMode, Retention, Storage};
use crate::js::time::Time;

/// The configuration of a stream.
///
/// Durations are nanoseconds. Where -1 means "no limit" it is sent as such. [`Default`] suits a program that sets
/// nothing but a name and subjects.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamConfig {
    /// Its name.
    pub name: String,
    /// A description for people.
    pub description: String,
    /// The subjects that it stores. If there are none, the server uses the name.
    pub subjects: Vec<String>,
    /// The retention policy.
    pub retention: Retention,
    /// The maximum number of consumers; -1 for no limit.
    pub max_consumers: i64,
    /// The maximum number of messages; -1 for no limit.
    pub max_msgs: i64,
    /// The maximum size in bytes; -1 for no limit.
    pub max_bytes: i64,
    /// The maximum age of messages, in nanoseconds; 0 for no limit.
    pub max_age: i64,
    /// The maximum number of messages of one subject; 0 or -1 for no limit.
    pub max_msgs_per_subject: i64,
    /// The maximum size of a message; -1 for no limit.
    pub max_msg_size: i64,
    /// Which messages are dropped when it is full.
    pub discard: Discard,
    /// The type of storage.
    pub storage: Storage,
    /// The number of replicas.
    pub replicas: i64,
    /// Publishers get no acknowledgements.
    pub no_ack: bool,
    /// The template from which it was created. Present servers have none.
    pub template: String,
    /// The window for duplicate message ids, in nanoseconds; 0 for the server's default.
    pub duplicates: i64,
    /// The placement in the cluster.
    pub placement: Option<Placement>,
    /// The stream that it mirrors.
    pub mirror: Option<StreamSource>,
    /// The streams that it has as sources.
    pub sources: Vec<StreamSource>,
    /// It is sealed: nothing can be stored or removed any more.
    pub sealed: bool,
    /// Messages cannot be deleted.
    pub deny_delete: bool,
    /// It cannot be purged.
    pub deny_purge: bool,
    /// A message can replace all earlier ones.
    pub allow_rollup: bool,
    /// The configuration for publishing stored messages again.
    pub republish: Option<Republish>,
    /// All replicas answer direct gets.
    pub allow_direct: bool,
    /// A mirror's replicas answer direct gets of its origin.
    pub mirror_direct: bool,
    /// With [`Discard::New`], refuse new messages of a full subject.
    pub discard_new_per_subject: bool,
    /// Metadata of the program.
    pub metadata: Metadata,
    /// The compression of stored messages.
    pub compression: Compression,
    /// The sequence of the first message; 0 for 1.
    pub first_seq: u64,
    /// The transform of subjects before messages are stored.
    pub subject_transform: Option<SubjectTransform>,
    /// Defaults and limits for the configurations of consumers.
    pub consumer_limits: Option<ConsumerLimits>,
    /// Messages may have a time to live.
    pub allow_msg_ttl: bool,
    /// The lifetime of the markers that say that the last message of a subject has expired, in nanoseconds.
    pub subject_delete_marker_ttl: i64,
    /// When messages are acknowledged.
    pub persist_mode: PersistMode,
    /// Atomic batches may be published (ADR-50).
    pub allow_atomic: bool,
    /// Subjects are counters (ADR-49).
    pub allow_msg_counter: bool,
    /// Messages may be scheduled (ADR-51).
    pub allow_msg_schedules: bool,
    /// Flow-controlled batches may be published (ADR-50).
    pub allow_batched: bool,
    /// Fields of a newer server.
    pub rest: Rest,
}

impl Default for StreamConfig {
    fn default() -> Self {
        StreamConfig {
            max_consumers: -1,
            max_msgs: -1,
            max_bytes: -1,
            max_msg_size: -1,
            replicas: 1,
            ..StreamConfig::empty()
        }
    }
}

// Fields that old servers do not know are written only if they are set.
object!(StreamConfig {
    name "name" always,
    description "description",
    subjects "subjects",
    retention "retention" always,
    max_consumers "max_consumers" always,
    max_msgs "max_msgs" always,
    max_bytes "max_bytes" always,
    max_age "max_age" always,
    max_msgs_per_subject "max_msgs_per_subject" always,
    max_msg_size "max_msg_size" always,
    discard "discard" always,
    storage "storage" always,
    replicas "num_replicas" always,
    no_ack "no_ack",
    template "template_owner" received,
    duplicates "duplicate_window",
    placement "placement",
    mirror "mirror",
    sources "sources",
    sealed "sealed",
    deny_delete "deny_delete",
    deny_purge "deny_purge",
    allow_rollup "allow_rollup_hdrs",
    republish "republish",
    allow_direct "allow_direct",
    mirror_direct "mirror_direct",
    discard_new_per_subject "discard_new_per_subject",
    metadata "metadata" lenient,
    compression "compression",
    first_seq "first_seq",
    subject_transform "subject_transform",
    consumer_limits "consumer_limits",
    allow_msg_ttl "allow_msg_ttl",
    subject_delete_marker_ttl "subject_delete_marker_ttl" positive,
    persist_mode "persist_mode",
    allow_atomic "allow_atomic",
    allow_msg_counter "allow_msg_counter",
    allow_msg_schedules "allow_msg_schedules",
    allow_batched "allow_batched";
    .. rest
});

/// The placement of a stream in a cluster.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Placement {
    /// The cluster's name.
    pub cluster: String,
    /// The tags of its servers.
    pub tags: Vec<String>,
    /// The preferred leader.
    pub preferred: String,
    /// Fields of a newer server.
    pub rest: Rest,
}

object!(Placement {
    cluster "cluster" always,
    tags "tags",
    preferred "preferred";
    .. rest
});

/// A stream that is the source of another one, or its origin if that is a mirror.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StreamSource {
    /// Its name.
    pub name: String,
    /// The first sequence to copy; 0 for the first message.
    pub opt_start_seq: u64,
    /// The time of the first message to copy; 0 for the first message.
    pub opt_start_time: Time,
    /// The subjects to copy; empty for all. Not together with `subject_transforms`.
    pub filter_subject: String,
    /// The subjects to copy, and their transforms.
    pub subject_transforms: Vec<SubjectTransform>,
    /// The stream is in another account or domain.
    pub external: Option<External>,
    /// The stream is in this JetStream domain: a short form of `external`, into which it is converted when a stream is
    /// created. Not a part of the JSON.
    pub domain: String,
    /// The consumer that delivers to it, if it was created beforehand.
    pub consumer: Option<SourceConsumer>,
    /// Fields of a newer server.
    pub rest: Rest,
}

object!(StreamSource {
    name "name" always,
    opt_start_seq "opt_start_seq",
    opt_start_time "opt_start_time" positive,
    filter_subject "filter_subject",
    subject_transforms "subject_transforms",
    external "external",
    domain "" local,
    consumer "consumer";
    .. rest
});

/// The consumer that delivers to a mirror or source.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SourceConsumer {
    /// Its name.
    pub name: String,
    /// Its deliver subject.
    pub deliver_subject: String,
    /// Fields of a newer server.
    pub rest: Rest,
}

object!(SourceConsumer {
    name "name" always,
    deliver_subject "deliver_subject" always;
    .. rest
});

/// Access to a stream of another account or domain.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct External {
    /// The prefix of the subjects of its API.
    pub api: String,
    /// The prefix of its deliver subjects.
    pub deliver: String,
    /// Fields of a newer server.
    pub rest: Rest,
}

object!(External {
    api "api" always,
    deliver "deliver";
    .. rest
});

/// The configuration for publishing stored messages again.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Republish {
    /// The subjects that are published again; empty for all.
    pub source: String,
    /// The subjects to which they are published.
    pub destination: String,
    /// Publish headers without the payload.
    pub headers_only: bool,
    /// Fields of a newer server.
    pub rest: Rest,
}

object!(Republish {
    source "src",
    destination "dest" always,
    headers_only "headers_only";
    .. rest
});

/// A transform of subjects.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SubjectTransform {
    /// The subjects that it applies to.
    pub source: String,
    /// The resulting subjects.
    pub destination: String,
    /// Fields of a newer server.
    pub rest: Rest,
}

object!(SubjectTransform {
    source "src" always,
    destination "dest" always;
    .. rest
});

/// Limits for the consumers of a stream.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ConsumerLimits {
    /// The time without use after which a consumer is deleted, in nanoseconds.
    pub inactive_threshold: i64,
    /// The maximum number of messages without an acknowledgement.
    pub max_ack_pending: i64,
    /// Fields of a newer server.
    pub rest: Rest,
}

object!(ConsumerLimits {
    inactive_threshold "inactive_threshold" always,
    max_ack_pending "max_ack_pending" always;
    .. rest
});

#[cfg(test)]
#[path = "stream_tests.rs"]
mod tests;
