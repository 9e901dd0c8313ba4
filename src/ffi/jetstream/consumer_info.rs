//! `jsConsumerInfo` and its parts: what a consumer is, and how far it is.

pub(super) mod convert;

use std::ffi::{c_char, c_int};

use super::consumer_config::jsConsumerConfig;
use super::plain::plain;
use super::stream_info::jsClusterInfo;

/// A message's two numbers.
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

/// How far a consumer is.
///
/// @ingroup nats_js_consumers
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsSequenceInfo {
    /// The number of the delivery, counted by the consumer.
    pub Consumer: u64,
    /// The sequence in the stream.
    pub Stream: u64,
    /// When that was, in nanoseconds since the epoch; 0 for never.
    pub Last: i64,
}

/// Who is pinned in a priority group.
///
/// @ingroup nats_js_consumers
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsPriorityGroupState {
    /// The group.
    pub Group: *mut c_char,
    /// The id of the pin; NULL where nobody is pinned.
    pub PinnedClientID: *mut c_char,
    /// When it was pinned, in nanoseconds since the epoch.
    pub PinnedTS: i64,
}

/// What a consumer is, and how far it is, as of the server's answer. Released with `jsConsumerInfo_Destroy`, with all
/// that is in it.
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
    /// What it is. Never NULL.
    pub Config: *mut jsConsumerConfig,
    /// The last message that was delivered.
    pub Delivered: jsSequenceInfo,
    /// The last message before which all are acknowledged.
    pub AckFloor: jsSequenceInfo,
    /// How many messages await their ack.
    pub NumAckPending: i64,
    /// How many messages were delivered more than once, and are not acknowledged yet.
    pub NumRedelivered: i64,
    /// How many pull requests wait.
    pub NumWaiting: i64,
    /// How many messages are still to be delivered for the first time.
    pub NumPending: u64,
    /// The servers that it is on; NULL where there is no cluster.
    pub Cluster: *mut jsClusterInfo,
    /// Whether somebody is subscribed to the subject of a push consumer.
    pub PushBound: bool,
    /// Whether it is paused.
    pub Paused: bool,
    /// For how long still, in nanoseconds.
    pub PauseRemaining: i64,
    /// Who is pinned in each priority group.
    pub PriorityGroups: *mut jsPriorityGroupState,
    /// How many groups there are.
    pub PriorityGroupsLen: c_int,
}

/// Infos of consumers. Released with `jsConsumerInfoList_Destroy`; write NULL over what is to stay.
///
/// @ingroup nats_js_consumers
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsConsumerInfoList {
    /// The infos.
    pub List: *mut *mut jsConsumerInfo,
    /// Their number.
    pub Count: c_int,
}

/// Names of consumers. Released with `jsConsumerNamesList_Destroy`; write NULL over what is to stay, and `free` that.
///
/// @ingroup nats_js_consumers
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsConsumerNamesList {
    /// The names.
    pub List: *mut *mut c_char,
    /// Their number.
    pub Count: c_int,
}

/// What came of pausing a consumer. Released with `jsConsumerPauseResponse_Destroy`.
///
/// @ingroup nats_js_consumers
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsConsumerPauseResponse {
    /// Whether it is paused.
    pub Paused: bool,
    /// Until when, in nanoseconds since the epoch; 0 where it is not.
    pub PauseUntil: i64,
    /// For how long still, in nanoseconds.
    pub PauseRemaining: i64,
}

/// What came of resetting a consumer. Released with `jsConsumerResetResponse_Destroy`, with the info in it.
///
/// @ingroup nats_js_consumers
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsConsumerResetResponse {
    /// The consumer as it is now.
    pub Consumer: *mut jsConsumerInfo,
    /// The sequence in the stream that it goes on with.
    pub ResetSeq: u64,
}

/// How far a push subscription and its consumer are apart, from `natsSubscription_GetSequenceMismatch`.
///
/// @ingroup nats_js_consumers
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct jsConsumerSequenceMismatch {
    /// The sequence in the stream of the last message received.
    pub Stream: u64,
    /// The number of the last delivery received.
    pub ConsumerClient: u64,
    /// The number of the last delivery, as the server says.
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
