/* Connecting: URLs, authentication, the statuses of failures; the getters of a connection. */
#include "callbacks.h"
#include "peer.h"
#include "server.h"
#include "test.h"

static natsStatus try_connect(const char *url) {
    natsConnection *nc = NULL;
    natsOptions *opts = test_options(url);
    natsStatus s = natsConnection_Connect(&nc, opts);

    natsOptions_Destroy(opts);
    CHECK((s == NATS_OK) == (nc != NULL));
    natsConnection_Destroy(nc);
    return s;
}

static void url_forms(void) {
    static const char *const forms[] = {
        "nats://127.0.0.1:%d",
        "127.0.0.1:%d",
        "localhost:%d",
        "  nats://127.0.0.1:%d  ",
        "://127.0.0.1:%d",
        "NATS://localhost:%d",
        "nats://127.0.0.1:%d/path",
        "nats://me:secret@127.0.0.1:%d",
        "nats://me:@localhost:%d",
    };
    server s;
    char url[128];
    size_t i;

    server_run(&s);
    for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        snprintf(url, sizeof(url), forms[i], s.port);
        if (try_connect(url) != NATS_OK)
            check_failed(__FILE__, __LINE__, "'%s' does not connect", url);
    }
    server_stop(&s);
}

static void bad_urls(void) {
    natsConnection *nc = NULL;

#if OURS
    CHECK_STATUS(try_connect(""), NATS_INVALID_ARG);
#endif
    CHECK_STATUS(try_connect("nats://127.0.0.1:abc"), NATS_INVALID_ARG);
    CHECK_ERROR(NATS_INVALID_ARG, "invalid port ");
    CHECK_STATUS(try_connect("nats://127.0.0.1:-1"), NATS_INVALID_ARG);
    CHECK_STATUS(try_connect("nats://127.0.0.1:99999999999"), NATS_INVALID_ARG);
#if OURS
    CHECK_STATUS(try_connect("nats://bad%zzuser:pass@127.0.0.1:1"), NATS_ERR);
    CHECK_ERROR(NATS_ERR,
                "invalid percent encoding in URL: user: no two hexadecimal digits follow '%' at its byte 4");
    CHECK_STATUS(try_connect("nats://user:sesame7%zz@127.0.0.1:1"), NATS_ERR);
    CHECK_ERROR(NATS_ERR, "invalid percent encoding in URL: password: ");
    CHECK(strstr(nats_GetLastError(NULL), "sesame") == NULL);
    CHECK_STATUS(try_connect("nats://user:sesame7"), NATS_INVALID_ARG); /* the host is missing */
    CHECK(strstr(nats_GetLastError(NULL), "sesame") == NULL);
    CHECK_STATUS(natsConnection_ConnectTo(&nc, "nats://user:sesame7,more@127.0.0.1:1"), NATS_INVALID_ARG);
    CHECK(strstr(nats_GetLastError(NULL), "sesame") == NULL);
    CHECK_ERROR(NATS_INVALID_ARG, "server 1 of 2: ");
#endif
    CHECK_STATUS(natsConnection_ConnectTo(&nc, "nats://127.0.0.1:1,,nats://127.0.0.1:2"), NATS_INVALID_ARG);
    CHECK(nc == NULL);
#if OURS
    CHECK_STATUS(natsConnection_ConnectTo(NULL, "nats://127.0.0.1:1"), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_Connect(NULL, NULL), NATS_INVALID_ARG);
#endif
}

