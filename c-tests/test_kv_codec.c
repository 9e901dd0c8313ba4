/* Key-value codecs: those of the library, those of a program, chains, and data that cannot be decoded. */
#include "kv.h"

static kvCodec of_kind(kvCodecKind kind) {
    kvCodec codec;

    memset(&codec, 0, sizeof(codec));
    codec.Kind = kind;
    return codec;
}

static kvStore *encoded_by(kvStore *kv, const kvCodec *keys, const kvCodec *values) {
    kvCodecs codecs;
    kvStore *made = NULL;

    CHECK_OK(kvCodecs_Init(&codecs));
    codecs.Keys = keys;
    codecs.KeysLen = keys != NULL;
    codecs.Values = values;
    codecs.ValuesLen = values != NULL;
    CHECK_OK(kvStore_WithCodecs(&made, kv, &codecs));
    return made;
}

static void expect_stored(kvStore *kv, const char *key, const char *value) {
    kvEntry *e = NULL;

    CHECK_OK(kvStore_Get(&e, kv, key));
    CHECK_STR(kvEntry_Key(e), key);
    CHECK_STR(kvEntry_ValueString(e), value);
    CHECK_INT(kvEntry_ValueLen(e), (int)strlen(value));
    kvEntry_Destroy(e);
}

static void every_function_encodes_and_decodes(void) {
    kv_fixture f;
    kvCodec base64 = of_kind(kvCodec_Base64);
    kvStore *kv;
    kvEntry *e = NULL;
    kvEntryList list;
    kvKeysList keys;
    kvPurgeOptions purge;
    kvStatus *sts = NULL;
    uint64_t rev = 0, first = 0;
    const char *filters[] = {"Living room.*", "caf\xc3\xa9"};

    kv_start(&f);
    kv = encoded_by(f.kv, &base64, &base64);
    CHECK_STR(kvStore_Bucket(kv), "T");
    CHECK_OK(kvStore_PutString(&first, kv, "Living room.lamp", "on"));
    expect_stored(kv, "Living room.lamp", "on");
    /* As ADR-54 has it: tokens by themselves, the alphabet for URLs, no padding. */
    expect_stored(f.kv, "TGl2aW5nIHJvb20.bGFtcA", "b24");
    CHECK_STATUS(kvStore_Get(&e, f.kv, "Living room.lamp"), NATS_INVALID_ARG);
    CHECK_OK(kvStore_GetRevision(&e, kv, "Living room.lamp", first));
    CHECK_STR(kvEntry_ValueString(e), "on");
    kvEntry_Destroy(e);

    CHECK_STATUS(kvStore_CreateString(&rev, kv, "Living room.lamp", "x"), NATS_ERR);
    CHECK_OK(kvStore_UpdateString(&rev, kv, "Living room.lamp", "off", first));
    CHECK_OK(kvStore_Delete(kv, "Living room.lamp"));
    CHECK_STATUS(kvStore_Get(&e, kv, "Living room.lamp"), NATS_NOT_FOUND);
    CHECK_OK(kvStore_CreateString(&rev, kv, "Living room.lamp", "again"));
    CHECK_STATUS(kvStore_DeleteIfRevision(kv, "Living room.lamp", first), NATS_MISMATCH);
    CHECK_OK(kvStore_Put(&rev, kv, "caf\xc3\xa9", "\0\1", 2));
    CHECK_OK(kvStore_Get(&e, kv, "caf\xc3\xa9"));
    CHECK_INT(kvEntry_ValueLen(e), 2);
    CHECK(memcmp(kvEntry_Value(e), "\0\1\0", 3) == 0);
    kvEntry_Destroy(e);
    CHECK_OK(kvStore_PutString(NULL, kv, "empty", NULL));
    expect_stored(kv, "empty", "");

    CHECK_OK(kvStore_History(&list, kv, "Living room.lamp", NULL));
    CHECK_INT(list.Count, 4);
    CHECK_STR(kvEntry_ValueString(list.Entries[1]), "off");
    CHECK_STR(kvEntry_Key(list.Entries[2]), "Living room.lamp");
    CHECK_INT(kvEntry_Operation(list.Entries[2]), kvOp_Delete);
    CHECK_INT(kvEntry_ValueLen(list.Entries[2]), 0);
    kvEntryList_Destroy(&list);
    CHECK_OK(kvStore_GetMany(&list, kv, filters, 2));
    CHECK_INT(list.Count, 2);
    CHECK_STR(kvEntry_ValueString(list.Entries[0]), "again");
    CHECK_STR(kvEntry_Key(list.Entries[1]), "caf\xc3\xa9");
    kvEntryList_Destroy(&list);
    CHECK_OK(kvStore_Keys(&keys, kv, NULL));
    CHECK_INT(keys.Count, 3);
    CHECK_STR(keys.Keys[0], "Living room.lamp");
    CHECK_STR(keys.Keys[1], "caf\xc3\xa9");
    kvKeysList_Destroy(&keys);
    CHECK_OK(kvStore_KeysWithFilters(&keys, kv, filters, 1, NULL));
    CHECK_INT(keys.Count, 1);
    kvKeysList_Destroy(&keys);

    /* What deleted keys leave goes by what is stored. */
    CHECK_OK(kvStore_Purge(kv, "caf\xc3\xa9", NULL));
    CHECK_OK(kvPurgeOptions_Init(&purge));
    purge.DeleteMarkersOlderThan = -1;
    CHECK_OK(kvStore_PurgeDeletes(kv, &purge));
    CHECK_STATUS(kvStore_History(&list, kv, "caf\xc3\xa9", NULL), NATS_NOT_FOUND);
    CHECK_OK(kvStore_Status(&sts, kv));
    CHECK_INT(kvStatus_Values(sts), 5);
    kvStatus_Destroy(sts);
    kvStore_Destroy(kv);
    kv_end(&f);
}

