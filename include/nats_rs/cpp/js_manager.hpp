/// @file
/// Streams, consumers and stored messages: nats::js_manager, the part of nats::jetstream that manages them.
#ifndef NATS_RS_CPP_JS_MANAGER_HPP
#define NATS_RS_CPP_JS_MANAGER_HPP

#include "connection.hpp"
#include "js_convert.hpp"

namespace nats {

/// What to remove from a stream. Without anything, all messages.
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
    result<stream_info> try_add_stream(const stream_config &how) const { return stream(::js_AddStream, how); }
    /// Changes a stream.
    stream_info update_stream(const stream_config &how) const { return try_update_stream(how).value(); }
    /// As update_stream(), with the failure in the result.
    result<stream_info> try_update_stream(const stream_config &how) const {
        return stream(::js_UpdateStream, how);
    }
    /// Creates a stream, or changes it where it exists.
    stream_info create_or_update_stream(const stream_config &how) const {
        return try_create_or_update_stream(how).value();
    }
    /// As create_or_update_stream(), with the failure in the result.
    result<stream_info> try_create_or_update_stream(const stream_config &how) const {
        return stream(::js_CreateOrUpdateStream, how);
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
        detail::texts t;
        ::jsOptions options;
        ::jsErrCode code{};
        ::jsOptions_Init(&options);
        options.Stream.Info.SubjectsFilter = t.optional(subject);
        if (t.bad())
            throw t.failure();
        detail::handle<::jsStreamNamesList, ::jsStreamNamesList_Destroy> list;
        const status s = ::js_StreamNames(list.out(), get(), &options, &code);
        if (s == NATS_NOT_FOUND)
            return {};
        detail::outcome(s, code).value();
        return detail::strings_of(list->List, list->Count);
    }
    /// What an account uses.
    account_info account() const {
        detail::handle<::jsAccountInfo, ::jsAccountInfo_Destroy> info;
        ::jsErrCode code{};
        const status s = ::js_GetAccountInfo(info.out(), get(), nullptr, &code);
        detail::outcome(s, code).value();
        return {info->Memory, info->Store, info->Streams, info->Consumers, detail::string_of(info->Domain)};
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
        return consumer(::js_CreateConsumer, stream, how).value();
    }
    /// Changes a consumer, which must exist.
    consumer_info update_consumer(std::string_view stream, const consumer_config &how) const {
        return consumer(::js_UpdateConsumer, stream, how).value();
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
        detail::handle<::jsConsumerPauseResponse, ::jsConsumerPauseResponse_Destroy> answer;
        plain(stream, name, [&](auto *of, auto *n, auto *code) {
            return ::js_PauseConsumer(answer.out(), get(), of, n,
                                      static_cast<std::uint64_t>(detail::nanos(until)), nullptr, code);
        }).value();
    }
    /// The names of the consumers of a stream.
    std::vector<std::string> consumer_names(std::string_view stream) const {
        detail::texts t;
        const char *of = t(stream);
        if (t.bad())
            throw t.failure();
        detail::handle<::jsConsumerNamesList, ::jsConsumerNamesList_Destroy> list;
        ::jsErrCode code{};
        const status s = ::js_ConsumerNames(list.out(), get(), of, nullptr, &code);
        if (s == NATS_NOT_FOUND)
            return {};
        detail::outcome(s, code).value();
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
        plain(stream, {}, [&](auto *of, auto *, auto *code) {
            return (erase ? ::js_EraseMsg : ::js_DeleteMsg)(get(), of, sequence, nullptr, code);
        }).value();
    }

  protected:
    js_manager() noexcept = default;
    js_manager(js_manager &&) noexcept = default;
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
    detail::registered handler_;
    detail::handle<::jsCtx, ::jsCtx_Destroy> own_;
    connection_ref nc_;

  private:
    template <class F> result<nats::stream_info> stream(F function, const stream_config &how) const {
        detail::c_stream_config config(how);
        if (config.t.bad())
            return config.t.failure();
        detail::handle<::jsStreamInfo, ::jsStreamInfo_Destroy> info;
        ::jsErrCode code{};
        const status s = function(info.out(), get(), &config.out, nullptr, &code);
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
