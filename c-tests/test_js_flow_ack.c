/* Consumers whose messages are acknowledged by the answers to flow control (ADR-60): the time of the
 * acknowledgements, and no loss when connections and messages are lost. */
#include "callbacks.h"
#include "fixture.h"
#include "jetstream.h"
#include "js_peer.h"

typedef struct world {
    server s;
    natsConnection *nc;    /* subscribes */
    natsConnection *other; /* publishes, and looks */
    jsCtx *js;
    closure c;
    closure messages;
} world;

static void world_start(world *w) {
    server_run_jetstream(&w->s);
    closure_init(&w->messages);
    w->nc = test_connect(options_recorded(w->s.url, &w->c));
    w->other = test_connect_url(w->s.url);
    CHECK_OK(natsConnection_JetStream(&w->js, w->nc, NULL));
    stream_create(w->other, "W", "\"w.>\"", ",\"retention\":\"workqueue\"");
}

static void world_end(world *w) {
    jsCtx_Destroy(w->js);
    natsConnection_Destroy(w->nc);
    natsConnection_Destroy(w->other);
    server_stop(&w->s);
}

static void flow_acked(jsSubOptions *opts, const char *stream, int64_t max_ack_pending) {
    CHECK_OK(jsSubOptions_Init(opts));
    opts->Stream = stream;
    opts->Config.AckPolicy = js_AckFlowControl;
    opts->Config.MaxAckPending = max_ack_pending;
}

static void messages_are_acknowledged_as_they_are_taken(void) {
    enum { COUNT = 2000 };
    static world w;
    natsSubscription *sub = NULL;
    jsSubOptions opts;

    world_start(&w);
    publish_numbers(w.other, "w.a", 0, COUNT);
    flow_acked(&opts, "W", 100);
    CHECK_OK(js_Subscribe(&sub, w.js, "w.>", on_ordered, &w.messages, NULL, &opts, NULL));
    CHECK_REACHED(&w.messages.messages, COUNT);
    CHECK_SOON(stream_messages(w.other, "W") == 0);
    CHECK_INT(counter_get(&w.messages.wrong), 0);
    natsSubscription_Destroy(sub);
    world_end(&w);
}

static void a_program_that_asks_for_messages(void) {
    enum { COUNT = 300 };
    static world w;
    natsSubscription *sub = NULL;
    jsSubOptions opts;
    char text[16];
    int i;

    world_start(&w);
    publish_numbers(w.other, "w.a", 0, COUNT);
    flow_acked(&opts, "W", 10);
    CHECK_OK(js_SubscribeSync(&sub, w.js, "w.>", NULL, &opts, NULL));
    for (i = 0; i < COUNT; i++) {
        natsMsg *msg = test_next(sub);

        snprintf(text, sizeof(text), "%d", i);
        CHECK_STR(natsMsg_GetData(msg), text);
        /* Nothing to do. */
        CHECK_OK(natsMsg_Ack(msg, NULL));
        natsMsg_Destroy(msg);
        /* What is not taken is not acknowledged. */
        if (i % 50 == 0)
            CHECK(stream_messages(w.other, "W") >= COUNT - 1 - i);
    }
    CHECK_SOON(stream_messages(w.other, "W") == 0);
    natsSubscription_Destroy(sub);
    world_end(&w);
}

static void what_is_in_a_callback_is_not_acknowledged(void) {
    static world w;
    natsSubscription *sub = NULL;
    jsSubOptions opts;
    int64_t until;

    world_start(&w);
    publish_numbers(w.other, "w.a", 0, 20);
    flow_acked(&opts, "W", 5);
    CHECK_OK(js_Subscribe(&sub, w.js, "w.>", on_blocked, &w.messages, NULL, &opts, NULL));
    CHECK_REACHED(&w.messages.entered, 1);
    /* Longer than from one heartbeat to the next, each of which asks. */
    for (until = now_ms() + 2500; now_ms() < until;) {
        CHECK_INT(stream_messages(w.other, "W"), 20);
        poll_pause();
    }
    counter_set(&w.messages.gate, 1);
    CHECK_REACHED(&w.messages.messages, 20);
    CHECK_SOON(stream_messages(w.other, "W") == 0);
    natsSubscription_Destroy(sub);
    world_end(&w);
}

