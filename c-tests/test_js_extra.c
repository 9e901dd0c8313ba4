/* Additions for data that nats.c's structures do not have: settings of sources, pedantic requests, further fields
 * of the server's infos, and leaders. */
#include "cluster.h"
#include "jetstream.h"
#include "js_peer.h"
#include "server.h"

static const int64_t SECOND = INT64_C(1000000000);

typedef struct world {
    server s;
    natsConnection *nc;
    jsCtx *js;
} world;

static void begin_with(world *w, const char *conf) {
    static const char *const args[] = {"-js", NULL};

    server_start(&w->s, conf, args);
    w->nc = test_connect_url(w->s.url);
    CHECK_OK(natsConnection_JetStream(&w->js, w->nc, NULL));
}

static void begin(world *w) { begin_with(w, NULL); }

static void finish(world *w) {
    jsCtx_Destroy(w->js);
    natsConnection_Destroy(w->nc);
    server_stop(&w->s);
}

static void transforms_of_sources_are_set_read_and_changed(void) {
    world w;
    jsSubjectTransformConfig first[] = {{"one.a", "got.a"}, {"one.b", "got.b"}}, later = {"one.*", "all.one"};
    jsSourceExtra with, *extras[2] = {NULL, &with}, *read = NULL;
    jsStreamSource sources[2], *list[2] = {&sources[0], &sources[1]};
    jsStreamExtra extra;
    jsStreamConfig cfg;
    jsStreamInfo *si = NULL, *si2 = NULL;
    natsMsg *msg = NULL;

    begin(&w);
    stream_create(w.nc, "PLAIN", "\"two.>\"", "");
    stream_create(w.nc, "ONE", "\"one.>\"", "");
    CHECK_OK(jsStreamConfig_Init(&cfg));
    CHECK_OK(jsStreamSource_Init(&sources[0]));
    CHECK_OK(jsStreamSource_Init(&sources[1]));
    CHECK_OK(jsSourceExtra_Init(&with));
    CHECK_OK(jsStreamExtra_Init(&extra));
    sources[0].Name = "PLAIN";
    sources[1].Name = "ONE";
    cfg.Name = "ALL";
    cfg.Sources = list;
    cfg.SourcesLen = 2;
    cfg.AllowDirect = true;
    with.SubjectTransforms = first;
    with.SubjectTransformsLen = 2;
    extra.Sources = extras;
    extra.SourcesLen = 2;
    CHECK_OK(js_AddStreamWithExtra(&si, w.js, &cfg, &extra, NULL, NULL));
    CHECK_OK(js_Publish(NULL, w.js, "one.b", "b", 1, NULL, NULL));
    CHECK_SOON(js_GetLastMsg(&msg, w.js, "ALL", "got.b", NULL, NULL) == NATS_OK);
    natsMsg_Destroy(msg);

    /* What the server has is read from the configuration, */
    CHECK_OK(jsStreamSource_GetExtra(&read, si->Config->Sources[1]));
    CHECK_INT(read->SubjectTransformsLen, 2);
    CHECK_STR(read->SubjectTransforms[1].Source, "one.b");
    CHECK_STR(read->SubjectTransforms[1].Destination, "got.b");
    CHECK(read->ConsumerName == NULL && read->ConsumerDeliverSubject == NULL);
    jsSourceExtra_Destroy(read);
    CHECK_OK(jsStreamSource_GetExtra(&read, si->Config->Sources[0]));
    CHECK(read->SubjectTransformsLen == 0 && read->SubjectTransforms == NULL);
    jsSourceExtra_Destroy(read);
    CHECK_OK(jsStreamSource_GetExtra(&read, &sources[1]));
    CHECK_INT(read->SubjectTransformsLen, 0);
    jsSourceExtra_Destroy(read);

    /* and an update with others replaces it. */
    with.SubjectTransforms = &later;
    with.SubjectTransformsLen = 1;
    CHECK_OK(js_UpdateStreamWithExtra(&si2, w.js, si->Config, &extra, NULL, NULL));
    CHECK_OK(jsStreamSource_GetExtra(&read, si2->Config->Sources[1]));
    CHECK_INT(read->SubjectTransformsLen, 1);
    CHECK_STR(read->SubjectTransforms[0].Destination, "all.one");
    jsSourceExtra_Destroy(read);
    jsStreamInfo_Destroy(si2);
    jsStreamInfo_Destroy(si);

    /* What does not fit the configuration is refused here. */
    cfg.Name = "NONE";
    cfg.SourcesLen = 1;
    CHECK_STATUS(js_AddStreamWithExtra(NULL, w.js, &cfg, &extra, NULL, NULL), NATS_INVALID_ARG);
    CHECK_ERROR(NATS_INVALID_ARG, "settings for 2 sources, of which the stream has 1");
    extra.SourcesLen = 0;
    extra.Mirror = &with;
    CHECK_STATUS(js_AddStreamWithExtra(NULL, w.js, &cfg, &extra, NULL, NULL), NATS_INVALID_ARG);
    CHECK_ERROR(NATS_INVALID_ARG, "the stream has no mirror");
    later.Source = later.Destination = NULL;
    cfg.SourcesLen = 0;
    cfg.Mirror = &sources[1];
    CHECK_STATUS(js_AddStreamWithExtra(NULL, w.js, &cfg, &extra, NULL, NULL), NATS_INVALID_ARG);
    CHECK_ERROR(NATS_INVALID_ARG, "one of the subject transforms is empty");
    CHECK_STATUS(js_GetStreamInfo(&si, w.js, "NONE", NULL, NULL), NATS_NOT_FOUND);

    /* A mirror's, and nothing at all. */
    later.Source = "one.>";
    later.Destination = "mirrored.>";
    CHECK_OK(js_AddStreamWithExtra(&si, w.js, &cfg, &extra, NULL, NULL));
    CHECK_STR(si->Mirror->SubjectTransforms[0].Destination, "mirrored.>");
    jsStreamInfo_Destroy(si);
    cfg.Mirror = NULL;
    cfg.Name = "BARE";
    CHECK_OK(js_AddStreamWithExtra(NULL, w.js, &cfg, NULL, NULL, NULL));
    CHECK_STATUS(jsSourceExtra_Init(NULL), NATS_INVALID_ARG);
    CHECK_STATUS(jsStreamExtra_Init(NULL), NATS_INVALID_ARG);
    CHECK_STATUS(jsStreamSource_GetExtra(NULL, &sources[0]), NATS_INVALID_ARG);
    CHECK_STATUS(jsStreamSource_GetExtra(&read, NULL), NATS_INVALID_ARG);
    jsSourceExtra_Destroy(NULL);
    finish(&w);
}

