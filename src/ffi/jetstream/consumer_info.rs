//! `jsConsumerInfo` and its parts: what a consumer is, and how far it is.

pub(super) mod convert;

use std::ffi::{c_char, c_int};

use super::consumer_config::jsConsumerConfig;
use super::plain::plain;
use super::stream_info::jsClusterInfo;

/// The two sequence numbers of a message.
///
/// @ingroup nats_js_consumers
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct jsSequencePair {
    /// The number of the delivery, counted by the consumer.
    pub Consumer: u64,
    /// The sequence in the stream.
    pub Stream: u64,
}

/// The progress of a consumer.
///
/// @ingroup nats_js_consumers
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsSequenceInfo {
    /// The number of the delivery, counted by the consumer.
    pub Consumer: u64,
    /// The sequence in the stream.
    pub Stream: u64,
    /// The time of the last activity, in nanoseconds since the epoch; 0 for never.
    pub Last: i64,
}

/// The client that is pinned in a priority group.
///
/// @ingroup nats_js_consumers
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsPriorityGroupState {
    /// The group.
    pub Group: *mut c_char,
    /// The id of the pin; NULL if no client is pinned.
    pub PinnedClientID: *mut c_char,
    /// The time at which the client was pinned, in nanoseconds since the epoch.
    pub PinnedTS: i64,
}

/// The configuration and state of a consumer at the time of the server's answer. `jsConsumerInfo_Destroy` releases it
/// together with its fields.
///
/// @ingroup nats_js_consumers
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsConsumerInfo {
    /// The stream's name.
    pub Stream: *mut c_char,
    /// The consumer's name.
    pub Name: *mut c_char,
    /// When it was created, in nanoseconds since the epoch.
    pub Created: i64,
    /// The configuration. Never NULL.
    pub Config: *mut jsConsumerConfig,
    /// The last message that was delivered.
    pub Delivered: jsSequenceInfo,
    /// The last message before which all are acknowledged.
    pub AckFloor: jsSequenceInfo,
    /// The number of messages that wait for acknowledgements.
    pub NumAckPending: i64,
    /// The number of messages that were delivered more than once and are not acknowledged yet.
    pub NumRedelivered: i64,
    /// The number of waiting pull requests.
    pub NumWaiting: i64,
    /// The number of messages that are still to be delivered for the first time.
    pub NumPending: u64,
    /// The servers in the cluster; NULL if there is no cluster.
    pub Cluster: *mut jsClusterInfo,
    /// Whether a client is subscribed to the subject of a push consumer.
    pub PushBound: bool,
    /// Whether the consumer is paused.
    pub Paused: bool,
    /// The rest of the pause in nanoseconds.
    pub PauseRemaining: i64,
    /// The client that is pinned in each priority group.
    pub PriorityGroups: *mut jsPriorityGroupState,
    /// The number of groups.
    pub PriorityGroupsLen: c_int,
}

/// Infos of consumers. Released with `jsConsumerInfoList_Destroy`; to keep an element, take it and
/// write NULL in its place.
///
/// @ingroup nats_js_consumers
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsConsumerInfoList {
    /// The infos.
    pub List: *mut *mut jsConsumerInfo,
    /// The number of elements.
    pub Count: c_int,
}

/// Names of consumers. Released with `jsConsumerNamesList_Destroy`; to keep a name, take it, write NULL in its place,
/// and release it with `free()`.
///
/// @ingroup nats_js_consumers
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsConsumerNamesList {
    /// The names.
    pub List: *mut *mut c_char,
    /// The number of elements.
    pub Count: c_int,
}

/// The result of pausing a consumer. Released with `jsConsumerPauseResponse_Destroy`.
///
/// @ingroup nats_js_consumers
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsConsumerPauseResponse {
    /// Whether the consumer is paused.
    pub Paused: bool,
    /// The end of the pause as it was requested, in nanoseconds since the epoch, which may be in the past; 0 if none
    /// was requested.
    pub PauseUntil: i64,
    /// The rest of the pause in nanoseconds.
    pub PauseRemaining: i64,
}

/// The result of resetting a consumer. `jsConsumerResetResponse_Destroy` releases it together with the info in it.
///
/// @ingroup nats_js_consumers
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsConsumerResetResponse {
    /// The consumer after the reset.
    pub Consumer: *mut jsConsumerInfo,
    /// The sequence in the stream that the consumer continues with.
    pub ResetSeq: u64,
}

/// The difference between a push subscription and its consumer, as returned by
/// `natsSubscription_GetSequenceMismatch`.
///
/// @ingroup nats_js_consumers
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct jsConsumerSequenceMismatch {
    /// The sequence in the stream of the last message received.
    pub Stream: u64,
    /// The number of the last delivery received.
    pub ConsumerClient: u64,
    /// The number of the last delivery according to the server.
    pub ConsumerServer: u64,
}

plain!(
    jsSequencePair,
    jsSequenceInfo,
    jsPriorityGroupState,
    jsConsumerInfo,
    jsConsumerInfoList,
    jsConsumerNamesList,
    jsConsumerPauseResponse,
    jsConsumerResetResponse,
    jsConsumerSequenceMismatch,
);
