/* Object stores, by the sentences of their manual: the stream of a store, the stored form of an object, invalid
 * arguments, updates and links that replace other objects, watchers with their options. */
#include "obj.h"

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

static void a_store_as_a_stream(void) {
    static const char *const wanted[] = {
        "\"subjects\":[\"$O.C.C.\\u003e\",\"$O.C.M.\\u003e\"]",
        "\"description\":\"words\"",
        "\"max_age\":90000000000",
        "\"max_bytes\":5000000",
        "\"storage\":\"memory\"",
        "\"discard\":\"new\"",
        "\"num_replicas\":1",
        "\"allow_rollup_hdrs\":true",
        "\"allow_direct\":true",
        "\"compression\":\"s2\"",
        "\"k\":\"v\"",
    };
    obj_fixture f;
    objStore *obs = NULL, *again = NULL;
    objStoreStatus *sts = NULL;
    objStoreConfig cfg;
    const char *metadata[] = {"k", "v"};
    char text[4096];
    size_t i;

    obj_start(&f);
    CHECK_OK(objStoreConfig_Init(&cfg));
    cfg.Bucket = "C";
    cfg.Description = "words";
    cfg.TTL = 90000; /* milliseconds */
    cfg.MaxBytes = 5000000;
    cfg.Storage = js_MemoryStorage;
    cfg.Compression = true;
    cfg.Metadata.List = metadata;
    cfg.Metadata.Count = 1;
    CHECK_OK(js_CreateObjectStore(&obs, f.js, &cfg));
    api_request(f.nc, "STREAM.INFO.OBJ_C", "", text, sizeof(text));
    for (i = 0; i < sizeof(wanted) / sizeof(*wanted); i++)
        CHECK_CONTAINS(text, wanted[i]);
    api_request(f.nc, "STREAM.INFO.OBJ_B", "", text, sizeof(text));
    CHECK_CONTAINS(text, "\"max_bytes\":-1");
    CHECK_CONTAINS(text, "\"storage\":\"file\"");
    CHECK_CONTAINS(text, "\"compression\":\"none\"");
    /* The same again is no error. */
    CHECK_OK(js_CreateObjectStore(&again, f.js, &cfg));
    objStore_Destroy(again);
    cfg.Description = "other words";
    cfg.TTL = 0;
    CHECK_OK(js_UpdateObjectStore(&again, f.js, &cfg));
    CHECK_OK(objStore_Status(&sts, again));
    CHECK_STR(sts->Description, "other words");
    CHECK_INT(sts->TTL, 0);
    CHECK_INT(sts->Storage, js_MemoryStorage);
    CHECK_INT(sts->Replicas, 1);
    CHECK(sts->IsCompressed && !sts->Sealed && sts->StreamInfo != NULL && sts->Size == 0);
    CHECK(sts->Metadata.Count >= 1);
    objStoreStatus_Destroy(sts);
    objStore_Destroy(again);
    /* What is gone. */
    CHECK_OK(js_DeleteObjectStore(f.js, "C"));
    CHECK_STATUS(objStore_Status(&sts, obs), NATS_NOT_FOUND);
    CHECK_STATUS(objStore_Seal(obs), NATS_NOT_FOUND);
    CHECK_STATUS(objStore_Seal(NULL), NATS_INVALID_ARG);
    objStore_Destroy(obs);
    obj_end(&f);
}

