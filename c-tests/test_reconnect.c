/* The loss of the server and the reconnect: what is kept, and in which order it is sent. */
#include "callbacks.h"
#include "peer.h"
#include "server.h"
#include "test.h"

static void same_server_comes_back(void) {
    natsConnection *nc;
    natsSubscription *sub = NULL, *sync = NULL;
    natsStatistics *stats = NULL;
    uint64_t reconnects = 0;
    char text[64], order[256];
    static closure c, messages;
    server s;

    closure_init(&messages);
    server_run(&s);
    nc = test_connect(options_recorded(s.url, &c));
    CHECK_OK(natsConnection_Subscribe(&sub, nc, "foo", on_message, &messages));
    CHECK_OK(natsConnection_SubscribeSync(&sync, nc, "foo"));
    CHECK_OK(natsConnection_Flush(nc));
    server_kill(&s);
    CHECK_REACHED(&c.disconnected, 1);
    CHECK(natsConnection_IsReconnecting(nc));
    CHECK(!natsConnection_IsClosed(nc));
    CHECK_OK(natsConnection_GetConnectedUrl(nc, text, sizeof(text)));
    CHECK(natsSubscription_IsValid(sub));
    server_restart(&s);
    CHECK_REACHED(&c.reconnected, 1);
    CHECK_SOON(natsConnection_Status(nc) == NATS_CONN_STATUS_CONNECTED);
    CHECK(!natsConnection_IsReconnecting(nc));
    CHECK_OK(natsConnection_GetConnectedUrl(nc, text, sizeof(text)));
    CHECK_STR(text, s.url);
    CHECK_OK(natsConnection_PublishString(nc, "foo", "after"));
    CHECK_REACHED(&messages.messages, 1);
    test_expect_next(sync, "after");
    CHECK_OK(natsStatistics_Create(&stats));
    CHECK_OK(natsConnection_GetStats(nc, stats));
    CHECK_OK(natsStatistics_GetCounts(stats, NULL, NULL, NULL, NULL, &reconnects));
    CHECK_INT(reconnects, 1);
    natsStatistics_Destroy(stats);
    natsSubscription_Destroy(sub);
    natsSubscription_Destroy(sync);
    natsConnection_Destroy(nc);
    CHECK_REACHED(&c.closed, 1);
    CHECK_STR(closure_order(&c, order), "DRDC");
    server_stop(&s);
}

static void moves_on_in_a_list(void) {
    natsConnection *nc;
    natsSubscription *sub = NULL;
    natsOptions *opts;
    const char *list[2];
    char text[64];
    static closure c;
    server a, b;

    server_run(&a);
    server_run(&b);
    list[0] = a.url;
    list[1] = b.url;
    opts = options_recorded(NULL, &c);
    CHECK_OK(natsOptions_SetNoRandomize(opts, true));
    CHECK_OK(natsOptions_SetServers(opts, list, 2));
    nc = test_connect(opts);
    CHECK_OK(natsConnection_SubscribeSync(&sub, nc, "foo"));
    CHECK_OK(natsConnection_GetConnectedUrl(nc, text, sizeof(text)));
    CHECK_STR(text, a.url);
    server_kill(&a);
    CHECK_REACHED(&c.reconnected, 1);
    CHECK_OK(natsConnection_GetConnectedUrl(nc, text, sizeof(text)));
    CHECK_STR(text, b.url);
    CHECK_OK(natsConnection_PublishString(nc, "foo", "x"));
    test_expect_next(sub, "x");
    server_restart(&a);
    server_kill(&b);
    CHECK_REACHED(&c.reconnected, 2);
    CHECK_OK(natsConnection_GetConnectedUrl(nc, text, sizeof(text)));
    CHECK_STR(text, a.url);
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
    server_stop(&a);
    server_stop(&b);
}

static void keeps_what_was_published_meanwhile(void) {
    natsConnection *nc;
    static closure c;
    peer p;
    int i;

    peer_open(&p);
    nc = peer_connect(&p, options_recorded(p.url, &c));
    peer_refuse(&p);
    peer_hang_up(&p);
    CHECK_REACHED(&c.disconnected, 1);
    for (i = 0; i < 100; i++) {
        char text[16];

        snprintf(text, sizeof(text), "%03d", i);
        CHECK_OK(natsConnection_PublishString(nc, "foo", text));
    }
    peer_listen_again(&p);
    CHECK(peer_shake_hands(&p, NULL));
    for (i = 0; i < 100; i++) {
        char text[64];

        snprintf(text, sizeof(text), "PUB foo 3\r\n%03d\r\n", i);
        CHECK(peer_expect(&p, text));
    }
    peer_settle(&p);
    CHECK_REACHED(&c.reconnected, 1);
    CHECK_OK(natsConnection_PublishString(nc, "foo", "last"));
    CHECK(peer_expect(&p, "last\r\n"));
    peer_refuse(&p);
    peer_hang_up(&p);
    natsConnection_Destroy(nc);
    peer_close(&p);
}

