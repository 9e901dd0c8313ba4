/* Push subscriptions against a real server: callbacks and queues, consumers that exist or are created, and the
 * consumers afterwards. */
#include "callbacks.h"
#include "fixture.h"
#include "jetstream.h"
#include "test.h"

typedef struct push {
    server s;
    natsConnection *nc;
    jsCtx *js;
    closure c; /* of the connection */
    closure m; /* of subscriptions */
} push;

static void push_start(push *p, int messages) {
    server_run_jetstream(&p->s);
    closure_init(&p->m);
    p->nc = test_connect(options_recorded(p->s.url, &p->c));
    stream_create(p->nc, "S", "\"foo\",\"bar\",\"baz.*\"", "");
    publish_numbers(p->nc, "foo", 0, messages);
    CHECK_OK(natsConnection_JetStream(&p->js, p->nc, NULL));
}

static void push_end(push *p) {
    jsCtx_Destroy(p->js);
    natsConnection_Destroy(p->nc);
    CHECK_REACHED(&p->c.closed, 1); /* no callback is to find the closure gone */
    server_stop(&p->s);
}

static jsSubOptions sub_options(void) {
    jsSubOptions options;

    CHECK_OK(jsSubOptions_Init(&options));
    return options;
}

static bool consumer_exists(push *p, const char *name) {
    char function[128], text[4096];

    snprintf(function, sizeof(function), "CONSUMER.INFO.S.%s", name);
    api_request(p->nc, function, "", text, sizeof(text));
    return strstr(text, "\"err_code\":10014") == NULL;
}

/* The name of a subscription's consumer, until the next call. */
static const char *consumer_of(natsSubscription *sub) {
    static char name[64];
    jsConsumerInfo *ci = NULL;

    CHECK_OK(natsSubscription_GetConsumerInfo(&ci, sub, NULL, NULL));
    snprintf(name, sizeof(name), "%s", ci->Name);
    jsConsumerInfo_Destroy(ci);
    return name;
}

static void expect_acknowledged(natsSubscription *sub, uint64_t stream_seq) {
    jsConsumerInfo *ci = NULL;
    int64_t until = now_ms() + deadline_ms();
    uint64_t floor = 0;

    while (floor != stream_seq && now_ms() < until) {
        poll_pause();
        CHECK_OK(natsSubscription_GetConsumerInfo(&ci, sub, NULL, NULL));
        floor = ci->AckFloor.Stream;
        jsConsumerInfo_Destroy(ci);
    }
    CHECK_INT(floor, stream_seq);
}

/* Destroys its message by mistake, which has no effect where the library acknowledges. */
static void on_message_kept(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *arg) {
    (void)nc;
    (void)sub;
    natsMsg_Destroy(msg);
    natsMsg_Destroy(msg);
    if (natsMsg_GetDataLength(msg) > 0)
        counter_add(&((closure *)arg)->messages, 1);
}

static void callback_acknowledges(void) {
    natsSubscription *sub = NULL;
    char name[64];
    push p;

    push_start(&p, 10);
    CHECK_OK(js_Subscribe(&sub, p.js, "foo", on_message_kept, &p.m, NULL, NULL, NULL));
    CHECK_REACHED(&p.m.messages, 10);
    expect_acknowledged(sub, 10);
    snprintf(name, sizeof(name), "%s", consumer_of(sub));
    CHECK(consumer_exists(&p, name));
    CHECK_OK(natsSubscription_Unsubscribe(sub));
    CHECK(!consumer_exists(&p, name));
    natsSubscription_Destroy(sub);
    push_end(&p);
}

/* Acknowledges and destroys by itself; the first time it refuses. */
static void on_manual(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *arg) {
    closure *c = (closure *)arg;
    jsMsgMetaData *meta = NULL;

    (void)nc;
    (void)sub;
    if (natsMsg_GetMetaData(&meta, msg) == NATS_OK) {
        if (meta->NumDelivered == 1)
            natsMsg_Nak(msg, NULL);
        else
            natsMsg_Ack(msg, NULL);
        jsMsgMetaData_Destroy(meta);
    }
    natsMsg_Destroy(msg);
    counter_add(&c->messages, 1);
}

