/* Servers that are too old for a request. Before 2.12 they ignore settings that they do not know: the library must report
 * that. With a real server of 2.9 if there is one (Debian's package, or NATS_SERVER_OLD), and always with a scripted
 * server that reports the version 2.9. */
#include <sys/stat.h>

#include "jetstream.h"
#include "js_peer.h"
#include "js_refused.h"
#include "server.h"

/* ---- a server of 2.9 ------------------------------------------------------------------------------------------- */

/* The version of a nats-server's file, as 100 * major + minor; 0 if it is none. */
static int version_of(const char *path) {
    char command[512], line[128] = "";
    FILE *out;
    int major = 0, minor = 0;

    snprintf(command, sizeof(command), "'%s' --version 2>/dev/null", path);
    out = popen(command, "r");
    CHECK(out != NULL);
    if (fgets(line, sizeof(line), out) == NULL)
        line[0] = 0;
    pclose(out);
    if (sscanf(line, "nats-server: v%d.%d", &major, &minor) != 2)
        return 0;
    return 100 * major + minor;
}

/* A server before 2.10 on this machine; NULL for none. */
static const char *old_server(void) {
    static const char *const places[] = {"/usr/sbin/nats-server", "/usr/bin/nats-server",
                                         "/usr/local/bin/nats-server"};
    const char *given = getenv("NATS_SERVER_OLD");
    size_t i;

    if (given != NULL && given[0] != 0) {
        int version = version_of(given);

        if (version == 0 || version >= 210)
            check_failed(__FILE__, __LINE__, "NATS_SERVER_OLD=%s is not a nats-server before 2.10", given);
        return given;
    }
    for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        struct stat st;

        if (stat(places[i], &st) == 0) {
            int version = version_of(places[i]);

            if (version > 0 && version < 210)
                return places[i];
        }
    }
    return NULL;
}

typedef struct world {
    server s;
    natsConnection *nc;
    jsCtx *js;
} world;

/* Starts the old server; false where there is none, which is said. */
static bool begin(world *w) {
    const char *path = old_server();
    jsStreamConfig cfg;
    const char *subjects[] = {"S", "S.>"};

    if (path == NULL) {
        printf(
            "not run: no nats-server before 2.10 here (scripts/get-old-nats-server.sh, NATS_SERVER_OLD)\n");
        return false;
    }
    CHECK_INT(setenv("NATS_SERVER", path, 1), 0);
    server_run_jetstream(&w->s);
    w->nc = test_connect_url(w->s.url);
    CHECK_OK(natsConnection_JetStream(&w->js, w->nc, NULL));
    CHECK_OK(jsStreamConfig_Init(&cfg));
    cfg.Name = "S";
    cfg.Subjects = subjects;
    cfg.SubjectsLen = 2;
    cfg.AllowDirect = true;
    CHECK_OK(js_AddStream(NULL, w->js, &cfg, NULL, NULL));
    return true;
}

static void finish(world *w) {
    jsCtx_Destroy(w->js);
    natsConnection_Destroy(w->nc);
    server_stop(&w->s);
}

static void what_an_old_server_ignores_is_refused(void) {
    world w;
    jsStreamInfoList *streams = NULL;
    jsConsumerNamesList *names = NULL;

    if (!begin(&w))
        return;
    js_check_refused(w.js);
    /* Nothing was made on the way. */
    CHECK_OK(js_Streams(&streams, w.js, NULL, NULL));
    CHECK_INT(streams->Count, 1);
    CHECK_STR(streams->List[0]->Config->Name, "S");
    jsStreamInfoList_Destroy(streams);
    CHECK_STATUS(js_ConsumerNames(&names, w.js, "S", NULL, NULL), NATS_NOT_FOUND);
    finish(&w);
}

