//! The numbers of the API's errors.
//!
//! Decisions depend on these numbers, never on the server's text. Numbers without a name here are passed on unchanged.

/// An error of the API; [`ErrCode::NONE`] for an error that did not come from there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ErrCode(pub i32);

macro_rules! codes {
    ($($name:ident = $number:literal, $text:literal;)*) => {
        #[allow(missing_docs, reason = "the names are the server's")]
        impl ErrCode {
            $(pub const $name: ErrCode = ErrCode($number);)*
        }

        /// All numbers with a name.
        const NAMES: &[(i32, &str)] = &[$(($number, $text),)*];
    };
}

impl ErrCode {
    /// Not an error of the API.
    pub const NONE: ErrCode = ErrCode(0);

    /// The name of its constant in C, if there is one.
    pub fn name(self) -> Option<&'static str> {
        let at = NAMES.binary_search_by_key(&self.0, |(number, _)| *number);
        at.ok().map(|at| NAMES[at].1)
    }

    /// All numbers that have a name, in ascending order.
    pub fn named() -> impl Iterator<Item = ErrCode> {
        NAMES.iter().map(|(number, _)| ErrCode(*number))
    }
}

codes! {
    ACCOUNT_RESOURCES_EXCEEDED = 10002, "JSAccountResourcesExceededErr";
    BAD_REQUEST = 10003, "JSBadRequestErr";
    CLUSTER_INCOMPLETE = 10004, "JSClusterIncompleteErr";
    CLUSTER_NO_PEERS = 10005, "JSClusterNoPeersErr";
    CLUSTER_NOT_ACTIVE = 10006, "JSClusterNotActiveErr";
    CLUSTER_NOT_ASSIGNED = 10007, "JSClusterNotAssignedErr";
    CLUSTER_NOT_AVAIL = 10008, "JSClusterNotAvailErr";
    CLUSTER_NOT_LEADER = 10009, "JSClusterNotLeaderErr";
    CLUSTER_REQUIRED = 10010, "JSClusterRequiredErr";
    CLUSTER_TAGS = 10011, "JSClusterTagsErr";
    CONSUMER_CREATE = 10012, "JSConsumerCreateErr";
    CONSUMER_NAME_EXIST = 10013, "JSConsumerNameExistErr";
    CONSUMER_NOT_FOUND = 10014, "JSConsumerNotFoundErr";
    SNAPSHOT_DELIVER_SUBJECT_INVALID = 10015, "JSSnapshotDeliverSubjectInvalidErr";
    CONSUMER_DURABLE_NAME_NOT_IN_SUBJECT = 10016, "JSConsumerDurableNameNotInSubjectErr";
    CONSUMER_DURABLE_NAME_NOT_MATCH_SUBJECT = 10017, "JSConsumerDurableNameNotMatchSubjectErr";
    CONSUMER_DURABLE_NAME_NOT_SET = 10018, "JSConsumerDurableNameNotSetErr";
    CONSUMER_EPHEMERAL_WITH_DURABLE_IN_SUBJECT = 10019, "JSConsumerEphemeralWithDurableInSubjectErr";
    CONSUMER_EPHEMERAL_WITH_DURABLE_NAME = 10020, "JSConsumerEphemeralWithDurableNameErr";
    STREAM_EXTERNAL_API_OVERLAP = 10021, "JSStreamExternalApiOverlapErr";
    STREAM_EXTERNAL_DEL_PREFIX_OVERLAPS = 10022, "JSStreamExternalDelPrefixOverlapsErr";
    INSUFFICIENT_RESOURCES = 10023, "JSInsufficientResourcesErr";
    STREAM_INVALID_EXTERNAL_DELIVERY_SUBJ = 10024, "JSStreamInvalidExternalDeliverySubjErr";
    INVALID_JSON = 10025, "JSInvalidJSONErr";
    MAXIMUM_CONSUMERS_LIMIT = 10026, "JSMaximumConsumersLimitErr";
    MAXIMUM_STREAMS_LIMIT = 10027, "JSMaximumStreamsLimitErr";
    MEMORY_RESOURCES_EXCEEDED = 10028, "JSMemoryResourcesExceededErr";
    MIRROR_CONSUMER_SETUP_FAILED = 10029, "JSMirrorConsumerSetupFailedErr";
    MIRROR_MAX_MESSAGE_SIZE_TOO_BIG = 10030, "JSMirrorMaxMessageSizeTooBigErr";
    MIRROR_WITH_SOURCES = 10031, "JSMirrorWithSourcesErr";
    MIRROR_WITH_START_SEQ_AND_TIME = 10032, "JSMirrorWithStartSeqAndTimeErr";
    MIRROR_WITH_SUBJECT_FILTERS = 10033, "JSMirrorWithSubjectFiltersErr";
    MIRROR_WITH_SUBJECTS = 10034, "JSMirrorWithSubjectsErr";
    NO_ACCOUNT = 10035, "JSNoAccountErr";
    CLUSTER_UNSUPPORT_FEATURE = 10036, "JSClusterUnSupportFeatureErr";
    NO_MESSAGE_FOUND = 10037, "JSNoMessageFoundErr";
    NOT_EMPTY_REQUEST = 10038, "JSNotEmptyRequestErr";
    NOT_ENABLED_FOR_ACCOUNT = 10039, "JSNotEnabledForAccountErr";
    CLUSTER_PEER_NOT_MEMBER = 10040, "JSClusterPeerNotMemberErr";
    RAFT_GENERAL = 10041, "JSRaftGeneralErr";
    RESTORE_SUBSCRIBE_FAILED = 10042, "JSRestoreSubscribeFailedErr";
    SEQUENCE_NOT_FOUND = 10043, "JSSequenceNotFoundErr";
    CLUSTER_SERVER_NOT_MEMBER = 10044, "JSClusterServerNotMemberErr";
    SOURCE_CONSUMER_SETUP_FAILED = 10045, "JSSourceConsumerSetupFailedErr";
    SOURCE_MAX_MESSAGE_SIZE_TOO_BIG = 10046, "JSSourceMaxMessageSizeTooBigErr";
    STORAGE_RESOURCES_EXCEEDED = 10047, "JSStorageResourcesExceededErr";
    STREAM_ASSIGNMENT = 10048, "JSStreamAssignmentErr";
    STREAM_CREATE = 10049, "JSStreamCreateErr";
    STREAM_DELETE = 10050, "JSStreamDeleteErr";
    STREAM_GENERAL = 10051, "JSStreamGeneralError";
    STREAM_INVALID_CONFIG = 10052, "JSStreamInvalidConfig";
    STREAM_LIMITS = 10053, "JSStreamLimitsErr";
    STREAM_MESSAGE_EXCEEDS_MAXIMUM = 10054, "JSStreamMessageExceedsMaximumErr";
    STREAM_MIRROR_NOT_UPDATABLE = 10055, "JSStreamMirrorNotUpdatableErr";
    STREAM_MISMATCH = 10056, "JSStreamMismatchErr";
    STREAM_MSG_DELETE_FAILED = 10057, "JSStreamMsgDeleteFailed";
    STREAM_NAME_EXIST = 10058, "JSStreamNameExistErr";
    STREAM_NOT_FOUND = 10059, "JSStreamNotFoundErr";
    STREAM_NOT_MATCH = 10060, "JSStreamNotMatchErr";
    STREAM_REPLICAS_NOT_UPDATABLE = 10061, "JSStreamReplicasNotUpdatableErr";
    STREAM_RESTORE = 10062, "JSStreamRestoreErr";
    STREAM_SEQUENCE_NOT_MATCH = 10063, "JSStreamSequenceNotMatchErr";
    STREAM_SNAPSHOT = 10064, "JSStreamSnapshotErr";
    STREAM_SUBJECT_OVERLAP = 10065, "JSStreamSubjectOverlapErr";
    STREAM_TEMPLATE_CREATE = 10066, "JSStreamTemplateCreateErr";
    STREAM_TEMPLATE_DELETE = 10067, "JSStreamTemplateDeleteErr";
    STREAM_TEMPLATE_NOT_FOUND = 10068, "JSStreamTemplateNotFoundErr";
    STREAM_UPDATE = 10069, "JSStreamUpdateErr";
    STREAM_WRONG_LAST_MSG_ID = 10070, "JSStreamWrongLastMsgIDErr";
    STREAM_WRONG_LAST_SEQUENCE = 10071, "JSStreamWrongLastSequenceErr";
    TEMP_STORAGE_FAILED = 10072, "JSTempStorageFailedErr";
    TEMPLATE_NAME_NOT_MATCH_SUBJECT = 10073, "JSTemplateNameNotMatchSubjectErr";
    STREAM_REPLICAS_NOT_SUPPORTED = 10074, "JSStreamReplicasNotSupportedErr";
    PEER_REMAP = 10075, "JSPeerRemapErr";
    NOT_ENABLED = 10076, "JSNotEnabledErr";
    STREAM_STORE_FAILED = 10077, "JSStreamStoreFailedErr";
    CONSUMER_CONFIG_REQUIRED = 10078, "JSConsumerConfigRequiredErr";
    CONSUMER_DELIVER_TO_WILDCARDS = 10079, "JSConsumerDeliverToWildcardsErr";
    CONSUMER_PUSH_MAX_WAITING = 10080, "JSConsumerPushMaxWaitingErr";
    CONSUMER_DELIVER_CYCLE = 10081, "JSConsumerDeliverCycleErr";
    CONSUMER_MAX_PENDING_ACK_POLICY_REQUIRED = 10082, "JSConsumerMaxPendingAckPolicyRequiredErr";
    CONSUMER_SMALL_HEARTBEAT = 10083, "JSConsumerSmallHeartbeatErr";
    CONSUMER_PULL_REQUIRES_ACK = 10084, "JSConsumerPullRequiresAckErr";
    CONSUMER_PULL_NOT_DURABLE = 10085, "JSConsumerPullNotDurableErr";
    CONSUMER_PULL_WITH_RATE_LIMIT = 10086, "JSConsumerPullWithRateLimitErr";
    CONSUMER_MAX_WAITING_NEGATIVE = 10087, "JSConsumerMaxWaitingNegativeErr";
    CONSUMER_HB_REQUIRES_PUSH = 10088, "JSConsumerHBRequiresPushErr";
    CONSUMER_FC_REQUIRES_PUSH = 10089, "JSConsumerFCRequiresPushErr";
    CONSUMER_DIRECT_REQUIRES_PUSH = 10090, "JSConsumerDirectRequiresPushErr";
    CONSUMER_DIRECT_REQUIRES_EPHEMERAL = 10091, "JSConsumerDirectRequiresEphemeralErr";
    CONSUMER_ON_MAPPED = 10092, "JSConsumerOnMappedErr";
    CONSUMER_FILTER_NOT_SUBSET = 10093, "JSConsumerFilterNotSubsetErr";
    CONSUMER_INVALID_POLICY = 10094, "JSConsumerInvalidPolicyErr";
    CONSUMER_INVALID_SAMPLING = 10095, "JSConsumerInvalidSamplingErr";
    STREAM_INVALID = 10096, "JSStreamInvalidErr";
    STREAM_HEADER_EXCEEDS_MAXIMUM = 10097, "JSStreamHeaderExceedsMaximumErr";
    CONSUMER_WQ_REQUIRES_EXPLICIT_ACK = 10098, "JSConsumerWQRequiresExplicitAckErr";
    CONSUMER_WQ_MULTIPLE_UNFILTERED = 10099, "JSConsumerWQMultipleUnfilteredErr";
    CONSUMER_WQ_CONSUMER_NOT_UNIQUE = 10100, "JSConsumerWQConsumerNotUniqueErr";
    CONSUMER_WQ_CONSUMER_NOT_DELIVER_ALL = 10101, "JSConsumerWQConsumerNotDeliverAllErr";
    CONSUMER_NAME_TOO_LONG = 10102, "JSConsumerNameTooLongErr";
    CONSUMER_BAD_DURABLE_NAME = 10103, "JSConsumerBadDurableNameErr";
    CONSUMER_STORE_FAILED = 10104, "JSConsumerStoreFailedErr";
    CONSUMER_EXISTING_ACTIVE = 10105, "JSConsumerExistingActiveErr";
    CONSUMER_REPLACEMENT_WITH_DIFFERENT_NAME = 10106, "JSConsumerReplacementWithDifferentNameErr";
    CONSUMER_DESCRIPTION_TOO_LONG = 10107, "JSConsumerDescriptionTooLongErr";
    CONSUMER_WITH_FLOW_CONTROL_NEEDS_HEARTBEATS = 10108, "JSConsumerWithFlowControlNeedsHeartbeatsErr";
    STREAM_SEALED = 10109, "JSStreamSealedErr";
    STREAM_PURGE_FAILED = 10110, "JSStreamPurgeFailedErr";
    STREAM_ROLLUP_FAILED = 10111, "JSStreamRollupFailedErr";
    CONSUMER_INVALID_DELIVER_SUBJECT = 10112, "JSConsumerInvalidDeliverSubjectErr";
    STREAM_MAX_BYTES_REQUIRED = 10113, "JSStreamMaxBytesRequiredErr";
    CONSUMER_MAX_REQUEST_BATCH_NEGATIVE = 10114, "JSConsumerMaxRequestBatchNegativeErr";
    CONSUMER_MAX_REQUEST_EXPIRES_TO_SMALL = 10115, "JSConsumerMaxRequestExpiresToSmallErr";
    CONSUMER_MAX_DELIVER_BACKOFF = 10116, "JSConsumerMaxDeliverBackoffErr";
    STREAM_INFO_MAX_SUBJECTS = 10117, "JSStreamInfoMaxSubjectsErr";
    STREAM_OFFLINE = 10118, "JSStreamOfflineErr";
    CONSUMER_OFFLINE = 10119, "JSConsumerOfflineErr";
    NO_LIMITS = 10120, "JSNoLimitsErr";
    CONSUMER_MAX_PENDING_ACK_EXCESS = 10121, "JSConsumerMaxPendingAckExcessErr";
    STREAM_MAX_STREAM_BYTES_EXCEEDED = 10122, "JSStreamMaxStreamBytesExceededErr";
    STREAM_MOVE_AND_SCALE = 10123, "JSStreamMoveAndScaleErr";
    STREAM_MOVE_IN_PROGRESS = 10124, "JSStreamMoveInProgressErr";
    CONSUMER_MAX_REQUEST_BATCH_EXCEEDED = 10125, "JSConsumerMaxRequestBatchExceededErr";
    CONSUMER_REPLICAS_EXCEEDS_STREAM = 10126, "JSConsumerReplicasExceedsStreamErr";
    CONSUMER_NAME_CONTAINS_PATH_SEPARATORS = 10127, "JSConsumerNameContainsPathSeparatorsErr";
    STREAM_NAME_CONTAINS_PATH_SEPARATORS = 10128, "JSStreamNameContainsPathSeparatorsErr";
    STREAM_MOVE_NOT_IN_PROGRESS = 10129, "JSStreamMoveNotInProgressErr";
    STREAM_NAME_EXIST_RESTORE_FAILED = 10130, "JSStreamNameExistRestoreFailedErr";
    CONSUMER_CREATE_FILTER_SUBJECT_MISMATCH = 10131, "JSConsumerCreateFilterSubjectMismatchErr";
    CONSUMER_CREATE_DURABLE_AND_NAME_MISMATCH = 10132, "JSConsumerCreateDurableAndNameMismatchErr";
    REPLICAS_COUNT_CANNOT_BE_NEGATIVE = 10133, "JSReplicasCountCannotBeNegativeErr";
    CONSUMER_REPLICAS_SHOULD_MATCH_STREAM = 10134, "JSConsumerReplicasShouldMatchStreamErr";
    CONSUMER_METADATA_LENGTH = 10135, "JSConsumerMetadataLengthErr";
    CONSUMER_DUPLICATE_FILTER_SUBJECTS = 10136, "JSConsumerDuplicateFilterSubjectsErr";
    CONSUMER_MULTIPLE_FILTERS_NOT_ALLOWED = 10137, "JSConsumerMultipleFiltersNotAllowedErr";
    CONSUMER_OVERLAPPING_SUBJECT_FILTERS = 10138, "JSConsumerOverlappingSubjectFiltersErr";
    CONSUMER_EMPTY_FILTER = 10139, "JSConsumerEmptyFilterErr";
    SOURCE_DUPLICATE_DETECTED = 10140, "JSSourceDuplicateDetectedErr";
    SOURCE_INVALID_STREAM_NAME = 10141, "JSSourceInvalidStreamNameErr";
    MIRROR_INVALID_STREAM_NAME = 10142, "JSMirrorInvalidStreamNameErr";
    MIRROR_WITH_FIRST_SEQ = 10143, "JSMirrorWithFirstSeqErr";
    SOURCE_MULTIPLE_FILTERS_NOT_ALLOWED = 10144, "JSSourceMultipleFiltersNotAllowedErr";
    SOURCE_INVALID_SUBJECT_FILTER = 10145, "JSSourceInvalidSubjectFilterErr";
    SOURCE_INVALID_TRANSFORM_DESTINATION = 10146, "JSSourceInvalidTransformDestinationErr";
    SOURCE_OVERLAPPING_SUBJECT_FILTERS = 10147, "JSSourceOverlappingSubjectFiltersErr";
    CONSUMER_ALREADY_EXISTS = 10148, "JSConsumerAlreadyExistsErr";
    CONSUMER_DOES_NOT_EXIST = 10149, "JSConsumerDoesNotExistErr";
    MIRROR_MULTIPLE_FILTERS_NOT_ALLOWED = 10150, "JSMirrorMultipleFiltersNotAllowedErr";
    MIRROR_INVALID_SUBJECT_FILTER = 10151, "JSMirrorInvalidSubjectFilterErr";
    MIRROR_OVERLAPPING_SUBJECT_FILTERS = 10152, "JSMirrorOverlappingSubjectFiltersErr";
    CONSUMER_INACTIVE_THRESHOLD_EXCESS = 10153, "JSConsumerInactiveThresholdExcessErr";
    MIRROR_INVALID_TRANSFORM_DESTINATION = 10154, "JSMirrorInvalidTransformDestinationErr";
    STREAM_TRANSFORM_INVALID_SOURCE = 10155, "JSStreamTransformInvalidSourceErr";
    STREAM_TRANSFORM_INVALID_DESTINATION = 10156, "JSStreamTransformInvalidDestinationErr";
    PEDANTIC = 10157, "JSPedanticErr";
    STREAM_DUPLICATE_MESSAGE_CONFLICT = 10158, "JSStreamDuplicateMessageConflictErr";
    CONSUMER_PRIORITY_POLICY_WITHOUT_GROUP = 10159, "JSConsumerPriorityPolicyWithoutGroupErr";
    CONSUMER_INVALID_PRIORITY_GROUP = 10160, "JSConsumerInvalidPriorityGroupErr";
    CONSUMER_EMPTY_GROUP_NAME = 10161, "JSConsumerEmptyGroupNameErr";
    CONSUMER_INVALID_GROUP_NAME = 10162, "JSConsumerInvalidGroupNameErr";
    STREAM_EXPECTED_LAST_SEQ_PER_SUBJECT_NOT_READY = 10163, "JSStreamExpectedLastSeqPerSubjectNotReadyErr";
    STREAM_WRONG_LAST_SEQUENCE_CONSTANT = 10164, "JSStreamWrongLastSequenceConstantErr";
    MESSAGE_TTL_INVALID = 10165, "JSMessageTTLInvalidErr";
    MESSAGE_TTL_DISABLED = 10166, "JSMessageTTLDisabledErr";
    STREAM_TOO_MANY_REQUESTS = 10167, "JSStreamTooManyRequestsErr";
    MESSAGE_INCR_DISABLED = 10168, "JSMessageIncrDisabledErr";
    MESSAGE_INCR_MISSING = 10169, "JSMessageIncrMissingErr";
    MESSAGE_INCR_PAYLOAD = 10170, "JSMessageIncrPayloadErr";
    MESSAGE_INCR_INVALID = 10171, "JSMessageIncrInvalidErr";
    MESSAGE_COUNTER_BROKEN = 10172, "JSMessageCounterBrokenErr";
    MIRROR_WITH_COUNTERS = 10173, "JSMirrorWithCountersErr";
    BATCH_PUBLISH_NOT_ENABLED = 10174, "JSBatchPublishNotEnabledErr";
    BATCH_PUBLISH_SEQUENCE_MISSING = 10175, "JSBatchPublishSequenceMissingErr";
    BATCH_PUBLISH_INCOMPLETE = 10176, "JSBatchPublishIncompleteErr";
    BATCH_PUBLISH_UNSUPPORTED_HEADER = 10177, "JSBatchPublishUnsupportedHeaderErr";
    CONSUMER_PUSH_WITH_PRIORITY_GROUP = 10178, "JSConsumerPushWithPriorityGroupErr";
    BATCH_PUBLISH_INVALID_ID = 10179, "JSBatchPublishInvalidIDErr";
    STREAM_MIN_LAST_SEQ = 10180, "JSStreamMinLastSeqErr";
    CONSUMER_ACK_POLICY_INVALID = 10181, "JSConsumerAckPolicyInvalidErr";
    CONSUMER_REPLAY_POLICY_INVALID = 10182, "JSConsumerReplayPolicyInvalidErr";
    CONSUMER_ACK_WAIT_NEGATIVE = 10183, "JSConsumerAckWaitNegativeErr";
    CONSUMER_BACKOFF_NEGATIVE = 10184, "JSConsumerBackOffNegativeErr";
    REQUIRED_API_LEVEL = 10185, "JSRequiredApiLevelErr";
    MIRROR_WITH_MSG_SCHEDULES = 10186, "JSMirrorWithMsgSchedulesErr";
    SOURCE_WITH_MSG_SCHEDULES = 10187, "JSSourceWithMsgSchedulesErr";
    MESSAGE_SCHEDULES_DISABLED = 10188, "JSMessageSchedulesDisabledErr";
    MESSAGE_SCHEDULES_PATTERN_INVALID = 10189, "JSMessageSchedulesPatternInvalidErr";
    MESSAGE_SCHEDULES_TARGET_INVALID = 10190, "JSMessageSchedulesTargetInvalidErr";
    MESSAGE_SCHEDULES_TTL_INVALID = 10191, "JSMessageSchedulesTTLInvalidErr";
    MESSAGE_SCHEDULES_ROLLUP_INVALID = 10192, "JSMessageSchedulesRollupInvalidErr";
    STREAM_EXPECTED_LAST_SEQ_PER_SUBJECT_INVALID = 10193, "JSStreamExpectedLastSeqPerSubjectInvalidErr";
    STREAM_OFFLINE_REASON = 10194, "JSStreamOfflineReasonErr";
    CONSUMER_OFFLINE_REASON = 10195, "JSConsumerOfflineReasonErr";
    CONSUMER_PRIORITY_GROUP_WITH_POLICY_NONE = 10196, "JSConsumerPriorityGroupWithPolicyNoneErr";
    CONSUMER_PINNED_TTL_WITHOUT_PRIORITY_POLICY_NONE = 10197, "JSConsumerPinnedTTLWithoutPriorityPolicyNoneErr";
    MIRROR_WITH_ATOMIC_PUBLISH = 10198, "JSMirrorWithAtomicPublishErr";
    BATCH_PUBLISH_SEQUENCE_EXCEEDS_LIMIT = 10199, "JSBatchPublishSequenceExceedsLimitErr";
    BATCH_PUBLISH_INVALID_COMMIT = 10200, "JSBatchPublishInvalidCommitErr";
    BATCH_PUBLISH_DUPLICATE_MESSAGE_ID = 10201, "JSBatchPublishDuplicateMessageIDErr";
    CLUSTER_SERVER_MEMBER_CHANGE_INFLIGHT = 10202, "JSClusterServerMemberChangeInflightErr";
    MESSAGE_SCHEDULES_SOURCE_INVALID = 10203, "JSMessageSchedulesSourceInvalidErr";
    CONSUMER_INVALID_RESET = 10204, "JSConsumerInvalidResetErr";
    FAST_BATCH_DISABLED = 10205, "JSFastBatchDisabledErr";
    FAST_BATCH_INVALID_PATTERN = 10206, "JSFastBatchInvalidPatternErr";
    FAST_BATCH_INVALID_ID = 10207, "JSFastBatchInvalidIDErr";
    FAST_BATCH_UNKNOWN_ID = 10208, "JSFastBatchUnknownIDErr";
    MIRROR_WITH_FAST_BATCH = 10209, "JSMirrorWithFastBatchErr";
    BATCH_PUBLISH_TOO_MANY_INFLIGHT = 10210, "JSBatchPublishTooManyInflightErr";
    FAST_BATCH_TOO_MANY_INFLIGHT = 10211, "JSFastBatchTooManyInflightErr";
    MESSAGE_SCHEDULES_SCHEDULER_INVALID = 10212, "JSMessageSchedulesSchedulerInvalidErr";
    MIRROR_DURABLE_CONSUMER_CFG_INVALID = 10213, "JSMirrorDurableConsumerCfgInvalidErr";
    MIRROR_CONSUMER_REQUIRES_ACK_FC = 10214, "JSMirrorConsumerRequiresAckFCErr";
    SOURCE_DURABLE_CONSUMER_CFG_INVALID = 10215, "JSSourceDurableConsumerCfgInvalidErr";
    SOURCE_DURABLE_CONSUMER_DUPLICATE_DETECTED = 10216, "JSSourceDurableConsumerDuplicateDetectedErr";
    SOURCE_CONSUMER_REQUIRES_ACK_FC = 10217, "JSSourceConsumerRequiresAckFCErr";
    CONSUMER_ACK_FC_REQUIRES_PUSH = 10218, "JSConsumerAckFCRequiresPushErr";
    CONSUMER_ACK_FC_REQUIRES_FC = 10219, "JSConsumerAckFCRequiresFCErr";
    CONSUMER_ACK_FC_REQUIRES_MAX_ACK_PENDING = 10220, "JSConsumerAckFCRequiresMaxAckPendingErr";
    CONSUMER_ACK_FC_REQUIRES_NO_ACK_WAIT = 10221, "JSConsumerAckFCRequiresNoAckWaitErr";
    CONSUMER_ACK_FC_REQUIRES_NO_MAX_DELIVER = 10222, "JSConsumerAckFCRequiresNoMaxDeliverErr";
    MESSAGE_SCHEDULES_TIME_ZONE_INVALID = 10223, "JSMessageSchedulesTimeZoneInvalidErr";
    CLUSTER_RESCUE = 10224, "JSClusterRescueErr";
    CONSUMER_STREAM_IDENTITY_MISMATCH = 10225, "JSConsumerStreamIdentityMismatchErr";
    STREAM_RECONFIGURE_IN_PROGRESS = 10226, "JSStreamReconfigureInProgressErr";
    MESSAGE_SOURCE_HDR_NOT_ALLOWED = 10227, "JSMessageSourceHdrNotAllowedErr";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_has_226_codes() {
        let named: Vec<_> = ErrCode::named().map(|code| code.0).collect();
        assert_eq!(named, (10002..=10227).collect::<Vec<_>>());
        assert_eq!(
            ErrCode::STREAM_NOT_FOUND.name(),
            Some("JSStreamNotFoundErr")
        );
        assert_eq!(ErrCode(10228).name(), None);
        assert_eq!(ErrCode::NONE.name(), None);
    }
}
