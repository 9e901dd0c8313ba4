/// @file
/// JetStream: nats::jetstream is a connection's way to streams.
#ifndef NATS_RS_CPP_JETSTREAM_HPP
#define NATS_RS_CPP_JETSTREAM_HPP

#include "connection.hpp"
#include "js_publish.hpp"
#include "js_subscribe.hpp"

namespace nats {

/// How a context works.
struct jetstream_options {
    std::string_view domain = {}; ///< The domain; empty for that of the server.
    std::string_view prefix = {}; ///< The prefix of the API's subjects; empty for `$JS.API`.
    duration wait{0};             ///< How long calls wait for the server; 0 for the default.
    std::int64_t max_pending =
        0;                  ///< How many messages that were published asynchronously may await their acks.
    duration stall_wait{0}; ///< How long such a publish waits for room among them; 0 for 200 ms.
    /// Is told what became of each message that was published asynchronously: its ack or why there is none, and the
    /// message, which it owns. Calls come one after another.
    std::function<void(result<publish_ack>, message)> on_ack = nullptr;
};

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

/// A connection's way to streams. Any thread may use it. It keeps the connection alive, but not open. Calls wait for the
/// server, and fail with NATS_NO_RESPONDERS where JetStream is not enabled.
class jetstream {
  public:
    /// No context.
    jetstream() noexcept = default;
    /// A context. Nothing is sent yet.
    explicit jetstream(connection_ref nc, const jetstream_options &how = {})
        : jetstream(create(nc, how).value()) {}
    jetstream(jetstream &&) noexcept = default;
    jetstream &operator=(jetstream &&other) noexcept {
        if (this != &other) {
            own_.reset(other.own_.release());
            handler_ = std::move(other.handler_);
            nc_ = std::move(other.nc_);
        }
        return *this;
    }
    /// Messages that await their acks are given up. Waits for a call of `on_ack` that is running, unless it is made
    /// there.
    ~jetstream() { own_.reset(); }

    /// As the constructor, with the failure in the result.
    static result<jetstream> create(connection_ref nc, const jetstream_options &how = {}) {
        jetstream made;
        detail::texts t;
        ::jsOptions options;
        ::jsOptions_Init(&options);
        options.Domain = t.optional(how.domain);
        options.Prefix = t.optional(how.prefix);
        options.Wait = detail::millis(how.wait);
        options.PublishAsync.MaxPending = how.max_pending;
        options.PublishAsync.StallWait = detail::millis(how.stall_wait);
        if (t.bad())
            return t.failure();
        if (how.on_ack) {
            made.handler_ = detail::registered(std::make_shared<ack_cell>(how.on_ack));
            options.PublishAsync.AckHandler = on_ack;
            options.PublishAsync.AckHandlerClosure = made.handler_.closure();
        }
        const status s = ::natsConnection_JetStream(made.own_.out(), nc.get(), &options);
        if (s != NATS_OK)
            return error::last(s);
        made.nc_ = nc;
        made.handler_.open();
        return made;
    }
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

