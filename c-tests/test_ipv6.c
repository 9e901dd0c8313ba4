/* Servers with IPv6 addresses: in URLs, with TLS, discovered from other servers, and through proxies. */
#include "certs.h"
#include "fixture.h"
#include "peer.h"
#include "tls.h"

#include <arpa/inet.h>
#include <sys/socket.h>

static bool have_ipv6(void) {
    struct sockaddr_in6 a;
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool have;

    memset(&a, 0, sizeof(a));
    a.sin6_family = AF_INET6;
    a.sin6_addr = in6addr_loopback;
    have = fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0;
    close(fd);
    return have;
}

/* A server that listens on all addresses, and its URL by that of IPv6. */
static void start(server *s, const char *conf, char url[64]) {
    static const char *const args[] = {"-a", "::", NULL};

    server_start(s, conf, args);
    snprintf(url, 64, "nats://[::1]:%d", s->port);
}

static void address_in_the_url(void) {
    natsConnection *nc;
    natsSubscription *sub = NULL;
    char url[64], text[128], **servers = NULL, *ip = NULL;
    int count = 0, port = 0, i;
    static closure c;
    server s;

    start(&s, NULL, url);
    nc = test_connect(options_recorded(url, &c));
    CHECK_OK(natsConnection_GetConnectedUrl(nc, text, sizeof(text)));
    CHECK_STR(text, url);
    CHECK_OK(natsConnection_GetServers(nc, &servers, &count));
    CHECK(count >= 1);
    CHECK_STR(servers[0], url);
    for (i = 0; i < count; i++)
        free(servers[i]);
    free(servers);
    CHECK_OK(natsConnection_GetLocalIPAndPort(nc, &ip, &port));
    CHECK_STR(ip, "::1");
    CHECK(port > 0);
    free(ip);
    CHECK_OK(natsConnection_GetClientIP(nc, &ip));
    CHECK_STR(ip, "::1");
    free(ip);
    CHECK_OK(natsConnection_SubscribeSync(&sub, nc, "foo"));
    server_kill(&s);
    CHECK_REACHED(&c.disconnected, 1);
    server_restart(&s);
    CHECK_REACHED(&c.reconnected, 1);
    CHECK_OK(natsConnection_PublishString(nc, "foo", "hi"));
    test_expect_next(sub, "hi");
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
    server_stop(&s);
}

/* An address that is not of the family asked for is not used. */
static void order_of_families(void) {
    natsConnection *nc = NULL;
    natsOptions *opts;
    char url[64];
    server s;
    int order;

    start(&s, NULL, url);
    for (order = 0; order <= 64; order++) {
        if (order != 0 && order != 4 && order != 6 && order != 46 && order != 64)
            continue;
        opts = test_options(url);
        CHECK_OK(natsOptions_IPResolutionOrder(opts, order));
        CHECK_STATUS(natsConnection_Connect(&nc, opts), order == 4 ? NATS_NO_SERVER : NATS_OK);
        natsOptions_Destroy(opts);
        natsConnection_Destroy(nc);
        nc = NULL;
    }
    server_stop(&s);
}

/* The certificate has the address, without brackets. */
static void certificate_of_an_address(void) {
    natsOptions *opts;
    char url[64], conf[1024];
    server s;

    CHECK_INT(certs_make(), 0);
    snprintf(conf, sizeof(conf), "tls { timeout: 60, cert_file: \"%s\", key_file: \"%s\" }",
             cert("server.pem"), cert("server.key"));
    start(&s, conf, url);
    opts = test_options(url);
    CHECK_OK(natsOptions_LoadCATrustedCertificates(opts, cert("ca.pem")));
    tls_works(opts);
    server_stop(&s);

    snprintf(conf, sizeof(conf), "tls { timeout: 60, cert_file: \"%s\", key_file: \"%s\" }",
             cert("elsewhere.pem"), cert("elsewhere.key"));
    start(&s, conf, url);
    opts = test_options(url);
    CHECK_OK(natsOptions_LoadCATrustedCertificates(opts, cert("ca.pem")));
    tls_refused(opts, "hostname mismatch: expected=::1");
    server_stop(&s);
    certs_remove();
}

/* A server is announced by its address, and reached when the first one goes. */
static void announced_address(void) {
    natsConnection *nc;
    char url[64], info[256], text[128];
    static closure c;
    server s;
    peer p;

    start(&s, NULL, url);
    peer_open(&p);
    snprintf(info, sizeof(info), "INFO {" PEER_INFO_FIELDS ",\"connect_urls\":[\"[::1]:%d\"]}\r\n", s.port);
    peer_run(&p, peer_handshake, info);
    nc = test_connect(options_recorded(p.url, &c));
    peer_join(&p);
    peer_refuse(&p);
    peer_hang_up(&p);
    CHECK_REACHED(&c.reconnected, 1);
    CHECK_OK(natsConnection_GetConnectedUrl(nc, text, sizeof(text)));
    CHECK_STR(text, url);
    natsConnection_Destroy(nc);
    peer_close(&p);
    server_stop(&s);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(address_in_the_url),
        TEST(order_of_families),
        TEST(certificate_of_an_address),
        TEST(announced_address),
    };

    if (!have_ipv6()) {
        printf("%s: this machine has no address of IPv6\n", argv[0]);
        return 77;
    }
    return RUN_TESTS(cases, argc, argv);
}
