/* Object stores: stored objects are read back, and failed calls leave no incomplete objects. */
#include "obj.h"

#include <unistd.h>

static void stores_from_their_creation_to_their_end(void) {
    obj_fixture f;
    objStore *other = NULL;
    objStoreConfig cfg;
    objStoreStatus *status = NULL;
    objStoreNamesList *names = NULL;
    objStoreStatusesList *statuses = NULL;
    const char *bad[] = {"", "a.b", "a b", "a>", "a/b"};
    size_t i;

    obj_start(&f);
    CHECK_OK(objStoreConfig_Init(&cfg));
    for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        cfg.Bucket = bad[i];
        CHECK_STATUS(js_CreateObjectStore(&other, f.js, &cfg), NATS_INVALID_ARG);
        CHECK_STATUS(js_ObjectStore(&other, f.js, bad[i]), NATS_INVALID_ARG);
    }
    CHECK_STATUS(js_ObjectStore(&other, f.js, "none"), NATS_NOT_FOUND);
    CHECK_STATUS(js_DeleteObjectStore(f.js, "none"), NATS_NOT_FOUND);
    cfg.Bucket = "none";
    CHECK_STATUS(js_UpdateObjectStore(&other, f.js, &cfg), NATS_NOT_FOUND);
    CHECK_STR(nats_GetLastError(NULL), "bucket not found: none");
    cfg.Bucket = "B";
    CHECK_STATUS(js_CreateObjectStore(&other, f.js, &cfg), NATS_ERR);
    CHECK_STR(nats_GetLastError(NULL), "bucket name already in use: B");
    CHECK_OK(objStore_Status(&status, f.obs));
    CHECK_STR(status->Bucket, "B");
    CHECK_STR(status->Description, "d");
    CHECK_INT(status->TTL, 3600000);
    CHECK_STR(status->BackingStore, "JetStream");
    CHECK(!status->Sealed);
    objStoreStatus_Destroy(status);
    CHECK_OK(js_ObjectStoreNames(&names, f.js));
    CHECK_INT(names->Count, 1);
    CHECK_STR(names->List[0], "B");
    objStoreNamesList_Destroy(names);
    CHECK_OK(js_ObjectStoreStatuses(&statuses, f.js));
    CHECK_INT(statuses->Count, 1);
    objStoreStatusesList_Destroy(statuses);
    CHECK_OK(objStore_Seal(f.obs));
    CHECK_OK(objStore_Status(&status, f.obs));
    CHECK(status->Sealed);
    objStoreStatus_Destroy(status);
    CHECK(objStore_PutString(NULL, f.obs, "a", "x") != NATS_OK);
    CHECK_OK(js_DeleteObjectStore(f.js, "B"));
    CHECK_STATUS(js_ObjectStoreNames(&names, f.js), NATS_NOT_FOUND);
    obj_end(&f);
}

