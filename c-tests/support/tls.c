#include "tls.h"

#include "certs.h"

void tls_start(server *s, const char *name, bool verify) {
    char pem[32], key[32], conf[1024];

    snprintf(pem, sizeof(pem), "%s.pem", name);
    snprintf(key, sizeof(key), "%s.key", name);
    snprintf(conf, sizeof(conf),
             "tls { timeout: 60, cert_file: \"%s\", key_file: \"%s\", ca_file: \"%s\", verify: %s }",
             cert(pem), cert(key), cert("ca.pem"), verify ? "true" : "false");
    server_start(s, conf, NULL);
}

natsOptions *tls_options(const server *s) {
    char url[64];

    snprintf(url, sizeof(url), "nats://localhost:%d", s->port);
    return test_options(url);
}

natsOptions *tls_options_trusting(const server *s) {
    natsOptions *opts = tls_options(s);

    CHECK_OK(natsOptions_LoadCATrustedCertificates(opts, cert("ca.pem")));
    return opts;
}

void tls_works(natsOptions *opts) {
    natsConnection *nc = test_connect(opts);
    natsSubscription *sub = NULL;

    CHECK_OK(natsConnection_SubscribeSync(&sub, nc, "foo"));
    CHECK_OK(natsConnection_PublishString(nc, "foo", "hello"));
    test_expect_next(sub, "hello");
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
}

void tls_fails(natsOptions *opts, natsStatus status, const char *text) {
    natsConnection *nc = NULL;

    CHECK_STATUS(natsConnection_Connect(&nc, opts), status);
    CHECK_ERROR(status, text);
    CHECK(nc == NULL);
    natsOptions_Destroy(opts);
}

void tls_refused(natsOptions *opts, const char *text) {
    tls_fails(opts, NATS_SSL_ERROR, "SSL handshake error: ");
    CHECK_ERROR(NATS_SSL_ERROR, text);
}
