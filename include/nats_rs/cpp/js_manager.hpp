/// @file
/// Streams, consumers and stored messages: nats::js_manager, the part of nats::jetstream that manages them.
#ifndef NATS_RS_CPP_JS_MANAGER_HPP
#define NATS_RS_CPP_JS_MANAGER_HPP

#include "connection.hpp"
#include "js_convert.hpp"

namespace nats {

/// What to remove from a stream. By default, all messages.
struct purge_options {
    std::string_view subject = {}; ///< Only messages with this subject, which may have wildcards.
    std::uint64_t sequence = 0;    ///< Only those before this sequence.
    std::uint64_t keep = 0;        ///< All but the last so many. Not together with `sequence`.
};

/// What an account uses.
struct account_info {
    std::uint64_t memory;   ///< Bytes in memory.
    std::uint64_t storage;  ///< Bytes in files.
    std::int64_t streams;   ///< Streams.
    std::int64_t consumers; ///< Consumers.
    std::string domain;     ///< The domain; empty for none.
};

/// Which message to get from any server: one of the three.
struct direct_get_options {
    std::uint64_t sequence = 0;            ///< The one with this sequence.
    std::string_view next_by_subject = {}; ///< The first one of this subject, from `sequence` on.
    std::string_view last_by_subject = {}; ///< The last one of this subject.
    bool without_headers = false; ///< Only its payload: neither its subject nor its sequence are known then.
};

/// Which messages to get from any server: the next `batch`, or the last ones of some subjects.
struct direct_batch_options {
    int batch = 0;                         ///< How many at most.
    std::int64_t max_bytes = 0;            ///< How many bytes at most; 0 for no limit.
    std::uint64_t sequence = 0;            ///< The first sequence; 0 for the first message.
    time_point start_time{};               ///< The time to begin at; the epoch for none.
    std::string_view next_by_subject = {}; ///< Only those of this subject, which may have wildcards.
    std::vector<std::string> last_of = {}; ///< The last message of each of these subjects.
    std::uint64_t up_to_sequence = 0;      ///< As the stream was at this sequence, with `last_of`.
    time_point up_to_time{};               ///< As it was at this time, with `last_of`.
};

/// Messages that were got by one request.
struct direct_batch {
    std::vector<message> messages; ///< In the order of their sequences.
    std::uint64_t pending;         ///< How many more there are.
    std::uint64_t last_sequence;   ///< The sequence of the last one.
    std::uint64_t up_to_sequence;  ///< The state of the stream that they are of, with `last_of`.
};

/// The functions of nats::jetstream that manage streams, consumers and stored messages. A program uses them through
/// nats::jetstream: there are no objects of this class alone.
class js_manager {
  public:
    /// The handle of C, for what has no function here.
    ::jsCtx *get() const noexcept { return own_.get(); }
    /// Gives the context away, which the caller then has to destroy. Its `on_ack` stays for ever.
    ::jsCtx *release() noexcept {
        handler_.keep();
        return own_.release();
    }
    /// Whether there is a context.
    explicit operator bool() const noexcept { return static_cast<bool>(own_); }
    /// The connection.
    connection_ref connection() const noexcept { return nc_; }