static void objects_are_read_as_they_were_stored(void) {
    obj_fixture f;
    objStoreInfo *info = NULL;
    const objStoreInfo *described = NULL;
    objStoreMeta meta;
    objStorePut *put = NULL;
    objStoreGet *get = NULL;
    natsHeader *header = NULL;
    const char *value = NULL;
    char *text = NULL, *data;
    void *bytes = NULL;
    int len = -1, size = 1000003;
    bool done = false;

    obj_start(&f);
    CHECK_STATUS(objStore_GetInfo(&info, f.obs, "a", NULL), NATS_NOT_FOUND);
    CHECK_STATUS(objStore_GetString(&text, f.obs, "a", NULL), NATS_NOT_FOUND);
    CHECK_OK(objStore_PutString(&info, f.obs, "my \"file\"\\?.txt", "hello"));
    CHECK_STR(info->Digest, "SHA-256=LPJNul-wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=");
    CHECK_INT(info->Size, 5);
    objStoreInfo_Destroy(info);
    CHECK_OK(objStore_GetString(&text, f.obs, "my \"file\"\\?.txt", NULL));
    CHECK_STR(text, "hello");
    free(text);
    CHECK_OK(objStore_PutBytes(NULL, f.obs, "empty", NULL, 0));
    text = (char *)"x";
    CHECK_OK(objStore_GetString(&text, f.obs, "empty", NULL));
    CHECK(text == NULL);
    CHECK_OK(objStore_PutBytes(&info, f.obs, "empty", "x", 0));
    CHECK_INT(info->Size, 0);
    CHECK_INT(info->Chunks, 0);
    objStoreInfo_Destroy(info);
    CHECK_STATUS(objStore_PutBytes(NULL, f.obs, "empty", NULL, 1), NATS_INVALID_ARG);

    data = obj_pattern(size, 0);
    CHECK_OK(objStore_SetMaxBytesInFlight(f.obs, 8000));
    CHECK_OK(objStoreMeta_Init(&meta));
    CHECK_OK(natsHeader_New(&header));
    CHECK_OK(natsHeader_Set(header, "H", "v"));
    meta.Name = "big";
    meta.Headers = header;
    meta.Opts.ChunkSize = 3000;
    CHECK_OK(objStore_Put(&put, f.obs, &meta));
    CHECK_OK(objStorePut_Add(put, NULL, 0));
    CHECK_STATUS(objStorePut_Add(put, data, -1), NATS_INVALID_ARG);
    CHECK_OK(objStorePut_Add(put, data, 1));
    CHECK_OK(objStorePut_Add(put, data + 1, size - 1));
    CHECK_STATUS(objStore_GetInfo(&info, f.obs, "big", NULL), NATS_NOT_FOUND);
    CHECK_OK(objStorePut_Complete(&info, put, deadline_ms()));
    CHECK_STATUS(objStorePut_Complete(NULL, put, 0), NATS_ILLEGAL_STATE);
    objStorePut_Destroy(put);
    natsHeader_Destroy(header);
    CHECK_INT(info->Chunks, 335);
    objStoreInfo_Destroy(info);
    CHECK_OK(objStore_GetInfo(&info, f.obs, "big", NULL));
    CHECK_OK(natsHeader_Get(info->Meta.Headers, "H", &value));
    CHECK_STR(value, "v");
    objStoreInfo_Destroy(info);
    CHECK_OK(objStore_GetBytes(&bytes, &len, f.obs, "big", NULL));
    CHECK_INT(len, size);
    CHECK(memcmp(bytes, data, (size_t)size) == 0);
    free(bytes);
    CHECK_OK(objStore_Get(&get, f.obs, "big", NULL));
    CHECK_OK(objStoreGet_Info(&described, get));
    CHECK_INT(described->Size, size);
    CHECK_STATUS(objStoreGet_Info(NULL, get), NATS_INVALID_ARG);
    CHECK_OK(objStoreGet_Read(&done, &bytes, &len, get, deadline_ms()));
    CHECK_INT(len, 1);
    CHECK(!done);
    free(bytes);
    CHECK_OK(objStoreGet_ReadAll(&bytes, &len, get, deadline_ms()));
    CHECK_INT(len, size - 1);
    free(bytes);
    CHECK_STATUS(objStoreGet_Read(&done, &bytes, &len, get, 100), NATS_ILLEGAL_STATE);
    objStoreGet_Destroy(get);
    free(data);
    obj_end(&f);
}

static void what_is_replaced_or_given_up_leaves_no_chunks(void) {
    obj_fixture f;
    objStorePut *first = NULL, *second = NULL;
    objStoreMeta meta;
    uint64_t revision = 7;

    obj_start(&f);
    CHECK_OK(objStoreMeta_Init(&meta));
    meta.Name = "o";
    CHECK_OK(objStore_GetRevision(&revision, f.obs, "o"));
    CHECK_INT(revision, 0);
    /* Two puts of one object: the last one wins. */
    CHECK_OK(objStore_Put(&first, f.obs, &meta));
    CHECK_OK(objStore_Put(&second, f.obs, &meta));
    CHECK_OK(objStorePut_Add(first, "one", 3));
    CHECK_OK(objStorePut_Add(second, "two", 3));
    CHECK_OK(objStorePut_Complete(NULL, first, 0));
    CHECK_OK(objStorePut_Complete(NULL, second, 0));
    objStorePut_Destroy(first);
    objStorePut_Destroy(second);
    CHECK_INT(stream_messages(f.nc, "OBJ_B"), 2);
    /* A guarded one loses. */
    CHECK_OK(objStore_Put(&first, f.obs, &meta));
    CHECK_OK(objStorePut_ExpectRevision(first, 1));
    CHECK_OK(objStorePut_Add(first, "three", 5));
    CHECK_STATUS(objStorePut_Complete(NULL, first, 0), NATS_MISMATCH);
    objStorePut_Destroy(first);
    CHECK_INT(stream_messages(f.nc, "OBJ_B"), 2);
    CHECK_OK(objStore_Put(&first, f.obs, &meta));
    CHECK_OK(objStorePut_Add(first, "four", 4));
    objStorePut_Destroy(first);
    CHECK_INT(stream_messages(f.nc, "OBJ_B"), 2);
    CHECK_OK(objStore_Delete(f.obs, "o"));
    CHECK_STATUS(objStore_Delete(f.obs, "o"), NATS_NOT_FOUND);
    CHECK_INT(stream_messages(f.nc, "OBJ_B"), 1);
    obj_end(&f);
}

