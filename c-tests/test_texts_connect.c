/* Error texts of a failed connect: the server, its behaviour, the time, and advice. */
#include "callbacks.h"
#include "peer.h"
#include "server.h"
#include "test.h"
#include "words.h"

static natsStatus connect_once(natsOptions *opts) {
    natsConnection *nc = NULL;
    natsStatus s = natsConnection_Connect(&nc, opts);

    natsOptions_Destroy(opts);
    CHECK((s == NATS_OK) == (nc != NULL));
    natsConnection_Destroy(nc);
    return s;
}

static natsStatus connect_to(const char *url) { return connect_once(test_options(url)); }

/* The address of a loopback port as texts have it, followed by more words. */
static const char *at(int port, const char *more) {
    static char words[256];

    snprintf(words, sizeof(words), "127.0.0.1:%d%s", port, more);
    return words;
}

static void urls(void) {
    natsConnection *nc = NULL;
    natsOptions *opts = NULL;

    CHECK_SAYS(connect_to(""), NATS_INVALID_ARG, "server URL is empty");
    CHECK_SAYS(connect_to("nats://me:" SECRET "@h:abc"), NATS_INVALID_ARG, "invalid port at byte");
    CHECK_SAYS(connect_to("nats://me:" SECRET "@h:99999"), NATS_INVALID_ARG, "a number up to 65535");
    CHECK_SAYS(connect_to("nats://me:" SECRET "%zz@h:1"), NATS_ERR, "invalid percent encoding|password");
    CHECK_SAYS(connect_to("nats://me:" SECRET), NATS_INVALID_ARG, "invalid port at byte");
    CHECK_SAYS(connect_to("nats://me:" SECRET "@[::1"), NATS_INVALID_ARG, "missing ']'");
    CHECK_SAYS(connect_to("nats://me:" SECRET "@[zz]:1"), NATS_INVALID_ARG, "no IPv6 address between");
    CHECK_SAYS(connect_to("nats://me:" SECRET "@a b:1"), NATS_INVALID_ARG, "blank or a control character");
    CHECK_SAYS(natsConnection_ConnectTo(&nc, "nats://a:1,,nats://b:2"), NATS_INVALID_ARG, "URL is empty");
    CHECK_SAYS(natsConnection_ConnectTo(&nc, "nats://127.0.0.1:1,ws://127.0.0.1:2"), NATS_INVALID_ARG,
               "must be all of WebSocket (ws, wss), or none of them");
    CHECK_OK(natsOptions_Create(&opts));
    CHECK_SAYS(natsOptions_SetProxyURL(opts, "ftp://me:" SECRET "@h:1"), NATS_INVALID_ARG,
               "invalid proxy URL: the scheme must be http, socks5 or socks5h");
    natsOptions_Destroy(opts);
}

static void nobody_there(void) {
    int one = free_port(), two = free_port();
    char urls[512], words[128];
    natsConnection *nc = NULL;
    natsOptions *opts;
    int i, length = 0;

    snprintf(urls, sizeof(urls), "nats://me:" SECRET "@127.0.0.1:%d", one);
    CHECK_SAYS(connect_to(urls), NATS_NO_SERVER, at(one, ": Connection refused"));
    snprintf(urls, sizeof(urls), "localhost:%d", one);
    opts = test_options(urls);
    CHECK_OK(natsOptions_IPResolutionOrder(opts, 4));
    snprintf(words, sizeof(words), "localhost:%d: 127.0.0.1: Connection refused", one);
    CHECK_SAYS(connect_once(opts), NATS_NO_SERVER, words);
    CHECK_SAYS(connect_to("nats://no-such-host.invalid:4222"), NATS_NO_SERVER,
               "no-such-host.invalid:4222: cannot resolve host 'no-such-host.invalid'");
    /* Each of several. */
    opts = test_options(NULL);
    CHECK_OK(natsOptions_SetNoRandomize(opts, true));
    {
        char url_one[64], url_two[64];
        const char *servers[2];

        snprintf(url_one, sizeof(url_one), "nats://127.0.0.1:%d", one);
        snprintf(url_two, sizeof(url_two), "nats://me:" SECRET "@127.0.0.1:%d", two);
        servers[0] = url_one;
        servers[1] = url_two;
        CHECK_OK(natsOptions_SetServers(opts, servers, 2));
    }
    snprintf(words, sizeof(words), "127.0.0.1:%d: Connection refused|127.0.0.1:%d: Connection refused", one,
             two);
    CHECK_SAYS(connect_once(opts), NATS_NO_SERVER, words);
    /* Of many as many as there is room for. */
    for (i = 0; i < 12; i++)
        length += snprintf(urls + length, sizeof(urls) - (size_t)length, "%snats://127.0.0.1:%d",
                           i == 0 ? "" : ",", one);
    CHECK_SAYS(natsConnection_ConnectTo(&nc, urls), NATS_NO_SERVER, at(one, ": Connection refused|more"));
    CHECK(strlen(nats_GetLastError(NULL)) <= 255);
}

