/* A server that misbehaves: the client reports, reconnects or closes; it never crashes, never hangs, and its
 * memory stays bounded. */
#include <signal.h>
#include <sys/socket.h>

#include "callbacks.h"
#include "peer.h"
#include "server.h"
#include "test.h"

typedef struct fixture {
    peer p;
    natsConnection *nc;
    natsSubscription *sub; /* "foo", sid 1 */
    closure c;
} fixture;

static void start_with(fixture *f, natsOptions *(*adjust)(natsOptions *), const char *info) {
    natsOptions *opts;

    closure_init(&f->c);
    peer_open(&f->p);
    opts = test_options(f->p.url);
    options_record(opts, &f->c);
    peer_run(&f->p, peer_handshake, (void *)info);
    f->nc = test_connect(adjust == NULL ? opts : adjust(opts));
    peer_join(&f->p);
    CHECK_OK(natsConnection_SubscribeSync(&f->sub, f->nc, "foo"));
    CHECK(peer_expect(&f->p, "SUB foo  1\r\n"));
}

static void start(fixture *f) { start_with(f, NULL, NULL); }

static void end(fixture *f) {
    natsSubscription_Destroy(f->sub);
    peer_refuse(&f->p);
    peer_hang_up(&f->p);
    natsConnection_Destroy(f->nc);
    CHECK_REACHED(&f->c.closed, 1); /* the next round uses the same closure */
    peer_close(&f->p);
}

/* Comes back after a disconnect, and works. */
static void expect_reconnect(fixture *f) {
    CHECK_REACHED(&f->c.disconnected, 1);
    CHECK(peer_shake_hands(&f->p, NULL));
    CHECK(peer_expect(&f->p, "SUB foo  1\r\n"));
    peer_settle(&f->p);
    CHECK(peer_send(&f->p, "MSG foo 1 5\r\nalive\r\n"));
    CHECK_REACHED(&f->c.reconnected, 1);
    for (;;) {
        natsMsg *msg = test_next(f->sub);
        bool alive = strcmp(natsMsg_GetData(msg), "alive") == 0;

        natsMsg_Destroy(msg);
        if (alive)
            break;
    }
}

static void garbage(void) {
    static const char *const lines[] = {
        "HELLO WORLD\r\n",
        "\x01\x02\x03\x04\r\n",
        "\xff\xfe\xfd",
        "MSG\r\n",
        "MSG foo\r\n",
        "MSG foo 1\r\n",
        "MSG foo 1 2 3 4 5\r\n",
        "MSG foo x 2\r\nhi\r\n",
        "MSG foo 1 x\r\nhi\r\n",
        "MSG foo 1 -2\r\nhi\r\n",
        "MSG foo -1 2\r\nhi\r\n",
        "MSG foo 1 9223372036854775807\r\nhi\r\n",
        "MSG foo 1 9223372036854775808\r\nhi\r\n",
        "MSG foo 1 18446744073709551616\r\nhi\r\n",
        "MSG foo 1 99999999999999999999999999999999\r\nhi\r\n",
        "MSG foo 99999999999999999999999999 2\r\nhi\r\n",
        "HMSG foo 1 12\r\n",
        "HMSG foo 1 12 5\r\nNATS/1.0\r\n\r\n\r\n",
        "HMSG foo 1 -1 5\r\nhello\r\n",
        "HMSG foo 1 9223372036854775807 9223372036854775807\r\n",
#if OURS
        "HMSG foo 1 4294967296 4294967297\r\n", /* no int can hold it */
        "MSG foo 1 2147483648\r\n",
#endif
        "PIN\r\n",
        "+KO\r\n",
        "-ER\r\n",
        "INFOX {}\r\n",
    };
    size_t i;

    for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        static fixture f;

        start(&f);
        CHECK(peer_send(&f.p, lines[i]));
        if (!counter_wait(&f.c.disconnected, 1, deadline_ms()))
            check_failed(__FILE__, __LINE__, "no disconnect after \"%s\"", lines[i]);
        expect_reconnect(&f);
        end(&f);
    }
}

/* With no reconnect the connection closes, and says why. */
static natsOptions *no_reconnect(natsOptions *opts) {
    CHECK_OK(natsOptions_SetAllowReconnect(opts, false));
    return opts;
}