static void buffer_has_a_limit(void) {
    static const char data[40] = {0};
    natsConnection *nc;
    natsOptions *opts;
    static closure c;
    peer p;
    int accepted = 0, i;

    peer_open(&p);
    opts = options_recorded(p.url, &c);
    CHECK_OK(natsOptions_SetReconnectBufSize(opts, 200));
    nc = peer_connect(&p, opts);
    peer_refuse(&p);
    peer_hang_up(&p);
    CHECK_REACHED(&c.disconnected, 1);
    for (i = 0; i < 20; i++) {
        natsStatus s = natsConnection_Publish(nc, "foo", data, 40); /* 53 bytes */

        if (s == NATS_OK)
            accepted++;
        else
            CHECK_INT(s, NATS_INSUFFICIENT_BUFFER);
    }
    CHECK(accepted >= 3 && accepted <= 4);
    peer_listen_again(&p);
    CHECK(peer_shake_hands(&p, NULL));
    for (i = 0; i < accepted; i++)
        CHECK(peer_expect(&p, "PUB foo 40\r\n"));
    peer_settle(&p);
    CHECK_REACHED(&c.reconnected, 1);
    CHECK_OK(natsConnection_Publish(nc, "foo", data, 40));
    peer_refuse(&p);
    peer_hang_up(&p);
    natsConnection_Destroy(nc);
    peer_close(&p);
}

static void no_buffer_at_all(void) {
    natsConnection *nc;
    natsOptions *opts;
    static closure c;
    peer p;

    peer_open(&p);
    opts = options_recorded(p.url, &c);
    CHECK_OK(natsOptions_SetReconnectBufSize(opts, 1));
    nc = peer_connect(&p, opts);
    peer_refuse(&p);
    peer_hang_up(&p);
    CHECK_REACHED(&c.disconnected, 1);
    CHECK_OK(natsConnection_PublishString(nc, "foo", "the first goes over the limit as a whole"));
    CHECK_STATUS(natsConnection_PublishString(nc, "foo", "x"), NATS_INSUFFICIENT_BUFFER);
    natsConnection_Destroy(nc);
    peer_close(&p);
}

static void resends_subscriptions(void) {
    natsConnection *nc;
    natsSubscription *plain = NULL, *queue = NULL, *gone = NULL, *limited = NULL, *done = NULL, *late = NULL;
    natsMsg *msg = NULL;
    static closure c;
    peer p;

    peer_open(&p);
    nc = peer_connect(&p, options_recorded(p.url, &c));
    CHECK_OK(natsConnection_SubscribeSync(&plain, nc, "plain"));
    CHECK_OK(natsConnection_QueueSubscribeSync(&queue, nc, "queue", "group"));
    CHECK_OK(natsConnection_SubscribeSync(&gone, nc, "gone"));
    CHECK_OK(natsConnection_SubscribeSync(&limited, nc, "limited"));
    CHECK_OK(natsConnection_SubscribeSync(&done, nc, "done"));
    CHECK_OK(natsSubscription_AutoUnsubscribe(limited, 10));
    CHECK_OK(natsSubscription_AutoUnsubscribe(done, 1));
    CHECK(peer_expect(&p, "UNSUB 5 1\r\n"));
    CHECK(peer_send(
        &p, "MSG limited 4 1\r\na\r\nMSG limited 4 1\r\nb\r\nMSG limited 4 1\r\nc\r\nMSG done 5 1\r\nd\r\n"));
    test_expect_next(limited, "a");
    test_expect_next(limited, "b");
    test_expect_next(limited, "c");
    test_expect_next(done, "d");
    CHECK_STATUS(natsSubscription_NextMsg(&msg, done, 1), NATS_MAX_DELIVERED_MSGS);
    peer_refuse(&p);
    peer_hang_up(&p);
    CHECK_REACHED(&c.disconnected, 1);
    CHECK_OK(natsSubscription_Unsubscribe(gone));
    CHECK_OK(natsConnection_SubscribeSync(&late, nc, "late"));
    CHECK_OK(natsConnection_PublishString(nc, "pub", "x"));
    peer_listen_again(&p);
    CHECK(peer_shake_hands(&p, NULL));
    CHECK(peer_expect(&p, "PUB pub 1\r\nx\r\n")); /* after all subscriptions */
    CHECK(peer_received(&p, "SUB plain  1\r\n"));
    CHECK(peer_received(&p, "SUB queue group 2\r\n"));
    CHECK(!peer_received(&p, "SUB gone"));
    CHECK(peer_received(&p, "SUB limited  4\r\n"));
    CHECK(peer_received(&p, "UNSUB 4 7\r\n"));
    CHECK(!peer_received(&p, "SUB done"));
    CHECK(peer_received(&p, "SUB late  6\r\n"));
    CHECK(strstr(p.bytes, "SUB late") < strstr(p.bytes, "PUB pub"));
    peer_refuse(&p);
    peer_hang_up(&p);
    natsSubscription_Destroy(plain);
    natsSubscription_Destroy(queue);
    natsSubscription_Destroy(gone);
    natsSubscription_Destroy(limited);
    natsSubscription_Destroy(done);
    natsSubscription_Destroy(late);
    natsConnection_Destroy(nc);
    peer_close(&p);
}

