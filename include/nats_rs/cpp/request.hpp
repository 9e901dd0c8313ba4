/// @file
/// Requests whose replies go to a function or a std::future.
#ifndef NATS_RS_CPP_REQUEST_HPP
#define NATS_RS_CPP_REQUEST_HPP

#include <future>

#include "subscription.hpp"

namespace nats {

/// When a request with many replies has ended.
struct many_options {
    duration max_wait{0};                                ///< The time for all replies; 0 for the default.
    duration stall_wait{0};                              ///< The time without a reply; 0 for no limit.
    int max_messages = 0;                                ///< The number of replies; 0 for no limit.
    bool stop_on_empty = false;                          ///< Whether an empty reply ends it.
    std::function<bool(message_view)> is_last = nullptr; ///< Decides whether a reply is the last one.
    bool include_last = false; ///< Whether the one that ended it is among the replies.
};

namespace detail {

/// Who gets the reply to one request.
class reply_cell : public cell {
  public:
    explicit reply_cell(scope *home) noexcept : home_(home) {}

    static void on_reply(::natsConnection *, status s, ::natsMsg *reply, void *closure) noexcept {
        reply_cell &me = *static_cast<reply_cell *>(static_cast<cell *>(closure));
        message owned(reply);
        guarded("a reply callback", [&] {
            if (s == NATS_OK)
                me.answer(std::move(owned));
            else
                me.answer(error::last(s));
        });
        me.home_->ended(&me);
    }

  protected:
    virtual void answer(result<message> outcome) = 0;

  private:
    scope *home_;
};

template <class F> class function_reply_cell final : public reply_cell {
  public:
    static_assert(std::is_invocable_v<F &, result<message> &&>,
                  "the function must take a nats::result<nats::message>");
    template <class G>
    function_reply_cell(scope *home, G &&f) : reply_cell(home), function_(std::forward<G>(f)) {}

  private:
    void answer(result<message> outcome) override { function_(std::move(outcome)); }
    F function_;
};

class promise_reply_cell final : public reply_cell {
  public:
    explicit promise_reply_cell(scope *home) : reply_cell(home) {}
    std::future<message> future() { return promise_.get_future(); }

  private:
    void answer(result<message> outcome) override {
        if (outcome)
            promise_.set_value(std::move(*outcome));
        else
            promise_.set_exception(std::make_exception_ptr(outcome.error()));
    }
    std::promise<message> promise_;
};

inline result<void> request_async(::natsConnection *nc, scope *home, message_view request, duration timeout,
                                  reply_cell *c) {
    home->add(c);
    const status s = ::natsConnection_RequestMsgAsync(nc, request.get(), millis_or_unlimited(timeout),
                                                      reply_cell::on_reply, static_cast<cell *>(c));
    if (s == NATS_OK)
        return {};
    error why = error::last(s);
    home->ended(c);
    return why;
}

inline result<std::vector<message>> request_many(::natsConnection *nc, message_view request,
                                                 const many_options &how) {
    struct judge {
        const std::function<bool(message_view)> &is_last;
        std::exception_ptr thrown;
        static bool ask(::natsMsg *reply, void *closure) noexcept {
            judge &me = *static_cast<judge *>(closure);
            try {
                return me.is_last(message_view(reply));
            } catch (...) {
                me.thrown = std::current_exception();
                return true;
            }
        }
    } judge{how.is_last, nullptr};
    ::natsRequestManyOptions options;
    ::natsRequestManyOptions_Init(&options);
    if (how.max_wait.count() != 0)
        options.MaxWait = millis_or_unlimited(how.max_wait);
    options.StallWait = millis(how.stall_wait);
    options.MaxMsgs = how.max_messages;
    options.StopOnEmpty = how.stop_on_empty;
    options.IncludeLast = how.include_last;
    if (how.is_last) {
        options.IsLast = judge::ask;
        options.IsLastClosure = &judge;
    }
    ::natsMsgList list{};
    const status s = ::natsConnection_RequestMany(&list, nc, request.get(), &options);
    if (s != NATS_OK)
        return error::last(s);
    std::vector<message> replies = messages_of(list);
    // The program's own exception, on the program's own thread.
    if (judge.thrown)
        std::rethrow_exception(judge.thrown);
    return replies;
}

} // namespace detail
} // namespace nats

#endif
