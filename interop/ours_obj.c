/* Objects: written for others, and read from them. */
#include "ours.h"

static objStore *obs;
static char bucket[64];

static char *pattern(void) {
    char *data = (char *)malloc(BIG);
    int i;

    for (i = 0; data != NULL && i < BIG; i++)
        data[i] = (char)(i * 7 + i / 1000);
    return data;
}

static bool put_described(void) {
    static const char *metadata[] = {"k", "v"};
    objStoreMeta meta;
    objStorePut *put = NULL;
    bool well;

    EXPECT_OK(objStoreMeta_Init(&meta));
    meta.Name = "text";
    meta.Description = "some words";
    meta.Metadata.List = metadata;
    meta.Metadata.Count = 1;
    EXPECT_OK(natsHeader_New(&meta.Headers));
    EXPECT_OK(natsHeader_Set(meta.Headers, "X-One", "1"));
    well = objStore_Put(&put, obs, &meta) == NATS_OK && objStorePut_Add(put, "hello", 5) == NATS_OK &&
           objStorePut_Complete(NULL, put, 0) == NATS_OK;
    objStorePut_Destroy(put);
    natsHeader_Destroy(meta.Headers);
    EXPECT(well);
    return true;
}

static bool put_big(void) {
    char *data = pattern();
    objStoreMeta meta;
    objStorePut *put = NULL;
    bool well;

    EXPECT(data != NULL);
    EXPECT_OK(objStoreMeta_Init(&meta));
    meta.Name = "big";
    meta.Opts.ChunkSize = BIG_CHUNK;
    well = objStore_Put(&put, obs, &meta) == NATS_OK && objStorePut_Add(put, data, BIG) == NATS_OK &&
           objStorePut_Complete(NULL, put, 0) == NATS_OK;
    objStorePut_Destroy(put);
    free(data);
    EXPECT(well);
    return true;
}

static bool write_all(jsCtx *js, const char *who) {
    objStoreConfig config;
    objStoreMeta meta;
    objStoreInfo *info = NULL;

    EXPECT_OK(objStoreConfig_Init(&config));
    config.Bucket = named(bucket, "obj", who);
    config.Description = "objects";
    EXPECT_OK(js_CreateObjectStore(&obs, js, &config));
    EXPECT(put_described() && put_big());
    EXPECT_OK(objStore_PutBytes(NULL, obs, "empty", NULL, 0));
    EXPECT_OK(objStore_PutString(NULL, obs, "\xc3\xbc \"q\" \\ ?.txt", "odd"));
    EXPECT_OK(objStore_PutString(NULL, obs, "gone", "x"));
    EXPECT_OK(objStore_Delete(obs, "gone"));
    EXPECT_OK(objStore_PutString(NULL, obs, "twice", "one"));
    EXPECT_OK(objStore_PutString(NULL, obs, "twice", "two"));
    EXPECT_OK(objStore_PutString(NULL, obs, "shared", "0"));
    EXPECT_OK(objStore_PutString(NULL, obs, "told", "x"));
    EXPECT_OK(objStoreMeta_Init(&meta));
    meta.Name = "told";
    meta.Description = "told later";
    EXPECT_OK(objStore_UpdateMeta(obs, "told", &meta));
    EXPECT_OK(objStore_GetInfo(&info, obs, "text", NULL));
    EXPECT_OK(objStore_AddLink(NULL, obs, "link", info));
    objStoreInfo_Destroy(info);
    EXPECT_OK(objStore_AddBucketLink(NULL, obs, "blink", obs));
    return true;
}

bool write_objects(jsCtx *js, const char *who) {
    bool well = write_all(js, who);

    objStore_Destroy(obs);
    return report("objects written", well);
}

/* An object's bytes. */
static bool has(const char *name, const void *want, int length) {
    void *data = NULL;
    int got = -1;
    bool same;

    EXPECT_OK(objStore_GetBytes(&data, &got, obs, name, NULL));
    same = got == length && (length == 0 || memcmp(data, want, (size_t)length) == 0);
    free(data);
    EXPECT(same);
    return true;
}

static bool status(void) {
    objStoreStatus *sts = NULL;
    bool same;

    EXPECT_OK(objStore_Status(&sts, obs));
    same = strcmp(sts->Bucket, bucket) == 0 && sts->Description != NULL &&
           strcmp(sts->Description, "objects") == 0 && sts->Size > BIG && !sts->Sealed;
    objStoreStatus_Destroy(sts);
    EXPECT(same);
    return true;
}