static void what_an_old_server_can_do_works(void) {
    static const char *const args = "S";
    world w;
    jsPubOptions po;
    jsSubOptions so;
    jsPubAck *ack = NULL;
    natsSubscription *sub = NULL;
    natsMsgList list;
    natsMsg *msg = NULL;
    jsAccountInfo *ai = NULL;
    jsStreamInfo *si = NULL;
    kvStore *kv = NULL;
    kvConfig kc;
    kvEntry *e = NULL;
    kvWatcher *watcher = NULL;
    objStore *obs = NULL;
    objStoreConfig oc;
    char *text = NULL;
    jsErrCode code;
    int64_t time;
    uint64_t revision, purged = 0;
    int level = 7, i;

    if (!begin(&w))
        return;
    CHECK_OK(jsPubOptions_Init(&po));
    po.MsgId = "1";
    for (i = 0; i < 2; i++) {
        CHECK_OK(js_Publish(&ack, w.js, args, "x", 1, &po, NULL));
        CHECK_INT(ack->Duplicate, i == 1);
        jsPubAck_Destroy(ack);
    }
    po.MsgId = NULL;
    po.ExpectLastSeq = 9;
    CHECK_STATUS(js_Publish(NULL, w.js, args, "x", 1, &po, &code), NATS_ERR);
    CHECK_INT(code, JSStreamWrongLastSequenceErr);
    CHECK_OK(js_PublishAsync(w.js, args, "y", 1, NULL));
    CHECK_OK(js_PublishAsyncComplete(w.js, NULL));
    CHECK_OK(js_GetMsg(&msg, w.js, "S", 2, NULL, NULL));
    CHECK_STR(natsMsg_GetData(msg), "y");
    natsMsg_Destroy(msg);
    CHECK_OK(js_GetAccountInfo(&ai, w.js, NULL, NULL));
    CHECK_OK(jsAccountInfo_GetAPI(&level, NULL, ai));
    CHECK_INT(level, 0);
    jsAccountInfo_Destroy(ai);
    CHECK_OK(js_GetStreamInfo(&si, w.js, "S", NULL, NULL));
    CHECK_STATUS(jsStreamInfo_GetTimestamp(&time, si), NATS_NOT_FOUND);
    /* An update of what was read keeps what was there. */
    si->Config->MaxMsgs = 50;
    CHECK_OK(js_UpdateStream(NULL, w.js, si->Config, NULL, NULL));
    jsStreamInfo_Destroy(si);

    /* Push, ordered, pull. */
    CHECK_OK(js_SubscribeSync(&sub, w.js, args, NULL, NULL, NULL));
    test_expect_next(sub, "x");
    natsSubscription_Destroy(sub);
    CHECK_OK(jsSubOptions_Init(&so));
    so.Ordered = true;
    CHECK_OK(js_SubscribeSync(&sub, w.js, args, NULL, &so, NULL));
    test_expect_next(sub, "x");
    test_expect_next(sub, "y");
    natsSubscription_Destroy(sub);
    CHECK_OK(js_PullSubscribe(&sub, w.js, args, "P", NULL, NULL, NULL));
    CHECK_OK(natsSubscription_Fetch(&list, sub, 2, deadline_ms(), NULL));
    CHECK_INT(list.Count, 2);
    CHECK_OK(natsMsg_AckSync(list.Msgs[0], NULL, NULL));
    natsMsgList_Destroy(&list);
    natsSubscription_Destroy(sub);
    CHECK_OK(js_PurgeStreamCount(&purged, w.js, "S", NULL, NULL));
    CHECK_INT(purged, 2);

    /* Key-value. */
    CHECK_OK(kvConfig_Init(&kc));
    kc.Bucket = "B";
    kc.History = 3;
    CHECK_OK(js_CreateKeyValue(&kv, w.js, &kc));
    CHECK_OK(kvStore_CreateString(&revision, kv, "k", "1"));
    CHECK_OK(kvStore_UpdateString(&revision, kv, "k", "2", revision));
    CHECK_OK(kvStore_Get(&e, kv, "k"));
    CHECK_STR(kvEntry_ValueString(e), "2");
    kvEntry_Destroy(e);
    CHECK_OK(kvStore_WatchAll(&watcher, kv, NULL));
    CHECK_OK(kvWatcher_Next(&e, watcher, deadline_ms()));
    CHECK_STR(kvEntry_Key(e), "k");
    kvEntry_Destroy(e);
    kvWatcher_Destroy(watcher);
    CHECK_OK(kvStore_Purge(kv, "k", NULL));
    CHECK_STATUS(kvStore_Get(&e, kv, "k"), NATS_NOT_FOUND);
    kvStore_Destroy(kv);

    /* Objects. */
    CHECK_OK(objStoreConfig_Init(&oc));
    oc.Bucket = "O";
    CHECK_OK(js_CreateObjectStore(&obs, w.js, &oc));
    CHECK_OK(objStore_PutString(NULL, obs, "name", "content"));
    CHECK_OK(objStore_GetString(&text, obs, "name", NULL));
    CHECK_STR(text, "content");
    free(text);
    objStore_Destroy(obs);
    finish(&w);
}