/* Who comes next gets what the one before had and did not acknowledge. */
static void a_durable_is_taken_over(void) {
    static world w;
    static closure before; /* its callback may still run when the other subscription has begun */
    natsSubscription *sub = NULL;
    jsSubOptions opts;

    world_start(&w);
    publish_numbers(w.other, "w.a", 0, 20);
    flow_acked(&opts, "W", 10);
    opts.Config.Durable = "D";
    closure_init(&before);
    CHECK_OK(js_Subscribe(&sub, w.js, "w.>", on_blocked, &before, NULL, &opts, NULL));
    CHECK_REACHED(&before.entered, 1);
    natsSubscription_Destroy(sub);
    counter_set(&before.gate, 1);
    CHECK_REACHED(&before.messages, 1);
    CHECK_INT(stream_messages(w.other, "W"), 20);
    flow_acked(&opts, "W", 0);
    opts.Consumer = "D";
    CHECK_SOON(js_Subscribe(&sub, w.js, "w.>", on_ordered, &w.messages, NULL, &opts, NULL) == NATS_OK);
    CHECK_REACHED(&w.messages.messages, 20);
    CHECK_SOON(stream_messages(w.other, "W") == 0);
    CHECK_INT(counter_get(&w.messages.wrong), 0);
    natsSubscription_Destroy(sub);
    world_end(&w);
}

/* Messages are lost on the way when the connection is, and come again: each once, in their order. */
static void reconnects(void) {
    enum { ROUNDS = 6, EACH = 2000 };
    static world w;
    natsSubscription *sub = NULL;
    jsSubOptions opts;
    int i;

    world_start(&w);
    flow_acked(&opts, "W", 500);
    opts.Config.Durable = "D";
    CHECK_OK(js_Subscribe(&sub, w.js, "w.>", on_ordered, &w.messages, NULL, &opts, NULL));
    for (i = 0; i < ROUNDS; i++) {
        publish_numbers(w.other, "w.a", i * EACH, EACH);
        CHECK_OK(natsConnection_Reconnect(w.nc));
        CHECK_REACHED(&w.c.reconnected, i + 1);
    }
    CHECK_REACHED(&w.messages.messages, ROUNDS * EACH);
    CHECK_SOON(stream_messages(w.other, "W") == 0);
    CHECK_INT(counter_get(&w.messages.wrong), 0);
    CHECK_INT(counter_get(&w.messages.messages), ROUNDS * EACH);
    natsSubscription_Destroy(sub);
    world_end(&w);
}

static void a_small_queue(void) {
    enum { COUNT = 60 };
    static world w;
    natsSubscription *sub = NULL;
    jsSubOptions opts;

    world_start(&w);
    flow_acked(&opts, "W", 40);
    CHECK_OK(js_SubscribeSync(&sub, w.js, "w.>", NULL, &opts, NULL));
    CHECK_OK(natsSubscription_SetPendingLimits(sub, 10, -1));
    publish_numbers(w.other, "w.a", 0, COUNT);
    {
        char text[16];
        int i;

        for (i = 0; i < COUNT; i++) {
            snprintf(text, sizeof(text), "%d", i);
            test_expect_next(sub, text);
        }
    }
    CHECK_SOON(stream_messages(w.other, "W") == 0);
    natsSubscription_Destroy(sub);
    world_end(&w);
}

static void a_reset_by_others_delivers_again(void) {
    static world w;
    natsSubscription *sub = NULL;
    jsSubOptions opts;

    world_start(&w);
    stream_create(w.other, "L", "\"l.>\"", "");
    publish_numbers(w.other, "l.a", 0, 10);
    flow_acked(&opts, "L", 100);
    opts.Config.Durable = "D";
    CHECK_OK(js_Subscribe(&sub, w.js, "l.>", on_message, &w.messages, NULL, &opts, NULL));
    CHECK_REACHED(&w.messages.messages, 10);
    CHECK_OK(js_ResetConsumer(NULL, w.js, "L", "D", 6, NULL, NULL));
    CHECK_REACHED(&w.messages.messages, 15);
    natsSubscription_Destroy(sub);
    world_end(&w);
}

static void configurations(void) {
    static world w;
    jsConsumerConfig config;
    jsConsumerInfo *info = NULL;
    natsSubscription *sub = NULL;
    jsSubOptions opts;
    jsErrCode code;

    world_start(&w);
    CHECK_OK(jsConsumerConfig_Init(&config));
    config.Durable = "D";
    config.AckPolicy = js_AckFlowControl;
    CHECK_STATUS(js_AddConsumer(NULL, w.js, "W", &config, NULL, &code), NATS_ERR);
    CHECK_INT(code, 10218);
    config.DeliverSubject = "deliver.here";
    CHECK_OK(js_AddConsumer(&info, w.js, "W", &config, NULL, &code));
    CHECK_INT(info->Config->AckPolicy, js_AckFlowControl);
    CHECK(info->Config->FlowControl && info->Config->Heartbeat > 0);
    CHECK_INT(info->Config->MaxDeliver, -1);
    jsConsumerInfo_Destroy(info);
    CHECK_OK(js_GetConsumerInfo(&info, w.js, "W", "D", NULL, &code));
    CHECK_INT(info->Config->AckPolicy, js_AckFlowControl);
    jsConsumerInfo_Destroy(info);
    /* Members of a group could not tell what is missing. */
    flow_acked(&opts, "W", 0);
    opts.Queue = "q";
    CHECK_STATUS(js_SubscribeSync(&sub, w.js, "w.>", NULL, &opts, &code), NATS_INVALID_ARG);
    CHECK(sub == NULL);
    world_end(&w);
}