static void a_transaction_encodes(void) {
    kv_fixture f;
    kvConfig cfg;
    kvExtraConfig extra;
    kvCodec base64 = of_kind(kvCodec_Base64);
    kvStore *plain = NULL, *kv;
    kvChange changes[2];
    uint64_t rev = 0;

    kv_start(&f);
    CHECK_OK(kvConfig_Init(&cfg));
    CHECK_OK(kvExtraConfig_Init(&extra));
    cfg.Bucket = "A";
    extra.Transactions = true;
    CHECK_OK(js_CreateKeyValueWithExtra(&plain, f.js, &cfg, &extra));
    kv = encoded_by(plain, &base64, &base64);
    memset(changes, 0, sizeof(changes));
    changes[0].Operation = changes[1].Operation = kvOp_Put;
    changes[0].Key = "a b";
    changes[0].Value = "1";
    changes[0].ValueLen = 1;
    changes[1].Key = "c d";
    CHECK_OK(kvStore_Apply(&rev, kv, changes, 2));
    expect_stored(kv, "a b", "1");
    expect_stored(kv, "c d", "");
    expect_stored(plain, "YSBi", "MQ");
    /* One whose key cannot be encoded: nothing is sent. */
    changes[0].Key = "e f";
    changes[1].Key = "";
    CHECK_STATUS(kvStore_Apply(&rev, kv, changes, 2), NATS_INVALID_ARG);
    CHECK_STATUS(kvStore_Apply(&rev, plain, changes, 1), NATS_INVALID_ARG);
    kvStore_Destroy(kv);
    kvStore_Destroy(plain);
    kv_end(&f);
}

