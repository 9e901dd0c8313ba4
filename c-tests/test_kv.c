/* Key-value buckets and their values. */
#include "kv.h"

static void a_bucket_from_its_creation_to_its_end(void) {
    kv_fixture f;
    kvConfig cfg;
    kvStore *other = NULL;
    kvStatus *sts = NULL;
    jsStreamInfo *si = NULL;

    kv_start(&f);
    CHECK_OK(kvConfig_Init(&cfg));
    cfg.Bucket = "B-1_x";
    cfg.Description = "d";
    cfg.MaxValueSize = 100;
    cfg.History = 5;
    cfg.TTL = INT64_C(3600000000000);
    cfg.MaxBytes = 100000;
    cfg.StorageType = js_MemoryStorage;
    cfg.LimitMarkerTTL = INT64_C(2000000000);
    CHECK_OK(js_CreateKeyValue(&other, f.js, &cfg));
    CHECK_STR(kvStore_Bucket(other), "B-1_x");
    CHECK_OK(js_GetStreamInfo(&si, f.js, "KV_B-1_x", NULL, NULL));
    CHECK_STR(si->Config->Subjects[0], "$KV.B-1_x.>");
    CHECK_STR(si->Config->Description, "d");
    CHECK_INT(si->Config->MaxMsgSize, 100);
    CHECK_INT(si->Config->MaxMsgsPerSubject, 5);
    CHECK_INT(si->Config->MaxAge, INT64_C(3600000000000));
    CHECK_INT(si->Config->MaxBytes, 100000);
    CHECK_INT(si->Config->Storage, js_MemoryStorage);
    CHECK_INT(si->Config->Discard, js_DiscardNew);
    CHECK(si->Config->AllowRollup && si->Config->DenyDelete && si->Config->AllowDirect);
    CHECK(si->Config->AllowMsgTTL);
    CHECK_INT(si->Config->SubjectDeleteMarkerTTL, INT64_C(2000000000));
    jsStreamInfo_Destroy(si);
    CHECK_OK(kvStore_PutString(NULL, other, "a", "12"));
    CHECK_OK(kvStore_Status(&sts, other));
    CHECK_STR(kvStatus_Bucket(sts), "B-1_x");
    CHECK_INT(kvStatus_Values(sts), 1);
    CHECK_INT(kvStatus_History(sts), 5);
    CHECK_INT(kvStatus_TTL(sts), INT64_C(3600000000000));
    CHECK_INT(kvStatus_Replicas(sts), 1);
    CHECK(kvStatus_Bytes(sts) > 0);
    CHECK_INT(kvStatus_LimitMarkerTTL(sts), INT64_C(2000000000));
    CHECK_INT(kvStatus_MaxValueSize(sts), 100);
    CHECK_INT(kvStatus_MaxBytes(sts), 100000);
    CHECK(!kvStatus_IsCompressed(sts));
    CHECK_STR(kvStatus_Description(sts), "d");
    CHECK_INT(kvStatus_StorageType(sts), js_MemoryStorage);
    CHECK_STR(kvStatus_BackingStore(sts), "JetStream");
    CHECK(!kvStatus_HasTransactions(sts));
    CHECK(kvStatus_Metadata(sts) != NULL);
    kvStatus_Destroy(sts);
    CHECK(kvStatus_Description(NULL) == NULL && kvStatus_BackingStore(NULL) == NULL);
    CHECK(kvStatus_Metadata(NULL) == NULL && !kvStatus_HasTransactions(NULL));
    CHECK_INT(kvStatus_StorageType(NULL), js_FileStorage);
    kvStore_Destroy(other);

    /* The same again is no error; another configuration is. */
    CHECK_OK(js_CreateKeyValue(&other, f.js, &cfg));
    kvStore_Destroy(other);
    cfg.History = 6;
    CHECK_STATUS(js_CreateKeyValue(&other, f.js, &cfg), NATS_ERR);
    CHECK_OK(js_KeyValue(&other, f.js, "B-1_x"));
    CHECK_OK(js_DeleteKeyValue(f.js, "B-1_x"));
    CHECK_STATUS(js_DeleteKeyValue(f.js, "B-1_x"), NATS_NOT_FOUND);
    sts = NULL;
    CHECK_STATUS(kvStore_Status(&sts, other), NATS_NOT_FOUND);
    CHECK(sts == NULL);
    kvStore_Destroy(other);
    CHECK_STATUS(js_KeyValue(&other, f.js, "B-1_x"), NATS_NOT_FOUND);
    kv_end(&f);
}

