/// @file
/// Configurations between C++ and C.
#ifndef NATS_RS_CPP_JS_CONVERT_HPP
#define NATS_RS_CPP_JS_CONVERT_HPP

#include "js_config.hpp"

namespace nats::detail {

/// Places, sources and the like for C, which stay as long as this object.
class js_parts {
  public:
    explicit js_parts(texts &t) : t_(t) {}

    ::jsPlacement *place(const std::optional<placement> &from) {
        if (!from)
            return nullptr;
        ::jsPlacement_Init(&placement_);
        placement_.Cluster = t_.optional(from->cluster);
        placement_.Tags = t_.list(from->tags);
        placement_.TagsLen = static_cast<int>(from->tags.size());
        return &placement_;
    }
    ::jsRePublish *again(const std::optional<republish> &from) {
        if (!from)
            return nullptr;
        ::jsRePublish_Init(&republish_);
        republish_.Source = t_.optional(from->source);
        republish_.Destination = t_.optional(from->destination);
        republish_.HeadersOnly = from->headers_only;
        return &republish_;
    }
    ::jsStreamSource *source(const stream_source &from) {
        ::jsStreamSource &out = sources_.emplace_back();
        ::jsStreamSource_Init(&out);
        out.Name = t_(from.name);
        out.OptStartSeq = from.start_sequence;
        out.OptStartTime = nanos(from.start_time);
        out.FilterSubject = t_.optional(from.filter_subject);
        out.Domain = t_.optional(from.domain);
        if (!from.external_api.empty()) {
            ::jsExternalStream &external = externals_.emplace_back();
            ::jsExternalStream_Init(&external);
            external.APIPrefix = t_(from.external_api);
            external.DeliverPrefix = t_.optional(from.external_deliver);
            out.External = &external;
        }
        return &out;
    }
    ::jsStreamSource *mirror(const std::optional<stream_source> &from) {
        return from ? source(*from) : nullptr;
    }
    ::jsStreamSource **sources(const std::vector<stream_source> &from) {
        for (const stream_source &s : from)
            list_.push_back(source(s));
        return list_.empty() ? nullptr : list_.data();
    }
    /// What the structures of sources have no fields for.
    ::jsStreamExtra extra(const std::optional<stream_source> &mirror,
                          const std::vector<stream_source> &from) {
        ::jsStreamExtra out;
        ::jsStreamExtra_Init(&out);
        out.Mirror = mirror ? extra(*mirror) : nullptr;
        for (const stream_source &s : from)
            extra_list_.push_back(extra(s));
        out.Sources = extra_list_.empty() ? nullptr : extra_list_.data();
        out.SourcesLen = static_cast<int>(extra_list_.size());
        return out;
    }

  private:
    ::jsSourceExtra *extra(const stream_source &from) {
        if (from.transforms.empty() && from.consumer.empty() && from.consumer_deliver.empty())
            return nullptr;
        std::vector<::jsSubjectTransformConfig> &transforms = transforms_.emplace_back();
        for (const subject_transform &t : from.transforms)
            transforms.push_back({t_(t.source), t_(t.destination)});
        ::jsSourceExtra &out = extras_.emplace_back();
        ::jsSourceExtra_Init(&out);
        out.SubjectTransforms = transforms.empty() ? nullptr : transforms.data();
        out.SubjectTransformsLen = static_cast<int>(transforms.size());
        out.ConsumerName = t_.optional(from.consumer);
        out.ConsumerDeliverSubject = t_.optional(from.consumer_deliver);
        return &out;
    }

