/* TLS with real servers: whom to trust, who the client is, what is asked for, and traffic. */
#include "callbacks.h"
#include "certs.h"
#include "peer.h"
#include "server.h"
#include "test.h"

#define IN_USE                                                                                               \
    "This natsOptions object can't be modified because it is configured for SSL and is currently used by "   \
    "connection(s)!"

/* A server with TLS and this certificate; verify: it asks clients for certificates by ca. */
static void start_tls(server *s, const char *name, bool verify) {
    char pem[32], key[32], conf[1024];

    snprintf(pem, sizeof(pem), "%s.pem", name);
    snprintf(key, sizeof(key), "%s.key", name);
    snprintf(conf, sizeof(conf),
             "tls { timeout: 60, cert_file: \"%s\", key_file: \"%s\", ca_file: \"%s\", verify: %s }",
             cert(pem), cert(key), cert("ca.pem"), verify ? "true" : "false");
    server_start(s, conf, NULL);
}

static natsOptions *options_for(const server *s) {
    char url[64];

    snprintf(url, sizeof(url), "nats://localhost:%d", s->port);
    return test_options(url);
}

/* Options that trust ca. */
static natsOptions *trusting(const server *s) {
    natsOptions *opts = options_for(s);

    CHECK_OK(natsOptions_LoadCATrustedCertificates(opts, cert("ca.pem")));
    return opts;
}

/* Connects with options, which are destroyed, and sends a message around. */
static void expect_works(natsOptions *opts) {
    natsConnection *nc = test_connect(opts);
    natsSubscription *sub = NULL;

    CHECK_OK(natsConnection_SubscribeSync(&sub, nc, "foo"));
    CHECK_OK(natsConnection_PublishString(nc, "foo", "hello"));
    test_expect_next(sub, "hello");
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
}

/* Does not connect with options, which are destroyed. */
static void expect_fails(natsOptions *opts, natsStatus status, const char *text) {
    natsConnection *nc = NULL;

    CHECK_STATUS(natsConnection_Connect(&nc, opts), status);
    CHECK_ERROR(status, text);
    CHECK(nc == NULL);
    natsOptions_Destroy(opts);
}

static void expect_refused(natsOptions *opts, const char *text) {
    expect_fails(opts, NATS_SSL_ERROR, "SSL handshake error: ");
    CHECK_ERROR(NATS_SSL_ERROR, text);
}

static void trusts_a_file_a_directory_memory_and_the_system(void) {
    char *text = cert_text("ca.pem");
    natsOptions *opts;
    server s;

    start_tls(&s, "server", false);
    expect_works(trusting(&s));

    opts = options_for(&s);
    CHECK_OK(natsOptions_LoadCATrustedCertificatesPath(opts, cert("cas")));
    expect_works(opts);

    opts = options_for(&s);
    CHECK_OK(natsOptions_SetCATrustedCertificates(opts, text));
    expect_works(opts);

    expect_refused(options_for(&s), "unknown issuer");
    /* What the system trusts is what this variable names. */
    setenv("SSL_CERT_FILE", cert("ca.pem"), 1);
    expect_works(options_for(&s));
    server_stop(&s);
    free(text);
}

static void wrong_authority(void) {
    natsOptions *opts;
    server s;

    start_tls(&s, "server", false);
    opts = options_for(&s);
    CHECK_OK(natsOptions_LoadCATrustedCertificates(opts, cert("other.pem")));
    expect_refused(opts, "unknown issuer");
    server_stop(&s);
}

static void expired_certificate(void) {
    server s;

    start_tls(&s, "expired", false);
    expect_refused(trusting(&s), "has expired");
    server_stop(&s);
}

static void host_names(void) {
    natsOptions *opts;
    char url[64];
    server s;

    start_tls(&s, "elsewhere", false);
    expect_refused(trusting(&s), "hostname mismatch: expected=localhost");
    opts = trusting(&s);
    CHECK_OK(natsOptions_SetExpectedHostname(opts, "elsewhere.example"));
    expect_works(opts);
    opts = trusting(&s);
    CHECK_OK(natsOptions_SetExpectedHostname(opts, "elsewhere.example"));
    CHECK_OK(natsOptions_SetExpectedHostname(opts, NULL));
    expect_refused(opts, "hostname mismatch");
    server_stop(&s);

    /* An address is looked for among the addresses. */
    start_tls(&s, "named", false);
    snprintf(url, sizeof(url), "nats://127.0.0.1:%d", s.port);
    opts = trusting(&s);
    CHECK_OK(natsOptions_SetURL(opts, url));
    expect_refused(opts, "hostname mismatch: expected=127.0.0.1");
    server_stop(&s);
    start_tls(&s, "server", false);
    snprintf(url, sizeof(url), "tls://127.0.0.1:%d", s.port);
    opts = trusting(&s);
    CHECK_OK(natsOptions_SetURL(opts, url));
    expect_works(opts);
    server_stop(&s);
}

