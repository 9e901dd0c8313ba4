/* Bounded memory for everything that a server can send without end. */
#include "callbacks.h"
#include "peer.h"
#include "peer_fixture.h"
#include "test.h"

static closure *gated;

static void on_gated_error(natsConnection *nc, natsSubscription *sub, natsStatus err, void *arg) {
    closure_pass_gate((closure *)arg);
    on_error(nc, sub, err, arg);
}

static void on_gated_lame_duck(natsConnection *nc, void *arg) {
    closure_pass_gate((closure *)arg);
    on_lame_duck(nc, arg);
}

static natsOptions *adjust(natsOptions *opts) {
    CHECK_OK(natsOptions_SetErrorHandler(opts, on_gated_error, gated));
    CHECK_OK(natsOptions_SetLameDuckModeCB(opts, on_gated_lame_duck, gated));
    return opts;
}

static void start(peer_fixture *f) {
    gated = &f->c;
    peer_fixture_start_with(f, adjust, NULL);
}

/* All before this has been dealt with. */
static void settle(peer_fixture *f) {
    CHECK(peer_send(&f->p, "MSG foo 1 4\r\ndone\r\n"));
    test_expect_next(f->sub, "done");
}

static void same_error(void) {
    static const char line[] = "-ERR 'Permissions Violation for Publish to \"x\"'\r\n";
    static peer_fixture f;
    int i;

    start(&f);
    CHECK(peer_send(&f.p, line));
    CHECK_REACHED(&f.c.entered, 1);
    for (i = 0; i < 20000; i++)
        CHECK(peer_send(&f.p, line));
    settle(&f);
    counter_set(&f.c.gate, 1);
    CHECK_REACHED(&f.c.errors, 2);
    natsConnection_Close(f.nc);
    CHECK_REACHED(&f.c.closed, 1);
    CHECK_INT(counter_get(&f.c.errors), 2);
    CHECK_CONTAINS(f.c.error_texts[1], "Permissions Violation for Publish to \"x\" (20000 times)");
    peer_fixture_end(&f);
}

static void different_errors(void) {
    enum { ERRORS = 5000, KEPT = 128 };
    static peer_fixture f;
    char line[100];
    int i;

    start(&f);
    for (i = 0; i < ERRORS; i++) {
        snprintf(line, sizeof(line), "-ERR 'Permissions Violation for Publish to \"%d\"'\r\n", i);
        CHECK(peer_send(&f.p, line));
    }
    settle(&f);
    counter_set(&f.c.gate, 1);
    natsConnection_Close(f.nc);
    CHECK_REACHED(&f.c.closed, 1);
    /* One in the handler, those that waited, and one that says how many there were beside. */
    CHECK(counter_get(&f.c.errors) <= KEPT + 2);
    CHECK(counter_get(&f.c.errors) >= KEPT);
    CHECK_CONTAINS(f.c.error_texts[1], "\"1\"");
    peer_fixture_end(&f);
}

static void lame_ducks(void) {
    static peer_fixture f;
    int i;

    start(&f);
    CHECK(peer_send(&f.p, "INFO {\"ldm\":true,\"headers\":true,\"max_payload\":1000}\r\n"));
    CHECK_REACHED(&f.c.entered, 1);
    for (i = 0; i < 20000; i++)
        CHECK(peer_send(&f.p, "INFO {\"ldm\":true,\"headers\":true,\"max_payload\":1000}\r\n"));
    settle(&f);
    counter_set(&f.c.gate, 1);
    natsConnection_Close(f.nc);
    CHECK_REACHED(&f.c.closed, 1);
    CHECK_INT(counter_get(&f.c.lame_duck), 2);
    peer_fixture_end(&f);
}

/* A server that asks without end and does not read the answers. */
static void pings(void) {
    enum { PINGS = 100000, ROUNDS = 30 };
    char *many = (char *)malloc(6 * PINGS + 1);
    natsMsg *msg = NULL;
    int64_t bytes = 0;
    static peer_fixture f;
    int i;

    for (i = 0; i < PINGS; i++)
        memcpy(many + 6 * i, "PING\r\n", 6);
    start(&f);
    for (i = 0; i < ROUNDS; i++)
        CHECK(peer_send_bytes(&f.p, many, 6 * PINGS));
    CHECK(peer_send(&f.p, "MSG foo 1 4\r\ndone\r\n"));
    CHECK_OK(natsSubscription_NextMsg(&msg, f.sub, 10 * deadline_ms()));
    natsMsg_Destroy(msg);
    CHECK_OK(natsConnection_GetPendingBytes(f.nc, &bytes));
    CHECK(bytes < 200000);
    peer_fixture_end(&f);
    free(many);
}

/* Servers that come and go: each INFO tells of others. */
static void servers(void) {
    enum { ROUNDS = 20, SERVERS = 2000 };
    char *line = (char *)malloc(SERVERS * 24 + 200);
    char **list = NULL;
    int count = 0, i, n;
    static peer_fixture f;

    start(&f);
    for (i = 0; i < ROUNDS; i++) {
        size_t at =
            (size_t)sprintf(line, "INFO {\"headers\":true,\"max_payload\":1000,\"connect_urls\":[\"a:1\"");

        for (n = 0; n < SERVERS; n++)
            at += (size_t)sprintf(line + at, ",\"h%dx%d:4222\"", i, n);
        sprintf(line + at, "]}\r\n");
        CHECK(peer_send(&f.p, line));
    }
    settle(&f);
    CHECK_OK(natsConnection_GetServers(f.nc, &list, &count));
    CHECK(count <= 1025);
    for (i = 0; i < count; i++)
        free(list[i]);
    free(list);
    free(line);
    peer_fixture_end(&f);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(same_error), TEST(different_errors), TEST(lame_ducks), TEST(pings), TEST(servers),
    };

    return RUN_TESTS(cases, argc, argv);
}
