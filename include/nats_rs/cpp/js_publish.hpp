/// @file
/// Publishing to streams: what to expect, what became of a message, batches.
#ifndef NATS_RS_CPP_JS_PUBLISH_HPP
#define NATS_RS_CPP_JS_PUBLISH_HPP

#include "js_convert.hpp"
#include "message.hpp"

namespace nats {

/// What to expect and to say when a message is published to a stream.
struct publish_options {
    duration wait{0};                     ///< How long to wait for the ack; 0 for the context's.
    std::string_view id = {};             ///< The id: a stream stores one message of each.
    std::string_view expect_stream = {};  ///< The stream that is to store it.
    std::string_view expect_last_id = {}; ///< The id that its last message must have.
    std::optional<std::uint64_t> expect_last_sequence = {}; ///< The sequence that its last message must have.
    std::optional<std::uint64_t> expect_last_subject_sequence =
        {};                                    ///< The same of the subject; 0 for no message.
    std::string_view expect_last_subject = {}; ///< The subject for that; empty for the message's own.
    duration ttl{0};                       ///< How long the message lives; 0 for as long as the stream says.
    std::string_view schedule = {};        ///< When it is to be published, such as `@at` and a time.
    std::string_view schedule_target = {}; ///< The subject that it is to be published on then.
};

/// What became of a message that was published to a stream.
struct publish_ack {
    std::string stream;     ///< The stream that has stored it.
    std::uint64_t sequence; ///< Its sequence there.
    std::string domain;     ///< The domain; empty for none.
    bool duplicate;         ///< Whether it was there already.
    std::string batch;      ///< The id of the batch; empty for none.
    std::uint64_t count;    ///< How many messages the batch has.
    std::string value;      ///< The value of the counter; empty for none.
};

namespace detail {

class c_publish_options {
  public:
    explicit c_publish_options(const publish_options &from) {
        ::jsPubOptions_Init(&out);
        out.MaxWait = millis(from.wait);
        out.MsgId = t.optional(from.id);
        out.ExpectStream = t.optional(from.expect_stream);
        out.ExpectLastMsgId = t.optional(from.expect_last_id);
        out.ExpectLastSeq = from.expect_last_sequence.value_or(0);
        if (from.expect_last_subject_sequence == 0u)
            out.ExpectNoMessage = true;
        else
            out.ExpectLastSubjectSeq = from.expect_last_subject_sequence.value_or(0);
        out.ExpectLastSubjectSeqSubject = t.optional(from.expect_last_subject);
        out.MsgTTL = millis(from.ttl);
        out.Schedule.Schedule = t.optional(from.schedule);
        out.Schedule.Target = t.optional(from.schedule_target);
        // C takes 0 for no expectation: this one is about the message.
        expects_empty_ = from.expect_last_sequence == 0u;
    }
    /// Whether the message must have a header of its own for what the options of C cannot say.
    bool expects_empty() const noexcept { return expects_empty_; }
    texts t;
    ::jsPubOptions out{};

