//! Configuration and state of streams and consumers, as servers report them.

use std::collections::BTreeMap;

use super::consumer::ConsumerConfig;
use super::json::object;
use super::stream::{External, StreamConfig, SubjectTransform};
use crate::js::time::Time;

/// A stream: its configuration and its state.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StreamInfo {
    /// Its configuration.
    pub config: Option<StreamConfig>,
    /// When it was created.
    pub created: Time,
    /// Its state.
    pub state: StreamState,
    /// Its JetStream domain.
    pub domain: String,
    /// The servers that store it.
    pub cluster: Option<ClusterInfo>,
    /// The stream that it mirrors.
    pub mirror: Option<SourceInfo>,
    /// The streams that it has as sources.
    pub sources: Vec<SourceInfo>,
    /// Mirrors of it that can be read in its place.
    pub alternates: Vec<StreamAlternate>,
    /// The time of the report.
    pub timestamp: Time,
    /// The total number of subjects, if subjects were requested.
    pub total: i64,
    /// The number of subjects in a page.
    pub limit: i64,
}

object!(StreamInfo {
    config "config",
    created "created",
    state "state",
    domain "domain",
    cluster "cluster",
    mirror "mirror",
    sources "sources",
    alternates "alternates",
    timestamp "ts",
    total "total",
    limit "limit",
});

impl StreamInfo {
    /// The stream's name; empty if the server did not report it.
    pub fn name(&self) -> &str {
        self.config.as_ref().map_or("", |config| &config.name)
    }
}

/// The state of a stream.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StreamState {
    /// The number of messages.
    pub msgs: u64,
    /// The number of bytes.
    pub bytes: u64,
    /// The sequence of the first message.
    pub first_seq: u64,
    /// The time at which it was stored.
    pub first_time: Time,
    /// The sequence of the last message.
    pub last_seq: u64,
    /// The time at which it was stored.
    pub last_time: Time,
    /// The number of subjects.
    pub num_subjects: i64,
    /// The number of messages of each subject, if requested.
    pub subjects: BTreeMap<String, u64>,
    /// The number of deleted sequences between the first and the last.
    pub num_deleted: u64,
    /// The deleted sequences, if requested.
    pub deleted: Vec<u64>,
    /// The messages that could not be read from the disk.
    pub lost: Option<LostData>,
    /// The number of consumers.
    pub consumers: i64,
}

object!(StreamState {
    msgs "messages",
    bytes "bytes",
    first_seq "first_seq",
    first_time "first_ts",
    last_seq "last_seq",
    last_time "last_ts",
    num_subjects "num_subjects",
    subjects "subjects",
    num_deleted "num_deleted",
    deleted "deleted",
    lost "lost",
    consumers "consumer_count",
});

/// The messages that a stream could not read from its disk.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LostData {
    /// The sequences.
    pub msgs: Vec<u64>,
    /// The number of bytes.
    pub bytes: u64,
}

object!(LostData {
    msgs "msgs",
    bytes "bytes",
});

/// The servers that store a stream or a consumer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ClusterInfo {
    /// The cluster's name.
    pub name: String,
    /// The name of the Raft group.
    pub raft_group: String,
    /// The name of the leader.
    pub leader: String,
    /// The time since which it has been the leader.
    pub leader_since: Time,
    /// Replication traffic goes through the system account.
    pub system_account: bool,
    /// The account that replication traffic goes through.
    pub traffic_account: String,
    /// The other servers.
    pub replicas: Vec<PeerInfo>,
    /// The target of a change of servers in progress, as the server reports it.
    pub desired: serde_json::Value,
}

object!(ClusterInfo {
    name "name",
    raft_group "raft_group",
    leader "leader",
    leader_since "leader_since",
    system_account "system_account",
    traffic_account "traffic_account",
    replicas "replicas",
    desired "desired",
});

/// A server that follows the leader.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PeerInfo {
    /// Its name.
    pub name: String,
    /// Its id in the Raft group.
    pub peer: String,
    /// It has all data of the leader.
    pub current: bool,
    /// It cannot be reached.
    pub offline: bool,
    /// The time since it was last active, in nanoseconds.
    pub active: i64,
    /// The number of operations that it is behind.
    pub lag: u64,
    /// The number of operations that it has not applied yet.
    pub pending: u64,
}

