//! The layouts that compiled programs rely on.
//!
//! The numbers are those of 64-bit Linux. Elsewhere `repr(C)` is what the C compiler does with the header's
//! declarations, which are made of the same structures; `c-tests/gen_layout_test.py` holds the two together.
#![cfg(all(target_pointer_width = "64", target_os = "linux"))]

use super::account::*;
use super::consumer_config::*;
use super::consumer_info::*;
use super::direct_get::*;
use super::options::*;
use super::publish_types::*;
use super::stream_config::*;
use super::stream_info::*;
use super::subscribe_types::*;

/// `Name size { field offset, .. }` for each structure.
macro_rules! layouts {
    ($($name:ident $size:literal { $($field:ident $offset:literal),+ $(,)? })+) => {$(
        const _: () = {
            assert!(size_of::<$name>() == $size);
            assert!(align_of::<$name>() == 8);
            $(assert!(std::mem::offset_of!($name, $field) == $offset);)+
        };
    )+};
}
pub(in crate::ffi) use layouts;

layouts! {
    jsScheduleOptions 56 {
        Schedule 0, Target 8, Source 16, TTL 24, TimeZone 32, Rollup 40, CancelScheduledSubject 48,
    }
    jsPubOptions 128 {
        MaxWait 0, MsgId 8, ExpectStream 16, ExpectLastMsgId 24, ExpectLastSeq 32, ExpectLastSubjectSeq 40,
        ExpectLastSubjectSeqSubject 48, ExpectNoMessage 56, MsgTTL 64, Schedule 72,
    }
    jsPlacement 24 { Cluster 0, Tags 8, TagsLen 16 }
    jsExternalStream 16 { APIPrefix 0, DeliverPrefix 8 }
    jsStreamSource 48 { Name 0, OptStartSeq 8, OptStartTime 16, FilterSubject 24, External 32, Domain 40 }
    jsRePublish 24 { Source 0, Destination 8, HeadersOnly 16 }
    jsSubjectTransformConfig 16 { Source 0, Destination 8 }
    jsStreamConsumerLimits 16 { InactiveThreshold 0, MaxAckPending 8 }
    jsStreamConfig 256 {
        Name 0, Description 8, Subjects 16, SubjectsLen 24, Retention 28, MaxConsumers 32, MaxMsgs 40,
        MaxBytes 48, MaxAge 56, MaxMsgsPerSubject 64, MaxMsgSize 72, Discard 76, Storage 80, Replicas 88,
        NoAck 96, Template 104, Duplicates 112, Placement 120, Mirror 128, Sources 136, SourcesLen 144,
        Sealed 148, DenyDelete 149, DenyPurge 150, AllowRollup 151, RePublish 152, AllowDirect 160,
        MirrorDirect 161, DiscardNewPerSubject 162, Metadata 168, Compression 184, FirstSeq 192,
        SubjectTransform 200, ConsumerLimits 216, AllowMsgTTL 232, SubjectDeleteMarkerTTL 240,
        PersistMode 248, AllowAtomic 252, AllowMsgCounter 253, AllowMsgSchedules 254, AllowBatched 255,
    }
    jsLostStreamData 24 { Msgs 0, MsgsLen 8, Bytes 16 }
    jsStreamStateSubject 16 { Subject 0, Msgs 8 }
    jsStreamStateSubjects 16 { List 0, Count 8 }
    jsStreamState 104 {
        Msgs 0, Bytes 8, FirstSeq 16, FirstTime 24, LastSeq 32, LastTime 40, NumSubjects 48, Subjects 56,
        NumDeleted 64, Deleted 72, DeletedLen 80, Lost 88, Consumers 96,
    }
    jsPeerInfo 32 { Name 0, Current 8, Offline 9, Active 16, Lag 24 }
    jsClusterInfo 64 {
        Name 0, Leader 8, Replicas 16, ReplicasLen 24, RaftGroup 32, LeaderSince 40, SystemAcc 48,
        TrafficAcc 56,
    }
    jsStreamSourceInfo 56 {
        Name 0, External 8, Lag 16, Active 24, FilterSubject 32, SubjectTransforms 40,
        SubjectTransformsLen 48,
    }
    jsStreamAlternate 24 { Name 0, Domain 8, Cluster 16 }
    jsStreamInfo 168 {
        Config 0, Created 8, State 16, Cluster 120, Mirror 128, Sources 136, SourcesLen 144, Alternates 152,
        AlternatesLen 160,
    }
    jsStreamInfoList 16 { List 0, Count 8 }
    jsStreamNamesList 16 { List 0, Count 8 }
    jsConsumerConfig 296 {
        Name 0, Durable 8, Description 16, DeliverPolicy 24, OptStartSeq 32, OptStartTime 40, AckPolicy 48,
        AckWait 56, MaxDeliver 64, BackOff 72, BackOffLen 80, FilterSubject 88, ReplayPolicy 96,
        RateLimit 104, SampleFrequency 112, MaxWaiting 120, MaxAckPending 128, FlowControl 136,
        Heartbeat 144, HeadersOnly 152, MaxRequestBatch 160, MaxRequestExpires 168, MaxRequestMaxBytes 176,
        DeliverSubject 184, DeliverGroup 192, InactiveThreshold 200, Replicas 208, MemoryStorage 216,
        FilterSubjects 224, FilterSubjectsLen 232, Metadata 240, PauseUntil 256, PriorityPolicy 264,
        PinnedTTL 272, PriorityGroups 280, PriorityGroupsLen 288,
    }
    jsConsumerSequenceMismatch 24 { Stream 0, ConsumerClient 8, ConsumerServer 16 }
    jsSubOptions 336 { Stream 0, Consumer 8, Queue 16, ManualAck 24, Config 32, Ordered 328 }
    jsSequencePair 16 { Consumer 0, Stream 8 }
    jsSequenceInfo 24 { Consumer 0, Stream 8, Last 16 }
    jsPriorityGroupState 24 { Group 0, PinnedClientID 8, PinnedTS 16 }
    jsConsumerInfo 152 {
        Stream 0, Name 8, Created 16, Config 24, Delivered 32, AckFloor 56, NumAckPending 80,
        NumRedelivered 88, NumWaiting 96, NumPending 104, Cluster 112, PushBound 120, Paused 121,
        PauseRemaining 128, PriorityGroups 136, PriorityGroupsLen 144,
    }
    jsConsumerInfoList 16 { List 0, Count 8 }
    jsConsumerNamesList 16 { List 0, Count 8 }
    jsConsumerPauseResponse 24 { Paused 0, PauseUntil 8, PauseRemaining 16 }
    jsConsumerResetResponse 16 { Consumer 0, ResetSeq 8 }
    jsAPIStats 16 { Total 0, Errors 8 }
    jsAccountLimits 64 {
        MaxMemory 0, MaxStore 8, MaxStreams 16, MaxConsumers 24, MaxAckPending 32, MemoryMaxStreamBytes 40,
        StoreMaxStreamBytes 48, MaxBytesRequired 56,
    }
    jsTier 104 { Name 0, Memory 8, Store 16, Streams 24, Consumers 32, Limits 40 }
    jsAccountInfo 136 {
        Memory 0, Store 8, Streams 16, Consumers 24, Domain 32, API 40, Limits 56, Tiers 120, TiersLen 128,
    }
    jsMsgMetaData 64 {
        Sequence 0, NumDelivered 16, NumPending 24, Timestamp 32, Stream 40, Consumer 48, Domain 56,
    }
    jsPubAck 56 { Stream 0, Sequence 8, Domain 16, Duplicate 24, Batch 32, Count 40, Value 48 }
    jsPubAckErr 24 { Msg 0, Err 8, ErrCode 12, ErrText 16 }
    jsDirectGetMsgOptions 24 { Sequence 0, NextBySubject 8, LastBySubject 16 }
    jsFetchRequest 80 {
        Expires 0, Batch 8, MaxBytes 16, NoWait 24, Heartbeat 32, MinPending 40, MinAckPending 48, ID 56,
        Group 64, Priority 72,
    }
    jsOptionsPullSubscribeAsync 104 {
        Timeout 0, MaxMessages 8, MaxBytes 16, NoWait 24, CompleteHandler 32, CompleteHandlerClosure 40,
        Heartbeat 48, Group 56, MinPending 64, MinAckPending 72, FetchSize 80, KeepAhead 84, NextHandler 88,
        NextHandlerClosure 96,
    }
    jsOptionsPublishAsync 56 {
        MaxPending 0, AckHandler 8, AckHandlerClosure 16, ErrHandler 24, ErrHandlerClosure 32, StallWait 40,
        MuxReplies 48,
    }
    jsOptionsStreamPurge 24 { Subject 0, Sequence 8, Keep 16 }
    jsOptionsStreamInfo 16 { DeletedDetails 0, SubjectsFilter 8 }
    jsOptionsStream 40 { Purge 0, Info 24 }
    jsOptions 224 { Prefix 0, Domain 8, Wait 16, PublishAsync 24, PullSubscribeAsync 80, Stream 184 }
}
