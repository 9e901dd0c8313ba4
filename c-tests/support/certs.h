/* Certificates for tests, created with the openssl command and removed at the end of the test.
 *
 * Each is a pair of files, NAME.pem and NAME.key, with P-256 keys:
 *
 *   ca, other            two authorities; ca's revocation lists are empty.crl and revoked.crl (revokes server)
 *   server               by ca, for localhost, 127.0.0.1 and ::1
 *   named                by ca, for localhost only
 *   elsewhere            by ca, for elsewhere.example
 *   expired              by ca, no longer valid
 *   client, stranger     for clients, by ca and by other
 *   self                 self-signed and an authority, for localhost and 127.0.0.1
 *
 * cas/ is a directory with ca.pem under another name; truncated.pem and truncated.key are cut short. */
#ifndef NATS_RS_TEST_CERTS_H
#define NATS_RS_TEST_CERTS_H

#ifdef __cplusplus
extern "C" {
#endif

/* RUN_TESTS (test.h), with the certificates there. */
#define RUN_TESTS_WITH_CERTS(cases, argc, argv)                                                              \
    (certs_make() != 0 ? 1 : certs_removed_after(RUN_TESTS(cases, argc, argv)))

/* Creates them. Returns 0, or prints the fault and returns 1. */
int certs_make(void);
/* Removes them. */
void certs_remove(void);
/* The same, and returns the status. */
int certs_removed_after(int status);
/* The full name of one of the files, valid until the sixteenth call after it. */
const char *cert(const char *file);
/* The file's text, to be freed. */
char *cert_text(const char *file);
/* Copies one of the files to another name there. */
void cert_copy(const char *from, const char *to);

#ifdef __cplusplus
}
#endif
#endif
