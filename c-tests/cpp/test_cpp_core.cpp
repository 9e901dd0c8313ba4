// The C++ interface: connections, messages, subscriptions, requests.
#include "check.hpp"

#include <array>
#include <map>

static void publishes_and_subscribes() {
    check::served f;
    nats::connection nc = f.connect();
    std::atomic<int> count{0};
    std::string first;
    nats::subscription sub = nc.subscribe("greet.*", [&](nats::message m) {
        if (count == 0)
            first = std::string(m.subject()) + "=" + std::string(m.data());
        count++;
    });

    nc.publish("greet.world", "hello");
    nc.publish("greet.all", std::string("hello"));
    nc.publish("greet.raw", std::vector<unsigned char>{1, 0, 2});
    nc.publish("greet.none");
    REQUIRE_SOON(count == 4);
    REQUIRE_EQ(first, "greet.world=hello");
    REQUIRE_EQ(sub.subject(), "greet.*");
    REQUIRE_EQ(sub.statistics().delivered, 4);
    REQUIRE(sub.is_valid());
    sub.unsubscribe();
    REQUIRE(!sub.is_valid());
    REQUIRE_STATUS(NATS_INVALID_SUBSCRIPTION, sub.unsubscribe());
}

static void sync_subscriptions() {
    check::served f;
    nats::connection nc = f.connect();
    nats::sync_subscription sub = nc.subscribe_sync("a.>");
    const std::array<char, 3> bytes = {'x', '\0', 'y'};

    nc.publish("a.b", bytes, "answer.here");
    nats::message m = sub.next(check::deadline());
    REQUIRE_EQ(m.subject(), "a.b");
    REQUIRE_EQ(m.reply(), "answer.here");
    REQUIRE_EQ(m.size(), 3u);
    REQUIRE(m.data() == std::string_view("x\0y", 3));
    REQUIRE_STATUS(NATS_TIMEOUT, sub.next(1ms));
    REQUIRE_EQ(sub.try_next(0ms).status(), NATS_TIMEOUT);
    for (int i = 0; i < 5; i++)
        nc.publish("a.n", std::to_string(i));
    std::vector<std::string> got;
    while (got.size() < 5)
        for (const nats::message &n : sub.next_batch(3, check::deadline()))
            got.emplace_back(n.data());
    REQUIRE_EQ(got[4], "4");
    nats::sync_subscription moved = std::move(sub);
    REQUIRE(!sub && moved);
    sub = std::move(moved);
    REQUIRE(sub.is_valid());
    nc.publish("a.last", "forever");
    REQUIRE_EQ(sub.next().data(), "forever");
}

static void headers() {
    check::served f;
    nats::connection nc = f.connect();
    nats::sync_subscription sub = nc.subscribe_sync("h");
    nats::message out("h", "body");

    REQUIRE(out.headers().empty());
    out.headers().set("Color", "red");
    out.headers().set("Color", "blue");
    out.headers().add("Size", "1");
    out.headers().add("Size", "2");
    REQUIRE(out.headers().erase("Color"));
    REQUIRE(!out.headers().erase("Color"));
    out.headers().set("Color", "green");
    nc.publish(out);
    const nats::message in = sub.next(check::deadline());
    REQUIRE_EQ(in.data(), "body");
    REQUIRE_EQ(in.headers().get("Color").value(), "green");
    REQUIRE(!in.headers().get("color"));
    REQUIRE(in.headers().contains("Size"));
    REQUIRE_EQ(in.headers().values("Size").size(), 2u);
    REQUIRE_EQ(in.headers().values("Size")[1], "2");
    REQUIRE(in.headers().values("None").empty());
    REQUIRE_EQ(in.headers().size(), 2u);
    std::multimap<std::string, std::string> all;
    for (const auto &[key, value] : in.headers())
        all.emplace(key, value);
    REQUIRE_EQ(all.size(), 3u);
    REQUIRE_EQ(all.find("Color")->second, "green");
    REQUIRE_STATUS(NATS_INVALID_ARG, out.headers().set("", "x"));
}

