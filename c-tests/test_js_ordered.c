/* Ordered subscriptions against a real server: all messages once and in order, while consumers are deleted, the
 * server is killed, and the queue is full; and the memory that they need. */
#include "callbacks.h"
#include "fixture.h"
#include "jetstream.h"
#include "memory.h"
#include "test.h"

typedef struct order {
    server s;
    natsConnection *nc;
    jsCtx *js;
    closure c; /* of the connection */
    closure m; /* of the subscription */
} order;

static void order_start(order *o, const char *more) {
    server_run_jetstream(&o->s);
    closure_init(&o->m);
    o->nc = test_connect(options_recorded(o->s.url, &o->c));
    stream_create(o->nc, "S", "\"foo\",\"bar\",\"k.*\"", more);
    CHECK_OK(natsConnection_JetStream(&o->js, o->nc, NULL));
}

static void order_end(order *o) {
    jsCtx_Destroy(o->js);
    natsConnection_Destroy(o->nc);
    CHECK_REACHED(&o->c.closed, 1); /* no callback is to find the closure gone */
    server_stop(&o->s);
}

static jsSubOptions ordered(void) {
    jsSubOptions options;

    CHECK_OK(jsSubOptions_Init(&options));
    options.Ordered = true;
    options.Config.Heartbeat = INT64_C(500) * 1000 * 1000 * time_factor();
    return options;
}

/* Deletes the subscription's consumer behind its back, if there is one at this moment. */
static bool delete_consumer(order *o, natsSubscription *sub) {
    char function[128], text[512];
    jsConsumerInfo *ci = NULL;

    if (natsSubscription_GetConsumerInfo(&ci, sub, NULL, NULL) != NATS_OK)
        return false;
    snprintf(function, sizeof(function), "CONSUMER.DELETE.S.%s", ci->Name);
    jsConsumerInfo_Destroy(ci);
    api_request(o->nc, function, "", text, sizeof(text));
    return strstr(text, "\"success\":true") != NULL;
}

static void all_messages(void) {
    natsSubscription *sub = NULL;
    jsSubOptions options = ordered();
    order o;

    order_start(&o, "");
    publish_numbers(o.nc, "foo", 0, 5000);
    CHECK_OK(js_Subscribe(&sub, o.js, "foo", on_ordered, &o.m, NULL, &options, NULL));
    publish_numbers(o.nc, "foo", 5000, 5000);
    CHECK_REACHED(&o.m.messages, 10000);
    CHECK_INT(counter_get(&o.m.wrong), 0);
    CHECK_OK(natsSubscription_Unsubscribe(sub));
    natsSubscription_Destroy(sub);
    order_end(&o);
}

static void consumers_that_vanish(void) {
    natsSubscription *sub = NULL;
    jsSubOptions options = ordered();
    int round;
    order o;

    order_start(&o, "");
    CHECK_OK(js_Subscribe(&sub, o.js, "foo", on_ordered, &o.m, NULL, &options, NULL));
    for (round = 0; round < 3; round++) {
        publish_numbers(o.nc, "foo", round * 200, 100);
        CHECK_REACHED(&o.m.messages, round * 200 + 100);
        CHECK(delete_consumer(&o, sub));
        publish_numbers(o.nc, "foo", round * 200 + 100, 100);
        CHECK_REACHED(&o.m.messages, round * 200 + 200);
    }
    CHECK_INT(counter_get(&o.m.wrong), 0);
    CHECK_REACHED(&o.c.errors, 1);
    CHECK_INT(o.c.statuses[0], NATS_MISSED_HEARTBEAT);
    natsSubscription_Destroy(sub);
    order_end(&o);
}

static void server_killed_in_the_middle(void) {
    natsSubscription *sub = NULL;
    jsSubOptions options = ordered();
    int round;
    order o;

    order_start(&o, ",\"storage\":\"file\"");
    CHECK_OK(js_Subscribe(&sub, o.js, "foo", on_ordered, &o.m, NULL, &options, NULL));
    for (round = 0; round < 3; round++) {
        publish_numbers(o.nc, "foo", round * 1000, 1000);
        while (stream_messages(o.nc, "S") < (round + 1) * 1000)
            poll_pause();
        server_kill(&o.s);
        server_restart(&o.s);
        CHECK_REACHED(&o.c.reconnected, round + 1);
        CHECK_REACHED(&o.m.messages, (round + 1) * 1000);
    }
    CHECK_INT(counter_get(&o.m.wrong), 0);
    CHECK_INT(counter_get(&o.m.messages), 3000);
    natsSubscription_Destroy(sub);
    order_end(&o);
}

