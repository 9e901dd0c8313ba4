/* Watchers and gets while their connection drains: the subscriptions that the library made for them end, and the calls
 * say why. */
#include "callbacks.h"
#include "obj.h"

/* The first status other than those of a call that is to be repeated. */
static natsStatus kv_outcome(kvWatcher *w) {
    int64_t until = now_ms() + deadline_ms();
    natsStatus s;

    do {
        kvEntry *entry = NULL;

        s = kvWatcher_Next(&entry, w, 50);
        kvEntry_Destroy(entry);
    } while ((s == NATS_OK || s == NATS_TIMEOUT) && now_ms() < until);
    return s;
}

static natsStatus obj_outcome(objStoreWatcher *w) {
    int64_t until = now_ms() + deadline_ms();
    natsStatus s;

    do {
        objStoreInfo *info = NULL;

        s = objStoreWatcher_Next(&info, w, 50);
        objStoreInfo_Destroy(info);
    } while ((s == NATS_OK || s == NATS_TIMEOUT) && now_ms() < until);
    return s;
}

static natsStatus get_outcome(objStoreGet *get) {
    int64_t until = now_ms() + deadline_ms();
    natsStatus s;

    do {
        void *bytes = NULL;
        bool done = false;
        int length = 0;

        s = objStoreGet_Read(&done, &bytes, &length, get, 50);
        free(bytes);
    } while ((s == NATS_OK || s == NATS_TIMEOUT) && now_ms() < until);
    return s;
}

static void calls_say_that_the_connection_drains(void) {
    natsSubscription *sub = NULL;
    objStoreWatcher *obj_watcher = NULL;
    objStoreGet *get = NULL;
    kvWatcher *watcher = NULL;
    kvStore *kv = NULL;
    kvConfig config;
    static closure c;
    obj_fixture f;
    char *bytes;

    obj_start(&f);
    closure_init(&c);
    CHECK_OK(kvConfig_Init(&config));
    config.Bucket = "K";
    config.StorageType = js_MemoryStorage;
    CHECK_OK(js_CreateKeyValue(&kv, f.js, &config));
    bytes = obj_pattern(4 * 131072, 1);
    CHECK_OK(objStore_PutBytes(NULL, f.obs, "o", bytes, 4 * 131072));
    free(bytes);
    CHECK_OK(kvStore_WatchAll(&watcher, kv, NULL));
    CHECK_OK(objStore_Watch(&obj_watcher, f.obs, NULL));
    CHECK_OK(objStore_Get(&get, f.obs, "o", NULL));
    /* A callback that does not return holds the drain up. */
    CHECK_OK(natsConnection_Subscribe(&sub, f.nc, "slow", on_blocked, &c));
    CHECK_OK(natsConnection_PublishString(f.nc, "slow", "x"));
    CHECK_REACHED(&c.entered, 1);
    CHECK_OK(natsConnection_Drain(f.nc));
    CHECK_STATUS(kv_outcome(watcher), NATS_DRAINING);
    CHECK_ERROR(NATS_DRAINING, "watcher of bucket 'K': the connection is draining");
    CHECK_STATUS(obj_outcome(obj_watcher), NATS_DRAINING);
    CHECK_ERROR(NATS_DRAINING, "the connection is draining");
    CHECK_STATUS(get_outcome(get), NATS_DRAINING);
    CHECK_ERROR(NATS_DRAINING, "object 'o': the connection is draining");
    counter_set(&c.gate, 1);
    CHECK_SOON(natsConnection_IsClosed(f.nc));
    CHECK_STATUS(kv_outcome(watcher), NATS_CONNECTION_CLOSED);
    CHECK_ERROR(NATS_CONNECTION_CLOSED, "watcher of bucket 'K': ");
    CHECK_STATUS(obj_outcome(obj_watcher), NATS_CONNECTION_CLOSED);
    objStoreGet_Destroy(get);
    objStoreWatcher_Destroy(obj_watcher);
    kvWatcher_Destroy(watcher);
    kvStore_Destroy(kv);
    natsSubscription_Destroy(sub);
    obj_end(&f);
}

static const test_case cases[] = {
    TEST(calls_say_that_the_connection_drains),
};

int main(int argc, char **argv) { return RUN_TESTS(cases, argc, argv); }
