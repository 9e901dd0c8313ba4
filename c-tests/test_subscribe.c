/* Subscriptions: every form, sync and async delivery, auto-unsubscribe, pending limits, completion. */
#include "callbacks.h"
#include "peer.h"
#include "server.h"
#include "test.h"

typedef struct fixture {
    server s;
    natsConnection *nc;
    closure c; /* of the connection */
} fixture;

static void start_with(fixture *f, natsOptions *(*adjust)(natsOptions *)) {
    natsOptions *opts;

    closure_init(&f->c);
    server_run(&f->s);
    opts = test_options(f->s.url);
    options_record(opts, &f->c);
    f->nc = test_connect(adjust == NULL ? opts : adjust(opts));
}

static void start(fixture *f) { start_with(f, NULL); }

static void end(fixture *f) {
    natsConnection_Destroy(f->nc);
    server_stop(&f->s);
}

static void publish(natsConnection *nc, const char *subject, int from, int count) {
    char text[16];
    int i;

    for (i = from; i < from + count; i++) {
        snprintf(text, sizeof(text), "%d", i);
        CHECK_OK(natsConnection_PublishString(nc, subject, text));
    }
    CHECK_OK(natsConnection_FlushTimeout(nc, deadline_ms()));
}

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

    start(&f);
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
    end(&f);
}

static void delivers_in_order(void) {
    natsSubscription *sub = NULL;
    static closure c;
    static fixture f;

    closure_init(&c);
    start(&f);
    CHECK_OK(natsConnection_Subscribe(&sub, f.nc, "foo.*", on_ordered, &c));
    publish(f.nc, "foo.bar", 0, 1000);
    CHECK_REACHED(&c.messages, 1000);
    CHECK_INT(counter_get(&c.wrong), 0);
    natsSubscription_Destroy(sub);
    end(&f);
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
    start(&f);
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
    end(&f);
}

static void queue_group_shares(void) {
    enum { MEMBERS = 4, COUNT = 400 };
    natsSubscription *subs[MEMBERS], *outside = NULL;
    static closure group, alone;
    static fixture f;
    int i;

    closure_init(&group);
    closure_init(&alone);
    start(&f);
    for (i = 0; i < MEMBERS; i++)
        CHECK_OK(natsConnection_QueueSubscribe(&subs[i], f.nc, "foo", "workers", on_message, &group));
    CHECK_OK(natsConnection_Subscribe(&outside, f.nc, "foo", on_message, &alone));
    publish(f.nc, "foo", 0, COUNT);
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
    end(&f);
}

static void next_msg(void) {
    natsSubscription *sub = NULL, *async = NULL;
    natsMsg *msg = NULL;
    static closure c;
    int64_t started;
    static fixture f;

    closure_init(&c);
    start(&f);
    CHECK_OK(natsConnection_SubscribeSync(&sub, f.nc, "foo"));
    CHECK_OK(natsConnection_Subscribe(&async, f.nc, "bar", on_message, &c));
    CHECK_STATUS(natsSubscription_NextMsg(NULL, sub, 10), NATS_INVALID_ARG);
    CHECK_STATUS(natsSubscription_NextMsg(&msg, NULL, 10), NATS_INVALID_ARG);
    CHECK_STATUS(natsSubscription_NextMsg(&msg, async, 10), NATS_ILLEGAL_STATE);
    CHECK_STATUS(natsSubscription_NextMsg(&msg, sub, 0), NATS_TIMEOUT);
    CHECK_STATUS(natsSubscription_NextMsg(&msg, sub, -1), NATS_TIMEOUT);
    started = now_ms();
    CHECK_STATUS(natsSubscription_NextMsg(&msg, sub, 50), NATS_TIMEOUT);
    CHECK(now_ms() - started >= 49);
    CHECK(msg == NULL);
    publish(f.nc, "foo", 0, 3);
    test_expect_next(sub, "0");
    test_expect_next(sub, "1");
    CHECK_OK(natsSubscription_NextMsg(&msg, sub, 0)); /* queued: no wait needed */
    natsMsg_Destroy(msg);
    CHECK_OK(natsSubscription_Unsubscribe(sub));
    CHECK(!natsSubscription_IsValid(sub));
    CHECK_STATUS(natsSubscription_NextMsg(&msg, sub, 10), NATS_INVALID_SUBSCRIPTION);
    CHECK_STATUS(natsSubscription_Unsubscribe(sub), NATS_INVALID_SUBSCRIPTION);
    CHECK_STATUS(natsSubscription_AutoUnsubscribe(sub, 1), NATS_INVALID_SUBSCRIPTION);
    natsSubscription_Destroy(sub);
    natsSubscription_Destroy(async);
    end(&f);
}