static void garbage_closes_without_reconnect(void) {
    const char *error = NULL;
    char order[256];
    static fixture f;

    start_with(&f, no_reconnect, NULL);
    CHECK(peer_send(&f.p, "HELLO WORLD\r\n"));
    CHECK_REACHED(&f.c.closed, 1);
    CHECK_STR(closure_order(&f.c, order), "DC");
    CHECK_STATUS(natsConnection_GetLastError(f.nc, &error), NATS_PROTOCOL_ERROR);
    end(&f);
}

static void unusual_but_fine(void) {
    static fixture f;

    start(&f);
    CHECK(peer_send(&f.p, "+OK\r\nPONG\r\nPONG\r\nMSG unknown 77 2\r\nhi\r\nmsg\tfoo \t 1  2\r\nhi\r\n"));
    test_expect_next(f.sub, "hi");
    CHECK(peer_send(&f.p,
                    "MSG foo 1 2\nho\r\nHMSG foo 1 12 14\r\nNATS/1.0\r\n\r\nhe\r\n")); /* a line ends at LF */
    test_expect_next(f.sub, "ho");
    test_expect_next(f.sub, "he");
    CHECK(peer_send(&f.p, "HMSG foo 1 0 2\r\nhu\r\n"));
    test_expect_next(f.sub, "hu");
    CHECK_INT(counter_get(&f.c.disconnected), 0);
    end(&f);
}

static void in_single_bytes(void) {
    static const char text[] =
        "PING\r\nMSG foo 1 reply 5\r\nhello\r\n+OK\r\nHMSG foo 1 18 20\r\nNATS/1.0\r\nA: 1\r\n\r\nhi\r\n"
        "INFO {" PEER_INFO_FIELDS "}\r\nMSG foo 1 0\r\n\r\nMSG foo 1 3\r\nend\r\n";
    const char *value = NULL;
    natsMsg *msg;
    static fixture f;
    size_t i;

    start(&f);
    for (i = 0; i < sizeof(text) - 1; i++)
        CHECK(peer_send_bytes(&f.p, text + i, 1));
    test_expect_next(f.sub, "hello");
    msg = test_next(f.sub);
    CHECK_OK(natsMsgHeader_Get(msg, "A", &value));
    CHECK_STR(value, "1");
    CHECK_STR(natsMsg_GetData(msg), "hi");
    natsMsg_Destroy(msg);
    test_expect_next(f.sub, "");
    test_expect_next(f.sub, "end");
    end(&f);
}

static void closed_in_the_middle(void) {
    static const char *const parts[] = {
        "M",
        "MSG fo",
        "MSG foo 1 100\r",
        "MSG foo 1 100\r\nonly some of",
        "HMSG foo 1 100 200\r\nNATS/1.0\r\n",
        "INFO {\"a",
        "MSG foo 1 5\r\nhello",
        "MSG foo 1 5\r\nhello\r",
        "",
    };
    size_t i;

    for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        static fixture f;

        start(&f);
        CHECK(peer_send(&f.p, parts[i]));
        if (i % 2 == 0)
            peer_hang_up(&f.p);
        else
            peer_reset(&f.p);
        if (!counter_wait(&f.c.disconnected, 1, deadline_ms()))
            check_failed(__FILE__, __LINE__, "no disconnect after \"%s\" and the end", parts[i]);
        expect_reconnect(&f); /* nothing of the half message is left over */
        end(&f);
    }
}

