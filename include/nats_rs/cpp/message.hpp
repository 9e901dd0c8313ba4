/// @file
/// Messages: nats::message owns one, nats::message_view looks at one. Headers of both, and lists.
#ifndef NATS_RS_CPP_MESSAGE_HPP
#define NATS_RS_CPP_MESSAGE_HPP

#include <initializer_list>
#include <iterator>
#include <memory>
#include <optional>

#include "support.hpp"

namespace nats {

namespace detail {

/// The functions of C for the headers of a message, and for a header object.
struct message_headers {
    using object = ::natsMsg;
    static constexpr auto set = ::natsMsgHeader_Set;
    static constexpr auto add = ::natsMsgHeader_Add;
    static constexpr auto get = ::natsMsgHeader_Get;
    static constexpr auto values = ::natsMsgHeader_Values;
    static constexpr auto keys = ::natsMsgHeader_Keys;
    static constexpr auto erase = ::natsMsgHeader_Delete;
};
struct own_headers {
    using object = ::natsHeader;
    static constexpr auto set = ::natsHeader_Set;
    static constexpr auto add = ::natsHeader_Add;
    static constexpr auto get = ::natsHeader_Get;
    static constexpr auto values = ::natsHeader_Values;
    static constexpr auto keys = ::natsHeader_Keys;
    static constexpr auto erase = ::natsHeader_Delete;
};

inline void free_list(const char **list) noexcept {
    std::free(static_cast<void *>(const_cast<char **>(list)));
}
using c_list = handle<const char *, free_list>;

} // namespace detail

/// Headers: keys, each with one value or several. Keys are case-sensitive. The texts that it returns belong to the
/// message and are valid until the key is changed or the message is destroyed.
///
/// `for (const auto &[key, value] : msg.headers())` visits every value, as they were when the loop began.
template <class C> class basic_headers {
  public:
    /// A key and one of its values.
    using value_type = std::pair<std::string_view, std::string_view>;

    /// The headers of this object, which has to stay.
    explicit basic_headers(typename C::object *of) noexcept : of_(of) {}

    /// Sets the value of a key, in place of those that it has.
    void set(std::string_view key, std::string_view value) { try_set(key, value).value(); }
    /// As set(), with the failure in the result.
    result<void> try_set(std::string_view key, std::string_view value) { return write(C::set, key, value); }
    /// Adds a value to a key.
    void add(std::string_view key, std::string_view value) { try_add(key, value).value(); }
    /// As add(), with the failure in the result.
    result<void> try_add(std::string_view key, std::string_view value) { return write(C::add, key, value); }
    /// Removes a key. False if it was not there.
    bool erase(std::string_view key) { return try_erase(key).value(); }
    /// As erase(), with the failure in the result.
    result<bool> try_erase(std::string_view key) {
        detail::texts t;
        const char *k = t(key);
        if (t.bad())
            return t.failure();
        const status s = C::erase(of_, k);
        if (s == NATS_OK || s == NATS_NOT_FOUND)
            return s == NATS_OK;
        return error::last(s);
    }

    /// The first value of a key; nothing if there is no such key.
    std::optional<std::string_view> get(std::string_view key) const { return try_get(key).value(); }
    /// As get(), with the failure in the result, which received headers that are malformed are.
    result<std::optional<std::string_view>> try_get(std::string_view key) const {
        detail::texts t;
        const char *k = t(key), *value = nullptr;
        if (t.bad())
            return t.failure();
        const status s = C::get(of_, k, &value);
        if (s == NATS_OK)
            return std::optional<std::string_view>(detail::view_of(value));
        if (s == NATS_NOT_FOUND)
            return std::optional<std::string_view>();
        return error::last(s);
    }
    /// Whether there is such a key.
    bool contains(std::string_view key) const { return get(key).has_value(); }
    /// All values of a key, in the order in which they were added.
    std::vector<std::string_view> values(std::string_view key) const { return try_values(key).value(); }
    /// As values(), with the failure in the result.
    result<std::vector<std::string_view>> try_values(std::string_view key) const {
        detail::texts t;
        const char *k = t(key);
        if (t.bad())
            return t.failure();
        detail::c_list list;
        int count = 0;
        const status s = C::values(of_, k, list.out(), &count);
        return gathered(s, list, count);
    }
    /// All keys, in no particular order.
    std::vector<std::string_view> keys() const { return try_keys().value(); }
    /// As keys(), with the failure in the result.
    result<std::vector<std::string_view>> try_keys() const {
        detail::c_list list;
        int count = 0;
        const status s = C::keys(of_, list.out(), &count);
        return gathered(s, list, count);
    }
    /// Whether there are no headers.
    bool empty() const { return keys().empty(); }
    /// The number of keys.
    std::size_t size() const { return keys().size(); }

    /// Walks over keys and values.
    class iterator {
      public:
        /// @cond
        using iterator_category = std::input_iterator_tag;
        using value_type = basic_headers::value_type;
        using difference_type = std::ptrdiff_t;
        using pointer = const value_type *;
        using reference = const value_type &;
        iterator() = default;
        explicit iterator(std::shared_ptr<const std::vector<value_type>> all) : all_(std::move(all)) {
            settle();
        }
        reference operator*() const { return (*all_)[at_]; }
        pointer operator->() const { return &(*all_)[at_]; }
        iterator &operator++() {
            at_++;
            settle();
            return *this;
        }
        iterator operator++(int) {
            iterator before = *this;
            ++*this;
            return before;
        }
        friend bool operator==(const iterator &a, const iterator &b) {
            return a.all_ == b.all_ && a.at_ == b.at_;
        }
        friend bool operator!=(const iterator &a, const iterator &b) { return !(a == b); }
        /// @endcond

      private:
        // The end is what a new iterator is.
        void settle() {
            if (all_ && at_ == all_->size()) {
                all_.reset();
                at_ = 0;
            }
        }
        std::shared_ptr<const std::vector<value_type>> all_;
        std::size_t at_ = 0;
    };
    /// The first pair of key and value.
    iterator begin() const {
        auto all = std::make_shared<std::vector<value_type>>();
        for (const std::string_view key : keys())
            for (const std::string_view value : values(key))
                all->emplace_back(key, value);
        return iterator(std::move(all));
    }
    /// Behind the last one.
    iterator end() const { return iterator(); }

  private:
    template <class F> result<void> write(F function, std::string_view key, std::string_view value) {
        detail::texts t;
        const char *k = t(key), *v = t(value);
        if (t.bad())
            return t.failure();
        return detail::outcome(function(of_, k, v));
    }
    static result<std::vector<std::string_view>> gathered(status s, const detail::c_list &list, int count) {
        std::vector<std::string_view> out;
        if (s == NATS_NOT_FOUND)
            return out;
        if (s != NATS_OK)
            return error::last(s);
        for (int i = 0; i < count; i++)
            out.push_back(detail::view_of(list.get()[i]));
        return out;
    }

  protected:
    /// @cond
    typename C::object *of_;
    /// @endcond
};

/// The headers of a message.
using headers_view = basic_headers<detail::message_headers>;

/// Headers that belong to no message: for objects of an object store.
class headers : public basic_headers<detail::own_headers> {
  public:
    /// No headers yet.
    headers() : basic_headers(nullptr) {
        detail::outcome(::natsHeader_New(own_.out())).value();
        of_ = own_.get();
    }
    /// Some headers.
    headers(std::initializer_list<value_type> from) : headers() {
        for (const auto &[key, value] : from)
            add(key, value);
    }
    /// The object of C, which stays this one's.
    ::natsHeader *get_handle() const noexcept { return own_.get(); }

