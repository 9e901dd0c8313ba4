/* Objects, descriptions and links that other clients have stored, valid or not. */
#include "callbacks.h"
#include "obj.h"

/* Stores a description as it is, with the object's name in base64. */
static void describe(obj_fixture *f, const char *encoded, const char *json) {
    char subject[128];
    natsMsg *reply = NULL;

    snprintf(subject, sizeof(subject), "$O.B.M.%s", encoded);
    CHECK_OK(natsConnection_RequestString(&reply, f->nc, subject, json, deadline_ms()));
    natsMsg_Destroy(reply);
}

static void objects_that_others_have_stored(void) {
    static const char whole[] =
        "{\"name\":\"a\",\"description\":null,\"headers\":{\"inner\":{\"H\":[\"v\"]}},\"metadata\":null,"
        "\"options\":{\"link\":null,\"max_chunk_size\":null},\"bucket\":\"B\",\"nuid\":\"N\",\"size\":5,"
        "\"chunks\":%d,\"mtime\":\"2024-05-06T07:08:09.123456789+02:00\",%s\"deleted\":null,\"more\":[1]}";
    static const char good[] = "\"digest\":\"sha-256=LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ\",";
    obj_fixture f;
    objStoreInfo *info = NULL;
    objStoreInfoList *list = NULL;
    natsMsg *reply = NULL;
    const char *value = NULL;
    char json[512], *text = NULL;
    int64_t began;

    obj_start(&f);
    CHECK_OK(natsConnection_RequestString(&reply, f.nc, "$O.B.C.N", "hello", deadline_ms()));
    natsMsg_Destroy(reply);
    snprintf(json, sizeof(json), whole, 1, good);
    describe(&f, "YQ==", json);
    CHECK_OK(objStore_GetString(&text, f.obs, "a", NULL));
    CHECK_STR(text, "hello");
    free(text);
    CHECK_OK(objStore_GetInfo(&info, f.obs, "a", NULL));
    CHECK(info->Meta.Description == NULL && info->Meta.Opts.Link == NULL && info->Meta.Metadata.Count == 0);
    CHECK_OK(natsHeader_Get(info->Meta.Headers, "H", &value));
    CHECK_STR(value, "v");
    CHECK(llabs((long long)(nats_NowInNanoSeconds() - info->ModTime)) < INT64_C(600000000000));
    objStoreInfo_Destroy(info);
    CHECK_OK(objStore_List(&list, f.obs, NULL));
    CHECK_INT(list->Count, 1);
    objStoreInfoList_Destroy(list);
    /* Without a digest, and without the number of chunks. */
    snprintf(json, sizeof(json), whole, 0, "\"digest\":null,");
    describe(&f, "YQ==", json);
    CHECK_OK(objStore_GetString(&text, f.obs, "a", NULL));
    CHECK_STR(text, "hello");
    free(text);
    /* Its chunks have fewer bytes than it: known at once. */
    describe(&f, "YQ==", "{\"name\":\"a\",\"bucket\":\"B\",\"nuid\":\"N\",\"size\":6,\"chunks\":1}");
    began = now_ms();
    CHECK_STATUS(objStore_GetString(&text, f.obs, "a", NULL), NATS_NOT_FOUND);
    CHECK_CONTAINS(nats_GetLastError(NULL), "fewer bytes");
    CHECK(now_ms() - began < deadline_ms() / 4);
    /* What cannot be read. */
    describe(&f, "YQ==", "{\"name\":\"a\",\"bucket\":\"B\",\"size\":5,\"chunks\":1}");
    CHECK_STATUS(objStore_GetString(&text, f.obs, "a", NULL), NATS_ILLEGAL_STATE);
    CHECK_STR(nats_GetLastError(NULL), "object-store meta information invalid");
    CHECK_STATUS(objStore_Delete(f.obs, "a"), NATS_ILLEGAL_STATE);
    describe(&f, "YQ==", "{\"name\":");
    CHECK(objStore_GetInfo(&info, f.obs, "a", NULL) != NATS_OK);
    CHECK_STR(nats_GetLastError(NULL), "object-store meta information invalid");
    obj_end(&f);
}