static long resident_kib(void) {
    long size = 0, resident = 0;
    FILE *f = fopen("/proc/self/statm", "r");

    CHECK(f != NULL);
    CHECK_INT(fscanf(f, "%ld %ld", &size, &resident), 2);
    fclose(f);
    return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

#if OURS
static void endless_line(void) {
    char *chunk = (char *)malloc(65536);
    long before;
    static fixture f;
    int i;

    memset(chunk, 'a', 65536);
    start(&f);
    before = resident_kib();
    peer_refuse(&f.p);
    CHECK(peer_send(&f.p, "MSG foo 1 "));
    for (i = 0; i < 1024; i++) /* 64 MiB, unless the client has had enough */
        if (send(f.p.socket, chunk, 65536, MSG_NOSIGNAL) <= 0)
            break;
    CHECK_REACHED(&f.c.disconnected, 1);
    CHECK(resident_kib() - before < 32 * 1024 * time_factor());
    free(chunk);
    end(&f);
}
#endif

static void announced_but_not_sent(void) {
    long before;
    static fixture f;

    start(&f);
    before = resident_kib();
    /* A size that is legal but never comes must not cost its memory. */
    CHECK(peer_send(&f.p, "MSG foo 1 1073741824\r\nsome"));
    CHECK(!counter_wait(&f.c.disconnected, 1, 100) || OURS);
    CHECK(resident_kib() - before < 64 * 1024 * time_factor());
    peer_hang_up(&f.p);
    expect_reconnect(&f);
    end(&f);
}

static void memory_stays_bounded(void) {
    static const char payload[1024] = {0};
    char *batch = (char *)malloc(64 * 1200);
    size_t n = 0;
    long before = 0;
    static fixture f;
    int i, j;

    for (i = 0; i < 64; i++) {
        n += (size_t)sprintf(batch + n, "MSG foo 1 1024\r\n");
        memcpy(batch + n, payload, sizeof(payload));
        n += sizeof(payload);
        memcpy(batch + n, "\r\n", 2);
        n += 2;
    }
    start(&f);
    for (i = 0; i < 600; i++) { /* 40 MB through the client */
        CHECK(peer_send_bytes(&f.p, batch, n));
        for (j = 0; j < 64; j++)
            natsMsg_Destroy(test_next(f.sub));
        if (i == 50)
            before = resident_kib();
    }
    CHECK(resident_kib() - before < 16 * 1024 * time_factor());
    free(batch);
    end(&f);
}

static void reconnects_do_not_pile_up_memory(void) {
    natsOptions *opts;
    natsConnection *nc;
    long before = 0;
    peer p;
    int i;

    peer_open(&p);
    opts = test_options(p.url);
    CHECK_OK(natsOptions_SetReconnectWait(opts, 0));
    CHECK_OK(natsOptions_SetMaxReconnect(opts, -1));
    nc = peer_connect(&p, opts);
    for (i = 0; i < 200; i++) {
        peer_hang_up(&p);
        CHECK(peer_shake_hands(&p, NULL));
        peer_settle(&p);
        if (i == 20)
            before = resident_kib();
    }
    CHECK(resident_kib() - before < 16 * 1024 * time_factor());
    peer_refuse(&p);
    peer_hang_up(&p);
    natsConnection_Destroy(nc);
    peer_close(&p);
}

static void silent_after_accept_in_a_reconnect(void) {
    natsConnection *nc;
    natsOptions *opts;
    static closure c;
    peer p;

    closure_init(&c);
    peer_open(&p);
    opts = test_options(p.url);
    options_record(opts, &c);
    CHECK_OK(natsOptions_SetTimeout(opts, 100));
    nc = peer_connect(&p, opts);
    peer_hang_up(&p);
    CHECK(peer_accept(&p)); /* and not a word */
    CHECK(peer_expect_end(&p));
    CHECK(peer_shake_hands(&p, NULL));
    peer_settle(&p);
    CHECK_REACHED(&c.reconnected, 1);
    peer_refuse(&p);
    peer_hang_up(&p);
    natsConnection_Destroy(nc);
    peer_close(&p);
}

/* -ERR */

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
        static fixture f;

        start(&f);
        CHECK(peer_send(&f.p, texts[i][0]));
        CHECK_REACHED(&f.c.closed, 1);
        CHECK_STR(closure_order(&f.c, order), "DC");
        CHECK_STATUS(natsConnection_GetLastError(f.nc, &error), NATS_ERR);
        CHECK_STR(error, texts[i][1]);
        end(&f);
    }
}

#if OURS
static natsOptions *reconnect_on_error(natsOptions *opts) {
    CHECK_OK(natsOptions_SetReconnectOnProtocolError(opts, true));
    return opts;
}

static void error_reconnects_when_asked(void) {
    static fixture f;

    start_with(&f, reconnect_on_error, NULL);
    CHECK(peer_send(&f.p, "-ERR 'Maximum Connections Exceeded'\r\n"));
    expect_reconnect(&f);
    end(&f);
}
#endif

static void error_stale_connection(void) {
    static fixture f;

    start(&f);
    CHECK(peer_send(&f.p, "-ERR 'Stale Connection'\r\n"));
    expect_reconnect(&f);
    end(&f);
}