static void a_trusted_self_signed_certificate(void) {
    natsOptions *opts;
    server s;

    start_tls(&s, "self", false);
#if OURS
    expect_refused(trusting(&s), "not itself trusted");
#endif
    opts = options_for(&s);
    CHECK_OK(natsOptions_LoadCATrustedCertificates(opts, cert("self.pem")));
    expect_works(opts);
    opts = options_for(&s);
    CHECK_OK(natsOptions_LoadCATrustedCertificates(opts, cert("self.pem")));
    CHECK_OK(natsOptions_SetExpectedHostname(opts, "elsewhere.example"));
    expect_refused(opts, "hostname mismatch");
    server_stop(&s);
}

static void skipped_verification(void) {
    natsOptions *opts;
    server s;

    start_tls(&s, "expired", false);
    opts = options_for(&s);
    CHECK_OK(natsOptions_SkipServerVerification(opts, true));
    expect_works(opts);
    opts = options_for(&s);
    CHECK_OK(natsOptions_SkipServerVerification(opts, true));
    CHECK_OK(natsOptions_SkipServerVerification(opts, false));
    expect_refused(opts, "SSL handshake error: ");
    server_stop(&s);
}

static int verdicts[2]; /* how often the callback was called with 0 and with 1 */

static int on_verify(int preverify_ok, void *ctx) {
    (void)ctx;
    verdicts[preverify_ok]++;
    return 1;
}

#if OURS
static int on_verify_refuse(int preverify_ok, void *ctx) {
    verdicts[preverify_ok]++;
    CHECK(ctx == NULL);
    return 0;
}

static void verification_callback(void) {
    natsOptions *opts;
    server s;

    start_tls(&s, "server", false);
    opts = options_for(&s);
    CHECK_OK(natsOptions_SkipServerVerification(opts, true));
    CHECK_OK(natsOptions_SetSSLVerificationCallback(opts, on_verify));
    expect_works(opts);
    CHECK_INT(verdicts[0], 1);
    CHECK_INT(verdicts[1], 0);
    opts = trusting(&s);
    CHECK_OK(natsOptions_SetSSLVerificationCallback(opts, on_verify));
    CHECK_OK(natsOptions_AllowConcurrentTLSHandshakes(opts));
    expect_works(opts);
    CHECK_INT(verdicts[1], 1);

    opts = trusting(&s);
    CHECK_OK(natsOptions_SetSSLVerificationCallback(opts, on_verify_refuse));
    expect_refused(opts, "callback refused");
    CHECK_INT(verdicts[1], 2);
    opts = options_for(&s);
    CHECK_OK(natsOptions_SetSSLVerificationCallback(opts, on_verify_refuse));
    expect_refused(opts, "unknown issuer");
    CHECK_INT(verdicts[0], 2);
    /* Skipping forgets the callback, and NULL does too. */
    opts = options_for(&s);
    CHECK_OK(natsOptions_SetSSLVerificationCallback(opts, on_verify_refuse));
    CHECK_OK(natsOptions_SkipServerVerification(opts, true));
    expect_works(opts);
    opts = trusting(&s);
    CHECK_OK(natsOptions_SetSSLVerificationCallback(opts, on_verify_refuse));
    CHECK_OK(natsOptions_SetSSLVerificationCallback(opts, NULL));
    expect_works(opts);
    CHECK_INT(verdicts[0] + verdicts[1], 4);
    server_stop(&s);
}

