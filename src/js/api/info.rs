//! What servers say about streams and consumers.

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
    /// What it stores.
    pub state: StreamState,
    /// Its JetStream domain.
    pub domain: String,
    /// The servers that it is on.
    pub cluster: Option<ClusterInfo>,
    /// What it mirrors.
    pub mirror: Option<SourceInfo>,
    /// What it gathers.
    pub sources: Vec<SourceInfo>,
    /// Mirrors of it that can be read as well.
    pub alternates: Vec<StreamAlternate>,
    /// When the server said so.
    pub timestamp: Time,
    /// How many subjects there are in all, where subjects were asked for.
    pub total: i64,
    /// How many of them a page has.
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
    /// The stream's name; empty where the server did not say it.
    pub fn name(&self) -> &str {
        self.config.as_ref().map_or("", |config| &config.name)
    }
}

/// What a stream stores.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StreamState {
    /// How many messages.
    pub msgs: u64,
    /// How many bytes.
    pub bytes: u64,
    /// The sequence of the first message.
    pub first_seq: u64,
    /// When it was stored.
    pub first_time: Time,
    /// The sequence of the last message.
    pub last_seq: u64,
    /// When it was stored.
    pub last_time: Time,
    /// How many subjects.
    pub num_subjects: i64,
    /// How many messages each subject has, where that was asked for.
    pub subjects: BTreeMap<String, u64>,
    /// How many sequences between the first and the last have no message.
    pub num_deleted: u64,
    /// Those, where they were asked for.
    pub deleted: Vec<u64>,
    /// What could not be read from the disk.
    pub lost: Option<LostData>,
    /// How many consumers.
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

/// What a stream could not read from its disk.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LostData {
    /// The sequences.
    pub msgs: Vec<u64>,
    /// How many bytes.
    pub bytes: u64,
}

object!(LostData {
    msgs "msgs",
    bytes "bytes",
});

/// The servers that a stream or a consumer is on.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ClusterInfo {
    /// The cluster's name.
    pub name: String,
    /// The name of the Raft group.
    pub raft_group: String,
    /// The server that leads.
    pub leader: String,
    /// Since when it leads.
    pub leader_since: Time,
    /// Replication traffic goes through the system account.
    pub system_account: bool,
    /// The account that replication traffic goes through.
    pub traffic_account: String,
    /// The other servers.
    pub replicas: Vec<PeerInfo>,
    /// What the servers are being changed to, as the server says it.
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
    /// It has all that the leader has.
    pub current: bool,
    /// It cannot be reached.
    pub offline: bool,
    /// How long ago it was heard of, in nanoseconds.
    pub active: i64,
    /// How many operations it is behind.
    pub lag: u64,
    /// How many operations it has not applied yet.
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

/// How far a mirror or a source is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SourceInfo {
    /// The name of the stream that is copied.
    pub name: String,
    /// How it is reached.
    pub external: Option<External>,
    /// How many messages are still to be copied.
    pub lag: u64,
    /// How long ago something came from it, in nanoseconds; -1 for never.
    pub active: i64,
    /// Which subjects are copied.
    pub filter_subject: String,
    /// What becomes of them.
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

/// A mirror that can be read in a stream's place.
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
    /// How many delivered messages are not acknowledged.
    pub num_ack_pending: i64,
    /// How many of them have been delivered more than once.
    pub num_redelivered: i64,
    /// How many pull requests wait.
    pub num_waiting: i64,
    /// How many messages are still to be delivered.
    pub num_pending: u64,
    /// The servers that it is on.
    pub cluster: Option<ClusterInfo>,
    /// Somebody is subscribed to its deliver subject.
    pub push_bound: bool,
    /// It delivers nothing for now.
    pub paused: bool,
    /// For how long, in nanoseconds.
    pub pause_remaining: i64,
    /// Which client is pinned in each group.
    pub priority_groups: Vec<PriorityGroupState>,
    /// When the server said so.
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

/// A message as a consumer and as its stream count it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SequenceInfo {
    /// Its number among those that the consumer delivered.
    pub consumer: u64,
    /// Its sequence in the stream.
    pub stream: u64,
    /// When that was.
    pub last: Time,
}

object!(SequenceInfo {
    consumer "consumer_seq",
    stream "stream_seq",
    last "last_active",
});

/// The client that a group's messages go to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PriorityGroupState {
    /// The group's name.
    pub group: String,
    /// The pinned client's id.
    pub pinned_client_id: String,
    /// Since when.
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
    /// Its kind, by the numbers of HTTP.
    pub code: i64,
    /// Which one it is.
    pub err_code: i64,
    /// The server's words.
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