static void names_that_are_refused(void) {
    static const char *const buckets[] = {"", "a.b", "a b", "*", ">", "\xc3\xa4", "a/b"};
    static const char *const keys[] = {"", ".", ".a", "a.", "a..b", "a b", "*", "a.>", "\xc3\xa4", "a:b"};
    kv_fixture f;
    kvConfig cfg;
    kvStore *kv = NULL;
    kvEntry *e = NULL;
    uint64_t rev = 7;
    jsStreamSource origin, *sources[] = {&origin};
    size_t i;

    kv_start(&f);
    CHECK_OK(kvConfig_Init(&cfg));
    CHECK_OK(jsStreamSource_Init(&origin));
    for (i = 0; i < sizeof(buckets) / sizeof(buckets[0]); i++) {
        cfg.Bucket = buckets[i];
        CHECK_STATUS(js_CreateKeyValue(&kv, f.js, &cfg), NATS_INVALID_ARG);
        CHECK_ERROR(NATS_INVALID_ARG, "invalid bucket name");
        CHECK_STATUS(js_KeyValue(&kv, f.js, buckets[i]), NATS_INVALID_ARG);
        CHECK_STATUS(js_DeleteKeyValue(f.js, buckets[i]), NATS_INVALID_ARG);
    }
    cfg.Bucket = "b";
    cfg.History = 65;
    CHECK_STATUS(js_CreateKeyValue(&kv, f.js, &cfg), NATS_INVALID_ARG);
    CHECK_ERROR(NATS_INVALID_ARG, "history limited to a max of  64");
    cfg.History = 0;
    cfg.LimitMarkerTTL = 1000;
    CHECK_STATUS(js_CreateKeyValue(&kv, f.js, &cfg), NATS_INVALID_ARG);
    cfg.LimitMarkerTTL = 0;
    for (i = 0; i <= sizeof(buckets) / sizeof(buckets[0]); i++) {
        origin.Name = i == 0 ? NULL : buckets[i - 1];
        cfg.Mirror = &origin;
        CHECK_STATUS(js_CreateKeyValue(&kv, f.js, &cfg), NATS_INVALID_ARG);
        CHECK_ERROR(NATS_INVALID_ARG, "invalid bucket name of a mirror or source");
        cfg.Mirror = NULL;
        cfg.Sources = sources;
        cfg.SourcesLen = 1;
        CHECK_STATUS(js_CreateKeyValue(&kv, f.js, &cfg), NATS_INVALID_ARG);
        cfg.SourcesLen = 0;
    }
    CHECK(kv == NULL);

    for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        CHECK_STATUS(kvStore_Get(&e, f.kv, keys[i]), NATS_INVALID_ARG);
        CHECK_ERROR(NATS_INVALID_ARG, "invalid key");
        CHECK_STATUS(kvStore_GetRevision(&e, f.kv, keys[i], 1), NATS_INVALID_ARG);
        CHECK_STATUS(kvStore_PutString(&rev, f.kv, keys[i], "v"), NATS_INVALID_ARG);
        CHECK_INT(rev, 0);
        CHECK_STATUS(kvStore_CreateString(NULL, f.kv, keys[i], "v"), NATS_INVALID_ARG);
        CHECK_STATUS(kvStore_UpdateString(NULL, f.kv, keys[i], "v", 1), NATS_INVALID_ARG);
        CHECK_STATUS(kvStore_Delete(f.kv, keys[i]), NATS_INVALID_ARG);
        CHECK_STATUS(kvStore_Purge(f.kv, keys[i], NULL), NATS_INVALID_ARG);
    }
    CHECK_STATUS(kvStore_Put(NULL, f.kv, "a", "v", -1), NATS_INVALID_ARG);
    CHECK_STATUS(kvStore_Put(NULL, f.kv, "a", NULL, 1), NATS_INVALID_ARG);
    CHECK_STATUS(kvStore_UpdateString(NULL, f.kv, "a", NULL, 1), NATS_INVALID_ARG);
    CHECK_STATUS(kvStore_GetRevision(&e, f.kv, "a", 0), NATS_INVALID_ARG);
    CHECK_ERROR(NATS_INVALID_ARG, "invalid revision");
    CHECK_STATUS(kvStore_DeleteIfRevision(f.kv, "a", 0), NATS_INVALID_ARG);
    kv_end(&f);
}