static void revocation_lists(void) {
    char *both = (char *)malloc(128 * 1024), *authority = cert_text("ca.pem"),
         *list = cert_text("revoked.crl");
    natsOptions *opts;
    server s;

    start_tls(&s, "server", false);
    opts = trusting(&s);
    CHECK_OK(natsOptions_SetTLSRevocationListFile(opts, cert("empty.crl")));
    expect_works(opts);
    opts = trusting(&s);
    CHECK_OK(natsOptions_SetTLSRevocationListFile(opts, cert("revoked.crl")));
    expect_refused(opts, "revoked");
    opts = trusting(&s);
    CHECK_OK(natsOptions_SetTLSRevocationListFile(opts, cert("revoked.crl")));
    CHECK_OK(natsOptions_SetTLSRevocationListFile(opts, NULL));
    expect_works(opts);
    /* In the text of the authorities. */
    opts = options_for(&s);
    snprintf(both, 128 * 1024, "%s%s", authority, list);
    CHECK_OK(natsOptions_SetCATrustedCertificates(opts, both));
    expect_refused(opts, "revoked");
    /* The file is read at each handshake. */
    cert_copy("empty.crl", "current.crl");
    opts = trusting(&s);
    CHECK_OK(natsOptions_SetTLSRevocationListFile(opts, cert("current.crl")));
    cert_copy("revoked.crl", "current.crl");
    expect_refused(opts, "revoked");

    opts = trusting(&s);
    CHECK_STATUS(natsOptions_SetTLSRevocationListFile(opts, cert("ca.pem")), NATS_SSL_ERROR);
    CHECK_ERROR(NATS_SSL_ERROR, "no revocation list found");
    CHECK_STATUS(natsOptions_SetTLSRevocationListFile(opts, cert("none")), NATS_SSL_ERROR);
    CHECK_STATUS(natsOptions_SetTLSRevocationListFile(opts, ""), NATS_INVALID_ARG);
    CHECK_STATUS(natsOptions_SetTLSRevocationListFile(NULL, cert("empty.crl")), NATS_INVALID_ARG);
    natsOptions_Destroy(opts);
    server_stop(&s);
    free(both);
    free(authority);
    free(list);
}
#endif

static void client_certificates(void) {
    char *chain = cert_text("client.pem"), *key = cert_text("client.key");
    natsOptions *opts;
    server s;

    start_tls(&s, "server", true);
    opts = trusting(&s);
    CHECK_OK(natsOptions_LoadCertificatesChain(opts, cert("client.pem"), cert("client.key")));
    expect_works(opts);
    opts = trusting(&s);
    CHECK_OK(natsOptions_SetCertificatesChain(opts, chain, key));
    expect_works(opts);
    opts = trusting(&s);
    CHECK_OK(natsOptions_LoadCertificatesChainDynamic(opts, cert("client.pem"), cert("client.key")));
    expect_works(opts);
    server_stop(&s);
    free(chain);
    free(key);
}

static void missing_or_foreign_client_certificate(void) {
    natsConnection *nc = NULL;
    natsOptions *opts;
    server s;

    start_tls(&s, "server", true);
#if OURS
    expect_refused(trusting(&s), "it requires a client certificate");
#endif
    opts = trusting(&s);
    CHECK_OK(natsOptions_LoadCertificatesChain(opts, cert("stranger.pem"), cert("stranger.key")));
    CHECK(natsConnection_Connect(&nc, opts) != NATS_OK);
#if OURS
    CHECK_ERROR(NATS_SSL_ERROR, "SSL handshake error: the server refuses");
#endif
    natsOptions_Destroy(opts);
    opts = trusting(&s);
    CHECK_OK(natsOptions_LoadCertificatesChainDynamic(opts, cert("none.pem"), cert("none.key")));
    expect_fails(opts, NATS_SSL_ERROR, "");
#if OURS
    CHECK_ERROR(NATS_SSL_ERROR, "none.pem");
#endif
    server_stop(&s);
}

