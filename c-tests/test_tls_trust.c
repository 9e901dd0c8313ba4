/* Trusted certificates over time and in all forms of files, and the error texts for others. */
#include <sys/stat.h>

#include "callbacks.h"
#include "certs.h"
#include "tls.h"

static void run(const char *format, const char *one, const char *two) {
    char command[512];

    snprintf(command, sizeof(command), format, one, two);
    CHECK_INT(system(command), 0);
}

static void write_cert(const char *name, const char *first, const char *second) {
    FILE *f = fopen(cert(name), "w");

    CHECK(f != NULL);
    CHECK(fputs(first, f) >= 0 && fputs(second, f) >= 0);
    CHECK_INT(fclose(f), 0);
}

/* In place of the file's own text; all of it is there or nothing. */
static void replace(const char *with, const char *name) {
    cert_copy(with, "next.pem");
    CHECK_INT(rename(cert("next.pem"), cert(name)), 0);
}

static bool last_error_has(natsConnection *nc, const char *part) {
    const char *text = NULL;

    natsConnection_GetLastError(nc, &text);
    return text != NULL && strstr(text, part) != NULL;
}

static void ca_files_are_read_at_each_reconnect(void) {
    static closure c;
    natsConnection *nc;
    natsOptions *opts;
    server s;
    int way;

    tls_start(&s, "server", false);
    CHECK_INT(mkdir(cert("now"), 0700), 0);
    for (way = 0; way < 2; way++) {
        closure_init(&c);
        replace("ca.pem", "now/ca.pem");
        opts = tls_options(&s);
        options_record(opts, &c);
        CHECK_OK(natsOptions_SetMaxReconnect(opts, -1));
        CHECK_OK(way == 0 ? natsOptions_LoadCATrustedCertificates(opts, cert("now/ca.pem"))
                          : natsOptions_LoadCATrustedCertificatesPath(opts, cert("now")));
        nc = test_connect(opts);
        replace("other.pem", "now/ca.pem");
        CHECK_OK(natsConnection_Reconnect(nc));
        CHECK_SOON(last_error_has(nc, "unknown issuer"));
        CHECK_INT(unlink(cert("now/ca.pem")), 0);
        CHECK_SOON(last_error_has(nc, "Error loading trusted certificates"));
        CHECK_INT(counter_get(&c.reconnected), 0);
        replace("ca.pem", "now/ca.pem");
        CHECK_REACHED(&c.reconnected, 1);
        natsConnection_Destroy(nc);
        CHECK_REACHED(&c.closed, 1);
    }
    server_stop(&s);
}

/* Where nothing is verified, nothing is read: a pipe would never end, a file is not there any more. */
static void skipping_reads_nothing(void) {
    natsOptions *opts;
    server s;

    tls_start(&s, "server", false);
    CHECK_INT(mkfifo(cert("pipe"), 0600), 0);
    setenv("SSL_CERT_FILE", cert("pipe"), 1);
    cert_copy("ca.pem", "gone.pem");
    opts = tls_options(&s);
    CHECK_OK(natsOptions_LoadCATrustedCertificates(opts, cert("gone.pem")));
    CHECK_OK(natsOptions_SkipServerVerification(opts, true));
    CHECK_INT(unlink(cert("gone.pem")), 0);
    tls_works(opts);
    server_stop(&s);
}

static void bundles_of_all_forms(void) {
    char *ca = cert_text("ca.pem"), *broken = cert_text("other.pem");
    natsOptions *opts;
    server s;

    tls_start(&s, "server", false);
    write_cert("mark.pem", "\xef\xbb\xbf", ca);
    run("sed 's/ CERTIFICATE/ X509 CERTIFICATE/' %s > %s", cert("ca.pem"), cert("x509.pem"));
    run("openssl x509 -in %s -trustout -addtrust serverAuth -setalias x -out %s", cert("ca.pem"),
        cert("trusted.pem"));
    memcpy(strchr(broken, '\n') + 1, "!!!!", 4);
    write_cert("partly.pem", broken, ca);
    {
        static const char *const files[] = {"mark.pem", "x509.pem", "trusted.pem", "partly.pem"};
        size_t i;

        for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
            opts = tls_options(&s);
            CHECK_OK(natsOptions_LoadCATrustedCertificates(opts, cert(files[i])));
            tls_works(opts);
        }
    }
    /* None is left. */
    write_cert("broken.pem", broken, "");
    opts = tls_options(&s);
    CHECK_STATUS(natsOptions_LoadCATrustedCertificates(opts, cert("broken.pem")), NATS_SSL_ERROR);
    CHECK_ERROR(NATS_SSL_ERROR, "broken.pem': certificate 1: it is not Base64");
    CHECK_STATUS(natsOptions_SetCATrustedCertificates(opts, broken), NATS_SSL_ERROR);
    natsOptions_Destroy(opts);
    /* The one that was needed. */
    memcpy(strchr(ca, '\n') + 1, "!!!!", 4);
    free(broken);
    broken = cert_text("other.pem");
    write_cert("partly.pem", broken, ca);
    opts = tls_options(&s);
    CHECK_OK(natsOptions_LoadCATrustedCertificates(opts, cert("partly.pem")));
    tls_refused(opts, "partly.pem', certificate 2: it is not Base64");
    free(ca);
    free(broken);
    server_stop(&s);
}

