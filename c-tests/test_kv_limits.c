/* Key-value buckets at their limits: values that are too large, many keys at once, old servers, domains, streams
 * that are not buckets, times. */
#include "js_peer.h"
#include "kv.h"

static kvStore *bucket(kv_fixture *f, kvConfig *cfg, const char *name) {
    kvStore *kv = NULL;

    cfg->Bucket = name;
    CHECK_OK(js_CreateKeyValue(&kv, f->js, cfg));
    return kv;
}

static void values_that_are_too_large(void) {
    kv_fixture f;
    kvConfig cfg;
    kvStore *kv;
    kvEntry *e = NULL;
    uint64_t rev = 7;
    char *value;
    const int most = 1024 * 1024;

    kv_start(&f);
    CHECK_OK(kvConfig_Init(&cfg));
    cfg.MaxValueSize = 10;
    kv = bucket(&f, &cfg, "SMALL");
    CHECK_OK(kvStore_PutString(NULL, kv, "a", "1234567890"));
    CHECK_STATUS(kvStore_PutString(&rev, kv, "a", "12345678901"), NATS_ERR);
    CHECK_INT(rev, 0);
    CHECK_ERROR(NATS_ERR, "message size exceeds maximum allowed");
    kv_await(kv, "a", "1234567890");
    kvStore_Destroy(kv);

    /* What the server takes at all. */
    value = (char *)calloc(1, (size_t)most + 1);
    CHECK_OK(kvStore_Put(&rev, f.kv, "a", value, most));
    CHECK_OK(kvStore_Get(&e, f.kv, "a"));
    CHECK_INT(kvEntry_ValueLen(e), most);
    kvEntry_Destroy(e);
    CHECK_STATUS(kvStore_Put(&rev, f.kv, "a", value, most + 1), NATS_MAX_PAYLOAD);
    CHECK_INT(rev, 0);
    free(value);

    /* A bucket that is full refuses what is new, and keeps what it has. */
    CHECK_OK(kvConfig_Init(&cfg));
    cfg.MaxBytes = 1000;
    kv = bucket(&f, &cfg, "FULL");
    CHECK_OK(kvStore_Put(NULL, kv, "a", "x", 1));
    {
        char half[600];

        memset(half, 'x', sizeof(half));
        CHECK_OK(kvStore_Put(NULL, kv, "b", half, (int)sizeof(half)));
        CHECK_STATUS(kvStore_Put(NULL, kv, "c", half, (int)sizeof(half)), NATS_ERR);
        CHECK_ERROR(NATS_ERR, "maximum bytes exceeded");
    }
    kv_await(kv, "a", "x");
    kvStore_Destroy(kv);
    kv_end(&f);
}