static void watchers_decode(void) {
    kv_fixture f;
    kvCodec path = of_kind(kvCodec_Path), base64 = of_kind(kvCodec_Base64);
    kvStore *kv;
    kvWatcher *w = NULL;
    kvWatchOptions opts;
    kvEntry *e = NULL;
    const char *keys[] = {"/etc/*", "home/>"};

    kv_start(&f);
    kv = encoded_by(f.kv, &path, &base64);
    CHECK_OK(kvStore_PutString(NULL, kv, "/etc/motd", "1"));
    CHECK_OK(kvStore_PutString(NULL, kv, "home/me/", "2"));
    CHECK_OK(kvStore_PutString(NULL, kv, "/other", "3"));
    expect_stored(f.kv, "_root_.etc.motd", "MQ");
    /* Destroying the handle leaves the watcher its codecs. */
    CHECK_OK(kvStore_WatchMulti(&w, kv, keys, 2, NULL));
    kvStore_Destroy(kv);
    kv_expect(w, "/etc/motd", "1");
    kv_expect(w, "home/me", "2");
    kv_expect_complete(w);
    kv = encoded_by(f.kv, &path, &base64);
    CHECK_OK(kvStore_Delete(kv, "/etc/motd"));
    kv_expect(w, "/etc/motd", NULL);
    kvWatcher_Destroy(w);

    /* Without values there is nothing to decode. */
    CHECK_OK(kvWatchOptions_Init(&opts));
    opts.MetaOnly = true;
    CHECK_OK(kvStore_Watch(&w, kv, "/other", &opts));
    CHECK_OK(kvWatcher_Next(&e, w, deadline_ms()));
    CHECK_STR(kvEntry_Key(e), "/other");
    CHECK_INT(kvEntry_ValueLen(e), 0);
    kvEntry_Destroy(e);
    kv_expect_complete(w);
    kvWatcher_Destroy(w);

    /* A dot would come back as a separator. */
    CHECK_STATUS(kvStore_PutString(NULL, kv, "/etc/a.conf", "x"), NATS_INVALID_ARG);
    CHECK_STATUS(kvStore_PutString(NULL, kv, "//", "x"), NATS_INVALID_ARG);
    kvStore_Destroy(kv);
    kv_end(&f);
}

static void chains(void) {
    kv_fixture f;
    kvCodec keys[2];
    kvCodecs codecs;
    kvStore *kv = NULL, *twice;

    kv_start(&f);
    keys[0] = of_kind(kvCodec_Path);
    keys[1] = of_kind(kvCodec_Base64);
    CHECK_OK(kvCodecs_Init(&codecs));
    codecs.Keys = keys;
    codecs.KeysLen = 2;
    CHECK_OK(kvStore_WithCodecs(&kv, f.kv, &codecs));
    CHECK_OK(kvStore_PutString(NULL, kv, "/a b/c", "1"));
    expect_stored(kv, "/a b/c", "1");
    expect_stored(f.kv, "X3Jvb3Rf.YSBi.Yw", "1");
    kvStore_Destroy(kv);
    /* The same by a handle of a handle. */
    twice = encoded_by(f.kv, &keys[1], NULL);
    kv = encoded_by(twice, &keys[0], NULL);
    kvStore_Destroy(twice);
    expect_stored(kv, "/a b/c", "1");
    kvStore_Destroy(kv);
    kv_end(&f);
}

/* A codec of the test: turns text about, and counts what it is used for. */
typedef struct turning {
    counter encoded, decoded, released;
    natsStatus fails_with;
    bool wrong_length;
} turning;

static void turning_init(turning *t) {
    memset(t, 0, sizeof(*t));
    counter_init(&t->encoded);
    counter_init(&t->decoded);
    counter_init(&t->released);
}

static natsStatus turn(turning *t, void **out, int *out_len, const void *in, int in_len) {
    const char *text = (const char *)in;
    char *turned = (char *)malloc((size_t)in_len + 1);
    int i;

    /* There is a NUL behind it. */
    CHECK_INT(text[in_len], 0);
    for (i = 0; i < in_len; i++)
        turned[i] = text[in_len - 1 - i];
    *out = turned;
    *out_len = t->wrong_length ? -1 : in_len;
    return t->fails_with;
}