static void damaged_objects_are_errors(void) {
    obj_fixture f;
    objStoreInfo *info = NULL;
    natsMsg *reply = NULL;
    char subject[256], *text = NULL;
    jsOptions opts;

    obj_start(&f);
    CHECK_OK(objStore_PutString(&info, f.obs, "o", "hello"));
    snprintf(subject, sizeof(subject), "$O.B.C.%s", info->NUID);
    CHECK_OK(jsOptions_Init(&opts));
    opts.Stream.Purge.Subject = subject;
    CHECK_OK(js_PurgeStream(f.js, "OBJ_B", &opts, NULL));
    CHECK_STATUS(objStore_GetString(&text, f.obs, "o", NULL), NATS_NOT_FOUND);
    CHECK_CONTAINS(nats_GetLastError(NULL), "missing");
    CHECK_OK(natsConnection_RequestString(&reply, f.nc, subject, "hallo", deadline_ms()));
    natsMsg_Destroy(reply);
    CHECK_STATUS(objStore_GetString(&text, f.obs, "o", NULL), NATS_ERR);
    CHECK_STR(nats_GetLastError(NULL), "received a corrupt object, digests do not match");
    CHECK_OK(js_PurgeStream(f.js, "OBJ_B", &opts, NULL));
    CHECK_OK(natsConnection_RequestString(&reply, f.nc, subject, "hello!", deadline_ms()));
    natsMsg_Destroy(reply);
    CHECK_STATUS(objStore_GetString(&text, f.obs, "o", NULL), NATS_ILLEGAL_STATE);
    objStoreInfo_Destroy(info);
    obj_end(&f);
}

static void links_and_names(void) {
    obj_fixture f;
    objStoreInfo *info = NULL, *link = NULL;
    objStoreInfoList *list = NULL;
    objStoreMeta meta;
    char *text = NULL;

    obj_start(&f);
    CHECK_STATUS(objStore_List(&list, f.obs, NULL), NATS_NOT_FOUND);
    CHECK_OK(objStore_PutString(&info, f.obs, "o", "hello"));
    CHECK_OK(objStore_AddLink(&link, f.obs, "l", info));
    CHECK_STR(link->Meta.Opts.Link->Name, "o");
    CHECK_STATUS(objStore_AddLink(NULL, f.obs, "l2", link), NATS_ILLEGAL_STATE);
    CHECK_STATUS(objStore_AddLink(NULL, f.obs, "o", info), NATS_ILLEGAL_STATE);
    CHECK_OK(objStore_GetString(&text, f.obs, "l", NULL));
    CHECK_STR(text, "hello");
    free(text);
    CHECK_OK(objStore_AddBucketLink(NULL, f.obs, "b", f.obs));
    CHECK_STATUS(objStore_GetString(&text, f.obs, "b", NULL), NATS_ILLEGAL_STATE);
    /* To itself: in a circle. */
    free((void *)info->Meta.Name);
    info->Meta.Name = strdup("l");
    CHECK_OK(objStore_AddLink(NULL, f.obs, "l", info));
    CHECK_STATUS(objStore_GetString(&text, f.obs, "l", NULL), NATS_ILLEGAL_STATE);
    CHECK_CONTAINS(nats_GetLastError(NULL), "circle");
    CHECK_OK(objStore_Delete(f.obs, "l"));

    CHECK_OK(objStoreMeta_Init(&meta));
    CHECK_STATUS(objStore_UpdateMeta(f.obs, "o", &meta), NATS_INVALID_ARG);
    meta.Name = "b";
    CHECK_STATUS(objStore_UpdateMeta(f.obs, "o", &meta), NATS_ILLEGAL_STATE);
    meta.Name = "p";
    meta.Description = "renamed";
    CHECK_OK(objStore_UpdateMeta(f.obs, "o", &meta));
    CHECK_STATUS(objStore_UpdateMeta(f.obs, "o", &meta), NATS_ILLEGAL_STATE);
    CHECK_OK(objStore_GetString(&text, f.obs, "p", NULL));
    CHECK_STR(text, "hello");
    free(text);
    CHECK_OK(objStore_List(&list, f.obs, NULL));
    CHECK_INT(list->Count, 2);
    CHECK_STR(list->List[1]->Meta.Name, "p");
    CHECK_STR(list->List[1]->Meta.Description, "renamed");
    objStoreInfoList_Destroy(list);
    objStoreInfo_Destroy(link);
    objStoreInfo_Destroy(info);
    obj_end(&f);
}

