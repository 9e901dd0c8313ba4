/// @file
/// Connections: nats::connect(), nats::connection, and nats::connection_ref, which has all that can be done with one.
#ifndef NATS_RS_CPP_CONNECTION_HPP
#define NATS_RS_CPP_CONNECTION_HPP

#include "options.hpp"
#include "request.hpp"

namespace nats {

/// How to subscribe.
struct subscribe_options {
    std::string_view queue = {}; ///< The queue group whose members share the messages; empty for none.
    duration timeout{0};         ///< After this time without a message the function gets an empty one.
    int max_messages = 0;        ///< The length of lists for subscribe_batches(); 0 for the default.
    std::function<void()> on_complete =
        nullptr; ///< Called when the subscription has ended and its function has run.
};

/// What a connection has sent and received.
struct connection_statistics {
    std::uint64_t in_messages;  ///< Messages received.
    std::uint64_t in_bytes;     ///< Their bytes.
    std::uint64_t out_messages; ///< Messages sent.
    std::uint64_t out_bytes;    ///< Their bytes.
    std::uint64_t reconnects;   ///< How often it was connected again.
};

/// A connection that somebody else owns. Copies stand for the same one. Any thread may use it at any time; in callbacks
/// too.
class connection_ref {
  public:
    /// No connection.
    connection_ref() noexcept = default;
    /// A connection that was made by C.
    explicit connection_ref(::natsConnection *raw) noexcept
        : raw_(raw), scope_(detail::counted<detail::scope>::share(detail::unknown_scope())) {}

    /// The handle of C; NULL for none.
    ::natsConnection *get() const noexcept { return raw_; }
    /// Whether there is a connection.
    explicit operator bool() const noexcept { return raw_ != nullptr; }

    /// Publishes a payload. It is written soon, together with others.
    void publish(std::string_view subject, bytes data = {}, std::string_view reply = {}) const {
        try_publish(subject, data, reply).value();
    }
    /// As publish(), with the failure in the result.
    result<void> try_publish(std::string_view subject, bytes data = {}, std::string_view reply = {}) const {
        return sent(reply.empty() ? nullptr : ::natsConnection_PublishRequest, ::natsConnection_Publish,
                    subject, data, reply);
    }
    /// Publishes a message with its headers. It stays the caller's.
    void publish(message_view msg) const { try_publish(msg).value(); }
    /// As publish(), with the failure in the result.
    result<void> try_publish(message_view msg) const {
        return detail::outcome(::natsConnection_PublishMsg(raw_, msg.get()));
    }
    /// Publishes a payload, and has it written before it returns.
    void send(std::string_view subject, bytes data = {}, std::string_view reply = {}) const {
        try_send(subject, data, reply).value();
    }
    /// As send(), with the failure in the result.
    result<void> try_send(std::string_view subject, bytes data = {}, std::string_view reply = {}) const {
        return sent(reply.empty() ? nullptr : ::natsConnection_SendRequest, ::natsConnection_Send, subject,
                    data, reply);
    }
    /// Answers a request: publishes on its reply subject.
    void respond(message_view request, bytes data) const { try_respond(request, data).value(); }
    /// As respond(), with the failure in the result.
    result<void> try_respond(message_view request, bytes data) const {
        return try_publish(request.reply(), data);
    }

