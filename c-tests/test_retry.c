/* Connecting without a server: the number of attempts, the pauses, and the end. */
#include "callbacks.h"
#include "peer.h"
#include "server.h"
#include "test.h"

static int64_t short_delay(natsConnection *nc, int attempts, void *arg) {
    closure *c = (closure *)arg;

    if (nc == NULL || attempts != counter_get(&c->entered) + 1)
        counter_add(&c->wrong, 1);
    counter_add(&c->entered, 1);
    return 1;
}

static void custom_delay(void) {
    natsConnection *nc;
    natsOptions *opts;
    const char *text;
    static closure c, delay;
    peer p;

    closure_init(&delay);
    peer_open(&p);
    opts = options_recorded(p.url, &c);
    CHECK_OK(natsOptions_SetReconnectWait(opts, 1000000)); /* not used */
    CHECK_OK(natsOptions_SetCustomReconnectDelay(opts, short_delay, &delay));
    nc = peer_connect(&p, opts);
    peer_refuse(&p);
    peer_hang_up(&p);
    CHECK_REACHED(&delay.entered, 3);
#if OURS
    CHECK_STATUS(natsConnection_GetLastError(nc, &text), NATS_NO_SERVER);
    CHECK_CONTAINS(text, "end of stream"); /* why it was lost, and what came of the last attempt */
    CHECK_CONTAINS(text, "; then ");
    CHECK_CONTAINS(text, p.url + strlen("nats://"));
#else
    CHECK_OK(natsConnection_GetLastError(nc, &text));
#endif
    peer_listen_again(&p);
    CHECK(peer_shake_hands(&p, NULL));
    peer_settle(&p);
    CHECK_REACHED(&c.reconnected, 1);
    CHECK_INT(counter_get(&delay.wrong), 0);
    peer_refuse(&p);
    peer_hang_up(&p);
    natsConnection_Destroy(nc);
    peer_close(&p);
}

static int64_t closing_delay(natsConnection *nc, int attempts, void *arg) {
    (void)attempts;
    (void)arg;
    natsConnection_Close(nc);
    return 1;
}

static void close_in_custom_delay(void) {
    natsConnection *nc;
    natsOptions *opts;
    static closure c;
    char order[256];
    peer p;

    peer_open(&p);
    opts = options_recorded(p.url, &c);
    CHECK_OK(natsOptions_SetCustomReconnectDelay(opts, closing_delay, NULL));
    nc = peer_connect(&p, opts);
    peer_refuse(&p);
    peer_hang_up(&p);
    CHECK_REACHED(&c.closed, 1);
    CHECK_STR(closure_order(&c, order), "DC");
    natsConnection_Destroy(nc);
    peer_close(&p);
}

static void gives_up_after_max_reconnect(void) {
    natsConnection *nc;
    natsOptions *opts;
    const char *error = NULL;
    static closure c;
    char order[256];
    peer p;

    peer_open(&p);
    opts = options_recorded(p.url, &c);
    CHECK_OK(natsOptions_SetMaxReconnect(opts, 3));
    CHECK_OK(natsOptions_SetReconnectWait(opts, 5));
    nc = peer_connect(&p, opts);
    peer_refuse(&p);
    peer_hang_up(&p);
    CHECK_REACHED(&c.closed, 1);
    CHECK_STR(closure_order(&c, order), "DC");
    CHECK(natsConnection_IsClosed(nc));
    CHECK_STATUS(natsConnection_GetLastError(nc, &error), NATS_NO_SERVER);
    natsConnection_Destroy(nc);
    peer_close(&p);
}

static void not_allowed(void) {
    natsConnection *nc;
    natsOptions *opts;
    natsSubscription *sub = NULL;
    static closure c;
    char order[256];
    server s;

    server_run(&s);
    opts = options_recorded(s.url, &c);
    CHECK_OK(natsOptions_SetAllowReconnect(opts, false));
    nc = test_connect(opts);
    CHECK_OK(natsConnection_SubscribeSync(&sub, nc, "foo"));
    server_kill(&s);
    CHECK_REACHED(&c.closed, 1);
    CHECK_STR(closure_order(&c, order), "DC");
    CHECK(natsConnection_IsClosed(nc));
    CHECK(!natsSubscription_IsValid(sub));
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
    server_stop(&s);
}

