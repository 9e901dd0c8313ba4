/* Subscriptions: all forms, delivery to callbacks, time limits, auto-unsubscribe. */
#include "callbacks.h"
#include "fixture.h"
#include "peer.h"
#include "server.h"
#include "test.h"

static void forms_on_the_wire(void) {
    natsConnection *nc;
    natsSubscription *subs[6];
    peer p;
    int i;

    peer_open(&p);
    nc = peer_connect(&p, test_options(p.url));
    CHECK_OK(natsConnection_SubscribeSync(&subs[0], nc, "a"));
    CHECK(peer_expect(&p, "SUB a  1\r\n"));
    CHECK_OK(natsConnection_QueueSubscribeSync(&subs[1], nc, "b.*", "group"));
    CHECK(peer_expect(&p, "SUB b.* group 2\r\n"));
    CHECK_OK(natsConnection_Subscribe(&subs[2], nc, "c.>", on_message, NULL));
    CHECK(peer_expect(&p, "SUB c.>  3\r\n"));
    CHECK_OK(natsConnection_QueueSubscribe(&subs[3], nc, "d", "a.queue", on_message, NULL));
    CHECK(peer_expect(&p, "SUB d a.queue 4\r\n"));
    CHECK_OK(natsConnection_SubscribeTimeout(&subs[4], nc, "e", 100000, on_message, NULL));
    CHECK(peer_expect(&p, "SUB e  5\r\n"));
    CHECK_OK(natsConnection_QueueSubscribeTimeout(&subs[5], nc, "f", "q", 100000, on_message, NULL));
    CHECK(peer_expect(&p, "SUB f q 6\r\n"));
    for (i = 0; i < 6; i++)
        CHECK_INT(natsSubscription_GetID(subs[i]), i + 1);
    CHECK_STR(natsSubscription_GetSubject(subs[1]), "b.*");
    CHECK_OK(natsSubscription_AutoUnsubscribe(subs[0], 10));
    CHECK(peer_expect(&p, "UNSUB 1 10\r\n"));
    CHECK_OK(natsSubscription_Unsubscribe(subs[0]));
    CHECK(peer_expect(&p, "UNSUB 1 \r\n"));
    natsSubscription_Destroy(subs[1]);
    CHECK(peer_expect(&p, "UNSUB 2 \r\n"));
    natsSubscription_Destroy(subs[0]);
    for (i = 2; i < 6; i++)
        natsSubscription_Destroy(subs[i]);
    CHECK(peer_expect(&p, "UNSUB 6 \r\n"));
    peer_refuse(&p);
    peer_hang_up(&p);
    natsConnection_Destroy(nc);
    peer_close(&p);
}

