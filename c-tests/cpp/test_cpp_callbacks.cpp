// The C++ interface: how functions of the program live, and what becomes of their exceptions.
#include "check.hpp"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <set>

// Counts the copies of itself that exist.
struct counted {
    static std::atomic<int> alive;
    counted() { alive++; }
    counted(const counted &) { alive++; }
    counted(counted &&) noexcept { alive++; }
    counted &operator=(const counted &) = default;
    ~counted() { alive--; }
};
std::atomic<int> counted::alive{0};

static void destroyed_in_its_own_function() {
    check::served f;
    nats::connection nc = f.connect();
    auto sub = std::make_unique<nats::subscription>();
    std::atomic<int> calls{0}, after{0};
    std::mutex made;
    {
        std::lock_guard<std::mutex> held(made);
        *sub = nc.subscribe("d", [&, token = counted()](nats::message m) {
            { std::lock_guard<std::mutex> wait(made); }
            calls++;
            sub.reset(); // the subscription, while its function runs
            // What the function captured is still there.
            after += static_cast<int>(m.size()) + counted::alive;
        });
    }
    for (int i = 0; i < 100; i++)
        nc.publish("d", "x");
    REQUIRE_SOON(after != 0);
    REQUIRE_EQ(calls, 1);
    REQUIRE_EQ(after, 2);
    REQUIRE_SOON(counted::alive == 0);
    nats::sync_subscription mark = nc.subscribe_sync("mark");
    nc.publish("mark");
    mark.next(check::deadline());
    REQUIRE_EQ(calls, 1);
}

static void unsubscribes_in_its_own_function() {
    check::served f;
    nats::connection nc = f.connect();
    // The first message may arrive before subscribe() returns: the function waits for that.
    for (int round = 0; round < 50; round++) {
        const std::string subject = "u." + std::to_string(round);
        std::atomic<int> calls{0};
        std::atomic<bool> complete{false}, stop{false};
        nats::connection other = f.connect();
        std::thread publisher([&] {
            while (!stop)
                other.send(subject, "x");
        });
        nats::subscribe_options how;
        how.on_complete = [&] { complete = true; };
        nats::subscription sub = nc.subscribe(
            subject,
            [&](nats::message, nats::subscription_ref me) {
                calls++;
                me.unsubscribe();
            },
            how);
        check::soon(WHERE, "complete", [&] { return complete.load(); });
        stop = true;
        publisher.join();
        REQUIRE_EQ(calls, 1);
    }
}

static void destruction_waits_for_a_running_function() {
    check::served f;
    nats::connection nc = f.connect();
    std::atomic<bool> entered{false}, go{false};
    auto local = std::make_unique<std::atomic<int>>(0);
    nats::subscription sub = nc.subscribe("w", [&](nats::message) {
        entered = true;
        while (!go)
            poll_pause();
        ++*local;
    });

    nc.publish("w");
    nc.publish("w");
    REQUIRE_SOON(entered);
    std::thread opener([&] {
        nats_Sleep(20);
        go = true;
    });
    sub.end();
    REQUIRE(go);
    REQUIRE_EQ(*local, 1);
    local.reset(); // no function uses it any more
    opener.join();
}

static void connection_waits_for_running_functions() {
    check::served f;
    std::atomic<int> running{0}, closed{0};
    {
        std::atomic<bool> go{false};
        nats::options how = f.options();
        how.on_closed([&](nats::connection_ref) { closed++; });
        nats::connection nc = nats::connect(how);
        nats::subscription sub = nc.subscribe("w", [&](nats::message) {
            running = 1;
            while (!go)
                poll_pause();
            running = 2;
        });
        nc.publish("w");
        REQUIRE_SOON(running == 1);
        std::thread opener([&] {
            nats_Sleep(20);
            go = true;
        });
        nc.end();
        REQUIRE_EQ(running, 2);
        REQUIRE_EQ(closed, 1);
        opener.join();
    }
}

static void connection_destroyed_in_a_callback() {
    check::served f;
    auto nc = std::make_unique<nats::connection>(f.connect());
    std::atomic<bool> done{false};
    nats::subscription sub = nc->subscribe("c", [&](nats::message) {
        nc.reset();
        done = true;
    });

    nc->publish("c");
    REQUIRE_SOON(done);
    REQUIRE(!sub.is_valid());
    nats::connection other = f.connect();
    std::atomic<bool> told{false};
    // An event of a connection that is destroyed in it.
    auto second = std::make_unique<nats::connection>();
    nats::options how = f.options();
    how.on_closed([&](nats::connection_ref) {
        second.reset();
        told = true;
    });
    *second = nats::connect(how);
    second->close();
    REQUIRE_SOON(told);
}