    /// Publishes a payload, and waits until a stream has stored it.
    publish_ack publish(std::string_view subject, bytes data, const publish_options &how = {}) const {
        return try_publish(subject, data, how).value();
    }
    /// As publish(), with the failure in the result.
    result<publish_ack> try_publish(std::string_view subject, bytes data,
                                    const publish_options &how = {}) const {
        result<message> msg = message::create(subject, data);
        if (!msg)
            return msg.error();
        return try_publish(*msg, how);
    }
    /// Publishes a message, which stays the caller's. Headers that the options stand for are set on it.
    publish_ack publish(message_view msg, const publish_options &how = {}) const {
        return try_publish(msg, how).value();
    }
    /// As publish(), with the failure in the result.
    result<publish_ack> try_publish(message_view msg, const publish_options &how = {}) const {
        detail::c_publish_options options(how);
        detail::c_ack ack;
        ::jsErrCode code{};
        status s = prepared(msg.get(), options);
        if (s == NATS_OK)
            s = ::js_PublishMsg(ack.out(), get(), msg.get(), &options.out, &code);
        return options.t.bad() ? options.t.failure() : detail::acked(s, ack, code);
    }
    /// Publishes a payload without waiting: `on_ack` is told what became of it. Waits for room among those that wait.
    void publish_async(std::string_view subject, bytes data, const publish_options &how = {}) const {
        try_publish_async(subject, data, how).value();
    }
    /// As publish_async(), with the failure in the result.
    result<void> try_publish_async(std::string_view subject, bytes data,
                                   const publish_options &how = {}) const {
        result<message> msg = message::create(subject, data);
        if (!msg)
            return msg.error();
        return try_publish_async(*msg, how);
    }
    /// Publishes a message without waiting. It is taken over; with a failure it stays the caller's.
    void publish_async(message &&msg, const publish_options &how = {}) const {
        try_publish_async(msg, how).value();
    }
    /// As publish_async(), with the failure in the result.
    result<void> try_publish_async(message &msg, const publish_options &how = {}) const {
        detail::c_publish_options options(how);
        ::natsMsg *raw = msg.get();
        status s = prepared(raw, options);
        if (options.t.bad())
            return options.t.failure();
        if (s == NATS_OK)
            s = ::js_PublishMsgAsync(get(), &raw, &options.out);
        if (s == NATS_OK)
            static_cast<void>(msg.release());
        return detail::outcome(s);
    }
    /// Waits until all messages that were published asynchronously have their acks, and `on_ack` knows.
    void publish_async_complete(duration timeout = forever) const {
        try_publish_async_complete(timeout).value();
    }
    /// As publish_async_complete(), with the failure in the result.
    result<void> try_publish_async_complete(duration timeout = forever) const {
        ::jsPubOptions options;
        ::jsPubOptions_Init(&options);
        options.MaxWait = detail::millis_or_unlimited(timeout);
        return detail::outcome(::js_PublishAsyncComplete(get(), &options));
    }
    /// Takes the messages whose acks have not come.
    std::vector<message> publish_async_pending() const {
        ::natsMsgList list{};
        const status s = ::js_PublishAsyncGetPendingList(&list, get());
        if (s == NATS_NOT_FOUND)
            return {};
        detail::outcome(s).value();
        return detail::messages_of(list);
    }
    /// Begins an atomic batch with its first message. The stream needs `allow_atomic`.
    atomic_batch begin_batch(message_view first, const publish_options &how = {}) const {
        return try_begin_batch(first, how).value();
    }
    /// As begin_batch(), with the failure in the result.
    result<atomic_batch> try_begin_batch(message_view first, const publish_options &how = {}) const {
        detail::c_publish_options options(how);
        if (options.t.bad())
            return options.t.failure();
        ::jsAtomicBatchCtx *raw = nullptr;
        ::jsErrCode code{};
        const status s = ::js_BatchPublishStart(&raw, nullptr, get(), first.get(), &options.out, &code);
        atomic_batch made(raw);
        if (s != NATS_OK)
            return error::last(s, code);
        return made;
    }
    /// Begins a fast batch. The stream needs `allow_batched`.
    fast_batch begin_fast_batch() const { return try_begin_fast_batch().value(); }
    /// As begin_fast_batch(), with the failure in the result.
    result<fast_batch> try_begin_fast_batch() const {
        ::jsFastBatchCtx *raw = nullptr;
        const status s = ::js_FastPublishStart(&raw, get(), nullptr);
        if (s != NATS_OK)
            return error::last(s);
        return fast_batch(raw);
    }
    /// Adds to a counter. `delta` is an integer of any size. Returns the new value.
    std::string add_to_counter(std::string_view subject, std::string_view delta) const {
        detail::texts t;
        const char *s = t(subject), *d = t(delta);
        if (t.bad())
            throw t.failure();
        detail::c_string value;
        ::jsErrCode code{};
        const status outcome = ::js_AddToCounter(value.out(), get(), s, d, nullptr, &code);
        detail::outcome(outcome, code).value();
        return detail::string_of(value.get());
    }

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