static void refuses(void) {
    static const char *const bad[] = {"",          "foo bar",     "foo..bar", ".foo", "foo.",
                                      "foo.>.bar", "foo\r\nPING", "a\tb",     " "};
    static const char *const good[] = {"foo", "foo.*.bar",         "*",     ">", "foo.>", "foo*",
                                       "a>b", "f\xc3\xb6\xc3\xb6", "$SYS.x"};
    natsSubscription *sub = NULL;
    static fixture f;
    size_t i;

    fixture_start(&f);
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (natsConnection_SubscribeSync(&sub, f.nc, bad[i]) != NATS_INVALID_SUBJECT ||
            natsConnection_Subscribe(&sub, f.nc, bad[i], on_message, NULL) != NATS_INVALID_SUBJECT)
            check_failed(__FILE__, __LINE__, "subject '%s' accepted", bad[i]);
    }
    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        if (natsConnection_SubscribeSync(&sub, f.nc, good[i]) != NATS_OK)
            check_failed(__FILE__, __LINE__, "subject '%s' refused", good[i]);
        natsSubscription_Destroy(sub);
        sub = NULL;
    }
    CHECK_STATUS(natsConnection_SubscribeSync(&sub, f.nc, NULL), NATS_INVALID_SUBJECT);
    CHECK_STATUS(natsConnection_SubscribeSync(&sub, NULL, "foo"), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_Subscribe(&sub, f.nc, "foo", NULL, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_SubscribeTimeout(&sub, f.nc, "foo", 10, NULL, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_SubscribeTimeout(&sub, f.nc, "foo", 0, on_message, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_SubscribeTimeout(&sub, f.nc, "foo", -1, on_message, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_QueueSubscribe(&sub, f.nc, "foo", NULL, on_message, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_QueueSubscribe(&sub, f.nc, "foo", "", on_message, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_QueueSubscribe(&sub, f.nc, "foo", "q", NULL, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_QueueSubscribe(&sub, f.nc, "foo", "a b", on_message, NULL),
                 NATS_INVALID_QUEUE_NAME);
    CHECK_STATUS(natsConnection_QueueSubscribeSync(&sub, f.nc, "foo", "a\r\nb"), NATS_INVALID_QUEUE_NAME);
    CHECK_STATUS(natsConnection_QueueSubscribeSync(&sub, f.nc, "foo", ""), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_QueueSubscribeTimeout(&sub, f.nc, "foo", "q", 0, on_message, NULL),
                 NATS_INVALID_ARG);
    CHECK(sub == NULL);
#if OURS
    CHECK_STATUS(natsConnection_SubscribeSync(NULL, f.nc, "foo"), NATS_INVALID_ARG);
#endif
    fixture_end(&f);
}

static void delivers_in_order(void) {
    natsSubscription *sub = NULL;
    static closure c;
    static fixture f;

    closure_init(&c);
    fixture_start(&f);
    CHECK_OK(natsConnection_Subscribe(&sub, f.nc, "foo.*", on_ordered, &c));
    publish_numbers(f.nc, "foo.bar", 0, 1000);
    CHECK_REACHED(&c.messages, 1000);
    CHECK_INT(counter_get(&c.wrong), 0);
    natsSubscription_Destroy(sub);
    fixture_end(&f);
}

typedef struct seen_handles {
    void *nc, *sub;
    char subject[32], reply[32];
    counter done;
} seen_handles;

static void see_handles(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *arg) {
    seen_handles *s = (seen_handles *)arg;

    s->nc = nc;
    s->sub = sub;
    snprintf(s->subject, sizeof(s->subject), "%s", natsMsg_GetSubject(msg));
    snprintf(s->reply, sizeof(s->reply), "%s", natsMsg_GetReply(msg));
    natsMsg_Destroy(msg);
    counter_add(&s->done, 1);
}

static void callback_gets_the_programs_handles(void) {
    natsSubscription *sub = NULL;
    seen_handles seen;
    static fixture f;

    memset(&seen, 0, sizeof(seen));
    counter_init(&seen.done);
    fixture_start(&f);
    CHECK_OK(natsConnection_Subscribe(&sub, f.nc, "foo.>", see_handles, &seen));
    CHECK_OK(natsConnection_PublishRequestString(f.nc, "foo.bar.baz", "the.reply", "x"));
    CHECK_REACHED(&seen.done, 1);
    CHECK(seen.nc == (void *)f.nc);
    CHECK(seen.sub == (void *)sub);
    CHECK_STR(seen.subject, "foo.bar.baz");
    CHECK_STR(seen.reply, "the.reply");
#if OURS
    CHECK(natsSubscription_GetConnection(sub) == f.nc);
#endif
    natsSubscription_Destroy(sub);
    fixture_end(&f);
}

static void queue_group_shares(void) {
    enum { MEMBERS = 4, COUNT = 400 };
    natsSubscription *subs[MEMBERS], *outside = NULL;
    static closure group, alone;
    static fixture f;
    int i;

    closure_init(&group);
    closure_init(&alone);
    fixture_start(&f);
    for (i = 0; i < MEMBERS; i++)
        CHECK_OK(natsConnection_QueueSubscribe(&subs[i], f.nc, "foo", "workers", on_message, &group));
    CHECK_OK(natsConnection_Subscribe(&outside, f.nc, "foo", on_message, &alone));
    publish_numbers(f.nc, "foo", 0, COUNT);
    CHECK_REACHED(&alone.messages, COUNT);
    CHECK_REACHED(&group.messages, COUNT);
    CHECK_OK(natsConnection_Flush(f.nc));
    CHECK_INT(counter_get(&group.messages), COUNT);
    for (i = 0; i < MEMBERS; i++) {
        int64_t delivered = 0;

        CHECK_OK(natsSubscription_GetDelivered(subs[i], &delivered));
        CHECK(delivered > 0);
        natsSubscription_Destroy(subs[i]);
    }
    natsSubscription_Destroy(outside);
    fixture_end(&f);
}

static void timeout_subscription(bool pool) {
    natsSubscription *sub = NULL;
    natsOptions *opts;
    static closure c;
    static fixture f;

    closure_init(&c);
    closure_init(&f.c);
    server_run(&f.s);
    opts = test_options(f.s.url);
    CHECK_OK(natsOptions_UseGlobalMessageDelivery(opts, pool));
    closure_init(&f.c);
    options_record(opts, &f.c);
    f.nc = test_connect(opts);
    CHECK_OK(natsConnection_SubscribeTimeout(&sub, f.nc, "foo", 30, on_message, &c));
    CHECK_REACHED(&c.timeouts, OURS || !pool ? 3 : 1);
    publish_numbers(f.nc, "foo", 0, 5);
    CHECK_REACHED(&c.messages, 5);
    CHECK_REACHED(&c.timeouts, counter_get(&c.timeouts) + 1);
    CHECK_INT(counter_get(&c.wrong), 0);
    natsSubscription_Destroy(sub);
    fixture_end(&f);
}

static void timeouts(void) { timeout_subscription(false); }

static void timeouts_in_the_pool(void) { timeout_subscription(true); }

static void auto_unsubscribe_async(void) {
    natsSubscription *sub = NULL;
    static closure c;
    static fixture f;

    closure_init(&c);
    fixture_start(&f);
    CHECK_OK(natsConnection_Subscribe(&sub, f.nc, "foo", on_message, &c));
    CHECK_OK(natsSubscription_SetOnCompleteCB(sub, on_complete, &c));
    CHECK_OK(natsSubscription_AutoUnsubscribe(sub, 10));
    publish_numbers(f.nc, "foo", 0, 30);
    CHECK_REACHED(&c.completed, 1);
    CHECK_INT(counter_get(&c.messages), 10);
    CHECK(!natsSubscription_IsValid(sub));
    CHECK_STATUS(natsSubscription_DrainCompletionStatus(sub), NATS_OK);
    CHECK_STATUS(natsSubscription_WaitForDrainCompletion(sub, 100), NATS_ILLEGAL_STATE);
    natsSubscription_Destroy(sub);
    fixture_end(&f);
}

static void raise_the_maximum(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *arg) {
    closure *c = (closure *)arg;

    (void)nc;
    natsMsg_Destroy(msg);
    if (counter_get(&c->messages) == 2)
        c->result = natsSubscription_AutoUnsubscribe(sub, 5);
    counter_add(&c->messages, 1);
}

/* In the last callback it is too late for another maximum: the server has ended the subscription. */
static void auto_unsubscribe_in_the_last_callback(void) {
    natsSubscription *sub = NULL;
    static fixture f;

    fixture_start(&f);
    f.c.result = -1;
    CHECK_OK(natsConnection_Subscribe(&sub, f.nc, "foo", raise_the_maximum, &f.c));
    CHECK_OK(natsSubscription_SetOnCompleteCB(sub, on_complete, &f.c));
    CHECK_OK(natsSubscription_AutoUnsubscribe(sub, 3));
    publish_numbers(f.nc, "foo", 0, 10);
    CHECK_REACHED(&f.c.completed, 1);
    CHECK_INT(counter_get(&f.c.messages), 3);
    CHECK_INT(f.c.result, NATS_OK);
    CHECK(!natsSubscription_IsValid(sub));
    natsSubscription_Destroy(sub);
    fixture_end(&f);
}

static void *publish_until_told(void *arg) {
    closure *c = (closure *)arg;

    while (counter_get(&c->gate) == 0)
        if (natsConnection_PublishString((natsConnection *)c->connection, "flood", "x") != NATS_OK)
            break;
    return NULL;
}

/* However many messages are taken or dropped while the maximum is set: it ends, and says so. */
static void auto_unsubscribe_in_a_flood(void) {
    static closure flood, c;
    static fixture f;
    natsConnection *other;
    natsSubscription *sub;
    pthread_t thread;
    int i, rounds = 240 / time_factor();

    fixture_start(&f);
    other = test_connect_url(f.s.url);
    closure_init(&flood);
    flood.connection = other;
    CHECK(pthread_create(&thread, NULL, publish_until_told, &flood) == 0);
    for (i = 0; i < rounds; i++) {
        int64_t delivered = 0;

        closure_init(&c);
        sub = NULL;
        CHECK_OK(natsConnection_Subscribe(&sub, f.nc, "flood", on_message, &c));
        CHECK_OK(natsSubscription_SetOnCompleteCB(sub, on_complete, &c));
        if (i % 2 == 1)
            CHECK_OK(natsSubscription_SetPendingLimits(sub, 20, -1));
        CHECK_REACHED(&c.messages, 1 + i % 7);
        CHECK_OK(natsSubscription_GetDelivered(sub, &delivered));
        CHECK_OK(natsSubscription_AutoUnsubscribe(sub, (int)delivered + 1 + i % 64));
        CHECK_REACHED(&c.completed, 1);
        CHECK(!natsSubscription_IsValid(sub));
        natsSubscription_Destroy(sub);
    }
    counter_set(&flood.gate, 1);
    pthread_join(thread, NULL);
    natsConnection_Destroy(other);
    fixture_end(&f);
}

static void auto_unsubscribe_sync(void) {
    natsSubscription *sub = NULL;
    natsMsg *msg = NULL;
    static fixture f;
    int i;

    fixture_start(&f);
    CHECK_OK(natsConnection_SubscribeSync(&sub, f.nc, "foo"));
    CHECK_OK(natsSubscription_AutoUnsubscribe(sub, 10));
    publish_numbers(f.nc, "foo", 0, 30);
    for (i = 0; i < 10; i++) {
        char text[16];

        CHECK(natsSubscription_IsValid(sub));
        snprintf(text, sizeof(text), "%d", i);
        test_expect_next(sub, text);
    }
    CHECK_STATUS(natsSubscription_NextMsg(&msg, sub, 10), NATS_MAX_DELIVERED_MSGS);
    CHECK(!natsSubscription_IsValid(sub));
    natsSubscription_Destroy(sub);

    /* Below what was delivered: unsubscribes at once. */
    CHECK_OK(natsConnection_SubscribeSync(&sub, f.nc, "foo"));
    publish_numbers(f.nc, "foo", 0, 5);
    for (i = 0; i < 5; i++)
        natsMsg_Destroy(test_next(sub));
    CHECK_OK(natsSubscription_AutoUnsubscribe(sub, 3));
    CHECK(!natsSubscription_IsValid(sub));
    natsSubscription_Destroy(sub);

    /* A later call replaces the maximum; 0 unsubscribes. */
    CHECK_OK(natsConnection_SubscribeSync(&sub, f.nc, "foo"));
    CHECK_OK(natsSubscription_AutoUnsubscribe(sub, 100));
    CHECK_OK(natsSubscription_AutoUnsubscribe(sub, 2));
    publish_numbers(f.nc, "foo", 0, 5);
    test_expect_next(sub, "0");
    test_expect_next(sub, "1");
    CHECK_STATUS(natsSubscription_NextMsg(&msg, sub, 10), NATS_MAX_DELIVERED_MSGS);
    natsSubscription_Destroy(sub);
    CHECK_OK(natsConnection_SubscribeSync(&sub, f.nc, "foo"));
    CHECK_OK(natsSubscription_AutoUnsubscribe(sub, 0));
    CHECK(!natsSubscription_IsValid(sub));
    natsSubscription_Destroy(sub);
    fixture_end(&f);
}

static void null_subscription(void) {
    int64_t n = 0;
    int a = 0, b = 0;

    CHECK_STATUS(natsSubscription_Unsubscribe(NULL), NATS_INVALID_ARG);
    CHECK_STATUS(natsSubscription_AutoUnsubscribe(NULL, 1), NATS_INVALID_ARG);
    CHECK_STATUS(natsSubscription_Drain(NULL), NATS_INVALID_ARG);
    CHECK_STATUS(natsSubscription_DrainTimeout(NULL, 1), NATS_INVALID_ARG);
    CHECK_STATUS(natsSubscription_WaitForDrainCompletion(NULL, 1), NATS_INVALID_ARG);
    CHECK_STATUS(natsSubscription_DrainCompletionStatus(NULL), NATS_INVALID_ARG);
    CHECK_STATUS(natsSubscription_SetOnCompleteCB(NULL, on_complete, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(natsSubscription_NoDeliveryDelay(NULL), NATS_INVALID_ARG);
    CHECK_STATUS(natsSubscription_GetPending(NULL, &a, &b), NATS_INVALID_ARG);
    CHECK_STATUS(natsSubscription_GetDelivered(NULL, &n), NATS_INVALID_ARG);
    CHECK_INT(natsSubscription_GetID(NULL), 0);
    CHECK(natsSubscription_GetSubject(NULL) == NULL);
    CHECK(!natsSubscription_IsValid(NULL));
#if OURS
    CHECK(natsSubscription_GetConnection(NULL) == NULL);
#endif
    natsSubscription_Destroy(NULL);
}

static natsOptions *use_pool(natsOptions *opts) {
    CHECK_OK(natsOptions_UseGlobalMessageDelivery(opts, true));
    return opts;
}

static void pool_delivery(void) {
    enum { SUBS = 20, COUNT = 200 };
    static closure c[SUBS];
    natsSubscription *subs[SUBS];
    char subject[16];
    static fixture f;
    int i;

    CHECK_OK(nats_SetMessageDeliveryPoolSize(3));
    fixture_start_with(&f, use_pool);
    for (i = 0; i < SUBS; i++) {
        closure_init(&c[i]);
        snprintf(subject, sizeof(subject), "foo.%d", i);
        CHECK_OK(natsConnection_Subscribe(&subs[i], f.nc, subject, on_ordered, &c[i]));
        CHECK_OK(natsSubscription_SetOnCompleteCB(subs[i], on_complete, &c[i]));
    }
    for (i = 0; i < SUBS; i++) {
        snprintf(subject, sizeof(subject), "foo.%d", i);
        publish_numbers(f.nc, subject, 0, COUNT);
    }
    for (i = 0; i < SUBS; i++) {
        CHECK_REACHED(&c[i].messages, COUNT);
        CHECK_INT(counter_get(&c[i].wrong), 0);
        natsSubscription_Destroy(subs[i]);
        CHECK_REACHED(&c[i].completed, 1);
    }
    fixture_end(&f);
}

static void many_subscriptions_come_and_go(void) {
    natsSubscription *subs[500];
    static closure c;
    static fixture f;
    int round, i;

    closure_init(&c);
    fixture_start(&f);
    for (round = 0; round < 4; round++) {
        counter_set(&c.messages, 0);
        for (i = 0; i < 500; i++)
            CHECK_OK(natsConnection_SubscribeSync(&subs[i], f.nc, "foo"));
        publish_numbers(f.nc, "foo", round, 2);
        for (i = 0; i < 500; i++) {
            natsMsg_Destroy(test_next(subs[i]));
            natsMsg_Destroy(test_next(subs[i]));
            natsSubscription_Destroy(subs[i]);
        }
    }
    fixture_end(&f);
}

static void messages_kept_for_long(void) {
    enum { COUNT = 3000 };
    static natsMsg *kept[COUNT];
    natsSubscription *sub = NULL;
    char text[16];
    static fixture f;
    int i;

    fixture_start(&f);
    CHECK_OK(natsConnection_SubscribeSync(&sub, f.nc, "foo"));
    publish_numbers(f.nc, "foo", 0, COUNT);
    for (i = 0; i < COUNT; i++)
        kept[i] = test_next(sub);
    for (i = 0; i < COUNT; i += 2)
        natsMsg_Destroy(kept[i]);
    natsSubscription_Destroy(sub);
    fixture_end(&f);
    for (i = COUNT - 1; i > 0; i -= 2) {
        snprintf(text, sizeof(text), "%d", i);
        CHECK_STR(natsMsg_GetData(kept[i]), text);
        CHECK_STR(natsMsg_GetSubject(kept[i]), "foo");
        natsMsg_Destroy(kept[i]);
    }
}

static void subscription_outlives_its_connection(void) {
    natsSubscription *sub = NULL, *async = NULL;
    static closure c;
    static fixture f;

    closure_init(&c);
    fixture_start(&f);
    CHECK_OK(natsConnection_SubscribeSync(&sub, f.nc, "foo"));
    CHECK_OK(natsConnection_Subscribe(&async, f.nc, "foo", on_message, &c));
    natsConnection_Destroy(f.nc);
    CHECK(!natsSubscription_IsValid(sub));
    CHECK_STATUS(natsSubscription_Unsubscribe(async), NATS_CONNECTION_CLOSED);
    natsSubscription_Destroy(async);
    natsSubscription_Destroy(sub);
    f.nc = NULL;
    fixture_end(&f);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(forms_on_the_wire),
        TEST(refuses),
        TEST(delivers_in_order),
        TEST(callback_gets_the_programs_handles),
        TEST(queue_group_shares),
        TEST(timeouts),
        TEST(timeouts_in_the_pool),
        TEST(auto_unsubscribe_async),
        TEST(auto_unsubscribe_in_the_last_callback),
        TEST(auto_unsubscribe_in_a_flood),
        TEST(auto_unsubscribe_sync),
        TEST(null_subscription),
        TEST(pool_delivery),
        TEST(many_subscriptions_come_and_go),
        TEST(messages_kept_for_long),
        TEST(subscription_outlives_its_connection),
    };

    return RUN_TESTS(cases, argc, argv);
}
