/// @file
/// How the functions in nats::options are called; nats::connect(), and what concerns the whole library.
#ifndef NATS_RS_CPP_EVENTS_HPP
#define NATS_RS_CPP_EVENTS_HPP

#include "connection.hpp"

namespace nats {

namespace detail {

/// A function of the options, and the scope of the connections that it is for.
template <class F> class option_cell final : public cell {
  public:
    option_cell(scope *home, F f) : home_(home), function_(std::move(f)) {}

    static option_cell &of(void *closure) noexcept {
        return *static_cast<option_cell *>(static_cast<cell *>(closure));
    }
    template <class... A> auto operator()(A &&...arguments) {
        return function_(std::forward<A>(arguments)...);
    }
    connection_ref connection(::natsConnection *nc) const noexcept { return connection_ref(nc, home_); }

  private:
    scope *home_;
    F function_;
};

inline char *copied(const std::string &text) noexcept { return ::strdup(text.c_str()); }

/// Calls a function whose exception is the answer: its text goes to C, and its status.
template <class F> status answered(char **error_text, F &&call) noexcept {
    try {
        std::forward<F>(call)();
        return NATS_OK;
    } catch (const error &e) {
        *error_text = copied(e.what());
        return e.status() == NATS_OK ? NATS_ERR : e.status();
    } catch (const std::exception &e) {
        *error_text = copied(e.what());
    } catch (...) {
    }
    return NATS_ERR;
}

using event_cell = option_cell<options::event_handler>;
using error_cell = option_cell<options::error_handler>;
using proxy_cell = option_cell<std::function<::natsSock(std::string_view, int)>>;
using user_cell = option_cell<std::function<credentials()>>;
using text_cell = option_cell<std::function<std::string()>>;
using sign_cell = option_cell<std::function<std::string(std::string_view)>>;
using delay_cell = option_cell<std::function<duration(connection_ref, int)>>;
using server_cell = option_cell<
    std::function<std::size_t(connection_ref, const std::vector<std::string_view> &, duration &)>>;

inline void on_event(::natsConnection *nc, void *closure) noexcept {
    event_cell &c = event_cell::of(closure);
    guarded("a connection callback", [&] { c(c.connection(nc)); });
}
inline void on_error_event(::natsConnection *nc, ::natsSubscription *sub, status s, void *closure) noexcept {
    error_cell &c = error_cell::of(closure);
    guarded("the error handler", [&] { c(c.connection(nc), error::last(s), subscription_ref(sub)); });
}
inline status on_proxy(::natsSock *fd, char *host, int port, void *closure) noexcept {
    status s = NATS_IO_ERROR;
    guarded("the proxy function", [&] {
        *fd = proxy_cell::of(closure)(view_of(host), port);
        s = NATS_OK;
    });
    return s;
}
inline status on_user(char **user, char **password, char **error_text, void *closure) noexcept {
    return answered(error_text, [&] {
        const credentials c = user_cell::of(closure)();
        *user = copied(c.user);
        *password = copied(c.password);
    });
}
inline const char *on_token(void *closure) noexcept {
    // It has to stay until the next call. Each attempt to connect copies it on this thread.
    thread_local std::string token;
    bool there = guarded("the token function", [&] { token = text_cell::of(closure)(); });
    return there ? token.c_str() : nullptr;
}
inline status on_jwt(char **jwt, char **error_text, void *closure) noexcept {
    return answered(error_text, [&] { *jwt = copied(text_cell::of(closure)()); });
}
inline status on_sign(char **error_text, unsigned char **signature, int *size, const char *nonce,
                      void *closure) noexcept {
    return answered(error_text, [&] {
        const std::string made = sign_cell::of(closure)(view_of(nonce));
        auto *copy = static_cast<unsigned char *>(std::malloc(made.size() + 1));
        if (copy == nullptr)
            throw error(NATS_NO_MEMORY, "no memory for a signature");
        std::memcpy(copy, made.data(), made.size());
        *signature = copy;
        *size = static_cast<int>(made.size());
    });
}
inline std::int64_t on_reconnect_delay(::natsConnection *nc, int pass, void *closure) noexcept {
    delay_cell &c = delay_cell::of(closure);
    std::int64_t pause = 0;
    guarded("the reconnect delay function", [&] { pause = millis(c(c.connection(nc), pass)); });
    return pause;
}
inline int on_next_server(::natsConnection *nc, const char *const *servers, int count, std::int64_t *pause,
                          void *closure) noexcept {
    server_cell &c = server_cell::of(closure);
    int chosen = 0;
    guarded("the next server function", [&] {
        std::vector<std::string_view> list;
        for (int i = 0; i < count; i++)
            list.push_back(view_of(servers[i]));
        duration wait = std::chrono::milliseconds(*pause);
        const std::size_t index = c(c.connection(nc), list, wait);
        chosen = index < list.size() ? static_cast<int>(index) : 0;
        *pause = wait.count() < 0 ? 0 : millis(wait);
    });
    return chosen;
}
inline void on_released(void *closure) noexcept { static_cast<scope *>(closure)->connection_ended(); }

} // namespace detail

template <class F> detail::cell *options::held(F f) {
    if (!f)
        return nullptr;
    auto *c = new detail::option_cell<F>(scope(), std::move(f));
    scope()->add_for_options(c);
    return c;
}

inline options &options::event(status (*function)(::natsOptions *, ::natsConnectionHandler, void *),
                               event_handler f) {
    detail::cell *c = held(std::move(f));
    return keep(function(get(), c == nullptr ? nullptr : detail::on_event, c));
}

inline options &options::on_disconnected(event_handler f) {
    return event(::natsOptions_SetDisconnectedCB, std::move(f));
}
inline options &options::on_reconnected(event_handler f) {
    return event(::natsOptions_SetReconnectedCB, std::move(f));
}
inline options &options::on_closed(event_handler f) { return event(::natsOptions_SetClosedCB, std::move(f)); }
inline options &options::on_discovered_servers(event_handler f) {
    return event(::natsOptions_SetDiscoveredServersCB, std::move(f));
}
inline options &options::on_lame_duck(event_handler f) {
    return event(::natsOptions_SetLameDuckModeCB, std::move(f));
}
inline options &options::retry_first_connect_in_background(event_handler f) {
    detail::cell *c = held(f ? std::move(f) : event_handler([](connection_ref) {}));
    return keep(::natsOptions_SetRetryOnFailedConnect(get(), true, detail::on_event, c));
}
inline options &options::on_error(error_handler f) {
    detail::cell *c = held(std::move(f));
    return keep(::natsOptions_SetErrorHandler(get(), c == nullptr ? nullptr : detail::on_error_event, c));
}
inline options &options::proxy(std::function<::natsSock(std::string_view host, int port)> f) {
    detail::cell *c = held(std::move(f));
    return keep(::natsOptions_SetProxyConnHandler(get(), c == nullptr ? nullptr : detail::on_proxy, c));
}
inline options &options::user(std::function<credentials()> f) {
    detail::cell *c = held(std::move(f));
    return keep(::natsOptions_SetUserInfoHandler(get(), c == nullptr ? nullptr : detail::on_user, c));
}
inline options &options::token(std::function<std::string()> f) {
    detail::cell *c = held(std::move(f));
    return keep(::natsOptions_SetTokenHandler(get(), c == nullptr ? nullptr : detail::on_token, c));
}
inline options &options::jwt(std::function<std::string()> jwt,
                             std::function<std::string(std::string_view)> sign) {
    detail::cell *j = held(std::move(jwt)), *s = held(std::move(sign));
    return keep(::natsOptions_SetUserCredentialsCallbacks(get(), j == nullptr ? nullptr : detail::on_jwt, j,
                                                          s == nullptr ? nullptr : detail::on_sign, s));
}
inline options &options::nkey(std::string_view public_key,
                              std::function<std::string(std::string_view nonce)> sign) {
    detail::texts t;
    const char *key = t(public_key);
    if (t.bad())
        return keep(t.failure());
    detail::cell *s = held(std::move(sign));
    return keep(::natsOptions_SetNKey(get(), key, s == nullptr ? nullptr : detail::on_sign, s));
}
inline options &options::reconnect_delay(std::function<duration(connection_ref, int)> f) {
    detail::cell *c = held(std::move(f));
    return keep(
        ::natsOptions_SetCustomReconnectDelay(get(), c == nullptr ? nullptr : detail::on_reconnect_delay, c));
}
inline options &options::next_server(
    std::function<std::size_t(connection_ref, const std::vector<std::string_view> &, duration &)> f) {
    detail::cell *c = held(std::move(f));
    return keep(
        ::natsOptions_SetNextServerHandler(get(), c == nullptr ? nullptr : detail::on_next_server, c));
}

/// As connect(), with the failure in the result.
inline result<connection> try_connect(options &how) {
    if (how.failure() != nullptr)
        return *how.failure();
    detail::scope *home = how.scope();
    status s = ::natsOptions_SetReleasedCB(how.get(), detail::on_released, home);
    if (s != NATS_OK)
        return error::last(s);
    home->connection_begins();
    ::natsConnection *nc = nullptr;
    s = ::natsConnection_Connect(&nc, how.get());
    if (s == NATS_OK || s == NATS_NOT_YET_CONNECTED)
        return connection(nc, home);
    error why = error::last(s);
    home->connection_ended();
    return why;
}
/// Connects as the options say. Throws if no server can be reached, unless the options have it try in the background.
inline connection connect(options &how) { return try_connect(how).value(); }
/// Connects as the options say, which need no name: `nats::connect(nats::options().name("billing"))`.
inline connection connect(options &&how) { return try_connect(how).value(); }
/// As connect(), with the failure in the result.
inline result<connection> try_connect(std::string_view url = NATS_DEFAULT_URL) {
    options how;
    how.url(url);
    return try_connect(how);
}
/// Connects to a server, or to one of several, which commas separate.
inline connection connect(std::string_view url = NATS_DEFAULT_URL) { return try_connect(url).value(); }

/// A new subject for replies, which nobody else has.
inline std::string new_inbox() {
    ::natsInbox *inbox = nullptr;
    detail::outcome(::natsInbox_Create(&inbox)).value();
    std::string out = detail::string_of(inbox);
    ::natsInbox_Destroy(inbox);
    return out;
}
/// As sign(), with the failure in the result.
inline result<std::string> try_sign(std::string_view seed, std::string_view input) {
    detail::texts t;
    const char *s = t(seed), *in = t(input);
    if (t.bad())
        return t.failure();
    unsigned char *signature = nullptr;
    int size = 0;
    const status outcome = ::nats_Sign(s, in, &signature, &size);
    if (outcome != NATS_OK)
        return error::last(outcome);
    std::string out(reinterpret_cast<const char *>(signature), static_cast<std::size_t>(size));
    std::free(signature);
    return out;
}
/// Signs with an NKey: the bytes of the signature. `seed` is the encoded seed.
inline std::string sign(std::string_view seed, std::string_view input) {
    return try_sign(seed, input).value();
}
/// Ends the library, and waits until its threads have ended. Everything must have been destroyed.
inline void close_library(duration timeout = forever) {
    detail::outcome(::nats_CloseAndWait(detail::millis_or_unlimited(timeout))).value();
}

} // namespace nats

#endif