/* What cannot be known beforehand: the old server takes it for an ordinary message or request. */
static void what_an_old_server_takes_for_something_else_is_noticed(void) {
    world w;
    jsAtomicBatchCtx *batch = NULL;
    jsDirectBatchOptions which;
    jsDirectBatchInfo info;
    natsMsgList list;
    natsMsg *msg;
    jsPubAck *ack = NULL;
    jsPubOptions po;
    char *value = NULL;
    kvStore *kv = NULL;
    kvConfig kc;
    kvEntryList entries;
    const char *last[] = {"S", "S.a"}, *keys[] = {"k", "l"};
    uint64_t revision;

    if (!begin(&w))
        return;
    msg = test_msg("S", NULL, "x");
    CHECK_STATUS(js_BatchPublishStart(&batch, &ack, w.js, msg, NULL, NULL), NATS_NO_SERVER_SUPPORT);
    CHECK(ack == NULL);
    jsAtomicBatchCtx_Destroy(batch);
    CHECK_STATUS(js_AddToCounter(&value, w.js, "S", "1", NULL, NULL), NATS_NO_SERVER_SUPPORT);
    CHECK_STATUS(js_GetCounter(&value, w.js, "S", "S", NULL, NULL), NATS_NOT_FOUND);
    CHECK(value == NULL);
    CHECK_OK(jsPubOptions_Init(&po));
    po.MsgTTL = 5000;
    CHECK_STATUS(js_Publish(NULL, w.js, "S", "x", 1, &po, NULL), NATS_NO_SERVER_SUPPORT);
    CHECK_ERROR(NATS_NO_SERVER_SUPPORT, "messages with MsgTTL need a server of 2.11 or later, not 2.9");
    CHECK_STATUS(js_PublishAsync(w.js, "S", "x", 1, &po), NATS_NO_SERVER_SUPPORT);
    CHECK_OK(jsPubOptions_Init(&po));
    po.Schedule.Schedule = "@every 1m";
    po.Schedule.Target = "S.later";
    CHECK_STATUS(js_Publish(NULL, w.js, "S", "x", 1, &po, NULL), NATS_NO_SERVER_SUPPORT);
    CHECK_ERROR(NATS_NO_SERVER_SUPPORT, "schedules need a server of 2.12 or later");
    CHECK_OK(jsPubOptions_Init(&po));
    po.ExpectLastSubjectSeq = 1;
    po.ExpectLastSubjectSeqSubject = "S.>";
    CHECK_STATUS(js_Publish(NULL, w.js, "S", "x", 1, &po, NULL), NATS_NO_SERVER_SUPPORT);
    CHECK_ERROR(NATS_NO_SERVER_SUPPORT, "messages with ExpectLastSubjectSeqSubject");
    CHECK_OK(jsDirectBatchOptions_Init(&which));
    which.Batch = 2;
    CHECK_STATUS(js_DirectGetMsgs(&list, &info, w.js, "S", NULL, &which), NATS_NO_SERVER_SUPPORT);
    CHECK_STATUS(js_DirectGetLastMsgs(&list, w.js, "S", last, 2, NULL), NATS_NO_SERVER_SUPPORT);

    CHECK_OK(kvConfig_Init(&kc));
    kc.Bucket = "B";
    CHECK_OK(js_CreateKeyValue(&kv, w.js, &kc));
    CHECK_OK(kvStore_PutString(&revision, kv, "k", "1"));
    CHECK_STATUS(kvStore_GetMany(&entries, kv, keys, 2), NATS_NO_SERVER_SUPPORT);
    kvStore_Destroy(kv);
    finish(&w);
}

