/* The set-up of most tests: a server, and a connection that records its callbacks. */
#ifndef NATS_RS_TEST_FIXTURE_H
#define NATS_RS_TEST_FIXTURE_H

#include "callbacks.h"
#include "server.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct fixture {
    server s;
    natsConnection *nc;
    closure c; /* of the connection */
} fixture;

void fixture_start(fixture *f);
/* adjust: changes the options of the connection. */
void fixture_start_with(fixture *f, natsOptions *(*adjust)(natsOptions *));
void fixture_end(fixture *f);

/* Publishes count messages, whose payloads are decimal numbers beginning with from, and flushes.
 * */
void publish_numbers(natsConnection *nc, const char *subject, int from, int count);

#ifdef __cplusplus
}
#endif
#endif