typedef struct script {
    const char *first;  /* sent at once, or NULL for nothing at all */
    const char *second; /* sent after the CONNECT, or NULL */
    bool stay;          /* keep the connection open */
    natsStatus status;
    const char *words;
} script;

static void play(peer *p, void *arg) {
    const script *s = (const script *)arg;

    if (!peer_accept(p))
        return;
    if (s->first != NULL && !peer_send(p, s->first))
        return;
    if (s->second != NULL && (!peer_expect(p, "PING\r\n") || !peer_send(p, s->second)))
        return;
    if (s->stay)
        peer_expect_end(p);
    else
        peer_hang_up(p);
}

static void odd_servers(void) {
    static const char old[] = "INFO {\"server_id\":\"OLD\",\"version\":\"0.9.0\",\"max_payload\":100}\r\n";
    static const script scripts[] = {
        {NULL, NULL, true, NATS_TIMEOUT, " accepted but sent no INFO in 300 ms: not a NATS port?"},
        {"INFO {\"server_id\":", NULL, true, NATS_TIMEOUT,
         " accepted but sent no whole INFO in 300 ms|INFO {\"server_id\":"},
        {NULL, NULL, false, NATS_CONNECTION_CLOSED,
         " closed the connection before any INFO: not a NATS port?"},
        {"INFO {\"serv", NULL, false, NATS_CONNECTION_CLOSED, " closed the connection within its INFO"},
        {"HTTP/1.1 400 Bad Request\r\n\r\n", NULL, true, NATS_PROTOCOL_ERROR,
         ": Unexpected protocol: got 'HTTP/1.1' instead of 'INFO'|web server"},
        {"SSH-2.0-OpenSSH_9.6\r\n", NULL, true, NATS_PROTOCOL_ERROR,
         ": Unexpected protocol: got 'SSH-2.0-OpenSSH_9.6' instead of 'INFO'|SSH"},
        {"\x15\x03\x01\x02\r\n", NULL, true, NATS_PROTOCOL_ERROR, ": Unexpected protocol|TLS"},
        {"220 mail ready\r\n", NULL, true, NATS_PROTOCOL_ERROR,
         ": Unexpected protocol: got '220' instead of 'INFO'|not a NATS port?"},
        {"-ERR 'Go Away'\r\n", NULL, true, NATS_PROTOCOL_ERROR,
         ": Unexpected protocol: got '-ERR' instead of 'INFO': Go Away"},
        {"INFO nonsense\r\n", NULL, true, NATS_ERR, ": INFO is not JSON: |at byte 2 of 'nonsense'"},
        {"INFO {\"max_payload\":\"big\"}\r\n", NULL, true, NATS_PROTOCOL_ERROR,
         ": Invalid protocol: |\"big\"|field 'max_payload'"},
        {PEER_INFO, NULL, true, NATS_TIMEOUT, " took CONNECT but sent no PONG in 300 ms"},
        {PEER_INFO, "-ERR 'maximum connections exceeded'\r\n", true, NATS_ERR,
         ": maximum connections exceeded"},
        {PEER_INFO, "-ERR 'Authorization Violation'\r\n", true, NATS_CONNECTION_AUTH_FAILED,
         ": Authorization Violation (sent: user and password)"},
        {PEER_INFO, "MSG a 1 0\r\n\r\n", true, NATS_PROTOCOL_ERROR, ": Expected 'PONG', got 'MSG'"},
        {old, NULL, true, NATS_NO_SERVER_SUPPORT, ": the server (version '0.9.0') does not support no-echo"},
    };
    size_t i;

    for (i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
        natsOptions *opts;
        peer p;

        peer_open(&p);
        opts = test_options(p.url);
        CHECK_OK(natsOptions_SetUserInfo(opts, "me", SECRET));
        if (scripts[i].status == NATS_TIMEOUT)
            CHECK_OK(natsOptions_SetTimeout(opts, 300));
        if (scripts[i].first == old)
            CHECK_OK(natsOptions_SetNoEcho(opts, true));
        peer_run(&p, play, (void *)&scripts[i]);
        CHECK_SAYS(connect_once(opts), scripts[i].status, at(p.port, scripts[i].words));
        peer_close(&p);
    }
}

