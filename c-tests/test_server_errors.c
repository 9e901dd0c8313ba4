/* What a server says with -ERR, and what follows from it. */
#include "callbacks.h"
#include "peer.h"
#include "peer_fixture.h"
#include "server.h"
#include "test.h"

static void error_closes_for_good(void) {
    static const char *const texts[][2] = {
        {"-ERR 'Maximum Connections Exceeded'\r\n", "Maximum Connections Exceeded"},
        {"-ERR 'Maximum Payload Violation'\r\n", "Maximum Payload Violation"},
        {"-ERR 'Unknown Protocol Operation'\r\n", "Unknown Protocol Operation"},
        {"-err   'Something New'\r\n", "Something New"},
        {"-ERR 'User Authentication Revoked'\r\n", "User Authentication Revoked"},
    };
    size_t i;

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        const char *error = NULL;
        char order[256];
        static peer_fixture f;

        peer_fixture_start(&f);
        CHECK(peer_send(&f.p, texts[i][0]));
        CHECK_REACHED(&f.c.closed, 1);
        CHECK_STR(closure_order(&f.c, order), "DC");
        CHECK_STATUS(natsConnection_GetLastError(f.nc, &error), NATS_ERR);
        CHECK_STR(error, texts[i][1]);
        peer_fixture_end(&f);
    }
}

#if OURS
static natsOptions *reconnect_on_error(natsOptions *opts) {
    CHECK_OK(natsOptions_SetReconnectOnProtocolError(opts, true));
    return opts;
}

static void error_reconnects_when_asked(void) {
    static peer_fixture f;

    peer_fixture_start_with(&f, reconnect_on_error, NULL);
    CHECK(peer_send(&f.p, "-ERR 'Maximum Connections Exceeded'\r\n"));
    peer_fixture_reconnects(&f);
    peer_fixture_end(&f);
}
#endif

static void error_stale_connection(void) {
    static peer_fixture f;

    peer_fixture_start(&f);
    CHECK(peer_send(&f.p, "-ERR 'Stale Connection'\r\n"));
    peer_fixture_reconnects(&f);
    peer_fixture_end(&f);
}

static void error_permissions(void) {
    const char *error = NULL;
    static peer_fixture f;

    peer_fixture_start(&f);
    CHECK(peer_send(&f.p, "-ERR 'Permissions Violation for Publish to \"secret\"'\r\nMSG foo 1 2\r\nhi\r\n"));
    CHECK_REACHED(&f.c.errors, 1);
    CHECK_INT(f.c.statuses[0], NATS_NOT_PERMITTED);
    CHECK(f.c.subscriptions[0] == NULL);
    CHECK_CONTAINS(f.c.error_texts[0], "Permissions Violation for Publish to \"secret\"");
    test_expect_next(f.sub, "hi"); /* it stays up */
    CHECK_STATUS(natsConnection_GetLastError(f.nc, &error), NATS_NOT_PERMITTED);
    CHECK_INT(counter_get(&f.c.disconnected), 0);
    peer_fixture_end(&f);
}

static void error_authentication(void) {
    static peer_fixture f;

    peer_fixture_start(&f);
    CHECK(peer_send(&f.p, "-ERR 'User Authentication Expired'\r\n"));
    CHECK_REACHED(&f.c.errors, 1);
    CHECK_INT(f.c.statuses[0], NATS_CONNECTION_AUTH_FAILED);
    CHECK_CONTAINS(f.c.error_texts[0], "User Authentication Expired");
    peer_hang_up(&f.p); /* as the server does */
    peer_fixture_reconnects(&f);
    peer_fixture_end(&f);
}

static void error_empty_and_long(void) {
    char *line = (char *)malloc(5000);
    char text[300];
    static peer_fixture f;

    memset(line, 'x', 5000);
    memcpy(line, "-ERR 'Permissions Violation ", 28);
    memcpy(line + 4996, "'\r\n", 4);
    peer_fixture_start(&f);
    CHECK(peer_send(&f.p, line));
    CHECK_REACHED(&f.c.errors, 1);
    CHECK_INT(f.c.statuses[0], NATS_NOT_PERMITTED);
#if OURS
    CHECK_STATUS(natsConnection_ReadLastError(f.nc, text, sizeof(text)), NATS_NOT_PERMITTED);
    CHECK(strlen(text) <= 255);
    CHECK_STATUS(natsConnection_ReadLastError(f.nc, text, 12), NATS_NOT_PERMITTED);
    CHECK_STR(text, "Permissi...");
    CHECK_STATUS(natsConnection_ReadLastError(f.nc, NULL, 0), NATS_NOT_PERMITTED);
#else
    (void)text;
#endif
    CHECK(peer_send(&f.p, "-ERR ''\r\n"));
    CHECK_REACHED(&f.c.closed, 1);
    free(line);
    peer_fixture_end(&f);
}

static void permissions_of_a_real_server(void) {
    natsConnection *nc;
    natsSubscription *sub = NULL;
    natsOptions *opts;
    static closure c;
    server s;

    closure_init(&c);
    server_start(
        &s,
        "authorization { users: [ { user: me, password: secret, permissions: { publish: \"ok\", subscribe: "
        "\"ok\" } } ] }\n",
        NULL);
    opts = test_options(s.url);
    CHECK_OK(natsOptions_SetUserInfo(opts, "me", "secret"));
    options_record(opts, &c);
    nc = test_connect(opts);
    CHECK_OK(natsConnection_PublishString(nc, "forbidden", "x"));
    CHECK_REACHED(&c.errors, 1);
    CHECK_INT(c.statuses[0], NATS_NOT_PERMITTED);
    CHECK_CONTAINS(c.error_texts[0], "forbidden");
    CHECK_OK(natsConnection_SubscribeSync(&sub, nc, "forbidden.too"));
    CHECK_REACHED(&c.errors, 2);
    natsSubscription_Destroy(sub);
    CHECK_OK(natsConnection_SubscribeSync(&sub, nc, "ok"));
    CHECK_OK(natsConnection_PublishString(nc, "ok", "x"));
    test_expect_next(sub, "x");
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
    server_stop(&s);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
#if OURS
        TEST(error_reconnects_when_asked),
#endif
        TEST(error_closes_for_good),
        TEST(error_stale_connection),
        TEST(error_permissions),
        TEST(error_authentication),
        TEST(error_empty_and_long),
        TEST(permissions_of_a_real_server),
    };

    return RUN_TESTS(cases, argc, argv);
}
