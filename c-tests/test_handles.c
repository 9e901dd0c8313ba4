/* Incorrect use of handles: after their end, twice, from inside of callbacks. Only libnats_rs supports this. */
#include "callbacks.h"
#include "peer.h"
#include "server.h"
#include "test.h"

static natsConnection *started(server *s, closure *c) {
    natsOptions *opts;

    closure_init(c);
    server_run(s);
    opts = test_options(s->url);
    options_record(opts, c);
    return test_connect(opts);
}

/* Refused: as a handle of nothing, or of a connection that is closed. */
#define CHECK_GONE(call)                                                                                     \
    do {                                                                                                     \
        natsStatus gone = (call);                                                                            \
        if (gone != NATS_CONNECTION_CLOSED)                                                                  \
            check_status(__FILE__, __LINE__, #call, gone, NATS_INVALID_ARG);                                 \
    } while (0)

static void destroyed_connection(void) {
    natsConnection *nc;
    natsSubscription *sub = NULL;
    natsStatistics *stats = NULL;
    natsMsg *reply = NULL, *msg = test_msg("foo", NULL, "x");
    char text[64], **list = NULL, *ip = NULL;
    uint64_t id = 0;
    int64_t rtt = 0;
    int n = 0;
    static closure c;
    server s;

    nc = started(&s, &c);
    CHECK_OK(natsStatistics_Create(&stats));
    natsConnection_Destroy(nc);
    natsConnection_Destroy(nc);
    natsConnection_Close(nc);
    CHECK(natsConnection_PublishString(nc, "foo", "x") != NATS_OK);
    CHECK_GONE(natsConnection_Publish(nc, "foo", "x", 1));
    CHECK_GONE(natsConnection_PublishMsg(nc, msg));
    CHECK_GONE(natsConnection_PublishRequest(nc, "foo", "bar", "x", 1));
    CHECK_GONE(natsConnection_Send(nc, "foo", "x", 1));
    CHECK_GONE(natsConnection_SendMsg(nc, msg));
    CHECK_GONE(natsConnection_RequestString(&reply, nc, "foo", "x", 10));
    CHECK_GONE(natsConnection_SubscribeSync(&sub, nc, "foo"));
    CHECK_GONE(natsConnection_Subscribe(&sub, nc, "foo", on_message, &c));
    CHECK_GONE(natsConnection_Flush(nc));
    CHECK_GONE(natsConnection_Drain(nc));
    CHECK_GONE(natsConnection_Reconnect(nc));
    (void)natsConnection_GetStats(nc, stats);
    (void)natsConnection_GetConnectedUrl(nc, text, sizeof(text));
    if (natsConnection_GetServers(nc, &list, &n) == NATS_OK) { /* harmless as well */
        while (n > 0)
            free(list[--n]);
        free((void *)list);
    }
    CHECK_GONE(natsConnection_GetClientID(nc, &id));
    CHECK_GONE(natsConnection_GetClientIP(nc, &ip));
    CHECK_GONE(natsConnection_GetRTT(nc, &rtt));
    (void)natsConnection_HasHeaderSupport(nc);
    CHECK(natsConnection_IsClosed(nc));
    CHECK_INT(natsConnection_Status(nc), NATS_CONN_STATUS_CLOSED);
    CHECK_INT(natsConnection_Buffered(nc), -1);
    CHECK(natsConnection_GetMaxPayload(nc) >= 0);
    CHECK(sub == NULL && reply == NULL);
    natsStatistics_Destroy(stats);
    natsMsg_Destroy(msg);
    server_stop(&s);
}

static void destroyed_subscription(void) {
    natsConnection *nc;
    natsSubscription *sub = NULL;
    natsMsg *msg = NULL;
    int64_t n = 0;
    int a = 0, b = 0;
    static closure c;
    server s;

    nc = started(&s, &c);
    CHECK_OK(natsConnection_SubscribeSync(&sub, nc, "foo"));
    natsSubscription_Destroy(sub);
    natsSubscription_Destroy(sub);
    CHECK_STATUS(natsSubscription_NextMsg(&msg, sub, 10), NATS_INVALID_ARG);
    CHECK_STATUS(natsSubscription_Unsubscribe(sub), NATS_INVALID_ARG);
    CHECK_STATUS(natsSubscription_AutoUnsubscribe(sub, 1), NATS_INVALID_ARG);
    CHECK_STATUS(natsSubscription_Drain(sub), NATS_INVALID_ARG);
    CHECK_STATUS(natsSubscription_WaitForDrainCompletion(sub, 10), NATS_INVALID_ARG);
    CHECK_STATUS(natsSubscription_DrainCompletionStatus(sub), NATS_INVALID_ARG);
    CHECK_STATUS(natsSubscription_GetPending(sub, &a, &b), NATS_INVALID_ARG);
    CHECK_STATUS(natsSubscription_SetPendingLimits(sub, 1, 1), NATS_INVALID_ARG);
    CHECK_STATUS(natsSubscription_GetDelivered(sub, &n), NATS_INVALID_ARG);
    CHECK_STATUS(natsSubscription_SetOnCompleteCB(sub, on_complete, &c), NATS_INVALID_ARG);
    CHECK_INT(natsSubscription_GetID(sub), 0);
    CHECK(natsSubscription_GetSubject(sub) == NULL);
    CHECK(natsSubscription_GetConnection(sub) == NULL);
    CHECK(!natsSubscription_IsValid(sub));
    natsConnection_Destroy(nc);
    natsSubscription_Destroy(sub);
    server_stop(&s);
}

static void destroyed_options(void) {
    natsConnection *nc = NULL;
    natsOptions *opts = NULL;

    CHECK_OK(natsOptions_Create(&opts));
    natsOptions_Destroy(opts);
    natsOptions_Destroy(opts);
    CHECK_STATUS(natsOptions_SetURL(opts, "nats://127.0.0.1:1"), NATS_INVALID_ARG);
    CHECK_STATUS(natsOptions_SetTimeout(opts, 1), NATS_INVALID_ARG);
    CHECK_STATUS(natsOptions_SetClosedCB(opts, on_closed, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_Connect(&nc, opts), NATS_INVALID_ARG);
    CHECK(nc == NULL);
}

static void a_handle_of_another_kind(void) {
    natsConnection *nc;
    natsSubscription *sub = NULL;
    natsOptions *opts = NULL;
    static closure c;
    server s;

    nc = started(&s, &c);
    CHECK_OK(natsConnection_SubscribeSync(&sub, nc, "foo"));
    CHECK_OK(natsOptions_Create(&opts));
    CHECK_STATUS(natsConnection_PublishString((natsConnection *)(void *)sub, "foo", "x"), NATS_INVALID_ARG);
    CHECK_STATUS(natsSubscription_Unsubscribe((natsSubscription *)(void *)opts), NATS_INVALID_ARG);
    CHECK_STATUS(natsOptions_SetTimeout((natsOptions *)(void *)nc, 1), NATS_INVALID_ARG);
    natsConnection_Destroy((natsConnection *)(void *)sub);
    CHECK(natsSubscription_IsValid(sub));
    natsOptions_Destroy(opts);
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
    server_stop(&s);
}

static void old_handles_do_not_reach_new_objects(void) {
    natsConnection *nc;
    natsSubscription *old = NULL, *fresh[64];
    static closure c;
    server s;
    int i;

    nc = started(&s, &c);
    CHECK_OK(natsConnection_SubscribeSync(&old, nc, "foo"));
    natsSubscription_Destroy(old);
    for (i = 0; i < 64; i++)
        CHECK_OK(natsConnection_SubscribeSync(&fresh[i], nc, "foo"));
    CHECK(!natsSubscription_IsValid(old));
    natsSubscription_Destroy(old);
    for (i = 0; i < 64; i++) {
        CHECK(natsSubscription_IsValid(fresh[i]));
        natsSubscription_Destroy(fresh[i]);
    }
    natsConnection_Destroy(nc);
    server_stop(&s);
}

static void message_destroyed_twice(void) {
    natsConnection *nc;
    natsSubscription *sub = NULL;
    natsMsg *first, *second;
    static closure c;
    server s;

    nc = started(&s, &c);
    CHECK_OK(natsConnection_SubscribeSync(&sub, nc, "foo"));
    CHECK_OK(natsConnection_PublishString(nc, "foo", "one"));
    CHECK_OK(natsConnection_PublishString(nc, "foo", "two"));
    first = test_next(sub);
    second = test_next(sub);
    natsMsg_Destroy(first);
    if (((uintptr_t)first ^ (uintptr_t)second) <
        65536) /* caught while its block lives: it does, by the second */
        natsMsg_Destroy(first);
    CHECK_STR(natsMsg_GetData(second), "two");
    natsMsg_Destroy(second);
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
    server_stop(&s);
}

static void destroy_connection(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *arg) {
    closure *c = (closure *)arg;

    natsMsg_Destroy(msg);
    natsConnection_Destroy(nc);
    c->result = (int)natsConnection_PublishString(nc, "foo", "x");
    natsSubscription_Destroy(sub);
    natsSubscription_Destroy(sub);
    counter_add(&c->messages, 1);
}

static void connection_destroyed_in_a_message_callback(void) {
    natsConnection *nc;
    natsSubscription *sub = NULL;
    static closure c, m;
    server s;

    closure_init(&m);
    nc = started(&s, &c);
    CHECK_OK(natsConnection_Subscribe(&sub, nc, "foo", destroy_connection, &m));
    CHECK_OK(natsSubscription_SetOnCompleteCB(sub, on_complete, &m));
    CHECK_OK(natsConnection_PublishString(nc, "foo", "x"));
    CHECK_REACHED(&m.messages, 1);
    CHECK_REACHED(&m.completed, 1);
    CHECK_REACHED(&c.closed, 1);
    CHECK(m.result == NATS_INVALID_ARG || m.result == NATS_CONNECTION_CLOSED);
    server_stop(&s);
}

static void destroy_here(natsConnection *nc, void *arg) {
    natsConnection_Destroy(nc);
    counter_add(&((closure *)arg)->closed, 1);
}

static void connection_destroyed_in_connection_callbacks(void) {
    natsOptions *opts;
    natsConnection *nc = NULL;
    static closure c;
    peer p;
    int which;

    for (which = 0; which < 2; which++) {
        closure_init(&c);
        peer_open(&p);
        opts = test_options(p.url);
        if (which == 0) {
            CHECK_OK(natsOptions_SetAllowReconnect(opts, false));
            CHECK_OK(natsOptions_SetClosedCB(opts, destroy_here, &c));
        } else {
            CHECK_OK(natsOptions_SetDisconnectedCB(opts, destroy_here, &c));
        }
        nc = peer_connect(&p, opts);
        peer_refuse(&p);
        peer_hang_up(&p);
        CHECK_REACHED(&c.closed, 1);
        CHECK_SOON(natsConnection_IsClosed(nc));
        peer_close(&p);
    }
}

static void destroy_in_error_handler(natsConnection *nc, natsSubscription *sub, natsStatus err, void *arg) {
    (void)err;
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
    counter_add(&((closure *)arg)->errors, 1);
}

static void destroyed_in_the_error_handler(void) {
    natsConnection *nc;
    natsSubscription *sub = NULL;
    natsOptions *opts;
    static closure c;
    server s;
    int i;

    closure_init(&c);
    server_run(&s);
    opts = test_options(s.url);
    CHECK_OK(natsOptions_SetErrorHandler(opts, destroy_in_error_handler, &c));
    nc = test_connect(opts);
    CHECK_OK(natsConnection_SubscribeSync(&sub, nc, "foo"));
    CHECK_OK(natsSubscription_SetPendingLimits(sub, 1, -1));
    for (i = 0; i < 10; i++)
        if (natsConnection_PublishString(nc, "foo", "x") != NATS_OK)
            break;
    CHECK_REACHED(&c.errors, 1);
    CHECK_SOON(!natsSubscription_IsValid(sub));
    server_stop(&s);
}

static void destroy_in_completion(void *arg) {
    closure *c = (closure *)arg;

    natsSubscription_Destroy((natsSubscription *)c->subscription);
    counter_add(&c->completed, 1);
}

static void subscription_destroyed_in_its_completion_callback(void) {
    natsConnection *nc;
    natsSubscription *sub = NULL;
    static closure c, m;
    server s;

    closure_init(&m);
    nc = started(&s, &c);
    CHECK_OK(natsConnection_Subscribe(&sub, nc, "foo", on_message, &m));
    m.subscription = sub;
    CHECK_OK(natsSubscription_SetOnCompleteCB(sub, destroy_in_completion, &m));
    CHECK_OK(natsSubscription_Unsubscribe(sub));
    CHECK_REACHED(&m.completed, 1);
    natsConnection_Destroy(nc);
    server_stop(&s);
}

static void blocked_callbacks_hold_up_nobody_else(void) {
    enum { BLOCKED = 20, FREE = 20 };
    static closure blocked, fine[FREE];
    natsConnection *nc;
    natsSubscription *stuck[BLOCKED], *subs[FREE];
    natsMsg *reply = NULL;
    natsSubscription *echo = NULL;
    char subject[16];
    static closure c, e;
    server s;
    int i, j;

    closure_init(&blocked);
    closure_init(&e);
    nc = started(&s, &c);
    for (i = 0; i < BLOCKED; i++)
        CHECK_OK(natsConnection_Subscribe(&stuck[i], nc, "block", on_blocked, &blocked));
    for (i = 0; i < FREE; i++) {
        closure_init(&fine[i]);
        snprintf(subject, sizeof(subject), "fine.%d", i);
        CHECK_OK(natsConnection_Subscribe(&subs[i], nc, subject, on_ordered, &fine[i]));
    }
    CHECK_OK(natsConnection_Subscribe(&echo, nc, "echo", on_request, &e));
    CHECK_OK(natsConnection_PublishString(nc, "block", "x"));
    CHECK_REACHED(&blocked.entered, BLOCKED); /* all of them sit there */
    for (j = 0; j < 100; j++) {
        for (i = 0; i < FREE; i++) {
            char text[16];

            snprintf(subject, sizeof(subject), "fine.%d", i);
            snprintf(text, sizeof(text), "%d", j);
            CHECK_OK(natsConnection_PublishString(nc, subject, text));
        }
    }
    for (i = 0; i < FREE; i++) {
        CHECK_REACHED(&fine[i].messages, 100);
        CHECK_INT(counter_get(&fine[i].wrong), 0);
    }
    CHECK_OK(natsConnection_RequestString(&reply, nc, "echo", "x", deadline_ms()));
    natsMsg_Destroy(reply);
    CHECK_INT(counter_get(&blocked.messages), 0);
    /* Not even the end of the connection waits for them. */
    natsConnection_Destroy(nc);
    CHECK_REACHED(&c.closed, 1);
    counter_set(&blocked.gate, 1);
    CHECK_REACHED(&blocked.messages, BLOCKED);
    for (i = 0; i < BLOCKED; i++)
        natsSubscription_Destroy(stuck[i]);
    for (i = 0; i < FREE; i++)
        natsSubscription_Destroy(subs[i]);
    natsSubscription_Destroy(echo);
    server_stop(&s);
}

static void no_callback_starts_after_destroy(void) {
    static closure c;
    server s;
    natsConnection *nc = started(&s, &c);
    int round, i;

    for (round = 0; round < 50; round++) {
        natsSubscription *sub = NULL;
        static closure m;
        int64_t at_destroy;

        closure_init(&m);
        CHECK_OK(natsConnection_Subscribe(&sub, nc, "foo", on_message, &m));
        CHECK_OK(natsSubscription_SetOnCompleteCB(sub, on_complete, &m));
        for (i = 0; i < 100; i++)
            CHECK_OK(natsConnection_PublishString(nc, "foo", "x"));
        CHECK_REACHED(&m.messages, 1);
        natsSubscription_Destroy(sub);
        at_destroy = counter_get(&m.messages);
        CHECK_REACHED(&m.completed, 1);
        CHECK(counter_get(&m.messages) <= at_destroy + 1); /* one may have been running */
    }
    natsConnection_Destroy(nc);
    server_stop(&s);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(destroyed_connection),
        TEST(destroyed_subscription),
        TEST(destroyed_options),
        TEST(a_handle_of_another_kind),
        TEST(old_handles_do_not_reach_new_objects),
        TEST(message_destroyed_twice),
        TEST(connection_destroyed_in_a_message_callback),
        TEST(connection_destroyed_in_connection_callbacks),
        TEST(destroyed_in_the_error_handler),
        TEST(subscription_destroyed_in_its_completion_callback),
        TEST(blocked_callbacks_hold_up_nobody_else),
        TEST(no_callback_starts_after_destroy),
    };

    return RUN_TESTS(cases, argc, argv);
}
