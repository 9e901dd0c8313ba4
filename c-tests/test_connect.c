/* Connecting: URLs, authentication, the handshake, its failures; the getters of a connection; closing. */
#include <sys/socket.h>

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
        "foo://127.0.0.1:%d",
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
    CHECK_ERROR(NATS_INVALID_ARG, "invalid port 'abc'");
    CHECK_STATUS(try_connect("nats://127.0.0.1:-1"), NATS_INVALID_ARG);
    CHECK_STATUS(try_connect("nats://127.0.0.1:99999999999"), NATS_INVALID_ARG);
#if OURS
    CHECK_STATUS(try_connect("nats://bad%zzuser:pass@127.0.0.1:1"), NATS_ERR);
    CHECK_ERROR(NATS_ERR, "invalid percent encoding in URL");
#endif
    CHECK_STATUS(natsConnection_ConnectTo(&nc, "nats://127.0.0.1:1,,nats://127.0.0.1:2"), NATS_INVALID_ARG);
    CHECK(nc == NULL);
#if OURS
    CHECK_STATUS(natsConnection_ConnectTo(NULL, "nats://127.0.0.1:1"), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_Connect(NULL, NULL), NATS_INVALID_ARG);
#endif
}

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

static const char *give_token(void *arg) {
    counter_add((counter *)arg, 1);
    return "the.token";
}

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
    CHECK_OK(natsOptions_SetTokenHandler(opts, give_token, &calls));
    natsConnection_Destroy(test_connect(opts));
    CHECK_INT(counter_get(&calls), 1);
    opts = test_options(url);
    CHECK_OK(natsOptions_SetTokenHandler(opts, give_token, &calls));
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
#if OURS
    CHECK_STR(natsConnection_GetName(nc), "my name");
    CHECK_OK(natsConnection_ReadLastError(nc, text, sizeof(text)));
    CHECK_STR(text, "OK");
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
    list[1] = "foo://127.0.0.1:5";
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

/* What a client with these options says in CONNECT. Freed by the caller. */
static char *connect_line(natsOptions *opts, peer *p, const char *info) {
    natsConnection *nc = NULL;
    char *line, *end;

    peer_run(p, peer_handshake, (void *)info);
    nc = test_connect(opts);
    peer_join(p);
    end = strstr(p->bytes, "\r\n");
    CHECK(strncmp(p->bytes, "CONNECT {", 9) == 0 && end != NULL && end[-1] == '}');
    CHECK(strcmp(end, "\r\nPING\r\n") == 0);
    line = strndup(p->bytes, (size_t)(end - p->bytes));
    peer_hang_up(p);
    natsConnection_Destroy(nc);
    return line;
}

static natsOptions *no_reconnect(const char *url) {
    natsOptions *opts = test_options(url);

    CHECK_OK(natsOptions_SetAllowReconnect(opts, false));
    return opts;
}

