/// @file
/// Subscriptions: nats::subscription with a function, nats::sync_subscription without.
#ifndef NATS_RS_CPP_SUBSCRIPTION_HPP
#define NATS_RS_CPP_SUBSCRIPTION_HPP

#include "callback.hpp"
#include "message.hpp"

namespace nats {

/// What a subscription has received, and what of it waits.
struct subscription_statistics {
    int pending_messages;     ///< Messages that wait.
    int pending_bytes;        ///< Their bytes.
    int max_pending_messages; ///< The largest number that has waited at once.
    int max_pending_bytes;    ///< Their bytes.
    std::int64_t delivered;   ///< Messages that were delivered.
    std::int64_t dropped;     ///< Messages that were dropped because too many waited.
};

/// A subscription that somebody else owns. Copies stand for the same one. Any thread may use it.
class subscription_ref {
  public:
    /// No subscription.
    subscription_ref() noexcept = default;
    /// This subscription.
    explicit subscription_ref(::natsSubscription *raw) noexcept : raw_(raw) {}

    /// The handle of C; NULL for none.
    ::natsSubscription *get() const noexcept { return raw_; }
    /// Whether there is a subscription.
    explicit operator bool() const noexcept { return raw_ != nullptr; }

    /// Ends it at once. Messages that wait are not delivered. A consumer that was created for it is deleted.
    void unsubscribe() const { try_unsubscribe().value(); }
    /// As unsubscribe(), with the failure in the result.
    result<void> try_unsubscribe() const { return detail::outcome(::natsSubscription_Unsubscribe(raw_)); }
    /// Ends it after so many messages, those that came before included.
    void auto_unsubscribe(int max) const { try_auto_unsubscribe(max).value(); }
    /// As auto_unsubscribe(), with the failure in the result.
    result<void> try_auto_unsubscribe(int max) const {
        return detail::outcome(::natsSubscription_AutoUnsubscribe(raw_, max));
    }
    /// Ends it when what has arrived was delivered. Does not wait: wait_drained() does.
    void drain(duration timeout = std::chrono::seconds(30)) const { try_drain(timeout).value(); }
    /// As drain(), with the failure in the result.
    result<void> try_drain(duration timeout = std::chrono::seconds(30)) const {
        return detail::outcome(::natsSubscription_DrainTimeout(raw_, detail::millis_or_unlimited(timeout)));
    }
    /// Waits until the drain is complete. Must not be called in the function of the subscription.
    void wait_drained(duration timeout = forever) const { try_wait_drained(timeout).value(); }
    /// As wait_drained(), with the failure in the result.
    result<void> try_wait_drained(duration timeout = forever) const {
        return detail::outcome(
            ::natsSubscription_WaitForDrainCompletion(raw_, detail::millis_or_unlimited(timeout)));
    }
    /// How many messages and bytes may wait; below 0 for no limit. What arrives beyond is dropped.
    void pending_limits(int messages, int bytes) const { try_pending_limits(messages, bytes).value(); }
    /// As pending_limits(), with the failure in the result.
    result<void> try_pending_limits(int messages, int bytes) const {
        return detail::outcome(::natsSubscription_SetPendingLimits(raw_, messages, bytes));
    }

    /// Whether it is open.
    bool is_valid() const noexcept { return ::natsSubscription_IsValid(raw_); }
    /// Its number on the connection.
    std::int64_t id() const noexcept { return ::natsSubscription_GetID(raw_); }
    /// Its subject.
    std::string subject() const { return detail::string_of(::natsSubscription_GetSubject(raw_)); }
    /// What it has received, and what waits.
    subscription_statistics statistics() const { return try_statistics().value(); }
    /// As statistics(), with the failure in the result.
    result<subscription_statistics> try_statistics() const {
        subscription_statistics out{};
        const status s = ::natsSubscription_GetStats(raw_, &out.pending_messages, &out.pending_bytes,
                                                     &out.max_pending_messages, &out.max_pending_bytes,
                                                     &out.delivered, &out.dropped);
        if (s != NATS_OK)
            return error::last(s);
        return out;
    }
    /// Forgets the largest number of messages that has waited.
    void clear_max_pending() const { detail::outcome(::natsSubscription_ClearMaxPending(raw_)).value(); }