static void many_keys_at_once(void) {
    enum { MOST = 1024 };
    kv_fixture f;
    kvConfig cfg;
    kvExtraConfig extra;
    kvStore *kv = NULL;
    kvEntryList list;
    kvEntry *e = NULL;
    kvChange changes[1001];
    static char names[1001][16];
    const char *all = ">";
    uint64_t rev = 0;
    char key[16];
    int i;

    kv_start(&f);
    CHECK_OK(kvConfig_Init(&cfg));
    CHECK_OK(kvExtraConfig_Init(&extra));
    cfg.Bucket = "A";
    extra.Transactions = true;
    CHECK_OK(js_CreateKeyValueWithExtra(&kv, f.js, &cfg, &extra));
    memset(changes, 0, sizeof(changes));
    for (i = 0; i < 1001; i++) {
        snprintf(names[i], sizeof(names[i]), "k%d", i);
        changes[i].Operation = kvOp_Put;
        changes[i].Key = names[i];
        changes[i].Value = "v";
        changes[i].ValueLen = 1;
    }
    CHECK_STATUS(kvStore_Apply(&rev, kv, changes, 1001), NATS_LIMIT_REACHED);
    CHECK_OK(kvStore_Apply(&rev, kv, changes, 1000));
    CHECK_INT(rev, 1000);
    for (i = 1000; i < MOST; i++) {
        snprintf(key, sizeof(key), "k%d", i);
        CHECK_OK(kvStore_PutString(NULL, kv, key, "v"));
    }
    CHECK_OK(kvStore_GetMany(&list, kv, &all, 1));
    CHECK_INT(list.Count, MOST);
    kvEntryList_Destroy(&list);
    CHECK_OK(kvStore_PutString(NULL, kv, "one-more", "v"));
    CHECK_STATUS(kvStore_GetMany(&list, kv, &all, 1), NATS_LIMIT_REACHED);
    CHECK(list.Entries == NULL && list.Count == 0);

    /* A purge, a delete and a key that must not be there, at once; and one that is there after all. */
    memset(changes, 0, sizeof(changes));
    changes[0].Operation = kvOp_Purge;
    changes[0].Key = "k0";
    changes[1].Operation = kvOp_Delete;
    changes[1].Key = "k1";
    changes[2].Operation = kvOp_Put;
    changes[2].Key = "new";
    changes[2].CheckRevision = true;
    CHECK_OK(kvStore_Apply(&rev, kv, changes, 3));
    CHECK_STATUS(kvStore_Get(&e, kv, "k0"), NATS_NOT_FOUND);
    CHECK_STATUS(kvStore_Get(&e, kv, "k1"), NATS_NOT_FOUND);
    kv_await(kv, "new", "");
    changes[0].Key = "k2";
    CHECK_STATUS(kvStore_Apply(&rev, kv, changes, 3), NATS_MISMATCH);
    CHECK_INT(rev, 0);
    kv_await(kv, "k2", "v");
    kvStore_Destroy(kv);

    /* A bucket without transactions: nothing is stored, until it gets them. */
    CHECK_STATUS(kvStore_Apply(&rev, f.kv, changes, 3), NATS_ERR);
    CHECK_ERROR(NATS_ERR, "without Transactions");
    cfg.Bucket = "T";
    cfg.History = 10;
    CHECK_OK(js_UpdateKeyValue(&kv, f.js, &cfg, &extra));
    kvStore_Destroy(kv);
    CHECK_OK(kvStore_Apply(&rev, f.kv, changes, 3));
    CHECK_INT(rev, 3);
    kv_end(&f);
}

static void not_answered(peer *p, void *arg) {
    js_peer *j = (js_peer *)p;

    (void)arg;
    if (!js_peer_await(j, "PUB", "$JS.API.STREAM.INFO.KV_B"))
        return;
    js_peer_answer(j, "{\"config\":{\"name\":\"KV_B\",\"subjects\":[\"$KV.B.>\"],\"max_msgs_per_subject\":1},"
                      "\"created\":\"2026-01-01T00:00:00Z\",\"state\":{}}");
    /* Nothing but this question comes before the change is refused. */
    if (!js_peer_await(j, "PUB", "$"))
        return;
    if (strcmp(j->op.subject, "$JS.API.STREAM.INFO.KV_B") != 0)
        snprintf(p->problem, sizeof(p->problem), "unexpected %.100s", j->op.subject);
    js_peer_answer(j, "{\"config\":{\"name\":\"KV_B\",\"subjects\":[\"$KV.B.>\"],\"max_msgs_per_subject\":1},"
                      "\"created\":\"2026-01-01T00:00:00Z\",\"state\":{}}");
    if (!js_peer_await(j, "PUB", "$JS.API.INFO"))
        return;
    js_peer_answer(j,
                   "{\"type\":\"x\",\"memory\":0,\"storage\":0,\"streams\":0,\"consumers\":0,\"limits\":{},"
                   "\"api\":{\"total\":1,\"errors\":0}}");
}

