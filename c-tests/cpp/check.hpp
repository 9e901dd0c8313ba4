// What the tests of the C++ interface share: checks that throw, so that destructors run, around the runner and the
// servers of the C tests.
#ifndef NATS_RS_TEST_CHECK_HPP
#define NATS_RS_TEST_CHECK_HPP

#include <atomic>
#include <chrono>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>

#include "nats_rs.hpp"

#include "server.h"
#include "test.h"

using namespace std::chrono_literals;

namespace check {

struct failed : std::runtime_error {
    using std::runtime_error::runtime_error;
};

inline std::string shown(natsStatus s) { return natsStatus_GetText(s); }
template <class T> std::string shown(const T &value) {
    std::ostringstream out;
    out << value;
    return out.str();
}

template <class A, class B> void equal(const char *where, const char *what, const A &got, const B &want) {
    if (!(got == want))
        throw failed(std::string(where) + ": " + what + " is " + shown(got) + ", not " + shown(want));
}

// The call fails with this status.
template <class F> void status(const char *where, const char *what, natsStatus want, F &&call) {
    natsStatus got = NATS_OK;
    std::string text;
    try {
        std::forward<F>(call)();
    } catch (const nats::error &e) {
        got = e.status();
        text = e.what();
    }
    if (got != want)
        throw failed(std::string(where) + ": " + what + ": " + shown(got) + " (" + text + "), not " +
                     shown(want));
}

inline std::chrono::milliseconds deadline() { return std::chrono::milliseconds(deadline_ms()); }

template <class F> void soon(const char *where, const char *what, F &&condition) {
    const auto until = std::chrono::steady_clock::now() + deadline();
    while (!condition()) {
        if (std::chrono::steady_clock::now() > until)
            throw failed(std::string(where) + ": never: " + what);
        poll_pause();
    }
}

// Runs a test. A failure leaves its frames before it is reported.
template <void (*Test)()> void run() {
    std::string why;
    try {
        Test();
    } catch (const std::exception &e) {
        why = e.what();
    }
    if (!why.empty()) {
        static char text[1024];
        snprintf(text, sizeof(text), "%s", why.c_str());
        why = std::string();
        check_failed("", 0, "%s", text);
    }
}

// A server and a connection to it.
struct served {
    explicit served(bool jetstream = false) {
        if (jetstream)
            server_run_jetstream(&s);
        else
            server_run(&s);
    }
    ~served() { server_stop(&s); }
    nats::options options() const {
        nats::options how;
        how.url(s.url).timeout(deadline()).reconnect_wait(20ms).reconnect_jitter(0ms, 0ms);
        how.on_error([](nats::connection_ref, const nats::error &, nats::subscription_ref) {});
        return how;
    }
    nats::connection connect() const { return nats::connect(options()); }
    server s{};
};

} // namespace check

#define CHECK_STRING_(x) #x
#define CHECK_STRING(x) CHECK_STRING_(x)
#define WHERE __FILE__ ":" CHECK_STRING(__LINE__)
#define REQUIRE(condition)                                                                                   \
    do {                                                                                                     \
        if (!(condition))                                                                                    \
            throw check::failed(WHERE ": not so: " #condition);                                              \
    } while (0)
#define REQUIRE_EQ(got, want) check::equal(WHERE, #got, (got), (want))
#define REQUIRE_STATUS(want, ...) check::status(WHERE, #__VA_ARGS__, want, [&] { (void)(__VA_ARGS__); })
#define REQUIRE_SOON(condition) check::soon(WHERE, #condition, [&] { return static_cast<bool>(condition); })
#define CPP_TEST(function)                                                                                   \
    { #function, check::run < function> }

#endif
