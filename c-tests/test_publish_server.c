/* Publishing through a server: order, bursts, sizes, headers, many threads. */
#include "callbacks.h"
#include "server.h"
#include "test.h"

static void order_and_counts(bool asap) {
    enum { COUNT = 20000 };
    natsConnection *nc;
    natsSubscription *sub = NULL;
    natsStatistics *stats = NULL;
    natsOptions *opts;
    uint64_t in_msgs, in_bytes, out_msgs, out_bytes, reconnects;
    int64_t bytes = 0;
    static closure c;
    server s;
    int i;

    closure_init(&c);
    server_run(&s);
    opts = test_options(s.url);
    CHECK_OK(natsOptions_SetSendAsap(opts, asap));
    nc = test_connect(opts);
    CHECK_OK(natsConnection_Subscribe(&sub, nc, "foo", on_ordered, &c));
    for (i = 0; i < COUNT; i++) {
        char text[16];
        int n = snprintf(text, sizeof(text), "%d", i);

        bytes += n;
        CHECK_OK(natsConnection_Publish(nc, "foo", text, n));
    }
    CHECK_REACHED(&c.messages, COUNT);
    CHECK_INT(counter_get(&c.wrong), 0);
    CHECK_OK(natsStatistics_Create(&stats));
    CHECK_OK(natsConnection_GetStats(nc, stats));
    CHECK_OK(natsStatistics_GetCounts(stats, &in_msgs, &in_bytes, &out_msgs, &out_bytes, &reconnects));
    CHECK_INT(in_msgs, COUNT);
    CHECK_INT(out_msgs, COUNT);
    CHECK_INT(in_bytes, bytes);
    CHECK_INT(out_bytes, bytes);
    CHECK_INT(reconnects, 0);
    natsStatistics_Destroy(stats);
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
    server_stop(&s);
}

static void keeps_order(void) { order_and_counts(false); }

static void keeps_order_with_send_asap(void) { order_and_counts(true); }

/* What is published leaves by itself, also when there was much of it and then nothing. */
static void bursts_leave_without_flush(void) {
    static const int counts[] = {1, 50000, 3, 200, 50000, 5000, 1, 2000};
    natsConnection *nc;
    natsSubscription *sub = NULL;
    static closure c;
    server s;
    size_t i;
    int j, sent = 0;

    closure_init(&c);
    server_run(&s);
    nc = test_connect_url(s.url);
    CHECK_OK(natsConnection_Subscribe(&sub, nc, "foo", on_message, &c));
    CHECK_OK(natsSubscription_SetPendingLimits(sub, -1, -1));
    for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        for (j = 0; j < counts[i]; j++)
            CHECK_OK(natsConnection_Publish(nc, "foo", "0123456789abcdef", 16));
        sent += counts[i];
        CHECK_REACHED(&c.messages, sent);
    }
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
    server_stop(&s);
}

/* A large payload takes along what was to be written by somebody else: who comes later is not forgotten for that. */
static void small_ones_around_large_ones_leave(void) {
    enum { LARGE = 1000000, ROUNDS = 100 };
    natsConnection *nc, *other;
    natsSubscription *sub = NULL;
    char *large = (char *)calloc(1, LARGE);
    static closure c;
    server s;
    int i;

    closure_init(&c);
    server_run(&s);
    nc = test_connect_url(s.url);
    other = test_connect_url(s.url);
    CHECK_OK(natsConnection_Subscribe(&sub, other, "foo", on_message, &c));
    CHECK_OK(natsConnection_Flush(other));
    for (i = 1; i <= ROUNDS; i++) {
        CHECK_OK(natsConnection_PublishString(nc, "foo", "1"));
        CHECK_OK(natsConnection_PublishString(nc, "foo", "2"));
        CHECK_OK(natsConnection_Publish(nc, "foo", large, LARGE));
        CHECK_REACHED(&c.messages, 4 * i - 1);
        CHECK_OK(natsConnection_PublishString(nc, "foo", "3"));
        CHECK_REACHED(&c.messages, 4 * i);
    }
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
    natsConnection_Destroy(other);
    free(large);
    server_stop(&s);
}

static void sizes_up_to_max_payload(void) {
    static const int sizes[] = {0,     1,     2,     100,   4095,  4096,  32767,  32768,  32769,
                                65535, 65536, 65537, 81919, 81920, 81921, 300000, 1048576};
    natsConnection *nc;
    natsSubscription *sub = NULL;
    char *data = (char *)malloc(1048577);
    server s;
    size_t i;
    int j;

    for (j = 0; j < 1048577; j++)
        data[j] = (char)(j * 7 + j / 251);
    server_run(&s);
    nc = test_connect_url(s.url);
    CHECK_OK(natsConnection_SubscribeSync(&sub, nc, "foo"));
    for (j = 0; j < 2; j++)
        for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
            CHECK_OK(natsConnection_Publish(nc, "foo", data + j, sizes[i]));
    CHECK_STATUS(natsConnection_Publish(nc, "foo", data, 1048577), NATS_MAX_PAYLOAD);
    for (j = 0; j < 2; j++) {
        for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
            natsMsg *msg = test_next(sub);

            CHECK_INT(natsMsg_GetDataLength(msg), sizes[i]);
            CHECK(memcmp(natsMsg_GetData(msg), data + j, (size_t)sizes[i]) == 0);
            CHECK_INT(natsMsg_GetData(msg)[sizes[i]], 0);
            natsMsg_Destroy(msg);
        }
    }
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
    free(data);
    server_stop(&s);
}

