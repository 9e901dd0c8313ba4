/* The set-up of tests of object stores: a server with JetStream, a connection, a context that waits as long as the
 * tests do, and a store "B". */
#ifndef NATS_RS_TEST_OBJ_H
#define NATS_RS_TEST_OBJ_H

#include "jetstream.h"
#include "server.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct obj_fixture {
    server s;
    natsConnection *nc;
    jsCtx *js;
    objStore *obs;
} obj_fixture;

void obj_start(obj_fixture *f);
/* Its handles may have been destroyed, and be NULL. */
void obj_end(obj_fixture *f);
/* Makes the store, or opens it. */
void obj_open(obj_fixture *f);
/* Returns bytes that differ in each chunk and for each seed, to be released with free(). */
char *obj_pattern(int size, int seed);

#ifdef __cplusplus
}
#endif
#endif