static void next_msg_after_close(void) {
    natsSubscription *sub = NULL;
    natsMsg *msg = NULL;
    static fixture f;

    start(&f);
    CHECK_OK(natsConnection_SubscribeSync(&sub, f.nc, "foo"));
    publish(f.nc, "foo", 0, 3);
    CHECK_SOON(natsSubscription_GetPending(sub, NULL, NULL) == NATS_OK);
    natsConnection_Close(f.nc);
    CHECK_STATUS(natsSubscription_NextMsg(&msg, sub, 10), NATS_CONNECTION_CLOSED);
    CHECK_STATUS(natsSubscription_Unsubscribe(sub), NATS_CONNECTION_CLOSED);
    CHECK_STATUS(natsSubscription_AutoUnsubscribe(sub, 3), NATS_CONNECTION_CLOSED);
    CHECK(!natsSubscription_IsValid(sub));
    natsConnection_Destroy(f.nc);
    f.nc = NULL;
    CHECK_STATUS(natsSubscription_NextMsg(&msg, sub, 10), NATS_CONNECTION_CLOSED);
    natsSubscription_Destroy(sub);
    end(&f);
}

typedef struct waiter {
    natsSubscription *sub;
    natsStatus status;
    counter done;
} waiter;

static void *wait_for_message(void *arg) {
    waiter *w = (waiter *)arg;
    natsMsg *msg = NULL;

    w->status = natsSubscription_NextMsg(&msg, w->sub, 6 * deadline_ms());
    natsMsg_Destroy(msg);
    counter_add(&w->done, 1);
    return NULL;
}

static void waiting_next_msg_is_released(void) {
    natsSubscription *a = NULL, *b = NULL;
    waiter w[2];
    pthread_t threads[2];
    static fixture f;

    start(&f);
    CHECK_OK(natsConnection_SubscribeSync(&a, f.nc, "foo"));
    CHECK_OK(natsConnection_SubscribeSync(&b, f.nc, "foo"));
    w[0].sub = a;
    w[1].sub = b;
    counter_init(&w[0].done);
    counter_init(&w[1].done);
    CHECK(pthread_create(&threads[0], NULL, wait_for_message, &w[0]) == 0);
    CHECK(pthread_create(&threads[1], NULL, wait_for_message, &w[1]) == 0);
    CHECK(!counter_wait(&w[0].done, 1, 30));
    CHECK_OK(natsSubscription_Unsubscribe(a));
    CHECK_REACHED(&w[0].done, 1);
    CHECK_INT(w[0].status, NATS_INVALID_SUBSCRIPTION);
    natsConnection_Close(f.nc);
    CHECK_REACHED(&w[1].done, 1);
    CHECK_INT(w[1].status, NATS_CONNECTION_CLOSED);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    natsSubscription_Destroy(a);
    natsSubscription_Destroy(b);
    end(&f);
}

static void next_msg_no_responders(void) {
    natsSubscription *sub = NULL;
    natsMsg *msg = NULL;
    static fixture f;

    start(&f);
    CHECK_OK(natsConnection_SubscribeSync(&sub, f.nc, "inbox"));
    CHECK_OK(natsConnection_PublishRequestString(f.nc, "nobody.there", "inbox", "x"));
    CHECK_STATUS(natsSubscription_NextMsg(&msg, sub, deadline_ms()), NATS_NO_RESPONDERS);
    CHECK(msg == NULL);
    natsSubscription_Destroy(sub);
    end(&f);
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
    f.nc = test_connect(opts);
    CHECK_OK(natsConnection_SubscribeTimeout(&sub, f.nc, "foo", 30, on_message, &c));
    CHECK_REACHED(&c.timeouts, OURS || !pool ? 3 : 1);
    publish(f.nc, "foo", 0, 5);
    CHECK_REACHED(&c.messages, 5);
    CHECK_REACHED(&c.timeouts, counter_get(&c.timeouts) + 1);
    CHECK_INT(counter_get(&c.wrong), 0);
    natsSubscription_Destroy(sub);
    end(&f);
}

