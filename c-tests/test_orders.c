/* Calls in orders that no program needs: values that outlive what they came from, calls after the end, and everything
 * destroyed in the callback that uses it. Under valgrind nothing may be read after it was freed. */
#include "callbacks.h"
#include "kv.h"
#include "micro.h"
#include "obj.h"

static void values_outlive_where_they_came_from(void) {
    kvStatus *status = NULL;
    kvEntry *one = NULL, *seen = NULL, *kept;
    kvEntryList list = {NULL, 0};
    kvWatcher *w = NULL;
    kvStore *kv = NULL;
    jsCtx *js = NULL;
    natsConnection *nc;
    kvConfig config;
    char text[64], answer[1024];
    server s;

    server_run_jetstream(&s);
    nc = test_connect_url(s.url);
    api_request(nc, "INFO", "", answer, sizeof(answer));
    CHECK_OK(natsConnection_JetStream(&js, nc, NULL));
    CHECK_OK(kvConfig_Init(&config));
    config.Bucket = "T";
    config.History = 5;
    config.StorageType = js_MemoryStorage;
    CHECK_OK(js_CreateKeyValue(&kv, js, &config));
    CHECK_OK(kvStore_PutString(NULL, kv, "k", "one"));
    CHECK_OK(kvStore_PutString(NULL, kv, "k", "two"));
    CHECK_OK(kvStore_WatchAll(&w, kv, NULL));
    CHECK_OK(kvWatcher_Next(&seen, w, deadline_ms()));
    CHECK_OK(kvStore_Get(&one, kv, "k"));
    CHECK_OK(kvStore_History(&list, kv, "k", NULL));
    CHECK_OK(kvStore_Status(&status, kv));
    CHECK_INT(list.Count, 2);
    kept = list.Entries[0];
    list.Entries[0] = NULL;
    kvEntryList_Destroy(&list);
    CHECK(list.Entries == NULL && list.Count == 0);
    kvEntryList_Destroy(&list);
    kvStore_Destroy(kv);
    kvWatcher_Destroy(w);
    jsCtx_Destroy(js);
    natsConnection_Destroy(nc);
    CHECK_STR(kvEntry_ValueString(one), "two");
    CHECK_STR(kvEntry_Key(seen), "k");
    CHECK_STR(kvEntry_Bucket(seen), "T");
    CHECK_STR(kvEntry_ValueString(kept), "one");
    CHECK_INT(kvEntry_ValueLen(kept), 3);
    CHECK(kvEntry_Created(kept) > 0 && kvEntry_Revision(kept) == 1);
    snprintf(text, sizeof(text), "%s", kvStatus_Bucket(status));
    CHECK_STR(text, "T");
    CHECK_INT(kvStatus_Values(status), 2);
    kvEntry_Destroy(kept);
    kvEntry_Destroy(seen);
    kvEntry_Destroy(one);
    kvStatus_Destroy(status);
    server_stop(&s);
}

static void watchers_that_have_ended(void) {
    kvWatcher *w = NULL;
    kvEntry *entry = NULL;
    kv_fixture f;

    kv_start(&f);
    CHECK_OK(kvStore_WatchAll(&w, f.kv, NULL));
    CHECK_OK(kvWatcher_Stop(w));
    CHECK_OK(kvWatcher_Stop(w));
    CHECK_STATUS(kvWatcher_Next(&entry, w, 20), NATS_ILLEGAL_STATE);
    CHECK_ERROR(NATS_ILLEGAL_STATE, "stopped");
    kvWatcher_Destroy(w);
    kvWatcher_Destroy(w);
    CHECK_STATUS(kvWatcher_Stop(w), NATS_INVALID_ARG);
    CHECK_STATUS(kvWatcher_Next(&entry, w, 20), NATS_INVALID_ARG);
    w = NULL;
    CHECK_OK(kvStore_WatchAll(&w, f.kv, NULL));
    natsConnection_Close(f.nc);
    CHECK_OK(kvWatcher_Stop(w));
    CHECK_OK(kvWatcher_Stop(w));
    kvWatcher_Destroy(w);
    CHECK(entry == NULL);
    kv_end(&f);
}