static void watchers_tell_what_is_there_and_what_changes(void) {
    obj_fixture f;
    objStoreWatcher *w = NULL, *updates = NULL;
    objStoreWatchOptions opts;
    objStoreInfo *info = NULL;

    obj_start(&f);
    CHECK_OK(objStoreWatchOptions_Init(&opts));
    opts.UpdatesOnly = true;
    CHECK_OK(objStore_Watch(&updates, f.obs, &opts));
    CHECK_OK(objStore_Watch(&w, f.obs, NULL));
    CHECK_OK(objStoreWatcher_Next(&info, w, deadline_ms()));
    CHECK(info == NULL);
    objStoreWatcher_Destroy(w);
    CHECK_OK(objStore_PutString(NULL, f.obs, "a", "1"));
    CHECK_OK(objStore_Watch(&w, f.obs, NULL));
    CHECK_OK(objStoreWatcher_Next(&info, w, deadline_ms()));
    CHECK_STR(info->Meta.Name, "a");
    CHECK(info->ModTime > INT64_C(1600000000000000000));
    objStoreInfo_Destroy(info);
    CHECK_OK(objStoreWatcher_Next(&info, w, deadline_ms()));
    CHECK(info == NULL);
    CHECK_STATUS(objStoreWatcher_Next(&info, w, 1), NATS_TIMEOUT);
    CHECK_OK(objStore_Delete(f.obs, "a"));
    CHECK_OK(objStoreWatcher_Next(&info, w, deadline_ms()));
    CHECK(info->Deleted);
    objStoreInfo_Destroy(info);
    CHECK_OK(objStoreWatcher_Stop(w));
    CHECK_OK(objStoreWatcher_Stop(w));
    CHECK_STATUS(objStoreWatcher_Next(&info, w, 1000), NATS_ILLEGAL_STATE);
    objStoreWatcher_Destroy(w);
    CHECK_OK(objStoreWatcher_Next(&info, updates, deadline_ms()));
    CHECK_STR(info->Meta.Name, "a");
    CHECK(!info->Deleted);
    objStoreInfo_Destroy(info);
    objStoreWatcher_Destroy(updates);
    obj_end(&f);
}

static void count_progress(const char *name, uint64_t bytes, uint64_t total, void *closure) {
    uint64_t *last = (uint64_t *)closure;

    CHECK(name != NULL && bytes > *last && bytes <= total);
    *last = bytes;
}