static natsStatus encode(void **out, int *out_len, const void *in, int in_len, void *closure) {
    turning *t = (turning *)closure;

    counter_add(&t->encoded, 1);
    return turn(t, out, out_len, in, in_len);
}

static natsStatus decode(void **out, int *out_len, const void *in, int in_len, void *closure) {
    turning *t = (turning *)closure;

    counter_add(&t->decoded, 1);
    return turn(t, out, out_len, in, in_len);
}

/* "ab.*" is stored as "*.ba". */
static natsStatus encode_filter(void **out, int *out_len, const void *in, int in_len, void *closure) {
    return encode(out, out_len, in, in_len, closure);
}

static void released(void *closure) { counter_add(&((turning *)closure)->released, 1); }

static void codecs_of_a_program(void) {
    kv_fixture f;
    kvCodec codec = of_kind(kvCodec_Custom);
    kvStore *kv;
    kvWatcher *w = NULL;
    kvKeysList keys;
    kvEntry *e = NULL;
    turning t;
    const char *filters[] = {"ab.*"};

    kv_start(&f);
    turning_init(&t);
    codec.Encode = encode;
    codec.Decode = decode;
    codec.Release = released;
    codec.Closure = &t;
    kv = encoded_by(f.kv, &codec, NULL);
    CHECK_OK(kvStore_PutString(NULL, kv, "ab.cd", "1"));
    expect_stored(f.kv, "dc.ba", "1");
    expect_stored(kv, "ab.cd", "1");
    CHECK_INT(counter_get(&t.encoded), 2);
    CHECK_INT(counter_get(&t.decoded), 1);
    /* Without EncodeFilter there are no patterns but all keys. */
    CHECK_STATUS(kvStore_Watch(&w, kv, "ab.*", NULL), NATS_INVALID_ARG);
    CHECK_ERROR(NATS_INVALID_ARG, "the codec of the keys does not support wildcards: 'ab.*'");
    CHECK_STATUS(kvStore_KeysWithFilters(&keys, kv, filters, 1, NULL), NATS_INVALID_ARG);
    CHECK_OK(kvStore_WatchAll(&w, kv, NULL));
    kv_expect(w, "ab.cd", "1");
    kv_expect_complete(w);
    /* The codec is used until the last one that uses it has gone. */
    kvStore_Destroy(kv);
    CHECK_INT(counter_get(&t.released), 0);
    kvWatcher_Destroy(w);
    CHECK(counter_wait(&t.released, 1, deadline_ms()));

    codec.EncodeFilter = encode_filter;
    kv = encoded_by(f.kv, &codec, NULL);
    CHECK_OK(kvStore_PutString(NULL, kv, "xy.cd", "1"));
    CHECK_OK(kvStore_KeysWithFilters(&keys, kv, filters, 1, NULL));
    CHECK_INT(keys.Count, 1);
    CHECK_STR(keys.Keys[0], "ab.cd");
    kvKeysList_Destroy(&keys);

    /* What the codec says is what is returned. */
    t.fails_with = NATS_NOT_PERMITTED;
    CHECK_STATUS(kvStore_PutString(NULL, kv, "ab.cd", "2"), NATS_NOT_PERMITTED);
    CHECK_ERROR(NATS_NOT_PERMITTED, "the codec could not encode the key 'ab.cd'");
    t.fails_with = (natsStatus)7777;
    CHECK_STATUS(kvStore_Get(&e, kv, "ab.cd"), NATS_ERR);
    t.fails_with = NATS_OK;
    t.wrong_length = true;
    CHECK_STATUS(kvStore_Get(&e, kv, "ab.cd"), NATS_ERR);
    CHECK(e == NULL);
    t.wrong_length = false;
    expect_stored(kv, "ab.cd", "1");
    kvStore_Destroy(kv);
    CHECK(counter_wait(&t.released, 2, deadline_ms()));

    /* For values. */
    kv = encoded_by(f.kv, NULL, &codec);
    CHECK_OK(kvStore_PutString(NULL, kv, "v", "xyz"));
    expect_stored(f.kv, "v", "zyx");
    expect_stored(kv, "v", "xyz");
    CHECK_OK(kvStore_Purge(kv, "v", NULL));
    kvStore_Destroy(kv);
    CHECK(counter_wait(&t.released, 3, deadline_ms()));
    kv_end(&f);
}

