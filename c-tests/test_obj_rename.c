/* Objects that are renamed while other clients rename, store or delete them: no object is lost or exists twice,
 * and all can be read. */
#include "js_peer.h"
#include "obj.h"

enum { RIVALS = 4, ROUNDS = 25 };

/* A client with a connection of its own, which does one thing to the object "o" in each round. */
typedef struct rival {
    natsConnection *nc;
    jsCtx *js;
    objStore *obs;
    natsStatus (*act)(struct rival *r);
    int number;
    natsStatus s;
    char text[256];
    counter *go;
    pthread_t thread;
} rival;

static natsStatus rename_object(rival *r) {
    objStoreMeta meta;
    char name[16];

    snprintf(name, sizeof(name), "n%d", r->number);
    CHECK_OK(objStoreMeta_Init(&meta));
    meta.Name = name;
    return objStore_UpdateMeta(r->obs, "o", &meta);
}

static natsStatus put_object(rival *r) { return objStore_PutString(NULL, r->obs, "o", "another"); }

static natsStatus put_at_new_name(rival *r) { return objStore_PutString(NULL, r->obs, "n0", "another"); }

static natsStatus delete_object(rival *r) { return objStore_Delete(r->obs, "o"); }

static void *run(void *arg) {
    rival *r = (rival *)arg;

    counter_wait(r->go, 1, deadline_ms());
    r->s = r->act(r);
    snprintf(r->text, sizeof(r->text), "%s", r->s == NATS_OK ? "" : nats_GetLastError(NULL));
    return NULL;
}

typedef struct rivals {
    obj_fixture f;
    rival all[RIVALS];
    counter go;
} rivals;

static void rivals_start(rivals *w) {
    int i;

    memset(w, 0, sizeof(*w));
    obj_start(&w->f);
    counter_init(&w->go);
    for (i = 0; i < RIVALS; i++) {
        rival *r = &w->all[i];
        jsOptions opts;

        r->number = i;
        r->go = &w->go;
        r->nc = test_connect_url(w->f.s.url);
        CHECK_OK(jsOptions_Init(&opts));
        opts.Wait = deadline_ms();
        CHECK_OK(natsConnection_JetStream(&r->js, r->nc, &opts));
        CHECK_OK(js_ObjectStore(&r->obs, r->js, "B"));
    }
}

static void rivals_end(rivals *w) {
    int i;

    for (i = 0; i < RIVALS; i++) {
        objStore_Destroy(w->all[i].obs);
        jsCtx_Destroy(w->all[i].js);
        natsConnection_Destroy(w->all[i].nc);
    }
    obj_end(&w->f);
}

/* All act at once on a new object "o". */
static void rivals_act(rivals *w, int count) {
    int i;

    CHECK_OK(objStore_PutString(NULL, w->f.obs, "o", "bytes"));
    counter_set(&w->go, 0);
    for (i = 0; i < count; i++)
        CHECK(pthread_create(&w->all[i].thread, NULL, run, &w->all[i]) == 0);
    counter_set(&w->go, 1);
    for (i = 0; i < count; i++)
        CHECK(pthread_join(w->all[i].thread, NULL) == 0);
}

/* Each object that is listed can be read. Deletes them, and returns how many there were with these bytes. */
static int clear(rivals *w, const char *bytes, int *all) {
    objStoreInfoList *list = NULL;
    int i, count = 0;

    *all = 0;
    if (objStore_List(&list, w->f.obs, NULL) == NATS_OK) {
        for (i = 0; i < list->Count; i++) {
            char *text = NULL;

            CHECK_OK(objStore_GetString(&text, w->f.obs, list->List[i]->Meta.Name, NULL));
            count += strcmp(text, bytes) == 0;
            free(text);
        }
        *all = list->Count;
        for (i = 0; i < list->Count; i++)
            CHECK_OK(objStore_Delete(w->f.obs, list->List[i]->Meta.Name));
    }
    objStoreInfoList_Destroy(list);
    return count;
}

