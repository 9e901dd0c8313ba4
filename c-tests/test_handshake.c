/* The handshake, from INFO to PONG: the content of CONNECT, and violations of the protocol by the peer. */
#include <sys/socket.h>

#include "callbacks.h"
#include "peer.h"
#include "server.h"
#include "test.h"

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
        CHECK_OK(natsOptions_SetTokenHandler(opts, on_token, &calls));
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
            CHECK_OK(natsOptions_SetTimeout(opts, 100 * time_factor()));
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

int main(int argc, char **argv) {
    static const test_case cases[] = {
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
    };

    return RUN_TESTS(cases, argc, argv);
}