static void error_permissions(void) {
    const char *error = NULL;
    static fixture f;

    start(&f);
    CHECK(peer_send(&f.p, "-ERR 'Permissions Violation for Publish to \"secret\"'\r\nMSG foo 1 2\r\nhi\r\n"));
    CHECK_REACHED(&f.c.errors, 1);
    CHECK_INT(f.c.statuses[0], NATS_NOT_PERMITTED);
    CHECK(f.c.subscriptions[0] == NULL);
    CHECK_CONTAINS(f.c.error_texts[0], "Permissions Violation for Publish to \"secret\"");
    test_expect_next(f.sub, "hi"); /* it stays up */
    CHECK_STATUS(natsConnection_GetLastError(f.nc, &error), NATS_NOT_PERMITTED);
    CHECK_INT(counter_get(&f.c.disconnected), 0);
    end(&f);
}

static void error_authentication(void) {
    static fixture f;

    start(&f);
    CHECK(peer_send(&f.p, "-ERR 'User Authentication Expired'\r\n"));
    CHECK_REACHED(&f.c.errors, 1);
    CHECK_INT(f.c.statuses[0], NATS_CONNECTION_AUTH_FAILED);
    CHECK_CONTAINS(f.c.error_texts[0], "User Authentication Expired");
    peer_hang_up(&f.p); /* as the server does */
    expect_reconnect(&f);
    end(&f);
}

static void error_empty_and_long(void) {
    char *line = (char *)malloc(5000);
    char text[300];
    static fixture f;

    memset(line, 'x', 5000);
    memcpy(line, "-ERR 'Permissions Violation ", 28);
    memcpy(line + 4996, "'\r\n", 4);
    start(&f);
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
    end(&f);
}

/* INFO after the handshake */

static void async_info_replaces(void) {
    uint64_t id = 0;
    static fixture f;

    start(&f);
    CHECK_INT(natsConnection_GetMaxPayload(f.nc), 1048576);
    CHECK(peer_send(&f.p,
                    "INFO {\"server_id\":\"OTHER\",\"max_payload\":10,\"headers\":true,\"client_id\":8}\r\n"
                    "MSG foo 1 2\r\nhi\r\n"));
    test_expect_next(f.sub, "hi");
    CHECK_INT(natsConnection_GetMaxPayload(f.nc), 10);
    CHECK_OK(natsConnection_GetClientID(f.nc, &id));
    CHECK_INT(id, 8);
    CHECK_OK(natsConnection_HasHeaderSupport(f.nc));
    CHECK_STATUS(natsConnection_PublishString(f.nc, "foo", "more than ten bytes"), NATS_MAX_PAYLOAD);
    end(&f);
}

static void async_info_malformed(void) {
    static const char *const infos[] = {
        "INFO {\r\n",
        "INFO {\"max_payload\":\"x\"}\r\n",
        "INFO []\r\n",
        "INFO {}\r\n",
        "INFO null\r\n",
        "INFO {\"connect_urls\":[1,2,3]}\r\n",
        "INFO {\"connect_urls\":{}}\r\n",
        "INFO \x01\x02\r\n",
        "INFO {\"connect_urls\":[\"\",\"a\",\":\",\"::\",\"x:y\",\"[::1\",\"\\u0000\"]}\r\n",
    };
    char lost[512] = "";
    size_t i, n = 0;

    for (i = 0; i < sizeof(infos) / sizeof(infos[0]); i++) {
        natsMsg *msg = NULL;
        static fixture f;

        start(&f);
        CHECK(peer_send(&f.p, infos[i]));
        CHECK(peer_send(&f.p, "MSG foo 1 2\r\nhi\r\n"));
        if (natsSubscription_NextMsg(&msg, f.sub, 2000 * time_factor()) != NATS_OK ||
            counter_get(&f.c.disconnected) > 0)
            n += (size_t)snprintf(lost + n, sizeof(lost) - n, " %.*s;", (int)strcspn(infos[i], "\r"),
                                  infos[i]);
        natsMsg_Destroy(msg);
        end(&f);
    }
    if (n > 0)
        check_failed(__FILE__, __LINE__, "the connection is lost by%s", lost);
}