    texts &t_;
    ::jsPlacement placement_{};
    ::jsRePublish republish_{};
    std::deque<::jsStreamSource> sources_;
    std::deque<::jsExternalStream> externals_;
    std::vector<::jsStreamSource *> list_;
    std::deque<std::vector<::jsSubjectTransformConfig>> transforms_;
    std::deque<::jsSourceExtra> extras_;
    std::vector<::jsSourceExtra *> extra_list_;
};

/// The configuration of a stream for C.
class c_stream_config {
  public:
    explicit c_stream_config(const stream_config &from) {
        ::jsStreamConfig_Init(&out);
        out.Name = t.optional(from.name);
        out.Description = t.optional(from.description);
        out.Subjects = t.list(from.subjects);
        out.SubjectsLen = static_cast<int>(from.subjects.size());
        out.Retention = from.retention;
        out.Storage = from.storage;
        out.Discard = from.discard;
        out.MaxConsumers = from.max_consumers;
        out.MaxMsgs = from.max_messages;
        out.MaxBytes = from.max_bytes;
        out.MaxMsgsPerSubject = from.max_messages_per_subject;
        out.MaxMsgSize = from.max_message_size;
        out.MaxAge = from.max_age.count();
        out.Duplicates = from.duplicates.count();
        out.Replicas = from.replicas;
        out.NoAck = from.no_ack;
        out.DiscardNewPerSubject = from.discard_new_per_subject;
        out.Sealed = from.sealed;
        out.DenyDelete = from.deny_delete;
        out.DenyPurge = from.deny_purge;
        out.AllowRollup = from.allow_rollup;
        out.AllowDirect = from.allow_direct;
        out.MirrorDirect = from.mirror_direct;
        out.AllowMsgTTL = from.allow_message_ttl;
        out.AllowAtomic = from.allow_atomic;
        out.AllowBatched = from.allow_batched;
        out.AllowMsgCounter = from.allow_counter;
        out.AllowMsgSchedules = from.allow_schedules;
        out.SubjectDeleteMarkerTTL = from.subject_delete_marker_ttl.count();
        out.Compression = from.compression;
        out.PersistMode = from.persist_mode;
        out.FirstSeq = from.first_sequence;
        out.Placement = parts_.place(from.placement);
        out.Mirror = parts_.mirror(from.mirror);
        out.Sources = parts_.sources(from.sources);
        out.SourcesLen = static_cast<int>(from.sources.size());
        extra = parts_.extra(from.mirror, from.sources);
        out.RePublish = parts_.again(from.republish);
        out.SubjectTransform.Source = t.optional(from.transform_source);
        out.SubjectTransform.Destination = t.optional(from.transform_destination);
        out.ConsumerLimits.InactiveThreshold = from.consumer_inactive_threshold.count();
        out.ConsumerLimits.MaxAckPending = from.consumer_max_ack_pending;
        out.Metadata = t.pairs(from.metadata);
    }
    texts t;
    ::jsStreamConfig out{};
    ::jsStreamExtra extra{};

  private:
    js_parts parts_{t};
};

/// The configuration of a consumer for C.
class c_consumer_config {
  public:
    c_consumer_config() = default;
    explicit c_consumer_config(const consumer_config &from) { fill(&out, from); }
    /// Fills a structure that has been initialized.
    void fill(::jsConsumerConfig *to, const consumer_config &from) {
        ::jsConsumerConfig_Init(to);
        to->Name = t.optional(from.name);
        to->Durable = t.optional(from.durable);
        to->Description = t.optional(from.description);
        if (from.deliver_policy)
            to->DeliverPolicy = *from.deliver_policy;
        to->OptStartSeq = from.start_sequence;
        to->OptStartTime = nanos(from.start_time);
        if (from.ack_policy)
            to->AckPolicy = *from.ack_policy;
        if (from.replay_policy)
            to->ReplayPolicy = *from.replay_policy;
        to->AckWait = from.ack_wait.count();
        for (const duration d : from.backoff)
            backoff_.push_back(d.count());
        to->BackOff = backoff_.empty() ? nullptr : backoff_.data();
        to->BackOffLen = static_cast<int>(backoff_.size());
        to->MaxDeliver = from.max_deliver;
        if (from.filter_subjects.size() == 1) {
            to->FilterSubject = t(from.filter_subjects[0]);
        } else {
            to->FilterSubjects = t.list(from.filter_subjects);
            to->FilterSubjectsLen = static_cast<int>(from.filter_subjects.size());
        }
        to->MaxAckPending = from.max_ack_pending;
        to->MaxWaiting = from.max_waiting;
        to->MaxRequestBatch = from.max_request_batch;
        to->MaxRequestExpires = from.max_request_expires.count();
        to->MaxRequestMaxBytes = from.max_request_bytes;
        to->DeliverSubject = t.optional(from.deliver_subject);
        to->DeliverGroup = t.optional(from.deliver_group);
        to->FlowControl = from.flow_control;
        to->Heartbeat = from.heartbeat.count();
        to->HeadersOnly = from.headers_only;
        to->RateLimit = from.rate_limit;
        to->SampleFrequency = t.optional(from.sample_frequency);
        to->InactiveThreshold = from.inactive_threshold.count();
        to->Replicas = from.replicas;
        to->MemoryStorage = from.memory_storage;
        to->PauseUntil = nanos(from.pause_until);
        to->PriorityPolicy = t.optional(from.priority_policy);
        to->PinnedTTL = from.pinned_ttl.count();
        to->PriorityGroups = t.list(from.priority_groups);
        to->PriorityGroupsLen = static_cast<int>(from.priority_groups.size());
        to->Metadata = t.pairs(from.metadata);
    }
    texts t;
    ::jsConsumerConfig out{};