static void pedantic_requests_are_refused_where_servers_would_adjust_them(void) {
    world w;
    jsStreamConfig cfg;
    jsConsumerConfig cc;
    kvConfig kc;
    kvStore *kv = NULL;
    int64_t backoff[] = {SECOND};
    jsErrCode code;

    begin(&w);
    CHECK_OK(jsStreamConfig_Init(&cfg));
    cfg.Name = "S";
    CHECK_OK(js_AddStream(NULL, w.js, &cfg, NULL, NULL));
    CHECK_OK(jsConsumerConfig_Init(&cc));
    cc.Durable = "D";
    cc.AckWait = 7 * SECOND;
    cc.MaxDeliver = 3;
    cc.BackOff = backoff;
    cc.BackOffLen = 1;
    CHECK_OK(js_SetPedantic(w.js, true));
    CHECK_STATUS(js_AddConsumer(NULL, w.js, "S", &cc, NULL, &code), NATS_ERR);
    CHECK_INT(code, JSPedanticErr);
    CHECK_STATUS(js_CreateConsumer(NULL, w.js, "S", &cc, NULL, &code), NATS_ERR);
    CHECK_INT(code, JSPedanticErr);
    cfg.MaxAge = SECOND;
    cfg.Duplicates = 5 * SECOND;
    CHECK_STATUS(js_UpdateStream(NULL, w.js, &cfg, NULL, &code), NATS_ERR);
    CHECK(code != 0);
    /* What needs no change goes through, buckets too. */
    cfg.Duplicates = SECOND;
    CHECK_OK(js_UpdateStream(NULL, w.js, &cfg, NULL, NULL));
    CHECK_OK(kvConfig_Init(&kc));
    kc.Bucket = "B";
    kc.TTL = 60 * SECOND;
    CHECK_OK(js_CreateKeyValue(&kv, w.js, &kc));
    kvStore_Destroy(kv);
    CHECK_OK(js_SetPedantic(w.js, false));
    CHECK_OK(js_AddConsumer(NULL, w.js, "S", &cc, NULL, NULL));
    CHECK_STATUS(js_SetPedantic(NULL, true), NATS_INVALID_ARG);
    finish(&w);
}