static void what_is_stored_of_an_object(void) {
    obj_fixture f;
    objStoreInfo *info = NULL;
    objStoreMeta meta;
    objStoreOptions options;
    objStorePut *put = NULL;
    natsMsg *msg = NULL;
    const char *value = NULL;
    char part[128], *text = NULL;
    int i;

    obj_start(&f);
    CHECK_OK(objStoreMeta_Init(&meta));
    meta.Name = "a/\"b\"";
    meta.Description = "d";
    CHECK_OK(objStore_PutString(NULL, f.obs, meta.Name, "before"));
    CHECK_OK(objStore_Put(&put, f.obs, &meta));
    /* Each call begins a chunk. */
    for (i = 0; i < 3; i++)
        CHECK_OK(objStorePut_Add(put, "x", 1));
    CHECK_OK(objStore_GetString(&text, f.obs, meta.Name, NULL));
    CHECK_STR(text, "before");
    free(text);
    CHECK_STATUS(objStorePut_Complete(NULL, put, -1), NATS_INVALID_ARG);
    CHECK_OK(objStorePut_Complete(&info, put, 0));
    objStorePut_Destroy(put);
    CHECK_INT(info->Chunks, 3);
    CHECK_INT(info->Meta.Opts.ChunkSize, 131072);
    CHECK_OK(js_GetLastMsg(&msg, f.js, "OBJ_B", "$O.B.M.YS8iYiI=", NULL, NULL));
    CHECK_OK(natsMsgHeader_Get(msg, "Nats-Rollup", &value));
    CHECK_STR(value, "sub");
    CHECK_CONTAINS(natsMsg_GetData(msg), "\"name\":\"a/\\\"b\\\"\"");
    CHECK_CONTAINS(natsMsg_GetData(msg), "\"description\":\"d\"");
    CHECK_CONTAINS(natsMsg_GetData(msg), "\"bucket\":\"B\"");
    CHECK_CONTAINS(natsMsg_GetData(msg), "\"size\":3");
    CHECK_CONTAINS(natsMsg_GetData(msg), "\"chunks\":3");
    CHECK_CONTAINS(natsMsg_GetData(msg), "\"mtime\":\"0001-01-01T00:00:00Z\"");
    snprintf(part, sizeof(part), "\"nuid\":\"%s\"", info->NUID);
    CHECK_CONTAINS(natsMsg_GetData(msg), part);
    CHECK(strstr(natsMsg_GetData(msg), "\"deleted\"") == NULL);
    natsMsg_Destroy(msg);
    objStoreInfo_Destroy(info);
    /* Three chunks and a description: those before are gone. */
    CHECK_INT(stream_messages(f.nc, "OBJ_B"), 4);
    /* Nothing at all is an object, too. */
    meta.Name = "nothing";
    CHECK_OK(objStore_Put(&put, f.obs, &meta));
    CHECK_OK(objStorePut_Complete(&info, put, 0));
    objStorePut_Destroy(put);
    CHECK_INT(info->Chunks, 0);
    CHECK_STR(info->Digest, "SHA-256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU=");
    objStoreInfo_Destroy(info);
    /* What is kept of one that was deleted. */
    CHECK_OK(objStore_Delete(f.obs, "a/\"b\""));
    CHECK_OK(objStoreOptions_Init(&options));
    CHECK_STATUS(objStore_GetInfo(&info, f.obs, "a/\"b\"", &options), NATS_NOT_FOUND);
    options.ShowDeleted = true;
    CHECK_OK(objStore_GetInfo(&info, f.obs, "a/\"b\"", &options));
    CHECK(info->Deleted && info->Size == 0 && info->Chunks == 0 && info->Digest == NULL);
    CHECK_STR(info->Meta.Description, "d");
    objStoreInfo_Destroy(info);
    text = (char *)"x";
    CHECK_OK(objStore_GetString(&text, f.obs, "a/\"b\"", &options));
    CHECK(text == NULL);
    obj_end(&f);
}