static void queue_that_is_too_short(void) {
    natsSubscription *sub = NULL;
    jsSubOptions options = ordered();
    natsMsg *msg = NULL;
    char payload[16];
    int n;
    order o;

    order_start(&o, "");
    CHECK_OK(js_SubscribeSync(&sub, o.js, "foo", NULL, &options, NULL));
    CHECK_OK(natsSubscription_SetPendingLimits(sub, 100, -1));
    publish_numbers(o.nc, "foo", 0, 350);
    /* Nothing is lost, it only takes longer. */
    for (n = 0; n < 350; n++) {
        CHECK_OK(natsSubscription_NextMsg(&msg, sub, deadline_ms()));
        snprintf(payload, sizeof(payload), "%d", n);
        CHECK_STR(natsMsg_GetData(msg), payload);
        natsMsg_Destroy(msg);
    }
    CHECK_STATUS(natsSubscription_NextMsg(&msg, sub, 0), NATS_TIMEOUT);
    CHECK_REACHED(&o.c.errors, 1);
    CHECK_INT(o.c.statuses[0], NATS_SLOW_CONSUMER);
    natsSubscription_Destroy(sub);
    order_end(&o);
}

static void starts_in_the_middle(void) {
    natsSubscription *sub = NULL;
    jsSubOptions options = ordered();
    natsMsg *msg = NULL;
    int n;
    order o;

    order_start(&o, "");
    publish_numbers(o.nc, "foo", 0, 10);
    options.Config.OptStartSeq = 8;
    CHECK_OK(js_SubscribeSync(&sub, o.js, "foo", NULL, &options, NULL));
    CHECK(delete_consumer(&o, sub));
    for (n = 7; n < 10; n++) {
        char payload[16];

        snprintf(payload, sizeof(payload), "%d", n);
        CHECK_OK(natsSubscription_NextMsg(&msg, sub, deadline_ms()));
        CHECK_STR(natsMsg_GetData(msg), payload);
        natsMsg_Destroy(msg);
    }
    natsSubscription_Destroy(sub);
    /* The last of each subject. */
    options = ordered();
    options.Config.DeliverPolicy = js_DeliverLastPerSubject;
    CHECK_OK(natsConnection_PublishString(o.nc, "k.1", "old"));
    CHECK_OK(natsConnection_PublishString(o.nc, "k.2", "2"));
    CHECK_OK(natsConnection_PublishString(o.nc, "k.1", "1"));
    CHECK_OK(js_SubscribeSync(&sub, o.js, "k.*", NULL, &options, NULL));
    for (n = 2; n >= 1; n--) {
        CHECK_OK(natsSubscription_NextMsg(&msg, sub, deadline_ms()));
        CHECK_STR(natsMsg_GetData(msg), n == 2 ? "2" : "1");
        natsMsg_Destroy(msg);
    }
    CHECK(delete_consumer(&o, sub));
    CHECK_OK(natsConnection_PublishString(o.nc, "k.3", "3"));
    CHECK_OK(natsSubscription_NextMsg(&msg, sub, deadline_ms()));
    CHECK_STR(natsMsg_GetData(msg), "3");
    natsMsg_Destroy(msg);
    natsSubscription_Destroy(sub);
    order_end(&o);
}

static void many_resets_leave_nothing(void) {
    enum { RESETS = 30, MOST = 16 * 1024 };
    natsSubscription *sub = NULL;
    jsSubOptions options = ordered();
    int64_t before = 0;
    int n = 0;
    order o;

    order_start(&o, "");
    options.Config.Heartbeat = INT64_C(100) * 1000 * 1000 * time_factor();
    CHECK_OK(js_Subscribe(&sub, o.js, "foo", on_ordered, &o.m, NULL, &options, NULL));
    while (n < RESETS) {
        if (!delete_consumer(&o, sub)) {
            poll_pause();
            continue;
        }
        publish_numbers(o.nc, "foo", n++, 1);
        CHECK_REACHED(&o.m.messages, n);
        if (n == 5)
            before = memory_settled(0, 200);
    }
    CHECK_INT(counter_get(&o.m.wrong), 0);
    /* A few things are as long as they happen to be; what only waits for its release goes by itself. */
    CHECK_GROWN("resets", before, memory_settled(before + MOST, deadline_ms()), MOST);
    natsSubscription_Destroy(sub);
    order_end(&o);
}

static const test_case cases[] = {
    TEST(all_messages),
    TEST(consumers_that_vanish),
    TEST(server_killed_in_the_middle),
    TEST(queue_that_is_too_short),
    TEST(starts_in_the_middle),
    TEST(many_resets_leave_nothing),
};

int main(int argc, char **argv) {
    memory_without_caches(argv);
    return RUN_TESTS(cases, argc, argv);
}
