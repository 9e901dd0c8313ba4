/* What the examples with key-value buckets share. */
#ifndef EXAMPLE_KV_H_
#define EXAMPLE_KV_H_

#include "example.h"

typedef struct {
    natsConnection *nc;
    jsCtx *js;
    kvStore *kv;
} Bucket;

/* Connects, and makes a bucket in memory that keeps so many revisions of each key. */
EXAMPLE_UNUSED static bool bucketOpen(Bucket *b, const char *url, const char *name, uint8_t history) {
    kvConfig config;

    memset(b, 0, sizeof(*b));
    kvConfig_Init(&config);
    config.Bucket = name;
    config.History = history;
    config.StorageType = js_MemoryStorage;
    return succeeded("connect", natsConnection_ConnectTo(&b->nc, url)) &&
           succeeded("JetStream", natsConnection_JetStream(&b->js, b->nc, NULL)) &&
           succeeded("bucket", js_CreateKeyValue(&b->kv, b->js, &config));
}

/* Deletes the bucket where there is one, and closes the connection. */
EXAMPLE_UNUSED static bool bucketClose(Bucket *b) {
    bool well =
        b->kv == NULL || succeeded("delete the bucket", js_DeleteKeyValue(b->js, kvStore_Bucket(b->kv)));

    kvStore_Destroy(b->kv);
    jsCtx_Destroy(b->js);
    natsConnection_Destroy(b->nc);
    return well;
}

EXAMPLE_UNUSED static bool putNumber(kvStore *kv, const char *key, long value) {
    char text[24];

    snprintf(text, sizeof(text), "%ld", value);
    return succeeded("put", kvStore_PutString(NULL, kv, key, text));
}

/* An entry of a watcher. */
EXAMPLE_UNUSED static void printEntry(kvEntry *e) {
    if (kvEntry_Operation(e) == kvOp_Put)
        printf("%s = %s\n", kvEntry_Key(e), kvEntry_ValueString(e));
    else
        printf("%s was deleted\n", kvEntry_Key(e));
}

#endif
