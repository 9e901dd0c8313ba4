//! `jsConsumerConfig`: what a consumer is to be.

pub(super) mod convert;

use std::ffi::{c_char, c_int};

use super::enums::{jsAckPolicyArg, jsDeliverPolicyArg, jsReplayPolicyArg};
use super::plain::{plain, zero};
use crate::error::natsStatus;
use crate::ffi::guard::guard;
use crate::ffi::types::natsMetadata;

/// What a consumer is to be, or is. `jsConsumerConfig_Init` begins one.
///
/// What is passed to the library stays the program's and is copied. Where the library hands one out it is part of a
/// `jsConsumerInfo`; fields of newer servers that have no place here are kept with it: they are part of an update
/// for which the same structure, or a copy of it, is used. Source: ADR-13, ADR-42.
///
/// @ingroup nats_js_consumers
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsConsumerConfig {
    /// The name; NULL for the durable name, or one that the server makes up. No white space, and none of `.`, `*`,
    /// `>`, `/` and `\`.
    pub Name: *const c_char,
    /// The name of a consumer that stays when nobody uses it; NULL for one that does not.
    pub Durable: *const c_char,
    /// A description for people; NULL for none.
    pub Description: *const c_char,
    /// With which message it begins.
    pub DeliverPolicy: jsDeliverPolicyArg,
    /// The sequence to begin with, for `js_DeliverByStartSequence`.
    pub OptStartSeq: u64,
    /// The time to begin at, in nanoseconds since the epoch, for `js_DeliverByStartTime`.
    pub OptStartTime: i64,
    /// How its messages are acknowledged.
    pub AckPolicy: jsAckPolicyArg,
    /// After how many nanoseconds without an ack a message is delivered again; 0 for the server's default.
    pub AckWait: i64,
    /// How often a message is delivered at most; 0 or -1 for no limit.
    pub MaxDeliver: i64,
    /// How many nanoseconds to wait for the ack of each delivery, in place of `AckWait`.
    pub BackOff: *mut i64,
    /// The number of these.
    pub BackOffLen: c_int,
    /// Which subjects to deliver; NULL for all.
    pub FilterSubject: *const c_char,
    /// How fast it gets what the stream has already.
    pub ReplayPolicy: jsReplayPolicyArg,
    /// How many bits a second a push consumer sends at most; 0 for no limit.
    pub RateLimit: u64,
    /// Of how many acks a sample is published, in percent, such as `"30"`; NULL for none.
    pub SampleFrequency: *const c_char,
    /// How many pull requests may wait; 0 for the server's default.
    pub MaxWaiting: i64,
    /// How many messages may await their ack; 0 for the server's default, -1 for no limit.
    pub MaxAckPending: i64,
    /// Whether a push consumer waits for the program.
    pub FlowControl: bool,
    /// After how many nanoseconds without a message a push consumer sends a heartbeat; 0 for never. Without heartbeats the
    /// library asks after 30 s without a message whether the consumer is still there.
    pub Heartbeat: i64,
    /// Whether payloads are left out.
    pub HeadersOnly: bool,
    /// How many messages a pull request may ask for; 0 for no limit.
    pub MaxRequestBatch: i64,
    /// For how many nanoseconds a pull request may wait; 0 for no limit.
    pub MaxRequestExpires: i64,
    /// How many bytes a pull request may ask for; 0 for no limit.
    pub MaxRequestMaxBytes: i64,
    /// The subject that a push consumer delivers to; NULL for a pull consumer.
    pub DeliverSubject: *const c_char,
    /// The queue group that a push consumer delivers to; NULL for none.
    pub DeliverGroup: *const c_char,
    /// After how many nanoseconds without use it is removed; 0 for the server's default.
    pub InactiveThreshold: i64,
    /// On how many servers its state is; 0 for as many as the stream.
    pub Replicas: i64,
    /// Whether its state is in memory, whatever the stream's is in.
    pub MemoryStorage: bool,
    /// Which subjects to deliver, if more than one.
    pub FilterSubjects: *mut *const c_char,
    /// How many these are.
    pub FilterSubjectsLen: c_int,
    /// What the program notes with it.
    pub Metadata: natsMetadata,
    /// Until when it delivers nothing, in nanoseconds since the epoch; 0 for no pause.
    pub PauseUntil: i64,
    /// How clients of the same group take turns: `"overflow"`, `"pinned_client"` or `"prioritized"`; NULL for none.
    pub PriorityPolicy: *const c_char,
    /// After how many nanoseconds without a pull request another client may be pinned; 0 for the server's default.
    pub PinnedTTL: i64,
    /// The groups.
    pub PriorityGroups: *mut *const c_char,
    /// How many groups there are.
    pub PriorityGroupsLen: c_int,
}

plain!(jsConsumerConfig);

/// Initialize the configuration of a consumer with the defaults of the server.
///
/// Sets `DeliverPolicy`, `AckPolicy` and `ReplayPolicy` to -1, which means that none is chosen, and
/// the rest to zero.
///
/// @param cc The structure; its former content is ignored.
///
/// @retval NATS_OK The structure was filled.
/// @retval NATS_INVALID_ARG `cc` is NULL.
///
/// @par Threads
/// One thread at a time may use the structure.
///
/// @ingroup nats_js_consumers
///
/// # Safety
/// `cc` is NULL or valid for writing a `jsConsumerConfig`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsConsumerConfig_Init(cc: *mut jsConsumerConfig) -> natsStatus {
    guard("jsConsumerConfig_Init", || {
        // SAFETY: the caller's contract, above.
        unsafe { zero(cc, "cc") }?;
        // SAFETY: not NULL, and full of zeros now.
        unsafe { &mut *cc }.choose_nothing();
        Ok(())
    })
}

impl jsConsumerConfig {
    /// Notes that no policy was chosen.
    pub(super) fn choose_nothing(&mut self) {
        self.DeliverPolicy = jsDeliverPolicyArg(-1);
        self.AckPolicy = jsAckPolicyArg(-1);
        self.ReplayPolicy = jsReplayPolicyArg(-1);
    }
}