static void auto_unsubscribe_goes_on(void) {
    natsConnection *nc;
    natsSubscription *sub = NULL;
    static closure c, messages;
    server s;
    int i;

    closure_init(&messages);
    server_run(&s);
    nc = test_connect(options_recorded(s.url, &c));
    CHECK_OK(natsConnection_Subscribe(&sub, nc, "foo", on_message, &messages));
    CHECK_OK(natsSubscription_SetOnCompleteCB(sub, on_complete, &messages));
    CHECK_OK(natsSubscription_AutoUnsubscribe(sub, 10));
    for (i = 0; i < 4; i++)
        CHECK_OK(natsConnection_PublishString(nc, "foo", "before"));
    CHECK_REACHED(&messages.messages, 4);
    server_kill(&s);
    CHECK_REACHED(&c.disconnected, 1);
    server_restart(&s);
    CHECK_REACHED(&c.reconnected, 1);
    for (i = 0; i < 20; i++)
        CHECK_OK(natsConnection_PublishString(nc, "foo", "after"));
    CHECK_REACHED(&messages.completed, 1);
    CHECK_INT(counter_get(&messages.messages), 10);
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
    server_stop(&s);
}

#if OURS
static void reconnect_on_request(void) {
    natsConnection *nc;
    natsSubscription *sub = NULL;
    static closure c;
    char order[256];
    uint64_t before = 0, after = 0;
    server s;

    CHECK_STATUS(natsConnection_Reconnect(NULL), NATS_INVALID_ARG);
    server_run(&s);
    nc = test_connect(options_recorded(s.url, &c));
    CHECK_OK(natsConnection_SubscribeSync(&sub, nc, "foo"));
    CHECK_OK(natsConnection_GetClientID(nc, &before));
    CHECK_OK(natsConnection_Reconnect(nc));
    CHECK_REACHED(&c.reconnected, 1);
    CHECK_OK(natsConnection_GetClientID(nc, &after));
    CHECK(before != after);
    CHECK_OK(natsConnection_PublishString(nc, "foo", "x"));
    test_expect_next(sub, "x");
    CHECK_STR(closure_order(&c, order), "DR");
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
    server_stop(&s);
}

static void reconnect_on_request_not_allowed(void) {
    natsConnection *nc;
    natsOptions *opts;
    static closure c;
    server s;

    server_run(&s);
    opts = options_recorded(s.url, &c);
    CHECK_OK(natsOptions_SetAllowReconnect(opts, false));
    nc = test_connect(opts);
    CHECK_OK(natsConnection_Reconnect(nc));
    CHECK_REACHED(&c.closed, 1);
    CHECK_STATUS(natsConnection_Reconnect(nc), NATS_CONNECTION_CLOSED);
    natsConnection_Destroy(nc);
    server_stop(&s);
}
#endif

/* After the first good handshake: every further one is an authorization violation. */
static void play_auth_errors(peer *p, void *arg) {
    int i, count = *(int *)arg;

    for (i = 0; i < count; i++) {
        if (!peer_accept(p) || !peer_send(p, PEER_INFO) || !peer_expect(p, "PING\r\n"))
            return;
        peer_send(p, "-ERR 'Authorization Violation'\r\n");
        peer_hang_up(p);
    }
}

static void same_auth_error_twice_ends_it(void) {
    natsConnection *nc;
    const char *error = NULL;
    static closure c;
    char order[256];
    int count = 2;
    peer p;

    peer_open(&p);
    nc = peer_connect(&p, options_recorded(p.url, &c));
    peer_hang_up(&p);
    peer_run(&p, play_auth_errors, &count);
    CHECK_REACHED(&c.closed, 1);
    peer_join(&p);
    CHECK_STR(closure_order(&c, order), "DEEC");
    CHECK_INT(c.statuses[0], NATS_CONNECTION_AUTH_FAILED);
    CHECK_CONTAINS(c.error_texts[0], "Authorization Violation");
    CHECK_STATUS(natsConnection_GetLastError(nc, &error), NATS_CONNECTION_AUTH_FAILED);
    CHECK_CONTAINS(error, "Authorization Violation");
    natsConnection_Destroy(nc);
    peer_close(&p);
}