    /// Sends a request and waits for the first reply. Throws NATS_NO_RESPONDERS if nobody listens, NATS_TIMEOUT if
    /// none comes in time.
    message request(std::string_view subject, bytes data, duration timeout) const {
        return try_request(subject, data, timeout).value();
    }
    /// As request(), with the failure in the result.
    result<message> try_request(std::string_view subject, bytes data, duration timeout) const {
        detail::texts t;
        const char *s = t(subject);
        if (t.bad())
            return t.failure();
        if (!detail::fits(data.size()))
            return detail::too_long();
        ::natsMsg *reply = nullptr;
        const status outcome = ::natsConnection_Request(&reply, raw_, s, data.data(), detail::length(data),
                                                        detail::millis_or_unlimited(timeout));
        if (outcome != NATS_OK)
            return error::last(outcome);
        return message(reply);
    }
    /// The same with a message, which may have headers and stays the caller's.
    message request(message_view msg, duration timeout) const { return try_request(msg, timeout).value(); }
    /// As request(), with the failure in the result.
    result<message> try_request(message_view msg, duration timeout) const {
        ::natsMsg *reply = nullptr;
        const status s =
            ::natsConnection_RequestMsg(&reply, raw_, msg.get(), detail::millis_or_unlimited(timeout));
        if (s != NATS_OK)
            return error::last(s);
        return message(reply);
    }
    /// Sends a request, and returns at once. The future has the reply, or a nats::error. No thread is started.
    std::future<message> request_async(std::string_view subject, bytes data, duration timeout) const {
        return try_request_async(subject, data, timeout).value();
    }
    /// As request_async(), with a failure to send in the result.
    result<std::future<message>> try_request_async(std::string_view subject, bytes data,
                                                   duration timeout) const {
        result<message> msg = message::create(subject, data);
        if (!msg)
            return msg.error();
        return try_request_async(*msg, timeout);
    }
    /// The same with a message, which stays the caller's.
    std::future<message> request_async(message_view msg, duration timeout) const {
        return try_request_async(msg, timeout).value();
    }
    /// As request_async(), with a failure to send in the result.
    result<std::future<message>> try_request_async(message_view msg, duration timeout) const {
        auto *c = new detail::promise_reply_cell(home());
        std::future<message> reply = c->future();
        result<void> sent = detail::request_async(raw_, home(), msg, timeout, c);
        if (!sent)
            return sent.error();
        return reply;
    }
    /// The same with a function, which is called once with a nats::result<nats::message>, on a thread of the library.
    template <class F> void request_async(message_view msg, duration timeout, F &&f) const {
        try_request_async(msg, timeout, std::forward<F>(f)).value();
    }
    /// As request_async(), with a failure to send in the result; the function is not called then.
    template <class F> result<void> try_request_async(message_view msg, duration timeout, F &&f) const {
        if (!detail::callable(f))
            return detail::nothing_to_call();
        using cell = detail::function_reply_cell<std::decay_t<F>>;
        return detail::request_async(raw_, home(), msg, timeout, new cell(home(), std::forward<F>(f)));
    }
    /// Sends a request and gathers its replies, which may be none. An exception of `how.is_last` comes through.
    std::vector<message> request_many(message_view msg, const many_options &how = {}) const {
        return try_request_many(msg, how).value();
    }
    /// As request_many(), with the failure in the result.
    result<std::vector<message>> try_request_many(message_view msg, const many_options &how = {}) const {
        return detail::request_many(raw_, msg, how);
    }