static void infos_tell_when_and_where_they_were_made(void) {
    world w;
    jsStreamInfo *si = NULL, copy;
    jsConsumerInfo *ci = NULL;
    jsConsumerConfig cc;
    jsStreamInfoList *list = NULL;
    const char *domain = NULL;
    int64_t time = 0;

    begin_with(&w, "jetstream { domain: hub }\n");
    stream_create(w.nc, "S", "\"s\"", "");
    CHECK_OK(js_GetStreamInfo(&si, w.js, "S", NULL, NULL));
    CHECK_OK(jsStreamInfo_GetTimestamp(&time, si));
    CHECK(time >= si->Created);
    CHECK_OK(jsStreamInfo_GetDomain(&domain, si));
    CHECK_STR(domain, "hub");
    copy = *si;
    CHECK_STATUS(jsStreamInfo_GetTimestamp(&time, &copy), NATS_NOT_FOUND);
    CHECK_STATUS(jsStreamInfo_GetTimestamp(NULL, si), NATS_INVALID_ARG);
    CHECK_STATUS(jsStreamInfo_GetTimestamp(&time, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(jsStreamInfo_GetDomain(NULL, si), NATS_INVALID_ARG);
    jsStreamInfo_Destroy(si);
    CHECK_OK(js_Streams(&list, w.js, NULL, NULL));
    CHECK_OK(jsStreamInfo_GetTimestamp(&time, list->List[0]));
    jsStreamInfoList_Destroy(list);

    CHECK_OK(jsConsumerConfig_Init(&cc));
    cc.Durable = "D";
    CHECK_OK(js_AddConsumer(&ci, w.js, "S", &cc, NULL, NULL));
    time = 0;
    CHECK_OK(jsConsumerInfo_GetTimestamp(&time, ci));
    CHECK(time >= ci->Created);
    CHECK_STATUS(jsConsumerInfo_GetTimestamp(NULL, ci), NATS_INVALID_ARG);
    CHECK_STATUS(jsConsumerInfo_GetTimestamp(&time, NULL), NATS_INVALID_ARG);
    jsConsumerInfo_Destroy(ci);
    finish(&w);
}

static void an_account_s_api_and_reserved_bytes(void) {
    world w;
    jsAccountInfo *ai = NULL, copy;
    uint64_t memory = 1, store = 1, inflight = 99;
    int level = 0;

    begin(&w);
    stream_create(w.nc, "S", "\"s\"", ",\"max_bytes\":4096"); /* in memory */
    CHECK_OK(js_GetAccountInfo(&ai, w.js, NULL, NULL));
    CHECK_OK(jsAccountInfo_GetAPI(&level, &inflight, ai));
    CHECK(level >= 1);
    CHECK(inflight < 99);
    CHECK_OK(jsAccountInfo_GetAPI(NULL, NULL, ai));
    CHECK_OK(jsAccountInfo_GetReserved(&memory, &store, ai, NULL));
    CHECK_INT(memory, 4096);
    CHECK_INT(store, 0);
    CHECK_STATUS(jsAccountInfo_GetReserved(&memory, &store, ai, "R3"), NATS_NOT_FOUND);
    CHECK_ERROR(NATS_NOT_FOUND, "no tier 'R3'");
    copy = *ai;
    CHECK_STATUS(jsAccountInfo_GetAPI(&level, NULL, &copy), NATS_NOT_FOUND);
    CHECK_STATUS(jsAccountInfo_GetAPI(&level, NULL, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(jsAccountInfo_GetReserved(NULL, NULL, NULL, NULL), NATS_INVALID_ARG);
    jsAccountInfo_Destroy(ai);
    finish(&w);
}

/* Answers that only clusters and accounts with tiers give. */
static void answer(peer *p, void *arg) {
    js_peer *j = (js_peer *)arg;

    (void)p;
    if (js_peer_await(j, "PUB", "$JS.API.INFO"))
        js_peer_answer(
            j, "{\"reserved_memory\":1,\"tiers\":{\"R1\":{\"reserved_memory\":2,\"reserved_storage\":3,"
               "\"limits\":{}}},\"api\":{\"level\":9,\"inflight\":4}}");
    if (js_peer_await(j, "PUB", "$JS.API.STREAM.INFO.S"))
        js_peer_answer(
            j, "{\"config\":{\"name\":\"S\"},\"state\":{},\"cluster\":{\"leader\":\"n0\",\"replicas\":["
               "{\"name\":\"n1\",\"peer\":\"yrzKKRBu\",\"pending\":5},{\"name\":\"n2\"}]},\"sources\":["
               "{\"name\":\"O\",\"error\":{\"code\":404,\"err_code\":10059,\"description\":\"stream not "
               "found\"}},{\"name\":\"P\"}]}");
}

static void what_clusters_and_tiers_say(void) {
    js_peer j;
    jsAccountInfo *ai = NULL;
    jsStreamInfo *si = NULL;
    uint64_t memory = 0, store = 0, inflight = 0, pending = 0;
    const char *id = NULL, *text = NULL;
    jsErrCode code = (jsErrCode)0;
    int64_t time;
    int level = 0;

    js_peer_start(&j, NULL);
    peer_run(&j.p, answer, &j);
    CHECK_OK(js_GetAccountInfo(&ai, j.js, NULL, NULL));
    CHECK_OK(js_GetStreamInfo(&si, j.js, "S", NULL, NULL));
    peer_join(&j.p);
    CHECK_OK(jsAccountInfo_GetReserved(&memory, &store, ai, "R1"));
    CHECK_INT(memory, 2);
    CHECK_INT(store, 3);
    CHECK_OK(jsAccountInfo_GetReserved(&memory, NULL, ai, NULL));
    CHECK_INT(memory, 1);
    CHECK_OK(jsAccountInfo_GetAPI(&level, &inflight, ai));
    CHECK_INT(level, 9);
    CHECK_INT(inflight, 4);
    jsAccountInfo_Destroy(ai);

    CHECK_OK(jsPeerInfo_GetRaftState(&id, &pending, si->Cluster->Replicas[0]));
    CHECK_STR(id, "yrzKKRBu");
    CHECK_INT(pending, 5);
    CHECK_STATUS(jsPeerInfo_GetRaftState(&id, &pending, si->Cluster->Replicas[1]), NATS_NOT_FOUND);
    CHECK_STATUS(jsPeerInfo_GetRaftState(&id, &pending, NULL), NATS_INVALID_ARG);
    CHECK_OK(jsStreamSourceInfo_GetError(&text, &code, si->Sources[0]));
    CHECK_STR(text, "stream not found");
    CHECK_INT(code, JSStreamNotFoundErr);
    CHECK_OK(jsStreamSourceInfo_GetError(NULL, NULL, si->Sources[0]));
    CHECK_STATUS(jsStreamSourceInfo_GetError(&text, &code, si->Sources[1]), NATS_NOT_FOUND);
    CHECK_STATUS(jsStreamSourceInfo_GetError(&text, &code, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(jsStreamInfo_GetTimestamp(&time, si), NATS_NOT_FOUND);
    jsStreamInfo_Destroy(si);
    js_peer_end(&j);
}

/* A server of which one name vanishes after the first page: the others move up by one. */
static void shrinking_lists(peer *p, void *arg) {
    js_peer *j = (js_peer *)arg;

    (void)p;
    if (!js_peer_await(j, "PUB", "$JS.API.STREAM.NAMES"))
        return;
    js_peer_answer(j, "{\"total\":6,\"offset\":0,\"limit\":2,\"streams\":[\"A\",\"B\"]}");
    /* It has A, D, E, F by now. */
    if (js_peer_await(j, "PUB", "$JS.API.STREAM.NAMES")) {
        CHECK_CONTAINS(j->op.body, "\"offset\":1");
        js_peer_answer(j, "{\"total\":4,\"offset\":1,\"limit\":2,\"streams\":[\"D\",\"E\"]}");
    }
    if (js_peer_await(j, "PUB", "$JS.API.STREAM.NAMES")) {
        CHECK_CONTAINS(j->op.body, "\"offset\":0");
        js_peer_answer(j, "{\"total\":4,\"offset\":0,\"limit\":2,\"streams\":[\"A\",\"D\"]}");
    }
    if (js_peer_await(j, "PUB", "$JS.API.STREAM.NAMES")) {
        CHECK_CONTAINS(j->op.body, "\"offset\":1");
        js_peer_answer(j, "{\"total\":4,\"offset\":1,\"limit\":2,\"streams\":[\"D\",\"E\"]}");
    }
    if (js_peer_await(j, "PUB", "$JS.API.STREAM.NAMES")) {
        CHECK_CONTAINS(j->op.body, "\"offset\":2");
        js_peer_answer(j, "{\"total\":4,\"offset\":2,\"limit\":2,\"streams\":[\"E\",\"F\"]}");
    }
    /* The subjects of a stream: all but the last three vanish, so that nothing is where the next page begins. */
    if (js_peer_await(j, "PUB", "$JS.API.STREAM.INFO.S"))
        js_peer_answer(
            j,
            "{\"total\":5,\"config\":{\"name\":\"S\"},\"state\":{\"subjects\":{\"a\":1,\"b\":1,\"c\":1}}}");
    if (js_peer_await(j, "PUB", "$JS.API.STREAM.INFO.S")) {
        CHECK_CONTAINS(j->op.body, "\"offset\":2");
        js_peer_answer(j, "{\"total\":2,\"config\":{\"name\":\"S\"},\"state\":{}}");
    }
    if (js_peer_await(j, "PUB", "$JS.API.STREAM.INFO.S")) {
        CHECK(strstr(j->op.body, "offset") == NULL);
        js_peer_answer(
            j, "{\"total\":2,\"config\":{\"name\":\"S\"},\"state\":{\"subjects\":{\"d\":1,\"e\":1}}}");
    }
}

static void lists_that_become_shorter_miss_nothing_that_stays(void) {
    js_peer j;
    jsOptions opts;
    jsStreamNamesList *names = NULL;
    jsStreamInfo *si = NULL;

    js_peer_start(&j, NULL);
    peer_run(&j.p, shrinking_lists, &j);
    CHECK_OK(js_StreamNames(&names, j.js, NULL, NULL));
    CHECK_INT(names->Count, 5);
    CHECK_STR(names->List[2], "D");
    CHECK_STR(names->List[4], "F");
    jsStreamNamesList_Destroy(names);
    CHECK_OK(jsOptions_Init(&opts));
    opts.Stream.Info.SubjectsFilter = ">";
    CHECK_OK(js_GetStreamInfo(&si, j.js, "S", &opts, NULL));
    peer_join(&j.p);
    CHECK_INT(si->State.Subjects->Count, 5);
    CHECK_STR(si->State.Subjects->List[4].Subject, "e");
    jsStreamInfo_Destroy(si);
    js_peer_end(&j);
}

static void one_server_cannot_hand_over(void) {
    world w;
    jsErrCode code;

    begin(&w);
    stream_create(w.nc, "S", "\"s\"", "");
    CHECK_STATUS(js_StepDownStream(w.js, "S", NULL, NULL, &code), NATS_ERR);
    CHECK_INT(code, JSClusterRequiredErr);
    CHECK_STATUS(js_StepDownConsumer(w.js, "S", "C", "n1", NULL, &code), NATS_ERR);
    CHECK_INT(code, JSClusterRequiredErr);
    CHECK_STATUS(js_StepDownStream(w.js, "", NULL, NULL, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(js_StepDownConsumer(w.js, "S", NULL, NULL, NULL, NULL), NATS_INVALID_ARG);
    finish(&w);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(transforms_of_sources_are_set_read_and_changed),
        TEST(pedantic_requests_are_refused_where_servers_would_adjust_them),
        TEST(infos_tell_when_and_where_they_were_made),
        TEST(an_account_s_api_and_reserved_bytes),
        TEST(what_clusters_and_tiers_say),
        TEST(lists_that_become_shorter_miss_nothing_that_stays),
        TEST(one_server_cannot_hand_over),
    };

    return RUN_TESTS(cases, argc, argv);
}