static void one_of_several_renames(void) {
    rivals w;
    int round, i, all;

    rivals_start(&w);
    for (i = 0; i < RIVALS; i++)
        w.all[i].act = rename_object;
    for (round = 0; round < ROUNDS; round++) {
        int done = 0;

        rivals_act(&w, RIVALS);
        for (i = 0; i < RIVALS; i++) {
            done += w.all[i].s == NATS_OK;
            if (w.all[i].s != NATS_OK)
                CHECK_INT(w.all[i].s, NATS_ILLEGAL_STATE);
        }
        CHECK_INT(done, 1);
        CHECK_INT(clear(&w, "bytes", &all), 1);
        CHECK_INT(all, 1);
    }
    rivals_end(&w);
}

/* Before or behind the rename: then the old name has the new bytes, or the new name has them. */
static void a_rename_and_a_put(natsStatus (*put)(rival *r)) {
    rivals w;
    int round, all;

    rivals_start(&w);
    w.all[0].act = rename_object;
    w.all[1].act = put;
    for (round = 0; round < ROUNDS; round++) {
        int others;

        rivals_act(&w, 2);
        CHECK_INT(w.all[1].s, NATS_OK);
        if (w.all[0].s != NATS_OK)
            CHECK_STR(w.all[0].text, "an object already exists with that name");
        others = clear(&w, "another", &all);
        CHECK_INT(others, 1);
        CHECK(all == 1 || all == 2);
    }
    rivals_end(&w);
}

static void a_put_under_the_old_name(void) { a_rename_and_a_put(put_object); }

static void a_put_under_the_new_name(void) { a_rename_and_a_put(put_at_new_name); }

/* One of the two: a name that has no bytes is left by neither. */
static void a_rename_and_a_delete(void) {
    rivals w;
    int round, all;

    rivals_start(&w);
    w.all[0].act = rename_object;
    w.all[1].act = delete_object;
    for (round = 0; round < ROUNDS; round++) {
        rivals_act(&w, 2);
        CHECK(w.all[0].s == NATS_OK || w.all[0].s == NATS_ILLEGAL_STATE);
        CHECK(w.all[1].s == NATS_OK || w.all[1].s == NATS_NOT_FOUND);
        CHECK((w.all[0].s == NATS_OK) != (w.all[1].s == NATS_OK));
        CHECK_INT(clear(&w, "bytes", &all), w.all[0].s == NATS_OK ? 1 : 0);
        CHECK_INT(all, w.all[0].s == NATS_OK ? 1 : 0);
    }
    rivals_end(&w);
}

/* ---- a server that fails between the two steps */

typedef enum second_step { REFUSED, SILENT, SILENT_BUT_STORED, NEVER_ANSWERED, SECOND_STEPS } second_step;

static void answer_description(js_peer *j, const char *name, const char *nuid, int sequence) {
    char json[256], headers[256], text[1024];

    snprintf(json, sizeof(json), "{\"name\":\"%s\",\"bucket\":\"B\",\"nuid\":\"%s\",\"size\":1,\"chunks\":1}",
             name, nuid);
    snprintf(headers, sizeof(headers),
             "NATS/1.0\r\nNats-Stream: OBJ_B\r\nNats-Subject: $O.B.M.x\r\nNats-Sequence: %d\r\n"
             "Nats-Time-Stamp: 2026-01-01T00:00:00Z\r\n\r\n",
             sequence);
    snprintf(text, sizeof(text), "HMSG %.200s %s %zu %zu\r\n%s%s\r\n", j->op.reply,
             js_peer_sid_of(j, j->op.reply), strlen(headers), strlen(headers) + strlen(json), headers, json);
    CHECK(peer_send(&j->p, text));
}