  protected:
    /// @cond
    ::natsSubscription *raw_ = nullptr;
    /// @endcond
};

namespace detail {

/// A cell that a subscription calls.
class subscription_cell : public cell {
  public:
    explicit subscription_cell(scope *home) noexcept : home_(home) {}
    scope *home() const noexcept { return home_; }
    /// The end of the subscription: its last call.
    void complete() noexcept {
        {
            const call running(*this);
            if (running && on_complete_)
                guarded("the completion callback of a subscription", on_complete_);
        }
        home_->ended(this);
    }
    void when_complete(std::function<void()> f) { on_complete_ = std::move(f); }

  protected:
    void forget() noexcept override { on_complete_ = nullptr; }

  private:
    scope *home_;
    std::function<void()> on_complete_;
};

} // namespace detail

/// A subscription whose messages go to a function. When this object is destroyed the subscription ends, and neither the
/// function nor the one for its end run any more: that is waited for, except inside these functions.
class subscription : public subscription_ref {
  public:
    /// No subscription.
    subscription() noexcept = default;
    /// Takes over what the other one has, which then has nothing.
    subscription(subscription &&other) noexcept
        : subscription_ref(std::exchange(other.raw_, nullptr)), cell_(std::move(other.cell_)) {}
    /// Releases what this one has, and takes over what the other one has.
    subscription &operator=(subscription &&other) noexcept {
        if (this != &other) {
            end();
            raw_ = std::exchange(other.raw_, nullptr);
            cell_ = std::move(other.cell_);
        }
        return *this;
    }
    ~subscription() { end(); }

    /// Ends the subscription, and waits for a call of the function that is running.
    void end() noexcept {
        ::natsSubscription_Destroy(std::exchange(raw_, nullptr));
        if (cell_)
            cell_->shut();
        cell_ = {};
    }
    /// Gives the subscription away: the function is called as long as it is open, and the caller has to destroy it.
    ::natsSubscription *release() noexcept {
        cell_ = {};
        return std::exchange(raw_, nullptr);
    }

    /// @cond
    subscription(::natsSubscription *taken, detail::counted<detail::cell> c) noexcept
        : subscription_ref(taken), cell_(std::move(c)) {}
    /// @endcond

  private:
    detail::counted<detail::cell> cell_;
};

/// A subscription whose messages the program asks for.
class sync_subscription : public subscription_ref {
  public:
    /// No subscription.
    sync_subscription() noexcept = default;
    /// Takes over a subscription of C.
    explicit sync_subscription(::natsSubscription *taken) noexcept : subscription_ref(taken) {}
    /// Takes over what the other one has, which then has nothing.
    sync_subscription(sync_subscription &&other) noexcept : subscription_ref(other.release()) {}
    /// Releases what this one has, and takes over what the other one has.
    sync_subscription &operator=(sync_subscription &&other) noexcept {
        if (this != &other) {
            end();
            raw_ = other.release();
        }
        return *this;
    }
    ~sync_subscription() { end(); }

