/* Draining subscriptions and connections. */
#include "callbacks.h"
#include "peer_fixture.h"
#include "server.h"
#include "test.h"

typedef struct fixture {
    server s;
    natsConnection *nc;
    natsConnection *other;
    closure c; /* of nc */
} fixture;

static void start(fixture *f) {
    natsOptions *opts;

    closure_init(&f->c);
    server_run(&f->s);
    opts = test_options(f->s.url);
    options_record(opts, &f->c);
    f->nc = test_connect(opts);
    f->other = test_connect_url(f->s.url);
}

static void end(fixture *f) {
    natsConnection_Destroy(f->nc);
    natsConnection_Destroy(f->other);
    server_stop(&f->s);
}

static void publish(fixture *f, const char *subject, int from, int count) {
    char text[16];
    int i;

    for (i = from; i < from + count; i++) {
        snprintf(text, sizeof(text), "%d", i);
        CHECK_OK(natsConnection_PublishString(f->other, subject, text));
    }
    CHECK_OK(natsConnection_Flush(f->other));
    CHECK_OK(natsConnection_FlushTimeout(f->nc, deadline_ms()));
}

static void subscription(void) {
    natsSubscription *sub = NULL;
    static closure c;
    static fixture f;

    closure_init(&c);
    start(&f);
    CHECK_OK(natsConnection_Subscribe(&sub, f.nc, "foo", on_blocked, &c));
    CHECK_OK(natsSubscription_SetOnCompleteCB(sub, on_complete, &c));
    CHECK_OK(natsConnection_Flush(f.nc));
    CHECK_STATUS(natsSubscription_WaitForDrainCompletion(sub, 10), NATS_ILLEGAL_STATE);
    CHECK_STATUS(natsSubscription_DrainCompletionStatus(sub), NATS_ILLEGAL_STATE);
    publish(&f, "foo", 0, 50);
    CHECK_REACHED(&c.entered, 1);
    CHECK_OK(natsSubscription_Drain(sub));
    CHECK_OK(natsSubscription_Drain(sub)); /* no effect */
    CHECK(natsSubscription_IsValid(sub));
    CHECK_STATUS(natsSubscription_WaitForDrainCompletion(sub, 20), NATS_TIMEOUT);
    CHECK_STATUS(natsSubscription_DrainCompletionStatus(sub), NATS_ILLEGAL_STATE);
    publish(&f, "foo", 50, 10); /* no longer for us */
    counter_set(&c.gate, 1);
    CHECK_OK(natsSubscription_WaitForDrainCompletion(sub, deadline_ms()));
    CHECK_OK(natsSubscription_DrainCompletionStatus(sub));
    CHECK_REACHED(&c.completed, 1);
    CHECK_INT(counter_get(&c.messages), 50);
    CHECK(!natsSubscription_IsValid(sub));
    CHECK_STATUS(natsSubscription_Drain(sub), NATS_INVALID_SUBSCRIPTION);
    CHECK_OK(natsSubscription_WaitForDrainCompletion(sub, deadline_ms())); /* again */
    natsSubscription_Destroy(sub);
    end(&f);
}

static void sync_subscription(void) {
    natsSubscription *sub = NULL;
    natsMsg *msg = NULL;
    static fixture f;
    int i;

    start(&f);
    CHECK_OK(natsConnection_SubscribeSync(&sub, f.nc, "foo"));
    CHECK_OK(natsConnection_Flush(f.nc));
    publish(&f, "foo", 0, 10);
    CHECK_OK(natsSubscription_Drain(sub));
    for (i = 0; i < 10; i++) {
        char text[16];

        snprintf(text, sizeof(text), "%d", i);
        test_expect_next(sub, text);
    }
    /* The one that empties it, or the next call, closes it. */
    CHECK(natsSubscription_NextMsg(&msg, sub, 50) != NATS_OK);
    CHECK(msg == NULL);
    CHECK_OK(natsSubscription_WaitForDrainCompletion(sub, deadline_ms()));
    CHECK_OK(natsSubscription_DrainCompletionStatus(sub));
    CHECK(!natsSubscription_IsValid(sub));
    natsSubscription_Destroy(sub);
    end(&f);
}

