/* Leaders of streams and consumers hand over many times during every kind of call: each call returns in time with
 * a status, successes are true, and afterwards everything works as before.
 *
 * TEST_CLUSTER_SECONDS is the duration, 10 seconds by default. The counts are printed. */
#include "callbacks.h"
#include "cluster.h"
#include "jetstream.h"
#include "test.h"

enum { WAIT_MS = 2000, BATCH = 5, OBJECT = 300 * 1000, PAUSE_MS = 10 };

struct run;
struct actor;

typedef natsStatus (*act)(struct actor *a);

/* A thread that makes one kind of call again and again, on a connection of its own. */
typedef struct actor {
    const char *name;
    act once;
    struct run *run;
    natsConnection *nc;
    jsCtx *js;
    natsSubscription *sub;
    kvStore *kv;
    kvWatcher *watcher;
    objStore *obs;
    int64_t n;
    counter fine, failed;
    counter wrong; /* took too long, or said what is not true */
    char why[128]; /* the first of those, under the run's lock */
    closure events;
    pthread_t thread;
} actor;

enum { PUBLISH, ATOMIC, FETCH, DIRECT, INFO, PUT, GET, WATCH, OBJECT_PUT, OBJECT_GET, ACTORS };

typedef struct run {
    cluster servers;
    pthread_mutex_t lock;
    bool stop;
    actor actors[ACTORS];
    counter seen;  /* messages of the ordered one */
    counter wrong; /* out of order */
    uint64_t last;
    counter published;
    int64_t put; /* the last value that is known to be stored, under the lock */
} run;

static run r;

static bool stopped(void) {
    bool stop;

    pthread_mutex_lock(&r.lock);
    stop = r.stop;
    pthread_mutex_unlock(&r.lock);
    return stop;
}

static void wrong(actor *a, const char *why, int64_t number) {
    pthread_mutex_lock(&r.lock);
    if (a->why[0] == 0)
        snprintf(a->why, sizeof(a->why), "%s (%" PRId64 ")", why, number);
    pthread_mutex_unlock(&r.lock);
    counter_add(&a->wrong, 1);
}

/* ---- the calls ---- */

static natsStatus publish(actor *a) {
    jsPubAck *ack = NULL;
    natsStatus s = js_Publish(&ack, a->js, "s.a", "x", 1, NULL, NULL);

    if (s == NATS_OK)
        counter_add(&r.published, 1);
    jsPubAck_Destroy(ack);
    return s;
}

static natsStatus atomic_batch(actor *a) {
    jsAtomicBatchCtx *batch = NULL;
    jsPubAck *ack = NULL;
    jsPubOptions opts;
    natsMsg *msg = NULL;
    natsStatus s;
    int i;

    jsPubOptions_Init(&opts);
    opts.MaxWait = WAIT_MS * time_factor();
    s = natsMsg_Create(&msg, "s.b", NULL, "x", 1);
    if (s == NATS_OK)
        s = js_BatchPublishStart(&batch, NULL, a->js, msg, &opts, NULL);
    for (i = 2; i < BATCH && s == NATS_OK; i++)
        s = js_BatchPublishAdd(NULL, batch, msg, &opts, NULL);
    if (s == NATS_OK)
        s = js_BatchPublishCommit(&ack, batch, msg, &opts, NULL);
    if (s == NATS_OK && (ack == NULL || ack->Count != BATCH))
        wrong(a, "a batch of another size", ack == NULL ? -1 : (int64_t)ack->Count);
    jsPubAck_Destroy(ack);
    jsAtomicBatchCtx_Destroy(batch);
    natsMsg_Destroy(msg);
    return s;
}

static natsStatus fetch(actor *a) {
    natsMsgList list = {NULL, 0};
    natsStatus s = natsSubscription_Fetch(&list, a->sub, 20, WAIT_MS * time_factor(), NULL);
    int i;

    for (i = 0; i < list.Count; i++)
        natsMsg_Ack(list.Msgs[i], NULL);
    natsMsgList_Destroy(&list);
    return s;
}

static natsStatus direct_batch(actor *a) {
    natsMsgList list = {NULL, 0};
    jsDirectBatchOptions opts;
    natsStatus s = jsDirectBatchOptions_Init(&opts);
    int i;

    opts.Batch = 50;
    opts.Sequence = 1;
    if (s == NATS_OK)
        s = js_DirectGetMsgs(&list, NULL, a->js, "S", NULL, &opts);
    for (i = 0; i < list.Count; i++)
        if (natsMsg_GetSequence(list.Msgs[i]) != (uint64_t)i + 1)
            wrong(a, "another message", i);
    natsMsgList_Destroy(&list);
    return s;
}