static void values(void) {
    kv_fixture f;
    kvEntry *e = NULL;
    uint64_t rev = 0, second = 0;
    int64_t before;

    kv_start(&f);
    CHECK_STATUS(kvStore_Get(&e, f.kv, "a.b"), NATS_NOT_FOUND);
    CHECK(e == NULL);
    CHECK(nats_GetLastError(NULL) == NULL);
    before = nats_Now();
    CHECK_OK(kvStore_Put(&rev, f.kv, "a.b", "v\0w", 3));
    CHECK_INT(rev, 1);
    CHECK_OK(kvStore_Get(&e, f.kv, "a.b"));
    CHECK_STR(kvEntry_Bucket(e), "T");
    CHECK_STR(kvEntry_Key(e), "a.b");
    CHECK_INT(kvEntry_ValueLen(e), 3);
    CHECK(memcmp(kvEntry_Value(e), "v\0w\0", 4) == 0);
    CHECK_STR(kvEntry_ValueString(e), "v");
    CHECK_INT(kvEntry_Revision(e), rev);
    CHECK(kvEntry_Created(e) / 1000000 >= before - 1000);
    CHECK_INT(kvEntry_Delta(e), 0);
    CHECK_INT(kvEntry_Operation(e), kvOp_Put);
    kvEntry_Destroy(e);

    CHECK_OK(kvStore_PutString(&second, f.kv, "a.b", NULL));
    CHECK_OK(kvStore_Get(&e, f.kv, "a.b"));
    CHECK_INT(kvEntry_Revision(e), second);
    CHECK_INT(kvEntry_ValueLen(e), 0);
    CHECK_STR((const char *)kvEntry_Value(e), "");
    kvEntry_Destroy(e);

    CHECK_OK(kvStore_GetRevision(&e, f.kv, "a.b", rev));
    CHECK_INT(kvEntry_ValueLen(e), 3);
    kvEntry_Destroy(e);
    CHECK_STATUS(kvStore_GetRevision(&e, f.kv, "a.c", rev), NATS_NOT_FOUND);
    CHECK(e == NULL);
    CHECK_STATUS(kvStore_GetRevision(&e, f.kv, "a.b", 99), NATS_NOT_FOUND);

    /* An entry outlives its bucket, the context and the connection. */
    CHECK_OK(kvStore_PutString(NULL, f.kv, "k\\/=_-", "x"));
    CHECK_OK(kvStore_Get(&e, f.kv, "k\\/=_-"));
    kv_end(&f);
    CHECK_STR(kvEntry_Bucket(e), "T");
    CHECK_STR(kvEntry_ValueString(e), "x");
    kvEntry_Destroy(e);

    CHECK_INT(kvEntry_ValueLen(NULL), -1);
    CHECK(kvEntry_Key(NULL) == NULL && kvEntry_Value(NULL) == NULL && kvEntry_Bucket(NULL) == NULL);
    CHECK_INT(kvEntry_Operation(NULL), kvOp_Unknown);
    kvEntry_Destroy(NULL);
}