static void headers_through_a_server(void) {
    natsConnection *nc;
    natsSubscription *sub = NULL;
    natsMsg *msg = test_msg("foo", "rep", "data"), *got;
    const char *value = NULL, **values = NULL;
    int n = 0;
    server s;

    server_run(&s);
    nc = test_connect_url(s.url);
    CHECK_OK(natsConnection_SubscribeSync(&sub, nc, "foo"));
    CHECK_OK(natsMsgHeader_Set(msg, "One", "1"));
    CHECK_OK(natsMsgHeader_Add(msg, "Two", "2a"));
    CHECK_OK(natsMsgHeader_Add(msg, "Two", "2b"));
    CHECK_OK(natsConnection_PublishMsg(nc, msg));
    got = test_next(sub);
    CHECK_STR(natsMsg_GetData(got), "data");
    CHECK_STR(natsMsg_GetReply(got), "rep");
    CHECK_OK(natsMsgHeader_Get(got, "One", &value));
    CHECK_STR(value, "1");
    CHECK_OK(natsMsgHeader_Values(got, "Two", &values, &n));
    CHECK_INT(n, 2);
    CHECK_STR(values[1], "2b");
    free((void *)values);
    natsMsg_Destroy(got);
    natsMsg_Destroy(msg);
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
    server_stop(&s);
}

typedef struct publisher {
    natsConnection *nc;
    char subject[16];
    counter *failures;
} publisher;

enum { PUBLISHERS = 4, EACH = 5000 };

static void *publish_many(void *arg) {
    publisher *p = (publisher *)arg;
    char text[16];
    int i;

    for (i = 0; i < EACH; i++) {
        int n = snprintf(text, sizeof(text), "%d", i);

        if (natsConnection_Publish(p->nc, p->subject, text, n) != NATS_OK)
            counter_add(p->failures, 1);
    }
    return NULL;
}

static void many_threads_each_in_order(void) {
    natsConnection *nc;
    natsSubscription *subs[PUBLISHERS];
    static closure c[PUBLISHERS];
    publisher p[PUBLISHERS];
    pthread_t threads[PUBLISHERS];
    counter failures;
    server s;
    int i;

    counter_init(&failures);
    server_run(&s);
    nc = test_connect_url(s.url);
    for (i = 0; i < PUBLISHERS; i++) {
        closure_init(&c[i]);
        p[i].nc = nc;
        p[i].failures = &failures;
        snprintf(p[i].subject, sizeof(p[i].subject), "foo.%d", i);
        CHECK_OK(natsConnection_Subscribe(&subs[i], nc, p[i].subject, on_ordered, &c[i]));
    }
    for (i = 0; i < PUBLISHERS; i++)
        CHECK(pthread_create(&threads[i], NULL, publish_many, &p[i]) == 0);
    for (i = 0; i < PUBLISHERS; i++)
        pthread_join(threads[i], NULL);
    CHECK_INT(counter_get(&failures), 0);
    for (i = 0; i < PUBLISHERS; i++) {
        CHECK_REACHED(&c[i].messages, EACH);
        CHECK_INT(counter_get(&c[i].wrong), 0);
        natsSubscription_Destroy(subs[i]);
    }
    natsConnection_Destroy(nc);
    server_stop(&s);
}

#if OURS
/* Wildcards in the subject of a message are characters for the server, which reports them if it is to be strict. */
static void wildcards_are_characters(void) {
    static const char *const subjects[] = {"a.b", "a.*", "a.>"};
    natsSubscription *subs[3] = {NULL, NULL, NULL};
    int strict, i;

    for (strict = 0; strict < 2; strict++) {
        natsConnection *nc;
        natsOptions *opts;
        natsMsg *msg = NULL;
        static closure c;
        server s;

        server_run(&s);
        opts = options_recorded(s.url, &c);
        CHECK_OK(natsOptions_SetPedantic(opts, strict != 0));
        nc = test_connect(opts);
        for (i = 0; i < 3; i++)
            CHECK_OK(natsConnection_SubscribeSync(&subs[i], nc, subjects[i]));
        CHECK_OK(natsConnection_PublishString(nc, "a.*", "x"));
        CHECK_OK(natsConnection_PublishString(nc, "a..c", "nobody"));
        CHECK_OK(natsMsg_Create(&msg, "a.>", NULL, "y", 1));
        CHECK_OK(natsConnection_PublishMsg(nc, msg));
        natsMsg_Destroy(msg);
        CHECK_OK(natsConnection_Flush(nc));
        for (i = 1; i < 3; i++) {
            test_expect_next(subs[i], "x");
            test_expect_next(subs[i], "y");
        }
        for (i = 0; i < 3; i++) {
            CHECK_STATUS(natsSubscription_NextMsg(&msg, subs[i], 0), NATS_TIMEOUT);
            natsSubscription_Destroy(subs[i]);
        }
        /* Reports of the same that wait are one. */
        CHECK_REACHED(&c.errors, strict);
        CHECK(strict != 0 || counter_get(&c.errors) == 0);
        natsConnection_Destroy(nc);
        CHECK_REACHED(&c.closed, 1);
        server_stop(&s);
    }
}
#endif

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(keeps_order),
        TEST(keeps_order_with_send_asap),
        TEST(bursts_leave_without_flush),
        TEST(small_ones_around_large_ones_leave),
        TEST(sizes_up_to_max_payload),
        TEST(headers_through_a_server),
        TEST(many_threads_each_in_order),
#if OURS
        TEST(wildcards_are_characters),
#endif
    };

    return RUN_TESTS(cases, argc, argv);
}
