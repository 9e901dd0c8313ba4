/* JetStream of another domain: the program's server is a leaf node and the streams are at its hub. The link
 * between them can be lost while the program's connection is not. */
#include "callbacks.h"
#include "jetstream.h"
#include "server.h"
#include "test.h"

enum { COUNT = 50 };

typedef struct world {
    server hub, leaf;
    natsConnection *nc;
    jsCtx *js; /* of the hub's domain */
    closure errors, pushed, pulled, ordered;
} world;

static void world_start(world *w) {
    char conf[256];
    int port = free_port();
    static const char *const args[] = {"-js", NULL};
    natsOptions *opts;
    jsOptions js;
    jsAccountInfo *info = NULL;

    closure_init(&w->pushed);
    closure_init(&w->pulled);
    closure_init(&w->ordered);
    snprintf(conf, sizeof(conf),
             "server_name: hub\njetstream {domain: hub}\nleafnodes {listen: \"127.0.0.1:%d\"}\n", port);
    server_start(&w->hub, conf, args);
    snprintf(conf, sizeof(conf),
             "server_name: leaf\njetstream {domain: leaf}\n"
             "leafnodes {reconnect: \"200ms\", remotes: [{url: \"nats://127.0.0.1:%d\"}]}\n",
             port);
    server_start(&w->leaf, conf, args);
    opts = options_recorded(w->leaf.url, &w->errors);
    w->nc = test_connect(opts);
    CHECK_OK(jsOptions_Init(&js));
    js.Domain = "hub";
    js.Wait = 1000;
    CHECK_OK(natsConnection_JetStream(&w->js, w->nc, &js));
    CHECK_SOON(js_GetAccountInfo(&info, w->js, NULL, NULL) == NATS_OK);
    CHECK_STR(info->Domain, "hub");
    jsAccountInfo_Destroy(info);
}

static void world_end(world *w) {
    CHECK_INT(counter_get(&w->errors.disconnected), 0);
    jsCtx_Destroy(w->js);
    natsConnection_Destroy(w->nc);
    CHECK_REACHED(&w->errors.closed, 1);
    nats_CloseAndWait(deadline_ms());
    server_stop(&w->leaf);
    server_stop(&w->hub);
}

static void make_stream(world *w) {
    jsStreamConfig cfg;
    const char *subjects[] = {"s.>"};

    CHECK_OK(jsStreamConfig_Init(&cfg));
    cfg.Name = "S";
    cfg.Subjects = subjects;
    cfg.SubjectsLen = 1;
    CHECK_OK(js_AddStream(NULL, w->js, &cfg, NULL, NULL));
}

/* Publishes once: what is not acknowledged is published again, with the same id. */
static void publish(world *w, int from, int count) {
    jsPubOptions opts;
    char text[16];
    int i;

    CHECK_OK(jsPubOptions_Init(&opts));
    for (i = from; i < from + count; i++) {
        snprintf(text, sizeof(text), "%d", i);
        opts.MsgId = text;
        CHECK_SOON(js_Publish(NULL, w->js, "s.a", text, (int)strlen(text), &opts, NULL) == NATS_OK);
    }
}

static void on_pulled(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *arg) {
    natsMsg_Ack(msg, NULL);
    on_message(nc, sub, msg, arg);
}

/* A watcher's next entry has this value. */
static void expect_entry(kvWatcher *watcher, const char *value) {
    kvEntry *entry = NULL;

    CHECK_OK(kvWatcher_Next(&entry, watcher, 4 * deadline_ms()));
    if (value == NULL) {
        CHECK(entry == NULL);
        return;
    }
    CHECK(entry != NULL);
    CHECK_STR(kvEntry_ValueString(entry), value);
    kvEntry_Destroy(entry);
}

