//! The configuration of a consumer.

use super::json::{Metadata, Rest, object};
use super::policy::{AckPolicy, DeliverPolicy, ReplayPolicy};
use crate::js::time::Time;

/// The configuration of a consumer.
///
/// Durations are nanoseconds. Empty values mean the server's defaults; a policy that is not set is sent as the first
/// one of its kind, because old servers have no default for it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ConsumerConfig {
    /// Its name.
    pub name: String,
    /// Its name if it is durable.
    pub durable: String,
    /// A description for people.
    pub description: String,
    /// The first message.
    pub deliver_policy: Option<DeliverPolicy>,
    /// The first sequence, for [`DeliverPolicy::ByStartSequence`].
    pub opt_start_seq: u64,
    /// The time of the first message, for [`DeliverPolicy::ByStartTime`].
    pub opt_start_time: Time,
    /// How messages are acknowledged.
    pub ack_policy: Option<AckPolicy>,
    /// The time to wait for an acknowledgement, in nanoseconds.
    pub ack_wait: i64,
    /// The maximum number of deliveries of a message; -1 for no limit.
    pub max_deliver: i64,
    /// The pauses between the deliveries of a message, in nanoseconds.
    pub backoff: Vec<i64>,
    /// The subject of the messages; empty for all. Not together with `filter_subjects`.
    pub filter_subject: String,
    /// The subjects of the messages, if there are several.
    pub filter_subjects: Vec<String>,
    /// The pace of delivery.
    pub replay_policy: Option<ReplayPolicy>,
    /// The maximum rate, in bits per second.
    pub rate_limit: u64,
    /// The percentage of acknowledgements that are sampled.
    pub sample_frequency: String,
    /// The maximum number of pull requests that wait.
    pub max_waiting: i64,
    /// The maximum number of messages without an acknowledgement; -1 for no limit.
    pub max_ack_pending: i64,
    /// Flow control: from time to time the server waits for the client.
    pub flow_control: bool,
    /// The interval of heartbeats, in nanoseconds.
    pub heartbeat: i64,
    /// Deliver headers without the payload.
    pub headers_only: bool,
    /// The maximum number of messages of one pull request.
    pub max_request_batch: i64,
    /// The maximum duration of one pull request, in nanoseconds.
    pub max_request_expires: i64,
    /// The maximum number of bytes of one pull request.
    pub max_request_max_bytes: i64,
    /// The subject to which messages are delivered; empty for a pull consumer.
    pub deliver_subject: String,
    /// The queue group of the deliver subject.
    pub deliver_group: String,
    /// The time without use after which it is deleted, in nanoseconds.
    pub inactive_threshold: i64,
    /// The number of replicas; 0 for that of the stream.
    pub replicas: i64,
    /// Keep its state in memory, whatever the stream's storage is.
    pub memory_storage: bool,
    /// Metadata of the program.
    pub metadata: Metadata,
    /// It is paused until this time.
    pub pause_until: Time,
    /// The priority policy: `overflow`, `pinned_client`, `prioritized` (ADR-42).
    pub priority_policy: String,
    /// The time without a pull request after which a client is unpinned, in nanoseconds.
    pub pinned_ttl: i64,
    /// The priority groups that pull requests may name.
    pub priority_groups: Vec<String>,
    /// Fields of a newer server.
    pub rest: Rest,
}

object!(ConsumerConfig {
    name "name",
    durable "durable_name",
    description "description",
    deliver_policy "deliver_policy" always,
    opt_start_seq "opt_start_seq",
    opt_start_time "opt_start_time" positive,
    ack_policy "ack_policy" always,
    ack_wait "ack_wait" positive,
    max_deliver "max_deliver",
    backoff "backoff",
    filter_subject "filter_subject",
    filter_subjects "filter_subjects",
    replay_policy "replay_policy" always,
    rate_limit "rate_limit_bps",
    sample_frequency "sample_freq",
    max_waiting "max_waiting" positive,
    max_ack_pending "max_ack_pending",
    flow_control "flow_control",
    heartbeat "idle_heartbeat" positive,
    headers_only "headers_only",
    max_request_batch "max_batch" positive,
    max_request_expires "max_expires" positive,
    max_request_max_bytes "max_bytes" positive,
    deliver_subject "deliver_subject",
    deliver_group "deliver_group",
    inactive_threshold "inactive_threshold" positive,
    replicas "num_replicas" positive,
    memory_storage "mem_storage",
    metadata "metadata" lenient,
    pause_until "pause_until" positive,
    priority_policy "priority_policy",
    pinned_ttl "priority_timeout" positive,
    priority_groups "priority_groups";
    .. rest
});

#[cfg(test)]
#[path = "consumer_tests.rs"]
mod tests;