static natsStatus info(actor *a) {
    jsStreamInfo *si = NULL;
    jsConsumerInfo *ci = NULL;
    natsStatus s = js_GetStreamInfo(&si, a->js, "S", NULL, NULL);

    jsStreamInfo_Destroy(si);
    if (s == NATS_OK)
        s = js_GetConsumerInfo(&ci, a->js, "S", "fetch", NULL, NULL);
    jsConsumerInfo_Destroy(ci);
    return s;
}

static natsStatus put(actor *a) {
    char text[24];
    natsStatus s;

    snprintf(text, sizeof(text), "%" PRId64, ++a->n);
    s = kvStore_PutString(NULL, a->kv, "k", text);
    if (s == NATS_OK) {
        pthread_mutex_lock(&r.lock);
        r.put = a->n;
        pthread_mutex_unlock(&r.lock);
    }
    return s;
}

static natsStatus get(actor *a) {
    kvEntry *e = NULL;
    natsStatus s = kvStore_Get(&e, a->kv, "k");

    /* Any replica may answer, an older one too; but nothing that was never put. */
    if (s == NATS_OK && atoll(kvEntry_ValueString(e)) < 0)
        wrong(a, "a value of nobody", atoll(kvEntry_ValueString(e)));
    kvEntry_Destroy(e);
    return s;
}

/* Revisions only grow, and a watcher sees the last value in the end. */
static natsStatus watch(actor *a) {
    kvEntry *e = NULL;
    natsStatus s = kvWatcher_Next(&e, a->watcher, WAIT_MS * time_factor());

    if (s == NATS_OK && e != NULL) {
        int64_t revision = (int64_t)kvEntry_Revision(e);

        if (revision <= a->n)
            wrong(a, "a revision again", revision);
        a->n = revision;
        counter_set(&a->events.messages, atoll(kvEntry_ValueString(e)));
    }
    kvEntry_Destroy(e);
    return s;
}

static natsStatus object_put(actor *a) {
    char *data = (char *)malloc(OBJECT);
    objStoreInfo *stored = NULL;
    natsStatus s;

    if (data == NULL)
        return NATS_NO_MEMORY;
    memset(data, 'a' + (int)(++a->n % 26), OBJECT);
    s = objStore_PutBytes(&stored, a->obs, "o", data, OBJECT);
    objStoreInfo_Destroy(stored);
    free(data);
    return s;
}

/* An object is one of those that were put, whole: never a mixture. */
static natsStatus object_get(actor *a) {
    char *data = NULL;
    int len = 0, i;
    natsStatus s = objStore_GetBytes((void **)&data, &len, a->obs, "o", NULL);

    if (s == NATS_OK && len != OBJECT)
        wrong(a, "an object of another size", len);
    for (i = 1; s == NATS_OK && i < len; i++)
        if (data[i] != data[0]) {
            wrong(a, "a mixture", i);
            break;
        }
    free(data);
    return s;
}

/* How long each may take: its own waits, one after the other. */
static const struct {
    const char *name;
    act once;
    int waits;
} kinds[ACTORS] = {
    {"publish", publish, 1},
    {"atomic batch", atomic_batch, BATCH},
    {"fetch", fetch, 1},
    {"direct batch", direct_batch, 1},
    {"info", info, 2},
    {"kv put", put, 1},
    {"kv get", get, 1},
    {"kv watch", watch, 1},
    {"object put", object_put, 4},
    {"object get", object_get, 2},
};

static void *play(void *arg) {
    actor *a = (actor *)arg;
    int waits = kinds[a - r.actors].waits;

    while (!stopped()) {
        int64_t began = now_ms(), took;
        natsStatus s = a->once(a);

        took = now_ms() - began;
        if (took > (int64_t)waits * WAIT_MS * time_factor() + deadline_ms() / 2)
            wrong(a, "took too long", took);
        counter_add(s == NATS_OK ? &a->fine : &a->failed, 1);
        if (s != NATS_OK && nats_GetLastError(NULL) == NULL && s != NATS_NOT_FOUND)
            wrong(a, "no words", (int64_t)s);
        nats_Sleep(PAUSE_MS);
    }
    return NULL;
}