static void exceptions_stay_on_this_side() {
    check::served f;
    std::mutex lock;
    std::multiset<std::string> seen;
    nats::set_exception_handler([&](std::exception_ptr e, const char *where) {
        std::string text = where;
        try {
            std::rethrow_exception(e);
        } catch (const std::exception &x) {
            text += std::string(": ") + x.what();
        } catch (...) {
            text += ": ?";
        }
        std::lock_guard<std::mutex> held(lock);
        seen.insert(text);
    });
    auto count = [&](const char *text) {
        std::lock_guard<std::mutex> held(lock);
        return seen.count(text);
    };
    {
        nats::options how = f.options();
        how.on_closed([](nats::connection_ref) { throw 7; });
        nats::connection nc = nats::connect(how);
        nats::subscription sub = nc.subscribe(
            "e", [](const nats::message &m) { throw std::runtime_error(std::string(m.data())); });
        nats::subscription batches =
            nc.subscribe_batches("b", [](std::vector<nats::message>) { throw std::runtime_error("list"); });
        nc.publish("e", "one");
        nc.publish("e", "one");
        nc.publish("b", "x");
        nc.request_async(nats::message("nobody"), check::deadline(),
                         [](const nats::result<nats::message> &r) { r.value(); });
        REQUIRE_SOON(count("a message callback: one") == 2);
        REQUIRE_SOON(count("a message callback: list") == 1);
        REQUIRE_SOON(count("a reply callback: no responders on 'nobody'") == 1 || seen.size() >= 4);
    }
    REQUIRE_EQ(count("a connection callback: ?"), 1u);
    // A handler that throws itself.
    nats::set_exception_handler([](std::exception_ptr, const char *) { throw std::runtime_error("again"); });
    {
        nats::connection nc = f.connect();
        std::atomic<int> calls{0};
        nats::subscription sub = nc.subscribe("e", [&](nats::message) {
            calls++;
            throw 1;
        });
        nc.publish("e");
        nc.publish("e");
        REQUIRE_SOON(calls == 2);
    }
    nats::set_exception_handler({});
}

static void events() {
    check::served f;
    std::mutex lock;
    std::string order;
    auto note = [&](char letter) {
        return [&, letter, token = counted()](nats::connection_ref nc) {
            std::lock_guard<std::mutex> held(lock);
            order += nc.get() != nullptr ? letter : '?';
        };
    };
    auto have = [&](const char *text) {
        std::lock_guard<std::mutex> held(lock);
        return order == text;
    };
    {
        nats::connection nc;
        {
            nats::options how = f.options();
            how.on_disconnected(note('D')).on_reconnected(note('R')).on_closed(note('C'));
            nc = nats::connect(how);
            REQUIRE_EQ(counted::alive, 3);
        } // the options are gone, their functions are not
        REQUIRE_EQ(counted::alive, 3);
        nc.reconnect();
        REQUIRE_SOON(have("DR"));
    }
    REQUIRE(have("DRDC"));
    REQUIRE_SOON(counted::alive == 0);

    // Two connections of the same options; a function that is replaced stays for the first.
    std::atomic<int> first{0}, second{0};
    {
        nats::options how = f.options();
        how.on_closed([&, token = counted()](nats::connection_ref) { first++; });
        nats::connection a = nats::connect(how);
        how.on_closed([&, token = counted()](nats::connection_ref) { second++; });
        nats::connection b = nats::connect(how);
        a.end();
        REQUIRE_EQ(first, 1);
        REQUIRE_EQ(second, 0);
        b.end();
        REQUIRE_EQ(second, 1);
    }
    REQUIRE_SOON(counted::alive == 0);
}

static void errors_go_to_the_handler() {
    check::served f;
    std::atomic<int> errors{0};
    std::atomic<int> last{NATS_OK};
    std::atomic<bool> named{false};
    nats::options how = f.options();
    how.max_pending_messages(1).on_error(
        [&](nats::connection_ref, const nats::error &e, nats::subscription_ref sub) {
            last = e.status();
            named = sub && std::string(e.what()).size() > 5;
            errors++;
        });
    nats::connection nc = nats::connect(how);
    nats::sync_subscription slow = nc.subscribe_sync("s");

    nc.publish("s");
    nc.publish("s");
    nc.publish("s");
    REQUIRE_SOON(errors > 0);
    REQUIRE_EQ(last, NATS_SLOW_CONSUMER);
    REQUIRE(named);
}

static void waits_in_the_background_for_a_server() {
    const int port = free_port();
    std::atomic<bool> connected{false};
    nats::options how;
    how.url("nats://127.0.0.1:" + std::to_string(port)).reconnect_wait(20ms).reconnect_jitter(0ms, 0ms);
    how.max_reconnects(-1).on_error([](nats::connection_ref, const nats::error &, nats::subscription_ref) {});
    how.retry_first_connect_in_background([&](nats::connection_ref) { connected = true; });
    std::atomic<int> passes{0};
    how.reconnect_delay([&](nats::connection_ref, int) {
        passes++;
        return 10ms;
    });
    nats::connection nc = nats::connect(how);
    std::atomic<int> got{0};
    nats::subscription sub = nc.subscribe("later", [&](nats::message) { got++; });
    server s{};

    REQUIRE_SOON(passes > 0);
    nc.publish("later", "x");
    server_start_on(&s, port, nullptr, nullptr);
    REQUIRE_SOON(connected);
    REQUIRE_SOON(got == 1);
    nc.end();
    server_stop(&s);
}

