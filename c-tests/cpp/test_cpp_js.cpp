// The C++ interface: streams, publishing to them, subscriptions to them.
#include "check.hpp"

#include <memory>
#include <mutex>
#include <set>

struct counted {
    static std::atomic<int> alive;
    counted() { alive++; }
    counted(const counted &) { alive++; }
    counted(counted &&) noexcept { alive++; }
    counted &operator=(const counted &) = default;
    ~counted() { alive--; }
};
std::atomic<int> counted::alive{0};

static nats::stream_config orders() {
    nats::stream_config how;
    how.name = "ORDERS";
    how.subjects = {"orders.>"};
    how.storage = js_MemoryStorage;
    how.metadata = {{"team", "one"}};
    how.allow_direct = true;
    return how;
}

static void manages_streams() {
    check::served f(true);
    nats::connection nc = f.connect();
    nats::jetstream js(nc);
    nats::stream_config how = orders();
    how.max_age = 1h;
    how.description = "all orders";
    nats::stream_info made = js.add_stream(how);

    REQUIRE_EQ(made.config.name, "ORDERS");
    REQUIRE_EQ(made.config.subjects.at(0), "orders.>");
    REQUIRE_EQ(made.config.metadata.at("team"), "one");
    REQUIRE(made.config.max_age == 1h);
    REQUIRE(made.created > nats::time_point());
    how.max_messages = 10;
    REQUIRE_EQ(js.update_stream(how).config.max_messages, 10);
    how.description = "changed";
    REQUIRE_EQ(js.create_or_update_stream(how).config.description, "changed");
    for (int i = 0; i < 4; i++)
        js.publish(i % 2 == 0 ? "orders.a" : "orders.b", "x");
    REQUIRE_EQ(js.get_stream("ORDERS").state.messages, 4u);
    REQUIRE_EQ(js.get_stream("ORDERS").state.last_sequence, 4u);
    REQUIRE_EQ(js.stream_names().size(), 1u);
    REQUIRE_EQ(js.stream_names("orders.a").at(0), "ORDERS");
    REQUIRE(js.stream_names("nothing").empty());
    nats::purge_options what;
    what.subject = "orders.a";
    REQUIRE_EQ(js.purge_stream("ORDERS", what), 2u);
    REQUIRE_EQ(js.account().streams, 1);
    REQUIRE_EQ(js.get_message("ORDERS", 2).subject(), "orders.b");
    REQUIRE_EQ(js.get_message("ORDERS", 2).sequence(), 2u);
    REQUIRE_EQ(js.last_message("ORDERS", "orders.b").sequence(), 4u);
    js.delete_message("ORDERS", 4);
    REQUIRE_STATUS(NATS_NOT_FOUND, js.get_message("ORDERS", 4));

    // A mirror, and what is read back of it.
    nats::stream_config copy;
    copy.name = "COPY";
    copy.storage = js_MemoryStorage;
    copy.mirror = nats::stream_source{"ORDERS"};
    js.add_stream(copy);
    REQUIRE_EQ(js.get_stream("COPY").config.mirror->name, "ORDERS");
    REQUIRE_SOON(js.get_stream("COPY").state.messages == 1);
    nats::stream_config gathered;
    gathered.name = "SUM";
    nats::stream_source source{"ORDERS"};
    source.filter_subject = "orders.b";
    gathered.sources = {source};
    gathered.storage = js_MemoryStorage;
    REQUIRE_EQ(js.add_stream(gathered).config.sources.at(0).filter_subject, "orders.b");
    REQUIRE_SOON(js.get_stream("SUM").state.messages == 1);

    js.delete_stream("ORDERS");
    const nats::result<nats::stream_info> gone = js.try_get_stream("ORDERS");
    REQUIRE_EQ(gone.status(), NATS_NOT_FOUND);
    try {
        nats::stream_config bad = orders();
        bad.name = "bad";
        bad.replicas = 3;
        js.add_stream(bad);
        REQUIRE(false);
    } catch (const nats::error &e) {
        REQUIRE(e.js_code() != 0);
    }
    REQUIRE_STATUS(NATS_INVALID_ARG, js.get_stream(std::string_view("a\0b", 3)));
}