object!(PeerInfo {
    name "name",
    peer "peer",
    current "current",
    offline "offline",
    active "active",
    lag "lag",
    pending "pending",
});

/// The progress of a mirror or a source.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SourceInfo {
    /// The name of the stream that is copied.
    pub name: String,
    /// The API through which it is reached.
    pub external: Option<External>,
    /// The number of messages that are still to be copied.
    pub lag: u64,
    /// The time since it was last active, in nanoseconds; -1 for never.
    pub active: i64,
    /// The subjects that are copied.
    pub filter_subject: String,
    /// The transforms of subjects.
    pub subject_transforms: Vec<SubjectTransform>,
    /// Why it cannot be copied.
    pub error: Option<ApiError>,
}

object!(SourceInfo {
    name "name",
    external "external",
    lag "lag",
    active "active",
    filter_subject "filter_subject",
    subject_transforms "subject_transforms",
    error "error",
});

/// A mirror that can be read in place of a stream.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StreamAlternate {
    /// Its name.
    pub name: String,
    /// Its JetStream domain.
    pub domain: String,
    /// Its cluster.
    pub cluster: String,
}

object!(StreamAlternate {
    name "name",
    domain "domain",
    cluster "cluster",
});

/// A consumer: its configuration and its state.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ConsumerInfo {
    /// The stream that it belongs to.
    pub stream: String,
    /// Its name.
    pub name: String,
    /// When it was created.
    pub created: Time,
    /// Its configuration.
    pub config: ConsumerConfig,
    /// The last message that was delivered.
    pub delivered: SequenceInfo,
    /// The last message up to which all are acknowledged.
    pub ack_floor: SequenceInfo,
    /// The number of delivered messages that are not acknowledged.
    pub num_ack_pending: i64,
    /// The number of them that have been delivered more than once.
    pub num_redelivered: i64,
    /// The number of pull requests that wait.
    pub num_waiting: i64,
    /// The number of messages that are still to be delivered.
    pub num_pending: u64,
    /// The servers that store it.
    pub cluster: Option<ClusterInfo>,
    /// There is a subscription to its deliver subject.
    pub push_bound: bool,
    /// It is paused.
    pub paused: bool,
    /// The remaining time of the pause, in nanoseconds.
    pub pause_remaining: i64,
    /// The pinned client of each group.
    pub priority_groups: Vec<PriorityGroupState>,
    /// The time of the report.
    pub timestamp: Time,
}

object!(ConsumerInfo {
    stream "stream_name",
    name "name",
    created "created",
    config "config",
    delivered "delivered",
    ack_floor "ack_floor",
    num_ack_pending "num_ack_pending",
    num_redelivered "num_redelivered",
    num_waiting "num_waiting",
    num_pending "num_pending",
    cluster "cluster",
    push_bound "push_bound",
    paused "paused",
    pause_remaining "pause_remaining",
    priority_groups "priority_groups",
    timestamp "ts",
});

/// A position in the numberings of a consumer and of its stream.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SequenceInfo {
    /// The number among the deliveries of the consumer.
    pub consumer: u64,
    /// The sequence in the stream.
    pub stream: u64,
    /// The time.
    pub last: Time,
}

object!(SequenceInfo {
    consumer "consumer_seq",
    stream "stream_seq",
    last "last_active",
});

/// The client that receives the messages of a group.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PriorityGroupState {
    /// The group's name.
    pub group: String,
    /// The pinned client's id.
    pub pinned_client_id: String,
    /// The time since which it has been pinned.
    pub pinned_since: Time,
}

object!(PriorityGroupState {
    group "group",
    pinned_client_id "pinned_client_id",
    pinned_since "pinned_ts",
});

/// An error of the API.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ApiError {
    /// Its kind, as a status code of HTTP.
    pub code: i64,
    /// The number of the error.
    pub err_code: i64,
    /// The text of the server.
    pub description: String,
}

impl ApiError {
    /// Whether it says anything. What has neither numbers nor words is none.
    pub fn is_error(&self) -> bool {
        self.code != 0 || self.err_code != 0 || !self.description.is_empty()
    }
}

object!(ApiError {
    code "code",
    err_code "err_code",
    description "description",
});

#[cfg(test)]
#[path = "info_tests.rs"]
mod tests;
