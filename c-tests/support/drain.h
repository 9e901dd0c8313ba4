/* A server, a connection that is drained, and another one that publishes, for the tests of draining. */
#ifndef NATS_RS_TEST_DRAIN_H
#define NATS_RS_TEST_DRAIN_H

#include "callbacks.h"
#include "server.h"
#include "test.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct drain_world {
    server s;
    natsConnection *nc;
    natsConnection *other;
    closure c; /* of nc */
} drain_world;

void drain_start(drain_world *f);
void drain_end(drain_world *f);
/* Publishes count numbers in decimal from `from` on, and waits until nc has received them. */
void drain_publish(drain_world *f, const char *subject, int from, int count);

#ifdef __cplusplus
}
#endif

#endif