static bool values(void) {
    char *data = pattern();
    bool well;

    EXPECT(data != NULL);
    well = has("big", data, BIG);
    free(data);
    return well && has("text", "hello", 5) && has("empty", "", 0) && has("twice", "two", 3);
}

static bool descriptions(bool headers, bool metadata) {
    objStoreInfo *info = NULL;
    const char *value = NULL;
    bool same;

    EXPECT_OK(objStore_GetInfo(&info, obs, "text", NULL));
    same = info->Size == 5 && info->Chunks == 1 && !info->Deleted && strlen(info->NUID) > 20 &&
           strcmp(info->Bucket, bucket) == 0 && info->ModTime > INT64_C(1600000000000000000) &&
           strcmp(info->Digest, "SHA-256=LPJNul-wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=") == 0 &&
           info->Meta.Description != NULL && strcmp(info->Meta.Description, "some words") == 0;
    if (headers)
        same =
            same && natsHeader_Get(info->Meta.Headers, "X-One", &value) == NATS_OK && strcmp(value, "1") == 0;
    if (metadata)
        same = same && info->Meta.Metadata.Count == 1 && strcmp(info->Meta.Metadata.List[0], "k") == 0 &&
               strcmp(info->Meta.Metadata.List[1], "v") == 0;
    objStoreInfo_Destroy(info);
    EXPECT(same);
    EXPECT_OK(objStore_GetInfo(&info, obs, "told", NULL));
    same = info->Meta.Description != NULL && strcmp(info->Meta.Description, "told later") == 0;
    objStoreInfo_Destroy(info);
    EXPECT(same);
    return true;
}

static bool gone(void) {
    objStoreOptions options;
    objStoreInfo *info = NULL;
    bool same;

    EXPECT(objStore_GetInfo(&info, obs, "gone", NULL) == NATS_NOT_FOUND);
    EXPECT_OK(objStoreOptions_Init(&options));
    options.ShowDeleted = true;
    EXPECT_OK(objStore_GetInfo(&info, obs, "gone", &options));
    same = info->Deleted && info->Size == 0 && info->Chunks == 0;
    objStoreInfo_Destroy(info);
    EXPECT(same);
    return true;
}

static bool listed(int want) {
    objStoreInfoList *list = NULL;
    int i, count;
    bool deleted = false;

    EXPECT_OK(objStore_List(&list, obs, NULL));
    count = list->Count;
    for (i = 0; i < count; i++)
        deleted = deleted || list->List[i]->Deleted || strcmp(list->List[i]->Meta.Name, "gone") == 0;
    objStoreInfoList_Destroy(list);
    EXPECT(!deleted);
    EXPECT(count == want);
    return true;
}

static bool linked(void) {
    objStoreInfo *info = NULL;
    char *text = NULL;
    bool same;

    EXPECT(has("link", "hello", 5));
    EXPECT(objStore_GetString(&text, obs, "blink", NULL) == NATS_ILLEGAL_STATE);
    EXPECT_OK(objStore_GetInfo(&info, obs, "blink", NULL));
    same = info->Meta.Opts.Link != NULL && strcmp(info->Meta.Opts.Link->Bucket, bucket) == 0;
    objStoreInfo_Destroy(info);
    EXPECT(same);
    return true;
}

static bool changes(void) {
    EXPECT_OK(objStore_PutString(NULL, obs, "shared", "changed"));
    EXPECT(has("shared", "changed", 7));
    EXPECT_OK(objStore_PutString(NULL, obs, "from-ours", "x"));
    EXPECT_OK(objStore_Delete(obs, "from-ours"));
    return true;
}

bool read_objects(jsCtx *js, const char *who) {
    /* nats-py writes neither metadata nor links. */
    const bool all = strcmp(who, "python") != 0;
    /* async-nats refuses any name but those of few characters. */
    const bool odd = strcmp(who, "rust") != 0;
    bool well;

    if (js_ObjectStore(&obs, js, named(bucket, "obj", who)) != NATS_OK)
        return report("objects: bucket", fail(__FILE__, __LINE__, "js_ObjectStore"));
    well = report("objects: bucket", status());
    well = report("objects: bytes and digest", values()) && well;
    well = report("objects: description, headers", descriptions(true, all)) && well;
    if (odd)
        well = report("objects: any name", has("\xc3\xbc \"q\" \\ ?.txt", "odd", 3)) && well;
    well = report("objects: deleted", gone()) && well;
    well = report("objects: list", listed(all ? odd ? 9 : 8 : 7)) && well;
    if (all)
        well = report("objects: links", linked()) && well;
    well = report("objects: replace and delete", changes()) && well;
    objStore_Destroy(obs);
    return well;
}
