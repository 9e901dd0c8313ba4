/* Measures key-value buckets and object stores, one case in each run, with a library that has this interface; built like
 * js.c. nats.c 3.4 has no object stores. Prints one line of JSON.
 *
 *   stores CASE URL COUNT     COUNT: calls (kv_put_*, kv_get_*), keys (kv_keys), MiB (obj_*)
 *
 * nats.c uses natsOptions_SetSendAsap; without it each of its calls waits for its flusher. Streams are in the server's
 * memory and new. */
#include "js.h"

#define MAX_COUNT 5000000L
#define WARM_UP 200
#define KEYS 1000
#define VALUE 128
#define MAX_THREADS 64
#define PIECE (1 << 20)

static jsCtx *js;
static kvStore *kv;
static const char value[VALUE] = "a value";

static void key_of(char *key, size_t size, long i) { snprintf(key, size, "some.key.%06ld", i); }

static void open_bucket(void) {
    kvConfig config;

    CHECK(kvConfig_Init(&config));
    config.Bucket = "BENCH";
    config.StorageType = js_MemoryStorage;
    ask("$JS.API.STREAM.DELETE.KV_BENCH", "");
    CHECK(js_CreateKeyValue(&kv, js, &config));
}

static void fill_bucket(long keys) {
    char subject[64] = "$KV.BENCH.";
    const size_t prefix = strlen(subject);

    for (long i = 0; i < keys; i++) {
        key_of(subject + prefix, sizeof subject - prefix, i);
        CHECK(js_PublishAsync(js, subject, value, VALUE, NULL));
    }
    CHECK(js_PublishAsyncComplete(js, NULL));
}

/* ---- one key in each call ---------------------------------------------------------------------------------------------- */

static void put_some(long calls) {
    char key[32];
    uint64_t revision = 0;

    for (long i = 0; i < calls; i++) {
        key_of(key, sizeof key, i % KEYS);
        CHECK(kvStore_Put(&revision, kv, key, value, VALUE));
        if (revision == 0)
            fail("no revision");
    }
}

static void get_some(long calls) {
    char key[32];

    for (long i = 0; i < calls; i++) {
        kvEntry *entry = NULL;

        key_of(key, sizeof key, i % KEYS);
        CHECK(kvStore_Get(&entry, kv, key));
        if (kvEntry_ValueLen(entry) != VALUE)
            fail("another value");
        kvEntry_Destroy(entry);
    }
}

struct calls {
    void (*some)(long calls);
    long each;
};

static void *call(void *calls) {
    struct calls *these = calls;
    these->some(these->each);
    return NULL;
}

static void call_from(int threads, struct calls *calls) {
    pthread_t all[MAX_THREADS];

    for (int i = 0; i < threads; i++)
        if (pthread_create(&all[i], NULL, call, calls) != 0)
            fail("no thread");
    for (int i = 0; i < threads; i++)
        pthread_join(all[i], NULL);
}

static void keys(long count) {
    kvKeysList list;

    CHECK(kvStore_Keys(&list, kv, NULL));
    if (list.Count != count)
        fail("not as many keys as there are");
    kvKeysList_Destroy(&list);
}

/* ---- an object --------------------------------------------------------------------------------------------------- */

#ifndef USE_NATS_C
static objStore *store;

static void open_store(void) {
    objStoreConfig config;

    CHECK(objStoreConfig_Init(&config));
    config.Bucket = "BENCH";
    config.Storage = js_MemoryStorage;
    ask("$JS.API.STREAM.DELETE.OBJ_BENCH", "");
    CHECK(js_CreateObjectStore(&store, js, &config));
}

/* From one small buffer, so that the memory of the process is mostly the library's. */
static void put_object(long pieces) {
    static char piece[PIECE];
    objStoreMeta meta;
    objStorePut *put = NULL;

    memset(piece, 'x', sizeof piece);
    CHECK(objStoreMeta_Init(&meta));
    meta.Name = "object";
    CHECK(objStore_Put(&put, store, &meta));
    for (long i = 0; i < pieces; i++)
        CHECK(objStorePut_Add(put, piece, PIECE));
    CHECK(objStorePut_Complete(NULL, put, TIMEOUT_MS));
    objStorePut_Destroy(put);
}

static void get_object(long pieces) {
    objStoreGet *get = NULL;
    int64_t bytes = 0;
    bool done = false;

    CHECK(objStore_Get(&get, store, "object", NULL));
    while (!done) {
        void *data = NULL;
        int len = 0;

        CHECK(objStoreGet_Read(&done, &data, &len, get, TIMEOUT_MS));
        if (len > 0 && ((char *)data)[0] != 'x')
            fail("other bytes");
        bytes += len;
        free(data);
    }
    if (bytes != (int64_t)pieces * PIECE)
        fail("not as many bytes as there are");
    objStoreGet_Destroy(get);
}
#endif

int main(int argc, char **argv) {
    jsOptions options;
    int64_t wall, cpu;

    if (argc != 4) {
        fprintf(stderr, "usage: stores CASE URL COUNT\n");
        return 2;
    }
    const char *name = argv[1];
    url = argv[2];
    long count = strtol(argv[3], NULL, 10);
    if (count < 1 || count > MAX_COUNT)
        fail("a count is 1 to 5000000");
#ifdef USE_NATS_C
    begin(true);
#else
    if (strcmp(name, "obj_get") == 0)
        run_elsewhere(argv, "obj_put");
    begin(false);
#endif
    CHECK(jsOptions_Init(&options));
    js = context(&options);

    struct calls calls = {.some = NULL};
    int threads = 1;
    if (sscanf(name, "kv_put_%d", &threads) == 1)
        calls.some = put_some;
    else if (sscanf(name, "kv_get_%d", &threads) == 1)
        calls.some = get_some;
    if (threads < 1 || threads > MAX_THREADS)
        fail("1 to 64 threads");
    count -= count % threads;
    calls.each = WARM_UP / threads + 1;
    if (calls.some != NULL) {
        open_bucket();
        fill_bucket(KEYS);
        call_from(threads, &calls);
        calls.each = count / threads;
    } else if (strcmp(name, "kv_keys") == 0) {
        open_bucket();
        fill_bucket(count);
#ifndef USE_NATS_C
    } else if (strcmp(name, "obj_put") == 0) {
        open_store();
    } else if (strcmp(name, "obj_get") == 0) {
        CHECK(js_ObjectStore(&store, js, "BENCH"));
#endif
    } else {
        fail("no such case");
    }
    cpu = cpu_ns();
    wall = now_ns();
    if (calls.some != NULL)
        call_from(threads, &calls);
    else if (strcmp(name, "kv_keys") == 0)
        keys(count);
#ifndef USE_NATS_C
    else if (strcmp(name, "obj_put") == 0)
        put_object(count);
    else
        get_object(count);
#endif
    wall = now_ns() - wall;
    cpu = cpu_ns() - cpu;
    tell(name, count, wall, cpu);
    if (strncmp(name, "obj_", 4) == 0)
        printf(", \"bytes\": %ld", from_status("VmHWM:") * 1024);
    end();
}