static void requests() {
    check::served f;
    nats::connection nc = f.connect();
    nats::subscription sub = nc.subscribe("up", [nc = nats::connection_ref(nc)](const nats::message &m) {
        std::string text(m.data());
        for (char &c : text)
            c = static_cast<char>(toupper(c));
        nc.respond(m, text);
    });

    REQUIRE_EQ(nc.request("up", "hello", check::deadline()).data(), "HELLO");
    REQUIRE_EQ(nc.request(nats::message("up", "you"), check::deadline()).data(), "YOU");
    REQUIRE_STATUS(NATS_NO_RESPONDERS, nc.request("nobody", "?", check::deadline()));
    nats::sync_subscription silent = nc.subscribe_sync("silent");
    const nats::result<nats::message> late = nc.try_request("silent", "?", 10ms);
    REQUIRE(!late);
    REQUIRE_EQ(late.status(), NATS_TIMEOUT);
    REQUIRE(std::string(late.error().what()).find("silent") != std::string::npos);

    std::vector<std::future<nats::message>> replies;
    for (int i = 0; i < 20; i++)
        replies.push_back(nc.request_async("up", "n" + std::to_string(i), check::deadline()));
    for (int i = 0; i < 20; i++)
        REQUIRE_EQ(replies[static_cast<std::size_t>(i)].get().data(), "N" + std::to_string(i));
    std::future<nats::message> none = nc.request_async("nobody", "?", check::deadline());
    REQUIRE_STATUS(NATS_NO_RESPONDERS, none.get());
    REQUIRE_STATUS(NATS_INVALID_SUBJECT, nc.request_async("a b", "?", check::deadline()));

    std::atomic<bool> told{false};
    std::string text;
    nc.request_async(nats::message("up", "fn"), check::deadline(), [&](nats::result<nats::message> r) {
        text = r ? std::string(r->data()) : "failed";
        told = true;
    });
    REQUIRE_SOON(told);
    REQUIRE_EQ(text, "FN");
}

static void many_replies() {
    check::served f;
    nats::connection nc = f.connect();
    nats::subscription sub = nc.subscribe("many", [nc = nats::connection_ref(nc)](const nats::message &m) {
        for (int i = 0; i < 4; i++)
            nc.respond(m, std::to_string(i));
    });
    nats::many_options how;

    how.max_wait = check::deadline();
    how.max_messages = 3;
    REQUIRE_EQ(nc.request_many(nats::message("many"), how).size(), 3u);
    how.max_messages = 0;
    how.is_last = [](nats::message_view m) { return m.data() == "1"; };
    REQUIRE_EQ(nc.request_many(nats::message("many"), how).size(), 1u);
    how.include_last = true;
    REQUIRE_EQ(nc.request_many(nats::message("many"), how).size(), 2u);
    how.is_last = [](nats::message_view) -> bool { throw std::logic_error("mine"); };
    bool came_through = false;
    try {
        nc.request_many(nats::message("many"), how);
    } catch (const std::logic_error &) {
        came_through = true;
    }
    REQUIRE(came_through);
}

static void queue_groups_timeouts_and_batches() {
    check::served f;
    nats::connection nc = f.connect();
    std::atomic<int> shared{0}, quiet{0}, batched{0}, empty{0};
    nats::subscribe_options queue;
    queue.queue = "workers";
    nats::subscription a = nc.subscribe(
        "q", [&](nats::message) { shared++; }, queue);
    nats::subscription b = nc.subscribe(
        "q", [&](nats::message) { shared++; }, queue);
    nats::sync_subscription mark = nc.subscribe_sync("mark");

    for (int i = 0; i < 50; i++)
        nc.publish("q", "x");
    nc.publish("mark");
    mark.next(check::deadline());
    REQUIRE_SOON(shared == 50);
    REQUIRE_EQ(a.statistics().delivered + b.statistics().delivered, 50);

    nats::subscribe_options timed;
    timed.timeout = 5ms;
    nats::subscription t = nc.subscribe(
        "t", [&](const nats::message &m) { quiet += m ? 0 : 1; }, timed);
    REQUIRE_SOON(quiet >= 2);

    nats::subscribe_options lists;
    lists.max_messages = 10;
    lists.timeout = 20ms;
    std::atomic<bool> in_order{true};
    nats::subscription l = nc.subscribe_batches(
        "l",
        [&](std::vector<nats::message> batch) {
            if (batch.empty())
                empty++;
            for (const nats::message &m : batch)
                if (m.data() != std::to_string(batched++))
                    in_order = false;
            if (batch.size() > 10)
                in_order = false;
        },
        lists);
    for (int i = 0; i < 1000; i++)
        nc.publish("l", std::to_string(i));
    REQUIRE_SOON(batched == 1000 && empty > 0);
    REQUIRE(in_order);
}

