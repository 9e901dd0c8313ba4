/* Watchers: what another client changes is told in its order. */
#include "ours.h"

static kvStore *kv;
static objStore *obs;

static bool open_both(jsCtx *js, const char *who) {
    kvConfig config;
    objStoreConfig objects;
    char bucket[64];

    EXPECT_OK(kvConfig_Init(&config));
    config.Bucket = named(bucket, "kvw", who);
    config.History = 5;
    config.LimitMarkerTTL = INT64_C(1000000000);
    EXPECT_OK(js_CreateKeyValue(&kv, js, &config));
    EXPECT_OK(objStoreConfig_Init(&objects));
    objects.Bucket = named(bucket, "objw", who);
    EXPECT_OK(js_CreateObjectStore(&obs, js, &objects));
    return true;
}

static bool next_key(kvWatcher *w, const char *key, kvOperation op, const char *value) {
    kvEntry *entry = NULL;
    bool same;

    EXPECT_OK(kvWatcher_Next(&entry, w, WAIT_MS));
    EXPECT(entry != NULL);
    same = strcmp(kvEntry_Key(entry), key) == 0 && kvEntry_Operation(entry) == op &&
           strcmp(kvEntry_ValueString(entry), value) == 0;
    if (!same)
        snprintf(why, sizeof(why), "%s, operation %d, '%s' in place of %s, %d, '%s'", kvEntry_Key(entry),
                 (int)kvEntry_Operation(entry), kvEntry_ValueString(entry), key, (int)op, value);
    kvEntry_Destroy(entry);
    return same;
}

static bool watch_keys(kvWatcher *w) {
    EXPECT(next_key(w, "a", kvOp_Put, "1") && next_key(w, "a", kvOp_Put, "2"));
    EXPECT(next_key(w, "b", kvOp_Put, "x") && next_key(w, "a", kvOp_Delete, ""));
    EXPECT(next_key(w, "b", kvOp_Purge, "") && next_key(w, "c", kvOp_Put, "y"));
    /* The server's own marker, when its time is over. */
    EXPECT(next_key(w, "c", kvOp_Purge, ""));
    return true;
}

static bool next_object(objStoreWatcher *w, const char *name, uint64_t size, bool deleted) {
    objStoreInfo *info = NULL;
    bool same;

    EXPECT_OK(objStoreWatcher_Next(&info, w, WAIT_MS));
    EXPECT(info != NULL);
    same = strcmp(info->Meta.Name, name) == 0 && info->Size == size && info->Deleted == deleted;
    objStoreInfo_Destroy(info);
    EXPECT(same);
    return true;
}

static bool watch_objects(objStoreWatcher *w) {
    EXPECT(next_object(w, "a", 3, false) && next_object(w, "b", 0, false));
    EXPECT(next_object(w, "a", 5, false) && next_object(w, "a", 0, true));
    return true;
}

bool watch(jsCtx *js, const char *who) {
    kvWatcher *keys = NULL;
    objStoreWatcher *objects = NULL;
    kvEntry *entry = NULL;
    objStoreInfo *info = NULL;
    bool well = open_both(js, who);

    well = well && kvStore_WatchAll(&keys, kv, NULL) == NATS_OK &&
           kvWatcher_Next(&entry, keys, WAIT_MS) == NATS_OK && entry == NULL &&
           objStore_Watch(&objects, obs, NULL) == NATS_OK &&
           objStoreWatcher_Next(&info, objects, WAIT_MS) == NATS_OK && info == NULL;
    if (well)
        ready();
    well = report("keys: watch", well && watch_keys(keys));
    well = report("objects: watch", objects != NULL && watch_objects(objects)) && well;
    kvWatcher_Destroy(keys);
    objStoreWatcher_Destroy(objects);
    kvStore_Destroy(kv);
    objStore_Destroy(obs);
    return well;
}

static bool change_all(void) {
    EXPECT_OK(kvStore_PutString(NULL, kv, "a", "1"));
    EXPECT_OK(kvStore_PutString(NULL, kv, "a", "2"));
    EXPECT_OK(kvStore_PutString(NULL, kv, "b", "x"));
    EXPECT_OK(kvStore_Delete(kv, "a"));
    EXPECT_OK(kvStore_Purge(kv, "b", NULL));
    EXPECT_OK(kvStore_CreateStringWithTTL(NULL, kv, "c", "y", 1000));
    EXPECT_OK(objStore_PutString(NULL, obs, "a", "one"));
    EXPECT_OK(objStore_PutString(NULL, obs, "b", ""));
    EXPECT_OK(objStore_PutString(NULL, obs, "a", "three"));
    EXPECT_OK(objStore_Delete(obs, "a"));
    return true;
}

bool change(jsCtx *js, const char *who) {
    char bucket[64];
    bool well;

    /* The watching side has made the buckets. */
    well = js_KeyValue(&kv, js, named(bucket, "kvw", who)) == NATS_OK &&
           js_ObjectStore(&obs, js, named(bucket, "objw", who)) == NATS_OK;
    well = report("changes made", well && change_all());
    kvStore_Destroy(kv);
    objStore_Destroy(obs);
    return well;
}
