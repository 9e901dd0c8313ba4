/* TLS in use: traffic, TLS before INFO, reconnects. */
#include "callbacks.h"
#include "certs.h"
#include "server.h"
#include "test.h"
#include "tls.h"

static void handshake_first(void) {
    char conf[1024];
    natsOptions *opts;
    server s;

    snprintf(conf, sizeof(conf),
             "tls { timeout: 60, cert_file: \"%s\", key_file: \"%s\", handshake_first: true }",
             cert("server.pem"), cert("server.key"));
    server_start(&s, conf, NULL);
    opts = tls_options_trusting(&s);
    CHECK_OK(natsOptions_TLSHandshakeFirst(opts));
    tls_works(opts);
    server_stop(&s);

    server_run(&s);
    opts = tls_options_trusting(&s);
    CHECK_OK(natsOptions_TLSHandshakeFirst(opts));
    tls_refused(opts, "");
#if OURS
    CHECK_ERROR(NATS_SSL_ERROR, "is not TLS");
#endif
    server_stop(&s);
}

static void large_transfers_both_ways(void) {
    enum { THREADS = 2, EACH = 150, SIZE = 200000 };
    natsSubscription *sub = NULL;
    natsConnection *nc;
    char *data = (char *)malloc(SIZE);
    int64_t sum = 0, i;
    server s;

    tls_start(&s, "server", false);
    nc = test_connect(tls_options_trusting(&s));
    CHECK_OK(natsConnection_SubscribeSync(&sub, nc, "big"));
    CHECK_OK(natsSubscription_SetPendingLimits(sub, -1, -1));
    /* Its own messages come back while the next are written. */
    for (i = 0; i < THREADS * EACH; i++) {
        memset(data, (int)('a' + i % 26), SIZE);
        CHECK_OK(natsConnection_Publish(nc, "big", data, SIZE - (int)(i * 501 % 180000)));
    }
    for (i = 0; i < THREADS * EACH; i++) {
        natsMsg *msg = test_next(sub);
        int length = natsMsg_GetDataLength(msg);
        const char *got = natsMsg_GetData(msg);

        CHECK_INT(length, SIZE - (int)(i * 501 % 180000));
        memset(data, (int)('a' + i % 26), SIZE);
        CHECK(memcmp(got, data, (size_t)length) == 0);
        sum += length;
        natsMsg_Destroy(msg);
    }
    CHECK(sum > THREADS * EACH * 20000LL);
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
    server_stop(&s);
    free(data);
}

typedef struct publisher {
    natsConnection *nc;
    pthread_t thread;
    counter failed;
} publisher;

static void *publish_many(void *arg) {
    publisher *p = (publisher *)arg;
    char text[1024];
    int i;

    memset(text, 'x', sizeof(text));
    for (i = 0; i < 20000; i++) {
        if (natsConnection_Publish(p->nc, "many", text, i % (int)sizeof(text)) != NATS_OK)
            counter_add(&p->failed, 1);
        if (i % 1000 == 0 && natsConnection_FlushTimeout(p->nc, deadline_ms()) != NATS_OK)
            counter_add(&p->failed, 1);
    }
    return NULL;
}

static void threads_write_while_others_read(void) {
    natsSubscription *sub = NULL;
    publisher publishers[3];
    natsConnection *nc;
    static closure c;
    server s;
    int i;

    closure_init(&c);
    tls_start(&s, "server", false);
    nc = test_connect(tls_options_trusting(&s));
    CHECK_OK(natsConnection_Subscribe(&sub, nc, "many", on_message, &c));
    CHECK_OK(natsSubscription_SetPendingLimits(sub, -1, -1));
    for (i = 0; i < 3; i++) {
        publishers[i].nc = nc;
        counter_init(&publishers[i].failed);
        CHECK(pthread_create(&publishers[i].thread, NULL, publish_many, &publishers[i]) == 0);
    }
    for (i = 0; i < 3; i++) {
        pthread_join(publishers[i].thread, NULL);
        CHECK_INT(counter_get(&publishers[i].failed), 0);
    }
    CHECK_OK(natsConnection_FlushTimeout(nc, deadline_ms()));
    CHECK_REACHED(&c.messages, 60000);
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
    server_stop(&s);
}