static void what_cannot_be_decoded(void) {
    kv_fixture f;
    kvCodec base64 = of_kind(kvCodec_Base64);
    kvStore *kv;
    kvWatcher *w = NULL;
    kvEntry *e = NULL;

    kv_start(&f);
    kv = encoded_by(f.kv, &base64, &base64);
    CHECK_OK(kvStore_PutString(NULL, kv, "good", "1"));
    CHECK_OK(kvStore_WatchAll(&w, kv, NULL));
    kv_expect(w, "good", "1");
    kv_expect_complete(w);
    /* Another client knows nothing of the codec. */
    CHECK_OK(kvStore_PutString(NULL, f.kv, "Z29vZA", "!"));
    CHECK_STATUS(kvStore_Get(&e, kv, "good"), NATS_ERR);
    CHECK(e == NULL);
    CHECK_STATUS(kvWatcher_Next(&e, w, deadline_ms()), NATS_ERR);
    CHECK(e == NULL);
    CHECK_OK(kvStore_PutString(NULL, f.kv, "a=b", "MQ"));
    CHECK_STATUS(kvWatcher_Next(&e, w, deadline_ms()), NATS_ERR);
    CHECK_OK(kvStore_PutString(NULL, kv, "good", "2"));
    kv_expect(w, "good", "2");
    kvWatcher_Destroy(w);
    kvStore_Destroy(kv);
    kv_end(&f);
}

/* What another client has stored without the codec is left out of lists, and told; unless there is nothing else. */
static void lists_of_what_cannot_be_decoded(void) {
    kv_fixture f;
    closure c;
    kvCodec base64 = of_kind(kvCodec_Base64);
    natsConnection *nc;
    jsCtx *js = NULL;
    kvStore *plain = NULL, *kv;
    kvKeysList keys;
    kvEntryList entries;

    kv_start(&f);
    nc = test_connect(options_recorded(f.s.url, &c));
    CHECK_OK(natsConnection_JetStream(&js, nc, NULL));
    CHECK_OK(js_KeyValue(&plain, js, kvStore_Bucket(f.kv)));
    kv = encoded_by(plain, &base64, &base64);
    CHECK_OK(kvStore_PutString(NULL, f.kv, "a=b", "!"));
    CHECK_STATUS(kvStore_Keys(&keys, kv, NULL), NATS_ERR);
    CHECK(keys.Keys == NULL && keys.Count == 0);
    CHECK_STATUS(kvStore_History(&entries, kv, ">", NULL), NATS_ERR);
    CHECK(entries.Entries == NULL && entries.Count == 0);
    CHECK_INT(counter_get(&c.errors), 0);
    CHECK_OK(kvStore_PutString(NULL, kv, "good", "1"));
    CHECK_OK(kvStore_PutString(NULL, f.kv, "c=d", "!"));
    CHECK_OK(kvStore_PutString(NULL, kv, "better", "2"));
    CHECK_OK(kvStore_Keys(&keys, kv, NULL));
    CHECK_INT(keys.Count, 2);
    CHECK_STR(keys.Keys[0], "good");
    CHECK_STR(keys.Keys[1], "better");
    kvKeysList_Destroy(&keys);
    CHECK_REACHED(&c.errors, 1);
    CHECK_INT(c.statuses[0], NATS_ERR);
    CHECK_CONTAINS(c.error_texts[0], "left out of a list of bucket '");
    CHECK_CONTAINS(c.error_texts[0], ": 2; the first: ");
    CHECK_OK(kvStore_PutString(NULL, f.kv, "Z29vZA", "!")); /* its key can be decoded */
    CHECK_OK(kvStore_History(&entries, kv, "good", NULL));
    CHECK_INT(entries.Count, 1);
    CHECK_STR(kvEntry_ValueString(entries.Entries[0]), "1");
    kvEntryList_Destroy(&entries);
    CHECK_REACHED(&c.errors, 2);
    CHECK_OK(kvStore_PurgeDeletes(kv, NULL));
    kvStore_Destroy(kv);
    kvStore_Destroy(plain);
    jsCtx_Destroy(js);
    natsConnection_Destroy(nc);
    CHECK_REACHED(&c.closed, 1);
    kv_end(&f);
}