static void sync_subscription_with_nothing_queued(void) {
    natsSubscription *sub = NULL;
    static fixture f;

    start(&f);
    CHECK_OK(natsConnection_SubscribeSync(&sub, f.nc, "foo"));
    CHECK_OK(natsSubscription_Drain(sub));
    CHECK_OK(natsSubscription_WaitForDrainCompletion(sub, deadline_ms()));
    CHECK_OK(natsSubscription_DrainCompletionStatus(sub));
    natsSubscription_Destroy(sub);
    end(&f);
}

static void check_closed(natsSubscription *sub) {
    natsMsg *msg = NULL;
    int64_t n = 0;

    CHECK(!natsSubscription_IsValid(sub));
    CHECK_STATUS(natsSubscription_GetDelivered(sub, &n), NATS_INVALID_SUBSCRIPTION);
    CHECK_STATUS(natsSubscription_NextMsg(&msg, sub, 10), NATS_CONNECTION_CLOSED);
#if OURS
    CHECK_INT(natsSubscription_GetID(sub), 0);
#endif
}

/* It stays open until the program looks, but no longer than its connection; and its drain has gone well. */
static void drained_sync_subscription_closes_with_its_connection(void) {
    natsSubscription *a = NULL, *b = NULL, *c = NULL;
    static fixture f;

    start(&f);
    CHECK_OK(natsConnection_SubscribeSync(&a, f.nc, "a"));
    CHECK_OK(natsConnection_SubscribeSync(&b, f.nc, "b"));
    CHECK_OK(natsConnection_SubscribeSync(&c, f.nc, "c"));
    CHECK_OK(natsSubscription_Drain(a));
    CHECK_OK(natsSubscription_Drain(b));
    CHECK_OK(natsSubscription_WaitForDrainCompletion(a, deadline_ms()));
    CHECK_OK(natsSubscription_WaitForDrainCompletion(b, deadline_ms()));
    CHECK(natsSubscription_IsValid(a));
    CHECK_OK(natsSubscription_Unsubscribe(b));
    CHECK_OK(natsSubscription_DrainCompletionStatus(b));
    CHECK_OK(natsConnection_Drain(f.nc));
    CHECK_REACHED(&f.c.closed, 1);
    check_closed(a);
    check_closed(c);
    CHECK_OK(natsSubscription_DrainCompletionStatus(a));
    natsSubscription_Destroy(a);
    natsSubscription_Destroy(b);
    natsSubscription_Destroy(c);
    end(&f);
}

static void subscription_times_out(void) {
    natsSubscription *sub = NULL;
    static closure c;
    static fixture f;

    closure_init(&c);
    start(&f);
    CHECK_OK(natsConnection_Subscribe(&sub, f.nc, "foo", on_blocked, &c));
    CHECK_OK(natsSubscription_SetOnCompleteCB(sub, on_complete, &c));
    CHECK_OK(natsConnection_Flush(f.nc));
    publish(&f, "foo", 0, 5);
    CHECK_REACHED(&c.entered, 1);
    CHECK_OK(natsSubscription_DrainTimeout(sub, 50));
    CHECK_SOON(!natsSubscription_IsValid(sub)); /* by force */
    counter_set(&c.gate, 1);
    CHECK_OK(natsSubscription_WaitForDrainCompletion(sub, deadline_ms()));
    CHECK_STATUS(natsSubscription_DrainCompletionStatus(sub), NATS_TIMEOUT);
    CHECK_REACHED(&c.completed, 1);
    CHECK_INT(counter_get(&c.messages), 1);
    natsSubscription_Destroy(sub);
    end(&f);
}