  private:
    bool expects_empty_ = false;
};

inline publish_ack ack_of(const ::jsPubAck &from) {
    return {string_of(from.Stream), from.Sequence, string_of(from.Domain), from.Duplicate,
            string_of(from.Batch),  from.Count,    string_of(from.Value)};
}
using c_ack = handle<::jsPubAck, ::jsPubAck_Destroy>;

/// The end of each call that returns an ack.
inline result<publish_ack> acked(status s, const c_ack &ack, ::jsErrCode code) {
    if (s != NATS_OK)
        return error::last(s, code);
    return ack_of(*ack.get());
}

} // namespace detail

/// An atomic batch: a stream stores all of its messages or none. Made by jetstream::begin_batch().
class atomic_batch {
  public:
    /// Adds a message, which stays the caller's. What is refused is told later, at the commit at the latest.
    void add(message_view msg, const publish_options &how = {}) { try_add(msg, how).value(); }
    /// As add(), with the failure in the result.
    result<void> try_add(message_view msg, const publish_options &how = {}) {
        detail::c_publish_options options(how);
        if (options.t.bad())
            return options.t.failure();
        ::jsErrCode code{};
        const status s = ::js_BatchPublishAdd(nullptr, own_.get(), msg.get(), &options.out, &code);
        return detail::outcome(s, code);
    }
    /// Adds the last message and waits until all are stored.
    publish_ack commit(message_view last, const publish_options &how = {}) {
        return try_commit(last, how).value();
    }
    /// As commit(), with the failure in the result.
    result<publish_ack> try_commit(message_view last, const publish_options &how = {}) {
        detail::c_publish_options options(how);
        if (options.t.bad())
            return options.t.failure();
        detail::c_ack ack;
        ::jsErrCode code{};
        const status s = ::js_BatchPublishCommit(ack.out(), own_.get(), last.get(), &options.out, &code);
        return detail::acked(s, ack, code);
    }
    /// Ends the batch with the messages that it has, and waits until all are stored.
    publish_ack commit() { return try_commit().value(); }
    /// As commit(), with the failure in the result.
    result<publish_ack> try_commit() {
        detail::c_ack ack;
        ::jsErrCode code{};
        const status s = ::js_BatchPublishCommitEob(ack.out(), own_.get(), nullptr, &code);
        return detail::acked(s, ack, code);
    }
    /// Gives the batch up: nothing of it is stored. So does the destructor.
    void discard() { try_discard().value(); }
    /// As discard(), with the failure in the result.
    result<void> try_discard() { return detail::outcome(::js_BatchPublishDiscard(own_.get())); }

    /// @cond
    explicit atomic_batch(::jsAtomicBatchCtx *taken) noexcept : own_(taken) {}
    ::jsAtomicBatchCtx *get() const noexcept { return own_.get(); }
    ::jsAtomicBatchCtx *release() noexcept { return own_.release(); }
    /// @endcond

  private:
    detail::handle<::jsAtomicBatchCtx, ::jsAtomicBatchCtx_Destroy> own_;
};

/// A fast batch: many messages with few acks, stored as they come. Made by jetstream::begin_fast_batch().
class fast_batch {
  public:
    /// Adds a payload. Waits while too many messages are under way.
    void add(std::string_view subject, bytes data) { try_add(subject, data).value(); }
    /// As add(), with the failure in the result.
    result<void> try_add(std::string_view subject, bytes data) {
        detail::texts t;
        const char *s = t(subject);
        if (t.bad())
            return t.failure();
        if (!detail::fits(data.size()))
            return detail::too_long();
        ::jsErrCode code{};
        const status outcome =
            ::js_FastPublishAddData(own_.get(), s, data.data(), detail::length(data), nullptr, &code);
        return detail::outcome(outcome, code);
    }
    /// Adds a message, which stays the caller's.
    void add(message_view msg) { try_add(msg).value(); }
    /// As add(), with the failure in the result.
    result<void> try_add(message_view msg) {
        ::jsErrCode code{};
        const status s = ::js_FastPublishAdd(own_.get(), msg.get(), nullptr, &code);
        return detail::outcome(s, code);
    }
    /// Ends the batch, and waits until the stream has stored all of it.
    publish_ack commit() { return try_commit().value(); }
    /// As commit(), with the failure in the result.
    result<publish_ack> try_commit() {
        detail::c_ack ack;
        ::jsErrCode code{};
        const status s = ::js_FastPublishCommitEob(ack.out(), own_.get(), nullptr, &code);
        return detail::acked(s, ack, code);
    }
    /// How far it is.
    ::jsFastPublishProgress progress() const {
        ::jsFastPublishProgress out{};
        detail::outcome(::js_FastPublishGetProgress(&out, own_.get())).value();
        return out;
    }

    /// @cond
    explicit fast_batch(::jsFastBatchCtx *taken) noexcept : own_(taken) {}
    ::jsFastBatchCtx *get() const noexcept { return own_.get(); }
    ::jsFastBatchCtx *release() noexcept { return own_.release(); }
    /// @endcond

  private:
    detail::handle<::jsFastBatchCtx, ::jsFastBatchCtx_Destroy> own_;
};

} // namespace nats

#endif