static void max_reconnect_zero(void) {
    natsConnection *nc;
    natsOptions *opts;
    static closure c;
    server s;

    server_run(&s);
    opts = options_recorded(s.url, &c);
    CHECK_OK(natsOptions_SetMaxReconnect(opts, 0));
    nc = test_connect(opts);
    server_kill(&s);
    CHECK_REACHED(&c.closed, 1);
    natsConnection_Destroy(nc);
    server_stop(&s);
}

static void close_while_reconnecting(void) {
    natsConnection *nc;
    natsOptions *opts;
    static closure c;
    char order[256];
    int64_t started;
    peer p;

    peer_open(&p);
    opts = options_recorded(p.url, &c);
    CHECK_OK(natsOptions_SetReconnectWait(opts, 1000000));
    nc = peer_connect(&p, opts);
    peer_refuse(&p);
    peer_hang_up(&p);
    CHECK_REACHED(&c.disconnected, 1);
    CHECK_STATUS(natsConnection_Drain(nc), NATS_ILLEGAL_STATE);
    CHECK_ERROR(NATS_ILLEGAL_STATE, "Illegal to call Drain while the connection is reconnecting");
    CHECK_STATUS(natsConnection_FlushTimeout(nc, 20), NATS_TIMEOUT);
    started = now_ms();
    natsConnection_Destroy(nc);
    CHECK(now_ms() - started < deadline_ms());
    CHECK_REACHED(&c.closed, 1);
    CHECK_STR(closure_order(&c, order), "DC");
    peer_close(&p);
}

static void retry_in_the_call(void) {
    natsConnection *nc = NULL;
    natsOptions *opts;
    server s;

    /* Nobody there: as many further passes as MaxReconnect says, then the usual status. */
    server_run(&s);
    server_kill(&s);
    opts = test_options(s.url);
    CHECK_OK(natsOptions_SetRetryOnFailedConnect(opts, true, NULL, NULL));
    CHECK_OK(natsOptions_SetMaxReconnect(opts, 3));
    CHECK_OK(natsOptions_SetReconnectWait(opts, 5));
    CHECK_STATUS(natsConnection_Connect(&nc, opts), NATS_NO_SERVER);
    CHECK(nc == NULL);
    natsOptions_Destroy(opts);
    server_stop(&s);
}

static void play_refusals(peer *p, void *arg) {
    int i, refusals = *(int *)arg;

    for (i = 0; i < refusals; i++) {
        if (!peer_accept(p))
            return;
        peer_hang_up(p);
    }
    peer_shake_hands(p, NULL);
}

static void retry_in_the_call_succeeds(void) {
    natsConnection *nc;
    natsOptions *opts;
    int refusals = 3;
    peer p;

    peer_open(&p);
    opts = test_options(p.url);
    CHECK_OK(natsOptions_SetRetryOnFailedConnect(opts, true, NULL, NULL));
    CHECK_OK(natsOptions_SetMaxReconnect(opts, 100));
    CHECK_OK(natsOptions_SetReconnectWait(opts, 5));
    peer_run(&p, play_refusals, &refusals);
    nc = test_connect(opts);
    peer_join(&p);
    peer_refuse(&p);
    peer_hang_up(&p);
    natsConnection_Destroy(nc);
    peer_close(&p);
}

static void retry_in_the_background(void) {
    natsConnection *nc = NULL;
    natsSubscription *sub = NULL;
    natsOptions *opts;
    char order[256];
    static closure c;
    server s;

    server_run(&s);
    server_kill(&s);
    opts = options_recorded(s.url, &c);
    CHECK_OK(natsOptions_SetRetryOnFailedConnect(opts, true, on_connected, &c));
    CHECK_STATUS(natsConnection_Connect(&nc, opts), NATS_NOT_YET_CONNECTED);
    natsOptions_Destroy(opts);
    CHECK(nc != NULL);
    CHECK(natsConnection_IsReconnecting(nc));
    CHECK_INT(natsConnection_GetMaxPayload(nc), 0);
    CHECK_STATUS(natsConnection_Drain(nc), NATS_ILLEGAL_STATE);
    CHECK_OK(natsConnection_SubscribeSync(&sub, nc, "foo"));
    CHECK_OK(natsConnection_PublishString(nc, "foo", "early"));
    server_restart(&s);
    CHECK_REACHED(&c.connected, 1);
    test_expect_next(sub, "early");
    CHECK_INT(natsConnection_GetMaxPayload(nc), 1048576);
    CHECK_STR(closure_order(&c, order), "N");
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
    server_stop(&s);
}

