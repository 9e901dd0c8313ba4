/* TLS with real servers: the verification of the server, client certificates, and when TLS is used. */
#include "callbacks.h"
#include "certs.h"
#include "server.h"
#include "test.h"
#include "tls.h"

static void trusts_a_file_a_directory_and_memory(void) {
    char *text = cert_text("ca.pem");
    natsOptions *opts;
    server s;

    tls_start(&s, "server", false);
    tls_works(tls_options_trusting(&s));

    opts = tls_options(&s);
    CHECK_OK(natsOptions_LoadCATrustedCertificatesPath(opts, cert("cas")));
    tls_works(opts);

    opts = tls_options(&s);
    CHECK_OK(natsOptions_SetCATrustedCertificates(opts, text));
    tls_works(opts);

    tls_refused(tls_options(&s), "unknown issuer");
    server_stop(&s);
    free(text);
}

/* What the system trusts is what this variable names; it is read once for a process. */
static void trusts_the_system(void) {
    server s;

    tls_start(&s, "server", false);
    setenv("SSL_CERT_FILE", cert("ca.pem"), 1);
    tls_works(tls_options(&s));
#if OURS
    setenv("SSL_CERT_FILE", cert("other.pem"), 1);
    tls_works(tls_options(&s));
#endif
    server_stop(&s);
}

static void wrong_authority(void) {
    natsOptions *opts;
    server s;

    tls_start(&s, "server", false);
    opts = tls_options(&s);
    CHECK_OK(natsOptions_LoadCATrustedCertificates(opts, cert("other.pem")));
    tls_refused(opts, "unknown issuer");
    server_stop(&s);
}

static void expired_certificate(void) {
    server s;

    tls_start(&s, "expired", false);
    tls_refused(tls_options_trusting(&s), "has expired");
    server_stop(&s);
}

static void host_names(void) {
    natsOptions *opts;
    char url[64];
    server s;

    tls_start(&s, "elsewhere", false);
    tls_refused(tls_options_trusting(&s), "hostname mismatch: expected=localhost");
    opts = tls_options_trusting(&s);
    CHECK_OK(natsOptions_SetExpectedHostname(opts, "elsewhere.example"));
    tls_works(opts);
    opts = tls_options_trusting(&s);
    CHECK_OK(natsOptions_SetExpectedHostname(opts, "elsewhere.example"));
    CHECK_OK(natsOptions_SetExpectedHostname(opts, NULL));
    tls_refused(opts, "hostname mismatch");
    server_stop(&s);

    /* An address is looked for among the addresses. */
    tls_start(&s, "named", false);
    snprintf(url, sizeof(url), "nats://127.0.0.1:%d", s.port);
    opts = tls_options_trusting(&s);
    CHECK_OK(natsOptions_SetURL(opts, url));
    tls_refused(opts, "hostname mismatch: expected=127.0.0.1");
    server_stop(&s);
    tls_start(&s, "server", false);
    snprintf(url, sizeof(url), "tls://127.0.0.1:%d", s.port);
    opts = tls_options_trusting(&s);
    CHECK_OK(natsOptions_SetURL(opts, url));
    tls_works(opts);
    server_stop(&s);
}

static void a_trusted_self_signed_certificate(void) {
    natsOptions *opts;
    server s;

    tls_start(&s, "self", false);
#if OURS
    tls_refused(tls_options_trusting(&s), "not itself trusted");
#endif
    opts = tls_options(&s);
    CHECK_OK(natsOptions_LoadCATrustedCertificates(opts, cert("self.pem")));
    tls_works(opts);
    opts = tls_options(&s);
    CHECK_OK(natsOptions_LoadCATrustedCertificates(opts, cert("self.pem")));
    CHECK_OK(natsOptions_SetExpectedHostname(opts, "elsewhere.example"));
    tls_refused(opts, "hostname mismatch");
    server_stop(&s);
}