static void connect_json(void) {
    natsOptions *opts;
    char *line, version[64];
    peer p;

    peer_open(&p);
    line = connect_line(no_reconnect(p.url), &p, NULL);
    CHECK_CONTAINS(line, "\"verbose\":false");
    CHECK_CONTAINS(line, "\"pedantic\":false");
    CHECK_CONTAINS(line, "\"tls_required\":false");
    CHECK_CONTAINS(line, "\"name\":\"\"");
    CHECK_CONTAINS(line, OURS ? "\"lang\":\"rust-c\"" : "\"lang\":\"C\"");
#if OURS
    snprintf(version, sizeof(version), "\"version\":\"%s\"", NATS_RS_VERSION);
#else
    snprintf(version, sizeof(version), "\"version\":\"%s\"", nats_GetVersion());
#endif
    CHECK_CONTAINS(line, version);
    CHECK_CONTAINS(line, "\"protocol\":1");
    CHECK_CONTAINS(line, "\"echo\":true");
    CHECK_CONTAINS(line, "\"headers\":true");
    CHECK_CONTAINS(line, "\"no_responders\":true");
    CHECK(strstr(line, "\"user\"") == NULL);
    CHECK(strstr(line, "\"pass\"") == NULL);
    CHECK(strstr(line, "\"auth_token\"") == NULL);
    CHECK(strstr(line, "\"jwt\"") == NULL);
    CHECK(strstr(line, "\"nkey\"") == NULL);
    free(line);

    opts = no_reconnect(p.url);
    CHECK_OK(natsOptions_SetName(opts, "app"));
    CHECK_OK(natsOptions_SetUserInfo(opts, "me", "secret"));
    CHECK_OK(natsOptions_SetPedantic(opts, true));
    CHECK_OK(natsOptions_SetNoEcho(opts, true));
    CHECK_OK(natsOptions_DisableNoResponders(opts, true));
    line = connect_line(opts, &p, NULL);
    CHECK_CONTAINS(line, "\"pedantic\":true");
    CHECK_CONTAINS(line, "\"name\":\"app\"");
    CHECK_CONTAINS(line, "\"user\":\"me\"");
    CHECK_CONTAINS(line, "\"pass\":\"secret\"");
    CHECK_CONTAINS(line, "\"echo\":false");
    CHECK_CONTAINS(line, "\"headers\":true");
    CHECK_CONTAINS(line, "\"no_responders\":false");
    free(line);

    opts = no_reconnect(p.url);
    CHECK_OK(natsOptions_SetToken(opts, "tok"));
    line = connect_line(opts, &p, "INFO {\"server_id\":\"old\"}\r\n");
    CHECK_CONTAINS(line, "\"auth_token\":\"tok\"");
    CHECK_CONTAINS(line, "\"headers\":false");
    CHECK_CONTAINS(line, "\"no_responders\":false");
    CHECK(strstr(line, "\"user\"") == NULL);
    free(line);

    opts = no_reconnect(p.url);
    CHECK_OK(natsOptions_SetUserInfo(opts, "me", NULL));
    line = connect_line(opts, &p, NULL);
    CHECK_CONTAINS(line, "\"user\":\"me\"");
    CHECK(strstr(line, "\"pass\"") == NULL);
    CHECK(strstr(line, "\"auth_token\"") == NULL);
    free(line);
    peer_close(&p);
}

#if OURS
static void url_credentials_on_the_wire(void) {
    static const char *const forms[][3] = {
        {"nats://u:p@127.0.0.1:%d", "\"user\":\"u\"", "\"pass\":\"p\""},
        {"nats://u:@127.0.0.1:%d", "\"user\":\"u\"", "\"pass\":\"\""},
        {"nats://u:p:q@127.0.0.1:%d", "\"user\":\"u\"", "\"pass\":\"p:q\""},
        {"nats://u:p@q@127.0.0.1:%d", "\"user\":\"u\"", "\"pass\":\"p@q\""},
        {"nats://tok@127.0.0.1:%d", "\"auth_token\":\"tok\"", ""},
        {"nats://%%41:%%42@127.0.0.1:%d", "\"user\":\"A\"", "\"pass\":\"B\""},
    };
    char url[128], *line;
    size_t i;
    peer p;

    peer_open(&p);
    for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        snprintf(url, sizeof(url), forms[i][0], p.port);
        line = connect_line(no_reconnect(url), &p, NULL);
        CHECK_CONTAINS(line, forms[i][1]);
        CHECK_CONTAINS(line, forms[i][2]);
        free(line);
    }
    peer_close(&p);
}
#endif

/* Also when there are user and password: the server takes what it has use for. */
static void token_handler_is_always_asked(void) {
    static const char *const forms[][2] = {
        {"nats://127.0.0.1:%d", "\"user\":\"me\""},
        {"nats://you:secret@127.0.0.1:%d", "\"user\":\"you\""},
    };
    natsOptions *opts;
    counter calls;
    char url[128], *line;
    size_t i;
    peer p;

    counter_init(&calls);
    peer_open(&p);
    for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        snprintf(url, sizeof(url), forms[i][0], p.port);
        opts = no_reconnect(url);
        CHECK_OK(natsOptions_SetUserInfo(opts, "me", "secret"));
        CHECK_OK(natsOptions_SetTokenHandler(opts, give_token, &calls));
        line = connect_line(opts, &p, NULL);
        CHECK_CONTAINS(line, forms[i][1]);
        CHECK_CONTAINS(line, "\"pass\":\"secret\"");
        CHECK_CONTAINS(line, "\"auth_token\":\"the.token\"");
        free(line);
    }
    CHECK_INT(counter_get(&calls), 2);
    peer_close(&p);
}