static void wrong_codecs(void) {
    kv_fixture f;
    kvCodec two[2];
    kvCodecs codecs;
    kvStore *kv = NULL;
    turning t;

    kv_start(&f);
    turning_init(&t);
    CHECK_STATUS(kvCodecs_Init(NULL), NATS_INVALID_ARG);
    CHECK_OK(kvCodecs_Init(&codecs));
    CHECK_STATUS(kvStore_WithCodecs(NULL, f.kv, &codecs), NATS_INVALID_ARG);
    CHECK_STATUS(kvStore_WithCodecs(&kv, NULL, &codecs), NATS_INVALID_ARG);
    CHECK_STATUS(kvStore_WithCodecs(&kv, f.kv, NULL), NATS_INVALID_ARG);
    codecs.KeysLen = 1;
    CHECK_STATUS(kvStore_WithCodecs(&kv, f.kv, &codecs), NATS_INVALID_ARG);
    codecs.KeysLen = -1;
    CHECK_STATUS(kvStore_WithCodecs(&kv, f.kv, &codecs), NATS_INVALID_ARG);
    /* The first one is good, and is not taken where the second is not. */
    two[0] = of_kind(kvCodec_Custom);
    two[0].Encode = encode;
    two[0].Decode = decode;
    two[0].Release = released;
    two[0].Closure = &t;
    two[1] = of_kind(kvCodec_Custom);
    codecs.Keys = two;
    codecs.KeysLen = 2;
    CHECK_STATUS(kvStore_WithCodecs(&kv, f.kv, &codecs), NATS_INVALID_ARG);
    two[1] = of_kind((kvCodecKind)99);
    CHECK_STATUS(kvStore_WithCodecs(&kv, f.kv, &codecs), NATS_INVALID_ARG);
    two[1] = of_kind(kvCodec_Path);
    codecs.Values = two;
    codecs.ValuesLen = 2;
    CHECK_STATUS(kvStore_WithCodecs(&kv, f.kv, &codecs), NATS_INVALID_ARG);
    CHECK_ERROR(NATS_INVALID_ARG, "kvCodec_Path is not a codec for values");
    CHECK(kv == NULL);
    CHECK_INT(counter_get(&t.released), 0);
    /* None at all. */
    CHECK_OK(kvCodecs_Init(&codecs));
    CHECK_OK(kvStore_WithCodecs(&kv, f.kv, &codecs));
    CHECK_OK(kvStore_PutString(NULL, kv, "a", "1"));
    expect_stored(f.kv, "a", "1");
    kvStore_Destroy(kv);
    kv_end(&f);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(every_function_encodes_and_decodes),
        TEST(a_transaction_encodes),
        TEST(watchers_decode),
        TEST(chains),
        TEST(codecs_of_a_program),
        TEST(what_cannot_be_decoded),
        TEST(lists_of_what_cannot_be_decoded),
        TEST(wrong_codecs),
    };

    return RUN_TESTS(cases, argc, argv);
}