static void deeply_nested_info(void) {
    char *line = (char *)malloc(40000);
    static fixture f;
    size_t n = 0;
    int i;

    n += (size_t)sprintf(line, "INFO {\"a\":");
    for (i = 0; i < 15000; i++)
        line[n++] = '[';
    for (i = 0; i < 15000; i++)
        line[n++] = ']';
    sprintf(line + n, "}\r\nMSG foo 1 2\r\nhi\r\n");
    start(&f);
    CHECK(peer_send(&f.p, line));
    test_expect_next(f.sub, "hi");
    free(line);
    end(&f);
}

static int server_count(natsConnection *nc, natsStatus (*get)(natsConnection *, char ***, int *),
                        const char *find, bool *found) {
    char **list = NULL;
    int n = 0, i;

    CHECK_OK(get(nc, &list, &n));
    *found = false;
    for (i = 0; i < n; i++) {
        *found = *found || strcmp(list[i], find) == 0;
        free(list[i]);
    }
    free((void *)list);
    return n;
}

static void discovered_servers(void) {
    bool found;
    char order[256];
    static fixture f;

    start_with(&f, NULL, "INFO {" PEER_INFO_FIELDS ",\"connect_urls\":[\"10.0.0.1:4222\"]}\r\n");
    CHECK_INT(server_count(f.nc, natsConnection_GetServers, "nats://10.0.0.1:4222", &found), 2);
    CHECK(found);
    CHECK_INT(server_count(f.nc, natsConnection_GetDiscoveredServers, "nats://10.0.0.1:4222", &found), 1);
    CHECK(found);
    CHECK_INT(counter_get(&f.c.discovered), 0); /* the first INFO is silent */
    CHECK(peer_send(&f.p, "INFO {" PEER_INFO_FIELDS
                          ",\"connect_urls\":[\"10.0.0.1:4222\",\"10.0.0.2:4222\"]}\r\n"));
    CHECK_REACHED(&f.c.discovered, 1);
    CHECK_INT(server_count(f.nc, natsConnection_GetDiscoveredServers, "nats://10.0.0.2:4222", &found), 2);
    CHECK(found);
    /* The same again: nothing new. One gone: removed, and no call. */
    CHECK(peer_send(
        &f.p, "INFO {" PEER_INFO_FIELDS ",\"connect_urls\":[\"10.0.0.1:4222\",\"10.0.0.2:4222\"]}\r\n"
              "INFO {" PEER_INFO_FIELDS ",\"connect_urls\":[\"10.0.0.2:4222\"]}\r\nMSG foo 1 2\r\nhi\r\n"));
    test_expect_next(f.sub, "hi");
    CHECK_INT(server_count(f.nc, natsConnection_GetDiscoveredServers, "nats://10.0.0.1:4222", &found), 1);
    CHECK(!found);
    /* Absent: nothing is removed. */
    CHECK(peer_send(&f.p, "INFO {" PEER_INFO_FIELDS "}\r\nMSG foo 1 2\r\nhi\r\n"));
    test_expect_next(f.sub, "hi");
    CHECK_INT(server_count(f.nc, natsConnection_GetServers, "nats://10.0.0.2:4222", &found), 2);
    CHECK(found);
    CHECK(peer_send(&f.p, "INFO {" PEER_INFO_FIELDS ",\"connect_urls\":[\"10.0.0.3:4222\"]}\r\n"));
    CHECK_REACHED(&f.c.discovered, 2);
    CHECK_STR(closure_order(&f.c, order), "SS");
    end(&f);
}

static natsOptions *ignore_discovered(natsOptions *opts) {
    CHECK_OK(natsOptions_SetIgnoreDiscoveredServers(opts, true));
    return opts;
}

static void discovered_servers_ignored(void) {
    bool found;
    static fixture f;

    start_with(&f, ignore_discovered, "INFO {" PEER_INFO_FIELDS ",\"connect_urls\":[\"10.0.0.1:4222\"]}\r\n");
    CHECK(peer_send(&f.p, "INFO {" PEER_INFO_FIELDS
                          ",\"connect_urls\":[\"10.0.0.2:4222\"]}\r\nMSG foo 1 2\r\nhi\r\n"));
    test_expect_next(f.sub, "hi");
    CHECK_INT(server_count(f.nc, natsConnection_GetServers, "", &found), 1);
    CHECK_INT(server_count(f.nc, natsConnection_GetDiscoveredServers, "", &found), 0);
    CHECK_INT(counter_get(&f.c.discovered), 0);
    end(&f);
}