static void gets_and_puts_that_have_ended(void) {
    const objStoreInfo *about = NULL;
    objStoreInfo *stored = NULL;
    objStoreWatcher *w = NULL;
    objStoreMeta meta;
    objStoreGet *get = NULL;
    objStorePut *put = NULL, *open = NULL;
    void *bytes = NULL;
    bool done = false;
    int length = 0;
    obj_fixture f;

    obj_start(&f);
    CHECK_OK(objStoreMeta_Init(&meta));
    meta.Name = "o";
    CHECK_OK(objStore_Put(&put, f.obs, &meta));
    CHECK_OK(objStorePut_Add(put, "x", 1));
    CHECK_OK(objStorePut_Complete(&stored, put, deadline_ms()));
    objStoreInfo_Destroy(stored);
    stored = NULL;
    CHECK_STATUS(objStorePut_Add(put, "x", 1), NATS_ILLEGAL_STATE);
    CHECK_STATUS(objStorePut_Complete(&stored, put, 100), NATS_ILLEGAL_STATE);
    CHECK(stored == NULL);
    objStorePut_Destroy(put);
    objStorePut_Destroy(put);
    CHECK_STATUS(objStorePut_Add(put, "x", 1), NATS_INVALID_ARG);
    CHECK_OK(objStore_Get(&get, f.obs, "o", NULL));
    CHECK_OK(objStoreGet_Read(&done, &bytes, &length, get, deadline_ms()));
    CHECK(done && length == 1);
    free(bytes);
    bytes = NULL;
    CHECK_STATUS(objStoreGet_Read(&done, &bytes, &length, get, 100), NATS_ILLEGAL_STATE);
    CHECK(bytes == NULL);
    CHECK_OK(objStore_Watch(&w, f.obs, NULL));
    CHECK_OK(objStoreWatcher_Stop(w));
    CHECK_OK(objStoreWatcher_Stop(w));
    CHECK_STATUS(objStoreWatcher_Next(&stored, w, 20), NATS_ILLEGAL_STATE);
    CHECK_OK(objStore_Put(&open, f.obs, &meta));
    CHECK_OK(objStorePut_Add(open, "y", 1));
    objStore_Destroy(f.obs);
    objStore_Destroy(f.obs);
    jsCtx_Destroy(f.js);
    natsConnection_Close(f.nc);
    CHECK_OK(objStoreGet_Info(&about, get));
    CHECK_STR(about->Meta.Name, "o");
    CHECK(objStorePut_Complete(&stored, open, 100) != NATS_OK);
    objStorePut_Destroy(open);
    objStoreWatcher_Destroy(w);
    objStoreGet_Destroy(get);
    CHECK_STATUS(objStoreGet_Info(&about, get), NATS_INVALID_ARG);
    f.obs = NULL;
    f.js = NULL;
    obj_end(&f);
}

/* What the callbacks below destroy. */
typedef struct all {
    natsConnection *nc;
    jsCtx *js;
    kvStore *kv;
    kvWatcher *w;
    natsSubscription *sub;
    counter placed; /* everything is there */
    counter done;
    natsStatus acked, put, drained;
} all;

static void drain_and_put(kvWatcher *w, kvEntry *entry, natsStatus s, void *arg) {
    all *a = (all *)arg;

    (void)w;
    (void)s;
    if (entry == NULL || counter_get(&a->done) > 0)
        return;
    counter_wait(&a->placed, 1, deadline_ms());
    a->drained = natsConnection_Drain(a->nc);
    a->put = kvStore_PutString(NULL, a->kv, "k", "in the callback");
    kvEntry_Destroy(entry);
    counter_add(&a->done, 1);
}