static void subscription_without_time_limit(void) {
    natsSubscription *sub = NULL;
    static closure c;
    static fixture f;

    closure_init(&c);
    start(&f);
    CHECK_OK(natsConnection_Subscribe(&sub, f.nc, "foo", on_blocked, &c));
    CHECK_OK(natsConnection_Flush(f.nc));
    publish(&f, "foo", 0, 5);
    CHECK_REACHED(&c.entered, 1);
    CHECK_OK(natsSubscription_DrainTimeout(sub, 0));
    CHECK_STATUS(natsSubscription_WaitForDrainCompletion(sub, 30), NATS_TIMEOUT);
    counter_set(&c.gate, 1);
    CHECK_OK(natsSubscription_WaitForDrainCompletion(sub, 0));
    CHECK_OK(natsSubscription_DrainCompletionStatus(sub));
    CHECK_INT(counter_get(&c.messages), 5);
    natsSubscription_Destroy(sub);
    end(&f);
}

static void subscription_ended_otherwise(void) {
    natsSubscription *sub = NULL;
    static closure c;
    static fixture f;

    closure_init(&c);
    start(&f);
    CHECK_OK(natsConnection_Subscribe(&sub, f.nc, "foo", on_blocked, &c));
    CHECK_OK(natsConnection_Flush(f.nc));
    publish(&f, "foo", 0, 5);
    CHECK_REACHED(&c.entered, 1);
    CHECK_OK(natsSubscription_Drain(sub));
    CHECK_OK(natsSubscription_Unsubscribe(sub));
    counter_set(&c.gate, 1);
    CHECK_OK(natsSubscription_WaitForDrainCompletion(sub, deadline_ms()));
    CHECK_STATUS(natsSubscription_DrainCompletionStatus(sub), NATS_INVALID_SUBSCRIPTION);
    natsSubscription_Destroy(sub);

    closure_init(&c);
    CHECK_OK(natsConnection_Subscribe(&sub, f.nc, "foo", on_blocked, &c));
    CHECK_OK(natsConnection_Flush(f.nc));
    publish(&f, "foo", 0, 5);
    CHECK_REACHED(&c.entered, 1);
    CHECK_OK(natsSubscription_Drain(sub));
    natsConnection_Close(f.nc);
    counter_set(&c.gate, 1);
    CHECK_OK(natsSubscription_WaitForDrainCompletion(sub, deadline_ms()));
    CHECK_STATUS(natsSubscription_DrainCompletionStatus(sub), NATS_CONNECTION_CLOSED);
    CHECK_STATUS(natsSubscription_Drain(sub), NATS_CONNECTION_CLOSED);
    natsSubscription_Destroy(sub);
    end(&f);
}

#if OURS
static void force_closed_sync_subscription_completes(void) {
    natsSubscription *sub = NULL;
    static fixture f;

    start(&f);
    CHECK_OK(natsConnection_SubscribeSync(&sub, f.nc, "foo"));
    CHECK_OK(natsConnection_Flush(f.nc));
    publish(&f, "foo", 0, 5);
    CHECK_OK(natsSubscription_DrainTimeout(sub, 30)); /* nobody reads it */
    CHECK_OK(natsSubscription_WaitForDrainCompletion(sub, deadline_ms()));
    CHECK_STATUS(natsSubscription_DrainCompletionStatus(sub), NATS_TIMEOUT);
    natsSubscription_Destroy(sub);
    end(&f);
}
#endif

static void drain_in_callback(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *arg) {
    closure *c = (closure *)arg;

    (void)nc;
    natsMsg_Destroy(msg);
    if (counter_get(&c->messages) == 0)
        c->result = (int)natsSubscription_Drain(sub);
    counter_add(&c->messages, 1);
}

static void in_own_callback(void) {
    natsSubscription *sub = NULL;
    static closure c;
    static fixture f;

    closure_init(&c);
    start(&f);
    CHECK_OK(natsConnection_Subscribe(&sub, f.nc, "foo", drain_in_callback, &c));
    CHECK_OK(natsSubscription_SetOnCompleteCB(sub, on_complete, &c));
    CHECK_OK(natsConnection_Flush(f.nc));
    publish(&f, "foo", 0, 1);
    CHECK_REACHED(&c.completed, 1);
    CHECK_INT(c.result, NATS_OK);
    CHECK_OK(natsSubscription_WaitForDrainCompletion(sub, deadline_ms()));
    natsSubscription_Destroy(sub);
    end(&f);
}