static void timeouts(void) { timeout_subscription(false); }

static void timeouts_in_the_pool(void) { timeout_subscription(true); }

static void auto_unsubscribe_async(void) {
    natsSubscription *sub = NULL;
    static closure c;
    static fixture f;

    closure_init(&c);
    start(&f);
    CHECK_OK(natsConnection_Subscribe(&sub, f.nc, "foo", on_message, &c));
    CHECK_OK(natsSubscription_SetOnCompleteCB(sub, on_complete, &c));
    CHECK_OK(natsSubscription_AutoUnsubscribe(sub, 10));
    publish(f.nc, "foo", 0, 30);
    CHECK_REACHED(&c.completed, 1);
    CHECK_INT(counter_get(&c.messages), 10);
    CHECK(!natsSubscription_IsValid(sub));
    CHECK_STATUS(natsSubscription_DrainCompletionStatus(sub), NATS_OK);
    CHECK_STATUS(natsSubscription_WaitForDrainCompletion(sub, 100), NATS_ILLEGAL_STATE);
    natsSubscription_Destroy(sub);
    end(&f);
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

    start(&f);
    f.c.result = -1;
    CHECK_OK(natsConnection_Subscribe(&sub, f.nc, "foo", raise_the_maximum, &f.c));
    CHECK_OK(natsSubscription_SetOnCompleteCB(sub, on_complete, &f.c));
    CHECK_OK(natsSubscription_AutoUnsubscribe(sub, 3));
    publish(f.nc, "foo", 0, 10);
    CHECK_REACHED(&f.c.completed, 1);
    CHECK_INT(counter_get(&f.c.messages), 3);
    CHECK_INT(f.c.result, NATS_OK);
    CHECK(!natsSubscription_IsValid(sub));
    natsSubscription_Destroy(sub);
    end(&f);
}

static void auto_unsubscribe_sync(void) {
    natsSubscription *sub = NULL;
    natsMsg *msg = NULL;
    static fixture f;
    int i;

    start(&f);
    CHECK_OK(natsConnection_SubscribeSync(&sub, f.nc, "foo"));
    CHECK_OK(natsSubscription_AutoUnsubscribe(sub, 10));
    publish(f.nc, "foo", 0, 30);
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
    publish(f.nc, "foo", 0, 5);
    for (i = 0; i < 5; i++)
        natsMsg_Destroy(test_next(sub));
    CHECK_OK(natsSubscription_AutoUnsubscribe(sub, 3));
    CHECK(!natsSubscription_IsValid(sub));
    natsSubscription_Destroy(sub);

    /* A later call replaces the maximum; 0 unsubscribes. */
    CHECK_OK(natsConnection_SubscribeSync(&sub, f.nc, "foo"));
    CHECK_OK(natsSubscription_AutoUnsubscribe(sub, 100));
    CHECK_OK(natsSubscription_AutoUnsubscribe(sub, 2));
    publish(f.nc, "foo", 0, 5);
    test_expect_next(sub, "0");
    test_expect_next(sub, "1");
    CHECK_STATUS(natsSubscription_NextMsg(&msg, sub, 10), NATS_MAX_DELIVERED_MSGS);
    natsSubscription_Destroy(sub);
    CHECK_OK(natsConnection_SubscribeSync(&sub, f.nc, "foo"));
    CHECK_OK(natsSubscription_AutoUnsubscribe(sub, 0));
    CHECK(!natsSubscription_IsValid(sub));
    natsSubscription_Destroy(sub);
    end(&f);
}

static natsOptions *small_limits(natsOptions *opts) {
    CHECK_OK(natsOptions_SetMaxPendingMsgs(opts, 10));
    return opts;
}

