/* Connections through a proxy, by a function of the program or by the library; and from a selected local address.
 * All forms of the proxies' answers are tested in Rust (src/net/proxy). */
#include "callbacks.h"
#include "peer.h"
#include "server.h"
#include "test.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

/* What the handler was asked, and what it does. */
typedef struct dialer {
    int port; /* where it connects in truth */
    natsStatus result;
    int fd; /* what it gives instead of a connection, where use_fd says so */
    bool use_fd;
    bool blocks;
    char host[64]; /* what it was asked for */
    int asked_port;
    int last; /* the last socket it made */
    counter calls;
    counter gate;
} dialer;

static void dialer_init(dialer *d, int port) {
    memset(d, 0, sizeof(*d));
    d->port = port;
    d->last = -1;
    counter_init(&d->calls);
    counter_init(&d->gate);
}

static int connect_to(int port) {
    struct sockaddr_in a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    memset(&a, 0, sizeof(a));
    a.sin_family = AF_INET;
    a.sin_port = htons((uint16_t)port);
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0)
        return fd;
    close(fd);
    return -1;
}

static natsStatus dials(natsSock *fd, char *host, int port, void *arg) {
    dialer *d = (dialer *)arg;

    snprintf(d->host, sizeof(d->host), "%s", host);
    host[0] = '!'; /* it is ours to write to */
    d->asked_port = port;
    counter_add(&d->calls, 1);
    if (d->blocks)
        counter_wait(&d->gate, 1, deadline_ms());
    if (d->result != NATS_OK)
        return d->result;
    if (d->use_fd) {
        *fd = d->fd;
        return NATS_OK;
    }
    d->last = *fd = connect_to(d->port);
    return *fd < 0 ? NATS_ERR : NATS_OK;
}

static bool is_open(int fd) { return fcntl(fd, F_GETFD) >= 0; }

static void handler_connects(void) {
    static const char *const urls[] = {"nats://no-such-host.invalid:4333", "nats://[::1]:4333"};
    static const char *const hosts[] = {"no-such-host.invalid", "::1"};
    natsConnection *nc;
    natsSubscription *sub = NULL;
    natsOptions *opts;
    static closure c;
    dialer d;
    server s;
    int i;

    server_run(&s);
    for (i = 0; i < 2; i++) {
        closure_init(&c);
        dialer_init(&d, s.port);
        opts = test_options(urls[i]);
        options_record(opts, &c);
        CHECK_OK(natsOptions_SetProxyConnHandler(opts, dials, &d));
        nc = test_connect(opts);
        CHECK_STR(d.host, hosts[i]); /* without brackets */
        CHECK_INT(d.asked_port, 4333);
        CHECK((fcntl(d.last, F_GETFL) & O_NONBLOCK) != 0);
        CHECK_OK(natsConnection_SubscribeSync(&sub, nc, "foo"));
        CHECK_OK(natsConnection_PublishString(nc, "foo", "hi"));
        test_expect_next(sub, "hi");
        CHECK_OK(natsConnection_Reconnect(nc)); /* it is asked again */
        CHECK_REACHED(&c.reconnected, 1);
        CHECK_INT(counter_get(&d.calls), 2);
        CHECK_OK(natsConnection_PublishString(nc, "foo", "again"));
        test_expect_next(sub, "again");
        natsSubscription_Destroy(sub);
        natsConnection_Destroy(nc);
        CHECK_REACHED(&c.closed, 1);
        CHECK_SOON(!is_open(d.last));
    }
    server_stop(&s);
}

#if OURS
static void handler_connects_to_a_websocket(void) {
    natsConnection *nc;
    natsSubscription *sub = NULL;
    natsOptions *opts;
    char text[128];
    dialer d;
    server s;

    server_start_ws(&s, NULL, "no_tls: true");
    dialer_init(&d, s.ws_port);
    opts = test_options("ws://no-such-host.invalid:4333");
    CHECK_OK(natsOptions_SetProxyConnHandler(opts, dials, &d));
    nc = test_connect(opts);
    CHECK_STR(d.host, "no-such-host.invalid");
    CHECK_OK(natsConnection_GetConnectedUrl(nc, text, sizeof(text)));
    CHECK_STR(text, "ws://no-such-host.invalid:4333");
    CHECK_OK(natsConnection_SubscribeSync(&sub, nc, "foo"));
    CHECK_OK(natsConnection_PublishString(nc, "foo", "hi"));
    test_expect_next(sub, "hi");
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
    server_stop(&s);
}
#endif