#if OURS
static void connect_json_is_escaped(void) {
    natsOptions *opts;
    char *line;
    peer p;

    peer_open(&p);
    opts = no_reconnect(p.url);
    CHECK_OK(natsOptions_SetName(opts, "a\"b\\c\r\nPUB x 0\r\n"));
    CHECK_OK(natsOptions_SetUserInfo(opts, "u\"", "p\\\x01"));
    line = connect_line(opts, &p, NULL);
    CHECK_CONTAINS(line, "\"name\":\"a\\\"b\\\\c\\r\\nPUB x 0\\r\\n\"");
    CHECK_CONTAINS(line, "\"user\":\"u\\\"\"");
    CHECK_CONTAINS(line, "\"pass\":\"p\\\\\\u0001\"");
    free(line);
    opts = no_reconnect(p.url);
    CHECK_OK(natsOptions_SetToken(opts, "t\"k"));
    line = connect_line(opts, &p, NULL);
    CHECK_CONTAINS(line, "\"auth_token\":\"t\\\"k\"");
    free(line);
    peer_close(&p);
}
#endif

static void info_of_the_peer(void) {
    natsConnection *nc = NULL;
    natsOptions *opts;
    char text[64], *ip = NULL;
    uint64_t id = 0;
    peer p;

    peer_open(&p);
    nc = peer_connect(&p, no_reconnect(p.url));
    CHECK_OK(natsConnection_GetClientID(nc, &id));
    CHECK_INT(id, 7);
    CHECK_OK(natsConnection_GetConnectedServerId(nc, text, sizeof(text)));
    CHECK_STR(text, "FAKE");
    peer_hang_up(&p);
    natsConnection_Destroy(nc);

    opts = no_reconnect(p.url);
    peer_run(&p, peer_handshake,
             (void *)"INFO {\"server_id\":null,\"unknown\":{\"a\":[1,2]},\"max_payload\":10}\r\n");
    nc = test_connect(opts);
    peer_join(&p);
    CHECK_STATUS(natsConnection_GetClientID(nc, &id), NATS_NO_SERVER_SUPPORT);
    CHECK_STATUS(natsConnection_GetClientIP(nc, &ip), NATS_NO_SERVER_SUPPORT);
    CHECK_STATUS(natsConnection_HasHeaderSupport(nc), NATS_NO_SERVER_SUPPORT);
    CHECK_INT(natsConnection_GetMaxPayload(nc), 10);
    peer_hang_up(&p);
    natsConnection_Destroy(nc);
    peer_close(&p);
}

/* A handshake that goes wrong: what the peer says, and what Connect must return. */
typedef struct bad_handshake {
    const char *hello;  /* sent after accept, NULL: nothing */
    const char *answer; /* sent after CONNECT and PING, NULL: nothing */
    bool hang_up;       /* then close, else stay silent */
    natsStatus status;  /* NATS_OK: any failure */
    const char *text;   /* part of the error text */
} bad_handshake;

static void play_bad_handshake(peer *p, void *arg) {
    const bad_handshake *b = (const bad_handshake *)arg;

    if (!peer_accept(p))
        return;
    if (b->hello != NULL)
        peer_send(p, b->hello);
    if (b->answer != NULL && peer_expect_within(p, "PING\r\n", deadline_ms()))
        peer_send(p, b->answer);
    if (b->hang_up)
        peer_hang_up(p);
}

