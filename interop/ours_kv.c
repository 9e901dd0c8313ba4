/* Keys: written for others, and read from them. */
#include "ours.h"

static kvStore *kv;
static uint64_t first; /* the revision of "text" */

static bool write_all(jsCtx *js, const char *who) {
    kvConfig config;
    unsigned char bytes[256];
    char bucket[64];
    uint64_t revision = 0;
    int i;

    EXPECT_OK(kvConfig_Init(&config));
    config.Bucket = named(bucket, "kv", who);
    config.Description = "keys";
    config.History = 5;
    config.LimitMarkerTTL = INT64_C(1000000000);
    EXPECT_OK(js_CreateKeyValue(&kv, js, &config));
    EXPECT_OK(kvStore_PutString(NULL, kv, "text", "hello"));
    for (i = 0; i < 256; i++)
        bytes[i] = (unsigned char)i;
    EXPECT_OK(kvStore_Put(NULL, kv, "bytes", bytes, 256));
    EXPECT_OK(kvStore_PutString(NULL, kv, "empty", ""));
    EXPECT_OK(kvStore_PutString(NULL, kv, "a.b-c_d/e=f", "odd"));
    EXPECT_OK(kvStore_PutString(NULL, kv, "hist", "v1"));
    EXPECT_OK(kvStore_PutString(NULL, kv, "hist", "v2"));
    EXPECT_OK(kvStore_PutString(NULL, kv, "hist", "v3"));
    EXPECT_OK(kvStore_PutString(NULL, kv, "gone", "x"));
    EXPECT_OK(kvStore_Delete(kv, "gone"));
    EXPECT_OK(kvStore_PutString(NULL, kv, "wiped", "a"));
    EXPECT_OK(kvStore_PutString(NULL, kv, "wiped", "b"));
    EXPECT_OK(kvStore_Purge(kv, "wiped", NULL));
    EXPECT_OK(kvStore_CreateString(&revision, kv, "fresh", "new"));
    EXPECT_OK(kvStore_UpdateString(NULL, kv, "fresh", "newer", revision));
    EXPECT_OK(kvStore_PutString(NULL, kv, "again", "x"));
    EXPECT_OK(kvStore_Delete(kv, "again"));
    EXPECT_OK(kvStore_CreateString(NULL, kv, "again", "back"));
    EXPECT_OK(kvStore_PutString(NULL, kv, "shared", "0"));
    EXPECT_OK(kvStore_CreateStringWithTTL(NULL, kv, "short", "x", 1000));
    return true;
}

bool write_keys(jsCtx *js, const char *who) {
    bool well = write_all(js, who);

    kvStore_Destroy(kv);
    return report("keys written", well);
}

static bool has(const char *key, const void *value, int length) {
    kvEntry *entry = NULL;
    bool same;

    EXPECT_OK(kvStore_Get(&entry, kv, key));
    same = kvEntry_ValueLen(entry) == length && memcmp(kvEntry_Value(entry), value, (size_t)length) == 0 &&
           strcmp(kvEntry_Key(entry), key) == 0 && kvEntry_Operation(entry) == kvOp_Put;
    if (strcmp(key, "text") == 0)
        first = kvEntry_Revision(entry);
    kvEntry_Destroy(entry);
    EXPECT(same);
    return true;
}

static bool status(void) {
    kvStatus *sts = NULL;
    bool same;

    EXPECT_OK(kvStore_Status(&sts, kv));
    same = kvStatus_History(sts) == 5 && kvStatus_TTL(sts) == 0 && kvStatus_Values(sts) >= 12;
    kvStatus_Destroy(sts);
    EXPECT(same);
    return true;
}

static bool values(void) {
    unsigned char bytes[256];
    kvEntry *entry = NULL;
    int64_t age;
    int i;

    for (i = 0; i < 256; i++)
        bytes[i] = (unsigned char)i;
    EXPECT(has("text", "hello", 5));
    EXPECT(has("bytes", bytes, 256));
    EXPECT(has("empty", "", 0));
    EXPECT(has("a.b-c_d/e=f", "odd", 3));
    EXPECT(has("fresh", "newer", 5));
    EXPECT(has("again", "back", 4));
    EXPECT_OK(kvStore_GetRevision(&entry, kv, "text", first));
    age = nats_NowInNanoSeconds() - kvEntry_Created(entry);
    kvEntry_Destroy(entry);
    EXPECT(age > 0 && age < INT64_C(600000000000));
    return true;
}