static void what_old_servers_cannot_do(void) {
    static js_peer j;
    kvStore *kv = NULL, *other = NULL;
    kvConfig cfg;
    kvChange changes[2];

    js_peer_start_as(&j, "2.10.0");
    peer_run(&j.p, not_answered, NULL);
    CHECK_OK(js_KeyValue(&kv, j.js, "B"));
    memset(changes, 0, sizeof(changes));
    changes[0].Operation = changes[1].Operation = kvOp_Put;
    changes[0].Key = "a";
    changes[1].Key = "b";
    CHECK_STATUS(kvStore_Apply(NULL, kv, changes, 2), NATS_NO_SERVER_SUPPORT);
    CHECK_OK(kvConfig_Init(&cfg));
    cfg.Bucket = "C";
    cfg.LimitMarkerTTL = INT64_C(1000000000);
    CHECK_STATUS(js_CreateKeyValue(&other, j.js, &cfg), NATS_NO_SERVER_SUPPORT);
    CHECK(other == NULL);
    peer_join(&j.p);
    kvStore_Destroy(kv);
    js_peer_end(&j);
}

static void streams_that_are_no_buckets(void) {
    kv_fixture f;
    kvStore *kv = NULL;

    kv_start(&f);
    stream_create(f.nc, "KV_X", "\"x.>\"", "");
    CHECK_STATUS(js_KeyValue(&kv, f.js, "X"), NATS_INVALID_ARG);
    CHECK_ERROR(NATS_INVALID_ARG, "bucket not valid key-value store");
    CHECK(kv == NULL);
    CHECK_STATUS(js_DeleteKeyValue(f.js, "a.b"), NATS_INVALID_ARG);
    CHECK_ERROR(NATS_INVALID_ARG, "bucket not valid key-value store");
    CHECK_STATUS(js_KeyValue(NULL, f.js, "T"), NATS_INVALID_ARG);
    CHECK_STATUS(js_CreateKeyValue(&kv, f.js, NULL), NATS_INVALID_ARG);
    kv_end(&f);
}

/* A bucket whose servers do not answer gets by themselves. */
static void without_direct_gets(void) {
    kv_fixture f;
    jsStreamInfo *si = NULL;
    kvStore *kv = NULL;
    kvEntry *e = NULL;
    kvEntryList list;
    const char *keys[] = {"a"};
    uint64_t first = 0, rev = 0;

    kv_start(&f);
    CHECK_OK(js_GetStreamInfo(&si, f.js, "KV_T", NULL, NULL));
    si->Config->AllowDirect = false;
    CHECK_OK(js_UpdateStream(NULL, f.js, si->Config, NULL, NULL));
    jsStreamInfo_Destroy(si);
    CHECK_OK(js_KeyValue(&kv, f.js, "T"));
    CHECK_STATUS(kvStore_Get(&e, kv, "a"), NATS_NOT_FOUND);
    CHECK_OK(kvStore_PutString(&first, kv, "a", "1"));
    CHECK_OK(kvStore_PutString(&rev, kv, "a", "2"));
    CHECK_OK(kvStore_Get(&e, kv, "a"));
    CHECK_STR(kvEntry_ValueString(e), "2");
    CHECK_INT(kvEntry_Revision(e), rev);
    CHECK(kvEntry_Created(e) > 0);
    kvEntry_Destroy(e);
    CHECK_OK(kvStore_GetRevision(&e, kv, "a", first));
    CHECK_STR(kvEntry_ValueString(e), "1");
    kvEntry_Destroy(e);
    CHECK_STATUS(kvStore_GetRevision(&e, kv, "b", first), NATS_NOT_FOUND);
    CHECK_STATUS(kvStore_GetMany(&list, kv, keys, 1), NATS_NO_SERVER_SUPPORT);
    CHECK_OK(kvStore_Delete(kv, "a"));
    CHECK_STATUS(kvStore_Get(&e, kv, "a"), NATS_NOT_FOUND);
    CHECK_OK(kvStore_CreateString(NULL, kv, "a", "3"));
    kvStore_Destroy(kv);
    kv_end(&f);
}