static void manages_consumers() {
    check::served f(true);
    nats::connection nc = f.connect();
    nats::jetstream js(nc);
    js.add_stream(orders());
    nats::consumer_config how;
    how.durable = "worker";
    how.ack_policy = js_AckExplicit;
    how.ack_wait = 2s;
    how.backoff = {1s, 2s};
    how.max_deliver = 3;
    how.filter_subjects = {"orders.a", "orders.b"};
    nats::consumer_info made = js.add_consumer("ORDERS", how);

    REQUIRE_EQ(made.name, "worker");
    REQUIRE_EQ(made.config.filter_subjects.size(), 2u);
    REQUIRE_EQ(made.config.backoff.size(), 2u);
    REQUIRE(made.config.backoff[1] == 2s);
    REQUIRE_EQ(js.consumer_names("ORDERS").at(0), "worker");
    how.description = "changed";
    REQUIRE_EQ(js.update_consumer("ORDERS", how).config.description, "changed");
    REQUIRE_EQ(js.get_consumer("ORDERS", "worker").pending, 0u);
    js.pause_consumer("ORDERS", "worker", nats::time_point(std::chrono::system_clock::now() + 1h));
    REQUIRE(js.get_consumer("ORDERS", "worker").paused);
    js.pause_consumer("ORDERS", "worker", {});
    REQUIRE(!js.get_consumer("ORDERS", "worker").paused);
    js.delete_consumer("ORDERS", "worker");
    REQUIRE_STATUS(NATS_NOT_FOUND, js.get_consumer("ORDERS", "worker"));
    REQUIRE(js.consumer_names("ORDERS").empty());
}

static void publishes() {
    check::served f(true);
    nats::connection nc = f.connect();
    nats::jetstream js(nc);
    js.add_stream(orders());
    nats::publish_options how;

    how.id = "one";
    REQUIRE_EQ(js.publish("orders.a", "1", how).sequence, 1u);
    REQUIRE(js.publish("orders.a", "1", how).duplicate);
    how = {};
    how.expect_last_sequence = 1;
    nats::message m("orders.b", "2");
    m.headers().set("Kind", "new");
    REQUIRE_EQ(js.publish(m, how).sequence, 2u);
    REQUIRE_STATUS(NATS_ERR, js.publish("orders.b", "x", how));
    how = {};
    how.expect_last_sequence = 0; // not the same as no expectation
    const nats::result<nats::publish_ack> refused = js.try_publish("orders.b", "x", how);
    REQUIRE(!refused);
    REQUIRE_EQ(refused.error().js_code(), JSStreamWrongLastSequenceErr);
    how = {};
    how.expect_last_subject_sequence = 0;
    REQUIRE_EQ(js.publish("orders.new", "3", how).sequence, 3u);
    REQUIRE(!js.try_publish("orders.new", "4", how));
    REQUIRE_STATUS(NATS_NO_RESPONDERS, js.publish("nowhere", "x"));

    std::mutex lock;
    std::set<std::uint64_t> sequences;
    int failures = 0;
    nats::jetstream_options async;
    async.max_pending = 64;
    async.stall_wait = check::deadline();
    async.on_ack = [&, token = counted()](nats::result<nats::publish_ack> ack, nats::message msg) {
        std::lock_guard<std::mutex> held(lock);
        if (ack && msg.subject() == "orders.async")
            sequences.insert(ack->sequence);
        else
            failures++;
    };
    {
        nats::jetstream fast(nc, async);
        async.on_ack = nullptr;
        for (int i = 0; i < 500; i++)
            fast.publish_async("orders.async", std::to_string(i));
        how = {};
        how.expect_last_sequence = 1;
        fast.publish_async(nats::message("orders.async", "refused"), how);
        fast.publish_async_complete(check::deadline());
        REQUIRE_EQ(sequences.size(), 500u);
        REQUIRE_EQ(failures, 1);
        REQUIRE(fast.publish_async_pending().empty());
        nats::jetstream moved = std::move(fast);
        moved.publish_async("orders.async", "last");
        moved.publish_async_complete(check::deadline());
        REQUIRE_EQ(sequences.size(), 501u);
    }
    REQUIRE_EQ(counted::alive, 0);
}

static void publishes_batches() {
    check::served f(true);
    nats::connection nc = f.connect();
    nats::jetstream js(nc);
    nats::stream_config how = orders();
    how.allow_atomic = true;
    how.allow_batched = true;
    js.add_stream(how);
    nats::message m("orders.batch", "x");

    nats::atomic_batch batch = js.begin_batch(m);
    batch.add(m);
    REQUIRE_EQ(js.get_stream("ORDERS").state.messages, 0u);
    REQUIRE_EQ(batch.commit(nats::message("orders.batch", "last")).count, 3u);
    REQUIRE_EQ(js.get_stream("ORDERS").state.messages, 3u);
    js.begin_batch(nats::message("orders.batch")).discard();
    REQUIRE_EQ(js.get_stream("ORDERS").state.messages, 3u);
    nats::fast_batch fast = js.begin_fast_batch();
    for (int i = 0; i < 200; i++)
        fast.add("orders.fast", std::to_string(i));
    REQUIRE_EQ(fast.commit().count, 200u);
    REQUIRE_EQ(js.get_stream("ORDERS").state.messages, 203u);
}