#if OURS
/* Schemes that there are not must not mean the one without TLS. */
static void unknown_schemes(void) {
    static const char *const urls[] = {
        "tsl://me:sesame7@127.0.0.1:1", "ssl://127.0.0.1:1", "https://127.0.0.1:1",
        "http://127.0.0.1:1",           "foo://127.0.0.1:1", "tls:/127.0.0.1:1"};
    natsConnection *nc = NULL;
    natsOptions *opts = test_options("nats://127.0.0.1:1");
    char list[128];
    size_t i;

    for (i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        const char *servers[] = {"nats://127.0.0.1:1", urls[i]};

        CHECK_STATUS(natsOptions_SetURL(opts, urls[i]), NATS_INVALID_ARG);
        CHECK_ERROR(NATS_INVALID_ARG, "scheme");
        CHECK_STATUS(natsOptions_SetServers(opts, servers, 2), NATS_INVALID_ARG);
        CHECK_ERROR(NATS_INVALID_ARG, "server 2 of the list: ");
        CHECK_STATUS(natsConnection_ConnectTo(&nc, urls[i]), NATS_INVALID_ARG);
        CHECK(strstr(nats_GetLastError(NULL), "sesame") == NULL);
        snprintf(list, sizeof(list), "127.0.0.1:1,%s", urls[i]);
        CHECK_STATUS(natsConnection_ConnectTo(&nc, list), NATS_INVALID_ARG);
        CHECK(strstr(nats_GetLastError(NULL), "sesame") == NULL);
    }
    CHECK_STATUS(natsOptions_SetProxyURL(opts, "https://127.0.0.1:1"), NATS_INVALID_ARG);
    CHECK_STATUS(natsOptions_SetURL(opts, "tsl://127.0.0.1:1"), NATS_INVALID_ARG);
    CHECK_ERROR(NATS_INVALID_ARG, "it must be nats, tls, ws or wss, or be left out");
    natsOptions_Destroy(opts);
}

/* A program that does not check its URL is not connected to the default server, to which it would send its
 * password. */
static void refused_servers(void) {
    const char *refused[] = {"tcp://127.0.0.1:1"}, *others[] = {"nats://127.0.0.1:1"};
    natsConnection *nc = NULL;
    natsOptions *opts = NULL;

    CHECK_OK(natsOptions_Create(&opts));
    CHECK_STATUS(natsOptions_SetURL(opts, "nats+tls://127.0.0.1:1"), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_Connect(&nc, opts), NATS_INVALID_ARG);
    CHECK_ERROR(NATS_INVALID_ARG, "it must be nats, tls, ws or wss, or be left out");
    CHECK_OK(natsOptions_SetURL(opts, NULL));
    CHECK_STATUS(natsOptions_SetServers(opts, refused, 1), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_Connect(&nc, opts), NATS_INVALID_ARG);
    CHECK_ERROR(NATS_INVALID_ARG, "server 1 of the list: ");
    CHECK_STATUS(natsOptions_SetURL(opts, "nats://\xff"), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_Connect(&nc, opts), NATS_INVALID_ARG);
    CHECK_ERROR(NATS_INVALID_ARG, "UTF-8");
    CHECK(nc == NULL);
    /* Others that the program has named are used. */
    CHECK_OK(natsOptions_SetServers(opts, others, 1));
    CHECK_STATUS(natsOptions_SetURL(opts, "tcp://127.0.0.1:1"), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_Connect(&nc, opts), NATS_NO_SERVER);
    natsOptions_Destroy(opts);
}
#endif

static void url_list(void) {
    natsConnection *nc = NULL;
    char urls[200], text[128];
    server s;

    server_run(&s);
    snprintf(urls, sizeof(urls), "nats://127.0.0.1:%d, nats://127.0.0.1:%d , nats://127.0.0.1:%d",
             free_port(), s.port, free_port());
    CHECK_OK(natsConnection_ConnectTo(&nc, urls));
    CHECK_OK(natsConnection_GetConnectedUrl(nc, text, sizeof(text)));
    CHECK_STR(text, s.url);
    CHECK(nats_GetLastError(NULL) == NULL); /* a successful connect leaves none */
    natsConnection_Destroy(nc);
    server_stop(&s);
}

static void no_server(void) {
    char url[64];

    snprintf(url, sizeof(url), "nats://127.0.0.1:%d", free_port());
    CHECK_STATUS(try_connect(url), NATS_NO_SERVER);
    CHECK_STATUS(try_connect("nats://no-such-host.invalid:4222"), NATS_NO_SERVER);
}

