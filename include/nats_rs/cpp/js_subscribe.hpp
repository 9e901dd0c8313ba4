/// @file
/// Subscriptions to streams: what their functions get, and pull subscriptions.
#ifndef NATS_RS_CPP_JS_SUBSCRIBE_HPP
#define NATS_RS_CPP_JS_SUBSCRIBE_HPP

#include "js_convert.hpp"
#include "subscription.hpp"

namespace nats {

/// How to subscribe to a stream.
struct js_subscribe_options {
    std::string_view stream = {};   ///< The stream; empty to find it by the subject.
    std::string_view consumer = {}; ///< A consumer to use, if it exists; empty for the durable name, or none.
    std::string_view queue = {};    ///< The queue group whose members share the messages.
    bool manual_ack = false;        ///< Whether the function acknowledges messages, and owns them.
    bool ordered = false;           ///< Whether all messages come once and in order.
    consumer_config config = {};    ///< How the consumer is to be.
    duration wait{0};               ///< How long to wait for the server; 0 for as long as the context says.
    std::function<void()> on_complete =
        nullptr; ///< Called when the subscription has ended (not with pull_options).
};

/// How the library asks for messages that go to a function.
struct pull_options {
    int fetch_size = 0;         ///< How many at a time; 0 for 128.
    int keep_ahead = 0;         ///< To ask for more while so many are on their way; 0 for when all have come.
    int max_messages = 0;       ///< After how many it ends; 0 for never.
    std::int64_t max_bytes = 0; ///< After how many bytes it ends; 0 for never.
    duration timeout{0};        ///< After which time it ends; 0 for never.
    bool no_wait = false;       ///< Whether to take what there is, and then end.
    duration heartbeat{0};      ///< How often the server is heard of; 0 for the default.
    std::string_view group = {};  ///< The priority group.
    std::int64_t min_pending = 0; ///< To be served only when so many are still to be delivered.

    /// Called at the end, after the last message: with NATS_OK if the program has ended the subscription, with
    /// NATS_MAX_DELIVERED_MSGS for the limits, and so on as for js_PullSubscribeAsync().
    std::function<void(status)> on_end = nullptr;
};

/// What to fetch.
struct fetch_options {
    int batch = 1;                    ///< How many messages at most.
    duration expires{0};              ///< How long to wait.
    std::int64_t max_bytes = 0;       ///< How many bytes at most; 0 for no limit.
    bool no_wait = false;             ///< Whether to take what there is.
    duration heartbeat{0};            ///< How often the server is heard of; 0 for never.
    std::string_view group = {};      ///< The priority group.
    std::string_view id = {};         ///< The id of the pinned client.
    std::int64_t min_pending = 0;     ///< To be served only when so many are still to be delivered.
    std::int64_t min_ack_pending = 0; ///< To be served only when so many await their ack.
    std::uint8_t priority = 0;        ///< The priority, with the policy `prioritized`.
};

/// A subscription to a stream whose messages the program fetches.
class pull_subscription : public subscription_ref {
  public:
    /// No subscription.
    pull_subscription() noexcept = default;
    /// Takes over a subscription of C.
    explicit pull_subscription(::natsSubscription *taken) noexcept : subscription_ref(taken) {}
    /// Takes over what the other one has, which then has nothing.
    pull_subscription(pull_subscription &&other) noexcept : subscription_ref(other.release()) {}
    /// Releases what this one has, and takes over what the other one has.
    pull_subscription &operator=(pull_subscription &&other) noexcept {
        if (this != &other) {
            end();
            raw_ = other.release();
        }
        return *this;
    }
    ~pull_subscription() { end(); }

