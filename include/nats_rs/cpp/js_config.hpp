/// @file
/// The configurations of streams and consumers, and what is told of them.
#ifndef NATS_RS_CPP_JS_CONFIG_HPP
#define NATS_RS_CPP_JS_CONFIG_HPP

#include <optional>

#include "support.hpp"

namespace nats {

/// What becomes of subjects.
struct subject_transform {
    std::string source;      ///< Which subjects.
    std::string destination; ///< What becomes of them, such as `all.{{wildcard(1)}}`.
};

/// A stream that another one takes its messages from.
struct stream_source {
    std::string name;                  ///< Its name.
    std::uint64_t start_sequence = 0;  ///< The first sequence to take; 0 for all.
    time_point start_time{};           ///< The time to begin at; the epoch for all.
    std::string filter_subject = {};   ///< Which subjects; empty for all.
    std::string domain = {};           ///< The domain that it is in; empty for this one.
    std::string external_api = {};     ///< The prefix of the API of another account; empty for this one.
    std::string external_deliver = {}; ///< The prefix of the subjects to deliver to, with `external_api`.

    /// The subjects to take, and the subjects that they become; not together with `filter_subject`.
    std::vector<subject_transform> transforms = {};
    std::string consumer = {};         ///< A consumer that exists, to use; empty for one of the server's.
    std::string consumer_deliver = {}; ///< The subject that it delivers to.
};

/// Which servers something is to be on.
struct placement {
    std::string cluster;           ///< The cluster.
    std::vector<std::string> tags; ///< Tags that the servers must have.
};

/// How a stream publishes again what it has stored.
struct republish {
    std::string source;        ///< Which subjects.
    std::string destination;   ///< The subject to publish on.
    bool headers_only = false; ///< Whether payloads are left out.
};

/// How a stream is to be, or is. The defaults are those of jsStreamConfig_Init().
struct stream_config {
    std::string name;                              ///< The name.
    std::vector<std::string> subjects = {};        ///< The subjects; none for the name.
    std::string description = {};                  ///< A description for people.
    jsRetentionPolicy retention = js_LimitsPolicy; ///< How long messages are kept.
    jsStorageType storage = js_FileStorage;        ///< Where they are kept.
    jsDiscardPolicy discard = js_DiscardOld;       ///< What happens at the limits.
    std::int64_t max_consumers = -1;               ///< How many consumers; -1 for no limit.
    std::int64_t max_messages = -1;                ///< How many messages; -1 for no limit.
    std::int64_t max_bytes = -1;                   ///< How many bytes; -1 for no limit.
    std::int64_t max_messages_per_subject = 0;     ///< How many messages of each subject; 0 for no limit.
    std::int32_t max_message_size = -1;            ///< How many bytes a message may have; -1 for no limit.
    duration max_age{0};                           ///< How old messages may be; 0 for no limit.
    duration duplicates{0};               ///< For how long message ids are remembered; 0 for the default.
    std::int64_t replicas = 1;            ///< On how many servers.
    bool no_ack = false;                  ///< Whether publishes are not acknowledged.
    bool discard_new_per_subject = false; ///< Whether js_DiscardNew is for the limit of each subject, too.
    bool sealed = false;                  ///< Whether it is closed to all changes. Only an update can set it.
    bool deny_delete = false;             ///< Whether messages cannot be deleted.
    bool deny_purge = false;              ///< Whether it cannot be purged.
    bool allow_rollup = false;            ///< Whether a message may replace those before it.
    bool allow_direct = false;            ///< Whether all its servers answer direct gets.
    bool mirror_direct = false;           ///< Whether a mirror answers them for its origin.
    bool allow_message_ttl = false;       ///< Whether messages may have a time to live of their own.
    bool allow_atomic = false;            ///< Whether atomic batches may be published.
    bool allow_batched = false;           ///< Whether fast batches may be published.
    bool allow_counter = false;           ///< Whether its messages are counters.
    bool allow_schedules = false;         ///< Whether messages may be schedules.
    duration subject_delete_marker_ttl{0}; ///< For how long markers of expired subjects stay; 0 for none.
    jsStorageCompression compression = js_StorageCompressionNone; ///< How its files are compressed.
    jsPersistModeType persist_mode = js_PersistDefault;           ///< When messages are on the disk.
    std::uint64_t first_sequence = 0;              ///< The sequence of the first message; 0 for 1.
    std::optional<nats::placement> placement = {}; ///< Which servers it is to be on.
    std::optional<stream_source> mirror = {};      ///< The stream that it is a copy of.
    std::vector<stream_source> sources = {};       ///< The streams that it takes messages from.
    std::optional<nats::republish> republish = {}; ///< How it publishes again.
    std::string transform_source = {};             ///< Which subjects it changes; empty for none.
    std::string transform_destination = {};        ///< What it makes of them.
    duration consumer_inactive_threshold{0};       ///< The limit of that of its consumers; 0 for none.
    int consumer_max_ack_pending = 0;              ///< The limit of that of its consumers; 0 for none.
    nats::metadata metadata = {};                  ///< What the program notes with it.
};

/// What a stream has.
struct stream_state {
    std::uint64_t messages;       ///< How many messages.
    std::uint64_t bytes;          ///< How many bytes.
    std::uint64_t first_sequence; ///< The sequence of the first message.
    time_point first_time;        ///< When that was stored.
    std::uint64_t last_sequence;  ///< The sequence of the last message.
    time_point last_time;         ///< When that was stored.
    std::int64_t subjects;        ///< How many subjects.
    std::uint64_t deleted;        ///< How many messages were deleted between the first and the last.
    std::int64_t consumers;       ///< How many consumers.
};

/// A server that has a copy.
struct peer_info {
    std::string name;  ///< Its name.
    bool current;      ///< Whether it has everything.
    bool offline;      ///< Whether it cannot be reached.
    duration active;   ///< When it was last heard of.
    std::uint64_t lag; ///< How much it has still to get.
};

/// Where a stream or a consumer is.
struct cluster_info {
    std::string name;                ///< The cluster.
    std::string leader;              ///< The server that leads.
    std::vector<peer_info> replicas; ///< The others.
};

/// How far a mirror or a source is.
struct source_info {
    std::string name;  ///< The stream that it takes messages from.
    std::uint64_t lag; ///< How many it has still to take.
    duration active;   ///< When it last took some.
};

/// A stream.
struct stream_info {
    stream_config config;                ///< How it is.
    time_point created;                  ///< When it was created.
    stream_state state;                  ///< What it has.
    std::optional<cluster_info> cluster; ///< Where it is; nothing outside a cluster.
    std::optional<source_info> mirror;   ///< How far it is as a mirror.
    std::vector<source_info> sources;    ///< How far it is with its sources.
};

/// How a consumer is to be, or is. What is not set is as the server has it.
struct consumer_config {
    std::string name = {};        ///< The name; empty for the durable name, or one of the server's.
    std::string durable = {};     ///< The name, of one that stays when nobody uses it.
    std::string description = {}; ///< A description for people.
    std::optional<jsDeliverPolicy> deliver_policy = {}; ///< With which message it begins.
    std::uint64_t start_sequence = 0;                   ///< For js_DeliverByStartSequence.
    time_point start_time{};                            ///< For js_DeliverByStartTime.
    std::optional<jsAckPolicy> ack_policy = {};         ///< How messages are acknowledged.
    std::optional<jsReplayPolicy> replay_policy = {};   ///< How fast it gets what the stream has.
    duration ack_wait{0};               ///< After which time a message is delivered again; 0 for the default.
    std::vector<duration> backoff = {}; ///< The same for each delivery.
    std::int64_t max_deliver = 0;       ///< How often at most; 0 or -1 for no limit.
    std::vector<std::string> filter_subjects = {}; ///< Which subjects; none for all.
    std::int64_t max_ack_pending = 0;              ///< How many may await their ack; 0 for the default.
    std::int64_t max_waiting = 0;                  ///< How many pull requests may wait; 0 for the default.
    std::int64_t max_request_batch = 0; ///< How many messages a pull request may ask for; 0 for no limit.
    duration max_request_expires{0};    ///< How long a pull request may wait; 0 for no limit.
    std::int64_t max_request_bytes = 0; ///< How many bytes a pull request may ask for; 0 for no limit.
    std::string deliver_subject = {};   ///< The subject of a push consumer; empty for a pull consumer.
    std::string deliver_group = {};     ///< The queue group of a push consumer.
    bool flow_control = false;          ///< Whether a push consumer waits for the program.
    duration heartbeat{0};              ///< How often a push consumer is heard of; 0 for never.
    bool headers_only = false;          ///< Whether payloads are left out.
    std::uint64_t rate_limit = 0;       ///< How many bits a second a push consumer sends; 0 for no limit.
    std::string sample_frequency = {};  ///< Of how many acks a sample is published, in percent.
    duration inactive_threshold{0};     ///< After which time without use it is removed; 0 for the default.
    std::int64_t replicas = 0;          ///< On how many servers; 0 for as many as the stream.
    bool memory_storage = false;        ///< Whether its state is in memory.
    time_point pause_until{};           ///< Until when it delivers nothing; the epoch for no pause.
    std::string priority_policy = {};   ///< `overflow`, `pinned_client`, `prioritized`; empty for none.
    duration pinned_ttl{0};             ///< After which time another client may be pinned.
    std::vector<std::string> priority_groups = {}; ///< The groups.
    nats::metadata metadata = {};                  ///< What the program notes with it.
};

/// A pair of sequences.
struct sequence_info {
    std::uint64_t consumer; ///< The number of the delivery.
    std::uint64_t stream;   ///< The sequence in the stream.
    time_point last;        ///< When; the epoch for never.
};

/// A consumer.
struct consumer_info {
    std::string stream;                  ///< Its stream.
    std::string name;                    ///< Its name.
    time_point created;                  ///< When it was created.
    consumer_config config;              ///< How it is.
    sequence_info delivered;             ///< The last message that was delivered.
    sequence_info ack_floor;             ///< Up to where all are acknowledged.
    std::int64_t ack_pending;            ///< How many await their ack.
    std::int64_t redelivered;            ///< How many were delivered again.
    std::int64_t waiting;                ///< How many pull requests wait.
    std::uint64_t pending;               ///< How many messages are still to be delivered.
    std::optional<cluster_info> cluster; ///< Where it is; nothing outside a cluster.
    bool push_bound;                     ///< Whether somebody gets what it pushes.
    bool paused;                         ///< Whether it is paused.
    duration pause_remaining;            ///< For how long.
};

} // namespace nats

#endif