static void create_and_update(void) {
    kv_fixture f;
    kvEntry *e = NULL;
    uint64_t rev = 0, wrong = 9;

    kv_start(&f);
    CHECK_OK(kvStore_CreateString(&rev, f.kv, "a", "1"));
    CHECK_STATUS(kvStore_CreateString(&wrong, f.kv, "a", "2"), NATS_ERR);
    CHECK_INT(wrong, 0);
    CHECK_ERROR(NATS_ERR, "wrong last sequence");
    CHECK_STATUS(kvStore_UpdateString(NULL, f.kv, "a", "2", rev + 1), NATS_ERR);
    CHECK_OK(kvStore_UpdateString(&rev, f.kv, "a", "2", rev));
    CHECK_OK(kvStore_Update(&rev, f.kv, "a", "3", 1, rev));
    CHECK_STATUS(kvStore_UpdateString(NULL, f.kv, "a", "4", 0), NATS_ERR);
    CHECK_OK(kvStore_UpdateString(NULL, f.kv, "new", "1", 0));

    /* Over a key that was deleted, and one that was purged. */
    CHECK_OK(kvStore_Delete(f.kv, "a"));
    CHECK_OK(kvStore_Create(&rev, f.kv, "a", "5", 1));
    CHECK_OK(kvStore_Purge(f.kv, "a", NULL));
    CHECK_OK(kvStore_CreateString(&rev, f.kv, "a", "6"));
    CHECK_OK(kvStore_Get(&e, f.kv, "a"));
    CHECK_STR(kvEntry_ValueString(e), "6");
    CHECK_INT(kvEntry_Revision(e), rev);
    kvEntry_Destroy(e);
    kv_end(&f);
}

static void deleting(void) {
    kv_fixture f;
    kvEntry *e = NULL;
    kvEntryList list;
    uint64_t first = 0, rev = 0;

    kv_start(&f);
    CHECK_OK(kvStore_Delete(f.kv, "never"));
    CHECK_OK(kvStore_PutString(&first, f.kv, "a", "1"));
    CHECK_OK(kvStore_PutString(&rev, f.kv, "a", "2"));
    CHECK_STATUS(kvStore_DeleteIfRevision(f.kv, "a", first), NATS_MISMATCH);
    CHECK_OK(kvStore_DeleteIfRevision(f.kv, "a", rev));
    CHECK_STATUS(kvStore_Get(&e, f.kv, "a"), NATS_NOT_FOUND);
    CHECK_STATUS(kvStore_GetRevision(&e, f.kv, "a", rev + 1), NATS_NOT_FOUND);
    CHECK(e == NULL);
    CHECK_OK(kvStore_GetRevision(&e, f.kv, "a", first));
    kvEntry_Destroy(e);
    CHECK_OK(kvStore_History(&list, f.kv, "a", NULL));
    CHECK_INT(list.Count, 3);
    CHECK_INT(kvEntry_Operation(list.Entries[2]), kvOp_Delete);
    kvEntryList_Destroy(&list);
    CHECK(list.Entries == NULL && list.Count == 0);

    CHECK_OK(kvStore_PutString(&rev, f.kv, "a", "3"));
    CHECK_STATUS(kvStore_PurgeIfRevision(f.kv, "a", first, NULL), NATS_MISMATCH);
    CHECK_OK(kvStore_PurgeIfRevision(f.kv, "a", rev, NULL));
    CHECK_OK(kvStore_History(&list, f.kv, "a", NULL));
    CHECK_INT(list.Count, 1);
    CHECK_INT(kvEntry_Operation(list.Entries[0]), kvOp_Purge);
    kvEntryList_Destroy(&list);
    CHECK_STATUS(kvStore_History(&list, f.kv, "nothing", NULL), NATS_NOT_FOUND);
    kv_end(&f);
}

