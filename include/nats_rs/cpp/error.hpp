/// @file
/// Failures: nats::error, nats::result, and what happens to exceptions that leave a callback.
#ifndef NATS_RS_CPP_ERROR_HPP
#define NATS_RS_CPP_ERROR_HPP

#include <cstdio>
#include <exception>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include "../../nats_rs.h"

/// The C++ interface of libnats_rs; `nats_rs.hpp` has the rules that hold for all of it.
namespace nats {

/// The outcome of a call: NATS_OK, NATS_TIMEOUT and so on, as `nats_rs.h` describes them.
using status = ::natsStatus;

/// The general text of a status, such as "Timeout".
inline const char *text_of(status s) noexcept { return ::natsStatus_GetText(s); }

/// A failed call: its status, the text that says what failed, and the error number of JetStream if there is one.
class error : public std::runtime_error {
  public:
    /// An error with a text of its own.
    error(nats::status s, const std::string &text, ::jsErrCode code = ::jsErrCode{})
        : std::runtime_error(text), status_(s), code_(code) {}

    /// What the library has noted about the last failure of this thread; its general text if that is another failure's.
    static error last(nats::status s, ::jsErrCode code = ::jsErrCode{}) {
        nats::status noted = NATS_OK;
        const char *text = ::nats_GetLastError(&noted);
        const bool fits = text != nullptr && text[0] != '\0' && noted == s;
        return error(s, fits ? text : text_of(s), code);
    }

    /// The status, for decisions: the text is for people.
    nats::status status() const noexcept { return status_; }
    /// The error number of the JetStream server, such as JSStreamNotFoundErr; 0 if there is none.
    ::jsErrCode js_code() const noexcept { return code_; }

  private:
    nats::status status_;
    ::jsErrCode code_;
};

/// A value, or why there is none: what the `try_` functions return.
template <class T> class [[nodiscard]] result {
  public:
    /// The type of the value.
    using value_type = T;

    /// A success.
    result(T value) : held_(std::in_place_index<0>, std::move(value)) {}
    /// A failure.
    result(nats::error e) : held_(std::in_place_index<1>, std::move(e)) {}

    /// Whether there is a value.
    bool has_value() const noexcept { return held_.index() == 0; }
    /// Whether there is a value.
    explicit operator bool() const noexcept { return has_value(); }
    /// NATS_OK, or the status of the failure.
    nats::status status() const noexcept { return has_value() ? NATS_OK : std::get<1>(held_).status(); }

    /// The value. Throws the error if there is none.
    T &value() & { return check(), std::get<0>(held_); }
    /// @copydoc value()
    const T &value() const & { return check(), std::get<0>(held_); }
    /// @copydoc value()
    T &&value() && { return check(), std::move(std::get<0>(held_)); }
    /// The value, or `other`.
    template <class U> T value_or(U &&other) && {
        return has_value() ? std::move(std::get<0>(held_)) : static_cast<T>(std::forward<U>(other));
    }
    /// The value. Throws the error if there is none.
    T &operator*() & { return value(); }
    /// @copydoc operator*()
    const T &operator*() const & { return value(); }
    /// @copydoc operator*()
    T &&operator*() && { return std::move(*this).value(); }
    /// A member of the value. Throws the error if there is none.
    T *operator->() { return &value(); }
    /// @copydoc operator->()
    const T *operator->() const { return &value(); }

    /// The failure. Throws std::bad_variant_access if there is a value.
    const nats::error &error() const { return std::get<1>(held_); }

  private:
    void check() const {
        if (!has_value())
            throw std::get<1>(held_);
    }
    std::variant<T, nats::error> held_;
};

/// The outcome of a call that has no value.
template <> class [[nodiscard]] result<void> {
  public:
    /// The type of the value.
    using value_type = void;

    /// A success.
    result() = default;
    /// A failure.
    result(nats::error e) : held_(std::in_place_index<1>, std::move(e)) {}

    /// Whether the call succeeded.
    bool has_value() const noexcept { return held_.index() == 0; }
    /// Whether the call succeeded.
    explicit operator bool() const noexcept { return has_value(); }
    /// NATS_OK, or the status of the failure.
    nats::status status() const noexcept { return has_value() ? NATS_OK : std::get<1>(held_).status(); }
    /// Throws the error if the call failed.
    void value() const {
        if (!has_value())
            throw std::get<1>(held_);
    }
    /// The failure. Throws std::bad_variant_access if the call succeeded.
    const nats::error &error() const { return std::get<1>(held_); }

  private:
    std::variant<std::monostate, nats::error> held_;
};

/// Is told of an exception that left a callback of the program: the exception, and which callback it was.
using exception_handler = std::function<void(std::exception_ptr, const char *where)>;

namespace detail {

struct exception_sink {
    std::mutex lock;
    exception_handler handler;
};

// Never destroyed: callbacks may run while the program ends.
inline exception_sink &exceptions() {
    static exception_sink *const sink = new exception_sink;
    return *sink;
}

/// Passes on the exception that is being handled. Nothing leaves it.
inline void report_exception(const char *where) noexcept {
    try {
        exception_handler handler;
        {
            exception_sink &sink = exceptions();
            std::lock_guard<std::mutex> held(sink.lock);
            handler = sink.handler;
        }
        if (handler)
            return handler(std::current_exception(), where);
    } catch (...) {
        std::fprintf(stderr, "nats: the exception handler threw an exception\n");
        return;
    }
    try {
        throw;
    } catch (const std::exception &e) {
        std::fprintf(stderr, "nats: exception in %s: %s\n", where, e.what());
    } catch (...) {
        std::fprintf(stderr, "nats: exception in %s\n", where);
    }
}

/// Calls a function of the program. True if it returned, false if it threw, which is reported.
template <class F> bool guarded(const char *where, F &&call) noexcept {
    try {
        std::forward<F>(call)();
        return true;
    } catch (...) {
        report_exception(where);
        return false;
    }
}

/// The outcome of a call of C.
inline result<void> outcome(status s, ::jsErrCode code = ::jsErrCode{}) {
    if (s == NATS_OK)
        return {};
    return error::last(s, code);
}

} // namespace detail

/// Sets who is told of exceptions that leave callbacks, on the thread that runs the callback. Without a handler, or
/// with an empty one, they are printed to standard error. The library catches them in any case: none reaches C.
inline void set_exception_handler(exception_handler handler) {
    detail::exception_sink &sink = detail::exceptions();
    std::lock_guard<std::mutex> held(sink.lock);
    sink.handler.swap(handler);
}

} // namespace nats

#endif
