/* Follows keys by waiting for the next entry: what they have, then what changes.
 *
 * build: cc -o kv-watch kv-watch.c $(pkg-config --cflags --libs nats_rs) -pthread
 * run:   kv-watch [url] [bucket] [changes]
 *        kv-watch nats://127.0.0.1:4222 weather 3
 *
 * The bucket is made for this run, and deleted at its end. */
#include "example.h"

static void print(kvEntry *e) {
    if (kvEntry_Operation(e) == kvOp_Put)
        printf("%s = %s\n", kvEntry_Key(e), kvEntry_ValueString(e));
    else
        printf("%s was deleted\n", kvEntry_Key(e));
}

static bool put(kvStore *kv, const char *key, long value) {
    char text[24];

    snprintf(text, sizeof(text), "%ld", value);
    return succeeded("put", kvStore_PutString(NULL, kv, key, text));
}

/* The next entry; false for the end of the initial data, too. */
static bool next(kvWatcher *watcher, natsStatus *s) {
    kvEntry *e = NULL;
    bool entry;

    *s = kvWatcher_Next(&e, watcher, 10000);
    entry = *s == NATS_OK && e != NULL;
    if (entry)
        print(e);
    kvEntry_Destroy(e);
    return entry;
}

static bool watch(kvStore *kv, long changes) {
    kvWatcher *watcher = NULL;
    natsStatus s = kvStore_Watch(&watcher, kv, "temperature.*", NULL);
    long i;

    while (s == NATS_OK && next(watcher, &s))
        ;
    if (s == NATS_OK)
        printf("That is all for now\n");
    for (i = 0; s == NATS_OK && i < changes; i++)
        if (put(kv, "temperature.oslo", 20 + i))
            next(watcher, &s);
    if (s == NATS_OK)
        s = kvStore_Delete(kv, "temperature.rome");
    if (s == NATS_OK)
        next(watcher, &s);
    kvWatcher_Destroy(watcher);
    return succeeded("watch", s);
}

int main(int argc, char **argv) {
    const char *url = textArg(argc, argv, 1, NATS_DEFAULT_URL);
    const char *bucket = textArg(argc, argv, 2, "kv-watch");
    const long changes = numberArg(argc, argv, 3, 3);
    natsConnection *nc = NULL;
    jsCtx *js = NULL;
    kvStore *kv = NULL;
    kvConfig config;
    bool well;

    kvConfig_Init(&config);
    config.Bucket = bucket;
    config.StorageType = js_MemoryStorage;
    well = succeeded("connect", natsConnection_ConnectTo(&nc, url)) &&
           succeeded("JetStream", natsConnection_JetStream(&js, nc, NULL)) &&
           succeeded("bucket", js_CreateKeyValue(&kv, js, &config));
    if (well) {
        well = put(kv, "temperature.oslo", 7) && put(kv, "temperature.rome", 19) && put(kv, "wind.oslo", 3) &&
               watch(kv, changes);
        well = succeeded("delete the bucket", js_DeleteKeyValue(js, bucket)) && well;
    }
    kvStore_Destroy(kv);
    jsCtx_Destroy(js);
    natsConnection_Destroy(nc);
    nats_Close();
    return well ? 0 : 1;
}