/* ---- a scripted server ------------------------------------------------------------------------------------------ */

static void a_server_that_says_2_9_gets_nothing_newer(void) {
    js_peer j;

    js_peer_start_as(&j, "2.9.10");
    js_check_refused(j.js);
    /* All of it without a word to the server. */
    CHECK_OK(natsConnection_PublishString(j.nc, "end", ""));
    CHECK(peer_expect(&j.p, "PUB end 0\r\n"));
    CHECK(strstr(j.p.bytes, "$JS.API") == NULL);
    js_peer_end(&j);
}

/* The connection is with a new server; the one that answers is older. */
static void answer(peer *p, void *arg) {
    js_peer *j = (js_peer *)arg;

    (void)p;
    if (js_peer_await(j, "PUB", "$JS.API.STREAM.CREATE.NEW"))
        js_peer_answer(j,
                       "{\"config\":{\"name\":\"NEW\"},\"created\":\"2024-01-01T00:00:00Z\",\"state\":{}}");
    if (js_peer_await(j, "PUB", "$JS.API.CONSUMER.DURABLE.CREATE.S.D"))
        js_peer_answer(j, "{\"stream_name\":\"S\",\"name\":\"D\",\"config\":{\"durable_name\":\"D\"}}");
    if (js_peer_await(j, "PUB", "$JS.API.CONSUMER.DURABLE.CREATE.S.D"))
        js_peer_answer(j, "{\"stream_name\":\"S\",\"name\":\"D\",\"config\":{\"durable_name\":\"D\"}}");
}

static void an_answer_without_the_setting_is_an_error(void) {
    static const char *filters[] = {"S.a", "S.b"};
    js_peer j;
    jsStreamConfig cfg;
    jsConsumerConfig cc;

    js_peer_start(&j, NULL);
    peer_run(&j.p, answer, &j);
    CHECK_OK(jsStreamConfig_Init(&cfg));
    cfg.Name = "NEW";
    cfg.AllowMsgTTL = true;
    CHECK_STATUS(js_AddStream(NULL, j.js, &cfg, NULL, NULL), NATS_NO_SERVER_SUPPORT);
    CHECK_ERROR(NATS_NO_SERVER_SUPPORT,
                "the server ignored AllowMsgTTL, which needs 2.11 or later: the stream "
                "exists without it");
    CHECK_OK(jsConsumerConfig_Init(&cc));
    cc.Durable = "D";
    cc.PauseUntil = INT64_C(4000000000) * 1000000000;
    CHECK_STATUS(js_AddConsumer(NULL, j.js, "S", &cc, NULL, NULL), NATS_NO_SERVER_SUPPORT);
    CHECK_ERROR(NATS_NO_SERVER_SUPPORT, "the server ignored PauseUntil");
    CHECK_OK(jsConsumerConfig_Init(&cc));
    cc.Durable = "D";
    cc.FilterSubjects = filters;
    cc.FilterSubjectsLen = 2;
    CHECK_STATUS(js_AddConsumer(NULL, j.js, "S", &cc, NULL, NULL), NATS_INVALID_ARG);
    peer_join(&j.p);
    js_peer_end(&j);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(what_an_old_server_ignores_is_refused),
        TEST(what_an_old_server_can_do_works),
        TEST(what_an_old_server_takes_for_something_else_is_noticed),
        TEST(a_server_that_says_2_9_gets_nothing_newer),
        TEST(an_answer_without_the_setting_is_an_error),
    };

    return RUN_TESTS(cases, argc, argv);
}