static void answer_nothing_there(js_peer *j) {
    static const char headers[] = "NATS/1.0 404 Message Not Found\r\n\r\n";
    char text[1024];

    snprintf(text, sizeof(text), "HMSG %.200s %s %zu %zu\r\n%s\r\n", j->op.reply,
             js_peer_sid_of(j, j->op.reply), strlen(headers), strlen(headers), headers);
    CHECK(peer_send(&j->p, text));
}

static void script_store(peer *p, void *arg) {
    js_peer *j = (js_peer *)p;

    (void)arg;
    if (js_peer_await(j, "PUB", "$JS.API.STREAM.INFO.OBJ_B"))
        js_peer_answer(j, "{\"config\":{\"name\":\"OBJ_B\",\"allow_direct\":true},\"state\":{}}");
}

/* The nuid in the description that was stored last. */
static void nuid_of(const js_peer *j, char nuid[64]) {
    const char *at = strstr(j->op.body, "\"nuid\":\"");

    CHECK(at != NULL);
    snprintf(nuid, 64, "%.*s", (int)strcspn(at + 8, "\""), at + 8);
}

static void second_step_fails(second_step how) {
    js_peer j;
    rival r;
    counter go;
    jsOptions opts;
    char nuid[64];

    memset(&r, 0, sizeof(r));
    counter_init(&go);
    counter_set(&go, 1);
    js_peer_start(&j, NULL);
    jsCtx_Destroy(j.js);
    CHECK_OK(jsOptions_Init(&opts));
    opts.Wait = how == REFUSED ? deadline_ms() : 500 * time_factor();
    CHECK_OK(natsConnection_JetStream(&j.js, j.nc, &opts));
    peer_run(&j.p, script_store, NULL);
    CHECK_OK(js_ObjectStore(&r.obs, j.js, "B"));
    peer_join(&j.p);
    r.act = rename_object;
    r.go = &go;
    CHECK(pthread_create(&r.thread, NULL, run, &r) == 0);
    CHECK(js_peer_await(&j, "PUB", "$JS.API.DIRECT.GET.OBJ_B.$O.B.M.bw=="));
    answer_description(&j, "o", "N", 9);
    CHECK(js_peer_await(&j, "PUB", "$JS.API.DIRECT.GET.OBJ_B.$O.B.M.bjA="));
    answer_nothing_there(&j);
    CHECK(js_peer_await(&j, "HPUB", "$O.B.M.bjA="));
    CHECK_CONTAINS(j.op.body, "Nats-Expected-Last-Subject-Sequence: 0\r\n");
    CHECK_CONTAINS(j.op.body, "\"nuid\":\"N\"");
    CHECK(js_peer_answer(&j, "{\"stream\":\"OBJ_B\",\"seq\":20}"));
    CHECK(js_peer_await(&j, "HPUB", "$O.B.M.bw=="));
    CHECK_CONTAINS(j.op.body, "Nats-Expected-Last-Subject-Sequence: 9\r\n");
    CHECK_CONTAINS(j.op.body, "\"deleted\":true");
    CHECK_CONTAINS(j.op.body, "\"moved_nuid\":\"N\"");
    nuid_of(&j, nuid);
    CHECK(strcmp(nuid, "N") != 0);
    if (how == REFUSED) {
        CHECK(js_peer_answer(&j,
                             "{\"error\":{\"code\":503,\"err_code\":10077,\"description\":\"maximum bytes "
                             "exceeded\"}}"));
    } else {
        CHECK(js_peer_await(&j, "PUB", "$O.B.C.")); /* is it stored? */
        if (how != NEVER_ANSWERED) {
            CHECK(js_peer_answer(&j, "{\"stream\":\"OBJ_B\",\"seq\":22}"));
            CHECK(js_peer_await(&j, "PUB", "$JS.API.STREAM.PURGE.OBJ_B"));
            CHECK(js_peer_answer(&j, "{\"success\":true,\"purged\":1}"));
            CHECK(js_peer_await(&j, "PUB", "$JS.API.DIRECT.GET.OBJ_B.$O.B.M.bw=="));
            if (how == SILENT)
                answer_description(&j, "o", "N", 9);
            else
                answer_description(&j, "o", nuid, 21);
        }
    }
    if (how == REFUSED || how == SILENT) {
        /* The first step is taken back, unless another client has stored something there meanwhile. */
        CHECK(js_peer_await(&j, "PUB", "$JS.API.STREAM.PURGE.OBJ_B"));
        CHECK_CONTAINS(j.op.body, "\"filter\":\"$O.B.M.bjA=\"");
        CHECK_CONTAINS(j.op.body, "\"seq\":21");
        CHECK(js_peer_answer(&j, "{\"success\":true,\"purged\":1}"));
    }
    CHECK(pthread_join(r.thread, NULL) == 0);
    CHECK_INT(r.s, how == REFUSED ? NATS_ERR : how == SILENT_BUT_STORED ? NATS_OK : NATS_TIMEOUT);
    if (how == NEVER_ANSWERED)
        CHECK_CONTAINS(r.text, "the object may have two names now, 'o' and 'n0'");
    CHECK(!js_peer_await_within(&j, "PUB", "$JS.API.STREAM.PURGE.", 50));
    objStore_Destroy(r.obs);
    js_peer_end(&j);
}