static void callback_acknowledges_by_itself(void) {
    natsSubscription *sub = NULL;
    jsSubOptions options;
    push p;

    push_start(&p, 5);
    options = sub_options();
    options.ManualAck = true;
    CHECK_OK(js_Subscribe(&sub, p.js, "foo", on_manual, &p.m, NULL, &options, NULL));
    CHECK_REACHED(&p.m.messages, 10);
    expect_acknowledged(sub, 5);
    natsSubscription_Destroy(sub);
    push_end(&p);
}

static void acks_that_nobody_needs(void) {
    natsSubscription *sub = NULL, *acks = NULL;
    jsSubOptions options;
    natsMsg *msg = NULL;
    push p;

    push_start(&p, 3);
    CHECK_OK(natsConnection_SubscribeSync(&acks, p.nc, "$JS.ACK.>"));
    options = sub_options();
    options.Config.AckPolicy = js_AckNone;
    CHECK_OK(js_Subscribe(&sub, p.js, "foo", on_message, &p.m, NULL, &options, NULL));
    CHECK_REACHED(&p.m.messages, 3);
    natsSubscription_Destroy(sub);
    CHECK_OK(js_SubscribeSync(&sub, p.js, "foo", NULL, &options, NULL));
    CHECK_OK(natsSubscription_NextMsg(&msg, sub, deadline_ms()));
    CHECK_OK(natsMsg_Ack(msg, NULL));
    CHECK_OK(natsMsg_AckSync(msg, NULL, NULL));
    natsMsg_Destroy(msg);
    CHECK_OK(natsConnection_Flush(p.nc));
    CHECK_STATUS(natsSubscription_NextMsg(&msg, acks, 0), NATS_TIMEOUT);
    natsSubscription_Destroy(acks);
    natsSubscription_Destroy(sub);
    push_end(&p);
}

static void queue_shares_a_durable(void) {
    natsSubscription *a = NULL, *b = NULL;
    jsSubOptions options;
    push p;

    push_start(&p, 0);
    options = sub_options();
    options.Queue = "workers";
    CHECK_OK(js_Subscribe(&a, p.js, "foo", on_message, &p.m, NULL, &options, NULL));
    CHECK_OK(js_Subscribe(&b, p.js, "foo", on_message, &p.m, NULL, &options, NULL));
    CHECK_STR(consumer_of(a), "workers");
    CHECK_STR(consumer_of(b), "workers");
    publish_numbers(p.nc, "foo", 0, 200);
    CHECK_REACHED(&p.m.messages, 200);
    expect_acknowledged(a, 200);
    CHECK_INT(counter_get(&p.m.messages), 200);
    /* The second one has found the consumer, and so leaves it alone. */
    CHECK_OK(natsSubscription_Unsubscribe(b));
    CHECK(consumer_exists(&p, "workers"));
    CHECK_OK(natsSubscription_Unsubscribe(a));
    CHECK(!consumer_exists(&p, "workers"));
    natsSubscription_Destroy(a);
    natsSubscription_Destroy(b);
    push_end(&p);
}

/* The queue group is not the durable name of a consumer that the program names. */
static void queue_of_a_consumer_with_another_name(void) {
    natsSubscription *a = NULL, *b = NULL;
    jsSubOptions options;
    jsConsumerConfig cfg;
    push p;

    push_start(&p, 0);
    CHECK_OK(jsConsumerConfig_Init(&cfg));
    cfg.Durable = "pushed";
    cfg.AckPolicy = js_AckExplicit;
    cfg.DeliverSubject = "to.workers";
    cfg.DeliverGroup = "workers";
    CHECK_OK(js_AddConsumer(NULL, p.js, "S", &cfg, NULL, NULL));
    options = sub_options();
    options.Stream = "S";
    options.Consumer = "pushed";
    options.Queue = "workers";
    CHECK_OK(js_Subscribe(&a, p.js, "foo", on_message, &p.m, NULL, &options, NULL));
    CHECK_OK(js_Subscribe(&b, p.js, NULL, on_message, &p.m, NULL, &options, NULL));
    CHECK_STR(consumer_of(a), "pushed");
    CHECK_STR(consumer_of(b), "pushed");
    publish_numbers(p.nc, "foo", 0, 200);
    CHECK_REACHED(&p.m.messages, 200);
    expect_acknowledged(a, 200);
    natsSubscription_Destroy(a);
    natsSubscription_Destroy(b);
    CHECK(consumer_exists(&p, "pushed"));
    options.Config.Durable = "workers";
    CHECK_STATUS(js_Subscribe(&a, p.js, "foo", on_message, &p.m, NULL, &options, NULL), NATS_ERR);
    CHECK_ERROR(NATS_ERR, "configuration requests durable to be 'workers', but consumer's value is 'pushed'");
    push_end(&p);
}