static void connection(void) {
    natsSubscription *subs[3], *sub = NULL, *receiver = NULL;
    static closure c[3];
    char text[64], order[256];
    static fixture f;
    int i;

    start(&f);
    CHECK_OK(natsConnection_SubscribeSync(&receiver, f.other, "out"));
    for (i = 0; i < 3; i++) {
        closure_init(&c[i]);
        CHECK_OK(natsConnection_Subscribe(&subs[i], f.nc, "foo", on_blocked, &c[i]));
        CHECK_OK(natsSubscription_SetOnCompleteCB(subs[i], on_complete, &c[i]));
    }
    CHECK_OK(natsConnection_Flush(f.nc));
    publish(&f, "foo", 0, 20);
    for (i = 0; i < 3; i++)
        CHECK_REACHED(&c[i].entered, 1);
    CHECK_OK(natsConnection_Drain(f.nc));
    CHECK(natsConnection_IsDraining(f.nc));
    CHECK_INT(natsConnection_Status(f.nc), NATS_CONN_STATUS_DRAINING_SUBS);
    CHECK(!natsConnection_IsClosed(f.nc));
    CHECK_OK(natsConnection_Drain(f.nc));
    CHECK_STATUS(natsConnection_SubscribeSync(&sub, f.nc, "bar"), NATS_DRAINING);
    CHECK_STATUS(natsSubscription_Drain(subs[0]), NATS_DRAINING);
    CHECK_OK(natsConnection_PublishString(f.nc, "out", "still publishing"));
    CHECK_OK(natsConnection_GetConnectedUrl(f.nc, text, sizeof(text)));
    CHECK_STR(text, "");
    for (i = 0; i < 3; i++)
        counter_set(&c[i].gate, 1);
    CHECK_REACHED(&f.c.closed, 1);
    CHECK_STR(closure_order(&f.c, order), "DC");
    for (i = 0; i < 3; i++) {
        CHECK_INT(counter_get(&c[i].messages), 20);
        CHECK_REACHED(&c[i].completed, 1);
        CHECK_OK(natsSubscription_DrainCompletionStatus(subs[i]));
        natsSubscription_Destroy(subs[i]);
    }
    test_expect_next(receiver, "still publishing");
    CHECK_STATUS(natsConnection_PublishString(f.nc, "out", "x"), NATS_CONNECTION_CLOSED);
    CHECK_STATUS(natsConnection_Drain(f.nc), NATS_CONNECTION_CLOSED);
    CHECK_STATUS(natsConnection_Drain(NULL), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_DrainTimeout(NULL, 10), NATS_INVALID_ARG);
    natsSubscription_Destroy(receiver);
    end(&f);
}

static void connection_without_subscriptions(void) {
    natsSubscription *receiver = NULL;
    static fixture f;
    int i;

    start(&f);
    CHECK_OK(natsConnection_SubscribeSync(&receiver, f.other, "out"));
    CHECK_OK(natsConnection_Flush(f.other));
    for (i = 0; i < 1000; i++)
        CHECK_OK(natsConnection_PublishString(f.nc, "out", "x"));
    CHECK_OK(natsConnection_DrainTimeout(f.nc, 0));
    CHECK_REACHED(&f.c.closed, 1);
    for (i = 0; i < 1000; i++)
        test_expect_next(receiver, "x");
    natsSubscription_Destroy(receiver);
    end(&f);
}