static void errors_have_status_and_text() {
    check::served f;
    nats::connection nc = f.connect();

    try {
        nc.publish("a subject", "x");
        REQUIRE(false);
    } catch (const nats::error &e) {
        REQUIRE_EQ(e.status(), NATS_INVALID_SUBJECT);
        REQUIRE(std::string(e.what()).find("a subject") != std::string::npos);
    }
    // A NUL inside would end the text in C, and name another subject.
    REQUIRE_STATUS(NATS_INVALID_ARG, nc.publish(std::string_view("a\0b", 3), "x"));
    REQUIRE_STATUS(NATS_INVALID_ARG, nc.subscribe_sync(std::string_view("a\0b", 3)));
    REQUIRE_STATUS(NATS_INVALID_ARG, nats::message(std::string_view("a\0b", 3)));
    // Longer than the room for short texts.
    const std::string subject(1000, 'l');
    nats::sync_subscription sub = nc.subscribe_sync(subject);
    nc.publish(subject, "long");
    REQUIRE_EQ(sub.next(check::deadline()).subject(), subject);
    REQUIRE_STATUS(NATS_INVALID_ARG, nc.subscribe("x", std::function<void(nats::message)>()));
    REQUIRE_EQ(nc.try_publish("ok", "x").status(), NATS_OK);
    REQUIRE(nats::result<int>(7).value_or(1) == 7);
    REQUIRE(nats::result<int>(nats::error(NATS_TIMEOUT, "t")).value_or(1) == 1);

    nats::options bad;
    bad.url(std::string_view("a\0b", 3)).name("x");
    REQUIRE_EQ(nats::try_connect(bad).status(), NATS_INVALID_ARG);
    const std::string nobody = "nats://127.0.0.1:" + std::to_string(free_port());
    REQUIRE_STATUS(NATS_NO_SERVER, nats::connect(nobody));
    REQUIRE_EQ(nats::try_connect(nobody).status(), NATS_NO_SERVER);
}

static void says_what_it_is() {
    check::served f;
    nats::options how = f.options();
    how.name("teller");
    nats::connection nc = nats::connect(how);

    REQUIRE_EQ(nc.name(), "teller");
    REQUIRE(nc.url().find("127.0.0.1") != std::string::npos);
    REQUIRE(!nc.server_id().empty());
    REQUIRE(nc.server_version().find("2.") == 0);
    REQUIRE_EQ(nc.servers().size(), 1u);
    REQUIRE(nc.discovered_servers().empty());
    REQUIRE(nc.max_payload() > 0);
    REQUIRE_EQ(nc.state(), NATS_CONN_STATUS_CONNECTED);
    REQUIRE(!nc.is_closed() && !nc.is_reconnecting() && !nc.is_draining());
    REQUIRE(nc.round_trip() > 0ns);
    nats::sync_subscription sub = nc.subscribe_sync("x");
    REQUIRE_EQ(nc.subscription_count(), 1);
    nc.publish("x", "12345");
    sub.next(check::deadline());
    REQUIRE_EQ(nc.statistics().in_messages, 1u);
    REQUIRE_EQ(nc.statistics().out_bytes, 5u);
    REQUIRE(nc.client_id() > 0);
    REQUIRE(nats::new_inbox() != nats::new_inbox());
    nats::connection moved = std::move(nc);
    REQUIRE(!nc && moved);
    moved.flush(check::deadline());
    moved.close();
    REQUIRE(moved.is_closed());
    REQUIRE_STATUS(NATS_CONNECTION_CLOSED, moved.flush(1s));
}

int main(int argc, char **argv) {
    const test_case cases[] = {
        CPP_TEST(publishes_and_subscribes),
        CPP_TEST(sync_subscriptions),
        CPP_TEST(headers),
        CPP_TEST(requests),
        CPP_TEST(many_replies),
        CPP_TEST(queue_groups_timeouts_and_batches),
        CPP_TEST(errors_have_status_and_text),
        CPP_TEST(says_what_it_is),
    };

    return RUN_TESTS(cases, argc, argv);
}