static void signs_in_by_functions() {
    server s{};
    server_start(&s, "authorization { user: ada, password: secret }\n", nullptr);
    std::atomic<int> asked{0};
    nats::options how;
    how.url(s.url).user([&] {
        asked++;
        return nats::credentials{"ada", "secret"};
    });
    {
        nats::connection nc = nats::connect(how);
        nc.flush();
    }
    REQUIRE(asked > 0);
    nats::options wrong;
    wrong.url(s.url).user([]() -> nats::credentials { throw std::runtime_error("the vault is closed"); });
    const nats::result<nats::connection> refused = nats::try_connect(wrong);
    REQUIRE(!refused);
    REQUIRE(std::string(refused.error().what()).find("the vault is closed") != std::string::npos);
    server_stop(&s);

    server_start(&s, "authorization { token: \"the.token\" }\n", nullptr);
    nats::options token;
    token.url(s.url).token([] { return std::string("the.token"); });
    nats::connect(token).flush();
    server_stop(&s);
}

static void functions_that_never_complete_are_freed() {
    check::served f;
    // With manual dispatch a destroyed connection drops the completion callbacks, and replies that wait.
    std::future<nats::message> reply;
    {
        nats::options how = f.options();
        how.manual_dispatch();
        nats::connection nc = nats::connect(how);
        nats::sync_subscription silent = nc.subscribe_sync("silent");
        nats::subscription sub = nc.subscribe("m", [token = counted()](nats::message) {});
        std::atomic<int> got{0};
        nats::subscription other = nc.subscribe("n", [&](nats::message) { got++; });
        nc.publish("n");
        nc.publish("m");
        REQUIRE_SOON((nc.dispatch(), got == 1));
        reply = nc.request_async("silent", "?", nats::forever);
        REQUIRE_EQ(counted::alive, 1);
    }
    REQUIRE_EQ(counted::alive, 0);
    bool broken = false;
    try {
        reply.get();
    } catch (const nats::error &e) {
        broken = e.status() == NATS_CONNECTION_CLOSED;
    } catch (const std::future_error &) {
        broken = true;
    }
    REQUIRE(broken);
    // Failures leave nothing either.
    {
        nats::connection nc = f.connect();
        REQUIRE_STATUS(NATS_INVALID_SUBJECT, nc.subscribe("a..b", [token = counted()](nats::message) {}));
        REQUIRE_EQ(counted::alive, 0);
        nc.close();
        REQUIRE_STATUS(NATS_CONNECTION_CLOSED, nc.subscribe("a", [token = counted()](nats::message) {}));
        REQUIRE_EQ(counted::alive, 0);
    }
}

static void closed_while_subscribing() {
    check::served f;
    for (int round = 0; round < 60; round++) {
        nats::connection nc = f.connect();
        std::thread closer([&] { nc.close(); });
        for (int i = 0; i < 50; i++) {
            const nats::result<nats::subscription> sub =
                nc.try_subscribe("r", [token = counted()](nats::message) {});
            if (!sub && sub.status() != NATS_CONNECTION_CLOSED && sub.status() != NATS_INVALID_SUBSCRIPTION)
                throw check::failed(sub.error().what());
        }
        closer.join();
    }
    REQUIRE_SOON(counted::alive == 0);
}

static void released_objects_go_on() {
    check::served f;
    nats::connection nc = f.connect();
    auto got = std::make_shared<std::atomic<int>>(0);
    natsSubscription *raw = nc.subscribe("r", [got](nats::message) { ++*got; }).release();

    nc.publish("r");
    REQUIRE_SOON(*got == 1);
    natsSubscription_Destroy(raw);
    REQUIRE_SOON(got.use_count() == 1);
    // A connection of C.
    natsConnection *handle = nullptr;
    REQUIRE_EQ(natsConnection_ConnectTo(&handle, f.s.url), NATS_OK);
    nats::connection taken(handle);
    std::atomic<int> more{0};
    nats::subscription sub = taken.subscribe("t", [&](nats::message) { more++; });
    taken.publish("t");
    REQUIRE_SOON(more == 1);
    nats::message m("x", "y");
    natsMsg *msg = m.release();
    REQUIRE(!m);
    natsMsg_Destroy(msg);
}

int main(int argc, char **argv) {
    const test_case cases[] = {
        CPP_TEST(destroyed_in_its_own_function),
        CPP_TEST(unsubscribes_in_its_own_function),
        CPP_TEST(destruction_waits_for_a_running_function),
        CPP_TEST(connection_waits_for_running_functions),
        CPP_TEST(connection_destroyed_in_a_callback),
        CPP_TEST(exceptions_stay_on_this_side),
        CPP_TEST(events),
        CPP_TEST(errors_go_to_the_handler),
        CPP_TEST(waits_in_the_background_for_a_server),
        CPP_TEST(signs_in_by_functions),
        CPP_TEST(functions_that_never_complete_are_freed),
        CPP_TEST(closed_while_subscribing),
        CPP_TEST(released_objects_go_on),
    };

    return RUN_TESTS(cases, argc, argv);
}