    /// Creates a stream.
    stream_info add_stream(const stream_config &how) const { return try_add_stream(how).value(); }
    /// As add_stream(), with the failure in the result.
    result<stream_info> try_add_stream(const stream_config &how) const {
        return stream(::js_AddStreamWithExtra, how);
    }
    /// Changes a stream.
    stream_info update_stream(const stream_config &how) const { return try_update_stream(how).value(); }
    /// As update_stream(), with the failure in the result.
    result<stream_info> try_update_stream(const stream_config &how) const {
        return stream(::js_UpdateStreamWithExtra, how);
    }
    /// Creates a stream, or changes it where it exists.
    stream_info create_or_update_stream(const stream_config &how) const {
        return try_create_or_update_stream(how).value();
    }
    /// As create_or_update_stream(), with the failure in the result.
    result<stream_info> try_create_or_update_stream(const stream_config &how) const {
        // The other call is made again where another client has done the opposite in between.
        for (int tries = 0;; tries++) {
            result<stream_info> changed = try_update_stream(how);
            if (changed || changed.error().js_code() != JSStreamNotFoundErr)
                return changed;
            result<stream_info> made = try_add_stream(how);
            if (made || made.error().js_code() != JSStreamNameExistErr || tries == 2)
                return made;
        }
    }
    /// What a stream is and has. Throws NATS_NOT_FOUND if there is none.
    nats::stream_info get_stream(std::string_view name) const { return try_get_stream(name).value(); }
    /// As get_stream(), with the failure in the result.
    result<nats::stream_info> try_get_stream(std::string_view name) const {
        return named<nats::stream_info, ::jsStreamInfo, ::jsStreamInfo_Destroy>(
            name, [this](auto **out, auto *n, auto *code) {
                return ::js_GetStreamInfo(out, get(), n, nullptr, code);
            });
    }
    /// Deletes a stream with its messages.
    void delete_stream(std::string_view name) const { try_delete_stream(name).value(); }
    /// As delete_stream(), with the failure in the result.
    result<void> try_delete_stream(std::string_view name) const {
        return plain(name, {}, [this](auto *n, auto *, auto *code) {
            return ::js_DeleteStream(get(), n, nullptr, code);
        });
    }
    /// Removes messages. Returns how many.
    std::uint64_t purge_stream(std::string_view name, const purge_options &what = {}) const {
        return try_purge_stream(name, what).value();
    }
    /// As purge_stream(), with the failure in the result.
    result<std::uint64_t> try_purge_stream(std::string_view name, const purge_options &what = {}) const {
        detail::texts t;
        ::jsOptions options;
        ::jsErrCode code{};
        std::uint64_t purged = 0;
        ::jsOptions_Init(&options);
        options.Stream.Purge.Subject = t.optional(what.subject);
        options.Stream.Purge.Sequence = what.sequence;
        options.Stream.Purge.Keep = what.keep;
        const char *n = t(name);
        if (t.bad())
            return t.failure();
        const status s = ::js_PurgeStreamCount(&purged, get(), n, &options, &code);
        if (s != NATS_OK)
            return error::last(s, code);
        return purged;
    }
    /// The names of the streams: all, or those that store a subject.
    std::vector<std::string> stream_names(std::string_view subject = {}) const {
        return try_stream_names(subject).value();
    }
    /// As stream_names(), with the failure in the result.
    result<std::vector<std::string>> try_stream_names(std::string_view subject = {}) const {
        detail::texts t;
        ::jsOptions options;
        ::jsErrCode code{};
        ::jsOptions_Init(&options);
        options.Stream.Info.SubjectsFilter = t.optional(subject);
        if (t.bad())
            return t.failure();
        detail::handle<::jsStreamNamesList, ::jsStreamNamesList_Destroy> list;
        const status s = ::js_StreamNames(list.out(), get(), &options, &code);
        if (s == NATS_NOT_FOUND)
            return std::vector<std::string>();
        if (s != NATS_OK)
            return error::last(s, code);
        return detail::strings_of(list->List, list->Count);
    }
    /// What an account uses.
    account_info account() const { return try_account().value(); }
    /// As account(), with the failure in the result.
    result<account_info> try_account() const {
        detail::handle<::jsAccountInfo, ::jsAccountInfo_Destroy> info;
        ::jsErrCode code{};
        const status s = ::js_GetAccountInfo(info.out(), get(), nullptr, &code);
        if (s != NATS_OK)
            return error::last(s, code);
        return account_info{info->Memory, info->Store, info->Streams, info->Consumers,
                            detail::string_of(info->Domain)};
    }