/* By the prefix of a domain, which the server has for keys, too. */
static void through_a_domain(void) {
    static const char *const args[] = {"-js", NULL};
    server s;
    natsConnection *nc;
    jsOptions opts;
    jsCtx *js = NULL, *plain = NULL;
    kvConfig cfg;
    kvStore *kv = NULL, *same = NULL;
    kvKeysList keys;
    kvWatcher *w = NULL;
    char text[1024];

    server_start(&s, "jetstream { domain: hub }\n", args);
    nc = test_connect_url(s.url);
    api_request(nc, "INFO", "", text, sizeof(text));
    CHECK_OK(jsOptions_Init(&opts));
    opts.Domain = "hub";
    CHECK_OK(natsConnection_JetStream(&js, nc, &opts));
    CHECK_OK(natsConnection_JetStream(&plain, nc, NULL));
    CHECK_OK(kvConfig_Init(&cfg));
    cfg.Bucket = "T";
    cfg.StorageType = js_MemoryStorage;
    CHECK_OK(js_CreateKeyValue(&kv, js, &cfg));
    CHECK_OK(kvStore_PutString(NULL, kv, "a", "1"));
    kv_await(kv, "a", "1");
    CHECK_OK(kvStore_CreateString(NULL, kv, "b", "2"));
    CHECK_OK(kvStore_Delete(kv, "b"));
    CHECK_OK(kvStore_Keys(&keys, kv, NULL));
    CHECK_INT(keys.Count, 1);
    kvKeysList_Destroy(&keys);
    CHECK_OK(kvStore_WatchAll(&w, kv, NULL));
    kv_expect(w, "a", "1");
    kv_expect(w, "b", NULL);
    kv_expect_complete(w);
    CHECK_OK(kvStore_PutString(NULL, kv, "a", "2"));
    kv_expect(w, "a", "2");
    kvWatcher_Destroy(w);
    /* It is the bucket that others see. */
    CHECK_OK(js_KeyValue(&same, plain, "T"));
    kv_await(same, "a", "2");
    kvStore_Destroy(same);
    kvStore_Destroy(kv);
    jsCtx_Destroy(plain);
    jsCtx_Destroy(js);
    natsConnection_Destroy(nc);
    server_stop(&s);
}

/* A server that does not answer: each call ends in its time. */
static void times_are_kept(void) {
    kv_fixture f;
    jsOptions jopts;
    jsCtx *js = NULL;
    kvStore *kv = NULL;
    kvEntry *e = NULL;
    kvKeysList keys;
    kvEntryList list;
    kvWatchOptions opts;
    kvPurgeOptions purge;
    kvWatcher *w = NULL;
    uint64_t rev = 5;
    int64_t start;

    kv_start(&f);
    CHECK_OK(kvStore_PutString(NULL, f.kv, "a", "1"));
    CHECK_OK(jsOptions_Init(&jopts));
    jopts.Wait = 200;
    CHECK_OK(natsConnection_JetStream(&js, f.nc, &jopts));
    CHECK_OK(js_KeyValue(&kv, js, "T"));
    CHECK_OK(kvWatchOptions_Init(&opts));
    opts.Timeout = 100;
    CHECK_OK(kvPurgeOptions_Init(&purge));
    purge.Timeout = 100;
    CHECK_OK(kvStore_WatchAll(&w, kv, NULL));
    kv_expect(w, "a", "1");
    kv_expect_complete(w);
    server_pause(&f.s);
    start = now_ms();
    CHECK_STATUS(kvStore_PutString(&rev, kv, "a", "2"), NATS_TIMEOUT);
    CHECK_INT(rev, 0);
    CHECK_STATUS(kvStore_Get(&e, kv, "a"), NATS_TIMEOUT);
    CHECK(e == NULL);
    CHECK_STATUS(kvStore_Purge(kv, "a", &purge), NATS_TIMEOUT);
    CHECK_STATUS(kvStore_Keys(&keys, kv, &opts), NATS_TIMEOUT);
    CHECK(keys.Keys == NULL && keys.Count == 0);
    CHECK_STATUS(kvStore_History(&list, kv, "a", &opts), NATS_TIMEOUT);
    CHECK(list.Entries == NULL && list.Count == 0);
    CHECK_STATUS(kvStore_PurgeDeletes(kv, &purge), NATS_TIMEOUT);
    CHECK_STATUS(kvWatcher_Next(&e, w, 50), NATS_TIMEOUT);
    CHECK(now_ms() - start < deadline_ms());
    server_resume(&f.s);
    kvWatcher_Destroy(w);
    kvStore_Destroy(kv);
    jsCtx_Destroy(js);
    kv_end(&f);
}