    /// Subscribes with a function, which gets each message: `[](nats::message m)`, or
    /// `[](nats::message m, nats::subscription_ref s)`. It runs on a thread of the library, for one message at a time.
    template <class F>
    subscription subscribe(std::string_view subject, F &&f, const subscribe_options &how = {}) const {
        return try_subscribe(subject, std::forward<F>(f), how).value();
    }
    /// As subscribe(), with the failure in the result.
    template <class F>
    result<subscription> try_subscribe(std::string_view subject, F &&f,
                                       const subscribe_options &how = {}) const {
        using cell = detail::message_cell<std::decay_t<F>>;
        detail::texts t;
        const char *s = t(subject), *q = t.optional(how.queue);
        if (t.bad())
            return t.failure();
        if (!detail::callable(f))
            return detail::nothing_to_call();
        auto *c = new cell(home(), std::forward<F>(f));
        c->when_complete(how.on_complete);
        void *closure = static_cast<detail::cell *>(c);
        const std::int64_t timeout = detail::millis(how.timeout);
        ::natsSubscription *sub = nullptr;
        status outcome = NATS_OK;
        if (q == nullptr && timeout == 0)
            outcome = ::natsConnection_Subscribe(&sub, raw_, s, cell::on_message, closure);
        else if (q == nullptr)
            outcome = ::natsConnection_SubscribeTimeout(&sub, raw_, s, timeout, cell::on_message, closure);
        else if (timeout == 0)
            outcome = ::natsConnection_QueueSubscribe(&sub, raw_, s, q, cell::on_message, closure);
        else
            outcome =
                ::natsConnection_QueueSubscribeTimeout(&sub, raw_, s, q, timeout, cell::on_message, closure);
        return detail::subscribed(outcome, sub, c);
    }
    /// Subscribes with a function that gets messages in lists: `[](std::vector<nats::message> batch)`, with what waits
    /// when it is called. An empty list says that the timeout has passed.
    template <class F>
    subscription subscribe_batches(std::string_view subject, F &&f, const subscribe_options &how = {}) const {
        return try_subscribe_batches(subject, std::forward<F>(f), how).value();
    }
    /// As subscribe_batches(), with the failure in the result.
    template <class F>
    result<subscription> try_subscribe_batches(std::string_view subject, F &&f,
                                               const subscribe_options &how = {}) const {
        using cell = detail::batch_cell<std::decay_t<F>>;
        detail::texts t;
        const char *s = t(subject);
        ::natsSubscribeMsgsOptions options;
        ::natsSubscribeMsgsOptions_Init(&options);
        options.Queue = t.optional(how.queue);
        options.Timeout = detail::millis(how.timeout);
        if (how.max_messages != 0)
            options.MaxMsgs = how.max_messages;
        if (t.bad())
            return t.failure();
        if (!detail::callable(f))
            return detail::nothing_to_call();
        auto *c = new cell(home(), std::forward<F>(f));
        c->when_complete(how.on_complete);
        ::natsSubscription *sub = nullptr;
        const status outcome = ::natsConnection_SubscribeMsgs(&sub, raw_, s, &options, cell::on_messages,
                                                              static_cast<detail::cell *>(c));
        return detail::subscribed(outcome, sub, c);
    }
    /// Subscribes without a function: sync_subscription::next() returns the messages.
    sync_subscription subscribe_sync(std::string_view subject, std::string_view queue = {}) const {
        return try_subscribe_sync(subject, queue).value();
    }
    /// As subscribe_sync(), with the failure in the result.
    result<sync_subscription> try_subscribe_sync(std::string_view subject,
                                                 std::string_view queue = {}) const {
        detail::texts t;
        const char *s = t(subject), *q = t.optional(queue);
        if (t.bad())
            return t.failure();
        ::natsSubscription *sub = nullptr;
        const status outcome = q == nullptr ? ::natsConnection_SubscribeSync(&sub, raw_, s)
                                            : ::natsConnection_QueueSubscribeSync(&sub, raw_, s, q);
        if (outcome != NATS_OK)
            return error::last(outcome);
        return sync_subscription(sub);
    }