static void bad_files(void) {
    static const char *const pairs[][2] = {
        {"none.pem", "client.key"},   {"client.pem", "none.key"},      {"client.pem", "server.key"},
        {"client.key", "client.pem"}, {"client.pem", "truncated.key"}, {"truncated.pem", "client.key"},
        {"client.pem", "make.sh"},    {"make.sh", "client.key"},       {"cas", "client.key"},
    };
    natsOptions *opts = test_options("nats://localhost");
    char *chain = cert_text("client.pem"), *key = cert_text("server.key");
    size_t i;

    for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        CHECK_STATUS(natsOptions_LoadCertificatesChain(opts, cert(pairs[i][0]), cert(pairs[i][1])),
                     NATS_SSL_ERROR);
    CHECK_STATUS(natsOptions_SetCertificatesChain(opts, chain, key), NATS_SSL_ERROR);
#if OURS
    CHECK_ERROR(NATS_SSL_ERROR, "the key does not belong to the certificate");
#endif
    CHECK_STATUS(natsOptions_SetCertificatesChain(opts, "nothing", "of use"), NATS_SSL_ERROR);
    CHECK_STATUS(natsOptions_LoadCATrustedCertificates(opts, cert("none.pem")), NATS_SSL_ERROR);
    CHECK_ERROR(NATS_SSL_ERROR, "Error loading trusted certificates '/tmp/");
    CHECK_STATUS(natsOptions_LoadCATrustedCertificates(opts, cert("make.sh")), NATS_SSL_ERROR);
    CHECK_STATUS(natsOptions_LoadCATrustedCertificates(opts, cert("truncated.pem")), NATS_SSL_ERROR);
    CHECK_STATUS(natsOptions_LoadCATrustedCertificates(opts, cert("cas")), NATS_SSL_ERROR);
    CHECK_STATUS(natsOptions_LoadCATrustedCertificates(opts, "/dev/zero"), NATS_SSL_ERROR);
    CHECK_STATUS(natsOptions_SetCATrustedCertificates(opts, "nothing"), NATS_SSL_ERROR);
#if OURS
    CHECK_STATUS(natsOptions_LoadCATrustedCertificatesPath(opts, cert("none")), NATS_SSL_ERROR);
    CHECK_ERROR(NATS_SSL_ERROR, "Error loading trusted certificates in path '/tmp/");
#endif
    natsOptions_Destroy(opts);
    free(chain);
    free(key);
}