static bool is_empty(kvStore *kv, const char *key) {
    kvEntryList list;
    natsStatus s = kvStore_History(&list, kv, key, NULL);

    kvEntryList_Destroy(&list);
    CHECK(s == NATS_OK || s == NATS_NOT_FOUND);
    return s == NATS_NOT_FOUND;
}

/* A marker of a purge goes by itself where it has a time to live; no time to live is for as long as the bucket says. */
static void markers_that_expire(void) {
    kv_fixture f;
    kvConfig cfg;
    kvStore *kv;
    kvPurgeOptions opts;
    uint64_t rev = 0;

    kv_start(&f);
    CHECK_OK(kvConfig_Init(&cfg));
    cfg.LimitMarkerTTL = INT64_C(1000000000);
    kv = bucket(&f, &cfg, "E");
    CHECK_OK(kvStore_PutString(NULL, kv, "a", "1"));
    CHECK_OK(kvStore_PutString(&rev, kv, "b", "1"));
    CHECK_OK(kvStore_CreateStringWithTTL(NULL, kv, "c", "1", 0));
    CHECK_OK(kvStore_UpdateStringWithTTL(NULL, kv, "b", "2", rev, -5));
    CHECK_OK(kvPurgeOptions_Init(&opts));
    opts.TTL = 1000;
    CHECK_OK(kvStore_Purge(kv, "a", &opts));
    CHECK(!is_empty(kv, "a"));
    CHECK_SOON(is_empty(kv, "a"));
    kv_await(kv, "b", "2");
    kv_await(kv, "c", "1");
    kvStore_Destroy(kv);
    kv_end(&f);
}

/* What the program says of sources is not changed; a source may have other names for its keys. */
static void sources_with_transforms(void) {
    kv_fixture f;
    kvConfig cfg;
    jsStreamSource source;
    jsStreamSource *sources[1];
    kvStore *kv = NULL;
    kvEntry *e = NULL;

    kv_start(&f);
    CHECK_OK(kvStore_PutString(NULL, f.kv, "a.1", "1"));
    CHECK_OK(kvStore_PutString(NULL, f.kv, "b.1", "2"));
    CHECK_OK(jsStreamSource_Init(&source));
    source.Name = "T";
    source.FilterSubject = "$KV.T.a.*";
    sources[0] = &source;
    CHECK_OK(kvConfig_Init(&cfg));
    cfg.Bucket = "S";
    cfg.Sources = sources;
    cfg.SourcesLen = 1;
    CHECK_OK(js_CreateKeyValue(&kv, f.js, &cfg));
    CHECK_STR(source.Name, "T");
    kv_await(kv, "a.1", "1");
    CHECK_STATUS(kvStore_Get(&e, kv, "b.1"), NATS_NOT_FOUND);
    kvStore_Destroy(kv);
    kv_end(&f);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(values_that_are_too_large),   TEST(many_keys_at_once),   TEST(what_old_servers_cannot_do),
        TEST(streams_that_are_no_buckets), TEST(without_direct_gets), TEST(through_a_domain),
        TEST(markers_that_expire),         TEST(times_are_kept),      TEST(sources_with_transforms),
    };

    return RUN_TESTS(cases, argc, argv);
}