static void user_and_password(void) {
    static const char *const args[] = {"--user", "me", "--pass", "secret", NULL};
    natsConnection *nc = NULL;
    natsOptions *opts;
    char url[128];
    server s;

    server_start(&s, NULL, args);
    CHECK_STATUS(try_connect(s.url), NATS_CONNECTION_AUTH_FAILED);
    CHECK_ERROR(NATS_CONNECTION_AUTH_FAILED, "Authorization Violation");
    snprintf(url, sizeof(url), "nats://me:wrong@127.0.0.1:%d", s.port);
    CHECK_STATUS(try_connect(url), NATS_CONNECTION_AUTH_FAILED);
    snprintf(url, sizeof(url), "nats://me:secret@127.0.0.1:%d", s.port);
    CHECK_OK(try_connect(url));
    opts = test_options(s.url);
    CHECK_OK(natsOptions_SetUserInfo(opts, "me", "wrong"));
    CHECK_STATUS(natsConnection_Connect(&nc, opts), NATS_CONNECTION_AUTH_FAILED);
    CHECK_OK(natsOptions_SetURL(opts, url)); /* the URL's go first */
    CHECK_OK(natsConnection_Connect(&nc, opts));
    natsConnection_Destroy(nc);
    nc = NULL;
    CHECK_OK(natsOptions_SetURL(opts, s.url));
    CHECK_OK(natsOptions_SetUserInfo(opts, "me", "secret"));
    nc = test_connect(opts);
    natsConnection_Destroy(nc);
    server_stop(&s);
}

#if OURS
static void percent_encoded_password(void) {
    natsConnection *nc;
    char url[128], text[128];
    server s;

    server_start(&s, "authorization { user: \"a b\", password: \"p@ss:w/d\" }\n", NULL);
    snprintf(url, sizeof(url), "nats://a%%20b:p%%40ss%%3Aw%%2Fd@127.0.0.1:%d", s.port);
    nc = test_connect_url(url);
    CHECK_OK(natsConnection_GetConnectedUrl(nc, text, sizeof(text)));
    CHECK_STR(text, url); /* as written */
    natsConnection_Destroy(nc);
    server_stop(&s);
}
#endif

static void token(void) {
    static const char *const args[] = {"--auth", "the.token", NULL};
    natsConnection *nc = NULL;
    natsOptions *opts;
    counter calls;
    char url[128];
    server s;

    counter_init(&calls);
    server_start(&s, NULL, args);
    CHECK_STATUS(try_connect(s.url), NATS_CONNECTION_AUTH_FAILED);
    snprintf(url, sizeof(url), "nats://the.token@127.0.0.1:%d", s.port);
    CHECK_OK(try_connect(url));
    opts = test_options(s.url);
    CHECK_OK(natsOptions_SetToken(opts, "the.token"));
    natsConnection_Destroy(test_connect(opts));
    opts = test_options(s.url);
    CHECK_OK(natsOptions_SetTokenHandler(opts, on_token, &calls));
    natsConnection_Destroy(test_connect(opts));
    CHECK_INT(counter_get(&calls), 1);
    opts = test_options(url);
    CHECK_OK(natsOptions_SetTokenHandler(opts, on_token, &calls));
    CHECK_STATUS(natsConnection_Connect(&nc, opts), NATS_ILLEGAL_STATE);
    CHECK_ERROR(NATS_ILLEGAL_STATE, "Token and token handler options cannot be both set");
    natsOptions_Destroy(opts);
    server_stop(&s);
}

static void status_of_the_last_server(void) {
    static const char *const args[] = {"--auth", "the.token", NULL};
    natsConnection *nc = NULL;
    natsOptions *opts;
    char dead[64];
    const char *list[2];
    server s;

    server_start(&s, NULL, args);
    snprintf(dead, sizeof(dead), "nats://127.0.0.1:%d", free_port());
    list[0] = dead;
    list[1] = s.url;
    opts = test_options(NULL);
    CHECK_OK(natsOptions_SetNoRandomize(opts, true));
    CHECK_OK(natsOptions_SetServers(opts, list, 2));
    CHECK_STATUS(natsConnection_Connect(&nc, opts), NATS_CONNECTION_AUTH_FAILED);
    CHECK(nc == NULL);
    natsOptions_Destroy(opts);
    server_stop(&s);
}