    /// Subscribes to a stream with a function. A message is acknowledged when the function returns; one that it throws
    /// for is not, and is delivered again. Such a function takes a nats::message_view or a const nats::message &. With
    /// `manual_ack` the function acknowledges, and may take the nats::message over.
    template <class F>
    subscription subscribe(std::string_view subject, F &&f, const js_subscribe_options &how = {}) const {
        return try_subscribe(subject, std::forward<F>(f), how).value();
    }
    /// As subscribe(), with the failure in the result.
    template <class F>
    result<subscription> try_subscribe(std::string_view subject, F &&f,
                                       const js_subscribe_options &how = {}) const {
        using cell = detail::js_cell<std::decay_t<F>>;
        detail::c_subscribe_options options(how, true);
        const char *on = options.t().optional(subject);
        if (options.t().bad())
            return detail::texts::failure();
        if (!detail::callable(f))
            return detail::nothing_to_call();
        if (!options.template suits<std::decay_t<F>>())
            return detail::c_subscribe_options::unsuitable();
        auto *c = new cell(nc_.home(), std::forward<F>(f), options.by);
        c->when_complete(how.on_complete);
        ::natsSubscription *sub = nullptr;
        ::jsErrCode code{};
        const status s = ::js_Subscribe(&sub, get(), on, cell::on_message, static_cast<detail::cell *>(c),
                                        &options.options, &options.sub, &code);
        return detail::subscribed(s, sub, c, code);
    }
    /// Subscribes to a stream; sync_subscription::next() returns the messages, which the program acknowledges.
    sync_subscription subscribe_sync(std::string_view subject, const js_subscribe_options &how = {}) const {
        return try_subscribe_sync(subject, how).value();
    }
    /// As subscribe_sync(), with the failure in the result.
    result<sync_subscription> try_subscribe_sync(std::string_view subject,
                                                 const js_subscribe_options &how = {}) const {
        return without_function<sync_subscription>(
            subject, how, [this](auto **sub, auto *on, auto &o, auto *code) {
                return ::js_SubscribeSync(sub, get(), on, &o.options, &o.sub, code);
            });
    }
    /// Subscribes to a stream; pull_subscription::fetch() asks for messages, which the program acknowledges. An empty
    /// `durable` stands for a consumer that ends some time after its subscription.
    pull_subscription pull_subscribe(std::string_view subject, std::string_view durable,
                                     const js_subscribe_options &how = {}) const {
        return try_pull_subscribe(subject, durable, how).value();
    }
    /// As pull_subscribe(), with the failure in the result.
    result<pull_subscription> try_pull_subscribe(std::string_view subject, std::string_view durable,
                                                 const js_subscribe_options &how = {}) const {
        detail::texts t;
        const char *d = durable_name(t, durable, how);
        if (t.bad())
            return t.failure();
        return without_function<pull_subscription>(
            subject, how, [&](auto **sub, auto *on, auto &o, auto *code) {
                return ::js_PullSubscribe(sub, get(), on, d, &o.options, &o.sub, code);
            });
    }
    /// Subscribes to a stream by a pull consumer, whose messages go to a function as with subscribe(). The library
    /// asks for them, ahead of the function.
    template <class F>
    subscription consume(std::string_view subject, std::string_view durable, F &&f,
                         const pull_options &pull = {}, const js_subscribe_options &how = {}) const {
        return try_consume(subject, durable, std::forward<F>(f), pull, how).value();
    }
    /// As consume(), with the failure in the result.
    template <class F>
    result<subscription> try_consume(std::string_view subject, std::string_view durable, F &&f,
                                     const pull_options &pull = {},
                                     const js_subscribe_options &how = {}) const {
        using cell = detail::js_cell<std::decay_t<F>>;
        detail::c_subscribe_options options(how, true);
        const char *on = options.t().optional(subject), *d = durable_name(options.t(), durable, how);
        ::jsOptionsPullSubscribeAsync &p = options.options.PullSubscribeAsync;
        p.FetchSize = pull.fetch_size;
        p.KeepAhead = pull.keep_ahead;
        p.MaxMessages = pull.max_messages;
        p.MaxBytes = pull.max_bytes;
        p.Timeout = detail::millis(pull.timeout);
        p.NoWait = pull.no_wait;
        p.Heartbeat = detail::millis(pull.heartbeat);
        p.Group = options.t().optional(pull.group);
        p.MinPending = pull.min_pending;
        if (options.t().bad())
            return detail::texts::failure();
        if (!detail::callable(f))
            return detail::nothing_to_call();
        if (!options.template suits<std::decay_t<F>>())
            return detail::c_subscribe_options::unsuitable();
        auto *c = new cell(nc_.home(), std::forward<F>(f), options.by);
        auto mine = detail::counted<detail::cell>::share(c);
        c->when_complete(how.on_complete);
        c->when_ended(pull.on_end);
        c->home()->add(c);
        p.CompleteHandler = cell::on_ended;
        p.CompleteHandlerClosure = static_cast<detail::cell *>(c);
        ::natsSubscription *sub = nullptr;
        ::jsErrCode code{};
        const status s =
            ::js_PullSubscribeAsync(&sub, get(), on, d, cell::on_message, p.CompleteHandlerClosure,
                                    &options.options, &options.sub, &code);
        if (s != NATS_OK) {
            error why = error::last(s, code);
            c->shut();
            if (!detail::may_have_begun(s))
                c->home()->ended(c);
            return why;
        }
        subscription made(sub, std::move(mine));
        c->open();
        return made;
    }