static void retry_in_the_background_gives_up(void) {
    natsConnection *nc = NULL;
    natsOptions *opts;
    char order[256], url[64];
    static closure c;

    snprintf(url, sizeof(url), "nats://127.0.0.1:%d", free_port());
    opts = options_recorded(url, &c);
    CHECK_OK(natsOptions_SetRetryOnFailedConnect(opts, true, on_connected, &c));
    CHECK_OK(natsOptions_SetMaxReconnect(opts, 2));
    CHECK_OK(natsOptions_SetReconnectWait(opts, 5));
    CHECK_STATUS(natsConnection_Connect(&nc, opts), NATS_NOT_YET_CONNECTED);
    natsOptions_Destroy(opts);
    CHECK_REACHED(&c.closed, 1);
    CHECK_STR(closure_order(&c, order), "C");
    natsConnection_Destroy(nc);
}

#if OURS
/* What was published before there was a server, and is too large for it, is dropped, and the program told. */
static void retry_with_more_than_the_server_takes(void) {
    enum { SIZE = 3000000, ROUNDS = 4 };
    char *data = (char *)calloc(1, SIZE);
    natsConnection *nc;
    natsSubscription *sub = NULL;
    natsOptions *opts;
    char url[64];
    static closure c;
    int round, port;
    server s;

    for (round = 0; round < ROUNDS; round++) {
        port = free_port();
        snprintf(url, sizeof(url), "nats://127.0.0.1:%d", port);
        opts = options_recorded(url, &c);
        CHECK_OK(natsOptions_SetRetryOnFailedConnect(opts, true, on_connected, &c));
        nc = NULL;
        CHECK_STATUS(natsConnection_Connect(&nc, opts), NATS_NOT_YET_CONNECTED);
        natsOptions_Destroy(opts);
        CHECK_OK(natsConnection_SubscribeSync(&sub, nc, "foo"));
        CHECK_OK(natsConnection_Publish(nc, "foo", data, SIZE));
        CHECK_OK(natsConnection_PublishString(nc, "foo", "small"));
        server_start_on(&s, port, NULL, NULL);
        CHECK_REACHED(&c.connected, 1);
        test_expect_next(sub, "small");
        CHECK_REACHED(&c.errors, 1);
        CHECK_INT(c.statuses[0], NATS_MAX_PAYLOAD);
        CHECK_CONTAINS(c.error_texts[0], "'foo'");
        CHECK_INT(counter_get(&c.disconnected), 0);
        natsSubscription_Destroy(sub);
        sub = NULL;
        natsConnection_Destroy(nc);
        CHECK_REACHED(&c.closed, 1); /* no callback is to count in the next round */
        server_stop(&s);
    }
    free(data);
}

#endif

static void retry_not_needed(void) {
    natsConnection *nc;
    natsOptions *opts;
    char order[256];
    static closure c;
    server s;

    server_run(&s);
    opts = options_recorded(s.url, &c);
    CHECK_OK(natsOptions_SetRetryOnFailedConnect(opts, true, on_connected, &c));
    nc = test_connect(opts);
    CHECK_OK(natsConnection_Flush(nc));
    natsConnection_Destroy(nc);
    CHECK_REACHED(&c.closed, 1);
    CHECK_STR(closure_order(&c, order), "DC");
    server_stop(&s);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(custom_delay),
        TEST(close_in_custom_delay),
        TEST(gives_up_after_max_reconnect),
        TEST(not_allowed),
        TEST(max_reconnect_zero),
        TEST(close_while_reconnecting),
        TEST(retry_in_the_call),
        TEST(retry_in_the_call_succeeds),
        TEST(retry_in_the_background),
        TEST(retry_in_the_background_gives_up),
#if OURS
        TEST(retry_with_more_than_the_server_takes),
#endif
        TEST(retry_not_needed),
    };

    return RUN_TESTS(cases, argc, argv);
}
