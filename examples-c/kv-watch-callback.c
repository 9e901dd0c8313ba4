/* Follows keys by a callback: what they have, then what changes.
 *
 * build: cc -o kv-watch-callback kv-watch-callback.c $(pkg-config --cflags --libs nats_rs) -pthread
 * run:   kv-watch-callback [url] [bucket] [changes]
 *        kv-watch-callback nats://127.0.0.1:4222 weather 3
 *
 * The bucket is made for this run, and deleted at its end. */
#include "example-kv.h"

/* The callback owns the entry. */
static void onEntry(kvWatcher *watcher, kvEntry *e, natsStatus s, void *closure) {
    (void)watcher;
    if (s != NATS_OK)
        fprintf(stderr, "callback: %s\n", natsStatus_GetText(s));
    else if (e == NULL)
        printf("That is all for now\n");
    else
        printEntry(e);
    kvEntry_Destroy(e);
    counterAdd((Counter *)closure, 1);
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
        well = putNumber(kv, "temperature.oslo", 20 + i) && counterWait(&seen, 4 + i, 10);
    well = well && succeeded("delete", kvStore_Delete(kv, "temperature.rome")) &&
           counterWait(&seen, 4 + changes, 10);
    if (watcher != NULL)
        kvWatcher_Stop(watcher);
    kvWatcher_Destroy(watcher);
    return well;
}

int main(int argc, char **argv) {
    const char *url = textArg(argc, argv, 1, NATS_DEFAULT_URL);
    const long changes = numberArg(argc, argv, 3, 3);
    Bucket b;
    bool well = bucketOpen(&b, url, textArg(argc, argv, 2, "kv-watch-callback"), 1);

    well = well && putNumber(b.kv, "temperature.oslo", 7) && putNumber(b.kv, "temperature.rome", 19) &&
           putNumber(b.kv, "wind.oslo", 3) && watch(b.kv, changes);
    well = bucketClose(&b) && well;
    nats_Close();
    return well ? 0 : 1;
}