  private:
    using ack_function = std::function<void(result<publish_ack>, message)>;
    using ack_cell = detail::function_cell<ack_function>;

    static void on_ack(::jsCtx *, ::natsMsg *msg, ::jsPubAck *ack, ::jsPubAckErr *err,
                       void *closure) noexcept {
        message owned(msg);
        const std::shared_ptr<detail::cell> found = detail::registry::find(closure);
        if (!found)
            return;
        const detail::cell::call running(*found);
        if (!running)
            return;
        detail::guarded("the ack handler of a context", [&] {
            ack_function &f = static_cast<ack_cell &>(*found).function();
            if (err != nullptr)
                f(error(err->Err, err->ErrText == nullptr ? text_of(err->Err) : err->ErrText, err->ErrCode),
                  std::move(owned));
            else
                f(detail::ack_of(*ack), std::move(owned));
        });
    }
    static status prepared(::natsMsg *msg, const detail::c_publish_options &options) {
        if (options.t.bad())
            return NATS_INVALID_ARG;
        return options.expects_empty() ? ::natsMsg_ExpectLastSeq(msg, 0) : NATS_OK;
    }
    static const char *durable_name(detail::texts &t, std::string_view durable,
                                    const js_subscribe_options &how) {
        if (!durable.empty())
            return t(durable);
        // An empty name asks for a consumer without one; NULL for what the options have.
        return how.config.durable.empty() && how.consumer.empty() ? "" : nullptr;
    }
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
    template <class S, class F>
    result<S> without_function(std::string_view subject, const js_subscribe_options &how,
                               F &&function) const {
        detail::c_subscribe_options options(how, false);
        const char *on = options.t().optional(subject);
        if (options.t().bad())
            return detail::texts::failure();
        ::natsSubscription *sub = nullptr;
        ::jsErrCode code{};
        const status s = function(&sub, on, options, &code);
        if (s != NATS_OK)
            return error::last(s, code);
        return S(sub);
    }

    // The context goes first: then no call of the handler begins.
    detail::registered handler_;
    detail::handle<::jsCtx, ::jsCtx_Destroy> own_;
    connection_ref nc_;
};

} // namespace nats

#endif