static void arguments_that_cannot_be(void) {
    obj_fixture f;
    objStoreInfo *info = NULL;
    objStoreLink link = {"B", "o"};
    objStoreMeta meta;
    objStorePut *put = NULL;
    objStoreGet *get = NULL;
    objStoreWatcher *w = NULL;
    static char large[3000000];
    const struct rlimit limit = {2000000, RLIM_INFINITY};
    char path[] = "/tmp/nats_rs_spec_XXXXXX";
    void *bytes = &f;
    int len = -1;
    bool done = false;

    obj_start(&f);
    CHECK(close(mkstemp(path)) == 0);
    CHECK_STATUS(objStore_GetInfo(&info, f.obs, NULL, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(objStore_GetInfo(&info, f.obs, "", NULL), NATS_INVALID_ARG);
    CHECK_STR(nats_GetLastError(NULL), "name is required");
    CHECK_OK(objStoreMeta_Init(&meta));
    CHECK_STATUS(objStore_Put(&put, f.obs, &meta), NATS_INVALID_ARG);
    CHECK_STR(nats_GetLastError(NULL), "object-store meta information invalid");
    meta.Name = "o";
    meta.Opts.Link = &link;
    CHECK_STATUS(objStore_Put(&put, f.obs, &meta), NATS_INVALID_ARG);
    CHECK_STR(nats_GetLastError(NULL), "link cannot be set when putting the object in bucket");
    CHECK_STATUS(objStore_PutFile(NULL, f.obs, ""), NATS_INVALID_ARG);
    CHECK_STATUS(objStore_PutFile(NULL, f.obs, "/nowhere/at/all"), NATS_ERR);
    CHECK_CONTAINS(nats_GetLastError(NULL), "error opening file '/nowhere/at/all': 2 (");
    CHECK_STATUS(objStore_GetFile(f.obs, "o", "", NULL), NATS_INVALID_ARG);
    CHECK_STATUS(objStore_GetFile(f.obs, "o", "/nowhere/at/all", NULL), NATS_ERR);
    CHECK_CONTAINS(nats_GetLastError(NULL), "error opening file");
    /* A file that cannot take the bytes. */
    memset(large, 'x', sizeof(large));
    CHECK_OK(objStore_PutBytes(NULL, f.obs, "o", large, (int)sizeof(large)));
    signal(SIGXFSZ, SIG_IGN);
    CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    CHECK_STATUS(objStore_GetFile(f.obs, "o", path, NULL), NATS_ERR);
    CHECK_CONTAINS(nats_GetLastError(NULL), "error writing into file '");
    CHECK_CONTAINS(nats_GetLastError(NULL), "': 27 (");
    CHECK(access(path, F_OK) != 0);
    CHECK_OK(objStore_PutBytes(NULL, f.obs, "empty", NULL, 0));
    CHECK_OK(objStore_Get(&get, f.obs, "empty", NULL));
    CHECK_STATUS(objStoreGet_Read(&done, &bytes, &len, get, 0), NATS_INVALID_ARG);
    CHECK_STATUS(objStoreGet_ReadAll(&bytes, &len, get, -1), NATS_INVALID_ARG);
    CHECK_OK(objStoreGet_Read(&done, &bytes, &len, get, deadline_ms()));
    CHECK(done && bytes == NULL && len == 0);
    CHECK_STATUS(objStoreGet_Read(&done, &bytes, &len, get, deadline_ms()), NATS_ILLEGAL_STATE);
    CHECK_STR(nats_GetLastError(NULL), "no more data to read from the object");
    CHECK_STATUS(objStoreGet_ReadAll(&bytes, &len, get, deadline_ms()), NATS_ILLEGAL_STATE);
    objStoreGet_Destroy(get);
    CHECK_OK(objStore_Watch(&w, f.obs, NULL));
    CHECK_STATUS(objStoreWatcher_Next(&info, w, 0), NATS_INVALID_ARG);
    objStoreWatcher_Destroy(w);
    obj_end(&f);
}

static void updates_and_links_over_what_is_there(void) {
    obj_fixture f;
    objStoreInfo *info = NULL, *link = NULL, *gone = NULL;
    objStoreMeta meta;
    objStoreOptions options;
    const char *metadata[] = {"k", "v"}, *value = NULL;
    char *text = NULL;

    obj_start(&f);
    CHECK_OK(objStoreMeta_Init(&meta));
    CHECK_OK(natsHeader_New(&meta.Headers));
    CHECK_OK(natsHeader_Set(meta.Headers, "H", "v"));
    meta.Name = "o";
    meta.Description = "d";
    meta.Metadata.List = metadata;
    meta.Metadata.Count = 1;
    CHECK_STATUS(objStore_UpdateMeta(f.obs, "o", &meta), NATS_ILLEGAL_STATE);
    CHECK_STR(nats_GetLastError(NULL), "cannot update meta for a deleted or not found object");
    CHECK_OK(objStore_PutString(NULL, f.obs, "o", "hello"));
    CHECK_OK(objStore_UpdateMeta(f.obs, "o", &meta));
    CHECK_OK(objStore_GetInfo(&info, f.obs, "o", NULL));
    CHECK_OK(natsHeader_Get(info->Meta.Headers, "H", &value));
    CHECK_STR(value, "v");
    CHECK_INT(info->Meta.Metadata.Count, 1);
    CHECK_INT(info->Size, 5);
    objStoreInfo_Destroy(info);
    natsHeader_Destroy(meta.Headers);
    /* What is not given is gone; a name that was deleted may be taken. */
    CHECK_OK(objStore_PutString(NULL, f.obs, "p", "x"));
    CHECK_OK(objStoreMeta_Init(&meta));
    meta.Name = "p";
    CHECK_STATUS(objStore_UpdateMeta(f.obs, "o", &meta), NATS_ILLEGAL_STATE);
    CHECK_STR(nats_GetLastError(NULL), "an object already exists with that name");
    CHECK_OK(objStore_Delete(f.obs, "p"));
    CHECK_OK(objStore_UpdateMeta(f.obs, "o", &meta));
    CHECK_OK(objStore_GetInfo(&info, f.obs, "p", NULL));
    CHECK(info->Meta.Headers == NULL && info->Meta.Metadata.Count == 0 && info->Meta.Description == NULL);
    CHECK_STATUS(objStore_GetInfo(&link, f.obs, "o", NULL), NATS_NOT_FOUND);
    CHECK_OK(objStore_GetString(&text, f.obs, "p", NULL));
    CHECK_STR(text, "hello");
    free(text);

    CHECK_STATUS(objStore_AddLink(NULL, f.obs, "", info), NATS_INVALID_ARG);
    CHECK_STATUS(objStore_AddBucketLink(NULL, f.obs, "", f.obs), NATS_INVALID_ARG);
    CHECK_OK(objStore_PutString(NULL, f.obs, "q", "x"));
    CHECK_OK(objStore_Delete(f.obs, "q"));
    CHECK_OK(objStoreOptions_Init(&options));
    options.ShowDeleted = true;
    CHECK_OK(objStore_GetInfo(&gone, f.obs, "q", &options));
    CHECK_STATUS(objStore_AddLink(NULL, f.obs, "l", gone), NATS_ILLEGAL_STATE);
    CHECK_STR(nats_GetLastError(NULL), "not allowed to link to a deleted object");
    objStoreInfo_Destroy(gone);
    /* Not over an object, not even over one that was deleted; but over another link. */
    CHECK_STATUS(objStore_AddLink(NULL, f.obs, "q", info), NATS_ILLEGAL_STATE);
    CHECK_STR(nats_GetLastError(NULL), "an object already exists with that name");
    CHECK_OK(objStore_AddBucketLink(&link, f.obs, "l", f.obs));
    CHECK(link->Meta.Opts.Link->Name == NULL && strcmp(link->Meta.Opts.Link->Bucket, "B") == 0);
    CHECK(link->Size == 0 && link->Chunks == 0 && link->Digest == NULL);
    CHECK_STATUS(objStore_AddLink(NULL, f.obs, "l2", link), NATS_ILLEGAL_STATE);
    CHECK_STR(nats_GetLastError(NULL), "not allowed to link to another link");
    objStoreInfo_Destroy(link);
    CHECK_OK(objStore_AddLink(&link, f.obs, "l", info));
    CHECK_STR(link->Meta.Opts.Link->Name, "p");
    CHECK(strcmp(link->NUID, info->NUID) != 0);
    objStoreInfo_Destroy(link);
    objStoreInfo_Destroy(info);
    /* A put takes the name of a link. */
    CHECK_OK(objStore_PutString(NULL, f.obs, "l", "own"));
    CHECK_OK(objStore_GetString(&text, f.obs, "l", NULL));
    CHECK_STR(text, "own");
    free(text);
    CHECK_OK(objStore_GetString(&text, f.obs, "p", NULL));
    CHECK_STR(text, "hello");
    free(text);
    /* A sealed store says no, to all of them. */
    CHECK_OK(objStore_Seal(f.obs));
    CHECK_OK(objStore_GetInfo(&info, f.obs, "p", NULL));
    CHECK(objStore_UpdateMeta(f.obs, "p", &meta) != NATS_OK);
    CHECK(objStore_AddLink(NULL, f.obs, "n", info) != NATS_OK);
    CHECK(objStore_AddBucketLink(NULL, f.obs, "n", f.obs) != NATS_OK);
    CHECK(objStore_Delete(f.obs, "p") != NATS_OK);
    CHECK_OK(objStore_GetString(&text, f.obs, "p", NULL));
    free(text);
    objStoreInfo_Destroy(info);
    obj_end(&f);
}

/* The next thing that a watcher tells: a name, with a minus in front if it was deleted, "" for the end of what was there. */
static void expect_next(objStoreWatcher *w, const char *want) {
    objStoreInfo *info = NULL;
    char got[64] = "";

    CHECK_OK(objStoreWatcher_Next(&info, w, deadline_ms()));
    if (info != NULL)
        snprintf(got, sizeof(got), "%s%s", info->Deleted ? "-" : "", info->Meta.Name);
    objStoreInfo_Destroy(info);
    CHECK_STR(got, want);
}

typedef struct waiter {
    objStoreWatcher *w;
    counter began;
    natsStatus s;
} waiter;

static void *wait_for_next(void *arg) {
    waiter *w = (waiter *)arg;
    objStoreInfo *info = NULL;

    counter_add(&w->began, 1);
    w->s = objStoreWatcher_Next(&info, w->w, 100 * deadline_ms());
    return NULL;
}

static void watchers_and_lists_with_their_options(void) {
    obj_fixture f;
    objStoreWatchOptions opts;
    objStoreOptions options;
    objStoreWatcher *all = NULL, *live = NULL, *updates = NULL;
    objStoreInfoList *list = NULL;
    objStoreInfo *info = NULL;
    pthread_t thread;
    waiter w;

    obj_start(&f);
    CHECK_OK(objStoreWatchOptions_Init(&opts));
    /* Updates only of an empty store: no end of what was there, ever. */
    opts.UpdatesOnly = true;
    CHECK_OK(objStore_Watch(&updates, f.obs, &opts));
    CHECK_OK(objStore_PutString(NULL, f.obs, "a", "1"));
    CHECK_OK(objStore_PutString(NULL, f.obs, "b", "1"));
    CHECK_OK(objStore_PutString(NULL, f.obs, "a", "2"));
    CHECK_OK(objStore_Delete(f.obs, "b"));
    expect_next(updates, "a");
    expect_next(updates, "b");
    expect_next(updates, "a");
    expect_next(updates, "-b");
    CHECK_STATUS(objStoreWatcher_Next(&info, updates, 50), NATS_TIMEOUT);
    objStoreWatcher_Destroy(updates);

    CHECK_OK(objStoreWatchOptions_Init(&opts));
    opts.IgnoreDeletes = true;
    CHECK_OK(objStore_Watch(&all, f.obs, NULL));
    CHECK_OK(objStore_Watch(&live, f.obs, &opts));
    expect_next(all, "a");
    expect_next(all, "-b");
    expect_next(all, "");
    /* The end comes behind what is left out, too. */
    expect_next(live, "a");
    expect_next(live, "");
    CHECK_OK(objStore_Delete(f.obs, "a"));
    CHECK_OK(objStore_PutString(NULL, f.obs, "c", "1"));
    expect_next(all, "-a");
    expect_next(all, "c");
    expect_next(live, "c");
    CHECK_STATUS(objStoreWatcher_Next(&info, live, 50), NATS_TIMEOUT);

    CHECK_OK(objStore_List(&list, f.obs, NULL));
    CHECK_INT(list->Count, 1);
    objStoreInfoList_Destroy(list);
    CHECK_OK(objStoreOptions_Init(&options));
    options.ShowDeleted = true;
    CHECK_OK(objStore_List(&list, f.obs, &options));
    CHECK_INT(list->Count, 3);
    CHECK_STR(list->List[0]->Meta.Name, "b");
    CHECK_STR(list->List[2]->Meta.Name, "c");
    objStoreInfoList_Destroy(list);

    /* A stop wakes the thread that waits. */
    counter_init(&w.began);
    w.w = all;
    CHECK(pthread_create(&thread, NULL, wait_for_next, &w) == 0);
    CHECK_REACHED(&w.began, 1);
    CHECK_OK(objStoreWatcher_Stop(all));
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK_INT(w.s, NATS_ILLEGAL_STATE);
    objStoreWatcher_Destroy(all);
    objStoreWatcher_Destroy(live);
    obj_end(&f);
}

/* What has begun keeps its store. */
static void handles_go_in_any_order(void) {
    obj_fixture f;
    objStorePut *put = NULL;
    objStoreGet *get = NULL;
    objStoreWatcher *w = NULL;
    objStoreMeta meta;
    void *bytes = NULL;
    int len = 0;

    obj_start(&f);
    CHECK_OK(objStore_PutString(NULL, f.obs, "o", "hello"));
    CHECK_OK(objStoreMeta_Init(&meta));
    meta.Name = "p";
    CHECK_OK(objStore_Put(&put, f.obs, &meta));
    CHECK_OK(objStore_Get(&get, f.obs, "o", NULL));
    CHECK_OK(objStore_Watch(&w, f.obs, NULL));
    objStore_Destroy(f.obs);
    f.obs = NULL;
    jsCtx_Destroy(f.js);
    f.js = NULL;
    CHECK_OK(objStorePut_Add(put, "x", 1));
    CHECK_OK(objStorePut_Complete(NULL, put, 0));
    objStorePut_Destroy(put);
    CHECK_OK(objStoreGet_ReadAll(&bytes, &len, get, deadline_ms()));
    CHECK_INT(len, 5);
    free(bytes);
    objStoreGet_Destroy(get);
    expect_next(w, "o");
    objStoreWatcher_Destroy(w);
    obj_end(&f);
}

int main(int argc, char **argv) {
    const test_case cases[] = {
        TEST(a_store_as_a_stream),
        TEST(what_is_stored_of_an_object),
        TEST(arguments_that_cannot_be),
        TEST(updates_and_links_over_what_is_there),
        TEST(watchers_and_lists_with_their_options),
        TEST(handles_go_in_any_order),
    };
    return RUN_TESTS(cases, argc, argv);
}
