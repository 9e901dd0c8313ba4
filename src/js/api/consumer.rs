//! The configuration of a consumer.

use super::json::{Metadata, Rest, object};
use super::policy::{AckPolicy, DeliverPolicy, ReplayPolicy};
use crate::js::time::Time;

/// The configuration of a consumer.
///
/// Durations are nanoseconds. What is empty is left to the server's defaults; a policy that is not
/// chosen is sent as the first of its kind, because old servers have no default for it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ConsumerConfig {
    /// Its name.
    pub name: String,
    /// Its name if it is to outlive its users.
    pub durable: String,
    /// Words for people.
    pub description: String,
    /// Which message it starts with.
    pub deliver_policy: Option<DeliverPolicy>,
    /// The sequence it starts with, for [`DeliverPolicy::ByStartSequence`].
    pub opt_start_seq: u64,
    /// The time it starts with, for [`DeliverPolicy::ByStartTime`].
    pub opt_start_time: Time,
    /// What counts as an acknowledgement.
    pub ack_policy: Option<AckPolicy>,
    /// How long it waits for one, in nanoseconds.
    pub ack_wait: i64,
    /// How often it delivers a message that is not acknowledged; -1 for no limit.
    pub max_deliver: i64,
    /// How long it waits between deliveries, in nanoseconds, for each of them.
    pub backoff: Vec<i64>,
    /// The subjects that it delivers; empty for all. Not together with `filter_subjects`.
    pub filter_subject: String,
    /// The subjects that it delivers, where they are several.
    pub filter_subjects: Vec<String>,
    /// How fast it delivers.
    pub replay_policy: Option<ReplayPolicy>,
    /// The most that it delivers, in bits a second.
    pub rate_limit: u64,
    /// How many of the acknowledgements are reported, in percent.
    pub sample_frequency: String,
    /// How many pull requests may wait.
    pub max_waiting: i64,
    /// How many messages may wait for an acknowledgement; -1 for no limit.
    pub max_ack_pending: i64,
    /// The server waits for the client now and then.
    pub flow_control: bool,
    /// How long the server is silent at most, in nanoseconds.
    pub heartbeat: i64,
    /// Messages come without their payload.
    pub headers_only: bool,
    /// The most messages that one pull may ask for.
    pub max_request_batch: i64,
    /// The longest that one pull may wait, in nanoseconds.
    pub max_request_expires: i64,
    /// The most bytes that one pull may ask for.
    pub max_request_max_bytes: i64,
    /// Where it delivers. Empty: it is pulled.
    pub deliver_subject: String,
    /// The queue group that it delivers to.
    pub deliver_group: String,
    /// After how long without use it is removed, in nanoseconds.
    pub inactive_threshold: i64,
    /// On how many servers it is; 0 for as many as the stream.
    pub replicas: i64,
    /// It is stored in memory, whatever the stream is.
    pub memory_storage: bool,
    /// Names and values of the program's own.
    pub metadata: Metadata,
    /// It delivers nothing before this time.
    pub pause_until: Time,
    /// Which of the groups gets messages: `overflow`, `pinned_client`, `prioritized` (ADR-42).
    pub priority_policy: String,
    /// After how long without a pull a client loses its pin, in nanoseconds.
    pub pinned_ttl: i64,
    /// The groups that pulls may name.
    pub priority_groups: Vec<String>,
    /// What a newer server says beyond that.
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
    metadata "metadata",
    pause_until "pause_until" positive,
    priority_policy "priority_policy",
    pinned_ttl "priority_timeout" positive,
    priority_groups "priority_groups";
    .. rest
});

#[cfg(test)]
#[path = "consumer_tests.rs"]
mod tests;