static void skipped_verification(void) {
    natsOptions *opts;
    server s;

    tls_start(&s, "expired", false);
    opts = tls_options(&s);
    CHECK_OK(natsOptions_SkipServerVerification(opts, true));
    tls_works(opts);
    opts = tls_options(&s);
    CHECK_OK(natsOptions_SkipServerVerification(opts, true));
    CHECK_OK(natsOptions_SkipServerVerification(opts, false));
    tls_refused(opts, "SSL handshake error: ");
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

    tls_start(&s, "server", false);
    opts = tls_options(&s);
    CHECK_OK(natsOptions_SkipServerVerification(opts, true));
    CHECK_OK(natsOptions_SetSSLVerificationCallback(opts, on_verify));
    tls_works(opts);
    CHECK_INT(verdicts[0], 1);
    CHECK_INT(verdicts[1], 0);
    opts = tls_options_trusting(&s);
    CHECK_OK(natsOptions_SetSSLVerificationCallback(opts, on_verify));
    CHECK_OK(natsOptions_AllowConcurrentTLSHandshakes(opts));
    tls_works(opts);
    CHECK_INT(verdicts[1], 1);

    opts = tls_options_trusting(&s);
    CHECK_OK(natsOptions_SetSSLVerificationCallback(opts, on_verify_refuse));
    tls_refused(opts, "callback refused");
    CHECK_INT(verdicts[1], 2);
    opts = tls_options(&s);
    CHECK_OK(natsOptions_SetSSLVerificationCallback(opts, on_verify_refuse));
    tls_refused(opts, "unknown issuer");
    CHECK_INT(verdicts[0], 2);
    /* Skipping forgets the callback, and NULL does too. */
    opts = tls_options(&s);
    CHECK_OK(natsOptions_SetSSLVerificationCallback(opts, on_verify_refuse));
    CHECK_OK(natsOptions_SkipServerVerification(opts, true));
    tls_works(opts);
    opts = tls_options_trusting(&s);
    CHECK_OK(natsOptions_SetSSLVerificationCallback(opts, on_verify_refuse));
    CHECK_OK(natsOptions_SetSSLVerificationCallback(opts, NULL));
    tls_works(opts);
    CHECK_INT(verdicts[0] + verdicts[1], 4);
    server_stop(&s);
}

static closure verifying;

static int on_verify_blocked(int preverify_ok, void *ctx) {
    (void)ctx;
    counter_add(&verifying.entered, 1);
    if (counter_get(&verifying.entered) > 1)
        counter_wait(&verifying.gate, 1, deadline_ms());
    return preverify_ok;
}

/* The callback of the certificate is one of those behind which the released callback comes. */
static void released_comes_behind_the_verification(void) {
    natsConnection *nc;
    natsOptions *opts;
    static closure c;
    server s;

    tls_start(&s, "server", false);
    closure_init(&c);
    closure_init(&verifying);
    opts = tls_options_trusting(&s);
    CHECK_OK(natsOptions_SetTimeout(opts, 2 * deadline_ms()));
    CHECK_OK(natsOptions_SetSSLVerificationCallback(opts, on_verify_blocked));
    CHECK_OK(natsOptions_SetReleasedCB(opts, on_released, &c));
    nc = test_connect(opts);
    CHECK_OK(natsConnection_Reconnect(nc));
    CHECK_REACHED(&verifying.entered, 2);
    natsConnection_Destroy(nc);
    CHECK(!counter_wait(&c.released, 1, 50));
    counter_set(&verifying.gate, 1);
    CHECK_REACHED(&c.released, 1);
    server_stop(&s);
}

static void revocation_lists(void) {
    char *both = (char *)malloc(128 * 1024), *authority = cert_text("ca.pem"),
         *list = cert_text("revoked.crl");
    natsOptions *opts;
    server s;

    tls_start(&s, "server", false);
    opts = tls_options_trusting(&s);
    CHECK_OK(natsOptions_SetTLSRevocationListFile(opts, cert("empty.crl")));
    tls_works(opts);
    opts = tls_options_trusting(&s);
    CHECK_OK(natsOptions_SetTLSRevocationListFile(opts, cert("revoked.crl")));
    tls_refused(opts, "revoked");
    opts = tls_options_trusting(&s);
    CHECK_OK(natsOptions_SetTLSRevocationListFile(opts, cert("revoked.crl")));
    CHECK_OK(natsOptions_SetTLSRevocationListFile(opts, NULL));
    tls_works(opts);
    /* In the text of the authorities. */
    opts = tls_options(&s);
    snprintf(both, 128 * 1024, "%s%s", authority, list);
    CHECK_OK(natsOptions_SetCATrustedCertificates(opts, both));
    tls_refused(opts, "revoked");
    /* The file is read at each handshake. */
    cert_copy("empty.crl", "current.crl");
    opts = tls_options_trusting(&s);
    CHECK_OK(natsOptions_SetTLSRevocationListFile(opts, cert("current.crl")));
    cert_copy("revoked.crl", "current.crl");
    tls_refused(opts, "revoked");

    opts = tls_options_trusting(&s);
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

    tls_start(&s, "server", true);
    opts = tls_options_trusting(&s);
    CHECK_OK(natsOptions_LoadCertificatesChain(opts, cert("client.pem"), cert("client.key")));
    tls_works(opts);
    opts = tls_options_trusting(&s);
    CHECK_OK(natsOptions_SetCertificatesChain(opts, chain, key));
    tls_works(opts);
    opts = tls_options_trusting(&s);
    CHECK_OK(natsOptions_LoadCertificatesChainDynamic(opts, cert("client.pem"), cert("client.key")));
    tls_works(opts);
    server_stop(&s);
    free(chain);
    free(key);
}