static void bad_handshakes(void) {
    static const bad_handshake cases[] = {
        {"HELLO {}\r\n", NULL, false, NATS_PROTOCOL_ERROR, "instead of 'INFO'"},
        {"-ERR 'Authorization Violation'\r\n", NULL, false, NATS_PROTOCOL_ERROR,
         "got '-ERR' instead of 'INFO'"},
        {"\r\n", NULL, false, NATS_PROTOCOL_ERROR, ""},
        {"INFO {\"server_id\":\r\n", NULL, false, NATS_ERR, ""},
        {"INFO {\"max_payload\":\"text\"}\r\n", NULL, false, NATS_PROTOCOL_ERROR, "Invalid protocol"},
        {"INFO {\"server_id\":12}\r\n", NULL, false, NATS_PROTOCOL_ERROR, "Invalid protocol"},
        {PEER_INFO, "-ERR 'Authorization Violation'\r\n", true, NATS_CONNECTION_AUTH_FAILED,
         "Authorization Violation"},
        {PEER_INFO, "-ERR 'User Authentication Expired'\r\n", true, NATS_CONNECTION_AUTH_FAILED,
         "User Authentication Expired"},
        {PEER_INFO, "-ERR 'Maximum Connections Exceeded'\r\n", true, NATS_ERR,
         "Maximum Connections Exceeded"},
        {PEER_INFO, "MSG foo 1 0\r\n\r\n", false, NATS_PROTOCOL_ERROR, "Expected 'PONG'"},
        {PEER_INFO, "PING\r\n", false, NATS_PROTOCOL_ERROR, "Expected 'PONG'"},
        {PEER_INFO, NULL, true, NATS_OK, ""},
        {NULL, NULL, true, NATS_OK, ""},
        {"INFO {", NULL, true, NATS_OK, ""},
        {NULL, NULL, false, NATS_TIMEOUT, ""},
        {"INFO {\"server_id\":\"half", NULL, false, NATS_TIMEOUT, ""},
#if OURS
        {PEER_INFO, NULL, false, NATS_TIMEOUT, ""}, /* 3.4.1 hangs */
#endif
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        natsConnection *nc = NULL;
        natsOptions *opts;
        natsStatus s;
        peer p;

        peer_open(&p);
        opts = test_options(p.url);
        if (cases[i].status == NATS_TIMEOUT)
            CHECK_OK(natsOptions_SetTimeout(opts, 100));
        peer_run(&p, play_bad_handshake, (void *)&cases[i]);
        s = natsConnection_Connect(&nc, opts);
        natsOptions_Destroy(opts);
        if (nc != NULL || (cases[i].status == NATS_OK ? s == NATS_OK : s != cases[i].status))
            check_failed(__FILE__, __LINE__, "handshake %d: %s (%s), not %s", (int)i, natsStatus_GetText(s),
                         nats_GetLastError(NULL), natsStatus_GetText(cases[i].status));
        CHECK_CONTAINS(nats_GetLastError(NULL), cases[i].text);
        peer_close(&p);
    }
}

static void play_endless_info(peer *p, void *arg) {
    char chunk[4096];
    int i;

    (void)arg;
    memset(chunk, 'a', sizeof(chunk));
    if (!peer_accept(p) || !peer_send(p, "INFO {\"server_id\":\""))
        return;
    for (i = 0; i < 4096; i++) /* 16 MiB, unless the client has had enough */
        if (send(p->socket, chunk, sizeof(chunk), MSG_NOSIGNAL) <= 0)
            return;
}

static void endless_info_line(void) {
    natsConnection *nc = NULL;
    natsOptions *opts;
    peer p;

    peer_open(&p);
    opts = test_options(p.url);
    peer_run(&p, play_endless_info, NULL);
    CHECK_STATUS(natsConnection_Connect(&nc, opts), NATS_LINE_TOO_LONG);
    natsOptions_Destroy(opts);
    peer_join(&p);
    peer_close(&p);
}

static void play_slow_handshake(peer *p, void *arg) {
    const char *info = PEER_INFO "PONG\r\n";

    (void)arg;
    if (!peer_accept(p))
        return;
    for (; *info != '\0'; info++) { /* byte by byte, the PONG after the PING */
        if (strncmp(info, "PONG", 4) == 0 && !peer_expect(p, "PING\r\n"))
            return;
        if (!peer_send_bytes(p, info, 1))
            return;
    }
}

