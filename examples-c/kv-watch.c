/* Follows keys by waiting for the next entry: what they have, then what changes.
 *
 * build: cc -o kv-watch kv-watch.c $(pkg-config --cflags --libs nats_rs) -pthread
 * run:   kv-watch [url] [bucket] [changes]
 *        kv-watch nats://127.0.0.1:4222 weather 3
 *
 * The bucket is made for this run, and deleted at its end. */
#include "example-kv.h"

/* The next entry; false for the end of the initial data, too. */
static bool next(kvWatcher *watcher, natsStatus *s) {
    kvEntry *e = NULL;
    bool entry;

    *s = kvWatcher_Next(&e, watcher, 10000);
    entry = *s == NATS_OK && e != NULL;
    if (entry)
        printEntry(e);
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
        if (putNumber(kv, "temperature.oslo", 20 + i))
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
    const long changes = numberArg(argc, argv, 3, 3);
    Bucket b;
    bool well = bucketOpen(&b, url, textArg(argc, argv, 2, "kv-watch"), 1);

    well = well && putNumber(b.kv, "temperature.oslo", 7) && putNumber(b.kv, "temperature.rome", 19) &&
           putNumber(b.kv, "wind.oslo", 3) && watch(b.kv, changes);
    well = bucketClose(&b) && well;
    nats_Close();
    return well ? 0 : 1;
}