    /// Creates a consumer, or changes it where it exists.
    consumer_info add_consumer(std::string_view stream, const consumer_config &how) const {
        return try_add_consumer(stream, how).value();
    }
    /// As add_consumer(), with the failure in the result.
    result<consumer_info> try_add_consumer(std::string_view stream, const consumer_config &how) const {
        return consumer(::js_AddConsumer, stream, how);
    }
    /// Creates a consumer. Throws if there is another one of its name.
    consumer_info create_consumer(std::string_view stream, const consumer_config &how) const {
        return try_create_consumer(stream, how).value();
    }
    /// As create_consumer(), with the failure in the result.
    result<consumer_info> try_create_consumer(std::string_view stream, const consumer_config &how) const {
        return consumer(::js_CreateConsumer, stream, how);
    }
    /// Changes a consumer, which must exist.
    consumer_info update_consumer(std::string_view stream, const consumer_config &how) const {
        return try_update_consumer(stream, how).value();
    }
    /// As update_consumer(), with the failure in the result.
    result<consumer_info> try_update_consumer(std::string_view stream, const consumer_config &how) const {
        return consumer(::js_UpdateConsumer, stream, how);
    }
    /// What a consumer is and has done. Throws NATS_NOT_FOUND if there is none.
    nats::consumer_info get_consumer(std::string_view stream, std::string_view name) const {
        return try_get_consumer(stream, name).value();
    }
    /// As get_consumer(), with the failure in the result.
    result<nats::consumer_info> try_get_consumer(std::string_view stream, std::string_view name) const {
        detail::texts t;
        const char *of = t(stream);
        if (t.bad())
            return t.failure();
        return named<nats::consumer_info, ::jsConsumerInfo, ::jsConsumerInfo_Destroy>(
            name, [&](auto **out, auto *n, auto *code) {
                return ::js_GetConsumerInfo(out, get(), of, n, nullptr, code);
            });
    }
    /// Deletes a consumer.
    void delete_consumer(std::string_view stream, std::string_view name) const {
        try_delete_consumer(stream, name).value();
    }
    /// As delete_consumer(), with the failure in the result.
    result<void> try_delete_consumer(std::string_view stream, std::string_view name) const {
        return plain(stream, name, [this](auto *of, auto *n, auto *code) {
            return ::js_DeleteConsumer(get(), of, n, nullptr, code);
        });
    }
    /// Pauses a consumer until this time; the epoch ends a pause.
    void pause_consumer(std::string_view stream, std::string_view name, time_point until) const {
        try_pause_consumer(stream, name, until).value();
    }
    /// As pause_consumer(), with the failure in the result.
    result<void> try_pause_consumer(std::string_view stream, std::string_view name, time_point until) const {
        detail::handle<::jsConsumerPauseResponse, ::jsConsumerPauseResponse_Destroy> answer;
        return plain(stream, name, [&](auto *of, auto *n, auto *code) {
            return ::js_PauseConsumer(answer.out(), get(), of, n,
                                      static_cast<std::uint64_t>(detail::nanos(until)), nullptr, code);
        });
    }
    /// The names of the consumers of a stream.
    std::vector<std::string> consumer_names(std::string_view stream) const {
        return try_consumer_names(stream).value();
    }
    /// As consumer_names(), with the failure in the result.
    result<std::vector<std::string>> try_consumer_names(std::string_view stream) const {
        detail::texts t;
        const char *of = t(stream);
        if (t.bad())
            return t.failure();
        detail::handle<::jsConsumerNamesList, ::jsConsumerNamesList_Destroy> list;
        ::jsErrCode code{};
        const status s = ::js_ConsumerNames(list.out(), get(), of, nullptr, &code);
        if (s == NATS_NOT_FOUND)
            return std::vector<std::string>();
        if (s != NATS_OK)
            return error::last(s, code);
        return detail::strings_of(list->List, list->Count);
    }