static void handler_fails(void) {
    natsConnection *nc = NULL;
    natsOptions *opts;
    int ends[2];
    dialer d;

    dialer_init(&d, 1);
    opts = test_options("nats://somewhere:4222");
    CHECK_OK(natsOptions_SetProxyConnHandler(opts, dials, &d));
    d.result = NATS_NOT_PERMITTED;
    CHECK_STATUS(natsConnection_Connect(&nc, opts), NATS_NO_SERVER);
#if OURS
    CHECK_ERROR(NATS_NO_SERVER, "the proxy handler failed: Not Permitted");
    d.result = NATS_OK;
    d.use_fd = true;
    d.fd = -1;
    CHECK_STATUS(natsConnection_Connect(&nc, opts), NATS_NO_SERVER);
    CHECK_ERROR(NATS_NO_SERVER, "it returned no socket");
    d.fd = 12345; /* not open */
    CHECK_STATUS(natsConnection_Connect(&nc, opts), NATS_NO_SERVER);
    /* Nothing that speaks NATS, nor a socket: its descriptor is closed all the same. */
    CHECK(pipe(ends) == 0);
    d.fd = ends[0];
    CHECK(natsConnection_Connect(&nc, opts) != NATS_OK);
    CHECK(!is_open(ends[0]));
    close(ends[1]);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    d.fd = ends[0];
    close(ends[1]);
    CHECK_STATUS(natsConnection_Connect(&nc, opts), NATS_CONNECTION_CLOSED);
    CHECK(!is_open(ends[0]));
#endif
    CHECK_OK(natsOptions_SetProxyConnHandler(opts, NULL, NULL));
    CHECK_STATUS(natsOptions_SetProxyConnHandler(NULL, dials, &d), NATS_INVALID_ARG);
    CHECK(nc == NULL);
    natsOptions_Destroy(opts);
    (void)ends;
}

#if OURS
static void closing_while_the_handler_blocks(void) {
    natsConnection *nc;
    natsOptions *opts;
    static closure c;
    dialer d;
    server s;

    closure_init(&c);
    server_run(&s);
    dialer_init(&d, s.port);
    opts = test_options(s.url);
    options_record(opts, &c);
    CHECK_OK(natsOptions_SetReleasedCB(opts, on_released, &c));
    CHECK_OK(natsOptions_SetProxyConnHandler(opts, dials, &d));
    nc = test_connect(opts);
    d.blocks = true;
    CHECK_OK(natsConnection_Reconnect(nc));
    CHECK_REACHED(&d.calls, 2);
    natsConnection_Destroy(nc);
    CHECK_REACHED(&c.closed, 1);
    CHECK_INT(counter_get(&c.released), 0);
    counter_set(&d.gate, 1);
    CHECK_REACHED(&c.released, 1);
    CHECK_SOON(!is_open(d.last)); /* what it gave too late */
    server_stop(&s);
}

/* A proxy and the server behind it in one; the server speaks first, right behind the proxy's answer. */
static void play_http_proxy(peer *p, void *arg) {
    (void)arg;
    if (peer_accept(p) && peer_expect(p, "CONNECT no-such-host.invalid:4333 HTTP/1.1\r\n") &&
        peer_expect(p, "Proxy-Authorization: Basic bWU6czNjcmV0\r\n") && peer_expect(p, "\r\n") &&
        peer_send(p, "HTTP/1.1 200 Connection established\r\n\r\n" PEER_INFO) &&
        peer_expect(p, "CONNECT {") && peer_expect(p, "\r\nPING\r\n"))
        peer_send(p, "PONG\r\n");
}