static void getters(void) {
    natsConnection *nc;
    natsOptions *opts;
    char text[128], small[5], *ip = NULL;
    const char *error = NULL;
    uint64_t id = 0;
    int64_t rtt = 0;
    int port = 0;
    server s;

    server_run(&s);
    opts = test_options(s.url);
    CHECK_OK(natsOptions_SetName(opts, "my name"));
    nc = test_connect(opts);
    CHECK_INT(natsConnection_Status(nc), NATS_CONN_STATUS_CONNECTED);
    CHECK(!natsConnection_IsClosed(nc));
    CHECK(!natsConnection_IsReconnecting(nc));
    CHECK(!natsConnection_IsDraining(nc));
    CHECK_OK(natsConnection_GetConnectedUrl(nc, text, sizeof(text)));
    CHECK_STR(text, s.url);
    CHECK_STATUS(natsConnection_GetConnectedUrl(nc, small, sizeof(small)), NATS_INSUFFICIENT_BUFFER);
    CHECK_STR(small, "");
    CHECK_OK(natsConnection_GetConnectedServerId(nc, text, sizeof(text)));
    CHECK_INT(strlen(text), 56);
    CHECK_STATUS(natsConnection_GetConnectedServerId(nc, small, sizeof(small)), NATS_INSUFFICIENT_BUFFER);
    CHECK_STR(small, "");
    CHECK_INT(natsConnection_GetMaxPayload(nc), 1048576);
    CHECK_OK(natsConnection_HasHeaderSupport(nc));
    CHECK_OK(natsConnection_GetClientID(nc, &id));
    CHECK(id > 0);
    CHECK_OK(natsConnection_GetClientIP(nc, &ip));
    CHECK_STR(ip, "127.0.0.1");
    free(ip);
    ip = NULL;
    CHECK_OK(natsConnection_GetLocalIPAndPort(nc, &ip, &port));
    CHECK_STR(ip, "127.0.0.1");
    CHECK(port > 0 && port != s.port);
    free(ip);
    CHECK_OK(natsConnection_GetRTT(nc, &rtt));
    CHECK(rtt > 0);
    CHECK_OK(natsConnection_Flush(nc));
    CHECK_INT(natsConnection_Buffered(nc), 0);
    CHECK_STATUS(natsConnection_GetLastError(nc, &error), NATS_OK);
    CHECK_STR(error, "");
#if OURS
    CHECK_STR(natsConnection_GetName(nc), "my name");
    memset(text, 'x', sizeof(text));
    CHECK_OK(natsConnection_ReadLastError(nc, text, sizeof(text)));
    CHECK_STR(text, "");
#endif
    natsConnection_Destroy(nc);
    server_stop(&s);
}

