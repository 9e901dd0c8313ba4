/* The set-up of tests of key-value buckets: a server with JetStream, a connection, a context, and a bucket "T" that
 * keeps 10 revisions of each key. */
#ifndef NATS_RS_TEST_KV_H
#define NATS_RS_TEST_KV_H

#include "callbacks.h"
#include "jetstream.h"
#include "server.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct kv_fixture {
    server s;
    natsConnection *nc;
    closure c; /* of the connection */
    jsCtx *js;
    kvStore *kv;
} kv_fixture;

void kv_start(kv_fixture *f);
void kv_end(kv_fixture *f);
/* Waits until the key has this value. */
void kv_await(kvStore *kv, const char *key, const char *value);
/* The next entry of a watcher must have this key and this value; NULL for a deleted key. */
void kv_expect(kvWatcher *w, const char *key, const char *value);
/* The next result of a watcher must be the end of the initial data. */
void kv_expect_complete(kvWatcher *w);

#ifdef __cplusplus
}
#endif
#endif
