//! `jsConsumerConfig`: what a consumer is to be.

pub(super) mod convert;

use std::ffi::{c_char, c_int};

use super::enums::{jsAckPolicyArg, jsDeliverPolicyArg, jsReplayPolicyArg};
use super::plain::{plain, zero};
use crate::error::natsStatus;
use crate::ffi::guard::guard;
use crate::ffi::types::natsMetadata;

/// The configuration of a consumer. Initialize it with `jsConsumerConfig_Init`.
///
/// A configuration that is passed to the library is copied and remains the program's. One that the library returns is
/// part of a `jsConsumerInfo`. Settings of newer servers that have no field here are kept with it: they are part of
/// an update that uses the same structure or a copy of it. Source: ADR-13, ADR-42.
///
/// @ingroup nats_js_consumers
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsConsumerConfig {
    /// The name; NULL for the durable name or, without one, a generated name. No white space, and none of `.`, `*`,
    /// `>`, `/` and `\`.
    pub Name: *const c_char,
    /// The name of a durable consumer, which stays while it is not used; NULL for an ephemeral
    /// consumer.
    pub Durable: *const c_char,
    /// A description; NULL for none.
    pub Description: *const c_char,
    /// The message that the consumer begins with.
    pub DeliverPolicy: jsDeliverPolicyArg,
    /// The sequence to begin with, for `js_DeliverByStartSequence`.
    pub OptStartSeq: u64,
    /// The time to begin at, in nanoseconds since the epoch, for `js_DeliverByStartTime`.
    pub OptStartTime: i64,
    /// How messages are acknowledged.
    pub AckPolicy: jsAckPolicyArg,
    /// The time without an acknowledgement after which a message is delivered again, in nanoseconds; 0 for the
    /// server's default.
    pub AckWait: i64,
    /// The maximum number of deliveries of a message; 0 or -1 for no limit.
    pub MaxDeliver: i64,
    /// The time to wait for the acknowledgement of each delivery in nanoseconds, in place of `AckWait`. The last element
    /// is used for all further deliveries. `MaxDeliver` must not be less than the number of elements, unless it is 0
    /// or -1.
    pub BackOff: *mut i64,
    /// The number of elements.
    pub BackOffLen: c_int,
    /// The subject of the messages to deliver, which may have wildcards; NULL for all subjects.
    pub FilterSubject: *const c_char,
    /// How fast the messages that are already in the stream are delivered.
    pub ReplayPolicy: jsReplayPolicyArg,
    /// The maximum rate of a push consumer in bits per second; 0 for no limit.
    pub RateLimit: u64,
    /// The percentage of acknowledgements for which the server publishes a sample, such as `"30"`;
    /// NULL for none.
    pub SampleFrequency: *const c_char,
    /// The maximum number of waiting pull requests; 0 for the server's default.
    pub MaxWaiting: i64,
    /// The maximum number of messages that wait for acknowledgements; 0 for the server's default,
    /// -1 for no limit.
    pub MaxAckPending: i64,
    /// Whether a push consumer pauses while the program has not processed earlier messages.
    pub FlowControl: bool,
    /// The time without a message after which a push consumer sends a heartbeat, in nanoseconds; 0 for never. Without
    /// heartbeats the library asks the server, after 30 s without a message, whether the consumer still exists.
    pub Heartbeat: i64,
    /// Whether payloads are left out.
    pub HeadersOnly: bool,
    /// The maximum number of messages of a pull request; 0 for no limit.
    pub MaxRequestBatch: i64,
    /// The longest time that a pull request may wait, in nanoseconds; 0 for no limit.
    pub MaxRequestExpires: i64,
    /// The maximum number of bytes of a pull request; 0 for no limit.
    pub MaxRequestMaxBytes: i64,
    /// The subject that a push consumer delivers to; NULL for a pull consumer.
    pub DeliverSubject: *const c_char,
    /// The queue group that a push consumer delivers to; NULL for none.
    pub DeliverGroup: *const c_char,
    /// The time without use after which the consumer is removed, in nanoseconds; 0 for the server's
    /// default.
    pub InactiveThreshold: i64,
    /// The number of servers that store the state; 0 for as many as the stream has.
    pub Replicas: i64,
    /// Whether the state is stored in memory, independent of the storage of the stream.
    pub MemoryStorage: bool,
    /// The subjects of the messages to deliver, if more than one.
    pub FilterSubjects: *mut *const c_char,
    /// The number of elements.
    pub FilterSubjectsLen: c_int,
    /// Metadata of the program.
    pub Metadata: natsMetadata,
    /// The time until which the consumer is paused, in nanoseconds since the epoch; 0 for no pause.
    pub PauseUntil: i64,
    /// How clients of the same group take turns: `"overflow"`, `"pinned_client"` or `"prioritized"`; NULL for none.
    pub PriorityPolicy: *const c_char,
    /// The time without a pull request after which another client may be pinned, in nanoseconds; 0 for the server's
    /// default.
    pub PinnedTTL: i64,
    /// The groups.
    pub PriorityGroups: *mut *const c_char,
    /// The number of groups.
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