static void getters_refuse(void) {
    natsConnection *nc;
    natsStatistics *stats = NULL;
    char text[128], **list = NULL, *ip = NULL;
    uint64_t id = 0;
    int64_t rtt = 0;
    int n = 0;
    peer p;

    CHECK_INT(natsConnection_Status(NULL), NATS_CONN_STATUS_CLOSED);
    CHECK(natsConnection_IsClosed(NULL));
    CHECK(!natsConnection_IsReconnecting(NULL));
    CHECK(!natsConnection_IsDraining(NULL));
#if OURS
    CHECK_INT(natsConnection_Buffered(NULL), -1);
#endif
    CHECK_INT(natsConnection_GetMaxPayload(NULL), 0);
    CHECK_OK(natsStatistics_Create(&stats));
    CHECK_STATUS(natsConnection_GetStats(NULL, stats), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_GetConnectedUrl(NULL, text, sizeof(text)), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_GetConnectedServerId(NULL, text, sizeof(text)), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_GetServers(NULL, &list, &n), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_GetDiscoveredServers(NULL, &list, &n), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_GetClientID(NULL, &id), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_GetClientIP(NULL, &ip), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_GetLocalIPAndPort(NULL, &ip, &n), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_HasHeaderSupport(NULL), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_GetRTT(NULL, &rtt), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_Flush(NULL), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_FlushTimeout(NULL, 10), NATS_INVALID_ARG);
    natsConnection_Close(NULL);
    natsConnection_Destroy(NULL);

    peer_open(&p);
    nc = peer_connect(&p, test_options(p.url));
    CHECK_STATUS(natsConnection_GetStats(nc, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_GetConnectedUrl(nc, NULL, 10), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_GetConnectedServerId(nc, NULL, 10), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_GetServers(nc, NULL, &n), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_GetServers(nc, &list, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_GetClientID(nc, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_GetClientIP(nc, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_GetLocalIPAndPort(nc, NULL, &n), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_GetRTT(nc, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_FlushTimeout(nc, 0), NATS_INVALID_TIMEOUT);
    CHECK_STATUS(natsConnection_FlushTimeout(nc, -1), NATS_INVALID_TIMEOUT);
    CHECK_STATUS(natsConnection_FlushTimeout(nc, 20), NATS_TIMEOUT); /* the peer is silent */
    natsStatistics_Destroy(stats);
    peer_refuse(&p);
    peer_hang_up(&p);
    natsConnection_Destroy(nc);
    peer_close(&p);
}

static void servers_list(void) {
    natsConnection *nc;
    natsOptions *opts;
    const char *list[3];
    char with_user[128], want[64], **got = NULL;
    server s;
    int n = 0, i;

    server_run(&s);
    snprintf(with_user, sizeof(with_user), "nats://user:pass@127.0.0.1:%d", s.port);
    list[0] = with_user;
    list[1] = "NATS://127.0.0.1:5";
    list[2] = "127.0.0.1";
    opts = test_options(NULL);
    CHECK_OK(natsOptions_SetNoRandomize(opts, true));
    CHECK_OK(natsOptions_SetServers(opts, list, 3));
    nc = test_connect(opts);
    CHECK_OK(natsConnection_GetServers(nc, &got, &n));
    CHECK_INT(n, 3);
    CHECK_STR(got[0], s.url);
    CHECK_STR(got[1], "nats://127.0.0.1:5");
    CHECK_STR(got[2], "nats://127.0.0.1:4222");
    for (i = 0; i < n; i++)
        free(got[i]);
    free((void *)got);
    got = NULL;
    CHECK_OK(natsConnection_GetDiscoveredServers(nc, &got, &n));
    CHECK_INT(n, 0);
    free((void *)got);
    natsConnection_Destroy(nc);

    /* A URL beside the list goes first. */
    snprintf(want, sizeof(want), "nats://127.0.0.1:%d", s.port);
    opts = test_options(s.url);
    list[0] = "nats://127.0.0.1:6";
    CHECK_OK(natsOptions_SetServers(opts, list, 3));
    nc = test_connect(opts);
    CHECK_OK(natsConnection_GetServers(nc, &got, &n));
    CHECK_INT(n, 4);
    CHECK_STR(got[0], want);
    for (i = 0; i < n; i++)
        free(got[i]);
    free((void *)got);
    natsConnection_Destroy(nc);
    server_stop(&s);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(url_forms),
        TEST(bad_urls),
#if OURS
        TEST(unknown_schemes),
        TEST(refused_servers),
#endif
        TEST(url_list),
        TEST(no_server),
        TEST(user_and_password),
#if OURS
        TEST(percent_encoded_password),
#endif
        TEST(token),
        TEST(status_of_the_last_server),
        TEST(getters),
        TEST(getters_refuse),
        TEST(servers_list),
    };

    return RUN_TESTS(cases, argc, argv);
}