static void arguments(void) {
    natsOptions *opts = test_options("nats://localhost");

    CHECK_STATUS(natsOptions_LoadCATrustedCertificates(opts, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(natsOptions_LoadCATrustedCertificates(opts, ""), NATS_INVALID_ARG);
    CHECK_STATUS(natsOptions_LoadCATrustedCertificatesPath(opts, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(natsOptions_LoadCATrustedCertificatesPath(opts, ""), NATS_INVALID_ARG);
    CHECK_STATUS(natsOptions_SetCATrustedCertificates(opts, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(natsOptions_SetCATrustedCertificates(opts, ""), NATS_INVALID_ARG);
    CHECK_ERROR(NATS_INVALID_ARG, "CA certificates can't be NULL nor empty");
    CHECK_STATUS(natsOptions_LoadCertificatesChain(opts, NULL, "k"), NATS_INVALID_ARG);
    CHECK_STATUS(natsOptions_LoadCertificatesChain(opts, "c", ""), NATS_INVALID_ARG);
    CHECK_STATUS(natsOptions_LoadCertificatesChain(NULL, NULL, NULL), NATS_INVALID_ARG);
    CHECK_ERROR(NATS_INVALID_ARG, "certificate and key file names can't be NULL nor empty");
    CHECK_STATUS(natsOptions_LoadCertificatesChainDynamic(opts, "", "k"), NATS_INVALID_ARG);
    CHECK_STATUS(natsOptions_LoadCertificatesChainDynamic(opts, "c", NULL), NATS_INVALID_ARG);
    CHECK_ERROR(NATS_INVALID_ARG, "certificate and key file names can't be NULL nor empty");
    CHECK_STATUS(natsOptions_SetCertificatesChain(opts, NULL, "k"), NATS_INVALID_ARG);
    CHECK_STATUS(natsOptions_SetCertificatesChain(opts, "c", ""), NATS_INVALID_ARG);
    CHECK_ERROR(NATS_INVALID_ARG, "certificate and key can't be NULL nor empty");
    CHECK_STATUS(natsOptions_SetCiphers(opts, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(natsOptions_SetCiphers(opts, ""), NATS_INVALID_ARG);
    CHECK_STATUS(natsOptions_SetSecure(NULL, true), NATS_INVALID_ARG);
    CHECK_STATUS(natsOptions_TLSHandshakeFirst(NULL), NATS_INVALID_ARG);
    CHECK_STATUS(natsOptions_AllowConcurrentTLSHandshakes(NULL), NATS_INVALID_ARG);
    CHECK_STATUS(natsOptions_LoadCATrustedCertificates(NULL, "f"), NATS_INVALID_ARG);
    CHECK_STATUS(natsOptions_SetExpectedHostname(NULL, "h"), NATS_INVALID_ARG);
    CHECK_STATUS(natsOptions_SkipServerVerification(NULL, true), NATS_INVALID_ARG);
    CHECK_STATUS(natsOptions_SetSSLVerificationCallback(NULL, on_verify), NATS_INVALID_ARG);
    natsOptions_Destroy(opts);
}

static void cipher_lists(void) {
    natsOptions *opts;
    server s;

    start_tls(&s, "server", false);
    opts = trusting(&s);
    CHECK_OK(natsOptions_SetCiphers(opts, "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256"));
    CHECK_OK(natsOptions_SetCiphers(opts, "-ALL:HIGH"));
    CHECK_OK(natsOptions_SetCipherSuites(opts, "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256"));
    expect_works(opts);

    opts = trusting(&s);
    CHECK_STATUS(natsOptions_SetCiphers(opts, "NO-SUCH-CIPHER"), NATS_SSL_ERROR);
    CHECK_ERROR(NATS_SSL_ERROR, "Error setting ciphers 'NO-SUCH-CIPHER': ");
#if OURS
    CHECK_STATUS(natsOptions_SetCiphers(opts, "HIGH:NO-SUCH-CIPHER"), NATS_SSL_ERROR);
    CHECK_ERROR(NATS_SSL_ERROR, "unknown cipher 'NO-SUCH-CIPHER'");
#endif
    CHECK_STATUS(natsOptions_SetCipherSuites(opts, "NO_SUCH_SUITE"), NATS_SSL_ERROR);
    CHECK_ERROR(NATS_SSL_ERROR, "Error setting ciphers 'NO_SUCH_SUITE': ");
    natsOptions_Destroy(opts);
    server_stop(&s);
}

static void shared_while_in_use(void) {
    natsConnection *nc = NULL;
    natsOptions *opts;
    server s;

    server_run(&s); /* the connection need not use TLS */
    opts = options_for(&s);
    CHECK_OK(natsOptions_SkipServerVerification(opts, true));
    CHECK_OK(natsConnection_Connect(&nc, opts));
    CHECK_STATUS(natsOptions_LoadCATrustedCertificates(opts, cert("ca.pem")), NATS_ILLEGAL_STATE);
    CHECK_ERROR(NATS_ILLEGAL_STATE, IN_USE);
    CHECK_STATUS(natsOptions_LoadCATrustedCertificatesPath(opts, cert("cas")), NATS_ILLEGAL_STATE);
    CHECK_STATUS(natsOptions_SetCATrustedCertificates(opts, "x"), NATS_ILLEGAL_STATE);
    CHECK_STATUS(natsOptions_LoadCertificatesChain(opts, cert("client.pem"), cert("client.key")),
                 NATS_ILLEGAL_STATE);
    CHECK_STATUS(natsOptions_LoadCertificatesChainDynamic(opts, "c", "k"), NATS_ILLEGAL_STATE);
    CHECK_STATUS(natsOptions_SetCertificatesChain(opts, "c", "k"), NATS_ILLEGAL_STATE);
    CHECK_STATUS(natsOptions_SetCiphers(opts, "HIGH"), NATS_ILLEGAL_STATE);
    CHECK_STATUS(natsOptions_SetCipherSuites(opts, "TLS_AES_128_GCM_SHA256"), NATS_ILLEGAL_STATE);
    CHECK_STATUS(natsOptions_SetExpectedHostname(opts, "h"), NATS_ILLEGAL_STATE);
    CHECK_STATUS(natsOptions_SkipServerVerification(opts, true), NATS_ILLEGAL_STATE);
    CHECK_STATUS(natsOptions_SetSSLVerificationCallback(opts, on_verify), NATS_ILLEGAL_STATE);
    CHECK_STATUS(natsOptions_TLSHandshakeFirst(opts), NATS_ILLEGAL_STATE);
    CHECK_STATUS(natsOptions_AllowConcurrentTLSHandshakes(opts), NATS_ILLEGAL_STATE);
    /* These two are not shared. */
    CHECK_OK(natsOptions_SetSecure(opts, true));
    CHECK_STATUS(natsOptions_SetCiphers(opts, "HIGH"), NATS_ILLEGAL_STATE);
    CHECK_OK(natsOptions_SetSecure(opts, false));
    CHECK_OK(natsOptions_SetCiphers(opts, "HIGH"));
    natsConnection_Destroy(nc);
    natsOptions_Destroy(opts);

    opts = options_for(&s);
    CHECK_OK(natsOptions_SkipServerVerification(opts, true));
    CHECK_OK(natsConnection_Connect(&nc, opts));
    CHECK_STATUS(natsOptions_SetCiphers(opts, "HIGH"), NATS_ILLEGAL_STATE);
    natsConnection_Destroy(nc);
    CHECK_SOON(natsOptions_SetCiphers(opts, "HIGH") == NATS_OK);
    natsOptions_Destroy(opts);
    server_stop(&s);
}

/* The table of who wants TLS: the client, by option or URL; the server, required or available. */
static void who_wants_it(void) {
    char conf[1024], url[64];
    natsOptions *opts;
    server plain, required, available;

    server_run(&plain);
    start_tls(&required, "server", false);
    snprintf(conf, sizeof(conf),
             "allow_non_tls: true, tls { timeout: 60, cert_file: \"%s\", key_file: \"%s\" }",
             cert("server.pem"), cert("server.key"));
    server_start(&available, conf, NULL);

    opts = options_for(&plain);
    CHECK_OK(natsOptions_SetSecure(opts, true));
    expect_fails(opts, NATS_SECURE_CONNECTION_WANTED, "");
    opts = options_for(&plain);
    snprintf(url, sizeof(url), " TLS://localhost:%d", plain.port);
    CHECK_OK(natsOptions_SetURL(opts, url));
    expect_fails(opts, NATS_SECURE_CONNECTION_WANTED, "");
    /* Whoever said no means it. */
    opts = options_for(&plain);
    CHECK_OK(natsOptions_SetSecure(opts, false));
    CHECK_OK(natsOptions_SetURL(opts, url));
    expect_works(opts);

    opts = trusting(&required);
    CHECK_OK(natsOptions_SetSSLVerificationCallback(opts, on_verify));
    expect_works(opts);
    CHECK(verdicts[1] > 0);
    opts = trusting(&required);
    CHECK_OK(natsOptions_SetSecure(opts, true));
    expect_works(opts);

    verdicts[1] = 0;
    opts = trusting(&available);
    CHECK_OK(natsOptions_SetSSLVerificationCallback(opts, on_verify));
    expect_works(opts);
    CHECK_INT(verdicts[1], 0);
    opts = trusting(&available);
    CHECK_OK(natsOptions_SetSSLVerificationCallback(opts, on_verify));
    CHECK_OK(natsOptions_SetSecure(opts, true));
    expect_works(opts);
    CHECK(verdicts[1] > 0);
    server_stop(&plain);
    server_stop(&required);
    server_stop(&available);
}

static void handshake_first(void) {
    char conf[1024];
    natsOptions *opts;
    server s;

    snprintf(conf, sizeof(conf),
             "tls { timeout: 60, cert_file: \"%s\", key_file: \"%s\", handshake_first: true }",
             cert("server.pem"), cert("server.key"));
    server_start(&s, conf, NULL);
    opts = trusting(&s);
    CHECK_OK(natsOptions_TLSHandshakeFirst(opts));
    expect_works(opts);
    server_stop(&s);

    server_run(&s);
    opts = trusting(&s);
    CHECK_OK(natsOptions_TLSHandshakeFirst(opts));
    expect_refused(opts, "");
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

    start_tls(&s, "server", false);
    nc = test_connect(trusting(&s));
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
    start_tls(&s, "server", false);
    nc = test_connect(trusting(&s));
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
    start_tls(&s, "server", false);
    opts = trusting(&s);
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
    opts = trusting(&s);
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
    opts = trusting(&s[0]);
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
        TEST(trusts_a_file_a_directory_memory_and_the_system),
        TEST(wrong_authority),
        TEST(expired_certificate),
        TEST(host_names),
        TEST(a_trusted_self_signed_certificate),
        TEST(skipped_verification),
#if OURS
        TEST(verification_callback),
        TEST(revocation_lists),
#endif
        TEST(client_certificates),
        TEST(missing_or_foreign_client_certificate),
        TEST(bad_files),
        TEST(arguments),
        TEST(cipher_lists),
        TEST(shared_while_in_use),
        TEST(who_wants_it),
        TEST(handshake_first),
        TEST(large_transfers_both_ways),
        TEST(threads_write_while_others_read),
        TEST(reconnects),
        TEST(client_certificate_is_reloaded),
        TEST(discovered_server_has_the_announcers_name),
    };
    int status;

    if (certs_make() != 0)
        return 1;
    status = RUN_TESTS(cases, argc, argv);
    certs_remove();
    return status;
}