static void on_ordered_msg(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *arg) {
    jsMsgMetaData *meta = NULL;

    (void)nc;
    (void)sub;
    (void)arg;
    if (natsMsg_GetMetaData(&meta, msg) != NATS_OK || meta->Sequence.Stream != r.last + 1)
        counter_add(&r.wrong, 1);
    else
        r.last = meta->Sequence.Stream;
    jsMsgMetaData_Destroy(meta);
    natsMsg_Destroy(msg);
    counter_add(&r.seen, 1);
}

/* ---- the run ---- */

static bool api(natsConnection *nc, const char *subject, const char *body) {
    natsMsg *reply = NULL;
    bool done = natsConnection_RequestString(&reply, nc, subject, body, 2000) == NATS_OK &&
                strstr(natsMsg_GetData(reply), "\"error\"") == NULL;

    natsMsg_Destroy(reply);
    return done;
}

static void actor_start(actor *a, int kind) {
    natsOptions *opts = cluster_options(&r.servers);
    jsSubOptions so;
    jsOptions jo;

    a->name = kinds[kind].name;
    a->once = kinds[kind].once;
    a->run = &r;
    counter_init(&a->fine);
    counter_init(&a->failed);
    counter_init(&a->wrong);
    closure_init(&a->events);
    options_record(opts, &a->events);
    a->nc = test_connect(opts);
    CHECK_OK(jsOptions_Init(&jo));
    jo.Wait = WAIT_MS * time_factor();
    CHECK_OK(natsConnection_JetStream(&a->js, a->nc, &jo));
    if (kind == FETCH) {
        CHECK_OK(jsSubOptions_Init(&so));
        so.Config.Replicas = CLUSTER_SERVERS;
        CHECK_SOON(js_PullSubscribe(&a->sub, a->js, "s.*", "fetch", NULL, &so, NULL) == NATS_OK);
    }
    if (kind == PUT || kind == GET || kind == WATCH)
        CHECK_SOON(js_KeyValue(&a->kv, a->js, "B") == NATS_OK);
    if (kind == WATCH)
        CHECK_SOON(kvStore_Watch(&a->watcher, a->kv, "k", NULL) == NATS_OK);
    if (kind == OBJECT_PUT || kind == OBJECT_GET)
        CHECK_SOON(js_ObjectStore(&a->obs, a->js, "B") == NATS_OK);
}

static void actor_end(actor *a) {
    kvWatcher_Destroy(a->watcher);
    kvStore_Destroy(a->kv);
    objStore_Destroy(a->obs);
    natsSubscription_Destroy(a->sub);
    jsCtx_Destroy(a->js);
    natsConnection_Destroy(a->nc);
    CHECK_REACHED(&a->events.closed, 1);
}