static bool deleted(void) {
    kvEntry *entry = NULL;

    EXPECT(kvStore_Get(&entry, kv, "gone") == NATS_NOT_FOUND);
    EXPECT(kvStore_Get(&entry, kv, "wiped") == NATS_NOT_FOUND);
    return true;
}

/* The history of a key, as letters and values. */
static bool has_history(const char *key, const char *want) {
    kvEntryList list;
    char got[64] = "";
    int i;

    EXPECT_OK(kvStore_History(&list, kv, key, NULL));
    for (i = 0; i < list.Count; i++) {
        kvOperation op = kvEntry_Operation(list.Entries[i]);

        snprintf(got + strlen(got), sizeof(got) - strlen(got), "%c%s ",
                 op == kvOp_Put      ? '+'
                 : op == kvOp_Delete ? '-'
                                     : '!',
                 kvEntry_ValueString(list.Entries[i]));
    }
    kvEntryList_Destroy(&list);
    if (strcmp(got, want) != 0)
        return fail(__FILE__, __LINE__, got);
    return true;
}

static bool histories(void) {
    return has_history("hist", "+v1 +v2 +v3 ") && has_history("gone", "+x - ") &&
           has_history("wiped", "! ") && has_history("again", "+x - +back ");
}

static bool expired(void) {
    const int64_t until = nats_Now() + WAIT_MS;
    kvEntry *entry = NULL;

    while (kvStore_Get(&entry, kv, "short") == NATS_OK) {
        kvEntry_Destroy(entry);
        EXPECT(nats_Now() < until);
        nats_Sleep(50);
    }
    EXPECT(kvStore_Get(&entry, kv, "short") == NATS_NOT_FOUND);
    return true;
}

static bool keys(void) {
    static const char *const want[] = {"text", "bytes", "empty", "a.b-c_d/e=f",
                                       "hist", "fresh", "again", "shared"};
    const int count = (int)(sizeof(want) / sizeof(*want));
    kvKeysList list;
    int i, k, found = 0, listed;

    EXPECT_OK(kvStore_Keys(&list, kv, NULL));
    listed = list.Count;
    for (i = 0; i < count; i++)
        for (k = 0; k < list.Count; k++)
            found += strcmp(list.Keys[k], want[i]) == 0;
    kvKeysList_Destroy(&list);
    EXPECT(found == count && listed == count);
    return true;
}

static bool changes(void) {
    kvEntry *entry = NULL;
    uint64_t revision;

    EXPECT_OK(kvStore_Get(&entry, kv, "shared"));
    revision = kvEntry_Revision(entry);
    kvEntry_Destroy(entry);
    EXPECT_OK(kvStore_UpdateString(NULL, kv, "shared", "1", revision));
    EXPECT(kvStore_UpdateString(NULL, kv, "shared", "2", revision) != NATS_OK);
    EXPECT(kvStore_CreateString(NULL, kv, "text", "2") != NATS_OK);
    EXPECT_OK(kvStore_CreateString(NULL, kv, "from-ours", "x"));
    EXPECT_OK(kvStore_Purge(kv, "from-ours", NULL));
    return true;
}

bool read_keys(jsCtx *js, const char *who) {
    char bucket[64];
    bool well;

    if (js_KeyValue(&kv, js, named(bucket, "kv", who)) != NATS_OK)
        return report("keys: bucket", fail(__FILE__, __LINE__, "js_KeyValue"));
    well = report("keys: bucket", status());
    well = report("keys: values", values()) && well;
    well = report("keys: deleted and purged", deleted()) && well;
    well = report("keys: history", histories()) && well;
    well = report("keys: time to live", expired()) && well;
    well = report("keys: list", keys()) && well;
    well = report("keys: create and update", changes()) && well;
    kvStore_Destroy(kv);
    return well;
}
