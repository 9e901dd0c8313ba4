/* Memory after thousands of repetitions of fetches, subscriptions of every kind, ordered consumers that are
 * created again, requests, keys and watchers, objects, and services.
 *
 * TEST_MEMORY_ROUNDS is the number of repetitions: 400 by default, and a tenth of that under slow tools. The
 * memory that is allocated must not grow; the growth of the process is only printed. */
#include "callbacks.h"
#include "jetstream.h"
#include "memory.h"
#include "micro.h"
#include "server.h"
#include "test.h"

enum {
    WARM_UP = 100,
    LIVE_MOST = 64 * 1024,           /* bytes given out, in all rounds together */
    RESIDENT_MOST = 8 * 1024 * 1024, /* with what the allocator keeps, and its arenas of threads */
    SLOW = 10
};

typedef struct world {
    server s;
    natsConnection *nc;
    jsCtx *js;
    natsSubscription *sub;
    kvStore *kv;
    objStore *obs;
    counter got;
    int n;
} world;

static int rounds(void) {
    const char *text = getenv("TEST_MEMORY_ROUNDS");
    int n = text == NULL ? 400 : atoi(text);

    CHECK(n > 0);
    return memory_counts() ? n : n / SLOW + 1;
}

/* Each round does it so many times at once. */
static void flat_in(int at_once, const char *what, world *w, void (*once)(world *w)) {
    int n = rounds() / at_once + 1, warm = (memory_counts() ? WARM_UP : 5) / at_once + 2, i;
    int64_t live_before, resident_before, live_grown, resident_grown;

    /* The long form takes its time. */
    alarm((unsigned)((60 + rounds() / 10) * time_factor()));
    for (i = 0; i < warm; i++, w->n++)
        once(w);
    live_before = memory_settled(0, 200);
    resident_before = memory_resident();
    for (i = 0; i < n; i++, w->n++)
        once(w);
    live_grown = memory_settled(live_before + LIVE_MOST / 4, 2000) - live_before;
    resident_grown = memory_resident() - resident_before;
    printf("%-28s %6d times: %8" PRId64 " bytes more given out, %8" PRId64 " more resident\n", what,
           n * at_once, live_grown, resident_grown);
    CHECK_GROWN(what, 0, live_grown, LIVE_MOST);
    CHECK_GROWN(what, 0, resident_grown, RESIDENT_MOST);
}

static void flat(const char *what, world *w, void (*once)(world *w)) { flat_in(1, what, w, once); }

static void world_start(world *w) {
    char text[1024];
    jsOptions jo;

    memset(w, 0, sizeof(*w));
    counter_init(&w->got);
    server_run_jetstream(&w->s);
    w->nc = test_connect_url(w->s.url);
    api_request(w->nc, "INFO", "", text, sizeof(text));
    CHECK_OK(jsOptions_Init(&jo));
    jo.Wait = deadline_ms();
    CHECK_OK(natsConnection_JetStream(&w->js, w->nc, &jo));
    stream_create(w->nc, "S", "\"s.*\"", ",\"max_msgs\":100,\"allow_direct\":true");
}

static void world_end(world *w) {
    jsCtx_Destroy(w->js);
    natsConnection_Destroy(w->nc);
    server_stop(&w->s);
}

static void publish(world *w) {
    jsPubAck *ack = NULL;

    CHECK_OK(js_Publish(&ack, w->js, "s.a", "0123456789abcdef", 16, NULL, NULL));
    jsPubAck_Destroy(ack);
}

static void on_any(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *arg) {
    (void)nc;
    (void)sub;
    counter_add((counter *)arg, 1);
    natsMsg_Ack(msg, NULL);
    natsMsg_Destroy(msg);
}

/* ---- pulls ---- */