/* The text begins with who refused, and the others follow. */
static void one_refuses_and_one_is_down(void) {
    static const script refuse = {PEER_INFO, "-ERR 'Authorization Violation'\r\n", true, NATS_OK, ""};
    int down = free_port();
    char url[64], words[128];
    const char *servers[2];
    natsOptions *opts = test_options(NULL);
    peer p;

    peer_open(&p);
    snprintf(url, sizeof(url), "nats://127.0.0.1:%d", down);
    servers[0] = p.url;
    servers[1] = url;
    CHECK_OK(natsOptions_SetServers(opts, servers, 2));
    peer_run(&p, play, (void *)&refuse);
    snprintf(words, sizeof(words), "127.0.0.1:%d: Authorization Violation|127.0.0.1:%d: Connection refused",
             p.port, down);
    CHECK_SAYS(connect_once(opts), NATS_CONNECTION_AUTH_FAILED, words);
    peer_close(&p);
}

static natsStatus jwt_fails(char **jwt, char **text, void *arg) {
    (void)jwt;
    (void)arg;
    *text = strdup("the vault is sealed");
    return NATS_NOT_PERMITTED;
}

static natsStatus sign_nothing(char **text, unsigned char **sig, int *length, const char *nonce, void *arg) {
    (void)text;
    (void)nonce;
    (void)arg;
    *sig = NULL;
    *length = 5;
    return NATS_OK;
}

static void credentials(void) {
    static const char *const args[] = {"--user", "me", "--pass", "pw", NULL};
    natsOptions *opts;
    char url[128];
    server s;

    server_start(&s, NULL, args);
    CHECK_SAYS(connect_to(s.url), NATS_CONNECTION_AUTH_FAILED,
               at(s.port, ": Authorization Violation (sent: no credentials)"));
    snprintf(url, sizeof(url), "nats://me:" SECRET "@127.0.0.1:%d", s.port);
    CHECK_SAYS(connect_to(url), NATS_CONNECTION_AUTH_FAILED,
               at(s.port, ": Authorization Violation (sent: user and password)"));
    snprintf(url, sizeof(url), "nats://" SECRET "@127.0.0.1:%d", s.port);
    CHECK_SAYS(connect_to(url), NATS_CONNECTION_AUTH_FAILED,
               at(s.port, ": Authorization Violation (sent: token)"));
    opts = test_options(url);
    CHECK_OK(natsOptions_SetTokenHandler(opts, on_token, NULL));
    CHECK_SAYS(connect_once(opts), NATS_ILLEGAL_STATE,
               at(s.port, ": Token and token handler options cannot be both set"));
    opts = test_options(s.url);
    CHECK_OK(natsOptions_SetUserCredentialsCallbacks(opts, jwt_fails, NULL, sign_nothing, NULL));
    CHECK_SAYS(connect_once(opts), NATS_NOT_PERMITTED, at(s.port, ": the vault is sealed"));
    server_stop(&s);
}