static void drained_in_a_watcher_callback(void) {
    kvWatchOptions opts;
    kvWatcher *w = NULL;
    static all a;
    kv_fixture f;

    kv_start(&f);
    memset(&a, 0, sizeof(a));
    counter_init(&a.placed);
    counter_init(&a.done);
    a.nc = f.nc;
    a.kv = f.kv;
    CHECK_OK(kvStore_PutString(NULL, f.kv, "k", "v"));
    CHECK_OK(kvWatchOptions_Init(&opts));
    opts.Callback = drain_and_put;
    opts.Closure = &a;
    CHECK_OK(kvStore_WatchAll(&w, f.kv, &opts));
    counter_set(&a.placed, 1);
    CHECK_REACHED(&a.done, 1);
    CHECK_STATUS(a.drained, NATS_OK);
    CHECK_STATUS(a.put, NATS_OK);
    CHECK_REACHED(&f.c.closed, 1);
    CHECK_OK(kvWatcher_Stop(w));
    kvWatcher_Destroy(w);
    kv_end(&f);
}

static void destroy_all(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *arg) {
    all *a = (all *)arg;

    counter_wait(&a->placed, 1, deadline_ms());
    natsSubscription_Destroy(sub);
    natsSubscription_Destroy(sub);
    jsCtx_Destroy(a->js);
    jsCtx_Destroy(a->js);
    natsConnection_Destroy(nc);
    natsConnection_Destroy(nc);
    a->acked = natsMsg_Ack(msg, NULL);
    natsMsg_Destroy(msg);
    counter_add(&a->done, 1);
}

static void everything_destroyed_in_a_push_callback(void) {
    jsSubOptions opts;
    static closure c;
    static all a;
    server s;

    server_run_jetstream(&s);
    memset(&a, 0, sizeof(a));
    counter_init(&a.placed);
    counter_init(&a.done);
    a.nc = test_connect(options_recorded(s.url, &c));
    stream_create(a.nc, "S", "\"s.>\"", "");
    CHECK_OK(natsConnection_JetStream(&a.js, a.nc, NULL));
    CHECK_OK(js_Publish(NULL, a.js, "s.a", "x", 1, NULL, NULL));
    CHECK_OK(js_Publish(NULL, a.js, "s.a", "y", 1, NULL, NULL));
    CHECK_OK(jsSubOptions_Init(&opts));
    opts.ManualAck = true;
    CHECK_OK(js_Subscribe(&a.sub, a.js, "s.a", destroy_all, &a, NULL, &opts, NULL));
    counter_set(&a.placed, 1);
    CHECK_REACHED(&a.done, 1);
    CHECK_REACHED(&c.closed, 1);
    CHECK_INT(counter_get(&a.done), 1);
    CHECK_STATUS(a.acked, NATS_CONNECTION_CLOSED);
    CHECK_STATUS(natsSubscription_Unsubscribe(a.sub), NATS_INVALID_ARG);
    server_stop(&s);
}

/* A message of a stream is the program's after its subscription and its connection. */
static void messages_outlive_where_they_came_from(void) {
    natsSubscription *sub = NULL;
    natsMsgList list = {NULL, 0};
    jsMsgMetaData *meta = NULL;
    natsMsg *kept;
    jsCtx *js = NULL;
    natsConnection *nc;
    server s;

    server_run_jetstream(&s);
    nc = test_connect_url(s.url);
    stream_create(nc, "S", "\"s.>\"", "");
    CHECK_OK(natsConnection_JetStream(&js, nc, NULL));
    CHECK_OK(js_Publish(NULL, js, "s.a", "x", 1, NULL, NULL));
    CHECK_OK(js_Publish(NULL, js, "s.b", "y", 1, NULL, NULL));
    CHECK_OK(js_PullSubscribe(&sub, js, "s.>", "p", NULL, NULL, NULL));
    CHECK_OK(natsSubscription_Fetch(&list, sub, 2, deadline_ms(), NULL));
    CHECK_INT(list.Count, 2);
    kept = list.Msgs[1];
    list.Msgs[1] = NULL;
    natsMsgList_Destroy(&list);
    natsMsgList_Destroy(&list);
    natsSubscription_Destroy(sub);
    jsCtx_Destroy(js);
    natsConnection_Destroy(nc);
    CHECK_STR(natsMsg_GetSubject(kept), "s.b");
    CHECK_OK(natsMsg_GetMetaData(&meta, kept));
    CHECK_INT(meta->Sequence.Stream, 2);
    jsMsgMetaData_Destroy(meta);
    CHECK_STATUS(natsMsg_Ack(kept, NULL), NATS_CONNECTION_CLOSED);
    natsMsg_Destroy(kept);
    server_stop(&s);
}

