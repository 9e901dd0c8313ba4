/* Servers and connections with TLS, with the certificates of certs.h. */
#ifndef NATS_RS_TEST_TLS_H
#define NATS_RS_TEST_TLS_H

#include "server.h"
#include "test.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A server with TLS and this certificate; verify: it requires client certificates signed by ca.
 * */
void tls_start(server *s, const char *name, bool verify);
/* Options for that server by the name localhost. */
natsOptions *tls_options(const server *s);
/* The same, that trust ca. */
natsOptions *tls_options_trusting(const server *s);
/* Connects with options, which are destroyed, and sends a message to itself. */
void tls_works(natsOptions *opts);
/* Fails to connect with options, which are destroyed. */
void tls_fails(natsOptions *opts, natsStatus status, const char *text);
/* The same, by an error of the handshake. */
void tls_refused(natsOptions *opts, const char *text);

#ifdef __cplusplus
}
#endif
#endif