  private:
    detail::handle<::natsHeader, ::natsHeader_Destroy> own_;
};

/// When and where a message of a stream was stored, and how often it was delivered.
struct message_info {
    std::string stream;              ///< The stream.
    std::string consumer;            ///< The consumer that delivered it.
    std::string domain;              ///< The domain; empty for none.
    std::uint64_t stream_sequence;   ///< Its sequence in the stream.
    std::uint64_t consumer_sequence; ///< The number of the delivery.
    std::uint64_t delivered;         ///< How often it was delivered, this time included.
    std::uint64_t pending;           ///< How many messages the consumer has still to deliver.
    time_point stored;               ///< When it was stored.
};

/// A message that somebody else owns. Copies look at the same message. One thread at a time may use a message.
class message_view {
  public:
    /// No message.
    message_view() noexcept = default;
    /// This message, which has to stay.
    explicit message_view(::natsMsg *raw) noexcept : raw_(raw) {}

    /// The message of C; NULL for none.
    ::natsMsg *get() const noexcept { return raw_; }
    /// Whether there is a message.
    explicit operator bool() const noexcept { return raw_ != nullptr; }

    /// The subject that it was published on.
    std::string_view subject() const noexcept { return detail::view_of(::natsMsg_GetSubject(raw_)); }
    /// The subject for replies; empty for none.
    std::string_view reply() const noexcept { return detail::view_of(::natsMsg_GetReply(raw_)); }
    /// The payload. A NUL follows it, which is not counted.
    std::string_view data() const noexcept {
        const char *data = ::natsMsg_GetData(raw_);
        return data == nullptr
                   ? std::string_view()
                   : std::string_view(data, static_cast<std::size_t>(::natsMsg_GetDataLength(raw_)));
    }
    /// The length of the payload.
    std::size_t size() const noexcept { return static_cast<std::size_t>(::natsMsg_GetDataLength(raw_)); }
    /// Its headers, to be read and changed.
    headers_view headers() const noexcept { return headers_view(raw_); }
    /// Whether it is the server's notice that nobody answers.
    bool is_no_responders() const noexcept { return ::natsMsg_IsNoResponders(raw_); }
    /// Its sequence in the stream, where it was read from one by its sequence; else 0.
    std::uint64_t sequence() const noexcept { return ::natsMsg_GetSequence(raw_); }
    /// When it was stored, where it was read from a stream by its sequence.
    time_point time() const noexcept { return detail::time_at(::natsMsg_GetTime(raw_)); }