static void handshake_in_single_bytes(void) {
    natsConnection *nc;
    peer p;

    peer_open(&p);
    peer_run(&p, play_slow_handshake, NULL);
    nc = test_connect(no_reconnect(p.url));
    peer_join(&p);
    peer_hang_up(&p);
    natsConnection_Destroy(nc);
    peer_close(&p);
}

static void play_verbose(peer *p, void *arg) {
    (void)arg;
    if (peer_accept(p) && peer_send(p, PEER_INFO) && peer_expect(p, "\"verbose\":true") &&
        peer_expect(p, "PING\r\n"))
        peer_send(p, "+OK\r\nPONG\r\n");
}

static void verbose(void) {
    natsConnection *nc = NULL;
    natsOptions *opts;
    server s;
    peer p;

    peer_open(&p);
    opts = no_reconnect(p.url);
    CHECK_OK(natsOptions_SetVerbose(opts, true));
    peer_run(&p, play_verbose, NULL);
    nc = test_connect(opts);
    peer_join(&p);
    peer_hang_up(&p);
    natsConnection_Destroy(nc);
    /* +OK must come first. */
    opts = no_reconnect(p.url);
    CHECK_OK(natsOptions_SetVerbose(opts, true));
    peer_run(&p, peer_handshake, NULL);
    nc = NULL;
    CHECK_STATUS(natsConnection_Connect(&nc, opts), NATS_PROTOCOL_ERROR);
    peer_join(&p);
    natsOptions_Destroy(opts);
    peer_close(&p);

    server_run(&s);
    opts = test_options(s.url);
    CHECK_OK(natsOptions_SetVerbose(opts, true));
    CHECK_OK(natsOptions_SetPedantic(opts, true));
    nc = test_connect(opts);
    CHECK_OK(natsConnection_PublishString(nc, "foo", "bar"));
    CHECK_OK(natsConnection_Flush(nc));
    natsConnection_Destroy(nc);
    server_stop(&s);
}

static void no_echo(void) {
    natsConnection *nc, *refused = NULL;
    natsSubscription *sub = NULL;
    natsMsg *msg = NULL;
    natsOptions *opts;
    server s;
    peer p;

    server_run(&s);
    opts = test_options(s.url);
    CHECK_OK(natsOptions_SetNoEcho(opts, true));
    nc = test_connect(opts);
    CHECK_OK(natsConnection_SubscribeSync(&sub, nc, "foo"));
    CHECK_OK(natsConnection_PublishString(nc, "foo", "bar"));
    CHECK_OK(natsConnection_Flush(nc));
    CHECK_STATUS(natsSubscription_NextMsg(&msg, sub, 0), NATS_TIMEOUT);
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
    server_stop(&s);

    peer_open(&p);
    opts = no_reconnect(p.url);
    CHECK_OK(natsOptions_SetNoEcho(opts, true));
    {
        static const bad_handshake old = {"INFO {\"server_id\":\"old\",\"proto\":0}\r\n", NULL, false,
                                          NATS_OK, ""};

        peer_run(&p, play_bad_handshake, (void *)&old);
    }
    CHECK_STATUS(natsConnection_Connect(&refused, opts), NATS_NO_SERVER_SUPPORT);
    natsOptions_Destroy(opts);
    peer_close(&p);
}

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

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(url_forms),
        TEST(bad_urls),
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
        TEST(connect_json),
#if OURS
        TEST(url_credentials_on_the_wire),
#endif
        TEST(token_handler_is_always_asked),
#if OURS
        TEST(connect_json_is_escaped),
#endif
        TEST(info_of_the_peer),
        TEST(bad_handshakes),
        TEST(endless_info_line),
        TEST(handshake_in_single_bytes),
        TEST(verbose),
        TEST(no_echo),
        TEST(closing),
        TEST(close_flushes),
        TEST(close_is_not_held_up_by_a_silent_server),
        TEST(flush_from_many_threads_is_matched),
        TEST(answers_server_pings),
#if OURS
        TEST(closing_asks_only_what_is_open),
#endif
        TEST(client_pings_on_schedule),
    };

    return RUN_TESTS(cases, argc, argv);
}