    /// The next message. Throws NATS_TIMEOUT if none comes in time.
    message next(duration timeout = forever) const { return try_next(timeout).value(); }
    /// As next(), with the failure in the result.
    result<message> try_next(duration timeout = forever) const {
        ::natsMsg *msg = nullptr;
        const status s = ::natsSubscription_NextMsg(&msg, raw_, detail::millis(timeout));
        if (s != NATS_OK)
            return error::last(s);
        return message(msg);
    }
    /// What waits, at most `max` messages; what comes first if nothing waits. Throws NATS_TIMEOUT if nothing comes.
    std::vector<message> next_batch(int max, duration timeout = forever) const {
        return try_next_batch(max, timeout).value();
    }
    /// As next_batch(), with the failure in the result.
    result<std::vector<message>> try_next_batch(int max, duration timeout = forever) const {
        ::natsMsgList list{};
        const status s = ::natsSubscription_NextMsgs(&list, raw_, max, detail::millis(timeout));
        if (s != NATS_OK)
            return error::last(s);
        return detail::messages_of(list);
    }
    /// Ends the subscription.
    void end() noexcept { ::natsSubscription_Destroy(release()); }
    /// Gives the subscription away, which the caller then has to destroy.
    ::natsSubscription *release() noexcept { return std::exchange(raw_, nullptr); }
};

namespace detail {

/// A function of the program that gets messages, with or without the subscription.
template <class F> class message_cell final : public subscription_cell {
  public:
    static_assert(std::is_invocable_v<F &, message &&> ||
                      std::is_invocable_v<F &, message &&, subscription_ref>,
                  "the function must take a nats::message, and may take a nats::subscription_ref");

    template <class G>
    message_cell(scope *home, G &&f)
        : subscription_cell(home), function_(std::in_place, std::forward<G>(f)) {}

    static void on_message(::natsConnection *, ::natsSubscription *sub, ::natsMsg *msg,
                           void *closure) noexcept {
        message_cell &me = *static_cast<message_cell *>(static_cast<cell *>(closure));
        message owned(msg);
        const call running(me);
        if (running)
            guarded("a message callback", [&] { me.deliver(std::move(owned), subscription_ref(sub)); });
    }

    void deliver(message &&msg, subscription_ref sub) {
        if constexpr (std::is_invocable_v<F &, message &&, subscription_ref>)
            (*function_)(std::move(msg), sub);
        else
            (*function_)(std::move(msg));
    }

  protected:
    void forget() noexcept override {
        function_.reset();
        subscription_cell::forget();
    }

  private:
    std::optional<F> function_;
};

/// The same for lists of messages.
template <class F> class batch_cell final : public subscription_cell {
  public:
    static_assert(
        std::is_invocable_v<F &, std::vector<message> &&> ||
            std::is_invocable_v<F &, std::vector<message> &&, subscription_ref>,
        "the function must take a std::vector<nats::message>, and may take a nats::subscription_ref");

    template <class G>
    batch_cell(scope *home, G &&f) : subscription_cell(home), function_(std::in_place, std::forward<G>(f)) {}

    static void on_messages(::natsConnection *, ::natsSubscription *sub, ::natsMsgList *list,
                            void *closure) noexcept {
        batch_cell &me = *static_cast<batch_cell *>(static_cast<cell *>(closure));
        const call running(me);
        if (!running)
            return;
        guarded("a message callback", [&] {
            std::vector<message> batch;
            batch.reserve(static_cast<std::size_t>(list->Count));
            for (int i = 0; i < list->Count; i++)
                batch.emplace_back(std::exchange(list->Msgs[i], nullptr));
            if constexpr (std::is_invocable_v<F &, std::vector<message> &&, subscription_ref>)
                (*me.function_)(std::move(batch), subscription_ref(sub));
            else
                (*me.function_)(std::move(batch));
        });
    }

  protected:
    void forget() noexcept override {
        function_.reset();
        subscription_cell::forget();
    }

  private:
    std::optional<F> function_;
};

inline void on_subscription_complete(void *closure) noexcept {
    static_cast<subscription_cell *>(static_cast<cell *>(closure))->complete();
}

/// Whether C may still call a function although the call that was given it has failed: the server may have begun to
/// send.
inline bool may_have_begun(status s) noexcept {
    return s != NATS_ERR && s != NATS_NOT_FOUND && s != NATS_INVALID_ARG && s != NATS_INVALID_SUBJECT &&
           s != NATS_NO_RESPONDERS && s != NATS_NO_SERVER_SUPPORT && s != NATS_INVALID_QUEUE_NAME;
}

/// The function of a call that has failed.
inline void give_back(status s, subscription_cell *c) noexcept {
    c->shut();
    if (may_have_begun(s))
        c->home()->add(c);
    else
        c->drop();
}

/// The end of each call that makes a subscription with a function: C has been given the cell.
inline result<subscription> subscribed(status s, ::natsSubscription *sub, subscription_cell *c,
                                       ::jsErrCode code = {}) {
    if (s != NATS_OK) {
        error why = error::last(s, code);
        give_back(s, c);
        return why;
    }
    counted<cell> mine = counted<cell>::share(c);
    c->home()->add(c);
    // It fails where the connection was closed in the meantime. The scope frees the cell then.
    s = ::natsSubscription_SetOnCompleteCB(sub, on_subscription_complete, static_cast<cell *>(c));
    subscription made(sub, std::move(mine));
    if (s != NATS_OK)
        return error::last(s);
    c->open();
    return made;
}

} // namespace detail
} // namespace nats

#endif