static void files_and_their_progress(void) {
    obj_fixture f;
    char from[] = "/tmp/nats_rs_obj_XXXXXX", to[64], *data, *read;
    int fd = mkstemp(from), size = 3000001;
    uint64_t last = 0;
    FILE *file;

    CHECK(fd >= 0);
    obj_start(&f);
    data = obj_pattern(size, 0);
    read = obj_pattern(size, 0);
    memset(read, 0, (size_t)size);
    file = fdopen(fd, "wb");
    CHECK_INT(fwrite(data, 1, (size_t)size, file), size);
    fclose(file);
    snprintf(to, sizeof(to), "%s.copy", from);
    CHECK_OK(objStore_SetProgress(f.obs, count_progress, &last));
    CHECK_OK(objStore_PutFile(NULL, f.obs, from));
    CHECK_INT(last, size);
    last = 0;
    CHECK_OK(objStore_GetFile(f.obs, from, to, NULL));
    CHECK_INT(last, size);
    file = fopen(to, "rb");
    CHECK(file != NULL);
    CHECK_INT(fread(read, 1, (size_t)size, file), size);
    CHECK(memcmp(data, read, (size_t)size) == 0);
    fclose(file);
    CHECK_STATUS(objStore_GetFile(f.obs, "none", to, NULL), NATS_NOT_FOUND);
    CHECK(access(to, F_OK) != 0);
    CHECK_STATUS(objStore_PutFile(NULL, f.obs, to), NATS_ERR);
    CHECK_CONTAINS(nats_GetLastError(NULL), "error opening file");
    unlink(from);
    free(data);
    free(read);
    obj_end(&f);
}

static void a_put_and_a_get_that_a_restart_cuts(void) {
    obj_fixture f;
    objStorePut *put = NULL;
    objStoreGet *get = NULL;
    objStoreMeta meta;
    objStoreInfo *info = NULL;
    char *data = obj_pattern(200000, 0);
    void *bytes = NULL;
    int len = 0;
    bool done = false;

    obj_start(&f);
    CHECK_OK(objStoreMeta_Init(&meta));
    meta.Name = "o";
    meta.Opts.ChunkSize = 10000;
    CHECK_OK(objStore_SetMaxBytesInFlight(f.obs, 20000));
    CHECK_OK(objStore_Put(&put, f.obs, &meta));
    CHECK_OK(objStorePut_Add(put, data, 200000));
    CHECK_OK(objStorePut_Complete(NULL, put, deadline_ms()));
    objStorePut_Destroy(put);
    CHECK_OK(objStore_Get(&get, f.obs, "o", NULL));
    CHECK_OK(objStoreGet_Read(&done, &bytes, &len, get, deadline_ms()));
    CHECK_INT(len, 10000);
    free(bytes);
    server_kill(&f.s);
    CHECK_SOON(natsConnection_Status(f.nc) != NATS_CONN_STATUS_CONNECTED);
    server_restart(&f.s);
    CHECK_OK(objStoreGet_ReadAll(&bytes, &len, get, deadline_ms()));
    CHECK_INT(len, 190000);
    CHECK(memcmp(bytes, data + 10000, 190000) == 0);
    free(bytes);
    objStoreGet_Destroy(get);

    meta.Name = "cut";
    CHECK_OK(objStore_Put(&put, f.obs, &meta));
    server_pause(&f.s);
    CHECK_OK(objStorePut_Add(put, data, 10000));
    /* What is still in the library's buffer would go to the next server. */
    CHECK_SOON(natsConnection_Buffered(f.nc) == 0);
    server_kill(&f.s);
    CHECK_SOON(natsConnection_Status(f.nc) != NATS_CONN_STATUS_CONNECTED);
    server_restart(&f.s);
    CHECK_STATUS(objStorePut_Complete(NULL, put, deadline_ms()), NATS_CONNECTION_DISCONNECTED);
    objStorePut_Destroy(put);
    CHECK_STATUS(objStore_GetInfo(&info, f.obs, "cut", NULL), NATS_NOT_FOUND);
    CHECK_INT(stream_messages(f.nc, "OBJ_B"), 21);
    free(data);
    obj_end(&f);
}

int main(int argc, char **argv) {
    const test_case cases[] = {
        TEST(stores_from_their_creation_to_their_end),
        TEST(objects_are_read_as_they_were_stored),
        TEST(what_is_replaced_or_given_up_leaves_no_chunks),
        TEST(damaged_objects_are_errors),
        TEST(links_and_names),
        TEST(watchers_tell_what_is_there_and_what_changes),
        TEST(files_and_their_progress),
        TEST(a_put_and_a_get_that_a_restart_cuts),
    };
    return RUN_TESTS(cases, argc, argv);
}