static void fetch_once(world *w) {
    natsMsgList list = {NULL, 0};
    jsFetchRequest request;
    natsStatus s;

    publish(w);
    CHECK_OK(natsSubscription_Fetch(&list, w->sub, 10, deadline_ms(), NULL));
    CHECK_OK(natsMsg_AckSync(list.Msgs[0], NULL, NULL));
    natsMsgList_Destroy(&list);
    /* One that finds nothing. */
    CHECK_OK(jsFetchRequest_Init(&request));
    request.Batch = 5;
    request.NoWait = true;
    request.Expires = INT64_C(1000000000) * time_factor();
    s = natsSubscription_FetchRequest(&list, w->sub, &request);
    if (s == NATS_OK)
        natsMsgList_Destroy(&list);
    else if (s != NATS_TIMEOUT && s != NATS_NOT_FOUND)
        CHECK_OK(s);
}

static void fetches(void) {
    world w;

    world_start(&w);
    CHECK_OK(js_PullSubscribe(&w.sub, w.js, "s.a", "d", NULL, NULL, NULL));
    flat("fetches", &w, fetch_once);
    natsSubscription_Destroy(w.sub);
    world_end(&w);
}

/* ---- subscriptions ---- */

static jsSubOptions *options(bool ordered) {
    static jsSubOptions so;

    CHECK_OK(jsSubOptions_Init(&so));
    so.Stream = "S";
    so.Ordered = ordered;
    so.Config.DeliverPolicy = js_DeliverLast;
    return &so;
}

static void await_and_end(world *w, natsSubscription *sub, int64_t before) {
    if (!counter_wait(&w->got, before + 1, deadline_ms()))
        check_failed(__FILE__, __LINE__, "round %d: no message", w->n);
    CHECK_OK(natsSubscription_Unsubscribe(sub));
    natsSubscription_Destroy(sub);
}

static void push_once(world *w) {
    int64_t before = counter_get(&w->got);
    natsSubscription *sub = NULL;

    CHECK_OK(js_Subscribe(&sub, w->js, "s.a", on_any, &w->got, NULL, options(false), NULL));
    await_and_end(w, sub, before);
}

static void ordered_once(world *w) {
    int64_t before = counter_get(&w->got);
    natsSubscription *sub = NULL;

    CHECK_OK(js_Subscribe(&sub, w->js, "s.a", on_any, &w->got, NULL, options(true), NULL));
    await_and_end(w, sub, before);
}

static void sync_once(world *w) {
    natsSubscription *sub = NULL;

    CHECK_OK(js_SubscribeSync(&sub, w->js, "s.a", NULL, options(false), NULL));
    natsMsg_Destroy(test_next(sub));
    CHECK_OK(natsSubscription_Unsubscribe(sub));
    natsSubscription_Destroy(sub);
}

static void pull_once(world *w) {
    natsMsgList list = {NULL, 0};
    natsSubscription *sub = NULL;

    CHECK_OK(js_PullSubscribe(&sub, w->js, "s.a", NULL, NULL, options(false), NULL));
    CHECK_OK(natsSubscription_Fetch(&list, sub, 1, deadline_ms(), NULL));
    natsMsgList_Destroy(&list);
    CHECK_OK(natsSubscription_Unsubscribe(sub));
    natsSubscription_Destroy(sub);
}

static void async_pull_once(world *w) {
    int64_t before = counter_get(&w->got);
    natsSubscription *sub = NULL;

    CHECK_OK(js_PullSubscribeAsync(&sub, w->js, "s.a", NULL, on_any, &w->got, NULL, options(false), NULL));
    await_and_end(w, sub, before);
}

static void subscriptions(void (*once)(world *w), const char *what) {
    world w;

    world_start(&w);
    publish(&w);
    flat(what, &w, once);
    /* What its callbacks still hold goes with the connection. */
    CHECK_OK(natsConnection_DestroyAndWait(w.nc, deadline_ms()));
    w.nc = NULL;
    world_end(&w);
}

