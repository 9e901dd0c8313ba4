/* PING and PONG: flushes, answers to the server, and the detection of a lost server. */
#include "callbacks.h"
#include "peer.h"
#include "server.h"
#include "test.h"

static void flush_from_many_threads_is_matched(void) {
    natsConnection *nc;
    server s;
    int i;

    server_run(&s);
    nc = test_connect_url(s.url);
    for (i = 0; i < 200; i++)
        CHECK_OK(natsConnection_FlushTimeout(nc, deadline_ms()));
    natsConnection_Destroy(nc);
    server_stop(&s);
}

static void answers_server_pings(void) {
    natsConnection *nc;
    peer p;
    int i;

    peer_open(&p);
    nc = peer_connect(&p, test_options(p.url));
    for (i = 0; i < 20; i++) {
        CHECK(peer_send(&p, i % 2 == 0 ? "PING\r\n" : "ping \r\n"));
        CHECK(peer_expect(&p, "PONG\r\n"));
    }
    peer_refuse(&p);
    peer_hang_up(&p);
    natsConnection_Destroy(nc);
    peer_close(&p);
}

static void client_pings_on_schedule(void) {
    natsConnection *nc;
    natsOptions *opts;
    peer p;
    int i;

    peer_open(&p);
    opts = test_options(p.url);
    CHECK_OK(natsOptions_SetPingInterval(opts, 20));
    nc = peer_connect(&p, opts);
    for (i = 0; i < 5; i++) {
        CHECK(peer_expect(&p, "PING\r\n"));
        CHECK(peer_send(&p, "PONG\r\n"));
    }
    peer_refuse(&p);
    peer_hang_up(&p);
    natsConnection_Destroy(nc);
    peer_close(&p);
}

static void stale_connection(void) {
    natsConnection *nc;
    natsOptions *opts;
    static closure c;
    server a, b;
    const char *list[2];
    char text[64];

    server_run(&a);
    server_run(&b);
    list[0] = a.url;
    list[1] = b.url;
    opts = options_recorded(NULL, &c);
    CHECK_OK(natsOptions_SetNoRandomize(opts, true));
    CHECK_OK(natsOptions_SetServers(opts, list, 2));
    CHECK_OK(natsOptions_SetPingInterval(opts, 50));
    CHECK_OK(natsOptions_SetMaxPingsOut(opts, 2));
    nc = test_connect(opts);
    server_pause(&a);
    CHECK_REACHED(&c.disconnected, 1);
    CHECK_REACHED(&c.reconnected, 1);
    CHECK_OK(natsConnection_GetConnectedUrl(nc, text, sizeof(text)));
    CHECK_STR(text, b.url);
    server_resume(&a);
    natsConnection_Destroy(nc);
    server_stop(&a);
    server_stop(&b);
}

static void stale_connection_without_reconnect(void) {
    natsConnection *nc;
    natsOptions *opts;
    const char *error = NULL;
    static closure c;
    server s;

    server_run(&s);
    opts = options_recorded(s.url, &c);
    CHECK_OK(natsOptions_SetAllowReconnect(opts, false));
    CHECK_OK(natsOptions_SetPingInterval(opts, 30));
    CHECK_OK(natsOptions_SetMaxPingsOut(opts, 1));
    nc = test_connect(opts);
    server_pause(&s);
    CHECK_REACHED(&c.closed, 1);
    CHECK_STATUS(natsConnection_GetLastError(nc, &error), NATS_STALE_CONNECTION);
    server_resume(&s);
    natsConnection_Destroy(nc);
    server_stop(&s);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(flush_from_many_threads_is_matched), TEST(answers_server_pings),
        TEST(client_pings_on_schedule),           TEST(stale_connection),
        TEST(stale_connection_without_reconnect),
    };

    return RUN_TESTS(cases, argc, argv);
}