static void transforms_of_sources() {
    check::served f(true);
    nats::connection nc = f.connect();
    nats::jetstream js(nc);
    js.add_stream(orders());
    js.publish("orders.a", "1");
    nats::stream_config all;
    all.name = "ALL";
    all.storage = js_MemoryStorage;
    all.sources.push_back({"ORDERS"});
    all.sources.back().transforms = {{"orders.*", "all.{{wildcard(1)}}"}};
    nats::stream_info made = js.create_or_update_stream(all);

    REQUIRE_EQ(made.config.sources.at(0).transforms.at(0).destination, "all.{{wildcard(1)}}");
    REQUIRE_SOON(js.get_stream("ALL").state.messages == 1);
    REQUIRE_EQ(js.get_message("ALL", 1).subject(), "all.a");
    // What was read and is given back keeps them.
    made.config.description = "changed";
    REQUIRE_EQ(js.create_or_update_stream(made.config).config.sources.at(0).transforms.size(), 1u);
    REQUIRE_EQ(js.update_stream(made.config).config.description, "changed");
}

static void gets_from_any_server() {
    check::served f(true);
    nats::connection nc = f.connect();
    nats::jetstream js(nc);
    js.add_stream(orders());
    for (const char *subject : {"orders.a", "orders.b", "orders.a"})
        js.publish(subject, subject);
    nats::direct_get_options one;
    nats::direct_batch_options many;

    one.sequence = 2;
    REQUIRE_EQ(js.direct_get("ORDERS", one).data(), "orders.b");
    one.next_by_subject = "orders.a";
    REQUIRE_EQ(js.direct_get("ORDERS", one).headers().get("Nats-Sequence").value(), "3");
    one = {};
    one.last_by_subject = "orders.b";
    one.without_headers = true;
    REQUIRE_EQ(js.direct_get("ORDERS", one).data(), "orders.b");
    one.last_by_subject = "orders.none";
    REQUIRE_STATUS(NATS_NOT_FOUND, js.direct_get("ORDERS", one));
    many.batch = 2;
    nats::direct_batch batch = js.direct_get_many("ORDERS", many);
    REQUIRE_EQ(batch.messages.size(), 2u);
    REQUIRE_EQ(batch.pending, 1u);
    REQUIRE_EQ(batch.last_sequence, 2u);
    many = {};
    many.last_of = {"orders.*"};
    many.up_to_sequence = 2;
    REQUIRE_EQ(js.direct_get_many("ORDERS", many).messages.at(0).data(), "orders.a");
    REQUIRE_EQ(js.direct_get_last("ORDERS", {"orders.a", "orders.b"}).size(), 2u);
    REQUIRE_EQ(js.try_direct_get_last("ORDERS", {"orders.none"}).status(), NATS_NOT_FOUND);
    REQUIRE_EQ(js.try_direct_get_many("NONE", many).status(), NATS_NO_RESPONDERS);
}