static void pending_limits(void) {
    natsSubscription *sub = NULL;
    int msgs = 0, bytes = 0;
    static fixture f;

    start_with(&f, small_limits);
    CHECK_OK(natsConnection_SubscribeSync(&sub, f.nc, "foo"));
    CHECK_OK(natsSubscription_GetPendingLimits(sub, &msgs, &bytes));
    CHECK_INT(msgs, 10);
    CHECK_INT(bytes, 10 * 1024);
    CHECK_OK(natsSubscription_GetPendingLimits(sub, NULL, NULL));
    CHECK_STATUS(natsSubscription_SetPendingLimits(sub, 0, 10), NATS_INVALID_ARG);
    CHECK_ERROR(NATS_INVALID_ARG, "Limits must be either > 0 or negative to specify no limit");
    CHECK_STATUS(natsSubscription_SetPendingLimits(sub, 10, 0), NATS_INVALID_ARG);
    CHECK_STATUS(natsSubscription_SetPendingLimits(NULL, 10, 10), NATS_INVALID_ARG);
    CHECK_OK(natsSubscription_SetPendingLimits(sub, 5, 100));
    CHECK_OK(natsSubscription_GetPendingLimits(sub, &msgs, &bytes));
    CHECK_INT(msgs, 5);
    CHECK_INT(bytes, 100);
    CHECK_OK(natsSubscription_SetPendingLimits(sub, -1, -1));
    publish(f.nc, "foo", 0, 100);
    CHECK_SOON(natsSubscription_GetPending(sub, &msgs, &bytes) == NATS_OK && msgs == 100);
    CHECK_INT(bytes, 190);
    CHECK_OK(natsSubscription_Unsubscribe(sub));
    CHECK_STATUS(natsSubscription_SetPendingLimits(sub, 5, 100), NATS_INVALID_SUBSCRIPTION);
    CHECK_STATUS(natsSubscription_GetPendingLimits(sub, &msgs, &bytes), NATS_INVALID_SUBSCRIPTION);
    natsSubscription_Destroy(sub);
    end(&f);
}

static void slow_consumer_sync(void) {
    natsSubscription *sub = NULL;
    natsMsg *msg = NULL;
    int64_t dropped = 0, delivered = 0;
    int msgs = 0, bytes = 0, i;
    static fixture f;

    start_with(&f, small_limits);
    CHECK_OK(natsConnection_SubscribeSync(&sub, f.nc, "foo"));
    publish(f.nc, "foo", 0, 15);
    CHECK_SOON(natsSubscription_GetDropped(sub, &dropped) == NATS_OK && dropped == 5);
    CHECK_REACHED(&f.c.errors, 1);
    CHECK_INT(f.c.statuses[0], NATS_SLOW_CONSUMER);
    CHECK(f.c.subscriptions[0] == (void *)sub);
    CHECK_OK(natsSubscription_GetPending(sub, &msgs, &bytes));
    CHECK_INT(msgs, 10);
    CHECK_STATUS(natsSubscription_NextMsg(&msg, sub, 10), NATS_SLOW_CONSUMER);
    for (i = 0; i < 10; i++) {
        char text[16];

        snprintf(text, sizeof(text), "%d", i); /* the newest were dropped */
        test_expect_next(sub, text);
    }
    CHECK_STATUS(natsSubscription_NextMsg(&msg, sub, 0), NATS_TIMEOUT);
    publish(f.nc, "foo", 20, 1);
    test_expect_next(sub, "20");
    CHECK_INT(counter_get(&f.c.errors), 1);
    CHECK_OK(natsSubscription_GetDelivered(sub, &delivered));
    CHECK_INT(delivered, 11);
    /* The next drop is told again. */
    publish(f.nc, "foo", 0, 12);
    CHECK_REACHED(&f.c.errors, 2);
    CHECK_OK(natsSubscription_GetMaxPending(sub, &msgs, &bytes));
    CHECK_INT(msgs, 10);
    natsSubscription_Destroy(sub);
    end(&f);
}