static void all_kinds_of_use(void) {
    natsSubscription *sub = NULL;
    natsMsgList list = {NULL, 0};
    jsMsgMetaData *meta = NULL;
    kvConfig kv_cfg;
    kvStore *kv = NULL;
    kvEntry *entry = NULL;
    kvWatcher *watcher = NULL;
    objStoreConfig obj_cfg;
    objStore *obj = NULL;
    char *data = NULL;
    world w;

    world_start(&w);
    make_stream(&w);
    publish(&w, 0, 2);
    CHECK_OK(js_PullSubscribe(&sub, w.js, "s.>", "fetch", NULL, NULL, NULL));
    CHECK_OK(natsSubscription_Fetch(&list, sub, 2, deadline_ms(), NULL));
    CHECK_INT(list.Count, 2);
    CHECK_OK(natsMsg_GetMetaData(&meta, list.Msgs[1]));
    CHECK_STR(meta->Stream, "S");
    CHECK_INT(meta->Sequence.Stream, 2);
    jsMsgMetaData_Destroy(meta);
    CHECK_OK(natsMsg_AckSync(list.Msgs[0], NULL, NULL));
    natsMsgList_Destroy(&list);
    natsSubscription_Destroy(sub);
    CHECK_OK(kvConfig_Init(&kv_cfg));
    kv_cfg.Bucket = "B";
    CHECK_OK(js_CreateKeyValue(&kv, w.js, &kv_cfg));
    CHECK_OK(kvStore_PutString(NULL, kv, "key", "value"));
    CHECK_OK(kvStore_Get(&entry, kv, "key"));
    CHECK_STR(kvEntry_ValueString(entry), "value");
    CHECK_STR(kvEntry_Key(entry), "key");
    kvEntry_Destroy(entry);
    CHECK_OK(kvStore_WatchAll(&watcher, kv, NULL));
    expect_entry(watcher, "value");
    expect_entry(watcher, NULL);
    kvWatcher_Destroy(watcher);
    kvStore_Destroy(kv);
    CHECK_OK(objStoreConfig_Init(&obj_cfg));
    obj_cfg.Bucket = "O";
    CHECK_OK(js_CreateObjectStore(&obj, w.js, &obj_cfg));
    CHECK_OK(objStore_PutString(NULL, obj, "name", "contents"));
    CHECK_OK(objStore_GetString(&data, obj, "name", NULL));
    CHECK_STR(data, "contents");
    free(data);
    objStore_Destroy(obj);
    world_end(&w);
}

/* No reconnect of the program's connection tells that the hub has forgotten what was asked of it. */
static void the_hub_dies_and_comes_back(void) {
    natsSubscription *push = NULL, *pull = NULL, *ordered = NULL, *fetch = NULL;
    natsMsgList list = {NULL, 0};
    jsSubOptions opts;
    kvConfig kv_cfg;
    kvStore *kv = NULL;
    kvWatcher *watcher = NULL;
    world w;

    world_start(&w);
    make_stream(&w);
    CHECK_OK(jsSubOptions_Init(&opts));
    CHECK_OK(js_Subscribe(&push, w.js, "s.>", on_message, &w.pushed, NULL, NULL, NULL));
    CHECK_OK(js_PullSubscribeAsync(&pull, w.js, "s.>", "pull", on_pulled, &w.pulled, NULL, NULL, NULL));
    opts.Ordered = true;
    opts.Config.Heartbeat = 1000000000;
    CHECK_OK(js_Subscribe(&ordered, w.js, "s.>", on_ordered, &w.ordered, NULL, &opts, NULL));
    CHECK_OK(js_PullSubscribe(&fetch, w.js, "s.>", "fetch", NULL, NULL, NULL));
    CHECK_OK(kvConfig_Init(&kv_cfg));
    kv_cfg.Bucket = "B";
    CHECK_OK(js_CreateKeyValue(&kv, w.js, &kv_cfg));
    CHECK_OK(kvStore_PutString(NULL, kv, "key", "1"));
    CHECK_OK(kvStore_WatchAll(&watcher, kv, NULL));
    expect_entry(watcher, "1");
    expect_entry(watcher, NULL);
    publish(&w, 0, COUNT);
    CHECK_REACHED(&w.pushed.messages, COUNT);
    CHECK_REACHED(&w.pulled.messages, COUNT);
    CHECK_REACHED(&w.ordered.messages, COUNT);

    server_kill(&w.hub);
    CHECK_SOON(kvStore_PutString(NULL, kv, "key", "2") == NATS_NO_RESPONDERS);
    CHECK(natsSubscription_Fetch(&list, fetch, 1, 200, NULL) != NATS_OK);
    natsMsgList_Destroy(&list);
    server_restart(&w.hub);

    publish(&w, COUNT, COUNT);
    CHECK(counter_wait(&w.pushed.messages, 2 * COUNT, 4 * deadline_ms()));
    CHECK(counter_wait(&w.pulled.messages, 2 * COUNT, 4 * deadline_ms()));
    CHECK(counter_wait(&w.ordered.messages, 2 * COUNT, 4 * deadline_ms()));
    CHECK_INT(counter_get(&w.ordered.wrong), 0);
    CHECK_OK(kvStore_PutString(NULL, kv, "key", "3"));
    expect_entry(watcher, "3");
    CHECK_OK(natsSubscription_Fetch(&list, fetch, 2 * COUNT, deadline_ms(), NULL));
    CHECK_INT(list.Count, 2 * COUNT);
    natsMsgList_Destroy(&list);
    kvWatcher_Destroy(watcher);
    kvStore_Destroy(kv);
    natsSubscription_Destroy(push);
    natsSubscription_Destroy(pull);
    natsSubscription_Destroy(ordered);
    natsSubscription_Destroy(fetch);
    world_end(&w);
}

int main(int argc, char **argv) {
    const test_case cases[] = {
        TEST(all_kinds_of_use),
        TEST(the_hub_dies_and_comes_back),
    };

    return RUN_TESTS(cases, argc, argv);
}
