//! `jsStreamInfo` and its parts: what a stream is and has.

pub(in crate::ffi) mod convert;

use std::ffi::{c_char, c_int};

use super::plain::plain;
use super::stream_config::{jsExternalStream, jsStreamConfig, jsSubjectTransformConfig};

/// Messages that a stream has lost because its files were damaged.
///
/// @ingroup nats_js_streams
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsLostStreamData {
    /// The sequences of the messages.
    pub Msgs: *mut u64,
    /// The number of elements.
    pub MsgsLen: c_int,
    /// The number of bytes that were lost.
    pub Bytes: u64,
}

/// The number of messages of one subject in a stream.
///
/// @ingroup nats_js_streams
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsStreamStateSubject {
    /// The subject.
    pub Subject: *const c_char,
    /// How many messages there are.
    pub Msgs: u64,
}

/// The number of messages of each subject in a stream.
///
/// @ingroup nats_js_streams
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsStreamStateSubjects {
    /// The subjects, in no particular order.
    pub List: *mut jsStreamStateSubject,
    /// The number of subjects.
    pub Count: c_int,
}

/// The state of a stream.
///
/// @ingroup nats_js_streams
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsStreamState {
    /// The number of messages.
    pub Msgs: u64,
    /// The number of bytes.
    pub Bytes: u64,
    /// The sequence of the first message.
    pub FirstSeq: u64,
    /// The time when it was stored, in nanoseconds since the epoch; 0 if there is none.
    pub FirstTime: i64,
    /// The sequence of the last message.
    pub LastSeq: u64,
    /// The time when it was stored, in nanoseconds since the epoch; 0 if there is none.
    pub LastTime: i64,
    /// The number of different subjects of the messages.
    pub NumSubjects: i64,
    /// The number of messages of each subject; NULL unless requested with
    /// `jsOptions.Stream.Info.SubjectsFilter`.
    pub Subjects: *mut jsStreamStateSubjects,
    /// The number of deleted messages between the first and the last one.
    pub NumDeleted: u64,
    /// The sequences of the deleted messages; NULL unless requested with
    /// `jsOptions.Stream.Info.DeletedDetails`.
    pub Deleted: *mut u64,
    /// The number of elements.
    pub DeletedLen: c_int,
    /// The messages that were lost; NULL for none.
    pub Lost: *mut jsLostStreamData,
    /// The number of consumers.
    pub Consumers: i64,
}

/// A server of a stream or consumer other than the leader.
///
/// @ingroup nats_js_streams
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsPeerInfo {
    /// The server's name.
    pub Name: *mut c_char,
    /// Whether the server is up to date with the leader.
    pub Current: bool,
    /// Whether the server cannot be reached.
    pub Offline: bool,
    /// The time since the server last answered, in nanoseconds.
    pub Active: i64,
    /// The number of operations that the server is behind the leader.
    pub Lag: u64,
}

/// The servers of a stream or consumer.
///
/// @ingroup nats_js_streams
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsClusterInfo {
    /// The cluster's name.
    pub Name: *mut c_char,
    /// The leader's name; NULL while there is none.
    pub Leader: *mut c_char,
    /// The other servers.
    pub Replicas: *mut *mut jsPeerInfo,
    /// The number of elements.
    pub ReplicasLen: c_int,
    /// The name of the Raft group.
    pub RaftGroup: *mut c_char,
    /// The time at which the leader was elected, in nanoseconds since the epoch; 0 if unknown.
    pub LeaderSince: i64,
    /// Whether the replication traffic uses the system account.
    pub SystemAcc: bool,
    /// The account of the replication traffic.
    pub TrafficAcc: *mut c_char,
}

/// The progress of a stream with a mirror's origin or a source.
///
/// @ingroup nats_js_streams
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsStreamSourceInfo {
    /// The other stream's name.
    pub Name: *mut c_char,
    /// Access to the stream if it is in another account or domain; NULL for the same one.
    pub External: *mut jsExternalStream,
    /// The number of messages that are not copied yet.
    pub Lag: u64,
    /// The time since the last contact with the other stream, in nanoseconds; -1 for never.
    pub Active: i64,
    /// The subject of the messages that are copied; NULL for all subjects.
    pub FilterSubject: *const c_char,
    /// The changes of the subjects.
    pub SubjectTransforms: *mut jsSubjectTransformConfig,
    /// The number of transforms.
    pub SubjectTransformsLen: c_int,
}

/// A stream that has the same messages: the stream itself or a mirror.
///
/// @ingroup nats_js_streams
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsStreamAlternate {
    /// The name.
    pub Name: *const c_char,
    /// The domain of the stream; NULL for none.
    pub Domain: *const c_char,
    /// The cluster of the stream.
    pub Cluster: *const c_char,
}

/// The configuration and state of a stream at the time of the server's answer. `jsStreamInfo_Destroy` releases it
/// together with its fields.
///
/// @ingroup nats_js_streams
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsStreamInfo {
    /// The configuration.
    pub Config: *mut jsStreamConfig,
    /// When it was created, in nanoseconds since the epoch.
    pub Created: i64,
    /// The state.
    pub State: jsStreamState,
    /// The servers in the cluster; NULL if there is no cluster.
    pub Cluster: *mut jsClusterInfo,
    /// The progress with the origin; NULL if the stream is not a mirror.
    pub Mirror: *mut jsStreamSourceInfo,
    /// The progress with each source.
    pub Sources: *mut *mut jsStreamSourceInfo,
    /// The number of sources.
    pub SourcesLen: c_int,
    /// The streams that have the same messages, the nearest first.
    pub Alternates: *mut *mut jsStreamAlternate,
    /// The number of elements.
    pub AlternatesLen: c_int,
}

/// Infos of streams. Released with `jsStreamInfoList_Destroy`; to keep an element, take it and
/// write NULL in its place.
///
/// @ingroup nats_js_streams
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsStreamInfoList {
    /// The infos.
    pub List: *mut *mut jsStreamInfo,
    /// The number of elements.
    pub Count: c_int,
}

/// Names of streams. Released with `jsStreamNamesList_Destroy`; to keep a name, take it, write NULL in its place, and
/// release it with `free()`.
///
/// @ingroup nats_js_streams
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsStreamNamesList {
    /// The names.
    pub List: *mut *mut c_char,
    /// The number of elements.
    pub Count: c_int,
}

plain!(
    jsLostStreamData,
    jsStreamStateSubject,
    jsStreamStateSubjects,
    jsStreamState,
    jsPeerInfo,
    jsClusterInfo,
    jsStreamSourceInfo,
    jsStreamAlternate,
    jsStreamInfo,
    jsStreamInfoList,
    jsStreamNamesList,
);
