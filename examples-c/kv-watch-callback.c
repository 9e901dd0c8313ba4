/* Follows keys by a callback: what they have, then what changes.
 *
 * build: cc -o kv-watch-callback kv-watch-callback.c $(pkg-config --cflags --libs nats_rs) -pthread
 * run:   kv-watch-callback [url] [bucket] [changes]
 *        kv-watch-callback nats://127.0.0.1:4222 weather 3
 *
 * The bucket is made for this run, and deleted at its end. */
#include "example.h"

static void print(kvEntry *e) {
    if (kvEntry_Operation(e) == kvOp_Put)
        printf("%s = %s\n", kvEntry_Key(e), kvEntry_ValueString(e));
    else
        printf("%s was deleted\n", kvEntry_Key(e));
}

/* The callback owns the entry. */
static void onEntry(kvWatcher *watcher, kvEntry *e, natsStatus s, void *closure) {
    (void)watcher;
    if (s != NATS_OK)
        fprintf(stderr, "callback: %s\n", natsStatus_GetText(s));
    else if (e == NULL)
        printf("That is all for now\n");
    else
        print(e);
    kvEntry_Destroy(e);
    counterAdd((Counter *)closure, 1);
}

static bool put(kvStore *kv, const char *key, long value) {
    char text[24];

    snprintf(text, sizeof(text), "%ld", value);
    return succeeded("put", kvStore_PutString(NULL, kv, key, text));
}

/* Each change is made when the one before it was seen. */
static bool watch(kvStore *kv, long changes) {
    kvWatchOptions opts;
    kvWatcher *watcher = NULL;
    static Counter seen; /* a callback may still run when this function returns */
    bool well;
    long i;

    kvWatchOptions_Init(&opts);
    opts.Callback = onEntry;
    opts.Closure = &seen;
    well = counterInit(&seen) && succeeded("watch", kvStore_Watch(&watcher, kv, "temperature.*", &opts));
    well = well && counterWait(&seen, 3, 10); /* two cities, and the end of the initial data */
    for (i = 0; well && i < changes; i++)
        well = put(kv, "temperature.oslo", 20 + i) && counterWait(&seen, 4 + i, 10);
    well = well && succeeded("delete", kvStore_Delete(kv, "temperature.rome")) &&
           counterWait(&seen, 4 + changes, 10);
    if (watcher != NULL)
        kvWatcher_Stop(watcher);
    kvWatcher_Destroy(watcher);
    return well;
}

int main(int argc, char **argv) {
    const char *url = textArg(argc, argv, 1, NATS_DEFAULT_URL);
    const char *bucket = textArg(argc, argv, 2, "kv-watch-callback");
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
