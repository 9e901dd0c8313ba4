/* What tests of object stores begin with: a server with JetStream, a connection, a context that waits as long as the
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
/* Bytes that differ in each chunk, and with the seed. To be freed. */
char *obj_pattern(int size, int seed);

#ifdef __cplusplus
}
#endif
#endif
