/* -ERR of the server, and its consequences. */
#include <strings.h>

#include "callbacks.h"
#include "peer.h"
#include "peer_fixture.h"
#include "server.h"
#include "test.h"

#if OURS
enum { GOES_ON, RECONNECTS, CLOSES };

/* The table of natsOptions_SetErrorHandler. */
static const struct row {
    const char *text;
    natsStatus status;
    int consequence;
} rows[] = {
    {"Permissions Violation for Publish to \"secret\"", NATS_NOT_PERMITTED, GOES_ON},
    {"maximum subscriptions exceeded", NATS_ERR, GOES_ON},
    {"Invalid Subject", NATS_ERR, GOES_ON},
    {"Invalid Publish Subject", NATS_ERR, GOES_ON},
    {"maximum connections exceeded", NATS_ERR, RECONNECTS},
    {"maximum account active connections exceeded", NATS_ERR, RECONNECTS},
    {"Server Shutdown", NATS_ERR, RECONNECTS},
    {"Slow Consumer", NATS_ERR, RECONNECTS},
    {"Authentication Timeout", NATS_ERR, RECONNECTS},
    {"Stale Connection", NATS_STALE_CONNECTION, RECONNECTS},
    {"Authorization Violation", NATS_CONNECTION_AUTH_FAILED, RECONNECTS},
    {"User Authentication Expired", NATS_CONNECTION_AUTH_FAILED, RECONNECTS},
    {"User Authentication Revoked", NATS_CONNECTION_AUTH_FAILED, RECONNECTS},
    {"Account Authentication Expired", NATS_CONNECTION_AUTH_FAILED, RECONNECTS},
    {"Maximum Payload Violation", NATS_ERR, CLOSES},
    {"maximum control line exceeded", NATS_ERR, CLOSES},
    {"Unknown Protocol Operation", NATS_ERR, CLOSES},
    {"Something New", NATS_ERR, CLOSES},
};

static natsOptions *reconnect_on_error(natsOptions *opts) {
    CHECK_OK(natsOptions_SetReconnectOnProtocolError(opts, true));
    return opts;
}

/* In each way that the same words may come. */
static void write_line(char *line, size_t size, const char *text, int form) {
    size_t i, at;

    at = (size_t)snprintf(line, size, form % 2 == 0 ? "-ERR '" : "-err   ");
    for (i = 0; text[i] != '\0'; i++) {
        char c = text[i];

        if (form == 2 && c >= 'a' && c <= 'z')
            c = (char)(c - 'a' + 'A');
        if (form == 3 && c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        line[at++] = c;
    }
    snprintf(line + at, size - at, form % 2 == 0 ? "'\r\n" : "\r\n");
}

static void play_row(const struct row *row, int form, bool reconnect) {
    const char *error = NULL;
    char line[256], order[256], said[256];
    int consequence = row->consequence == CLOSES && reconnect ? RECONNECTS : row->consequence;
    static peer_fixture f;

    write_line(line, sizeof(line), row->text, form);
    peer_fixture_start_with(&f, reconnect ? reconnect_on_error : NULL, NULL);
    CHECK(peer_send(&f.p, line));
    CHECK_REACHED(&f.c.errors, 1);
    CHECK_INT(f.c.statuses[0], row->status);
    snprintf(said, sizeof(said), "%s", f.c.error_texts[0]);
    CHECK(strcasecmp(said, row->text) == 0);
    /* Where there is only one, it must be that which was refused. */
    if (strcasecmp(row->text, "maximum subscriptions exceeded") != 0)
        CHECK(f.c.subscriptions[0] == NULL);
    if (consequence == GOES_ON) {
        CHECK(peer_send(&f.p, "MSG foo 1 2\r\nhi\r\n"));
        test_expect_next(f.sub, "hi");
        CHECK_STATUS(natsConnection_GetLastError(f.nc, &error), row->status);
        CHECK_STR(error, said);
        CHECK_STR(closure_order(&f.c, order), "E");
    } else if (consequence == RECONNECTS) {
        peer_fixture_reconnects(&f);
        CHECK_STR(closure_order(&f.c, order), "EDR");
        CHECK_OK(natsConnection_GetLastError(f.nc, &error));
    } else {
        CHECK_REACHED(&f.c.closed, 1);
        CHECK_STR(closure_order(&f.c, order), "EDC");
        CHECK_STATUS(natsConnection_GetLastError(f.nc, &error), row->status);
        CHECK_STR(error, said);
    }
    CHECK_INT(counter_get(&f.c.errors), 1);
    peer_fixture_end(&f);
}

static void error_table(void) {
    size_t i;
    int form;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        for (form = 0; form < 4; form++)
            play_row(&rows[i], form, false);
}

static void error_reconnects_when_asked(void) {
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        play_row(&rows[i], 0, true);
}

/* A server that is full says so to who comes back, before or after the handshake: told, and tried again. */
static void play_full_servers(peer *p, void *arg) {
    (void)arg;
    if (!peer_accept(p) || !peer_send(p, "-ERR 'maximum connections exceeded'\r\n"))
        return;
    peer_hang_up(p);
    if (!peer_accept(p) || !peer_send(p, PEER_INFO) || !peer_expect(p, "PING\r\n") ||
        !peer_send(p, "-ERR 'maximum account active connections exceeded'\r\n"))
        return;
    peer_hang_up(p);
    peer_handshake(p, NULL);
}

static void full_servers_are_tried_again(void) {
    static peer_fixture f;

    peer_fixture_start(&f);
    peer_hang_up(&f.p);
    peer_run(&f.p, play_full_servers, NULL);
    CHECK_REACHED(&f.c.reconnected, 1);
    peer_join(&f.p);
    CHECK_INT(counter_get(&f.c.errors), 2);
    CHECK_CONTAINS(f.c.error_texts[0], "maximum connections exceeded");
    CHECK_CONTAINS(f.c.error_texts[1], "maximum account active connections exceeded");
    peer_fixture_end(&f);
}

/* A server that lets one in and then says again that the credentials are revoked has not changed its mind. */
static void same_refusal_right_after_the_handshake_ends_it(void) {
    char order[256];
    static peer_fixture f;

    peer_fixture_start(&f);
    CHECK(peer_send(&f.p, "-ERR 'User Authentication Revoked'\r\n"));
    CHECK_REACHED(&f.c.disconnected, 1);
    CHECK(peer_shake_hands(&f.p, NULL));
    CHECK_REACHED(&f.c.reconnected, 1);
    CHECK(peer_send(&f.p, "-ERR 'User Authentication Revoked'\r\n"));
    CHECK_REACHED(&f.c.closed, 1);
    CHECK_STR(closure_order(&f.c, order), "EDREDC");
    peer_fixture_end(&f);
}
#else
static void error_closes_for_good(void) {
    char order[256];
    static peer_fixture f;

    peer_fixture_start(&f);
    CHECK(peer_send(&f.p, "-ERR 'Unknown Protocol Operation'\r\n"));
    CHECK_REACHED(&f.c.closed, 1);
    CHECK_STR(closure_order(&f.c, order), "DC");
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
        TEST(error_table),
        TEST(error_reconnects_when_asked),
        TEST(full_servers_are_tried_again),
        TEST(same_refusal_right_after_the_handshake_ends_it),
#else
        TEST(error_closes_for_good),
#endif
        TEST(error_stale_connection),
        TEST(error_permissions),
        TEST(error_authentication),
        TEST(error_empty_and_long),
        TEST(permissions_of_a_real_server),
    };

    return RUN_TESTS(cases, argc, argv);
}