static void push_subscriptions(void) { subscriptions(push_once, "push subscriptions"); }
static void ordered_subscriptions(void) { subscriptions(ordered_once, "ordered subscriptions"); }
static void sync_subscriptions(void) { subscriptions(sync_once, "sync subscriptions"); }
static void pull_subscriptions(void) { subscriptions(pull_once, "pull subscriptions"); }
static void async_pull_subscriptions(void) { subscriptions(async_pull_once, "async pull subscriptions"); }

/* ---- ordered consumers that are made again, all of them with each new connection ---- */

enum { ORDERED = 50 };

static natsSubscription *ordered[ORDERED];

static void consumer_of(natsSubscription *sub, char name[64]) {
    jsConsumerInfo *ci = NULL;

    CHECK_SOON(natsSubscription_GetConsumerInfo(&ci, sub, NULL, NULL) == NATS_OK);
    snprintf(name, 64, "%s", ci->Name);
    jsConsumerInfo_Destroy(ci);
}

static void reset_once(world *w) {
    natsSubscription *some = ordered[w->n % ORDERED];
    int64_t before = counter_get(&w->got);
    char old[64], now[64];

    consumer_of(some, old);
    CHECK_OK(natsConnection_Reconnect(w->nc));
    do {
        CHECK_OK(natsConnection_FlushTimeout(w->nc, deadline_ms()));
        consumer_of(some, now);
    } while (strcmp(old, now) == 0);
    publish(w);
    if (!counter_wait(&w->got, before + ORDERED, deadline_ms()))
        check_failed(__FILE__, __LINE__, "round %d: %" PRId64 " messages of %d", w->n,
                     counter_get(&w->got) - before, ORDERED);
    CHECK_INT(counter_get(&w->got), before + ORDERED);
}

static void resets(void) {
    jsSubOptions *so = options(true);
    world w;
    int i;

    world_start(&w);
    so->Config.DeliverPolicy = js_DeliverNew;
    for (i = 0; i < ORDERED; i++)
        CHECK_OK(js_Subscribe(&ordered[i], w.js, "s.a", on_any, &w.got, NULL, so, NULL));
    flat_in(ORDERED, "resets of ordered consumers", &w, reset_once);
    for (i = 0; i < ORDERED; i++)
        natsSubscription_Destroy(ordered[i]);
    CHECK_OK(natsConnection_DestroyAndWait(w.nc, deadline_ms()));
    w.nc = NULL;
    world_end(&w);
}

/* ---- questions ---- */

static void info_once(world *w) {
    jsStreamInfo *si = NULL;
    jsConsumerInfo *ci = NULL;
    jsAccountInfo *ai = NULL;
    jsStreamInfoList *streams = NULL;
    natsMsg *msg = NULL;

    CHECK_OK(js_GetStreamInfo(&si, w->js, "S", NULL, NULL));
    jsStreamInfo_Destroy(si);
    CHECK_OK(js_GetConsumerInfo(&ci, w->js, "S", "d", NULL, NULL));
    jsConsumerInfo_Destroy(ci);
    ci = NULL;
    CHECK_STATUS(js_GetConsumerInfo(&ci, w->js, "S", "none", NULL, NULL), NATS_NOT_FOUND);
    CHECK_OK(natsSubscription_GetConsumerInfo(&ci, w->sub, NULL, NULL));
    jsConsumerInfo_Destroy(ci);
    CHECK_OK(js_GetAccountInfo(&ai, w->js, NULL, NULL));
    jsAccountInfo_Destroy(ai);
    CHECK_OK(js_Streams(&streams, w->js, NULL, NULL));
    jsStreamInfoList_Destroy(streams);
    CHECK_OK(js_GetLastMsg(&msg, w->js, "S", "s.a", NULL, NULL));
    natsMsg_Destroy(msg);
}