    /// Waits until the server has processed everything that was sent.
    void flush(duration timeout = std::chrono::seconds(10)) const { try_flush(timeout).value(); }
    /// As flush(), with the failure in the result.
    result<void> try_flush(duration timeout = std::chrono::seconds(10)) const {
        return detail::outcome(::natsConnection_FlushTimeout(raw_, detail::millis(timeout)));
    }
    /// The time that a question to the server and its answer take.
    duration round_trip() const { return try_round_trip().value(); }
    /// As round_trip(), with the failure in the result.
    result<duration> try_round_trip() const {
        std::int64_t nanos = 0;
        const status s = ::natsConnection_GetRTT(raw_, &nanos);
        if (s != NATS_OK)
            return error::last(s);
        return duration(nanos);
    }
    /// Ends the subscriptions when they have delivered what has arrived, then closes. Does not wait: options::on_closed
    /// tells the end.
    void drain(duration timeout = std::chrono::seconds(30)) const { try_drain(timeout).value(); }
    /// As drain(), with the failure in the result.
    result<void> try_drain(duration timeout = std::chrono::seconds(30)) const {
        return detail::outcome(::natsConnection_DrainTimeout(raw_, detail::millis_or_unlimited(timeout)));
    }
    /// Closes the connection.
    void close() const noexcept { ::natsConnection_Close(raw_); }
    /// Gives the server up and connects again.
    void reconnect() const { try_reconnect().value(); }
    /// As reconnect(), with the failure in the result.
    result<void> try_reconnect() const { return detail::outcome(::natsConnection_Reconnect(raw_)); }
    /// Replaces the list of servers.
    void servers(const std::vector<std::string> &urls) const { try_servers(urls).value(); }
    /// As servers(), with the failure in the result.
    result<void> try_servers(const std::vector<std::string> &urls) const {
        detail::texts t;
        const char **list = t.list(urls);
        if (t.bad())
            return t.failure();
        return detail::outcome(::natsConnection_SetServers(raw_, list, static_cast<int>(urls.size())));
    }

    /// The state.
    ::natsConnStatus state() const noexcept { return ::natsConnection_Status(raw_); }
    /// Whether it is closed.
    bool is_closed() const noexcept { return ::natsConnection_IsClosed(raw_); }
    /// Whether it is being connected again.
    bool is_reconnecting() const noexcept { return ::natsConnection_IsReconnecting(raw_); }
    /// Whether it drains.
    bool is_draining() const noexcept { return ::natsConnection_IsDraining(raw_); }
    /// The name that the options have.
    std::string name() const { return detail::string_of(::natsConnection_GetName(raw_)); }
    /// The URL of the server, without credentials.
    std::string url() const { return written(::natsConnection_GetConnectedUrl); }
    /// The id of the server.
    std::string server_id() const { return written(::natsConnection_GetConnectedServerId); }
    /// The name of the server.
    std::string server_name() const { return written(::natsConnection_GetServerName); }
    /// The version of the server.
    std::string server_version() const { return written(::natsConnection_GetServerVersion); }
    /// The cluster of the server; empty for none.
    std::string server_cluster() const { return written(::natsConnection_GetServerCluster); }
    /// The servers that may be connected to.
    std::vector<std::string> servers() const { return listed(::natsConnection_GetServers); }
    /// Those of them that the cluster has told of.
    std::vector<std::string> discovered_servers() const {
        return listed(::natsConnection_GetDiscoveredServers);
    }
    /// The number that the server has for this client.
    std::uint64_t client_id() const {
        std::uint64_t id = 0;
        detail::outcome(::natsConnection_GetClientID(raw_, &id)).value();
        return id;
    }
    /// How large a message may be for the server.
    std::int64_t max_payload() const noexcept { return ::natsConnection_GetMaxPayload(raw_); }
    /// The number of bytes that have not been written.
    int buffered() const noexcept { return ::natsConnection_Buffered(raw_); }
    /// The number of subscriptions.
    int subscription_count() const {
        int count = 0;
        detail::outcome(::natsConnection_GetSubscriptionCount(raw_, &count)).value();
        return count;
    }
    /// What it has sent and received.
    connection_statistics statistics() const {
        detail::handle<::natsStatistics, ::natsStatistics_Destroy> of;
        connection_statistics out{};
        detail::outcome(::natsStatistics_Create(of.out())).value();
        detail::outcome(::natsConnection_GetStats(raw_, of.get())).value();
        detail::outcome(::natsStatistics_GetCounts(of.get(), &out.in_messages, &out.in_bytes,
                                                   &out.out_messages, &out.out_bytes, &out.reconnects))
            .value();
        return out;
    }