static void play_socks_proxy(peer *p, void *arg) {
    static const char wish[] = "\x05\x01\x00\x03\x14no-such-host.invalid\x10\xed";
    static const char done[] = "\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00" PEER_INFO;

    (void)arg;
    if (peer_accept(p) && peer_expect_bytes(p, 4) && memcmp(p->bytes, "\x05\x02\x00\x02", 4) == 0 &&
        peer_send_bytes(p, "\x05\x02", 2) && peer_expect_bytes(p, 15) &&
        memcmp(p->bytes + 4, "\x01\x02me\x06s3cret", 11) == 0 && peer_send_bytes(p, "\x01\x00", 2) &&
        peer_expect_bytes(p, 15 + sizeof(wish) - 1) && memcmp(p->bytes + 15, wish, sizeof(wish) - 1) == 0 &&
        peer_send_bytes(p, done, sizeof(done) - 1) && peer_expect(p, "CONNECT {") &&
        peer_expect(p, "\r\nPING\r\n"))
        peer_send(p, "PONG\r\n");
}

static void through_a_proxy(const char *scheme, peer_script script) {
    natsConnection *nc;
    natsOptions *opts;
    char url[128];
    peer p;

    peer_open(&p);
    opts = test_options("nats://no-such-host.invalid:4333"); /* the proxy resolves */
    snprintf(url, sizeof(url), "%s://me:s3cret@127.0.0.1:%d", scheme, p.port);
    CHECK_OK(natsOptions_SetProxyURL(opts, url));
    peer_run(&p, script, NULL);
    nc = test_connect(opts);
    peer_join(&p);
    peer_hang_up(&p);
    peer_refuse(&p);
    natsConnection_Destroy(nc);
    peer_close(&p);
}

static void http_proxy(void) { through_a_proxy("http", play_http_proxy); }

/* The handshake of WebSocket comes behind that of the proxy, and is for the server. */
static void play_http_proxy_of_a_websocket(peer *p, void *arg) {
    (void)arg;
    if (peer_accept(p) && peer_expect(p, "CONNECT no-such-host.invalid:4333 HTTP/1.1\r\n") &&
        peer_expect(p, "\r\n\r\n") && peer_send(p, "HTTP/1.1 200 Connection established\r\n\r\n") &&
        peer_expect(p, "GET / HTTP/1.1\r\n") && peer_expect(p, "Host: no-such-host.invalid:4333\r\n") &&
        peer_expect(p, "\r\n\r\n"))
        peer_send(p, "HTTP/1.1 403 Forbidden\r\n\r\n");
}

static void websocket_through_a_proxy(void) {
    natsConnection *nc = NULL;
    natsOptions *opts;
    char url[128];
    peer p;

    peer_open(&p);
    snprintf(url, sizeof(url), "http://127.0.0.1:%d", p.port);
    opts = test_options("ws://no-such-host.invalid:4333");
    CHECK_OK(natsOptions_SetProxyURL(opts, url));
    peer_run(&p, play_http_proxy_of_a_websocket, NULL);
    CHECK_STATUS(natsConnection_Connect(&nc, opts), NATS_NO_SERVER);
    CHECK_CONTAINS(nats_GetLastError(NULL), "403");
    peer_join(&p);
    natsOptions_Destroy(opts);
    peer_close(&p);
}

static void socks5_proxy(void) { through_a_proxy("socks5", play_socks_proxy); }