static void policies_and_advisories() {
    check::served f(true);
    nats::connection nc = f.connect();
    nats::jetstream js(nc);
    nats::publish_policy policy;
    js.add_stream(orders());

    policy.no_responders_retries = -1;
    REQUIRE_STATUS(NATS_INVALID_ARG, js.set_publish_policy(policy));
    policy.no_responders_retries = 1;
    policy.no_responders_wait = 1ms;
    policy.resend_on_reconnect = true;
    js.set_publish_policy(policy);
    const nats::result<nats::publish_ack> nowhere = js.try_publish("nowhere", "x");
    REQUIRE_EQ(nowhere.status(), NATS_NO_RESPONDERS);
    REQUIRE(std::string(nowhere.error().what()).find("publish to 'nowhere': No responders available for request: no stream") == 0);

    const std::string subject = nats::advisory_subject(js_AdvisoryMaxDeliveries, "ORDERS", "C");
    nats::sync_subscription sub = nc.subscribe_sync(subject);
    nats::consumer_config how;
    how.durable = "C";
    how.max_deliver = 1;
    how.ack_policy = js_AckExplicit;
    REQUIRE_EQ(js.try_create_consumer("ORDERS", how)->name, "C");
    REQUIRE_EQ(js.try_update_consumer("ORDERS", how)->name, "C");
    REQUIRE_EQ(js.try_consumer_names("ORDERS")->at(0), "C");
    REQUIRE_EQ(js.try_stream_names()->at(0), "ORDERS");
    REQUIRE_EQ(js.try_account()->streams, 1);
    REQUIRE(!js.try_delete_message("ORDERS", 7));
    REQUIRE(js.try_pause_consumer("ORDERS", "C", {}));
    // A message that is delivered once only, and refused, is told of when it would be delivered again.
    js.publish("orders.a", "1");
    nats::js_subscribe_options bound;
    bound.stream = "ORDERS";
    nats::pull_subscription puller = js.pull_subscribe("orders.>", "C", bound);
    puller.fetch(1, check::deadline()).at(0).nak();
    static_cast<void>(puller.try_fetch(1, 100ms));
    const nats::advisory told = nats::read_advisory(sub.next(check::deadline()));
    REQUIRE_EQ(told.kind, js_AdvisoryMaxDeliveries);
    REQUIRE_EQ(told.stream, "ORDERS");
    REQUIRE_EQ(told.consumer, "C");
    REQUIRE_EQ(told.sequence, 1u);
    REQUIRE_EQ(told.deliveries, 1u);
    REQUIRE_EQ(nats::try_read_advisory(nats::message::create("x", "{}").value()).status(), NATS_NOT_FOUND);
    REQUIRE_STATUS(NATS_INVALID_ARG, nats::advisory_subject(js_AdvisoryMaxDeliveries, "a b"));
}

static void pulls() {
    check::served f(true);
    nats::connection nc = f.connect();
    nats::jetstream js(nc);
    js.add_stream(orders());
    for (int i = 0; i < 10; i++)
        js.publish("orders.a", std::to_string(i));

    nats::pull_subscription sub = js.pull_subscribe("orders.>", "puller");
    std::vector<nats::message> got = sub.fetch(4, check::deadline());
    REQUIRE_EQ(got.size(), 4u);
    REQUIRE_EQ(got[0].data(), "0");
    REQUIRE_EQ(got[3].info().stream_sequence, 4u);
    REQUIRE_EQ(got[3].info().stream, "ORDERS");
    REQUIRE_EQ(got[3].info().consumer, "puller");
    REQUIRE_EQ(got[3].info().delivered, 1u);
    got[0].ack();
    got[1].ack_sync(check::deadline());
    got[2].nak();
    got[3].term("useless");
    nats::fetch_options how;
    how.batch = 7;
    how.expires = check::deadline();
    std::vector<nats::message> rest = sub.fetch(how);
    REQUIRE_EQ(rest.size(), 7u);
    for (const nats::message &m : rest)
        m.ack_sync();
    REQUIRE_EQ(nats::consumer_of(sub).ack_pending, 0);
    how.no_wait = true;
    REQUIRE_EQ(sub.try_fetch(how).status(), NATS_NOT_FOUND);
    REQUIRE_STATUS(NATS_TIMEOUT, sub.fetch(1, 20ms));
    REQUIRE_STATUS(NATS_ILLEGAL_STATE, nats::message("x").ack());
}

static void consumes_with_a_function() {
    check::served f(true);
    nats::connection nc = f.connect();
    nats::jetstream js(nc);
    js.add_stream(orders());
    for (int i = 0; i < 300; i++)
        js.publish("orders.a", std::to_string(i));
    std::atomic<int> got{0}, wrong{0}, ended{-1};
    nats::pull_options pull;
    pull.fetch_size = 50;
    pull.keep_ahead = 20;
    {
        nats::subscription sub = js.consume(
            "orders.>", "eager",
            [&](const nats::message &m) { wrong += m.data() == std::to_string(got++) ? 0 : 1; }, pull);
        REQUIRE_SOON(got == 300);
        REQUIRE_SOON(nats::consumer_of(sub).ack_pending == 0);
    }
    REQUIRE_EQ(wrong, 0);

    // One that takes what there is and ends, possibly before consume() returns.
    for (int round = 0; round < 20; round++) {
        std::atomic<int> some{0};
        ended = -1;
        pull = {};
        pull.no_wait = true;
        pull.on_end = [&, token = counted()](nats::status s) { ended = s; };
        nats::js_subscribe_options manual;
        manual.manual_ack = true;
        nats::subscription once = js.consume(
            "orders.none", "",
            [&, token = counted()](nats::message m) {
                m.ack();
                some++;
            },
            pull, manual);
        REQUIRE_SOON(ended >= 0);
        pull.on_end = nullptr;
        once.end();
        REQUIRE_EQ(some, 0);
        REQUIRE_EQ(counted::alive, 0);
    }
    REQUIRE_STATUS(NATS_INVALID_ARG, js.consume("orders.>", "x", [](nats::message) {}));
}