static void no_rust_in(const char *text) {
    CHECK(strstr(text, "os error") == NULL && strstr(text, "DnsName") == NULL &&
          strstr(text, "(\"") == NULL && strstr(text, "::") == NULL && strchr(text, '{') == NULL);
}

static void the_words_say_whose_certificate_it_was(void) {
    natsOptions *opts;
    server s;

    tls_start(&s, "elsewhere", false);
    tls_refused(tls_options(&s), "unknown issuer");
    CHECK_ERROR(NATS_SSL_ERROR, "(certificate of 'CN=elsewhere', issued by 'CN=Test ca')");
    no_rust_in(nats_GetLastError(NULL));
    tls_refused(tls_options_trusting(&s),
                "hostname mismatch: expected=localhost, the certificate is for elsewhere.example");
    no_rust_in(nats_GetLastError(NULL));
    server_stop(&s);
    tls_start(&s, "expired", false);
    tls_refused(tls_options_trusting(&s), "issued by 'CN=Test ca')");
    no_rust_in(nats_GetLastError(NULL));
    server_stop(&s);

    opts = test_options(NULL);
    CHECK_STATUS(natsOptions_LoadCATrustedCertificates(opts, "/no/such/file"), NATS_SSL_ERROR);
    CHECK_ERROR(NATS_SSL_ERROR, "'/no/such/file': No such file or directory");
    no_rust_in(nats_GetLastError(NULL));
    CHECK_STATUS(natsOptions_LoadCertificatesChain(opts, "/no/such/file", "/no/such/key"), NATS_SSL_ERROR);
    no_rust_in(nats_GetLastError(NULL));
    natsOptions_Destroy(opts);
}

static void key_is_refused(const char *make, const char *text) {
    natsOptions *opts = test_options(NULL);

    run(make, cert("odd.key"), "");
    CHECK_STATUS(natsOptions_LoadCertificatesChain(opts, cert("client.pem"), cert("odd.key")),
                 NATS_SSL_ERROR);
    CHECK_ERROR(NATS_SSL_ERROR, text);
    no_rust_in(nats_GetLastError(NULL));
    natsOptions_Destroy(opts);
}

static void unsupported_keys_are_named(void) {
    char *key = cert_text("client.key");
    natsOptions *opts;

    key_is_refused("openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-521 -out %s%s",
                   "the key is ECDSA with P-521, which is not supported; RSA from 2048 bits");
    key_is_refused("openssl ecparam -name secp521r1 -genkey -noout -out %s%s", "ECDSA with P-521");
    key_is_refused("openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out %s%s",
                   "RSA of 1024 bits");
    key_is_refused("openssl genpkey -quiet -algorithm ED448 -out %s%s", "the key is Ed448");
    key_is_refused("openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -aes128 -pass "
                   "pass:x -out %s%s",
                   "key: it is encrypted");
    /* A mark in front is passed over. */
    write_cert("mark.key", "\xef\xbb\xbf", key);
    opts = test_options(NULL);
    CHECK_OK(natsOptions_LoadCertificatesChain(opts, cert("client.pem"), cert("mark.key")));
    natsOptions_Destroy(opts);
    free(key);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(ca_files_are_read_at_each_reconnect),
        TEST(skipping_reads_nothing),
        TEST(bundles_of_all_forms),
        TEST(the_words_say_whose_certificate_it_was),
        TEST(unsupported_keys_are_named),
    };

    return RUN_TESTS_WITH_CERTS(cases, argc, argv);
}