  private:
    std::vector<std::int64_t> backoff_;
};

inline stream_source source_of(const ::jsStreamSource &from) {
    stream_source out;
    out.name = string_of(from.Name);
    out.start_sequence = from.OptStartSeq;
    out.start_time = time_at(from.OptStartTime);
    out.filter_subject = string_of(from.FilterSubject);
    out.domain = string_of(from.Domain);
    if (from.External != nullptr) {
        out.external_api = string_of(from.External->APIPrefix);
        out.external_deliver = string_of(from.External->DeliverPrefix);
    }
    handle<::jsSourceExtra, ::jsSourceExtra_Destroy> extra;
    outcome(::jsStreamSource_GetExtra(extra.out(), &from)).value();
    for (int i = 0; i < extra->SubjectTransformsLen; i++)
        out.transforms.push_back({string_of(extra->SubjectTransforms[i].Source),
                                  string_of(extra->SubjectTransforms[i].Destination)});
    out.consumer = string_of(extra->ConsumerName);
    out.consumer_deliver = string_of(extra->ConsumerDeliverSubject);
    return out;
}

inline stream_config config_of(const ::jsStreamConfig &from) {
    stream_config out;
    out.name = string_of(from.Name);
    out.description = string_of(from.Description);
    out.subjects = strings_of(from.Subjects, from.SubjectsLen);
    out.retention = from.Retention;
    out.storage = from.Storage;
    out.discard = from.Discard;
    out.max_consumers = from.MaxConsumers;
    out.max_messages = from.MaxMsgs;
    out.max_bytes = from.MaxBytes;
    out.max_messages_per_subject = from.MaxMsgsPerSubject;
    out.max_message_size = from.MaxMsgSize;
    out.max_age = duration(from.MaxAge);
    out.duplicates = duration(from.Duplicates);
    out.replicas = from.Replicas;
    out.no_ack = from.NoAck;
    out.discard_new_per_subject = from.DiscardNewPerSubject;
    out.sealed = from.Sealed;
    out.deny_delete = from.DenyDelete;
    out.deny_purge = from.DenyPurge;
    out.allow_rollup = from.AllowRollup;
    out.allow_direct = from.AllowDirect;
    out.mirror_direct = from.MirrorDirect;
    out.allow_message_ttl = from.AllowMsgTTL;
    out.allow_atomic = from.AllowAtomic;
    out.allow_batched = from.AllowBatched;
    out.allow_counter = from.AllowMsgCounter;
    out.allow_schedules = from.AllowMsgSchedules;
    out.subject_delete_marker_ttl = duration(from.SubjectDeleteMarkerTTL);
    out.compression = from.Compression;
    out.persist_mode = from.PersistMode;
    out.first_sequence = from.FirstSeq;
    if (from.Placement != nullptr)
        out.placement = placement{string_of(from.Placement->Cluster),
                                  strings_of(from.Placement->Tags, from.Placement->TagsLen)};
    if (from.Mirror != nullptr)
        out.mirror = source_of(*from.Mirror);
    for (int i = 0; i < from.SourcesLen; i++)
        out.sources.push_back(source_of(*from.Sources[i]));
    if (from.RePublish != nullptr)
        out.republish = republish{string_of(from.RePublish->Source), string_of(from.RePublish->Destination),
                                  from.RePublish->HeadersOnly};
    out.transform_source = string_of(from.SubjectTransform.Source);
    out.transform_destination = string_of(from.SubjectTransform.Destination);
    out.consumer_inactive_threshold = duration(from.ConsumerLimits.InactiveThreshold);
    out.consumer_max_ack_pending = from.ConsumerLimits.MaxAckPending;
    out.metadata = pairs_of(from.Metadata);
    return out;
}

inline consumer_config config_of(const ::jsConsumerConfig &from) {
    consumer_config out;
    out.name = string_of(from.Name);
    out.durable = string_of(from.Durable);
    out.description = string_of(from.Description);
    out.deliver_policy = from.DeliverPolicy;
    out.start_sequence = from.OptStartSeq;
    out.start_time = time_at(from.OptStartTime);
    out.ack_policy = from.AckPolicy;
    out.replay_policy = from.ReplayPolicy;
    out.ack_wait = duration(from.AckWait);
    for (int i = 0; i < from.BackOffLen; i++)
        out.backoff.emplace_back(from.BackOff[i]);
    out.max_deliver = from.MaxDeliver;
    out.filter_subjects = strings_of(from.FilterSubjects, from.FilterSubjectsLen);
    if (out.filter_subjects.empty() && from.FilterSubject != nullptr && from.FilterSubject[0] != '\0')
        out.filter_subjects.push_back(from.FilterSubject);
    out.max_ack_pending = from.MaxAckPending;
    out.max_waiting = from.MaxWaiting;
    out.max_request_batch = from.MaxRequestBatch;
    out.max_request_expires = duration(from.MaxRequestExpires);
    out.max_request_bytes = from.MaxRequestMaxBytes;
    out.deliver_subject = string_of(from.DeliverSubject);
    out.deliver_group = string_of(from.DeliverGroup);
    out.flow_control = from.FlowControl;
    out.heartbeat = duration(from.Heartbeat);
    out.headers_only = from.HeadersOnly;
    out.rate_limit = from.RateLimit;
    out.sample_frequency = string_of(from.SampleFrequency);
    out.inactive_threshold = duration(from.InactiveThreshold);
    out.replicas = from.Replicas;
    out.memory_storage = from.MemoryStorage;
    out.pause_until = time_at(from.PauseUntil);
    out.priority_policy = string_of(from.PriorityPolicy);
    out.pinned_ttl = duration(from.PinnedTTL);
    out.priority_groups = strings_of(from.PriorityGroups, from.PriorityGroupsLen);
    out.metadata = pairs_of(from.Metadata);
    return out;
}

inline std::optional<cluster_info> cluster_of(const ::jsClusterInfo *from) {
    if (from == nullptr)
        return {};
    cluster_info out{string_of(from->Name), string_of(from->Leader), {}};
    for (int i = 0; i < from->ReplicasLen; i++) {
        const ::jsPeerInfo &peer = *from->Replicas[i];
        out.replicas.push_back(
            {string_of(peer.Name), peer.Current, peer.Offline, duration(peer.Active), peer.Lag});
    }
    return out;
}

inline stream_info info_of(const ::jsStreamInfo &from) {
    auto source = [](const ::jsStreamSourceInfo &s) {
        return source_info{string_of(s.Name), s.Lag, duration(s.Active)};
    };
    const ::jsStreamState &state = from.State;
    stream_info out{from.Config != nullptr ? config_of(*from.Config) : stream_config{},
                    time_at(from.Created),
                    {state.Msgs, state.Bytes, state.FirstSeq, time_at(state.FirstTime), state.LastSeq,
                     time_at(state.LastTime), state.NumSubjects, state.NumDeleted, state.Consumers},
                    cluster_of(from.Cluster),
                    {},
                    {}};
    if (from.Mirror != nullptr)
        out.mirror = source(*from.Mirror);
    for (int i = 0; i < from.SourcesLen; i++)
        out.sources.push_back(source(*from.Sources[i]));
    return out;
}

inline consumer_info info_of(const ::jsConsumerInfo &from) {
    auto pair = [](const ::jsSequenceInfo &s) {
        return sequence_info{s.Consumer, s.Stream, time_at(s.Last)};
    };
    return {string_of(from.Stream),
            string_of(from.Name),
            time_at(from.Created),
            from.Config != nullptr ? config_of(*from.Config) : consumer_config{},
            pair(from.Delivered),
            pair(from.AckFloor),
            from.NumAckPending,
            from.NumRedelivered,
            from.NumWaiting,
            from.NumPending,
            cluster_of(from.Cluster),
            from.PushBound,
            from.Paused,
            duration(from.PauseRemaining)};
}

} // namespace nats::detail

#endif