    /// The descriptor that is readable while callbacks wait, with options::manual_dispatch().
    ::natsSock dispatch_fd() const {
        ::natsSock fd = -1;
        detail::outcome(::natsConnection_GetDispatchFd(raw_, &fd)).value();
        return fd;
    }
    /// Runs the callbacks that wait, at most `max` of them; 0 for no limit. Returns how many have run.
    int dispatch(int max = 0) const { return try_dispatch(max).value(); }
    /// As dispatch(), with the failure in the result.
    result<int> try_dispatch(int max = 0) const {
        int ran = 0;
        const status s = ::natsConnection_Dispatch(raw_, max, &ran);
        if (s != NATS_OK)
            return error::last(s);
        return ran;
    }

    /// @cond
    connection_ref(::natsConnection *raw, detail::scope *home) noexcept
        : raw_(raw), scope_(detail::counted<detail::scope>::share(home)) {}
    detail::scope *home() const noexcept { return scope_ ? scope_.get() : detail::unknown_scope(); }
    /// @endcond

  private:
    using with_reply = status (*)(::natsConnection *, const char *, const char *, const void *, int);
    using without_reply = status (*)(::natsConnection *, const char *, const void *, int);
    result<void> sent(with_reply with, without_reply without, std::string_view subject, bytes data,
                      std::string_view reply) const {
        detail::texts t;
        const char *s = t(subject), *r = t(reply);
        if (t.bad())
            return t.failure();
        if (!detail::fits(data.size()))
            return detail::too_long();
        return detail::outcome(with == nullptr ? without(raw_, s, data.data(), detail::length(data))
                                               : with(raw_, s, r, data.data(), detail::length(data)));
    }
    std::string written(status (*function)(::natsConnection *, char *, std::size_t)) const {
        char text[1024] = "";
        detail::outcome(function(raw_, text, sizeof(text))).value();
        return text;
    }
    std::vector<std::string> listed(status (*function)(::natsConnection *, char ***, int *)) const {
        char **list = nullptr;
        int count = 0;
        detail::outcome(function(raw_, &list, &count)).value();
        std::vector<std::string> out = detail::strings_of(list, count);
        for (int i = 0; i < count; i++)
            std::free(list[i]);
        std::free(list);
        return out;
    }

  protected:
    /// @cond
    ::natsConnection *raw_ = nullptr;
    detail::counted<detail::scope> scope_;
    /// @endcond
};

/// A connection that this object owns. When it is destroyed the connection is closed, and its callbacks do not run any
/// more: that is waited for, except inside a callback.
class connection : public connection_ref {
  public:
    /// No connection.
    connection() noexcept = default;
    /// Takes over a connection that was made by C.
    explicit connection(::natsConnection *taken) noexcept : connection_ref(taken) {}
    /// Takes over what the other one has, which then has nothing.
    connection(connection &&other) noexcept : connection_ref(other) { other.raw_ = nullptr; }
    /// Releases what this one has, and takes over what the other one has.
    connection &operator=(connection &&other) noexcept {
        if (this != &other) {
            end();
            static_cast<connection_ref &>(*this) = other;
            other.raw_ = nullptr;
        }
        return *this;
    }
    ~connection() { end(); }

    /// Closes and releases the connection, and waits for callbacks that are running.
    void end() noexcept {
        ::natsConnection *raw = release();
        if (raw != nullptr && ::natsConnection_DestroyAndWait(raw, 0) == NATS_ILLEGAL_STATE)
            ::natsConnection_Destroy(raw); // inside a callback, or in a child of fork
    }
    /// Closes and releases the connection without waiting: callbacks may still run.
    void end_without_waiting() noexcept { ::natsConnection_Destroy(release()); }
    /// Gives the connection away, which the caller then has to destroy.
    ::natsConnection *release() noexcept { return std::exchange(raw_, nullptr); }

    /// @cond
    connection(::natsConnection *taken, detail::scope *home) noexcept : connection_ref(taken, home) {}
    /// @endcond
};

} // namespace nats

#include "events.hpp"

#endif
