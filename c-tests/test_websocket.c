/* WebSocket against nats-server's listener, and against servers that violate its rules. */
#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>

#include "callbacks.h"
#include "certs.h"
#include "peer.h"
#include "server.h"
#include "test.h"

static void run_ws(server *s, const char *conf) { server_start_ws(s, conf, "no_tls: true"); }

static void run_wss(server *s) {
    char block[600];

    snprintf(block, sizeof(block), "tls { cert_file: \"%s\", key_file: \"%s\", timeout: 60 }",
             cert("server.pem"), cert("server.key"));
    server_start_ws(s, NULL, block);
}

/* Publishes, requests, headers and queue groups go through. */
static void exercise(natsConnection *nc) {
    natsSubscription *sub = NULL, *queue[2] = {NULL, NULL}, *service = NULL;
    natsMsg *msg, *reply = NULL;
    const char *value = NULL;
    static closure groups, answers;
    int i;

    closure_init(&groups);
    closure_init(&answers);
    CHECK_OK(natsConnection_SubscribeSync(&sub, nc, "foo"));
    CHECK_OK(natsConnection_PublishString(nc, "foo", "hi"));
    test_expect_next(sub, "hi");
    msg = test_msg("foo", NULL, "with");
    CHECK_OK(natsMsgHeader_Set(msg, "key", "value"));
    CHECK_OK(natsConnection_PublishMsg(nc, msg));
    natsMsg_Destroy(msg);
    msg = test_next(sub);
    CHECK_OK(natsMsgHeader_Get(msg, "key", &value));
    CHECK_STR(value, "value");
    natsMsg_Destroy(msg);
    for (i = 0; i < 2; i++)
        CHECK_OK(natsConnection_QueueSubscribe(&queue[i], nc, "bar", "group", on_message, &groups));
    for (i = 0; i < 100; i++)
        CHECK_OK(natsConnection_PublishString(nc, "bar", "x"));
    CHECK_OK(natsConnection_Subscribe(&service, nc, "ask", on_request, &answers));
    CHECK_OK(natsConnection_RequestString(&reply, nc, "ask", "me", deadline_ms()));
    CHECK_STR(natsMsg_GetData(reply), "me");
    natsMsg_Destroy(reply);
    CHECK_REACHED(&groups.messages, 100);
    CHECK_OK(natsConnection_FlushTimeout(nc, deadline_ms()));
    CHECK_INT(counter_get(&groups.messages), 100);
    natsSubscription_Destroy(sub);
    natsSubscription_Destroy(queue[0]);
    natsSubscription_Destroy(queue[1]);
    natsSubscription_Destroy(service);
}

static void plain(void) {
    natsConnection *nc;
    char url[128], shown[128];
    char **servers = NULL;
    int count = 0;
    server s;

    run_ws(&s, NULL);
    CHECK(strncmp(s.url, "ws://", 5) == 0);
    snprintf(url, sizeof(url), "%s/some/path?query", s.url);
    nc = test_connect_url(url);
    exercise(nc);
    CHECK_OK(natsConnection_GetConnectedUrl(nc, shown, sizeof(shown)));
    CHECK_STR(shown, url);
    CHECK_OK(natsConnection_GetServers(nc, &servers, &count));
    CHECK_INT(count, 1);
    CHECK_STR(servers[0], s.url);
    free(servers[0]);
    free(servers);
    natsConnection_Destroy(nc);
    server_stop(&s);
}

static void over_tls(void) {
    natsConnection *nc = NULL;
    natsOptions *opts;
    char url[64];
    server s;

    run_wss(&s);
    CHECK(strncmp(s.url, "wss://", 6) == 0);
    opts = test_options(s.url);
    CHECK_STATUS(natsConnection_Connect(&nc, opts), NATS_SSL_ERROR); /* of an unknown authority */
    CHECK_OK(natsOptions_LoadCATrustedCertificates(opts, cert("ca.pem")));
    nc = test_connect(opts);
    exercise(nc);
    natsConnection_Destroy(nc);
    /* TLS that is asked for is never left out. */
    nc = NULL;
    snprintf(url, sizeof(url), "ws://127.0.0.1:%d", s.ws_port);
    opts = test_options(url);
    CHECK_OK(natsOptions_SetSecure(opts, true));
    CHECK_STATUS(natsConnection_Connect(&nc, opts), NATS_SECURE_CONNECTION_WANTED);
    natsOptions_Destroy(opts);
    CHECK(natsConnection_ConnectTo(&nc, url) != NATS_OK);
    server_stop(&s);
}