static void purging_what_was_deleted(void) {
    kv_fixture f;
    kvPurgeOptions opts;
    kvEntryList list;

    kv_start(&f);
    CHECK_OK(kvStore_PutString(NULL, f.kv, "a", "1"));
    CHECK_OK(kvStore_Delete(f.kv, "a"));
    CHECK_OK(kvStore_PutString(NULL, f.kv, "b", "1"));
    CHECK_OK(kvStore_Delete(f.kv, "b"));
    CHECK_OK(kvStore_PutString(NULL, f.kv, "b", "2"));
    /* Markers that are young stay. */
    CHECK_OK(kvStore_PurgeDeletes(f.kv, NULL));
    CHECK_OK(kvStore_History(&list, f.kv, "a", NULL));
    CHECK_INT(list.Count, 1);
    CHECK_INT(kvEntry_Operation(list.Entries[0]), kvOp_Delete);
    kvEntryList_Destroy(&list);
    CHECK_OK(kvStore_History(&list, f.kv, "b", NULL));
    CHECK_INT(list.Count, 3);
    kvEntryList_Destroy(&list);
    CHECK_OK(kvPurgeOptions_Init(&opts));
    opts.DeleteMarkersOlderThan = -1;
    opts.Timeout = deadline_ms();
    CHECK_OK(kvStore_PurgeDeletes(f.kv, &opts));
    CHECK_STATUS(kvStore_History(&list, f.kv, "a", NULL), NATS_NOT_FOUND);
    CHECK_OK(kvStore_History(&list, f.kv, "b", NULL));
    CHECK_INT(list.Count, 3);
    kvEntryList_Destroy(&list);
    kv_end(&f);
}

static void times_to_live(void) {
    kv_fixture f;
    kvConfig cfg;
    kvStore *kv = NULL;
    kvEntry *e = NULL;
    kvPurgeOptions opts;
    uint64_t rev = 0;
    int64_t until;
    natsStatus s;

    kv_start(&f);
    /* The bucket has no times to live. */
    CHECK_STATUS(kvStore_CreateStringWithTTL(NULL, f.kv, "a", "1", 1000), NATS_ERR);
    CHECK_OK(kvConfig_Init(&cfg));
    cfg.Bucket = "TTL";
    cfg.LimitMarkerTTL = INT64_C(1000000000);
    CHECK_OK(js_CreateKeyValue(&kv, f.js, &cfg));
    CHECK_STATUS(kvStore_CreateStringWithTTL(NULL, kv, "a", "1", 10), NATS_ERR);
    CHECK_OK(kvStore_CreateWithTTL(&rev, kv, "a", "1", 1, 100000));
    CHECK_OK(kvStore_UpdateWithTTL(&rev, kv, "a", "2", 1, rev, 100000));
    CHECK_OK(kvStore_UpdateStringWithTTL(&rev, kv, "a", "3", rev, 1000));
    until = now_ms() + deadline_ms();
    do {
        s = kvStore_Get(&e, kv, "a");
        kvEntry_Destroy(e);
        poll_pause();
    } while (s == NATS_OK && now_ms() < until);
    CHECK_STATUS(s, NATS_NOT_FOUND);
    /* Over the server's marker, while that is there and when it has gone. */
    CHECK_OK(kvStore_CreateString(&rev, kv, "a", "4"));
    CHECK_OK(kvPurgeOptions_Init(&opts));
    opts.TTL = 1000;
    opts.Timeout = deadline_ms();
    CHECK_OK(kvStore_Purge(kv, "a", &opts));
    CHECK_OK(kvStore_CreateString(&rev, kv, "a", "5"));
    kvStore_Destroy(kv);
    kv_end(&f);
}

static void prefixes(void) {
    kv_fixture f;
    jsOptions opts;
    jsCtx *js = NULL;
    kvStore *kv = NULL;
    kvEntry *e = NULL;

    kv_start(&f);
    /* Reads go by the prefix, writes too: nobody listens to this one. */
    CHECK_OK(jsOptions_Init(&opts));
    opts.Prefix = "elsewhere";
    CHECK_OK(natsConnection_JetStream(&js, f.nc, &opts));
    CHECK_STATUS(js_KeyValue(&kv, js, "T"), NATS_NO_RESPONDERS);
    jsCtx_Destroy(js);
    CHECK(kv == NULL);
    CHECK_STATUS(kvStore_Get(&e, f.kv, "a"), NATS_NOT_FOUND);
    kv_end(&f);
}