static void a_second_step_that_fails(void) {
    int how;

    for (how = 0; how < SECOND_STEPS; how++)
        second_step_fails((second_step)how);
}

/* ---- a rename that was not finished is repeated */

/* The description of an object as it is stored, which has this in place of that. */
static void description(const rivals *w, const char *subject, const char *that, const char *this_, char *out,
                        size_t size) {
    natsMsg *reply = NULL;
    const char *json, *at;

    CHECK_OK(natsConnection_RequestString(&reply, w->f.nc, subject, "", deadline_ms()));
    json = natsMsg_GetData(reply);
    at = strstr(json, that);
    CHECK(at != NULL);
    snprintf(out, size, "%.*s%s%s", (int)(at - json), json, this_, at + strlen(that));
    natsMsg_Destroy(reply);
}

static void store_description(const rivals *w, const char *subject, const char *json) {
    jsPubAck *ack = NULL;
    natsMsg *msg = NULL;

    CHECK_OK(natsMsg_Create(&msg, subject, NULL, json, (int)strlen(json)));
    CHECK_OK(natsMsgHeader_Set(msg, "Nats-Rollup", "sub"));
    CHECK_OK(js_PublishMsg(&ack, w->f.js, msg, NULL, NULL));
    jsPubAck_Destroy(ack);
    natsMsg_Destroy(msg);
}

/* As a first step leaves it whose second step never comes: "o" and "n0" have the same bytes. */
static void begin_rename(rivals *w) {
    char json[1024];

    CHECK_OK(objStore_PutString(NULL, w->f.obs, "o", "bytes"));
    description(w, "$JS.API.DIRECT.GET.OBJ_B.$O.B.M.bw==", "\"name\":\"o\"", "\"name\":\"n0\"", json,
                sizeof(json));
    store_description(w, "$O.B.M.bjA=", json);
}

static natsStatus rename_to(rivals *w, const char *from, const char *to, const char *description_text) {
    objStoreMeta meta;

    CHECK_OK(objStoreMeta_Init(&meta));
    meta.Name = to;
    meta.Description = description_text;
    return objStore_UpdateMeta(w->f.obs, from, &meta);
}

static void check_only(rivals *w, const char *name, const char *description_text) {
    objStoreInfoList *list = NULL;
    char *text = NULL;

    CHECK_OK(objStore_List(&list, w->f.obs, NULL));
    CHECK_INT(list->Count, 1);
    CHECK_STR(list->List[0]->Meta.Name, name);
    CHECK_STR(list->List[0]->Meta.Description, description_text);
    objStoreInfoList_Destroy(list);
    CHECK_OK(objStore_GetString(&text, w->f.obs, name, NULL));
    CHECK_STR(text, "bytes");
    free(text);
}