static void connection_times_out(void) {
    natsSubscription *sub = NULL;
    static closure c;
    char order[256];
    static fixture f;

    closure_init(&c);
    start(&f);
    CHECK_OK(natsConnection_Subscribe(&sub, f.nc, "foo", on_blocked, &c));
    CHECK_OK(natsConnection_Flush(f.nc));
    publish(&f, "foo", 0, 5);
    CHECK_REACHED(&c.entered, 1);
    CHECK_OK(natsConnection_DrainTimeout(f.nc, 50));
    CHECK_REACHED(&f.c.errors, 1);
    CHECK_INT(f.c.statuses[0], NATS_TIMEOUT);
    CHECK_CONTAINS(f.c.error_texts[0], "Drain error: timeout waiting for subscriptions to drain");
    CHECK_REACHED(&f.c.closed, 1);
    counter_set(&c.gate, 1);
    CHECK_STR(closure_order(&f.c, order), "EDC");
    CHECK_SOON(natsSubscription_DrainCompletionStatus(sub) == NATS_TIMEOUT);
    CHECK_INT(counter_get(&c.messages), 1);
    natsSubscription_Destroy(sub);
    end(&f);
}

static void close_stops_it(void) {
    natsSubscription *sub = NULL;
    static closure c;
    char order[256];
    static fixture f;

    closure_init(&c);
    start(&f);
    CHECK_OK(natsConnection_Subscribe(&sub, f.nc, "foo", on_blocked, &c));
    CHECK_OK(natsConnection_Flush(f.nc));
    publish(&f, "foo", 0, 5);
    CHECK_REACHED(&c.entered, 1);
    CHECK_OK(natsConnection_Drain(f.nc));
    natsConnection_Close(f.nc);
    CHECK(natsConnection_IsClosed(f.nc));
    CHECK_REACHED(&f.c.closed, 1);
    closure_order(&f.c, order);
    CHECK(order[0] == 'D' && strchr(order, 'C') != NULL); /* an error of the drain may be between them */
    counter_set(&c.gate, 1);
    CHECK_SOON(natsSubscription_DrainCompletionStatus(sub) == NATS_CONNECTION_CLOSED);
    CHECK_INT(counter_get(&c.messages), 1);
    natsSubscription_Destroy(sub);
    end(&f);
}

static void loss_while_draining_closes(void) {
    natsSubscription *sub = NULL;
    static closure c;
    char order[256];
    static fixture f;

    closure_init(&c);
    start(&f);
    CHECK_OK(natsConnection_Subscribe(&sub, f.nc, "foo", on_blocked, &c));
    CHECK_OK(natsConnection_Flush(f.nc));
    publish(&f, "foo", 0, 5);
    CHECK_REACHED(&c.entered, 1);
    CHECK_OK(natsConnection_Drain(f.nc));
    server_kill(&f.s);
    CHECK_REACHED(&f.c.closed, 1);
    closure_order(&f.c, order);
    CHECK(order[0] == 'D' && strchr(order, 'C') != NULL); /* an error of the drain may be between them */
    CHECK_INT(counter_get(&f.c.reconnected), 0);
    counter_set(&c.gate, 1);
    CHECK_REACHED(&c.messages, 1);
    natsSubscription_Destroy(sub);
    end(&f);
}

static void on_the_wire(void) {
    natsConnection *nc;
    natsSubscription *sub = NULL;
    static closure c;
    peer p;

    closure_init(&c);
    peer_open(&p);
    nc = peer_connect(&p, test_options(p.url));
    CHECK_OK(natsConnection_Subscribe(&sub, nc, "foo", on_message, &c));
    CHECK(peer_expect(&p, "SUB foo  1\r\n"));
    CHECK_OK(natsSubscription_Drain(sub));
    CHECK(peer_expect(&p, "UNSUB 1 \r\n"));
    CHECK(peer_expect(&p, "PING\r\n"));
    CHECK(peer_send(&p, "MSG foo 1 2\r\nhi\r\nPONG\r\n")); /* on its way when the UNSUB came */
    CHECK_OK(natsSubscription_WaitForDrainCompletion(sub, deadline_ms()));
    CHECK_INT(counter_get(&c.messages), 1);
    natsSubscription_Destroy(sub);
    peer_refuse(&p);
    peer_hang_up(&p);
    natsConnection_Destroy(nc);
    peer_close(&p);
}

static void drained_connection_in_callback(natsConnection *nc, natsSubscription *sub, natsMsg *msg,
                                           void *arg) {
    (void)sub;
    natsMsg_Destroy(msg);
    if (counter_get(&((closure *)arg)->messages) == 0 && natsConnection_Drain(nc) != NATS_OK)
        counter_add(&((closure *)arg)->wrong, 1);
    counter_add(&((closure *)arg)->messages, 1);
}

