/* INFO after the handshake: limits, discovered servers, lame duck mode. */
#include <signal.h>

#include "callbacks.h"
#include "peer.h"
#include "peer_fixture.h"
#include "server.h"
#include "test.h"

static void async_info_replaces(void) {
    uint64_t id = 0;
    static peer_fixture f;

    peer_fixture_start(&f);
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
    peer_fixture_end(&f);
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
        static peer_fixture f;

        peer_fixture_start(&f);
        CHECK(peer_send(&f.p, infos[i]));
        CHECK(peer_send(&f.p, "MSG foo 1 2\r\nhi\r\n"));
        if (natsSubscription_NextMsg(&msg, f.sub, 2000 * time_factor()) != NATS_OK ||
            counter_get(&f.c.disconnected) > 0)
            n += (size_t)snprintf(lost + n, sizeof(lost) - n, " %.*s;", (int)strcspn(infos[i], "\r"),
                                  infos[i]);
        natsMsg_Destroy(msg);
        peer_fixture_end(&f);
    }
    if (n > 0)
        check_failed(__FILE__, __LINE__, "the connection is lost by%s", lost);
}

static void deeply_nested_info(void) {
    char *line = (char *)malloc(40000);
    static peer_fixture f;
    size_t n = 0;
    int i;

    n += (size_t)sprintf(line, "INFO {\"a\":");
    for (i = 0; i < 15000; i++)
        line[n++] = '[';
    for (i = 0; i < 15000; i++)
        line[n++] = ']';
    sprintf(line + n, "}\r\nMSG foo 1 2\r\nhi\r\n");
    peer_fixture_start(&f);
    CHECK(peer_send(&f.p, line));
    test_expect_next(f.sub, "hi");
    free(line);
    peer_fixture_end(&f);
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
    static peer_fixture f;

    peer_fixture_start_with(&f, NULL, "INFO {" PEER_INFO_FIELDS ",\"connect_urls\":[\"10.0.0.1:4222\"]}\r\n");
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
    peer_fixture_end(&f);
}

static natsOptions *ignore_discovered(natsOptions *opts) {
    CHECK_OK(natsOptions_SetIgnoreDiscoveredServers(opts, true));
    return opts;
}

static void discovered_servers_ignored(void) {
    bool found;
    static peer_fixture f;

    peer_fixture_start_with(&f, ignore_discovered,
                            "INFO {" PEER_INFO_FIELDS ",\"connect_urls\":[\"10.0.0.1:4222\"]}\r\n");
    CHECK(peer_send(&f.p, "INFO {" PEER_INFO_FIELDS
                          ",\"connect_urls\":[\"10.0.0.2:4222\"]}\r\nMSG foo 1 2\r\nhi\r\n"));
    test_expect_next(f.sub, "hi");
    CHECK_INT(server_count(f.nc, natsConnection_GetServers, "", &found), 1);
    CHECK_INT(server_count(f.nc, natsConnection_GetDiscoveredServers, "", &found), 0);
    CHECK_INT(counter_get(&f.c.discovered), 0);
    peer_fixture_end(&f);
}

static void reconnects_to_a_discovered_server(void) {
    char info[512], url[64];
    static peer_fixture f;
    server s;

    server_run(&s);
    snprintf(info, sizeof(info), "INFO {" PEER_INFO_FIELDS ",\"connect_urls\":[\"127.0.0.1:%d\"]}\r\n",
             s.port);
    peer_fixture_start_with(&f, NULL, info);
    peer_refuse(&f.p);
    peer_hang_up(&f.p);
    CHECK_REACHED(&f.c.reconnected, 1);
    CHECK_OK(natsConnection_GetConnectedUrl(f.nc, url, sizeof(url)));
    CHECK_STR(url, s.url);
    CHECK_OK(natsConnection_PublishString(f.nc, "foo", "x"));
    test_expect_next(f.sub, "x");
    peer_fixture_end(&f);
    server_stop(&s);
}

static void lame_duck(void) {
    static peer_fixture f;

    peer_fixture_start(&f);
    CHECK(peer_send(&f.p, "INFO {" PEER_INFO_FIELDS ",\"ldm\":true}\r\n"));
    CHECK_REACHED(&f.c.lame_duck, 1);
    CHECK_INT(counter_get(&f.c.disconnected), 0);
    peer_fixture_end(&f);
    peer_fixture_start_with(&f, NULL, "INFO {" PEER_INFO_FIELDS ",\"ldm\":true}\r\n");
    CHECK_REACHED(&f.c.lame_duck, 1);
    peer_fixture_end(&f);
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

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(async_info_replaces), TEST(async_info_malformed),       TEST(deeply_nested_info),
        TEST(discovered_servers),  TEST(discovered_servers_ignored), TEST(reconnects_to_a_discovered_server),
        TEST(lame_duck),           TEST(lame_duck_of_a_real_server),
    };

    return RUN_TESTS(cases, argc, argv);
}