/* It is left out, and told; the others are listed. */
static void a_description_that_cannot_be_read_hides_no_other(void) {
    static const char *const garbage[] = {"{\"name\":", "", "[]", "{\"name\":7,\"size\":-1}"};
    static const char *const encoded[] = {"YQ==", "Yg==", "Yw==", "ZA=="};
    obj_fixture f;
    closure c;
    natsConnection *nc;
    jsCtx *js = NULL;
    objStore *obs = NULL;
    objStoreInfoList *list = NULL;
    objStoreInfo *info = NULL;
    objStoreWatcher *w = NULL;
    int i;

    obj_start(&f);
    nc = test_connect(options_recorded(f.s.url, &c));
    CHECK_OK(natsConnection_JetStream(&js, nc, NULL));
    CHECK_OK(js_ObjectStore(&obs, js, "B"));
    CHECK_OK(objStore_PutString(NULL, f.obs, "first", "1"));
    for (i = 0; i < 4; i++)
        describe(&f, encoded[i], garbage[i]);
    CHECK_OK(objStore_PutString(NULL, f.obs, "last", "2"));
    CHECK_OK(objStore_List(&list, obs, NULL));
    CHECK_INT(list->Count, 2);
    CHECK_STR(list->List[0]->Meta.Name, "first");
    CHECK_STR(list->List[1]->Meta.Name, "last");
    objStoreInfoList_Destroy(list);
    /* Errors of one kind may be told as one. */
    CHECK_REACHED(&c.errors, 1);
    CHECK_INT(c.statuses[0], NATS_ERR);
    CHECK_CONTAINS(c.error_texts[0], "$O.B.M.YQ==");
    /* Nor does it end a watcher; not even when it is the last of the initial data. */
    describe(&f, "YQ==", "{");
    CHECK_OK(objStore_Watch(&w, obs, NULL));
    CHECK_OK(objStoreWatcher_Next(&info, w, deadline_ms()));
    CHECK_STR(info->Meta.Name, "first");
    objStoreInfo_Destroy(info);
    CHECK_OK(objStoreWatcher_Next(&info, w, deadline_ms()));
    CHECK_STR(info->Meta.Name, "last");
    objStoreInfo_Destroy(info);
    CHECK_OK(objStoreWatcher_Next(&info, w, deadline_ms()));
    CHECK(info == NULL);
    CHECK_STATUS(objStoreWatcher_Next(&info, w, 50), NATS_TIMEOUT);
    objStoreWatcher_Destroy(w);
    /* A store of nothing else. */
    CHECK_OK(objStore_Delete(f.obs, "first"));
    CHECK_OK(objStore_Delete(f.obs, "last"));
    CHECK_STATUS(objStore_List(&list, obs, NULL), NATS_NOT_FOUND);
    objStore_Destroy(obs);
    jsCtx_Destroy(js);
    natsConnection_Destroy(nc);
    CHECK_REACHED(&c.closed, 1);
    obj_end(&f);
}

static void link_to(obj_fixture *f, const char *encoded, const char *name, const char *bucket,
                    const char *object) {
    char json[256];

    snprintf(json, sizeof(json),
             "{\"name\":\"%s\",\"options\":{\"link\":{\"bucket\":\"%s\",\"name\":\"%s\"}},\"bucket\":\"B\","
             "\"nuid\":\"N%s\",\"size\":0,\"chunks\":0}",
             name, bucket, object, name);
    describe(f, encoded, json);
}

static void links_to_nowhere_and_in_a_circle(void) {
    obj_fixture f;
    objStoreConfig cfg;
    objStoreInfo *info = NULL;
    const objStoreInfo *target = NULL;
    objStoreGet *get = NULL;
    objStore *other = NULL;
    char *text = NULL;

    obj_start(&f);
    CHECK_OK(objStoreConfig_Init(&cfg));
    cfg.Bucket = "C";
    CHECK_OK(js_CreateObjectStore(&other, f.js, &cfg));
    CHECK_OK(objStore_PutString(&info, other, "o", "hello"));
    /* To another bucket, and through another link. */
    CHECK_OK(objStore_AddLink(NULL, f.obs, "l", info));
    objStoreInfo_Destroy(info);
    link_to(&f, "bQ==", "m", "B", "l");
    CHECK_OK(objStore_Get(&get, f.obs, "m", NULL));
    CHECK_OK(objStoreGet_Info(&target, get));
    CHECK_STR(target->Bucket, "C");
    CHECK_STR(target->Meta.Name, "o");
    objStoreGet_Destroy(get);
    CHECK_OK(objStore_GetString(&text, f.obs, "m", NULL));
    CHECK_STR(text, "hello");
    free(text);
    /* The bytes of a target that goes away go with it; deleting the link leaves the target. */
    CHECK_OK(objStore_Delete(f.obs, "m"));
    CHECK_OK(objStore_GetString(&text, other, "o", NULL));
    free(text);
    CHECK_OK(objStore_Delete(other, "o"));
    CHECK_STATUS(objStore_GetString(&text, f.obs, "l", NULL), NATS_NOT_FOUND);
    link_to(&f, "bQ==", "m", "B", "none");
    CHECK_STATUS(objStore_GetString(&text, f.obs, "m", NULL), NATS_NOT_FOUND);
    link_to(&f, "bQ==", "m", "NONE", "o");
    CHECK_STATUS(objStore_GetString(&text, f.obs, "m", NULL), NATS_NOT_FOUND);
    CHECK_CONTAINS(nats_GetLastError(NULL), "NONE");
    link_to(&f, "bQ==", "m", "", "o");
    CHECK_STATUS(objStore_GetString(&text, f.obs, "m", NULL), NATS_ILLEGAL_STATE);
    link_to(&f, "bQ==", "m", "B", "");
    CHECK_STATUS(objStore_GetString(&text, f.obs, "m", NULL), NATS_ILLEGAL_STATE);
    CHECK_CONTAINS(nats_GetLastError(NULL), "link to a bucket");
    link_to(&f, "bQ==", "m", "b.*", "o");
    CHECK_STATUS(objStore_GetString(&text, f.obs, "m", NULL), NATS_INVALID_ARG);
    /* From one bucket to the other and back. */
    link_to(&f, "bQ==", "m", "C", "n");
    CHECK_OK(objStore_PutString(&info, f.obs, "x", "x"));
    free((void *)info->Meta.Name);
    info->Meta.Name = strdup("m");
    CHECK_OK(objStore_AddLink(NULL, other, "n", info));
    objStoreInfo_Destroy(info);
    CHECK_STATUS(objStore_GetString(&text, f.obs, "m", NULL), NATS_ILLEGAL_STATE);
    CHECK_CONTAINS(nats_GetLastError(NULL), "circle");
    objStore_Destroy(other);
    obj_end(&f);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(objects_that_others_have_stored),
        TEST(a_description_that_cannot_be_read_hides_no_other),
        TEST(links_to_nowhere_and_in_a_circle),
    };

    return RUN_TESTS(cases, argc, argv);
}