static void reconnects_to_a_discovered_server(void) {
    char info[512], url[64];
    static fixture f;
    server s;

    server_run(&s);
    snprintf(info, sizeof(info), "INFO {" PEER_INFO_FIELDS ",\"connect_urls\":[\"127.0.0.1:%d\"]}\r\n",
             s.port);
    start_with(&f, NULL, info);
    peer_refuse(&f.p);
    peer_hang_up(&f.p);
    CHECK_REACHED(&f.c.reconnected, 1);
    CHECK_OK(natsConnection_GetConnectedUrl(f.nc, url, sizeof(url)));
    CHECK_STR(url, s.url);
    CHECK_OK(natsConnection_PublishString(f.nc, "foo", "x"));
    test_expect_next(f.sub, "x");
    end(&f);
    server_stop(&s);
}

static void lame_duck(void) {
    static fixture f;

    start(&f);
    CHECK(peer_send(&f.p, "INFO {" PEER_INFO_FIELDS ",\"ldm\":true}\r\n"));
    CHECK_REACHED(&f.c.lame_duck, 1);
    CHECK_INT(counter_get(&f.c.disconnected), 0);
    end(&f);
    start_with(&f, NULL, "INFO {" PEER_INFO_FIELDS ",\"ldm\":true}\r\n");
    CHECK_REACHED(&f.c.lame_duck, 1);
    end(&f);
}

static void lame_duck_of_a_real_server(void) {
    natsConnection *nc;
    natsOptions *opts;
    static closure c;
    server s;

    closure_init(&c);
    server_start(&s, "lame_duck_duration: \"30s\"\nlame_duck_grace_period: \"1s\"\n", NULL);
    opts = test_options(s.url);
    options_record(opts, &c);
    nc = test_connect(opts);
    server_signal(&s, SIGUSR2);
    CHECK_REACHED(&c.lame_duck, 1);
    natsConnection_Destroy(nc);
    server_kill(&s);
    server_stop(&s);
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

/* Random bytes after valid beginnings. A fixed seed, so that a failure can be repeated. */
static void random_bytes(void) {
    static const char *const beginnings[] = {"",     "MSG foo 1 ", "HMSG foo 1 12 ", "INFO {", "-ERR ",
                                             "MSG ", "PING"};
    uint32_t random = 12345;
    int round, i;

    for (round = 0; round < 60; round++) {
        char noise[64];
        static fixture f;

        start_with(&f, no_reconnect, NULL);
        for (i = 0; i < (int)sizeof(noise); i++) {
            random = random * 1664525u + 1013904223u;
            noise[i] = (char)(random >> 24);
        }
        CHECK(peer_send(&f.p, beginnings[round % 7]));
        send(f.p.socket, noise, sizeof(noise), MSG_NOSIGNAL);
        send(f.p.socket, "\r\n\r\n", 4, MSG_NOSIGNAL);
        peer_hang_up(&f.p);
        CHECK_REACHED(&f.c.closed, 1);
        end(&f);
    }
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(garbage),
        TEST(garbage_closes_without_reconnect),
        TEST(unusual_but_fine),
        TEST(in_single_bytes),
        TEST(closed_in_the_middle),
#if OURS
        TEST(endless_line),
        TEST(error_reconnects_when_asked),
#endif
        TEST(announced_but_not_sent),
        TEST(memory_stays_bounded),
        TEST(reconnects_do_not_pile_up_memory),
        TEST(silent_after_accept_in_a_reconnect),
        TEST(error_closes_for_good),
        TEST(error_stale_connection),
        TEST(error_permissions),
        TEST(error_authentication),
        TEST(error_empty_and_long),
        TEST(async_info_replaces),
        TEST(async_info_malformed),
        TEST(deeply_nested_info),
        TEST(discovered_servers),
        TEST(discovered_servers_ignored),
        TEST(reconnects_to_a_discovered_server),
        TEST(lame_duck),
        TEST(lame_duck_of_a_real_server),
        TEST(permissions_of_a_real_server),
        TEST(random_bytes),
    };

    return RUN_TESTS(cases, argc, argv);
}
