/* The TLS options: files and texts that cannot be used, arguments, cipher lists, and changes while a connection uses them. */
#include "certs.h"
#include "server.h"
#include "test.h"
#include "tls.h"

#define IN_USE                                                                                               \
    "This natsOptions object can't be modified because it is configured for SSL and is currently used by "   \
    "connection(s)!"

static int never_called(int preverify_ok, void *ctx) {
    (void)ctx;
    return preverify_ok;
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
    CHECK_STATUS(natsOptions_SetSSLVerificationCallback(NULL, never_called), NATS_INVALID_ARG);
    natsOptions_Destroy(opts);
}

static void cipher_lists(void) {
    natsOptions *opts;
    server s;

    tls_start(&s, "server", false);
    opts = tls_options_trusting(&s);
    CHECK_OK(natsOptions_SetCiphers(opts, "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256"));
    CHECK_OK(natsOptions_SetCiphers(opts, "-ALL:HIGH"));
    CHECK_OK(natsOptions_SetCipherSuites(opts, "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256"));
    tls_works(opts);

    opts = tls_options_trusting(&s);
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
    opts = tls_options(&s);
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
    CHECK_STATUS(natsOptions_SetSSLVerificationCallback(opts, never_called), NATS_ILLEGAL_STATE);
    CHECK_STATUS(natsOptions_TLSHandshakeFirst(opts), NATS_ILLEGAL_STATE);
    CHECK_STATUS(natsOptions_AllowConcurrentTLSHandshakes(opts), NATS_ILLEGAL_STATE);
    /* These two are not shared. */
    CHECK_OK(natsOptions_SetSecure(opts, true));
    CHECK_STATUS(natsOptions_SetCiphers(opts, "HIGH"), NATS_ILLEGAL_STATE);
    CHECK_OK(natsOptions_SetSecure(opts, false));
    CHECK_OK(natsOptions_SetCiphers(opts, "HIGH"));
    natsConnection_Destroy(nc);
    natsOptions_Destroy(opts);

    opts = tls_options(&s);
    CHECK_OK(natsOptions_SkipServerVerification(opts, true));
    CHECK_OK(natsConnection_Connect(&nc, opts));
    CHECK_STATUS(natsOptions_SetCiphers(opts, "HIGH"), NATS_ILLEGAL_STATE);
    natsConnection_Destroy(nc);
    CHECK_SOON(natsOptions_SetCiphers(opts, "HIGH") == NATS_OK);
    natsOptions_Destroy(opts);
    server_stop(&s);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(bad_files),
        TEST(arguments),
        TEST(cipher_lists),
        TEST(shared_while_in_use),
    };

    return RUN_TESTS_WITH_CERTS(cases, argc, argv);
}