    /// Fetches messages: those that are there, at most `batch`; if there is none, waits. Throws NATS_TIMEOUT if none
    /// has come in time.
    std::vector<message> fetch(int batch, duration timeout) const {
        return try_fetch(batch, timeout).value();
    }
    /// As fetch(), with the failure in the result.
    result<std::vector<message>> try_fetch(int batch, duration timeout) const {
        ::natsMsgList list{};
        ::jsErrCode code{};
        const status s = ::natsSubscription_Fetch(&list, raw_, batch, detail::millis(timeout), &code);
        if (s != NATS_OK)
            return error::last(s, code);
        return detail::messages_of(list);
    }
    /// Fetches messages as the options say: waits for the whole batch, unless there is a reason to end before.
    std::vector<message> fetch(const fetch_options &how) const { return try_fetch(how).value(); }
    /// As fetch(), with the failure in the result.
    result<std::vector<message>> try_fetch(const fetch_options &how) const {
        detail::texts t;
        ::jsFetchRequest request;
        ::jsFetchRequest_Init(&request);
        request.Batch = how.batch;
        request.Expires = how.expires.count();
        request.MaxBytes = how.max_bytes;
        request.NoWait = how.no_wait;
        request.Heartbeat = how.heartbeat.count();
        request.Group = t.optional(how.group);
        request.ID = t.optional(how.id);
        request.MinPending = how.min_pending;
        request.MinAckPending = how.min_ack_pending;
        request.Priority = how.priority;
        if (t.bad())
            return t.failure();
        ::natsMsgList list{};
        const status s = ::natsSubscription_FetchRequest(&list, raw_, &request);
        if (s != NATS_OK)
            return error::last(s);
        return detail::messages_of(list);
    }
    /// Ends the subscription. A consumer that was created for it stays, unless it was unsubscribed before.
    void end() noexcept { ::natsSubscription_Destroy(release()); }
    /// Gives the subscription away, which the caller then has to destroy.
    ::natsSubscription *release() noexcept { return std::exchange(raw_, nullptr); }
};

/// The consumer of a subscription to a stream.
inline result<consumer_info> try_consumer_of(const subscription_ref &sub) {
    detail::handle<::jsConsumerInfo, ::jsConsumerInfo_Destroy> info;
    ::jsErrCode code{};
    const status s = ::natsSubscription_GetConsumerInfo(info.out(), sub.get(), nullptr, &code);
    if (s != NATS_OK)
        return error::last(s, code);
    return detail::info_of(*info.get());
}
/// The consumer of a subscription to a stream.
inline consumer_info consumer_of(const subscription_ref &sub) { return try_consumer_of(sub).value(); }

namespace detail {

/// Who acknowledges the messages of a stream.
enum class acks { automatic, manual, library };

/// A function of the program that gets messages of a stream.
template <class F> class js_cell final : public subscription_cell {
  public:
    static constexpr bool takes_owned =
        std::is_invocable_v<F &, message &&> || std::is_invocable_v<F &, message &&, subscription_ref>;
    static constexpr bool takes_borrowed = std::is_invocable_v<F &, const message &> ||
                                           std::is_invocable_v<F &, const message &, subscription_ref>;
    static_assert(takes_owned || takes_borrowed,
                  "the function must take a nats::message, a const nats::message & or a "
                  "nats::message_view, and may take a nats::subscription_ref");

    template <class G>
    js_cell(scope *home, G &&f, acks by)
        : subscription_cell(home), function_(std::in_place, std::forward<G>(f)), by_(by) {}
    void when_ended(std::function<void(status)> f) { on_end_ = std::move(f); }

    static void on_message(::natsConnection *, ::natsSubscription *sub, ::natsMsg *msg,
                           void *closure) noexcept {
        js_cell &me = *static_cast<js_cell *>(static_cast<cell *>(closure));
        message owned(msg);
        {
            const call running(me);
            if (running)
                me.deliver(owned, subscription_ref(sub));
        }
        if (me.by_ == acks::library)
            static_cast<void>(owned.release());
    }
    static void on_ended(::natsConnection *, ::natsSubscription *, status s, void *closure) noexcept {
        js_cell &me = *static_cast<js_cell *>(static_cast<cell *>(closure));
        {
            const call running(me);
            if (running && me.on_end_)
                guarded("the end callback of a pull subscription", [&] { me.on_end_(s); });
        }
        me.complete();
    }

  protected:
    void forget() noexcept override {
        function_.reset();
        on_end_ = nullptr;
        subscription_cell::forget();
    }

  private:
    void deliver(message &msg, subscription_ref sub) noexcept {
        if (by_ == acks::manual) {
            guarded("a message callback", [&] {
                if constexpr (std::is_invocable_v<F &, message &&, subscription_ref>)
                    (*function_)(std::move(msg), sub);
                else if constexpr (std::is_invocable_v<F &, message &&>)
                    (*function_)(std::move(msg));
            });
            return;
        }
        const bool done = guarded("a message callback", [&] {
            if constexpr (std::is_invocable_v<F &, const message &, subscription_ref>)
                (*function_)(std::as_const(msg), sub);
            else if constexpr (std::is_invocable_v<F &, const message &>)
                (*function_)(std::as_const(msg));
        });
        // One that threw is not acknowledged: it is delivered again when its time is over. So is one whose ack cannot
        // be sent.
        if (done && by_ == acks::automatic)
            ::natsMsg_Ack(msg.get(), nullptr);
    }

    std::optional<F> function_;
    std::function<void(status)> on_end_;
    acks by_;
};

/// The options of C for subscribing to a stream.
class c_subscribe_options {
  public:
    explicit c_subscribe_options(const js_subscribe_options &from, bool callback) {
        ::jsSubOptions_Init(&sub);
        config_.fill(&sub.Config, from.config);
        sub.Stream = t().optional(from.stream);
        sub.Consumer = t().optional(from.consumer);
        sub.Queue = t().optional(from.queue);
        sub.Ordered = from.ordered;
        // With flow control the library acknowledges what the function has had, many messages at once.
        by = from.config.ack_policy == js_AckFlowControl ? acks::library
             : from.manual_ack                           ? acks::manual
                                                         : acks::automatic;
        sub.ManualAck = callback && by != acks::library;
        ::jsOptions_Init(&options);
        options.Wait = millis(from.wait);
    }
    texts &t() noexcept { return config_.t; }
    /// Whether the function can be called so.
    template <class F> bool suits() const noexcept {
        return by == acks::manual ? js_cell<F>::takes_owned : js_cell<F>::takes_borrowed;
    }
    static error unsuitable() {
        return error(NATS_INVALID_ARG, "a function that takes a nats::message over needs manual_ack");
    }
    ::jsSubOptions sub{};
    ::jsOptions options{};
    acks by = acks::automatic;

  private:
    c_consumer_config config_;
};

} // namespace detail
} // namespace nats

#endif