static void a_rename_that_is_repeated(void) {
    rivals w;
    objStoreInfo *info = NULL;
    objStoreStatus *status = NULL;
    char marker[1024];
    int all;

    rivals_start(&w);
    /* The second step was not done. */
    begin_rename(&w);
    CHECK_OK(objStore_Status(&status, w.f.obs));
    objStoreStatus_Destroy(status);
    CHECK_OK(rename_to(&w, "o", "n0", "again"));
    check_only(&w, "n0", "again");
    CHECK_STATUS(rename_to(&w, "o", "n0", "again"), NATS_ILLEGAL_STATE);
    CHECK_INT(clear(&w, "bytes", &all), 1);

    /* The other way round: undone. */
    begin_rename(&w);
    CHECK_OK(rename_to(&w, "n0", "o", "undone"));
    check_only(&w, "o", "undone");
    CHECK_INT(clear(&w, "bytes", &all), 1);

    /* The second step was done, and its answer lost. */
    begin_rename(&w);
    CHECK_OK(objStore_GetInfo(&info, w.f.obs, "n0", NULL));
    snprintf(marker, sizeof(marker),
             "{\"name\":\"o\",\"bucket\":\"B\",\"nuid\":\"X\",\"size\":0,\"chunks\":0,\"deleted\":true,"
             "\"options\":{},\"mtime\":\"0001-01-01T00:00:00Z\",\"moved_nuid\":\"%s\"}",
             info->NUID);
    objStoreInfo_Destroy(info);
    store_description(&w, "$O.B.M.bw==", marker);
    CHECK_OK(rename_to(&w, "o", "n0", "at last"));
    check_only(&w, "n0", "at last");
    CHECK_STATUS(rename_to(&w, "o", "n1", "elsewhere"), NATS_ILLEGAL_STATE);
    CHECK_INT(clear(&w, "bytes", &all), 1);
    CHECK_STATUS(rename_to(&w, "o", "n0", "too late"), NATS_ILLEGAL_STATE);

    /* The object of the new name is another one. */
    CHECK_OK(objStore_PutString(NULL, w.f.obs, "o", "bytes"));
    CHECK_OK(objStore_PutString(NULL, w.f.obs, "n0", "others"));
    CHECK_STATUS(rename_to(&w, "o", "n0", ""), NATS_ILLEGAL_STATE);
    CHECK_STR(nats_GetLastError(NULL), "an object already exists with that name");
    rivals_end(&w);
}

/* Several clients do the same rename: it happens once, or each of them completes it. */
static natsStatus rename_alike(rival *r) {
    objStoreMeta meta;

    CHECK_OK(objStoreMeta_Init(&meta));
    meta.Name = "n0";
    return objStore_UpdateMeta(r->obs, "o", &meta);
}

static void one_rename_by_several(void) {
    rivals w;
    int i, round, all;

    rivals_start(&w);
    for (i = 0; i < RIVALS; i++)
        w.all[i].act = rename_alike;
    for (round = 0; round < ROUNDS; round++) {
        int done = 0;

        rivals_act(&w, RIVALS);
        for (i = 0; i < RIVALS; i++) {
            CHECK(w.all[i].s == NATS_OK || w.all[i].s == NATS_ILLEGAL_STATE);
            done += w.all[i].s == NATS_OK;
        }
        CHECK(done >= 1);
        CHECK_INT(clear(&w, "bytes", &all), 1);
        CHECK_INT(all, 1);
    }
    rivals_end(&w);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(one_of_several_renames), TEST(a_put_under_the_old_name), TEST(a_put_under_the_new_name),
        TEST(a_rename_and_a_delete),  TEST(a_second_step_that_fails), TEST(a_rename_that_is_repeated),
        TEST(one_rename_by_several),
    };

    return RUN_TESTS(cases, argc, argv);
}