static void slow_consumer_async(void) {
    natsSubscription *sub = NULL, *other = NULL;
    int64_t dropped = 0;
    static closure c, d;
    static fixture f;

    closure_init(&c);
    closure_init(&d);
    start(&f);
    CHECK_OK(natsConnection_Subscribe(&sub, f.nc, "foo", on_blocked, &c));
    CHECK_OK(natsSubscription_SetPendingLimits(sub, 10, -1));
    CHECK_OK(natsConnection_Subscribe(&other, f.nc, "foo", on_message, &d));
    publish(f.nc, "foo", 0, 1);
    CHECK_REACHED(&c.entered, 1); /* it sits in the callback, which no longer counts */
    publish(f.nc, "foo", 1, 30);
    CHECK_REACHED(&d.messages, 31); /* the others go on */
    CHECK_SOON(natsSubscription_GetDropped(sub, &dropped) == NATS_OK && dropped == 20);
    CHECK_REACHED(&f.c.errors, 1);
    counter_set(&c.gate, 1);
    CHECK_REACHED(&c.messages, 11);
    CHECK_STR(c.texts[10], "10");
    publish(f.nc, "foo", 100, 1);
    CHECK_REACHED(&c.messages, 12);
    CHECK_INT(counter_get(&f.c.errors), 1);
    natsSubscription_Destroy(sub);
    natsSubscription_Destroy(other);
    end(&f);
}

static void message_larger_than_the_byte_limit(void) {
    static const char data[200] = {0};
    natsSubscription *sub = NULL;
    int64_t dropped = 0;
    natsMsg *msg = NULL;
    static fixture f;

    start(&f);
    CHECK_OK(natsConnection_SubscribeSync(&sub, f.nc, "foo"));
    CHECK_OK(natsSubscription_SetPendingLimits(sub, -1, 100));
    CHECK_OK(natsConnection_Publish(f.nc, "foo", data, 200));
    CHECK_OK(natsConnection_Publish(f.nc, "foo", data, 100));
    CHECK_OK(natsConnection_Flush(f.nc));
    CHECK_SOON(natsSubscription_GetDropped(sub, &dropped) == NATS_OK && dropped == 1);
    CHECK_OK(natsSubscription_NextMsg(&msg, sub, deadline_ms())); /* one was accepted since */
    CHECK_INT(natsMsg_GetDataLength(msg), 100);
    natsMsg_Destroy(msg);
    natsSubscription_Destroy(sub);
    end(&f);
}

