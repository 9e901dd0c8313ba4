//! `jsErrCode`: what a JetStream server says went wrong.

use std::ffi::c_int;

/// The error code of a JetStream server's answer.
///
/// Functions with a `jsErrCode *` output write it there: 0 if no server has answered with an error, otherwise the
/// code of the server's answer, even if it is not listed here. The text of the answer is the thread's last error
/// (`nats_GetLastError`). Source: `server/errors.json` of nats-server 2.15; the constants beyond nats.c's are
/// additions.
///
/// @ingroup nats_js_context
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum jsErrCode {
    /// The account has used up its resources.
    JSAccountResourcesExceededErr = 10002,
    /// The request cannot be understood.
    JSBadRequestErr,
    /// The cluster has lost its quorum.
    JSClusterIncompleteErr,
    /// No server is suitable for this stream or consumer.
    JSClusterNoPeersErr,
    /// The server is not part of a cluster with JetStream.
    JSClusterNotActiveErr,
    /// The stream or consumer is not assigned to a server of the cluster yet.
    JSClusterNotAssignedErr,
    /// The cluster has no leader now.
    JSClusterNotAvailErr,
    /// The server that received the request is not the leader.
    JSClusterNotLeaderErr,
    /// Needs a cluster.
    JSClusterRequiredErr,
    /// The tags of the placement do not fit together.
    JSClusterTagsErr,
    /// The consumer could not be created; the text says why.
    JSConsumerCreateErr,
    /// A consumer of this name exists.
    JSConsumerNameExistErr,
    /// The consumer does not exist.
    JSConsumerNotFoundErr,
    /// The subject to deliver a snapshot to is not legal.
    JSSnapshotDeliverSubjectInvalidErr,
    /// The request's subject lacks the durable name.
    JSConsumerDurableNameNotInSubjectErr,
    /// The durable name differs from that in the request's subject.
    JSConsumerDurableNameNotMatchSubjectErr,
    /// The configuration lacks the durable name that the request's subject has.
    JSConsumerDurableNameNotSetErr,
    /// A durable name in the request's subject, but not in the configuration.
    JSConsumerEphemeralWithDurableInSubjectErr,
    /// A durable name in the configuration, but not in the request's subject.
    JSConsumerEphemeralWithDurableNameErr,
    /// The API prefix of an external stream overlaps this account's.
    JSStreamExternalApiOverlapErr,
    /// The delivery prefix of an external stream overlaps a stream's subjects.
    JSStreamExternalDelPrefixOverlapsErr,
    /// The server or cluster has too few resources left.
    JSInsufficientResourcesErr,
    /// The delivery prefix of an external stream is not legal.
    JSStreamInvalidExternalDeliverySubjErr,
    /// The request is not JSON, or has a field that the server does not know.
    JSInvalidJSONErr,
    /// The limit of consumers is reached.
    JSMaximumConsumersLimitErr,
    /// The limit of streams is reached.
    JSMaximumStreamsLimitErr,
    /// Too little memory is left for the stream.
    JSMemoryResourcesExceededErr,
    /// The consumer of a mirror could not be made.
    JSMirrorConsumerSetupFailedErr,
    /// The mirror takes smaller messages than its origin.
    JSMirrorMaxMessageSizeTooBigErr,
    /// A mirror cannot have sources.
    JSMirrorWithSourcesErr,
    /// A mirror can start by sequence or by time, not both.
    JSMirrorWithStartSeqAndTimeErr,
    /// A mirror cannot have subject filters.
    JSMirrorWithSubjectFiltersErr,
    /// A mirror cannot have subjects.
    JSMirrorWithSubjectsErr,
    /// The account is unknown.
    JSNoAccountErr,
    /// Not supported in a cluster.
    JSClusterUnSupportFeatureErr,
    /// The message does not exist.
    JSNoMessageFoundErr,
    /// The request must be empty.
    JSNotEmptyRequestErr,
    /// JetStream is not enabled for the account.
    JSNotEnabledForAccountErr,
    /// The peer is no member of the group.
    JSClusterPeerNotMemberErr,
    /// An error of the servers' consensus; the text has it.
    JSRaftGeneralErr,
    /// The server could not subscribe for a restore.
    JSRestoreSubscribeFailedErr,
    /// There is no message with this sequence.
    JSSequenceNotFoundErr,
    /// The server is no member of the cluster.
    JSClusterServerNotMemberErr,
    /// The consumer of a source could not be made.
    JSSourceConsumerSetupFailedErr,
    /// The stream takes smaller messages than its source.
    JSSourceMaxMessageSizeTooBigErr,
    /// Too little storage is left for the stream.
    JSStorageResourcesExceededErr,
    /// The stream could not be assigned; the text says why.
    JSStreamAssignmentErr,
    /// The stream could not be created; the text says why.
    JSStreamCreateErr,
    /// The stream could not be deleted; the text says why.
    JSStreamDeleteErr,
    /// An error of the stream; the text has it.
    JSStreamGeneralError,
    /// The stream's configuration is not valid; the text says why.
    JSStreamInvalidConfig,
    /// The stream exceeds a limit; the text says which.
    JSStreamLimitsErr,
    /// The message is larger than the stream takes.
    JSStreamMessageExceedsMaximumErr,
    /// A mirror's origin cannot be changed.
    JSStreamMirrorNotUpdatableErr,
    /// The stream's name differs from that in the request's subject.
    JSStreamMismatchErr,
    /// The message could not be deleted; the text says why.
    JSStreamMsgDeleteFailed,
    /// A stream of this name exists with another configuration.
    JSStreamNameExistErr,
    /// The stream does not exist.
    JSStreamNotFoundErr,
    /// The stream that stored the message is not the expected one.
    JSStreamNotMatchErr,
    /// The number of replicas cannot be changed.
    JSStreamReplicasNotUpdatableErr,
    /// The restore failed; the text says why.
    JSStreamRestoreErr,
    /// The sequence is not the stream's.
    JSStreamSequenceNotMatchErr,
    /// The snapshot failed; the text says why.
    JSStreamSnapshotErr,
    /// The subjects overlap those of another stream.
    JSStreamSubjectOverlapErr,
    /// A template could not be created (old servers).
    JSStreamTemplateCreateErr,
    /// A template could not be deleted (old servers).
    JSStreamTemplateDeleteErr,
    /// The template does not exist (old servers).
    JSStreamTemplateNotFoundErr,
    /// The stream could not be updated; the text says why.
    JSStreamUpdateErr,
    /// The stream's last message id is not the expected one.
    JSStreamWrongLastMsgIDErr,
    /// The last sequence is not the expected one; the text has it.
    JSStreamWrongLastSequenceErr,
    /// The server could not open temporary storage for a restore.
    JSTempStorageFailedErr,
    /// The template's name differs from that in the subject (old servers).
    JSTemplateNameNotMatchSubjectErr,
    /// Replicas need a cluster.
    JSStreamReplicasNotSupportedErr,
    /// No other server could be found to take over.
    JSPeerRemapErr,
    /// JetStream is not enabled, or no server answers.
    JSNotEnabledErr,
    /// The message could not be stored; the text says why.
    JSStreamStoreFailedErr,
    /// The configuration is missing.
    JSConsumerConfigRequiredErr,
    /// The delivery subject has wildcards.
    JSConsumerDeliverToWildcardsErr,
    /// Only a pull consumer has a limit of waiting requests.
    JSConsumerPushMaxWaitingErr,
    /// The delivery subject is one of the stream's.
    JSConsumerDeliverCycleErr,
    /// A limit of pending acks needs an ack policy.
    JSConsumerMaxPendingAckPolicyRequiredErr,
    /// The heartbeat is less than 100 ms.
    JSConsumerSmallHeartbeatErr,
    /// A pull consumer of a work queue needs explicit acks.
    JSConsumerPullRequiresAckErr,
    /// A pull consumer needs a durable name (old servers).
    JSConsumerPullNotDurableErr,
    /// A pull consumer cannot have a rate limit.
    JSConsumerPullWithRateLimitErr,
    /// The limit of waiting requests is negative.
    JSConsumerMaxWaitingNegativeErr,
    /// Only a push consumer has a heartbeat.
    JSConsumerHBRequiresPushErr,
    /// Only a push consumer has flow control.
    JSConsumerFCRequiresPushErr,
    /// A direct consumer must be a push consumer.
    JSConsumerDirectRequiresPushErr,
    /// A direct consumer must be ephemeral.
    JSConsumerDirectRequiresEphemeralErr,
    /// A direct consumer cannot be on a mapped subject.
    JSConsumerOnMappedErr,
    /// The filter is outside of the stream's subjects.
    JSConsumerFilterNotSubsetErr,
    /// A policy is not valid; the text says which.
    JSConsumerInvalidPolicyErr,
    /// The sampling frequency is not valid.
    JSConsumerInvalidSamplingErr,
    /// The stream is not valid.
    JSStreamInvalidErr,
    /// The headers are larger than 64 KiB.
    JSStreamHeaderExceedsMaximumErr,
    /// A consumer of a work queue needs explicit acks.
    JSConsumerWQRequiresExplicitAckErr,
    /// A work queue has at most one consumer without a filter.
    JSConsumerWQMultipleUnfilteredErr,
    /// The filters of a work queue's consumers must not overlap.
    JSConsumerWQConsumerNotUniqueErr,
    /// A consumer of a work queue must deliver all.
    JSConsumerWQConsumerNotDeliverAllErr,
    /// The consumer's name is too long.
    JSConsumerNameTooLongErr,
    /// The durable name has a character that is not legal.
    JSConsumerBadDurableNameErr,
    /// The consumer's state could not be stored.
    JSConsumerStoreFailedErr,
    /// The consumer exists and is in use.
    JSConsumerExistingActiveErr,
    /// The consumer cannot be replaced by one of another name.
    JSConsumerReplacementWithDifferentNameErr,
    /// The description is too long.
    JSConsumerDescriptionTooLongErr,
    /// Flow control needs a heartbeat.
    JSConsumerWithFlowControlNeedsHeartbeatsErr,
    /// The stream is sealed.
    JSStreamSealedErr,
    /// The purge failed; the text says why.
    JSStreamPurgeFailedErr,
    /// The roll-up failed; the text says why.
    JSStreamRollupFailedErr,
    /// The delivery subject is not legal.
    JSConsumerInvalidDeliverSubjectErr,
    /// The account requires a byte limit for each stream.
    JSStreamMaxBytesRequiredErr,
    /// The limit of a request's batch is negative.
    JSConsumerMaxRequestBatchNegativeErr,
    /// The limit of a request's expiry is less than 1 ms.
    JSConsumerMaxRequestExpiresToSmallErr,
    /// There are more backoff steps than deliveries.
    JSConsumerMaxDeliverBackoffErr,
    /// There are more subjects than an info can have.
    JSStreamInfoMaxSubjectsErr,
    /// The stream is offline.
    JSStreamOfflineErr,
    /// The consumer is offline.
    JSConsumerOfflineErr,
    /// The account has no limit for this kind of storage or number of replicas.
    JSNoLimitsErr,
    /// More pending acks than the stream or account allows.
    JSConsumerMaxPendingAckExcessErr,
    /// More bytes than the account allows for one stream.
    JSStreamMaxStreamBytesExceededErr,
    /// A stream cannot be moved and scaled at once.
    JSStreamMoveAndScaleErr,
    /// The stream is being moved.
    JSStreamMoveInProgressErr,
    /// A larger batch of requests than the server allows.
    JSConsumerMaxRequestBatchExceededErr,
    /// More replicas than the stream has.
    JSConsumerReplicasExceedsStreamErr,
    /// The consumer's name has a path separator.
    JSConsumerNameContainsPathSeparatorsErr,
    /// The stream's name has a path separator.
    JSStreamNameContainsPathSeparatorsErr,
    /// The stream is not being moved.
    JSStreamMoveNotInProgressErr,
    /// A stream of the name to restore exists.
    JSStreamNameExistRestoreFailedErr,
    /// The filter differs from that in the request's subject.
    JSConsumerCreateFilterSubjectMismatchErr,
    /// The durable name differs from the name.
    JSConsumerCreateDurableAndNameMismatchErr,
    /// The number of replicas is negative.
    JSReplicasCountCannotBeNegativeErr,
    /// The consumer needs as many replicas as the stream.
    JSConsumerReplicasShouldMatchStreamErr,
    /// The metadata are too long.
    JSConsumerMetadataLengthErr,
    /// Both a filter and several filters are given.
    JSConsumerDuplicateFilterSubjectsErr,
    /// Several filters cannot be in a request by subject.
    JSConsumerMultipleFiltersNotAllowedErr,
    /// The filters overlap.
    JSConsumerOverlappingSubjectFiltersErr,
    /// A filter is empty.
    JSConsumerEmptyFilterErr,
    /// Two sources are the same.
    JSSourceDuplicateDetectedErr,
    /// The name of a source is not legal.
    JSSourceInvalidStreamNameErr,
    /// The name of the mirror's origin is not legal.
    JSMirrorInvalidStreamNameErr,
    /// A mirror cannot have a first sequence.
    JSMirrorWithFirstSeqErr,
    /// A source has a filter and transforms.
    JSSourceMultipleFiltersNotAllowedErr,
    /// The filter of a source is not legal.
    JSSourceInvalidSubjectFilterErr,
    /// The destination of a source's transform is not legal.
    JSSourceInvalidTransformDestinationErr,
    /// The filters of a source overlap.
    JSSourceOverlappingSubjectFiltersErr,
    /// The consumer exists, and was only to be created.
    JSConsumerAlreadyExistsErr,
    /// The consumer does not exist, and was only to be updated.
    JSConsumerDoesNotExistErr,
    /// A mirror has a filter and transforms.
    JSMirrorMultipleFiltersNotAllowedErr,
    /// The filter of the mirror is not legal.
    JSMirrorInvalidSubjectFilterErr,
    /// The filters of the mirror overlap.
    JSMirrorOverlappingSubjectFiltersErr,
    /// The inactivity threshold exceeds the stream's limit.
    JSConsumerInactiveThresholdExcessErr,
    /// The destination of the mirror's transform is not legal.
    JSMirrorInvalidTransformDestinationErr,
    /// The source of the subject transform is not legal.
    JSStreamTransformInvalidSourceErr,
    /// The destination of the subject transform is not legal.
    JSStreamTransformInvalidDestinationErr,
    /// The server would have to change the configuration, and was asked not to.
    JSPedanticErr,
    /// A message with this id is being stored.
    JSStreamDuplicateMessageConflictErr,
    /// A priority policy needs a group.
    JSConsumerPriorityPolicyWithoutGroupErr,
    /// The request's priority group is not the consumer's.
    JSConsumerInvalidPriorityGroupErr,
    /// The name of a priority group is empty.
    JSConsumerEmptyGroupNameErr,
    /// The name of a priority group is not legal.
    JSConsumerInvalidGroupNameErr,
    /// The last sequence of the subject is not known yet.
    JSStreamExpectedLastSeqPerSubjectNotReadyErr,
    /// The last sequence is not the expected one; the text does not have it.
    JSStreamWrongLastSequenceConstantErr,
    /// The message's time to live is not valid; less than a second, for example.
    JSMessageTTLInvalidErr,
    /// The stream does not allow a time to live in messages.
    JSMessageTTLDisabledErr,
    /// Too many requests: the message was dropped.
    JSStreamTooManyRequestsErr,
    /// The stream has no counters.
    JSMessageIncrDisabledErr,
    /// The counter's increment is missing.
    JSMessageIncrMissingErr,
    /// A counter's increment must have no payload.
    JSMessageIncrPayloadErr,
    /// The counter's increment is not a number.
    JSMessageIncrInvalidErr,
    /// The subject's last message is not a counter.
    JSMessageCounterBrokenErr,
    /// A mirror cannot have counters of its own.
    JSMirrorWithCountersErr,
    /// The stream does not allow atomic batches.
    JSBatchPublishNotEnabledErr,
    /// The message has no sequence in its atomic batch.
    JSBatchPublishSequenceMissingErr,
    /// Messages of the atomic batch are missing.
    JSBatchPublishIncompleteErr,
    /// A header of the message cannot be in an atomic batch.
    JSBatchPublishUnsupportedHeaderErr,
    /// A push consumer cannot have priority groups.
    JSConsumerPushWithPriorityGroupErr,
    /// The atomic batch's id is longer than 64 characters.
    JSBatchPublishInvalidIDErr,
    /// The server has not reached the sequence that the request needs.
    JSStreamMinLastSeqErr,
    /// The ack policy is not valid.
    JSConsumerAckPolicyInvalidErr,
    /// The replay policy is not valid.
    JSConsumerReplayPolicyInvalidErr,
    /// The ack wait is negative.
    JSConsumerAckWaitNegativeErr,
    /// A backoff step is negative.
    JSConsumerBackOffNegativeErr,
    /// The server's API level is lower than the request requires.
    JSRequiredApiLevelErr,
    /// A mirror cannot have schedules.
    JSMirrorWithMsgSchedulesErr,
    /// A stream with sources cannot have schedules.
    JSSourceWithMsgSchedulesErr,
    /// The stream does not allow schedules.
    JSMessageSchedulesDisabledErr,
    /// The schedule is not valid.
    JSMessageSchedulesPatternInvalidErr,
    /// The schedule's target is not legal.
    JSMessageSchedulesTargetInvalidErr,
    /// The schedule's time to live is not valid.
    JSMessageSchedulesTTLInvalidErr,
    /// The schedule's roll-up is not valid.
    JSMessageSchedulesRollupInvalidErr,
    /// A subject for an expected last sequence, but no sequence.
    JSStreamExpectedLastSeqPerSubjectInvalidErr,
    /// The stream is offline; the text says why.
    JSStreamOfflineReasonErr,
    /// The consumer is offline; the text says why.
    JSConsumerOfflineReasonErr,
    /// Priority groups need a priority policy.
    JSConsumerPriorityGroupWithPolicyNoneErr,
    /// A time to live of pins needs a priority policy.
    JSConsumerPinnedTTLWithoutPriorityPolicyNoneErr,
    /// A mirror cannot allow atomic batches.
    JSMirrorWithAtomicPublishErr,
    /// The atomic batch has too many messages.
    JSBatchPublishSequenceExceedsLimitErr,
    /// The commit of the atomic batch is not valid.
    JSBatchPublishInvalidCommitErr,
    /// A message id is twice in the atomic batch, or stored already.
    JSBatchPublishDuplicateMessageIDErr,
    /// The cluster's members are being changed.
    JSClusterServerMemberChangeInflightErr,
    /// The schedule's source is not legal.
    JSMessageSchedulesSourceInvalidErr,
    /// The consumer cannot be reset so; the text says why.
    JSConsumerInvalidResetErr,
    /// The stream does not allow fast batches.
    JSFastBatchDisabledErr,
    /// The reply subject of a fast batch's message is not valid.
    JSFastBatchInvalidPatternErr,
    /// The fast batch's id is not valid.
    JSFastBatchInvalidIDErr,
    /// The server does not know the fast batch, or no longer.
    JSFastBatchUnknownIDErr,
    /// A mirror cannot allow fast batches.
    JSMirrorWithFastBatchErr,
    /// Too many atomic batches are in flight.
    JSBatchPublishTooManyInflightErr,
    /// Too many fast batches are in flight.
    JSFastBatchTooManyInflightErr,
    /// The headers that cancel a schedule are not valid.
    JSMessageSchedulesSchedulerInvalidErr,
    /// The mirror's consumer is not configured as it must be.
    JSMirrorDurableConsumerCfgInvalidErr,
    /// The mirror's consumer must be acknowledged by flow control.
    JSMirrorConsumerRequiresAckFCErr,
    /// A source's consumer is not configured as it must be.
    JSSourceDurableConsumerCfgInvalidErr,
    /// Two sources have the same consumer.
    JSSourceDurableConsumerDuplicateDetectedErr,
    /// A source's consumer must be acknowledged by flow control.
    JSSourceConsumerRequiresAckFCErr,
    /// Acks by flow control need a push consumer.
    JSConsumerAckFCRequiresPushErr,
    /// Acks by flow control need flow control.
    JSConsumerAckFCRequiresFCErr,
    /// Acks by flow control need a limit of pending acks.
    JSConsumerAckFCRequiresMaxAckPendingErr,
    /// Acks by flow control cannot have an ack wait.
    JSConsumerAckFCRequiresNoAckWaitErr,
    /// Acks by flow control cannot have a limit of deliveries.
    JSConsumerAckFCRequiresNoMaxDeliverErr,
    /// The schedule's time zone is not valid, or not for this kind of schedule.
    JSMessageSchedulesTimeZoneInvalidErr,
    /// The rescue of the cluster was not done; the text says why.
    JSClusterRescueErr,
    /// The consumer belongs to another stream of this name.
    JSConsumerStreamIdentityMismatchErr,
    /// The stream is being reconfigured.
    JSStreamReconfigureInProgressErr,
    /// The message has a header that only the server writes.
    JSMessageSourceHdrNotAllowedErr,
}

/// A `jsErrCode` as it is passed around: any number, since servers have codes that this library has no name for.
#[repr(transparent)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct jsErrCodeArg(pub c_int);

#[cfg(test)]
mod tests {
    use crate::js::ErrCode;

    #[test]
    fn the_header_s_constants_are_the_core_s() {
        let (_, list) = include_str!("err_code.rs")
            .split_once("pub enum jsErrCode {")
            .expect("it is above");
        let names = list
            .lines()
            .take_while(|line| *line != "}")
            .map(str::trim)
            .filter(|line| line.starts_with("JS"))
            .map(|line| line.trim_end_matches(',').trim_end_matches(" = 10002"));
        let core = ErrCode::named().map(|code| code.name().expect("it is named"));
        assert!(names.eq(core));
    }
}