static js_peer j;

static void check_peer(bool done, const char *file, int line) {
    if (!done)
        check_failed(file, line, "%s", j.p.problem);
}
#define PEER(call) check_peer((call), __FILE__, __LINE__)

static void expect_number(natsSubscription *sub, int number) {
    char text[16];

    snprintf(text, sizeof(text), "%d", number);
    test_expect_next(sub, text);
}

static void what_an_answer_names(void) {
    natsSubscription *sub = NULL;
    natsMsg *msg = NULL;
    jsSubOptions opts;
    int i;

    js_peer_start(&j, NULL);
    flow_acked(&opts, "S", 0);
    peer_run(&j.p, js_peer_first_consumer, NULL);
    CHECK_OK(js_SubscribeSync(&sub, j.js, "foo", NULL, &opts, NULL));
    peer_join(&j.p);
    /* Nothing has been delivered. */
    PEER(js_peer_flow(&j, "$JS.FC.a"));
    PEER(js_peer_await(&j, "PUB", "$JS.FC.a"));
    CHECK_STR(j.op.body, "");
    PEER(js_peer_deliver(&j, 10, 0, 0));
    PEER(js_peer_deliver(&j, 12, 0, 0));
    PEER(js_peer_flow(&j, "$JS.FC.b"));
    PEER(js_peer_deliver(&j, 13, 0, 0));
    expect_number(sub, 10);
    expect_number(sub, 12);
    PEER(js_peer_await(&j, "HPUB", "$JS.FC.b"));
    CHECK_CONTAINS(j.op.body, "Nats-Last-Consumer: 2\r\n");
    CHECK_CONTAINS(j.op.body, "Nats-Last-Stream: 12\r\n");
    /* A heartbeat asks too; what has not been taken is not acknowledged. */
    PEER(js_peer_heartbeat(&j, 3, 13, "$JS.FC.c"));
    CHECK(!js_peer_await_within(&j, "HPUB", "$JS.FC.c", 100));
    expect_number(sub, 13);
    PEER(js_peer_await(&j, "HPUB", "$JS.FC.c"));
    CHECK_CONTAINS(j.op.body, "Nats-Last-Consumer: 3\r\n");
    /* The fifth without the fourth. */
    PEER(js_peer_deliver(&j, 15, 5, 0));
    PEER(js_peer_deliver(&j, 16, 0, 0));
    PEER(js_peer_await(&j, "PUB", "$JS.API.CONSUMER.RESET.S.c"));
    CHECK_STR(j.op.body, "");
    {
        js_op reset = j.op;

        PEER(js_peer_flow(&j, "$JS.FC.d"));
        PEER(js_peer_await(&j, "HPUB", "$JS.FC.d"));
        CHECK_CONTAINS(j.op.body, "Nats-Last-Consumer: 3\r\n");
        j.op = reset;
    }
    PEER(js_peer_answer(&j, "{\"error\":{\"code\":503,\"err_code\":10008,\"description\":\"not now\"}}"));
    PEER(js_peer_await(&j, "PUB", "$JS.API.CONSUMER.RESET.S.c"));
    PEER(js_peer_answer(&j, "{\"stream_name\":\"S\",\"name\":\"c\",\"config\":{}}"));
    /* 13 was taken before. */
    PEER(js_peer_deliver(&j, 13, 1, 0));
    for (i = 14; i <= 16; i++)
        PEER(js_peer_deliver(&j, (uint64_t)i, 0, 0));
    for (i = 14; i <= 16; i++)
        expect_number(sub, i);
    CHECK_STATUS(natsSubscription_NextMsg(&msg, sub, 0), NATS_TIMEOUT);
    /* The last one is missing, which a heartbeat shows. */
    PEER(js_peer_heartbeat(&j, 5, 17, NULL));
    PEER(js_peer_await(&j, "PUB", "$JS.API.CONSUMER.RESET.S.c"));
    natsSubscription_Destroy(sub);
    js_peer_end(&j);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(messages_are_acknowledged_as_they_are_taken),
        TEST(a_program_that_asks_for_messages),
        TEST(what_is_in_a_callback_is_not_acknowledged),
        TEST(a_durable_is_taken_over),
        TEST(reconnects),
        TEST(a_small_queue),
        TEST(a_reset_by_others_delivers_again),
        TEST(configurations),
        TEST(what_an_answer_names),
    };

    return RUN_TESTS(cases, argc, argv);
}
