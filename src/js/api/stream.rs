//! The configuration of a stream.

use super::json::{Json, Metadata, Rest, object};
use super::policy::{Compression, Discard, PersistMode, Retention, Storage};
use crate::js::time::Time;

/// The configuration of a stream.
///
/// Durations are nanoseconds. Where -1 means "no limit" it is sent as such. [`Default`] is what a
/// program wants that sets nothing but a name and subjects.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamConfig {
    /// Its name.
    pub name: String,
    /// Words for people.
    pub description: String,
    /// The subjects whose messages it stores. None: the server takes the name.
    pub subjects: Vec<String>,
    /// When messages are removed.
    pub retention: Retention,
    /// How many consumers it may have; -1 for no limit.
    pub max_consumers: i64,
    /// How many messages; -1 for no limit.
    pub max_msgs: i64,
    /// How many bytes; -1 for no limit.
    pub max_bytes: i64,
    /// How old messages get, in nanoseconds; 0 for ever.
    pub max_age: i64,
    /// How many messages of one subject; 0 or -1 for no limit.
    pub max_msgs_per_subject: i64,
    /// The size of the largest message; -1 for no limit.
    pub max_msg_size: i64,
    /// What goes when it is full.
    pub discard: Discard,
    /// Where messages are stored.
    pub storage: Storage,
    /// On how many servers.
    pub replicas: i64,
    /// Publishers get no acknowledgement.
    pub no_ack: bool,
    /// The template that made it. Servers of today have none.
    pub template: String,
    /// For how long message ids are compared, in nanoseconds; 0 for the server's default.
    pub duplicates: i64,
    /// Where in the cluster.
    pub placement: Option<Placement>,
    /// The stream that it is a copy of.
    pub mirror: Option<StreamSource>,
    /// The streams that it gathers.
    pub sources: Vec<StreamSource>,
    /// Nothing can be stored or removed any more.
    pub sealed: bool,
    /// Messages cannot be deleted.
    pub deny_delete: bool,
    /// It cannot be purged.
    pub deny_purge: bool,
    /// A message can replace all before it.
    pub allow_rollup: bool,
    /// What is stored is published again.
    pub republish: Option<Republish>,
    /// All replicas answer direct gets.
    pub allow_direct: bool,
    /// A mirror's replicas answer direct gets of its origin.
    pub mirror_direct: bool,
    /// With [`Discard::New`], refuse new messages of a full subject.
    pub discard_new_per_subject: bool,
    /// Names and values of the program's own.
    pub metadata: Metadata,
    /// How stored messages are compressed.
    pub compression: Compression,
    /// The sequence of the first message; 0 for 1.
    pub first_seq: u64,
    /// Changes subjects before messages are stored.
    pub subject_transform: Option<SubjectTransform>,
    /// What consumers have that do not set it themselves, and the most that they may set.
    pub consumer_limits: Option<ConsumerLimits>,
    /// Messages may have a time to live of their own.
    pub allow_msg_ttl: bool,
    /// How long markers live that say that a subject's last message has expired, in nanoseconds.
    pub subject_delete_marker_ttl: i64,
    /// When stored messages are acknowledged.
    pub persist_mode: PersistMode,
    /// Batches that are stored as a whole or not at all may be published (ADR-50).
    pub allow_atomic: bool,
    /// Subjects are counters (ADR-49).
    pub allow_msg_counter: bool,
    /// Messages may be published by a schedule (ADR-51).
    pub allow_msg_schedules: bool,
    /// Flow-controlled batches may be published (ADR-50).
    pub allow_batched: bool,
    /// What a newer server says beyond that.
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

// What old servers do not know is written only where it is set.
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
    metadata "metadata",
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

/// Where in a cluster a stream is placed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Placement {
    /// The cluster's name.
    pub cluster: String,
    /// Tags that its servers have.
    pub tags: Vec<String>,
    /// The server that is to lead, where it can.
    pub preferred: String,
    /// What a newer server says beyond that.
    pub rest: Rest,
}

object!(Placement {
    cluster "cluster" always,
    tags "tags",
    preferred "preferred";
    .. rest
});

/// A stream that another one mirrors or gathers.
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
    /// The subjects to copy, and what becomes of them.
    pub subject_transforms: Vec<SubjectTransform>,
    /// In another account or domain.
    pub external: Option<External>,
    /// In this JetStream domain: a short form of `external`, which it becomes when a stream is created.
    /// Not a part of the JSON.
    pub domain: String,
    /// The consumer that delivers to it, where somebody made one beforehand.
    pub consumer: Option<SourceConsumer>,
    /// What a newer server says beyond that.
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
    /// Where it delivers.
    pub deliver_subject: String,
    /// What a newer server says beyond that.
    pub rest: Rest,
}

object!(SourceConsumer {
    name "name" always,
    deliver_subject "deliver_subject" always;
    .. rest
});

/// How to reach a stream of another account or domain.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct External {
    /// What the subjects of its API begin with.
    pub api: String,
    /// What the subjects begin with that it delivers to.
    pub deliver: String,
    /// What a newer server says beyond that.
    pub rest: Rest,
}

object!(External {
    api "api" always,
    deliver "deliver";
    .. rest
});

/// What is published again when it has been stored.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Republish {
    /// Which subjects; empty for all.
    pub source: String,
    /// To which subjects.
    pub destination: String,
    /// Without the payload.
    pub headers_only: bool,
    /// What a newer server says beyond that.
    pub rest: Rest,
}

object!(Republish {
    source "src",
    destination "dest" always,
    headers_only "headers_only";
    .. rest
});

/// What becomes of subjects.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SubjectTransform {
    /// Which subjects.
    pub source: String,
    /// What they become.
    pub destination: String,
    /// What a newer server says beyond that.
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
    /// After how long without use one is removed, in nanoseconds.
    pub inactive_threshold: i64,
    /// How many messages may wait for an acknowledgement.
    pub max_ack_pending: i64,
    /// What a newer server says beyond that.
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