static void services_that_have_ended(void) {
    microServiceConfig config;
    microEndpointConfig endpoint = endpoint_config("e", echo);
    microGroupConfig in_group;
    microGroup *group = NULL, *inner = NULL;
    microServiceStats *stats = NULL;
    microService *m = NULL;
    natsMsg *reply = NULL;
    microClient *client = NULL;
    fixture f;

    fixture_start(&f);
    config = service_config("s", &f.c);
    config.DoneHandler = on_done;
    memset(&in_group, 0, sizeof(in_group));
    in_group.Prefix = "g";
    CHECK_FINE(micro_AddService(&m, f.nc, &config));
    CHECK_FINE(microService_AddGroup(&group, m, &in_group));
    CHECK_FINE(microService_Stop(m));
    CHECK_FINE(microService_Stop(m));
    CHECK_REACHED(&f.c.completed, 1);
    CHECK_FINE(microService_GetStats(&stats, m));
    microServiceStats_Destroy(stats);
    stats = NULL;
    CHECK_FINE(microService_Destroy(m));
    CHECK_FAULT(microService_Destroy(m), NATS_INVALID_ARG, "the service was destroyed");
    CHECK_FAULT(microService_Stop(m), NATS_INVALID_ARG, "the service was destroyed");
    CHECK_FAULT(microService_GetStats(&stats, m), NATS_INVALID_ARG, "the service was destroyed");
    CHECK_FAULT(microService_AddEndpoint(m, &endpoint), NATS_INVALID_ARG, "the service was destroyed");
    CHECK_FAULT(microGroup_AddEndpoint(group, &endpoint), NATS_INVALID_ARG,
                "the service of the group was destroyed");
    CHECK_FAULT(microGroup_AddGroup(&inner, group, &in_group), NATS_INVALID_ARG,
                "the service of the group was destroyed");
    CHECK(microService_IsStopped(m));
    CHECK(stats == NULL && inner == NULL);
    /* Programs compare the error for NULL. */
    CHECK(microService_Stop(NULL) == micro_ErrorInvalidArg);
    CHECK(microGroup_AddEndpoint(NULL, &endpoint) == micro_ErrorInvalidArg);
    CHECK_FINE(micro_NewClient(&client, f.nc, NULL));
    microClient_Destroy(client);
    microClient_Destroy(client);
    CHECK_FAULT(microClient_DoRequest(&reply, client, "e", "x", 1), NATS_INVALID_ARG,
                "the client was destroyed");
    CHECK(microClient_DoRequest(&reply, NULL, "e", "x", 1) == micro_ErrorInvalidArg);
    CHECK(reply == NULL);
    CHECK_INT(counter_get(&f.c.completed), 1);
    end(&f);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(values_outlive_where_they_came_from),
        TEST(watchers_that_have_ended),
        TEST(gets_and_puts_that_have_ended),
        TEST(drained_in_a_watcher_callback),
        TEST(everything_destroyed_in_a_push_callback),
        TEST(messages_outlive_where_they_came_from),
        TEST(services_that_have_ended),
    };

    return RUN_TESTS(cases, argc, argv);
}