    /// A message by its sequence. Throws NATS_NOT_FOUND if there is none.
    message get_message(std::string_view stream, std::uint64_t sequence) const {
        return try_get_message(stream, sequence).value();
    }
    /// As get_message(), with the failure in the result.
    result<message> try_get_message(std::string_view stream, std::uint64_t sequence) const {
        ::natsMsg *msg = nullptr;
        result<void> got = plain(stream, {}, [&](auto *of, auto *, auto *code) {
            return ::js_GetMsg(&msg, get(), of, sequence, nullptr, code);
        });
        if (!got)
            return got.error();
        return message(msg);
    }
    /// The last message of a subject. Throws NATS_NOT_FOUND if there is none.
    message last_message(std::string_view stream, std::string_view subject) const {
        return try_last_message(stream, subject).value();
    }
    /// As last_message(), with the failure in the result.
    result<message> try_last_message(std::string_view stream, std::string_view subject) const {
        ::natsMsg *msg = nullptr;
        result<void> got = plain(stream, subject, [&](auto *of, auto *on, auto *code) {
            return ::js_GetLastMsg(&msg, get(), of, on, nullptr, code);
        });
        if (!got)
            return got.error();
        return message(msg);
    }
    /// Deletes a message. With `erase` its bytes are overwritten, too.
    void delete_message(std::string_view stream, std::uint64_t sequence, bool erase = false) const {
        try_delete_message(stream, sequence, erase).value();
    }
    /// As delete_message(), with the failure in the result.
    result<void> try_delete_message(std::string_view stream, std::uint64_t sequence,
                                    bool erase = false) const {
        return plain(stream, {}, [&](auto *of, auto *, auto *code) {
            return (erase ? ::js_EraseMsg : ::js_DeleteMsg)(get(), of, sequence, nullptr, code);
        });
    }
    /// A message from any server that has it. The stream needs `allow_direct`. Throws NATS_NOT_FOUND if there is none.
    message direct_get(std::string_view stream, const direct_get_options &which) const {
        return try_direct_get(stream, which).value();
    }
    /// As direct_get(), with the failure in the result.
    result<message> try_direct_get(std::string_view stream, const direct_get_options &which) const {
        detail::texts t;
        ::jsDirectGetMsgOptions options;
        ::jsDirectGetMsgOptions_Init(&options);
        options.Sequence = which.sequence;
        options.NextBySubject = t.optional(which.next_by_subject);
        options.LastBySubject = t.optional(which.last_by_subject);
        const char *of = t(stream);
        if (t.bad())
            return t.failure();
        ::natsMsg *msg = nullptr;
        const auto function = which.without_headers ? ::js_DirectGetPayload : ::js_DirectGetMsg;
        const status s = function(&msg, get(), of, nullptr, &options);
        if (s != NATS_OK)
            return error::last(s);
        return message(msg);
    }
    /// Several messages from any server that has them, by one request. Throws NATS_NOT_FOUND if there are none.
    direct_batch direct_get_many(std::string_view stream, const direct_batch_options &which) const {
        return try_direct_get_many(stream, which).value();
    }
    /// As direct_get_many(), with the failure in the result.
    result<direct_batch> try_direct_get_many(std::string_view stream,
                                             const direct_batch_options &which) const {
        detail::texts t;
        ::jsDirectBatchOptions options;
        ::jsDirectBatchOptions_Init(&options);
        options.Batch = which.batch;
        options.MaxBytes = which.max_bytes;
        options.Sequence = which.sequence;
        options.StartTime = detail::nanos(which.start_time);
        options.NextBySubject = t.optional(which.next_by_subject);
        options.MultiLast = t.list(which.last_of);
        options.MultiLastLen = static_cast<int>(which.last_of.size());
        options.UpToSequence = which.up_to_sequence;
        options.UpToTime = detail::nanos(which.up_to_time);
        const char *of = t(stream);
        if (t.bad())
            return t.failure();
        ::natsMsgList list{};
        ::jsDirectBatchInfo info{};
        const status s = ::js_DirectGetMsgs(&list, &info, get(), of, nullptr, &options);
        if (s != NATS_OK)
            return error::last(s);
        return direct_batch{detail::messages_of(list), info.NumPending, info.LastSequence, info.UpToSequence};
    }
    /// The last messages of several subjects, which may have wildcards, all of one state of the stream. Throws
    /// NATS_NOT_FOUND if there are none.
    std::vector<message> direct_get_last(std::string_view stream,
                                         const std::vector<std::string> &subjects) const {
        return try_direct_get_last(stream, subjects).value();
    }
    /// As direct_get_last(), with the failure in the result.
    result<std::vector<message>> try_direct_get_last(std::string_view stream,
                                                     const std::vector<std::string> &subjects) const {
        detail::texts t;
        const char **names = t.list(subjects);
        const char *of = t(stream);
        if (t.bad())
            return t.failure();
        ::natsMsgList list{};
        const status s =
            ::js_DirectGetLastMsgs(&list, get(), of, names, static_cast<int>(subjects.size()), nullptr);
        if (s != NATS_OK)
            return error::last(s);
        return detail::messages_of(list);
    }

