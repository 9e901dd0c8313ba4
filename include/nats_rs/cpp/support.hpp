/// @file
/// Values that cross the border: text, bytes, times; and the owner of a handle.
#ifndef NATS_RS_CPP_SUPPORT_HPP
#define NATS_RS_CPP_SUPPORT_HPP

#include <chrono>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "error.hpp"

namespace nats {

/// A length of time. Whole units of std::chrono convert to it: `std::chrono::seconds(2)`, `500ms`.
using duration = std::chrono::nanoseconds;
/// A point in time, by the clock of the system.
using time_point = std::chrono::time_point<std::chrono::system_clock, duration>;
/// A wait without an end.
inline constexpr duration forever = duration::max();
/// What a program notes with a stream, a consumer, a bucket, an object or a service.
using metadata = std::map<std::string, std::string>;

/// Bytes that belong to somebody else: a payload. Made from strings, from containers of bytes and from a pointer and
/// a length. Valid as long as what it was made from.
class bytes {
  public:
    /// No bytes.
    constexpr bytes() noexcept = default;
    /// So many bytes at this place.
    constexpr bytes(const void *data, std::size_t size) noexcept : data_(data), size_(size) {}
    /// The characters of a text.
    constexpr bytes(std::string_view text) noexcept : data_(text.data()), size_(text.size()) {}
    /// The characters of a text, without its NUL.
    constexpr bytes(const char *text) noexcept : bytes(std::string_view(text)) {}
    /// The characters of a text.
    bytes(const std::string &text) noexcept : data_(text.data()), size_(text.size()) {}
    /// The elements of a container that has them in one piece and whose elements are bytes.
    template <class C, class E = std::remove_pointer_t<decltype(std::declval<const C &>().data())>,
              class = std::enable_if_t<sizeof(E) == 1 && std::is_trivially_copyable_v<E> &&
                                       !std::is_convertible_v<const C &, std::string_view>>,
              class = decltype(std::declval<const C &>().size())>
    constexpr bytes(const C &container) noexcept
        : data_(container.data()), size_(static_cast<std::size_t>(container.size())) {}

    /// Where they are.
    constexpr const void *data() const noexcept { return data_; }
    /// How many.
    constexpr std::size_t size() const noexcept { return size_; }
    /// The bytes as text.
    std::string_view text() const noexcept { return {static_cast<const char *>(data_), size_}; }

  private:
    const void *data_ = nullptr;
    std::size_t size_ = 0;
};

namespace detail {

/// NUL-terminated copies of texts, for one call of C. Short ones need no allocation.
class texts {
  public:
    texts() = default;
    texts(const texts &) = delete;
    texts &operator=(const texts &) = delete;

    /// The text. One with a NUL inside would be cut off there by C, without notice: it makes the call fail.
    const char *operator()(std::string_view text) {
        if (std::memchr(text.data() == nullptr ? "" : text.data(), 0, text.size()) != nullptr)
            bad_ = true;
        if (text.size() < sizeof(near_) - used_) {
            char *place = near_ + used_;
            if (!text.empty())
                std::memcpy(place, text.data(), text.size());
            place[text.size()] = '\0';
            used_ += text.size() + 1;
            return place;
        }
        return far_.emplace_back(text).c_str();
    }
    /// The text, or NULL for an empty one.
    const char *optional(std::string_view text) { return text.empty() ? nullptr : (*this)(text); }
    /// An array of texts; NULL for none.
    template <class List> const char **list(const List &items) {
        if (items.empty())
            return nullptr;
        std::vector<const char *> &array = arrays_.emplace_back();
        array.reserve(items.size());
        for (const auto &item : items)
            array.push_back((*this)(item));
        return array.data();
    }
    /// Keys and values by turns.
    ::natsMetadata pairs(const metadata &entries) {
        ::natsMetadata out{};
        if (entries.empty())
            return out;
        std::vector<const char *> &array = arrays_.emplace_back();
        for (const auto &[key, value] : entries) {
            array.push_back((*this)(key));
            array.push_back((*this)(value));
        }
        out.List = array.data();
        out.Count = static_cast<int>(entries.size());
        return out;
    }
    /// Notes that a number does not fit.
    void refuse() noexcept { bad_ = true; }
    /// Whether the call must not be made.
    bool bad() const noexcept { return bad_; }
    /// Why.
    static error failure() {
        return error(NATS_INVALID_ARG, "a text has a NUL character, or a list is too long");
    }

  private:
    char near_[192];
    std::size_t used_ = 0;
    std::deque<std::string> far_;
    std::deque<std::vector<const char *>> arrays_;
    bool bad_ = false;
};

/// Whether C can be told this length.
inline bool fits(std::size_t size) noexcept { return size <= static_cast<std::size_t>(INT_MAX); }
/// A payload that is too long for any server.
inline error too_long() { return error(NATS_MAX_PAYLOAD, "the payload is longer than 2 GiB"); }
inline int length(bytes b) noexcept { return static_cast<int>(b.size()); }

/// Milliseconds, rounded up, so that no positive time becomes 0.
inline std::int64_t millis(duration d) noexcept {
    return std::chrono::ceil<std::chrono::milliseconds>(d == forever ? d - std::chrono::milliseconds(1) : d)
        .count();
}
/// Milliseconds where 0 stands for no limit, and a time that is over is the shortest one.
inline std::int64_t millis_or_unlimited(duration d) noexcept {
    if (d == forever)
        return 0;
    return d.count() <= 0 ? 1 : millis(d);
}
inline std::int64_t nanos(time_point t) noexcept { return t.time_since_epoch().count(); }
inline time_point time_at(std::int64_t nanos) noexcept { return time_point(duration(nanos)); }

inline std::string string_of(const char *text) { return text == nullptr ? std::string() : std::string(text); }
inline std::string_view view_of(const char *text) noexcept {
    return text == nullptr ? std::string_view() : std::string_view(text);
}
inline metadata pairs_of(const ::natsMetadata &from) {
    metadata out;
    for (int i = 0; i < from.Count; i++)
        out.emplace(string_of(from.List[2 * i]), string_of(from.List[2 * i + 1]));
    return out;
}
inline std::vector<std::string> strings_of(const char *const *list, int count) {
    std::vector<std::string> out;
    for (int i = 0; i < count; i++)
        out.push_back(string_of(list[i]));
    return out;
}

/// The owner of something that C made: destroyed once, moved, never copied.
template <class T, auto Destroy> class handle {
  public:
    handle() noexcept = default;
    explicit handle(T *raw) noexcept : raw_(raw) {}
    handle(handle &&other) noexcept : raw_(other.release()) {}
    handle &operator=(handle &&other) noexcept {
        if (this != &other)
            reset(other.release());
        return *this;
    }
    ~handle() { reset(); }

    T *get() const noexcept { return raw_; }
    T *operator->() const noexcept { return raw_; }
    explicit operator bool() const noexcept { return raw_ != nullptr; }
    T *release() noexcept { return std::exchange(raw_, nullptr); }
    void reset(T *raw = nullptr) noexcept {
        if (T *old = std::exchange(raw_, raw))
            Destroy(old);
    }
    /// For a call that writes a new one; empty before.
    T **out() noexcept {
        reset();
        return &raw_;
    }

  private:
    T *raw_ = nullptr;
};

/// For what C hands out to be freed.
inline void free_text(char *p) noexcept { std::free(p); }
using c_string = handle<char, free_text>;

} // namespace detail
} // namespace nats

#endif