static void mirrors_and_sources(void) {
    kv_fixture f;
    kvConfig cfg;
    jsStreamSource origin, other;
    jsStreamSource *sources[2];
    kvStore *mirror = NULL, *gathered = NULL;
    kvEntry *e = NULL;
    kvWatcher *w = NULL;

    kv_start(&f);
    CHECK_OK(kvStore_PutString(NULL, f.kv, "a", "1"));
    CHECK_OK(jsStreamSource_Init(&origin));
    CHECK_OK(jsStreamSource_Init(&other));
    origin.Name = "T";
    CHECK_OK(kvConfig_Init(&cfg));
    cfg.Bucket = "M";
    cfg.Mirror = &origin;
    CHECK_OK(js_CreateKeyValue(&mirror, f.js, &cfg));
    CHECK_STR(origin.Name, "T");
    kv_await(mirror, "a", "1");
    /* What is put into it goes to its origin, and comes back. */
    CHECK_OK(kvStore_PutString(NULL, mirror, "b", "2"));
    kv_await(f.kv, "b", "2");
    kv_await(mirror, "b", "2");
    CHECK_OK(kvStore_WatchAll(&w, mirror, NULL));
    CHECK_OK(kvWatcher_Next(&e, w, deadline_ms()));
    CHECK_STR(kvEntry_Key(e), "a");
    CHECK_STR(kvEntry_Bucket(e), "M");
    kvEntry_Destroy(e);
    kvWatcher_Destroy(w);
    kvStore_Destroy(mirror);
    CHECK_OK(js_KeyValue(&mirror, f.js, "M"));
    kv_await(mirror, "b", "2");
    kvStore_Destroy(mirror);

    cfg.Bucket = "P";
    cfg.Mirror = NULL;
    CHECK_OK(js_CreateKeyValue(&gathered, f.js, &cfg));
    CHECK_OK(kvStore_PutString(NULL, gathered, "c", "3"));
    kvStore_Destroy(gathered);
    other.Name = "KV_P";
    sources[0] = &origin;
    sources[1] = &other;
    cfg.Bucket = "S";
    cfg.Sources = sources;
    cfg.SourcesLen = 2;
    CHECK_OK(js_CreateKeyValue(&gathered, f.js, &cfg));
    kv_await(gathered, "a", "1");
    kv_await(gathered, "c", "3");
    /* It has keys of its own, too. */
    CHECK_OK(kvStore_PutString(NULL, gathered, "d", "4"));
    kv_await(gathered, "d", "4");
    CHECK_STATUS(kvStore_Get(&e, f.kv, "d"), NATS_NOT_FOUND);
    kvStore_Destroy(gathered);
    kv_end(&f);
}

static void set(kvChange *change, kvOperation operation, const char *key, const char *value) {
    memset(change, 0, sizeof(*change));
    change->Operation = operation;
    change->Key = key;
    change->Value = value;
    change->ValueLen = value == NULL ? 0 : (int)strlen(value);
}

static const char *metadata_value(const natsMetadata *metadata, const char *name) {
    int i;

    for (i = 0; i < metadata->Count; i++)
        if (strcmp(metadata->List[2 * i], name) == 0)
            return metadata->List[2 * i + 1];
    return NULL;
}