  protected:
    js_manager() noexcept = default;
    /// Takes over what the other one has, which then has nothing.
    js_manager(js_manager &&) noexcept = default;
    /// Releases what this one has, and takes over what the other one has.
    js_manager &operator=(js_manager &&other) noexcept {
        if (this != &other) {
            own_.reset(other.own_.release());
            handler_ = std::move(other.handler_);
            nc_ = std::move(other.nc_);
        }
        return *this;
    }
    ~js_manager() { own_.reset(); }

    // The context is destroyed before the handler: then no call of the handler begins.
    detail::registered handler_;                   ///< The function for acks.
    detail::handle<::jsCtx, ::jsCtx_Destroy> own_; ///< The context.
    connection_ref nc_;                            ///< Its connection.

  private:
    template <class F> result<nats::stream_info> stream(F function, const stream_config &how) const {
        detail::c_stream_config config(how);
        if (config.t.bad())
            return config.t.failure();
        detail::handle<::jsStreamInfo, ::jsStreamInfo_Destroy> info;
        ::jsErrCode code{};
        const status s = function(info.out(), get(), &config.out, &config.extra, nullptr, &code);
        if (s != NATS_OK)
            return error::last(s, code);
        return detail::info_of(*info.get());
    }
    template <class F>
    result<nats::consumer_info> consumer(F function, std::string_view stream,
                                         const consumer_config &how) const {
        detail::c_consumer_config config(how);
        const char *of = config.t(stream);
        if (config.t.bad())
            return config.t.failure();
        detail::handle<::jsConsumerInfo, ::jsConsumerInfo_Destroy> info;
        ::jsErrCode code{};
        const status s = function(info.out(), get(), of, &config.out, nullptr, &code);
        if (s != NATS_OK)
            return error::last(s, code);
        return detail::info_of(*info.get());
    }
    template <class Info, class C, auto Destroy, class F>
    result<Info> named(std::string_view name, F &&function) const {
        detail::texts t;
        const char *n = t(name);
        if (t.bad())
            return t.failure();
        detail::handle<C, Destroy> info;
        ::jsErrCode code{};
        const status s = function(info.out(), n, &code);
        if (s != NATS_OK)
            return error::last(s, code);
        return detail::info_of(*info.get());
    }
    template <class F>
    result<void> plain(std::string_view first, std::string_view second, F &&function) const {
        detail::texts t;
        const char *a = t(first), *b = t(second);
        if (t.bad())
            return t.failure();
        ::jsErrCode code{};
        const status s = function(a, b, &code);
        return detail::outcome(s, code);
    }
};

} // namespace nats

#endif