static void durable_stays_and_is_found(void) {
    natsSubscription *sub = NULL;
    jsErrCode code = (jsErrCode)0;
    jsSubOptions options;
    natsMsg *msg = NULL;
    int n;
    push p;

    push_start(&p, 4);
    options = sub_options();
    options.Config.Durable = "dur";
    options.Config.MaxAckPending = 1;
    /* What was on its way to a subscription that ends is delivered again so soon. */
    options.Config.AckWait = INT64_C(1000) * 1000 * 1000;
    for (n = 0; n < 2; n++) {
        CHECK_OK(js_SubscribeSync(&sub, p.js, "foo", NULL, &options, &code));
        CHECK_INT(code, 0);
        CHECK_OK(natsSubscription_NextMsg(&msg, sub, deadline_ms()));
        CHECK_STR(natsMsg_GetData(msg), n == 0 ? "0" : "1");
        CHECK_OK(natsMsg_AckSync(msg, NULL, NULL));
        natsMsg_Destroy(msg);
        natsSubscription_Destroy(sub);
        CHECK_OK(natsConnection_Flush(p.nc));
        CHECK(consumer_exists(&p, "dur"));
    }
    /* In use already. */
    CHECK_OK(js_SubscribeSync(&sub, p.js, "foo", NULL, &options, NULL));
    {
        natsSubscription *second = NULL;
        CHECK_STATUS(js_SubscribeSync(&second, p.js, "foo", NULL, &options, NULL), NATS_ERR);
        CHECK_ERROR(NATS_ERR, "consumer is already bound to a subscription");
        CHECK(second == NULL);
        options.Config.MaxDeliver = 3;
        CHECK_STATUS(js_SubscribeSync(&second, p.js, "bar", NULL, &options, NULL), NATS_ERR);
        CHECK_ERROR(NATS_ERR, "subject 'bar' does not match consumer filter subject 'foo'.");
    }
    natsSubscription_Destroy(sub);
    push_end(&p);
}

static void bound_to_what_exists(void) {
    natsSubscription *sub = NULL;
    jsErrCode code = (jsErrCode)0;
    jsSubOptions options;
    char text[2048];
    push p;

    push_start(&p, 3);
    options = sub_options();
    options.Stream = "S";
    options.Consumer = "nobody";
    CHECK_STATUS(js_SubscribeSync(&sub, p.js, NULL, NULL, &options, &code), NATS_NOT_FOUND);
    CHECK_INT(code, JSConsumerNotFoundErr);
    api_request(
        p.nc, "CONSUMER.DURABLE.CREATE.S.pulled",
        "{\"stream_name\":\"S\",\"config\":{\"durable_name\":\"pulled\",\"ack_policy\":\"explicit\"}}", text,
        sizeof(text));
    options.Consumer = "pulled";
    CHECK_STATUS(js_SubscribeSync(&sub, p.js, NULL, NULL, &options, &code), NATS_ERR);
    CHECK_ERROR(NATS_ERR, "must use pull subscribe to bind to pull based consumer");
    api_request(p.nc, "CONSUMER.DURABLE.CREATE.S.pushed",
                "{\"stream_name\":\"S\",\"config\":{\"durable_name\":\"pushed\",\"ack_policy\":\"explicit\","
                "\"deliver_subject\":\"to.me\",\"max_ack_pending\":100000,\"filter_subject\":\"foo\"}}",
                text, sizeof(text));
    options.Consumer = "pushed";
    options.Config.AckWait = 1;
    CHECK_STATUS(js_SubscribeSync(&sub, p.js, NULL, NULL, &options, &code), NATS_ERR);
    CHECK_ERROR(NATS_ERR, "configuration requests ack wait to be 1, but consumer's value is 30000000000");
    options.Config.AckWait = 0;
    CHECK_OK(js_Subscribe(&sub, p.js, NULL, on_message, &p.m, NULL, &options, &code));
    CHECK_STR(natsSubscription_GetSubject(sub), "to.me");
    CHECK_STR(consumer_of(sub), "pushed");
    {
        int msgs = 0, bytes = 0;
        CHECK_OK(natsSubscription_GetPendingLimits(sub, &msgs, &bytes));
        CHECK_INT(msgs, 100000);
        CHECK_INT(bytes, INT32_MAX);
    }
    CHECK_REACHED(&p.m.messages, 3);
    CHECK_OK(natsSubscription_Unsubscribe(sub));
    CHECK(consumer_exists(&p, "pushed"));
    natsSubscription_Destroy(sub);
    push_end(&p);
}