static void several_keys_at_once(void) {
    kv_fixture f;
    kvConfig cfg;
    kvExtraConfig extra;
    kvStore *kv = NULL;
    kvEntry *e = NULL;
    kvEntryList list;
    kvKeysList names;
    kvStatus *sts = NULL;
    kvChange changes[3];
    uint64_t rev = 0;
    const char *keys[] = {"a", "c", "none", "x.*"};
    const char *metadata[] = {"owner", "me"};

    kv_start(&f);
    CHECK_OK(kvConfig_Init(&cfg));
    CHECK_OK(kvExtraConfig_Init(&extra));
    cfg.Bucket = "A";
    cfg.History = 3;
    CHECK_STATUS(js_UpdateKeyValue(&kv, f.js, &cfg, &extra), NATS_NOT_FOUND);
    extra.Compression = true;
    CHECK_OK(js_CreateOrUpdateKeyValue(&kv, f.js, &cfg, &extra));
    set(&changes[0], kvOp_Put, "a", "1");
    CHECK_STATUS(kvStore_Apply(&rev, kv, changes, 1), NATS_ERR);
    kvStore_Destroy(kv);
    extra.Transactions = true;
    extra.Metadata.List = metadata;
    extra.Metadata.Count = 1;
    CHECK_OK(js_UpdateKeyValue(&kv, f.js, &cfg, &extra));
    kvStore_Destroy(kv);
    CHECK_OK(js_CreateKeyValueWithExtra(&kv, f.js, &cfg, &extra));
    CHECK_OK(kvStore_Status(&sts, kv));
    CHECK(kvStatus_IsCompressed(sts));
    CHECK(kvStatus_HasTransactions(sts));
    CHECK(kvStatus_Description(sts) == NULL);
    CHECK_STR(metadata_value(kvStatus_Metadata(sts), "owner"), "me");
    CHECK(metadata_value(kvStatus_Metadata(sts), "nobody") == NULL);
    kvStatus_Destroy(sts);

    set(&changes[1], kvOp_Put, "b", "2");
    set(&changes[2], kvOp_Put, "x.y", "3");
    CHECK_OK(kvStore_Apply(&rev, kv, changes, 3));
    CHECK_OK(kvStore_Get(&e, kv, "b"));
    CHECK_INT(kvEntry_Revision(e), rev - 1);
    kvEntry_Destroy(e);
    /* One that is not as expected: nothing is changed. */
    set(&changes[0], kvOp_Put, "c", "4");
    set(&changes[1], kvOp_Delete, "b", NULL);
    changes[1].CheckRevision = true;
    changes[1].Revision = rev;
    CHECK_STATUS(kvStore_Apply(NULL, kv, changes, 2), NATS_MISMATCH);
    CHECK_STATUS(kvStore_Get(&e, kv, "c"), NATS_NOT_FOUND);
    changes[1].Revision = rev - 1;
    CHECK_OK(kvStore_Apply(&rev, kv, changes, 2));
    CHECK_STATUS(kvStore_Get(&e, kv, "b"), NATS_NOT_FOUND);
    kv_await(kv, "c", "4");
    CHECK_STATUS(kvStore_Apply(&rev, kv, changes, 0), NATS_INVALID_ARG);
    CHECK_INT(rev, 0);
    CHECK_STATUS(kvStore_Apply(&rev, kv, NULL, 1), NATS_INVALID_ARG);
    set(&changes[0], kvOp_Unknown, "c", NULL);
    CHECK_STATUS(kvStore_Apply(&rev, kv, changes, 1), NATS_INVALID_ARG);

    CHECK_OK(kvStore_GetMany(&list, kv, keys, 4));
    CHECK_INT(list.Count, 3);
    CHECK_STR(kvEntry_Key(list.Entries[0]), "a");
    CHECK_STR(kvEntry_Key(list.Entries[1]), "x.y");
    CHECK_STR(kvEntry_ValueString(list.Entries[2]), "4");
    kvEntryList_Destroy(&list);
    CHECK_OK(kvStore_GetMany(&list, kv, &keys[2], 1));
    CHECK(list.Entries == NULL && list.Count == 0);
    CHECK_STATUS(kvStore_GetMany(&list, kv, keys, 0), NATS_INVALID_ARG);

    CHECK_OK(js_KeyValueNames(&names, f.js));
    CHECK_INT(names.Count, 2);
    CHECK_STR(names.Keys[0], "A");
    CHECK_STR(names.Keys[1], "T");
    kvKeysList_Destroy(&names);
    kvStore_Destroy(kv);
    kv_end(&f);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(a_bucket_from_its_creation_to_its_end),
        TEST(names_that_are_refused),
        TEST(values),
        TEST(create_and_update),
        TEST(deleting),
        TEST(purging_what_was_deleted),
        TEST(times_to_live),
        TEST(prefixes),
        TEST(mirrors_and_sources),
        TEST(several_keys_at_once),
    };

    return RUN_TESTS(cases, argc, argv);
}