#if OURS
static void auth_errors_ignored(void) {
    natsConnection *nc;
    natsOptions *opts;
    static closure c;
    int count = 4;
    peer p;

    peer_open(&p);
    opts = options_recorded(p.url, &c);
    CHECK_OK(natsOptions_SetIgnoreAuthErrorAbort(opts, true));
    CHECK_OK(natsOptions_SetReconnectWait(opts, 5));
    nc = peer_connect(&p, opts);
    peer_hang_up(&p);
    peer_run(&p, play_auth_errors, &count);
    peer_join(&p);
    CHECK(peer_shake_hands(&p, NULL));
    peer_settle(&p);
    CHECK_REACHED(&c.reconnected, 1);
    CHECK_INT(counter_get(&c.errors), 4);
    CHECK_INT(counter_get(&c.closed), 0);
    peer_refuse(&p);
    peer_hang_up(&p);
    natsConnection_Destroy(nc);
    peer_close(&p);
}
#endif

static void flush_waits_for_the_reconnect(void) {
    natsConnection *nc;
    int64_t rtt = 0;
    static closure c;
    server s;

    server_run(&s);
    nc = test_connect(options_recorded(s.url, &c));
    server_kill(&s);
    CHECK_REACHED(&c.disconnected, 1);
    CHECK_STATUS(natsConnection_GetRTT(nc, &rtt), NATS_CONNECTION_DISCONNECTED);
    server_restart(&s);
    CHECK_OK(natsConnection_FlushTimeout(nc, deadline_ms()));
    natsConnection_Destroy(nc);
    server_stop(&s);
}

static void many_times(void) {
    natsConnection *nc;
    natsSubscription *sub = NULL;
    natsOptions *opts;
    static closure c;
    peer p;
    int i;

    peer_open(&p);
    opts = options_recorded(p.url, &c);
    CHECK_OK(natsOptions_SetReconnectWait(opts, 0));
    nc = peer_connect(&p, opts);
    CHECK_OK(natsConnection_SubscribeSync(&sub, nc, "foo"));
    for (i = 0; i < 30; i++) {
        if (i % 2 == 0)
            peer_hang_up(&p);
        else
            peer_reset(&p);
        CHECK(peer_shake_hands(&p, NULL));
        CHECK(peer_expect(&p, "SUB foo  1\r\n"));
        CHECK(peer_send(&p, "MSG foo 1 2\r\nhi\r\n"));
        test_expect_next(sub, "hi");
    }
    CHECK_REACHED(&c.disconnected, 30);
    peer_refuse(&p);
    peer_hang_up(&p);
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
    peer_close(&p);
}

#if OURS
/* The server goes in the very moment of closing: whoever is first, the closed callback is the last. */
static void closed_comes_last(void) {
    static closure c;
    char order[256];
    int i;

    for (i = 0; i < 200; i++) {
        natsConnection *nc;
        natsSubscription *sub = NULL;
        natsOptions *opts;
        peer p;

        peer_open(&p);
        opts = options_recorded(p.url, &c);
        CHECK_OK(natsOptions_SetReleasedCB(opts, on_released, &c));
        nc = peer_connect(&p, opts);
        CHECK_OK(natsConnection_SubscribeSync(&sub, nc, "foo"));
        peer_refuse(&p);
        peer_hang_up(&p);
        natsSubscription_Destroy(sub);
        natsConnection_Destroy(nc); /* waits for a PONG that never comes */
        CHECK_REACHED(&c.released, 1);
        CHECK_STR(closure_order(&c, order), "DC");
        peer_close(&p);
    }
}
#endif

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(same_server_comes_back),
        TEST(moves_on_in_a_list),
        TEST(keeps_what_was_published_meanwhile),
        TEST(buffer_has_a_limit),
        TEST(no_buffer_at_all),
        TEST(resends_subscriptions),
        TEST(auto_unsubscribe_goes_on),
#if OURS
        TEST(reconnect_on_request),
        TEST(reconnect_on_request_not_allowed),
        TEST(auth_errors_ignored),
        TEST(closed_comes_last),
#endif
        TEST(same_auth_error_twice_ends_it),
        TEST(flush_waits_for_the_reconnect),
        TEST(many_times),
    };

    return RUN_TESTS(cases, argc, argv);
}