static void infos(void) {
    world w;

    world_start(&w);
    publish(&w);
    CHECK_OK(js_PullSubscribe(&w.sub, w.js, "s.a", "d", NULL, NULL, NULL));
    flat("questions", &w, info_once);
    natsSubscription_Destroy(w.sub);
    world_end(&w);
}

/* ---- buckets and objects ---- */

static void kv_once(world *w) {
    kvEntry *e = NULL;
    kvWatcher *watcher = NULL;
    kvKeysList keys;

    CHECK_OK(kvStore_PutString(NULL, w->kv, "k", "v"));
    CHECK_OK(kvStore_Get(&e, w->kv, "k"));
    kvEntry_Destroy(e);
    e = NULL;
    CHECK_STATUS(kvStore_Get(&e, w->kv, "none"), NATS_NOT_FOUND);
    CHECK_OK(kvStore_WatchAll(&watcher, w->kv, NULL));
    CHECK_OK(kvWatcher_Next(&e, watcher, deadline_ms()));
    CHECK_STR(kvEntry_Key(e), "k");
    kvEntry_Destroy(e);
    kvWatcher_Destroy(watcher);
    CHECK_OK(kvStore_Keys(&keys, w->kv, NULL));
    kvKeysList_Destroy(&keys);
}

static void buckets(void) {
    kvConfig cfg;
    world w;

    world_start(&w);
    CHECK_OK(kvConfig_Init(&cfg));
    cfg.Bucket = "B";
    CHECK_OK(js_CreateKeyValue(&w.kv, w.js, &cfg));
    flat("keys and watchers", &w, kv_once);
    kvStore_Destroy(w.kv);
    world_end(&w);
}

static void object_once(world *w) {
    objStoreWatcher *watcher = NULL;
    objStoreInfoList *list = NULL;
    objStoreInfo *info = NULL;
    char *text = NULL;

    CHECK_OK(objStore_PutString(&info, w->obs, "o", "an object"));
    objStoreInfo_Destroy(info);
    info = NULL;
    CHECK_OK(objStore_GetString(&text, w->obs, "o", NULL));
    CHECK_STR(text, "an object");
    free(text);
    CHECK_OK(objStore_GetInfo(&info, w->obs, "o", NULL));
    objStoreInfo_Destroy(info);
    info = NULL;
    CHECK_OK(objStore_Watch(&watcher, w->obs, NULL));
    CHECK_OK(objStoreWatcher_Next(&info, watcher, deadline_ms()));
    objStoreInfo_Destroy(info);
    objStoreWatcher_Destroy(watcher);
    CHECK_OK(objStore_List(&list, w->obs, NULL));
    objStoreInfoList_Destroy(list);
}

static void objects(void) {
    objStoreConfig cfg;
    world w;

    world_start(&w);
    CHECK_OK(objStoreConfig_Init(&cfg));
    cfg.Bucket = "B";
    CHECK_OK(js_CreateObjectStore(&w.obs, w.js, &cfg));
    flat("objects", &w, object_once);
    objStore_Destroy(w.obs);
    world_end(&w);
}

/* ---- services ---- */

static void service_once(world *w) {
    microServiceConfig config = service_config("s", NULL);
    microEndpointConfig endpoint = endpoint_config("e", echo);
    microService *service = NULL;

    config.Endpoint = &endpoint;
    CHECK_FINE(micro_AddService(&service, w->nc, &config));
    expect_answer(w->nc, "e", "ask", "ask");
    CHECK_FINE(microService_Destroy(service));
}

static void services(void) {
    world w;

    world_start(&w);
    flat("services", &w, service_once);
    world_end(&w);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(fetches),
        TEST(push_subscriptions),
        TEST(ordered_subscriptions),
        TEST(sync_subscriptions),
        TEST(pull_subscriptions),
        TEST(async_pull_subscriptions),
        TEST(resets),
        TEST(infos),
        TEST(buckets),
        TEST(objects),
        TEST(services),
    };

    memory_without_caches(argv);
    return RUN_TESTS(cases, argc, argv);
}