static void several_subjects(void) {
    const char *subjects[] = {"foo", "baz.*"};
    natsSubscription *sub = NULL;
    natsMsg *msg = NULL;
    push p;

    push_start(&p, 1);
    CHECK_OK(natsConnection_PublishString(p.nc, "bar", "not this"));
    CHECK_OK(natsConnection_PublishString(p.nc, "baz.1", "this"));
    CHECK_OK(js_SubscribeMulti(&sub, p.js, subjects, 2, on_message, &p.m, NULL, NULL, NULL));
    CHECK_REACHED(&p.m.messages, 2);
    natsSubscription_Destroy(sub);
    CHECK_OK(js_SubscribeSyncMulti(&sub, p.js, subjects, 2, NULL, NULL, NULL));
    CHECK_OK(natsSubscription_NextMsg(&msg, sub, deadline_ms()));
    CHECK_STR(natsMsg_GetSubject(msg), "foo");
    natsMsg_Destroy(msg);
    CHECK_OK(natsSubscription_NextMsg(&msg, sub, deadline_ms()));
    CHECK_STR(natsMsg_GetSubject(msg), "baz.1");
    natsMsg_Destroy(msg);
    natsSubscription_Destroy(sub);
    CHECK_STATUS(js_SubscribeSyncMulti(&sub, p.js, NULL, 0, NULL, NULL, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(js_SubscribeSyncMulti(&sub, p.js, subjects, -1, NULL, NULL, NULL), NATS_INVALID_ARG);
    push_end(&p);
}

static void options_that_contradict(void) {
    natsSubscription *sub = NULL;
    jsErrCode code = (jsErrCode)1;
    jsSubOptions options;
    push p;

    push_start(&p, 0);
#define REFUSED(status, text, ...)                                                                           \
    do {                                                                                                     \
        options = sub_options();                                                                             \
        __VA_ARGS__;                                                                                         \
        CHECK_STATUS(js_SubscribeSync(&sub, p.js, "foo", NULL, &options, &code), status);                    \
        CHECK_ERROR(status, text);                                                                           \
        CHECK_INT(code, 0);                                                                                  \
    } while (0)
    REFUSED(NATS_INVALID_ARG, "invalid InactiveThreshold value (-1), needs to be greater or equal to 0",
            options.Config.InactiveThreshold = -1);
    REFUSED(NATS_INVALID_ARG, "durable can not be set for an ordered consumer", options.Ordered = true,
            options.Config.Durable = "d");
    REFUSED(NATS_INVALID_ARG, "ack policy can not be set for an ordered consume", options.Ordered = true,
            options.Config.AckPolicy = js_AckExplicit);
    REFUSED(NATS_INVALID_ARG, "max deliver can not be set for an ordered consumer", options.Ordered = true,
            options.Config.MaxDeliver = 2);
    REFUSED(NATS_INVALID_ARG, "deliver subject can not be set for an ordered consumer",
            options.Ordered = true, options.Config.DeliverSubject = "d");
    REFUSED(NATS_INVALID_ARG, "queue can not be set for an ordered consumer", options.Ordered = true,
            options.Queue = "q");
    REFUSED(NATS_INVALID_ARG, "can not bind existing consumer for an ordered consumer",
            options.Ordered = true, options.Consumer = "c");
    REFUSED(NATS_INVALID_ARG, "a queue subscription cannot be created for a consumer with heartbeat",
            options.Queue = "q", options.Config.Heartbeat = 1);
    REFUSED(NATS_INVALID_ARG, "a queue subscription cannot be created for a consumer with flow control",
            options.Queue = "q", options.Config.FlowControl = true);
    REFUSED(NATS_INVALID_ARG, "invalid durable name 'a.b' (cannot contain '.')",
            options.Config.Durable = "a.b");
    CHECK_STATUS(js_SubscribeSync(NULL, p.js, "foo", NULL, NULL, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(js_SubscribeSync(&sub, NULL, "foo", NULL, NULL, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(js_SubscribeSync(&sub, p.js, NULL, NULL, NULL, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(js_SubscribeSync(&sub, p.js, "", NULL, NULL, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(js_Subscribe(&sub, p.js, "foo", NULL, NULL, NULL, NULL, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(js_SubscribeSync(&sub, p.js, "unknown", NULL, NULL, &code), NATS_ERR);
    CHECK_ERROR(NATS_ERR, "no stream matches subject");
    /* What the server refuses leaves nothing behind. */
    options = sub_options();
    options.Config.SampleFrequency = "nonsense";
    CHECK_STATUS(js_SubscribeSync(&sub, p.js, "foo", NULL, &options, &code), NATS_ERR);
    CHECK(code != 0);
    CHECK(sub == NULL);
    CHECK_INT(counter_get(&p.c.errors), 0);
    push_end(&p);
}

static void without_jetstream(void) {
    natsSubscription *sub = NULL;
    jsErrCode code = (jsErrCode)0;
    jsCtx *js = NULL;
    jsSubOptions options;
    fixture f;

    fixture_start(&f);
    CHECK_OK(natsConnection_JetStream(&js, f.nc, NULL));
    CHECK_STATUS(js_SubscribeSync(&sub, js, "foo", NULL, NULL, &code), NATS_NO_RESPONDERS);
    CHECK_INT(code, JSNotEnabledErr);
    options = sub_options();
    options.Stream = "S";
    CHECK_STATUS(js_SubscribeSync(&sub, js, "foo", NULL, &options, &code), NATS_NO_RESPONDERS);
    CHECK_INT(code, JSNotEnabledErr);
    jsCtx_Destroy(js);
    fixture_end(&f);
}

static void drained(void) {
    natsSubscription *sub = NULL;
    char name[64];
    push p;

    push_start(&p, 20);
    CHECK_OK(js_Subscribe(&sub, p.js, "foo", on_message, &p.m, NULL, NULL, NULL));
    CHECK_REACHED(&p.m.messages, 1);
    snprintf(name, sizeof(name), "%s", consumer_of(sub));
    CHECK_OK(natsSubscription_Drain(sub));
    CHECK_OK(natsSubscription_WaitForDrainCompletion(sub, deadline_ms()));
    CHECK(!consumer_exists(&p, name));
    natsSubscription_Destroy(sub);
    /* Destroy alone keeps it. */
    {
        jsSubOptions options = sub_options();
        options.Config.Durable = "kept";
        CHECK_OK(js_SubscribeSync(&sub, p.js, "foo", NULL, &options, NULL));
        natsSubscription_Destroy(sub);
        CHECK_OK(natsConnection_Flush(p.nc));
        CHECK(consumer_exists(&p, "kept"));
    }
    CHECK_INT(counter_get(&p.c.errors), 0);
    push_end(&p);
}

/* A maximum keeps the consumer, whether it is reached before it is set or after; without a number it is unsubscribed. */
static void ended_by_its_maximum(void) {
    static const struct {
        const char *name;
        int taken;
        int max;
        bool kept;
    } cases[] = {
        {"later", 1, 2, true}, {"reached", 2, 2, true}, {"passed", 2, 1, true}, {"none", 2, 0, false}};
    natsSubscription *sub = NULL;
    natsMsg *msg = NULL;
    size_t i;
    push p;

    push_start(&p, 3);
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        jsSubOptions options = sub_options();
        int n;

        options.Config.Durable = cases[i].name;
        CHECK_OK(js_SubscribeSync(&sub, p.js, "foo", NULL, &options, NULL));
        for (n = 0; n < cases[i].taken; n++) {
            CHECK_OK(natsSubscription_NextMsg(&msg, sub, deadline_ms()));
            natsMsg_Destroy(msg);
        }
        CHECK_OK(natsSubscription_AutoUnsubscribe(sub, cases[i].max));
        if (cases[i].taken < cases[i].max) {
            CHECK_OK(natsSubscription_NextMsg(&msg, sub, deadline_ms()));
            natsMsg_Destroy(msg);
        }
        CHECK(!natsSubscription_IsValid(sub));
        CHECK_OK(natsConnection_Flush(p.nc));
        CHECK(consumer_exists(&p, cases[i].name) == cases[i].kept);
        natsSubscription_Destroy(sub);
    }
    push_end(&p);
}

static void unsubscribed_when_it_is_gone(void) {
    natsSubscription *sub = NULL;
    char function[128], text[512];
    push p;

    push_start(&p, 0);
    CHECK_OK(js_SubscribeSync(&sub, p.js, "foo", NULL, NULL, NULL));
    snprintf(function, sizeof(function), "CONSUMER.DELETE.S.%s", consumer_of(sub));
    api_request(p.nc, function, "", text, sizeof(text));
    CHECK_STATUS(natsSubscription_Unsubscribe(sub), NATS_NOT_FOUND);
    CHECK_ERROR(NATS_NOT_FOUND, "failed to delete consumer '");
    CHECK(!natsSubscription_IsValid(sub));
    natsSubscription_Destroy(sub);
    push_end(&p);
}

static void flow_controlled(void) {
    enum { COUNT = 3000, SIZE = 20000 };
    natsSubscription *sub = NULL;
    jsSubOptions options;
    static char payload[SIZE];
    int n;
    push p;

    push_start(&p, 0);
    memset(payload, 'x', SIZE);
    for (n = 0; n < COUNT; n++)
        CHECK_OK(natsConnection_Publish(p.nc, "foo", payload, SIZE));
    CHECK_OK(natsConnection_Flush(p.nc));
    options = sub_options();
    options.Config.AckPolicy = js_AckNone;
    options.Config.FlowControl = true;
    options.Config.Heartbeat = INT64_C(1000) * 1000 * 1000;
    /* More than may wait at a time: without answers to flow control it would stop, or drop. */
    CHECK_OK(js_Subscribe(&sub, p.js, "foo", on_message, &p.m, NULL, &options, NULL));
    CHECK(counter_wait(&p.m.messages, COUNT, 6 * deadline_ms()));
    CHECK_INT(counter_get(&p.c.errors), 0);
    natsSubscription_Destroy(sub);
    push_end(&p);
}

/* Waits until the connection's error handler has been called with this status; the number of the call. How often it was
 * told before that heartbeats are missing depends on how soon the server is asked about the consumer. */
static int error_with(push *p, natsStatus status) {
    int64_t until = now_ms() + deadline_ms();

    while (now_ms() < until) {
        int64_t errors = counter_get(&p->c.errors);

        for (int i = 0; i < errors && i < CLOSURE_TEXTS; i++)
            if (p->c.statuses[i] == (int)status)
                return i;
        nats_Sleep(1);
    }
    check_failed(__FILE__, __LINE__, "no error with status %d", (int)status);
}

static void ours_is_made_again(void) {
    natsSubscription *sub = NULL;
    char function[128], text[512];
    jsSubOptions options;
    push p;

    push_start(&p, 5);
    options = sub_options();
    options.Config.Heartbeat = INT64_C(200) * 1000 * 1000 * time_factor();
    CHECK_OK(js_Subscribe(&sub, p.js, "foo", on_message, &p.m, NULL, &options, NULL));
    CHECK_REACHED(&p.m.messages, 5);
    snprintf(function, sizeof(function), "CONSUMER.DELETE.S.%s", consumer_of(sub));
    api_request(p.nc, function, "", text, sizeof(text));
    publish_numbers(p.nc, "foo", 5, 5);
    CHECK_REACHED(&p.m.messages, 10);
    CHECK_STR(p.m.texts[5], "5");
    CHECK_INT(p.c.statuses[0], NATS_MISSED_HEARTBEAT);
    CHECK_CONTAINS(p.c.error_texts[error_with(&p, NATS_NOT_FOUND)], "of stream 'S' is gone");
    CHECK_OK(natsSubscription_Unsubscribe(sub));
    natsSubscription_Destroy(sub);
    push_end(&p);
}

static void what_existed_ends_the_subscription(void) {
    natsSubscription *sub = NULL;
    jsSubOptions options;
    natsMsg *msg = NULL;
    char text[2048];
    push p;

    push_start(&p, 0);
    snprintf(text, sizeof(text),
             "{\"stream_name\":\"S\",\"config\":{\"durable_name\":\"d\",\"ack_policy\":\"explicit\","
             "\"deliver_subject\":\"to.me\",\"idle_heartbeat\":%" PRId64 "}}",
             INT64_C(200) * 1000 * 1000 * time_factor());
    {
        char answer[2048];
        api_request(p.nc, "CONSUMER.DURABLE.CREATE.S.d", text, answer, sizeof(answer));
    }
    options = sub_options();
    options.Stream = "S";
    options.Consumer = "d";
    CHECK_OK(js_SubscribeSync(&sub, p.js, NULL, NULL, &options, NULL));
    api_request(p.nc, "CONSUMER.DELETE.S.d", "", text, sizeof(text));
    CHECK_STATUS(natsSubscription_NextMsg(&msg, sub, deadline_ms()), NATS_INVALID_SUBSCRIPTION);
    CHECK(error_with(&p, NATS_NOT_FOUND) >= 0);
    natsSubscription_Destroy(sub);
    push_end(&p);
}

static void not_of_a_stream(void) {
    jsConsumerSequenceMismatch mismatch;
    natsSubscription *sub = NULL;
    jsConsumerInfo *ci = NULL;
    push p;

    push_start(&p, 0);
    CHECK_OK(natsConnection_SubscribeSync(&sub, p.nc, "plain"));
    CHECK_STATUS(natsSubscription_GetSequenceMismatch(&mismatch, sub), NATS_INVALID_SUBSCRIPTION);
    CHECK_ERROR(NATS_INVALID_SUBSCRIPTION, "not a JetStream subscription");
    CHECK_STATUS(natsSubscription_GetSequenceMismatch(NULL, sub), NATS_INVALID_ARG);
    CHECK_STATUS(natsSubscription_GetConsumerInfo(&ci, sub, NULL, NULL), NATS_INVALID_SUBSCRIPTION);
    CHECK_STATUS(natsSubscription_GetConsumerInfo(NULL, sub, NULL, NULL), NATS_INVALID_ARG);
    natsSubscription_Destroy(sub);
    push_end(&p);
}

static const test_case cases[] = {
    TEST(callback_acknowledges),
    TEST(callback_acknowledges_by_itself),
    TEST(acks_that_nobody_needs),
    TEST(queue_shares_a_durable),
    TEST(queue_of_a_consumer_with_another_name),
    TEST(durable_stays_and_is_found),
    TEST(bound_to_what_exists),
    TEST(several_subjects),
    TEST(options_that_contradict),
    TEST(without_jetstream),
    TEST(drained),
    TEST(ended_by_its_maximum),
    TEST(unsubscribed_when_it_is_gone),
    TEST(flow_controlled),
    TEST(ours_is_made_again),
    TEST(what_existed_ends_the_subscription),
    TEST(not_of_a_stream),
};

int main(int argc, char **argv) { return RUN_TESTS(cases, argc, argv); }