    /// Acknowledges a message of a stream, without waiting for the server. Throws NATS_ILLEGAL_STATE for other ones.
    void ack() const { try_ack().value(); }
    /// As ack(), with the failure in the result.
    result<void> try_ack() const { return detail::outcome(::natsMsg_Ack(raw_, nullptr)); }
    /// Acknowledges it, and waits until the server has recorded that; without a time as long as the context says.
    void ack_sync(duration wait = duration::zero()) const { try_ack_sync(wait).value(); }
    /// As ack_sync(), with the failure in the result.
    result<void> try_ack_sync(duration wait = duration::zero()) const {
        ::jsOptions options;
        ::jsErrCode code{};
        ::jsOptions_Init(&options);
        options.Wait = detail::millis(wait);
        const status s = ::natsMsg_AckSync(raw_, &options, &code);
        return detail::outcome(s, code);
    }
    /// Says that it was not processed: it is delivered again, after a while if there is one.
    void nak(duration delay = duration::zero()) const { try_nak(delay).value(); }
    /// As nak(), with the failure in the result.
    result<void> try_nak(duration delay = duration::zero()) const {
        if (delay.count() > 0)
            return detail::outcome(::natsMsg_NakWithDelay(raw_, detail::millis(delay), nullptr));
        return detail::outcome(::natsMsg_Nak(raw_, nullptr));
    }
    /// Says that it is still being processed: the time for its ack begins again.
    void in_progress() const { try_in_progress().value(); }
    /// As in_progress(), with the failure in the result.
    result<void> try_in_progress() const { return detail::outcome(::natsMsg_InProgress(raw_, nullptr)); }
    /// Says that it must not be delivered again, and why, which an advisory tells.
    void term(std::string_view reason = {}) const { try_term(reason).value(); }
    /// As term(), with the failure in the result.
    result<void> try_term(std::string_view reason = {}) const {
        if (reason.empty())
            return detail::outcome(::natsMsg_Term(raw_, nullptr));
        detail::texts t;
        const char *why = t(reason);
        if (t.bad())
            return t.failure();
        return detail::outcome(::natsMsg_TermWithReason(raw_, why, nullptr));
    }
    /// When and where it was stored. Throws NATS_ILLEGAL_STATE if it does not come from a stream.
    message_info info() const { return try_info().value(); }
    /// As info(), with the failure in the result.
    result<message_info> try_info() const {
        detail::handle<::jsMsgMetaData, ::jsMsgMetaData_Destroy> meta;
        const status s = ::natsMsg_GetMetaData(meta.out(), raw_);
        if (s != NATS_OK)
            return error::last(s);
        return message_info{detail::string_of(meta->Stream),
                            detail::string_of(meta->Consumer),
                            detail::string_of(meta->Domain),
                            meta->Sequence.Stream,
                            meta->Sequence.Consumer,
                            meta->NumDelivered,
                            meta->NumPending,
                            detail::time_at(meta->Timestamp)};
    }

  protected:
    /// @cond
    ::natsMsg *raw_ = nullptr;
    /// @endcond
};

/// A message that this object owns.
class message : public message_view {
  public:
    /// No message.
    message() noexcept = default;
    /// Takes over a message of C.
    explicit message(::natsMsg *taken) noexcept : message_view(taken) {}
    /// A new message. The arguments are copied; an empty `reply` stands for none.
    explicit message(std::string_view subject, bytes data = {}, std::string_view reply = {})
        : message(create(subject, data, reply).value()) {}
    /// Takes over what the other one has, which then has nothing.
    message(message &&other) noexcept : message_view(other.release()) {}
    /// Releases what this one has, and takes over what the other one has.
    message &operator=(message &&other) noexcept {
        if (this != &other) {
            ::natsMsg_Destroy(raw_);
            raw_ = other.release();
        }
        return *this;
    }
    ~message() { ::natsMsg_Destroy(raw_); }

    /// As the constructor, with the failure in the result.
    static result<message> create(std::string_view subject, bytes data = {}, std::string_view reply = {}) {
        detail::texts t;
        const char *s = t(subject), *r = t.optional(reply);
        if (t.bad())
            return t.failure();
        if (!detail::fits(data.size()))
            return detail::too_long();
        ::natsMsg *made = nullptr;
        const status outcome =
            ::natsMsg_Create(&made, s, r, static_cast<const char *>(data.data()), detail::length(data));
        if (outcome != NATS_OK)
            return error::last(outcome);
        return message(made);
    }
    /// Gives the message of C away, which the caller then has to destroy.
    ::natsMsg *release() noexcept { return std::exchange(raw_, nullptr); }
};

namespace detail {
/// The messages of a list, each with its own owner.
inline std::vector<message> messages_of(::natsMsgList &list) {
    handle<::natsMsgList, ::natsMsgList_Destroy> owner(&list);
    std::vector<message> out;
    out.reserve(static_cast<std::size_t>(list.Count));
    for (int i = 0; i < list.Count; i++)
        if (::natsMsg *msg = std::exchange(list.Msgs[i], nullptr))
            out.emplace_back(msg);
    return out;
}
} // namespace detail

} // namespace nats

#endif