static void pushes_acknowledge_what_returned() {
    check::served f(true);
    nats::connection nc = f.connect();
    nats::jetstream js(nc);
    js.add_stream(orders());
    for (int i = 0; i < 5; i++)
        js.publish("orders.a", std::to_string(i));
    nats::set_exception_handler([](std::exception_ptr, const char *) {});
    std::atomic<int> got{0}, again{0};
    nats::js_subscribe_options how;
    how.config.durable = "push";
    how.config.ack_wait = 500ms;
    nats::subscription sub = js.subscribe(
        "orders.>",
        [&](nats::message_view m, nats::subscription_ref) {
            if (m.data() == "3" && m.info().delivered > 1)
                again++;
            got++;
            if (m.data() == "3" && m.info().delivered == 1)
                throw std::runtime_error("not this time");
        },
        how);

    // A slow machine may be sent others again as well.
    REQUIRE_SOON(got >= 6 && again >= 1);
    REQUIRE_SOON(nats::consumer_of(sub).ack_pending == 0);
    sub.unsubscribe();
    REQUIRE_STATUS(NATS_NOT_FOUND, js.get_consumer("ORDERS", "push"));

    // The function owns the messages.
    std::mutex lock;
    std::vector<nats::message> kept;
    how.manual_ack = true;
    how.config.durable = "keeper";
    nats::subscription keeper = js.subscribe(
        "orders.>",
        [&](nats::message m) {
            std::lock_guard<std::mutex> held(lock);
            kept.push_back(std::move(m));
        },
        how);
    auto have = [&] {
        std::lock_guard<std::mutex> held(lock);
        return kept.size() >= 5;
    };
    REQUIRE_SOON(have());
    keeper.end();
    for (const nats::message &m : kept)
        m.ack();
    nats::set_exception_handler({});
}

static void ordered_and_sync() {
    check::served f(true);
    nats::connection nc = f.connect();
    nats::jetstream js(nc);
    js.add_stream(orders());
    for (int i = 0; i < 100; i++)
        js.publish("orders.a", std::to_string(i));
    std::atomic<int> got{0}, wrong{0};
    nats::js_subscribe_options how;
    how.ordered = true;
    nats::subscription sub = js.subscribe(
        "orders.>", [&](const nats::message &m) { wrong += m.data() == std::to_string(got++) ? 0 : 1; }, how);

    REQUIRE_SOON(got == 100);
    REQUIRE_EQ(wrong, 0);
    nats::sync_subscription sync = js.subscribe_sync("orders.>");
    for (int i = 0; i < 100; i++) {
        nats::message m = sync.next(check::deadline());
        REQUIRE_EQ(m.data(), std::to_string(i));
        m.ack();
    }
    nats::js_subscribe_options start;
    start.config.deliver_policy = js_DeliverByStartSequence;
    start.config.start_sequence = 100;
    REQUIRE_EQ(js.subscribe_sync("orders.>", start).next(check::deadline()).data(), "99");
    // Failures leave no function behind.
    for (int i = 0; i < 10; i++)
        REQUIRE(!js.try_subscribe("nowhere", [token = counted()](nats::message_view) {}));
    REQUIRE_EQ(counted::alive, 0);
    nats::js_subscribe_options missing;
    missing.stream = "ORDERS";
    missing.consumer = "none";
    REQUIRE_STATUS(NATS_NOT_FOUND, js.subscribe(
                                       "", [](nats::message_view) {}, missing));
}

int main(int argc, char **argv) {
    const test_case cases[] = {
        CPP_TEST(manages_streams),
        CPP_TEST(manages_consumers),
        CPP_TEST(publishes),
        CPP_TEST(publishes_batches),
        CPP_TEST(transforms_of_sources),
        CPP_TEST(gets_from_any_server),
        CPP_TEST(policies_and_advisories),
        CPP_TEST(pulls),
        CPP_TEST(consumes_with_a_function),
        CPP_TEST(pushes_acknowledge_what_returned),
        CPP_TEST(ordered_and_sync),
    };

    return RUN_TESTS(cases, argc, argv);
}
