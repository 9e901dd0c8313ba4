//! `jsStreamInfo` and its parts: what a stream is and has.

pub(in crate::ffi) mod convert;

use std::ffi::{c_char, c_int};

use super::plain::plain;
use super::stream_config::{jsExternalStream, jsStreamConfig, jsSubjectTransformConfig};

/// Messages that a stream has lost, because its files were damaged.
///
/// @ingroup nats_js_streams
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsLostStreamData {
    /// Their sequences.
    pub Msgs: *mut u64,
    /// Their number.
    pub MsgsLen: c_int,
    /// How many bytes they had.
    pub Bytes: u64,
}

/// How many messages a stream has of one subject.
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

/// How many messages a stream has of each subject.
///
/// @ingroup nats_js_streams
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsStreamStateSubjects {
    /// The subjects, in no order.
    pub List: *mut jsStreamStateSubject,
    /// How many subjects there are.
    pub Count: c_int,
}

/// What a stream has.
///
/// @ingroup nats_js_streams
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsStreamState {
    /// How many messages it has.
    pub Msgs: u64,
    /// How many bytes it has.
    pub Bytes: u64,
    /// The sequence of its first message.
    pub FirstSeq: u64,
    /// When that was stored, in nanoseconds since the epoch; 0 where there is none.
    pub FirstTime: i64,
    /// The sequence of its last message.
    pub LastSeq: u64,
    /// When that was stored, in nanoseconds since the epoch; 0 where there is none.
    pub LastTime: i64,
    /// How many subjects its messages have.
    pub NumSubjects: i64,
    /// The messages of each subject; NULL unless asked for (`jsOptions.Stream.Info.SubjectsFilter`).
    pub Subjects: *mut jsStreamStateSubjects,
    /// How many messages were deleted between the first and the last.
    pub NumDeleted: u64,
    /// Their sequences; NULL unless asked for (`jsOptions.Stream.Info.DeletedDetails`).
    pub Deleted: *mut u64,
    /// The number of these.
    pub DeletedLen: c_int,
    /// What it has lost; NULL for nothing.
    pub Lost: *mut jsLostStreamData,
    /// How many consumers it has.
    pub Consumers: i64,
}

/// One of the servers that a stream or consumer is on, without its leader.
///
/// @ingroup nats_js_streams
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsPeerInfo {
    /// The server's name.
    pub Name: *mut c_char,
    /// Whether it has all that the leader has.
    pub Current: bool,
    /// Whether it cannot be reached.
    pub Offline: bool,
    /// How long ago it was last heard of, in nanoseconds.
    pub Active: i64,
    /// How many operations it is behind.
    pub Lag: u64,
}

/// The servers that a stream or consumer is on.
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
    /// How many these are.
    pub ReplicasLen: c_int,
    /// The name of the group that decides.
    pub RaftGroup: *mut c_char,
    /// Since when the leader leads, in nanoseconds since the epoch; 0 where unknown.
    pub LeaderSince: i64,
    /// Whether the servers talk about it in the system account.
    pub SystemAcc: bool,
    /// The account that they do it in.
    pub TrafficAcc: *mut c_char,
}

/// How far a stream is with one that it takes messages from.
///
/// @ingroup nats_js_streams
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsStreamSourceInfo {
    /// The other stream's name.
    pub Name: *mut c_char,
    /// How it is reached where it is in another account; NULL for this one.
    pub External: *mut jsExternalStream,
    /// How many messages have still to come.
    pub Lag: u64,
    /// How long ago it was last heard of, in nanoseconds; -1 for never.
    pub Active: i64,
    /// Which subjects are taken; NULL for all.
    pub FilterSubject: *const c_char,
    /// How their subjects are changed.
    pub SubjectTransforms: *mut jsSubjectTransformConfig,
    /// How many transforms there are.
    pub SubjectTransformsLen: c_int,
}

/// A stream, perhaps a mirror, that messages can be read from.
///
/// @ingroup nats_js_streams
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsStreamAlternate {
    /// Its name.
    pub Name: *const c_char,
    /// The domain that it is in; NULL for none.
    pub Domain: *const c_char,
    /// The cluster that it is in.
    pub Cluster: *const c_char,
}

/// What a stream is and has, as of the server's answer. Released with `jsStreamInfo_Destroy`, with all that is in it.
///
/// @ingroup nats_js_streams
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsStreamInfo {
    /// What it is.
    pub Config: *mut jsStreamConfig,
    /// When it was created, in nanoseconds since the epoch.
    pub Created: i64,
    /// What it has.
    pub State: jsStreamState,
    /// The servers that it is on; NULL where there is no cluster.
    pub Cluster: *mut jsClusterInfo,
    /// How far it is with its origin; NULL where it is no mirror.
    pub Mirror: *mut jsStreamSourceInfo,
    /// How far it is with its sources.
    pub Sources: *mut *mut jsStreamSourceInfo,
    /// How many sources there are.
    pub SourcesLen: c_int,
    /// Where else its messages can be read, the nearest first.
    pub Alternates: *mut *mut jsStreamAlternate,
    /// The number of these.
    pub AlternatesLen: c_int,
}

/// Infos of streams. Released with `jsStreamInfoList_Destroy`; write NULL over what is to stay.
///
/// @ingroup nats_js_streams
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsStreamInfoList {
    /// The infos.
    pub List: *mut *mut jsStreamInfo,
    /// Their number.
    pub Count: c_int,
}

/// Names of streams. Released with `jsStreamNamesList_Destroy`; write NULL over what is to stay, and `free` that.
///
/// @ingroup nats_js_streams
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsStreamNamesList {
    /// The names.
    pub List: *mut *mut c_char,
    /// Their number.
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