static void tls_and_websocket(void) {
    natsOptions *opts;
    char url[64];
    server s;

    server_run(&s);
    opts = test_options(s.url);
    CHECK_OK(natsOptions_SetSecure(opts, true));
    CHECK_SAYS(connect_once(opts), NATS_SECURE_CONNECTION_WANTED,
               at(s.port, ": TLS is required by the client|the server offers none"));
    snprintf(url, sizeof(url), "ws://127.0.0.1:%d", s.port);
    CHECK_SAYS(
        connect_to(url), NATS_PROTOCOL_ERROR,
        at(s.port, ": WebSocket handshake error: it did not answer as a WebSocket server|INFO|nats://"));
    server_stop(&s);
    server_start_ws(&s, NULL, "no_tls: true");
    snprintf(url, sizeof(url), "nats://127.0.0.1:%d", s.ws_port);
    opts = test_options(url);
    CHECK_OK(natsOptions_SetTimeout(opts, 300));
    CHECK_SAYS(connect_once(opts), NATS_TIMEOUT,
               at(s.ws_port, " accepted but sent no INFO in 300 ms: not a NATS port?|WebSocket"));
    server_stop(&s);
}

static natsStatus proxy_fails(natsSock *fd, char *host, int port, void *arg) {
    (void)host;
    (void)port;
    (void)arg;
    *fd = -1;
    return NATS_NOT_PERMITTED;
}

static void proxies(void) {
    static const script refuse = {"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", NULL, true, NATS_OK,
                                  ""};
    static const script silent = {NULL, NULL, true, NATS_OK, ""};
    int down = free_port();
    char url[64], words[256];
    natsOptions *opts;
    peer p;

    opts = test_options("nats://somewhere:4222");
    snprintf(url, sizeof(url), "http://me:" SECRET "@127.0.0.1:%d", down);
    CHECK_OK(natsOptions_SetProxyURL(opts, url));
    snprintf(words, sizeof(words), "somewhere:4222: proxy 127.0.0.1:%d: Connection refused", down);
    CHECK_SAYS(connect_once(opts), NATS_NO_SERVER, words);

    opts = test_options("nats://somewhere:4222");
    CHECK_OK(natsOptions_SetProxyConnHandler(opts, proxy_fails, NULL));
    CHECK_SAYS(connect_once(opts), NATS_NO_SERVER, "somewhere:4222: the proxy handler failed: Not Permitted");

    peer_open(&p);
    opts = test_options("nats://somewhere:4222");
    snprintf(url, sizeof(url), "http://me:" SECRET "@127.0.0.1:%d", p.port);
    CHECK_OK(natsOptions_SetProxyURL(opts, url));
    peer_run(&p, play, (void *)&refuse);
    snprintf(words, sizeof(words), "proxy 127.0.0.1:%d to somewhere:4222: it answered 407", p.port);
    CHECK_SAYS(connect_once(opts), NATS_NO_SERVER, words);
    peer_close(&p);

    peer_open(&p);
    opts = test_options("nats://somewhere:4222");
    snprintf(url, sizeof(url), "http://127.0.0.1:%d", p.port);
    CHECK_OK(natsOptions_SetProxyURL(opts, url));
    CHECK_OK(natsOptions_SetTimeout(opts, 300));
    peer_run(&p, play, (void *)&silent);
    snprintf(words, sizeof(words), "proxy 127.0.0.1:%d to somewhere:4222: it accepted but did not answer in",
             p.port);
    CHECK_SAYS(connect_once(opts), NATS_TIMEOUT, words);
    peer_close(&p);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(urls),        TEST(nobody_there),      TEST(odd_servers), TEST(one_refuses_and_one_is_down),
        TEST(credentials), TEST(tls_and_websocket), TEST(proxies),
    };
    return RUN_TESTS(cases, argc, argv);
}
