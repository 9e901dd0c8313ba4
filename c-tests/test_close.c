/* Closing a connection: what the call waits for, and which callbacks are called. */
#include "callbacks.h"
#include "peer.h"
#include "server.h"
#include "test.h"

static void closing(void) {
    natsConnection *nc;
    natsSubscription *sub = NULL;
    natsStatistics *stats = NULL;
    natsMsg *msg = test_msg("foo", NULL, "x"), *reply = NULL;
    natsOptions *opts;
    static closure c;
    char text[64], order[256], *ip = NULL, **list = NULL;
    uint64_t id = 0;
    int64_t rtt = 0;
    int port = 0, n = 0;
    server s;

    closure_init(&c);
    server_run(&s);
    opts = test_options(s.url);
    options_record(opts, &c);
    nc = test_connect(opts);
    natsConnection_Close(nc);
    natsConnection_Close(nc);
    CHECK_REACHED(&c.closed, 1);
    CHECK_STR(closure_order(&c, order), "DC");
    CHECK_INT(natsConnection_Status(nc), NATS_CONN_STATUS_CLOSED);
    CHECK(natsConnection_IsClosed(nc));
    CHECK(!natsConnection_IsReconnecting(nc));
    CHECK(!natsConnection_IsDraining(nc));
    CHECK_STATUS(natsConnection_PublishString(nc, "foo", "x"), NATS_CONNECTION_CLOSED);
    CHECK_STATUS(natsConnection_PublishMsg(nc, msg), NATS_CONNECTION_CLOSED);
    CHECK_STATUS(natsConnection_RequestString(&reply, nc, "foo", "x", 100), NATS_CONNECTION_CLOSED);
    CHECK_STATUS(natsConnection_SubscribeSync(&sub, nc, "foo"), NATS_CONNECTION_CLOSED);
    CHECK_STATUS(natsConnection_Subscribe(&sub, nc, "foo", on_message, &c), NATS_CONNECTION_CLOSED);
    CHECK_STATUS(natsConnection_Flush(nc), NATS_CONNECTION_CLOSED);
    rtt = 1;
    CHECK_STATUS(natsConnection_GetRTT(nc, &rtt), NATS_CONNECTION_CLOSED);
    CHECK_INT(rtt, 0);
    CHECK_STATUS(natsConnection_Drain(nc), NATS_CONNECTION_CLOSED);
    CHECK_STATUS(natsConnection_GetClientID(nc, &id), NATS_CONNECTION_CLOSED);
    CHECK_STATUS(natsConnection_GetClientIP(nc, &ip), NATS_CONNECTION_CLOSED);
    CHECK_STATUS(natsConnection_GetLocalIPAndPort(nc, &ip, &port), NATS_CONNECTION_CLOSED);
    CHECK_INT(natsConnection_Buffered(nc), -1);
    CHECK_OK(natsConnection_GetConnectedUrl(nc, text, sizeof(text)));
    CHECK_STR(text, "");
    CHECK_OK(natsConnection_GetConnectedServerId(nc, text, sizeof(text)));
    CHECK_STR(text, "");
    CHECK_INT(natsConnection_GetMaxPayload(nc), 1048576);
    CHECK_OK(natsStatistics_Create(&stats));
    CHECK_OK(natsConnection_GetStats(nc, stats));
    natsStatistics_Destroy(stats);
    CHECK_OK(natsConnection_GetServers(nc, &list, &n));
    CHECK_INT(n, 1);
    free(list[0]);
    free((void *)list);
#if OURS
    CHECK_STATUS(natsConnection_Reconnect(nc), NATS_CONNECTION_CLOSED);
#endif
    natsMsg_Destroy(msg);
    natsConnection_Destroy(nc);
    CHECK_OK(nats_CloseAndWait(deadline_ms()));
    CHECK_STR(closure_order(&c, order), "DC");
    server_stop(&s);
}