static void reconnects(void) {
    natsSubscription *sub = NULL;
    natsConnection *nc;
    natsOptions *opts;
    static closure c;
    server s;
    int i;

    closure_init(&c);
    tls_start(&s, "server", false);
    opts = tls_options_trusting(&s);
    options_record(opts, &c);
    CHECK_OK(natsOptions_SetMaxReconnect(opts, -1));
    nc = test_connect(opts);
    CHECK_OK(natsConnection_Subscribe(&sub, nc, "foo", on_message, &c));
    for (i = 1; i <= 3; i++) {
        server_kill(&s);
        CHECK_REACHED(&c.disconnected, i);
        CHECK_OK(natsConnection_PublishString(nc, "foo", "meanwhile"));
        server_restart(&s);
        CHECK_REACHED(&c.reconnected, i);
        CHECK_REACHED(&c.messages, i);
    }
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
    server_stop(&s);
}

static void client_certificate_is_reloaded(void) {
    char conf[2][1024], *file;
    natsConnection *nc;
    natsOptions *opts;
    static closure c;
    server s;
    FILE *f;
    int i;

    closure_init(&c);
    for (i = 0; i < 2; i++)
        snprintf(conf[i], sizeof(conf[i]),
                 "tls { timeout: 60, cert_file: \"%s\", key_file: \"%s\", ca_file: \"%s\", verify: true }",
                 cert("server.pem"), cert("server.key"), cert(i == 0 ? "ca.pem" : "other.pem"));
    server_start(&s, conf[0], NULL);
    cert_copy("client.pem", "current.pem");
    cert_copy("client.key", "current.key");
    opts = tls_options_trusting(&s);
    options_record(opts, &c);
    CHECK_OK(natsOptions_SetMaxReconnect(opts, -1));
    CHECK_OK(natsOptions_LoadCertificatesChainDynamic(opts, cert("current.pem"), cert("current.key")));
    nc = test_connect(opts);
    /* The next server accepts another certificate only. */
    server_kill(&s);
    CHECK_REACHED(&c.disconnected, 1);
    file = (char *)malloc(256);
    snprintf(file, 256, "%s/conf", s.dir);
    f = fopen(file, "w");
    CHECK(f != NULL);
    fputs(conf[1], f);
    fclose(f);
    free(file);
    cert_copy("stranger.pem", "current.pem");
    cert_copy("stranger.key", "current.key");
    server_restart(&s);
    CHECK_REACHED(&c.reconnected, 1);
    natsConnection_Destroy(nc);
    server_stop(&s);
}

/* A server that another one announced is known by an address, and proves the name of the other. */
static void discovered_server_has_the_announcers_name(void) {
    char conf[2][1024];
    natsConnection *nc;
    natsOptions *opts;
    char **urls = NULL;
    server s[2];
    static closure c;
    int ports[2], i, count = 0;

    closure_init(&c);
    ports[0] = free_port();
    ports[1] = free_port();
    for (i = 0; i < 2; i++) {
        snprintf(conf[i], sizeof(conf[i]),
                 "tls { timeout: 60, cert_file: \"%s\", key_file: \"%s\" }, cluster { name: c, listen: "
                 "\"127.0.0.1:%d\", "
                 "routes: [\"nats://127.0.0.1:%d\"] }",
                 cert("named.pem"), cert("named.key"), ports[i], ports[1 - i]);
        server_start(&s[i], conf[i], NULL);
    }
    opts = tls_options_trusting(&s[0]);
    options_record(opts, &c);
    CHECK_OK(natsOptions_SetMaxReconnect(opts, -1));
    nc = test_connect(opts);
    for (;;) {
        CHECK_OK(natsConnection_GetDiscoveredServers(nc, &urls, &count));
        for (i = 0; i < count; i++)
            free(urls[i]);
        free(urls);
        if (count >= 2)
            break;
        poll_pause();
    }
    server_kill(&s[0]);
    CHECK_REACHED(&c.reconnected, 1);
    natsConnection_Destroy(nc);
    server_stop(&s[0]);
    server_stop(&s[1]);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(handshake_first),
        TEST(large_transfers_both_ways),
        TEST(threads_write_while_others_read),
        TEST(reconnects),
        TEST(client_certificate_is_reloaded),
        TEST(discovered_server_has_the_announcers_name),
    };

    return RUN_TESTS_WITH_CERTS(cases, argc, argv);
}