static void user_and_password(void) {
    natsConnection *nc = NULL;
    natsOptions *opts;
    char url[128];
    server s;

    run_ws(&s, "authorization { user: me, password: secret }");
    opts = test_options(s.url);
    CHECK_STATUS(natsConnection_Connect(&nc, opts), NATS_CONNECTION_AUTH_FAILED);
    CHECK_OK(natsOptions_SetUserInfo(opts, "me", "secret"));
    nc = test_connect(opts);
    exercise(nc);
    natsConnection_Destroy(nc);
    snprintf(url, sizeof(url), "ws://me:secret@127.0.0.1:%d", s.ws_port);
    nc = test_connect_url(url);
    natsConnection_Destroy(nc);
    server_stop(&s);
}

static void large_and_many(void) {
    enum { LARGE = 1048576, MANY = 50000 };
    natsConnection *nc;
    natsSubscription *sub = NULL;
    char *data = (char *)malloc(LARGE);
    static closure c;
    server s;
    int i;

    closure_init(&c);
    for (i = 0; i < LARGE; i++)
        data[i] = (char)(i * 7 + i / 251);
    run_ws(&s, NULL);
    nc = test_connect_url(s.url);
    CHECK_OK(natsConnection_SubscribeSync(&sub, nc, "large"));
    for (i = 0; i < 20; i++)
        CHECK_OK(natsConnection_Publish(nc, "large", data, LARGE - i));
    for (i = 0; i < 20; i++) {
        natsMsg *msg = test_next(sub);

        CHECK_INT(natsMsg_GetDataLength(msg), LARGE - i);
        CHECK(memcmp(natsMsg_GetData(msg), data, (size_t)(LARGE - i)) == 0);
        natsMsg_Destroy(msg);
    }
    natsSubscription_Destroy(sub);
    CHECK_OK(natsConnection_Subscribe(&sub, nc, "many", on_ordered, &c));
    for (i = 0; i < MANY; i++) {
        char text[16];

        CHECK_OK(natsConnection_Publish(nc, "many", text, snprintf(text, sizeof(text), "%d", i)));
    }
    CHECK_REACHED(&c.messages, MANY);
    CHECK_INT(counter_get(&c.wrong), 0);
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
    free(data);
    server_stop(&s);
}

static void reconnects_and_drains(void) {
    natsConnection *nc;
    natsSubscription *sub = NULL;
    natsOptions *opts;
    static closure c;
    server s;

    closure_init(&c);
    run_ws(&s, NULL);
    opts = test_options(s.url);
    options_record(opts, &c);
    CHECK_OK(natsOptions_SetMaxReconnect(opts, -1));
    nc = test_connect(opts);
    CHECK_OK(natsConnection_Subscribe(&sub, nc, "foo", on_message, &c));
    server_kill(&s);
    CHECK_REACHED(&c.disconnected, 1);
    CHECK_OK(natsConnection_PublishString(nc, "foo", "kept"));
    server_restart(&s);
    CHECK_REACHED(&c.reconnected, 1);
    CHECK_REACHED(&c.messages, 1);
    CHECK_STR(c.texts[0], "kept");
    CHECK_OK(natsConnection_PublishString(nc, "foo", "last"));
    CHECK_OK(natsConnection_Drain(nc));
    CHECK_REACHED(&c.closed, 1);
    CHECK_INT(counter_get(&c.messages), 2);
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
    server_stop(&s);
}

static void discovers_servers(void) {
    natsConnection *nc;
    natsOptions *opts;
    char conf[256], **servers = NULL;
    static closure c;
    server a, b;
    int port = free_port(), count = 0, i;

    closure_init(&c);
    snprintf(conf, sizeof(conf), "cluster { name: c, listen: \"127.0.0.1:%d\" }", port);
    run_ws(&a, conf);
    opts = test_options(a.url);
    options_record(opts, &c);
    nc = test_connect(opts);
    snprintf(conf, sizeof(conf),
             "cluster { name: c, listen: \"127.0.0.1:-1\", routes: [\"nats://127.0.0.1:%d\"] }", port);
    run_ws(&b, conf);
    CHECK_REACHED(&c.discovered, 1);
    CHECK_OK(natsConnection_GetDiscoveredServers(nc, &servers, &count));
    CHECK_INT(count, 1);
    CHECK_STR(servers[0], b.url);
    for (i = 0; i < count; i++)
        free(servers[i]);
    free(servers);
    server_kill(&a);
    CHECK_REACHED(&c.reconnected, 1);
    exercise(nc);
    natsConnection_Destroy(nc);
    server_stop(&a);
    server_stop(&b);
}