static void refuse(peer *p, void *arg) {
    (void)arg;
    if (peer_accept(p) && peer_expect(p, "\r\n\r\n"))
        peer_send(p, "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
}

static void proxy_refuses_or_is_silent(void) {
    natsConnection *nc = NULL;
    natsOptions *opts;
    const char *text;
    char url[128];
    peer p;

    peer_open(&p);
    snprintf(url, sizeof(url), "http://me:s3cret@127.0.0.1:%d", p.port);
    opts = test_options("nats://somewhere:4222");
    CHECK_OK(natsOptions_SetProxyURL(opts, url));
    peer_run(&p, refuse, NULL);
    CHECK_STATUS(natsConnection_Connect(&nc, opts), NATS_NO_SERVER);
    text = nats_GetLastError(NULL);
    CHECK_CONTAINS(text, "407 Proxy Authentication Required");
    CHECK_CONTAINS(text, "somewhere:4222");
    CHECK(strstr(text, "s3cret") == NULL);
    peer_join(&p);
    /* It accepts and says nothing: the attempt's own time ends it. */
    CHECK_OK(natsOptions_SetTimeout(opts, 50));
    CHECK_STATUS(natsConnection_Connect(&nc, opts), NATS_TIMEOUT);
    peer_refuse(&p);
    CHECK_STATUS(natsConnection_Connect(&nc, opts), NATS_NO_SERVER);
    natsOptions_Destroy(opts);
    peer_close(&p);
}

static void proxy_urls(void) {
    static const char *const bad[] = {"x", "https://proxy", "http://", "http://proxy:x",
                                      "http://u:s3cret%@proxy"};
    natsOptions *opts = test_options(NULL);
    size_t i;

    CHECK_OK(natsOptions_SetProxyURL(opts, "http://proxy:3128"));
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CHECK_STATUS(natsOptions_SetProxyURL(opts, bad[i]), NATS_INVALID_ARG);
        CHECK_ERROR(NATS_INVALID_ARG, "invalid proxy URL");
        CHECK(strstr(nats_GetLastError(NULL), "s3cret") == NULL);
    }
    CHECK_OK(natsOptions_SetProxyURL(opts, NULL));
    CHECK_OK(natsOptions_SetProxyURL(opts, ""));
    CHECK_STATUS(natsOptions_SetProxyURL(NULL, NULL), NATS_INVALID_ARG);
    natsOptions_Destroy(opts);
}

static void local_address(void) {
    natsConnection *nc = NULL;
    natsOptions *opts;
    char *ip = NULL;
    server s;

    server_run(&s);
    opts = test_options(s.url);
    CHECK_OK(natsOptions_SetLocalAddress(opts, "127.0.0.2"));
    CHECK_OK(natsConnection_Connect(&nc, opts));
    CHECK_OK(natsConnection_GetClientIP(nc, &ip)); /* as the server sees it */
    CHECK_STR(ip, "127.0.0.2");
    free(ip);
    natsConnection_Destroy(nc);
    nc = NULL;
    CHECK_OK(natsOptions_SetLocalAddress(opts, "192.0.2.1")); /* nobody has this one */
    CHECK_STATUS(natsConnection_Connect(&nc, opts), NATS_NO_SERVER);
    CHECK_OK(natsOptions_SetLocalAddress(opts, "::1")); /* the server has no IPv6 address */
    CHECK_STATUS(natsConnection_Connect(&nc, opts), NATS_NO_SERVER);
    CHECK_STATUS(natsOptions_SetLocalAddress(opts, "localhost"), NATS_INVALID_ARG);
    CHECK_STATUS(natsOptions_SetLocalAddress(opts, "127.0.0.1:80"), NATS_INVALID_ARG);
    CHECK_STATUS(natsOptions_SetLocalAddress(NULL, NULL), NATS_INVALID_ARG);
    CHECK_OK(natsOptions_SetLocalAddress(opts, NULL));
    CHECK_OK(natsConnection_Connect(&nc, opts));
    natsConnection_Destroy(nc);
    natsOptions_Destroy(opts);
    server_stop(&s);
}
#endif

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(handler_connects),
        TEST(handler_fails),
#if OURS
        TEST(handler_connects_to_a_websocket),
        TEST(closing_while_the_handler_blocks),
        TEST(http_proxy),
        TEST(socks5_proxy),
        TEST(websocket_through_a_proxy),
        TEST(proxy_refuses_or_is_silent),
        TEST(proxy_urls),
        TEST(local_address),
#endif
    };

    return RUN_TESTS(cases, argc, argv);
}