static void missing_or_foreign_client_certificate(void) {
    natsConnection *nc = NULL;
    natsOptions *opts;
    server s;

    tls_start(&s, "server", true);
#if OURS
    tls_refused(tls_options_trusting(&s), "it requires a client certificate");
#endif
    opts = tls_options_trusting(&s);
    CHECK_OK(natsOptions_LoadCertificatesChain(opts, cert("stranger.pem"), cert("stranger.key")));
    CHECK(natsConnection_Connect(&nc, opts) != NATS_OK);
#if OURS
    CHECK_ERROR(NATS_SSL_ERROR, "SSL handshake error: the server refuses");
#endif
    natsOptions_Destroy(opts);
    opts = tls_options_trusting(&s);
    CHECK_OK(natsOptions_LoadCertificatesChainDynamic(opts, cert("none.pem"), cert("none.key")));
    tls_fails(opts, NATS_SSL_ERROR, "");
#if OURS
    CHECK_ERROR(NATS_SSL_ERROR, "none.pem");
#endif
    server_stop(&s);
}

/* TLS can be wanted by the client (an option, the URL) and by the server (required, available): each combination. */
static void who_wants_it(void) {
    char conf[1024], url[64];
    natsOptions *opts;
    server plain, required, available;

    server_run(&plain);
    tls_start(&required, "server", false);
    snprintf(conf, sizeof(conf),
             "allow_non_tls: true, tls { timeout: 60, cert_file: \"%s\", key_file: \"%s\" }",
             cert("server.pem"), cert("server.key"));
    server_start(&available, conf, NULL);

    opts = tls_options(&plain);
    CHECK_OK(natsOptions_SetSecure(opts, true));
    tls_fails(opts, NATS_SECURE_CONNECTION_WANTED, "");
    opts = tls_options(&plain);
    snprintf(url, sizeof(url), " TLS://localhost:%d", plain.port);
    CHECK_OK(natsOptions_SetURL(opts, url));
    tls_fails(opts, NATS_SECURE_CONNECTION_WANTED, "");
    /* SetSecure(false) is stronger than the URL. */
    opts = tls_options(&plain);
    CHECK_OK(natsOptions_SetSecure(opts, false));
    CHECK_OK(natsOptions_SetURL(opts, url));
    tls_works(opts);

    opts = tls_options_trusting(&required);
    CHECK_OK(natsOptions_SetSSLVerificationCallback(opts, on_verify));
    tls_works(opts);
    CHECK(verdicts[1] > 0);
    opts = tls_options_trusting(&required);
    CHECK_OK(natsOptions_SetSecure(opts, true));
    tls_works(opts);

    verdicts[1] = 0;
    opts = tls_options_trusting(&available);
    CHECK_OK(natsOptions_SetSSLVerificationCallback(opts, on_verify));
    tls_works(opts);
    CHECK_INT(verdicts[1], 0);
    opts = tls_options_trusting(&available);
    CHECK_OK(natsOptions_SetSSLVerificationCallback(opts, on_verify));
    CHECK_OK(natsOptions_SetSecure(opts, true));
    tls_works(opts);
    CHECK(verdicts[1] > 0);
    server_stop(&plain);
    server_stop(&required);
    server_stop(&available);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(trusts_a_file_a_directory_and_memory),
        TEST(trusts_the_system),
        TEST(wrong_authority),
        TEST(expired_certificate),
        TEST(host_names),
        TEST(a_trusted_self_signed_certificate),
        TEST(skipped_verification),
#if OURS
        TEST(verification_callback),
        TEST(released_comes_behind_the_verification),
        TEST(revocation_lists),
#endif
        TEST(client_certificates),
        TEST(missing_or_foreign_client_certificate),
        TEST(who_wants_it),
    };

    return RUN_TESTS_WITH_CERTS(cases, argc, argv);
}