static void options(void) {
    const char *mixed[] = {"ws://127.0.0.1:1", "nats://127.0.0.1:1"};
    natsConnection *nc = NULL;
    natsOptions *opts = test_options(NULL);

    CHECK_STATUS(natsOptions_SetWebSocketHeader(NULL, "X", "y"), NATS_INVALID_ARG);
    CHECK_STATUS(natsOptions_SetWebSocketHeader(opts, NULL, "y"), NATS_INVALID_ARG);
    CHECK_STATUS(natsOptions_SetWebSocketHeader(opts, "", "y"), NATS_INVALID_ARG);
    CHECK_STATUS(natsOptions_SetWebSocketHeader(opts, "X:", "y"), NATS_INVALID_ARG);
    CHECK_STATUS(natsOptions_SetWebSocketHeader(opts, "X", "y\r\nZ: z"), NATS_INVALID_ARG);
    CHECK_STATUS(natsOptions_SetWebSocketHeader(opts, "Host", "y"), NATS_INVALID_ARG);
    CHECK_OK(natsOptions_SetWebSocketHeader(opts, "X", "y"));
    CHECK_OK(natsOptions_SetWebSocketHeader(opts, "X", NULL));
    CHECK_OK(natsOptions_SetServers(opts, mixed, 2));
    CHECK_STATUS(natsConnection_Connect(&nc, opts), NATS_INVALID_ARG);
    CHECK_ERROR(NATS_INVALID_ARG, "all of WebSocket");
    natsOptions_Destroy(opts);
}

/* What a peer does once it has the request. */
typedef struct script {
    const char *answer; /* NULL: says nothing */
    bool hang_up;
} script;

static void refuses(peer *p, void *arg) {
    const script *s = (const script *)arg;

    if (!peer_accept(p) || !peer_expect(p, "GET /p HTTP/1.1\r\n") || !peer_expect(p, "X-Tenant: seven\r\n") ||
        !peer_expect(p, "\r\n"))
        return;
    if (s->answer != NULL)
        peer_send(p, s->answer);
    if (s->hang_up)
        peer_hang_up(p);
}

static void expect_refusal(const char *answer, bool hang_up, natsStatus status, const char *text) {
    script s = {answer, hang_up};
    natsConnection *nc = NULL;
    natsOptions *opts;
    char url[64];
    peer p;

    peer_open(&p);
    snprintf(url, sizeof(url), "ws://127.0.0.1:%d/p", p.port);
    opts = test_options(url);
    CHECK_OK(natsOptions_SetWebSocketHeader(opts, "X-Tenant", "seven"));
    CHECK_OK(natsOptions_SetTimeout(opts, status == NATS_TIMEOUT ? 100 * time_factor() : deadline_ms()));
    peer_run(&p, refuses, &s);
    CHECK_STATUS(natsConnection_Connect(&nc, opts), status);
    CHECK_ERROR(status, text);
    peer_join(&p);
    natsOptions_Destroy(opts);
    peer_close(&p);
}

static void upgrade_is_refused(void) {
    char *endless = (char *)malloc(20001);

    expect_refusal("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", false, NATS_NO_SERVER,
                   "the server answered HTTP/1.1 404 Not Found");
    expect_refusal("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                   "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
                   false, NATS_PROTOCOL_ERROR, "Sec-WebSocket-Accept");
    expect_refusal("INFO {}\r\n", false, NATS_PROTOCOL_ERROR, "as a WebSocket server");
    expect_refusal("HTTP/1.1 101 Swit", true, NATS_CONNECTION_CLOSED, "the server closed");
    expect_refusal("HTTP/1.1 101 Swit", false, NATS_TIMEOUT, "");
    expect_refusal(NULL, false, NATS_TIMEOUT, "");
    memset(endless, 'x', 20000);
    memcpy(endless, "HTTP/1.1 101 OK\r\nA: ", 20);
    endless[20000] = '\0';
    expect_refusal(endless, false, NATS_PROTOCOL_ERROR, "too long");
    free(endless);
}