static void close_flushes(void) {
    natsConnection *receiver, *sender;
    natsSubscription *sub = NULL;
    server s;
    int i;

    server_run(&s);
    receiver = test_connect_url(s.url);
    CHECK_OK(natsConnection_SubscribeSync(&sub, receiver, "foo"));
    CHECK_OK(natsConnection_Flush(receiver));
    sender = test_connect_url(s.url);
    for (i = 0; i < 100; i++)
        CHECK_OK(natsConnection_PublishString(sender, "foo", "last words"));
    natsConnection_Destroy(sender);
    for (i = 0; i < 100; i++)
        test_expect_next(sub, "last words");
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(receiver);
    server_stop(&s);
}

static void close_is_not_held_up_by_a_silent_server(void) {
    natsConnection *nc;
    int64_t start;
    peer p;

    peer_open(&p);
    nc = peer_connect(&p, test_options(p.url));
    start = now_ms();
    natsConnection_Destroy(nc);
    CHECK(now_ms() - start < 5000 * time_factor());
    peer_close(&p);
}

/* What did not leave is not pending any more. */
static void nothing_is_pending_afterwards(void) {
    static const char data[20000] = "";
    natsConnection *nc;
    natsOptions *opts;
    int64_t pending = 0;
    int i;
    server s;

    server_run(&s);
    opts = test_options(s.url);
    CHECK_OK(natsOptions_SetSendAsap(opts, true)); /* each is on its way at once */
    nc = test_connect(opts);
    server_pause(&s);
    for (i = 0; i < 10000 && pending < 40000; i++) { /* until the socket is full */
        CHECK_OK(natsConnection_Publish(nc, "foo", data, sizeof(data)));
        CHECK_OK(natsConnection_GetPendingBytes(nc, &pending));
    }
    CHECK(pending >= 40000);
    natsConnection_Close(nc);
#if OURS
    CHECK_OK(natsConnection_GetPendingBytes(nc, &pending));
    CHECK_INT(pending, 0);
#endif
    natsConnection_Destroy(nc);
    server_stop(&s);
}

#if OURS
/* Answers the flush, and then every other PING. */
static void play_pongs(peer *p, void *arg) {
    (void)arg;
    while (peer_expect_within(p, "PING\r\n", deadline_ms()) && peer_send(p, "PONG\r\n")) {
    }
}

/* How many PINGs the peer gets when a connection is closed after this. */
static int pings_of(void (*use)(natsConnection *nc)) {
    natsConnection *nc;
    const char *at;
    peer p;
    int n = 0;

    peer_open(&p);
    nc = peer_connect(&p, test_options(p.url));
    peer_run(&p, play_pongs, NULL);
    use(nc);
    natsConnection_Destroy(nc);
    pthread_join(p.thread, NULL);
    p.running = false;
    for (at = p.bytes; (at = strstr(at, "PING\r\n")) != NULL; at++)
        n++;
    peer_close(&p);
    return n - 1; /* that of the handshake */
}

static void no_use(natsConnection *nc) { (void)nc; }

static void publish_only(natsConnection *nc) { CHECK_OK(natsConnection_PublishString(nc, "foo", "x")); }

static void publish_and_flush(natsConnection *nc) {
    publish_only(nc);
    CHECK_OK(natsConnection_Flush(nc));
}

static void subscribe_flush_and_unsubscribe(natsConnection *nc) {
    natsSubscription *sub = NULL;

    CHECK_OK(natsConnection_SubscribeSync(&sub, nc, "foo"));
    CHECK_OK(natsConnection_Flush(nc));
    natsSubscription_Destroy(sub);
}

/* Closing waits for the server to have dealt with everything: not when it is known to have. */
static void closing_asks_only_what_is_open(void) {
    CHECK_INT(pings_of(no_use), 0);
    CHECK_INT(pings_of(publish_only), 1);
    CHECK_INT(pings_of(publish_and_flush), 1);
    CHECK_INT(pings_of(subscribe_flush_and_unsubscribe), 2);
}
#endif

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(closing),
        TEST(close_flushes),
        TEST(close_is_not_held_up_by_a_silent_server),
        TEST(nothing_is_pending_afterwards),
#if OURS
        TEST(closing_asks_only_what_is_open),
#endif
    };

    return RUN_TESTS(cases, argc, argv);
}