static void every_call_ends_while_leaders_hand_over(void) {
    static const char *const leaders[] = {
        "$JS.API.STREAM.LEADER.STEPDOWN.S",
        "$JS.API.CONSUMER.LEADER.STEPDOWN.S.fetch",
        "$JS.API.STREAM.LEADER.STEPDOWN.KV_B",
        "$JS.API.STREAM.LEADER.STEPDOWN.OBJ_B",
    };
    const char *text = getenv("TEST_CLUSTER_SECONDS");
    int64_t seconds = text == NULL ? 10 : atoi(text), until, put_last;
    int handed_over[4] = {0, 0, 0, 0}, i, all_wrong = 0;
    natsSubscription *ordered = NULL;
    objStoreConfig obs_cfg;
    objStore *obs = NULL;
    natsConnection *nc;
    jsSubOptions so;
    jsCtx *js = NULL;
    kvStore *kv = NULL;
    kvConfig kv_cfg;
    jsStreamInfo *si = NULL;

    alarm((unsigned)((seconds + 150) * time_factor()));
    pthread_mutex_init(&r.lock, NULL);
    counter_init(&r.seen);
    counter_init(&r.wrong);
    counter_init(&r.published);
    cluster_start(&r.servers);
    nc = test_connect(cluster_options(&r.servers));
    CHECK_OK(natsConnection_JetStream(&js, nc, NULL));
    CHECK_SOON(api(nc, "$JS.API.STREAM.CREATE.S",
                   "{\"name\":\"S\",\"subjects\":[\"s.*\"],\"storage\":\"memory\",\"num_replicas\":3,"
                   "\"allow_direct\":true,\"allow_atomic\":true}"));
    CHECK_OK(kvConfig_Init(&kv_cfg));
    kv_cfg.Bucket = "B";
    kv_cfg.Replicas = CLUSTER_SERVERS;
    kv_cfg.StorageType = js_MemoryStorage;
    CHECK_SOON(js_CreateKeyValue(&kv, js, &kv_cfg) == NATS_OK);
    CHECK_OK(objStoreConfig_Init(&obs_cfg));
    obs_cfg.Bucket = "B";
    obs_cfg.Replicas = CLUSTER_SERVERS;
    obs_cfg.Storage = js_MemoryStorage;
    CHECK_SOON(js_CreateObjectStore(&obs, js, &obs_cfg) == NATS_OK);
    cluster_settle(js, "S");
    for (i = 0; i < ACTORS; i++)
        actor_start(&r.actors[i], i);
    CHECK_OK(jsSubOptions_Init(&so));
    so.Ordered = true;
    so.Stream = "S";
    CHECK_OK(js_Subscribe(&ordered, js, "s.*", on_ordered_msg, NULL, NULL, &so, NULL));
    for (i = 0; i < ACTORS; i++)
        CHECK(pthread_create(&r.actors[i].thread, NULL, play, &r.actors[i]) == 0);

    until = now_ms() + seconds * 1000;
    for (i = 0; now_ms() < until; i++) {
        handed_over[i % 4] += api(nc, leaders[i % 4], "");
        nats_Sleep(150);
    }
    /* It is calm again: all of it works. */
    for (i = 0; i < ACTORS; i++) {
        actor *a = &r.actors[i];
        int64_t fine = counter_get(&a->fine);

        if (!counter_wait(&a->fine, fine + 1, 6 * deadline_ms()))
            check_failed(__FILE__, __LINE__, "%s does not come back", a->name);
    }
    pthread_mutex_lock(&r.lock);
    put_last = r.put;
    pthread_mutex_unlock(&r.lock);
    /* The watcher is still at work. */
    if (!counter_wait(&r.actors[WATCH].events.messages, put_last, 6 * deadline_ms()))
        check_failed(__FILE__, __LINE__, "the watcher is at %" PRId64 " of %" PRId64,
                     counter_get(&r.actors[WATCH].events.messages), put_last);
    pthread_mutex_lock(&r.lock);
    r.stop = true;
    pthread_mutex_unlock(&r.lock);
    for (i = 0; i < ACTORS; i++)
        pthread_join(r.actors[i].thread, NULL);

    CHECK_SOON(js_GetStreamInfo(&si, js, "S", NULL, NULL) == NATS_OK);
    CHECK(counter_get(&r.published) <= (int64_t)si->State.Msgs);
    if (!counter_wait(&r.seen, (int64_t)si->State.Msgs, 6 * deadline_ms()))
        check_failed(__FILE__, __LINE__, "the ordered one has %" PRId64 " of %" PRIu64, counter_get(&r.seen),
                     si->State.Msgs);
    CHECK_INT(counter_get(&r.seen), si->State.Msgs);
    CHECK_INT(counter_get(&r.wrong), 0);
    jsStreamInfo_Destroy(si);
    printf("handed over: stream %d times, consumer %d, bucket %d, objects %d\n", handed_over[0],
           handed_over[1], handed_over[2], handed_over[3]);
    for (i = 0; i < ACTORS; i++) {
        actor *a = &r.actors[i];

        printf("%-12s %6" PRId64 " succeeded, %5" PRId64 " failed, %" PRId64 " wrong %s\n", a->name,
               counter_get(&a->fine), counter_get(&a->failed), counter_get(&a->wrong), a->why);
        all_wrong += counter_get(&a->wrong) > 0;
    }
    for (i = 0; i < 4; i++)
        CHECK(handed_over[i] > 0);
    CHECK_INT(all_wrong, 0);
    for (i = 0; i < ACTORS; i++)
        actor_end(&r.actors[i]);
    natsSubscription_Destroy(ordered);
    kvStore_Destroy(kv);
    objStore_Destroy(obs);
    jsCtx_Destroy(js);
    CHECK_OK(natsConnection_DestroyAndWait(nc, deadline_ms()));
    cluster_stop(&r.servers);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(every_call_ends_while_leaders_hand_over),
    };

    return RUN_TESTS(cases, argc, argv);
}