/* Between the client and a real server: what either sends goes on unchanged until the server has said PONG. Then
 * the test itself speaks in the server's place. */
typedef struct relay {
    peer *p;
    int port;
    int upstream;
} relay;

static bool pass_on(int from, int to) {
    char bytes[65536];
    ssize_t n = recv(from, bytes, sizeof(bytes), 0);

    return n > 0 && send(to, bytes, (size_t)n, MSG_NOSIGNAL) == n;
}

static void relays(peer *p, void *arg) {
    relay *r = (relay *)arg;
    struct sockaddr_in a;

    if (!peer_accept(p))
        return;
    memset(&a, 0, sizeof(a));
    a.sin_family = AF_INET;
    a.sin_port = htons((uint16_t)r->port);
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    r->upstream = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(r->upstream, (struct sockaddr *)&a, sizeof(a)) != 0)
        return;
    for (;;) {
        struct pollfd f[2];

        memset(f, 0, sizeof(f));
        f[0].fd = p->socket;
        f[1].fd = r->upstream;
        f[0].events = f[1].events = POLLIN;
        if (poll(f, 2, (int)deadline_ms()) <= 0)
            return;
        if (f[0].revents != 0 && !pass_on(p->socket, r->upstream))
            return;
        if (f[1].revents != 0) {
            char tail[65536];
            ssize_t n = recv(r->upstream, tail, sizeof(tail), 0);

            if (n <= 0 || send(p->socket, tail, (size_t)n, MSG_NOSIGNAL) != n)
                return;
            if (memmem(tail, (size_t)n, "PONG\r\n", 6) != NULL)
                return;
        }
    }
}

static void expect_lost(const void *bytes, size_t length, bool hang_up) {
    natsConnection *nc;
    natsOptions *opts;
    static closure c;
    char url[64];
    relay r;
    server s;
    peer p;

    closure_init(&c);
    run_ws(&s, NULL);
    peer_open(&p);
    r.port = s.ws_port;
    r.upstream = -1;
    snprintf(url, sizeof(url), "ws://127.0.0.1:%d", p.port);
    opts = test_options(url);
    options_record(opts, &c);
    CHECK_OK(natsOptions_SetURL(opts, url));
    CHECK_OK(natsOptions_SetIgnoreDiscoveredServers(opts, true));
    CHECK_OK(natsOptions_SetMaxReconnect(opts, -1));
    peer_run(&p, relays, &r);
    nc = test_connect(opts);
    peer_join(&p);
    CHECK(peer_send_bytes(&p, bytes, length));
    if (hang_up)
        peer_hang_up(&p);
    CHECK_REACHED(&c.disconnected, 1);
    close(r.upstream);
    peer_run(&p, relays, &r); /* it comes back */
    CHECK_REACHED(&c.reconnected, 1);
    peer_refuse(&p);
    natsConnection_Destroy(nc);
    CHECK_REACHED(&c.closed, 1); /* the next round uses the same closure */
    peer_close(&p);
    close(r.upstream);
    server_stop(&s);
}

static void frames_against_the_rules(void) {
    static const unsigned char masked[] = {0x82, 0x86, 1, 2, 3, 4, 'x', 'x', 'x', 'x', 'x', 'x'};
    static const unsigned char absurd[] = {0x82, 127, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 'x'};
    static const unsigned char reserved[] = {0xf2, 1, 'x'};
    static const unsigned char fragmented_ping[] = {0x09, 0};
    static const unsigned char half[] = {0x82, 100, 'M', 'S', 'G', ' '};
    static const unsigned char end[] = {0x88, 2, 0x03, 0xe9};

    expect_lost(masked, sizeof(masked), false);
    expect_lost(absurd, sizeof(absurd), false);
    expect_lost(reserved, sizeof(reserved), false);
    expect_lost(fragmented_ping, sizeof(fragmented_ping), false);
    expect_lost(half, sizeof(half), true);
    expect_lost(end, sizeof(end), false);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(plain),
        TEST(over_tls),
        TEST(user_and_password),
        TEST(large_and_many),
        TEST(reconnects_and_drains),
        TEST(discovers_servers),
        TEST(options),
        TEST(upgrade_is_refused),
        TEST(frames_against_the_rules),
    };

    return RUN_TESTS_WITH_CERTS(cases, argc, argv);
}
