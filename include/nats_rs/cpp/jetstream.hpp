/// @file
/// JetStream: nats::jetstream is a connection's way to streams.
#ifndef NATS_RS_CPP_JETSTREAM_HPP
#define NATS_RS_CPP_JETSTREAM_HPP

#include "js_manager.hpp"
#include "js_publish.hpp"
#include "js_subscribe.hpp"

namespace nats {

/// Options of a context.
struct jetstream_options {
    std::string_view domain = {}; ///< The domain; empty for that of the server.
    std::string_view prefix = {}; ///< The prefix of the API's subjects; empty for `$JS.API`.
    duration wait{0};             ///< How long calls wait for the server; 0 for the default.
    std::int64_t max_pending =
        0;                  ///< How many messages that were published asynchronously may await their acks.
    duration stall_wait{0}; ///< How long such a publish waits for room among them; 0 for 200 ms.

    /// Called with the outcome of each message that was published asynchronously: the ack or the reason why there is none,
    /// and the message, which the function owns. Calls are made one after another.
    std::function<void(result<publish_ack>, message)> on_ack = nullptr;
};

/// What a context does about messages that may not have been stored. As it is: nothing.
struct publish_policy {
    int no_responders_retries = 0;  ///< How often a message is published again if nobody is subscribed to it.
    duration no_responders_wait{0}; ///< The pause before that; 0 for 250 ms.
    bool resend_on_reconnect = false; ///< Whether those without an ack are published again after a reconnect.
    int max_resends = 0;              ///< How often in a row; 0 for 3.
};

/// A connection's way to streams. Any thread may use it. It keeps the connection alive, but not open. Calls wait for the
/// server, and fail with NATS_NO_RESPONDERS where JetStream is not enabled.
class jetstream : public js_manager {
  public:
    /// No context.
    jetstream() noexcept = default;
    /// A context. Nothing is sent yet.
    explicit jetstream(connection_ref nc, const jetstream_options &how = {})
        : jetstream(create(nc, how).value()) {}
    /// Takes over what the other one has, which then has nothing.
    jetstream(jetstream &&) noexcept = default;
    /// Releases what this one has, and takes over what the other one has.
    jetstream &operator=(jetstream &&) noexcept = default;
    /// Messages that await their acks are given up. Waits for a call of `on_ack` that is running, unless it is made
    /// there.
    ~jetstream() = default;

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
    /// Publishes a payload without waiting: `on_ack` gets the outcome. Waits if too many messages wait for their acks.
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
    /// Waits until all messages that were published asynchronously have their outcome, and `on_ack` has returned.
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
    std::vector<message> publish_async_pending() const { return try_publish_async_pending().value(); }
    /// As publish_async_pending(), with the failure in the result.
    result<std::vector<message>> try_publish_async_pending() const {
        ::natsMsgList list{};
        const status s = ::js_PublishAsyncGetPendingList(&list, get());
        if (s == NATS_NOT_FOUND)
            return std::vector<message>();
        if (s != NATS_OK)
            return error::last(s);
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
    /// What is done about messages that may not have been stored, from now on.
    void set_publish_policy(const publish_policy &how) const { try_set_publish_policy(how).value(); }
    /// As set_publish_policy(), with the failure in the result.
    result<void> try_set_publish_policy(const publish_policy &how) const {
        ::jsPubPolicy policy;
        ::jsPubPolicy_Init(&policy);
        policy.NoRespondersRetries = how.no_responders_retries;
        policy.NoRespondersWait = detail::millis(how.no_responders_wait);
        policy.ResendOnReconnect = how.resend_on_reconnect;
        policy.MaxResends = how.max_resends;
        return detail::outcome(::js_SetPubPolicy(get(), &policy));
    }
    /// Adds to a counter. `delta` is an integer of any size. Returns the new value.
    std::string add_to_counter(std::string_view subject, std::string_view delta) const {
        return try_add_to_counter(subject, delta).value();
    }
    /// As add_to_counter(), with the failure in the result.
    result<std::string> try_add_to_counter(std::string_view subject, std::string_view delta) const {
        detail::texts t;
        const char *s = t(subject), *d = t(delta);
        if (t.bad())
            return t.failure();
        detail::c_string value;
        ::jsErrCode code{};
        const status outcome = ::js_AddToCounter(value.out(), get(), s, d, nullptr, &code);
        if (outcome != NATS_OK)
            return error::last(outcome, code);
        return detail::string_of(value.get());
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
};

} // namespace nats

#endif