static void statistics(void) {
    natsSubscription *sub = NULL;
    int msgs = -1, bytes = -1, max_msgs = -1, max_bytes = -1;
    int64_t delivered = -1, dropped = -1;
    uint64_t queued = 99;
    static fixture f;

    start(&f);
    CHECK_OK(natsConnection_SubscribeSync(&sub, f.nc, "foo"));
    publish(f.nc, "foo", 0, 10);
    CHECK_SOON(natsSubscription_GetPending(sub, &msgs, &bytes) == NATS_OK && msgs == 10);
    CHECK_INT(bytes, 10);
    CHECK_OK(natsSubscription_QueuedMsgs(sub, &queued));
    CHECK_INT(queued, 10);
    natsMsg_Destroy(test_next(sub));
    natsMsg_Destroy(test_next(sub));
    CHECK_OK(natsSubscription_GetStats(sub, &msgs, &bytes, &max_msgs, &max_bytes, &delivered, &dropped));
    CHECK_INT(msgs, 8);
    CHECK_INT(bytes, 8);
    CHECK_INT(max_msgs, 10);
    CHECK_INT(max_bytes, 10);
    CHECK_INT(delivered, 2);
    CHECK_INT(dropped, 0);
    CHECK_OK(natsSubscription_GetStats(sub, NULL, NULL, NULL, NULL, NULL, NULL));
    CHECK_OK(natsSubscription_ClearMaxPending(sub));
    CHECK_OK(natsSubscription_GetMaxPending(sub, &max_msgs, &max_bytes));
    CHECK_INT(max_msgs, 0);
    CHECK_INT(max_bytes, 0);
    CHECK_OK(natsSubscription_GetMaxPending(sub, NULL, NULL));
    CHECK_OK(natsSubscription_GetPending(sub, NULL, NULL));
    CHECK_OK(natsSubscription_NoDeliveryDelay(sub));
    CHECK_STATUS(natsSubscription_GetDelivered(sub, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(natsSubscription_GetDropped(sub, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(natsSubscription_QueuedMsgs(sub, NULL), NATS_INVALID_ARG);
    CHECK_OK(natsSubscription_Unsubscribe(sub));
    CHECK_STATUS(natsSubscription_GetPending(sub, &msgs, &bytes), NATS_INVALID_SUBSCRIPTION);
    CHECK_STATUS(natsSubscription_GetDelivered(sub, &delivered), NATS_INVALID_SUBSCRIPTION);
    CHECK_STATUS(natsSubscription_GetDropped(sub, &dropped), NATS_INVALID_SUBSCRIPTION);
    CHECK_STATUS(natsSubscription_GetMaxPending(sub, &msgs, &bytes), NATS_INVALID_SUBSCRIPTION);
    CHECK_STATUS(natsSubscription_ClearMaxPending(sub), NATS_INVALID_SUBSCRIPTION);
    CHECK_STATUS(natsSubscription_QueuedMsgs(sub, &queued), NATS_INVALID_SUBSCRIPTION);
    CHECK_STATUS(natsSubscription_GetStats(sub, &msgs, NULL, NULL, NULL, NULL, NULL),
                 NATS_INVALID_SUBSCRIPTION);
    CHECK_INT(natsSubscription_GetID(sub), 0);
    CHECK(natsSubscription_GetSubject(sub) == NULL);
    CHECK_OK(natsSubscription_NoDeliveryDelay(sub));
    natsSubscription_Destroy(sub);
    end(&f);
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

static void completion_after(natsStatus (*ender)(natsSubscription *), natsStatus drain_status) {
    natsSubscription *sub = NULL;
    static closure c;
    static fixture f;

    closure_init(&c);
    start(&f);
    CHECK_OK(natsConnection_Subscribe(&sub, f.nc, "foo", on_blocked, &c));
    CHECK_OK(natsSubscription_SetOnCompleteCB(sub, on_complete, &c));
    publish(f.nc, "foo", 0, 5);
    CHECK_REACHED(&c.entered, 1);
    CHECK_OK(ender(sub));
    CHECK(!counter_wait(&c.completed, 1, 20)); /* not before the running callback has returned */
    counter_set(&c.gate, 1);
    CHECK_REACHED(&c.completed, 1);
    CHECK_INT(counter_get(&c.messages), 1); /* what was queued is gone */
    if (drain_status != NATS_ERR) {
        CHECK_STATUS(natsSubscription_DrainCompletionStatus(sub), drain_status);
        CHECK_STATUS(natsSubscription_WaitForDrainCompletion(sub, 10), NATS_ILLEGAL_STATE);
        natsSubscription_Destroy(sub);
    }
    end(&f);
    CHECK_OK(nats_CloseAndWait(deadline_ms()));
    CHECK_INT(counter_get(&c.completed), 1);
}

static natsStatus destroy(natsSubscription *sub) {
    natsSubscription_Destroy(sub);
    return NATS_OK;
}

static void completion_after_unsubscribe(void) {
    completion_after(natsSubscription_Unsubscribe, NATS_INVALID_SUBSCRIPTION);
}

static void completion_after_destroy(void) { completion_after(destroy, NATS_ERR); }

static void completion_after_close(void) {
    natsSubscription *sub = NULL;
    static closure c;
    static fixture f;

    closure_init(&c);
    start(&f);
    CHECK_OK(natsConnection_Subscribe(&sub, f.nc, "foo", on_message, &c));
    CHECK_OK(natsSubscription_SetOnCompleteCB(sub, on_complete, &c));
    natsConnection_Close(f.nc);
    CHECK_REACHED(&c.completed, 1);
    CHECK_STATUS(natsSubscription_DrainCompletionStatus(sub), NATS_CONNECTION_CLOSED);
    CHECK_STATUS(natsSubscription_SetOnCompleteCB(sub, on_complete, &c), NATS_INVALID_SUBSCRIPTION);
    natsSubscription_Destroy(sub);
    end(&f);
}

static void no_completion_for_sync(void) {
    natsSubscription *sub = NULL;
    static closure c;
    static fixture f;

    closure_init(&c);
    start(&f);
    CHECK_OK(natsConnection_SubscribeSync(&sub, f.nc, "foo"));
    CHECK_STATUS(natsSubscription_SetOnCompleteCB(sub, on_complete, &c), NATS_INVALID_SUBSCRIPTION);
    natsSubscription_Destroy(sub);
    end(&f);
}

static void destroy_in_own_callback(void) {
    natsSubscription *sub = NULL;
    static closure c;
    static fixture f;

    closure_init(&c);
    start(&f);
    CHECK_OK(natsConnection_Subscribe(&sub, f.nc, "foo", on_destroy_sub, &c));
    CHECK_OK(natsSubscription_SetOnCompleteCB(sub, on_complete, &c));
    publish(f.nc, "foo", 0, 10);
    CHECK_REACHED(&c.completed, 1);
    CHECK_INT(counter_get(&c.messages), 1);
    end(&f);
}

static void unsubscribe_in_callback(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *arg) {
    closure *c = (closure *)arg;

    (void)nc;
    natsMsg_Destroy(msg);
    c->result = (int)natsSubscription_Unsubscribe(sub);
    counter_add(&c->messages, 1);
}

static void unsubscribe_in_own_callback(void) {
    natsSubscription *sub = NULL;
    static closure c;
    static fixture f;

    closure_init(&c);
    start(&f);
    CHECK_OK(natsConnection_Subscribe(&sub, f.nc, "foo", unsubscribe_in_callback, &c));
    CHECK_OK(natsSubscription_SetOnCompleteCB(sub, on_complete, &c));
    publish(f.nc, "foo", 0, 10);
    CHECK_REACHED(&c.completed, 1);
    CHECK_INT(c.result, NATS_OK);
    CHECK_INT(counter_get(&c.messages), 1);
    CHECK(!natsSubscription_IsValid(sub));
    natsSubscription_Destroy(sub);
    end(&f);
}

static void close_in_callback(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *arg) {
    (void)sub;
    natsMsg_Destroy(msg);
    natsConnection_Close(nc);
    counter_add(&((closure *)arg)->messages, 1);
}

static void close_connection_in_callback(void) {
    natsSubscription *sub = NULL;
    static closure c;
    static fixture f;

    closure_init(&c);
    start(&f);
    CHECK_OK(natsConnection_Subscribe(&sub, f.nc, "foo", close_in_callback, &c));
    CHECK_OK(natsConnection_PublishString(f.nc, "foo", "x"));
    CHECK_REACHED(&f.c.closed, 1);
    CHECK_REACHED(&c.messages, 1);
    CHECK(natsConnection_IsClosed(f.nc));
    natsSubscription_Destroy(sub);
    end(&f);
}

static void subscribe_in_callback_handler(natsConnection *nc, natsSubscription *sub, natsMsg *msg,
                                          void *arg) {
    closure *c = (closure *)arg;
    natsSubscription *inner = NULL;
    natsMsg *got = NULL;

    (void)sub;
    natsMsg_Destroy(msg);
    c->result = (int)natsConnection_SubscribeSync(&inner, nc, "inner");
    if (c->result == NATS_OK)
        c->result = (int)natsConnection_PublishString(nc, "inner", "x");
    if (c->result == NATS_OK)
        c->result = (int)natsConnection_FlushTimeout(nc, deadline_ms());
    if (c->result == NATS_OK)
        c->result = (int)natsSubscription_NextMsg(&got, inner, deadline_ms());
    natsMsg_Destroy(got);
    natsSubscription_Destroy(inner);
    counter_add(&c->messages, 1);
}

static void subscribe_flush_and_receive_in_callback(void) {
    natsSubscription *sub = NULL;
    static closure c;
    static fixture f;

    closure_init(&c);
    start(&f);
    CHECK_OK(natsConnection_Subscribe(&sub, f.nc, "foo", subscribe_in_callback_handler, &c));
    CHECK_OK(natsConnection_PublishString(f.nc, "foo", "x"));
    CHECK_REACHED(&c.messages, 1);
    CHECK_INT(c.result, NATS_OK);
    natsSubscription_Destroy(sub);
    end(&f);
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
    start_with(&f, use_pool);
    for (i = 0; i < SUBS; i++) {
        closure_init(&c[i]);
        snprintf(subject, sizeof(subject), "foo.%d", i);
        CHECK_OK(natsConnection_Subscribe(&subs[i], f.nc, subject, on_ordered, &c[i]));
        CHECK_OK(natsSubscription_SetOnCompleteCB(subs[i], on_complete, &c[i]));
    }
    for (i = 0; i < SUBS; i++) {
        snprintf(subject, sizeof(subject), "foo.%d", i);
        publish(f.nc, subject, 0, COUNT);
    }
    for (i = 0; i < SUBS; i++) {
        CHECK_REACHED(&c[i].messages, COUNT);
        CHECK_INT(counter_get(&c[i].wrong), 0);
        natsSubscription_Destroy(subs[i]);
        CHECK_REACHED(&c[i].completed, 1);
    }
    end(&f);
}

static void many_subscriptions_come_and_go(void) {
    natsSubscription *subs[500];
    static closure c;
    static fixture f;
    int round, i;

    closure_init(&c);
    start(&f);
    for (round = 0; round < 4; round++) {
        counter_set(&c.messages, 0);
        for (i = 0; i < 500; i++)
            CHECK_OK(natsConnection_SubscribeSync(&subs[i], f.nc, "foo"));
        publish(f.nc, "foo", round, 2);
        for (i = 0; i < 500; i++) {
            natsMsg_Destroy(test_next(subs[i]));
            natsMsg_Destroy(test_next(subs[i]));
            natsSubscription_Destroy(subs[i]);
        }
    }
    end(&f);
}

static void messages_kept_for_long(void) {
    enum { COUNT = 3000 };
    static natsMsg *kept[COUNT];
    natsSubscription *sub = NULL;
    char text[16];
    static fixture f;
    int i;

    start(&f);
    CHECK_OK(natsConnection_SubscribeSync(&sub, f.nc, "foo"));
    publish(f.nc, "foo", 0, COUNT);
    for (i = 0; i < COUNT; i++)
        kept[i] = test_next(sub);
    for (i = 0; i < COUNT; i += 2)
        natsMsg_Destroy(kept[i]);
    natsSubscription_Destroy(sub);
    end(&f);
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
    start(&f);
    CHECK_OK(natsConnection_SubscribeSync(&sub, f.nc, "foo"));
    CHECK_OK(natsConnection_Subscribe(&async, f.nc, "foo", on_message, &c));
    natsConnection_Destroy(f.nc);
    CHECK(!natsSubscription_IsValid(sub));
    CHECK_STATUS(natsSubscription_Unsubscribe(async), NATS_CONNECTION_CLOSED);
    natsSubscription_Destroy(async);
    natsSubscription_Destroy(sub);
    f.nc = NULL;
    end(&f);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(forms_on_the_wire),
        TEST(refuses),
        TEST(delivers_in_order),
        TEST(callback_gets_the_programs_handles),
        TEST(queue_group_shares),
        TEST(next_msg),
        TEST(next_msg_after_close),
        TEST(waiting_next_msg_is_released),
        TEST(next_msg_no_responders),
        TEST(timeouts),
        TEST(timeouts_in_the_pool),
        TEST(auto_unsubscribe_async),
        TEST(auto_unsubscribe_in_the_last_callback),
        TEST(auto_unsubscribe_sync),
        TEST(pending_limits),
        TEST(slow_consumer_sync),
        TEST(slow_consumer_async),
        TEST(message_larger_than_the_byte_limit),
        TEST(statistics),
        TEST(null_subscription),
        TEST(completion_after_unsubscribe),
        TEST(completion_after_destroy),
        TEST(completion_after_close),
        TEST(no_completion_for_sync),
        TEST(destroy_in_own_callback),
        TEST(unsubscribe_in_own_callback),
        TEST(close_connection_in_callback),
        TEST(subscribe_flush_and_receive_in_callback),
        TEST(pool_delivery),
        TEST(many_subscriptions_come_and_go),
        TEST(messages_kept_for_long),
        TEST(subscription_outlives_its_connection),
    };

    return RUN_TESTS(cases, argc, argv);
}