static void connection_in_own_callback(void) {
    natsSubscription *sub = NULL;
    static closure c;
    static fixture f;

    closure_init(&c);
    start(&f);
    CHECK_OK(natsConnection_Subscribe(&sub, f.nc, "foo", drained_connection_in_callback, &c));
    CHECK_OK(natsConnection_Flush(f.nc));
    CHECK_OK(natsConnection_PublishString(f.other, "foo", "x"));
    CHECK_REACHED(&f.c.closed, 1);
    CHECK_INT(counter_get(&c.wrong), 0);
    natsSubscription_Destroy(sub);
    end(&f);
}

/* Connects to a server that answers nothing from then on. */
static natsConnection *connect_to_silent(peer *p, closure *c) {
    natsOptions *opts;

    closure_init(c);
    peer_open(p);
    opts = test_options(p->url);
    options_record(opts, c);
    return peer_connect(p, opts);
}

/* A drain without a limit, and a server that answers nothing: each flush has its ten seconds. */
static void silent_server_ends_it(void) {
    natsConnection *nc;
    natsSubscription *sub = NULL;
    static closure c, messages;
    char order[256];
    peer p;

    closure_init(&messages);
    nc = connect_to_silent(&p, &c);
    CHECK_OK(natsConnection_Subscribe(&sub, nc, "foo", on_message, &messages));
    CHECK_OK(natsConnection_DrainTimeout(nc, 0));
    CHECK(counter_wait(&c.errors, 1, 10000 + deadline_ms()));
    CHECK_CONTAINS(c.error_texts[0], "unable to flush all subscriptions UNSUB protocols");
    CHECK(counter_wait(&c.closed, 1, 10000 + deadline_ms()));
    CHECK_CONTAINS(c.error_texts[1], "unable to flush publish calls");
    CHECK_INT(c.statuses[1], NATS_TIMEOUT);
    CHECK_STR(closure_order(&c, order), "EEDC");
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
    peer_close(&p);
}

/* The same with a limit, and with or without a subscription. */
static void silent_server_and_a_time_limit(void) {
    int subscribed;

    for (subscribed = 0; subscribed < 2; subscribed++) {
        natsConnection *nc;
        natsSubscription *sub = NULL;
        static closure c, messages;
        char order[256];
        peer p;

        closure_init(&messages);
        nc = connect_to_silent(&p, &c);
        if (subscribed)
            CHECK_OK(natsConnection_Subscribe(&sub, nc, "foo", on_message, &messages));
        CHECK_OK(natsConnection_DrainTimeout(nc, 50));
        CHECK_REACHED(&c.closed, 1);
        CHECK_STR(closure_order(&c, order), "EEDC");
        CHECK_CONTAINS(c.error_texts[0], "unable to flush all subscriptions UNSUB protocols");
        CHECK_CONTAINS(c.error_texts[1], subscribed ? "timeout waiting for subscriptions to drain"
                                                    : "unable to flush publish calls");
        natsSubscription_Destroy(sub);
        natsConnection_Destroy(nc);
        peer_close(&p);
    }
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(subscription),
        TEST(sync_subscription),
        TEST(sync_subscription_with_nothing_queued),
        TEST(drained_sync_subscription_closes_with_its_connection),
        TEST(subscription_times_out),
        TEST(subscription_without_time_limit),
        TEST(subscription_ended_otherwise),
#if OURS
        TEST(force_closed_sync_subscription_completes),
#endif
        TEST(in_own_callback),
        TEST(connection),
        TEST(connection_without_subscriptions),
        TEST(connection_times_out),
        TEST(close_stops_it),
        TEST(loss_while_draining_closes),
        TEST(on_the_wire),
        TEST(connection_in_own_callback),
        TEST(silent_server_ends_it),
        TEST(silent_server_and_a_time_limit),
    };

    return RUN_TESTS(cases, argc, argv);
}
